"""``Browser``: quick actions, sessions and their pages. In the real worlds a stand-in answers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from pyworkers_sdk import BindingError, Browser, ConversionError, Fetcher, Response, WorkersError
from pyworkers_sdk.browser.quick_actions import (
    BrowserRunErrorResponse,
    BrowserRunJsonSuccessResponse,
    BrowserRunScriptSuccessResponse,
)

from .kit import World, cases, not_in, raises

TOLD = "the fake's answers are scripted: tests/fakes/test_browser.py"


async def _told(response: Response) -> Any:
    if response.headers["content-type"] == "image/png":
        return (await response.json())["options"]
    return (await response.json(BrowserRunJsonSuccessResponse))["result"]["options"]


OPTIONS: dict[str, Any] = {
    "url": "https://example.com/",
    "add_script_tag": [{"content": "x"}, {"url": "u", "type": "module"}],
    "add_style_tag": [{"content": "y"}],
    "authenticate": {"username": "u", "password": "p"},
    "cookies": [{"name": "a", "value": "b", "http_only": True, "same_site": "Lax"}],
    "emulate_media_type": "print",
    "goto_options": {"wait_until": ["load", "networkidle0"], "timeout": 5, "referrer_policy": "a"},
    "reject_request_pattern": ["/a/"],
    "allow_request_pattern": ["/b/"],
    "reject_resource_types": ["image"],
    "allow_resource_types": ["script"],
    "set_extra_http_headers": {"x-a_b": "c", "X-D": "e"},
    "set_java_script_enabled": False,
    "user_agent": "me",
    "viewport": {"width": 10, "height": 20, "device_scale_factor": 1.5, "has_touch": True},
    "wait_for_selector": {"selector": "#a", "visible": True},
    "wait_for_timeout": 5,
    "best_attempt": True,
    "action_timeout": 6,
    "cache_ttl": 7,
    "browser": "kitesurf",
}
JS_OPTIONS: dict[str, Any] = {
    "url": "https://example.com/",
    "addScriptTag": [{"content": "x"}, {"url": "u", "type": "module"}],
    "addStyleTag": [{"content": "y"}],
    "authenticate": {"username": "u", "password": "p"},
    "cookies": [{"name": "a", "value": "b", "httpOnly": True, "sameSite": "Lax"}],
    "emulateMediaType": "print",
    "gotoOptions": {"waitUntil": ["load", "networkidle0"], "timeout": 5, "referrerPolicy": "a"},
    "rejectRequestPattern": ["/a/"],
    "allowRequestPattern": ["/b/"],
    "rejectResourceTypes": ["image"],
    "allowResourceTypes": ["script"],
    "setExtraHTTPHeaders": {"x-a_b": "c", "X-D": "e"},
    "setJavaScriptEnabled": False,
    "userAgent": "me",
    "viewport": {"width": 10, "height": 20, "deviceScaleFactor": 1.5, "hasTouch": True},
    "waitForSelector": {"selector": "#a", "visible": True},
    "waitForTimeout": 5,
    "bestAttempt": True,
    "actionTimeout": 6,
    "cacheTTL": 7,
    "browser": "kitesurf",
}
SCHEMA = {"type": "json_schema", "json_schema": {"type": "object", "snake_case": {"a_b": 1}}}
OWN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "content": ({}, {}),
    "markdown": ({}, {}),
    "screenshot": (
        {
            "selector": "#a",
            "scroll_page": True,
            "screenshot_options": {
                "full_page": True,
                "omit_background": False,
                "clip": {"x": 0.5, "y": 1, "width": 2, "height": 3},
            },
        },
        {
            "selector": "#a",
            "scrollPage": True,
            "screenshotOptions": {
                "fullPage": True,
                "omitBackground": False,
                "clip": {"x": 0.5, "y": 1, "width": 2, "height": 3},
            },
        },
    ),
    "pdf": (
        {"pdf_options": {"prefer_css_page_size": True, "margin": {"top": "1cm", "left": 2}}},
        {"pdfOptions": {"preferCSSPageSize": True, "margin": {"top": "1cm", "left": 2}}},
    ),
    "scrape": ({"elements": [{"selector": "a"}]}, {"elements": [{"selector": "a"}]}),
    "links": (
        {"visible_links_only": True, "exclude_external_links": False},
        {"visibleLinksOnly": True, "excludeExternalLinks": False},
    ),
    "snapshot": (
        {"formats": ["content"], "screenshot_options": {"quality": 5}},
        {"formats": ["content"], "screenshotOptions": {"quality": 5}},
    ),
    "json": (
        {"prompt": "p", "response_format": SCHEMA, "custom_ai": [{"model": "m"}]},
        {"prompt": "p", "response_format": SCHEMA, "custom_ai": [{"model": "m"}]},
    ),
    "accessibilityTree": (
        {"interesting_only": False, "root": "#a"},
        {"interestingOnly": False, "root": "#a"},
    ),
}


@not_in("fake", reason=TOLD)
@cases(OWN)
async def test_what_a_quick_action_is_told(browser: Browser, case: Any) -> None:
    own, theirs = case
    action: Any = next(name for name, value in OWN.items() if value is case)
    response = await browser.quick_action(action, **OPTIONS, **own)
    assert response.ok
    assert await _told(response) == {**JS_OPTIONS, **theirs}


async def test_neither_url_nor_html(browser: Browser) -> None:
    response = await browser.quick_action("content", user_agent="me")
    assert response.status == 400
    body = await response.json(BrowserRunErrorResponse)
    assert body["errors"] == [{"message": "Provide url or html, one of the two", "code": 400}]


@cases(
    {
        "action": (
            {"action": "dance"},
            ConversionError,
            "action: no 'dance'; there are screenshot, pdf, content",
        ),
        "option": (
            {"action": "content", "selector": "a"},
            TypeError,
            r"quick_action\('content'\) has no option 'selector'",
        ),
        "inner": (
            {"action": "content", "viewport": {"wide": 1}},
            ConversionError,
            "options.viewport: no 'wide'; there are width, height",
        ),
        "in a list": (
            {"action": "scrape", "elements": [{"selector": "a"}, {"x": 1}]},
            ConversionError,
            r"options.elements\[1\]: no 'x'",
        ),
        "no dict": (
            {"action": "pdf", "pdf_options": {"margin": 5}},
            ConversionError,
            "options.pdf_options.margin: expected a dict, got int",
        ),
        "value": (
            {"action": "content", "user_agent": b"x"},
            ConversionError,
            r"options.userAgent: bytes are not JSON",
        ),
    }
)
async def test_what_cannot_be_told(browser: Any, case: Any) -> None:
    options, kind, words = case
    with raises(kind, match=words):
        await browser.quick_action(options.pop("action"), url="https://example.com/", **options)


@not_in("fake", reason=TOLD)
async def test_fetch(browser: Browser) -> None:
    answer = await browser.fetch("https://fake.host/v1/acquire?a=b", method="POST", body="x")
    assert await answer.text() == "POST https://fake.host/v1/acquire?a=b x"


@not_in("fake", reason=TOLD)
async def test_scripts(browser: Browser) -> None:
    answer = await browser.script(
        "return 1", library="puppeteer", timeout=5, keep_alive=6, lab=True, recording=False
    )
    body = await answer.json(BrowserRunScriptSuccessResponse)
    given = {"library": "puppeteer", "timeout": 5, "keepAlive": 6, "lab": True}
    assert body["result"] == {"code": "return 1", **given, "recording": False}
    session = (await browser.acquire()).session_id
    answer = await browser.script_in_session(session, "x", target_id="t", library="playwright")
    told = (await answer.json())["result"]
    assert told == {"code": "x", "targetId": "t", "library": "playwright"}
    with raises(WorkersError, match="Session not found: nothing"):
        await browser.script_in_session("nothing", "x")


# Sessions


async def test_a_session(browser: Browser) -> None:
    before = datetime.now(timezone.utc) - timedelta(minutes=5)
    found = await browser.acquire(keep_alive=60_000, recording=True, location="de")
    assert found.targets is None
    session = await browser.get_session(found.session_id)
    assert session
    assert (session.session_id, session.end_time, session.connection_id) == (
        found.session_id,
        None,
        None,
    )
    assert session.start_time
    assert session.start_time > before
    assert session.start_time.tzinfo is timezone.utc
    assert session in await browser.list_sessions()
    assert found.session_id in [each.id for each in (await browser.limits()).active_sessions]

    assert (await browser.close_session(found.session_id)).status == "closed"
    ended = await browser.get_session(found.session_id)
    assert ended
    assert (ended.close_reason, ended.close_reason_text) == (1, "NormalClosure")
    assert ended.end_time
    assert ended.end_time >= session.start_time
    listed = await browser.list_sessions()
    assert found.session_id not in [each.session_id for each in listed]
    assert (await browser.history(limit=1)) == [ended]
    with raises(WorkersError, match="^Session not found: ") as caught:
        await browser.close_session(found.session_id)
    assert caught.value.js_name == "Error"


async def test_no_session(browser: Browser) -> None:
    assert await browser.get_session("nothing") is None


async def test_pages_of_sessions(browser: Browser) -> None:
    first, second = await browser.acquire(), await browser.acquire()
    newest = await browser.history(limit=2)
    assert [each.session_id for each in newest] == [second.session_id, first.session_id]
    assert await browser.history(limit=1, offset=1) == newest[1:]
    count = len(await browser.list_sessions())
    assert len(await browser.list_sessions(offset=1)) == count - 1


async def test_limits(browser: Browser) -> None:
    limits = await browser.limits()
    assert limits.max_concurrent_sessions == 10
    assert limits.allowed_browser_acquisitions == 10 - len(limits.active_sessions)
    assert limits.time_until_next_allowed_browser_acquisition == 0
    assert limits.used_browser_time_seconds is None


async def test_launch(browser: Browser) -> None:
    connection = await browser.launch(targets=True, live_view_url_expires_in_ms=1000)
    assert isinstance(connection.web_socket, Fetcher)
    assert connection.targets
    (target,) = connection.targets
    assert (target.type, target.url, target.title, target.description) == (
        "page",
        "about:blank",
        "",
        None,
    )
    assert target.web_socket_debugger_url
    assert target.web_socket_debugger_url.startswith("wss://")
    session = await browser.get_session(connection.session_id)
    assert session
    assert session.connection_id
    assert session.connection_start_time
    again = await browser.connect_session(connection.session_id, target_id=target.id)
    assert (again.session_id, again.targets) == (connection.session_id, None)


@not_in("fake", reason=TOLD)
async def test_a_connection_is_fetched(browser: Browser) -> None:
    connection = await browser.launch()
    answer = await connection.web_socket.fetch("https://browser.example/", headers={"a": "b"})
    assert await answer.text() == "GET https://browser.example/ "


@not_in("fake", reason="it is the stand-in that repeats")
async def test_what_acquire_is_told(browser: Browser, world: World) -> None:
    service = (await browser.launch()).web_socket
    found = await browser.acquire(
        keep_alive=1,
        outbound_by_host={"a_b.example": service},
        guardrails={"allowed_domains": ["a.example"], "allowed_domain_sets": ["x"]},
        targets=True,
    )
    assert browser.js_object.told(found.session_id).to_py() == {
        "keepAlive": 1,
        "outboundByHost": {"a_b.example": "fetcher"},
        "guardrails": {"allowedDomains": ["a.example"], "allowedDomainSets": ["x"]},
        "targets": True,
    }


async def test_guardrails_that_there_are_not(browser: Any) -> None:
    with raises(ConversionError, match="guardrails: no 'domains'"):
        await browser.acquire(guardrails={"domains": []})
    with raises(ConversionError, match="guardrails: no 'domains'"):
        await browser.get_live_view("x", guardrails={"domains": []})


async def test_live_view(browser: Browser) -> None:
    session = (await browser.acquire()).session_id
    (target,) = await browser.devtools.list_targets(session)
    view = await browser.get_live_view(session)
    assert view.id == target.id
    assert view.options == {"mode": "devtools", "guardrails": None}
    assert view.web_socket_debugger_url.endswith(target.id)
    assert view.devtools_frontend_url.endswith(target.id)
    view = await browser.get_live_view(
        session, mode="tab", target_id="t", expires_in_ms=5, guardrails={"mode": "readonly"}
    )
    assert (view.id, view.options) == ("t", {"mode": "tab", "guardrails": {"mode": "readonly"}})


# The pages in them


async def test_targets(browser: Browser) -> None:
    session = (await browser.acquire()).session_id
    devtools = browser.devtools
    (first,) = await devtools.list_targets(session, live_view_url_expires_in_ms=5)
    second = await devtools.new_target(session, "https://example.com/")
    third = await devtools.new_target(session, live_view_url_expires_in_ms=5)
    assert (second.url, third.url) == ("https://example.com/", "about:blank")
    assert await devtools.list_targets(session) == [first, second, third]
    assert await devtools.get_target(session, second.id) == second
    assert (await devtools.activate_target(session, third.id)).message == "Target activated"
    assert (await devtools.close_target(session, second.id)).message == "Target is closing"
    assert await devtools.list_targets(session) == [first, third]
    with raises(WorkersError, match=f"^Target not found: {second.id}$"):
        await devtools.get_target(session, second.id)


async def test_versions(browser: Browser) -> None:
    session = (await browser.acquire()).session_id
    version = await browser.devtools.get_version(session)
    assert version[:5] == ("Chrome/140.0.0.0", "1.3", "Mozilla/5.0 (fake)", "14.0", "537.36")
    assert version.webkit_version == "537.36"
    assert version.web_socket_debugger_url.startswith("wss://")
    protocol = await browser.devtools.get_protocol(session)
    assert protocol == {"domains": [{"domain": "Page"}], "version": {"major": "1", "minor": "3"}}


async def test_another_binding_is_refused(env: Any) -> None:
    with raises(BindingError, match="Browser needs a Browser binding, and this .* has no fetch"):
        Browser(env.KV)
    with raises(BindingError, match="got None"):
        Browser(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
