"""Conversion of a streaming tail's events to the classes of ``tail_stream``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from . import tail_stream as events
from ._options import list_of, named_tuple
from .errors import WorkersError

__all__ = ["event_of", "rest_for"]

Fields = dict[str, Any]


def event_of(fields: Fields) -> events.TailEvent[Any]:
    """Return the TailEvent of a JavaScript object whose kind is known."""
    return named_tuple(
        events.TailEvent[Any],
        fields,
        span_context=_plain(events.SpanContext),
        event=lambda event: _EVENTS[event["type"]](event),
    )


def rest_for(handler: Any) -> Callable[[Any], Awaitable[None] | None] | None:
    """Return the function that JavaScript calls with each further event, or None.

    ``handler`` is the result of a ``tail_stream`` handler.
    """
    if handler is None:
        return None
    if isinstance(handler, events.TailEventHandlerObject):
        return lambda fields: _handle(
            getattr(handler, _METHODS.get(_type(fields), ""), None), fields
        )
    if callable(handler) and not isinstance(handler, type):
        return lambda fields: _handle(handler if _type(fields) in _METHODS else None, fields)
    got = "class" if isinstance(handler, type) else type(handler).__name__
    raise WorkersError(
        f"tail_stream: expected a function, a TailEventHandlerObject or None, got a {got}"
    )


def _handle(
    handler: Callable[[events.TailEvent[Any]], Any] | None, fields: Fields
) -> Awaitable[None] | None:
    """Call a handler and drop its result. An unknown kind of event is skipped."""
    result = None if handler is None else handler(event_of(fields))
    return _wait_for(result) if isawaitable(result) else None


async def _wait_for(work: Awaitable[Any]) -> None:
    await work


def _type(fields: Fields) -> str:
    kind: str = fields["event"]["type"]
    return kind


# From fields to NamedTuples ---------------------------------------------------------------------


def _plain(kind: Any) -> Callable[[Fields], Any]:
    """Return a function that makes a NamedTuple whose fields need no conversion."""

    def make(fields: Fields) -> Any:
        return named_tuple(kind, fields)

    return make


_attributes = list_of(_plain(events.Attribute))
_headers = list_of(_plain(events.Header))


def _fetch_info(fields: Fields) -> events.FetchEventInfo:
    return named_tuple(events.FetchEventInfo, fields, headers=_headers)


def _attributes_event(fields: Fields) -> events.Attributes:
    return named_tuple(events.Attributes, fields, info=_attributes)


_WEB_SOCKET_INFOS: dict[str, Callable[[Fields], Any]] = {
    "close": _plain(events.HibernatableWebSocketEventInfoClose),
    "error": _plain(events.HibernatableWebSocketEventInfoError),
    "message": _plain(events.HibernatableWebSocketEventInfoMessage),
}


def _web_socket_info(fields: Fields) -> events.HibernatableWebSocketEventInfo:
    return named_tuple(
        events.HibernatableWebSocketEventInfo,
        fields,
        info=lambda info: _by_type(_WEB_SOCKET_INFOS, info),
    )


_INFOS: dict[str, Callable[[Fields], Any]] = {
    "alarm": _plain(events.AlarmEventInfo),
    "attributes": _attributes_event,
    "connect": _plain(events.ConnectEventInfo),
    "email": _plain(events.EmailEventInfo),
    "fetch": _fetch_info,
    "hibernatableWebSocket": _web_socket_info,
    "jsrpc": _plain(events.JsRpcEventInfo),
    "onHibernate": _plain(events.OnHibernateEventInfo),
    "queue": _plain(events.QueueEventInfo),
    "scheduled": _plain(events.ScheduledEventInfo),
    "trace": _plain(events.TraceEventInfo),
}


def _by_type(kinds: dict[str, Callable[[Fields], Any]], fields: Fields) -> Any:
    """Return the NamedTuple for ``fields["type"]``; a CustomEventInfo for an unknown type."""
    return kinds.get(fields["type"], _plain(events.CustomEventInfo))(fields)


def _info(fields: Fields) -> Any:
    return _by_type(_INFOS, fields)


def _onset(fields: Fields) -> events.Onset:
    return named_tuple(
        events.Onset,
        fields,
        info=_info,
        script_version=_plain(events.ScriptVersion),
        preview=_plain(events.TracePreviewInfo),
        attributes=_attributes,
    )


def _span_open(fields: Fields) -> events.SpanOpen:
    return named_tuple(events.SpanOpen, fields, info=_info)


def _span_update(fields: Fields) -> events.SpanUpdate:
    return named_tuple(events.SpanUpdate, fields, info=_span_update_info)


def _span_update_info(fields: Fields) -> events.SpanUpdateInfo:
    return named_tuple(events.SpanUpdateInfo, fields, status=_plain(events.SpanStatus))


def _log(fields: Fields) -> events.Log:
    return named_tuple(events.Log, {"truncated": False, **fields}, error_info=list_of(_log_error))


def _log_error(fields: Fields | None) -> events.TailStreamErrorInfo | None:
    return None if fields is None else named_tuple(events.TailStreamErrorInfo, fields)


def _stream_diagnostic(fields: Fields) -> events.StreamDiagnostic:
    diagnostic = _plain(events.DroppedEventsDiagnostic)
    return named_tuple(events.StreamDiagnostic, fields, diagnostic=diagnostic)


def _return(fields: Fields) -> events.Return:
    return named_tuple(events.Return, fields, info=_plain(events.FetchResponseInfo))


_EVENTS: dict[str, Callable[[Fields], Any]] = {
    "attributes": _attributes_event,
    "diagnosticChannel": _plain(events.DiagnosticChannelEvent),
    "exception": _plain(events.Exception),
    "log": _log,
    "onset": _onset,
    "outcome": _plain(events.Outcome),
    "return": _return,
    "spanClose": _plain(events.SpanClose),
    "spanOpen": _span_open,
    "spanUpdate": _span_update,
    "streamDiagnostic": _stream_diagnostic,
}
_METHODS = {
    "attributes": "attributes",
    "diagnosticChannel": "diagnostic_channel",
    "exception": "exception",
    "log": "log",
    "outcome": "outcome",
    "return": "return_",
    "spanClose": "span_close",
    "spanOpen": "span_open",
    "spanUpdate": "span_update",
    "streamDiagnostic": "stream_diag_event",
}
"""The method of TailEventHandlerObject for each type of event."""
