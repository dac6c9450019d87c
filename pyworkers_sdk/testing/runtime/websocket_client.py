"""The client's side of WebSockets to a ``FakeRuntime``: ``runtime.connect(url)``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import Any

from ..._border import raising
from ..._cpython.websockets import upgraded
from ...errors import WorkersError
from ...headers import Headers
from ...http import Response
from ...websockets import WebSocket

__all__ = ["Connecting", "answered"]

_raising = raising(WorkersError)


class Connecting:
    """A WebSocket that connects to a Worker when you ``await`` it or enter ``async with``."""

    def __init__(
        self,
        fetch: Callable[..., Awaitable[Response]],
        url: str,
        headers: Mapping[str, str] | list[tuple[str, str]] | Headers | None,
        protocols: Sequence[str],
    ) -> None:
        self._fetch = fetch
        self._url = url
        self._headers = Headers(headers)
        self._protocols = protocols
        self._socket: WebSocket | None = None

    def __await__(self) -> Generator[Any, None, WebSocket]:
        return self._connect().__await__()

    async def __aenter__(self) -> WebSocket:
        self._socket = await self._connect()
        return self._socket

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        assert self._socket
        await self._socket.__aexit__(kind, error, trace)
        # Wait for the Close to arrive, so that a test sees its effects after the block. No event
        # signals that moment: a server that never accepts does not even answer the Close.
        while self._socket.js_object.busy:  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def _connect(self) -> WebSocket:
        headers = Headers(self._headers)
        headers["upgrade"] = "websocket"
        if self._protocols:
            headers["sec-websocket-protocol"] = ", ".join(self._protocols)
        scheme, _, rest = self._url.partition("://")
        http_scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
        response = await self._fetch(f"{http_scheme}://{rest}", headers=headers)
        socket = response.web_socket
        if socket is None:
            text = (await response.text())[:200]
            raise WorkersError(
                "connect: expected a response with status 101 and a WebSocket, got "
                f"{response.status} {response.status_text}{f': {text}' if text else ''}"
            )
        js_socket = socket.js_object
        js_socket.url = self._url
        js_socket.protocol = response.headers.get("sec-websocket-protocol")
        socket.accept()
        return socket


def answered(request: Any, response: Any) -> Response:
    """Return a handler's response as the client receives it, with a new end of its WebSocket."""
    if not isinstance(response, Response):
        response = Response.from_js(response)
    with _raising:
        js_response = upgraded(request, response.js_object)
    return response if js_response is response.js_object else Response.from_js(js_response)
