"""Read JSON with comments and trailing commas, as wrangler does, with the line of every key."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

__all__ = ["Lines", "Place", "SyntaxFault", "read_jsonc"]

Place = tuple[str | int, ...]
"""The path to a value: ``("queues", "consumers", 0, "queue")``."""

Lines = dict[Place, int]
"""The line of each key and of each item of an array, counted from 1."""

_SPACE = re.compile(r"(?:[ \t\r\n\ufeff]|//[^\n]*|/\*.*?\*/)*", re.S)
_STRING = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}


class SyntaxFault(ValueError):
    """A text with a syntax error in ``line``, counted from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_jsonc(text: str) -> tuple[Any, Lines]:
    """Return the value of a text, and the lines of its keys.

    Raises:
        SyntaxFault: The text is not JSON with comments and trailing commas.
    """
    reader = _Reader(text)
    value = reader.value(())
    if reader.next():
        reader.fail("expected the end")
    return value, reader.lines


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: Lines = {}

    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

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
        word, fraction, exponent = scalar[0], scalar[1], scalar[2]
        if word in _WORDS:
            return _WORDS[word]
        return float(word) if fraction or exponent else int(word)

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
        return value

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
