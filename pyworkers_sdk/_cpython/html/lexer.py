"""HTML as the Workers runtime's rewriter reads it, on plain CPython: bytes in, tokens out.

Every byte of the input is in the ``raw`` of exactly one token. As with the real one, which knows no
tree, a few start tags decide how the text after them is read, and SVG and MathML have other rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .tree import HTML, TEXT_AFTER, Ambiguity, Attribute, Namespaces

__all__ = ["Lexer", "Token"]


class Token:
    """A piece of the input: a start or an end tag, text, a comment, a doctype, or "other"."""

    __slots__ = ("attributes", "kind", "namespace", "parts", "raw", "self_closing", "text")

    def __init__(self, kind: str, raw: bytes, text: bytes = b"") -> None:
        self.kind = kind
        self.raw = raw
        self.text = text
        """A tag's name, or a comment's text."""
        self.attributes: list[Attribute] = []
        self.self_closing = False
        self.namespace = HTML
        self.parts: list[bytes | None] = []
        """A doctype's name, public id and system id."""


_SPACE = rb"\t\n\f\r "
_TAG_NAME = re.compile(rb"[A-Za-z][^/>" + _SPACE + rb"]*")
_BETWEEN = re.compile(rb"[/" + _SPACE + rb"]*")
_SPACES = re.compile(rb"[" + _SPACE + rb"]*")
_ATTRIBUTE_NAME = re.compile(rb"[^/>" + _SPACE + rb"][^/>=" + _SPACE + rb"]*")
_UNQUOTED = re.compile(rb"[^>" + _SPACE + rb"]*")
_LETTERS = re.compile(rb"[A-Za-z]+")
_END_OF_COMMENT = re.compile(rb"--!?>")
_END_OF_INPUT_IN_COMMENT = re.compile(rb"(?:--!?|-)\Z")
_DOCTYPE = re.compile(
    rb"[{0}]*(?P<name>[^{0}]+)?(?:[{0}]*(?:"
    rb"PUBLIC[{0}]*(?:\"(?P<p1>[^\"]*)\"?|'(?P<p2>[^']*)'?)"
    rb"(?:[{0}]*(?:\"(?P<s1>[^\"]*)|'(?P<s2>[^']*)))?"
    rb"|SYSTEM[{0}]*(?:\"(?P<s3>[^\"]*)|'(?P<s4>[^']*))))?".replace(b"{0}", _SPACE),
    re.I | re.S,
)


class Lexer:
    """Reads HTML as it arrives."""

    def __init__(self) -> None:
        self._data = b""
        self._at = 0
        self._last = False
        self._mode = "data"
        self._closer = b""
        """The name of the element that the text in hand is in."""
        self._namespaces = Namespaces()
        self._ambiguous = Ambiguity()

    def read(self, data: bytes, last: bool = False) -> Iterator[Token]:
        """The tokens that are whole by now; with ``last`` all that is left."""
        self._data = self._data[self._at :] + data
        self._at = 0
        self._last = last
        while self._at < len(self._data):
            token = self._next()
            if token is None:
                break
            self._at += len(token.raw)
            yield token

    def _next(self) -> Token | None:
        if self._mode == "data":
            return self._markup() if self._data[self._at] == 0x3C else self._text(b"<")
        if self._mode == "cdata":
            return self._cdata()
        if self._mode == "plaintext":
            return self._text(None)
        if self._mode == "text":
            return self._raw_text() if self._data[self._at] == 0x3C else self._text(b"<")
        return self._script()

    def _token(self, kind: str, end: int, text: bytes = b"") -> Token:
        return Token(kind, self._data[self._at : end], text)

    def _text(self, until: bytes | None) -> Token:
        end = -1 if until is None else self._data.find(until, self._at)
        return self._token("text", len(self._data) if end < 0 else end)

    def _rest(self, kind: str, text: bytes = b"") -> Token | None:
        """All that there is, if there is no more to come."""
        return self._token(kind, len(self._data), text) if self._last else None

    # Markup

    def _markup(self) -> Token | None:
        data, at = self._data, self._at
        first = data[at + 1 : at + 2]
        if not first:
            return self._rest("text")
        if first.isalpha():
            return self._tag("start", at + 1)
        if first == b"!":
            return self._declaration()
        if first == b"?":
            return self._bogus_comment(at + 1)
        if first != b"/":
            return self._token("text", at + 1)
        second = data[at + 2 : at + 3]
        if not second:
            return self._rest("text")
        if second == b">":
            return self._token("other", at + 3)
        return self._tag("end", at + 2) if second.isalpha() else self._bogus_comment(at + 2)

    def _bogus_comment(self, start: int) -> Token | None:
        end = self._data.find(b">", start)
        if end < 0:
            return self._rest("comment", self._data[start:])
        return self._token("comment", end + 1, self._data[start:end])

    def _declaration(self) -> Token | None:
        start = self._at + 2
        ahead = self._data[start : start + 7]
        for opening in (b"--", b"DOCTYPE", b"[CDATA["):
            known = ahead if opening == b"[CDATA[" else ahead.upper()
            if len(ahead) < len(opening) and opening.startswith(known) and not self._last:
                return None
        if ahead.startswith(b"--"):
            return self._comment(start + 2)
        if ahead.upper() == b"DOCTYPE":
            return self._doctype(start + 7)
        if ahead == b"[CDATA[" and self._namespaces.current != HTML:
            self._mode = "cdata"
            return self._token("other", start + 7)
        return self._bogus_comment(start)

    def _comment(self, start: int) -> Token | None:
        data = self._data
        for short in (b">", b"->"):
            if data.startswith(short, start):
                return self._token("comment", start + len(short))
        found = _END_OF_COMMENT.search(data, start)
        if found:
            return self._token("comment", found.end(), data[start : found.start()])
        return self._rest("comment", _END_OF_INPUT_IN_COMMENT.sub(b"", data[start:]))

    def _doctype(self, start: int) -> Token | None:
        end = self._data.find(b">", start)
        if end < 0 and not self._last:
            return None
        content = self._data[start:] if end < 0 else self._data[start:end]
        token = self._token("doctype", len(self._data) if end < 0 else end + 1)
        found = _DOCTYPE.match(content)
        assert found
        name, *ids = (
            next((found[group] for group in groups if found[group] is not None), None)
            for groups in (("name",), ("p1", "p2"), ("s1", "s2", "s3", "s4"))
        )
        token.parts = [name, *ids]
        return token

    def _cdata(self) -> Token | None:
        data, at = self._data, self._at
        if data[at] != 0x5D:
            return self._text(b"]")
        closed = self._starts(at, b"]]>")
        if closed is None:
            return None
        if closed:
            self._mode = "data"
        return self._token("other", at + 3) if closed else self._token("text", at + 1)

    def _starts(self, at: int, wanted: bytes) -> bool | None:
        """Whether the data go on like this, in capitals; None where that is not to be told yet."""
        ahead = self._data[at : at + len(wanted)].upper()
        if len(ahead) < len(wanted) and wanted.startswith(ahead) and not self._last:
            return None
        return ahead == wanted

    # Tags

    def _tag(self, kind: str, start: int) -> Token | None:
        """A tag whose name starts there; None where its end is not there yet."""
        data = self._data
        found = _TAG_NAME.match(data, start)
        assert found
        attributes: list[Attribute] = []
        self_closing = hollow = False
        at = found.end()
        while True:
            between = _BETWEEN.match(data, at)
            assert between
            at = between.end()
            if at == len(data):
                return self._rest("other")
            if data[at] == 0x3E:
                self_closing = between[0].endswith(b"/")
                break
            found_attribute = self._attribute(at)
            if found_attribute is None:
                return self._rest("other")
            attribute, stop = found_attribute
            hollow = attribute[0] == attribute[2] and stop > at + len(attribute[0])
            attributes.append(attribute)
            at = stop
        token = self._token(kind, at + 1, found[0])
        if kind == "start":
            token.attributes = attributes
            token.self_closing = self_closing
            self._started(token)
            if hollow:
                self._mode = "data"  # after <script a=>, that is
        else:
            self._mode = "data"
            name = token.text.lower()
            self._ambiguous.ended(name)
            self._namespaces.ended(name)
        return token

    def _attribute(self, at: int) -> tuple[Attribute, int] | None:
        """The attribute there, and its end; None where that is not there yet."""
        data = self._data
        name = _ATTRIBUTE_NAME.match(data, at)
        assert name
        equals = _SPACES.match(data, name.end())
        assert equals
        if equals.end() == len(data):
            return None
        if data[equals.end()] != 0x3D:
            return (name[0], b"", name[0]), name.end()
        before = _SPACES.match(data, equals.end() + 1)
        assert before
        start = before.end()
        quote = data[start : start + 1]
        if quote in (b'"', b"'"):
            end = data.find(quote, start + 1)
            value, stop = data[start + 1 : end], end + 1
            return None if end < 0 else ((name[0], value, data[at:stop]), stop)
        unquoted = _UNQUOTED.match(data, start)
        assert unquoted
        stop = unquoted.end()
        if stop == len(data):
            return None
        raw = data[at:stop] if unquoted[0] else name[0]
        return (name[0], unquoted[0], raw), stop

    def _started(self, token: Token) -> None:
        name = token.text.lower()
        self._ambiguous.started(name)
        self._mode = "data"
        if self._namespaces.started(name, token.attributes, token.self_closing):
            self._closer = name
            self._mode = TEXT_AFTER.get(name, "data")
        token.namespace = self._namespaces.current

    # The text of elements that hold no markup

    def _raw_text(self) -> Token | None:
        """From a "<" on: the end tag, or a little text."""
        data, at = self._data, self._at
        if at + 1 == len(data):
            return self._rest("text")
        if data[at + 1] != 0x2F:
            return self._token("text", at + 1)
        return self._end_of_text() or self._rest("text")

    def _end_of_text(self) -> Token | None:
        """From "</" on: the end tag, or text; None where that is not to be told yet."""
        data, at = self._data, self._at
        name = _LETTERS.match(data, at + 2)
        end = name.end() if name else at + 2
        if end == len(data):
            return None
        if name and name[0].lower() == self._closer and data[end] in _ENDS_NAME:
            return self._tag("end", at + 2)
        return self._token("text", end)

    def _script(self) -> Token | None:
        """The same of scripts, in which a comment may hide a script with its end tag."""
        data, at, state = self._data, self._at, self._mode
        if state == "script":
            if data[at] != 0x3C:
                return self._text(b"<")
            if data[at + 1 : at + 2] != b"!":
                return self._raw_text()
            comment = self._starts(at + 2, b"--")
            if not comment:
                return self._token("text", at + 2) if comment is False else None
            at, state = at + 4, "comment --"
        while at < len(data):
            byte = data[at]
            if state == "comment <":
                hides = self._starts(at + 1, b"SCRIPT")
                if hides is None:
                    return None
                if not hides:
                    return self._less_than_in_comment()
                at, state = at + 7, "hiding"
            elif state == "hidden <":
                shows = self._starts(at + 1, b"/SCRIPT")
                if shows is None:
                    return None
                at, state = (at + 8, "showing") if shows else (at + 1, "hidden")
            elif state in ("hiding", "showing"):
                ends = byte in _ENDS_NAME
                state = "hidden" if ends is (state == "hiding") else "comment"
                at += ends
            elif byte == 0x3C:
                emits = state != "hidden --" and at > self._at
                state = "comment <" if state.startswith("comment") else "hidden <"
                if emits:
                    self._mode = state
                    return self._token("text", at)
            elif state.endswith("--"):
                if byte == 0x3E:
                    self._mode = "script"
                    return self._token("text", at)
                state = state if byte == 0x2D else state.removesuffix(" --")
                at += 1
            else:
                dashes = self._starts(at, b"--")
                if dashes is None:
                    return None
                at, state = (at + 2, f"{state} --") if dashes else (at + 1, state)
        return self._rest("text")

    def _less_than_in_comment(self) -> Token | None:
        token = self._raw_text()
        if token is not None and token.kind == "text":
            self._mode = "comment"
        return token


_ENDS_NAME = b"\t\n\f\r />"
