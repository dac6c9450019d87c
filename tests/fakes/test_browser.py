"""``browser(binding)``: the script of the fake browser."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from pyworkers_sdk import Browser, Request, Response, RowError, WorkersError
from pyworkers_sdk.browser.quick_actions import (
    BrowserRunAccessibilityTreeSuccessResponse,
    BrowserRunContentSuccessResponse,
    BrowserRunLinksSuccessResponse,
    BrowserRunScrapeSuccessResponse,
    BrowserRunScriptSuccessResponse,
    BrowserRunSnapshotSuccessResponse,
)
from pyworkers_sdk.testing import browser, fake
from pyworkers_sdk.testing.fakes.image_headers import read_header

pytestmark = pytest.mark.asyncio

URL = "https://example.com/"


async def test_screenshot_has_the_size_and_type_of_its_options() -> None:
    binding = fake(Browser)
    response = await binding.quick_action("screenshot", url=URL)
    assert response.headers["content-type"] == "image/png"
    assert read_header(await response.bytes()) == ("image/png", 1920, 1080)
    response = await binding.quick_action(
        "screenshot",
        html="<p>",
        viewport={"width": 20, "height": 10},
        screenshot_options={"type": "webp"},
    )
    assert read_header(await response.bytes()) == ("image/webp", 20, 10)
    response = await binding.quick_action(
        "screenshot",
        url=URL,
        screenshot_options={
            "encoding": "base64",
            "type": "jpeg",
            "clip": {"x": 0, "y": 0, "width": 5, "height": 4},
        },
    )
    assert read_header(base64.b64decode(await response.text())) == ("image/jpeg", 5, 4)


async def test_pdf_and_bytes_are_files() -> None:
    binding = fake(Browser)
    response = await binding.quick_action("pdf", url=URL)
    assert response.headers["content-type"] == "application/pdf"
    assert (await response.bytes()).startswith(b"%PDF-")
    browser(binding).on("pdf", b"mine")
    response = await binding.quick_action("pdf", url=URL)
    assert (response.headers["content-type"], await response.text()) == ("application/pdf", "mine")
    browser(binding).on("markdown", b"# mine")
    assert await (await binding.quick_action("markdown", url=URL)).text() == "# mine"


async def test_content_of_html_is_that_html() -> None:
    response = await fake(Browser).quick_action("content", html="<p>hi")
    assert await response.json(BrowserRunContentSuccessResponse) == {
        "success": True,
        "result": "<p>hi",
        "meta": {"status": 200, "title": ""},
    }


async def test_last_rule_with_a_matching_url_wins() -> None:
    binding = fake(Browser)
    script = browser(binding)
    script.on("links", ["https://a.example/"])
    script.on("links", ["https://b.example/"], url="https://example.com/*")

    async def links(url: str) -> list[str]:
        response = await binding.quick_action("links", url=url, visible_links_only=True)
        return (await response.json(BrowserRunLinksSuccessResponse))["result"]

    assert await links("https://example.com/x") == ["https://b.example/"]
    assert await links("https://other.example/") == ["https://a.example/"]
    assert script.calls[0] == (
        "links",
        {"url": "https://example.com/x", "visibleLinksOnly": True},
    )
    with pytest.raises(
        WorkersError, match=r"no answer to markdown; set one: browser\(binding\)\.on"
    ):
        await binding.quick_action("markdown", url=URL)


async def test_answer_may_be_an_async_function() -> None:
    binding = fake(Browser)
    tree = {"role": "WebArea", "children": [{"role": "link", "name": "a", "checked": "mixed"}]}

    async def answer(options: dict[str, Any]) -> dict[str, Any]:
        return {"accessibilityTree": tree if "root" in options else None}

    browser(binding).on("accessibilityTree", answer)
    response = await binding.quick_action("accessibilityTree", url=URL, root="#a")
    body = await response.json(BrowserRunAccessibilityTreeSuccessResponse)
    assert body["result"]["accessibilityTree"] == tree
    response = await binding.quick_action("accessibilityTree", url=URL)
    body = await response.json(BrowserRunAccessibilityTreeSuccessResponse)
    assert body["result"]["accessibilityTree"] is None


async def test_responses_load_as_row_types() -> None:
    binding = fake(Browser)
    element = {"html": "", "text": "t", "width": 1.5, "height": 2, "top": 0, "left": 0}
    results = [{**element, "attributes": [{"name": "a", "value": "b"}]}]
    browser(binding).on("scrape", [{"selector": "a", "results": results}])
    response = await binding.quick_action("scrape", url=URL, elements=[{"selector": "a"}])
    scraped = await response.json(BrowserRunScrapeSuccessResponse)
    assert scraped["result"][0]["results"][0]["width"] == 1.5
    browser(binding).on("snapshot", lambda _: {"content": "<p>", "screenshot": "AA=="})
    response = await binding.quick_action("snapshot", url=URL, formats=["content"])
    snapshot = await response.json(BrowserRunSnapshotSuccessResponse)
    assert snapshot["result"].get("content") == "<p>"
    response = await binding.quick_action("snapshot", url=URL)
    with pytest.raises(RowError):
        await response.json(BrowserRunLinksSuccessResponse)


async def test_response_as_an_answer_is_returned_each_time() -> None:
    binding = fake(Browser)
    browser(binding).on("json", Response.json({"success": False, "errors": []}, status=422))
    for _ in range(2):
        response = await binding.quick_action("json", url=URL, prompt="p")
        assert (response.status, (await response.json())["success"]) == (422, False)


async def test_scripts_are_answered_and_recorded() -> None:
    binding = fake(Browser)
    browser(binding).on("script", lambda options: options["code"].upper())
    body = await (await binding.script("x", timeout=5)).json(BrowserRunScriptSuccessResponse)
    assert body == {"success": True, "result": "X"}
    browser(binding).on("scriptInSession", [1])
    session = (await binding.acquire()).session_id
    answer = await binding.script_in_session(session, "y")
    assert (await answer.json())["result"] == [1]
    assert browser(binding).calls == [
        ("script", {"code": "x", "timeout": 5}),
        ("scriptInSession", {"code": "y"}),
    ]
    with pytest.raises(WorkersError, match="Session not found"):
        await binding.script_in_session("nothing", "y")


async def test_on_fetch_answers_fetch_and_web_sockets() -> None:
    binding = fake(Browser)
    with pytest.raises(WorkersError, match=r"browser\(binding\)\.on_fetch"):
        await binding.fetch("https://browser.example/")

    async def handler(request: Request) -> Response:
        return Response(f"{request.method} {request.url}")

    browser(binding).on_fetch(handler)
    answer = await binding.fetch("https://browser.example/", method="POST")
    assert await answer.text() == "POST https://browser.example/"
    browser(binding).on_fetch(lambda request: Response("socket"))
    connection = await binding.launch()
    answer = await connection.web_socket.fetch("https://browser.example/")
    assert await answer.text() == "socket"


async def test_browser_rejects_other_objects() -> None:
    not_a_fake: Any = SimpleNamespace(fetch=None)
    with pytest.raises(
        TypeError, match=r"^browser\(\): expected a Browser that fake\(\) made, got Simple"
    ):
        browser(Browser(not_a_fake))


async def test_unknown_action_raises() -> None:
    with pytest.raises(
        ValueError, match=r"^action: expected one of screenshot, pdf, .*, got 'linkz'$"
    ):
        browser(fake(Browser)).on("linkz", [])
