"""The JavaScript API of the version metadata binding."""

from __future__ import annotations

from typing import Protocol


class WorkerVersionMetadata(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def tag(self) -> str: ...
    @property
    def timestamp(self) -> str: ...
