"""The tokens that HTMLRewriter's handlers receive, on plain CPython: Element, Text, Comment, ….

They speak JavaScript. Each is valid until its handler is over. Their behaviour and the words of
errors were seen in workerd by tests/contract/test_html_rewriter.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias

from ..js_exception import JsException
from ..streams import ReadableStream
from .lexer import Token
from .tree import lower, parser_error

__all__ = [
    "Changes",
    "Comment",
    "Content",
    "Doctype",
    "DocumentEnd",
    "Element",
    "EndTag",
    "Live",
    "Text",
]

Content: TypeAlias = "tuple[str | ReadableStream, bool]"
"""Content to insert, and True if it is HTML."""


class Changes:
    """The changes of a token: the content before it, in its place and after it."""

    def __init__(self) -> None:
        self.before: list[Content] = []
        self.instead: list[Content] = []
        self.after: list[Content] = []
        self.removed = False

    def replace(self, content: Content) -> None:
        self.removed = True
        self.instead = [content]


OVER = (
    "This content token is no longer valid. Content tokens are only valid during the execution of "
    "the relevant content handler."
)


class Live:
    """Base of the tokens: valid until the handler is over."""

    over = False

    def live(self) -> Changes:
        """Return the changes of the token, or raise an error if its handler is over."""
        if self.over:
            raise JsException("TypeError", OVER)
        return self.changes

    def __init__(self, encoding: str, changes: Changes | None = None) -> None:
        self.encoding = encoding
        self.changes = Changes() if changes is None else changes

    def content(self, content: Any, html: bool | None) -> list[Content]:
        """Return the content to insert: a list, empty for a response without a body."""
        if hasattr(content, "bodyUsed"):
            content = content.body
        return [] if content is None else [(content, bool(html))]


class _Piece(Live):
    """The methods of most tokens: ``before``, ``after``, ``replace`` and ``remove``."""

    @property
    def removed(self) -> bool:
        return self.live().removed

    def before(self, content: Any, *, html: bool | None = None) -> Any:
        self.live().before += self.content(content, html)
        return self

    def after(self, content: Any, *, html: bool | None = None) -> Any:
        changes = self.live()
        # The content of the last call is next to the token.
        changes.after = self.content(content, html) + changes.after
        return self

    def replace(self, content: Any, *, html: bool | None = None) -> Any:
        changes = self.live()
        # A response without a body replaces nothing: the token stays.
        for replacement in self.content(content, html):
            changes.replace(replacement)
        return self

    def remove(self) -> Any:
        self.live().removed = True
        return self


class Text(_Piece):
    """JS: Text."""

    def __init__(self, encoding: str, text: str, last: bool) -> None:
        super().__init__(encoding)
        self._text = text
        self._last = last

    @property
    def text(self) -> str:
        self.live()
        return self._text

    @property
    def lastInTextNode(self) -> bool:
        self.live()
        return self._last

    def written(self) -> bytes:
        return encoded(self._text, self.encoding)


def encoded(text: str, encoding: str) -> bytes:
    """Encode text; a character that the encoding lacks becomes a reference, such as ``&#1103;``."""
    return text.encode(encoding, "xmlcharrefreplace")


class Comment(_Piece):
    """JS: Comment."""

    def __init__(self, encoding: str, token: Token) -> None:
        super().__init__(encoding)
        self._raw: bytes | None = token.raw
        self._text = token.text.decode(encoding, "replace")

    @property
    def text(self) -> str:
        self.live()
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        self.live()
        if "-->" in text:
            raise parser_error("Comment text shouldn't contain a comment-closing sequence.")
        self._raw = None
        self._text = text

    def written(self) -> bytes:
        if self._raw is not None:
            return self._raw
        return b"<!--" + encoded(self._text, self.encoding) + b"-->"


class Doctype(Live):
    """JS: Doctype."""

    def __init__(self, encoding: str, token: Token) -> None:
        super().__init__(encoding)
        parts = [None if part is None else part.decode(encoding, "replace") for part in token.parts]
        self._name, self._public_id, self._system_id = parts

    @property
    def name(self) -> str | None:
        self.live()
        return None if self._name is None else lower(self._name)

    @property
    def publicId(self) -> str | None:
        self.live()
        return self._public_id

    @property
    def systemId(self) -> str | None:
        self.live()
        return self._system_id


class DocumentEnd(Live):
    """JS: DocumentEnd."""

    def append(self, content: Any, *, html: bool | None = None) -> Any:
        self.live().before += self.content(content, html)
        return self


EndTagHandler: TypeAlias = "Callable[[EndTag], Awaitable[None] | None]"


class EndTag(_Piece):
    """JS: EndTag."""

    def __init__(self, encoding: str, token: Token) -> None:
        super().__init__(encoding)
        self._raw: bytes | None = token.raw
        self._name = token.text.decode(encoding, "replace")

    @property
    def name(self) -> str:
        self.live()
        return lower(self._name)

    @name.setter
    def name(self, name: str) -> None:
        self.live()
        self.rename(name)

    def rename(self, name: str) -> None:
        self._name = name
        self._raw = None

    def written(self) -> bytes:
        if self._raw is not None:
            return self._raw
        return b"</" + encoded(self._name, self.encoding) + b">"


class Element(_Piece):
    """JS: Element. ``can_hold`` is True if it has content and an end tag, or could have."""

    def __init__(self, encoding: str, token: Token, can_hold: bool) -> None:
        super().__init__(encoding)
        self.can_hold = can_hold
        self.empties = False
        """True if the content of the element is removed."""
        self.of_end: Changes | None = None
        """The changes of the end tag, still to come."""
        self.end_name: str | None = None
        self.end_handler: EndTagHandler | None = None
        self._raw: bytes | None = token.raw
        self._token = token
        self._self_closing = token.self_closing
        self._name = token.text.decode(encoding, "replace")
        self._attributes: list[tuple[str, str, bytes | None]] = [
            (name.decode(encoding, "replace"), value.decode(encoding, "replace"), raw)
            for name, value, raw in token.attributes
        ]

    @property
    def tagName(self) -> str:
        self.live()
        return lower(self._name)

    @tagName.setter
    def tagName(self, name: str) -> None:
        self.live()
        if not name:
            raise parser_error("Tag name can't be empty.")
        if not (name[0].isascii() and name[0].isalpha()):
            raise parser_error(
                "The first character of the tag name should be an ASCII alphabetical character."
            )
        _check(name, " \n\r\t\f/>", "tag")
        self._raw = None
        self._name = name
        if self.can_hold:  # the end tag is renamed when it arrives
            self.end_name = name

    @property
    def namespaceURI(self) -> str:
        self.live()
        return self._token.namespace

    # Attributes

    @property
    def attributes(self) -> Iterator[list[str]]:
        self.live()
        return iter([[lower(name), value] for name, value, _ in self._attributes])

    def getAttribute(self, name: str) -> str | None:
        self.live()
        values = (value for own_name, value, _ in self._attributes if _same(own_name, name))
        return next(values, None)

    def hasAttribute(self, name: str) -> bool:
        return self.getAttribute(name) is not None

    def setAttribute(self, name: str, value: str) -> Element:
        self.live()
        if not name:
            raise parser_error("Attribute name can't be empty.")
        _check(name, " \n\r\t\f/>=", "attribute")
        self._raw = None
        # getAttribute() returns the value as it will be written: with references.
        value = encoded(value, self.encoding).decode(self.encoding)
        for index, (own_name, _, _) in enumerate(self._attributes):
            if _same(own_name, name):
                self._attributes[index] = (own_name, value, None)
                return self
        self._attributes.append((lower(name), value, None))
        return self

    def removeAttribute(self, name: str) -> Element:
        self.live()
        for index, (own_name, _, _) in enumerate(self._attributes):
            if _same(own_name, name):
                del self._attributes[index]  # only the first of that name
                self._raw = None
                break
        return self

    # Content

    def after(self, content: Any, *, html: bool | None = None) -> Any:
        # After the end tag, if there is one.
        changes = self._end() if self.can_hold else self.live()
        changes.after = self.content(content, html) + changes.after
        return self

    def prepend(self, content: Any, *, html: bool | None = None) -> Any:
        changes = self.live()
        added = self.content(content, html)
        if self.can_hold and added:
            # HTML ignores the slash of ``<p/>``; with content the tag is written as ``<p>``.
            self._self_closing = False
            changes.after = added + changes.after
        return self

    def append(self, content: Any, *, html: bool | None = None) -> Any:
        self.live()
        added = self.content(content, html)
        if self.can_hold and added:
            self._self_closing = False
            self._end().before += added
        return self

    def setInnerContent(self, content: Any, *, html: bool | None = None) -> Any:
        changes = self.live()
        added = self.content(content, html)
        if self.can_hold and added:
            self._self_closing = False
            self._empty()
            changes.after = added
        return self

    def replace(self, content: Any, *, html: bool | None = None) -> Any:
        changes = self.live()
        for replacement in self.content(content, html):
            changes.replace(replacement)
            if self.can_hold:
                self._empty()
                self._end().removed = True
        return self

    def remove(self) -> Any:
        self.live().removed = True
        if self.can_hold:
            self._empty()
            self._end().removed = True
        return self

    def removeAndKeepContent(self) -> Any:
        self.live().removed = True
        if self.can_hold:
            self._end().removed = True
        return self

    def onEndTag(self, handler: EndTagHandler) -> None:
        self.live()
        if not self.can_hold:
            raise parser_error("No end tag.")
        self.end_handler = handler

    def _empty(self) -> None:
        """Remove the content, and everything that was inserted into it."""
        self.changes.after = []
        if self.of_end is not None:
            self.of_end.before = []
        self.empties = True

    def _end(self) -> Changes:
        """Return the changes of the end tag."""
        self.live()
        if self.of_end is None:
            self.of_end = Changes()
        return self.of_end

    def written(self) -> bytes:
        if self._raw is not None:
            return self._raw
        # A changed tag is written anew, but unchanged attributes as they were in the source.
        pieces = [b"<" + encoded(self._name, self.encoding)]
        for name, value, raw in self._attributes:
            if raw is None:
                # Only the quote: all other characters are written as they were set.
                quoted = value.replace('"', "&quot;")
                raw = encoded(f'{name}="{quoted}"', self.encoding)
            pieces.append(b" " + raw)
        if self._self_closing:
            # The space keeps the slash out of an unquoted value.
            pieces.append(b" />" if self._attributes else b"/>")
        else:
            pieces.append(b">")
        return b"".join(pieces)


def _same(first: str, second: str) -> bool:
    return lower(first) == lower(second)


def _check(name: str, forbidden: str, owner: str) -> None:
    character = next((character for character in name if character in forbidden), None)
    if character is not None:
        raise parser_error(f"`{character}` character is forbidden in the {owner} name")
