"""What R2 tells and is told: objects, their metadata, ranges and conditions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict, TypeVar, cast, overload

from .. import _row_types as _rows
from .._border import JsWrapper, bytes_of, from_js, prop, raising, raw, record
from ..blob import Blob
from ..errors import R2Error, StreamError
from ..http import Headers
from ..streams import ReadableStream

if TYPE_CHECKING:
    from .. import _js

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
    """HTTP headers that are stored with an object. JS: R2HTTPMetadata."""

    content_type: str
    content_language: str
    content_disposition: str
    content_encoding: str
    cache_control: str
    cache_expiry: datetime


class R2Conditional(TypedDict, total=False):
    """What has to hold of the object for ``only_if``. Times from 1970 on. JS: R2Conditional.

    An etag is written without quotes (``R2Object.etag``); "*" is any. ``seconds_granularity``
    compares times in whole seconds, as HTTP does.
    """

    etag_matches: str
    etag_does_not_match: str
    uploaded_before: datetime
    uploaded_after: datetime
    seconds_granularity: bool


class R2Range(TypedDict, total=False):
    """The bytes to get: from ``offset`` on, ``length`` of them; or the last ``suffix``.

    JS: R2Range.
    """

    offset: int
    length: int
    suffix: int


class R2ObjectRange(TypedDict):
    """The bytes that an answer has. JS: R2Range."""

    offset: int
    length: int


# what each key of an options bag is in JavaScript, and the type that it has here
Names: TypeAlias = "dict[str, tuple[str, type[Any] | tuple[type[Any], ...]]]"

HTTP_METADATA: Names = {
    "content_type": ("contentType", str),
    "content_language": ("contentLanguage", str),
    "content_disposition": ("contentDisposition", str),
    "content_encoding": ("contentEncoding", str),
    "cache_control": ("cacheControl", str),
    "cache_expiry": ("cacheExpiry", datetime),
}
CONDITIONAL: Names = {
    "etag_matches": ("etagMatches", str),
    "etag_does_not_match": ("etagDoesNotMatch", str),
    "uploaded_before": ("uploadedBefore", datetime),
    "uploaded_after": ("uploadedAfter", datetime),
    "seconds_granularity": ("secondsGranularity", bool),
}
RANGE: Names = {
    "offset": ("offset", (int, float)),
    "length": ("length", (int, float)),
    "suffix": ("suffix", (int, float)),
}


class R2UploadedPart(NamedTuple):
    """A part of a multipart upload, which ``complete`` wants back. JS: R2UploadedPart."""

    part_number: int
    etag: str


class R2Checksums:
    """The checksums that are stored with an object, as bytes; None for those that are not.

    JS: R2Checksums.
    """

    __slots__ = ("_js",)

    def __init__(self, checksums: _js.R2Checksums) -> None:
        self._js: _js.R2Checksums = raw(checksums)

    @property
    def md5(self) -> bytes | None:
        """None for an object of several parts. JS: R2Checksums.md5."""
        return self._get("md5")

    @property
    def sha1(self) -> bytes | None:
        """JS: R2Checksums.sha1."""
        return self._get("sha1")

    @property
    def sha256(self) -> bytes | None:
        """JS: R2Checksums.sha256."""
        return self._get("sha256")

    @property
    def sha384(self) -> bytes | None:
        """JS: R2Checksums.sha384."""
        return self._get("sha384")

    @property
    def sha512(self) -> bytes | None:
        """JS: R2Checksums.sha512."""
        return self._get("sha512")

    def to_json(self) -> dict[str, str]:
        """Those that there are, by name, in hexadecimal. JS: R2Checksums.toJSON."""
        found: dict[str, str | None] = from_js(self._js.toJSON())
        return {name: digest for name, digest in found.items() if digest is not None}

    def _get(self, name: str) -> bytes | None:
        digest: bytes | None = from_js(prop(self._js, name))
        return digest


class R2Object(JsWrapper["_js.R2ObjectBody"]):
    """What is known of an object, without its bytes. JS: R2Object."""

    __slots__ = ()

    def __init__(self, found: _js.R2Object) -> None:
        # the members that are the body's are used in R2ObjectBody alone
        self._js = raw(found)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key!r}, {self.size} bytes>"

    @property
    def key(self) -> str:
        """JS: R2Object.key."""
        return self._js.key

    @property
    def version(self) -> str:
        """A new one for each put. JS: R2Object.version."""
        return self._js.version

    @property
    def size(self) -> int:
        """How many bytes the whole object has. JS: R2Object.size."""
        return self._js.size

    @property
    def etag(self) -> str:
        """Without quotes. JS: R2Object.etag."""
        return self._js.etag

    @property
    def http_etag(self) -> str:
        """In quotes, as the ETag header wants it. JS: R2Object.httpEtag."""
        return self._js.httpEtag

    @property
    def uploaded(self) -> datetime:
        """When it was put. JS: R2Object.uploaded."""
        uploaded: datetime = from_js(self._js.uploaded)
        return uploaded

    @property
    def http_metadata(self) -> HTTPMetadata:
        """Empty in a listing that did not ask for it. JS: R2Object.httpMetadata."""
        found: dict[str, Any] = from_js(prop(self._js, "httpMetadata")) or {}
        made = {
            name: found[js_name]
            for name, (js_name, _) in HTTP_METADATA.items()
            if found.get(js_name) is not None
        }
        return cast(HTTPMetadata, made)

    @property
    def custom_metadata(self) -> dict[str, str]:
        """Empty in a listing that did not ask for it. JS: R2Object.customMetadata."""
        return record(prop(self._js, "customMetadata")) or {}

    @property
    def range(self) -> R2ObjectRange | None:
        """The bytes that ``get`` gave; None after ``put`` and in a listing. JS: R2Object.range."""
        found: dict[str, Any] | None = from_js(prop(self._js, "range"))
        if found is None:
            return None
        return {"offset": found["offset"], "length": found["length"]}

    @property
    def checksums(self) -> R2Checksums:
        """JS: R2Object.checksums."""
        return R2Checksums(self._js.checksums)

    @property
    def storage_class(self) -> str:
        """ "Standard" or "InfrequentAccess"; "" in the local runtime. JS: R2Object.storageClass."""
        return self._js.storageClass

    @property
    def ssec_key_md5(self) -> str | None:
        """The MD5 of the customer's key that it is encrypted with. JS: R2Object.ssecKeyMd5."""
        digest: str | None = from_js(prop(self._js, "ssecKeyMd5"))
        return digest

    def write_http_metadata(self, headers: Headers) -> None:
        """Set the headers that ``http_metadata`` is. JS: R2Object.writeHttpMetadata."""
        with _raising:
            self._js.writeHttpMetadata(headers.js_object)


class R2ObjectBody(R2Object):
    """An object with its bytes, or with the range that was asked for.

    They can be read once: StreamError. ``Response(found.body)`` sends them on, and none of them
    enters Python.

    JS: R2ObjectBody.
    """

    __slots__ = ()

    @property
    def body(self) -> ReadableStream:
        """The bytes as a stream, of known length. JS: R2ObjectBody.body."""
        return ReadableStream(self._js.body)

    @property
    def body_used(self) -> bool:
        """Whether any of the body was read. JS: R2ObjectBody.bodyUsed."""
        return bool(self._js.bodyUsed)

    async def bytes(self) -> bytes:
        """All the bytes. JS: R2ObjectBody.arrayBuffer."""
        with _raising_of_body:
            data = bytes_of(await self._js.arrayBuffer())
        return data or b""

    async def text(self) -> str:
        """UTF-8 text; what is not UTF-8 becomes U+FFFD. JS: R2ObjectBody.text."""
        with _raising_of_body:
            return await self._js.text()

    @overload
    async def json(self) -> Any: ...
    @overload
    async def json(self, row_type: type[T]) -> T: ...
    async def json(self, row_type: Any = None) -> Any:
        """The bytes parsed as JSON; with a row type, loaded as one and checked.

        RowError for what is no JSON (``js_name`` is then "SyntaxError") or not what the type says.
        JS: R2ObjectBody.json.
        """
        return _rows.parse(await self.text(), row_type, f"the value of {self.key!r}")

    async def blob(self) -> Blob:
        """The bytes as a Blob of the object's content type. JS: R2ObjectBody.blob."""
        with _raising_of_body:
            return Blob.from_js(await self._js.blob())


class R2Objects(NamedTuple):
    """One page of a listing; ``cursor`` asks for the next and is None on the last.

    ``delimited_prefixes`` stand for the keys that have the delimiter after the prefix.

    JS: R2Objects.
    """

    objects: list[R2Object]
    truncated: bool
    cursor: str | None
    delimited_prefixes: list[str]
