"""R2 object storage: ``R2``."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, overload

from .._border import (
    JsWrapper,
    aware,
    base,
    binding,
    expected,
    from_js,
    prop,
    raising,
    raw,
    stream_from,
    text,
    to_js,
    web,
)
from .._border.values import JSON, bytes_of_chunk, convert, count
from .._options import camel, js_options, made_of
from .._times import EPOCH
from ..blob import Blob
from ..errors import ConversionError, R2Error
from ..http import Headers
from ..streams import ReadableStream
from .objects import (
    CONDITIONAL,
    HTTP_METADATA,
    RANGE,
    BagTypes,
    HTTPMetadata,
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
_Chunk: TypeAlias = "bytes | bytearray | memoryview"
_Source: TypeAlias = "_Value | AsyncIterable[_Chunk] | Iterable[_Chunk]"
_Include: TypeAlias = 'Sequence[Literal["http_metadata", "custom_metadata"]]'


class R2(JsWrapper["_js.R2Bucket"]):
    """An R2 bucket: ``R2(env.BUCKET)``.

    A key has at most 1,024 bytes of UTF-8. An object has at most 5 GiB less 5 MiB if it is put
    whole, and 5 TiB if it is uploaded in parts.

    Every method raises R2Error if the service refuses the call. It raises ConversionError, before
    anything is sent, if an argument cannot be passed to JavaScript.

    JS: R2Bucket.
    """

    __slots__ = ()

    def __init__(self, bucket: _js.R2Bucket) -> None:
        self._js = binding(bucket, "R2", "createMultipartUpload")

    async def head(self, key: str) -> R2Object | None:
        """Return an object's size and metadata, or None if the key is missing.

        JS: R2Bucket.head.
        """
        with _raising:
            js_object = raw(await self._js.head(text(key, "key")))
        return None if js_object is None else R2Object(js_object)

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
        """Return an object with its bytes, or None if the key is missing.

        Args:
            key: The object's key.
            range: The bytes to read, or Headers with ``Range``. A range in Headers that cannot be
                satisfied means the whole object. If the Headers also have ``If-Range`` with the
                etag or the time of another object, the whole object is read by a second call.
            only_if: Conditions, or Headers with ``If-Match``, ``If-None-Match``,
                ``If-Modified-Since`` or ``If-Unmodified-Since``. If they do not hold, the result is
                an R2Object without bytes.
            ssec_key: The customer's key with which the object is encrypted: 32 bytes, or 64
                lower-case hexadecimal digits.

        Raises:
            R2Error: The service refused the call, or the range is beyond the object.
            ConversionError: An argument cannot be passed to JavaScript.

        JS: R2Bucket.get.
        """
        with _raising:
            js_object = raw(
                await self._js.get(
                    text(key, "key"),
                    range=_bag(range, RANGE, "range"),
                    onlyIf=_bag(only_if, CONDITIONAL, "only_if"),
                    ssecKey=_bytes(ssec_key, "ssec_key"),
                )
            )
        if js_object is None:
            return None
        # Test bodyUsed, not body: reading the property body would start the download.
        if prop(js_object, "bodyUsed") is None:
            return R2Object(js_object)
        stored = R2ObjectBody(js_object)
        if isinstance(range, Headers) and (if_range := range.get("if-range")) is not None:
            from ._serving import discard, is_other_part  # few requests need it

            if is_other_part(stored, if_range):
                discard(stored)
                whole: R2Object | None = await self.get(key, only_if=only_if, ssec_key=ssec_key)
                return whole
        return stored

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
        """Store an object, and replace the previous one. Return None if ``only_if`` does not hold.

        R2 needs to know the length of a value. Some streams know it, and pass through unread: the
        body of an R2 object, of a response, or of a request with ``Content-Length``. For any other
        stream pass ``length``. An async iterator without ``length`` is collected in memory first;
        use ``upload`` if it is too large for that.

        If a stream fails or has another length, R2Error is raised and the previous object stays.
        If that happens after the announced number of bytes, R2 may have stored those bytes.

        Args:
            key: The object's key.
            value: Text, bytes, a Blob, a stream or an async iterator; None is an empty object.
            length: The length of a stream or an async iterator, in bytes.
            http_metadata: HTTP headers to store, or Headers to take them from.
            custom_metadata: Names and texts to store, of at most 8,192 bytes together (2,048 in
                the local runtime).
            only_if: Conditions on the previous object, as for ``get``.
            md5: The MD5 that the value must have, as bytes or in hexadecimal. At most one of the
                checksums may be passed.
            sha1: The SHA-1 that the value must have.
            sha256: The SHA-256 that the value must have.
            sha384: The SHA-384 that the value must have.
            sha512: The SHA-512 that the value must have.
            storage_class: ``"Standard"`` or ``"InfrequentAccess"``.
            ssec_key: The customer's key to encrypt the object with: 32 bytes, or 64 lower-case
                hexadecimal digits.

        Raises:
            R2Error: The service refused the call, or reading the stream failed.
            ConversionError: An argument cannot be passed to JavaScript.

        JS: R2Bucket.put.
        """
        key = text(key, "key")
        digests = {"md5": md5, "sha1": sha1, "sha256": sha256, "sha384": sha384, "sha512": sha512}
        options = {
            "http_metadata": _bag(http_metadata, HTTP_METADATA, "http_metadata"),
            "custom_metadata": _custom_metadata(custom_metadata),
            "only_if": _bag(only_if, CONDITIONAL, "only_if"),
            **{name: _bytes(digest, name) for name, digest in digests.items()},
            "storage_class": _text(storage_class, "storage_class"),
            "ssec_key": _bytes(ssec_key, "ssec_key"),
        }
        # The value comes last: if an option were refused after this, nothing would close the stream
        # that is created here.
        js_value = None if value is None else await _body(value, length)
        with _raising:
            js_object = raw(await self._js.put(key, js_value, **js_options(options)))
        return None if js_object is None else R2Object(js_object)

    async def upload(
        self,
        key: str,
        value: _Source | None,
        *,
        part_size: int = 5 * 1024**2,
        http_metadata: HTTPMetadata | Headers | None = None,
        custom_metadata: Mapping[str, str] | None = None,
        storage_class: str | None = None,
        ssec_key: bytes | str | None = None,
    ) -> R2Object:
        """Store a stream of unknown length, in parts of ``part_size`` bytes.

        ``put`` must know the length of a stream. This method reads the stream here, collects one
        part at a time, and sends it: the memory holds one part, twice while it is sent. If the
        stream ends within the first part, one ``put`` stores it. Else a multipart upload does:
        the object appears when it is complete.

        If the stream or a call fails, or the task is cancelled, the upload is aborted, the previous
        object stays, and the error is raised as it is. R2 does not check conditions and checksums
        of a multipart upload, so these options are missing, and the ``etag`` is not the MD5.

        JavaScript has no such method.

        Args:
            key: The object's key.
            value: The chunks of bytes: the body of a request or a response, another stream, an
                async iterator, an iterator, a Blob, or bytes; None is an empty object. A chunk may
                have any size.
            part_size: The size of a part in bytes, from 5 MiB (the default) to 5 GiB less 5 MiB.
                There are at most 10,000 parts, so 5 MiB are enough for objects of 48 GiB.
            http_metadata: HTTP headers to store, or Headers to take them from.
            custom_metadata: Names and texts to store, of at most 8,192 bytes together (2,048 in
                the local runtime).
            storage_class: ``"Standard"`` or ``"InfrequentAccess"``.
            ssec_key: The customer's key to encrypt the object with: 32 bytes, or 64 lower-case
                hexadecimal digits.

        Raises:
            R2Error: The service refused a call, or there would be more than 10,000 parts.
            StreamError: Reading a stream of JavaScript failed.
            ConversionError: An argument cannot be passed to JavaScript, a chunk is not bytes, or
                ``part_size`` is out of range.
        """
        from ._uploads import upload  # few Workers need it

        options = {
            "http_metadata": http_metadata,
            "custom_metadata": custom_metadata,
            "storage_class": storage_class,
        }
        return await upload(self, key, value, part_size, ssec_key, options)

    async def delete(self, keys: str | Iterable[str]) -> None:
        """Delete an object, or many. Deleting a missing object is not an error.

        Args:
            keys: One key, or 1 to 1,000 keys.

        Raises:
            R2Error: The service refused the call.
            ConversionError: A key is not text.

        JS: R2Bucket.delete.
        """
        if isinstance(keys, str):
            js_keys: Any = text(keys, "keys")
        elif isinstance(keys, Iterable) and not isinstance(keys, (bytes, bytearray)):
            js_keys = to_js([text(key, f"keys[{index}]") for index, key in enumerate(keys)])
        else:
            raise expected("keys", "str or a list of str", keys)
        with _raising:
            await self._js.delete(js_keys)

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
        """Return one page of objects, in the order of the UTF-8 bytes of their keys.

        ``objects`` iterates over all pages.

        Args:
            prefix: Only keys that start with this text.
            delimiter: Group the keys that contain this text after ``prefix``: each group is one
                entry of ``delimited_prefixes``.
            limit: The most objects and prefixes to return, from 1 to 1,000; by default 1,000.
            cursor: ``cursor`` of the previous page.
            start_after: Only keys after this one.
            include: The metadata to return: ``"http_metadata"``, ``"custom_metadata"``. Pages are
                shorter then.

        Raises:
            R2Error: The service refused the call.
            ConversionError: An argument cannot be passed to JavaScript.

        JS: R2Bucket.list.
        """
        with _raising:
            js_page = await self._js.list(
                prefix=_text(prefix, "prefix"),
                delimiter=_text(delimiter, "delimiter"),
                limit=count(limit, "limit"),
                cursor=_text(cursor, "cursor"),
                startAfter=_text(start_after, "start_after"),
                include=to_js(_js_names(include), "include"),
            )
        return R2Objects(
            [R2Object(js_object) for js_object in prop(js_page, "objects")],
            prop(js_page, "truncated"),
            from_js(prop(js_page, "cursor")),
            from_js(prop(js_page, "delimitedPrefixes")),
        )

    async def objects(
        self, *, prefix: str | None = None, include: _Include = ()
    ) -> AsyncIterator[R2Object]:
        """Iterate over all objects, in the order of the UTF-8 bytes of their keys.

        Pages are requested as the iteration reaches them. JavaScript has no such method.

        Args:
            prefix: Only keys that start with this text.
            include: The metadata to return: ``"http_metadata"``, ``"custom_metadata"``. Pages are
                shorter then.

        Raises:
            R2Error: The service refused a call.
            ConversionError: An argument cannot be passed to JavaScript.
        """
        cursor: str | None = None
        truncated = True
        while truncated:
            page = await self.list(prefix=prefix, cursor=cursor, include=include)
            for stored in page.objects:
                yield stored
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
        """Begin to upload an object in parts. The object does not exist before ``complete``.

        Args:
            key: The object's key.
            http_metadata: HTTP headers to store, or Headers to take them from.
            custom_metadata: Names and texts to store, of at most 8,192 bytes together (2,048 in
                the local runtime).
            storage_class: ``"Standard"`` or ``"InfrequentAccess"``.
            ssec_key: The customer's key to encrypt the object with: 32 bytes, or 64 lower-case
                hexadecimal digits.

        Raises:
            R2Error: The service refused the call.
            ConversionError: An argument cannot be passed to JavaScript.

        JS: R2Bucket.createMultipartUpload.
        """
        with _raising:
            upload = await self._js.createMultipartUpload(
                text(key, "key"),
                httpMetadata=_bag(http_metadata, HTTP_METADATA, "http_metadata"),
                customMetadata=_custom_metadata(custom_metadata),
                storageClass=_text(storage_class, "storage_class"),
                ssecKey=_bytes(ssec_key, "ssec_key"),
            )
        return R2MultipartUpload(upload)

    def resume_multipart_upload(self, key: str, upload_id: str) -> R2MultipartUpload:
        """Return the upload with this id. If it does not exist, its methods raise R2Error later.

        JS: R2Bucket.resumeMultipartUpload.
        """
        with _raising:
            return R2MultipartUpload(
                self._js.resumeMultipartUpload(text(key, "key"), text(upload_id, "upload_id"))
            )


class R2MultipartUpload(JsWrapper["_js.R2MultipartUpload"]):
    """An upload of a large object in parts.

    Parts may be uploaded concurrently, and replaced. All parts but the last have the same size, of
    at least 5 MiB; the last is not larger. An upload that is not completed expires after 7 days.

    JS: R2MultipartUpload.
    """

    __slots__ = ()

    def __init__(self, upload: _js.R2MultipartUpload) -> None:
        self._js = raw(upload)

    @property
    def key(self) -> str:
        """The key of the object.

        JS: R2MultipartUpload.key.
        """
        return self._js.key

    @property
    def upload_id(self) -> str:
        """The id of the upload, for ``R2.resume_multipart_upload``.

        JS: R2MultipartUpload.uploadId.
        """
        return self._js.uploadId

    async def upload_part(
        self,
        part_number: int,
        value: _Value,
        *,
        length: int | None = None,
        ssec_key: bytes | str | None = None,
    ) -> R2UploadedPart:
        """Upload one part, and replace a previous part with the same number.

        Args:
            part_number: The place of the part in the object, from 1 to 10,000.
            value: Text, bytes, a Blob, a stream or an async iterator.
            length: The length of a stream or an async iterator, in bytes, as for ``R2.put``.
            ssec_key: The customer's key that was passed to ``create_multipart_upload``.

        Raises:
            R2Error: The service refused the call, reading the stream failed, or the upload is
                unknown.
            ConversionError: An argument cannot be passed to JavaScript.

        JS: R2MultipartUpload.uploadPart.
        """
        ssec_key = _bytes(ssec_key, "ssec_key")
        number = count(part_number, "part_number")
        js_value = await _body(value, length)
        with _raising:
            part = await self._js.uploadPart(number, js_value, ssecKey=ssec_key)
        return R2UploadedPart(prop(part, "partNumber"), prop(part, "etag"))

    async def complete(self, parts: Iterable[R2UploadedPart | Mapping[str, Any]]) -> R2Object:
        """Create the object from these parts, in the order of their numbers.

        Other parts are dropped, and the upload ends. A part may be a dict, as JSON carries it to a
        client and back: ``{"part_number": 1, "etag": …}``.

        Raises:
            R2Error: A part is missing, too small or of another size, or the upload is unknown.
            ConversionError: A part is neither an R2UploadedPart nor a dict of its fields.

        JS: R2MultipartUpload.complete.
        """
        listed = [_part(part, f"parts[{index}]") for index, part in enumerate(parts)]
        with _raising:
            return R2Object(await self._js.complete(to_js(listed, "parts")))

    async def abort(self) -> None:
        """Drop the upload and its parts.

        Raises:
            R2Error: The upload is unknown.

        JS: R2MultipartUpload.abort.
        """
        with _raising:
            await self._js.abort()


def _part(part: Any, place: str) -> dict[str, Any]:
    if isinstance(part, Mapping):
        part = made_of(R2UploadedPart, part, place, ("part_number!", "etag!"))
    if not isinstance(part, tuple) or len(cast("tuple[Any, ...]", part)) != 2:
        raise expected(place, "R2UploadedPart", cast(object, part))
    number, etag = cast("tuple[Any, Any]", part)
    return {"partNumber": number, "etag": etag}


def _js_names(include: _Include) -> list[str]:
    """Return the names of fields in JavaScript. Unknown names are left to the runtime to refuse."""
    if isinstance(include, str):
        raise expected("include", "a list of names", include)
    return [camel(name) if name in _FIELDS else name for name in include]


_FIELDS = ("http_metadata", "custom_metadata")


def _bag(options: Any, types: BagTypes, name: str) -> Any:
    """Convert an options bag, or Headers in its place, to JavaScript."""
    if options is None:
        return None
    if isinstance(options, Headers):
        return options.js_object
    if not isinstance(options, Mapping):
        raise expected(name, "a dict or Headers", options)
    members: dict[str, Any] = {}
    for key, value in cast("Mapping[str, Any]", options).items():
        if key not in types:
            from .._spelling import did_you_mean  # only errors need it

            known = ", ".join(types) + did_you_mean(key, types)
            raise ConversionError(f"{name}: unknown key {key!r}; known are {known}")
        if value is not None:
            members[camel(key)] = _member(value, types[key], f"{name}.{key}")
    return to_js(members, name)


def _member(value: Any, type_: type[Any] | tuple[type[Any], ...], place: str) -> Any:
    """Check and convert one value of an options bag."""
    if not isinstance(value, type_):
        raise expected(place, type_.__name__ if isinstance(type_, type) else "int", value)
    # The runtime takes an earlier time for one far in the future, and cannot read it back.
    if isinstance(value, datetime) and aware(value, place) < EPOCH:
        raise ConversionError(f"{place}: expected a time from 1970 on, got an earlier one")
    # The runtime refuses a BigInt here, and an integer beyond 2**53 would become one.
    return convert(value, place, JSON) if isinstance(value, int) else value


def _custom_metadata(metadata: Mapping[str, str] | None) -> Any:
    if metadata is None:
        return None
    place = "custom_metadata"
    if not isinstance(cast(Any, metadata), Mapping):
        raise expected(place, "a dict", metadata)
    return to_js({key: text(value, f"{place}[{key!r}]") for key, value in metadata.items()}, place)


def _bytes(value: Any, name: str) -> Any:
    """Convert a key or a checksum: bytes, or text whose form the runtime checks."""
    if value is None or isinstance(value, str):
        return base(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return to_js(value)
    raise expected(name, "bytes or str", value)


def _text(value: str | None, name: str) -> str | None:
    return None if value is None else text(value, name)


async def _body(value: Any, length: int | None) -> Any:
    """Convert a value to JavaScript; a stream gets the length that R2 needs to know."""
    if isinstance(value, str):
        return text(value, "value")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return to_js(value)
    if isinstance(value, Blob):
        return value.js_object
    if not hasattr(value, "__aiter__"):
        hint = "store JSON with json.dumps(…)"
        raise expected("value", "str, bytes or a stream", value, hint)
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
        return b"".join([bytes_of_chunk(chunk) async for chunk in chunks])
    except Exception as exc:  # The same error as if the runtime had read the iterator.
        raise R2Error(f"{type(exc).__name__}: {exc}", js_name="Error") from exc
