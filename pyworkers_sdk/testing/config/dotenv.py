"""Parse ``.dev.vars`` and ``.env`` as wrangler's packages dotenv and dotenv-expand do."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping

from .text import JS_SPACES

__all__ = ["expand", "line_of", "parse"]

_BREAKS = "\u2028\u2029"  # two more ends of lines in JavaScript
_BLANKS = "".join(space for space in JS_SPACES if space not in f"\n{_BREAKS}")
_SPACE = f"[{JS_SPACES}]"
_KEY = rf"(?:^|(?<=[{_BREAKS}]))[{_BLANKS}]*+(?:export{_SPACE}+)?([A-Za-z0-9_.-]++)"
_QUOTED = "|".join(rf"{_SPACE}*+{quote}(?:\\{quote}|[^{quote}])*{quote}" for quote in "'\"`")
# The package's own expression, but no part of it reads white space more than once: that takes time
# with the square of the number of blank lines.
_LINE = re.compile(
    rf"{_KEY}(?:{_SPACE}*+=|:{_SPACE})"
    rf"({_QUOTED}|[^#\n]+)?{_SPACE}*(?:#[^\n{_BREAKS}]*)?(?:$|(?=[{_BREAKS}]))",
    re.M,
)
_REFERENCE = re.compile(r"(?<!\\)\$\{([^{}]+)\}|(?<!\\)\$([A-Za-z_][A-Za-z0-9_]*)")
_OPERATOR = re.compile(r":\+|\+|:-|-")
_PATTERN = re.compile(r"\$([$&`'])")

MAX_REFERENCES = 1000
"""The most references that are replaced in one value. wrangler never ends in some files."""
MAX_GROWTH = 1_000_000
"""The most characters that references may add to all values. A variable has 5 KB at most."""


def parse(text: str) -> dict[str, str]:
    """Return the variables of a file in its order. Lines that do not fit the syntax are ignored."""
    variables: dict[str, str] = {}
    for line in _LINE.finditer(_normal(text)):
        key: str = line[1]
        value: str = (line[2] or "").strip(JS_SPACES)
        first = value[:1]
        if first in ("'", '"', "`") and len(value) > 1 and value.endswith(first):
            value = value[1:-1]
        if first == '"':  # only double quotes know escapes
            value = value.replace("\\n", "\n").replace("\\r", "\r")
        variables[key] = value
    variables.pop("__proto__", None)  # it is not a member of a JavaScript object
    return variables


def line_of(text: str, name: str) -> int:
    """Return the line that sets a variable, counted from 1."""
    text = _normal(text)
    starts = [line.start(1) for line in _LINE.finditer(text) if line[1] == name]
    return text.count("\n", 0, starts[-1] if starts else 0) + 1


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def expand(
    parsed: Mapping[str, str], outside: Mapping[str, str], endless: list[str] | None = None
) -> dict[str, str]:
    """Replace ``$NAME``, ``${NAME}``, ``${NAME:-default}`` and ``${NAME:+value}`` in values.

    A variable that is also in ``outside`` has its value there, as in dotenv-expand.

    Args:
        parsed: The variables of the files.
        outside: Other variables: the environment of the process.
        endless: A list to which the variables are added whose references do not end, or grow too
            long. dotenv-expand never returns for some of them; here they keep their own text.
    """
    expanded: dict[str, str] = {}
    known = ChainMap(dict(outside), expanded)
    room = MAX_GROWTH + sum(map(len, parsed.values()))
    for name, value in parsed.items():
        filled = outside.get(name) or _filled(value, known, expanded, room)
        if filled is None and endless is not None:
            endless.append(name)
        expanded[name] = (value if filled is None else filled).replace("\\$", "$")
        room -= len(expanded[name])
    return expanded


def _filled(
    value: str, known: Mapping[str, str], expanded: Mapping[str, str], room: int
) -> str | None:
    """Return a value without references; None if they do not end."""
    seen: set[int] = set()
    for _ in range(MAX_REFERENCES):
        reference = _REFERENCE.search(value)
        if reference is None:
            return value
        seen.add(hash(value))
        expression: str = reference[1] or reference[2]
        operator = _OPERATOR.search(expression)
        splitter = operator[0] if operator else "null"  # JavaScript's text of null
        key, *rest = expression.split(splitter)
        alternative = splitter.join(rest)
        found = known.get(key)
        if splitter in (":+", "+"):
            replacement = alternative if found else ""
        else:
            # A text that was there before would come again for ever.
            replacement = found if found and hash(found) not in seen else alternative
        value = _replaced(value, reference[0], replacement)
        if len(value) > room:
            return None
        if value == expanded.get(key):
            return value
    return None


def _replaced(value: str, old: str, new: str) -> str:
    """Replace the first ``old`` as JavaScript does: in ``new``, ``$&`` stands for it."""
    start = value.index(old)
    before, after = value[:start], value[start + len(old) :]
    texts = {"$": "$", "&": old, "`": before, "'": after}
    return before + _PATTERN.sub(lambda pattern: texts[pattern[1]], new) + after
