"""The web platform's classes on plain CPython, as far as Workers use them.

They speak JavaScript: members in camelCase, options as keywords, ``X.new(…)`` to construct, and a
``JsException`` with workerd's own words where the platform throws. The public classes stand over
these classes, or over the real ones. tests/contract/test_http.py compares both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

from . import environment, url as _url
from .abort import AbortController, AbortSignal, DOMException
from .forms import Blob, File, FormData, blob_type, form_of, serialized
from .js_exception import JsException
from .streams import FixedLengthStream, ReadableStream
from .websockets import WebSocket, WebSocketPair, WebSocketRequestResponsePair

__all__ = [
    "AbortController",
    "AbortSignal",
    "Blob",
    "DOMException",
    "File",
    "FixedLengthStream",
    "FormData",
    "Headers",
    "JsException",
    "ReadableStream",
    "Request",
    "Response",
    "WebSocket",
    "WebSocketPair",
    "WebSocketRequestResponsePair",
    "fetch",
]

# workerd's own words. The contract checks compare them with the real ones.
BODY_OF_GET = "Request with a GET or HEAD method cannot have a body."
BODY_USED = (
    "Body has already been used. It can only be used once. Use tee() first if you need to read it "
    "twice."
)
BODY_OF_NULL_STATUS = "Response with null body status (101, 204, 205, or 304) cannot have a body."
CLONE_OF_HANDSHAKE = "Cannot clone a response to a WebSocket handshake."
DISTURBED = (
    "This ReadableStream is disturbed (has already been read from), and cannot be used as a body."
)
HANDSHAKE_STATUS = "Responses with a WebSocket must have status code 101."
IMMUTABLE = "Can't modify immutable headers."
INVALID_REDIRECT = (
    'Invalid redirect value, must be one of "follow" or "manual" ("error" won\'t be implemented '
    'since it does not make sense at the edge; use "manual" and check the response status code).'
)
INVALID_SIGNAL = (
    "Incorrect type for the 'signal' field on 'RequestInit': the provided value is not of type "
    "'AbortSignal'."
)
REUSED_BODY = "Cannot reconstruct a Request with a used body."
STATUS_RANGE = (
    "Responses may only be constructed with status codes in the range 200 to 599, inclusive."
)


def __getattr__(name: str) -> Any:
    if name == "caches":
        return environment.current().caches
    if name == "HTMLRewriter":  # imported late: it takes as long to load as everything else
        from .html.rewriter import HTMLRewriter

        return HTMLRewriter
    if name == "crypto":
        from .crypto import crypto

        return crypto
    raise AttributeError(name)


async def fetch(resource: str | Request, **init: Any) -> Response:
    response: Response = await environment.current().fetch(Request(resource, **init))
    return response


# Headers, requests and responses

_HeadersInit: TypeAlias = "Headers | list[list[str]] | None"

_INVALID_IN_NAME = re.compile(r'[\x00-\x20"(),/:-@\[-\]{}\x7f]')
_INVALID_IN_VALUE = re.compile(r"[\0\r\n]")


class Headers:
    """JS: Headers. ``immutable`` headers, as of a redirect or from the network, refuse changes."""

    def __init__(self, init: _HeadersInit) -> None:
        self.immutable = False
        self._values: dict[str, list[str]] = {}
        for name, value in init or ():
            self.append(name, value)

    @classmethod
    def new(cls, init: _HeadersInit = None) -> Headers:
        return cls(init)

    def get(self, name: str) -> str | None:
        values = self._values.get(_name(name))
        return None if values is None else ", ".join(values)

    def getSetCookie(self) -> list[str]:
        return [*self._values.get("set-cookie", ())]

    def has(self, name: str) -> bool:
        return _name(name) in self._values

    def set(self, name: str, value: str) -> None:
        self._check_mutable()
        self._values[_name(name)] = [_value(value)]

    def append(self, name: str, value: str) -> None:
        self._check_mutable()
        self._values.setdefault(_name(name), []).append(_value(value))

    def delete(self, name: str) -> None:
        self._check_mutable()
        self._values.pop(_name(name), None)

    def __iter__(self) -> Iterator[list[str]]:
        # Sorted by name and joined, except Set-Cookie: a cookie may contain a comma.
        for name, values in sorted(self._values.items()):
            for value in values if name == "set-cookie" else [", ".join(values)]:
                yield [name, value]

    def _check_mutable(self) -> None:
        if self.immutable:
            raise JsException("TypeError", IMMUTABLE)


def _name(name: str) -> str:
    if _INVALID_IN_NAME.search(name):
        raise JsException("TypeError", "Invalid header name.")
    return name.lower()


def _value(value: str) -> str:
    value = value.strip(" \t\r\n")  # test_http: test_header_values_are_trimmed
    if _INVALID_IN_VALUE.search(value):
        raise JsException("TypeError", "Invalid header value.")
    return value


_BodyInit: TypeAlias = "ReadableStream | Blob | FormData | str | bytes | None"


class Body:
    """The members that requests and responses share.

    ``source`` is the whole body if it was not a stream: a redirect can send it again.
    """

    headers: Headers
    body: ReadableStream | None
    source: bytes | None = None

    def _take_body(self, body: _BodyInit) -> None:
        if isinstance(body, ReadableStream):
            if body.disturbed:
                raise JsException("TypeError", DISTURBED)
            self.body = body
            return
        content_type, data = "", None
        if isinstance(body, str):
            content_type, data = "text/plain;charset=UTF-8", body.encode()
        elif isinstance(body, FormData):
            data, content_type = serialized(body)
        elif isinstance(body, Blob):
            content_type, data = body.type, body.data
        else:
            data = body
        # An explicit header wins over the type of the body.
        if content_type and not self.headers.has("content-type"):
            self.headers.set("content-type", content_type)
        self.source = data
        self.body = None if data is None else ReadableStream.of(data)

    @property
    def bodyUsed(self) -> bool:
        return self.body is not None and self.body.disturbed

    async def arrayBuffer(self) -> bytes:
        if self.body is None:
            return b""
        if self.body.disturbed:
            raise JsException("TypeError", BODY_USED)
        reader = self.body.getReader()
        chunks: list[bytes] = []
        while (chunk := (await reader.read())["value"]) is not None:
            chunks.append(chunk)
        return b"".join(chunks)

    async def text(self) -> str:
        # The platform's decoder drops a byte order mark, and replaces invalid UTF-8.
        return (await self.arrayBuffer()).removeprefix(b"\xef\xbb\xbf").decode(errors="replace")

    async def blob(self) -> Blob:
        blob = Blob(await self.arrayBuffer())
        blob.type = blob_type(self.headers.get("content-type") or "")
        return blob

    async def formData(self) -> FormData:
        return form_of(await self.arrayBuffer(), self.headers.get("content-type"))

    def _copy_onto(self, copy: Any) -> Any:
        copy.__dict__.update(self.__dict__)
        copy.headers = Headers(self.headers)
        copy.headers.immutable = self.headers.immutable
        # Both copies read from one source, at their own pace.
        if self.body is not None:
            self.body, copy.body = self.body.tee()
        return copy


class Request(Body):
    """JS: Request. ``own_signal`` is its AbortSignal; None until one is needed."""

    headers: Headers
    body: ReadableStream | None
    source: bytes | None
    url: str
    method: str
    redirect: str
    cache: str | None
    cf: dict[str, Any] | None
    own_signal: AbortSignal | None  # None until ``signal`` is read, as most requests need none
    keepalive = False
    integrity = ""

    def __init__(
        self,
        resource: str | Request,
        *,
        method: str | None = None,
        headers: _HeadersInit = None,
        body: _BodyInit = None,
        redirect: str | None = None,
        cf: dict[str, Any] | None = None,
        cache: str | None = None,
        signal: AbortSignal | None = None,
        encodeResponseBody: str | None = None,
    ) -> None:
        # The checks are in the order in which workerd throws.
        original, defaults = None, _Defaults()
        if isinstance(resource, Request):
            original, defaults = resource, resource.defaults()
            resource = resource.url
        self.url = _checked_url(resource)
        self.method = defaults.method if method is None else _checked_method(method)
        self.redirect = _checked_redirect(redirect or defaults.redirect)
        self.cache = _checked_cache(cache or defaults.cache)
        if signal is not None and not isinstance(signal, AbortSignal):
            raise JsException("TypeError", INVALID_SIGNAL)
        _check_encoding("encodeResponseBody", encodeResponseBody)
        self.cf = defaults.cf if cf is None else cf
        self.own_signal = signal or defaults.signal
        self.headers = Headers(defaults.headers if headers is None else headers)
        inherited = original if body is None else None
        has_body = body is not None or (inherited is not None and inherited.body is not None)
        if has_body and self.method in ("GET", "HEAD"):
            raise JsException("TypeError", BODY_OF_GET)
        # The body last: after an error the original request still has it.
        if has_body and inherited is not None:
            self.body, self.source = inherited.moved_body(), inherited.source
        else:
            self._take_body(body)

    @classmethod
    def new(cls, resource: str | Request, **init: Any) -> Request:
        return cls(resource, **init)

    @property
    def signal(self) -> AbortSignal:
        # Most requests never need one, so it is made at the first use.
        self.own_signal = self.own_signal or AbortSignal()
        return self.own_signal

    def clone(self) -> Request:
        copy: Request = self._copy_onto(Request.__new__(Request))
        return copy

    def defaults(self) -> _Defaults:
        """Return the fields that a request made from this one inherits."""
        return _Defaults(
            self.method, self.redirect, self.cache, self.cf, self.own_signal, self.headers
        )

    def moved_body(self) -> ReadableStream:
        """Return the body for a request made from this one; here it counts as used."""
        if self.body is None or self.body.disturbed:
            raise JsException("TypeError", REUSED_BODY)
        # A stream of the same chunks: the original one must answer that it is disturbed.
        moved = ReadableStream(self.body.chunks, self.body.length)
        self.body.disturbed = True
        return moved


class _Defaults(NamedTuple):
    """The fields of a new request that its ``init`` leaves out."""

    method: str = "GET"
    redirect: str = "follow"
    cache: str | None = None
    cf: dict[str, Any] | None = None
    signal: AbortSignal | None = None
    headers: Headers | None = None


_METHODS = re.compile(
    "GET|HEAD|POST|PUT|DELETE|PATCH|PURGE|OPTIONS|TRACE|COPY|LOCK|MKCOL|MOVE|PROPFIND|PROPPATCH"
    "|SEARCH|UNLOCK|ACL|REPORT|MKACTIVITY|CHECKOUT|MERGE|MSEARCH|NOTIFY|SUBSCRIBE|UNSUBSCRIBE"
    "|QUERY|BAN"
)


def _checked_url(text: str) -> str:
    url = _url.parse(text)
    if url is None:
        raise JsException("TypeError", f"Invalid URL: {text}")
    return url


def _checked_method(method: str) -> str:
    if not _METHODS.fullmatch(method.upper()):
        raise JsException("TypeError", f"Invalid HTTP method string: {method}")
    return method.upper()


def _checked_redirect(redirect: str) -> str:
    if redirect not in ("follow", "manual"):
        raise JsException("TypeError", INVALID_REDIRECT)
    return redirect


def _checked_cache(cache: str | None) -> str | None:
    if cache not in (None, "no-store", "no-cache"):
        raise JsException("TypeError", f"Unsupported cache mode: {cache}")
    return cache


def _check_encoding(name: str, value: str | None) -> None:
    if value not in (None, "automatic", "manual"):
        raise JsException("TypeError", f"{name}: unexpected value: {value}")


class Response(Body):
    """JS: Response."""

    url = ""
    redirected = False
    type: Literal["default", "error"] = "default"

    def __init__(
        self,
        body: _BodyInit = None,
        *,
        status: int | None = None,
        statusText: str | None = None,
        headers: _HeadersInit = None,
        cf: dict[str, Any] | None = None,
        encodeBody: str | None = None,
        webSocket: WebSocket | None = None,
    ) -> None:
        self.status: int = 200 if status is None else status
        self.webSocket = webSocket
        if webSocket is not None and self.status != 101:
            raise JsException("RangeError", HANDSHAKE_STATUS)
        if webSocket is None and not 200 <= self.status <= 599:
            raise JsException("RangeError", STATUS_RANGE)
        self.statusText: str = statusText or ""
        # No control characters: a line break would start a header.
        if re.search(r"[\0-\x1f]", self.statusText):
            raise JsException("TypeError", "Invalid statusText")
        if self.status in (101, 204, 205, 304):
            if body:  # an empty str is accepted, and dropped
                raise JsException("TypeError", BODY_OF_NULL_STATUS)
            body = None
        _check_encoding("encodeBody", encodeBody)
        self.cf = cf
        self.headers: Headers = Headers(headers)
        self._take_body(body)

    @classmethod
    def new(cls, body: _BodyInit = None, **init: Any) -> Response:
        return cls(body, **init)

    @classmethod
    def error(cls) -> Response:
        response = cls()
        response.type, response.status, response.statusText = "error", 0, ""
        return response

    @classmethod
    def redirect(cls, url: str, status: int = 302) -> Response:
        location = _url.parse(url)
        if location is None:
            raise JsException("TypeError", f"Unable to parse URL: {url}")
        if status not in (301, 302, 303, 307, 308):
            raise JsException(
                "RangeError",
                f"{status} is not a redirect status code. It must be one of: 301, 302, 303, 307, "
                "or 308.",
            )
        response = cls(status=status, headers=[["location", location]])
        response.headers.immutable = True
        return response

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def clone(self) -> Response:
        if self.webSocket is not None:
            raise JsException("TypeError", CLONE_OF_HANDSHAKE)
        copy: Response = self._copy_onto(Response.__new__(Response))
        return copy
