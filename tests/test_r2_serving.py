"""The decisions about conditions and ranges, against models of RFC 9110 and against Starlette."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from starlette.responses import FileResponse

from pyworkers_sdk import R2, R2ObjectBody, Request
from pyworkers_sdk._http_dates import http_date
from pyworkers_sdk.r2 import _serving
from pyworkers_sdk.testing import fake

ETAG = "a,b"
UPLOADED = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=timezone.utc)
MODIFIED = UPLOADED.replace(microsecond=0)


def header_of(headers: Mapping[str, str | None]) -> Callable[[str], str | None]:
    return lambda name: headers.get(name)


# Conditions ---------------------------------------------------------------------------------------

# Etags of a list, (weak, tag), or "*".
LISTS: list[list[tuple[bool, str]] | str | None] = [
    None,
    "*",
    [],
    [(False, ETAG)],
    [(True, ETAG)],
    [(False, "x")],
    [(True, "x"), (False, "y"), (True, ETAG)],
    [(False, "a"), (False, "b")],
]
TIMES = [None, "nonsense", *(MODIFIED + timedelta(seconds=n) for n in (-1, 0, 1))]


def written_list(etags: Any) -> str | None:
    if etags is None or isinstance(etags, str):
        return etags
    return ", ".join(f'{"W/" * weak}"{tag}"' for weak, tag in etags)


def written_time(time: Any) -> str | None:
    return http_date(time) if isinstance(time, datetime) else time


def model(method: str, match: Any, until: Any, none_match: Any, since: Any) -> int:
    """Return the status by the steps of RFC 9110, section 13.2.2."""
    safe = method in ("GET", "HEAD")
    if match is not None:  # step 1
        if match != "*" and (False, ETAG) not in match:
            return 412
    elif isinstance(until, datetime) and until < MODIFIED:  # step 2
        return 412
    if none_match is not None:  # step 3
        if none_match == "*" or ETAG in [tag for _, tag in none_match]:
            return 304 if safe else 412
    elif safe and isinstance(since, datetime) and since >= MODIFIED:  # step 4
        return 304
    return 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_every_combination_of_conditions_has_the_status_of_the_rfc(method: str) -> None:
    for match, until, none_match, since in product(LISTS, TIMES, LISTS, TIMES):
        headers = {
            "if-match": written_list(match),
            "if-unmodified-since": written_time(until),
            "if-none-match": written_list(none_match),
            "if-modified-since": written_time(since),
        }
        status = _serving.condition_status(method, header_of(headers), ETAG, UPLOADED)
        assert status == model(method, match, until, none_match, since), headers


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from(["if-match", "if-none-match"]))
def test_any_text_in_place_of_etags_ends_in_a_status(text: str, name: str) -> None:
    status = _serving.condition_status("GET", header_of({name: text}), ETAG, UPLOADED)
    assert status in (200, 304, 412)


def test_long_list_of_etags_is_read_in_linear_time() -> None:
    for text in '"x", ' * 20_000, "," * 100_000, '"' * 100_000, " " * 100_000, "W/" * 50_000:
        header = header_of({"if-none-match": text + f'"{ETAG}"'})
        assert _serving.condition_status("GET", header, ETAG, UPLOADED) in (200, 304)


# Ranges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(6))
def test_every_short_range_has_the_bytes_that_it_names(size: int) -> None:
    numbers = ["", *map(str, range(8))]
    specs = [f"{first}-{last}" for first, last in product(numbers, numbers)]
    for spec in specs:
        assert answer(f"bytes={spec}", size) == range_model([spec], size), spec
    for pair in product(specs[::5], specs[::7]):
        assert answer(f"bytes={', '.join(pair)}", size) == range_model([*pair], size), pair


def answer(header: str, size: int) -> Any:
    """Return the numbers of the bytes that are sent, or the word."""
    part = _serving.requested_range(header, size)
    return part if isinstance(part, str) else [*range(part[0], part[0] + part[1])]


def range_model(specs: list[str], size: int) -> Any:
    data = [*range(size)]
    parts: list[list[int]] = []
    for spec in specs:
        first, _, last = spec.partition("-")
        if (first and last and int(last) < int(first)) or not (first or last):
            return "whole"
        if not first:
            parts.append(data[-int(last) :] if int(last) else [])
        else:
            parts.append(data[int(first) : int(last) + 1] if last else data[int(first) :])
    satisfiable = [part for part in parts if part]
    if not satisfiable:
        return "unsatisfiable"
    return satisfiable[0] if len(satisfiable) == 1 else "whole"


@settings(deadline=None)
@given(st.text(max_size=30), st.integers(0, 2**40))
def test_any_text_in_place_of_a_range_ends_in_an_answer(text: str, size: int) -> None:
    for header in text, f"bytes={text}":
        part = _serving.requested_range(header, size)
        if not isinstance(part, str):
            assert 0 <= part[0] < part[0] + part[1] <= size


# Starlette ----------------------------------------------------------------------------------------

DATA = b"0123456789"


async def starlette_answer(file: Path, method: str, headers: dict[str, str]) -> Any:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    # From version 2.4 on, Starlette does not wait for the client to go.
    asgi = {"version": "3.0", "spec_version": "2.4"}
    scope = {"type": "http", "asgi": asgi, "method": method, "path": "/", "headers": raw}
    await FileResponse(file, headers={"etag": f'"{ETAG}"'})(scope, receive, send)
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, b"".join(message.get("body", b"") for message in sent)


async def our_answer(bucket: R2, method: str, headers: dict[str, str]) -> Any:
    request = Request("https://e.com/", method=method, headers=headers)
    stored = await bucket.get("k", range=request.headers)
    assert isinstance(stored, R2ObjectBody)
    response = stored.response(request)
    return response.status, dict(response.headers.items()), await response.bytes()


@settings(deadline=None)
@given(
    method=st.sampled_from(["GET", "GET", "HEAD"]),
    spec=st.tuples(
        st.one_of(st.none(), st.integers(0, 12)), st.one_of(st.none(), st.integers(1, 12))
    ).filter(lambda spec: spec != (None, None)),
    if_range=st.sampled_from([None, "etag", "date", '"other"', "Thu, 01 Jan 1970 00:00:01 GMT"]),
)
def test_single_ranges_are_answered_as_by_starlette(
    tmp_path_factory: pytest.TempPathFactory,
    method: str,
    spec: tuple[int | None, int | None],
    if_range: str | None,
) -> None:
    first, last = spec
    if first is not None and last is not None and last < first:
        return  # Starlette refuses this with 400; RFC 9110 lets a server ignore it
    file = tmp_path_factory.getbasetemp() / "served"
    if not file.exists():
        file.write_bytes(DATA)
        os.utime(file, (UPLOADED.timestamp(), UPLOADED.timestamp()))
    headers = {"range": f"bytes={'' if first is None else first}-{'' if last is None else last}"}

    async def answers() -> tuple[Any, Any]:
        bucket = fake(R2)
        put = await bucket.put("k", DATA)
        values = {"etag": f'"{ETAG}"', "date": http_date(MODIFIED), None: None}
        ours = {"etag": put.http_etag, "date": http_date(put.uploaded), None: None}
        theirs = await starlette_answer(
            file, method, _with(headers, values.get(if_range, if_range))
        )
        return theirs, await our_answer(
            bucket, method, _with(headers, ours.get(if_range, if_range))
        )

    theirs, ours = asyncio.run(answers())
    if method == "HEAD":  # Starlette answers 206, but a range is defined for GET only
        assert (ours[0], ours[1]["content-length"], ours[2]) == (200, str(len(DATA)), b"")
        return
    assert ours[0] == theirs[0]
    assert ours[1].get("content-range") == (
        "bytes */10" if theirs[0] == 416 else theirs[1].get("content-range")
    )
    if theirs[0] != 416:  # Starlette has a text there
        assert ours[1]["content-length"] == theirs[1]["content-length"]
        assert ours[2] == theirs[2]


def _with(headers: dict[str, str], if_range: str | None) -> dict[str, str]:
    return headers if if_range is None else {**headers, "if-range": if_range}
