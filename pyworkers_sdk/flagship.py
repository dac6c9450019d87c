"""Flagship, feature flags: ``Flagship``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar

from ._border import JsWrapper, binding, expected, from_js, raising, text, to_js
from ._border.rpc import method
from ._border.values import JSON, convert
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["Flagship", "FlagshipEvaluationContext", "FlagshipEvaluationDetails"]

T = TypeVar("T")

_raising = raising(WorkersError)

FlagshipEvaluationContext: TypeAlias = Mapping[str, Any]
"""The values that a flag's targeting rules test, as JSON: ``{"userId": "user-42"}``."""


class FlagshipEvaluationDetails(NamedTuple, Generic[T]):
    """The value of a flag, and the reason for it. JS: FlagshipEvaluationDetails."""

    flag_key: str
    value: T
    variant: str | None
    reason: str | None
    """The reason: "TARGETING_MATCH", "SPLIT", "DEFAULT", "DISABLED", "CACHED" or "ERROR"."""
    error_code: str | None
    """The error: "FLAG_NOT_FOUND", "TYPE_MISMATCH", "INVALID_CONTEXT", "PARSE_ERROR", "GENERAL"."""
    error_message: str | None


class Flagship(JsWrapper["_js.Flagship"]):
    """The feature flags of an app: ``FLAGS: Flagship`` in an Env.

    Every method returns its ``default_value`` if the flag is missing, if it has another type, or if
    the service fails. The methods for details report which. A failure of the binding itself raises
    WorkersError. ``context`` holds the values that the flag's targeting rules test.

    Not available in local runtimes: the fake follows Cloudflare's documentation and has not been
    verified against the service.

    JS: Flagship.
    """

    __slots__ = ()

    def __init__(self, flags: _js.Flagship) -> None:
        self._js = binding(flags, "Flagship", "getBooleanValue")

    async def get_boolean_value(
        self, flag_key: str, default_value: bool, context: FlagshipEvaluationContext | None = None
    ) -> bool:
        """Return the value of a boolean flag. JS: Flagship.getBooleanValue."""
        value: bool = await self._ask("getBooleanValue", flag_key, default_value, context)
        return value

    async def get_string_value(
        self, flag_key: str, default_value: str, context: FlagshipEvaluationContext | None = None
    ) -> str:
        """Return the value of a string flag. JS: Flagship.getStringValue."""
        value: str = await self._ask("getStringValue", flag_key, default_value, context)
        return value

    async def get_number_value(
        self, flag_key: str, default_value: float, context: FlagshipEvaluationContext | None = None
    ) -> float:
        """Return the value of a number flag. JS: Flagship.getNumberValue."""
        value: float = await self._ask("getNumberValue", flag_key, default_value, context)
        return value

    async def get_object_value(
        self, flag_key: str, default_value: T, context: FlagshipEvaluationContext | None = None
    ) -> T:
        """Return the value of a JSON flag.

        Type checkers assume the type of ``default_value``; nothing checks it at run time.
        JS: Flagship.getObjectValue.
        """
        value: T = await self._ask("getObjectValue", flag_key, default_value, context)
        return value

    async def get_value(
        self, flag_key: str, default_value: T, context: FlagshipEvaluationContext | None = None
    ) -> T:
        """Return the value of a flag that has the type of ``default_value``.

        JS: Flagship.getValue.
        """
        value: T = await self._ask("getValue", flag_key, default_value, context)
        return value

    async def get_boolean_details(
        self, flag_key: str, default_value: bool, context: FlagshipEvaluationContext | None = None
    ) -> FlagshipEvaluationDetails[bool]:
        """Return the value of a boolean flag, with details. JS: Flagship.getBooleanDetails."""
        return _details(await self._ask("getBooleanDetails", flag_key, default_value, context))

    async def get_string_details(
        self, flag_key: str, default_value: str, context: FlagshipEvaluationContext | None = None
    ) -> FlagshipEvaluationDetails[str]:
        """Return the value of a string flag, with details. JS: Flagship.getStringDetails."""
        return _details(await self._ask("getStringDetails", flag_key, default_value, context))

    async def get_number_details(
        self, flag_key: str, default_value: float, context: FlagshipEvaluationContext | None = None
    ) -> FlagshipEvaluationDetails[float]:
        """Return the value of a number flag, with details. JS: Flagship.getNumberDetails."""
        return _details(await self._ask("getNumberDetails", flag_key, default_value, context))

    async def get_object_details(
        self, flag_key: str, default_value: T, context: FlagshipEvaluationContext | None = None
    ) -> FlagshipEvaluationDetails[T]:
        """Return the value of a JSON flag, with details. JS: Flagship.getObjectDetails."""
        return _details(await self._ask("getObjectDetails", flag_key, default_value, context))

    async def get_details(
        self, flag_key: str, default_value: T, context: FlagshipEvaluationContext | None = None
    ) -> FlagshipEvaluationDetails[T]:
        """Return the value of a flag that has the type of ``default_value``, with details.

        JS: Flagship.getDetails.
        """
        return _details(await self._ask("getDetails", flag_key, default_value, context))

    async def _ask(self, name: str, key: str, default: Any, context: Any) -> Any:
        args = [text(key, "flag_key"), to_js(convert(default, "default_value", JSON))]
        if context is not None:
            if not isinstance(context, Mapping):
                raise expected("context", "a dict", context)
            args.append(to_js(convert({**context}, "context", JSON)))
        with _raising:
            return from_js(await method(self._js, name, *args))


def _details(details: dict[str, Any]) -> FlagshipEvaluationDetails[Any]:
    names = ("variant", "reason", "errorCode", "errorMessage")
    return FlagshipEvaluationDetails(details["flagKey"], details["value"], *map(details.get, names))
