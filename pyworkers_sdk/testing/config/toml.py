"""TOML, and the line of every key: tomllib reads it, and a scan of its text finds the lines."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from .jsonc import Lines, Place, SyntaxFault

__all__ = ["read_toml"]

_TOP: Place = ()
_SPACE = re.compile(r"(?:\s|#[^\n]*)*")
_BASIC = r'"(?:\\.|[^"\\\n])*"'
_LITERAL = r"'[^'\n]*'"
_KEY = re.compile(rf"[ \t]*([A-Za-z0-9_-]+|{_BASIC}|{_LITERAL})[ \t]*(\.?)")
_STRING = re.compile(
    rf'"""(?:\\.|[^\\])*?"""(?:"{{0,2}})|\'\'\'.*?\'\'\'(?:\'{{0,2}})|{_BASIC}|{_LITERAL}', re.S
)
_PLAIN = re.compile(r"[^,\]}\n#]*")


def read_toml(text: str) -> tuple[dict[str, Any], Lines]:
    """The table, and the line of each key and of each item of an array. Raises SyntaxFault."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, where = str(error).rpartition(" (at ")
        found = re.match(r"line ([0-9]+)", where)
        line = int(found[1]) if found else text.count("\n") + 1
        raise SyntaxFault(line, message) from None
    return data, _Scan(text).lines


class _Scan:
    """Goes through text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: Lines = {(): 1}
        self.items: dict[Place, int] = {}
        table: Place = ()
        while self.skip() != "":
            if self.text.startswith("[[", self.at):
                table = self.header(2)
            elif self.text.startswith("[", self.at):
                table = self.header(1)
            else:
                self.pair(table)

    def skip(self) -> str:
        space = _SPACE.match(self.text, self.at)
        assert space
        self.at = space.end()
        return self.text[self.at : self.at + 1]

    def keys(self) -> list[str]:
        """The parts of a dotted key."""
        parts: list[str] = []
        more = True
        while more:
            found = _KEY.match(self.text, self.at)
            assert found
            self.at = found.end()
            quoted = found[1][0] in "\"'"
            parts.append(tomllib.loads(f"key={found[1]}")["key"] if quoted else found[1])
            more = found[2] == "."
        return parts

    def note(self, place: Place) -> Place:
        self.lines.setdefault(place, self.text.count("\n", 0, self.at) + 1)
        return place

    def header(self, brackets: int) -> Place:
        """``[a.b]`` or ``[[a.b]]``; the table that it opens."""
        self.at += brackets
        place = _TOP
        keys = self.keys()
        for at, key in enumerate(keys, 1):
            place = self.note((*place, key))
            if place in self.items and at < len(keys):
                place = (*place, self.items[place])
        if brackets == 2:
            self.items[place] = self.items.get(place, -1) + 1
            place = self.note((*place, self.items[place]))
        self.at += brackets
        return place

    def pair(self, table: Place) -> None:
        start = self.at
        place = table
        keys = self.keys()
        after, self.at = self.at, start
        for key in keys:
            place = self.note((*place, key))
        self.at = after + 1
        self.value(place)

    def value(self, place: Place) -> None:
        first = self.skip()
        string = _STRING.match(self.text, self.at)
        if string is not None:
            self.at = string.end()
        elif first == "[":
            self.at += 1
            item = 0
            while self.skip() != "]":
                self.value(self.note((*place, item)))
                item += 1
                self.comma()
            self.at += 1
        elif first == "{":
            self.at += 1
            while self.skip() != "}":
                self.pair(place)
                self.comma()
            self.at += 1
        else:
            plain = _PLAIN.match(self.text, self.at)
            assert plain
            self.at = plain.end()

    def comma(self) -> None:
        if self.skip() == ",":
            self.at += 1
