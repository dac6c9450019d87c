"""Bindings that reach the world outside: mTLS certificates, VPC services and VPC networks.

They have ``fetch`` and ``connect`` only. Both are routed as the Worker's global ones are: by
``FakeRuntime.outbound`` and ``FakeRuntime.outbound_tcp``.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from ..._cpython.js_exception import JsException
from ..runtime.network import Outbound
from ..runtime.rpc import FakeStub

if TYPE_CHECKING:
    from ..config.config import Bound
    from ..config.sections import Worker

__all__ = ["FakeFetcher", "configured"]

# The runtime's own words, seen with a network of miniflare.
NO_RPC = "Network connection lost."


class FakeFetcher(FakeStub):
    """A Fetcher to servers outside of Workers. JS: Fetcher."""

    def __init__(self, outbound: Outbound) -> None:
        super().__init__(self._answer)
        self._outbound = outbound

    async def _answer(self, method: str, args: list[Any]) -> Any:
        if method != "fetch":
            raise JsException("Error", NO_RPC)
        return await self._outbound.fetch(args[0])

    def _dial(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        return self._outbound.tcp(hostname, port, secure)


def configured(bound: Bound, worker: Worker) -> FakeFetcher:
    """Make the fetcher of a configuration."""
    return FakeFetcher(worker.script.host.shared(Outbound))
