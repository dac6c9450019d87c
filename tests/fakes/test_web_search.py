"""``FakeWebSearch``: its limits, and ``web_results``."""

from __future__ import annotations

import pytest

from pyworkers_sdk import WebSearch, WebSearchResult
from pyworkers_sdk.testing import fake, web_results


@pytest.mark.asyncio
async def test_search_returns_at_most_20_pages() -> None:
    web = fake(WebSearch)
    web_results(web).extend(
        WebSearchResult(f"https://{number}.example", "Page") for number in range(30)
    )
    assert len((await web.search(query="page")).items) == 10
    assert len((await web.search(query="page", limit=25)).items) == 20
    with pytest.raises(
        TypeError, match=r"^web_results\(\): expected a WebSearch that fake\(\) made, got str$"
    ):
        web_results("a")  # type: ignore[arg-type]
