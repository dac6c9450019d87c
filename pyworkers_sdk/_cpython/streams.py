"""The web platform's streams on plain CPython; ``web`` has its other classes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Coroutine
from typing import Any

from .._border.values import bytes_of_chunk
from . import environment
from .js_exception import JsException

__all__ = ["FixedLengthStream", "ReadableStream"]


# workerd's own words
LOCKED = "This ReadableStream is currently locked to a reader"
RELEASED = "This ReadableStream reader has been released."
TOO_MANY_BYTES = "Attempt to write too many bytes through a FixedLengthStream."
TOO_FEW_BYTES = "FixedLengthStream did not see all expected bytes before close()."
NEGATIVE_LENGTH = (
    "The value cannot be converted because it is negative and this API expects a positive bigint."
)


class ReadableStream:
    """A stream over an async iterator of bytes; it is read once, by one reader at a time.

    JS: ReadableStream. ``length`` is the number of bytes if it is known: R2 requires it.
    """

    def __init__(self, chunks: AsyncIterable[bytes], length: int | None = None) -> None:
        self.chunks: AsyncIterator[bytes] = aiter(chunks)
        self.length = length
        self.entered: environment.Entered = environment.entered()
        self.disturbed: bool = False
        self.locked: bool = False

    @classmethod
    def of(cls, data: bytes) -> ReadableStream:
        """Return a stream of one chunk, or without chunks if ``data`` is empty."""

        async def once() -> AsyncIterator[bytes]:
            if data:
                yield data

        return cls(once(), len(data))

    def getReader(self) -> ReadableStreamDefaultReader:
        if self.locked:
            raise JsException("TypeError", f"{LOCKED}.")
        self.locked = True
        return ReadableStreamDefaultReader(self)

    def tee(self) -> list[ReadableStream]:
        if self.locked:
            raise JsException("TypeError", f"{LOCKED},")  # the comma is workerd's
        self.locked = self.disturbed = True
        # Each branch has the items that the other one has read and it has not. None is the end, an
        # exception is the failure of the source.
        queues: tuple[deque[Any], deque[Any]] = deque(), deque()
        turn = asyncio.Lock()

        async def branch(queue: deque[Any]) -> AsyncIterator[bytes]:
            while True:
                async with turn:  # both branches read from one iterator
                    if not queue:
                        try:
                            item: Any = await anext(self.chunks, None)
                        except Exception as exc:
                            item = exc
                        for each in queues:
                            each.append(item)
                item = queue.popleft()
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise item
                yield item

        return [ReadableStream(branch(queue), self.length) for queue in queues]

    def pipeThrough(self, transform: FixedLengthStream) -> ReadableStream:
        if self.locked:
            raise JsException("TypeError", f"{LOCKED}.")
        self.locked = self.disturbed = True
        return ReadableStream(transform.checked(self.chunks), transform.length)

    async def cancel(self, reason: Any = None) -> None:
        if self.locked:
            raise JsException("TypeError", f"{LOCKED}.")
        await self.close()

    def close(self) -> Coroutine[Any, Any, None]:
        """End the stream at once; the coroutine closes the iterator behind it.

        It is not an async function: from here on the stream is empty, even if nothing can be
        awaited.
        """
        self.disturbed = True
        chunks, self.chunks = self.chunks, _no_chunks()
        return _close_iterator(chunks)


async def _no_chunks() -> AsyncIterator[bytes]:
    empty: tuple[bytes, ...] = ()
    for chunk in empty:
        yield chunk


async def _close_iterator(chunks: Any) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        try:
            await close()
        except JsException:
            raise
        except Exception as exc:
            raise JsException(type(exc).__name__, str(exc)) from exc


class ReadableStreamDefaultReader:
    """The only reader of a stream until it releases its lock.

    JS: ReadableStreamDefaultReader.
    """

    def __init__(self, stream: ReadableStream) -> None:
        self._stream: ReadableStream | None = stream

    def _locked_stream(self) -> ReadableStream:
        if self._stream is None:
            raise JsException("TypeError", RELEASED)
        return self._stream

    async def read(self) -> dict[str, Any]:
        stream = self._locked_stream()
        stream.disturbed = True
        try:
            # The reader may be outside the Worker that the stream comes from.
            with stream.entered():
                chunk = await anext(stream.chunks)
            return {"done": False, "value": bytes_of_chunk(chunk).tobytes()}
        except StopAsyncIteration:
            return {"done": True, "value": None}
        except JsException:
            raise
        except Exception as exc:
            raise JsException("Error", f"{type(exc).__name__}: {exc}") from exc

    async def cancel(self, reason: Any = None) -> None:
        await self._locked_stream().close()

    def abandon(self) -> None:
        """Call ``cancel()`` and ``releaseLock()`` from code that cannot await."""
        closing = self._locked_stream().close()
        self.releaseLock()
        try:
            task = asyncio.get_running_loop().create_task(closing)
        except RuntimeError:  # the loop has ended, and with it the task that makes the chunks
            closing.close()
        else:
            _closing.add(task)
            task.add_done_callback(_closing.discard)

    def releaseLock(self) -> None:
        if self._stream is not None:
            self._stream.locked = False
            self._stream = None


_closing: set[asyncio.Task[None]] = set()  # the event loop itself holds tasks only weakly


class FixedLengthStream:
    """A pipe that fails unless exactly ``length`` bytes pass through. JS: FixedLengthStream."""

    def __init__(self, length: int) -> None:
        if length < 0:
            raise JsException("TypeError", NEGATIVE_LENGTH)
        self.length = length

    @classmethod
    def new(cls, length: int) -> FixedLengthStream:
        return cls(length)

    async def checked(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        left = self.length
        async for chunk in chunks:
            left -= len(bytes_of_chunk(chunk))
            if left < 0:
                raise JsException("TypeError", TOO_MANY_BYTES)
            yield chunk
        if left:
            raise JsException("TypeError", TOO_FEW_BYTES)
