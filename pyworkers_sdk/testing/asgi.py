"""``asgi``: a fake runtime under any ASGI server or client.

::

    uvicorn.run(asgi(FakeRuntime(Default, env=AppEnv)))
    httpx.AsyncClient(transport=httpx.ASGITransport(asgi(runtime)))
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableMapping
from contextlib import aclosing
from typing import Any, TypeAlias
from urllib.parse import quote

from ..errors import WorkersError
from ..http import Headers, Request, Response
from ..websockets import WebSocket
from .runtime.events import internal_server_error
from .runtime.fake_runtime import FakeRuntime

__all__ = ["asgi"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]

_TICK = 0.25  # seconds

_log = logging.getLogger(__name__)


def asgi(runtime: FakeRuntime[Any]) -> Application:
    """An ASGI application that sends every request to the Worker.

    Bodies stream both ways. What handlers left to ``ctx.wait_until`` goes on after the response,
    and is waited for when the server shuts down. An exception in a handler is logged, and the
    client gets a 500. A client that leaves ends its request, as in the runtime. Under a server,
    what comes due between requests on a ``Clock(running=True)``, batches of queues say, is done
    by itself. WebSockets are connected through (uvicorn needs wsproto or websockets for them).
    """
    return _Application(runtime)


class _Application:
    def __init__(self, runtime: FakeRuntime[Any]) -> None:
        self._runtime = runtime
        self._draining: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, _Client(receive), send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            raise ValueError(f"asgi() serves HTTP and WebSockets, not {scope['type']!r}")

    async def _live(self, receive: Receive, send: Send) -> None:
        ticking = asyncio.create_task(self._tick())
        while True:
            event = (await receive())["type"].removeprefix("lifespan.")
            if event == "shutdown":
                ticking.cancel()
                await asyncio.gather(*self._draining)
            await send({"type": f"lifespan.{event}.complete"})
            if event == "shutdown":
                return

    async def _tick(self) -> None:
        """Do what comes due between requests."""
        while True:
            await asyncio.sleep(_TICK)
            self._drain()

    async def _serve(self, scope: Message, client: _Client, send: Send) -> None:
        answering = asyncio.create_task(self._answer(scope, client, send))
        leaving = asyncio.create_task(client.left.wait())
        try:
            await asyncio.wait([answering, leaving], return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        finally:
            client.close()
            for task in (answering, leaving):
                task.cancel()
            await asyncio.wait([answering, leaving])
            self._drain()

    async def _answer(self, scope: Message, client: _Client, send: Send) -> None:
        try:
            request = _request(scope, client)
        except WorkersError as error:
            response = Response(str(error), status=400)
        else:
            try:
                response = await self._runtime.fetch(request)
            except Exception:
                _log.exception("%s %s", request.method, request.url.partition("?")[0])
                response = Response.from_js(internal_server_error())
        body = response.body
        headers = response.headers.items()
        if body is None and response.status not in (204, 304) and scope["method"] != "HEAD":
            headers.append(("content-length", "0"))
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
            }
        )
        if body is not None and scope["method"] == "HEAD":
            await body.cancel()
        elif body is not None:
            chunks: Any = aiter(body)
            async with aclosing(chunks):  # where the client leaves, the source is cancelled
                async for chunk in chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})

    async def _connect(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        url, given = _target(scope)
        headers = Headers(given)
        headers["upgrade"] = "websocket"  # of which not every server tells
        request = Request(url.replace("ws", "http", 1), headers=headers)
        try:
            response = await self._runtime.fetch(request)
        except Exception:
            _log.exception("%s %s", request.method, request.url.partition("?")[0])
            response = Response.from_js(internal_server_error())
        socket = response.web_socket
        if socket is None:
            await _refuse(scope, response, send)
            return
        protocol = response.headers.get("sec-websocket-protocol")
        await send({"type": "websocket.accept", "subprotocol": protocol})
        socket.accept()
        sending = asyncio.create_task(_send_messages(socket, send))
        try:
            while (message := await receive())["type"] == "websocket.receive":
                text = message.get("text")
                socket.send(message["bytes"] if text is None else text)
            if socket.ready_state == socket.OPEN:
                code = message.get("code", 1000)
                socket.close(1000 if code in _NO_CODE else code, message.get("reason") or "")
        finally:
            sending.cancel()
            await asyncio.wait([sending])
            self._drain()

    def _drain(self) -> None:
        task = asyncio.create_task(self._drained())
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def _drained(self) -> None:
        try:
            await self._runtime.drain()
        except Exception:
            _log.exception("in ctx.wait_until")


_NO_CODE = (1005, 1006)
"""What a Close frame cannot say: it had no code, or there was none."""


async def _send_messages(socket: WebSocket, send: Send) -> None:
    """What the Worker says, until it closes the connection."""
    async for message in socket:
        kind = "text" if isinstance(message, str) else "bytes"
        await send({"type": "websocket.send", kind: message})
    code = 1000 if socket.close_code == 1005 else socket.close_code
    reason = socket.close_reason or ""
    await send({"type": "websocket.close", "code": code, "reason": reason})


async def _refuse(scope: Message, response: Response, send: Send) -> None:
    """An answer that is no WebSocket; servers that cannot pass it on say 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    start = {"type": "websocket.http.response.start", "status": response.status}
    await send({**start, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": await response.bytes()})


class _Client:
    """What the client sends. One task receives, so that its leaving is seen while nobody reads."""

    def __init__(self, receive: Receive) -> None:
        self.left = asyncio.Event()
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._receiving = asyncio.create_task(self._receive(receive))

    async def _receive(self, receive: Receive) -> None:
        more = True
        while (message := await receive())["type"] == "http.request":
            if more:
                self._chunks.put_nowait(message.get("body", b""))
                more = message.get("more_body", False)
                if more:  # one chunk ahead, so that the server slows down a client that is fast
                    await self._chunks.join()
                else:
                    self._chunks.put_nowait(None)
        self.left.set()

    async def body(self) -> AsyncIterator[bytes]:
        while (chunk := await self._chunks.get()) is not None:
            self._chunks.task_done()
            if chunk:
                yield chunk

    def close(self) -> None:
        self._receiving.cancel()


def _target(scope: Message) -> tuple[str, list[tuple[str, str]]]:
    """The URL of a request, and its headers."""
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    query = scope.get("query_string", b"").decode("latin-1")
    host = dict(headers).get("host", "localhost")
    url = f"{scope.get('scheme', 'http')}://{host}{path.decode('latin-1')}"
    return f"{url}?{query}" if query else url, headers


def _request(scope: Message, client: _Client) -> Request:
    url, headers = _target(scope)
    sent = dict(headers)
    has_body = "transfer-encoding" in sent or sent.get("content-length", "0") != "0"
    return Request(
        url,
        method=scope["method"],
        headers=headers,
        body=client.body() if has_body and scope["method"] not in ("GET", "HEAD") else None,
    )
