"""Conversion of images and videos, passed as bytes or streams, to JavaScript's streams."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, TypeAlias

from ._border import expected, raw, stream_from, to_js, web
from .streams import ReadableStream

if TYPE_CHECKING:
    from .blob import Blob

__all__ = ["ImageSource", "js_stream"]

ImageSource: TypeAlias = (
    "bytes | bytearray | memoryview | ReadableStream | AsyncIterable[bytes] | Blob"
)
"""An image in a format that Images reads: bytes in memory, a Blob, or a stream."""


def js_stream(source: Any, name: str) -> Any:
    """Return bytes, a Blob or a stream as JavaScript's ReadableStream.

    Raises:
        ConversionError: ``source`` has another type. The message begins with ``name``.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return web.Response.new(to_js(source)).body
    js = raw(source)
    if hasattr(js, "getReader"):  # a ReadableStream
        return js
    if hasattr(js, "slice") and hasattr(js, "stream"):  # a Blob
        return js.stream()
    if hasattr(source, "__aiter__"):
        return stream_from(source)
    raise expected(name, "bytes, Blob or a stream", source)
