"""The fake engine of Workflows: crashes, replays, the clock, mocks and introspection."""

from __future__ import annotations

import asyncio
import gc
from datetime import datetime, timedelta, timezone
from typing import Any, TypedDict

import pytest

from pyworkers_sdk import (
    KV,
    ConversionError,
    Env,
    NonRetryableError,
    ReadableStream,
    Response,
    WorkerEntrypoint,
    Workflow,
    WorkflowEntrypoint,
    WorkflowError,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowInstanceCreateOptions,
    WorkflowRollbackContext,
    WorkflowStep,
    WorkflowStepContext,
    WorkflowStepEvent,
)
from pyworkers_sdk._border import stream_from
from pyworkers_sdk.testing import Clock, FakeRuntime, fake, introspect_workflow
from pyworkers_sdk.testing.fakes.workflows import engine as _workflow_engine
from pyworkers_sdk.testing.fakes.workflows.rules import logged, milliseconds
from pyworkers_sdk.testing.fakes.workflows.workflow import FakeWorkflow

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_workflow_engine, "PATIENCE", 0.1)


class Order(TypedDict):
    item: str


class AppEnv(Env):
    ORDERS: Workflow[Order]
    STOCK: KV


class Pipeline(WorkflowEntrypoint[AppEnv]):
    """A Workflow with idempotent effects: each writes to KV under the instance's id."""

    async def run(self, event: WorkflowEvent[Order], step: WorkflowStep) -> list[str]:
        done: list[str] = []

        async def put(what: str) -> str:
            await self.env.STOCK.put(f"{event.instance_id}:{what}", event.payload["item"])
            return what

        done.append(await step.do("reserve", lambda: put("reserved")))
        done += await asyncio.gather(
            step.do("charge", lambda: put("charged")), step.do("mail", lambda: put("mailed"))
        )
        await step.sleep("cool down", timedelta(hours=1))
        approved = await step.wait_for_event("approval", "approved", timeout="2 days")
        done.append(await step.do("ship", lambda: put(f"shipped to {approved.payload}")))
        return done


class Default(WorkerEntrypoint[AppEnv]): ...


def runtime_of(kind: type[Any] = Pipeline) -> FakeRuntime[AppEnv]:
    return FakeRuntime(Default, env=AppEnv, workflows={"ORDERS": kind})


async def begun(runtime: FakeRuntime[AppEnv], id: str | None = None) -> WorkflowInstance:
    instance = await runtime.env.ORDERS.create(id=id, params={"item": "tea"})
    await runtime.drain()
    return instance


async def finished(runtime: FakeRuntime[AppEnv], id: str) -> Any:
    """Take an order to its end, however often its engine crashes."""
    instance = introspect_workflow(runtime.env.ORDERS).instance(id)
    await (await runtime.env.ORDERS.get(id)).send_event(type="approved", payload="Rome")
    await instance.wait_for_status("complete")
    return instance


DONE = ["reserved", "charged", "mailed", "shipped to Rome"]


async def keys(runtime: FakeRuntime[AppEnv]) -> list[str]:
    return [key.name for key in (await runtime.env.STOCK.list()).keys]


async def test_workflow_waits_for_the_clock() -> None:
    runtime = runtime_of()
    instance = await begun(runtime, "o")
    assert (await instance.status()).status == "running"
    assert await keys(runtime) == ["o:charged", "o:mailed", "o:reserved"]
    runtime.clock.advance(timedelta(minutes=59))
    await instance.send_event(type="approved", payload="Rome")
    await runtime.drain()
    assert len(await keys(runtime)) == 3
    runtime.clock.advance(timedelta(minutes=1))
    await runtime.drain()
    assert await instance.status() == ("complete", None, DONE)


async def test_crash_at_each_boundary_loses_and_repeats_nothing() -> None:
    runtime = runtime_of()
    await begun(runtime, "calm")
    calm = await finished(runtime, "calm")
    assert [(step.kind, step.name) for step in calm.steps] == [
        ("do", "reserve"),
        ("do", "charge"),
        ("do", "mail"),
        ("sleep", "cool down"),
        ("wait_for_event", "approval"),
        ("do", "ship"),
    ]
    for step in calm.steps:
        for side in ("crash_before", "crash_after"):
            runtime = runtime_of()
            flow = introspect_workflow(runtime.env.ORDERS)
            getattr(flow, side)(step.name, index=step.index)
            await begun(runtime, "o")
            order = await finished(runtime, "o")
            assert order.crashes == 1
            assert order.output == DONE
            assert await keys(runtime) == sorted(f"o:{what}" for what in DONE)
            again = 2 if side == "crash_before" and step.kind == "do" else 1
            attempts = {record.name: record.attempts for record in order.steps}
            assert step.kind != "do" or attempts[step.name] == again


async def test_crash_runs_concurrent_unfinished_step_again() -> None:
    calls: list[str] = []

    class Two(WorkflowEntrypoint[AppEnv]):
        async def run(self, event: WorkflowEvent[Order], step: WorkflowStep) -> None:
            async def quick() -> None:
                calls.append("quick")

            async def slow() -> None:
                calls.append("slow")
                if calls.count("slow") == 1:
                    await asyncio.Event().wait()  # it is at work when the engine dies
                calls.append("slow ended")

            await asyncio.gather(step.do("slow", slow), step.do("quick", quick))

    runtime = runtime_of(Two)
    introspect_workflow(runtime.env.ORDERS).crash_after("quick")
    instance = await begun(runtime)
    assert (await instance.status()).status == "complete"
    assert calls == ["slow", "quick", "slow", "slow ended"]


class Flaky(WorkflowEntrypoint[AppEnv]):
    """Fails as long as ``failing`` is True."""

    times: list[float]
    failing = True

    async def run(self, event: WorkflowEvent[Order], step: WorkflowStep) -> int:
        async def call(ctx: WorkflowStepContext) -> int:
            type(self).times.append(await self.now())
            if self.failing:
                raise LookupError("not yet")
            return ctx["attempt"]

        return await step.do("call", call)

    async def now(self) -> float:
        return clock.now()


clock = Clock()


async def test_retry_back_off_follows_the_clock() -> None:
    global clock
    Flaky.times, Flaky.failing = [], True
    runtime = runtime_of(Flaky)
    clock = runtime.clock
    instance = await begun(runtime)
    for _ in range(100):
        runtime.clock.advance(1)
        await runtime.drain()
    gaps = [later - earlier for earlier, later in zip(Flaky.times, Flaky.times[1:])]
    assert gaps == [1000, 2000, 4000, 8000, 16000]
    assert (await instance.status()).error == ("Error", "LookupError: not yet")


async def test_disabled_retry_delays_take_no_time() -> None:
    global clock
    Flaky.times, Flaky.failing = [], True
    runtime = runtime_of(Flaky)
    clock = runtime.clock
    flow = introspect_workflow(runtime.env.ORDERS)
    flow.disable_retry_delays("call")
    instance = await begun(runtime)
    assert (await instance.status()).status == "errored"
    assert len(Flaky.times) == 6
    assert flow.instances[0].error == ("Error", "LookupError: not yet")
    assert flow.instances[0].output is None
    (step,) = flow.instances[0].steps
    assert (step.done, step.attempts, step.error) == (True, 6, ("Error", "LookupError: not yet"))


async def test_mocked_step_error_fails_first_attempts() -> None:
    global clock
    Flaky.times, Flaky.failing = [], False
    runtime = runtime_of(Flaky)
    clock = runtime.clock
    flow = introspect_workflow(runtime.env.ORDERS)
    flow.mock_step_error("call", OSError("down"), times=2)
    flow.disable_retry_delays()
    instance = await begun(runtime)
    assert (await instance.status()).output == 3
    assert len(Flaky.times) == 1


@pytest.mark.parametrize("error", [OSError("down"), NonRetryableError("down")])
async def test_mocked_step_error_fails_all_attempts(error: Exception) -> None:
    runtime = runtime_of()
    flow = introspect_workflow(runtime.env.ORDERS)
    flow.disable_retry_delays()
    flow.mock_step_error("reserve", error)
    instance = flow.instance((await begun(runtime)).id)
    (step,) = instance.steps
    assert step.error == ("Error", f"{type(error).__name__}: down")
    assert step.attempts == (6 if isinstance(error, OSError) else 1)
    with pytest.raises(AssertionError, match=f"'reserve' failed: {type(error).__name__}: down"):
        await instance.wait_for_step_result("reserve")


async def test_forced_step_timeout_fails_attempts() -> None:
    runtime = runtime_of()
    flow = introspect_workflow(runtime.env.ORDERS)
    flow.disable_retry_delays()
    flow.force_step_timeout("reserve", times=1)
    flow.force_step_timeout("charge")
    instance = flow.instance((await begun(runtime)).id)
    assert [step.attempts for step in instance.steps] == [2, 6, 1]
    assert instance.error == ("Error", "Execution timed out after 0ms")


async def test_results_sleeps_and_events_can_be_mocked() -> None:
    runtime = runtime_of()
    flow = introspect_workflow(runtime.env.ORDERS)
    one = flow.instance("one")
    one.disable_sleeps("cool down")
    one.mock_step_result("charge", "nothing")
    flow.mock_step_result("reserve", ("a", 1.0))
    await begun(runtime, "one")
    other = flow.instance((await begun(runtime)).id)
    assert await one.wait_for_step_result("charge") == "nothing"
    assert [record.name for record in one.steps][-1] == "approval"
    assert [record.name for record in other.steps][-1] == "cool down"
    one.mock_event("approved", "Rome")
    await one.wait_for_status("complete")
    assert one.output == [["a", 1], "nothing", "mailed", "shipped to Rome"]
    assert sorted(await keys(runtime)) == sorted(
        [f"{other.id}:charged", f"{other.id}:mailed", "one:mailed", "one:shipped to Rome"]
    )


async def test_disabled_sleeps_and_forced_event_timeout_take_no_time() -> None:
    runtime = runtime_of()
    flow = introspect_workflow(runtime.env.ORDERS)
    flow.disable_sleeps()
    flow.force_event_timeout("approval")
    instance = await begun(runtime)
    error = (await instance.status()).error
    assert error is not None
    assert error == ("Error", "Execution timed out after 172800000ms")
    assert flow.instances[0].steps[-1].error == ("WorkflowTimeoutError", error.message)


async def test_wait_for_event_times_out_on_the_clock() -> None:
    runtime = runtime_of()
    flow = introspect_workflow(runtime.env.ORDERS)
    instance = flow.instance((await begun(runtime)).id)
    started = runtime.clock.now()
    await instance.wait_for_status("errored")
    assert runtime.clock.now() - started == (1 + 48) * 3_600_000


async def test_waiting_for_unreachable_status_raises() -> None:
    runtime = runtime_of()
    flow = introspect_workflow(runtime.env.ORDERS)
    with pytest.raises(LookupError, match="the instance 'nobody' does not exist"):
        _ = flow.instance("nobody").steps
    order = await begun(runtime)
    await order.terminate()
    instance = flow.instance(order.id)
    with pytest.raises(
        AssertionError,
        match="status 'complete': not reached; the status is 'terminated', the error None",
    ):
        await instance.wait_for_status("complete")
    with pytest.raises(
        AssertionError, match="step 'ship': not reached; the status is 'terminated'"
    ):
        await instance.wait_for_step_result("ship")


async def test_workflow_without_class_stays_queued() -> None:
    orders = fake(Workflow[Order])
    instance = await orders.create(params={"item": "tea"})
    assert (await instance.status()).status == "queued"
    await instance.pause()
    await instance.resume()
    flow = introspect_workflow(orders)
    with pytest.raises(AssertionError, match="the Workflow 'workflow' has no class"):
        await flow.instance(instance.id).wait_for_status("complete")
    assert repr(instance) == f"<WorkflowInstance {instance.id}>"


async def test_introspection_and_class_of_another_binding_raise() -> None:
    class Theirs:
        def createBatch(self) -> None: ...

    theirs: Any = Theirs()
    with pytest.raises(TypeError, match=r"expected a Workflow .*, got Theirs"):
        introspect_workflow(Workflow(theirs))
    with pytest.raises(TypeError, match="expected names of Workflows in the env, got 'ORDER'"):
        FakeRuntime(Default, env=AppEnv, workflows={"ORDER": Pipeline})


async def test_class_may_be_the_name_of_an_export() -> None:
    runtime = runtime_of()
    flow = runtime.env.ORDERS.js_object
    assert isinstance(flow, FakeWorkflow)
    flow.script.exports["Pipeline"] = Pipeline
    flow.kind = "Pipeline"
    instance = await begun(runtime)
    assert (await instance.status()).status == "running"


async def test_subscription_advances_instance_as_far_as_the_clock() -> None:
    runtime = runtime_of()
    instance = await runtime.env.ORDERS.create(params={"item": "tea"})
    names: list[str] = []

    async def listen() -> None:
        async for event in instance.subscribe(filter=["step_completed", "sleep_completed"]):
            names.append(str(event.step_name))

    listening = asyncio.ensure_future(listen())
    for _ in range(500):
        await asyncio.sleep(0)
    assert names == ["reserve-1", "charge-1", "mail-1"]
    await instance.send_event(type="approved", payload="Rome")
    runtime.clock.advance(timedelta(hours=1))
    await runtime.drain()
    await listening
    assert names[3:] == ["cool down-1", "ship-1"]


async def test_crash_appears_in_events_only_as_another_attempt() -> None:
    runtime = runtime_of()
    introspect_workflow(runtime.env.ORDERS).crash_before("charge")
    await begun(runtime, "o")
    await finished(runtime, "o")
    events = [event async for event in (await runtime.env.ORDERS.get("o")).subscribe()]
    charged = [(event.type, event.attempt) for event in events if event.step_name == "charge-1"]
    assert charged == [
        ("step_started", None),
        ("attempt_started", 1),
        ("attempt_started", 2),
        ("attempt_completed", 2),
        ("step_completed", None),
    ]
    assert [event.type for event in events].count("workflow_running") == 1


async def test_older_runtime_raises_for_missing_members() -> None:
    class Old:
        async def createBatch(self, batch: Any) -> list[Any]:
            return [object() for _ in batch]

    workflow: Workflow[Any] = Workflow(Old())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    [instance] = await workflow.create_batch([WorkflowInstanceCreateOptions()])
    with pytest.raises(WorkflowError, match=r"^this runtime has no deleteBatch\(\)$"):
        await workflow.delete_batch(["a"])
    with pytest.raises(WorkflowError, match=r"^this runtime has no delete\(\) of an instance$"):
        await instance.delete()
    with pytest.raises(WorkflowError, match=r"^this runtime has no subscribe\(\) of an instance$"):
        instance.subscribe()


async def test_existing_id_raises_or_is_error_of_batch() -> None:
    runtime = runtime_of()
    await begun(runtime, "a")
    with pytest.raises(WorkflowError, match="already exists"):
        await runtime.env.ORDERS.create(id="a")
    options = [WorkflowInstanceCreateOptions[Order](id=id, params={"item": "x"}) for id in "ab"]
    assert [one.id for one in await runtime.env.ORDERS.create_batch(options)] == ["b"]
    flow = runtime.env.ORDERS.js_object
    assert isinstance(flow, FakeWorkflow)
    flow.strict = False
    assert [one.id for one in await runtime.env.ORDERS.create_batch(options)] == ["a", "b"]
    result = await runtime.env.ORDERS.create_batch(instances=options)
    assert ([one.id for one in result.created], result.errors) == (["a", "b"], [])
    assert (await (await runtime.env.ORDERS.create(id="a")).status()).status == "running"


def flow_of(body: Any) -> type[Any]:
    class Made(WorkflowEntrypoint[AppEnv]):
        async def run(self, event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
            return await body(step)

    return Made


async def outcome(body: Any) -> Any:
    runtime = runtime_of(flow_of(body))
    instance = await begun(runtime)
    status = await instance.status()
    return status.output if status.error is None else status.error


async def test_too_many_steps_raise() -> None:
    async def body(step: WorkflowStep) -> None:
        async def nothing() -> None: ...

        for _ in range(10_001):
            await step.do("again", nothing)

    error = await outcome(body)
    assert error.message.startswith("The limit of 10000 steps has been reached")


async def test_stream_result_is_read_as_bytes_by_introspection() -> None:
    async def body(step: WorkflowStep) -> None:
        async def made() -> ReadableStream:
            stream = Response(b"ab").body
            assert stream
            return stream

        await step.do("stream", made)

    runtime = runtime_of(flow_of(body))
    instance = introspect_workflow(runtime.env.ORDERS).instance((await begun(runtime)).id)
    assert await instance.wait_for_step_result("stream") == b"ab"


async def test_hanging_step_times_out_on_the_clock() -> None:
    cancelled: list[bool] = []

    async def body(step: WorkflowStep) -> None:
        async def hangs() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(True)

        await step.do("hangs", hangs, retries={"limit": 0, "delay": 0})

    runtime = runtime_of(flow_of(body))
    instance = await begun(runtime)
    assert (await instance.status()).status == "running"
    runtime.clock.advance(timedelta(minutes=10))
    await runtime.drain()
    assert (await instance.status()).error == ("Error", "Execution timed out after 600000ms")
    await asyncio.sleep(0)
    assert cancelled == [True]


async def test_step_that_cancels_itself_fails() -> None:
    async def body(step: WorkflowStep) -> None:
        async def stops() -> None:
            raise asyncio.CancelledError

        await step.do("stops", stops, retries={"limit": 0, "delay": 0})

    assert await outcome(body) == ("Error", "CancelledError")


async def test_code_outside_of_steps_may_take_real_time() -> None:
    async def body(step: WorkflowStep) -> str:
        await asyncio.sleep(0.02)
        return "slept"

    assert await outcome(body) == "slept"


async def test_requested_pause_holds_back_new_steps() -> None:
    calls: list[str] = []
    runtime: FakeRuntime[AppEnv]
    go_on = asyncio.Event()

    async def body(step: WorkflowStep) -> tuple[str, str]:
        async def long() -> str:
            calls.append("long")
            await go_on.wait()
            return "long"

        async def short() -> str:
            calls.append("short")
            return "short"

        async def later() -> str:
            calls.append("later")
            return await step.do("short", short)

        async def second() -> str:
            await step.sleep("nap", 1000)
            return await later()

        return await asyncio.gather(step.do("long", long), second())

    runtime = runtime_of(flow_of(body))
    instance = await runtime.env.ORDERS.create(params={"item": "tea"})
    for resumed in (True, False):
        draining = asyncio.ensure_future(runtime.drain())
        for _ in range(100):  # turns of the loop: time would depend on how busy the machine is
            await asyncio.sleep(0)
        await instance.pause()
        assert (await instance.status()).status == "waitingForPause"
        runtime.clock.advance(1)
        await draining
        await runtime.drain()
        assert calls[-1] == "later"
        if resumed:
            await instance.resume()
            assert (await instance.status()).status == "running"
            await runtime.drain()
            assert calls == ["long", "later", "short"]
            go_on.set()
            await runtime.drain()
            assert (await instance.status()).output == ["long", "short"]
            calls.clear()
            go_on.clear()
            await instance.restart()
    go_on.set()
    await runtime.drain()
    assert (await instance.status()).status == "paused"
    assert calls == ["long", "later"]
    await instance.resume()
    await runtime.drain()
    assert (await instance.status()).output == ["long", "short"]
    assert calls == ["long", "later", "later", "short"]


async def test_pause_during_attempt_takes_effect_before_the_retry() -> None:
    calls: list[str] = []
    runtime: FakeRuntime[AppEnv]

    async def body(step: WorkflowStep) -> None:
        async def fails() -> None:
            calls.append("fails")
            await runtime_instance[0].pause()
            raise LookupError

        await step.do("fails", fails, retries={"limit": 1, "delay": "1 minute"})

    runtime_instance: list[WorkflowInstance] = []
    runtime = runtime_of(flow_of(body))
    runtime_instance.append(await runtime.env.ORDERS.create(params={"item": "tea"}))
    (instance,) = runtime_instance
    await runtime.drain()
    assert (await instance.status()).status == "paused"
    runtime.clock.advance(3600)
    await instance.resume()
    await runtime.drain()
    assert calls == ["fails"]
    runtime.clock.advance(60)
    await runtime.drain()
    assert calls == ["fails", "fails"]


async def test_error_of_terminated_run_has_no_effect() -> None:
    seen: list[str] = []

    async def body(step: WorkflowStep) -> None:
        try:
            await step.sleep("nap", 1000)
        except asyncio.CancelledError:
            try:
                await step.sleep("another", 1000)
            except asyncio.CancelledError:
                seen.append("dead")
            raise LookupError("too late") from None

    runtime = runtime_of(flow_of(body))
    instance = await begun(runtime)
    await instance.terminate()
    await asyncio.sleep(0.01)
    assert seen == ["dead"]
    assert await instance.status() == ("terminated", None, None)


async def test_terminated_run_that_catches_cancellation_does_not_complete() -> None:
    async def body(step: WorkflowStep) -> str:
        try:
            await step.sleep("nap", 1000)
        except asyncio.CancelledError:
            pass
        return "done"

    runtime = runtime_of(flow_of(body))
    instance = await begun(runtime)
    await instance.terminate()
    await asyncio.sleep(0.01)
    assert await instance.status() == ("terminated", None, None)


async def test_sleep_until_past_time_is_accepted_in_replay() -> None:
    async def body(step: WorkflowStep) -> str:
        start = await step.do("start", now)
        await step.sleep_until("soon", start + 1000)
        await step.sleep("nap", 5000)
        return "awake"

    async def now() -> float:
        return runtime.clock.now()

    runtime = runtime_of(flow_of(body))
    introspect_workflow(runtime.env.ORDERS).crash_after("nap")
    introspect_workflow(runtime.env.ORDERS).crash_before("nap")
    order = introspect_workflow(runtime.env.ORDERS).instance((await begun(runtime)).id)
    await order.wait_for_status("complete")
    assert (order.output, order.crashes) == ("awake", 2)


async def test_pause_keeps_remaining_time_of_sleep() -> None:
    runtime = runtime_of()
    order = await begun(runtime, "o")
    await order.pause()
    runtime.clock.advance(timedelta(days=1))
    await order.resume()
    await runtime.drain()
    flow = introspect_workflow(runtime.env.ORDERS)
    assert flow.instance("o").steps[-1].name == "cool down"
    runtime.clock.advance(timedelta(hours=1))
    await runtime.drain()
    assert flow.instance("o").steps[-1].name == "approval"


async def test_waiting_instance_may_be_garbage_collected() -> None:
    runtime = runtime_of()
    await begun(runtime, "o")
    del runtime
    gc.collect()  # asyncio and pytest report a pending task that is collected
    await asyncio.sleep(0)


async def test_event_skips_step_that_timed_out() -> None:
    async def body(step: WorkflowStep) -> Any:
        with pytest.raises(TimeoutError):
            await step.wait_for_event("first", "x", timeout=1000)
        return (await step.wait_for_event("second", "x")).payload

    runtime = runtime_of(flow_of(body))
    instance = await begun(runtime)
    runtime.clock.advance(1)
    await runtime.drain()
    await instance.send_event(type="x", payload=1)
    await runtime.drain()
    assert (await instance.status()).output == 1


async def test_events_have_repr_and_timestamp() -> None:
    async def body(step: WorkflowStep) -> Any:
        event = await step.wait_for_event("wait", "x")
        assert event.js_object["type"] == "x"
        return [repr(event), event.timestamp.tzname()]

    class Shown(WorkflowEntrypoint[AppEnv]):
        async def run(self, event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
            assert step.js_object is not None
            return [*await body(step), repr(event)]

    runtime = runtime_of(Shown)
    instance = await begun(runtime, "o")
    await instance.send_event(type="x")
    await runtime.drain()
    assert (await instance.status()).output == [
        "<WorkflowStepEvent x>",
        "UTC",
        "<WorkflowEvent of o>",
    ]
    assert instance.js_object.id == "o"


async def test_do_with_callback_needs_a_name() -> None:
    async def body(step: WorkflowStep) -> Any:
        async def nothing() -> None: ...

        anything: Any = step
        for wrong in ((None, nothing), ("a", nothing, True)):
            with pytest.raises(TypeError, match="expected a name and not concurrent"):
                anything.do(*wrong)

        def plain(context: Any, more: int = 1) -> Any:
            return [context["attempt"], more]

        return await anything.do("plain", plain)

    assert await outcome(body) == [1, 1]


async def test_shared_dependency_of_concurrent_steps_runs_once() -> None:
    calls: list[str] = []

    async def body(step: WorkflowStep) -> Any:
        @step.do()
        async def root() -> int:
            calls.append("root")
            return 1

        @step.do()
        async def left(root: int) -> int:
            return root + 1

        @step.do()
        async def right(root: int) -> int:
            return root + 2

        @step.do(concurrent=True)
        async def both(left: int, right: int) -> int:
            return left + right

        return await both()

    assert await outcome(body) == 5
    assert calls == ["root"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 second", 1000),
        ("2 weeks", 1_209_600_000),
        ("1 month", 2_592_000_000),
        ("1.5 hours", 5_400_000),
        ("250", 250),
        ("3 things", 3),
        (7, 7),
    ],
)
async def test_duration_text_is_converted_to_milliseconds(text: Any, expected: float) -> None:
    assert milliseconds(text) == expected


async def test_log_replaces_values_outside_json() -> None:
    assert logged([float("nan"), float("-inf"), 1.5, True]) == [None, None, 1.5, True]
    assert logged({"at": datetime(2026, 1, 1, tzinfo=timezone.utc)}) == {
        "at": "2026-01-01T00:00:00.000Z"
    }


async def test_crashed_instance_is_rolled_back() -> None:
    undone: list[str] = []

    async def undo(context: WorkflowRollbackContext[Any]) -> None:
        undone.append(context.step_name)

    class Flow(WorkflowEntrypoint[AppEnvOfOne]):
        async def run(self, event: WorkflowEvent[Any], step: WorkflowStep) -> None:
            assert event.schedule is None

            async def work() -> ReadableStream:
                return ReadableStream(stream_from(one()))

            async def one() -> Any:
                yield b"data"

            stream = await step.do("a", work, rollback=undo)
            assert await stream.bytes() == b"data"
            raise ValueError("end")

    runtime = FakeRuntime(Nothing, env=AppEnvOfOne, workflows={"FLOW": Flow})
    introspect_workflow(runtime.env.FLOW).crash_after("a")
    instance = await runtime.env.FLOW.create(location_hint="weur")
    await runtime.drain()
    await runtime.drain()
    assert (await instance.status()).status == "errored"
    assert undone == ["a-1"]


async def test_failed_rollback_is_retried_after_its_delay() -> None:
    tries: list[int] = []

    async def undo(context: WorkflowRollbackContext[Any]) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")

    class Flow(WorkflowEntrypoint[AppEnvOfOne]):
        async def run(self, event: WorkflowEvent[Any], step: WorkflowStep) -> None:
            async def work() -> None: ...

            await step.do("a", work, rollback=undo)
            await step.sleep("rest", "1 day")

    runtime = FakeRuntime(Nothing, env=AppEnvOfOne, workflows={"FLOW": Flow})
    instance = await runtime.env.FLOW.create()
    await runtime.drain()
    await instance.terminate(rollback=True)
    assert (await instance.status()).status == "rollingBack"
    runtime.clock.advance(1)
    await runtime.drain()
    assert (await instance.status()).status == "terminated"
    assert len(tries) == 2


async def test_event_has_schedule_and_sensitivity() -> None:
    event = WorkflowEvent[Any]({"schedule": {"cron": "0 * * * *", "scheduledTime": 1000}})
    schedule = event.schedule
    assert schedule is not None
    assert schedule == ("0 * * * *", datetime(1970, 1, 1, 0, 0, 1, tzinfo=timezone.utc))
    step_event = WorkflowStepEvent[Any]({"sensitive": "output"})
    assert step_event.sensitive == "output"


class AppEnvOfOne(Env):
    FLOW: Workflow


class Nothing(WorkerEntrypoint[Env]): ...


class Fails(WorkflowEntrypoint[Env]):
    async def run(self, event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        async def nowhere() -> object:
            return object()

        async def lost() -> None:
            raise LookupError("lost")

        how = event.payload["how"]
        await step.do("it", nowhere if how == "result" else lost, retries={"limit": 1, "delay": 1})


class FailsEnv(Env):
    FAILS: Workflow[dict[str, str]]


async def test_errors_are_logged_with_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runtime = FakeRuntime(Default, env=FailsEnv, workflows={"FAILS": Fails})
    await runtime.env.FAILS.create(id="a", params={"how": "raise"})
    await runtime.drain()
    runtime.clock.advance(1)
    await runtime.drain()
    first, second, ended = [record.getMessage() for record in caplog.records]
    assert first.startswith("step 'it', attempt 1, of fails a: Traceback")
    assert "LookupError: lost" in first
    assert second.startswith("step 'it', attempt 2, of fails a: Traceback")
    assert ended.startswith("run() of fails a: ")

    caplog.clear()
    await runtime.env.FAILS.create(id="b", params={"how": "result"})
    await runtime.drain()
    message = "the result of step 'it': an object cannot cross to JavaScript here"
    assert caplog.records[0].getMessage() == f"step 'it', attempt 1, of fails b: {message}"


async def test_invalid_retention_raises() -> None:
    options = WorkflowInstanceCreateOptions[Any](retention={"success_retention": "1 fortnight"})
    with pytest.raises(ConversionError, match=r"^retention\.success_retention: expected millis"):
        await fake(FailsEnv).FAILS.create_batch([options])


async def test_result_over_1_mib_fails_step() -> None:
    class Large(WorkflowEntrypoint[Env]):
        async def run(self, event: WorkflowEvent[Any], step: WorkflowStep) -> int:
            async def text() -> str:
                size: int = event.payload["size"]
                return "x" * size

            return len(await step.do("it", text, retries={"limit": 0, "delay": 0}))

    runtime = FakeRuntime(Default, env=FailsEnv, workflows={"FAILS": Large})
    flow = runtime.env.FAILS
    for strict, size, status in (
        (True, 1_048_000, "complete"),
        (True, 1_100_000, "errored"),
        (False, 1_100_000, "complete"),
        (False, 3_000_000, "errored"),
    ):
        flow.js_object.strict = strict
        params: Any = {"size": size}
        instance = await flow.create(params=params)
        await runtime.drain()
        assert (await instance.status()).status == status
