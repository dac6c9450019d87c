"""``caches``: the Cache API, where responses are kept close to the client that asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._border import JsWrapper, raising, raw, text, web
from .errors import ConversionError, WorkersError
from .http import Request, Response

if TYPE_CHECKING:
    from . import _js

__all__ = ["Cache", "CacheStorage", "caches"]

_raising = raising(WorkersError)


class Cache(JsWrapper["_js.Cache"]):
    """Responses to GET requests, by their URL; what ``caches.default`` and ``caches.open`` give.

    A data centre has its own, and may drop what is in it at any time. A URL is absolute; ``cf``'s
    ``cacheKey`` takes its place where a request has one. WorkersError where a URL is not valid.

    JS: Cache.
    """

    __slots__ = ()

    def __init__(self, cache: _js.Cache) -> None:
        self._js = raw(cache)

    async def match(
        self, request: str | Request, *, ignore_method: bool = False
    ) -> Response | None:
        """The response kept for a request, or None.

        It has a ``cf-cache-status: HIT``. What the request says in Range, If-None-Match and
        If-Modified-Since is answered: with status 206, 416 or 304. None for a request that is no
        GET, unless ``ignore_method``. JS: Cache.match.
        """
        with _raising:
            found = await self._js.match(_key(request), ignoreMethod=ignore_method)
        js = raw(found)
        return None if js is None else Response.from_js(js)

    async def put(self, request: str | Request, response: Response) -> None:
        """Keep a response, whose body this reads: ``put(request, response.clone())``.

        It is kept as long as its Cache-Control (``s-maxage``, ``max-age``) or Expires says; without
        either, or with Set-Cookie, it is not kept at all. At most 512 MB. WorkersError for a
        request that is no GET, status 206, and ``Vary: *``. JS: Cache.put.
        """
        js = raw(response)
        if not hasattr(js, "status"):
            raise ConversionError(f"response: expected Response, got {type(response).__name__}")
        with _raising:
            await self._js.put(_key(request), js)

    async def delete(self, request: str | Request, *, ignore_method: bool = False) -> bool:
        """Forget a response, in this data centre; whether there was one. JS: Cache.delete."""
        with _raising:
            return bool(await self._js.delete(_key(request), ignoreMethod=ignore_method))


class CacheStorage:
    """The caches of a Worker; ``caches`` is the only one. JS: CacheStorage."""

    __slots__ = ()

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        with _raising:
            return web.caches

    @property
    def default(self) -> Cache:
        """The cache that ``fetch`` uses too. JS: CacheStorage.default."""
        return Cache(self.js_object.default)

    async def open(self, name: str) -> Cache:
        """The cache of that name, which is shorter than 1,024 characters. JS: CacheStorage.open."""
        with _raising:
            return Cache(await self.js_object.open(text(name, "name")))


caches: CacheStorage = CacheStorage()


def _key(request: Any) -> Any:
    if isinstance(request, str):
        return text(request, "request")
    js = raw(request)
    if not hasattr(js, "url"):
        raise ConversionError(f"request: expected str or Request, got {type(request).__name__}")
    return js
