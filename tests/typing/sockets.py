"""The types of TCP sockets: checked by mypy and pyright, never run."""

from __future__ import annotations

import asyncio
from typing import Literal, assert_type

from pyworkers_sdk import ReadableStream, Socket, SocketInfo, WritableStream, connect
from pyworkers_sdk.testing import FakeRuntime, TcpRoute, TcpWriter


async def main() -> None:
    async with connect("db.example:5432", secure_transport="starttls") as socket:
        assert_type(socket, Socket)
        assert_type(await socket.opened, SocketInfo)
        assert_type(socket.readable, ReadableStream)
        assert_type(socket.writable, WritableStream)
        assert_type(socket.secure_transport, Literal["off", "on", "starttls"])
        assert_type(socket.start_tls(), Socket)
        await socket.write(b"x")
        assert_type(await socket.read(), bytes)
        await socket.write("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        await socket.closed
    connect(("db.example", 5432), allow_half_open=True)
    connect({"hostname": "db.example", "port": 5432})
    connect(5432)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    connect("x:1", secure_transport="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def serve(reader: asyncio.StreamReader, writer: TcpWriter) -> None:
    writer.write(await reader.read(10))


runtime: FakeRuntime = FakeRuntime(object)
assert_type(runtime.outbound_tcp("db.example:5432", serve), TcpRoute)
runtime.outbound_tcp("*", "network")
runtime.outbound_tcp("*", "internet")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
