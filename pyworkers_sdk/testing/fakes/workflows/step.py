"""``FakeWorkflowStep``: the steps of one lifetime of an instance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from ...._cpython.border import from_js
from ...._cpython.clone_size import clone_size
from ...._cpython.js_exception import JsException
from ...._cpython.rpc import js_failure
from ...._cpython.rpc_stubs import JsFunction
from ...._cpython.streams import ReadableStream
from .history import error_for_history, told_config
from .records import Callback, Key, Life, StepRecord, Stored, StoredStream
from .rules import (
    LARGEST_OUTPUT,
    STEP_LIMIT,
    check_config,
    check_name,
    logged,
    milliseconds,
    number_text,
    over_rpc,
    resolved,
    retry_delay,
    shown,
)

if TYPE_CHECKING:
    from .engine import Engine

__all__ = ["FakeWorkflowStep"]


class FakeWorkflowStep:
    """JS: WorkflowStep."""

    def __init__(self, engine: Engine, life: Life) -> None:
        self._engine = engine
        self._life = life
        self._steps = 0

    async def do(self, name: str, *given: Any) -> Any:
        engine, life = self._engine, self._life
        life.enter()
        parts: Any = given if isinstance(given[0], dict) else ({}, *given)
        config, callback, *rolled = parts
        if rolled:
            check_config(name, rolled[0].get("rollbackConfig", {}), "Rollback")
        self._steps += 1
        if self._steps > STEP_LIMIT:
            raise JsException(
                "Error",
                f"The limit of {STEP_LIMIT} steps has been reached. This limit can be changed in "
                "your worker configuration.",
            )
        check_name(name)
        check_config(name, config)
        key = self._key("do", name)
        if rolled:
            engine.rollbacks[key] = rolled[0]
        if key in engine.kept:
            return engine.kept[key].get()
        config = engine.configs.setdefault(key, resolved(config))
        record = self._begun(key, "step_started", config=told_config(config))
        while key not in engine.kept:
            await self._attempt(key, record, config, callback)
        stored = engine.kept[key]
        engine.boundary("after", key)
        if engine.pause_now():
            raise asyncio.CancelledError
        if stored.error is None and not isinstance(stored.value, StoredStream):
            logged(stored.value)
        return stored.get()

    async def _attempt(
        self, key: Key, record: StepRecord, config: dict[str, Any], callback: Callback
    ) -> None:
        """One attempt, and the rest before the next; its end is kept if it is the last."""
        engine, life = self._engine, self._life
        if key in engine.due:
            await life.until(engine.due[key])
            engine.due.pop(key)
        while engine.status == "waitingForPause" and key.kind != "rollback":
            held: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            life.held.append(held)
            await life.park(held, held)
        record.attempts += 1
        self._tell(key, "attempt_started", attempt=record.attempts)
        try:
            value = await self._value(key, record.attempts, config, callback)
        except JsException as exc:
            engine.log(f"step {key.name!r}, attempt {record.attempts},", exc)
            error = over_rpc(exc)
        else:
            engine.boundary("before", key)
            record.done, record.result = True, value
            engine.kept[key] = Stored(value)
            self._tell(key, "attempt_completed", attempt=record.attempts)
            output = {"output": "[REDACTED]" if "sensitive" in config else value}
            self._tell(key, "step_completed", **({} if key.kind == "rollback" else output))
            return
        final = error.message.startswith("NonRetryableError")
        failed: dict[str, Any] = {"attempt": record.attempts, "error": error_for_history(error)}
        if not final and record.attempts <= config["retries"]["limit"]:
            try:
                delay = await self._delay(key, record, config, error)
            except JsException as exc:
                record.done, record.error = True, (exc.name, exc.message)
                engine.kept[key] = Stored(error=exc)
                self._tell(key, "attempt_errored", **failed)
                self._tell(key, "step_errored")
                return
            at = (key.name, key.nth)
            if engine.planned(lambda plan: None in plan.delays or at in plan.delays):
                delay = 0
            engine.due[key] = engine.now + delay
            self._tell(key, "attempt_errored", **failed, retryDelayMs=delay)
            if engine.pause_now():
                raise asyncio.CancelledError
            return
        engine.boundary("before", key)
        record.done, record.error = True, (error.name, error.message)
        engine.kept[key] = Stored(error=error)
        self._tell(key, "attempt_errored", **failed)
        self._tell(key, "step_errored")

    async def _value(
        self, key: Key, attempt: int, config: dict[str, Any], callback: Callback
    ) -> Any:
        """What an attempt gives, or what a test has it give."""
        engine, at = self._engine, (key.name, key.nth)
        timeout = milliseconds(config["timeout"])
        for plan in (engine.plan, engine.flow.plan):
            error, times = plan.errors.get(at, (None, 0))
            if error is not None and attempt <= times:
                raise error
            if attempt <= plan.timeouts.get(at, 0):
                raise JsException("Error", "Execution timed out after 0ms")
            if at in plan.results:
                return from_js(plan.results[at])
        reason = f"Execution timed out after {number_text(timeout)}ms"
        called = callback(_context(key, attempt, config))
        value = await _storable(await self._in_time(called, timeout, reason))
        most = LARGEST_OUTPUT if engine.flow.strict else 2 * LARGEST_OUTPUT
        if not isinstance(value, StoredStream) and clone_size(value) > most:
            reason = "output is too large. Maximum allowed size is 1MiB."
            raise JsException("Error", f"Step {key.name}-{key.nth} {reason}")
        return value

    async def _in_time(self, work: Awaitable[Any], limit: float, reason: str) -> Any:
        life = self._life
        life.active += 1
        task: asyncio.Future[Any] = asyncio.ensure_future(work)
        timer = life.timer(self._engine.now + limit)
        try:
            await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise JsException("Error", reason)
            if task.cancelled():
                raise JsException("Error", "CancelledError")
            error = task.exception()
            if error is not None:
                raise js_failure(error)
            return task.result()
        finally:
            task.cancel()
            life.active -= 1
            life.moves += 1
            life.timers = [each for each in life.timers if each[1] is not timer]

    async def _delay(
        self, key: Key, record: StepRecord, config: dict[str, Any], error: JsException
    ) -> float:
        """Milliseconds until the next attempt."""
        delay = config["retries"]["delay"]
        if isinstance(delay, JsFunction):
            whose = f'The delay function for step "{key.name}-{key.nth}"'
            given = {"ctx": _context(key, record.attempts, config), "error": error}
            late = f"{whose} did not return within 5 seconds"
            try:
                delay = await self._in_time(delay.call(given), 5000, late)
            except JsException as exc:
                if exc.message == late:
                    raise
                message = f"{whose} threw an error: {over_rpc(exc).message}"
                raise JsException("Error", message) from None
            try:
                return retry_delay(config, record.attempts, delay)
            except ValueError:
                reason = (
                    f"{whose} returned an invalid delay value (expected a number of ms or a "
                    'duration string like "30 seconds")'
                )
                raise JsException("Error", reason) from None
        return retry_delay(config, record.attempts, delay)

    async def undo(self, key: Key, how: dict[str, Any], error: JsException) -> bool:
        """Undo a step, as often as it takes; whether it went well."""
        engine = self._engine
        self._life.enter()
        name = f"{key.name}-{key.nth}"
        record, stored = engine.records[key], engine.kept.get(key, Stored(error=error))
        given = {
            "ctx": _context(key, record.attempts, engine.configs[key]),
            "error": error,
            **({} if stored.error else {"output": stored.get()}),
            "stepName": name,
        }
        undone = Key("rollback", name, 1)
        own = StepRecord("rollback", name, 1)
        config = resolved(how.get("rollbackConfig", {}))
        self._tell(undone, "step_started", config=told_config(config))
        while undone not in engine.kept:
            await self._attempt(undone, own, config, lambda ctx: how["rollback"].call(given))
        return engine.kept[undone].error is None

    async def sleep(self, name: str, duration: float | str, /) -> None:
        self._life.enter()
        await self._sleep(name, self._engine.now + milliseconds(duration), duration)

    async def sleepUntil(self, name: str, timestamp: Any, /) -> None:
        self._life.enter()
        due = timestamp if isinstance(timestamp, (int, float)) else timestamp.timestamp() * 1000
        begun = Key("sleep", name, self._life.counts["sleep", name] + 1) in self._engine.records
        if due < self._engine.now and not begun:
            reason = "You can't sleep until a time in the past, time-traveler"
            raise JsException("Error", reason)
        await self._sleep(name, due, due)

    async def _sleep(self, name: str, due: float, until: object) -> None:
        engine = self._engine
        key = self._key("sleep", name)
        said = self._key("sleep", f"{name} {until}").nth  # it counts those of one length
        if key in engine.kept:
            return
        length = {"durationMs": due - engine.now}
        record = self._begun(key, "sleep_started", stepName=f"{name}-{said}", **length)
        engine.boundary("before", key)
        at = (name, key.nth)
        if not engine.planned(lambda plan: None in plan.sleeps or at in plan.sleeps):
            await self._life.until(engine.due.setdefault(key, due))
        engine.due.pop(key, None)
        record.done = True
        engine.kept[key] = Stored()
        self._tell(key, "sleep_completed", stepName=f"{name}-{said}")
        engine.boundary("after", key)

    async def waitForEvent(self, name: str, options: Any, /) -> Any:
        engine, life = self._engine, self._life
        life.enter()
        kind, timeout = options["type"], milliseconds(options.get("timeout") or "24 hours")
        key = self._key("wait_for_event", name)
        if key in engine.kept:
            return engine.kept[key].get()
        record = self._begun(key, "wait_started", eventType=kind)
        engine.boundary("before", key)
        at = (name, key.nth)
        late = engine.planned(lambda plan: at in plan.late)
        timer = life.timer(engine.due.setdefault(key, engine.now + timeout))
        event: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        buffered = engine.events.get(kind)
        if late:
            timer.set_result(None)
        elif buffered:
            event.set_result(buffered.pop(0))
        else:
            life.waiters.setdefault(kind, []).append(event)
        came = await life.park(event, timer)
        engine.due.pop(key, None)
        record.done = True
        if came:
            record.result = event.result()["payload"]
            engine.kept[key] = Stored(event.result())
            self._tell(key, "wait_completed")
        else:
            event.cancel()
            reason = f"Execution timed out after {number_text(timeout)}ms"
            record.error = ("WorkflowTimeoutError", reason)
            engine.kept[key] = Stored(error=JsException("Error", reason))
            self._tell(key, "wait_timed_out")
        engine.boundary("after", key)
        return engine.kept[key].get()

    def _key(self, kind: Any, name: str) -> Key:
        self._life.counts[kind, name] += 1
        return Key(kind, name, self._life.counts[kind, name])

    def _begun(self, key: Key, event: str, **fields: Any) -> StepRecord:
        if key not in self._engine.records:
            self._engine.records[key] = StepRecord(*key)
            self._tell(key, event, **fields)
        return self._engine.records[key]

    def _tell(self, key: Key, event: str, **fields: Any) -> None:
        undoing = key.kind == "rollback"  # of a step whose name says which one it is
        name = key.name if undoing else f"{key.name}-{key.nth}"
        type = f"rollback_{event}" if undoing else event
        self._engine.history.tell(type, key, **{"stepName": name, **fields})


def _context(key: Key, attempt: int, config: dict[str, Any]) -> dict[str, Any]:
    return {
        "step": {"name": key.name, "count": key.nth},
        "attempt": attempt,
        "config": from_js(shown(config)),
    }


async def _storable(value: Any) -> Any:
    """A result as it is kept."""
    if not isinstance(value, ReadableStream):
        return from_js(value)
    reader = value.getReader()
    chunks: list[bytes] = []
    while (chunk := (await reader.read())["value"]) is not None:
        chunks.append(chunk)
    return StoredStream(b"".join(chunks))
