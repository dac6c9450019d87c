"""``RateLimit``: limit how often calls may happen, by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._border import JsWrapper, binding, from_js, raising, text
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["RateLimit", "RateLimitOutcome"]

_raising = raising(WorkersError)


class RateLimitOutcome:
    """The answer of a limit. It is true within the limit: ``if not await limiter.limit(key):``.

    JS: RateLimitOutcome.
    """

    __slots__ = ("success",)

    success: bool
    """True if the call was within the limit."""

    def __init__(self, success: bool) -> None:
        self.success = success

    def __crossing__(self) -> dict[str, Any]:
        return {"success": self.success}

    def __bool__(self) -> bool:
        return self.success

    def __repr__(self) -> str:
        return f"RateLimitOutcome(success={self.success})"


class RateLimit(JsWrapper["_js.RateLimit"]):
    """A limit on the number of calls: ``LIMITER: RateLimit`` in an Env.

    The configuration sets the number and the period, of 10 or 60 seconds. Each location counts
    separately, and approximately.

    JS: RateLimit.
    """

    __slots__ = ()

    def __init__(self, limiter: _js.RateLimit) -> None:
        self._js = binding(limiter, "RateLimit", "limit")

    async def limit(self, key: str, *, delta: int | None = None) -> RateLimitOutcome:
        """Count one call against ``key``. ``success`` is False once the limit is exceeded.

        Args:
            key: Each key has a separate counter.
            delta: How much the call counts; by default 1. The local simulation refuses it.

        Raises:
            WorkersError: The service refused the call.

        JS: RateLimit.limit.
        """
        key = text(key, "key")
        with _raising:
            # The local simulation refuses an option named delta, even if it is undefined.
            if delta is None:
                outcome = await self._js.limit(key=key)
            else:
                outcome = await self._js.limit(key=key, delta=delta)
        return RateLimitOutcome(bool(from_js(outcome)["success"]))
