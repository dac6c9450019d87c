"""``ctx.exports`` on plain CPython: the exports of a Worker as stubs and namespaces."""

from __future__ import annotations

from typing import Any

from ..fakes.durable.facets import FakeDurableObjectClass
from ..fakes.durable.namespace import FakeDurableObjectNamespace, Objects
from .host import Script
from .services import FakeLoopback, entrypoint_of, exported

__all__ = ["FakeExports"]


class FakeLoopbackDurableObjectClass(FakeDurableObjectClass):
    """A Durable Object class that no binding of the Worker uses, for facets.

    JS: LoopbackDurableObjectClass.
    """

    js_tag = "LoopbackDurableObjectClass"

    def __call__(self, *, props: Any = None) -> FakeDurableObjectClass:
        return FakeDurableObjectClass(self.script, self.kind, props)


class FakeLoopbackDurableObjectNamespace(FakeDurableObjectNamespace):
    """A namespace of the Worker's Durable Objects. Calling it returns their class, for facets.

    JS: LoopbackDurableObjectNamespace.
    """

    js_tag = "LoopbackDurableObjectNamespace"

    def __call__(self, *, props: Any = None) -> FakeDurableObjectClass:
        return FakeDurableObjectClass(self._objects.script, self._objects.kind(), props)


def loopback(
    script: Script, name: str, kind: type[Any]
) -> FakeLoopbackDurableObjectClass | FakeLoopbackDurableObjectNamespace:
    """Return the export of a Durable Object class: a namespace if one is bound, else the class."""
    objects = script.host.shared(Objects)
    if objects.known(script, name):
        return FakeLoopbackDurableObjectNamespace(objects.of(script, name))
    return FakeLoopbackDurableObjectClass(script, kind)


class FakeExports:
    """The exports of a Worker by class name. JS: Cloudflare.Exports."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            if (kind := exported(self._script, name)) is not None:
                return FakeLoopback(self._script, kind, None)
            if (kind := entrypoint_of(self._script, name, "DurableObject")) is not None:
                return loopback(self._script, name, kind)
        raise AttributeError(name)
