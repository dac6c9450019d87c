"""``Request``, ``Response`` and ``fetch``: the web platform's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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
from ._border import dumps, from_js, prop, raising, raw, text, to_js, web
from ._http_body import Body, BodyInit, body_of
from .errors import ConversionError, WorkersError
from .headers import Headers, HeadersInit, headers_of

if TYPE_CHECKING:
    from . import _js
    from .abort import AbortSignal
    from .cf import CfInit, IncomingRequestCfProperties
    from .websockets import WebSocket

__all__ = ["Headers", "Request", "Response", "fetch", "send"]

_raising = raising(WorkersError)

T = TypeVar("T")

Redirect: TypeAlias = Literal["follow", "manual"]
CacheMode: TypeAlias = Literal["no-store", "no-cache"]
Encoding: TypeAlias = Literal["automatic", "manual"]


class Request(Body):
    """An HTTP request, of a URL or of another request and what is to be different.

    ``url`` is absolute, and reads as the platform writes it (``HTTPS://E.com/a/../b`` becomes
    ``https://e.com/b``). GET and HEAD have no body. A text body that has no Content-Type gets
    ``text/plain;charset=UTF-8``, a form and a Blob their own. A request made of another takes its
    body over, unless it gets one of its own; ``headers`` replace all the old ones.

    For ``fetch``: ``redirect`` says whether redirects are followed ("follow" unless told
    otherwise), ``cf`` are Cloudflare's options, ``cache`` bypasses the cache or has it ask again,
    ``signal`` ends it early, ``encode_response_body="manual"`` leaves a compressed answer as it is.

    WorkersError where the URL, the method, a header or an option is not a valid one.

    JS: Request.
    """

    __slots__ = ("_cf",)

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

    @property
    def url(self) -> str:
        """JS: Request.url."""
        return self._js.url

    @property
    def method(self) -> str:
        """In upper case. JS: Request.method."""
        return self._js.method

    @property
    def redirect(self) -> str:
        """JS: Request.redirect."""
        return self._js.redirect

    @property
    def signal(self) -> AbortSignal:
        """What ends it early; of one that came in, that its client has gone, where the Worker has
        the compatibility flag ``enable_request_signal``. JS: Request.signal.
        """
        from .abort import AbortSignal  # only who asks for it pays for it

        return AbortSignal.from_js(self._js.signal)

    @property
    def cache(self) -> CacheMode | None:
        """JS: Request.cache."""
        mode: CacheMode | None = from_js(prop(self._js, "cache"))
        return mode

    @property
    def keepalive(self) -> bool:
        """False: a Worker's requests end with it. JS: Request.keepalive."""
        return bool(self._js.keepalive)

    @property
    def integrity(self) -> str:
        """Empty: the runtime checks no integrity. JS: Request.integrity."""
        return self._js.integrity

    @property
    def cf(self) -> IncomingRequestCfProperties | None:
        """What Cloudflare knows of the client (``colo``, ``country``, …); or the options that it
        was made with. JS: Request.cf."""
        if not hasattr(self, "_cf"):
            self._cf: IncomingRequestCfProperties | None = from_js(prop(self._js, "cf"))
        return self._cf

    @overload
    async def json(self) -> Any: ...
    @overload
    async def json(self, row_type: type[T]) -> T: ...
    async def json(self, row_type: Any = None) -> Any:
        """The body parsed as JSON; with a row type, loaded as one and checked.

        RowError for what is no JSON (``js_name`` is then "SyntaxError") or not what the type says.
        JS: Body.json.
        """
        return await _read_json(self, row_type)


class _MakeJson(Protocol):
    def __call__(
        self, data: Any, *, status: int = 200, headers: HeadersInit | None = None
    ) -> Response: ...


class _ReadJson(Protocol):
    @overload
    async def __call__(self) -> Any: ...
    @overload
    async def __call__(self, row_type: type[T]) -> T: ...


class _Json:
    """``Response.json(data)`` makes a response, ``await response.json()`` reads one.

    Made: ``data`` may hold dataclasses, pydantic models, datetimes; ConversionError names the place
    of what JSON cannot say. Read: as ``Request.json``.

    JS: Response.json.
    """

    @overload
    def __get__(self, response: None, owner: type[Response]) -> _MakeJson: ...
    @overload
    def __get__(self, response: Response, owner: type[Response]) -> _ReadJson: ...
    def __get__(self, response: Response | None, owner: type[Response]) -> Any:
        return _make_json if response is None else partial(_read_json, response)


class Response(Body):
    """An HTTP response, of a ``body`` as text, as bytes or as a stream, which passes through.

    A text body that has no Content-Type gets ``text/plain;charset=UTF-8``, a form and a Blob their
    own. ``encode_body="manual"``: the body is compressed already, as Content-Encoding says. ``cf``
    is for who reads it, not sent. WorkersError where ``status`` is not in 200 to 599, or is one
    that has no body (204, 205, 304) and there is one.

    ``web_socket`` is the end for the client, not accepted, with status 101 and no body; the request
    must have had the header ``Upgrade: websocket``.

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
            self._js = web.Response.new(
                body_of(body, "use Response.json(…)"),
                status=_status(status),
                statusText=text(status_text, "status_text") or None,
                headers=headers_of(headers),
                cf=None if cf is None else to_js(cf, "cf"),
                encodeBody=encode_body,
                webSocket=_end(web_socket),
            )
        self._web_socket = web_socket

    json: ClassVar[_Json] = _Json()

    @classmethod
    def error(cls) -> Self:
        """The response of a network that failed: ``type`` "error" and status 0; none can be sent.

        JS: Response.error.
        """
        return cls.from_js(web.Response.error())

    @classmethod
    def redirect(cls, url: str, status: int = 302) -> Self:
        """Send the client to an absolute URL, with status 301, 302, 303, 307 or 308.

        JS: Response.redirect.
        """
        with _raising:
            return cls.from_js(web.Response.redirect(text(url, "url"), _status(status)))

    @property
    def status(self) -> int:
        """JS: Response.status."""
        return self._js.status

    @property
    def status_text(self) -> str:
        """The status in words; the runtime's own unless given. JS: Response.statusText."""
        return self._js.statusText

    @property
    def ok(self) -> bool:
        """Whether the status is in 200 to 299. JS: Response.ok."""
        return bool(self._js.ok)

    @property
    def url(self) -> str:
        """Where a fetched response came from in the end, or "". JS: Response.url."""
        return self._js.url

    @property
    def redirected(self) -> bool:
        """Whether ``fetch`` followed a redirect on the way. JS: Response.redirected."""
        return bool(self._js.redirected)

    @property
    def web_socket(self) -> WebSocket | None:
        """The WebSocket to ``accept`` and talk on, where the answer to a request with the header
        ``Upgrade: websocket`` has one. JS: Response.webSocket."""
        if not hasattr(self, "_web_socket"):
            self._web_socket = _socket(raw(prop(self._js, "webSocket")))
        return self._web_socket

    @property
    def type(self) -> Literal["default", "error"]:
        """JS: Response.type."""
        return self._js.type

    @property
    def cf(self) -> dict[str, Any] | None:
        """What it was made with, or what Cloudflare says of a fetched one. JS: Response.cf."""
        found: dict[str, Any] | None = from_js(prop(self._js, "cf"))
        return found


def _make_json(data: Any, *, status: int = 200, headers: HeadersInit | None = None) -> Response:
    body = dumps(data, "data")
    headers = Headers(headers)
    if "content-type" not in headers:
        headers["content-type"] = "application/json"
    return Response(body, status=status, headers=headers)


async def _read_json(body: Request | Response, row_type: Any = None) -> Any:
    return _rows.parse(await body.text(), row_type, "the body")


def _socket(js: Any) -> WebSocket | None:
    if js is None:
        return None
    from .websockets import WebSocket  # few Workers need it

    return WebSocket.from_js(js)


def _end(socket: WebSocket | None) -> Any:
    """What JavaScript takes for a WebSocket."""
    if socket is None or hasattr(raw(socket), "serializeAttachment"):
        return raw(socket)
    raise ConversionError(f"web_socket: expected WebSocket, got {type(socket).__name__}")


def _status(status: Any) -> int:
    if isinstance(status, int):
        return status
    raise ConversionError(f"status: expected int, got {type(status).__name__}")


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
    """Send a request to the network; the options are those of ``Request``.

    The answer is there with its headers: any status is an answer, ``response.ok`` tells. Its
    headers cannot be changed; ``Response(answer.body, headers=answer.headers)`` can be. Up to 20
    redirects are followed, unless ``redirect="manual"``. WorkersError where there is no answer, or
    the request is not a valid one; AbortError, or AbortTimeoutError, where ``signal`` ended it.

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
    """What every ``fetch`` has in common: the global one, and those of bindings."""
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
    """JavaScript's RequestInit: what was given of it."""
    given = {
        "method": None if method is None else text(method, "method"),
        "headers": headers_of(headers),
        "body": body_of(body, "make JSON of it first"),
        "redirect": redirect,
        "cf": None if cf is None else to_js(cf, "cf"),
        "cache": cache,
        "signal": raw(signal),
        "encodeResponseBody": encode_response_body,
    }
    return {name: value for name, value in given.items() if value is not None}
