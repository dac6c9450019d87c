"""``ScheduledController``: the payload of a ``scheduled`` handler, for a due cron trigger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ._border import JsWrapper, raw
from ._times import from_ms

if TYPE_CHECKING:
    from . import _js

__all__ = ["ScheduledController"]


class ScheduledController(JsWrapper["_js.ScheduledController"]):
    """A cron trigger that is due.

    JS: ScheduledController.
    """

    __slots__ = ()

    def __init__(self, controller: _js.ScheduledController) -> None:
        self._js = raw(controller)

    @property
    def cron(self) -> str:
        """The configured expression of the trigger, such as ``"*/5 * * * *"``.

        JS: ScheduledController.cron.
        """
        return self._js.cron

    @property
    def scheduled_time(self) -> datetime:
        """The time at which the trigger was due, in UTC.

        JS: ScheduledController.scheduledTime.
        """
        return from_ms(self._js.scheduledTime)

    def no_retry(self) -> None:
        """Do not retry the handler if it raises.

        JS: ScheduledController.noRetry.
        """
        self._js.noRetry()

    def __repr__(self) -> str:
        return f"<ScheduledController {self.cron!r} {self.scheduled_time:%Y-%m-%dT%H:%M:%SZ}>"
