"""The JavaScript API of a handler's execution context."""

from __future__ import annotations

from typing import Protocol

from .tracing import Tracing
from .values import Js


class ExecutionContext(Protocol):
    def waitUntil(self, promise: Js, /) -> None: ...
    def passThroughOnException(self) -> None: ...
    @property
    def props(self) -> Js: ...
    @property
    def tracing(self) -> Tracing: ...
