"""Web Search over memory: ``FakeWebSearch``, and ``web_results``."""

from __future__ import annotations

from itertools import count
from typing import Any

from ..._border import raw
from ..._options import js_options
from ...web_search import WebSearch, WebSearchResult
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .text_search import share

__all__ = ["FakeWebSearch", "web_results"]


@yields_to_others
class FakeWebSearch:
    """JS: WebSearch, as it is documented: nothing of it was seen on the service."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock = clock
        self.results: list[WebSearchResult] = []
        self._numbers = count(1)

    async def search(self, options: dict[str, Any], /) -> Any:
        query = options["query"]
        scored = [(share(query, f"{one.title} {one.description}"), one) for one in self.results]
        found = sorted((each for each in scored if each[0]), key=lambda each: -each[0])
        items = [js_options(one._asdict()) for _, one in found]
        told = {"query": query, "requestId": f"request-{next(self._numbers)}", "latencyMs": 0}
        return {"items": items[: min(int(options.get("limit", 10)), 20)], "metadata": told}


def web_results(binding: WebSearch) -> list[WebSearchResult]:
    """The pages that a fake knows, to be added to.

    ::

        web_results(env.WEB).append(WebSearchResult("https://example.com/", "Workers in Python"))

    A search finds those with a word of the query in their title or description.
    """
    inside = raw(binding)
    if not isinstance(inside, FakeWebSearch):
        raise TypeError(f"web_results() takes one that fake() made, not {type(binding).__name__}")
    return inside.results
