"""Streaming tail Workers: a ``tail_stream`` handler follows an invocation while it runs.

The names are from JavaScript's namespace ``TailStream``. Some are names of Python too, so import
the module::

    from pyworkers_sdk import WorkerEntrypoint, tail_stream

    class Default(WorkerEntrypoint):
        async def tail_stream(self, onset):
            def handle(event):
                match event.event:
                    case tail_stream.Log(level="error", message=message): ...
                    case tail_stream.Outcome(outcome=outcome): ...
            return handle

The class of an event is its kind. So is its ``type``, as in JavaScript.
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
"""The outcome of an invocation or a span.

JS: TailStream.EventOutcome.
"""


# The triggers of invocations and spans


class Header(NamedTuple):
    """A header of a request. ``dict(info.headers)`` makes a dict of several.

    JS: TailStream.Header.
    """

    name: str
    """The name in lower case."""
    value: str


class FetchEventInfo(NamedTuple):
    """A request. Unlike in ``tail``, secrets in its URL and headers are not redacted.

    JS: TailStream.FetchEventInfo.
    """

    method: str
    url: str
    cf_json: dict[str, Any] | None
    """Cloudflare's data about the client, as in ``Request.cf``."""
    headers: list[Header]
    type: Literal["fetch"] = "fetch"


class ConnectEventInfo(NamedTuple):
    """A TCP connection.

    JS: TailStream.ConnectEventInfo.
    """

    type: Literal["connect"] = "connect"


class JsRpcEventInfo(NamedTuple):
    """A session of RPC. Its calls are spans with the method among their attributes.

    JS: TailStream.JsRpcEventInfo.
    """

    type: Literal["jsrpc"] = "jsrpc"


class ScheduledEventInfo(NamedTuple):
    """A cron trigger.

    JS: TailStream.ScheduledEventInfo.
    """

    scheduled_time: datetime
    cron: str
    type: Literal["scheduled"] = "scheduled"


class AlarmEventInfo(NamedTuple):
    """An alarm of a Durable Object.

    JS: TailStream.AlarmEventInfo.
    """

    scheduled_time: datetime
    type: Literal["alarm"] = "alarm"


class OnHibernateEventInfo(NamedTuple):
    """The hibernation of a Durable Object that is about to leave memory.

    JS: TailStream.OnHibernateEventInfo.
    """

    reason: str
    """For example "inactive", "codeUpdated" or "system"."""
    type: Literal["onHibernate"] = "onHibernate"


class QueueEventInfo(NamedTuple):
    """A batch from a queue.

    JS: TailStream.QueueEventInfo.
    """

    queue_name: str
    batch_size: int
    type: Literal["queue"] = "queue"


class EmailEventInfo(NamedTuple):
    """An incoming email.

    JS: TailStream.EmailEventInfo.
    """

    mail_from: str
    rcpt_to: str
    raw_size: int
    """The size in bytes."""
    type: Literal["email"] = "email"


class TraceEventInfo(NamedTuple):
    """An event of another tail Worker.

    JS: TailStream.TraceEventInfo.
    """

    traces: list[str | None]
    """The names of the Workers that it watches."""
    type: Literal["trace"] = "trace"


class HibernatableWebSocketEventInfoMessage(NamedTuple):
    """A message.

    JS: TailStream.HibernatableWebSocketEventInfoMessage.
    """

    type: Literal["message"] = "message"


class HibernatableWebSocketEventInfoError(NamedTuple):
    """An error of the connection.

    JS: TailStream.HibernatableWebSocketEventInfoError.
    """

    type: Literal["error"] = "error"


class HibernatableWebSocketEventInfoClose(NamedTuple):
    """The end of the connection.

    JS: TailStream.HibernatableWebSocketEventInfoClose.
    """

    code: int
    was_clean: bool
    type: Literal["close"] = "close"


class HibernatableWebSocketEventInfo(NamedTuple):
    """An event of a WebSocket that woke a hibernating Durable Object.

    JS: TailStream.HibernatableWebSocketEventInfo.
    """

    info: (
        HibernatableWebSocketEventInfoMessage
        | HibernatableWebSocketEventInfoError
        | HibernatableWebSocketEventInfoClose
    )
    type: Literal["hibernatableWebSocket"] = "hibernatableWebSocket"


class CustomEventInfo(NamedTuple):
    """Any other trigger.

    JS: TailStream.CustomEventInfo.
    """

    type: str = "custom"
    """"custom", or a kind that is newer than this package."""


class FetchResponseInfo(NamedTuple):
    """The response of a ``fetch`` handler.

    JS: TailStream.FetchResponseInfo.
    """

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
    """An attribute of a span. ``dict(attributes.info)`` makes a dict of several.

    JS: TailStream.Attribute.
    """

    name: str
    value: str | bool | float | list[str] | list[bool] | list[float]
    """The value; a BigInt is an int."""


class Attributes(NamedTuple):
    """Attributes of the span in which the event occurs.

    JS: TailStream.Attributes.
    """

    info: list[Attribute]
    type: Literal["attributes"] = "attributes"


class Onset(NamedTuple):
    """The start of an invocation.

    JS: TailStream.Onset.
    """

    span_id: str
    """The id of the span that this event opens: the whole invocation."""
    execution_model: str
    """The kind of code that runs: "stateless", "durableObject", …"""
    info: EventInfo
    """The trigger of the invocation."""
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
    """The end of the invocation, and its last event.

    JS: TailStream.Outcome.
    """

    outcome: EventOutcome
    cpu_time: float
    """The CPU time in milliseconds."""
    wall_time: float
    """The elapsed time in milliseconds."""
    type: Literal["outcome"] = "outcome"


class SpanOpen(NamedTuple):
    """The start of a span within the invocation.

    JS: TailStream.SpanOpen.
    """

    name: str
    span_id: str
    """The id of the span that this event opens. ``span_context.span_id`` is its parent."""
    info: FetchEventInfo | JsRpcEventInfo | Attributes | None
    type: Literal["spanOpen"] = "spanOpen"


class SpanClose(NamedTuple):
    """The end of the span ``span_context.span_id``.

    JS: TailStream.SpanClose.
    """

    outcome: EventOutcome
    type: Literal["spanClose"] = "spanClose"


class SpanStatus(NamedTuple):
    """The status of a span.

    JS: TailStream.SpanStatus.
    """

    code: Literal["unset", "ok", "error"]
    message: str | None


class SpanUpdateInfo(NamedTuple):
    """A new name or a new status; the other field is None.

    JS: TailStream.SpanUpdateInfo.
    """

    name: str | None
    status: SpanStatus | None
    type: Literal["name", "status"]
    """The field that is set."""


class SpanUpdate(NamedTuple):
    """A new name or status of a span.

    JS: TailStream.SpanUpdate.
    """

    info: SpanUpdateInfo
    type: Literal["spanUpdate"] = "spanUpdate"


class DiagnosticChannelEvent(NamedTuple):
    """A message that was published to a diagnostics channel.

    JS: TailStream.DiagnosticChannelEvent.
    """

    channel: str
    message: Any
    type: Literal["diagnosticChannel"] = "diagnosticChannel"


class Exception(NamedTuple):
    """An uncaught exception, or an exception recorded in a span.

    JS: TailStream.Exception.
    """

    name: str
    """The class. For an exception of Python it is ``PythonError``."""
    message: str
    """The message. For an exception of Python it is the traceback."""
    stack: str | None
    code: str | int | None
    type: Literal["exception"] = "exception"


class TailStreamErrorInfo(NamedTuple):
    """An Error among the arguments of a log call.

    JS: TailStream.TailStreamErrorInfo.
    """

    name: str
    message: str
    stack: str | None


class Log(NamedTuple):
    """A call of ``console``, or a line that Python printed.

    JS: TailStream.Log.
    """

    level: Literal["debug", "info", "log", "warn", "error"]
    message: Any
    """The list of the call's arguments, as JSON data. If the log is truncated, the beginning of
    its text."""
    error_info: list[TailStreamErrorInfo | None] | None
    truncated: bool
    type: Literal["log"] = "log"


class DroppedEventsDiagnostic(NamedTuple):
    """The number of lost events.

    JS: TailStream.DroppedEventsDiagnostic.
    """

    count: int  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]
    diagnostics_type: Literal["droppedEvents"] = "droppedEvents"


class StreamDiagnostic(NamedTuple):
    """A loss of events: they came faster than the handler took them.

    JS: TailStream.StreamDiagnostic.
    """

    diagnostic: DroppedEventsDiagnostic
    type: Literal["streamDiagnostic"] = "streamDiagnostic"


class Return(NamedTuple):
    """The return of the handler. ``wait_until`` work and a response's body may continue.

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
"""Any event of an invocation.

JS: TailStream.EventType.
"""

EventT = TypeVar("EventT", bound=EventType, covariant=True)


class SpanContext(NamedTuple):
    """The place of an event in its trace.

    JS: TailStream.SpanContext.
    """

    trace_id: str
    """The id that all invocations of one external request share."""
    span_id: str | None
    """The span of the event. For an Onset or a SpanOpen it is the parent; None for the outermost
    Onset."""
    trace_flags: int | None
    """The flags of the caller's ``traceparent`` (W3C Trace Context)."""


class TailEvent(NamedTuple, Generic[EventT]):
    """An event with its place among the others.

    JS: TailStream.TailEvent.
    """

    invocation_id: str
    span_context: SpanContext
    timestamp: datetime
    sequence: int
    """The number of the event in its invocation, from 0."""
    event: EventT


TailEventHandler: TypeAlias = Callable[[TailEvent[EventType]], Awaitable[None] | None]
"""A function that receives each further event, up to the Outcome.

JS: TailStream.TailEventHandler.
"""


class TailEventHandlerObject:
    """Base of an object that receives each kind of event in a separate method.

    Override the methods that you need. They may be ``async``.

    JS: TailStream.TailEventHandlerObject.
    """

    def outcome(self, event: TailEvent[Outcome], /) -> Awaitable[None] | None:
        """Handle the end of the invocation."""

    def span_open(self, event: TailEvent[SpanOpen], /) -> Awaitable[None] | None:
        """Handle the start of a span."""

    def span_close(self, event: TailEvent[SpanClose], /) -> Awaitable[None] | None:
        """Handle the end of a span."""

    def span_update(self, event: TailEvent[SpanUpdate], /) -> Awaitable[None] | None:
        """Handle a new name or status of a span."""

    def diagnostic_channel(
        self, event: TailEvent[DiagnosticChannelEvent], /
    ) -> Awaitable[None] | None:
        """Handle a message of a diagnostics channel."""

    def exception(self, event: TailEvent[Exception], /) -> Awaitable[None] | None:
        """Handle an exception."""

    def log(self, event: TailEvent[Log], /) -> Awaitable[None] | None:
        """Handle a log call."""

    def stream_diag_event(self, event: TailEvent[StreamDiagnostic], /) -> Awaitable[None] | None:
        """Handle a loss of events."""

    def return_(self, event: TailEvent[Return], /) -> Awaitable[None] | None:
        """Handle the return of the handler."""

    def attributes(self, event: TailEvent[Attributes], /) -> Awaitable[None] | None:
        """Handle attributes of a span."""


TailEventHandlerType: TypeAlias = TailEventHandler | TailEventHandlerObject
"""The result of a ``tail_stream`` handler that wants further events.

JS: TailStream.TailEventHandlerType.
"""
