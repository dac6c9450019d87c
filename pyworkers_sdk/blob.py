"""``Blob``: bytes that stay on the JavaScript side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._ffi import bytes_of, raising, raw
from .errors import StreamError
from .streams import ReadableStream

if TYPE_CHECKING:
    from . import _sys

__all__ = ["Blob"]

_raising = raising(StreamError)


class Blob:
    """Bytes with a media type, held by JavaScript: what ``R2ObjectBody.blob`` gives.

    Unlike a stream it can be read, and put, any number of times; its bytes enter Python only when
    they are read here.

    JS: Blob.
    """

    __slots__ = ("_js",)

    def __init__(self, blob: _sys.Blob) -> None:
        self._js: _sys.Blob = raw(blob)

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    @property
    def size(self) -> int:
        """How many bytes. JS: Blob.size."""
        return self._js.size

    @property
    def type(self) -> str:
        """The media type, or "". JS: Blob.type."""
        return self._js.type

    async def bytes(self) -> bytes:
        """All of it. JS: Blob.arrayBuffer."""
        with _raising:
            data = bytes_of(await self._js.arrayBuffer())
        return data or b""

    async def text(self) -> str:
        """All of it as UTF-8 text; what is not UTF-8 becomes U+FFFD. JS: Blob.text."""
        return (await self.bytes()).decode(errors="replace")

    def stream(self) -> ReadableStream:
        """The bytes as a stream. JS: Blob.stream."""
        return ReadableStream(self._js.stream())
