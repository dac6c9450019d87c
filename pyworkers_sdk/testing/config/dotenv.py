"""Parse ``.dev.vars`` and ``.env`` as the dotenv package does that wrangler uses."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["expand", "parse"]

_LINE = re.compile(
    r"""
    ^\s* (?:export\s+)? (?P<key>[\w.-]+)
    (?:\s*=\s*?|:\s+?)
    (?P<value>
        \s* '(?:\\'|[^'])*' |
        \s* "(?:\\"|[^"])*" |
        \s* `(?:\\`|[^`])*` |
        [^\#\r\n]+
    )?
    \s* (?:\#.*)? $
    """,
    re.M | re.X | re.A,
)
_QUOTED = re.compile(r"""^(['"`])(.*)\1$""", re.M | re.S)
_REFERENCE = re.compile(r"(?<!\\)\$\{([^{}]+)\}|(?<!\\)\$([A-Za-z_][A-Za-z0-9_]*)")
MAX_REFERENCES = 1000  # a value may refer to itself
_OPERATOR = re.compile(r":\+|\+|:-|-")


def parse(text: str) -> dict[str, str]:
    """Return the variables of a file in its order. Lines that do not fit the syntax are ignored."""
    variables: dict[str, str] = {}
    for line in _LINE.finditer(text.replace("\r\n", "\n").replace("\r", "\n")):
        source = (line["value"] or "").strip()
        value = _QUOTED.sub(r"\2", source)
        if source.startswith('"'):  # only double quotes know escapes
            value = value.replace("\\n", "\n").replace("\\r", "\r")
        variables[line["key"]] = value
    return variables


def expand(parsed: Mapping[str, str], outside: Mapping[str, str]) -> dict[str, str]:
    """Replace ``$NAME``, ``${NAME}``, ``${NAME:-default}`` and ``${NAME:+value}`` in values.

    A variable that is also in ``outside`` has its value there, as in dotenv-expand.
    """
    expanded: dict[str, str] = {}
    for name, value in parsed.items():
        value = outside.get(name) or _filled(value, {**expanded, **outside})
        expanded[name] = value.replace("\\$", "$")
    return expanded


def _filled(value: str, known: Mapping[str, str]) -> str:
    seen: set[str] = set()
    while len(seen) < MAX_REFERENCES and (reference := _REFERENCE.search(value)):
        seen.add(value)
        name, *rest = _OPERATOR.split(reference[1] or reference[2], maxsplit=1)
        alternative = rest[0] if rest else ""
        if rest and "+" in (reference[1] or "")[len(name) : len(name) + 2]:
            replacement = alternative if known.get(name) else ""
        else:
            replacement = known.get(name) or alternative
            # A text that was there before would come again for ever.
            replacement = alternative if replacement in seen else replacement
        value = value.replace(reference[0], replacement, 1)
    return value
