"""D1 databases: ``D1``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, overload

from . import _row_types
from ._border import (
    JsWrapper,
    apply,
    binding,
    expected,
    from_js,
    name_of,
    named,
    platform,
    prop,
    raising,
    record,
    text,
    to_js,
)
from ._border.values import SQL, convert_each
from .errors import D1Error

if TYPE_CHECKING:
    from . import _js
    from ._d1_gather import D1Batch
    from ._row_types import RowType
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
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")
StatementsT = TypeVar("StatementsT", bound="_js.D1Statements")


class D1Meta:
    """The cost and the effects of one statement.

    JS: D1Meta.
    """

    duration: float = 0
    """The time that SQL took, in milliseconds."""
    size_after: int = 0
    """The size of the database after the statement, in bytes."""
    rows_read: int = 0
    """The number of rows that SQL scanned; it may return fewer."""
    rows_written: int = 0
    """The number of rows that SQL wrote; the rows of indexes count too."""
    last_row_id: int = 0
    """The rowid of the last inserted row."""
    changed_db: bool = False
    """True if the statement changed the database."""
    changes: int = 0
    """The number of rows that an INSERT, UPDATE or DELETE changed."""
    served_by_region: str | None = None
    """The region that answered; None in local runtimes."""
    served_by_colo: str | None = None
    """The data centre that answered; None in local runtimes."""
    served_by_primary: bool | None = None
    """True if the primary answered, not a replica; None in local runtimes."""
    timings: dict[str, float] | None = None
    """Durations in milliseconds, such as ``sql_duration_ms``; None in local runtimes."""
    total_attempts: int | None = None
    """How often the service ran the statement, retries included; None in local runtimes."""

    def __init__(self, meta: dict[str, Any]) -> None:
        self.__dict__.update(meta)

    def __crossing__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in D1Meta.__annotations__}

    def __repr__(self) -> str:
        return f"D1Meta({self.__dict__!r})"


class D1Result(Sequence[Row], Generic[Row]):
    """The rows of one statement, as a sequence, and its cost.

    JS: D1Result.
    """

    __slots__ = ("meta", "results", "success")

    results: list[Row]
    """The rows."""
    meta: D1Meta
    """The cost and the effects of the statement."""
    success: Literal[True]
    """Always True: a statement that fails raises D1Error instead."""

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
    """The result of ``exec``: the number of statements and their duration.

    JS: D1ExecResult.
    """

    __slots__ = ("count", "duration")

    count: int
    """The number of lines that were run as statements."""
    duration: float
    """The time that SQL took, in milliseconds."""

    def __init__(self, count: int, duration: float) -> None:
        self.count = count
        self.duration = duration

    def __crossing__(self) -> dict[str, Any]:
        return {"count": self.count, "duration": self.duration}

    def __repr__(self) -> str:
        return f"D1ExecResult(count={self.count}, duration={self.duration})"


class D1PreparedStatement(JsWrapper[Any], Generic[Row]):
    """A SQL statement with its bound values. It is immutable: ``bind`` returns a new statement.

    Its rows have the row type that was passed to ``prepare``. Methods that run it raise RowError if
    a row does not fit that type, D1Error if SQL fails, and D1ConstraintError if it violates a
    constraint.

    JS: D1PreparedStatement.
    """

    __slots__ = ("_of", "_row", "_sql")

    def __init__(
        self, statement: _js.D1PreparedStatement, sql: str, row: RowType[Row], of: Any = None
    ) -> None:
        self._js = statement
        self._sql = sql
        self._row = row
        self._of = of  # the database, whose name an error has

    def bind(self, *values: SqlValue) -> D1PreparedStatement[Row]:
        """Return the statement with one value for each parameter; earlier values are replaced.

        Args:
            *values: At most 100 values, by position. Text, numbers, bytes, bool (as 1 or 0) and
                None (as NULL); a datetime or date as ISO 8601 text, a UUID or Decimal as text, an
                Enum as its value. A number reaches SQL as REAL.

        Raises:
            ConversionError: A value has another type, or an integer is outside ±(2**53 - 1). The
                message names the value as ``values[i]``.

        JS: D1PreparedStatement.bind.
        """
        js_values = convert_each(values, "values", SQL)
        with _raising:
            return D1PreparedStatement(
                apply(self._js, "bind", js_values), self._sql, self._row, self._of
            )

    @overload
    async def first(self) -> Row | None: ...
    @overload
    async def first(self, column: str) -> Any: ...
    async def first(self, column: str | None = None) -> Any:
        """Run the statement, and return the first row, or None if the result is empty.

        Args:
            column: Return only the value in this column, not the row.

        Raises:
            D1Error: SQL failed, or the result has no such column.
            RowError: The row does not fit its row type.

        JS: D1PreparedStatement.first.
        """
        if column is not None:
            with _raising:
                cell = from_js(await self._js.first(text(column, "column")))
            return bytes(cell) if _is_blob(cell) else cell
        with _raising:
            row = record(await self._js.first())
        loaded: Row | None = None if row is None else _row_types.row(self._row, row)
        return loaded

    async def __aiter__(self) -> AsyncIterator[Row]:
        """Run the statement, and iterate over its rows: ``async for user in statement``.

        D1 has no cursor. This is ``all()``: every row is in memory before the first is yielded, and
        each loop runs the statement. Read a large table in pages, by ``WHERE id > ? LIMIT ?``.
        JavaScript has no such iterator.
        """
        for row in await self.all():
            yield row

    async def all(self) -> D1Result[Row]:
        """Run the statement, and return all rows.

        Raises:
            D1Error: SQL failed.
            RowError: A row does not fit its row type.

        JS: D1PreparedStatement.all.
        """
        with _raising:
            return _result(await self._js.all(), self._row)

    async def run(self) -> D1Result[Row]:
        """Run the statement for its effect. The result is that of ``all``.

        Raises:
            D1Error: SQL failed.
            RowError: A row does not fit its row type.

        JS: D1PreparedStatement.run.
        """
        with _raising:
            return _result(await self._js.run(), self._row)

    async def raw(self, *, column_names: bool = False) -> list[tuple[Any, ...]]:
        """Run the statement, and return all rows as tuples.

        A dict has one value per column name; a tuple also keeps columns that share a name.

        Args:
            column_names: Return the names of the columns as the first tuple.

        Raises:
            D1Error: SQL failed.

        JS: D1PreparedStatement.raw.
        """
        with _raising:
            rows = from_js(await self._js.raw(columnNames=column_names))
        return [tuple(bytes(cell) if _is_blob(cell) else cell for cell in row) for row in rows]


# batch() reads these of each statement; they have no public name.
_sql_of = attrgetter("_sql")
_row_type_of = attrgetter("_row")


class _Statements(JsWrapper[StatementsT]):
    """Base of a database and of a session."""

    __slots__ = ()

    @overload
    def prepare(self, sql: str) -> D1PreparedStatement[dict[str, Any]]: ...
    @overload
    def prepare(self, sql: str, row: RowType[Row]) -> D1PreparedStatement[Row]: ...
    def prepare(self, sql: str, row: Any = dict) -> Any:
        """Return a statement to bind values to and to run. Errors in SQL appear when it runs.

        Args:
            sql: At most 100,000 bytes, with the parameters ``?``, ``?1``, ``:name``, ``@name`` or
                ``$name``. Several statements may be separated by ``;``: the last one may have
                parameters, and returns the rows.
            row: The type of a row: a TypedDict, a dataclass, a NamedTuple or a pydantic model. A
                field such as ``list[str]`` is a column of JSON text. Another type, such as ``int``,
                is the type of the only column. By default a row is a dict with SQL's own values.

        Raises:
            RowTypeError: The values of ``row`` could not be checked.

        JS: D1Database.prepare.
        """
        _row_types.check(row)
        with _raising:
            return D1PreparedStatement(self._js.prepare(text(sql, "sql")), sql, row, self)

    # The overlap is a tuple whose declared type is Iterable: its result is declared as a list.
    @overload
    async def batch(  # type: ignore[overload-overlap]
        self, statements: tuple[D1PreparedStatement[A]]
    ) -> tuple[D1Result[A]]: ...
    @overload
    async def batch(  # type: ignore[overload-overlap]
        self, statements: tuple[D1PreparedStatement[A], D1PreparedStatement[B]]
    ) -> tuple[D1Result[A], D1Result[B]]: ...
    @overload
    async def batch(  # type: ignore[overload-overlap]
        self,
        statements: tuple[D1PreparedStatement[A], D1PreparedStatement[B], D1PreparedStatement[C]],
    ) -> tuple[D1Result[A], D1Result[B], D1Result[C]]: ...
    @overload
    async def batch(  # type: ignore[overload-overlap]
        self,
        statements: tuple[
            D1PreparedStatement[A],
            D1PreparedStatement[B],
            D1PreparedStatement[C],
            D1PreparedStatement[D],
        ],
    ) -> tuple[D1Result[A], D1Result[B], D1Result[C], D1Result[D]]: ...
    @overload
    async def batch(  # type: ignore[overload-overlap]
        self,
        statements: tuple[
            D1PreparedStatement[A],
            D1PreparedStatement[B],
            D1PreparedStatement[C],
            D1PreparedStatement[D],
            D1PreparedStatement[E],
        ],
    ) -> tuple[D1Result[A], D1Result[B], D1Result[C], D1Result[D], D1Result[E]]: ...
    @overload
    async def batch(  # type: ignore[overload-overlap]
        self,
        statements: tuple[
            D1PreparedStatement[A],
            D1PreparedStatement[B],
            D1PreparedStatement[C],
            D1PreparedStatement[D],
            D1PreparedStatement[E],
            D1PreparedStatement[F],
        ],
    ) -> tuple[D1Result[A], D1Result[B], D1Result[C], D1Result[D], D1Result[E], D1Result[F]]: ...
    @overload
    async def batch(  # type: ignore[overload-overlap]
        self,
        statements: tuple[
            D1PreparedStatement[A],
            D1PreparedStatement[B],
            D1PreparedStatement[C],
            D1PreparedStatement[D],
            D1PreparedStatement[E],
            D1PreparedStatement[F],
            D1PreparedStatement[G],
        ],
    ) -> tuple[
        D1Result[A], D1Result[B], D1Result[C], D1Result[D], D1Result[E], D1Result[F], D1Result[G]
    ]: ...
    @overload
    async def batch(  # type: ignore[overload-overlap]
        self,
        statements: tuple[
            D1PreparedStatement[A],
            D1PreparedStatement[B],
            D1PreparedStatement[C],
            D1PreparedStatement[D],
            D1PreparedStatement[E],
            D1PreparedStatement[F],
            D1PreparedStatement[G],
            D1PreparedStatement[H],
        ],
    ) -> tuple[
        D1Result[A],
        D1Result[B],
        D1Result[C],
        D1Result[D],
        D1Result[E],
        D1Result[F],
        D1Result[G],
        D1Result[H],
    ]: ...
    @overload
    async def batch(  # type: ignore[overload-overlap]
        self, statements: tuple[D1PreparedStatement[Row], ...]
    ) -> tuple[D1Result[Row], ...]: ...
    @overload
    async def batch(  # type: ignore[overload-overlap]
        self, statements: tuple[D1PreparedStatement[Any], ...]
    ) -> tuple[D1Result[Any], ...]: ...
    @overload
    async def batch(
        self, statements: Iterable[D1PreparedStatement[Row]]
    ) -> list[D1Result[Row]]: ...
    @overload
    async def batch(
        self, statements: Iterable[D1PreparedStatement[Any]]
    ) -> list[D1Result[Any]]: ...
    async def batch(self, statements: Any) -> Any:
        """Run statements in one transaction and one round trip, and return their results in order.

        If one statement fails, none of them takes effect.

        Args:
            statements: The statements, in order. A tuple of at most eight statements keeps the row
                type of each one: ``users, links = await db.batch((users, links))``.

        Returns:
            A tuple of results for a tuple of statements, and a list for another iterable.

        Raises:
            D1Error: A statement failed, or ``statements`` is empty.
            RowError: A row does not fit the row type of its statement.
            ConversionError: An item is not a D1PreparedStatement.

        JS: D1Database.batch.
        """
        if not isinstance(statements, Iterable):
            raise expected("statements", "a list of D1PreparedStatement", statements)
        listed: list[Any] = list(cast("Iterable[Any]", statements))
        for index, statement in enumerate(listed):
            if not isinstance(statement, D1PreparedStatement):
                hint = "pass db.prepare(…) with its bind(), and no other call"
                raise expected(f"statements[{index}]", "D1PreparedStatement", statement, hint)
            # The runtime would skip it without a result, and the results would no longer match.
            if not _sql_of(statement).strip():
                raise D1Error(f"statements[{index}]: No SQL statements detected.")
        with _raising:
            js_results = await self._js.batch(to_js(listed))
        results = [
            _result(js_result, _row_type_of(statement))
            for js_result, statement in zip(js_results, listed, strict=True)
        ]
        return tuple(results) if isinstance(statements, tuple) else results

    def gather(self) -> D1Batch:
        """Gather statements in an ``async with``, and send them as one batch at its end.

        D1 has no interactive transactions: BEGIN is refused, and no statement can see the result of
        an earlier one before all of them are sent. JavaScript has no such method.

            async with db.gather() as batch:
                order = batch.add(insert_order.bind("a lamp"))
                batch.add(update_stock.bind("a lamp"))
            print(order.result[0]["id"])

        All statements run in one transaction, in order. If one fails, none takes effect, and the
        block raises D1Error or D1ConstraintError. If the block raises, nothing is sent. Without
        statements nothing is sent either.
        """
        from ._d1_gather import D1Batch  # few Workers need it

        return D1Batch(self.batch)


class D1(_Statements["_js.D1Database"]):
    """A D1 database: ``D1(env.DB)``.

    Every method raises D1Error if SQL fails or the service refuses the call. It raises
    ConversionError, before anything is sent, if an argument cannot be passed to JavaScript.

    JS: D1Database.
    """

    __slots__ = ()

    def __init__(self, database: _js.D1Database) -> None:
        self._js = binding(database, "D1", "prepare")

    async def exec(self, sql: str) -> D1ExecResult:
        """Run SQL without parameters, one statement per line, in one transaction.

        It is meant for schemas and one-off jobs.

        Raises:
            D1Error: A statement failed. The message always names line 1.
            ConversionError: ``sql`` is not text.

        JS: D1Database.exec.
        """
        with _raising:
            result = from_js(await self._js.exec(text(sql, "sql")))
        return D1ExecResult(result["count"], result["duration"])

    def with_session(self, constraint_or_bookmark: str | None = None) -> D1DatabaseSession:
        """Return a session: each of its queries sees everything that earlier queries saw or wrote.

        Args:
            constraint_or_bookmark: Where the first query may run. ``"first-primary"`` is the
                primary, with the newest data. ``"first-unconstrained"`` is any replica; this is
                the default. A bookmark of an earlier session is any replica with at least its data.

        Raises:
            ConversionError: The argument is not text.

        JS: D1Database.withSession.
        """
        args = () if constraint_or_bookmark is None else (text(constraint_or_bookmark, "session"),)
        with _raising:
            session: D1DatabaseSession = named(
                D1DatabaseSession(self._js.withSession(*args)), name_of(self)
            )
            return session

    async def dump(self) -> bytes:
        """Return the database file. This is deprecated.

        Raises:
            D1Error: Always for current databases, since the service answers 404.

        JS: D1Database.dump.
        """
        with _raising:
            dumped: bytes = from_js(await self._js.dump())
        return dumped


class D1DatabaseSession(_Statements["_js.D1DatabaseSession"]):
    """A sequentially consistent view of a database, from ``D1.with_session``.

    JS: D1DatabaseSession.
    """

    __slots__ = ()

    def __init__(self, session: _js.D1DatabaseSession) -> None:
        self._js = session

    def get_bookmark(self) -> str | None:
        """Return the state that the session has seen, or None before its first query.

        Pass it to ``D1.with_session`` to continue from there.

        JS: D1DatabaseSession.getBookmark.
        """
        with _raising:
            bookmark: str | None = from_js(self._js.getBookmark())
        return bookmark


def _is_blob(cell: Any) -> bool:
    return type(cell) is list  # D1 returns a BLOB as a list of byte values, and nothing else so


def _result(js_result: Any, row_type: RowType[Row]) -> D1Result[Row]:
    js_rows, types = platform.table(prop(js_result, "results"))
    rows: list[Row] = _row_types.rows(row_type, js_rows, types)
    return D1Result(rows, D1Meta(record(prop(js_result, "meta")) or {}))
