"""The web platform's streams on plain CPython; ``_web`` has the rest of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Coroutine
from typing import Any

from . import environment
from .js_exception import JsException

__all__ = ["FixedLengthStream", "ReadableStream"]


_LOCKED = "This ReadableStream is currently locked to a reader"


class ReadableStream:
    """A stream over an async iterator of bytes; it is read once, by one reader at a time.

    ``length`` is how many they are, where that is known: R2 asks for it.
    """

    def __init__(self, chunks: AsyncIterable[bytes], length: int | None = None) -> None:
        self.chunks: AsyncIterator[bytes] = aiter(chunks)
        self.length = length
        self.entered: environment.Entered = environment.entered()
        self.disturbed: bool = False
        self.locked: bool = False

    @classmethod
    def of(cls, data: bytes) -> ReadableStream:
        """A stream of one chunk, or of none where there are no bytes."""

        async def once() -> AsyncIterator[bytes]:
            if data:
                yield data

        return cls(once(), len(data))

    def getReader(self) -> ReadableStreamDefaultReader:
        if self.locked:
            raise JsException("TypeError", f"{_LOCKED}.")
        self.locked = True
        return ReadableStreamDefaultReader(self)

    def tee(self) -> list[ReadableStream]:
        if self.locked:
            raise JsException("TypeError", f"{_LOCKED},")  # the comma is workerd's
        self.locked = self.disturbed = True
        queues: tuple[deque[Any], deque[Any]] = deque(), deque()
        turn = asyncio.Lock()

        async def branch(mine: deque[Any]) -> AsyncIterator[bytes]:
            while True:
                async with turn:
                    if not mine:
                        try:
                            item: Any = await anext(self.chunks, None)
                        except Exception as exc:
                            item = exc
                        for queue in queues:
                            queue.append(item)
                item = mine.popleft()
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise item
                yield item

        return [ReadableStream(branch(queue), self.length) for queue in queues]

    def pipeThrough(self, transform: FixedLengthStream) -> ReadableStream:
        if self.locked:
            raise JsException("TypeError", f"{_LOCKED}.")
        self.locked = self.disturbed = True
        return ReadableStream(transform.checked(self.chunks), transform.length)

    async def cancel(self, reason: Any = None) -> None:
        if self.locked:
            raise JsException("TypeError", f"{_LOCKED}.")
        await self.close()

    def close(self) -> Coroutine[Any, Any, None]:
        """Nothing more comes of it from here on; once awaited, whoever made it has been told."""
        self.disturbed = True
        chunks, self.chunks = self.chunks, _nothing()
        return _left(chunks)


async def _nothing() -> AsyncIterator[bytes]:
    none: tuple[bytes, ...] = ()
    for chunk in none:
        yield chunk


async def _left(chunks: Any) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()


class ReadableStreamDefaultReader:
    """The one reader of a stream, until it lets go."""

    def __init__(self, stream: ReadableStream) -> None:
        self._stream: ReadableStream | None = stream

    def _held(self) -> ReadableStream:
        if self._stream is None:
            raise JsException("TypeError", "This ReadableStream reader has been released.")
        return self._stream

    async def read(self) -> dict[str, Any]:
        stream = self._held()
        stream.disturbed = True
        try:
            with (
                stream.entered()
            ):  # the reader may be outside the Worker that the stream comes from
                chunk = await anext(stream.chunks)
            return {"done": False, "value": memoryview(chunk).cast("B").tobytes()}
        except StopAsyncIteration:
            return {"done": True, "value": None}
        except JsException:
            raise
        except Exception as exc:
            raise JsException("Error", f"{type(exc).__name__}: {exc}") from exc

    async def cancel(self, reason: Any = None) -> None:
        await self._held().close()

    def abandon(self) -> None:
        """``cancel()`` and ``releaseLock()`` from where nothing can be awaited."""
        closing = self._held().close()
        self.releaseLock()
        try:
            task = asyncio.get_running_loop().create_task(closing)
        except RuntimeError:  # the loop has ended, and with it whoever made the chunks
            closing.close()
        else:
            _closing.add(task)
            task.add_done_callback(_closing.discard)

    def releaseLock(self) -> None:
        if self._stream is not None:
            self._stream.locked = False
            self._stream = None


_closing: set[asyncio.Task[None]] = set()


class FixedLengthStream:
    """What is piped through has this length, or breaks off."""

    def __init__(self, length: int) -> None:
        if length < 0:
            raise JsException(
                "TypeError",
                "The value cannot be converted because it is negative and this API expects a "
                "positive bigint.",
            )
        self.length = length

    @classmethod
    def new(cls, length: int) -> FixedLengthStream:
        return cls(length)

    async def checked(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        left = self.length
        async for chunk in chunks:
            left -= len(memoryview(chunk).cast("B"))
            if left < 0:
                reason = "Attempt to write too many bytes through a FixedLengthStream."
                raise JsException("TypeError", reason)
            yield chunk
        if left:
            reason = "FixedLengthStream did not see all expected bytes before close()."
            raise JsException("TypeError", reason)
