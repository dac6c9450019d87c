"""TCP between Workers on fakes: the clients of tests/real/test_connect.py, and edge cases."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from pyworkers_sdk import (
    DurableObject,
    DurableObjectNamespace,
    Env,
    Service,
    Socket,
    WorkerEntrypoint,
)
from pyworkers_sdk.testing import Clock, FakeRuntime, fake
from tests.real import connect_worker

pytestmark = pytest.mark.asyncio

SERVICES = ("Broken", "Echo", "Hasty", "Late", "Talker")


def runtime() -> FakeRuntime[Any]:
    clock = Clock()

    def served(name: str) -> Any:
        worker: FakeRuntime[Any] = FakeRuntime(getattr(connect_worker, name), clock=clock)
        return worker.service(props={"to": name})

    services = {name.upper(): served(name) for name in SERVICES}
    return FakeRuntime(connect_worker.Default, env=connect_worker.AppEnv, clock=clock, **services)


@pytest.mark.parametrize("name", connect_worker.EXPECTED)
async def test_clients_behave_as_in_workerd(name: str) -> None:
    response = await runtime().fetch(f"https://example.com/{name}")
    assert json.loads(await response.text()) == connect_worker.EXPECTED[name]


async def test_a_handler_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        await runtime().fetch("https://example.com/meets_a_fault")
    (record,) = caplog.records
    assert record.message == "in the connect handler"
    assert "it broke" in (record.exc_text or "")


class BackendEnv(Env):
    BACKEND: Service


class Plain(DurableObject):
    pass


class ObjectEnv(Env):
    PLAIN: DurableObjectNamespace[Plain]


async def test_any_object_can_accept_connections() -> None:
    class Backend:
        async def connect(self, socket: Socket) -> None:
            await socket.write(str(await socket.opened).encode())

    env = fake(BackendEnv, BACKEND=Backend())
    said = await env.BACKEND.connect("x:1").readable.bytes()
    assert said == b"{'remote_address': None, 'local_address': 'x:1'}"


async def test_a_test_can_connect_to_a_worker() -> None:
    service = FakeRuntime(connect_worker.Echo).service()
    async with service.connect("x:1") as socket:
        await socket.write(b"x")
        assert await socket.read() == b"x"


async def test_object_without_a_connect_method_loses_connections() -> None:
    stub: Any = fake(ObjectEnv).PLAIN.get_by_name("a")
    async with stub.connect("x:1") as socket:
        await socket.opened
        assert await socket.read() == b""


async def test_worker_without_a_connect_handler_loses_connections() -> None:
    class Deaf(WorkerEntrypoint):
        pass

    env = fake(BackendEnv, BACKEND=FakeRuntime(Deaf))
    async with env.BACKEND.connect("x:1") as socket:
        await socket.opened
        assert await socket.read() == b""
