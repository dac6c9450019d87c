"""Static assets: the file that a path means, and the headers of its response."""

from __future__ import annotations

from typing import Any

from pyworkers_sdk import Assets, Request

from .kit import cases, only
from .workers import AppEnv

NODE = "the Worker of the Node worlds is JavaScript's, and has no assets"
WORLDS = ("fake", "workerd")
HOST = "https://any.example"


async def answer(files: Assets, path: str, **options: Any) -> str:
    """Return the status, and the location or the body."""
    response = await files.fetch(HOST + path, redirect="manual", **options)
    target = response.headers.get("location") or await response.text()
    return f"{response.status} {target}".strip()


# path -> the responses of the bindings FILES, FILES_FORCE, FILES_DROP and FILES_EXACT
HOME, ABOUT, DIR = "200 <h1>home</h1>", "200 <p>about</p>", "200 <p>dir</p>"
BOTH, INDEX = "200 <p>both</p>", "200 <p>both, index</p>"
GONE = "404 <p>404</p>"
PAGES: dict[str, tuple[str, str, str, str]] = {
    "/": (HOME, HOME, HOME, "404"),
    "/index": ("307 /", "307 /", "307 /", "404"),
    "/index.html": ("307 /", "307 /", "307 /", HOME),
    "/index/": ("307 /index", HOME, "307 /index", "404"),
    "/about": (ABOUT, "307 /about/", ABOUT, "404"),
    "/about/": ("307 /about", ABOUT, "307 /about", "404"),
    "/about.html": ("307 /about", "307 /about/", "307 /about", ABOUT),
    "/about.html/": ("404", GONE, HOME, "404"),
    "/about/index": ("307 /about", "307 /about/", "307 /about", "404"),
    "/about/index.html": ("307 /about", "307 /about/", "307 /about", "404"),
    "/dir": ("307 /dir/", "307 /dir/", DIR, "404"),
    "/dir/": (DIR, DIR, "307 /dir", "404"),
    "/dir.html": ("307 /dir/", "307 /dir/", "307 /dir", "404"),
    "/dir/index": ("307 /dir/", "307 /dir/", "307 /dir", "404"),
    "/dir/index.html": ("307 /dir/", "307 /dir/", "307 /dir", DIR),
    "/dir/index/": ("307 /dir/index", DIR, "307 /dir/index", "404"),
    "/both": (BOTH, "307 /both/", BOTH, "404"),
    "/both/": (INDEX, INDEX, "307 /both", "404"),
    "/both.html": ("307 /both", BOTH, "307 /both", BOTH),
    "/both/index": ("307 /both/", "307 /both/", "307 /both", "404"),
    "/both/index.html": ("307 /both/", "307 /both/", INDEX, INDEX),
    "/style.css": ("200 body{}",) * 4,
    "/style.css/": ("404", GONE, HOME, "404"),
    "/noext": ("200 no ending",) * 4,
    "/sub/": ("404", "404 <p>404 of sub</p>", HOME, "404"),
    "/sub/nope": ("404", "404 <p>404 of sub</p>", HOME, "404"),
    "/ABOUT": ("404", GONE, HOME, "404"),
    "/about?x=1": (ABOUT, "307 /about/?x=1", ABOUT, "404"),
    "/about.html?x=1": ("307 /about?x=1", "307 /about/?x=1", "307 /about?x=1", ABOUT),
    "/a%20b.txt": ("200 space",) * 4,
    "/50%25.txt": ("200 percent",) * 4,
    "/50%.txt": ("307 /50%25.txt",) * 4,
    "/a@b.txt": ("307 /a%40b.txt",) * 4,
    "/a%40b.txt": ("200 at",) * 4,
    "/%61bout": ("307 /about", "307 /about/", "307 /about", "404"),
    "/%FF": ("404", "307 /%25FF", "307 /%25FF", "404"),
    "//about": ("307 /about", "307 /about/", "307 /about", "404"),
    "//sub//file.txt": ("307 /sub/file.txt",) * 4,
    "/sub%2ffile.txt": ("307 /sub/file.txt",) * 4,
    "/sub/../noext": ("200 no ending",) * 4,
    "/../test_assets.py": ("404", GONE, HOME, "404"),
    "/%2e%2e/test_assets.py": ("404", GONE, HOME, "404"),
    "/..%2ftest_assets.py": ("404", "307 /../test_assets.py", "307 /../test_assets.py", "404"),
    "/_headers": ("404", GONE, HOME, "404"),
    "/_redirects": ("404", GONE, HOME, "404"),
}


@only(*WORLDS, reason=NODE)
@cases({path: (path, *expected) for path, expected in PAGES.items()})
async def test_html_handling_maps_a_path_to_a_file(app: AppEnv, case: tuple[str, ...]) -> None:
    path, *expected = case
    bindings = (app.FILES, app.FILES_FORCE, app.FILES_DROP, app.FILES_EXACT)
    assert [await answer(files, path) for files in bindings] == expected


@only(*WORLDS, reason=NODE)
async def test_responses_have_headers_of_the_file(app: AppEnv) -> None:
    response = await app.FILES.fetch(f"{HOST}/about")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert response.headers["cf-cache-status"] == "HIT"
    assert response.headers["etag"].startswith('"')
    assert (await app.FILES.fetch(f"{HOST}/nope")).headers.items() == []
    data = await app.FILES.fetch(f"{HOST}/data.json")
    assert data.headers["content-type"] == "application/json"
    assert await data.json() == {"a": 1}
    assert "content-type" not in (await app.FILES.fetch(f"{HOST}/noext")).headers


@only(*WORLDS, reason=NODE)
async def test_a_matching_etag_is_a_304(app: AppEnv) -> None:
    url = f"{HOST}/about"
    tag = (await app.FILES.fetch(url)).headers["etag"]
    for known in (tag, f"W/{tag}"):
        response = await app.FILES.fetch(url, headers={"if-none-match": known})
        assert (response.status, await response.text()) == (304, "")
        assert response.headers["etag"] == tag
    for other in ("*", '"other"', f'"other", {tag}'):
        response = await app.FILES.fetch(url, headers={"if-none-match": other})
        assert response.status == 200


@only(*WORLDS, reason=NODE)
@cases(["range", "authorization"])
async def test_responses_to_range_and_authorization_are_not_cacheable(
    app: AppEnv, case: str
) -> None:
    response = await app.FILES.fetch(f"{HOST}/about", headers={case: "bytes=1-2"})
    assert (response.status, await response.text()) == (200, "<p>about</p>")
    assert "cache-control" not in response.headers


@only(*WORLDS, reason=NODE)
async def test_methods_other_than_get_and_head_are_a_405(app: AppEnv) -> None:
    head = await app.FILES.fetch(Request(f"{HOST}/about", method="HEAD"))
    assert (head.status, await head.text()) == (200, "")
    assert head.headers["content-type"] == "text/html; charset=utf-8"
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert await answer(app.FILES, "/about", method=method) == "405"
        assert await answer(app.FILES, "/about.html", method=method) == "405"
        assert await answer(app.FILES, "/nope", method=method) == "404"
    assert await answer(app.FILES_DROP, "/nope", method="POST") == "405"


@only(*WORLDS, reason=NODE)
async def test_header_rules_change_the_response(app: AppEnv) -> None:
    response = await app.FILES.fetch(f"{HOST}/sub/file.txt")
    assert response.headers["x-splat"] == "file.txt"
    assert response.headers["x-two"] == "a, b"
    missing = await app.FILES.fetch(f"{HOST}/sub/nope")
    assert (missing.status, missing.headers["x-splat"]) == (404, "nope")
    style = await app.FILES.fetch(f"{HOST}/style.css")
    assert "etag" not in style.headers
    assert style.headers["cache-control"] == "no-store"
    assert "x-host" not in (await app.FILES.fetch(f"{HOST}/noext")).headers
    other = await app.FILES.fetch("https://other.example/noext")
    assert other.headers["x-host"] == "other"


REDIRECTS = {
    "/old": "301 /style.css",
    "/old?x=1": "301 /style.css?x=1",
    "/old-query": "302 /style.css?y=2",
    "/old-query?x=1": "302 /style.css?y=2",
    "/away": "308 https://e.example/x",
    "/away?x=1": "308 https://e.example/x?x=1",
    "/blog/a/b?x=1": "302 /sub/a/b?x=1",
    "/users/ann/posts/3": "303 /u?name=ann&id=3",
    "/users/ann/posts": "404",
    "/proxied": "200 body{}",
    "/not-three": "404",
}


@only(*WORLDS, reason=NODE)
@cases({path: (path, expected) for path, expected in REDIRECTS.items()})
async def test_redirect_rules_redirect_or_serve_another_file(
    app: AppEnv, case: tuple[str, str]
) -> None:
    path, expected = case
    assert await answer(app.FILES, path) == expected


# path -> the headers that the rules for skipped lines could have set
HEADERS: dict[str, dict[str, str]] = {
    "/noext": {"x-kept": "yes, twice"},
    "/two/a/stars/b": {},
    "/nope/nope": {},
    "/replaced": {"x-new": "1"},
    "/nothing": {},
    "/caf%C3%A9/x": {"x-encoded": "1"},
}


@only(*WORLDS, reason=NODE)
@cases({path: (path, expected) for path, expected in HEADERS.items()})
async def test_header_rules_that_are_not_valid_are_skipped(
    app: AppEnv, case: tuple[str, dict[str, str]]
) -> None:
    path, expected = case
    headers = (await app.FILES.fetch(HOST + path)).headers
    assert {name: value for name, value in headers.items() if name.startswith("x-")} == expected


REDIRECTS_BESIDE_SKIPPED_LINES = {
    "/a/b": "404",
    "/nope/nope": "404",
    "/from": "404",
    "/no-target": "404",
    "/status": "404",
    "/status-text": "404",
    "/loop/a": "404",
    "/dir2/": "404",
    "/proxy": "404",
    "/four": "404",
    "/ordered/path": "302 /pattern",
    "/commented": "302 /x",
    "/dotted": "302 /x?a=%3Cb%3E#%3Cc%3E",
    "/euro%E2%82%AC": "302 /%E2%82%AC",
    "/relative": "307 /x",
    "/spaces": "302 /x",
    "/dollar/a$&b": "302 /y/a:nameb",
    "/dollar/$$": "302 /y/$",
}


@only(*WORLDS, reason=NODE)
@cases({path: (path, expected) for path, expected in REDIRECTS_BESIDE_SKIPPED_LINES.items()})
async def test_redirect_rules_that_are_not_valid_are_skipped(
    app: AppEnv, case: tuple[str, str]
) -> None:
    path, expected = case
    assert await answer(app.FILES, path) == expected


# Files that .assetsignore excludes ----------------------------------------------------------------

IS_SERVED = {
    "/.assetsignore": False,
    "/a.draft": False,
    "/sub/b.draft": False,
    "/kept.draft": True,
    "/private/page.txt": False,
    "/private/kept.txt": False,
    "/sub/private/page.txt": True,
    "/anchored.txt": False,
    "/sub/anchored.txt": True,
    "/sub/deep/x.log": False,
    "/sp%20ace.txt": False,
    "/%23sharp.txt": False,
    "/a.map": False,
    "/kept.map": True,
    "/ignored/a.txt": False,
    "/ignored/kept.txt": True,
    "/secret/a.txt": False,
    "/sub/secret/b.txt": False,
    "/sub/deep/x1.txt": False,
    "/sub/deep/x12.txt": True,
    "/b1.tmp": False,
    "/c1.tmp": True,
    "/case.txt": False,
    "/bad.map2": True,
    "/_headers": False,
}


@only(*WORLDS, reason=NODE)
async def test_files_that_assetsignore_excludes_are_not_served(app: AppEnv) -> None:
    served = {path: (await app.FILES_EXACT.fetch(HOST + path)).status == 200 for path in IS_SERVED}
    assert served == IS_SERVED
