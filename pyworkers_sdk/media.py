"""``Media``: videos made smaller, cut, or turned into pictures or sound."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from ._border import binding, raising, raw, to_js
from ._media_input import source
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

    The bytes never enter Python. MediaError where the service refuses.
    No local runtime has it: what is said of the service is its documentation's, and was not seen.

    JS: MediaBinding.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, media: _js.MediaBinding) -> None:
        self._js = binding(media, "Media", "input")

    def input(self, media: ImageSource) -> MediaTransformer:
        """Begin with a video, as a stream or bytes. JS: MediaBinding.input."""
        return MediaTransformer(self._start("input", source(media, "media")))


class MediaTransformationGenerator(RemoteObject[Any]):
    """A video that has been resized, to be output. JS: MediaTransformationGenerator."""

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
        """Say what is to be made: a "video" unless ``mode`` says otherwise.

        ``time`` is where to begin, or where a frame is, ``duration`` how much to take: timedeltas,
        or text such as "5s". ``audio=False`` takes the sound away; ``image_count`` is for a
        "spritesheet"; "jpg" and "png" are for pictures, "m4a" for "audio".
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
    """A video to work on; good for one output. JS: MediaTransformer."""

    __slots__ = ()

    def transform(
        self,
        *,
        fit: Literal["contain", "cover", "scale-down"] | None = None,
        width: int | None = None,
        height: int | None = None,
    ) -> MediaTransformationGenerator:
        """Resize it; sizes are in pixels. JS: MediaTransformer.transform."""
        options = {"fit": fit, "width": width, "height": height}
        return MediaTransformationGenerator(self._start("transform", to_js(js_options(options))))


class MediaTransformationResult(RemoteObject[Any]):
    """What was made; it can be had once, by ``response`` or ``media``.

    JS: MediaTransformationResult.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, result: Any) -> None:
        self._js = result

    async def media(self) -> ReadableStream:
        """As a stream of bytes. JS: MediaTransformationResult.media."""
        return ReadableStream(raw(await self._call("media")))

    async def response(self) -> Response:
        """As a response with its Content-Type. JS: MediaTransformationResult.response."""
        return Response.from_js(await self._call("response"))

    async def content_type(self) -> str:
        """Its media type. JS: MediaTransformationResult.contentType."""
        found: str = await self._call("contentType")
        return found


def _duration(given: str | timedelta | None) -> str | None:
    if isinstance(given, timedelta):
        return f"{given.total_seconds():g}s"
    return given
