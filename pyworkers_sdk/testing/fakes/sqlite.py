"""SQLite as workerd runs it: its limits, authorizer, transactions and messages of errors.

D1 and the SQL of Durable Objects share this. How a request is composed, and how JavaScript sees
the answers, is left to them. The package apsw runs the statements: it brings the same SQLite as
workerd, and reports the end of a statement, its columns and the offset of an error.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from itertools import count
from math import isfinite
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._cpython.js_exception import JsException
from ._apsw import apsw
from .sqlite_authorizer import Authorizer
from .sqlite_clock import VFS, now_is_of, use_utc
from .sqlite_row_counts import Counter

if TYPE_CHECKING:
    from .._clock import Clock

__all__ = ["METADATA", "Answer", "Refused", "Sqlite", "copy", "reset_because"]

# Limits in bytes.
MAX_STATEMENT = 100_000

MAX_PARAMETERS = 100
_LIMITS = {
    apsw.SQLITE_LIMIT_COLUMN: 100,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: 100,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    apsw.SQLITE_LIMIT_FUNCTION_ARG: 127,
    apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    apsw.SQLITE_LIMIT_VARIABLE_NUMBER: MAX_PARAMETERS,
    apsw.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}

# The runtime's own words, seen in the real worlds: quotes, never to be improved.
NO_STATEMENTS = "No SQL statements detected."
EMPTY_STATEMENT = "SQL code did not contain a statement."
TOO_LONG = "statement too long: SQLITE_TOOBIG"
NOT_AUTHORIZED = "not authorized: SQLITE_AUTH"
INTERNAL_ERROR = "internal error"
MISCOUNTED = "Wrong number of parameter bindings for SQL query."
PARAMETERS_BEFORE_LAST = (
    "When executing multiple SQL statements in a single call, only the last statement can have "
    "parameters."
)
# In our words: apsw cannot read such text.
NOT_UTF_8 = "the fake cannot return text that is not UTF-8 from RETURNING"
RESET = (
    "Durable Object was reset and rolled back to its last known good state because the "
    "application left the database in a state where constraints were violated"
)

# The runtime's own table. It is visible: PRAGMA table_list lists it, and it takes a page
# (contract: D1's test_the_runtimes_own_table_is_listed).
METADATA = """CREATE TABLE IF NOT EXISTS _cf_METADATA (
        key INTEGER PRIMARY KEY,
        value BLOB
      )"""

_TOO_MANY = [None] * (MAX_PARAMETERS + 1)
_SPACE = " \t\n\r\v\f"  # between statements


class Refused(Exception):
    """A statement that the runtime does not run; the message is the runtime's."""


class Answer(NamedTuple):
    """The result of one query: the names of its columns, its rows, and D1's ``meta``."""

    names: list[str]
    rows: list[list[Any]]
    meta: dict[str, Any]


def cell(value: Any) -> Any:
    """Convert a value of SQLite to the one that JavaScript gets, after a trip through JSON."""
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, int | float):
        if not isfinite(value):
            return None
        # JavaScript has doubles only, and Pyodide makes an int of an integral one below 2**53.
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return value


class Sqlite:
    """A connection with workerd's limits and authorizer; every request is one transaction."""

    has_metadata = True

    def __init__(self, path: str, clock: Clock | None, max_length: int) -> None:
        self._path = path
        self._clock = clock
        self._max_length = max_length
        # Cursors of statements before the last one of a query. workerd does not read their rows
        # either, and such an open statement makes the end of the transaction fail.
        self._unread: list[apsw.Cursor] = []
        self.bookmarks: count[int] = count()
        self._open(self._connected())
        if self.has_metadata:
            self._ask(METADATA)

    cell: Callable[[Any], Any] = staticmethod(cell)

    def _connected(self) -> apsw.Connection:
        return apsw.Connection(self._path, vfs=VFS)

    def _open(self, connection: apsw.Connection) -> None:
        self._connection: Any = connection  # Any: apsw's own types are partly unknown to pyright
        for limit, value in {**_LIMITS, apsw.SQLITE_LIMIT_LENGTH: self._max_length}.items():
            connection.limit(limit, value)
        use_utc(connection)
        self._authorizer = Authorizer()
        self._counter = Counter(connection, self._authorizer)
        connection.authorizer = self._authorizer
        self._ask("PRAGMA foreign_keys = ON")
        self._size: int | None = None
        self._is_readonly = True

    def _reopen(self) -> None:
        """Open the database again, as the runtime does after an internal error.

        The data stays, but the last rowid is lost (contract: D1's
        test_an_internal_error_loses_the_last_rowid_but_no_data).
        """
        old, new = self._connection, self._connected()
        if self._path == ":memory:":
            copy(old, new)
        self._open(new)
        old.close()

    def _ask(self, sql: str, *params: Any) -> Any:
        """Run a statement of the fake itself, past the authorizer, and return its first row."""
        return next(iter(self._ask_all(sql, *params)), None)

    def _ask_all(self, sql: str, *params: Any) -> list[Any]:
        self._authorizer.trusted = True
        try:
            rows: list[Any] = self._connection.execute(sql, params).fetchall()
            return rows
        finally:
            self._authorizer.trusted = False

    def transaction(self, queries: list[tuple[str, tuple[Any, ...]]]) -> list[Answer]:
        """Run all queries or none of them; empty queries are skipped."""
        queries = [query for query in queries if re.sub(r"(?m)^\s+--.*", "", query[0]).strip()]
        if not queries:
            raise Refused(NO_STATEMENTS)
        self._ask("SAVEPOINT request")
        try:
            answers = [self._query(*query) for query in queries]
            self._ask("RELEASE request")
        except Refused:
            try:
                self._ask("ROLLBACK TO request")
                self._ask("RELEASE request")
            except apsw.Error:
                # OR ROLLBACK and RAISE(ROLLBACK) have removed the savepoint, or a statement before
                # the one that failed has unread rows. The runtime does not expect either
                # (contract: D1's test_or_rollback_is_an_internal_error_and_undoes_all).
                self._reset()
                raise JsException("Error", INTERNAL_ERROR) from None
            self._forget()
            raise
        except apsw.ConstraintError as exc:  # RELEASE: a deferred foreign key is violated.
            self._reset()
            raise JsException("Error", reset_because(exc)) from None
        except apsw.Error:  # RELEASE: a statement before the last has unread rows.
            self._reset()
            raise JsException("Error", INTERNAL_ERROR) from None
        finally:
            self._unread.clear()
        return answers

    def _reset(self) -> None:
        self._unread.clear()
        if self._connection.in_transaction:
            self._ask("ROLLBACK")
        self._reopen()

    def _forget(self) -> None:
        """Forget the size and the programs, after a rollback."""
        self._size = None
        self._counter.forget()

    def _query(self, sql: str, params: tuple[Any, ...]) -> Answer:
        """Run the statements of one query, and compute the ``meta`` of the last one.

        ``rows_read`` and ``rows_written`` are an estimate: see ``sqlite_row_counts.py``.
        """
        started, connection = perf_counter(), self._connection
        rowid, size = connection.last_insert_rowid(), self._used_bytes()
        changes = connection.total_changes()
        if len(sql.encode()) > MAX_STATEMENT:
            raise Refused(TOO_LONG)
        last = self._run_all_but_last(sql)
        changes_before_last = connection.total_changes()
        with self._counter.run(last, params) as run:
            names, rows = self._run(last, params)
        changes_of_last = connection.total_changes() - changes_before_last
        read, written = run.counts(len(rows), changes_of_last)
        changed = connection.total_changes() - changes
        if not self._is_readonly or last is not sql:
            self._size = None
        new_rowid, new_size = connection.last_insert_rowid(), self._used_bytes()
        meta = {
            "served_by": "miniflare.db",
            "duration": round((perf_counter() - started) * 1000),
            "changes": changed,
            "last_row_id": cell(new_rowid),
            "changed_db": bool(changed) or (rowid, size) != (new_rowid, new_size),
            "size_after": new_size,
            "rows_read": read,
            "rows_written": written,
        }
        return Answer(names, rows, meta)

    def _used_bytes(self) -> int:
        if self._size is None:
            (size,) = self._ask(
                "SELECT (page_count - freelist_count) * page_size"
                " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
            )
            self._size = int(size)
        return self._size

    def _run_all_but_last(self, sql: str) -> str:
        """Run the statements before the last one, compile the last one and return it."""
        text, nul, _ = sql.partition("\0")  # SQLite's text ends at a NUL, and no statement follows
        if not nul and ";" not in (trimmed := text.rstrip(_SPACE))[:-1]:
            return trimmed if trimmed.endswith(";") else sql
        unread = len(self._unread)
        try:
            while True:
                statement, text = self._first_statement(text)
                if not text and not nul:
                    break
                self._run(statement, None)
                if not text:
                    raise Refused(EMPTY_STATEMENT)
            if len(self._unread) > unread and self._is_empty(statement):
                raise Refused(EMPTY_STATEMENT)
            return statement
        except Refused:
            # workerd runs the earlier statements before it compiles the last one. If that fails,
            # it releases their cursors, and there is an ordinary error (contract: D1's
            # test_a_failure_before_the_last_statement_runs_has_its_reason).
            del self._unread[unread:]
            raise

    def _is_empty(self, sql: str) -> bool:
        is_empty = False

        def stop(cursor: apsw.Cursor, text: str, bindings: Any) -> bool:
            nonlocal is_empty
            is_empty = not cursor.has_vdbe
            return False

        cursor: Any = self._connection.cursor()
        cursor.exec_trace = stop
        with contextlib.suppress(apsw.ExecTraceAbort, apsw.BindingsError):
            cursor.execute(sql, can_cache=False)
        return is_empty

    def _first_statement(self, sql: str) -> tuple[str, str]:
        """Compile the first statement, and return its text and the text that follows."""
        consumed = sql

        def stop(cursor: apsw.Cursor, text: str, bindings: Any) -> bool:
            nonlocal consumed
            consumed = text
            return False

        cursor: Any = self._connection.cursor()
        cursor.exec_trace = stop
        self._authorizer.reason = None
        try:
            cursor.execute(sql, _TOO_MANY, can_cache=False)
        except (apsw.ExecTraceAbort, apsw.BindingsError):
            pass  # the latter if no statement follows that could take the other values
        except apsw.Error as exc:
            raise self._refused(exc) from None
        # apsw also consumes spaces and semicolons that follow the statement.
        trail = len(consumed.rstrip(f"{_SPACE};"))
        for index in range(trail, len(consumed)):
            if consumed[index] == ";" and apsw.complete(consumed[: index + 1]):
                consumed = consumed[: index + 1]
                break
        return consumed, sql[len(consumed) :].lstrip(_SPACE)

    def _run(self, sql: str, params: tuple[Any, ...] | None) -> tuple[list[str], list[list[Any]]]:
        """Run one statement, and return its columns and rows.

        If ``params`` is None, another statement follows: the rows stay unread then.
        """
        # The authorizer is not asked about the new name.
        if _RESERVED_RENAME.match(sql):
            raise Refused(NOT_AUTHORIZED)
        names: list[str] = []

        def begins(cursor: apsw.Cursor, text: str, bindings: Any) -> bool:
            names.extend(column[0] for column in cursor.get_description())
            self._is_readonly = cursor.is_readonly
            return cursor.has_vdbe

        cursor: Any = self._connection.cursor()
        cursor.exec_trace = begins
        self._authorizer.reason = None
        now_is_of(self._clock)
        try:
            # Without the cache: SQLite asks the authorizer only while it compiles, and a statement
            # of the fake itself may have the same text.
            cursor.execute(sql, params or (), can_cache=False)
            if params is None:
                self._unread.append(cursor)
                return [], []
            return names, [list(map(self.cell, row)) for row in cursor]
        except apsw.ExecTraceAbort:
            raise Refused(EMPTY_STATEMENT) from None
        except apsw.BindingsError:
            if self._is_empty(sql):
                raise Refused(EMPTY_STATEMENT) from None
            raise Refused(MISCOUNTED if params is not None else PARAMETERS_BEFORE_LAST) from None
        except apsw.Error as exc:
            raise self._refused(exc) from None
        except UnicodeDecodeError:
            cursor.close(True)
            if not self._is_readonly:
                raise Refused(NOT_UTF_8) from None
            return names, self._rows_with_invalid_text(sql, params or (), len(names))

    def _refused(self, exc: apsw.Error) -> Refused:
        return Refused(self._authorizer.reason or _message(exc))

    def _rows_with_invalid_text(
        self, sql: str, params: tuple[Any, ...], width: int
    ) -> list[list[Any]]:
        """Return the rows of a query once more, with U+FFFD for text that is not UTF-8.

        apsw refuses such text, so it is read as a BLOB, beside its type.
        """
        columns = [f"c{index}" for index in range(width)]
        cells = ", ".join(
            f"typeof({name}), iif(typeof({name}) = 'text', CAST({name} AS BLOB), {name})"
            for name in columns
        )
        query = sql.rstrip(f"{_SPACE};")
        rows = self._ask_all(
            f"WITH query({', '.join(columns)}) AS ({query}\n) SELECT {cells} FROM query", *params
        )
        return [
            [
                self.cell(value.decode("utf-8", "replace") if type_name == "text" else value)
                for type_name, value in zip(row[::2], row[1::2], strict=True)
            ]
            for row in rows
        ]


def copy(source: apsw.Connection, target: apsw.Connection) -> None:
    """Replace a database by the content of another."""
    with target.backup("main", source, "main") as backup:
        backup.step()


def _message(exc: Any) -> str:
    """Return SQLite's message with the offset and the codes that workerd adds."""
    name = _NAMES.get(exc.extendedresult) or _NAMES[exc.result]
    code = "_".join(name.split("_")[:2])
    where = "" if exc.error_offset < 0 else f" at offset {exc.error_offset}"
    return f"{exc}{where}: {code}" + (f" (extended: {name})" if name != code else "")


_NAMES: dict[Any, str] = {
    code: name
    for codes in (apsw.mapping_result_codes, apsw.mapping_extended_result_codes)
    for name, code in codes.items()
    if isinstance(name, str)
}


def reset_because(exc: apsw.Error) -> str:
    """Return the message for a transaction that cannot be committed."""
    return f"{RESET}: {_message(exc)}"


_RESERVED_RENAME = re.compile(r"(?is)\s*alter\s+table\b.+\brename\s+to\s+\W?_cf_")
