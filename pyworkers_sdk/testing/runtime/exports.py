"""``ctx.exports`` on plain CPython: what a Worker exports, as stubs and namespaces."""

from __future__ import annotations

from typing import Any

from ..fakes.durable.facets import FakeDurableObjectClass
from ..fakes.durable.namespace import FakeDurableObjectNamespace, Objects
from .host import Script
from .services import FakeLoopback, entrypoint_of, exported

__all__ = ["FakeExports"]


class FakeLoopbackDurableObjectClass(FakeDurableObjectClass):
    """JS: LoopbackDurableObjectClass."""

    js_tag = "LoopbackDurableObjectClass"

    def __call__(self, *, props: Any = None) -> FakeDurableObjectClass:
        return FakeDurableObjectClass(self.script, self.kind, props)


class FakeLoopbackDurableObjectNamespace(FakeDurableObjectNamespace):
    """JS: LoopbackDurableObjectNamespace."""

    js_tag = "LoopbackDurableObjectNamespace"

    def __call__(self, *, props: Any = None) -> FakeDurableObjectClass:
        return FakeDurableObjectClass(self._objects.script, self._objects.kind(), props)


def loopback(
    script: Script, name: str, kind: type[Any]
) -> FakeLoopbackDurableObjectClass | FakeLoopbackDurableObjectNamespace:
    """What ``exports`` has of a class: a namespace, where one is bound."""
    objects = script.host.shared(Objects)
    if objects.known(script, name):
        return FakeLoopbackDurableObjectNamespace(objects.of(script, name))
    return FakeLoopbackDurableObjectClass(script, kind)


class FakeExports:
    """JS: Cloudflare.Exports."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            if (kind := exported(self._script, name)) is not None:
                return FakeLoopback(self._script, kind, None)
            if (kind := entrypoint_of(self._script, name, "DurableObject")) is not None:
                return loopback(self._script, name, kind)
        raise AttributeError(name)
