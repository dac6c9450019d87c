"""Analytics Engine."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from pyworkers_sdk import AnalyticsEngineDataset, ConversionError, WorkersError
from pyworkers_sdk._ffi import from_js
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
    "one text": ({"indexes": "abc"}, "^indexes: expected several values, got str$"),
    "a double": ({"doubles": [1, "2"]}, r"^doubles\[1\]: expected a number, got str$"),
    "none": ({"doubles": [None]}, r"^doubles\[0\]: expected a number, got NoneType$"),
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


async def test_the_local_simulation_takes_a_point(app: AppEnv) -> None:
    app.POINTS.write_data_point(blobs=["/", None, b"\xff"], doubles=[1, 2.5], indexes=["ann"])
    app.POINTS.write_data_point()


async def test_a_point(app: AppEnv, world: World) -> None:
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


async def test_as_much_as_fits(app: AppEnv, world: World) -> None:
    points = app.POINTS_KEPT
    points.write_data_point(blobs=["a" * 800] * 20, doubles=[math.pi] * 20, indexes=[b"i" * 96])
    points.write_data_point(indexes=[None])
    first, second = _written(world, points)
    assert len(first["blobs"]) == len(first["doubles"]) == 20
    assert first["indexes"] == [b"i" * 96]
    assert second["indexes"] == [None]


@cases(BEYOND)
async def test_a_point_that_is_too_big(app: AppEnv, case: Any, world: World) -> None:
    parts, message = case
    with raises(WorkersError) as caught:
        app.POINTS_KEPT.write_data_point(**parts)
    assert caught.value.message == f"writeDataPoint(): {message}"
    assert caught.value.js_name == "TypeError"
    assert _written(world, app.POINTS_KEPT) == []


@cases(WRONG)
async def test_a_value_that_cannot_be_in_a_point(app: AppEnv, case: Any) -> None:
    parts, message = case
    with raises(ConversionError, match=message):
        app.POINTS_KEPT.write_data_point(**parts)
