"""``FakeWorkflow`` and ``FakeWorkflowInstance``: the JavaScript API of a Workflow binding."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ...._border import from_js
from ...._cpython.js_exception import JsException
from ...config.sections import shared_fakes, target
from ...runtime.scheduling import yield_after, yields_to_others
from . import messages
from .engine import Engine
from .history import FakeWorkflowSubscription, subscription
from .records import Plan
from .rules import LARGEST_BATCH, check_batch, is_addressable, is_id

if TYPE_CHECKING:
    from ...config.config import Bound
    from ...config.sections import Worker
    from ...runtime.host import Script

__all__ = ["FakeWorkflow", "FakeWorkflowInstance", "bind", "bound", "configured"]


def bound(hints: tuple[Any, ...], name: str, script: Script) -> FakeWorkflow:
    """Make the Workflow of a binding in an Env. ``bind`` sets its class later."""
    return FakeWorkflow(script, name.lower().replace("_", "-") or "workflow")


def bind(env: Any, classes: Mapping[str, type[Any]]) -> None:
    """Set the classes of the Workflows that an env binds, by the names of the bindings."""
    for name, entrypoint in classes.items():
        workflow = getattr(env, name, None)
        if not isinstance(workflow, FakeWorkflow):
            raise TypeError(f"workflows: expected names of Workflows in the env, got {name!r}")
        workflow.kind = entrypoint


class FakeWorkflow:
    """JS: Workflow. Its instances advance in ``drain``, as far as the clock allows.

    Args:
        script: The Worker that has the Workflow.
        name: The name of the Workflow.
        kind: The class of the Workflow, or the name under which the Worker exports it. Without a
            class every instance stays queued.
        strict: Refuse an existing id and a step's result of more than 1 MiB, as production does.
            The local engine accepts both.
    """

    is_fake = True  # for faults()

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
        # Plans of single instances. A test may plan before the instance is created.
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
        # An empty id is invalid; an absent one is replaced by a random id.
        id = options.get("id") or (str(uuid4()) if "id" not in options else "")
        if not is_id(id):
            raise JsException("Error", messages.INVALID_ID)
        if id in self.engines:
            # Production refuses an existing id, as its types say. The local engine returns the
            # existing instance (contract: test_create_with_existing_id_returns_existing_instance).
            if self.strict:
                raise JsException("Error", messages.ALREADY_EXISTS)
        else:
            engine = self.engines[id] = Engine(self, id, options.get("params", {}))
            engine.plan = self.plans.setdefault(id, engine.plan)
        return FakeWorkflowInstance(self, id)

    @yield_after
    async def createBatch(self, batch: Any, /) -> Any:
        created: list[FakeWorkflowInstance] = []
        errors: list[dict[str, Any]] = []
        seen: set[str] = set()
        for index, options in enumerate(check_batch(batch)):
            id = options.get("id")
            if self.strict and id in seen:
                errors.append({"index": index, "id": id, **_batch_error(10415)})
            elif self.strict and id in self.engines:
                errors.append({"index": index, "id": id, **_batch_error(10405)})
            else:
                created.append(self._create(options))
            if id is not None:
                seen.add(id)
        # The older form, an array, does not report errors of single instances (contract:
        # test_batch_as_list_leaves_out_existing_ids).
        return created if isinstance(batch, list) else {"created": created, "errors": errors}

    @yield_after
    async def deleteBatch(self, instanceIds: list[Any], /) -> dict[str, Any]:
        if not instanceIds:
            raise JsException("Error", messages.EMPTY_DELETION)
        if len(instanceIds) > LARGEST_BATCH:
            raise JsException("Error", messages.LARGE_DELETION)
        if not all(map(is_addressable, instanceIds)):
            raise JsException("Error", messages.INVALID_ID_IN_BATCH)
        # An id that is passed twice is reported twice (contract:
        # test_delete_batch_reports_each_id).
        known = {id for id in instanceIds if id in self.engines}
        for id in known:
            self.engines.pop(id).delete()
        return {
            "deleted": [{"id": id} for id in instanceIds if id in known],
            "errors": [{"id": id, **_batch_error(10400)} for id in instanceIds if id not in known],
        }

    @yield_after
    async def get(self, id: str, /) -> FakeWorkflowInstance:
        return FakeWorkflowInstance(self, self.engine(id).id)

    def engine(self, id: str) -> Engine:
        if id not in self.engines:
            raise JsException("Error", messages.NOT_FOUND)
        return self.engines[id]

    async def run_due(self) -> list[Any]:
        """Advance every instance once. Return the ids of the instances that did anything."""
        return [engine.id for engine in [*self.engines.values()] if await engine.advance()]


def _batch_error(code: int) -> dict[str, Any]:
    return {"code": code, "message": messages.BATCH_ERRORS[code]}


@yields_to_others
class FakeWorkflowInstance:
    """JS: WorkflowInstance.

    It looks up the engine at each call: after a deletion, its id may belong to a new instance
    (contract: test_delete_removes_instance_and_its_data).
    """

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
        first = options.get("from") if options else None
        self._engine.restart(first)

    async def terminate(self, *, rollback: bool = False) -> None:
        self._engine.terminate(rollback=rollback)
        # The rollbacks have run when terminate() returns, unless one waits for a retry (contract:
        # test_terminate_with_rollback_rolls_back_steps).
        await self._engine.advance()

    async def delete(self) -> None:
        engine = self._flow.engines.pop(self.id, None)
        if engine is None:
            raise JsException("Error", messages.NOT_FOUND_BY_DELETE)
        engine.delete()

    def subscribe(self, options: Any = None, /) -> Awaitable[FakeWorkflowSubscription]:
        return subscription(lambda: self._engine, options or {})

    async def sendEvent(self, event: Any, /) -> None:
        self._engine.receive(event["type"], event["payload"])


def configured(bound: Bound, worker: Worker) -> FakeWorkflow | None:
    """Make the Workflow of a configuration; None if its Worker is not part of the test."""
    settings, script = bound.settings, target(bound, worker, "script_name")
    if script is None:
        return None
    fakes, key = shared_fakes(script.host), ("Workflow", settings.name)
    if key not in fakes:
        fakes[key] = FakeWorkflow(script, settings.name, script.exports[settings.class_name])
    workflow: FakeWorkflow = fakes[key]
    return workflow
