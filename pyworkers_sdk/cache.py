"""``caches``: the Cache API that stores responses in the data centre that runs the Worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._border import JsWrapper, expected, raising, raw, text, web
from .errors import WorkersError
from .http import Request, Response

if TYPE_CHECKING:
    from . import _js

__all__ = ["Cache", "CacheStorage", "caches"]

_raising = raising(WorkersError)


class Cache(JsWrapper["_js.Cache"]):
    """Stored responses to GET requests, by their URL: ``caches.default``, or ``caches.open``.

    Each data centre has a separate cache, and may drop a response at any time. URLs are absolute.
    If a request has a ``cacheKey`` in its ``cf``, that replaces the URL. Every method raises
    WorkersError for an invalid URL.

    JS: Cache.
    """

    __slots__ = ()

    def __init__(self, cache: _js.Cache) -> None:
        self._js = raw(cache)

    async def match(
        self, request: str | Request, *, ignore_method: bool = False
    ) -> Response | None:
        """Return the stored response for a request, or None.

        The response has the header ``cf-cache-status: HIT``. The headers ``Range``,
        ``If-None-Match`` and ``If-Modified-Since`` of the request are obeyed: the status is then
        206, 416 or 304.

        Args:
            request: An absolute URL, or a request.
            ignore_method: Treat a request with another method as a GET. By default the result is
                None for such a request.

        Raises:
            WorkersError: The URL is invalid.

        JS: Cache.match.
        """
        with _raising:
            js_response = raw(await self._js.match(_key(request), ignoreMethod=ignore_method))
        return None if js_response is None else Response.from_js(js_response)

    async def put(self, request: str | Request, response: Response) -> None:
        """Store a response. This reads its body: ``put(request, response.clone())``.

        The headers of the response decide how long it is stored: ``Cache-Control`` (``s-maxage``,
        ``max-age``) or ``Expires``. Without either, or with ``Set-Cookie``, it is not stored.

        Args:
            request: An absolute URL, or a GET request.
            response: The response to store, of at most 512 MB.

        Raises:
            WorkersError: The URL is invalid, the request is not a GET, the status is 206, or the
                response has ``Vary: *``.

        JS: Cache.put.
        """
        js_response = raw(response)
        if not hasattr(js_response, "status"):
            raise expected("response", "Response", response)
        with _raising:
            await self._js.put(_key(request), js_response)

    async def delete(self, request: str | Request, *, ignore_method: bool = False) -> bool:
        """Delete a stored response in this data centre. Return True if there was one.

        Args:
            request: An absolute URL, or a request.
            ignore_method: Treat a request with another method as a GET. By default nothing is
                deleted for such a request.

        Raises:
            WorkersError: The URL is invalid.

        JS: Cache.delete.
        """
        with _raising:
            return bool(await self._js.delete(_key(request), ignoreMethod=ignore_method))


class CacheStorage:
    """The caches of a Worker. ``caches`` is the only instance.

    JS: CacheStorage.
    """

    __slots__ = ()

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        with _raising:
            return web.caches

    @property
    def default(self) -> Cache:
        """The cache that ``fetch`` uses too.

        JS: CacheStorage.default.
        """
        return Cache(self.js_object.default)

    async def open(self, name: str) -> Cache:
        """Return the cache with this name. It is created if necessary.

        Args:
            name: The name, of less than 1,024 characters.

        Raises:
            WorkersError: The name is too long.

        JS: CacheStorage.open.
        """
        with _raising:
            return Cache(await self.js_object.open(text(name, "name")))


caches: CacheStorage = CacheStorage()


def _key(request: Any) -> Any:
    if isinstance(request, str):
        return text(request, "request")
    js = raw(request)
    if not hasattr(js, "url"):
        raise expected("request", "str or Request", request)
    return js
