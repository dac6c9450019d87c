"""The fake Hyperdrive: its URL, and connections to a real server."""

from __future__ import annotations

import asyncio

import pytest

from pyworkers_sdk import Hyperdrive, WorkersError, connect
from pyworkers_sdk.testing import FakeRuntime, fake, hyperdrive


@pytest.mark.parametrize(
    "url", ["http://a:b@c/d", "postgres://host/db", "mysql://a:b@c", "mysql://a:b@/c"]
)
def test_an_invalid_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a URL such as postgres://") as caught:
        hyperdrive(url)
    assert url not in str(caught.value)


@pytest.mark.asyncio
async def test_a_connection_reaches_a_real_server_through_a_route() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = hyperdrive(f"postgres://ann:secret@127.0.0.1:{port}/app")
    with FakeRuntime(object) as runtime:
        route = runtime.outbound_tcp("127.0.0.1:*", "network")
        for made in (database.connect(), connect((database.host, database.port))):
            async with made as socket:
                await socket.write(b"hello")
                assert await socket.read() == b"hello"
        assert route.calls == [f"127.0.0.1:{port}"] * 2
        server.close()
        await server.wait_closed()
        with pytest.raises(WorkersError, match=r"^connection attempt failed$"):
            await database.connect().opened


@pytest.mark.asyncio
async def test_connect_needs_a_running_worker() -> None:
    with pytest.raises(WorkersError, match=r"^connect\(\) needs a runtime, and none is"):
        fake(Hyperdrive).connect()
