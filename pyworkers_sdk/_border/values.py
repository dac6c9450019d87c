"""What a Python value becomes before it crosses, said once for both borders.

A *rule set* is a dict from a type to the function that makes its values ready: ``JSON`` for
everything that ends as JSON text, ``SQL`` for a bound D1 parameter, and each border's own ``CLONE``
for structured clone. A type that is in none of them is looked up by what it is (an Enum, a
dataclass, a pydantic model, …), and otherwise refused with the path to the value.
"""

from __future__ import annotations

import array as arrays
import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timezone
from enum import Enum
from itertools import accumulate
from math import isfinite
from typing import Any, SupportsFloat, TypeVar, cast

from ..errors import ConversionError

T = TypeVar("T")

Rule = Callable[[Any, "Walk"], Any]
Rules = dict["type[Any]", Rule]

MAX_SAFE_INTEGER = 2**53 - 1


class Refused(Exception):
    """Inside a walk: the reason, and the path below the value that was given."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.path = ""

    def below(self, step: str) -> Refused:
        self.path = step + self.path
        return self


class Walk:
    """One conversion under way: its rules, and the containers that it has been through."""

    __slots__ = ("cyclic", "done", "open", "rules")

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.open: set[int] = set()
        self.done: dict[int, Any] = {}
        self.cyclic = False

    def __call__(self, value: Any) -> Any:
        kind = cast("type[Any]", type(value))
        rule = self.rules.get(kind) or _rule_for(kind, self.rules)
        return rule(value, self)


def convert(value: Any, name: str, rules: Rules) -> Any:
    """``value`` made ready by ``rules``; ConversionError names its place, ``name[2].price``."""
    return walked(value, name, Walk(rules))


def convert_each(values: Iterable[Any], name: str, rules: Rules) -> list[Any]:
    """Each of ``values`` made ready; ConversionError names its place, ``name[2]``."""
    walk = Walk(rules)
    made: list[Any] = []
    try:
        for value in values:
            made.append(walk(value))
    except Refused as refused:
        raise ConversionError(f"{name}[{len(made)}]{refused.path}: {refused.reason}") from None
    return made


def walked(value: Any, name: str, walk: Walk) -> Any:
    """The same with a walk of one's own, to ask it afterwards whether there was a cycle."""
    try:
        return walk(value)
    except Refused as refused:
        raise ConversionError(f"{name}{refused.path}: {refused.reason}") from None
    except RecursionError:
        raise ConversionError(f"{name}: the value is nested too deeply") from None


def dumps(value: Any, name: str = "value") -> str:
    """JSON text of ``value``, compact; what JSON cannot say is a ConversionError with its path."""
    plain = convert(value, name, JSON)
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def loads(text: str, hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """The value of JSON text; ValueError for what JavaScript's JSON.parse refuses too.

    ``hook`` makes of each object what is to stand in its place.
    """
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    return json.loads(text, parse_constant=_not_json, object_hook=hook)


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


MAX_DEPTH = 1000
"""Levels of JSON. Some thousands overflow Pyodide's stack, which is no RecursionError there but
the end of the whole isolate, and no client of a Worker should be able to bring that about."""

_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(set(range(256)) - _STEPS.keys())


def _depth(text: str) -> int:
    """How deep JSON text nests, from its brackets outside strings."""
    unescaped = text.replace("\\\\", "").replace('\\"', "").encode(errors="replace")
    brackets = b"".join(unescaped.split(b'"')[::2]).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def in_order(made: dict[str, Any]) -> dict[str, Any]:
    """The same dict with its keys as an object has them: array indices first, ascending."""
    if indices := sorted(filter(is_index, made), key=int):
        for key in [*indices, *(key for key in made if not is_index(key))]:
            made[key] = made.pop(key)
    return made


def is_index(key: str) -> bool:
    """Whether JavaScript takes a key for an array index."""
    return re.fullmatch("0|[1-9][0-9]{0,9}", key) is not None and int(key) < 2**32 - 1


def result_of(function: Any) -> str:
    """What an error calls that which a function gives."""
    name = getattr(function, "__name__", None)
    return "the result" if name is None else f"the result of {name}()"


def expected(place: str, wanted: str, value: object, hint: str = "") -> ConversionError:
    """Return the error "place: expected wanted, got the type of value; hint"."""
    got = "None" if value is None else type(value).__name__
    return ConversionError(f"{place}: expected {wanted}, got {got}{hint and '; '}{hint}")


def text(value: Any, name: str) -> str:
    """``value`` if it is text that can cross, else a ConversionError that names it."""
    if not isinstance(value, str):
        raise ConversionError(f"{name}: expected str, got {type(value).__name__}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ConversionError(f"{name}: {_SURROGATE}") from None
    return value


def count(value: Any, name: str) -> Any:
    """``value`` if it is a number that can cross, or None, else a ConversionError that names it."""
    if value is None or isinstance(value, float):
        return value
    if not isinstance(value, int):
        raise ConversionError(f"{name}: expected int, got {type(value).__name__}")
    return convert(value, name, JSON)  # a larger one would arrive as a BigInt


def floats(value: Any, name: str) -> arrays.array[float]:
    """An array of 32-bit floats, of anything that has numbers one by one."""
    if isinstance(value, (bytes, bytearray)):  # whose numbers may be floats, or none
        kind = type(value).__name__
        raise ConversionError(f"{name}: expected numbers, got {kind}; make an array of them first")
    try:
        return arrays.array("f", value)
    except (TypeError, ValueError, NotImplementedError):
        raise ConversionError(f"{name}: expected numbers, got {_kind_of_numbers(value)}") from None


def _kind_of_numbers(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, (list, tuple)):
        for at, one in enumerate(cast("list[Any]", value)):
            if not isinstance(one, SupportsFloat):
                return f"{kind} with {type(one).__name__} at [{at}]"
    return kind


# Leaves. Each gets (value, walk) and returns the value that crosses.

_SURROGATE = "the text has a lone surrogate, which UTF-8 and JavaScript cannot carry"


def same(value: Any, walk: Walk) -> Any:
    return value


def safe_text(value: str, walk: Walk) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Refused(_SURROGATE) from None
    return value


def safe_int(value: int, walk: Walk) -> int:
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return value
    raise Refused("the integer is outside ±(2**53 - 1), which a JavaScript number cannot hold")


def number(value: int, walk: Walk | None) -> int | float:
    """Pyodide makes a BigInt of ±(2**53 - 1) already; as a float it stays a Number."""
    return float(value) if abs(value) == MAX_SAFE_INTEGER else value


def safe_number(value: int, walk: Walk) -> int | float:
    return number(safe_int(value, walk), walk)


def finite(value: float, walk: Walk) -> float:
    if isfinite(value):
        return value
    raise Refused(f"{value} is neither JSON nor SQL")


def iso_datetime(value: datetime, walk: Walk) -> str:
    return utc(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(value: datetime) -> datetime:
    """An aware UTC datetime in whole milliseconds; a naive one is taken as UTC."""
    if value.tzinfo is None:
        value = value.replace(tzinfo=timezone.utc)
    value = value.astimezone(timezone.utc)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def iso_date(value: date, walk: Walk) -> str:
    return value.isoformat()


def as_bytes(value: Any, walk: Walk) -> bytes:
    return bytes(value)


# Containers. A step of the path is added only when something below was refused.


def array(value: Any, walk: Walk) -> list[Any]:
    made: list[Any] = []
    return _entered(value, walk, made, _fill_list)


def object_(value: Any, walk: Walk) -> dict[str, Any]:
    made: dict[str, Any] = {}
    return _entered(value, walk, made, _fill_dict)


def set_(value: Any, walk: Walk) -> set[Any]:
    try:
        return {walk(item) for item in value}
    except Refused as refused:
        raise refused.below("{}") from None


def _entered(value: Any, walk: Walk, made: T, fill: Callable[[Any, T, Walk], None]) -> T:
    """``made``, filled from ``value``; or what was made of it before, or a refusal of a cycle."""
    key = id(value)
    keeps = KEEPS_CYCLES in walk.rules
    if key in walk.open:
        if not keeps:
            raise Refused("the value contains itself, which JSON cannot say")
        walk.cyclic = True
    if key in walk.done:
        return cast(T, walk.done[key])
    if keeps:
        walk.done[key] = made
    walk.open.add(key)
    fill(value, made, walk)
    walk.open.remove(key)
    return made


def _fill_list(value: Any, made: list[Any], walk: Walk) -> None:
    for item in value:
        try:
            made.append(walk(item))
        except Refused as refused:
            raise refused.below(f"[{len(made)}]") from None


def _fill_dict(value: Any, made: dict[str, Any], walk: Walk) -> None:
    for key, item in value.items():
        if not isinstance(key, str):
            raise Refused(f"the key {key!r} is not a str")
        try:
            made[safe_text(str(key), walk)] = walk(item)
        except Refused as refused:
            raise refused.below(f".{key}" if key.isidentifier() else f"[{key!r}]") from None


class KEEPS_CYCLES:
    """As a key of a rule set: the target can hold a cycle, as structured clone does."""


# Types that no table names.


def _rule_for(kind: type[Any], rules: Rules) -> Rule:
    """The rule for a type by what it is; found once per conversion, so it may look around."""
    if BY_REFERENCE in rules and hasattr(kind, "__passed_by_reference__"):
        return rules[BY_REFERENCE]
    if issubclass(kind, Enum):
        return lambda value, walk: walk(value.value)
    if hasattr(kind, "js_object"):
        return rules.get(LIVE) or (array if Sequence in kind.__mro__ else _refuse)
    if Sequence in kind.__mro__:  # the rows of D1's result, or of a cursor
        return array
    if hasattr(kind, "__dataclass_fields__"):
        names: list[str] = list(kind.__dataclass_fields__)
        return lambda value, walk: object_({name: getattr(value, name) for name in names}, walk)
    if hasattr(kind, "model_dump"):
        return lambda value, walk: walk(value.model_dump(mode="json"))
    if (kind.__module__, kind.__name__) in _TEXT:
        return lambda value, walk: str(value)
    if kind.__module__ == "numpy" and hasattr(kind, "item") and not hasattr(kind, "__len__"):
        return lambda value, walk: walk(value.item())
    for base in kind.__mro__[1:-1]:
        if base in rules:
            return rules[base]
    if "__call__" in dir(kind) and not issubclass(kind, type):
        return rules.get(BY_REFERENCE, _refuse)
    return _refuse


class BY_REFERENCE:
    """As a key of a rule set: what becomes of a function, or of an object with methods to call."""


_TEXT = {("decimal", "Decimal"), ("uuid", "UUID")}


class LIVE:
    """As a key of a rule set: what becomes of our objects over a live JavaScript object."""


def _refuse(value: Any, walk: Walk) -> Any:
    kind = type(value).__name__
    article = "an" if kind[0] in "AEIOaeio" else "a"
    raise Refused(f"{article} {kind} cannot cross to JavaScript here")


def refuse(reason: str) -> Rule:
    def rule(value: Any, walk: Walk) -> Any:
        raise Refused(reason)

    return rule


_SCALARS: Rules = {
    type(None): same,
    bool: same,
    int: safe_int,
    float: finite,
    str: safe_text,
    datetime: iso_datetime,
    date: iso_date,
}

_NO_BYTES = refuse("bytes are not JSON; encode them as text first")
_NO_SET = refuse("a set is not JSON; make it a list first")

JSON: Rules = {
    **_SCALARS,
    list: array,
    tuple: array,
    dict: object_,
    bytes: _NO_BYTES,
    bytearray: _NO_BYTES,
    memoryview: _NO_BYTES,
    set: _NO_SET,
    frozenset: _NO_SET,
}

_NO_NESTING = refuse("SQL stores text, numbers, bytes and None; use json.dumps for the rest")

SQL: Rules = {
    **_SCALARS,
    int: safe_number,
    bytes: same,
    bytearray: as_bytes,
    memoryview: as_bytes,
    list: _NO_NESTING,
    tuple: _NO_NESTING,
    dict: _NO_NESTING,
    set: _NO_NESTING,
    frozenset: _NO_NESTING,
}

# Structured clone, but for the leaves that each border makes in its own way (None, bytes,
# datetime, live objects). An integer beyond ±(2**53 - 1) crosses as a BigInt here alone.
CLONE: Rules = {
    KEEPS_CYCLES: same,
    bool: same,
    int: number,
    float: same,
    str: safe_text,
    date: iso_date,
    list: array,
    tuple: array,
    dict: object_,
    set: set_,
    frozenset: set_,
}
