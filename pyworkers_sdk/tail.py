"""The payload of a ``tail`` handler: a ``TraceItem`` for each invocation that it watches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from ._border import JsWrapper, from_js, prop, raw
from ._options import named_tuple
from ._times import from_ms

if TYPE_CHECKING:
    from . import _js

__all__ = [
    "ScriptVersion",
    "TraceDiagnosticChannelEvent",
    "TraceEventInfo",
    "TraceException",
    "TraceItem",
    "TraceItemAlarmEventInfo",
    "TraceItemCustomEventInfo",
    "TraceItemEmailEventInfo",
    "TraceItemFetchEventInfo",
    "TraceItemFetchEventInfoRequest",
    "TraceItemFetchEventInfoResponse",
    "TraceItemHibernatableWebSocketEventInfo",
    "TraceItemJsRpcEventInfo",
    "TraceItemOnHibernateEventInfo",
    "TraceItemQueueEventInfo",
    "TraceItemScheduledEventInfo",
    "TraceItemTailEventInfo",
    "TraceLog",
    "TraceLogErrorInfo",
    "TracePreviewInfo",
]


class ScriptVersion(NamedTuple):
    """The version of a Worker.

    JS: ScriptVersion.
    """

    id: str | None
    tag: str | None
    message: str | None


class TracePreviewInfo(NamedTuple):
    """The preview of a Worker.

    JS: TracePreviewInfo.
    """

    id: str
    slug: str
    name: str


class TraceLogErrorInfo(NamedTuple):
    """An Error among the arguments of a log call.

    JS: TraceLogErrorInfo.
    """

    name: str
    message: str
    stack: str | None


class TraceLog(NamedTuple):
    """A call of ``console``, or a line that Python printed.

    JS: TraceLog.
    """

    timestamp: datetime
    level: Literal["debug", "info", "log", "warn", "error"]
    message: Any
    """The list of the call's arguments, as JSON data."""
    error_info: list[TraceLogErrorInfo | None] | None


class TraceException(NamedTuple):
    """An uncaught exception.

    JS: TraceException.
    """

    timestamp: datetime
    name: str
    """The class. For an exception of Python it is ``PythonError``."""
    message: str
    """The message. For an exception of Python it is the traceback."""
    stack: str | None


class TraceDiagnosticChannelEvent(NamedTuple):
    """A message that was published to a diagnostics channel.

    JS: TraceDiagnosticChannelEvent.
    """

    timestamp: datetime
    channel: str
    message: Any


# Events. JavaScript's classes can be distinguished only by their members.


class TraceItemFetchEventInfoRequest:
    """A request. Likely secrets in its URL and headers are replaced by ``REDACTED``.

    JS: TraceItemFetchEventInfoRequest.
    """

    __slots__ = ("_js",)

    def __init__(self, request: _js.TraceRequest) -> None:
        self._js: _js.TraceRequest = raw(request)

    def __crossing__(self) -> dict[str, Any]:
        return {"method": self.method, "url": self.url, "headers": self.headers, "cf": self.cf}

    @property
    def method(self) -> str:
        """The HTTP method.

        JS: TraceItemFetchEventInfoRequest.method.
        """
        return self._js.method

    @property
    def url(self) -> str:
        """The URL, redacted.

        JS: TraceItemFetchEventInfoRequest.url.
        """
        return self._js.url

    @property
    def headers(self) -> dict[str, str]:
        """The headers, redacted, by lower-case name.

        JS: TraceItemFetchEventInfoRequest.headers.
        """
        headers: dict[str, str] = from_js(self._js.headers)
        return headers

    @property
    def cf(self) -> dict[str, Any] | None:
        """Cloudflare's data about the client, as in ``Request.cf``, or None.

        JS: TraceItemFetchEventInfoRequest.cf.
        """
        cf: dict[str, Any] | None = from_js(prop(self._js, "cf"))
        return cf

    def get_unredacted(self) -> TraceItemFetchEventInfoRequest:
        """Return the request without redaction.

        JS: TraceItemFetchEventInfoRequest.getUnredacted.
        """
        return TraceItemFetchEventInfoRequest(self._js.getUnredacted())

    def __repr__(self) -> str:
        return f"<TraceItemFetchEventInfoRequest {self.method} {self.url}>"


class TraceItemFetchEventInfoResponse(NamedTuple):
    """The response to a request.

    JS: TraceItemFetchEventInfoResponse.
    """

    status: int


class TraceItemFetchEventInfo(NamedTuple):
    """A request to the ``fetch`` handler.

    JS: TraceItemFetchEventInfo.
    """

    request: TraceItemFetchEventInfoRequest
    response: TraceItemFetchEventInfoResponse | None
    """None if the handler did not return a response."""


class TraceItemJsRpcEventInfo(NamedTuple):
    """A call over RPC.

    JS: TraceItemJsRpcEventInfo.
    """

    rpc_method: str


class TraceItemScheduledEventInfo(NamedTuple):
    """A cron trigger.

    JS: TraceItemScheduledEventInfo.
    """

    scheduled_time: datetime
    cron: str


class TraceItemAlarmEventInfo(NamedTuple):
    """An alarm of a Durable Object.

    JS: TraceItemAlarmEventInfo.
    """

    scheduled_time: datetime


class TraceItemQueueEventInfo(NamedTuple):
    """A batch from a queue.

    JS: TraceItemQueueEventInfo.
    """

    queue: str
    batch_size: int


class TraceItemEmailEventInfo(NamedTuple):
    """An incoming email.

    JS: TraceItemEmailEventInfo.
    """

    mail_from: str
    rcpt_to: str
    raw_size: int
    """The size in bytes."""


class TraceItemTailEventInfo(NamedTuple):
    """An event of another tail Worker.

    JS: TraceItemTailEventInfo.
    """

    consumed_events: list[str | None]
    """The names of the Workers whose invocations it received."""


class TraceItemHibernatableWebSocketEventInfo(NamedTuple):
    """An event of a WebSocket that woke a hibernating Durable Object.

    JS: TraceItemHibernatableWebSocketEventInfo.
    """

    web_socket_event_type: Literal["message", "close", "error"]
    code: int | None
    was_clean: bool | None


class TraceItemOnHibernateEventInfo(NamedTuple):
    """The hibernation of a Durable Object that is about to leave memory.

    JS: TraceItemOnHibernateEventInfo.
    """

    reason: str
    """For example "inactive", "codeUpdated" or "system"."""


class TraceItemCustomEventInfo(NamedTuple):
    """Any other event.

    JS: TraceItemCustomEventInfo, TraceItemConnectEventInfo.
    """


TraceEventInfo: TypeAlias = (
    TraceItemFetchEventInfo
    | TraceItemJsRpcEventInfo
    | TraceItemScheduledEventInfo
    | TraceItemAlarmEventInfo
    | TraceItemQueueEventInfo
    | TraceItemEmailEventInfo
    | TraceItemTailEventInfo
    | TraceItemHibernatableWebSocketEventInfo
    | TraceItemOnHibernateEventInfo
    | TraceItemCustomEventInfo
)


class TraceItem(JsWrapper["_js.TraceItem"]):
    """A finished invocation of a Worker.

    JS: TraceItem.
    """

    __slots__ = ()

    def __init__(self, item: _js.TraceItem) -> None:
        self._js = raw(item)

    def __crossing__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _TRACE}

    @property
    def event(self) -> TraceEventInfo | None:
        """The handled event. Distinguish its classes by ``isinstance`` or ``match``.

        JS: TraceItem.event.
        """
        return _event(_get(self._js, "event"))

    @property
    def event_timestamp(self) -> datetime | None:
        """The time of the event, in UTC.

        JS: TraceItem.eventTimestamp.
        """
        milliseconds = _get(self._js, "eventTimestamp")
        return None if milliseconds is None else from_ms(milliseconds)

    @property
    def logs(self) -> list[TraceLog]:
        """The log calls, in order.

        JS: TraceItem.logs.
        """
        return [
            TraceLog(_time(log), log.level, from_js(log.message), _errors(log))
            for log in _each(self._js, "logs")
        ]

    @property
    def exceptions(self) -> list[TraceException]:
        """The uncaught exceptions.

        JS: TraceItem.exceptions.
        """
        return [
            TraceException(_time(error), error.name, error.message, _get(error, "stack"))
            for error in _each(self._js, "exceptions")
        ]

    @property
    def diagnostics_channel_events(self) -> list[TraceDiagnosticChannelEvent]:
        """The messages of diagnostics channels.

        JS: TraceItem.diagnosticsChannelEvents.
        """
        return [
            TraceDiagnosticChannelEvent(_time(event), event.channel, from_js(event.message))
            for event in _each(self._js, "diagnosticsChannelEvents")
        ]

    @property
    def script_name(self) -> str | None:
        """The name of the Worker.

        JS: TraceItem.scriptName.
        """
        name: str | None = _get(self._js, "scriptName")
        return name

    @property
    def entrypoint(self) -> str | None:
        """The name of the entrypoint, or None.

        JS: TraceItem.entrypoint.
        """
        name: str | None = _get(self._js, "entrypoint")
        return name

    @property
    def script_version(self) -> ScriptVersion | None:
        """The version of the Worker.

        JS: TraceItem.scriptVersion.
        """
        version = _get(self._js, "scriptVersion")
        return None if version is None else named_tuple(ScriptVersion, version)

    @property
    def script_tags(self) -> list[str]:
        """The tags of the Worker.

        JS: TraceItem.scriptTags.
        """
        tags: list[str] | None = _get(self._js, "scriptTags")
        return tags or []

    @property
    def preview(self) -> TracePreviewInfo | None:
        """The preview of the Worker, or None.

        JS: TraceItem.preview.
        """
        preview = _get(self._js, "preview")
        return None if preview is None else named_tuple(TracePreviewInfo, preview)

    @property
    def dispatch_namespace(self) -> str | None:
        """The dispatch namespace of the Worker, or None.

        JS: TraceItem.dispatchNamespace.
        """
        name: str | None = _get(self._js, "dispatchNamespace")
        return name

    @property
    def durable_object_id(self) -> str | None:
        """The id of the Durable Object, or None.

        JS: TraceItem.durableObjectId.
        """
        id: str | None = _get(self._js, "durableObjectId")
        return id

    @property
    def tail_attributes(self) -> dict[str, Any] | None:
        """Attributes of the invocation, or None.

        JS: TraceItem.tailAttributes.
        """
        attributes: dict[str, Any] | None = _get(self._js, "tailAttributes")
        return attributes

    @property
    def outcome(self) -> str:
        """The outcome of the invocation.

        For example "ok", "exception", "canceled", "exceededCpu", "exceededMemory" or
        "responseStreamDisconnected".

        JS: TraceItem.outcome.
        """
        return self._js.outcome

    @property
    def execution_model(self) -> str:
        """The kind of code that ran: "stateless", "durableObject", …

        JS: TraceItem.executionModel.
        """
        return self._js.executionModel

    @property
    def truncated(self) -> bool:
        """True if the runtime dropped a part of the logs.

        JS: TraceItem.truncated.
        """
        return self._js.truncated

    @property
    def cpu_time(self) -> int:
        """The CPU time in milliseconds.

        JS: TraceItem.cpuTime.
        """
        return self._js.cpuTime

    @property
    def wall_time(self) -> int:
        """The elapsed time in milliseconds.

        JS: TraceItem.wallTime.
        """
        return self._js.wallTime

    def __repr__(self) -> str:
        return f"<TraceItem of {self.script_name}: {self.outcome}>"


def _get(js: Any, name: str) -> Any:
    return from_js(prop(js, name))


def _each(js: Any, name: str) -> list[Any]:
    return list(prop(js, name))


def _time(js: Any) -> datetime:
    return from_ms(js.timestamp)


def _errors(log: Any) -> list[TraceLogErrorInfo | None] | None:
    slots: list[dict[str, Any] | None] | None = _get(log, "errorInfo")
    if slots is None:
        return None
    return [_error(error) for error in slots]


def _error(error: dict[str, Any] | None) -> TraceLogErrorInfo | None:
    if error is None:
        return None
    return TraceLogErrorInfo(error["name"], error["message"], error.get("stack"))


def _event(info: Any) -> TraceEventInfo | None:
    if info is None:
        return None
    for member, make in _EVENTS.items():
        if hasattr(info, member):
            return make(info)
    return TraceItemCustomEventInfo()


def _fetch(info: Any) -> TraceItemFetchEventInfo:
    response = _get(info, "response")
    return TraceItemFetchEventInfo(
        TraceItemFetchEventInfoRequest(info.request),
        None if response is None else TraceItemFetchEventInfoResponse(response.status),
    )


def _web_socket(info: Any) -> TraceItemHibernatableWebSocketEventInfo:
    event = info.getWebSocketEvent
    return TraceItemHibernatableWebSocketEventInfo(
        event.webSocketEventType, _get(event, "code"), _get(event, "wasClean")
    )


def _tail(info: Any) -> TraceItemTailEventInfo:
    return TraceItemTailEventInfo([_get(event, "scriptName") for event in info.consumedEvents])


def _alarm(info: Any) -> TraceItemAlarmEventInfo:
    return TraceItemAlarmEventInfo(from_js(info.scheduledTime))


_EVENTS: dict[str, Callable[[Any], TraceEventInfo]] = {
    "request": _fetch,
    "rpcMethod": lambda info: TraceItemJsRpcEventInfo(info.rpcMethod),
    "cron": lambda info: TraceItemScheduledEventInfo(from_ms(info.scheduledTime), info.cron),
    "scheduledTime": _alarm,
    "queue": lambda info: TraceItemQueueEventInfo(info.queue, info.batchSize),
    "mailFrom": lambda info: TraceItemEmailEventInfo(info.mailFrom, info.rcptTo, info.rawSize),
    "consumedEvents": _tail,
    "getWebSocketEvent": _web_socket,
    "reason": lambda info: TraceItemOnHibernateEventInfo(info.reason),
}


_TRACE = (
    "event",
    "event_timestamp",
    "logs",
    "exceptions",
    "diagnostics_channel_events",
    "script_name",
    "entrypoint",
    "script_version",
    "script_tags",
    "preview",
    "dispatch_namespace",
    "durable_object_id",
    "tail_attributes",
    "outcome",
    "execution_model",
    "truncated",
    "cpu_time",
    "wall_time",
)
"""The properties of a TraceItem."""
