"""What Cloudflare Stream tells of videos, captions, downloads and watermarks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from .._options import named_tuple
from .._times import from_iso

__all__ = [
    "StreamCaption",
    "StreamDirectUpload",
    "StreamDownload",
    "StreamDownloadGetResponse",
    "StreamDownloadType",
    "StreamPaginationComparison",
    "StreamPublicDetails",
    "StreamVideo",
    "StreamVideoInput",
    "StreamVideoStatus",
    "StreamWatermark",
    "StreamWatermarkPosition",
    "direct_upload_of",
    "downloads_of",
    "video_of",
    "watermark_of",
]

StreamDownloadType: TypeAlias = Literal["default", "audio"]
StreamPaginationComparison: TypeAlias = Literal["eq", "gt", "gte", "lt", "lte"]
StreamWatermarkPosition: TypeAlias = Literal[
    "upperRight", "upperLeft", "lowerLeft", "lowerRight", "center"
]


class StreamVideoStatus(NamedTuple):
    """How far a video is: "pendingupload", "downloading", "queued", "inprogress", "ready", "error"
    or "live-inprogress". JS: StreamVideoStatus."""

    state: str
    step: str | None
    pct_complete: str | None
    error_reason_code: str
    error_reason_text: str


class StreamVideoInput(NamedTuple):
    """The size of a video in pixels; -1 or 0 where it is not known yet. JS: StreamVideoInput."""

    width: int
    height: int


class StreamPublicDetails(NamedTuple):
    """What the player shows of a video. JS: StreamPublicDetails."""

    title: str | None
    share_link: str | None
    channel_link: str | None
    logo: str | None


class StreamWatermark(NamedTuple):
    """A watermark; ``size`` is in bytes, ``opacity``, ``padding`` and ``scale`` are 0 to 1.

    JS: StreamWatermark.
    """

    id: str
    size: int
    height: int
    width: int
    created: datetime
    downloaded_from: str | None
    name: str
    opacity: float
    padding: float
    scale: float
    position: StreamWatermarkPosition


class StreamVideo(NamedTuple):
    """A video: ``size`` is in bytes, ``duration`` in seconds, -1 where it is not known yet.

    JS: StreamVideo.
    """

    id: str
    creator: str | None
    thumbnail: str
    thumbnail_timestamp_pct: float
    ready_to_stream: bool
    ready_to_stream_at: datetime | None
    status: StreamVideoStatus
    meta: dict[str, str]
    created: datetime
    modified: datetime
    scheduled_deletion: datetime | None
    size: int
    preview: str | None
    allowed_origins: list[str]
    require_signed_urls: bool | None
    uploaded: datetime | None
    upload_expiry: datetime | None
    max_size_bytes: int | None
    max_duration_seconds: int | None
    duration: float
    input: StreamVideoInput
    hls_playback_url: str
    dash_playback_url: str
    watermark: StreamWatermark | None
    live_input_id: str | None
    clipped_from_id: str | None
    public_details: StreamPublicDetails | None


class StreamDirectUpload(NamedTuple):
    """Where a video to come may be sent, and its id. JS: StreamDirectUpload."""

    upload_url: str
    id: str
    watermark: StreamWatermark | None
    scheduled_deletion: datetime | None


class StreamCaption(NamedTuple):
    """Captions in one language; ``generated`` says that a machine wrote them. JS: StreamCaption."""

    generated: bool | None
    label: str
    language: str
    status: Literal["ready", "inprogress", "error"] | None


class StreamDownload(NamedTuple):
    """A file to download, and how much of it is made. JS: StreamDownload."""

    percent_complete: float
    status: Literal["ready", "inprogress", "error"]
    url: str | None


class StreamDownloadGetResponse(NamedTuple):
    """The files of a video: the sound alone, and all of it. JS: StreamDownloadGetResponse."""

    audio: StreamDownload | None
    default: StreamDownload | None


def watermark_of(found: dict[str, Any]) -> StreamWatermark:
    return named_tuple(StreamWatermark, found, created=from_iso)


def video_of(found: dict[str, Any]) -> StreamVideo:
    return named_tuple(
        StreamVideo,
        found,
        ready_to_stream_at=from_iso,
        status=lambda status: named_tuple(StreamVideoStatus, status),
        created=from_iso,
        modified=from_iso,
        scheduled_deletion=from_iso,
        uploaded=from_iso,
        upload_expiry=from_iso,
        input=lambda size: named_tuple(StreamVideoInput, size),
        watermark=watermark_of,
        public_details=lambda details: named_tuple(StreamPublicDetails, details),
    )


def direct_upload_of(found: dict[str, Any]) -> StreamDirectUpload:
    return named_tuple(
        StreamDirectUpload, found, watermark=watermark_of, scheduled_deletion=from_iso
    )


def downloads_of(found: dict[str, Any]) -> StreamDownloadGetResponse:
    return named_tuple(StreamDownloadGetResponse, found, audio=_download, default=_download)


def _download(found: dict[str, Any]) -> StreamDownload:
    return named_tuple(StreamDownload, found)
