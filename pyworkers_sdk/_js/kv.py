"""The JavaScript API of Workers KV."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class KVNamespace(Protocol):
    def get(self, key: Js, /, *, type: str = ..., cacheTtl: int | None = None) -> Awaitable[Js]: ...
    def getWithMetadata(
        self, key: Js, /, *, type: str = ..., cacheTtl: int | None = None
    ) -> Awaitable[Js]: ...
    def put(
        self,
        key: str,
        value: Js,
        /,
        *,
        expiration: int | None = None,
        expirationTtl: int | None = None,
        metadata: Js = None,
    ) -> Awaitable[None]: ...
    def delete(self, key: str, /) -> Awaitable[None]: ...
    def deleteBulk(self, keys: Js, /) -> Awaitable[None]: ...
    def list(
        self, *, prefix: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Awaitable[Js]: ...
