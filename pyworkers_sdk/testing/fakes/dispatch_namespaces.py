"""Dispatch namespaces (Workers for Platforms) on plain CPython."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..._border import raw
from ..._cpython.js_exception import JsException
from ...dispatch_namespaces import DispatchNamespace
from .._clock import Clock
from ..runtime.rpc import FakeStub
from ..runtime.services import behind

if TYPE_CHECKING:
    from ..runtime.host import Host, Script

__all__ = ["FakeDispatchNamespace", "dispatch_namespace"]

NOT_FOUND = "Worker not found."  # the runtime's own words, after Cloudflare's documentation


class FakeDispatchNamespace:
    """A namespace of a test's Workers, after Cloudflare's documentation. Not seen on the service.

    JS: DispatchNamespace.
    """

    is_fake = True  # for faults()

    def __init__(
        self, workers: Mapping[str, Any] | None = None, *, clock: Clock | None = None
    ) -> None:
        self.clock = clock
        self.host: Host | None = None
        self.scripts: dict[str, Script] = {}
        self._workers = dict(workers or {})

    def get(self, name: str, args: Any = None, options: Any = None, /) -> FakeStub:
        if name in self._workers:
            stub: FakeStub = raw(behind(self._workers[name], name, self))
            return stub

        # No error here: the documentation has the first fetch fail.
        async def refuse(method: str, args: list[Any]) -> Any:
            raise JsException("Error", NOT_FOUND)

        return FakeStub(refuse)


def dispatch_namespace(workers: Mapping[str, Any]) -> DispatchNamespace:
    """Return a fake namespace that contains Workers.

    ::

        fake(AppEnv, USERS=dispatch_namespace({"ann": Shop}))

    Limits, and parameters of an outbound Worker, are accepted and have no effect.

    Args:
        workers: The Workers by name. Each is an entrypoint class, a ``FakeRuntime`` or an object
            with methods.
    """
    return DispatchNamespace(FakeDispatchNamespace(workers))
