"""The context of a Durable Object, ``self.ctx``, and the object's id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from .._border import (
    JsWrapper,
    expected,
    from_js,
    platform,
    promise,
    prop,
    raising,
    raw,
    text,
    to_js,
    web,
)
from .._callbacks import entrust
from ..errors import DurableObjectError
from ..websockets import WebSocket
from .storage import DurableObjectStorage

if TYPE_CHECKING:
    from .. import _js
    from ..containers import Container
    from ..services import Exports
    from .facets import DurableObjectFacets

__all__ = [
    "AlarmInvocationInfo",
    "DurableObjectAbort",
    "DurableObjectId",
    "DurableObjectState",
    "WebSocketRequestResponsePair",
]

_raising = raising(DurableObjectError)

T = TypeVar("T")


class DurableObjectAbort(BaseException):
    """The end of the code that called ``ctx.abort()``. Do not catch this exception."""


class AlarmInvocationInfo(NamedTuple):
    """The facts about one call of ``alarm()``: first attempt or retry, and its scheduled time.

    JS: AlarmInvocationInfo.
    """

    is_retry: bool
    """True if an earlier call for this alarm failed."""
    retry_count: int
    """The number of earlier calls for this alarm; all of them failed."""
    scheduled_time: datetime | None
    """The time that the alarm was set for; None if the runtime does not report it."""


class WebSocketRequestResponsePair(NamedTuple):
    """A message, and the answer that the runtime sends for the object without waking it.

    Each has at most 2,048 bytes of UTF-8. JS: WebSocketRequestResponsePair.
    """

    request: str
    response: str


class DurableObjectId(JsWrapper["_js.DurableObjectId"]):
    """The unique id of one Durable Object; ``str(id)`` is 64 hex digits.

    A facet may have any text as its id. JS: DurableObjectId.
    """

    __slots__ = ()

    def __init__(self, id: _js.DurableObjectId) -> None:
        self._js = raw(id)

    @property
    def name(self) -> str | None:
        """The name from which the id was made; None for an id that has no name.

        JS: DurableObjectId.name.
        """
        name: str | None = from_js(prop(self._js, "name"))
        return name

    @property
    def jurisdiction(self) -> str | None:
        """The jurisdiction that the object must stay in; None if it is unrestricted.

        JS: DurableObjectId.jurisdiction.
        """
        jurisdiction: str | None = from_js(prop(self._js, "jurisdiction"))
        return jurisdiction

    def __str__(self) -> str:
        id: Any = self._js
        return id if isinstance(id, str) else id.toString()  # a facet's id may be plain text

    def __repr__(self) -> str:
        return f"<DurableObjectId {self}>"

    def __eq__(self, other: object) -> bool:
        """Compare two ids by their text. JS: DurableObjectId.equals."""
        if not isinstance(other, DurableObjectId):
            return NotImplemented
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


class DurableObjectState(JsWrapper["_js.DurableObjectState"]):
    """The context of a Durable Object, ``self.ctx``: its storage, WebSockets, facets and gates.

    JS: DurableObjectState.
    """

    __slots__ = ("storage",)

    storage: DurableObjectStorage
    """The data that the object keeps on disk. JS: DurableObjectState.storage."""

    def __init__(self, ctx: _js.DurableObjectState) -> None:
        self._js = raw(ctx)
        self.storage = DurableObjectStorage(self._js.storage)

    @property
    def id(self) -> DurableObjectId:
        """The id of this object. JS: DurableObjectState.id."""
        return DurableObjectId(self._js.id)

    @property
    def props(self) -> Any:
        """The JSON data that the object got when it was started as a facet; otherwise ``{}``.

        JS: DurableObjectState.props.
        """
        return from_js(prop(self._js, "props"))

    @property
    def exports(self) -> Exports:
        """The Worker's own entrypoints, called like services: ``ctx.exports.Admin``.

        JS: DurableObjectState.exports.
        """
        from ..services import Exports

        return Exports(prop(self._js, "exports"))

    @property
    def container(self) -> Container | None:
        """The container of this object; None if its class has no container.

        JS: DurableObjectState.container.
        """
        from ..containers import Container

        js_container = prop(self._js, "container")
        return None if raw(js_container) is None else Container(js_container)

    @property
    def facets(self) -> DurableObjectFacets:
        """The Durable Objects that run inside this one. JS: DurableObjectState.facets."""
        from .facets import DurableObjectFacets

        with _raising:
            return DurableObjectFacets(self._js.facets)

    def wait_until(self, promise_: Awaitable[Any], /) -> None:
        """Start background work without waiting for it.

        A Durable Object stays in memory for as long as work is under way, also without this call.

        JS: DurableObjectState.waitUntil.
        """
        self._js.waitUntil(promise(promise_))

    def block_concurrency_while(self, callback: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        """Run an ``async`` function while no other event reaches the object; return its result.

        The function starts at once, whether or not you await the result. In ``__init__``, where
        nothing can be awaited, use it to load the data that every request needs. No request is
        delivered before the function has returned::

            def __init__(self, ctx, env):
                ctx.block_concurrency_while(self.load)

        If the function raises, or runs longer than 30 s, the object is reset: its callers see the
        error, and the next call makes a new instance.

        Args:
            callback: An ``async`` function without parameters.

        Raises:
            DurableObjectError: The function ran longer than 30 s.

        JS: DurableObjectState.blockConcurrencyWhile.
        """
        with _raising:
            return entrust(self._js.blockConcurrencyWhile, callback)

    def abort(self, reason: str | None = None, *, retry_alarm: bool | None = None) -> NoReturn:
        """Reset the object: writes that are not yet stored are lost, and callers see an error.

        The next call makes a new instance.

        Args:
            reason: The message of the error that callers see. By default the runtime's own.
            retry_alarm: False: if this call is within ``alarm()``, do not retry the alarm. By
                default the alarm is retried.

        Raises:
            DurableObjectAbort: Always; do not catch it.

        JS: DurableObjectState.abort.
        """
        args: list[Any] = [reason] if reason else []
        if retry_alarm is not None:
            args = [reason, {"retryAlarm": retry_alarm}]
        # JavaScript execution stops inside abort(). Were it called with Python on the stack,
        # Python would be left in the middle of a frame, so the call waits until Python returned.
        platform.later(self._js, "abort", args)
        raise DurableObjectAbort(reason or "the Durable Object is reset")

    # WebSocket hibernation

    def accept_web_socket(self, ws: WebSocket, tags: Sequence[str] = ()) -> None:
        """Accept one end of a pair for hibernation: the object may sleep while it is connected.

        Events of the WebSocket go to the handlers ``web_socket_message``, ``web_socket_close`` and
        ``web_socket_error``. If the object sleeps, they are called on a new instance.

        Args:
            ws: An end that was not accepted before. An object has at most 32,768 WebSockets.
            tags: At most 10 labels of up to 256 characters, for ``get_web_sockets``.

        Raises:
            DurableObjectError: The WebSocket was accepted before, or a limit is exceeded.

        JS: DurableObjectState.acceptWebSocket.
        """
        if isinstance(tags, str):
            raise expected("tags", "a list of str", tags)
        with _raising:
            self._js.acceptWebSocket(raw(ws), to_js([text(tag, "tags") for tag in tags]))

    def get_web_sockets(self, tag: str | None = None) -> list[WebSocket]:
        """Return the open WebSockets that this object accepted for hibernation.

        Args:
            tag: Return only the WebSockets that were accepted with this tag.

        JS: DurableObjectState.getWebSockets.
        """
        with _raising:
            sockets = self._js.getWebSockets(*(() if tag is None else (text(tag, "tag"),)))
        return [WebSocket.from_js(socket) for socket in sockets]

    def get_tags(self, ws: WebSocket) -> list[str]:
        """Return the tags that a WebSocket was accepted with.

        Raises:
            DurableObjectError: The WebSocket was not accepted by ``accept_web_socket``.

        JS: DurableObjectState.getTags.
        """
        with _raising:
            return list(from_js(self._js.getTags(raw(ws))))

    def set_web_socket_auto_response(
        self, maybe_req_resp: WebSocketRequestResponsePair | None = None
    ) -> None:
        """Let the runtime answer one message by itself, without waking the object.

        Args:
            maybe_req_resp: The message and its answer; None ends the automatic answer.

        Raises:
            DurableObjectError: The message or the answer is longer than 2,048 bytes.

        JS: DurableObjectState.setWebSocketAutoResponse.
        """
        with _raising:
            if maybe_req_resp is None:
                self._js.setWebSocketAutoResponse()
            else:
                request, response = maybe_req_resp
                pair = web.WebSocketRequestResponsePair.new(
                    text(request, "request"), text(response, "response")
                )
                self._js.setWebSocketAutoResponse(pair)

    def get_web_socket_auto_response(self) -> WebSocketRequestResponsePair | None:
        """Return the automatic answer that was set, or None.

        JS: DurableObjectState.getWebSocketAutoResponse.
        """
        pair = from_js(self._js.getWebSocketAutoResponse())
        if pair is None:
            return None
        return WebSocketRequestResponsePair(pair.request, pair.response)

    def get_web_socket_auto_response_timestamp(self, ws: WebSocket) -> datetime | None:
        """Return the time of the last automatic answer to a WebSocket; None before the first.

        JS: DurableObjectState.getWebSocketAutoResponseTimestamp.
        """
        with _raising:
            timestamp: datetime | None = from_js(
                self._js.getWebSocketAutoResponseTimestamp(raw(ws))
            )
        return timestamp

    def set_hibernatable_web_socket_event_timeout(
        self, timeout_ms: int | timedelta | None = None
    ) -> None:
        """Limit the time that a handler of a WebSocket may take, in milliseconds.

        Args:
            timeout_ms: Milliseconds, or a ``timedelta``; at most 7 days. None removes the limit
                that was set.

        Raises:
            DurableObjectError: The limit is longer than 7 days.

        JS: DurableObjectState.setHibernatableWebSocketEventTimeout.
        """
        if isinstance(timeout_ms, timedelta):
            timeout_ms = int(timeout_ms / timedelta(milliseconds=1))
        with _raising:
            if timeout_ms is None:
                self._js.setHibernatableWebSocketEventTimeout()
            else:
                self._js.setHibernatableWebSocketEventTimeout(timeout_ms)

    def get_hibernatable_web_socket_event_timeout(self) -> int | None:
        """Return the limit for handlers of WebSockets, in milliseconds; None if none is set.

        JS: DurableObjectState.getHibernatableWebSocketEventTimeout.
        """
        timeout_ms: int | None = from_js(self._js.getHibernatableWebSocketEventTimeout())
        return timeout_ms
