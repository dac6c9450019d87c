"""Limits, error messages and filters of the fake Vectorize.

The docstring of the module ``vectorize`` explains how far they were verified.
"""

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
    "check_top_k",
    "coded",
    "failed",
    "indexed_part",
    "leaves",
    "nested",
    "query_vector",
    "tests_of",
    "type_of",
]

# From https://developers.cloudflare.com/vectorize/platform/limits/; sizes are in bytes.
MAX_DIMENSIONS = 1536
MAX_ID = MAX_NAMESPACE = 64
MAX_METADATA = 10 * 1024
MAX_BATCH = 1000
MAX_GET, MAX_DELETE = 20, 100
MAX_TOP_K, MAX_TOP_K_WHOLE, MAX_TOP_K_V1 = 100, 50, 20
MAX_NAMESPACES = 50_000
MAX_METADATA_INDEXES = 10
MAX_INDEXED = 64  # of a text in a metadata index
MAX_FILTER, MAX_FILTER_KEY = 2048, 512
TOP_K = 5

# Quotes of the service, by its error codes, as users report them. The contract checks hold the fake
# and the stand-in of the service (tests/real/stand_ins/vectorize.mjs) to the same words.
MESSAGES = {
    40006: "invalid query vector, expected {wanted} dimensions, and got {got} dimensions",
    40007: "too many ids in payload; max id count is {most}, got {got}",
    40008: "id too long; max is {most} bytes, got {got} bytes",
    40012: 'invalid vector for id="{id}", expected {wanted} dimensions, and got {got} dimensions',
    40016: 'oversized metadata for vector id="{id}"; the compact JSON representation of the'
    " metadata must not exceed {most} bytes, got {got} bytes",
    40018: 'invalid metadata key {key!r} for vector id="{id}"',
    40023: "failed to parse {change} vectors request in json format",
    40025: "max top K is {most}, but got {got}",
    40026: "Failed to parse the request body as JSON: {field}: expected value",
}
# Code 40025 for a query that returns values or all metadata.
TOP_K_WHOLE = (
    "with returnValues=true or returnMetadata=all, max top K is {most}, but got {got}; for a top K"
    " up to {most_ids}, retry with returnValues=false and returnMetadata=indexed"
)

Vector: TypeAlias = "array[float]"
Test: TypeAlias = Callable[[Any], bool]


def failed(operation: str, reason: str, code: int | None = None) -> JsException:
    """Return the error that the runtime's client raises; its cause is the service's error."""
    number = "" if code is None else f" (code = {code})"
    message = f"{operation}_ERROR{number}: {reason}"
    return JsException("Error", message, JsException("Error", reason))


def coded(operation: str, code: int, **values: object) -> JsException:
    """Return the error with this code and its message."""
    return failed(operation, MESSAGES[code].format(**values), code)


# Metadata ----------------------------------------------------------------------------------------


def leaves(metadata: dict[str, Any], path: str = "") -> Iterable[tuple[str, Any]]:
    """Yield each value that is not an object, with its path: ``("place.city", "Oslo")``."""
    for name, value in metadata.items():
        if isinstance(value, dict):
            yield from leaves(cast("dict[str, Any]", value), f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def nested(indexed: dict[str, Any]) -> dict[str, Any]:
    """Return the object whose ``leaves`` these are."""
    metadata: dict[str, Any] = {}
    for path, value in indexed.items():
        *parents, name = path.split(".")
        parent = metadata
        for parent_name in parents:
            parent = parent.setdefault(parent_name, {})
        parent[name] = value
    return metadata


def indexed_part(value: Any) -> Any:
    """Return the part of a value that a metadata index holds: only the first bytes of a text.

    A character that does not fit whole is left out (contract check test_indexed_metadata_is_cut).
    """
    if isinstance(value, str):
        return value.encode()[:MAX_INDEXED].decode(errors="ignore")
    return value


def type_of(value: Any) -> str | None:
    """Return the type of a metadata index that holds this value; None if none does."""
    return _TYPES.get(cast("type[Any]", type(value)))


_TYPES: dict[type[Any], str] = {str: "string", bool: "boolean", int: "number", float: "number"}


# Filters -----------------------------------------------------------------------------------------


def tests_of(conditions: Mapping[str, Any] | None) -> dict[str, Test]:
    """Return, for each property that a filter names, the test that its value must pass."""
    if conditions is None:
        return {}
    if not conditions or len(dumps(conditions).encode()) >= MAX_FILTER:
        raise failed("VECTOR_QUERY", f"filter must be a non-empty object below {MAX_FILTER} bytes")
    return {path: _test(path, condition) for path, condition in conditions.items()}


def _test(path: str, condition: Any) -> Test:
    if len(path) > MAX_FILTER_KEY or any(_is_bad(key) for key in path.split(".")):
        raise failed("VECTOR_QUERY", f"invalid filter key {path!r}")
    # A plain value is short for {"$eq": value}.
    operators = cast(
        "dict[str, Any]", condition if isinstance(condition, dict) else {"$eq": condition}
    )
    if not _can_combine(set(operators)):
        listed = ", ".join(sorted(operators))
        raise failed("VECTOR_QUERY", f"invalid filter operators for {path}: {listed}")
    tests: list[Test] = []
    for name, operand in operators.items():
        compare, is_allowed = _OPERATORS[name]
        if not is_allowed(operand):
            raise failed("VECTOR_QUERY", f"invalid filter value for {path}: {name}")
        tests.append(_bound(compare, operand))
    return lambda value: all(test(value) for test in tests)


def _can_combine(names: set[str]) -> bool:
    """Return True for one operator of any kind, or for a lower and an upper bound."""
    if not names <= {*_OPERATORS}:
        return False
    is_range = names <= _LOWER | _UPPER and len(names & _LOWER) < 2 and len(names & _UPPER) < 2
    return len(names) == 1 or (bool(names) and is_range)


def _bound(compare: Callable[[Any, Any], bool], operand: Any) -> Test:
    is_list = isinstance(operand, list)
    key = [*map(_key, cast(Any, operand))] if is_list else _key(operand)
    return lambda value: compare(_key(value), key)


def _key(value: Any) -> tuple[str | None, Any]:
    """Return a value that compares as in JavaScript: true does not equal 1."""
    return type_of(value), indexed_part(value)


def _is_value(value: Any) -> bool:
    return value is None or type_of(value) is not None


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_value, cast(Any, value)))


def _is_ordered(value: Any) -> bool:
    return type_of(value) in ("string", "number")


def _ranged(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    # Values of different types have no order, so no bound matches.
    return lambda value, bound: value[0] == bound[0] and compare(value[1], bound[1])


# The comparison of each operator, and a test of its operand.
_OPERATORS: dict[str, tuple[Callable[[Any, Any], bool], Callable[[Any], bool]]] = {
    "$eq": (operator.eq, _is_value),
    "$ne": (operator.ne, _is_value),
    "$in": (lambda value, operand: value in operand, _is_list),
    "$nin": (lambda value, operand: value not in operand, _is_list),
    "$lt": (_ranged(operator.lt), _is_ordered),
    "$lte": (_ranged(operator.le), _is_ordered),
    "$gt": (_ranged(operator.gt), _is_ordered),
    "$gte": (_ranged(operator.ge), _is_ordered),
}
_LOWER, _UPPER = {"$gt", "$gte"}, {"$lt", "$lte"}


# Checks ------------------------------------------------------------------------------------------


def query_vector(vector: Any) -> Vector:
    """Return a query's vector as 32-bit floats."""
    values = array("f", vector)
    # The client sends JSON: NaN and infinity become null there, so the service cannot parse them.
    if not all(map(math.isfinite, values)):
        raise coded("VECTOR_QUERY", 40026, field="vector")
    return values


def check_id(operation: str, id: str) -> None:
    if (size := len(id.encode())) > MAX_ID:
        raise coded(operation, 40008, most=MAX_ID, got=size)


def check_ids(operation: str, ids: list[str], most: int) -> None:
    if len(ids) > most:
        raise coded(operation, 40007, most=most, got=len(ids))
    for id in ids:
        check_id(operation, id)


def check_keys(operation: str, id: str, metadata: Any) -> None:
    entries = cast("dict[str, Any]", metadata if isinstance(metadata, dict) else {})
    for key, value in entries.items():
        if _is_bad(key) or "." in key:  # a filter's path needs the dot
            raise coded(operation, 40018, key=key, id=id)
        check_keys(operation, id, value)


def _is_bad(key: str) -> bool:
    return not key or '"' in key or key.startswith("$")


def check_top_k(count: int, most: int) -> None:
    if count < 1:
        raise failed("VECTOR_QUERY", f"min top K is 1, but got {count}")
    if count > most and most == MAX_TOP_K_WHOLE:
        reason = TOP_K_WHOLE.format(most=most, got=count, most_ids=MAX_TOP_K)
        raise failed("VECTOR_QUERY", reason, 40025)
    if count > most:
        raise coded("VECTOR_QUERY", 40025, most=most, got=count)
