"""D1, SQLite at the edge: ``D1``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from . import _row_types as _rows
from ._border import (
    JsWrapper,
    apply,
    binding,
    from_js,
    platform,
    prop,
    raising,
    record,
    text,
    to_js,
)
from ._border.values import SQL, convert_each
from .errors import ConversionError, D1Error

if TYPE_CHECKING:
    from . import _js
    from .durable.sql import SqlValue

__all__ = [
    "D1",
    "D1DatabaseSession",
    "D1ExecResult",
    "D1Meta",
    "D1PreparedStatement",
    "D1Result",
]

_raising = raising(D1Error)

Row = TypeVar("Row")
T = TypeVar("T")
StatementsT = TypeVar("StatementsT", bound="_js.D1Statements")


class D1Meta:
    """What one statement cost and changed. JS: D1Meta."""

    duration: float = 0
    """Milliseconds that SQL took."""
    size_after: int = 0
    """Bytes of the database afterwards."""
    rows_read: int = 0
    rows_written: int = 0
    last_row_id: int = 0
    changed_db: bool = False
    changes: int = 0
    """Rows that an INSERT, UPDATE or DELETE changed."""
    served_by_region: str | None = None
    served_by_colo: str | None = None
    served_by_primary: bool | None = None
    timings: dict[str, float] | None = None
    total_attempts: int | None = None

    def __init__(self, meta: dict[str, Any]) -> None:
        self.__dict__.update(meta)

    def __repr__(self) -> str:
        return f"D1Meta({self.__dict__!r})"


class D1Result(Sequence[Row], Generic[Row]):
    """The rows of one statement, and what it cost. JS: D1Result."""

    __slots__ = ("meta", "results", "success")

    results: list[Row]
    meta: D1Meta
    success: Literal[True]

    def __init__(self, results: list[Row], meta: D1Meta) -> None:
        self.results = results
        self.meta = meta
        self.success = True

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self.results[index]

    def __len__(self) -> int:
        return len(self.results)

    def __repr__(self) -> str:
        return f"<D1Result of {len(self.results)} rows>"


class D1ExecResult:
    """How many statements ``exec`` ran, and the milliseconds they took. JS: D1ExecResult."""

    __slots__ = ("count", "duration")

    def __init__(self, count: int, duration: float) -> None:
        self.count: int = count
        self.duration: float = duration

    def __repr__(self) -> str:
        return f"D1ExecResult(count={self.count}, duration={self.duration})"


class D1PreparedStatement(JsWrapper[Any], Generic[Row]):
    """A SQL statement, and the values bound to it. It never changes: ``bind`` gives a new one.

    Its rows are of the type that ``prepare`` was given; a row that is not raises RowError, and
    what SQL refuses D1Error, or D1ConstraintError.

    JS: D1PreparedStatement.
    """

    __slots__ = ("_row", "_sql")

    def __init__(self, statement: _js.D1PreparedStatement, sql: str, row: type[Row]) -> None:
        self._js = statement
        self._sql = sql
        self._row = row

    def bind(self, *values: SqlValue) -> D1PreparedStatement[Row]:
        """The statement with a value for each parameter, at most 100.

        Text, numbers, bool (1 or 0), bytes, None (NULL); a datetime or date as ISO 8601 text, a
        UUID or Decimal as text, an Enum as its value. A number reaches SQL as REAL. Anything else,
        and an integer outside ±(2**53 - 1), is a ConversionError that names ``values[i]``.

        JS: D1PreparedStatement.bind.
        """
        ready = convert_each(values, "values", SQL)
        with _raising:
            return D1PreparedStatement(apply(self._js, "bind", ready), self._sql, self._row)

    @overload
    async def first(self) -> Row | None: ...
    @overload
    async def first(self, column: str) -> Any: ...
    async def first(self, column: str | None = None) -> Any:
        """The first row, or None where there is none; or its value in ``column``.

        JS: D1PreparedStatement.first.
        """
        if column is not None:
            with _raising:
                cell = from_js(await self._js.first(text(column, "column")))
            return bytes(cell) if _is_blob(cell) else cell
        with _raising:
            found = record(await self._js.first())
        return None if found is None else _rows.row(self._row, found)

    async def all(self) -> D1Result[Row]:
        """Every row. JS: D1PreparedStatement.all."""
        with _raising:
            return _result(await self._js.all(), self._row)

    async def run(self) -> D1Result[Row]:
        """The same as ``all``, said where only the effect matters. JS: D1PreparedStatement.run."""
        with _raising:
            return _result(await self._js.run(), self._row)

    async def raw(self, *, column_names: bool = False) -> list[tuple[Any, ...]]:
        """Every row as a tuple, which keeps columns of the same name apart.

        With ``column_names`` the names come first, as a row of their own.

        JS: D1PreparedStatement.raw.
        """
        with _raising:
            found = from_js(await self._js.raw(columnNames=column_names))
        return [tuple(bytes(cell) if _is_blob(cell) else cell for cell in row) for row in found]


class _Statements(JsWrapper[StatementsT]):
    """What a database and a session share."""

    __slots__ = ()

    @overload
    def prepare(self, sql: str) -> D1PreparedStatement[dict[str, Any]]: ...
    @overload
    def prepare(self, sql: str, row: type[Row]) -> D1PreparedStatement[Row]: ...
    def prepare(self, sql: str, row: Any = dict) -> Any:
        """A statement whose rows are of type ``row``.

        A TypedDict, a dataclass, or any class with ``model_validate`` (pydantic); without it a row
        is a dict with what SQL gave. SQL errors come when the statement runs.

        JS: D1Database.prepare.
        """
        with _raising:
            return D1PreparedStatement(self._js.prepare(text(sql, "sql")), sql, row)

    @overload
    async def batch(
        self, statements: Iterable[D1PreparedStatement[Row]]
    ) -> list[D1Result[Row]]: ...
    @overload
    async def batch(
        self, statements: Iterable[D1PreparedStatement[Any]]
    ) -> list[D1Result[Any]]: ...
    async def batch(self, statements: Iterable[D1PreparedStatement[Any]]) -> list[D1Result[Any]]:
        """Run statements in one transaction and one round trip; if one fails, none took place.

        JS: D1Database.batch.
        """
        listed = list(statements)
        for at, statement in enumerate(listed):
            if not isinstance(statement, D1PreparedStatement):
                kind = type(statement).__name__
                raise ConversionError(f"statements[{at}]: expected D1PreparedStatement, got {kind}")
            if not statement._sql.strip():  # the runtime would pass over it, result and all
                raise D1Error(f"statements[{at}]: No SQL statements detected.")
        with _raising:
            found = await self._js.batch(to_js(listed))
        return [_result(result, one._row) for result, one in zip(found, listed, strict=True)]


class D1(_Statements["_js.D1Database"]):
    """A D1 database: ``D1(env.DB)``.

    Every method raises D1Error where SQL or the service refuses, and ConversionError, before
    anything is sent, where an argument cannot cross.

    JS: D1Database.
    """

    __slots__ = ()

    def __init__(self, database: _js.D1Database) -> None:
        self._js = binding(database, "D1", "prepare")

    async def exec(self, sql: str) -> D1ExecResult:
        """Run SQL as it stands, one statement a line, nothing bound. For schemas and one-off jobs.

        JS: D1Database.exec.
        """
        with _raising:
            found = from_js(await self._js.exec(text(sql, "sql")))
        return D1ExecResult(found["count"], found["duration"])

    def with_session(self, constraint_or_bookmark: str | None = None) -> D1DatabaseSession:
        """A session, in which every query sees what the ones before it saw or wrote.

        Begin it with "first-primary" (see the newest), "first-unconstrained" (any replica; the
        default), or a bookmark of an earlier session.

        JS: D1Database.withSession.
        """
        args = () if constraint_or_bookmark is None else (text(constraint_or_bookmark, "session"),)
        with _raising:
            return D1DatabaseSession(self._js.withSession(*args))

    async def dump(self) -> bytes:
        """The database file. Deprecated: current databases answer 404. JS: D1Database.dump."""
        with _raising:
            dumped: bytes = from_js(await self._js.dump())
        return dumped


class D1DatabaseSession(_Statements["_js.D1DatabaseSession"]):
    """A sequentially consistent view of a database. JS: D1DatabaseSession."""

    __slots__ = ()

    def __init__(self, session: _js.D1DatabaseSession) -> None:
        self._js = session

    def get_bookmark(self) -> str | None:
        """Where the session stands, to go on from there; None before its first query.

        JS: D1DatabaseSession.getBookmark.
        """
        with _raising:
            bookmark: str | None = from_js(self._js.getBookmark())
        return bookmark


def _is_blob(cell: Any) -> bool:
    return type(cell) is list  # there is no other way that D1 has to give one


def _result(found: Any, row: type[Row]) -> D1Result[Row]:
    rows, kinds = platform.table(prop(found, "results"))
    return D1Result(_rows.rows(row, rows, kinds), D1Meta(record(prop(found, "meta")) or {}))
