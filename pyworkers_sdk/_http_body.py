"""``Body``: the common base of requests and responses."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from ._border import (
    JsWrapper,
    bytes_of,
    expected,
    prop,
    raising,
    raw,
    stream_from,
    text,
    to_js,
    web,
)
from .errors import RowError, StreamError
from .headers import Headers
from .streams import ReadableStream

if TYPE_CHECKING:
    from .blob import Blob
    from .forms import FormData

__all__ = ["Body", "BodyInit", "body_of", "is_generated", "of_length"]

_raising = raising(StreamError)
_raising_of_form = raising(RowError)

BodyInit: TypeAlias = (
    "str | bytes | bytearray | memoryview | ReadableStream | AsyncIterable[bytes] | Blob | FormData"
)


class Body(JsWrapper[Any]):
    """The common base of Request and Response. A body can be read once.

    Raises:
        StreamError: The body was read before, or its source failed.
    """

    __slots__ = ()

    @classmethod
    def from_js(cls, js: Any) -> Self:
        """Wrap an object of JavaScript, or of another SDK."""
        self = cls.__new__(cls)
        self._js = raw(js)
        return self

    @property
    def headers(self) -> Headers:
        """The live headers: a header that is set here is sent.

        JS: Body.headers.
        """
        return Headers.from_js(self._js.headers)

    @property
    def body(self) -> ReadableStream | None:
        """The body as a stream, or None.

        JS: Body.body.
        """
        stream = raw(self._js.body)
        return None if stream is None else ReadableStream(stream)

    @property
    def body_used(self) -> bool:
        """True if a part of the body was read.

        JS: Body.bodyUsed.
        """
        return bool(self._js.bodyUsed)

    async def text(self) -> str:
        """Read the body as UTF-8 text. Invalid bytes become U+FFFD.

        JS: Body.text.
        """
        with _raising:
            body: str = await self._js.text()
        return body

    async def bytes(self) -> bytes:
        """Read the whole body.

        JS: Body.arrayBuffer.
        """
        with _raising:
            body = bytes_of(await self._js.arrayBuffer())
        return body or b""

    async def blob(self) -> Blob:
        """Read the whole body as a Blob of its content type. The bytes do not enter Python.

        JS: Body.blob.
        """
        from .blob import Blob  # imported on demand, to keep the start of a Worker short

        with _raising:
            return Blob.from_js(await self._js.blob())

    async def form_data(self) -> FormData:
        """Read the body as a form: multipart/form-data or application/x-www-form-urlencoded.

        Raises:
            RowError: The Content-Type is another, or the body is malformed.

        JS: Body.formData.
        """
        from .forms import FormData  # imported on demand

        with _raising:
            data = await self._js.arrayBuffer()
        # A separate step, so a malformed form is distinguished from a stream that failed.
        response = web.Response.new(data, headers=self._js.headers)
        with _raising_of_form:
            return FormData.from_js(await response.formData())

    def clone(self) -> Self:
        """Return a copy whose body can be read too.

        The runtime buffers the part of the body that only one of the two has read.

        JS: Body.clone.
        """
        with _raising:
            return self.from_js(self._js.clone())


def body_of(body: Any, advice: str) -> Any:
    """Return the JavaScript value for a body. ``advice`` ends the error for other types."""
    if body is None:
        return None
    if isinstance(body, str):
        return text(body, "body")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return to_js(body)
    js = raw(body)
    if hasattr(js, "getReader") or hasattr(js, "slice") or hasattr(js, "getAll"):
        return js  # a stream, a Blob or a form
    if hasattr(body, "__aiter__"):
        return stream_from(body)
    raise expected("body", "str, bytes, Blob, FormData or a stream", body, advice)


def is_generated(body: Any) -> bool:
    """Return True if ``body_of`` makes a stream of an async iterator of Python."""
    return not isinstance(body, (str, bytes, ReadableStream)) and hasattr(body, "__aiter__")


def of_length(stream: Any, length: str | None) -> Any:
    """Return a stream of which the runtime knows the length: it sends no other Content-Length."""
    fixed = prop(web, "FixedLengthStream")  # Node has none
    if length is None or not (length.isascii() and length.isdigit()) or raw(fixed) is None:
        return stream
    return stream.pipeThrough(fixed.new(int(length)))
