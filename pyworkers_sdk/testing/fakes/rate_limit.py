"""``FakeRateLimit``: a rate limit in memory, with the windows of miniflare's simulation."""

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
_PERIODS = (10, 60)  # seconds

# The runtime's own words, seen in the real worlds: a quote, never to be improved.
BAD_OPTIONS = "bad rate limit options: [{}]"


class Counters:
    """The counters of one namespace.

    Windows are fixed: each begins at a multiple of the period since 1970, for all keys.
    """

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
    """JS: RateLimit, as miniflare simulates it. Bindings of one namespace share counters."""

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
        # "delta" is refused here, though production accepts it (contract:
        # test_delta_is_refused_locally).
        if unknown := [name for name in options if name not in _OPTIONS]:
            raise JsException("Error", BAD_OPTIONS.format(",".join(unknown)))
        if self.clock is None:  # It was not passed to a Worker.
            self.clock = Clock()
        window = int(self.clock.now() // (self._period * 1000))
        return {"success": self._counters.take(options["key"], self._limit, window)}


def rate_limit(
    limit: int, *, period: Literal[10, 60] = 60, clock: Clock | None = None
) -> RateLimit:
    """Return a fake rate limit: ``fake(AppEnv, LIMITER=rate_limit(3))``.

    Its windows begin at multiples of the period since 1970, as in local development.
    ``fake(RateLimit)`` is ``rate_limit(100)``.

    Args:
        limit: The number of calls that succeed in each window, for each key.
        period: The length of a window, in seconds: 10 or 60.
        clock: The clock of the limit. By default it is the clock of the Worker to which the limit
            is passed.

    Raises:
        ValueError: ``period`` is neither 10 nor 60.
    """
    if period not in _PERIODS:
        raise ValueError(f"period: expected 10 or 60, got {period!r}")
    return RateLimit(FakeRateLimit(limit, period, clock=clock))


def configured(bound: Bound, worker: Worker) -> FakeRateLimit:
    """Return the limit of a configuration. Limits with one ``namespace_id`` share counters."""
    namespaces = worker.script.host.shared(_namespaces)
    counters = namespaces.setdefault(str(bound.settings.namespace_id), Counters())
    simple = bound.settings.simple
    return FakeRateLimit(simple.limit, simple.period, counters, clock=worker.script.host.clock)


def _namespaces(host: Host) -> dict[str, Counters]:
    return {}
