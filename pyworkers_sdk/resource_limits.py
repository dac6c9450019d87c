"""``ResourceLimits``: the limits of a Worker that is called by another Worker."""

from __future__ import annotations

from typing import Any, NamedTuple

from ._options import js_options

__all__ = ["ResourceLimits"]


class ResourceLimits(NamedTuple):
    """Limits of one call: CPU time in milliseconds, and the number of subrequests.

    JS: DynamicDispatchLimits, workerdResourceLimits.
    """

    cpu_ms: int | None = None
    """The CPU time in milliseconds; None means the limit of the plan."""
    sub_requests: int | None = None
    """The number of subrequests; None means the limit of the plan."""

    def to_js(self) -> dict[str, Any]:
        """Return the limits that are set, under their JavaScript names, as a dict to convert."""
        return js_options(self._asdict())
