"""``Request``, ``Response`` and ``Headers``: the web platform's classes."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeAlias, TypeVar, overload

from . import _rows
from ._ffi import bytes_of, dumps, from_js, prop, raising, raw, stream_from, text, to_js, web
from .errors import ConversionError, StreamError, WorkersError
from .streams import ReadableStream

if TYPE_CHECKING:
    from . import _sys

__all__ = ["Headers", "Request", "Response"]

_raising = raising(WorkersError)
_raising_of_body = raising(StreamError)

T = TypeVar("T")

_HeadersInit: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]] | Headers"
_BodyInit: TypeAlias = (
    "str | bytes | bytearray | memoryview | ReadableStream | AsyncIterable[bytes]"
)


class Headers:
    """Header names and values, whatever the case of the names.

    Iteration gives the names in lower case and in order. A name that was appended to has one value,
    joined by ", "; only Set-Cookie keeps its values apart, and then comes up once for each. Those
    of a request that came in and of a redirect cannot be changed: copy them, ``Headers(old)``.
    WorkersError where a name or a value is not one that HTTP can carry.

    JS: Headers.
    """

    __slots__ = ("_js",)

    def __init__(self, init: _HeadersInit | None = None) -> None:
        with _raising:
            self._js: _sys.Headers = web.Headers.new(_headers(init))

    @classmethod
    def from_js(cls, headers: Any) -> Self:
        """Stand over JavaScript's own Headers, which changes here then change."""
        made = cls.__new__(cls)
        made._js = raw(headers)
        return made

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: T) -> str | T: ...
    def get(self, name: str, default: Any = None) -> Any:
        """The value of a header, or ``default``. JS: Headers.get."""
        with _raising:
            value = from_js(self._js.get(_name(name)))
        return default if value is None else value

    def get_set_cookie(self) -> list[str]:
        """Every Set-Cookie on its own. JS: Headers.getSetCookie."""
        return list(from_js(self._js.getSetCookie()))

    def has(self, name: str) -> bool:
        """Whether there is such a header. JS: Headers.has."""
        with _raising:
            return bool(self._js.has(_name(name)))

    def set(self, name: str, value: str) -> None:
        """Set a header, in place of any before. JS: Headers.set."""
        with _raising:
            self._js.set(_name(name), _value(name, value))

    def append(self, name: str, value: str) -> None:
        """Add a value to a header. JS: Headers.append."""
        with _raising:
            self._js.append(_name(name), _value(name, value))

    def delete(self, name: str) -> None:
        """Remove a header; a missing one is no error. JS: Headers.delete."""
        with _raising:
            self._js.delete(_name(name))

    def items(self) -> list[tuple[str, str]]:
        """Names and values. JS: Headers.entries."""
        return [(pair[0], pair[1]) for pair in self._js]

    def keys(self) -> list[str]:
        """The names. JS: Headers.keys."""
        return [name for name, _ in self.items()]

    def values(self) -> list[str]:
        """The values, in the order of the names. JS: Headers.values."""
        return [value for _, value in self.items()]

    __contains__ = has
    __setitem__ = set

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self.delete(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.items())


class _Body:
    """What a request and a response have in common. Each body can be read once: StreamError."""

    __slots__ = ("_js",)

    _js: Any

    @classmethod
    def from_js(cls, js: Any) -> Self:
        """Stand over JavaScript's own object, or another SDK's."""
        made = cls.__new__(cls)
        made._js = raw(js)
        return made

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    @property
    def headers(self) -> Headers:
        """The live headers: what is set here is sent. JS: Body.headers."""
        return Headers.from_js(self._js.headers)

    @property
    def body(self) -> ReadableStream | None:
        """The body as a stream, or None where there is none. JS: Body.body."""
        stream = raw(self._js.body)
        return None if stream is None else ReadableStream(stream)

    @property
    def body_used(self) -> bool:
        """Whether any of the body was read. JS: Body.bodyUsed."""
        return bool(self._js.bodyUsed)

    async def text(self) -> str:
        """The body as UTF-8 text; what is not UTF-8 becomes U+FFFD. JS: Body.text."""
        with _raising_of_body:
            body: str = await self._js.text()
        return body

    async def bytes(self) -> bytes:
        """The whole body. JS: Body.arrayBuffer."""
        with _raising_of_body:
            body = bytes_of(await self._js.arrayBuffer())
        return body or b""

    def clone(self) -> Self:
        """A copy whose body can be read too. What one has read, the other has in memory until it
        reads it. JS: Body.clone."""
        with _raising_of_body:
            return self.from_js(self._js.clone())


class Request(_Body):
    """An HTTP request.

    ``url`` is absolute, and reads as the platform writes it (``HTTPS://E.com/a/../b`` becomes
    ``https://e.com/b``). GET and HEAD have no body. A text body that has no Content-Type gets
    ``text/plain;charset=UTF-8``. ``redirect``: whether ``fetch`` follows redirects, "follow" unless
    told otherwise. ``cf``: Cloudflare's options for ``fetch``. WorkersError where the URL, the
    method or a header is not a valid one.

    JS: Request.
    """

    __slots__ = ("_cf",)

    _js: _sys.Request

    def __init__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: _HeadersInit | None = None,
        body: _BodyInit | None = None,
        redirect: Literal["follow", "manual"] | None = None,
        cf: dict[str, Any] | None = None,
    ) -> None:
        with _raising:
            self._js = web.Request.new(
                text(url, "url"),
                method=text(method, "method"),
                headers=_headers(headers),
                body=_body(body, "make JSON of it first"),
                redirect=redirect,
                cf=None if cf is None else to_js(cf, "cf"),
            )

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
    def cf(self) -> dict[str, Any] | None:
        """What Cloudflare knows of the client (``colo``, ``country``, …). JS: Request.cf."""
        if not hasattr(self, "_cf"):
            self._cf: dict[str, Any] | None = from_js(prop(self._js, "cf"))
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
        self, data: Any, *, status: int = 200, headers: _HeadersInit | None = None
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


class Response(_Body):
    """An HTTP response, of a ``body`` as text, as bytes or as a stream, which passes through.

    A text body that has no Content-Type gets ``text/plain;charset=UTF-8``. WorkersError where
    ``status`` is not in 200 to 599, or is one that has no body (204, 205, 304) and there is one.

    JS: Response.
    """

    __slots__ = ()

    _js: _sys.Response

    def __init__(
        self,
        body: _BodyInit | None = None,
        *,
        status: int = 200,
        status_text: str = "",
        headers: _HeadersInit | None = None,
    ) -> None:
        with _raising:
            self._js = web.Response.new(
                _body(body, "use Response.json(…)"),
                status=_status(status),
                statusText=text(status_text, "status_text") or None,
                headers=_headers(headers),
            )

    json = _Json()

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


def _make_json(data: Any, *, status: int = 200, headers: _HeadersInit | None = None) -> Response:
    body = dumps(data, "data")
    headers = Headers(headers)
    if "content-type" not in headers:
        headers["content-type"] = "application/json"
    return Response(body, status=status, headers=headers)


async def _read_json(body: Request | Response, row_type: Any = None) -> Any:
    return _rows.parse(await body.text(), row_type, "the body")


def _name(name: Any) -> str:
    return text(name, "header name")


def _value(name: str, value: Any) -> str:
    return text(value, f"headers[{name!r}]")


def _headers(init: Any) -> Any:
    """What JavaScript takes for headers."""
    if init is None:
        return None
    if isinstance(init, Headers):
        return init.js_object
    pairs = init.items() if hasattr(init, "items") else init
    try:
        pairs = [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        raise ConversionError(
            f"headers: expected a mapping or pairs of str, got {type(init).__name__}"
        ) from None
    return to_js([[_name(name), _value(name, value)] for name, value in pairs])


def _body(body: Any, advice: str) -> Any:
    """What JavaScript takes for a body."""
    if body is None:
        return None
    if isinstance(body, str):
        return text(body, "body")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return to_js(body)
    if hasattr(raw(body), "getReader"):
        return raw(body)
    if hasattr(body, "__aiter__"):
        return stream_from(body)
    raise ConversionError(
        f"body: expected str, bytes or a stream, got {type(body).__name__}; {advice}"
    )


def _status(status: Any) -> int:
    if isinstance(status, int):
        return status
    raise ConversionError(f"status: expected int, got {type(status).__name__}")
