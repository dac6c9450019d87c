"""The network of a fake runtime: a global ``fetch`` reaches the routes that a test has added.

``Outbound`` holds the routes of a host. ``follow_redirects`` covers the way between the Worker and
the other end: redirects, the request's signal, headers that cannot be changed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Literal, TypeAlias
from urllib.parse import urljoin, urlsplit

from ..._border import raw
from ..._cpython import url as _url, web as web
from ..._cpython.abort import abortable, abortable_stream
from ..._cpython.js_exception import JsException
from ..._cpython.websockets import upgraded
from ...errors import WorkersError
from ...http import Request, Response
from .cache import FakeCacheStorage
from .data_urls import data_response
from .host import Host, left
from .scheduling import yield_after
from .tcp import TcpHandler, TcpRoute, nowhere

__all__ = ["Outbound", "Route", "follow_redirects"]

Handler: TypeAlias = (
    Callable[[Request], Response]
    | Callable[[Request], Awaitable[Response]]
    | Response
    | Literal["network"]
)

MAX_REDIRECTS = 20

# The runtime's own words, asserted in tests/contract/test_http_fetch.py.
TOO_MANY_REDIRECTS = "Too many redirects."
INVALID_LOCATION = "Invalid Location header; unable to follow redirect."
CANNOT_RESEND_BODY = (
    "A request with a one-time-use body (it was initialized from a stream, not a buffer) "
    "encountered a redirect requiring the body to be retransmitted. To avoid this error in the "
    "future, construct this request from a buffer-like body initializer."
)


class Route:
    """A URL pattern with the handler that answers it. ``FakeRuntime.outbound`` returns it."""

    pattern: str
    """The URL, in which "*" stands for any text."""
    method: str | None
    """The only method that is answered; None means any."""
    calls: list[Request]
    """The requests that arrived, oldest first. Their bodies can be read."""

    def __init__(self, pattern: str, handler: Handler, method: str | None) -> None:
        self.pattern = pattern
        self.method = method
        self.calls = []
        self._handler = handler
        whole = pattern if "*" in pattern else _url.parse(pattern) or pattern
        self._matches = re.compile(".*".join(map(re.escape, whole.split("*"))), re.S)

    def __repr__(self) -> str:
        times = "1 call" if len(self.calls) == 1 else f"{len(self.calls)} calls"
        return f"<Route {self.method or 'any method'} {self.pattern}: {times}>"

    def takes(self, request: web.Request) -> bool:
        """Return True if the route answers this request."""
        if self.method not in (None, request.method):
            return False
        return self._matches.fullmatch(request.url) is not None

    async def respond(self, request: web.Request) -> web.Response:
        """Return the handler's response to a request.

        Raises:
            TypeError: The handler returned something else.
        """
        self.calls.append(Request.from_js(request.clone()))
        if isinstance(self._handler, str):
            return await _over_the_network(request)
        if isinstance(self._handler, Response):
            copy: web.Response = raw(self._handler.clone())  # a body can be read only once
            return copy
        try:
            result = self._handler(Request.from_js(request))
            response = await result if isawaitable(result) else result
        except WorkersError as error:  # a handler raises it to make the Worker's fetch fail
            raise JsException(error.js_name or "Error", str(error)) from error
        js_response = raw(response)
        if not isinstance(js_response, web.Response):
            type_name = type(response).__name__
            raise TypeError(f"handler of {self.pattern}: expected a Response, got {type_name}")
        return js_response


class Outbound:
    """The world around the Workers of one host. It is the ``Environment`` of their code.

    JS: fetch, caches, WebSocket, cloudflare:sockets.connect.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._routes: list[Route] = []
        self._tcp: list[TcpRoute] = []
        self.caches: FakeCacheStorage = FakeCacheStorage(host)
        self.memory: dict[Any, Any] = {}

    def now(self) -> float:
        return self._host.clock.now()

    def route(self, pattern: str, handler: Handler, method: str | None) -> Route:
        """Add a route and return it. It takes precedence over older routes.

        Raises:
            TypeError: ``handler`` is not a function, a Response or "network".
            ValueError: ``pattern`` is not a whole URL.
        """
        if handler != "network" and not callable(handler) and not isinstance(handler, Response):
            raise TypeError(
                'outbound(): expected a function of the request, a Response or "network" as the '
                f"handler, got {handler!r}"
            )
        if not re.match(r"\*|https?:", pattern):
            raise ValueError(
                f'outbound(): expected a whole URL like "https://host/*", got {pattern!r}'
            )
        route = Route(pattern, handler, None if method is None else method.upper())
        self._routes.insert(0, route)
        return route

    def tcp(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        for route in self._tcp:
            if route.takes(f"{hostname}:{port}"):
                return route.connected(hostname, port, secure)
        return nowhere(hostname, port)

    def route_tcp(self, pattern: str, handler: TcpHandler) -> TcpRoute:
        """Add a TCP route and return it. It takes precedence over older routes."""
        self._tcp.insert(0, TcpRoute(pattern, handler))
        return self._tcp[0]

    def reaches(self, request: web.Request) -> bool:
        """Return True if a route answers this request."""
        return any(route.takes(request) for route in self._routes)

    @yield_after
    async def fetch(self, request: web.Request) -> web.Response:
        return await follow_redirects(request, self._respond)

    async def upgrade(self, url: str, headers: list[list[str]]) -> web.Response:
        return await self.fetch(web.Request(url, headers=headers))

    async def _respond(self, request: web.Request) -> web.Response:
        for route in self._routes:
            if route.takes(request):
                return await route.respond(request)
        parts = urlsplit(request.url)
        # Only the origin is shown: user, path and query may hold secrets.
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        raise JsException(
            "Error",
            f"nothing answers {request.method} {origin}: a fake runtime has no network; add a "
            f'route: runtime.outbound("{origin}/*", handler), where handler(request) '
            "returns a Response",
        )


# A request with cache: "no-store" or "no-cache" is sent with these headers.
_NO_CACHE = [["cache-control", "no-cache"], ["pragma", "no-cache"]]


async def follow_redirects(
    request: web.Request, respond: Callable[[web.Request], Awaitable[web.Response]]
) -> web.Response:
    """Return the response of ``fetch`` to a request that ``respond`` answers.

    Redirects are followed unless the request's mode is "manual". Its signal aborts the exchange,
    and later the body.
    """
    # own_signal, not signal: reading signal would make one that nothing ever aborts.
    signal = request.own_signal
    if request.cache is not None:
        request.headers = web.Headers([*request.headers, *_NO_CACHE])
    seen: list[str] = []
    if request.url.startswith("data:") and (response := data_response(request)) is not None:
        return response
    while True:
        if not request.url.startswith(("http:", "https:")):
            raise JsException("TypeError", f"Fetch API cannot load: {request.url}")
        request.url = request.url.partition("#")[0]
        seen.append(request.url)
        response = await abortable(respond(request), signal)
        location = response.headers.get("location")
        if (
            request.redirect == "manual"
            or location is None
            or response.status not in (301, 302, 303, 307, 308)
        ):
            return _received(request, response, is_redirected=len(seen) > 1)
        if len(seen) > MAX_REDIRECTS:
            raise JsException("TypeError", f"{TOO_MANY_REDIRECTS}{', '.join(seen)}")
        request = _redirected(request, response.status, location)


def _redirected(request: web.Request, status: int, location: str) -> web.Request:
    """Return the next request after a redirect.

    https://fetch.spec.whatwg.org/#http-redirect-fetch
    """
    url = _url.parse(urljoin(request.url, location))
    if url is None or ":/" not in url:  # data:, about: …
        raise JsException("TypeError", INVALID_LOCATION)
    method, body = request.method, request.source
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", None
    elif request.body is not None and body is None:
        raise JsException("TypeError", CANNOT_RESEND_BODY)
    headers = web.Headers(request.headers)
    if urlsplit(url)[:2] != urlsplit(request.url)[:2]:
        headers.delete("authorization")
    following = web.Request(
        url, method=method, headers=headers, body=body, signal=request.own_signal
    )
    following.cf, following.cache = request.cf, request.cache
    return following


def _received(request: web.Request, sent: web.Response, *, is_redirected: bool) -> web.Response:
    """Return a response as the Worker receives it: another object, with immutable headers."""
    sent = upgraded(request, sent)
    response = sent.clone() if sent.body is not None else sent
    response.headers = web.Headers(sent.headers)
    response.headers.immutable = True
    response.url, response.redirected, response.cf = request.url, is_redirected, None
    if request.method == "HEAD":
        response.body = None
    elif response.body is not None and request.own_signal is not None:
        response.body = abortable_stream(response.body, request.own_signal)
    return response


async def _over_the_network(request: web.Request) -> web.Response:
    """Send a request over the real network, and return the response with its whole body."""
    import httpx

    headers = [(name, value) for name, value in request.headers]
    content = await request.arrayBuffer() if request.body is not None else None
    try:
        with left():  # else httpx would reach this route
            async with httpx.AsyncClient(timeout=None) as client:
                response = await client.request(
                    request.method, request.url, headers=headers, content=content
                )
    except httpx.HTTPError as error:
        type_name = type(error).__name__
        raise JsException("Error", f"Network connection lost. ({type_name})") from error
    has_no_body = response.status_code in (204, 205, 304)
    pairs = [[name, value] for name, value in response.headers.multi_items()]
    return web.Response(
        None if has_no_body else response.content,
        status=response.status_code,
        statusText=response.reason_phrase or None,
        headers=[pair for pair in pairs if pair[0].lower() not in _WIRE_HEADERS],
    )


_WIRE_HEADERS = {"content-encoding", "content-length", "transfer-encoding", "connection"}
"""Headers about the bytes on the wire: httpx has decoded them already."""
