"""HTMLRewriter, over the fake and over workerd's."""

from __future__ import annotations

import asyncio
import gc
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from pyworkers_sdk import (
    BindingError,
    Comment,
    ConversionError,
    Doctype,
    DocumentEnd,
    Element,
    EndTag,
    HTMLRewriter,
    Request,
    Response,
    StreamError,
    Text,
    WorkersError,
)

from .kit import cases, only, raises

NOT_IN_NODE = "Node has no HTMLRewriter, and miniflare brings none"

AnyRewriter: Any = HTMLRewriter  # for calls that a type checker refuses


class Does:
    """Handlers made of functions."""

    def __init__(self, **handlers: Callable[[Any], Any]) -> None:
        self.__dict__.update(handlers)


def on(selector: str | None, **handlers: Callable[[Any], Any]) -> HTMLRewriter:
    target: Any = Does(**handlers)
    if selector is None:
        return HTMLRewriter().on_document(target)
    return HTMLRewriter().on(selector, target)


async def rewritten(html: str, selector: str | None, **handlers: Callable[[Any], Any]) -> str:
    return await on(selector, **handlers).transform(Response(html)).text()


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


# Elements and selectors --------------------------------------------------------------------------

HTML = "<div><p class='a b' id=i>x<br>y</p><p>z</p></div>"

ELEMENTS: dict[str, tuple[Callable[[Element], Any], str]] = {
    "before": (lambda e: e.before("<1>").before("2"), "&lt;1&gt;2<p a>x</p>"),
    "after": (lambda e: e.after("1").after("<2>", html=True), "<p a>x</p><2>1"),
    "prepend": (lambda e: e.prepend("1").prepend("2"), "<p a>21x</p>"),
    "append": (lambda e: e.append("1").append("2&"), "<p a>x12&amp;</p>"),
    "replace": (lambda e: e.replace("1").replace("2").before("3").after("4"), "324"),
    "remove": (lambda e: e.before("1").remove().append("2").after("3"), "123"),
    "keep": (lambda e: e.prepend("1").remove_and_keep_content().append("2"), "1x2"),
    "inner": (lambda e: e.append("1").prepend("2").set_inner_content("3"), "<p a>3</p>"),
    "set": (lambda e: e.set_attribute("A", 'x"<&'), '<p a="x&quot;<&">x</p>'),
    "add": (lambda e: e.set_attribute("B", ""), '<p a b="">x</p>'),
    "delete": (lambda e: e.remove_attribute("a").remove_attribute("z"), "<p>x</p>"),
    "nothing to set": (lambda e: e.remove_attribute("a").set_attribute("a", ""), '<p a="">x</p>'),
    "rename": (lambda e: setattr(e, "tag_name", "Em"), "<Em a>x</Em>"),
    "response": (lambda e: e.before(Response("<1>")), "&lt;1&gt;<p a>x</p>"),
    "html response": (lambda e: e.before(Response("<1>"), html=True), "<1><p a>x</p>"),
    "no body": (lambda e: e.replace(Response()), "<p a>x</p>"),
    "stream": (lambda e: e.append(chunks(b"\xc3", b"\xa9<")), "<p a>xé&lt;</p>"),
    "body": (lambda e: e.set_inner_content(Response("s").body or ""), "<p a>s</p>"),
}


@only("fake", "workerd", reason=NOT_IN_NODE)
@cases(ELEMENTS)
async def test_element_change_is_written(case: tuple[Callable[[Element], Any], str]) -> None:
    change, expected = case

    def element(element: Element) -> None:
        change(element)

    assert await rewritten("<p a>x</p>", "p", element=element) == expected


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_element_members_are_read() -> None:
    seen: list[Any] = []

    def element(element: Element) -> None:
        seen.append([element.tag_name, element.attributes, element.removed, element.namespace_uri])
        seen.append([element.get_attribute("CLASS"), element.get_attribute("no")])
        seen.append([element.has_attribute("id"), element.has_attribute("no")])
        assert element.remove() is element
        seen.append(element.removed)

    assert await rewritten("<P Class='a&amp;' id=1 id=2>x</p>y", "p", element=element) == "y"
    assert await rewritten("<svg>", "svg", element=element) == ""
    html = "http://www.w3.org/1999/xhtml"
    assert seen[:4] == [
        ["p", [("class", "a&amp;"), ("id", "1"), ("id", "2")], False, html],
        ["a&amp;", None],
        [True, False],
        True,
    ]
    assert seen[4] == ["svg", [], False, "http://www.w3.org/2000/svg"]


SELECTORS = {
    "p": ["p", "p"],
    "*": ["div", "p", "br", "p"],
    ".a": ["p"],
    ".a.b#i": ["p"],
    "[id]": ["p"],
    "[id=i]": ["p"],
    "[id='I' i]": ["p"],
    "[class~=b]": ["p"],
    "[class^='a ']": ["p"],
    "[class$=b]": ["p"],
    "[class*=' ']": ["p"],
    "[id|=i]": ["p"],
    "div p": ["p", "p"],
    "div > br": [],
    "p > br": ["br"],
    "p:nth-child(2)": ["p"],
    "p:nth-child(odd)": ["p"],
    "p:first-child": ["p"],
    "p:nth-of-type(n+2)": ["p"],
    "p:first-of-type": ["p"],
    "p:not(.a)": ["p"],
    ":not(p, div)": ["br"],
    ":not(:not(p))": ["p", "p"],
    ":not(p.a)": ["div", "br"],
    "[ID]": ["p"],
    "[Id=i]": ["p"],
    "br, p": ["p", "br", "p"],
    "P": ["p", "p"],
    "p\\:x": [],
}


@only("fake", "workerd", reason=NOT_IN_NODE)
@cases({selector: selector for selector in SELECTORS})
async def test_selector_matches_elements(case: str) -> None:
    seen: list[str] = []

    def element(element: Element) -> None:
        seen.append(element.tag_name)

    assert await rewritten(HTML, case, element=element) == HTML
    assert seen == SELECTORS[case]


REFUSED = {
    "": "The selector is empty.",
    "p,": "The selector is empty.",
    "p >": "Dangling combinator in selector.",
    "p + p": "Unsupported combinator `+` in selector.",
    "p ~ p": "Unsupported combinator `~` in selector.",
    "p:hover": "Unsupported pseudo-class or pseudo-element in selector.",
    "p::before": "Unsupported pseudo-class or pseudo-element in selector.",
    "p:last-child": "Unsupported pseudo-class or pseudo-element in selector.",
    "p:": "Unexpected end of selector.",
    "p[": "Unexpected end of selector.",
    "[a=": "Unexpected end of selector.",
    ":nth-child()": "Unexpected end of selector.",
    ":nth-child(x)": "Unexpected token in selector.",
    "p!": "Unexpected token in selector.",
    "p]": "Unexpected token in selector.",
    "p)": "Unexpected token in selector.",
    "|!": "Unexpected token in selector.",
    "[=a]": "Missing attribute name in attribute selector.",
    "[a=1]": "Unexpected token in the attribute selector.",
    "[a!=b]": "Unexpected token in the attribute selector.",
    "[a=b c]": "Unexpected token in selector.",
    "svg|a": "Selectors with explicit namespaces are not supported.",
    "[svg|a]": "Selectors with explicit namespaces are not supported.",
    "[*|a]": "Selectors with explicit namespaces are not supported.",
    "p|": "Selectors with explicit namespaces are not supported.",
    "[*a]": "Unexpected token in the attribute selector.",
    "[|=a]": "Missing attribute name in attribute selector.",
    "p.": "Unexpected end of selector.",
    "p::": "Unexpected end of selector.",
    "p.1": "Unexpected token in selector.",
    "p#1": "Unexpected token in selector.",
    ":not(p]": "Unexpected token in selector.",
    ":nth-child(1 x)": "Unexpected token in selector.",
    ":nth-child(": "Unexpected end of selector.",
    "[A]": "",
    "[A=x]": "",
    ".-1": "Invalid or unescaped class name in selector.",
    "*|": "The selector is empty.",
    "p:not(b": "",
    "*|p": "",
    "|p": "",
    "[|p]": "",
    "[|P]": "",
    "p /* x": "",
    "[a='x": "",
    ":not(:not(p))": "",
    ":not(a + b)": "Unsupported pseudo-class or pseudo-element in selector.",
    ":not(a > b)": "Unsupported pseudo-class or pseudo-element in selector.",
    ":not(c, a b)": "Unsupported pseudo-class or pseudo-element in selector.",
    ":not(:not(a b))": "Unsupported pseudo-class or pseudo-element in selector.",
    ":is(a)": "Unsupported pseudo-class or pseudo-element in selector.",
    ":not()": "The selector is empty.",
    ":nth-child(-n + 3)": "",
    ":nth-child( even )": "",
}


@only("fake", "workerd", reason=NOT_IN_NODE)
@cases({selector or "nothing": selector for selector in REFUSED})
async def test_invalid_selector_is_refused(case: str) -> None:
    rewriter = HTMLRewriter()
    if not REFUSED[case]:
        assert rewriter.on(case, Upper()) is rewriter
        return
    with raises(WorkersError) as caught:
        rewriter.on(case, Upper())
    assert str(caught.value) == f"Parser error: {REFUSED[case]}"
    assert caught.value.js_name == "TypeError"


class Upper:
    """Handlers with methods, async and not."""

    async def element(self, element: Element) -> None:
        await asyncio.sleep(0)
        element.set_attribute("seen", element.tag_name.upper())

    def text(self, text: Text) -> None:
        if text.text:
            text.replace(text.text.upper())


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_void_element_ignores_inner_content() -> None:
    def element(element: Element) -> None:
        element.prepend("1").append("2").set_inner_content("3").set_attribute("a", "b")
        element.after("4")
        if element.tag_name == "hr":
            element.remove_and_keep_content()

    html = "<br/><hr><svg><a/></svg>"
    expected = '<br a="b" />44<svg><a a="b" />4</svg>'
    assert await rewritten(html, "br, hr, a", element=element) == expected

    def renamed(element: Element) -> None:
        element.tag_name = "q"

    assert await rewritten("<br/><p/>", "*", element=renamed) == "<q/><q/>"

    def replaced(element: Element) -> None:
        if element.tag_name == "br":
            element.replace("1")
        element.remove()

    assert await rewritten("<br/><hr/>", "*", element=replaced) == "1"


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_removed_content_reaches_handlers() -> None:
    seen: list[Any] = []

    class Inner:
        def element(self, element: Element) -> None:
            seen.append(element.removed)
            element.before("1").after("2")

        def text(self, text: Text) -> None:
            seen.append(text.text)
            text.before("3")

    rewriter = on("p", element=lambda element: element.set_inner_content("new"))
    rewriter.on("b", Inner)
    answer = rewriter.transform(Response("<p>a<b>c</b><i>d</i><!--e--></p>f"))
    assert await answer.text() == "<p>new</p>f"
    assert seen == [True, "c", ""]


# Handlers, text, comments and end tags -----------------------------------------------------------


@only("node", reason="only Node has no HTMLRewriter")
async def test_rewriter_outside_workers_raises_binding_error() -> None:
    with raises(BindingError, match="HTMLRewriter is only in the Workers runtime"):
        HTMLRewriter().on("p", Upper())


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_handlers_are_objects_or_classes() -> None:
    instances: list[Counts] = []

    class Counts:
        def __init__(self) -> None:
            instances.append(self)
            self.count = 0

        async def element(self, element: Element) -> None:
            self.count += 1
            element.set_attribute("n", str(self.count))

    rewriter = HTMLRewriter().on("b", Counts).on("b", Upper())
    for _ in range(2):
        answer = rewriter.transform(Response("<b>x<i>y</i></b><b>", status=201, headers={"a": "b"}))
        assert (answer.status, answer.headers["a"]) == (201, "b")
        expected = '<b n="1" seen="B">X<i>Y</i></b><b n="2" seen="B">'
        assert await answer.text() == expected
    assert [instance.count for instance in instances] == [2, 2]


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_text_arrives_in_chunks() -> None:
    seen: list[tuple[str, bool]] = []

    def text(text: Text) -> None:
        assert not text.removed
        seen.append((text.text, text.last_in_text_node))

    html = "<p>a &amp; b < c<b>d</b>e</p>f<script>1<2</script>"
    assert await rewritten(html, "p", text=text) == html
    assert seen == [
        ("a &amp; b ", False),
        ("<", False),
        (" c", False),
        ("", True),
        ("d", False),
        ("", True),
        ("e", False),
        ("", True),
    ]
    seen.clear()
    assert await rewritten("<script>1<2<!--<b>--></script>", "script", text=text)
    assert [chunk for chunk, _ in seen] == ["1", "<", "2", "<!--", "<", "b>--", ">", ""]
    seen.clear()
    body = Response(chunks(b"<p>a\xc3", b"\xa9b\xff</p>"))
    assert await on("p", text=text).transform(body).text() == "<p>aéb\ufffd</p>"
    assert "".join(chunk for chunk, _ in seen) == "aéb\ufffd"
    seen.clear()
    long = "x" * 1500
    assert await rewritten(f"<p>{long}< {long}</p>", "p", text=text)
    assert [len(chunk) for chunk, _ in seen if chunk] == [1500, 1, 1024, 477]


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_text_change_is_written() -> None:
    def text(text: Text) -> None:
        if text.last_in_text_node:
            text.before("1").after("2", html=True).after(Response("3<"))
        else:
            assert text.remove().removed

    assert await rewritten("<p>x</p>", "p", text=text) == "<p>13&lt;2</p>"


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_comments_are_read_and_changed() -> None:
    seen: list[str] = []

    def comments(comment: Comment) -> None:
        seen.append(comment.text)
        if comment.text == "gone":
            assert comment.remove().removed
        elif comment.text == "new":
            comment.text = "other"
            comment.before("1<").after("2<", html=True)
            with raises(WorkersError, match="a comment-closing sequence"):
                comment.text = "a-->"
            content: Any = Response("x")
            with raises(ConversionError, match="content: expected str, got Response"):
                comment.before(content)
        else:
            comment.replace("R&")

    html = "<!--out--><p><!--gone-->a<!--new--><?b?></p>"
    expected = "<!--out--><p>a1&lt;<!--other-->2<R&amp;</p>"
    assert await rewritten(html, "p", comments=comments) == expected
    assert seen == ["gone", "new", "?b?"]


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_document_handlers_receive_doctype_comments_text_and_end() -> None:
    seen: list[Any] = []

    class Document:
        async def doctype(self, doctype: Doctype) -> None:
            seen.append((doctype.name, doctype.public_id, doctype.system_id))

        def comments(self, comment: Comment) -> None:
            seen.append(comment.text)

        def text(self, text: Text) -> None:
            seen.append(text.text)

        async def end(self, end: DocumentEnd) -> None:
            assert end.append("<1>").append("<2>", html=True) is end

    html = "<!DOCTYPE HTML PUBLIC 'p' \"s\"><!doctype><p>a<!--c--></p>"
    rewriter = HTMLRewriter().on_document(Document)
    assert await rewriter.transform(Response(html)).text() == f"{html}&lt;1&gt;<2>"
    assert seen == [("html", "p", "s"), (None, None, None), "a", "", "c"]


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_end_tag_handler_changes_the_end_tag() -> None:
    seen: list[str] = []

    def element(element: Element) -> None:
        if element.tag_name == "br":
            with raises(WorkersError, match="Parser error: No end tag."):
                element.on_end_tag(gone)
            return
        element.on_end_tag(gone)
        element.on_end_tag(ended)

    def gone(tag: EndTag) -> None:
        raise AssertionError

    async def ended(tag: EndTag) -> None:
        seen.append(tag.name)
        tag.before("1").after("<2>", html=True)
        if tag.name == "p":
            tag.name = "q"
        if tag.name == "i":
            tag.remove()

    html = "<p>x<br></p><i>y</i><b>never"
    assert await rewritten(html, "*", element=element) == "<p>x<br>1</q><2><i>y1<2><b>never"
    assert seen == ["p", "i"]
    seen.clear()
    # the tag of an element around it
    assert await rewritten("<ul><li>a<li>b</ul>", "li", element=element)
    assert seen == ["ul", "ul"]


RAW_TEXT = {
    "<script a=><p></script><i>": ["script", "i"],
    "<style a=><p></style><i>": ["style", "i"],
    "<svg><title><p></title></svg><b>": ["svg", "title", "p", "b"],
}


@only("fake", "workerd", reason=NOT_IN_NODE)
@cases({html: html for html in RAW_TEXT})
async def test_markup_in_raw_text_is_not_an_element(case: str) -> None:
    seen: list[str] = []

    def element(element: Element) -> None:
        seen.append(element.tag_name)

    assert await rewritten(case, "*", element=element) == case
    assert seen == RAW_TEXT[case]


# Bytes, encodings and arguments -----------------------------------------------------------------

UNTOUCHED = {
    "attributes": "<p a = 'x'y=z/ =q  >",
    "cases": "<DIV></div ><Br/>",
    "comments": "<!--a--><!--><!---><!--a--!><!-- -- ><!x></ y></><?z>",
    "cdata": "<![CDATA[x]]><svg><![CDATA[<p>]]]></svg>",
    "raw": "<title><p></title><style><p></style><textarea></p></textarea><script>'<p>'</script>",
    "script": "<script><!--<script></script><p>--></script><script a=></script>",
    "script in a comment": "<script><!--<b--></b></script><script><!--<script>-<-></script>",
    "script that is cut": "<script><!-<!--<scr",
    "script after a comment": "<script><!----><script x></script><!--<script--></script>",
    "plaintext": "<plaintext></plaintext><p>",
    "open": "<p",
    "quoted": "<p a='>",
    "cdata that is cut": "<svg><![CDATA[x]]",
    "doctype after text": "a<!doctype html>",
    "less": "a<1<<p><",
    "doctype": "<!doctype html><!DOCTYPE a SYSTEM 's'x><!doctyp",
    "font": "<svg><font a><font color></svg><svg/></svg>",
    "svg": "<svg><p></svg><math><mi><p></mi><annotation-xml encoding=text/html><p></math>",
    "end": "</></p x=y></",
    "cut": "<!--",
    "bytes": "é€😀\x00",
}


@only("fake", "workerd", reason=NOT_IN_NODE)
@cases(UNTOUCHED)
async def test_unchanged_html_passes_byte_by_byte(case: str) -> None:
    def watches(_: Any) -> None: ...

    data = case.encode()
    rewriter = on("*", element=watches, text=watches, comments=watches)
    assert await rewriter.transform(Response(data)).bytes() == data
    pieces = chunks(*(data[at : at + 1] for at in range(len(data))))
    assert await rewriter.transform(Response(pieces)).bytes() == data
    assert await HTMLRewriter().transform(Response(data)).bytes() == data


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_encoding_of_the_content_type_is_used() -> None:
    def element(element: Element) -> None:
        element.set_attribute("a", "é").append("é€я")

    headers = {"content-type": "text/html; charset=latin1"}
    answer = on("p", element=element).transform(Response(b"<p>\xe9</p>", headers=headers))
    assert await answer.bytes() == b'<p a="\xe9">\xe9\xe9\x80&#1103;</p>'
    for charset, message in {
        "nope": "Unknown character encoding has been provided.",
        "utf-16": "Expected ASCII-compatible encoding.",
    }.items():
        response = Response("x", headers={"content-type": f"text/html;charset={charset}"})
        with raises(WorkersError, match=f"Parser error: {message}"):
            on("p", element=element).transform(response)


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_invalid_arguments_are_refused() -> None:
    seen: list[str] = []

    def element(element: Element) -> None:
        wrong: Any = 1
        for call in (element.before, element.set_inner_content):
            with raises(ConversionError, match="content: expected str, Response or a stream"):
                call(wrong)
        with raises(ConversionError, match="^handler: expected a function, got int$"):
            element.on_end_tag(wrong)
        for name in ("", "a b", "a=", "a/"):
            with raises(WorkersError) as caught:
                element.set_attribute(name, "x")
            seen.append(str(caught.value))
            with raises(WorkersError) as caught:
                element.tag_name = name.replace("=", ">")
            seen.append(str(caught.value))
        with raises(WorkersError) as caught:
            element.tag_name = "1"
        seen.append(str(caught.value))

    await rewritten("<p>", "p", element=element)
    of_attributes = "character is forbidden in the attribute name"
    of_tags = "character is forbidden in the tag name"
    assert seen == [
        "Parser error: Attribute name can't be empty.",
        "Parser error: Tag name can't be empty.",
        f"Parser error: ` ` {of_attributes}",
        f"Parser error: ` ` {of_tags}",
        f"Parser error: `=` {of_attributes}",
        f"Parser error: `>` {of_tags}",
        f"Parser error: `/` {of_attributes}",
        f"Parser error: `/` {of_tags}",
        "Parser error: The first character of the tag name should be an ASCII alphabetical"
        " character.",
    ]
    for whole in ("<p>", Request("https://example.com/"), None):
        with raises(ConversionError, match="^response: expected Response, got "):
            AnyRewriter().on("p", Does(element=print)).transform(whole)
    wrong: list[Any] = [object(), {}, None]
    for handlers in wrong:
        with raises(ConversionError, match="expected an object with element or comments or text"):
            AnyRewriter().on("p", handlers)
        with raises(ConversionError, match="expected an object with doctype or comments"):
            AnyRewriter().on_document(handlers)


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_token_used_after_its_handler_raises() -> None:
    tokens: list[Any] = []

    class Keeps:
        def element(self, element: Element) -> None:
            tokens.append(element)

        def text(self, text: Text) -> None:
            tokens.append(text)

    await HTMLRewriter().on("p", Keeps()).transform(Response("<p>x")).text()
    uses: list[Callable[[], Any]] = [
        lambda: tokens[0].tag_name,
        lambda: tokens[0].attributes,
        lambda: tokens[0].append("x"),
        lambda: tokens[0].on_end_tag(print),
        lambda: tokens[1].text,
        lambda: tokens[1].remove(),
    ]
    for use in uses:
        with raises(WorkersError, match="This content token is no longer valid"):
            use()


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_exception_in_a_handler_fails_the_body() -> None:
    def now(_: Any) -> None:
        raise ValueError("no good")

    async def later(_: Any) -> None:
        await asyncio.sleep(0)
        raise ValueError("no good")

    for handler in (now, later):
        answer = on("p", element=handler).transform(Response("<b><p>"))
        with raises(StreamError, match="no good") as caught:
            await answer.text()
        assert caught.value.js_name == "ValueError"


@only("fake", reason="in other worlds JavaScript is between the handler and the reader")
async def test_exception_of_a_handler_is_the_cause_on_the_fake() -> None:
    def now(element: Element) -> None:
        element.set_attribute("width", 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async def later(element: Element) -> None:
        now(element)

    for handler in (now, later):
        answer = on("p", element=handler).transform(Response("<p>"))
        with raises(StreamError, match="^value: expected str, got int$") as caught:
            await answer.text()
        cause = caught.value.__cause__
        assert isinstance(cause, ConversionError)
        assert "in now" in "".join(traceback.format_exception(cause))


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_ambiguous_text_element_fails_the_body() -> None:
    answer = on("p", element=lambda _: None).transform(Response("<select><title></title>"))
    with raises(StreamError, match=r"Parser error: The parser has .* \(`<title>`\)") as caught:
        await answer.text()
    assert caught.value.js_name == "TypeError"
    allowed = "<select><script></script></select><title></title><select><input><title></title>"
    assert await rewritten(allowed, "p", element=lambda _: None) == allowed
    for refused in (
        "<select><template><template></template><script></script>",
        "<frameset><noframes></noframes><style></style>",
    ):
        with raises(StreamError, match="Parser error"):
            await rewritten(refused, "p", element=lambda _: None)


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_content_that_is_not_utf_8_fails_the_body() -> None:
    def element(element: Element) -> None:
        element.append(Response(b"\xff"))

    with raises(StreamError, match="Parser error: Invalid UTF-8"):
        await rewritten("<p></p>", "p", element=element)


# Bodies and order --------------------------------------------------------------------------------


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_missing_empty_and_used_bodies() -> None:
    rewriter = on("p", element=lambda _: None)
    assert rewriter.transform(Response(status=204)).body is None
    with raises(WorkersError, match="HTMLRewriter cannot transform an error response"):
        rewriter.transform(Response.error())
    source = Response("<p>")
    answer = rewriter.transform(source)
    assert source.body_used
    assert await answer.text() == "<p>"
    assert await rewriter.transform(Response("")).text() == ""
    with raises(WorkersError, match="The ReadableStream has been locked to a reader."):
        rewriter.transform(source)
    answer = on("p", element=lambda element: element.append(source)).transform(Response("<p></p>"))
    with raises(StreamError, match="The ReadableStream has been locked to a reader."):
        await answer.text()


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_failing_source_fails_the_body() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"<p>"
        raise ValueError("no more")

    answer = on("p", element=lambda _: None).transform(Response(broken()))
    with raises(StreamError, match="no more"):
        await answer.text()


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_output_streams_while_input_arrives() -> None:
    seen: list[str] = []

    async def source() -> AsyncIterator[bytes]:
        for name in ("a", "b", "c"):
            seen.append(name)
            yield f"<{name}>".encode()

    rewriter = on("*", element=lambda element: element.set_attribute("x", ""))
    body = rewriter.transform(Response(source())).body
    assert body
    async for chunk in body:
        assert chunk == b'<a x="">'
        break
    await asyncio.sleep(0.05)
    assert seen[-1] != "c" or seen == ["a", "b", "c"]


@only("fake", "workerd", reason=NOT_IN_NODE)
async def test_handlers_run_in_order() -> None:
    seen: list[str] = []

    def say(what: str) -> Callable[[Any], None]:
        return lambda _: seen.append(what)

    rewriter = HTMLRewriter()
    first: Any = Does(text=say("document text"), end=say("first end"))
    rewriter.on_document(first)
    second: Any = Does(end=say("second end"))
    rewriter.on_document(second)
    for selector in ("p", "*"):
        handlers: Any = Does(element=say(selector), text=say(f"{selector} text"))
        rewriter.on(selector, handlers)
    await rewriter.transform(Response("<p>x")).text()
    text = ["p text", "* text", "document text"]
    assert seen == ["p", "*", *text, *text, "second end", "first end"]


@only("workerd-314", reason="counts Pyodide's proxies, as only the harness of this world can")
async def test_handlers_leave_no_proxies() -> None:
    """Its many branches are the ways in which a body can end."""
    harness: Any = import_module("_harness")

    class Everything:
        async def element(self, element: Element) -> None:
            element.on_end_tag(lambda tag: tag.before("x"))
            element.on_end_tag(lambda tag: None)
            assert element.attributes == [("a", "1")]
            element.append(Response("y"))

        def text(self, text: Text) -> None:
            text.after("z")

        async def fails(self, element: Element) -> None:
            raise ValueError

    html = "<p a=1>x</p><p a=1>" * 20

    async def ended() -> None:
        await HTMLRewriter().on("p", Everything).transform(Response(html)).text()

    async def failed() -> None:
        with suppress(StreamError):
            await on("p", element=Everything().fails).transform(Response(html)).text()

    async def source_failed() -> None:
        async def broken() -> AsyncIterator[bytes]:
            yield html.encode()
            raise ValueError

        with suppress(StreamError):
            await HTMLRewriter().on("p", Everything).transform(Response(broken())).text()

    async def cancelled() -> None:
        body = HTMLRewriter().on("p", Everything).transform(Response(html)).body
        assert body
        await body.cancel()

    async def left_early() -> None:
        body = HTMLRewriter().on("p", Everything).transform(Response(html)).body
        assert body
        async for _ in body:
            break

    async def bodiless() -> None:
        HTMLRewriter().on("p", Everything).transform(Response(status=204))

    async def refused() -> None:
        with suppress(WorkersError):
            HTMLRewriter().on("p", Everything).transform(Response.error())

    async def held() -> tuple[int, int]:
        await asyncio.sleep(0.05)
        gc.collect()
        return harness.live_proxies(), harness.live_js_refs()

    async def after(call: Callable[[], Any], times: int) -> tuple[int, int]:
        for _ in range(times):
            await call()
        return await held()

    for call in (ended, failed, source_failed, cancelled, left_early, bodiless, refused):
        few = await after(call, 5)
        many = await after(call, 50)
        for _ in range(40):  # on a busy machine some are not destroyed yet
            if many[0] <= few[0] and many[1] <= few[1]:
                break
            many = await held()
        assert (call.__name__, many[0] <= few[0]) == (call.__name__, True)
        assert (call.__name__, many[1] <= few[1]) == (call.__name__, True), (few, many)
