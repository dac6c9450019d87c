"""Workers KV: ``KV``."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar, cast, overload

from . import _row_types
from ._border import (
    JsWrapper,
    aware,
    base,
    binding,
    bytes_of,
    dumps,
    expected,
    from_js,
    from_json,
    loads,
    prop,
    raising,
    seconds,
    stream_from,
    text,
    to_js,
    unsupported,
)
from ._border.values import count
from .errors import ConversionError, KVError, RowError
from .streams import ReadableStream

if TYPE_CHECKING:
    from . import _js
    from ._row_types import RowType

__all__ = ["KV", "KVListKey", "KVListResult", "KVValueWithMetadata"]

_raising = raising(KVError)

T = TypeVar("T")
V = TypeVar("V")

# JSON is requested as text and parsed by Python. JavaScript's parser would turn 2.0 into 2, round
# integers beyond 2**53, and lose some keys of objects, such as "__proto__", on the way to Python.
_JS_TYPE = {"text": "text", "json": "text", "bytes": "arrayBuffer", "stream": "stream"}


class KVValueWithMetadata(NamedTuple, Generic[V]):
    """A value and its metadata.

    JS: KVNamespaceGetWithMetadataResult.
    """

    value: V
    """The value in the requested type; None if the key is missing."""
    metadata: Any
    """The JSON value that ``put`` stored with the key, or None."""
    cache_status: str | None
    """The cache status that the runtime reports; None in local runtimes."""


class KVListKey(NamedTuple):
    """A key in a page of keys.

    JS: KVNamespaceListKey.
    """

    name: str
    """The key."""
    expiration: datetime | None
    """When the key expires, as an aware UTC datetime; None if it does not expire."""
    metadata: Any
    """The JSON value that ``put`` stored with the key, or None."""


class KVListResult(NamedTuple):
    """A page of keys.

    JS: KVNamespaceListResult.
    """

    keys: list[KVListKey]
    """The keys, in the order of their UTF-8 bytes."""
    list_complete: bool
    """True on the last page."""
    cursor: str | None
    """The start of the next page, for ``list``; None on the last page."""
    cache_status: str | None
    """The cache status that the runtime reports; None in local runtimes."""


class KVRowError(KVError, RowError):
    """A value is not JSON, where JSON or a row type was requested."""


class KV(JsWrapper["_js.KVNamespace"]):
    """A KV namespace: ``KV(env.CACHE)``.

    A key has 1 to 512 bytes of UTF-8, and is neither ``"."`` nor ``".."``. A value has at most
    25 MiB. A read may return a value that was replaced up to 60 seconds ago in another location.

    Every method raises KVError if the service refuses the call. It raises ConversionError, before
    anything is sent, if an argument cannot be passed to JavaScript.

    JS: KVNamespace.
    """

    __slots__ = ()

    def __init__(self, namespace: _js.KVNamespace) -> None:
        self._js = binding(namespace, "KV", "getWithMetadata")

    @overload
    async def get(
        self, key: str, type: Literal["text"] = "text", *, cache_ttl: int | timedelta | None = None
    ) -> str | None: ...
    @overload
    async def get(
        self, key: str, type: Literal["bytes"], *, cache_ttl: int | timedelta | None = None
    ) -> bytes | None: ...
    @overload
    async def get(
        self, key: str, type: Literal["stream"], *, cache_ttl: int | timedelta | None = None
    ) -> ReadableStream | None: ...
    @overload
    async def get(
        self, key: str, type: Literal["json"], *, cache_ttl: int | timedelta | None = None
    ) -> Any: ...
    @overload
    async def get(
        self, key: str, type: RowType[T], *, cache_ttl: int | timedelta | None = None
    ) -> T | None: ...
    @overload
    async def get(
        self,
        key: list[str],
        type: Literal["text"] = "text",
        *,
        cache_ttl: int | timedelta | None = None,
    ) -> dict[str, str | None]: ...
    @overload
    async def get(
        self, key: list[str], type: Literal["json"], *, cache_ttl: int | timedelta | None = None
    ) -> dict[str, Any]: ...
    @overload
    async def get(
        self, key: list[str], type: RowType[T], *, cache_ttl: int | timedelta | None = None
    ) -> dict[str, T | None]: ...
    async def get(
        self, key: Any, type: Any = "text", *, cache_ttl: int | timedelta | None = None
    ) -> Any:
        """Return the value of a key, or None if the key is missing.

        Args:
            key: One key, or a list of 1 to 100 keys. For a list the result is a dict in the order
                of the list, and its values have at most 25 MiB together.
            type: ``"text"`` (the default), ``"json"``, ``"bytes"``, ``"stream"``, or a row type. A
                row type loads the value from JSON and checks it. A list of keys cannot be read as
                ``"bytes"`` or ``"stream"``.
            cache_ttl: How long this location may answer from its cache, in seconds or as a
                timedelta; at least 30 seconds.

        Raises:
            KVError: The service refused the call, or the value is not JSON. In the latter case
                it is also a RowError, and ``js_name`` is "SyntaxError".
            RowError: The value does not fit the row type.
            ConversionError: An argument cannot be passed to JavaScript.

        JS: KVNamespace.get.
        """
        if isinstance(key, str):  # The fast path: one key, and no dict of results.
            with _raising:
                js_value = await self._js.get(
                    text(key, "key"),
                    type="text" if type == "text" else _js_type(type, key),
                    cacheTtl=None if cache_ttl is None else seconds(cache_ttl, "cache_ttl"),
                )
            return from_js(js_value) if type == "text" else _value(key, js_value, type)
        keys = _keys(key)
        with _raising:
            js_values = await self._js.get(
                to_js(keys), type=_js_type(type, key), cacheTtl=seconds(cache_ttl, "cache_ttl")
            )
        answer: dict[str, Any] = from_js(js_values)
        values: dict[str, Any] = {}
        for name in keys:
            if name in answer:
                values[name] = _value(name, answer[name], type)
            else:
                # The runtime leaves "__proto__" and keys that look like an array index out of the
                # answer (contract: test_many_keys_may_be_any_text).
                values[name] = await self.get(name, type, cache_ttl=cache_ttl)
        return values

    @overload
    async def get_with_metadata(
        self, key: str, type: Literal["text"] = "text", *, cache_ttl: int | timedelta | None = None
    ) -> KVValueWithMetadata[str | None]: ...
    @overload
    async def get_with_metadata(
        self, key: str, type: Literal["bytes"], *, cache_ttl: int | timedelta | None = None
    ) -> KVValueWithMetadata[bytes | None]: ...
    @overload
    async def get_with_metadata(
        self, key: str, type: Literal["stream"], *, cache_ttl: int | timedelta | None = None
    ) -> KVValueWithMetadata[ReadableStream | None]: ...
    @overload
    async def get_with_metadata(
        self, key: str, type: Literal["json"], *, cache_ttl: int | timedelta | None = None
    ) -> KVValueWithMetadata[Any]: ...
    @overload
    async def get_with_metadata(
        self, key: str, type: RowType[T], *, cache_ttl: int | timedelta | None = None
    ) -> KVValueWithMetadata[T | None]: ...
    @overload
    async def get_with_metadata(
        self,
        key: list[str],
        type: Literal["text"] = "text",
        *,
        cache_ttl: int | timedelta | None = None,
    ) -> dict[str, KVValueWithMetadata[str | None]]: ...
    @overload
    async def get_with_metadata(
        self, key: list[str], type: Literal["json"], *, cache_ttl: int | timedelta | None = None
    ) -> dict[str, KVValueWithMetadata[Any]]: ...
    @overload
    async def get_with_metadata(
        self, key: list[str], type: RowType[T], *, cache_ttl: int | timedelta | None = None
    ) -> dict[str, KVValueWithMetadata[T | None]]: ...
    async def get_with_metadata(
        self, key: Any, type: Any = "text", *, cache_ttl: int | timedelta | None = None
    ) -> Any:
        """Return the value of a key together with the metadata that ``put`` stored beside it.

        If the key is missing, value and metadata are None.

        Args:
            key: One key, or a list of 1 to 100 keys. For a list the result is a dict in the order
                of the list, and its values have at most 25 MiB together.
            type: ``"text"`` (the default), ``"json"``, ``"bytes"``, ``"stream"``, or a row type. A
                row type loads the value from JSON and checks it. A list of keys cannot be read as
                ``"bytes"`` or ``"stream"``.
            cache_ttl: How long this location may answer from its cache, in seconds or as a
                timedelta; at least 30 seconds.

        Raises:
            KVError: The service refused the call, or the value is not JSON. In the latter case
                it is also a RowError, and ``js_name`` is "SyntaxError".
            RowError: The value does not fit the row type.
            ConversionError: An argument cannot be passed to JavaScript.

        JS: KVNamespace.getWithMetadata.
        """
        keys = _keys(key)
        with _raising:
            js_values = await self._js.getWithMetadata(
                keys if isinstance(keys, str) else to_js(keys),
                type=_js_type(type, key),
                cacheTtl=seconds(cache_ttl, "cache_ttl"),
            )
        if isinstance(key, str):
            members = {name: prop(js_values, name) for name in _MEMBERS}
            return _value_with_metadata(key, members, type)
        answer: dict[str, Any] = from_js(js_values)
        values: dict[str, Any] = {}
        for name in keys:
            if name in answer:
                values[name] = _value_with_metadata(name, answer[name] or {}, type)
            else:  # The runtime left this key out, see get().
                values[name] = await self.get_with_metadata(name, type, cache_ttl=cache_ttl)
        return values

    async def put(
        self,
        key: str,
        value: str | bytes | bytearray | memoryview | ReadableStream | AsyncIterable[bytes],
        *,
        expiration: int | datetime | None = None,
        expiration_ttl: int | timedelta | None = None,
        metadata: Any = None,
    ) -> None:
        """Store a value, and replace the previous value, metadata and expiration of the key.

        Args:
            key: 1 to 512 bytes of UTF-8.
            value: Text, bytes, a stream, or an async iterator of bytes; at most 25 MiB.
            expiration: When the key expires, as an aware datetime or in seconds since 1970. It is
                at least 60 seconds ahead, and before 2038-01-19.
            expiration_ttl: How long the key lives, in seconds or as a timedelta; at least 60
                seconds, and less than 2**31. It takes precedence over ``expiration``.
            metadata: A JSON value of at most 1,024 bytes. ``get_with_metadata`` and ``list``
                return it.

        Raises:
            KVError: The service refused the call, or reading the stream failed.
            ConversionError: An argument cannot be passed to JavaScript.

        JS: KVNamespace.put.
        """
        ends_at: Any = expiration
        if isinstance(expiration, datetime):
            ends_at = int(aware(expiration, "expiration").timestamp())
        elif expiration is not None and not isinstance(expiration, (int, float)):
            raise expected("expiration", "int or datetime", expiration)
        else:
            ends_at = base(expiration)
        with _raising:
            await self._js.put(
                text(key, "key"),
                _body(value),
                expiration=ends_at,
                expirationTtl=seconds(expiration_ttl, "expiration_ttl"),
                metadata=None if metadata is None else from_json(dumps(metadata, "metadata")),
            )

    async def delete(self, key: str) -> None:
        """Delete a key. Deleting a missing key is not an error.

        JS: KVNamespace.delete.
        """
        with _raising:
            await self._js.delete(text(key, "key"))

    async def delete_bulk(self, keys: str | list[str]) -> None:
        """Delete many keys in one call. This is experimental.

        Raises:
            KVError: The service refused the call, or the Worker lacks the compatibility flag
                ``experimental``.
            ConversionError: A key cannot be passed to JavaScript.

        JS: KVNamespace.deleteBulk.
        """
        method = prop(self._js, "deleteBulk")
        if method is None:
            raise unsupported(KVError, "deleteBulk() without the compatibility flag 'experimental'")
        with _raising:
            await method(to_js(_keys(keys)))

    async def list(
        self, *, prefix: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> KVListResult:
        """Return one page of keys, in the order of their UTF-8 bytes.

        ``keys`` iterates over all pages.

        Args:
            prefix: Only keys that start with this text, of at most 512 bytes.
            limit: The most keys to return, from 1 to 1,000; by default 1,000.
            cursor: ``cursor`` of the previous page.

        Raises:
            KVError: The service refused the call.
            ConversionError: An argument cannot be passed to JavaScript.

        JS: KVNamespace.list.
        """
        with _raising:
            js_page = await self._js.list(
                prefix=None if prefix is None else text(prefix, "prefix"),
                limit=count(limit, "limit"),
                cursor=None if cursor is None else text(cursor, "cursor"),
            )
        page = from_js(js_page)
        return KVListResult(
            [
                KVListKey(key["name"], _datetime(key.get("expiration")), key.get("metadata"))
                for key in page["keys"]
            ],
            page["list_complete"],
            page.get("cursor"),
            page.get("cacheStatus"),
        )

    async def keys(self, *, prefix: str | None = None) -> AsyncIterator[KVListKey]:
        """Iterate over all keys that start with ``prefix``, in the order of their UTF-8 bytes.

        Pages of 1,000 keys are requested as the iteration reaches them. JavaScript has no such
        method.

        Raises:
            KVError: The service refused a call.
            ConversionError: The prefix cannot be passed to JavaScript.
        """
        cursor: str | None = None
        complete = False
        while not complete:
            page = await self.list(prefix=prefix, cursor=cursor)
            for key in page.keys:
                yield key
            complete, cursor = page.list_complete, page.cursor


def _keys(key: Any) -> str | list[str]:
    """Check one key or many keys, and return them in the same order."""
    if isinstance(key, str):
        return text(key, "key")
    # Bytes are iterable too: each of their numbers would be refused as a key, one by one.
    if not isinstance(key, Iterable) or isinstance(key, (bytes, bytearray)):
        raise expected("key", "str or a list of str", key)
    return [text(item, f"key[{i}]") for i, item in enumerate(cast("Iterable[Any]", key))]


def _js_type(type_: Any, key: Any) -> str:
    """Return the type to request from the runtime; ConversionError if ``key`` cannot have it."""
    if not isinstance(type_, str):  # a row type
        if isinstance(type_, dict):  # JavaScript's get(key, {"type": …})
            hint = 'pass options by name: type="json"'
            raise expected("type", "a name or a row type", cast(object, type_), hint)
        _row_types.check(type_)
        return "text"
    if type_ not in _JS_TYPE or not (isinstance(key, str) or _JS_TYPE[type_] == "text"):
        for_one = "'text', 'json', 'bytes', 'stream' or a row type"
        for_many = "'text', 'json' or a row type"
        types = for_one if isinstance(key, str) else for_many
        raise ConversionError(f"type: expected {types}, got {type_!r}")
    return _JS_TYPE[type_]


def _value(key: str, js_value: Any, type_: Any) -> Any:
    """Convert the value that the runtime returned for ``key`` to the requested type."""
    if type_ == "stream":
        return None if from_js(js_value) is None else ReadableStream(js_value)
    if type_ == "bytes":
        return bytes_of(js_value)
    value = from_js(js_value)
    if value is None or type_ == "text":
        return value
    try:
        value = loads(value)
    except ValueError as exc:
        refused = KVRowError(f"the value of {key!r} is not JSON: {exc}", js_name="SyntaxError")
    else:
        return _loaded(key, value, type_)
    raise refused  # here, since the parser's error holds the text, and would be its context


def _loaded(key: str, value: Any, type_: Any) -> Any:
    return value if type_ == "json" else _row_types.load(type_, value, f"the value of {key!r}")


_MEMBERS = ("value", "metadata", "cacheStatus")


def _value_with_metadata(key: str, members: dict[str, Any], type_: Any) -> KVValueWithMetadata[Any]:
    value, metadata, cache_status = (members.get(name) for name in _MEMBERS)
    return KVValueWithMetadata(_value(key, value, type_), from_js(metadata), from_js(cache_status))


def _body(value: Any) -> Any:
    """Convert the value of ``put`` to JavaScript."""
    if isinstance(value, str):
        return text(value, "value")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return to_js(value)
    if isinstance(value, ReadableStream):
        return value.js_object
    if hasattr(value, "__aiter__"):
        return stream_from(value)
    raise expected("value", "str, bytes or a stream", value, "store JSON with json.dumps(…)")


def _datetime(seconds: float | None) -> datetime | None:
    """Convert seconds since 1970; datetime's own way, since ``_times`` is one more import."""
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)
