"""SQL inside a Durable Object: ``ctx.storage.sql``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, overload

from .. import _row_types as _rows
from .._border import JsWrapper, apply, cells, from_js, raising, text
from .._border.values import SQL, convert_each
from ..errors import DurableObjectError

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    from .. import _js

    SqlValue: TypeAlias = (
        str | int | float | bytes | bytearray | memoryview | date | UUID | Decimal | Enum | None
    )

__all__ = ["SqlStorage", "SqlStorageCursor"]

_raising = raising(DurableObjectError)


def _number(value: bool, walk: object) -> int:
    return int(value)


_SQL = SQL.extended({bool: _number})  # true would become the text "true"

Row = TypeVar("Row")


class SqlStorageCursor(JsWrapper[Any], Sequence[Row], Generic[Row]):
    """The rows of one statement, and what it cost.

    All rows are here already, so nothing stays open behind it: a table can be changed while its
    rows are gone through, and they can be gone through twice. ``LIMIT`` what may be large.

    JS: SqlStorageCursor.
    """

    __slots__ = ("_cells", "_rows", "column_names")

    column_names: list[str]
    """The names of the columns, in order. JS: SqlStorageCursor.columnNames."""

    def __init__(self, cursor: _js.SqlStorageCursor, row: type[Row]) -> None:
        self._js = cursor
        names = self.column_names = list(from_js(cursor.columnNames))
        columns = cells(cursor.raw()) if names else []
        self._cells = columns
        kinds = {name: set(map(type, column)) for name, column in zip(names, columns)}
        places = list(enumerate(names))
        made = [{name: cells[at] for at, name in places} for cells in zip(*columns)]
        self._rows: list[Row] = _rows.rows(row, made, kinds)

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
        """Every row, as a list. JS: SqlStorageCursor.toArray."""
        return [*self._rows]

    def one(self) -> Row:
        """The only row; DurableObjectError where there is none, or more than one.

        JS: SqlStorageCursor.one.
        """
        if len(self._rows) != 1:
            found = "multiple" if self._rows else "no"
            raise DurableObjectError(
                f"Expected exactly one result from SQL query, but got {found} results.",
                js_name="Error",
            )
        return self._rows[0]

    def raw(self) -> list[tuple[Any, ...]]:
        """Every row as a tuple, which keeps columns of the same name apart.

        JS: SqlStorageCursor.raw.
        """
        return list(zip(*self._cells))

    @property
    def rows_read(self) -> int:
        """What is billed as read: rows looked at, indices among them.

        JS: SqlStorageCursor.rowsRead.
        """
        return int(self._js.rowsRead)

    @property
    def rows_written(self) -> int:
        """What is billed as written, indices among it. JS: SqlStorageCursor.rowsWritten."""
        return int(self._js.rowsWritten)


class SqlStorage(JsWrapper[Any]):
    """The SQLite database of one object. It answers at once: nothing here is awaited.

    Of a namespace that was made with ``new_sqlite_classes``; DurableObjectError for others.

    JS: SqlStorage.
    """

    __slots__ = ()

    def __init__(self, sql: _js.SqlStorage) -> None:
        self._js = sql

    @overload
    def exec(self, query: str, row: type[Row], /, *bindings: SqlValue) -> SqlStorageCursor[Row]: ...
    @overload
    def exec(self, query: str, /, *bindings: SqlValue) -> SqlStorageCursor[dict[str, Any]]: ...
    def exec(self, query: str, /, *bindings: Any) -> SqlStorageCursor[Any]:
        """Run SQL, with a value for each parameter; its rows.

        ::

            self.ctx.storage.sql.exec("SELECT * FROM users WHERE id > ?", User, 3)

        The row type comes after the SQL, as in ``D1.prepare``: a TypedDict, a dataclass, or any
        class with ``model_validate`` (pydantic); without it a row is a dict with what SQL gave. A
        row that is not of it raises RowError.

        Several statements may stand in ``query``: the values, and the rows, are those of the last.
        What is written together, without an ``await`` between, is stored together.

        Values: text, numbers, bool (1 or 0), bytes, None (NULL); a datetime or date as ISO 8601
        text, a UUID or Decimal as text, an Enum as its value. A number reaches SQL as REAL.
        Anything else, and an integer outside ±(2**53 - 1), is a ConversionError that names
        ``bindings[i]``. What SQL refuses is a DurableObjectError with SQLite's ``code``, or a
        DurableObjectConstraintError. At most 100 parameters, 100 columns, 100 KB of SQL, 2 MB a
        row.

        JS: SqlStorage.exec.
        """
        row: Any = dict
        if bindings and isinstance(bindings[0], type):
            row, *rest = bindings
            bindings = tuple(rest)
        ready = convert_each(bindings, "bindings", _SQL)
        with _raising:
            found = apply(self._js, "exec", [text(query, "query"), *ready])
            return SqlStorageCursor(found, row)

    @property
    def database_size(self) -> int:
        """Bytes. JS: SqlStorage.databaseSize."""
        with _raising:
            return int(self._js.databaseSize)
