"""Read TOML with the line of every key.

tomllib reads the values but drops the lines, so a scan of the text finds those. The scan may assume
valid TOML: tomllib has accepted the text before.
"""

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
    """Return the table of a text, and the lines of its keys.

    Raises:
        SyntaxFault: The text is not TOML.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # "Invalid value (at line 3, column 5)", or "(at end of document)"
        message, _, position = str(error).rpartition(" (at ")
        number = re.match(r"line ([0-9]+)", position)
        line = int(number[1]) if number else text.count("\n") + 1
        raise SyntaxFault(line, message) from None
    return data, _Scan(text).lines


class _Scan:
    """A pass over a valid TOML text that notes the line of each key."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: Lines = {(): 1}
        self.items: dict[Place, int] = {}  # an array of tables -> the index of its last table
        table: Place = ()
        while self.skip() != "":
            if self.text.startswith("[[", self.at):
                table = self.header(2)
            elif self.text.startswith("[", self.at):
                table = self.header(1)
            else:
                self.pair(table)

    def skip(self) -> str:
        """Skip spaces and comments, and return the next character; "" at the end."""
        space = _SPACE.match(self.text, self.at)
        assert space
        self.at = space.end()
        return self.text[self.at : self.at + 1]

    def keys(self) -> list[str]:
        """Read a dotted key, and return its parts."""
        parts: list[str] = []
        more = True
        while more:
            key = _KEY.match(self.text, self.at)
            assert key
            self.at = key.end()
            part, dot = key[1], key[2]
            is_quoted = part[0] in "\"'"
            parts.append(tomllib.loads(f"key={part}")["key"] if is_quoted else part)
            more = dot == "."
        return parts

    def note(self, place: Place) -> Place:
        """Remember the current line as that of a place, unless it is known already."""
        self.lines.setdefault(place, self.text.count("\n", 0, self.at) + 1)
        return place

    def header(self, brackets: int) -> Place:
        """Read ``[a.b]`` or ``[[a.b]]``, and return the place of the table that it opens."""
        self.at += brackets
        place = _TOP
        keys = self.keys()
        for index, key in enumerate(keys, 1):
            place = self.note((*place, key))
            if place in self.items and index < len(keys):  # [array.key] is of its last table
                place = (*place, self.items[place])
        if brackets == 2:
            self.items[place] = self.items.get(place, -1) + 1
            place = self.note((*place, self.items[place]))
        self.at += brackets
        return place

    def pair(self, table: Place) -> None:
        """Read ``a.b = value`` in a table."""
        start = self.at
        place = table
        keys = self.keys()
        after, self.at = self.at, start  # the keys' line is where they begin
        for key in keys:
            place = self.note((*place, key))
        self.at = after + 1  # "="
        self.value(place)

    def value(self, place: Place) -> None:
        first = self.skip()
        string = _STRING.match(self.text, self.at)
        if string is not None:
            self.at = string.end()
        elif first == "[":
            self.at += 1
            index = 0
            while self.skip() != "]":
                self.value(self.note((*place, index)))
                index += 1
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
