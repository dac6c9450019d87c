"""What a request and a response have in common: their bodies."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from ._border import JsWrapper, bytes_of, raising, raw, stream_from, text, to_js, web
from .errors import ConversionError, RowError, StreamError
from .headers import Headers
from .streams import ReadableStream

if TYPE_CHECKING:
    from .blob import Blob
    from .forms import FormData

__all__ = ["Body", "BodyInit", "body_of"]

_raising = raising(StreamError)
_raising_of_form = raising(RowError)

BodyInit: TypeAlias = (
    "str | bytes | bytearray | memoryview | ReadableStream | AsyncIterable[bytes] | Blob | FormData"
)


class Body(JsWrapper[Any]):
    """What a request and a response have in common. Each body can be read once: StreamError."""

    __slots__ = ()

    @classmethod
    def from_js(cls, js: Any) -> Self:
        """Stand over JavaScript's own object, or another SDK's."""
        made = cls.__new__(cls)
        made._js = raw(js)
        return made

    @property
    def headers(self) -> Headers:
        """The live headers: what is set here is sent. JS: Body.headers."""
        return Headers.from_js(self._js.headers)

    @property
    def body(self) -> ReadableStream | None:
        """The body as a stream, or None where there is none. JS: Body.body."""
        stream = raw(self._js.body)
        return None if stream is None else ReadableStream(stream)

    @property
    def body_used(self) -> bool:
        """Whether any of the body was read. JS: Body.bodyUsed."""
        return bool(self._js.bodyUsed)

    async def text(self) -> str:
        """The body as UTF-8 text; what is not UTF-8 becomes U+FFFD. JS: Body.text."""
        with _raising:
            body: str = await self._js.text()
        return body

    async def bytes(self) -> bytes:
        """The whole body. JS: Body.arrayBuffer."""
        with _raising:
            body = bytes_of(await self._js.arrayBuffer())
        return body or b""

    async def blob(self) -> Blob:
        """The whole body as a Blob of its content type, without its bytes entering Python.

        JS: Body.blob.
        """
        from .blob import Blob  # only who asks for it pays for it

        with _raising:
            return Blob.from_js(await self._js.blob())

    async def form_data(self) -> FormData:
        """The body as a form, of multipart/form-data or application/x-www-form-urlencoded.

        RowError where it is neither, as its Content-Type or as it reads. JS: Body.formData.
        """
        from .forms import FormData  # likewise

        with _raising:
            data = await self._js.arrayBuffer()
        # a form is read in one more step, so that a bad one is told from a stream that broke off
        whole = web.Response.new(data, headers=self._js.headers)
        with _raising_of_form:
            return FormData.from_js(await whole.formData())

    def clone(self) -> Self:
        """A copy whose body can be read too. What one has read, the other has in memory until it
        reads it. JS: Body.clone."""
        with _raising:
            return self.from_js(self._js.clone())


def body_of(body: Any, advice: str) -> Any:
    """What JavaScript takes for a body."""
    if body is None:
        return None
    if isinstance(body, str):
        return text(body, "body")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return to_js(body)
    js = raw(body)
    if hasattr(js, "getReader") or hasattr(js, "slice") or hasattr(js, "getAll"):
        return js  # a stream, a Blob, a form
    if hasattr(body, "__aiter__"):
        return stream_from(body)
    kind = type(body).__name__
    raise ConversionError(
        f"body: expected str, bytes, Blob, FormData or a stream, got {kind}; {advice}"
    )
