"""``Blob`` and ``File``: bytes that stay on the JavaScript side."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeAlias, cast

from ._border import JsWrapper, bytes_of, expected, raising, raw, text, to_js, web
from ._times import from_ms, to_ms
from .errors import StreamError
from .streams import ReadableStream

if TYPE_CHECKING:
    from . import _js

__all__ = ["Blob", "File"]

_raising = raising(StreamError)

_Part: TypeAlias = "str | bytes | bytearray | memoryview | Blob"


class Blob(JsWrapper["_js.Blob"]):
    """Bytes with a media type, held by JavaScript.

    Unlike a stream, a Blob can be read and sent any number of times. The Blob of
    ``R2ObjectBody.blob`` or ``Response.blob`` enters Python only when it is read.

    Args:
        parts: The content, in order: text (as UTF-8), bytes and Blobs.
        type: The media type.

    JS: Blob.
    """

    __slots__ = ()

    def __init__(self, parts: Iterable[_Part] = (), *, type: str = "") -> None:
        self._js = web.Blob.new(_parts(parts), type=text(type, "type"))

    @classmethod
    def from_js(cls, blob: Any) -> Self:
        """Wrap a Blob of JavaScript, or of another SDK."""
        self = cls.__new__(cls)
        self._js = raw(blob)
        return self

    @property
    def size(self) -> int:
        """The number of bytes.

        JS: Blob.size.
        """
        return self._js.size

    @property
    def type(self) -> str:
        """The media type in lower case, or "".

        JS: Blob.type.
        """
        return self._js.type

    def slice(self, start: int = 0, end: int | None = None, *, type: str = "") -> Blob:
        """Return a part of the bytes as a new Blob.

        Args:
            start: The first byte; a negative number counts from the end.
            end: The byte after the last; the end of the Blob by default.
            type: The media type of the part. It is not inherited.

        JS: Blob.slice.
        """
        return Blob.from_js(
            self._js.slice(start, self.size if end is None else end, text(type, "type"))
        )

    async def bytes(self) -> bytes:
        """Read the whole content.

        JS: Blob.arrayBuffer.
        """
        with _raising:
            data = bytes_of(await self._js.arrayBuffer())
        return data or b""

    async def text(self) -> str:
        """Read the whole content as UTF-8 text. Invalid bytes become U+FFFD.

        JS: Blob.text.
        """
        return (await self.bytes()).decode(errors="replace")

    def stream(self) -> ReadableStream:
        """Return the content as a stream.

        JS: Blob.stream.
        """
        return ReadableStream(self._js.stream())


class File(Blob):
    """A Blob with a file name, as forms contain it.

    Args:
        parts: The content, in order: text (as UTF-8), bytes and Blobs.
        name: The file name.
        type: The media type.
        last_modified: The time of the last change, in whole milliseconds; now by default.

    JS: File.
    """

    __slots__ = ()

    def __init__(
        self,
        parts: Iterable[_Part],
        name: str,
        *,
        type: str = "",
        last_modified: datetime | None = None,
    ) -> None:
        self._js = web.File.new(
            _parts(parts),
            text(name, "name"),
            type=text(type, "type"),
            lastModified=None if last_modified is None else _milliseconds(last_modified),
        )

    @property
    def name(self) -> str:
        """The file name.

        JS: File.name.
        """
        return self._file.name

    @property
    def last_modified(self) -> datetime:
        """The time of the last change, in whole milliseconds.

        JS: File.lastModified.
        """
        return from_ms(self._file.lastModified)

    @property
    def _file(self) -> _js.File:
        return cast("_js.File", self._js)


def _milliseconds(time: Any) -> int:
    return to_ms(time, "last_modified")


_BYTES: tuple[type[Any], ...] = (bytes, bytearray, memoryview)


def _parts(parts: Any) -> Any:
    is_one = isinstance(parts, (str, *_BYTES))
    if is_one or isinstance(parts, dict) or not hasattr(parts, "__iter__"):
        hint = "put it into a list" if is_one else ""
        raise expected("parts", "a list of str, bytes and Blobs", cast(object, parts), hint)
    listed: list[Any] = [*parts]
    return to_js([_part(part, index) for index, part in enumerate(listed)])


def _part(part: Any, index: int) -> Any:
    if isinstance(part, str):
        return text(part, f"parts[{index}]")
    if not isinstance(part, _BYTES) and not hasattr(raw(part), "slice"):
        raise expected(f"parts[{index}]", "str, bytes or a Blob", part)
    return part
