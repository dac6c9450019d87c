"""``ctx.access`` and ``ctx.cache`` over objects as they are documented."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pyworkers_sdk import CacheContext, CloudflareAccessContext, ConversionError, WorkersError


@pytest.mark.asyncio
async def test_a_cache_without_invalidate_raises() -> None:
    async def purge(options: Any) -> Any:
        return {"success": False, "errors": [{"code": 1134, "message": "no"}]}

    js: Any = SimpleNamespace(purge=purge)
    cache = CacheContext(js)
    assert cache.js_object is js
    assert (await cache.purge(tags=["a"])).errors == [(1134, "no")]
    with pytest.raises(WorkersError, match="has no invalidate"):
        await cache.invalidate(tags=["a"])
    with pytest.raises(ConversionError, match="tags: expected an iterable of str, got str"):
        await cache.purge(tags="abc")


def test_access_exposes_its_javascript_object() -> None:
    js: Any = SimpleNamespace(aud="audience")
    assert CloudflareAccessContext(js).js_object is js
