"""``Blob`` and ``File``: bytes that stay on the JavaScript side."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Self, TypeAlias, cast

from ._border import JsWrapper, bytes_of, raising, raw, text, to_js, web
from ._times import EPOCH, from_ms
from .errors import ConversionError, StreamError
from .streams import ReadableStream

if TYPE_CHECKING:
    from . import _js

__all__ = ["Blob", "File"]

_raising = raising(StreamError)

_Part: TypeAlias = "str | bytes | bytearray | memoryview | Blob"


class Blob(JsWrapper["_js.Blob"]):
    """Bytes with a media type, held by JavaScript.

    Made of parts, one after the other; text is UTF-8 there. Unlike a stream it can be read, and
    sent, any number of times; what ``R2ObjectBody.blob`` and ``Response.blob`` give enters Python
    only when it is read here.

    JS: Blob.
    """

    __slots__ = ()

    def __init__(self, parts: Iterable[_Part] = (), *, type: str = "") -> None:
        self._js = web.Blob.new(_parts(parts), type=text(type, "type"))

    @classmethod
    def from_js(cls, blob: Any) -> Self:
        """Stand over JavaScript's own Blob, or another SDK's."""
        made = cls.__new__(cls)
        made._js = raw(blob)
        return made

    @property
    def size(self) -> int:
        """How many bytes. JS: Blob.size."""
        return self._js.size

    @property
    def type(self) -> str:
        """The media type in lower case, or "". JS: Blob.type."""
        return self._js.type

    def slice(self, start: int = 0, end: int | None = None, *, type: str = "") -> Blob:
        """The bytes from ``start`` up to ``end``, counted from the end where negative.

        The slice has only the media type that it is given. JS: Blob.slice.
        """
        return Blob.from_js(
            self._js.slice(start, self.size if end is None else end, text(type, "type"))
        )

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


class File(Blob):
    """A Blob with a file's name: what a form holds. ``last_modified`` is now unless given.

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
        """JS: File.name."""
        return self._file.name

    @property
    def last_modified(self) -> datetime:
        """In whole milliseconds. JS: File.lastModified."""
        return from_ms(self._file.lastModified)

    @property
    def _file(self) -> _js.File:
        return cast("_js.File", self._js)


def _milliseconds(when: Any) -> int:
    if not isinstance(when, datetime):
        raise ConversionError(f"last_modified: expected datetime, got {type(when).__name__}")
    aware = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
    return (aware - EPOCH) // timedelta(milliseconds=1)


_BYTES: tuple[type[Any], ...] = (bytes, bytearray, memoryview)


def _parts(parts: Any) -> Any:
    is_one = isinstance(parts, (str, *_BYTES))
    if is_one or not hasattr(parts, "__iter__"):
        hint = "; put it into a list" if is_one else ""
        raise ConversionError(
            f"parts: expected a list of str, bytes and Blobs, got {type(parts).__name__}{hint}"
        )
    given: list[Any] = [*parts]
    return to_js([_part(part, at) for at, part in enumerate(given)])


def _part(part: Any, at: int) -> Any:
    if isinstance(part, str):
        return text(part, f"parts[{at}]")
    if not isinstance(part, _BYTES) and not hasattr(raw(part), "slice"):
        raise ConversionError(
            f"parts[{at}]: expected str, bytes or a Blob, got {type(part).__name__}"
        )
    return part
