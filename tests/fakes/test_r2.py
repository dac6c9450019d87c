"""``FakeR2Bucket``: the part of the JavaScript API that ``R2`` does not use.

Every expectation was seen on workerd; the part that ``R2`` uses is in tests/contract/test_r2.py.
"""

from __future__ import annotations

import asyncio
import tracemalloc
from base64 import b64encode
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pyworkers_sdk import R2, Env, R2Error, R2Object, Request, Response, WorkerEntrypoint
from pyworkers_sdk._border import JsException
from pyworkers_sdk._cpython.web import FixedLengthStream, ReadableStream
from pyworkers_sdk.r2 import _uploads
from pyworkers_sdk.testing import Clock, FakeRuntime, fake
from pyworkers_sdk.testing.fakes.r2 import FakeR2Bucket, FakeR2ObjectBody

pytestmark = pytest.mark.asyncio


@pytest.fixture
def js() -> FakeR2Bucket:
    return FakeR2Bucket()


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def error(raised: pytest.ExceptionInfo[JsException]) -> tuple[str, str]:
    return raised.value.name, raised.value.message


@pytest.mark.parametrize("value", [5, True, {"a": 1}, [], object()])
async def test_a_value_of_another_type_is_refused_before_the_options(
    js: FakeR2Bucket, value: Any
) -> None:
    wanted = "ReadableStream or ArrayBuffer or ArrayBufferView or string or Blob"
    with pytest.raises(JsException) as raised:
        await js.put("x" * 2000, value, ssecKey="")
    reason = f"Failed to execute 'put' on 'R2Bucket': parameter 2 is not of type '{wanted}'."
    assert error(raised) == ("TypeError", reason)
    upload = await js.createMultipartUpload("k")
    with pytest.raises(JsException) as raised:
        await upload.uploadPart(0, value)
    method = "'uploadPart' on 'R2MultipartUpload'"
    reason = f"Failed to execute {method}: parameter 2 is not of type '{wanted}'."
    assert error(raised) == ("TypeError", reason)


async def test_an_object_of_more_than_5_gib_is_refused(js: FakeR2Bucket) -> None:
    size = 5 * 1024**3 - 5 * 1024**2
    reason = "Your proposed upload exceeds the maximum allowed object size. (100100)"
    large = ReadableStream(chunks(b"x"), size + 1)
    with pytest.raises(JsException) as raised:
        await js.put("k", large)
    assert error(raised) == ("Error", f"put: {reason}")
    upload = await js.createMultipartUpload("k")
    with pytest.raises(JsException) as raised:
        await upload.uploadPart(1, ReadableStream(chunks(b"x"), size + 1))
    assert error(raised) == ("Error", f"uploadPart: {reason}")
    with pytest.raises(R2Error) as caught:
        await R2(js).put("k", chunks(b"x"), length=size + 1)
    assert caught.value.code == 100100


async def test_a_stream_that_was_partly_read_is_refused(js: FakeR2Bucket) -> None:
    stream = ReadableStream.of(b"abc")
    reader = stream.getReader()
    with pytest.raises(JsException) as raised:
        await js.put("k", stream)
    assert error(raised) == ("TypeError", "The ReadableStream has been locked to a reader.")
    await reader.read()
    reader.releaseLock()
    with pytest.raises(JsException) as raised:
        await js.put("k", stream)
    assert error(raised) == ("TypeError", "This ReadableStream is disturbed.")


async def test_a_stream_is_piped_once() -> None:
    stream = ReadableStream.of(b"abc")
    piped = stream.pipeThrough(FixedLengthStream.new(3))
    assert (piped.length, stream.locked) == (3, True)
    with pytest.raises(JsException) as raised:
        stream.pipeThrough(FixedLengthStream.new(3))
    assert raised.value.name == "TypeError"


async def test_both_branches_of_a_stream_know_its_length(js: FakeR2Bucket) -> None:
    one, other = ReadableStream.of(b"abc").tee()
    await asyncio.gather(js.put("a", one), js.put("b", other))
    assert [found.size for found in (await js.list())["objects"]] == [3, 3]


@pytest.mark.parametrize(("number", "read"), [(1.5, 1), (10_000.9, 10_000)])
async def test_a_fractional_part_number_becomes_an_integer(
    js: FakeR2Bucket, number: float, read: int
) -> None:
    upload = await js.createMultipartUpload("k")
    assert (await upload.uploadPart(number, "a"))["partNumber"] == read


@pytest.mark.parametrize(("limit", "count"), [(1.9, 1), (2, 2), (-1, 3), (None, 3)])
async def test_a_fractional_limit_becomes_an_integer(
    js: FakeR2Bucket, limit: float | None, count: int
) -> None:
    for key in "abc":
        await js.put(key, "")
    assert len((await js.list(limit=limit))["objects"]) == count


async def test_a_cursor_is_the_last_key_in_base64(js: FakeR2Bucket) -> None:
    for key in "a", "b/1", "b/2", "c":
        await js.put(key, "")
    page = await js.list(limit=2, delimiter="/")
    assert (page["truncated"], page["cursor"]) == (True, b64encode(b"b/2").decode())
    page = await js.list(limit=2, delimiter="/", cursor=page["cursor"])
    assert "cursor" not in page


@pytest.mark.parametrize(
    ("cursor", "first"), [("YQ==", "b"), ("YQ", "b"), ("!!!", "a"), ("a", "a"), ("", "a")]
)
async def test_an_invalid_cursor_is_decoded_as_far_as_possible(
    js: FakeR2Bucket, cursor: str, first: str
) -> None:
    for key in "a", "b":
        await js.put(key, "")
    assert (await js.list(cursor=cursor))["objects"][0].key == first


async def test_cursor_and_start_are_compared_as_javascript_does(js: FakeR2Bucket) -> None:
    for key in "\uff5e", "😀":
        await js.put(key, "")
    cursor = b64encode("😀".encode()).decode()
    (found,) = (await js.list(cursor=cursor, startAfter="\uff5e"))["objects"]
    assert found.key == "😀"


async def test_conditions_with_times_before_1970_fail(js: FakeR2Bucket) -> None:
    await js.put("k", "")
    early = datetime(1969, 12, 31, tzinfo=timezone.utc)
    for name in "uploadedBefore", "uploadedAfter":
        assert not isinstance(await js.get("k", onlyIf={name: early}), FakeR2ObjectBody)


async def test_strict_has_the_limits_of_production() -> None:
    js = FakeR2Bucket(strict=False)
    await js.put("k0", "")
    with pytest.raises(JsException, match="10012"):
        await js.put("k", "", customMetadata={"k": "v" * 2048})
    await js.delete([])
    await js.delete([f"k{number}" for number in range(1001)])
    assert (await js.list())["objects"] == []
    js = FakeR2Bucket()
    await js.put("k", "", customMetadata={"k": "v" * 8191})
    with pytest.raises(JsException, match="10027"):
        await js.delete([])


async def test_returned_metadata_is_a_copy(js: FakeR2Bucket) -> None:
    given = {"a": "b"}
    await js.put("k", "", customMetadata=given)
    given["a"] = "changed"
    found = await js.head("k")
    assert found is not None
    found.customMetadata["a"] = "changed too"
    again = await js.head("k")
    assert again is not None
    assert again.customMetadata == {"a": "b"}


async def test_an_unknown_option_is_a_type_error(js: FakeR2Bucket) -> None:
    options: dict[str, Any] = {"metadata": {}}
    with pytest.raises(TypeError):
        await js.put("k", "v", **options)
    with pytest.raises(TypeError):
        await js.get("k", **options)
    with pytest.raises(TypeError):
        await js.list(**options)


async def test_the_clock_dates_objects() -> None:
    clock = Clock(datetime(2030, 1, 1))
    r2 = fake(R2, clock=clock)
    first = await r2.put("k", "1")
    assert first.uploaded == datetime(2030, 1, 1, tzinfo=timezone.utc)
    clock.advance(1.5)
    second = await r2.put("k", "2", only_if={"uploaded_before": clock.datetime()})
    assert second is not None
    assert second.uploaded - first.uploaded == timedelta(seconds=1.5)
    asked = {"uploaded_before": second.uploaded + timedelta(milliseconds=400)}
    whole = await r2.get("k", only_if={"uploaded_before": asked["uploaded_before"]})
    assert type(whole) is not R2Object
    seconds = await r2.get(
        "k", only_if={"uploaded_before": asked["uploaded_before"], "seconds_granularity": True}
    )
    assert type(seconds) is R2Object


async def test_buckets_share_a_clock_and_nothing_else() -> None:
    clock = Clock()
    one, other = fake(R2, clock=clock), fake(R2, clock=clock)
    await one.put("k", "")
    assert await other.head("k") is None
    upload = await one.create_multipart_upload("k")
    with pytest.raises(R2Error, match="10024"):
        await other.resume_multipart_upload("k", upload.upload_id).upload_part(1, "")


class AppEnv(Env):
    BUCKET: R2


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        if request.method == "PUT":
            stored = await self.env.BUCKET.put("k", request.body, http_metadata=request.headers)
            return Response(status=201, headers={"etag": stored.http_etag})
        found = await self.env.BUCKET.get("k", only_if=request.headers, range=request.headers)
        if found is None:
            return Response(status=404)
        response = Response(getattr(found, "body", None))
        found.write_http_metadata(response.headers)
        return response


async def test_a_worker_passes_bodies_through() -> None:
    runtime = FakeRuntime(Default, env=AppEnv)
    url = "https://example.com/"
    assert (await runtime.fetch(url)).status == 404
    made = await runtime.fetch(url, method="PUT", body="hello", headers={"content-type": "text/x"})
    response = await runtime.fetch(url, headers={"range": "bytes=1-2"})
    assert await response.text() == "el"
    assert response.headers["content-type"] == "text/x"
    response = await runtime.fetch(url, headers={"if-none-match": made.headers["etag"]})
    assert response.body is None


# R2.upload over a bucket that fails, and over one that stores nothing -----------------------------

PART = 5 * 1024 * 1024


class Sink:
    """A bucket with the JavaScript API. It keeps no bytes, and its calls can fail."""

    def __init__(self, **failures: BaseException) -> None:
        self.failures = failures
        self.calls: list[str] = []
        self.called = defaultdict[str, asyncio.Event](asyncio.Event)
        self.key = self.uploadId = "k"

    async def _called(self, name: str) -> None:
        self.calls.append(name)
        self.called[name].set()
        await asyncio.sleep(0)
        if name in self.failures:
            raise self.failures[name]

    async def createMultipartUpload(self, key: str, /, **options: Any) -> Sink:
        await self._called("create")
        return self

    async def uploadPart(self, number: int, value: Any, /, **options: Any) -> dict[str, Any]:
        await self._called(f"part {number}")
        return {"partNumber": number, "etag": "e"}

    async def complete(self, parts: Any, /) -> Any:
        await self._called("complete")
        return FakeR2Bucket().store("k", b"", "e", {}, {}, {})

    async def abort(self) -> None:
        await self._called("abort")


def js_error(message: str) -> JsException:
    return JsException("Error", f"{message} (10001)")


@pytest.mark.parametrize(
    ("failing", "calls"),
    [
        ("create", ["create"]),
        ("part 1", ["create", "part 1", "abort"]),
        ("part 2", ["create", "part 1", "part 2", "abort"]),
        ("complete", ["create", "part 1", "part 2", "complete", "abort"]),
    ],
)
@pytest.mark.parametrize("abort", [None, js_error("abort"), asyncio.CancelledError()])
async def test_upload_that_a_call_fails_is_aborted_and_raises_that_error(
    failing: str, calls: list[str], abort: BaseException | None
) -> None:
    failures: dict[str, BaseException] = {failing: js_error(failing)}
    sink = Sink(**failures, **({"abort": abort} if abort else {}))
    bucket: Any = sink
    with pytest.raises(R2Error, match=failing) as raised:
        await R2(bucket).upload("k", [bytes(PART), b"rest"])
    assert raised.value.code == 10001
    assert sink.calls == calls


async def test_upload_of_more_than_10000_parts_is_refused_and_aborted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_uploads, "MAX_PARTS", 2)
    sink: Any = Sink()
    await R2(sink).upload("k", [bytes(PART)] * 2)
    sink.calls.clear()
    with pytest.raises(R2Error, match=r"expected at most 2 parts of 5,242,880 bytes, got more"):
        await R2(sink).upload("k", [bytes(PART), bytes(PART), b"rest"])
    assert sink.calls == ["create", "part 1", "part 2", "abort"]


async def test_upload_that_is_cancelled_twice_ends_as_cancelled() -> None:
    sink: Any = Sink()
    task = asyncio.ensure_future(R2(sink).upload("k", [bytes(PART), b"rest"]))
    await sink.called["part 1"].wait()
    task.cancel()
    await sink.called["abort"].wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sink.calls == ["create", "part 1", "abort"]


async def test_upload_that_is_closed_awaits_nothing_more() -> None:
    sink: Any = Sink()
    upload = R2(sink).upload("k", [bytes(PART), b"rest"])
    upload.send(None)
    upload.close()
    assert sink.calls == ["create"]


async def test_upload_holds_one_part_in_memory() -> None:
    sink: Any = Sink()

    async def source() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield bytes(1024 * 1024)

    tracemalloc.start()
    try:
        await R2(sink).upload("k", source())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # A part while it grows, its copy for JavaScript, and a chunk.
    assert peak < 3.5 * PART
