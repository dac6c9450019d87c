"""WebSockets: ``WebSocket``, ``WebSocketPair`` and their events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, TypeAlias, overload

from ._border import (
    JsWrapper,
    bytes_of,
    expected,
    from_js,
    platform,
    prop,
    raising,
    raw,
    text,
    to_data,
    to_js,
    web,
)
from ._border.callbacks import Listening
from ._border.contexts import in_context
from ._border.values import unknown
from .errors import WorkersError, from_js_error

if TYPE_CHECKING:
    from . import _js

__all__ = ["CloseEvent", "ErrorEvent", "MessageEvent", "WebSocket", "WebSocketPair"]

_raising = raising(WorkersError)


class MessageEvent(NamedTuple):
    """A message that arrived, as text or bytes. JS: MessageEvent."""

    data: str | bytes


class CloseEvent(NamedTuple):
    """The end of a connection. JS: CloseEvent."""

    code: int
    """The close code from the other end. 1005: it sent no code. 1006: no Close frame arrived."""
    reason: str
    """The reason from the other end, or ""."""
    was_clean: bool
    """False if the connection broke without a Close frame."""


class ErrorEvent(NamedTuple):
    """The error that broke a connection. JS: ErrorEvent."""

    error: WorkersError


_Listener: TypeAlias = "Callable[[Any], Awaitable[None] | None]"
_Begin: TypeAlias = "Callable[[Any], asyncio.Future[None] | None]"
_MessageListener: TypeAlias = "Callable[[MessageEvent], Awaitable[None] | None]"
_CloseListener: TypeAlias = "Callable[[CloseEvent], Awaitable[None] | None]"
_ErrorListener: TypeAlias = "Callable[[ErrorEvent], Awaitable[None] | None]"


class WebSocket(JsWrapper["_js.WebSocket"]):
    """An end of a connection: ``accept`` it, ``send`` messages, and iterate over arriving ones.

    ::

        client, server = WebSocketPair()
        server.accept()
        self.ctx.wait_until(talk(server))       # async for message in server: server.send(…)
        return Response(status=101, web_socket=client)

    ``async for`` yields ``str`` and ``bytes`` in the order in which they were sent. The loop ends
    when the connection is closed, cleanly or not; ``close_code``, ``close_reason`` and
    ``was_clean`` then describe the end. Messages wait in memory until you read them. A message has
    at most 32 MiB: a longer one breaks the connection, and the loop raises WorkersError.

    ``WebSocket(url, protocols)`` connects to a server. ``async with WebSocket(url) as ws:`` waits
    until the connection is open, or raises WorkersError, and closes it at the end of the block. To
    send your own headers, call ``fetch`` with the header ``Upgrade: websocket`` instead, and accept
    the ``web_socket`` of its response.

    JS: WebSocket.
    """

    __slots__ = ("_inbox",)

    CONNECTING: ClassVar[int] = 0
    OPEN: ClassVar[int] = 1
    CLOSING: ClassVar[int] = 2
    CLOSED: ClassVar[int] = 3

    def __init__(self, url: str, protocols: Sequence[str] | str = ()) -> None:
        """Start to connect to a server.

        Args:
            url: A ``ws:`` or ``wss:`` URL without a fragment.
            protocols: The subprotocols to offer, without duplicates.

        Raises:
            WorkersError: The URL or a subprotocol is invalid.
        """
        offered = [protocols] if isinstance(protocols, str) else protocols
        names = [text(name, f"protocols[{index}]") for index, name in enumerate(offered)]
        with _raising:
            self._js = web.WebSocket.new(text(url, "url"), to_js(names))
        self._inbox: _Inbox | None = _Inbox(self._js, opened=False)

    @classmethod
    def from_js(cls, socket: Any) -> Self:
        """Wrap a JavaScript WebSocket. To receive from it, call ``accept`` of the wrapper too."""
        self = cls.__new__(cls)
        self._js = raw(socket)
        self._inbox = None
        return self

    def __eq__(self, other: object) -> bool:
        """Compare by the JavaScript object: each event of a Durable Object has a new wrapper."""
        return isinstance(other, WebSocket) and hash(self) == hash(other)

    def __hash__(self) -> int:
        return platform.identity(self._js)

    def accept(self, *, allow_half_open: bool | None = None) -> None:
        """Begin to send and receive messages on this end. A second call changes nothing.

        Args:
            allow_half_open: Do not answer a Close from the other end: you can keep sending, and
                then call ``close``. By default, from compatibility date 2026-04-07 on, a Close is
                answered automatically.

        Raises:
            WorkersError: This end was returned in a response, or a Durable Object accepted it for
                hibernation.

        JS: WebSocket.accept.
        """
        inbox = self._inbox or _Inbox(self._js)
        try:
            with _raising:
                if allow_half_open is None:
                    self._js.accept()
                else:
                    self._js.accept(allowHalfOpen=allow_half_open)
        except WorkersError:
            if self._inbox is None:
                inbox.stop()
            raise
        self._inbox = inbox

    def send(self, message: str | bytes | bytearray | memoryview) -> None:
        """Send text or bytes without waiting: unsent messages are buffered in memory.

        If the connection broke, the message is dropped silently.

        Raises:
            WorkersError: The call came before ``accept`` or after ``close``.
            ConversionError: The message is neither text nor bytes.

        JS: WebSocket.send.
        """
        if isinstance(message, str):
            data: Any = text(message, "message")
        elif isinstance(message, (bytes, bytearray, memoryview)):
            data = to_js(message, "message")
        else:
            raise expected("message", "str or bytes", message, "convert it, such as with str()")
        with _raising:
            self._js.send(data)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close this end: nothing more can be sent. The other end then closes too.

        A second call does nothing.

        Args:
            code: 1000 to 4999, but not 1004, 1005, 1006 or 1015. Your own codes start at 3000.
                Without a code, the other end sees 1005.
            reason: At most 123 bytes of UTF-8, and only with a code.

        Raises:
            WorkersError: The code or the reason is invalid, or the call came before ``accept``.

        JS: WebSocket.close.
        """
        if code is not None and not isinstance(code, int):
            raise expected("code", "int", code)
        with _raising:
            if reason is not None:
                self._js.close(code, text(reason, "reason"))
            elif code is not None:
                self._js.close(code)
            else:
                self._js.close()

    # Receiving

    async def receive(self) -> str | bytes:
        """Wait for the next message and return it.

        Raises:
            WorkersError: The connection is closed (``code`` is the close code), or the call came
                before ``accept``.
        """
        inbox = self._accepted_inbox()
        if (message := await inbox.next()) is not None:
            return message
        closed = self._close_event() or CloseEvent(1006, "", False)
        reason = f"the WebSocket is closed: {closed.code} {closed.reason}"
        raise WorkersError(reason.rstrip(), code=closed.code)

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        self._accepted_inbox()
        return self

    async def __anext__(self) -> str | bytes:
        message = await self._accepted_inbox().next()
        if message is None:
            raise StopAsyncIteration
        return message

    def _accepted_inbox(self) -> _Inbox:
        if self._inbox is None:
            raise WorkersError("call accept() on this WebSocket before receiving messages")
        return self._inbox

    @property
    def close_code(self) -> int | None:
        """The close code from the other end; None while it is open. See ``CloseEvent.code``."""
        return closed.code if (closed := self._close_event()) else None

    @property
    def close_reason(self) -> str | None:
        """The reason from the other end, or ""; None while it is open."""
        return closed.reason if (closed := self._close_event()) else None

    @property
    def was_clean(self) -> bool | None:
        """True after a Close frame, False if the connection broke; None while it is open."""
        return closed.was_clean if (closed := self._close_event()) else None

    def _close_event(self) -> CloseEvent | None:
        return None if self._inbox is None else self._inbox.closed

    async def __aenter__(self) -> Self:
        if self._inbox is not None:
            await self._inbox.connected()
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if self._inbox is not None:
            self.close(1000 if error is None else 1011)

    # Listeners

    @overload
    def add_event_listener(self, type: Literal["message"], listener: _MessageListener) -> None: ...
    @overload
    def add_event_listener(self, type: Literal["close"], listener: _CloseListener) -> None: ...
    @overload
    def add_event_listener(self, type: Literal["error"], listener: _ErrorListener) -> None: ...
    def add_event_listener(self, type: str, listener: _Listener) -> None:
        """Call a function with each event, instead of iterating. Call ``accept`` first.

        Messages that a listener receives are not yielded by iteration. If the connection breaks,
        "error" comes before "close".

        Args:
            type: "message", "close" or "error".
            listener: A function. An ``async`` function is started but not awaited. An exception in
                a function that is not ``async`` breaks the connection.

        Raises:
            WorkersError: The call came before ``accept``.
            ConversionError: ``type`` is another.

        JS: EventTarget.addEventListener.
        """
        _check_event(type)
        listeners = self._accepted_inbox().listeners.setdefault(type, [])
        if all(other != listener for other, _ in listeners):
            listeners.append((listener, in_context(partial(_begun, listener))))

    def remove_event_listener(
        self, type: Literal["message", "close", "error"], listener: Callable[[Any], Any]
    ) -> None:
        """Remove a listener; do nothing if it was not added.

        JS: EventTarget.removeEventListener.
        """
        _check_event(type)
        listeners = self._accepted_inbox().listeners.get(type, [])
        listeners[:] = [pair for pair in listeners if pair[0] != listener]

    # Attachments

    def serialize_attachment(self, attachment: Any) -> None:
        """Store a value with this end of the connection, where it survives hibernation.

        A Durable Object that wakes up reads it with ``deserialize_attachment``.

        Args:
            attachment: Any value that structured clone copies, at most 16,384 bytes when
                serialized.

        Raises:
            WorkersError: The value is too large.

        JS: WebSocket.serializeAttachment.
        """
        with _raising:
            self._js.serializeAttachment(to_data(attachment, "attachment"))

    def deserialize_attachment(self) -> Any:
        """Return a copy of the stored value, or None.

        JS: WebSocket.deserializeAttachment.
        """
        return from_js(self._js.deserializeAttachment())

    # Properties

    @property
    def ready_state(self) -> int:
        """``WebSocket.CONNECTING``, ``OPEN``, ``CLOSING`` (one end has closed) or ``CLOSED``.

        An end of a pair is OPEN also before ``accept``.

        JS: WebSocket.readyState.
        """
        return self._js.readyState

    @property
    def url(self) -> str | None:
        """The URL that was passed to ``WebSocket(url)``; None for any other WebSocket.

        JS: WebSocket.url.
        """
        return from_js(self._js.url) or None

    @property
    def protocol(self) -> str | None:
        """The subprotocol that the server chose; None if it chose none.

        "" before the server has answered, and for any other WebSocket than ``WebSocket(url)``.

        JS: WebSocket.protocol.
        """
        protocol: str | None = from_js(self._js.protocol)
        return protocol

    @property
    def extensions(self) -> str | None:
        """The extensions that the server chose, such as "permessage-deflate"; "" for a pair.

        JS: WebSocket.extensions.
        """
        extensions: str | None = from_js(self._js.extensions)
        return extensions

    @property
    def binary_type(self) -> Literal["arraybuffer", "blob"]:
        """The type in which JavaScript receives binary messages.

        ``accept`` sets it to "arraybuffer", so that Python receives ``bytes`` at any compatibility
        date.

        JS: WebSocket.binaryType.
        """
        return prop(self._js, "binaryType") or "arraybuffer"


class WebSocketPair(tuple[WebSocket, WebSocket]):
    """The two ends of a new connection: ``client, server = WebSocketPair()``.

    Return one end in a ``Response``, and accept the other. JS: WebSocketPair.
    """

    __slots__ = ()

    def __new__(cls) -> Self:
        pair = web.WebSocketPair.new()
        return super().__new__(cls, [WebSocket.from_js(prop(pair, name)) for name in ("0", "1")])


_LOST = ("Network connection lost.", "WebSocket peer disconnected")
"""Messages of "error" events that a "close" event follows, with code 1006 or an earlier Close."""


def _check_event(type: object) -> None:
    if type not in ("message", "close", "error"):
        raise unknown("type", type, ("message", "close", "error"))


_EVENTS = ("open", "message", "error", "close")


class _Inbox:
    """The received messages that were not read yet, and the listener that receives them."""

    __slots__ = (
        "_changed",
        "_error",
        "_events",
        "_messages",
        "_opened",
        "_tasks",
        "closed",
        "listeners",
    )

    def __init__(self, js: _js.WebSocket, opened: bool = True) -> None:
        self.closed: CloseEvent | None = None
        # Each listener, and the function that calls it in its context.
        self.listeners: dict[str, list[tuple[_Listener, _Begin]]] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self._messages: deque[str | bytes] = deque()
        self._changed = asyncio.Event()
        self._opened = opened
        self._error: WorkersError | None = None
        js.binaryType = "arraybuffer"  # reading the bytes of a Blob would need an await
        self._events = Listening(js, _EVENTS, self._receive)

    def stop(self) -> None:
        self._events.stop()

    async def connected(self) -> None:
        while not self._opened and self.closed is None:
            await self._wait_for_change()
        self._raise_error()

    async def next(self) -> str | bytes | None:
        """Wait for the next message; return None when the connection is closed."""
        while not self._messages:
            if self.closed is not None:
                self._raise_error()
                return None
            await self._wait_for_change()
        return self._messages.popleft()

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _raise_error(self) -> None:
        if self._error is not None and self.closed is not None:
            raise self._error

    def _receive(self, event: Any) -> None:
        event_type: str = event.type
        if event_type == "message":
            data = event.data
            message = data if isinstance(data, str) else bytes_of(data) or b""
            if self.listeners.get("message"):
                self._dispatch("message", MessageEvent(message))
            else:
                self._messages.append(message)
        elif event_type == "close":
            self._end(CloseEvent(event.code, event.reason, bool(event.wasClean)))
        elif event_type == "open":
            self._opened = True
        else:
            # An open connection has a "close" event after the errors in _LOST, but not after
            # others, such as a message that is too long.
            self._error = from_js_error(WorkersError, event.error)
            if self._opened and self._error.message not in _LOST:
                self._end(CloseEvent(1006, "", False), broken=True)
        self._changed.set()

    def _end(self, closed: CloseEvent, broken: bool = False) -> None:
        self._events.stop()
        self.closed = closed
        self._changed.set()
        error = self._error
        if self._opened and not broken:
            self._error = None  # iteration ends without an error
        if error is not None and not closed.was_clean:
            self._dispatch("error", ErrorEvent(error))
        self._dispatch("close", closed)

    def _dispatch(self, event_type: str, event: Any) -> None:
        for _, begin in [*self.listeners.get(event_type, ())]:
            task = begin(event)
            if task is not None:
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)


def _begun(listener: _Listener, event: Any) -> asyncio.Future[None] | None:
    """Call a listener, and start its coroutine if it is an ``async`` function."""
    result = listener(event)
    return asyncio.ensure_future(result) if isawaitable(result) else None
