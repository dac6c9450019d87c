"""The Worker in front of the rooms: it validates requests and finds the room."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from pyworkers_sdk import DurableObjectNamespace, Env, Request, Response, WorkerEntrypoint

from .room import ChatRoom, visitor_name

MAX_NAME = 30


class AppEnv(Env):
    ROOMS: DurableObjectNamespace[ChatRoom]


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        """Answer ``/api/rooms/{room}/messages`` and ``/api/rooms/{room}/socket?name=…``."""
        url = urlsplit(request.url)
        route = re.fullmatch("/api/rooms/([^/]{1,150})/(messages|socket)", url.path)
        if request.method != "GET" or route is None:
            return Response("Not found", status=404)
        room = self.env.ROOMS.get_by_name(unquote(route[1]).casefold())
        if route[2] == "messages":
            return Response.json(await room.history())
        if request.headers.get("upgrade", "").lower() != "websocket":
            return Response("Expected a WebSocket", status=426, headers={"upgrade": "websocket"})
        name = visitor_name(request)
        if not name.isprintable() or not 0 < len(name) <= MAX_NAME:
            return Response(f"name: expected 1 to {MAX_NAME} characters", status=422)
        return await room.fetch(request)
