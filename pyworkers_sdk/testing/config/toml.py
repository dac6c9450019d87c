"""Read TOML with the line of every key.

tomllib reads the values but drops the lines, so a scan of the text finds the lines. The scan comes
first. It refuses integers that JavaScript lacks and values nested too deeply: tomllib takes both.
It stops where the text is not TOML, and tomllib reports the error. For a key of n parts tomllib
takes time with the square of n, so it gets a short key in place of a very long one.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, NamedTuple

from .jsonc import MAX_DEPTH, MAX_SAFE_INTEGER, Lines, Place, number
from .text import SyntaxFault

__all__ = ["read_toml"]

_TOP: Place = ()
_SPACE = re.compile(r"(?:\s++|#[^\n]*+)*+")
_BASIC = r'"(?:[^"\\\n]++|\\.)*+"'
_LITERAL = r"'[^'\n]*'"
_KEY = re.compile(rf"[ \t]*([A-Za-z0-9_-]+|{_BASIC}|{_LITERAL})[ \t]*(\.?)")
_STRING = re.compile(
    rf'"""(?:\\.|[^\\])*?"""(?:"{{0,2}})|\'\'\'.*?\'\'\'(?:\'{{0,2}})|{_BASIC}|{_LITERAL}', re.S
)
_PLAIN = re.compile(r"[^,\]}\n#]*")
_INTEGER = re.compile(r"([-+]?)(?:(0x)([0-9a-f]+)|(0o)([0-7]+)|(0b)([01]+)|([1-9][0-9]*))", re.I)
_BASES = {"0x": 16, "0o": 8, "0b": 2}
_MOST_DIGITS = 60
"""More digits than any integer has that is small enough: 53 in base 2, and leading zeros."""


def read_toml(text: str) -> tuple[dict[str, Any], Lines]:
    """Return the table of a text, and the lines of its keys.

    Raises:
        SyntaxFault: The text is not TOML, or has a value that wrangler refuses in any place.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if (stray := text.find("\r")) >= 0:  # tomllib would pair it with the next line feed
        message = "expected a line feed after a carriage return"
        raise SyntaxFault(text.count("\n", 0, stray) + 1, message)
    scan = _Scan(text)
    try:
        data = tomllib.loads(scan.shortened(), parse_float=number)
    except tomllib.TOMLDecodeError as error:
        # "Invalid value (at line 3, column 5)", or "(at end of document)"
        message, _, position = str(error).rpartition(" (at ")
        counted = re.match(r"line ([0-9]+)", position)
        line = int(counted[1]) if counted else text.count("\n") + 1
        raise SyntaxFault(line, message) from None
    except (RecursionError, ValueError) as error:
        # The scan has refused deep values and long integers, so nothing is known to end here.
        raise SyntaxFault(1, f"{type(error).__name__} while TOML was read") from None
    for long in scan.long_keys:
        long.restore(data)
    data.pop("__proto__", None)
    return data, scan.lines


class _LongKey(NamedTuple):
    """A dotted key of many parts, and where it is."""

    start: int
    end: int
    table: Place
    keys: list[str]
    line: int

    @property
    def short(self) -> str:
        """The key that stands for it while tomllib reads the text."""
        return f"long key at {self.start}"

    def restore(self, data: Any) -> None:
        """Put the long key into the data of a file, in place of the short one.

        Levels that no file may have are left out: their number is an error.
        """
        for step in self.table:
            data = data[step]
        del data[self.short]
        first, *rest = self.keys[: MAX_DEPTH + 1]
        value: Any = {}
        if first in data:
            raise SyntaxFault(self.line, "expected a new key")
        for key in reversed(rest):
            value = {key: value}
        data[first] = value


class _NotToml(Exception):
    """The text is not TOML at the scan's position."""


class _Scan:
    """A pass over a text that notes the line of each key."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: Lines = {(): 1}
        self.items: dict[Place, int] = {}  # an array of tables -> the index of its last table
        self.long_keys: list[_LongKey] = []
        self._counted = (0, 1)  # a position, and its line
        try:
            self._run()
        except _NotToml:
            pass  # tomllib knows why

    def _run(self) -> None:
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
            if key is None:
                raise _NotToml
            self.at = key.end()
            part, dot = key[1], key[2]
            parts.append(_unquoted(part) if part[0] in "\"'" else part)
            more = dot == "."
        return parts

    def line(self) -> int:
        position, line = self._counted
        if self.at < position:  # back at the beginning of a key
            line -= self.text.count("\n", self.at, position)
        else:
            line += self.text.count("\n", position, self.at)
        self._counted = (self.at, line)
        return line

    def note(self, place: Place) -> Place:
        """Remember the current line as that of a place, unless it is known already."""
        self._check_depth(len(place))
        self.lines.setdefault(place, self.line())
        return place

    def _check_depth(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise SyntaxFault(self.line(), f"expected at most {MAX_DEPTH} levels, got more")

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
        self.expect("]" * brackets)
        return place

    def expect(self, text: str) -> None:
        if not self.text.startswith(text, self.at):
            raise _NotToml
        self.at += len(text)

    def pair(self, table: Place) -> None:
        """Read ``a.b = value`` in a table."""
        start = self.at
        place = table
        keys = self.keys()
        after, self.at = self.at, start  # the keys' line is where they begin
        if len(keys) > MAX_DEPTH:
            self.long_keys.append(_LongKey(start, after, table, keys, self.line()))
        for key in keys[:MAX_DEPTH]:
            place = self.note((*place, key))
        self.at = after
        self.expect("=")
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
                self.comma("]")
            self.at += 1
        elif first == "{":
            self.at += 1
            while self.skip() != "}":
                self.pair(place)
                self.comma("}")
            self.at += 1
        else:
            plain = _PLAIN.match(self.text, self.at)
            assert plain
            self._check_integer(plain[0].strip())
            self.at = plain.end()

    def shortened(self) -> str:
        """Return the text with a short key in place of each long one."""
        pieces: list[str] = []
        end = 0
        for long in self.long_keys:
            pieces += (self.text[end : long.start], f'"{long.short}"')
            end = long.end
        return "".join(pieces) + self.text[end:]

    def comma(self, end: str) -> None:
        """Skip a comma; without one the container has to end here."""
        following = self.skip()
        if following == ",":
            self.at += 1
        elif following != end:
            raise _NotToml

    def _check_integer(self, literal: str) -> None:
        integer = _INTEGER.fullmatch(literal.replace("_", ""))
        if integer is None:
            return
        digits: str = integer[3] or integer[5] or integer[7] or integer[8]
        base = _BASES.get((integer[2] or integer[4] or integer[6] or "").lower(), 10)
        digits = digits.lstrip("0") or "0"
        if len(digits) > _MOST_DIGITS or int(digits, base) > MAX_SAFE_INTEGER:
            # The value may be a secret, so it is not cited.
            message = (
                f"expected an integer up to {MAX_SAFE_INTEGER}, got a larger one; use a string"
            )
            raise SyntaxFault(self.line(), message)


def _unquoted(literal: str) -> str:
    try:
        key: str = tomllib.loads(f"key={literal}")["key"]
    except ValueError:
        raise _NotToml from None
    return key
