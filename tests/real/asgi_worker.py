"""The Worker of test_asgi.py: an ASGI application without a framework, also in a Durable Object."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pyworkers_sdk import (
    KV,
    DurableObject,
    DurableObjectNamespace,
    Env,
    Request,
    Response,
    asgi,
)


class AppEnv(Env):
    TEXT: str
    CACHE: KV
    ROOMS: DurableObjectNamespace[Room]


class Application:
    def __init__(self) -> None:
        self.startups = 0
        self.events: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.live(scope, receive, send)
        elif scope["type"] == "websocket":
            await self.talk(scope, receive, send)
        else:
            await self.answer(scope, receive, send)

    async def live(self, scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "lifespan.startup"
        self.startups += 1
        await asyncio.sleep(0.5)
        if self.startups == 1:
            await send({"type": "lifespan.startup.failed", "message": "the first always fails"})
            return
        scope["state"]["number"] = self.startups
        env = asgi.current_env(AppEnv)
        await env.CACHE.put("opened", env.TEXT)
        scope["state"]["cache"] = env.CACHE
        await send({"type": "lifespan.startup.complete"})
        self.events.append((await receive())["type"])

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        headers: list[Any] = []
        pieces: list[bytes] = []

        async def start() -> None:
            await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def piece(body: bytes, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": more})

        match scope["path"].removeprefix("/object"):
            case "/headers":
                values = [value for name, value in scope["headers"] if name == b"x-raw"]
                headers += [(b"x-back", value) for value in values]
                headers.append((b"x-latin", b"caf\xe9"))
                pieces.append(json.dumps([value.hex() for value in values]).encode())
            case "/state":
                request = await receive()
                opened = await scope["state"]["cache"].get("opened")
                state = [self.startups, scope["state"]["number"], opened]
                pieces.append(json.dumps([*state, request["body"].decode()]).encode())
            case "/scope":
                names = ("client", "server", "scheme", "http_version", "path", "root_path")
                pieces.append(json.dumps([scope[name] for name in names]).encode())
            case "/length":
                headers.append((b"content-length", b"10"))
                await start()
                await piece(b"01234")
                await piece(b"56789", more=False)
                return
            case "/early":
                await start()
                await piece(b"one")
                return
            case "/later":
                await start()
                await piece(b"sent", more=False)
                await asyncio.sleep(0.2)
                self.events.append("later")
                return
            case "/slow-start":
                await start()
                await asyncio.sleep(1)
                await piece(b"slow", more=False)
                return
            case "/until-left":
                await receive()
                await start()
                left = asyncio.ensure_future(receive())
                while not left.done():
                    await piece(b".")
                    await asyncio.wait([left], timeout=0.05)
                self.events.append(left.result()["type"])
                return
            case "/events":
                pieces.append(json.dumps(self.events).encode())
                self.events.clear()
        await start()
        await piece(b"".join(pieces), more=False)

    async def talk(self, scope: Any, receive: Any, send: Any) -> None:
        self.events.append(await receive())
        if scope["path"].endswith("/refuse"):
            await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b"who?"})
            return
        await send(
            {
                "type": "websocket.accept",
                "subprotocol": next(iter(scope["subprotocols"]), None),
                "headers": [(b"x-ws", "Łé".encode()), (b"set-cookie", b"a=1")],
            }
        )
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "bye":
                await send({"type": "websocket.close", "code": 1006, "reason": "é" * 100})
            else:
                await send({**message, "type": "websocket.send"})
        self.events.append(message)


app = Application()


class Room(DurableObject[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        return await asgi.fetch(app, request, self.env, self.ctx)


class Default(asgi.entrypoint(app, AppEnv)):  # type: ignore[misc]
    async def fetch(self, request: Request) -> Response:
        if "/object" in request.url:
            room: Any = self.env.ROOMS.get_by_name("one")
            response: Response = await room.fetch(request)
            return response
        answered: Response = await super().fetch(request)
        return answered
