"""What is in ``ctx`` besides: Access, the cache in front of the Worker, spans."""

from __future__ import annotations

import asyncio
from typing import Any

from pyworkers_sdk import (
    CacheContext,
    CachePurgeError,
    CloudflareAccessContext,
    ConversionError,
    Span,
    Tracing,
    WorkersError,
)
from pyworkers_sdk._border import from_js
from tests.contract.kit import only, raises
from tests.contract.workers import AppEnv

running = only("fake", "workerd", reason="Node has no Workers of ours")
stand_in = only("node", "workerd", reason="a stand-in for what no local runtime has")
commanded = only("fake", reason="no local runtime has it")


@running
async def test_without_access_and_without_a_cache(app: AppEnv) -> None:
    assert await app.AROUND.identity() is None
    assert await app.AROUND.purge() is None


@commanded
async def test_somebody_who_is_signed_in(app: AppEnv, runtime: Any) -> None:
    from pyworkers_sdk.testing import signed_in

    with signed_in(runtime, {"email": "ann@example.com"}, aud="audience"):
        assert await app.AROUND.identity() == ["audience", {"email": "ann@example.com"}]
        with signed_in(runtime, None):
            assert await app.AROUND.identity() == ["aud", None]
    assert await app.AROUND.identity() is None


@commanded
async def test_purges(app: AppEnv, runtime: Any) -> None:
    from pyworkers_sdk.testing import cache_purges

    purges = cache_purges(runtime)
    assert await app.AROUND.purge() is True
    assert purges == [("invalidate", [], [], True), ("purge", ["a", "b"], ["/c"], False)]
    assert cache_purges(runtime) is purges


@stand_in
async def test_an_identity(env: Any) -> None:
    access = CloudflareAccessContext(env.ACCESS)
    assert access.aud == "audience"
    identity = await access.get_identity()
    assert identity == {
        "email": "ann@example.com",
        "iat": 1782907200,
        "amr": ["pwd"],
        "idp": {"id": "i", "type": "onetimepin"},
        "groups": [{"id": "g", "name": "Staff"}],
        "devicePosture": {},
        "custom": None,
    }
    assert await CloudflareAccessContext(env.ACCESS_OF_SERVICE).get_identity() is None


@stand_in
async def test_a_purge(env: Any) -> None:
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
async def test_what_cannot_be_purged(env: Any) -> None:
    cache = CacheContext(env.CACHE_CONTEXT)
    with raises(
        ConversionError, match=r'^tags: expected an iterable of str, got str; pass \["…"\]$'
    ):
        await cache.purge(tags="abc")
    with raises(ConversionError, match=r"^path_prefixes\[1\]: expected str, got int$"):
        await cache.purge(path_prefixes=["/a", 1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


@running
async def test_spans_around_functions(app: AppEnv) -> None:
    *told, traced = await app.AROUND.spans()
    assert told == [3, 4, 5, 6, "no", "later"]
    assert traced == [False] * 4


@stand_in
async def test_the_newer_members_of_a_span(env: Any) -> None:
    tracing = Tracing(env.TRACING)
    span = tracing.start_span("old").update_name("new")
    assert span.span_context() == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 1)
    span.record_exception(LookupError("no"))
    span.record_exception("text")
    assert span.set_status("error", "é").set_status("ok") is span
    assert from_js(env.TRACING.told()) == [
        ["new", "exception", {"name": "LookupError", "message": "no"}],
        ["new", "exception", "text"],
        ["new", "status", {"code": "error", "message": "é"}],
        ["new", "status", {"code": "ok"}],
    ]
    with raises(WorkersError, match="^bad code bad$"):
        span.set_status("bad")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@stand_in
async def test_the_active_span(env: Any) -> None:
    tracing = Tracing(env.TRACING)
    assert tracing.get_active_span() is None
    span = tracing.start_span("work")

    def inside(number: int) -> Any:
        found = tracing.get_active_span()
        assert found is not None
        found.set_attribute("number", number)
        return number

    async def later(number: int) -> int:
        await asyncio.sleep(0)
        return number

    assert tracing.with_active_span(span, inside, 7) == 7
    assert from_js(env.TRACING.told()) == [["work", "number", 7]]
    assert await tracing.with_active_span(span, later, 8) == 8
    assert tracing.get_active_span() is None


@stand_in
async def test_a_span_ends_with_its_function(env: Any) -> None:
    tracing = Tracing(env.TRACING)
    spans: list[Span] = []

    async def later(span: Span) -> bool:
        spans.append(span)
        await asyncio.sleep(0)
        return span.is_traced

    def now(span: Span) -> bool:
        spans.append(span)
        return span.is_traced

    assert tracing.enter_span("now", now) is True
    assert spans[0].is_traced is False
    assert await tracing.enter_span("later", later) is True
    await asyncio.sleep(0.01)
    assert spans[1].is_traced is False


@only("fake", "workerd", reason="the stand-in of Node has them")
async def test_an_older_runtime(app: AppEnv) -> None:
    told = await app.AROUND.newer()
    assert told == [f"this runtime has no {name}()" for name in ("getActiveSpan", "updateName")]
