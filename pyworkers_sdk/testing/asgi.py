"""``asgi``: serve a fake runtime with any ASGI server, or call it with any ASGI client.

::

    uvicorn.run(asgi(FakeRuntime(Default, env=AppEnv)))
    httpx.AsyncClient(transport=httpx.ASGITransport(asgi(runtime)))
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableMapping
from contextlib import aclosing
from typing import Any, TypeAlias
from urllib.parse import quote

from .._header_bytes import bytes_of_header
from ..errors import WorkersError
from ..http import Headers, Request, Response
from ..websockets import WebSocket
from .runtime.events import internal_server_error
from .runtime.fake_runtime import FakeRuntime
from .runtime.triggers import is_trigger, triggered

__all__ = ["asgi"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]

_DRAIN_INTERVAL = 0.25  # seconds between looks for work that has become due
_SHUTDOWN_GRACE = 2.0  # seconds that work in ``ctx.wait_until`` has at shutdown
_MOST_UNREAD = 2**20  # bytes of a request's body that wait for the Worker

_log = logging.getLogger(__name__)


def asgi(runtime: FakeRuntime[Any]) -> Application:
    """Return an ASGI application that sends every request to the Worker.

    - Bodies stream both ways. Header values are UTF-8, as in the runtime.
    - Work passed to ``ctx.wait_until`` continues after the response. Shutdown waits for it for at
      most two seconds.
    - The Worker finds the client's address in the header CF-Connecting-IP.
    - ``/cdn-cgi/handler/scheduled?cron=…&time=…`` runs a cron trigger, and a POST to
      ``/cdn-cgi/handler/email?from=…&to=…`` delivers an email, as in the local runtime.
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
                await self._end()
            await send({"type": f"lifespan.{event}.complete"})
            if event == "shutdown":
                return

    async def _end(self) -> None:
        if not self._draining:
            return
        _, late = await asyncio.wait(self._draining, timeout=_SHUTDOWN_GRACE)
        for task in late:
            _log.warning("work in ctx.wait_until did not end in time; it is cancelled")
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_SHUTDOWN_GRACE)

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
        response = await self._response_to(scope, client)
        body = response.body
        start = {"type": "http.response.start", "status": response.status}
        await send({**start, "headers": _headers_of(response, scope["method"])})
        if body is not None and scope["method"] == "HEAD":
            await body.cancel()
        elif body is not None:
            chunks: Any = aiter(body)
            async with aclosing(chunks):  # closing it cancels the source if the client disconnects
                async for chunk in chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})

    async def _response_to(self, scope: Message, client: _Client) -> Response:
        try:
            request = _request(scope, client)
        except WorkersError as error:
            return Response(str(error), status=400)
        try:
            if is_trigger(request.url):
                return await triggered(self._runtime, request)
            return await self._runtime.fetch(request)
        except Exception:
            # The query is not logged: it may hold secrets.
            _log.exception("%s %s", request.method, request.url.partition("?")[0])
            return Response.from_js(internal_server_error())

    async def _connect(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        response = await self._handshake(scope)
        socket = response.web_socket
        if socket is None:
            await _refuse(scope, response, send)
            return
        await send(_acceptance(response))
        socket.accept()
        sending = asyncio.create_task(_send_messages(socket, send))
        try:
            while (message := await receive())["type"] == "websocket.receive":
                text = message.get("text")
                if socket.ready_state == socket.OPEN:
                    socket.send(message["bytes"] if text is None else text)
            code = message.get("code", _NO_CODE)
            if code != _LOST:
                socket.js_object.end(code, message.get("reason") or "")
        finally:
            socket.js_object.drop()
            sending.cancel()
            await asyncio.wait([sending])
            self._drain()

    async def _handshake(self, scope: Message) -> Response:
        try:
            url, pairs = _target(scope)
            headers = Headers(pairs)
            # Not every server passes these headers on.
            headers["upgrade"] = "websocket"
            offered = scope.get("subprotocols")
            if offered and "sec-websocket-protocol" not in headers:
                headers["sec-websocket-protocol"] = ", ".join(offered)
            request = Request(url.replace("ws", "http", 1), headers=headers)
        except WorkersError as error:
            return Response(str(error), status=400)
        try:
            return await self._runtime.fetch(request)
        except Exception:
            _log.exception("%s %s", request.method, request.url.partition("?")[0])
            return Response.from_js(internal_server_error())

    def _drain(self) -> None:
        task = asyncio.create_task(self._drained())
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def _drained(self) -> None:
        try:
            await self._runtime.drain()
        except Exception:
            _log.exception("in ctx.wait_until")


_NO_CODE = 1005
_LOST = 1006
"""The code of a client that disappeared: no Close frame has it.

https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
"""


def _acceptance(response: Response) -> Message:
    protocol = response.headers.get("sec-websocket-protocol")
    message: Message = {"type": "websocket.accept", "subprotocol": protocol}
    headers = [
        (name, value) for name, value in _pairs(response) if name != b"sec-websocket-protocol"
    ]
    return {**message, "headers": headers} if headers else message


async def _send_messages(socket: WebSocket, send: Send) -> None:
    """Send the Worker's messages to the client until the Worker closes the connection."""
    try:
        async for message in socket:
            key = "text" if isinstance(message, str) else "bytes"
            await send({"type": "websocket.send", key: message})
    except WorkersError:
        _log.exception("a WebSocket broke")
    code = {_NO_CODE: 1000, None: 1011, _LOST: 1011}.get(socket.close_code, socket.close_code)
    reason = (socket.close_reason or "") if socket.was_clean else ""
    await send({"type": "websocket.close", "code": code, "reason": reason})


async def _refuse(scope: Message, response: Response, send: Send) -> None:
    """Send a response that has no WebSocket. A server without that extension sends a 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    start = {"type": "websocket.http.response.start", "status": response.status}
    await send({**start, "headers": _headers_of(response, "GET")})
    await send({"type": "websocket.http.response.body", "body": await response.bytes()})


def _pairs(response: Response) -> list[tuple[bytes, bytes]]:
    # Values that are joined may end in ", ", and a server refuses a space at the end.
    items = response.headers.items()
    return [(name.encode(), bytes_of_header(value).strip(b" \t")) for name, value in items]


def _headers_of(response: Response, method: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of a response. The runtime itself sets Content-Length."""
    if method == "HEAD":
        return _pairs(response)
    headers = [(name, value) for name, value in _pairs(response) if name != b"content-length"]
    body = response.body
    length = 0 if body is None else body.js_object.length
    if length is not None and response.status not in (204, 304):
        # Without a length a server would send an empty body in chunks.
        headers.append((b"content-length", str(length).encode()))
    return headers


class _Client:
    """The client of one request. A separate task receives, so a disconnect is always seen."""

    def __init__(self, receive: Receive) -> None:
        self.disconnected = asyncio.Event()
        self._chunks: deque[bytes | None] = deque()
        self._unread = 0
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._receiving = asyncio.create_task(self._receive(receive))

    async def _receive(self, receive: Receive) -> None:
        more = True
        while (message := await receive())["type"] == "http.request":
            if more:
                more = message.get("more_body", False)
                self._arrive(message.get("body", b""))
                if not more:
                    self._arrive(None)
            # Back-pressure: a disconnect is seen only if it comes soon after these bytes.
            while self._unread > _MOST_UNREAD:
                self._taken.clear()
                await self._taken.wait()
        self.disconnected.set()

    def _arrive(self, chunk: bytes | None) -> None:
        if chunk != b"":
            self._chunks.append(chunk)
            self._unread += len(chunk or b"")
            self._arrived.set()

    async def body(self) -> AsyncIterator[bytes]:
        while True:
            while not self._chunks:
                self._arrived.clear()
                await self._arrived.wait()
            chunk = self._chunks.popleft()
            if chunk is None:
                return
            self._unread -= len(chunk)
            self._taken.set()
            yield chunk

    def close(self) -> None:
        self._receiving.cancel()


_HOST = re.compile(r"([\w.~%!$&'()*+,;=-]*|\[[\da-f:.]+\])(:\d*)?", re.ASCII | re.IGNORECASE)
_PRINTABLE = "!\"$%&'()*+,/:;<=>?@[\\]^_`{|}~"


def _target(scope: Message) -> tuple[str, list[tuple[str, str]]]:
    """Return the URL of a request, and its headers.

    Raises:
        WorkersError: The target is neither a path nor a URL, or the host is not a host.
    """
    headers: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode(errors="replace")
        headers[name] = value
        pairs.append((name, value))
    target = quote(scope.get("raw_path") or quote(scope["path"]), safe=_PRINTABLE)
    host = headers.get("host") or "localhost"
    if not target.startswith("/"):
        # The form for proxies: a server has to take it, and its host wins (RFC 9112, 3.2.2).
        absolute = re.fullmatch(r"https?://([^/?]+)(/.*)?", target)
        if absolute is None:
            raise WorkersError("Bad Request: the target of the request is not a path")
        host, target = absolute[1], absolute[2] or "/"
    if not _HOST.fullmatch(host):
        raise WorkersError("Bad Request: the header Host is not a host")
    client = scope.get("client")
    if client:
        pairs = [pair for pair in pairs if pair[0] != "cf-connecting-ip"]
        pairs.append(("cf-connecting-ip", client[0]))
    query = quote(scope.get("query_string", b""), safe=_PRINTABLE)
    url = f"{scope.get('scheme', 'http')}://{host}{target}"
    return f"{url}?{query}" if query else url, pairs


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
