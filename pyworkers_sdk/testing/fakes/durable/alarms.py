"""The alarm of a fake Durable Object: its due time, and retries with exponential back-off.

An object has one alarm. Its time is stored in the object's database, so the alarm outlives the
instance. ``FakeRuntime.drain`` calls ``alarm()`` when the clock has reached the due time:

* ``alarm()`` returns: the alarm is deleted, unless the handler has set it anew.
* ``alarm()`` raises: the alarm is due again after 2 s, and then after 4, 8, 16, 32 and 64 s. After
  the sixth retry it is deleted.
* ``ctx.abort(retry_alarm=False)`` within ``alarm()``: the alarm is deleted without a retry.

The first retry was seen in workerd (test_failed_alarm_is_retried_after_2_s); the others follow
https://developers.cloudflare.com/durable-objects/api/alarms/
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...._cpython.js_exception import JsException
from ...._cpython.rpc import ends

if TYPE_CHECKING:
    from ..._clock import Clock
    from .storage import FakeDurableObjectStorage

__all__ = ["Alarm"]

_log = logging.getLogger(__name__)

Handler = Callable[[Any], Awaitable[Any]]

_MAX_RETRIES = 6
_FIRST_BACK_OFF = 2_000  # ms; it doubles with each retry


class Alarm:
    """The alarm of one object. All times are milliseconds since 1970."""

    def __init__(self, clock: Clock, deliver: Callable[[Handler], Awaitable[Any]]) -> None:
        self._clock = clock
        self._deliver = deliver
        self._retries = 0
        self.due: float = 0.0
        """The time of the next call: later than the alarm's own time if retries have begun."""
        self.storage: FakeDurableObjectStorage | None = None
        """None until the object uses its storage for the first time."""

    def was_set(self, time: float | None) -> None:
        """Begin anew, as the object has set its alarm, or deleted it (None)."""
        self._retries = 0
        self.due = time or 0.0

    def is_due(self) -> bool:
        is_set = self.storage is not None and bool(self.storage.stored_alarm())
        return is_set and self.due <= self._clock.now()

    async def run(self, owner: object) -> None:
        """Call ``alarm()`` of the object once. If it fails, schedule the next retry."""
        assert self.storage is not None
        time = self.storage.stored_alarm()
        assert time is not None
        retries = self._retries
        self.storage.begin_alarm()
        info = {"isRetry": retries > 0, "retryCount": retries, "scheduledTime": time}
        failed = retry = False
        try:
            await self._deliver(lambda proxy: proxy.alarm(info))
        except JsException as error:  # the object was reset
            failed, retry = True, getattr(error, "retry_alarm", True)
            _log.error("alarm() of %r", owner, exc_info=error)
        except BaseException as error:
            if ends(error):
                raise
            failed = retry = True
            _log.exception("alarm() of %r", owner)
        if not self.storage.end_alarm(failed):
            return  # the handler has set or deleted the alarm itself
        if failed and retry and retries < _MAX_RETRIES:
            self._retries = retries + 1
            self.due = self._clock.now() + _FIRST_BACK_OFF * 2**retries
        elif failed:
            self.storage.forget_alarm()
