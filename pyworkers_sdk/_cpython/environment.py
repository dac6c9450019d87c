"""The environment of code on plain CPython: network, caches and clock of the runtime around it.

``testing`` installs the fake runtime here, once. Without it, network and caches raise an error, and
the clock is that of the machine.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol, TypeAlias

from .js_exception import JsException

__all__ = ["Environment", "NoEnvironment", "current", "entered", "install"]

Entered: TypeAlias = "Callable[[], AbstractContextManager[None]]"


class Environment(Protocol):
    """The runtime behind JavaScript's globals: ``fetch``, ``caches``, ``Date.now``, sockets."""

    @property
    def caches(self) -> Any: ...
    @property
    def memory(self) -> dict[Any, Any]:
        """The state that the isolate keeps between requests, by event loop."""
        ...

    async def fetch(self, request: Any) -> Any: ...
    async def upgrade(self, url: str, headers: list[list[str]]) -> Any:
        """Return the response to a GET request that opens a WebSocket."""
        ...

    def tcp(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        """Connect, and return a pair like an ``asyncio.StreamReader`` and a ``StreamWriter``."""
        ...

    def now(self) -> float:
        """Return the milliseconds since 1970, as ``Date.now()`` does."""
        ...


class NoEnvironment:
    """The environment while no fake runtime is running."""

    @property
    def caches(self) -> Any:
        raise _missing("caches")

    @property
    def memory(self) -> dict[Any, Any]:
        return _memory

    async def fetch(self, request: Any) -> Any:
        raise _missing("fetch()")

    async def upgrade(self, url: str, headers: list[list[str]]) -> Any:
        raise _missing("WebSocket(url)")

    def tcp(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        raise _missing("connect()")

    def now(self) -> float:
        return time.time_ns() / 1_000_000


def _missing(name: str) -> JsException:
    return JsException(
        "Error",
        f"{name} needs a runtime, and none is running here: call the code through a "
        "FakeRuntime, or within `with runtime:`",
    )


def _not_entered() -> Entered:
    return nullcontext


_memory: dict[Any, Any] = {}

# Replaced by install(). Functions and not objects: each task may run in another environment.
_current: Callable[[], Environment] = NoEnvironment
_entered: Callable[[], Entered] = _not_entered


def install(current: Callable[[], Environment], entered: Callable[[], Entered]) -> None:
    """Replace the environment by that of a fake runtime.

    Args:
        current: Returns the environment of the code that is running.
        entered: Returns a function that re-enters the running code's environment later, from
            another task: a stream's chunks are made in the environment that the stream was made in.
    """
    global _current, _entered
    _current, _entered = current, entered


def current() -> Environment:
    """Return the environment of the code that is running."""
    return _current()


def entered() -> Entered:
    """Return a function that re-enters the environment of the code that is running now."""
    return _entered()
