"""The JavaScript API of Analytics Engine."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class AnalyticsEngineDataset(Protocol):
    def writeDataPoint(self, *, blobs: Js = ..., doubles: Js = ..., indexes: Js = ...) -> None: ...


class AnalyticsSQLBinding(Protocol):
    def query(self, request: Js, /) -> Awaitable[Js]: ...
