"""Web Search over memory: ``FakeWebSearch``, and ``web_results``.

Nothing of this fake was verified against the service; it follows Cloudflare's documentation.
"""

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

# The number of pages, as documented.
LIMIT, MAX_LIMIT = 10, 20


@yields_to_others
class FakeWebSearch:
    """JS: WebSearch."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock = clock
        self.results: list[WebSearchResult] = []
        self._numbers = count(1)

    async def search(self, options: dict[str, Any], /) -> Any:
        query = options["query"]
        scored = [
            (share(query, f"{result.title} {result.description}"), result)
            for result in self.results
        ]
        # The sort is stable: pages with the same score keep the order of ``web_results``.
        matches = sorted((match for match in scored if match[0]), key=lambda match: -match[0])
        # A field without a value is missing from the JSON, not null.
        items = [js_options(result._asdict()) for _, result in matches]
        metadata = {"query": query, "requestId": f"request-{next(self._numbers)}", "latencyMs": 0}
        limit = min(int(options.get("limit", LIMIT)), MAX_LIMIT)  # a larger limit does not raise
        return {"items": items[:limit], "metadata": metadata}


def web_results(binding: WebSearch) -> list[WebSearchResult]:
    """Return the list of pages that a fake searches; add pages to it.

    ::

        web_results(env.WEB).append(WebSearchResult("https://example.com/", "Workers in Python"))

    A search returns the pages whose title or description contains a word of the query.

    Raises:
        TypeError: ``binding`` is not a WebSearch that ``fake()`` returned.
    """
    inside = raw(binding)
    if not isinstance(inside, FakeWebSearch):
        raise TypeError(
            f"web_results(): expected a WebSearch that fake() made, got {type(binding).__name__}"
        )
    return inside.results
