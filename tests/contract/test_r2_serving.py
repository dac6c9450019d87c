"""``R2Object.response``: an object served by the rules of RFC 9110, seen in every world."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from pyworkers_sdk import (
    R2,
    Headers,
    R2Object,
    R2ObjectBody,
    Request,
    Response,
    StreamError,
)
from tests.contract.kit import cases, not_in, raises

HELLO = b"hello"
ETAG = '"5d41402abc4b2a76b9719d911017c592"'
NO_HEADERS = "miniflare's proxy takes Headers of its own class alone"
NO_FIXED_LENGTH = "Node has no FixedLengthStream"
# Far from the time of an upload in every world.
EARLY, LATE = "Thu, 01 Jan 1970 00:00:01 GMT", "Mon, 01 Jan 2170 00:00:01 GMT"


def asked(method: str = "GET", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("https://e.com/k", method=method, headers=named)


def http_date(time: datetime) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT")


async def stored(r2: R2, **options: Any) -> R2ObjectBody:
    found = await r2.get("k", **options)
    assert isinstance(found, R2ObjectBody)
    return found


def content_headers(response: Response) -> dict[str, str]:
    """Return the headers, without ``Last-Modified`` if there is one."""
    return {name: value for name, value in response.headers.items() if name != "last-modified"}


# A request without conditions ---------------------------------------------------------------------


async def test_an_object_is_served_whole(r2: R2) -> None:
    put = await r2.put("k", HELLO)
    response = (await stored(r2)).response(asked())
    assert response.status == 200
    assert dict(response.headers.items()) == {
        "accept-ranges": "bytes",
        "content-length": "5",
        "etag": ETAG,
        "last-modified": http_date(put.uploaded),
    }
    assert await response.bytes() == HELLO


async def test_stored_http_metadata_become_headers(r2: R2) -> None:
    await r2.put(
        "k",
        HELLO,
        http_metadata={
            "content_type": "text/plain",
            "content_language": "de",
            "content_disposition": 'attachment; filename="k.txt"',
            "content_encoding": "gzip",
            "cache_control": "max-age=60",
            "cache_expiry": datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
        },
    )
    response = (await stored(r2)).response(asked())
    assert content_headers(response) == {
        "accept-ranges": "bytes",
        "cache-control": "max-age=60",
        "content-disposition": 'attachment; filename="k.txt"',
        "content-encoding": "gzip",
        "content-language": "de",
        "content-length": "5",
        "content-type": "text/plain",
        "etag": ETAG,
        "expires": "Wed, 02 Jan 2030 03:04:05 GMT",
    }
    response = (await stored(r2)).response(asked(if_none_match=ETAG))
    assert response.status == 304
    assert content_headers(response) == {
        "cache-control": "max-age=60",
        "etag": ETAG,
        "expires": "Wed, 02 Jan 2030 03:04:05 GMT",
    }
    response = (await stored(r2)).response(asked(if_match='"x"'))
    assert (response.status, content_headers(response)) == (412, {"etag": ETAG})


async def test_headers_of_the_response_can_be_changed(r2: R2) -> None:
    await r2.put("k", HELLO)
    for request in asked(), asked(if_none_match="*"), asked("HEAD"):
        response = (await stored(r2)).response(request)
        response.headers["x-more"] = "1"
        response.headers.set_cookie("a", "b")
        assert response.headers["x-more"] == "1"


async def test_an_empty_object_is_served(r2: R2) -> None:
    await r2.put("k", b"")
    response = (await stored(r2)).response(asked())
    assert (response.status, response.headers["content-length"]) == (200, "0")
    assert await response.bytes() == b""


async def test_other_methods_are_answered_by_the_whole_object(r2: R2) -> None:
    await r2.put("k", HELLO)
    response = (await stored(r2)).response(asked("POST", range="bytes=1-2"))
    assert (response.status, await response.bytes()) == (200, HELLO)


@cases({"get": True, "head": False})
async def test_a_head_request_is_answered_without_bytes(r2: R2, case: bool) -> None:
    await r2.put("k", HELLO, http_metadata={"content_type": "text/plain"})
    found = await stored(r2) if case else await r2.head("k")
    assert found is not None
    response = found.response(asked("HEAD", range="bytes=1-2"))
    assert response.status == 200
    assert content_headers(response) == {
        "accept-ranges": "bytes",
        "content-length": "5",
        "content-type": "text/plain",
        "etag": ETAG,
    }
    assert response.body is None


# Conditions ---------------------------------------------------------------------------------------

# Headers of a request, and the status for GET and HEAD, and for another method.
CONDITIONS: dict[str, tuple[dict[str, str], int, int]] = {
    "match": ({"if_match": ETAG}, 200, 200),
    "match-any": ({"if_match": "*"}, 200, 200),
    "match-list": ({"if_match": f'"x", {ETAG}'}, 200, 200),
    "match-other": ({"if_match": '"x"'}, 412, 412),
    "match-weak": ({"if_match": f"W/{ETAG}"}, 412, 412),
    "match-unquoted": ({"if_match": ETAG.strip('"')}, 412, 412),
    "match-nonsense": ({"if_match": "nonsense"}, 412, 412),
    "match-empty": ({"if_match": ""}, 412, 412),
    "none-match": ({"if_none_match": ETAG}, 304, 412),
    "none-match-any": ({"if_none_match": "*"}, 304, 412),
    "none-match-list": ({"if_none_match": f'W/"a,b" ,,\t"x",{ETAG}'}, 304, 412),
    "none-match-weak": ({"if_none_match": f"W/{ETAG}"}, 304, 412),
    "none-match-other": ({"if_none_match": '"x", W/"y"'}, 200, 200),
    "none-match-unquoted": ({"if_none_match": ETAG.strip('"')}, 200, 200),
    "none-match-unclosed": ({"if_none_match": ETAG[:-1]}, 200, 200),
    "none-match-nonsense": ({"if_none_match": "nonsense"}, 200, 200),
    "none-match-without-comma": ({"if_none_match": f'"x" {ETAG}'}, 200, 200),
    "modified-since-early": ({"if_modified_since": EARLY}, 200, 200),
    "modified-since-late": ({"if_modified_since": LATE}, 304, 200),
    "modified-since-nonsense": ({"if_modified_since": "nonsense"}, 200, 200),
    "modified-since-number": ({"if_modified_since": "0"}, 200, 200),
    "modified-since-ascii-time": ({"if_modified_since": "Mon Jan  1 00:00:01 2170"}, 304, 200),
    "unmodified-since-early": ({"if_unmodified_since": EARLY}, 412, 412),
    "unmodified-since-old-form": (
        {"if_unmodified_since": "Sunday, 06-Nov-94 08:49:37 GMT"},
        412,
        412,
    ),
    "unmodified-since-late": ({"if_unmodified_since": LATE}, 200, 200),
    "unmodified-since-nonsense": ({"if_unmodified_since": "nonsense"}, 200, 200),
    "match-before-unmodified": ({"if_match": ETAG, "if_unmodified_since": EARLY}, 200, 200),
    "other-before-unmodified": ({"if_match": '"x"', "if_unmodified_since": LATE}, 412, 412),
    "none-match-before-modified": ({"if_none_match": '"x"', "if_modified_since": LATE}, 200, 200),
    "none-match-despite-modified": ({"if_none_match": ETAG, "if_modified_since": EARLY}, 304, 412),
    "match-and-none-match": ({"if_match": ETAG, "if_none_match": ETAG}, 304, 412),
    "other-and-none-match": ({"if_match": '"x"', "if_none_match": ETAG}, 412, 412),
    "unmodified-and-modified": ({"if_unmodified_since": LATE, "if_modified_since": LATE}, 304, 200),
    "condition-before-range": ({"if_none_match": ETAG, "range": "bytes=9-"}, 304, 412),
    "range-after-condition": ({"if_match": ETAG, "range": "bytes=1-2"}, 206, 200),
}


@cases(CONDITIONS)
async def test_conditions_decide_about_the_status(
    r2: R2, case: tuple[dict[str, str], int, int], world: Any
) -> None:
    headers, read_status, other_status = case
    if world.engine == "node" and "range" in headers and read_status == 206:
        read_status = 0  # Node has no FixedLengthStream to cut the range out
    await r2.put("k", HELLO)
    for method, status in ("GET", read_status), ("HEAD", read_status), ("DELETE", other_status):
        if not status:
            continue
        if method == "HEAD" and status == 206:
            status = 200  # a range is for GET only
        response = (await stored(r2)).response(asked(method, **headers))
        assert response.status == status, method
        expected = b"el" if status == 206 else HELLO if status == 200 and method != "HEAD" else b""
        assert await response.bytes() == expected


@cases({"second-before": (-1, 200, 412), "same": (0, 304, 200), "second-after": (1, 304, 200)})
async def test_times_are_compared_in_whole_seconds(r2: R2, case: tuple[int, int, int]) -> None:
    difference, since, until = case
    put = await r2.put("k", HELLO)
    text = http_date(put.uploaded.replace(microsecond=0) + timedelta(seconds=difference))
    assert (await stored(r2)).response(asked(if_modified_since=text)).status == since
    assert (await stored(r2)).response(asked(if_unmodified_since=text)).status == until


@not_in("node", reason=NO_HEADERS)
@cases(
    {
        "modified": ({"if_none_match": ETAG}, 304),
        "other": ({"if_match": '"x"'}, 412),
        "since": ({"if_modified_since": LATE}, 304),
        "until": ({"if_unmodified_since": EARLY}, 412),
        "holds": ({"if_none_match": '"x"', "if_match": ETAG}, 200),
    }
)
async def test_conditions_that_r2_checked_have_the_same_status(
    r2: R2, case: tuple[dict[str, str], int]
) -> None:
    headers, status = case
    await r2.put("k", HELLO)
    request = asked(**headers)
    found = await r2.get("k", only_if=request.headers, range=request.headers)
    assert found is not None
    assert isinstance(found, R2ObjectBody) is (status == 200)
    assert found.response(request).status == status


async def test_an_object_without_its_bytes_is_a_failed_condition(r2: R2) -> None:
    await r2.put("k", HELLO)
    found = await r2.get("k", only_if={"etag_matches": "x"})
    assert type(found) is R2Object
    assert found.response(asked()).status == 412
    assert found.response(asked(if_none_match=ETAG)).status == 304
    assert found.response(asked("HEAD")).status == 200


# Ranges -------------------------------------------------------------------------------------------

# A header, and the first and last byte of the answer; None: the whole object; (): 416.
RANGES: dict[str, Any] = {
    "bytes=0-0": (0, 0),
    "bytes=1-2": (1, 2),
    "bytes=1-": (1, 4),
    "bytes=-2": (3, 4),
    "bytes=1-99": (1, 4),
    "bytes=0-4": (0, 4),
    "bytes=0-": (0, 4),
    "bytes=-5": (0, 4),
    "bytes=-99": (0, 4),
    "bytes=4-4": (4, 4),
    "BYTES=1-2": (1, 2),
    "bytes= 1-2 ": (1, 2),
    "bytes=001-0002": (1, 2),
    "bytes=1-2,-0": (1, 2),
    "bytes=9-,1-2": (1, 2),
    "bytes=1-2,": (1, 2),
    "bytes=5-": (),
    "bytes=5-9": (),
    "bytes=9-,7-8": (),
    "bytes=-0": (),
    f"bytes={'9' * 30}-": (),
    f"bytes=1-{'9' * 30}": (1, 4),
    f"bytes=-{'9' * 5000}": (0, 4),
    "bytes=0-0,2-3": None,
    "bytes=2-1": None,
    "bytes=1-2,3-1": None,
    "bytes=": None,
    "bytes=-": None,
    "bytes=,": None,
    "bytes=x-": None,
    "bytes=1-x": None,
    "bytes=+1-2": None,
    "bytes=1--2": None,
    "bytes=1.0-2": None,
    "bytes": None,
    "bytes 1-2": None,
    "lines=1-2": None,
    "": None,
}


def check_part(response: Response, expected: Any) -> bytes:
    """Check status and headers, and return the bytes that are expected."""
    if expected == ():
        assert response.status == 416
        assert dict(response.headers.items()) == {
            "accept-ranges": "bytes",
            "content-range": "bytes */5",
            "etag": ETAG,
        }
        return b""
    first, last = expected or (0, 4)
    assert response.status == (200 if expected is None else 206)
    assert response.headers.get("content-range") == (
        None if expected is None else f"bytes {first}-{last}/5"
    )
    assert response.headers["content-length"] == str(last - first + 1)
    assert response.headers["etag"] == ETAG
    return HELLO[first : last + 1]


@not_in("node", reason=NO_HEADERS)
@cases({header[:30]: header for header in RANGES})
async def test_a_range_that_get_read_is_served(r2: R2, case: str) -> None:
    await r2.put("k", HELLO, http_metadata={"content_type": "text/plain"})
    request = asked(range=case)
    response = (await stored(r2, range=request.headers)).response(request)
    assert await response.bytes() == check_part(response, RANGES[case])


@not_in("node", reason=NO_FIXED_LENGTH)
@cases({header[:30]: header for header in RANGES})
async def test_a_range_is_cut_out_of_a_whole_object(r2: R2, case: str) -> None:
    await r2.put("k", HELLO)
    response = (await stored(r2)).response(asked(range=case))
    assert await response.bytes() == check_part(response, RANGES[case])


@not_in("node", reason=NO_FIXED_LENGTH)
async def test_a_range_is_cut_out_of_many_chunks(r2: R2) -> None:
    data = bytes(range(256)) * 4096
    await r2.put("k", data)
    for first, last in (0, 0), (100_000, 900_001), (1_048_575, 1_048_575), (3, 70_000):
        response = (await stored(r2)).response(asked(range=f"bytes={first}-{last}"))
        assert response.headers["content-range"] == f"bytes {first}-{last}/1048576"
        assert await response.bytes() == data[first : last + 1]


@cases({"offset": {"offset": 1, "length": 2}, "suffix": {"suffix": 4}, "all": {"offset": 0}})
async def test_a_part_that_the_program_chose_is_served_as_that_part(r2: R2, case: Any) -> None:
    await r2.put("k", HELLO)
    parts: dict[str, tuple[int, int] | None] = {"1": (1, 2), "4": (1, 4), "0": None}
    expected = parts[str(case.get("suffix", case.get("offset")))]
    for method in "GET", "POST":
        response = (await stored(r2, range=case)).response(asked(method))
        assert await response.bytes() == check_part(response, expected)


@not_in("node", reason=NO_FIXED_LENGTH)
async def test_a_range_within_the_part_that_the_program_chose_is_served(r2: R2) -> None:
    await r2.put("k", HELLO)
    found = await stored(r2, range={"offset": 1, "length": 3})
    response = found.response(asked(range="bytes=2-3"))
    assert await response.bytes() == check_part(response, (2, 3))


@cases({"first": "bytes=0-", "byte": "bytes=0-0", "suffix": "bytes=-1", "none": "bytes=-0"})
async def test_a_range_of_an_empty_object(r2: R2, case: str) -> None:
    await r2.put("k", b"")
    response = (await stored(r2)).response(asked(range=case))
    assert response.status == 416
    assert response.headers["content-range"] == "bytes */0"


IF_RANGES: dict[str, tuple[str, bool]] = {
    "etag": (ETAG, True),
    "etag-with-spaces": (f" {ETAG} ", True),
    "other-etag": ('"x"', False),
    "weak-etag": (f"W/{ETAG}", False),
    "unquoted-etag": (ETAG.strip('"'), False),
    "any": ("*", False),
    "list": (f'"x", {ETAG}', False),
    "date": ("uploaded", True),
    "date-before": (EARLY, False),
    "date-after": (LATE, False),
    "nonsense": ("nonsense", False),
    "empty": ("", False),
}


@not_in("node", reason=NO_HEADERS)
@cases(IF_RANGES)
async def test_if_range_decides_about_the_range(r2: R2, case: tuple[str, bool]) -> None:
    value, holds = case
    put = await r2.put("k", HELLO)
    value = http_date(put.uploaded) if value == "uploaded" else value
    for header, part in ("bytes=1-2", (1, 2)), ("bytes=9-", ()):
        request = asked(range=header, if_range=value)
        for options in {"range": request.headers}, {}:
            response = (await stored(r2, **options)).response(request)
            assert await response.bytes() == check_part(response, part if holds else None)


@not_in("node", reason=NO_HEADERS)
async def test_if_range_without_a_range_changes_nothing(r2: R2) -> None:
    await r2.put("k", HELLO)
    request = asked(if_range='"x"')
    response = (await stored(r2, range=request.headers)).response(request)
    assert await response.bytes() == check_part(response, None)


@not_in("node", reason=NO_HEADERS)
async def test_get_reads_the_whole_object_if_if_range_names_another(r2: R2) -> None:
    await r2.put("k", HELLO)
    headers = Headers({"Range": "bytes=1-2", "If-Range": '"x"'})
    found = await stored(r2, range=headers)
    assert found.range == {"offset": 0, "length": 5}
    assert await found.bytes() == HELLO
    headers["If-Range"] = ETAG
    assert await (await stored(r2, range=headers)).bytes() == b"el"
    headers["If-Range"] = '"x"'
    assert type(await r2.get("k", range=headers, only_if={"etag_matches": "x"})) is R2Object
    assert await r2.get("missing", range=headers) is None


# The body -----------------------------------------------------------------------------------------


@cases({"not-modified": {"if_none_match": ETAG}, "beyond": {"range": "bytes=9-"}})
async def test_a_body_that_is_not_sent_is_cancelled(r2: R2, case: dict[str, str]) -> None:
    await r2.put("k", HELLO)
    found = await stored(r2)
    assert found.response(asked(**case)).body is None
    with raises(StreamError):
        await found.bytes()


async def test_a_body_that_was_read_cannot_be_served(r2: R2) -> None:
    await r2.put("k", HELLO)
    found = await stored(r2)
    await found.bytes()
    with raises(StreamError, match="response: expected an object with unread bytes, got a body"):
        found.response(asked())
    assert found.response(asked(if_none_match=ETAG)).status == 304
