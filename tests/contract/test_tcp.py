"""TCP sockets: over the stand-in, and from workerd to an echo server on this machine."""

from __future__ import annotations

import asyncio
import gc
from importlib import import_module
from typing import Any

from pyworkers_sdk import BindingError, ConversionError, Socket, StreamError, WorkersError, connect

from .kit import World, cases, only, raises

NOT_IN_NODE = "cloudflare:sockets is a module of the runtime, and Node lacks it"

AnyConnect: Any = connect  # for arguments that a type checker would refuse


def parts(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


async def pending(socket: Socket) -> bool:
    """Return True if the socket is not closed yet."""
    closed = asyncio.ensure_future(socket.closed)
    done, _ = await asyncio.wait([closed], timeout=0.2)
    closed.cancel()
    return not done


# Connections -------------------------------------------------------------------------------------


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_written_bytes_are_echoed(tcp: str) -> None:
    host, port = parts(tcp)
    for address in (tcp, (host, port), {"hostname": host, "port": port}):
        socket: Socket = AnyConnect(address)
        assert await socket.opened == {"remote_address": tcp, "local_address": None}
        assert (socket.secure_transport, socket.upgraded) == ("off", False)
        await socket.write(b"hello")
        assert await socket.read() == b"hello"
        await socket.write(b"again")
        assert await socket.read() == b"again"
        await socket.close()
        await socket.close()
        await socket.closed


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_socket_closes_at_the_end_of_its_block(tcp: str) -> None:
    async with connect(tcp, high_water_mark=100) as socket:
        await socket.writable.write(bytearray(b"a"))
        await socket.write(memoryview(b"b"))
        assert not socket.writable.locked
    await socket.closed
    with raises(StreamError, match="This WritableStream belongs to an object that is closing."):
        await socket.write(b"x")
    with raises(StreamError, match="This ReadableStream belongs to an object that is closing."):
        await socket.readable.bytes()
    with raises(StreamError, match="This ReadableStream belongs to an object that is closing."):
        await socket.read()
    with raises(WorkersError, match="The connection was closed before startTls could be started."):
        socket.start_tls()


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_socket_closes_when_the_other_side_ends(tcp: str) -> None:
    socket = connect(tcp)
    await socket.write(b"QUIT")
    assert await socket.read() == b"bye"
    assert await socket.read() == b""
    await socket.closed
    with raises(StreamError, match="This WritableStream has been closed."):
        await socket.write(b"x")
    await socket.close()


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_half_open_socket_can_write_after_the_other_side_ended(tcp: str) -> None:
    async with connect(tcp, allow_half_open=True) as socket:
        await socket.write(b"QUIT")
        assert await socket.readable.bytes() == b"bye"
        await socket.write(b"x")
        assert await pending(socket)


# Writing -----------------------------------------------------------------------------------------


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_write_after_close_or_abort_of_writable_raises(tcp: str) -> None:
    async with connect(tcp) as socket:
        await socket.write(b"bye")
        await socket.writable.close()
        with raises(StreamError, match="This WritableStream has been closed."):
            await socket.write(b"x")
        assert await pending(socket)
        assert await socket.readable.bytes() == b"bye"
        await socket.closed
    async with connect(tcp, allow_half_open=True) as socket:
        await socket.write(b"bye")
        await socket.writable.close()
        assert await socket.readable.bytes() == b"bye"
        assert await pending(socket)
    async with connect(tcp) as socket:
        await socket.write(b"bye")
        await socket.writable.abort("enough")
        with raises(WorkersError, match="enough"):
            await socket.write(b"x")
    async with connect(tcp) as socket:
        await socket.writable.abort()
        with raises(WorkersError, match="the stream was aborted"):
            await socket.write(b"x")


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_write_after_cancel_of_readable_is_sent(tcp: str) -> None:
    async with connect(tcp) as socket:
        await socket.write(b"x")
        await socket.readable.cancel()
        assert await socket.read() == b""
        await socket.write(b"y")


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_write_while_another_writer_holds_the_stream_raises(tcp: str) -> None:
    async with connect(tcp) as socket:
        writer = socket.js_object.writable.getWriter()
        assert socket.writable.locked
        with raises(StreamError, match="This WritableStream is currently locked to a writer."):
            await socket.write(b"x")
        writer.releaseLock()
        await socket.write(b"x")


ADDRESSES: dict[str, tuple[Any, str]] = {
    "empty": ("", "Specified address is missing hostname."),
    "no port": ("x", "Specified address is missing port."),
    "empty port": ("x:", "Specified address is missing port."),
    "a number": ("127.0.0.1", "Specified address is missing port."),
    "a URL": ("http://x:1", "Specified address is missing port."),
    "a path first": ("a/b:1", "Specified address is missing port."),
    "no host": (":1", "Specified address could not be parsed."),
    "a large port": ("x:99999", "Specified address could not be parsed."),
    "letters": ("x:abc", "Specified address could not be parsed."),
    "a space": ("x y:1", "Specified address could not be parsed."),
    "a path": ("x:1/p", "unsupported characters"),
    "a user": ("u@x:1", "unsupported characters"),
    "not ASCII": ("é:1", "unsupported characters"),
    "pair, a space": (("x y", 1), "unsupported characters"),
    "pair, long": (("a" * 256, 1), "or is too long."),
    "pair, large": (("x", 70000), "Must be less than or equal to 65535."),
    "pair, negative": (("x", -1), "it is negative"),
}


# Arguments ---------------------------------------------------------------------------------------


@only("fake", "workerd", reason=NOT_IN_NODE)
@cases(ADDRESSES)
async def test_invalid_address_raises(tcp: str, case: tuple[Any, str]) -> None:
    address, message = case
    with raises(WorkersError, match=message) as caught:
        connect(address)
    assert caught.value.js_name == "TypeError"


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_arguments_of_wrong_type_raise(tcp: str) -> None:
    for address in (1, ("x",), ("x", "1"), {"hostname": "x"}, {"hostname": "x", "port": True}):
        with raises(ConversionError, match="address: expected|port: expected int"):
            AnyConnect(address)
    message = "Unsupported value in secureTransport socket option: x"
    with raises(WorkersError, match=message):
        AnyConnect(tcp, secure_transport="x")
    async with connect(tcp) as socket:
        writes: Any = socket.write
        for data in ("text", None, 1):
            with raises(ConversionError, match="data: expected bytes"):
                await writes(data)


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_start_tls_needs_secure_transport_starttls(tcp: str) -> None:
    async with connect(tcp) as socket:
        with raises(WorkersError, match="must be set to 'starttls' for startTls to be used."):
            socket.start_tls()
    socket = connect(tcp, secure_transport="starttls")
    assert socket.secure_transport == "starttls"
    await socket.opened
    secure = socket.start_tls()
    assert (secure.secure_transport, secure.upgraded) == ("on", False)
    with raises(WorkersError, match="Cannot startTls on a TLS socket."):
        secure.start_tls()
    await socket.closed
    assert socket.upgraded


# Failures ----------------------------------------------------------------------------------------


@only("workerd", reason="on the fakes a port that nobody listens on is one that nobody routed")
async def test_refused_connection_raises(tcp: str) -> None:
    for address, message in {
        "127.0.0.1:1": "proxy request failed, cannot connect to the specified address$",
        "127.0.0.1:25": "proxy request failed, cannot connect to the specified address$",
        "127.0.0.1:80": "consider using fetch instead$",
        "nope.invalid:1234": "proxy request failed, cannot connect to the specified address$",
    }.items():
        await refused(connect(address), message)


@only("fake", reason="in workerd there is a network")
async def test_connection_without_a_tcp_route_raises(tcp: str) -> None:
    await refused(connect("db.example:5432"), r"nothing answers TCP db\.example:5432: a fake")


async def refused(socket: Socket, message: str) -> None:
    with raises(WorkersError, match=message):
        await socket.opened
    with raises(WorkersError, match=message):
        await socket.closed
    with raises(StreamError, match=message):
        await socket.write(b"x")
    assert await socket.readable.bytes() == b""
    await socket.close()


@only("node", reason="it has no cloudflare:sockets")
async def test_connect_in_node_raises_binding_error(world: World) -> None:
    with raises(BindingError, match="cloudflare:sockets is only in the Workers runtime"):
        connect("x:1")


# Proxies -----------------------------------------------------------------------------------------


@only("workerd-314", reason="counts the proxies of Pyodide, and has to have them counted")
async def test_sockets_leave_no_proxies_behind(tcp: str) -> None:
    harness: Any = import_module("_harness")

    async def after(times: int) -> tuple[int, int]:
        for _ in range(times):
            async with connect(tcp) as socket:
                await socket.opened
                await socket.write(b"x")
                assert await socket.read() == b"x"
            await socket.closed
        await asyncio.sleep(0.05)
        gc.collect()
        return harness.live_proxies(), harness.live_js_refs()

    few, many = await after(5), await after(30)
    assert many[0] <= few[0], (few, many)
    assert many[1] <= few[1], (few, many)
