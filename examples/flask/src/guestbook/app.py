"""The application: ordinary Flask. Its functions await D1 by ``run_sync``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from flask import Flask, Response, abort, jsonify, request, stream_with_context

from pyworkers_sdk import run_sync

from .env import current_env

app = Flask(__name__)

PAGE = 2


class Entry(TypedDict):
    id: int
    name: str
    message: str


@app.get("/entries")
def list_entries() -> Response:
    query = "SELECT id, name, message FROM entries ORDER BY id"
    entries = run_sync(current_env().DB.prepare(query, Entry).all())
    return jsonify(entries.results)


@app.post("/entries")
def add_entry() -> tuple[Response, int]:
    name, message = request.form.get("name", ""), request.form.get("message", "")
    if not name or not message:
        abort(400, "name and message are required")
    query = "INSERT INTO entries (name, message) VALUES (?, ?) RETURNING id, name, message"
    entry = run_sync(current_env().DB.prepare(query, Entry).bind(name, message).first())
    return jsonify(entry), 201


@app.get("/entries/<int:number>")
def get_entry(number: int) -> Response:
    query = "SELECT id, name, message FROM entries WHERE id = ?"
    entry = run_sync(current_env().DB.prepare(query, Entry).bind(number).first())
    if entry is None:
        abort(404, "no such entry")
    return jsonify(entry)


@app.get("/hello")
def hello() -> Response:
    """Greet the visitor by the cookie that a page of the site has set."""
    name = request.cookies.get("name", "stranger")
    return Response(f"Hello, {name}!", headers={"x-greeted": name.encode().decode("latin-1")})


@app.get("/book.txt")
def book() -> Response:
    """Stream the whole book, page by page, without holding it in memory."""

    def lines() -> Iterator[str]:
        query = "SELECT id, name, message FROM entries WHERE id > ? ORDER BY id LIMIT ?"
        statement = current_env().DB.prepare(query, Entry)
        last = 0
        while page := run_sync(statement.bind(last, PAGE).all()).results:
            for entry in page:
                yield f"{entry['name']} wrote on {request.host}: {entry['message']}\n"
                last = entry["id"]

    return Response(stream_with_context(lines()), mimetype="text/plain")
