"""The JavaScript API of Cron Triggers."""

from __future__ import annotations

from typing import Protocol


class ScheduledController(Protocol):
    @property
    def cron(self) -> str: ...
    @property
    def scheduledTime(self) -> float: ...
    def noRetry(self) -> None: ...
