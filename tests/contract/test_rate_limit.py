"""Rate limits, in windows that begin where the time divides by the period."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from pyworkers_sdk import ConversionError, RateLimit, WorkersError
from tests.contract.kit import FakeEnv, raises
from tests.contract.workers import AppEnv

Wait = Callable[[float], Awaitable[None]]


def _now(env: Any) -> float:
    """Seconds since 1970, on the clock that the limits have."""
    return float(env.runtime.clock.now() / 1000 if isinstance(env, FakeEnv) else time.time())


async def _far_from_the_end(env: Any, wait: Wait, period: int = 10) -> None:
    """Windows must not change in the middle of a check."""
    left = period - _now(env) % period
    if left < 3:
        await wait(left + 0.1)


async def _taken(limiter: RateLimit, key: str, times: int) -> list[bool]:
    return [(await limiter.limit(key)).success for _ in range(times)]


async def test_a_limit_counts_by_key_and_window(app: AppEnv, env: Any, wait: Wait) -> None:
    await _far_from_the_end(env, wait)
    assert await _taken(app.LIMITER, "ann", 5) == [True, True, True, False, False]
    assert await _taken(app.LIMITER, "bob", 1) == [True]
    await wait(10 - _now(env) % 10 + 0.2)
    assert await _taken(app.LIMITER, "ann", 4) == [True, True, True, False]


async def test_a_limit_may_have_a_period_of_60_seconds(app: AppEnv, env: Any, wait: Wait) -> None:
    await _far_from_the_end(env, wait, 60)
    assert await _taken(app.PER_MINUTE, "é", 3) == [True, True, False]
    assert await _taken(app.PER_MINUTE, "", 3) == [True, True, False]


async def test_an_outcome_is_true_or_false(app: AppEnv, env: Any, wait: Wait) -> None:
    await _far_from_the_end(env, wait)
    outcomes = [await app.LIMITER.limit("outcome") for _ in range(4)]
    assert [bool(one) for one in outcomes] == [True, True, True, False]
    assert repr(outcomes[3]) == "RateLimitOutcome(success=False)"


async def test_bindings_of_one_namespace_share_counters(app: AppEnv, env: Any, wait: Wait) -> None:
    await _far_from_the_end(env, wait)
    assert await _taken(app.LIMITER, "shared", 1) == [True]
    assert await _taken(app.SAME_LIMITER, "shared", 1) == [False]
    assert await _taken(app.LIMITER, "shared", 2) == [True, True]


async def test_delta_is_refused_locally(app: AppEnv) -> None:
    with raises(WorkersError, match=r"^bad rate limit options: \[delta\]$") as caught:
        await app.LIMITER.limit("ann", delta=2)
    assert caught.value.js_name == "Error"


async def test_a_key_that_is_not_text_is_refused(app: AppEnv) -> None:
    with raises(ConversionError, match="^key: expected str, got int$"):
        await app.LIMITER.limit(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with raises(ConversionError, match="^key: the text has a lone surrogate"):
        await app.LIMITER.limit("\ud800")
