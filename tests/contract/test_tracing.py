"""Spans of ``ctx.tracing``."""

from __future__ import annotations

import asyncio
from typing import Any

from pyworkers_sdk import Span, Tracing, WorkersError
from pyworkers_sdk._border import from_js
from tests.contract.kit import only, raises
from tests.contract.workers import AppEnv

running = only("fake", "workerd", reason="Node has no Workers of ours")
stand_in = only("node", "workerd", reason="a stand-in for what no local runtime has")


@running
async def test_spans_wrap_sync_and_async_functions(app: AppEnv) -> None:
    *told, traced = await app.AROUND.spans()
    assert told == [3, 4, 5, 6, "no", "later"]
    assert traced == [False] * 4


@stand_in
async def test_a_span_records_exceptions_status_and_name(env: Any) -> None:
    tracing = Tracing(env.TRACING)
    span = tracing.start_span("old").update_name("new")
    assert span.span_context() == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 1)
    span.record_exception(LookupError("no"))
    span.record_exception("text")
    assert span.set_status("error", "é").set_status("ok") is span
    assert from_js(env.TRACING.told()) == [
        ["new", "exception", {"name": "LookupError", "message": "no"}],
        ["new", "exception", "text"],
        ["new", "status", {"code": "error", "message": "é"}],
        ["new", "status", {"code": "ok"}],
    ]
    with raises(WorkersError, match="^bad code bad$"):
        span.set_status("bad")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@stand_in
async def test_the_active_span_lasts_as_long_as_its_function(env: Any) -> None:
    tracing = Tracing(env.TRACING)
    assert tracing.get_active_span() is None
    span = tracing.start_span("work")

    def inside(number: int) -> Any:
        found = tracing.get_active_span()
        assert found is not None
        found.set_attribute("number", number)
        return number

    async def later(number: int) -> int:
        await asyncio.sleep(0)
        return number

    assert tracing.with_active_span(span, inside, 7) == 7
    assert from_js(env.TRACING.told()) == [["work", "number", 7]]
    assert await tracing.with_active_span(span, later, 8) == 8
    assert tracing.get_active_span() is None


@stand_in
async def test_a_span_ends_with_its_function(env: Any) -> None:
    tracing = Tracing(env.TRACING)
    spans: list[Span] = []

    async def later(span: Span) -> bool:
        spans.append(span)
        await asyncio.sleep(0)
        return span.is_traced

    def now(span: Span) -> bool:
        spans.append(span)
        return span.is_traced

    assert tracing.enter_span("now", now) is True
    assert spans[0].is_traced is False
    assert await tracing.enter_span("later", later) is True
    await asyncio.sleep(0.01)
    assert spans[1].is_traced is False


@running
async def test_span_of_a_runtime_that_records_nothing_has_all_members(app: AppEnv) -> None:
    *told, error = await app.AROUND.span_members()
    assert told == [["0" * 32, "0" * 16, 0], True, True]
    assert error == "TypeError: Span status code must be 'unset', 'ok', or 'error'."


@running
async def test_active_span_of_a_worker_is_the_innermost(app: AppEnv) -> None:
    assert await app.AROUND.active_spans() == ["Span"] * 6
