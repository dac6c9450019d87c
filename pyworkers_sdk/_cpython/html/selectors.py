"""The CSS selectors of HTMLRewriter on plain CPython: parsed, and matched as tags come and go.

Which selectors are refused, and with which words, was seen in workerd, and so were the deviations
from CSS in the meaning of others (tests/contract/test_html_rewriter.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from .tree import HTML, lower, parser_error

__all__ = ["Open", "Selector"]


class Open:
    """An element whose end tag has not arrived, or the document around them all."""

    def __init__(self, name: str = "", attributes: dict[str, str] | None = None) -> None:
        self.name = name
        self.attributes = attributes or {}
        self.namespace = HTML
        self.children = 0
        self.of_type: dict[str, int] = {}
        self.place = 0
        self.place_of_type = 0
        self.matched: set[tuple[int, int]] = set()
        """The steps of selectors that end at this element: the selector's number, the step's."""
        self.above: set[tuple[int, int]] = set()
        """The steps of selectors that end at any element around it."""

    def born(self, child: Open) -> None:
        """Count a child, and record its place among its siblings and the steps above it."""
        self.children += 1
        self.of_type[child.name] = self.of_type.get(child.name, 0) + 1
        child.place, child.place_of_type = self.children, self.of_type[child.name]
        child.above = self.above | self.matched


Test: TypeAlias = Callable[[Open], bool]


class Selector:
    """A list of selectors, separated by commas."""

    def __init__(self, text: str) -> None:
        self._alternatives = _Parser(text).selectors()

    def matches(self, number: int, parent: Open, element: Open) -> bool:
        """Return True if a child of ``parent`` is selected.

        Args:
            number: The number of this selector: each element remembers the steps that it matches.
            parent: The open element around it.
            element: The element.
        """
        selected = False
        for index, steps in enumerate(self._alternatives):
            for step, (combinator, tests) in enumerate(steps):
                previous = (number * 1000 + index, step - 1)
                matched = parent.matched if combinator == ">" else element.above
                if (not combinator or previous in matched) and all(test(element) for test in tests):
                    element.matched.add((number * 1000 + index, step))
                    selected = selected or step == len(steps) - 1
        return selected


# Tokens of CSS: https://www.w3.org/TR/css-syntax-3/#tokenization.
_IDENT = (
    r"(?:--|-?(?:[A-Za-z_\x80-\U0010ffff]|\\(?:[0-9A-Fa-f]{1,6}\s?|[^\n0-9A-Fa-f])))"
    r"(?:[A-Za-z0-9_\x80-\U0010ffff-]|\\(?:[0-9A-Fa-f]{1,6}\s?|[^\n0-9A-Fa-f]))*"
)
_ident = re.compile(_IDENT)
_space = re.compile(r"(?:\s|/\*.*?(?:\*/|\Z))*", re.S)
_string = re.compile(r"\"((?:[^\"\\]|\\.)*)(?:\"|\Z)|'((?:[^'\\]|\\.)*)(?:'|\Z)", re.S)
_escape = re.compile(r"\\(?:([0-9A-Fa-f]{1,6})\s?|(.))", re.S)
_nth = re.compile(r"(?:(even)|(odd)|([+-]?\d*)n(?:\s*([+-])\s*(\d+))?|([+-]?\d+))", re.I)
_operator = re.compile(r"[~^$*|]?=")


_NAMESPACED = "Selectors with explicit namespaces are not supported."
_UNSUPPORTED = "Unsupported pseudo-class or pseudo-element in selector."


def _plain(escaped: str) -> str:
    return _escape.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], escaped)


class _Parser:
    """A parser of selectors, in the grammar of https://www.w3.org/TR/selectors-4/#grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._negated = 0

    def selectors(self) -> list[list[tuple[str, list[Test]]]]:
        selectors = self._list()
        if self._at < len(self._text):
            raise parser_error("Unexpected token in selector.")
        return selectors

    def _skip(self) -> bool:
        """Skip white space and comments; return True if there was white space."""
        skipped = _space.match(self._text, self._at)
        assert skipped
        self._at = skipped.end()
        return bool(re.sub(r"/\*.*?(\*/|\Z)", "", skipped[0], flags=re.S))

    def _ahead(self, length: int = 1) -> str:
        return self._text[self._at : self._at + length]

    def _takes(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._at)
        if match:
            self._at = match.end()
        return match

    def _list(self) -> list[list[tuple[str, list[Test]]]]:
        selectors = [self._complex()]
        while self._ahead() == ",":
            self._at += 1
            selectors.append(self._complex())
        return selectors

    def _complex(self) -> list[tuple[str, list[Test]]]:
        self._skip()
        steps = [("", self._compound("The selector is empty."))]
        unsupported = ""
        while True:
            spaced = self._skip()
            ahead = self._ahead()
            if not ahead or ahead in ",)":
                break
            if ahead in ">+~":
                self._at += 1
                self._skip()
                unsupported = unsupported or ahead.strip(">")
            elif not spaced:
                raise parser_error("Unexpected token in selector.")
            combinator = ">" if ahead == ">" else " "
            steps.append((combinator, self._compound("Dangling combinator in selector.")))
        if self._negated and len(steps) > 1:
            raise parser_error(_UNSUPPORTED)
        if unsupported:
            raise parser_error(f"Unsupported combinator `{unsupported}` in selector.")
        return steps

    def _compound(self, missing: str) -> list[Test]:
        """Parse a row of simple selectors; ``missing`` is the error if the row is empty."""
        start = self._at
        tests = self._type(missing)
        while True:
            ahead = self._ahead()
            if ahead == "#" and _ident.match(self._text, self._at + 1):
                self._at += 1
                tests.append(_attribute("id", "=", self._name(), None))
            elif ahead == "." and not self._ahead(2)[1:].isdigit():
                self._at += 1
                tests.append(self._class())
            elif ahead == "[":
                self._at += 1
                tests.append(self._attribute())
            elif ahead == ":":
                self._at += 1
                tests += self._pseudo()
            else:
                break
        if self._at == start:
            raise parser_error(missing)
        return tests

    def _name(self) -> str:
        name = self._takes(_ident)
        assert name
        return _plain(name[0])

    def _type(self, missing: str) -> list[Test]:
        """Parse ``p``, ``*``, ``*|p``, ``|p`` or nothing; ``|p`` selects no element."""
        # "|p" is an element without a namespace, and HTML has none.
        never: list[Test] = []
        if self._ahead() == "|" and self._ahead(2) != "|=":
            self._at += 1
            never = [lambda element: False]
            if self._ahead() != "*" and not _ident.match(self._text, self._at):
                raise parser_error("Unexpected token in selector.")
        elif self._ahead(2) == "*|":
            self._at += 2
            if self._ahead() != "*" and not _ident.match(self._text, self._at):
                raise parser_error(missing)
        if self._ahead() == "*":
            self._at += 1
            return [*never, lambda element: True]
        if not _ident.match(self._text, self._at):
            return []
        name = lower(self._name())
        if self._ahead() == "|":
            raise parser_error(_NAMESPACED)
        return [*never, lambda element: element.name == name]

    def _class(self) -> Test:
        if not self._ahead():
            raise parser_error("Unexpected end of selector.")
        if not _ident.match(self._text, self._at):
            raise parser_error("Invalid or unescaped class name in selector.")
        return _attribute("class", "~=", self._name(), None)

    def _attribute(self) -> Test:
        """Parse the rest of an attribute selector after its bracket."""
        self._skip()
        self._at += self._ahead() == "|"  # "[|p]" is accepted, and means "[p]"
        if not self._ahead():
            raise parser_error("Unexpected end of selector.")
        if self._ahead(2) == "*|":
            raise parser_error(_NAMESPACED)
        if self._ahead() == "*":
            raise parser_error("Unexpected token in the attribute selector.")
        if not _ident.match(self._text, self._at):
            raise parser_error("Missing attribute name in attribute selector.")
        name = self._name()
        if self._ahead() == "|" and self._ahead(2) != "|=":
            raise parser_error(_NAMESPACED)
        self._skip()
        operator, value, flag = "", "", None
        if self._ahead() not in ("", "]"):
            operator, value, flag = self._comparison()
        self._at += 1
        return _attribute(lower(name), operator, value, flag)

    def _comparison(self) -> tuple[str, str, str | None]:
        operator = self._takes(_operator)
        if not operator:
            raise parser_error("Unexpected token in the attribute selector.")
        self._skip()
        if not self._ahead():
            raise parser_error("Unexpected end of selector.")
        string = self._takes(_string)
        if string:
            value = _plain(string[1] if string[1] is not None else string[2])
        elif _ident.match(self._text, self._at):
            value = self._name()
        else:
            raise parser_error("Unexpected token in the attribute selector.")
        self._skip()
        flag = None
        if self._ahead().lower() in ("i", "s") and self._ahead():
            flag = self._name().lower()
            self._skip()
        if self._ahead() not in ("", "]") or flag not in (None, "i", "s"):
            raise parser_error("Unexpected token in selector.")
        return operator[0], value, flag

    def _pseudo(self) -> list[Test]:
        """Parse the rest of a pseudo-class after its colon."""
        if not self._ahead():
            raise parser_error("Unexpected end of selector.")
        if self._ahead(2) == ":":
            raise parser_error("Unexpected end of selector.")
        ident = self._takes(_ident)
        name = ident[0].lower() if ident else ""
        if self._ahead() != "(":
            if name == "first-child":
                return [lambda element: element.place == 1]
            if name == "first-of-type":
                return [lambda element: element.place_of_type == 1]
        elif name == "not":
            self._at += 1
            tests = self._not()
            self._closed()
            return tests
        elif name in ("nth-child", "nth-of-type"):
            self._at += 1
            step, offset = self._nth()
            self._closed()
            if name == "nth-child":
                return [lambda element: _is_nth(element.place, step, offset)]
            return [lambda element: _is_nth(element.place_of_type, step, offset)]
        raise parser_error(_UNSUPPORTED)

    def _closed(self) -> None:
        self._skip()
        if self._ahead() not in ("", ")"):
            raise parser_error("Unexpected token in selector.")
        self._at += 1

    def _not(self) -> list[Test]:
        """Negate each simple selector of each selector of a list.

        As in workerd, ":not(a.b)" matches no "a", and no element of class "b".
        """
        self._negated += 1
        listed = self._list()
        self._negated -= 1
        return [_opposite(test) for steps in listed for test in steps[-1][1]]

    def _nth(self) -> tuple[int, int]:
        self._skip()
        if not self._ahead():
            raise parser_error("Unexpected end of selector.")
        nth = self._takes(_nth)
        if not nth:
            end = self._ahead() == ")"
            raise parser_error(f"Unexpected {'end of' if end else 'token in'} selector.")
        if nth[1] or nth[2]:
            return 2, 0 if nth[1] else 1
        if nth[6]:
            return 0, int(nth[6])
        step = int(nth[3] + "1") if nth[3] in ("", "+", "-") else int(nth[3])
        return step, int((nth[4] or "") + (nth[5] or "0"))


def _opposite(test: Test) -> Test:
    return lambda element: not test(element)


def _is_nth(place: int, step: int, offset: int) -> bool:
    # place = step * n + offset for some n >= 0
    beyond = place - offset
    return beyond == 0 if step == 0 else beyond * step >= 0 and beyond % step == 0


def _attribute(name: str, operator: str, wanted: str, flag: str | None) -> Test:
    def test(element: Open) -> bool:
        value = element.attributes.get(name)
        if value is None or not operator:
            return value is not None
        if flag == "i" or (flag is None and operator and _ignores_case(name, element)):
            return _compares(operator, lower(value), lower(wanted))
        return _compares(operator, value, wanted)

    return test


def _compares(operator: str, value: str, wanted: str) -> bool:
    if operator == "=":
        return value == wanted
    if operator == "~=":
        return wanted in re.split("[\t\n\f\r ]", value)
    if operator == "|=":
        return value == wanted or value.startswith(f"{wanted}-")
    # An empty text is contained in no value, but it begins and ends each value that is not empty.
    if operator == "*=":
        return bool(wanted) and wanted in value
    return bool(value) and (
        value.startswith(wanted) if operator == "^=" else value.endswith(wanted)
    )


def _ignores_case(name: str, element: Open) -> bool:
    return element.namespace == HTML and _IGNORING_CASE.fullmatch(name) is not None


# https://html.spec.whatwg.org/multipage/semantics-other.html#case-sensitivity-of-selectors
_IGNORING_CASE = re.compile(
    "accept|accept-charset|align|alink|axis|bgcolor|charset|checked|clear|codetype|color|compact"
    "|declare|defer|dir|direction|disabled|enctype|face|frame|hreflang|http-equiv|lang|language"
    "|link|media|method|multiple|nohref|noresize|noshade|nowrap|readonly|rel|rev|rules|scope"
    "|scrolling|selected|shape|target|text|type|valign|valuetype|vlink"
)
