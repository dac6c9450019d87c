"""Images over memory: it measures real images, and answers with grey ones of the right size."""

from __future__ import annotations

import hashlib
import hmac
import operator
import uuid
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from math import cos, radians, sin
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from ..._border import from_js, raw, web
from ..._cpython.js_exception import JsException
from ..._cpython.web import ReadableStream
from ...images import Images
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .pictures import FORMATS, Picture, measured, picture

__all__ = ["FakeImagesBinding", "ImageOutput", "image_outputs"]

DELIVERY = "https://imagedelivery.net/fake-account-hash"
UPLOAD = "https://upload.imagedelivery.net/fake-account-hash"
DEFAULT_LIMIT = 50

_CONSUMED = (
    "IMAGES_TRANSFORM_ERROR 9525: ImageTransformer consumed; you may only call .output() or draw a "
    "transformer once"
)


class ImageOutput(NamedTuple):
    """An image that a Worker had made, in JavaScript's words.

    ``transforms`` are the options of each ``transform``; of a ``draw`` they are ``{"draw": what was
    drawn, "options": …}``, where an image that was drawn as it is has no transforms. ``output``
    are the options of ``output``; ``width`` and ``height`` are the size of what was made.
    """

    transforms: list[dict[str, Any]]
    output: dict[str, Any]
    width: int
    height: int


@yields_to_others
class FakeImagesBinding:
    """JS: ImagesBinding.

    ``info`` reads the headers of real images. What ``output`` makes is grey all over, in the asked
    format, and of the size that ``rotate``, ``width``, ``height`` and ``fit`` give, one step after
    the other; other options are looked at by nobody, as in the local simulation, and ``draw`` draws
    nothing. ``text``, signed URLs, direct uploads and filters, which the local simulation lacks,
    are as documented: nothing of them was seen.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.outputs: list[ImageOutput] = []
        self.hosted: FakeHostedImages = FakeHostedImages(clock)

    async def info(self, image: ReadableStream, /, *, encoding: str | None = None) -> Any:
        found = _known(await _read(_decoded(image, encoding)))
        if found.format == "image/svg+xml":
            return {"format": found.format}
        size = len(found.data)
        picture = {"format": found.format, "fileSize": size}
        return picture | {"width": found.width, "height": found.height}

    def input(
        self, image: ReadableStream, /, *, encoding: str | None = None
    ) -> FakeImageTransformer:
        return FakeImageTransformer(self, _decoded(image, encoding))

    def text(
        self, content: str, /, *, font: Any, size: float | None = None, color: str | None = None
    ) -> FakeImageTransformer:
        tall = round(size or 16)
        drawn = picture("image/png", max(1, len(content) * tall // 2), tall)
        return FakeImageTransformer(self, ReadableStream.of(drawn))


@yields_to_others
class FakeImageTransformer:
    """JS: ImageTransformer."""

    def __init__(self, images: FakeImagesBinding, source: ReadableStream) -> None:
        self._images = images
        self._source = source
        self._transforms: list[dict[str, Any]] = []
        self._consumed = False

    def transform(self, **options: Any) -> FakeImageTransformer:
        self._transforms.append(_given(options))
        return self

    def draw(self, image: Any, /, **options: Any) -> FakeImageTransformer:
        if isinstance(image, FakeImageTransformer):
            image._consume()
            drawn = image._transforms
        else:
            drawn = []
        self._transforms.append({"draw": drawn, "options": _given(options)})
        return self

    async def output(
        self,
        *,
        format: str,
        quality: float | None = None,
        background: str | None = None,
        anim: bool | None = None,
    ) -> FakeImageTransformationResult:
        self._consume()
        found = _known(await _read(self._source))
        if any(not _is_number(step.get(key)) for step in self._transforms for key in _NUMBERS):
            raise _refused(
                9523,
                "Internal Images binding error: Expected JSON array of valid transforms in "
                "transforms field",
            )
        size = found.width or 1, found.height or 1
        for step in self._transforms:
            size = _after(step, *size)
        if format in ("rgb", "rgba"):
            raise _refused(9520, "RGB/RGBA output is not supported in local mode")
        options = {"quality": quality, "background": background, "anim": anim}
        asked = {"format": format, **_given(options)}
        self._images.outputs.append(ImageOutput(self._transforms, asked, *size))
        made = format if format in FORMATS else "image/jpeg"
        return FakeImageTransformationResult(made, picture(made, *size))

    def _consume(self) -> None:
        if self._consumed:
            raise _failure(9525, _CONSUMED)
        self._consumed = True


class FakeImageTransformationResult:
    """JS: ImageTransformationResult."""

    def __init__(self, content_type: str, data: bytes) -> None:
        self._type = content_type
        self._stream = ReadableStream.of(data)

    def contentType(self) -> str:
        return self._type

    def image(self, *, encoding: str | None = None) -> ReadableStream:
        return _encoded(self._stream) if encoding == "base64" else self._stream

    def response(self) -> web.Response:
        return web.Response.new(self._stream, headers=[["content-type", self._type]])


def image_outputs(images: Images) -> list[ImageOutput]:
    """The images that were made by a fake, in their order."""
    inside = raw(images)
    if not isinstance(inside, FakeImagesBinding):
        raise TypeError(f"image_outputs() looks into what fake() made, not {type(inside)}")
    return [*inside.outputs]


# Sizes


_NUMBERS = ("rotate", "width", "height")


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _after(step: dict[str, Any], width: int, height: int) -> tuple[int, int]:
    """The size after a transform: turned first, then resized."""
    if angle := step.get("rotate"):  # of the box that the turned image fits in
        across, along = abs(cos(radians(angle))), abs(sin(radians(angle)))
        width, height = (
            round(width * across + height * along),
            round(height * across + width * along),
        )
    wide, high = step.get("width") or 0, step.get("height") or 0
    for name, length in (("width", wide), ("height", high)):
        if length < 0 or length % 1:
            wanted = f"Expected positive integer for {name} but received {length} of type number"
            raise _failure(9523, f"Unexpected error response 500: Error: {wanted}")
    if not wide and not high:
        return width, height
    fit = step.get("fit")
    if fit == "squeeze":
        return wide or width, high or height
    by = [length / old for length, old in ((wide, width), (high, height)) if length]
    if fit == "crop" and wide and high:
        return min(wide, width), min(high, height)
    if fit in ("cover", "pad") and wide and high:
        return wide, high
    scale = min(by)
    if fit not in ("contain", "cover", "pad"):
        scale = min(scale, 1)
    return max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))


# Images that come and go


class _Known(NamedTuple):
    format: str
    width: int
    height: int
    data: bytes


def _known(data: bytes) -> _Known:
    found: Picture | None = measured(data)
    if found is None:
        empty = "Input bit Array is empty"
        what = "Input buffer contains unsupported image format" if data else empty
        raise _failure(9523, f"Unexpected error response 500: Error: {what}")
    return _Known(*found, data)


def _decoded(image: ReadableStream, encoding: str | None) -> ReadableStream:
    if encoding != "base64":
        return image

    async def bytes_of() -> AsyncIterator[bytes]:
        yield b64decode(await _read(image))

    return ReadableStream(bytes_of())


def _encoded(image: ReadableStream) -> ReadableStream:
    async def text_of() -> AsyncIterator[bytes]:
        yield b64encode(await _read(image))

    return ReadableStream(text_of())


async def _read(stream: ReadableStream) -> bytes:
    if stream.locked:
        reason = "TypeError: Failed to parse body as FormData."
        raise _failure(9523, f"Unexpected error response 500: {reason}")
    reader, chunks = stream.getReader(), list[bytes]()
    while not (chunk := await reader.read())["done"]:
        chunks.append(chunk["value"])
    reader.releaseLock()
    return b"".join(chunks)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _refused(code: int, message: str) -> JsException:
    return _failure(code, f"IMAGES_TRANSFORM_ERROR {code}: ERROR: {message}")


def _failure(code: int, message: str) -> JsException:
    error = JsException("Error", message)
    error.code = code
    return error


# Stored


@yields_to_others
class FakeHostedImages:
    """JS: HostedImagesBinding."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.stored: dict[str, dict[str, Any]] = {}
        self.data: dict[str, bytes] = {}

    def image(self, imageId: str, /) -> FakeImageHandle:
        return FakeImageHandle(self, imageId)

    async def upload(self, image: ReadableStream, options: Any = None, /) -> Any:
        options = options or {}
        data = await _read(_decoded(image, options.get("encoding")))
        return self._keep(options, data, filename=options.get("filename", "uploaded.jpg"))

    async def createDirectUpload(self, options: Any = None, /) -> Any:
        kept = self._keep(options or {}, None, draft=True)
        return {"id": kept["id"], "uploadURL": f"{UPLOAD}/{kept['id']}"}

    async def list(self, options: Any = None, /) -> Any:
        options = options or {}
        creator, cursor = options.get("creator"), options.get("cursor")
        wanted: dict[str, Any] = options.get("filter", {}).get("metadata", {})
        found = [
            image
            for image in self.stored.values()
            if creator in (None, image.get("creator")) and _matches(image["meta"], wanted)
        ]
        found.sort(key=lambda image: (image.get("uploaded", ""), image["id"]))
        if options.get("sortOrder") == "desc":
            found.reverse()
        start = next((at for at, image in enumerate(found, 1) if image["id"] == cursor), 0)
        limit = options.get("limit", DEFAULT_LIMIT)
        page = found[start : start + limit]
        complete = start + limit >= len(found)
        answer = {"images": from_js(page), "listComplete": complete}
        return answer if complete or not page else answer | {"cursor": page[-1]["id"]}

    def _keep(self, options: dict[str, Any], data: bytes | None, **more: Any) -> Any:
        id = options.get("id") or str(uuid.uuid4())
        kept: dict[str, Any] = {
            "id": id,
            "requireSignedURLs": options.get("requireSignedURLs", False),
            "meta": options.get("metadata", {}),
            "variants": [f"{DELIVERY}/{quote(id)}/public"],
            "draft": False,
            **more,
        }
        if "creator" in options:
            kept["creator"] = options["creator"]
        if data is not None:
            kept["uploaded"] = _iso(self._clock)
            self.data[id] = data
        self.stored[id] = kept
        return from_js(kept)


@yields_to_others
class FakeImageHandle:
    """JS: ImageHandle."""

    def __init__(self, hosted: FakeHostedImages, id: str) -> None:
        self._hosted = hosted
        self._id = id

    async def details(self) -> Any:
        return from_js(self._hosted.stored.get(self._id))

    async def bytes(self) -> ReadableStream | None:
        data = self._hosted.data.get(self._id)
        return None if data is None else ReadableStream.of(data)

    async def signedUrl(self, options: Any, /) -> str:
        path = f"/fake-account-hash/{quote(self._id)}/{options['variant']}"
        ends = self._hosted._clock.now() / 1000 + options.get("expiresIn", 3600)
        signed = f"{path}?exp={int(ends)}"
        key = options.get("keyName", "default").encode()
        digest = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
        return f"https://imagedelivery.net{signed}&sig={digest}"

    async def update(self, options: Any, /) -> Any:
        kept = self._hosted.stored.get(self._id)
        if kept is None:
            raise JsException("Error", f"Image not found: {self._id}")
        for name, theirs in _CHANGED.items():
            if name in options:
                kept[theirs] = options[name]
        return from_js(kept)

    async def delete(self) -> bool:
        self._hosted.data.pop(self._id, None)
        return self._hosted.stored.pop(self._id, None) is not None


_CHANGED = {"requireSignedURLs": "requireSignedURLs", "metadata": "meta", "creator": "creator"}


def _matches(meta: dict[str, Any], wanted: dict[str, Any]) -> bool:
    for name, value in wanted.items():
        conditions = cast("dict[str, Any]", value if isinstance(value, dict) else {"eq": value})
        for condition, operand in conditions.items():
            if name not in meta or not _OPERATORS[condition](meta[name], operand):
                return False
    return True


def _in(value: Any, operand: Any) -> bool:
    return value in operand


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "in": _in,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def _iso(clock: Clock) -> str:
    return clock.datetime().isoformat(timespec="milliseconds").replace("+00:00", "Z")
