"""R2's rules for keys, conditions, metadata, ranges and checksums."""

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
from ..._times import EPOCH

__all__ = [
    "HTTP_HEADERS",
    "check_key",
    "check_range",
    "check_ssec_key",
    "checksum",
    "condition",
    "custom_metadata",
    "failed",
    "holds",
    "http_date",
    "http_metadata",
    "resolve_range",
]

MAX_KEY = 1024  # bytes of UTF-8

# The messages of R2's service by code, and of the runtime: quotes, never to be improved.
MESSAGES = {
    10001: "We encountered an internal error. Please try again.",
    10011: "Your proposed upload is smaller than the minimum allowed object size.",
    10012: "Your metadata headers exceed the maximum allowed metadata size.",
    10020: "The specified object name is not valid.",
    10022: "MaxKeys params must be positive integer <= 1000.",
    10024: "The specified multipart upload does not exist.",
    10025: "One or more of the specified parts could not be found.",
    10027: "The number of keys in the request must be between 1 and 1000 inclusive.",
    10037: (
        "The {0} checksum you specified did not match what we received.\n"
        "You provided a {0} checksum with value: {1}\n"
        "Actual {0} was: {2}"
    ),
    10039: "The requested range is not satisfiable",
    10048: "There was a problem with the multipart upload.",
    100100: "Your proposed upload exceeds the maximum allowed object size.",
}
QUOTED_ETAG = "Conditional ETag should not be wrapped in quotes ({})."
INVALID_ETAG = "Invalid ETag in {} header"
COMMA_EXPECTED = "Comma was expected to separate etags. Encountered a {}"
UNQUOTED_WEAK_ETAG = "Weak etags must start with W/ and their value must be quoted"
UNCLOSED_ETAG = "Unclosed double quote for Etag"
LATE_DATE = "This API doesn't support dates after 2189."
SUFFIX_WITH = "Suffix is incompatible with {}."
NEGATIVE_NUMBER = "Invalid {}. {} ({}) must be greater than or equal to 0."
FRACTION = "Invalid range. {} ({}) must be an integer, not floating point."
SEVERAL_DIGESTS = "You cannot specify multiple hashing algorithms."
DIGEST_LENGTH = "{} is {} {}, not {}"
DIGEST_NOT_HEX = "Provided {} wasn't a valid hex string"
SSEC_FORMAT = "SSE-C Key has invalid format"
SSEC_LENGTH = "SSE-C Key must be 32 bytes in length"


def failed(action: str, code: int, *values: object) -> JsException:
    """Return an error of R2's service, for example "put: The … (10020)"."""
    return JsException("Error", f"{action}: {MESSAGES[code].format(*values)} ({code})")


def check_key(action: str, key: str) -> None:
    if len(key.encode()) > MAX_KEY:
        raise failed(action, 10020)


# Conditions


class Etag(NamedTuple):
    strength: str
    """``"strong"``, ``"weak"`` or ``"wildcard"``."""
    value: str = ""


class Condition(NamedTuple):
    """The options of ``onlyIf``, or of Headers; times are in milliseconds since 1970."""

    matches: list[Etag] | None
    does_not_match: list[Etag] | None
    before: float | None
    after: float | None
    in_seconds: bool


def condition(only_if: Any) -> Condition | None:
    """Parse ``onlyIf``: an options object, or Headers."""
    if only_if is None:
        return None
    if isinstance(only_if, Headers):
        return Condition(
            _etags_of(only_if, "if-match"),
            _etags_of(only_if, "if-none-match"),
            _header_time(only_if, "if-unmodified-since"),
            _header_time(only_if, "if-modified-since"),
            True,
        )
    before, after = _checked(only_if.get("uploadedBefore")), _checked(only_if.get("uploadedAfter"))
    return Condition(
        _etag(only_if.get("etagMatches")),
        _etag(only_if.get("etagDoesNotMatch")),
        _time(before),
        _time(after),
        bool(only_if.get("secondsGranularity")),
    )


def holds(only_if: Condition | None, etag: str | None, uploaded: datetime | None) -> bool:
    """Return whether the condition holds for an object; its etag and time are None if missing.

    The order is that of RFC 9110, section 13.2.2: a time counts only in the absence of the etag
    that would decide in its place. https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
    """
    if only_if is None:
        return True
    if etag is None or uploaded is None:
        return only_if.matches is None and only_if.after is None

    def rounded(time: float) -> float:
        return time // 1000 * 1000 if only_if.in_seconds else time

    time = rounded(_milliseconds(uploaded))
    # 1 and 2: If-Match, else If-Unmodified-Since.
    if only_if.matches is not None:
        if not any(_matches(each, etag, weak=False) for each in only_if.matches):
            return False
    elif only_if.before is not None and not time < rounded(only_if.before):
        return False
    # 3 and 4: If-None-Match, else If-Modified-Since.
    if only_if.does_not_match is not None:
        return not any(_matches(each, etag, weak=True) for each in only_if.does_not_match)
    return only_if.after is None or rounded(only_if.after) < time


def _matches(condition: Etag, etag: str, *, weak: bool) -> bool:
    """Compare etags: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.2"""
    if condition.strength == "wildcard":
        return True
    return condition.value == etag and (weak or condition.strength == "strong")


def _etag(value: str | None) -> list[Etag] | None:
    if value is None:
        return None
    if value.startswith('"') and value.endswith('"'):
        raise JsException("TypeError", QUOTED_ETAG.format(value))
    return [Etag("wildcard") if value == "*" else Etag("strong", value)]


def _etags_of(headers: Headers, name: str) -> list[Etag] | None:
    value = headers.get(name)
    if value is None:
        return None
    etags = _parse_etags(value)
    if not etags:
        raise JsException("Error", INVALID_ETAG.format(name))
    return etags


def _parse_etags(value: str) -> list[Etag]:
    """Parse the etags of a header, up to the first character that cannot begin an etag."""
    etags: list[Etag] = []
    needs_comma = False
    while value := value.lstrip(" \t"):
        first = value[0]
        if first == ",":
            value, needs_comma = value[1:], False
            continue
        if first not in _STARTS:
            break
        if needs_comma:
            raise JsException("Error", COMMA_EXPECTED.format(_STARTS[first]))
        if first == "*":
            return [Etag("wildcard")]
        if first == "W" and not value.startswith('W/"'):
            raise JsException("Error", UNQUOTED_WEAK_ETAG)
        text, quote, value = value[1 if first == '"' else 3 :].partition('"')
        if not quote:
            raise JsException("Error", UNCLOSED_ETAG)
        etags.append(Etag("weak" if first == "W" else "strong", text))
        needs_comma = True
    return etags


# The characters that begin an etag, and the runtime's words if a comma was expected.
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

MAX_TIME = (2**63 - 1) // 1_000_000  # The runtime counts nanoseconds in 64 bits, up to 2262.


def _milliseconds(time: datetime) -> float:
    return (time - EPOCH) / timedelta(milliseconds=1)


def _time(time: datetime | None) -> float | None:
    if time is None:
        return None
    milliseconds = _milliseconds(time)
    # Other times reach the service as an invalid date, and no comparison with it holds
    # (tests/fakes/test_r2.py: test_conditions_with_times_before_1970_fail).
    return milliseconds if 0 <= milliseconds <= MAX_TIME else nan


def _checked(time: datetime | None) -> datetime | None:
    # The message names 2189; the limit is in 2262 (contract: test_times_end_in_2262).
    if time is not None and _milliseconds(time) > MAX_TIME:
        raise JsException("TypeError", LATE_DATE)
    return time


def _header_time(headers: Headers, name: str) -> float | None:
    value = headers.get(name)
    return None if value is None else _time(_parse_date(value))


def _parse_date(value: str) -> datetime:
    """Parse a date as JavaScript does: in HTTP's forms, in ISO 8601, or as a bare number.

    Servers send the bare numbers "0" and "-1" for a date in the past. An invalid date counts as
    1970-01-01 (contract: test_an_expires_header_that_is_not_a_date_is_1970).
    """
    time = EPOCH
    with suppress(ValueError):
        if re.fullmatch("-?[0-9]{1,2}", value):
            return _date_of_number(abs(int(value))).replace(tzinfo=timezone.utc)
        if re.fullmatch("[0-9]{4}", value):
            value += "-01-01"
        is_iso = re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}(T|$)", value)
        time = datetime.fromisoformat(value) if is_iso else parsedate_to_datetime(value)
    return time.replace(tzinfo=time.tzinfo or timezone.utc)


def _date_of_number(number: int) -> datetime:
    """Return the date of a bare number, as ``Date.parse("7")`` does.

    1 to 12 is a month of 2001, 13 to 31 is invalid, and any other number is a year.
    """
    if 1 <= number <= 12:
        return datetime(2001, number, 1)
    if 13 <= number <= 31:
        raise ValueError(number)
    return datetime(number + (2000 if number < 50 else 1900), 1, 1)


def http_date(time: datetime) -> str:
    return format_datetime(time, usegmt=True)


# Metadata


HTTP_HEADERS = {
    "contentType": "content-type",
    "contentLanguage": "content-language",
    "contentDisposition": "content-disposition",
    "contentEncoding": "content-encoding",
    "cacheControl": "cache-control",
    "cacheExpiry": "expires",
}


def http_metadata(metadata: Any) -> dict[str, Any]:
    """Return the HTTP metadata to store, from an options object or from Headers."""
    if isinstance(metadata, Headers):
        fields: dict[str, Any] = {
            name: metadata.get(header) for name, header in HTTP_HEADERS.items()
        }
        if (expires := fields["cacheExpiry"]) is not None:
            fields["cacheExpiry"] = _parse_date(expires)
    else:
        fields = metadata or {}
        _checked(fields.get("cacheExpiry"))
    return {name: value for name, value in fields.items() if value is not None}


def custom_metadata(metadata: dict[str, str] | None) -> dict[str, str]:
    """Return the custom metadata to store.

    The answer is an object, in which assigning to "__proto__" sets no key
    (contract: test_custom_metadata_loses_the_key_proto).
    """
    return {name: value for name, value in (metadata or {}).items() if name != "__proto__"}


# Ranges


def check_range(range_: Any) -> None:
    """Refuse a range that the runtime refuses, before anything is sent."""
    if range_ is None or isinstance(range_, Headers):
        return
    offset, length, suffix = (range_.get(name) for name in ("offset", "length", "suffix"))
    _check_number(offset, "range", "Starting offset")
    _check_number(length, "range", "Length")
    if suffix is not None:
        for name, other in (("offset", offset), ("length", length)):
            if other is not None:
                raise JsException("TypeError", SUFFIX_WITH.format(name))
        _check_number(suffix, "suffix", "Suffix")


def _check_number(number: float | None, option: str, name: str) -> None:
    if number is None:
        return
    if not number >= 0:  # NaN too
        raise JsException("RangeError", NEGATIVE_NUMBER.format(option, name, number))
    if number % 1:
        raise JsException("RangeError", FRACTION.format(name, number))


def resolve_range(range_: Any, size: int) -> tuple[int, int]:
    """Return offset and length of the requested bytes of an object with this size."""
    if isinstance(range_, Headers):
        return _header_range(range_.get("range") or "", size)
    if range_ is None:
        return 0, size
    offset, length, suffix = (range_.get(name) for name in ("offset", "length", "suffix"))
    if suffix is not None:
        length = min(suffix, size) if suffix else 0
        offset = size - length
    offset = offset or 0
    if length is None:
        length = size - offset
    if offset >= size or length <= 0:
        raise failed("get", 10039)
    return int(offset), int(min(length, size - offset))


def _header_range(header: str, size: int) -> tuple[int, int]:
    """Return offset and length of the range in a header.

    The whole object is returned for an invalid or unsatisfiable header, and for several ranges
    (contract: test_an_unsatisfiable_range_header_returns_the_whole_object).
    """
    unit, _, ranges = header.partition("=")
    satisfiable: list[tuple[int, int]] = []
    for range_ in ranges.split(",") if unit.strip(" ").lower() == "bytes" else ():
        match = re.fullmatch(r" *([0-9]+)? *- *([0-9]+)? *", range_)
        if match is None or (match[1] is None and match[2] is None):
            return 0, size
        if match[1] is None:
            suffix = _integer(match[2])
            if suffix >= size:
                return 0, size
            if suffix:
                satisfiable.append((size - suffix, suffix))
            continue
        start = _integer(match[1])
        end = size - 1 if match[2] is None else min(_integer(match[2]), size - 1)
        if start >= size or (match[2] is not None and start > _integer(match[2])):
            return 0, size
        satisfiable.append((start, end - start + 1))
    return satisfiable[0] if len(satisfiable) == 1 else (0, size)


def _integer(digits: str) -> int:
    return int(digits[-4000:])  # Python refuses to read more than 4,300 digits


# Checksums and keys


class Checksum(NamedTuple):
    """The checksum that a value must have: ``name`` as in JavaScript, ``title`` as in messages."""

    name: str
    title: str
    digest: bytes

    def check(self, data: bytes) -> str:
        """Return the checksum of ``data`` in hexadecimal; raise if it is another one."""
        actual = hashlib.new(self.name, data, usedforsecurity=False).hexdigest()
        if actual != self.digest.hex():
            raise failed("put", 10037, self.title, self.digest.hex(), actual)
        return actual


# Titles in messages, and bytes of a digest.
_ALGORITHMS = {
    "md5": ("MD5", 16),
    "sha1": ("SHA-1", 20),
    "sha256": ("SHA-256", 32),
    "sha384": ("SHA-384", 48),
    "sha512": ("SHA-512", 64),
}


def checksum(**digests: bytes | str | None) -> Checksum | None:
    """Return the one checksum that was passed, if any."""
    result: Checksum | None = None
    for name, digest in digests.items():
        if digest is None:
            continue
        if result is not None:
            raise JsException("TypeError", SEVERAL_DIGESTS)
        title, size = _ALGORITHMS[name]
        needed, unit = (size * 2, "hex characters") if isinstance(digest, str) else (size, "bytes")
        length = len(digest.encode() if isinstance(digest, str) else digest)
        if length != needed:
            raise JsException("TypeError", DIGEST_LENGTH.format(title, needed, unit, length))
        if isinstance(digest, str):
            if not re.fullmatch("[0-9a-fA-F]*", digest):
                raise JsException("TypeError", DIGEST_NOT_HEX.format(title))
            digest = bytes.fromhex(digest)
        result = Checksum(name, title, digest)
    return result


def check_ssec_key(key: bytes | str | None) -> None:
    """Refuse an invalid customer's key. The fake encrypts nothing, nor does the local runtime."""
    if isinstance(key, str) and not re.fullmatch("[0-9a-f]+", key):
        raise JsException("Error", SSEC_FORMAT)
    if key is not None and len(key) != (64 if isinstance(key, str) else 32):
        raise JsException("Error", SSEC_LENGTH)
