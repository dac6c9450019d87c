"""``ctx.cache``: purge the cache in front of a Worker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ._border import JsWrapper, expected, from_js, prop, raising, raw, text, to_js, unsupported
from ._options import js_options
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["CacheContext", "CachePurgeError", "CachePurgeResult"]

_raising = raising(WorkersError)


class CachePurgeError(NamedTuple):
    """The reason why a purge failed.

    JS: CachePurgeError.
    """

    code: int
    """The code of the error."""
    message: str
    """The message of the error."""


class CachePurgeResult(NamedTuple):
    """The result of a purge. A refused purge raises nothing, so check ``success``.

    JS: CachePurgeResult.
    """

    success: bool
    """True if the responses were purged."""
    errors: list[CachePurgeError]
    """The errors if ``success`` is False."""


class CacheContext(JsWrapper["_js.CacheContext"]):
    """The cache that answers requests before the Worker is called.

    JS: CacheContext.
    """

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
        """Delete responses in all data centres.

        Args:
            tags: Delete the responses with one of these tags in ``Cache-Tag``.
            path_prefixes: Delete the responses under one of these paths.
            purge_everything: Delete all responses.

        Raises:
            WorkersError: The Worker has no cache in front of it.
            ConversionError: ``tags`` or ``path_prefixes`` is not an iterable of str.

        JS: CacheContext.purge.
        """
        return await self._request("purge", tags, path_prefixes, purge_everything)

    async def invalidate(
        self,
        *,
        tags: Iterable[str] | None = None,
        path_prefixes: Iterable[str] | None = None,
        purge_everything: bool | None = None,
    ) -> CachePurgeResult:
        """Mark responses in all data centres as stale: they are revalidated before their next use.

        Args:
            tags: Mark the responses with one of these tags in ``Cache-Tag``.
            path_prefixes: Mark the responses under one of these paths.
            purge_everything: Mark all responses.

        Raises:
            WorkersError: The Worker has no cache in front of it, or the runtime has no
                ``invalidate``.
            ConversionError: ``tags`` or ``path_prefixes`` is not an iterable of str.

        JS: CacheContext.invalidate.
        """
        return await self._request("invalidate", tags, path_prefixes, purge_everything)

    async def _request(self, name: str, tags: Any, paths: Any, everything: Any) -> CachePurgeResult:
        method = prop(self._js, name)
        if method is None:
            raise unsupported(WorkersError, f"{name}()")
        options = {
            "tags": _texts(tags, "tags"),
            "path_prefixes": _texts(paths, "path_prefixes"),
            "purge_everything": everything,
        }
        js_bag = to_js(js_options(options), "options")
        with _raising:
            result = from_js(await method(js_bag))
        errors = [CachePurgeError(error["code"], error["message"]) for error in result["errors"]]
        return CachePurgeResult(result["success"], errors)


def _texts(values: Any, name: str) -> list[str] | None:
    if values is None:
        return None
    if isinstance(values, str):  # It is iterable, but its characters are not meant.
        raise expected(name, "an iterable of str", values, 'pass ["…"]')
    return [text(value, f"{name}[{index}]") for index, value in enumerate(values)]
