"""The database of a fake Durable Object: SQLite as workerd runs it, and ``storage.sql``.

Keys and values, SQL tables and the alarm share one database, and so one transaction: the runtime
stores the writes of one turn together or not at all.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple

from ...._cpython.js_exception import JsException
from .._apsw import apsw
from ..sqlite import METADATA, Answer, Refused, Sqlite, copy, reset_because

if TYPE_CHECKING:
    from ..._clock import Clock

__all__ = ["MAX_LENGTH", "Database", "FakeSqlStorage", "FakeSqlStorageCursor", "Range"]


class Range(NamedTuple):
    """The keys that a listing returns: ``start`` inclusive, ``end`` exclusive."""

    start: str
    end: str | None
    prefix: str
    reverse: bool
    limit: int | None


MAX_LENGTH = 2 * 1024 * 1024  # bytes of a row, and of a key with its value
_MAX_PICKLE = 1_000_000_000  # bytes; a pickle may be larger than the value as V8 serializes it

# The runtime's own table. Programs can see it: it is listed in sqlite_master
# (test_sql_and_keys_share_one_database), and it adds a page to databaseSize.
_KV = """CREATE TABLE IF NOT EXISTS _cf_KV (
        key TEXT PRIMARY KEY,
        value BLOB
      ) WITHOUT ROWID"""


class Database(Sqlite):
    """The database of one object. Writes stay in a transaction until ``commit``."""

    has_metadata = False

    def __init__(self, clock: Clock | None) -> None:
        super().__init__(":memory:", clock, MAX_LENGTH)
        self.depth: int = 0
        """The number of open savepoints: transactions of the program."""
        self._lost = False
        """True if a statement (INSERT OR ROLLBACK, …) rolled back the turn's transaction itself."""

    @staticmethod
    def cell(value: Any) -> Any:
        """Return a SQLite value as JavaScript sees it: every number is a double."""
        if type(value) in (int, float):
            number = float(value)
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        return value

    # Transactions

    def begin(self) -> None:
        """Open the transaction of this turn, if none is open."""
        if not self._connection.in_transaction:
            self._ask("BEGIN")

    def commit(self) -> None:
        """Store the writes of this turn.

        Raise Refused if a deferred constraint is violated, or if a statement has rolled back the
        transaction itself.
        """
        if self._lost:
            # As in workerd (test_sql_that_rolls_back_its_transaction_resets_the_object).
            raise Refused(f"internal error; reference = {token_hex(12)}")
        if self._connection.in_transaction and not self.depth:
            try:
                self._ask("COMMIT")
            except apsw.ConstraintError as exc:
                raise Refused(reset_because(exc)) from None

    def roll_back(self) -> None:
        """Discard the writes of this turn."""
        self._lost = False
        self.depth = 0
        if self._connection.in_transaction:
            self._ask("ROLLBACK")

    def save(self) -> int:
        """Begin a nested transaction, and return its depth for ``release``."""
        self.begin()
        self.depth += 1
        self._ask(f"SAVEPOINT depth_{self.depth}")
        return self.depth

    def release(self, depth: int, *, undo: bool = False) -> None:
        """End the nested transaction of this depth, and undo its writes if asked to."""
        self.depth = depth - 1
        if self._lost:
            return
        if undo:
            self._ask(f"ROLLBACK TO depth_{depth}")
        self._ask(f"RELEASE depth_{depth}")

    # SQL

    def run(self, sql: str, params: tuple[Any, ...]) -> Answer:
        self.begin()
        try:
            return self._query(sql, params)
        except Refused as refused:
            self._lost = self._lost or not self._connection.in_transaction
            raise JsException("Error", str(refused)) from None
        finally:
            self._unread.clear()

    def copy_to(self, other: Database) -> None:
        copy(self._connection, other._connection)

    @property
    def size(self) -> int:
        return max(self._used_bytes(), 4096)

    # Keys and values. A value is stored as a pickle: like structured clone, a pickle copies deeply
    # and keeps cycles and shared references.

    def get(self, key: str) -> list[Any]:
        """Return a list with the value of a key, or an empty list."""
        if not self._has_table("_cf_KV"):
            return []
        row = self._ask("SELECT value FROM _cf_KV WHERE key = ?", key)
        return [] if row is None else [pickle.loads(row[0])]

    def put(self, key: str, value: Any) -> None:
        self.begin()
        self._ask(_KV)
        # The caller has checked the limit against the size that V8 would serialize.
        self._connection.limit(apsw.SQLITE_LIMIT_LENGTH, _MAX_PICKLE)
        try:
            self._ask("INSERT OR REPLACE INTO _cf_KV VALUES (?, ?)", key, pickle.dumps(value))
        finally:
            self._connection.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_LENGTH)

    def delete(self, key: str) -> bool:
        values = self.get(key)
        if values:
            self.begin()
            self._ask("DELETE FROM _cf_KV WHERE key = ?", key)
        return bool(values)

    def list(self, range: Range) -> list[tuple[str, Any]]:
        if not self._has_table("_cf_KV"):
            return []
        sql, params = "SELECT key, value FROM _cf_KV WHERE key >= ?", [range.start]
        if range.end is not None:
            sql, params = f"{sql} AND key < ?", [*params, range.end]
        rows = self._ask_all(f"{sql} ORDER BY key {'DESC' if range.reverse else ''}", *params)
        matches = [row for row in rows if row[0].startswith(range.prefix)]
        return [(key, pickle.loads(value)) for key, value in matches[: range.limit]]

    def _has_table(self, name: str) -> bool:
        return self._ask("SELECT 1 FROM sqlite_schema WHERE name = ?", name) is not None

    # The alarm

    @property
    def alarm(self) -> float | None:
        """The time of the alarm in milliseconds since 1970, or None."""
        if not self._has_table("_cf_METADATA"):
            return None
        row = self._ask("SELECT value FROM _cf_METADATA WHERE key = 1")
        return row[0] if row else None

    @alarm.setter
    def alarm(self, time: float | None) -> None:
        self.begin()
        self._ask(METADATA)
        self._ask("INSERT OR REPLACE INTO _cf_METADATA VALUES (1, ?)", time)

    def clear(self) -> None:
        """Delete all tables, by replacing the database with an empty one."""
        self._unread.clear()
        self.roll_back()
        self._connection.close()
        self._open(self._connected())


class FakeSqlStorageCursor:
    """JS: SqlStorageCursor."""

    def __init__(self, answer: Answer) -> None:
        self.columnNames: list[str] = answer.names
        self._rows = iter(answer.rows)
        self.rowsRead: Any = answer.meta["rows_read"]
        self.rowsWritten: Any = answer.meta["rows_written"]

    def raw(self) -> Iterator[list[Any]]:
        return self._rows


class FakeSqlStorage:
    """JS: SqlStorage."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage

    @property
    def databaseSize(self) -> int:
        size: int = self._storage.with_sql().database.size
        return size

    def exec(self, query: str, /, *bindings: Any) -> FakeSqlStorageCursor:
        params = tuple(map(_as_real, bindings))
        database: Database = self._storage.with_sql(writes=True).database
        return FakeSqlStorageCursor(database.run(query, params))


def _as_real(value: Any) -> Any:
    """Return a bound value as SQLite receives it: a number of JavaScript is a double, so REAL."""
    return float(value) if type(value) in (int, bool) else value
