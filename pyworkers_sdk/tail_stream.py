"""Streaming tail Workers: a ``tail_stream`` handler sees an invocation while it goes on.

The names here are those of JavaScript's namespace ``TailStream``, several of which are Python's
too, so import the module::

    from pyworkers_sdk import WorkerEntrypoint, tail_stream

    class Default(WorkerEntrypoint):
        async def tail_stream(self, onset):
            def seen(event):
                match event.event:
                    case tail_stream.Log(level="error", message=message): ...
                    case tail_stream.Outcome(outcome=outcome): ...
            return seen

An event tells by its class what it is, and by its ``type``, as in JavaScript.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from .tail import ScriptVersion, TracePreviewInfo

__all__ = [
    "AlarmEventInfo",
    "Attribute",
    "Attributes",
    "ConnectEventInfo",
    "CustomEventInfo",
    "DiagnosticChannelEvent",
    "DroppedEventsDiagnostic",
    "EmailEventInfo",
    "EventInfo",
    "EventOutcome",
    "EventType",
    "Exception",
    "FetchEventInfo",
    "FetchResponseInfo",
    "Header",
    "HibernatableWebSocketEventInfo",
    "HibernatableWebSocketEventInfoClose",
    "HibernatableWebSocketEventInfoError",
    "HibernatableWebSocketEventInfoMessage",
    "JsRpcEventInfo",
    "Log",
    "OnHibernateEventInfo",
    "Onset",
    "Outcome",
    "QueueEventInfo",
    "Return",
    "ScheduledEventInfo",
    "ScriptVersion",
    "SpanClose",
    "SpanContext",
    "SpanOpen",
    "SpanStatus",
    "SpanUpdate",
    "SpanUpdateInfo",
    "StreamDiagnostic",
    "TailEvent",
    "TailEventHandler",
    "TailEventHandlerObject",
    "TailEventHandlerType",
    "TailStreamErrorInfo",
    "TraceEventInfo",
    "TracePreviewInfo",
]

EventOutcome: TypeAlias = Literal[
    "ok",
    "canceled",
    "exception",
    "unknown",
    "killSwitch",
    "daemonDown",
    "exceededCpu",
    "exceededMemory",
    "loadShed",
    "responseStreamDisconnected",
    "scriptNotFound",
    "internalError",
    "exceededWallTime",
    "aborted",
]
"""How something ended. JS: TailStream.EventOutcome."""


# What an invocation, or a span, is for


class Header(NamedTuple):
    """``dict(info.headers)`` makes a dict of them. JS: TailStream.Header."""

    name: str
    """In lower case."""
    value: str


class FetchEventInfo(NamedTuple):
    """A request, as it was: unlike in ``tail``, secrets in its URL and headers are not left out.

    JS: TailStream.FetchEventInfo.
    """

    method: str
    url: str
    cf_json: dict[str, Any] | None
    """What Cloudflare knew of the client: ``request.cf``."""
    headers: list[Header]
    type: Literal["fetch"] = "fetch"


class ConnectEventInfo(NamedTuple):
    """A TCP connection. JS: TailStream.ConnectEventInfo."""

    type: Literal["connect"] = "connect"


class JsRpcEventInfo(NamedTuple):
    """A session of RPC; its calls are spans, whose attributes name the method.

    JS: TailStream.JsRpcEventInfo.
    """

    type: Literal["jsrpc"] = "jsrpc"


class ScheduledEventInfo(NamedTuple):
    """A cron trigger. JS: TailStream.ScheduledEventInfo."""

    scheduled_time: datetime
    cron: str
    type: Literal["scheduled"] = "scheduled"


class AlarmEventInfo(NamedTuple):
    """A Durable Object's alarm. JS: TailStream.AlarmEventInfo."""

    scheduled_time: datetime
    type: Literal["alarm"] = "alarm"


class OnHibernateEventInfo(NamedTuple):
    """A Durable Object is about to leave memory. JS: TailStream.OnHibernateEventInfo."""

    reason: str
    """"inactive", "codeUpdated", "system", …"""
    type: Literal["onHibernate"] = "onHibernate"


class QueueEventInfo(NamedTuple):
    """A batch from a queue. JS: TailStream.QueueEventInfo."""

    queue_name: str
    batch_size: int
    type: Literal["queue"] = "queue"


class EmailEventInfo(NamedTuple):
    """An email. JS: TailStream.EmailEventInfo."""

    mail_from: str
    rcpt_to: str
    raw_size: int
    type: Literal["email"] = "email"


class TraceEventInfo(NamedTuple):
    """A call of another tail Worker. JS: TailStream.TraceEventInfo."""

    traces: list[str | None]
    """The names of the Workers that it watches."""
    type: Literal["trace"] = "trace"


class HibernatableWebSocketEventInfoMessage(NamedTuple):
    """JS: TailStream.HibernatableWebSocketEventInfoMessage."""

    type: Literal["message"] = "message"


class HibernatableWebSocketEventInfoError(NamedTuple):
    """JS: TailStream.HibernatableWebSocketEventInfoError."""

    type: Literal["error"] = "error"


class HibernatableWebSocketEventInfoClose(NamedTuple):
    """JS: TailStream.HibernatableWebSocketEventInfoClose."""

    code: int
    was_clean: bool
    type: Literal["close"] = "close"


class HibernatableWebSocketEventInfo(NamedTuple):
    """What a WebSocket woke a Durable Object for. JS: TailStream.HibernatableWebSocketEventInfo."""

    info: (
        HibernatableWebSocketEventInfoMessage
        | HibernatableWebSocketEventInfoError
        | HibernatableWebSocketEventInfoClose
    )
    type: Literal["hibernatableWebSocket"] = "hibernatableWebSocket"


class CustomEventInfo(NamedTuple):
    """Anything else. JS: TailStream.CustomEventInfo."""

    type: str = "custom"
    """Or a kind that is newer than this."""


class FetchResponseInfo(NamedTuple):
    """JS: TailStream.FetchResponseInfo."""

    status_code: int
    type: Literal["fetch"] = "fetch"


EventInfo: TypeAlias = (
    FetchEventInfo
    | ConnectEventInfo
    | JsRpcEventInfo
    | ScheduledEventInfo
    | AlarmEventInfo
    | OnHibernateEventInfo
    | QueueEventInfo
    | EmailEventInfo
    | TraceEventInfo
    | HibernatableWebSocketEventInfo
    | CustomEventInfo
)


# The events


class Attribute(NamedTuple):
    """``dict(attributes.info)`` makes a dict of them. JS: TailStream.Attribute."""

    name: str
    value: str | bool | float | list[str] | list[bool] | list[float]
    """A BigInt is an int."""


class Attributes(NamedTuple):
    """More about the span that it comes in. JS: TailStream.Attributes."""

    info: list[Attribute]
    type: Literal["attributes"] = "attributes"


class Onset(NamedTuple):
    """An invocation begins. JS: TailStream.Onset."""

    span_id: str
    """Of the span that this opens: the whole invocation."""
    execution_model: str
    """Such as "stateless" and "durableObject"."""
    info: EventInfo
    """What it is for."""
    script_name: str | None
    entrypoint: str | None
    durable_object_id: str | None
    dispatch_namespace: str | None
    script_tags: list[str] | None
    script_version: ScriptVersion | None
    preview: TracePreviewInfo | None
    attributes: list[Attribute] | None
    type: Literal["onset"] = "onset"


class Outcome(NamedTuple):
    """The invocation is over, and this is its last event. JS: TailStream.Outcome."""

    outcome: EventOutcome
    cpu_time: float
    """In milliseconds."""
    wall_time: float
    """In milliseconds."""
    type: Literal["outcome"] = "outcome"


class SpanOpen(NamedTuple):
    """A span within it begins. JS: TailStream.SpanOpen."""

    name: str
    span_id: str
    """Of the span that this opens; ``span_context.span_id`` is the one around it."""
    info: FetchEventInfo | JsRpcEventInfo | Attributes | None
    type: Literal["spanOpen"] = "spanOpen"


class SpanClose(NamedTuple):
    """The span of ``span_context.span_id`` is over. JS: TailStream.SpanClose."""

    outcome: EventOutcome
    type: Literal["spanClose"] = "spanClose"


class SpanStatus(NamedTuple):
    """JS: TailStream.SpanStatus."""

    code: Literal["unset", "ok", "error"]
    message: str | None


class SpanUpdateInfo(NamedTuple):
    """One of both; the other is None. JS: TailStream.SpanUpdateInfo."""

    name: str | None
    status: SpanStatus | None
    type: Literal["name", "status"]
    """Which it is."""


class SpanUpdate(NamedTuple):
    """A span got another name or a status. JS: TailStream.SpanUpdate."""

    info: SpanUpdateInfo
    type: Literal["spanUpdate"] = "spanUpdate"


class DiagnosticChannelEvent(NamedTuple):
    """What was published to a diagnostics channel. JS: TailStream.DiagnosticChannelEvent."""

    channel: str
    message: Any
    type: Literal["diagnosticChannel"] = "diagnosticChannel"


class Exception(NamedTuple):
    """An exception that nothing caught, or that a span was told of. JS: TailStream.Exception."""

    name: str
    """Of one that Python raised: ``PythonError``."""
    message: str
    """Of one that Python raised: its traceback."""
    stack: str | None
    code: str | int | None
    type: Literal["exception"] = "exception"


class TailStreamErrorInfo(NamedTuple):
    """An Error among what was logged. JS: TailStream.TailStreamErrorInfo."""

    name: str
    message: str
    stack: str | None


class Log(NamedTuple):
    """One call of ``console``, or one line that Python printed. JS: TailStream.Log."""

    level: Literal["debug", "info", "log", "warn", "error"]
    message: Any
    """What was logged: a list of the call's arguments, as JSON data; of one that is truncated, as
    much of its text as there is."""
    error_info: list[TailStreamErrorInfo | None] | None
    truncated: bool
    type: Literal["log"] = "log"


class DroppedEventsDiagnostic(NamedTuple):
    """JS: TailStream.DroppedEventsDiagnostic."""

    count: int  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]
    diagnostics_type: Literal["droppedEvents"] = "droppedEvents"


class StreamDiagnostic(NamedTuple):
    """Events were lost, as they came faster than they were taken.

    JS: TailStream.StreamDiagnostic.
    """

    diagnostic: DroppedEventsDiagnostic
    type: Literal["streamDiagnostic"] = "streamDiagnostic"


class Return(NamedTuple):
    """The handler returned; what it left to ``wait_until``, and a response's body, may go on.

    JS: TailStream.Return.
    """

    info: FetchResponseInfo | None
    type: Literal["return"] = "return"


EventType: TypeAlias = (
    Onset
    | Outcome
    | SpanOpen
    | SpanClose
    | SpanUpdate
    | DiagnosticChannelEvent
    | Exception
    | Log
    | StreamDiagnostic
    | Return
    | Attributes
)
"""JS: TailStream.EventType."""

EventT = TypeVar("EventT", bound=EventType, covariant=True)


class SpanContext(NamedTuple):
    """Where in a trace something happened. JS: TailStream.SpanContext."""

    trace_id: str
    """The same for all that one request from outside brought about."""
    span_id: str | None
    """The span that it happened in: of an Onset and a SpanOpen the one around them; None where an
    Onset is the outermost."""
    trace_flags: int | None
    """W3C's, of the caller's ``traceparent``."""


class TailEvent(NamedTuple, Generic[EventT]):
    """An event, and its place among others. JS: TailStream.TailEvent."""

    invocation_id: str
    span_context: SpanContext
    timestamp: datetime
    sequence: int
    """From 0 in each invocation."""
    event: EventT


TailEventHandler: TypeAlias = Callable[[TailEvent[EventType]], Awaitable[None] | None]
"""Gets each further event, until that of an Outcome. JS: TailStream.TailEventHandler."""


class TailEventHandlerObject:
    """Gets each further event in a method of its own: subclass it, and write those that you need;
    they may be ``async``. JS: TailStream.TailEventHandlerObject."""

    def outcome(self, event: TailEvent[Outcome], /) -> Awaitable[None] | None: ...
    def span_open(self, event: TailEvent[SpanOpen], /) -> Awaitable[None] | None: ...
    def span_close(self, event: TailEvent[SpanClose], /) -> Awaitable[None] | None: ...
    def span_update(self, event: TailEvent[SpanUpdate], /) -> Awaitable[None] | None: ...
    def diagnostic_channel(
        self, event: TailEvent[DiagnosticChannelEvent], /
    ) -> Awaitable[None] | None: ...
    def exception(self, event: TailEvent[Exception], /) -> Awaitable[None] | None: ...
    def log(self, event: TailEvent[Log], /) -> Awaitable[None] | None: ...
    def stream_diag_event(
        self, event: TailEvent[StreamDiagnostic], /
    ) -> Awaitable[None] | None: ...
    def return_(self, event: TailEvent[Return], /) -> Awaitable[None] | None: ...
    def attributes(self, event: TailEvent[Attributes], /) -> Awaitable[None] | None: ...


TailEventHandlerType: TypeAlias = TailEventHandler | TailEventHandlerObject
"""What a ``tail_stream`` handler returns to see more. JS: TailStream.TailEventHandlerType."""
