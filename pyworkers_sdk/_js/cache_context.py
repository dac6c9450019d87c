"""The JavaScript API of the cache in front of a Worker."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class CacheContext(Protocol):
    def purge(self, options: Js, /) -> Awaitable[Js]: ...
