"""The Cache API: over miniflare's cache in workerd, and over the fake."""

from __future__ import annotations

import itertools
import random
import re
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

from pyworkers_sdk import (
    Cache,
    CacheStorage,
    ConversionError,
    Request,
    Response,
    StreamError,
    WorkersError,
)

from .kit import cases, not_in, only, raises

NODE = "Node has no Cache API"

_numbers = itertools.count()
_run = f"{time.time():.6f}"  # the cache of a world outlives a check


def new_url() -> str:
    return f"https://cached.example/{_run}/{next(_numbers)}"


def kept(body: Any = "x", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, headers={"cache-control": "max-age=60", **named})


def http_date(offset: float = 0) -> str:
    when = datetime.now(timezone.utc) + timedelta(seconds=offset)
    return format_datetime(when, usegmt=True)


async def there_and_back(cache: Cache, response: Response, **asked: str) -> Response | None:
    url = new_url()
    await cache.put(url, response)
    headers = {name.replace("_", "-"): value for name, value in asked.items()}
    return await cache.match(Request(url, headers=headers))


# Storing, matching, deleting ---------------------------------------------------------------------


@not_in("node", reason=NODE)
async def test_a_stored_response_is_returned_as_a_hit(caches: CacheStorage) -> None:
    url = new_url()
    assert await caches.default.match(url) is None
    await caches.default.put(url, kept("héllo", x_a="1"))
    found = await caches.default.match(url)
    assert isinstance(found, Response)
    assert (found.status, found.status_text, found.url) == (200, "OK", "")
    assert (found.type, found.redirected, found.cf) == ("default", False, None)
    headers = dict(found.headers)
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers.pop("date"))
    assert headers == {
        "age": "0",
        "cache-control": "max-age=60",
        "cf-cache-status": "HIT",
        "content-length": "6",
        "content-type": "text/plain;charset=UTF-8",
        "x-a": "1",
    }
    assert await found.text() == "héllo"


@not_in("node", reason=NODE)
async def test_a_stored_response_can_be_matched_repeatedly(caches: CacheStorage) -> None:
    url = new_url()
    await caches.default.put(url, kept())
    for _ in range(2):
        found = await caches.default.match(Request(url))
        assert found is not None
        assert await found.text() == "x"


@not_in("node", reason=NODE)
async def test_headers_of_a_stored_response_are_immutable(caches: CacheStorage) -> None:
    found = await there_and_back(caches.default, kept())
    assert found is not None
    with raises(WorkersError, match="immutable"):
        found.headers["a"] = "b"
    copy = Response(found.body, headers=found.headers)
    copy.headers["a"] = "b"
    assert await copy.text() == "x"


@not_in("node", reason=NODE)
async def test_put_replaces_the_stored_response(caches: CacheStorage) -> None:
    url = new_url()
    await caches.default.put(url, kept("old"))
    await caches.default.put(url, kept("new"))
    found = await caches.default.match(url)
    assert found is not None
    assert await found.text() == "new"
    await caches.default.put(url, Response("never", headers={"cache-control": "no-store"}))
    found = await caches.default.match(url)
    assert found is not None
    assert await found.text() == "new"
    await caches.default.put(url, Response("at once over"))
    assert await caches.default.match(url) is None


@not_in("node", reason=NODE)
async def test_delete_returns_whether_there_was_a_response(caches: CacheStorage) -> None:
    url = new_url()
    assert await caches.default.delete(url) is False
    await caches.default.put(url, kept())
    assert await caches.default.delete(Request(url, method="POST")) is False
    assert await caches.default.delete(Request(url)) is True
    assert await caches.default.match(url) is None
    assert await caches.default.delete(url) is False
    await caches.default.put(url, kept())
    post = Request(url, method="POST")
    assert await caches.default.delete(post, ignore_method=True) is True


@not_in("node", reason=NODE)
async def test_requests_with_other_methods_do_not_match(caches: CacheStorage) -> None:
    url = new_url()
    await caches.default.put(url, kept())
    for method in ("POST", "HEAD"):
        request = Request(url, method=method)
        assert await caches.default.match(request) is None
        found = await caches.default.match(request, ignore_method=True)
        assert found is not None
        assert await found.text() == "x"


@not_in("node", reason=NODE)
async def test_the_key_is_the_url_without_its_fragment(caches: CacheStorage) -> None:
    url = new_url()
    await caches.default.put(f"{url}?a=1#part", kept())
    assert await caches.default.match(url) is None
    assert await caches.default.match(f"{url}?a=1".replace("https", "http")) is None
    for same in (f"{url}?a=1", f"{url}?a=1#other", f"{url}?a=1".replace("cached", "CACHED")):
        assert await caches.default.match(same) is not None


@not_in("node", reason=NODE)
async def test_cache_key_replaces_the_url(caches: CacheStorage) -> None:
    url, key = new_url(), new_url()
    await caches.default.put(Request(url, cf={"cacheKey": key}), kept())
    assert await caches.default.match(url) is None
    assert await caches.default.match(Request(new_url(), cf={"cacheKey": key})) is not None


@not_in("node", reason=NODE)
async def test_named_caches_are_separate(caches: CacheStorage) -> None:
    url, name = new_url(), f"name {_run}"
    named, other = await caches.open(name), await caches.open(f"{name} 2")
    assert isinstance(named, Cache)
    await named.put(url, kept())
    assert await other.match(url) is None
    assert await caches.default.match(url) is None
    assert await (await caches.open("default")).match(url) is None
    assert await (await caches.open(name)).match(url) is not None


@not_in("node", reason=NODE)
async def test_the_name_of_a_cache_is_limited_to_1023_characters(caches: CacheStorage) -> None:
    await caches.open("x" * 1023)
    with raises(WorkersError, match=r"^Cache name is too long\.$") as caught:
        await caches.open("x" * 1024)
    assert caught.value.js_name == "TypeError"
    url = new_url()
    await (await caches.open("")).put(url, kept())
    assert await caches.default.match(url) is not None
    wrong: Any = 5
    with raises(ConversionError, match="name: expected str, got int"):
        await caches.open(wrong)


# Refusals ----------------------------------------------------------------------------------------


@not_in("node", reason=NODE)
async def test_responses_that_cannot_be_stored_are_refused(caches: CacheStorage) -> None:
    refused: list[tuple[str | Request, Response, str]] = [
        (
            Request(new_url(), method="POST"),
            kept(),
            r"^Cannot cache response to non-GET request\.$",
        ),
        (
            Request(new_url(), method="HEAD"),
            kept(),
            r"^Cannot cache response to non-GET request\.$",
        ),
        (
            new_url(),
            Response("x", status=206),
            r"^Cannot cache response to a range request \(206 Partial Content\)\.$",
        ),
        (new_url(), kept(vary="*"), r"^Cannot cache response with 'Vary: \*' header\.$"),
        (new_url(), kept(vary="accept, *"), r"^Cannot cache response with 'Vary: \*' header\.$"),
        (new_url(), Response.error(), "^Cache is unable to store an error response$"),
        ("/path", kept(), "^Invalid URL: /path$"),
    ]
    for request, response, words in refused:
        with raises(WorkersError, match=words) as caught:
            await caches.default.put(request, response)
        assert caught.value.js_name == "TypeError"


@not_in("node", reason=NODE)
async def test_invalid_urls_are_refused(caches: CacheStorage) -> None:
    for ask in (caches.default.match, caches.default.delete):
        with raises(WorkersError, match="^Invalid URL: /path$") as caught:
            await ask("/path")
        assert caught.value.js_name == "TypeError"
    with raises(WorkersError, match=r"^Invalid URL\. Cache API keys must be fully-qualified, "):
        await caches.default.match("https://user:password@cached.example/")
    with raises(WorkersError, match="^Fetch API cannot load: ftp://a/b$"):
        await caches.default.match("ftp://a/b")


@not_in("node", reason=NODE)
async def test_arguments_of_other_types_are_refused(caches: CacheStorage) -> None:
    cache: Any = caches.default
    for ask in (cache.match, cache.delete, lambda key: cache.put(key, kept())):
        with raises(ConversionError, match="request: expected str or Request, got int"):
            await ask(5)
    with raises(ConversionError, match="response: expected Response, got str"):
        await cache.put(new_url(), "x")


# Bodies ------------------------------------------------------------------------------------------


@not_in("node", reason=NODE)
async def test_put_reads_the_body(caches: CacheStorage) -> None:
    response = kept()
    await caches.default.put(new_url(), response)
    assert response.body_used
    with raises(WorkersError, match="Body has already been used") as caught:
        await caches.default.put(new_url(), response)
    assert caught.value.js_name == "TypeError"


@not_in("node", reason=NODE)
async def test_a_clone_is_stored_and_the_original_stays_readable(caches: CacheStorage) -> None:
    response = kept("both")
    url = new_url()
    await caches.default.put(url, response.clone())
    assert await response.text() == "both"
    found = await caches.default.match(url)
    assert found is not None
    assert await found.text() == "both"


@not_in("node", reason=NODE)
async def test_streams_empty_bodies_and_large_bodies_are_stored(caches: CacheStorage) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    found = await there_and_back(caches.default, kept(chunks()))
    assert found is not None
    assert "content-length" not in found.headers
    assert await found.text() == "one two"
    found = await there_and_back(caches.default, kept(None))
    assert found is not None
    assert found.headers["content-length"] == "0"
    assert await found.bytes() == b""
    data = random.randbytes(100_000)
    found = await there_and_back(caches.default, kept(data))
    assert found is not None
    assert await found.bytes() == data


@not_in("node", reason=NODE)
@not_in("workerd", reason="the local cache stores the part that arrived")
async def test_a_body_that_breaks_off_is_not_stored(caches: CacheStorage) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"some"
        raise ValueError("boom")

    url = new_url()
    with raises(WorkersError, match="ValueError: boom"):
        await caches.default.put(url, kept(failing()))
    assert await caches.default.match(url) is None


# Storing, and for how long -----------------------------------------------------------------------


@not_in("node", reason=NODE)
@cases(
    {
        "none": (None, False),
        "max-age": ("max-age=60", True),
        "max-age=0": ("max-age=0", False),
        "quoted": ('max-age="60"', True),
        "spaces": ("max-age = 60", True),
        "no number": ("max-age=soon", False),
        "negative": ("max-age=-5", False),
        "s-maxage": ("s-maxage=60", True),
        "s-maxage first": ("max-age=60, s-maxage=0", False),
        "s-maxage over": ("s-maxage=60, max-age=0", True),
        "no-store": ("no-store", False),
        "no-store too": ("max-age=60, no-store", False),
        "no-cache": ("max-age=60, no-cache", False),
        "private": ("max-age=60, private", False),
        "public": ("public", False),
        "public for a time": ("public, max-age=60", True),
        "immutable": ("immutable", True),
        "must-revalidate": ("must-revalidate", False),
        "proxy-revalidate": ("proxy-revalidate, max-age=60", False),
        "stale-while-revalidate": ("stale-while-revalidate=60", True),
        "stale-if-error": ("stale-if-error=60", True),
    }
)
async def test_cache_control_decides_about_storing(
    case: tuple[str | None, bool], caches: CacheStorage
) -> None:
    control, stays = case
    headers = {} if control is None else {"cache-control": control}
    found = await there_and_back(caches.default, Response("x", headers=headers))
    assert (found is not None) is stays
    assert found is None or found.headers["cache-control"] == control


@not_in("node", reason=NODE)
async def test_expires_age_and_last_modified_decide_about_storing(caches: CacheStorage) -> None:
    async def stays(**headers: str) -> bool:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await there_and_back(caches.default, Response("x", headers=named)) is not None

    assert await stays(expires=http_date(60))
    assert not await stays(expires=http_date(-60))
    assert not await stays(expires="soon")
    assert await stays(expires=http_date(-50), date=http_date(-100))
    assert await stays(last_modified=http_date(-1_000_000))
    assert not await stays(pragma="no-cache", expires=http_date(60))
    assert not await stays(cache_control="max-age=60", age="70")
    assert await stays(cache_control="max-age=60", age="30")


@not_in("node", reason=NODE)
async def test_the_age_of_a_response_is_kept(caches: CacheStorage) -> None:
    found = await there_and_back(caches.default, kept(age="30"))
    assert found is not None
    assert found.headers["age"] == "30"


@not_in("node", reason=NODE)
async def test_only_some_statuses_are_stored(caches: CacheStorage) -> None:
    found: list[int] = []
    for status in (200, 201, 203, 300, 301, 302, 303, 307, 308, 400, 404, 405, 410, 414, 418, 500):
        response = Response("x", status=status, headers={"cache-control": "max-age=60"})
        if await there_and_back(caches.default, response) is not None:
            found.append(status)
    assert found == [200, 203, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414]


@not_in("node", reason=NODE)
async def test_statuses_204_and_304_are_not_stored(caches: CacheStorage) -> None:
    for status in (204, 304):
        response = Response(status=status, headers={"cache-control": "max-age=60"})
        assert await there_and_back(caches.default, response) is None


@not_in("node", reason=NODE)
async def test_the_status_text_is_replaced_by_the_standard_one(caches: CacheStorage) -> None:
    response = Response("x", status=404, status_text="Gone", headers={"cache-control": "max-age=9"})
    found = await there_and_back(caches.default, response)
    assert found is not None
    assert (found.status, found.status_text) == (404, "Not Found")


@not_in("node", reason=NODE)
async def test_a_response_with_set_cookie_is_not_stored(caches: CacheStorage) -> None:
    assert await there_and_back(caches.default, kept(set_cookie="a=1")) is None
    response = kept(set_cookie="a=1")
    response.headers["cache-control"] = "max-age=60, private=Set-Cookie"
    found = await there_and_back(caches.default, response)
    assert found is not None
    assert "set-cookie" not in found.headers


@not_in("node", reason=NODE)
async def test_headers_of_the_connection_are_not_stored(caches: CacheStorage) -> None:
    response = kept(connection="x-a", x_a="1", keep_alive="5", te="a", x_b="2", vary="accept")
    response.headers["warning"] = '110 - "stale"'
    response.headers.append("x-b", "3")
    found = await there_and_back(caches.default, response)
    assert found is not None
    names = {"age", "cache-control", "cf-cache-status", "content-length", "content-type", "date"}
    assert set(found.headers) - names - {"x-a"} == {"vary", "x-b"}
    assert found.headers["x-b"] == "2, 3"


@not_in("node", reason=NODE)
async def test_authorization_needs_a_public_response(caches: CacheStorage) -> None:
    url = new_url()
    request = Request(url, headers={"authorization": "secret"})
    await caches.default.put(request, kept())
    assert await caches.default.match(url) is None
    response = Response("x", headers={"cache-control": "max-age=60, public"})
    await caches.default.put(request, response)
    assert await caches.default.match(url) is not None


@not_in("node", reason=NODE)
async def test_cache_control_of_the_request_is_ignored(caches: CacheStorage) -> None:
    url = new_url()
    await caches.default.put(Request(url, headers={"cache-control": "no-store"}), kept())
    request = Request(url, headers={"cache-control": "no-cache"})
    assert await caches.default.match(request) is not None


@only("workerd", reason="the fake's clock is another's to move: tests/fakes/test_cache.py")
async def test_a_stored_response_expires(caches: CacheStorage) -> None:
    import asyncio

    url = new_url()
    response = Response("x", headers={"cache-control": "max-age=1"})
    await caches.default.put(url, response)
    assert await caches.default.match(url) is not None
    await asyncio.sleep(1.2)
    assert await caches.default.match(url) is None
    assert await caches.default.delete(url) is False


# Conditions and ranges ---------------------------------------------------------------------------


@not_in("node", reason=NODE)
@cases(
    {
        "same": ('"abc"', '"abc"', True),
        "weak": ('"abc"', 'W/"abc"', True),
        "weak one": ('W/"abc"', '"abc"', True),
        "any": ('"abc"', "*", True),
        "one of": ('"abc"', '"x", "abc"', True),
        "other": ('"abc"', '"x"', False),
        "no quotes": ('"abc"', "abc", False),
        "nothing to compare": (None, "*", False),
    }
)
async def test_if_none_match_decides_between_304_and_200(
    case: tuple[str | None, str, bool], caches: CacheStorage
) -> None:
    etag, asked, unchanged = case
    response = kept() if etag is None else kept(etag=etag)
    found = await there_and_back(caches.default, response, if_none_match=asked)
    assert found is not None
    assert found.status == (304 if unchanged else 200)
    assert await found.text() == ("" if unchanged else "x")
    assert found.headers.get("etag") == etag
    assert found.headers["cf-cache-status"] == "HIT"


@not_in("node", reason=NODE)
@cases(
    {
        "same": ("Thu, 01 Jan 2026 00:00:00 GMT", True),
        "later": ("Thu, 01 Jan 2026 00:00:01 GMT", True),
        "earlier": ("Wed, 31 Dec 2025 23:59:59 GMT", False),
        "junk": ("junk", False),
        "iso": ("2026-01-02", False),
    }
)
async def test_if_modified_since_decides_between_304_and_200(
    case: tuple[str, bool], caches: CacheStorage
) -> None:
    asked, unchanged = case
    response = kept(last_modified="Thu, 01 Jan 2026 00:00:00 GMT")
    found = await there_and_back(caches.default, response, if_modified_since=asked)
    assert found is not None
    assert found.status == (304 if unchanged else 200)


@not_in("node", reason=NODE)
async def test_other_conditions_are_ignored(caches: CacheStorage) -> None:
    response = kept(last_modified="Thu, 01 Jan 2026 00:00:00 GMT", etag='"a"')
    asked = {
        "if_match": '"z"',
        "if_unmodified_since": "Wed, 31 Dec 2025 23:59:59 GMT",
        "if_range": '"z"',
    }
    found = await there_and_back(caches.default, response, **asked, range="bytes=0-0")
    assert found is not None
    assert found.status == 206


@not_in("node", reason=NODE)
@cases(
    {
        "part": ("bytes=0-2", "012", "bytes 0-2/10"),
        "from": ("bytes=2-", "23456789", "bytes 2-9/10"),
        "last": ("bytes=-3", "789", "bytes 7-9/10"),
        "beyond": ("bytes=5-100", "56789", "bytes 5-9/10"),
        "one": ("bytes=0-0", "0", "bytes 0-0/10"),
        "spaces": (" Bytes = 1 - 2", "12", "bytes 1-2/10"),
    }
)
async def test_a_range_answers_206(case: tuple[str, str, str], caches: CacheStorage) -> None:
    asked, expected, span = case
    found = await there_and_back(caches.default, kept("0123456789"), range=asked)
    assert found is not None
    assert (found.status, found.status_text) == (206, "Partial Content")
    assert found.headers["content-range"] == span
    assert found.headers["content-length"] == str(len(expected))
    assert await found.text() == expected


@not_in("node", reason=NODE)
@cases(["bytes=-0", "bytes=-100", "bytes=-10", "bytes="])
async def test_a_range_of_everything_answers_200(case: str, caches: CacheStorage) -> None:
    found = await there_and_back(caches.default, kept("0123456789"), range=case)
    assert found is not None
    assert (found.status, await found.text()) == (200, "0123456789")


@not_in("node", reason=NODE)
@cases(["bytes=10-", "bytes=3-1", "junk", "chars=0-1", "bytes=a-b", "bytes=-", "bytes=1-2,x"])
async def test_an_unsatisfiable_range_answers_416(case: str, caches: CacheStorage) -> None:
    found = await there_and_back(caches.default, kept("0123456789"), range=case)
    assert found is not None
    assert found.status == 416
    assert found.headers["content-range"] == "bytes */10"
    assert await found.text() == ""


@not_in("node", reason=NODE)
async def test_several_ranges_are_answered_as_multipart(caches: CacheStorage) -> None:
    response = kept("0123456789", content_type="a/b")
    found = await there_and_back(caches.default, response, range="bytes=0-1, 4-5")
    assert found is not None
    assert found.status == 206
    kind, _, boundary = found.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    assert (await found.text()).split(f"--{boundary}") == [
        "",
        "\r\nContent-Type: a/b\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n",
        "\r\nContent-Type: a/b\r\nContent-Range: bytes 4-5/10\r\n\r\n45\r\n",
        "--",
    ]


@not_in("node", reason=NODE)
async def test_a_condition_comes_before_a_range(caches: CacheStorage) -> None:
    asked = {"range": "bytes=0-1", "if_none_match": '"a"'}
    found = await there_and_back(caches.default, kept("0123", etag='"a"'), **asked)
    assert found is not None
    assert found.status == 304


@not_in("node", reason=NODE)
async def test_the_body_of_a_stored_response_is_read_once(caches: CacheStorage) -> None:
    found = await there_and_back(caches.default, kept())
    assert found is not None
    await found.text()
    with raises(StreamError):
        await found.text()
