"""``FakeD1Database``: the JavaScript API of D1 over SQLite as workerd runs it."""

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

# Where a session may start, if not at a bookmark.
_CONSTRAINTS = ("first-primary", "first-unconstrained")

# Bytes of a row, a text or a BLOB: production's limit, and the one of the local runtime.
MAX_LENGTH = 2_000_000
MAX_LENGTH_LOCALLY = 8 * 1024 * 1024

# The runtime's own words, seen in the real worlds: quotes, never to be improved. The first text is
# the error's message, the second one the message of its cause.
NO_COLUMN = "D1_COLUMN_NOTFOUND: Column not found ({})", "Column not found"
DUMP_GONE = "D1_DUMP_ERROR: Status + 404", "Status 404"
SQL_FAILED = "D1_ERROR: {0}", "{0}"
EXEC_FAILED = "D1_EXEC_ERROR: Error in line 1: {0}: {1}", "Error in line 1: {0}: {1}"
WRONG_TYPE = (
    "D1_TYPE_ERROR: Type '{0}' not supported for value '{1}'",
    "Type '{0}' not supported for value '{1}'",
)
NOT_TEXT = "constraintOrBookmark?.trim is not a function"


@yields_to_others
class _Statements:
    """Base of a database and of a session."""

    def __init__(self, sqlite: Sqlite, bookmark: str | None) -> None:
        self._sqlite = sqlite
        self._bookmark = bookmark

    def prepare(self, query: str, /) -> FakeD1PreparedStatement:
        return FakeD1PreparedStatement(self, query, ())

    async def batch(self, statements: Sequence[FakeD1PreparedStatement], /) -> list[Any]:
        answers = self.query([(statement.statement, statement.params) for statement in statements])
        return [_result(answer) for answer in answers]

    def query(self, queries: list[tuple[str, tuple[Any, ...]]]) -> list[Answer]:
        """Run SQL with its bound values: one request to D1, and one transaction."""
        try:
            answers = self._sqlite.transaction(queries)
        except Refused as refused:
            raise _error(SQL_FAILED, str(refused)) from None
        self._advance_bookmark()
        return answers

    def _advance_bookmark(self) -> None:
        # Bookmarks compare as text. A session that began with a later one, or with any other text,
        # keeps it (contract: test_any_text_is_accepted_as_a_bookmark).
        bookmark = f"{0:08x}-{next(self._sqlite.bookmarks):08x}-{0:08x}-{0:032x}"
        seen = self._bookmark
        if seen is not None and (seen in _CONSTRAINTS or seen < bookmark):
            self._bookmark = bookmark


@yields_to_others
class FakeD1Database(_Statements):
    """JS: D1Database. The data is in memory, or in a file at ``path``.

    ``strict`` limits a row, a text or a BLOB to production's 2,000,000 bytes; the local runtime
    accepts more. SQL's date functions follow the ``clock``.

    In ``meta`` all figures are exact, except ``rows_read`` and ``rows_written``. Those are exact
    for statements on one table and plain joins. They are an estimate for upserts, triggers,
    searches by an index in joins, and changes of the schema.
    """

    crosses = True
    """A database may be an argument of a call over RPC, other than KV, R2 and queues."""

    def __init__(
        self, path: str = ":memory:", *, clock: Clock | None = None, strict: bool = True
    ) -> None:
        super().__init__(Sqlite(path, clock, MAX_LENGTH if strict else MAX_LENGTH_LOCALLY), None)

    async def exec(self, query: str, /) -> dict[str, Any]:
        lines = query.strip().split("\n")
        try:
            answers = self._sqlite.transaction([(line, ()) for line in lines])
        except Refused as refused:
            # Whichever line failed (contract: test_exec_error_always_names_line_one).
            raise _error(EXEC_FAILED, lines[0], str(refused)) from None
        self._advance_bookmark()
        return {
            "count": len(answers),
            "duration": sum(answer.meta["duration"] for answer in answers),
        }

    def withSession(self, constraintOrBookmark: str | None = None, /) -> FakeD1DatabaseSession:
        if not isinstance(constraintOrBookmark, str | None):
            raise JsException("TypeError", NOT_TEXT)
        start = (constraintOrBookmark or "").strip() or "first-unconstrained"
        return FakeD1DatabaseSession(self._sqlite, start)

    async def dump(self) -> bytes:
        raise _error(DUMP_GONE)


class FakeD1DatabaseSession(_Statements):
    """JS: D1DatabaseSession. Its bookmark grows with every query."""

    def getBookmark(self) -> str | None:
        return None if self._bookmark in _CONSTRAINTS else self._bookmark


@yields_to_others
class FakeD1PreparedStatement:
    """JS: D1PreparedStatement. SQL is not even compiled before the statement runs."""

    def __init__(self, session: _Statements, statement: str, params: tuple[Any, ...]) -> None:
        self._session = session
        self.statement = statement
        self.params = params

    def bind(self, *values: Any) -> FakeD1PreparedStatement:
        params = tuple(map(_param, values))
        return FakeD1PreparedStatement(self._session, self.statement, params)

    async def first(self, colName: str | None = None, /) -> Any:
        rows = _result(self._run())["results"]
        if not rows or colName is None:
            return rows[0] if rows else None
        if colName not in rows[0]:
            raise _error(NO_COLUMN, colName)
        return rows[0][colName]

    async def all(self) -> Any:
        return _result(self._run())

    async def run(self) -> Any:
        return _result(self._run())

    async def raw(self, *, columnNames: bool = False) -> list[list[Any]]:
        answer = self._run()
        return [answer.names, *answer.rows] if columnNames else answer.rows

    def _run(self) -> Answer:
        return self._session.query([(self.statement, self.params)])[0]


def _error(texts: tuple[str, str], *values: str) -> JsException:
    message, cause = (text.format(*values) for text in texts)
    return JsException("Error", message, JsException("Error", cause))


def _param(value: Any) -> Any:
    """Convert a bound value as JSON on its way to D1's service does.

    A number arrives as a double, and so as REAL; NaN and infinities arrive as null.
    """
    type_ = value.__class__
    if type_ in (bool, int, float) and abs(value) < 2**53:
        return float(value) + 0.0  # JSON.stringify(-0) is "0".
    if type_ is float:
        return value if isfinite(value) else None
    if value is None or isinstance(value, str):
        return value
    if type_ in (bytes, bytearray, memoryview) or (type_ is list and all(map(_is_byte, value))):
        return bytes(value)
    js_type, text = "object", "[object Object]"
    if type_ is int:  # Pyodide makes a BigInt of an integer this large.
        js_type, text = "bigint", str(value)
    elif type_ is list:
        text = ",".join(map(str, value))
    raise _error(WRONG_TYPE, js_type, text)


def _is_byte(value: Any) -> bool:
    return type(value) is int and 0 <= value < 256


def _result(answer: Answer) -> dict[str, Any]:
    """Return a JavaScript D1Result."""
    results = [_object(answer.names, row) for row in answer.rows]
    return {"success": True, "meta": answer.meta, "results": results}


def _object(names: list[str], row: list[Any]) -> dict[str, Any]:
    """Return a row as a JavaScript object, in which columns with the same name collapse."""
    return in_order(dict(zip(names, row, strict=True)))


def configured(bound: Bound, worker: Worker) -> FakeD1Database:
    """Return the database of a configuration, with its migrations applied."""
    from ..config.d1_migrations import migrate
    from ..config.sections import shared

    settings = bound.settings
    name = settings.preview_database_id or settings.database_id or bound.name
    database: FakeD1Database = shared(worker.script.host, "D1", name, FakeD1Database)
    migrate(database, bound, worker)
    return database
