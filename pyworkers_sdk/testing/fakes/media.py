"""Media Transformations over memory."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..._border import raw, web
from ..._cpython.js_exception import JsException
from ..._cpython.web import ReadableStream
from ...media import Media
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .pictures import picture

__all__ = ["FakeMediaBinding", "MediaOutput", "media_outputs"]


class MediaOutput(NamedTuple):
    """What a Worker had made of a video, in JavaScript's words: the options of ``transform`` and
    of ``output``."""

    transform: dict[str, Any]
    output: dict[str, Any]


class FakeMediaBinding:
    """JS: MediaBinding. A stand-in: nothing of it was seen on the service.

    A frame or a sprite sheet is a grey picture of the asked size (640 x 360 unless given); a video
    or a sound is the bytes that were put in.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.outputs: list[MediaOutput] = []

    def input(self, media: ReadableStream, /) -> FakeMediaTransformer:
        return FakeMediaTransformer(self, media, {})


@yields_to_others
class FakeMediaTransformer:
    """JS: MediaTransformer, and MediaTransformationGenerator."""

    def __init__(
        self, binding: FakeMediaBinding, source: ReadableStream, transform: dict[str, Any]
    ) -> None:
        self._binding = binding
        self._source = source
        self._transform = transform

    def transform(self, transform: dict[str, Any], /) -> FakeMediaTransformer:
        return FakeMediaTransformer(self._binding, self._source, transform)

    def output(self, output: dict[str, Any], /) -> FakeMediaTransformationResult:
        self._binding.outputs.append(MediaOutput(self._transform, output))
        mode = output.get("mode", "video")
        if mode in ("frame", "spritesheet"):
            size = self._transform.get("width", 640), self._transform.get("height", 360)
            kind = "image/png" if output.get("format") == "png" else "image/jpeg"
            made = ReadableStream.of(picture(kind, *size))
            return FakeMediaTransformationResult(kind, made, self._source)
        kind = "audio/mp4" if mode == "audio" else "video/mp4"
        return FakeMediaTransformationResult(kind, self._source, self._source)


@yields_to_others
class FakeMediaTransformationResult:
    """JS: MediaTransformationResult."""

    def __init__(self, kind: str, made: ReadableStream, source: ReadableStream) -> None:
        self._kind = kind
        self._made = made
        self._source = source

    async def contentType(self) -> str:
        return self._kind

    async def media(self) -> ReadableStream:
        if self._source.locked:
            raise JsException("TypeError", "This ReadableStream is currently locked to a reader.")
        return self._made

    async def response(self) -> web.Response:
        return web.Response.new(await self.media(), headers=[["content-type", self._kind]])


def media_outputs(media: Media) -> list[MediaOutput]:
    """What was made by a fake, in its order."""
    inside = raw(media)
    if not isinstance(inside, FakeMediaBinding):
        raise TypeError(f"media_outputs() looks into what fake() made, not {type(inside)}")
    return [*inside.outputs]
