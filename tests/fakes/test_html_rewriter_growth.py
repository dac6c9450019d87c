"""The work of HTMLRewriter's fake grows with the length of its input, not with the square."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from types import FrameType
from typing import Any

import pytest

from pyworkers_sdk import HTMLRewriter, Response

SHAPES: dict[str, Callable[[int], str]] = {
    "open elements": lambda n: "<div>" * n,
    "nested elements": lambda n: "<div>" * n + "</div>" * n,
    "end tags of nothing": lambda n: "<a>" * n + "</b>" * n,
    "siblings": lambda n: "<p>x</p>" * n,
    "text in open elements": lambda n: "<b>x" * n,
    "comments in open elements": lambda n: "<b><!--x-->" * n,
    "attributes": lambda n: "<a " + "b " * n + ">",
    "attributes with quotes": lambda n: "<a " + "b='>' " * n + ">",
    "a long value": lambda n: "<a b='" + ">" * n + "'>",
    "an endless tag": lambda n: "<a " * n,
    "an endless value": lambda n: "<a b='" + "> " * n,
    "an endless comment": lambda n: "<!--" + "-" * n,
    "an endless bogus comment": lambda n: "<?" + "x" * n,
    "an endless doctype": lambda n: "<!doctype " + "x" * n,
    "an endless script": lambda n: "<script><!--" + "- <" * n,
    "an endless end tag": lambda n: "<title></title " + "a " * n,
    "a long name in text": lambda n: "<title></" + "a" * n,
    "foreign elements": lambda n: "<svg><desc>" * n,
    "text": lambda n: "é" * n,
}


class Handler:
    def element(self, element: Any) -> None:
        element.set_attribute("a", "1")

    def comments(self, comment: Any) -> None: ...
    def text(self, chunk: Any) -> None: ...


async def pieces(text: str, size: int) -> AsyncIterator[bytes]:
    data = text.encode()
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def calls(html: str, size: int) -> int:
    """Return the number of Python calls that a transformation takes."""
    count = 0

    def count_calls(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    rewriter = HTMLRewriter().on("*", Handler()).on("div b", Handler())
    response = rewriter.transform(Response(pieces(html, size)))
    previous = sys.getprofile()
    sys.setprofile(count_calls)
    try:
        await response.bytes()
    finally:
        sys.setprofile(previous)
    return count


@pytest.mark.asyncio
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [16, 100_000])
async def test_twice_the_html_takes_twice_the_work(shape: str, size: int) -> None:
    single, double = [await calls(SHAPES[shape](n), size) for n in (300, 600)]
    assert double < 2.3 * single + 300


def test_tokens_do_not_depend_on_the_pieces_of_the_input() -> None:
    from random import Random

    from pyworkers_sdk._cpython.html.lexer import Lexer

    parts = [
        *"<>/='\"-!]? \n",
        "<!--",
        "-->",
        "--!>",
        "<script>",
        "</script",
        "<style>",
        "</style ",
    ]
    parts += [
        "<title",
        "</title>",
        "<svg>",
        "<![CDATA[",
        "]]>",
        "<!doctype html",
        "<div a='",
        "x" * 9,
    ]
    random = Random(7)

    def tokens(data: bytes, sizes: list[int]) -> list[tuple[Any, ...]]:
        lexer, read, found = Lexer(), 0, []
        for size in [*sizes, len(data)]:
            last = size == len(data)
            found += list(lexer.read(data[read : read + size], last))
            read += size
        return _joined([(token.kind, token.raw, token.text, token.attributes) for token in found])

    for _ in range(1_000):
        data = "".join(random.choices(parts, k=random.randint(1, 14))).encode()
        sizes = [random.randint(1, 6) for _ in range(len(data) // 4)]
        sizes = [size for size in sizes if size != len(data)]
        assert tokens(data, sizes) == tokens(data, []), (data, sizes)


def _joined(tokens: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Join neighbouring texts: a text is as long as the input at hand."""
    joined: list[tuple[Any, ...]] = []
    for token in tokens:
        if joined and token[0] == joined[-1][0] == "text":
            joined[-1] = ("text", joined[-1][1] + token[1], b"", [])
        else:
            joined.append(token if token[0] != "text" else ("text", token[1], b"", []))
    return joined
