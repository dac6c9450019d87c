"""``Request``, ``Response`` and ``fetch`` of the web platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Protocol,
    Self,
    TypeAlias,
    TypeVar,
    overload,
)

from . import _row_types as _rows
from ._border import dumps, expected, from_js, prop, raising, raw, text, to_js, web
from ._border.values import JSON_TEXT
from ._http_body import Body, BodyInit, body_of, is_generated, of_length
from .errors import WorkersError
from .headers import Headers, HeadersInit, headers_of

if TYPE_CHECKING:
    from . import _js
    from ._row_types import RowType
    from .abort import AbortSignal
    from .cf import CfInit, IncomingRequestCfProperties
    from .url_search_params import URLSearchParams
    from .websockets import WebSocket

__all__ = ["Headers", "Request", "Response", "fetch"]

_raising = raising(WorkersError)

T = TypeVar("T")

Redirect: TypeAlias = Literal["follow", "manual"]
CacheMode: TypeAlias = Literal["no-store", "no-cache"]
Encoding: TypeAlias = Literal["automatic", "manual"]


class Request(Body):
    """An HTTP request to a URL, or a changed copy of another request.

    The platform normalizes the URL: ``HTTPS://E.com/a/../b`` becomes ``https://e.com/b``. A copy
    takes over the body of the other request, unless ``body`` is passed.

    Args:
        resource: An absolute URL, or the Request to copy.
        method: The HTTP method; GET by default. GET and HEAD have no body.
        headers: Header names and values. They replace all headers of a copied request.
        body: A text without a Content-Type header gets ``text/plain;charset=UTF-8``; a form and a
            Blob get their own type.
        redirect: "follow" (the default) or "manual". Used by ``fetch``.
        cf: Cloudflare's options for ``fetch``.
        cache: "no-store" bypasses the cache, "no-cache" revalidates. Used by ``fetch``.
        signal: Aborts the ``fetch``.
        encode_response_body: "manual" leaves a compressed response body as it is.

    Raises:
        WorkersError: The URL, the method, a header or an option is invalid.

    JS: Request.
    """

    __slots__ = ("_cf", "_cookies", "_query")

    _js: _js.Request

    def __init__(
        self,
        resource: str | Request,
        *,
        method: str | None = None,
        headers: HeadersInit | None = None,
        body: BodyInit | None = None,
        redirect: Redirect | None = None,
        cf: CfInit | None = None,
        cache: CacheMode | None = None,
        signal: AbortSignal | None = None,
        encode_response_body: Encoding | None = None,
    ) -> None:
        init = _init(method, headers, body, redirect, cf, cache, signal, encode_response_body)
        with _raising:
            self._js = web.Request.new(_resource(resource), **init)

    def __repr__(self) -> str:
        """Return the method and the URL without its query, where tokens are."""
        return f"<Request {self.method} {_without_secrets(self.url)}>"

    @property
    def url(self) -> str:
        """The absolute URL, normalized.

        JS: Request.url.
        """
        return self._js.url

    @property
    def query(self) -> URLSearchParams:
        """The names and values of the URL's query: ``request.query.get("page")``.

        JS: URL.searchParams.
        """
        if not hasattr(self, "_query"):
            from .url_search_params import URLSearchParams  # imported on demand

            self._query = URLSearchParams.of_url(self.url)
        return self._query

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies that the client sent: ``request.cookies.get("session")``.

        If a name repeats, the first cookie counts: browsers put the one with the longest path
        first. Quotes are removed, and a malformed part is skipped. JavaScript has no such property.
        """
        if not hasattr(self, "_cookies"):
            from ._cookies import parse_cookies  # imported on demand

            self._cookies: Mapping[str, str] = parse_cookies(self.headers.get("cookie", ""))
        return self._cookies

    @property
    def method(self) -> str:
        """The HTTP method in upper case.

        JS: Request.method.
        """
        return self._js.method

    @property
    def redirect(self) -> str:
        """The redirect mode: "follow" or "manual".

        JS: Request.redirect.
        """
        return self._js.redirect

    @property
    def signal(self) -> AbortSignal:
        """The signal that aborts the request.

        For an incoming request it fires when the client disconnects, if the Worker has the
        compatibility flag ``enable_request_signal``.

        JS: Request.signal.
        """
        from .abort import AbortSignal  # imported on demand, to keep the start of a Worker short

        return AbortSignal.from_js(self._js.signal)

    @property
    def cache(self) -> CacheMode | None:
        """The cache mode, or None for the default.

        JS: Request.cache.
        """
        mode: CacheMode | None = from_js(prop(self._js, "cache"))
        return mode

    @property
    def keepalive(self) -> bool:
        """Always False: requests of a Worker end with the Worker.

        JS: Request.keepalive.
        """
        return bool(self._js.keepalive)

    @property
    def integrity(self) -> str:
        """Always empty: the runtime does not check integrity.

        JS: Request.integrity.
        """
        return self._js.integrity

    @property
    def cf(self) -> IncomingRequestCfProperties | None:
        """Cloudflare's data about the client (``colo``, ``country``, …), or None.

        For a request that the program made, the options of its constructor.

        JS: Request.cf.
        """
        if not hasattr(self, "_cf"):
            self._cf: IncomingRequestCfProperties | None = from_js(prop(self._js, "cf"))
        return self._cf

    @overload
    async def json(self) -> Any: ...
    @overload
    async def json(self, row_type: RowType[T]) -> T: ...
    async def json(self, row_type: Any = None) -> Any:
        """Read the body as JSON, and load it as ``row_type`` if that is passed.

        Args:
            row_type: A TypedDict, a dataclass, a NamedTuple, a pydantic model or TypeAdapter, a
                scalar, or ``list``, ``dict`` and unions of these.

        Raises:
            RowError: The body is not JSON (``js_name`` is "SyntaxError"), or does not fit the type.
            StreamError: The body was read before.

        JS: Body.json.
        """
        return await _read_json(self, row_type)


class _MakeJson(Protocol):
    """Make a response of JSON: ``Response.json(data, status=201)``."""

    def __call__(
        self, data: Any, *, status: int = 200, headers: HeadersInit | None = None
    ) -> Response:
        """Make a response of JSON.

        Args:
            data: Dicts, lists, text, numbers, bools and None; also dataclasses, pydantic models and
                aware datetimes. An integer of any size is written exactly; JavaScript reads it
                exactly up to ±(2**53 - 1).
            status: 200 to 599.
            headers: Content-Type is ``application/json`` by default.

        Raises:
            ConversionError: JSON cannot express a value; the message names its place.

        JS: Response.json.
        """
        ...


class _ReadJson(Protocol):
    """Read the body as JSON: ``await response.json(User)``."""

    @overload
    async def __call__(self) -> Any: ...
    @overload
    async def __call__(self, row_type: RowType[T]) -> T: ...
    async def __call__(self, row_type: Any = None) -> Any:
        """Read the body as JSON, and load it as ``row_type`` if that is passed.

        Raises:
            RowError: The body is not JSON (``js_name`` is "SyntaxError"), or does not fit the type.
            StreamError: The body was read before.

        JS: Body.json.
        """
        ...


class _Json:
    """``Response.json(data)`` makes a response; ``await response.json()`` reads one.

    ``data`` may contain dataclasses, pydantic models and datetimes. A value that JSON cannot
    express raises ConversionError with its place. Reading works as ``Request.json`` does.

    JS: Response.json, Body.json.
    """

    @overload
    def __get__(self, response: None, owner: type[Response]) -> _MakeJson: ...
    @overload
    def __get__(self, response: Response, owner: type[Response]) -> _ReadJson: ...
    def __get__(self, response: Response | None, owner: type[Response]) -> Any:
        return _make_json if response is None else partial(_read_json, response)


class Response(Body):
    """An HTTP response.

    Args:
        body: Text, bytes, a form, a Blob, or a stream that passes through unread. A text without a
            Content-Type header gets ``text/plain;charset=UTF-8``; a form and a Blob get their own.
        status: 200 to 599; 101 with ``web_socket``. 204, 205 and 304 have no body.
        status_text: The reason phrase. On the wire, the standard one stands for an empty one.
        headers: Header names and values. A Content-Length is kept for an async iterator, too: the
            body then breaks off unless it has that length.
        cf: Data for readers of this object. It is not sent.
        encode_body: "manual" if the body is compressed already, as Content-Encoding names it.
        web_socket: The client's end of a WebSocketPair, not accepted, for a request with the header
            ``Upgrade: websocket``. Pass status 101 and no body.

    Raises:
        WorkersError: The status is out of range, or does not allow a body.

    JS: Response.
    """

    __slots__ = ("_web_socket",)

    _js: _js.Response
    _web_socket: WebSocket | None

    def __init__(
        self,
        body: BodyInit | None = None,
        *,
        status: int = 200,
        status_text: str = "",
        headers: HeadersInit | None = None,
        cf: dict[str, Any] | None = None,
        encode_body: Encoding | None = None,
        web_socket: WebSocket | None = None,
    ) -> None:
        with _raising:
            js_body = body_of(body, "use Response.json(…)")
            if headers is not None and is_generated(body):
                headers = Headers(headers)
                js_body = of_length(js_body, headers.get("content-length"))
            self._js = web.Response.new(
                js_body,
                status=_status(status),
                statusText=text(status_text, "status_text") or None,
                headers=headers_of(headers),
                cf=None if cf is None else to_js(cf, "cf"),
                encodeBody=encode_body,
                webSocket=_js_socket(web_socket),
            )
        self._web_socket = web_socket

    def __repr__(self) -> str:
        """Return the status, and the content type if there is one."""
        content_type = self.headers.get("content-type")
        return f"<Response {self.status}{f' {content_type}' if content_type else ''}>"

    json: ClassVar[_Json] = _Json()

    @classmethod
    def error(cls) -> Self:
        """Make the response of a failed network, with type "error" and status 0.

        It cannot be sent to a client.

        JS: Response.error.
        """
        return cls.from_js(web.Response.error())

    @classmethod
    def redirect(cls, url: str, status: int = 302) -> Self:
        """Make a response that redirects the client.

        Args:
            url: An absolute URL.
            status: 301, 302, 303, 307 or 308.

        JS: Response.redirect.
        """
        with _raising:
            return cls.from_js(web.Response.redirect(text(url, "url"), _status(status)))

    @property
    def status(self) -> int:
        """The HTTP status.

        JS: Response.status.
        """
        return self._js.status

    @property
    def status_text(self) -> str:
        """The reason phrase of the status.

        JS: Response.statusText.
        """
        return self._js.statusText

    @property
    def ok(self) -> bool:
        """True if the status is 200 to 299.

        JS: Response.ok.
        """
        return bool(self._js.ok)

    @property
    def url(self) -> str:
        """The final URL of a fetched response after redirects, or "".

        JS: Response.url.
        """
        return self._js.url

    @property
    def redirected(self) -> bool:
        """True if ``fetch`` followed a redirect.

        JS: Response.redirected.
        """
        return bool(self._js.redirected)

    @property
    def web_socket(self) -> WebSocket | None:
        """The WebSocket of a response to ``Upgrade: websocket``, or None. ``accept`` it to use it.

        JS: Response.webSocket.
        """
        if not hasattr(self, "_web_socket"):
            self._web_socket = _socket(raw(prop(self._js, "webSocket")))
        return self._web_socket

    @property
    def type(self) -> Literal["default", "error"]:
        """The type: "default", or "error" for a failed network.

        JS: Response.type.
        """
        return self._js.type

    @property
    def cf(self) -> dict[str, Any] | None:
        """The ``cf`` of the constructor, or Cloudflare's data about a fetched response.

        JS: Response.cf.
        """
        cf: dict[str, Any] | None = from_js(prop(self._js, "cf"))
        return cf


def _make_json(data: Any, *, status: int = 200, headers: HeadersInit | None = None) -> Response:
    body = dumps(data, "data", JSON_TEXT)
    headers = Headers(headers)
    if "content-type" not in headers:
        headers["content-type"] = "application/json"
    return Response(body, status=status, headers=headers)


_make_json.__qualname__ = "Response.json"  # errors about arguments begin with it


async def _read_json(body: Request | Response, row_type: Any = None) -> Any:
    if row_type is not None:
        _rows.check(row_type)  # before the body is read
    return _rows.parse(await body.text(), row_type, "the body")


def _socket(js: Any) -> WebSocket | None:
    if js is None:
        return None
    from .websockets import WebSocket  # few Workers need it

    return WebSocket.from_js(js)


def _js_socket(socket: WebSocket | None) -> Any:
    """Return the JavaScript object of a WebSocket."""
    if socket is None or hasattr(raw(socket), "serializeAttachment"):
        return raw(socket)
    raise expected("web_socket", "WebSocket", socket)


def _status(status: Any) -> int:
    if isinstance(status, int):
        return status
    raise expected("status", "int", status)


async def fetch(
    resource: str | Request,
    *,
    method: str | None = None,
    headers: HeadersInit | None = None,
    body: BodyInit | None = None,
    redirect: Redirect | None = None,
    cf: CfInit | None = None,
    cache: CacheMode | None = None,
    signal: AbortSignal | None = None,
    encode_response_body: Encoding | None = None,
) -> Response:
    """Send a request to the network, and return the response when its headers have arrived.

    Any status is a response: check ``response.ok``. The headers of the response are read-only. To
    change them, copy it: ``Response(response.body, headers=response.headers)``.

    Args:
        resource: A URL or a Request. The other arguments are as in ``Request``.
        redirect: "follow" (the default, at most 20 redirects) or "manual".

    Raises:
        WorkersError: The request is invalid, or the network failed.
        AbortError: ``signal`` was aborted; AbortTimeoutError for ``AbortSignal.timeout``.

    JS: fetch.
    """
    return await send(
        web.fetch,
        resource,
        method=method,
        headers=headers,
        body=body,
        redirect=redirect,
        cf=cf,
        cache=cache,
        signal=signal,
        encode_response_body=encode_response_body,
    )


async def send(
    js_fetch: Callable[..., Awaitable[Any]],
    resource: str | Request,
    *,
    method: str | None = None,
    headers: HeadersInit | None = None,
    body: BodyInit | None = None,
    redirect: Redirect | None = None,
    cf: CfInit | None = None,
    cache: CacheMode | None = None,
    signal: AbortSignal | None = None,
    encode_response_body: Encoding | None = None,
    failing: raising | None = None,
) -> Response:
    """Send a request by a ``fetch`` function: the global one, or that of a binding."""
    init = _init(method, headers, body, redirect, cf, cache, signal, encode_response_body)
    with failing or _raising:
        return Response.from_js(await js_fetch(_resource(resource), **init))


def _resource(resource: Any) -> Any:
    js = raw(resource)
    return js if hasattr(js, "headers") else text(resource, "url")


def _init(
    method: Any,
    headers: Any,
    body: Any,
    redirect: Any,
    cf: Any,
    cache: Any,
    signal: Any,
    encode_response_body: Any,
) -> dict[str, Any]:
    """Return the RequestInit of the options that were passed.

    Each keyword of a JavaScript call is a crossing, so an absent option is left out.
    """
    init = {
        "method": None if method is None else text(method, "method"),
        "headers": headers_of(headers),
        "body": body_of(body, "make JSON of it first"),
        "redirect": redirect,
        "cf": None if cf is None else to_js(cf, "cf"),
        "cache": cache,
        "signal": raw(signal),
        "encodeResponseBody": encode_response_body,
    }
    return {name: value for name, value in init.items() if value is not None}


def _without_secrets(url: str) -> str:
    """Return a URL without its user, its password, its fragment and the text of its query."""
    rest, query, _ = url.partition("#")[0].partition("?")
    scheme, slashes, rest = rest.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}{query and '?…'}"
