"""The engine of the fake Workflows: what is kept of one instance, and its lifetimes.

A lifetime is one call of ``run``. It ends with the instance, with a crash or with a pause; the next
one begins with what was kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ...._cpython.border import from_js
from ...._cpython.js_exception import JsException
from ...._cpython.rpc import ends, js_failure
from ...runtime.scheduling import keep_alive
from .history import History
from .records import Key, Life, Plan, StepRecord, Stored
from .rules import FATAL_NAME, logged, over_rpc
from .step import FakeWorkflowStep

if TYPE_CHECKING:
    from .workflow import FakeWorkflow

__all__ = ["FINISHED", "Engine"]

_log = logging.getLogger(__name__)

FINISHED = ("complete", "errored", "terminated")

PATIENCE = 1.0
"""Seconds of real time for which a step that waits for something outside is waited for."""

_TURNS = 25
"""Turns of the event loop without any news, after which all that can go on has gone on."""


class Engine:
    """One instance."""

    def __init__(self, flow: FakeWorkflow, id: str, payload: Any) -> None:
        self.flow = flow
        self.id = id
        self.payload: Any = from_js(payload)
        self.created: Any = flow.clock.datetime()
        self.plan: Plan = Plan()
        self.life: Life | None = None
        self.crashes: int = 0
        self._lock = asyncio.Lock()
        self.history: History = History(id, flow.clock.now)
        self.history.tell("workflow_queued")
        self._wipe()

    def _wipe(self) -> None:
        self.status: str = "queued"
        self.output: Any = None
        self.error: dict[str, str] | None = None
        self.kept: dict[Key, Stored] = {}
        self.due: dict[Key, float] = {}
        self.configs: dict[Key, dict[str, Any]] = {}
        self.records: dict[Key, StepRecord] = {}
        self.rollbacks: dict[Key, dict[str, Any]] = {}
        self.events: dict[str, list[Any]] = {}
        self.paused_at: float = 0.0

    @property
    def now(self) -> float:
        now: float = self.flow.clock.now()
        return now

    # What a test plans

    def planned(self, ask: Callable[[Plan], bool]) -> bool:
        return any(ask(plan) for plan in (self.plan, self.flow.plan))

    def boundary(self, side: str, key: Key) -> None:
        """Crash here, if that is planned."""
        crash = (side, key.name, key.nth)
        for plan in (self.plan, self.flow.plan):
            if crash in plan.crashes:
                plan.crashes.discard(crash)
                self.crashes += 1
                self.end_life()
                raise asyncio.CancelledError

    # Its life

    def next_due(self) -> float | None:
        """When the next timer rings."""
        return min((due for due, _ in self.life.timers), default=None) if self.life else None

    async def advance(self) -> bool:
        """Go on as far as it goes by now; whether anything happened."""
        async with self._lock:
            if self.status in (*FINISHED, "paused"):
                return False
            kind = self.flow.entrypoint()
            if kind is None:
                return False
            life, begun = self.life, self.life is None
            if life is None:
                life = self.life = Life()
                if self.status == "queued":
                    self._begun()
                life.run = keep_alive(self._run(life, kind))
            before = life.moves
            await _settled(life)
            while not life.dead and life.fire(self.now):
                await _settled(life)
            return begun or life.moves != before

    async def go_on(self) -> bool:
        """As ``advance``, unless somebody has it go on already."""
        return not self._lock.locked() and await self.advance()

    def _begun(self) -> None:
        self.status = "running"
        if self.history.last == "workflow_queued":
            self.history.tell("workflow_started", params=self.payload)
        self.history.tell("workflow_running")

    async def _run(self, life: Life, kind: type[Any]) -> None:
        event = {
            "payload": from_js(self.payload),
            "timestamp": self.created,
            "instanceId": self.id,
            "workflowName": self.flow.name,
        }
        script = self.flow.script
        try:
            with script.host.entered():
                run = script.enter(kind).run(event, FakeWorkflowStep(self, life))
                result: Any = await run
            output = logged(result)
        except BaseException as raised:
            if ends(raised):
                raise
            exc: Any = js_failure(raised)
            if not life.dead:
                self.log("run()", exc)
                await self._roll_back(life, over_rpc(exc))
                self._failed(over_rpc(exc))
        else:
            if not life.dead:
                self._finish("complete")
                self.output = output
                self.history.tell("workflow_completed", output=from_js(result))

    async def _roll_back(self, life: Life, error: JsException) -> None:
        """Undo what has been begun, the last first, until that goes wrong."""
        step = FakeWorkflowStep(self, life)
        begun = [key for key in self.records if key in self.rollbacks]
        if not begun:
            return
        self.history.tell("rollback_started")
        for key in reversed(begun):
            if not await step.undo(key, self.rollbacks[key], error):
                self.history.tell("rollback_errored")
                break
        else:
            self.history.tell("rollback_completed")
        self.rollbacks.clear()

    async def _terminated(self, life: Life) -> None:
        await self._roll_back(life, JsException("Error", "Instance terminated during rollback"))
        self._finish("terminated")
        self.history.tell("workflow_terminated")

    def log(self, what: str, error: JsException) -> None:
        """Show a test what was raised, and where."""
        shown = error.stack or error.message
        _log.warning("%s of %s %s: %s", what, self.flow.name, self.id, shown)

    def _failed(self, exc: JsException) -> None:
        self._finish("errored")
        name, message = exc.name, exc.message
        if message.startswith("NonRetryableError"):
            name, message = (
                FATAL_NAME,
                "The execution of the Workflow instance was terminated, as a step threw an "
                "NonRetryableError and it was not handled",
            )
        self.error = {"name": name, "message": message}
        self.history.tell("workflow_errored", error=self.error)

    def _finish(self, status: str) -> None:
        self.status = status
        self.life = None

    def end_life(self) -> None:
        life, self.life = self.life, None
        if life is not None:
            life.kill()

    # Commands

    def pause(self) -> None:
        if self.status == "running":
            self.status = "waitingForPause"
            self.history.tell("workflow_waiting_for_pause")
            self.pause_now()

    def pause_now(self) -> bool:
        """Pause, if that is wanted and no step is at work."""
        if self.status != "waitingForPause" or (self.life is not None and self.life.active):
            return False
        self.status = "paused"
        self.history.tell("workflow_paused")
        self.paused_at = self.now
        self.end_life()
        return True

    def resume(self) -> None:
        if self.status == "waitingForPause":
            self.status = "running"
            self.history.tell("workflow_running")
            for each in self.life.held if self.life else ():
                each.set_result(None)
        elif self.status == "paused":
            self.status = "queued"
            for key in self.due:
                self.due[key] += self.now - self.paused_at

    def terminate(self, *, rollback: bool = False) -> None:
        if self.status in FINISHED:
            raise JsException(
                "Error",
                "(instance.cannot_terminate) Cannot terminate instance since its on a finite state",
            )
        self.status = "terminated"
        self.end_life()
        if rollback and self.rollbacks:
            self.status = "rollingBack"
            life = self.life = Life()
            life.run = keep_alive(self._terminated(life))
        else:
            self.history.tell("workflow_terminated")

    def delete(self) -> None:
        """Stop; it is the Workflow that forgets it."""
        self.status = "terminated"
        self.history.break_off("delete")
        self.end_life()

    def restart(self, first: dict[str, Any] | None = None) -> None:
        """Begin again, or keep what was before that step."""
        keep = [] if first is None else self._before(first)
        before: list[dict[Key, Any]] = [self.kept, self.configs, self.records]
        self.end_life()
        self._wipe()
        now: list[dict[Key, Any]] = [self.kept, self.configs, self.records]
        for old, new in zip(before, now):
            new.update((key, old[key]) for key in keep if key in old)
        self.history = self.history.kept_for(None if first is None else keep)
        if first is None:
            self.history.tell("workflow_queued")

    def _before(self, first: dict[str, Any]) -> list[Key]:
        kind = {"waitForEvent": "wait_for_event"}.get(first.get("type", "do"), first.get("type"))
        key = Key(cast(Any, kind or "do"), first["name"], first.get("count", 1))
        begun = [*self.records]
        if key not in begun:
            name = first["name"]
            reason = f'(instance.cannot_restart) Step "{name}" not found in execution history'
            raise JsException("Error", reason)
        return begun[: begun.index(key)]

    def receive(self, kind: str, payload: Any) -> None:
        event = {"type": kind, "payload": payload, "timestamp": self.flow.clock.datetime()}
        waiters = self.life.waiters.get(kind) if self.life else None
        while waiters:
            first = waiters.pop(0)
            if not first.done():
                first.set_result(event)
                return
        self.events.setdefault(kind, []).append(event)


async def _settled(life: Life) -> None:
    """Until it has ended, or waits for the clock, an event, or for too long for something else."""
    loop = asyncio.get_running_loop()
    assert life.run
    turns = 0
    while not life.run.done():
        if life.moves != life.seen[0]:
            turns, life.seen = 0, (life.moves, loop.time())
        turns += 1
        if turns <= _TURNS:
            await asyncio.sleep(0)
        elif life.busy and not life.dead and loop.time() - life.seen[1] < PATIENCE:
            await asyncio.sleep(0.001)
        else:
            return
    if not life.run.cancelled():
        life.run.result()
