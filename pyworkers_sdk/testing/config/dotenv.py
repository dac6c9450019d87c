"""``.dev.vars`` and ``.env``: what wrangler's dotenv reads in them."""

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
MAX_REFERENCES = 1000  # as a value may lead to itself
_OPERATOR = re.compile(r":\+|\+|:-|-")


def parse(text: str) -> dict[str, str]:
    """The variables of a file, in its order; lines that say nothing are passed over."""
    found: dict[str, str] = {}
    for line in _LINE.finditer(text.replace("\r\n", "\n").replace("\r", "\n")):
        given = (line["value"] or "").strip()
        value = _QUOTED.sub(r"\2", given)
        if given.startswith('"'):
            value = value.replace("\\n", "\n").replace("\\r", "\r")
        found[line["key"]] = value
    return found


def expand(parsed: Mapping[str, str], outside: Mapping[str, str]) -> dict[str, str]:
    """With ``$NAME``, ``${NAME}``, ``${NAME:-default}`` and ``${NAME:+value}`` filled in.

    A name that ``outside`` has is its value there.
    """
    done: dict[str, str] = {}
    for name, value in parsed.items():
        value = outside.get(name) or _filled(value, {**done, **outside})
        done[name] = value.replace("\\$", "$")
    return done


def _filled(value: str, known: Mapping[str, str]) -> str:
    seen: set[str] = set()
    while len(seen) < MAX_REFERENCES and (found := _REFERENCE.search(value)):
        seen.add(value)
        name, *rest = _OPERATOR.split(found[1] or found[2], maxsplit=1)
        otherwise = rest[0] if rest else ""
        if rest and "+" in (found[1] or "")[len(name) : len(name) + 2]:
            filled = otherwise if known.get(name) else ""
        else:
            filled = known.get(name) or otherwise
            filled = otherwise if filled in seen else filled
        value = value.replace(found[0], filled, 1)
    return value
