"""The JavaScript API of Web Search."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class WebSearch(Protocol):
    def search(self, options: Js, /) -> Awaitable[Js]: ...
