"""``FakeStub``: what stands in for a Worker, or an object, that is reached by HTTP and RPC."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["Deliver", "FakeStub"]

Deliver = Callable[[str, list[Any]], Awaitable[Any]]
"""Calls a method behind a stub with JavaScript's values: its name and its arguments."""


class FakeStub:
    """JS: Fetcher, with every method of whatever is behind it."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    async def fetch(self, request: Any, /) -> Any:
        return await self._deliver("fetch", [request])

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_"):
            raise AttributeError(name)

        async def call(*args: Any) -> Any:
            return await self._deliver(name, [*args])

        return call
