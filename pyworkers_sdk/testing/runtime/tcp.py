"""TCP of a fake runtime: ``connect`` reaches the routes that a test has added, or another Worker.

A connection is a pair, reader and writer, at each end. In memory two ``StreamReader`` make one:
each ``TcpWriter`` feeds the reader of the other end.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias

from ..._cpython.js_exception import JsException
from ..._cpython.tcp import Accepted
from .host import left
from .scheduling import keep_alive

__all__ = ["TcpHandler", "TcpRoute", "TcpWriter", "accepted", "cannot_connect", "nowhere"]

_log = logging.getLogger(__name__)


class TcpWriter:
    """The sending end of a connection in memory, with the methods of ``asyncio.StreamWriter``."""

    def __init__(self, to: asyncio.StreamReader) -> None:
        self._to = to
        self._ended = False

    def write(self, data: bytes) -> None:
        """Send bytes to the other end.

        Raises:
            RuntimeError: This end has been closed.
        """
        if self._ended:
            raise RuntimeError("write(): this end of the connection is closed")
        self._to.feed_data(bytes(data))

    def write_eof(self) -> None:
        """End this direction of the connection: the other end reads to its end of file."""
        if not self._ended:
            self._ended = True
            self._to.feed_eof()

    def close(self) -> None:
        """End this direction of the connection, like ``write_eof``."""
        self.write_eof()

    def is_closing(self) -> bool:
        """Return True if this end has been closed."""
        return self._ended

    async def drain(self) -> None:
        """Let the other end run. In memory no buffer has to be emptied."""
        await asyncio.sleep(0)

    async def wait_closed(self) -> None:
        """Let the other end run. In memory a writer is closed at once."""
        await asyncio.sleep(0)

    async def start_tls(self, hostname: str) -> None:
        """Do nothing: in memory nothing is encrypted."""


TcpHandler: TypeAlias = (
    Callable[[asyncio.StreamReader, TcpWriter], Awaitable[None]] | Literal["network"]
)


class TcpRoute:
    """An address pattern with its handler. ``FakeRuntime.outbound_tcp`` returns it."""

    pattern: str
    """The address as "host:port", in which "*" stands for any text."""
    calls: list[str]
    """The addresses that sockets connected to, oldest first."""

    def __init__(self, pattern: str, handler: TcpHandler) -> None:
        if handler != "network" and not callable(handler):
            raise TypeError(
                'outbound_tcp(): expected a function of a reader and a writer, or "network", as '
                f"the handler, got {handler!r}"
            )
        if not re.fullmatch(r"\*|.*:(\d+|\*)", pattern):
            raise ValueError(f'outbound_tcp(): expected "host:port" or "host:*", got {pattern!r}')
        self.pattern = pattern
        self.calls = []
        self._handler = handler
        self._matches = re.compile(".*".join(map(re.escape, pattern.split("*"))))

    def takes(self, address: str) -> bool:
        """Return True if the route accepts connections to this address."""
        return self._matches.fullmatch(address) is not None

    async def connected(self, hostname: str, port: int, secure: bool) -> Any:
        """Open a connection, and return the Worker's reader and writer."""
        self.calls.append(f"{hostname}:{port}")
        if isinstance(self._handler, str):
            return await _over_the_network(hostname, port, secure)
        server, client = asyncio.StreamReader(), asyncio.StreamReader()
        keep_alive(self._serve(self._handler, server, TcpWriter(client)))
        return client, TcpWriter(server)

    async def _serve(
        self, handler: Callable[..., Any], reader: asyncio.StreamReader, writer: TcpWriter
    ) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()


# Connections between Workers


class _Caller(TcpWriter):
    """The writer of a Worker that has connected to another Worker.

    If it closes its socket, the other Worker's ``connect`` handler is cancelled, as in workerd
    (tests/real/connect_worker.py).
    """

    handling: asyncio.Task[None]

    def close(self) -> None:
        super().close()
        self.handling.cancel()


async def accepted(handler: Callable[[Any], Awaitable[Any]], hostname: str, port: int) -> Any:
    """Connect to another Worker, and return the caller's reader and writer.

    Args:
        handler: The ``connect`` handler, called with the JavaScript socket of the other Worker.
        hostname: The host that the caller named; the handler sees it as ``localAddress``.
        port: The port that the caller named.
    """
    server, client = asyncio.StreamReader(), asyncio.StreamReader()
    server_writer, client_writer = TcpWriter(client), _Caller(server)
    address = f"[{hostname}]:{port}" if ":" in hostname else f"{hostname}:{port}"  # IPv6
    socket = Accepted(_opened(server, server_writer), address)
    client_writer.handling = keep_alive(_run_handler(handler, socket, server_writer))
    return client, client_writer


async def _opened(*ends: Any) -> Any:
    return ends


async def _run_handler(
    handler: Callable[[Any], Awaitable[Any]], socket: Accepted, writer: TcpWriter
) -> None:
    try:
        await handler(socket)
    except Exception:
        _log.exception("in the connect handler")
    finally:  # the connection lasts as long as the handler
        socket.closing = True
        writer.close()


# Connections that fail, and real ones


async def nowhere(hostname: str, port: int) -> Any:
    """Raise the error of a connection that no route accepts."""
    raise JsException(
        "Error",
        f"nothing answers TCP {hostname}:{port}: a fake runtime has no network; add a route: "
        f'runtime.outbound_tcp("{hostname}:{port}", handler), where handler(reader, writer) talks',
    )


async def _over_the_network(hostname: str, port: int, secure: bool) -> Any:
    try:
        context = ssl.create_default_context() if secure else None
        with left():  # else it would be a socket of the Worker
            reader, writer = await asyncio.open_connection(hostname, port, ssl=context)
    except OSError as error:
        raise cannot_connect(port) from error
    return reader, _RealWriter(writer)


# The runtime's own words, asserted in tests/contract/test_tcp.py.
CANNOT_CONNECT = "proxy request failed, cannot connect to the specified address"
USE_FETCH = (
    ". It looks like you might be trying to connect to a HTTP-based service \u2014 "
    "consider using fetch instead"
)


def cannot_connect(port: int) -> JsException:
    """Return the error of a refused connection. Ports 80 and 443 get a hint at ``fetch``."""
    return JsException("Error", CANNOT_CONNECT + (USE_FETCH if port in (80, 443) else ""))


class _RealWriter:
    """The writer of a real connection, with the runtime's error if TLS fails."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    async def start_tls(self, hostname: str) -> None:
        try:
            context = ssl.create_default_context()
            await self._writer.start_tls(context, server_hostname=hostname)
        except OSError as error:
            raise JsException("Error", f"TLS peer's certificate is not trusted: {error}") from error
