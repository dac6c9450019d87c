"""SQLite as workerd runs it: its limits, its authorizer, its transactions, its error texts.

Nothing of D1 is in here: what a request of several queries is made of, and what JavaScript sees of
the answers, is its caller's.
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
    place_of,
    split,
    tokens_of,
    with_values,
)

if TYPE_CHECKING:
    from .._clock import Clock

__all__ = ["METADATA", "Answer", "Refused", "Sqlite", "reset_because"]


class Refused(Exception):
    """What the runtime says instead of running a statement."""


class Answer(NamedTuple):
    """The result of one query, as rows and columns."""

    names: list[str]
    rows: list[list[Any]]
    meta: dict[str, Any]


def cell(value: Any) -> Any:
    """What JavaScript sees of a SQLite value, after JSON."""
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, int | float):
        if not isfinite(value):
            return None
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
        self._unread: list[sqlite3.Cursor] = []
        self.bookmarks: count[int] = count()
        self._open(self._connected())
        if self.has_metadata:
            self._ask(METADATA)

    cell: Callable[[Any], Any] = staticmethod(cell)

    def _connected(self) -> sqlite3.Connection:
        # No statement cache: what was compiled for the fake's own use would pass the authorizer.
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
            reckoner = _tell_time(connection, self._clock)
            self._close.append(weakref.finalize(self, reckoner.close))
        self._guard = _Authorizer()
        connection.set_authorizer(self._guard)
        self._ask("PRAGMA foreign_keys = ON")

    def _open_anew(self) -> None:
        """What the runtime does after an internal error: the data stays, the last rowid is gone."""
        before, close = self._connection, self._close
        after = self._connected()
        if self._path == ":memory:":
            before.backup(after)
        self._open(after)
        for each in close:
            each()

    def _ask(self, sql: str, *params: Any) -> Any:
        """The fake's own questions, which no authorizer refuses."""
        return next(iter(self._ask_all(sql, *params)), None)

    def _ask_all(self, sql: str, *params: Any) -> list[Any]:
        self._guard.trusted = True
        try:
            return self._connection.execute(sql, params).fetchall()
        finally:
            self._guard.trusted = False

    def transaction(self, queries: list[tuple[str, tuple[Any, ...]]]) -> list[Answer]:
        """All the queries, or none; those with nothing in them are passed over."""
        queries = [query for query in queries if re.sub(r"(?m)^\s+--.*", "", query[0]).strip()]
        if not queries:
            raise Refused("No SQL statements detected.")
        self._ask("SAVEPOINT request")
        try:
            answers = [self._query(*query) for query in queries]
            self._ask("RELEASE request")
        except Refused:
            try:
                self._ask("ROLLBACK TO request")
                self._ask("RELEASE request")
            except sqlite3.OperationalError:
                # OR ROLLBACK and RAISE(ROLLBACK) have pulled the savepoint from under the runtime,
                # or a statement before the one that failed has rows left.
                self._reset()
                raise JsException("Error", "internal error") from None
            raise
        except sqlite3.IntegrityError as exc:  # a deferred foreign key, at the end
            self._reset()
            raise JsException("Error", reset_because(exc)) from None
        except sqlite3.OperationalError:  # at the end: a statement before the last has rows left
            self._reset()
            raise JsException("Error", "internal error") from None
        finally:
            self._unread.clear()
        return answers

    def _reset(self) -> None:
        self._unread.clear()
        if self._connection.in_transaction:
            self._ask("ROLLBACK")
        self._open_anew()

    def _query(self, sql: str, params: tuple[Any, ...]) -> Answer:
        started, before = perf_counter(), self._state()
        if len(sql.encode()) > MAX_STATEMENT:
            raise Refused("statement too long: SQLITE_TOOBIG")
        *first, last = split(sql)
        held = len(self._unread)
        try:
            for statement in first:
                self._step(statement, None)
            if first and (is_empty(last) or self._complaint(last)):
                self._step(last, params)
        except Refused:
            del self._unread[held:]  # the runtime lets go of them, where it was still compiling
            raise
        scanned, writes, searches = self._plan(last) if _PLANNED.match(last) else (0, 0, 0)
        names, rows = self._step(last, params)
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
        """Total changes, the last row's id, and the size in bytes."""
        last, size = self._ask(
            "SELECT last_insert_rowid(), (page_count - freelist_count) * page_size"
            " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
        return self._connection.total_changes, last, size

    def _step(self, sql: str, params: tuple[Any, ...] | None) -> tuple[list[str], list[list[Any]]]:
        """Names and rows of one statement; with None for ``params``, if others follow, neither."""
        if is_empty(sql):
            raise Refused("SQL code did not contain a statement.")
        if _RESERVED_RENAME.match(sql):
            raise Refused("not authorized: SQLITE_AUTH")
        self._guard.reason = None
        try:
            cursor = self._connection.execute(*with_values(sql, params or ()))
            names = [column[0] for column in cursor.description or ()]
            if params is None:
                self._unread.append(cursor)
                return [], []
            return names, [list(map(self.cell, row)) for row in cursor]
        except sqlite3.ProgrammingError:
            raise Refused(_MISCOUNTED if params is not None else _PARAMETERS_BEFORE_LAST) from None
        except MemoryError:  # the program is longer than SQLITE_LIMIT_VDBE_OP
            raise Refused("out of memory: SQLITE_NOMEM") from None
        except sqlite3.Error as exc:
            raise Refused(self._guard.reason or _text(exc, self._place(sql, str(exc)))) from None

    def _plan(self, sql: str) -> tuple[int, int, int]:
        """From the program: rows that it scans, writes for each change, and searches."""
        scanned, writes, searches = 0, 0, 0
        roots: dict[int, int] = {}
        written: set[int] = set()
        try:
            program = self._connection.execute(*with_values(f"EXPLAIN {sql}")).fetchall()
        except (sqlite3.Error, MemoryError):  # nor will it run
            return 0, 0, 0
        for _, opcode, cursor, root, *_ in program:
            if opcode in ("OpenRead", "OpenWrite"):
                roots[cursor] = root
                if opcode == "OpenWrite":
                    written.add(cursor)
            elif opcode in ("Rewind", "Last", "Count") and cursor in roots:
                scanned += max(self._rows_at(roots[cursor]), 1)
            elif opcode in ("Insert", "IdxInsert"):
                writes += cursor in written
            elif opcode.startswith("Seek"):
                searches += 1
            elif opcode == "SorterSort":
                scanned *= 2
        return scanned, writes, searches

    def _rows_at(self, root: int) -> int:
        """Rows of the table that has this page, or whose index has it."""
        found = self._ask(f"SELECT tbl_name FROM sqlite_schema WHERE rootpage = {root}")
        table = found[0].replace('"', '""') if found else "sqlite_schema"
        rows: int = self._ask(f'SELECT count(*) FROM "{table}"')[0]
        return rows

    def _place(self, sql: str, message: str) -> int | None:
        """Where SQLite found the error, which ``sqlite3`` does not tell."""
        tokens = tokens_of(sql)
        if near := re.fullmatch('near "(.*)": syntax error', message, re.DOTALL):
            # It is the first of its name at which all that came so far fails like the whole.
            named_so = [token for token in tokens if token[0] == near[1]]
            at = bisect_left(
                named_so, True, key=lambda token: self._complaint(sql[: token.end()]) == message
            )
            return bytes_before(named_so[at]) if at < len(named_so) else None
        if bad := re.fullmatch('unrecognized token: "(.*)"', message, re.DOTALL):
            return next(
                (bytes_before(t) for t in tokens if sql.startswith(bad[1], t.start())), None
            )
        if named := _NAMING.match(message):
            return place_of(named["name"], named["function"], tokens)
        if message.startswith(("too many SQL variables", "variable number must be")):
            slots = [token for token in tokens if token.lastgroup == "slot"]
            beyond = [slot for slot in slots if not 0 < int(slot[0][1:] or 1) <= MAX_PARAMETERS]
            return bytes_before((beyond or slots[MAX_PARAMETERS:])[0])
        return None

    def _complaint(self, sql: str) -> str:
        """Why SQL does not compile; nothing runs, as it never has so many parameters."""
        try:
            self._connection.execute(sql, [None] * (MAX_PARAMETERS + 1))
        except sqlite3.ProgrammingError:
            return ""
        except (sqlite3.Error, MemoryError) as exc:
            return str(exc) or "out of memory"
        return ""


def _text(exc: sqlite3.Error, place: int | None = None) -> str:
    """SQLite's message as workerd extends it."""
    name = _UNNAMED.get(exc.sqlite_errorcode, exc.sqlite_errorname)
    code = "_".join(name.split("_")[:2])
    where = "" if place is None else f" at offset {place}"
    return f"{exc}{where}: {code}" + (f" (extended: {name})" if name != code else "")


def reset_because(exc: sqlite3.Error) -> str:
    """What is said where a transaction cannot end well."""
    return f"{_RESET}: {_text(exc)}"


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


class _Authorizer:
    """What workerd lets SQL do, said at the time that a statement is compiled."""

    def __init__(self) -> None:
        self.trusted = False
        self.reason: str | None = None

    def __call__(
        self, action: int, one: str | None, two: str | None, base: str | None, trigger: str | None
    ) -> int:
        if action in (sqlite3.SQLITE_ALTER_TABLE, sqlite3.SQLITE_DETACH):
            one, base = two, one
        if self.trusted or self._allows(action, one or "", two, base):
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    def _allows(self, action: int, one: str, two: str | None, base: str | None) -> bool:
        if action in (sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT):
            self.reason = _TRANSACTION
            return False
        if base == "temp":
            return action in (sqlite3.SQLITE_READ, sqlite3.SQLITE_UPDATE) and _open(one)
        if base not in (None, "main"):
            return False
        if action == sqlite3.SQLITE_PRAGMA:
            return _allows_pragma(one, two)
        if action == sqlite3.SQLITE_FUNCTION:
            return two in _FUNCTIONS
        if action in (sqlite3.SQLITE_CREATE_VTABLE, sqlite3.SQLITE_DROP_VTABLE):
            return _open(one) and (two or "").lower() in ("fts5", "fts5vocab")
        if action in _ON_TWO_NAMES:
            return _open(one) and _open(two or "")
        return action in _ALWAYS or (action in _ON_A_NAME and _open(one))


def _open(name: str) -> bool:
    return not name.lower().startswith("_cf_")


def _allows_pragma(name: str, value: str | None) -> bool:
    if name in ("table_list", "data_version"):
        return name == "table_list" or value is None
    if name in _SWITCHES:
        return value is None or bool(_BOOLEAN.match(value.strip("'\"")))
    if name == "optimize":
        return value is None or bool(re.fullmatch(r"-?\d+|0x[0-9a-fA-F]+", value))
    if name in ("foreign_key_check", "quick_check"):
        return _open(value or "")
    return name in _ON_OBJECTS and value is not None and _open(value)


def _tell_time(connection: sqlite3.Connection, clock: Clock) -> sqlite3.Connection:
    """Let SQL's date functions say the clock's time; another connection does the reckoning."""
    reckoner = sqlite3.connect(":memory:", check_same_thread=False)

    def teller(name: str, function: str, times: int) -> Callable[..., Any]:
        def tell(*args: Any) -> Any:
            now = clock.datetime().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
            given = [*args, *(["now"] if len(args) <= times else [])]
            given = [now if str(arg).lower() == "now" else arg for arg in given]
            marks = ", ".join("?" * len(given))
            return reckoner.execute(f"SELECT {function}({marks})", given).fetchone()[0]

        return tell

    for name in ("date", "time", "datetime", "julianday", "unixepoch", "strftime"):
        tell = teller(name, name, int(name == "strftime"))
        connection.create_function(name, -1, tell, deterministic=True)
    for name, function in _CURRENT.items():
        connection.create_function(name, 0, teller(name, function, 0), deterministic=True)
    return reckoner


MAX_STATEMENT = 100_000

# Newer than the names that ``sqlite3`` knows.
_UNNAMED = {3091: "SQLITE_CONSTRAINT_DATATYPE"}

_LIMITS = {
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 127,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: MAX_PARAMETERS,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}

# The runtime's own table; that it is listed, and takes a page, can be seen.
METADATA = """CREATE TABLE IF NOT EXISTS _cf_METADATA (
        key INTEGER PRIMARY KEY,
        value BLOB
      )"""

_MISCOUNTED = "Wrong number of parameter bindings for SQL query."
_PARAMETERS_BEFORE_LAST = (
    "When executing multiple SQL statements in a single call, only the last statement can have "
    "parameters."
)
_TRANSACTION = (
    "To execute a transaction, please use the state.storage.transaction() or "
    "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT "
    "statements. The JavaScript API is safer because it will automatically roll back on "
    "exceptions, and because it interacts correctly with Durable Objects' automatic atomic "
    "write coalescing."
)
_RESET = (
    "Durable Object was reset and rolled back to its last known good state because the "
    "application left the database in a state where constraints were violated"
)

_NAMING = re.compile(
    r"(?:no such column: |ambiguous column name: |(?:table|view|trigger) (?=.* already exists$)"
    r"|(?P<function>no such function: |not authorized to use function: |misuse of aggregate: "
    r"|misuse of aggregate function |misuse of window function "
    r"|wrong number of arguments to function |too many arguments on function ))"
    r"(?P<name>.+?)(?:\(\))?(?: already exists)?$"
)
_PLANNED = re.compile(r"(?i)\s*(?:select|insert|replace|update|delete|with|values)\b")
_RESERVED_RENAME = re.compile(r"(?is)\s*alter\s+table\b.+\brename\s+to\s+\W?_cf_")
_BOOLEAN = re.compile(r"(?i)true|false|yes|no|on|off|1|0")

_ALWAYS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_ANALYZE, sqlite3.SQLITE_RECURSIVE}
_ON_A_NAME = {
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_DELETE,
    sqlite3.SQLITE_DROP_TABLE,
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_CREATE_VIEW,
    sqlite3.SQLITE_DROP_VIEW,
    sqlite3.SQLITE_REINDEX,
    sqlite3.SQLITE_ALTER_TABLE,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_UPDATE,
}
_ON_TWO_NAMES = {
    sqlite3.SQLITE_CREATE_INDEX,
    sqlite3.SQLITE_DROP_INDEX,
    sqlite3.SQLITE_CREATE_TRIGGER,
    sqlite3.SQLITE_DROP_TRIGGER,
}

_SWITCHES = {
    "case_sensitive_like",
    "foreign_keys",
    "defer_foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "recursive_triggers",
    "reverse_unordered_selects",
}
_ON_OBJECTS = {
    "table_info",
    "table_xinfo",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
}
_CURRENT = {"current_date": "date", "current_time": "time", "current_timestamp": "datetime"}
_FUNCTIONS = frozenset(
    """
    abs changes char coalesce concat concat_ws format glob hex ifnull iif instr last_insert_rowid
    length like likelihood likely load_extension lower ltrim max_scalar min_scalar nullif
    octet_length printf quote random randomblob replace round rtrim sign soundex substr substring
    total_changes trim typeof unhex unicode unlikely upper zeroblob

    date time datetime julianday unixepoch strftime timediff current_date current_time
    current_timestamp

    avg count group_concat max min string_agg sum total row_number rank dense_rank percent_rank
    cume_dist ntile lag lead first_value last_value nth_value

    acos acosh asin asinh atan atan2 atanh ceil cos cosh degrees exp floor ln log log2 mod pi pow
    radians sin sinh sqrt tan tanh trunc

    json jsonb json_array jsonb_array json_array_length json_extract jsonb_extract -> ->>
    json_insert jsonb_insert json_object jsonb_object json_patch jsonb_patch json_remove
    jsonb_remove json_replace jsonb_replace json_set jsonb_set json_type json_valid json_quote
    json_group_array jsonb_group_array json_group_object jsonb_group_object json_each json_tree

    match highlight bm25 snippet rtreecheck sqlite_rename_column sqlite_rename_table
    sqlite_rename_test sqlite_drop_column sqlite_rename_quotefix
    """.split()  # noqa: SIM905 (a list would be ten times as long)
)
