"""Durable Objects that contract checks call."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from pyworkers_sdk import (
    KV as Keys,
    AlarmInvocationInfo,
    DurableObject,
    DurableObjectError,
    DurableObjectNamespace,
    DurableObjectState,
    DurableObjectTransaction,
    Env,
    FacetStartupOptions,
    Request,
    Response,
    WebSocket,
    WebSocketPair,
    WebSocketRequestResponsePair,
    run_sync,
)
from tests.contract import kit

from .typed import TypedMethods


class CounterEnv(Env):
    KV: Keys


class Counter(TypedMethods, DurableObject[CounterEnv]):
    """Counts in several ways. ``started`` differs in each instance."""

    def __init__(self, ctx: DurableObjectState, env: CounterEnv) -> None:
        self.ctx = ctx
        self.env = env
        self.heard: list[str] = []
        self.readers = 0
        ctx.block_concurrency_while(self.load)

    async def load(self) -> None:
        self.heard.append("loading")
        await asyncio.sleep(0.01)
        starts = await self.ctx.storage.get("starts", int) or 0
        await self.ctx.storage.put("starts", starts + 1)
        self.starts = starts + 1
        self.heard.append("loaded")

    async def fetch(self, request: Request) -> Response:
        self.heard.append(request.url)
        if request.url.endswith("/fail"):
            raise ValueError("no way")
        if request.url.endswith("/give-up"):
            await self.give_up_work()
        return Response(f"{request.method} {await request.text()} at {self.ctx.id}")

    async def told(self) -> list[str]:
        return self.heard

    async def name(self) -> list[Any]:
        return [str(self.ctx.id), self.ctx.id.name]

    async def started(self) -> int:
        return self.starts

    async def add(self, by: int = 1) -> int:
        count = await self.ctx.storage.get("count", int) or 0
        await self.ctx.storage.put("count", count + by)
        return count + by

    def add_sync(self, by: int = 1) -> int:
        total = run_sync(self.ctx.storage.get("total", int)) or 0
        run_sync(self.ctx.storage.put("total", total + by))
        return total + by

    async def add_sql(self, by: int = 1) -> int:
        sql = self.ctx.storage.sql
        sql.exec("CREATE TABLE IF NOT EXISTS counts (n INTEGER)")
        count = sql.exec("SELECT max(n) AS n FROM counts").one()["n"] or 0
        sql.exec("INSERT INTO counts VALUES (?)", count + by)
        return int(count + by)

    async def add_slowly(self, by: int = 1, readers: int = 1) -> int:
        """Add after an await without a gate, once this many calls have read the count."""
        count = await self.ctx.storage.get("count", int) or 0
        self.readers += 1
        await asyncio.sleep(0.02)
        while self.readers < readers:  # noqa: ASYNC110 (no event of a request may wake another one)
            await asyncio.sleep(0.02)
        await self.ctx.storage.put("count", count + by)
        return count + by

    async def add_over_kv(self, by: int = 1) -> int:
        """Add after a request to another service."""
        count = await self.ctx.storage.get("count", int) or 0
        await self.env.KV.get("k")
        await self.ctx.storage.put("count", count + by)
        return count + by

    async def add_after(self, by: int = 1, *, how: str = "") -> int:
        """Add after an await that does not wait for anything outside of the object."""
        gathered = await asyncio.gather(self.ctx.storage.get("count", int), asyncio.sleep(0))
        await asyncio.sleep(0)
        await self.ctx.storage.put("count", (gathered[0] or 0) + by)
        return (gathered[0] or 0) + by

    async def add_guarded(self, by: int = 1) -> int:
        return await self.ctx.block_concurrency_while(lambda: self.add_slowly(by))

    async def echo(self, value: Any) -> Any:
        return value

    async def fail(self, message: str) -> None:
        raise ValueError(message)

    async def fail_with(self, case: str) -> None:
        from ..test_rpc_errors import RAISED

        raise RAISED[case][0]

    async def give_up_work(self) -> None:
        """Await a cancelled task, so that its cancellation ends this call, too."""
        work = asyncio.ensure_future(asyncio.sleep(10))
        work.cancel()
        await work

    async def transaction_with(self, how: str) -> Any:
        """Pass ``transaction_sync`` a closure that it cannot wait for."""

        async def closure() -> None:
            self.ctx.storage.kv.put("count", 3000)

        def later() -> Any:
            self.ctx.storage.kv.put("count", 3000)
            return asyncio.get_running_loop().create_future()

        await self.ctx.storage.put("count", 1)
        try:
            self.ctx.storage.transaction_sync(closure if how == "async" else later)
        except TypeError as error:
            return [str(error), await self.ctx.storage.get("count")]

    async def put_and_fail(self) -> None:
        await self.ctx.storage.put("count", 1000)
        raise ValueError("after a put")

    async def block_and_fail(self) -> None:
        async def work() -> None:
            await self.ctx.storage.put("count", 2000)
            raise ValueError("no way on")

        await self.ctx.block_concurrency_while(work)

    async def block(self, seconds: float) -> None:
        await self.ctx.block_concurrency_while(lambda: asyncio.sleep(seconds))

    async def put_wait_and_abort(self, seconds: float) -> None:
        await self.ctx.storage.put("count", 4000)
        await asyncio.sleep(seconds)
        self.ctx.abort("later")

    async def put_sync_and_abort(self) -> None:
        await self.ctx.storage.put("count", 4000)
        await self.ctx.storage.sync()
        self.ctx.abort("later")

    async def put_twice_and_abort(self) -> None:
        await self.ctx.storage.put("count", 4000)
        await self.ctx.storage.put("more", 4000)
        self.ctx.abort("later")

    async def run_into(self, stub_name: str) -> Any:
        env: Any = self.env
        return await DurableObjectNamespace(env.COUNTERS).get_by_name(stub_name).add()

    async def conflict(self, how: str) -> None:
        """Let SQL itself roll back the open transaction."""
        storage = self.ctx.storage
        storage.sql.exec("CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)")
        await storage.sync()

        def work() -> None:
            with suppress(DurableObjectError):
                storage.sql.exec("INSERT OR ROLLBACK INTO t VALUES (2), (1)")

        async def closure(txn: DurableObjectTransaction) -> None:
            work()

        if how == "sync":
            storage.transaction_sync(work)
        elif how == "async":
            await storage.transaction(closure)
        else:
            storage.kv.put("count", 1)
            work()

    async def violate(self, seconds: float) -> str:
        """Insert a row with a dangling foreign key."""
        sql = self.ctx.storage.sql
        sql.exec("CREATE TABLE IF NOT EXISTS a (id PRIMARY KEY); PRAGMA defer_foreign_keys = on")
        sql.exec("CREATE TABLE IF NOT EXISTS b (a REFERENCES a (id)); INSERT INTO b VALUES (1)")
        await asyncio.sleep(seconds)
        return "done"

    async def set_alarm(self) -> None:
        await self.ctx.storage.set_alarm(timedelta(hours=1))

    async def put_and_abort(self, reason: str | None = None) -> None:
        self.ctx.storage.kv.put("count", 3000)
        self.ctx.abort(reason)

    async def remember(self, value: str) -> None:
        self.heard.append(value)


class Alarmed(DurableObject[Env]):
    """Records the calls of its alarm, and fails as often as ``set`` specifies."""

    async def alarm(self, info: AlarmInvocationInfo) -> None:
        storage = self.ctx.storage
        calls: list[Any] = await storage.get("calls", list) or []
        when = await storage.get_alarm()
        late = info.scheduled_time and info.scheduled_time.timestamp() * 1000
        calls.append([info.is_retry, info.retry_count, late, when is None])
        await storage.put("calls", calls)
        failures = await storage.get("failures", int) or 0
        if failures < 0:
            await storage.sync()
            self.ctx.abort("no more", retry_alarm=failures == -1)
        if failures:
            await storage.put("failures", failures - 1)
            await storage.sync()
            raise ValueError("not yet")
        again = await storage.get("again", int)
        if again:
            await storage.put("again", again - 1)
            await storage.set_alarm(timedelta(milliseconds=50))

    async def set(self, milliseconds: float, failures: int = 0, again: int = 0) -> float | None:
        await self.ctx.storage.put({"failures": failures, "again": again})
        await self.ctx.storage.set_alarm(timedelta(milliseconds=milliseconds))
        return await self.when()

    async def when(self) -> float | None:
        alarm = await self.ctx.storage.get_alarm()
        return None if alarm is None else alarm.timestamp() * 1000

    async def unset(self) -> None:
        await self.ctx.storage.delete_alarm()

    async def calls(self) -> list[Any]:
        return await self.ctx.storage.get("calls", list) or []


class Kept(DurableObject[Env]):
    """Has no SQLite storage. The name of an object decides how it starts."""

    def __init__(self, ctx: DurableObjectState, env: Env) -> None:
        if ctx.id.name and ctx.id.name.startswith("no-"):
            raise ValueError("no start")
        if ctx.id.name and ctx.id.name.startswith("blocks-"):
            ctx.block_concurrency_while(self.load)

    async def load(self) -> None:
        raise ValueError("no load")

    async def hello(self) -> str:
        return "hello"

    async def set(self, key: str, value: Any) -> Any:
        await self.ctx.storage.put(key, value)
        return await self.ctx.storage.get(key)

    async def roll_back(self) -> dict[str, Any]:
        async def closure(txn: DurableObjectTransaction) -> None:
            await txn.put("a", 1)
            txn.rollback()

        await self.ctx.storage.transaction(closure)
        return await self.ctx.storage.list()

    async def what_is_not_there(self) -> list[Any]:
        storage = self.ctx.storage
        messages: list[Any] = []
        for call in (
            lambda: storage.sql.exec("SELECT 1"),
            lambda: storage.sql.database_size,
            lambda: storage.kv.get("a"),
            lambda: storage.kv.put("a", 1),
            lambda: storage.kv.delete("a"),
            lambda: storage.kv.list(),
            lambda: storage.transaction_sync(lambda: None),
        ):
            try:
                call()
                messages.append(None)
            except DurableObjectError as error:
                messages.append(error.message)
        return messages


class Nested(DurableObject[Env]):
    """Has no namespace. Checks make facets of it, and facets of these facets."""

    def __init__(self, ctx: DurableObjectState, env: Env) -> None:
        self.calls = 0

    async def who(self) -> list[Any]:
        self.calls += 1
        return [str(self.ctx.id), self.ctx.id.name, self.ctx.props, self.calls]

    async def add(self, by: int = 1) -> int:
        count = await self.ctx.storage.get("count", int) or 0
        await self.ctx.storage.put("count", count + by)
        return count + by

    async def wait(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "waited"

    async def through(self, name: str, method: str, *args: Any) -> Any:
        """Call a method of a facet of this object."""
        options = FacetStartupOptions(self.ctx.exports.Nested)
        return await getattr(self.ctx.facets.get(name, lambda: options), method)(*args)

    async def deep(self, levels: int) -> int:
        return await self.through("below", "deep", levels - 1) if levels else 0

    async def delete_all(self) -> None:
        await self.ctx.storage.delete_all()

    async def reset(self) -> None:
        self.ctx.abort("reset")


class Parent(Nested):
    """A ``Nested`` with a namespace."""


class Room(DurableObject[Env]):
    """Accepts WebSockets for hibernation, and obeys the commands in their messages."""

    def __init__(self, ctx: DurableObjectState, env: Env) -> None:
        self.heard = 0

    async def fetch(self, request: Request) -> Response:
        path = request.url.partition("://")[2].partition("/")[2]
        client, server = WebSocketPair()
        self.ctx.accept_web_socket(server, [tag for tag in path.split("/") if tag])
        server.serialize_attachment({"path": path})
        return Response(status=101, web_socket=client)

    async def web_socket_message(self, ws: WebSocket, message: str | bytes) -> None:
        self.heard += 1
        if isinstance(message, bytes):
            ws.send(message[::-1])
            return
        command, _, rest = message.partition(" ")
        if command == "say":
            for other in self.ctx.get_web_sockets():
                if other != ws:
                    other.send(rest)
        elif command == "close":
            ws.close(4000, rest)
        elif command == "fail":
            raise ValueError(rest)
        elif command == "lie":
            self.ctx.storage.kv.put("count", 1)
            ws.send("stored")
            self.ctx.abort("not stored")
        elif command == "attach":
            ws.serialize_attachment({"path": rest})
        elif command == "count":
            await self.ctx.storage.put("count", await self.ctx.storage.get("count", int) or 0)
            for number in range(3):
                ws.send(str(number))
                await self.ctx.storage.put("count", number)
        else:
            attachment = ws.deserialize_attachment()
            ws.send(f"{self.heard} {message} {attachment['path']} {self.ctx.get_tags(ws)}")

    async def web_socket_close(
        self, ws: WebSocket, code: int, reason: str, was_clean: bool
    ) -> None:
        sockets = [socket for socket in self.ctx.get_web_sockets() if socket == ws]
        await self.note(["close", code, reason, was_clean, ws.ready_state, len(sockets)])

    async def web_socket_error(self, ws: WebSocket, error: Exception) -> None:
        await self.note(["error", str(error)])

    async def note(self, line: Any) -> None:
        lines = await self.ctx.storage.get("lines", list) or []
        await self.ctx.storage.put("lines", [*lines, line])

    async def lines(self) -> list[Any]:
        return await self.ctx.storage.get("lines", list) or []

    async def answer(self, request: str | None, response: str = "") -> list[str] | None:
        pair = None if request is None else WebSocketRequestResponsePair(request, response)
        self.ctx.set_web_socket_auto_response(pair)
        auto_response = self.ctx.get_web_socket_auto_response()
        return auto_response and list(auto_response)

    async def sockets(self, tag: str | None = None) -> list[str]:
        sockets = self.ctx.get_web_sockets(tag)
        return [socket.deserialize_attachment()["path"] for socket in sockets]

    async def answered(self) -> list[Any]:
        state = self.ctx
        return [state.get_web_socket_auto_response_timestamp(ws) for ws in state.get_web_sockets()]

    async def messages(self) -> int:
        return self.heard

    async def reset(self) -> None:
        self.ctx.abort("reset")


class Inside(DurableObject[Env]):
    """Runs the checks that take ``state``: its ``ctx``."""

    async def fetch(self, request: Request) -> Response:
        from tests.real import inside

        return Response(await inside.run(await request.text(), kit.Here(self.env, self.ctx)))

    async def alarm(self) -> None:
        """Do nothing: the runtime lets only classes with this method set an alarm."""
