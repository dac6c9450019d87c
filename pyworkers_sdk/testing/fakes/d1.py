"""D1 over memory: what the binding does in JavaScript, over SQLite as workerd runs it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..._border.values import in_order
from ..._cpython.js_exception import JsException
from ..runtime.scheduling import yields_to_others
from .sqlite import Answer, Refused, Sqlite

if TYPE_CHECKING:
    from .._clock import Clock
    from ..config.config import Bound
    from ..config.sections import Worker

__all__ = ["FakeD1Database", "FakeD1DatabaseSession", "FakeD1PreparedStatement", "configured"]

_CONSTRAINTS = ("first-primary", "first-unconstrained")


@yields_to_others
class _Statements:
    """What a database and a session share."""

    def __init__(self, sqlite: Sqlite, bookmark: str | None) -> None:
        self._sqlite = sqlite
        self._bookmark = bookmark

    def prepare(self, query: str, /) -> FakeD1PreparedStatement:
        return FakeD1PreparedStatement(self, query, ())

    async def batch(self, statements: Sequence[FakeD1PreparedStatement], /) -> list[Any]:
        answers = self.query([(one.statement, one.params) for one in statements])
        return [_objects(answer) for answer in answers]

    def query(self, queries: list[tuple[str, tuple[Any, ...]]]) -> list[Answer]:
        try:
            answers = self._sqlite.transaction(queries)
        except Refused as refused:
            raise _error(f"D1_ERROR: {refused}", str(refused)) from None
        self._answered()
        return answers

    def _answered(self) -> None:
        bookmark = f"{0:08x}-{next(self._sqlite.bookmarks):08x}-{0:08x}-{0:032x}"
        known = self._bookmark
        if known is not None and (known in _CONSTRAINTS or known < bookmark):
            self._bookmark = bookmark


@yields_to_others
class FakeD1Database(_Statements):
    """A D1 database in memory, or in a file; it speaks JavaScript's side of the API.

    ``strict`` holds rows, text and blobs to production's 2,000,000 bytes, where the local runtime
    takes more. SQL's date functions follow the ``clock``. In ``meta`` everything is exact but
    ``rows_read`` and ``rows_written``, which are reckoned from the query plan: right for plain
    statements on one table, rough for joins, upserts, triggers and changes of the schema.
    """

    def __init__(
        self, path: str = ":memory:", *, clock: Clock | None = None, strict: bool = True
    ) -> None:
        super().__init__(Sqlite(path, clock, 2_000_000 if strict else 4 * 1024 * 1024), None)

    async def exec(self, query: str, /) -> dict[str, Any]:
        lines = query.strip().split("\n")
        try:
            answers = self._sqlite.transaction([(line, ()) for line in lines])
        except Refused as refused:
            where = f"Error in line 1: {lines[0]}: {refused}"
            raise _error(f"D1_EXEC_ERROR: {where}", where) from None
        self._answered()
        return {
            "count": len(answers),
            "duration": sum(answer.meta["duration"] for answer in answers),
        }

    def withSession(self, constraintOrBookmark: str | None = None, /) -> FakeD1DatabaseSession:
        if not isinstance(constraintOrBookmark, str | None):
            raise JsException("TypeError", "constraintOrBookmark?.trim is not a function")
        start = (constraintOrBookmark or "").strip() or "first-unconstrained"
        return FakeD1DatabaseSession(self._sqlite, start)

    async def dump(self) -> bytes:
        raise _error("D1_DUMP_ERROR: Status + 404", "Status 404")


class FakeD1DatabaseSession(_Statements):
    """A session; its bookmark moves on with every query."""

    def getBookmark(self) -> str | None:
        return None if self._bookmark in _CONSTRAINTS else self._bookmark


@yields_to_others
class FakeD1PreparedStatement:
    """SQL, and the values bound to it; nothing is looked at before it runs."""

    def __init__(self, session: _Statements, statement: str, params: tuple[Any, ...]) -> None:
        self._session = session
        self.statement = statement
        self.params = params

    def bind(self, *values: Any) -> FakeD1PreparedStatement:
        params = tuple(map(_bound, values))
        return FakeD1PreparedStatement(self._session, self.statement, params)

    async def first(self, colName: str | None = None, /) -> Any:
        rows = _objects(self._run())["results"]
        if not rows or colName is None:
            return rows[0] if rows else None
        if colName not in rows[0]:
            raise _error(f"D1_COLUMN_NOTFOUND: Column not found ({colName})", "Column not found")
        return rows[0][colName]

    async def all(self) -> Any:
        return _objects(self._run())

    async def run(self) -> Any:
        return _objects(self._run())

    async def raw(self, *, columnNames: bool = False) -> list[list[Any]]:
        answer = self._run()
        return [answer.names, *answer.rows] if columnNames else answer.rows

    def _run(self) -> Answer:
        return self._session.query([(self.statement, self.params)])[0]


def _error(message: str, cause: str) -> JsException:
    return JsException("Error", message, JsException("Error", cause))


def _bound(value: Any) -> Any:
    """What reaches SQLite of a bound value: through JSON, so a number as REAL, and no NaN."""
    kind = value.__class__
    if kind in (bool, int, float) and abs(value) < 2**53:
        return float(value) + 0.0  # no -0.0 either
    if kind is float:
        return value if isfinite(value) else None
    if value is None or isinstance(value, str):
        return value
    if kind in (bytes, bytearray, memoryview) or (kind is list and all(map(_is_byte, value))):
        return bytes(value)
    js, shown = "object", "[object Object]"
    if kind is int:
        js, shown = "bigint", str(value)
    elif kind is list:
        shown = ",".join(map(str, value))
    reason = f"Type '{js}' not supported for value '{shown}'"
    raise _error(f"D1_TYPE_ERROR: {reason}", reason)


def _is_byte(value: Any) -> bool:
    return type(value) is int and 0 <= value < 256


def _objects(answer: Answer) -> dict[str, Any]:
    results = [_object(answer.names, row) for row in answer.rows]
    return {"success": True, "meta": answer.meta, "results": results}


def _object(names: list[str], row: list[Any]) -> dict[str, Any]:
    """A row as a JavaScript object: one value a name."""
    return in_order(dict(zip(names, row, strict=True)))


def configured(bound: Bound, worker: Worker) -> FakeD1Database:
    """Make the database of a configuration, with its migrations applied."""
    from ..config.d1_migrations import migrate
    from ..config.sections import shared

    settings = bound.settings
    name = settings.preview_database_id or settings.database_id or bound.name
    database: FakeD1Database = shared(worker.script.host, "D1", name, FakeD1Database)
    migrate(database, bound, worker)
    return database
