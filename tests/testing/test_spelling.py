"""Misspelt names in tests: refused where they are written, or where a test looks at the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pyworkers_sdk import (
    KV,
    DurableObject,
    DurableObjectNamespace,
    Env,
    Response,
    WorkerEntrypoint,
    Workflow,
    WorkflowEntrypoint,
)
from pyworkers_sdk.testing import FakeRuntime, fake, faults, introspect_workflow
from pyworkers_sdk.testing.fakes.workflows.script import WorkflowIntrospector

Plan = Callable[[WorkflowIntrospector, str], None]

PREFIX = "item "
REFUND = "refund"


async def charge() -> int:
    return 1


async def ship(step: Any) -> None:
    await step.do("ship", charge)


class Flow(WorkflowEntrypoint["AppEnv"]):
    async def run(self, event: Any, step: Any) -> int:
        if event.payload.get("refund"):
            await step.do(REFUND, charge)
        if event.payload.get("ship"):
            await ship(step)
        if event.payload.get("wait"):
            await step.wait_for_event("go", type="go")
        for number in range(2):
            await step.do(f"{PREFIX}{number}", charge)
        await step.sleep("rest", 1000)

        @step.do()  # type: ignore[untyped-decorator]
        async def notify() -> None: ...

        await notify()
        result: int = await step.do("charge", charge)
        return result


class Room(DurableObject["AppEnv"]):
    async def join(self, name: str) -> str:
        return name


class AppEnv(Env):
    CACHE: KV
    FLOW: Workflow
    ROOMS: DurableObjectNamespace[Room]


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Any) -> Response:
        return Response("")


def runtime() -> FakeRuntime[AppEnv]:
    return FakeRuntime(Default, env=AppEnv, workflows={"FLOW": Flow})


PLANS: dict[str, Plan] = {
    "crash_before": lambda flow, name: flow.crash_before(name),
    "crash_after": lambda flow, name: flow.crash_after(name),
    "mock_step_result": lambda flow, name: flow.mock_step_result(name, 2),
    "mock_step_error": lambda flow, name: flow.mock_step_error(name, ValueError("no"), times=1),
    "force_step_timeout": lambda flow, name: flow.force_step_timeout(name, times=1),
    "force_event_timeout": lambda flow, name: flow.force_event_timeout(name),
    "disable_sleeps": lambda flow, name: flow.disable_sleeps(name),
    "disable_retry_delays": lambda flow, name: flow.disable_retry_delays(name),
}


@pytest.mark.parametrize("of_instance", [True, False])
@pytest.mark.parametrize("call", PLANS)
@pytest.mark.asyncio
async def test_plan_for_a_step_that_does_not_exist_is_refused_when_the_instance_is_complete(
    call: str, of_instance: bool
) -> None:
    worker = runtime()
    flow = introspect_workflow(worker.env.FLOW)
    created = await worker.env.FLOW.create()
    instance = flow.instance(created.id)
    PLANS[call](instance if of_instance else flow, "chrage")  # type: ignore[arg-type]
    message = f"^{call}: unknown step 'chrage'; did you mean 'charge'[?]$"
    with pytest.raises(AssertionError, match=message):
        await instance.wait_for_status("complete")
    for look in ("steps", "crashes", "output", "error"):
        with pytest.raises(AssertionError, match=message):
            getattr(instance, look)


@pytest.mark.parametrize("name", ["charge", "item 1", "notify", "rest", REFUND, "ship"])
@pytest.mark.asyncio
async def test_plan_for_a_step_that_ran_or_that_the_code_names_is_accepted(name: str) -> None:
    worker = runtime()
    flow = introspect_workflow(worker.env.FLOW)
    flow.disable_retry_delays(name)
    flow.crash_after(name)
    instance = flow.instance((await worker.env.FLOW.create()).id)
    await instance.wait_for_status("complete")
    assert instance.output == 1


@pytest.mark.asyncio
async def test_plan_for_a_step_of_another_instance_is_accepted_until_all_are_complete() -> None:
    worker = runtime()
    flow = introspect_workflow(worker.env.FLOW)
    flow.crash_before("item 7")
    first = flow.instance((await worker.env.FLOW.create()).id)
    second = flow.instance((await worker.env.FLOW.create(params={"wait": True})).id)
    await first.wait_for_status("complete")
    assert first.output == 1
    second.mock_event("go")
    with pytest.raises(AssertionError, match=r"^crash_before: unknown step 'item 7'; did you mean"):
        await second.wait_for_status("complete")


@pytest.mark.parametrize("method", ["jion", "Join", "leave"])
@pytest.mark.asyncio
async def test_fault_of_an_unknown_method_of_a_durable_object_is_refused(method: str) -> None:
    env = fake(AppEnv)
    hint = "" if method == "leave" else r" \(did you mean join\?\)"
    with pytest.raises(
        TypeError, match=f"^method: expected one of .*join.*{hint}, got '{method}'$"
    ):
        faults(env.ROOMS).fail("no", method=method)
    faults(env.ROOMS).fail("no", method="join")
    with pytest.raises(Exception, match="no"):
        await env.ROOMS.get_by_name("a").join("b")


def test_fault_of_a_misspelt_method_names_the_similar_one() -> None:
    with pytest.raises(TypeError, match=r"\(did you mean put\?\), got 'putt'$"):
        faults(fake(KV)).fail("no", method="putt")


def test_misspelt_binding_names_the_similar_one() -> None:
    with pytest.raises(TypeError, match=r"^AppEnv does not declare CAHCE; did you mean CACHE\?$"):
        fake(AppEnv, CAHCE=fake(KV))


@pytest.mark.asyncio
async def test_decorator_of_a_step_without_parentheses_is_refused() -> None:
    class Bare(WorkflowEntrypoint[AppEnv]):
        async def run(self, event: Any, step: Any) -> None:
            @step.do  # type: ignore[untyped-decorator]
            async def notify() -> None: ...

    worker = FakeRuntime(Default, env=AppEnv, workflows={"FLOW": Bare})
    instance = introspect_workflow(worker.env.FLOW).instance((await worker.env.FLOW.create()).id)
    await instance.wait_for_status("errored")
    assert instance.error is not None
    assert instance.error[1].endswith("write @step.do() as decorator")
