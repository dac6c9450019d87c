"""The JavaScript API of Blob."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .streams import ReadableStream
from .values import Js


class Blob(Protocol):
    @property
    def size(self) -> int: ...
    @property
    def type(self) -> str: ...
    def arrayBuffer(self) -> Awaitable[Js]: ...
    def slice(self, start: int, end: int, type: str, /) -> Blob: ...
    def stream(self) -> ReadableStream: ...
