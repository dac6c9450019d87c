"""``ScheduledController``: what a ``scheduled`` handler gets when a cron trigger is due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ._border import JsWrapper, raw
from ._times import from_ms

if TYPE_CHECKING:
    from . import _js

__all__ = ["ScheduledController", "from_milliseconds"]


class ScheduledController(JsWrapper["_js.ScheduledController"]):
    """Which cron trigger is due, and since when. JS: ScheduledController."""

    __slots__ = ()

    def __init__(self, controller: _js.ScheduledController) -> None:
        self._js = raw(controller)

    @property
    def cron(self) -> str:
        """The trigger as it is configured, ``"*/5 * * * *"``. JS: ScheduledController.cron."""
        return self._js.cron

    @property
    def scheduled_time(self) -> datetime:
        """When it was due, in UTC. JS: ScheduledController.scheduledTime."""
        return from_milliseconds(self._js.scheduledTime)

    def no_retry(self) -> None:
        """Do not run it again if the handler raises. JS: ScheduledController.noRetry."""
        self._js.noRetry()

    def __repr__(self) -> str:
        return f"<ScheduledController {self.cron!r} {self.scheduled_time:%Y-%m-%dT%H:%M:%SZ}>"


def from_milliseconds(since_1970: float) -> datetime:
    """The datetime, in UTC, of what JavaScript has as a number."""
    return from_ms(since_1970)
