"""The dates of HTTP's headers (RFC 9110, section 5.6.7)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

__all__ = ["http_date", "parse_http_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY, _MONTH = "(?P<day>[0-9]{2})", "(?P<month>[A-Za-z]{3})"
_TIME = "(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})"
_FORMS = [
    re.compile(form)
    for form in (
        f"[A-Za-z]{{3}}, {_DAY} {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
        f"[A-Za-z]{{6,9}}, {_DAY}-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
        f"[A-Za-z]{{3}} {_MONTH} (?P<day>[0-9 ][0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
]


def http_date(time: datetime) -> str:
    """Return an aware datetime as "Sun, 06 Nov 1994 08:49:37 GMT"; fractions are cut off."""
    time = time.astimezone(timezone.utc)
    day, month = _DAYS[time.weekday()], _MONTHS[time.month - 1]
    return f"{day}, {time.day:02} {month} {time.year:04} {time:%H:%M:%S} GMT"


def parse_http_date(text: str) -> datetime | None:
    """Return a date in one of HTTP's three forms as an aware datetime; None for another text.

    A year of two digits that is more than 50 years in the future is one of the past century.
    """
    match = next(filter(None, (form.fullmatch(text.strip(" \t")) for form in _FORMS)), None)
    if match is None or match["month"].title() not in _MONTHS:
        return None
    hour, minute, second = map(int, match["time"].split(":"))
    year, month = int(match["year"]), _MONTHS.index(match["month"].title()) + 1
    if len(match["year"]) == 2:
        now = datetime.now(timezone.utc).year
        year += now // 100 * 100
        year -= 100 if year > now + 50 else 0
    # A leap second is the first second of the next minute, as datetime has none.
    leap = timedelta(seconds=1 if second == 60 else 0)
    try:
        time = datetime(year, month, int(match["day"]), hour, minute, second - leap.seconds)
        return time.replace(tzinfo=timezone.utc) + leap
    except (ValueError, OverflowError):
        return None
