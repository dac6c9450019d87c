"""Durations that Workflows take: of sleeps, timeouts, retry delays and retention."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TypeAlias

from ..errors import ConversionError

__all__ = ["WorkflowDuration", "checked_duration", "js_duration"]

WorkflowDuration: TypeAlias = timedelta | float | str
"""A ``timedelta``, a number of milliseconds (as in JavaScript), or text such as "10 seconds".

The units of text are second, minute, hour, day, week, month and year, with or without an "s".
"""

_TEXT = re.compile(r"\d+(\.\d+)? +(second|minute|hour|day|week|month|year)s?")


def js_duration(value: WorkflowDuration) -> float | str:
    """Return a timedelta in milliseconds, rounded up; return numbers and text unchanged."""
    if isinstance(value, timedelta):
        return -(-value // timedelta(milliseconds=1))
    return value


def checked_duration(value: WorkflowDuration, name: str) -> float | str:
    """Return a duration for JavaScript, or raise ConversionError that names the option.

    The check is needed because the engine would take "1 fortnight" for one millisecond.
    """
    duration = js_duration(value)
    if isinstance(duration, str):
        valid = _TEXT.fullmatch(duration) is not None
    else:
        valid = isinstance(duration, (int, float))
    if not valid:
        raise ConversionError(
            f'{name}: expected milliseconds, a timedelta or text such as "30 seconds", '
            f"got {value!r}"
        )
    return duration
