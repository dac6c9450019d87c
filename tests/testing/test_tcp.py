"""TCP of a fake runtime: the routes of a test."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pyworkers_sdk import WorkersError, connect
from pyworkers_sdk.testing import FakeRuntime, TcpWriter

pytestmark = pytest.mark.asyncio


async def echo(reader: asyncio.StreamReader, writer: TcpWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
        await writer.drain()
    assert not writer.is_closing()
    writer.close()
    await writer.wait_closed()
    assert writer.is_closing()
    with pytest.raises(RuntimeError, match="this end of the connection is closed"):
        writer.write(b"x")


async def test_the_newest_route_that_matches_answers() -> None:
    async def greets(reader: asyncio.StreamReader, writer: TcpWriter) -> None:
        writer.write(b"hello")

    with FakeRuntime(object) as runtime:
        every = runtime.outbound_tcp("*", echo)
        db = runtime.outbound_tcp("db.example:*", greets)
        async with connect("db.example:1") as socket:
            assert await socket.readable.bytes() == b"hello"
        async with connect("[::1]:2") as socket:
            await socket.write(b"x")
            assert await socket.read() == b"x"
    assert (every.calls, db.calls) == (["::1:2"], ["db.example:1"])


async def test_in_memory_tls_is_plain() -> None:
    with FakeRuntime(object) as runtime:
        runtime.outbound_tcp("x:1", echo)
        socket = connect("x:1", secure_transport="starttls")
        await socket.write(b"a")
        secure = socket.start_tls(expected_server_hostname="x")
        with pytest.raises(WorkersError, match="The connection was closed before startTls"):
            socket.start_tls()
        await secure.write(b"b")
        assert await secure.read() == b"ab"


async def test_a_network_route_reaches_the_real_network() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            if data == b"ABORT":
                writer.transport.abort()
                return
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with FakeRuntime(object) as runtime:
        runtime.outbound_tcp("127.0.0.1:*", "network")
        async with connect(("127.0.0.1", port)) as socket:
            await socket.write(b"hello")
            await socket.writable.close()
            assert await socket.readable.bytes() == b"hello"
        async with connect(("127.0.0.1", port)) as socket:
            await socket.write(b"ABORT")
            assert await socket.readable.bytes() == b""
        async with connect(("127.0.0.1", port), secure_transport="starttls") as socket:
            await socket.opened
            with pytest.raises(WorkersError, match="TLS"):
                await socket.start_tls().opened
        with pytest.raises(WorkersError, match="cannot connect to the specified address"):
            await connect(("127.0.0.1", port), secure_transport="on").opened
        server.close()
        await server.wait_closed()
        with pytest.raises(WorkersError, match=r"cannot connect to the specified address$"):
            await connect(("127.0.0.1", port)).opened


async def test_connect_outside_a_runtime_fails() -> None:
    with pytest.raises(WorkersError, match=r"connect\(\) needs a runtime, and none is"):
        connect("x:1")


async def test_invalid_routes_are_refused() -> None:
    runtime: Any = FakeRuntime(object)
    with pytest.raises(TypeError, match="a function of a reader and a writer"):
        runtime.outbound_tcp("x:1", "internet")
    with pytest.raises(ValueError, match='expected "host:port"'):
        runtime.outbound_tcp("x", echo)


async def test_a_handler_that_raises_ends_the_connection() -> None:
    async def fails(reader: asyncio.StreamReader, writer: TcpWriter) -> None:
        await reader.read(1)
        raise ValueError("no")

    seen: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context))
    with FakeRuntime(object) as runtime:
        runtime.outbound_tcp("x:1", fails)
        socket = connect("x:1")
        await socket.write(b"x")
        assert await socket.readable.bytes() == b""
