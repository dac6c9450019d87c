"""Streaming tails: each kind of event as the runtime hands it to a ``tail_stream`` handler.

The door of a Worker is called here; tests/real/test_handlers.py has workerd call it.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timezone
from typing import Any

from pyworkers_sdk import WorkerEntrypoint, WorkersError, tail_stream
from pyworkers_sdk._border import from_js, to_js
from pyworkers_sdk.tail_stream import (
    AlarmEventInfo,
    Attribute,
    Attributes,
    ConnectEventInfo,
    CustomEventInfo,
    DiagnosticChannelEvent,
    DroppedEventsDiagnostic,
    EmailEventInfo,
    FetchEventInfo,
    FetchResponseInfo,
    Header,
    HibernatableWebSocketEventInfo,
    HibernatableWebSocketEventInfoClose,
    HibernatableWebSocketEventInfoError,
    HibernatableWebSocketEventInfoMessage,
    JsRpcEventInfo,
    Log,
    OnHibernateEventInfo,
    Onset,
    Outcome,
    QueueEventInfo,
    Return,
    ScheduledEventInfo,
    ScriptVersion,
    SpanClose,
    SpanContext,
    SpanOpen,
    SpanStatus,
    SpanUpdate,
    SpanUpdateInfo,
    StreamDiagnostic,
    TailEvent,
    TailEventHandlerObject,
    TailEventHandlerType,
    TailStreamErrorInfo,
    TraceEventInfo,
    TracePreviewInfo,
)
from tests.contract.kit import cases, raises

THEN = datetime(2026, 3, 1, 12, 30, 0, 250000, timezone.utc)


class Watching(WorkerEntrypoint[Any]):
    """A handler that keeps its events and returns a fixed result."""

    got: list[TailEvent[Any]]
    wanted: Any

    async def tail_stream(self, onset: TailEvent[Onset]) -> TailEventHandlerType | None:
        self.got.append(onset)
        if isinstance(self.wanted, Exception):
            raise self.wanted
        wanted: TailEventHandlerType | None = self.wanted
        return wanted


async def begin(wanted: Any, onset: dict[str, Any] | None = None) -> tuple[Any, Any]:
    """The onset as the handler got it, and the function that it handed over."""

    class Default(Watching):
        got: list[TailEvent[Any]] = []  # noqa: RUF012

    Default.wanted = staticmethod(wanted) if callable(wanted) else wanted
    door: Any = Default(None, None)
    returned = await door.tailStream(whole(onset or {"type": "onset", "info": {"type": "jsrpc"}}))
    return Default.got[0], getattr(returned, "js_object", returned)


def whole(event: dict[str, Any], **around: Any) -> Any:
    return to_js(
        {
            "invocationId": "i",
            "spanContext": {"traceId": "t"},
            "timestamp": THEN,
            "sequence": 0,
            "event": event,
            **around,
        }
    )


async def call(function: Any, event: dict[str, Any]) -> Any:
    """Call the function that a handler returned, as the runtime does."""
    if sys.platform == "emscripten":
        made = function(whole(event))
        return from_js(await made if hasattr(made, "then") else made)
    return await function.call(whole(event))


async def test_onset_fields_are_converted() -> None:
    event, _ = await begin(
        None,
        {
            "type": "onset",
            "spanId": "s",
            "executionModel": "durableObject",
            "dispatchNamespace": "ns",
            "entrypoint": "Room",
            "durableObjectId": "o",
            "scriptName": "chat",
            "scriptTags": ["a"],
            "scriptVersion": {"id": "v1"},
            "preview": {"id": "p", "slug": "s", "name": "n"},
            "attributes": [{"name": "a", "value": 1.5}, {"name": "b", "value": ["x", "y"]}],
            "info": {"type": "custom"},
        },
    )
    assert event == TailEvent(
        "i",
        SpanContext("t", None, None),
        THEN,
        0,
        Onset(
            span_id="s",
            execution_model="durableObject",
            info=CustomEventInfo(),
            script_name="chat",
            entrypoint="Room",
            durable_object_id="o",
            dispatch_namespace="ns",
            script_tags=["a"],
            script_version=ScriptVersion("v1", None, None),
            preview=TracePreviewInfo("p", "s", "n"),
            attributes=[Attribute("a", 1.5), Attribute("b", ["x", "y"])],
        ),
    )
    assert type(event.event.info) is CustomEventInfo


HEADERS = [{"name": "accept", "value": "*/*"}, {"name": "x", "value": "é"}]


INFOS: list[tuple[dict[str, Any], Any]] = [
    (
        {"type": "fetch", "method": "PUT", "url": "https://e.com/", "headers": HEADERS},
        FetchEventInfo("PUT", "https://e.com/", None, [Header("accept", "*/*"), Header("x", "é")]),
    ),
    (
        {"type": "fetch", "method": "GET", "url": "u", "headers": [], "cfJson": {"a": [1]}},
        FetchEventInfo("GET", "u", {"a": [1]}, []),
    ),
    ({"type": "connect"}, ConnectEventInfo()),
    ({"type": "jsrpc"}, JsRpcEventInfo()),
    (
        {"type": "scheduled", "scheduledTime": THEN, "cron": "* * * * *"},
        ScheduledEventInfo(THEN, "* * * * *"),
    ),
    ({"type": "alarm", "scheduledTime": THEN}, AlarmEventInfo(THEN)),
    ({"type": "onHibernate", "reason": "inactive"}, OnHibernateEventInfo("inactive")),
    ({"type": "queue", "queueName": "jobs", "batchSize": 3}, QueueEventInfo("jobs", 3)),
    (
        {"type": "email", "mailFrom": "a@e.com", "rcptTo": "b@e.com", "rawSize": 9},
        EmailEventInfo("a@e.com", "b@e.com", 9),
    ),
    ({"type": "trace", "traces": ["a", None]}, TraceEventInfo(["a", None])),
    (
        {"type": "hibernatableWebSocket", "info": {"type": "message"}},
        HibernatableWebSocketEventInfo(HibernatableWebSocketEventInfoMessage()),
    ),
    (
        {"type": "hibernatableWebSocket", "info": {"type": "error"}},
        HibernatableWebSocketEventInfo(HibernatableWebSocketEventInfoError()),
    ),
    (
        {
            "type": "hibernatableWebSocket",
            "info": {"type": "close", "code": 1001, "wasClean": True},
        },
        HibernatableWebSocketEventInfo(HibernatableWebSocketEventInfoClose(1001, True)),
    ),
    ({"type": "custom"}, CustomEventInfo()),
    ({"type": "of next year", "more": 1}, CustomEventInfo("of next year")),
]


@cases(INFOS)
async def test_onset_info_has_a_class_for_each_trigger(case: tuple[dict[str, Any], Any]) -> None:
    given, expected = case
    event, _ = await begin(None, {"type": "onset", "info": given})
    info = event.event.info
    assert info == expected
    assert type(info) is type(expected)
    if isinstance(info, HibernatableWebSocketEventInfo):
        assert type(info.info) is type(expected.info)


EVENTS: list[tuple[str, dict[str, Any], Any]] = [
    (
        "outcome",
        {"type": "outcome", "outcome": "exceededCpu", "cpuTime": 10, "wallTime": 12.5},
        Outcome("exceededCpu", 10, 12.5),
    ),
    ("span_open", {"type": "spanOpen", "name": "w", "spanId": "s"}, SpanOpen("w", "s", None)),
    (
        "span_open",
        {
            "type": "spanOpen",
            "name": "fetch",
            "spanId": "s",
            "info": {"type": "fetch", "method": "GET", "url": "u", "headers": []},
        },
        SpanOpen("fetch", "s", FetchEventInfo("GET", "u", None, [])),
    ),
    (
        "span_open",
        {
            "type": "spanOpen",
            "name": "w",
            "spanId": "s",
            "info": {"type": "attributes", "info": [{"name": "a", "value": True}]},
        },
        SpanOpen("w", "s", Attributes([Attribute("a", True)])),
    ),
    ("span_close", {"type": "spanClose", "outcome": "canceled"}, SpanClose("canceled")),
    (
        "span_update",
        {"type": "spanUpdate", "info": {"type": "name", "name": "better"}},
        SpanUpdate(SpanUpdateInfo("better", None, "name")),
    ),
    (
        "span_update",
        {
            "type": "spanUpdate",
            "info": {"type": "status", "status": {"code": "error", "message": "no"}},
        },
        SpanUpdate(SpanUpdateInfo(None, SpanStatus("error", "no"), "status")),
    ),
    (
        "diagnostic_channel",
        {"type": "diagnosticChannel", "channel": "c", "message": {"a": [None, THEN]}},
        DiagnosticChannelEvent("c", {"a": [None, THEN]}),
    ),
    (
        "exception",
        {"type": "exception", "name": "TypeError", "message": "no", "stack": "at", "code": 7},
        tail_stream.Exception("TypeError", "no", "at", 7),
    ),
    (
        "exception",
        {"type": "exception", "name": "Error", "message": ""},
        tail_stream.Exception("Error", "", None, None),
    ),
    (
        "log",
        {
            "type": "log",
            "level": "error",
            "message": ["a", {"b": 1.5}],
            "errorInfo": [None, {"name": "E", "message": "m"}],
        },
        Log("error", ["a", {"b": 1.5}], [None, TailStreamErrorInfo("E", "m", None)], False),
    ),
    (
        "log",
        {"type": "log", "level": "log", "message": '["aaa', "truncated": True},
        Log("log", '["aaa', None, True),
    ),
    (
        "stream_diag_event",
        {
            "type": "streamDiagnostic",
            "diagnostic": {"diagnosticsType": "droppedEvents", "count": 5},
        },
        StreamDiagnostic(DroppedEventsDiagnostic(5)),
    ),
    ("return_", {"type": "return"}, Return(None)),
    (
        "return_",
        {"type": "return", "info": {"type": "fetch", "statusCode": 404}},
        Return(FetchResponseInfo(404)),
    ),
    (
        "attributes",
        {"type": "attributes", "info": [{"name": "big", "value": 2**60}]},
        Attributes([Attribute("big", 2**60)]),
    ),
]


@cases(EVENTS)
async def test_each_event_has_its_class(case: tuple[str, dict[str, Any], Any]) -> None:
    method, given, expected = case
    got: list[Any] = []
    _, function = await begin(lambda event: got.append(event))
    await call(function, given)
    [event] = got
    assert event == TailEvent("i", SpanContext("t", None, None), THEN, 0, expected)
    assert type(event.event) is type(expected)

    class Chosen(TailEventHandlerObject):
        def __getattribute__(self, name: str) -> Any:
            if name.startswith("__"):
                return super().__getattribute__(name)
            return lambda event: got.append((name, event))

    _, function = await begin(Chosen())
    await call(function, given)
    assert got[1:] == [(method, event)]


async def test_span_context_locates_an_event() -> None:
    got: list[Any] = []

    class Default(WorkerEntrypoint[Any]):
        def tail_stream(self, onset: TailEvent[Onset]) -> None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            got.append(onset)

    door: Any = Default(None, None)
    context = {"traceId": "t", "spanId": "s", "traceFlags": 1}
    onset = {"type": "onset", "info": {"type": "connect"}}
    await door.tailStream(whole(onset, spanContext=context, sequence=7))
    assert (got[0].span_context, got[0].sequence) == (SpanContext("t", "s", 1), 7)


async def test_handler_object_receives_the_events_of_its_methods() -> None:
    class Logs(TailEventHandlerObject):
        def __init__(self) -> None:
            self.got: list[Any] = []

        async def log(self, event: TailEvent[Log], /) -> None:
            await asyncio.sleep(0)
            self.got.append(event.event.message)

    logs = Logs()
    _, function = await begin(logs)
    await call(function, {"type": "log", "level": "log", "message": ["a"]})
    await call(function, {"type": "outcome", "outcome": "ok"})
    await call(function, {"type": "of next year"})
    assert logs.got == [["a"]]


async def test_result_of_a_handler_function_is_dropped() -> None:
    async def more(event: TailEvent[Any]) -> Any:
        await asyncio.sleep(0)
        return object()

    for wanted in more, lambda event: object():
        _, function = await begin(wanted)
        assert await call(function, {"type": "return"}) is None
        assert await call(function, {"type": "of next year"}) is None


async def test_handler_result_of_none_ends_the_stream() -> None:
    _, function = await begin(None)
    assert function is None


async def test_invalid_handler_is_refused_by_its_type() -> None:
    text = "tail_stream: expected a function, a TailEventHandlerObject or None, got a int"
    with raises(WorkersError, text):
        await begin(1)
    with raises(
        WorkersError,
        "tail_stream: expected a function, a TailEventHandlerObject or None, got a class",
    ):
        await begin(TailEventHandlerObject)
    with raises(LookupError, "no"):
        await begin(LookupError("no"))
