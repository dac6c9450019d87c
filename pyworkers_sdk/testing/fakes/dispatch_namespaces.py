"""A namespace of Workers on plain CPython."""

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


class FakeDispatchNamespace:
    """JS: DispatchNamespace, as it is documented: nothing of it was seen on the service."""

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

        async def refuse(method: str, args: list[Any]) -> Any:
            raise JsException("Error", "Worker not found.")

        return FakeStub(refuse)


def dispatch_namespace(workers: Mapping[str, Any]) -> DispatchNamespace:
    """A fake namespace with Workers in it:
    ``fake(AppEnv, USERS=dispatch_namespace({"ann": Shop}))``.

    Each is an entrypoint class, a ``FakeRuntime`` or an object with methods. Limits, and arguments
    of an outbound Worker, are taken and have no effect.
    """
    return DispatchNamespace(FakeDispatchNamespace(workers))
