"""``asgi``: serve a fake runtime with any ASGI server, or call it with any ASGI client.

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

_DRAIN_INTERVAL = 0.25  # seconds between looks for work that has become due

_log = logging.getLogger(__name__)


def asgi(runtime: FakeRuntime[Any]) -> Application:
    """Return an ASGI application that sends every request to the Worker.

    - Bodies stream both ways.
    - Work passed to ``ctx.wait_until`` continues after the response. Shutdown waits for it.
    - An exception of a handler is logged, and the client gets a response with status 500.
    - A client that disconnects cancels its request, as in the runtime.
    - Under a server, work that becomes due between requests is done: with ``Clock(running=True)``,
      batches of queues are delivered in time.
    - WebSockets pass through. uvicorn needs wsproto or websockets for them.
    """
    return _Application(runtime)


class _Application:
    def __init__(self, runtime: FakeRuntime[Any]) -> None:
        self._runtime = runtime
        self._draining: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, _Client(receive), send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            raise ValueError(
                f"asgi(): expected a scope of HTTP or WebSockets, got {scope['type']!r}"
            )

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        drain_loop = asyncio.create_task(self._drain_regularly())
        while True:
            event = (await receive())["type"].removeprefix("lifespan.")
            if event == "shutdown":
                drain_loop.cancel()
                await asyncio.gather(*self._draining)
            await send({"type": f"lifespan.{event}.complete"})
            if event == "shutdown":
                return

    async def _drain_regularly(self) -> None:
        """Do the work that becomes due between requests."""
        while True:
            await asyncio.sleep(_DRAIN_INTERVAL)
            self._drain()

    async def _serve(self, scope: Message, client: _Client, send: Send) -> None:
        response = asyncio.create_task(self._respond(scope, client, send))
        disconnect = asyncio.create_task(client.disconnected.wait())
        try:
            await asyncio.wait([response, disconnect], return_when=asyncio.FIRST_COMPLETED)
            if response.done():
                response.result()
        finally:
            client.close()
            for task in (response, disconnect):
                task.cancel()
            await asyncio.wait([response, disconnect])
            self._drain()

    async def _respond(self, scope: Message, client: _Client, send: Send) -> None:
        try:
            request = _request(scope, client)
        except WorkersError as error:
            response = Response(str(error), status=400)
        else:
            try:
                response = await self._runtime.fetch(request)
            except Exception:
                # The query is not logged: it may hold secrets.
                _log.exception("%s %s", request.method, request.url.partition("?")[0])
                response = Response.from_js(internal_server_error())
        body = response.body
        headers = response.headers.items()
        if body is None and response.status not in (204, 304) and scope["method"] != "HEAD":
            # Without a length a server would send an empty body in chunks.
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
            async with aclosing(chunks):  # closing it cancels the source if the client disconnects
                async for chunk in chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})

    async def _connect(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        url, pairs = _target(scope)
        headers = Headers(pairs)
        headers["upgrade"] = "websocket"  # not every server passes this header on
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
                socket.close(1000 if code in _NOT_SENDABLE else code, message.get("reason") or "")
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


_NOT_SENDABLE = (1005, 1006)
"""Close codes that no frame can have: the frame had no code, or the connection broke.

https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
"""


async def _send_messages(socket: WebSocket, send: Send) -> None:
    """Send the Worker's messages to the client until the Worker closes the connection."""
    async for message in socket:
        key = "text" if isinstance(message, str) else "bytes"
        await send({"type": "websocket.send", key: message})
    code = 1000 if socket.close_code == 1005 else socket.close_code
    reason = socket.close_reason or ""
    await send({"type": "websocket.close", "code": code, "reason": reason})


async def _refuse(scope: Message, response: Response, send: Send) -> None:
    """Send a response that has no WebSocket. A server without that extension sends a 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    start = {"type": "websocket.http.response.start", "status": response.status}
    await send({**start, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": await response.bytes()})


class _Client:
    """The client of one request. A separate task receives, so a disconnect is always seen."""

    def __init__(self, receive: Receive) -> None:
        self.disconnected = asyncio.Event()
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._receiving = asyncio.create_task(self._receive(receive))

    async def _receive(self, receive: Receive) -> None:
        more = True
        while (message := await receive())["type"] == "http.request":
            if more:
                self._chunks.put_nowait(message.get("body", b""))
                more = message.get("more_body", False)
                if (
                    more
                ):  # back-pressure: receive a chunk only after the Worker has read the last one
                    await self._chunks.join()
                else:
                    self._chunks.put_nowait(None)
        self.disconnected.set()

    async def body(self) -> AsyncIterator[bytes]:
        while (chunk := await self._chunks.get()) is not None:
            self._chunks.task_done()
            if chunk:
                yield chunk

    def close(self) -> None:
        self._receiving.cancel()


def _target(scope: Message) -> tuple[str, list[tuple[str, str]]]:
    """Return the URL of a request, and its headers."""
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
    by_name = dict(headers)
    has_body = "transfer-encoding" in by_name or by_name.get("content-length", "0") != "0"
    return Request(
        url,
        method=scope["method"],
        headers=headers,
        body=client.body() if has_body and scope["method"] not in ("GET", "HEAD") else None,
    )
