"""R2 object storage: ``R2``."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, overload

from .._border import JsWrapper, binding, from_js, prop, raising, raw, stream_from, text, to_js, web
from .._border.values import JSON, convert, count
from .._times import EPOCH
from ..blob import Blob
from ..errors import ConversionError, R2Error
from ..http import Headers
from ..streams import ReadableStream
from .objects import (
    CONDITIONAL,
    HTTP_METADATA,
    RANGE,
    HTTPMetadata,
    Names,
    R2Conditional,
    R2Object,
    R2ObjectBody,
    R2Objects,
    R2Range,
    R2UploadedPart,
)

if TYPE_CHECKING:
    from .. import _js

__all__ = ["R2", "R2MultipartUpload"]

_raising = raising(R2Error)

_Value: TypeAlias = (
    "str | bytes | bytearray | memoryview | Blob | ReadableStream | AsyncIterable[bytes]"
)
_Include: TypeAlias = 'Sequence[Literal["http_metadata", "custom_metadata"]]'


class R2(JsWrapper["_js.R2Bucket"]):
    """An R2 bucket: ``R2(env.BUCKET)``.

    Keys are up to 1,024 bytes of UTF-8, objects up to 5 GiB less 5 MiB in one put and 5 TiB in
    parts. Every method raises R2Error where the service refuses, and ConversionError, before
    anything is sent, where an argument cannot cross.

    JS: R2Bucket.
    """

    __slots__ = ()

    def __init__(self, bucket: _js.R2Bucket) -> None:
        self._js = binding(bucket, "R2", "createMultipartUpload")

    async def head(self, key: str) -> R2Object | None:
        """What is known of an object, or None. JS: R2Bucket.head."""
        with _raising:
            found = raw(await self._js.head(text(key, "key")))
        return None if found is None else R2Object(found)

    @overload
    async def get(
        self,
        key: str,
        *,
        range: R2Range | Headers | None = None,
        only_if: None = None,
        ssec_key: bytes | str | None = None,
    ) -> R2ObjectBody | None: ...
    @overload
    async def get(
        self,
        key: str,
        *,
        range: R2Range | Headers | None = None,
        only_if: R2Conditional | Headers,
        ssec_key: bytes | str | None = None,
    ) -> R2ObjectBody | R2Object | None: ...
    async def get(
        self,
        key: str,
        *,
        range: Any = None,
        only_if: Any = None,
        ssec_key: bytes | str | None = None,
    ) -> R2ObjectBody | R2Object | None:
        """An object with its bytes, or None; without them where ``only_if`` does not hold.

        ``range``: which bytes, or Headers whose Range says it; there one that cannot be had means
        the whole object. ``only_if``: conditions, or Headers with If-Match, If-None-Match,
        If-Modified-Since and If-Unmodified-Since. ``ssec_key``: the customer's key that the object
        is encrypted with, 32 bytes or 64 lower-case hexadecimal digits.

        JS: R2Bucket.get.
        """
        with _raising:
            found = raw(
                await self._js.get(
                    text(key, "key"),
                    range=_options(range, RANGE, "range"),
                    onlyIf=_options(only_if, CONDITIONAL, "only_if"),
                    ssecKey=_bytes(ssec_key, "ssec_key"),
                )
            )
        if found is None:
            return None
        # not by ``body``, which would be on its way once one has asked for it
        return R2Object(found) if prop(found, "bodyUsed") is None else R2ObjectBody(found)

    @overload
    async def put(
        self,
        key: str,
        value: _Value | None,
        *,
        length: int | None = None,
        http_metadata: HTTPMetadata | Headers | None = None,
        custom_metadata: Mapping[str, str] | None = None,
        only_if: None = None,
        md5: bytes | str | None = None,
        sha1: bytes | str | None = None,
        sha256: bytes | str | None = None,
        sha384: bytes | str | None = None,
        sha512: bytes | str | None = None,
        storage_class: str | None = None,
        ssec_key: bytes | str | None = None,
    ) -> R2Object: ...
    @overload
    async def put(
        self,
        key: str,
        value: _Value | None,
        *,
        length: int | None = None,
        http_metadata: HTTPMetadata | Headers | None = None,
        custom_metadata: Mapping[str, str] | None = None,
        only_if: R2Conditional | Headers,
        md5: bytes | str | None = None,
        sha1: bytes | str | None = None,
        sha256: bytes | str | None = None,
        sha384: bytes | str | None = None,
        sha512: bytes | str | None = None,
        storage_class: str | None = None,
        ssec_key: bytes | str | None = None,
    ) -> R2Object | None: ...
    async def put(
        self,
        key: str,
        value: _Value | None,
        *,
        length: int | None = None,
        http_metadata: Any = None,
        custom_metadata: Mapping[str, str] | None = None,
        only_if: Any = None,
        md5: bytes | str | None = None,
        sha1: bytes | str | None = None,
        sha256: bytes | str | None = None,
        sha384: bytes | str | None = None,
        sha512: bytes | str | None = None,
        storage_class: str | None = None,
        ssec_key: bytes | str | None = None,
    ) -> R2Object | None:
        """Store an object, in place of the one before; None where ``only_if`` does not hold.

        R2 has to know how long a value is. A stream that knows it itself passes through untouched:
        the body of an R2 object, of a request that has a Content-Length, of a response. For
        another stream say its ``length`` in bytes. An async iterator without one is collected in
        memory first; what is too large for that wants a multipart upload. A stream that breaks
        off, or is not of its length, is an R2Error, and leaves what was there; only where that
        comes after the last byte that was announced, R2 may have stored those.

        ``custom_metadata``: 8,192 bytes in all (2,048 in the local runtime). Of the checksums at
        most one, as bytes or in hexadecimal, is what the value has to have. ``only_if`` and
        ``ssec_key`` as for ``get``.

        JS: R2Bucket.put.
        """
        key = text(key, "key")
        http = _options(http_metadata, HTTP_METADATA, "http_metadata")
        custom = _texts(custom_metadata)
        condition = _options(only_if, CONDITIONAL, "only_if")
        digests = [md5, sha1, sha256, sha384, sha512]
        md5, sha1, sha256, sha384, sha512 = map(_bytes, digests, _DIGESTS)
        ssec_key = _bytes(ssec_key, "ssec_key")
        # last of all, as a stream that is made here is somebody's to end
        value = None if value is None else await _body(value, length)
        with _raising:
            made = raw(
                await self._js.put(
                    key,
                    value,
                    httpMetadata=http,
                    customMetadata=custom,
                    onlyIf=condition,
                    md5=md5,
                    sha1=sha1,
                    sha256=sha256,
                    sha384=sha384,
                    sha512=sha512,
                    storageClass=_text(storage_class, "storage_class"),
                    ssecKey=ssec_key,
                )
            )
        return None if made is None else R2Object(made)

    async def delete(self, keys: str | Iterable[str]) -> None:
        """Remove an object, or 1 to 1,000 at once; missing ones are no error.

        JS: R2Bucket.delete.
        """
        if isinstance(keys, str):
            given: Any = text(keys, "keys")
        elif isinstance(keys, Iterable) and not isinstance(keys, (bytes, bytearray)):
            given = to_js([text(key, f"keys[{at}]") for at, key in enumerate(keys)])
        else:
            kind = type(keys).__name__
            raise ConversionError(f"keys: expected str or a list of str, got {kind}")
        with _raising:
            await self._js.delete(given)

    async def list(
        self,
        *,
        prefix: str | None = None,
        delimiter: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        start_after: str | None = None,
        include: _Include = (),
    ) -> R2Objects:
        """One page of at most ``limit`` objects and prefixes (1 to 1,000, default 1,000).

        They come in byte order of their keys. ``delimiter``: keys that have it after ``prefix``
        are told as one prefix. ``include``: the metadata to list too; pages are shorter then.

        JS: R2Bucket.list.
        """
        with _raising:
            found = await self._js.list(
                prefix=_text(prefix, "prefix"),
                delimiter=_text(delimiter, "delimiter"),
                limit=count(limit, "limit"),
                cursor=_text(cursor, "cursor"),
                startAfter=_text(start_after, "start_after"),
                include=to_js(_included(include), "include"),
            )
        return R2Objects(
            [R2Object(each) for each in prop(found, "objects")],
            prop(found, "truncated"),
            from_js(prop(found, "cursor")),
            from_js(prop(found, "delimitedPrefixes")),
        )

    async def objects(
        self, *, prefix: str | None = None, include: _Include = ()
    ) -> AsyncIterator[R2Object]:
        """Every object in byte order of the keys, page after page; an addition over JavaScript."""
        cursor: str | None = None
        truncated = True
        while truncated:
            page = await self.list(prefix=prefix, cursor=cursor, include=include)
            for each in page.objects:
                yield each
            truncated, cursor = page.truncated, page.cursor

    async def create_multipart_upload(
        self,
        key: str,
        *,
        http_metadata: HTTPMetadata | Headers | None = None,
        custom_metadata: Mapping[str, str] | None = None,
        storage_class: str | None = None,
        ssec_key: bytes | str | None = None,
    ) -> R2MultipartUpload:
        """Begin an object in parts; there is none until ``complete``.

        JS: R2Bucket.createMultipartUpload.
        """
        with _raising:
            upload = await self._js.createMultipartUpload(
                text(key, "key"),
                httpMetadata=_options(http_metadata, HTTP_METADATA, "http_metadata"),
                customMetadata=_texts(custom_metadata),
                storageClass=_text(storage_class, "storage_class"),
                ssecKey=_bytes(ssec_key, "ssec_key"),
            )
        return R2MultipartUpload(upload)

    def resume_multipart_upload(self, key: str, upload_id: str) -> R2MultipartUpload:
        """The upload of that id, unchecked: its methods raise if there is none.

        JS: R2Bucket.resumeMultipartUpload.
        """
        with _raising:
            return R2MultipartUpload(
                self._js.resumeMultipartUpload(text(key, "key"), text(upload_id, "upload_id"))
            )


class R2MultipartUpload(JsWrapper["_js.R2MultipartUpload"]):
    """A large object on its way, part after part. JS: R2MultipartUpload.

    Parts may be uploaded side by side and again; all but the last are of one size, of 5 MiB at
    least. An upload that is left alone is dropped after seven days.
    """

    __slots__ = ()

    def __init__(self, upload: _js.R2MultipartUpload) -> None:
        self._js = raw(upload)

    @property
    def key(self) -> str:
        """JS: R2MultipartUpload.key."""
        return self._js.key

    @property
    def upload_id(self) -> str:
        """What ``R2.resume_multipart_upload`` wants. JS: R2MultipartUpload.uploadId."""
        return self._js.uploadId

    async def upload_part(
        self,
        part_number: int,
        value: _Value,
        *,
        length: int | None = None,
        ssec_key: bytes | str | None = None,
    ) -> R2UploadedPart:
        """Upload one part, numbered 1 to 10,000, or the same number again in its place.

        ``value`` and ``length`` as for ``R2.put``. JS: R2MultipartUpload.uploadPart.
        """
        ssec_key = _bytes(ssec_key, "ssec_key")
        number = count(part_number, "part_number")
        value = await _body(value, length)
        with _raising:
            part = await self._js.uploadPart(number, value, ssecKey=ssec_key)
        return R2UploadedPart(prop(part, "partNumber"), prop(part, "etag"))

    async def complete(self, parts: Iterable[R2UploadedPart]) -> R2Object:
        """Make the object of these parts, in the order of their numbers.

        JS: R2MultipartUpload.complete.
        """
        listed = [{"partNumber": number, "etag": etag} for number, etag in parts]
        with _raising:
            return R2Object(await self._js.complete(to_js(listed, "parts")))

    async def abort(self) -> None:
        """Drop the upload and its parts. JS: R2MultipartUpload.abort."""
        with _raising:
            await self._js.abort()


_INCLUDE = {"http_metadata": "httpMetadata", "custom_metadata": "customMetadata"}


def _included(names: _Include) -> list[str]:
    """The fields that a list is to have, under JavaScript's names."""
    if isinstance(names, str):
        raise ConversionError("include: expected a list of names, got str")
    return [_INCLUDE.get(name, name) for name in names]


def _options(given: Any, names: Names, name: str) -> Any:
    """An options bag as JavaScript takes it: Headers, or an object."""
    if given is None:
        return None
    if isinstance(given, Headers):
        return given.js_object
    if not isinstance(given, Mapping):
        raise ConversionError(f"{name}: expected a dict or Headers, got {type(given).__name__}")
    made: dict[str, Any] = {}
    for key, value in cast("Mapping[str, Any]", given).items():
        if key not in names:
            raise ConversionError(f"{name}: no {key!r}; there are {', '.join(names)}")
        js_name, kind = names[key]
        if value is None:
            continue
        if not isinstance(value, kind):
            wanted = kind.__name__ if isinstance(kind, type) else "int"
            raise ConversionError(f"{name}.{key}: expected {wanted}, got {type(value).__name__}")
        if isinstance(value, datetime) and _aware(value) < EPOCH:
            # which the runtime takes for a time far ahead, and cannot read back
            raise ConversionError(f"{name}.{key}: R2 has no times before 1970")
        # a larger integer would arrive as a BigInt, which the runtime does not take here
        made[js_name] = convert(value, f"{name}.{key}", JSON) if type(value) is int else value
    return to_js(made, name)


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=value.tzinfo or timezone.utc)


def _texts(given: Mapping[str, str] | None) -> Any:
    if given is None:
        return None
    name = "custom_metadata"
    if not isinstance(cast(Any, given), Mapping):
        raise ConversionError(f"{name}: expected a dict, got {type(given).__name__}")
    return to_js({key: text(value, f"{name}[{key!r}]") for key, value in given.items()}, name)


_DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512")


def _bytes(given: Any, name: str) -> Any:
    """A key or a checksum: bytes, or the text that the runtime checks."""
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, (bytes, bytearray, memoryview)):
        return to_js(given)
    raise ConversionError(f"{name}: expected bytes or str, got {type(given).__name__}")


def _text(given: str | None, name: str) -> str | None:
    return None if given is None else text(given, name)


async def _body(value: Any, length: int | None) -> Any:
    """A value as JavaScript takes it, with a length that it knows."""
    if isinstance(value, str):
        return text(value, "value")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return to_js(value)
    if isinstance(value, Blob):
        return value.js_object
    if not hasattr(value, "__aiter__"):
        raise ConversionError(
            f"value: expected str, bytes or a stream, got {type(value).__name__}"
            " (store JSON by json.dumps)"
        )
    if length is None:
        if isinstance(value, ReadableStream):
            return value.js_object
        return to_js(await _collected(value))
    size: int = count(length, "length")
    with _raising:
        fixed = web.FixedLengthStream.new(size)
        stream = value.js_object if isinstance(value, ReadableStream) else stream_from(value)
        return stream.pipeThrough(fixed)


async def _collected(chunks: AsyncIterable[bytes]) -> bytes:
    try:
        return b"".join([chunk async for chunk in chunks])
    except Exception as exc:  # as if the runtime had read it
        raise R2Error(f"{type(exc).__name__}: {exc}", js_name="Error") from exc
