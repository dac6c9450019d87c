"""Run a WSGI application, for example of Flask or Django, in a Worker.

::

    class Default(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            return await wsgi.fetch(app, request, self.env)

The Worker's Env is in ``environ["workers.env"]``. A WSGI application is synchronous code: it
blocks all other work of the isolate, and it cannot await a binding. Prefer ASGI for a new
application.
"""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote_to_bytes, urlsplit

from .errors import WorkersError
from .http import Response

if TYPE_CHECKING:
    from .http import Request

__all__ = ["fetch"]

Application: TypeAlias = Callable[[dict[str, Any], Any], Iterable[bytes]]

_NO_BODY = (101, 204, 205, 304)


async def fetch(app: Application, request: Request, env: Any = None) -> Response:
    """Return the application's response to a request.

    The whole body of the request is read before the application is called. If the application
    returns a list, the response is sent at once. Any other iterable is streamed: each piece is sent
    when it is yielded, and the next piece is requested when there is room for it. An exception
    after the first piece breaks off the body. The ``close`` method of the iterable is always
    called at the end.

    Args:
        app: The application.
        request: The request.
        env: The Worker's Env. The application finds it in ``environ["workers.env"]``.

    Raises:
        WorkersError: The application did not call ``start_response``, or called it twice.
        Exception: Any exception of the application before the first piece.
    """
    environ = _environ(request, await request.bytes(), env)
    start = _Start()
    return _Answer(app(environ, start), start).response(has_body=request.method != "HEAD")


def _environ(request: Request, body: bytes, env: Any) -> dict[str, Any]:
    url = urlsplit(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # PEP 3333: the path is unquoted, and its bytes are decoded as Latin-1.
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.headers.get("cf-connecting-ip") or "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "workers.env": env,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        # The header may have the length of a compressed body; ``environ`` has the real length.
        elif key != "CONTENT_LENGTH":
            environ[f"HTTP_{key}"] = value
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
        if exc_info is not None and self.is_sent:
            raise exc_info[1].with_traceback(exc_info[2])
        if self.status and exc_info is None:
            raise WorkersError("the application called start_response twice")
        self.status, self.headers = status, [*headers]
        return self.written.append


class _Answer:
    """The iterable that the application returned, as a response."""

    def __init__(self, iterable: Iterable[bytes], start: _Start) -> None:
        self._iterable = iterable
        self._start = start

    def response(self, has_body: bool) -> Response:
        streams = False
        try:
            pieces = self._pieces()
            first = next(pieces, b"")  # A generator calls start_response only now.
            if not self._start.status:
                raise WorkersError("the application did not call start_response")
            self._start.is_sent = True
            number, _, reason = self._start.status.partition(" ")
            body: Any = None
            if has_body and int(number) not in _NO_BODY:
                streams = bool(first) and not isinstance(self._iterable, (list, tuple))
                body = self._body(first, pieces) if streams else b"".join([first, *pieces])
            return Response(
                body,
                status=int(number),
                status_text=reason,
                headers=self._start.headers,
                encode_body="manual",  # A body with a Content-Encoding is compressed already.
            )
        finally:
            if not streams:
                self._close()

    def _pieces(self) -> Iterator[bytes]:
        """Yield the pieces that are not empty. Pieces passed to ``write`` come first."""
        for piece in self._iterable:
            yield from filter(None, self._written())
            if piece:
                yield piece
        yield from filter(None, self._written())

    def _written(self) -> list[bytes]:
        written, self._start.written[:] = [*self._start.written], []
        return written

    async def _body(self, first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        try:
            yield first
            for piece in pieces:
                yield piece
        finally:  # This runs also if the client disconnects.
            self._close()

    def _close(self) -> None:
        close = getattr(self._iterable, "close", None)
        if close is not None:
            close()
