"""Conversion between the times of JavaScript and of services and aware UTC datetimes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from ._border import expected

__all__ = ["EPOCH", "from_iso", "from_ms", "to_iso", "to_ms"]

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def from_ms(milliseconds: float) -> datetime:
    """Return the time that is this many milliseconds after 1970, in UTC."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def to_ms(value: datetime) -> int:
    """Return the whole milliseconds since 1970; a naive datetime counts as UTC."""
    return (_aware(value) - EPOCH) // timedelta(milliseconds=1)


def from_iso(text: str) -> datetime:
    """Return the time in ISO 8601 text, in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def to_iso(value: Any, name: str) -> str | None:
    """Return ISO 8601 text as JavaScript's ``toISOString`` writes it; None for None.

    A naive datetime counts as UTC. Raise ConversionError, with ``name``, for other types.
    """
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise expected(name, "datetime", value)
    utc = _aware(value).astimezone(timezone.utc)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
