"""``Clock``."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest

from pyworkers_sdk.testing import Clock

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


def test_clock_starts_at_the_real_time_in_whole_milliseconds() -> None:
    before = time.time() * 1000
    clock = Clock()
    assert before - 1 <= clock.now() <= time.time() * 1000
    assert clock.now().is_integer()


@pytest.mark.parametrize(
    "start",
    [
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=-5))),
        NOON.replace(microsecond=999),
    ],
)
def test_clock_starts_at_a_given_time(start: datetime) -> None:
    clock = Clock(start=start)
    assert clock.now() == NOON.timestamp() * 1000
    assert clock.datetime() == NOON
    assert clock.datetime().tzinfo is timezone.utc


def test_clock_moves_only_when_advanced() -> None:
    clock = Clock()
    before = clock.now()
    time.sleep(0.005)
    assert clock.now() == before


@pytest.mark.parametrize(
    ("step", "milliseconds"),
    [
        (0, 0),
        (61, 61_000),
        (0.001, 1),
        (1.5, 1500),
        (timedelta(days=1, milliseconds=1), 86_400_001),
    ],
)
def test_clock_advances_by_seconds_or_a_timedelta(
    step: float | timedelta, milliseconds: float
) -> None:
    clock = Clock(NOON)
    clock.advance(step)
    assert clock.now() == NOON.timestamp() * 1000 + milliseconds
    assert clock.datetime() == NOON + timedelta(milliseconds=milliseconds)


def test_small_steps_of_a_clock_add_up() -> None:
    clock = Clock(NOON)
    for _ in range(1000):
        clock.advance(0.001)
    assert clock.datetime() == NOON + timedelta(seconds=1)


@pytest.mark.parametrize("step", [-1, -0.001, timedelta(microseconds=-1)])
def test_clock_does_not_go_back(step: float | timedelta) -> None:
    clock = Clock(NOON)
    with pytest.raises(ValueError, match=r"^seconds: expected 0 or more, got "):
        clock.advance(step)
    assert clock.datetime() == NOON


def test_clock_repr_shows_its_time() -> None:
    assert repr(Clock(NOON)) == "<Clock 2026-01-02T12:00:00+00:00>"


def test_a_running_clock_moves_by_itself_and_when_advanced() -> None:
    clock = Clock(datetime(2026, 1, 1), running=True)
    before = clock.now()
    while clock.now() == before:
        pass
    clock.advance(60)
    assert clock.now() > before + 60_000
