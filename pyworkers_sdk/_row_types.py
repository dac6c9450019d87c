"""Row types: a TypedDict, a dataclass, or any class with ``model_validate``.

A loader is built once per type. It checks whole columns by the set of types that occur in them, so
a row type that needs no coercion costs next to nothing. Only a column that holds other types is
coerced value by value. A value that does not fit its annotation is a RowError.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timezone
from enum import Enum
from functools import cache
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from ._border import loads
from .errors import RowError

T = TypeVar("T")

_verify: Callable[[type, list[Any]], None] | None = None


def install_verifier(verify: Callable[[type, list[Any]], None]) -> None:
    """Call ``verify`` for all rows of a TypedDict or a dataclass, as unit tests do."""
    global _verify
    _verify = verify


def rows(row_type: type[T], js_rows: list[Any], types: dict[str, set[type]]) -> list[T]:
    """Load the rows of a SQL result; the dicts in ``js_rows`` are changed in place.

    Args:
        row_type: The type of a row; ``dict`` leaves the rows as they are, but for BLOBs.
        js_rows: One dict per row. A BLOB may be a list of byte values.
        types: The types that occur in each column.
    """
    for name, column_types in types.items():
        if not _BLOBS.isdisjoint(column_types):
            types[name] = column_types - _BLOBS | {bytes}
            for row in js_rows:
                if type(row[name]) in _BLOBS:
                    row[name] = bytes(row[name])
    if row_type is dict or get_origin(row_type) is dict:
        return js_rows
    return _record(row_type).rows(js_rows, types)


def row(row_type: type[T], value: dict[str, Any]) -> T:
    """Load a single row of a SQL result; the dict is changed in place."""
    for name, cell in value.items():
        if type(cell) in _BLOBS:
            value[name] = bytes(cell)
    loaded: list[Any] = [value]
    if row_type is not dict and get_origin(row_type) is not dict:
        types: dict[str, set[type]] = {name: {type(cell)} for name, cell in value.items()}
        loaded = _record(row_type).rows(loaded, types)
    only: T = loaded[0]
    return only


def parse(source: str, row_type: Any, where: str) -> Any:
    """Parse JSON text, and load it as ``row_type`` unless that is None.

    Python parses it, not JavaScript: so integers stay exact, and floats stay floats.
    """
    try:
        value = loads(source)
    except ValueError as exc:
        raise RowError(f"{where} is not JSON: {exc}", js_name="SyntaxError") from None
    return value if row_type is None else load(row_type, value, where)


def load(row_type: type[T], value: object, where: str) -> T:
    """Load a JSON value as ``row_type``, nested to any depth.

    Raises:
        RowError: The value does not fit. The message begins with ``where`` and the path to it.
    """
    try:
        loaded: T = _cell(row_type).load(value)
    except Mismatch as mismatch:
        place = f": {mismatch.path.removeprefix('.')}" if mismatch.path else ""
        raise RowError(f"{where}{place}: {mismatch}") from None
    return loaded


def _is(value: Any, type_: type) -> bool:
    """Return whether the value has exactly that type.

    A function, because type checkers would narrow ``value`` to a list or dict of unknown items.
    """
    return type(value) is type_


# The two forms of a BLOB: a list of byte values from D1, a memoryview of an ArrayBuffer from a
# Durable Object's SQL.
_BLOBS = {list, memoryview}


class Mismatch(Exception):
    """A value that does not fit, inside a load: the reason, and the path to the value."""

    path = ""

    def below(self, step: str) -> Mismatch:
        """Add the step by which an outer container reached the value."""
        self.path = step + self.path
        return self


class Cell:
    """The loader of one annotation.

    Values of the types in ``accepts`` pass unchanged; ``convert`` coerces or refuses all others.
    """

    __slots__ = ("accepts", "convert", "name")

    def __init__(
        self, name: str, accepts: Iterable[type], convert: Callable[[Any], Any] | None = None
    ) -> None:
        self.name = name
        self.accepts = frozenset(accepts)
        self.convert = convert or self.refuse

    def load(self, value: Any) -> Any:
        return value if type(value) in self.accepts else self.convert(value)

    def refuse(self, value: Any) -> Any:
        raise Mismatch(f"expected {self.name}, got {type(value).__name__}")


class Record:
    """The loader of one row type.

    ``checked`` rows are verified again in unit tests; a class with ``model_validate`` checks its
    rows itself.
    """

    def __init__(self, row_type: Any) -> None:
        self.type = row_type
        self.name = getattr(row_type, "__name__", "")
        self.make: Callable[[dict[str, Any]], Any] | None = None
        self.checked = True
        self.cells: dict[str, Cell] = {}
        self.required: set[str] = set()
        if is_typeddict(row_type):
            self.cells = _cells(row_type)
            self.required = _required(row_type)
        elif hasattr(row_type, "model_validate"):
            self.checked = False
            self.make = self._model
        elif hasattr(row_type, "__dataclass_fields__"):
            self.cells = _cells(row_type)
            fields = [f for f in row_type.__dataclass_fields__.values() if f.init]
            # A dataclass exists, so its module is loaded; importing it here would slow the start
            # of Workers without dataclasses.
            missing = sys.modules["dataclasses"].MISSING
            self.required = {
                f.name for f in fields if f.default is missing and f.default_factory is missing
            }
            known = {f.name for f in fields}
            self.make = lambda row: row_type(**{k: row[k] for k in row if k in known})
        else:
            raise TypeError(
                f"{row_type!r} is not a row type; "
                "expected a TypedDict, a dataclass, a class with model_validate, or dict"
            )

    def rows(self, rows: list[Any], types: dict[str, set[type]]) -> list[Any]:
        """Load all rows of a result, whose columns hold values of these types."""
        if not rows:
            return []
        if not self.required.issubset(types):
            missing = ", ".join(sorted(map(repr, self.required.difference(types))))
            raise RowError(f"{self.name}: the result has no column {missing}")
        for name, column_types in types.items():
            cell = self.cells.get(name)
            if cell is not None and not cell.accepts.issuperset(column_types):
                self._load_column(cell, name, rows)
        if self.make is not None:
            try:
                rows = [self.make(row) for row in rows]
            except Mismatch as mismatch:
                raise RowError(f"{self.name}: {mismatch}") from None
        if _verify is not None and self.checked:
            _verify(self.type, rows)
        return rows

    def _load_column(self, cell: Cell, name: str, rows: list[Any]) -> None:
        for index, row in enumerate(rows):
            try:
                row[name] = cell.load(row[name])
            except Mismatch as mismatch:
                # The place and the types, but never the value: logs must not show users' data.
                where = f"column {name!r} of row {index}{mismatch.path}"
                raise RowError(f"{self.name}: {where}: {mismatch}") from None

    def load(self, value: Any) -> Any:
        """Load one row from a JSON object."""
        if not _is(value, dict):
            raise Mismatch(f"expected an object for {self.name}, got {type(value).__name__}")
        if not self.required.issubset(value):
            missing = ", ".join(sorted(map(repr, self.required.difference(value))))
            raise Mismatch(f"missing key {missing} (required by {self.name})")
        row: dict[str, Any] = dict(value)
        for name, cell in self.cells.items():
            if name in row:
                try:
                    row[name] = cell.load(row[name])
                except Mismatch as mismatch:
                    raise mismatch.below(f".{name}") from None
        return row if self.make is None else self.make(row)

    def _model(self, row: dict[str, Any]) -> Any:
        try:
            return self.type.model_validate(row)
        except ValueError as exc:
            errors = getattr(exc, "errors", None)
            if errors is None:
                raise
            reasons = (
                f"{'.'.join(map(str, error['loc'])) or 'the row'}: {error['msg']}"
                for error in errors(include_input=False, include_url=False)
            )
            raise Mismatch("; ".join(reasons)) from None


def _required(row_type: Any) -> set[str]:
    """Return the keys that a TypedDict requires.

    ``__required_keys__`` is wrong under deferred annotations: ``NotRequired`` is text then.
    """
    required = set(row_type.__required_keys__)
    for name, hint in get_type_hints(row_type, include_extras=True).items():
        if get_origin(hint) is NotRequired:
            required.discard(name)
        elif get_origin(hint) is Required:
            required.add(name)
    return required


def _cells(row_type: Any) -> dict[str, Cell]:
    hints = get_type_hints(row_type)
    return {name: _cell(hint) for name, hint in hints.items()}


_record: Callable[[Any], Record] = cache(Record)


def _make_cell(hint: Any) -> Cell:
    """Return the loader of an annotation, by its kind: scalar, special form, alias or class."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin = get_origin(hint)
    form = _FORMS.get(hint if hint in (list, dict) else origin)
    if form is not None:
        return form(get_args(hint))
    for attribute in ("__supertype__", "__value__"):  # NewType("X", …), type X = …
        if hasattr(hint, attribute):
            return _cell(getattr(hint, attribute))
    if origin is None and not isinstance(hint, type):
        return _ANY  # an annotation that nothing can be checked against, such as a TypeVar
    return _class_cell(origin or hint)


def _class_cell(class_: Any) -> Cell:
    """Return the loader of a class: parsed from text, a nested row, or an instance of it."""
    if issubclass(class_, Enum):
        return _parsed(class_, (str, int, float, bytes))
    if (class_.__module__, class_.__name__) in _FROM_TEXT:
        return _parsed(class_, (str, int))
    if is_typeddict(class_) or any(hasattr(class_, mark) for mark in _RECORDS):
        record = _record(class_)
        return Cell(record.name, (), record.load)
    return _instance(class_)


_cell: Callable[[Any], Cell] = cache(_make_cell)

_RECORDS = ("model_validate", "__dataclass_fields__")
# By name, so that a Worker without them does not import their modules.
_FROM_TEXT = {("decimal", "Decimal"), ("uuid", "UUID")}


class _Any(Cell):
    """Passes every value unchanged."""

    def load(self, value: Any) -> Any:
        return value


class _Everything(frozenset[type]):
    """The set of all types, so that a column of Any is never coerced value by value."""

    def issuperset(self, other: Iterable[Any]) -> bool:
        return True


_ANY = _Any("Any", ())
_ANY.accepts = _Everything()


def _union(cells: list[Cell]) -> Cell:
    def convert(value: Any) -> Any:
        for cell in cells:
            try:
                return cell.load(value)
            except Mismatch:
                pass
        return union.refuse(value)

    if _ANY in cells:
        return _ANY
    union = Cell(
        " | ".join(cell.name for cell in cells),
        {type_ for cell in cells for type_ in cell.accepts},
        convert,
    )
    return union


def _literal(values: tuple[Any, ...]) -> Cell:
    def convert(value: Any) -> Any:
        for allowed in values:
            # True == 1 in Python, but a Literal[1] is not True. SQL has no booleans, so 1 is True.
            if allowed == value and (type(allowed) is type(value) or type(allowed) is bool):
                return allowed
        raise Mismatch(f"expected one of {values!r}")

    return Cell(f"one of {values!r}", (), convert)


def _list(item_cell: Cell) -> Cell:
    def convert(value: Any) -> Any:
        if not _is(value, list):
            return list_cell.refuse(value)
        loaded: list[Any] = []
        try:
            for item in value:
                loaded.append(item_cell.load(item))
        except Mismatch as mismatch:
            raise mismatch.below(f"[{len(loaded)}]") from None
        return loaded

    list_cell = Cell("list", (), convert)
    return list_cell


def _dict(item_cell: Cell) -> Cell:
    def convert(value: Any) -> Any:
        if not _is(value, dict):
            return dict_cell.refuse(value)
        loaded: dict[str, Any] = {}
        for key, item in value.items():
            try:
                loaded[key] = item_cell.load(item)
            except Mismatch as mismatch:
                raise mismatch.below(f"[{key!r}]") from None
        return loaded

    dict_cell = Cell("dict", (), convert)
    return dict_cell


def _parsed(class_: Any, source_types: tuple[type, ...]) -> Cell:
    def convert(value: Any) -> Any:
        if type(value) is class_:
            return value
        if type(value) in source_types:
            try:
                return class_(value)
            except (ValueError, ArithmeticError):
                type_name = type(value).__name__
                raise Mismatch(f"expected {cell.name}, got an invalid {type_name}") from None
        return cell.refuse(value)

    cell = Cell(class_.__name__, (), convert)
    return cell


def _instance(class_: Any) -> Cell:
    def convert(value: Any) -> Any:
        return value if isinstance(value, class_) else cell.refuse(value)

    cell = Cell(class_.__name__, (), convert)
    return cell


def _to_int(value: Any) -> Any:
    # Pyodide converts a JavaScript number of 2**53 or more to a float, even an integral one.
    if type(value) is float and value.is_integer():
        return int(value)
    return _SCALARS[int].refuse(value)


def _to_float(value: Any) -> Any:
    return float(value) if type(value) is int else _SCALARS[float].refuse(value)


def _to_bool(value: Any) -> Any:
    if type(value) is int and value in (0, 1):
        return value == 1
    return _SCALARS[bool].refuse(value)


def _to_datetime(value: Any) -> Any:
    if type(value) is str:
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            raise Mismatch("expected datetime in ISO 8601, got an invalid str") from None
        # SQL's CURRENT_TIMESTAMP is UTC and has no offset.
        return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return _SCALARS[datetime].refuse(value)


def _to_date(value: Any) -> Any:
    if type(value) is str:
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise Mismatch("expected date in ISO 8601, got an invalid str") from None
    return _SCALARS[date].refuse(value)


_SCALARS: dict[Any, Cell] = {
    Any: _ANY,
    object: _ANY,
    None: Cell("None", (type(None),)),
    type(None): Cell("None", (type(None),)),
    str: Cell("str", (str,)),
    int: Cell("int", (int,), _to_int),
    float: Cell("float", (float,), _to_float),
    bool: Cell("bool", (bool,), _to_bool),
    bytes: Cell("bytes", (bytes,)),
    datetime: Cell("datetime", (datetime,), _to_datetime),
    date: Cell("date", (date,), _to_date),
}

# The special forms of typing, by the origin of the annotation, each from its arguments.
_FORMS: dict[Any, Callable[[tuple[Any, ...]], Cell]] = {
    Annotated: lambda args: _cell(args[0]),
    Union: lambda args: _union([_cell(arg) for arg in args]),
    types.UnionType: lambda args: _union([_cell(arg) for arg in args]),
    Literal: _literal,
    list: lambda args: _list(_cell(args[0]) if args else _ANY),
    Sequence: lambda args: _list(_cell(args[0]) if args else _ANY),
    dict: lambda args: _dict(_cell(args[1]) if args else _ANY),
    Mapping: lambda args: _dict(_cell(args[1]) if args else _ANY),
}
