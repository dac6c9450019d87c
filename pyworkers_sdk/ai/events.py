"""``EventStream``: what a model answers piece by piece."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Generic, Self, TypeVar

from .._border import loads
from ..errors import AIError
from ..streams import ReadableStream

__all__ = ["EventStream"]

T = TypeVar("T")


class EventStream(Generic[T]):
    """The events of an answer as they come, iterated once: ``async for event in stream``.

    Leaving the loop early ends the answer. What breaks off is a StreamError, an event that is no
    JSON an AIError. To send the answer on as it is, unread:
    ``Response(stream.body, headers={"content-type": "text/event-stream"})``.

    JS: ReadableStream.
    """

    __slots__ = ("body",)

    body: ReadableStream
    """The same as bytes."""

    def __init__(self, stream: Any) -> None:
        self.body = ReadableStream(stream)

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self.body.js_object

    async def cancel(self) -> None:
        """Say that the rest is not wanted. JS: ReadableStream.cancel."""
        await self.body.cancel()

    def __aiter__(self) -> AsyncIterator[T]:
        return _Events(self.body)


class _Events(Generic[T]):
    """As ``Chunks``, which ends the stream when this is left."""

    def __init__(self, body: ReadableStream) -> None:
        self._chunks = aiter(body)
        self._lines = _Lines()
        self._ready: deque[bytes] = deque()
        self._done = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._ready:
            if self._done:
                raise StopAsyncIteration
            chunk = await anext(self._chunks, None)
            self._done = chunk is None  # a stream may end without its last empty line
            self._ready.extend(self._lines.feed(b"\n\n" if chunk is None else chunk))
        data = self._ready.popleft()
        if data == b"[DONE]":
            self._done = True
            self._ready.clear()
            await self._chunks.aclose()
            raise StopAsyncIteration
        event: T = _event(data)
        return event


def _event(data: bytes) -> Any:
    try:
        return loads(data.decode())
    except ValueError as exc:
        raise AIError(f"an event of the answer is not JSON: {exc}") from None


class _Lines:
    """Server-sent events out of chunks, which may end anywhere: in a line, in a character."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of each event that the chunk completes."""
        found: list[bytes] = []
        text = self._rest + chunk
        # a carriage return at the end may be half of a line's end
        whole = text[:-1] if text.endswith(b"\r") else text
        lines = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + text[len(whole) :]
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                found.append(b"\n".join(self._data))
                self._data.clear()
        return found
