"""Static assets on the fake: facts that no contract check can show."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyworkers_sdk import Assets, Env
from pyworkers_sdk.testing import ConfigWarning, assets, fake

HOST = "https://any.example"


class AppEnv(Env):
    ASSETS: Assets


@pytest.fixture
def public(tmp_path: Path) -> Path:
    folder = tmp_path / "public"
    folder.mkdir()
    (folder / "index.html").write_text("home")
    (folder / "own.txt").write_text("own")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file.txt").write_text("secret")
    return folder


async def status(files: Assets, path: str) -> int:
    return (await files.fetch(HOST + path)).status


@pytest.mark.asyncio
async def test_nothing_leads_out_of_the_directory(public: Path) -> None:
    (public / "link.txt").symlink_to(public.parent / "secret.txt")
    (public / "folder").symlink_to(public.parent / "outside")
    (public / "inside.txt").symlink_to(public / "own.txt")
    (public / "broken.txt").symlink_to(public / "nowhere")
    files = assets(public)
    for path in (
        "/link.txt",
        "/folder/file.txt",
        "/broken.txt",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/%00",
        f"/{public.parent}/secret.txt",
    ):
        assert await status(files, path) == 404, path
    assert await status(files, "/inside.txt") == 200


@pytest.mark.asyncio
async def test_assetsignore_can_include_a_file_of_rules(public: Path) -> None:
    (public / "_redirects").write_text("/old /new 301")
    (public / "_headers").write_text("/*\n  X-A: 1")
    (public / ".assetsignore").write_bytes("\ufeffown.txt\r\n!_redirects\r\n".encode())
    files = assets(public)
    names = ("/own.txt", "/_redirects", "/_headers", "/.assetsignore")
    assert [await status(files, name) for name in names] == [404, 200, 404, 404]
    assert (await files.fetch(f"{HOST}/index.html", redirect="manual")).headers["x-a"] == "1"


@pytest.mark.asyncio
async def test_a_directory_can_be_passed_as_a_path(public: Path) -> None:
    for given in (public, str(public), assets(public)):
        files = fake(AppEnv, ASSETS=given).ASSETS
        assert await (await files.fetch(HOST)).text() == "home"


@pytest.mark.asyncio
async def test_a_binding_without_a_directory_raises() -> None:
    with pytest.raises(TypeError, match='ASSETS has no files; pass a directory: ASSETS="public"'):
        await fake(AppEnv).ASSETS.fetch(HOST)
    with pytest.raises(TypeError, match="Assets has no files"):
        await fake(Assets).fetch(HOST)


def test_an_invalid_directory_is_refused(public: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a directory, got '.*own\.txt'"):
        assets(public / "own.txt")


@pytest.mark.asyncio
async def test_invalid_utf8_in_a_path_is_kept(public: Path) -> None:
    (public / "%FF.txt").write_text("not decoded")
    files = assets(public)
    found = await files.fetch(f"{HOST}/%25FF.txt")
    assert (found.status, await found.text()) == (200, "not decoded")
    (public / "ü.txt").write_text("ü")
    assert await status(assets(public), "/ü.txt") == 200


@pytest.mark.asyncio
async def test_invalid_lines_of_rule_files_are_ignored(public: Path) -> None:
    (public / "_headers").write_text(
        "X-None: 1\n! ETag\n\n/own.txt\nno header\nX Y: 1\n X-Own: 1\n"
    )
    (public / "_redirects").write_text(
        "/a\n/b /own.txt 404\n/c /own.txt 308 # because\nhttps://h/d /a\n/*/* /x\n/:a/:a /y\n"
    )
    with pytest.warns(ConfigWarning) as warned:
        files = assets(public)
    assert [str(each.message).partition(f"{public}/")[2] for each in warned] == [
        "_headers:1: expected a path before the first header",
        "_headers:2: expected a path before the first header",
        "_headers:5: expected a path, or a header like name: value",
        "_headers:6: expected a header's name without spaces before the colon",
        "_redirects:1: expected 2 or 3 words, got 1",
        "_redirects:2: expected a status of 200, 301, 302, 303, 307, 308, got 404",
        "_redirects:4: expected a path, got a URL",
        "_redirects:5: expected one * at most, got /*/*",
        "_redirects:6: expected each placeholder once, got one twice",
    ]
    found = await files.fetch(f"{HOST}/own.txt")
    assert found.headers["x-own"] == "1"
    assert "x-none" not in found.headers
    assert "etag" in found.headers
    assert [await status(files, path) for path in ("/a", "/b", "/d")] == [404, 404, 404]
    moved = await files.fetch(f"{HOST}/c", redirect="manual")
    assert (moved.status, moved.headers["location"]) == (308, "/own.txt")


@pytest.mark.asyncio
async def test_missing_fallback_pages_are_a_404(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    for handling in ("single-page-application", "404-page"):
        files = assets(tmp_path, not_found_handling=handling)
        assert await status(files, "/nope/deep") == 404
