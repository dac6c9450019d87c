"""A chat room: one Durable Object with the members' WebSockets and the messages."""

from __future__ import annotations

import json
from typing import Any, TypedDict

from pyworkers_sdk import DurableObject, Request, Response, WebSocket, WebSocketPair

MAX_TEXT = 1000
MAX_MESSAGES = 200  # older ones are deleted


class Message(TypedDict):
    id: int
    author: str
    text: str


class ChatRoom(DurableObject):
    """A chat room that hibernates while idle: sockets stay open, but attributes are lost.

    So the messages are in SQLite, and each member's name is attached to the member's socket.
    """

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.sql = self.ctx.storage.sql
        self.sql.exec(
            "CREATE TABLE IF NOT EXISTS messages"
            " (id INTEGER PRIMARY KEY AUTOINCREMENT, author TEXT NOT NULL, text TEXT NOT NULL)"
        )

    async def fetch(self, request: Request) -> Response:
        """Let a visitor in, by WebSocket. The Worker has validated the name."""
        name = visitor_name(request)
        client, server = WebSocketPair()
        self.ctx.accept_web_socket(server)
        server.serialize_attachment({"name": name})
        self._broadcast({"joined": name, "people": self._people()})
        return Response(None, status=101, web_socket=client)

    async def web_socket_message(self, ws: WebSocket, message: str | bytes) -> None:
        text = message.strip() if isinstance(message, str) else ""
        if not 0 < len(text) <= MAX_TEXT:
            ws.send(json.dumps({"error": f"a message has 1 to {MAX_TEXT} characters"}))
            return
        query = "INSERT INTO messages (author, text) VALUES (?, ?) RETURNING id, author, text"
        row = self.sql.exec(query, Message, self._name(ws), text).one()
        self.sql.exec("DELETE FROM messages WHERE id <= ?", row["id"] - MAX_MESSAGES)
        self._broadcast({"message": row})

    async def web_socket_close(
        self, ws: WebSocket, code: int, reason: str, was_clean: bool
    ) -> None:
        people = self._people(except_for=ws)
        self._broadcast({"left": self._name(ws), "people": people}, except_for=ws)

    async def history(self, limit: int = 50) -> list[Message]:
        """Return the last messages, oldest first. The Worker calls this over RPC."""
        query = "SELECT id, author, text FROM messages ORDER BY id DESC LIMIT ?"
        return self.sql.exec(query, Message, limit)[::-1]

    def _broadcast(self, event: dict[str, Any], except_for: WebSocket | None = None) -> None:
        text = json.dumps(event)
        for ws in self.ctx.get_web_sockets():
            if ws != except_for:
                ws.send(text)

    def _people(self, except_for: WebSocket | None = None) -> list[str]:
        return sorted({self._name(ws) for ws in self.ctx.get_web_sockets() if ws != except_for})

    def _name(self, ws: WebSocket) -> str:
        name: str = ws.deserialize_attachment()["name"]
        return name


def visitor_name(request: Request) -> str:
    """Return the name in ``?name=…``, or "" if it is missing."""
    return request.query.get("name", "").strip()
