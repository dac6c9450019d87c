"""Spans; and what tails get from JSON, as ``wrangler tail --format json`` prints it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any, get_args

__all__ = ["FakeTracing", "tail_events", "trace_item"]


class FakeSpan:
    """JS: Span."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.isTraced: bool = True

    def setAttribute(self, key: str, value: bool | float | str, /) -> FakeSpan:
        return self

    def end(self) -> None:
        self.isTraced = False


class FakeTracing:
    """JS: Tracing. Nobody sees what it traces.

    As local runtimes it has none of the newer members, ``getActiveSpan`` and its like.
    """

    def enterSpan(self, name: str, callback: Callable[[FakeSpan], Any], /) -> Any:
        span = FakeSpan(name)
        given = callback(span)
        if not isawaitable(given):
            span.end()
            return given

        async def over() -> None:
            await given
            span.end()

        return asyncio.ensure_future(over())

    def startActiveSpan(self, name: str, callback: Callable[[FakeSpan], Any], /) -> Any:
        given = callback(FakeSpan(name))
        return asyncio.ensure_future(given) if isawaitable(given) else given


def trace_item(given: Mapping[str, Any]) -> SimpleNamespace:
    """JS: TraceItem, of its members as JSON; what is left out is as in an uneventful one."""
    unknown = sorted(set(given) - set(_ITEM))
    if unknown:
        raise TypeError(f"a TraceItem has no {', '.join(unknown)}")
    item = SimpleNamespace(**{**_ITEM, **given})
    item.logs = [SimpleNamespace(**{**_LOG, **log}) for log in item.logs]
    item.exceptions = [SimpleNamespace(**{**_EXCEPTION, **one}) for one in item.exceptions]
    item.diagnosticsChannelEvents = [
        SimpleNamespace(**one) for one in item.diagnosticsChannelEvents
    ]
    if item.event is not None:
        item.event = _event(item.event)
    return item


_ITEM: dict[str, Any] = {
    "event": None,
    "eventTimestamp": None,
    "logs": (),
    "exceptions": (),
    "diagnosticsChannelEvents": (),
    "scriptName": None,
    "entrypoint": None,
    "scriptVersion": None,
    "dispatchNamespace": None,
    "scriptTags": None,
    "tailAttributes": None,
    "preview": None,
    "durableObjectId": None,
    "outcome": "ok",
    "executionModel": "stateless",
    "truncated": False,
    "cpuTime": 0,
    "wallTime": 0,
}
_LOG: dict[str, Any] = {"timestamp": 0, "level": "log", "message": []}
_EXCEPTION: dict[str, Any] = {"timestamp": 0, "name": "Error", "message": ""}


class FakeTraceRequest:
    """JS: TraceItemFetchEventInfoRequest; nothing in it is redacted."""

    def __init__(
        self,
        *,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        cf: Mapping[str, Any] | None = None,
    ) -> None:
        self.url = url
        self.method = method
        self.headers: dict[str, str] = dict(headers or {})
        self.cf = cf

    def getUnredacted(self) -> FakeTraceRequest:
        return self


def _event(given: Mapping[str, Any]) -> SimpleNamespace:
    event = SimpleNamespace(**given)
    if "request" in given:
        event.request = FakeTraceRequest(**event.request)
        if given.get("response") is not None:
            event.response = SimpleNamespace(**event.response)
    if "getWebSocketEvent" in given:
        event.getWebSocketEvent = SimpleNamespace(**event.getWebSocketEvent)
    if "consumedEvents" in given:
        event.consumedEvents = [SimpleNamespace(**one) for one in event.consumedEvents]
    if isinstance(given.get("scheduledTime"), str):  # an alarm's is a Date, and text in JSON
        event.scheduledTime = datetime.fromisoformat(event.scheduledTime)
    return event


def tail_events(given: Iterable[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """JS: TailStream.TailEvent, of what the test says of each: its ``event``, or that alone."""
    whole: list[Mapping[str, Any]] = [one if "event" in one else {"event": one} for one in given]
    known = _members()
    kinds = [_checked(one, known) for one in whole]
    if kinds[:1] != ["onset"] or "onset" in kinds[1:]:
        raise TypeError("a stream of tail events has an onset first and no other")
    return [
        {
            "invocationId": "1" * 32,
            "spanContext": {"traceId": "2" * 32, **({"spanId": _SPAN} if sequence else {})},
            "sequence": sequence,
            **one,
            "timestamp": _date(one.get("timestamp", now)),
            "event": _tail_event({**_EVENT.get(kind, {}), **one["event"]}),
        }
        for sequence, (kind, one) in enumerate(zip(kinds, whole, strict=True))
    ]


def _members() -> dict[str, set[str]]:
    """What each kind of event has, under JavaScript's names."""
    from ..._options import camel
    from ...tail_stream import EventType, TailEvent

    return {
        kind._field_defaults.get("type", ""): {camel(field) for field in kind._fields}
        for kind in (*get_args(EventType), TailEvent)
    }


def _checked(whole: Mapping[str, Any], known: dict[str, set[str]]) -> str:
    """The kind of event; TypeError where there is none such, or something has another name."""
    event = whole["event"]
    kind: str = event.get("type", "")
    if not kind or kind not in known:
        there_are = ", ".join(filter(None, known))
        raise TypeError(f"there is no tail event of type {kind!r}; there are {there_are}")
    unknown = sorted({*event} - known[kind]) + sorted({*whole} - known[""])
    if unknown:
        raise TypeError(f"a tail event of type {kind!r} has no {', '.join(unknown)}")
    return kind


def _tail_event(event: dict[str, Any]) -> dict[str, Any]:
    info = event.get("info")
    if isinstance(info, Mapping) and "scheduledTime" in info:
        event["info"] = {**info, "scheduledTime": _date(info["scheduledTime"])}
    return event


def _date(given: Any) -> datetime:
    return datetime.fromisoformat(given) if isinstance(given, str) else given


_SPAN = "3" * 16
_EVENT: dict[str, dict[str, Any]] = {
    "onset": {
        "executionModel": "stateless",
        "spanId": _SPAN,
        "scriptTags": [],
        "info": {"type": "custom"},
    },
    "outcome": {"outcome": "ok", "cpuTime": 0, "wallTime": 0},
    "spanOpen": {"name": "span", "spanId": "4" * 16},
    "spanClose": {"outcome": "ok"},
    "log": {"level": "log", "message": []},
    "exception": {"name": "Error", "message": ""},
}
