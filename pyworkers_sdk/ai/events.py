"""``EventStream``: the answer of a model that streams."""

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
    """The events of an answer, in the order of their arrival: ``async for event in stream``.

    A stream can be iterated once. Leaving the loop early cancels the answer. Iteration raises
    StreamError if the answer breaks off, and AIError for an event that is not JSON. To pass the
    answer through to a response without reading it:
    ``Response(stream.body, headers={"content-type": "text/event-stream"})``.

    JS: ReadableStream.
    """

    __slots__ = ("body",)

    body: ReadableStream
    """The unparsed bytes of the events."""

    def __init__(self, stream: Any) -> None:
        self.body = ReadableStream(stream)

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self.body.js_object

    async def cancel(self) -> None:
        """Cancel the rest of the answer. JS: ReadableStream.cancel."""
        await self.body.cancel()

    def __aiter__(self) -> AsyncIterator[T]:
        return _Events(self.body)


class _Events(Generic[T]):
    """Iterate over events. Like ``Chunks``, cancel the stream when the iterator is dropped."""

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
            self._done = chunk is None
            # A stream may end without the empty line that completes its last event: supply it.
            self._ready.extend(self._lines.feed(b"\n\n" if chunk is None else chunk))
        data = self._ready.popleft()
        if data == b"[DONE]":  # the end marker of OpenAI's API and of Workers AI
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
    """A parser of server-sent events from chunks that may end within a line or a character.

    It implements https://html.spec.whatwg.org/multipage/server-sent-events.html as far as models
    use it: the fields ``event``, ``id`` and ``retry`` are ignored.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of each event that the chunk completes."""
        events: list[bytes] = []
        text = self._rest + chunk
        # A carriage return at the end may be the first half of "\r\n": keep it for the next chunk.
        complete = text[:-1] if text.endswith(b"\r") else text
        lines = complete.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + text[len(complete) :]
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                events.append(b"\n".join(self._data))
                self._data.clear()
        return events
