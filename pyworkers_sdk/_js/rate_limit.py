"""The JavaScript API of the rate limiting binding."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class RateLimit(Protocol):
    def limit(self, *, key: str, delta: int = ...) -> Awaitable[Js]: ...
