"""Row types: the one loader of rows, JSON and messages as the types that annotations specify.

A loader is built once per annotation (``annotations``). It checks whole columns by the set of types
that occur in them, so a row type that needs no coercion costs next to nothing. Only a column that
holds other types is coerced value by value. Loading ends in a value that fits, or in a RowError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar, get_origin

from .._border import loads
from ..errors import RowError
from .annotations import cell_of, shown
from .cells import ANY, Cell, DictCell, Mismatch, UnionCell, class_of, column
from .records import Record, Validated

__all__ = ["Adapter", "RowType", "is_row_type", "load", "loader_of", "parse", "row", "rows"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Row: TypeAlias = dict[str, Any]


class Adapter(Protocol[T_co]):
    """An object that validates, such as pydantic's ``TypeAdapter``."""

    def validate_python(self, object: Any, /) -> T_co:
        """Return the loaded value."""
        ...


RowType: TypeAlias = type[T] | Adapter[T]
"""A type that values are loaded as, for a parameter's annotation."""


def loader_of(annotation: Any, where: str) -> Callable[[Any], Any]:
    """Return the function that loads a value as ``annotation``.

    Args:
        annotation: The type of the value, as in an annotation.
        where: The place of the value, with which the message of a RowError begins.

    Raises:
        RowTypeError: The annotation, or a part of it, cannot be checked.
    """
    cell = cell_of(annotation)
    return lambda value: _loaded(cell, value, where)


def load(annotation: Any, value: Any, where: str) -> Any:
    """Load a JSON value, or one that crossed, as ``annotation``, nested to any depth.

    Raises:
        RowError: The value does not fit. The message begins with ``where`` and the path to it.
        RowTypeError: The annotation, or a part of it, cannot be checked.
    """
    return _loaded(cell_of(annotation), value, where)


def parse(source: str, annotation: Any, where: str) -> Any:
    """Parse JSON text, and load it as ``annotation`` unless that is None.

    Python parses it, not JavaScript: so integers stay exact, and floats stay floats.
    """
    try:
        value = loads(source)
    except ValueError as exc:
        refused = RowError(f"{where} is not JSON: {exc}", js_name="SyntaxError")
    else:
        return value if annotation is None else load(annotation, value, where)
    raise refused  # here, since the parser's error holds the text, and would be its context


def _loaded(cell: Cell, value: Any, where: str) -> Any:
    try:
        return cell.load(value)
    except Mismatch as mismatch:
        path = mismatch.path.removeprefix(".")
        place = f": {path if len(path) <= _LONGEST_PATH else f'{path[:_LONGEST_PATH]}…'}"
        refused, cause = RowError(f"{where}{place * bool(path)}: {mismatch}"), mismatch.cause
    except RecursionError:
        refused, cause = RowError(f"{where}: the value is nested too deeply for {cell.name}"), None
    # Here, since the errors of a library show the value, and would be the context of this one.
    raise refused from cause


_LONGEST_PATH = 200  # a client chooses the keys and the depth of its JSON

# Rows of SQL


def is_row_type(value: Any) -> bool:
    """Return True for a type, in a place where a value of SQL may be, too."""
    return (
        isinstance(value, type)
        or get_origin(value) is not None
        or hasattr(class_of(value), "validate_python")
        or hasattr(value, "__supertype__")
        or hasattr(value, "__value__")
    )


def check(row_type: Any) -> None:
    """Raise RowTypeError if rows cannot be loaded as ``row_type``."""
    if row_type is not dict:
        cell_of(row_type)


def rows(row_type: Any, js_rows: list[Any], types: dict[str, set[type]]) -> list[Any]:
    """Load the rows of a SQL result; the dicts in ``js_rows`` are changed in place.

    Args:
        row_type: The type of a row; ``dict`` leaves the rows as they are, but for BLOBs. A type
            that is not an object loads the only column.
        js_rows: One dict per row. A BLOB may be a list of byte values.
        types: The types that occur in each column.
    """
    for name, column_types in types.items():
        if not _BLOBS.isdisjoint(column_types):
            types[name] = column_types - _BLOBS | {bytes}
            for row in js_rows:
                if type(row[name]) in _BLOBS:
                    row[name] = bytes(row[name])
    if row_type is dict or not js_rows:
        return js_rows
    try:
        return _rows(cell_of(row_type), js_rows, types)
    except RecursionError:
        raise RowError(f"{shown(row_type)}: a row is nested too deeply") from None


def row(row_type: Any, value: Row) -> Any:
    """Load a single row of a SQL result; the dict is changed in place."""
    return rows(row_type, [value], _types(value))[0]


def _types(value: Row) -> dict[str, set[type]]:
    return {name: {type(cell)} for name, cell in value.items()}


def _rows(cell: Cell, js_rows: list[Row], types: dict[str, set[type]]) -> list[Any]:
    """Load rows by the kind of their type: with named fields, a dict, or the only column."""
    if isinstance(cell, Record):
        return _records(cell, js_rows, types)
    if isinstance(cell, Validated):
        try:
            return [cell.row(row) for row in js_rows]
        except Mismatch as mismatch:
            refused, cause = RowError(f"{cell.name}: {mismatch}"), mismatch.cause
        raise refused from cause
    if isinstance(cell, DictCell):
        if cell.item is not ANY:
            item = column(cell.item)
            _load_columns("dict", dict.fromkeys(types, item), js_rows, types)
        return js_rows if str in cell.key.accepts else [cell.load(row) for row in js_rows]
    if isinstance(cell, UnionCell) and any(isinstance(one, _WITH_FIELDS) for one in cell.members):
        members = [one for one in cell.members if isinstance(one, _WITH_FIELDS)]
        return [_best(cell.name, members, row) for row in js_rows]
    if len(types) != 1:
        raise RowError(
            f"{cell.name}: expected one column, got {len(types)}; "
            "select one, or name a TypedDict as the row type"
        )
    _load_columns(cell.name, dict.fromkeys(types, column(cell)), js_rows, types)
    [name] = types
    return [row[name] for row in js_rows]


_WITH_FIELDS = (Record, Validated, DictCell)


def _records(cell: Record, js_rows: list[Row], types: dict[str, set[type]]) -> list[Any]:
    if not cell.required.issubset(types):
        missing = ", ".join(sorted(map(repr, cell.required.difference(types))))
        raise RowError(f"{cell.name}: the result has no column {missing}")
    cells, extra = cell.columns()
    if extra is not None:
        cells = {name: cells.get(name, extra) for name in types}
    _load_columns(cell.name, cells, js_rows, types)
    try:
        return js_rows if cell.is_dict else [cell.made(row) for row in js_rows]
    except Mismatch as mismatch:
        refused, cause = RowError(f"{cell.name}: {mismatch}"), mismatch.cause
    raise refused from cause


def _load_columns(
    name: str, cells: dict[str, Cell], js_rows: list[Row], types: dict[str, set[type]]
) -> None:
    """Load in place the columns that hold other values than their cells accept."""
    for column_name, column_types in types.items():
        cell = cells.get(column_name)
        if cell is None or cell.accepts.issuperset(column_types):
            continue
        for index, row in enumerate(js_rows):
            try:
                row[column_name] = cell.load(row[column_name])
            except Mismatch as mismatch:
                # The place and the types, but never the value: logs must not show users' data.
                where = f"column {column_name!r} of row {index}{mismatch.path}"
                refused, cause = RowError(f"{name}: {where}: {mismatch}"), mismatch.cause
            else:
                continue
            raise refused from cause


def _best(name: str, members: list[Any], js_row: Row) -> Any:
    """Load a row as the member of a union that knows most of its columns."""
    best: tuple[int, Any] | None = None
    reasons: list[RowError] = []
    for member in members:
        try:
            [loaded] = _rows(member, [{**js_row}], _types(js_row))
        except RowError as reason:
            reasons.append(reason)
        else:
            fit = member.fit(js_row, loaded)
            if best is None or fit > best[0]:
                best = fit, loaded
    if best is not None:
        return best[1]
    if len(reasons) == 1:
        raise reasons[0]
    raise RowError(f"{name}: a row fits none of these types")


# The two forms of a BLOB: a list of byte values from D1, a memoryview of an ArrayBuffer from a
# Durable Object's SQL.
_BLOBS = {list, memoryview}
