"""Cut a text into pieces that are small enough for one embedding each."""

from __future__ import annotations

import re

SIZE = 1000
OVERLAP = 200

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”»)\]\u2019]*\s+|[\u3002\uff01\uff1f]+|\n\s*\n")
_WORD_END = re.compile(r"\s+")


def pieces(text: str, size: int = SIZE, overlap: int = OVERLAP) -> list[str]:
    """Cut ``text`` into pieces of at most ``size`` characters that end with a sentence if possible.

    Each piece repeats the last sentences of the previous piece, up to ``overlap`` characters, so
    that related sentences are together in at least one piece.
    """
    sentences = [match.end() for match in _SENTENCE_END.finditer(text)]
    words = [match.end() for match in _WORD_END.finditer(text)]
    cuts: list[str] = []
    start = 0
    while len(text) - start > size:
        # At least half of size, or most of the next piece would be overlap.
        end = _last(sentences, start + size // 2, start + size)
        end = end or _last(words, start + size // 2, start + size) or start + size
        cuts.append(text[start:end].strip())
        back = end - overlap
        start = _first(sentences, back, end) or _first(words, back, end) or back
    cuts.append(text[start:].strip())
    return [piece for piece in cuts if piece]


def _last(ends: list[int], after: int, until: int) -> int | None:
    return max((end for end in ends if after < end <= until), default=None)


def _first(ends: list[int], since: int, before: int) -> int | None:
    return min((end for end in ends if since <= end < before), default=None)
