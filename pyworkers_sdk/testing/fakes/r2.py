"""``FakeR2Bucket``: the JavaScript API of R2 over a dict."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any, NamedTuple

from ..._cpython.js_exception import JsException
from ..._cpython.web import Blob, Body, ReadableStream
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from ._cursors import cursor_after, name_in_cursor
from ._js_numbers import int32
from .r2_rules import (
    check_key,
    checksum,
    condition,
    failed,
    holds,
    http_date,
    http_metadata,
    offsets,
    ranges,
    ssec,
    texts,
)

__all__ = ["FakeR2Bucket"]

MAX_KEYS = 1000
MAX_LIMIT = 1000
MAX_LIMIT_WITH_METADATA = 100
MAX_METADATA = 8192
MAX_METADATA_LOCALLY = 2048
MAX_PART_NUMBER = 10_000
MAX_SIZE = 5 * 1024**3 - 5 * 1024**2
MIN_PART_SIZE = 5 * 1024**2


class Part(NamedTuple):
    etag: str
    data: bytes


class Upload:
    """A multipart upload; ``parts`` is None once it has ended."""

    def __init__(self, key: str, http: dict[str, Any], custom: dict[str, str]) -> None:
        self.key = key
        self.http = http
        self.custom = custom
        self.parts: dict[int, Part] | None = {}


class Stored(NamedTuple):
    key: str
    data: bytes
    etag: str
    version: str
    uploaded: datetime
    http: dict[str, Any]
    custom: dict[str, str]
    checksums: dict[str, str]


@yields_to_others
class FakeR2Bucket:
    """JS: R2Bucket. Dates objects by its ``clock``.

    ``strict``: refuses what production does and the local runtime does not.
    """

    def __init__(self, clock: Clock | None = None, *, strict: bool = True) -> None:
        self.clock: Clock = clock or Clock()
        self.strict = strict
        self._objects: dict[str, Stored] = {}
        self._uploads: dict[str, Upload] = {}

    async def head(self, key: str, /) -> FakeR2Object | None:
        check_key("head", key)
        found = self._objects.get(key)
        return found and FakeR2Object(found, range=_whole(found))

    async def get(
        self, key: str, /, *, range: Any = None, onlyIf: Any = None, ssecKey: Any = None
    ) -> FakeR2Object | None:
        wanted = condition(onlyIf)
        offsets(range)
        ssec(ssecKey)
        check_key("get", key)
        found = self._objects.get(key)
        if found is None:
            return None
        if not holds(wanted, found.etag, found.uploaded):
            return FakeR2Object(found, range=_whole(found))
        start, length = ranges(range, len(found.data))
        return FakeR2ObjectBody(found, range={"offset": start, "length": length})

    async def put(
        self,
        key: str,
        value: Any,
        /,
        *,
        httpMetadata: Any = None,
        customMetadata: Any = None,
        onlyIf: Any = None,
        md5: Any = None,
        sha1: Any = None,
        sha256: Any = None,
        sha384: Any = None,
        sha512: Any = None,
        storageClass: str | None = None,
        ssecKey: Any = None,
    ) -> FakeR2Object | None:
        _check_value("put", "R2Bucket", value, or_null=True)
        http, custom = http_metadata(httpMetadata), texts(customMetadata)
        wanted = condition(onlyIf)
        given = checksum(md5=md5, sha1=sha1, sha256=sha256, sha384=sha384, sha512=sha512)
        ssec(ssecKey)
        data = await _read("put", value)
        check_key("put", key)
        limit = MAX_METADATA if self.strict else MAX_METADATA_LOCALLY
        if sum(_size(name) + _size(text) for name, text in custom.items()) > limit:
            reason = "Your metadata headers exceed the maximum allowed metadata size."
            raise failed("put", reason, 10012)
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        checksums = {"md5": digest}
        if given is not None:
            checksums[given.name] = given.check(data)
        before = self._objects.get(key)
        if not holds(wanted, before and before.etag, before and before.uploaded):
            return None
        return FakeR2Object(self._store(key, data, digest, http, custom, checksums))

    async def delete(self, keys: Any, /) -> None:
        names: list[str] = [keys] if isinstance(keys, str) else keys
        if self.strict and not 1 <= len(names) <= MAX_KEYS:
            reason = "The number of keys in the request must be between 1 and 1000 inclusive."
            raise failed("delete", reason, 10027)
        for name in names:
            check_key("delete", name)
        for name in names:
            self._objects.pop(name, None)

    async def list(
        self,
        *,
        prefix: str | None = None,
        delimiter: str | None = None,
        limit: float | None = None,
        cursor: str | None = None,
        startAfter: str | None = None,
        include: list[str] | None = None,
    ) -> dict[str, Any]:
        fields, count = include or [], int32(limit)
        for field in fields:
            if field not in ("httpMetadata", "customMetadata"):
                raise JsException("RangeError", f"Unsupported include value {field}")
        if count is None or count == -1:  # which is how the runtime writes that there is none
            count = MAX_LIMIT
        if not 1 <= count <= MAX_LIMIT:
            reason = f"MaxKeys params must be positive integer <= {MAX_LIMIT}."
            raise failed("list", reason, 10022)
        if fields:
            count = min(count, MAX_LIMIT_WITH_METADATA)
        start = prefix or ""
        starts = [
            text for text in (startAfter, cursor and name_in_cursor(cursor)) if text is not None
        ]
        # Python's order of text, by code point, is the order of its UTF-8 bytes.
        names = sorted(name for name in self._objects if name.startswith(start))
        if starts:
            later = max(starts, key=lambda text: text.encode("utf-16-be"))  # as JavaScript orders
            names = [name for name in names if name > later]
        # Each group is told once, and comes where its last key is.
        last: dict[tuple[bool, str], str] = {}
        for name in names:
            at = name.find(delimiter, len(start)) if delimiter else -1
            group = (False, name) if at < 0 else (True, name[: at + len(delimiter or "")])
            last[group] = name
        groups = sorted(last, key=last.__getitem__)
        page = groups[:count]
        found = [self._objects[name] for is_prefix, name in page if not is_prefix]
        listed: dict[str, Any] = {
            "objects": [FakeR2Object(each, fields) for each in found],
            "truncated": len(groups) > len(page),
            "delimitedPrefixes": [name for is_prefix, name in page if is_prefix],
        }
        if listed["truncated"]:
            listed["cursor"] = cursor_after(last[page[-1]])
        return listed

    async def createMultipartUpload(
        self,
        key: str,
        /,
        *,
        httpMetadata: Any = None,
        customMetadata: Any = None,
        storageClass: str | None = None,
        ssecKey: Any = None,
    ) -> FakeR2MultipartUpload:
        upload = Upload(key, http_metadata(httpMetadata), texts(customMetadata))
        ssec(ssecKey)
        check_key("createMultipartUpload", key)
        upload_id = secrets.token_urlsafe(128)
        self._uploads[upload_id] = upload
        return FakeR2MultipartUpload(self, key, upload_id)

    def resumeMultipartUpload(self, key: str, uploadId: str, /) -> FakeR2MultipartUpload:
        return FakeR2MultipartUpload(self, key, uploadId)

    def _upload(self, key: str, upload_id: str) -> Upload | None:
        upload = self._uploads.get(upload_id)
        return upload if upload is not None and upload.key == key else None

    def _store(
        self,
        key: str,
        data: bytes,
        etag: str,
        http: dict[str, Any],
        custom: dict[str, str],
        checksums: dict[str, str],
    ) -> Stored:
        version, now = secrets.token_hex(16), self.clock.datetime()
        stored = Stored(key, data, etag, version, now, http, custom, checksums)
        self._objects[key] = stored
        return stored


@yields_to_others
class FakeR2MultipartUpload:
    """JS: R2MultipartUpload."""

    def __init__(self, bucket: FakeR2Bucket, key: str, upload_id: str) -> None:
        self._bucket = bucket
        self.key = key
        self.uploadId = upload_id

    async def uploadPart(
        self, partNumber: float, value: Any, /, *, ssecKey: Any = None
    ) -> dict[str, Any]:
        _check_value("uploadPart", "R2MultipartUpload", value)
        number = _part_number(partNumber)
        ssec(ssecKey)
        data = await _read("uploadPart", value)
        check_key("uploadPart", self.key)
        upload = self._bucket._upload(self.key, self.uploadId)
        if upload is None or upload.parts is None:
            raise failed("uploadPart", _NO_UPLOAD, 10024)
        upload.parts[number] = Part(secrets.token_urlsafe(128), data)
        return {"partNumber": number, "etag": upload.parts[number].etag}

    async def complete(self, uploadedParts: list[dict[str, Any]], /) -> FakeR2Object:
        named = [(_part_number(part["partNumber"]), part["etag"]) for part in uploadedParts]
        check_key(_COMPLETE, self.key)
        upload = self._bucket._upload(self.key, self.uploadId)
        if upload is None:
            raise failed(_COMPLETE, _INTERNAL, 10001)
        if upload.parts is None:
            raise failed(_COMPLETE, _NO_UPLOAD, 10024)
        if len({number for number, _ in named}) < len(named):
            raise failed(_COMPLETE, _INTERNAL, 10001)
        for number, etag in named:
            if number not in upload.parts or upload.parts[number].etag != etag:
                reason = "One or more of the specified parts could not be found."
                raise failed(_COMPLETE, reason, 10025)
        parts = upload.parts
        if any(len(parts[number].data) < MIN_PART_SIZE for number, _ in named[:-1]):
            reason = "Your proposed upload is smaller than the minimum allowed object size."
            raise failed(_COMPLETE, reason, 10011)
        chunks = [parts[number].data for number, _ in sorted(named)]
        first = len(chunks[0]) if chunks else 0
        uneven = any(len(chunk) != first or first < MIN_PART_SIZE for chunk in chunks[:-1])
        if uneven or (chunks and len(chunks[-1]) > first):
            reason = "There was a problem with the multipart upload."
            raise failed(_COMPLETE, reason, 10048)
        md5s = [hashlib.md5(chunk, usedforsecurity=False).digest() for chunk in chunks]
        digest = hashlib.md5(b"".join(md5s), usedforsecurity=False).hexdigest()
        upload.parts = None
        stored = self._bucket._store(
            self.key, b"".join(chunks), f"{digest}-{len(chunks)}", upload.http, upload.custom, {}
        )
        return FakeR2Object(stored)

    async def abort(self) -> None:
        check_key("abortMultipartUpload", self.key)
        upload = self._bucket._upload(self.key, self.uploadId)
        if upload is None:
            raise failed("abortMultipartUpload", _INTERNAL, 10001)
        upload.parts = None


_COMPLETE = "completeMultipartUpload"
_INTERNAL = "We encountered an internal error. Please try again."
_NO_UPLOAD = "The specified multipart upload does not exist."


class FakeR2Object:
    """JS: R2Object. The local runtime stores neither storage class nor customer's key."""

    storageClass = ""
    ssecKeyMd5: str | None = None

    def __init__(
        self,
        stored: Stored,
        fields: list[str] | None = None,
        *,
        range: dict[str, int] | None = None,
    ) -> None:
        self.key: str = stored.key
        self.version: str = stored.version
        self.size: int = len(stored.data)
        self.etag: str = stored.etag
        self.httpEtag: str = f'"{stored.etag}"'
        self.uploaded: datetime = stored.uploaded
        self.checksums: FakeR2Checksums = FakeR2Checksums(stored.checksums)
        self.httpMetadata: dict[str, Any] = _listed(stored.http, "httpMetadata", fields)
        self.customMetadata: dict[str, Any] = _listed(stored.custom, "customMetadata", fields)
        self.range = range

    def writeHttpMetadata(self, headers: Any, /) -> None:
        immutable, headers.immutable = headers.immutable, False  # it writes into those too
        for name, value in self.httpMetadata.items():
            if name == "cacheExpiry":
                headers.set("expires", http_date(value))
            else:
                headers.set(_HEADERS[name], value)
        headers.immutable = immutable


_HEADERS = {
    "contentType": "content-type",
    "contentLanguage": "content-language",
    "contentDisposition": "content-disposition",
    "contentEncoding": "content-encoding",
    "cacheControl": "cache-control",
}


class FakeR2ObjectBody(FakeR2Object, Body):
    """JS: R2ObjectBody."""

    is_fake = True  # for faults()

    def __init__(self, stored: Stored, *, range: dict[str, int]) -> None:
        super().__init__(stored, range=range)
        start = range["offset"]
        data = stored.data[start : start + range["length"]]
        # Unlike the body of a request, the body of an R2 object is never null.
        self.body: ReadableStream = ReadableStream.of(data)  # pyright: ignore[reportIncompatibleVariableOverride]

    async def blob(self) -> Blob:
        return Blob(await self.arrayBuffer(), type=self.httpMetadata.get("contentType", ""))


class FakeR2Checksums:
    """JS: R2Checksums."""

    def __init__(self, checksums: dict[str, str]) -> None:
        self._checksums = checksums
        for name, digest in checksums.items():
            setattr(self, name, bytes.fromhex(digest))

    def toJSON(self) -> dict[str, str]:
        return self._checksums


def _whole(stored: Stored) -> dict[str, int]:
    return {"offset": 0, "length": len(stored.data)}


def _listed(metadata: dict[str, Any], field: str, fields: list[str] | None) -> dict[str, Any]:
    return dict(metadata) if fields is None or field in fields else {}


def _size(text: str) -> int:
    """Of metadata: one byte for a character, or two for each where one of them needs it."""
    units = text.encode("utf-16-le")
    return len(units) if any(units[1::2]) else len(units) // 2


def _part_number(number: float) -> int:
    part = int32(number) or 0
    if not 1 <= part <= MAX_PART_NUMBER:
        bounds = f"between 1 and {MAX_PART_NUMBER} (inclusive)"
        raise JsException("TypeError", f"Part number must be {bounds}. Actual value was: {part}")
    return part


def _check_value(method: str, kind: str, value: Any, *, or_null: bool = False) -> None:
    if value is None and or_null:
        return
    if not isinstance(value, (str, bytes, Blob, ReadableStream)):
        wanted = "ReadableStream or ArrayBuffer or ArrayBufferView or string or Blob"
        refused = f"Failed to execute '{method}' on '{kind}': parameter 2"
        raise JsException("TypeError", f"{refused} is not of type '{wanted}'.")


async def _read(action: str, value: Any) -> bytes:
    """The bytes to store: all of a stream before anything changes."""
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, Blob):
        return await value.arrayBuffer()
    if isinstance(value, bytes):
        return value
    if value.locked:
        raise JsException("TypeError", "The ReadableStream has been locked to a reader.")
    if value.disturbed:
        raise JsException("TypeError", "This ReadableStream is disturbed.")
    if value.length is None:
        raise JsException(
            "TypeError",
            "Provided readable stream must have a known length (request/response body or readable "
            "half of FixedLengthStream)",
        )
    if value.length > MAX_SIZE:
        reason = "Your proposed upload exceeds the maximum allowed object size."
        raise failed(action, reason, 100100)
    reader, chunks = value.getReader(), list[bytes]()
    while not (chunk := await reader.read())["done"]:
        chunks.append(chunk["value"])
    return b"".join(chunks)
