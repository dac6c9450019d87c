"""``Blob`` and ``File``, made here and read from bodies."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import Any

from pyworkers_sdk import (
    R2,
    Blob,
    ConversionError,
    File,
    ReadableStream,
    Request,
    Response,
    StreamError,
)

from .kit import cases, not_in, only, raises

URL = "https://example.com/"
UNDICI = (
    "Node's Blob keeps the type of a body in another spelling; workerd's is the one that counts"
)

AnyBlob: Any = Blob
AnyFile: Any = File


# Content -----------------------------------------------------------------------------------------


async def test_blob_joins_its_parts() -> None:
    blob = Blob(["é", b"\x01\x02", bytearray(b"x"), memoryview(b"abc")[1:], Blob(["z"]), "a\r\nb"])
    assert await blob.bytes() == b"\xc3\xa9\x01\x02xbcza\r\nb"
    assert blob.size == 12
    assert blob.type == ""


async def test_empty_blob_has_size_zero() -> None:
    for blob in (Blob(), Blob([]), Blob([""])):
        assert (blob.size, await blob.bytes(), await blob.text()) == (0, b"", "")
        assert await blob.stream().bytes() == b""


async def test_parts_may_be_any_iterable() -> None:
    assert await Blob(part for part in ("a", b"b")).text() == "ab"
    assert await Blob(("a", "b")).text() == "ab"


async def test_blob_can_be_read_repeatedly() -> None:
    blob = Blob(["héllo"], type="text/plain")
    assert await blob.text() == await blob.text() == "héllo"
    assert await blob.stream().text() == "héllo"
    assert isinstance(blob.stream(), ReadableStream)


async def test_text_of_invalid_utf_8_has_replacement_characters() -> None:
    assert await Blob([b"\xffA"]).text() == "\ufffdA"


async def test_a_buffer_is_copied() -> None:
    buffer = bytearray(b"before")
    blob = Blob([buffer])
    buffer[:] = b"after!"
    assert await blob.text() == "before"


@cases(
    {
        "case": ("Text/HTML; Charset=UTF-8", "text/html; charset=utf-8"),
        "nonsense": ("nonsense", "nonsense"),
        "spaces": (" a/b ", " a/b "),
        "unicode": ("é", ""),
        "newline": ("a/b\n", ""),
    }
)
async def test_media_type_is_lower_cased_or_emptied(case: tuple[str, str]) -> None:
    type_, expected = case
    assert Blob([], type=type_).type == expected
    assert File([], "n", type=type_).type == expected


@cases(
    {
        "all": ((), "0123456789"),
        "from": ((2,), "23456789"),
        "part": ((2, 5), "234"),
        "end": ((-3,), "789"),
        "before the end": ((-3, -1), "78"),
        "backwards": ((5, 2), ""),
        "beyond": ((8, 100), "89"),
        "far before": ((-100, 2), "01"),
    }
)
async def test_slice_returns_a_part_without_the_type(case: tuple[tuple[int, ...], str]) -> None:
    where, expected = case
    blob = Blob(["01234", "56789"], type="a/b")
    part = blob.slice(*where)
    assert await part.text() == expected
    assert (part.size, part.type) == (len(expected), "")
    assert blob.slice(*where, type="C/d").type == "c/d"


async def test_a_slice_of_a_file_is_a_blob() -> None:
    part = File(["abc"], "n").slice(1)
    assert type(part) is Blob
    assert await part.text() == "bc"


async def test_file_has_name_type_and_time() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, 678901, timezone.utc)
    file = File(["ab", b"c"], "dir/é.txt", type="Text/Plain", last_modified=when)
    assert isinstance(file, Blob)
    assert (file.name, file.type, file.size) == ("dir/é.txt", "text/plain", 3)
    assert file.last_modified == when.replace(microsecond=678000)
    assert file.last_modified.tzinfo is timezone.utc
    assert await file.text() == "abc"


async def test_file_last_modified_defaults_to_now() -> None:
    age = datetime.now(timezone.utc) - File([], "n").last_modified
    assert abs(age) < timedelta(minutes=5)


async def test_file_last_modified_is_utc() -> None:
    with raises(ConversionError, match="^last_modified: expected an aware datetime, got a naive"):
        File([], "n", last_modified=datetime(2026, 1, 2))
    old = datetime(1969, 12, 31, tzinfo=timezone.utc)
    assert File([], "n", last_modified=old).last_modified == old
    east = datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=5)))
    assert File([], "n", last_modified=east).last_modified == east


@cases(
    {
        "str": (lambda: AnyBlob("abc"), "parts: expected a list of str, bytes and Blobs, got str"),
        "bytes": (lambda: AnyBlob(b"abc"), "parts: expected a list .*, got bytes"),
        "int": (lambda: AnyBlob(1), "parts: expected a list .*, got int"),
        "part": (lambda: AnyBlob(["a", 1]), r"parts\[1\]: expected str, bytes or a Blob, got int"),
        "none": (lambda: AnyBlob([None]), r"parts\[0\]: expected str, bytes or a Blob"),
        "surrogate": (lambda: AnyBlob(["\ud800"]), r"parts\[0\]: .*surrogate"),
        "type": (lambda: AnyBlob([], type=1), "type: expected str, got int"),
        "name": (lambda: AnyFile([], 1), "name: expected str, got int"),
        "file type": (lambda: AnyFile([], "n", type=None), "type: expected str, got None"),
        "time": (
            lambda: AnyFile([], "n", last_modified=5),
            "last_modified: expected datetime, got int",
        ),
        "slice type": (lambda: AnyBlob().slice(type=1), "type: expected str, got int"),
    }
)
async def test_arguments_of_wrong_type_raise_conversion_error(case: Any) -> None:
    attempt, words = case
    with raises(ConversionError, match=words):
        attempt()


# As bodies ---------------------------------------------------------------------------------------


async def test_blob_is_accepted_as_body() -> None:
    blob = Blob(["héllo"], type="A/b")
    for message in (Request(URL, method="POST", body=blob), Response(blob)):
        assert message.headers["content-type"] == "a/b"
        assert await message.text() == "héllo"
    assert await blob.text() == "héllo"


async def test_file_is_accepted_as_body() -> None:
    response = Response(File(["abc"], "n.txt", type="a/b"))
    assert response.headers.items() == [("content-type", "a/b")]
    assert await response.bytes() == b"abc"


async def test_type_of_a_blob_body_becomes_content_type() -> None:
    assert "content-type" not in Response(Blob(["x"])).headers
    response = Response(Blob(["x"], type="a/b"), headers={"content-type": "c/d"})
    assert response.headers["content-type"] == "c/d"


async def test_body_can_be_read_as_blob() -> None:
    for message in (
        Request(URL, method="POST", body=b"\x00\x01", headers={"content-type": "a/b"}),
        Response(b"\x00\x01", headers={"content-type": "a/b"}),
    ):
        blob = await message.blob()
        assert type(blob) is Blob
        assert (blob.size, blob.type, await blob.bytes()) == (2, "a/b", b"\x00\x01")
        assert message.body_used


async def test_missing_body_is_an_empty_blob() -> None:
    blob = await Response().blob()
    assert (blob.size, blob.type) == (0, "")
    assert (await Response(b"x").blob()).type == ""


@not_in("node", reason=UNDICI)
@cases(
    {
        "plain": ("text/plain;charset=UTF-8", "text/plain;charset=UTF-8"),
        "case": ("Text/HTML; Charset=x; a=B", "text/html;charset=x;a=B"),
        "quoted": ('text/html;charset="utf-8"', "text/html;charset=utf-8"),
        "quotes stay": ('a/b; x="y z"', 'a/b;x="y z"'),
        "quotes in quotes": (r'a/b; x="q\"r"', r'a/b;x="q\"r"'),
        "no value": ("a/b; c", "a/b"),
        "empty value": ("a/b;c=;d=e", "a/b;d=e"),
        "twice": ("a/b;c=1;C=2", "a/b;c=1"),
        "garbage": ("garbage", ""),
        "form": ("multipart/form-data; boundary=aB", "multipart/form-data; boundary=aB"),
    }
)
async def test_content_type_of_a_body_becomes_the_blob_type(case: tuple[str, str]) -> None:
    content_type, expected = case
    assert (await Response(b"x", headers={"content-type": content_type}).blob()).type == expected


async def test_used_body_as_a_blob_raises() -> None:
    response = Response("x")
    await response.text()
    with raises(StreamError) as caught:
        await response.blob()
    assert caught.value.js_name == "TypeError"


async def test_blob_can_be_stored_in_r2(r2: R2) -> None:
    blob = Blob(["héllo"], type="a/b")
    await r2.put("k", blob)
    await r2.put("l", File([blob, "!"], "n.txt"))
    objects = [await r2.get(key) for key in ("k", "l")]
    assert [await stored.text() for stored in objects if stored] == ["héllo", "héllo!"]


@only("workerd", reason="only workerd has the official SDK")
async def test_blob_of_the_official_sdk_is_accepted() -> None:
    workers: Any = import_module("workers")

    theirs = workers.Blob(["ab", "c"], content_type="a/b")
    assert await Response(theirs).text() == "abc"
    assert await Blob([theirs, "d"]).text() == "abcd"
    assert await Blob.from_js(theirs).text() == "abc"
    file = File.from_js(workers.File(["abc"], "n.txt"))
    assert (file.name, await file.text()) == ("n.txt", "abc")
