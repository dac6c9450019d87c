"""The types of videos, captions, downloads and watermarks in Cloudflare Stream."""

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
]

StreamDownloadType: TypeAlias = Literal["default", "audio"]
StreamPaginationComparison: TypeAlias = Literal["eq", "gt", "gte", "lt", "lte"]
StreamWatermarkPosition: TypeAlias = Literal[
    "upperRight", "upperLeft", "lowerLeft", "lowerRight", "center"
]


class StreamVideoStatus(NamedTuple):
    """The progress of a video from its upload to its first play.

    JS: StreamVideoStatus.
    """

    state: str
    """"pendingupload", "downloading", "queued", "inprogress", "ready", "error" or
    "live-inprogress"."""
    step: str | None
    """The current step of the encoding."""
    pct_complete: str | None
    """The progress of the encoding in per cent, as text."""
    error_reason_code: str
    """The code of the error; empty without an error."""
    error_reason_text: str
    """The message of the error; empty without an error."""


class StreamVideoInput(NamedTuple):
    """The size of a video in pixels; -1 or 0 while the size is unknown.

    JS: StreamVideoInput.
    """

    width: int
    height: int


class StreamPublicDetails(NamedTuple):
    """The details of a video that the player shows.

    JS: StreamPublicDetails.
    """

    title: str | None
    share_link: str | None
    channel_link: str | None
    logo: str | None


class StreamWatermark(NamedTuple):
    """A watermark for videos.

    JS: StreamWatermark.
    """

    id: str
    """The id of the watermark."""
    size: int
    """The size of the image in bytes."""
    height: int
    """The height in pixels."""
    width: int
    """The width in pixels."""
    created: datetime
    """The time of the creation, in UTC."""
    downloaded_from: str | None
    """The URL of the image, or None if the image itself was sent."""
    name: str
    """The name of the watermark."""
    opacity: float
    """0 (invisible) to 1 (opaque)."""
    padding: float
    """The distance from the edge, as a share of the video from 0 to 1."""
    scale: float
    """The size, as a share of the video from 0 to 1."""
    position: StreamWatermarkPosition
    """The corner of the video, or "center"."""


class StreamVideo(NamedTuple):
    """The properties of a video.

    JS: StreamVideo.
    """

    id: str
    creator: str | None
    """The creator that was stored with the video."""
    thumbnail: str
    """The URL of the thumbnail."""
    thumbnail_timestamp_pct: float
    """The position of the thumbnail in the video, from 0 (start) to 1 (end)."""
    ready_to_stream: bool
    """True if the video can be played."""
    ready_to_stream_at: datetime | None
    """The time at which the video became ready, in UTC."""
    status: StreamVideoStatus
    """The progress of the video."""
    meta: dict[str, str]
    """The metadata that was stored with the video."""
    created: datetime
    """The time of the creation, in UTC."""
    modified: datetime
    """The time of the last change, in UTC."""
    scheduled_deletion: datetime | None
    """The time at which the video is deleted, in UTC."""
    size: int
    """The size in bytes."""
    preview: str | None
    """The URL of a page that plays the video."""
    allowed_origins: list[str]
    """The origins whose pages may show the video; empty for all."""
    require_signed_urls: bool | None
    """True if the video plays only with a token of ``generate_token``."""
    uploaded: datetime | None
    """The time of the upload, in UTC."""
    upload_expiry: datetime | None
    """The time until which a direct upload is possible, in UTC."""
    max_size_bytes: int | None
    """The maximum size of a direct upload, in bytes."""
    max_duration_seconds: int | None
    """The maximum duration of a direct upload, in seconds."""
    duration: float
    """The duration in seconds; -1 while the duration is unknown."""
    input: StreamVideoInput
    """The size of the video in pixels."""
    hls_playback_url: str
    """The URL of the HLS manifest."""
    dash_playback_url: str
    """The URL of the DASH manifest."""
    watermark: StreamWatermark | None
    """The watermark of the video."""
    live_input_id: str | None
    """The id of the live input that was recorded."""
    clipped_from_id: str | None
    """The id of the video from which this video was cut."""
    public_details: StreamPublicDetails | None
    """The details that the player shows."""


class StreamDirectUpload(NamedTuple):
    """The permission to upload one video directly.

    JS: StreamDirectUpload.
    """

    upload_url: str
    """The URL to which a client may send the video, once."""
    id: str
    """The id that the video will have."""
    watermark: StreamWatermark | None
    scheduled_deletion: datetime | None


class StreamCaption(NamedTuple):
    """The captions of a video in one language.

    JS: StreamCaption.
    """

    generated: bool | None
    """True if the captions were generated automatically."""
    label: str
    """The name of the language, for the viewers."""
    language: str
    """The language, such as "en" or "pt-BR"."""
    status: Literal["ready", "inprogress", "error"] | None


class StreamDownload(NamedTuple):
    """A file to download.

    JS: StreamDownload.
    """

    percent_complete: float
    """The progress of the file in per cent."""
    status: Literal["ready", "inprogress", "error"]
    url: str | None


class StreamDownloadGetResponse(NamedTuple):
    """The files of a video.

    JS: StreamDownloadGetResponse.
    """

    audio: StreamDownload | None
    """The file with the sound only."""
    default: StreamDownload | None
    """The file with the whole video."""


def watermark_of(fields: dict[str, Any]) -> StreamWatermark:
    """Return a watermark, given its fields from JavaScript."""
    return named_tuple(StreamWatermark, fields, created=from_iso)


def video_of(fields: dict[str, Any]) -> StreamVideo:
    """Return a video, given its fields from JavaScript."""
    return named_tuple(
        StreamVideo,
        fields,
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


def direct_upload_of(fields: dict[str, Any]) -> StreamDirectUpload:
    """Return a direct upload, given its fields from JavaScript."""
    return named_tuple(
        StreamDirectUpload, fields, watermark=watermark_of, scheduled_deletion=from_iso
    )


def downloads_of(fields: dict[str, Any]) -> StreamDownloadGetResponse:
    """Return the downloads of a video, given their fields from JavaScript."""
    return named_tuple(StreamDownloadGetResponse, fields, audio=_download, default=_download)


def _download(fields: dict[str, Any]) -> StreamDownload:
    return named_tuple(StreamDownload, fields)
