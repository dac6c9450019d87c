"""``faults``: deliberate failures as the user of a binding sees them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pyworkers_sdk import (
    D1,
    KV,
    D1Error,
    DispatchNamespace,
    Env,
    KVError,
    MessageSendRequest,
    Queue,
    QueueError,
    Request,
    Response,
    WorkerCode,
    WorkerEntrypoint,
    WorkerLoader,
    WorkersError,
    Workflow,
    WorkflowEntrypoint,
    WorkflowError,
)
from pyworkers_sdk.testing import (
    Clock,
    FakeRuntime,
    dispatch_namespace,
    fake,
    faults,
    queued,
    worker_loader,
)

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
BUSY = "KV PUT failed: 429 Too Many Requests"
LOST = "D1_ERROR: Network connection lost."


class AppEnv(Env):
    DB: D1
    CACHE: KV
    JOBS: Queue[int]
    NAME: str


@pytest.fixture
def env() -> AppEnv:
    return fake(AppEnv, clock=Clock(NOON), NAME="n")


@pytest.mark.asyncio
async def test_the_next_call_fails_and_changes_nothing(env: AppEnv) -> None:
    faults(env.CACHE).fail(BUSY)
    with pytest.raises(KVError) as raised:
        await env.CACHE.put("k", "v")
    assert (str(raised.value), raised.value.js_name, raised.value.code) == (BUSY, "Error", 429)
    assert await env.CACHE.get("k") is None
    await env.CACHE.put("k", "v")
    assert await env.CACHE.get("k") == "v"


@pytest.mark.asyncio
async def test_one_method_fails_several_times(env: AppEnv) -> None:
    faults(env.CACHE).fail("no", name="TypeError", method="put", times=2)
    assert await env.CACHE.get("k") is None
    for _ in range(2):
        with pytest.raises(KVError, match=r"(?m)^no$") as raised:
            await env.CACHE.put("k", "v")
        assert raised.value.js_name == "TypeError"
    await env.CACHE.put("k", "v")


@pytest.mark.asyncio
async def test_every_third_call_fails(env: AppEnv) -> None:
    faults(env.CACHE).fail("no", every=3)
    failed: list[int] = []
    for number in range(9):
        try:
            await env.CACHE.get("k")
        except KVError:
            failed.append(number)
    assert failed == [2, 5, 8]


@pytest.mark.asyncio
async def test_every_second_call_of_one_method_fails(env: AppEnv) -> None:
    faults(env.CACHE).fail("no", method="put", every=2)
    await env.CACHE.put("k", "v")
    await env.CACHE.get("k")
    with pytest.raises(KVError, match="no"):
        await env.CACHE.put("k", "v")


@pytest.mark.asyncio
async def test_a_method_can_be_named_in_snake_case_or_camel_case(env: AppEnv) -> None:
    for method in ("get_with_metadata", "getWithMetadata"):
        faults(env.CACHE).fail("no", method=method)
        with pytest.raises(KVError, match="no"):
            await env.CACHE.get_with_metadata("k")


@pytest.mark.parametrize("method", ["puts", "bind", "_one", "js_object"])
def test_a_fault_of_an_unknown_method_is_refused(env: AppEnv, method: str) -> None:
    for binding in (env.CACHE, env.DB):
        with pytest.raises(TypeError, match=f"^method: expected one of .*, .*, got '{method}'$"):
            faults(binding).slow(1, method=method)


@pytest.mark.asyncio
async def test_kv_shows_late_what_was_written(env: AppEnv) -> None:
    clock: Clock = env.CACHE.js_object.clock
    await env.CACHE.put("k", "old")
    faults(env.CACHE).late(60)
    await env.CACHE.put("k", "new")
    await env.CACHE.put("l", "")
    assert await env.CACHE.get(["k", "l"]) == {"k": "old", "l": None}
    assert [key.name for key in (await env.CACHE.list()).keys] == ["k"]
    clock.advance(60)
    assert await env.CACHE.get("k") == "new"
    await env.CACHE.delete("k")
    assert (await env.CACHE.get_with_metadata("k")).value == "new"
    faults(env.CACHE).late(timedelta(seconds=5))
    await env.CACHE.put("k", "newest")  # which the deletion does not undo
    clock.advance(5)
    assert await env.CACHE.get("k") == "new"
    clock.advance(55)
    assert await env.CACHE.get("k") == "newest"
    await env.CACHE.delete("k")
    faults(env.CACHE).clear()
    await env.CACHE.put("m", "")
    assert [key.name for key in (await env.CACHE.list()).keys] == ["k", "l", "m"]
    clock.advance(5)
    assert await env.CACHE.get("k") is None


@pytest.mark.asyncio
async def test_faults_occur_in_the_order_of_their_calls(env: AppEnv) -> None:
    faults(env.CACHE).fail("first")
    faults(env.CACHE).fail("second", method="put")
    with pytest.raises(KVError, match="first"):
        await env.CACHE.put("k", "v")
    assert await env.CACHE.get("k") is None
    with pytest.raises(KVError, match="second"):
        await env.CACHE.put("k", "v")


@pytest.mark.asyncio
async def test_a_statement_of_d1_fails_where_it_runs(env: AppEnv) -> None:
    await env.DB.exec("CREATE TABLE t (a)")
    faults(env.DB).fail(LOST)
    statement = env.DB.prepare("INSERT INTO t VALUES (?)").bind(1)
    with pytest.raises(D1Error, match=r"(?m)^D1_ERROR: Network connection lost\.$"):
        await statement.run()
    assert await env.DB.prepare("SELECT count(*) AS n FROM t").first("n") == 0
    faults(env.DB).fail(LOST, method="batch")
    with pytest.raises(D1Error, match="Network connection lost"):
        await env.DB.batch([statement, statement])
    await env.DB.batch([statement, statement])
    faults(env.DB).fail(LOST, method="first")
    assert len(await env.DB.prepare("SELECT a FROM t").all()) == 2
    with pytest.raises(D1Error, match="Network connection lost"):
        await env.DB.prepare("SELECT a FROM t").first()
    faults(env.DB).fail(LOST)
    with pytest.raises(D1Error, match="Network connection lost"):
        await env.DB.with_session().prepare("SELECT a FROM t").first()


@pytest.mark.asyncio
async def test_a_send_to_a_queue_fails_and_sends_nothing(env: AppEnv) -> None:
    faults(env.JOBS).fail("Too Many Requests (10250)", times=2)
    with pytest.raises(QueueError, match="Too Many Requests") as raised:
        await env.JOBS.send(1)
    assert raised.value.code == 10250
    with pytest.raises(QueueError, match="Too Many Requests"):
        await env.JOBS.send_batch([1, MessageSendRequest(2)])
    await env.JOBS.send(3)
    assert queued(env.JOBS) == [3]


@pytest.mark.asyncio
async def test_a_slow_call_advances_the_fake_clock() -> None:
    clock = Clock(NOON)
    env = fake(AppEnv, clock=clock)
    await env.CACHE.put("k", "v", expiration_ttl=60)
    faults(env.CACHE).slow(2.5)
    assert await env.CACHE.get("k") == "v"
    assert await env.CACHE.get("k") == "v"
    assert clock.datetime() == NOON + timedelta(seconds=2.5)
    faults(env.DB).slow(timedelta(minutes=1), method="first", every=1)
    await env.DB.prepare("SELECT 1").first()
    await env.DB.prepare("SELECT 1").all()
    assert clock.datetime() == NOON + timedelta(seconds=62.5)
    assert await env.CACHE.get("k") is None


@pytest.mark.asyncio
async def test_a_call_can_be_slow_and_then_fail(env: AppEnv) -> None:
    going_wrong = faults(env.CACHE)
    going_wrong.slow(1, every=1)
    going_wrong.fail("timed out")
    with pytest.raises(KVError, match="timed out"):
        await env.CACHE.get("k")
    clock: Clock = env.CACHE.js_object.clock
    assert clock.datetime() == NOON + timedelta(seconds=1)


@pytest.mark.asyncio
async def test_clear_removes_all_faults(env: AppEnv) -> None:
    for binding in (env.CACHE, env.JOBS):
        going_wrong = faults(binding)
        going_wrong.fail("no", every=1)
        going_wrong.fail("no", times=5)
    faults(env.JOBS).deliver_twice(times=3)
    for binding in (env.CACHE, env.JOBS):
        faults(binding).clear()
    await env.CACHE.put("k", "v")
    await env.JOBS.send(1)
    assert env.JOBS.js_object.twice == 0


def test_a_binding_has_one_set_of_faults(env: AppEnv) -> None:
    assert faults(env.CACHE) is faults(env.CACHE)
    assert faults(env.CACHE) is not faults(fake(KV))


@pytest.mark.parametrize("thing", [None, "text", object(), KV])
def test_an_object_that_fake_did_not_make_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="a binding that fake"):
        faults(thing)


def test_invalid_faults_are_refused(env: AppEnv) -> None:
    with pytest.raises(ValueError, match="every: expected 1 or more, got 0"):
        faults(env.CACHE).fail("no", every=0)
    with pytest.raises(
        TypeError, match=r"^deliver_twice\(\): expected a queue, got FakeKVNamespace$"
    ):
        faults(env.CACHE).deliver_twice()


# Bindings that run code --------------------------------------------------------------------------


class Hello(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        return Response("hi")


class Flow(WorkflowEntrypoint):
    async def run(self, event: Any, step: Any) -> Any:
        return None


class RunningEnv(Env):
    FLOW: Workflow
    LOADER: WorkerLoader
    USERS: DispatchNamespace


async def _code() -> WorkerCode:
    return WorkerCode("a.py", {"a.py": ""}, compatibility_date="2026-07-01")


@pytest.mark.asyncio
async def test_creating_a_workflow_instance_fails() -> None:
    runtime = FakeRuntime(Hello, env=fake(RunningEnv), workflows={"FLOW": Flow})
    flow = runtime.env.FLOW
    faults(flow).fail("boom", method="create")
    with pytest.raises(WorkflowError, match=r"(?m)^boom$"):
        await flow.create(id="a")
    assert (await flow.create(id="a")).id == "a"


@pytest.mark.parametrize("method", [None, "fetch"])
@pytest.mark.asyncio
async def test_a_worker_of_a_dispatch_namespace_fails(method: str | None) -> None:
    env = fake(RunningEnv, USERS=dispatch_namespace({"ann": Hello}))
    faults(env.USERS).fail("boom", method=method)
    with pytest.raises(WorkersError, match=r"(?m)^boom$"):
        await env.USERS.get("ann").fetch("https://example.com/")
    assert await (await env.USERS.get("ann").fetch("https://example.com/")).text() == "hi"


@pytest.mark.asyncio
async def test_a_loaded_worker_fails() -> None:
    env = fake(RunningEnv, LOADER=worker_loader({"a": Hello}))
    faults(env.LOADER).fail("boom")
    worker = env.LOADER.get("a", _code).get_entrypoint()
    with pytest.raises(WorkersError, match=r"(?m)^boom$"):
        await worker.fetch("https://example.com/")
    assert await (await worker.fetch("https://example.com/")).text() == "hi"
