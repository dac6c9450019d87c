"""``Stream``: Cloudflare Stream, which stores and plays videos. (``streams`` has byte streams.)"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .._border import binding, dumps, from_js, from_json, raising, seconds, text
from .._border.rpc import member
from .._media_input import source
from .._options import js_options, list_of, named_tuple
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

_raises = raising(StreamBindingError)


class _Stub(RemoteObject[Any]):
    __slots__ = ()

    _raising = _raises

    def __init__(self, js: Any) -> None:
        self._js = js

    async def _found(self, method: str, *args: Any) -> Any:
        return from_js(await self._call(method, *args))


class Stream(_Stub):
    """The Stream binding: ``Stream(env.STREAM)``. ::

        video = await stream.upload("https://example.com/video.mp4", meta={"name": "First"})
        token = await stream.video(video.id).generate_token()

    Every method raises StreamBindingError where the service refuses.

    JS: StreamBinding.
    """

    __slots__ = ()

    def __init__(self, stream: _js.StreamBinding) -> None:
        super().__init__(binding(stream, "Stream", "video"))

    def video(self, id: str) -> StreamVideoHandle:
        """The video of that id, whether it is there or not. JS: StreamBinding.video."""
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
        """Store a video: what is at a URL, or, where the runtime takes that, a stream or bytes.

        ``thumbnail_timestamp_pct`` is where in the video its thumbnail is, 0 to 1.
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
        params = _json(options)
        return video_of(await self._found("upload", _source(video, "video"), params))

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
        """A URL to which somebody else may send a video, once, until ``expiry``.

        ``watermark_id`` is ``watermark.id`` in JavaScript. The local simulation has none.
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
        return direct_upload_of(await self._found("createDirectUpload", _json(options)))

    @property
    def videos(self) -> StreamVideos:
        """All videos. JS: StreamBinding.videos."""
        return StreamVideos(member(self._js, "videos"))

    @property
    def watermarks(self) -> StreamWatermarks:
        """The watermarks that videos can have. JS: StreamBinding.watermarks."""
        return StreamWatermarks(member(self._js, "watermarks"))


class StreamVideoHandle(_Stub):
    """One video; a StreamBindingError "NotFoundError" where it is not there.

    JS: StreamVideoHandle.
    """

    __slots__ = ("id",)

    def __init__(self, handle: _js.StreamVideoHandle, id: str) -> None:
        super().__init__(handle)
        self.id: str = id
        """JS: StreamVideoHandle.id."""

    async def details(self) -> StreamVideo:
        """What is known of it. JS: StreamVideoHandle.details."""
        return video_of(await self._found("details"))

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
        """Change what is known of it: what is given here, in place of the old.

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
        return video_of(await self._found("update", _json(options)))

    async def delete(self) -> None:
        """Delete it, with its captions and downloads. JS: StreamVideoHandle.delete."""
        await self._call("delete")

    async def generate_token(self) -> str:
        """A token to play it with, in place of its id, where it requires signed URLs.

        JS: StreamVideoHandle.generateToken.
        """
        token: str = await self._call("generateToken")
        return token

    @property
    def downloads(self) -> StreamScopedDownloads:
        """Its files to download. JS: StreamVideoHandle.downloads."""
        return StreamScopedDownloads(member(self._js, "downloads"))

    @property
    def captions(self) -> StreamScopedCaptions:
        """Its captions. JS: StreamVideoHandle.captions."""
        return StreamScopedCaptions(member(self._js, "captions"))


class StreamScopedCaptions(_Stub):
    """The captions of a video, by language ("en", "pt-BR"). JS: StreamScopedCaptions."""

    __slots__ = ()

    async def upload(self, language: str, captions: ImageSource) -> StreamCaption:
        """Store captions, as WebVTT, in place of those in that language.

        JS: StreamScopedCaptions.upload.
        """
        args = text(language, "language"), source(captions, "captions")
        return named_tuple(StreamCaption, await self._found("upload", *args))

    async def generate(self, language: str) -> StreamCaption:
        """Have a machine write them. JS: StreamScopedCaptions.generate."""
        return named_tuple(StreamCaption, await self._found("generate", text(language, "language")))

    async def list(self, language: str | None = None) -> list[StreamCaption]:
        """All, or those in a language. JS: StreamScopedCaptions.list."""
        args = [] if language is None else [text(language, "language")]
        return list_of(_caption)(await self._found("list", *args))

    async def delete(self, language: str) -> None:
        """Delete those in a language. JS: StreamScopedCaptions.delete."""
        await self._call("delete", text(language, "language"))


class StreamScopedDownloads(_Stub):
    """The files of a video that can be downloaded. JS: StreamScopedDownloads."""

    __slots__ = ()

    async def generate(
        self, download_type: StreamDownloadType = "default"
    ) -> StreamDownloadGetResponse:
        """Have a file made: all of it ("default"), or its sound ("audio").

        JS: StreamScopedDownloads.generate.
        """
        return downloads_of(await self._found("generate", download_type))

    async def get(self) -> StreamDownloadGetResponse:
        """Which files there are. JS: StreamScopedDownloads.get."""
        return downloads_of(await self._found("get"))

    async def delete(self, download_type: StreamDownloadType = "default") -> None:
        """Delete a file. JS: StreamScopedDownloads.delete."""
        await self._call("delete", download_type)


class StreamVideos(_Stub):
    """All videos. JS: StreamVideos."""

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
        """At most ``limit`` videos (1,000 unless given), the newest first.

        ``before`` and ``after`` compare with ``created``, by "lt" and "gte" unless told otherwise.
        JS: StreamVideos.list.
        """
        options = {
            "limit": limit,
            "before": to_iso(before, "before"),
            "before_comp": before_comp,
            "after": to_iso(after, "after"),
            "after_comp": after_comp,
        }
        return list_of(video_of)(await self._found("list", _json(options)))


class StreamWatermarks(_Stub):
    """Watermarks for videos to come. JS: StreamWatermarks."""

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
        """Make a watermark of a PNG: what is at a URL, a stream or bytes.

        ``opacity`` (1 unless given), ``padding`` (0.05) and ``scale`` (0.15) are 0 to 1.
        JS: StreamWatermarks.generate.
        """
        options = {
            "name": name,
            "opacity": opacity,
            "padding": padding,
            "scale": scale,
            "position": position,
        }
        params = _json(options)
        return watermark_of(await self._found("generate", _source(image, "image"), params))

    async def list(self) -> list[StreamWatermark]:
        """All of them, the newest first. JS: StreamWatermarks.list."""
        return list_of(watermark_of)(await self._found("list"))

    async def get(self, watermark_id: str) -> StreamWatermark:
        """JS: StreamWatermarks.get."""
        return watermark_of(await self._found("get", text(watermark_id, "watermark_id")))

    async def delete(self, watermark_id: str) -> None:
        """JS: StreamWatermarks.delete."""
        await self._call("delete", text(watermark_id, "watermark_id"))


def _caption(found: dict[str, Any]) -> StreamCaption:
    return named_tuple(StreamCaption, found)


def _source(given: Any, name: str) -> Any:
    return text(given, name) if isinstance(given, str) else source(given, name)


def _json(options: dict[str, Any]) -> Any:
    return from_json(dumps(js_options(options), "options"))
