"""JSON with comments and trailing commas, as wrangler reads it, and the line of every key."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

__all__ = ["Lines", "Place", "SyntaxFault", "read_jsonc"]

Place = tuple[str | int, ...]
"""Where a value is: ``("queues", "consumers", 0, "queue")``."""

Lines = dict[Place, int]

_SPACE = re.compile(r"(?:[ \t\r\n\ufeff]|//[^\n]*|/\*.*?\*/)*", re.S)
_STRING = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_SCALAR = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}


class SyntaxFault(ValueError):
    """The text cannot be read; ``line`` is where."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_jsonc(text: str) -> tuple[Any, Lines]:
    """The value, and the line of each key and of each item of an array. Raises SyntaxFault."""
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
        found = repr(rest) if rest else "the end"
        raise SyntaxFault(self.line(), f"{expected}, not {found}")

    def next(self) -> str:
        """The next character that means something; "" at the end."""
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
        found = _SCALAR.match(self.text, self.at)
        if found is None:
            self.fail("expected a value")
        self.at = found.end()
        word = found[0]
        if word in _WORDS:
            return _WORDS[word]
        return float(word) if found[1] or found[2] else int(word)

    def string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if found is None:
            raise SyntaxFault(self.line(), "a string without an end")
        try:
            value: str = json.loads(found[0])
        except ValueError as error:
            message = str(error).partition(":")[0]
            raise SyntaxFault(self.line(), message) from None
        self.at = found.end()
        return value

    def object(self, place: Place) -> dict[str, Any]:
        made: dict[str, Any] = {}
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
            made[key] = self.value((*place, key))
            self.comma("}")
        self.at += 1
        return made

    def array(self, place: Place) -> list[Any]:
        made: list[Any] = []
        self.at += 1
        while self.next() != "]":
            made.append(self.value((*place, len(made))))
            self.comma("]")
        self.at += 1
        return made

    def comma(self, end: str) -> None:
        """Past the comma, unless the end is next."""
        if self.next() == ",":
            self.at += 1
        elif self.next() != end:
            self.fail(f'expected "," or "{end}"')
