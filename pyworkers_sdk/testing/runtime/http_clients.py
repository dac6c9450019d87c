"""HTTP clients of other libraries in a Worker: their requests reach the routes of ``outbound``.

In production urllib3, and so requests, sends a request by ``fetch``. httpx, ``http.client`` and
``urllib.request`` open sockets: in Python 3.14 they are connections of ``cloudflare:sockets``. Seen
in workerd (tests/real/test_http_clients.py). Here their requests reach the routes that answer the
Worker's ``fetch``, never the network. Other sockets are refused.
"""

from __future__ import annotations

import asyncio
import errno
import io
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..._cpython import environment
from ..._cpython.js_exception import JsException
from ..._cpython.run_sync import run_sync
from .._libraries import Patch, in_worker

if TYPE_CHECKING:
    from ..._cpython import web

__all__ = ["PATCHES"]

# Headers about the connection. As for ``fetch``, a handler does not see them.
_OF_CONNECTION = {"connection", "content-length", "host", "transfer-encoding"}


async def _fetch(
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    follows: bool = False,
) -> web.Response:
    """Send a request, and return the response.

    Args:
        method: The HTTP method.
        url: The whole URL.
        headers: The headers; those about the connection are dropped.
        body: The whole body.
        follows: True if redirects are followed here, False if the library follows them.

    Raises:
        JsException: No route answers, or the handler failed.
    """
    from ..._cpython.web import Request  # most unit tests need no network

    request = Request(
        url,
        method=method,
        headers=[[name, value] for name, value in headers if name.lower() not in _OF_CONNECTION],
        body=body or None,
        redirect="follow" if follows else "manual",
    )
    response: web.Response = await environment.current().fetch(request)
    return response


def _headers(response: web.Response) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, value in response.headers]
    if getattr(response, "encodeBody", None) != "manual":  # the body is not compressed here
        pairs = [(name, value) for name, value in pairs if name.lower() != "content-encoding"]
    return [(name, value) for name, value in pairs if name.lower() not in _OF_CONNECTION]


async def _chunks(response: web.Response) -> AsyncIterator[bytes]:
    if response.body is None:
        return
    reader = response.body.getReader()
    while not (result := await reader.read())["done"]:
        yield result["value"]


# httpx -------------------------------------------------------------------------------------------


def _httpx(module: Any) -> None:
    import httpx

    class Body(httpx.AsyncByteStream, httpx.SyncByteStream):
        def __init__(self, response: web.Response) -> None:
            self._chunks = _chunks(response)

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self._chunks

        def __iter__(self) -> Iterator[bytes]:
            while (chunk := run_sync(anext(self._chunks, None))) is not None:
                yield chunk

    async def respond(request: httpx.Request, body: bytes) -> httpx.Response:
        pairs = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        ]
        try:
            response = await _fetch(request.method, str(request.url), pairs, body)
        except JsException as error:
            raise httpx.ConnectError(error.message, request=request) from error
        return httpx.Response(response.status, headers=_headers(response), stream=Body(response))

    async def handle_async_request(transport: Any, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        return await respond(request, b"".join([chunk async for chunk in request.stream]))

    def handle_request(transport: Any, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        return run_sync(respond(request, b"".join(request.stream)))

    in_worker(module.AsyncHTTPTransport, "handle_async_request", handle_async_request)
    in_worker(module.HTTPTransport, "handle_request", handle_request)


# http.client, and the libraries that use it: urllib.request, urllib3, requests --------------------


class _Wire:
    """The socket of an ``http.client.HTTPConnection``: it answers the request written to it."""

    def __init__(self, origin: str, follows: bool) -> None:
        self._origin = origin
        self._follows = follows
        self._written = bytearray()

    def sendall(self, data: Any) -> None:
        self._written += data

    def makefile(self, mode: str, *options: Any) -> io.BytesIO:
        from email.parser import BytesParser

        head, _, rest = bytes(self._written).partition(b"\r\n\r\n")
        self._written.clear()
        line, _, lines = head.partition(b"\r\n")
        method, target, _ = line.decode("latin-1").split(" ")
        message = BytesParser().parsebytes(lines + b"\r\n\r\n", headersonly=True)
        body = _dechunked(rest) if "chunked" in message.get("transfer-encoding", "") else rest
        # urllib.request sends the whole URL to a proxy.
        url = target if "://" in target else self._origin + target
        work = _answer(method, url, message.items(), body, self._follows)
        try:
            return io.BytesIO(run_sync(work))
        except Exception as error:
            return _Failed(error)

    def settimeout(self, timeout: float | None) -> None:
        pass

    def setsockopt(self, *option: Any) -> None:
        pass

    def shutdown(self, how: int) -> None:
        pass

    def close(self) -> None:
        pass


class _Failed(io.BytesIO):
    """A response that fails when it is read: ``HTTPResponse`` cannot be closed without a file."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def readline(self, size: int | None = -1, /) -> bytes:
        raise self._error


async def _answer(
    method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes, follows: bool
) -> bytes:
    """Return the response to a request as the bytes that a server would send."""
    try:
        response = await _fetch(method, url, headers, body, follows=follows)
    except JsException as error:
        raise ConnectionRefusedError(errno.ECONNREFUSED, error.message) from error
    content = b"".join([chunk async for chunk in _chunks(response)])
    length = [] if method == "HEAD" else [("content-length", str(len(content)))]
    lines = [f"HTTP/1.1 {response.status} {response.statusText}"]
    lines += [f"{name}: {value}" for name, value in _headers(response)]
    lines += [f"{name}: {value}" for name, value in [*length, ("connection", "close")]]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def _dechunked(data: bytes) -> bytes:
    source, body = io.BytesIO(data), bytearray()
    while size := int(source.readline().split(b";")[0] or b"0", 16):
        body += source.read(size)
        source.readline()
    return bytes(body)


def _connects(scheme: str, *, follows: bool = False) -> Any:
    """Return a replacement of ``HTTPConnection.connect``."""

    def connect(connection: Any) -> None:
        host = f"[{connection.host}]" if ":" in connection.host else connection.host
        port = "" if connection.port == connection.default_port else f":{connection.port}"
        connection.sock = _Wire(f"{scheme}://{host}{port}", follows)
        if follows:
            connection.is_verified = scheme == "https"

    return connect


def _http_client(module: Any) -> None:
    in_worker(module.HTTPConnection, "connect", _connects("http"))
    if hasattr(module, "HTTPSConnection"):  # missing in a Python without ssl
        in_worker(module.HTTPSConnection, "connect", _connects("https"))


def _urllib3(module: Any) -> None:
    in_worker(module.HTTPConnection, "connect", _connects("http", follows=True))
    in_worker(module.HTTPSConnection, "connect", _connects("https", follows=True))


# Sockets -----------------------------------------------------------------------------------------


def _refused(address: Any) -> ConnectionRefusedError:
    is_pair = isinstance(address, tuple)
    place = f"{address[0]}:{address[1]}" if is_pair else address
    return ConnectionRefusedError(
        errno.ECONNREFUSED,
        f"nothing answers a socket to {place}: a fake runtime has no network; use "
        "pyworkers_sdk.connect() with a route of runtime.outbound_tcp(), or httpx, requests, "
        "urllib3, urllib.request or http.client with a route of runtime.outbound()",
    )


def _connect(sock: socket.socket, address: Any) -> None:
    raise _refused(address)


def _send_to(sock: socket.socket, data: Any, *rest: Any) -> None:
    raise _refused(rest[-1])


def _open(address: Any, *options: Any, **more: Any) -> None:
    raise _refused(address)  # before its name is looked up in the network


async def _create_connection(
    loop: asyncio.AbstractEventLoop,
    protocol_factory: Any,
    host: Any = None,
    port: Any = None,
    **options: Any,
) -> Any:
    raise _refused((host, port))


def _socket(module: Any) -> None:
    for name in ("connect", "connect_ex"):
        in_worker(module.socket, name, _connect)
    in_worker(module.socket, "sendto", _send_to)
    in_worker(module, "create_connection", _open)


def _asyncio(module: Any) -> None:
    in_worker(module.BaseEventLoop, "create_connection", _create_connection)


PATCHES: dict[str, Patch] = {
    "asyncio.base_events": _asyncio,
    "http.client": _http_client,
    "httpx": _httpx,
    "socket": _socket,
    "urllib3.connection": _urllib3,
}
