"""The types of ``from_config`` and the fixtures: read by mypy and pyright, never run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import pytest

from pyworkers_sdk import KV, Env
from pyworkers_sdk.testing import Clock, FakeRuntime


class AppEnv(Env):
    CACHE: KV
    API_KEY: str


@pytest.mark.worker(environment="staging", vars={"API_KEY": "k"})
async def test_annotated(runtime: FakeRuntime[AppEnv], env: AppEnv, clock: Clock) -> None:
    assert_type(runtime.env, AppEnv)
    assert_type(runtime.env.CACHE, KV)
    assert_type(await env.CACHE.get(env.API_KEY), str | None)
    assert_type(runtime.clock, Clock)
    assert_type(runtime.crons, tuple[str, ...])
    assert_type(runtime.workers, dict[str, FakeRuntime[Any]])
    print(runtime.env.NOPE)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]


@pytest.fixture
def worker_options() -> dict[str, Any]:
    return {"vars": {"API_KEY": "k"}, "also": ["../other/wrangler.jsonc"]}


def from_config() -> None:
    assert_type(FakeRuntime.from_config("wrangler.jsonc", env=AppEnv), FakeRuntime[AppEnv])
    annotated: FakeRuntime[AppEnv] = FakeRuntime.from_config(Path("wrangler.toml"), API_KEY="k")
    assert_type(annotated.env.CACHE, KV)
    assert_type(FakeRuntime[AppEnv].from_config("wrangler.json").env, AppEnv)
    FakeRuntime.from_config("a/wrangler.jsonc", also=["b/wrangler.jsonc"], clock=Clock())
    FakeRuntime.from_config("wrangler.jsonc", env=KV)  # type: ignore[type-var]  # pyright: ignore[reportCallIssue, reportArgumentType]
    FakeRuntime.from_config("wrangler.jsonc", environment=3)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
