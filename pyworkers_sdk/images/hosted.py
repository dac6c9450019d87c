"""``HostedImages``: images that are stored in Cloudflare Images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypedDict

from .._border import (
    JsWrapper,
    from_js,
    prop,
    raising,
    raw,
    seconds,
    text,
    unsupported,
)
from .._border.rpc import invoke, member
from .._media_input import js_stream
from .._options import js_bag, js_options, json_of, list_of, named_tuple
from .._remote_object import RemoteObject
from .._times import from_iso
from ..errors import ImagesError
from ..streams import ReadableStream

if TYPE_CHECKING:
    from .. import _js
    from .._media_input import ImageSource

__all__ = [
    "HostedImages",
    "ImageDirectUploadResult",
    "ImageHandle",
    "ImageList",
    "ImageListFilter",
    "ImageMetadata",
    "ImageMetadataFilterOperators",
]

_raising = raising(ImagesError)


class ImageMetadata(NamedTuple):
    """The properties of a stored image.

    JS: ImageMetadata.
    """

    id: str
    """The id of the image."""
    filename: str | None
    """The name of the uploaded file."""
    uploaded: datetime | None
    """The time of the upload, in UTC."""
    require_signed_urls: bool
    """True if the image is served only at signed URLs."""
    meta: dict[str, Any] | None
    """The metadata that was stored with the image."""
    variants: list[str]
    """The URLs at which the image is served."""
    draft: bool | None
    """True while a direct upload has not arrived yet."""
    creator: str | None
    """The creator that was stored with the image."""


class ImageList(NamedTuple):
    """A page of a listing.

    JS: ImageList.
    """

    images: list[ImageMetadata]
    """The images of this page."""
    cursor: str | None
    """The cursor that requests the next page; None on the last page."""
    list_complete: bool
    """True on the last page."""


class ImageDirectUploadResult(NamedTuple):
    """The permission to upload one image directly.

    JS: ImageDirectUploadResult.
    """

    id: str
    """The id that the image will have."""
    upload_url: str
    """The URL to which a client may send the image, once."""


class ImageMetadataFilterOperators(TypedDict, total=False):
    """Conditions on one value of the metadata.

    JS: ImageMetadataFilterOperators.
    """

    eq: str | float | bool
    in_: Sequence[str] | Sequence[float]
    gt: float
    gte: float
    lt: float
    lte: float


_FilterValue: TypeAlias = "str | float | bool | ImageMetadataFilterOperators"


class ImageListFilter(TypedDict, total=False):
    """A condition on the images to list.

    JS: ImageListFilter.
    """

    metadata: Mapping[str, _FilterValue]
    """The value, or conditions on the value, under each key of the metadata."""


class HostedImages(JsWrapper["_js.HostedImagesBinding"]):
    """The images in storage: ``images.hosted``.

    Every method raises ImagesError if the service refuses the request.

    JS: HostedImagesBinding.
    """

    __slots__ = ()

    def __init__(self, hosted: _js.HostedImagesBinding) -> None:
        self._js = raw(hosted)

    def image(self, image_id: str) -> ImageHandle:
        """Return the handle of an image, whether or not the image exists.

        JS: HostedImagesBinding.image.
        """
        with _raising:
            handle = invoke(member(self._js, "image"), [text(image_id, "image_id")], self._js)
            return ImageHandle(handle)

    async def upload(
        self,
        image: ImageSource,
        *,
        id: str | None = None,
        filename: str | None = None,
        require_signed_urls: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
        creator: str | None = None,
        encoding: Literal["base64"] | None = None,
    ) -> ImageMetadata:
        """Store an image of at most 10 MB (100 MB on some plans).

        Args:
            image: The image. A stream is consumed.
            id: The id of the image; the service generates an id by default.
            filename: The name of the file.
            require_signed_urls: Serve the image only at signed URLs.
            metadata: A JSON object.
            creator: The creator of the image, by which ``list`` can filter.
            encoding: "base64" if the input is base64 text.

        Raises:
            ConversionError: ``image`` has another type, or ``metadata`` is not JSON.
            ImagesError: The service refuses the image.

        JS: HostedImagesBinding.upload.
        """
        options = {
            "id": id,
            "filename": filename,
            "require_signed_urls": require_signed_urls,
            "metadata": metadata,
            "creator": creator,
            "encoding": encoding,
        }
        js_params = _json_object(options)
        stream = js_stream(image, "image")
        with _raising:
            return _metadata(from_js(await self._js.upload(stream, js_params)))

    async def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
        creator: str | None = None,
        filter: ImageListFilter | None = None,
    ) -> ImageList:
        """Return a page of the stored images, in the order of their upload.

        Args:
            limit: The maximum number of images of the page.
            cursor: The ``cursor`` of the page before; the first page by default.
            sort_order: "asc" for the oldest image first, "desc" for the newest.
            creator: List only the images of this creator.
            filter: Conditions on the metadata.

        Raises:
            ConversionError: ``filter`` has an unknown key or another type.

        JS: HostedImagesBinding.list.
        """
        js_filter = None
        if filter is not None:
            js_filter = js_bag(filter, ImageListFilter, "filter", {"metadata": _conditions})
        options = {
            "limit": limit,
            "cursor": cursor,
            "sort_order": sort_order,
            "creator": creator,
            "filter": js_filter,
        }
        js_params = _json_object(options)
        with _raising:
            page = from_js(await self._js.list(js_params))
        return named_tuple(ImageList, page, images=list_of(_metadata))

    async def create_direct_upload(
        self,
        *,
        id: str | None = None,
        require_signed_urls: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
        creator: str | None = None,
        expires_in: int | timedelta | None = None,
    ) -> ImageDirectUploadResult:
        """Create a URL to which a client may send one image.

        Args:
            id: The id of the image; the service generates an id by default.
            require_signed_urls: Serve the image only at signed URLs.
            metadata: A JSON object.
            creator: The creator of the image.
            expires_in: How long the URL is valid, as a timedelta or in whole seconds.

        Raises:
            ConversionError: ``metadata`` is not JSON, or ``expires_in`` is invalid.
            ImagesError: The runtime has no direct uploads, as in local development.

        JS: HostedImagesBinding.createDirectUpload.
        """
        options = {
            "id": id,
            "require_signed_urls": require_signed_urls,
            "metadata": metadata,
            "creator": creator,
            "expires_in": seconds(expires_in, "expires_in"),
        }
        js_params = _json_object(options)
        method = prop(self._js, "createDirectUpload")
        if method is None:
            raise unsupported(ImagesError, "createDirectUpload() of Images")
        with _raising:
            upload = from_js(await method(js_params))
        return named_tuple(ImageDirectUploadResult, upload)


class ImageHandle(RemoteObject[Any]):
    """The handle of a stored image. The image may be missing.

    Every method raises ImagesError if the service refuses the request.

    JS: ImageHandle.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, handle: _js.ImageHandle) -> None:
        self._js = handle

    async def details(self) -> ImageMetadata | None:
        """Return the properties of the image, or None if it does not exist.

        JS: ImageHandle.details.
        """
        details = await self._ask("details")
        return None if details is None else _metadata(details)

    async def bytes(self) -> ReadableStream | None:
        """Return the uploaded bytes as a stream, or None if the image does not exist.

        JS: ImageHandle.bytes.
        """
        stream = raw(await self._call("bytes"))
        return None if stream is None else ReadableStream(stream)

    async def signed_url(
        self,
        *,
        variant: str,
        expires_in: int | timedelta | None = None,
        key_name: str | None = None,
    ) -> str:
        """Return a signed URL of a variant of the image.

        Args:
            variant: The name of the variant.
            expires_in: How long the URL is valid, as a timedelta or in whole seconds.
            key_name: The name of the signing key.

        Raises:
            ConversionError: ``expires_in`` is invalid.
            ImagesError: The runtime has no signed URLs, as in local development.

        JS: ImageHandle.signedUrl.
        """
        options = {
            "variant": variant,
            "expires_in": seconds(expires_in, "expires_in"),
            "key_name": key_name,
        }
        url: str = await self._call("signedUrl", _json_object(options))
        return url

    async def update(
        self,
        *,
        require_signed_urls: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
        creator: str | None = None,
    ) -> ImageMetadata:
        """Replace the properties that are passed, and return all properties of the image.

        Args:
            require_signed_urls: Serve the image only at signed URLs.
            metadata: A JSON object. It replaces the whole metadata.
            creator: The creator of the image.

        Raises:
            ConversionError: ``metadata`` is not JSON.
            ImagesError: The image does not exist.

        JS: ImageHandle.update.
        """
        options = {
            "require_signed_urls": require_signed_urls,
            "metadata": metadata,
            "creator": creator,
        }
        return _metadata(await self._ask("update", _json_object(options)))

    async def delete(self) -> bool:
        """Delete the image. Return False if it did not exist.

        JS: ImageHandle.delete.
        """
        return bool(await self._call("delete"))


def _metadata(fields: dict[str, Any]) -> ImageMetadata:
    return named_tuple(ImageMetadata, fields, uploaded=from_iso)


def _json_object(options: dict[str, Any]) -> Any:
    return json_of(js_options(options))


def _conditions(metadata: Any, name: str) -> Any:
    operators = ImageMetadataFilterOperators
    return {
        key: js_bag(value, operators, f"{name}[{key!r}]") if isinstance(value, Mapping) else value
        for key, value in metadata.items()
    }
