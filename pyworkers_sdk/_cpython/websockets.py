"""The web platform's WebSockets on plain CPython: ``WebSocketPair``, and ``WebSocket`` to a server.

What is sent waits at the other end until that is accepted. Then it arrives in order, one at a time,
and never before the sender gives way to the event loop.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar, Protocol, TypeAlias

from . import environment
from .clone_size import clone_size
from .js_exception import JsException

__all__ = ["Receiver", "WebSocket", "WebSocketPair", "WebSocketRequestResponsePair", "upgraded"]


class Receiver(Protocol):
    """Who is told what arrives at an end: its listeners, or whoever ``take_over`` put there."""

    def message(self, socket: WebSocket, data: str | bytes, /) -> None: ...
    def close(self, socket: WebSocket, code: int, reason: str, wasClean: bool, /) -> None: ...
    def error(self, socket: WebSocket, error: JsException, /) -> None: ...


class _Listeners:
    """Tells the functions that were given to ``addEventListener``."""

    def message(self, socket: WebSocket, data: str | bytes) -> None:
        socket.dispatch("message", data=data)

    def close(self, socket: WebSocket, code: int, reason: str, wasClean: bool) -> None:
        socket.dispatch("close", code=code, reason=reason, wasClean=wasClean)

    def error(self, socket: WebSocket, error: JsException) -> None:
        message = f"Uncaught {error.name}: {error.message}"
        socket.dispatch("error", message=message, error=error)


_Message: TypeAlias = "str | bytes"


class _Close:
    """A Close frame; one that is not ``clean`` is the end of a connection without it."""

    def __init__(self, code: int, reason: str, clean: bool = True) -> None:
        self.code = code
        self.reason = reason
        self.clean = clean


_NOT_ACCEPTED = (
    "You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending "
    "messages."
)
_BROKEN = ("Error", "Network connection lost.")
_DISCONNECTED = "WebSocket disconnected without sending Close frame."

_MAX_ATTACHMENT = 16_384


class WebSocket:
    """JS: WebSocket, as of compatibility date 2026-04-07.

    An end is *waiting* until it is *accepted*: by ``accept``, by ``take_over``, or, for one that
    was made by ``new``, when its server has answered (until then it is *connecting*). One that went
    out with a response is *released*, and another object stands at the end of its connection.

    ``take_over(receiver)`` is what ``ctx.acceptWebSocket`` of a Durable Object stands on. From then
    on every event goes to the receiver and none to the listeners. A Close from the other end is not
    answered by itself. What a receiver raises does not break the connection. The attachment and the
    state stay with this object, which an evicted Durable Object can be given again.
    """

    CONNECTING: ClassVar = 0
    OPEN: ClassVar = 1
    CLOSING: ClassVar = 2
    CLOSED: ClassVar = 3

    _dialling: asyncio.Task[None]

    def __init__(self) -> None:
        self.url: str | None = None
        self.protocol: str | None = ""
        self.extensions: str | None = ""
        self.binaryType = "blob"
        self.receiver: Receiver = _Listeners()
        self.closedIncoming: bool = False
        self.closedOutgoing: bool = False
        self.error: JsException | None = None
        self._state = "waiting"
        self._allowHalfOpen = False
        self._attachment: Any = None
        self.listeners: dict[str, list[Callable[[Any], Any]]] = {}
        self._peer: WebSocket | None = None
        self._arrived: deque[_Message | _Close] = deque()
        self._busy = False
        self._context: Context | None = None
        self.hold: Callable[[Callable[[], None]], None] | None = None

    @classmethod
    def new(cls, url: str, protocols: list[str]) -> WebSocket:
        socket = cls()
        socket.url = url
        _check_server(url, protocols)
        socket._state = "connecting"
        socket._dialling = asyncio.ensure_future(socket._connect(url, protocols))
        return socket

    # Properties

    @property
    def readyState(self) -> int:
        if self.error is not None or (self.closedIncoming and self.closedOutgoing):
            return self.CLOSED
        if self.closedIncoming or self.closedOutgoing:
            return self.CLOSING
        return self.CONNECTING if self._state == "connecting" else self.OPEN

    @property
    def waiting(self) -> bool:
        """Whether nobody has accepted it yet."""
        return self._state == "waiting"

    @property
    def busy(self) -> bool:
        """Whether something is about to arrive, at this end or the other."""
        return self._busy or (self._peer is not None and self._peer._busy)

    # Methods

    def accept(self, *, allowHalfOpen: bool | None = None) -> None:
        if self._state == "connecting":
            raise _type_error(
                "Websockets obtained from the 'new WebSocket()' constructor cannot call accept"
            )
        if self._state == "released":
            raise _type_error("Can't accept() WebSocket that was already used in a response.")
        if self._state == "taken":
            raise _type_error("Can't accept() WebSocket after enabling hibernation.")
        if self._state == "waiting":
            self._allowHalfOpen = bool(allowHalfOpen)
            self._open("accepted")

    def take_over(self, receiver: Receiver) -> None:
        """Accept, for this receiver; see the class."""
        if self._state != "waiting":
            raise JsException(
                "Error",
                "Cannot call `acceptWebSocket()` if the WebSocket was already accepted via "
                "`accept()`",
            )
        self.receiver = receiver
        self._allowHalfOpen = True
        self._open("taken")

    def send(self, message: _Message) -> None:
        if self.closedOutgoing:
            raise _type_error("Can't call WebSocket send() after close().")
        if self.error is not None or self._state == "released":
            return
        if self._state not in ("accepted", "taken"):
            raise _type_error(_NOT_ACCEPTED)
        self._send(message)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        if code is not None:
            _check_code(code)
        if reason is not None and len(reason.encode()) > 123:
            raise JsException(
                "SyntaxError",
                "WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.",
            )
        if reason is not None and code is None:
            raise JsException(
                "InvalidAccessError",
                "If you specify a WebSocket close reason, you must also specify a code.",
            )
        if self._state == "connecting":
            self._dialling.cancel()
            self._state = "released"
            asyncio.get_running_loop().call_soon(self._not_connected, JsException(*_BROKEN))
        elif self.closedOutgoing or self.error is not None or self._state == "released":
            return
        elif self._state == "waiting":
            raise _type_error(_NOT_ACCEPTED)
        else:
            self._close(_Close(1005 if code is None else code, reason or ""))

    def serializeAttachment(self, attachment: Any) -> None:
        size = clone_size(attachment)
        if size > _MAX_ATTACHMENT:
            raise JsException(
                "Error",
                f"A WebSocket 'attachment' cannot be larger than {_MAX_ATTACHMENT} bytes."
                f"'attachment' was {size} bytes.",
            )
        self._attachment = attachment

    def deserializeAttachment(self) -> Any:
        return self._attachment

    def addEventListener(self, type: str, listener: Callable[[Any], Any]) -> None:
        listeners = self.listeners.setdefault(type, [])
        if listener not in listeners:
            listeners.append(listener)

    def removeEventListener(self, type: str, listener: Callable[[Any], Any]) -> None:
        listeners = self.listeners.get(type, [])
        if listener in listeners:
            listeners.remove(listener)

    def dispatch(self, type: str, **members: Any) -> None:
        event = SimpleNamespace(type=type, **members)
        for listener in [*self.listeners.get(type, ())]:
            listener(event)

    # The connection

    def join(self, peer: WebSocket) -> None:
        """Make these two the ends of one connection."""
        self._peer, peer._peer = peer, self

    def handed_over(self) -> WebSocket:
        """Let go of the connection, which a response takes along; its new end."""
        refusals = {
            "connecting": "in a Response if it was created with `new WebSocket()`",
            "released": "that was already used in a response.",
            "taken": "in a Response after calling acceptWebSocket().",
            "accepted": "in a Response after calling accept().",
        }
        if self._state in refusals:
            raise _type_error(f"Can't return WebSocket {refusals[self._state]}")
        end = type(self)()
        end._arrived = self._arrived
        self._state = "released"
        if self._peer is not None:
            end.join(self._peer)
            self._peer = None
        return end

    def drop(self) -> None:
        """Take the connection down, without a Close frame, and say nothing of it at this end."""
        self.receiver = _Listeners()
        self._break(JsException(*_BROKEN))

    def _open(self, state: str) -> None:
        self._state = state
        self._context = copy_context()
        self._pump()

    def _send(self, frame: _Message | _Close) -> None:
        if self.hold is None:
            self._let_out(frame)
        else:
            self.hold(partial(self._let_out, frame))

    def _let_out(self, frame: _Message | _Close) -> None:
        if self._peer is not None:
            self._peer._arrived.append(frame)
            self._peer._pump()

    def _close(self, frame: _Close) -> None:
        self.closedOutgoing = True
        self._send(frame)

    def _pump(self) -> None:
        if self._arrived and not self._busy and self._state in ("accepted", "taken"):
            self._busy = True
            asyncio.get_running_loop().call_soon(self._take, context=self._context)

    def _take(self) -> None:
        frame = self._arrived.popleft()
        try:
            if isinstance(frame, _Close):
                self._closed(frame)
            elif not self.closedIncoming:
                self.receiver.message(self, frame)
        except Exception as exc:
            if self._state == "accepted":
                self._break(JsException(type(exc).__name__, str(exc)))
            raise  # the event loop logs it
        finally:
            self._busy = False
            self._pump()

    def _closed(self, frame: _Close) -> None:
        if self.closedIncoming:
            return
        if not frame.clean:
            self._fail(JsException(*_BROKEN))
        self.closedIncoming = True
        if not self._allowHalfOpen and not self.closedOutgoing and frame.clean:
            self._close(frame)
        self.receiver.close(self, frame.code, frame.reason, frame.clean)

    def _break(self, error: JsException) -> None:
        """The connection ends here and now, without a Close frame."""
        self.closedIncoming = True
        self._send(_Close(1006, _DISCONNECTED, clean=False))
        self._fail(error)

    def _fail(self, error: JsException) -> None:
        if self.error is None:
            self.error = error
            self.receiver.error(self, error)

    # The client of a server

    async def _connect(self, url: str, protocols: list[str]) -> None:
        headers = [["upgrade", "websocket"]]
        if protocols:
            headers.append(["sec-websocket-protocol", ", ".join(protocols)])
        try:
            response = await environment.current().upgrade("http" + url[2:], headers)
            if response.webSocket is None:
                raise _type_error(
                    "Failed to establish the WebSocket connection: expected server to reply with "
                    f"HTTP status code 101 (switching protocols), but received {response.status} "
                    "instead."
                )
        except JsException as error:
            self._state = "released"
            self._not_connected(error)
            return
        end: WebSocket = response.webSocket.handed_over()
        self._arrived = end._arrived
        assert end._peer
        self.join(end._peer)
        self.protocol = response.headers.get("sec-websocket-protocol")
        self.extensions = "permessage-deflate"
        self._open("accepted")
        self.dispatch("open")

    def _not_connected(self, error: JsException) -> None:
        self.closedIncoming = True
        self._fail(error)
        self.receiver.close(self, 1006, "Failed to establish websocket connection", False)


class WebSocketRequestResponsePair:
    def __init__(self, request: str, response: str) -> None:
        self.request = request
        self.response = response

    @classmethod
    def new(cls, request: str, response: str) -> WebSocketRequestResponsePair:
        return cls(request, response)


class WebSocketPair:
    """JS: WebSocketPair. Its members are named ``0`` and ``1``."""

    def __init__(self) -> None:
        ends = WebSocket(), WebSocket()
        ends[0].join(ends[1])
        vars(self).update({"0": ends[0], "1": ends[1]})

    @classmethod
    def new(cls) -> WebSocketPair:
        return cls()


def upgraded(request: Any, response: Any) -> Any:
    """The response that a client gets of a handler's: with an end of its own, if with a WebSocket.

    workerd answers 101 even where the WebSocket was accepted, and breaks the connection; here the
    reason, which it logs, is raised.
    """
    if getattr(response, "webSocket", None) is None:
        return response
    if (request.headers.get("upgrade") or "").lower() != "websocket":
        raise _type_error(
            "Worker tried to return a WebSocket in a response to a request which did not contain "
            'the header "Upgrade: websocket".'
        )
    headers = [*response.headers]
    end = response.webSocket.handed_over()
    return type(response)(None, status=101, headers=headers, webSocket=end)


def _type_error(message: str) -> JsException:
    return JsException("TypeError", message)


def _check_code(code: int) -> None:
    if not -(2**31) <= code < 2**31:
        raise _type_error(
            "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."
        )
    if not 1000 <= code < 5000 or code in (1004, 1005, 1006, 1015):
        raise JsException("InvalidAccessError", f"Invalid WebSocket close code: {code}.")


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z\"-]+")


def _check_server(url: str, protocols: list[str]) -> None:
    scheme, colon, rest = url.partition(":")
    if not colon or not re.match(r"//[^/?#\s]*(?![^/?#])", rest):
        raise _no_server("The url is invalid.")
    if scheme.lower() not in ("ws", "wss"):
        raise _no_server("The url scheme must be ws or wss.")
    if "#" in rest:
        raise _no_server("The url fragment must be empty.")
    for at, protocol in enumerate(protocols):
        if not _TOKEN.fullmatch(protocol):
            raise _no_server("One of the protocol header tokens is invalid.")
        if protocol in protocols[:at]:
            raise _no_server("The protocols header cannot have repeating values.")


def _no_server(reason: str) -> JsException:
    return JsException("SyntaxError", f"WebSocket Constructor: {reason}")
