"""``Flagship``: feature flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar

from ._border import JsWrapper, binding, from_js, raising, text, to_js
from ._border.rpc import method
from ._border.values import JSON, convert
from .errors import ConversionError, WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["Flagship", "FlagshipEvaluationContext", "FlagshipEvaluationDetails"]

T = TypeVar("T")

_raising = raising(WorkersError)

FlagshipEvaluationContext: TypeAlias = Mapping[str, Any]
"""What the rules of a flag look at, as JSON: ``{"userId": "user-42", "plan": "pro"}``."""


class FlagshipEvaluationDetails(NamedTuple, Generic[T]):
    """A flag's value, and how it came to be. JS: FlagshipEvaluationDetails."""

    flag_key: str
    value: T
    variant: str | None
    reason: str | None
    """ "TARGETING_MATCH", "SPLIT", "DEFAULT", "DISABLED", "CACHED" or "ERROR"."""
    error_code: str | None
    """ "FLAG_NOT_FOUND", "TYPE_MISMATCH", "INVALID_CONTEXT", "PARSE_ERROR" or "GENERAL"."""
    error_message: str | None


class Flagship(JsWrapper["_js.Flagship"]):
    """The flags of an app: ``FLAGS: Flagship`` in an Env.

    Every method gives its default where there is no such flag, where it is of another type, and
    where the service fails; the ``details`` say which. WorkersError where the binding itself fails.
    No local runtime has it: what is said of the service is its documentation's, and was not seen.

    JS: Flagship.
    """

    __slots__ = ()

    def __init__(self, flags: _js.Flagship) -> None:
        self._js = binding(flags, "Flagship", "getBooleanValue")

    async def get_boolean_value(
        self, flag_key: str, default_value: bool, context: FlagshipEvaluationContext | None = None
    ) -> bool:
        """JS: Flagship.getBooleanValue."""
        value: bool = await self._ask("getBooleanValue", flag_key, default_value, context)
        return value

    async def get_string_value(
        self, flag_key: str, default_value: str, context: FlagshipEvaluationContext | None = None
    ) -> str:
        """JS: Flagship.getStringValue."""
        value: str = await self._ask("getStringValue", flag_key, default_value, context)
        return value

    async def get_number_value(
        self, flag_key: str, default_value: float, context: FlagshipEvaluationContext | None = None
    ) -> float:
        """JS: Flagship.getNumberValue."""
        value: float = await self._ask("getNumberValue", flag_key, default_value, context)
        return value

    async def get_object_value(
        self, flag_key: str, default_value: T, context: FlagshipEvaluationContext | None = None
    ) -> T:
        """JSON, of the default's type as far as type checkers know. JS: Flagship.getObjectValue."""
        value: T = await self._ask("getObjectValue", flag_key, default_value, context)
        return value

    async def get_value(
        self, flag_key: str, default_value: T, context: FlagshipEvaluationContext | None = None
    ) -> T:
        """Of the default's type, whichever that is. JS: Flagship.getValue."""
        value: T = await self._ask("getValue", flag_key, default_value, context)
        return value

    async def get_boolean_details(
        self, flag_key: str, default_value: bool, context: FlagshipEvaluationContext | None = None
    ) -> FlagshipEvaluationDetails[bool]:
        """JS: Flagship.getBooleanDetails."""
        return _details(await self._ask("getBooleanDetails", flag_key, default_value, context))

    async def get_string_details(
        self, flag_key: str, default_value: str, context: FlagshipEvaluationContext | None = None
    ) -> FlagshipEvaluationDetails[str]:
        """JS: Flagship.getStringDetails."""
        return _details(await self._ask("getStringDetails", flag_key, default_value, context))

    async def get_number_details(
        self, flag_key: str, default_value: float, context: FlagshipEvaluationContext | None = None
    ) -> FlagshipEvaluationDetails[float]:
        """JS: Flagship.getNumberDetails."""
        return _details(await self._ask("getNumberDetails", flag_key, default_value, context))

    async def get_object_details(
        self, flag_key: str, default_value: T, context: FlagshipEvaluationContext | None = None
    ) -> FlagshipEvaluationDetails[T]:
        """JS: Flagship.getObjectDetails."""
        return _details(await self._ask("getObjectDetails", flag_key, default_value, context))

    async def get_details(
        self, flag_key: str, default_value: T, context: FlagshipEvaluationContext | None = None
    ) -> FlagshipEvaluationDetails[T]:
        """JS: Flagship.getDetails."""
        return _details(await self._ask("getDetails", flag_key, default_value, context))

    async def _ask(self, name: str, key: str, default: Any, context: Any) -> Any:
        args = [text(key, "flag_key"), to_js(convert(default, "default_value", JSON))]
        if context is not None:
            if not isinstance(context, Mapping):
                raise ConversionError(f"context: expected a dict, got {type(context).__name__}")
            args.append(to_js(convert({**context}, "context", JSON)))
        with _raising:
            return from_js(await method(self._js, name, *args))


def _details(found: dict[str, Any]) -> FlagshipEvaluationDetails[Any]:
    names = ("variant", "reason", "errorCode", "errorMessage")
    return FlagshipEvaluationDetails(found["flagKey"], found["value"], *map(found.get, names))
