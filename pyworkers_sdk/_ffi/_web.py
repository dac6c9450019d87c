"""The web platform's classes on plain CPython, as much of them as Workers use.

They speak JavaScript: camelCase members, options as keywords, ``X.new(…)`` to construct, and a
``JsException`` with workerd's own words where the platform throws. The public classes stand over
these or the real ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from . import _url
from ._streams import Blob, FixedLengthStream, JsException, ReadableStream

__all__ = [
    "Blob",
    "FixedLengthStream",
    "Headers",
    "JsException",
    "ReadableStream",
    "Request",
    "Response",
]


# Headers, requests and responses

_HeadersInit: TypeAlias = "Headers | list[list[str]] | None"

_NO_NAME = re.compile(r'[\x00-\x20"(),/:-@\[-\]{}\x7f]')
_NO_VALUE = re.compile(r"[\0\r\n]")


class Headers:
    """``immutable`` ones, of a redirect or of what came over the network, refuse every change."""

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
        for name, values in sorted(self._values.items()):
            for value in values if name == "set-cookie" else [", ".join(values)]:
                yield [name, value]

    def _check_mutable(self) -> None:
        if self.immutable:
            raise JsException("TypeError", "Can't modify immutable headers.")


def _name(name: str) -> str:
    if _NO_NAME.search(name):
        raise JsException("TypeError", "Invalid header name.")
    return name.lower()


def _value(value: str) -> str:
    value = value.strip(" \t\r\n")
    if _NO_VALUE.search(value):
        raise JsException("TypeError", "Invalid header value.")
    return value


class Body:
    """What requests and responses have in common."""

    headers: Headers
    body: ReadableStream | None

    def _take_body(self, body: ReadableStream | str | bytes | None) -> None:
        if isinstance(body, ReadableStream) and body.disturbed:
            raise JsException(
                "TypeError",
                "This ReadableStream is disturbed (has already been read from), and cannot be "
                "used as a body.",
            )
        if isinstance(body, str):
            body = body.encode()
            if not self.headers.has("content-type"):
                self.headers.set("content-type", "text/plain;charset=UTF-8")
        self.body = ReadableStream.of(body) if isinstance(body, bytes) else body

    @property
    def bodyUsed(self) -> bool:
        return self.body is not None and self.body.disturbed

    async def arrayBuffer(self) -> bytes:
        if self.body is None:
            return b""
        if self.body.disturbed:
            raise JsException(
                "TypeError",
                "Body has already been used. It can only be used once. Use tee() first if you "
                "need to read it twice.",
            )
        reader = self.body.getReader()
        chunks: list[bytes] = []
        while (chunk := (await reader.read())["value"]) is not None:
            chunks.append(chunk)
        return b"".join(chunks)

    async def text(self) -> str:
        return (await self.arrayBuffer()).removeprefix(b"\xef\xbb\xbf").decode(errors="replace")

    def _copy_onto(self, copy: Any) -> Any:
        copy.__dict__.update(self.__dict__)
        copy.headers = Headers(self.headers)
        copy.headers.immutable = self.headers.immutable
        if self.body is not None:
            self.body, copy.body = self.body.tee()
        return copy


_METHODS = re.compile(
    "GET|HEAD|POST|PUT|DELETE|PATCH|PURGE|OPTIONS|TRACE|COPY|LOCK|MKCOL|MOVE|PROPFIND|PROPPATCH"
    "|SEARCH|UNLOCK|ACL|REPORT|MKACTIVITY|CHECKOUT|MERGE|MSEARCH|NOTIFY|SUBSCRIBE|UNSUBSCRIBE"
    "|QUERY|BAN"
)


class Request(Body):
    def __init__(
        self,
        url: str,
        *,
        method: str | None = None,
        headers: _HeadersInit = None,
        body: ReadableStream | str | bytes | None = None,
        redirect: str | None = None,
        cf: dict[str, Any] | None = None,
    ) -> None:
        parsed = _url.parse(url)
        if parsed is None:
            raise JsException("TypeError", f"Invalid URL: {url}")
        self.url = parsed
        self.method = "GET" if method is None else method.upper()
        if not _METHODS.fullmatch(self.method):
            raise JsException("TypeError", f"Invalid HTTP method string: {method}")
        self.redirect = redirect or "follow"
        if self.redirect not in ("follow", "manual"):
            raise JsException(
                "TypeError",
                'Invalid redirect value, must be one of "follow" or "manual" ("error" won\'t be '
                'implemented since it does not make sense at the edge; use "manual" and check the '
                "response status code).",
            )
        if body is not None and self.method in ("GET", "HEAD"):
            raise JsException("TypeError", "Request with a GET or HEAD method cannot have a body.")
        self.cf = cf
        self.headers = Headers(headers)
        self._take_body(body)

    @classmethod
    def new(cls, url: str, **init: Any) -> Request:
        return cls(url, **init)

    def clone(self) -> Request:
        copy: Request = self._copy_onto(Request.__new__(Request))
        return copy


class Response(Body):
    url = ""
    redirected = False

    def __init__(
        self,
        body: ReadableStream | str | bytes | None = None,
        *,
        status: int | None = None,
        statusText: str | None = None,
        headers: _HeadersInit = None,
    ) -> None:
        self.status = 200 if status is None else status
        if not 200 <= self.status <= 599:
            raise JsException(
                "RangeError",
                "Responses may only be constructed with status codes in the range 200 to 599, "
                "inclusive.",
            )
        self.statusText = _reason(self.status) if statusText is None else statusText
        if re.search(r"[\0-\x1f]", self.statusText):
            raise JsException("TypeError", "Invalid statusText")
        if self.status in (204, 205, 304):
            if body:
                raise JsException(
                    "TypeError",
                    "Response with null body status (101, 204, 205, or 304) cannot have a body.",
                )
            body = None
        self.headers = Headers(headers)
        self._take_body(body)

    @classmethod
    def new(cls, body: ReadableStream | str | bytes | None = None, **init: Any) -> Response:
        return cls(body, **init)

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
        return self.status < 300

    def clone(self) -> Response:
        copy: Response = self._copy_onto(Response.__new__(Response))
        return copy


def _reason(status: int) -> str:
    """The words that workerd puts beside a status where the response has none of its own."""
    kinds = {2: "Successful", 3: "Redirection", 4: "Client Error", 5: "Server Error"}
    return _REASONS.get(status) or kinds[status // 100]


_REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    203: "Non-Authoritative Information",
    204: "No Content",
    205: "Reset Content",
    206: "Partial Content",
    207: "Multi-Status",
    208: "Already Reported",
    226: "IM Used",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    305: "Use Proxy",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Payload Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    418: "I'm a teapot",
    421: "Misdirected Request",
    422: "Unprocessable Entity",
    423: "Locked",
    424: "Failed Dependency",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    506: "Variant Also Negotiates",
    507: "Insufficient Storage",
    508: "Loop Detected",
    510: "Not Extended",
    511: "Network Authentication Required",
}
