"""Web Search: ``WebSearch``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._border import binding, raising, text
from ._options import json_of, list_of, named_tuple
from ._remote_object import RemoteObject
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["WebSearch", "WebSearchResponseMetadata", "WebSearchResult", "WebSearchSearchResponse"]


class WebSearchResult(NamedTuple):
    """A web page that matches. Read its text with ``fetch(result.url)``. JS: WebSearchResult."""

    url: str
    title: str
    description: str | None = None
    last_modified_date: str | None = None
    """The time as ISO 8601 text without a time zone: "2025-11-30T04:39:48"."""
    image_url: str | None = None
    favicon_url: str | None = None


class WebSearchResponseMetadata(NamedTuple):
    """Details of a search. JS: WebSearchResponseMetadata."""

    query: str
    request_id: str
    latency_ms: float
    """The duration in milliseconds."""


class WebSearchSearchResponse(NamedTuple):
    """The results of a search. JS: WebSearchSearchResponse."""

    items: list[WebSearchResult]
    metadata: WebSearchResponseMetadata


class WebSearch(RemoteObject["_js.WebSearch"]):
    """A search engine for the web: ``WEB: WebSearch`` in an Env.

    Not available in local runtimes: the fake follows Cloudflare's documentation and has not been
    verified against the service.

    JS: WebSearch.
    """

    __slots__ = ()

    _raising = raising(WorkersError)

    def __init__(self, web: _js.WebSearch) -> None:
        super().__init__(binding(web, "WebSearch", "search"))

    async def search(self, *, query: str, limit: int | None = None) -> WebSearchSearchResponse:
        """Return the web pages that match a query.

        Args:
            query: The text to search for.
            limit: The number of pages: 10 by default, at most 20.

        Raises:
            WorkersError: The service refused the request.

        JS: WebSearch.search.
        """
        options = json_of({"query": text(query, "query"), "limit": limit})
        response = await self._ask("search", options)
        return named_tuple(
            WebSearchSearchResponse, response, items=list_of(_result), metadata=_metadata
        )


def _result(result: Any) -> WebSearchResult:
    return named_tuple(WebSearchResult, result)


def _metadata(metadata: Any) -> WebSearchResponseMetadata:
    return named_tuple(WebSearchResponseMetadata, metadata)
