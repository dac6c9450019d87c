"""``FakeStreamBinding``: the JavaScript API of Cloudflare Stream over memory.

It behaves as the local simulation of miniflare: videos are stored, and nothing is encoded.
"""

from __future__ import annotations

import re
import uuid
from base64 import b64encode
from datetime import timedelta
from typing import Any

from ..._border import dumps, from_js, web
from ..._cpython.js_exception import JsException
from ..._cpython.web import ReadableStream
from .._clock import Clock
from ..runtime.scheduling import yields_to_others

__all__ = ["FakeStreamBinding"]

HOST = "https://customer-placeholder.cloudflarestream.com"
UPLOAD = "https://upload.cloudflarestream.com"
TOKEN_SECONDS = 6 * 60 * 60
MAX_LIST = 1000

# The runtime's own words, seen in workerd: quotes, never to be improved.
NOT_FOUND = "{} not found: {}"
NOT_FETCHED = "Failed to fetch {} from URL: {} {}"
INVALID_LANGUAGE = "invalid_argument"
UNKNOWN_COMPARISON = "Invalid comparison operator: {}"
NOT_A_SHARE = "{} must be between 0.0 and 1.0"

# The local simulation labels these languages; a label of any other is the language itself
# (contract: test_caption_label_is_the_name_of_the_language, test_captions_are_stored_by_language).
LABELS = {
    "cs": "Czech",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "pt-BR": "Brazilian Portuguese",
    "ru": "Russian",
    "zh": "Chinese",
}


@yields_to_others
class FakeStreamBinding:
    """JS: StreamBinding.

    Videos are stored unchanged and are ready at once. Nothing is encoded, so sizes in pixels are 0
    and the duration is -1, as in the local simulation. Direct uploads are missing there: they
    follow the documentation and have not been verified. A video with a URL is fetched as the
    Worker's own ``fetch`` would do, unless the URL is the ``preview`` of a stored video.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.details: dict[str, dict[str, Any]] = {}  # by id: JS StreamVideo
        self.data: dict[str, bytes] = {}
        # Captions and downloads, by the id of their video and "captions" or "downloads".
        self.attached: dict[tuple[str, str], dict[str, Any]] = {}
        self.videos: FakeStreamVideos = FakeStreamVideos(self)
        self.watermarks: FakeStreamWatermarks = FakeStreamWatermarks(self)

    def video(self, id: str, /) -> FakeStreamVideoHandle:
        return FakeStreamVideoHandle(self, id)

    async def upload(self, urlOrBody: Any, params: dict[str, Any] | None = None, /) -> Any:
        data = await self.read(urlOrBody, "video")
        video = self._add(params or {}, size=len(data), uploaded=self.now())
        self.data[video["id"]] = data
        return from_js(video)  # a copy

    async def createDirectUpload(self, params: dict[str, Any], /) -> Any:
        watermark = None
        if "watermark" in params:
            watermark = await self.watermarks.get(params["watermark"]["id"])
        video = self._add(
            params,
            readyToStream=False,
            status=_status("pendingupload"),
            maxDurationSeconds=params["maxDurationSeconds"],
            uploadExpiry=params.get("expiry", self.now(timedelta(minutes=30))),
            watermark=watermark,
        )
        answer = {name: video[name] for name in ("id", "watermark", "scheduledDeletion")}
        return {"uploadURL": f"{UPLOAD}/{video['id']}", **answer}

    def _add(self, params: dict[str, Any], **more: Any) -> dict[str, Any]:
        id = str(uuid.uuid4())
        self.details[id] = {
            "id": id,
            "creator": params.get("creator"),
            "thumbnail": f"{HOST}/{id}/thumbnails/thumbnail.jpg",
            "thumbnailTimestampPct": params.get("thumbnailTimestampPct", 0),
            "readyToStream": True,
            "readyToStreamAt": None,  # even if ready (contract: test_upload_returns_the_video)
            "status": _status("ready"),
            "meta": params.get("meta", {}),
            "created": self.now(),
            "modified": self.now(),
            "scheduledDeletion": params.get("scheduledDeletion"),
            "size": 0,
            "preview": f"{HOST}/{id}/watch",
            "allowedOrigins": params.get("allowedOrigins", []),
            "requireSignedURLs": params.get("requireSignedURLs", False),
            "uploaded": None,
            "uploadExpiry": None,
            "maxSizeBytes": None,
            "maxDurationSeconds": None,
            "duration": -1,  # seconds; unknown without encoding
            "input": {"width": 0, "height": 0},
            "hlsPlaybackUrl": f"{HOST}/{id}/manifest/video.m3u8",
            "dashPlaybackUrl": f"{HOST}/{id}/manifest/video.mpd",
            "watermark": None,
            "liveInputId": None,
            "clippedFromId": None,
            "publicDetails": None,
            **more,
        }
        return self.details[id]

    def require(self, id: str) -> dict[str, Any]:
        if id not in self.details:
            raise missing("Video", id)
        return self.details[id]

    def now(self, later: timedelta = timedelta()) -> str:
        moment = self.clock.datetime() + later
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    async def read(self, source: str | ReadableStream, purpose: str) -> bytes:
        if isinstance(source, ReadableStream):
            data: bytes = await web.Response.new(source).arrayBuffer()
            return data
        # No server answers at a preview URL, so those are looked up here (contract:
        # test_upload_accepts_a_stream_and_a_url).
        for id, data in self.data.items():
            if self.details[id]["preview"] == source:
                return data
        response = await web.fetch(source)
        if not response.ok:
            name = "InvalidURLError" if purpose == "watermark" else "Error"
            message = NOT_FETCHED.format(purpose, response.status, response.statusText)
            raise JsException(name, message)
        body: bytes = await response.arrayBuffer()
        return body


def _status(state: str) -> dict[str, Any]:
    return {"state": state, "errorReasonCode": "", "errorReasonText": ""}


def missing(thing: str, id: str) -> JsException:
    return JsException("NotFoundError", NOT_FOUND.format(thing, id))


@yields_to_others
class FakeStreamVideoHandle:
    """JS: StreamVideoHandle."""

    def __init__(self, stream: FakeStreamBinding, id: str) -> None:
        self._stream = stream
        self.id = id
        self.captions: FakeStreamScopedCaptions = FakeStreamScopedCaptions(stream, id)
        self.downloads: FakeStreamScopedDownloads = FakeStreamScopedDownloads(stream, id)

    async def details(self) -> Any:
        return from_js(self._stream.require(self.id))

    async def update(self, params: dict[str, Any], /) -> Any:
        video = self._stream.require(self.id)
        # An update without any field counts as a change, too (contract:
        # test_update_replaces_only_passed_properties).
        video.update(from_js(params), modified=self._stream.now())
        return from_js(video)

    async def delete(self) -> None:
        self._stream.require(self.id)
        del self._stream.details[self.id]
        self._stream.data.pop(self.id, None)
        for group in ("captions", "downloads"):
            self._stream.attached.pop((self.id, group), None)

    async def generateToken(self) -> str:
        self._stream.require(self.id)
        # The local simulation does not sign: its token is base64 of the claims (contract:
        # test_generate_token_names_the_video_and_its_expiry).
        expiry = int(self._stream.clock.now() // 1000) + TOKEN_SECONDS
        payload = dumps({"sub": self.id, "kid": "local-mode-key", "exp": expiry})
        return b64encode(payload.encode()).decode()


class _Scoped:
    """Base of the objects that belong to a video and are deleted with it."""

    def __init__(self, stream: FakeStreamBinding, id: str) -> None:
        self._stream = stream
        self._id = id

    def _attached(self, group: str) -> dict[str, Any]:
        return self._stream.attached.setdefault((self._id, group), {})


@yields_to_others
class FakeStreamScopedCaptions(_Scoped):
    """JS: StreamScopedCaptions."""

    async def upload(self, language: str, input: ReadableStream, /) -> Any:
        self._stream.require(self._id)
        await self._stream.read(input, "captions")
        return self._put(language, generated=False)

    async def generate(self, language: str, /) -> Any:
        self._stream.require(self._id)
        return self._put(language, generated=True)

    async def list(self, language: str | None = None, /) -> Any:
        self._stream.require(self._id)
        captions = sorted(self._attached("captions").items())
        return [from_js(caption) for name, caption in captions if language in (None, name)]

    async def delete(self, language: str, /) -> None:
        # Also for a missing video: "Caption not found" (contract:
        # test_missing_video_raises_not_found_error).
        if self._attached("captions").pop(language, None) is None:
            raise missing("Caption", f"{self._id}/{language}")

    def _put(self, language: str, *, generated: bool) -> Any:
        if not re.fullmatch("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", language):
            raise JsException("RangeError", INVALID_LANGUAGE)
        label = LABELS.get(language, language)
        caption = {"language": language, "label": label, "generated": generated, "status": "ready"}
        self._attached("captions")[language] = caption
        return from_js(caption)


@yields_to_others
class FakeStreamScopedDownloads(_Scoped):
    """JS: StreamScopedDownloads."""

    async def generate(self, downloadType: str, /) -> Any:
        self._stream.require(self._id)
        self._attached("downloads")[downloadType] = {"percentComplete": 100, "status": "ready"}
        return await self.get()

    async def get(self) -> Any:
        self._stream.require(self._id)
        return from_js(self._attached("downloads"))

    async def delete(self, downloadType: str, /) -> None:
        if self._attached("downloads").pop(downloadType, None) is None:
            raise missing("Download", f"{self._id}/{downloadType}")


@yields_to_others
class FakeStreamVideos:
    """JS: StreamVideos."""

    def __init__(self, stream: FakeStreamBinding) -> None:
        self._stream = stream

    async def list(self, params: dict[str, Any], /) -> Any:
        videos = sorted(
            self._stream.details.values(), key=lambda video: video["created"], reverse=True
        )
        for bound, default in (("before", "lt"), ("after", "gte")):
            if bound in params:
                compare = _comparison(params.get(f"{bound}Comp", default))
                videos = [video for video in videos if compare(video["created"], params[bound])]
        return from_js(videos[: params.get("limit", MAX_LIST)])


def _comparison(name: str) -> Any:
    # Times are ISO 8601 text in UTC with milliseconds: they sort as text.
    comparisons: dict[str, Any] = {
        "eq": str.__eq__,
        "gt": str.__gt__,
        "gte": str.__ge__,
        "lt": str.__lt__,
        "lte": str.__le__,
    }
    if name not in comparisons:
        raise JsException("BadRequestError", UNKNOWN_COMPARISON.format(name))
    return comparisons[name]


@yields_to_others
class FakeStreamWatermarks:
    """JS: StreamWatermarks."""

    def __init__(self, stream: FakeStreamBinding) -> None:
        self._stream = stream
        self._marks: dict[str, dict[str, Any]] = {}

    async def generate(self, image: Any, params: dict[str, Any], /) -> Any:
        for name in ("opacity", "padding", "scale"):
            if not 0 <= params.get(name, 0) <= 1:
                raise JsException("Error", NOT_A_SHARE.format(name))
        data = await self._stream.read(image, "watermark")
        id = str(uuid.uuid4())
        self._marks[id] = {
            "id": id,
            "name": params.get("name", ""),
            "size": len(data),
            # The size of the image is not read (contract:
            # test_watermarks_are_created_listed_and_deleted).
            "height": 0,
            "width": 0,
            "created": self._stream.now(),
            "downloadedFrom": image if isinstance(image, str) else None,
            "opacity": params.get("opacity", 1),
            "padding": params.get("padding", 0.05),
            "scale": params.get("scale", 0.15),
            "position": params.get("position", "upperRight"),
        }
        return from_js(self._marks[id])

    async def list(self) -> Any:
        marks = sorted(self._marks.values(), key=lambda mark: mark["created"], reverse=True)
        return from_js(marks)

    async def get(self, watermarkId: str, /) -> Any:
        if watermarkId not in self._marks:
            raise missing("Watermark", watermarkId)
        return from_js(self._marks[watermarkId])

    async def delete(self, watermarkId: str, /) -> None:
        await self.get(watermarkId)
        del self._marks[watermarkId]
