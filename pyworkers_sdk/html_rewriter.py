"""``HTMLRewriter``: change HTML on its way through."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

from ._border import JsWrapper, cells, from_js, raising, raw, stream_from, text, web
from ._border.callbacks import Handed
from .errors import BindingError, ConversionError, WorkersError
from .http import Response
from .streams import ReadableStream

if TYPE_CHECKING:
    from . import _js

__all__ = ["Comment", "Doctype", "DocumentEnd", "Element", "EndTag", "HTMLRewriter", "Text"]

_raising = raising(WorkersError)

Content: TypeAlias = "str | Response | ReadableStream | AsyncIterable[bytes]"


class _Token(JsWrapper[Any]):
    """What handlers get: it is good until the handler that got it is over, then WorkersError."""

    __slots__ = ("_handed",)

    def __init__(self, token: Any, handed: Handed | None = None) -> None:
        self._js = raw(token)
        self._handed = handed


class Doctype(_Token):
    """``<!DOCTYPE …>``, to read. JS: Doctype."""

    __slots__ = ()

    _js: _js.Doctype

    @property
    def name(self) -> str | None:
        """In lower case. JS: Doctype.name."""
        with _raising:
            name: str | None = from_js(self._js.name)
        return name

    @property
    def public_id(self) -> str | None:
        """JS: Doctype.publicId."""
        with _raising:
            public_id: str | None = from_js(self._js.publicId)
        return public_id

    @property
    def system_id(self) -> str | None:
        """JS: Doctype.systemId."""
        with _raising:
            system_id: str | None = from_js(self._js.systemId)
        return system_id


class DocumentEnd(_Token):
    """The end of the document. JS: DocumentEnd."""

    __slots__ = ()

    _js: _js.DocumentEnd

    def append(self, content: str, *, html: bool = False) -> Self:
        """Add text, or HTML, to the end of the document. JS: DocumentEnd.append."""
        with _raising:
            self._js.append(text(content, "content"), html=html)
        return self


class _Removable(_Token):
    __slots__ = ()

    def remove(self) -> Self:
        """Leave it out. JS: remove."""
        with _raising:
            self._js.remove()
        return self


class Comment(_Removable):
    """``<!-- … -->``. JS: Comment."""

    __slots__ = ()

    _js: _js.Comment

    @property
    def text(self) -> str:
        """What is between the dashes; WorkersError if what it is set to has a "-->" in it.

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
        """Whether it was removed or replaced. JS: Comment.removed."""
        with _raising:
            return self._js.removed

    def before(self, content: str, *, html: bool = False) -> Self:
        """Put text, or HTML, before it. JS: Comment.before."""
        with _raising:
            self._js.before(text(content, "content"), html=html)
        return self

    def after(self, content: str, *, html: bool = False) -> Self:
        """Put text, or HTML, after it. JS: Comment.after."""
        with _raising:
            self._js.after(text(content, "content"), html=html)
        return self

    def replace(self, content: str, *, html: bool = False) -> Self:
        """Put text, or HTML, in its place. JS: Comment.replace."""
        with _raising:
            self._js.replace(text(content, "content"), html=html)
        return self


class _Surrounded(_Removable):
    __slots__ = ()

    def before(self, content: Content, *, html: bool = False) -> Self:
        """Put text, or HTML, before it. JS: before."""
        with _raising:
            self._js.before(_content(content), html=html)
        return self

    def after(self, content: Content, *, html: bool = False) -> Self:
        """Put text, or HTML, after it; what is given first is farther away. JS: after."""
        with _raising:
            self._js.after(_content(content), html=html)
        return self


class Text(_Surrounded):
    """A piece of text, as it comes: one text may be of several, and the last is often empty.

    JS: Text.
    """

    __slots__ = ()

    _js: _js.Text

    @property
    def text(self) -> str:
        """As it is written: ``&amp;`` is ``&amp;``. JS: Text.text."""
        with _raising:
            return self._js.text

    @property
    def last_in_text_node(self) -> bool:
        """Whether the text ends with this piece. JS: Text.lastInTextNode."""
        with _raising:
            return self._js.lastInTextNode

    @property
    def removed(self) -> bool:
        """Whether it was removed or replaced. JS: Text.removed."""
        with _raising:
            return self._js.removed

    def replace(self, content: Content, *, html: bool = False) -> Self:
        """Put text, or HTML, in its place. JS: Text.replace."""
        with _raising:
            self._js.replace(_content(content), html=html)
        return self


class EndTag(_Surrounded):
    """``</p>``. JS: EndTag."""

    __slots__ = ()

    _js: _js.EndTag

    @property
    def name(self) -> str:
        """In lower case. JS: EndTag.name."""
        with _raising:
            return self._js.name

    @name.setter
    def name(self, value: str) -> None:
        with _raising:
            self._js.name = text(value, "name")


class Element(_Surrounded):
    """``<p …>`` and all that is in it, up to its end tag.

    Attributes are as they are written: ``&amp;`` is ``&amp;``, and what is set has its ``"`` made
    ``&quot;``. WorkersError where a name cannot be one.

    JS: Element.
    """

    __slots__ = ()

    _js: _js.Element

    @property
    def tag_name(self) -> str:
        """In lower case; setting it changes the end tag too. JS: Element.tagName."""
        with _raising:
            return self._js.tagName

    @tag_name.setter
    def tag_name(self, value: str) -> None:
        with _raising:
            self._js.tagName = text(value, "tag_name")

    @property
    def attributes(self) -> list[tuple[str, str]]:
        """Names and values, as they are now. JS: Element.attributes."""
        with _raising:
            return list(zip(*cells(self._js.attributes)))

    @property
    def removed(self) -> bool:
        """Whether it was removed or replaced. JS: Element.removed."""
        with _raising:
            return self._js.removed

    @property
    def namespace_uri(self) -> str:
        """ "http://www.w3.org/1999/xhtml", or that of SVG or MathML. JS: Element.namespaceURI."""
        with _raising:
            return self._js.namespaceURI

    def get_attribute(self, name: str) -> str | None:
        """JS: Element.getAttribute."""
        with _raising:
            value: str | None = from_js(self._js.getAttribute(text(name, "name")))
        return value

    def has_attribute(self, name: str) -> bool:
        """JS: Element.hasAttribute."""
        with _raising:
            return self._js.hasAttribute(text(name, "name"))

    def set_attribute(self, name: str, value: str) -> Self:
        """JS: Element.setAttribute."""
        with _raising:
            self._js.setAttribute(text(name, "name"), text(value, "value"))
        return self

    def remove_attribute(self, name: str) -> Self:
        """JS: Element.removeAttribute."""
        with _raising:
            self._js.removeAttribute(text(name, "name"))
        return self

    def prepend(self, content: Content, *, html: bool = False) -> Self:
        """Put text, or HTML, right after the start tag. JS: Element.prepend."""
        with _raising:
            self._js.prepend(_content(content), html=html)
        return self

    def append(self, content: Content, *, html: bool = False) -> Self:
        """Put text, or HTML, right before the end tag. JS: Element.append."""
        with _raising:
            self._js.append(_content(content), html=html)
        return self

    def replace(self, content: Content, *, html: bool = False) -> Self:
        """Put text, or HTML, in the place of it and of what is in it. JS: Element.replace."""
        with _raising:
            self._js.replace(_content(content), html=html)
        return self

    def set_inner_content(self, content: Content, *, html: bool = False) -> Self:
        """Put text, or HTML, in the place of what is in it. JS: Element.setInnerContent."""
        with _raising:
            self._js.setInnerContent(_content(content), html=html)
        return self

    def remove_and_keep_content(self) -> Self:
        """Leave out the tags, and not what is between them. JS: Element.removeAndKeepContent."""
        with _raising:
            self._js.removeAndKeepContent()
        return self

    def on_end_tag(self, handler: Callable[[EndTag], object]) -> None:
        """Call ``handler`` when the end tag comes, instead of one that was given before. Where the
        end tag is missing it gets the tag that ends an element around this one, or is not called.
        WorkersError of an element that has none, such as ``<br>``.

        JS: Element.onEndTag.
        """
        assert self._handed
        if not callable(handler):
            raise ConversionError(f"handler: expected a function, got {type(handler).__name__}")
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
    kind = type(content).__name__
    raise ConversionError(f"content: expected str, Response or a stream, got {kind}")


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
    """Changes HTML as it passes, without holding all of it: ``HTMLRewriter().on("a[href]",
    Links()).transform(response)``.

    ``handlers`` are objects with some of the methods ``element``, ``comments`` and ``text`` (of the
    document: ``doctype``, ``comments``, ``text`` and ``end``), ``async`` or not; of a class, a new
    object is made for each response. They are called in the order in which they were given, those
    of the document last. What one returns counts for nothing; what one raises breaks the new body
    off, for whoever reads it. One HTMLRewriter serves any number of responses.

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
        """Call ``handlers`` for the elements that a CSS selector selects, and for the comments and
        the text in them.

        A selector may have tags, ``*``, ``.class``, ``#id``, ``[attribute]`` with any operator,
        ``:nth-child()``, ``:first-child``, ``:nth-of-type()``, ``:first-of-type`` and ``:not()``,
        put together by spaces, ``>`` and commas. WorkersError for any other.

        JS: HTMLRewriter.on.
        """
        _check(handlers, _OF_ELEMENTS)
        with _raising:
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
        """Call ``handlers`` for the doctype, all comments, all text, and the end.

        JS: HTMLRewriter.onDocument.
        """
        _check(handlers, _OF_DOCUMENTS)
        self._rules.append((None, handlers, _OF_DOCUMENTS))
        return self

    def transform(self, response: Response) -> Response:
        """A response like this one, with the body as the handlers make it; they are called as it is
        read. A response without a body comes back as it is.

        The encoding is that of the Content-Type, or UTF-8. WorkersError where it is not known or
        not one that ASCII is a part of; and, to whoever reads, for a ``<script>`` or the like at a
        place where only a whole parser could tell what it means.

        JS: HTMLRewriter.transform.
        """
        js = raw(response)
        if not hasattr(js, "status"):
            kind = type(response).__name__
            raise ConversionError(f"response: expected Response, got {kind}")
        handed = Handed()
        rewriter = _new()
        for selector, handlers, kinds in self._rules:
            made = handlers() if isinstance(handlers, type) else handlers
            given = {
                kind: handed.function(partial(_handled, handed, token, getattr(made, kind)))
                for kind, token in kinds.items()
                if hasattr(made, kind)
            }
            if selector is None:
                rewriter.onDocument(**given)
            else:
                rewriter.on(selector, **given)
        try:
            with _raising:
                return Response.from_js(handed.until_read(rewriter.transform(js)))
        except BaseException:
            handed.end()
            raise


def _new() -> _js.HTMLRewriter:
    if not hasattr(web, "HTMLRewriter"):
        raise BindingError("HTMLRewriter is only in the Workers runtime")
    made: _js.HTMLRewriter = web.HTMLRewriter.new()
    return made


def _check(handlers: Any, kinds: dict[str, type[_Token]]) -> None:
    if not any(hasattr(handlers, kind) for kind in kinds):
        kind = type(handlers).__name__
        raise ConversionError(f"handlers: expected an object with {' or '.join(kinds)}, got {kind}")


def _handled(handed: Handed, kind: type[_Token], handler: Callable[[Any], Any], js: Any) -> Any:
    return handler(kind(js, handed))
