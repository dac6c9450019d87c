"""The types of HTMLRewriter: checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import assert_type

from pyworkers_sdk import (
    Comment,
    Doctype,
    DocumentEnd,
    Element,
    EndTag,
    HTMLRewriter,
    Response,
    Text,
)


class Links:
    async def element(self, element: Element) -> None:
        href = element.get_attribute("href")
        assert_type(href, str | None)
        assert_type(element.attributes, list[tuple[str, str]])
        assert_type(element.set_attribute("a", "b").append("x", html=True), Element)
        element.before(Response("x")).after("y")
        element.on_end_tag(self.ended)

    def ended(self, tag: EndTag) -> None:
        assert_type(tag.name, str)
        tag.name = "p"

    def text(self, text: Text) -> None:
        assert_type(text.last_in_text_node, bool)
        text.text = "x"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]

    def comments(self, comment: Comment) -> None:
        comment.text = "x"
        comment.before(Response("x"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Document:
    def doctype(self, doctype: Doctype) -> None:
        assert_type(doctype.public_id, str | None)

    async def end(self, end: DocumentEnd) -> None:
        assert_type(end.append("x"), DocumentEnd)


class Wrong:
    def element(self, text: Text) -> None: ...


class Nothing: ...


rewriter = HTMLRewriter()
assert_type(rewriter.on("a", Links()), HTMLRewriter)
assert_type(rewriter.on("a", Links), HTMLRewriter)
assert_type(rewriter.on_document(Document()).on_document(Document), HTMLRewriter)
assert_type(rewriter.transform(Response("x")), Response)
rewriter.on("a", Wrong())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
rewriter.on("a", Nothing)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
rewriter.on("a", Document())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
