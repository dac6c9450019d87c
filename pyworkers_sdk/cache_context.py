"""``ctx.cache``: what to forget of the cache in front of a Worker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ._border import JsWrapper, from_js, prop, raising, raw, text, to_js, unsupported
from .errors import ConversionError, WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["CacheContext", "CachePurgeError", "CachePurgeResult"]

_raising = raising(WorkersError)


class CachePurgeError(NamedTuple):
    """Why something was not forgotten. JS: CachePurgeError."""

    code: int
    message: str


class CachePurgeResult(NamedTuple):
    """What became of a purge; look at ``success``. JS: CachePurgeResult."""

    success: bool
    errors: list[CachePurgeError]


class CacheContext(JsWrapper["_js.CacheContext"]):
    """The cache that answers before the Worker is called. JS: CacheContext."""

    __slots__ = ()

    def __init__(self, cache: _js.CacheContext) -> None:
        self._js = raw(cache)

    async def purge(
        self,
        *,
        tags: Iterable[str] | None = None,
        path_prefixes: Iterable[str] | None = None,
        purge_everything: bool | None = None,
    ) -> CachePurgeResult:
        """Forget responses, everywhere: those with a tag of these in ``Cache-Tag``, or under one of
        these paths, or all of them. WorkersError where there is no such cache.

        JS: CacheContext.purge.
        """
        return await self._ask("purge", tags, path_prefixes, purge_everything)

    async def invalidate(
        self,
        *,
        tags: Iterable[str] | None = None,
        path_prefixes: Iterable[str] | None = None,
        purge_everything: bool | None = None,
    ) -> CachePurgeResult:
        """Have them asked for again before they are used, where the runtime can.

        JS: CacheContext.invalidate.
        """
        return await self._ask("invalidate", tags, path_prefixes, purge_everything)

    async def _ask(self, name: str, tags: Any, paths: Any, everything: Any) -> CachePurgeResult:
        ask = prop(self._js, name)
        if ask is None:
            raise unsupported(WorkersError, f"{name}()")
        options: dict[str, Any] = {}
        if tags is not None:
            options["tags"] = _texts(tags, "tags")
        if paths is not None:
            options["pathPrefixes"] = _texts(paths, "path_prefixes")
        if everything is not None:
            options["purgeEverything"] = everything
        ready = to_js(options, "options")
        with _raising:
            found = from_js(await ask(ready))
        errors = [CachePurgeError(one["code"], one["message"]) for one in found["errors"]]
        return CachePurgeResult(found["success"], errors)


def _texts(values: Any, name: str) -> list[str]:
    if isinstance(values, str):
        raise ConversionError(f"{name}: expected several, got one str")
    return [text(value, f"{name}[{at}]") for at, value in enumerate(values)]
