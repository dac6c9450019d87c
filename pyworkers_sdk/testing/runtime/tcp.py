"""TCP of a fake runtime: ``connect`` reaches what the test has routed."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias

from ..._cpython.js_exception import JsException
from ..._cpython.tcp import Accepted
from .scheduling import keep_alive

__all__ = ["TcpHandler", "TcpRoute", "TcpWriter", "accepted", "cannot_connect", "nowhere"]

_log = logging.getLogger(__name__)


class TcpWriter:
    """The sending end of a connection in memory, with the methods of ``asyncio.StreamWriter``."""

    def __init__(self, to: asyncio.StreamReader) -> None:
        self._to = to
        self._ended = False

    def write(self, data: bytes) -> None:
        """Send something."""
        if self._ended:
            raise RuntimeError("this side of the connection has ended")
        self._to.feed_data(bytes(data))

    def write_eof(self) -> None:
        """Say that there is no more to come."""
        if not self._ended:
            self._ended = True
            self._to.feed_eof()

    def close(self) -> None:
        """Say that there is no more to come."""
        self.write_eof()

    def is_closing(self) -> bool:
        """Whether it has ended."""
        return self._ended

    async def drain(self) -> None:
        """Let the other side have its turn."""
        await asyncio.sleep(0)

    async def wait_closed(self) -> None:
        """Let the other side have its turn."""
        await asyncio.sleep(0)

    async def start_tls(self, hostname: str) -> None:
        """Nothing: in memory all is plain."""


TcpHandler: TypeAlias = (
    Callable[[asyncio.StreamReader, TcpWriter], Awaitable[None]] | Literal["network"]
)


class TcpRoute:
    """One place that sockets connect to; made by ``FakeRuntime.outbound_tcp``.

    ``calls`` are the addresses that were connected to here, oldest first.
    """

    def __init__(self, pattern: str, handler: TcpHandler) -> None:
        if handler != "network" and not callable(handler):
            raise TypeError(
                'outbound_tcp() takes a function of a reader and a writer, or "network", not '
                f"{handler!r}"
            )
        if not re.fullmatch(r"\*|.*:(\d+|\*)", pattern):
            raise ValueError(f'outbound_tcp() takes "host:port" or "host:*", not {pattern!r}')
        self.pattern = pattern
        self.calls: list[str] = []
        self._handler = handler
        self._matches = re.compile(".*".join(map(re.escape, pattern.split("*"))))

    def takes(self, address: str) -> bool:
        """Whether a connection comes here."""
        return self._matches.fullmatch(address) is not None

    async def connected(self, hostname: str, port: int, secure: bool) -> Any:
        """The two ends that the Worker gets."""
        self.calls.append(f"{hostname}:{port}")
        if isinstance(self._handler, str):
            return await _over_the_network(hostname, port, secure)
        there, here = asyncio.StreamReader(), asyncio.StreamReader()
        keep_alive(self._served(self._handler, there, TcpWriter(here)))
        return here, TcpWriter(there)

    async def _served(
        self, handler: Callable[..., Any], reader: asyncio.StreamReader, writer: TcpWriter
    ) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()


# Connections between Workers


class _Caller(TcpWriter):
    """The sending end of a Worker that has connected to another; when it closes its socket, what
    the other does for it is over."""

    handling: asyncio.Task[None]

    def close(self) -> None:
        super().close()
        self.handling.cancel()


async def accepted(handler: Callable[[Any], Awaitable[Any]], hostname: str, port: int) -> Any:
    """The two ends that a Worker gets of a connection to another; ``handler`` is called with the
    other's socket."""
    there, here = asyncio.StreamReader(), asyncio.StreamReader()
    back, forth = TcpWriter(here), _Caller(there)
    whole = f"[{hostname}]:{port}" if ":" in hostname else f"{hostname}:{port}"
    socket = Accepted(_made(there, back), whole)
    forth.handling = keep_alive(_handled(handler, socket, back))
    return here, forth


async def _made(*ends: Any) -> Any:
    return ends


async def _handled(
    handler: Callable[[Any], Awaitable[Any]], socket: Accepted, back: TcpWriter
) -> None:
    try:
        await handler(socket)
    except Exception:
        _log.exception("in the connect handler")
    finally:
        socket.closing = True
        back.close()


async def nowhere(hostname: str, port: int) -> Any:
    raise JsException(
        "Error",
        f"nothing answers TCP {hostname}:{port}: a fake runtime has no network; say "
        f'runtime.outbound_tcp("{hostname}:{port}", handler), where handler(reader, writer) talks',
    )


async def _over_the_network(hostname: str, port: int, secure: bool) -> Any:
    try:
        context = ssl.create_default_context() if secure else None
        reader, writer = await asyncio.open_connection(hostname, port, ssl=context)
    except OSError as error:
        raise cannot_connect(port) from error
    return reader, _Real(writer)


def cannot_connect(port: int) -> JsException:
    message = "proxy request failed, cannot connect to the specified address"
    if port in (80, 443):
        message += (
            ". It looks like you might be trying to connect to a HTTP-based service \u2014 "
            "consider using fetch instead"
        )
    return JsException("Error", message)


class _Real:
    """The sending end of a real connection."""

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
