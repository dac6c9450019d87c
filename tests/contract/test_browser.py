"""``Browser``: quick actions, sessions and their pages; a stand-in answers in the real worlds."""

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

SCRIPTED = "the fake's answers are scripted: tests/fakes/test_browser.py"


async def _sent_options(response: Response) -> Any:
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

# Quick actions -----------------------------------------------------------------------------------


@not_in("fake", reason=SCRIPTED)
@cases(OWN)
async def test_quick_action_sends_options_in_camel_case(browser: Browser, case: Any) -> None:
    own, theirs = case
    action: Any = next(name for name, value in OWN.items() if value is case)
    response = await browser.quick_action(action, **OPTIONS, **own)
    assert response.ok
    assert await _sent_options(response) == {**JS_OPTIONS, **theirs}


async def test_quick_action_without_url_or_html_is_an_error_response(browser: Browser) -> None:
    response = await browser.quick_action("content", user_agent="me")
    assert response.status == 400
    body = await response.json(BrowserRunErrorResponse)
    assert body["errors"] == [{"message": "Provide url or html, one of the two", "code": 400}]


@cases(
    {
        "action": (
            {"action": "dance"},
            ConversionError,
            "action: expected one of screenshot, pdf, content, .*, got 'dance'$",
        ),
        "option": (
            {"action": "content", "selector": "a"},
            TypeError,
            r"quick_action\('content'\): unknown option 'selector'",
        ),
        "inner": (
            {"action": "content", "viewport": {"wide": 1}},
            ConversionError,
            "options.viewport: unknown key 'wide'; expected one of width, height",
        ),
        "in a list": (
            {"action": "scrape", "elements": [{"selector": "a"}, {"x": 1}]},
            ConversionError,
            r"options.elements\[1\]: unknown key 'x'",
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
async def test_invalid_action_or_option_raises(browser: Any, case: Any) -> None:
    options, error_type, message = case
    with raises(error_type, match=message):
        await browser.quick_action(options.pop("action"), url="https://example.com/", **options)


@not_in("fake", reason=SCRIPTED)
async def test_fetch_reaches_the_service(browser: Browser) -> None:
    answer = await browser.fetch("https://fake.host/v1/acquire?a=b", method="POST", body="x")
    assert await answer.text() == "POST https://fake.host/v1/acquire?a=b x"


@not_in("fake", reason=SCRIPTED)
async def test_scripts_in_new_and_open_sessions(browser: Browser) -> None:
    answer = await browser.script(
        "return 1", library="puppeteer", timeout=5, keep_alive=6, lab=True, recording=False
    )
    body = await answer.json(BrowserRunScriptSuccessResponse)
    options = {"library": "puppeteer", "timeout": 5, "keepAlive": 6, "lab": True}
    assert body["result"] == {"code": "return 1", **options, "recording": False}
    session = (await browser.acquire()).session_id
    answer = await browser.script_in_session(session, "x", target_id="t", library="playwright")
    request = (await answer.json())["result"]
    assert request == {"code": "x", "targetId": "t", "library": "playwright"}
    with raises(WorkersError, match="Session not found: nothing"):
        await browser.script_in_session("nothing", "x")


@not_in("fake", reason=SCRIPTED)
async def test_durations_may_be_timedeltas_and_become_the_numbers_of_the_service(
    browser: Browser,
) -> None:
    answer = await browser.script(
        "return 1", timeout=timedelta(seconds=1.5), keep_alive=timedelta(microseconds=1)
    )
    result = (await answer.json())["result"]
    assert (result["timeout"], result["keepAlive"]) == (1500, 1)
    response = await browser.quick_action(
        "pdf",
        url="https://example.com/",
        goto_options={"timeout": timedelta(minutes=1)},
        wait_for_selector={"selector": "a", "timeout": timedelta(seconds=2)},
        wait_for_timeout=timedelta(milliseconds=5),
        action_timeout=timedelta(seconds=3),
        pdf_options={"timeout": timedelta(seconds=4)},
        cache_ttl=timedelta(seconds=1.2),
    )
    options = await _sent_options(response)
    assert options["gotoOptions"] == {"timeout": 60_000}
    assert options["waitForSelector"]["timeout"] == 2000
    assert (options["waitForTimeout"], options["actionTimeout"]) == (5, 3000)
    assert options["pdfOptions"] == {"timeout": 4000}
    assert options["cacheTTL"] == 2


# Sessions ----------------------------------------------------------------------------------------


async def test_session_is_acquired_listed_and_closed(browser: Browser) -> None:
    before = datetime.now(timezone.utc) - timedelta(minutes=5)
    acquired = await browser.acquire(keep_alive=60_000, recording=True, location="de")
    assert acquired.targets is None
    session = await browser.get_session(acquired.session_id)
    assert session
    assert (session.session_id, session.end_time, session.connection_id) == (
        acquired.session_id,
        None,
        None,
    )
    assert session.start_time
    assert session.start_time > before
    assert session.start_time.tzinfo is timezone.utc
    assert session in await browser.list_sessions()
    assert acquired.session_id in [active.id for active in (await browser.limits()).active_sessions]

    assert (await browser.close_session(acquired.session_id)).status == "closed"
    ended = await browser.get_session(acquired.session_id)
    assert ended
    assert (ended.close_reason, ended.close_reason_text) == (1, "NormalClosure")
    assert ended.end_time
    assert ended.end_time >= session.start_time
    listed = await browser.list_sessions()
    assert acquired.session_id not in [entry.session_id for entry in listed]
    assert (await browser.history(limit=1)) == [ended]
    with raises(WorkersError, match="^Session not found: ") as caught:
        await browser.close_session(acquired.session_id)
    assert caught.value.js_name == "Error"


async def test_missing_session_is_none(browser: Browser) -> None:
    assert await browser.get_session("nothing") is None


async def test_sessions_and_history_are_paginated(browser: Browser) -> None:
    first, second = await browser.acquire(), await browser.acquire()
    newest = await browser.history(limit=2)
    assert [session.session_id for session in newest] == [second.session_id, first.session_id]
    assert await browser.history(limit=1, offset=1) == newest[1:]
    count = len(await browser.list_sessions())
    assert len(await browser.list_sessions(offset=1)) == count - 1


async def test_limits_count_active_sessions(browser: Browser) -> None:
    limits = await browser.limits()
    assert limits.max_concurrent_sessions == 10
    assert limits.allowed_browser_acquisitions == 10 - len(limits.active_sessions)
    assert limits.time_until_next_allowed_browser_acquisition == 0
    assert limits.used_browser_time_seconds is None


async def test_launch_and_connect_session(browser: Browser) -> None:
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


@not_in("fake", reason=SCRIPTED)
async def test_connection_web_socket_fetches_from_the_service(browser: Browser) -> None:
    connection = await browser.launch()
    answer = await connection.web_socket.fetch("https://browser.example/", headers={"a": "b"})
    assert await answer.text() == "GET https://browser.example/ "


@not_in("fake", reason="only the stand-in returns the options that it received")
async def test_acquire_sends_options_in_camel_case(browser: Browser, world: World) -> None:
    service = (await browser.launch()).web_socket
    session = await browser.acquire(
        keep_alive=1,
        outbound_by_host={"a_b.example": service},
        guardrails={"allowed_domains": ["a.example"], "allowed_domain_sets": ["x"]},
        targets=True,
    )
    assert browser.js_object.told(session.session_id).to_py() == {
        "keepAlive": 1,
        "outboundByHost": {"a_b.example": "fetcher"},
        "guardrails": {"allowedDomains": ["a.example"], "allowedDomainSets": ["x"]},
        "targets": True,
    }


async def test_unknown_guardrails_raise(browser: Any) -> None:
    with raises(ConversionError, match="guardrails: unknown key 'domains'"):
        await browser.acquire(guardrails={"domains": []})
    with raises(ConversionError, match="guardrails: unknown key 'domains'"):
        await browser.get_live_view("x", guardrails={"domains": []})


async def test_live_view_of_a_session_and_of_a_page(browser: Browser) -> None:
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


# Pages -------------------------------------------------------------------------------------------


async def test_targets_are_opened_activated_and_closed(browser: Browser) -> None:
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


async def test_version_and_protocol_of_a_browser(browser: Browser) -> None:
    session = (await browser.acquire()).session_id
    version = await browser.devtools.get_version(session)
    assert version[:5] == ("Chrome/140.0.0.0", "1.3", "Mozilla/5.0 (fake)", "14.0", "537.36")
    assert version.webkit_version == "537.36"
    assert version.web_socket_debugger_url.startswith("wss://")
    protocol = await browser.devtools.get_protocol(session)
    assert protocol == {"domains": [{"domain": "Page"}], "version": {"major": "1", "minor": "3"}}


async def test_wrong_binding_type_is_rejected(env: Any) -> None:
    with raises(BindingError, match="^Browser: expected the Browser binding, got .* without fetch"):
        Browser(env.KV)
    with raises(BindingError, match="got None"):
        Browser(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
