"""``FakeStub``: what stands in for a Worker, or an object, that is reached by HTTP and RPC."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from ..._border import raw, web
from ..._cpython.js_exception import JsException
from ..._cpython.rpc_stubs import JsFunction, Remote, StubBase, missing, reserved
from ..._cpython.tcp import Socket, connected
from ..._cpython.websockets import upgraded
from .tcp import accepted

__all__ = ["Deliver", "FakeStub"]

Deliver = Callable[[str, list[Any]], Awaitable[Any]]
"""Calls a method behind a stub with JavaScript's values: its name and its arguments."""


class FakeStub(StubBase):
    """JS: Fetcher, with every method of whatever is behind it."""

    js_tag = "Fetcher"

    def __init__(self, deliver: Deliver, *, connects: bool = False) -> None:
        self._deliver = deliver
        self._connects = connects
        self._remote = _Entrypoint(deliver)

    async def fetch(self, resource: Any, /, **init: Any) -> Any:
        request = resource
        if init or not isinstance(resource, web.Request):
            request = web.Request.new(resource, **init)
        return upgraded(request, raw(await self._deliver("fetch", [request])))

    def connect(
        self,
        address: Any,
        /,
        *,
        secureTransport: str | None = None,
        allowHalfOpen: bool = False,
        highWaterMark: int | None = None,
    ) -> Socket:
        return connected(self._dial, address, secureTransport, half_open=allowHalfOpen)

    def _dial(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        if not self._connects:
            raise JsException("TypeError", "Incoming CONNECT on a worker not supported")
        if secure:
            raise JsException("Error", "Incoming CONNECT with TLS not supported")
        return self._accepted(hostname, port)

    def _accepted(self, hostname: str, port: int) -> Awaitable[Any]:
        return accepted(lambda socket: self._deliver("connect", [socket]), hostname, port)

    def _resolve_member(self) -> Remote:
        return self._remote


class _Entrypoint(Remote):
    """Its methods cannot be told from what it lacks: every name is one, until it is called."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    async def found(self, path: tuple[str, ...]) -> Any:
        name, *rest = path
        if name in _RESERVED:
            raise reserved(name)
        if name in ("ctx", "env") or rest:
            raise missing((rest or path)[0])
        return JsFunction(partial(self._call, name))

    async def _call(self, name: str, *args: Any) -> Any:
        return await self._deliver(name, [*args])


_RESERVED = {
    "alarm",
    "connect",
    "constructor",
    "dup",
    "fetch",
    "webSocketClose",
    "webSocketError",
    "webSocketMessage",
}
