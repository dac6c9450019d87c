"""TCP on plain CPython: the module ``cloudflare:sockets``, over what a test has routed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeAlias
from weakref import WeakValueDictionary

from . import environment as _outside
from .streams import JsException, ReadableStream

__all__ = ["Accepted", "Connects", "Socket", "connect", "connected", "special"]

Pair: TypeAlias = "tuple[Any, Any]"
"""Something like an ``asyncio.StreamReader`` and a ``StreamWriter``."""


class Connects(Protocol):
    def connect(self) -> Socket: ...


special: MutableMapping[str, Connects] = WeakValueDictionary()
"""Who makes the connections to an address, whatever their options: Hyperdrive, to its own."""

_AT_ONCE = 65536


def _type_error(message: str) -> JsException:
    return JsException("TypeError", message)


def connect(
    address: str | dict[str, Any],
    *,
    secureTransport: str | None = None,
    allowHalfOpen: bool = False,
    highWaterMark: int | None = None,
) -> Socket:
    _, _, whole = _checked(address)
    if whole in special:
        return special[whole].connect()
    return connected(_outside.current().tcp, address, secureTransport, half_open=allowHalfOpen)


def connected(
    dial: Callable[[str, int, bool], Awaitable[Pair]],
    address: str | dict[str, Any],
    secureTransport: str | None,
    *,
    half_open: bool,
) -> Socket:
    """The socket of a connection that ``dial`` makes, to a host, a port, over TLS or not."""
    hostname, port, whole = _checked(address)
    secure = secureTransport or "off"
    if secure not in ("off", "on", "starttls"):
        raise _type_error(f"Unsupported value in secureTransport socket option: {secure}")
    connecting = dial(hostname.strip("[]"), port, secure == "on")
    return Socket(connecting, whole, secure, half_open)


def _checked(address: str | dict[str, Any]) -> tuple[str, int, str]:
    hostname, port, whole = _parsed(address)
    if re.fullmatch(r"[A-Za-z0-9._:\[\]-]{1,255}", whole) is None:
        raise _type_error(
            "Specified address is empty string, contains unsupported characters or is too long."
        )
    return hostname, port, whole


def _parsed(address: str | dict[str, Any]) -> tuple[str, int, str]:
    if isinstance(address, dict):
        hostname, port = address["hostname"], address["port"]
        if port < 0:
            raise _type_error(
                "The value cannot be converted because it is negative and this API expects a "
                "positive number."
            )
        if port > 65535:
            raise _type_error("Value out of range. Must be less than or equal to 65535.")
        return hostname, port, f"{hostname}:{port}"
    authority = re.split("[/?#]", address, maxsplit=1)[0].rpartition("@")[2]
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\s<>^|%\[\]]*)(?::(\d*))?", authority)
    if not found or int(found[2] or 0) > 65535 or (found[2] is not None and not found[1]):
        raise _type_error("Specified address could not be parsed.")
    if not found[1]:
        raise _type_error("Specified address is missing hostname.")
    if not found[2]:
        raise _type_error("Specified address is missing port.")
    return found[1], int(found[2]), address


class Socket:
    def __init__(
        self, connecting: Awaitable[Pair], address: str, secure: str, half_open: bool
    ) -> None:
        self._address = address
        self._half_open = half_open
        self._pair = asyncio.ensure_future(connecting)
        self._pair.add_done_callback(self._connected)
        self._closed = asyncio.get_running_loop().create_future()
        self.closing: bool = False
        self.ended: bool = False
        """Whether there is no more to write."""
        self.aborted: JsException | None = None
        self.secureTransport = secure
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
        return await asyncio.shield(self._pair)

    async def close(self) -> None:
        if not self.closing:
            self.closing = True
            try:
                _, writer = await self.pair()
            except JsException:
                return
            writer.close()
            self._over()

    def startTls(self, *, expectedServerHostname: str | None = None) -> Socket:
        if self.secureTransport == "on":
            raise _type_error("Cannot startTls on a TLS socket.")
        if self.closing or self.upgraded:
            raise _type_error("The connection was closed before startTls could be started.")
        if self.secureTransport == "off":
            raise _type_error(
                "The `secureTransport` socket option must be set to 'starttls' for startTls to be "
                "used."
            )
        self.closing = self.upgraded = True
        hostname = expectedServerHostname or self._address.rpartition(":")[0]
        made = Socket(self._encrypted(hostname), self._address, "on", self._half_open)
        self._over()
        return made

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
            self._closed.exception()  # nobody has to ask

    def _over(self) -> None:
        if not self._closed.done():
            self._closed.set_result(None)

    async def read(self) -> bytes:
        """What comes next, or nothing at the end."""
        if self.closing:
            raise _type_error("This ReadableStream belongs to an object that is closing.")
        try:
            reader, _ = await self.pair()
        except JsException:
            return b""
        try:
            data: bytes = await reader.read(_AT_ONCE)
        except OSError:
            data = b""
        if not (data or self._half_open or self.ended or self.closing):
            await self.end()
            self._over()
        return data

    async def end(self) -> None:
        """Say that there is no more to come."""
        self.check()
        _, writer = await self.pair()
        self.ended = True
        writer.write_eof()

    def check(self) -> None:
        """Raise where nothing can be written any more."""
        if self.closing:
            raise _type_error("This WritableStream belongs to an object that is closing.")
        if self.aborted is not None:
            raise self.aborted
        if self.ended:
            raise _type_error("This WritableStream has been closed.")


class Accepted(Socket):
    """The other end of a connection to ``address``: what a ``connect`` handler gets."""

    def __init__(self, pair: Awaitable[Pair], address: str) -> None:
        super().__init__(pair, address, "off", False)

    async def _opened(self) -> dict[str, Any]:
        return {"localAddress": self._address}


class _Incoming:
    """What comes from a socket, until nobody wants it."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._wanted = True

    def __aiter__(self) -> _Incoming:
        return self

    async def __anext__(self) -> bytes:
        data = await self._socket.read() if self._wanted else b""
        if not data:
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        self._wanted = False


class WritableStream:
    """What is written to a socket."""

    def __init__(self, socket: Socket) -> None:
        self.locked: bool = False
        self.socket = socket

    def getWriter(self) -> WritableStreamDefaultWriter:
        if self.locked:
            raise _type_error("This WritableStream is currently locked to a writer.")
        self.locked = True
        return WritableStreamDefaultWriter(self)

    async def close(self) -> None:
        await self.socket.end()

    async def abort(self, reason: JsException) -> None:
        if not self.socket.closing and not self.socket.ended:
            await self.socket.end()
            self.socket.aborted = reason


class WritableStreamDefaultWriter:
    def __init__(self, stream: WritableStream) -> None:
        self._stream = stream

    async def write(self, chunk: bytes) -> None:
        self._stream.socket.check()
        _, writer = await self._stream.socket.pair()
        writer.write(chunk)
        await writer.drain()

    def releaseLock(self) -> None:
        self._stream.locked = False
