"""``ctx.tracing`` of the fake runtime, and the items and events that tail handlers receive.

Items and events are made from JSON data as ``wrangler tail --format json`` prints it: a
member that a test leaves out has the value of an uneventful invocation.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any, get_args

from ..._cpython.js_exception import JsException
from ..._cpython.run_sync import unawaited

__all__ = ["FakeTracing", "tail_events", "trace_item"]


class FakeSpan:
    """A span that records nothing. JS: Span."""

    name: str

    def __init__(self, name: str) -> None:
        self.name = name
        self.isTraced: bool = True

    def setAttribute(self, key: str, value: bool | float | str, /) -> FakeSpan:
        return self

    def setAttributes(self, attributes: Any, /) -> FakeSpan:
        return self

    def spanContext(self) -> dict[str, Any]:
        return {"traceId": "0" * 32, "spanId": "0" * 16, "traceFlags": 0}

    def recordException(self, exception: Any, /) -> None:
        pass

    def updateName(self, name: str, /) -> FakeSpan:
        self.name = name
        return self

    def setStatus(self, status: Any, /) -> FakeSpan:
        if status["code"] not in ("unset", "ok", "error"):
            raise JsException("TypeError", BAD_STATUS)
        return self

    def end(self) -> None:
        self.isTraced = False


# The runtime's own words, asserted in tests/contract/test_tracing.py.
BAD_STATUS = "Span status code must be 'unset', 'ok', or 'error'."

_active: ContextVar[FakeSpan | None] = ContextVar("active_span", default=None)


class FakeTracing:
    """Tracing that records nothing, as in local runtimes. JS: Tracing."""

    def __init__(self) -> None:
        self._root = FakeSpan("")

    def startSpan(self, name: str, /) -> FakeSpan:
        return FakeSpan(name)

    def getActiveSpan(self) -> FakeSpan:
        return _active.get() or self._root

    def withActiveSpan(self, span: FakeSpan, callback: Callable[[], Any], /) -> Any:
        with _activated(span):
            with unawaited:
                result = callback()
            return asyncio.ensure_future(result) if isawaitable(result) else result

    def enterSpan(self, name: str, callback: Callable[[FakeSpan], Any], /) -> Any:
        span = FakeSpan(name)
        with _activated(span):
            with unawaited:
                result = callback(span)
            if isawaitable(result):
                result = asyncio.ensure_future(result)
        if not isawaitable(result):
            span.end()
            return result

        async def end_later() -> None:
            await result
            span.end()

        return asyncio.ensure_future(end_later())

    def startActiveSpan(self, name: str, callback: Callable[[FakeSpan], Any], /) -> Any:
        span = FakeSpan(name)
        return self.withActiveSpan(span, lambda: callback(span))


@contextmanager
def _activated(span: FakeSpan) -> Generator[None]:
    """Run code with an active span. A task that starts inside keeps the span."""
    token = _active.set(span)
    try:
        yield
    finally:
        _active.reset(token)


# Items of tail -----------------------------------------------------------------------------------


def trace_item(members: Mapping[str, Any]) -> SimpleNamespace:
    """Return a TraceItem of members as JSON data. Missing members have defaults.

    Raises:
        TypeError: A TraceItem has no member of such a name.

    JS: TraceItem.
    """
    unknown = sorted(set(members) - set(_ITEM))
    if unknown:
        raise TypeError(f"TraceItem: unknown member {', '.join(unknown)}")
    item = SimpleNamespace(**{**_ITEM, **members})
    item.logs = [SimpleNamespace(**{**_LOG, **log}) for log in item.logs]
    item.exceptions = [SimpleNamespace(**{**_EXCEPTION, **error}) for error in item.exceptions]
    item.diagnosticsChannelEvents = [
        SimpleNamespace(**event) for event in item.diagnosticsChannelEvents
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
    """The request of a traced event. JS: TraceItemFetchEventInfoRequest.

    Args:
        is_redacted: Replace likely secrets in the URL and in headers by ``REDACTED``.
    """

    def __init__(
        self,
        *,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        cf: Mapping[str, Any] | None = None,
        is_redacted: bool = True,
    ) -> None:
        self._whole_url, self._whole_headers = url, dict(headers or {})
        self.url: str = _WORD.sub(_redacted, url) if is_redacted else url
        self.method = method
        self.headers: dict[str, str] = {
            name: "REDACTED" if is_redacted and _SECRET_HEADER.search(name) else value
            for name, value in self._whole_headers.items()
        }
        self.cf = cf

    def getUnredacted(self) -> FakeTraceRequest:
        return FakeTraceRequest(
            url=self._whole_url,
            method=self.method,
            headers=self._whole_headers,
            cf=self.cf,
            is_redacted=False,
        )


# Seen in workerd: tests/real/test_handlers.py.
_WORD = re.compile(r"[A-Za-z0-9+_-]+")
_SECRET_HEADER = re.compile(r"^(set-)?cookie$|auth|jwt|key|secret|token")


def _redacted(word: re.Match[str]) -> str:
    """Return REDACTED for a part of a URL that looks like an id in hex or in Base64."""
    text = word[0]
    digits = sum(character.isdigit() for character in text)
    capitals = sum(character.isupper() for character in text)
    small = sum(character.islower() for character in text)
    letters_and_digits = re.sub(r"[+_-]", "", text)
    is_hex = len(letters_and_digits) >= 32 and not re.search("[^0-9A-Fa-f]", letters_and_digits)
    is_base64 = len(text) >= 21 and min(digits, capitals, small) >= 2
    return "REDACTED" if is_hex or is_base64 else text


def _event(members: Mapping[str, Any]) -> SimpleNamespace:
    event = SimpleNamespace(**members)
    if "request" in members:
        event.request = FakeTraceRequest(**event.request)
        if members.get("response") is not None:
            event.response = SimpleNamespace(**event.response)
    if "getWebSocketEvent" in members:
        event.getWebSocketEvent = SimpleNamespace(**event.getWebSocketEvent)
    if "consumedEvents" in members:
        event.consumedEvents = [SimpleNamespace(**consumed) for consumed in event.consumedEvents]
    # A cron trigger's scheduledTime is a number, an alarm's is a Date: in JSON that is text.
    if isinstance(members.get("scheduledTime"), str):
        event.scheduledTime = datetime.fromisoformat(event.scheduledTime)
    return event


# Events of tail_stream ---------------------------------------------------------------------------


def tail_events(events: Iterable[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Return TailEvents for a test's dicts: whole events, or only the value of ``event``.

    Raises:
        TypeError: The first event is not the only onset, or an event has an unknown type or member.

    JS: TailStream.TailEvent.
    """
    wholes: list[Mapping[str, Any]] = [
        event if "event" in event else {"event": event} for event in events
    ]
    known = _members()
    types = [_checked_type(whole, known) for whole in wholes]
    if types[:1] != ["onset"] or "onset" in types[1:]:
        raise TypeError("events: expected one onset, as the first event")
    # Ids are constant: a test can compare whole events. The onset has no span, as it opens the
    # first.
    return [
        {
            "invocationId": "1" * 32,
            "spanContext": {"traceId": "2" * 32, **({"spanId": _SPAN} if sequence else {})},
            "sequence": sequence,
            **whole,
            "timestamp": _date(whole.get("timestamp", now)),
            "event": _tail_event({**_EVENT.get(type_name, {}), **whole["event"]}),
        }
        for sequence, (type_name, whole) in enumerate(zip(types, wholes, strict=True))
    ]


def _members() -> dict[str, set[str]]:
    """Return the members of each type of event, under their JavaScript names.

    The key "" has the members of a whole TailEvent.
    """
    from ..._options import camel
    from ...tail_stream import EventType, TailEvent

    return {
        row._field_defaults.get("type", ""): {camel(field) for field in row._fields}
        for row in (*get_args(EventType), TailEvent)
    }


def _checked_type(whole: Mapping[str, Any], known: dict[str, set[str]]) -> str:
    """Return the type of an event. TypeError for an unknown type, or an unknown member."""
    event = whole["event"]
    type_name: str = event.get("type", "")
    if not type_name or type_name not in known:
        types = ", ".join(filter(None, known))
        raise TypeError(f"type: expected one of {types}, got {type_name!r}")
    unknown = sorted({*event} - known[type_name]) + sorted({*whole} - known[""])
    if unknown:
        raise TypeError(f"tail event {type_name!r}: unknown member {', '.join(unknown)}")
    return type_name


def _tail_event(event: dict[str, Any]) -> dict[str, Any]:
    info = event.get("info")
    if isinstance(info, Mapping) and "scheduledTime" in info:
        event["info"] = {**info, "scheduledTime": _date(info["scheduledTime"])}
    return event


def _date(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


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
