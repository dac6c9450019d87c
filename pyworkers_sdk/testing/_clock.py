"""``Clock``: the time that fakes live in."""

from __future__ import annotations

import datetime as dt
import time

from .._times import EPOCH, from_ms

__all__ = ["Clock"]


class Clock:
    """A clock that moves only when told to.

    It starts at the real time, or at ``start`` (naive is taken as UTC), in whole milliseconds, as
    in JavaScript. One that is ``running`` goes on by itself besides, as a served Worker wants it.
    """

    __slots__ = ("_now", "_since")

    def __init__(self, start: dt.datetime | None = None, *, running: bool = False) -> None:
        if start is None:
            self._now = time.time_ns() // 1_000_000 * 1.0
        else:
            aware = start if start.tzinfo else start.replace(tzinfo=dt.timezone.utc)
            self._now = _milliseconds(aware - EPOCH) // 1
        self._since = time.monotonic() if running else None

    def __repr__(self) -> str:
        return f"<Clock {self.datetime().isoformat()}>"

    def now(self) -> float:
        """Milliseconds since 1970, as ``Date.now()``."""
        if self._since is None:
            return self._now
        return self._now + (time.monotonic() - self._since) * 1000 // 1

    def datetime(self) -> dt.datetime:
        """The same as an aware UTC datetime."""
        return from_ms(self.now())

    def advance(self, seconds: float | dt.timedelta) -> None:
        """Move on by so many seconds; time does not go back (ValueError)."""
        step = seconds if isinstance(seconds, dt.timedelta) else dt.timedelta(seconds=seconds)
        if step < dt.timedelta():
            raise ValueError(f"time does not go back: {seconds!r}")
        self._now += _milliseconds(step)


def _milliseconds(step: dt.timedelta) -> float:
    return step / dt.timedelta(milliseconds=1)
