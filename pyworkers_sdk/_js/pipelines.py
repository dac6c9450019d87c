"""The JavaScript API of Pipelines."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class Pipeline(Protocol):
    def send(self, records: Js, /) -> Awaitable[None]: ...
