"""The Cache API as the local runtime has it: what is kept, how long, and what a request gets."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, NamedTuple

from ..._cpython import web as web
from ..._cpython.js_exception import JsException
from .host import Host
from .scheduling import yields_to_others

__all__ = ["FakeCacheStorage"]

_LONGEST_NAME = 1023

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
_DAY = 86_400.0


class _Kept(NamedTuple):
    status: int
    headers: list[list[str]]
    data: bytes
    until: float


class FakeCacheStorage:
    def __init__(self, host: Host) -> None:
        self.default: FakeCache = FakeCache(host)
        self._host = host
        self._named: dict[str, dict[str, _Kept]] = {}

    async def open(self, cacheName: str, /) -> FakeCache:
        if len(cacheName.encode()) > _LONGEST_NAME:
            raise JsException("TypeError", "Cache name is too long.")
        made = FakeCache(self._host)
        if cacheName:
            made.kept = self._named.setdefault(cacheName, {})
        else:
            made.kept = self.default.kept
        return made


@yields_to_others
class FakeCache:
    """``kept``: by URL, or by the ``cacheKey`` of a request's ``cf``."""

    def __init__(self, host: Host) -> None:
        self.kept: dict[str, _Kept] = {}
        self._host = host

    async def match(
        self, request: str | web.Request, /, *, ignoreMethod: bool = False
    ) -> web.Response | None:
        request = _request(request)
        if request.method != "GET" and not ignoreMethod:
            return None
        if not request.url.startswith(("http:", "https:")):
            raise JsException("TypeError", f"Fetch API cannot load: {request.url}")
        found = self._found(_key(request))
        return None if found is None else _answer(request, found)

    async def put(self, request: str | web.Request, response: Any, /) -> None:
        if not isinstance(response, web.Response):
            raise JsException(
                "TypeError",
                "Failed to execute 'put' on 'Cache': parameter 2 is not of type 'Response'.",
            )
        if response.type == "error":
            raise JsException("TypeError", "Cache is unable to store an error response")
        request = _request(request)
        if request.method != "GET":
            raise JsException("TypeError", "Cannot cache response to non-GET request.")
        if response.status == 206:
            raise JsException(
                "TypeError", "Cannot cache response to a range request (206 Partial Content)."
            )
        if "*" in (response.headers.get("vary") or ""):
            raise JsException("TypeError", "Cannot cache response with 'Vary: *' header.")
        if response.status == 304:
            return
        key = _key(request)
        sized = response.source is not None or response.body is None
        data = await response.arrayBuffer()
        age = _Age(request, response, self._host.clock.now())
        if response.status == 204 or not age.storable:
            return
        headers = age.headers()
        if sized:
            headers.append(["content-length", str(len(data))])
        self.kept[key] = _Kept(response.status, headers, data, age.until)

    async def delete(self, request: str | web.Request, /, *, ignoreMethod: bool = False) -> bool:
        request = _request(request)
        if request.method != "GET" and not ignoreMethod:
            return False
        key = _key(request)
        found = self._found(key)
        self.kept.pop(key, None)
        return found is not None

    def _found(self, key: str) -> _Kept | None:
        found = self.kept.get(key)
        return found if found is not None and found.until > self._host.clock.now() else None


def _request(request: str | web.Request) -> web.Request:
    return request if isinstance(request, web.Request) else web.Request(request)


def _key(request: web.Request) -> str:
    if "@" in request.url.split("/")[2]:
        raise JsException(
            "TypeError", "Invalid URL. Cache API keys must be fully-qualified, valid URLs."
        )
    return str((request.cf or {}).get("cacheKey") or request.url.partition("#")[0])


class _Age:
    """What the headers of a response, and of the request, say of keeping it."""

    def __init__(self, request: web.Request, response: web.Response, now: float) -> None:
        self._status = response.status
        self._now = now
        self._headers = dict(response.headers)
        control = self._headers.get("cache-control")
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
    def until(self) -> float:
        """When it has been kept long enough, in milliseconds."""
        fresh = self._fresh_for() - _number(self._headers.get("age", ""))
        stale = ("stale-if-error", "stale-while-revalidate")
        longer = (_number(self._control.get(name, "")) for name in stale)
        return self._now + max(0.0, fresh, *(fresh + more for more in longer)) * 1000

    def _fresh_for(self) -> float:
        """Seconds since ``date``."""
        control, headers = self._control, self._headers
        if control.get("no-cache") or control.get("proxy-revalidate"):
            return 0
        for name in ("s-maxage", "max-age"):
            if control.get(name):
                return _number(control[name])
        least = _DAY if control.get("immutable") else 0.0
        made = self._now if self._date is None else self._date
        expires, changed = headers.get("expires"), _parsed_date(headers.get("last-modified", ""))
        if expires:
            ends = _parsed_date(expires)
            return 0 if ends is None or ends < made else max(least, (ends - made) / 1000)
        if changed is not None and made > changed:
            return max(least, (made - changed) / 10_000)
        return least

    def headers(self) -> list[list[str]]:
        """Those that are kept."""
        own = {name.strip() for name in self._headers.get("connection", "").split(",")}
        kept = {
            name: value
            for name, value in self._headers.items()
            if name not in _OF_THE_CONNECTION | own | {"content-length"}
        }
        warnings = kept.pop("warning", "").split(",")
        kept["warning"] = ",".join(each for each in warnings if not re.match(r"\s*1\d\d", each))
        if not kept["warning"].strip():
            del kept["warning"]
        kept["age"] = str(round(_number(self._headers.get("age", ""))))
        kept["date"] = _http_date(self._now)
        kept["cf-cache-status"] = "HIT"
        return [[name, value] for name, value in kept.items()]


def _http_date(milliseconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(milliseconds // 1000, timezone.utc), usegmt=True)


def _parsed_date(text: str) -> float | None:
    """Milliseconds of an HTTP date; None for anything else."""
    try:
        return parsedate_to_datetime(text).timestamp() * 1000
    except ValueError:
        return None


def _directives(control: str) -> dict[str, str | bool]:
    made: dict[str, str | bool] = {}
    for part in control.strip().split(","):
        name, is_set, value = part.partition("=")
        made[name.strip()] = re.sub('^"|"$', "", value.strip()) if is_set else True
    return made


def _number(text: str | bool) -> float:
    found = re.match(r"\s*[+-]?\d+", text) if isinstance(text, str) else None
    return int(found[0]) if found else 0


def _answer(request: web.Request, kept: _Kept) -> web.Response:
    """What a request gets of a kept response, as its conditions and its range say."""
    status, data, headers = kept.status, kept.data, web.Headers(kept.headers)
    ranges: list[tuple[int, int]] | None = []
    asked = request.headers.get("range")
    if asked is not None:
        ranges = _ranges(asked, len(data))
        if ranges is None:
            span = ["content-range", f"bytes */{len(data)}"]
            return _sent(416, web.Headers([["cf-cache-status", "HIT"], span]), None)
    if _is_unchanged(request.headers, headers):
        return _sent(304, headers, None)
    if ranges:
        status = 206
        data = _parts(data, ranges, headers)
        headers.set("content-length", str(len(data)))
    return _sent(status, headers, data)


def _sent(status: int, headers: web.Headers, data: bytes | None) -> web.Response:
    response = web.Response(data, status=status, headers=headers)
    response.headers.immutable = True
    return response


def _is_unchanged(asked: web.Headers, kept: web.Headers) -> bool:
    tags, etag = asked.get("if-none-match"), _tag(kept.get("etag") or "")
    given = [] if tags is None else [each.strip() for each in tags.split(",")]
    if etag is not None and (given == ["*"] or etag in map(_tag, given)):
        return True
    since, changed = asked.get("if-modified-since"), kept.get("last-modified")
    then, last = _exact_date(since or ""), _exact_date(changed or "")
    return then is not None and last is not None and last <= then


def _tag(text: str) -> str | None:
    found = re.fullmatch(r'(?:W/)?"(.+)"', text.strip())
    return found[1] if found else None


_EXACT = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"\d{4} \d\d:\d\d:\d\d GMT"
)


def _exact_date(text: str) -> float | None:
    return _parsed_date(text) if _EXACT.fullmatch(text) else None


def _ranges(asked: str, size: int) -> list[tuple[int, int]] | None:
    """First and last bytes; none for all of it, None for what cannot be had."""
    unit = re.match(r" *bytes *=", asked, re.I)
    if unit is None:
        return None
    if not asked[unit.end() :].strip():
        return []
    found: list[tuple[int, int]] = []
    for each in asked[unit.end() :].split(","):
        match = re.fullmatch(r" *(\d+)? *- *(\d+)? *", each)
        if match is None or match[1] is match[2] is None:
            return None
        if match[1] is None:
            length = int(match[2])
            if length >= size:
                return []
            if length:
                found.append((size - length, size - 1))
            continue
        start, end = int(match[1]), size - 1 if match[2] is None else int(match[2])
        if start > end or start >= size:
            return None
        found.append((start, min(end, size - 1)))
    return found


_BOUNDARY = "pyworkers-boundary"


def _parts(data: bytes, ranges: list[tuple[int, int]], headers: web.Headers) -> bytes:
    """The bytes of one range, or several as multipart/byteranges."""
    spans = [f"bytes {start}-{end}/{len(data)}" for start, end in ranges]
    if len(ranges) == 1:
        headers.set("content-range", spans[0])
        return data[ranges[0][0] : ranges[0][1] + 1]
    kind = headers.get("content-type")
    made = b""
    for span, (start, end) in zip(spans, ranges):
        typed = f"Content-Type: {kind}\r\n" if kind else ""
        made += f"--{_BOUNDARY}\r\n{typed}Content-Range: {span}\r\n\r\n".encode()
        made += data[start : end + 1] + b"\r\n"
    headers.set("content-type", f"multipart/byteranges; boundary={_BOUNDARY}")
    return made + f"--{_BOUNDARY}--".encode()
