"""What R2 makes of keys, conditions, ranges and checksums, in the runtime's words."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime
from math import nan
from typing import Any, NamedTuple

from ..._cpython.js_exception import JsException
from ..._cpython.web import Headers

__all__ = [
    "check_key",
    "checksum",
    "condition",
    "failed",
    "holds",
    "http_date",
    "http_metadata",
    "offsets",
    "ranges",
    "ssec",
    "texts",
]

MAX_KEY = 1024


def failed(action: str, reason: str, code: int) -> JsException:
    return JsException("Error", f"{action}: {reason} ({code})")


def check_key(action: str, key: str) -> None:
    if len(key.encode()) > MAX_KEY:
        raise failed(action, "The specified object name is not valid.", 10020)


# Conditions


class Etag(NamedTuple):
    kind: str
    value: str = ""


class Condition(NamedTuple):
    matches: list[Etag] | None
    does_not_match: list[Etag] | None
    before: float | None
    after: float | None
    in_seconds: bool


def condition(given: Any) -> Condition | None:
    """What ``onlyIf`` asks, from an object or from Headers."""
    if given is None:
        return None
    if isinstance(given, Headers):
        return Condition(
            _listed_etags(given, "if-match"),
            _listed_etags(given, "if-none-match"),
            _header_time(given, "if-unmodified-since"),
            _header_time(given, "if-modified-since"),
            True,
        )
    before, after = _date(given.get("uploadedBefore")), _date(given.get("uploadedAfter"))
    return Condition(
        _etag(given.get("etagMatches")),
        _etag(given.get("etagDoesNotMatch")),
        _time(before),
        _time(after),
        bool(given.get("secondsGranularity")),
    )


def holds(wanted: Condition | None, etag: str | None, uploaded: datetime | None) -> bool:
    """Whether it does, of an object or of none."""
    if wanted is None:
        return True
    if etag is None or uploaded is None:
        return wanted.matches is None and wanted.after is None

    def seconds(time: float) -> float:
        return time // 1000 * 1000 if wanted.in_seconds else time

    now = seconds(_milliseconds(uploaded))
    strong = wanted.matches is None or any(
        each.kind == "wildcard" or (each.kind == "strong" and each.value == etag)
        for each in wanted.matches
    )
    none = wanted.does_not_match is None or not any(
        each.kind == "wildcard" or each.value == etag for each in wanted.does_not_match
    )
    # As in HTTP, the time is not asked for where an etag has answered.
    modified = (
        wanted.after is None
        or seconds(wanted.after) < now
        or (wanted.does_not_match is not None and none)
    )
    unmodified = (
        wanted.before is None
        or now < seconds(wanted.before)
        or (wanted.matches is not None and strong)
    )
    return strong and none and modified and unmodified


def _etag(value: str | None) -> list[Etag] | None:
    if value is None:
        return None
    if value.startswith('"') and value.endswith('"'):
        refused = f"Conditional ETag should not be wrapped in quotes ({value})."
        raise JsException("TypeError", refused)
    return [Etag("wildcard") if value == "*" else Etag("strong", value)]


def _listed_etags(headers: Headers, name: str) -> list[Etag] | None:
    value = headers.get(name)
    if value is None:
        return None
    etags = _etags(value)
    if not etags:
        raise JsException("Error", f"Invalid ETag in {name} header")
    return etags


def _etags(value: str) -> list[Etag]:
    """Those of a header, up to the first thing that is none."""
    found: list[Etag] = []
    needs_comma = False
    while value := value.lstrip(" \t"):
        first = value[0]
        if first == ",":
            value, needs_comma = value[1:], False
            continue
        if first not in _STARTS:
            break
        if needs_comma:
            refused = "Comma was expected to separate etags. Encountered a"
            raise JsException("Error", f"{refused} {_STARTS[first]}")
        if first == "*":
            return [Etag("wildcard")]
        if first == "W" and not value.startswith('W/"'):
            refused = "Weak etags must start with W/ and their value must be quoted"
            raise JsException("Error", refused)
        text, quote, value = value[1 if first == '"' else 3 :].partition('"')
        if not quote:
            raise JsException("Error", "Unclosed double quote for Etag")
        found.append(Etag("weak" if first == "W" else "strong", text))
        needs_comma = True
    return found


_STARTS = {
    "*": "wildcard character '*' instead.",
    "W": (
        "weak quotation character 'W' instead. "
        "This would otherwise indicate the start of a new weak etag."
    ),
    '"': (
        "double quote character '\"' instead. "
        "This would otherwise indicate the start of a new strong etag."
    ),
}


# Times, in milliseconds since 1970

MAX_TIME = (2**63 - 1) // 1_000_000  # the runtime counts in nanoseconds


def _milliseconds(time: datetime) -> float:
    return (time - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(milliseconds=1)


def _time(time: datetime | None) -> float | None:
    if time is None:
        return None
    since = _milliseconds(time)
    return since if 0 <= since <= MAX_TIME else nan  # the runtime sends a date that is none


def _date(time: datetime | None) -> datetime | None:
    if time is not None and _milliseconds(time) > MAX_TIME:
        raise JsException("TypeError", "This API doesn't support dates after 2189.")
    return time


def _header_time(headers: Headers, name: str) -> float | None:
    value = headers.get(name)
    return None if value is None else _time(_parsed(value))


def _parsed(value: str) -> datetime:
    """As JavaScript reads a date: HTTP's forms, ISO's, and a number alone, such as the 0 or -1 of
    what has ended already. What is none is 1970."""
    time = datetime.fromtimestamp(0, timezone.utc)
    with suppress(ValueError):
        if re.fullmatch("-?[0-9]{1,2}", value):
            return _of_number(abs(int(value))).replace(tzinfo=timezone.utc)
        if re.fullmatch("[0-9]{4}", value):
            value += "-01-01"
        is_iso = re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}(T|$)", value)
        time = datetime.fromisoformat(value) if is_iso else parsedate_to_datetime(value)
    return time.replace(tzinfo=time.tzinfo or timezone.utc)


def _of_number(number: int) -> datetime:
    """Zero is a year, what may be a month is one of 2001, what may be a day alone is nothing."""
    if 1 <= number <= 12:
        return datetime(2001, number, 1)
    if 13 <= number <= 31:
        raise ValueError(number)
    return datetime(number + (2000 if number < 50 else 1900), 1, 1)


def http_date(time: datetime) -> str:
    return format_datetime(time, usegmt=True)


# Metadata


def http_metadata(given: Any) -> dict[str, Any]:
    if isinstance(given, Headers):
        found: dict[str, Any] = {name: given.get(header) for name, header in _FIELDS.items()}
        if (expires := found["cacheExpiry"]) is not None:
            found["cacheExpiry"] = _parsed(expires)
    else:
        found = given or {}
        _date(found.get("cacheExpiry"))
    return {name: value for name, value in found.items() if value is not None}


_FIELDS = {
    "contentType": "content-type",
    "contentLanguage": "content-language",
    "contentDisposition": "content-disposition",
    "contentEncoding": "content-encoding",
    "cacheControl": "cache-control",
    "cacheExpiry": "expires",
}


def texts(given: dict[str, str] | None) -> dict[str, str]:
    """Custom metadata; the answer is an object, whose prototype is not a key."""
    return {name: value for name, value in (given or {}).items() if name != "__proto__"}


# Ranges


def offsets(given: Any) -> None:
    """Refuse a range that the runtime does not send."""
    if given is None or isinstance(given, Headers):
        return
    offset, length, suffix = (given.get(name) for name in ("offset", "length", "suffix"))
    _check_number(offset, "range", "Starting offset")
    _check_number(length, "range", "Length")
    if suffix is not None:
        for name, other in (("offset", offset), ("length", length)):
            if other is not None:
                raise JsException("TypeError", f"Suffix is incompatible with {name}.")
        _check_number(suffix, "suffix", "Suffix")


def _check_number(number: float | None, thing: str, name: str) -> None:
    if number is None:
        return
    if not number >= 0:
        wanted = "must be greater than or equal to 0."
        raise JsException("RangeError", f"Invalid {thing}. {name} ({number}) {wanted}")
    if number % 1:
        wanted = "must be an integer, not floating point."
        raise JsException("RangeError", f"Invalid range. {name} ({number}) {wanted}")


def ranges(given: Any, size: int) -> tuple[int, int]:
    """Where the bytes start, and how many they are."""
    if isinstance(given, Headers):
        return _header_range(given.get("range") or "", size)
    if given is None:
        return 0, size
    offset, length, suffix = (given.get(name) for name in ("offset", "length", "suffix"))
    if suffix is not None:
        length = min(suffix, size) if suffix else 0
        offset = size - length
    offset = offset or 0
    if length is None:
        length = size - offset
    if offset >= size or length <= 0:
        raise failed("get", "The requested range is not satisfiable", 10039)
    return int(offset), int(min(length, size - offset))


def _header_range(header: str, size: int) -> tuple[int, int]:
    """One range that can be had, or all."""
    unit, _, listed = header.partition("=")
    found: list[tuple[int, int]] = []
    for each in listed.split(",") if unit.strip(" ").lower() == "bytes" else ():
        match = re.fullmatch(r" *([0-9]+)? *- *([0-9]+)? *", each)
        if match is None or (match[1] is None and match[2] is None):
            return 0, size
        if match[1] is None:
            suffix = int(match[2])
            if suffix >= size:
                return 0, size
            if suffix:
                found.append((size - suffix, suffix))
            continue
        start = int(match[1])
        end = size - 1 if match[2] is None else min(int(match[2]), size - 1)
        if start >= size or (match[2] is not None and start > int(match[2])):
            return 0, size
        found.append((start, end - start + 1))
    return found[0] if len(found) == 1 else (0, size)


# Checksums and keys


class Checksum(NamedTuple):
    """What a value has to have: ``name`` as in JavaScript, ``title`` as in messages."""

    name: str
    title: str
    digest: bytes

    def check(self, data: bytes) -> str:
        """Of ``data``, in hexadecimal; refused where it is another."""
        actual = hashlib.new(self.name, data, usedforsecurity=False).hexdigest()
        if actual != self.digest.hex():
            reason = (
                f"The {self.title} checksum you specified did not match what we received.\n"
                f"You provided a {self.title} checksum with value: {self.digest.hex()}\n"
                f"Actual {self.title} was: {actual}"
            )
            raise failed("put", reason, 10037)
        return actual


_ALGORITHMS = {
    "md5": ("MD5", 16),
    "sha1": ("SHA-1", 20),
    "sha256": ("SHA-256", 32),
    "sha384": ("SHA-384", 48),
    "sha512": ("SHA-512", 64),
}


def checksum(**given: bytes | str | None) -> Checksum | None:
    """The one that was given."""
    found: Checksum | None = None
    for name, digest in given.items():
        if digest is None:
            continue
        if found is not None:
            raise JsException("TypeError", "You cannot specify multiple hashing algorithms.")
        title, size = _ALGORITHMS[name]
        wanted, unit = (size * 2, "hex characters") if isinstance(digest, str) else (size, "bytes")
        length = len(digest.encode() if isinstance(digest, str) else digest)
        if length != wanted:
            raise JsException("TypeError", f"{title} is {wanted} {unit}, not {length}")
        if isinstance(digest, str):
            if not re.fullmatch("[0-9a-fA-F]*", digest):
                raise JsException("TypeError", f"Provided {title} wasn't a valid hex string")
            digest = bytes.fromhex(digest)
        found = Checksum(name, title, digest)
    return found


def ssec(key: bytes | str | None) -> None:
    """Refuse a customer's key that is none."""
    if isinstance(key, str) and not re.fullmatch("[0-9a-f]+", key):
        raise JsException("Error", "SSE-C Key has invalid format")
    if key is not None and len(key) != (64 if isinstance(key, str) else 32):
        raise JsException("Error", "SSE-C Key must be 32 bytes in length")
