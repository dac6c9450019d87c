"""``HTMLRewriter``: change HTML while it streams through a Worker."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

from ._border import JsWrapper, cells, expected, from_js, raising, raw, stream_from, text, web
from ._border.callbacks import Handed
from .errors import BindingError, WorkersError
from .http import Response
from .streams import ReadableStream

if TYPE_CHECKING:
    from . import _js

__all__ = [
    "Comment",
    "Doctype",
    "DocumentEnd",
    "DocumentHandlers",
    "Element",
    "ElementHandlers",
    "EndTag",
    "HTMLRewriter",
    "HandlesComments",
    "HandlesDoctype",
    "HandlesElement",
    "HandlesEnd",
    "HandlesText",
    "Text",
]

_raising = raising(WorkersError)

Content: TypeAlias = "str | Response | ReadableStream | AsyncIterable[bytes]"


class _Token(JsWrapper[Any]):
    """Base of the tokens that handlers receive.

    A token is valid until its handler is over; afterwards every use raises WorkersError.
    """

    __slots__ = ("_handed",)

    def __init__(self, token: Any, handed: Handed | None = None) -> None:
        self._js = raw(token)
        self._handed = handed


class Doctype(_Token):
    """A doctype, ``<!DOCTYPE …>``; it is read-only. JS: Doctype."""

    __slots__ = ()

    _js: _js.Doctype

    @property
    def name(self) -> str | None:
        """The name in lower case, such as "html"; None if it is missing. JS: Doctype.name."""
        with _raising:
            name: str | None = from_js(self._js.name)
        return name

    @property
    def public_id(self) -> str | None:
        """The public identifier, after ``PUBLIC``; None if it is missing. JS: Doctype.publicId."""
        with _raising:
            public_id: str | None = from_js(self._js.publicId)
        return public_id

    @property
    def system_id(self) -> str | None:
        """The system identifier, such as a DTD's URL; None if it is missing.

        JS: Doctype.systemId.
        """
        with _raising:
            system_id: str | None = from_js(self._js.systemId)
        return system_id


class DocumentEnd(_Token):
    """The end of the document. JS: DocumentEnd."""

    __slots__ = ()

    _js: _js.DocumentEnd

    def append(self, content: str, *, html: bool = False) -> Self:
        """Insert content at the end of the document.

        Args:
            content: The text to insert.
            html: Insert the text as HTML. By default it is escaped.

        JS: DocumentEnd.append.
        """
        with _raising:
            self._js.append(text(content, "content"), html=html)
        return self


class _Removable(_Token):
    __slots__ = ()

    def remove(self) -> Self:
        """Remove the token from the output; the content of an element is removed too.

        JS: remove.
        """
        with _raising:
            self._js.remove()
        return self


class Comment(_Removable):
    """A comment, ``<!-- … -->``. JS: Comment."""

    __slots__ = ()

    _js: _js.Comment

    @property
    def text(self) -> str:
        """The text between ``<!--`` and ``-->``.

        Raises:
            WorkersError: It is set to a text that contains "-->".

        JS: Comment.text.
        """
        with _raising:
            return self._js.text

    @text.setter
    def text(self, value: str) -> None:
        with _raising:
            self._js.text = text(value, "text")

    @property
    def removed(self) -> bool:
        """True if the comment was removed or replaced. JS: Comment.removed."""
        with _raising:
            return self._js.removed

    def before(self, content: str, *, html: bool = False) -> Self:
        """Insert content before the comment.

        Args:
            content: The text to insert.
            html: Insert the text as HTML. By default it is escaped.

        JS: Comment.before.
        """
        with _raising:
            self._js.before(text(content, "content"), html=html)
        return self

    def after(self, content: str, *, html: bool = False) -> Self:
        """Insert content after the comment.

        Args:
            content: The text to insert.
            html: Insert the text as HTML. By default it is escaped.

        JS: Comment.after.
        """
        with _raising:
            self._js.after(text(content, "content"), html=html)
        return self

    def replace(self, content: str, *, html: bool = False) -> Self:
        """Replace the comment with content.

        Args:
            content: The text to insert.
            html: Insert the text as HTML. By default it is escaped.

        JS: Comment.replace.
        """
        with _raising:
            self._js.replace(text(content, "content"), html=html)
        return self


class _Surrounded(_Removable):
    __slots__ = ()

    def before(self, content: Content, *, html: bool = False) -> Self:
        """Insert content before the token.

        Args:
            content: Text, a response or a stream of bytes; its body must be UTF-8.
            html: Insert the content as HTML. By default it is escaped.

        JS: before.
        """
        with _raising:
            self._js.before(_content(content), html=html)
        return self

    def after(self, content: Content, *, html: bool = False) -> Self:
        """Insert content after the token; a second call inserts between it and the first content.

        Args:
            content: Text, a response or a stream of bytes; its body must be UTF-8.
            html: Insert the content as HTML. By default it is escaped.

        JS: after.
        """
        with _raising:
            self._js.after(_content(content), html=html)
        return self


class Text(_Surrounded):
    """A chunk of text as it arrives; a text may consist of several, and the last is often empty.

    JS: Text.
    """

    __slots__ = ()

    _js: _js.Text

    @property
    def text(self) -> str:
        """The text as it is in the source: ``&amp;`` stays ``&amp;``. JS: Text.text."""
        with _raising:
            return self._js.text

    @property
    def last_in_text_node(self) -> bool:
        """True if the text ends with this chunk. JS: Text.lastInTextNode."""
        with _raising:
            return self._js.lastInTextNode

    @property
    def removed(self) -> bool:
        """True if the chunk was removed or replaced. JS: Text.removed."""
        with _raising:
            return self._js.removed

    def replace(self, content: Content, *, html: bool = False) -> Self:
        """Replace the chunk with content.

        Args:
            content: Text, a response or a stream of bytes; its body must be UTF-8.
            html: Insert the content as HTML. By default it is escaped.

        JS: Text.replace.
        """
        with _raising:
            self._js.replace(_content(content), html=html)
        return self


class EndTag(_Surrounded):
    """An end tag, such as ``</p>``. JS: EndTag."""

    __slots__ = ()

    _js: _js.EndTag

    @property
    def name(self) -> str:
        """The name of the tag in lower case. JS: EndTag.name."""
        with _raising:
            return self._js.name

    @name.setter
    def name(self, value: str) -> None:
        with _raising:
            self._js.name = text(value, "name")


class Element(_Surrounded):
    """An element: ``<p …>`` and its content, up to its end tag.

    Attributes are read as they are in the source: ``&amp;`` stays ``&amp;``. In a value that is
    set, ``"`` becomes ``&quot;``. An invalid name of a tag or an attribute raises WorkersError.

    JS: Element.
    """

    __slots__ = ()

    _js: _js.Element

    @property
    def tag_name(self) -> str:
        """The name of the tag in lower case; setting it changes the end tag too.

        JS: Element.tagName.
        """
        with _raising:
            return self._js.tagName

    @tag_name.setter
    def tag_name(self, value: str) -> None:
        with _raising:
            self._js.tagName = text(value, "tag_name")

    @property
    def attributes(self) -> list[tuple[str, str]]:
        """The names and values of the attributes, with the changes so far.

        JS: Element.attributes.
        """
        with _raising:
            return list(zip(*cells(self._js.attributes)))

    @property
    def removed(self) -> bool:
        """True if the element was removed or replaced. JS: Element.removed."""
        with _raising:
            return self._js.removed

    @property
    def namespace_uri(self) -> str:
        """The namespace: "http://www.w3.org/1999/xhtml", or that of SVG or MathML.

        JS: Element.namespaceURI.
        """
        with _raising:
            return self._js.namespaceURI

    def get_attribute(self, name: str) -> str | None:
        """Return the value of an attribute, or None if it is missing.

        JS: Element.getAttribute.
        """
        with _raising:
            value: str | None = from_js(self._js.getAttribute(text(name, "name")))
        return value

    def has_attribute(self, name: str) -> bool:
        """Return True if the element has an attribute of that name. JS: Element.hasAttribute."""
        with _raising:
            return self._js.hasAttribute(text(name, "name"))

    def set_attribute(self, name: str, value: str) -> Self:
        """Set an attribute, or add it if it is missing.

        Raises:
            WorkersError: The name is empty, or contains white space, "/", ">" or "=".

        JS: Element.setAttribute.
        """
        with _raising:
            self._js.setAttribute(text(name, "name"), text(value, "value"))
        return self

    def remove_attribute(self, name: str) -> Self:
        """Remove an attribute; a missing one is ignored. JS: Element.removeAttribute."""
        with _raising:
            self._js.removeAttribute(text(name, "name"))
        return self

    def prepend(self, content: Content, *, html: bool = False) -> Self:
        """Insert content right after the start tag.

        Args:
            content: Text, a response or a stream of bytes; its body must be UTF-8.
            html: Insert the content as HTML. By default it is escaped.

        JS: Element.prepend.
        """
        with _raising:
            self._js.prepend(_content(content), html=html)
        return self

    def append(self, content: Content, *, html: bool = False) -> Self:
        """Insert content right before the end tag.

        Args:
            content: Text, a response or a stream of bytes; its body must be UTF-8.
            html: Insert the content as HTML. By default it is escaped.

        JS: Element.append.
        """
        with _raising:
            self._js.append(_content(content), html=html)
        return self

    def replace(self, content: Content, *, html: bool = False) -> Self:
        """Replace the element, with its content, by other content.

        Args:
            content: Text, a response or a stream of bytes; its body must be UTF-8.
            html: Insert the content as HTML. By default it is escaped.

        JS: Element.replace.
        """
        with _raising:
            self._js.replace(_content(content), html=html)
        return self

    def set_inner_content(self, content: Content, *, html: bool = False) -> Self:
        """Replace the content between the start tag and the end tag.

        Args:
            content: Text, a response or a stream of bytes; its body must be UTF-8.
            html: Insert the content as HTML. By default it is escaped.

        JS: Element.setInnerContent.
        """
        with _raising:
            self._js.setInnerContent(_content(content), html=html)
        return self

    def remove_and_keep_content(self) -> Self:
        """Remove the start tag and the end tag, but keep the content between them.

        JS: Element.removeAndKeepContent.
        """
        with _raising:
            self._js.removeAndKeepContent()
        return self

    def on_end_tag(self, handler: Callable[[EndTag], object]) -> None:
        """Call ``handler`` when the end tag arrives; it replaces an earlier handler.

        If the end tag is missing, the handler receives the tag that ends an element around this
        one, or is not called.

        Args:
            handler: A function, ``async`` or not, that takes an EndTag.

        Raises:
            WorkersError: The element cannot have an end tag, such as ``<br>``.

        JS: Element.onEndTag.
        """
        assert self._handed
        if not callable(handler):
            raise expected("handler", "a function", handler)
        with _raising:
            function = self._handed.function(partial(_handled, self._handed, EndTag, handler))
            self._js.onEndTag(function)


def _content(content: Any) -> Any:
    if isinstance(content, str):
        return text(content, "content")
    js = raw(content)
    if hasattr(js, "getReader") or hasattr(js, "bodyUsed"):
        return js
    if hasattr(content, "__aiter__"):
        return stream_from(content)
    raise expected("content", "str, Response or a stream", content)


class HandlesElement(Protocol):
    def element(self, element: Element, /) -> object: ...


class HandlesComments(Protocol):
    def comments(self, comment: Comment, /) -> object: ...


class HandlesText(Protocol):
    def text(self, text: Text, /) -> object: ...


class HandlesDoctype(Protocol):
    def doctype(self, doctype: Doctype, /) -> object: ...


class HandlesEnd(Protocol):
    def end(self, end: DocumentEnd, /) -> object: ...


ElementHandlers: TypeAlias = HandlesElement | HandlesComments | HandlesText
DocumentHandlers: TypeAlias = HandlesDoctype | HandlesComments | HandlesText | HandlesEnd

_OF_ELEMENTS: dict[str, type[_Token]] = {"element": Element, "comments": Comment, "text": Text}
_OF_DOCUMENTS: dict[str, type[_Token]] = {
    "doctype": Doctype,
    "comments": Comment,
    "text": Text,
    "end": DocumentEnd,
}


class HTMLRewriter:
    """A transformation of HTML that streams through, without holding all of it in memory.

    ``HTMLRewriter().on("a[href]", Links()).transform(response)``

    ``handlers`` are objects with some of the methods ``element``, ``comments`` and ``text``; for
    the document: ``doctype``, ``comments``, ``text`` and ``end``. The methods may be ``async``. If
    a class is passed, a new object of it is made for each response.

    Handlers are called in the order in which they were added, and handlers of the document after
    all others. Only ``end`` handlers are called in reverse order. The return value of a handler is
    ignored. If a handler raises, reading the new body raises StreamError. An HTMLRewriter may
    transform any number of responses.

    JS: HTMLRewriter.
    """

    __slots__ = ("_rules",)

    def __init__(self) -> None:
        self._rules: list[tuple[str | None, Any, dict[str, type[_Token]]]] = []

    def on(
        self,
        selector: str,
        handlers: ElementHandlers
        | type[HandlesElement]
        | type[HandlesComments]
        | type[HandlesText],
    ) -> Self:
        """Call ``handlers`` for each selected element, and for the comments and text inside it.

        Args:
            selector: A CSS selector. It may have tags, ``*``, ``.class``, ``#id``, ``[attribute]``
                with any operator, ``:nth-child()``, ``:first-child``, ``:nth-of-type()``,
                ``:first-of-type`` and ``:not()``, combined by spaces, ``>`` and commas.
            handlers: An object or a class with some of the methods ``element``, ``comments`` and
                ``text``.

        Raises:
            WorkersError: The selector is invalid, or unsupported.

        JS: HTMLRewriter.on.
        """
        _check(handlers, _OF_ELEMENTS)
        with _raising:
            # JavaScript checks the selector here, and not only when a response is transformed.
            _new().on(text(selector, "selector"), element=None)
        self._rules.append((selector, handlers, _OF_ELEMENTS))
        return self

    def on_document(
        self,
        handlers: DocumentHandlers
        | type[HandlesDoctype]
        | type[HandlesComments]
        | type[HandlesText]
        | type[HandlesEnd],
    ) -> Self:
        """Call ``handlers`` for the doctype, all comments, all text, and the end of the document.

        Args:
            handlers: An object or a class with some of the methods ``doctype``, ``comments``,
                ``text`` and ``end``.

        JS: HTMLRewriter.onDocument.
        """
        _check(handlers, _OF_DOCUMENTS)
        self._rules.append((None, handlers, _OF_DOCUMENTS))
        return self

    def transform(self, response: Response) -> Response:
        """Return a copy of a response with the body as the handlers change it.

        The handlers are called while the new body is read. A response without a body is returned
        unchanged. The encoding is the charset of the Content-Type header, by default UTF-8.

        Raises:
            WorkersError: The encoding is unknown, or not a superset of ASCII; or the response is an
                error response, or its body was already read.
            StreamError: Raised by reading the new body: a handler raised an exception, or a tag
                such as ``<script>`` stands where only a complete parser could tell its meaning, as
                in ``<select>``.

        JS: HTMLRewriter.transform.
        """
        js = raw(response)
        if not hasattr(js, "status"):
            raise expected("response", "Response", response)
        handed = Handed()
        rewriter = _new()
        for selector, handlers, tokens in self._rules:
            target = handlers() if isinstance(handlers, type) else handlers
            functions = {
                name: handed.function(partial(_handled, handed, token, getattr(target, name)))
                for name, token in tokens.items()
                if hasattr(target, name)
            }
            if selector is None:
                rewriter.onDocument(**functions)
            else:
                rewriter.on(selector, **functions)
        try:
            with _raising:
                return Response.from_js(handed.until_read(rewriter.transform(js)))
        except BaseException:
            handed.end()
            raise


def _new() -> _js.HTMLRewriter:
    if not hasattr(web, "HTMLRewriter"):
        raise BindingError("HTMLRewriter is only in the Workers runtime")
    rewriter: _js.HTMLRewriter = web.HTMLRewriter.new()
    return rewriter


def _check(handlers: Any, tokens: dict[str, type[_Token]]) -> None:
    if not any(hasattr(handlers, name) for name in tokens):
        raise expected("handlers", f"an object with {' or '.join(tokens)}", handlers)


def _handled(handed: Handed, token: type[_Token], handler: Callable[[Any], Any], js: Any) -> Any:
    return handler(token(js, handed))
