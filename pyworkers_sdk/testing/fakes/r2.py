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
from ._cursors import cursor_after
from ._js_numbers import int32
from .r2_listing import grouped, page_size, start_key
from .r2_rules import (
    HTTP_HEADERS,
    check_key,
    check_range,
    check_ssec_key,
    checksum,
    condition,
    custom_metadata,
    failed,
    holds,
    http_date,
    http_metadata,
    resolve_range,
)

__all__ = ["FakeR2Bucket"]

# Limits, in keys, bytes or parts.
MAX_KEYS = 1000
MAX_METADATA = 8192
MAX_METADATA_LOCALLY = 2048
MAX_PART_NUMBER = 10_000
MAX_SIZE = 5 * 1024**3 - 5 * 1024**2
MIN_PART_SIZE = 5 * 1024**2

# The runtime's own words, seen in the real worlds: quotes, never to be improved. The messages of
# R2's service are in r2_rules.MESSAGES.
PART_NUMBER = "Part number must be between 1 and {} (inclusive). Actual value was: {}"
WRONG_VALUE = (
    "Failed to execute '{}' on '{}': parameter 2 is not of type 'ReadableStream or ArrayBuffer or"
    " ArrayBufferView or string or Blob'."
)
LOCKED_STREAM = "The ReadableStream has been locked to a reader."
DISTURBED_STREAM = "This ReadableStream is disturbed."
UNKNOWN_LENGTH = (
    "Provided readable stream must have a known length (request/response body or readable half of"
    " FixedLengthStream)"
)


class Part(NamedTuple):
    etag: str
    data: bytes


class Upload:
    """A multipart upload. ``parts`` is None after it was completed or aborted."""

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
    """JS: R2Bucket. Objects are dated by its ``clock``.

    ``strict`` applies the limits of production where the local runtime has others: 8,192 bytes of
    metadata (locally 2,048), and 1 to 1,000 keys to delete (locally any number).
    """

    def __init__(self, clock: Clock | None = None, *, strict: bool = True) -> None:
        self.clock: Clock = clock or Clock()
        self.strict = strict
        self._objects: dict[str, Stored] = {}
        self._uploads: dict[str, Upload] = {}

    async def head(self, key: str, /) -> FakeR2Object | None:
        check_key("head", key)
        stored = self._objects.get(key)
        return stored and FakeR2Object(stored, range=_whole(stored))

    async def get(
        self, key: str, /, *, range: Any = None, onlyIf: Any = None, ssecKey: Any = None
    ) -> FakeR2Object | None:
        # In the order of the runtime: all options first, and the key by the service.
        only_if = condition(onlyIf)
        check_range(range)
        check_ssec_key(ssecKey)
        check_key("get", key)
        stored = self._objects.get(key)
        if stored is None:
            return None
        if not holds(only_if, stored.etag, stored.uploaded):
            return FakeR2Object(stored, range=_whole(stored))
        offset, length = resolve_range(range, len(stored.data))
        return FakeR2ObjectBody(stored, range={"offset": offset, "length": length})

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
        http, custom = http_metadata(httpMetadata), custom_metadata(customMetadata)
        only_if = condition(onlyIf)
        expected = checksum(md5=md5, sha1=sha1, sha256=sha256, sha384=sha384, sha512=sha512)
        check_ssec_key(ssecKey)
        data = await _read("put", value)
        check_key("put", key)
        limit = MAX_METADATA if self.strict else MAX_METADATA_LOCALLY
        if sum(_size(name) + _size(text) for name, text in custom.items()) > limit:
            raise failed("put", 10012)
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        checksums = {"md5": digest}
        # The checksum comes before the condition
        # (contract: test_a_wrong_checksum_is_reported_before_a_failed_condition).
        if expected is not None:
            checksums[expected.name] = expected.check(data)
        previous = self._objects.get(key)
        if not holds(only_if, previous and previous.etag, previous and previous.uploaded):
            return None
        return FakeR2Object(self.store(key, data, digest, http, custom, checksums))

    async def delete(self, keys: Any, /) -> None:
        names: list[str] = [keys] if isinstance(keys, str) else keys
        if self.strict and not 1 <= len(names) <= MAX_KEYS:
            raise failed("delete", 10027)
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
        fields = include or []
        count = page_size(fields, int32(limit))
        # Python orders text by code points: the same order as that of UTF-8 bytes.
        keys = sorted(key for key in self._objects if key.startswith(prefix or ""))
        start = start_key(startAfter, cursor)
        if start is not None:
            keys = [key for key in keys if key > start]
        entries = grouped(keys, prefix or "", delimiter)
        page = entries[:count]
        members: dict[str, Any] = {
            "objects": [
                FakeR2Object(self._objects[entry.name], fields)
                for entry in page
                if not entry.is_prefix
            ],
            "truncated": len(entries) > len(page),
            "delimitedPrefixes": [entry.name for entry in page if entry.is_prefix],
        }
        if members["truncated"]:
            members["cursor"] = cursor_after(page[-1].last_key)
        return members

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
        upload = Upload(key, http_metadata(httpMetadata), custom_metadata(customMetadata))
        check_ssec_key(ssecKey)
        check_key("createMultipartUpload", key)
        upload_id = secrets.token_urlsafe(128)
        self._uploads[upload_id] = upload
        return FakeR2MultipartUpload(self, key, upload_id)

    def resumeMultipartUpload(self, key: str, uploadId: str, /) -> FakeR2MultipartUpload:
        return FakeR2MultipartUpload(self, key, uploadId)

    def upload(self, key: str, upload_id: str) -> Upload | None:
        """Return a multipart upload, if it is one of this key."""
        upload = self._uploads.get(upload_id)
        return upload if upload is not None and upload.key == key else None

    def store(
        self,
        key: str,
        data: bytes,
        etag: str,
        http: dict[str, Any],
        custom: dict[str, str],
        checksums: dict[str, str],
    ) -> Stored:
        """Store an object as a new version."""
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
        check_ssec_key(ssecKey)
        data = await _read("uploadPart", value)
        check_key("uploadPart", self.key)
        upload = self._bucket.upload(self.key, self.uploadId)
        if upload is None or upload.parts is None:
            raise failed("uploadPart", 10024)
        upload.parts[number] = Part(secrets.token_urlsafe(128), data)
        return {"partNumber": number, "etag": upload.parts[number].etag}

    async def complete(self, uploadedParts: list[dict[str, Any]], /) -> FakeR2Object:
        named = [(_part_number(part["partNumber"]), part["etag"]) for part in uploadedParts]
        check_key(_COMPLETE, self.key)
        # An unknown upload is an internal error in miniflare, but only here and in abort()
        # (contract: test_an_unknown_upload_is_refused).
        upload = self._bucket.upload(self.key, self.uploadId)
        if upload is None:
            raise failed(_COMPLETE, 10001)
        if upload.parts is None:
            raise failed(_COMPLETE, 10024)
        _check_parts(named, upload.parts)
        chunks = [upload.parts[number].data for number, _ in sorted(named)]
        upload.parts = None
        # The etag is that of S3: the MD5 of the parts' MD5s, and the number of parts.
        md5s = [hashlib.md5(chunk, usedforsecurity=False).digest() for chunk in chunks]
        digest = hashlib.md5(b"".join(md5s), usedforsecurity=False).hexdigest()
        etag = f"{digest}-{len(chunks)}"
        stored = self._bucket.store(
            self.key, b"".join(chunks), etag, upload.http, upload.custom, {}
        )
        return FakeR2Object(stored)

    async def abort(self) -> None:
        check_key("abortMultipartUpload", self.key)
        upload = self._bucket.upload(self.key, self.uploadId)
        if upload is None:
            raise failed("abortMultipartUpload", 10001)
        upload.parts = None  # Aborting an ended upload is not an error.


_COMPLETE = "completeMultipartUpload"


def _check_parts(named: list[tuple[int, str]], parts: dict[int, Part]) -> None:
    """Refuse parts that cannot be completed, in the order of miniflare's checks.

    ``named`` are the numbers and etags that the caller passed, in the caller's order.
    """
    if len({number for number, _ in named}) < len(named):
        raise failed(_COMPLETE, 10001)
    for number, etag in named:
        if number not in parts or parts[number].etag != etag:
            raise failed(_COMPLETE, 10025)
    # The last one as named may be small, and after that the last one by number.
    if any(len(parts[number].data) < MIN_PART_SIZE for number, _ in named[:-1]):
        raise failed(_COMPLETE, 10011)
    sizes = [len(parts[number].data) for number, _ in sorted(named)]
    if any(size != sizes[0] or size < MIN_PART_SIZE for size in sizes[:-1]):
        raise failed(_COMPLETE, 10048)
    if sizes and sizes[-1] > sizes[0]:
        raise failed(_COMPLETE, 10048)


class FakeR2Object:
    """JS: R2Object. Neither storage class nor customer's key is stored, as in local runtimes."""

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
        self.httpMetadata: dict[str, Any] = _included(stored.http, "httpMetadata", fields)
        self.customMetadata: dict[str, Any] = _included(stored.custom, "customMetadata", fields)
        self.range = range

    def writeHttpMetadata(self, headers: Any, /) -> None:
        # The runtime writes into immutable headers too
        # (contract: test_http_metadata_is_written_into_immutable_headers).
        immutable, headers.immutable = headers.immutable, False
        for name, value in self.httpMetadata.items():
            text = http_date(value) if name == "cacheExpiry" else value
            headers.set(HTTP_HEADERS[name], text)
        headers.immutable = immutable


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


def _included(metadata: dict[str, Any], field: str, fields: list[str] | None) -> dict[str, Any]:
    """Return a copy of the metadata if a listing includes it; None for ``fields`` means all."""
    return dict(metadata) if fields is None or field in fields else {}


def _size(text: str) -> int:
    """Return the size of metadata as V8 stores it: one byte per character, or two for all.

    miniflare measures it so (contract: test_custom_metadata_may_be_2048_bytes).
    """
    units = text.encode("utf-16-le")
    return len(units) if any(units[1::2]) else len(units) // 2


def _part_number(number: float) -> int:
    part = int32(number) or 0
    if not 1 <= part <= MAX_PART_NUMBER:
        raise JsException("TypeError", PART_NUMBER.format(MAX_PART_NUMBER, part))
    return part


def _check_value(method: str, class_name: str, value: Any, *, or_null: bool = False) -> None:
    if value is None and or_null:
        return
    if not isinstance(value, (str, bytes, Blob, ReadableStream)):
        raise JsException("TypeError", WRONG_VALUE.format(method, class_name))


async def _read(action: str, value: Any) -> bytes:
    """Return the bytes to store. A stream is read to its end before anything changes."""
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, Blob):
        return await value.arrayBuffer()
    if isinstance(value, bytes):
        return value
    if value.locked:
        raise JsException("TypeError", LOCKED_STREAM)
    if value.disturbed:
        raise JsException("TypeError", DISTURBED_STREAM)
    if value.length is None:
        raise JsException("TypeError", UNKNOWN_LENGTH)
    if value.length > MAX_SIZE:
        raise failed(action, 100100)
    reader, chunks = value.getReader(), list[bytes]()
    while not (chunk := await reader.read())["done"]:
        chunks.append(chunk["value"])
    return b"".join(chunks)
