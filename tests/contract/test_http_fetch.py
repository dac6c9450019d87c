"""``fetch`` to the outside world: a server of the harness, or a route of a fake runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

from pyworkers_sdk import (
    AbortController,
    AbortError,
    AbortSignal,
    AbortTimeoutError,
    Blob,
    ConversionError,
    FormData,
    Headers,
    Request,
    Response,
    WorkersError,
    fetch,
)

from .kit import cases, not_in, raises

UNDICI = "Node's own fetch has other words and rules here; workerd's are the ones that count"
DUPLEX = "Node's own fetch wants its duplex option for a stream"

# For arguments that a type checker would refuse.
any_fetch: Any = fetch


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def echoed(response: Response) -> Any:
    assert response.status == 200
    return await response.json()


# Requests and responses --------------------------------------------------------------------------


async def test_fetch_returns_the_response(outside: str) -> None:
    response = await fetch(f"{outside}/a b?q=é")
    assert isinstance(response, Response)
    assert (response.status, response.ok) == (200, True)
    assert response.url == f"{outside}/a%20b?q=%C3%A9"
    assert response.redirected is False
    assert response.headers["content-type"] == "application/json"
    assert await response.json() == {
        "method": "GET",
        "url": f"{outside}/a%20b?q=%C3%A9",
        "headers": {},
        "body": "",
    }


@not_in("node", reason=UNDICI)
async def test_fetched_response_type_and_cf(outside: str) -> None:
    response = await fetch(f"{outside}/")
    assert (response.type, response.cf, response.body_used) == ("default", None, False)


@not_in("node", reason=UNDICI)
async def test_url_fragment_is_not_sent(outside: str) -> None:
    response = await fetch(f"{outside}/#part")
    assert response.url == f"{outside}/"


async def test_fetch_sends_method_headers_and_body(outside: str) -> None:
    response = await fetch(
        f"{outside}/", method="put", headers={"X-A": "1", "x-b": "2"}, body="text é"
    )
    echo = await echoed(response)
    assert (echo["method"], echo["body"]) == ("PUT", "text é")
    assert echo["headers"] == {
        "content-type": "text/plain;charset=UTF-8",
        "x-a": "1",
        "x-b": "2",
    }
    headers = Headers({"x-c": "3"})
    echo = await echoed(await fetch(f"{outside}/", headers=headers))
    assert echo["headers"] == {"x-c": "3"}


async def test_fetch_accepts_a_request(outside: str) -> None:
    request = Request(f"{outside}/", method="POST", body="x", headers={"a": "1"})
    echo = await echoed(await fetch(request))
    assert (echo["method"], echo["body"], echo["headers"]["a"]) == ("POST", "x", "1")
    assert request.body_used


async def test_fetch_accepts_a_request_with_changes(outside: str) -> None:
    request = Request(f"{outside}/", method="POST", headers={"a": "1"}, body="x")
    echo = await echoed(await fetch(request, method="PUT", headers={"b": "2"}))
    assert (echo["method"], echo["body"], echo["headers"]) == ("PUT", "x", {"b": "2"})


async def test_fetch_of_a_used_request_raises(outside: str) -> None:
    request = Request(f"{outside}/", method="POST", body="x")
    await request.text()
    with raises(WorkersError) as caught:
        await fetch(request)
    assert caught.value.js_name == "TypeError"


@not_in("node", reason=UNDICI)
async def test_used_request_error_message(outside: str) -> None:
    request = Request(f"{outside}/", method="POST", body="x")
    await (await fetch(request)).text()
    with raises(WorkersError, match=r"^Cannot reconstruct a Request with a used body\.$"):
        await fetch(request)


async def test_bytes_and_blob_bodies_are_sent(outside: str) -> None:
    for body in (b"abc", bytearray(b"abc"), Blob(["a", b"bc"])):
        echo = await echoed(await fetch(f"{outside}/", method="POST", body=body))
        assert echo["body"] == "abc"
        assert "content-type" not in echo["headers"]
    typed = Blob(["abc"], type="a/b")
    echo = await echoed(await fetch(f"{outside}/", method="POST", body=typed))
    assert echo["headers"] == {"content-type": "a/b"}


async def test_form_body_is_sent_as_multipart(outside: str) -> None:
    echo = await echoed(await fetch(f"{outside}/", method="POST", body=FormData({"a": "1 é"})))
    content_type = echo["headers"]["content-type"]
    assert content_type.startswith("multipart/form-data; boundary=")
    form = await Response(echo["body"], headers={"content-type": content_type}).form_data()
    assert form.items() == [("a", "1 é")]


@not_in("node", reason=DUPLEX)
async def test_stream_body_is_sent(outside: str) -> None:
    response = await fetch(f"{outside}/", method="POST", body=chunks(b"one ", b"two"))
    assert (await echoed(response))["body"] == "one two"
    through = Response("through").body
    response = await fetch(f"{outside}/", method="POST", body=through)
    assert (await echoed(response))["body"] == "through"


async def test_error_status_does_not_raise(outside: str) -> None:
    for status in (201, 404, 500):
        response = await fetch(f"{outside}/status/{status}")
        assert (response.status, response.ok) == (status, status < 300)
        assert await response.text() == "so"


async def test_fetched_status_text_is_kept(outside: str) -> None:
    assert (await fetch(f"{outside}/status/404")).status_text == "As Asked"


async def test_head_response_has_no_body(outside: str) -> None:
    response = await fetch(f"{outside}/", method="HEAD")
    assert (response.status, await response.text()) == (200, "")
    assert response.body is None


async def test_set_cookie_headers_are_not_joined(outside: str) -> None:
    response = await fetch(f"{outside}/cookies")
    assert response.headers.get_set_cookie() == ["a=1", "b=2"]


async def test_fetched_headers_are_immutable(outside: str) -> None:
    response = await fetch(f"{outside}/")
    for message in (response, response.clone()):
        with raises(WorkersError, match="immutable") as caught:
            message.headers["a"] = "b"
        assert caught.value.js_name == "TypeError"
    copy = Response(response.body, headers=response.headers)
    copy.headers["a"] = "b"
    assert copy.headers["a"] == "b"


async def test_fetched_body_streams(outside: str) -> None:
    response = await fetch(f"{outside}/drip")
    assert response.body is not None
    pieces = [piece async for piece in response.body]
    assert b"".join(pieces) == b"drip " * 4
    assert len(pieces) > 1


async def test_fetched_body_passes_to_another_response(outside: str) -> None:
    response = await fetch(f"{outside}/drip")
    assert await Response(response.body, status=201).text() == "drip " * 4


async def test_concurrent_fetches_get_their_own_responses(outside: str) -> None:
    responses = await asyncio.gather(*(fetch(f"{outside}/{n}") for n in range(5)))
    assert [(await echoed(echoing))["url"] for echoing in responses] == [
        f"{outside}/{n}" for n in range(5)
    ]


@cases(["", "/path", "nope", "http://"])
async def test_fetch_of_an_invalid_url_raises(case: str, outside: str) -> None:
    with raises(WorkersError) as caught:
        await fetch(case)
    assert caught.value.js_name == "TypeError"


@not_in("node", reason=UNDICI)
@cases(["ftp://a/b", "file:///etc/passwd", "x:y"])
async def test_fetch_of_another_scheme_raises(case: str, outside: str) -> None:
    with raises(WorkersError, match=f"^Fetch API cannot load: {case}$") as caught:
        await fetch(case)
    assert caught.value.js_name == "TypeError"


@cases(
    {
        "url": (lambda url: any_fetch(1), "url: expected str, got int"),
        "none": (lambda url: any_fetch(None), "url: expected str, got None"),
        "method": (lambda url: any_fetch(url, method=1), "method: expected str, got int"),
        "headers": (lambda url: any_fetch(url, headers=1), "headers: expected a mapping"),
        "body": (lambda url: any_fetch(url, method="POST", body={}), "got dict; make JSON of it"),
        "cf": (lambda url: any_fetch(url, cf={"a": object()}), r"cf\.a: an object cannot cross"),
    }
)
async def test_arguments_of_wrong_type_raise_conversion_error(case: Any, outside: str) -> None:
    attempt, words = case
    with raises(ConversionError, match=words):
        await attempt(f"{outside}/")


async def test_get_with_a_body_raises(outside: str) -> None:
    with raises(WorkersError, match=r"GET.HEAD|GET or HEAD"):
        await fetch(f"{outside}/", body="x")


async def test_unknown_option_raises_type_error(outside: str) -> None:
    with raises(TypeError, match="timeout"):
        await any_fetch(f"{outside}/", timeout=5)


# Redirects ---------------------------------------------------------------------------------------


@cases([301, 302, 303, 307, 308])
async def test_redirects_are_followed(case: int, outside: str) -> None:
    response = await fetch(f"{outside}/redirect/{case}?to=/there", headers={"a": "1"})
    echo = await echoed(response)
    assert response.redirected is True
    assert response.url == echo["url"] == f"{outside}/there"
    assert (echo["method"], echo["headers"]) == ("GET", {"a": "1"})


@cases(
    {
        "301": (301, "GET", ""),
        "302": (302, "GET", ""),
        "303": (303, "GET", ""),
        "307": (307, "POST", "text"),
        "308": (308, "POST", "text"),
    }
)
async def test_redirect_of_post_keeps_body_only_for_307_and_308(
    case: tuple[int, str, str], outside: str
) -> None:
    status, method, body = case
    url = f"{outside}/redirect/{status}?to=/"
    echo = await echoed(await fetch(url, method="POST", body="text"))
    assert (echo["method"], echo["body"]) == (method, body)
    request = Request(url, method="POST", body="text")
    echo = await echoed(await fetch(request.clone()))
    assert (echo["method"], echo["body"]) == (method, body)


async def test_redirect_of_put_and_head_keeps_the_method_unless_303(outside: str) -> None:
    echo = await echoed(await fetch(f"{outside}/redirect/302?to=/", method="PUT", body="text"))
    assert (echo["method"], echo["body"]) == ("PUT", "text")
    echo = await echoed(await fetch(f"{outside}/redirect/303?to=/", method="PUT", body="text"))
    assert (echo["method"], echo["body"]) == ("GET", "")
    head = await fetch(f"{outside}/redirect/303?to=/", method="HEAD")
    assert (head.redirected, await head.text()) == (True, "")


@not_in("node", reason=UNDICI)
async def test_authorization_is_not_sent_to_another_host_on_redirect(outside: str) -> None:
    headers = {"authorization": "secret", "cookie": "a=1", "content-type": "a/b"}
    url = f"{outside}/redirect/302?to="
    echo = await echoed(await fetch(f"{url}/", method="POST", headers=headers, body="x"))
    assert echo["headers"] == headers
    echo = await echoed(await fetch(f"{url}https://outside.example:8443/", headers=headers))
    assert echo["headers"] == {"cookie": "a=1", "content-type": "a/b"}


@not_in("node", reason=UNDICI)
async def test_redirect_of_a_stream_body_raises_unless_303(outside: str) -> None:
    url = f"{outside}/redirect/"
    response = await fetch(f"{url}303?to=/", method="PUT", body=chunks(b"x"))
    assert (await echoed(response))["body"] == ""
    with raises(WorkersError, match="^A request with a one-time-use body ") as caught:
        await fetch(f"{url}307?to=/", method="PUT", body=chunks(b"x"))
    assert caught.value.js_name == "TypeError"


async def test_manual_redirect_returns_the_redirect_response(outside: str) -> None:
    for send in (
        fetch(f"{outside}/redirect/302?to=/there", redirect="manual"),
        fetch(Request(f"{outside}/redirect/302?to=/there", redirect="manual")),
    ):
        response = await send
        assert (response.status, response.redirected) == (302, False)
        assert response.headers["location"] == "/there"
        assert response.url == f"{outside}/redirect/302?to=/there"
        assert await response.text() == "moved"


async def test_relative_redirects_are_resolved(outside: str) -> None:
    response = await fetch(f"{outside}/redirect/302?to=../../x%3Fy")
    assert response.url == f"{outside}/x?y"


async def test_redirect_without_location_is_returned(outside: str) -> None:
    response = await fetch(f"{outside}/redirect/302")
    assert (response.status, response.redirected) == (302, False)
    assert await response.text() == "moved"
    for status in (300, 304):
        response = await fetch(f"{outside}/redirect/{status}?to=/")
        assert (response.status, response.redirected) == (status, False)


async def test_redirect_to_an_invalid_url_raises(outside: str) -> None:
    with raises(WorkersError) as caught:
        await fetch(f"{outside}/redirect/302?to=http://")
    assert caught.value.js_name == "TypeError"


@not_in("node", reason=UNDICI)
async def test_redirect_error_messages(outside: str) -> None:
    with raises(WorkersError, match=r"^Invalid Location header; unable to follow redirect\.$"):
        await fetch(f"{outside}/redirect/302?to=http://")
    with raises(WorkersError, match=r"^Fetch API cannot load: ftp://x/$"):
        await fetch(f"{outside}/redirect/302?to=ftp://x/")


async def test_endless_redirects_raise(outside: str) -> None:
    loop = f"{outside}/redirect/302"
    for _ in range(22):
        loop = f"{outside}/redirect/302?to={loop.replace('%', '%25').replace('?', '%3F')}"
    with raises(WorkersError) as caught:
        await fetch(loop)
    assert caught.value.js_name == "TypeError"


@not_in("node", reason=UNDICI)
async def test_at_most_twenty_redirects_are_followed(outside: str) -> None:
    def chain(length: int) -> str:
        url = f"{outside}/"
        for _ in range(length):
            url = f"{outside}/redirect/302?to={url.replace('%', '%25').replace('?', '%3F')}"
        return url

    assert (await fetch(chain(20))).status == 200
    with raises(WorkersError, match=r"^Too many redirects\."):
        await fetch(chain(21))


# Signals -----------------------------------------------------------------------------------------


async def test_fetch_with_an_aborted_signal_raises(outside: str) -> None:
    request = Request(f"{outside}/", method="POST", body="x")
    with raises(AbortError) as caught:
        await fetch(request, signal=AbortSignal.abort())
    assert caught.value.js_name == "AbortError"
    with raises(AbortError, match="^because$"):
        await fetch(f"{outside}/", signal=AbortSignal.abort("because"))


async def test_fetch_with_a_timeout_signal_raises_timeout_error(outside: str) -> None:
    with raises(AbortTimeoutError) as caught:
        await fetch(f"{outside}/slow", signal=AbortSignal.timeout(50))
    assert caught.value.js_name == "TimeoutError"
    assert isinstance(caught.value, TimeoutError)


async def test_abort_during_fetch_raises(outside: str) -> None:
    controller = AbortController()
    asyncio.get_running_loop().call_later(0.05, controller.abort, "enough")
    with raises(AbortError, match="^enough$"):
        await fetch(Request(f"{outside}/slow", signal=controller.signal))


async def test_abort_breaks_a_body_read(outside: str) -> None:
    controller = AbortController()
    response = await fetch(f"{outside}/held", signal=controller.signal)
    asyncio.get_running_loop().call_later(0.2, controller.abort, "enough")
    with raises(AbortError, match="^enough$"):
        await response.text()


async def test_abort_breaks_a_body_stream(outside: str) -> None:
    controller = AbortController()
    response = await fetch(f"{outside}/held", signal=controller.signal)
    assert response.body is not None
    pieces: list[bytes] = []
    with raises(AbortError, match="^enough$"):
        async for piece in response.body:
            pieces.append(piece)
            controller.abort("enough")
    assert pieces == [b"one "]


async def test_signal_without_abort_has_no_effect(outside: str) -> None:
    signal = AbortController().signal
    response = await fetch(f"{outside}/drip", signal=signal)
    assert await response.text() == "drip " * 4
    assert (await fetch(f"{outside}/", signal=AbortSignal.timeout(60_000))).status == 200


async def test_asyncio_timeout_cancels_the_fetch(outside: str) -> None:
    with raises(TimeoutError) as caught:
        async with asyncio.timeout(0.05):
            await fetch(f"{outside}/slow")
    assert not isinstance(caught.value, WorkersError)
    assert (await fetch(f"{outside}/")).status == 200


# Options for the cache ---------------------------------------------------------------------------


@not_in("node", reason="Node's Request has other cache modes")
async def test_cache_mode_sets_request_headers(outside: str) -> None:
    modes: list[Literal["no-store", "no-cache"]] = ["no-store", "no-cache"]
    for mode in modes:
        echo = await echoed(await fetch(f"{outside}/", cache=mode))
        assert echo["headers"] == {"cache-control": "no-cache", "pragma": "no-cache"}
    reload: Any = "reload"
    with raises(WorkersError, match="^Unsupported cache mode: reload$"):
        await fetch(f"{outside}/", cache=reload)


async def test_cf_options_are_accepted(outside: str) -> None:
    response = await fetch(f"{outside}/", cf={"cacheTtl": 5, "cacheEverything": True})
    assert response.status == 200


# data: URLs --------------------------------------------------------------------------------------

PLAIN = "text/plain;charset=US-ASCII"
DATA_URLS = {
    "data:,Hello%2C%20World": (PLAIN, b"Hello, World"),
    "data:,": (PLAIN, b""),
    "DATA:,x": (PLAIN, b"x"),
    "data:,a?b=c": (PLAIN, b"a?b=c"),
    "data:,a#b": (PLAIN, b"a"),
    "data:,a,b": (PLAIN, b"a,b"),
    "data:,%zz%ff": (PLAIN, b"%zz\xff"),
    "data:,\u00e9": (PLAIN, b"\xc3\xa9"),
    "data:text/html;charset=utf-8,%3Cp%3E": ("text/html;charset=utf-8", b"<p>"),
    "data:TEXT/HTML;CharSet=UTF-8,x": ("text/html;charset=UTF-8", b"x"),
    "data:;charset=utf-8,x": ("text/plain;charset=utf-8", b"x"),
    'data: text/plain;a="b" ,  x y ': ("text/plain;a=b", b"  x y"),
    'data:text/plain;a="b c";a=d;e,x': ('text/plain;a="b c"', b"x"),
    "data:bad mime,x": (PLAIN, b"x"),
    "data:text,x": (PLAIN, b"x"),
    'data:application/json,{"a": 1}': ("application/json", b'{"a": 1}'),
    "data:text/plain;base64,SGVsbG8=": ("text/plain", b"Hello"),
    "data:text/plain ; base64 ,SGk": ("text/plain", b"Hi"),
    "data:text/plain;BASE64,SGk": ("text/plain", b"Hi"),
    "data:text/plain;base64;x=1,SGk=": ("text/plain;x=1", b"SGk="),
    "data:image/png;base64,iVBO%52w0K": ("image/png", b"\x89PNG\r\n"),
    "data:base64,SGk": (PLAIN, b"SGk"),
    "data:;base64,": (PLAIN, b""),
    "data:;base64,SG%20k=": (PLAIN, b"Hi"),
}


@cases([(url, *content) for url, content in DATA_URLS.items()])
async def test_fetch_of_a_data_url_returns_its_content(
    case: tuple[str, str, bytes], outside: str
) -> None:
    url, content_type, body = case
    response = await fetch(url)
    headers = dict(response.headers.items())
    assert (response.status, response.redirected) == (200, False)
    assert (headers, await response.bytes()) == ({"content-type": content_type}, body)


@not_in("node", reason=UNDICI)
async def test_fetch_of_a_data_url_has_no_url(outside: str) -> None:
    response = await fetch("data:,x")
    assert response.url == ""


@not_in("node", reason=UNDICI)
@cases(
    [
        ("!!", b""),
        ("SG!k", b"Hi"),
        ("S", b""),
        ("-_", b""),
        ("SG=k", b"Hi"),
        ("SGk=SGk", b"Hi\x12\x1a"),
    ]
)
async def test_fetch_of_a_data_url_skips_what_is_not_base64(
    case: tuple[str, bytes], outside: str
) -> None:
    text, body = case
    assert await (await fetch(f"data:;base64,{text}")).bytes() == body


@not_in("node", reason=UNDICI)
@cases(["POST", "PUT", "HEAD", "DELETE"])
async def test_fetch_of_a_data_url_by_another_method_is_empty(case: str, outside: str) -> None:
    response = await fetch("data:,x", method=case)
    assert (response.status, await response.text()) == (200, "")


@not_in("node", reason=UNDICI)
@cases(["data:foo", "blob:abc", "file:///etc/passwd", "ftp://a/b", "about:blank"])
async def test_fetch_of_another_scheme_is_refused(case: str, outside: str) -> None:
    with raises(WorkersError, match=f"^Fetch API cannot load: {case}$"):
        await fetch(case)


@not_in("node", reason=UNDICI)
@cases(
    {
        "data:,x": "Invalid Location header; unable to follow redirect.",
        "about:blank": "Invalid Location header; unable to follow redirect.",
        "ftp://host/": "Fetch API cannot load: ftp://host/",
        "file:///x": "Fetch API cannot load: file:///x",
    }.items()
)
async def test_fetch_refuses_a_redirect_to_another_scheme(
    case: tuple[str, str], outside: str
) -> None:
    url, words = case
    with raises(WorkersError, match=f"^{words}$"):
        await fetch(f"{outside}/redirect/302?to={url}")
