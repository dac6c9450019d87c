"""Workers KV: ``KV``."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar, cast, overload

from . import _row_types as _rows
from ._border import (
    JsWrapper,
    binding,
    bytes_of,
    dumps,
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
from .errors import ConversionError, KVError
from .streams import ReadableStream

if TYPE_CHECKING:
    from . import _js

__all__ = ["KV", "KVListKey", "KVListResult", "KVValueWithMetadata"]

_raising = raising(KVError)

T = TypeVar("T")
V = TypeVar("V")

_JS_TYPE = {"text": "text", "json": "text", "bytes": "arrayBuffer", "stream": "stream"}


class KVValueWithMetadata(NamedTuple, Generic[V]):
    """A value with its metadata; both None where the key is missing."""

    value: V
    metadata: Any
    cache_status: str | None


class KVListKey(NamedTuple):
    """One key in a listing."""

    name: str
    expiration: datetime | None
    metadata: Any


class KVListResult(NamedTuple):
    """One page of a listing; ``cursor`` asks for the next and is None on the last."""

    keys: list[KVListKey]
    list_complete: bool
    cursor: str | None
    cache_status: str | None


class KV(JsWrapper["_js.KVNamespace"]):
    """A KV namespace: ``KV(env.CACHE)``.

    Keys are 1 to 512 bytes of UTF-8, values up to 25 MiB. Reads may be up to 60 s behind writes
    made elsewhere. Every method raises KVError where the service refuses, and ConversionError,
    before anything is sent, where an argument cannot cross.

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
        self, key: str, type: type[T], *, cache_ttl: int | timedelta | None = None
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
        self, key: list[str], type: type[T], *, cache_ttl: int | timedelta | None = None
    ) -> dict[str, T | None]: ...
    async def get(
        self, key: Any, type: Any = "text", *, cache_ttl: int | timedelta | None = None
    ) -> Any:
        """The value of a key, or None; of up to 100 keys at once, a dict.

        A row type loads the value from JSON and checks it (RowError). ``cache_ttl``: how long, in
        seconds (at least 30), the place that asked may answer from its cache.

        JS: KVNamespace.get.
        """
        if isinstance(key, str):  # as short a way as there is
            with _raising:
                found = await self._js.get(
                    text(key, "key"),
                    type="text" if type == "text" else _js_type(type, key),
                    cacheTtl=None if cache_ttl is None else seconds(cache_ttl, "cache_ttl"),
                )
            return from_js(found) if type == "text" else _value(key, found, type)
        keys = _keys(key)
        with _raising:
            found = await self._js.get(
                to_js(keys), type=_js_type(type, key), cacheTtl=seconds(cache_ttl, "cache_ttl")
            )
        answer: dict[str, Any] = from_js(found)
        values: dict[str, Any] = {}
        for name in keys:
            if name in answer:
                values[name] = _value(name, answer[name], type)
            else:  # the runtime leaves out keys that look like an index, and "__proto__"
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
        self, key: str, type: type[T], *, cache_ttl: int | timedelta | None = None
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
        self, key: list[str], type: type[T], *, cache_ttl: int | timedelta | None = None
    ) -> dict[str, KVValueWithMetadata[T | None]]: ...
    async def get_with_metadata(
        self, key: Any, type: Any = "text", *, cache_ttl: int | timedelta | None = None
    ) -> Any:
        """As ``get``, with the metadata that ``put`` stored beside the value.

        JS: KVNamespace.getWithMetadata.
        """
        keys = _keys(key)
        with _raising:
            found = await self._js.getWithMetadata(
                keys if isinstance(keys, str) else to_js(keys),
                type=_js_type(type, key),
                cacheTtl=seconds(cache_ttl, "cache_ttl"),
            )
        if isinstance(key, str):
            return _entry(key, {name: prop(found, name) for name in _ENTRY}, type)
        answer: dict[str, Any] = from_js(found)
        values: dict[str, Any] = {}
        for name in keys:
            if name in answer:
                values[name] = _entry(name, answer[name] or {}, type)
            else:  # as in get
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
        """Store a value, in place of the one before.

        ``expiration``: when it ends, as a datetime or in seconds since 1970. ``expiration_ttl``:
        after how many seconds it ends; it wins where both are given. Each is at least 60 s ahead,
        and in the runtime's 32 bits: before 2038-01-19.
        ``metadata``: JSON of at most 1,024 bytes.

        JS: KVNamespace.put.
        """
        if isinstance(expiration, datetime):
            expiration = int(
                expiration.replace(tzinfo=expiration.tzinfo or timezone.utc).timestamp()
            )
        elif expiration is not None and not isinstance(expiration, (int, float)):
            kind = type(expiration).__name__
            raise ConversionError(f"expiration: expected int or datetime, got {kind}")
        with _raising:
            await self._js.put(
                text(key, "key"),
                _body(value),
                expiration=expiration,
                expirationTtl=seconds(expiration_ttl, "expiration_ttl"),
                metadata=None if metadata is None else from_json(dumps(metadata, "metadata")),
            )

    async def delete(self, key: str) -> None:
        """Remove a key; a missing one is no error. JS: KVNamespace.delete."""
        with _raising:
            await self._js.delete(text(key, "key"))

    async def delete_bulk(self, keys: str | list[str]) -> None:
        """Remove many keys at once. Experimental: needs the runtime's ``experimental`` flag.

        JS: KVNamespace.deleteBulk.
        """
        method = prop(self._js, "deleteBulk")
        if method is None:
            raise unsupported(KVError, "deleteBulk(), which is experimental")
        with _raising:
            await method(to_js(_keys(keys)))

    async def list(
        self, *, prefix: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> KVListResult:
        """One page of at most ``limit`` keys (1 to 1,000, default 1,000) in byte order.

        JS: KVNamespace.list.
        """
        with _raising:
            found = await self._js.list(
                prefix=None if prefix is None else text(prefix, "prefix"),
                limit=count(limit, "limit"),
                cursor=None if cursor is None else text(cursor, "cursor"),
            )
        page = from_js(found)
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
        """Every key in byte order, page after page; an addition over the JavaScript API."""
        cursor: str | None = None
        complete = False
        while not complete:
            page = await self.list(prefix=prefix, cursor=cursor)
            for key in page.keys:
                yield key
            complete, cursor = page.list_complete, page.cursor


def _keys(key: Any) -> str | list[str]:
    """One key or many, as they were asked for: the answer keeps that order."""
    if isinstance(key, str):
        return text(key, "key")
    if not isinstance(key, Iterable) or isinstance(key, (bytes, bytearray)):
        raise ConversionError(f"key: expected str or a list of str, got {type(key).__name__}")
    return [text(each, f"key[{at}]") for at, each in enumerate(cast("Iterable[Any]", key))]


def _js_type(kind: Any, key: Any) -> str:
    """The type that we ask the runtime for. JSON is asked for as text and parsed here: that keeps
    ``2.0`` a float and large integers exact, and no key of an object can get lost."""
    if not isinstance(kind, str):
        return "text"
    if kind not in _JS_TYPE or not (isinstance(key, str) or _JS_TYPE[kind] == "text"):
        one = "'text', 'json', 'bytes', 'stream' or a row type"
        many = "'text', 'json' or a row type"
        expected = one if isinstance(key, str) else many
        raise ConversionError(f"type: expected {expected}, got {kind!r}")
    return _JS_TYPE[kind]


def _value(key: str, found: Any, kind: Any) -> Any:
    """What the runtime found under ``key``, as ``kind``."""
    if kind == "stream":
        return None if from_js(found) is None else ReadableStream(found)
    if kind == "bytes":
        return bytes_of(found)
    value = from_js(found)
    if value is None or kind == "text":
        return value
    try:
        value = loads(value)
    except ValueError as exc:
        raise KVError(f"the value of {key!r} is not JSON: {exc}", js_name="SyntaxError") from None
    return value if kind == "json" else _rows.load(kind, value, f"the value of {key!r}")


_ENTRY = ("value", "metadata", "cacheStatus")


def _entry(key: str, found: dict[str, Any], kind: Any) -> KVValueWithMetadata[Any]:
    value, metadata, cache_status = (found.get(name) for name in _ENTRY)
    return KVValueWithMetadata(_value(key, value, kind), from_js(metadata), from_js(cache_status))


def _body(value: Any) -> Any:
    if isinstance(value, str):
        return text(value, "value")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return to_js(value)
    if isinstance(value, ReadableStream):
        return value.js_object
    if hasattr(value, "__aiter__"):
        return stream_from(value)
    raise ConversionError(
        f"value: expected str, bytes or a stream, got {type(value).__name__}"
        " (store JSON by json.dumps)"
    )


def _datetime(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)
