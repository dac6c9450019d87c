"""Run a WSGI application, of Flask or Django say, in a Worker.

::

    class Default(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            return await wsgi.fetch(app, request, self.env)

The application finds the Worker's Env in ``environ["workers.env"]``. It is synchronous code:
nothing else runs while it does, and it cannot await a binding. What is new is better made with
ASGI.
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
    """What a WSGI application answers to a request.

    The request's body is read whole before the application is called. A list of pieces goes out
    whole; of anything else each piece goes out when it is made, and the next is asked for when
    there is room for it. An exception before the first piece comes out; later, it breaks off the
    body. ``close`` of what the application returns is called at the end, however it comes.
    WorkersError where the application does not begin its response, or begins it twice.
    """
    environ = _environ(request, await request.bytes(), env)
    start = _Start()
    return _Answer(app(environ, start), start).response(has_body=request.method != "HEAD")


def _environ(request: Request, body: bytes, env: Any) -> dict[str, Any]:
    url = urlsplit(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),  # as the specification has it
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
        elif key != "CONTENT_LENGTH":  # of a body that came compressed it is another
            environ[f"HTTP_{key}"] = value
    return environ


class _Start:
    """What the application calls to begin its response."""

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
            raise WorkersError("the application began its response twice")
        self.status, self.headers = status, [*headers]
        return self.written.append


class _Answer:
    def __init__(self, made: Iterable[bytes], start: _Start) -> None:
        self._made = made
        self._start = start

    def response(self, has_body: bool) -> Response:
        streams = False
        try:
            pieces = self._pieces()
            first = next(pieces, b"")  # an application may begin its response only now
            if not self._start.status:
                raise WorkersError("the application did not begin its response")
            self._start.is_sent = True
            number, _, words = self._start.status.partition(" ")
            body: Any = None
            if has_body and int(number) not in _NO_BODY:
                streams = bool(first) and not isinstance(self._made, (list, tuple))
                body = self._body(first, pieces) if streams else b"".join([first, *pieces])
            return Response(
                body,
                status=int(number),
                status_text=words,
                headers=self._start.headers,
                encode_body="manual",  # where it has a Content-Encoding, it is compressed already
            )
        finally:
            if not streams:
                self._close()

    def _pieces(self) -> Iterator[bytes]:
        """The pieces that have something in them, those that were written first."""
        for piece in self._made:
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
        finally:  # where the client has left, too
            self._close()

    def _close(self) -> None:
        close = getattr(self._made, "close", None)
        if close is not None:
            close()
