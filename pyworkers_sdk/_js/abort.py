"""The JavaScript API of AbortController and AbortSignal."""

from __future__ import annotations

from typing import Protocol

from .values import Js


class AbortController(Protocol):
    @property
    def signal(self) -> AbortSignal: ...
    def abort(self, reason: Js = ..., /) -> None: ...


class AbortSignal(Protocol):
    @property
    def aborted(self) -> bool: ...
    @property
    def reason(self) -> Js: ...
    def addEventListener(self, name: str, listener: Js, /) -> None: ...
    def removeEventListener(self, name: str, listener: Js, /) -> None: ...
