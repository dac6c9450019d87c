"""TCP on plain CPython: the module ``cloudflare:sockets``, over what a test has routed."""

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
"""Something like an ``asyncio.StreamReader`` and a ``StreamWriter``."""

SecureTransport: TypeAlias = Literal["off", "on", "starttls"]


class Connects(Protocol):
    def connect(self) -> Socket: ...


_owners: MutableMapping[str, Connects] = WeakValueDictionary()


def own_address(address: str, owner: Connects) -> None:
    """Let ``owner`` make all connections to ``host:port``, as Hyperdrive does for its own host.

    The address is free again when its owner is garbage-collected.
    """
    _owners[address] = owner


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
    if whole in _owners:
        return _owners[whole].connect()
    return connected(environment.current().tcp, address, secureTransport, half_open=allowHalfOpen)


def connected(
    dial: Callable[[str, int, bool], Awaitable[Pair]],
    address: str | dict[str, Any],
    secureTransport: str | None,
    *,
    half_open: bool,
) -> Socket:
    """The socket of a connection that ``dial`` makes, to a host, a port, over TLS or not."""
    hostname, port, whole = _checked(address)
    secure: Any = secureTransport or "off"  # mypy narrows no str by ``in``
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
        self, connecting: Awaitable[Pair], address: str, secure: SecureTransport, half_open: bool
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
