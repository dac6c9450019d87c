"""What Vectorize refuses, and how it filters; ``_vectorize`` says what of it was seen where."""

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, cast

from ..._border import dumps
from ..._cpython.js_exception import JsException

__all__ = [
    "check_id",
    "check_ids",
    "check_keys",
    "cut",
    "failed",
    "leaves",
    "nested",
    "query_vector",
    "tests_of",
    "type_of",
]

MAX_ID = MAX_INDEXED = 64
MAX_FILTER, MAX_FILTER_KEY = 2048, 512

Vector: TypeAlias = "array[float]"
Test: TypeAlias = Callable[[Any], bool]


# Filters


def leaves(metadata: dict[str, Any], path: str = "") -> Iterable[tuple[str, Any]]:
    """The values that are no objects, by their paths."""
    for name, value in metadata.items():
        if isinstance(value, dict):
            yield from leaves(cast("dict[str, Any]", value), f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def cut(value: Any) -> Any:
    """As much of a text as a metadata index holds."""
    if isinstance(value, str):
        return value.encode()[:MAX_INDEXED].decode(errors="ignore")
    return value


def type_of(value: Any) -> str | None:
    return _TYPES.get(cast("type[Any]", type(value)))


_TYPES: dict[type[Any], str] = {str: "string", bool: "boolean", int: "number", float: "number"}


def nested(indexed: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for path, value in indexed.items():
        *parents, name = path.split(".")
        place = made
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    return made


def tests_of(conditions: Mapping[str, Any] | None) -> dict[str, Test]:
    """Of each property that a filter names what its value must pass."""
    if conditions is None:
        return {}
    if not conditions or len(dumps(conditions).encode()) >= MAX_FILTER:
        raise failed("VECTOR_QUERY", f"filter must be a non-empty object below {MAX_FILTER} bytes")
    return {path: _test(path, condition) for path, condition in conditions.items()}


def _test(path: str, condition: Any) -> Test:
    if len(path) > MAX_FILTER_KEY or any(_is_bad(key) for key in path.split(".")):
        raise failed("VECTOR_QUERY", f"invalid filter key {path!r}")
    parts = cast("dict[str, Any]", condition if isinstance(condition, dict) else {"$eq": condition})
    names = set(parts)
    ranged = names <= _LOWER | _UPPER and len(names & _LOWER) < 2 and len(names & _UPPER) < 2
    if not (names <= {*_OPERATORS} and (len(names) == 1 or (names and ranged))):
        listed = ", ".join(sorted(names))
        raise failed("VECTOR_QUERY", f"invalid filter operators for {path}: {listed}")
    tests: list[Test] = []
    for name, value in parts.items():
        compare, allowed = _OPERATORS[name]
        if not allowed(value):
            raise failed("VECTOR_QUERY", f"invalid filter value for {path}: {name}")
        tests.append(_bound(compare, value))
    return lambda value: all(test(value) for test in tests)


def _bound(compare: Callable[[Any, Any], bool], other: Any) -> Test:
    wanted = [*map(_key, cast(Any, other))] if isinstance(other, list) else _key(other)
    return lambda value: compare(_key(value), wanted)


def _key(value: Any) -> tuple[str | None, Any]:
    """A value that compares as JavaScript's do: true is not 1."""
    return type_of(value), cut(value)


def _is_value(value: Any) -> bool:
    return value is None or type_of(value) is not None


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_value, cast(Any, value)))


def _is_ordered(value: Any) -> bool:
    return type_of(value) in ("string", "number")


def _ranged(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, other: value[0] == other[0] and compare(value[1], other[1])


_OPERATORS: dict[str, tuple[Callable[[Any, Any], bool], Callable[[Any], bool]]] = {
    "$eq": (operator.eq, _is_value),
    "$ne": (operator.ne, _is_value),
    "$in": (lambda value, other: value in other, _is_list),
    "$nin": (lambda value, other: value not in other, _is_list),
    "$lt": (_ranged(operator.lt), _is_ordered),
    "$lte": (_ranged(operator.le), _is_ordered),
    "$gt": (_ranged(operator.gt), _is_ordered),
    "$gte": (_ranged(operator.ge), _is_ordered),
}
"""What each compares, and which values it takes."""
_LOWER, _UPPER = {"$gt", "$gte"}, {"$lt", "$lte"}


# Checks


def failed(operation: str, reason: str, code: int | None = None) -> JsException:
    number = "" if code is None else f" (code = {code})"
    message = f"{operation}_ERROR{number}: {reason}"
    return JsException("Error", message, JsException("Error", reason))


def query_vector(vector: Any) -> Vector:
    values = array("f", vector)
    if not all(map(math.isfinite, values)):
        reason = "Failed to parse the request body as JSON: vector: expected value"
        raise failed("VECTOR_QUERY", reason, 40026)
    return values


def check_id(operation: str, id: str) -> None:
    if (size := len(id.encode())) > MAX_ID:
        reason = f"id too long; max is {MAX_ID} bytes, got {size} bytes"
        raise failed(operation, reason, 40008)


def check_ids(operation: str, ids: list[str], most: int) -> None:
    if len(ids) > most:
        reason = f"too many ids in payload; max id count is {most}, got {len(ids)}"
        raise failed(operation, reason, 40007)
    for id in ids:
        check_id(operation, id)


def check_keys(operation: str, id: str, metadata: Any) -> None:
    entries = cast("dict[str, Any]", metadata if isinstance(metadata, dict) else {})
    for key, value in entries.items():
        if _is_bad(key) or "." in key:
            raise failed(operation, f'invalid metadata key {key!r} for vector id="{id}"', 40018)
        check_keys(operation, id, value)


def _is_bad(key: str) -> bool:
    return not key or '"' in key or key.startswith("$")
