"""Conversion between the times of JavaScript and of services and aware UTC datetimes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from ._border import aware

__all__ = ["EPOCH", "from_iso", "from_ms", "to_iso", "to_ms"]

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def from_ms(milliseconds: float) -> datetime:
    """Return the time that is this many milliseconds after 1970, in UTC."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def to_ms(value: Any, name: str) -> int:
    """Return the whole milliseconds since 1970.

    Raises:
        ConversionError: The value is not an aware datetime. The message begins with ``name``.
    """
    return (aware(value, name) - EPOCH) // timedelta(milliseconds=1)


def from_iso(text: str) -> datetime:
    """Return the time in ISO 8601 text, in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def to_iso(value: Any, name: str) -> str | None:
    """Return ISO 8601 text as JavaScript's ``toISOString`` writes it; None for None.

    Raises:
        ConversionError: The value is not an aware datetime. The message begins with ``name``.
    """
    if value is None:
        return None
    return aware(value, name).isoformat(timespec="milliseconds").replace("+00:00", "Z")
