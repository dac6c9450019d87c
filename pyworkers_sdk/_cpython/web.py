"""The web platform's classes on plain CPython, as much of them as Workers use.

They speak JavaScript: camelCase members, options as keywords, ``X.new(…)`` to construct, and a
``JsException`` with workerd's own words where the platform throws. The public classes stand over
these or the real ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from . import environment, url as _url
from .abort import AbortController, AbortSignal, DOMException
from .forms import Blob, File, FormData, blob_type, form_of, serialized
from .js_exception import JsException
from .status_text import reason
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


def __getattr__(name: str) -> Any:
    if name == "caches":
        return environment.current().caches
    if name == "HTMLRewriter":  # which takes as long to load as all the rest
        from .html.rewriter import HTMLRewriter

        return HTMLRewriter
    raise AttributeError(name)


async def fetch(resource: str | Request, **init: Any) -> Response:
    response: Response = await environment.current().fetch(Request(resource, **init))
    return response


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


_BodyInit: TypeAlias = "ReadableStream | Blob | FormData | str | bytes | None"

_USED = (
    "Body has already been used. It can only be used once. Use tee() first if you need to read it "
    "twice."
)


class Body:
    """What requests and responses have in common.

    ``source`` is the whole body where it was not a stream: it can be sent again on a redirect.
    """

    headers: Headers
    body: ReadableStream | None
    source: bytes | None = None

    def _take_body(self, body: _BodyInit) -> None:
        if isinstance(body, ReadableStream):
            if body.disturbed:
                raise JsException(
                    "TypeError",
                    "This ReadableStream is disturbed (has already been read from), and cannot be "
                    "used as a body.",
                )
            self.body = body
            return
        kind, data = "", None
        if isinstance(body, str):
            kind, data = "text/plain;charset=UTF-8", body.encode()
        elif isinstance(body, FormData):
            data, kind = serialized(body)
        elif isinstance(body, Blob):
            kind, data = body.type, body._data
        else:
            data = body
        if kind and not self.headers.has("content-type"):
            self.headers.set("content-type", kind)
        self.source = data
        self.body = None if data is None else ReadableStream.of(data)

    @property
    def bodyUsed(self) -> bool:
        return self.body is not None and self.body.disturbed

    async def arrayBuffer(self) -> bytes:
        if self.body is None:
            return b""
        if self.body.disturbed:
            raise JsException("TypeError", _USED)
        reader = self.body.getReader()
        chunks: list[bytes] = []
        while (chunk := (await reader.read())["value"]) is not None:
            chunks.append(chunk)
        return b"".join(chunks)

    async def text(self) -> str:
        return (await self.arrayBuffer()).removeprefix(b"\xef\xbb\xbf").decode(errors="replace")

    async def blob(self) -> Blob:
        made = Blob(await self.arrayBuffer())
        made.type = blob_type(self.headers.get("content-type") or "")
        return made

    async def formData(self) -> FormData:
        return form_of(await self.arrayBuffer(), self.headers.get("content-type"))

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
        old = resource if isinstance(resource, Request) else None
        url = resource.url if isinstance(resource, Request) else resource
        parsed = _url.parse(url)
        if parsed is None:
            raise JsException("TypeError", f"Invalid URL: {url}")
        self.url = parsed
        self.method = (old.method if old else "GET") if method is None else method.upper()
        if not _METHODS.fullmatch(self.method):
            raise JsException("TypeError", f"Invalid HTTP method string: {method}")
        self.redirect = redirect or (old.redirect if old else "follow")
        if self.redirect not in ("follow", "manual"):
            raise JsException(
                "TypeError",
                'Invalid redirect value, must be one of "follow" or "manual" ("error" won\'t be '
                'implemented since it does not make sense at the edge; use "manual" and check the '
                "response status code).",
            )
        self.cache = cache or (old.cache if old else None)
        if self.cache not in (None, "no-store", "no-cache"):
            raise JsException("TypeError", f"Unsupported cache mode: {cache}")
        if signal is not None and not isinstance(signal, AbortSignal):
            raise JsException(
                "TypeError",
                "Incorrect type for the 'signal' field on 'RequestInit': the provided value is not "
                "of type 'AbortSignal'.",
            )
        _check_encoding("encodeResponseBody", encodeResponseBody)
        self.cf = cf if cf is not None or old is None else old.cf
        self.own_signal = signal or (old.own_signal if old else None)
        self.headers = Headers(old.headers if old and headers is None else headers)
        moved = old is not None and body is None and old.body is not None
        if (body is not None or moved) and self.method in ("GET", "HEAD"):
            raise JsException("TypeError", "Request with a GET or HEAD method cannot have a body.")
        if old is not None and moved:
            self.body, self.source = old._moved(), old.source
        else:
            self._take_body(body)

    @classmethod
    def new(cls, resource: str | Request, **init: Any) -> Request:
        return cls(resource, **init)

    @property
    def signal(self) -> AbortSignal:
        self.own_signal = self.own_signal or AbortSignal()
        return self.own_signal

    def clone(self) -> Request:
        copy: Request = self._copy_onto(Request.__new__(Request))
        return copy

    def _moved(self) -> ReadableStream:
        """The body, which a request made of this one takes over."""
        if self.body is None or self.body.disturbed:
            raise JsException("TypeError", "Cannot reconstruct a Request with a used body.")
        moved = ReadableStream(self.body.chunks, self.body.length)
        self.body.disturbed = True
        return moved


def _check_encoding(name: str, value: str | None) -> None:
    if value not in (None, "automatic", "manual"):
        raise JsException("TypeError", f"{name}: unexpected value: {value}")


class Response(Body):
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
            raise JsException("RangeError", "Responses with a WebSocket must have status code 101.")
        if webSocket is None and not 200 <= self.status <= 599:
            raise JsException(
                "RangeError",
                "Responses may only be constructed with status codes in the range 200 to 599, "
                "inclusive.",
            )
        self.statusText: str = reason(self.status) if statusText is None else statusText
        if re.search(r"[\0-\x1f]", self.statusText):
            raise JsException("TypeError", "Invalid statusText")
        if self.status in (101, 204, 205, 304):
            if body:
                raise JsException(
                    "TypeError",
                    "Response with null body status (101, 204, 205, or 304) cannot have a body.",
                )
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
            raise JsException("TypeError", "Cannot clone a response to a WebSocket handshake.")
        copy: Response = self._copy_onto(Response.__new__(Response))
        return copy
