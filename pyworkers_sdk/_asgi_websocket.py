"""A WebSocket between a client and an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from ._asgi_common import (
    Application,
    Context,
    Message,
    begun,
    failure_of,
    headers_of_message,
    is_interrupted,
    unexpected,
)
from .errors import WorkersError
from .http import Response
from .websockets import WebSocket, WebSocketPair

__all__ = ["Connection"]

_log = logging.getLogger("pyworkers_sdk.asgi")

_NO_CODE = 1005
_UNSENDABLE = (1004, 1006, 1015)
"""Close codes that no frame can have (RFC 6455, 7.4.1). A normal closure stands for them."""

_MAX_REASON = 123  # bytes


class _ClientLeft(OSError):
    """Raised by ``send`` after the end of the connection, as the specification demands."""


class Connection:
    """The handshake of a WebSocket, its messages, or the response that refuses it."""

    def __init__(self, app: Application, scope: dict[str, Any]) -> None:
        self._app = app
        self._scope = scope
        self._answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._socket: WebSocket | None = None
        self._connected = False
        self._closed: tuple[int, str] | None = None  # by the application
        self._refusal: Message | None = None
        self._refusal_body: list[bytes] = []

    async def open(self, ctx: Context | None) -> Response:
        running = begun(self._run())
        try:
            response = await self._answer
        except BaseException:
            running.cancel()
            raise
        if ctx is not None:
            ctx.wait_until(running)
        return response

    async def _run(self) -> None:
        code = 1000
        try:
            await self._app(self._scope, self._receive, self._send)
            if not self._answer.done():
                _log.error("the application returned without accepting or closing its WebSocket")
                self._forbid()
        except _ClientLeft:
            pass
        except BaseException as error:
            if is_interrupted(error):
                raise
            code = 1011
            failure = failure_of(error)
            if self._answer.done():
                _log.error("the application failed in a WebSocket", exc_info=failure)
            else:
                self._answer.set_exception(failure)
        finally:
            socket = self._socket
            if socket is not None and self._closed is None and socket.ready_state == socket.OPEN:
                socket.close(code)

    async def _receive(self) -> Message:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        await asyncio.wait([self._answer])
        socket = self._socket
        if socket is None:
            return {"type": "websocket.disconnect", "code": 1006, "reason": ""}
        if self._closed is None:
            try:
                message = await anext(socket, None)
            except WorkersError:  # the connection broke, for example by a message that is too long
                message = None
            if message is not None:
                key = "text" if isinstance(message, str) else "bytes"
                return {"type": "websocket.receive", key: message}
        if self._closed is not None:
            code, reason = self._closed
        else:
            code = socket.close_code or 1006
            # For a connection that broke, the runtime describes the fault.
            reason = (socket.close_reason or "") if socket.was_clean else ""
        return {"type": "websocket.disconnect", "code": code, "reason": reason}

    async def _send(self, message: Message) -> None:
        event = message["type"]
        if self._socket is not None:
            self._send_to(self._socket, event, message)
        elif self._answer.done():
            raise unexpected(event)
        elif self._refusal is not None:
            self._refuse(self._refusal, event, message)
        elif event == "websocket.accept":
            self._accept(message)
        elif event == "websocket.close":
            self._forbid()
        elif event == "websocket.http.response.start":
            self._refusal = message
        else:
            raise unexpected(event)

    def _forbid(self) -> None:
        self._answer.set_result(Response("Forbidden", status=403))

    def _accept(self, message: Message) -> None:
        client, server = WebSocketPair()
        server.accept()
        headers = headers_of_message(message)
        if message.get("subprotocol"):
            headers.append(("sec-websocket-protocol", message["subprotocol"]))
        response = Response(None, status=101, headers=headers, web_socket=client)
        self._socket = server
        self._answer.set_result(response)

    def _refuse(self, start: Message, event: str, message: Message) -> None:
        if event != "websocket.http.response.body":
            raise unexpected(event)
        self._refusal_body.append(bytes(message.get("body") or b""))
        if not message.get("more_body", False):
            body = b"".join(self._refusal_body)
            status: int = start["status"]
            response = Response(
                None if status in (204, 205, 304) else body,
                status=status,
                headers=headers_of_message(start),
                encode_body="manual",
            )
            self._answer.set_result(response)

    def _send_to(self, socket: WebSocket, event: str, message: Message) -> None:
        if self._closed is not None or event not in ("websocket.send", "websocket.close"):
            raise unexpected(event)
        if socket.close_code is not None:
            raise _ClientLeft(f"the client closed the WebSocket: {socket.close_code}")
        if event == "websocket.send":
            data = message.get("bytes")
            socket.send(message["text"] if data is None else data)
            return
        code: int = message.get("code") or 1000
        reason: str = message.get("reason") or ""
        if code == _NO_CODE:
            socket.close()
        else:
            sendable = reason.encode()[:_MAX_REASON].decode(errors="ignore")
            socket.close(1000 if code in _UNSENDABLE else code, sendable)
        self._closed = (code, reason)
