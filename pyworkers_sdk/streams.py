"""``ReadableStream`` and ``WritableStream``: bytes in chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from ._border import JsWrapper, expected, from_js, js_error, platform, raising, raw, text, to_js
from .errors import StreamError

if TYPE_CHECKING:
    from . import _js

__all__ = ["ReadableStream", "WritableStream"]

_raising = raising(StreamError)


class ReadableStream(JsWrapper["_js.ReadableStream"]):
    """A stream of ``bytes`` that is read once: ``async for chunk in stream``.

    Passed to a ``Response``, to ``KV.put`` or to ``R2.put``, it is not read here: its bytes never
    enter Python. Leaving the loop early cancels the source.

    Raises:
        StreamError: The stream is being read or was read before, or its source failed.

    JS: ReadableStream.
    """

    __slots__ = ()

    def __init__(self, stream: _js.ReadableStream) -> None:
        self._js = raw(stream)

    @property
    def locked(self) -> bool:
        """True if a reader is reading the stream.

        JS: ReadableStream.locked.
        """
        return bool(self._js.locked)

    async def cancel(self) -> None:
        """Discard the rest of the stream, and tell its source to stop.

        JS: ReadableStream.cancel.
        """
        with _raising:
            await self._js.cancel()

    def __aiter__(self) -> Chunks:
        return Chunks(self._js)

    async def bytes(self) -> bytes:
        """Read the rest of the stream. An addition over the JavaScript API."""
        return b"".join([chunk async for chunk in self])

    async def text(self) -> str:
        """Read the rest of the stream as UTF-8 text. Invalid bytes become U+FFFD.

        An addition over the JavaScript API.
        """
        return (await self.bytes()).decode(errors="replace")


class Chunks:
    """The async iterator of a stream's chunks.

    It is not an async generator: Pyodide before 314 does not close a generator that a loop leaves.
    """

    __slots__ = ("_done", "_js", "_reader")

    def __init__(self, stream: _js.ReadableStream) -> None:
        self._js = stream
        self._reader: _js.ReadableStreamDefaultReader | None = None
        self._done = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._done:
            raise StopAsyncIteration
        if self._reader is None:
            with _raising:
                self._reader = self._js.getReader()
        try:
            with _raising:
                chunk = from_js(await self._reader.read())
        except StreamError:
            self._release(self._reader)
            raise
        if chunk["done"]:
            self._release(self._reader)
            raise StopAsyncIteration
        data: bytes = chunk["value"]
        return data

    async def aclose(self) -> None:
        """Discard the rest of the stream."""
        if self._reader is not None and not self._done:
            self._done = True
            with _raising:
                await self._reader.cancel()
            self._reader.releaseLock()

    def _release(self, reader: _js.ReadableStreamDefaultReader) -> None:
        self._done = True
        reader.releaseLock()

    def __del__(self) -> None:
        if self._reader is not None and not self._done:
            platform.abandon(self._reader)


class WritableStream(JsWrapper["_js.WritableStream"]):
    """A destination of bytes.

    Raises:
        StreamError: The stream is closed or failed, or another writer holds it.

    JS: WritableStream.
    """

    __slots__ = ()

    def __init__(self, stream: _js.WritableStream) -> None:
        self._js = raw(stream)

    @property
    def locked(self) -> bool:
        """True if a writer holds the stream.

        JS: WritableStream.locked.
        """
        return bool(self._js.locked)

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write bytes, and wait until the destination has taken them.

        JS: WritableStreamDefaultWriter.write.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise expected("data", "bytes", data)
        with _raising:
            writer = self._js.getWriter()
        try:
            with _raising:
                await writer.write(to_js(data))
        finally:
            writer.releaseLock()

    async def close(self) -> None:
        """Close the stream after the last write.

        JS: WritableStream.close.
        """
        with _raising:
            await self._js.close()

    async def abort(self, reason: str = "the stream was aborted") -> None:
        """Abort the stream. Later writes raise ``reason``.

        JS: WritableStream.abort.
        """
        # Always pass an Error: Pyodide can only re-raise JavaScript Error objects.
        error = js_error("AbortError", text(reason, "reason"))
        with _raising:
            await self._js.abort(error)
