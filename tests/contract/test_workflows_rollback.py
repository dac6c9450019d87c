"""Workflows: rollback of steps, and retry delays that a function computes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, TypedDict

from pyworkers_sdk import (
    NonRetryableError,
    WorkflowDynamicDelayContext,
    WorkflowError,
    WorkflowEvent,
    WorkflowRollbackContext,
    WorkflowStep,
)
from tests.contract.kit import cases, not_in, raises
from tests.contract.workers.workflows import Flows

NODE = "there is no Python Worker in the Node worlds: nothing runs the instances"
TWICE: Any = {"limit": 1, "delay": 1}


class Paid(TypedDict):
    id: int


async def three() -> str:
    return "three"


async def fail() -> str:
    raise ValueError("fail")


class Undone:
    """A rollback function that records its calls."""

    def __init__(self) -> None:
        self.contexts: list[WorkflowRollbackContext[Any]] = []

    async def __call__(self, context: WorkflowRollbackContext[Any]) -> None:
        self.contexts.append(context)

    @property
    def names(self) -> list[str]:
        return [context.step_name for context in self.contexts]


@not_in("node", reason=NODE)
async def test_failed_instance_rolls_back_started_steps(flows: Flows) -> None:
    undo = Undone()

    async def paid() -> Paid:
        return {"id": 7}

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("one", paid, rollback=undo)
        await step.do("plain", three)
        await asyncio.gather(
            step.do("g1", three, rollback=undo), step.do("g2", three, rollback=undo)
        )
        with raises(WorkflowError, match="fail"):
            await step.do("failed", fail, retries=TWICE, rollback=undo)
        await step.do("one", paid, timeout="1 minute", rollback=undo)
        raise LookupError("end")

    status = await flows.run(body)
    assert (status.status, status.error) == ("errored", ("Error", "LookupError: end"))
    assert undo.names == ["one-2", "failed-1", "g2-1", "g1-1", "one-1"]
    last, failed, *_, first = undo.contexts
    assert last.ctx == {
        "step": {"name": "one", "count": 2},
        "attempt": 1,
        "config": {
            "retries": {"limit": 5, "backoff": "exponential", "delay": 1000},
            "timeout": "1 minute",
        },
    }
    assert first.output == {"id": 7}
    assert first.error.message == "end"
    assert first.error.js_name == "LookupError"
    assert isinstance(first.error, WorkflowError)
    assert failed.output is None
    assert failed.ctx["attempt"] == 2


@not_in("node", reason=NODE)
async def test_decorated_step_is_rolled_back(flows: Flows) -> None:
    undo = Undone()

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        @step.do("three", rollback=undo)
        async def made() -> int:
            return 3

        await made()
        raise NonRetryableError("end")

    status = await flows.run(body)
    assert status.status == "errored"
    [context] = undo.contexts
    assert context.output == 3
    assert isinstance(context.error, NonRetryableError)


@not_in("node", reason=NODE)
async def test_completed_instance_rolls_back_nothing(flows: Flows) -> None:
    undo = Undone()

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> str:
        return await step.do("three", three, rollback=undo)

    assert await flows.output(body) == "three"
    assert undo.names == []


@not_in("node", reason=NODE)
async def test_failed_rollback_is_retried_and_stops_earlier_ones(flows: Flows) -> None:
    undo, tries = Undone(), list[int]()

    async def fails(context: WorkflowRollbackContext[str]) -> None:
        tries.append(len(tries))
        if len(tries) != 2:
            raise KeyError("not yet")

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        twice: Any = {"retries": TWICE, "timeout": timedelta(minutes=1)}
        await step.do("a", three, rollback=undo)
        await step.do("b", three, rollback=fails, rollback_config=twice)
        await step.do("c", three, rollback=fails, rollback_config=twice)
        await step.do("d", three, rollback=undo)
        raise LookupError("end")

    status = await flows.run(body)
    assert status.error == ("Error", "LookupError: end")
    assert tries == [0, 1, 2, 3]
    assert undo.names == ["d-1"]  # b was not rolled back, so neither is a


@not_in("node", reason=NODE)
async def test_terminate_with_rollback_rolls_back_steps(flows: Flows) -> None:
    undo = Undone()

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("a", three, rollback=undo)
        await step.sleep("rest", "1 hour")
        await step.do("never", three, rollback=undo)

    instance = await flows.start(body)
    await flows.wait(0.3)
    await instance.terminate(rollback=True)
    assert undo.names == ["a-1"]
    assert undo.contexts[0].output == "three"
    assert undo.contexts[0].error.message == "Instance terminated during rollback"
    assert undo.contexts[0].error.js_name == "Error"
    assert (await instance.status()).status == "terminated"
    with raises(WorkflowError, match="cannot_terminate"):
        await instance.terminate(rollback=True)


@not_in("node", reason=NODE)
@cases([None, False])
async def test_terminate_without_rollback_rolls_back_nothing(
    flows: Flows, case: bool | None
) -> None:
    undo = Undone()

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("a", three, rollback=undo)
        await step.sleep("rest", "1 hour")

    instance = await flows.start(body)
    await flows.wait(0.3)
    await instance.terminate(rollback=case)
    assert (await instance.status()).status == "terminated"
    assert undo.names == []


@not_in("node", reason=NODE)
async def test_terminate_rolls_back_running_step(flows: Flows) -> None:
    undo, begun = Undone(), list[int]()

    async def slow() -> str:
        begun.append(1)
        await asyncio.sleep(30)
        return ""

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("a", three, rollback=undo)
        await step.do("slow", slow, rollback=undo)

    instance = await flows.start(body)
    await flows.begun(begun)
    await instance.terminate(rollback=True)
    assert undo.names == ["slow-1", "a-1"]
    assert undo.contexts[0].output is None
    assert (await instance.status()).status == "terminated"


@not_in("node", reason=NODE)
async def test_terminate_of_paused_instance_rolls_back_steps(flows: Flows) -> None:
    undo = Undone()

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        await step.do("a", three, rollback=undo)
        await step.wait_for_event("wait", "never")

    instance = await flows.start(body)
    await flows.wait(0.3)
    await instance.pause()
    await flows.until(instance, "paused")
    await instance.terminate(rollback=True)
    assert undo.names == ["a-1"]
    assert (await instance.status()).status == "terminated"


@not_in("node", reason=NODE)
async def test_invalid_rollback_config_raises(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        config: Any = {"retries": {"limit": -1, "delay": 1}}
        with raises(WorkflowError) as caught:
            await step.do("a", three, rollback=Undone(), rollback_config=config)
        assert caught.value.message == (
            'Rollback config for "a" is in a invalid format. See '
            "https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/"
        )
        with raises(TypeError, match="rollback_config: expected a rollback with it, got none"):
            await step.do("b", three, rollback_config={})

    await flows.output(body)


# Delays ------------------------------------------------------------------------------------------


@not_in("node", reason=NODE)
async def test_delay_function_computes_retry_delay(flows: Flows) -> None:
    asked: list[WorkflowDynamicDelayContext] = []
    contexts: list[Any] = []
    times: list[float] = []

    async def soon(context: WorkflowDynamicDelayContext) -> timedelta:
        asked.append(context)
        return timedelta(milliseconds=50)

    async def twice(ctx: Any) -> str:
        contexts.append(ctx)
        times.append(flows.now())
        if len(times) < 3:
            raise ValueError(f"failed {len(times)}")
        return "done"

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> str:
        return await step.do("d", twice, retries={"limit": 3, "delay": soon})

    assert await flows.output(body) == "done"
    assert [context.ctx["attempt"] for context in asked] == [1, 2]
    assert [context.error.message for context in asked] == ["failed 1", "failed 2"]
    assert all(isinstance(context.error, WorkflowError) for context in asked)
    assert asked[0].error.js_name == "ValueError"
    assert contexts[0]["config"]["retries"] == {"limit": 3, "backoff": "exponential"}
    assert asked[0].ctx["config"]["retries"] == {"limit": 3, "backoff": "exponential"}
    assert times[1] - times[0] >= 50
    assert times[2] - times[1] >= 100  # the back-off multiplies it


@not_in("node", reason=NODE)
@cases(
    {
        "raises": (ValueError("no"), "threw an error: ValueError: no"),
        "text": (
            "soon",
            "returned an invalid delay value (expected a number of ms or a duration string like "
            '"30 seconds")',
        ),
        "none": (None, "threw an error: expected a delay, got None"),
        "negative": (
            -1,
            "returned an invalid delay value (expected a number of ms or a duration string like "
            '"30 seconds")',
        ),
    }
)
async def test_invalid_delay_of_function_fails_step(flows: Flows, case: tuple[Any, str]) -> None:
    result, reason = case
    tries: list[int] = []

    def delay(context: WorkflowDynamicDelayContext) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    async def failing() -> None:
        tries.append(1)
        raise ValueError("failed")

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        with raises(WorkflowError) as caught:
            await step.do("d", failing, retries={"limit": 3, "delay": delay})
        assert caught.value.message == f'The delay function for step "d-1" {reason}'

    await flows.output(body)
    assert tries == [1]


@not_in("node", reason=NODE)
async def test_delay_function_over_5_seconds_fails_step(flows: Flows) -> None:
    async def delay(context: WorkflowDynamicDelayContext) -> int:
        await asyncio.sleep(30)
        return 1

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        with raises(WorkflowError) as caught:
            await step.do("d", fail, retries={"limit": 3, "delay": delay})
        assert caught.value.message == (
            'The delay function for step "d-1" did not return within 5 seconds'
        )

    await flows.output(body)


@not_in("node", reason=NODE)
async def test_event_without_cron_trigger_has_no_schedule(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> bool:
        return event.schedule is None

    assert await flows.output(body) is True
