"""SQL inside a Durable Object: rows, bound values, costs and refused statements."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any, TypedDict

from pyworkers_sdk import (
    ConversionError,
    DurableObjectConstraintError,
    DurableObjectError,
    DurableObjectState,
    RowError,
    RowTypeError,
)
from tests.contract.kit import cases, only, raises
from tests.contract.sql_counts import COUNTED
from tests.contract.sql_values import NUMBERED, SPACES, VALUES
from tests.contract.test_row_types import ONE, Plain

inside = only("fake", "workerd", reason="in the Node worlds the runtime cannot call Python")


class User(TypedDict):
    id: int
    name: str | None
    score: float
    active: bool
    data: bytes


@dataclasses.dataclass
class Point:
    x: float
    y: float


class Color(enum.Enum):
    RED = "red"


SCHEMA = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE, score REAL NOT NULL,"
    " active INTEGER CHECK (active IN (0, 1)), data BLOB)"
)


def users(state: DurableObjectState) -> Any:
    sql = state.storage.sql
    sql.exec(SCHEMA)
    for row in ((1, "a", 1, True, b"\x00"), (2, None, 2.5, False, b"")):
        sql.exec("INSERT INTO users VALUES (?, ?, ?, ?, ?)", *row)
    return sql


# Rows --------------------------------------------------------------------------------------------


@inside
async def test_cursor_is_a_sequence_of_dicts(state: DurableObjectState) -> None:
    sql = users(state)
    cursor = sql.exec("SELECT * FROM users ORDER BY id")
    rows: list[dict[str, Any]] = [
        {"id": 1, "name": "a", "score": 1, "active": 1, "data": b"\x00"},
        {"id": 2, "name": None, "score": 2.5, "active": 0, "data": b""},
    ]
    assert cursor.column_names == ["id", "name", "score", "active", "data"]
    assert cursor.to_array() == rows
    assert list(cursor) == rows
    assert list(cursor) == rows
    assert len(cursor) == 2
    assert cursor[1] == rows[1]
    assert cursor[:1] == rows[:1]
    assert repr(cursor) == "<SqlStorageCursor of 2 rows>"
    assert cursor.raw() == [tuple(row.values()) for row in rows]


@inside
async def test_rows_are_loaded_as_the_row_type(state: DurableObjectState) -> None:
    sql = users(state)
    rows = sql.exec("SELECT * FROM users WHERE id >= ? ORDER BY id", User, 1).to_array()
    assert rows[0] == {"id": 1, "name": "a", "score": 1.0, "active": True, "data": b"\x00"}
    assert type(rows[0]["score"]) is float
    assert rows[0]["active"] is True
    assert sql.exec("SELECT 1 AS x, 2 AS y", Point).one() == Point(1.0, 2.0)
    with raises(RowError, match="User: column 'score' of row 0: expected float, got str"):
        sql.exec("SELECT 1 AS id, 'a' AS name, 'x' AS score, 1 AS active, x'' AS data", User)


@inside
async def test_one_raises_unless_there_is_exactly_one_row(state: DurableObjectState) -> None:
    sql = users(state)
    assert sql.exec("SELECT name FROM users WHERE id = 1").one() == {"name": "a"}
    for where, many in (("id = 3", "no"), ("true", "multiple")):
        message = f"Expected exactly one result from SQL query, but got {many} results."
        with raises(DurableObjectError) as caught:
            sql.exec(f"SELECT name FROM users WHERE {where}").one()
        assert caught.value.message == message
        assert caught.value.js_name == "Error"


@only("workerd", reason="it compares with JavaScript's own cursor")
async def test_error_message_of_one_equals_javascripts(state: DurableObjectState) -> None:
    sql = users(state)
    for query in ("SELECT 1 WHERE false", "SELECT 1 UNION SELECT 2"):
        with raises(DurableObjectError) as ours:
            sql.exec(query).one()
        with raises(Exception) as theirs:
            sql.js_object.exec(query).one()
        assert ours.value.message == theirs.value.message  # type: ignore[attr-defined]


@inside
async def test_raw_keeps_columns_with_the_same_name(state: DurableObjectState) -> None:
    cursor = state.storage.sql.exec("SELECT 1 AS a, 2 AS b, 3 AS a")
    assert cursor.column_names == ["a", "b", "a"]
    assert cursor.raw() == [(1, 2, 3)]
    assert cursor.one() == {"a": 3, "b": 2}


@inside
@cases(["constructor", "toString", "__proto__", "items", "1", "", "é"])
async def test_column_name_may_be_any_text(state: DurableObjectState, case: str) -> None:
    cursor = state.storage.sql.exec(f'SELECT 1 AS "{case}"')
    assert cursor.column_names == [case]
    assert cursor.one() == {case: 1}


@inside
async def test_query_without_rows_has_columns(state: DurableObjectState) -> None:
    sql = users(state)
    cursor = sql.exec("SELECT id, name FROM users WHERE false")
    assert cursor.to_array() == []
    assert cursor.raw() == []
    assert cursor.column_names == ["id", "name"]
    cursor = sql.exec("CREATE TABLE t (x)")
    assert cursor.to_array() == []
    assert cursor.column_names == []


@inside
async def test_table_can_be_changed_while_rows_are_read(state: DurableObjectState) -> None:
    sql = users(state)
    for row in sql.exec("SELECT id FROM users"):
        sql.exec("UPDATE users SET score = 0 WHERE id = ?", row["id"])
    cursor = sql.exec("SELECT * FROM users")
    sql.exec("DROP TABLE users")
    assert len(cursor) == 2
    for _ in range(200):
        sql.exec("SELECT 1 UNION SELECT 2")
    sql.exec("CREATE TABLE users (x)")


@inside
async def test_cursor_holds_5000_rows(state: DurableObjectState) -> None:
    cursor = state.storage.sql.exec(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
        " SELECT i, CASE i % 3 WHEN 0 THEN NULL ELSE 'r' || i END AS name FROM n"
    )
    assert len(cursor) == 5000
    assert cursor[2] == {"i": 3, "name": None}
    assert cursor[4999] == {"i": 5000, "name": "r5000"}


# Values ------------------------------------------------------------------------------------------


@inside
@cases(
    {
        "none": (None, None, "null"),
        "true": (True, 1, "real"),
        "false": (False, 0, "real"),
        "int": (5, 5, "real"),
        "float": (2.5, 2.5, "real"),
        "largest": (2**53 - 1, 2**53 - 1, "real"),
        "text": ("é\0x", "é\0x", "text"),
        "no-text": ("", "", "text"),
        "bytes": (b"\x00\xff", b"\x00\xff", "blob"),
        "no-bytes": (b"", b"", "blob"),
        "bytearray": (bytearray(b"a"), b"a", "blob"),
        "memoryview": (memoryview(b"a"), b"a", "blob"),
        "datetime": (
            dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc),
            "2026-01-02T03:04:05.000Z",
            "text",
        ),
        "date": (dt.date(2026, 1, 2), "2026-01-02", "text"),
        "uuid": (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001", "text"),
        "decimal": (Decimal("1.50"), "1.50", "text"),
        "enum": (Color.RED, "red", "text"),
    }
)
async def test_bound_value_is_stored_with_its_sql_type(
    state: DurableObjectState, case: tuple[Any, Any, str]
) -> None:
    value, stored, sql_type = case
    row = state.storage.sql.exec("SELECT ? AS value, typeof(?1) AS kind", value).one()
    assert row == {"value": stored, "kind": sql_type}
    assert type(row["value"]) is type(stored)


@inside
@cases(
    {
        "list": ([1], r"bindings\[0\]: SQL stores text, numbers, bytes and None"),
        "dict": ({}, r"bindings\[0\]: SQL stores text"),
        "large": (2**53, r"bindings\[0\]: the integer is outside"),
        "nan": (float("nan"), r"bindings\[0\]: nan is neither"),
        "surrogate": ("\ud800", r"bindings\[0\]: the text has a lone surrogate"),
        "object": (object(), r"bindings\[0\]: an object cannot cross"),
    }
)
async def test_invalid_value_raises_conversion_error(
    state: DurableObjectState, case: tuple[Any, str]
) -> None:
    value, message = case
    with raises(ConversionError, match=message):
        state.storage.sql.exec("SELECT ?", value)


@inside
async def test_values_are_bound_to_parameters_of_any_form(state: DurableObjectState) -> None:
    sql = state.storage.sql
    assert sql.exec("SELECT ?, ?", 1, "a").raw() == [(1, "a")]
    assert sql.exec("SELECT ?2, ?1", 1, "a").raw() == [("a", 1)]
    assert sql.exec("SELECT :x, @y, :x", 1, "a").raw() == [(1, "a", 1)]
    assert sql.exec("SELECT ? / 2", 5).raw() == [(2.5,)]
    assert sql.exec("SELECT CAST(? AS INTEGER) / 2", 5).raw() == [(2,)]


@inside
@cases(
    {
        "1.0": ("1.0", 1),
        "half": ("0.5", 0.5),
        "largest": ("9007199254740991", 2**53 - 1),
        "too-large": ("9223372036854775807", 9.223372036854775807e18),
        "inf": ("1e400", float("inf")),
        "-inf": ("-1e400", float("-inf")),
        "null": ("NULL", None),
        "blob": ("x'00ff'", b"\x00\xff"),
        "true": ("true", 1),
        "bad-utf-8": ("CAST(x'ff41' AS TEXT)", "\ufffdA"),
        "nul": ("char(0, 65)", "\0A"),
    }
)
async def test_sql_value_becomes_a_python_value(
    state: DurableObjectState, case: tuple[str, Any]
) -> None:
    expression, value = case
    result = state.storage.sql.exec(f"SELECT {expression} AS value").one()["value"]
    assert result == value
    assert type(result) is type(value)


# Several statements ------------------------------------------------------------------------------


@inside
async def test_several_statements_return_the_rows_of_the_last(state: DurableObjectState) -> None:
    sql = state.storage.sql
    cursor = sql.exec(
        "CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('a;b'); SELECT * FROM t WHERE x = ?", "a;b"
    )
    assert cursor.raw() == [("a;b",)]
    assert sql.exec("SELECT 1; SELECT 2;\n").raw() == [(2,)]
    with raises(DurableObjectError) as caught:
        sql.exec("INSERT INTO t VALUES ('c'); INSERT INTO t VALUES ('d'); NOPE")
    assert caught.value.message == 'near "NOPE": syntax error at offset 0: SQLITE_ERROR'
    assert sql.exec("SELECT count(*) AS n FROM t").one() == {"n": 3}


# Costs -------------------------------------------------------------------------------------------


@inside
async def test_cursor_counts_rows_read_and_written(state: DurableObjectState) -> None:
    sql = state.storage.sql
    sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
    counted = [
        ("SELECT 1", 0, 0),
        ("INSERT INTO t VALUES (1, 'a')", None, 2),
        ("INSERT INTO t VALUES (2, 'b'), (3, 'c')", None, 4),
        ("SELECT * FROM t", 3, 0),
        ("SELECT * FROM t WHERE id = 2", 1, 0),
    ]
    for query, read, written in counted:
        cursor = sql.exec(query)
        assert read is None or cursor.rows_read == read, (query, cursor.rows_read)
        assert cursor.rows_written == written, (query, cursor.rows_written)


@inside
async def test_cursor_counts_rows_as_d1_does(state: DurableObjectState) -> None:
    wrong = []
    for query, read, written in COUNTED:
        cursor = state.storage.sql.exec(query)
        cursor.to_array()
        counts = (cursor.rows_read, cursor.rows_written)
        if read is not None and counts != (read, written):
            wrong.append((query, counts, (read, written)))
    assert not wrong, wrong


@inside
async def test_functions_return_the_values_of_a_current_sqlite(state: DurableObjectState) -> None:
    sql = state.storage.sql
    values = {query: sql.exec(f"SELECT {query} AS v").one()["v"] for query in VALUES}
    assert values == VALUES


@inside
@cases(SPACES)
async def test_space_around_statements_is_that_of_the_runtime(
    state: DurableObjectState, case: tuple[str, Any]
) -> None:
    query, outcome = case
    if isinstance(outcome, str):
        with raises(DurableObjectError) as caught:
            state.storage.sql.exec(query)
        assert caught.value.message == outcome
    else:
        assert state.storage.sql.exec(query).raw() == [outcome]


@inside
async def test_foreign_keys_cannot_be_switched_off(state: DurableObjectState) -> None:
    sql = state.storage.sql
    sql.exec("CREATE TABLE p (id INTEGER PRIMARY KEY)")
    sql.exec("CREATE TABLE c (p REFERENCES p (id))")
    for pragma in ("", " = off", " = 0", "(0)", " = on"):
        sql.exec(f"PRAGMA foreign_keys{pragma}")
        assert sql.exec("PRAGMA foreign_keys").raw() == [(1,)]
        with raises(DurableObjectConstraintError, match="^FOREIGN KEY constraint failed"):
            sql.exec("INSERT INTO c VALUES (1)")
    with raises(DurableObjectError, match="^not authorized"):
        sql.exec("PRAGMA foreign_keys = maybe")
    assert sql.exec("PRAGMA defer_foreign_keys").raw() == [(0,)]
    sql.exec("PRAGMA defer_foreign_keys = on")
    assert sql.exec("PRAGMA defer_foreign_keys").raw() == [(1,)]


@inside
@cases(NUMBERED)
async def test_parameter_numbers_have_bounds(
    state: DurableObjectState, case: tuple[str, int, Any]
) -> None:
    query, count, outcome = case
    if isinstance(outcome, str):
        with raises(DurableObjectError) as caught:
            state.storage.sql.exec(query, *range(count))
        assert caught.value.message == outcome
    else:
        assert state.storage.sql.exec(query, *range(count)).raw() == [outcome]


@inside
async def test_database_size_grows_and_shrinks_with_the_data(state: DurableObjectState) -> None:
    sql = state.storage.sql
    sizes = [sql.database_size]
    sql.exec("CREATE TABLE t (x)")
    sizes.append(sql.database_size)
    sql.exec("INSERT INTO t VALUES (zeroblob(100000))")
    sizes.append(sql.database_size)
    sql.exec("DELETE FROM t")
    sizes.append(sql.database_size)
    assert sizes == [4096, 8192, 106496, 8192]


# Refused statements ------------------------------------------------------------------------------

REFUSED: dict[str, tuple[str, list[Any], str, str | None]] = {
    "syntax": (
        "SELEC 1",
        [],
        'near "SELEC": syntax error at offset 0: SQLITE_ERROR',
        "SQLITE_ERROR",
    ),
    "unfinished": ("SELECT", [], "incomplete input: SQLITE_ERROR", "SQLITE_ERROR"),
    "no-table": ("SELECT * FROM nope", [], "no such table: nope: SQLITE_ERROR", "SQLITE_ERROR"),
    "no-column": (
        "SELECT nope FROM users",
        [],
        "no such column: nope at offset 7: SQLITE_ERROR",
        "SQLITE_ERROR",
    ),
    "no-function": (
        "SELECT nope()",
        [],
        "no such function: nope at offset 7: SQLITE_ERROR",
        "SQLITE_ERROR",
    ),
    "nothing": ("", [], "SQL code did not contain a statement.", None),
    "semicolon": (";", [], "SQL code did not contain a statement.", None),
    "comment": ("-- x", [], "SQL code did not contain a statement.", None),
    "too-few": ("SELECT ?, ?", [1], "Wrong number of parameter bindings for SQL query.", None),
    "too-many": ("SELECT ?", [1, 2], "Wrong number of parameter bindings for SQL query.", None),
    "many": (
        "SELECT " + ", ".join("?" * 101),
        [1] * 101,
        "too many SQL variables at offset 307: SQLITE_ERROR",
        "SQLITE_ERROR",
    ),
    "values-before": (
        "SELECT ?; SELECT ?",
        [1],
        "When executing multiple SQL statements in a single call, only the last statement can "
        "have parameters.",
        None,
    ),
    "too-long": (
        f"SELECT '{'x' * 100_000}'",
        [],
        "statement too long: SQLITE_TOOBIG",
        "SQLITE_TOOBIG",
    ),
    "too-big": (
        "INSERT INTO users VALUES (3, 'b', 1, 1, zeroblob(9000000))",
        [],
        "string or blob too big: SQLITE_TOOBIG",
        "SQLITE_TOOBIG",
    ),
    "columns": (
        f"CREATE TABLE t ({', '.join(f'c{n}' for n in range(101))})",
        [],
        "too many columns on t: SQLITE_ERROR",
        "SQLITE_ERROR",
    ),
    "begin": ("BEGIN", [], "To execute a transaction, please use", None),
    "savepoint": ("SAVEPOINT a", [], "To execute a transaction, please use", None),
    "commit": ("COMMIT", [], "To execute a transaction, please use", None),
    "attach": ("ATTACH 'x' AS y", [], "not authorized: SQLITE_AUTH", "SQLITE_AUTH"),
    "pragma": ("PRAGMA journal_mode", [], "not authorized: SQLITE_AUTH", "SQLITE_AUTH"),
    "vacuum": (
        "VACUUM",
        [],
        "cannot VACUUM from within a transaction: SQLITE_ERROR",
        "SQLITE_ERROR",
    ),
    "own-name": ("CREATE TABLE _cf_x (a)", [], "not authorized: SQLITE_AUTH", "SQLITE_AUTH"),
    "own-table": (
        "SELECT * FROM _cf_KV",
        [],
        "access to _cf_KV.key is prohibited: SQLITE_AUTH",
        "SQLITE_AUTH",
    ),
    "temp": ("CREATE TEMP TABLE x (a)", [], "not authorized: SQLITE_AUTH", "SQLITE_AUTH"),
    "function": (
        "SELECT sqlite_version()",
        [],
        "not authorized to use function: sqlite_version at offset 7: SQLITE_ERROR",
        "SQLITE_ERROR",
    ),
}


@inside
@cases(REFUSED)
async def test_refused_statement_raises_with_sqlites_code(
    state: DurableObjectState, case: tuple[str, list[Any], str, str | None]
) -> None:
    query, bindings, message, code = case
    sql = users(state)
    state.storage.kv.put("key", 1)
    with raises(DurableObjectError) as caught:
        sql.exec(query, *bindings)
    if message.endswith("please use"):
        assert caught.value.message.startswith(message)
        assert any("ctx.storage.transaction_sync(" in note for note in caught.value.__notes__)
    else:
        assert caught.value.message == message
        shown = query if len(query) <= 500 else f"{query[:500]}…"
        assert caught.value.__notes__ == [f"SqlStorage.exec(), SQL: {shown}"]
    assert caught.value.code == code
    assert caught.value.js_name == "Error"
    assert caught.value.remote is False
    assert len(sql.exec("SELECT * FROM users")) == 2


CONSTRAINTS: dict[str, tuple[str, str]] = {
    "unique": (
        "INSERT INTO users VALUES (3, 'a', 1, 1, NULL)",
        "UNIQUE constraint failed: users.name: SQLITE_CONSTRAINT "
        "(extended: SQLITE_CONSTRAINT_UNIQUE)",
    ),
    "primary-key": (
        "INSERT INTO users VALUES (1, 'b', 1, 1, NULL)",
        "UNIQUE constraint failed: users.id: SQLITE_CONSTRAINT "
        "(extended: SQLITE_CONSTRAINT_PRIMARYKEY)",
    ),
    "not-null": (
        "INSERT INTO users VALUES (3, 'b', NULL, 1, NULL)",
        "NOT NULL constraint failed: users.score: SQLITE_CONSTRAINT "
        "(extended: SQLITE_CONSTRAINT_NOTNULL)",
    ),
    "check": (
        "INSERT INTO users VALUES (3, 'b', 1, 2, NULL)",
        "CHECK constraint failed: active IN (0, 1): SQLITE_CONSTRAINT "
        "(extended: SQLITE_CONSTRAINT_CHECK)",
    ),
    "foreign-key": (
        "CREATE TABLE c (u REFERENCES users (id)); INSERT INTO c VALUES (9)",
        "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)",
    ),
}


@inside
@cases(CONSTRAINTS)
async def test_violated_constraint_raises_constraint_error(
    state: DurableObjectState, case: tuple[str, str]
) -> None:
    query, message = case
    sql = users(state)
    with raises(DurableObjectConstraintError) as caught:
        sql.exec(query)
    assert caught.value.message == message
    assert caught.value.code == message.split()[-1].rstrip(")")
    assert len(sql.exec("SELECT * FROM users")) == 2


@inside
async def test_pragmas_json_fts_and_returning_are_allowed(state: DurableObjectState) -> None:
    sql = users(state)
    assert sql.exec("PRAGMA foreign_keys").raw() == [(1,)]
    assert [row["name"] for row in sql.exec("PRAGMA table_info(users)")] == [
        "id",
        "name",
        "score",
        "active",
        "data",
    ]
    sql.exec("PRAGMA defer_foreign_keys = on")
    assert sql.exec("SELECT json_extract('{\"a\": [1, 2]}', '$.a[1]')").raw() == [(2,)]
    sql.exec("CREATE VIRTUAL TABLE docs USING fts5(body)")
    sql.exec("INSERT INTO docs VALUES ('the quick fox')")
    assert len(sql.exec("SELECT * FROM docs WHERE docs MATCH 'fox'")) == 1
    assert sql.exec("INSERT INTO users VALUES (3, 'c', 1, 1, NULL) RETURNING id").one() == {"id": 3}


@inside
async def test_sql_and_keys_share_one_database(state: DurableObjectState) -> None:
    sql = state.storage.sql
    await state.storage.put("key", 1)
    assert [row["name"] for row in sql.exec("SELECT name FROM sqlite_master")] == ["_cf_KV"]
    assert sql.js_object is not None
    assert sql.exec("SELECT 1").js_object is not None


@inside
@cases(ONE)
async def test_a_type_without_fields_is_that_of_the_only_column(
    state: DurableObjectState, case: Any
) -> None:
    row_type, sql, expected = case
    assert state.storage.sql.exec(f"SELECT {sql} AS value", row_type).one() == expected
    assert [*state.storage.sql.exec(f"SELECT {sql} AS value WHERE ?", row_type, 0)] == []


@inside
async def test_a_row_type_that_cannot_be_checked_is_refused_before_the_statement(
    state: DurableObjectState,
) -> None:
    sql = users(state)
    for row_type in (Plain, list[Plain]):
        with raises(RowTypeError, match="is not a row type"):
            sql.exec("DELETE FROM users RETURNING *", row_type)
    assert sql.exec("SELECT count(*) FROM users", int).one() > 0


@inside
async def test_several_columns_for_a_type_without_fields_are_an_error(
    state: DurableObjectState,
) -> None:
    with raises(RowError, match="^int: expected one column, got 2; select one, or name"):
        state.storage.sql.exec("SELECT 1 AS a, 2 AS b", int)
