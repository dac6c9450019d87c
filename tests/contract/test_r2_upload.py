"""``R2.upload``: streams of unknown length in equal parts, seen in every world."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any

from pyworkers_sdk import (
    R2,
    Blob,
    ConversionError,
    HTTPMetadata,
    R2Error,
    R2MultipartUpload,
    R2Object,
    R2ObjectBody,
    Request,
    Response,
    StreamError,
)
from tests.contract.kit import cases, raises

MIB = 1024 * 1024
PART = 5 * MIB
HTTP: HTTPMetadata = {
    "content_type": "text/plain",
    "cache_expiry": datetime(2030, 1, 1, tzinfo=timezone.utc),
}
KEY = bytes(range(32))


async def stream(*chunks: Any) -> AsyncIterator[Any]:
    for chunk in chunks:
        yield chunk


def generated(*chunks: Any) -> Iterator[Any]:
    yield from chunks


async def read(r2: R2, key: str = "k") -> bytes:
    found = await r2.get(key)
    assert isinstance(found, R2ObjectBody)
    return await found.bytes()


def pattern(size: int) -> bytes:
    """Return bytes in which no two mebibytes are the same."""
    blocks = -(-size // MIB)
    return b"".join(bytes([number + 1]) * MIB for number in range(blocks))[:size]


def md5_of_parts(data: bytes, size: int = PART) -> str:
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f"{hashlib.md5(digests).hexdigest()}-{len(parts)}"


def chunks_of(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


class Watched(R2):
    """A bucket that keeps its multipart uploads."""

    def __init__(self, r2: R2) -> None:
        super().__init__(r2.js_object)
        self.uploads: list[R2MultipartUpload] = []

    async def create_multipart_upload(self, key: str, **options: Any) -> R2MultipartUpload:
        self.uploads.append(await super().create_multipart_upload(key, **options))
        return self.uploads[-1]

    async def check_aborted(self) -> None:
        """Check that one upload began and was aborted, and that the object is the old one."""
        [upload] = self.uploads
        with raises(R2Error) as caught:
            await upload.upload_part(1, b"x")
        assert caught.value.code == 10024
        assert await read(self) == b"old"


# Sizes --------------------------------------------------------------------------------------------


SIZES = {
    "empty": (0, MIB),
    "small": (5, 2),
    "bytes": (3, 1),
    "one-part-less-a-byte": (PART - 1, MIB),
    "one-part": (PART, MIB),
    "one-part-in-one-chunk": (PART, PART),
}


@cases(SIZES)
async def test_a_stream_within_one_part_is_put(r2: R2, case: tuple[int, int]) -> None:
    size, chunk = case
    data = pattern(size)
    watched = Watched(r2)
    made = await watched.upload("k", stream(*chunks_of(data, chunk)))
    assert type(made) is R2Object
    assert watched.uploads == []
    assert (made.key, made.size) == ("k", size)
    assert made.etag == hashlib.md5(data).hexdigest()
    assert await read(r2) == data


LARGE = {
    "one-byte-more": (PART + 1, MIB),
    "two-parts": (2 * PART, 3 * MIB),
    "chunks-of-a-part": (2 * PART + 1, PART),
    "one-chunk": (3 * PART + 5, 4 * PART),
    "odd-chunks": (2 * PART + 70_000, 65_537),
}


@cases(LARGE)
async def test_a_longer_stream_is_stored_in_equal_parts(r2: R2, case: tuple[int, int]) -> None:
    size, chunk = case
    data = pattern(size)
    made = await r2.upload("k", stream(b"", *chunks_of(data, chunk), b""))
    assert type(made) is R2Object
    assert made.size == size
    assert made.etag == md5_of_parts(data)
    assert await read(r2) == data


async def test_a_part_size_is_chosen(r2: R2) -> None:
    data = pattern(13 * MIB)
    made = await r2.upload("k", chunks_of(data, MIB), part_size=6 * MIB)
    assert made.etag == md5_of_parts(data, 6 * MIB)
    made = await r2.upload("k", chunks_of(data, MIB), part_size=13 * MIB)
    assert made.etag == hashlib.md5(data).hexdigest()


async def test_many_tiny_chunks_are_stored(r2: R2) -> None:
    data = pattern(PART)[: PART // 64] * 64 + b"!"
    tiny = memoryview(data)
    made = await r2.upload("k", (tiny[start : start + 97] for start in range(0, len(data), 97)))
    assert made.size == PART + 1
    assert await read(r2) == data


# Sources ------------------------------------------------------------------------------------------

SOURCES: dict[str, Any] = {
    "bytes": lambda: b"abc",
    "bytearray": lambda: bytearray(b"abc"),
    "memoryview": lambda: memoryview(b"aXbXcX")[::2],
    "text": lambda: "abc",
    "list": lambda: [b"a", b"", b"bc"],
    "tuple": lambda: (b"abc",),
    "generator": lambda: generated(b"a", b"bc"),
    "async-generator": lambda: stream(b"a", b"bc"),
    "mixed-chunks": lambda: stream(b"a", bytearray(b"b"), memoryview(b"c")),
    "blob": lambda: Blob(["ab", b"c"]),
    "body-of-response": lambda: Response("abc").body,
    "body-of-request": lambda: Request("https://e.com/", method="PUT", body="abc").body,
    "streamed-body": lambda: Response(stream(b"a", b"bc")).body,
}


@cases(SOURCES)
async def test_a_source_may_be_any_stream_of_bytes(r2: R2, case: Any) -> None:
    made = await r2.upload("k", case())
    assert made.size == 3
    assert await read(r2) == b"abc"


@cases({"none": lambda: None, "empty-list": list, "body-of-get": lambda: Request("https://e").body})
async def test_a_source_without_bytes_is_an_empty_object(r2: R2, case: Any) -> None:
    assert (await r2.upload("k", case())).size == 0
    assert await read(r2) == b""


@cases({"text": "héllo", "wide": "中" * PART})
async def test_text_is_stored_as_utf8(r2: R2, case: str) -> None:
    assert (await r2.upload("k", case)).size == len(case.encode())
    assert await read(r2) == case.encode()


async def test_a_large_body_is_stored(r2: R2) -> None:
    data = pattern(PART + 5)
    assert (await r2.upload("k", Response(data).body)).size == PART + 5
    assert await read(r2) == data
    found = await r2.get("k")
    assert found is not None
    assert (await r2.upload("copy", found.body)).etag == md5_of_parts(data)


async def test_a_source_may_reuse_its_buffer(r2: R2) -> None:
    async def reused() -> AsyncIterator[bytearray]:
        buffer = bytearray()
        for number in range(6):
            buffer[:] = bytes([number]) * (MIB + number)
            yield buffer
            buffer.clear()  # refused while a view of the buffer exists

    await r2.upload("k", reused())
    assert await read(r2) == b"".join(bytes([n]) * (MIB + n) for n in range(6))


async def test_metadata_are_stored(r2: R2) -> None:
    for data in b"a", pattern(PART + 1):
        made = await r2.upload(
            "k",
            [data],
            http_metadata=HTTP,
            custom_metadata={"a": "b"},
            storage_class="Standard",
            ssec_key=KEY,
        )
        found = await r2.head("k")
        assert found is not None
        for each in made, found:
            assert (each.size, each.http_metadata, each.custom_metadata) == (
                len(data),
                HTTP,
                {"a": "b"},
            )


async def test_the_source_runs_in_the_task_and_context_of_the_caller(r2: R2) -> None:
    variable = ContextVar("variable", default="outside")
    seen: list[tuple[Any, str]] = []

    async def source() -> AsyncIterator[bytes]:
        for _ in range(6):
            seen.append((asyncio.current_task(), variable.get()))
            yield bytes(MIB)
        variable.set("set by the source")

    variable.set("inside")
    await r2.upload("k", source())
    assert seen == [(asyncio.current_task(), "inside")] * 6
    assert variable.get() == "set by the source"


# Failures -----------------------------------------------------------------------------------------


class Broken(Exception):
    pass


@cases({"error": Broken, "cancelled": asyncio.CancelledError, "interrupt": KeyboardInterrupt})
async def test_an_upload_whose_source_fails_is_aborted(r2: R2, case: type[BaseException]) -> None:
    watched = Watched(r2)
    await r2.put("k", b"old")
    error = case("the source broke off")

    async def source() -> AsyncIterator[bytes]:
        yield bytes(2 * PART + 1)
        raise error

    with raises(case) as caught:
        await watched.upload("k", source())
    assert caught.value is error
    await watched.check_aborted()


@cases({"async": stream, "sync": generated})
async def test_a_source_that_fails_in_the_first_part_sends_nothing(r2: R2, case: Any) -> None:
    watched = Watched(r2)
    await r2.put("k", b"old")
    source = case(b"new", "no bytes", b"never read")
    with raises(ConversionError, match="^value: a chunk: expected bytes, got str; encode text"):
        await watched.upload("k", source)
    assert watched.uploads == []
    assert await read(r2) == b"old"
    rest = [chunk async for chunk in source] if case is stream else [*source]
    assert rest == []  # the generator was closed


async def test_a_stream_of_javascript_that_fails_aborts_the_upload(r2: R2) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield bytes(PART + 1)
        yield b"more"
        raise Broken("the source broke off")

    watched = Watched(r2)
    await r2.put("k", b"old")
    with raises(StreamError, match="Broken: the source broke off"):
        await watched.upload("k", Response(source()).body)
    await watched.check_aborted()


async def test_a_cancelled_upload_is_aborted(r2: R2) -> None:
    watched = Watched(r2)
    await r2.put("k", b"old")
    waiting = asyncio.Event()
    closed: list[str] = []

    async def source() -> AsyncIterator[bytes]:
        try:
            yield bytes(PART + 1)
            waiting.set()
            await asyncio.Event().wait()
        finally:
            closed.append("closed")

    task = asyncio.ensure_future(watched.upload("k", source()))
    await waiting.wait()
    task.cancel()
    with raises(asyncio.CancelledError):
        await task
    assert closed == ["closed"]
    await watched.check_aborted()


async def test_an_upload_that_fails_closes_its_source(r2: R2) -> None:
    closed: list[str] = []

    async def source() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(PART + 1)
        finally:
            closed.append("closed")

    with raises(R2Error, match="10020"):
        await r2.upload("x" * 1025, source())
    assert closed == ["closed"]


async def test_an_error_of_abort_or_of_the_source_does_not_replace_the_first(r2: R2) -> None:
    class Unabortable(R2MultipartUpload):
        async def abort(self) -> None:
            await super().abort()
            raise Broken("abort")

    class Bucket(R2):
        async def create_multipart_upload(self, key: str, **options: Any) -> R2MultipartUpload:
            upload = await super().create_multipart_upload(key, **options)
            return Unabortable(upload.js_object)

    async def source() -> AsyncIterator[bytes]:
        try:
            yield bytes(PART + 1)
            raise ValueError("first")
        finally:
            raise Broken("closing")

    async def refused() -> AsyncIterator[Any]:
        try:
            yield bytes(PART + 1)
            yield 5
        finally:
            raise Broken("closing")

    bucket = Bucket(r2.js_object)
    with raises(Broken, match="closing"):  # the source replaced its own error
        await bucket.upload("k", source())
    with raises(ConversionError, match="value: a chunk: expected bytes, got int"):
        await bucket.upload("k", refused())
    assert await r2.head("k") is None


REFUSED_VALUES: dict[str, tuple[Any, str]] = {
    "int": (5, "value: expected bytes or a stream of bytes, got int; pass the body of a request"),
    "dict": ({"a": b""}, "value: expected bytes or a stream of bytes, got dict"),
    "request": (Request("https://e.com/"), "value: expected bytes .*, got Request"),
    "surrogate": ("\ud800", "value: .*surrogate"),
    "texts": (["a"], "value: a chunk: expected bytes, got str; encode text first"),
    "numbers": ([1, 2], "value: a chunk: expected bytes, got int$"),
    "nested": ([[b"a"]], "value: a chunk: expected bytes, got list"),
    "none-inside": ([None], "value: a chunk: expected bytes, got None"),
}


@cases(REFUSED_VALUES)
async def test_other_values_are_refused(r2: R2, case: tuple[Any, str]) -> None:
    value, message = case
    with raises(ConversionError, match=message):
        await r2.upload("k", value)
    assert await r2.head("k") is None


@cases(
    {
        "small": (PART - 1, "part_size: expected 5,242,880 to 5,363,466,240 bytes, got 5,242,879"),
        "large": (5 * 1024**3, "part_size: expected 5,242,880 to 5,363,466,240 bytes"),
        "float": (6e6, "part_size: expected int, got float"),
        "bool": (True, "part_size: expected int, got bool"),
        "text": ("5MB", "part_size: expected int, got str"),
    }
)
async def test_a_part_size_out_of_range_is_refused(r2: R2, case: tuple[Any, str]) -> None:
    part_size, message = case
    with raises(ConversionError, match=message):
        await r2.upload("k", b"", part_size=part_size)


@cases(
    {
        "key": ({"key": 5}, "key: expected str, got int"),
        "metadata": ({"custom_metadata": {"a": 1}}, r"custom_metadata\['a'\]: expected str"),
        "http": ({"http_metadata": {"contentType": "x"}}, "http_metadata: unknown key"),
        "class": ({"storage_class": 5}, "storage_class: expected str, got int"),
        "customer-key": ({"ssec_key": 5}, "ssec_key: expected bytes or str, got int"),
    }
)
async def test_options_are_checked(r2: R2, case: tuple[Any, str]) -> None:
    options, message = case
    for value in b"a", bytes(PART + 1):
        with raises(ConversionError, match=message):
            await r2.upload(**{"key": "k", "value": value, **options})
