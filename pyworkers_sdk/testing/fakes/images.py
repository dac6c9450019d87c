"""``FakeImagesBinding``: the JavaScript API of Images, without an image library.

The fake measures real images. Its results are grey images of the right format and size. Sizes and
refusals match the local simulation of miniflare, size by size (contract:
test_transform_fit_decides_the_size, test_transform_rotates_and_resizes_only).
"""

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
from .image_headers import FORMATS, make_image, read_header

__all__ = ["FakeImagesBinding", "ImageOutput", "image_outputs"]

DELIVERY = "https://imagedelivery.net/fake-account-hash"
UPLOAD = "https://upload.imagedelivery.net/fake-account-hash"
DEFAULT_LIMIT = 50

# The runtime's own words with their codes, seen in workerd: quotes, never to be improved.
CONSUMED = (
    9525,
    "IMAGES_TRANSFORM_ERROR 9525: ImageTransformer consumed; you may only call .output() or draw a "
    "transformer once",
)
NOT_NUMBERS = (
    9523,
    "IMAGES_TRANSFORM_ERROR 9523: ERROR: Internal Images binding error: Expected JSON array of "
    "valid transforms in transforms field",
)
NO_RGB = (
    9520,
    "IMAGES_TRANSFORM_ERROR 9520: ERROR: RGB/RGBA output is not supported in local mode",
)
NOT_A_LENGTH = (
    9523,
    "Unexpected error response 500: Error: Expected positive integer for {} but received {} of "
    "type number",
)
EMPTY_INPUT = 9523, "Unexpected error response 500: Error: Input bit Array is empty"
UNKNOWN_FORMAT = (
    9523,
    "Unexpected error response 500: Error: Input buffer contains unsupported image format",
)
LOCKED_INPUT = 9523, "Unexpected error response 500: TypeError: Failed to parse body as FormData."
NOT_FOUND = "Image not found: {}"  # without a code


class ImageOutput(NamedTuple):
    """An image that a Worker created, described with JavaScript's names."""

    transforms: list[dict[str, Any]]
    """The options of each ``transform``, and ``{"draw": …, "options": …}`` for each ``draw``.

    ``draw`` has the transforms of the drawn image; an image that was drawn unchanged has none.
    """
    output: dict[str, Any]
    """The options of ``output``."""
    width: int
    """The width of the result in pixels."""
    height: int
    """The height of the result in pixels."""


@yields_to_others
class FakeImagesBinding:
    """JS: ImagesBinding.

    ``info`` reads the headers of real images. ``output`` creates a grey image in the requested
    format. Its size follows from ``rotate``, ``width``, ``height`` and ``fit``, step by step. Other
    options have no effect and ``draw`` draws nothing, as in the local simulation. ``text``, signed
    URLs, direct uploads and filters are missing in the local simulation; they follow the
    documentation and have not been verified.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.outputs: list[ImageOutput] = []
        self.hosted: FakeHostedImages = FakeHostedImages(clock)

    async def info(self, image: ReadableStream, /, *, encoding: str | None = None) -> Any:
        input_image = _input_image(await _read(_decoded(image, encoding)))
        if input_image.format == "image/svg+xml":  # An SVG is reported without any size.
            return {"format": input_image.format}
        return {
            "format": input_image.format,
            "fileSize": len(input_image.data),
            "width": input_image.width,
            "height": input_image.height,
        }

    def input(
        self, image: ReadableStream, /, *, encoding: str | None = None
    ) -> FakeImageTransformer:
        # The stream is read by output(), so a bad image is refused there, not here.
        return FakeImageTransformer(self, _decoded(image, encoding))

    def text(
        self, content: str, /, *, font: Any, size: float | None = None, color: str | None = None
    ) -> FakeImageTransformer:
        # Without a font, a character counts as half as wide as it is high.
        height = round(size or 16)
        image = make_image("image/png", max(1, len(content) * height // 2), height)
        return FakeImageTransformer(self, ReadableStream.of(image))


@yields_to_others
class FakeImageTransformer:
    """JS: ImageTransformer."""

    def __init__(self, images: FakeImagesBinding, source: ReadableStream) -> None:
        self.transforms: list[dict[str, Any]] = []
        self._images = images
        self._source = source
        self._consumed = False

    def transform(self, **options: Any) -> FakeImageTransformer:
        self.transforms.append(_present(options))
        return self

    def draw(self, image: Any, /, **options: Any) -> FakeImageTransformer:
        drawn: list[dict[str, Any]] = []
        if isinstance(image, FakeImageTransformer):
            image.consume()
            drawn = image.transforms
        self.transforms.append({"draw": drawn, "options": _present(options)})
        return self

    async def output(
        self,
        *,
        format: str,
        quality: float | None = None,
        background: str | None = None,
        anim: bool | None = None,
    ) -> FakeImageTransformationResult:
        # Consumed also if the image or a step is refused below.
        self.consume()
        input_image = _input_image(await _read(self._source))
        if any(not _is_number(step.get(name)) for step in self.transforms for name in _NUMBERS):
            raise _failure(NOT_NUMBERS)
        size = input_image.width or 1, input_image.height or 1  # An SVG has no size.
        for step in self.transforms:
            size = _size_after(step, size)
        if format in ("rgb", "rgba"):
            raise _failure(NO_RGB)
        options = _present({"quality": quality, "background": background, "anim": anim})
        self._images.outputs.append(
            ImageOutput(self.transforms, {"format": format} | options, *size)
        )
        # contract: test_output_of_an_unknown_format_is_jpeg
        content_type = format if format in FORMATS else "image/jpeg"
        return FakeImageTransformationResult(content_type, make_image(content_type, *size))

    def consume(self) -> None:
        if self._consumed:
            raise _failure(CONSUMED)
        self._consumed = True


class FakeImageTransformationResult:
    """JS: ImageTransformationResult."""

    def __init__(self, content_type: str, data: bytes) -> None:
        self._type = content_type
        # One stream for all calls: the image can be read once (contract:
        # test_result_image_can_be_read_once).
        self._stream = ReadableStream.of(data)

    def contentType(self) -> str:
        return self._type

    def image(self, *, encoding: str | None = None) -> ReadableStream:
        return _encoded(self._stream) if encoding == "base64" else self._stream

    def response(self) -> web.Response:
        return web.Response.new(self._stream, headers=[["content-type", self._type]])


def image_outputs(images: Images) -> list[ImageOutput]:
    """Return the images that a fake created, in order.

    Raises:
        TypeError: ``images`` is not from ``fake()``.
    """
    inside = raw(images)
    if not isinstance(inside, FakeImagesBinding):
        raise TypeError(
            f"image_outputs(): expected an Images that fake() made, got {type(inside).__name__}"
        )
    return [*inside.outputs]


# Sizes -------------------------------------------------------------------------------------------

Size = tuple[int, int]  # width and height in pixels; 0 in a box means: not limited

_NUMBERS = ("rotate", "width", "height")


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _size_after(step: dict[str, Any], size: Size) -> Size:
    """Return the size after a transform: rotated first, then fitted into the box."""
    size = _rotated(size, step.get("rotate") or 0)
    box = step.get("width") or 0, step.get("height") or 0
    for name, length in zip(("width", "height"), box, strict=True):
        if length < 0 or length % 1:
            raise _failure(NOT_A_LENGTH, name, length)
    if not any(box):
        return size
    return _FITS.get(str(step.get("fit")), _scale_down)(size, box)


def _rotated(size: Size, degrees: float) -> Size:
    """Return the size of the upright box that contains the rotated image.

    Angles beside 90, 180 and 270 are refused by the types only: the local simulation takes all
    (contract: test_transform_with_out_of_range_values_is_not_refused).
    """
    if not degrees:
        return size
    width, height = size
    across, along = abs(cos(radians(degrees))), abs(sin(radians(degrees)))
    return round(width * across + height * along), round(height * across + width * along)


def _squeeze(size: Size, box: Size) -> Size:
    return box[0] or size[0], box[1] or size[1]


def _crop(size: Size, box: Size) -> Size:
    """Return the part of the image inside the box; with one length, scale down."""
    return (min(box[0], size[0]), min(box[1], size[1])) if all(box) else _scale_down(size, box)


def _fill(size: Size, box: Size) -> Size:
    """Return the box itself; with one length, scale up or down."""
    return box if all(box) else _contain(size, box)


def _contain(size: Size, box: Size) -> Size:
    return _scaled(size, _scale(size, box))


def _scale_down(size: Size, box: Size) -> Size:
    return _scaled(size, min(_scale(size, box), 1))


def _scale(size: Size, box: Size) -> float:
    return min(new / old for new, old in zip(box, size, strict=True) if new)


def _scaled(size: Size, scale: float) -> Size:
    # JavaScript's Math.round rounds halves up; round() of Python would round them to even.
    return max(1, int(size[0] * scale + 0.5)), max(1, int(size[1] * scale + 0.5))


# Any other value, even an unknown one, scales down (contract: test_transform_fit_decides_the_size
# with "nonsense").
_FITS: dict[str, Callable[[Size, Size], Size]] = {
    "squeeze": _squeeze,
    "crop": _crop,
    "cover": _fill,
    "pad": _fill,
    "contain": _contain,
}


# Input and output --------------------------------------------------------------------------------


class _InputImage(NamedTuple):
    format: str
    width: int
    height: int
    data: bytes


def _input_image(data: bytes) -> _InputImage:
    header = read_header(data)
    if header is None:
        raise _failure(UNKNOWN_FORMAT if data else EMPTY_INPUT)
    return _InputImage(*header, data)


def _decoded(image: ReadableStream, encoding: str | None) -> ReadableStream:
    if encoding != "base64":
        return image

    # base64 cannot be decoded in pieces of any length, so the stream has one chunk.
    async def chunks() -> AsyncIterator[bytes]:
        yield b64decode(await _read(image))

    return ReadableStream(chunks())


def _encoded(image: ReadableStream) -> ReadableStream:
    async def chunks() -> AsyncIterator[bytes]:
        yield b64encode(await _read(image))

    return ReadableStream(chunks())


async def _read(stream: ReadableStream) -> bytes:
    # The local simulation sends the stream as a form, hence the message (contract:
    # test_info_of_a_locked_stream_raises).
    if stream.locked:
        raise _failure(LOCKED_INPUT)
    reader, chunks = stream.getReader(), list[bytes]()
    while not (chunk := await reader.read())["done"]:
        chunks.append(chunk["value"])
    reader.releaseLock()
    return b"".join(chunks)


def _present(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _failure(code_and_message: tuple[int, str], *details: object) -> JsException:
    code, message = code_and_message
    error = JsException("Error", message.format(*details))
    error.code = code
    return error


# Stored images -----------------------------------------------------------------------------------


@yields_to_others
class FakeHostedImages:
    """JS: HostedImagesBinding."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.details: dict[str, dict[str, Any]] = {}  # by id: JS ImageMetadata
        self.data: dict[str, bytes] = {}

    def image(self, imageId: str, /) -> FakeImageHandle:
        return FakeImageHandle(self, imageId)

    async def upload(self, image: ReadableStream, options: Any = None, /) -> Any:
        options = options or {}
        # The content is not checked: the local simulation stores any bytes (contract:
        # test_hosted_upload_without_options_has_defaults).
        data = await _read(_decoded(image, options.get("encoding")))
        return self._store(options, data, filename=options.get("filename", "uploaded.jpg"))

    async def createDirectUpload(self, options: Any = None, /) -> Any:
        details = self._store(options or {}, None, draft=True)
        return {"id": details["id"], "uploadURL": f"{UPLOAD}/{details['id']}"}

    async def list(self, options: Any = None, /) -> Any:
        options = options or {}
        creator, cursor = options.get("creator"), options.get("cursor")
        conditions: dict[str, Any] = options.get("filter", {}).get("metadata", {})
        images = [
            details
            for details in self.details.values()
            if creator in (None, details.get("creator")) and _matches(details["meta"], conditions)
        ]
        images.sort(key=lambda details: (details.get("uploaded", ""), details["id"]))
        if options.get("sortOrder") == "desc":
            images.reverse()
        # The cursor is the id of the last image of a page. An unknown cursor starts at the
        # beginning, and a limit of 0 returns a page without a cursor (contract:
        # test_hosted_list_pages_and_filters_by_creator).
        start = next((index for index, image in enumerate(images, 1) if image["id"] == cursor), 0)
        limit = options.get("limit", DEFAULT_LIMIT)
        page = images[start : start + limit]
        is_last = start + limit >= len(images)
        answer = {"images": from_js(page), "listComplete": is_last}
        return answer if is_last or not page else answer | {"cursor": page[-1]["id"]}

    def _store(self, options: dict[str, Any], data: bytes | None, **more: Any) -> Any:
        id = options.get("id") or str(uuid.uuid4())
        details: dict[str, Any] = {
            "id": id,
            "requireSignedURLs": options.get("requireSignedURLs", False),
            "meta": options.get("metadata", {}),
            "variants": [f"{DELIVERY}/{quote(id)}/public"],
            "draft": False,
            **more,
        }
        if "creator" in options:
            details["creator"] = options["creator"]
        if data is not None:
            details["uploaded"] = _iso(self.clock)
            self.data[id] = data
        # An upload with a used id replaces the image (contract:
        # test_hosted_upload_without_options_has_defaults).
        self.details[id] = details
        return from_js(details)  # a copy


@yields_to_others
class FakeImageHandle:
    """JS: ImageHandle."""

    def __init__(self, hosted: FakeHostedImages, id: str) -> None:
        self._hosted = hosted
        self._id = id

    async def details(self) -> Any:
        return from_js(self._hosted.details.get(self._id))

    async def bytes(self) -> ReadableStream | None:
        data = self._hosted.data.get(self._id)
        return None if data is None else ReadableStream.of(data)

    async def signedUrl(self, options: Any, /) -> str:
        # The documented form of a signed URL: HMAC-SHA256 over the path with its expiry in seconds.
        path = f"/fake-account-hash/{quote(self._id)}/{options['variant']}"
        expiry = self._hosted.clock.now() / 1000 + options.get("expiresIn", 3600)
        signed = f"{path}?exp={int(expiry)}"
        key = options.get("keyName", "default").encode()
        signature = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
        return f"https://imagedelivery.net{signed}&sig={signature}"

    async def update(self, options: Any, /) -> Any:
        details = self._hosted.details.get(self._id)
        if details is None:
            raise JsException("Error", NOT_FOUND.format(self._id))
        for name, field in _UPDATED_FIELDS.items():
            if name in options:
                details[field] = options[name]
        return from_js(details)

    async def delete(self) -> bool:
        self._hosted.data.pop(self._id, None)
        return self._hosted.details.pop(self._id, None) is not None


# The options of update(), and the fields of ImageMetadata that they set.
_UPDATED_FIELDS = {
    "requireSignedURLs": "requireSignedURLs",
    "metadata": "meta",
    "creator": "creator",
}


def _matches(meta: dict[str, Any], conditions: dict[str, Any]) -> bool:
    for key, value in conditions.items():
        # A plain value is short for {"eq": value}.
        operators = cast("dict[str, Any]", value if isinstance(value, dict) else {"eq": value})
        for name, operand in operators.items():
            if key not in meta or not _OPERATORS[name](meta[key], operand):
                return False
    return True


def _is_in(value: Any, operand: Any) -> bool:
    return value in operand


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "in": _is_in,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def _iso(clock: Clock) -> str:
    return clock.datetime().isoformat(timespec="milliseconds").replace("+00:00", "Z")
