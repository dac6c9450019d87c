"""Feature flags over memory."""

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
    """JS: Flagship, as it is documented: nothing of it was seen on the service."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock = clock
        self.flags: dict[str, Any] = {}

    async def getValue(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._value(key, default, context)

    async def getDetails(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._found(key, default, context)

    async def getBooleanValue(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._value(key, default, context)

    async def getBooleanDetails(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._found(key, default, context)

    async def getStringValue(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._value(key, default, context)

    async def getStringDetails(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._found(key, default, context)

    async def getNumberValue(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._value(key, default, context)

    async def getNumberDetails(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._found(key, default, context)

    async def getObjectValue(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._value(key, default, context)

    async def getObjectDetails(self, key: str, default: Any, context: Any = None, /) -> Any:
        return self._found(key, default, context)

    def _value(self, key: str, default: Any, context: Any) -> Any:
        return self._found(key, default, context)["value"]

    def _found(self, key: str, default: Any, context: Any) -> dict[str, Any]:
        """JS: FlagshipEvaluationDetails."""
        found = {"flagKey": key, "value": default, "reason": "ERROR"}
        if key not in self.flags:
            return {**found, "errorCode": "FLAG_NOT_FOUND"}
        value, reason = self.flags[key], "DEFAULT"
        if callable(value):
            value, reason = value(from_js(context) or {}), "TARGETING_MATCH"
        value = to_js(value, f"the flag {key}")
        if _type(value) != _type(default):
            return {**found, "errorCode": "TYPE_MISMATCH"}
        return {**found, "value": value, "reason": reason}


def _type(value: Any) -> str:
    for name, kinds in _TYPES.items():
        if isinstance(value, kinds):
            return name
    return "object"


_TYPES: dict[str, Any] = {"boolean": bool, "number": (int, float), "string": str}


def flags(
    binding: Flagship,
) -> dict[str, bool | float | str | list[Any] | Mapping[str, Any] | Callable[[Any], Any]]:
    """The flags of a fake, to be set: ``flags(env.FLAGS)["new-cart"] = True``.

    A function is called with the context, a dict, and gives the value, as a targeting rule does.
    """
    inside = raw(binding)
    if not isinstance(inside, FakeFlagship):
        raise TypeError(f"flags() takes a Flagship that fake() made, not {type(inside)}")
    return inside.flags
