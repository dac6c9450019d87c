"""``R2.upload``: an object of unknown length, in parts of equal size."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from .._border import expected, text
from ..blob import Blob
from ..errors import ConversionError, R2Error

if TYPE_CHECKING:
    from . import R2, R2MultipartUpload
    from .objects import R2Object, R2UploadedPart

__all__ = ["upload"]

MIN_PART = 5 * 1024**2
MAX_PART = 5 * 1024**3 - 5 * 1024**2
MAX_PARTS = 10_000


async def upload(
    bucket: R2, key: str, value: Any, part_size: Any, ssec_key: Any, options: dict[str, Any]
) -> R2Object:
    """Upload a value; ``options`` are the metadata and the storage class."""
    _check_part_size(part_size)
    text(key, "key")  # before the source is read
    parts = _Parts(value, part_size)
    multipart: R2MultipartUpload | None = None
    try:
        part = await parts.take()
        if parts.is_last:
            stored = await bucket.put(key, part, ssec_key=ssec_key, **options)
            return cast("R2Object", stored)  # no condition was passed
        multipart = await bucket.create_multipart_upload(key, ssec_key=ssec_key, **options)
        uploaded: list[R2UploadedPart] = []
        while True:
            number = len(uploaded) + 1
            uploaded.append(await multipart.upload_part(number, part, ssec_key=ssec_key))
            if parts.is_last:
                return await multipart.complete(uploaded)
            if number == MAX_PARTS:
                raise R2Error(
                    f"value: expected at most {MAX_PARTS:,} parts of {part_size:,} bytes, got more;"
                    " pass a larger part_size"
                )
            part = await parts.take()
    except GeneratorExit:
        raise  # the coroutine is being closed, and may not await any more
    except BaseException:
        # The error that comes first is raised, even if the cleanup fails or is cancelled, too.
        if multipart is not None:
            with suppress(BaseException):
                await multipart.abort()
        with suppress(BaseException):
            await parts.close()
        raise


def _check_part_size(part_size: Any) -> None:
    if not isinstance(part_size, int) or isinstance(part_size, bool):
        raise expected("part_size", "int", part_size)
    if not MIN_PART <= part_size <= MAX_PART:
        raise ConversionError(
            f"part_size: expected {MIN_PART:,} to {MAX_PART:,} bytes, got {part_size:,}"
        )


class _Parts:
    """Parts of equal size out of chunks of any size. Each byte is copied once."""

    def __init__(self, value: Any, size: int) -> None:
        self.is_last = False
        self._size = size
        self._part = bytearray()
        self._rest = memoryview(b"")
        self._source: Any = _source(value)

    async def take(self) -> bytearray | memoryview:
        """Return the next part, in the memory of the part before.

        ``is_last`` is True if no byte follows the part.
        """
        part, filled = self._part, 0
        while True:
            if self._rest:
                piece = self._rest[: self._size - filled]
                if not piece:
                    return part
                if filled == len(part):  # the first part grows: the value may be short
                    part += piece
                else:
                    with memoryview(part) as whole:
                        whole[filled : filled + len(piece)] = piece
                filled += len(piece)
                self._rest = self._rest[len(piece) :]
                del piece
            else:
                # Drop the view first: the source may want to resize its buffer.
                self._rest = memoryview(b"")
                chunk = await self._next()
                if chunk is None:
                    self.is_last = True
                    return memoryview(part)[:filled] if filled < len(part) else part
                self._rest = chunk
                del chunk

    async def _next(self) -> memoryview | None:
        """Return the next chunk, or None at the end."""
        source = self._source
        try:
            chunk: Any = next(source) if hasattr(source, "__next__") else await anext(source)
        except (StopIteration, StopAsyncIteration):
            return None
        if not isinstance(chunk, (bytes, bytearray, memoryview)):
            advice = "encode text first" if isinstance(chunk, str) else ""
            raise expected("value: a chunk", "bytes", chunk, advice)
        view: memoryview = memoryview(cast(Any, chunk))
        return (view if view.c_contiguous else memoryview(view.tobytes())).cast("B")

    async def close(self) -> None:
        """Let the source end early, if it is a stream or a generator."""
        self._rest = memoryview(b"")
        if hasattr(self._source, "aclose"):
            await self._source.aclose()
        elif hasattr(self._source, "throw"):  # an open file has close(), too, but is not closed
            self._source.close()


def _source(value: Any) -> Any:
    """Return an iterator over the chunks of a value."""
    if value is None:
        return iter(())
    if isinstance(value, str):
        return iter([text(value, "value").encode()])
    if isinstance(value, (bytes, bytearray, memoryview)):
        return iter((cast(Any, value),))
    if isinstance(value, Blob):
        value = value.stream()
    if hasattr(value, "__aiter__"):
        return aiter(value)
    if hasattr(value, "__iter__") and not hasattr(value, "keys"):
        return iter(value)
    raise expected(
        "value", "bytes or a stream of bytes", value, "pass the body of a request or a response"
    )
