"""Web Search, pages by what they are about: ``WebSearch``."""

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
    """A page, without its text: ``fetch(result.url)`` reads it. JS: WebSearchResult.

    ``last_modified_date`` is ISO 8601 without a time zone, such as "2025-11-30T04:39:48".
    """

    url: str
    title: str
    description: str | None = None
    last_modified_date: str | None = None
    image_url: str | None = None
    favicon_url: str | None = None


class WebSearchResponseMetadata(NamedTuple):
    """How the search went; ``latency_ms`` in milliseconds. JS: WebSearchResponseMetadata."""

    query: str
    request_id: str
    latency_ms: float


class WebSearchSearchResponse(NamedTuple):
    """JS: WebSearchSearchResponse."""

    items: list[WebSearchResult]
    metadata: WebSearchResponseMetadata


class WebSearch(RemoteObject["_js.WebSearch"]):
    """The web, to be searched: ``WEB: WebSearch`` in an Env.

    No local runtime has it: what is said of the service is its documentation's, and was not seen.

    JS: WebSearch.
    """

    __slots__ = ()

    _raising = raising(WorkersError)

    def __init__(self, web: _js.WebSearch) -> None:
        super().__init__(binding(web, "WebSearch", "search"))

    async def search(self, *, query: str, limit: int | None = None) -> WebSearchSearchResponse:
        """Pages: at most ``limit``, which is 10 unless given, and no more than 20.

        WorkersError where the service refuses. JS: WebSearch.search.
        """
        options = json_of({"query": text(query, "query"), "limit": limit})
        found = await self._ask("search", options)
        return named_tuple(
            WebSearchSearchResponse, found, items=list_of(_result), metadata=_metadata
        )


def _result(found: Any) -> WebSearchResult:
    return named_tuple(WebSearchResult, found)


def _metadata(found: Any) -> WebSearchResponseMetadata:
    return named_tuple(WebSearchResponseMetadata, found)
