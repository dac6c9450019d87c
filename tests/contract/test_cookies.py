"""Cookies: ``request.cookies``, ``Headers.set_cookie`` and ``delete_cookie``, in every world."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from pyworkers_sdk import ConversionError, Headers, Request, Response
from tests.contract.kit import cases, raises

UTC = timezone.utc


def cookies(header: str) -> dict[str, str]:
    return dict(Request("https://e.com/", headers={"Cookie": header}).cookies)


SENT: dict[str, tuple[str, dict[str, str]]] = {
    "one": ("a=1", {"a": "1"}),
    "several": ("a=1; b=2;c=3 ;  d = 4", {"a": "1", "b": "2", "c": "3", "d": "4"}),
    "first-of-two": ("a=long path; a=short path", {"a": "long path"}),
    "names-differ-by-case": ("a=1; A=2", {"a": "1", "A": "2"}),
    "empty-value": ("a=; b", {"a": ""}),
    "equals-in-value": ("a=b=c==", {"a": "b=c=="}),
    "quoted": ('a="x y"; b=""', {"a": "x y", "b": ""}),
    "half-quoted": ('a="x; b=y"; c="', {"a": '"x', "b": 'y"', "c": '"'}),
    "octal": (r'a="\303\251\073\054"', {"a": "é;,"}),
    "backslash": (r'a="\"\\\x\9"; b=\"', {"a": '"\\x9', "b": '\\"'}),
    "octal-of-bytes": (r'a="\377\400"', {"a": "\ufffd400"}),
    "no-name": ("=v; ==; ; ;;a=1", {"a": "1"}),
    "percent": ("a=%20+", {"a": "%20+"}),
    "comma": ("a=1, b=2", {"a": "1, b=2"}),
    "json": ('a={"k":[1]}', {"a": '{"k":[1]}'}),
    "reserved": (
        "Path=/x; $Version=1; __proto__=2",
        {"Path": "/x", "$Version": "1", "__proto__": "2"},
    ),
    "nothing": ("", {}),
    "garbage": ("\x7f;\t=;\x01", {}),
}


@cases(SENT)
async def test_cookies_of_a_request_are_read(case: tuple[str, dict[str, str]]) -> None:
    header, expected = case
    assert cookies(header) == expected


async def test_cookies_of_a_request_without_any_are_empty() -> None:
    request = Request("https://e.com/")
    assert request.cookies == {}
    assert request.cookies is request.cookies


async def test_cookies_are_in_the_order_of_the_header() -> None:
    assert [*cookies("b=1; a=2; b=3")] == ["b", "a"]


SET: dict[str, tuple[dict[str, Any], str]] = {
    "plain": ({}, "a=b; Path=/"),
    "seconds": ({"max_age": 60}, "a=b; Max-Age=60; Path=/"),
    "timedelta": ({"max_age": timedelta(hours=1)}, "a=b; Max-Age=3600; Path=/"),
    "rounded-up": ({"max_age": timedelta(milliseconds=1)}, "a=b; Max-Age=1; Path=/"),
    "zero": ({"max_age": 0}, "a=b; Max-Age=0; Path=/"),
    "negative": ({"max_age": timedelta(days=-1)}, "a=b; Max-Age=-86400; Path=/"),
    "expires": (
        {"expires": datetime(2026, 2, 3, 4, 5, 6, 999999, tzinfo=UTC)},
        "a=b; Expires=Tue, 03 Feb 2026 04:05:06 GMT; Path=/",
    ),
    "expires-elsewhere": (
        {"expires": datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))},
        "a=b; Expires=Wed, 31 Dec 2025 23:30:00 GMT; Path=/",
    ),
    "domain": ({"domain": "e.com"}, "a=b; Domain=e.com; Path=/"),
    "domain-with-dot": ({"domain": ".e.com"}, "a=b; Domain=.e.com; Path=/"),
    "path": ({"path": "/x y/%C3%A9"}, "a=b; Path=/x y/%C3%A9"),
    "no-path": ({"path": None}, "a=b"),
    "flags": ({"secure": True, "http_only": True}, "a=b; Path=/; Secure; HttpOnly"),
    "strict": ({"same_site": "Strict"}, "a=b; Path=/; SameSite=Strict"),
    "lax": ({"same_site": "lax"}, "a=b; Path=/; SameSite=Lax"),
    "none": ({"same_site": "none", "secure": True}, "a=b; Path=/; Secure; SameSite=None"),
    "partitioned": (
        {"partitioned": True, "secure": True},
        "a=b; Path=/; Secure; Partitioned",
    ),
    "everything": (
        {
            "max_age": 1,
            "expires": datetime(1970, 1, 1, tzinfo=UTC),
            "domain": "e.com",
            "path": "/p",
            "secure": True,
            "http_only": True,
            "same_site": "None",
            "partitioned": True,
        },
        "a=b; Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=e.com; Path=/p; Secure;"
        " HttpOnly; SameSite=None; Partitioned",
    ),
}


@cases(SET)
async def test_set_cookie_writes_the_attributes(case: tuple[dict[str, Any], str]) -> None:
    options, expected = case
    headers = Headers()
    headers.set_cookie("a", "b", **options)
    assert headers.get_set_cookie() == [expected]


async def test_set_cookie_adds_a_header_for_each_cookie() -> None:
    response = Response("x", headers={"Set-Cookie": "old=1"})
    response.headers.set_cookie("a", "1")
    response.headers.set_cookie("b", "2", path=None)
    assert response.headers.get_set_cookie() == ["old=1", "a=1; Path=/", "b=2"]


VALUES: dict[str, tuple[str, str]] = {
    "plain": ("abc!#$%&'()*+-./:<=>?@[]^_`{|}~", "abc!#$%&'()*+-./:<=>?@[]^_`{|}~"),
    "empty": ("", ""),
    "space": ("a b ", '"a b "'),
    "separators": ('a;b,c"d\\e', r'"a\073b\054c\042d\134e"'),
    "line-breaks": ("a\r\nSet-Cookie: x=y", r'"a\015\012Set-Cookie: x=y"'),
    "nul": ("\0\x7f", r'"\000\177"'),
    "unicode": ("é😀", r'"\303\251\360\237\230\200"'),
    "quotes": ('"', r'"\042"'),
}


@cases(VALUES)
async def test_any_value_of_a_cookie_is_read_back(case: tuple[str, str]) -> None:
    value, written = case
    headers = Headers()
    headers.set_cookie("a", value, path=None)
    assert headers.get_set_cookie() == [f"a={written}"]
    assert cookies(f"x=1; a={written}; y=2") == {"x": "1", "a": value, "y": "2"}


async def test_random_values_of_a_cookie_are_read_back() -> None:
    random = Random(7)
    for _ in range(100):
        value = "".join(map(chr, random.choices([*range(300), 0x4E2D, 0x1F600], k=9)))
        headers = Headers()
        headers.set_cookie("a", value)
        [written] = headers.get_set_cookie()
        assert written.isascii()
        assert written.isprintable()
        assert cookies(written.partition("; ")[0]) == {"a": value}


DELETED: dict[str, tuple[dict[str, Any], str]] = {
    "plain": ({}, "Path=/"),
    "place": ({"domain": "e.com", "path": "/p"}, "Domain=e.com; Path=/p"),
    "flags": (
        {"secure": True, "http_only": True, "same_site": "None", "partitioned": True},
        "Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
    ),
}


@cases(DELETED)
async def test_delete_cookie_lets_the_cookie_expire(case: tuple[dict[str, Any], str]) -> None:
    options, rest = case
    headers = Headers()
    headers.delete_cookie("a", **options)
    expected = f"a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; {rest}"
    assert headers.get_set_cookie() == [expected]


PREFIXED: dict[str, tuple[str, dict[str, Any]]] = {
    "secure": ("__Secure-a", {"secure": True, "path": "/p", "domain": "e.com"}),
    "host": ("__Host-a", {"secure": True}),
    "http": ("__Http-a", {"secure": True, "http_only": True, "domain": "e.com"}),
    "host-http": ("__Host-Http-a", {"secure": True, "http_only": True}),
    "only-similar": ("__Hosts", {"path": None}),
}


@cases(PREFIXED)
async def test_a_cookie_with_a_prefix_has_its_attributes(case: tuple[str, dict[str, Any]]) -> None:
    name, options = case
    headers = Headers()
    headers.set_cookie(name, "b", **options)
    headers.delete_cookie(name, **options)
    assert [cookie.partition("=")[0] for cookie in headers.get_set_cookie()] == [name, name]


S = {"secure": True}
REFUSED: dict[str, tuple[tuple[Any, Any], dict[str, Any], str]] = {
    "no-name": (("", "b"), {}, "name: expected letters, digits and .*, got ''"),
    "name-with-equals": (("a=b", ""), {}, "name: expected letters"),
    "name-with-semicolon": (("a;b", ""), {}, "name: expected letters"),
    "name-with-space": (("a b", ""), {}, "name: expected letters"),
    "name-with-break": (("a\n", ""), {}, "name: expected letters"),
    "name-in-unicode": (("é", ""), {}, "name: expected letters"),
    "name-of-bytes": ((b"a", ""), {}, "name: expected str, got bytes"),
    "value-of-int": (("a", 1), {}, "value: expected str, got int"),
    "value-with-surrogate": (("a", "\ud800"), {}, "value: .*surrogate"),
    "age-of-text": (("a", ""), {"max_age": "60"}, "max_age: expected int or timedelta, got str"),
    "age-of-float": (("a", ""), {"max_age": 1.5}, "max_age: expected int or timedelta"),
    "age-of-bool": (("a", ""), {"max_age": True}, "max_age: expected int or timedelta"),
    "naive-time": (
        ("a", ""),
        {"expires": datetime(2026, 1, 1)},
        r"expires: expected an aware datetime, got a naive one; write datetime.now\(timezone.utc\)",
    ),
    "time-of-int": (("a", ""), {"expires": 5}, "expires: expected an aware datetime, got int"),
    "domain-with-semicolon": (("a", ""), {"domain": "e.com; Secure"}, "domain: expected a host"),
    "domain-with-break": (("a", ""), {"domain": "e.com\n"}, "domain: expected a host name"),
    "domain-with-port": (("a", ""), {"domain": "e.com:80"}, "domain: expected a host name"),
    "domain-in-unicode": (("a", ""), {"domain": "é.com"}, "domain: expected a host name in ASCII"),
    "empty-domain": (("a", ""), {"domain": ""}, "domain: expected a host name"),
    "relative-path": (("a", ""), {"path": "x"}, "path: expected a path in ASCII"),
    "empty-path": (("a", ""), {"path": ""}, "path: expected a path in ASCII"),
    "path-with-semicolon": (("a", ""), {"path": "/;x"}, 'path: expected .*without ";"'),
    "path-with-break": (("a", ""), {"path": "/\r\nx"}, "path: expected a path in ASCII"),
    "path-in-unicode": (("a", ""), {"path": "/é"}, "path: expected a path in ASCII"),
    "same-site": (("a", ""), {"same_site": "x"}, 'expected "Strict", "Lax" or "None", got \'x\''),
    "same-site-false": (("a", ""), {"same_site": False}, 'expected "Strict", "Lax" or "None"'),
    "none-insecure": (("a", ""), {"same_site": "None"}, "secure: expected True with same_site"),
    "partitioned-insecure": (
        ("a", ""),
        {"partitioned": True},
        "secure: expected True with partitioned=True, got False; browsers drop the cookie",
    ),
    "secure-insecure": (
        ("__Secure-a", ""),
        {},
        "secure: expected True for a name that begins with __Secure-, got False; browsers drop",
    ),
    "host-insecure": (("__host-a", ""), {}, "secure: expected True for a name .* __Host-"),
    "host-with-domain": (("__Host-a", ""), {**S, "domain": "e.com"}, "domain: expected None"),
    "host-with-path": (("__Host-a", ""), {**S, "path": "/p"}, "path: expected '/'"),
    "host-without-path": (("__Host-a", ""), {**S, "path": None}, "path: expected '/'"),
    "http-visible": (("__Http-a", ""), S, "http_only: expected True"),
    "host-http-with-path": (
        ("__Host-Http-a", ""),
        {**S, "http_only": True, "path": "/p"},
        "path: expected '/' for a name that begins with __Host-Http-",
    ),
}


@cases(REFUSED)
async def test_a_cookie_that_browsers_would_drop_is_refused(
    case: tuple[tuple[Any, Any], dict[str, Any], str],
) -> None:
    (name, value), options, message = case
    headers = Headers()
    with raises(ConversionError, match=message):
        headers.set_cookie(name, value, **options)
    assert headers.get_set_cookie() == []


async def test_an_error_of_a_cookie_does_not_show_its_value() -> None:
    with raises(ConversionError) as caught:
        Headers().set_cookie("a b", "secret")
    assert "secret" not in str(caught.value)
