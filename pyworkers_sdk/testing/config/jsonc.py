"""Read JSON with comments and trailing commas, as wrangler does, with the line of every key.

Numbers are JavaScript's: an integer beyond ±(2^53-1) becomes a float, ``1.0`` becomes ``1``.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from .text import SyntaxFault

__all__ = ["MAX_DEPTH", "MAX_SAFE_INTEGER", "Lines", "Place", "number", "read_jsonc", "well_formed"]

Place = tuple[str | int, ...]
"""The path to a value: ``("queues", "consumers", 0, "queue")``."""

Lines = dict[Place, int]
"""The line of each key and of each item of an array, counted from 1."""

MAX_DEPTH = 100
"""The deepest value that is read. wrangler has limits between 500 and 2,000, by file type."""

MAX_SAFE_INTEGER = 2**53 - 1

_SPACE = re.compile(r"(?:[ \t\r\n]++|//[^\r\n]*+|/\*.*?\*/)*+", re.S)
_STRING = re.compile(r'"(?:[^"\\\r\n]++|\\[^\r\n])*+"')
_SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_SURROGATES = re.compile("[\ud800-\udfff]")


def read_jsonc(text: str) -> tuple[Any, Lines]:
    """Return the value of a text, and the lines of its keys.

    Raises:
        SyntaxFault: The text is not JSON with comments and trailing commas.
    """
    reader = _Reader(text.removeprefix("\ufeff"))
    value = reader.value(())
    if reader.next():
        reader.fail("expected the end")
    return value, reader.lines


def number(word: str) -> int | float:
    """Return the number that JavaScript reads. It may be infinite."""
    value = float(word)
    return int(value) if abs(value) <= MAX_SAFE_INTEGER and value.is_integer() else value


def well_formed(text: str) -> str:
    """Return a text in which lone surrogates are U+FFFD, as they reach a Worker."""
    return _SURROGATES.sub("\ufffd", text)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: Lines = {}
        self._counted = (0, 1)  # a position, and its line

    def line(self) -> int:
        position, line = self._counted
        line += self.text.count("\n", position, self.at)
        self._counted = (self.at, line)
        return line

    def fail(self, expected: str) -> NoReturn:
        rest = self.text[self.at : self.at + 1]
        got = repr(rest) if rest else "the end"
        raise SyntaxFault(self.line(), f"{expected}, got {got}")

    def next(self) -> str:
        """Skip spaces and comments, and return the next character; "" at the end."""
        space = _SPACE.match(self.text, self.at)
        assert space
        self.at = space.end()
        if self.text.startswith("/*", self.at):
            raise SyntaxFault(self.line(), "a comment without an end")
        return self.text[self.at : self.at + 1]

    def value(self, place: Place) -> Any:
        first = self.next()
        self.lines.setdefault(place, self.line())
        if first in ("{", "[") and len(place) >= MAX_DEPTH:
            raise SyntaxFault(self.line(), f"expected at most {MAX_DEPTH} levels, got more")
        if first == "{":
            return self.object(place)
        if first == "[":
            return self.array(place)
        if first == '"':
            return self.string()
        scalar = _SCALAR.match(self.text, self.at)
        if scalar is None:
            self.fail("expected a value")
        self.at = scalar.end()
        word = scalar[0]
        return _WORDS[word] if word in _WORDS else number(word)

    def string(self) -> str:
        literal = _STRING.match(self.text, self.at)
        if literal is None:
            raise SyntaxFault(self.line(), "a string without an end")
        try:
            value: str = json.loads(literal[0])
        except ValueError as error:
            message = str(error).partition(":")[0]  # without json's own line and column
            raise SyntaxFault(self.line(), message) from None
        self.at = literal.end()
        return well_formed(value)

    def object(self, place: Place) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self.at += 1
        while self.next() != "}":
            if self.text[self.at : self.at + 1] != '"':
                self.fail('expected a key in double quotes or "}"')
            line = self.line()
            key = self.string()
            if self.next() != ":":
                self.fail('expected ":"')
            self.at += 1
            self.lines[*place, key] = line
            members[key] = self.value((*place, key))
            self.comma("}")
        self.at += 1
        members.pop("__proto__", None)  # it is not a member of a JavaScript object
        return members

    def array(self, place: Place) -> list[Any]:
        items: list[Any] = []
        self.at += 1
        while self.next() != "]":
            items.append(self.value((*place, len(items))))
            self.comma("]")
        self.at += 1
        return items

    def comma(self, end: str) -> None:
        """Skip a comma; without one the container has to end here."""
        if self.next() == ",":
            self.at += 1
        elif self.next() != end:
            self.fail(f'expected "," or "{end}"')
