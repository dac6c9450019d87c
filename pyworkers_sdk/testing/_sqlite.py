"""SQLite as workerd runs it: its limits, its authorizer, its transactions, its error texts.

Nothing of D1 is in here: what a request of several queries is made of, and what JavaScript sees of
the answers, is its caller's.
"""

from __future__ import annotations

import re
import sqlite3
import weakref
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from math import isfinite
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from .._ffi._web import JsException

if TYPE_CHECKING:
    from ._clock import Clock

__all__ = ["Answer", "Refused", "Sqlite"]


class Refused(Exception):
    """What the runtime says instead of running a statement."""


class Answer(NamedTuple):
    """The result of one query, as rows and columns."""

    names: list[str]
    rows: list[list[Any]]
    meta: dict[str, Any]


def _cell(value: Any) -> Any:
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

    def __init__(self, path: str, clock: Clock | None, max_length: int) -> None:
        self._path = path
        self._clock = clock
        self._max_length = max_length
        self._unread: list[sqlite3.Cursor] = []
        self.bookmarks = count()
        self._open(self._connected())
        self._ask(_METADATA)

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

    def _ask(self, sql: str) -> Any:
        """The fake's own questions, which no authorizer refuses."""
        self._guard.trusted = True
        try:
            return self._connection.execute(sql).fetchone()
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
            raise JsException("Error", f"{_RESET}: {_text(exc)}") from None
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
        *first, last = _split(sql)
        held = len(self._unread)
        try:
            for statement in first:
                self._step(statement, None)
            if first and (_is_empty(last) or self._complaint(last)):
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
            "last_row_id": _cell(after[1]),
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
        if _is_empty(sql):
            raise Refused("SQL code did not contain a statement.")
        if _RESERVED_RENAME.match(sql):
            raise Refused("not authorized: SQLITE_AUTH")
        self._guard.reason = None
        try:
            cursor = self._connection.execute(*_with_values(sql, params or ()))
            names = [column[0] for column in cursor.description or ()]
            if params is None:
                self._unread.append(cursor)
                return [], []
            return names, [list(map(_cell, row)) for row in cursor]
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
            program = self._connection.execute(*_with_values(f"EXPLAIN {sql}")).fetchall()
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
        tokens = _tokens(sql)
        if near := re.fullmatch('near "(.*)": syntax error', message, re.DOTALL):
            # It is the first of its name at which all that came so far fails like the whole.
            named_so = [token for token in tokens if token[0] == near[1]]
            at = bisect_left(
                named_so, True, key=lambda token: self._complaint(sql[: token.end()]) == message
            )
            return _bytes_before(named_so[at]) if at < len(named_so) else None
        if bad := re.fullmatch('unrecognized token: "(.*)"', message, re.DOTALL):
            return next(
                (_bytes_before(t) for t in tokens if sql.startswith(bad[1], t.start())), None
            )
        if named := _NAMING.match(message):
            return _place_of(named["name"], named["function"], tokens)
        if message.startswith(("too many SQL variables", "variable number must be")):
            slots = [token for token in tokens if token.lastgroup == "slot"]
            beyond = [slot for slot in slots if not 0 < int(slot[0][1:] or 1) <= MAX_PARAMETERS]
            return _bytes_before((beyond or slots[MAX_PARAMETERS:])[0])
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


# SQL as text


@lru_cache(maxsize=256)
def _tokens(sql: str) -> list[re.Match[str]]:
    """The tokens of SQL, without space and comments."""
    return [token for token in _TOKEN.finditer(sql) if token.lastgroup != "space"]


def _split(sql: str) -> list[str]:
    """The statements of SQL, as SQLite cuts them off: at the end of each, or at a NUL."""
    sql, nul, _ = sql.partition("\0")
    parts: list[str] = []
    start, begun = 0, False
    for token in _tokens(sql):
        if token[0] != ";":
            begun = True
        # semicolons before a statement belong to it
        if token[0] != ";" or not begun or not sqlite3.complete_statement(sql[start : token.end()]):
            continue
        begun = False
        if rest := sql[token.end() :].lstrip(" \t\n\r\v\f"):
            parts.append(sql[start : token.end()])
            start = len(sql) - len(rest)
    return [*parts, sql[start:], *([""] if nul else [])]


def _is_empty(sql: str) -> bool:
    return all(token[0] == ";" for token in _tokens(sql))


class _InOrder(dict[str, Any]):
    """Values for named parameters, whose names ``sqlite3`` asks for in their order."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = iter(values)

    def __missing__(self, name: str) -> Any:
        return next(self._values)


def _with_values(sql: str, values: Sequence[Any] | None = None) -> tuple[str, Any]:
    """SQL and its values (nulls if none are given), in a way that ``sqlite3`` takes them.

    D1 binds by position whatever a parameter is called; ``sqlite3`` wants names for the named.
    """
    slots = [token for token in _tokens(sql) if token.lastgroup == "slot"]
    named: dict[str, int] = {}
    numbers: list[int] = []
    highest = 0
    for slot in slots:
        name = slot[0]
        number = int(name[1:] or highest + 1) if name[0] == "?" else named.get(name, highest + 1)
        named[name] = number
        numbers.append(number)
        highest = max(highest, number)
    if values is None:
        values = (None,) * min(highest, MAX_PARAMETERS)
    bare = sum(slot[0] == "?" for slot in slots)
    if bare == len(slots) or len(values) != highest or 0 in numbers:
        return sql, values
    if not bare and len(set(numbers)) == highest:
        return sql, _InOrder(values)
    for slot in reversed(slots):
        sql = f"{sql[: slot.start()]}?{sql[slot.end() :]}"
    return sql, [values[number - 1] for number in numbers]


def _bytes_before(token: re.Match[str]) -> int:
    return len(token.string[: token.start()].encode())


def _place_of(name: str, function: str | None, tokens: list[re.Match[str]]) -> int | None:
    """Where a name stands that SQLite could not resolve."""
    texts = [*(token[0].strip('"`[]').lower() for token in tokens), "", ""]
    wanted = name.strip('"').lower().split(".")
    length = 2 * len(wanted) - 1
    named = range(0)  # the columns of an INSERT, which have an error of their own
    into = texts.index("into") if "into" in texts else len(tokens)
    if texts[into + 2 : into + 3] == ["("] and ")" in texts[into:]:
        named = range(into, texts.index(")", into))
    for at in range(len(tokens)):
        if texts[at : at + length : 2] != wanted or at in named:
            continue
        before, after = texts[at - 1], texts[at + length]  # where there is none, ""
        if before in (".", "as", "collate"):
            continue
        if function and after != "(":
            continue
        if "update" in texts[:at] and before in ("set", ",") and after == "=":
            return None
        if function == "misuse of aggregate: " and "where" in texts[at:]:
            continue
        return _bytes_before(tokens[at])
    return None


MAX_PARAMETERS = 100
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
_METADATA = """CREATE TABLE IF NOT EXISTS _cf_METADATA (
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

_TOKEN = re.compile(
    r"""(?P<space>[ \t\n\f\r]+ | --[^\n]* | /\*.*?(?:\*/|\Z))
      | (?P<quoted>'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^]]*])
      | (?P<slot>\?\d* | [:@$\#][\w$\x80-\U0010ffff]+(?:::\w+)*(?:\([^\s)]*\))?)
      | (?P<word>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? | [\w$\x80-\U0010ffff]+)
      | (?P<sign>\|\| | ->>? | <[<=>]? | >[>=]? | == | != | .)""",
    re.VERBOSE | re.DOTALL,
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
