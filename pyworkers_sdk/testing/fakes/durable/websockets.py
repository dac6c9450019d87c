"""The hibernating WebSockets of a fake Durable Object. They outlive its instances."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from ...._cpython.js_exception import JsException
from ...._cpython.websockets import WebSocket

if TYPE_CHECKING:
    from ..._clock import Clock

__all__ = ["Hibernation", "Pair"]

_MAX_TAGS = 10
_MAX_TAG = 256  # "characters" in the message, but the runtime counts bytes of UTF-8

# The runtime's own words.
_TOO_MANY_TAGS = f"a Hibernatable WebSocket cannot have more than {_MAX_TAGS} tags"
_TAG_TOO_LONG = '"{tag}" is longer than the max tag length ({limit} characters).'
_NOT_ACCEPTED = (
    "you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket."
)


class Pair(Protocol):
    """JS: WebSocketRequestResponsePair."""

    @property
    def request(self) -> str: ...
    @property
    def response(self) -> str: ...


class Hibernation:
    """The hibernating WebSockets of one object, and the receiver of their events.

    ``call_handler`` calls a handler of the object, in the order of the events. ``hold`` delays a
    message that the object sends until its output gate opens.
    """

    def __init__(
        self,
        clock: Clock,
        call_handler: Callable[[str, list[Any]], Awaitable[None]],
        hold: Callable[[Callable[[], None]], None],
    ) -> None:
        self._hold = hold
        self._clock = clock
        self._call_handler = call_handler
        self._tags: dict[WebSocket, list[str]] = {}
        self._auto_response_times: dict[WebSocket, datetime] = {}
        self.auto_response: Pair | None = None
        self.timeout: int | None = None

    def accept(self, socket: WebSocket, tags: list[str]) -> None:
        distinct: list[str] = []
        # For a socket that was accepted before, take_over raises: that error comes first.
        if socket.waiting:
            for tag in tags:
                # A tag behind ten distinct ones is refused, even if it repeats one of them.
                if len(distinct) == _MAX_TAGS:
                    raise JsException("Error", _TOO_MANY_TAGS)
                if len(tag.encode()) > _MAX_TAG:
                    raise JsException("Error", _TAG_TOO_LONG.format(tag=tag, limit=_MAX_TAG))
                if tag not in distinct:
                    distinct.append(tag)
        socket.take_over(self)
        socket.hold = self._hold
        self._tags[socket] = distinct

    def sockets(self, tag: str | None) -> list[WebSocket]:
        # All sockets come newest first, but those with a tag oldest first, as in workerd
        # (test_sockets_are_listed_by_tag).
        if tag is None:
            return [*self._tags][::-1]
        return [socket for socket, tags in self._tags.items() if tag in tags]

    def tags(self, socket: WebSocket) -> list[str]:
        if socket not in self._tags:
            raise JsException("Error", _NOT_ACCEPTED)
        return [*self._tags[socket]]

    def auto_response_time(self, socket: WebSocket) -> datetime | None:
        return self._auto_response_times.get(socket)

    def drop(self) -> None:
        """Drop all connections, without Close frames, because the object was reset."""
        for socket in [*self._tags]:
            socket.hold = _send_now
            socket.drop()
        self._tags.clear()
        self._auto_response_times.clear()

    # The receiver of each socket (see _cpython.websockets.Receiver)

    def message(self, socket: WebSocket, data: str | bytes) -> None:
        # An automatic answer neither wakes the object nor waits for its gates.
        if self.auto_response is not None and data == self.auto_response.request:
            self._auto_response_times[socket] = self._clock.datetime()
            if not socket.closedOutgoing:
                socket.send(self.auto_response.response)
        else:
            self._call_handler("webSocketMessage", [socket, data])

    def close(self, socket: WebSocket, code: int, reason: str, wasClean: bool) -> None:
        call: Any = self._call_handler("webSocketClose", [socket, code, reason, wasClean])

        def forget(_: object) -> None:
            self._tags.pop(socket, None)

        # The handler still finds the socket in getWebSockets
        # (test_close_by_the_client_calls_the_close_handler).
        call.add_done_callback(forget)

    def error(self, socket: WebSocket, error: JsException) -> None:
        """Do nothing: ``close`` follows, with code 1006."""


def _send_now(send: Callable[[], None]) -> None:
    send()
