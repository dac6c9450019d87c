"""Facets of a Durable Object: child objects with their own class and storage, ``ctx.facets``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .._border import JsWrapper, raising, raw, text
from .._border.callbacks import called_once
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
    """A class of Durable Objects that a facet can be started with. JS: DurableObjectClass."""

    __slots__ = ()

    def __init__(self, js_class: Any) -> None:
        self._js = raw(js_class)


class FacetStartupOptions(NamedTuple):
    """The class that a facet is started with, and the ``ctx.id`` that the facet sees.

    JS: FacetStartupOptions.
    """

    class_: DurableObjectClass | DurableObjectNamespace[Any]
    """An exported class, ``ctx.exports.Game``, or one with props,
    ``ctx.exports.Game(props={"level": 3})``."""
    id: DurableObjectId | str | None = None
    """The id that the facet sees; by default the id of the object that it belongs to."""


Start: TypeAlias = Callable[[], FacetStartupOptions | Awaitable[FacetStartupOptions]]


class _Facet(Fetcher):
    __slots__ = ()

    _error = DurableObjectError
    _fetch_error = DurableObjectError


class DurableObjectFacets(JsWrapper[Any]):
    """The facets of a Durable Object, by name.

    Each facet is an object with its own class and runs beside its parent. Its storage lies within
    the parent's storage, and only the parent can reach it.

    A name has at most 256 bytes. Facets may have facets: four levels, with the parent as the first.
    A facet cannot set an alarm.

    JS: DurableObjectFacets.
    """

    __slots__ = ()

    def __init__(self, facets: _js.DurableObjectFacets) -> None:
        self._js = facets

    def get(self, name: str, get_startup_options: Start) -> Fetcher:
        """Return a stub of a facet; its first call starts the facet::

            game = self.ctx.facets.get("game", lambda: FacetStartupOptions(self.ctx.exports.Game))
            await game.move(3)

        Args:
            name: At most 256 bytes.
            get_startup_options: A function, ``async`` or not. It is called with the first call of
                the stub, and only if the facet is not running.

        Raises:
            DurableObjectError: The name is too long, or facets are nested too deep.

        JS: DurableObjectFacets.get.
        """

        async def start() -> Any:
            result = get_startup_options()
            startup = await result if isawaitable(result) else result
            options: dict[str, Any] = {"class": startup.class_}
            if startup.id is not None:
                options["id"] = startup.id
            return sendable(options, "get_startup_options()")

        with _raising:
            return _Facet(self._js.get(text(name, "name"), called_once(start)))

    def abort(self, name: str, reason: str | Exception) -> None:
        """Evict a facet from memory; its storage stays.

        Pending calls, and later calls through stubs that were in use, fail with ``reason``.

        JS: DurableObjectFacets.abort.
        """
        with _raising:
            self._js.abort(text(name, "name"), sendable(reason, "reason"))

    def delete(self, name: str) -> None:
        """Evict a facet from memory and delete all its storage. Pending calls fail.

        JS: DurableObjectFacets.delete.
        """
        with _raising:
            self._js.delete(text(name, "name"))

    def clone(self, src: str, dst: str) -> None:
        """Replace the storage of the facet ``dst`` by a copy of the storage of ``src``.

        If ``dst`` is running, it is evicted from memory, and its pending calls fail.

        JS: DurableObjectFacets.clone.
        """
        with _raising:
            self._js.clone(text(src, "src"), text(dst, "dst"))
