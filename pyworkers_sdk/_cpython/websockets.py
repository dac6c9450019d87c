"""The web platform's WebSockets on plain CPython: ``WebSocketPair``, and ``WebSocket`` to a server.

A sent message waits at the other end until that end is accepted. Then messages arrive in order, one
at a time, and never before the sender yields to the event loop. tests/contract/test_websockets.py
compares this, and the words of errors, with workerd.
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
from .status_text import sent

__all__ = ["Receiver", "WebSocket", "WebSocketPair", "WebSocketRequestResponsePair", "upgraded"]


class Receiver(Protocol):
    """The recipient of an end's events: its listeners, or the receiver passed to ``take_over``."""

    def message(self, socket: WebSocket, data: str | bytes, /) -> None: ...
    def close(self, socket: WebSocket, code: int, reason: str, wasClean: bool, /) -> None: ...
    def error(self, socket: WebSocket, error: JsException, /) -> None: ...


class _Listeners:
    """The receiver that calls the functions added by ``addEventListener``."""

    def message(self, socket: WebSocket, data: str | bytes) -> None:
        socket.dispatch("message", data=data)

    def close(self, socket: WebSocket, code: int, reason: str, wasClean: bool) -> None:
        socket.dispatch("close", code=code, reason=reason, wasClean=wasClean)

    def error(self, socket: WebSocket, error: JsException) -> None:
        message = f"Uncaught {error.name}: {error.message}"
        socket.dispatch("error", message=message, error=error)


_Message: TypeAlias = "str | bytes"


class _Close:
    """A Close frame; without ``clean`` it stands for a connection that ended without one."""

    def __init__(self, code: int, reason: str, clean: bool = True) -> None:
        self.code = code
        self.reason = reason
        self.clean = clean


# workerd's own words
NOT_ACCEPTED = (
    "You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending "
    "messages."
)
BROKEN = ("Error", "Network connection lost.")
DISCONNECTED = "WebSocket disconnected without sending Close frame."
ACCEPT_OF_CLIENT = "Websockets obtained from the 'new WebSocket()' constructor cannot call accept"
ACCEPT_AFTER_RESPONSE = "Can't accept() WebSocket that was already used in a response."
ACCEPT_AFTER_HIBERNATION = "Can't accept() WebSocket after enabling hibernation."
TAKE_OVER_AFTER_ACCEPT = (
    "Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`"
)
SEND_AFTER_CLOSE = "Can't call WebSocket send() after close()."
LONG_REASON = "WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded."
REASON_WITHOUT_CODE = "If you specify a WebSocket close reason, you must also specify a code."
CODE_RANGE = "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."
NOT_CONNECTED = "Failed to establish websocket connection"
NOT_UPGRADED = (
    "Worker tried to return a WebSocket in a response to a request which did not contain the "
    'header "Upgrade: websocket".'
)
REFUSED_IN_RESPONSE = {  # by the state of the WebSocket
    "connecting": "in a Response if it was created with `new WebSocket()`",
    "released": "that was already used in a response.",
    "taken": "in a Response after calling acceptWebSocket().",
    "accepted": "in a Response after calling accept().",
}

_MAX_ATTACHMENT = 16_384
"""The most bytes of a serialized attachment."""


class WebSocket:
    """JS: WebSocket, as of compatibility date 2026-04-07.

    The states of an end:

    - *waiting*: not accepted yet;
    - *connecting*: made by ``new``, and the server has not answered yet;
    - *accepted*: by ``accept``, or by the answer of the server;
    - *taken*: by ``take_over``;
    - *released*: it went out with a response, and another object is that end of the connection.

    ``ctx.acceptWebSocket`` of a Durable Object calls ``take_over(receiver)``. From then on every
    event goes to the receiver and none to the listeners. A Close from the other end is not answered
    automatically. An exception of a receiver does not break the connection. The attachment and the
    state stay with this object, so that an evicted Durable Object can get it back.
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
        self.arrived: deque[_Message | _Close] = deque()
        self.delivering: bool = False
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
        """True until the end is accepted."""
        return self._state == "waiting"

    @property
    def busy(self) -> bool:
        """True while a message is about to arrive, at this end or the other."""
        return self.delivering or (self._peer is not None and self._peer.delivering)

    # Methods

    def accept(self, *, allowHalfOpen: bool | None = None) -> None:
        if self._state == "connecting":
            raise _type_error(ACCEPT_OF_CLIENT)
        if self._state == "released":
            raise _type_error(ACCEPT_AFTER_RESPONSE)
        if self._state == "taken":
            raise _type_error(ACCEPT_AFTER_HIBERNATION)
        if self._state == "waiting":
            self._allowHalfOpen = bool(allowHalfOpen)
            self._open("accepted")

    def take_over(self, receiver: Receiver) -> None:
        """Accept the end for a receiver; see the class."""
        if self._state != "waiting":
            raise JsException("Error", TAKE_OVER_AFTER_ACCEPT)
        self.receiver = receiver
        self._allowHalfOpen = True
        self._open("taken")

    def send(self, message: _Message) -> None:
        if self.closedOutgoing:
            raise _type_error(SEND_AFTER_CLOSE)
        if self.error is not None or self._state == "released":
            return  # workerd drops such messages silently
        if self._state not in ("accepted", "taken"):
            raise _type_error(NOT_ACCEPTED)
        self._send(message)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        if code is not None:
            _check_code(code)
        if reason is not None and len(reason.encode()) > 123:
            raise JsException("SyntaxError", LONG_REASON)
        if reason is not None and code is None:
            raise JsException("InvalidAccessError", REASON_WITHOUT_CODE)
        if self._state == "connecting":
            self._dialling.cancel()
            self._state = "released"
            # Not now: in JavaScript events arrive after the code that is running.
            asyncio.get_running_loop().call_soon(self._not_connected, JsException(*BROKEN))
        elif self.closedOutgoing or self.error is not None or self._state == "released":
            return
        elif self._state == "waiting":
            raise _type_error(NOT_ACCEPTED)
        else:
            # 1005: RFC 6455 (7.4.1) reserves it for a Close frame without a code.
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

    def replace_by(self, end: WebSocket) -> None:
        """Make another object this end of the connection."""
        end.arrived = self.arrived
        if self._peer is not None:
            end.join(self._peer)
            self._peer = None

    def handed_over(self) -> WebSocket:
        """Release the connection to a response, and return its new end."""
        if self._state in REFUSED_IN_RESPONSE:
            raise _type_error(f"Can't return WebSocket {REFUSED_IN_RESPONSE[self._state]}")
        end = type(self)()
        self._state = "released"
        self.replace_by(end)
        return end

    def end(self, code: int, reason: str) -> None:
        """Send a Close frame with any code, as a client of the network may."""
        if not self.closedOutgoing and self.error is None:
            self._close(_Close(code, reason))

    def drop(self) -> None:
        """Break the connection without a Close frame, and without an event at this end."""
        self.receiver = _Listeners()
        self._break(JsException(*BROKEN))

    def _open(self, state: str) -> None:
        self._state = state
        self._context = copy_context()  # of the code that accepts: its events run in it
        self.pump()

    def _send(self, frame: _Message | _Close) -> None:
        # The output gate of a Durable Object: it delays messages until the writes are saved.
        if self.hold is None:
            self._deliver(frame)
        else:
            self.hold(partial(self._deliver, frame))

    def _deliver(self, frame: _Message | _Close) -> None:
        if self._peer is not None:
            self._peer.arrived.append(frame)
            self._peer.pump()

    def _close(self, frame: _Close) -> None:
        self.closedOutgoing = True
        self._send(frame)

    def pump(self) -> None:
        """Schedule the next frame that has arrived, one at a time."""
        if self.arrived and not self.delivering and self._state in ("accepted", "taken"):
            self.delivering = True
            asyncio.get_running_loop().call_soon(self._take, context=self._context)

    def _take(self) -> None:
        frame = self.arrived.popleft()
        try:
            if isinstance(frame, _Close):
                self._closed(frame)
            elif not self.closedIncoming:
                self.receiver.message(self, frame)
        except Exception as exc:
            # test_websockets: test_listener_that_raises_breaks_the_connection
            if self._state == "accepted":
                self._break(JsException(type(exc).__name__, str(exc)))
            raise  # the event loop logs it
        finally:
            self.delivering = False
            self.pump()

    def _closed(self, frame: _Close) -> None:
        if self.closedIncoming:
            return
        if not frame.clean:
            self._fail(JsException(*BROKEN))
        self.closedIncoming = True
        # As of compatibility date 2026-04-07 a Close is answered with its own code.
        if not self._allowHalfOpen and not self.closedOutgoing and frame.clean:
            self._close(frame)
        self.receiver.close(self, frame.code, frame.reason, frame.clean)

    def _break(self, error: JsException) -> None:
        """End the connection at once, without a Close frame."""
        self.closedIncoming = True
        # 1006: RFC 6455 (7.4.1) reserves it for a connection that ended without a Close frame.
        self._send(_Close(1006, DISCONNECTED, clean=False))
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
        end.replace_by(self)
        self.protocol = response.headers.get("sec-websocket-protocol")
        self.extensions = "permessage-deflate"
        self._open("accepted")
        self.dispatch("open")

    def _not_connected(self, error: JsException) -> None:
        self.closedIncoming = True
        self._fail(error)
        self.receiver.close(self, 1006, NOT_CONNECTED, False)


class WebSocketRequestResponsePair:
    """JS: WebSocketRequestResponsePair."""

    def __init__(self, request: str, response: str) -> None:
        self.request = request
        self.response = response

    @classmethod
    def new(cls, request: str, response: str) -> WebSocketRequestResponsePair:
        return cls(request, response)


class WebSocketPair:
    """Two ends of one connection, as members named ``0`` and ``1``. JS: WebSocketPair."""

    def __init__(self) -> None:
        ends = WebSocket(), WebSocket()
        ends[0].join(ends[1])
        vars(self).update({"0": ends[0], "1": ends[1]})

    @classmethod
    def new(cls) -> WebSocketPair:
        return cls()


def upgraded(request: Any, response: Any) -> Any:
    """Return the response that the client receives: with the client's end of its WebSocket.

    If the handler had accepted the WebSocket that it returns, workerd answers 101, breaks the
    connection and logs the reason. Here the reason is raised.
    """
    if getattr(response, "webSocket", None) is None:
        return sent(response)
    if (request.headers.get("upgrade") or "").lower() != "websocket":
        raise _type_error(NOT_UPGRADED)
    headers = [*response.headers]
    end = response.webSocket.handed_over()
    return sent(type(response)(None, status=101, headers=headers, webSocket=end))


def _type_error(message: str) -> JsException:
    return JsException("TypeError", message)


def _check_code(code: int) -> None:
    if not -(2**31) <= code < 2**31:
        raise _type_error(CODE_RANGE)
    # Codes below 1000 are unused, and from 5000 on undefined; the four are never sent (RFC 6455).
    if not 1000 <= code < 5000 or code in (1004, 1005, 1006, 1015):
        raise JsException("InvalidAccessError", f"Invalid WebSocket close code: {code}.")


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z\"-]+")


def _check_server(url: str, protocols: list[str]) -> None:
    scheme, colon, rest = url.partition(":")
    if not colon or not re.match(r"//[^/?#\s]*(?![^/?#])", rest):
        raise _constructor_error("The url is invalid.")
    if scheme.lower() not in ("ws", "wss"):
        raise _constructor_error("The url scheme must be ws or wss.")
    if "#" in rest:
        raise _constructor_error("The url fragment must be empty.")
    for index, protocol in enumerate(protocols):
        if not _TOKEN.fullmatch(protocol):
            raise _constructor_error("One of the protocol header tokens is invalid.")
        if protocol in protocols[:index]:
            raise _constructor_error("The protocols header cannot have repeating values.")


def _constructor_error(reason: str) -> JsException:
    return JsException("SyntaxError", f"WebSocket Constructor: {reason}")
