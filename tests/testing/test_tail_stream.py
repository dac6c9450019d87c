"""``FakeRuntime.tail_stream``. tests/real/test_handlers.py checks the same in the real runtime."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from pyworkers_sdk import Env, WorkerEntrypoint
from pyworkers_sdk.tail_stream import (
    AlarmEventInfo,
    CustomEventInfo,
    Exception as Raised,
    FetchEventInfo,
    Log,
    Onset,
    Outcome,
    SpanClose,
    SpanContext,
    SpanOpen,
    TailEvent,
    TailEventHandlerObject,
    TailEventHandlerType,
)
from pyworkers_sdk.testing import Clock, FakeRuntime

pytestmark = pytest.mark.asyncio

THEN = datetime(2026, 3, 1, 12, 30, tzinfo=timezone.utc)


def runtime(
    handler: Callable[[TailEvent[Onset]], TailEventHandlerType | None], *, raises: bool = True
) -> FakeRuntime[Env]:
    class Default(WorkerEntrypoint[Env]):
        async def tail_stream(self, onset: TailEvent[Onset]) -> TailEventHandlerType | None:
            return handler(onset)

    return FakeRuntime(Default, env=Env, clock=Clock(THEN), raise_exceptions=raises)


async def test_events_without_an_envelope_get_defaults() -> None:
    got: list[TailEvent[Any]] = []

    def watch(onset: TailEvent[Onset]) -> TailEventHandlerType:
        got.append(onset)
        return got.append

    kinds = ["onset", "spanOpen", "log", "spanClose", "exception", "return", "outcome"]
    assert await runtime(watch).tail_stream([{"type": kind} for kind in kinds]) == "ok"
    assert [event.sequence for event in got] == [*range(7)]
    assert {event.timestamp for event in got} == {THEN}
    onset = got[0]
    assert onset.event.info == CustomEventInfo()
    assert (onset.event.execution_model, onset.event.script_tags) == ("stateless", [])
    assert onset.span_context == SpanContext(onset.span_context.trace_id, None, None)
    assert {event.span_context.span_id for event in got[1:]} == {onset.event.span_id}
    assert got[1].event == SpanOpen("span", got[1].event.span_id, None)
    assert got[2].event == Log("log", [], None, False)
    assert got[3].event == SpanClose("ok")
    assert got[4].event == Raised("Error", "", None, None)
    assert got[6].event == Outcome("ok", 0, 0)


async def test_whole_tail_events_keep_their_envelope() -> None:
    got: list[TailEvent[Any]] = []
    request = {"type": "fetch", "method": "GET", "url": "u", "headers": []}
    onset = {"type": "onset", "info": request, "scriptName": "shop"}
    around = {"invocationId": "i", "spanContext": {"traceId": "t", "spanId": "s"}}
    given = {**around, "sequence": 4, "timestamp": "2026-01-01T00:00:00Z", "event": onset}
    assert await runtime(got.append).tail_stream([given]) == "ok"
    [event] = got
    assert event[:4] == (
        "i",
        SpanContext("t", "s", None),
        datetime(2026, 1, 1, tzinfo=timezone.utc),
        4,
    )
    assert event.event.info == FetchEventInfo("GET", "u", None, [])
    assert event.event.script_name == "shop"

    for time in THEN, "2026-03-01T12:30:00Z":
        alarm = {"type": "alarm", "scheduledTime": time}
        await runtime(got.append).tail_stream([{"type": "onset", "info": alarm}])
        assert got.pop().event.info == AlarmEventInfo(THEN)
        assert alarm["scheduledTime"] is time


async def test_a_handler_that_returns_none_gets_no_more_events() -> None:
    seen: list[Any] = []
    assert await runtime(seen.append).tail_stream([{"type": "onset"}, {"type": "log"}]) == "ok"
    assert len(seen) == 1


async def test_handlers_do_not_wait_for_each_other() -> None:
    seen: list[str] = []

    class Slow(TailEventHandlerObject):
        async def log(self, event: TailEvent[Log], /) -> None:
            await asyncio.sleep(0)
            seen.append("log")

        def outcome(self, event: TailEvent[Outcome], /) -> None:
            seen.append("outcome")

    events = [{"type": "onset"}, {"type": "log"}, {"type": "return"}, {"type": "outcome"}]
    assert await runtime(lambda onset: Slow()).tail_stream(events) == "ok"
    assert seen == ["outcome", "log"]


async def test_an_exception_of_a_handler_is_raised_or_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(event: TailEvent[Any]) -> Any:
        raise LookupError("here")

    async def fails_later(event: TailEvent[Any]) -> None:
        fails(event)

    for handler in fails, lambda onset: fails, lambda onset: fails_later:
        events = [{"type": "onset"}, {"type": "outcome"}]
        with pytest.raises(LookupError, match="here"):
            await runtime(handler).tail_stream(events)
        assert await runtime(handler, raises=False).tail_stream(events) == "exception"
        assert "in the tail_stream handler" in caplog.text
        caplog.clear()


async def test_invalid_events_are_refused() -> None:
    for kinds in [], ["log"], ["onset", "onset"]:
        with pytest.raises(TypeError, match="expected one onset, as the first event"):
            await runtime(lambda onset: None).tail_stream([{"type": kind} for kind in kinds])

    for given, said in (
        ({"type": "lgo"}, "type: expected one of onset, outcome, span"),
        ({"tpye": "log"}, "type: expected one of .*, got ''"),
        ({"type": "onset", "scriptname": "x"}, "tail event 'onset': unknown member scriptname"),
        ({"event": {"type": "onset"}, "sequenc": 1}, "tail event 'onset': unknown member sequenc"),
    ):
        with pytest.raises(TypeError, match=said):
            await runtime(lambda onset: None).tail_stream([given])

    class Deaf(WorkerEntrypoint[Env]): ...

    with pytest.raises(TypeError, match="Deaf has no tail_stream handler"):
        await FakeRuntime(Deaf, env=Env).tail_stream([{"type": "onset"}])
