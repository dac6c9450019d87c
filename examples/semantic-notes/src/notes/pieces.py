"""Splitting a text into pieces that are small enough to be embedded."""

from __future__ import annotations

import re

SIZE = 1000
OVERLAP = 200

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”»)\]\u2019]*\s+|[\u3002\uff01\uff1f]+|\n\s*\n")
_WORD_END = re.compile(r"\s+")


def pieces(text: str, size: int = SIZE, overlap: int = OVERLAP) -> list[str]:
    """Split a text into pieces of at most ``size`` characters, between sentences if possible.

    A piece begins with the last sentences of the previous piece, up to ``overlap`` characters. So
    sentences that belong together are together in one of the pieces.
    """
    sentences = [match.end() for match in _SENTENCE_END.finditer(text)]
    words = [match.end() for match in _WORD_END.finditer(text)]
    parts: list[str] = []
    start = 0
    while len(text) - start > size:
        # Not a short piece: the overlap would be most of the next one.
        end = _last(sentences, start + size // 2, start + size)
        end = end or _last(words, start + size // 2, start + size) or start + size
        parts.append(text[start:end].strip())
        back = end - overlap
        start = _first(sentences, back, end) or _first(words, back, end) or back
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _last(ends: list[int], after: int, until: int) -> int | None:
    return max((end for end in ends if after < end <= until), default=None)


def _first(ends: list[int], since: int, before: int) -> int | None:
    return min((end for end in ends if since <= end < before), default=None)
