"""HTMLRewriter on plain CPython: tokens that no handler changes pass through byte by byte.

Its behaviour was seen in workerd by tests/contract/test_html_rewriter.py.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from inspect import isawaitable
from typing import Any, TypeAlias

from ..js_exception import JsException
from ..streams import ReadableStream, ReadableStreamDefaultReader
from .lexer import Lexer, Token
from .selectors import Open, Selector
from .tokens import (
    Changes,
    Comment,
    Content,
    Doctype,
    DocumentEnd,
    Element,
    EndTag,
    Live,
    Text,
    encoded,
)
from .tree import HTML, lower, parser_error

__all__ = ["HTMLRewriter"]

Handler: TypeAlias = "Callable[[Any], Awaitable[None] | None]"


class _Rule:
    """The selector and the handlers of one call of ``on``, or of ``onDocument``."""

    def __init__(self, selector: Selector | None, handlers: dict[str, Handler | None]) -> None:
        self.selector = selector
        self.handlers = {kind: handler for kind, handler in handlers.items() if handler is not None}


class HTMLRewriter:
    """JS: HTMLRewriter."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    @classmethod
    def new(cls) -> HTMLRewriter:
        return cls()

    def on(
        self,
        selector: str,
        *,
        element: Handler | None = None,
        comments: Handler | None = None,
        text: Handler | None = None,
    ) -> HTMLRewriter:
        handlers = {"element": element, "comments": comments, "text": text}
        self._rules.append(_Rule(Selector(selector), handlers))
        return self

    def onDocument(
        self,
        *,
        doctype: Handler | None = None,
        comments: Handler | None = None,
        text: Handler | None = None,
        end: Handler | None = None,
    ) -> HTMLRewriter:
        handlers = {"doctype": doctype, "comments": comments, "text": text, "end": end}
        self._rules.append(_Rule(None, handlers))
        return self

    def transform(self, response: Any) -> Any:
        if response.type == "error":
            raise JsException("TypeError", "HTMLRewriter cannot transform an error response")
        if response.body is None:
            return response
        encoding = _encoding(response.headers.get("content-type") or "")
        # The document's handlers are called after the handlers of elements.
        rules = sorted(self._rules, key=lambda rule: rule.selector is None)
        reader = _reader(response.body)
        response.body.disturbed = True  # even before the new body is read
        body = ReadableStream(_Run(rules, encoding).rewritten(reader))
        headers = [*response.headers]
        return type(response)(
            body,
            status=response.status,
            statusText=response.statusText,
            headers=headers,
            cf=response.cf,
        )


def _reader(stream: ReadableStream) -> ReadableStreamDefaultReader:
    if stream.locked or stream.disturbed:
        raise JsException("TypeError", "The ReadableStream has been locked to a reader.")
    return stream.getReader()


def _encoding(content_type: str) -> str:
    charset = re.search(r";\s*charset\s*=\s*\"?([^\s;\"]+)", content_type, re.I)
    if not charset:
        return "utf-8"
    label = charset[1].lower()
    if label in ("utf-16", "utf-16le", "utf-16be"):
        raise parser_error("Expected ASCII-compatible encoding.")
    # The platform knows these labels as names of windows-1252 (https://encoding.spec.whatwg.org/).
    if label in ("ascii", "us-ascii", "latin1", "iso-8859-1"):
        return "cp1252"
    try:
        return codecs.lookup(label).name
    except LookupError:
        raise parser_error("Unknown character encoding has been provided.") from None


class _Element(Open):
    """An open element: the rules that select it, and its end tag's handler and changes."""

    def __init__(self, name: str = "", attributes: dict[str, str] | None = None) -> None:
        super().__init__(name, attributes)
        self.rules: list[_Rule] = []
        self.ending: Element | None = None


_VOID = re.compile(
    "area|base|basefont|bgsound|br|col|embed|hr|img|input|keygen|link|meta|param|source|track|wbr"
)
_TEXT_CHUNK = 1024
"""The most bytes of text that a handler receives at once, unless they are in the first piece."""


class _Run:
    """The transformation of one response."""

    def __init__(self, rules: list[_Rule], encoding: str) -> None:
        self._rules = rules
        self._encoding = encoding
        self._lexer = Lexer()
        self._open = [_Element()]
        # Sums over the open elements, so that no token has to look at each of them.
        self._open_names: Counter[str] = Counter()
        self._open_rules: Counter[int] = Counter()
        self._emptying = 0
        """The number of open elements whose content is removed."""
        self._out: list[bytes] = []
        self._decoder: codecs.IncrementalDecoder | None = None
        """The decoder of the text that has begun; None between texts."""

    async def rewritten(self, reader: ReadableStreamDefaultReader) -> AsyncGenerator[bytes, None]:
        ended = False
        try:
            while not ended:
                chunk = await reader.read()
                ended = chunk["done"]
                try:
                    async for piece in self._written(chunk["value"] or b"", ended):
                        yield piece
                except BaseException:
                    # The output before the error still leaves, as in workerd.
                    if self._out:
                        yield self._flushed()
                    raise
        finally:
            if not ended:  # an error, or a reader that has left early
                await reader.cancel()

    def _flushed(self) -> bytes:
        piece = b"".join(self._out)
        self._out.clear()
        return piece

    def _write(self, data: bytes) -> None:
        if data:
            self._out.append(data)

    async def _written(self, data: bytes, last: bool) -> AsyncIterator[bytes]:
        """Yield the output for a piece of the input; it leaves after each handler."""
        for token in self._lexer.read(data, last):
            async for _ in self._token(token):
                if self._out:
                    yield self._flushed()
        if last:
            async for _ in self._end():
                if self._out:
                    yield self._flushed()
        if self._out:
            yield self._flushed()

    async def _end(self) -> AsyncIterator[None]:
        async for _ in self._end_of_text():
            yield
        # Seen in workerd: "end" handlers run in reverse order (test_handlers_run_in_order).
        end = DocumentEnd(self._encoding)
        for rule in reversed(self._rules):
            if rule.selector is None and "end" in rule.handlers:
                await self._called(rule.handlers["end"], end)
                await self._insert(end.changes.before)
                end.changes.before = []
                yield

    # Tokens. Each method yields after every handler, so that the output so far can leave.

    async def _token(self, token: Token) -> AsyncIterator[None]:
        if token.kind == "text":
            steps = self._text(token)
        elif token.kind == "start":
            steps = self._start(token)
        elif token.kind == "end":
            steps = self._end_tag(token)
        elif token.kind == "comment":
            steps = self._comment(token)
        elif token.kind == "doctype":
            steps = self._doctype(token)
        else:
            steps = self._other(token)
        async for _ in steps:
            yield

    async def _text(self, token: Token) -> AsyncIterator[None]:
        if not self._handlers("text"):  # undecoded, so that it stays byte by byte
            self._emit(token.raw)
            return
        for text in self._decoded(token.raw):
            async for _ in self._text_handled(text, False):
                yield

    async def _end_of_text(self) -> AsyncIterator[None]:
        if self._decoder is None:
            return
        # The last chunk of a text: mostly empty, with lastInTextNode.
        text = self._decoder.decode(b"", True)
        self._decoder = None
        async for _ in self._text_handled(text, True):
            yield

    async def _text_handled(self, text: str, last: bool) -> AsyncIterator[None]:
        piece = Text(self._encoding, text, last)
        for handler in self._handlers("text"):
            await self._called(handler, piece)
            yield
        await self._settle(piece.changes, piece.written())

    def _decoded(self, raw: bytes) -> list[str]:
        """Return a piece of text as the chunks that its handlers receive.

        The first piece of a text is one chunk up to its first invalid byte (if the encoding is not
        UTF-8: up to its first non-ASCII byte), if that is all of it or at least 1,024 bytes. All
        further text comes in chunks of at most 1,024 bytes. Seen in workerd.
        """
        pieces: list[str] = []
        if self._decoder is None:
            codec = self._encoding if self._encoding == "utf-8" else "ascii"
            try:
                valid, whole = len(raw), raw.decode(codec)
            except UnicodeDecodeError as error:
                valid, whole = error.start, raw[: error.start].decode(codec)
            if valid == len(raw) or valid >= _TEXT_CHUNK:
                pieces.append(whole)
                raw = raw[valid:]
            self._decoder = codecs.getincrementaldecoder(self._encoding)("replace")
        pieces += _split(self._decoder.decode(raw))
        return pieces

    async def _comment(self, token: Token) -> AsyncIterator[None]:
        async for _ in self._end_of_text():
            yield
        handlers = self._handlers("comments")
        comment = Comment(self._encoding, token)
        for handler in handlers:
            await self._called(handler, comment)
            yield
        await self._settle(comment.changes, comment.written())

    async def _doctype(self, token: Token) -> AsyncIterator[None]:
        async for _ in self._end_of_text():
            yield
        doctype = Doctype(self._encoding, token)
        for handler in self._handlers("doctype"):
            await self._called(handler, doctype)
            yield
        self._emit(token.raw)

    async def _other(self, token: Token) -> AsyncIterator[None]:
        async for _ in self._end_of_text():
            yield
        self._emit(token.raw)

    async def _start(self, token: Token) -> AsyncIterator[None]:
        async for _ in self._end_of_text():
            yield
        opened, handlers = self._matched(token)
        # Void elements of HTML have no content; in SVG and MathML the slash decides.
        html = token.namespace == HTML
        can_hold = _VOID.fullmatch(opened.name) is None if html else not token.self_closing
        emptied = self._emptied
        if can_hold:
            self._open.append(opened)
            self._open_names[opened.name] += 1
            self._open_rules.update(map(id, opened.rules))
        if not handlers:
            if not emptied:
                self._write(token.raw)
            return
        element = Element(self._encoding, token, can_hold)
        # Inside removed content handlers run, but nothing that they do is written.
        element.changes.removed = emptied
        for handler in handlers:
            await self._called(handler, element)
            yield
        if can_hold:
            opened.ending = element
            self._emptying += element.empties
        if not emptied:
            await self._settle(element.changes, element.written(), anyway=True)

    def _matched(self, token: Token) -> tuple[_Element, list[Handler]]:
        """Return the element that a start tag opens, and its handlers."""
        attributes: dict[str, str] = {}
        for name, value, _ in token.attributes:
            # Of two attributes with one name the first counts.
            attributes.setdefault(lower(self._text_of(name)), self._text_of(value))
        opened = _Element(lower(self._text_of(token.text)), attributes)
        opened.namespace = token.namespace
        parent = self._open[-1]
        parent.born(opened)
        for number, rule in enumerate(self._rules):
            if rule.selector is not None and rule.selector.matches(number, parent, opened):
                opened.rules.append(rule)
        handlers = [rule.handlers.get("element") for rule in opened.rules]
        return opened, [handler for handler in handlers if handler is not None]

    def _text_of(self, raw: bytes) -> str:
        return raw.decode(self._encoding, "replace")

    async def _end_tag(self, token: Token) -> AsyncIterator[None]:
        async for _ in self._end_of_text():
            yield
        ended: list[Element] = []
        name = lower(self._text_of(token.text))
        # The tag closes the elements in between, too: their handlers receive this tag. An end tag
        # without a start tag closes nothing.
        if self._open_names[name]:
            while True:
                closed = self._open.pop()
                self._open_names[closed.name] -= 1
                self._open_rules.subtract(map(id, closed.rules))
                if closed.ending is not None:
                    ended.append(closed.ending)
                    self._emptying -= closed.ending.empties
                if closed.name == name:
                    break
        tag = EndTag(self._encoding, token)
        for element in ended:
            if element.end_name is not None:
                tag.rename(element.end_name)
            if element.of_end is not None:
                tag.changes = element.of_end
            if element.end_handler is not None:
                await self._called(element.end_handler, tag)
                yield
        await self._settle(tag.changes, tag.written())

    # Handlers

    def _handlers(self, kind: str) -> list[Handler]:
        """Return the handlers for text, comments or doctypes at this place."""
        return [
            rule.handlers[kind]
            for rule in self._rules
            if kind in rule.handlers and (rule.selector is None or self._open_rules[id(rule)])
        ]

    async def _called(self, handler: Handler, token: Live) -> None:
        token.over = False
        result = handler(token)
        if isawaitable(result):
            await result
        token.over = True

    # Output

    @property
    def _emptied(self) -> bool:
        """True inside an element whose content is removed."""
        return self._emptying > 0

    def _emit(self, data: bytes) -> None:
        if not self._emptied:
            self._write(data)

    async def _settle(self, changes: Changes, data: bytes, anyway: bool = False) -> None:
        """Write a token with its changes; inside removed content only with ``anyway``."""
        if self._emptied and not anyway:
            return
        await self._insert(changes.before)
        if changes.removed:
            await self._insert(changes.instead)
        else:
            self._write(data)
        await self._insert(changes.after)

    async def _insert(self, contents: Iterable[Content]) -> None:
        for content, html in contents:
            if isinstance(content, str):
                self._add(content, html)
                continue
            reader = _reader(content)
            # Inserted bytes are UTF-8 whatever the encoding of the document.
            decoder = codecs.getincrementaldecoder("utf-8")()
            while not (chunk := await reader.read())["done"]:
                try:
                    self._add(decoder.decode(chunk["value"]), html)
                except UnicodeDecodeError:
                    raise parser_error("Invalid UTF-8") from None

    def _add(self, text: str, html: bool) -> None:
        if not html:
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        self._write(encoded(text, self._encoding))


def _split(text: str) -> list[str]:
    """Split text into chunks of at most 1,024 bytes of UTF-8."""
    pieces: list[str] = []
    start = size = 0
    for end, character in enumerate(text):
        width = len(character.encode())
        if size + width > _TEXT_CHUNK:
            pieces.append(text[start:end])
            start, size = end, 0
        size += width
    return [*pieces, text[start:]] if text else []
