"""The link shortener on the fakes: no network, no Node, no mock."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, TypeAlias

import pytest

from pyworkers_sdk import Response
from pyworkers_sdk.testing import FakeRuntime
from shortlinks.worker import MAX_LIMIT, AppEnv

Runtime: TypeAlias = FakeRuntime[AppEnv]

SITE = "https://sho.rt"
ADMIN = {"authorization": "Bearer secret"}


async def shorten(runtime: Runtime, url: str, slug: str | None = None) -> Response:
    body = {"url": url} if slug is None else {"url": url, "slug": slug}
    return await runtime.fetch(f"{SITE}/api/links", method="POST", body=json.dumps(body))


async def hits(runtime: Runtime, slug: str) -> int:
    link = await (await runtime.fetch(f"{SITE}/api/links/{slug}")).json()
    count: int = link["hits"]
    return count


# The page ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_page_is_html_with_a_security_policy(runtime: Runtime) -> None:
    response = await runtime.fetch(f"{SITE}/")
    assert response.status == 200
    assert response.headers["content-type"] == "text/html;charset=utf-8"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert "<h1>Short links</h1>" in await response.text()


# POST /api/links ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_new_link_is_created(runtime: Runtime) -> None:
    response = await shorten(runtime, "https://example.com/a?b=c#d", "mine")
    assert response.status == 201
    assert response.headers["location"] == "https://sho.rt/api/links/mine"
    assert await response.json() == {
        "id": 1,
        "slug": "mine",
        "url": "https://example.com/a?b=c#d",
        "short_url": "https://sho.rt/mine",
        "hits": 0,
        "created_at": runtime.clock.datetime().isoformat(timespec="milliseconds")[:-6] + "Z",
    }


@pytest.mark.asyncio
async def test_link_without_a_slug_gets_a_random_one(runtime: Runtime) -> None:
    first = await (await shorten(runtime, "https://example.com/")).json()
    second = await (await shorten(runtime, "https://example.com/")).json()
    assert first["slug"] != second["slug"]
    assert (await runtime.fetch(first["short_url"])).status == 302


@pytest.mark.asyncio
async def test_taken_slug_is_rejected(runtime: Runtime) -> None:
    await shorten(runtime, "https://example.com/first", "mine")
    response = await shorten(runtime, "https://example.com/second", "mine")
    assert response.status == 409
    assert await response.json() == {"error": "slug: mine is taken"}
    link = await (await runtime.fetch(f"{SITE}/api/links/mine")).json()
    assert link["url"] == "https://example.com/first"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "the body is not JSON"),
        ("url=https://example.com", "the body is not JSON"),
        ("[]", "expected an object for NewLink, got list"),
        ("{}", "missing key 'url'"),
        ('{"url": 7}', "the body: url: expected str, got int"),
        ('{"url": "https://example.com/", "slug": null}', "the body: slug: expected str"),
    ],
)
@pytest.mark.asyncio
async def test_invalid_body_is_rejected(runtime: Runtime, body: str, error: str) -> None:
    response = await runtime.fetch(f"{SITE}/api/links", method="POST", body=body)
    assert response.status == 422
    assert error in (await response.json())["error"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "/relative",
        "https://",
        "ftp://example.com/",
        "javascript:alert(1)",
        "JavaScript:alert(1)//https://example.com",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "https://bank.example@evil.example/",
        "https://user:password@example.com/",
        "https://sho.rt/mine",
        f"https://example.com/{'x' * 2000}",
        "https://example.com/\ud800",
    ],
)
@pytest.mark.asyncio
async def test_invalid_target_is_rejected(runtime: Runtime, url: str) -> None:
    response = await shorten(runtime, url)
    assert response.status == 422
    assert (await response.json())["error"].startswith(("url: ", "the body"))


@pytest.mark.parametrize("slug", ["", "api", "-a", "_a", "a/b", "a.b", "a b", "é", "x" * 51])
@pytest.mark.asyncio
async def test_invalid_slug_is_rejected(runtime: Runtime, slug: str) -> None:
    response = await shorten(runtime, "https://example.com/", slug)
    assert response.status == 422
    assert (await response.json())["error"].startswith("slug: ")


@pytest.mark.asyncio
async def test_target_is_normalized_as_in_browsers(runtime: Runtime) -> None:
    response = await shorten(runtime, "HTTPS://Example.COM/a/../b c")
    assert (await response.json())["url"] == "https://example.com/b%20c"


# GET /api/links ----------------------------------------------------------------------------------


async def pages(runtime: Runtime, path: str) -> list[list[str]]:
    """Return the slugs of each page, starting at ``path``."""
    slugs = []
    next_path: Any = path
    while next_path is not None:
        page = await (await runtime.fetch(f"{SITE}{next_path}")).json()
        slugs.append([link["slug"] for link in page["links"]])
        next_path = page["next"]
    return slugs


@pytest.mark.asyncio
async def test_list_without_links_is_one_empty_page(runtime: Runtime) -> None:
    assert await pages(runtime, "/api/links") == [[]]


@pytest.mark.asyncio
async def test_list_is_newest_first_in_pages(runtime: Runtime) -> None:
    for slug in "abcde":
        await shorten(runtime, "https://example.com/", slug)
    assert await pages(runtime, "/api/links") == [["e", "d", "c", "b", "a"]]
    assert await pages(runtime, "/api/links?limit=2") == [["e", "d"], ["c", "b"], ["a"]]
    assert await pages(runtime, "/api/links?limit=5") == [["e", "d", "c", "b", "a"]]
    assert await pages(runtime, "/api/links?before=3") == [["b", "a"]]


@pytest.mark.asyncio
async def test_list_limit_has_a_maximum(runtime: Runtime) -> None:
    insert = runtime.env.DB.prepare("INSERT INTO links (slug, url) VALUES (?, 'https://e.com/')")
    await runtime.env.DB.batch([insert.bind(f"s{n}") for n in range(MAX_LIMIT + 1)])
    assert [len(page) for page in await pages(runtime, "/api/links?limit=5000")] == [MAX_LIMIT, 1]


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "before=1.5", "before=9999999999999999"])
@pytest.mark.asyncio
async def test_invalid_page_parameter_is_rejected(runtime: Runtime, query: str) -> None:
    response = await runtime.fetch(f"{SITE}/api/links?{query}")
    assert response.status == 422
    assert (await response.json())["error"].endswith("expected a whole number")


# /api/links/{slug} -------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_link_is_returned_by_slug(runtime: Runtime) -> None:
    link = await (await shorten(runtime, "https://example.com/", "mine")).json()
    response = await runtime.fetch(f"{SITE}/api/links/mine")
    assert response.status == 200
    assert await response.json() == link


@pytest.mark.asyncio
async def test_missing_link_is_not_found(runtime: Runtime) -> None:
    response = await runtime.fetch(f"{SITE}/api/links/mine")
    assert response.status == 404
    assert await response.json() == {"error": "link not found"}


@pytest.mark.parametrize("slug", ["gone", "-", "x" * 600])
@pytest.mark.asyncio
async def test_deleting_a_missing_link_is_not_found(runtime: Runtime, slug: str) -> None:
    url = f"{SITE}/api/links/{slug}"
    assert (await runtime.fetch(url, method="DELETE", headers=ADMIN)).status == 404


@pytest.mark.parametrize("token", [None, "", "secret", "Bearer", "Bearer Secret", "Bearer sécret"])
@pytest.mark.asyncio
async def test_delete_without_the_admin_token_is_rejected(
    runtime: Runtime, token: str | None
) -> None:
    await shorten(runtime, "https://example.com/", "mine")
    headers = {} if token is None else {"authorization": token}
    response = await runtime.fetch(f"{SITE}/api/links/mine", method="DELETE", headers=headers)
    assert response.status == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert (await runtime.fetch(f"{SITE}/mine")).status == 302


@pytest.mark.asyncio
async def test_delete_removes_the_link_from_the_cache(runtime: Runtime) -> None:
    await shorten(runtime, "https://example.com/", "mine")
    await runtime.fetch(f"{SITE}/mine")
    await runtime.drain()
    assert await runtime.env.CACHE.get("mine") is not None

    url = f"{SITE}/api/links/mine"
    response = await runtime.fetch(url, method="DELETE", headers=ADMIN)
    assert response.status == 204
    assert await response.text() == ""
    assert (await runtime.fetch(url)).status == 404
    assert (await runtime.fetch(f"{SITE}/mine")).status == 404


# Unsupported methods and unknown paths -----------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/api/links", "GET, POST"),
        ("DELETE", "/api/links", "GET, POST"),
        ("POST", "/api/links/mine", "GET, DELETE"),
    ],
)
@pytest.mark.asyncio
async def test_unsupported_method_is_rejected(
    runtime: Runtime, method: str, path: str, allow: str
) -> None:
    response = await runtime.fetch(f"{SITE}{path}", method=method)
    assert response.status == 405
    assert response.headers["allow"] == allow


@pytest.mark.asyncio
async def test_unknown_api_path_is_a_json_404(runtime: Runtime) -> None:
    response = await runtime.fetch(f"{SITE}/api/users")
    assert response.status == 404
    assert await response.json() == {"error": "the API is at /api/links"}


@pytest.mark.parametrize("path", ["/gone", "/favicon.ico", "/a/b", "/%2e%2e%2f", f"/{'x' * 600}"])
@pytest.mark.asyncio
async def test_unknown_page_is_an_html_404(runtime: Runtime, path: str) -> None:
    response = await runtime.fetch(f"{SITE}{path}")
    assert response.status == 404
    assert "There is no such link" in await response.text()


# GET /{slug} -------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_short_link_redirects_and_counts_the_hit(runtime: Runtime) -> None:
    await shorten(runtime, "https://example.com/there", "mine")
    response = await runtime.fetch(f"{SITE}/mine?from=mail")
    assert response.status == 302
    assert response.headers["location"] == "https://example.com/there"
    await runtime.drain()  # the hit is counted after the response, by ctx.wait_until
    assert await hits(runtime, "mine") == 1

    await runtime.fetch(f"{SITE}/mine")
    await runtime.drain()
    assert await hits(runtime, "mine") == 2


@pytest.mark.asyncio
async def test_slugs_are_case_sensitive(runtime: Runtime) -> None:
    await shorten(runtime, "https://example.com/small", "a")
    await shorten(runtime, "https://example.com/large", "A")
    assert (await runtime.fetch(f"{SITE}/A")).headers["location"] == "https://example.com/large"


@pytest.mark.asyncio
async def test_cached_address_is_used_until_it_expires(runtime: Runtime) -> None:
    await shorten(runtime, "https://example.com/old", "mine")
    await runtime.fetch(f"{SITE}/mine")
    await runtime.drain()

    # Change the database behind the application's back: the cache still has the old address.
    change = "UPDATE links SET url = 'https://example.com/new' WHERE slug = 'mine'"
    await runtime.env.DB.prepare(change).run()
    assert (await runtime.fetch(f"{SITE}/mine")).headers["location"] == "https://example.com/old"

    runtime.clock.advance(timedelta(seconds=runtime.env.CACHE_SECONDS))
    assert (await runtime.fetch(f"{SITE}/mine")).headers["location"] == "https://example.com/new"


@pytest.mark.asyncio
async def test_hits_of_a_cached_link_are_counted(runtime: Runtime) -> None:
    await shorten(runtime, "https://example.com/", "mine")
    for _ in range(3):
        await runtime.fetch(f"{SITE}/mine")
        await runtime.drain()
    assert await hits(runtime, "mine") == 3
