"""``Clock``: the time of fakes."""

from __future__ import annotations

import datetime as dt
import time

from .._times import EPOCH, from_ms

__all__ = ["Clock"]


class Clock:
    """A clock that moves only when ``advance`` is called. Its precision is one millisecond."""

    __slots__ = ("_now", "_since")

    def __init__(self, start: dt.datetime | None = None, *, running: bool = False) -> None:
        """Make a clock.

        Args:
            start: The time at the start, without its microseconds. A naive datetime is taken as
                UTC. By default it is the real time.
            running: Advance the clock in real time too, for a served Worker.
        """
        if start is None:
            self._now = time.time_ns() // 1_000_000 * 1.0
        else:
            aware = start if start.tzinfo else start.replace(tzinfo=dt.timezone.utc)
            self._now = _milliseconds(aware - EPOCH) // 1
        self._since = time.monotonic() if running else None

    def __repr__(self) -> str:
        return f"<Clock {self.datetime().isoformat()}>"

    def now(self) -> float:
        """Return the milliseconds since 1970, like ``Date.now()``."""
        if self._since is None:
            return self._now
        return self._now + (time.monotonic() - self._since) * 1000 // 1

    def datetime(self) -> dt.datetime:
        """Return the time as an aware UTC datetime."""
        return from_ms(self.now())

    def advance(self, seconds: float | dt.timedelta) -> None:
        """Advance the clock by a number of seconds.

        Args:
            seconds: The duration as a timedelta, or in seconds.

        Raises:
            ValueError: ``seconds`` is negative.
        """
        step = seconds if isinstance(seconds, dt.timedelta) else dt.timedelta(seconds=seconds)
        if step < dt.timedelta():
            raise ValueError(f"seconds: expected 0 or more, got {seconds!r}")
        self._now += _milliseconds(step)


def _milliseconds(step: dt.timedelta) -> float:
    return step / dt.timedelta(milliseconds=1)
