"""The fake Cache API on its clock; tests/contract/test_cache.py has all the rest."""

from __future__ import annotations

from typing import Any

import pytest

from pyworkers_sdk import Cache, Request, Response, WorkerEntrypoint, WorkersError, caches
from pyworkers_sdk._border import web
from pyworkers_sdk.testing import FakeRuntime

URL = "https://cached.example/"


class Caching(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        found = await caches.default.match(request)
        if found is None:
            found = Response("made", headers={"cache-control": "max-age=60"})
            await caches.default.put(request, found.clone())
        return found


def runtime() -> FakeRuntime[Any]:
    return FakeRuntime(Caching)


@pytest.mark.asyncio
async def test_a_worker_stores_a_response_until_it_expires() -> None:
    rt = runtime()
    statuses: list[str | None] = []
    for seconds in (0, 59, 1, 0):
        rt.clock.advance(seconds)
        response = await rt.fetch(URL)
        assert await response.text() == "made"
        statuses.append(response.headers.get("cf-cache-status"))
    assert statuses == [None, "HIT", None, "HIT"]


@pytest.mark.asyncio
async def test_runtimes_have_separate_caches() -> None:
    one, two = runtime(), runtime()
    await one.fetch(URL)
    assert "cf-cache-status" in (await one.fetch(URL)).headers
    assert "cf-cache-status" not in (await two.fetch(URL)).headers
    with one:
        assert await caches.default.match(URL) is not None
        assert await caches.default.delete(URL) is True
        assert await caches.default.match(URL) is None


@pytest.mark.asyncio
async def test_caches_need_a_running_runtime() -> None:
    with pytest.raises(WorkersError, match=r"^caches needs a runtime, and none is running"):
        _ = caches.default
    with pytest.raises(WorkersError, match="caches needs a runtime"):
        await caches.open("a")
    with pytest.raises(AttributeError, match="nonsense"):
        _ = web.nonsense


@pytest.mark.asyncio
async def test_delete_of_an_expired_response_returns_false() -> None:
    rt = runtime()
    with rt:
        await caches.default.put(URL, Response("x", headers={"cache-control": "max-age=1"}))
        rt.clock.advance(1)
        assert await caches.default.match(URL) is None
        assert await caches.default.delete(URL) is False


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "s-maxage=30, max-age=5"}, 30),
        ({"cache-control": "max-age=30", "age": "10"}, 20),
        ({"cache-control": "immutable"}, 86_400),
        ({"cache-control": "max-age=1, stale-while-revalidate=30"}, 31),
        ({"cache-control": "max-age=1, stale-if-error=30"}, 31),
    ],
)
@pytest.mark.asyncio
async def test_headers_decide_when_a_response_expires(
    headers: dict[str, str], seconds: int
) -> None:
    rt = runtime()
    with rt:
        await caches.default.put(URL, Response("x", headers=headers))
        rt.clock.advance(seconds - 0.001)
        assert await caches.default.match(URL) is not None
        rt.clock.advance(0.001)
        assert await caches.default.match(URL) is None


@pytest.mark.asyncio
async def test_the_date_is_the_time_of_put() -> None:
    rt = runtime()
    with rt:
        await caches.default.put(URL, Response("x", headers={"cache-control": "max-age=60"}))
        before = await caches.default.match(URL)
        rt.clock.advance(5)
        after = await caches.default.match(URL)
    assert before is not None
    assert after is not None
    assert before.headers["date"] == after.headers["date"] != ""


@pytest.mark.asyncio
async def test_a_value_that_is_not_a_response_is_refused() -> None:
    with runtime():
        js: Any = caches.default.js_object
        with pytest.raises(Exception, match="parameter 2 is not of type 'Response'"):
            await js.put(URL, "x")
        assert isinstance(Cache(js), Cache)
