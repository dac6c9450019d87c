"""Streams from async generators: one task and one context from the first chunk to the last."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from pyworkers_sdk import (
    KV,
    R2,
    Request,
    Response,
    StreamError,
)

from .kit import cases, not_in, only, raises

USER: ContextVar[str] = ContextVar("user", default="nobody")


class Source:
    """An async generator, and the task and context in which it makes each chunk."""

    def __init__(self, count: int = 4, chunk: bytes = b"x") -> None:
        self.tasks: set[object] = set()
        self.users: list[str] = []
        self.requested = 0
        self.ended: list[str] = []
        self._count = count
        self._chunk = chunk

    async def chunks(self) -> AsyncIterator[bytes]:
        token = USER.set(f"{USER.get()}'s stream")
        try:
            for _ in range(self._count):
                self.requested += 1
                self.tasks.add(asyncio.current_task())
                self.users.append(USER.get())
                yield self._chunk
                await asyncio.sleep(0)
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise
        finally:
            USER.reset(token)  # raises ValueError in another context
            self.tasks.add(asyncio.current_task())
            self.ended.append("end")

    def check(self) -> None:
        assert self.users == ["ann's stream"] * self._count
        assert len(self.tasks) == 1
        assert self.ended == ["end"]


Consume = Callable[[AsyncIterator[bytes]], Awaitable[Any]]


async def _response(body: AsyncIterator[bytes]) -> Any:
    return await Response(body).bytes()


async def _clone(body: AsyncIterator[bytes]) -> Any:
    response = Response(body)
    copy = response.clone()
    assert await copy.bytes() == b"xxxx"
    return await response.bytes()


async def _iterated(body: AsyncIterator[bytes]) -> Any:
    stream = Response(body).body
    assert stream
    return b"".join([chunk async for chunk in stream])


async def _blob(body: AsyncIterator[bytes]) -> Any:
    return await (await Response(body).blob()).bytes()


READERS: dict[str, Consume] = {
    "a response": _response,
    "a clone": _clone,
    "an iteration": _iterated,
    "a blob": _blob,
}


@cases(READERS)
async def test_generator_runs_in_one_task_and_context(case: Consume) -> None:
    source = Source()
    USER.set("ann")
    assert await case(source.chunks()) == b"xxxx"
    source.check()


@not_in("node", reason="Node's Request takes a stream only with its option duplex")
async def test_generator_as_a_request_body_runs_in_one_task_and_context() -> None:
    source = Source()
    USER.set("ann")
    request = Request("https://e.com/", method="POST", body=source.chunks())
    assert await request.bytes() == b"xxxx"
    source.check()


async def test_generator_put_into_kv_runs_in_one_task_and_context(kv: KV) -> None:
    source = Source()
    USER.set("ann")
    await kv.put("a", source.chunks())
    source.check()
    assert await kv.get("a") == "xxxx"


@not_in("node", reason="Node has no FixedLengthStream")
async def test_generator_put_into_r2_runs_in_one_task_and_context(r2: R2) -> None:
    source = Source()
    USER.set("ann")
    await r2.put("a", source.chunks(), length=4)
    source.check()


@not_in("node", reason="Node has no FixedLengthStream")
async def test_generator_as_an_r2_part_runs_in_one_task_and_context(r2: R2) -> None:
    source = Source()
    USER.set("ann")
    upload = await r2.create_multipart_upload("a")
    await upload.complete([await upload.upload_part(1, source.chunks(), length=4)])
    source.check()


async def test_context_is_that_of_the_creator_of_the_stream() -> None:
    source = Source()
    USER.set("ann")
    response = Response(source.chunks())
    USER.set("reader")
    assert await response.text() == "xxxx"
    source.check()


async def test_stream_that_nobody_reads_runs_nothing() -> None:
    source = Source()
    response = Response(source.chunks())
    await asyncio.sleep(0.02)
    assert source.requested == 0
    assert response.body


@only("fake", "node", reason="workerd reports garbage to Python between two requests")
@cases({"unread": 0, "left after a chunk": 1})
async def test_stream_that_is_dropped_frees_its_source(case: int) -> None:
    class Marker:
        """An object that a weak reference can follow."""

    async def chunks(marker: Marker) -> AsyncIterator[bytes]:
        yield b"a"
        yield f"{marker}".encode()

    async def drop() -> weakref.ref[Marker]:
        marker = Marker()
        stream = Response(chunks(marker)).body
        assert stream
        if case:
            assert await stream.js_object.getReader().read()
        return weakref.ref(marker)

    sources = [await drop() for _ in range(20)]
    for _ in range(200):  # JavaScript collects garbage when it needs memory
        if sum(source() is not None for source in sources) <= 5:
            return
        for _ in range(20):
            Response(b"x" * 1_000_000)
        await asyncio.sleep(0.01)
        gc.collect()
    raise AssertionError(f"{sum(source() is not None for source in sources)} of 20 are left")


async def test_source_is_never_ahead_of_its_reader() -> None:
    source = Source()
    stream = Response(source.chunks()).body
    assert stream
    chunks = aiter(stream)
    await anext(chunks)
    await asyncio.sleep(0.02)
    assert source.requested == 1
    await anext(chunks)
    await asyncio.sleep(0.02)
    assert source.requested == 2
    await chunks.aclose()
    assert source.ended == ["GeneratorExit", "end"]
    assert len(source.tasks) == 1


async def test_cancelled_stream_closes_a_source_that_waits() -> None:
    ended: list[str] = []

    async def chunks() -> AsyncIterator[bytes]:
        task = asyncio.current_task()
        try:
            yield b"a"
            await asyncio.sleep(1000)
        except BaseException as error:
            ended.append(type(error).__name__)
            raise
        finally:
            await asyncio.sleep(0)
            ended.append("same task" if asyncio.current_task() is task else "another task")

    stream = Response(chunks()).body
    assert stream
    reading = aiter(stream)
    assert await anext(reading) == b"a"
    waiting = asyncio.ensure_future(anext(reading))
    await asyncio.sleep(0.02)
    await reading.aclose()
    with raises(StopAsyncIteration):
        await waiting
    assert ended == ["CancelledError", "same task"]


async def test_timeout_around_a_yield_fires() -> None:
    caught: list[str] = []

    async def chunks() -> AsyncIterator[bytes]:
        try:
            async with asyncio.timeout(0.01):
                yield b"a"
                yield b"never"
        except TimeoutError:
            caught.append("TimeoutError")
        yield b"b"

    stream = Response(chunks()).body
    assert stream
    reading = aiter(stream)
    assert await anext(reading) == b"a"
    await asyncio.sleep(0.1)
    assert caught == ["TimeoutError"]
    assert [chunk async for chunk in reading] == [b"b"]


async def test_timeout_around_a_wait_fails_the_stream() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        async with asyncio.timeout(0.01):
            yield b"a"
            await asyncio.sleep(1000)

    with raises(StreamError, match="TimeoutError"):
        await Response(chunks()).bytes()


async def test_failing_task_of_a_group_around_yields_cancels_the_source() -> None:
    ended: list[str] = []

    async def fails() -> None:
        await asyncio.sleep(0.01)
        raise LookupError("no good")

    async def sibling() -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            ended.append("sibling")
            raise

    async def chunks() -> AsyncIterator[bytes]:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(sibling())
                group.create_task(fails())
                while True:
                    yield b"a"
                    # Longer than the other wait: workerd's clock stands still between events.
                    await asyncio.sleep(0.05)
        except* LookupError:
            ended.append("group")
        yield b"b"

    assert (await Response(chunks()).bytes()).strip(b"a") == b"b"
    assert ended == ["sibling", "group"]


async def test_failing_task_of_a_group_wakes_a_source_that_nobody_asks() -> None:
    ended = asyncio.Event()

    async def fails() -> None:
        raise LookupError("no good")

    async def chunks() -> AsyncIterator[bytes]:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fails())
                yield b"a"
        finally:
            ended.set()

    stream = Response(chunks()).body
    assert stream
    reading = aiter(stream)
    assert await anext(reading) == b"a"
    async with asyncio.timeout(5):
        await ended.wait()
    with raises(StreamError, match="ExceptionGroup: unhandled errors in a TaskGroup"):
        await anext(reading)


async def test_exception_of_the_source_reaches_the_reader_after_its_chunks() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        raise LookupError("no good")

    stream = Response(chunks()).body
    assert stream
    reading = aiter(stream)
    assert await anext(reading) == b"a"
    with raises(StreamError, match="LookupError: no good"):
        await anext(reading)


@cases({"cancels itself": asyncio.CancelledError, "exits": SystemExit})
async def test_source_that_cancels_itself_or_exits_fails_the_stream(
    case: type[BaseException],
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        raise case

    with raises(StreamError, match=f"ended by {case.__name__}"):
        await Response(chunks()).bytes()


async def test_source_that_exits_in_its_clean_up_fails_whoever_cancels() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            raise SystemExit

    stream = Response(chunks()).body
    assert stream
    reading = aiter(stream)
    assert await anext(reading) == b"a"
    with raises(StreamError, match="ended by SystemExit"):
        await reading.aclose()


@cases({"text": "a", "a number": 1, "nothing": None})
async def test_chunk_that_is_not_bytes_fails_the_stream_and_closes_the_source(case: Any) -> None:
    ended: list[str] = []

    async def chunks() -> AsyncIterator[Any]:
        try:
            yield b"a"
            yield case
        finally:
            ended.append("end")

    name = type(case).__name__.replace("NoneType", "None")
    with raises(StreamError, match=f"a chunk of a body: expected bytes, got .*{name}"):
        await Response(chunks()).bytes()
    assert ended == ["end"]


@cases({"bytearray": bytearray(b"ab"), "memoryview": memoryview(b"ab"), "bytes": b"ab"})
async def test_chunk_of_any_bytes_type_is_read_as_bytes(case: Any) -> None:
    async def chunks() -> AsyncIterator[Any]:
        yield b""
        yield case
        yield bytearray()

    stream = Response(chunks()).body
    assert stream
    assert [chunk async for chunk in stream] == [b"ab"]


async def test_iterator_that_is_not_a_generator_runs_in_one_task() -> None:
    class Chunks:
        def __init__(self) -> None:
            self.tasks: list[object] = []
            self.closed = 0

        def __aiter__(self) -> Chunks:
            return self

        async def __anext__(self) -> bytes:
            self.tasks.append(asyncio.current_task())
            if len(self.tasks) > 3:
                raise StopAsyncIteration
            return b"x"

        async def aclose(self) -> None:
            self.closed += 1

    source = Chunks()
    assert await Response(source).bytes() == b"xxx"
    assert len(set(source.tasks)) == 1
    source = Chunks()
    stream = Response(source).body
    assert stream
    async for _ in stream:
        break
    await stream.cancel()
    await asyncio.sleep(0.02)
    assert source.closed == 1


async def test_cancel_of_an_unread_stream_closes_the_source_without_running_it() -> None:
    source = Source()
    stream = Response(source.chunks()).body
    assert stream
    await stream.cancel()
    assert (source.requested, source.ended) == (0, [])


async def test_exception_in_the_clean_up_reaches_whoever_cancels() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield b"a"
        finally:
            raise LookupError("no good")

    stream = Response(chunks()).body
    assert stream
    reading = aiter(stream)
    await anext(reading)
    with raises(StreamError, match="no good"):
        await reading.aclose()
