"""``Images``: look at images and change them; ``images_hosted`` has those that are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

from .._border import JsWrapper, binding, from_js, prop, raising, raw, text, to_js, unsupported
from .._media_input import ImageSource as ImageSource, source
from .._options import js_bag, named_tuple
from ..errors import ImagesError
from ..headers import Headers
from ..streams import ReadableStream

if TYPE_CHECKING:
    from .. import _js
    from ..headers import HeadersInit
    from ..http import Response
    from .hosted import HostedImages

__all__ = [
    "ImageBorder",
    "ImageFont",
    "ImageGravity",
    "ImageInfoResponse",
    "ImageSource",
    "ImageTransformationResult",
    "ImageTransformer",
    "ImageTrim",
    "ImageTrimBorder",
    "Images",
]

_raising = raising(ImagesError)


class ImageInfoResponse(NamedTuple):
    """What an image is. JS: ImageInfoResponse.

    ``format`` is a media type, ``file_size`` in bytes, ``width`` and ``height`` in pixels; an SVG
    has only its format.
    """

    format: str
    file_size: int | None
    width: int | None
    height: int | None


class ImageGravity(TypedDict, total=False):
    """The point of an image to keep; ``x`` and ``y`` are 0 (left, top) to 1."""

    x: float
    y: float
    mode: Literal["remainder", "box-center"]


class ImageBorder(TypedDict, total=False):
    """A border around an image: ``color`` is CSS's, the widths are in pixels."""

    color: str
    width: float
    top: float
    right: float
    bottom: float
    left: float


class ImageTrimBorder(TypedDict, total=False):
    """The border to cut off: its ``color``, how far one may be from it, and how much to keep."""

    color: str
    tolerance: float
    keep: float


class ImageTrim(TypedDict, total=False):
    """The pixels to cut off at the edges, or the size to leave; ``border`` finds them itself."""

    top: float
    right: float
    bottom: float
    left: float
    width: float
    height: float
    border: bool | ImageTrimBorder


class ImageFont(TypedDict):
    """Where the font of a text is."""

    url: str


class Images(JsWrapper["_js.ImagesBinding"]):
    """The Images binding: ``Images(env.IMAGES)``. ::

        image = images.input(request.body).transform(width=400)
        return (await image.output(format="image/avif")).response()

    It reads JPEG, PNG, GIF, WebP, AVIF and SVG, up to 100 megapixels and 12,000 pixels a side.
    Bytes of an image that come as a stream never enter Python. Every method raises ImagesError
    where the service refuses.

    JS: ImagesBinding.
    """

    __slots__ = ()

    def __init__(self, images: _js.ImagesBinding) -> None:
        self._js = binding(images, "Images", "info")

    async def info(
        self, image: ImageSource, *, encoding: Literal["base64"] | None = None
    ) -> ImageInfoResponse:
        """The format and the size of an image; a stream is used up.

        ``encoding`` says that what is given is base64. JS: ImagesBinding.info.
        """
        stream = source(image, "image")
        with _raising:
            found = await self._js.info(stream, encoding=encoding)
        return named_tuple(ImageInfoResponse, from_js(found))

    def input(
        self, image: ImageSource, *, encoding: Literal["base64"] | None = None
    ) -> ImageTransformer:
        """Begin with an image; nothing happens to it before ``output``.

        ``encoding`` says that what is given is base64. JS: ImagesBinding.input.
        """
        stream = source(image, "image")
        with _raising:
            return ImageTransformer(self._js.input(stream, encoding=encoding))

    def text(
        self,
        content: str,
        *,
        font: ImageFont,
        size: float | None = None,
        color: str | None = None,
    ) -> ImageTransformer:
        """Begin with an image of a text, to ``draw`` it over another.

        ``size`` is in pixels, ``color`` is CSS's. The local simulation has no text.
        JS: ImagesBinding.text.
        """
        ready = to_js(js_bag(font, ImageFont, "font"), "font")
        written = text(content, "content")
        method = prop(self._js, "text")
        if method is None:
            raise unsupported(ImagesError, "text() of Images")
        with _raising:
            return ImageTransformer(method(written, font=ready, size=size, color=color))

    @property
    def hosted(self) -> HostedImages:
        """The images that are stored in Cloudflare Images. JS: ImagesBinding.hosted."""
        from .hosted import HostedImages  # only who stores images pays for it

        return HostedImages(self._js.hosted)


class ImageTransformer(JsWrapper["_js.ImageTransformer"]):
    """An image, and what is to become of it, one step after the other. JS: ImageTransformer.

    It is good for one ``output``, or to be drawn once; ImagesError (9525) after that.
    """

    __slots__ = ()

    def __init__(self, transformer: _js.ImageTransformer) -> None:
        self._js = raw(transformer)

    def transform(
        self,
        *,
        width: float | None = None,
        height: float | None = None,
        background: str | None = None,
        blur: float | None = None,
        border: ImageBorder | None = None,
        brightness: float | None = None,
        contrast: float | None = None,
        fit: Literal["scale-down", "contain", "pad", "squeeze", "cover", "crop"] | None = None,
        flip: Literal["h", "v", "hv"] | None = None,
        gamma: float | None = None,
        segment: Literal["foreground"] | None = None,
        gravity: Literal["face", "left", "right", "top", "bottom", "center", "auto", "entropy"]
        | ImageGravity
        | None = None,
        rotate: Literal[0, 90, 180, 270] | None = None,
        saturation: float | None = None,
        sharpen: float | None = None,
        trim: Literal["border"] | ImageTrim | None = None,
    ) -> ImageTransformer:
        """Change the image; steps follow each other in the order in which they are said.

        ``width`` and ``height`` are in pixels, after ``rotate``, which is in degrees. ``blur`` is 1
        to 250, ``sharpen`` 0 to 10; ``brightness``, ``contrast``, ``gamma`` and ``saturation`` of 1
        leave an image as it is. ``background`` is a CSS colour. Of all these local development
        looks at ``rotate``, ``width``, ``height`` and ``fit`` alone.

        JS: ImageTransformer.transform.
        """
        ready_border = _border(border)
        ready_gravity = (
            gravity if gravity is None or isinstance(gravity, str) else _gravity(gravity)
        )
        ready_trim = trim if trim is None or isinstance(trim, str) else _trim(trim)
        with _raising:
            made = self._js.transform(
                width=width,
                height=height,
                background=background,
                blur=blur,
                border=ready_border,
                brightness=brightness,
                contrast=contrast,
                fit=fit,
                flip=flip,
                gamma=gamma,
                segment=segment,
                gravity=ready_gravity,
                rotate=rotate,
                saturation=saturation,
                sharpen=sharpen,
                trim=ready_trim,
            )
        return ImageTransformer(made)

    def draw(
        self,
        image: ImageSource | ImageTransformer,
        *,
        opacity: float | None = None,
        repeat: bool | Literal["x", "y"] | None = None,
        composite: Literal["over", "in", "atop", "out", "xor", "lighter"] | None = None,
        top: float | None = None,
        left: float | None = None,
        bottom: float | None = None,
        right: float | None = None,
    ) -> ImageTransformer:
        """Draw another image over this one; a transformer that is drawn is used up.

        ``opacity`` is 0 to 1; the edges are in pixels from those of this image. The local
        simulation draws nothing. JS: ImageTransformer.draw.
        """
        drawn = image.js_object if isinstance(image, ImageTransformer) else source(image, "image")
        with _raising:
            made = self._js.draw(
                drawn,
                opacity=opacity,
                repeat=repeat,
                composite=composite,
                top=top,
                left=left,
                bottom=bottom,
                right=right,
            )
        return ImageTransformer(made)

    async def output(
        self,
        *,
        format: Literal[
            "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "rgb", "rgba"
        ],
        quality: float | None = None,
        background: str | None = None,
        anim: bool | None = None,
    ) -> ImageTransformationResult:
        """Have the work done, and the image made in this format.

        ``quality`` is 1 to 100; ``background`` is a CSS colour for what is transparent;
        ``anim=False`` keeps the first frame of an animation. JS: ImageTransformer.output.
        """
        with _raising:
            found = await self._js.output(
                format=format, quality=quality, background=background, anim=anim
            )
        return ImageTransformationResult(found)


class ImageTransformationResult(JsWrapper["_js.ImageTransformationResult"]):
    """An image that was made; it can be had once, by ``response`` or ``image``.

    JS: ImageTransformationResult.
    """

    __slots__ = ()

    def __init__(self, result: _js.ImageTransformationResult) -> None:
        self._js = raw(result)

    def response(self, *, headers: HeadersInit | None = None) -> Response:
        """The image as a response, with its Content-Type and these headers.

        JS: ImageTransformationResult.response.
        """
        from ..http import Response

        given = Headers(headers).items()
        with _raising:
            response = Response.from_js(self._js.response())
        for name, value in given:  # which not every runtime takes as an option
            if name != "content-type":
                response.headers.append(name, value)
        return response

    def content_type(self) -> str:
        """The media type of the image. JS: ImageTransformationResult.contentType."""
        with _raising:
            return self._js.contentType()

    def image(self, *, encoding: Literal["base64"] | None = None) -> ReadableStream:
        """The image as a stream of bytes, or of base64. JS: ImageTransformationResult.image."""
        with _raising:
            return ReadableStream(self._js.image(encoding=encoding))


def _gravity(given: Any) -> Any:
    return to_js(js_bag(given, ImageGravity, "gravity"), "gravity")


def _border(given: Any) -> Any:
    return None if given is None else to_js(js_bag(given, ImageBorder, "border"), "border")


def _trim(given: Any) -> Any:
    return to_js(js_bag(given, ImageTrim, "trim", {"border": _trim_border}), "trim")


def _trim_border(given: Any, name: str) -> Any:
    return given if isinstance(given, bool) else js_bag(given, ImageTrimBorder, name)
