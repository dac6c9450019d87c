"""The engine of the fake Workflows: one instance, its stored results and its lifetimes.

A lifetime is one call of ``run``. It ends with the instance, with a crash or with a pause. The next
lifetime replays ``run`` from its beginning, and completed steps return their stored results.

Nothing runs in the background: ``drain`` calls ``advance``, and ``advance`` runs the instance until
it waits for the clock, for an event or for a command.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

from ...._cpython.border import from_js
from ...._cpython.js_exception import JsException
from ...._cpython.rpc import ends, js_failure
from ...runtime.scheduling import keep_alive
from . import messages
from .history import History
from .records import Flow, Key, Life, Plan, StepRecord, Stored
from .rules import logged, over_rpc
from .step import FakeWorkflowStep

__all__ = ["FINISHED", "Engine"]

_log = logging.getLogger(__name__)

FINISHED = ("complete", "errored", "terminated")

PATIENCE = 1.0
"""Seconds of real time to wait for a step that waits for something outside the engine."""

_TURNS = 25
"""Turns of the event loop without progress, after which everything waits for something."""


class Engine:
    """An instance of a Workflow."""

    def __init__(self, flow: Flow, id: str, payload: Any) -> None:
        self.flow = flow
        self.id = id
        self.payload: Any = from_js(payload)
        self.created: Any = flow.clock.datetime()
        self.plan: Plan = Plan()
        self.life: Life | None = None
        self.crashes: int = 0
        self._lock = asyncio.Lock()
        self.history: History = History(id, flow.clock.now)
        self.history.add("workflow_queued")
        self._reset()

    def _reset(self) -> None:
        self.status: str = "queued"
        self.output: Any = None
        self.error: dict[str, str] | None = None
        # These survive a crash. Each item belongs to a step.
        self.results: dict[Key, Stored] = {}
        self.due: dict[Key, float] = {}  # the end of a sleep, a wait or a retry delay
        self.configs: dict[Key, dict[str, Any]] = {}
        self.records: dict[Key, StepRecord] = {}
        self.rollbacks: dict[Key, dict[str, Any]] = {}
        # Events that no step has waited for yet, by their type.
        self.events: dict[str, list[Any]] = {}
        self.paused_at: float = 0.0

    @property
    def now(self) -> float:
        """The time of the clock in milliseconds."""
        now: float = self.flow.clock.now()
        return now

    # The plans of a test

    def is_planned(self, matches: Callable[[Plan], bool]) -> bool:
        return any(matches(plan) for plan in (self.plan, self.flow.plan))

    def crash_if_planned(self, side: str, key: Key) -> None:
        """Crash before or after a step, if a test has planned it. Each plan crashes once."""
        crash = (side, key.name, key.nth)
        for plan in (self.plan, self.flow.plan):
            if crash in plan.crashes:
                plan.crashes.discard(crash)
                self.crashes += 1
                self.end_life()
                raise asyncio.CancelledError

    # Running

    def next_due(self) -> float | None:
        """Return the time in milliseconds of the next timer."""
        return min((due for due, _ in self.life.timers), default=None) if self.life else None

    async def advance(self) -> bool:
        """Run the instance as far as the clock allows. Return whether anything happened."""
        async with self._lock:
            if self.status in (*FINISHED, "paused"):
                return False
            entrypoint = self.flow.entrypoint()
            if entrypoint is None:
                return False
            life, is_new = self.life, self.life is None
            if life is None:
                life = self.life = Life()
                if self.status == "queued":
                    self._start()
                life.run = keep_alive(self._run(life, entrypoint))
            moves = life.moves
            await _settle(life)
            # One timer at a time: a step that ends may start a step that is due earlier.
            while not life.dead and life.fire(self.now):
                await _settle(life)
            return is_new or life.moves != moves

    async def advance_unless_advancing(self) -> bool:
        """Call ``advance`` unless another call of it is running."""
        return not self._lock.locked() and await self.advance()

    def _start(self) -> None:
        self.status = "running"
        # After a pause the history continues, without a second "workflow_started".
        if self.history.last == "workflow_queued":
            self.history.add("workflow_started", params=self.payload)
        self.history.add("workflow_running")

    async def _run(self, life: Life, entrypoint: type[Any]) -> None:
        event = {
            "payload": from_js(self.payload),
            "timestamp": self.created,
            "instanceId": self.id,
            "workflowName": self.flow.name,
        }
        script = self.flow.script
        try:
            with script.host.entered():
                run = script.enter(entrypoint).run(event, FakeWorkflowStep(self, life))
                result: Any = await run
            output = logged(result)
        except BaseException as raised:
            if ends(raised):
                raise
            exc: Any = js_failure(raised)
            # A dead engine has no say: terminate() or a crash came before the error.
            if not life.dead:
                self.log("run()", exc)
                await self._roll_back(life, over_rpc(exc))
                self._fail(over_rpc(exc))
        else:
            if not life.dead:
                self._finish("complete")
                self.output = output
                self.history.add("workflow_completed", output=from_js(result))

    async def _roll_back(self, life: Life, error: JsException) -> None:
        """Run the rollbacks of all started steps, most recent first.

        Stop at the first rollback that fails permanently (contract:
        test_failed_rollback_is_retried_and_stops_earlier_ones).
        """
        step = FakeWorkflowStep(self, life)
        keys = [key for key in self.records if key in self.rollbacks]
        if not keys:
            return
        self.history.add("rollback_started")
        for key in reversed(keys):
            if not await step.roll_back(key, self.rollbacks[key], error):
                self.history.add("rollback_errored")
                break
        else:
            self.history.add("rollback_completed")
        self.rollbacks.clear()

    async def _roll_back_and_terminate(self, life: Life) -> None:
        await self._roll_back(life, JsException("Error", messages.TERMINATED))
        self._finish("terminated")
        self.history.add("workflow_terminated")

    def log(self, place: str, error: JsException) -> None:
        """Log an error with its traceback, so that a test's author sees where it was raised."""
        text = error.stack or error.message
        _log.warning("%s of %s %s: %s", place, self.flow.name, self.id, text)

    def _fail(self, exc: JsException) -> None:
        self._finish("errored")
        name, message = exc.name, exc.message
        if message.startswith("NonRetryableError"):
            name, message = messages.FATAL_NAME, messages.FATAL
        self.error = {"name": name, "message": message}
        self.history.add("workflow_errored", error=self.error)

    def _finish(self, status: str) -> None:
        self.status = status
        self.life = None

    def end_life(self) -> None:
        """Cancel the run and its steps, as a crash does."""
        life, self.life = self.life, None
        if life is not None:
            life.kill()

    # Commands

    def pause(self) -> None:
        if self.status == "running":
            self.status = "waitingForPause"
            self.history.add("workflow_waiting_for_pause")
            self.pause_now()

    def pause_now(self) -> bool:
        """Pause if a pause was requested and no step's function is running."""
        if self.status != "waitingForPause" or (self.life is not None and self.life.active):
            return False
        self.status = "paused"
        self.history.add("workflow_paused")
        self.paused_at = self.now
        self.end_life()
        return True

    def resume(self) -> None:
        if self.status == "waitingForPause":
            self.status = "running"
            self.history.add("workflow_running")
            for attempt in self.life.held if self.life else ():
                attempt.set_result(None)
        elif self.status == "paused":
            self.status = "queued"
            # Sleeps keep their remaining time (contract:
            # test_pause_during_sleep_keeps_remaining_time).
            for key in self.due:
                self.due[key] += self.now - self.paused_at

    def terminate(self, *, rollback: bool = False) -> None:
        if self.status in FINISHED:
            raise JsException("Error", messages.CANNOT_TERMINATE)
        self.status = "terminated"
        self.end_life()
        if rollback and self.rollbacks:
            self.status = "rollingBack"
            life = self.life = Life()
            life.run = keep_alive(self._roll_back_and_terminate(life))
        else:
            self.history.add("workflow_terminated")

    def delete(self) -> None:
        """Stop the instance. The Workflow has already removed it."""
        self.status = "terminated"
        self.history.break_subscriptions("delete")
        self.end_life()

    def restart(self, first: dict[str, Any] | None = None) -> None:
        """Start again, and keep the results of the steps before ``first``, if it is passed."""
        keys = [] if first is None else self._steps_before(first)
        old: list[dict[Key, Any]] = [self.results, self.configs, self.records]
        self.end_life()
        self._reset()
        new: list[dict[Key, Any]] = [self.results, self.configs, self.records]
        for old_items, new_items in zip(old, new):
            new_items.update((key, old_items[key]) for key in keys if key in old_items)
        self.history = self.history.restarted(None if first is None else keys)
        if first is None:
            self.history.add("workflow_queued")

    def _steps_before(self, first: dict[str, Any]) -> list[Key]:
        js_kind = first.get("type", "do")
        kind = "wait_for_event" if js_kind == "waitForEvent" else js_kind
        key = Key(cast(Any, kind or "do"), first["name"], first.get("count", 1))
        keys = [*self.records]
        if key not in keys:
            raise JsException("Error", messages.CANNOT_RESTART.format(name=first["name"]))
        return keys[: keys.index(key)]

    def receive(self, event_type: str, payload: Any) -> None:
        """Pass an event to the first step that waits for its type, or store it."""
        event = {"type": event_type, "payload": payload, "timestamp": self.flow.clock.datetime()}
        waiters = self.life.waiters.get(event_type) if self.life else None
        while waiters:
            waiter = waiters.pop(0)
            if not waiter.done():  # else its wait has timed out
                waiter.set_result(event)
                return
        self.events.setdefault(event_type, []).append(event)


async def _settle(life: Life) -> None:
    """Let the event loop run until the instance has ended or waits for something.

    Waiting for the clock, an event or a command ends it after a few turns without progress. Waiting
    for something else, such as a binding or ``asyncio.sleep``, ends it after ``PATIENCE``.
    """
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
        life.run.result()  # raise an error that must end the test, such as KeyboardInterrupt
