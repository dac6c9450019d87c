"""Run an ASGI application, for example of FastAPI or Starlette, in a Worker.

::

    class Default(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            return await asgi.fetch(app, request, self.env, self.ctx)

The Worker's Env is in ``scope["env"]``.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote, urlsplit

from ._blocking_calls import run_inline
from .errors import WorkersError
from .http import Response

if TYPE_CHECKING:
    from .entrypoints import ExecutionContext
    from .http import Request
    from .websockets import WebSocket

__all__ = ["fetch"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]

_log = logging.getLogger(__name__)

_NO_BODY = (101, 204, 205, 304)


async def fetch(
    app: Application, request: Request, env: Any = None, ctx: ExecutionContext | None = None
) -> Response:
    """Return the application's response to a request or to a WebSocket handshake.

    Bodies stream in both directions. Work after the response, such as background tasks, continues
    in ``ctx.wait_until``. An exception after the start of the response breaks off the body.

    The lifespan starts and ends with each request. The runtime does not announce the end of an
    isolate, and a connection that one request opened cannot be used by the next.

    Args:
        app: The application.
        request: The request.
        env: The Worker's Env. The application finds it in ``scope["env"]``.
        ctx: The context of the request. Without it, work after the response may be cancelled.

    Raises:
        WorkersError: The application failed to start, or it did not send a response.
        Exception: Any exception of the application before the start of its response.
    """
    if sys.platform == "emscripten":
        run_inline()
    lifespan = _Lifespan(app)
    await lifespan.start()
    scope = _scope(request, env, lifespan.state)
    if scope["type"] == "websocket":
        return await _Connection(app, scope, lifespan).open(ctx)
    return await _Exchange(app, scope, request, lifespan).answer(ctx)


def _scope(request: Request, env: Any, state: dict[str, Any]) -> dict[str, Any]:
    url = urlsplit(request.url)
    upgrade = (request.headers.get("upgrade") or "").lower() == "websocket"
    address = request.headers.get("cf-connecting-ip")
    scope: dict[str, Any] = {
        "type": "websocket" if upgrade else "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme.replace("http", "ws") if upgrade else url.scheme,
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in request.headers.items()],
        "server": (url.hostname, url.port or (443 if url.scheme == "https" else 80)),
        "client": (address, 0) if address else None,
        "state": dict(state),
        "env": env,
    }
    if upgrade:
        protocols = (request.headers.get("sec-websocket-protocol") or "").split(",")
        scope["subprotocols"] = [name.strip() for name in protocols if name.strip()]
    return scope


class _Lifespan:
    """The startup and shutdown of an application. Many applications support neither."""

    def __init__(self, app: Application) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._running = asyncio.ensure_future(self._run())
        failure = await self._ask("startup")
        if failure:
            raise WorkersError(f"the application did not start: {failure}")

    async def end(self) -> None:
        if self._running is None or self._running.done():
            return
        failure = await self._ask("shutdown")
        if failure:
            _log.error("the application did not shut down: %s", failure)
        await self._running

    async def _ask(self, phase: str) -> str:
        """Send "startup" or "shutdown" to the application. Return why it failed, or ""."""
        self._answer = asyncio.get_running_loop().create_future()
        self._events.put_nowait({"type": f"lifespan.{phase}"})
        return await self._answer

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        try:
            await self._app(scope, self._events.get, self._send)
        except Exception as error:
            # By the specification an application without a lifespan raises an exception here.
            _log.debug("no lifespan: %s: %s", type(error).__name__, error)
        finally:
            if not self._answer.done():
                self._answer.set_result("")

    async def _send(self, message: Message) -> None:
        if not self._answer.done():
            failed = message["type"].endswith(".failed")
            self._answer.set_result((message.get("message") or "failed") if failed else "")


class _Exchange:
    """An HTTP request and its response."""

    def __init__(
        self, app: Application, scope: dict[str, Any], request: Request, lifespan: _Lifespan
    ) -> None:
        self._app = app
        self._scope = scope
        self._lifespan = lifespan
        self._request_chunks = _chunks(request)
        self._request_ended = False
        self._start: Message = {}
        self._response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._chunks: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(1)
        self._ended = asyncio.Event()

    async def answer(self, ctx: ExecutionContext | None) -> Response:
        running = asyncio.ensure_future(self._run())
        try:
            response = await self._response
        except asyncio.CancelledError:  # The client disconnected.
            running.cancel()
            raise
        except Exception:
            await running
            raise
        if ctx is not None:
            ctx.wait_until(running)
        return response

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
            if not self._response.done():
                raise WorkersError("the application did not send a response")
        except Exception as error:
            if not self._response.done():
                self._response.set_exception(error)
            else:
                _log.exception("the application failed after the start of its response")
                if not self._ended.is_set():
                    await self._chunks.put(error)
        finally:
            self._ended.set()
            await self._lifespan.end()

    async def _receive(self) -> Message:
        if not self._request_ended:
            chunk = await anext(self._request_chunks, None)
            self._request_ended = chunk is None
            return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}
        await self._ended.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body" or self._ended.is_set():
            return
        body, more = bytes(message.get("body", b"")), bool(message.get("more_body", False))
        if not self._response.done():
            is_read = self._begin(None if more else body)
            if not more or not is_read:
                self._ended.set()
                return
        if body:
            await self._chunks.put(body)
        if not more:
            await self._chunks.put(None)
            self._ended.set()

    def _begin(self, whole: bytes | None) -> bool:
        """Create the response and return True if it has a body.

        Args:
            whole: The whole body, or None if the body is streamed.
        """
        status: int = self._start["status"]
        headers = _headers(self._start)
        is_read = status not in _NO_BODY and self._scope["method"] != "HEAD"
        body = (self._body() if whole is None else whole) if is_read else None
        # "manual": if there is a Content-Encoding, the application has compressed the body itself.
        response = Response(body, status=status, headers=headers, encode_body="manual")
        self._response.set_result(response)
        return is_read

    async def _body(self) -> AsyncIterator[bytes]:
        try:
            while (chunk := await self._chunks.get()) is not None:
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk
        finally:  # This runs also if the client disconnects.
            self._ended.set()
            while not self._chunks.empty():
                self._chunks.get_nowait()


def _headers(message: Message) -> list[tuple[str, str]]:
    pairs = message.get("headers") or ()
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    body = request.body
    if body is not None:
        async for chunk in body:
            yield chunk


class _Connection:
    """A WebSocket between the client and the application."""

    def __init__(self, app: Application, scope: dict[str, Any], lifespan: _Lifespan) -> None:
        self._app = app
        self._scope = scope
        self._lifespan = lifespan
        self._accepted: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._socket: WebSocket | None = None
        self._messages: AsyncIterator[str | bytes] | None = None
        self._connected = False

    async def open(self, ctx: ExecutionContext | None) -> Response:
        running = asyncio.ensure_future(self._run())
        response = await self._accepted
        if ctx is not None:
            ctx.wait_until(running)
        return response

    async def _run(self) -> None:
        code = 1000
        try:
            await self._app(self._scope, self._receive, self._send)
        except Exception as error:
            code = 1011
            if not self._accepted.done():
                self._accepted.set_exception(error)
            else:
                _log.exception("the application failed in a WebSocket")
        finally:
            if not self._accepted.done():
                self._accepted.set_result(Response("Forbidden", status=403))
            if self._socket is not None and self._socket.ready_state == 1:
                self._socket.close(code)
            await self._lifespan.end()

    async def _receive(self) -> Message:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        if self._messages is not None and self._socket is not None:
            message = await anext(self._messages, None)
            if message is not None:
                key = "text" if isinstance(message, str) else "bytes"
                return {"type": "websocket.receive", key: message}
            code, reason = self._socket.close_code, self._socket.close_reason
            return {"type": "websocket.disconnect", "code": code or 1006, "reason": reason or ""}
        return {"type": "websocket.disconnect", "code": 1006, "reason": ""}

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                self._accept(message)
            case "websocket.close" if self._socket is None:
                self._accepted.set_result(Response("Forbidden", status=403))
            case "websocket.close" if self._socket is not None:
                self._socket.close(message.get("code") or 1000, message.get("reason") or "")
            case "websocket.send" if self._socket is not None:
                text = message.get("text")
                self._socket.send(text if text is not None else message["bytes"])
            case event:
                raise WorkersError(f"the application sent an unexpected {event!r}")

    def _accept(self, message: Message) -> None:
        from .websockets import WebSocketPair  # Loaded only for applications with WebSockets.

        client, server = WebSocketPair()
        server.accept()
        self._socket, self._messages = server, aiter(server)
        headers = _headers(message)
        if message.get("subprotocol"):
            headers.append(("sec-websocket-protocol", message["subprotocol"]))
        response = Response(None, status=101, headers=headers, web_socket=client)
        self._accepted.set_result(response)
