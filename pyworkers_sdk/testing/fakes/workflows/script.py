"""Introspection of fake Workflows for tests: look into instances, mock steps, plan crashes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from ...._border import from_js, raw, to_js
from ...._cpython.js_exception import JsException
from .engine import FINISHED, Engine
from .records import Plan, StepRecord, StoredStream
from .unused_plans import check_plans
from .workflow import FakeWorkflow

if TYPE_CHECKING:
    from ....workflows import Workflow, WorkflowStatusName

__all__ = [
    "StepRecord",
    "WorkflowInstanceIntrospector",
    "WorkflowIntrospector",
    "introspect_workflow",
]


class _Modifier:
    """The plans that a test can make for steps.

    A step is identified by its name and by its ``index``: its number among steps of this name,
    starting from 1. A name that neither a step nor the code of the Workflow has is an error: every
    look at an instance that is complete raises AssertionError.
    """

    def __init__(self, flow: FakeWorkflow, plan: Plan) -> None:
        self._flow = flow
        self._plan = plan

    def disable_sleeps(self, *names: str) -> None:
        """Let the first sleep of each of these names take no time; without names, all sleeps."""
        self._plan.sleeps.update([(name, 1) for name in names] or [None])

    def disable_retry_delays(self, *names: str) -> None:
        """Retry the first step of each of these names without delay; without names, all steps."""
        self._plan.delays.update([(name, 1) for name in names] or [None])

    def mock_step_result(self, name: str, result: Any, *, index: int = 1) -> None:
        """Let a step return this result, and do not call its function."""
        self._plan.results[name, index] = to_js(result, "result")

    def mock_step_error(
        self, name: str, error: Exception, *, times: int | None = None, index: int = 1
    ) -> None:
        """Let attempts of a step fail, and do not call its function.

        Args:
            name: The name of the step.
            error: The error with which the attempts fail.
            times: The number of first attempts that fail; all by default.
            index: The number of the step among steps of this name, starting from 1.
        """
        js_error = JsException(type(error).__name__, str(error))
        self._plan.errors[name, index] = (js_error, inf if times is None else times)

    def force_step_timeout(self, name: str, *, times: int | None = None, index: int = 1) -> None:
        """Let attempts of a step time out at once, and do not call its function.

        Args:
            name: The name of the step.
            times: The number of first attempts that time out; all by default.
            index: The number of the step among steps of this name, starting from 1.
        """
        self._plan.timeouts[name, index] = inf if times is None else times

    def force_event_timeout(self, name: str, *, index: int = 1) -> None:
        """Let a ``wait_for_event`` time out at once."""
        self._plan.late.add((name, index))

    def crash_before(self, name: str, *, index: int = 1) -> None:
        """Crash the engine once, before the outcome of a step is stored.

        Its function has already run then, and runs again in the replay. A sleep, or a wait for an
        event, crashes when it begins.
        """
        self._plan.crashes.add(("before", name, index))

    def crash_after(self, name: str, *, index: int = 1) -> None:
        """Crash the engine once, after the outcome of a step has been stored.

        A sleep, or a wait for an event, crashes when it ends.
        """
        self._plan.crashes.add(("after", name, index))


class WorkflowInstanceIntrospector(_Modifier):
    """An instance of a Workflow. The test may create it later.

    Plans that are made here take precedence over plans of the ``WorkflowIntrospector``.
    """

    def __init__(self, flow: FakeWorkflow, id: str) -> None:
        super().__init__(flow, flow.plans.setdefault(id, Plan()))
        self.id = id

    def _engine(self) -> Engine:
        if self.id not in self._flow.engines:
            raise LookupError(f"the instance {self.id!r} does not exist; create it first")
        engine = self._flow.engines[self.id]
        if engine.status == "complete":
            check_plans(self._flow, engine)
        return engine

    @property
    def steps(self) -> list[StepRecord]:
        """The steps that the instance has begun, in this order."""
        return [*self._engine().records.values()]

    @property
    def crashes(self) -> int:
        """The number of crashes by ``crash_before`` and ``crash_after``."""
        return self._engine().crashes

    def mock_event(self, type: str, payload: Any = None) -> None:
        """Send an event to the instance."""
        self._engine().receive(type, to_js(payload, "payload"))

    async def wait_for_step_result(self, name: str, *, index: int = 1) -> Any:
        """Return the result of a ``step.do``, and advance the clock until the step is done.

        Args:
            name: The name of the step.
            index: The number of the step among steps of this name, starting from 1.

        Raises:
            AssertionError: The step failed, or the instance stopped before the step.
        """
        while True:
            for record in self._engine().records.values():
                if (record.kind, record.name, record.index) == ("do", name, index) and record.done:
                    if record.error is not None:
                        raise AssertionError(f"step {name!r} failed: {record.error[1]}")
                    value = record.result
                    return value.data if isinstance(value, StoredStream) else from_js(value)
            await self._advance(f"step {name!r}")

    async def wait_for_status(self, status: WorkflowStatusName) -> None:
        """Advance the clock until the instance has this status.

        Raises:
            AssertionError: The instance ended with another status, or waits for an event.
        """
        while self._engine().status != status:
            await self._advance(f"status {status!r}")

    async def _advance(self, awaited: str) -> None:
        """Do the work that is due. Without such work, move the clock to the next timer."""
        host, engine = self._flow.script.host, self._engine()
        before = (engine.status, engine.life and engine.life.moves, engine.crashes)
        await host.drain()
        if (engine.status, engine.life and engine.life.moves, engine.crashes) != before:
            return
        # Other instances count: this one may wait for an event that another one sends.
        flows = [flow for flow in host.engines if isinstance(flow, FakeWorkflow)]
        engines = [other for flow in flows for other in flow.engines.values()]
        due = [time for time in map(Engine.next_due, engines) if time is not None]
        if self._flow.entrypoint() is None:
            raise AssertionError(
                f"{awaited}: the Workflow {self._flow.name!r} has no class; pass it in "
                "FakeRuntime(…, workflows={binding: class})"
            )
        if engine.status in (*FINISHED, "paused", "queued") or not due:
            steps = ", ".join(step.name for step in self.steps) or "none"
            raise AssertionError(
                f"{awaited}: not reached; the status is {engine.status!r}, the error "
                f"{engine.error}, the steps so far: {steps}"
            )
        host.clock.advance(max(0.0, min(due) - host.clock.now()) / 1000)

    @property
    def output(self) -> Any:
        """The output of the instance; None unless it is complete."""
        return from_js(self._engine().output)

    @property
    def error(self) -> tuple[str, str] | None:
        """The name and the message of the error that ended the instance, or None."""
        error = self._engine().error
        return None if error is None else (error["name"], error["message"])


class WorkflowIntrospector(_Modifier):
    """All instances of a Workflow, including instances that are created later."""

    @property
    def instances(self) -> list[WorkflowInstanceIntrospector]:
        """The instances, in the order in which they were created."""
        return [self.instance(id) for id in self._flow.engines]

    def instance(self, id: str) -> WorkflowInstanceIntrospector:
        """Return the introspector of an instance. The test may create the instance later."""
        return WorkflowInstanceIntrospector(self._flow, id)


def introspect_workflow(workflow: Workflow[Any]) -> WorkflowIntrospector:
    """Return an introspector that looks into a fake Workflow and changes how its steps run.

    Args:
        workflow: A Workflow that ``fake()`` or ``FakeRuntime`` made.

    JS: cloudflare:test.introspectWorkflow.
    """
    flow = raw(workflow)
    if not isinstance(flow, FakeWorkflow):
        type_name = type(flow).__name__
        raise TypeError(
            f"introspect_workflow(): expected a Workflow that fake() made, got {type_name}"
        )
    return WorkflowIntrospector(flow, flow.plan)
