"""A Durable Object's database: SQLite as workerd runs it, its transactions, and ``storage.sql``."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple

from ...._cpython.js_exception import JsException
from ..sqlite import METADATA, Answer, Refused, Sqlite, reset_because

if TYPE_CHECKING:
    from ..._clock import Clock

__all__ = ["MAX_LENGTH", "Database", "FakeSqlStorage", "FakeSqlStorageCursor", "Range"]


class Range(NamedTuple):
    """What a listing is to give."""

    start: str
    end: str | None
    prefix: str
    reverse: bool
    limit: int | None


# The runtime's own table; that it is listed, and takes a page, can be seen.
_KV = """CREATE TABLE IF NOT EXISTS _cf_KV (
        key TEXT PRIMARY KEY,
        value BLOB
      ) WITHOUT ROWID"""


class Database(Sqlite):
    """The database of one object. What is written is in a transaction until ``commit``."""

    has_metadata = False

    def __init__(self, clock: Clock | None) -> None:
        super().__init__(":memory:", clock, MAX_LENGTH)
        self.depth: int = 0
        self._lost = False

    @staticmethod
    def cell(value: Any) -> Any:
        """What JavaScript sees of a SQLite value."""
        if type(value) in (int, float):
            number = float(value)
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        return value

    # Transactions

    def begin(self) -> None:
        """Open the transaction of this turn, if there is none."""
        if not self._connection.in_transaction:
            self._ask("BEGIN")

    def commit(self) -> None:
        """Keep what this turn has written; Refused where a deferred constraint is violated, or
        where SQL has rolled the turn's transaction back itself."""
        if self._lost:
            raise Refused(f"internal error; reference = {token_hex(12)}")
        if self._connection.in_transaction and not self.depth:
            try:
                self._ask("COMMIT")
            except sqlite3.IntegrityError as exc:
                raise Refused(reset_because(exc)) from None

    def roll_back(self) -> None:
        """Forget what this turn has written."""
        self._lost = False
        self.depth = 0
        if self._connection.in_transaction:
            self._ask("ROLLBACK")

    def save(self) -> int:
        """Begin a transaction within; its number."""
        self.begin()
        self.depth += 1
        self._ask(f"SAVEPOINT depth_{self.depth}")
        return self.depth

    def release(self, depth: int, *, undo: bool = False) -> None:
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
        self._connection.backup(other._connection)

    @property
    def size(self) -> int:
        return max(self._state()[2], 4096)

    # Keys and values, kept as pickles, which copy as structured clone does

    def get(self, key: str) -> list[Any]:
        """The value of a key, or nothing."""
        if not self._has_table("_cf_KV"):
            return []
        found = self._ask("SELECT value FROM _cf_KV WHERE key = ?", key)
        return [] if found is None else [pickle.loads(found[0])]

    def put(self, key: str, value: Any) -> None:
        self.begin()
        self._ask(_KV)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _FOR_PICKLES)
        try:
            self._ask("INSERT OR REPLACE INTO _cf_KV VALUES (?, ?)", key, pickle.dumps(value))
        finally:
            self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_LENGTH)

    def delete(self, key: str) -> bool:
        found = self.get(key)
        if found:
            self.begin()
            self._ask("DELETE FROM _cf_KV WHERE key = ?", key)
        return bool(found)

    def list(self, range: Range) -> list[tuple[str, Any]]:
        if not self._has_table("_cf_KV"):
            return []
        sql, params = "SELECT key, value FROM _cf_KV WHERE key >= ?", [range.start]
        if range.end is not None:
            sql, params = f"{sql} AND key < ?", [*params, range.end]
        rows = self._ask_all(f"{sql} ORDER BY key {'DESC' if range.reverse else ''}", *params)
        found = [row for row in rows if row[0].startswith(range.prefix)]
        return [(key, pickle.loads(value)) for key, value in found[: range.limit]]

    def _has_table(self, name: str) -> bool:
        return self._ask("SELECT 1 FROM sqlite_schema WHERE name = ?", name) is not None

    # The alarm

    @property
    def alarm(self) -> float | None:
        """Milliseconds since 1970."""
        if not self._has_table("_cf_METADATA"):
            return None
        found = self._ask("SELECT value FROM _cf_METADATA WHERE key = 1")
        return found[0] if found else None

    @alarm.setter
    def alarm(self, when: float | None) -> None:
        self.begin()
        self._ask(METADATA)
        self._ask("INSERT OR REPLACE INTO _cf_METADATA VALUES (1, ?)", when)

    def clear(self) -> None:
        """Forget everything."""
        self._unread.clear()
        self.roll_back()
        for close in self._close:
            close()
        self._open(self._connected())


MAX_LENGTH = 2 * 1024 * 1024
_FOR_PICKLES = 1_000_000_000


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
        params = tuple(map(_bound, bindings))
        database: Database = self._storage.with_sql(writes=True).database
        return FakeSqlStorageCursor(database.run(query, params))


def _bound(value: Any) -> Any:
    """What reaches SQLite of a bound value: a number as REAL."""
    return float(value) if type(value) in (int, bool) else value
