"""Rate limits over memory, with the windows of the local simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..._cpython.js_exception import JsException
from ...rate_limit import RateLimit
from .._clock import Clock
from ..runtime.scheduling import yields_to_others

if TYPE_CHECKING:
    from ..config.config import Bound
    from ..config.sections import Worker
    from ..runtime.host import Host

__all__ = ["FakeRateLimit", "configured", "rate_limit"]

_OPTIONS = ("key", "limit", "period")
_PERIODS = (10, 60)


class Counters:
    """The counts of one namespace, in windows that begin where the time divides by the period."""

    def __init__(self) -> None:
        self._window = 0
        self._counts: dict[str, int] = {}

    def take(self, key: str, limit: float, window: int) -> bool:
        if window != self._window:
            self._window = window
            self._counts.clear()
        count = self._counts.get(key, 0)
        if count >= limit:
            return False
        self._counts[key] = count + 1
        return True


@yields_to_others
class FakeRateLimit:
    """JS: RateLimit, as miniflare simulates it."""

    def __init__(
        self,
        limit: float = 100,
        period: int = 60,
        counters: Counters | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock
        self._limit = limit
        self._period = period
        self._counters = counters or Counters()

    async def limit(self, **options: Any) -> dict[str, bool]:
        if wrong := [name for name in options if name not in _OPTIONS]:
            raise JsException("Error", f"bad rate limit options: [{','.join(wrong)}]")
        if self.clock is None:  # it is no Worker's
            self.clock = Clock()
        window = int(self.clock.now() // (self._period * 1000))
        return {"success": self._counters.take(options["key"], self._limit, window)}


def rate_limit(
    limit: int, *, period: Literal[10, 60] = 60, clock: Clock | None = None
) -> RateLimit:
    """A fake limit of so many calls in a period of seconds:
    ``fake(AppEnv, LIMITER=rate_limit(3))``.

    A window begins where the time since 1970 divides by the period, as in local development. Its
    clock is that of the Worker that it is given to, unless it has one. ``fake(RateLimit)`` is
    ``rate_limit(100)``.
    """
    if period not in _PERIODS:
        raise ValueError(f"period: expected 10 or 60, got {period!r}")
    return RateLimit(FakeRateLimit(limit, period, clock=clock))


def configured(bound: Bound, worker: Worker) -> FakeRateLimit:
    """The limit that a configuration describes; a namespace's counts are shared."""
    namespaces = worker.script.host.shared(_namespaces)
    counters = namespaces.setdefault(str(bound.settings.namespace_id), Counters())
    simple = bound.settings.simple
    return FakeRateLimit(simple.limit, simple.period, counters, clock=worker.script.host.clock)


def _namespaces(host: Host) -> dict[str, Counters]:
    return {}
