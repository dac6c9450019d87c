"""TCP on plain CPython: the module ``cloudflare:sockets``, over connections that tests provide.

tests/contract/test_tcp.py compares it with workerd's, and the words of its errors too.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal, Protocol, TypeAlias
from weakref import WeakValueDictionary

from . import environment
from .js_exception import JsException
from .streams import ReadableStream

__all__ = ["Accepted", "Connects", "Socket", "connect", "connected", "own_address"]

Pair: TypeAlias = "tuple[Any, Any]"
"""A connection: a reader and a writer with the methods of asyncio's streams."""

SecureTransport: TypeAlias = Literal["off", "on", "starttls"]


# workerd's own words
BAD_ADDRESS = "Specified address is empty string, contains unsupported characters or is too long."
NEGATIVE_PORT = (
    "The value cannot be converted because it is negative and this API expects a positive number."
)
PORT_RANGE = "Value out of range. Must be less than or equal to 65535."
UNPARSED_ADDRESS = "Specified address could not be parsed."
NO_HOSTNAME = "Specified address is missing hostname."
NO_PORT = "Specified address is missing port."
TLS_ALREADY = "Cannot startTls on a TLS socket."
TLS_TOO_LATE = "The connection was closed before startTls could be started."
TLS_OFF = "The `secureTransport` socket option must be set to 'starttls' for startTls to be used."
READABLE_CLOSING = "This ReadableStream belongs to an object that is closing."
WRITABLE_CLOSING = "This WritableStream belongs to an object that is closing."
WRITABLE_CLOSED = "This WritableStream has been closed."
WRITABLE_LOCKED = "This WritableStream is currently locked to a writer."


class Connects(Protocol):
    def connect(self) -> Socket: ...


# By "host:port". Weak: a test's Hyperdrive binding must not outlive the test.
_owners: MutableMapping[str, Connects] = WeakValueDictionary()


def own_address(address: str, owner: Connects) -> None:
    """Let ``owner`` make all connections to ``host:port``, as Hyperdrive does for its own host.

    The address is free again when its owner is garbage-collected.
    """
    _owners[address] = owner


_CHUNK_SIZE = 65536
"""The most bytes that one read of a socket returns."""


def _type_error(message: str) -> JsException:
    return JsException("TypeError", message)


def connect(
    address: str | dict[str, Any],
    *,
    secureTransport: str | None = None,
    allowHalfOpen: bool = False,
    highWaterMark: int | None = None,
) -> Socket:
    _, _, authority = _checked(address)
    if authority in _owners:
        return _owners[authority].connect()
    return connected(environment.current().tcp, address, secureTransport, half_open=allowHalfOpen)


def connected(
    dial: Callable[[str, int, bool], Awaitable[Pair]],
    address: str | dict[str, Any],
    secureTransport: str | None,
    *,
    half_open: bool,
) -> Socket:
    """Return the socket of a new connection.

    Args:
        dial: Makes the connection to a host and a port, with TLS or without.
        address: ``host:port``, or a dict of ``hostname`` and ``port``.
        secureTransport: "off", "on" or "starttls".
        half_open: Keep the writable side open when the other end closes its side.
    """
    hostname, port, authority = _checked(address)
    secure: Any = secureTransport or "off"  # Any: mypy does not narrow a str by ``in``
    if secure not in ("off", "on", "starttls"):
        raise _type_error(f"Unsupported value in secureTransport socket option: {secure}")
    connecting = dial(hostname.strip("[]"), port, secure == "on")
    return Socket(connecting, authority, secure, half_open)


def _checked(address: str | dict[str, Any]) -> tuple[str, int, str]:
    hostname, port, authority = _parsed(address)
    if re.fullmatch(r"[A-Za-z0-9._:\[\]-]{1,255}", authority) is None:
        raise _type_error(BAD_ADDRESS)
    return hostname, port, authority


def _parsed(address: str | dict[str, Any]) -> tuple[str, int, str]:
    if isinstance(address, dict):
        hostname, port = address["hostname"], address["port"]
        if port < 0:
            raise _type_error(NEGATIVE_PORT)
        if port > 65535:
            raise _type_error(PORT_RANGE)
        return hostname, port, f"{hostname}:{port}"
    # As workerd does it: a path and credentials are ignored here, and refused by _checked().
    authority = re.split("[/?#]", address, maxsplit=1)[0].rpartition("@")[2]
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\s<>^|%\[\]]*)(?::(\d*))?", authority)
    if not match or int(match[2] or 0) > 65535 or (match[2] is not None and not match[1]):
        raise _type_error(UNPARSED_ADDRESS)
    if not match[1]:
        raise _type_error(NO_HOSTNAME)
    if not match[2]:
        raise _type_error(NO_PORT)
    return match[1], int(match[2]), address


class Socket:
    """JS: Socket."""

    def __init__(
        self, connecting: Awaitable[Pair], address: str, secure: SecureTransport, half_open: bool
    ) -> None:
        self._address = address
        self._half_open = half_open
        # It connects at once. ``opened`` and ``closed`` report a failure.
        self._pair = asyncio.ensure_future(connecting)
        self._pair.add_done_callback(self._connected)
        self._closed = asyncio.get_running_loop().create_future()
        self.closing: bool = False
        self.ended: bool = False
        """True after the end of the data to write."""
        self.aborted: JsException | None = None
        self.secureTransport: SecureTransport = secure
        self.upgraded: bool = False
        self.readable: ReadableStream = ReadableStream(_Incoming(self))
        self.writable: WritableStream = WritableStream(self)

    @property
    def opened(self) -> Awaitable[dict[str, Any]]:
        return self._opened()

    @property
    def closed(self) -> Awaitable[None]:
        return asyncio.shield(self._closed)

    async def pair(self) -> Pair:
        # Shielded: a caller that is cancelled must not cancel the connection for the others.
        return await asyncio.shield(self._pair)

    async def close(self) -> None:
        if not self.closing:
            self.closing = True
            try:
                _, writer = await self.pair()
            except JsException:  # it never connected, and ``closed`` has the error
                return
            writer.close()
            self._set_closed()

    def startTls(self, *, expectedServerHostname: str | None = None) -> Socket:
        if self.secureTransport == "on":
            raise _type_error(TLS_ALREADY)
        if self.closing or self.upgraded:
            raise _type_error(TLS_TOO_LATE)
        if self.secureTransport == "off":
            raise _type_error(TLS_OFF)
        self.closing = self.upgraded = True
        hostname = expectedServerHostname or self._address.rpartition(":")[0]
        # A new socket over the same connection; the old one counts as closed.
        tls_socket = Socket(self._encrypted(hostname), self._address, "on", self._half_open)
        self._set_closed()
        return tls_socket

    async def _opened(self) -> dict[str, Any]:
        await self.pair()
        return {"remoteAddress": self._address}

    async def _encrypted(self, hostname: str) -> Pair:
        reader, writer = await self.pair()
        await writer.start_tls(hostname)
        return reader, writer

    def _connected(self, connecting: asyncio.Future[Pair]) -> None:
        error = None if connecting.cancelled() else connecting.exception()
        if error is not None and not self._closed.done():
            self._closed.set_exception(error)
            self._closed.exception()  # mark it as retrieved, so that asyncio does not log it

    def _set_closed(self) -> None:
        if not self._closed.done():
            self._closed.set_result(None)

    async def read(self) -> bytes:
        """Return the next bytes, or none at the end."""
        if self.closing:
            raise _type_error(READABLE_CLOSING)
        try:
            reader, _ = await self.pair()
        except JsException:
            return b""
        try:
            data: bytes = await reader.read(_CHUNK_SIZE)
        except OSError:  # a reset connection reads as its end
            data = b""
        if not (data or self._half_open or self.closing):
            # The other end has closed. Without half-open that closes this side, too.
            if not self.ended:
                await self.end()
            self._set_closed()
        return data

    async def end(self) -> None:
        """Send the end of the data."""
        self.check()
        _, writer = await self.pair()
        self.ended = True
        writer.write_eof()

    def check(self) -> None:
        """Raise an error if the socket can no longer be written to."""
        if self.closing:
            raise _type_error(WRITABLE_CLOSING)
        if self.aborted is not None:
            raise self.aborted
        if self.ended:
            raise _type_error(WRITABLE_CLOSED)


class Accepted(Socket):
    """The socket that a ``connect`` handler receives: the server's end of a connection."""

    def __init__(self, pair: Awaitable[Pair], address: str) -> None:
        super().__init__(pair, address, "off", True)

    async def _opened(self) -> dict[str, Any]:
        return {"localAddress": self._address}


class _Incoming:
    """The chunks that arrive at a socket, until the iterator is closed."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._open = True

    def __aiter__(self) -> _Incoming:
        return self

    async def __anext__(self) -> bytes:
        data = await self._socket.read() if self._open else b""
        if not data:
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        self._open = False


class WritableStream:
    """The writable side of a socket. JS: WritableStream."""

    def __init__(self, socket: Socket) -> None:
        self.locked: bool = False
        self.socket = socket

    def getWriter(self) -> WritableStreamDefaultWriter:
        if self.locked:
            raise _type_error(WRITABLE_LOCKED)
        self.locked = True
        return WritableStreamDefaultWriter(self)

    async def close(self) -> None:
        await self.socket.end()

    async def abort(self, reason: JsException) -> None:
        if not self.socket.closing and not self.socket.ended:
            await self.socket.end()
            self.socket.aborted = reason


class WritableStreamDefaultWriter:
    """JS: WritableStreamDefaultWriter."""

    def __init__(self, stream: WritableStream) -> None:
        self._stream = stream

    async def write(self, chunk: bytes) -> None:
        self._stream.socket.check()
        _, writer = await self._stream.socket.pair()
        writer.write(chunk)
        await writer.drain()

    def releaseLock(self) -> None:
        self._stream.locked = False
