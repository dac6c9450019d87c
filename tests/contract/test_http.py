"""Requests, responses and headers: over the stand-ins, and over the platform's own classes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from http import HTTPMethod, HTTPStatus
from typing import Any, TypedDict

from pyworkers_sdk import (
    ConversionError,
    Headers,
    ReadableStream,
    Request,
    Response,
    RowError,
    StreamError,
    WorkersError,
)

from .kit import cases, not_in, raises

URL = "https://example.com/"
UNDICI = "Node's fetch classes have other words and limits here; workerd's are the ones that count"

# For arguments that a type checker would refuse.
AnyHeaders: Any = Headers
AnyRequest: Any = Request
AnyResponse: Any = Response


class Item(TypedDict):
    name: str
    price: float


@dataclass
class Point:
    x: int
    when: datetime


def post(body: Any, **options: Any) -> Request:
    return Request(URL, method="POST", body=body, **options)


async def chunks(*pieces: Any) -> AsyncIterator[Any]:
    for piece in pieces:
        yield piece


async def failing() -> AsyncIterator[bytes]:
    yield b"some"
    raise ValueError("boom")


# Headers -----------------------------------------------------------------------------------------


async def test_headers_ignore_case() -> None:
    headers = Headers({"X-Token": "a"})
    assert headers.get("x-token") == "a"
    assert headers["X-TOKEN"] == "a"
    assert "x-Token" in headers
    assert headers.has("X-token")


async def test_headers_are_empty_without_init() -> None:
    headers = Headers()
    assert len(headers) == 0
    assert headers.items() == []
    assert headers.get_set_cookie() == []


@cases(
    {
        "mapping": {"B": "2", "a": "1"},
        "pairs": [("B", "2"), ("a", "1")],
        "lists": [["B", "2"], ["a", "1"]],
        "headers": Headers,
        "iterator": lambda: iter([("B", "2"), ("a", "1")]),
    }
)
async def test_headers_init_accepts_mappings_and_pairs(case: Any) -> None:
    if case is Headers:
        case = Headers({"B": "2", "a": "1"})
    elif callable(case):
        case = case()
    assert Headers(case).items() == [("a", "1"), ("b", "2")]


async def test_headers_from_headers_are_a_copy() -> None:
    old = Headers([("set-cookie", "a=1"), ("set-cookie", "b=2")])
    new = Headers(old)
    new["x"] = "1"
    assert "x" not in old
    assert new.get_set_cookie() == ["a=1", "b=2"]


async def test_missing_header_is_none_or_raises_key_error() -> None:
    headers = Headers()
    assert headers.get("x") is None
    assert headers.get("x", "else") == "else"
    assert "x" not in headers
    headers.delete("x")
    with raises(KeyError):
        headers["x"]
    with raises(KeyError):
        del headers["x"]


async def test_header_append_joins_and_set_replaces() -> None:
    headers = Headers([("Accept", "a"), ("accept", "b")])
    headers.append("ACCEPT", "c")
    assert headers["accept"] == "a, b, c"
    headers.set("Accept", "d")
    assert headers["accept"] == "d"
    headers["accept"] = "e"
    assert headers.items() == [("accept", "e")]


async def test_delete_header() -> None:
    headers = Headers({"a": "1", "b": "2"})
    headers.delete("A")
    del headers["B"]
    assert len(headers) == 0


async def test_empty_header_value_is_kept() -> None:
    headers = Headers({"a": ""})
    assert headers["a"] == ""
    headers.append("a", "b")
    assert headers["a"] == ", b"


@cases(
    {
        "Latin-1": "é",
        "C1": "\x80\x85",
        "Latin Extended": "Łódź",
        "Chinese": "東京",
        "emoji": "😀",
        "replacement": "\ufffd",
        "byte order mark": "\ufeffa",
        "control": "a\x01\x7fb",
        "tab": "a\tb",
    }
)
@not_in("node", reason="Node's Headers take only Latin-1")
async def test_header_value_of_any_text_is_kept(case: str) -> None:
    headers = Headers({"a": case})
    headers.append("b", case)
    headers.append("b", "x")
    assert headers.items() == [("a", case), ("b", f"{case}, x")]
    assert Request(URL, headers={"a": case}).headers["a"] == case
    assert Response(headers={"a": case}).headers["a"] == case


@cases(["a\0b", "a\nb", "a\rb", "a\r\nb: c"])
async def test_header_value_with_a_line_break_or_nul_raises(case: str) -> None:
    with raises(WorkersError):
        Headers({"a": case})
    with raises(WorkersError):
        Headers().append("a", case)


async def test_streamed_response_keeps_its_content_length() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"01234"
        yield b"56789"

    for headers in ({"content-length": "10"}, iter([("Content-Length", "10")])):
        response = Response(body(), headers=headers)
        assert response.headers["content-length"] == "10"
        assert await response.text() == "0123456789"


@cases({"too short": "11", "too long": "9"})
@not_in("node", reason="Node has no FixedLengthStream")
async def test_streamed_response_of_another_length_breaks_off(case: str) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"01234"
        yield b"56789"

    with raises(StreamError):
        await Response(body(), headers={"content-length": case}).text()


async def test_headers_iterate_in_order() -> None:
    headers = Headers([("b", "1"), ("A_", "2"), ("a-b", "3"), ("A", "4"), ("ab", "5")])
    assert list(headers) == headers.keys() == ["a", "a-b", "a_", "ab", "b"]
    assert headers.values() == ["4", "3", "2", "5", "1"]
    assert dict(headers) == {"a": "4", "a-b": "3", "a_": "2", "ab": "5", "b": "1"}


async def test_set_cookie_headers_are_not_joined() -> None:
    headers = Headers([("Set-Cookie", "a=1"), ("b", "x"), ("set-cookie", "b=2")])
    assert headers.get_set_cookie() == ["a=1", "b=2"]
    assert headers["set-cookie"] == "a=1, b=2"
    assert headers.items() == [("b", "x"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    assert len(headers) == 3
    headers.set("Set-Cookie", "c=3")
    assert headers.get_set_cookie() == ["c=3"]
    headers.delete("set-cookie")
    assert "set-cookie" not in headers


async def test_header_values_are_trimmed() -> None:
    assert Headers({"a": " \t x y \r\n"})["a"] == "x y"


async def test_latin_1_header_value_is_kept() -> None:
    assert Headers({"a": "é"})["a"] == "é"


@not_in("node", reason=UNDICI)
async def test_unicode_header_value_is_kept() -> None:
    assert Headers({"a": "日本 😀"})["a"] == "日本 😀"


@cases({"space": "a b", "colon": "a:b", "newline": "a\n", "paren": "(a)", "slash": "a/b"})
async def test_invalid_header_name_raises(case: str) -> None:
    headers = Headers()
    attempts: list[Callable[[], object]] = [
        lambda: Headers({case: "x"}),
        lambda: headers.get(case),
        lambda: headers.has(case),
        lambda: headers.set(case, "x"),
        lambda: headers.append(case, "x"),
        lambda: headers.delete(case),
        lambda: Response(headers={case: "x"}),
        lambda: Request(URL, headers={case: "x"}),
    ]
    for attempt in attempts:
        with raises(WorkersError) as caught:
            attempt()
        assert caught.value.js_name == "TypeError"


@cases({"newline": "a\nb", "return": "a\rb", "zero": "a\0b"})
async def test_invalid_header_value_raises(case: str) -> None:
    with raises(WorkersError) as caught:
        Headers({"a": case})
    assert caught.value.js_name == "TypeError"
    with raises(WorkersError) as caught:
        Headers().append("a", case)
    assert caught.value.js_name == "TypeError"


@not_in("node", reason=UNDICI)
async def test_invalid_header_error_message() -> None:
    with raises(WorkersError, match=r"^Invalid header name\.$"):
        Headers({"a b": "x"})
    with raises(WorkersError, match=r"^Invalid header value\.$"):
        Headers({"a": "x\ny"})


@cases(
    {
        "value": (lambda: AnyHeaders({"a": 1}), r"headers\['a'\]: expected str, got int"),
        "name": (lambda: AnyHeaders([(1, "a")]), "header name: expected str, got int"),
        "none": (lambda: AnyHeaders({"a": None}), r"headers\['a'\]: expected str, got None"),
        "text": (
            lambda: AnyHeaders("a: b"),
            "headers: expected a mapping or pairs of str, got str",
        ),
        "int": (lambda: AnyHeaders(1), "headers: expected a mapping or pairs of str, got int"),
        "set": (lambda: AnyHeaders().set("a", 1), r"headers\['a'\]: expected str, got int"),
        "get": (lambda: AnyHeaders().get(1), "header name: expected str, got int"),
        "surrogate": (lambda: AnyHeaders({"a": "\ud800"}), r"headers\['a'\]: .*surrogate"),
        "response": (lambda: AnyResponse(headers={"a": 1}), r"headers\['a'\]: expected str"),
        "request": (lambda: AnyRequest(URL, headers=3), "headers: expected a mapping"),
    }
)
async def test_headers_of_wrong_type_raise_conversion_error(case: Any) -> None:
    attempt, words = case
    with raises(ConversionError, match=words):
        attempt()


# Request -----------------------------------------------------------------------------------------


async def test_plain_request_has_default_properties() -> None:
    request = Request("https://example.com/a?b=c")
    assert request.url == "https://example.com/a?b=c"
    assert request.method == "GET"
    assert request.redirect == "follow"
    assert request.headers.items() == []
    assert request.body is None
    assert request.body_used is False
    assert request.cf is None


@cases(
    {
        "host": ("https://example.com", "https://example.com/"),
        "case": ("HTTPS://Example.COM/A", "https://example.com/A"),
        "port": ("https://e.com:443/", "https://e.com/"),
        "other port": ("http://localhost:8787", "http://localhost:8787/"),
        "dots": ("https://e.com/a/./b/../c/%2e%2e/", "https://e.com/a/"),
        "spaces": (" https://e.com/a b\n", "https://e.com/a%20b"),
        "unicode": ("https://e.com/é?q=ü#ß", "https://e.com/%C3%A9?q=%C3%BC#%C3%9F"),
        "idn": ("https://bücher.de", "https://xn--bcher-kva.de/"),
        "query": ("https://e.com?a='b'", "https://e.com/?a=%27b%27"),
        "fragment": ("https://e.com#top", "https://e.com/#top"),
        "escapes": ("https://e.com/%zz%41", "https://e.com/%zz%41"),
        "braces": ('https://e.com/{}|`"<>', "https://e.com/%7B%7D|%60%22%3C%3E"),
        "backslash": ("https://e.com\\a\\b", "https://e.com/a/b"),
        "ipv4": ("http://127.1/", "http://127.0.0.1/"),
        "ipv6": ("http://[0:0::1]:80/", "http://[::1]/"),
        "empty parts": ("https://e.com//a//?#", "https://e.com//a//?#"),
    }
)
async def test_request_url_is_normalised(case: tuple[str, str]) -> None:
    url, expected = case
    assert Request(url).url == expected


@cases(["", "nope", "/path", "http://", "https://e.com:99999/", "https://e .com/", "https://e%/"])
async def test_invalid_url_raises(case: str) -> None:
    with raises(WorkersError) as caught:
        Request(case)
    assert caught.value.js_name == "TypeError"
    with raises(WorkersError) as caught:
        Response.redirect(case)
    assert caught.value.js_name == "TypeError"


@not_in("node", reason=UNDICI)
async def test_invalid_url_error_message() -> None:
    with raises(WorkersError, match=r"^Invalid URL: /path$"):
        Request("/path")
    with raises(WorkersError, match=r"^Unable to parse URL: /path$"):
        Response.redirect("/path")


@cases(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "QUERY", "PROPFIND"])
async def test_standard_methods_are_accepted(case: str) -> None:
    assert Request(URL, method=case).method == case


async def test_methods_are_upper_case() -> None:
    assert Request(URL, method="post").method == "POST"
    assert Request(URL, method=HTTPMethod.DELETE).method == "DELETE"


@cases(["", "a b", "CONNECT"])
async def test_invalid_method_raises(case: str) -> None:
    with raises(WorkersError) as caught:
        Request(URL, method=case)
    assert caught.value.js_name == "TypeError"


@not_in("node", reason=UNDICI)
async def test_unknown_method_raises() -> None:
    with raises(WorkersError, match="^Invalid HTTP method string: FOO$") as caught:
        Request(URL, method="FOO")
    assert caught.value.js_name == "TypeError"
    assert Request(URL, method="patch").method == "PATCH"


@cases(["GET", "HEAD"])
async def test_get_or_head_with_a_body_raises(case: str) -> None:
    for body in ("x", b""):
        with raises(WorkersError, match=r"GET.HEAD|GET or HEAD") as caught:
            Request(URL, method=case, body=body)
        assert caught.value.js_name == "TypeError"


async def test_request_without_a_body_reads_as_empty() -> None:
    request = Request(URL, method="POST")
    assert request.body is None
    assert await request.text() == ""
    assert await request.bytes() == b""
    assert request.body_used is False


async def test_text_body_sets_content_type() -> None:
    assert post("x").headers["content-type"] == "text/plain;charset=UTF-8"
    assert post("x", headers={"Content-Type": "text/html"}).headers["content-type"] == "text/html"
    assert "content-type" not in post(b"x").headers
    assert Response("").headers["content-type"] == "text/plain;charset=UTF-8"
    assert Response("x", headers=[("content-type", "a/b")]).headers.items() == [
        ("content-type", "a/b")
    ]
    assert "content-type" not in Response(b"x").headers
    assert "content-type" not in Response(chunks(b"x")).headers
    assert "content-type" not in Response().headers


async def test_request_headers_are_live() -> None:
    request = post("x", headers=Headers({"a": "1"}))
    request.headers["b"] = "2"
    request.headers.delete("a")
    assert request.headers.get("b") == "2"
    assert "a" not in request.headers


@not_in("node", reason=UNDICI + ": a stream as a body needs its duplex option")
async def test_stream_is_accepted_as_request_body() -> None:
    assert await post(chunks(b"one ", b"two")).text() == "one two"
    assert await post(Response("through").body).text() == "through"


async def test_redirect_mode_is_kept_and_checked() -> None:
    assert Request(URL, redirect="manual").redirect == "manual"
    sideways: Any = "sideways"
    with raises(WorkersError) as caught:
        Request(URL, redirect=sideways)
    assert caught.value.js_name == "TypeError"


@not_in("node", reason="Node's Request has no cf")
async def test_cf_is_a_dict() -> None:
    request = Request(URL, cf={"cacheTtl": 5, "image": {"width": 80, "fit": None}})
    assert request.cf == {"cacheTtl": 5, "image": {"width": 80, "fit": None}}
    assert request.cf is request.cf
    assert request.clone().cf == request.cf


async def test_cf_with_an_object_that_cannot_cross_raises() -> None:
    with raises(ConversionError, match=r"cf\.image: an object cannot cross"):
        Request(URL, cf={"image": object()})


@cases(
    {
        "url": (lambda: AnyRequest(1), "url: expected str, got int"),
        "method": (lambda: AnyRequest(URL, method=1), "method: expected str, got int"),
        "body": (
            lambda: post({"a": 1}),
            "body: expected str, bytes, Blob, FormData or a stream, got dict",
        ),
        "surrogate": (lambda: post("\ud800"), "body: .*surrogate"),
        "response body": (lambda: AnyResponse({"a": 1}), r"got dict; use Response\.json\(…\)"),
        "int body": (
            lambda: AnyResponse(1),
            "body: expected str, bytes, Blob, FormData or a stream, got int",
        ),
        "status": (lambda: AnyResponse(status="200"), "status: expected int, got str"),
        "status_text": (lambda: AnyResponse(status_text=1), "status_text: expected str, got int"),
        "redirect": (lambda: AnyResponse.redirect(1), "url: expected str, got int"),
        "code": (lambda: AnyResponse.redirect(URL, "302"), "status: expected int, got str"),
    }
)
async def test_arguments_of_wrong_type_raise_conversion_error(case: Any) -> None:
    attempt, words = case
    with raises(ConversionError, match=words):
        attempt()


async def test_from_js_wraps_the_same_object() -> None:
    request = post("x", headers={"a": "1"})
    again = Request.from_js(request.js_object)
    again.headers["a"] = "2"
    assert request.headers["a"] == "2"
    assert await Request.from_js(request).text() == "x"
    assert again.body_used
    response = Response("y", status=201)
    assert Response.from_js(response.js_object).status == 201
    assert await Response.from_js(response).text() == "y"


# Bodies, of requests and responses alike ---------------------------------------------------------


MAKERS = {"request": post, "response": Response}


@cases(MAKERS)
async def test_text_body_is_read_as_text_and_bytes(
    case: Callable[[object], Request | Response],
) -> None:
    assert await case("héllo 😀").text() == "héllo 😀"
    assert await case("é").bytes() == b"\xc3\xa9"
    assert await case("").text() == ""


@cases(MAKERS)
async def test_bytes_like_body_is_read_back(case: Callable[[object], Request | Response]) -> None:
    data = bytes(range(256))
    assert await case(data).bytes() == data
    assert await case(bytearray(data)).bytes() == data
    assert await case(memoryview(data)[10:20]).bytes() == data[10:20]
    read = await case(b"").bytes()
    assert read == b""
    assert type(read) is bytes


@cases(MAKERS)
async def test_buffer_passed_as_body_is_copied(
    case: Callable[[object], Request | Response],
) -> None:
    buffer = bytearray(b"before")
    message = case(buffer)
    buffer[:] = b"after!"
    assert await message.text() == "before"


async def test_text_of_invalid_utf_8_has_replacement_characters() -> None:
    assert await Response(b"\xffA\xe2\x82").text() == "\ufffdA\ufffd"


@cases(MAKERS)
async def test_second_read_of_a_body_raises(case: Callable[[object], Request | Response]) -> None:
    message = case("x")
    assert message.body_used is False
    await message.text()
    assert message.body_used is True
    for read in (
        message.text,
        message.bytes,
        message.json,
        message.body.bytes if message.body else message.text,
    ):
        with raises(StreamError) as caught:
            await read()
        assert caught.value.js_name == "TypeError"


@not_in("node", reason=UNDICI)
async def test_used_body_error_message() -> None:
    response = Response("x")
    await response.text()
    with raises(
        StreamError,
        match=r"^Body has already been used\. It can only be used once\. "
        r"Use tee\(\) first if you need to read it twice\.$",
    ):
        await response.text()
    with raises(StreamError, match="^This ReadableStream is currently locked to a reader,$"):
        response.clone()
    with raises(WorkersError, match="^This ReadableStream is disturbed"):
        Response(response.body)


@cases(MAKERS)
async def test_body_is_an_async_iterator_of_bytes(
    case: Callable[[object], Request | Response],
) -> None:
    message = case("some text")
    assert isinstance(message.body, ReadableStream)
    assert message.body.locked is False
    assert b"".join([chunk async for chunk in message.body]) == b"some text"
    assert message.body_used is True
    with raises(StreamError):
        await message.text()


async def test_empty_text_body_is_not_none() -> None:
    response = Response("")
    assert response.body is not None
    assert [chunk async for chunk in response.body] == []


async def test_locked_body_cannot_be_read_or_cloned() -> None:
    response = Response("x")
    assert response.body is not None
    reader = response.body.js_object.getReader()
    assert response.body.locked is True
    assert response.body_used is False
    with raises(StreamError) as caught:
        await response.text()
    assert caught.value.js_name == "TypeError"
    with raises(StreamError) as caught:
        response.clone()
    assert caught.value.js_name == "TypeError"
    reader.releaseLock()
    assert await response.text() == "x"


async def test_cancelled_body_cannot_be_read() -> None:
    response = Response("x")
    assert response.body is not None
    await response.body.cancel()
    assert response.body_used is True
    with raises(StreamError):
        await response.text()


@cases(MAKERS)
async def test_clone_has_its_own_headers_and_body(
    case: Callable[[object], Request | Response],
) -> None:
    message = case("text")
    message.headers["a"] = "1"
    copy = message.clone()
    copy.headers["a"] = "2"
    assert type(copy) is type(message)
    assert message.headers["a"] == "1"
    assert await copy.text() == "text"
    assert (message.body_used, copy.body_used) == (False, True)
    assert await message.text() == "text"


async def test_clone_keeps_method_redirect_and_status() -> None:
    request = Request("https://e.com/a", method="PUT", redirect="manual").clone()
    assert (request.url, request.method, request.redirect) == ("https://e.com/a", "PUT", "manual")
    response = Response(status=404, status_text="Gone fishing", headers={"a": "b"}).clone()
    assert (response.status, response.status_text) == (404, "Gone fishing")
    assert response.headers["a"] == "b"
    assert response.body is None


async def test_clone_of_a_used_body_raises() -> None:
    for message in (Response("x"), post("x")):
        await message.text()
        with raises(StreamError) as caught:
            message.clone()
        assert caught.value.js_name == "TypeError"


async def test_clones_of_a_stream_are_read_independently() -> None:
    response = Response(chunks(b"one ", b"two ", b"three"))
    copy = response.clone()
    assert response.body is not None
    assert copy.body is not None
    ours, theirs = aiter(response.body), aiter(copy.body)
    assert await anext(ours) == b"one "
    assert await anext(theirs) == b"one "
    assert b"".join([chunk async for chunk in ours]) == b"two three"
    assert b"".join([chunk async for chunk in theirs]) == b"two three"


# JSON --------------------------------------------------------------------------------------------


@cases(MAKERS)
async def test_json_is_parsed(case: Callable[[object], Request | Response]) -> None:
    assert await case('{"a": [1, 2.0, null, "é"]}').json() == {"a": [1, 2.0, None, "é"]}
    assert await case("9007199254740993").json() == 2**53 + 1
    assert type(await case("2.0").json()) is float
    assert await case('{"constructor": 1, "__proto__": 2}').json() == {
        "constructor": 1,
        "__proto__": 2,
    }


@cases(MAKERS)
async def test_json_as_a_row_type(case: Callable[[object], Request | Response]) -> None:
    item = await case('{"name": "cup", "price": 3}').json(Item)
    assert item == {"name": "cup", "price": 3.0}
    assert type(item["price"]) is float
    assert await case("[1, 2]").json(list[int]) == [1, 2]


@cases(MAKERS)
async def test_json_that_does_not_fit_the_row_type_raises(
    case: Callable[[object], Request | Response],
) -> None:
    with raises(RowError, match="the body.*price"):
        await case('{"name": "cup", "price": "dear"}').json(Item)


@cases(["", "{", "{'a': 1}", "NaN", "[1,]", "nul"])
async def test_invalid_json_raises(case: str) -> None:
    for message in (post(case), Response(case)):
        with raises(WorkersError, match="^the body is not JSON: ") as caught:
            await message.json()
        assert caught.value.js_name == "SyntaxError"


@cases({"lists": "[", "objects": '{"a":', "strings too": '["]","\\\\","\\"]]",'})
async def test_deeply_nested_json_raises_instead_of_overflowing(case: str) -> None:
    with raises(
        WorkersError, match="^the body is not JSON: .*has more than 1,000 levels"
    ) as caught:
        await Response(case * 100_000).json()
    assert caught.value.js_name == "SyntaxError"


async def test_json_nested_400_levels_is_parsed() -> None:
    assert str(await Response("[" * 400 + "]" * 400).json()) == "[" * 400 + "]" * 400

    async def below(frames: int) -> None:
        if frames:
            await below(frames - 1)
        else:
            with suppress(WorkersError):  # the point is that it comes back at all
                await Response("[" * 2000 + "]" * 2000).json()

    await below(200)


@cases([100, 400, 900, 960, 990, 1000, 1001, 1002, 2000, 100_000])
async def test_json_of_any_depth_is_a_value_or_a_row_error(case: int) -> None:
    for text in "[" * case + "]" * case, '{"a":' * case + "1" + "}" * case:
        result: Any
        try:
            result = await Request("https://x.example", method="POST", body=text).json()
        except RowError as error:
            result = error
        if case <= 900:
            assert type(result) is (list if text[0] == "[" else dict)
        elif case > 1000 or isinstance(result, RowError):
            assert result.js_name == "SyntaxError"
            assert "levels" in str(result) or "nested too deeply" in str(result)


@cases([100, 300, 400, 401, 900])
async def test_a_value_of_any_depth_is_written_or_refused(case: int) -> None:
    for text in "[" * case + "]" * case, '{"a":' * case + "1" + "}" * case:
        value = await Response(text).json()
        if case <= 400:
            assert await Response.json(value).text() == text
            continue
        with raises(ConversionError, match="^data: the value is nested too deeply; at most 400"):
            Response.json(value)


@cases([2**53, -(2**53), 2**63 - 1, -(2**63), 2**64, 10**300, 123456789012345678901234567890])
async def test_an_integer_of_any_size_goes_back_as_it_came(case: int) -> None:
    request = Request("https://x.example", method="POST", body=f'{{"id": {case}, "ids": [{case}]}}')
    value = await request.json()
    assert value == {"id": case, "ids": [case]}
    assert await Response.json(value).text() == f'{{"id":{case},"ids":[{case}]}}'


async def test_an_integer_with_too_many_digits_is_refused() -> None:
    with raises(RowError, match="^the body is not JSON: "):
        await Response("9" * 5000).json()
    with raises(ConversionError, match="^data: an integer has too many digits"):
        Response.json([10**5000])


async def test_a_naive_datetime_in_json_is_refused() -> None:
    with raises(ConversionError, match=r"^data\.at: expected an aware datetime, got a naive one;"):
        Response.json({"at": datetime(2026, 1, 2)})


async def test_brackets_in_strings_do_not_count_as_nesting() -> None:
    data = ["[" * 3000, '\\"' + "{" * 3000, [[]] * 3000, "\\"]
    assert await Response.json(data).json() == data


async def test_invalid_json_error_names_line_and_column() -> None:
    with raises(WorkersError, match="line 2 column 6"):
        await Response('{\n"a": }').json()


async def test_response_json_sets_content_type() -> None:
    response = Response.json({"a": [1, None, "é"], "b": (True, 2.5)})
    assert response.status == 200
    assert response.headers.items() == [("content-type", "application/json")]
    assert await response.text() == '{"a":[1,null,"é"],"b":[true,2.5]}'


async def test_response_json_takes_status_and_headers() -> None:
    headers = Headers({"x": "1"})
    response = Response.json([], status=201, headers=headers)
    assert response.status == 201
    assert response.headers.items() == [("content-type", "application/json"), ("x", "1")]
    assert "content-type" not in headers
    kind = "application/problem+json"
    assert Response.json(1, headers={"Content-Type": kind}).headers["content-type"] == kind


async def test_response_json_converts_python_types() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, 678901, timezone.utc)
    response = Response.json({"at": Point(1, when)})
    assert await response.json() == {"at": {"x": 1, "when": "2026-01-02T03:04:05.678Z"}}


@cases(
    {
        "object": ({"a": [1, object()]}, r"^data\.a\[1\]: "),
        "nan": ({"a": float("nan")}, r"^data\.a: "),
        "bytes": ([b""], r"^data\[0\]: "),
        "key": ({1: 2}, r"^data: the key 1 is not a str"),
    }
)
async def test_response_json_of_unsupported_value_raises(case: tuple[object, str]) -> None:
    data, words = case
    with raises(ConversionError, match=words):
        Response.json(data)


# Response ----------------------------------------------------------------------------------------


async def test_plain_response_has_default_properties() -> None:
    response = Response()
    assert response.status == 200
    assert response.ok is True
    assert response.url == ""
    assert response.redirected is False
    assert response.headers.items() == []
    assert response.body is None
    assert await response.text() == ""
    assert await response.bytes() == b""
    assert response.body_used is False


async def test_ok_is_true_for_2xx() -> None:
    assert [Response(status=status).ok for status in (200, 299, 300, 404, 599)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert Response(status=HTTPStatus.NOT_FOUND).status == 404


@cases([-1, 0, 100, 101, 199, 600, 70_000])
async def test_invalid_status_raises(case: int) -> None:
    with raises(WorkersError, match="200 to 599, inclusive") as caught:
        Response(status=case)
    assert caught.value.js_name == "RangeError"


@cases([204, 205, 304])
async def test_null_body_status_with_a_body_raises(case: int) -> None:
    assert Response(status=case).body is None
    attempts: list[Callable[[], Response]] = [
        lambda: Response("x", status=case),
        lambda: Response(b"x", status=case),
        lambda: Response(Response("x").body, status=case),
        lambda: Response.json(1, status=case),
    ]
    for attempt in attempts:
        with raises(WorkersError) as caught:
            attempt()
        assert caught.value.js_name == "TypeError"


@not_in("node", reason=UNDICI)
async def test_empty_body_with_null_body_status_is_none() -> None:
    assert Response("", status=204).body is None
    assert Response("", status=204).headers.items() == []
    assert Response(b"", status=304).body is None
    with raises(
        WorkersError,
        match=r"^Response with null body status \(101, 204, 205, or 304\) cannot have a body\.$",
    ):
        Response("x", status=204)


async def test_status_text_is_kept_and_checked() -> None:
    assert Response(status_text="Fine").status_text == "Fine"
    with raises(WorkersError, match="^Invalid statusText$") as caught:
        Response(status_text="a\nb")
    assert caught.value.js_name == "TypeError"


async def test_default_status_text_is_empty() -> None:
    assert {Response(status=status).status_text for status in (200, 209, 304, 404, 599)} == {""}
    assert Response.json(1).status_text == ""
    assert Response.redirect("https://example.com/").status_text == ""


async def test_redirect_sets_location_and_status() -> None:
    response = Response.redirect("https://example.com/a b?ü")
    assert response.status == 302
    assert response.headers.items() == [("location", "https://example.com/a%20b?%C3%BC")]
    assert response.body is None
    assert Response.redirect(URL, 301).status == 301
    assert Response.redirect(URL, HTTPStatus.SEE_OTHER).status == 303
    assert Response.redirect(URL, status=307).status == 307
    assert Response.redirect(URL, status=308).status == 308


@cases([200, 300, 304, 404])
async def test_redirect_with_other_status_raises(case: int) -> None:
    with raises(WorkersError, match=str(case)) as caught:
        Response.redirect(URL, case)
    assert caught.value.js_name == "RangeError"


async def test_headers_of_a_redirect_cannot_be_changed() -> None:
    response = Response.redirect(URL)
    attempts: list[Callable[[], None]] = [
        lambda: response.headers.set("a", "b"),
        lambda: response.headers.append("a", "b"),
        lambda: response.headers.delete("location"),
        lambda: response.clone().headers.set("a", "b"),
    ]
    for attempt in attempts:
        with raises(WorkersError, match="immutable") as caught:
            attempt()
        assert caught.value.js_name == "TypeError"
    copy = Headers(response.headers)
    copy["a"] = "b"
    assert Response(status=302, headers=copy).headers.items() == [("a", "b"), ("location", URL)]


# Streams -----------------------------------------------------------------------------------------


async def test_async_iterator_is_accepted_as_response_body() -> None:
    assert await Response(chunks(b"one ", bytearray(b"two "), memoryview(b"three"))).text() == (
        "one two three"
    )
    assert await Response(chunks()).bytes() == b""


async def test_stream_of_a_response_passes_to_another() -> None:
    first = Response("text")
    second = Response(first.body, status=201)
    assert (first.body_used, second.body_used) == (False, False)
    assert await second.text() == "text"
    assert (first.body_used, second.body_used) == (True, True)


async def test_stream_of_one_megabyte_is_read_whole() -> None:
    piece = bytes(range(256)) * 256
    read = await Response(chunks(*[piece] * 16)).bytes()
    assert read == piece * 16


async def test_read_stream_as_body_raises() -> None:
    first = Response("x")
    await first.text()
    with raises(WorkersError) as caught:
        Response(first.body)
    assert caught.value.js_name == "TypeError"


async def test_exception_of_a_body_iterator_breaks_the_body() -> None:
    with raises(StreamError, match="ValueError: boom") as caught:
        await Response(failing()).text()
    assert caught.value.js_name == "Error"


async def test_exception_of_a_body_iterator_breaks_the_clone() -> None:
    response = Response(failing())
    copy = response.clone()
    for message in (response, copy):
        with raises(StreamError, match="ValueError: boom"):
            await message.text()


@cases({"str": "text", "int": 5, "none": None})
async def test_iterator_of_other_types_breaks_the_body(case: object) -> None:
    with raises(StreamError, match="a chunk of a body: expected bytes, got "):
        await Response(chunks(case)).text()


# Other properties --------------------------------------------------------------------------------


async def test_request_keepalive_and_integrity_defaults() -> None:
    request = Request(URL)
    assert request.keepalive is False
    assert request.integrity == ""


@not_in("node", reason="Node's Request has other cache modes")
async def test_request_cache_mode_is_kept_and_checked() -> None:
    assert Request(URL).cache is None
    assert Request(URL, cache="no-store").cache == "no-store"
    request = Request(URL, cache="no-cache", cf={"cacheTtl": 5})
    assert (request.cache, request.cf) == ("no-cache", {"cacheTtl": 5})
    assert request.clone().cache == "no-cache"
    for mode in ("reload", "default"):
        with raises(WorkersError, match=f"^Unsupported cache mode: {mode}$") as caught:
            AnyRequest(URL, cache=mode)
        assert caught.value.js_name == "TypeError"


@not_in("node", reason="workerd's own options")
async def test_body_encoding_options_are_checked() -> None:
    Request(URL, encode_response_body="manual")
    Response("", encode_body="automatic")
    with raises(WorkersError, match="^encodeResponseBody: unexpected value: x$"):
        AnyRequest(URL, encode_response_body="x")
    with raises(WorkersError, match="^encodeBody: unexpected value: x$"):
        AnyResponse("", encode_body="x")


async def test_request_from_request_takes_its_body() -> None:
    old = post("text", headers={"a": "1"}, redirect="manual")
    new = Request(old)
    assert (new.url, new.method, new.redirect) == (URL, "POST", "manual")
    assert new.headers.items() == [("a", "1"), ("content-type", "text/plain;charset=UTF-8")]
    new.headers["a"] = "2"
    assert old.headers["a"] == "1"
    assert old.body_used
    assert await new.text() == "text"


async def test_request_from_request_with_changes() -> None:
    old = post("text", headers={"a": "1"})
    new = Request(old, method="PUT", headers={"b": "2"}, body="new")
    assert (new.url, new.method, await new.text()) == (URL, "PUT", "new")
    assert new.headers.items() == [("b", "2"), ("content-type", "text/plain;charset=UTF-8")]
    assert not old.body_used
    assert await old.text() == "text"


async def test_request_from_request_replaces_headers() -> None:
    new = Request(post("text", headers={"a": "1"}), headers={"b": "2"})
    assert new.headers.items() == [("b", "2")]
    assert await new.text() == "text"
    new = Request(post("text", headers={"content-type": "a/b"}), body=b"new")
    assert new.headers.items() == [("content-type", "a/b")]


async def test_request_from_used_request_raises() -> None:
    old = post("text")
    await old.text()
    with raises(WorkersError) as caught:
        Request(old)
    assert caught.value.js_name == "TypeError"
    assert await Request(old, body="new").text() == "new"
    new = Request(old.clone() if not old.body_used else post("x"))
    with raises(WorkersError) as caught:
        Request(new, method="GET")
    assert caught.value.js_name == "TypeError"


@not_in("node", reason=UNDICI)
async def test_used_request_error_message() -> None:
    old = post("text")
    Request(old)
    with raises(WorkersError, match=r"^Cannot reconstruct a Request with a used body\.$"):
        Request(old)


@not_in("node", reason="Node's Request has no cf")
async def test_request_from_request_keeps_or_replaces_cf() -> None:
    old = Request(URL, cf={"a": {"b": 1}})
    assert Request(old).cf == {"a": {"b": 1}}
    assert Request(old, cf={"c": 2}).cf == {"c": 2}


async def test_response_error_has_status_zero() -> None:
    response = Response.error()
    assert (response.type, response.status, response.ok) == ("error", 0, False)
    assert (response.status_text, response.url, response.body) == ("", "", None)
    assert response.headers.items() == []
    copy = response.clone()
    assert (copy.type, copy.status) == ("error", 0)


@not_in("node", reason="Node's Response has no cf")
async def test_response_cf_is_kept() -> None:
    assert Response("").cf is None
    response = Response("", cf={"a": [1, None]})
    assert response.cf == response.clone().cf == {"a": [1, None]}
    with raises(ConversionError, match=r"cf\.a: an object cannot cross"):
        Response("", cf={"a": object()})


async def test_response_type_is_default() -> None:
    assert Response("").type == Response.redirect(URL).type == "default"
