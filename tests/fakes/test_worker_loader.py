"""The fake worker loader: stand-ins for code, and the options of code."""

from __future__ import annotations

from typing import Any

import pytest

from pyworkers_sdk import (
    DurableObject,
    DurableObjectError,
    DurableObjectNamespace,
    Env,
    FacetStartupOptions,
    ResourceLimits,
    WorkerCode,
    WorkerLoader,
)
from pyworkers_sdk.testing import FakeRuntime, fake, worker_loader
from tests.fakes.shop import Named, Shop, ShopEnv, text_of


class ParentEnv(Env):
    LOADER: WorkerLoader
    PARENTS: DurableObjectNamespace[Parent]


class Parent(DurableObject[ParentEnv]):
    async def count(self, name: str) -> list[int]:
        loader = self.env.LOADER
        worker = loader.load(_code()) if name.endswith(".py") else loader.get(name, _code)
        kind = worker.get_durable_object_class("Tally")
        tally = self.ctx.facets.get(name, lambda: FacetStartupOptions(kind))
        return [await tally.add(2), await tally.add(3)]


def _code(modules: Any = None, **options: Any) -> WorkerCode:
    modules = {"shop.py": "…"} if modules is None else modules
    return WorkerCode("shop.py", modules, compatibility_date="2026-07-01", **options)


@pytest.mark.asyncio
async def test_a_class_or_a_runtime_stands_in_for_code() -> None:
    loader = worker_loader({"shop.py": Shop, "named": FakeRuntime(Named, env=ShopEnv, NAME="x")})
    stub = loader.load(_code())
    assert stub.js_object is not loader.js_object
    assert await stub.get_entrypoint().price("apple") == 5
    assert await stub.get_entrypoint("Admin", props={"role": "boss"}).role() == {"role": "boss"}
    with pytest.raises(TypeError, match=r"the Worker shop.py exports no entrypoint Nobody"):
        await stub.get_entrypoint("Nobody").role()


@pytest.mark.asyncio
async def test_a_loaded_worker_has_the_env_of_the_code() -> None:
    loader = worker_loader({"tenant": Named})
    assert (
        await text_of(loader.get("tenant", lambda: _code(env={"NAME": "y"})).get_entrypoint())
        == "y"
    )


@pytest.mark.asyncio
async def test_a_loaded_worker_has_durable_object_classes() -> None:
    loader = worker_loader({"shop.py": Shop, "shop": Shop})
    facets = fake(ParentEnv, LOADER=loader)
    stub = facets.PARENTS.get_by_name("a")
    assert await stub.count("shop.py") == [2, 5]
    with pytest.raises(DurableObjectError, match=r"^shop: a fake loads its code on the first call"):
        await stub.count("shop")
    assert await loader.get("shop", _code).get_entrypoint().price("ab") == 2
    assert await stub.count("shop") == [2, 5]
    with pytest.raises(
        TypeError, match=r"^shop\.py: missing class Nothing in the module of its stand-in"
    ):
        loader.load(_code()).get_durable_object_class("Nothing")


@pytest.mark.asyncio
async def test_code_without_a_stand_in_raises() -> None:
    loader = fake(WorkerLoader)
    with pytest.raises(
        TypeError, match=r"register a stand-in: worker_loader\({'tenant': MyEntrypoint}\)"
    ):
        await text_of(loader.get("tenant", _code).get_entrypoint())


@pytest.mark.parametrize(
    "modules",
    [{"python_modules/a.txt": "x"}, {"a.js": "x"}, {"a": {"data": b"x"}}, {"a": {"json": [None]}}],
)
def test_modules_of_other_types_are_accepted(modules: Any) -> None:
    worker_loader({}).load(_code({"shop.py": "…", **modules}))


def test_worker_code_converts_all_options() -> None:
    tail = FakeRuntime(Shop).service()
    code = _code(
        compatibility_flags=["nodejs_compat"],
        global_outbound=tail,
        limits=ResourceLimits(50, 5),
        tails=[tail],
        streaming_tails=[tail],
        allow_experimental=True,
    )
    outbound = tail.js_object
    assert code.to_js() == {
        "mainModule": "shop.py",
        "modules": {"shop.py": "…"},
        "compatibilityDate": "2026-07-01",
        "compatibilityFlags": ["nodejs_compat"],
        "globalOutbound": outbound,
        "limits": {"cpuMs": 50, "subRequests": 5},
        "tails": [outbound],
        "streamingTails": [outbound],
        "allowExperimental": True,
    }
    assert _code(global_outbound=False).to_js()["globalOutbound"] is None
