"""``WebSocket`` and ``WebSocketPair``: messages both ways over one connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, TypeAlias, overload

from ._border import JsWrapper, bytes_of, from_js, platform, prop, raising, raw, text, to_js, web
from .errors import ConversionError, WorkersError, from_js_error

if TYPE_CHECKING:
    from . import _js

__all__ = ["CloseEvent", "ErrorEvent", "MessageEvent", "WebSocket", "WebSocketPair"]

_raising = raising(WorkersError)


class MessageEvent(NamedTuple):
    """A message came: text, or bytes. JS: MessageEvent."""

    data: str | bytes


class CloseEvent(NamedTuple):
    """The connection is closed.

    ``code`` is 1005 where the other end gave none, and 1006, with ``was_clean`` False, where the
    connection went down without a Close frame. JS: CloseEvent.
    """

    code: int
    reason: str
    was_clean: bool


class ErrorEvent(NamedTuple):
    """The connection broke. JS: ErrorEvent."""

    error: WorkersError


_Listener: TypeAlias = "Callable[[Any], Awaitable[None] | None]"
_MessageListener: TypeAlias = "Callable[[MessageEvent], Awaitable[None] | None]"
_CloseListener: TypeAlias = "Callable[[CloseEvent], Awaitable[None] | None]"
_ErrorListener: TypeAlias = "Callable[[ErrorEvent], Awaitable[None] | None]"


class WebSocket(JsWrapper["_js.WebSocket"]):
    """One end of a connection: ``accept`` it, ``send``, and iterate over what comes.

    ::

        client, server = WebSocketPair()
        server.accept()
        self.ctx.wait_until(talk(server))       # async for message in server: server.send(…)
        return Response(status=101, web_socket=client)

    ``async for`` yields ``str`` and ``bytes`` in the order in which they were sent, from ``accept``
    on, and ends when the connection is closed, in whatever way: ``close_code``, ``close_reason``
    and ``was_clean`` then say how. Messages that nobody has asked for yet wait in memory. A message
    is at most 32 MiB: a longer one breaks the connection, and WorkersError comes out of the loop.

    ``WebSocket(url, protocols)`` connects to a server, at a ``ws:`` or ``wss:`` URL that has no
    fragment; ``async with WebSocket(url) as ws:`` waits until it is connected, or raises
    WorkersError, and closes it at the end. (``fetch`` with the header ``Upgrade: websocket`` can
    send other headers too; its response has a ``web_socket`` to accept.)

    JS: WebSocket.
    """

    __slots__ = ("_inbox",)

    CONNECTING: ClassVar[int] = 0
    OPEN: ClassVar[int] = 1
    CLOSING: ClassVar[int] = 2
    CLOSED: ClassVar[int] = 3

    def __init__(self, url: str, protocols: Sequence[str] | str = ()) -> None:
        wanted = [protocols] if isinstance(protocols, str) else protocols
        names = [text(name, f"protocols[{at}]") for at, name in enumerate(wanted)]
        with _raising:
            self._js = web.WebSocket.new(text(url, "url"), to_js(names))
        self._inbox: _Inbox | None = _Inbox(self._js, opened=False)

    @classmethod
    def from_js(cls, socket: Any) -> Self:
        """Stand over JavaScript's own WebSocket; ``accept`` it here, too, to receive."""
        made = cls.__new__(cls)
        made._js = raw(socket)
        made._inbox = None
        return made

    def __eq__(self, other: object) -> bool:
        """Whether both are the same end: a Durable Object gets a new one with each event."""
        return isinstance(other, WebSocket) and hash(self) == hash(other)

    def __hash__(self) -> int:
        return platform.identity(self._js)

    def accept(self, *, allow_half_open: bool | None = None) -> None:
        """Begin: from here on messages are sent and received. A second call changes nothing.

        With ``allow_half_open`` a Close from the other end is not answered by itself: go on
        sending, then ``close``. Without, it is from compatibility date 2026-04-07 on.

        WorkersError for an end that went out with a response, and for one that a Durable Object
        accepted for hibernation. JS: WebSocket.accept.
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
        """Send text, or bytes. It does not wait: what was not taken yet is kept in memory.

        WorkersError before ``accept`` and after ``close``. Where the connection broke, nothing
        happens. JS: WebSocket.send.
        """
        if isinstance(message, str):
            data: Any = text(message, "message")
        elif isinstance(message, (bytes, bytearray, memoryview)):
            data = to_js(message, "message")
        else:
            raise ConversionError(
                f"message: expected str or bytes, got {type(message).__name__}; make text of it"
            )
        with _raising:
            self._js.send(data)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Say that nothing more will be sent; the other end then says the same.

        ``code``: 1000 to 4999, but not 1004, 1005, 1006 or 1015; your own are from 3000 on. Without
        one the other end sees 1005. ``reason``: at most 123 bytes of UTF-8, and only with a code.
        WorkersError otherwise, and before ``accept``. A second call does nothing.

        JS: WebSocket.close.
        """
        if code is not None and not isinstance(code, int):
            raise ConversionError(f"code: expected int, got {type(code).__name__}")
        with _raising:
            if reason is not None:
                self._js.close(code, text(reason, "reason"))
            elif code is not None:
                self._js.close(code)
            else:
                self._js.close()

    # Receiving

    async def receive(self) -> str | bytes:
        """The next message, waited for; after the last one WorkersError, with the close code as its
        ``code``, and before ``accept``, too."""
        inbox = self._received()
        if (message := await inbox.next()) is not None:
            return message
        closed = self._closed() or CloseEvent(1006, "", False)
        why = f"the WebSocket is closed: {closed.code} {closed.reason}"
        raise WorkersError(why.rstrip(), code=closed.code)

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        self._received()
        return self

    async def __anext__(self) -> str | bytes:
        message = await self._received().next()
        if message is None:
            raise StopAsyncIteration
        return message

    def _received(self) -> _Inbox:
        if self._inbox is None:
            raise WorkersError("call accept() on this WebSocket before receiving messages")
        return self._inbox

    @property
    def close_code(self) -> int | None:
        """The code with which the other end closed; None before that. See ``CloseEvent``."""
        return closed.code if (closed := self._closed()) else None

    @property
    def close_reason(self) -> str | None:
        """The reason that the other end gave, or ""; None before that."""
        return closed.reason if (closed := self._closed()) else None

    @property
    def was_clean(self) -> bool | None:
        """Whether the connection was closed, and did not just break; None before that."""
        return closed.was_clean if (closed := self._closed()) else None

    def _closed(self) -> CloseEvent | None:
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
        """Call ``listener`` with each event, rather than iterate; after ``accept``.

        Messages that a listener is there for do not come up in iteration. A listener may be
        ``async``: it is started and not waited for. What one that is not raises breaks the
        connection. "error" comes before "close" where the connection broke.

        JS: EventTarget.addEventListener.
        """
        listeners = self._received().listeners.setdefault(type, [])
        if listener not in listeners:
            listeners.append(listener)

    def remove_event_listener(
        self, type: Literal["message", "close", "error"], listener: Callable[[Any], Any]
    ) -> None:
        """Call it no more, if it is there. JS: EventTarget.removeEventListener."""
        listeners = self._received().listeners.get(type, [])
        if listener in listeners:
            listeners.remove(listener)

    # Attachments

    def serialize_attachment(self, attachment: Any) -> None:
        """Keep a value with the connection, which a Durable Object finds there when it wakes up.

        Whatever structured clone takes, at most 16,384 bytes of it: WorkersError. It is for this
        end alone. JS: WebSocket.serializeAttachment.
        """
        with _raising:
            self._js.serializeAttachment(to_js(attachment, "attachment"))

    def deserialize_attachment(self) -> Any:
        """A copy of what was kept, or None. JS: WebSocket.deserializeAttachment."""
        return from_js(self._js.deserializeAttachment())

    # Properties

    @property
    def ready_state(self) -> int:
        """``WebSocket.CONNECTING``, ``OPEN``, ``CLOSING`` (one of the ends has closed) or
        ``CLOSED``. An end of a pair is OPEN before ``accept``, too. JS: WebSocket.readyState."""
        return self._js.readyState

    @property
    def url(self) -> str | None:
        """As it was given to ``WebSocket(url)``; None for every other. JS: WebSocket.url."""
        return from_js(self._js.url) or None

    @property
    def protocol(self) -> str | None:
        """What the server of a ``WebSocket(url, protocols)`` chose, None if nothing, and "" before
        that and for every other. JS: WebSocket.protocol."""
        protocol: str | None = from_js(self._js.protocol)
        return protocol

    @property
    def extensions(self) -> str | None:
        """JS: WebSocket.extensions."""
        extensions: str | None = from_js(self._js.extensions)
        return extensions

    @property
    def binary_type(self) -> Literal["arraybuffer", "blob"]:
        """What JavaScript gets for bytes; "arraybuffer" once it is accepted here, where they are
        ``bytes`` whatever the compatibility date. JS: WebSocket.binaryType."""
        return prop(self._js, "binaryType") or "arraybuffer"


class WebSocketPair(tuple[WebSocket, WebSocket]):
    """Two ends joined together: ``client, server = WebSocketPair()``.

    Return the one in a ``Response``, and accept the other. JS: WebSocketPair.
    """

    __slots__ = ()

    def __new__(cls) -> Self:
        pair = web.WebSocketPair.new()
        return super().__new__(cls, [WebSocket.from_js(prop(pair, at)) for at in ("0", "1")])


_LOST = ("Network connection lost.", "WebSocket peer disconnected")
"""Errors after which "close" is told, too: with 1006, or what had arrived before."""

_EVENTS = ("open", "message", "error", "close")


class _Inbox:
    """What came in on a socket and was not asked for yet; the owner of its listener."""

    __slots__ = (
        "_error",
        "_events",
        "_news",
        "_opened",
        "_tasks",
        "_waiting",
        "closed",
        "listeners",
    )

    def __init__(self, js: _js.WebSocket, opened: bool = True) -> None:
        self.closed: CloseEvent | None = None
        self.listeners: dict[str, list[_Listener]] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self._waiting: deque[str | bytes] = deque()
        self._news = asyncio.Event()
        self._opened = opened
        self._error: WorkersError | None = None
        js.binaryType = "arraybuffer"  # the bytes of a Blob would have to be waited for
        self._events = platform.Listening(js, _EVENTS, self._take)

    def stop(self) -> None:
        self._events.stop()

    async def connected(self) -> None:
        while not self._opened and self.closed is None:
            await self._change()
        self._check()

    async def next(self) -> str | bytes | None:
        """The next message; None when it is closed."""
        while not self._waiting:
            if self.closed is not None:
                self._check()
                return None
            await self._change()
        return self._waiting.popleft()

    async def _change(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _check(self) -> None:
        if self._error is not None and self.closed is not None:
            raise self._error

    def _take(self, event: Any) -> None:
        kind: str = event.type
        if kind == "message":
            data = event.data
            message = data if isinstance(data, str) else bytes_of(data) or b""
            if self.listeners.get("message"):
                self._tell("message", MessageEvent(message))
            else:
                self._waiting.append(message)
        elif kind == "close":
            self._end(CloseEvent(event.code, event.reason, bool(event.wasClean)))
        elif kind == "open":
            self._opened = True
        else:
            self._error = from_js_error(WorkersError, event.error)
            if self._opened and self._error.message not in _LOST:
                self._end(CloseEvent(1006, "", False), broken=True)
        self._news.set()

    def _end(self, closed: CloseEvent, broken: bool = False) -> None:
        self._events.stop()
        self.closed = closed
        self._news.set()
        error = self._error
        if self._opened and not broken:
            self._error = None  # iteration just ends
        if error is not None and not closed.was_clean:
            self._tell("error", ErrorEvent(error))
        self._tell("close", closed)

    def _tell(self, kind: str, event: Any) -> None:
        for listener in [*self.listeners.get(kind, ())]:
            result = listener(event)
            if isawaitable(result):
                task = asyncio.ensure_future(result)
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
