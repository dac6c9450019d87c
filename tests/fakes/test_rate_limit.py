"""The fake rate limit: its clock, and ``rate_limit``."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from pyworkers_sdk import Env, RateLimit
from pyworkers_sdk.testing import Clock, fake, rate_limit

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


class AppEnv(Env):
    LIMITER: RateLimit


@pytest.mark.asyncio
async def test_a_rate_limit_uses_the_clock_of_its_worker() -> None:
    env = fake(AppEnv, LIMITER=rate_limit(1, period=10), clock=(clock := Clock(NOON)))
    assert await env.LIMITER.limit("a")
    assert not await env.LIMITER.limit("a")
    clock.advance(10)
    assert await env.LIMITER.limit("a")


@pytest.mark.asyncio
async def test_a_rate_limit_without_a_worker_has_a_clock() -> None:
    clock = Clock(NOON)
    limiter = rate_limit(1, clock=clock)
    assert fake(AppEnv, LIMITER=limiter).LIMITER.js_object.clock is clock
    assert (await rate_limit(1).limit("a")).success is True
    with pytest.raises(ValueError, match=r"^period: expected 10 or 60, got 30$"):
        rate_limit(1, period=30)  # type: ignore[arg-type]
