"""``FakeStub``: a stub of another Worker, or of an object of one, for HTTP, RPC and TCP.

The path of ``await env.AUTH.verify(token)``, by side of the wire:

- client: ``AUTH.verify`` is a ``JsRpcProperty`` of the stub. The call copies its arguments as
  structured clone does, and returns a ``JsRpcPromise`` (both in ``_cpython/rpc_stubs.py``).
- wire: ``_ServerMethods.resolve`` turns the name into a function that calls ``Deliver``.
- server: ``Deliver`` enters the other Worker and calls the method of its entrypoint
  (``services.served``), of a Durable Object (``FakeObject.deliver``) or of a test's own object
  (``services.given``). The result is copied, and back on the client the promise resolves.

``fetch`` skips the first two steps: a Request and its Response cross as they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from ..._border import raw, web
from ..._cpython.js_exception import JsException
from ..._cpython.rpc_stubs import JsFunction, ServerEnd, StubBase, missing, reserved
from ..._cpython.tcp import Socket, connected
from ..._cpython.websockets import upgraded
from .tcp import accepted

__all__ = ["Deliver", "FakeStub"]

Deliver = Callable[[str, list[Any]], Awaitable[Any]]
"""Calls a method of the server by its name. Arguments and result are JavaScript's values."""

# The runtime's own words, seen in tests/contract/test_services_connect.py and connect_worker.py.
NO_TLS = "Incoming CONNECT with TLS not supported"


class FakeStub(StubBase):
    """A stub with every method of the server: names are resolved when they are called.

    JS: Fetcher.
    """

    js_tag = "Fetcher"
    is_fake = True  # for faults(): a dispatch namespace and a Worker loader return stubs

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._server = _ServerMethods(deliver)

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
        if secure:
            raise JsException("Error", NO_TLS)
        return self._accepted(hostname, port)

    def _accepted(self, hostname: str, port: int) -> Awaitable[Any]:
        return accepted(lambda socket: self._deliver("connect", [socket]), hostname, port)

    def __server__(self) -> ServerEnd:
        return self._server

    def __deliver__(self, method: str, args: list[Any]) -> Awaitable[Any]:
        """Call a method of the server with JavaScript's values."""
        return self._deliver(method, args)


class _ServerMethods(ServerEnd):
    """The methods of a server as the client sees them.

    The client cannot know which methods exist: each name is a function until it is called.
    """

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    async def resolve(self, path: tuple[str, ...]) -> Any:
        name, *rest = path
        if name in _RESERVED:
            raise reserved(name)
        if name in ("ctx", "env") or rest:  # an entrypoint has methods, not properties with members
            raise missing((rest or path)[0])
        return JsFunction(partial(self._call_server, name))

    async def _call_server(self, name: str, *args: Any) -> Any:
        return await self._deliver(name, [*args])


# Names that the runtime refuses over RPC: its own handlers, and members of a stub.
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
