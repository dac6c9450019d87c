"""WebSockets of a ``FakeRuntime``, from the client's side."""

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
    """A WebSocket on its way to a Worker: ``async with`` it, or ``await`` it."""

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
        return self._connected().__await__()

    async def __aenter__(self) -> WebSocket:
        self._socket = await self._connected()
        return self._socket

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        assert self._socket
        await self._socket.__aexit__(kind, error, trace)
        while self._socket.js_object.busy:  # noqa: ASYNC110  # nothing tells of its end
            await asyncio.sleep(0)

    async def _connected(self) -> WebSocket:
        headers = Headers(self._headers)
        headers["upgrade"] = "websocket"
        if self._protocols:
            headers["sec-websocket-protocol"] = ", ".join(self._protocols)
        scheme, _, rest = self._url.partition("://")
        over = {"ws": "http", "wss": "https"}.get(scheme, scheme)
        response = await self._fetch(f"{over}://{rest}", headers=headers)
        socket = response.web_socket
        if socket is None:
            said = (await response.text())[:200]
            raise WorkersError(
                f"the Worker answered {response.status} {response.status_text} to a request for a "
                f"WebSocket, not 101 with one{f': {said}' if said else ''}"
            )
        js = socket.js_object
        js.url, js.protocol = self._url, response.headers.get("sec-websocket-protocol")
        socket.accept()
        return socket


def answered(request: Any, response: Any) -> Response:
    """What a handler returned, as the client gets it: a WebSocket with an end of its own."""
    if not isinstance(response, Response):
        response = Response.from_js(response)
    with _raising:
        received = upgraded(request, response.js_object)
    return response if received is response.js_object else Response.from_js(received)
