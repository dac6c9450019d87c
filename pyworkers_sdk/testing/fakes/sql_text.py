"""SQL as text: its tokens, where a statement ends, and where a name or a parameter stands in it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

__all__ = [
    "MAX_PARAMETERS",
    "bytes_before",
    "is_empty",
    "place_of",
    "split",
    "tokens_of",
    "with_values",
]

MAX_PARAMETERS = 100


@lru_cache(maxsize=256)
def tokens_of(sql: str) -> list[re.Match[str]]:
    """The tokens of SQL, without space and comments."""
    return [token for token in _TOKEN.finditer(sql) if token.lastgroup != "space"]


def split(sql: str) -> list[str]:
    """The statements of SQL, as SQLite cuts them off: at the end of each, or at a NUL."""
    sql, nul, _ = sql.partition("\0")
    parts: list[str] = []
    start, begun = 0, False
    for token in tokens_of(sql):
        if token[0] != ";":
            begun = True
        # semicolons before a statement belong to it
        if token[0] != ";" or not begun or not sqlite3.complete_statement(sql[start : token.end()]):
            continue
        begun = False
        if rest := sql[token.end() :].lstrip(" \t\n\r\v\f"):
            parts.append(sql[start : token.end()])
            start = len(sql) - len(rest)
    return [*parts, sql[start:], *([""] if nul else [])]


def is_empty(sql: str) -> bool:
    return all(token[0] == ";" for token in tokens_of(sql))


class _InOrder(dict[str, Any]):
    """Values for named parameters, whose names ``sqlite3`` asks for in their order."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = iter(values)

    def __missing__(self, name: str) -> Any:
        return next(self._values)


def with_values(sql: str, values: Sequence[Any] | None = None) -> tuple[str, Any]:
    """SQL and its values (nulls if none are given), in a way that ``sqlite3`` takes them.

    D1 binds by position whatever a parameter is called; ``sqlite3`` wants names for the named.
    """
    slots = [token for token in tokens_of(sql) if token.lastgroup == "slot"]
    named: dict[str, int] = {}
    numbers: list[int] = []
    highest = 0
    for slot in slots:
        name = slot[0]
        number = int(name[1:] or highest + 1) if name[0] == "?" else named.get(name, highest + 1)
        named[name] = number
        numbers.append(number)
        highest = max(highest, number)
    if values is None:
        values = (None,) * min(highest, MAX_PARAMETERS)
    bare = sum(slot[0] == "?" for slot in slots)
    if bare == len(slots) or len(values) != highest or 0 in numbers:
        return sql, values
    if not bare and len(set(numbers)) == highest:
        return sql, _InOrder(values)
    for slot in reversed(slots):
        sql = f"{sql[: slot.start()]}?{sql[slot.end() :]}"
    return sql, [values[number - 1] for number in numbers]


def bytes_before(token: re.Match[str]) -> int:
    return len(token.string[: token.start()].encode())


def place_of(name: str, function: str | None, tokens: list[re.Match[str]]) -> int | None:
    """Where a name stands that SQLite could not resolve."""
    texts = [*(token[0].strip('"`[]').lower() for token in tokens), "", ""]
    wanted = name.strip('"').lower().split(".")
    length = 2 * len(wanted) - 1
    named = range(0)  # the columns of an INSERT, which have an error of their own
    into = texts.index("into") if "into" in texts else len(tokens)
    if texts[into + 2 : into + 3] == ["("] and ")" in texts[into:]:
        named = range(into, texts.index(")", into))
    for at in range(len(tokens)):
        if texts[at : at + length : 2] != wanted or at in named:
            continue
        before, after = texts[at - 1], texts[at + length]  # where there is none, ""
        if before in (".", "as", "collate"):
            continue
        if function and after != "(":
            continue
        if "update" in texts[:at] and before in ("set", ",") and after == "=":
            return None
        if function == "misuse of aggregate: " and "where" in texts[at:]:
            continue
        return bytes_before(tokens[at])
    return None


_TOKEN = re.compile(
    r"""(?P<space>[ \t\n\f\r]+ | --[^\n]* | /\*.*?(?:\*/|\Z))
      | (?P<quoted>'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^]]*])
      | (?P<slot>\?\d* | [:@$\#][\w$\x80-\U0010ffff]+(?:::\w+)*(?:\([^\s)]*\))?)
      | (?P<word>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? | [\w$\x80-\U0010ffff]+)
      | (?P<sign>\|\| | ->>? | <[<=>]? | >[>=]? | == | != | .)""",
    re.VERBOSE | re.DOTALL,
)
