"""Workers for Platforms, as JavaScript has it."""

from __future__ import annotations

from typing import Protocol

from .services import Fetcher
from .values import Js


class DispatchNamespace(Protocol):
    def get(self, name: str, args: Js = ..., options: Js = ..., /) -> Fetcher: ...
