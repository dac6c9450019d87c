"""The behaviour of R2, seen in every world."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, TypedDict

from pyworkers_sdk import (
    R2,
    Blob,
    Headers,
    HTTPMetadata,
    R2MultipartUpload,
    R2Object,
    R2ObjectBody,
    R2Range,
    R2UploadedPart,
    Response,
)
from pyworkers_sdk.errors import (
    BindingError,
    ConversionError,
    R2Error,
    RowError,
    StreamError,
    WorkersError,
)
from tests.contract.kit import World, cases, not_in, only, raises

MIB = 1024 * 1024
PART = 5 * MIB
HELLO = b"hello"
ETAG = "5d41402abc4b2a76b9719d911017c592"
EARLY = datetime(1970, 1, 1, 0, 0, 1, tzinfo=timezone.utc)
LATE = datetime(2170, 1, 1, tzinfo=timezone.utc)
NO_HEADERS = "miniflare's proxy takes only Headers of its own class"
NO_FIXED_LENGTH = "Node has no FixedLengthStream"
STREAMS_BY_FETCH = "miniflare's proxy passes a stream on by fetch, which knows no length"


class User(TypedDict):
    name: str
    score: float


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def broken() -> AsyncIterator[bytes]:
    yield b"half"
    raise ValueError("the source broke off")


async def got(r2: R2, key: str = "k", **options: Any) -> R2ObjectBody:
    found = await r2.get(key, **options)
    assert isinstance(found, R2ObjectBody)
    return found


async def read(r2: R2, key: str = "k", **options: Any) -> bytes:
    return await (await got(r2, key, **options)).bytes()


async def names(r2: R2, prefix: str | None = None) -> list[str]:
    return [found.key async for found in r2.objects(prefix=prefix)]


async def fill(r2: R2, *keys: str) -> None:
    await asyncio.gather(*(r2.put(key, key) for key in keys))


# Values ------------------------------------------------------------------------------------------


async def test_a_missing_object_is_none(r2: R2) -> None:
    assert await r2.head("nope") is None
    assert await r2.get("nope") is None
    assert await r2.get("nope", only_if={"etag_matches": "x"}) is None


TEXTS = {
    "plain": "plain",
    "empty": "",
    "nul": "\0a\0",
    "lines": "a\r\nb\n",
    "accents": "é e\u0301",
    "astral": "😀\U0010ffff",
    "mebibyte": "0123456789abcdef" * (MIB // 16),
}


@cases(TEXTS)
async def test_text_comes_back_and_is_stored_as_utf8(r2: R2, case: str) -> None:
    await r2.put("k", case)
    assert await (await got(r2)).text() == case
    assert await read(r2) == case.encode()


BYTES = {
    "empty": b"",
    "nul": b"\0",
    "every": bytes(range(256)),
    "not-utf8": b"\xff\xfe\x80",
    "mebibyte": bytes(range(256)) * (MIB // 256),
    "bytearray": bytearray(b"\1\2\3"),
    "memoryview": memoryview(b"0\1\2\3")[1:],
}


@cases(BYTES)
async def test_bytes_come_back(r2: R2, case: bytes | bytearray | memoryview) -> None:
    stored = await r2.put("k", case)
    found = await read(r2)
    assert found == bytes(case)
    assert type(found) is bytes
    assert stored.size == len(found)


@cases({"put": "put", "part": "part"})
async def test_none_is_an_empty_object_and_refused_as_a_part(r2: R2, case: str) -> None:
    if case == "put":
        await r2.put("k", None)
        assert await read(r2) == b""
        return
    upload = await r2.create_multipart_upload("k")
    value: Any = None
    with raises(ConversionError, match="^value: expected str, bytes or a stream, got None"):
        await upload.upload_part(1, value)


@not_in("node", reason="miniflare's proxy lives at an old compatibility date, which keeps the mark")
async def test_a_byte_order_mark_is_dropped_from_text(r2: R2) -> None:
    await r2.put("k", b"\xef\xbb\xbfa")
    assert await (await got(r2)).text() == "a"
    assert await read(r2) == b"\xef\xbb\xbfa"


async def test_bytes_that_are_not_utf8_read_as_replacement_characters(r2: R2) -> None:
    await r2.put("k", b"a\xff\xe2\x9c")
    assert await (await got(r2)).text() == "a\ufffd\ufffd"


@cases({"int": 5, "dict": {"a": 1}, "list": [b""], "object": SimpleNamespace()})
async def test_a_value_of_another_type_is_refused_before_it_is_sent(r2: R2, case: Any) -> None:
    kind = type(case).__name__
    with raises(ConversionError, match=f"^value: expected str, bytes or a stream, got {kind}"):
        await r2.put("k", case)
    assert await r2.head("k") is None


async def test_text_that_cannot_cross_is_refused(r2: R2) -> None:
    with raises(ConversionError, match="^value: the text has a lone surrogate"):
        await r2.put("k", "\ud800")
    with raises(ConversionError, match="^key: the text has a lone surrogate"):
        await r2.put("\ud800", "")


async def test_json_is_parsed(r2: R2) -> None:
    await r2.put("k", '{"a": [1, 2.0, null], "big": 9007199254740993, "constructor": "x"}')
    found = await (await got(r2)).json()
    assert found == {"a": [1, 2.0, None], "big": 9007199254740993, "constructor": "x"}
    assert type(found["a"][1]) is float


async def test_json_is_loaded_as_a_row_type(r2: R2) -> None:
    await r2.put("k", '{"name": "Ada", "score": 2}')
    user = await (await got(r2)).json(User)
    assert user == {"name": "Ada", "score": 2.0}
    assert type(user["score"]) is float


@cases({"no-json": "nope", "nan": "[NaN]", "empty": "", "cut-short": '{"a": 1'})
async def test_invalid_json_is_a_row_error(r2: R2, case: str) -> None:
    await r2.put("k", case)
    with raises(RowError, match="^the value of 'k' is not JSON: ") as caught:
        await (await got(r2)).json()
    assert caught.value.js_name == "SyntaxError"


async def test_json_of_another_type_is_a_row_error(r2: R2) -> None:
    await r2.put("k", '{"name": 5, "score": 1}')
    with raises(RowError, match="name"):
        await (await got(r2)).json(User)


async def test_calls_run_concurrently(r2: R2) -> None:
    await asyncio.gather(*(r2.put(f"k{number}", str(number)) for number in range(20)))
    found = await asyncio.gather(*(read(r2, f"k{number}") for number in range(20)))
    assert found == [str(number).encode() for number in range(20)]


async def test_a_put_replaces_value_and_metadata(r2: R2) -> None:
    first = await r2.put("k", "1", custom_metadata={"a": "1"}, http_metadata={"content_type": "t"})
    second = await r2.put("k", "2")
    assert await read(r2) == b"2"
    assert (second.custom_metadata, second.http_metadata) == ({}, {})
    assert first.version != second.version


# Bodies ------------------------------------------------------------------------------------------


async def test_a_body_is_read_once(r2: R2) -> None:
    await r2.put("k", HELLO)
    found = await got(r2)
    assert found.body_used is False
    assert await found.text() == "hello"
    assert found.body_used is True
    once = "^Body has already been used. It can only be used once."
    with raises(StreamError, match=once) as caught:
        await found.bytes()
    assert caught.value.js_name == "TypeError"
    with raises(StreamError, match=once):
        await found.text()
    with raises(StreamError, match=once):
        await found.json()
    with raises(StreamError, match=once):
        await found.blob()


async def test_a_body_is_iterated_once(r2: R2) -> None:
    data = bytes(range(256)) * 1024
    await r2.put("k", data)
    body = (await got(r2)).body
    assert b"".join([chunk async for chunk in body]) == data
    assert await (await got(r2)).body.bytes() == data
    assert await (await got(r2)).body.text() == data.decode(errors="replace")


async def test_an_empty_body_is_an_empty_stream(r2: R2) -> None:
    await r2.put("k", b"")
    assert [chunk async for chunk in (await got(r2)).body] == []


async def test_a_body_may_be_left_unread(r2: R2) -> None:
    await r2.put("k", b"x" * MIB)
    async for _ in (await got(r2)).body:
        break
    await (await got(r2)).body.cancel()
    assert len(await read(r2)) == MIB


async def test_the_rest_of_an_object_stays_readable_after_its_body(r2: R2) -> None:
    await r2.put("k", HELLO, custom_metadata={"a": "b"})
    found = await got(r2)
    await found.bytes()
    assert (found.key, found.size, found.custom_metadata) == ("k", 5, {"a": "b"})


async def test_a_blob_keeps_bytes_and_content_type(r2: R2) -> None:
    await r2.put("k", HELLO, http_metadata={"content_type": "text/x"})
    blob = await (await got(r2)).blob()
    assert isinstance(blob, Blob)
    assert (blob.size, blob.type) == (5, "text/x")
    assert await blob.bytes() == HELLO
    assert await blob.text() == "hello"
    assert await blob.stream().bytes() == HELLO
    assert await blob.bytes() == HELLO


async def test_a_blob_without_a_content_type_has_none(r2: R2) -> None:
    await r2.put("k", "\ufeffa")
    blob = await (await got(r2)).blob()
    assert blob.type == ""
    assert await blob.text() == "\ufeffa"


async def test_a_blob_can_be_put_several_times(r2: R2) -> None:
    await r2.put("k", HELLO)
    blob = await (await got(r2)).blob()
    await r2.put("a", blob)
    await r2.put("b", blob)
    upload = await r2.create_multipart_upload("c")
    await upload.complete([await upload.upload_part(1, blob)])
    assert [await read(r2, key) for key in "abc"] == [HELLO] * 3


async def test_a_body_passes_through_a_response(r2: R2) -> None:
    await r2.put("k", HELLO)
    response = Response((await got(r2)).body, status=201)
    assert await response.bytes() == HELLO


# Streams -----------------------------------------------------------------------------------------


@not_in("node", reason=STREAMS_BY_FETCH)
async def test_the_body_of_an_object_is_stored_as_another_object(r2: R2) -> None:
    data = bytes(range(256)) * 4096
    await r2.put("k", data)
    copy = await r2.put("copy", (await got(r2)).body)
    assert copy.size == len(data)
    assert await read(r2, "copy") == data


@not_in("node", reason=STREAMS_BY_FETCH)
async def test_the_body_of_a_range_is_stored_as_another_object(r2: R2) -> None:
    await r2.put("k", HELLO)
    await r2.put("copy", (await got(r2, range={"offset": 1, "length": 3})).body)
    assert await read(r2, "copy") == b"ell"


@not_in("node", reason=STREAMS_BY_FETCH)
@cases({"text": "héllo", "bytes": b"\0\1", "empty": b""})
async def test_the_body_of_a_response_knows_its_length(r2: R2, case: str | bytes) -> None:
    body = Response(case).body
    assert body is not None
    await r2.put("k", body)
    assert await read(r2) == (case.encode() if isinstance(case, str) else case)


async def test_a_stream_of_unknown_length_is_refused(r2: R2) -> None:
    await r2.put("k", "old")
    stream = Response(chunks(b"abc")).body
    assert stream is not None
    with raises(R2Error, match="^Provided readable stream must have a known length") as caught:
        await r2.put("k", stream)
    assert (caught.value.js_name, caught.value.code) == ("TypeError", None)
    upload = await r2.create_multipart_upload("k")
    stream = Response(chunks(b"abc")).body
    assert stream is not None
    with raises(R2Error, match="^Provided readable stream must have a known length"):
        await upload.upload_part(1, stream)
    assert await read(r2) == b"old"


@cases({"some": (b"ab", b"", b"cde"), "one": (b"abcde",), "none": ()})
async def test_an_iterator_without_a_length_is_collected(r2: R2, case: tuple[bytes, ...]) -> None:
    whole = b"".join(case)
    stored = await r2.put("k", chunks(*case), md5=hashlib.md5(whole).digest())
    assert stored.size == len(whole)
    assert await read(r2) == whole


@not_in("node", reason=NO_FIXED_LENGTH)
@cases({"some": (b"ab", b"", b"cde"), "one": (b"abcde",), "none": ()})
async def test_an_iterator_of_known_length_is_streamed(r2: R2, case: tuple[bytes, ...]) -> None:
    whole = b"".join(case)
    stored = await r2.put("k", chunks(*case), length=len(whole))
    assert stored.size == len(whole)
    assert await read(r2) == whole


@not_in("node", reason=NO_FIXED_LENGTH)
async def test_a_stream_of_unknown_length_is_stored_with_a_length(r2: R2) -> None:
    stream = Response(chunks(b"abc", b"de")).body
    assert stream is not None
    await r2.put("k", stream, length=5)
    assert await read(r2) == b"abcde"


@not_in("node", reason=NO_FIXED_LENGTH)
@cases(
    {
        "short": (6, "FixedLengthStream did not see all expected bytes before close"),
        "long": (4, "Attempt to write too many bytes through a FixedLengthStream"),
        "negative": (-1, "it is negative"),
    }
)
async def test_a_wrong_length_leaves_the_previous_object(r2: R2, case: tuple[int, str]) -> None:
    await r2.put("k", "old")
    length, reason = case
    with raises(R2Error, match=reason) as caught:
        await r2.put("k", chunks(b"abc", b"de"), length=length)
    assert caught.value.js_name == "TypeError"
    assert await read(r2) == b"old"


async def test_an_iterator_that_breaks_off_leaves_the_previous_object(r2: R2) -> None:
    await r2.put("k", "old")
    with raises(R2Error, match="^ValueError: the source broke off$") as caught:
        await r2.put("k", broken())
    assert caught.value.js_name == "Error"
    with raises(R2Error, match="^ValueError: the source broke off$"):
        await r2.put("new", broken())
    assert await read(r2) == b"old"
    assert await r2.head("new") is None


@not_in("node", reason=NO_FIXED_LENGTH)
async def test_a_stream_that_breaks_off_leaves_the_previous_object(r2: R2) -> None:
    await r2.put("k", "old")
    with raises(R2Error, match="ValueError: the source broke off"):
        await r2.put("k", broken(), length=10)
    assert await read(r2) == b"old"
    with raises(R2Error, match="ValueError: the source broke off"):
        await r2.put("new", broken(), length=10)
    assert await r2.head("new") is None


@not_in("node", reason=STREAMS_BY_FETCH)
async def test_a_stream_is_put_once(r2: R2) -> None:
    await r2.put("k", HELLO)
    body = (await got(r2)).body
    await r2.put("a", body)
    with raises(R2Error, match="^The ReadableStream has been locked to a reader"):
        await r2.put("b", body)


@only("fake", reason="the local runtime stores an empty object")
async def test_a_locked_stream_stores_nothing(r2: R2) -> None:
    await r2.put("k", HELLO)
    body = (await got(r2)).body
    await r2.put("a", body)
    with raises(R2Error):
        await r2.put("b", body)
    assert await r2.head("b") is None


# Attributes of objects ---------------------------------------------------------------------------


async def test_an_object_has_size_etags_metadata_and_checksums(r2: R2) -> None:
    put = await r2.put("k", HELLO, custom_metadata={"a": "b"})
    head, found = await r2.head("k"), await got(r2)
    assert head is not None
    assert isinstance(head, R2Object)
    assert not isinstance(head, R2ObjectBody)
    for each in put, head, found:
        assert (each.key, each.size, each.etag) == ("k", 5, ETAG)
        assert each.http_etag == f'"{ETAG}"'
        assert each.version == put.version
        assert each.uploaded == put.uploaded
        assert each.custom_metadata == {"a": "b"}
        assert each.ssec_key_md5 is None
    assert len(put.version) == 32
    assert put.range is None
    assert head.range == found.range == {"offset": 0, "length": 5}


async def test_the_repr_of_an_object_shows_key_and_size(r2: R2) -> None:
    assert repr(await r2.put("k", HELLO)) == "<R2Object 'k', 5 bytes>"
    assert repr(await got(r2)) == "<R2ObjectBody 'k', 5 bytes>"


async def test_uploaded_is_an_aware_time(r2: R2) -> None:
    uploaded = (await r2.put("k", "")).uploaded
    assert uploaded.utcoffset() == timedelta(0)
    assert abs(datetime.now(timezone.utc) - uploaded) < timedelta(minutes=5)


async def test_every_put_creates_a_new_version(r2: R2) -> None:
    assert len({(await r2.put("k", "same")).version for _ in range(3)}) == 3


async def test_the_storage_class_is_empty_in_local_runtimes(r2: R2) -> None:
    for name in "Standard", "InfrequentAccess", "nope":
        assert (await r2.put("k", "", storage_class=name)).storage_class == ""
        assert (await got(r2)).storage_class == ""


HTTP: HTTPMetadata = {
    "content_type": "text/x; charset=utf-8",
    "content_language": "de",
    "content_disposition": "attachment",
    "content_encoding": "gzip",
    "cache_control": "max-age=60",
    "cache_expiry": datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=timezone.utc),
}


async def test_http_metadata_comes_back(r2: R2) -> None:
    put = await r2.put("k", "", http_metadata=HTTP)
    assert put.http_metadata == HTTP
    assert (await got(r2)).http_metadata == HTTP
    await r2.put("k", "", http_metadata={"content_type": "é"})
    assert (await got(r2)).http_metadata == {"content_type": "é"}
    await r2.put("k", "")
    assert (await got(r2)).http_metadata == {}


async def test_an_expiry_is_stored_in_milliseconds(r2: R2) -> None:
    expiry = datetime(2030, 1, 2, 3, 4, 5, 678999, timezone.utc)
    await r2.put("k", "", http_metadata={"cache_expiry": expiry})
    stored = (await got(r2)).http_metadata.get("cache_expiry")
    assert stored == datetime(2030, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc)


async def test_a_naive_datetime_is_refused(r2: R2) -> None:
    naive = datetime(2030, 1, 2)
    refusal = "expected an aware datetime, got a naive one; write datetime.now"
    with raises(ConversionError, match=f"cache_expiry.*: {refusal}"):
        await r2.put("k", "", http_metadata={"cache_expiry": naive})
    conditions: Any = {"uploaded_after": naive}, {"uploaded_before": naive}
    for only_if in conditions:
        with raises(ConversionError, match=f"uploaded_.*: {refusal}"):
            await r2.get("k", only_if=only_if)


@not_in("node", reason=NO_HEADERS)
async def test_http_metadata_from_headers(r2: R2) -> None:
    headers = Headers(
        {
            "Content-Type": "a/b",
            "Content-Language": "de",
            "Content-Disposition": "inline",
            "Content-Encoding": "br",
            "Cache-Control": "no-store",
            "Expires": "Tue, 14 Nov 2023 22:13:20 GMT",
            "X-Other": "x",
        }
    )
    put = await r2.put("k", "", http_metadata=headers)
    expected = {
        "content_type": "a/b",
        "content_language": "de",
        "content_disposition": "inline",
        "content_encoding": "br",
        "cache_control": "no-store",
        "cache_expiry": datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc),
    }
    assert put.http_metadata == expected
    assert (await got(r2)).http_metadata == expected
    upload = await r2.create_multipart_upload("up", http_metadata=headers)
    assert (await upload.complete([])).http_metadata == expected


@not_in("node", reason=NO_HEADERS)
async def test_an_expires_header_that_is_not_a_date_is_1970(r2: R2) -> None:
    for value in "nonsense", "", "13", "31", "1e3":
        put = await r2.put("k", "", http_metadata=Headers({"Expires": value}))
        assert put.http_metadata == {"cache_expiry": datetime(1970, 1, 1, tzinfo=timezone.utc)}


DATES = {
    "0": datetime(2000, 1, 1),
    "-1": datetime(2001, 1, 1),
    "2": datetime(2001, 2, 1),
    "12": datetime(2001, 12, 1),
    "32": datetime(2032, 1, 1),
    "49": datetime(2049, 1, 1),
    "99": datetime(1999, 1, 1),
    "2030": datetime(2030, 1, 1),
    "2030-01-02": datetime(2030, 1, 2),
    "2030-01-02T03:04:05": datetime(2030, 1, 2, 3, 4, 5),
    "2030-01-02T03:04:05.678+02:00": datetime(2030, 1, 2, 1, 4, 5, 678000),
    "14 Nov 2023 22:13:20": datetime(2023, 11, 14, 22, 13, 20),
    "Tue, 14 Nov 2023 22:13:20 +0100": datetime(2023, 11, 14, 21, 13, 20),
    "Tuesday, 14-Nov-23 22:13:20 GMT": datetime(2023, 11, 14, 22, 13, 20),
    "Tue Nov 14 22:13:20 2023": datetime(2023, 11, 14, 22, 13, 20),
}


@not_in("node", reason=NO_HEADERS)
@cases({value: (value, at) for value, at in DATES.items()})
async def test_an_expires_header_is_read_as_javascript_reads_a_date(
    r2: R2, case: tuple[str, datetime]
) -> None:
    value, at = case
    put = await r2.put("k", "", http_metadata=Headers({"Expires": value}))
    assert put.http_metadata == {"cache_expiry": at.replace(tzinfo=timezone.utc)}
    assert (await got(r2)).http_metadata == put.http_metadata


@not_in("node", reason=NO_HEADERS)
async def test_a_date_in_a_condition_is_read_as_javascript_reads_it(r2: R2) -> None:
    await r2.put("k", b"a")
    for value, modified in ("2099-01-01", False), ("2099-01-01T00:00:00Z", False), ("0", True):
        found = await r2.get("k", only_if=Headers({"If-Modified-Since": value}))
        assert isinstance(found, R2ObjectBody) is modified


@not_in("node", reason=NO_HEADERS)
async def test_http_metadata_is_written_into_headers(r2: R2) -> None:
    put = await r2.put("k", "", http_metadata=HTTP)
    for each in put, await got(r2):
        headers = Headers({"content-type": "old", "x-other": "x"})
        each.write_http_metadata(headers)
        assert dict(headers.items()) == {
            "cache-control": "max-age=60",
            "content-disposition": "attachment",
            "content-encoding": "gzip",
            "content-language": "de",
            "content-type": "text/x; charset=utf-8",
            "expires": "Tue, 14 Nov 2023 22:13:20 GMT",
            "x-other": "x",
        }


@not_in("node", reason=NO_HEADERS)
async def test_http_metadata_is_written_into_immutable_headers(r2: R2) -> None:
    put = await r2.put("k", "", http_metadata={"content_type": "a/b"})
    headers = Response.redirect("https://example.com/").headers
    put.write_http_metadata(headers)
    assert headers["content-type"] == "a/b"
    with raises(WorkersError, match="immutable"):
        headers["x-other"] = "x"


async def test_times_end_in_2262(r2: R2) -> None:
    last = datetime(2262, 4, 11, 23, 47, 16, 854000, tzinfo=timezone.utc)
    await r2.put("k", "", only_if={"uploaded_before": last})
    after = last + timedelta(milliseconds=1)
    reason = "^This API doesn't support dates after 2189.$"
    with raises(R2Error, match=reason) as caught:
        await r2.put("k", "", only_if={"uploaded_before": after})
    assert caught.value.js_name == "TypeError"
    with raises(R2Error, match=reason):
        await r2.get("k", only_if={"uploaded_after": after})
    with raises(R2Error, match=reason):
        await r2.put("k", "", http_metadata={"cache_expiry": after})


@cases(
    {
        "unknown": (
            {"contentType": "a"},
            "^http_metadata: unknown key 'contentType'; known are content_type",
        ),
        "type": ({"content_type": 5}, "^http_metadata.content_type: expected str, got int"),
        "time": ({"cache_expiry": 5}, "^http_metadata.cache_expiry: expected datetime, got int"),
        "early": (
            {"cache_expiry": datetime(1969, 12, 31, tzinfo=timezone.utc)},
            "^http_metadata.cache_expiry: expected a time from 1970 on, got an earlier one",
        ),
        "no-dict": ("text/plain", "^http_metadata: expected a dict or Headers, got str"),
        "surrogate": ({"content_type": "\ud800"}, r"^http_metadata.contentType: .* surrogate"),
    }
)
async def test_wrong_http_metadata_is_refused(r2: R2, case: tuple[Any, str]) -> None:
    metadata, reason = case
    with raises(ConversionError, match=reason):
        await r2.put("k", "", http_metadata=metadata)
    with raises(ConversionError, match=reason):
        await r2.create_multipart_upload("k", http_metadata=metadata)


async def test_custom_metadata_comes_back(r2: R2) -> None:
    metadata = {"a": "b", "Case": "é😀", "constructor": "c", "": "empty", "0": "zero", "e": ""}
    put = await r2.put("k", "", custom_metadata=metadata)
    assert put.custom_metadata == metadata
    assert (await got(r2)).custom_metadata == metadata


async def test_custom_metadata_has_the_order_of_javascript(r2: R2) -> None:
    await r2.put("k", "", custom_metadata={"b": "1", "10": "2", "2": "3", "a": "4"})
    assert [*(await got(r2)).custom_metadata] == ["2", "10", "b", "a"]


@not_in("node", reason="miniflare's proxy refuses the key")
async def test_custom_metadata_loses_the_key_proto(r2: R2) -> None:
    await r2.put("k", "", custom_metadata={"__proto__": "a", "b": "c"})
    assert (await got(r2)).custom_metadata == {"b": "c"}


async def test_custom_metadata_that_is_not_text_is_refused(r2: R2) -> None:
    metadata: Any = {"a": 5}
    with raises(ConversionError, match=r"^custom_metadata\['a'\]: expected str, got int"):
        await r2.put("k", "", custom_metadata=metadata)
    metadata = {5: "a"}
    with raises(ConversionError, match="^custom_metadata: the key 5 is not a str"):
        await r2.put("k", "", custom_metadata=metadata)


@cases({"ascii": "v" * 2047, "latin": "é" * 2047, "wide": "ก" * 1023})
async def test_custom_metadata_may_be_2048_bytes(r2: R2, case: str) -> None:
    await r2.put("k", "", custom_metadata={"k": case})
    assert (await got(r2)).custom_metadata == {"k": case}


@cases({"ascii": "v" * 8192, "latin": "é" * 8192, "wide": "ก" * 4096})
async def test_more_metadata_than_8192_bytes_is_refused(r2: R2, case: str) -> None:
    await r2.put("k", "old")
    reason = "^put: Your metadata headers exceed the maximum allowed metadata size. \\(10012\\)$"
    with raises(R2Error, match=reason) as caught:
        await r2.put("k", "new", custom_metadata={"k": case})
    assert caught.value.code == 10012
    assert await read(r2) == b"old"


@not_in("fake", reason="strict: the limit in production is 8,192")
async def test_the_local_runtime_accepts_2048_bytes_of_metadata(r2: R2) -> None:
    with raises(R2Error, match="10012"):
        await r2.put("k", "", custom_metadata={"k": "v" * 2048})


# Checksums ---------------------------------------------------------------------------------------

DIGESTS = {
    "md5": ("MD5", 16),
    "sha1": ("SHA-1", 20),
    "sha256": ("SHA-256", 32),
    "sha384": ("SHA-384", 48),
    "sha512": ("SHA-512", 64),
}


@cases({name: name for name in DIGESTS})
async def test_a_checksum_is_verified_and_stored(r2: R2, case: str) -> None:
    digest = hashlib.new(case, HELLO)
    for given in digest.digest(), digest.hexdigest(), digest.hexdigest().upper():
        checksum: Any = {case: given}
        put = await r2.put("k", HELLO, **checksum)
        found = await r2.head("k")
        assert found is not None
        for each in put, found:
            assert getattr(each.checksums, case) == digest.digest()
            assert each.checksums.to_json() == {"md5": ETAG, case: digest.hexdigest()}


async def test_every_put_stores_an_md5(r2: R2) -> None:
    checksums = (await r2.put("k", HELLO)).checksums
    assert checksums.md5 == bytes.fromhex(ETAG)
    others = (checksums.sha1, checksums.sha256, checksums.sha384, checksums.sha512)
    assert others == (None, None, None, None)
    assert checksums.to_json() == {"md5": ETAG}


@cases({name: name for name in DIGESTS})
async def test_a_wrong_checksum_is_refused(r2: R2, case: str) -> None:
    await r2.put("k", "old")
    title, size = DIGESTS[case]
    checksum: Any = {case: bytes(size)}
    with raises(R2Error) as caught:
        await r2.put("k", HELLO, **checksum)
    assert caught.value.message == (
        f"put: The {title} checksum you specified did not match what we received.\n"
        f"You provided a {title} checksum with value: {'00' * size}\n"
        f"Actual {title} was: {hashlib.new(case, HELLO).hexdigest()} (10037)"
    )
    assert caught.value.code == 10037
    assert await read(r2) == b"old"


@cases({name: name for name in DIGESTS})
async def test_an_invalid_checksum_is_refused(r2: R2, case: str) -> None:
    title, size = DIGESTS[case]
    wrong: list[tuple[Any, str]] = [
        ("ab", f"{title} is {size * 2} hex characters, not 2"),
        ("", f"{title} is {size * 2} hex characters, not 0"),
        (b"ab", f"{title} is {size} bytes, not 2"),
        (b"", f"{title} is {size} bytes, not 0"),
        ("zz" * size, f"Provided {title} wasn't a valid hex string"),
        (" f" * size, f"Provided {title} wasn't a valid hex string"),
    ]
    for given, reason in wrong:
        checksum: Any = {case: given}
        with raises(R2Error) as caught:
            await r2.put("k", HELLO, **checksum)
        assert (caught.value.message, caught.value.js_name) == (reason, "TypeError")
    assert await r2.head("k") is None


@cases({"md5": "md5", "sha512": "sha512", "ssec_key": "ssec_key"})
async def test_checksums_and_customers_keys_of_other_types_are_refused(r2: R2, case: str) -> None:
    given: Any = {case: 5}
    with raises(ConversionError, match=f"^{case}: expected bytes or str, got int$"):
        await r2.put("k", HELLO, **given)


async def test_two_checksums_are_refused(r2: R2) -> None:
    sha1 = hashlib.sha1(HELLO).digest()
    with raises(R2Error, match="^You cannot specify multiple hashing algorithms.$"):
        await r2.put("k", HELLO, md5=ETAG, sha1=sha1)
    assert await r2.head("k") is None


# Ranges ------------------------------------------------------------------------------------------

RANGES: dict[str, tuple[Any, int, bytes]] = {
    "offset": ({"offset": 1}, 1, b"ello"),
    "offset-length": ({"offset": 1, "length": 2}, 1, b"el"),
    "length": ({"length": 2}, 0, b"he"),
    "suffix": ({"suffix": 2}, 3, b"lo"),
    "all": ({"offset": 0, "length": 5}, 0, b"hello"),
    "last": ({"offset": 4}, 4, b"o"),
    "long-length": ({"offset": 4, "length": 99}, 4, b"o"),
    "long-suffix": ({"suffix": 99}, 0, b"hello"),
    "nothing": ({}, 0, b"hello"),
    "none": ({"offset": 2, "length": None}, 2, b"llo"),
    "float": ({"offset": 1.0}, 1, b"ello"),
}


@cases(RANGES)
async def test_a_range_returns_its_bytes(r2: R2, case: tuple[Any, int, bytes]) -> None:
    asked, offset, expected = case
    await r2.put("k", HELLO)
    found = await got(r2, range=asked)
    assert found.range == {"offset": offset, "length": len(expected)}
    assert found.size == 5
    assert await found.bytes() == expected


@cases(
    {
        "beyond": {"offset": 6},
        "at-the-end": {"offset": 5},
        "no-length": {"length": 0},
        "no-suffix": {"suffix": 0},
    }
)
async def test_a_range_beyond_the_object_is_refused(r2: R2, case: Any) -> None:
    await r2.put("k", HELLO)
    reason = "^get: The requested range is not satisfiable \\(10039\\)$"
    with raises(R2Error, match=reason) as caught:
        await r2.get("k", range=case)
    assert caught.value.code == 10039
    assert await r2.get("nope", range=case) is None


async def test_a_range_of_an_empty_object_is_refused(r2: R2) -> None:
    await r2.put("k", b"")
    ranges: list[R2Range] = [{"offset": 0}, {"suffix": 1}, {}]
    for asked in ranges:
        with raises(R2Error, match="10039"):
            await r2.get("k", range=asked)


@cases({"empty": (b"", {"offset": 0, "length": 1}), "end": (HELLO, {"offset": 5, "length": 1})})
async def test_a_range_with_a_length_that_begins_at_the_end(
    r2: R2, world: World, case: tuple[bytes, Any]
) -> None:
    data, asked = case
    await r2.put("k", data)
    with raises(R2Error) as caught:
        await r2.get("k", range=asked)
    # the local runtime trips over its own check
    assert caught.value.code == (10039 if world.engine == "fake" else 0)


@cases(
    {
        "negative-offset": (
            {"offset": -1},
            "Invalid range. Starting offset (-1) must be greater than or equal to 0.",
        ),
        "part-offset": (
            {"offset": 1.5},
            "Invalid range. Starting offset (1.5) must be an integer, not floating point.",
        ),
        "negative-length": (
            {"length": -1},
            "Invalid range. Length (-1) must be greater than or equal to 0.",
        ),
        "part-length": (
            {"length": 1.5},
            "Invalid range. Length (1.5) must be an integer, not floating point.",
        ),
        "negative-suffix": (
            {"suffix": -1},
            "Invalid suffix. Suffix (-1) must be greater than or equal to 0.",
        ),
        "part-suffix": (
            {"suffix": 1.5},
            "Invalid range. Suffix (1.5) must be an integer, not floating point.",
        ),
        "nan": (
            {"offset": float("nan")},
            "Invalid range. Starting offset (nan) must be greater than or equal to 0.",
        ),
    }
)
async def test_an_invalid_range_is_refused(r2: R2, case: tuple[Any, str]) -> None:
    asked, reason = case
    with raises(R2Error) as caught:
        await r2.get("nope", range=asked)
    assert (caught.value.message, caught.value.js_name) == (reason, "RangeError")


@cases({"offset": {"suffix": 1, "offset": 1}, "length": {"suffix": 1, "length": 1}})
async def test_a_suffix_with_offset_or_length_is_refused(r2: R2, case: Any) -> None:
    other = "offset" if "offset" in case else "length"
    with raises(R2Error, match=f"^Suffix is incompatible with {other}.$") as caught:
        await r2.get("nope", range=case)
    assert caught.value.js_name == "TypeError"


@cases(
    {
        "unknown": ({"start": 1}, "^range: unknown key 'start'; known are offset, length, suffix$"),
        "text": ({"offset": "1"}, "^range.offset: expected int, got str$"),
        "large": ({"suffix": 2**53}, r"^range.suffix: the integer is outside ±\(2\*\*53 - 1\)"),
        "tuple": ((1, 2), "^range: expected a dict or Headers, got tuple$"),
    }
)
async def test_an_invalid_range_is_refused_before_it_is_sent(r2: R2, case: tuple[Any, str]) -> None:
    asked, reason = case
    with raises(ConversionError, match=reason):
        await r2.get("k", range=asked)


RANGE_HEADERS = {
    "bytes=1-2": (1, b"el"),
    "bytes=1-": (1, b"ello"),
    "bytes=-2": (3, b"lo"),
    "bytes=1-99": (1, b"ello"),
    "bytes=0-0": (0, b"h"),
    " BYTES = 1 - 2 ": (1, b"el"),
    "bytes=-5": (0, b"hello"),
    "bytes=-99": (0, b"hello"),
    "bytes=-0": (0, b"hello"),
    "bytes=0-0,2-3": (0, b"hello"),
    "bytes=1-2,-0": (1, b"el"),
    "bytes=9-": (0, b"hello"),
    "bytes=3-1": (0, b"hello"),
    "bytes=": (0, b"hello"),
    "bytes=-": (0, b"hello"),
    "bytes=x-": (0, b"hello"),
    "bytes": (0, b"hello"),
    "lines=1-2": (0, b"hello"),
}


@not_in("node", reason=NO_HEADERS)
@cases({header.replace(" ", "_"): header for header in RANGE_HEADERS})
async def test_an_unsatisfiable_range_header_returns_the_whole_object(r2: R2, case: str) -> None:
    offset, expected = RANGE_HEADERS[case]
    await r2.put("k", HELLO)
    found = await got(r2, range=Headers({"Range": case}))
    assert found.range == {"offset": offset, "length": len(expected)}
    assert await found.bytes() == expected


@not_in("node", reason=NO_HEADERS)
async def test_headers_without_a_range_return_the_whole_object(r2: R2) -> None:
    await r2.put("k", HELLO)
    assert await read(r2, range=Headers()) == HELLO
    await r2.put("empty", b"")
    assert await read(r2, "empty", range=Headers({"Range": "bytes=0-"})) == b""


# Conditions --------------------------------------------------------------------------------------

# The condition; whether it holds for the object; whether it holds for a missing object.
CONDITIONS: dict[str, tuple[Any, bool, bool]] = {
    "nothing": ({}, True, True),
    "match": ({"etag_matches": ETAG}, True, False),
    "match-other": ({"etag_matches": "x"}, False, False),
    "match-any": ({"etag_matches": "*"}, True, False),
    "match-empty": ({"etag_matches": ""}, False, False),
    "not": ({"etag_does_not_match": ETAG}, False, True),
    "not-other": ({"etag_does_not_match": "x"}, True, True),
    "not-any": ({"etag_does_not_match": "*"}, False, True),
    "before-early": ({"uploaded_before": EARLY}, False, True),
    "before-late": ({"uploaded_before": LATE}, True, True),
    "after-early": ({"uploaded_after": EARLY}, True, False),
    "after-late": ({"uploaded_after": LATE}, False, False),
    "after-in-another-zone": (
        {"uploaded_after": datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=-5)))},
        True,
        False,
    ),
    "match-outdoes-before": ({"etag_matches": ETAG, "uploaded_before": EARLY}, True, False),
    "other-and-before": ({"etag_matches": "x", "uploaded_before": LATE}, False, False),
    "not-outdoes-after": ({"etag_does_not_match": "x", "uploaded_after": LATE}, True, False),
    "not-and-after": ({"etag_does_not_match": ETAG, "uploaded_after": EARLY}, False, False),
    "between": ({"uploaded_after": EARLY, "uploaded_before": LATE}, True, False),
    "none": ({"etag_matches": None, "seconds_granularity": True}, True, True),
}


async def check_condition(r2: R2, asked: Any, holds: bool, holds_if_missing: bool) -> None:
    await r2.put("k", HELLO)
    found = await r2.get("k", only_if=asked)
    assert isinstance(found, R2ObjectBody if holds else R2Object)
    assert isinstance(found, R2ObjectBody) is holds
    assert found.etag == ETAG
    assert await r2.get("nope", only_if=asked) is None
    put = await r2.put("k", "new", only_if=asked)
    assert (put is not None) is holds
    assert await read(r2) == (b"new" if holds else HELLO)
    put = await r2.put("nope", "new", only_if=asked)
    assert (put is not None) is holds_if_missing
    assert (await r2.head("nope") is not None) is holds_if_missing


@cases(CONDITIONS)
async def test_a_condition_decides_about_get_and_put(r2: R2, case: tuple[Any, bool, bool]) -> None:
    await check_condition(r2, *case)


CONDITION_HEADERS: dict[str, tuple[dict[str, str], bool, bool]] = {
    "match": ({"If-Match": f'"{ETAG}"'}, True, False),
    "match-other": ({"If-Match": '"x"'}, False, False),
    "match-one": ({"If-Match": f'"x", "{ETAG}"'}, True, False),
    "match-weak": ({"If-Match": f'W/"{ETAG}"'}, False, False),
    "match-any": ({"If-Match": "*"}, True, False),
    "match-odd-list": ({"If-Match": ' , "x",, *'}, True, False),
    "match-then-rubbish": ({"If-Match": f'"{ETAG}", x, "y"'}, True, False),
    "not": ({"If-None-Match": f'"{ETAG}"'}, False, True),
    "not-weak": ({"If-None-Match": f'W/"{ETAG}"'}, False, True),
    "not-one": ({"If-None-Match": f'"x", "{ETAG}"'}, False, True),
    "not-other": ({"If-None-Match": '"x"'}, True, True),
    "not-any": ({"If-None-Match": "*"}, False, True),
    "since-early": ({"If-Modified-Since": "Thu, 01 Jan 1970 00:00:01 GMT"}, True, False),
    "since-late": ({"If-Modified-Since": "Mon, 01 Jan 2170 00:00:01 GMT"}, False, False),
    "until-early": ({"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:01 GMT"}, False, True),
    "until-late": ({"If-Unmodified-Since": "Mon, 01 Jan 2170 00:00:01 GMT"}, True, True),
    "since-too-late": ({"If-Modified-Since": "Sat, 01 Jan 2270 00:00:01 GMT"}, False, False),
    "until-too-late": ({"If-Unmodified-Since": "Sat, 01 Jan 2270 00:00:01 GMT"}, False, True),
    "until-too-early": ({"If-Unmodified-Since": "Fri, 01 Jan 1960 00:00:01 GMT"}, False, True),
    "since-too-early": ({"If-Modified-Since": "Fri, 01 Jan 1960 00:00:01 GMT"}, False, False),
    "since-nonsense": ({"If-Modified-Since": "nonsense"}, True, False),
    "until-nonsense": ({"If-Unmodified-Since": "nonsense"}, False, True),
    "others": ({"X-Other": "x"}, True, True),
}


@not_in("node", reason=NO_HEADERS)
@cases(CONDITION_HEADERS)
async def test_a_condition_in_headers_decides_about_get_and_put(
    r2: R2, case: tuple[dict[str, str], bool, bool]
) -> None:
    asked, *expected = case
    await check_condition(r2, Headers(asked), *expected)


async def test_times_are_compared_in_milliseconds_or_in_seconds(r2: R2) -> None:
    put = await r2.put("k", HELLO)
    same = put.uploaded
    assert isinstance(await r2.get("k", only_if={"uploaded_after": same}), R2Object)
    just_before, just_after = same - timedelta(milliseconds=1), same + timedelta(milliseconds=1)
    found = await r2.get("k", only_if={"uploaded_after": just_before})
    assert isinstance(found, R2ObjectBody)
    found = await r2.get("k", only_if={"uploaded_before": just_after})
    assert isinstance(found, R2ObjectBody)
    second = same.replace(microsecond=0)
    later = second + timedelta(milliseconds=999)
    for times in {"uploaded_after": second}, {"uploaded_before": later}:
        asked: Any = {**times, "seconds_granularity": True}
        assert not isinstance(await r2.get("k", only_if=asked), R2ObjectBody)


async def test_an_object_whose_condition_fails_has_no_body(r2: R2) -> None:
    await r2.put("k", HELLO, custom_metadata={"a": "b"})
    found = await r2.get("k", only_if={"etag_matches": "x"}, range={"offset": 1})
    assert type(found) is R2Object
    assert (found.size, found.custom_metadata) == (5, {"a": "b"})
    assert found.range == {"offset": 0, "length": 5}


@cases({"quoted": '"x"', "one-quote": '"', "no-text": '""'})
async def test_an_etag_in_quotes_is_refused(r2: R2, case: str) -> None:
    reason = f"Conditional ETag should not be wrapped in quotes ({case})."
    for asked in {"etag_matches": case}, {"etag_does_not_match": case}:
        condition: Any = asked
        with raises(R2Error) as caught:
            await r2.get("k", only_if=condition)
        assert (caught.value.message, caught.value.js_name) == (reason, "TypeError")
        with raises(R2Error):
            await r2.put("k", "", only_if=condition)
    assert await r2.head("k") is None


@not_in("node", reason=NO_HEADERS)
@cases(
    {
        "bare": ("x", "Invalid ETag in if-match header"),
        "empty": ("", "Invalid ETag in if-match header"),
        "unclosed": ('"a', "Unclosed double quote for Etag"),
        "unclosed-weak": ('W/"a', "Unclosed double quote for Etag"),
        "weak": ("W/a", "Weak etags must start with W/ and their value must be quoted"),
        "no-comma": ('"a" "b"', "Encountered a double quote character '\"' instead"),
        "no-comma-weak": ('"a" W/"b"', "Encountered a weak quotation character 'W' instead"),
        "no-comma-any": ('"a" *', r"Encountered a wildcard character '\*' instead"),
    }
)
async def test_invalid_etags_in_headers_are_refused(r2: R2, case: tuple[str, str]) -> None:
    header, reason = case
    with raises(R2Error, match=reason) as caught:
        await r2.get("k", only_if=Headers({"If-Match": header}))
    assert caught.value.js_name == "Error"


@not_in("node", reason=NO_HEADERS)
async def test_an_invalid_etag_header_is_named(r2: R2) -> None:
    with raises(R2Error, match="^Invalid ETag in if-none-match header$"):
        await r2.put("k", "", only_if=Headers({"If-None-Match": "x"}))


@cases(
    {
        "unknown": ({"etag": "x"}, "^only_if: unknown key 'etag'; known are etag_matches, "),
        "type": ({"etag_matches": 5}, "^only_if.etag_matches: expected str, got int$"),
        "time": ({"uploaded_after": 5}, "^only_if.uploaded_after: expected datetime, got int$"),
        "early": (
            {"uploaded_after": datetime(1969, 1, 1, tzinfo=timezone.utc)},
            "^only_if.uploaded_after: expected a time from 1970 on, got an earlier one$",
        ),
        "text": ("etag", "^only_if: expected a dict or Headers, got str$"),
    }
)
async def test_an_invalid_condition_is_refused_before_it_is_sent(
    r2: R2, case: tuple[Any, str]
) -> None:
    asked, reason = case
    with raises(ConversionError, match=reason):
        await r2.get("k", only_if=asked)
    with raises(ConversionError, match=reason):
        await r2.put("k", "", only_if=asked)
    assert await r2.head("k") is None


async def test_a_wrong_checksum_is_reported_before_a_failed_condition(r2: R2) -> None:
    with raises(R2Error, match="10037"):
        await r2.put("k", "", md5=bytes(16), only_if={"etag_matches": "x"})


# Keys --------------------------------------------------------------------------------------------

ODD_KEYS = {
    "empty": "",
    "slash": "/",
    "path": "a/b//c/",
    "dot": ".",
    "dots": "..",
    "up": "a/../b",
    "space": " ",
    "question": "a?b=c&d",
    "percent": "%2F%00",
    "quotes": "\"'`\\",
    "accents": "é e\u0301",
    "astral": "😀",
    "newline": "a\nb",
    "constructor": "constructor",
    "proto": "__proto__",
    "digits": "0",
    "longest": "x" * 1024,
    "longest-utf8": "é" * 512,
}


@cases(ODD_KEYS)
async def test_a_key_may_be_odd(r2: R2, case: str) -> None:
    put = await r2.put(case, HELLO)
    assert put.key == case
    assert (await got(r2, case)).key == case
    assert await read(r2, case) == HELLO
    assert [found.key for found in (await r2.list()).objects] == [case]
    await r2.delete(case)
    assert await r2.head(case) is None


@cases({"ascii": "x" * 1025, "utf8": "é" * 513})
async def test_a_long_key_is_refused(r2: R2, case: str) -> None:
    reason = "The specified object name is not valid. (10020)"
    calls = {
        "head": r2.head(case),
        "get": r2.get(case),
        "put": r2.put(case, ""),
        "delete": r2.delete(case),
        "createMultipartUpload": r2.create_multipart_upload(case),
    }
    for name, call in calls.items():
        with raises(R2Error) as caught:
            await call
        assert (caught.value.message, caught.value.js_name) == (f"{name}: {reason}", "Error")
        assert caught.value.code == 10020
    upload = r2.resume_multipart_upload(case, "x")
    with raises(R2Error, match="^uploadPart: .* \\(10020\\)$"):
        await upload.upload_part(1, "")
    with raises(R2Error, match="^completeMultipartUpload: .* \\(10020\\)$"):
        await upload.complete([])
    with raises(R2Error, match="^abortMultipartUpload: .* \\(10020\\)$"):
        await upload.abort()


@cases({"int": 5, "none": None, "bytes": b"k"})
async def test_a_key_that_is_not_text_is_refused(r2: R2, case: Any) -> None:
    kind = "None" if case is None else type(case).__name__
    for call in r2.head, r2.get, r2.create_multipart_upload:
        with raises(ConversionError, match=f"^key: expected str, got {kind}$"):
            await call(case)
    with raises(ConversionError, match=f"^key: expected str, got {kind}$"):
        await r2.put(case, "")
    with raises(ConversionError, match=f"^key: expected str, got {kind}$"):
        r2.resume_multipart_upload(case, "x")


# Customers' keys ---------------------------------------------------------------------------------


@cases({"hex": "0123456789abcdef" * 4, "bytes": bytes(range(32))})
async def test_a_customers_key_is_accepted_by_every_method(r2: R2, case: str | bytes) -> None:
    await r2.put("k", HELLO, ssec_key=case)
    assert await read(r2, ssec_key=case) == HELLO
    upload = await r2.create_multipart_upload("up", ssec_key=case)
    await upload.complete([await upload.upload_part(1, HELLO, ssec_key=case)])
    assert await read(r2, "up", ssec_key=case) == HELLO


@cases(
    {
        "short": ("a" * 63, "length"),
        "long": ("a" * 65, "length"),
        "short-bytes": (b"k" * 31, "length"),
        "no-bytes": (b"", "length"),
        "upper": ("A" * 64, "format"),
        "no-hex": ("g" * 64, "format"),
        "line": ("a" * 63 + "\n", "format"),
        "empty": ("", "format"),
    }
)
async def test_an_invalid_customers_key_is_refused(r2: R2, case: tuple[Any, str]) -> None:
    key, wrong = case
    reasons = {"length": "must be 32 bytes in length", "format": "has invalid format"}
    reason = f"SSE-C Key {reasons[wrong]}"
    upload = r2.resume_multipart_upload("k", "x")
    for call in (
        r2.put("k", "", ssec_key=key),
        r2.get("k", ssec_key=key),
        r2.create_multipart_upload("k", ssec_key=key),
        upload.upload_part(1, "", ssec_key=key),
    ):
        with raises(R2Error) as caught:
            await call
        assert (caught.value.message, caught.value.js_name) == (reason, "Error")
    assert await r2.head("k") is None


# Deleting ----------------------------------------------------------------------------------------


async def test_delete_removes_one(r2: R2) -> None:
    await fill(r2, "a", "b")
    await r2.delete("a")
    await r2.delete("nope")
    assert await names(r2) == ["b"]


async def test_delete_removes_many(r2: R2) -> None:
    await fill(r2, *"abcde")
    await r2.delete(["a", "c", "nope", "a"])
    await r2.delete(key for key in "e")
    assert await names(r2) == ["b", "d"]


async def test_delete_with_a_long_key_removes_nothing(r2: R2) -> None:
    await fill(r2, "a")
    with raises(R2Error, match="10020"):
        await r2.delete(["a", "x" * 1025])
    assert await names(r2) == ["a"]


async def test_delete_removes_1000_keys(r2: R2) -> None:
    await fill(r2, "k0", "k999", "l")
    await r2.delete([f"k{number}" for number in range(1000)])
    assert await names(r2) == ["l"]


@only("fake", reason="strict: production refuses these, and the local runtime takes any number")
@cases({"none": 0, "many": 1001})
async def test_delete_of_0_or_1001_keys_is_refused(r2: R2, case: int) -> None:
    await fill(r2, "k0")
    reason = "The number of keys in the request must be between 1 and 1000 inclusive."
    with raises(R2Error) as caught:
        await r2.delete([f"k{number}" for number in range(case)])
    assert (caught.value.message, caught.value.code) == (f"delete: {reason} (10027)", 10027)
    assert await names(r2) == ["k0"]


async def test_delete_refuses_keys_that_are_not_text(r2: R2) -> None:
    keys: Any = ["a", 5]
    with raises(ConversionError, match=r"^keys\[1\]: expected str, got int$"):
        await r2.delete(keys)


# Listing -----------------------------------------------------------------------------------------


async def test_a_listing_of_an_empty_bucket_is_empty(r2: R2) -> None:
    assert await r2.list() == ([], False, None, [])


async def test_a_listing_is_in_byte_order(r2: R2) -> None:
    await fill(r2, "b", "a", "é", "A", "😀", "\uff5e", "a/1", "a!")
    assert await names(r2) == ["A", "a", "a!", "a/1", "b", "é", "\uff5e", "😀"]


async def test_a_listing_has_the_attributes_of_each_object(r2: R2) -> None:
    put = await r2.put("k", HELLO, sha1=hashlib.sha1(HELLO).digest())
    (found,) = (await r2.list()).objects
    assert type(found) is R2Object
    assert (found.key, found.size, found.etag, found.version) == ("k", 5, ETAG, put.version)
    assert found.uploaded == put.uploaded
    assert found.checksums.sha1 == hashlib.sha1(HELLO).digest()
    assert found.range is None


@cases(
    {
        "neither": ((), {}, {}),
        "http": (["http_metadata"], {"content_type": "a/b"}, {}),
        "custom": (["custom_metadata"], {}, {"a": "b"}),
        "both": (["http_metadata", "custom_metadata"], {"content_type": "a/b"}, {"a": "b"}),
        "javascript": (["httpMetadata"], {"content_type": "a/b"}, {}),
    }
)
async def test_a_listing_includes_the_requested_metadata(
    r2: R2, case: tuple[Any, Any, Any]
) -> None:
    include, http, custom = case
    await r2.put("k", "", http_metadata={"content_type": "a/b"}, custom_metadata={"a": "b"})
    (found,) = (await r2.list(include=include)).objects
    assert (found.http_metadata, found.custom_metadata) == (http, custom)
    (found,) = [each async for each in r2.objects(include=include)]
    assert (found.http_metadata, found.custom_metadata) == (http, custom)


async def test_a_length_and_a_part_number_must_be_numbers(r2: R2) -> None:
    wrong: Any = "1"
    with raises(ConversionError, match="^length: expected int, got str$"):
        await r2.put("k", chunks(b"a"), length=wrong)
    upload = await r2.create_multipart_upload("k")
    with raises(ConversionError, match="^length: expected int, got str$"):
        await upload.upload_part(1, chunks(b"a"), length=wrong)
    with raises(ConversionError, match="^part_number: expected int, got str$"):
        await upload.upload_part(wrong, b"a")
    await upload.abort()


async def test_include_as_text_is_refused(r2: R2) -> None:
    include: Any = "http_metadata"
    with raises(ConversionError, match="^include: expected a list of names, got str$"):
        await r2.list(include=include)


async def test_a_limit_that_is_not_a_number_is_refused(r2: R2) -> None:
    limit: Any = "5"
    with raises(ConversionError, match="^limit: expected int, got str$"):
        await r2.list(limit=limit)
    limit = 2**53
    with raises(ConversionError, match="^limit: the integer is outside"):
        await r2.list(limit=limit)


@cases({"number": 5, "bytes": b"ab", "none": None})
async def test_delete_refuses_other_types(r2: R2, case: Any) -> None:
    got = "None" if case is None else type(case).__name__
    with raises(ConversionError, match=f"^keys: expected str or a list of str, got {got}$"):
        await r2.delete(case)


async def test_custom_metadata_that_is_not_a_dict_is_refused(r2: R2) -> None:
    metadata: Any = [("a", "b")]
    with raises(ConversionError, match="^custom_metadata: expected a dict, got list$"):
        await r2.put("k", "", custom_metadata=metadata)
    with raises(ConversionError, match="^custom_metadata: expected a dict, got list$"):
        await r2.create_multipart_upload("k", custom_metadata=metadata)


async def test_an_unknown_include_is_refused(r2: R2) -> None:
    include: Any = ["http_metadata", "x"]
    with raises(R2Error, match="^Unsupported include value x$") as caught:
        await r2.list(include=include)
    assert caught.value.js_name == "RangeError"


@cases({"0": 0, "1001": 1001, "-2": -2})
async def test_a_limit_outside_1_to_1000_is_refused(r2: R2, case: int) -> None:
    reason = "^list: MaxKeys params must be positive integer <= 1000. \\(10022\\)$"
    with raises(R2Error, match=reason) as caught:
        await r2.list(limit=case)
    assert caught.value.code == 10022


async def test_a_limit_beyond_32_bits_is_refused(r2: R2) -> None:
    with raises(R2Error, match="^Value out of range. Must be between -2147483648"):
        await r2.list(limit=2**31)


async def test_pages_visit_every_object_once(r2: R2) -> None:
    keys = [f"k{number}" for number in range(5)]
    await fill(r2, *keys)
    seen: list[str] = []
    page = await r2.list(limit=2)
    assert page.cursor is not None
    while True:
        seen += [found.key for found in page.objects]
        if not page.truncated:
            break
        assert len(page.objects) == 2
        page = await r2.list(limit=2, cursor=page.cursor)
    assert page.cursor is None
    assert seen == keys
    whole = await r2.list(limit=5)
    assert (len(whole.objects), whole.truncated, whole.cursor) == (5, False, None)


async def test_a_page_has_1000_objects_and_100_with_metadata(r2: R2) -> None:
    keys = [f"k{number:04}" for number in range(1001)]
    for start in range(0, len(keys), 100):
        await fill(r2, *keys[start : start + 100])
    page = await r2.list()
    assert (len(page.objects), page.truncated) == (1000, True)
    page = await r2.list(include=["custom_metadata"], limit=500)
    assert (len(page.objects), page.truncated) == (100, True)
    assert await names(r2) == keys


@cases({"prefix": "a/", "longer": "a/b", "none": "zz", "empty": "", "wild": "a%"})
async def test_a_prefix_selects_the_keys_that_start_with_it(r2: R2, case: str) -> None:
    keys = ["a", "a/1", "a/b/1", "a/b/2", "a%b", "b", "A/1"]
    await fill(r2, *keys)
    expected = sorted(key for key in keys if key.startswith(case))
    assert [found.key for found in (await r2.list(prefix=case)).objects] == expected
    assert await names(r2, case) == expected


KEYS = ["a", "a/1", "a/2", "a/b/1", "b", "b/", "b//x", "c"]
DELIMITED: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "slash": ({"delimiter": "/"}, ["a", "b", "c"], ["a/", "b/"]),
    "below": ({"delimiter": "/", "prefix": "a/"}, ["a/1", "a/2"], ["a/b/"]),
    "double": ({"delimiter": "/", "prefix": "b/"}, ["b/"], ["b//"]),
    "part-of-a-name": ({"delimiter": "/", "prefix": "a"}, ["a"], ["a/"]),
    "two-letters": ({"delimiter": "//"}, ["a", "a/1", "a/2", "a/b/1", "b", "b/", "c"], ["b//"]),
    "end": ({"delimiter": "x"}, ["a", "a/1", "a/2", "a/b/1", "b", "b/", "c"], ["b//x"]),
    "empty": ({"delimiter": ""}, KEYS, []),
    "none": ({"delimiter": "?"}, KEYS, []),
    "after": ({"delimiter": "/", "start_after": "a/1"}, ["b", "c"], ["a/", "b/"]),
    "all-after": ({"delimiter": "/", "start_after": "a/b/1"}, ["b", "c"], ["b/"]),
}


@cases(DELIMITED)
async def test_a_delimiter_groups_keys_into_prefixes(
    r2: R2, case: tuple[dict[str, Any], list[str], list[str]]
) -> None:
    asked, keys, prefixes = case
    await fill(r2, *KEYS)
    page = await r2.list(**asked)
    assert [found.key for found in page.objects] == keys
    assert (page.delimited_prefixes, page.truncated, page.cursor) == (prefixes, False, None)


async def test_prefixes_count_towards_the_limit_and_appear_once(r2: R2) -> None:
    await fill(r2, *KEYS)
    pages: list[tuple[list[str], list[str]]] = []
    page = await r2.list(delimiter="/", limit=1)
    while True:
        pages.append(([found.key for found in page.objects], page.delimited_prefixes))
        if not page.truncated:
            break
        page = await r2.list(delimiter="/", limit=1, cursor=page.cursor)
    assert pages == [(["a"], []), ([], ["a/"]), (["b"], []), ([], ["b/"]), (["c"], [])]


@cases({"a/1": 2, "a/11": 2, "": 0, "zzz": 8, "c": 8})
async def test_a_listing_starts_after_a_key(r2: R2, case: int) -> None:
    await fill(r2, *KEYS)
    start = {2: "a/1", 0: "", 8: "c"}[case]
    assert [found.key for found in (await r2.list(start_after=start)).objects] == KEYS[case:]


async def test_the_later_of_cursor_and_start_after_counts(r2: R2) -> None:
    await fill(r2, *KEYS)
    cursor = (await r2.list(limit=3)).cursor  # after a/2
    page = await r2.list(cursor=cursor, start_after="a")
    assert page.objects[0].key == "a/b/1"
    page = await r2.list(cursor=cursor, start_after="b")
    assert page.objects[0].key == "b/"


async def test_listing_options_that_are_not_text_are_refused(r2: R2) -> None:
    number: Any = 5
    with raises(ConversionError, match="^prefix: expected str, got int$"):
        await r2.list(prefix=number)
    with raises(ConversionError, match="^delimiter: expected str, got int$"):
        await r2.list(delimiter=number)
    with raises(ConversionError, match="^cursor: expected str, got int$"):
        await r2.list(cursor=number)
    with raises(ConversionError, match="^start_after: expected str, got int$"):
        await r2.list(start_after=number)


# Multipart uploads -------------------------------------------------------------------------------


def md5_of_parts(*parts: bytes) -> str:
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f"{hashlib.md5(digests).hexdigest()}-{len(parts)}"


async def uploaded(upload: R2MultipartUpload, *parts: bytes) -> list[R2UploadedPart]:
    return [await upload.upload_part(number, part) for number, part in enumerate(parts, 1)]


async def test_an_object_is_created_from_parts(r2: R2) -> None:
    upload = await r2.create_multipart_upload(
        "k", http_metadata=HTTP, custom_metadata={"a": "b"}, storage_class="Standard"
    )
    assert upload.key == "k"
    assert len(upload.upload_id) == 171
    first, last = b"1" * PART, b"the last"
    parts = await uploaded(upload, first, last)
    assert [part.part_number for part in parts] == [1, 2]
    assert await r2.head("k") is None
    made = await upload.complete(parts)
    assert type(made) is R2Object
    assert (made.key, made.size) == ("k", PART + 8)
    found = await got(r2)
    for each in made, found:
        assert each.etag == md5_of_parts(first, last)
        assert each.http_metadata == HTTP
        assert each.custom_metadata == {"a": "b"}
        assert each.checksums.to_json() == {}
        assert each.checksums.md5 is None
    assert await found.bytes() == first + last
    assert await read(r2, range={"offset": PART - 2, "length": 4}) == b"11th"
    assert await read(r2, range={"suffix": 8}) == last


async def test_parts_are_ordered_by_their_numbers(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    second = await upload.upload_part(7, b"2" * PART)
    first = await upload.upload_part(3, b"1" * PART)
    made = await upload.complete(iter([second, first]))
    assert made.etag == md5_of_parts(b"1" * PART, b"2" * PART)
    assert await read(r2, range={"length": 1}) == b"1"


async def test_a_part_can_be_replaced(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    old = await upload.upload_part(1, "old")
    new = await upload.upload_part(1, "new")
    assert old.etag != new.etag
    with raises(R2Error, match="10025"):
        await upload.complete([old])
    await upload.complete([new])
    assert await read(r2) == b"new"


async def test_a_part_that_complete_does_not_name_is_dropped(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    first, _ = await uploaded(upload, b"a", b"b")
    await upload.complete([first])
    assert await read(r2) == b"a"


async def test_an_object_of_no_parts_is_empty(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    assert (await upload.complete([])).etag == "d41d8cd98f00b204e9800998ecf8427e-0"
    assert await read(r2) == b""


async def test_the_last_part_may_be_empty(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    await upload.complete(await uploaded(upload, b""))
    assert (await got(r2)).etag == md5_of_parts(b"")
    assert await read(r2) == b""


async def test_completing_replaces_the_previous_object(r2: R2) -> None:
    await r2.put("k", "old")
    upload = await r2.create_multipart_upload("k")
    parts = await uploaded(upload, b"new")
    assert await read(r2) == b"old"
    await upload.complete(parts)
    assert await read(r2) == b"new"
    await r2.put("k", "newer")
    assert await read(r2) == b"newer"


async def test_parts_may_be_uploaded_concurrently(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    parts = await asyncio.gather(
        *(upload.upload_part(number, bytes([number]) * PART) for number in range(1, 4))
    )
    assert (await upload.complete(parts)).size == 3 * PART


async def test_an_upload_is_resumed_by_its_id(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    part = await upload.upload_part(1, "a")
    again = r2.resume_multipart_upload("k", upload.upload_id)
    assert (again.key, again.upload_id) == ("k", upload.upload_id)
    await again.complete([R2UploadedPart(*part)])
    assert await read(r2) == b"a"


PART_VALUES: dict[str, Any] = {"text": "é", "bytes": b"\0", "bytearray": bytearray(b"ab")}


@cases(PART_VALUES)
async def test_a_part_may_be_any_value(r2: R2, case: Any) -> None:
    upload = await r2.create_multipart_upload("k")
    await upload.complete([await upload.upload_part(1, case)])
    assert await read(r2) == (case.encode() if isinstance(case, str) else bytes(case))


@not_in("node", reason=STREAMS_BY_FETCH)
async def test_a_part_may_be_the_body_of_an_object(r2: R2) -> None:
    await r2.put("k", HELLO)
    upload = await r2.create_multipart_upload("copy")
    await upload.complete([await upload.upload_part(1, (await got(r2)).body)])
    assert await read(r2, "copy") == HELLO


async def test_a_part_may_be_an_iterator(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    await upload.complete([await upload.upload_part(1, chunks(b"ab", b"c"))])
    assert await read(r2) == b"abc"


@not_in("node", reason=NO_FIXED_LENGTH)
async def test_a_part_may_be_a_stream_with_its_length(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    part = await upload.upload_part(1, chunks(b"ab", b"c"), length=3)
    with raises(R2Error, match="did not see all expected bytes"):
        await upload.upload_part(1, chunks(b"ab"), length=3)
    await upload.complete([part])
    assert await read(r2) == b"abc"


@cases({"0": 0, "-1": -1, "10001": 10_001})
async def test_a_part_number_outside_1_to_10000_is_refused(r2: R2, case: int) -> None:
    upload = await r2.create_multipart_upload("k")
    bounds = "Part number must be between 1 and 10000 (inclusive)."
    reason = f"{bounds} Actual value was: {case}"
    with raises(R2Error) as caught:
        await upload.upload_part(case, "a")
    assert (caught.value.message, caught.value.js_name) == (reason, "TypeError")
    with raises(R2Error) as caught:
        await upload.complete([R2UploadedPart(case, "x")])
    assert caught.value.message == reason
    last = await upload.upload_part(10_000, "a")
    assert (await upload.complete([last])).size == 1


async def test_a_small_part_is_refused(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    parts = await uploaded(upload, b"1" * (PART - 1), b"2")
    with raises(R2Error) as caught:
        await upload.complete(parts)
    assert caught.value.message == (
        "completeMultipartUpload: Your proposed upload is smaller than the minimum allowed object "
        "size. (10011)"
    )
    assert caught.value.code == 10011
    assert await r2.head("k") is None
    assert (await upload.complete(parts[1:])).size == 1


@cases({"later": (PART, PART + 1), "middle": (PART, PART + 1, PART)})
async def test_uneven_parts_are_refused(r2: R2, case: tuple[int, ...]) -> None:
    upload = await r2.create_multipart_upload("k")
    parts = await uploaded(upload, *map(bytes, case))
    with raises(R2Error) as caught:
        await upload.complete(parts)
    reason = "There was a problem with the multipart upload."
    assert caught.value.message == f"completeMultipartUpload: {reason} (10048)"
    assert await r2.head("k") is None


@cases({"number": (2, None), "etag": (1, "x"), "neither": (7, "x")})
async def test_a_missing_part_is_refused(r2: R2, case: tuple[int, str | None]) -> None:
    upload = await r2.create_multipart_upload("k")
    (part,) = await uploaded(upload, b"a")
    number, etag = case
    with raises(R2Error) as caught:
        await upload.complete([R2UploadedPart(number, etag or part.etag)])
    reason = "One or more of the specified parts could not be found."
    assert caught.value.message == f"completeMultipartUpload: {reason} (10025)"
    assert caught.value.code == 10025
    await upload.complete([part])


async def test_a_part_named_twice_is_refused(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    (part,) = await uploaded(upload, b"a")
    reason = "^completeMultipartUpload: We encountered an internal error. Please try again. "
    with raises(R2Error, match=reason) as caught:
        await upload.complete([part, part])
    assert caught.value.code == 10001


@cases({"completed": "completed", "aborted": "aborted"})
async def test_an_ended_upload_is_refused(r2: R2, case: str) -> None:
    upload = await r2.create_multipart_upload("k")
    parts = await uploaded(upload, b"a")
    await (upload.complete(parts) if case == "completed" else upload.abort())
    reason = "The specified multipart upload does not exist. (10024)"
    with raises(R2Error) as caught:
        await upload.upload_part(1, "b")
    assert (caught.value.message, caught.value.code) == (f"uploadPart: {reason}", 10024)
    with raises(R2Error) as caught:
        await upload.complete(parts)
    assert caught.value.message == f"completeMultipartUpload: {reason}"
    await upload.abort()
    assert (await r2.head("k") is not None) is (case == "completed")


async def test_an_unknown_upload_is_refused(r2: R2) -> None:
    other = await r2.create_multipart_upload("other")
    for upload_id in "nope", other.upload_id:
        upload = r2.resume_multipart_upload("k", upload_id)
        with raises(R2Error, match="^uploadPart: The specified multipart upload does not exist."):
            await upload.upload_part(1, "a")
        for call, name in (upload.complete([]), "complete"), (upload.abort(), "abort"):
            with raises(R2Error, match=f"^{name}MultipartUpload: We encountered an internal error"):
                await call
    await other.complete([])


async def test_a_part_that_breaks_off_leaves_the_previous_part(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    part = await upload.upload_part(1, "old")
    with raises(R2Error, match="^ValueError: the source broke off$"):
        await upload.upload_part(1, broken())
    await upload.complete([part])
    assert await read(r2) == b"old"


# The binding -------------------------------------------------------------------------------------


async def test_a_missing_binding_is_refused() -> None:
    nothing: Any = None
    with raises(BindingError, match="^R2: expected a binding, got None"):
        R2(nothing)


async def test_wrong_binding_type_is_refused(env: Any) -> None:
    with raises(
        BindingError, match=r"^R2: expected the R2 binding, got .* without createMultipart"
    ):
        R2(env.KV)


async def test_the_javascript_objects_are_accessible(r2: R2) -> None:
    assert R2(r2.js_object).js_object is not None
    put = await r2.put("k", "")
    assert put.js_object.key == "k"
    upload = await r2.create_multipart_upload("k")
    assert upload.js_object.key == "k"
    assert (await (await got(r2)).blob()).js_object.size == 0


@cases(["bytes", "text"])
async def test_stream_of_a_body_that_was_read_raises(r2: R2, case: str) -> None:
    for content in (b"", b"x"):
        await r2.put("k", content)
        body = await got(r2)
        await getattr(body, case)()
        with raises(StreamError):
            _ = [chunk async for chunk in body.body]
