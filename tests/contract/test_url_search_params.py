"""The behaviour of URLSearchParams and of ``request.query``, seen in every world."""

from __future__ import annotations

from random import Random
from typing import Any

from pyworkers_sdk import ConversionError, Request, URLSearchParams
from pyworkers_sdk._border import web
from tests.contract.kit import cases, not_in, raises

# A query, and its pairs; seen in Node and in workerd.
QUERIES: dict[str, list[tuple[str, str]]] = {
    "": [],
    "a=1&b=2": [("a", "1"), ("b", "2")],
    "a=1&a=2&a=": [("a", "1"), ("a", "2"), ("a", "")],
    "a": [("a", "")],
    "=": [("", "")],
    "=v&k=": [("", "v"), ("k", "")],
    "&&a=1&&": [("a", "1")],
    "a=b=c==": [("a", "b=c==")],
    "a+b=c+d": [("a b", "c d")],
    "a%2Bb=%20%3d%26": [("a+b", " =&")],
    "a=%zz%4&b=%": [("a", "%zz%4"), ("b", "%")],
    "a=%E4%B8%AD%f0%9f%98%80": [("a", "中😀")],
    "a=%e2%82&b=%ff%41": [("a", "\ufffd"), ("b", "\ufffdA")],
    "a=%EF%BB%BFb": [("a", "\ufeffb")],
    "a=%00%0d%0A": [("a", "\0\r\n")],
    "a;b=1;c": [("a;b", "1;c")],
    "a[]=1&a[]=2": [("a[]", "1"), ("a[]", "2")],
    "__proto__=1&constructor=2": [("__proto__", "1"), ("constructor", "2")],
    "?a=1": [("?a", "1")],
    "a=http://e.com/?b=c": [("a", "http://e.com/?b=c")],
}


@cases({query or "empty": query for query in QUERIES})
async def test_query_of_a_request_is_decoded_as_in_javascript(case: str) -> None:
    query = Request(f"https://e.com/path?{case}#a=2").query
    assert query.items() == QUERIES[case]
    assert query.keys() == [*query] == [name for name, _ in QUERIES[case]]
    assert query.values() == [value for _, value in QUERIES[case]]
    assert len(query) == len(QUERIES[case])
    assert bool(query) is bool(QUERIES[case])


def _pairs_of_javascript(query: str) -> tuple[list[tuple[str, str]], str]:
    params = web.URLSearchParams.new(query)
    return [(pair[0], pair[1]) for pair in params.entries()], params.toString()


@not_in("fake", reason="compares with JavaScript's own class")
@cases({query or "empty": query for query in QUERIES})
async def test_table_of_queries_is_that_of_javascript(case: str) -> None:
    # The constructor drops a question mark at the beginning, but a URL's query keeps it.
    assert _pairs_of_javascript("?" + case)[0] == QUERIES[case]


@not_in("fake", reason="compares with JavaScript's own class")
async def test_random_queries_are_decoded_and_encoded_as_in_javascript() -> None:
    random = Random(12)
    # ASCII only, as in the URL of a request: Node's parser misreads "0=😀%41".
    pieces = [*"aZ09&&==+%%%?#/*-._~'!()", "%4", "%e2%82%ac", "%F0%9F", "%C3", "%00", "%EF%BB%BF"]
    for _ in range(500):
        query = "".join(random.choices(pieces, k=random.randrange(12)))
        params = URLSearchParams(query)
        pairs, encoded = _pairs_of_javascript(query)
        assert params.items() == pairs, repr(query)
        # workerd writes bytes that are not UTF-8 as they were, and Node as U+FFFD.
        if not any("\ufffd" in text for pair in pairs for text in pair):
            assert str(params) == encoded, repr(query)
        assert URLSearchParams(str(params)) == params


@cases({"none": "https://e.com/", "fragment": "https://e.com/#?a=1", "mark": "https://e.com/?"})
async def test_query_of_a_url_without_a_query_is_empty(case: str) -> None:
    assert Request(case).query.items() == []


async def test_query_of_any_url_is_not_refused() -> None:
    assert URLSearchParams.of_url("https://e.com/?a=%41\ud800").get("a", "").startswith("A\ufffd")
    assert URLSearchParams.of_url("not a URL?a=1").items() == [("a", "1")]


async def test_query_is_parsed_once() -> None:
    request = Request("https://e.com/?a=1")
    assert request.query is request.query
    assert Request(request).query == request.query


async def test_get_returns_the_first_value_and_get_all_every_one() -> None:
    query = Request("https://e.com/?a=1&b=&a=2").query
    assert query.get("a") == query["a"] == "1"
    assert query.get_all("a") == ["1", "2"]
    assert query.get("b", "x") == ""
    assert query.get("c") is None
    assert query.get("c", 5) == 5
    assert query.get_all("c") == []
    assert query.has("b")
    assert "b" in query
    assert not query.has("c")
    assert "c" not in query
    assert 5 not in query
    with raises(KeyError, match="^'c'$"):
        _ = query["c"]


async def test_items_are_a_copy() -> None:
    query = URLSearchParams("a=1")
    query.items().clear()
    assert query.items() == [("a", "1")]


@cases(
    {
        "text": ("a=1&b=x+y", "a=1&b=x+y"),
        "question-mark": ("?a=1", "a=1"),
        "two-question-marks": ("??a=1", "%3Fa=1"),
        "dict": ({"a": "1", "b": "é &=+%"}, "a=1&b=%C3%A9+%26%3D%2B%25"),
        "pairs": ([("a", "1"), ("a", "2")], "a=1&a=2"),
        "iterator": (iter([("a", "~*-._")]), "a=%7E*-._"),
        "same-class": (URLSearchParams([("a", "1"), ("a", "2")]), "a=1&a=2"),
        "empty": ((), ""),
    }
)
async def test_params_are_made_from_text_and_pairs(case: tuple[Any, str]) -> None:
    init, encoded = case
    params = URLSearchParams(init)
    assert str(params) == encoded
    assert URLSearchParams(encoded) == params
    assert hash(URLSearchParams(encoded)) == hash(params)


async def test_params_are_equal_to_params_only() -> None:
    assert URLSearchParams("a=1&b=2") != URLSearchParams("b=2&a=1")
    assert URLSearchParams("a=1") != "a=1"
    assert repr(URLSearchParams("a=1")) == "URLSearchParams([('a', '1')])"


@cases(
    {
        "int": (5, "init: expected str, a mapping or pairs of str, got int"),
        "none": (None, "init: expected str, a mapping or pairs of str, got None"),
        "int-value": ({"a": 1}, r"query\['a'\]: expected str, got int"),
        "int-name": ([(1, "a")], "name: expected str, got int"),
        "surrogate": ({"a": "\ud800"}, r"query\['a'\]: .*surrogate"),
        "surrogate-in-text": ("a=\ud800", "init: .*surrogate"),
        "bytes": (b"a=1", "init: expected str, a mapping or pairs of str, got bytes"),
    }
)
async def test_params_of_other_values_are_refused(case: tuple[Any, str]) -> None:
    init, message = case
    with raises(ConversionError, match=message):
        URLSearchParams(init)
