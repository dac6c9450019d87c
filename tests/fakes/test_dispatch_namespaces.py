"""The fake dispatch namespace: the Workers that it may hold."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from pyworkers_sdk import (
    DispatchNamespace,
    Env,
    Request,
    ResourceLimits,
    Response,
    WorkerEntrypoint,
    WorkersError,
)
from pyworkers_sdk.testing import Clock, FakeRuntime, dispatch_namespace
from tests.fakes.shop import Named, Plain, Shop, ShopEnv, done

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


class AppEnv(Env):
    USERS: DispatchNamespace


@pytest.mark.asyncio
async def test_a_namespace_holds_classes_runtimes_and_objects() -> None:
    clock = Clock(NOON)
    named = FakeRuntime(Named, env=ShopEnv, NAME="ann's", clock=clock)
    users = dispatch_namespace({"class": Shop, "runtime": named, "object": Plain()})

    class Dispatcher(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            name = request.url.rpartition("/")[2]
            return await self.env.USERS.get(name, limits=ResourceLimits(cpu_ms=5)).fetch(request)

    runtime = FakeRuntime(Dispatcher, env=AppEnv, USERS=users, clock=clock)
    for name, text in (("class", "shop"), ("runtime", "ann's"), ("object", "plain")):
        for _ in range(2):
            answer = await runtime.fetch(f"https://example.com/{name}")
            assert await answer.text() == text
    await runtime.drain()
    assert done.pop() == done.pop() == "later"
    with pytest.raises(WorkersError, match=r"^Worker not found"):
        await runtime.fetch("https://example.com/nobody")


@pytest.mark.asyncio
async def test_a_namespace_works_without_a_runtime() -> None:
    worker = dispatch_namespace({"shop": Shop}).get("shop")
    assert await worker.price("apple") == 5
