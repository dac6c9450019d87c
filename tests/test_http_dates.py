"""Dates in HTTP's headers: formatted, and parsed from the three forms of RFC 9110."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings, strategies as st

from pyworkers_sdk._http_dates import http_date, parse_http_date

UTC = timezone.utc
TIME = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
THIS_YEAR = datetime.now(UTC).year


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 30)))
def test_date_is_formatted_as_the_standard_library_does_and_parsed_back(time: datetime) -> None:
    aware = time.replace(tzinfo=timezone(timedelta(hours=1)))
    text = http_date(aware)
    assert text == format_datetime(aware.astimezone(UTC), usegmt=True)
    assert parse_http_date(text) == aware.replace(microsecond=0)


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 30)))
def test_date_of_asctime_is_parsed(time: datetime) -> None:
    assert parse_http_date(time.ctime()) == time.replace(microsecond=0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        " Sun, 06 Nov 1994 08:49:37 GMT\t",
        "Mon, 06 nov 1994 08:49:37 GMT",  # the day's name is not checked
    ],
)
def test_date_in_each_form_is_parsed(text: str) -> None:
    assert parse_http_date(text) == TIME


@pytest.mark.parametrize("offset", [-49, 0, 50, 51])
def test_year_of_two_digits_is_at_most_fifty_years_ahead(offset: int) -> None:
    year = THIS_YEAR + offset
    time = parse_http_date(f"Sunday, 06-Nov-{year % 100:02} 08:49:37 GMT")
    assert time is not None
    assert time.year == (year if offset < 51 else year - 100)


def test_leap_second_is_the_next_minute() -> None:
    time = parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT")
    assert time == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "nonsense",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nop 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Fri, 31 Dec 9999 23:59:60 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
        "Sun, \u06606 Nov 1994 08:49:37 GMT",
    ],
)
def test_other_text_is_not_a_date(text: str) -> None:
    assert parse_http_date(text) is None
