"""TCP through service bindings and stubs, whose Workers here accept no connections."""

from __future__ import annotations

import secrets
from typing import Any

from pyworkers_sdk import Socket, StreamError, WorkersError
from tests.contract.kit import cases, only, raises
from tests.contract.workers import AppEnv

in_a_runtime = only(
    "fake", "workerd", reason="the Node worlds run no Python that the runtime could call"
)


async def check_lost(socket: Socket) -> None:
    """Check a connection that opened and was lost, since its handler does not exist."""
    assert isinstance(socket, Socket)
    await socket.opened
    assert await socket.readable.bytes() == b""
    await socket.closed
    with raises(StreamError):
        await socket.write(b"x")


@in_a_runtime
@cases(["example.com:80", ("example.com", 81)])
async def test_connect_to_a_worker_without_a_handler_is_lost(app: AppEnv, case: Any) -> None:
    callee: Any = app.CALLEE
    await check_lost(callee.connect(case))


@in_a_runtime
async def test_connect_to_an_invalid_address_raises(app: AppEnv) -> None:
    for made in (app.CALLEE, app.COUNTERS.get_by_name("a")):
        stub: Any = made
        with raises(WorkersError, match=r"^Specified address is missing port\.$"):
            stub.connect("nonsense")


@in_a_runtime
@cases([80, 81])
async def test_connect_to_a_durable_object_without_a_handler_is_lost(
    app: AppEnv, case: int
) -> None:
    stub: Any = app.COUNTERS.get_by_name(secrets.token_hex(8))
    options: Any = {"secure_transport": "off", "high_water_mark": 10}
    await check_lost(stub.connect(("example.com", case), **options))
