"""The classes of Durable Objects that a Worker finds in its own ``ctx.exports``."""

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
    """A class of Durable Objects that this Worker exports but does not bind: ``ctx.exports.Game``.

    Start a facet with it. ``Game(props=…)`` returns the class with props: its objects find them in
    ``ctx.props``.

    JS: LoopbackDurableObjectClass.
    """

    __slots__ = ()

    def __call__(self, *, props: dict[str, Any] | None = None) -> DurableObjectClass:
        """Return the class with props, JSON data that a facet finds in ``ctx.props``."""
        return _with_props(self._js, props)


class LoopbackDurableObjectNamespace(DurableObjectNamespace[ObjectT]):
    """A class of Durable Objects that this Worker exports and binds: ``ctx.exports.ChatRoom``.

    It is both the namespace of the objects and a class to start a facet with; ``ChatRoom(props=…)``
    returns the class with props.

    JS: LoopbackDurableObjectNamespace.
    """

    __slots__ = ()

    def __call__(self, *, props: dict[str, Any] | None = None) -> DurableObjectClass:
        """Return the class with props, JSON data that a facet finds in ``ctx.props``."""
        return _with_props(self._js, props)


def _with_props(js_class: Any, props: dict[str, Any] | None) -> DurableObjectClass:
    with _raising:
        js_props = None if props is None else sendable(props, "props")
        return DurableObjectClass(js_class(props=js_props))
