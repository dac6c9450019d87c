"""RPC's stubs on plain CPython: they stand for a function or an object of the other side.

They speak JavaScript's values. A call such as ``await stub.room("a").say("hello")``, by side of the
wire:

1. client: ``stub.room`` is a ``JsRpcProperty``; nothing is sent. Its call clones the arguments at
   once, since the caller may change them afterwards, and returns a ``JsRpcPromise``.
2. wire: ``_exchange`` asks the ``ServerEnd`` behind the stub for the value at the path ``room``,
   calls it, and clones the result for the client. A function or an RpcTarget in it becomes a stub.
3. server: ``ServerEnd.resolve`` walks the path. A ``LocalValue`` is an object of the server. A
   ``PendingResult`` is the result of an earlier call: ``.say("hello")`` waits for it on the
   server's side, so that the pipelined call costs no second round trip.
4. client: awaiting the promise returns the clone. The server's stubs in the original result are
   disposed of: the clone has copies of them.

Every other name of a stub is a member of the server. So the methods of a stub that are meant for
this package have names between double underscores.
"""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Generator
from typing import Any

from .js_exception import JsException
from .structured_clone import Clone

__all__ = [
    "JsFunction",
    "JsRpcPromise",
    "JsRpcProperty",
    "JsRpcStub",
    "JsRpcTarget",
    "ServerEnd",
    "StubBase",
    "missing",
    "reserved",
]

Call = Callable[..., Awaitable[Any]]

# The runtime's own words, seen by tests/contract/test_rpc.py.
NOT_PIPELINED = "Can't pipeline on RPC that did not return an object."
PROMISE_DISPOSED = "RPC promise used after being disposed."
STUB_DISPOSED = "RPC stub used after being disposed."
NOT_WRAPPED = "RpcStubs can only wrap plain objects, functions, and RpcTarget derivatives."


class JsFunction:
    """A function on the JavaScript side."""

    js_tag = "Function"

    def __init__(self, call: Call) -> None:
        self.call = call


class JsRpcTarget:
    """An object on the JavaScript side whose methods and properties the other side may use."""

    js_tag = "JsRpcTarget"

    def __init__(
        self,
        methods: dict[str, Call],
        properties: dict[str, Call],
        dispose: Callable[[], None],
        promised: Collection[str] = (),
    ) -> None:
        """``promised`` names the properties that are Promises: they have no members to pipeline."""
        self.methods = methods
        self.properties = properties
        self.dispose = dispose
        self.promised = promised


# Server


class ServerEnd:
    """The server's end behind stubs; ``held`` counts the stubs."""

    held = 0

    async def resolve(self, path: tuple[str, ...]) -> Any:
        """Return the value at a path: a value of JavaScript, or a ``JsFunction`` to call."""
        raise NotImplementedError

    def released(self) -> None:
        """Called when the last stub is disposed of."""


class LocalValue(ServerEnd):
    """A function, an RpcTarget or a plain object of the server."""

    def __init__(self, value: Any) -> None:
        self._value = value

    async def resolve(self, path: tuple[str, ...]) -> Any:
        return await _member_at(self._value, path)

    def released(self) -> None:
        if isinstance(self._value, JsRpcTarget):
            self._value.dispose()


class PendingResult(ServerEnd):
    """The result of a call, for the pipelined calls that do not wait for it."""

    def __init__(self, result: asyncio.Future[Any]) -> None:
        self._result = result
        self._known = result.done()

    async def resolve(self, path: tuple[str, ...]) -> Any:
        value = await self._result
        if isinstance(value, (dict, StubBase)):
            return await _member_at(value, path)
        # The runtime has different words for a call on a result that has arrived already: then the
        # client knows that the result is not an object, else the server reports it.
        if self._known:
            raise _client_error("TypeError", NOT_PIPELINED)
        raise missing(path[0]) if path else _not_a_function("(this)")


async def _member_at(value: Any, path: tuple[str, ...]) -> Any:
    for index, name in enumerate(path):
        if isinstance(value, StubBase):  # a stub of a third party: its server walks the rest
            return await value.__server__().resolve(path[index:])
        if name in ("dup", "constructor"):
            raise reserved(name)
        if isinstance(value, JsRpcTarget):
            if name in value.methods:
                value = JsFunction(value.methods[name])
            elif name in value.properties and (
                name not in value.promised or index == len(path) - 1
            ):
                value = await value.properties[name]()
            else:
                raise missing(name)
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            # Of a value without members, the runtime names the member that holds it.
            raise missing(name if isinstance(value, (dict, JsFunction)) else path[index - 1])
    return value


def missing(name: str) -> JsException:
    return JsException("TypeError", f'The RPC receiver does not implement the method "{name}".')


def reserved(name: str) -> JsException:
    return JsException("TypeError", f"'{name}' is a reserved method and cannot be called over RPC.")


def _not_a_function(name: str) -> JsException:
    return JsException("TypeError", f'"{name}" is not a function.')


def _client_error(name: str, message: str) -> JsException:
    """Return an error that the client's own side raises: it is not ``remote``."""
    error = JsException(name, message)
    error.remote = False
    return error


# Wire


async def _exchange(server: ServerEnd, path: tuple[str, ...], args: list[Any] | None) -> Any:
    """Get the value at a path, or call it with ``args``, and clone the answer for the client."""
    try:
        value = await server.resolve(path)
        if args is not None:
            if isinstance(value, StubBase):
                return await _exchange(value.__server__(), (), args)
            if not isinstance(value, JsFunction):
                raise _not_a_function(".".join(path) or "(this)")
            value = await value.call(*args)
        result = Clone(_stub_of)(value)
    except JsException as error:
        if not hasattr(error, "remote"):
            error.remote = True
        raise
    for stub in _stubs_in(value):
        stub.__dispose__()  # the clone has copies of them, for the client
    return result


def _stub_of(value: Any) -> Any:
    """Return the stub that crosses in place of a function, an RpcTarget or a stub; else None."""
    if getattr(type(value), "js_tag", "") in ("Fetcher", "LoopbackServiceStub"):
        return value  # a stub of a Worker has no state, and needs no copy
    if isinstance(value, (JsFunction, JsRpcTarget)):
        return JsRpcStub(LocalValue(value))
    return value.dup() if isinstance(value, JsRpcStub) else None


def _stubs_in(value: Any) -> list[JsRpcStub]:
    """Return every stub inside a value."""
    stubs: list[JsRpcStub] = []
    ahead = [value]
    seen: set[int] = set()  # a value may contain itself
    while ahead:
        part = ahead.pop()
        if isinstance(part, JsRpcStub):
            stubs.append(part)
        elif isinstance(part, (dict, list, set)) and id(part) not in seen:
            seen.add(id(part))
            ahead += part.values() if isinstance(part, dict) else part
    return stubs


# Client


class StubBase:
    """Base of the client's objects: each member is a property until it is called or awaited."""

    def __getattr__(self, name: str) -> JsRpcProperty:
        if name.startswith("_"):
            raise AttributeError(name)
        return JsRpcProperty(self, (name,))

    def __server__(self) -> ServerEnd:
        """Return the server's end, or raise a JsException if the stub was disposed of."""
        raise NotImplementedError

    def __call_at__(self, path: tuple[str, ...], args: tuple[Any, ...]) -> JsRpcPromise:
        """Call the function at a path.

        It starts at once, and not when it is awaited: calls arrive in the order in which they
        were made.
        """
        received: list[JsRpcStub] = []

        def stub_of(value: Any) -> Any:
            stub = _stub_of(value)
            if isinstance(stub, JsRpcStub):
                received.append(stub)
            return stub

        async def call() -> Any:
            try:
                return await _exchange(server, path, sent)
            finally:
                # The server holds the stubs of its arguments until its method returns.
                for stub in received:
                    stub.__dispose__()

        try:
            server = self.__server__()
            sent = [Clone(stub_of)(arg) for arg in args]
        except JsException as error:
            # As in JavaScript, the call returns a rejected promise: it does not throw.
            failed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return JsRpcPromise(failed)
        return JsRpcPromise(asyncio.ensure_future(call()))


class JsRpcProperty(StubBase):
    """A member of the server; a request is sent when it is called or awaited."""

    js_tag = "JsRpcProperty"

    def __init__(self, owner: StubBase, path: tuple[str, ...]) -> None:
        self._owner = owner
        self._path = path

    def __getattr__(self, name: str) -> JsRpcProperty:
        if name.startswith("_"):
            raise AttributeError(name)
        return JsRpcProperty(self._owner, (*self._path, name))

    def __call__(self, *args: Any) -> JsRpcPromise:
        return self._owner.__call_at__(self._path, args)

    def __await__(self) -> Generator[Any, None, Any]:
        return _exchange(self._owner.__server__(), self._path, None).__await__()


class JsRpcPromise(StubBase):
    """The result of a call, to await or to pipeline further calls on."""

    js_tag = "JsRpcPromise"

    def __init__(self, result: asyncio.Future[Any]) -> None:
        self._result = result
        self._disposed = False

    def __call__(self, *args: Any) -> JsRpcPromise:
        return self.__call_at__((), args)

    def __await__(self) -> Generator[Any, None, Any]:
        return self._result.__await__()

    def __server__(self) -> ServerEnd:
        if self._disposed:
            raise _client_error("Error", PROMISE_DISPOSED)
        return PendingResult(self._result)

    def __dispose__(self) -> None:
        self._disposed = True
        if self._result.done():
            _dispose_all(self._result)
        else:
            self._result.add_done_callback(_dispose_all)


def _dispose_all(result: asyncio.Future[Any]) -> None:
    if not result.cancelled() and result.exception() is None:
        for stub in _stubs_in(result.result()):
            stub.__dispose__()


class JsRpcStub(StubBase):
    """A function or an RpcTarget of the server."""

    js_tag = "JsRpcStub"

    def __init__(self, server: ServerEnd) -> None:
        server.held += 1
        self._server: ServerEnd | None = server

    @classmethod
    def over(cls, value: Any) -> JsRpcStub:
        """Return ``new RpcStub(value)``."""
        if not isinstance(value, (dict, JsFunction, JsRpcTarget)):
            raise JsException("TypeError", NOT_WRAPPED)
        return cls(LocalValue(value))

    def __call__(self, *args: Any) -> JsRpcPromise:
        return self.__call_at__((), args)

    def dup(self) -> JsRpcStub:
        return JsRpcStub(self.__server__())

    def __server__(self) -> ServerEnd:
        if self._server is None:
            raise _client_error("Error", STUB_DISPOSED)
        return self._server

    def __dispose__(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.held -= 1
            if not server.held:
                server.released()
