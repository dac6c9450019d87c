"""``Images``: measure and transform images. ``pyworkers_sdk.images.hosted`` stores images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

from .._border import JsWrapper, binding, from_js, prop, raising, raw, text, to_js, unsupported
from .._media_input import ImageSource as ImageSource, js_stream
from .._options import js_bag, js_options, named_tuple
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
    """The format and the size of an image. An SVG has only a format.

    JS: ImageInfoResponse.
    """

    format: str
    """The media type, such as "image/png"."""
    file_size: int | None
    """The size in bytes."""
    width: int | None
    """The width in pixels."""
    height: int | None
    """The height in pixels."""


class ImageGravity(TypedDict, total=False):
    """The point of an image to keep if it is cropped."""

    x: float
    """0 (left) to 1 (right)."""
    y: float
    """0 (top) to 1 (bottom)."""
    mode: Literal["remainder", "box-center"]


class ImageBorder(TypedDict, total=False):
    """A border around an image: ``color`` is a CSS colour, and the widths are in pixels."""

    color: str
    width: float
    top: float
    right: float
    bottom: float
    left: float


class ImageTrimBorder(TypedDict, total=False):
    """The border to cut off."""

    color: str
    """The colour of the border, as a CSS colour."""
    tolerance: float
    """The difference from ``color`` that still counts as border."""
    keep: float
    """The width of the border that remains, in pixels."""


class ImageTrim(TypedDict, total=False):
    """The pixels to cut off at the edges, or the size to keep; ``border`` detects the edges."""

    top: float
    right: float
    bottom: float
    left: float
    width: float
    height: float
    border: bool | ImageTrimBorder


class ImageFont(TypedDict):
    """The font of a text."""

    url: str
    """The URL of the font file."""


class Images(JsWrapper["_js.ImagesBinding"]):
    """The Images binding: ``Images(env.IMAGES)``. ::

        image = images.input(request.body).transform(width=400)
        return (await image.output(format="image/avif")).response()

    The service reads JPEG, PNG, GIF, WebP, AVIF and SVG, up to 100 megapixels and 12,000 pixels
    on a side. The bytes of an image that is passed as a stream never enter Python. Every method
    raises ImagesError if the service refuses the request.

    JS: ImagesBinding.
    """

    __slots__ = ()

    def __init__(self, images: _js.ImagesBinding) -> None:
        self._js = binding(images, "Images", "info")

    async def info(
        self, image: ImageSource, *, encoding: Literal["base64"] | None = None
    ) -> ImageInfoResponse:
        """Return the format and the size of an image.

        Args:
            image: The image. A stream is consumed.
            encoding: "base64" if the input is base64 text.

        Raises:
            ConversionError: ``image`` is neither bytes, nor a Blob, nor a stream.
            ImagesError: The service cannot read the image.

        JS: ImagesBinding.info.
        """
        stream = js_stream(image, "image")
        with _raising:
            info = await self._js.info(stream, encoding=encoding)
        return named_tuple(ImageInfoResponse, from_js(info))

    def input(
        self, image: ImageSource, *, encoding: Literal["base64"] | None = None
    ) -> ImageTransformer:
        """Start a transformation of an image. The work begins with ``output``.

        Args:
            image: The image. A stream is consumed.
            encoding: "base64" if the input is base64 text.

        Raises:
            ConversionError: ``image`` is neither bytes, nor a Blob, nor a stream.

        JS: ImagesBinding.input.
        """
        stream = js_stream(image, "image")
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
        """Start with an image of a text that ``draw`` can put over another image.

        Args:
            content: The text.
            font: The font, as ``{"url": …}``.
            size: The size of the font in pixels.
            color: The colour of the text, as a CSS colour.

        Raises:
            ConversionError: An argument has another type, or ``font`` has an unknown key.
            ImagesError: The runtime has no text, as in local development.

        JS: ImagesBinding.text.
        """
        js_font = to_js(js_bag(font, ImageFont, "font"), "font")
        text_content = text(content, "content")
        method = prop(self._js, "text")
        if method is None:
            raise unsupported(ImagesError, "text() of Images")
        with _raising:
            return ImageTransformer(method(text_content, font=js_font, size=size, color=color))

    @property
    def hosted(self) -> HostedImages:
        """The images that are stored in Cloudflare Images.

        JS: ImagesBinding.hosted.
        """
        from .hosted import HostedImages  # Loaded only by Workers that store images.

        return HostedImages(self._js.hosted)


class ImageTransformer(JsWrapper["_js.ImageTransformer"]):
    """An image and the steps of its transformation.

    A transformer can be output once, or drawn once over another image. A second use raises
    ImagesError with the code 9525.

    JS: ImageTransformer.
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
        """Add a step to the transformation. Steps are applied in the order of the calls.

        Local development applies only ``rotate``, ``width``, ``height`` and ``fit``.

        Args:
            width: The width in pixels, after the rotation.
            height: The height in pixels, after the rotation.
            background: A CSS colour for transparent pixels and for padding.
            blur: The radius of the blur, 1 to 250.
            border: A border around the image.
            brightness: A factor; 1 leaves the image unchanged.
            contrast: A factor; 1 leaves the image unchanged.
            fit: How the image fits into ``width`` and ``height``.
            flip: "h" mirrors horizontally, "v" vertically, "hv" both.
            gamma: A factor; 1 leaves the image unchanged.
            segment: "foreground" makes the background transparent.
            gravity: The point of the image to keep if it is cropped.
            rotate: The angle in degrees. The rotation comes before the resizing.
            saturation: A factor; 1 leaves the image unchanged.
            sharpen: The strength of the sharpening, 0 to 10.
            trim: The edges to cut off.

        Raises:
            ConversionError: ``border``, ``gravity`` or ``trim`` is not a dict of known keys.

        JS: ImageTransformer.transform.
        """
        options = {
            "width": width,
            "height": height,
            "background": background,
            "blur": blur,
            "border": _border(border),
            "brightness": brightness,
            "contrast": contrast,
            "fit": fit,
            "flip": flip,
            "gamma": gamma,
            "segment": segment,
            "gravity": _gravity(gravity),
            "rotate": rotate,
            "saturation": saturation,
            "sharpen": sharpen,
            "trim": _trim(trim),
        }
        with _raising:
            return ImageTransformer(self._js.transform(**_keywords(options)))

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
        """Draw another image over this image. Local development draws nothing.

        Args:
            image: The image to draw. A transformer that is drawn is consumed, and so is a stream.
            opacity: 0 (invisible) to 1 (opaque).
            repeat: True tiles the image; "x" and "y" repeat it along one axis.
            composite: How the pixels of both images are combined.
            top: The distance from the top edge of this image, in pixels.
            left: The distance from the left edge, in pixels.
            bottom: The distance from the bottom edge, in pixels.
            right: The distance from the right edge, in pixels.

        Raises:
            ConversionError: ``image`` has another type.
            ImagesError: The transformer ``image`` was consumed before.

        JS: ImageTransformer.draw.
        """
        if isinstance(image, ImageTransformer):
            drawn: Any = image.js_object
        else:
            drawn = js_stream(image, "image")
        options = {
            "opacity": opacity,
            "repeat": repeat,
            "composite": composite,
            "top": top,
            "left": left,
            "bottom": bottom,
            "right": right,
        }
        with _raising:
            return ImageTransformer(self._js.draw(drawn, **_keywords(options)))

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
        """Run the transformation and return the image. The transformer is consumed.

        Args:
            format: The format of the result. Local development has no "rgb" and "rgba".
            quality: The quality of a lossy format, 1 to 100.
            background: A CSS colour for transparent pixels.
            anim: False keeps only the first frame of an animation.

        Raises:
            ImagesError: The service refuses the image or a step, or the transformer was consumed
                before.

        JS: ImageTransformer.output.
        """
        with _raising:
            result = await self._js.output(
                format=format, quality=quality, background=background, anim=anim
            )
        return ImageTransformationResult(result)


class ImageTransformationResult(JsWrapper["_js.ImageTransformationResult"]):
    """The result of a transformation. Read it once, with ``response`` or ``image``.

    JS: ImageTransformationResult.
    """

    __slots__ = ()

    def __init__(self, result: _js.ImageTransformationResult) -> None:
        self._js = raw(result)

    def response(self, *, headers: HeadersInit | None = None) -> Response:
        """Return the image as a response with its Content-Type.

        Args:
            headers: Further headers of the response. A Content-Type among them is ignored.

        JS: ImageTransformationResult.response.
        """
        from ..http import Response

        extra_headers = Headers(headers).items()
        with _raising:
            response = Response.from_js(self._js.response())
        # Not every runtime accepts headers as an option of response(), so they are added here.
        for name, value in extra_headers:
            if name != "content-type":
                response.headers.append(name, value)
        return response

    def content_type(self) -> str:
        """Return the media type of the image.

        JS: ImageTransformationResult.contentType.
        """
        with _raising:
            return self._js.contentType()

    def image(self, *, encoding: Literal["base64"] | None = None) -> ReadableStream:
        """Return the image as a stream.

        Args:
            encoding: "base64" for base64 text instead of the bytes.

        JS: ImageTransformationResult.image.
        """
        with _raising:
            return ReadableStream(self._js.image(encoding=encoding))


def _keywords(options: dict[str, Any]) -> dict[str, Any]:
    # Each keyword is a crossing, so absent options are left out. Without any keyword JavaScript
    # would get no options object at all, so an empty step passes one undefined option.
    return js_options(options) or dict.fromkeys([*options][:1])


def _gravity(gravity: Any) -> Any:
    if gravity is None or isinstance(gravity, str):
        return gravity
    return to_js(js_bag(gravity, ImageGravity, "gravity"), "gravity")


def _border(border: Any) -> Any:
    return None if border is None else to_js(js_bag(border, ImageBorder, "border"), "border")


def _trim(trim: Any) -> Any:
    if trim is None or isinstance(trim, str):
        return trim
    return to_js(js_bag(trim, ImageTrim, "trim", {"border": _trim_border}), "trim")


def _trim_border(border: Any, name: str) -> Any:
    return border if isinstance(border, bool) else js_bag(border, ImageTrimBorder, name)
