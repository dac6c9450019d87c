"""Pipelines."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from pyworkers_sdk import ConversionError, Pipeline
from pyworkers_sdk._border import from_js
from tests.contract.kit import World, cases, not_in, raises
from tests.contract.workers import AppEnv

WRONG: dict[str, Any] = {
    "bytes": ([{"a": 1}, {"b": b""}], r"^records\[1\]\.b: bytes are not JSON"),
    "a dict": ({"a": 1}, r"^records: expected an iterable of records, got dict; pass \[record\]$"),
    "text": ("abc", "^records: expected an iterable of records, got str$"),
}


async def _sent(world: World, pipeline: Pipeline[Any]) -> list[Any]:
    if world.engine == "fake":
        from pyworkers_sdk.testing import sent_records

        return sent_records(pipeline)
    found: list[Any] = from_js(pipeline.js_object.sent())
    return found


@not_in("node", reason="miniflare's proxy answers there without a Promise")
async def test_the_local_simulation_accepts_records(app: AppEnv) -> None:
    assert await app.STREAM.send([{"a": 1}, {"b": [None, {"constructor": "x"}]}]) is None  # type: ignore[func-returns-value]
    await app.STREAM.send([])


async def test_records_are_sent_as_json(app: AppEnv, world: World) -> None:
    at = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    await app.STREAM_KEPT.send(iter([{"at": at, "n": 1.5}, {"none": None, "list": ("a", True)}]))
    await app.STREAM_KEPT.send(({"items": {"keys": "é"}},))
    assert await _sent(world, app.STREAM_KEPT) == [
        {"at": "2026-07-01T12:00:00.000Z", "n": 1.5},
        {"none": None, "list": ["a", True]},
        {"items": {"keys": "é"}},
    ]


@cases(WRONG)
async def test_records_that_are_not_json_are_refused(app: AppEnv, case: Any, world: World) -> None:
    records, message = case
    with raises(ConversionError, match=message):
        await app.STREAM_KEPT.send(records)
    assert await _sent(world, app.STREAM_KEPT) == []
