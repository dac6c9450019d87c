"""The Worker: a page for people, a JSON API, and the short links themselves."""

from __future__ import annotations

import hmac
import re
from pathlib import Path
from typing import Any, NotRequired, TypedDict
from urllib.parse import SplitResult, urlsplit

from pyworkers_sdk import (
    D1,
    KV,
    D1ConstraintError,
    Env,
    Request,
    Response,
    RowError,
    URLSearchParams,
    WorkerEntrypoint,
    WorkersError,
)

from .links import Link, Links, is_slug, random_slug

PAGE = Path(__file__).with_name("page.html").read_text()
NOT_FOUND = Path(__file__).with_name("not_found.html").read_text()

MAX_URL = 2000
MAX_LIMIT = 100


class AppEnv(Env):
    DB: D1
    CACHE: KV
    ADMIN_TOKEN: str
    CACHE_SECONDS: int = 300


class NewLink(TypedDict):
    """The body of POST /api/links."""

    url: str
    slug: NotRequired[str]


class Rejected(Exception):
    """Raised to end a request with a status and the message as JSON."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class Default(WorkerEntrypoint[AppEnv]):
    # Other Workers can call public methods over RPC, so the helpers have an underscore.

    async def fetch(self, request: Request) -> Response:
        try:
            return await self._answer(request, urlsplit(request.url))
        except Rejected as rejection:
            error = {"error": str(rejection)}
            return Response.json(error, status=rejection.status, headers=rejection.headers)

    async def _answer(self, request: Request, url: SplitResult) -> Response:
        match request.method, *url.path.split("/")[1:]:
            case "GET" | "HEAD", "":
                return html(PAGE)
            case "POST", "api", "links":
                return await self._create(request, url)
            case "GET", "api", "links":
                return await self._list(request, url)
            case "GET", "api", "links", slug:
                return await self._show(slug, url)
            case "DELETE", "api", "links", slug:
                return await self._delete(slug, request)
            case _, "api", "links":
                raise Rejected(405, "use GET or POST", allow="GET, POST")
            case _, "api", "links", _:
                raise Rejected(405, "use GET or DELETE", allow="GET, DELETE")
            case _, "api", *_:
                raise Rejected(404, "the API is at /api/links")
            case "GET" | "HEAD", slug if is_slug(slug):
                return await self._follow(slug)
            case _:
                return html(NOT_FOUND, status=404)

    async def _create(self, request: Request, url: SplitResult) -> Response:
        try:
            new_link = await request.json(NewLink)
        except RowError as error:  # the body is not JSON, or does not fit NewLink
            raise Rejected(422, str(error)) from None
        target = target_url(new_link["url"], url.netloc)
        slug = new_link.get("slug", random_slug())
        if not is_slug(slug):
            raise Rejected(
                422,
                "slug: expected 1 to 50 of a-z, A-Z, 0-9, - and _; start with a letter or digit",
            )
        try:
            link = await self._links.add(target, slug)
        except D1ConstraintError:
            raise Rejected(409, f"slug: {slug} is taken") from None
        location = f"{origin(url)}/api/links/{slug}"
        return Response.json(to_json(link, url), status=201, headers={"location": location})

    async def _list(self, request: Request, url: SplitResult) -> Response:
        limit = min(number(request.query, "limit") or 20, MAX_LIMIT)
        # One more link than requested shows whether there is a next page.
        links = await self._links.newest(limit + 1, before=number(request.query, "before"))
        page, more = links[:limit], len(links) > limit
        next_path = f"/api/links?limit={limit}&before={page[-1]['id']}" if more else None
        return Response.json({"links": [to_json(link, url) for link in page], "next": next_path})

    async def _show(self, slug: str, url: SplitResult) -> Response:
        link = await self._links.get(slug)
        if link is None:
            raise Rejected(404, "link not found")
        return Response.json(to_json(link, url))

    async def _delete(self, slug: str, request: Request) -> Response:
        authorization = request.headers.get("authorization", "")
        if not hmac.compare_digest(
            authorization.encode(), f"Bearer {self.env.ADMIN_TOKEN}".encode()
        ):
            raise Rejected(401, "the token is missing or wrong", **{"www-authenticate": "Bearer"})
        if not is_slug(slug) or not await self._links.delete(slug):
            raise Rejected(404, "link not found")
        return Response(status=204)

    async def _follow(self, slug: str) -> Response:
        url = await self._links.cached_url(slug)
        if url is None:
            link = await self._links.get(slug)
            if link is None:
                return html(NOT_FOUND, status=404)
            url = link["url"]
            self.ctx.wait_until(self._links.cache_url(slug, url))
        self.ctx.wait_until(self._links.count_hit(slug))
        return Response.redirect(url)

    @property
    def _links(self) -> Links:
        return Links(self.env.DB, self.env.CACHE, self.env.CACHE_SECONDS)


def target_url(text: str, own_host: str) -> str:
    """Return ``text`` as a normalized URL, or raise Rejected if a short link may not lead there."""
    try:
        url = Request(text).url  # the runtime's own URL parser
    except WorkersError:
        url = ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):  # not javascript: or data:
        raise Rejected(422, "url: expected an absolute http:// or https:// address")
    if parts.username or parts.password:  # https://bank.example@evil.example/
        raise Rejected(422, "url: expected an address without a user name")
    if parts.netloc == own_host:
        raise Rejected(
            422, "url: expected an address of another site; a link to this site could loop"
        )
    if len(url) > MAX_URL:
        raise Rejected(422, f"url: expected at most {MAX_URL} characters")
    return url


def number(query: URLSearchParams, name: str) -> int | None:
    text = query.get(name, "")
    if not re.fullmatch("[0-9]{0,15}", text):
        raise Rejected(422, f"{name}: expected a whole number")
    return int(text) if text else None


def origin(url: SplitResult) -> str:
    return f"{url.scheme}://{url.netloc}"


def to_json(link: Link, url: SplitResult) -> dict[str, Any]:
    return {**link, "short_url": f"{origin(url)}/{link['slug']}"}


def html(text: str, status: int = 200) -> Response:
    headers = {
        "content-type": "text/html;charset=utf-8",
        "content-security-policy": (
            "default-src 'self' 'unsafe-inline'; img-src data:; base-uri 'none';"
            " frame-ancestors 'none'"
        ),
    }
    return Response(text, status=status, headers=headers)
