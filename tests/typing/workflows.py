"""The types of Workflows: checked by mypy and pyright, never run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypedDict, assert_type

from pyworkers_sdk import (
    Env,
    InstanceStatus,
    WorkersError,
    Workflow,
    WorkflowBatchCreateResult,
    WorkflowBatchDeleteResult,
    WorkflowCronSchedule,
    WorkflowDynamicDelayContext,
    WorkflowEntrypoint,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowInstanceCreateOptions,
    WorkflowInstanceError,
    WorkflowInstanceEvent,
    WorkflowInstanceSubscription,
    WorkflowRollbackContext,
    WorkflowStep,
    WorkflowStepContext,
    WorkflowStepEvent,
)
from pyworkers_sdk.testing import FakeRuntime, introspect_workflow


class Order(TypedDict):
    item: str


class AppEnv(Env):
    ORDERS: Workflow[Order]
    ANY: Workflow


class OrderWorkflow(WorkflowEntrypoint[AppEnv]):
    async def run(self, event: WorkflowEvent[Order], step: WorkflowStep) -> int:
        assert_type(self.env, AppEnv)
        assert_type(event.payload, Order)
        assert_type(event.timestamp, datetime)

        async def charge() -> int:
            return 1

        async def told(ctx: WorkflowStepContext) -> str:
            return ctx["step"]["name"]

        assert_type(await step.do("charge", charge), int)
        assert_type(await step.do("told", told, timeout="1 minute"), str)
        assert_type(
            await step.do("charge", charge, retries={"limit": 1, "delay": timedelta(seconds=1)}),
            int,
        )

        @step.do("first")
        async def first() -> int:
            return 1

        @step.do(concurrent=True)
        async def second(first: int, ctx: WorkflowStepContext) -> str:
            return str(first)

        @step.do("third", [first, second], config={"timeout": 1000})
        async def third(x: int, y: str) -> float:
            return x + len(y)

        assert_type(await first(), int)
        assert_type(await second(), str)
        assert_type(await third(), float)

        await step.sleep("nap", timedelta(hours=1))
        await step.sleep_until("then", event.timestamp)
        assert_type(await step.wait_for_event("any", "x"), WorkflowStepEvent[Any])
        typed = await step.wait_for_event("one", "x", timeout="1 day", payload=Order)
        assert_type(typed, WorkflowStepEvent[Order])
        assert_type(typed.payload, Order)

        await step.do("charge", charge, retries={"limit": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType,reportCallIssue]
        await step.do("charge", charge, retry=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
        await step.do("charge")(charge)()
        return 1


async def undoing(step: WorkflowStep, event: WorkflowEvent[Order]) -> None:
    async def charge() -> int:
        return 1

    async def refund(context: WorkflowRollbackContext[int]) -> None:
        assert_type(context.output, int | None)
        assert_type(context.error, WorkersError)
        assert_type(context.ctx, WorkflowStepContext)

    async def other(context: WorkflowRollbackContext[str]) -> None: ...

    def soon(context: WorkflowDynamicDelayContext) -> str:
        return f"{context.ctx['attempt']} seconds"

    assert_type(
        await step.do(
            "charge",
            charge,
            retries={"limit": 3, "delay": soon},
            rollback=refund,
            rollback_config={"timeout": "1 minute"},
        ),
        int,
    )
    await step.do("charge", charge, rollback=other)  # type: ignore[misc]  # pyright: ignore[reportCallIssue, reportArgumentType]

    @step.do("again", rollback=refund)
    async def again() -> int:
        return 1

    assert_type(await again(), int)
    assert_type(event.schedule, WorkflowCronSchedule | None)


async def client(env: AppEnv) -> None:
    instance = await env.ORDERS.create(id="o", params={"item": "tea"})
    assert_type(instance, WorkflowInstance)
    assert_type(await instance.status(), InstanceStatus)
    await env.ORDERS.create(params={"thing": 1})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await env.ANY.create(params=[1])
    one = WorkflowInstanceCreateOptions(params=Order(item="tea"))
    assert_type(await env.ORDERS.create_batch([one]), list[WorkflowInstance])
    assert_type(await env.ORDERS.create_batch(instances=(one,)), WorkflowBatchCreateResult)
    made = await env.ORDERS.create_batch(count=2, params={"item": "tea"})
    assert_type(made, WorkflowBatchCreateResult)
    assert_type(made.created, list[WorkflowInstance])
    assert_type(made.errors[0].index, int)
    await env.ORDERS.create_batch(count=2, params={"thing": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await env.ORDERS.create_batch([one], count=2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    gone = await env.ORDERS.delete_batch(instance.id for instance in made.created)
    assert_type(gone, WorkflowBatchDeleteResult)
    assert_type(gone.deleted[0].id, str)
    assert_type(gone.errors[0].code, int)
    await instance.delete()
    await instance.send_event(type="approved", payload={"any": "thing"})


async def listener(instance: WorkflowInstance) -> None:
    assert_type(instance.subscribe(), WorkflowInstanceSubscription)
    async for event in instance.subscribe(cursor=3, filter=["step_completed", "attempt_errored"]):
        assert_type(event, WorkflowInstanceEvent)
        assert_type(event.timestamp, datetime)
        assert_type(event.step_name, str | None)
        assert_type(event.error, WorkflowInstanceError | None)
        match event:
            case WorkflowInstanceEvent(type="attempt_errored", attempt=int(attempt)):
                assert_type(attempt, int)
            case _ if event.type == "step_complete":  # type: ignore[comparison-overlap]  # pyright: ignore[reportUnnecessaryComparison]
                ...
            case _:
                ...
    async with instance.subscribe() as events:
        assert_type(await anext(events), WorkflowInstanceEvent)
    instance.subscribe(filter=["step_complete"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


async def fakes() -> None:
    runtime = FakeRuntime(object, env=AppEnv, workflows={"ORDERS": OrderWorkflow})
    flow = introspect_workflow(runtime.env.ORDERS)
    flow.mock_step_result("charge", 1)
    await flow.instances[0].wait_for_status("complete")
    await flow.instances[0].wait_for_status("completed")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
