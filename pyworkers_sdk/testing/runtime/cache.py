"""``FakeCacheStorage``: the Cache API as miniflare simulates it.

miniflare decides by the npm package http-cache-semantics 4.1.1 about storing and expiry, and by its
own code about conditions and ranges. The fake follows both (tests/contract/test_cache.py).
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, NamedTuple

from ..._cpython import web as web
from ..._cpython.js_exception import JsException
from ..._cpython.status_text import sent
from .host import Host
from .scheduling import yields_to_others

__all__ = ["FakeCacheStorage"]

MAX_NAME = 1023  # bytes

# The runtime's own words, seen in workerd: quotes, never to be improved.
NAME_TOO_LONG = "Cache name is too long."
NOT_HTTP = "Fetch API cannot load: {}"
NOT_A_RESPONSE = "Failed to execute 'put' on 'Cache': parameter 2 is not of type 'Response'."
ERROR_RESPONSE = "Cache is unable to store an error response"
NOT_GET = "Cannot cache response to non-GET request."
PARTIAL = "Cannot cache response to a range request (206 Partial Content)."
VARY_ALL = "Cannot cache response with 'Vary: *' header."
INVALID_URL = "Invalid URL. Cache API keys must be fully-qualified, valid URLs."

# The sets of http-cache-semantics: statuses that may be stored, statuses that are stored without an
# explicit expiry, and headers of the connection.
_UNDERSTOOD = {200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501}
_BY_DEFAULT = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}
_OF_THE_CONNECTION = {
    "date",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_DAY = 86_400.0  # seconds


class _Entry(NamedTuple):
    status: int
    headers: list[list[str]]
    data: bytes
    expires: float
    """Milliseconds since 1970."""


class FakeCacheStorage:
    """JS: CacheStorage."""

    def __init__(self, host: Host) -> None:
        self.default: FakeCache = FakeCache(host)
        self._host = host
        self._named: dict[str, dict[str, _Entry]] = {}

    async def open(self, cacheName: str, /) -> FakeCache:
        if len(cacheName.encode()) > MAX_NAME:
            raise JsException("TypeError", NAME_TOO_LONG)
        cache = FakeCache(self._host)
        if cacheName:
            cache.entries = self._named.setdefault(cacheName, {})
        else:  # The empty name is the default cache; "default" is not.
            cache.entries = self.default.entries
        return cache


@yields_to_others
class FakeCache:
    """JS: Cache. Entries are stored by URL, or by the ``cacheKey`` of a request's ``cf``."""

    def __init__(self, host: Host) -> None:
        self.entries: dict[str, _Entry] = {}
        self._host = host

    async def match(
        self, request: str | web.Request, /, *, ignoreMethod: bool = False
    ) -> web.Response | None:
        request = _request(request)
        if request.method != "GET" and not ignoreMethod:
            return None
        if not request.url.startswith(("http:", "https:")):
            raise JsException("TypeError", NOT_HTTP.format(request.url))
        entry = self._entry(_key(request))
        return None if entry is None else _answer(request, entry)

    async def put(self, request: str | web.Request, response: Any, /) -> None:
        if not isinstance(response, web.Response):
            raise JsException("TypeError", NOT_A_RESPONSE)
        if response.type == "error":
            raise JsException("TypeError", ERROR_RESPONSE)
        request = _request(request)
        if request.method != "GET":
            raise JsException("TypeError", NOT_GET)
        if response.status == 206:
            raise JsException("TypeError", PARTIAL)
        if "*" in (response.headers.get("vary") or ""):
            raise JsException("TypeError", VARY_ALL)
        # Ignored without an error (contract: test_statuses_204_and_304_are_not_stored).
        if response.status == 304:
            return
        key = _key(request)
        # A stream of unknown length is stored without a Content-Length.
        has_length = response.source is not None or response.body is None
        data = await response.arrayBuffer()
        policy = _Policy(request, response, self._host.clock.now())
        if response.status == 204 or not policy.storable:
            return
        headers = policy.headers()
        if has_length:
            headers.append(["content-length", str(len(data))])
        self.entries[key] = _Entry(response.status, headers, data, policy.expires)

    async def delete(self, request: str | web.Request, /, *, ignoreMethod: bool = False) -> bool:
        request = _request(request)
        if request.method != "GET" and not ignoreMethod:
            return False
        key = _key(request)
        entry = self._entry(key)
        self.entries.pop(key, None)
        return entry is not None

    def _entry(self, key: str) -> _Entry | None:
        """Return an entry, unless it is missing or expired."""
        entry = self.entries.get(key)
        return entry if entry is not None and entry.expires > self._host.clock.now() else None


def _request(request: str | web.Request) -> web.Request:
    return request if isinstance(request, web.Request) else web.Request(request)


def _key(request: web.Request) -> str:
    if "@" in request.url.split("/")[2]:
        raise JsException("TypeError", INVALID_URL)
    return str((request.cf or {}).get("cacheKey") or request.url.partition("#")[0])


class _Policy:
    """Decide about storing a response and about its expiry: CachePolicy of http-cache-semantics."""

    def __init__(self, request: web.Request, response: web.Response, now: float) -> None:
        self._status = response.status
        self._now = now
        self._headers = dict(response.headers)
        control = self._headers.get("cache-control")
        # The cookie is dropped with this directive; without it the response is not stored
        # (contract: test_a_response_with_set_cookie_is_not_stored).
        if control is not None and "private=set-cookie" in control.lower():
            control = re.sub("private=set-cookie;?", "", control.lower(), count=1)
            self._headers["cache-control"] = control
            self._headers.pop("set-cookie", None)
        self._control = _directives(control or "")
        if control is None and "no-cache" in self._headers.get("pragma", ""):
            self._control["no-cache"] = True
        self._authorized = request.headers.has("authorization")
        self._date = _parsed_date(self._headers.get("date", ""))

    @property
    def storable(self) -> bool:
        control = self._control
        return bool(
            self._status in _UNDERSTOOD
            and "set-cookie" not in self._headers
            and not control.get("no-store")
            and not control.get("private")
            and (
                not self._authorized
                or control.get("must-revalidate")
                or control.get("public")
                or control.get("s-maxage")
            )
            and (
                self._headers.get("expires")
                or control.get("max-age")
                or control.get("s-maxage")
                or control.get("public")
                or self._status in _BY_DEFAULT
            )
        )

    @property
    def expires(self) -> float:
        """The time until which the response is stored, in milliseconds since 1970."""
        fresh = self._max_age() - _number(self._headers.get("age", ""))
        stale = ("stale-if-error", "stale-while-revalidate")
        extensions = (_number(self._control.get(name, "")) for name in stale)
        return self._now + max(0.0, fresh, *(fresh + seconds for seconds in extensions)) * 1000

    def _max_age(self) -> float:
        """Return how long the response is fresh, in seconds since its date."""
        control, headers = self._control, self._headers
        if control.get("no-cache") or control.get("proxy-revalidate"):
            return 0
        for name in ("s-maxage", "max-age"):
            if control.get(name):
                return _number(control[name])
        least = _DAY if control.get("immutable") else 0.0
        date = self._now if self._date is None else self._date
        expires, modified = headers.get("expires"), _parsed_date(headers.get("last-modified", ""))
        if expires:
            end = _parsed_date(expires)
            return 0 if end is None or end < date else max(least, (end - date) / 1000)
        if modified is not None and date > modified:
            return max(least, (date - modified) / 10_000)  # a tenth of its age
        return least

    def headers(self) -> list[list[str]]:
        """Return the headers to store."""
        listed = {name.strip() for name in self._headers.get("connection", "").split(",")}
        stored = {
            name: value
            for name, value in self._headers.items()
            if name not in _OF_THE_CONNECTION | listed | {"content-length"}
        }
        # Warnings 1xx describe the freshness of the response, not the response itself.
        warnings = stored.pop("warning", "").split(",")
        warning = ",".join(text for text in warnings if not re.match(r"\s*1\d\d", text))
        if warning.strip():
            stored["warning"] = warning
        stored["age"] = str(round(_number(self._headers.get("age", ""))))
        stored["date"] = _http_date(self._now)
        stored["cf-cache-status"] = "HIT"
        return [[name, value] for name, value in stored.items()]


def _http_date(milliseconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(milliseconds // 1000, timezone.utc), usegmt=True)


def _parsed_date(text: str) -> float | None:
    """Return the milliseconds since 1970 of an HTTP date; None for any other text."""
    try:
        return parsedate_to_datetime(text).timestamp() * 1000
    except ValueError:
        return None


def _directives(control: str) -> dict[str, str | bool]:
    """Parse Cache-Control; a directive without a value is True."""
    directives: dict[str, str | bool] = {}
    for part in control.strip().split(","):
        name, is_set, value = part.partition("=")
        directives[name.strip()] = re.sub('^"|"$', "", value.strip()) if is_set else True
    return directives


def _number(text: str | bool) -> float:
    """Parse a number as JavaScript's ``parseInt`` does; anything else is 0."""
    match = re.match(r"\s*[+-]?\d+", text) if isinstance(text, str) else None
    return int(match[0]) if match else 0


def _answer(request: web.Request, entry: _Entry) -> web.Response:
    """Return the response to a request, by its conditions and its range."""
    status, data, headers = entry.status, entry.data, web.Headers(entry.headers)
    ranges: list[tuple[int, int]] | None = []
    header = request.headers.get("range")
    if header is not None:
        ranges = _ranges(header, len(data))
        if ranges is None:
            span = ["content-range", f"bytes */{len(data)}"]
            return _response(416, web.Headers([["cf-cache-status", "HIT"], span]), None)
    if _is_unmodified(request.headers, headers):
        return _response(304, headers, None)
    if ranges:
        status = 206
        data = _parts(data, ranges, headers)
        headers.set("content-length", str(len(data)))
    return _response(status, headers, data)


def _response(status: int, headers: web.Headers, data: bytes | None) -> web.Response:
    response = web.Response(data, status=status, headers=headers)
    response.headers.immutable = True
    sent(response)
    return response


def _is_unmodified(request: web.Headers, stored: web.Headers) -> bool:
    if_none_match, etag = request.get("if-none-match"), _etag(stored.get("etag") or "")
    tags = [] if if_none_match is None else [tag.strip() for tag in if_none_match.split(",")]
    if etag is not None and (tags == ["*"] or etag in map(_etag, tags)):
        return True
    since = _exact_date(request.get("if-modified-since") or "")
    modified = _exact_date(stored.get("last-modified") or "")
    return since is not None and modified is not None and modified <= since


def _etag(text: str) -> str | None:
    """Return the value of an etag, strong or weak; None if it is not in quotes."""
    match = re.fullmatch(r'(?:W/)?"(.+)"', text.strip())
    return match[1] if match else None


# A condition needs the one form of RFC 9110; Python's parser would accept many others.
_EXACT = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"\d{4} \d\d:\d\d:\d\d GMT"
)


def _exact_date(text: str) -> float | None:
    return _parsed_date(text) if _EXACT.fullmatch(text) else None


def _ranges(header: str, size: int) -> list[tuple[int, int]] | None:
    """Return the first and the last byte of each range.

    An empty list means all bytes, and None means that the range cannot be satisfied.
    """
    unit = re.match(r" *bytes *=", header, re.I)
    if unit is None:
        return None
    if not header[unit.end() :].strip():
        return []
    ranges: list[tuple[int, int]] = []
    for text in header[unit.end() :].split(","):
        match = re.fullmatch(r" *(\d+)? *- *(\d+)? *", text)
        if match is None or match[1] is match[2] is None:
            return None
        if match[1] is None:
            length = int(match[2])
            if length >= size:
                return []
            if length:
                ranges.append((size - length, size - 1))
            continue
        start, end = int(match[1]), size - 1 if match[2] is None else int(match[2])
        if start > end or start >= size:
            return None
        ranges.append((start, min(end, size - 1)))
    return ranges


_BOUNDARY = "pyworkers-boundary"


def _parts(data: bytes, ranges: list[tuple[int, int]], headers: web.Headers) -> bytes:
    """Return the bytes of one range, or several as multipart/byteranges; set the headers."""
    spans = [f"bytes {start}-{end}/{len(data)}" for start, end in ranges]
    if len(ranges) == 1:
        headers.set("content-range", spans[0])
        return data[ranges[0][0] : ranges[0][1] + 1]
    content_type = headers.get("content-type")
    body = b""
    for span, (start, end) in zip(spans, ranges):
        header = f"Content-Type: {content_type}\r\n" if content_type else ""
        body += f"--{_BOUNDARY}\r\n{header}Content-Range: {span}\r\n\r\n".encode()
        body += data[start : end + 1] + b"\r\n"
    headers.set("content-type", f"multipart/byteranges; boundary={_BOUNDARY}")
    return body + f"--{_BOUNDARY}--".encode()
