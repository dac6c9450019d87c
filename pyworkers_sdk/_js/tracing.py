"""The JavaScript API of custom spans."""

from __future__ import annotations

from typing import Protocol

from .values import Js


class Tracing(Protocol):
    """The entry point. ``startSpan``, ``getActiveSpan`` and ``withActiveSpan`` are newer."""

    def enterSpan(self, name: str, callback: Js, /) -> Js: ...
    def startActiveSpan(self, name: str, callback: Js, /) -> Js: ...


class Span(Protocol):
    """A span.

    ``spanContext``, ``recordException``, ``updateName`` and ``setStatus`` are newer.
    """

    @property
    def isTraced(self) -> bool: ...
    def setAttribute(self, key: str, value: bool | float | str, /) -> Js: ...
    def end(self) -> None: ...
