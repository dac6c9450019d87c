"""``connect`` and ``Socket``: TCP connections, in plain text or over TLS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypedDict

from ._border import JsWrapper, expected, from_js, platform, raising, raw, text, to_js
from .errors import StreamError, WorkersError
from .streams import ReadableStream, WritableStream

if TYPE_CHECKING:
    from . import _js

__all__ = ["Socket", "SocketAddress", "SocketInfo", "connect"]

_raising = raising(WorkersError)
_stream_errors = raising(StreamError)

SecureTransport: TypeAlias = Literal["off", "on", "starttls"]
"""Plain text, TLS from the start, or plain text until ``start_tls``."""


class SocketAddress(TypedDict):
    """A host name and a port.

    JS: SocketAddress.
    """

    hostname: str
    port: int


class SocketInfo(TypedDict):
    """The addresses of both ends of a connection, as the runtime reports them.

    JS: SocketInfo.
    """

    remote_address: str | None
    local_address: str | None


Address: TypeAlias = str | tuple[str, int] | SocketAddress
"""``"host:port"``, or a host name and a port."""


class Socket(JsWrapper["_js.Socket"]):
    """A TCP connection. ``async with connect("db.example:5432") as socket:`` closes it at the end.

    The connection starts as soon as the socket is created, and a write waits for it. If it fails,
    ``opened``, ``closed`` and writes raise an error, and a read returns the end.

    JS: Socket.
    """

    __slots__ = ()

    def __init__(self, socket: _js.Socket) -> None:
        self._js = raw(socket)

    @property
    def readable(self) -> ReadableStream:
        """The stream of received bytes.

        It ends when the other side has sent all. Writing ends then too, unless the socket was
        created with ``allow_half_open=True``.

        JS: Socket.readable.
        """
        return ReadableStream(self._js.readable)

    @property
    def writable(self) -> WritableStream:
        """The stream of bytes to send. Closing it ends the data for the other side.

        JS: Socket.writable.
        """
        return WritableStream(self._js.writable)

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes, as soon as the connection is open.

        Raises:
            ConversionError: ``data`` is not bytes.
            StreamError: The connection failed or is closed, or another writer holds the stream.

        JS: WritableStreamDefaultWriter.write.
        """
        await self.writable.write(data)

    async def read(self) -> bytes:
        """Return the next received bytes, as soon as any arrive; b"" at the end.

        After this call the remaining bytes can still be read, also by the socket of ``start_tls``.
        A loop over ``readable`` cancels the stream when it is left early.

        Raises:
            StreamError: Another reader holds the stream, or the socket is closing.

        JS: ReadableStreamDefaultReader.read.
        """
        with _stream_errors:
            reader = self._js.readable.getReader()
            try:
                chunk = from_js(await reader.read())
            finally:
                reader.releaseLock()
        return b"" if chunk["done"] else chunk["value"]

    @property
    async def opened(self) -> SocketInfo:
        """``await socket.opened`` waits until the connection is open.

        Raises:
            WorkersError: The connection failed.

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
        """``await socket.closed`` waits until the connection is closed on both sides.

        Raises:
            WorkersError: The connection failed or broke.

        JS: Socket.closed.
        """
        with _raising:
            await self._js.closed

    @property
    def upgraded(self) -> bool:
        """True if ``start_tls`` has replaced this socket by another.

        JS: Socket.upgraded.
        """
        return self._js.upgraded

    @property
    def secure_transport(self) -> SecureTransport:
        """The transport: "off" (plain text), "on" (TLS), or "starttls" before ``start_tls``.

        JS: Socket.secureTransport.
        """
        return self._js.secureTransport

    async def close(self) -> None:
        """Send all written bytes, and close both directions.

        JS: Socket.close.
        """
        with _raising:
            await self._js.close()

    def start_tls(self, *, expected_server_hostname: str | None = None) -> Socket:
        """Continue the connection over TLS, and return the socket to use from now on.

        Args:
            expected_server_hostname: The host name that the server's certificate must have; the
                host name of the address by default.

        Raises:
            WorkersError: This socket was not created with ``secure_transport="starttls"``, is
                closed, or has a reader.

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
    """Open a TCP connection to another machine.

    Args:
        address: The address: ``"host:port"``, ``(host, port)`` or a SocketAddress. Port 25 is
            blocked.
        secure_transport: "on" for TLS, "starttls" if ``start_tls`` follows, "off" for plain text.
        allow_half_open: True allows writing after the other side has ended.
        high_water_mark: The number of bytes that may wait to be sent before a write waits.

    Raises:
        ConversionError: ``address`` has another type.
        WorkersError: The address is invalid. A failed connection raises later, from ``opened``,
            ``closed`` and writes.

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
    """Open a connection with JavaScript's ``connect``: the global function, or a binding's."""
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
        raise expected("port", "int", port)
    return to_js({"hostname": text(hostname, "hostname"), "port": port})


def _parts(address: Any) -> tuple[Any, Any]:
    try:
        if hasattr(address, "keys"):
            return address["hostname"], address["port"]
        hostname, port = address
    except (KeyError, TypeError, ValueError):
        raise expected("address", "str, (host, port) or SocketAddress", address) from None
    return hostname, port
