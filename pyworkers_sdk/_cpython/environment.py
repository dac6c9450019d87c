"""What a Worker on plain CPython finds around it; ``testing`` puts a fake runtime there."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from .streams import JsException

__all__ = ["Outside"]


class Outside(Protocol):
    @property
    def caches(self) -> Any: ...
    async def fetch(self, request: Any) -> Any: ...
    async def upgrade(self, url: str, headers: list[list[str]]) -> Any:
        """The response to a GET that opens a WebSocket."""
        ...

    def tcp(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        """A connection: something like an ``asyncio.StreamReader`` and a ``StreamWriter``."""
        ...

    def now(self) -> float:
        """Milliseconds since 1970, as ``Date.now()``."""
        ...


class Nothing:
    """Where no fake runtime is running."""

    @property
    def caches(self) -> Any:
        raise _missing("caches")

    async def fetch(self, request: Any) -> Any:
        raise _missing("fetch()")

    async def upgrade(self, url: str, headers: list[list[str]]) -> Any:
        raise _missing("WebSocket(url)")

    def tcp(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        raise _missing("connect()")

    def now(self) -> float:
        return time.time_ns() / 1_000_000


def _missing(what: str) -> JsException:
    return JsException(
        "Error",
        f"{what} belongs to a runtime, and none is running here: call the code through a "
        "FakeRuntime, or within `with runtime:`",
    )


current: Callable[[], Outside] = Nothing
