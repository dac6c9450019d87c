"""R2's listings: the size of a page, its start, and the grouping of keys into prefixes."""

from __future__ import annotations

from typing import NamedTuple

from ..._cpython.js_exception import JsException
from ._cursors import name_in_cursor
from .r2_rules import failed

__all__ = ["ListEntry", "grouped", "page_size", "start_key"]

MAX_LIMIT = 1000
MAX_LIMIT_WITH_METADATA = 100

# The runtime's own words: a quote, never to be improved.
UNKNOWN_INCLUDE = "Unsupported include value {}"


class ListEntry(NamedTuple):
    """An entry of a listing: an object, or a prefix that stands for several keys."""

    name: str
    is_prefix: bool
    last_key: str
    """The last key that the entry stands for: the next page starts after it."""


def page_size(fields: list[str], limit: int | None) -> int:
    """Check the options of a listing, and return the most entries of a page."""
    for field in fields:
        if field not in ("httpMetadata", "customMetadata"):
            raise JsException("RangeError", UNKNOWN_INCLUDE.format(field))
    # The runtime sends -1 in place of a missing limit, so -1 is the default too.
    if limit is None or limit == -1:
        limit = MAX_LIMIT
    if not 1 <= limit <= MAX_LIMIT:
        raise failed("list", 10022)
    return min(limit, MAX_LIMIT_WITH_METADATA) if fields else limit


def start_key(start_after: str | None, cursor: str | None) -> str | None:
    """Return the key after which a listing starts: the later of both."""
    starts = [start_after, cursor and name_in_cursor(cursor)]
    # miniflare compares the two in JavaScript, by UTF-16; the keys it compares by UTF-8
    # (tests/fakes/test_r2.py: test_cursor_and_start_are_compared_as_javascript_does).
    return max(
        (start for start in starts if start is not None),
        key=lambda start: start.encode("utf-16-be"),
        default=None,
    )


def grouped(keys: list[str], prefix: str, delimiter: str | None) -> list[ListEntry]:
    """Group keys that have the delimiter after the prefix; each group is one entry."""
    last_keys: dict[tuple[str, bool], str] = {}
    for key in keys:
        index = key.find(delimiter, len(prefix)) if delimiter else -1
        is_prefix = index >= 0
        name = key[: index + len(delimiter or "")] if is_prefix else key
        last_keys[name, is_prefix] = key
    # A group stands where its last key stands.
    entries = [ListEntry(*group, last_key) for group, last_key in last_keys.items()]
    return sorted(entries, key=lambda entry: entry.last_key)
