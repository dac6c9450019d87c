"""``HostedImages``: images that are stored in Cloudflare Images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypedDict

from .._border import (
    JsWrapper,
    dumps,
    from_js,
    from_json,
    prop,
    raising,
    raw,
    seconds,
    text,
    unsupported,
)
from .._border.rpc import invoke, member
from .._media_input import source
from .._options import js_bag, js_options, list_of, named_tuple
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
    """What is known of a stored image. JS: ImageMetadata.

    ``meta`` is the metadata that it was given, ``variants`` are the URLs that it is served at,
    ``draft`` says that a direct upload has not come yet.
    """

    id: str
    filename: str | None
    uploaded: datetime | None
    require_signed_urls: bool
    meta: dict[str, Any] | None
    variants: list[str]
    draft: bool | None
    creator: str | None


class ImageList(NamedTuple):
    """One page of a listing; ``cursor`` asks for the next and is None on the last.

    JS: ImageList.
    """

    images: list[ImageMetadata]
    cursor: str | None
    list_complete: bool


class ImageDirectUploadResult(NamedTuple):
    """The id of an image to come, and where it may be sent. JS: ImageDirectUploadResult."""

    id: str
    upload_url: str


class ImageMetadataFilterOperators(TypedDict, total=False):
    """Conditions on one value of the metadata. JS: ImageMetadataFilterOperators."""

    eq: str | float | bool
    in_: Sequence[str] | Sequence[float]
    gt: float
    gte: float
    lt: float
    lte: float


_FilterValue: TypeAlias = "str | float | bool | ImageMetadataFilterOperators"


class ImageListFilter(TypedDict, total=False):
    """Which images to list, by what their metadata says under these keys. JS: ImageListFilter."""

    metadata: Mapping[str, _FilterValue]


class HostedImages(JsWrapper["_js.HostedImagesBinding"]):
    """Images in storage: ``images.hosted``. ImagesError where the service refuses.

    JS: HostedImagesBinding.
    """

    __slots__ = ()

    def __init__(self, hosted: _js.HostedImagesBinding) -> None:
        self._js = raw(hosted)

    def image(self, image_id: str) -> ImageHandle:
        """The image of that id, whether it is there or not. JS: HostedImagesBinding.image."""
        with _raising:
            made = invoke(member(self._js, "image"), [text(image_id, "image_id")], self._js)
            return ImageHandle(made)

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
        """Store an image of at most 10 MB (100 MB with some plans).

        ``metadata`` is an object of JSON. ``encoding`` says that what is given is base64.
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
        ready = _json(options)
        stream = source(image, "image")
        with _raising:
            return _metadata(from_js(await self._js.upload(stream, ready)))

    async def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
        creator: str | None = None,
        filter: ImageListFilter | None = None,
    ) -> ImageList:
        """One page of the images that are stored, by the time of their upload.

        JS: HostedImagesBinding.list.
        """
        options = {
            "limit": limit,
            "cursor": cursor,
            "sort_order": sort_order,
            "creator": creator,
            "filter": None
            if filter is None
            else js_bag(filter, ImageListFilter, "filter", _FILTER),
        }
        ready = _json(options)
        with _raising:
            found = from_js(await self._js.list(ready))
        return named_tuple(ImageList, found, images=list_of(_metadata))

    async def create_direct_upload(
        self,
        *,
        id: str | None = None,
        require_signed_urls: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
        creator: str | None = None,
        expires_in: int | timedelta | None = None,
    ) -> ImageDirectUploadResult:
        """A URL to which somebody else may send an image, once; ``expires_in`` seconds from now.

        The local simulation has none. JS: HostedImagesBinding.createDirectUpload.
        """
        options = {
            "id": id,
            "require_signed_urls": require_signed_urls,
            "metadata": metadata,
            "creator": creator,
            "expires_in": seconds(expires_in, "expires_in"),
        }
        ready = _json(options)
        method = prop(self._js, "createDirectUpload")
        if method is None:
            raise unsupported(ImagesError, "createDirectUpload() of Images")
        with _raising:
            found = from_js(await method(ready))
        return named_tuple(ImageDirectUploadResult, found)


class ImageHandle(RemoteObject[Any]):
    """One stored image; ImagesError where the service refuses. JS: ImageHandle."""

    __slots__ = ()

    _raising = _raising

    def __init__(self, handle: _js.ImageHandle) -> None:
        self._js = handle

    async def details(self) -> ImageMetadata | None:
        """What is known of it, or None where it is not there. JS: ImageHandle.details."""
        found = from_js(await self._call("details"))
        return None if found is None else _metadata(found)

    async def bytes(self) -> ReadableStream | None:
        """The bytes that were uploaded, or None where it is not there. JS: ImageHandle.bytes."""
        found = raw(await self._call("bytes"))
        return None if found is None else ReadableStream(found)

    async def signed_url(
        self,
        *,
        variant: str,
        expires_in: int | timedelta | None = None,
        key_name: str | None = None,
    ) -> str:
        """A URL of a variant for who may see the image; it ends ``expires_in`` seconds from now.

        ``key_name`` is the signing key's. The local simulation has none. JS: ImageHandle.signedUrl.
        """
        options = {
            "variant": variant,
            "expires_in": seconds(expires_in, "expires_in"),
            "key_name": key_name,
        }
        url: str = await self._call("signedUrl", _json(options))
        return url

    async def update(
        self,
        *,
        require_signed_urls: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
        creator: str | None = None,
    ) -> ImageMetadata:
        """Change what is known of it: what is given here, in place of the old.

        JS: ImageHandle.update.
        """
        options = {
            "require_signed_urls": require_signed_urls,
            "metadata": metadata,
            "creator": creator,
        }
        return _metadata(from_js(await self._call("update", _json(options))))

    async def delete(self) -> bool:
        """Delete it; False where it was not there. JS: ImageHandle.delete."""
        return bool(await self._call("delete"))


def _metadata(found: dict[str, Any]) -> ImageMetadata:
    return named_tuple(ImageMetadata, found, uploaded=from_iso)


def _json(options: dict[str, Any]) -> Any:
    return from_json(dumps(js_options(options), "options"))


def _conditions(given: Any, name: str) -> Any:
    kind = ImageMetadataFilterOperators
    return {
        key: js_bag(value, kind, f"{name}[{key!r}]") if isinstance(value, Mapping) else value
        for key, value in given.items()
    }


_FILTER = {"metadata": _conditions}
