"""The text of SQL: its tokens, the ends of statements, and the offsets of names and parameters."""

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
    "offset_of",
    "split",
    "tokens_of",
    "with_values",
]

MAX_PARAMETERS = 100


@lru_cache(maxsize=256)
def tokens_of(sql: str) -> list[re.Match[str]]:
    """Return the tokens of SQL, without space and comments."""
    return [token for token in _TOKEN.finditer(sql) if token.lastgroup != "space"]


def split(sql: str) -> list[str]:
    """Split SQL into its statements as SQLite does: at the end of each, or at a NUL."""
    sql, nul, _ = sql.partition("\0")
    parts: list[str] = []
    start, has_begun = 0, False
    for token in tokens_of(sql):
        if token[0] != ";":
            has_begun = True
            continue
        # A semicolon before a statement belongs to it; one within a trigger does not end it.
        if not has_begun or not sqlite3.complete_statement(sql[start : token.end()]):
            continue
        has_begun = False
        if rest := sql[token.end() :].lstrip(" \t\n\r\v\f"):
            parts.append(sql[start : token.end()])
            start = len(sql) - len(rest)
    return [*parts, sql[start:], *([""] if nul else [])]


def is_empty(sql: str) -> bool:
    return all(token[0] == ";" for token in tokens_of(sql))


class _InOrder(dict[str, Any]):
    """Values for named parameters: the next value for each name that ``sqlite3`` asks for.

    ``sqlite3`` asks in the order of the parameters' numbers, once for each name.
    """

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = iter(values)

    def __missing__(self, name: str) -> Any:
        return next(self._values)


def with_values(sql: str, values: Sequence[Any] | None = None) -> tuple[str, Any]:
    """Return SQL and its values in a form that ``sqlite3`` accepts.

    By default all values are nulls. D1 binds every parameter by its number, even named ones, while
    ``sqlite3`` needs a dict for those. It also refuses a mixture, so a mixture is rewritten to
    bare "?".
    """
    slots = [token for token in tokens_of(sql) if token.lastgroup == "slot"]
    # SQLite's numbering: https://www.sqlite.org/lang_expr.html#parameters
    numbers_of_names: dict[str, int] = {}
    numbers: list[int] = []
    highest = 0
    for slot in slots:
        name = slot[0]
        if name[0] == "?":
            number = int(name[1:] or highest + 1)
        else:
            number = numbers_of_names.get(name, highest + 1)
        numbers_of_names[name] = number
        numbers.append(number)
        highest = max(highest, number)
    if values is None:
        values = (None,) * min(highest, MAX_PARAMETERS)
    bare = sum(slot[0] == "?" for slot in slots)
    # A wrong number of values, or ?0, is left to ``sqlite3`` to refuse.
    if bare == len(slots) or len(values) != highest or 0 in numbers:
        return sql, values
    if not bare and len(set(numbers)) == highest:
        return sql, _InOrder(values)
    for slot in reversed(slots):
        sql = f"{sql[: slot.start()]}?{sql[slot.end() :]}"
    return sql, [values[number - 1] for number in numbers]


def bytes_before(token: re.Match[str]) -> int:
    """Return the offset of a token as SQLite counts it, in bytes of UTF-8."""
    return len(token.string[: token.start()].encode())


def offset_of(name: str, function: str | None, tokens: list[re.Match[str]]) -> int | None:
    """Return the offset of a name that SQLite could not resolve, in bytes.

    ``function`` is the message before the name if the name is that of a function.
    """
    texts = [*(token[0].strip('"`[]').lower() for token in tokens), "", ""]
    parts = name.strip('"').lower().split(".")
    length = 2 * len(parts) - 1
    # A column in INSERT INTO t(column) has another message, so it is skipped here.
    insert_columns = range(0)
    into = texts.index("into") if "into" in texts else len(tokens)
    if texts[into + 2 : into + 3] == ["("] and ")" in texts[into:]:
        insert_columns = range(into, texts.index(")", into))
    for index in range(len(tokens)):
        if texts[index : index + length : 2] != parts or index in insert_columns:
            continue
        # Each is "" at an end of the text.
        before, after = texts[index - 1], texts[index + length]
        if before in (".", "as", "collate"):
            continue
        if function and after != "(":
            continue
        # SQLite reports no offset for a column that UPDATE sets.
        if "update" in texts[:index] and before in ("set", ",") and after == "=":
            return None
        if function == "misuse of aggregate: " and "where" in texts[index:]:
            continue
        return bytes_before(tokens[index])
    return None


# As SQLite's tokenizer cuts them: https://www.sqlite.org/src/file/src/tokenize.c
_TOKEN = re.compile(
    r"""(?P<space>[ \t\n\f\r]+ | --[^\n]* | /\*.*?(?:\*/|\Z))
      | (?P<quoted>'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^]]*])
      | (?P<slot>\?\d* | [:@$\#][\w$\x80-\U0010ffff]+(?:::\w+)*(?:\([^\s)]*\))?)
      | (?P<word>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? | [\w$\x80-\U0010ffff]+)
      | (?P<sign>\|\| | ->>? | <[<=>]? | >[>=]? | == | != | .)""",
    re.VERBOSE | re.DOTALL,
)
