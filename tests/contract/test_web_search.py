"""Web Search, as documented, over three pages."""

from __future__ import annotations

from typing import Any

from pyworkers_sdk import BindingError, ConversionError, WebSearch, WebSearchResult, WorkersError
from tests.contract.kit import only, raises
from tests.contract.workers import AppEnv
from tests.contract.workers.configured import PAGES


async def test_search_returns_pages_and_metadata(app: AppEnv) -> None:
    response = await app.WEB.search(query="Workers python")
    assert response.items == [WebSearchResult(**page) for page in PAGES]
    assert response.items[1].description is None
    assert response.metadata.query == "Workers python"
    assert response.metadata.request_id.startswith("request-")
    assert response.metadata.latency_ms >= 0


async def test_search_returns_at_most_limit_pages(app: AppEnv) -> None:
    response = await app.WEB.search(query="workers", limit=1)
    assert [page.url for page in response.items] == [PAGES[0]["url"]]
    assert (await app.WEB.search(query="elsewhere")).items == []


async def test_invalid_query_or_binding_is_rejected(env: Any, app: AppEnv) -> None:
    with raises(ConversionError, match="^query: expected str, got int$"):
        await app.WEB.search(query=1)  # type: ignore[arg-type]
    with raises(BindingError):
        WebSearch(env.DATA)


@only("node", "workerd", reason="a fake fails only if faults() makes it fail")
async def test_failed_search_raises(app: AppEnv) -> None:
    with raises(WorkersError, match="^the query is empty$"):
        await app.WEB.search(query="")
