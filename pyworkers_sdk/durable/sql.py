"""The SQLite database of a Durable Object: ``ctx.storage.sql``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, overload

from .. import _row_types as _rows
from .._border import JsWrapper, apply, cells, from_js, raising, text
from .._border.values import SQL, convert_each
from ..errors import DurableObjectError

if TYPE_CHECKING:
    from datetime import date, time
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    from .. import _js
    from .._row_types import RowType

__all__ = [
    "SqlStorage",
    "SqlStorageCursor",
    "SqlValue",
]

_raising = raising(DurableObjectError)

_SqlText: TypeAlias = "date | time | UUID | Decimal | Enum"
SqlValue: TypeAlias = "str | int | float | bytes | bytearray | memoryview | _SqlText | None"
"""A value that SQL takes as a parameter; a bool is an int, a datetime a date."""


def _bool_as_number(value: bool, walk: object) -> int:
    return int(value)


# D1 stores true as 1, but sql.exec would store the text "true".
_SQL = SQL.extended({bool: _bool_as_number})

Row = TypeVar("Row")


class SqlStorageCursor(JsWrapper[Any], Sequence[Row], Generic[Row]):
    """The rows of one statement, as a sequence, and their cost.

    All rows are read when the statement runs, so no cursor stays open: you can change a table
    while you iterate over its rows, and iterate over them twice. Add ``LIMIT`` to a query whose
    result may be large.

    JS: SqlStorageCursor.
    """

    __slots__ = ("_columns", "_rows", "column_names")

    column_names: list[str]
    """The names of the columns, in order. JS: SqlStorageCursor.columnNames."""

    def __init__(self, cursor: _js.SqlStorageCursor, row: RowType[Row]) -> None:
        self._js = cursor
        names = self.column_names = list(from_js(cursor.columnNames))
        columns = cells(cursor.raw()) if names else []
        self._columns = columns
        types = {name: set(map(type, column)) for name, column in zip(names, columns)}
        places = list(enumerate(names))
        raw_rows = [{name: values[index] for index, name in places} for values in zip(*columns)]
        self._rows: list[Row] = _rows.rows(row, raw_rows, types)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<SqlStorageCursor of {len(self._rows)} rows>"

    def to_array(self) -> list[Row]:
        """Return all rows as a list. JS: SqlStorageCursor.toArray."""
        return [*self._rows]

    def one(self) -> Row:
        """Return the only row.

        Raises:
            DurableObjectError: The number of rows is not 1.

        JS: SqlStorageCursor.one.
        """
        if len(self._rows) != 1:
            # JavaScript's cursor has been read to its end by now, so its message is repeated here
            # (checked by test_error_message_of_one_equals_javascripts).
            count = "multiple" if self._rows else "no"
            raise DurableObjectError(
                f"Expected exactly one result from SQL query, but got {count} results.",
                js_name="Error",
            )
        return self._rows[0]

    def raw(self) -> list[tuple[Any, ...]]:
        """Return all rows as tuples. Unlike dicts, they keep columns with the same name apart.

        JS: SqlStorageCursor.raw.
        """
        return list(zip(*self._columns))

    @property
    def rows_read(self) -> int:
        """The number of rows read, as billed. It includes rows of indexes.

        JS: SqlStorageCursor.rowsRead.
        """
        return int(self._js.rowsRead)

    @property
    def rows_written(self) -> int:
        """The number of rows written, as billed. It includes rows of indexes.

        JS: SqlStorageCursor.rowsWritten.
        """
        return int(self._js.rowsWritten)


class SqlStorage(JsWrapper[Any]):
    """The SQLite database of one Durable Object. It is synchronous: nothing here is awaited.

    Only objects of a namespace made with ``new_sqlite_classes`` have one; for other objects, using
    it raises DurableObjectError.

    JS: SqlStorage.
    """

    __slots__ = ()

    def __init__(self, sql: _js.SqlStorage) -> None:
        self._js = sql

    @overload
    def exec(
        self, query: str, row: RowType[Row], /, *bindings: SqlValue
    ) -> SqlStorageCursor[Row]: ...
    @overload
    def exec(self, query: str, /, *bindings: SqlValue) -> SqlStorageCursor[dict[str, Any]]: ...
    def exec(self, query: str, /, *bindings: Any) -> SqlStorageCursor[Any]:
        """Run SQL with a value for each parameter, and return the rows.

        ::

            self.ctx.storage.sql.exec("SELECT * FROM users WHERE id > ?", User, 3)

        ``query`` may contain several statements; values and rows belong to the last one.
        Writes without an ``await`` between them are stored together or not at all.

        Args:
            query: At most 100 KB of SQL with at most 100 parameters.
            row: The row type, as in ``D1.prepare``: a TypedDict, a dataclass, a NamedTuple or a
                pydantic model; or the type of the only column, such as ``int``. Without it, a row
                is a dict of SQL's own values.
            bindings: The values. A bool is stored as 1 or 0, a datetime or date as ISO 8601 text, a
                UUID or Decimal as text, an Enum as its value, None as NULL. SQL receives every
                number as REAL. A row has at most 100 columns and 2 MB.

        Raises:
            ConversionError: A value has another type, or an integer lies outside ±(2**53 - 1). The
                message names ``bindings[i]``.
            RowError: A row does not fit the row type.
            RowTypeError: The values of the row type could not be checked.
            DurableObjectConstraintError: A constraint (UNIQUE, NOT NULL, …) failed.
            DurableObjectError: SQLite refused the statement; ``code`` is SQLite's error name.

        JS: SqlStorage.exec.
        """
        row: Any = dict
        if bindings and _rows.is_row_type(bindings[0]):
            row, *rest = bindings
            bindings = tuple(rest)
            _rows.check(row)  # before the statement changes anything
        js_bindings = convert_each(bindings, "bindings", _SQL)
        with _raising:
            cursor = apply(self._js, "exec", [text(query, "query"), *js_bindings])
            return SqlStorageCursor(cursor, row)

    @property
    def database_size(self) -> int:
        """The size of the database in bytes. JS: SqlStorage.databaseSize."""
        with _raising:
            return int(self._js.databaseSize)
