"""``FakeKVNamespace``: the JavaScript API of Workers KV over a dict."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from datetime import timedelta
from math import isfinite
from types import SimpleNamespace
from typing import Any, NamedTuple

from ..._border import dumps, from_js, from_json
from ..._border.values import is_index
from ..._cpython.js_exception import JsException
from ..._cpython.web import ReadableStream
from .._clock import Clock
from ..runtime.scheduling import yields_to_others

__all__ = ["FakeKVNamespace"]

MAX_NAME = 512
MAX_METADATA = 1024
MAX_VALUE = MAX_BULK = 25 * 1024 * 1024
MAX_BULK_KEYS = 100
MAX_LIMIT = 1000
MIN_CACHE_TTL = 30
MIN_TTL = 60

Answers = dict[str, dict[str, Any] | None]


class Entry(NamedTuple):
    value: bytes
    expiration: int | None
    metadata: str | None


@yields_to_others
class FakeKVNamespace:
    """JS: KVNamespace. Expires keys by its ``clock``."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self.late: float | timedelta | None = None
        self._entries: dict[str, Entry] = {}
        self._coming: list[tuple[float, str, Entry | None]] = []

    async def get(self, key: Any, /, *, type: str = "text", cacheTtl: float | None = None) -> Any:
        if isinstance(key, str):
            return self._one(key, type, cacheTtl).value
        found = self._many(key, type, cacheTtl)
        return {name: entry and entry["value"] for name, entry in found.items()}

    async def getWithMetadata(
        self, key: Any, /, *, type: str = "text", cacheTtl: float | None = None
    ) -> Any:
        if isinstance(key, str):
            return self._one(key, type, cacheTtl)
        return self._many(key, type, cacheTtl)

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
        expiration, ttl = _int32(expiration), _int32(expirationTtl)
        _check_name("PUT", key)
        _check_value(value)
        ends = self._end(expiration, ttl)
        about = None if metadata is None else dumps(from_js(metadata), "metadata")
        if about is not None and (size := len(about.encode())) > MAX_METADATA:
            raise _failed("PUT", 413, f"Metadata length of {size} exceeds limit of {MAX_METADATA}.")
        data = await _read(value)
        if len(data) > MAX_VALUE:
            raise _failed("PUT", 413, f"Value length of {len(data)} exceeds limit of {MAX_VALUE}.")
        self._write(key, Entry(data, ends, about))

    async def delete(self, key: str, /) -> None:
        _check_name("DELETE", key)
        self._write(key, None)

    async def deleteBulk(self, keys: Any, /) -> None:
        # Experimental, and in no local runtime: this is its declaration, not what was seen.
        names: Any = [keys] if isinstance(keys, str) else keys
        for name in names:
            _check_name("DELETE", name)
        for name in names:
            self._write(name, None)

    async def list(
        self, *, prefix: str | None = None, limit: float | None = None, cursor: str | None = None
    ) -> Any:
        count = _int32(limit) or 0
        if count > MAX_LIMIT:
            refused = f"Invalid key_count_limit of {count}."
            raise _failed("GET", 400, f"{refused} Please specify an integer less than {MAX_LIMIT}.")
        if count <= 0:  # which the runtime does not send
            count = MAX_LIMIT
        prefix, after = prefix or "", _after(cursor or "")
        _check_length("GET", prefix)
        self._arrive()
        wanted = (name for name in self._entries if name.startswith(prefix) and name > after)
        # Python's order of text, by code point, is the order of its UTF-8 bytes.
        found = sorted(filter(self._alive, wanted))
        names = found[:count]
        page: dict[str, Any] = {
            "keys": [_listed(name, self._entries[name]) for name in names],
            "list_complete": len(names) == len(found),
            "cacheStatus": None,
        }
        if not page["list_complete"]:
            page["cursor"] = b64encode(names[-1].encode()).decode()
        return page

    def _one(self, key: str, kind: str, cache_ttl: float | None) -> SimpleNamespace:
        ttl = _int32(cache_ttl)
        _check_name("GET", key)
        _check_cache_ttl("GET", ttl)
        self._arrive()
        entry = self._alive(key)
        return SimpleNamespace(
            value=entry and _value(entry.value, kind),
            metadata=entry and _metadata(entry),
            cacheStatus=None,
        )

    def _many(self, keys: Any, kind: str, cache_ttl: float | None) -> Answers:
        ttl = _int32(cache_ttl)
        if kind not in ("", "text", "json"):
            raise _failed("GET_BULK", 400, f'"{kind}" is not a valid type. Use "json" or "text"')
        if len(keys) > MAX_BULK_KEYS:
            raise _failed("GET_BULK", 400, f"You can request a maximum of {MAX_BULK_KEYS} keys")
        if not keys:
            raise _failed("GET_BULK", 400, "You must request a minimum of 1 key")
        self._arrive()
        found: Answers = {}
        total = 0
        for key in keys:
            _check_name_in_bulk(key)
            _check_cache_ttl("GET_BULK", ttl)
            found[key] = None
            if entry := self._alive(key):
                text = entry.value.decode("utf-8-sig", "replace")
                total += len(text.encode("utf-16-le")) // 2  # JavaScript's length
                value = _json_in_bulk(text) if kind == "json" else text
                if value is not None:  # a JSON null is told as a missing key
                    found[key] = {"value": value, "metadata": _metadata(entry)}
        if total > MAX_BULK:
            raise _failed("GET_BULK", 413, "Total size of request exceeds the limit of 25MB")
        return {key: value for key, value in found.items() if not _is_lost(key)}

    def _write(self, key: str, entry: Entry | None) -> None:
        late = self.late or 0
        after = late / timedelta(seconds=1) if isinstance(late, timedelta) else late
        before = (due for due, name, _ in self._coming if name == key)  # nothing is overtaken
        due = max([self.clock.now() + after * 1000, *before])
        self._coming.append((due, key, entry))
        self._arrive()

    def _arrive(self) -> None:
        """What was written is there, but for what faults() has come late."""
        now, coming = self.clock.now(), self._coming
        self._coming = [each for each in coming if each[0] > now]
        for due, key, entry in coming:
            if due > now:
                continue
            if entry is None:
                self._entries.pop(key, None)
            else:
                self._entries[key] = entry

    def _alive(self, key: str) -> Entry | None:
        entry = self._entries.get(key)
        if entry and entry.expiration is not None and entry.expiration * 1000 <= self.clock.now():
            return None
        return entry

    def _end(self, expiration: int | None, ttl: int | None) -> int | None:
        """When a value that is put now ends, in seconds; with a TTL nobody looks at the other."""
        now = int(self.clock.now() // 1000)
        if ttl is not None:
            refused = f"Invalid expiration_ttl of {ttl}."
            if ttl <= 0:
                raise _failed("PUT", 400, f"{refused} Please specify integer greater than 0.")
            if ttl < MIN_TTL:
                raise _failed("PUT", 400, f"{refused} Expiration TTL must be at least {MIN_TTL}.")
            return now + ttl
        if expiration is not None:
            refused = f"Invalid expiration of {expiration}."
            if expiration <= now:
                wanted = "greater than the current number of seconds since the UNIX epoch"
                raise _failed("PUT", 400, f"{refused} Please specify integer {wanted}.")
            if expiration < now + MIN_TTL:
                wanted = f"at least {MIN_TTL} seconds in the future"
                raise _failed("PUT", 400, f"{refused} Expiration times must be {wanted}.")
        return expiration


def _failed(operation: str, status: int, reason: str) -> JsException:
    return JsException("Error", f"KV {operation} failed: {status} {reason}")


def _int32(value: float | None) -> int | None:
    """An option as the runtime reads it, which has no longer integers: not even for times."""
    if value is None:
        return None
    number = int(value) if isfinite(value) else 0
    if not -(2**31) <= number < 2**31:
        bounds = "between -2147483648 and 2147483647 (inclusive)"
        raise JsException("TypeError", f"Value out of range. Must be {bounds}.")
    return number


def _check_name(operation: str, name: str) -> None:
    if not name:
        raise JsException("TypeError", "Key name cannot be empty.")
    if name in (".", ".."):
        raise JsException("TypeError", f'"{name}" is not allowed as a key name.')
    _check_length(operation, name)


def _check_name_in_bulk(name: str) -> None:
    """The service refuses these itself here, where the runtime does it otherwise."""
    if not name:
        raise _failed("GET_BULK", 400, "Key names must not be empty")
    if name in (".", ".."):
        raise _failed("GET_BULK", 400, f'Illegal key name "{name}". Please use a different name.')
    _check_length("GET_BULK", name)


def _check_length(operation: str, name: str) -> None:
    if (length := len(name.encode())) > MAX_NAME:
        reason = f"UTF-8 encoded length of {length} exceeds key length limit of {MAX_NAME}."
        raise _failed(operation, 414, reason)


def _check_cache_ttl(operation: str, ttl: int | None) -> None:
    if ttl is not None and ttl < MIN_CACHE_TTL:
        reason = f"Invalid cache_ttl of {ttl}. Cache TTL must be at least {MIN_CACHE_TTL}."
        raise _failed(operation, 400, reason)


def _check_value(value: Any) -> None:
    if not isinstance(value, (str, bytes, ReadableStream, int, float, type(None))):
        wanted = "strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams"
        raise JsException("TypeError", f"KV put() accepts only {wanted} as values.")


async def _read(value: Any) -> bytes:
    """The bytes to store: all of a stream before anything changes."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, ReadableStream):
        return (value if isinstance(value, str) else json.dumps(value)).encode()
    if value.locked:
        raise JsException("TypeError", "The ReadableStream has been locked to a reader.")
    reader, chunks = value.getReader(), list[bytes]()
    while not (chunk := await reader.read())["done"]:
        chunks.append(chunk["value"])
    return b"".join(chunks)


def _value(data: bytes, kind: str) -> Any:
    if kind == "arrayBuffer":
        return data
    if kind == "stream":
        return ReadableStream.of(data)
    if kind == "text":
        return data.decode(errors="replace")
    if kind != "json":
        known = '"text", "arrayBuffer", "json", and "stream"'
        raise JsException("TypeError", f"Unknown response type. Possible types are {known}.")
    try:
        return from_json(data.decode(errors="replace"))
    except ValueError as exc:
        raise JsException("SyntaxError", str(exc)) from None


def _json_in_bulk(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:
        reason = "At least one of the requested keys corresponds to a non-json value"
        raise _failed("GET_BULK", 400, reason) from None


def _is_lost(name: str) -> bool:
    """Whether a bulk answer leaves it out: it is made as an object, whose array indices the runtime
    skips and whose prototype is not a key."""
    return is_index(name) or name == "__proto__"


def _metadata(entry: Entry) -> Any:
    return None if entry.metadata is None else from_json(entry.metadata)


def _listed(name: str, entry: Entry) -> dict[str, Any]:
    listed = {"name": name, "expiration": entry.expiration, "metadata": _metadata(entry)}
    return {member: value for member, value in listed.items() if value is not None}


def _after(cursor: str) -> str:
    """The name in a cursor; base64 that is none is read as far as it goes, as Node does."""
    letters = cursor.translate({ord("-"): "+", ord("_"): "/"}).partition("=")[0]
    letters = re.sub("[^A-Za-z0-9+/]", "", letters)
    whole = letters[: len(letters) - (len(letters) % 4 == 1)]
    return b64decode(whole + "==").decode(errors="replace")
