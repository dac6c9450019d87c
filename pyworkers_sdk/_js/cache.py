"""The JavaScript API of the Cache API: ``caches`` and each cache in it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .http import Response
from .values import Js


class CacheStorage(Protocol):
    @property
    def default(self) -> Cache: ...
    def open(self, cacheName: str, /) -> Awaitable[Cache]: ...


class Cache(Protocol):
    def match(self, request: Js, /, *, ignoreMethod: bool = ...) -> Awaitable[Js]: ...
    def put(self, request: Js, response: Response, /) -> Awaitable[None]: ...
    def delete(self, request: Js, /, *, ignoreMethod: bool = ...) -> Awaitable[bool]: ...
