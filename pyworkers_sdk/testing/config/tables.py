"""Read the tables of a configuration into typed objects, and collect their faults.

A ``Table`` class declares its keys by annotation, as in ``schema``. Only the classes of tables that
a file has are looked at, so a small file is read in a few milliseconds. A validation library would
take longer to import than the rest of the work takes.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from datetime import date, time
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from .jsonc import Place

__all__ = ["Alias", "Fault", "Faults", "Nullable", "Rule", "Table", "keys_of", "read"]

T = TypeVar("T")
TableT = TypeVar("TableT", bound="Table")


class Fault(NamedTuple):
    """A value that does not fit."""

    place: Place
    message: str
    table: type[Table] | None = None
    """The table, if the fault is an unknown key of it."""


class Faults(list[Fault]):
    """The faults of a file, in its order."""

    MOST: ClassVar[int] = 20

    def add(self, place: Place, message: str) -> None:
        self.append(Fault(place, message))


class Table:
    """A table (TOML) or object (JSON). An unknown key in it is an error."""

    is_open: ClassVar[bool] = False
    """True if unknown keys are taken, as attributes."""
    given: frozenset[str]
    """The keys that the file has."""

    def __init__(self, values: dict[str, Any], given: frozenset[str] = frozenset()) -> None:
        vars(self).update(values)
        self.given = given

    def check(self) -> Iterator[tuple[str, str]]:
        """Yield the faults of keys that do not go together: a key, and a message."""
        return iter(())


class Rule:
    """A condition that a value has to meet, beside its type. It is written into ``Annotated``."""

    def __init__(self, expected: str, holds: Callable[[Any], bool]) -> None:
        self.expected = expected
        self.holds = holds


class Alias(str):
    """The key of a field in the file, written into ``Annotated``: ``from`` for ``from_``."""


class _Nullable:
    """Marks a key that may be null: null is the same as absent."""


Nullable = Annotated[T, _Nullable]

Check = Callable[[Any, Place, Faults], Any]
"""Return the value of a key, or add a fault."""


def read(table: type[TableT], data: Any, faults: Faults) -> TableT:
    """Return the table that ``data`` has, and add its faults to ``faults``."""
    result: TableT = _read_table(table, data, (), faults)
    return result


def keys_of(table: type[Table]) -> list[str]:
    """Return the keys that a table may have."""
    return list(_fields(table))


class _Field(NamedTuple):
    name: str
    check: Check
    required: bool
    nullable: bool


_MISSING: Any = object()


_known: dict[type[Table], dict[str, _Field]] = {}


def _fields(table: type[Table]) -> dict[str, _Field]:
    """Return the fields of a table by their keys in the file."""
    if table not in _known:
        _known[table] = _declared(table)
    return _known[table]


def _declared(table: type[Table]) -> dict[str, _Field]:
    fields: dict[str, _Field] = {}
    for name, annotation in get_type_hints(table, include_extras=True).items():
        if get_origin(annotation) is ClassVar or name == "given":
            continue
        marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
        key = next((mark for mark in marks if isinstance(mark, Alias)), name)
        required = getattr(table, name, _MISSING) is _MISSING
        fields[str(key)] = _Field(name, _check(annotation), required, _Nullable in marks)
    return fields


def _read_table(table: type[Table], data: Any, place: Place, faults: Faults) -> Any:
    if not isinstance(data, dict):
        faults.add(place, f"expected {_TABLE}, got {shown_type(data)}")
        return None
    fields = _fields(table)
    values: dict[str, Any] = {}
    faultless = len(faults)
    for key, field in fields.items():
        if key in data and not (field.nullable and data[key] is None):
            values[field.name] = field.check(data[key], (*place, key), faults)
        elif field.required:
            faults.add((*place, key), "missing")
    for key in cast("dict[str, Any]", data):
        if key in fields:
            continue
        if table.is_open:
            values[key] = data[key]
        else:
            faults.append(Fault((*place, key), "unknown key", table))
    result = table(values, frozenset(values))
    if len(faults) == faultless:
        for key, message in result.check():
            faults.add((*place, key) if key else place, message)
    return result


# Checks of annotations ---------------------------------------------------------------------------

_TABLE = "an object"


class _Kind(NamedTuple):
    """A check, with the JSON types that it takes."""

    name: str
    takes: Callable[[Any], bool]
    check: Check


def _check(annotation: Any) -> Check:
    """Return the check of an annotation."""
    kinds = _kinds(annotation)
    if len(kinds) == 1:
        return kinds[0].check

    def check(value: Any, place: Place, faults: Faults) -> Any:
        for kind in kinds:
            if kind.takes(value):
                return kind.check(value, place, faults)
        names = " or ".join(kind.name for kind in kinds)
        return faults.add(place, f"expected {names}, got {shown_type(value)}")

    return check


def _kinds(annotation: Any) -> list[_Kind]:
    """Return the members of an annotation. None is left out: it is the default, not a value."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return [kind for member in args if member is not type(None) for kind in _kinds(member)]
    if origin is Annotated:
        rules = [mark for mark in args[1:] if isinstance(mark, Rule)]
        kinds = _kinds(args[0])
        return (
            [kind._replace(check=_ruled(kind.check, rules)) for kind in kinds] if rules else kinds
        )
    if origin is Literal:
        return [_literal(args)]
    if origin is list:
        return [_Kind("a list", _is_list, _list(_check(args[0])))]
    if origin is dict:
        return [_Kind(_TABLE, _is_table, _dict(_check(args[1])))]
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return [_table(annotation)]
    return [_SIMPLE[annotation]]


def _simple(name: str, takes: Callable[[Any], bool]) -> _Kind:
    def check(value: Any, place: Place, faults: Faults) -> Any:
        if takes(value):
            return value
        return faults.add(place, f"expected {name}, got {shown_type(value)}")

    return _Kind(name, takes, check)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


_SIMPLE: dict[Any, _Kind] = {
    Any: _simple("any value", lambda _: True),
    str: _simple("a string", lambda value: isinstance(value, str)),
    bool: _simple("true or false", lambda value: isinstance(value, bool)),
    int: _simple("an integer", lambda value: type(value) is int),
    float: _simple("a number", lambda value: type(value) in (int, float)),
}


def _table(table: type[Table]) -> _Kind:
    def check(value: Any, place: Place, faults: Faults) -> Any:
        return _read_table(table, value, place, faults)

    return _Kind(_TABLE, _is_table, check)


def _literal(choices: tuple[Any, ...]) -> _Kind:
    *first, last = (f'"{each}"' if isinstance(each, str) else str(each) for each in choices)
    name = f"{', '.join(first)} or {last}" if first else last

    def check(value: Any, place: Place, faults: Faults) -> Any:
        if value in choices and type(value) in kinds:
            return value
        return faults.add(place, f"expected {name}, got {shown(value)}")

    kinds: set[type[Any]] = {type(each) for each in choices}

    def takes(value: Any) -> bool:
        return type(value) in kinds

    return _Kind(name, takes, check)


def _list(item: Check) -> Check:
    def check(value: Any, place: Place, faults: Faults) -> Any:
        if not isinstance(value, list):
            return faults.add(place, f"expected a list, got {shown_type(value)}")
        items = cast("list[Any]", value)
        return [item(each, (*place, index), faults) for index, each in enumerate(items)]

    return check


def _dict(item: Check) -> Check:
    def check(value: Any, place: Place, faults: Faults) -> Any:
        if not isinstance(value, dict):
            return faults.add(place, f"expected {_TABLE}, got {shown_type(value)}")
        items = cast("dict[str, Any]", value)
        return {key: item(each, (*place, key), faults) for key, each in items.items()}

    return check


def _ruled(check: Check, rules: list[Rule]) -> Check:
    def ruled(value: Any, place: Place, faults: Faults) -> Any:
        faultless = len(faults)
        result = check(value, place, faults)
        if len(faults) == faultless:
            for rule in rules:
                if not rule.holds(value):
                    faults.add(place, f"expected {rule.expected}, got {shown(value)}")
        return result

    return ruled


# Values in messages ------------------------------------------------------------------------------


def shown_type(value: Any) -> str:
    """Return the type of a value as a message cites it. The value may be a secret."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (date, time)):
        return "a date or time; use a string"
    kind = cast("type[Any]", type(value))
    return _NAMES.get(kind, kind.__name__)


_NAMES: dict[type[Any], str] = {
    str: "a string",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: _TABLE,
}


def shown(value: Any) -> str:
    """Return a value as a message cites it: a short name or number, or else its type."""
    if isinstance(value, str):
        return repr(value) if len(value) <= 80 else f"{value[:80]!r}…"
    return str(value) if type(value) in (int, float) else shown_type(value)
