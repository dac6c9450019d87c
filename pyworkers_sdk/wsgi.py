"""Run a WSGI application, for example of Flask or Django, in a Worker.

::

    Default = wsgi.entrypoint(app, AppEnv)

or, beside other handlers::

    class Default(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            return await wsgi.fetch(app, request, self.env)

The Worker's Env is in ``environ["workers.env"]``. A WSGI application is synchronous code:
``run_sync`` awaits a binding in it, and other requests continue meanwhile.
"""

from __future__ import annotations

import asyncio
import io
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload
from urllib.parse import unquote_to_bytes, urlsplit

from ._border import expected, prop, raw
from ._border.callbacks import Listening
from ._border.pumps import Pump, chunk_of
from ._header_bytes import bytes_of_header, text_of_header
from .errors import ConversionError, WorkersError
from .http import Response

if TYPE_CHECKING:
    from .entrypoints import WorkerEntrypoint
    from .http import Request

__all__ = ["entrypoint", "fetch"]

EnvT = TypeVar("EnvT")

Application: TypeAlias = Callable[[dict[str, Any], Any], Iterable[bytes]]

_log = logging.getLogger(__name__)

_NO_BODY = (101, 204, 205, 304)

_STATUS = re.compile(r"[0-9]{3}( |\Z)")


async def fetch(app: Application, request: Request, env: Any = None) -> Response:
    """Return the application's response to a request.

    The whole body of the request is read before the application is called. If the application
    returns a list, the response is sent at once. Any other iterable is streamed: each piece is sent
    when it is yielded, and the next piece is requested when there is room for it. An exception
    after the first piece breaks off the body. The application and its iterable run in one task and
    one context. The ``close`` method of the iterable is always called at the end. The runtime
    reports a client that leaves only with the compatibility flag ``enable_request_signal``; without
    the flag ``close`` is called when the stream is garbage-collected.

    A byte of a header that is not UTF-8 arrives as U+FFFD: the runtime decodes it so.

    Args:
        app: The application.
        request: The request.
        env: The Worker's Env. The application finds it in ``environ["workers.env"]``.

    Raises:
        WorkersError: The application did not call ``start_response``, or called it twice.
        ConversionError: A status or header of the application is not Latin-1 text.
        Exception: Any exception of the application before the first piece.
    """
    environ = _environ(request, await request.bytes(), env)
    exchange = _Exchange(app, environ, has_body=request.method != "HEAD")
    pump: Pump[Any] = Pump(exchange)
    whole: object = await anext(pump)
    if whole is not exchange:
        return exchange.response(whole)
    exchange.watch(request)
    return exchange.response(pump)


@overload
def entrypoint(app: Application, *, name: str = "Default") -> type[WorkerEntrypoint[Any]]: ...
@overload
def entrypoint(
    app: Application, env: type[EnvT], *, name: str = "Default"
) -> type[WorkerEntrypoint[EnvT]]: ...
def entrypoint(app: Application, env: Any = None, *, name: str = "Default") -> Any:
    """Make a Worker's main class of an application: ``Default = wsgi.entrypoint(app, AppEnv)``.

    It calls ``wsgi.fetch`` with each request.

    Args:
        app: The application.
        env: The Worker's Env class. Without it ``environ["workers.env"]`` is the runtime's own
            object.
        name: The name under which the runtime exports the class. Another entrypoint of the Worker
            needs its own: ``Admin = wsgi.entrypoint(admin, AppEnv, name="Admin")``.
    """
    from inspect import currentframe

    from .entrypoints import WorkerEntrypoint

    base: Any = WorkerEntrypoint if env is None else WorkerEntrypoint[env]

    class Default(base):  # type: ignore[misc]
        async def fetch(self, request: Request) -> Response:
            return await fetch(app, request, self.env)

    # The class belongs to the module that calls, as that of a NamedTuple does.
    frame = currentframe()
    if frame is not None and frame.f_back is not None:
        Default.__module__ = frame.f_back.f_globals.get("__name__", __name__)
    Default.__name__ = Default.__qualname__ = name
    return Default


def _environ(request: Request, body: bytes, env: Any) -> dict[str, Any]:
    """Return the ``environ`` of PEP 3333: its text is the bytes of the wire, as Latin-1."""
    url = urlsplit(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        # While one request is in run_sync, the application is called for others.
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,  # each isolate has its own application
        "wsgi.run_once": False,
        "workers.env": env,
    }
    for name, text in request.headers.items():
        if "_" in name:  # a client could pass X_Name off as X-Name
            continue
        value = bytes_of_header(text).decode("latin-1")
        key = name.upper().replace("-", "_")
        if key == "CF_CONNECTING_IP":
            environ["REMOTE_ADDR"] = value
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    if body or "CONTENT_LENGTH" in environ:
        # The header may have the length of a compressed body.
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


class _Start:
    """The ``start_response`` that the application calls."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.written: list[bytes] = []
        self.is_sent = False

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        if exc_info is not None:
            try:
                if self.is_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # PEP 3333: avoid a circular reference through the frame
        elif self.status:
            raise WorkersError("the application called start_response twice")
        text = _wire_text(status, "the status")
        if _STATUS.match(text) is None:
            raise ConversionError(
                f"the status: expected a code and a reason, got {status!a}; "
                "pass '200 OK', for example"
            )
        try:
            pairs = [(name, value) for name, value in headers]
        except (TypeError, ValueError):
            raise expected("the headers", "a list of pairs of str", headers) from None
        self.headers = [
            (_wire_text(name, "a header's name"), _wire_text(value, f"header {name}"))
            for name, value in pairs
        ]
        self.status = text
        return self._write

    def _write(self, data: bytes) -> None:
        # By PEP 3333 these bytes are sent now. They wait for the application's return only.
        self.is_sent = True
        self.written.append(data)

    def take_written(self) -> list[bytes]:
        written, self.written[:] = [*self.written], []
        return written


def _wire_text(value: Any, place: str) -> str:
    """Return the text of bytes that the application passes as Latin-1, by PEP 3333."""
    if not isinstance(value, str):
        raise expected(place, "str", value)
    try:
        return value if value.isascii() else text_of_header(value.encode("latin-1"))
    except UnicodeEncodeError:
        raise ConversionError(
            f"{place}: expected bytes as Latin-1 text, got {value!a}; "
            "encode it: value.encode().decode('latin-1')"
        ) from None


class _Exchange:
    """A call of the application, as an async iterator: a pump runs all of it in one task.

    Its first item is the whole body, or the exchange itself if pieces follow.
    """

    def __init__(self, app: Application, environ: dict[str, Any], has_body: bool) -> None:
        self.is_over = False
        self._app = app
        self._environ = environ
        self._has_body = has_body
        self._start = _Start()
        self._iterable: Iterable[bytes] | None = None
        self._is_running = True
        self._context = copy_context()
        self._listening: Listening | None = None
        self._pieces: Iterator[bytes | memoryview] | None = None

    def __aiter__(self) -> _Exchange:
        return self

    async def __anext__(self) -> Any:
        self._is_running = True
        try:
            if self._pieces is None:
                return self._begin()
            for piece in self._pieces:
                return piece
        except BaseException as error:
            self._close()
            if isinstance(error, SystemExit):  # it must not end the isolate
                raise WorkersError("the application raised SystemExit") from error
            raise
        finally:
            self._is_running = False
        self._close()
        raise StopAsyncIteration

    def _begin(self) -> Any:
        self._task = asyncio.current_task()
        iterable = self._iterable = self._app(self._environ, self._start)
        pieces = self._all_pieces(iterable)
        first = next(pieces, b"")  # A generator calls start_response only now.
        if not self._start.status:
            raise WorkersError("the application did not call start_response")
        self._start.is_sent = True
        if self._has_body and self.status not in _NO_BODY:
            if first and not isinstance(iterable, (list, tuple)):
                self._pieces = chain([first], pieces)
                return self
            body = b"".join([first, *pieces])
        else:
            body = b""
        self.is_over = True
        self._close()
        return body

    def _all_pieces(self, iterable: Iterable[bytes]) -> Iterator[bytes | memoryview]:
        """Yield the pieces that are not empty. Pieces passed to ``write`` come first."""
        take_written = self._start.take_written
        for piece in iterable:
            yield from filter(None, map(chunk_of, [*take_written(), piece]))
        yield from filter(None, map(chunk_of, take_written()))

    @property
    def status(self) -> int:
        return int(self._start.status.partition(" ")[0])

    def response(self, body: Any) -> Response:
        is_null = not self._has_body or self.status in _NO_BODY
        return Response(
            None if is_null else body,
            status=self.status,
            status_text=self._start.status.partition(" ")[2],
            headers=self._start.headers,
            encode_body="manual",  # A body with a Content-Encoding is compressed already.
        )

    async def aclose(self) -> None:
        self._close()

    def watch(self, request: Request) -> None:
        """Close the iterable when the client leaves.

        In workerd a request of a client that has left runs no further step of a task, and its body
        is not cancelled. Its signal is the only report.
        """
        # Not a copy of the task's context: close() may reset variables there.
        self._context = _context_of_task(self._task) or self._context
        signal = raw(prop(request.js_object, "signal"))
        if signal is not None:
            self._listening = Listening(signal, ("abort",), self._leave)

    def _leave(self, _: Any) -> None:
        if not self._is_running:
            self._pieces = iter(())
            self._context.run(self._close)

    def _close(self) -> None:
        if self._listening is not None:
            self._listening.stop()
            self._listening = None
        iterable, self._iterable = self._iterable, None
        close = getattr(iterable, "close", None)
        if close is not None:
            try:
                close()
            except (
                Exception,
                SystemExit,
            ):  # the response is complete, or its own exception is on its way
                _log.exception("the application failed in close()")


def _context_of_task(task: asyncio.Task[Any] | None) -> Context | None:
    get_context = getattr(task, "get_context", None)  # of Python 3.12 and later
    context: Context | None = None if get_context is None else get_context()
    return context
