"""From a row type to rows: a TypedDict, a dataclass, or any class with ``model_validate``.

A loader is built once per type. It checks whole columns by the set of types that occur in them,
so a row type that needs no coercion costs next to nothing; only a column that holds another type
is gone through value by value. What cannot be what its annotation says is a RowError.
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
    """Check every TypedDict and dataclass row once more by ``verify``, as unit tests do."""
    global _verify
    _verify = verify


def rows(row_type: type[T], made: list[Any], kinds: dict[str, set[type]]) -> list[T]:
    """The rows of a SQL result, changed in place; a BLOB may come as a list of byte values.

    ``kinds``: the types that occur in each column.
    """
    for name, kind in kinds.items():
        if not _BLOBS.isdisjoint(kind):
            kinds[name] = kind - _BLOBS | {bytes}
            for row in made:
                if type(row[name]) in _BLOBS:
                    row[name] = bytes(row[name])
    if row_type is dict or get_origin(row_type) is dict:
        return made
    return _record(row_type).rows(made, kinds)


def row(row_type: type[T], value: dict[str, Any]) -> T:
    """The same for a single row that came as an object."""
    for name, cell in value.items():
        if type(cell) in _BLOBS:
            value[name] = bytes(cell)
    made: list[Any] = [value]
    if row_type is not dict and get_origin(row_type) is not dict:
        kinds: dict[str, set[type]] = {name: {type(cell)} for name, cell in value.items()}
        made = _record(row_type).rows(made, kinds)
    only: T = made[0]
    return only


def parse(source: str, row_type: Any, where: str) -> Any:
    """JSON text as ``row_type``, or as it is with None. Not parsed by JavaScript: integers stay
    exact, and floats floats."""
    try:
        value = loads(source)
    except ValueError as exc:
        raise RowError(f"{where} is not JSON: {exc}", js_name="SyntaxError") from None
    return value if row_type is None else load(row_type, value, where)


def load(row_type: type[T], value: object, where: str) -> T:
    """A JSON value as ``row_type``, nested to any depth; ``where`` begins the error's message."""
    try:
        loaded: T = _cell(row_type).load(value)
    except Mismatch as mismatch:
        place = f": {mismatch.path.removeprefix('.')}" if mismatch.path else ""
        raise RowError(f"{where}{place}: {mismatch}") from None
    return loaded


def _is(value: Any, kind: type) -> bool:
    """Exactly of that type; said apart, as type checkers would forget what is in it."""
    return type(value) is kind


_BLOBS = {list, memoryview}


class Mismatch(Exception):
    """Inside a load: the reason, and the path below the value that was given."""

    path = ""

    def below(self, step: str) -> Mismatch:
        self.path = step + self.path
        return self


class Cell:
    """How one annotation takes a value: ``accepts`` pass as they are, others go to ``convert``."""

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
    """How rows of one type are made from columns."""

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
            self.make = self._validated
        elif hasattr(row_type, "__dataclass_fields__"):
            self.cells = _cells(row_type)
            fields = [f for f in row_type.__dataclass_fields__.values() if f.init]
            missing = sys.modules["dataclasses"].MISSING
            self.required = {
                f.name for f in fields if f.default is missing and f.default_factory is missing
            }
            known = {f.name for f in fields}
            self.make = lambda row: row_type(**{k: row[k] for k in row if k in known})
        else:
            raise TypeError(
                f"{row_type!r} is no row type: "
                "a TypedDict, a dataclass, a class with model_validate, or dict"
            )

    def rows(self, made: list[Any], kinds: dict[str, set[type]]) -> list[Any]:
        if not made:
            return []
        if not self.required.issubset(kinds):
            missing = ", ".join(sorted(map(repr, self.required.difference(kinds))))
            raise RowError(f"{self.name}: the result has no column {missing}")
        for name, kind in kinds.items():
            cell = self.cells.get(name)
            if cell is not None and not cell.accepts.issuperset(kind):
                self._column(cell, name, made)
        if self.make is not None:
            try:
                made = [self.make(row) for row in made]
            except Mismatch as mismatch:
                raise RowError(f"{self.name}: {mismatch}") from None
        if _verify is not None and self.checked:
            _verify(self.type, made)
        return made

    def _column(self, cell: Cell, name: str, made: list[Any]) -> None:
        for at, row in enumerate(made):
            try:
                row[name] = cell.load(row[name])
            except Mismatch as mismatch:
                where = f"column {name!r} of row {at}{mismatch.path}"
                raise RowError(f"{self.name}: {where}: {mismatch}") from None

    def load(self, value: Any) -> Any:
        """One row from a JSON object."""
        if not _is(value, dict):
            raise Mismatch(f"expected an object for {self.name}, got {type(value).__name__}")
        if not self.required.issubset(value):
            missing = ", ".join(sorted(map(repr, self.required.difference(value))))
            raise Mismatch(f"no key {missing}, which {self.name} has")
        made: dict[str, Any] = dict(value)
        for name, cell in self.cells.items():
            if name in made:
                try:
                    made[name] = cell.load(made[name])
                except Mismatch as mismatch:
                    raise mismatch.below(f".{name}") from None
        return made if self.make is None else self.make(made)

    def _validated(self, row: dict[str, Any]) -> Any:
        try:
            return self.type.model_validate(row)
        except ValueError as exc:
            listed = getattr(exc, "errors", None)
            if listed is None:
                raise
            reasons = (
                f"{'.'.join(map(str, error['loc'])) or 'the row'}: {error['msg']}"
                for error in listed(include_input=False, include_url=False)
            )
            raise Mismatch("; ".join(reasons)) from None


def _required(row_type: Any) -> set[str]:
    """The keys that a TypedDict must have; under deferred annotations it does not know itself."""
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
    """The cell of an annotation; one that we do not know passes what is an instance of it."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if origin is Annotated:
        return _cell(args[0])
    if origin in (Union, types.UnionType):
        return _union([_cell(arg) for arg in args])
    if origin is Literal:
        return _literal(args)
    if origin in (list, Sequence) or hint is list:
        return _list(_cell(args[0]) if args else _ANY)
    if origin in (dict, Mapping) or hint is dict:
        return _dict(_cell(args[1]) if args else _ANY)
    if hasattr(hint, "__supertype__"):  # NewType
        return _cell(hint.__supertype__)
    if hasattr(hint, "__value__"):  # type X = …
        return _cell(hint.__value__)
    if not isinstance(hint, type) and origin is None:
        return _ANY
    kind: Any = origin or hint
    if issubclass(kind, Enum):
        return _parsed(kind, (str, int, float, bytes))
    if (kind.__module__, kind.__name__) in _FROM_TEXT:
        return _parsed(kind, (str, int))
    if is_typeddict(kind) or any(hasattr(kind, mark) for mark in _RECORDS):
        record = _record(kind)
        return Cell(record.name, (), record.load)
    return _instance(kind)


_cell: Callable[[Any], Cell] = cache(_make_cell)

_RECORDS = ("model_validate", "__dataclass_fields__")
_FROM_TEXT = {("decimal", "Decimal"), ("uuid", "UUID")}


class _Any(Cell):
    """Takes everything; a column of it is never gone through."""

    def load(self, value: Any) -> Any:
        return value


class _Everything(frozenset[type]):
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
        return made.refuse(value)

    if _ANY in cells:
        return _ANY
    made = Cell(
        " | ".join(cell.name for cell in cells),
        {kind for cell in cells for kind in cell.accepts},
        convert,
    )
    return made


def _literal(values: tuple[Any, ...]) -> Cell:
    def convert(value: Any) -> Any:
        for allowed in values:
            if allowed == value and (type(allowed) is type(value) or type(allowed) is bool):
                return allowed
        raise Mismatch(f"expected one of {values!r}")

    return Cell(f"one of {values!r}", (), convert)


def _list(item: Cell) -> Cell:
    def convert(value: Any) -> Any:
        if not _is(value, list):
            return made.refuse(value)
        loaded: list[Any] = []
        try:
            for each in value:
                loaded.append(item.load(each))
        except Mismatch as mismatch:
            raise mismatch.below(f"[{len(loaded)}]") from None
        return loaded

    made = Cell("list", (), convert)
    return made


def _dict(item: Cell) -> Cell:
    def convert(value: Any) -> Any:
        if not _is(value, dict):
            return made.refuse(value)
        loaded: dict[str, Any] = {}
        for key, each in value.items():
            try:
                loaded[key] = item.load(each)
            except Mismatch as mismatch:
                raise mismatch.below(f"[{key!r}]") from None
        return loaded

    made = Cell("dict", (), convert)
    return made


def _parsed(kind: Any, source: tuple[type, ...]) -> Cell:
    def convert(value: Any) -> Any:
        if type(value) is kind:
            return value
        if type(value) in source:
            try:
                return kind(value)
            except (ValueError, ArithmeticError):
                raise Mismatch(f"the {type(value).__name__} is no {kind.__name__}") from None
        return made.refuse(value)

    made = Cell(kind.__name__, (), convert)
    return made


def _instance(kind: Any) -> Cell:
    def convert(value: Any) -> Any:
        return value if isinstance(value, kind) else made.refuse(value)

    made = Cell(kind.__name__, (), convert)
    return made


def _to_int(value: Any) -> Any:
    if type(value) is float and value.is_integer():  # from 2**53 on JavaScript gives a float
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
            found = datetime.fromisoformat(value)
        except ValueError:
            raise Mismatch("the text is no ISO 8601 datetime") from None
        return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    return _SCALARS[datetime].refuse(value)


def _to_date(value: Any) -> Any:
    if type(value) is str:
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise Mismatch("the text is no ISO 8601 date") from None
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
