"""RPC's stubs on plain CPython: what stands for a function or an object of the other side.

They speak JavaScript's values. What crosses is copied as structured clone does; a function or an
RpcTarget becomes a stub of it. Members whose names begin with an underscore are the stand-in's own.
"""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from .js_exception import JsException
from .structured_clone import Clone

__all__ = [
    "JsFunction",
    "JsRpcPromise",
    "JsRpcProperty",
    "JsRpcStub",
    "JsRpcTarget",
    "Remote",
    "StubBase",
    "missing",
    "reserved",
]

Call = Callable[..., Awaitable[Any]]


class JsFunction:
    """A function on the JavaScript side."""

    js_tag = "Function"

    def __init__(self, call: Call) -> None:
        self.call = call


class JsRpcTarget:
    """An object on the JavaScript side whose methods and properties the other side may use."""

    js_tag = "JsRpcTarget"

    def __init__(
        self, methods: dict[str, Call], properties: dict[str, Call], dispose: Callable[[], None]
    ) -> None:
        self.methods = methods
        self.properties = properties
        self.dispose = dispose


# The other end: it gives what is at a path of names, which may be a function to call.


class Remote:
    """What is behind stubs; ``held`` counts them."""

    held = 0

    async def found(self, path: tuple[str, ...]) -> Any:
        """The value at a path: JavaScript's, or a ``JsFunction`` to call."""
        raise NotImplementedError

    def released(self) -> None:
        """The last stub is gone."""


class Local(Remote):
    """A function, an RpcTarget or a plain object of the side that answers."""

    def __init__(self, value: Any) -> None:
        self._value = value

    async def found(self, path: tuple[str, ...]) -> Any:
        return await _at(self._value, path)

    def released(self) -> None:
        if isinstance(self._value, JsRpcTarget):
            self._value.dispose()


class Result(Remote):
    """What a call will give, for the calls that do not wait for it."""

    def __init__(self, result: asyncio.Future[Any]) -> None:
        self._result = result
        self._known = result.done()

    async def found(self, path: tuple[str, ...]) -> Any:
        value = await self._result
        if isinstance(value, (dict, StubBase)):
            return await _at(value, path)
        if self._known:
            raise _here("TypeError", "Can't pipeline on RPC that did not return an object.")
        raise missing(path[0]) if path else _no_function("(this)")


async def _at(value: Any, path: tuple[str, ...]) -> Any:
    for at, name in enumerate(path):
        if isinstance(value, StubBase):
            return await value._resolve_member().found(path[at:])
        if name in ("dup", "constructor"):
            raise reserved(name)
        if isinstance(value, JsRpcTarget):
            if name in value.methods:
                value = JsFunction(value.methods[name])
            elif name in value.properties:
                value = await value.properties[name]()
            else:
                raise missing(name)
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            raise missing(name if isinstance(value, (dict, JsFunction)) else path[at - 1])
    return value


def missing(name: str) -> JsException:
    return JsException("TypeError", f'The RPC receiver does not implement the method "{name}".')


def reserved(name: str) -> JsException:
    return JsException("TypeError", f"'{name}' is a reserved method and cannot be called over RPC.")


def _no_function(name: str) -> JsException:
    return JsException("TypeError", f'"{name}" is not a function.')


def _here(name: str, message: str) -> JsException:
    """An error that the caller's own side raises."""
    error = JsException(name, message)
    error.remote = False
    return error


async def _exchange(remote: Remote, path: tuple[str, ...], args: list[Any] | None) -> Any:
    """Get what is at a path, or call it: the answer as the caller gets it."""
    try:
        value = await remote.found(path)
        if args is not None:
            if isinstance(value, StubBase):
                return await _exchange(value._resolve_member(), (), args)
            if not isinstance(value, JsFunction):
                raise _no_function(".".join(path) or "(this)")
            value = await value.call(*args)
        result = Clone(_stub_of)(value)
    except JsException as error:
        if not hasattr(error, "remote"):
            error.remote = True
        raise
    for stub in _stubs_in(value):
        stub._dispose()  # it is the caller's now
    return result


def _stub_of(value: Any) -> Any:
    """What crosses in place of a function, an RpcTarget or a stub; None for other values."""
    if getattr(type(value), "js_tag", "") in ("Fetcher", "LoopbackServiceStub"):
        return value
    if isinstance(value, (JsFunction, JsRpcTarget)):
        return JsRpcStub(Local(value))
    return value.dup() if isinstance(value, JsRpcStub) else None


def _stubs_in(value: Any) -> list[JsRpcStub]:
    """Every stub in a value."""
    found: list[JsRpcStub] = []
    ahead = [value]
    seen: set[int] = set()
    while ahead:
        part = ahead.pop()
        if isinstance(part, JsRpcStub):
            found.append(part)
        elif isinstance(part, (dict, list, set)) and id(part) not in seen:
            seen.add(id(part))
            ahead += part.values() if isinstance(part, dict) else part
    return found


# This end


class StubBase:
    """Whatever has members on the other side: each is a property until it is called or awaited."""

    def __getattr__(self, name: str) -> JsRpcProperty:
        if name.startswith("_"):
            raise AttributeError(name)
        return JsRpcProperty(self, (name,))

    def _resolve_member(self) -> Remote:
        """What is behind it; JsException if it may not be used any more."""
        raise NotImplementedError

    def _called(self, path: tuple[str, ...], args: tuple[Any, ...]) -> JsRpcPromise:
        """Call what is at a path: now, for calls arrive in the order in which they were made."""
        received: list[JsRpcStub] = []

        def stub_of(value: Any) -> Any:
            stub = _stub_of(value)
            if isinstance(stub, JsRpcStub):
                received.append(stub)
            return stub

        async def call() -> Any:
            try:
                return await _exchange(remote, path, sent)
            finally:
                for stub in received:
                    stub._dispose()

        try:
            remote = self._resolve_member()
            sent = [Clone(stub_of)(arg) for arg in args]
        except JsException as error:
            failed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return JsRpcPromise(failed)
        return JsRpcPromise(asyncio.ensure_future(call()))


class JsRpcProperty(StubBase):
    """A member of the other side, which is asked for when it is called or awaited."""

    js_tag = "JsRpcProperty"

    def __init__(self, owner: StubBase, path: tuple[str, ...]) -> None:
        self._owner = owner
        self._path = path

    def __getattr__(self, name: str) -> JsRpcProperty:
        if name.startswith("_"):
            raise AttributeError(name)
        return JsRpcProperty(self._owner, (*self._path, name))

    def __call__(self, *args: Any) -> JsRpcPromise:
        return self._owner._called(self._path, args)

    def __await__(self) -> Generator[Any, None, Any]:
        return _exchange(self._owner._resolve_member(), self._path, None).__await__()


class JsRpcPromise(StubBase):
    """What a call will give."""

    js_tag = "JsRpcPromise"

    def __init__(self, result: asyncio.Future[Any]) -> None:
        self._result = result
        self._disposed = False

    def __call__(self, *args: Any) -> JsRpcPromise:
        return self._called((), args)

    def __await__(self) -> Generator[Any, None, Any]:
        return self._result.__await__()

    def _resolve_member(self) -> Remote:
        if self._disposed:
            raise _here("Error", "RPC promise used after being disposed.")
        return Result(self._result)

    def _dispose(self) -> None:
        self._disposed = True
        if self._result.done():
            _dispose_all(self._result)
        else:
            self._result.add_done_callback(_dispose_all)


def _dispose_all(result: asyncio.Future[Any]) -> None:
    if not result.cancelled() and result.exception() is None:
        for stub in _stubs_in(result.result()):
            stub._dispose()


class JsRpcStub(StubBase):
    """A function or an RpcTarget of the other side."""

    js_tag = "JsRpcStub"

    def __init__(self, remote: Remote) -> None:
        remote.held += 1
        self._remote: Remote | None = remote

    @classmethod
    def over(cls, value: Any) -> JsRpcStub:
        """``new RpcStub(value)``."""
        if not isinstance(value, (dict, JsFunction, JsRpcTarget)):
            raise JsException(
                "TypeError",
                "RpcStubs can only wrap plain objects, functions, and RpcTarget derivatives.",
            )
        return cls(Local(value))

    def __call__(self, *args: Any) -> JsRpcPromise:
        return self._called((), args)

    def dup(self) -> JsRpcStub:
        return JsRpcStub(self._resolve_member())

    def _resolve_member(self) -> Remote:
        if self._remote is None:
            raise _here("Error", "RPC stub used after being disposed.")
        return self._remote

    def _dispose(self) -> None:
        remote, self._remote = self._remote, None
        if remote is not None:
            remote.held -= 1
            if not remote.held:
                remote.released()
