"""The types of KV, D1 and entrypoints: checked by mypy and pyright, never run.

A line that must be an error carries an ignore for each checker. An ignore that is not needed is an
error itself, so both sides of every promise are checked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypedDict, assert_type

from pydantic import TypeAdapter

from pyworkers_sdk import (
    D1,
    KV,
    D1Batch,
    D1Pending,
    D1PreparedStatement,
    D1Result,
    Env,
    KVValueWithMetadata,
    ReadableStream,
    Request,
    Response,
    WorkerEntrypoint,
)
from pyworkers_sdk.testing import FakeRuntime, fake


class User(TypedDict):
    id: int
    name: str | None


@dataclass
class Link:
    slug: str


class Colour(Enum):
    RED = "red"


class AppEnv(Env):
    DB: D1
    CACHE: KV
    API_KEY: str


async def d1_rows(db: D1, some: tuple[D1PreparedStatement[User], ...]) -> None:
    users = db.prepare("SELECT id, name FROM users WHERE id > ?", User)
    assert_type(users, D1PreparedStatement[User])
    assert_type(users.bind(3), D1PreparedStatement[User])
    assert_type(await users.first(), User | None)
    assert_type(await users.first(column="name"), Any)
    assert_type(await users.all(), D1Result[User])
    assert_type((await users.all())[0], User)
    assert_type((await users.all())[:2], list[User])
    assert_type([user["name"] for user in await users.all()], list[str | None])
    assert_type((await users.all()).meta.changes, int)
    assert_type(await users.raw(column_names=True), list[tuple[Any, ...]])
    assert_type(await db.prepare("SELECT 1").first(), dict[str, Any] | None)
    assert_type(await db.prepare("SELECT slug FROM links", Link).first(), Link | None)
    count = db.prepare("SELECT count(*) FROM users", int)
    assert_type(count, D1PreparedStatement[int])
    assert_type(await count.first(), int | None)
    assert_type(await count.all(), D1Result[int])
    tags = db.prepare("SELECT tags FROM users", list[str])
    assert_type(await tags.first(), list[str] | None)
    models = db.prepare("SELECT name FROM users", TypeAdapter(dict[str, str]))
    assert_type(await models.first(), dict[str, str] | None)
    db.prepare("SELECT 1", 3)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    assert_type(await db.batch([users, users]), list[D1Result[User]])
    links = db.prepare("SELECT slug FROM links", Link)
    mixed: list[D1PreparedStatement[Any]] = [users, links]
    assert_type(await db.batch(mixed), list[D1Result[Any]])
    assert_type(await db.batch((users,)), tuple[D1Result[User]])
    assert_type(
        await db.batch((users, links, users)), tuple[D1Result[User], D1Result[Link], D1Result[User]]
    )
    both = (users, links)
    found_users, found_links = await db.with_session().batch(both)
    assert_type(found_users[0], User)
    assert_type(found_links[0], Link)
    assert_type(await db.batch(some), tuple[D1Result[User], ...])
    nine = (users, links, users, users, users, users, users, users, users)
    assert_type(await db.batch(nine), tuple[D1Result[Any], ...])
    assert_type(await db.batch(statement for statement in [users]), list[D1Result[User]])
    await db.batch((users, "SELECT 1"))  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
    assert_type(db.with_session("first-primary").get_bookmark(), str | None)

    assert_type([user async for user in users], list[User])
    async for row in db.prepare("SELECT 1"):
        assert_type(row, dict[str, Any])

    async with db.gather() as batch:
        assert_type(batch, D1Batch)
        user = assert_type(batch.add(users.bind(1)), D1Pending[User])
        link = batch.add(links)
        batch.add("SELECT 1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(user.result, D1Result[User])
    assert_type(link.result[0], Link)
    async with db.with_session().gather() as batch:
        pass

    users.bind("a", 1, 2.5, True, None, b"", datetime.now(), Decimal(1), Colour.RED)
    users.bind({"a": 1})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    users.bind([1, 2])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    users.bind(users.first())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    (await users.first())["id"]  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript]
    (await users.all())[0]["nme"]  # type: ignore[typeddict-item]  # pyright: ignore[reportGeneralTypeIssues]
    await users.all(limit=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await db.batch("SELECT 1")  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]


async def kv_values(kv: KV, chunks: AsyncIterator[bytes]) -> None:
    assert_type(await kv.get("k"), str | None)
    assert_type(await kv.get("k", "bytes"), bytes | None)
    assert_type(await kv.get("k", "stream", cache_ttl=60), ReadableStream | None)
    assert_type(await kv.get("k", "json"), Any)
    assert_type(await kv.get("k", User), User | None)
    assert_type(await kv.get("k", Link), Link | None)
    assert_type(await kv.get(["a", "b"]), dict[str, str | None])
    assert_type(await kv.get(["a", "b"], User), dict[str, User | None])
    assert_type(await kv.get_with_metadata("k"), KVValueWithMetadata[str | None])
    assert_type((await kv.get_with_metadata("k", User)).value, User | None)
    await kv.put("k", chunks, expiration_ttl=timedelta(hours=1), metadata={"a": [1]})
    await kv.put("k", b"", expiration=datetime.now())
    page = await kv.list(prefix="u:", limit=10)
    assert_type(page.cursor, str | None)
    assert_type([key.name async for key in kv.keys(prefix="u:")], list[str])

    await kv.put("k", "v", ttl=60)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await kv.put("k", {"a": 1})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await kv.get("k", "xml")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    await kv.get(1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    await kv.get(["a"], "bytes")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    (await kv.get("k")).upper()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        assert_type(self.env, AppEnv)
        assert_type(self.env.DB, D1)
        assert_type(self.env.API_KEY, str)
        assert_type(await request.json(), Any)
        assert_type(await request.json(User), User)
        print(self.env.NOPE)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        self.ctx.wait_until(self.env.CACHE.put("k", "v"))
        return Response.json({"a": 1}, status=201)


class Untyped(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        assert_type(self.env, Any)
        return Response(KV(self.env.CACHE).get)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Wrong(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> str:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return "text"


async def fakes() -> None:
    assert_type(fake(KV), KV)
    assert_type(fake(AppEnv, API_KEY="k"), AppEnv)
    runtime = FakeRuntime(Default, env=AppEnv, API_KEY="k")
    assert_type(runtime.env, AppEnv)
    response = await runtime.fetch("https://example.com/")
    assert_type(response, Response)
    assert_type(await response.json(), Any)
    assert_type(await response.json(User), User)
    assert_type(await response.json(list[User]), list[User])
    assert_type(await response.json(TypeAdapter(list[Link])), list[Link])
    assert_type(Response.json([1]), Response)
