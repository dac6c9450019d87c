"""``FakeMediaBinding``: the JavaScript API of Media Transformations, without a video library."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..._border import raw, web
from ..._cpython.js_exception import JsException
from ..._cpython.web import ReadableStream
from ...media import Media
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .image_headers import make_image

__all__ = ["FakeMediaBinding", "MediaOutput", "media_outputs"]

# The platform's own words for streams: a quote, never to be improved.
LOCKED_STREAM = "This ReadableStream is currently locked to a reader."


class MediaOutput(NamedTuple):
    """A result that a Worker requested, described with JavaScript's names."""

    transform: dict[str, Any]
    """The options of ``transform``."""
    output: dict[str, Any]
    """The options of ``output``."""


class FakeMediaBinding:
    """JS: MediaBinding.

    No local runtime has this binding: the fake follows the documentation and has not been
    verified. A frame or a sprite sheet is a grey image of the requested size (640 x 360 by
    default). A video or sound has the bytes of the input.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.outputs: list[MediaOutput] = []

    def input(self, media: ReadableStream, /) -> FakeMediaTransformer:
        return FakeMediaTransformer(self, media, {})


@yields_to_others
class FakeMediaTransformer:
    """JS: MediaTransformer, and MediaTransformationGenerator.

    One class for both: the public classes already separate their methods.
    """

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
            content_type = "image/png" if output.get("format") == "png" else "image/jpeg"
            image = ReadableStream.of(make_image(content_type, *size))
            return FakeMediaTransformationResult(content_type, image, self._source)
        content_type = "audio/mp4" if mode == "audio" else "video/mp4"
        return FakeMediaTransformationResult(content_type, self._source, self._source)


@yields_to_others
class FakeMediaTransformationResult:
    """JS: MediaTransformationResult."""

    def __init__(self, content_type: str, result: ReadableStream, source: ReadableStream) -> None:
        self._content_type = content_type
        self._result = result
        self._source = source

    async def contentType(self) -> str:
        return self._content_type

    async def media(self) -> ReadableStream:
        # A grey image needs no input, but the service would read it: a stream with another
        # reader must fail here, too (contract: test_locked_stream_raises).
        if self._source.locked:
            raise JsException("TypeError", LOCKED_STREAM)
        return self._result

    async def response(self) -> web.Response:
        return web.Response.new(await self.media(), headers=[["content-type", self._content_type]])


def media_outputs(media: Media) -> list[MediaOutput]:
    """Return the results that a Worker requested from a fake, in order.

    Raises:
        TypeError: ``media`` is not from ``fake()``.
    """
    inside = raw(media)
    if not isinstance(inside, FakeMediaBinding):
        raise TypeError(
            f"media_outputs(): expected a Media that fake() made, got {type(inside).__name__}"
        )
    return [*inside.outputs]
