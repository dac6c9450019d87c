"""The types of Durable Objects: checked by mypy and pyright, never run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypedDict, assert_type

from pyworkers_sdk import (
    AlarmInvocationInfo,
    Container,
    DurableObject,
    DurableObjectId,
    DurableObjectNamespace,
    DurableObjectState,
    DurableObjectStorage,
    DurableObjectStub,
    DurableObjectTransaction,
    Env,
    ExecOutput,
    ExecProcess,
    FacetStartupOptions,
    Fetcher,
    ReadableStream,
    Request,
    Response,
    SqlStorageCursor,
    WebSocket,
)
from pyworkers_sdk.testing import FakeRuntime, container, fake, introspect_container


class User(TypedDict):
    id: int
    name: str


class AppEnv(Env):
    ROOMS: DurableObjectNamespace[ChatRoom]
    BARE: DurableObjectNamespace
    MAYBE: DurableObjectNamespace[ChatRoom] | None


class ChatRoom(DurableObject[AppEnv]):
    def __init__(self, ctx: DurableObjectState, env: AppEnv) -> None:
        self.users: list[User] = []
        assert_type(self.ctx, DurableObjectState)
        assert_type(self.env, AppEnv)
        ctx.block_concurrency_while(self.load)

    async def load(self) -> int:
        return 1

    async def say(self, text: str, *, to: str | None = None) -> int:
        return len(text)

    async def fetch(self, request: Request) -> Response:
        return Response("")

    @staticmethod
    async def answer(request: Request) -> Response:
        return Response("")

    async def alarm(self) -> None: ...

    async def web_socket_message(self, ws: WebSocket, message: str | bytes) -> None:
        ws.send(message)

    async def web_socket_close(
        self, socket: WebSocket, code: int, reason: str, was_clean: bool
    ) -> None: ...


class Earlier(DurableObject["LaterEnv"]):
    async def name(self) -> str:
        assert_type(self.env, LaterEnv)
        return self.env.NAME


class LaterEnv(Env):
    EARLIER: DurableObjectNamespace[Earlier]
    NAME: str


class Informed(DurableObject):
    async def alarm(self, info: AlarmInvocationInfo) -> None:
        assert_type(info.retry_count, int)
        assert_type(info.scheduled_time, datetime | None)


async def namespaces(env: AppEnv, raw: Any) -> None:
    assert_type(env.ROOMS, DurableObjectNamespace[ChatRoom])
    assert_type(env.BARE, DurableObjectNamespace[DurableObjectStub])
    assert_type(DurableObjectNamespace(raw), DurableObjectNamespace[DurableObjectStub])
    assert_type(DurableObjectNamespace[ChatRoom](raw), DurableObjectNamespace[ChatRoom])
    id = env.ROOMS.id_from_name("a")
    assert_type(id, DurableObjectId)
    assert_type(id.name, str | None)
    room = env.ROOMS.get(id, location_hint="weur", retry={"max_retries": 2, "timeout_ms": 100})
    assert_type(room, ChatRoom)
    assert_type(env.ROOMS.get_by_name("a"), ChatRoom)
    assert_type(await room.say("hello", to="you"), int)
    assert_type(await room.fetch(Request("https://x/")), Response)
    await room.say(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    stub = env.BARE.get(env.BARE.new_unique_id(jurisdiction="eu"))
    assert_type(stub, DurableObjectStub)
    assert_type(stub.id, DurableObjectId)
    assert_type(env.ROOMS.jurisdiction("eu"), DurableObjectNamespace[ChatRoom])
    env.ROOMS.jurisdiction("mars")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await stub.anything(1, "two")


async def storage(storage: DurableObjectStorage) -> None:
    assert_type(await storage.get("a"), Any)
    assert_type(await storage.get("a", int), int | None)
    assert_type(await storage.get("a", User), User | None)
    assert_type(await storage.get(["a"]), dict[str, Any])
    assert_type(await storage.get(["a"], User), dict[str, User])
    assert_type(await storage.list(prefix="a"), dict[str, Any])
    assert_type(await storage.delete("a"), bool)
    assert_type(await storage.delete(["a"]), int)
    await storage.put("a", {"any": "value"}, allow_unconfirmed=True)
    await storage.put({"a": 1})
    assert_type(await storage.get_alarm(), datetime | None)
    await storage.set_alarm(timedelta(seconds=1))
    await storage.set_alarm(60)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(storage.kv.get("a", User), User | None)
    assert_type(storage.kv.get("a"), Any)

    async def closure(txn: DurableObjectTransaction) -> list[str]:
        assert_type(await txn.get("a", int), int | None)
        txn.rollback()
        return []

    assert_type(await storage.transaction(closure), list[str])
    assert_type(storage.transaction_sync(lambda: 1), int)


def sql(storage: DurableObjectStorage) -> None:
    sql = storage.sql
    assert_type(sql.exec("SELECT 1"), SqlStorageCursor[dict[str, Any]])
    assert_type(sql.exec("SELECT ?", 1), SqlStorageCursor[dict[str, Any]])
    users = sql.exec("SELECT * FROM users WHERE id > ?", User, 3)
    assert_type(users, SqlStorageCursor[User])
    assert_type(users.one(), User)
    assert_type(users[0], User)
    assert_type([user["name"] for user in users], list[str])
    assert_type(users.to_array(), list[User])
    assert_type(users.raw(), list[tuple[Any, ...]])
    sql.exec("SELECT ?", [1])  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


async def state(ctx: DurableObjectState) -> None:
    async def work() -> str:
        return ""

    assert_type(await ctx.block_concurrency_while(work), str)
    assert_type(ctx.get_web_sockets("a"), list[WebSocket])
    name = ctx.id.name
    assert_type(name, str | None)
    if name is None:
        ctx.abort("no name")
    assert_type(name, str)


async def facets(ctx: DurableObjectState) -> None:
    rooms: DurableObjectNamespace[ChatRoom] = ctx.exports.ChatRoom
    assert_type(await rooms.get_by_name("a").say("hello"), int)
    room = ctx.facets.get("a", lambda: FacetStartupOptions(ctx.exports.ChatRoom, "id"))
    assert_type(room, Fetcher)
    await room.say("hello")

    async def start() -> FacetStartupOptions:
        return FacetStartupOptions(ctx.exports.ChatRoom(props={"a": 1}), ctx.id)

    ctx.facets.get("b", start)
    ctx.facets.abort("b", "over")
    ctx.facets.clone("a", "b")
    ctx.facets.get("b", ctx.exports.ChatRoom)
    ctx.facets.get("b", FacetStartupOptions)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def containers(ctx: DurableObjectState) -> None:
    assert_type(ctx.container, Container | None)
    container = ctx.container
    if container is None:
        return
    container.start(env={"A": "1"}, instance="basic", enable_internet=True)
    container.start(instance="huge")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(container.get_tcp_port(80), Fetcher)
    process = await container.exec(["ls"], stdin=b"", pty=True)
    assert_type(process, ExecProcess)
    assert_type(process.stdout, ReadableStream | None)
    assert_type(await process.exit_code(), int)
    assert_type(await process.output(), ExecOutput)


async def testing(runtime: FakeRuntime[AppEnv]) -> None:
    async def look(room: ChatRoom) -> int:
        return len(room.users)

    room = runtime.env.ROOMS.get_by_name("a")
    assert_type(await runtime.run_in_durable_object(room, look), int)
    await runtime.evict(room)
    assert_type(fake(AppEnv).ROOMS, DurableObjectNamespace[ChatRoom])
    FakeRuntime(ChatRoom, env=AppEnv, new_classes=["ChatRoom"], containers={"ChatRoom": container})
    assert_type(introspect_container(container(ports={80: ChatRoom.answer})).signals, list[int])
