"""Concurrent calls interleave: no call is answered before the other has begun."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from pyworkers_sdk import (
    AI,
    D1,
    KV,
    R2,
    AIModel,
    Browser,
    Cache,
    CacheStorage,
    D1Error,
    EmailMessage,
    Images,
    KVError,
    Queue,
    R2Error,
    Request,
    Response,
    Stream,
    Vectorize,
    VectorizeVector,
    WorkersError,
    fetch,
)

from .kit import cases, not_in, raises

if TYPE_CHECKING:
    from .workers import AppEnv


async def steps(call: Callable[[], Awaitable[Any]]) -> list[str]:
    """Make a call twice at once, and return in which order the calls begin and end."""
    seen: list[str] = []

    async def one(name: str) -> None:
        seen.append(f"{name} asks")
        await call()
        seen.append(f"{name} has it")

    await asyncio.gather(one("a"), one("b"))
    return seen


BOTH_ASK = ["a asks", "b asks"]

KV_CALLS: dict[str, Callable[[KV], Awaitable[Any]]] = {
    "get": lambda kv: kv.get("k"),
    "get-many": lambda kv: kv.get(["k", "l"]),
    "get-with-metadata": lambda kv: kv.get_with_metadata("k"),
    "put": lambda kv: kv.put("k", "v"),
    "delete": lambda kv: kv.delete("k"),
    "list": lambda kv: kv.list(),
}


@cases(KV_CALLS)
async def test_kv_calls_interleave(kv: KV, case: Callable[[KV], Any]) -> None:
    assert (await steps(lambda: case(kv)))[:2] == BOTH_ASK


D1_CALLS: dict[str, Callable[[D1], Awaitable[Any]]] = {
    "first": lambda db: db.prepare("SELECT 1").first(),
    "all": lambda db: db.prepare("SELECT 1").all(),
    "run": lambda db: db.prepare("SELECT 1").run(),
    "raw": lambda db: db.prepare("SELECT 1").raw(),
    "batch": lambda db: db.batch([db.prepare("SELECT 1")]),
    "exec": lambda db: db.exec("SELECT 1"),
    "session": lambda db: db.with_session().prepare("SELECT 1").all(),
}


@cases(D1_CALLS)
async def test_d1_calls_interleave(db: D1, case: Callable[[D1], Any]) -> None:
    assert (await steps(lambda: case(db)))[:2] == BOTH_ASK


R2_CALLS: dict[str, Callable[[R2], Awaitable[Any]]] = {
    "head": lambda r2: r2.head("k"),
    "get": lambda r2: r2.get("k"),
    "put": lambda r2: r2.put("k", "v"),
    "delete": lambda r2: r2.delete("k"),
    "list": lambda r2: r2.list(),
    "multipart": lambda r2: r2.create_multipart_upload("k"),
}


@cases(R2_CALLS)
async def test_r2_calls_interleave(r2: R2, case: Callable[[R2], Any]) -> None:
    assert (await steps(lambda: case(r2)))[:2] == BOTH_ASK


async def test_uploads_of_parts_interleave(r2: R2) -> None:
    upload = await r2.create_multipart_upload("k")
    assert (await steps(lambda: upload.upload_part(1, b"x")))[:2] == BOTH_ASK
    await upload.abort()


QUEUE_CALLS: dict[str, Callable[[Queue[Any]], Awaitable[Any]]] = {
    "send": lambda queue: queue.send("x"),
    "send-batch": lambda queue: queue.send_batch(["x", "y"]),
    "metrics": lambda queue: queue.metrics(),
}


@cases(QUEUE_CALLS)
async def test_queue_calls_interleave(queue: Queue[Any], case: Callable[[Queue[Any]], Any]) -> None:
    assert (await steps(lambda: case(queue)))[:2] == BOTH_ASK


INDEX_CALLS: dict[str, Callable[[Vectorize], Awaitable[Any]]] = {
    "describe": lambda index: index.describe(),
    "query": lambda index: index.query([1, 0, 0]),
    "upsert": lambda index: index.upsert([VectorizeVector("together", [1, 0, 0])]),
    "get-by-ids": lambda index: index.get_by_ids(["together"]),
    "delete-by-ids": lambda index: index.delete_by_ids(["together"]),
}


@cases(INDEX_CALLS)
async def test_vectorize_calls_interleave(
    index: Vectorize, case: Callable[[Vectorize], Any]
) -> None:
    assert (await steps(lambda: case(index)))[:2] == BOTH_ASK


CACHE_CALLS: dict[str, Callable[[Cache], Awaitable[Any]]] = {
    "match": lambda cache: cache.match("https://together.example/"),
    "put": lambda cache: cache.put("https://together.example/", Response("x")),
    "delete": lambda cache: cache.delete("https://together.example/"),
}


@not_in("node", reason="Node has no Cache API")
@cases(CACHE_CALLS)
async def test_cache_calls_interleave(caches: CacheStorage, case: Callable[[Cache], Any]) -> None:
    assert (await steps(lambda: case(caches.default)))[:2] == BOTH_ASK


async def test_fetches_interleave(outside: str) -> None:
    assert (await steps(lambda: fetch(f"{outside}/")))[:2] == BOTH_ASK


APP_CALLS: dict[str, Callable[[AppEnv], Awaitable[Any]]] = {
    "rpc": lambda app: app.CALLEE.add(1, 2),
    "mail": lambda app: app.MAIL_SERVICE.send(EmailMessage("a@e.com", "b@e.com", b"")),
    "pipeline": lambda app: app.STREAM.send([{"a": 1}]),
    "service": lambda app: app.CALLEE.fetch(Request("https://x.example/")),
    "assets": lambda app: app.FILES.fetch("https://x.example/"),
    "object": lambda app: app.COUNTERS.get_by_name("together").add(),
    "rate-limit": lambda app: app.LIMITER.limit(key="together"),
    "secret": lambda app: app.SECRET.get(),
    "workflow": lambda app: app.FLOWS.get("nobody"),
}


@not_in("node", reason="no Worker runs in Node, and miniflare's proxy waits for a first answer")
@cases(APP_CALLS)
async def test_calls_of_durable_objects_and_services_interleave(
    app: AppEnv, case: Callable[[AppEnv], Any]
) -> None:
    async def call() -> None:
        with suppress(WorkersError):
            await case(app)

    assert (await steps(call))[:2] == BOTH_ASK


SERVICE_CALLS: dict[str, Callable[[AppEnv], Awaitable[Any]]] = {
    "flag": lambda app: app.FLAGS.get_boolean_value("on", False),
    "flag-details": lambda app: app.FLAGS.get_details("missing", 1),
    "memory": lambda app: app.MEMORY.get_profile("together"),
    "repository": lambda app: app.REPOS.get("nothing"),
    "repositories": lambda app: app.REPOS.list(),
    "search": lambda app: app.DOCS.info(),
    "search-instances": lambda app: app.SEARCH.list(),
    "statistics": lambda app: app.STATS.query("SELECT 1"),
}


@cases(SERVICE_CALLS)
async def test_calls_of_other_services_interleave(
    app: AppEnv, case: Callable[[AppEnv], Any]
) -> None:
    async def call() -> None:
        with suppress(WorkersError):
            await case(app)

    assert (await steps(call))[:2] == BOTH_ASK


async def test_calls_of_models_and_media_interleave(
    ai: AI, browser: Browser, images: Images
) -> None:
    calls: list[Callable[[], Awaitable[Any]]] = [
        lambda: ai.models(),
        lambda: ai.run(AIModel("@cf/no/such"), {}),
        lambda: ai.gateway("g").get_url(),
        lambda: browser.limits(),
        lambda: browser.list_sessions(),
        lambda: images.info(b""),
    ]
    await all_ask(calls)


@not_in("node", reason="miniflare's proxy waits for a first answer")
async def test_calls_of_stream_interleave(videos: Stream) -> None:
    await all_ask([lambda: videos.videos.list(), lambda: videos.watermarks.list()])


async def all_ask(calls: list[Callable[[], Awaitable[Any]]]) -> None:
    for number, call in enumerate(calls):

        async def tried(call: Callable[[], Awaitable[Any]] = call) -> None:
            with suppress(WorkersError):
                await call()

        assert (number, (await steps(tried))[:2]) == (number, BOTH_ASK)


async def test_failing_calls_interleave(kv: KV, db: D1, r2: R2) -> None:
    refused: list[tuple[type[Exception], Callable[[], Awaitable[Any]]]] = [
        (KVError, lambda: kv.put("k", "v", expiration_ttl=10)),
        (D1Error, lambda: db.prepare("SELECT * FROM nothing").all()),
        (R2Error, lambda: r2.put("k", "v", md5="0" * 32)),
    ]
    for error, call in refused:
        assert (await steps(partial(failing, error, call)))[:2] == BOTH_ASK


async def failing(error: type[Exception], call: Callable[[], Awaitable[Any]]) -> None:
    with raises(error):
        await call()


async def test_read_then_write_loses_concurrent_writes(kv: KV, db: D1, r2: R2) -> None:
    await db.exec("CREATE TABLE counter (n INTEGER)")
    await db.exec("INSERT INTO counter VALUES (0)")

    async def in_kv() -> None:
        await kv.put("n", str(int(await kv.get("n") or 0) + 1))

    async def in_db() -> None:
        n = await db.prepare("SELECT n FROM counter").first("n")
        await db.prepare("UPDATE counter SET n = ?").bind(n + 1).run()

    async def in_r2() -> None:
        found = await r2.get("n")
        await r2.put("n", str(int(await found.text() if found else 0) + 1))

    for add in (in_kv, in_db, in_r2):
        await asyncio.gather(*(add() for _ in range(3)))
    assert await kv.get("n") == "1"
    assert await db.prepare("SELECT n FROM counter").first("n") == 1
    found = await r2.get("n")
    assert found is not None
    assert await found.text() == "1"


async def test_only_if_lets_one_of_two_concurrent_writers_win(r2: R2) -> None:
    await r2.put("k", "0")
    before = await r2.head("k")
    assert before is not None
    stored = await asyncio.gather(
        *(r2.put("k", text, only_if={"etag_matches": before.etag}) for text in ("1", "2"))
    )
    assert [made is None for made in stored].count(True) == 1


async def test_an_update_in_sql_loses_no_concurrent_writes(db: D1) -> None:
    await db.exec("CREATE TABLE counter (n INTEGER)")
    await db.exec("INSERT INTO counter VALUES (0)")
    add = db.prepare("UPDATE counter SET n = n + 1")
    await asyncio.gather(*(add.run() for _ in range(5)))
    assert await db.prepare("SELECT n FROM counter").first("n") == 5
