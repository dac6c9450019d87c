"""The network of a fake runtime: a global ``fetch`` reaches what the test has routed."""

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
from .host import Host
from .scheduling import yield_after
from .tcp import TcpHandler, TcpRoute, nowhere

__all__ = ["Outbound", "Route", "follow"]

Handler: TypeAlias = (
    Callable[[Request], Response]
    | Callable[[Request], Awaitable[Response]]
    | Response
    | Literal["network"]
)

_MOST_REDIRECTS = 20


class Route:
    """One part of the outside world; made by ``FakeRuntime.outbound``.

    ``calls`` are the requests that came here, oldest first. Their bodies can be read.
    """

    def __init__(self, pattern: str, handler: Handler, method: str | None) -> None:
        self.pattern = pattern
        self.method = method
        self.calls: list[Request] = []
        self._handler = handler
        whole = pattern if "*" in pattern else _url.parse(pattern) or pattern
        self._matches = re.compile(".*".join(map(re.escape, whole.split("*"))), re.S)

    def __repr__(self) -> str:
        times = "1 call" if len(self.calls) == 1 else f"{len(self.calls)} calls"
        return f"<Route {self.method or 'any method'} {self.pattern}: {times}>"

    def takes(self, request: web.Request) -> bool:
        """Whether a request comes here."""
        if self.method not in (None, request.method):
            return False
        return self._matches.fullmatch(request.url) is not None

    async def answer(self, request: web.Request) -> web.Response:
        """What the handler makes of a request."""
        self.calls.append(Request.from_js(request.clone()))
        if isinstance(self._handler, str):
            return await _over_the_network(request)
        if isinstance(self._handler, Response):
            answered: web.Response = raw(self._handler.clone())
            return answered
        try:
            made = self._handler(Request.from_js(request))
            answer = await made if isawaitable(made) else made
        except WorkersError as error:  # which a handler raises where there is to be no answer
            raise JsException(error.js_name or "Error", str(error)) from error
        response = raw(answer)
        if not isinstance(response, web.Response):
            kind = type(answer).__name__
            raise TypeError(f"the handler of {self.pattern} returned a {kind}, not a Response")
        return response


class Outbound:
    """Everything around the Workers of one host. JS: fetch, caches."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._routes: list[Route] = []
        self._tcp: list[TcpRoute] = []
        self.caches: FakeCacheStorage = FakeCacheStorage(host)

    def now(self) -> float:
        return self._host.clock.now()

    def route(self, pattern: str, handler: Handler, method: str | None) -> Route:
        """A new route, which comes before the older ones."""
        if handler != "network" and not callable(handler) and not isinstance(handler, Response):
            raise TypeError(
                'outbound() takes a function of the request, a Response or "network", not '
                f"{handler!r}"
            )
        if not re.match(r"\*|https?:", pattern):
            raise ValueError(f'outbound() takes a whole URL, "https://host/*", not {pattern!r}')
        made = Route(pattern, handler, None if method is None else method.upper())
        self._routes.insert(0, made)
        return made

    def tcp(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        for route in self._tcp:
            if route.takes(f"{hostname}:{port}"):
                return route.connected(hostname, port, secure)
        return nowhere(hostname, port)

    def route_tcp(self, pattern: str, handler: TcpHandler) -> TcpRoute:
        """A new place to connect to, which comes before the older ones."""
        self._tcp.insert(0, TcpRoute(pattern, handler))
        return self._tcp[0]

    def reaches(self, request: web.Request) -> bool:
        """Whether anything answers this request."""
        return any(route.takes(request) for route in self._routes)

    @yield_after
    async def fetch(self, request: web.Request) -> web.Response:
        return await follow(request, self._answered)

    async def upgrade(self, url: str, headers: list[list[str]]) -> web.Response:
        return await self.fetch(web.Request(url, headers=headers))

    async def _answered(self, request: web.Request) -> web.Response:
        for route in self._routes:
            if route.takes(request):
                return await route.answer(request)
        parts = urlsplit(request.url)
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"  # the rest may hold secrets
        raise JsException(
            "Error",
            f"nothing answers {request.method} {place}: a fake runtime has no network; say "
            f'runtime.outbound("{place}/*", handler), where handler(request) gives a Response',
        )


_ASK_AGAIN = [["cache-control", "no-cache"], ["pragma", "no-cache"]]


async def follow(
    request: web.Request, answer: Callable[[web.Request], Awaitable[web.Response]]
) -> web.Response:
    """What ``fetch`` gives for a request where ``answer`` is the other end: redirects are followed,
    and the request's signal ends it."""
    signal = request.own_signal
    if request.cache is not None:
        request.headers = web.Headers([*request.headers, *_ASK_AGAIN])
    seen: list[str] = []
    while True:
        if not request.url.startswith(("http:", "https:")):
            raise JsException("TypeError", f"Fetch API cannot load: {request.url}")
        request.url = request.url.partition("#")[0]
        seen.append(request.url)
        response = await abortable(answer(request), signal)
        location = response.headers.get("location")
        if (
            request.redirect == "manual"
            or location is None
            or response.status not in (301, 302, 303, 307, 308)
        ):
            return _received(request, response, len(seen) > 1)
        if len(seen) > _MOST_REDIRECTS:
            raise JsException("TypeError", f"Too many redirects.{', '.join(seen)}")
        request = _redirected(request, response.status, location)


def _redirected(request: web.Request, status: int, location: str) -> web.Request:
    """The request that a redirect asks for."""
    url = _url.parse(urljoin(request.url, location))
    if url is None:
        raise JsException("TypeError", "Invalid Location header; unable to follow redirect.")
    method, body = request.method, request.source
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", None
    elif request.body is not None and body is None:
        raise JsException(
            "TypeError",
            "A request with a one-time-use body (it was initialized from a stream, not a buffer) "
            "encountered a redirect requiring the body to be retransmitted. To avoid this error in "
            "the future, construct this request from a buffer-like body initializer.",
        )
    headers = web.Headers(request.headers)
    if urlsplit(url)[:2] != urlsplit(request.url)[:2]:
        headers.delete("authorization")
    made = web.Request(url, method=method, headers=headers, body=body, signal=request.own_signal)
    made.cf, made.cache = request.cf, request.cache
    return made


def _received(request: web.Request, answer: web.Response, redirected: bool) -> web.Response:
    """A response as it is on this side of the network."""
    answer = upgraded(request, answer)
    response = answer.clone() if answer.body is not None else answer
    response.headers = web.Headers(answer.headers)
    response.headers.immutable = True
    response.url, response.redirected, response.cf = request.url, redirected, None
    if request.method == "HEAD":
        response.body = None
    elif response.body is not None and request.own_signal is not None:
        response.body = abortable_stream(response.body, request.own_signal)
    return response


async def _over_the_network(request: web.Request) -> web.Response:
    """The answer of the real thing, read whole."""
    import httpx

    headers = [(name, value) for name, value in request.headers]
    content = await request.arrayBuffer() if request.body is not None else None
    try:
        async with httpx.AsyncClient(timeout=None) as client:
            got = await client.request(
                request.method, request.url, headers=headers, content=content
            )
    except httpx.HTTPError as error:
        kind = type(error).__name__
        raise JsException("Error", f"Network connection lost. ({kind})") from error
    bodiless = got.status_code in (204, 205, 304)
    sent = [[name, value] for name, value in got.headers.multi_items()]
    return web.Response(
        None if bodiless else got.content,
        status=got.status_code,
        statusText=got.reason_phrase or None,
        headers=[pair for pair in sent if pair[0].lower() not in _OF_THE_WIRE],
    )


_OF_THE_WIRE = {"content-encoding", "content-length", "transfer-encoding", "connection"}
"""Headers about the bytes that came, which are decoded by now."""
