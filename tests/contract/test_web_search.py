"""Web Search, as it is documented, of three pages."""

from __future__ import annotations

from typing import Any

from pyworkers_sdk import BindingError, ConversionError, WebSearch, WebSearchResult, WorkersError
from tests.contract.kit import only, raises
from tests.contract.workers import AppEnv
from tests.contract.workers.configured import PAGES


async def test_search(app: AppEnv) -> None:
    found = await app.WEB.search(query="Workers python")
    assert found.items == [WebSearchResult(**page) for page in PAGES]
    assert found.items[1].description is None
    assert found.metadata.query == "Workers python"
    assert found.metadata.request_id.startswith("request-")
    assert found.metadata.latency_ms >= 0


async def test_limit(app: AppEnv) -> None:
    found = await app.WEB.search(query="workers", limit=1)
    assert [page.url for page in found.items] == [PAGES[0]["url"]]
    assert (await app.WEB.search(query="elsewhere")).items == []


async def test_what_cannot_be_asked(env: Any, app: AppEnv) -> None:
    with raises(ConversionError, match="^query: expected str, got int$"):
        await app.WEB.search(query=1)  # type: ignore[arg-type]
    with raises(BindingError):
        WebSearch(env.DATA)


@only("node", "workerd", reason="a fake fails only where faults() says so")
async def test_a_search_that_fails(app: AppEnv) -> None:
    with raises(WorkersError, match="^the query is empty$"):
        await app.WEB.search(query="")
