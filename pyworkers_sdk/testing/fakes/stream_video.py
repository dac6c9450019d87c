"""Cloudflare Stream over memory."""

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

    Videos are kept as they are, and ready at once: nothing is encoded, so that sizes in pixels are
    0 and the duration is -1, as in the local simulation. Direct uploads, which that lacks, are as
    documented: nothing of them was seen. A video by URL is fetched from where the Worker's own
    ``fetch`` goes, unless the URL is the ``preview`` of one that is here.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.kept: dict[str, dict[str, Any]] = {}
        self.data: dict[str, bytes] = {}
        self.beside: dict[tuple[str, str], dict[str, Any]] = {}
        self.videos: FakeStreamVideos = FakeStreamVideos(self)
        self.watermarks: FakeStreamWatermarks = FakeStreamWatermarks(self)

    def video(self, id: str, /) -> FakeStreamVideoHandle:
        return FakeStreamVideoHandle(self, id)

    async def upload(self, urlOrBody: Any, params: dict[str, Any] | None = None, /) -> Any:
        data = await self.read(urlOrBody, "video")
        made = self._make(params or {}, size=len(data), uploaded=self.now())
        self.data[made["id"]] = data
        return from_js(made)

    async def createDirectUpload(self, params: dict[str, Any], /) -> Any:
        watermark = None
        if "watermark" in params:
            watermark = await self.watermarks.get(params["watermark"]["id"])
        made = self._make(
            params,
            readyToStream=False,
            status=_status("pendingupload"),
            maxDurationSeconds=params["maxDurationSeconds"],
            uploadExpiry=params.get("expiry", self.now(timedelta(minutes=30))),
            watermark=watermark,
        )
        answer = {name: made[name] for name in ("id", "watermark", "scheduledDeletion")}
        return {"uploadURL": f"{UPLOAD}/{made['id']}", **answer}

    def _make(self, params: dict[str, Any], **more: Any) -> dict[str, Any]:
        id = str(uuid.uuid4())
        self.kept[id] = {
            "id": id,
            "creator": params.get("creator"),
            "thumbnail": f"{HOST}/{id}/thumbnails/thumbnail.jpg",
            "thumbnailTimestampPct": params.get("thumbnailTimestampPct", 0),
            "readyToStream": True,
            "readyToStreamAt": None,
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
            "duration": -1,
            "input": {"width": 0, "height": 0},
            "hlsPlaybackUrl": f"{HOST}/{id}/manifest/video.m3u8",
            "dashPlaybackUrl": f"{HOST}/{id}/manifest/video.mpd",
            "watermark": None,
            "liveInputId": None,
            "clippedFromId": None,
            "publicDetails": None,
            **more,
        }
        return self.kept[id]

    def found(self, id: str) -> dict[str, Any]:
        if id not in self.kept:
            raise missing("Video", id)
        return self.kept[id]

    def now(self, later: timedelta = timedelta()) -> str:
        when = self.clock.datetime() + later
        return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    async def read(self, given: str | ReadableStream, what: str) -> bytes:
        if isinstance(given, ReadableStream):
            read: bytes = await web.Response.new(given).arrayBuffer()
            return read
        for id, data in self.data.items():
            if self.kept[id]["preview"] == given:
                return data
        response = await web.fetch(given)
        if not response.ok:
            status = f"{response.status} {response.statusText}"
            name = "InvalidURLError" if what == "watermark" else "Error"
            raise JsException(name, f"Failed to fetch {what} from URL: {status}")
        body: bytes = await response.arrayBuffer()
        return body


def _status(state: str) -> dict[str, Any]:
    return {"state": state, "errorReasonCode": "", "errorReasonText": ""}


def missing(what: str, id: str) -> JsException:
    return JsException("NotFoundError", f"{what} not found: {id}")


@yields_to_others
class FakeStreamVideoHandle:
    """JS: StreamVideoHandle."""

    def __init__(self, stream: FakeStreamBinding, id: str) -> None:
        self._stream = stream
        self.id = id
        self.captions: FakeStreamScopedCaptions = FakeStreamScopedCaptions(stream, id)
        self.downloads: FakeStreamScopedDownloads = FakeStreamScopedDownloads(stream, id)

    async def details(self) -> Any:
        return from_js(self._stream.found(self.id))

    async def update(self, params: dict[str, Any], /) -> Any:
        video = self._stream.found(self.id)
        video.update(from_js(params), modified=self._stream.now())
        return from_js(video)

    async def delete(self) -> None:
        self._stream.found(self.id)
        del self._stream.kept[self.id]
        self._stream.data.pop(self.id, None)
        for kind in ("captions", "downloads"):
            self._stream.beside.pop((self.id, kind), None)

    async def generateToken(self) -> str:
        self._stream.found(self.id)
        ends = int(self._stream.clock.now() // 1000) + TOKEN_SECONDS
        payload = dumps({"sub": self.id, "kid": "local-mode-key", "exp": ends})
        return b64encode(payload.encode()).decode()


class _Scoped:
    """What belongs to one video, and goes with it."""

    def __init__(self, stream: FakeStreamBinding, id: str) -> None:
        self._stream = stream
        self._id = id

    def _kept(self, kind: str) -> dict[str, Any]:
        return self._stream.beside.setdefault((self._id, kind), {})


@yields_to_others
class FakeStreamScopedCaptions(_Scoped):
    """JS: StreamScopedCaptions."""

    async def upload(self, language: str, input: ReadableStream, /) -> Any:
        self._stream.found(self._id)
        await self._stream.read(input, "captions")
        return self._put(language, generated=False)

    async def generate(self, language: str, /) -> Any:
        self._stream.found(self._id)
        return self._put(language, generated=True)

    async def list(self, language: str | None = None, /) -> Any:
        self._stream.found(self._id)
        found = sorted(self._kept("captions").items())
        return [from_js(caption) for name, caption in found if language in (None, name)]

    async def delete(self, language: str, /) -> None:
        if self._kept("captions").pop(language, None) is None:
            raise missing("Caption", f"{self._id}/{language}")

    def _put(self, language: str, *, generated: bool) -> Any:
        if not re.fullmatch("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", language):
            raise JsException("RangeError", "invalid_argument")
        label = LABELS.get(language, language)
        caption = {"language": language, "label": label, "generated": generated, "status": "ready"}
        self._kept("captions")[language] = caption
        return from_js(caption)


@yields_to_others
class FakeStreamScopedDownloads(_Scoped):
    """JS: StreamScopedDownloads."""

    async def generate(self, downloadType: str, /) -> Any:
        self._stream.found(self._id)
        self._kept("downloads")[downloadType] = {"percentComplete": 100, "status": "ready"}
        return await self.get()

    async def get(self) -> Any:
        self._stream.found(self._id)
        return from_js(self._kept("downloads"))

    async def delete(self, downloadType: str, /) -> None:
        if self._kept("downloads").pop(downloadType, None) is None:
            raise missing("Download", f"{self._id}/{downloadType}")


@yields_to_others
class FakeStreamVideos:
    """JS: StreamVideos."""

    def __init__(self, stream: FakeStreamBinding) -> None:
        self._stream = stream

    async def list(self, params: dict[str, Any], /) -> Any:
        found = sorted(self._stream.kept.values(), key=lambda one: one["created"], reverse=True)
        for bound, usual in (("before", "lt"), ("after", "gte")):
            if bound in params:
                fits = _comparison(params.get(f"{bound}Comp", usual))
                found = [one for one in found if fits(one["created"], params[bound])]
        return from_js(found[: params.get("limit", MAX_LIST)])


def _comparison(name: str) -> Any:
    known: dict[str, Any] = {
        "eq": str.__eq__,
        "gt": str.__gt__,
        "gte": str.__ge__,
        "lt": str.__lt__,
        "lte": str.__le__,
    }
    if name not in known:
        raise JsException("BadRequestError", f"Invalid comparison operator: {name}")
    return known[name]


@yields_to_others
class FakeStreamWatermarks:
    """JS: StreamWatermarks."""

    def __init__(self, stream: FakeStreamBinding) -> None:
        self._stream = stream
        self._marks: dict[str, dict[str, Any]] = {}

    async def generate(self, image: Any, params: dict[str, Any], /) -> Any:
        for name in ("opacity", "padding", "scale"):
            if not 0 <= params.get(name, 0) <= 1:
                raise JsException("Error", f"{name} must be between 0.0 and 1.0")
        data = await self._stream.read(image, "watermark")
        id = str(uuid.uuid4())
        self._marks[id] = {
            "id": id,
            "name": params.get("name", ""),
            "size": len(data),
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
        marks = sorted(self._marks.values(), key=lambda one: one["created"], reverse=True)
        return from_js(marks)

    async def get(self, watermarkId: str, /) -> Any:
        if watermarkId not in self._marks:
            raise missing("Watermark", watermarkId)
        return from_js(self._marks[watermarkId])

    async def delete(self, watermarkId: str, /) -> None:
        await self.get(watermarkId)
        del self._marks[watermarkId]
