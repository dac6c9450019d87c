"""WebSockets that a Durable Object accepted for hibernation: they outlive its instances."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from ...._cpython.js_exception import JsException
from ...._cpython.websockets import WebSocket

if TYPE_CHECKING:
    from ..._clock import Clock

__all__ = ["Hibernation", "Pair"]


class Pair(Protocol):
    """JS: WebSocketRequestResponsePair."""

    @property
    def request(self) -> str: ...
    @property
    def response(self) -> str: ...


class Hibernation:
    """The WebSockets of one object; it is told of what arrives there.

    ``tell`` has a handler called, in the order of the calls; ``hold`` lets out what is sent.
    """

    def __init__(
        self,
        clock: Clock,
        tell: Callable[[str, list[Any]], Awaitable[None]],
        hold: Callable[[Callable[[], None]], None],
    ) -> None:
        self._hold = hold
        self._clock = clock
        self._tell = tell
        self._tags: dict[WebSocket, list[str]] = {}
        self._answered: dict[WebSocket, datetime] = {}
        self.answer: Pair | None = None
        self.timeout: int | None = None

    def accept(self, socket: WebSocket, tags: list[str]) -> None:
        distinct: list[str] = []
        if socket.waiting:
            for tag in tags:
                if len(distinct) == _MAX_TAGS:
                    raise _error(f"a Hibernatable WebSocket cannot have more than {_MAX_TAGS} tags")
                if len(tag.encode()) > _MAX_TAG:
                    raise _error(
                        f'"{tag}" is longer than the max tag length ({_MAX_TAG} characters).'
                    )
                if tag not in distinct:
                    distinct.append(tag)
        socket.take_over(self)
        socket.hold = self._hold
        self._tags[socket] = distinct

    def sockets(self, tag: str | None) -> list[WebSocket]:
        if tag is None:
            return [*self._tags][::-1]
        return [socket for socket, tags in self._tags.items() if tag in tags]

    def tags(self, socket: WebSocket) -> list[str]:
        if socket not in self._tags:
            raise _error(
                "you must call 'acceptWebSocket()' before attempting to access the tags of a "
                "WebSocket."
            )
        return [*self._tags[socket]]

    def answered(self, socket: WebSocket) -> datetime | None:
        return self._answered.get(socket)

    def drop(self) -> None:
        """The object was reset, and its connections with it."""
        for socket in [*self._tags]:
            socket.hold = _now
            socket.drop()
        self._tags.clear()
        self._answered.clear()

    # As the receiver of each

    def message(self, socket: WebSocket, data: str | bytes) -> None:
        if self.answer is not None and data == self.answer.request:
            self._answered[socket] = self._clock.datetime()
            if not socket.closedOutgoing:
                socket.send(self.answer.response)
        else:
            self._tell("webSocketMessage", [socket, data])

    def close(self, socket: WebSocket, code: int, reason: str, wasClean: bool) -> None:
        told: Any = self._tell("webSocketClose", [socket, code, reason, wasClean])

        def forget(_: object) -> None:
            self._tags.pop(socket, None)

        told.add_done_callback(forget)

    def error(self, socket: WebSocket, error: JsException) -> None:
        """A connection that broke is told of by ``close``, with code 1006."""


def _now(send: Callable[[], None]) -> None:
    send()


_MAX_TAGS = 10
_MAX_TAG = 256


def _error(message: str) -> JsException:
    return JsException("Error", message)
