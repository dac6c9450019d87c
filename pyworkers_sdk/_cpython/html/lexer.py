"""HTML as the Workers runtime's rewriter reads it, on plain CPython: bytes in, tokens out.

Every byte of the input is in the ``raw`` of exactly one token. Like the real rewriter, this one
builds no tree: a few start tags decide how the text after them is read, and SVG and MathML have
other rules. States have the names of the standard's tokenizer (``states``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from .states import ENDS_NAME, SCRIPT_TRANSITIONS, State, Transition
from .tree import HTML, TEXT_AFTER, Ambiguity, Attribute, Namespaces

__all__ = ["Lexer", "Token"]

Kind: TypeAlias = Literal["start", "end", "text", "comment", "doctype", "other"]


class Token:
    """A piece of the input: a start or an end tag, text, a comment, a doctype, or "other"."""

    __slots__ = ("attributes", "kind", "namespace", "parts", "raw", "self_closing", "text")

    def __init__(self, kind: Kind, raw: bytes, text: bytes = b"") -> None:
        self.kind = kind
        self.raw = raw
        self.text = text
        """The name of a tag, or the text of a comment."""
        self.attributes: list[Attribute] = []
        self.self_closing = False
        self.namespace = HTML
        self.parts: list[bytes | None] = []
        """The name, the public id and the system id of a doctype."""


_SPACE = rb"\t\n\f\r "
_TAG_NAME = re.compile(rb"[A-Za-z][^/>" + _SPACE + rb"]*")
_BETWEEN = re.compile(rb"[/" + _SPACE + rb"]*")
_SPACES = re.compile(rb"[" + _SPACE + rb"]*")
_ATTRIBUTE_NAME = re.compile(rb"[^/>" + _SPACE + rb"][^/>=" + _SPACE + rb"]*")
_UNQUOTED = re.compile(rb"[^>" + _SPACE + rb"]*")
_LETTERS = re.compile(rb"[A-Za-z]+")
_ORDINARY = re.compile(rb"[^<-]*")
_SKIPS_ORDINARY = {State.SCRIPT_DATA_ESCAPED, State.SCRIPT_DATA_DOUBLE_ESCAPED}
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
    """A tokenizer that reads HTML as it arrives.

    Its methods for parts of the input return the token at ``_start``, or None if the input so far
    does not decide which token that is. Then the next piece of the input continues where the last
    one ended: a token in many pieces takes time in proportion to its length.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._start = 0
        self._scanned = 0
        """The bytes from ``_start`` on that are read already, without a token."""
        self._searched = 0
        """The bytes from ``_start`` on in which the quote of a value was searched."""
        self._attributes: list[Attribute] = []
        """The attributes of the tag in these bytes."""
        self._is_end_tag = False
        """True if these bytes begin with the end tag of an element of text."""
        self._escaped: tuple[int, State] | None = None
        """The place in these bytes, and the state, of a script in a comment."""
        self._last = False
        self._state = State.DATA
        self._text_of = b""
        """The name of the element whose text is being read: its end tag ends the text."""
        self._namespaces = Namespaces()
        self._ambiguous = Ambiguity()

    def read(self, data: bytes, last: bool = False) -> Iterator[Token]:
        """Yield the tokens that are complete; with ``last`` also the rest of the input."""
        del self._data[: self._start]
        self._data += data
        self._start = 0
        self._last = last
        while self._start < len(self._data):
            token = self._next()
            if token is None:
                break
            self._start += len(token.raw)
            self._scanned = 0
            self._searched, self._attributes = 0, []
            self._escaped, self._is_end_tag = None, False
            yield token

    def _next(self) -> Token | None:
        if self._state is State.DATA:
            return self._markup() if self._data[self._start] == 0x3C else self._text(b"<")
        if self._state is State.CDATA_SECTION:
            return self._cdata_section()
        if self._state is State.PLAINTEXT:
            return self._text(None)
        if self._state is State.RAWTEXT:
            return self._raw_text() if self._data[self._start] == 0x3C else self._text(b"<")
        if self._state is State.SCRIPT_DATA:
            return self._script_data()
        return self._script_data_escaped(self._start, self._state)

    def _token(self, kind: Kind, end: int, text: bytes = b"") -> Token:
        return Token(kind, bytes(self._data[self._start : end]), text)

    def _text(self, until: bytes | None) -> Token:
        end = -1 if until is None else self._data.find(until, self._start)
        return self._token("text", len(self._data) if end < 0 else end)

    def _rest(self, kind: Kind, text: bytes = b"") -> Token | None:
        """Return the rest of the input as a token, if the input has ended."""
        return self._token(kind, len(self._data), text) if self._last else None

    def _find(self, text: bytes, start: int) -> int:
        """Return where ``text`` is from ``start`` on, or -1; the next call continues."""
        found = self._data.find(text, max(start, self._start + self._scanned))
        if found < 0:
            self._scanned = len(self._data) - self._start
        return found

    # Markup

    def _markup(self) -> Token | None:
        data, start = self._data, self._start
        first = bytes(data[start + 1 : start + 2])
        if not first:  # a last "<" is text
            return self._rest("text")
        if first.isalpha():
            return self._tag("start", start + 1)
        if first == b"!":
            return self._declaration()
        if first == b"?":
            return self._bogus_comment(start + 1)
        if first != b"/":
            return self._token("text", start + 1)
        second = bytes(data[start + 2 : start + 3])
        if not second:
            return self._rest("text")
        if second == b">":  # "</>" is dropped by browsers, and passes through here
            return self._token("other", start + 3)
        return self._tag("end", start + 2) if second.isalpha() else self._bogus_comment(start + 2)

    def _bogus_comment(self, start: int) -> Token | None:
        end = self._find(b">", start)
        if end < 0:
            return self._rest("comment", bytes(self._data[start:]))
        return self._token("comment", end + 1, bytes(self._data[start:end]))

    def _declaration(self) -> Token | None:
        start = self._start + 2
        ahead = bytes(self._data[start : start + 7])
        # Wait as long as the input so far may become one of these.
        for opening in (b"--", b"DOCTYPE", b"[CDATA["):
            known = ahead if opening == b"[CDATA[" else ahead.upper()
            if len(ahead) < len(opening) and opening.startswith(known) and not self._last:
                return None
        if ahead.startswith(b"--"):
            return self._comment(start + 2)
        if ahead.upper() == b"DOCTYPE":
            return self._doctype(start + 7)
        if ahead == b"[CDATA[" and self._namespaces.current != HTML:
            self._state = State.CDATA_SECTION
            return self._token("other", start + 7)
        return self._bogus_comment(start)

    def _comment(self, start: int) -> Token | None:
        data = self._data
        for abrupt in (b">", b"->"):  # <!--> and <!---> are empty comments
            if data.startswith(abrupt, start):
                return self._token("comment", start + len(abrupt))
        end = _END_OF_COMMENT.search(data, max(start, self._start + self._scanned))
        if end:
            return self._token("comment", end.end(), bytes(data[start : end.start()]))
        self._scanned = max(len(data) - self._start - 3, 0)  # an end may have begun
        text = bytes(data[start:]) if self._last else b""
        return self._rest("comment", _END_OF_INPUT_IN_COMMENT.sub(b"", text))

    def _doctype(self, start: int) -> Token | None:
        end = self._find(b">", start)
        if end < 0 and not self._last:
            return None
        content = bytes(self._data[start:] if end < 0 else self._data[start:end])
        token = self._token("doctype", len(self._data) if end < 0 else end + 1)
        match = _DOCTYPE.match(content)
        assert match
        token.parts = [
            next((match[group] for group in groups if match[group] is not None), None)
            for groups in (("name",), ("p1", "p2"), ("s1", "s2", "s3", "s4"))
        ]
        return token

    def _cdata_section(self) -> Token | None:
        data, start = self._data, self._start
        if data[start] != 0x5D:
            return self._text(b"]")
        closed = self._starts(start, b"]]>")
        if closed is None:
            return None
        if closed:
            self._state = State.DATA
        return self._token("other", start + 3) if closed else self._token("text", start + 1)

    def _starts(self, position: int, text: bytes) -> bool | None:
        """Return True if the input continues with ``text``, in capitals or not.

        None: the input so far does not decide it.
        """
        ahead = bytes(self._data[position : position + len(text)]).upper()
        if len(ahead) < len(text) and text.startswith(ahead) and not self._last:
            return None
        return ahead == text

    # Tags

    def _tag(self, kind: Literal["start", "end"], start: int) -> Token | None:
        """Read a tag whose name begins at ``start``."""
        data = self._data
        name = _TAG_NAME.match(data, start)
        assert name
        if name.end() == len(data):
            return self._rest("other")
        attributes = self._attributes
        self_closing = False
        position = max(name.end(), self._start + self._scanned)
        while True:
            between = _BETWEEN.match(data, position)
            assert between
            position = between.end()
            if position == len(data):  # an unfinished tag passes through
                return self._rest("other")
            if data[position] == 0x3E:
                self_closing = between[0].endswith(b"/")
                break
            read = self._attribute(position)
            if read is None:
                return self._rest("other")
            attribute, position = read
            attributes.append(attribute)
            self._scanned = position - self._start
        token = self._token(kind, position + 1, name[0])
        if kind == "start":
            token.attributes = attributes
            token.self_closing = self_closing
            self._tag_started(token)
        else:
            self._tag_ended(token)
        return token

    def _attribute(self, position: int) -> tuple[Attribute, int] | None:
        """Return the attribute at ``position`` and its end; None if its end is not there yet."""
        data = self._data
        name = _ATTRIBUTE_NAME.match(data, position)
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
        quote = bytes(data[start : start + 1])
        if quote in (b'"', b"'"):
            closing = data.find(quote, max(start + 1, self._start + self._searched))
            if closing < 0:
                self._searched = len(data) - self._start
                return None
            self._searched = 0
            value, end = bytes(data[start + 1 : closing]), closing + 1
            return (name[0], value, bytes(data[position:end])), end
        unquoted = _UNQUOTED.match(data, start)
        assert unquoted
        end = unquoted.end()
        if end == len(data):
            return None
        raw = bytes(data[position:end]) if unquoted[0] else name[0]
        return (name[0], unquoted[0], raw), end

    def _tag_started(self, token: Token) -> None:
        name = token.text.lower()
        self._ambiguous.started(name)
        self._state = State.DATA
        if self._namespaces.started(name, token.attributes, token.self_closing):
            self._text_of = name
            self._state = TEXT_AFTER.get(name, State.DATA)
        token.namespace = self._namespaces.current

    def _tag_ended(self, token: Token) -> None:
        name = token.text.lower()
        self._state = State.DATA
        self._ambiguous.ended(name)
        self._namespaces.ended(name)

    # The text of elements that contain no markup

    def _raw_text(self) -> Token | None:
        """Read from a "<" on: the end tag, or a short text."""
        data, start = self._data, self._start
        if start + 1 == len(data):
            return self._rest("text")
        if data[start + 1] != 0x2F:
            return self._token("text", start + 1)
        return self._end_of_text() or self._rest("text")

    def _end_of_text(self) -> Token | None:
        """Read from "</" on: the end tag, or text."""
        data, start = self._data, self._start
        if self._is_end_tag:
            return self._tag("end", start + 2)
        more = _LETTERS.match(data, max(start + 2, start + self._scanned))
        end = more.end() if more else max(start + 2, start + self._scanned)
        if end == len(data):
            self._scanned = end - start
            return None
        self._scanned = 0
        length = len(self._text_of)
        is_name = (
            end == start + 2 + length and bytes(data[start + 2 : end]).lower() == self._text_of
        )
        if is_name and data[end] in ENDS_NAME:
            self._is_end_tag = True
            return self._tag("end", start + 2)
        return self._token("text", end)

    # Scripts

    def _script_data(self) -> Token | None:
        data, start = self._data, self._start
        if data[start] != 0x3C:
            return self._text(b"<")
        if bytes(data[start + 1 : start + 2]) != b"!":
            return self._raw_text()
        comment = self._starts(start + 2, b"--")
        if comment is None:
            return None
        if not comment:
            return self._token("text", start + 2)
        return self._script_data_escaped(start + 4, State.SCRIPT_DATA_ESCAPED_DASH_DASH)

    def _script_data_escaped(self, position: int, state: State) -> Token | None:
        """Read text from ``position`` on by the table of transitions, until one emits it."""
        if self._escaped is not None:
            offset, state = self._escaped
            position = self._start + offset
        while position < len(self._data):
            if state in _SKIPS_ORDINARY:  # the table would do it too, byte by byte
                ordinary = _ORDINARY.match(self._data, position)
                assert ordinary
                if ordinary[0]:
                    position = ordinary.end()
                    continue
            self._escaped = (position - self._start, state)
            transition = self._transition(position, state)
            if transition is None:
                return None
            if transition.emits and position > self._start:
                self._state = transition.state
                return self._token("text", position)
            position += transition.consumes
            state = transition.state
            if state is State.SCRIPT_DATA_ESCAPED_END_TAG_OPEN:
                return self._escaped_end_tag()
        self._escaped = (position - self._start, state)
        return self._rest("text")

    def _transition(self, position: int, state: State) -> Transition | None:
        for transition in SCRIPT_TRANSITIONS[state]:
            matches = [self._starts(position, text) for text in transition.texts]
            if None in matches:
                return None
            if not transition.texts or True in matches:
                return transition
        raise AssertionError(state)  # the last transition of each state applies to all input

    def _escaped_end_tag(self) -> Token | None:
        """Read from a "<" inside a comment on; an end tag ends the script there, too."""
        token = self._raw_text()
        if token is not None and token.kind == "text":
            self._state = State.SCRIPT_DATA_ESCAPED
        return token
