"""Purging the cache in front of a Worker, by ``ctx.cache``."""

from __future__ import annotations

from typing import Any

from pyworkers_sdk import CacheContext, CachePurgeError, ConversionError, WorkersError
from tests.contract.kit import only, raises
from tests.contract.workers import AppEnv

stand_in = only("node", "workerd", reason="a stand-in for what no local runtime has")
commanded = only("fake", reason="no local runtime has it")


@commanded
async def test_purges_of_a_worker_are_recorded(app: AppEnv, runtime: Any) -> None:
    from pyworkers_sdk.testing import cache_purges

    purges = cache_purges(runtime)
    assert await app.AROUND.purge() is True
    assert purges == [("invalidate", [], [], True), ("purge", ["a", "b"], ["/c"], False)]
    assert cache_purges(runtime) is purges


@stand_in
async def test_a_purge_returns_success_and_errors(env: Any) -> None:
    cache = CacheContext(env.CACHE_CONTEXT)
    assert hasattr(cache.js_object, "purge")
    assert await cache.purge(tags=iter(["a"])) == (True, [])
    assert await cache.purge(path_prefixes=["/a"], purge_everything=False) == (True, [])
    assert (await cache.invalidate(purge_everything=True)).success is True
    found = await cache.purge(tags=["bad"])
    assert (found.success, found.errors) == (False, [CachePurgeError(1134, "no such tag")])
    with raises(WorkersError, match="^Cache purge is not available in this context.$"):
        await cache.purge()
    with raises(WorkersError, match=r"^this runtime has no invalidate\(\)$"):
        await CacheContext(env.OLDER_CACHE_CONTEXT).invalidate(tags=["a"])


@stand_in
async def test_invalid_tags_and_paths_are_refused(env: Any) -> None:
    cache = CacheContext(env.CACHE_CONTEXT)
    with raises(
        ConversionError, match=r'^tags: expected an iterable of str, got str; pass \["…"\]$'
    ):
        await cache.purge(tags="abc")
    with raises(ConversionError, match=r"^path_prefixes\[1\]: expected str, got int$"):
        await cache.purge(path_prefixes=["/a", 1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
