"""``ReadableStream`` and ``WritableStream``: bytes that come and go in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from ._border import JsWrapper, from_js, js_error, platform, raising, raw, text, to_js
from .errors import ConversionError, StreamError

if TYPE_CHECKING:
    from . import _js

__all__ = ["ReadableStream", "WritableStream"]

_raising = raising(StreamError)


class ReadableStream(JsWrapper["_js.ReadableStream"]):
    """A stream of ``bytes``, iterated once: ``async for chunk in stream``.

    Given to a ``Response``, to ``KV.put`` or to ``R2.put`` it passes through untouched, and its
    bytes never enter Python. Reading a stream that is being read, or was, raises StreamError.
    Leaving the loop early cancels the source.

    JS: ReadableStream.
    """

    __slots__ = ()

    def __init__(self, stream: _js.ReadableStream) -> None:
        self._js = raw(stream)

    @property
    def locked(self) -> bool:
        """Whether somebody is reading it. JS: ReadableStream.locked."""
        return bool(self._js.locked)

    async def cancel(self) -> None:
        """Say that the rest is not wanted. JS: ReadableStream.cancel."""
        with _raising:
            await self._js.cancel()

    def __aiter__(self) -> Chunks:
        return Chunks(self._js)

    async def bytes(self) -> bytes:
        """All the rest of it, in one piece."""
        return b"".join([chunk async for chunk in self])

    async def text(self) -> str:
        """All the rest of it, as UTF-8 text; what is not UTF-8 becomes U+FFFD."""
        return (await self.bytes()).decode(errors="replace")


class Chunks:
    """The chunks of a stream, read one after the other.

    No async generator: Pyodide before 314 does not end one that a loop leaves.
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
        """Say that the rest is not wanted."""
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
    """Where bytes go. StreamError where it is closed, or broken, or somebody else writes there.

    JS: WritableStream.
    """

    __slots__ = ()

    def __init__(self, stream: _js.WritableStream) -> None:
        self._js = raw(stream)

    @property
    def locked(self) -> bool:
        """Whether somebody is writing. JS: WritableStream.locked."""
        return bool(self._js.locked)

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Until the bytes are taken. JS: WritableStreamDefaultWriter.write."""
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise ConversionError(f"data: expected bytes, got {type(data).__name__}")
        with _raising:
            writer = self._js.getWriter()
        try:
            with _raising:
                await writer.write(to_js(data))
        finally:
            writer.releaseLock()

    async def close(self) -> None:
        """Say that there is no more to come. JS: WritableStream.close."""
        with _raising:
            await self._js.close()

    async def abort(self, reason: str = "the stream was aborted") -> None:
        """Give up, for a reason that later writes raise. JS: WritableStream.abort."""
        # an error, always: what is no error, Pyodide cannot raise
        error = js_error("AbortError", text(reason, "reason"))
        with _raising:
            await self._js.abort(error)
