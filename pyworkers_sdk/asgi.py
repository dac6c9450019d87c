"""Run an ASGI application, for example of FastAPI or Starlette, in a Worker.

::

    Default = asgi.entrypoint(app, AppEnv)

A Worker that has other handlers, too, calls ``fetch`` in its own::

    class Default(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            return await asgi.fetch(app, request, self.env, self.ctx)

The Worker's Env is in ``scope["env"]``; in FastAPI, ``Depends(asgi.env(AppEnv))`` is the Env.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar, overload
from urllib.parse import unquote, urlsplit

from . import _asgi_lifespan
from ._asgi_common import (
    Application,
    Context,
    Message,
    begun,
    failure_of,
    headers_of_message,
    is_interrupted,
    unexpected,
)
from ._blocking_calls import run_inline
from ._border import prop, raw
from ._border.callbacks import Listening
from ._header_bytes import bytes_of_header
from .errors import StreamError, WorkersError
from .http import Response

if TYPE_CHECKING:
    from .entrypoints import WorkerEntrypoint
    from .env import Env
    from .http import Request
    from .streams import Chunks

    EnvT = TypeVar("EnvT", bound=Env)
else:
    EnvT = TypeVar("EnvT")

__all__ = ["current_env", "entrypoint", "env", "fetch"]

_log = logging.getLogger(__name__)

_NO_BODY = (101, 204, 205, 304)

_current: ContextVar[Any] = ContextVar("pyworkers_sdk.asgi.env")


async def fetch(
    app: Application, request: Request, env: Any = None, ctx: Context | None = None
) -> Response:
    """Return the application's response to a request or to a WebSocket handshake.

    Bodies stream in both directions. Work after the response, such as background tasks, continues
    in ``ctx.wait_until``; its exceptions are logged. An exception after the start of the response
    breaks off the body.

    The lifespan lasts as long as the isolate. The first request starts the application, concurrent
    requests wait for that startup, and ``app.state`` and ``scope["state"]`` stay. If the startup
    fails, the next request tries again. The application gets no shutdown event, because the runtime
    does not announce the end of an isolate. Make the application once, in a module: each new object
    starts anew. A resource of the lifespan must not belong to one request, as a fetched body does,
    and a task that the lifespan starts stops with the first request.

    Args:
        app: The application.
        request: The request.
        env: The Worker's Env. The application finds it in ``scope["env"]``, also in its lifespan.
        ctx: The context of the request. Without it, work after the response may be cancelled.

    Raises:
        WorkersError: The application failed to start, or it did not send a response.
        Exception: Any exception of the application before the start of its response.
    """
    if sys.platform == "emscripten":
        run_inline()
    token = _current.set(env)
    try:
        scope = _scope(request, env, await _asgi_lifespan.started(app, env))
        if scope["type"] == "websocket":
            from ._asgi_websocket import Connection  # only for applications with WebSockets

            response = await Connection(app, scope).open(ctx)
        else:
            response = await _Exchange(app, scope, request).answer(ctx)
        _asgi_lifespan.end_oldest(ctx)
        return response
    finally:
        _current.reset(token)


@overload
def entrypoint(app: Application, *, name: str = "Default") -> type[WorkerEntrypoint[Any]]: ...
@overload
def entrypoint(
    app: Application, env: type[EnvT], *, name: str = "Default"
) -> type[WorkerEntrypoint[EnvT]]: ...
def entrypoint(app: Application, env: Any = None, *, name: str = "Default") -> Any:
    """Make a Worker's main class of an application: ``Default = asgi.entrypoint(app, AppEnv)``.

    It calls ``asgi.fetch`` with each request.

    Args:
        app: The application.
        env: The Worker's Env class. Without it ``scope["env"]`` is the runtime's own object.
        name: The name under which the runtime exports the class. Another entrypoint of the Worker
            needs its own: ``Admin = asgi.entrypoint(admin, AppEnv, name="Admin")``.
    """
    from inspect import currentframe

    from .entrypoints import WorkerEntrypoint

    base: Any = WorkerEntrypoint if env is None else WorkerEntrypoint[env]

    class Default(base):  # type: ignore[misc]
        async def fetch(self, request: Request) -> Response:
            return await fetch(app, request, self.env, self.ctx)

    # The class belongs to the module that calls, as that of a NamedTuple does.
    frame = currentframe()
    if frame is not None and frame.f_back is not None:
        Default.__module__ = frame.f_back.f_globals.get("__name__", __name__)
    Default.__name__ = Default.__qualname__ = name
    return Default


_dependencies: dict[Any, Any] = {}


def env(env_type: type[EnvT]) -> Callable[..., Awaitable[EnvT]]:
    """Return a dependency of FastAPI that is the Worker's Env, in HTTP and WebSocket operations.

    ::

        WorkerEnv = Annotated[AppEnv, Depends(asgi.env(AppEnv))]

        @app.get("/books")
        async def books(env: WorkerEnv) -> list[Book]:
            return (await env.DB.prepare("SELECT * FROM books", Book).all()).results

    For one class it is always the same function, so ``app.dependency_overrides`` can replace it.

    Args:
        env_type: The Worker's Env class.
    """
    if env_type in _dependencies:
        known: Callable[..., Awaitable[EnvT]] = _dependencies[env_type]
        return known
    from importlib import import_module

    async def dependency(connection: Any) -> EnvT:
        return _typed(connection.scope.get("env"), env_type)

    # FastAPI passes an argument of this type. It has imported Starlette already.
    http_connection = import_module("starlette.requests").HTTPConnection
    dependency.__annotations__ = {"connection": http_connection, "return": env_type}
    _dependencies[env_type] = dependency
    return dependency


def current_env(env_type: type[EnvT]) -> EnvT:
    """Return the Worker's Env in code without a scope, such as a lifespan of FastAPI.

    Args:
        env_type: The Worker's Env class.

    Raises:
        WorkersError: The caller does not run in ``asgi.fetch``, or that was called without an Env.
    """
    return _typed(_current.get(None), env_type)


def _typed(env: Any, env_type: type[EnvT]) -> EnvT:
    if env is None:
        raise WorkersError(
            f"asgi: expected the Worker's {env_type.__name__}, got None; pass self.env to "
            "asgi.fetch, or use asgi.entrypoint"
        )
    return env if isinstance(env, env_type) else env_type(env)


def _scope(request: Request, env: Any, state: dict[str, Any]) -> dict[str, Any]:
    url = urlsplit(request.url)
    headers = request.headers.items()
    by_name = dict(headers)
    is_websocket = by_name.get("upgrade", "").lower() == "websocket"
    address = by_name.get("cf-connecting-ip")
    cf = raw(prop(request.js_object, "cf"))
    protocol = None if cf is None else raw(prop(cf, "httpProtocol"))
    scope: dict[str, Any] = {
        "type": "websocket" if is_websocket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.4" if is_websocket else "2.3"},
        "http_version": (protocol or "HTTP/1.1").removeprefix("HTTP/"),
        "scheme": url.scheme.replace("http", "ws") if is_websocket else url.scheme,
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), bytes_of_header(value)) for name, value in headers],
        "server": (url.hostname, url.port or (443 if url.scheme == "https" else 80)),
        "client": (address, 0) if address else None,
        "state": dict(state),
        "env": env,
    }
    if is_websocket:
        offered = by_name.get("sec-websocket-protocol", "").split(",")
        scope["subprotocols"] = [name.strip() for name in offered if name.strip()]
        scope["extensions"] = {"websocket.http.response": {}}
    else:
        scope["method"] = request.method
    return scope


class _Exchange:
    """An HTTP request and its response."""

    def __init__(self, app: Application, scope: dict[str, Any], request: Request) -> None:
        self._app = app
        self._scope = scope
        self._request = request
        self._pieces: Chunks | None = None  # of the request's body
        self._reading: asyncio.Future[bytes | None] | None = None
        self._request_ended = False
        self._turn = asyncio.Lock()
        self._start: Message | None = None
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._response: Response | None = None
        self._is_whole = False
        self._chunks: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(1)
        self._complete = False  # the application has sent its last piece
        self._gone = False  # the client has left
        self._ended = asyncio.Event()  # nothing more is read: all is sent, or the client has left
        self._error: Exception | None = None
        self._listening: Listening | None = None

    async def answer(self, ctx: Context | None) -> Response:
        running = begun(self._run())
        try:
            await self._started
            if self._response is None:
                # The application has yielded before its first piece: the headers go out now.
                if self._error is not None:
                    raise self._error
                self._begin(None)
        except BaseException:
            running.cancel()  # also if the client disconnected
            raise
        # A whole response of an application that has returned has no work after it.
        if ctx is not None and not (self._is_whole and running.done()):
            ctx.wait_until(running)
        assert self._response is not None
        return self._response

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
            if not self._complete and not self._ended.is_set():
                raise WorkersError(
                    "the application did not send a response"
                    if self._start is None
                    else "the application returned before the last piece of its response"
                )
        except BaseException as error:
            if is_interrupted(error):
                raise
            await self._fail(failure_of(error))
        finally:
            self._end()
            if not self._started.done():  # the client left, and no response was sent
                self._response = Response(status=499)
                self._started.set_result(None)
            if self._listening is not None:
                self._listening.stop()

    async def _fail(self, error: Exception) -> None:
        if self._response is None:
            self._error = error
            self._end()
            if not self._started.done():
                self._started.set_exception(error)
            return
        _log.error("the application failed after the start of its response", exc_info=error)
        if not self._ended.is_set():
            await self._chunks.put(error)

    async def _receive(self) -> Message:
        async with self._turn:  # concurrent calls get different pieces
            if not self._request_ended and not self._ended.is_set():
                try:
                    piece = await self._piece()
                except StreamError:  # the client left within its body
                    self._request_ended = True
                    self._leave()
                except asyncio.CancelledError as error:
                    if not self._ended.is_set() or is_interrupted(error):
                        raise
                else:
                    more = piece is not None
                    return {"type": "http.request", "body": piece or b"", "more_body": more}
        await self._left()
        return {"type": "http.disconnect"}

    async def _piece(self) -> bytes | None:
        """Read the next piece of the request's body; None is its end."""
        if self._pieces is None:
            if self._request.body_used:
                raise WorkersError(
                    "asgi.fetch: expected a request whose body is unread, got one whose body was "
                    "read; read a clone: await request.clone().text()"
                )
            body = self._request.body
            if body is None:
                self._request_ended = True
                return None
            self._pieces = aiter(body)
        if self._reading is None:
            self._reading = asyncio.ensure_future(anext(self._pieces, None))
        # If the caller is cancelled, the next call gets the piece.
        piece = await asyncio.shield(self._reading)
        self._reading = None
        self._request_ended = piece is None
        return piece

    async def _left(self) -> None:
        """Wait until the response is sent, or the client leaves.

        The runtime reports a client that leaves by the request's signal, with the compatibility
        flag ``enable_request_signal``. It also cancels the body.
        """
        if self._listening is None and not self._ended.is_set():
            signal = raw(prop(self._request.js_object, "signal"))
            if signal is not None:
                self._listening = Listening(signal, ("abort",), lambda _: self._leave())
                if signal.aborted:
                    self._leave()
        await self._ended.wait()

    def _end(self) -> None:
        """Stop reading: a call of ``receive`` that waits for a piece returns the disconnect."""
        self._ended.set()
        if self._reading is not None:
            self._reading.cancel()

    def _leave(self) -> None:
        """Drop the rest of the response: the client has left."""
        self._gone = True
        self._end()
        while not self._chunks.empty():
            self._chunks.get_nowait()

    async def _send(self, message: Message) -> None:
        event = message["type"]
        if self._complete:
            raise unexpected(event)
        if self._gone:
            return
        expected = "http.response.start" if self._start is None else "http.response.body"
        if event != expected:
            raise unexpected(event)
        if self._start is None:
            self._start = message
            self._started.set_result(None)
            return
        body, more = bytes(message.get("body") or b""), bool(message.get("more_body", False))
        self._complete = not more
        if self._response is None and not more:
            self._begin(body)
            self._end()
            return
        if self._response is None:
            self._begin(None)
        if self._ended.is_set():  # a response without a body
            return
        if body:
            await self._chunks.put(body)
        if not more:
            await self._chunks.put(None)
            self._end()

    def _begin(self, whole: bytes | None) -> None:
        """Create the response.

        Args:
            whole: The whole body, or None if the body is streamed.
        """
        assert self._start is not None
        self._is_whole = whole is not None
        status: int = self._start["status"]
        has_body = status not in _NO_BODY and self._scope["method"] != "HEAD"
        body = (self._body() if whole is None else whole) if has_body else None
        self._response = Response(
            body,
            status=status,
            headers=headers_of_message(self._start),
            # If there is a Content-Encoding, the application has compressed the body itself.
            encode_body="manual",
        )
        if not has_body:
            self._end()

    async def _body(self) -> AsyncIterator[bytes]:
        try:
            while (chunk := await self._chunks.get()) is not None:
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk
        finally:  # This runs also if the client disconnects.
            self._leave()
