"""The fake of Durable Objects: behaviour that only a fake has."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

import pytest

from pyworkers_sdk import (
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
    WorkerEntrypoint,
    WorkersError,
)
from pyworkers_sdk._border import JsException
from pyworkers_sdk._callbacks import entrust, entrust_now
from pyworkers_sdk.testing import Clock, FakeRuntime, fake, faults
from pyworkers_sdk.testing.fakes.durable import object as _durable_object
from pyworkers_sdk.testing.fakes.durable.namespace import object_of
from pyworkers_sdk.testing.runtime.scheduling import TurnScheduler

if TYPE_CHECKING:
    from somewhere.not_there import Elsewhere  # type: ignore[import-not-found]

pytestmark = pytest.mark.asyncio


class AppEnv(Env):
    OBJECTS: DurableObjectNamespace[Object]
    OTHERS: DurableObjectNamespace[Object]
    ELSEWHERE: DurableObjectNamespace[Elsewhere]


class Object(DurableObject[AppEnv]):
    def __init__(self, ctx: DurableObjectState, env: AppEnv) -> None:
        self.started = 0
        self.alarms: list[float] = []
        self.errors: list[WorkersError] = []
        self.hung = asyncio.Event()
        self.may_end = asyncio.Event()

    async def start(self) -> int:
        self.started += 1
        return self.started

    async def add(self) -> int:
        count = await self.ctx.storage.get("count", int) or 0
        await asyncio.sleep(0)
        await self.ctx.storage.put("count", count + 1)
        return count + 1

    async def add_sql(self) -> int:
        sql = self.ctx.storage.sql
        sql.exec("CREATE TABLE IF NOT EXISTS c (n)")
        count = sql.exec("SELECT count(*) AS n FROM c").one()["n"]
        sql.exec("INSERT INTO c VALUES (1)")
        return int(count) + 1

    async def hang(self) -> None:
        self.hung.set()
        await self.may_end.wait()

    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "slow"

    async def guarded(self) -> None:
        await self.ctx.block_concurrency_while(self.hang)

    async def steps(self) -> list[str]:
        """Try to continue while a section of the same object holds the gate."""
        done: list[str] = []

        async def other() -> None:
            done.append("begin")
            await asyncio.sleep(0.03)
            done.append("end")

        blocking = self.ctx.block_concurrency_while(other)
        await asyncio.sleep(0.01)
        done.append("after")
        await blocking
        return done

    async def both(self) -> list[int]:
        async def one(txn: DurableObjectTransaction) -> None:
            await txn.put("a", 1)
            await asyncio.sleep(0.01)

        async def two(txn: DurableObjectTransaction) -> None:
            await txn.put("b", await txn.get("a"))

        storage = self.ctx.storage
        await asyncio.gather(storage.transaction(one), storage.transaction(two))
        return [*(await storage.list()).values()]

    async def ask(self, name: str) -> int:
        return await self.env.OTHERS.get_by_name(name).start()

    async def alarm(self) -> None:
        self.alarms.append(0)
        calls = await self.ctx.storage.get("calls", list) or []
        await self.ctx.storage.put("calls", [*calls, 1])
        if await self.ctx.storage.get("endless", bool):
            await self.ctx.storage.set_alarm(dt.timedelta())
            return
        raise ValueError("never")

    async def set(self, seconds: float) -> None:
        await self.ctx.storage.set_alarm(dt.timedelta(seconds=seconds))

    async def later(self) -> None:
        async def work() -> None:
            await asyncio.sleep(0.01)
            await self.ctx.storage.put("later", 1)

        self.ctx.wait_until(work())

    async def web_socket_error(self, ws: WebSocket, error: WorkersError) -> None:
        if error.message == "fail":
            raise ValueError("in a handler")
        self.errors.append(error)

    async def fetch(self, request: Request) -> Response:
        client, server = WebSocketPair()
        self.ctx.accept_web_socket(server)
        return Response(status=101, web_socket=client)


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        return await self.env.OBJECTS.get_by_name("a").fetch(request)


@pytest.fixture
def runtime() -> FakeRuntime[AppEnv]:
    return FakeRuntime(Default, env=AppEnv)


def stub_of(runtime: FakeRuntime[AppEnv], name: str = "a") -> Any:
    return runtime.env.OBJECTS.get_by_name(name)


# Objects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["add", "add_sql"])
async def test_a_thousand_concurrent_increments_are_not_lost(
    runtime: FakeRuntime[AppEnv], method: str
) -> None:
    stub = stub_of(runtime)
    results = await asyncio.gather(*(getattr(stub, method)() for _ in range(1000)))
    assert sorted(results) == list(range(1, 1001))


async def test_evict_makes_a_new_instance_and_keeps_storage(runtime: FakeRuntime[AppEnv]) -> None:
    stub = stub_of(runtime)
    assert [await stub.start(), await stub.start(), await stub.add()] == [1, 2, 1]
    await runtime.evict(stub)
    await runtime.evict(stub)
    assert [await stub.start(), await stub.add()] == [1, 2]


async def test_evict_during_a_call_raises(runtime: FakeRuntime[AppEnv]) -> None:
    stub = stub_of(runtime)
    instance = await runtime.run_in_durable_object(stub, itself)
    calling = asyncio.ensure_future(stub.hang())
    await instance.hung.wait()
    with pytest.raises(RuntimeError, match="<Object a> is in use"):
        await runtime.evict(stub)
    await runtime.run_in_durable_object(stub, let_it_end)
    await calling
    await runtime.evict(stub)


async def itself(instance: Object) -> Object:
    return instance


async def let_it_end(instance: Object) -> None:
    instance.may_end.set()


async def test_evict_without_a_stub_of_a_fake_raises(runtime: FakeRuntime[AppEnv]) -> None:
    with pytest.raises(TypeError, match="expected a stub of a fake Durable Object, got Request"):
        await runtime.evict(Request("https://x/"))


async def test_run_in_durable_object_reaches_the_instance(runtime: FakeRuntime[AppEnv]) -> None:
    stub = stub_of(runtime)
    await stub.start()

    async def look(instance: Object) -> tuple[int, Any]:
        await instance.ctx.storage.put("seen", True)
        return instance.started, instance.ctx.id.name

    assert await runtime.run_in_durable_object(stub, look) == (1, "a")
    error = ValueError("no")

    async def fail(instance: Object) -> None:
        raise error

    with pytest.raises(ValueError, match="no") as caught:
        await runtime.run_in_durable_object(stub, fail)
    assert caught.value is error


async def test_object_calls_another_object(runtime: FakeRuntime[AppEnv]) -> None:
    assert await stub_of(runtime).ask("b") == 1
    assert await runtime.env.OTHERS.get_by_name("b").start() == 2
    assert await stub_of(runtime, "b").start() == 3  # of the same class


async def test_section_holds_work_that_is_under_way(runtime: FakeRuntime[AppEnv]) -> None:
    stub = stub_of(runtime)
    assert await stub.steps() == ["begin", "end", "after"]
    instance = await runtime.run_in_durable_object(stub, itself)
    slow = asyncio.ensure_future(stub.guarded())
    starting = asyncio.ensure_future(stub.start())
    await instance.hung.wait()
    await asyncio.sleep(0.01)  # time for an event that must not come, also not on a slow machine
    assert not slow.done()
    assert not starting.done()
    instance.may_end.set()
    assert await starting == 1
    assert slow.done()


async def test_transactions_wait_for_each_other(runtime: FakeRuntime[AppEnv]) -> None:
    assert await stub_of(runtime).both() == [1, 1]


async def test_cancelled_caller_does_not_enter_the_object(runtime: FakeRuntime[AppEnv]) -> None:
    stub = stub_of(runtime)
    await stub.start()
    instance = await runtime.run_in_durable_object(stub, itself)
    guarding = asyncio.ensure_future(stub.guarded())
    await instance.hung.wait()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stub.start(), 0.005)
    instance.may_end.set()
    await guarding
    assert await stub.start() == 2


async def test_alarm_is_called_seven_times_with_back_off(
    runtime: FakeRuntime[AppEnv], caplog: pytest.LogCaptureFixture
) -> None:
    stub = stub_of(runtime)
    await stub.set(10)
    await runtime.drain()
    for calls, after in enumerate((10, 2, 4, 8, 16, 32, 64)):
        runtime.clock.advance(after - 0.001)
        await runtime.drain()
        assert await called(runtime, stub) == calls
        runtime.clock.advance(0.001)
        await runtime.drain()
        assert await called(runtime, stub) == calls + 1
    runtime.clock.advance(dt.timedelta(days=1))
    await runtime.drain()
    assert await called(runtime, stub) == 7

    async def alarm(instance: Object) -> Any:
        return await instance.ctx.storage.get_alarm()

    assert await runtime.run_in_durable_object(stub, alarm) is None
    logged = [record for record in caplog.records if "alarm() of <Object a>" in record.message]
    assert len(logged) == 7
    assert logged[0].levelno == logging.ERROR


async def called(runtime: FakeRuntime[AppEnv], stub: Any) -> int:
    async def look(instance: Object) -> int:
        return len(await instance.ctx.storage.get("calls", list) or [])

    return await runtime.run_in_durable_object(stub, look)


async def test_alarm_survives_eviction(runtime: FakeRuntime[AppEnv]) -> None:
    stub = stub_of(runtime)
    await stub.set(10)
    await runtime.evict(stub)
    runtime.clock.advance(10)
    await runtime.drain()
    assert await called(runtime, stub) == 1


async def test_alarm_that_always_sets_itself_raises(runtime: FakeRuntime[AppEnv]) -> None:
    stub = stub_of(runtime)

    async def begin(instance: Object) -> None:
        await instance.ctx.storage.put("endless", True)
        await instance.ctx.storage.set_alarm(dt.timedelta())

    await runtime.run_in_durable_object(stub, begin)
    with pytest.raises(RuntimeError, match="<Object a>: its alarm was called 1,000 times"):
        await runtime.drain()


async def test_drain_waits_for_wait_until(runtime: FakeRuntime[AppEnv]) -> None:
    stub = stub_of(runtime)
    await stub.later()
    await runtime.drain()

    async def look(instance: Object) -> Any:
        return await instance.ctx.storage.get("later")

    assert await runtime.run_in_durable_object(stub, look) == 1


async def test_message_without_a_handler_is_ignored(runtime: FakeRuntime[AppEnv]) -> None:
    async with runtime.connect("wss://x/") as socket:
        socket.send("hello")
        await runtime.drain()
        assert socket.ready_state == WebSocket.OPEN
    await runtime.drain()


async def test_class_imported_only_for_type_checkers_raises(runtime: FakeRuntime[AppEnv]) -> None:
    stub: Any = runtime.env.ELSEWHERE.get_by_name("a")
    with pytest.raises(TypeError, match="unknown class 'Elsewhere'"):
        await stub.hello()


async def test_fake_makes_a_namespace_without_an_env() -> None:
    objects = fake(DurableObjectNamespace[Object])
    assert await objects.get_by_name("a").start() == 1
    with pytest.raises(TypeError, match='DurableObjectNamespace\\["ChatRoom"\\]'):
        fake(DurableObjectNamespace)
    named: Any = fake(DurableObjectNamespace["Nobody"])  # type: ignore[name-defined]
    assert str(named.id_from_name("a")) != str(objects.id_from_name("a"))


async def test_sql_now_is_the_time_of_the_clock() -> None:
    clock = Clock(dt.datetime(2026, 1, 2, 3, 4, 5))
    env = fake(AppEnv, clock=clock)
    runtime = FakeRuntime(Default, env=env)

    async def look(instance: Object) -> Any:
        sql = instance.ctx.storage.sql
        return sql.exec("SELECT datetime('now') AS now").one()["now"]

    stub = env.OBJECTS.get_by_name("a")
    assert await runtime.run_in_durable_object(stub, look) == "2026-01-02 03:04:05"


async def test_turn_ends_on_a_loop_that_hides_its_queue() -> None:
    """Without a view of the loop's queue, a turn ends after a fixed number of rounds."""

    class Loop:
        def __init__(self) -> None:
            self.soon: list[Any] = []

        def call_soon(self, act: Any) -> None:
            self.soon.append(act)

    loop: Any = Loop()
    turns = TurnScheduler()
    ended: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "get_running_loop", lambda: loop)
        turns.at_end(lambda: ended.append(1))
        rounds = 0
        while loop.soon and rounds < 100:
            loop.soon.pop(0)()
            rounds += 1
    assert ended == [1]
    assert 15 < rounds < 60


async def test_call_returns_while_a_task_is_never_idle(runtime: FakeRuntime[AppEnv]) -> None:
    calling = asyncio.ensure_future(stub_of(runtime).start())
    while not calling.done():  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert await calling == 1


async def test_missing_method_raises_durable_object_error(runtime: FakeRuntime[AppEnv]) -> None:
    with pytest.raises(DurableObjectError) as caught:
        await stub_of(runtime).nope()
    assert caught.value.remote


async def test_faults_fail_and_slow_down_calls(runtime: FakeRuntime[AppEnv]) -> None:
    stub = stub_of(runtime)
    faults(runtime.env.OBJECTS).fail("Too much to do.", method="add", overloaded=True)
    assert await stub.start() == 1
    with pytest.raises(DurableObjectError, match="Too much to do") as caught:
        await stub.add()
    error = caught.value
    assert (error.overloaded, error.retryable, error.remote) == (True, False, False)
    assert await stub.add() == 1
    faults(runtime.env.OBJECTS).fail("Gone.", retryable=True)
    with pytest.raises(DurableObjectError, match="Gone") as caught:
        await stub.fetch(Request("https://x/"))
    assert caught.value.retryable
    before = runtime.clock.now()
    faults(runtime.env.OBJECTS).slow(2)
    await stub.start()
    assert runtime.clock.now() == before + 2000


async def test_broken_websocket_calls_the_error_handler(
    runtime: FakeRuntime[AppEnv], caplog: pytest.LogCaptureFixture
) -> None:
    stub = runtime.env.OTHERS.get_by_name("a")
    target = object_of(stub)
    _, server = WebSocketPair()
    await target.event(
        lambda proxy: proxy.webSocketError(server.js_object, JsException("TypeError", "broken"))
    )

    async def look(instance: Object) -> list[WorkersError]:
        return instance.errors

    [error] = await runtime.run_in_durable_object(stub, look)
    assert isinstance(error, WorkersError)
    assert (error.js_name, error.message) == ("TypeError", "broken")
    await target.call_websocket_handler(
        "webSocketError", [server.js_object, JsException("Error", "fail")]
    )
    assert "webSocketError() of <Object a>" in caplog.text


async def test_equals_compares_ids(runtime: FakeRuntime[AppEnv]) -> None:
    one, two = (runtime.env.OBJECTS.id_from_name("a").js_object for _ in range(2))
    assert one.equals(two)
    assert not one.equals(runtime.env.OBJECTS.id_from_name("b").js_object)


async def test_error_before_the_callback_is_javascripts() -> None:
    """The error of JavaScript itself comes out if the callback was never called."""

    def refuses(callback: Any) -> Any:
        raise JsException("TypeError", "not now")

    async def rejects(callback: Any) -> Any:
        raise JsException("TypeError", "not now")

    async def work() -> None: ...

    for call in (refuses, rejects):
        with pytest.raises(JsException, match="not now"):
            await entrust(call, work)
    with pytest.raises(JsException, match="not now"):
        entrust_now(refuses, lambda: None)


# Facets ------------------------------------------------------------------------------------------


async def _await(promise: Any) -> Any:
    """Await an RpcPromise in a coroutine, since asyncio makes tasks only of coroutines."""
    return await promise


class FacetEnv(Env):
    PARENTS: DurableObjectNamespace[Parent]


class Parent(DurableObject[FacetEnv]):
    def __init__(self, ctx: DurableObjectState, env: FacetEnv) -> None:
        self.calls = 0

    async def count(self) -> int:
        self.calls += 1
        return self.calls

    async def hang(self) -> None:
        await asyncio.sleep(60)

    async def call(self, method: str) -> Any:
        options = FacetStartupOptions(self.ctx.exports.Parent)
        return await getattr(self.ctx.facets.get("a", lambda: options), method)()

    async def leave(self) -> None:
        asyncio.ensure_future(self.call("hang"))  # noqa: RUF006

    async def abort_while_it_starts(self) -> str:
        async def start() -> FacetStartupOptions:
            started.set()
            await may_start.wait()
            return FacetStartupOptions(self.ctx.exports.Parent)

        started, may_start = asyncio.Event(), asyncio.Event()
        counting = asyncio.ensure_future(_await(self.ctx.facets.get("a", start).count()))
        await started.wait()
        self.ctx.facets.abort("a", "too soon")
        may_start.set()
        try:
            await counting
        except DurableObjectError as error:
            return error.message
        return ""


async def test_facets_are_evicted_with_their_parent() -> None:
    runtime = FakeRuntime(Default, env=FacetEnv)
    stub = runtime.env.PARENTS.get_by_name("a")
    assert [await stub.call("count") for _ in range(2)] == [1, 2]
    await runtime.evict(stub)
    assert await stub.call("count") == 1
    await stub.leave()
    await asyncio.sleep(0.01)
    with pytest.raises(RuntimeError, match="is in use"):
        await runtime.evict(stub)


async def test_facet_can_be_aborted_while_it_starts() -> None:
    stub = FakeRuntime(Default, env=FacetEnv).env.PARENTS.get_by_name("a")
    assert await stub.abort_while_it_starts() == "too soon"
    assert await stub.call("count") == 1


async def test_unknown_retry_option_raises() -> None:
    unknown: Any = {"max_retry": 1}
    namespace = FakeRuntime(Default, env=FacetEnv).env.PARENTS
    with pytest.raises(
        TypeError, match="retry: unknown key 'max_retry'; expected one of max_retries, timeout_ms"
    ):
        namespace.get_by_name("a", retry=unknown)
    stub = namespace.get(namespace.new_unique_id(), retry={"max_retries": 1, "timeout_ms": 5})
    assert await stub.count() == 1


class GivesUp(DurableObject["GivesUpEnv"]):
    """A class whose methods await work that is cancelled, or that never ends."""

    async def wait_for_itself(self) -> None:
        await self.ctx.block_concurrency_while(self.env.OBJECTS.get(self.ctx.id).hello)

    async def hello(self) -> str:
        return "hello"

    async def set(self) -> None:
        await self.ctx.storage.set_alarm(dt.timedelta(seconds=1))

    async def alarm(self) -> None:
        await self._give_up()

    async def fetch(self, request: Request) -> Response:
        client, server = WebSocketPair()
        self.ctx.accept_web_socket(server)
        return Response(status=101, web_socket=client)

    async def web_socket_message(self, ws: WebSocket, message: str | bytes) -> None:
        await self._give_up()

    async def _give_up(self) -> None:
        work = asyncio.ensure_future(asyncio.sleep(60))
        work.cancel()
        await work


class GivesUpEnv(Env):
    OBJECTS: DurableObjectNamespace[GivesUp]


async def test_object_that_waits_for_itself_is_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_durable_object, "_LONGEST_BLOCKING", 50)
    objects = fake(GivesUpEnv).OBJECTS
    with pytest.raises(DurableObjectError, match="waited for too long"):
        await objects.get_by_name("a").wait_for_itself()
    assert await objects.get_by_name("a").hello() == "hello"


async def test_cancelled_work_in_a_handler_is_logged_as_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runtime = FakeRuntime(Default, env=GivesUpEnv)
    stub = runtime.env.OBJECTS.get_by_name("a")
    await stub.set()
    runtime.clock.advance(1)
    await runtime.drain()
    assert "alarm() of <GivesUp a>" in caplog.text
    response = await stub.fetch(Request("https://x/", headers={"upgrade": "websocket"}))
    assert response.web_socket is not None
    response.web_socket.accept()
    response.web_socket.send("x")
    await runtime.drain()
    assert "webSocketMessage() of <GivesUp a>" in caplog.text


async def test_cancelled_drain_cancels_the_handlers(runtime: FakeRuntime[AppEnv]) -> None:
    class Slow(DurableObject):
        async def alarm(self) -> None:
            await asyncio.sleep(60)

        async def fetch(self, request: Request) -> Response:
            await self.ctx.storage.set_alarm(dt.timedelta(seconds=1))
            client, server = WebSocketPair()
            self.ctx.accept_web_socket(server)
            return Response(status=101, web_socket=client)

        async def web_socket_message(self, ws: WebSocket, message: str | bytes) -> None:
            await asyncio.sleep(60)

    namespace: Any = DurableObjectNamespace[Slow]
    stub = fake(namespace, clock=runtime.clock).get_by_name("a")
    await stub.fetch(Request("https://x/", headers={"upgrade": "websocket"}))
    runtime.clock.advance(1)
    target = object_of(stub)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await target.run_alarm()
    call = target.call_websocket_handler("webSocketMessage", [None, "x"])
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await target.deliver("webSocketMessage", [None, "x"])
