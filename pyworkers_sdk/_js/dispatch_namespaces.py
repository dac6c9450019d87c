"""The JavaScript API of Workers for Platforms: dispatch namespaces."""

from __future__ import annotations

from typing import Protocol

from .services import Fetcher
from .values import Js


class DispatchNamespace(Protocol):
    def get(self, name: str, args: Js = ..., options: Js = ..., /) -> Fetcher: ...
