"""Shared by the search fakes: word-overlap scores in place of embeddings, pages, timestamps."""

from __future__ import annotations

import re
from typing import Any

from .._clock import Clock

__all__ = ["page_of", "share", "stamp"]


def share(query: str, text: str) -> float:
    """Return the share of the query's words that the text contains, 0 to 1."""
    words = set(_words(query))
    return len(words & set(_words(text))) / len(words) if words else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def stamp(clock: Clock) -> str:
    """Return the time in the form of JavaScript's ``toISOString``."""
    return clock.datetime().isoformat(timespec="milliseconds")[:-6] + "Z"  # without "+00:00"


def page_of(entries: list[Any], params: dict[str, Any], size: int = 20) -> dict[str, Any]:
    """Return a page of a list in the form of Cloudflare's API; ``size`` is the default size."""
    page, size = int(params.get("page", 1)), int(params.get("per_page", size))
    result = entries[(page - 1) * size : page * size]
    info = {"count": len(result), "page": page, "per_page": size, "total_count": len(entries)}
    return {"result": result, "result_info": info}
