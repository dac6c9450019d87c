"""``FakeKVNamespace``: the JavaScript API of Workers KV over a dict."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

from ..._border import dumps, from_js, from_json
from ..._border.values import is_index
from ..._cpython.js_exception import JsException
from ..._cpython.web import ReadableStream
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from ._cursors import cursor_after, name_in_cursor
from ._js_numbers import int32

__all__ = ["FakeKVNamespace"]

# Limits, in bytes, seconds or keys.
MAX_NAME = 512
MAX_METADATA = 1024
MAX_VALUE = MAX_BULK = 25 * 1024 * 1024
MAX_BULK_KEYS = 100
MAX_LIMIT = 1000
MIN_CACHE_TTL = 30
MIN_TTL = 60

# The runtime's own words, seen in the real worlds: quotes, never to be improved.
# TypeErrors of the runtime, before anything is sent:
EMPTY_NAME = "Key name cannot be empty."
DOTS_AS_NAME = '"{}" is not allowed as a key name.'
WRONG_VALUE = (
    "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values."
)
LOCKED_STREAM = "The ReadableStream has been locked to a reader."
UNKNOWN_TYPE = (
    'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".'
)

# Refusals of the service, each with its HTTP status: "KV PUT failed: 413 …".
NAME_TOO_LONG = 414, "UTF-8 encoded length of {} exceeds key length limit of {}."
VALUE_TOO_LONG = 413, "Value length of {} exceeds limit of {}."
METADATA_TOO_LONG = 413, "Metadata length of {} exceeds limit of {}."
TTL_NOT_POSITIVE = 400, "Invalid expiration_ttl of {}. Please specify integer greater than 0."
TTL_TOO_SHORT = 400, "Invalid expiration_ttl of {}. Expiration TTL must be at least {}."
EXPIRATION_PAST = (
    400,
    "Invalid expiration of {}. Please specify integer greater than the current number of seconds"
    " since the UNIX epoch.",
)
EXPIRATION_TOO_SOON = (
    400,
    "Invalid expiration of {}. Expiration times must be at least {} seconds in the future.",
)
CACHE_TTL_TOO_SHORT = 400, "Invalid cache_ttl of {}. Cache TTL must be at least {}."
LIMIT_TOO_LARGE = (
    400,
    "Invalid key_count_limit of {}. Please specify an integer less than {}.",
)
BULK_TYPE = 400, '"{}" is not a valid type. Use "json" or "text"'
BULK_TOO_MANY = 400, "You can request a maximum of {} keys"
BULK_NO_KEYS = 400, "You must request a minimum of 1 key"
BULK_EMPTY_NAME = 400, "Key names must not be empty"
BULK_DOTS_AS_NAME = 400, 'Illegal key name "{}". Please use a different name.'
BULK_TOO_LARGE = 413, "Total size of request exceeds the limit of 25MB"
BULK_NOT_JSON = 400, "At least one of the requested keys corresponds to a non-json value"

BulkAnswer = dict[str, "dict[str, Any] | None"]


class Entry(NamedTuple):
    value: bytes
    expiration: int | None
    """Seconds since 1970."""
    metadata: str | None
    """JSON text, so that a reader never gets the writer's object."""


@yields_to_others
class FakeKVNamespace:
    """JS: KVNamespace. Keys expire by its ``clock``.

    ``late`` is how long after a write reads still return the old value, in seconds;
    ``testing.faults`` sets it.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self.late: float | timedelta | None = None
        self._entries: dict[str, Entry] = {}
        # Writes on their way: when they become visible, in milliseconds, the key, and its new
        # entry (None deletes it).
        self._pending: list[tuple[float, str, Entry | None]] = []

    async def get(self, key: Any, /, *, type: str = "text", cacheTtl: float | None = None) -> Any:
        if isinstance(key, str):
            return self._get_one(key, type, cacheTtl).value
        answer = self._get_many(key, type, cacheTtl)
        return {name: entry and entry["value"] for name, entry in answer.items()}

    async def getWithMetadata(
        self, key: Any, /, *, type: str = "text", cacheTtl: float | None = None
    ) -> Any:
        if isinstance(key, str):
            return self._get_one(key, type, cacheTtl)
        return self._get_many(key, type, cacheTtl)

    async def put(
        self,
        key: str,
        value: Any,
        /,
        *,
        expiration: float | None = None,
        expirationTtl: float | None = None,
        metadata: Any = None,
    ) -> None:
        # In the order of the runtime: the options' types, the name, the value, then the service.
        expiration, ttl = int32(expiration), int32(expirationTtl)
        _check_name("PUT", key)
        _check_value(value)
        expiration = self._expiration(expiration, ttl)
        json_text = None if metadata is None else dumps(from_js(metadata), "metadata")
        if json_text is not None and (size := len(json_text.encode())) > MAX_METADATA:
            raise _failed("PUT", METADATA_TOO_LONG, size, MAX_METADATA)
        data = await _read(value)
        if len(data) > MAX_VALUE:
            raise _failed("PUT", VALUE_TOO_LONG, len(data), MAX_VALUE)
        self._write(key, Entry(data, expiration, json_text))

    async def delete(self, key: str, /) -> None:
        _check_name("DELETE", key)
        self._write(key, None)

    async def deleteBulk(self, keys: Any, /) -> None:
        # Experimental and missing from local runtimes: follows the declaration, never seen.
        names: Any = [keys] if isinstance(keys, str) else keys
        for name in names:
            _check_name("DELETE", name)
        for name in names:
            self._write(name, None)

    async def list(
        self, *, prefix: str | None = None, limit: float | None = None, cursor: str | None = None
    ) -> Any:
        count = int32(limit) or 0
        if count > MAX_LIMIT:
            raise _failed("GET", LIMIT_TOO_LARGE, count, MAX_LIMIT)
        # The runtime does not send such a limit (contract: test_a_limit_below_one_is_ignored).
        if count <= 0:
            count = MAX_LIMIT
        prefix, last_name = prefix or "", name_in_cursor(cursor or "")
        _check_length("GET", prefix)
        self._apply_pending()
        candidates = (
            name for name in self._entries if name.startswith(prefix) and name > last_name
        )
        # Python orders text by code points: the same order as that of UTF-8 bytes.
        names = sorted(filter(self._current, candidates))
        page_names = names[:count]
        page: dict[str, Any] = {
            "keys": [_list_key(name, self._entries[name]) for name in page_names],
            "list_complete": len(page_names) == len(names),
            "cacheStatus": None,
        }
        if not page["list_complete"]:
            page["cursor"] = cursor_after(page_names[-1])
        return page

    def _get_one(self, key: str, type_: str, cache_ttl: float | None) -> SimpleNamespace:
        ttl = int32(cache_ttl)
        _check_name("GET", key)
        _check_cache_ttl("GET", ttl)
        self._apply_pending()
        entry = self._current(key)
        return SimpleNamespace(
            value=entry and _value(entry.value, type_),
            metadata=entry and _metadata(entry),
            cacheStatus=None,
        )

    def _get_many(self, keys: Any, type_: str, cache_ttl: float | None) -> BulkAnswer:
        ttl = int32(cache_ttl)
        if type_ not in ("", "text", "json"):
            raise _failed("GET_BULK", BULK_TYPE, type_)
        if len(keys) > MAX_BULK_KEYS:
            raise _failed("GET_BULK", BULK_TOO_MANY, MAX_BULK_KEYS)
        if not keys:
            raise _failed("GET_BULK", BULK_NO_KEYS)
        self._apply_pending()
        answer: BulkAnswer = {}
        total = 0
        for key in keys:
            _check_name_in_bulk(key)
            _check_cache_ttl("GET_BULK", ttl)
            answer[key] = None
            if entry := self._current(key):
                # Many keys lose a byte order mark, and one key keeps it (tests/fakes/test_kv.py).
                text = entry.value.decode("utf-8-sig", "replace")
                total += len(text.encode("utf-16-le")) // 2  # JavaScript's length
                value = _json_in_bulk(text) if type_ == "json" else text
                if value is not None:  # A JSON null is reported as a missing key.
                    answer[key] = {"value": value, "metadata": _metadata(entry)}
        if total > MAX_BULK:
            raise _failed("GET_BULK", BULK_TOO_LARGE)
        return {key: value for key, value in answer.items() if not _is_lost_in_bulk(key)}

    def _write(self, key: str, entry: Entry | None) -> None:
        late = self.late or 0
        delay = late / timedelta(seconds=1) if isinstance(late, timedelta) else late
        # A write never overtakes an earlier write to the same key, even if ``late`` has changed.
        earlier = (due for due, name, _ in self._pending if name == key)
        due = max([self.clock.now() + delay * 1000, *earlier])
        self._pending.append((due, key, entry))
        self._apply_pending()

    def _apply_pending(self) -> None:
        """Make the writes visible whose time has come: all of them, unless ``late`` is set."""
        now, pending = self.clock.now(), self._pending
        self._pending = [write for write in pending if write[0] > now]
        for due, key, entry in pending:
            if due > now:
                continue
            if entry is None:
                self._entries.pop(key, None)
            else:
                self._entries[key] = entry

    def _current(self, key: str) -> Entry | None:
        """Return the entry of a key, unless it is missing or expired."""
        entry = self._entries.get(key)
        if entry and entry.expiration is not None and entry.expiration * 1000 <= self.clock.now():
            return None
        return entry

    def _expiration(self, expiration: int | None, ttl: int | None) -> int | None:
        """Return when a value that is stored now expires, in seconds since 1970."""
        # A part of a second does not count: test_a_ttl_counts_from_the_last_whole_second.
        now = int(self.clock.now() // 1000)
        if ttl is not None:  # The expiration is not even checked then.
            if ttl <= 0:
                raise _failed("PUT", TTL_NOT_POSITIVE, ttl)
            if ttl < MIN_TTL:
                raise _failed("PUT", TTL_TOO_SHORT, ttl, MIN_TTL)
            return now + ttl
        if expiration is not None:
            if expiration <= now:
                raise _failed("PUT", EXPIRATION_PAST, expiration)
            if expiration < now + MIN_TTL:
                raise _failed("PUT", EXPIRATION_TOO_SOON, expiration, MIN_TTL)
        return expiration


def _failed(operation: str, refusal: tuple[int, str], *values: object) -> JsException:
    status, text = refusal
    return JsException("Error", f"KV {operation} failed: {status} {text.format(*values)}")


def _check_name(operation: str, name: str) -> None:
    if not name:
        raise JsException("TypeError", EMPTY_NAME)
    # The runtime puts the name into a URL, where "." and ".." would be path segments.
    if name in (".", ".."):
        raise JsException("TypeError", DOTS_AS_NAME.format(name))
    _check_length(operation, name)


def _check_name_in_bulk(name: str) -> None:
    """Refuse a name of many: here by the service, with other words than the runtime's."""
    if not name:
        raise _failed("GET_BULK", BULK_EMPTY_NAME)
    if name in (".", ".."):
        raise _failed("GET_BULK", BULK_DOTS_AS_NAME, name)
    _check_length("GET_BULK", name)


def _check_length(operation: str, name: str) -> None:
    if (length := len(name.encode())) > MAX_NAME:
        raise _failed(operation, NAME_TOO_LONG, length, MAX_NAME)


def _check_cache_ttl(operation: str, ttl: int | None) -> None:
    if ttl is not None and ttl < MIN_CACHE_TTL:
        raise _failed(operation, CACHE_TTL_TOO_SHORT, ttl, MIN_CACHE_TTL)


def _check_value(value: Any) -> None:
    # Numbers, booleans and null pass: the runtime stores them as text (tests/fakes/test_kv.py).
    if not isinstance(value, (str, bytes, ReadableStream, int, float, type(None))):
        raise JsException("TypeError", WRONG_VALUE)


async def _read(value: Any) -> bytes:
    """Return the bytes to store. A stream is read to its end before anything changes."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, ReadableStream):
        return (value if isinstance(value, str) else json.dumps(value)).encode()
    if value.locked:
        raise JsException("TypeError", LOCKED_STREAM)
    reader, chunks = value.getReader(), list[bytes]()
    while not (chunk := await reader.read())["done"]:
        chunks.append(chunk["value"])
    return b"".join(chunks)


def _value(data: bytes, type_: str) -> Any:
    if type_ == "arrayBuffer":
        return data
    if type_ == "stream":
        return ReadableStream.of(data)
    if type_ == "text":
        return data.decode(errors="replace")
    if type_ != "json":  # Checked only once there is a value, as in the runtime.
        raise JsException("TypeError", UNKNOWN_TYPE)
    try:
        return from_json(data.decode(errors="replace"))
    except ValueError as exc:
        raise JsException("SyntaxError", str(exc)) from None


def _json_in_bulk(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:
        raise _failed("GET_BULK", BULK_NOT_JSON) from None


def _is_lost_in_bulk(name: str) -> bool:
    """Return whether the answer for many keys leaves this key out.

    The runtime builds that answer as an object. It skips array indices, and assigning to
    "__proto__" sets no key (contract: test_numeric_keys_keep_their_place_among_many).
    """
    return is_index(name) or name == "__proto__"


def _metadata(entry: Entry) -> Any:
    return None if entry.metadata is None else from_json(entry.metadata)


def _list_key(name: str, entry: Entry) -> dict[str, Any]:
    members = {"name": name, "expiration": entry.expiration, "metadata": _metadata(entry)}
    return {member: value for member, value in members.items() if value is not None}
