"""Analytics Engine, and Analytics SQL as it is documented."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any, TypedDict
from uuid import UUID

from pyworkers_sdk import (
    AnalyticsEngineDataset,
    AnalyticsSQL,
    AnalyticsSQLError,
    BindingError,
    ConversionError,
    RowError,
    WorkersError,
)
from pyworkers_sdk._border import from_js
from tests.contract.kit import World, cases, raises
from tests.contract.workers import AppEnv

NUMBERS: Any = (1, 2.5, True, Decimal("0.5"), math.inf, 2**60)
BEYOND: dict[str, Any] = {
    "blobs": ({"blobs": ["a"] * 21}, "Maximum of 20 blobs supported."),
    "doubles": ({"doubles": [0] * 21}, "Maximum of 20 doubles supported."),
    "indexes": ({"indexes": ["a", "b"]}, "Maximum of 1 indexes supported."),
    "size": (
        {"blobs": ["é" * 8000, "a"]},
        "Cumulative size of blobs exceeds 16000 bytes).",
    ),
    "size of bytes": (
        {"blobs": [b"a" * 16001]},
        "Cumulative size of blobs exceeds 16000 bytes).",
    ),
    "size of an index": ({"indexes": ["é" * 48 + "a"]}, "Size of indexes[0] exceeds 96 bytes)."),
}
WRONG: dict[str, Any] = {
    "a blob": ({"blobs": ["a", 1]}, r"^blobs\[1\]: expected str, bytes or None, got int$"),
    "a surrogate": ({"blobs": ["\ud800"]}, r"^blobs\[0\]: the text has a lone surrogate"),
    "an index": ({"indexes": [2.0]}, r"^indexes\[0\]: expected str, bytes or None, got float$"),
    "one text": (
        {"indexes": "abc"},
        "^indexes: expected an iterable of str, bytes or None, got str; pass ",
    ),
    "a double": ({"doubles": [1, "2"]}, r"^doubles\[1\]: expected a number, got str$"),
    "none": ({"doubles": [None]}, r"^doubles\[0\]: expected a number, got None$"),
    "huge": ({"doubles": [10**400]}, r"^doubles\[0\]: expected a number, got int$"),
}


def _written(world: World, dataset: AnalyticsEngineDataset) -> list[Any]:
    if world.engine == "fake":
        from pyworkers_sdk.testing import data_points

        return [
            {"blobs": each.blobs, "doubles": each.doubles, "indexes": each.indexes}
            for each in data_points(dataset)
        ]
    found: list[Any] = from_js(dataset.js_object.written())
    return found


async def test_the_local_simulation_accepts_a_data_point(app: AppEnv) -> None:
    app.POINTS.write_data_point(blobs=["/", None, b"\xff"], doubles=[1, 2.5], indexes=["ann"])
    app.POINTS.write_data_point()


async def test_a_data_point_is_converted_and_written(app: AppEnv, world: World) -> None:
    points = app.POINTS_KEPT
    points.write_data_point(
        blobs=("é", None, b"\x00\xff", bytearray(b"x"), memoryview(b"y")),
        doubles=(number for number in NUMBERS),
        indexes=["ann"],
    )
    points.write_data_point()
    assert _written(world, points) == [
        {
            "blobs": ["é", None, b"\x00\xff", b"x", b"y"],
            "doubles": [1, 2.5, 1, 0.5, math.inf, 2**60],
            "indexes": ["ann"],
        },
        {"blobs": [], "doubles": [], "indexes": []},
    ]


async def test_a_data_point_at_the_limits_is_written(app: AppEnv, world: World) -> None:
    points = app.POINTS_KEPT
    points.write_data_point(blobs=["a" * 800] * 20, doubles=[math.pi] * 20, indexes=[b"i" * 96])
    points.write_data_point(indexes=[None])
    first, second = _written(world, points)
    assert len(first["blobs"]) == len(first["doubles"]) == 20
    assert first["indexes"] == [b"i" * 96]
    assert second["indexes"] == [None]


@cases(BEYOND)
async def test_a_data_point_beyond_a_limit_is_refused(app: AppEnv, case: Any, world: World) -> None:
    parts, message = case
    with raises(WorkersError) as caught:
        app.POINTS_KEPT.write_data_point(**parts)
    assert caught.value.message == f"writeDataPoint(): {message}"
    assert caught.value.js_name == "TypeError"
    assert _written(world, app.POINTS_KEPT) == []


@cases(WRONG)
async def test_a_value_of_another_type_is_refused(app: AppEnv, case: Any) -> None:
    parts, message = case
    with raises(ConversionError, match=message):
        app.POINTS_KEPT.write_data_point(**parts)


# Analytics SQL


class Requests(TypedDict):
    status: int
    requests: int
    share: float
    last: datetime | None
    hosts: list[str | None]


@dataclass
class Status:
    status: int
    share: float


class Color(Enum):
    TEAL = "teal"


AnyQuery: Any = attrgetter("query")  # for calls that a type checker would refuse
NOON = datetime(2026, 10, 7, 12, tzinfo=timezone.utc)
REQUESTS = "SELECT * FROM events.httpRequests WHERE timestamp >= $start"
PARAMETERS = "SELECT * FROM events.parameters WHERE timestamp >= $1"


async def test_a_query_returns_rows_and_statistics(app: AppEnv) -> None:
    found = await app.STATS.query(REQUESTS, params={"start": "2026-10-07"})
    first = {"status": 200, "requests": 125430, "share": 1, "last": "2026-10-07 12:00:00"}
    assert found[0] == {**first, "hosts": ["a.example", None], "constructor": "x"}
    assert found[1]["last"] is None
    assert (found.rows, len(found), len(found.data), len(found[1:])) == (2, 2, 2, 1)
    assert repr(found) == "<AnalyticsSQLResult of 2 rows>"
    took = found.statistics
    assert took.elapsed_ms >= 0
    assert took.rows_read >= 2
    assert took.bytes_read >= 0


async def test_rows_are_loaded_as_their_row_type(app: AppEnv) -> None:
    found = await app.STATS.query(REQUESTS, Requests)
    assert [row["last"] for row in found] == [NOON, None]
    assert [type(row["share"]) for row in found] == [float, float]
    assert [row["hosts"] for row in found] == [["a.example", None], []]
    assert (await app.STATS.query(REQUESTS, Status)).data == [Status(200, 1), Status(404, 0.5)]


async def test_a_row_of_another_type_is_a_row_error(app: AppEnv) -> None:
    class Wrong(TypedDict):
        last: str

    with raises(RowError, match=r"^the result: \[1\]\.last: expected str, got None$"):
        await app.STATS.query(REQUESTS, Wrong)


async def test_a_query_without_rows_is_empty(app: AppEnv) -> None:
    found = await app.STATS.query("SELECT * FROM events.none", Status)
    assert (found.rows, found.data) == (0, [])


async def test_parameters_are_converted_by_position_and_by_name(app: AppEnv) -> None:
    unique = UUID(int=7)
    given: Any = ["é", 3, 2.5, True, None, NOON, date(2026, 10, 7), unique, Decimal("0.5")]
    found = await app.STATS.query(PARAMETERS, params=[*given, Color.TEAL])
    assert [(row["kind"], row["value"]) for row in found] == [
        ("string", "é"),
        ("number", 3),
        ("number", 2.5),
        ("boolean", True),
        ("object", None),
        ("string", "2026-10-07T12:00:00.000Z"),
        ("string", "2026-10-07"),
        ("string", str(unique)),
        ("string", "0.5"),
        ("string", "teal"),
    ]
    assert [row["name"] for row in found[:2]] == ["0", "1"]
    found = await app.STATS.query(PARAMETERS, params={"start": NOON, "none": None})
    assert [row["name"] for row in found] == ["start", "none"]
    assert (await app.STATS.query(PARAMETERS, params=())).rows == 0


@cases(
    {
        "bytes": ([b"x"], r"^params\[0\]: bytes are not JSON"),
        "a list": ({"a": ["x"]}, r"^params\['a'\]: SQL stores"),
        "not a number": ([1, math.nan], r"^params\[1\]: nan is neither"),
        "text": ("x", "^params: expected a list or a dict, got str$"),
        "a key": ({1: "x"}, "^params: expected str, got int$"),
    }
)
async def test_a_parameter_of_another_type_is_refused(app: AppEnv, case: Any) -> None:
    params, message = case
    with raises(ConversionError, match=message):
        await app.STATS.query(PARAMETERS, params=params)


@cases({"busy": ("too many queries", True), "missing": ("unknown dataset events.missing", False)})
async def test_a_failing_query_is_an_analytics_sql_error(app: AppEnv, case: Any) -> None:
    message, retryable = case
    name = "busy" if retryable else "missing"
    with raises(AnalyticsSQLError) as caught:
        await app.STATS.query(f"SELECT * FROM events.{name}")
    assert (caught.value.message, caught.value.retryable) == (message, retryable)
    assert caught.value.js_name == "Error"


async def test_a_query_that_is_not_text_and_wrong_bindings_are_refused(
    env: Any, app: AppEnv
) -> None:
    with raises(ConversionError, match="^query: expected str, got int$"):
        await AnyQuery(app.STATS)(1)
    with raises(BindingError):
        AnalyticsSQL(env.DATA)
