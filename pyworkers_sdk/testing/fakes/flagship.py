"""Flagship over memory: ``FakeFlagship``, and ``flags``.

Nothing of this fake was verified against the service; it follows Cloudflare's documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..._border import from_js, raw, to_js
from ...flagship import Flagship
from .._clock import Clock
from ..runtime.scheduling import yields_to_others

__all__ = ["FakeFlagship", "flags"]


@yields_to_others
class FakeFlagship:
    """JS: Flagship."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock = clock
        self.flags: dict[str, Any] = {}

    # The methods for one type do not check that type: ``_details`` compares with the default, whose
    # type is the method's.

    async def getValue(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._value(key, default, context)

    async def getDetails(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._details(key, default, context)

    async def getBooleanValue(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._value(key, default, context)

    async def getBooleanDetails(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._details(key, default, context)

    async def getStringValue(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._value(key, default, context)

    async def getStringDetails(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._details(key, default, context)

    async def getNumberValue(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._value(key, default, context)

    async def getNumberDetails(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._details(key, default, context)

    async def getObjectValue(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._value(key, default, context)

    async def getObjectDetails(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._details(key, default, context)

    def _value(self, key: str, default: Any, context: Any) -> Any:
        return self._details(key, default, context)["value"]

    def _details(self, key: str, default: Any, context: Any) -> dict[str, Any]:
        """JS: FlagshipEvaluationDetails. A failure returns the default, and never raises."""
        details = {"flagKey": key, "value": default, "reason": "ERROR"}
        if key not in self.flags:
            return {**details, "errorCode": "FLAG_NOT_FOUND"}
        value, reason = self.flags[key], "DEFAULT"
        if callable(value):
            value, reason = value(from_js(context) or {}), "TARGETING_MATCH"
        value = to_js(value, f"the flag {key}")
        if _type(value) != _type(default):
            return {**details, "errorCode": "TYPE_MISMATCH"}
        return {**details, "value": value, "reason": reason}


def _type(value: Any) -> str:
    """Return the type of a value, as in JavaScript's ``typeof``."""
    for name, types in _TYPES.items():
        if isinstance(value, types):
            return name
    return "object"


# A bool is an int in Python, so "boolean" comes before "number".
_TYPES: dict[str, Any] = {"boolean": bool, "number": (int, float), "string": str}


def flags(
    binding: Flagship,
) -> dict[str, bool | float | str | list[Any] | Mapping[str, Any] | Callable[[Any], Any]]:
    """Return the flags of a fake, and set them: ``flags(env.FLAGS)["new-cart"] = True``.

    A flag may be a function that takes the context, a dict, and returns the value. It stands for a
    targeting rule.

    Raises:
        TypeError: ``binding`` is not a Flagship that ``fake()`` returned.
    """
    inside = raw(binding)
    if not isinstance(inside, FakeFlagship):
        raise TypeError(
            f"flags(): expected a Flagship that fake() made, got {type(inside).__name__}"
        )
    return inside.flags
