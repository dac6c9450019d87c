"""Types of HTTP classes, and corner cases of the web platform on CPython."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypedDict, assert_type

import pytest

from pyworkers_sdk import Headers, Request, Response, WorkersError
from pyworkers_sdk._border import web
from pyworkers_sdk._cpython import url as _url


class User(TypedDict):
    id: int


class Theirs:
    """A wrapper like that of the official SDK: ``js_object`` is a property of the class."""

    def __init__(self, js: object) -> None:
        self._js = js

    @property
    def js_object(self) -> object:
        return self._js


@pytest.mark.asyncio
async def test_json_is_typed_on_the_class_and_on_an_instance() -> None:
    made = assert_type(Response.json({"id": 1}, status=201, headers={"a": "b"}), Response)
    assert assert_type(await made.clone().json(User), User) == {"id": 1}
    assert assert_type(await made.json(), Any) == {"id": 1}
    request = Request("https://e.com/", method="POST", body="[1]")
    assert assert_type(await request.json(list[int]), list[int]) == [1]


@pytest.mark.asyncio
async def test_header_defaults_are_typed() -> None:
    headers = Headers()
    assert assert_type(headers.get("a"), str | None) is None
    assert assert_type(headers.get("a", 0), str | int) == 0


@pytest.mark.asyncio
async def test_objects_of_another_sdk_are_accepted() -> None:
    request = Request("https://e.com/")
    theirs = Theirs(request.js_object)
    assert Request.from_js(theirs).js_object is request.js_object
    assert Headers(Headers.from_js(request.js_object.headers)).items() == []
    anything: Any = Theirs(web.ReadableStream.of(b"theirs"))
    assert await Response(anything).text() == "theirs"


@pytest.mark.asyncio
async def test_clones_can_be_read_concurrently() -> None:
    async def source() -> AsyncIterator[bytes]:
        for number in range(20):
            await asyncio.sleep(0)
            yield b"%d " % number

    response = Response(source())
    copy = response.clone()
    ours, theirs = await asyncio.gather(response.text(), copy.text())
    assert ours == theirs == "".join(f"{number} " for number in range(20))


@pytest.mark.asyncio
async def test_byte_order_mark_is_not_part_of_json() -> None:
    assert await Response(b"\xef\xbb\xbf{}").json() == {}


@pytest.mark.asyncio
async def test_headers_of_an_incoming_request_are_immutable() -> None:
    request = Request("https://e.com/", headers={"a": "1"})
    request.js_object.headers.immutable = True
    for made in (request, request.clone()):
        with pytest.raises(WorkersError, match="Can't modify immutable headers"):
            made.headers["a"] = "2"


@pytest.mark.parametrize(
    ("given", "href"),
    [
        ("https://u:p@e.com/", "https://u:p@e.com/"),
        ("https://us er:@e.com", "https://us%20er@e.com/"),
        ("https://:@e.com/", "https://e.com/"),
        ("ftp://e.com:21/a", "ftp://e.com/a"),
        ("data:text/plain,x", "data:text/plain,x"),
        ("https:e.com", "https://e.com/"),
        ("http://0x7f.0.0.1", "http://127.0.0.1/"),
        ("http://256.1.1.1", None),
        ("http://[::g]", None),
        ("http://[::1", None),
        ("http://e.com:8a", None),
        ("https://ß.de", "https://xn--zca.de/"),
        ("https://E%2Ecom/%2E/a/..", "https://e.com/"),
    ],
)
def test_url_parser_normalises_and_refuses(given: str, href: str | None) -> None:
    assert _url.parse(given) == href
