"""``RateLimit``: how often something may happen, counted by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._border import JsWrapper, binding, from_js, raising, text
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["RateLimit", "RateLimitOutcome"]

_raising = raising(WorkersError)


class RateLimitOutcome:
    """Whether a call was within the limit: ``if not await limiter.limit(key):``, or ``.success``.

    JS: RateLimitOutcome.
    """

    __slots__ = ("success",)

    def __init__(self, success: bool) -> None:
        self.success: bool = success

    def __bool__(self) -> bool:
        return self.success

    def __repr__(self) -> str:
        return f"RateLimitOutcome(success={self.success})"


class RateLimit(JsWrapper["_js.RateLimit"]):
    """A limit of so many calls in a period of 10 or 60 s, which the configuration sets.

    Each location counts for itself, and roughly. JS: RateLimit.
    """

    __slots__ = ()

    def __init__(self, limiter: _js.RateLimit) -> None:
        self._js = binding(limiter, "RateLimit", "limit")

    async def limit(self, key: str, *, delta: int | None = None) -> RateLimitOutcome:
        """Count a call under ``key``, whose own count it is; not a success once there were enough.

        ``delta`` is how much the call counts, 1 unless given; the local simulation refuses it.
        WorkersError where the service refuses. JS: RateLimit.limit.
        """
        key = text(key, "key")
        with _raising:
            if delta is None:  # the local simulation refuses it by name, whatever it is
                found = await self._js.limit(key=key)
            else:
                found = await self._js.limit(key=key, delta=delta)
        return RateLimitOutcome(bool(from_js(found)["success"]))
