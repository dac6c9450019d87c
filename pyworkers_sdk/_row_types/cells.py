"""Cells: the loaders of single values, and of the containers of JSON.

A cell loads the values of one annotation. A value that does not fit raises Mismatch, with the path
to it and never with the value itself: logs must not show users' data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, TypeAlias

from .._border import loads

__all__ = [
    "ANY",
    "SCALARS",
    "Cell",
    "DictCell",
    "ItemsCell",
    "Later",
    "Mismatch",
    "TupleCell",
    "UnionCell",
    "class_of",
    "column",
    "decimal",
    "enum",
    "invalid",
    "key_of",
    "literal",
    "parsed",
    "type_name",
    "union",
]

Convert: TypeAlias = Callable[[Any], Any]


class Mismatch(Exception):
    """A value that does not fit, inside a load: the reason, and the path to the value."""

    path = ""
    inside = False
    """True if the value has the right outer shape, so the reason lies inside the value."""
    keyed = False
    """True if the reason names a key of the value, as reasons of pydantic do."""
    cause: Exception | None = None
    """The exception of the row type's own code."""

    def below(self, step: str) -> Mismatch:
        """Add the step by which an outer container reached the value."""
        self.path = step + self.path
        self.inside = True
        return self


class_of: Callable[[Any], type[Any]] = type
"""``type(value)``, by which type checkers do not narrow the value."""


def type_name(value: object) -> str:
    """Return the name of a value's type, for "got …"; that of None is "None"."""
    return "None" if value is None else type(value).__name__


class Cell:
    """The loader of one annotation.

    Values of the types in ``accepts`` pass unchanged; ``convert`` coerces or refuses all others.
    """

    __slots__ = ("accepts", "convert", "makes", "name", "structured")

    accepts: frozenset[type]
    convert: Convert
    name: str
    """The annotation in messages: "expected int | None"."""
    structured: bool
    """True if a column of SQL holds such values as JSON text."""
    makes: Any
    """The type of container that the cell makes; a union prefers it for a value of that type."""

    def __init__(
        self,
        name: str,
        accepts: Iterable[type] = (),
        convert: Convert | None = None,
        *,
        structured: bool = False,
    ) -> None:
        self.name = name
        self.accepts = frozenset(accepts)
        self.convert = convert or self.refuse
        self.structured = structured
        self.makes = None

    def load(self, value: Any) -> Any:
        """Return the value as the annotation wants it, or raise Mismatch."""
        return value if type(value) in self.accepts else self.convert(value)

    def refuse(self, value: Any) -> Any:
        raise Mismatch(f"expected {self.name}, got {type_name(value)}")

    def fit(self, value: Any, loaded: Any) -> int:
        """Return how many keys of the object ``value`` the annotation knows."""
        return 0


class Later(Cell):
    """A cell in place of an unfinished cell: a recursive type refers to itself."""

    __slots__ = ("_cell",)

    def __init__(self, name: str) -> None:
        super().__init__(name, structured=True)

    def become(self, cell: Cell) -> None:
        """Load as ``cell`` does from now on."""
        self._cell = cell
        self.name, self.structured = cell.name, cell.structured
        self.accepts, self.convert, self.makes = cell.accepts, cell.convert, cell.makes

    def fit(self, value: Any, loaded: Any) -> int:
        return self._cell.fit(value, loaded)


class _Everything(frozenset[type]):
    """The set of all types, so that a column of Any is never coerced value by value."""

    def __contains__(self, other: object) -> bool:
        return True

    def issuperset(self, other: Iterable[Any]) -> bool:
        return True


ANY = Cell("Any")
"""Passes every value unchanged."""
ANY.accepts = _Everything()


def column(cell: Cell) -> Cell:
    """Return the cell for a column of SQL: a list, an object, … is JSON text there."""
    if not cell.structured:
        return cell

    def convert(value: Any) -> Any:
        if type(value) is not str:
            return cell.convert(value)
        try:
            return cell.convert(value)  # a member of a union may be text, such as a datetime
        except Mismatch as mismatch:
            reason = mismatch
        try:
            parsed_value = loads(value)
        except ValueError:
            if str(reason).endswith(", got str"):
                reason = Mismatch(f"expected {cell.name} as JSON text, got other text")
            raise reason from None
        return cell.load(parsed_value)

    return Cell(cell.name, cell.accepts, convert, structured=True)


# Scalars


def parsed(class_: Any, source_types: tuple[type, ...]) -> Cell:
    """Return the cell of a class that is made of one value, such as an Enum, UUID or Decimal."""

    def convert(value: Any) -> Any:
        if isinstance(value, class_):
            return value
        if type(value) not in source_types:
            return cell.refuse(value)
        try:
            return class_(value)
        except Exception:  # also any exception of an Enum's own _missing_
            raise invalid(cell.name, value) from None

    cell = Cell(class_.__name__, (), convert)
    return cell


def invalid(name: str, value: Any) -> Mismatch:
    return Mismatch(f"expected {name}, got an invalid {type_name(value)}")


def enum(class_: Any) -> Cell:
    """Return the cell of an Enum: a member, from its value."""
    sources: set[type] = {type(member.value) for member in class_}
    if sources & {bool, float}:
        sources.add(int)  # SQL has no booleans, and JavaScript has no other 1.0 than 1
    if any("_missing_" in vars(base) for base in class_.__mro__ if base.__module__ != "enum"):
        sources |= {str, int}
    if any(base.__name__ == "Flag" and base.__module__ == "enum" for base in class_.__mro__):
        sources.add(int)
    return parsed(class_, tuple(sources))


def decimal(class_: Any) -> Cell:
    """Return the cell of Decimal: a finite number, from text or an int."""

    def convert(value: Any) -> Any:
        if not isinstance(value, class_):
            value = of_text.convert(value)
        if not value.is_finite():
            raise Mismatch("expected a finite Decimal, got another")
        return value

    of_text = parsed(class_, (str, int))
    return Cell("Decimal", (), convert)


def _to_int(value: Any) -> Any:
    # Pyodide converts a JavaScript number of 2**53 or more to a float, even an integral one.
    if type(value) is float and value.is_integer() and abs(value) <= 2**63:
        return int(value)
    return SCALARS[int].refuse(value)


def _to_float(value: Any) -> Any:
    if type(value) is not int:
        return SCALARS[float].refuse(value)
    try:
        return float(value)
    except OverflowError:
        raise Mismatch("expected float, got an int beyond its range") from None


def _to_bool(value: Any) -> Any:
    if type(value) is int and value in (0, 1):
        return value == 1
    return SCALARS[bool].refuse(value)


def _iso(class_: Any, value: Any) -> Any:
    if type(value) is not str:
        return SCALARS[class_].refuse(value)
    try:
        # Without the forms 20260102 and 2026-W01-1: as a time, the former is 20:26:01.02.
        if value[2:3] == ":" if class_ is time else value[4:5] == value[7:8] == "-":
            return class_.fromisoformat(value)
    except ValueError:
        pass
    name = class_.__name__
    raise Mismatch(f"expected {name} in ISO 8601, got an invalid str")


def _to_datetime(value: Any) -> Any:
    moment = _iso(datetime, value)
    # SQL's CURRENT_TIMESTAMP is UTC and has no offset.
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _to_date(value: Any) -> Any:
    return _iso(date, value)


def _to_time(value: Any) -> Any:
    return _iso(time, value)


# As pydantic writes a timedelta, and as JavaScript's Temporal.Duration does without years.
_DURATION = re.compile(
    r"([-+]?)P(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)


def _to_timedelta(value: Any) -> Any:
    try:
        if type(value) is int or type(value) is float:
            return timedelta(seconds=value)
        if type(value) is str and value[-1:] != "P" and (match := _DURATION.fullmatch(value)):
            units = ("weeks", "days", "hours", "minutes", "seconds")
            parts = {unit: float(text or 0) for unit, text in zip(units, match.groups()[1:])}
            return timedelta(**parts) * (-1 if match[1] == "-" else 1)
    except (OverflowError, ValueError):
        pass
    if type(value) in (int, float, str):
        raise Mismatch(
            "expected timedelta in seconds or as ISO 8601 (PT1H30M), "
            f"got an invalid {type_name(value)}"
        )
    return SCALARS[timedelta].refuse(value)


_NONE = Cell("None", (type(None),))

SCALARS: dict[Any, Cell] = {
    Any: ANY,
    object: ANY,
    None: _NONE,
    type(None): _NONE,
    str: Cell("str", (str,)),
    int: Cell("int", (int,), _to_int),
    float: Cell("float", (float,), _to_float),
    bool: Cell("bool", (bool,), _to_bool),
    bytes: Cell("bytes", (bytes,)),
    datetime: Cell("datetime", (datetime,), _to_datetime),
    date: Cell("date", (date,), _to_date),
    time: Cell("time", (time,), _to_time),
    timedelta: Cell("timedelta", (timedelta,), _to_timedelta),
}
"""The cells of the types that have no parts."""


def literal(choices: tuple[tuple[Any, Cell | None], ...]) -> Cell:
    """Return the cell of a Literal: its values, each with the cell of its Enum if it has one."""
    values = tuple(value for value, _ in choices)

    def convert(value: Any) -> Any:
        for allowed, enum in choices:
            if enum is not None:
                if value is allowed or _loads_as(enum, value, allowed):
                    return allowed
            # True == 1 in Python, but a Literal[1] is not True. SQL has no booleans, so 1 is True.
            elif allowed == value and (
                type(allowed) is type(value) or (type(allowed) is bool and type(value) is int)
            ):
                return allowed
        same_type = any(type(value) is type(allowed) for allowed in values)
        raise Mismatch(f"expected {cell.name}, got {'another ' * same_type}{type_name(value)}")

    cell = Cell(f"one of {values!r}", (), convert)
    return cell


def _loads_as(enum: Cell, value: Any, allowed: Any) -> bool:
    try:
        return enum.load(value) is allowed
    except Mismatch:
        return False


# Containers


class ItemsCell(Cell):
    """A list, set or frozenset of items of one type.

    Args:
        name: The name of the container.
        item: The cell of the items.
        make: Makes the container of a list; None for a list.
        sources: The types that are loaded.
    """

    __slots__ = ("_item", "_make", "_sources")

    def __init__(
        self, name: str, item: Cell, make: Convert | None, sources: tuple[type, ...]
    ) -> None:
        super().__init__(name, (), self._load, structured=True)
        self._item = item
        self._make = make
        self.makes = make or list
        self._sources = sources

    def _load(self, value: Any) -> Any:
        if type(value) not in self._sources:
            return self.refuse(value)
        loaded: list[Any] = []
        item_cell = self._item
        accepts, convert = item_cell.accepts, item_cell.convert
        try:
            for item in value:
                loaded.append(item if type(item) in accepts else convert(item))
        except Mismatch as mismatch:
            raise mismatch.below(f"[{len(loaded)}]") from None
        if self._make is None:
            return loaded
        try:
            return self._make(loaded)
        except Exception:  # an item has no hash, or its own __hash__ or __eq__ failed
            raise Mismatch(f"expected items that can be in a {self.name}, got others") from None


class TupleCell(Cell):
    """A tuple of a fixed length, from a list."""

    __slots__ = ("_items",)

    def __init__(self, items: list[Cell]) -> None:
        super().__init__("tuple", (), self._load, structured=True)
        self._items = items

    def _load(self, value: Any) -> Any:
        if type(value) not in (list, tuple):
            return self.refuse(value)
        if len(value) != len(self._items):
            raise Mismatch(f"expected {len(self._items)} items, got {len(value)}")
        loaded: list[Any] = []
        try:
            for cell, item in zip(self._items, value):
                loaded.append(cell.load(item))
        except Mismatch as mismatch:
            raise mismatch.below(f"[{len(loaded)}]") from None
        return tuple(loaded)


class DictCell(Cell):
    """A dict with keys and values of one type each."""

    __slots__ = ("item", "key")

    def __init__(self, key: Cell, item: Cell) -> None:
        super().__init__("dict", (), self._load, structured=True)
        self.key = key
        self.item = item

    def _load(self, value: Any) -> Any:
        if class_of(value) is not dict:
            return self.refuse(value)
        loaded: dict[Any, Any] = {}
        keys, items = self.key, self.item
        for key, item in value.items():
            try:
                if type(key) not in keys.accepts:
                    key = keys.convert(key)
                loaded[key] = item if type(item) in items.accepts else items.convert(item)
            except Mismatch as mismatch:
                raise mismatch.below(f"[{key!r}]") from None
            except RecursionError:
                raise
            except Exception:  # the key has no hash, or its own __hash__ failed
                raise Mismatch("expected keys that can be in a dict, got others") from None
        return loaded


_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", re.ASCII)


def key_of(cell: Cell) -> Cell:
    """Return the cell for the keys of an object: JSON has text there, also for an int."""

    def convert(key: Any) -> Any:
        try:
            return cell.load(key)
        except Mismatch:
            match = _NUMBER.fullmatch(key) if type(key) is str else None
            if match is None:
                raise
        try:
            return cell.load(float(key) if match[1] or match[2] else int(key))
        except ValueError:  # too many digits
            raise invalid(cell.name, key) from None

    return cell if str in cell.accepts else Cell(cell.name, cell.accepts, convert)


# Unions


class UnionCell(Cell):
    """A union.

    A value that has exactly the type of a member passes unchanged. An int is a float before it is
    anything else. Other values are loaded as the first member that they fit. For an object it is
    the member that knows most of its keys. Any is the last member, wherever it stands.
    """

    __slots__ = ("_is_any", "_of_containers", "members")

    def __init__(self, members: list[Cell], is_any: bool) -> None:
        super().__init__(
            " | ".join(cell.name for cell in members),
            {type_ for cell in members for type_ in cell.accepts},
            self._load,
            structured=any(cell.structured for cell in members),
        )
        self.members = members
        self._is_any = is_any
        self._of_containers = sum(cell.makes is not None for cell in members) > 1

    def _load(self, value: Any) -> Any:
        if type(value) is int and float in self.accepts and abs(value) <= _LARGEST_FLOAT:
            return float(value)
        inside: list[Mismatch] = []
        best: tuple[int, Any] | None = None
        is_object = type(value) is dict
        members = self.members
        if self._of_containers:
            members = sorted(members, key=lambda cell: cell.makes is not type(value))
        for cell in members:
            try:
                loaded = cell.load(value)
            except Mismatch as mismatch:
                if mismatch.inside:
                    inside.append(mismatch)
                continue
            if not is_object:
                return loaded
            fit = cell.fit(value, loaded)
            if best is None or fit > best[0]:
                best = fit, loaded
        if best is not None:
            return best[1]
        if self._is_any:
            return value
        if len(inside) == 1:  # only one member has this shape: its reason is the useful one
            raise inside[0]
        return self.refuse(value)


_LARGEST_FLOAT = 10**308


def union(members: list[Cell]) -> Cell:
    """Return the cell of a union."""
    others = [member for member in members if member is not ANY]
    return UnionCell(others, len(others) < len(members)) if others else ANY
