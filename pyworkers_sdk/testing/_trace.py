"""Spans; and a tail's items from JSON, as ``wrangler tail --format json`` prints it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any

__all__ = ["FakeTracing", "trace_item"]


class FakeSpan:
    """JS: Span."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.isTraced = True

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
        self.headers = dict(headers or {})
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
