"""``FakeWorkflow``, and ``introspect_workflow`` to look into one."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ...._border import from_js, raw, to_js
from ...._cpython.js_exception import JsException
from ...config.sections import shared_fakes, target
from ...runtime.scheduling import yield_after, yields_to_others
from .engine import FINISHED, Engine
from .history import FakeWorkflowSubscription, subscription
from .records import Plan, StepRecord, StoredStream
from .rules import check_batch, is_addressable, is_id

if TYPE_CHECKING:
    from ....workflows import Workflow, WorkflowStatusName
    from ...config.config import Bound
    from ...config.sections import Worker
    from ...runtime.host import Script

__all__ = [
    "FakeWorkflow",
    "StepRecord",
    "WorkflowInstanceIntrospector",
    "WorkflowIntrospector",
    "bind",
    "bound",
    "configured",
    "introspect_workflow",
]

_API = "workflows.api.error.instance"
_NONE = "should have at least 1 instance"


def bound(hints: tuple[Any, ...], name: str, script: Script) -> FakeWorkflow:
    """The Workflow of that name, whose class ``FakeRuntime`` says."""
    return FakeWorkflow(script, name.lower().replace("_", "-") or "workflow")


def bind(env: Any, classes: Mapping[str, type[Any]]) -> None:
    """Give the Workflows that an env binds their classes."""
    for name, kind in classes.items():
        found = getattr(env, name, None)
        if not isinstance(found, FakeWorkflow):
            raise TypeError(f"workflows: the env binds no Workflow {name}")
        found.kind = kind


class FakeWorkflow:
    """JS: Workflow. Its instances go on in ``drain``, as the clock has been moved.

    ``kind`` is its class, or the name under which the Worker exports it; without one every instance
    stays queued. ``strict`` refuses what production does and the local engine takes: an id that is
    known, a step's result of over 1 MiB.
    """

    def __init__(
        self,
        script: Script,
        name: str = "workflow",
        kind: type[Any] | str | None = None,
        *,
        strict: bool = True,
    ) -> None:
        self.script = script
        self.name = name
        self.kind = kind
        self.strict = strict
        self.engines: dict[str, Engine] = {}
        self.plan: Plan = Plan()
        self.plans: dict[str, Plan] = {}
        script.host.engines.append(self)

    @property
    def clock(self) -> Any:
        return self.script.host.clock

    def entrypoint(self) -> type[Any] | None:
        return self.script.exports[self.kind] if isinstance(self.kind, str) else self.kind

    @yield_after
    async def create(self, options: Any = None, /) -> FakeWorkflowInstance:
        return self._create(options or {})

    def _create(self, options: Any) -> FakeWorkflowInstance:
        id = options.get("id") or (str(uuid4()) if "id" not in options else "")
        if not is_id(id):
            raise JsException("Error", "Workflow instance has invalid id")
        if id in self.engines:
            if self.strict:
                raise JsException("Error", "(instance.already_exists) Instance already exists")
        else:
            engine = self.engines[id] = Engine(self, id, options.get("params", {}))
            engine.plan = self.plans.setdefault(id, engine.plan)
        return FakeWorkflowInstance(self, id)

    @yield_after
    async def createBatch(self, given: Any, /) -> Any:
        created: list[FakeWorkflowInstance] = []
        errors: list[dict[str, Any]] = []
        seen: set[str] = set()
        for index, options in enumerate(check_batch(given)):
            id = options.get("id")
            told = {"index": index, "id": id}
            if self.strict and id in seen:
                errors.append({**told, "code": 10415, "message": f"{_API}.duplicate_in_batch"})
            elif self.strict and id in self.engines:
                errors.append({**told, "code": 10405, "message": f"{_API}.already_exists"})
            else:
                created.append(self._create(options))
            seen.update([] if id is None else [id])
        return created if isinstance(given, list) else {"created": created, "errors": errors}

    @yield_after
    async def deleteBatch(self, instanceIds: list[Any], /) -> dict[str, Any]:
        if not 0 < len(instanceIds) <= 100:
            limit = "only supports 100 instances at a time" if instanceIds else _NONE
            raise JsException("Error", f"WorkflowError: (body) batchDeleteInstances {limit}")
        if not all(map(is_addressable, instanceIds)):
            raise JsException(
                "Error", "WorkflowError: (instance.invalid_id) Instance ID is invalid"
            )
        known = {id for id in instanceIds if id in self.engines}
        for id in known:
            self.engines.pop(id).delete()
        missing = {"code": 10400, "message": f"{_API}.not_found"}
        return {
            "deleted": [{"id": id} for id in instanceIds if id in known],
            "errors": [{"id": id, **missing} for id in instanceIds if id not in known],
        }

    @yield_after
    async def get(self, id: str, /) -> FakeWorkflowInstance:
        return FakeWorkflowInstance(self, self.engine(id).id)

    def engine(self, id: str) -> Engine:
        if id not in self.engines:
            raise JsException("Error", "instance.not_found")
        return self.engines[id]

    async def run_due(self) -> list[Any]:
        """One round of every instance; those to which something happened."""
        return [engine.id for engine in [*self.engines.values()] if await engine.advance()]


@yields_to_others
class FakeWorkflowInstance:
    """JS: WorkflowInstance."""

    def __init__(self, flow: FakeWorkflow, id: str) -> None:
        self.id = id
        self._flow = flow

    @property
    def _engine(self) -> Engine:
        return self._flow.engine(self.id)

    async def status(self) -> Any:
        engine = self._engine
        return {"status": engine.status, "output": from_js(engine.output), "error": engine.error}

    async def pause(self) -> None:
        self._engine.pause()

    async def resume(self) -> None:
        self._engine.resume()

    async def restart(self, options: Any = None, /) -> None:
        given: dict[str, Any] = options or {}
        self._engine.restart(given.get("from"))

    async def terminate(self, *, rollback: bool = False) -> None:
        self._engine.terminate(rollback=rollback)
        await self._engine.advance()

    async def delete(self) -> None:
        engine = self._flow.engines.pop(self.id, None)
        if engine is None:
            reason = "(instance.not_found) Instance does not exist"
            raise JsException("Error", f"WorkflowError: {reason}")
        engine.delete()

    def subscribe(self, options: Any = None, /) -> Awaitable[FakeWorkflowSubscription]:
        return subscription(lambda: self._engine, options or {})

    async def sendEvent(self, event: Any, /) -> None:
        self._engine.receive(event["type"], event["payload"])


# What tests see and say


class _Modifier:
    """What a test can have happen; a step is said by its name, and which one of that name it is."""

    def __init__(self, flow: FakeWorkflow, plan: Plan) -> None:
        self._flow = flow
        self._plan = plan

    def disable_sleeps(self, *names: str) -> None:
        """Let these sleeps, or all, take no time."""
        self._plan.sleeps.update([(name, 1) for name in names] or [None])

    def disable_retry_delays(self, *names: str) -> None:
        """Let these steps, or all, be tried again at once."""
        self._plan.delays.update([(name, 1) for name in names] or [None])

    def mock_step_result(self, name: str, result: Any, *, index: int = 1) -> None:
        """Have a step give this, without a call of its function."""
        self._plan.results[name, index] = to_js(result, "result")

    def mock_step_error(
        self, name: str, error: Exception, *, times: int | None = None, index: int = 1
    ) -> None:
        """Have a step's first ``times`` attempts fail, or all, without a call of its function."""
        made = JsException(type(error).__name__, str(error))
        self._plan.errors[name, index] = (made, inf if times is None else times)

    def force_step_timeout(self, name: str, *, times: int | None = None, index: int = 1) -> None:
        """Have a step's first ``times`` attempts, or all, take too long."""
        self._plan.timeouts[name, index] = inf if times is None else times

    def force_event_timeout(self, name: str, *, index: int = 1) -> None:
        """Have a ``wait_for_event`` wait in vain."""
        self._plan.late.add((name, index))

    def crash_before(self, name: str, *, index: int = 1) -> None:
        """Let the engine die once, when a step's function is done but nothing is kept of it; or
        when a sleep, or waiting, begins."""
        self._plan.crashes.add(("before", name, index))

    def crash_after(self, name: str, *, index: int = 1) -> None:
        """Let the engine die once, when a step's result has been kept; or when a sleep, or waiting,
        is over."""
        self._plan.crashes.add(("after", name, index))


class WorkflowInstanceIntrospector(_Modifier):
    """One instance, which may be created later. What is said here goes before what the
    ``WorkflowIntrospector`` says of all."""

    def __init__(self, flow: FakeWorkflow, id: str) -> None:
        super().__init__(flow, flow.plans.setdefault(id, Plan()))
        self.id = id

    def _engine(self) -> Engine:
        if self.id not in self._flow.engines:
            raise LookupError(f"there is no instance {self.id!r} yet")
        return self._flow.engines[self.id]

    @property
    def steps(self) -> list[StepRecord]:
        """The steps that it has begun, in that order."""
        return [*self._engine().records.values()]

    @property
    def crashes(self) -> int:
        """How often its engine died of ``crash_before`` and ``crash_after``."""
        return self._engine().crashes

    def mock_event(self, type: str, payload: Any = None) -> None:
        """Send it an event."""
        self._engine().receive(type, to_js(payload, "payload"))

    async def wait_for_step_result(self, name: str, *, index: int = 1) -> Any:
        """What a ``step.do`` gives. The clock is moved on for as long as it takes.

        AssertionError if it fails, or if the instance stops before.
        """
        while True:
            for record in self._engine().records.values():
                if (record.kind, record.name, record.index) == ("do", name, index) and record.done:
                    if record.error is not None:
                        raise AssertionError(f"step {name!r} failed: {record.error[1]}")
                    value = record.result
                    return value.data if isinstance(value, StoredStream) else from_js(value)
            await self._on(f"step {name!r}")

    async def wait_for_status(self, status: WorkflowStatusName) -> None:
        """Have it come to a status. The clock is moved on for as long as it takes.

        AssertionError if it ends with another one, or waits for an event.
        """
        while self._engine().status != status:
            await self._on(f"status {status!r}")

    async def _on(self, wanted: str) -> None:
        """Do what is due, or move the clock on to what will be next."""
        host, engine = self._flow.script.host, self._engine()
        before = (engine.status, engine.life and engine.life.moves, engine.crashes)
        await host.drain()
        if (engine.status, engine.life and engine.life.moves, engine.crashes) != before:
            return
        flows = [each for each in host.engines if isinstance(each, FakeWorkflow)]
        engines = [one for flow in flows for one in flow.engines.values()]
        due = [each for each in map(Engine.next_due, engines) if each is not None]
        if self._flow.entrypoint() is None:
            raise AssertionError(
                f"{wanted}: no class is known of the Workflow {self._flow.name!r}; give it with "
                "FakeRuntime(…, workflows={binding: class})"
            )
        if engine.status in (*FINISHED, "paused", "queued") or not due:
            raise AssertionError(
                f"{wanted}: it is {engine.status!r}, with {engine.error} after "
                f"{', '.join(step.name for step in self.steps) or 'no step'}"
            )
        host.clock.advance(max(0.0, min(due) - host.clock.now()) / 1000)

    @property
    def output(self) -> Any:
        """What it returned; None if it is not complete."""
        return from_js(self._engine().output)

    @property
    def error(self) -> tuple[str, str] | None:
        """The name and message of what it ended with; None if it is not errored."""
        found = self._engine().error
        return None if found is None else (found["name"], found["message"])


class WorkflowIntrospector(_Modifier):
    """All instances of a Workflow, those to come as well."""

    @property
    def instances(self) -> list[WorkflowInstanceIntrospector]:
        """The instances, in the order in which they were created."""
        return [self.instance(id) for id in self._flow.engines]

    def instance(self, id: str) -> WorkflowInstanceIntrospector:
        """The instance of that id."""
        return WorkflowInstanceIntrospector(self._flow, id)


def introspect_workflow(workflow: Workflow[Any]) -> WorkflowIntrospector:
    """Look into a Workflow that ``fake()`` or ``FakeRuntime`` made, and interfere with it.

    JS: cloudflare:test.introspectWorkflow.
    """
    inside = raw(workflow)
    if not isinstance(inside, FakeWorkflow):
        what = type(inside).__name__
        raise TypeError(f"introspect_workflow() looks into a Workflow of fake(), not {what}")
    return WorkflowIntrospector(inside, inside.plan)


def configured(bound: Bound, worker: Worker) -> FakeWorkflow | None:
    """Make the Workflow of a configuration; None if its Worker is not here."""
    settings, script = bound.settings, target(bound, worker, "script_name")
    if script is None:
        return None
    fakes, key = shared_fakes(script.host), ("Workflow", settings.name)
    if key not in fakes:
        fakes[key] = FakeWorkflow(script, settings.name, script.exports[settings.class_name])
    workflow: FakeWorkflow = fakes[key]
    return workflow
