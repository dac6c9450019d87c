"""The execution context of a handler, as JavaScript has it."""

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
