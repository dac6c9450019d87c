"""The JavaScript API of custom spans."""

from __future__ import annotations

from typing import Protocol

from .values import Js


class Tracing(Protocol):
    """The entry point. Newer runtimes add ``getActiveSpan`` and ``withActiveSpan``."""

    def enterSpan(self, name: str, callback: Js, /) -> Js: ...
    def startActiveSpan(self, name: str, callback: Js, /) -> Js: ...


class Span(Protocol):
    """A span.

    Newer runtimes add ``spanContext``, ``recordException``, ``updateName`` and ``setStatus``.
    """

    @property
    def isTraced(self) -> bool: ...
    def setAttribute(self, key: str, value: bool | float | str, /) -> Js: ...
    def end(self) -> None: ...
