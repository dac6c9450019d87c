"""``ResourceLimits``: how much a Worker that another one calls may use."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["ResourceLimits"]


class ResourceLimits(NamedTuple):
    """Milliseconds of CPU, and subrequests, of one call; None is the plan's own limit.

    JS: DynamicDispatchLimits, workerdResourceLimits.
    """

    cpu_ms: int | None = None
    sub_requests: int | None = None

    def to_js(self) -> dict[str, Any]:
        """The same under JavaScript's names, to be converted."""
        named = {"cpuMs": self.cpu_ms, "subRequests": self.sub_requests}
        return {name: value for name, value in named.items() if value is not None}
