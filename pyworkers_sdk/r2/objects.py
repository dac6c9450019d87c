"""R2's objects, their metadata, and the ranges and conditions of requests."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict, TypeVar, cast, overload

from .. import _row_types
from .._border import JsWrapper, bytes_of, from_js, prop, raising, raw, record
from .._options import camel
from ..blob import Blob
from ..errors import R2Error, StreamError
from ..http import Headers
from ..streams import ReadableStream

if TYPE_CHECKING:
    from .. import _js
    from .._row_types import RowType
    from ..http import Request, Response

__all__ = [
    "HTTPMetadata",
    "R2Checksums",
    "R2Conditional",
    "R2Object",
    "R2ObjectBody",
    "R2ObjectRange",
    "R2Objects",
    "R2Range",
    "R2UploadedPart",
]

_raising = raising(R2Error)
_raising_of_body = raising(StreamError)

T = TypeVar("T")


class HTTPMetadata(TypedDict, total=False):
    """HTTP headers that are stored with an object.

    JS: R2HTTPMetadata.
    """

    content_type: str
    content_language: str
    content_disposition: str
    content_encoding: str
    cache_control: str
    cache_expiry: datetime
    """The header ``Expires``. An aware datetime from 1970 on."""


class R2Conditional(TypedDict, total=False):
    """Conditions on the stored object, for ``only_if``.

    As in HTTP (RFC 9110), ``uploaded_before`` counts only without ``etag_matches``, and
    ``uploaded_after`` only without ``etag_does_not_match``.

    JS: R2Conditional.
    """

    etag_matches: str
    """The object has this etag (``R2Object.etag``, without quotes); ``"*"`` is any etag."""
    etag_does_not_match: str
    """The object has another etag than this one; ``"*"`` is any etag."""
    uploaded_before: datetime
    """The object was uploaded before this time (not before 1970). Ignored beside
    ``etag_matches``."""
    uploaded_after: datetime
    """The object was uploaded after this time (not before 1970). Ignored beside
    ``etag_does_not_match``."""
    seconds_granularity: bool
    """Compare times in whole seconds, as HTTP does, not in milliseconds."""


class R2Range(TypedDict, total=False):
    """The bytes to read: ``offset`` and ``length``, either of them, or ``suffix``.

    JS: R2Range.
    """

    offset: int
    """The first byte; by default 0."""
    length: int
    """The number of bytes; by default all to the end."""
    suffix: int
    """The number of bytes at the end of the object."""


class R2ObjectRange(TypedDict):
    """The bytes that ``get`` returned.

    JS: R2Range.
    """

    offset: int
    """The first byte."""
    length: int
    """The number of bytes."""


# The options bags above: each key with the types that its value may have at run time. The names in
# JavaScript are the same in camelCase.
BagTypes: TypeAlias = "dict[str, type[Any] | tuple[type[Any], ...]]"

HTTP_METADATA: BagTypes = {
    "content_type": str,
    "content_language": str,
    "content_disposition": str,
    "content_encoding": str,
    "cache_control": str,
    "cache_expiry": datetime,
}
CONDITIONAL: BagTypes = {
    "etag_matches": str,
    "etag_does_not_match": str,
    "uploaded_before": datetime,
    "uploaded_after": datetime,
    "seconds_granularity": bool,
}
# A float passes: the runtime refuses a fraction in its own words.
RANGE: BagTypes = {"offset": (int, float), "length": (int, float), "suffix": (int, float)}


class R2UploadedPart(NamedTuple):
    """An uploaded part of a multipart upload. Pass it to ``R2MultipartUpload.complete``.

    JS: R2UploadedPart.
    """

    part_number: int
    """The number of the part, from 1 to 10,000."""
    etag: str
    """The etag of the part."""


class R2Checksums:
    """The checksums that are stored with an object. A checksum that is not stored is None.

    JS: R2Checksums.
    """

    __slots__ = ("_js",)

    def __init__(self, checksums: _js.R2Checksums) -> None:
        self._js: _js.R2Checksums = raw(checksums)

    def __crossing__(self) -> dict[str, str]:
        return self.to_json()

    @property
    def md5(self) -> bytes | None:
        """The MD5 digest, of 16 bytes. It is None for an object that was uploaded in parts.

        JS: R2Checksums.md5.
        """
        return self._get("md5")

    @property
    def sha1(self) -> bytes | None:
        """The SHA-1 digest, of 20 bytes, if it was passed to ``put``.

        JS: R2Checksums.sha1.
        """
        return self._get("sha1")

    @property
    def sha256(self) -> bytes | None:
        """The SHA-256 digest, of 32 bytes, if it was passed to ``put``.

        JS: R2Checksums.sha256.
        """
        return self._get("sha256")

    @property
    def sha384(self) -> bytes | None:
        """The SHA-384 digest, of 48 bytes, if it was passed to ``put``.

        JS: R2Checksums.sha384.
        """
        return self._get("sha384")

    @property
    def sha512(self) -> bytes | None:
        """The SHA-512 digest, of 64 bytes, if it was passed to ``put``.

        JS: R2Checksums.sha512.
        """
        return self._get("sha512")

    def to_json(self) -> dict[str, str]:
        """Return the stored checksums by name, in hexadecimal.

        JS: R2Checksums.toJSON.
        """
        digests: dict[str, str | None] = from_js(self._js.toJSON())
        return {name: digest for name, digest in digests.items() if digest is not None}

    def _get(self, name: str) -> bytes | None:
        digest: bytes | None = from_js(prop(self._js, name))
        return digest


class R2Object(JsWrapper["_js.R2ObjectBody"]):
    """An object's key, size and metadata, without its bytes.

    JS: R2Object.
    """

    __slots__ = ()

    def __init__(self, js_object: _js.R2Object) -> None:
        # The Protocol R2ObjectBody has the members of both classes; only R2ObjectBody uses the
        # members of the body.
        self._js = raw(js_object)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key!r}, {self.size} bytes>"

    def __crossing__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _METADATA}

    @property
    def key(self) -> str:
        """The object's key.

        JS: R2Object.key.
        """
        return self._js.key

    @property
    def version(self) -> str:
        """The version of the object. Each put creates a new one.

        JS: R2Object.version.
        """
        return self._js.version

    @property
    def size(self) -> int:
        """The size of the whole object, in bytes.

        JS: R2Object.size.
        """
        return self._js.size

    @property
    def etag(self) -> str:
        """The etag without quotes, as ``R2Conditional`` needs it.

        JS: R2Object.etag.
        """
        return self._js.etag

    @property
    def http_etag(self) -> str:
        """The etag in quotes, as the header ``ETag`` needs it.

        JS: R2Object.httpEtag.
        """
        return self._js.httpEtag

    @property
    def uploaded(self) -> datetime:
        """The time of the upload, as an aware UTC datetime.

        JS: R2Object.uploaded.
        """
        uploaded: datetime = from_js(self._js.uploaded)
        return uploaded

    @property
    def http_metadata(self) -> HTTPMetadata:
        """The stored HTTP headers. They are empty in a listing that did not include them.

        JS: R2Object.httpMetadata.
        """
        members: dict[str, Any] = from_js(prop(self._js, "httpMetadata")) or {}
        metadata = {
            name: value for name in HTTP_METADATA if (value := members.get(camel(name))) is not None
        }
        return cast(HTTPMetadata, metadata)

    @property
    def custom_metadata(self) -> dict[str, str]:
        """The stored custom metadata. It is empty in a listing that did not include it.

        JS: R2Object.customMetadata.
        """
        return record(prop(self._js, "customMetadata")) or {}

    @property
    def range(self) -> R2ObjectRange | None:
        """The bytes that ``get`` returned; None after ``put`` and in a listing.

        JS: R2Object.range.
        """
        js_range: dict[str, Any] | None = from_js(prop(self._js, "range"))
        if js_range is None:
            return None
        return {"offset": js_range["offset"], "length": js_range["length"]}

    @property
    def checksums(self) -> R2Checksums:
        """The stored checksums.

        JS: R2Object.checksums.
        """
        return R2Checksums(self._js.checksums)

    @property
    def storage_class(self) -> str:
        """The storage class: ``"Standard"`` or ``"InfrequentAccess"``; ``""`` in local runtimes.

        JS: R2Object.storageClass.
        """
        return self._js.storageClass

    @property
    def ssec_key_md5(self) -> str | None:
        """The MD5 of the customer's key with which the object is encrypted, if any.

        JS: R2Object.ssecKeyMd5.
        """
        digest: str | None = from_js(prop(self._js, "ssecKeyMd5"))
        return digest

    def write_http_metadata(self, headers: Headers) -> None:
        """Write ``http_metadata`` into ``headers``.

        JS: R2Object.writeHttpMetadata.
        """
        with _raising:
            self._js.writeHttpMetadata(headers.js_object)

    def response(self, request: Request) -> Response:
        """Return the response that serves this object, by the rules of RFC 9110.

            stored = await self.env.FILES.get(key, range=request.headers)
            if stored is None:
                return Response("Not found", status=404)
            return stored.response(request)

        The status is 200, or 206 for one range of bytes. It is 304 or 412 if a condition of the
        request does not hold (``If-Match``, ``If-None-Match``, ``If-Modified-Since``,
        ``If-Unmodified-Since``), and 416 if the range is beyond the object. Malformed conditions
        and ranges are ignored, and several ranges are answered by the whole object. The headers
        are the stored HTTP metadata, ``ETag``, ``Last-Modified``, ``Accept-Ranges``,
        ``Content-Length`` and ``Content-Range``. The response is not immutable: add others to
        its ``headers``.

        The bytes pass through unread. If ``range`` was not passed to ``get``, a range is cut out of
        the whole object in Python, so pass it. ``only_if`` is not needed: R2 itself refuses a
        malformed etag of a client, and takes an equal time of ``If-Unmodified-Since`` for a later
        one. An object of ``head`` is enough for a HEAD request. For another request an object
        without its bytes is answered by 304 or 412: a condition that was passed to ``get`` failed.

        JavaScript has no such method.

        Args:
            request: The request to answer. Its method, conditions, ``Range`` and ``If-Range``
                count.

        Raises:
            StreamError: The body was read before.
        """
        from ._serving import serve  # few Workers need it

        return serve(self, request)


class R2ObjectBody(R2Object):
    """An object with its bytes, or with the requested range of them.

    The bytes can be read once; a second read raises StreamError. ``Response(stored.body)`` passes
    them on without reading them into Python.

    JS: R2ObjectBody.
    """

    __slots__ = ()

    # Its fields without its bytes would be another object.
    __crossing__: Any = None

    @property
    def body(self) -> ReadableStream:
        """The bytes as a stream of known length.

        Reading it raises StreamError if the body was read before.

        JS: R2ObjectBody.body.
        """
        with _raising_of_body:
            return ReadableStream(self._js.body)

    @property
    def body_used(self) -> bool:
        """True once any part of the body was read.

        JS: R2ObjectBody.bodyUsed.
        """
        return bool(self._js.bodyUsed)

    async def bytes(self) -> bytes:
        """Read all bytes.

        Raises:
            StreamError: The body was read before, or reading failed.

        JS: R2ObjectBody.arrayBuffer.
        """
        with _raising_of_body:
            data = bytes_of(await self._js.arrayBuffer())
        return data or b""

    async def text(self) -> str:
        """Read all bytes as UTF-8 text. Invalid UTF-8 becomes U+FFFD.

        Raises:
            StreamError: The body was read before, or reading failed.

        JS: R2ObjectBody.text.
        """
        with _raising_of_body:
            return await self._js.text()

    @overload
    async def json(self) -> Any: ...
    @overload
    async def json(self, row_type: RowType[T]) -> T: ...
    async def json(self, row_type: Any = None) -> Any:
        """Read all bytes as JSON.

        Args:
            row_type: A row type, as which the value is loaded and checked.

        Raises:
            RowError: The value does not fit the row type, or the text is not JSON. In the latter
                case ``js_name`` is ``"SyntaxError"``.
            StreamError: The body was read before, or reading failed.

        JS: R2ObjectBody.json.
        """
        if row_type is not None:
            _row_types.check(row_type)  # before the body is read
        return _row_types.parse(await self.text(), row_type, f"the value of {self.key!r}")

    async def blob(self) -> Blob:
        """Read all bytes as a Blob with the object's content type.

        Raises:
            StreamError: The body was read before, or reading failed.

        JS: R2ObjectBody.blob.
        """
        with _raising_of_body:
            return Blob.from_js(await self._js.blob())


class R2Objects(NamedTuple):
    """A page of a listing.

    JS: R2Objects.
    """

    objects: list[R2Object]
    """The objects, in the order of the UTF-8 bytes of their keys."""
    truncated: bool
    """True if there are more pages."""
    cursor: str | None
    """The start of the next page, for ``R2.list``; None on the last page."""
    delimited_prefixes: list[str]
    """Prefixes up to the delimiter, each in place of all keys that start with it."""


_METADATA = (
    "key",
    "version",
    "size",
    "etag",
    "http_etag",
    "uploaded",
    "http_metadata",
    "custom_metadata",
    "range",
    "checksums",
    "storage_class",
    "ssec_key_md5",
)
"""The properties of an R2Object."""
