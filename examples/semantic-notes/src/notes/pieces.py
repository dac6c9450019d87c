"""A text in pieces that are small enough to be compared."""

from __future__ import annotations

import re

SIZE = 1000
OVERLAP = 200

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”»)\]\u2019]*\s+|[\u3002\uff01\uff1f]+|\n\s*\n")
_WORD_END = re.compile(r"\s+")


def pieces(text: str, size: int = SIZE, overlap: int = OVERLAP) -> list[str]:
    """The text in pieces of at most ``size`` characters, which end with a sentence where they can.

    Each begins with the last sentences of the one before, up to ``overlap`` characters of them, so
    that what belongs together is together somewhere.
    """
    sentences = [found.end() for found in _SENTENCE_END.finditer(text)]
    words = [found.end() for found in _WORD_END.finditer(text)]
    made: list[str] = []
    start = 0
    while len(text) - start > size:
        # not too short, or the overlap would be most of the next one
        end = _last(sentences, start + size // 2, start + size)
        end = end or _last(words, start + size // 2, start + size) or start + size
        made.append(text[start:end].strip())
        back = end - overlap
        start = _first(sentences, back, end) or _first(words, back, end) or back
    made.append(text[start:].strip())
    return [piece for piece in made if piece]


def _last(ends: list[int], after: int, until: int) -> int | None:
    return max((end for end in ends if after < end <= until), default=None)


def _first(ends: list[int], since: int, before: int) -> int | None:
    return min((end for end in ends if since <= end < before), default=None)
