"""What a ``tail`` handler gets: of each invocation of the Workers it watches, a ``TraceItem``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from ._border import JsWrapper, from_js, prop, raw
from ._options import named_tuple
from .scheduled import from_milliseconds

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
    """Which version of a Worker. JS: ScriptVersion."""

    id: str | None
    tag: str | None
    message: str | None


class TracePreviewInfo(NamedTuple):
    """Which preview of a Worker. JS: TracePreviewInfo."""

    id: str
    slug: str
    name: str


class TraceLogErrorInfo(NamedTuple):
    """An Error among what was logged. JS: TraceLogErrorInfo."""

    name: str
    message: str
    stack: str | None


class TraceLog(NamedTuple):
    """One call of ``console``, or one line that Python printed. JS: TraceLog."""

    timestamp: datetime
    level: Literal["debug", "info", "log", "warn", "error"]
    message: Any
    """What was logged: a list of the call's arguments, as JSON data."""
    error_info: list[TraceLogErrorInfo | None] | None


class TraceException(NamedTuple):
    """An exception that nothing caught. JS: TraceException."""

    timestamp: datetime
    name: str
    """Of one that Python raised: ``PythonError``."""
    message: str
    """Of one that Python raised: its traceback."""
    stack: str | None


class TraceDiagnosticChannelEvent(NamedTuple):
    """What was published to a diagnostics channel. JS: TraceDiagnosticChannelEvent."""

    timestamp: datetime
    channel: str
    message: Any


# What happened. JavaScript's classes can be told apart by their members alone.


class TraceItemFetchEventInfoRequest:
    """A request. What looks like a secret in its URL and headers reads ``REDACTED``.

    JS: TraceItemFetchEventInfoRequest.
    """

    __slots__ = ("_js",)

    def __init__(self, request: _js.TraceRequest) -> None:
        self._js: _js.TraceRequest = raw(request)

    @property
    def method(self) -> str:
        """JS: TraceItemFetchEventInfoRequest.method."""
        return self._js.method

    @property
    def url(self) -> str:
        """JS: TraceItemFetchEventInfoRequest.url."""
        return self._js.url

    @property
    def headers(self) -> dict[str, str]:
        """By their names in lower case. JS: TraceItemFetchEventInfoRequest.headers."""
        headers: dict[str, str] = from_js(self._js.headers)
        return headers

    @property
    def cf(self) -> dict[str, Any] | None:
        """What Cloudflare knew of the client. JS: TraceItemFetchEventInfoRequest.cf."""
        known: dict[str, Any] | None = from_js(prop(self._js, "cf"))
        return known

    def get_unredacted(self) -> TraceItemFetchEventInfoRequest:
        """The same with nothing left out. JS: TraceItemFetchEventInfoRequest.getUnredacted."""
        return TraceItemFetchEventInfoRequest(self._js.getUnredacted())

    def __repr__(self) -> str:
        return f"<TraceItemFetchEventInfoRequest {self.method} {self.url}>"


class TraceItemFetchEventInfoResponse(NamedTuple):
    """JS: TraceItemFetchEventInfoResponse."""

    status: int


class TraceItemFetchEventInfo(NamedTuple):
    """A request to ``fetch``. JS: TraceItemFetchEventInfo."""

    request: TraceItemFetchEventInfoRequest
    response: TraceItemFetchEventInfoResponse | None
    """None where there was none."""


class TraceItemJsRpcEventInfo(NamedTuple):
    """A call over RPC. JS: TraceItemJsRpcEventInfo."""

    rpc_method: str


class TraceItemScheduledEventInfo(NamedTuple):
    """A cron trigger. JS: TraceItemScheduledEventInfo."""

    scheduled_time: datetime
    cron: str


class TraceItemAlarmEventInfo(NamedTuple):
    """A Durable Object's alarm. JS: TraceItemAlarmEventInfo."""

    scheduled_time: datetime


class TraceItemQueueEventInfo(NamedTuple):
    """A batch from a queue. JS: TraceItemQueueEventInfo."""

    queue: str
    batch_size: int


class TraceItemEmailEventInfo(NamedTuple):
    """An email. JS: TraceItemEmailEventInfo."""

    mail_from: str
    rcpt_to: str
    raw_size: int


class TraceItemTailEventInfo(NamedTuple):
    """A call of another tail Worker. JS: TraceItemTailEventInfo."""

    consumed_events: list[str | None]
    """The names of the Workers whose invocations it got."""


class TraceItemHibernatableWebSocketEventInfo(NamedTuple):
    """What a WebSocket woke a Durable Object for.

    JS: TraceItemHibernatableWebSocketEventInfo.
    """

    web_socket_event_type: Literal["message", "close", "error"]
    code: int | None
    was_clean: bool | None


class TraceItemOnHibernateEventInfo(NamedTuple):
    """A Durable Object is about to leave memory. JS: TraceItemOnHibernateEventInfo."""

    reason: str
    """ "inactive", "codeUpdated", "system", …"""


class TraceItemCustomEventInfo(NamedTuple):
    """Anything else. JS: TraceItemCustomEventInfo, TraceItemConnectEventInfo."""


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
    """One invocation of a Worker. JS: TraceItem."""

    __slots__ = ()

    def __init__(self, item: _js.TraceItem) -> None:
        self._js = raw(item)

    @property
    def event(self) -> TraceEventInfo | None:
        """What the Worker was called for; tell them apart with ``isinstance`` or ``match``.

        JS: TraceItem.event.
        """
        return _event(_get(self._js, "event"))

    @property
    def event_timestamp(self) -> datetime | None:
        """When. JS: TraceItem.eventTimestamp."""
        at = _get(self._js, "eventTimestamp")
        return None if at is None else from_milliseconds(at)

    @property
    def logs(self) -> list[TraceLog]:
        """What it logged. JS: TraceItem.logs."""
        return [
            TraceLog(_time(log), log.level, from_js(log.message), _errors(log))
            for log in _each(self._js, "logs")
        ]

    @property
    def exceptions(self) -> list[TraceException]:
        """What went wrong and was not caught. JS: TraceItem.exceptions."""
        return [
            TraceException(_time(one), one.name, one.message, _get(one, "stack"))
            for one in _each(self._js, "exceptions")
        ]

    @property
    def diagnostics_channel_events(self) -> list[TraceDiagnosticChannelEvent]:
        """JS: TraceItem.diagnosticsChannelEvents."""
        return [
            TraceDiagnosticChannelEvent(_time(one), one.channel, from_js(one.message))
            for one in _each(self._js, "diagnosticsChannelEvents")
        ]

    @property
    def script_name(self) -> str | None:
        """The Worker. JS: TraceItem.scriptName."""
        name: str | None = _get(self._js, "scriptName")
        return name

    @property
    def entrypoint(self) -> str | None:
        """Which of its entrypoints. JS: TraceItem.entrypoint."""
        name: str | None = _get(self._js, "entrypoint")
        return name

    @property
    def script_version(self) -> ScriptVersion | None:
        """Its version. JS: TraceItem.scriptVersion."""
        version = _get(self._js, "scriptVersion")
        return None if version is None else named_tuple(ScriptVersion, version)

    @property
    def script_tags(self) -> list[str]:
        """JS: TraceItem.scriptTags."""
        tags: list[str] | None = _get(self._js, "scriptTags")
        return tags or []

    @property
    def preview(self) -> TracePreviewInfo | None:
        """Which preview of it; None where it is none. JS: TraceItem.preview."""
        preview = _get(self._js, "preview")
        return None if preview is None else named_tuple(TracePreviewInfo, preview)

    @property
    def dispatch_namespace(self) -> str | None:
        """JS: TraceItem.dispatchNamespace."""
        name: str | None = _get(self._js, "dispatchNamespace")
        return name

    @property
    def durable_object_id(self) -> str | None:
        """JS: TraceItem.durableObjectId."""
        id: str | None = _get(self._js, "durableObjectId")
        return id

    @property
    def tail_attributes(self) -> dict[str, Any] | None:
        """JS: TraceItem.tailAttributes."""
        attributes: dict[str, Any] | None = _get(self._js, "tailAttributes")
        return attributes

    @property
    def outcome(self) -> str:
        """How it ended: "ok", "exception", "canceled", "exceededCpu", "exceededMemory",
        "responseStreamDisconnected", … JS: TraceItem.outcome."""
        return self._js.outcome

    @property
    def execution_model(self) -> str:
        """Such as "stateless" and "durableObject". JS: TraceItem.executionModel."""
        return self._js.executionModel

    @property
    def truncated(self) -> bool:
        """Whether there was more than is told here. JS: TraceItem.truncated."""
        return self._js.truncated

    @property
    def cpu_time(self) -> int:
        """In milliseconds. JS: TraceItem.cpuTime."""
        return self._js.cpuTime

    @property
    def wall_time(self) -> int:
        """In milliseconds. JS: TraceItem.wallTime."""
        return self._js.wallTime

    def __repr__(self) -> str:
        return f"<TraceItem of {self.script_name}: {self.outcome}>"


def _get(js: Any, name: str) -> Any:
    return from_js(prop(js, name))


def _each(js: Any, name: str) -> list[Any]:
    return list(prop(js, name))


def _time(js: Any) -> datetime:
    return from_milliseconds(js.timestamp)


def _errors(log: Any) -> list[TraceLogErrorInfo | None] | None:
    slots: list[dict[str, Any] | None] | None = _get(log, "errorInfo")
    if slots is None:
        return None
    return [
        None if one is None else TraceLogErrorInfo(one["name"], one["message"], one.get("stack"))
        for one in slots
    ]


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
    return TraceItemTailEventInfo([_get(one, "scriptName") for one in info.consumedEvents])


def _alarm(info: Any) -> TraceItemAlarmEventInfo:
    return TraceItemAlarmEventInfo(from_js(info.scheduledTime))


_EVENTS: dict[str, Callable[[Any], TraceEventInfo]] = {
    "request": _fetch,
    "rpcMethod": lambda info: TraceItemJsRpcEventInfo(info.rpcMethod),
    "cron": lambda info: TraceItemScheduledEventInfo(
        from_milliseconds(info.scheduledTime), info.cron
    ),
    "scheduledTime": _alarm,
    "queue": lambda info: TraceItemQueueEventInfo(info.queue, info.batchSize),
    "mailFrom": lambda info: TraceItemEmailEventInfo(info.mailFrom, info.rcptTo, info.rawSize),
    "consumedEvents": _tail,
    "getWebSocketEvent": _web_socket,
    "reason": lambda info: TraceItemOnHibernateEventInfo(info.reason),
}
