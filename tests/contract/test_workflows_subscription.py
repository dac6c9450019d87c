"""Workflows since September 2026: subscriptions, deletion, and batches that report errors.

The checks of the engine run where the local runtime has these members. The checks of the border run
in every world, in the real worlds over tests/real/stand_ins/workflows.mjs.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from pyworkers_sdk import (
    NonRetryableError,
    ReadableStream,
    Response,
    Workflow,
    WorkflowBatchCreateResult,
    WorkflowBatchDeleteResult,
    WorkflowDynamicDelayContext,
    WorkflowError,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowInstanceCreateOptions,
    WorkflowInstanceEvent,
    WorkflowRollbackContext,
    WorkflowStep,
)
from tests.contract.kit import Skipped, cases, not_in, only, raises
from tests.contract.workers import AppEnv
from tests.contract.workers.workflows import Body, Flows

NODE = "there is no Python Worker in the Node worlds: nothing runs the instances"
ONCE: Any = {"limit": 0, "delay": 1}
TWICE: Any = {"limit": 1, "delay": 5, "backoff": "constant"}
DEFAULT = {
    "retries": {"limit": 5, "delay": 1000, "backoff": "exponential"},
    "timeout": "10 minutes",
}
STARTED = ["workflow_queued", "workflow_started", "workflow_running"]
ONE_STEP = ["step_started", "attempt_started", "attempt_completed", "step_completed"]


def options(**members: Any) -> WorkflowInstanceCreateOptions[Any]:
    return WorkflowInstanceCreateOptions(**members)


def newest(flows: Flows) -> Workflow[dict[str, Any]]:
    workflow = flows.app.FLOWS
    if not hasattr(workflow.js_object, "deleteBatch"):
        raise Skipped("this miniflare has no subscribe(), delete() and deleteBatch()")
    return workflow


async def listen_to(
    flows: Flows, instance: WorkflowInstance, **options: Any
) -> list[WorkflowInstanceEvent]:
    """Advance an instance until a subscription ends, and return its events."""

    async def listen() -> list[WorkflowInstanceEvent]:
        return [event async for event in instance.subscribe(**options)]

    listening = asyncio.ensure_future(listen())
    for _ in range(1200):
        if listening.done():
            break
        await flows.wait()
    return await listening


async def events_of(flows: Flows, body: Body) -> list[WorkflowInstanceEvent]:
    """Run an instance to its end, and return its events."""
    newest(flows)
    instance = await flows.start(body)
    await flows.ended(instance)
    return await listen_to(flows, instance)


def types(events: Iterable[WorkflowInstanceEvent]) -> list[str]:
    return [event.type for event in events]


async def one() -> int:
    return 1


async def fail() -> None:
    raise ValueError("no")


async def undo(ctx: WorkflowRollbackContext[Any]) -> None: ...


# Events ------------------------------------------------------------------------------------------


@not_in("node", reason=NODE)
async def test_subscription_yields_events_while_instance_runs(flows: Flows) -> None:
    newest(flows)

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> list[int]:
        await step.do("one", one)
        await step.sleep("nap", timedelta(milliseconds=50))
        await step.wait_for_event("news", "go")
        return [1]

    instance = await flows.start(body, x=1)
    events: list[WorkflowInstanceEvent] = []

    async def listen() -> None:
        async for event in instance.subscribe():
            events.append(event)

    listening = asyncio.ensure_future(listen())
    await flows.seen(events, 10)
    assert events[-1].type == "wait_started"
    await instance.send_event(type="go")
    await flows.seen(events, 12)
    await listening
    assert types(events) == [
        *STARTED,
        *ONE_STEP,
        "sleep_started",
        "sleep_completed",
        "wait_started",
        "wait_completed",
        "workflow_completed",
    ]
    assert [event.event_id for event in events] == [*range(1, 13)]
    assert {event.instance_id for event in events} == {instance.id}
    stamps = [event.timestamp for event in events]
    assert stamps == sorted(stamps)
    assert stamps[0].tzinfo is timezone.utc
    assert events[1].params["x"] == 1
    assert (events[3].step_name, events[3].config) == ("one-1", DEFAULT)
    assert (events[5].step_name, events[5].attempt) == ("one-1", 1)
    assert (events[6].step_name, events[6].output) == ("one-1", 1)
    assert (events[7].step_name, events[7].duration_ms) == ("nap-1", 50)
    assert (events[9].step_name, events[9].event_type) == ("news-1", "go")
    assert events[11].output == [1]
    assert events[2][4:] == (None,) * 9
    assert await listen_to(flows, instance) == events


@not_in("node", reason=NODE)
async def test_cursor_and_filter_select_events(flows: Flows) -> None:
    newest(flows)

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("one", one)
        await step.do("two", one)

    instance = await flows.start(body)
    await flows.ended(instance)
    whole = await listen_to(flows, instance)
    assert await listen_to(flows, instance, cursor=3) == whole[3:]
    assert await listen_to(flows, instance, cursor=0) == whole
    assert await listen_to(flows, instance, cursor=len(whole)) == []
    assert await listen_to(flows, instance, cursor=1000) == []
    assert await listen_to(flows, instance, filter=[]) == []
    steps = await listen_to(flows, instance, filter=("step_completed", "step_errored"), cursor=7)
    assert [event.step_name for event in steps] == ["two-1"]


@not_in("node", reason=NODE)
@cases([{"cursor": -1}, {"cursor": 1.5}, {"cursor": "1"}, {"filter": ["none"]}, {"filter": "abc"}])
async def test_invalid_cursor_or_filter_raises(flows: Flows, case: dict[str, Any]) -> None:
    newest(flows)
    instance = await flows.app.FLOWS.create(params={"body": "none"})
    events = instance.subscribe(**case)
    with raises(WorkflowError, match="^Invalid Workflow subscription options$"):
        await anext(events)
    assert [event async for event in events] == []


@not_in("node", reason=NODE)
async def test_each_attempt_has_events(flows: Flows) -> None:
    def soon(context: WorkflowDynamicDelayContext) -> int:
        return 5

    def wrong(context: WorkflowDynamicDelayContext) -> int:
        raise KeyError("k")

    async def slow() -> None:
        await asyncio.sleep(20)

    async def never() -> None:
        raise NonRetryableError("never")

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        calls: list[tuple[str, Any, Any]] = [
            ("fail", fail, {"retries": TWICE}),
            ("soon", fail, {"retries": {**TWICE, "delay": soon}}),
            ("wrong", fail, {"retries": {**TWICE, "delay": wrong}}),
            ("slow", slow, {"retries": ONCE, "timeout": 20}),
        ]
        for name, function, config in calls:
            try:
                await step.do(name, function, **config)
            except WorkflowError:
                continue
        await step.do("never", never)

    events = await events_of(flows, body)
    failed = [(e.step_name, e.attempt, e.error, e.retry_delay_ms) for e in events if e.attempt]
    no = ("Error", "ValueError: no")
    assert failed == [
        ("fail-1", 1, None, None),
        ("fail-1", 1, no, 5),
        ("fail-1", 2, None, None),
        ("fail-1", 2, no, None),
        ("soon-1", 1, None, None),
        ("soon-1", 1, no, 5),
        ("soon-1", 2, None, None),
        ("soon-1", 2, no, None),
        ("wrong-1", 1, None, None),
        ("wrong-1", 1, no, None),
        ("slow-1", 1, None, None),
        ("slow-1", 1, ("WorkflowTimeoutError", "Execution timed out after 20ms"), None),
        ("never-1", 1, None, None),
        (
            "never-1",
            1,
            (
                "WorkflowFatalError",
                'Step threw a NonRetryableError with message "NonRetryableError: never"',
            ),
            None,
        ),
    ]
    assert types(events)[3:9] == [
        "step_started",
        *["attempt_started", "attempt_errored"] * 2,
        "step_errored",
    ]
    configs = {event.step_name: event.config for event in events if event.config}
    assert configs["fail-1"] == {**DEFAULT, "retries": TWICE}
    assert configs["soon-1"] == {**DEFAULT, "retries": {**TWICE, "delay": "[dynamic]"}}
    assert configs["slow-1"]["timeout"] == 20
    last = events[-1]
    assert last.type == "workflow_errored"
    assert last.error is not None
    assert last.error.name == "WorkflowFatalError"


@not_in("node", reason=NODE)
async def test_sensitive_output_is_redacted_in_events(flows: Flows) -> None:
    at = datetime(2026, 1, 2, tzinfo=timezone.utc)

    async def values() -> dict[str, Any]:
        return {"at": at, "set": {1}, "raw": b"ab", "none": None}

    async def stream() -> ReadableStream | None:
        return Response(b"abc").body

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> dict[str, Any]:
        await step.do("secret", one, sensitive="output")
        await step.do("stream", stream)
        return await step.do("values", values)

    events = await events_of(flows, body)
    [secret, streamed, plain] = [event for event in events if event.type == "step_completed"]
    assert secret.output == "[REDACTED]"
    assert plain.output == events[-1].output == {"at": at, "set": {1}, "raw": b"ab", "none": None}
    assert isinstance(streamed.output, ReadableStream)
    assert await streamed.output.bytes() == b"abc"
    config = next(event.config for event in events if event.config)
    assert config == {**DEFAULT, "sensitive": "output"}


@not_in("node", reason=NODE)
async def test_step_name_of_sleep_and_wait_has_number(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        for length in (10, 10, 20):
            await step.sleep("nap", length)
        soon = datetime.fromtimestamp((flows.now() + 900) / 1000, timezone.utc)
        await step.sleep_until("nap", soon)
        for kind in ("a", "b"):
            try:
                await step.wait_for_event("news", kind, timeout=10)
            except WorkflowError:
                continue

    events = (await events_of(flows, body))[3:-1]
    told_of = ["nap-1", "nap-2", "nap-1", "nap-1", "news-1", "news-2"]
    assert [event.step_name for event in events] == [name for name in told_of for _ in range(2)]
    assert types(events) == [
        *["sleep_started", "sleep_completed"] * 4,
        *["wait_started", "wait_timed_out"] * 2,
    ]
    lengths = [event.duration_ms for event in events if event.type == "sleep_started"]
    assert lengths[:3] == [10, 10, 20]
    assert lengths[3] is not None
    assert 0 < lengths[3] < 1000


ONE_ROLLBACK = [
    "rollback_step_started",
    "rollback_attempt_started",
    "rollback_attempt_completed",
    "rollback_step_completed",
]


@not_in("node", reason=NODE)
async def test_rollback_has_events(flows: Flows) -> None:
    async def well(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("one", one, rollback=undo, rollback_config={"timeout": 100})
        await step.do("two", one, rollback=undo)
        raise KeyError("end")

    events = (await events_of(flows, well))[11:]
    assert types(events) == [
        "rollback_started",
        *ONE_ROLLBACK * 2,
        "rollback_completed",
        "workflow_errored",
    ]
    assert [event.step_name for event in events[1:-2]] == ["two-1"] * 4 + ["one-1"] * 4
    assert events[1].config == DEFAULT
    assert events[5].config == {**DEFAULT, "timeout": 100}

    async def odd(ctx: WorkflowRollbackContext[Any]) -> None:
        raise ValueError("u")

    async def badly(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("one", one, rollback=odd, rollback_config={"retries": TWICE})
        raise KeyError("end")

    events = (await events_of(flows, badly))[7:]
    assert types(events) == [
        "rollback_started",
        "rollback_step_started",
        *["rollback_attempt_started", "rollback_attempt_errored"] * 2,
        "rollback_step_errored",
        "rollback_errored",
        "workflow_errored",
    ]
    assert events[3].error == ("Error", "ValueError: u")
    assert [event.retry_delay_ms for event in events[2:6]] == [None, 5, None, None]


@not_in("node", reason=NODE)
async def test_termination_is_last_event(flows: Flows) -> None:
    newest(flows)

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("one", one, rollback=undo)
        await step.wait_for_event("news", "go")

    instance = await flows.start(body)
    listening = asyncio.ensure_future(listen_to(flows, instance))
    await flows.wait(0.3)
    await instance.terminate()
    events = await listening
    assert types(events) == [*STARTED, *ONE_STEP, "wait_started", "workflow_terminated"]

    instance = await flows.start(body)
    await flows.wait(0.3)
    await instance.terminate(rollback=True)
    await flows.ended(instance)
    assert types(await listen_to(flows, instance, cursor=8)) == [
        "rollback_started",
        *ONE_ROLLBACK,
        "rollback_completed",
        "workflow_terminated",
    ]


@not_in("node", reason=NODE)
async def test_pause_and_resume_have_events(flows: Flows) -> None:
    newest(flows)

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("one", one)
        await step.wait_for_event("news", "go")

    instance = await flows.start(body)
    await flows.wait(0.3)
    await instance.pause()
    await flows.until(instance, "paused")
    await instance.resume()
    await flows.wait(0.1)
    await instance.send_event(type="go")
    await flows.ended(instance)
    assert types(await listen_to(flows, instance)) == [
        *STARTED,
        *ONE_STEP,
        "wait_started",
        "workflow_waiting_for_pause",
        "workflow_paused",
        "workflow_running",
        "wait_completed",
        "workflow_completed",
    ]


@not_in("node", reason=NODE)
async def test_restart_starts_new_events(flows: Flows) -> None:
    newest(flows)

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("one", one)
        await step.do("two", one)

    instance = await flows.start(body)
    await flows.ended(instance)
    before = await listen_to(flows, instance)
    await instance.restart()
    await flows.ended(instance)
    again = await listen_to(flows, instance)
    assert types(again) == types(before)
    assert [event.event_id for event in again] == [*range(1, 13)]
    await instance.restart(from_={"name": "two"})
    await flows.ended(instance)
    partly = await listen_to(flows, instance)
    assert partly[:6] == [*again[:2], *again[3:7]]
    assert types(partly[6:]) == ["workflow_running", *ONE_STEP, "workflow_completed"]
    assert [event.event_id for event in partly[6:]] == [*range(8, 14)]


@not_in("node", reason=NODE)
@cases(["restart", "delete"])
async def test_restart_and_delete_break_subscription(flows: Flows, case: str) -> None:
    newest(flows)

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.wait_for_event("news", "go")

    instance = await flows.start(body)
    listening = asyncio.ensure_future(listen_to(flows, instance))
    await flows.wait(0.3)
    await getattr(instance, case)()
    with raises(WorkflowError, match=f"^Aborting engine: User called {case}$"):
        await listening


@not_in("node", reason=NODE)
async def test_closed_subscription_leaves_others_open(flows: Flows) -> None:
    newest(flows)

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.wait_for_event("news", "go")

    instance = await flows.start(body)
    async for event in instance.subscribe():
        assert event.type == "workflow_queued"
        break
    leaving = instance.subscribe(filter=["workflow_terminated"])
    waiting = asyncio.ensure_future(anext(leaving, None))
    staying = asyncio.ensure_future(listen_to(flows, instance))
    await flows.wait(0.3)
    await leaving.aclose()
    await instance.send_event(type="go")
    assert (await staying)[-1].type == "workflow_completed"
    assert await waiting is None
    async with instance.subscribe() as events:
        assert (await anext(events)).type == "workflow_queued"
    assert [event async for event in events] == []


# Deletion ----------------------------------------------------------------------------------------


@not_in("node", reason=NODE)
async def test_delete_removes_instance_and_its_data(flows: Flows) -> None:
    newest(flows)
    begun: list[str] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        begun.append(event.instance_id)
        await step.sleep("nap", 200)
        begun.append("late")

    instance = await flows.start(body)
    await flows.seen(begun)
    await instance.delete()
    await flows.wait(0.4)
    assert begun == [instance.id]
    for call in (instance.status, instance.delete, instance.pause):
        with raises(WorkflowError, match=r"instance\.not_found") as caught:
            await call()
        assert caught.value.code == "instance.not_found"
    with raises(WorkflowError, match=r"instance\.not_found"):
        await listen_to(flows, instance)
    with raises(WorkflowError, match=r"instance\.not_found"):
        await flows.app.FLOWS.get(instance.id)
    again = await flows.start(body, id=instance.id)
    assert (await flows.ended(again)).status == "complete"
    assert (await instance.status()).status == "complete"
    assert begun == [instance.id, instance.id, "late"]


@not_in("node", reason=NODE)
async def test_workflow_that_deletes_itself_stops(flows: Flows) -> None:
    newest(flows)
    seen: list[str] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        async def end() -> None:
            own = await flows.app.FLOWS.get(event.instance_id)
            seen.append("before")
            await own.delete()
            seen.append("behind")

        await step.do("end", end)
        seen.append("after")

    instance = await flows.start(body)
    await flows.seen(seen)
    await flows.wait(0.3)
    assert seen == ["before"]
    with raises(WorkflowError, match=r"instance\.not_found"):
        await instance.status()


@not_in("node", reason=NODE)
@cases({"none": 0, "too many": 101, "1.5": 1.5})
async def test_batch_count_out_of_range_raises(flows: Flows, case: Any) -> None:
    with raises(WorkflowError) as caught:
        await newest(flows).create_batch(count=case)
    many = "batchCreate only supports 100 instances at a time"
    reason = many if case == 101 else "count must be a positive integer"
    assert str(caught.value) == f"(body) {reason}"


BATCHES: dict[str, tuple[list[Any], str]] = {
    "none": ([], "(body) Batch size exceeds maximum allowed"),
    "too many": ([{}] * 101, "(body) Batch size exceeds maximum allowed"),
    "an id": ([{}, {"id": "-a"}], "(instance.invalid_id) Instance ID is invalid"),
    "a name": ([{"id": "terminateAll"}], "(instance.invalid_id) Instance ID is invalid"),
    "retention": (
        [{"retention": {"error_retention": 0}}],
        "(body) Duration must be a number or a string in format '{{number}} {{unit}}' where "
        "unit is second(s), minute(s), etc.",
    ),
}


@not_in("node", reason=NODE)
@cases(BATCHES)
async def test_invalid_batch_raises(flows: Flows, case: tuple[list[Any], str]) -> None:
    batch, reason = case
    with raises(WorkflowError) as caught:
        await newest(flows).create_batch(instances=[options(**members) for members in batch])
    assert str(caught.value) == reason


@not_in("node", reason=NODE)
async def test_batch_as_list_leaves_out_existing_ids(flows: Flows) -> None:
    workflow = newest(flows)
    known = await workflow.create(params={"body": "none"})
    new = f"{known.id}-new"
    made = await workflow.create_batch([options(id=id) for id in (known.id, new, new)])
    assert [instance.id for instance in made] == [new]
    with raises(WorkflowError, match="^batchCreate only supports 100 instances at a time$"):
        await workflow.create_batch([options()] * 101)
    with raises(WorkflowError, match="^batchCreate should have at least 1 instance$"):
        await workflow.create_batch([])


DELETIONS: dict[str, tuple[list[str], str]] = {
    "none": ([], "(body) batchDeleteInstances should have at least 1 instance"),
    "too many": (["a"] * 101, "(body) batchDeleteInstances only supports 100 instances"),
    "empty": ([""], "(instance.invalid_id) Instance ID is invalid"),
    "a letter": (["ü"], "(instance.invalid_id) Instance ID is invalid"),
    "too long": (["x" * 272], "(instance.invalid_id) Instance ID is invalid"),
}


@not_in("node", reason=NODE)
@cases(DELETIONS)
async def test_delete_batch_with_invalid_ids_raises(
    flows: Flows, case: tuple[list[str], str]
) -> None:
    ids, reason = case
    with raises(WorkflowError) as caught:
        await newest(flows).delete_batch(ids)
    assert str(caught.value).startswith(reason)


@not_in("node", reason=NODE)
async def test_delete_batch_accepts_id_of_cron_trigger(flows: Flows) -> None:
    id = "*/5 * * * *, " + "x" * 258
    assert [error.id for error in (await newest(flows).delete_batch([id])).errors] == [id]


# Over the border ---------------------------------------------------------------------------------


async def test_batch_returns_started_instances_and_errors(app: AppEnv) -> None:
    known = await app.NEWER_FLOWS.create()
    result = await app.NEWER_FLOWS.create_batch(
        instances=[
            options(id=known.id),
            options(params={"a": [1, None]}, retention={"error_retention": timedelta(days=1)}),
            options(location_hint="weur"),
        ]
    )
    assert isinstance(result, WorkflowBatchCreateResult)
    assert len(result.created) == 2
    assert (await result.created[0].status()).status == "queued"
    message = "workflows.api.error.instance.already_exists"
    assert result.errors == [(0, known.id, 10405, message)]
    assert (result.errors[0].index, result.errors[0].id) == (0, known.id)
    assert result.errors[0].code == 10405


async def test_batch_with_count_starts_equal_instances(app: AppEnv) -> None:
    result = await app.NEWER_FLOWS.create_batch(
        count=3,
        params={"at": datetime(2026, 1, 2, tzinfo=timezone.utc)},
        retention={"success_retention": "1 day", "error_retention": 1000},
        location_hint="apac",
    )
    assert len({instance.id for instance in result.created}) == 3
    assert result.errors == []
    assert len((await app.NEWER_FLOWS.create_batch(count=1)).created) == 1
    nothing: Any = {}
    with raises(WorkflowError, match="count must be a positive integer"):
        await app.NEWER_FLOWS.create_batch(**nothing)


@only("node", "workerd", reason="the stand-in keeps what it got")
async def test_options_of_batch_arrive_under_javascript_names(app: AppEnv) -> None:
    one: Any = {
        "params": {"a": [1, None]},
        "retention": {"success_retention": "1 day", "error_retention": timedelta(seconds=1)},
        "location_hint": "apac",
    }
    flows = app.NEWER_FLOWS
    made = [
        *(await flows.create_batch(count=2, **one)).created,
        *(await flows.create_batch(instances=[options(**one)])).created,
        *await flows.create_batch([options(**one)]),
    ]
    got = {flows.js_object.options(instance.id) for instance in made}
    assert [json.loads(text) for text in got] == [
        {
            "params": {"a": [1, None]},
            "retention": {"successRetention": "1 day", "errorRetention": 1000},
            "locationHint": "apac",
        }
    ]


async def test_batch_as_list_returns_list(app: AppEnv) -> None:
    made = await app.NEWER_FLOWS.create_batch(options(params=number) for number in range(2))
    assert [type(instance) for instance in made] == [WorkflowInstance] * 2


async def test_delete_batch_reports_each_id(app: AppEnv) -> None:
    one, two = (await app.NEWER_FLOWS.create_batch(count=2)).created
    ids = (one.id, "nobody", two.id, one.id)
    result = await app.NEWER_FLOWS.delete_batch(id for id in ids)
    assert isinstance(result, WorkflowBatchDeleteResult)
    assert [deleted.id for deleted in result.deleted] == [one.id, two.id, one.id]
    message = "workflows.api.error.instance.not_found"
    assert result.errors == [("nobody", 10400, message)]
    with raises(WorkflowError, match="batchDeleteInstances should have at least 1 instance"):
        await app.NEWER_FLOWS.delete_batch([])


async def test_deleted_instance_is_not_found(app: AppEnv) -> None:
    instance = await app.NEWER_FLOWS.create()
    await instance.delete()
    with raises(WorkflowError, match=r"instance\.not_found"):
        await instance.status()
    with raises(
        WorkflowError, match=r"^\(instance\.not_found\) Instance does not exist$"
    ) as caught:
        await instance.delete()
    assert caught.value.code == "instance.not_found"
    with raises(WorkflowError, match=r"instance\.not_found"):
        await anext(instance.subscribe())


async def test_subscription_starts_with_past_events(app: AppEnv) -> None:
    instance = await app.NEWER_FLOWS.create()
    async with instance.subscribe(cursor=0, filter=["workflow_queued"]) as events:
        first = await anext(events)
    assert (first.instance_id, first.event_id) == (instance.id, 1)
    assert first.type == "workflow_queued"
    with raises(WorkflowError, match="Invalid Workflow subscription options"):
        await anext(instance.subscribe(cursor=-1))


@only("node", "workerd", reason="the fake's events are those of its engine")
async def test_event_has_fields_of_its_type(app: AppEnv) -> None:
    instance = await app.NEWER_FLOWS.get("told")
    events = [event async for event in instance.subscribe()]
    assert [event.event_id for event in events] == [*range(10, 100, 10)]
    at = datetime(2026, 7, 1, 12, 0, 0, 123000, tzinfo=timezone.utc)
    assert {event.timestamp for event in events} == {at}
    queued, started, step, failed, done, nap, wait, undone, ended = events
    assert queued[4:] == (None,) * 9
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert started.params == {"at": epoch, "list": [1, None], "set": {1}}
    assert step.step_name == "a-1"
    assert step.config == {
        "retries": {"limit": 1, "delay": "[dynamic]", "backoff": "constant"},
        "timeout": "10 minutes",
        "sensitive": "output",
    }
    assert (failed.attempt, failed.retry_delay_ms) == (1, 10.5)
    assert done.output == b"a"
    assert (nap.duration_ms, wait.event_type) == (60000, "go")
    assert failed.error == undone.error == ended.error == ("Error", "ValueError: no")
    chosen = instance.subscribe(cursor=30, filter=("step_completed", "sleep_started"))
    assert [event async for event in chosen] == [done, nap]


@only("node", "workerd", reason="the stand-in counts what is open")
async def test_subscription_is_disposed_once(app: AppEnv) -> None:
    count = app.NEWER_FLOWS.js_object.open
    instance = await app.NEWER_FLOWS.get("told")
    assert count() == 0
    events = instance.subscribe()
    assert count() == 0  # nothing was asked for yet
    await anext(events)
    assert count() == 1
    await events.aclose()
    await events.aclose()
    assert count() == 0
    with raises(StopAsyncIteration):
        await anext(events)
    async for _ in instance.subscribe():
        assert count() == 1
        break
    gc.collect()
    assert count() == 0
    async with instance.subscribe():
        assert count() == 0
    async for _ in instance.subscribe(filter=["step_completed"]):
        assert count() == 1
    assert count() == 0
    lost = (await app.NEWER_FLOWS.get("lost")).subscribe()
    assert (await anext(lost)).event_id == 10
    with raises(WorkflowError, match="Network connection lost"):
        await anext(lost)
    assert count() == 0


@only("workerd", reason="the fake has them, and in the Node worlds is no Workflow")
async def test_older_runtime_raises_for_missing_members(app: AppEnv) -> None:
    workflow = app.FLOWS
    if hasattr(workflow.js_object, "deleteBatch"):
        raise Skipped("this runtime has them")
    with raises(WorkflowError, match=r"^this runtime has no deleteBatch\(\)$"):
        await workflow.delete_batch(["a"])
    instance = await workflow.create(params={"body": "none"})
    with raises(WorkflowError, match=r"^this runtime has no delete\(\) of an instance$"):
        await instance.delete()
    with raises(WorkflowError, match=r"^this runtime has no subscribe\(\) of an instance$"):
        instance.subscribe()
