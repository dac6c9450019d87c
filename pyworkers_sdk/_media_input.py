"""Images and videos as input: bytes or streams, as JavaScript takes them."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, TypeAlias

from ._border import raw, stream_from, to_js, web
from .errors import ConversionError
from .streams import ReadableStream

if TYPE_CHECKING:
    from .blob import Blob

__all__ = ["ImageSource", "source"]

ImageSource: TypeAlias = (
    "bytes | bytearray | memoryview | ReadableStream | AsyncIterable[bytes] | Blob"
)
"""An image in one of the formats that Images reads; bytes in memory, or a stream."""


def source(given: Any, name: str) -> Any:
    """What is given as JavaScript's ReadableStream."""
    if isinstance(given, (bytes, bytearray, memoryview)):
        return web.Response.new(to_js(given)).body
    js = raw(given)
    if hasattr(js, "getReader"):
        return js
    if hasattr(js, "slice") and hasattr(js, "stream"):
        return js.stream()
    if hasattr(given, "__aiter__"):
        return stream_from(given)
    raise ConversionError(f"{name}: expected bytes, Blob or a stream, got {type(given).__name__}")
