"""``ReadableStream``: bytes that arrive in pieces."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from ._ffi import from_js, raising, raw
from .errors import StreamError

if TYPE_CHECKING:
    from . import _sys

__all__ = ["ReadableStream"]

_raising = raising(StreamError)


class ReadableStream:
    """A stream of ``bytes``, iterated once: ``async for chunk in stream``.

    Given to a ``Response``, to ``KV.put`` or to ``R2.put`` it passes through untouched, and its
    bytes never enter Python. Reading a stream that is being read, or was, raises StreamError.
    Leaving the loop early cancels the source.

    JS: ReadableStream.
    """

    __slots__ = ("_js",)

    def __init__(self, stream: _sys.ReadableStream) -> None:
        self._js: _sys.ReadableStream = raw(stream)

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    @property
    def locked(self) -> bool:
        """Whether somebody is reading it. JS: ReadableStream.locked."""
        return bool(self._js.locked)

    async def cancel(self) -> None:
        """Say that the rest is not wanted. JS: ReadableStream.cancel."""
        with _raising:
            await self._js.cancel()

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        with _raising:
            reader = self._js.getReader()
        done = False
        try:
            while True:
                with _raising:
                    chunk = from_js(await reader.read())
                if chunk["done"]:
                    done = True
                    return
                yield chunk["value"]
        finally:
            if not done:
                with _raising:
                    await reader.cancel()
            reader.releaseLock()

    async def bytes(self) -> bytes:
        """All the rest of it, in one piece."""
        return b"".join([chunk async for chunk in self])

    async def text(self) -> str:
        """All the rest of it, as UTF-8 text; what is not UTF-8 becomes U+FFFD."""
        return (await self.bytes()).decode(errors="replace")
