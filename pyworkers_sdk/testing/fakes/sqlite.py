"""SQLite as workerd runs it: its limits, authorizer, transactions and messages of errors.

D1 and the SQL of Durable Objects share this. How a request is composed, and how JavaScript sees
the answers, is left to them.
"""

from __future__ import annotations

import re
import sqlite3
import weakref
from bisect import bisect_left
from collections.abc import Callable
from itertools import count
from math import isfinite
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._cpython.js_exception import JsException
from .sql_text import (
    MAX_PARAMETERS,
    bytes_before,
    is_empty,
    offset_of,
    split,
    tokens_of,
    with_values,
)
from .sqlite_authorizer import Authorizer

if TYPE_CHECKING:
    from .._clock import Clock

__all__ = ["METADATA", "Answer", "Refused", "Sqlite", "reset_because"]


# Limits in bytes.
MAX_STATEMENT = 100_000

_LIMITS = {
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 127,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: MAX_PARAMETERS,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
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
        self._unread: list[sqlite3.Cursor] = []
        self.bookmarks: count[int] = count()
        self._open(self._connected())
        if self.has_metadata:
            self._ask(METADATA)

    cell: Callable[[Any], Any] = staticmethod(cell)

    def _connected(self) -> sqlite3.Connection:
        # Without a statement cache: SQLite asks the authorizer only while it compiles, so a user's
        # statement would pass if the fake had compiled the same text for its own use.
        return sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=0
        )

    def _open(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._close = [weakref.finalize(self, connection.close)]
        connection.text_factory = _decoded
        for limit, value in {**_LIMITS, sqlite3.SQLITE_LIMIT_LENGTH: self._max_length}.items():
            connection.setlimit(limit, value)
        if self._clock is not None:
            helper = _use_clock(connection, self._clock)
            self._close.append(weakref.finalize(self, helper.close))
        self._authorizer = Authorizer()
        connection.set_authorizer(self._authorizer)
        self._ask("PRAGMA foreign_keys = ON")

    def _reopen(self) -> None:
        """Open the database again, as the runtime does after an internal error.

        The data stays, but the last rowid is lost (contract: D1's
        test_an_internal_error_loses_the_last_rowid_but_no_data).
        """
        old, close_old = self._connection, self._close
        new = self._connected()
        if self._path == ":memory:":
            old.backup(new)
        self._open(new)
        for close in close_old:
            close()

    def _ask(self, sql: str, *params: Any) -> Any:
        """Run a statement of the fake itself, past the authorizer, and return its first row."""
        return next(iter(self._ask_all(sql, *params)), None)

    def _ask_all(self, sql: str, *params: Any) -> list[Any]:
        self._authorizer.trusted = True
        try:
            return self._connection.execute(sql, params).fetchall()
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
            except sqlite3.OperationalError:
                # OR ROLLBACK and RAISE(ROLLBACK) have removed the savepoint, or a statement before
                # the one that failed has unread rows. The runtime does not expect either
                # (contract: D1's test_or_rollback_is_an_internal_error_and_undoes_all).
                self._reset()
                raise JsException("Error", INTERNAL_ERROR) from None
            raise
        except sqlite3.IntegrityError as exc:  # RELEASE: a deferred foreign key is violated.
            self._reset()
            raise JsException("Error", reset_because(exc)) from None
        except sqlite3.OperationalError:  # RELEASE: a statement before the last has unread rows.
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

    def _query(self, sql: str, params: tuple[Any, ...]) -> Answer:
        """Run one query, and compute its ``meta``.

        For one SELECT of a user this runs four statements. Python's ``sqlite3`` hides the counters
        that workerd reports, so the fake reconstructs them:

        1. The text is split by its tokens, because ``sqlite3`` runs one statement at a time and
           workerd runs them all.
        2. The state before (changes, last rowid, size) is a SELECT on PRAGMA functions.
        3. EXPLAIN returns the program of the statement; the rows that its loops visit are
           ``rows_read``, and its inserts per change ``rows_written``.
        4. The statement itself runs, and the state afterwards is read again.
        """
        started, before = perf_counter(), self._state()
        if len(sql.encode()) > MAX_STATEMENT:
            raise Refused(TOO_LONG)
        *earlier, last = split(sql)
        unread = len(self._unread)
        try:
            for statement in earlier:
                self._run(statement, None)
            # workerd runs the earlier statements before it compiles the last one. If that fails,
            # it releases their cursors, and there is an ordinary error (contract: D1's
            # test_a_failure_before_the_last_statement_runs_has_its_reason).
            if earlier and (is_empty(last) or self._compile_error(last)):
                self._run(last, params)
        except Refused:
            del self._unread[unread:]
            raise
        scanned, writes, searches = self._explain(last) if _EXPLAINED.match(last) else (0, 0, 0)
        names, rows = self._run(last, params)
        after = self._state()
        changes = after[0] - before[0]
        meta = {
            "served_by": "miniflare.db",
            "duration": round((perf_counter() - started) * 1000),
            "changes": changes,
            "last_row_id": cell(after[1]),
            "changed_db": before != after,
            "size_after": after[2],
            "rows_read": scanned + (max(len(rows), changes, 1) if searches else 0),
            "rows_written": changes * max(writes, 1),
        }
        return Answer(names, rows, meta)

    def _state(self) -> tuple[int, int, int]:
        """Return the total number of changes, the last rowid, and the size in bytes."""
        rowid, size = self._ask(
            "SELECT last_insert_rowid(), (page_count - freelist_count) * page_size"
            " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
        return self._connection.total_changes, rowid, size

    def _run(self, sql: str, params: tuple[Any, ...] | None) -> tuple[list[str], list[list[Any]]]:
        """Run one statement, and return its columns and rows.

        If ``params`` is None, another statement follows: the rows stay unread then.
        """
        if is_empty(sql):
            raise Refused(EMPTY_STATEMENT)
        # The authorizer is not asked about the new name.
        if _RESERVED_RENAME.match(sql):
            raise Refused(NOT_AUTHORIZED)
        self._authorizer.reason = None
        try:
            cursor = self._connection.execute(*with_values(sql, params or ()))
            names = [column[0] for column in cursor.description or ()]
            if params is None:
                self._unread.append(cursor)
                return [], []
            return names, [list(map(self.cell, row)) for row in cursor]
        except sqlite3.ProgrammingError:
            raise Refused(MISCOUNTED if params is not None else PARAMETERS_BEFORE_LAST) from None
        except sqlite3.Error as exc:
            reason = self._authorizer.reason or _message(exc, self._error_offset(sql, str(exc)))
            raise Refused(reason) from None

    def _explain(self, sql: str) -> tuple[int, int, int]:
        """Return how many rows the statement scans, its writes per change, and its searches.

        Read from the opcodes of its program: https://www.sqlite.org/opcode.html
        """
        scanned, writes, searches = 0, 0, 0
        roots: dict[int, int] = {}
        written: set[int] = set()
        try:
            program = self._connection.execute(*with_values(f"EXPLAIN {sql}")).fetchall()
        except (sqlite3.Error, MemoryError):  # The statement itself will fail likewise.
            return 0, 0, 0
        for _, opcode, cursor, root, *_ in program:  # columns addr, opcode, p1, p2, …
            if opcode in ("OpenRead", "OpenWrite"):
                roots[cursor] = root
                if opcode == "OpenWrite":
                    written.add(cursor)
            elif opcode in ("Rewind", "Last", "Count") and cursor in roots:
                scanned += max(self._count_rows(roots[cursor]), 1)
            elif opcode in ("Insert", "IdxInsert"):
                writes += cursor in written
            elif opcode.startswith("Seek"):
                searches += 1
            elif opcode == "SorterSort":
                scanned *= 2  # Each row is read again from the sorter.
        return scanned, writes, searches

    def _count_rows(self, root: int) -> int:
        """Count the rows of the table to which this root page, of itself or an index, belongs."""
        row = self._ask(f"SELECT tbl_name FROM sqlite_schema WHERE rootpage = {root}")
        table = row[0].replace('"', '""') if row else "sqlite_schema"
        count: int = self._ask(f'SELECT count(*) FROM "{table}"')[0]
        return count

    def _error_offset(self, sql: str, message: str) -> int | None:
        """Return where SQLite found the error, in bytes.

        ``sqlite3`` has no sqlite3_error_offset(), so the offset is searched in the text. If a name
        stands in several places, this may be another place (tests/differential).
        """
        tokens = tokens_of(sql)
        if near := re.fullmatch('near "(.*)": syntax error', message, re.DOTALL):
            # The first token of this text up to which the SQL fails like the whole.
            candidates = [token for token in tokens if token[0] == near[1]]
            index = bisect_left(
                candidates,
                True,
                key=lambda token: self._compile_error(sql[: token.end()]) == message,
            )
            return bytes_before(candidates[index]) if index < len(candidates) else None
        if bad := re.fullmatch('unrecognized token: "(.*)"', message, re.DOTALL):
            return next(
                (bytes_before(t) for t in tokens if sql.startswith(bad[1], t.start())), None
            )
        if named := _NAMING.match(message):
            return offset_of(named["name"], named["function"], tokens)
        if message.startswith(("too many SQL variables", "variable number must be")):
            slots = [token for token in tokens if token.lastgroup == "slot"]
            beyond = [slot for slot in slots if not 0 < int(slot[0][1:] or 1) <= MAX_PARAMETERS]
            return bytes_before((beyond or slots[MAX_PARAMETERS:])[0])
        return None

    def _compile_error(self, sql: str) -> str:
        """Return why SQL does not compile, or "".

        It is compiled but not run, since no statement has as many parameters as are passed.
        """
        try:
            self._connection.execute(sql, [None] * (MAX_PARAMETERS + 1))
        except sqlite3.ProgrammingError:
            return ""
        except (sqlite3.Error, MemoryError) as exc:
            return str(exc) or "out of memory"
        return ""


def _message(exc: sqlite3.Error, offset: int | None = None) -> str:
    """Return SQLite's message with the offset and the codes that workerd adds."""
    name = _UNNAMED.get(exc.sqlite_errorcode, exc.sqlite_errorname)
    code = "_".join(name.split("_")[:2])
    where = "" if offset is None else f" at offset {offset}"
    return f"{exc}{where}: {code}" + (f" (extended: {name})" if name != code else "")


def reset_because(exc: sqlite3.Error) -> str:
    """Return the message for a transaction that cannot be committed."""
    return f"{RESET}: {_message(exc)}"


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _use_clock(connection: sqlite3.Connection, clock: Clock) -> sqlite3.Connection:
    """Make SQL's date functions use the clock.

    Python functions replace them. They put the time in place of "now", and compute the result with
    the original functions on a second connection. Return that connection.
    """
    helper = sqlite3.connect(":memory:", check_same_thread=False)

    def date_function(function: str, time_index: int) -> Callable[..., Any]:
        def compute(*args: Any) -> Any:
            now = clock.datetime().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
            params = [*args, *(["now"] if len(args) <= time_index else [])]  # "now" by default
            params = [now if str(param).lower() == "now" else param for param in params]
            marks = ", ".join("?" * len(params))
            return helper.execute(f"SELECT {function}({marks})", params).fetchone()[0]

        return compute

    # Not really deterministic, but SQLite refuses other functions in indexes and generated columns.
    for name in ("date", "time", "datetime", "julianday", "unixepoch", "strftime"):
        compute = date_function(name, int(name == "strftime"))
        connection.create_function(name, -1, compute, deterministic=True)
    for name, function in _CURRENT.items():
        connection.create_function(name, 0, date_function(function, 0), deterministic=True)
    return helper


# An extended code that is newer than the names in ``sqlite3``.
_UNNAMED = {3091: "SQLITE_CONSTRAINT_DATATYPE"}

# The messages of SQLite that name the thing at their offset.
_NAMING = re.compile(
    r"(?:no such column: |ambiguous column name: |(?:table|view|trigger) (?=.* already exists$)"
    r"|(?P<function>no such function: |not authorized to use function: |misuse of aggregate: "
    r"|misuse of aggregate function |misuse of window function "
    r"|wrong number of arguments to function |too many arguments on function ))"
    r"(?P<name>.+?)(?:\(\))?(?: already exists)?$"
)
# Only these read rows; EXPLAIN of other statements would find nothing.
_EXPLAINED = re.compile(r"(?i)\s*(?:select|insert|replace|update|delete|with|values)\b")
_RESERVED_RENAME = re.compile(r"(?is)\s*alter\s+table\b.+\brename\s+to\s+\W?_cf_")


_CURRENT = {"current_date": "date", "current_time": "time", "current_timestamp": "datetime"}
