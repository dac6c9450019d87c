"""Classes of Durable Objects in ``ctx.exports``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from .._border import raising
from .._border.rpc import sendable
from ..errors import DurableObjectError
from . import DurableObjectNamespace
from .facets import DurableObjectClass

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from . import DurableObjectStub

    ObjectT = TypeVarWithDefault("ObjectT", default=DurableObjectStub)
else:
    ObjectT = TypeVar("ObjectT")

__all__ = ["LoopbackDurableObjectClass", "LoopbackDurableObjectNamespace"]

_raising = raising(DurableObjectError)


class LoopbackDurableObjectClass(DurableObjectClass):
    """Such a class of this very Worker, ``ctx.exports.Game``; ``Game(props=…)`` gives one whose
    objects find those in ``ctx.props``. JS: LoopbackDurableObjectClass."""

    __slots__ = ()

    def __call__(self, *, props: dict[str, Any] | None = None) -> DurableObjectClass:
        return _with_props(self._js, props)


class LoopbackDurableObjectNamespace(DurableObjectNamespace[ObjectT]):
    """The same of a class whose objects the Worker keeps: their namespace too.

    JS: LoopbackDurableObjectNamespace.
    """

    __slots__ = ()

    def __call__(self, *, props: dict[str, Any] | None = None) -> DurableObjectClass:
        return _with_props(self._js, props)


def _with_props(js: Any, props: dict[str, Any] | None) -> DurableObjectClass:
    with _raising:
        return DurableObjectClass(js(props=None if props is None else sendable(props, "props")))
