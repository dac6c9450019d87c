"""From the events of a streaming tail to those of ``tail_stream``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from . import tail_stream as events
from ._options import list_of, named_tuple
from .errors import WorkersError

__all__ = ["event_of", "rest_for"]


def event_of(given: Any) -> events.TailEvent[Any]:
    """An event that came from JavaScript, of a kind that we know."""
    return named_tuple(
        events.TailEvent[Any],
        given,
        span_context=lambda found: named_tuple(events.SpanContext, found),
        event=lambda found: _EVENTS[found["type"]](found),
    )


def rest_for(wanted: Any) -> Callable[[Any], Awaitable[None] | None] | None:
    """The function for JavaScript to call with each further event, where a ``tail_stream`` handler
    returned ``wanted``."""
    if wanted is None:
        return None
    if isinstance(wanted, events.TailEventHandlerObject):
        return lambda given: _handled(getattr(wanted, _METHODS.get(_type(given), ""), None), given)
    if callable(wanted) and not isinstance(wanted, type):
        return lambda given: _handled(wanted if _type(given) in _METHODS else None, given)
    kind = "class" if isinstance(wanted, type) else type(wanted).__name__
    raise WorkersError(
        f"tail_stream returned a {kind}, not a function, a TailEventHandlerObject or None"
    )


def _handled(
    handler: Callable[[events.TailEvent[Any]], Any] | None, given: Any
) -> Awaitable[None] | None:
    """What the handler gives stays here. A kind of event that is new to us is passed over."""
    made = None if handler is None else handler(event_of(given))
    return _over(made) if isawaitable(made) else None


async def _over(work: Awaitable[Any]) -> None:
    await work


def _type(given: Any) -> str:
    kind: str = given["event"]["type"]
    return kind


def _plainly(kind: Any) -> Callable[[Any], Any]:
    return lambda found: named_tuple(kind, found)


def _by_type(kinds: dict[str, Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """What makes an object by its ``type``; of one that is new to us, a CustomEventInfo."""
    return lambda found: kinds.get(found["type"], _plainly(events.CustomEventInfo))(found)


_attributes = list_of(_plainly(events.Attribute))
_info: dict[str, Callable[[Any], Any]] = {
    "fetch": lambda found: named_tuple(
        events.FetchEventInfo, found, headers=list_of(_plainly(events.Header))
    ),
    "connect": _plainly(events.ConnectEventInfo),
    "jsrpc": _plainly(events.JsRpcEventInfo),
    "scheduled": _plainly(events.ScheduledEventInfo),
    "alarm": _plainly(events.AlarmEventInfo),
    "onHibernate": _plainly(events.OnHibernateEventInfo),
    "queue": _plainly(events.QueueEventInfo),
    "email": _plainly(events.EmailEventInfo),
    "trace": _plainly(events.TraceEventInfo),
    "hibernatableWebSocket": lambda found: named_tuple(
        events.HibernatableWebSocketEventInfo,
        found,
        info=_by_type(
            {
                "message": _plainly(events.HibernatableWebSocketEventInfoMessage),
                "error": _plainly(events.HibernatableWebSocketEventInfoError),
                "close": _plainly(events.HibernatableWebSocketEventInfoClose),
            }
        ),
    ),
    "attributes": lambda found: named_tuple(events.Attributes, found, info=_attributes),
}

_EVENTS: dict[str, Callable[[Any], Any]] = {
    "onset": lambda found: named_tuple(
        events.Onset,
        found,
        info=_by_type(_info),
        script_version=_plainly(events.ScriptVersion),
        preview=_plainly(events.TracePreviewInfo),
        attributes=_attributes,
    ),
    "outcome": _plainly(events.Outcome),
    "spanOpen": lambda found: named_tuple(events.SpanOpen, found, info=_by_type(_info)),
    "spanClose": _plainly(events.SpanClose),
    "spanUpdate": lambda found: named_tuple(
        events.SpanUpdate,
        found,
        info=lambda info: named_tuple(
            events.SpanUpdateInfo, info, status=_plainly(events.SpanStatus)
        ),
    ),
    "diagnosticChannel": _plainly(events.DiagnosticChannelEvent),
    "exception": _plainly(events.Exception),
    "log": lambda found: named_tuple(
        events.Log,
        {"truncated": False, **found},
        error_info=list_of(lambda one: one and named_tuple(events.TailStreamErrorInfo, one)),
    ),
    "streamDiagnostic": lambda found: named_tuple(
        events.StreamDiagnostic, found, diagnostic=_plainly(events.DroppedEventsDiagnostic)
    ),
    "return": lambda found: named_tuple(
        events.Return, found, info=_plainly(events.FetchResponseInfo)
    ),
    "attributes": _info["attributes"],
}
_METHODS = {
    "outcome": "outcome",
    "spanOpen": "span_open",
    "spanClose": "span_close",
    "spanUpdate": "span_update",
    "diagnosticChannel": "diagnostic_channel",
    "exception": "exception",
    "log": "log",
    "streamDiagnostic": "stream_diag_event",
    "return": "return_",
    "attributes": "attributes",
}
