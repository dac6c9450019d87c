"""What a Durable Object has around it: ``self.ctx``, and its id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from .._border import JsWrapper, from_js, platform, promise, prop, raising, raw, text, to_js, web
from .._callbacks import entrust
from ..errors import ConversionError, DurableObjectError
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
    """Ends what runs in an object that called ``ctx.abort()``. Let it pass."""


class AlarmInvocationInfo(NamedTuple):
    """Which call of ``alarm()`` this is. JS: AlarmInvocationInfo."""

    is_retry: bool
    retry_count: int
    """How often the alarm was called before, without success."""
    scheduled_time: datetime | None
    """When it was set for; None where the runtime does not say."""


class WebSocketRequestResponsePair(NamedTuple):
    """A message, and what the runtime answers to it on the object's behalf.

    At most 2,048 bytes each. JS: WebSocketRequestResponsePair.
    """

    request: str
    response: str


class DurableObjectId(JsWrapper["_js.DurableObjectId"]):
    """The name of one object among all: 64 hex digits. JS: DurableObjectId."""

    __slots__ = ()

    def __init__(self, id: _js.DurableObjectId) -> None:
        self._js = raw(id)

    @property
    def name(self) -> str | None:
        """The name that it was made from, if it was. JS: DurableObjectId.name."""
        name: str | None = from_js(prop(self._js, "name"))
        return name

    @property
    def jurisdiction(self) -> str | None:
        """Where the object must stay, if that was said. JS: DurableObjectId.jurisdiction."""
        jurisdiction: str | None = from_js(prop(self._js, "jurisdiction"))
        return jurisdiction

    def __str__(self) -> str:
        id: Any = self._js
        return id if isinstance(id, str) else id.toString()  # a facet's may be any text

    def __repr__(self) -> str:
        return f"<DurableObjectId {self}>"

    def __eq__(self, other: object) -> bool:
        """JS: DurableObjectId.equals."""
        if not isinstance(other, DurableObjectId):
            return NotImplemented
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


class DurableObjectState(JsWrapper["_js.DurableObjectState"]):
    """An object's storage, its WebSockets and its gates: ``self.ctx``. JS: DurableObjectState."""

    __slots__ = ("storage",)

    storage: DurableObjectStorage
    """What the object keeps. JS: DurableObjectState.storage."""

    def __init__(self, ctx: _js.DurableObjectState) -> None:
        self._js = raw(ctx)
        self.storage = DurableObjectStorage(self._js.storage)

    @property
    def id(self) -> DurableObjectId:
        """JS: DurableObjectState.id."""
        return DurableObjectId(self._js.id)

    @property
    def props(self) -> Any:
        """JSON data from whoever started the object as a facet. JS: DurableObjectState.props."""
        return from_js(prop(self._js, "props"))

    @property
    def exports(self) -> Exports:
        """The Worker's own entrypoints, to be called like a service: ``ctx.exports.Admin``.

        JS: DurableObjectState.exports.
        """
        from ..services import Exports

        return Exports(prop(self._js, "exports"))

    @property
    def container(self) -> Container | None:
        """The object's container; None if its class has none. JS: DurableObjectState.container."""
        from ..containers import Container

        found = prop(self._js, "container")
        return None if raw(found) is None else Container(found)

    @property
    def facets(self) -> DurableObjectFacets:
        """Objects within this one. JS: DurableObjectState.facets."""
        from .facets import DurableObjectFacets

        with _raising:
            return DurableObjectFacets(self._js.facets)

    def wait_until(self, promise_: Awaitable[Any], /) -> None:
        """Start work and do not wait for it. An object stays awake for what is under way anyway.

        JS: DurableObjectState.waitUntil.
        """
        self._js.waitUntil(promise(promise_))

    def block_concurrency_while(self, callback: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        """Run an ``async`` function while no other event reaches the object; what it returns.

        It starts at once, awaited or not. In ``__init__``, where nothing can be awaited, it is how
        to load what every request needs: none is delivered before it is done::

            def __init__(self, ctx, env):
                ctx.block_concurrency_while(self.load)

        If it raises, or takes longer than 30 s, the object is reset: its callers see the error,
        and the next call makes a new instance.

        JS: DurableObjectState.blockConcurrencyWhile.
        """
        with _raising:
            return entrust(self._js.blockConcurrencyWhile, callback)

    def abort(self, reason: str | None = None, *, retry_alarm: bool | None = None) -> NoReturn:
        """Reset the object: what was not yet stored is lost, callers see ``reason`` as an error.

        The next call makes a new instance. ``retry_alarm=False``: if this is within ``alarm()``,
        do not call it again. It raises DurableObjectAbort here, to be let pass.

        JS: DurableObjectState.abort.
        """
        args: list[Any] = [reason] if reason else []
        if retry_alarm is not None:
            args = [reason, {"retryAlarm": retry_alarm}]
        # JavaScript execution stops inside abort(). Were it called with Python on the stack,
        # Python would be left in the middle of a frame, so the call waits until Python returned.
        platform.later(self._js, "abort", args)
        raise DurableObjectAbort(reason or "the Durable Object is reset")

    # WebSockets that let the object sleep

    def accept_web_socket(self, ws: WebSocket, tags: Sequence[str] = ()) -> None:
        """Accept this end of a pair, and let the object sleep while nothing comes.

        What comes goes to ``web_socket_message``, ``web_socket_close`` and ``web_socket_error``,
        on a new instance if need be. At most 10 ``tags`` of 256 characters, and 32,768 WebSockets.

        JS: DurableObjectState.acceptWebSocket.
        """
        if isinstance(tags, str):
            raise ConversionError("tags: expected a list of str, got str")
        with _raising:
            self._js.acceptWebSocket(raw(ws), to_js([text(tag, "tags") for tag in tags]))

    def get_web_sockets(self, tag: str | None = None) -> list[WebSocket]:
        """Those that were accepted here and are not closed, or those of them with a tag.

        JS: DurableObjectState.getWebSockets.
        """
        with _raising:
            found = self._js.getWebSockets(*(() if tag is None else (text(tag, "tag"),)))
        return [WebSocket.from_js(socket) for socket in found]

    def get_tags(self, ws: WebSocket) -> list[str]:
        """The tags that it was accepted with. JS: DurableObjectState.getTags."""
        with _raising:
            return list(from_js(self._js.getTags(raw(ws))))

    def set_web_socket_auto_response(
        self, maybe_req_resp: WebSocketRequestResponsePair | None = None
    ) -> None:
        """Have the runtime answer a message, without waking the object; with None, no more.

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
        """What was set, or None. JS: DurableObjectState.getWebSocketAutoResponse."""
        found = from_js(self._js.getWebSocketAutoResponse())
        if found is None:
            return None
        return WebSocketRequestResponsePair(found.request, found.response)

    def get_web_socket_auto_response_timestamp(self, ws: WebSocket) -> datetime | None:
        """When such an answer last went to this WebSocket.

        JS: DurableObjectState.getWebSocketAutoResponseTimestamp.
        """
        with _raising:
            found: datetime | None = from_js(self._js.getWebSocketAutoResponseTimestamp(raw(ws)))
        return found

    def set_hibernatable_web_socket_event_timeout(
        self, timeout_ms: int | timedelta | None = None
    ) -> None:
        """How long a WebSocket's handler may take, in milliseconds: at most 7 days; None: as ever.

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
        """Milliseconds, or None. JS: DurableObjectState.getHibernatableWebSocketEventTimeout."""
        found: int | None = from_js(self._js.getHibernatableWebSocketEventTimeout())
        return found
