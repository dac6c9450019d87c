"""``connect`` and ``Socket``: TCP, in plain text or over TLS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypedDict

from ._border import JsWrapper, from_js, platform, raising, raw, text, to_js
from .errors import ConversionError, StreamError, WorkersError
from .streams import ReadableStream, WritableStream

if TYPE_CHECKING:
    from . import _js

__all__ = ["Socket", "SocketAddress", "SocketInfo", "connect", "dial"]

_raising = raising(WorkersError)
_raising_of_streams = raising(StreamError)

SecureTransport: TypeAlias = Literal["off", "on", "starttls"]


class SocketAddress(TypedDict):
    """JS: SocketAddress."""

    hostname: str
    port: int


class SocketInfo(TypedDict):
    """JS: SocketInfo."""

    remote_address: str | None
    local_address: str | None


Address: TypeAlias = str | tuple[str, int] | SocketAddress


class Socket(JsWrapper["_js.Socket"]):
    """A TCP connection: ``async with connect("db.example:5432") as socket:``, which closes it.

    It is under way as soon as it is made; a write waits for it. Where it fails, ``opened``,
    ``closed`` and a write raise, and a read finds the end.

    JS: Socket.
    """

    __slots__ = ()

    def __init__(self, socket: _js.Socket) -> None:
        self._js = raw(socket)

    @property
    def readable(self) -> ReadableStream:
        """What comes; it ends when the other side has no more to say, and then so does writing,
        unless the socket allows to be half open. JS: Socket.readable."""
        return ReadableStream(self._js.readable)

    @property
    def writable(self) -> WritableStream:
        """Where to write; closing it says that there is no more to come. JS: Socket.writable."""
        return WritableStream(self._js.writable)

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send something. JS: WritableStreamDefaultWriter.write."""
        await self.writable.write(data)

    async def read(self) -> bytes:
        """What comes next, in the piece in which it comes; b"" at the end.

        Unlike a loop over ``readable`` that is left, it leaves the rest to be read, also by the
        socket of ``start_tls``. JS: ReadableStreamDefaultReader.read.
        """
        with _raising_of_streams:
            reader = self._js.readable.getReader()
            try:
                chunk = from_js(await reader.read())
            finally:
                reader.releaseLock()
        return b"" if chunk["done"] else chunk["value"]

    @property
    async def opened(self) -> SocketInfo:
        """``await socket.opened``: until it is connected; WorkersError where it cannot be.

        JS: Socket.opened.
        """
        with _raising:
            info = from_js(await self._js.opened)
        return {
            "remote_address": info.get("remoteAddress"),
            "local_address": info.get("localAddress"),
        }

    @property
    async def closed(self) -> None:
        """``await socket.closed``: until it is closed on both sides; WorkersError where it broke.

        JS: Socket.closed.
        """
        with _raising:
            await self._js.closed

    @property
    def upgraded(self) -> bool:
        """Whether ``start_tls`` has put another in its place. JS: Socket.upgraded."""
        return self._js.upgraded

    @property
    def secure_transport(self) -> SecureTransport:
        """JS: Socket.secureTransport."""
        return self._js.secureTransport

    async def close(self) -> None:
        """Send what was written, and close both directions. JS: Socket.close."""
        with _raising:
            await self._js.close()

    def start_tls(self, *, expected_server_hostname: str | None = None) -> Socket:
        """Go on over TLS: the socket to use from here on. This one has to be made with
        ``secure_transport="starttls"``, or there is a WorkersError; nobody may be reading it.

        JS: Socket.startTls.
        """
        options: dict[str, str] = {}
        if expected_server_hostname is not None:
            hostname = text(expected_server_hostname, "expected_server_hostname")
            options["expectedServerHostname"] = hostname
        with _raising:
            return Socket(self._js.startTls(**options))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def connect(
    address: Address,
    *,
    secure_transport: SecureTransport = "off",
    allow_half_open: bool = False,
    high_water_mark: int | None = None,
) -> Socket:
    """Connect to ``"host:port"``, or host and port, of another machine. Port 25 is blocked.

    ``secure_transport`` is "on" for TLS, or "starttls" where ``start_tls`` is to follow. With
    ``allow_half_open`` one may write on after the other side has ended. ``high_water_mark`` is how
    many bytes may wait to be sent before a write waits. WorkersError for what is no address.

    JS: cloudflare:sockets connect.
    """
    return dial(
        platform.js_sockets().connect,
        address,
        secure_transport=secure_transport,
        allow_half_open=allow_half_open,
        high_water_mark=high_water_mark,
    )


def dial(
    js_connect: Callable[..., Any],
    address: Address,
    *,
    secure_transport: SecureTransport = "off",
    allow_half_open: bool = False,
    high_water_mark: int | None = None,
) -> Socket:
    """What every ``connect`` has in common: the global one, and those of bindings."""
    options: dict[str, Any] = {
        "secureTransport": text(secure_transport, "secure_transport"),
        "allowHalfOpen": bool(allow_half_open),
    }
    if high_water_mark is not None:
        options["highWaterMark"] = high_water_mark
    with _raising:
        return Socket(js_connect(_address(address), **options))


def _address(address: Any) -> Any:
    if isinstance(address, str):
        return text(address, "address")
    hostname, port = _parts(address)
    if not isinstance(port, int) or isinstance(port, bool):
        raise ConversionError(f"port: expected int, got {type(port).__name__}")
    return to_js({"hostname": text(hostname, "hostname"), "port": port})


def _parts(address: Any) -> tuple[Any, Any]:
    try:
        if hasattr(address, "keys"):
            return address["hostname"], address["port"]
        hostname, port = address
    except (KeyError, TypeError, ValueError):
        kind = type(address).__name__
        raise ConversionError(
            f"address: expected str, (host, port) or SocketAddress, got {kind}"
        ) from None
    return hostname, port
