"""``FakeWorkflowStep``: the steps of one lifetime, with their attempts and retry back-off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from ...._cpython.border import from_js
from ...._cpython.clone_size import clone_size
from ...._cpython.js_exception import JsException
from ...._cpython.rpc import js_failure
from ...._cpython.rpc_stubs import JsFunction
from ...._cpython.streams import ReadableStream
from . import messages
from .history import config_for_history, error_for_history
from .records import Callback, Flow, Key, Life, Plan, StepRecord, Stored, StoredStream
from .rules import (
    LARGEST_OUTPUT,
    STEP_LIMIT,
    check_config,
    check_name,
    config_for_context,
    logged,
    milliseconds,
    number_text,
    over_rpc,
    retry_delay,
    with_defaults,
)

if TYPE_CHECKING:
    from .history import History

__all__ = ["FakeWorkflowStep"]

DELAY_TIMEOUT = 5000
"""Milliseconds in which a function must return a retry delay."""


class Instance(Protocol):
    """The engine of an instance, as far as its steps need it."""

    status: str
    results: dict[Key, Stored]
    due: dict[Key, float]
    configs: dict[Key, dict[str, Any]]
    records: dict[Key, StepRecord]
    rollbacks: dict[Key, dict[str, Any]]
    events: dict[str, list[Any]]

    @property
    def flow(self) -> Flow: ...
    @property
    def history(self) -> History: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def now(self) -> float: ...
    def is_planned(self, matches: Callable[[Plan], bool]) -> bool: ...
    def crash_if_planned(self, side: str, key: Key) -> None: ...
    def pause_now(self) -> bool: ...
    def log(self, place: str, error: JsException) -> None: ...


class FakeWorkflowStep:
    """JS: WorkflowStep.

    ``run`` calls the same steps in each lifetime. A step with a stored result returns it; else the
    step runs and its result is stored, so a crash before that makes it run again.
    """

    def __init__(self, engine: Instance, life: Life) -> None:
        self._engine = engine
        self._life = life
        self._steps = 0

    # do ------------------------------------------------------------------------------------------

    async def do(self, name: str, *arguments: Any) -> Any:
        engine, life = self._engine, self._life
        life.enter()
        # The arguments are [config], callback, [rollback].
        parts: Any = arguments if isinstance(arguments[0], dict) else ({}, *arguments)
        config, callback, *rollback = parts
        if rollback:
            check_config(name, rollback[0].get("rollbackConfig", {}), "Rollback")
        self._steps += 1
        if self._steps > STEP_LIMIT:
            raise JsException("Error", messages.TOO_MANY_STEPS.format(limit=STEP_LIMIT))
        check_name(name)
        check_config(name, config)
        key = self._key("do", name)
        if rollback:
            # Also in a replay: each lifetime passes a new function.
            engine.rollbacks[key] = rollback[0]
        if key in engine.results:
            return engine.results[key].get()
        config = engine.configs.setdefault(key, with_defaults(config))
        record = self._begin(key, "step_started", config=config_for_history(config))
        while key not in engine.results:
            await self._attempt(key, record, config, callback)
        stored = engine.results[key]
        engine.crash_if_planned("after", key)
        if engine.pause_now():
            raise asyncio.CancelledError
        if stored.error is None and not isinstance(stored.value, StoredStream):
            # The engine logs each result, and fails here if that is impossible (contract:
            # test_result_with_large_integer_ends_instance).
            logged(stored.value)
        return stored.get()

    async def _attempt(
        self, key: Key, record: StepRecord, config: dict[str, Any], callback: Callback
    ) -> None:
        """Make one attempt, after the retry delay of the previous one.

        It ends with a stored result, a stored error, or the delay before the next retry.
        """
        engine = self._engine
        await self._wait_for_attempt(key)
        record.attempts += 1
        self._tell(key, "attempt_started", attempt=record.attempts)
        try:
            value = await self._value(key, record.attempts, config, callback)
        except JsException as exc:
            engine.log(f"step {key.name!r}, attempt {record.attempts},", exc)
            error = over_rpc(exc)
        else:
            self._succeed(key, record, config, value)
            return
        retryable = not error.message.startswith("NonRetryableError")
        if retryable and record.attempts <= config["retries"]["limit"]:
            await self._retry_later(key, record, config, error)
        else:
            engine.crash_if_planned("before", key)
            self._fail_for_good(key, record, error, error)

    async def _wait_for_attempt(self, key: Key) -> None:
        """Wait for the retry delay to pass, and for a requested pause to be cancelled."""
        engine, life = self._engine, self._life
        if key in engine.due:
            await life.until(engine.due[key])
            engine.due.pop(key)
        # While a pause waits for a running step, no other step starts an attempt. Rollbacks run on.
        while engine.status == "waitingForPause" and key.kind != "rollback":
            held: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            life.held.append(held)
            await life.park(held, held)

    def _succeed(self, key: Key, record: StepRecord, config: dict[str, Any], value: Any) -> None:
        """Store the result of a step."""
        self._engine.crash_if_planned("before", key)
        record.done, record.result = True, value
        self._engine.results[key] = Stored(value)
        self._tell(key, "attempt_completed", attempt=record.attempts)
        if key.kind == "rollback":
            self._tell(key, "step_completed")
        else:
            output = "[REDACTED]" if "sensitive" in config else value
            self._tell(key, "step_completed", output=output)

    async def _retry_later(
        self, key: Key, record: StepRecord, config: dict[str, Any], error: JsException
    ) -> None:
        """Schedule the next retry with its back-off. If the delay fails, so does the step."""
        engine = self._engine
        try:
            delay = await self._delay(key, record, config, error)
        except JsException as exc:
            self._fail_for_good(key, record, exc, error)
            return
        step = (key.name, key.nth)
        if engine.is_planned(lambda plan: None in plan.delays or step in plan.delays):
            delay = 0
        engine.due[key] = engine.now + delay
        self._tell(
            key,
            "attempt_errored",
            attempt=record.attempts,
            error=error_for_history(error),
            retryDelayMs=delay,
        )
        if engine.pause_now():
            raise asyncio.CancelledError

    def _fail_for_good(
        self, key: Key, record: StepRecord, error: JsException, attempt_error: JsException
    ) -> None:
        """Store the error of a step. It differs from the attempt's if the delay has failed."""
        record.done, record.error = True, (error.name, error.message)
        self._engine.results[key] = Stored(error=error)
        self._tell(
            key,
            "attempt_errored",
            attempt=record.attempts,
            error=error_for_history(attempt_error),
        )
        self._tell(key, "step_errored")

    async def _value(
        self, key: Key, attempt: int, config: dict[str, Any], callback: Callback
    ) -> Any:
        """Return the result of an attempt, or the result that a test has planned for it."""
        engine, step = self._engine, (key.name, key.nth)
        for plan in (engine.plan, engine.flow.plan):
            error, times = plan.errors.get(step, (None, 0))
            if error is not None and attempt <= times:
                raise error
            if attempt <= plan.timeouts.get(step, 0):
                raise JsException("Error", messages.TIMED_OUT.format(milliseconds=0))
            if step in plan.results:
                return from_js(plan.results[step])
        timeout = milliseconds(config["timeout"])
        reason = messages.TIMED_OUT.format(milliseconds=number_text(timeout))
        result = callback(_context(key, attempt, config))
        value = await _storable(await self._in_time(result, timeout, reason))
        # The local engine accepts larger results (contract:
        # test_result_over_size_limit_fails_attempt).
        limit = LARGEST_OUTPUT if engine.flow.strict else 2 * LARGEST_OUTPUT
        if not isinstance(value, StoredStream) and clone_size(value) > limit:
            raise JsException(
                "Error", messages.OUTPUT_TOO_LARGE.format(name=f"{key.name}-{key.nth}")
            )
        return value

    async def _in_time(self, work: Awaitable[Any], limit: float, reason: str) -> Any:
        """Return the result of work, or raise an error after ``limit`` milliseconds."""
        life = self._life
        life.active += 1
        task: asyncio.Future[Any] = asyncio.ensure_future(work)
        timer = life.timer(self._engine.now + limit)
        try:
            await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise JsException("Error", reason)
            if task.cancelled():
                # The function raised CancelledError itself. That is a failed attempt, and not the
                # end of the run (contract: test_base_exception_of_step_is_retried).
                raise JsException("Error", "CancelledError")
            error = task.exception()
            if error is not None:
                raise js_failure(error)
            return task.result()
        finally:
            task.cancel()
            life.active -= 1
            life.moves += 1
            life.drop_timer(timer)

    async def _delay(
        self, key: Key, record: StepRecord, config: dict[str, Any], error: JsException
    ) -> float:
        """Return the milliseconds until the next attempt, with the back-off."""
        delay = config["retries"]["delay"]
        if not isinstance(delay, JsFunction):
            return retry_delay(config, record.attempts, delay)
        step = f"{key.name}-{key.nth}"
        context = {"ctx": _context(key, record.attempts, config), "error": error}
        late = messages.LATE_DELAY.format(name=step)
        try:
            result = await self._in_time(delay.call(context), DELAY_TIMEOUT, late)
        except JsException as exc:
            if exc.message == late:
                raise
            reason = messages.FAILED_DELAY.format(name=step, error=over_rpc(exc).message)
            raise JsException("Error", reason) from None
        try:
            return retry_delay(config, record.attempts, result)
        except ValueError:
            raise JsException("Error", messages.INVALID_DELAY.format(name=step)) from None

    async def roll_back(self, key: Key, rollback: dict[str, Any], error: JsException) -> bool:
        """Run the rollback of a step, with its retries. Return whether it succeeded."""
        engine = self._engine
        self._life.enter()
        name = f"{key.name}-{key.nth}"
        # A step that was still running has no result, so its rollback gets no output.
        record, stored = engine.records[key], engine.results.get(key, Stored(error=error))
        context = {
            "ctx": _context(key, record.attempts, engine.configs[key]),
            "error": error,
            **({} if stored.error else {"output": stored.get()}),
            "stepName": name,
        }
        rollback_key = Key("rollback", name, 1)
        rollback_record = StepRecord("rollback", name, 1)
        config = with_defaults(rollback.get("rollbackConfig", {}))
        self._tell(rollback_key, "step_started", config=config_for_history(config))
        while rollback_key not in engine.results:
            await self._attempt(
                rollback_key,
                rollback_record,
                config,
                lambda ctx: rollback["rollback"].call(context),
            )
        return engine.results[rollback_key].error is None

    # sleep, sleepUntil and waitForEvent ----------------------------------------------------------

    async def sleep(self, name: str, duration: float | str, /) -> None:
        self._life.enter()
        await self._sleep(name, self._engine.now + milliseconds(duration), duration)

    async def sleepUntil(self, name: str, timestamp: Any, /) -> None:
        self._life.enter()
        due = timestamp if isinstance(timestamp, (int, float)) else timestamp.timestamp() * 1000
        # In a replay the time may have passed, and that is not an error.
        key = Key("sleep", name, self._life.counts["sleep", name] + 1)
        if due < self._engine.now and key not in self._engine.records:
            raise JsException("Error", messages.PAST_TIME)
        await self._sleep(name, due, due)

    async def _sleep(self, name: str, due: float, until: object) -> None:
        engine = self._engine
        key = self._key("sleep", name)
        # In the history, the number counts sleeps of one name and one length (contract:
        # test_step_name_of_sleep_and_wait_has_number).
        number = self._key("sleep", f"{name} {until}").nth
        step_name = f"{name}-{number}"
        if key in engine.results:
            return
        length = due - engine.now
        record = self._begin(key, "sleep_started", stepName=step_name, durationMs=length)
        engine.crash_if_planned("before", key)
        step = (name, key.nth)
        if not engine.is_planned(lambda plan: None in plan.sleeps or step in plan.sleeps):
            # After a crash the sleep keeps its first end, not a new one.
            await self._life.until(engine.due.setdefault(key, due))
        engine.due.pop(key, None)
        record.done = True
        engine.results[key] = Stored()
        self._tell(key, "sleep_completed", stepName=step_name)
        engine.crash_if_planned("after", key)

    async def waitForEvent(self, name: str, options: Any, /) -> Any:
        engine, life = self._engine, self._life
        life.enter()
        event_type, timeout = options["type"], milliseconds(options.get("timeout") or "24 hours")
        key = self._key("wait_for_event", name)
        if key in engine.results:
            return engine.results[key].get()
        record = self._begin(key, "wait_started", eventType=event_type)
        engine.crash_if_planned("before", key)
        step = (name, key.nth)
        timer = life.timer(engine.due.setdefault(key, engine.now + timeout))
        event: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        stored_events = engine.events.get(event_type)
        if engine.is_planned(lambda plan: step in plan.late):
            timer.set_result(None)
        elif stored_events:
            event.set_result(stored_events.pop(0))
        else:
            life.waiters.setdefault(event_type, []).append(event)
        received = await life.park(event, timer)
        engine.due.pop(key, None)
        record.done = True
        if received:
            record.result = event.result()["payload"]
            engine.results[key] = Stored(event.result())
            self._tell(key, "wait_completed")
        else:
            event.cancel()  # so that receive() passes over it
            reason = messages.TIMED_OUT.format(milliseconds=number_text(timeout))
            record.error = (messages.TIMEOUT_NAME, reason)
            engine.results[key] = Stored(error=JsException("Error", reason))
            self._tell(key, "wait_timed_out")
        engine.crash_if_planned("after", key)
        return engine.results[key].get()

    # Records and events --------------------------------------------------------------------------

    def _key(self, kind: Any, name: str) -> Key:
        """Return the identity of the next step of a kind and a name."""
        self._life.counts[kind, name] += 1
        return Key(kind, name, self._life.counts[kind, name])

    def _begin(self, key: Key, event: str, **fields: Any) -> StepRecord:
        """Return the record of a step. Record its start, unless an earlier lifetime did."""
        if key not in self._engine.records:
            self._engine.records[key] = StepRecord(*key)
            self._tell(key, event, **fields)
        return self._engine.records[key]

    def _tell(self, key: Key, event: str, **fields: Any) -> None:
        """Add an event of a step to the history."""
        is_rollback = key.kind == "rollback"
        # The name of a rollback already ends with the number of its step.
        name = key.name if is_rollback else f"{key.name}-{key.nth}"
        type = f"rollback_{event}" if is_rollback else event
        self._engine.history.add(type, key, **{"stepName": name, **fields})


def _context(key: Key, attempt: int, config: dict[str, Any]) -> dict[str, Any]:
    return {
        "step": {"name": key.name, "count": key.nth},
        "attempt": attempt,
        "config": from_js(config_for_context(config)),
    }


async def _storable(value: Any) -> Any:
    """Return a copy of a result that can be stored; a stream is read to its end."""
    if not isinstance(value, ReadableStream):
        return from_js(value)
    reader = value.getReader()
    chunks: list[bytes] = []
    while (chunk := (await reader.read())["value"]) is not None:
        chunks.append(chunk)
    return StoredStream(b"".join(chunks))
