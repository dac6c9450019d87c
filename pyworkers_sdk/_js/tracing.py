"""Custom spans, as JavaScript has it."""

from __future__ import annotations

from typing import Protocol

from .values import Js


class Tracing(Protocol):
    """And, in newer runtimes, ``getActiveSpan`` and ``withActiveSpan``."""

    def enterSpan(self, name: str, callback: Js, /) -> Js: ...
    def startActiveSpan(self, name: str, callback: Js, /) -> Js: ...


class Span(Protocol):
    """And, in newer ones, ``spanContext``, ``recordException``, ``updateName``, ``setStatus``."""

    @property
    def isTraced(self) -> bool: ...
    def setAttribute(self, key: str, value: bool | float | str, /) -> Js: ...
    def end(self) -> None: ...
