"""``Media``: resize and cut videos, and extract images or sound from videos."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from ._border import binding, raising, raw, to_js
from ._media_input import js_stream
from ._options import js_options
from ._remote_object import RemoteObject
from .errors import MediaError
from .http import Response
from .streams import ReadableStream

if TYPE_CHECKING:
    from . import _js
    from ._media_input import ImageSource

__all__ = [
    "Media",
    "MediaTransformationGenerator",
    "MediaTransformationResult",
    "MediaTransformer",
]

_raising = raising(MediaError)


class Media(RemoteObject[Any]):
    """The Media Transformations binding: ``Media(env.MEDIA)``. ::

        video = media.input(response.body).transform(width=480)
        return await video.output(mode="frame", time="2s", format="jpg").response()

    The bytes never enter Python. Every method raises MediaError if the service refuses the
    request. Not available in local runtimes: this class follows Cloudflare's documentation and has
    not been verified.

    JS: MediaBinding.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, media: _js.MediaBinding) -> None:
        self._js = binding(media, "Media", "input")

    def input(self, media: ImageSource) -> MediaTransformer:
        """Start a transformation of a video.

        Args:
            media: The video. A stream is consumed.

        Raises:
            ConversionError: ``media`` is neither bytes, nor a Blob, nor a stream.

        JS: MediaBinding.input.
        """
        return MediaTransformer(self._start("input", js_stream(media, "media")))


class MediaTransformationGenerator(RemoteObject[Any]):
    """A video whose size is fixed, ready for ``output``.

    JS: MediaTransformationGenerator.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, generator: Any) -> None:
        self._js = generator

    def output(
        self,
        *,
        mode: Literal["video", "spritesheet", "frame", "audio"] | None = None,
        audio: bool | None = None,
        time: str | timedelta | None = None,
        duration: str | timedelta | None = None,
        image_count: int | None = None,
        format: Literal["jpg", "png", "m4a"] | None = None,
    ) -> MediaTransformationResult:
        """Create the result of the transformation.

        Args:
            mode: The type of the result; "video" by default.
            audio: False removes the sound.
            time: The start of the result, or the position of the frame, as a timedelta or as text
                such as "5s".
            duration: The length of the result, as a timedelta or as text such as "5s".
            image_count: The number of images of a "spritesheet".
            format: "jpg" or "png" for images, "m4a" for "audio".

        JS: MediaTransformationGenerator.output.
        """
        options = {
            "mode": mode,
            "audio": audio,
            "time": _duration(time),
            "duration": _duration(duration),
            "image_count": image_count,
            "format": format,
        }
        return MediaTransformationResult(self._start("output", to_js(js_options(options))))


class MediaTransformer(MediaTransformationGenerator):
    """A video to transform. It can be output once.

    JS: MediaTransformer.
    """

    __slots__ = ()

    def transform(
        self,
        *,
        fit: Literal["contain", "cover", "scale-down"] | None = None,
        width: int | None = None,
        height: int | None = None,
    ) -> MediaTransformationGenerator:
        """Resize the video.

        Args:
            fit: How the video fits into ``width`` and ``height``.
            width: The width in pixels.
            height: The height in pixels.

        JS: MediaTransformer.transform.
        """
        options = {"fit": fit, "width": width, "height": height}
        return MediaTransformationGenerator(self._start("transform", to_js(js_options(options))))


class MediaTransformationResult(RemoteObject[Any]):
    """The result of a transformation. Read it once, with ``response`` or ``media``.

    JS: MediaTransformationResult.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, result: Any) -> None:
        self._js = result

    async def media(self) -> ReadableStream:
        """Return the result as a stream of bytes.

        JS: MediaTransformationResult.media.
        """
        return ReadableStream(raw(await self._call("media")))

    async def response(self) -> Response:
        """Return the result as a response with its Content-Type.

        JS: MediaTransformationResult.response.
        """
        return Response.from_js(await self._call("response"))

    async def content_type(self) -> str:
        """Return the media type of the result.

        JS: MediaTransformationResult.contentType.
        """
        content_type: str = await self._call("contentType")
        return content_type


def _duration(value: str | timedelta | None) -> str | None:
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    return value
