"""A room: one Durable Object, with its people's sockets and its messages."""

from __future__ import annotations

import json
from typing import Any, TypedDict
from urllib.parse import parse_qs, urlsplit

from pyworkers_sdk import DurableObject, Request, Response, WebSocket, WebSocketPair

MAX_TEXT = 1000
KEPT = 200


class Message(TypedDict):
    id: int
    author: str
    text: str


class ChatRoom(DurableObject):
    """A chat room. It hibernates while it is quiet: sockets stay open, but memory is lost."""

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.sql = self.ctx.storage.sql
        self.sql.exec(
            "CREATE TABLE IF NOT EXISTS messages"
            " (id INTEGER PRIMARY KEY AUTOINCREMENT, author TEXT NOT NULL, text TEXT NOT NULL)"
        )

    async def fetch(self, request: Request) -> Response:
        """Let a person in, with a name that the Worker has checked."""
        name = visitor(request)
        client, server = WebSocketPair()
        self.ctx.accept_web_socket(server)
        server.serialize_attachment({"name": name})
        self._send({"joined": name, "people": self._people()})
        return Response(None, status=101, web_socket=client)

    async def web_socket_message(self, ws: WebSocket, message: str | bytes) -> None:
        text = message.strip() if isinstance(message, str) else ""
        if not 0 < len(text) <= MAX_TEXT:
            ws.send(json.dumps({"error": f"a message has 1 to {MAX_TEXT} characters"}))
            return
        query = "INSERT INTO messages (author, text) VALUES (?, ?) RETURNING id, author, text"
        stored = self.sql.exec(query, Message, self._name(ws), text).one()
        self.sql.exec("DELETE FROM messages WHERE id <= ?", stored["id"] - KEPT)
        self._send({"message": stored})

    async def web_socket_close(
        self, ws: WebSocket, code: int, reason: str, was_clean: bool
    ) -> None:
        people = self._people(but=ws)
        self._send({"left": self._name(ws), "people": people}, but=ws)

    async def history(self, limit: int = 50) -> list[Message]:
        """Return the last messages, oldest first. The Worker calls this method over RPC."""
        query = "SELECT id, author, text FROM messages ORDER BY id DESC LIMIT ?"
        return self.sql.exec(query, Message, limit)[::-1]

    def _send(self, event: dict[str, Any], but: WebSocket | None = None) -> None:
        text = json.dumps(event)
        for ws in self.ctx.get_web_sockets():
            if ws != but:
                ws.send(text)

    def _people(self, but: WebSocket | None = None) -> list[str]:
        return sorted({self._name(ws) for ws in self.ctx.get_web_sockets() if ws != but})

    def _name(self, ws: WebSocket) -> str:
        name: str = ws.deserialize_attachment()["name"]
        return name


def visitor(request: Request) -> str:
    """Return the name in ``?name=…``, or "" without one."""
    return parse_qs(urlsplit(request.url).query).get("name", [""])[-1].strip()
