"""The fake D1: abilities that the real one lacks, and use without the public class."""

from __future__ import annotations

import gc
import time
import weakref
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk import D1, D1Error
from pyworkers_sdk._border import JsException
from pyworkers_sdk.testing import Clock, fake
from pyworkers_sdk.testing.fakes.d1 import FakeD1Database

pytestmark = pytest.mark.asyncio


async def test_each_fake_is_a_separate_database() -> None:
    await fake(D1).exec("CREATE TABLE t (a)")
    with pytest.raises(D1Error, match="no such table: t"):
        await fake(D1).prepare("SELECT * FROM t").all()


async def test_date_functions_follow_the_clock() -> None:
    clock = Clock(datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc))
    db = fake(D1, clock=clock)
    await db.exec("CREATE TABLE t (a, at DEFAULT CURRENT_TIMESTAMP)\nINSERT INTO t (a) VALUES (1)")
    clock.advance(3600)
    sql = """
        SELECT at, CURRENT_TIMESTAMP, CURRENT_DATE, CURRENT_TIME, datetime('now', '+1 day'), date(),
            strftime('%H:%M'), strftime('%Y', 'NOW'), unixepoch(), datetime('2020-02-28', '+1 day')
        FROM t
    """
    assert await db.prepare(sql).raw() == [
        (
            "2026-01-02 03:04:05",
            "2026-01-02 04:04:05",
            "2026-01-02",
            "04:04:05",
            "2026-01-03 04:04:05",
            "2026-01-02",
            "04:04",
            "2026",
            int(clock.now() // 1000),
            "2020-02-29 00:00:00",
        )
    ]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows cannot change its time zone")
async def test_localtime_is_utc_on_a_machine_of_another_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        db = fake(D1, clock=Clock(datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)))
        sql = """
            SELECT datetime('now', 'localtime'), time('now', 'UTC'),
                strftime('%H', 'now', 'LOCALTIME'), date('2026-01-01', 'localtime', 'nope'),
                unixepoch('now') - unixepoch('now', 'utc')
        """
        assert await db.prepare(sql).raw() == [("2026-01-02 03:04:05", "03:04:05", "03", None, 0)]
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_a_database_in_a_file_persists(tmp_path: Path) -> None:
    path = str(tmp_path / "d1.sqlite")
    await D1(FakeD1Database(path)).exec("CREATE TABLE t (a)\nINSERT INTO t VALUES (1)")
    assert await D1(FakeD1Database(path)).prepare("SELECT a FROM t").first("a") == 1


async def test_larger_values_are_stored_if_not_strict() -> None:
    db = D1(FakeD1Database(strict=False))
    statement = db.prepare("SELECT length(?)").bind("x" * 4_000_000)
    assert await statement.raw() == [(4_000_000,)]


async def test_a_dropped_fake_closes_its_connections() -> None:
    database = FakeD1Database(clock=Clock())
    await database.prepare("SELECT 1").all()
    gone = weakref.ref(database)
    del database
    assert gone() is None
    gc.collect()  # an open connection would warn here


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ({}, "object", "[object Object]"),
        ([1, "x"], "object", "1,x"),
        ([256], "object", "256"),
        (2**53, "bigint", "9007199254740992"),
    ],
)
async def test_bind_refuses_values_as_the_runtime_does(value: Any, kind: str, shown: str) -> None:
    with pytest.raises(JsException) as caught:
        FakeD1Database().prepare("SELECT ?").bind(value)
    expected = f"D1_TYPE_ERROR: Type '{kind}' not supported for value '{shown}'"
    assert caught.value.message == expected


@pytest.mark.parametrize(
    ("value", "found"),
    [(float("nan"), None), (float("inf"), None), (-0.0, 0), ([1, 255], [1, 255]), ([], [])],
)
async def test_bind_converts_values_as_the_runtime_does(value: Any, found: Any) -> None:
    statement = FakeD1Database().prepare("SELECT ? AS a").bind(value)
    assert await statement.first("a") == found


async def test_a_session_refuses_a_constraint_that_is_not_text() -> None:
    database: Any = FakeD1Database()
    with pytest.raises(JsException, match=r"constraintOrBookmark\?\.trim is not a function"):
        database.withSession(5)


async def test_rows_left_unread_before_the_last_statement_break_its_transaction() -> None:
    db = fake(D1)
    await db.exec("CREATE TABLE t (a)")
    with pytest.raises(D1Error, match=r"^internal error"):
        await db.prepare("INSERT INTO t VALUES (1) RETURNING a; SELECT 1").run()
    assert await db.prepare("SELECT * FROM t").raw() == []
