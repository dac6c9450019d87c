"""Facets: Durable Objects within one, each with its class and storage: ``ctx.facets``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .._border import JsWrapper, called_once, raising, raw, text
from .._border.rpc import sendable
from ..errors import DurableObjectError
from ..services import Fetcher

if TYPE_CHECKING:
    from .. import _js
    from . import DurableObjectNamespace
    from .state import DurableObjectId

__all__ = [
    "DurableObjectClass",
    "DurableObjectFacets",
    "FacetStartupOptions",
]

_raising = raising(DurableObjectError)


class DurableObjectClass(JsWrapper[Any]):
    """A class of Durable Objects, for a facet to be of. JS: DurableObjectClass."""

    __slots__ = ()

    def __init__(self, kind: Any) -> None:
        self._js = raw(kind)


class FacetStartupOptions(NamedTuple):
    """What a facet starts with: its class, from ``ctx.exports``, and the ``ctx.id`` that it sees.

    ``class_`` is that of an exported Durable Object, ``ctx.exports.Game``, with props if need be:
    ``ctx.exports.Game(props={"level": 3})``. Without an ``id`` a facet has its object's.

    JS: FacetStartupOptions.
    """

    class_: DurableObjectClass | DurableObjectNamespace[Any]
    id: DurableObjectId | str | None = None


Start: TypeAlias = Callable[[], FacetStartupOptions | Awaitable[FacetStartupOptions]]


class _Facet(Fetcher):
    __slots__ = ()

    _error = DurableObjectError
    _fetch_error = DurableObjectError


class DurableObjectFacets(JsWrapper[Any]):
    """The facets of an object, by name: each an object of a class of its own, which runs beside it,
    has its own storage within the object's, and can be reached through it alone.

    A name has at most 256 bytes, and facets may have facets: four levels with the object itself.
    A facet sets no alarm.

    JS: DurableObjectFacets.
    """

    __slots__ = ()

    def __init__(self, facets: _js.DurableObjectFacets) -> None:
        self._js = facets

    def get(self, name: str, get_startup_options: Start) -> Fetcher:
        """A stub of a facet. ``get_startup_options``, ``async`` or not, is called if the facet is
        not running, once something of it is::

            game = self.ctx.facets.get("game", lambda: FacetStartupOptions(self.ctx.exports.Game))
            await game.move(3)

        JS: DurableObjectFacets.get.
        """

        async def start() -> Any:
            given = get_startup_options()
            made = await given if isawaitable(given) else given
            options: dict[str, Any] = {"class": made.class_}
            if made.id is not None:
                options["id"] = made.id
            return sendable(options, "get_startup_options()")

        with _raising:
            return _Facet(self._js.get(text(name, "name"), called_once(start)))

    def abort(self, name: str, reason: str | Exception) -> None:
        """Take a facet out of memory: whoever waits for it, or calls it by a stub that was in use,
        sees ``reason``. JS: DurableObjectFacets.abort.
        """
        with _raising:
            self._js.abort(text(name, "name"), sendable(reason, "reason"))

    def delete(self, name: str) -> None:
        """The same, and forget all that it stored. JS: DurableObjectFacets.delete."""
        with _raising:
            self._js.delete(text(name, "name"))

    def clone(self, src: str, dst: str) -> None:
        """Have ``dst`` start with a copy of all that ``src`` stored, in place of its own.

        JS: DurableObjectFacets.clone.
        """
        with _raising:
            self._js.clone(text(src, "src"), text(dst, "dst"))
