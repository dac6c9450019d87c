"""The views: synchronous functions that await D1 by ``run_sync``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.views.decorators.http import require_GET, require_http_methods

from pyworkers_sdk import run_sync

from .env import env_of

PAGE = 2


class Task(TypedDict):
    id: int
    title: str
    done: bool


@require_http_methods(["GET", "POST"])
def tasks(request: HttpRequest) -> HttpResponseBase:
    db = env_of(request).DB
    if request.method == "GET":
        rows = run_sync(db.prepare("SELECT id, title, done FROM tasks ORDER BY id", Task).all())
        return JsonResponse(list(rows), safe=False)
    title = request.POST.get("title", "")
    if not title:
        return JsonResponse({"error": "title is required"}, status=400)
    query = "INSERT INTO tasks (title) VALUES (?) RETURNING id, title, done"
    return JsonResponse(run_sync(db.prepare(query, Task).bind(title).first()), status=201)


@require_http_methods(["GET", "POST", "DELETE"])
def task(request: HttpRequest, number: int) -> HttpResponseBase:
    queries = {
        "GET": "SELECT id, title, done FROM tasks WHERE id = ?",
        "POST": "UPDATE tasks SET done = 1 WHERE id = ? RETURNING id, title, done",
        "DELETE": "DELETE FROM tasks WHERE id = ? RETURNING id, title, done",
    }
    query = queries[request.method or "GET"]
    row = run_sync(env_of(request).DB.prepare(query, Task).bind(number).first())
    if row is None:
        raise Http404("no such task")
    return JsonResponse(row)


@require_GET
def hello(request: HttpRequest) -> HttpResponse:
    """Greet the visitor by the cookie that a page of the site has set."""
    name = request.COOKIES.get("name", "stranger")
    return HttpResponse(f"Hello, {name}!", headers={"x-path": request.get_full_path()})


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Stream all tasks, page by page, without holding them in memory."""

    def lines() -> Iterator[str]:
        query = "SELECT id, title, done FROM tasks WHERE id > ? ORDER BY id LIMIT ?"
        statement = env_of(request).DB.prepare(query, Task)
        last = 0
        while page := run_sync(statement.bind(last, PAGE).all()).results:
            for row in page:
                yield f"{row['id']},{row['title']},{int(row['done'])}\n"
                last = row["id"]

    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
