"""``Stream``: videos that Cloudflare Stream stores and plays. (``streams`` has byte streams.)"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .._border import binding, raising, seconds, text
from .._border.rpc import member
from .._media_input import js_stream
from .._options import js_options, json_of, list_of, named_tuple
from .._remote_object import RemoteObject
from .._times import to_iso
from ..errors import StreamBindingError
from .types import (
    StreamCaption,
    StreamDirectUpload,
    StreamDownloadGetResponse,
    StreamVideo,
    StreamWatermark,
    direct_upload_of,
    downloads_of,
    video_of,
    watermark_of,
)

if TYPE_CHECKING:
    from .. import _js
    from .._media_input import ImageSource
    from .types import StreamDownloadType, StreamPaginationComparison, StreamWatermarkPosition

__all__ = [
    "Stream",
    "StreamScopedCaptions",
    "StreamScopedDownloads",
    "StreamVideoHandle",
    "StreamVideos",
    "StreamWatermarks",
]

_stream_errors = raising(StreamBindingError)


class _Stub(RemoteObject[Any]):
    __slots__ = ()

    _raising = _stream_errors


class Stream(_Stub):
    """The Stream binding: ``Stream(env.STREAM)``. ::

        video = await stream.upload("https://example.com/video.mp4", meta={"name": "First"})
        token = await stream.video(video.id).generate_token()

    Every method raises StreamBindingError if the service refuses the request.

    JS: StreamBinding.
    """

    __slots__ = ()

    def __init__(self, stream: _js.StreamBinding) -> None:
        super().__init__(binding(stream, "Stream", "video"))

    def video(self, id: str) -> StreamVideoHandle:
        """Return the handle of a video, whether or not the video exists.

        JS: StreamBinding.video.
        """
        return StreamVideoHandle(self._start("video", text(id, "id")), id)

    async def upload(
        self,
        video: str | ImageSource,
        *,
        allowed_origins: list[str] | None = None,
        creator: str | None = None,
        meta: Mapping[str, str] | None = None,
        require_signed_urls: bool | None = None,
        scheduled_deletion: datetime | None = None,
        thumbnail_timestamp_pct: float | None = None,
        watermark_id: str | None = None,
    ) -> StreamVideo:
        """Store a video and return its properties.

        Args:
            video: The URL of the video. Some runtimes also accept a stream or bytes.
            allowed_origins: The origins whose pages may show the video; all by default.
            creator: The creator of the video.
            meta: Metadata, as text.
            require_signed_urls: Play the video only with a token of ``generate_token``.
            scheduled_deletion: The time at which the video is deleted. The datetime is
                aware.
            thumbnail_timestamp_pct: The position of the thumbnail in the video, from 0 (start) to 1
                (end).
            watermark_id: The id of a watermark.

        Raises:
            ConversionError: An argument has another type.
            StreamBindingError: The URL cannot be fetched, or the service refuses the video.

        JS: StreamBinding.upload.
        """
        options = {
            "allowed_origins": allowed_origins,
            "creator": creator,
            "meta": meta,
            "require_signed_urls": require_signed_urls,
            "scheduled_deletion": to_iso(scheduled_deletion, "scheduled_deletion"),
            "thumbnail_timestamp_pct": thumbnail_timestamp_pct,
            "watermark_id": watermark_id,
        }
        params = _json_object(options)
        return video_of(await self._ask("upload", _url_or_stream(video, "video"), params))

    async def create_direct_upload(
        self,
        *,
        max_duration_seconds: int | timedelta,
        expiry: datetime | None = None,
        creator: str | None = None,
        meta: Mapping[str, str] | None = None,
        allowed_origins: list[str] | None = None,
        require_signed_urls: bool | None = None,
        thumbnail_timestamp_pct: float | None = None,
        scheduled_deletion: datetime | None = None,
        watermark_id: str | None = None,
    ) -> StreamDirectUpload:
        """Create a URL to which a client may send one video.

        Local development has no direct uploads.

        Args:
            max_duration_seconds: The maximum duration of the video, as a timedelta or in whole
                seconds.
            expiry: The time until which the URL is valid. The datetime is aware.
            creator: The creator of the video.
            meta: Metadata, as text.
            allowed_origins: The origins whose pages may show the video; all by default.
            require_signed_urls: Play the video only with a token of ``generate_token``.
            thumbnail_timestamp_pct: The position of the thumbnail in the video, from 0 (start) to 1
                (end).
            scheduled_deletion: The time at which the video is deleted.
            watermark_id: The id of a watermark (``watermark.id`` in JavaScript).

        Raises:
            ConversionError: An argument has another type.

        JS: StreamBinding.createDirectUpload.
        """
        options = {
            "max_duration_seconds": seconds(max_duration_seconds, "max_duration_seconds"),
            "expiry": to_iso(expiry, "expiry"),
            "creator": creator,
            "meta": meta,
            "allowed_origins": allowed_origins,
            "require_signed_urls": require_signed_urls,
            "thumbnail_timestamp_pct": thumbnail_timestamp_pct,
            "scheduled_deletion": to_iso(scheduled_deletion, "scheduled_deletion"),
            "watermark": None if watermark_id is None else {"id": watermark_id},
        }
        return direct_upload_of(await self._ask("createDirectUpload", _json_object(options)))

    @property
    def videos(self) -> StreamVideos:
        """The collection of all videos.

        JS: StreamBinding.videos.
        """
        return StreamVideos(member(self._js, "videos"))

    @property
    def watermarks(self) -> StreamWatermarks:
        """The collection of watermarks.

        JS: StreamBinding.watermarks.
        """
        return StreamWatermarks(member(self._js, "watermarks"))


class StreamVideoHandle(_Stub):
    """The handle of a video.

    Every method raises StreamBindingError, with ``js_name`` "NotFoundError", if the video does not
    exist.

    JS: StreamVideoHandle.
    """

    __slots__ = ("id",)

    def __init__(self, handle: _js.StreamVideoHandle, id: str) -> None:
        super().__init__(handle)
        self.id: str = id
        """The id of the video.

        JS: StreamVideoHandle.id.
        """

    async def details(self) -> StreamVideo:
        """Return the properties of the video.

        JS: StreamVideoHandle.details.
        """
        return video_of(await self._ask("details"))

    async def update(
        self,
        *,
        allowed_origins: list[str] | None = None,
        creator: str | None = None,
        max_duration_seconds: int | timedelta | None = None,
        meta: Mapping[str, str] | None = None,
        require_signed_urls: bool | None = None,
        scheduled_deletion: datetime | None = None,
        thumbnail_timestamp_pct: float | None = None,
    ) -> StreamVideo:
        """Replace the properties that are passed, and return all properties of the video.

        Args:
            allowed_origins: The origins whose pages may show the video.
            creator: The creator of the video.
            max_duration_seconds: The maximum duration of a video that is not uploaded yet, as a
                timedelta or in whole seconds.
            meta: Metadata, as text. It replaces the whole metadata.
            require_signed_urls: Play the video only with a token of ``generate_token``.
            scheduled_deletion: The time at which the video is deleted. The datetime is
                aware.
            thumbnail_timestamp_pct: The position of the thumbnail in the video, from 0 (start) to 1
                (end).

        Raises:
            ConversionError: An argument has another type.

        JS: StreamVideoHandle.update.
        """
        options = {
            "allowed_origins": allowed_origins,
            "creator": creator,
            "max_duration_seconds": seconds(max_duration_seconds, "max_duration_seconds"),
            "meta": meta,
            "require_signed_urls": require_signed_urls,
            "scheduled_deletion": to_iso(scheduled_deletion, "scheduled_deletion"),
            "thumbnail_timestamp_pct": thumbnail_timestamp_pct,
        }
        return video_of(await self._ask("update", _json_object(options)))

    async def delete(self) -> None:
        """Delete the video, with its captions and downloads.

        JS: StreamVideoHandle.delete.
        """
        await self._call("delete")

    async def generate_token(self) -> str:
        """Return a token that plays a video with signed URLs. It replaces the id in URLs.

        JS: StreamVideoHandle.generateToken.
        """
        token: str = await self._call("generateToken")
        return token

    @property
    def downloads(self) -> StreamScopedDownloads:
        """The files of the video that can be downloaded.

        JS: StreamVideoHandle.downloads.
        """
        return StreamScopedDownloads(member(self._js, "downloads"))

    @property
    def captions(self) -> StreamScopedCaptions:
        """The captions of the video.

        JS: StreamVideoHandle.captions.
        """
        return StreamScopedCaptions(member(self._js, "captions"))


class StreamScopedCaptions(_Stub):
    """The captions of a video, by language ("en", "pt-BR").

    JS: StreamScopedCaptions.
    """

    __slots__ = ()

    async def upload(self, language: str, captions: ImageSource) -> StreamCaption:
        """Store captions, and replace the captions in the same language.

        Args:
            language: The language, such as "en" or "pt-BR".
            captions: The captions in the format WebVTT.

        Raises:
            ConversionError: An argument has another type.
            StreamBindingError: The video does not exist, or the language is invalid.

        JS: StreamScopedCaptions.upload.
        """
        args = text(language, "language"), js_stream(captions, "captions")
        return _caption(await self._ask("upload", *args))

    async def generate(self, language: str) -> StreamCaption:
        """Generate captions in a language automatically.

        JS: StreamScopedCaptions.generate.
        """
        return _caption(await self._ask("generate", text(language, "language")))

    async def list(self, language: str | None = None) -> list[StreamCaption]:
        """Return all captions, or the captions in one language.

        JS: StreamScopedCaptions.list.
        """
        args = [] if language is None else [text(language, "language")]
        return list_of(_caption)(await self._ask("list", *args))

    async def delete(self, language: str) -> None:
        """Delete the captions in a language.

        Raises:
            StreamBindingError: The captions do not exist ("NotFoundError").

        JS: StreamScopedCaptions.delete.
        """
        await self._call("delete", text(language, "language"))


class StreamScopedDownloads(_Stub):
    """The files of a video that can be downloaded.

    JS: StreamScopedDownloads.
    """

    __slots__ = ()

    async def generate(
        self, download_type: StreamDownloadType = "default"
    ) -> StreamDownloadGetResponse:
        """Start making a file, and return the files of the video.

        Args:
            download_type: "default" for the whole video, "audio" for the sound only.

        JS: StreamScopedDownloads.generate.
        """
        return downloads_of(await self._ask("generate", download_type))

    async def get(self) -> StreamDownloadGetResponse:
        """Return the files of the video.

        JS: StreamScopedDownloads.get.
        """
        return downloads_of(await self._ask("get"))

    async def delete(self, download_type: StreamDownloadType = "default") -> None:
        """Delete a file.

        Raises:
            StreamBindingError: The file does not exist ("NotFoundError").

        JS: StreamScopedDownloads.delete.
        """
        await self._call("delete", download_type)


class StreamVideos(_Stub):
    """The collection of all videos.

    JS: StreamVideos.
    """

    __slots__ = ()

    async def list(
        self,
        *,
        limit: int | None = None,
        before: datetime | None = None,
        before_comp: StreamPaginationComparison | None = None,
        after: datetime | None = None,
        after_comp: StreamPaginationComparison | None = None,
    ) -> list[StreamVideo]:
        """Return the videos, the newest first.

        Args:
            limit: The maximum number of videos; 1,000 by default.
            before: Return only videos that were created before this time. The datetime is
                aware.
            before_comp: The comparison of ``created`` with ``before``; "lt" by default.
            after: Return only videos that were created at or after this time.
            after_comp: The comparison of ``created`` with ``after``; "gte" by default.

        Raises:
            ConversionError: ``before`` or ``after`` is not a datetime.
            StreamBindingError: A comparison is unknown.

        JS: StreamVideos.list.
        """
        options = {
            "limit": limit,
            "before": to_iso(before, "before"),
            "before_comp": before_comp,
            "after": to_iso(after, "after"),
            "after_comp": after_comp,
        }
        return list_of(video_of)(await self._ask("list", _json_object(options)))


class StreamWatermarks(_Stub):
    """The collection of watermarks. A watermark applies to videos that are uploaded later.

    JS: StreamWatermarks.
    """

    __slots__ = ()

    async def generate(
        self,
        image: str | ImageSource,
        *,
        name: str | None = None,
        opacity: float | None = None,
        padding: float | None = None,
        scale: float | None = None,
        position: StreamWatermarkPosition | None = None,
    ) -> StreamWatermark:
        """Create a watermark from a PNG image.

        Args:
            image: The URL of the image, or the image as bytes or a stream.
            name: The name of the watermark.
            opacity: 0 (invisible) to 1 (opaque); 1 by default.
            padding: The distance from the edge, as a share of the video from 0 to 1; 0.05 by
                default.
            scale: The size, as a share of the video from 0 to 1; 0.15 by default.
            position: The corner of the video, or "center"; "upperRight" by default.

        Raises:
            ConversionError: An argument has another type.
            StreamBindingError: A number is out of its range, or the URL cannot be fetched.

        JS: StreamWatermarks.generate.
        """
        options = {
            "name": name,
            "opacity": opacity,
            "padding": padding,
            "scale": scale,
            "position": position,
        }
        params = _json_object(options)
        return watermark_of(await self._ask("generate", _url_or_stream(image, "image"), params))

    async def list(self) -> list[StreamWatermark]:
        """Return all watermarks, the newest first.

        JS: StreamWatermarks.list.
        """
        return list_of(watermark_of)(await self._ask("list"))

    async def get(self, watermark_id: str) -> StreamWatermark:
        """Return a watermark.

        Raises:
            StreamBindingError: The watermark does not exist ("NotFoundError").

        JS: StreamWatermarks.get.
        """
        return watermark_of(await self._ask("get", text(watermark_id, "watermark_id")))

    async def delete(self, watermark_id: str) -> None:
        """Delete a watermark.

        Raises:
            StreamBindingError: The watermark does not exist ("NotFoundError").

        JS: StreamWatermarks.delete.
        """
        await self._call("delete", text(watermark_id, "watermark_id"))


def _caption(fields: dict[str, Any]) -> StreamCaption:
    return named_tuple(StreamCaption, fields)


def _url_or_stream(source: Any, name: str) -> Any:
    return text(source, name) if isinstance(source, str) else js_stream(source, name)


def _json_object(options: dict[str, Any]) -> Any:
    return json_of(js_options(options))
