"""What fakes of services that search have in common: words for meaning, pages, times."""

from __future__ import annotations

import re
from typing import Any

from .._clock import Clock

__all__ = ["page_of", "share", "stamp"]


def share(query: str, text: str) -> float:
    """How much of a query is in a text: the share of its words."""
    wanted = set(_words(query))
    return len(wanted & set(_words(text))) / len(wanted) if wanted else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def stamp(clock: Clock) -> str:
    """The time as JavaScript's ``toISOString`` has it."""
    return clock.datetime().isoformat(timespec="milliseconds")[:-6] + "Z"


def page_of(found: list[Any], params: dict[str, Any], size: int = 20) -> dict[str, Any]:
    """One page of a list, with what a listing says about it."""
    page, size = int(params.get("page", 1)), int(params.get("per_page", size))
    result = found[(page - 1) * size : page * size]
    info = {"count": len(result), "page": page, "per_page": size, "total_count": len(found)}
    return {"result": result, "result_info": info}
