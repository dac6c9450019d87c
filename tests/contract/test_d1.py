"""The behaviour of D1, seen in every world."""

from __future__ import annotations

import re
from asyncio import CancelledError
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, Literal, NotRequired, TypedDict
from uuid import UUID

from pyworkers_sdk import (
    D1,
    BindingError,
    ConversionError,
    D1ConstraintError,
    D1DatabaseSession,
    D1Error,
    Response,
    RowError,
)
from tests.contract.kit import cases, not_in, only, raises
from tests.contract.sql_counts import COUNTED
from tests.contract.sql_values import NUMBERED, SPACES, VALUES


async def value(db: D1, sql: str, *values: Any) -> Any:
    """The one value that a query gives."""
    [[found]] = await db.prepare(sql).bind(*values).raw()
    return found


async def refused(db: D1, sql: str, *values: Any) -> D1Error:
    with raises(D1Error) as caught:
        await db.prepare(sql).bind(*values).run()
    return caught.value


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Shout(str):
    pass


class Opaque:
    pass


# Values that are bound ---------------------------------------------------------------------------

BOUND: dict[str, tuple[Any, Any, str]] = {
    "none": (None, None, "null"),
    "true": (True, 1, "real"),
    "false": (False, 0, "real"),
    "zero": (0, 0, "real"),
    "int": (5, 5, "real"),
    "negative": (-7, -7, "real"),
    "largest-int": (2**53 - 1, 2**53 - 1, "real"),
    "smallest-int": (1 - 2**53, 1 - 2**53, "real"),
    "float": (1.5, 1.5, "real"),
    "integral-float": (2.0, 2, "real"),
    "negative-zero": (-0.0, 0, "real"),
    "tiny": (5e-324, 5e-324, "real"),
    "huge": (1e308, 1e308, "real"),
    "twentieth": (1e20, 1e20, "real"),
    "text": ("abc", "abc", "text"),
    "empty-text": ("", "", "text"),
    "quotes": ('it\'s "so"; --', 'it\'s "so"; --', "text"),
    "unicode": ("é e\u0301 😀\ufeff\u2028", "é e\u0301 😀\ufeff\u2028", "text"),
    "nul-in-text": ("a\0b", "a\0b", "text"),
    "str-subclass": (Shout("hey"), "hey", "text"),
    "bytes": (b"\x00\xff\x80", b"\x00\xff\x80", "blob"),
    "empty-bytes": (b"", b"", "blob"),
    "bytearray": (bytearray(b"ab"), b"ab", "blob"),
    "memoryview": (memoryview(b"abcdef")[::2], b"ace", "blob"),
    "aware-datetime": (
        datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=timezone(timedelta(hours=2))),
        "2026-01-02T01:04:05.678Z",
        "text",
    ),
    "time": (time(3, 4, 5), "03:04:05", "text"),
    "date": (date(2026, 1, 2), "2026-01-02", "text"),
    "decimal": (Decimal("1.10"), "1.10", "text"),
    "uuid": (UUID(int=1), "00000000-0000-0000-0000-000000000001", "text"),
    "enum": (Color.RED, "red", "text"),
    "int-enum": (Level.HIGH, 3, "real"),
}


@cases(BOUND)
async def test_a_bound_value_reaches_sql(db: D1, case: tuple[Any, Any, str]) -> None:
    given, expected, kind = case
    [(found, sql_type)] = await db.prepare("SELECT ?1, typeof(?1)").bind(given).raw()
    assert (found, type(found), sql_type) == (expected, type(expected), kind)


CANNOT_BIND: dict[str, tuple[Any, str]] = {
    "naive datetime": (datetime(2026, 1, 2), "expected an aware datetime, got a naive one; write"),
    "datetime before the year 1": (
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        "the datetime is outside of the years 1 to 9999 in UTC",
    ),
    "timedelta": (timedelta(hours=1), "a timedelta cannot cross"),
    "nan": (float("nan"), "nan"),
    "infinity": (float("inf"), "inf"),
    "too-large": (2**53, "outside"),
    "too-small": (-(2**53), "outside"),
    "enormous": (10**400, "outside"),
    "lone-surrogate": ("a\ud800", "surrogate"),
    "list": ([1, 2], "json.dumps"),
    "tuple": ((1, 2), "json.dumps"),
    "dict": ({"a": 1}, "json.dumps"),
    "set": ({1}, "json.dumps"),
    "frozenset": (frozenset((1,)), "json.dumps"),
    "object": (Opaque(), "Opaque"),
    "class": (int, "type"),
    "function": (len, "cannot cross"),
    "complex": (1j, "complex"),
}


@cases(CANNOT_BIND)
async def test_a_value_that_cannot_cross_is_named(db: D1, case: tuple[Any, str]) -> None:
    bad, reason = case
    with raises(ConversionError, match=rf"^values\[1\]: .*{reason}"):
        db.prepare("SELECT ?, ?").bind("fine", bad)


async def test_a_conversion_error_is_a_type_error(db: D1) -> None:
    nothing: Any = []
    with raises(TypeError):
        db.prepare("SELECT ?").bind(nothing)


async def test_a_bound_int_divides_as_a_float(db: D1) -> None:
    assert await value(db, "SELECT ?1 / 2", 5) == 2.5


async def test_a_cast_makes_a_bound_int_an_integer(db: D1) -> None:
    assert await value(db, "SELECT CAST(?1 AS INTEGER) / 2", 5) == 2


async def test_a_bound_int_works_as_limit_and_offset(db: D1) -> None:
    numbers = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9)"
    found = await db.prepare(f"{numbers} SELECT i FROM n LIMIT ? OFFSET ?").bind(2, 3).raw()
    assert found == [(4,), (5,)]


async def test_a_bound_fraction_as_a_limit_is_refused(db: D1) -> None:
    error = await refused(db, "SELECT 1 LIMIT ?", 1.5)
    assert error.message == "D1_ERROR: datatype mismatch: SQLITE_MISMATCH"


async def test_a_bound_value_is_never_sql(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    await db.prepare("INSERT INTO t VALUES (?)").bind("1); DROP TABLE t; --").run()
    assert await value(db, "SELECT a FROM t") == "1); DROP TABLE t; --"


async def test_bind_returns_a_new_statement(db: D1) -> None:
    plain = db.prepare("SELECT ?")
    first, second = plain.bind("a"), plain.bind("b")
    assert [await first.raw(), await second.raw()] == [[("a",)], [("b",)]]
    with raises(D1Error, match="Wrong number of parameter bindings"):
        await plain.raw()


async def test_bind_replaces_earlier_values(db: D1) -> None:
    assert await db.prepare("SELECT ?").bind("a").bind("b").raw() == [("b",)]


async def test_a_statement_runs_more_than_once(db: D1) -> None:
    statement = db.prepare("SELECT ? AS v").bind("a")
    assert [await statement.first("v"), await statement.first("v")] == ["a", "a"]


PARAMETERS: dict[str, tuple[str, tuple[Any, ...], tuple[Any, ...]]] = {
    "in-order": ("SELECT ?, ?, ?", ("a", "b", "c"), ("a", "b", "c")),
    "numbered": ("SELECT ?2, ?1, ?2", ("a", "b"), ("b", "a", "b")),
    "numbered-with-a-gap": ("SELECT ?3", ("a", "b", "c"), ("c",)),
    "after-a-number": ("SELECT ?2, ?", ("a", "b", "c"), ("b", "c")),
    "named": ("SELECT :a, @b, $c, :a", ("a", "b", "c"), ("a", "b", "c", "a")),
    "named-alike": ("SELECT :a, @a, $a", ("a", "b", "c"), ("a", "b", "c")),
    "mixed": ("SELECT :a, ?, ?1", ("a", "b"), ("a", "b", "a")),
    "not-in-text": ("SELECT '?', ?, \"?\"", ("a",), ("?", "a", "?")),
    "not-in-comments": ("SELECT ? /* ? */ -- ?", ("a",), ("a",)),
    "hundred": (f"SELECT {', '.join('?' * 100)}", tuple(range(100)), tuple(range(100))),
}


@cases(PARAMETERS)
async def test_parameters_take_values_by_position(
    db: D1, case: tuple[str, tuple[Any, ...], tuple[Any, ...]]
) -> None:
    sql, given, expected = case
    assert await db.prepare(sql).bind(*given).raw() == [expected]


MISCOUNTED: dict[str, tuple[str, int]] = {
    "none-bound": ("SELECT ?", 0),
    "too-few": ("SELECT ?, ?", 1),
    "too-many": ("SELECT ?", 2),
    "none-wanted": ("SELECT 1", 1),
    "too-few-numbered": ("SELECT ?3", 1),
    "too-few-named": ("SELECT :a, :b", 1),
    "too-many-named": ("SELECT :a, :a", 2),
}


@cases(MISCOUNTED)
async def test_a_wrong_number_of_values_is_refused(db: D1, case: tuple[str, int]) -> None:
    sql, given = case
    error = await refused(db, sql, *("x" * given))
    assert error.message == "D1_ERROR: Wrong number of parameter bindings for SQL query."
    assert error.code is None


# Values that come back ---------------------------------------------------------------------------

EXPRESSIONS: dict[str, tuple[str, Any]] = {
    "null": ("NULL", None),
    "integer": ("42", 42),
    "integral-real": ("1.0", 1),
    "real": ("1.5", 1.5),
    "negative-zero": ("-0.0", 0),
    "comparison": ("2 > 1", 1),
    "largest-exact": ("9007199254740991", 2**53 - 1),
    "rounded-integer": ("9007199254740993", 2.0**53),
    "largest-integer": ("9223372036854775807", 2.0**63),
    "infinity": ("1e999", None),
    "division-by-zero": ("1 / 0", None),
    "integer-division": ("7 / 2", 3),
    "text": ("'abc'", "abc"),
    "text-with-nul": ("'a' || char(0) || 'b'", "a\0b"),
    "invalid-utf-8": ("CAST(x'61ff62' AS TEXT)", "a\ufffdb"),
    "blob": ("x'00ff10'", b"\x00\xff\x10"),
    "empty-blob": ("x''", b""),
    "zeroblob": ("zeroblob(3)", b"\0\0\0"),
    "json": ("json('{ \"a\": [1, 2] }')", '{"a":[1,2]}'),
    "json-extract": ("json_extract('{\"a\": {\"b\": 2.5}}', '$.a.b')", 2.5),
    "json-true": ("json_extract('[true]', '$[0]')", 1),
    "json-arrow": ("'{\"a\": [1]}' -> 'a'", "[1]"),
    "json-long-arrow": ("'{\"a\": null}' ->> 'a'", None),
}


@cases(EXPRESSIONS)
async def test_a_sql_value_becomes_a_python_value(db: D1, case: tuple[str, Any]) -> None:
    sql, expected = case
    found = await value(db, f"SELECT {sql}")
    assert (found, type(found)) == (expected, type(expected))


async def test_first_all_run_and_raw_return_the_same_values(db: D1) -> None:
    statement = db.prepare("SELECT x'01ff' AS b, 9007199254740993 AS i, NULL AS n, 'é' AS t")
    row = {"b": b"\x01\xff", "i": 2.0**53, "n": None, "t": "é"}
    assert await statement.first() == row
    assert (await statement.all()).results == [row]
    assert (await statement.run()).results == [row]
    assert await statement.raw() == [tuple(row.values())]


AFFINITIES: dict[str, dict[str, tuple[Any, str]]] = {
    "INTEGER": {
        "1": (1, "integer"),
        "1.5": (1.5, "real"),
        "'1'": (1, "integer"),
        "'x'": ("x", "text"),
    },
    "REAL": {"1": (1, "real"), "1.5": (1.5, "real"), "'1'": (1, "real"), "'x'": ("x", "text")},
    "NUMERIC": {
        "1": (1, "integer"),
        "1.5": (1.5, "real"),
        "'1'": (1, "integer"),
        "'x'": ("x", "text"),
    },
    "TEXT": {
        "1": ("1.0", "text"),
        "1.5": ("1.5", "text"),
        "'1'": ("1", "text"),
        "'x'": ("x", "text"),
    },
    "BLOB": {"1": (1, "real"), "1.5": (1.5, "real"), "'1'": ("1", "text"), "'x'": ("x", "text")},
    "": {"1": (1, "real"), "1.5": (1.5, "real"), "'1'": ("1", "text"), "'x'": ("x", "text")},
    "BOOLEAN": {
        "1": (1, "integer"),
        "1.5": (1.5, "real"),
        "'1'": (1, "integer"),
        "'x'": ("x", "text"),
    },
    "DATETIME": {
        "1": (1, "integer"),
        "1.5": (1.5, "real"),
        "'1'": (1, "integer"),
        "'x'": ("x", "text"),
    },
}
BINDABLE: dict[str, Any] = {"1": 1, "1.5": 1.5, "'1'": "1", "'x'": "x"}


@cases({name or "none": (name, found) for name, found in AFFINITIES.items()})
async def test_a_column_stores_by_its_affinity(
    db: D1, case: tuple[str, dict[str, tuple[Any, str]]]
) -> None:
    affinity, expected = case
    await db.exec(f"CREATE TABLE t (a {affinity})")
    insert = db.prepare("INSERT INTO t VALUES (?)")
    await db.batch([insert.bind(BINDABLE[key]) for key in expected])
    found = await db.prepare("SELECT a, typeof(a) FROM t ORDER BY rowid").raw()
    assert found == list(expected.values())


async def test_null_and_blobs_have_no_affinity(db: D1) -> None:
    await db.exec("CREATE TABLE t (a INTEGER, b TEXT, c REAL)")
    await db.prepare("INSERT INTO t VALUES (?, ?, ?)").bind(None, b"1", b"").run()
    assert await db.prepare("SELECT * FROM t").raw() == [(None, b"1", b"")]


async def test_a_strict_table_refuses_another_type(db: D1) -> None:
    await db.exec("CREATE TABLE t (i INT, b BLOB) STRICT")
    await db.prepare("INSERT INTO t VALUES (?, ?)").bind(1, b"x").run()
    with raises(D1ConstraintError, match=r"cannot store REAL value in INT column t\.i") as caught:
        await db.prepare("INSERT INTO t VALUES (?, ?)").bind(1.5, b"x").run()
    assert caught.value.code == "SQLITE_CONSTRAINT_DATATYPE"


# Rows --------------------------------------------------------------------------------------------


async def test_a_row_is_a_dict_in_the_order_of_its_columns(db: D1) -> None:
    row = await db.prepare("SELECT 1 AS b, 2 AS a, 3 AS c").first()
    assert row is not None
    assert type(row) is dict
    assert list(row.items()) == [("b", 1), ("a", 2), ("c", 3)]


async def test_columns_without_a_name_are_named_by_their_sql(db: D1) -> None:
    assert await db.prepare("SELECT 1+1, count(*)").first() == {"1+1": 2, "count(*)": 1}


async def test_columns_with_the_same_name_collapse_in_dicts_but_not_in_raw(db: D1) -> None:
    statement = db.prepare("SELECT 1 AS a, 2 AS b, 3 AS a")
    assert (await statement.all()).results == [{"a": 3, "b": 2}]
    assert await statement.first() == {"a": 3, "b": 2}
    assert await statement.raw(column_names=True) == [("a", "b", "a"), (1, 2, 3)]


async def test_columns_named_by_numbers_come_first_in_dicts(db: D1) -> None:
    statement = db.prepare('SELECT 1 AS z, 2 AS "10", 3 AS "9", 4 AS "01"')
    assert list((await statement.first()) or ()) == ["9", "10", "z", "01"]
    assert list((await statement.all())[0]) == ["9", "10", "z", "01"]
    assert await statement.raw(column_names=True) == [("z", "10", "9", "01"), (1, 2, 3, 4)]


ODD_NAMES = ["constructor", "items", "toJSON", "toString", "length", "then", "", " ", "a.b", "é"]


@cases({name or "empty": name for name in ODD_NAMES})
async def test_a_column_may_have_any_name(db: D1, case: str) -> None:
    statement = db.prepare(f'SELECT 1 AS "{case}", 2 AS other')
    assert await statement.first() == {case: 1, "other": 2}
    assert (await statement.all()).results == [{case: 1, "other": 2}]
    assert await statement.first(case) == 1
    assert await statement.raw(column_names=True) == [(case, "other"), (1, 2)]


@not_in("node", reason="miniflare's proxies refuse to carry objects with a key __proto__")
async def test_a_column_may_be_named_proto(db: D1) -> None:
    statement = db.prepare("SELECT 1 AS __proto__, 2 AS other")
    assert (await statement.all()).results == [{"__proto__": 1, "other": 2}]


class User(TypedDict):
    id: int
    name: str | None
    score: float
    active: bool
    photo: bytes


USERS = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, score REAL, active BOOLEAN, photo BLOB)
INSERT INTO users VALUES (1, 'Ann', 2.0, 1, x'00ff'), (2, NULL, 2.5, 0, x'')
"""
ANN: User = {"id": 1, "name": "Ann", "score": 2.0, "active": True, "photo": b"\x00\xff"}
BOB: User = {"id": 2, "name": None, "score": 2.5, "active": False, "photo": b""}


async def test_a_typed_dict_row_has_the_types_of_its_annotations(db: D1) -> None:
    await db.exec(USERS)
    found = await db.prepare("SELECT * FROM users ORDER BY id", User).all()
    assert found.results == [ANN, BOB]
    assert [type(cell) for cell in found[0].values()] == [int, str, float, bool, bytes]


async def test_a_row_type_applies_to_first_and_run(db: D1) -> None:
    await db.exec(USERS)
    statement = db.prepare("SELECT * FROM users WHERE id = ?", User).bind(1)
    first, (ran,) = await statement.first(), await statement.run()
    assert first == ran == ANN
    assert type(ran["score"]) is float
    assert first is not None
    assert type(first["active"]) is bool


async def test_first_with_a_row_type_is_none_without_a_row(db: D1) -> None:
    await db.exec(USERS)
    assert await db.prepare("SELECT * FROM users WHERE id = 9", User).first() is None


async def test_returning_returns_typed_rows(db: D1) -> None:
    await db.exec(USERS)
    sql = "INSERT INTO users VALUES (?, ?, ?, ?, ?) RETURNING *"
    row = await db.prepare(sql, User).bind(3, "Cy", 3, True, b"1").first()
    assert row == {"id": 3, "name": "Cy", "score": 3.0, "active": True, "photo": b"1"}


@dataclass
class Point:
    x: float
    y: float
    label: str = "none"
    tags: list[str] = field(default_factory=list)


async def test_a_dataclass_row_is_an_instance(db: D1) -> None:
    found = await db.prepare("SELECT 1 AS x, 2.5 AS y, 'a' AS label", Point).first()
    assert found == Point(1.0, 2.5, "a")
    assert found is not None
    assert type(found.x) is float


async def test_a_dataclass_row_takes_defaults_and_ignores_other_columns(db: D1) -> None:
    assert (await db.prepare("SELECT 1 AS x, 2 AS y, 3 AS z", Point).all())[0] == Point(1.0, 2.0)


class Rich(TypedDict):
    at: datetime
    day: date
    price: Decimal
    key: UUID
    color: Color
    size: Literal["s", "m"]
    note: NotRequired[str]


async def test_a_row_type_makes_dates_decimals_and_enums(db: D1) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    sql = "SELECT ? AS at, ? AS day, ? AS price, ? AS key, ? AS color, ? AS size"
    bound = (at, at.date(), Decimal("1.10"), UUID(int=5), Color.RED, "m")
    found = await db.prepare(sql, Rich).bind(*bound).first()
    names = ("at", "day", "price", "key", "color", "size")
    assert found == dict(zip(names, bound, strict=True))


class Model:
    """A stand-in for pydantic's classes, seen from outside."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row

    @classmethod
    def model_validate(cls, row: Any) -> Model:
        if row["a"] is None:
            raise ValueError("a is null")
        return cls(row)


async def test_a_class_with_model_validate_is_a_row_type(db: D1) -> None:
    found = await db.prepare("SELECT 1 AS a, x'00' AS b", Model).first()
    assert found is not None
    assert found.row == {"a": 1, "b": b"\0"}


GOOD = {"id": "1", "name": "''", "score": "1", "active": "1", "photo": "x''"}
BAD_ROWS: dict[str, tuple[str, str]] = {
    "text-for-float": ("score", "'x'"),
    "null-for-int": ("id", "NULL"),
    "real-for-int": ("id", "1.5"),
    "two-for-bool": ("active", "2"),
    "int-for-text": ("name", "5"),
    "text-for-bytes": ("photo", "''"),
}


def select(columns: dict[str, str]) -> str:
    return f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in columns.items())}"


@cases(BAD_ROWS)
async def test_a_row_of_another_type_names_the_column(db: D1, case: tuple[str, str]) -> None:
    column, sql = case
    statement = db.prepare(select(GOOD | {column: sql}), User)
    with raises(RowError, match=f"^User: .*'{column}'"):
        await statement.all()
    with raises(RowError, match=f"^User: .*'{column}'"):
        await statement.first()


async def test_a_missing_column_is_named(db: D1) -> None:
    columns = {name: sql for name, sql in GOOD.items() if name != "photo"}
    with raises(RowError, match="^User: .*'photo'"):
        await db.prepare(select(columns), User).all()


async def test_a_row_error_names_the_row_but_no_data(db: D1) -> None:
    sql = "SELECT 1 AS x, 2 AS y UNION ALL SELECT 'secret', 3"
    with raises(RowError, match="'x' of row 1") as caught:
        await db.prepare(sql, Point).all()
    assert "secret" not in str(caught.value)


# first, all, run, raw ----------------------------------------------------------------------------


async def test_first_returns_the_first_row(db: D1) -> None:
    assert await db.prepare("VALUES (1), (2)").first() == {"column1": 1}


async def test_first_is_none_without_a_row(db: D1) -> None:
    assert await db.prepare("SELECT 1 AS a WHERE 0").first() is None


async def test_first_of_a_column_is_its_value(db: D1) -> None:
    assert await db.prepare("SELECT 1 AS a, x'02' AS b").first("b") == b"\x02"
    assert await db.prepare("SELECT 1 AS a, 'x' AS b").first(column="b") == "x"


async def test_first_of_a_column_that_is_null_is_none(db: D1) -> None:
    assert await db.prepare("SELECT NULL AS a").first("a") is None


async def test_first_of_a_column_is_none_without_a_row(db: D1) -> None:
    assert await db.prepare("SELECT 1 AS a WHERE 0").first("zz") is None


async def test_first_of_a_missing_column_raises(db: D1) -> None:
    with raises(D1Error) as caught:
        await db.prepare("SELECT 1 AS a").first("zz")
    assert caught.value.message == "D1_COLUMN_NOTFOUND: Column not found (zz)"


async def test_first_refuses_a_column_that_is_not_text(db: D1) -> None:
    with raises(ConversionError, match="column"):
        await db.prepare("SELECT 1 AS a").first(0)  # type: ignore[call-overload]


async def test_first_runs_the_whole_statement(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    row = await db.prepare("INSERT INTO t VALUES (1), (2), (3) RETURNING a").first()
    assert row == {"a": 1}
    assert await value(db, "SELECT count(*) FROM t") == 3


async def test_all_without_rows_is_empty(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    found = await db.prepare("SELECT * FROM t").all()
    assert (len(found), found.results, list(found)) == (0, [], [])


async def test_run_returns_rows_too(db: D1) -> None:
    assert (await db.prepare("SELECT 1 AS a").run()).results == [{"a": 1}]


async def test_a_write_without_returning_returns_no_rows(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    statement = db.prepare("INSERT INTO t VALUES (1)")
    assert (await statement.run()).results == []
    assert (await statement.all()).results == []
    assert await statement.first() is None
    assert await statement.raw() == []


async def test_raw_returns_tuples(db: D1) -> None:
    assert await db.prepare("VALUES (1, 'a'), (NULL, x'01')").raw() == [(1, "a"), (None, b"\x01")]


async def test_raw_without_rows_is_empty(db: D1) -> None:
    assert await db.prepare("SELECT 1 AS a WHERE 0").raw() == []


async def test_raw_returns_column_names_even_without_rows(db: D1) -> None:
    statement = db.prepare("SELECT 1 AS a, 2 AS b WHERE 0")
    assert await statement.raw(column_names=True) == [("a", "b")]


async def test_raw_of_a_write_has_no_column_names(db: D1) -> None:
    assert await db.prepare("CREATE TABLE t (a)").raw(column_names=True) == [()]


async def test_several_statements_run_and_the_last_one_returns_rows(db: D1) -> None:
    sql = "CREATE TABLE t (a); INSERT INTO t VALUES (';'); SELECT a FROM t;"
    assert await db.prepare(sql).raw() == [(";",)]


async def test_only_the_last_of_several_statements_may_have_parameters(db: D1) -> None:
    assert await db.prepare("SELECT 1; SELECT ?").bind("a").raw() == [("a",)]
    error = await refused(db, "SELECT ?; SELECT 1", "a")
    assert error.message == (
        "D1_ERROR: When executing multiple SQL statements in a single call, only the last"
        " statement can have parameters."
    )


async def test_several_statements_are_one_transaction(db: D1) -> None:
    await db.exec("CREATE TABLE t (a UNIQUE)")
    await refused(db, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)")
    assert await value(db, "SELECT count(*) FROM t") == 0


async def test_a_result_is_a_sequence_of_rows(db: D1) -> None:
    found = await db.prepare("VALUES (1), (2), (3)").all()
    assert isinstance(found, Sequence)
    assert found.success is True
    assert [row["column1"] for row in found] == [1, 2, 3]
    assert (found[0], found[-1]) == ({"column1": 1}, {"column1": 3})
    assert found[1:] == [{"column1": 2}, {"column1": 3}]
    assert {"column1": 2} in found
    assert not await db.prepare("SELECT 1 WHERE 0").all()


# meta --------------------------------------------------------------------------------------------


async def test_meta_counts_changes(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    counts = []
    for sql in (
        "INSERT INTO t VALUES (1), (2), (3)",
        "UPDATE t SET a = 0 WHERE a > 1",
        "UPDATE t SET a = 0 WHERE a > 1",
        "SELECT * FROM t",
        "DELETE FROM t",
    ):
        meta = (await db.prepare(sql).run()).meta
        counts.append((meta.changes, meta.changed_db))
    assert counts == [(3, True), (2, True), (0, False), (0, False), (3, True)]


async def test_meta_counts_changes_of_triggers_and_cascades(db: D1) -> None:
    await db.exec(
        "CREATE TABLE p (id INTEGER PRIMARY KEY)\n"
        "CREATE TABLE c (p REFERENCES p ON DELETE CASCADE)\n"
        "CREATE TABLE log (a)\n"
        "CREATE TRIGGER t AFTER INSERT ON p BEGIN INSERT INTO log VALUES (new.id); END"
    )
    assert (await db.prepare("INSERT INTO p VALUES (1), (2)").run()).meta.changes == 4
    await db.exec("INSERT INTO c VALUES (1), (1), (2)")
    assert (await db.prepare("DELETE FROM p WHERE id = 1").run()).meta.changes == 3


async def test_meta_has_the_last_row_id(db: D1) -> None:
    await db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a)")
    insert = db.prepare("INSERT INTO t VALUES (?, ?)")
    assert (await insert.bind(41, "x").run()).meta.last_row_id == 41
    assert (await insert.bind(None, "x").run()).meta.last_row_id == 42
    assert (await db.prepare("SELECT * FROM t").all()).meta.last_row_id == 42


async def test_meta_of_creating_a_table(db: D1) -> None:
    meta = (await db.prepare("CREATE TABLE t (a)").run()).meta
    assert (meta.changes, meta.changed_db) == (0, True)


async def test_meta_has_the_size(db: D1) -> None:
    before = (await db.prepare("CREATE TABLE t (a)").run()).meta.size_after
    after = (await db.prepare("INSERT INTO t VALUES (zeroblob(100000))").run()).meta.size_after
    assert (before % 4096, after - before) == (0, 24 * 4096)


async def test_meta_counts_rows_of_one_table(db: D1) -> None:
    await db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a)\nCREATE INDEX i ON t (a)")
    wrote = (await db.prepare("INSERT INTO t (a) VALUES (1), (2), (2)").run()).meta
    assert wrote.rows_written == 6
    scanned = (await db.prepare("SELECT * FROM t WHERE id + 0 = 2").all()).meta
    assert (scanned.rows_read, scanned.rows_written) == (3, 0)
    assert (await db.prepare("SELECT * FROM t WHERE id = 2").all()).meta.rows_read == 1


async def test_meta_counts_the_rows_that_are_read_and_written(db: D1) -> None:
    wrong = []
    for sql, read, written in COUNTED:
        meta = (await db.prepare(sql).run()).meta
        counts = (meta.rows_read, meta.rows_written)
        if read is not None and counts != (read, written):
            wrong.append((sql, counts, (read, written)))
    assert not wrong, wrong


async def test_meta_of_several_statements_counts_the_rows_of_the_last(db: D1) -> None:
    await db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a)")
    sql = "INSERT INTO t (a) VALUES (1), (2), (3); SELECT * FROM t LIMIT 2"
    meta = (await db.prepare(sql).all()).meta
    assert (meta.changes, meta.rows_read, meta.rows_written) == (3, 2, 0)


async def test_meta_of_a_full_text_table_counts_the_changes_of_its_tables(db: D1) -> None:
    await db.exec("CREATE VIRTUAL TABLE f USING fts5(t)")
    statements = {
        "INSERT INTO f VALUES ('one'), ('two')": 6,
        "UPDATE f SET t = 'three' WHERE rowid = 1": 5,
        "DELETE FROM f WHERE rowid = 1": 3,
    }
    changes = {sql: (await db.prepare(sql).run()).meta.changes for sql in statements}
    assert changes == statements


async def test_functions_return_the_values_of_a_current_sqlite(db: D1) -> None:
    values = {sql: await value(db, f"SELECT {sql}") for sql in VALUES}
    assert values == VALUES


@cases(SPACES)
async def test_space_around_statements_is_that_of_the_runtime(
    db: D1, case: tuple[str, Any]
) -> None:
    sql, outcome = case
    if isinstance(outcome, str):
        error = await refused(db, sql)
        assert str(error) == f"D1_ERROR: {outcome}"
    else:
        assert await db.prepare(sql).raw() == [outcome]


@cases(NUMBERED)
async def test_parameter_numbers_have_bounds(db: D1, case: tuple[str, int, Any]) -> None:
    sql, count, outcome = case
    statement = db.prepare(sql).bind(*range(count))
    for run in (statement.raw, lambda: db.batch([statement])):
        if isinstance(outcome, str):
            with raises(D1Error) as caught:
                await run()
            assert str(caught.value) == f"D1_ERROR: {outcome}"
        else:
            await run()
    if not isinstance(outcome, str):
        assert await statement.raw() == [outcome]


async def test_meta_has_a_duration(db: D1) -> None:
    meta = (await db.prepare("SELECT 1").all()).meta
    assert isinstance(meta.duration, int | float)
    assert meta.duration >= 0


async def test_meta_of_a_local_runtime_lacks_the_fields_of_the_service(db: D1) -> None:
    meta = (await db.prepare("SELECT 1").all()).meta
    assert (meta.served_by_region, meta.served_by_colo, meta.served_by_primary) == (None,) * 3
    assert (meta.timings, meta.total_attempts) == (None, None)


# async for ---------------------------------------------------------------------------------------


async def test_a_statement_iterates_over_its_rows(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    await db.exec("INSERT INTO t VALUES (1), (2), (3)")
    rows = db.prepare("SELECT a, NULL AS b FROM t WHERE a > ? ORDER BY a").bind(1)
    assert [row async for row in rows] == [{"a": 2, "b": None}, {"a": 3, "b": None}]
    points = db.prepare("SELECT a AS x, -a AS y FROM t ORDER BY a", Point)
    assert [point async for point in points] == [Point(1, -1), Point(2, -2), Point(3, -3)]
    assert [row async for row in db.with_session().prepare("SELECT 1 AS a")] == [{"a": 1}]
    assert [row async for row in db.prepare("SELECT 1 WHERE 0")] == []


async def test_each_iteration_runs_the_statement(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    insert = db.prepare("INSERT INTO t VALUES (1) RETURNING a")
    for _ in range(2):
        async for row in insert:
            assert row == {"a": 1}
            break  # the rows of a loop that is left early were read at its start
    assert await value(db, "SELECT count(*) FROM t") == 2


async def test_an_iteration_raises_the_error_of_its_statement(db: D1) -> None:
    with raises(D1Error, match="no such table"):
        async for _ in db.prepare("SELECT * FROM nowhere"):
            raise AssertionError("a row of a missing table")
    with raises(RowError):
        async for _ in db.prepare("SELECT 'x' AS x, 2 AS y", Point):
            raise AssertionError("a row that does not fit")


# batch -------------------------------------------------------------------------------------------


async def test_batch_returns_a_result_for_each_statement(db: D1) -> None:
    made, wrote, read = await db.batch(
        [
            db.prepare("CREATE TABLE t (a)"),
            db.prepare("INSERT INTO t VALUES (?), (?)").bind(1, "x"),
            db.prepare("SELECT a FROM t"),
        ]
    )
    assert (made.results, made.meta.changes) == ([], 0)
    assert (wrote.results, wrote.meta.changes) == ([], 2)
    assert read.results == [{"a": 1}, {"a": "x"}]


async def test_batch_loads_rows_by_the_row_type_of_their_statement(db: D1) -> None:
    statements: list[Any] = [
        db.prepare("SELECT 1 AS x, 2 AS y", Point),
        db.prepare("SELECT 1 AS x"),
    ]
    points, plain = await db.batch(statements)
    assert (points.results, plain.results) == ([Point(1.0, 2.0)], [{"x": 1}])


async def test_batch_takes_any_iterable(db: D1) -> None:
    found = await db.batch(db.prepare("SELECT ? AS a").bind(n) for n in range(3))
    assert [result[0]["a"] for result in found] == [0, 1, 2]


@cases({"list": list, "tuple": tuple, "iterator": iter})
async def test_batch_returns_a_tuple_for_a_tuple(db: D1, case: Any) -> None:
    found = await db.batch(case([db.prepare("SELECT 1 AS a"), db.prepare("SELECT 2 AS a")]))
    assert type(found) is (tuple if case is tuple else list)
    assert [list(result) for result in found] == [[{"a": 1}], [{"a": 2}]]


async def test_batch_takes_one_statement_twice(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    insert = db.prepare("INSERT INTO t VALUES (1)")
    await db.batch([insert, insert])
    assert await value(db, "SELECT count(*) FROM t") == 2


async def test_batch_with_a_failing_statement_changes_nothing(db: D1) -> None:
    await db.exec("CREATE TABLE t (a UNIQUE)\nINSERT INTO t VALUES (1)")
    insert = db.prepare("INSERT INTO t VALUES (?)")
    with raises(D1ConstraintError, match=r"^D1_ERROR: UNIQUE constraint failed: t\.a: SQLITE_CON"):
        await db.batch([insert.bind(2), db.prepare("CREATE TABLE u (a)"), insert.bind(1)])
    assert await db.prepare("SELECT a FROM t").raw() == [(1,)]
    assert await value(db, "SELECT count(*) FROM sqlite_master WHERE name = 'u'") == 0


async def test_an_empty_batch_is_an_error(db: D1) -> None:
    with raises(D1Error) as caught:
        await db.batch([])
    assert caught.value.message == "D1_ERROR: No SQL statements detected."


async def test_batch_refuses_items_that_are_not_statements(db: D1) -> None:
    with raises(ConversionError, match=r"statements\[1\]"):
        await db.batch([db.prepare("SELECT 1"), "SELECT 2"])  # type: ignore[arg-type]


async def test_batch_of_one_statement_or_of_calls_says_what_to_pass(db: D1) -> None:
    statement = db.prepare("SELECT 1")
    wrong: Any
    for wrong in (statement, None, 1):
        with raises(ConversionError, match="^statements: expected a list of D1PreparedStatement"):
            await db.batch(wrong)
    wrong = [statement.run()]
    with raises(ConversionError, match=r"itself, without run\(\)$"):
        await db.batch(wrong)


# gather ------------------------------------------------------------------------------------------


async def on_database(db: D1) -> D1:
    return db


async def on_session(db: D1) -> D1DatabaseSession:
    return db.with_session("first-primary")


@cases({"database": on_database, "session": on_session})
async def test_gather_runs_its_statements_in_one_batch(db: D1, case: Any) -> None:
    await db.exec("CREATE TABLE t (a PRIMARY KEY)")
    async with (await case(db)).gather() as batch:
        wrote = batch.add(db.prepare("INSERT INTO t VALUES (?), (?)").bind(1, 2))
        read = batch.add(db.prepare("SELECT a AS x, a AS y FROM t", Point))
        assert len(batch) == 2
        assert await value(db, "SELECT count(*) FROM t") == 0  # nothing was sent yet
    assert wrote.result.meta.changes == 2
    assert list(read.result) == [Point(1, 1), Point(2, 2)]
    assert repr(batch) == "<D1Batch of 2 statements, sent>"
    assert repr(read) == "<D1Pending, <D1Result of 2 rows>>"


async def test_gather_with_a_failing_statement_changes_nothing(db: D1) -> None:
    await db.exec("CREATE TABLE t (a PRIMARY KEY)")
    with raises(D1ConstraintError):
        async with db.gather() as batch:
            wrote = batch.add(db.prepare("INSERT INTO t VALUES (1)"))
            batch.add(db.prepare("INSERT INTO t VALUES (1)"))
    assert await value(db, "SELECT count(*) FROM t") == 0
    with raises(D1Error, match="A batch that fails, or whose block raises, has no results"):
        _ = wrote.result


@cases({"error": ValueError, "cancelled": CancelledError, "exit": GeneratorExit})
async def test_gather_whose_block_raises_sends_nothing(db: D1, case: type[BaseException]) -> None:
    await db.exec("CREATE TABLE t (a)")
    batch = db.gather()
    with raises(case):
        async with batch:
            wrote = batch.add(db.prepare("INSERT INTO t VALUES (1)"))
            raise case()
    assert await value(db, "SELECT count(*) FROM t") == 0
    assert repr(batch) == "<D1Batch of 1 statements, dropped>"
    with raises(D1Error, match="result: expected a batch that was sent"):
        _ = wrote.result


async def test_gather_of_no_statements_sends_nothing(db: D1) -> None:
    async with db.gather() as batch:
        pass
    assert repr(batch) == "<D1Batch of 0 statements, sent>"


async def test_gather_left_early_sends_its_statements(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    for number in range(3):
        async with db.gather() as batch:
            batch.add(db.prepare("INSERT INTO t VALUES (?)").bind(number))
            if number == 1:
                break
    assert await value(db, "SELECT count(*) FROM t") == 2


async def test_gather_refuses_statements_outside_its_block(db: D1) -> None:
    select = db.prepare("SELECT 1 AS a")
    batch = db.gather()
    with raises(D1Error, match="add: expected an open batch"):
        batch.add(select)
    async with batch:
        pending = batch.add(select)
        assert repr(pending) == "<D1Pending, no result>"
        with raises(D1Error, match="read the result after the `async with` block"):
            _ = pending.result
        with raises(D1Error, match="gather: expected a new batch"):
            async with batch:
                pass
    with raises(D1Error, match="add: expected an open batch"):
        batch.add(select)
    with raises(D1Error, match="gather: expected a new batch"):
        async with batch:
            pass
    assert list(pending.result) == [{"a": 1}]


@cases({"sql": "SELECT 1", "none": None, "list": [], "coroutine-less": object()})
async def test_gather_refuses_other_values_at_the_call(db: D1, case: Any) -> None:
    with raises(ConversionError, match="statement: expected D1PreparedStatement, got "):
        async with db.gather() as batch:
            batch.add(case)


# batch and foreign keys --------------------------------------------------------------------------


async def test_batch_may_turn_foreign_keys_off_until_its_end(db: D1) -> None:
    await db.exec("CREATE TABLE p (id INTEGER PRIMARY KEY)\nCREATE TABLE c (p REFERENCES p)")
    await db.batch(
        [
            db.prepare("PRAGMA defer_foreign_keys = on"),
            db.prepare("INSERT INTO c VALUES (5)"),
            db.prepare("INSERT INTO p VALUES (5)"),
        ]
    )
    assert await value(db, "SELECT p FROM c") == 5


# exec --------------------------------------------------------------------------------------------


async def test_exec_runs_one_statement_per_line(db: D1) -> None:
    done = await db.exec("CREATE TABLE t (a)\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2)")
    assert done.count == 3
    assert done.duration >= 0
    assert await value(db, "SELECT count(*) FROM t") == 2


EXEC_COUNTS: dict[str, tuple[str, int]] = {
    "one": ("SELECT 1", 1),
    "semicolon": ("SELECT 1;", 1),
    "several-on-a-line": ("SELECT 1; SELECT 2;", 1),
    "blank-lines": ("\n\nSELECT 1\n\n  \nSELECT 2\n", 2),
    "windows-lines": ("SELECT 1;\r\nSELECT 2;\r\n", 2),
    "indented-comment": ("SELECT 1\n  -- a comment\nSELECT 2", 2),
    "comment-behind": ("SELECT 1 -- a comment\nSELECT 2 /* another */", 2),
    "semicolon-in-text": ("SELECT ';'", 1),
}


@cases(EXEC_COUNTS)
async def test_exec_counts_lines(db: D1, case: tuple[str, int]) -> None:
    sql, count = case
    assert (await db.exec(sql)).count == count


EXEC_ERRORS: dict[str, tuple[str, str]] = {
    "empty": ("", ": No SQL statements detected."),
    "blank": (" \n ", ": No SQL statements detected."),
    "comment-first": ("-- c\nSELECT 1", "-- c: SQL code did not contain a statement."),
    "comment-line": ("SELECT 1\n-- c", "SELECT 1: SQL code did not contain a statement."),
    "several-lines": ("CREATE TABLE t (\na)", "CREATE TABLE t (: incomplete input: SQLITE_ERROR"),
    "later-line": (
        "SELECT 1;\nSELEC 2",
        'SELECT 1;: near "SELEC": syntax error at offset 0: SQLITE_ERROR',
    ),
    "parameter": ("SELECT ?", "SELECT ?: Wrong number of parameter bindings for SQL query."),
    "missing-table": ("SELECT * FROM t", "SELECT * FROM t: no such table: t: SQLITE_ERROR"),
}


@cases(EXEC_ERRORS)
async def test_exec_error_always_names_line_one(db: D1, case: tuple[str, str]) -> None:
    sql, reason = case
    with raises(D1Error) as caught:
        await db.exec(sql)
    assert caught.value.message == f"D1_EXEC_ERROR: Error in line 1: {reason}"


async def test_exec_is_one_transaction(db: D1) -> None:
    with raises(D1Error):
        await db.exec("CREATE TABLE t (a)\nINSERT INTO t VALUES (1)\nSELEC")
    assert await value(db, "SELECT count(*) FROM sqlite_master WHERE name = 't'") == 0


async def test_exec_creates_triggers_on_one_line(db: D1) -> None:
    await db.exec(
        "CREATE TABLE t (a); CREATE TABLE log (a); CREATE TRIGGER i AFTER INSERT ON t BEGIN"
        " INSERT INTO log VALUES (new.a); INSERT INTO log VALUES (-new.a); END;"
        " INSERT INTO t VALUES (7)"
    )
    assert await db.prepare("SELECT a FROM log").raw() == [(7,), (-7,)]


# Sessions ----------------------------------------------------------------------------------------

BOOKMARK = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}")


@cases([None, "", "  ", "first-primary", "first-unconstrained", " first-primary "])
async def test_a_session_has_a_bookmark_after_its_first_query(db: D1, case: str | None) -> None:
    session = db.with_session(case)
    assert session.get_bookmark() is None
    assert await session.prepare("SELECT 1 AS a").first("a") == 1
    assert BOOKMARK.fullmatch(session.get_bookmark() or "")


async def test_a_session_without_an_argument_is_unconstrained(db: D1) -> None:
    assert db.with_session().get_bookmark() is None


async def test_a_bookmark_grows_with_each_query(db: D1) -> None:
    session = db.with_session()
    seen = []
    for sql in ("CREATE TABLE t (a)", "INSERT INTO t VALUES (1)", "SELECT * FROM t"):
        await session.prepare(sql).run()
        seen.append(session.get_bookmark() or "")
    assert seen == sorted(set(seen))


async def test_a_failed_query_leaves_the_bookmark_unchanged(db: D1) -> None:
    session = db.with_session("first-primary")
    with raises(D1Error):
        await session.prepare("SELEC").run()
    assert session.get_bookmark() is None


async def test_a_session_continues_from_a_bookmark(db: D1) -> None:
    first = db.with_session("first-primary")
    await first.prepare("CREATE TABLE t (a)").run()
    bookmark = first.get_bookmark()
    second = db.with_session(bookmark)
    assert second.get_bookmark() == bookmark
    assert await second.prepare("SELECT * FROM t").raw() == []
    assert (second.get_bookmark() or "") > (bookmark or "")


async def test_any_text_is_accepted_as_a_bookmark(db: D1) -> None:
    session = db.with_session(" zzz ")
    assert session.get_bookmark() == "zzz"
    await session.prepare("SELECT 1").run()
    assert session.get_bookmark() == "zzz"


async def test_a_session_runs_a_batch(db: D1) -> None:
    session = db.with_session("first-primary")
    made, read = await session.batch(
        [session.prepare("CREATE TABLE t (a)"), session.prepare("SELECT ? AS a").bind(1)]
    )
    assert (made.results, read.results) == ([], [{"a": 1}])
    assert session.get_bookmark() is not None


async def test_a_session_takes_row_types(db: D1) -> None:
    found = await db.with_session().prepare("SELECT 1 AS x, 2 AS y", Point).first()
    assert found == Point(1.0, 2.0)


async def test_a_session_and_its_database_see_the_same_data(db: D1) -> None:
    session = db.with_session()
    await session.prepare("CREATE TABLE t (a)").run()
    await db.prepare("INSERT INTO t VALUES (1)").run()
    assert await session.prepare("SELECT a FROM t").first("a") == 1


async def test_a_session_refuses_a_bookmark_that_is_not_text(db: D1) -> None:
    with raises(ConversionError):
        db.with_session(5)  # type: ignore[arg-type]


async def test_dump_raises_404(db: D1) -> None:
    with raises(D1Error) as caught:
        await db.dump()
    assert caught.value.message == "D1_DUMP_ERROR: Status + 404"


# Errors ------------------------------------------------------------------------------------------

SCHEMA = """
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b NOT NULL DEFAULT 0, c CHECK (c > 0))
CREATE TABLE u (k TEXT PRIMARY KEY, t REFERENCES t) WITHOUT ROWID
INSERT INTO t VALUES (1, 'x', 1, 1)
"""

MISTAKES: dict[str, tuple[str, str]] = {
    "keyword": ("SELEC 1", 'near "SELEC": syntax error at offset 0'),
    "later-keyword": ("SELECT * FRM t", 'near "FRM": syntax error at offset 9'),
    "second-of-two": ("SELECT id FROM t WHERE WHERE 1", 'near "WHERE": syntax error at offset 23'),
    "bytes-not-letters": ("SELECT 'é😀' x y", 'near "y": syntax error at offset 18'),
    "in-second-statement": ("SELECT 1; SELEC 2", 'near "SELEC": syntax error at offset 0'),
    "incomplete": ("SELECT (1", "incomplete input"),
    "open-text": ("SELECT 'abc", 'unrecognized token: "\'abc" at offset 7'),
    "bad-token": ("SELECT #", 'unrecognized token: "#" at offset 7'),
    "bad-blob": ("SELECT x'1'", "unrecognized token: \"x'1'\" at offset 7"),
    "missing-table": ("SELECT * FROM nope", "no such table: nope"),
    "missing-column": ("SELECT id, zz FROM t", "no such column: zz at offset 11"),
    "missing-column-of-a-table": (
        "SELECT 1 FROM t WHERE t.zz = 1",
        "no such column: t.zz at offset 22",
    ),
    "missing-column-to-set": ("UPDATE t SET zz = 1", "no such column: zz"),
    "missing-column-to-insert": ("INSERT INTO t (zz) VALUES (1)", "table t has no column named zz"),
    "ambiguous-column": ("SELECT 1, id FROM t, t AS o", "ambiguous column name: id at offset 10"),
    "missing-function": ("SELECT 1, nofn(2)", "no such function: nofn at offset 10"),
    "arguments": ("SELECT abs()", "wrong number of arguments to function abs() at offset 7"),
    "aggregate": (
        "SELECT sum(id) FROM t WHERE sum(id) > 1",
        "misuse of aggregate: sum() at offset 28",
    ),
    "table-exists": ("CREATE TABLE t (a)", "table t already exists at offset 13"),
    "column-twice": ("CREATE TABLE n (a, a)", "duplicate column name: a"),
    "values": ("INSERT INTO t VALUES (1)", "table t has 4 columns but 1 values were supplied"),
    "union": (
        "SELECT 1 UNION SELECT 1, 2",
        "SELECTs to the left and right of UNION do not have the same number of result columns",
    ),
    "sub-select": ("SELECT (SELECT 1, 2)", "sub-select returns 2 columns - expected 1"),
    "order-by": (
        "SELECT 1 ORDER BY 5",
        "1st ORDER BY term out of range - should be between 1 and 1",
    ),
    "malformed-json": ("SELECT json('{')", "malformed JSON"),
    "overflow": ("SELECT abs(-9223372036854775808)", "integer overflow"),
    "missing-index": ("DROP INDEX nope", "no such index: nope"),
}


@cases(MISTAKES)
async def test_a_sql_error_has_its_offset(db: D1, case: tuple[str, str]) -> None:
    await db.exec(SCHEMA)
    sql, reason = case
    error = await refused(db, sql)
    assert error.message == f"D1_ERROR: {reason}: SQLITE_ERROR"
    assert (type(error), error.code, error.js_name) == (D1Error, "SQLITE_ERROR", "Error")


CONSTRAINTS: dict[str, tuple[str, str, str]] = {
    "unique": ("INSERT INTO t (a) VALUES ('x')", "UNIQUE constraint failed: t.a", "UNIQUE"),
    "rowid": ("INSERT INTO t (id) VALUES (1)", "UNIQUE constraint failed: t.id", "PRIMARYKEY"),
    "primary-key": (
        "INSERT INTO u VALUES ('k', 1), ('k', 1)",
        "UNIQUE constraint failed: u.k",
        "PRIMARYKEY",
    ),
    "not-null": ("INSERT INTO t (b) VALUES (NULL)", "NOT NULL constraint failed: t.b", "NOTNULL"),
    "check": ("INSERT INTO t (c) VALUES (-1)", "CHECK constraint failed: c > 0", "CHECK"),
    "foreign-key": ("INSERT INTO u VALUES ('k', 9)", "FOREIGN KEY constraint failed", "FOREIGNKEY"),
    "parent-row": (
        "INSERT INTO u VALUES ('k', 1); DELETE FROM t",
        "FOREIGN KEY constraint failed",
        "FOREIGNKEY",
    ),
}


@cases(CONSTRAINTS)
async def test_a_violated_constraint_is_a_d1_constraint_error(
    db: D1, case: tuple[str, str, str]
) -> None:
    await db.exec(SCHEMA)
    sql, reason, kind = case
    error = await refused(db, sql)
    assert type(error) is D1ConstraintError
    assert error.code == f"SQLITE_CONSTRAINT_{kind}"
    assert error.message == f"D1_ERROR: {reason}: SQLITE_CONSTRAINT (extended: {error.code})"


async def test_an_error_has_its_cause(db: D1) -> None:
    error = await refused(db, "SELEC 1")
    assert error.cause is not None
    assert error.cause.message == 'near "SELEC": syntax error at offset 0: SQLITE_ERROR'


async def test_a_wrong_type_for_a_rowid_is_a_mismatch(db: D1) -> None:
    await db.exec(SCHEMA)
    error = await refused(db, "INSERT INTO t (id) VALUES (?)", "abc")
    assert (error.message, error.code) == (
        "D1_ERROR: datatype mismatch: SQLITE_MISMATCH",
        "SQLITE_MISMATCH",
    )


EMPTY: dict[str, tuple[str, str]] = {
    "empty": ("", "No SQL statements detected."),
    "space": (" \n ", "No SQL statements detected."),
    "indented-comment": (" -- c", "No SQL statements detected."),
    "comment": ("-- c", "SQL code did not contain a statement."),
    "block-comment": ("/* c */", "SQL code did not contain a statement."),
    "semicolons": ("SELECT 1;;", "SQL code did not contain a statement."),
    "semicolon": (";", "SQL code did not contain a statement."),
    "comment-after": ("SELECT 1; -- c", "SQL code did not contain a statement."),
    "nul": ("SELECT 1\0SELECT 2", "SQL code did not contain a statement."),
}


@cases(EMPTY)
async def test_sql_without_a_statement_is_an_error(db: D1, case: tuple[str, str]) -> None:
    sql, reason = case
    assert (await refused(db, sql)).message == f"D1_ERROR: {reason}"


async def test_a_sql_error_is_raised_when_the_statement_runs(db: D1) -> None:
    statement = db.prepare("SELEC ?").bind(1)
    with raises(D1Error, match="syntax error"):
        await statement.first()


@cases({"bytes": b"SELECT 1", "none": None, "int": 1})
async def test_sql_that_is_not_text_is_refused(db: D1, case: Any) -> None:
    with raises(ConversionError, match="sql"):
        db.prepare(case)
    with raises(ConversionError, match="sql"):
        await db.exec(case)


async def test_sql_with_a_lone_surrogate_cannot_cross(db: D1) -> None:
    with raises(ConversionError, match="surrogate"):
        db.prepare("SELECT '\udc00'")


@cases({"none": None, "text": "SELECT 1", "dict": {}})
async def test_wrong_binding_type_is_refused(db: D1, case: Any) -> None:
    with raises(BindingError, match="D1"):
        D1(case)


# Limits ------------------------------------------------------------------------------------------


async def test_a_statement_has_at_most_100_parameters(db: D1) -> None:
    error = await refused(db, f"SELECT {','.join('?' * 101)}", *range(101))
    assert error.message == "D1_ERROR: too many SQL variables at offset 207: SQLITE_ERROR"
    assert await db.prepare("SELECT ?100").bind(*range(100)).raw() == [(99,)]


@cases(["?101", "?0"])
async def test_parameters_are_numbered_from_1_to_100(db: D1, case: str) -> None:
    error = await refused(db, f"SELECT {case}")
    reason = "variable number must be between ?1 and ?100 at offset 7"
    assert error.message == f"D1_ERROR: {reason}: SQLITE_ERROR"


async def test_a_statement_is_at_most_100_000_bytes(db: D1) -> None:
    assert await value(db, f"SELECT 1{' ' * 99_992}") == 1
    error = await refused(db, f"SELECT 1{' ' * 99_993}")
    assert error.message == "D1_ERROR: statement too long: SQLITE_TOOBIG"
    assert error.code == "SQLITE_TOOBIG"


async def test_a_statement_is_measured_in_bytes(db: D1) -> None:
    error = await refused(db, f"SELECT '{'é' * 50_000}'")
    assert error.code == "SQLITE_TOOBIG"


async def test_program_of_a_long_statement_may_be_long(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    insert = "INSERT INTO t VALUES (1)"
    assert (await db.prepare(insert + ",(1)" * 24_990).run()).meta.changes == 24_991
    error = await refused(db, insert + ",(1)" * 4_999 + ",,(1)")
    assert error.message == 'D1_ERROR: near ",": syntax error at offset 20021: SQLITE_ERROR'


async def test_a_value_of_2_000_000_bytes_is_stored(db: D1) -> None:
    assert await value(db, "SELECT length(?)", "x" * 2_000_000) == 2_000_000
    assert await value(db, "SELECT length(?)", b"x" * 1_000_000) == 1_000_000


@only("fake", reason="production's limit is 2,000,000 bytes; workerd takes 8 MiB")
@cases({"text": "x" * 2_000_001, "bytes": b"x" * 2_000_001})
async def test_a_value_over_2_000_000_bytes_is_refused(db: D1, case: Any) -> None:
    error = await refused(db, "SELECT length(?)", case)
    assert error.message == "D1_ERROR: string or blob too big: SQLITE_TOOBIG"


async def test_a_value_far_too_big_is_refused(db: D1) -> None:
    error = await refused(db, "SELECT zeroblob(9000000)")
    assert error.message == "D1_ERROR: string or blob too big: SQLITE_TOOBIG"


COLUMNS = ", ".join(f"c{n}" for n in range(101))
BEYOND: dict[str, tuple[str, str]] = {
    "columns-of-a-table": (f"CREATE TABLE wide ({COLUMNS})", "too many columns on wide"),
    "columns-of-a-result": (f"SELECT {', '.join('1' * 101)}", "too many columns in result set"),
    "like-pattern": (f"SELECT 'a' LIKE '{'x' * 51}'", "LIKE or GLOB pattern too complex"),
    "glob-pattern": (f"SELECT 'a' GLOB '{'x' * 51}'", "LIKE or GLOB pattern too complex"),
    "compound-select": (" UNION ".join(["SELECT 1"] * 6), "too many terms in compound SELECT"),
    "expression-depth": (
        f"SELECT {'+'.join('1' * 101)}",
        "Expression tree is too large (maximum depth 100)",
    ),
    "function-arguments": (
        f"SELECT max({', '.join('1' * 128)})",
        "too many arguments on function max at offset 7",
    ),
}


@cases(BEYOND)
async def test_sql_beyond_a_limit_is_refused(db: D1, case: tuple[str, str]) -> None:
    sql, reason = case
    assert (await refused(db, sql)).message == f"D1_ERROR: {reason}: SQLITE_ERROR"


WITHIN: dict[str, tuple[str, Any]] = {
    "like-pattern": (f"SELECT '{'x' * 50}' LIKE '{'x' * 50}'", 1),
    "compound-select": (" UNION ".join(["SELECT 1"] * 5), 1),
    "expression-depth": (f"SELECT {'+'.join('1' * 100)}", 100),
    "function-arguments": (f"SELECT max({', '.join('1' * 127)})", 1),
}


@cases(WITHIN)
async def test_sql_at_a_limit_is_accepted(db: D1, case: tuple[str, Any]) -> None:
    sql, expected = case
    assert await value(db, sql) == expected


async def test_a_table_may_have_100_columns(db: D1) -> None:
    names = [f"c{n}" for n in range(100)]
    await db.exec(f"CREATE TABLE wide ({', '.join(names)})")
    found = await db.prepare("SELECT * FROM wide").raw(column_names=True)
    assert found == [tuple(names)]


# Refused SQL -------------------------------------------------------------------------------------


@cases(["BEGIN", "BEGIN IMMEDIATE", "COMMIT", "END", "ROLLBACK", "SAVEPOINT s", "RELEASE s"])
async def test_sql_transactions_are_refused(db: D1, case: str) -> None:
    expected = "To execute a transaction, please use the state.storage.transaction()"
    assert (await refused(db, case)).message.startswith(f"D1_ERROR: {expected}")
    with raises(D1Error) as caught:
        await db.exec(case)
    assert f"Error in line 1: {case}: {expected}" in str(caught.value)


@cases(["BEGIN", "BEGIN TRANSACTION", "COMMIT", "ROLLBACK", "SAVEPOINT s", "RELEASE s"])
async def test_the_error_of_a_sql_transaction_names_batch(db: D1, case: str) -> None:
    failures = [await refused(db, case)]
    for attempt in (
        db.prepare(case).all(),
        db.prepare(case).first(),
        db.prepare(case).raw(),
        db.batch([db.prepare("SELECT 1"), db.prepare(case)]),
        db.exec(case),
        db.with_session().prepare(case).run(),
    ):
        with raises(D1Error) as caught:
            await attempt
        failures.append(caught.value)
    for failure in failures:
        assert any("batch()" in note and "db.gather()" in note for note in failure.__notes__)


async def test_other_errors_of_sql_have_no_note_about_batch(db: D1) -> None:
    failure = await refused(db, "SELECT nothing FROM nowhere")
    assert not any("batch" in note for note in getattr(failure, "__notes__", []))


NOT_AUTHORIZED = {
    "attach": "ATTACH ':memory:' AS other",
    "detach": "DETACH main",
    "temporary-table": "CREATE TEMP TABLE t (a)",
    "temporary-view": "CREATE TEMP VIEW v AS SELECT 1",
    "other-virtual-table": "CREATE VIRTUAL TABLE v USING dbstat",
    "reserved-table": "CREATE TABLE _cf_mine (a)",
    "reserved-table-in-capitals": 'CREATE TABLE "_CF_MINE" (a)',
    "reserved-view": "CREATE VIEW _cf_mine AS SELECT 1",
    "rename-to-reserved": "ALTER TABLE t RENAME TO _cf_mine",
    "about-reserved": "PRAGMA table_info(_cf_METADATA)",
    "user-version": "PRAGMA user_version",
    "journal-mode": "PRAGMA journal_mode = DELETE",
    "writable-schema": "PRAGMA writable_schema = 1",
    "integrity-check": "PRAGMA integrity_check",
    "page-count": "PRAGMA page_count",
    "unknown-pragma": "PRAGMA nonsense",
    "bad-switch": "PRAGMA foreign_keys = 7",
}


@cases(NOT_AUTHORIZED)
async def test_unauthorized_sql_is_refused(db: D1, case: str) -> None:
    await db.exec("CREATE TABLE t (a)")
    error = await refused(db, case)
    assert (error.message, error.code) == ("D1_ERROR: not authorized: SQLITE_AUTH", "SQLITE_AUTH")


async def test_a_reserved_table_cannot_be_read(db: D1) -> None:
    error = await refused(db, "SELECT * FROM _cf_METADATA")
    expected = "access to _cf_METADATA.key is prohibited: SQLITE_AUTH"
    assert error.message == f"D1_ERROR: {expected}"


@cases(["sqlite_version", "sqlite_source_id"])
async def test_a_function_about_sqlite_cannot_be_used(db: D1, case: str) -> None:
    error = await refused(db, f"SELECT {case}()")
    expected = f"not authorized to use function: {case} at offset 7: SQLITE_ERROR"
    assert error.message == f"D1_ERROR: {expected}"


async def test_vacuum_cannot_run(db: D1) -> None:
    expected = "D1_ERROR: cannot VACUUM from within a transaction: SQLITE_ERROR"
    assert (await refused(db, "VACUUM")).message == expected


async def test_the_schema_cannot_be_written(db: D1) -> None:
    expected = "D1_ERROR: table sqlite_master may not be modified: SQLITE_ERROR"
    assert (await refused(db, "DELETE FROM sqlite_master")).message == expected


# Supported SQL -----------------------------------------------------------------------------------


async def test_foreign_keys_are_on_and_stay_on(db: D1) -> None:
    assert await value(db, "PRAGMA foreign_keys") == 1
    await db.prepare("PRAGMA foreign_keys = off").run()
    assert await value(db, "PRAGMA foreign_keys") == 1


async def test_a_deferred_foreign_key_violated_at_the_end_undoes_all(db: D1) -> None:
    await db.exec(
        "CREATE TABLE p (id INTEGER PRIMARY KEY)\n"
        "CREATE TABLE c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)"
    )
    with raises(D1ConstraintError, match=r"was reset and rolled back .* FOREIGN KEY constraint"):
        await db.prepare("INSERT INTO c VALUES (5)").run()
    assert await value(db, "SELECT count(*) FROM c") == 0


async def test_or_rollback_is_an_internal_error_and_undoes_all(db: D1) -> None:
    await db.exec("CREATE TABLE t (a UNIQUE)\nINSERT INTO t VALUES (1)")
    with raises(D1Error, match="^internal error"):
        await db.batch(
            [
                db.prepare("INSERT INTO t VALUES (2)"),
                db.prepare("INSERT OR ROLLBACK INTO t VALUES (1)"),
            ]
        )
    assert await db.prepare("SELECT a FROM t").raw() == [(1,)]


async def test_pragma_table_info_returns_columns(db: D1) -> None:
    await db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'x')")
    found = await db.prepare("PRAGMA table_info(t)").all()
    assert found[1] == {
        "cid": 1,
        "name": "a",
        "type": "TEXT",
        "notnull": 1,
        "dflt_value": "'x'",
        "pk": 0,
    }
    assert await value(db, "SELECT count(*) FROM pragma_table_info('t')") == 2


async def test_pragma_table_list_lists_tables(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)\nCREATE VIEW v AS SELECT 1")
    found = await db.prepare("PRAGMA table_list").all()
    assert {("t", "table"), ("v", "view")} <= {(row["name"], row["type"]) for row in found}


async def test_the_runtimes_own_table_is_listed(db: D1) -> None:
    assert await value(db, "SELECT name FROM sqlite_master WHERE rowid = 1") == "_cf_METADATA"


async def test_returning_returns_the_written_row(db: D1) -> None:
    await db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a INT)")
    found = await db.prepare("INSERT INTO t (a) VALUES (?), (?) RETURNING *").bind(5, 6).all()
    assert found.results == [{"id": 1, "a": 5}, {"id": 2, "a": 6}]
    assert found.meta.changes == 2


async def test_upsert_updates(db: D1) -> None:
    await db.exec("CREATE TABLE t (k TEXT PRIMARY KEY, n INT)")
    upsert = db.prepare(
        "INSERT INTO t VALUES (?, 1) ON CONFLICT (k) DO UPDATE SET n = n + 1 RETURNING n"
    ).bind("a")
    assert [await upsert.first("n"), await upsert.first("n")] == [1, 2]


async def test_autoincrement_never_reuses_an_id(db: D1) -> None:
    await db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a)")
    insert = db.prepare("INSERT INTO t (a) VALUES ('x') RETURNING id")
    assert await insert.first("id") == 1
    await db.exec("DELETE FROM t")
    assert await insert.first("id") == 2


async def test_generated_columns_are_computed(db: D1) -> None:
    await db.exec("CREATE TABLE t (a INT, b INT AS (a * 2), c TEXT AS (a || '!') STORED)")
    await db.prepare("INSERT INTO t (a) VALUES (?)").bind(4).run()
    assert await db.prepare("SELECT * FROM t").raw() == [(4, 8, "4!")]


async def test_views_can_be_written_through_triggers(db: D1) -> None:
    await db.exec(
        "CREATE TABLE t (a)\nCREATE VIEW v AS SELECT a FROM t WHERE a > 1\n"
        "CREATE TRIGGER i INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (new.a + 10); END"
    )
    await db.prepare("INSERT INTO v VALUES (?)").bind(1).run()
    assert await db.prepare("SELECT * FROM v").raw() == [(11,)]


async def test_a_trigger_may_raise(db: D1) -> None:
    await db.exec(
        "CREATE TABLE t (a)\n"
        "CREATE TRIGGER i BEFORE INSERT ON t BEGIN SELECT raise(ABORT, 'no way'); END"
    )
    error = await refused(db, "INSERT INTO t VALUES (1)")
    assert error.code == "SQLITE_CONSTRAINT_TRIGGER"
    assert error.message.startswith("D1_ERROR: no way: SQLITE_CONSTRAINT")


async def test_full_text_search_works(db: D1) -> None:
    await db.exec("CREATE VIRTUAL TABLE f USING fts5(body)")
    await db.prepare("INSERT INTO f VALUES (?), (?)").bind("the quick fox", "lazy dogs").run()
    found = await db.prepare("SELECT body FROM f WHERE f MATCH ?").bind("quick").raw()
    assert found == [("the quick fox",)]


async def test_json_functions_return_rows(db: D1) -> None:
    sql = "SELECT key, value, type FROM json_each(?)"
    found = await db.prepare(sql).bind('["a", 2, null, true]').raw()
    assert found == [(0, "a", "text"), (1, 2, "integer"), (2, None, "null"), (3, 1, "true")]


async def test_window_functions_work(db: D1) -> None:
    sql = "SELECT row_number() OVER (ORDER BY column1 DESC), column1 FROM (VALUES (1), (2))"
    assert await db.prepare(sql).raw() == [(1, 2), (2, 1)]


async def test_math_functions_work(db: D1) -> None:
    assert await db.prepare("SELECT sqrt(16), pow(2, 10), round(2.5)").raw() == [(4, 1024, 3)]


async def test_current_timestamp_is_text_without_a_zone(db: D1) -> None:
    found = await value(db, "SELECT CURRENT_TIMESTAMP")
    moment = datetime.strptime(found, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    assert abs(datetime.now(timezone.utc) - moment) < timedelta(minutes=5)


async def test_date_functions_work(db: D1) -> None:
    assert await value(db, "SELECT date('2026-01-31', '+1 day')") == "2026-02-01"
    assert (
        await value(db, "SELECT strftime('%Y', ?)", datetime(2026, 1, 2, tzinfo=timezone.utc))
        == "2026"
    )


async def test_explain_query_plan_returns_the_plan(db: D1) -> None:
    await db.exec("CREATE TABLE t (a)")
    assert await db.prepare("EXPLAIN QUERY PLAN SELECT * FROM t").first("detail") == "SCAN t"


async def test_a_double_quoted_name_without_a_column_is_text(db: D1) -> None:
    assert await value(db, 'SELECT "zz"') == "zz"


# Found by differential runs ----------------------------------------------------------------------


@cases(
    {
        "one": ("; SELECT 1", 1),
        "many": (" ;; ;SELECT 1", 1),
        "after-a-comment": ("/* first */; SELECT 1", 1),
        "between": ("SELECT 1;;SELECT 2", 2),
    }
)
async def test_semicolons_before_a_statement_belong_to_it(db: D1, case: tuple[str, int]) -> None:
    sql, expected = case
    assert await value(db, sql) == expected


async def test_semicolons_after_the_last_statement_are_an_empty_statement(db: D1) -> None:
    with raises(D1Error, match="SQL code did not contain a statement"):
        await db.prepare("SELECT 1;;").run()


async def test_an_internal_error_loses_the_last_rowid_but_no_data(db: D1) -> None:
    await db.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, n UNIQUE)")
    await db.prepare("INSERT INTO t VALUES (7, 1)").run()
    with raises(D1Error, match="^internal error"):
        await db.prepare("INSERT OR ROLLBACK INTO t VALUES (8, 1)").run()
    found = await db.prepare("SELECT id, last_insert_rowid() AS last FROM t").all()
    assert found.results == [{"id": 7, "last": 0}]
    assert found.meta.last_row_id == 0


@cases(
    {
        "a-constraint": "INSERT INTO t VALUES (5), (5)",
        "a-missing-value": "SELECT ?",
        "a-limit": "SELECT * FROM t LIMIT 'a'",
    }
)
async def test_a_statement_that_fails_after_one_with_rows_left_is_an_internal_error(
    db: D1, case: str
) -> None:
    await db.exec("CREATE TABLE t(a PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
    with raises(D1Error, match="^internal error"):
        await db.prepare(f"DELETE FROM t RETURNING *; {case}").run()
    assert await value(db, "SELECT count(*) FROM t") == 2


@cases(
    {
        "not-compiled": ("SELECT nope", "no such column: nope at offset 7"),
        "empty": (" ;", "SQL code did not contain a statement"),
        "not-the-last": ("SELECT * FROM t LIMIT 'a'; SELECT 1", "datatype mismatch"),
    }
)
async def test_a_failure_before_the_last_statement_runs_has_its_reason(
    db: D1, case: tuple[str, str]
) -> None:
    sql, reason = case
    await db.exec("CREATE TABLE t(a PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
    error = await refused(db, f"DELETE FROM t RETURNING *; {sql}")
    assert reason in str(error)
    assert await value(db, "SELECT count(*) FROM t") == 2


async def test_a_large_last_rowid_is_a_float(db: D1) -> None:
    await db.exec("CREATE TABLE t(id INTEGER PRIMARY KEY)")
    done = await db.prepare("INSERT INTO t VALUES (9007199254740993)").run()
    assert (done.meta.last_row_id, type(done.meta.last_row_id)) == (2.0**53, float)


@cases(
    {
        "of-an-insert": ("INSERT INTO t(a) VALUES (a)", "no such column: a at offset 25"),
        "not-a-collation": (
            "SELECT 1 COLLATE BINARY, binary",
            "no such column: binary at offset 25",
        ),
        "aggregate": (
            "SELECT a FROM t WHERE sum(a)",
            "misuse of aggregate function sum() at offset 22",
        ),
    }
)
async def test_an_error_has_the_offset_of_its_name(db: D1, case: tuple[str, str]) -> None:
    sql, reason = case
    await db.exec("CREATE TABLE t(a)")
    assert f"D1_ERROR: {reason}: SQLITE_ERROR" == str(await refused(db, sql))


async def test_a_result_is_converted_to_json_as_its_rows(db: D1) -> None:
    found = await db.prepare("SELECT 1 AS a, NULL AS b").all()
    response = Response.json({"rows": found})
    assert await response.text() == '{"rows":[{"a":1,"b":null}]}'
