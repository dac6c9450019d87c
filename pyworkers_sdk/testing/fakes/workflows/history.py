"""What an instance of a fake Workflow has done, event by event, and who is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, get_args

from ...._cpython.border import from_js
from ...._cpython.js_exception import JsException
from ...._cpython.rpc_stubs import JsFunction
from ...._cpython.streams import ReadableStream
from ....workflows.subscription import WorkflowInstanceEventType
from .records import StoredStream
from .rules import FATAL_NAME

if TYPE_CHECKING:
    from .engine import Engine
    from .records import Key

__all__ = [
    "FakeWorkflowSubscription",
    "History",
    "error_for_history",
    "subscription",
    "told_config",
]

_LAST = ("workflow_completed", "workflow_errored", "workflow_terminated")
_TYPES: tuple[str, ...] = get_args(WorkflowInstanceEventType)


class History:
    def __init__(self, id: str, now: Callable[[], float]) -> None:
        self._id = id
        self._now = now
        self._told: list[tuple[Key | None, dict[str, Any]]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self.broken: JsException | None = None

    def tell(self, type: str, key: Key | None = None, **fields: Any) -> None:
        """The ``key`` is that of the step it is of."""
        event: dict[str, Any] = {
            "instanceId": self._id,
            "eventId": self._told[-1][1]["eventId"] + 1 if self._told else 1,
            "timestamp": self._now(),
            "type": type,
            **fields,
        }
        self._told.append((key, event))
        self.wake()

    @property
    def last(self) -> str | None:
        return self._told[-1][1]["type"] if self._told else None

    def after(self, cursor: int) -> dict[str, Any] | None:
        return next((event for _, event in self._told if event["eventId"] > cursor), None)

    def ended_by(self, cursor: int) -> bool:
        return any(event["type"] in _LAST for _, event in self._told if event["eventId"] <= cursor)

    def kept_for(self, keys: Collection[Key] | None) -> History:
        """What goes on being said after a restart: from its beginning nothing, else what was of the
        steps before. Whoever was listening has to ask again."""
        self.break_off("restart")
        made = History(self._id, self._now)
        begun = ("workflow_queued", "workflow_started")
        made._told = [
            (key, event)
            for key, event in self._told
            if keys is not None and (key in keys if key else event["type"] in begun)
        ]
        return made

    def break_off(self, command: str) -> None:
        self.broken = JsException("Error", f"Aborting engine: User called {command}")
        self.wake()

    async def more(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    def wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)


class FakeWorkflowSubscription:
    """JS: WorkflowInstanceSubscription.

    Where nothing more was told, ``next`` has the instance go on as far as it goes by now; then it
    waits for somebody to move the clock, and to drain. It waits for no turn: who listens hears of
    each drain, however many there are.
    """

    is_fake = True  # for faults()

    def __init__(self, engine: Engine, cursor: int, filter: Collection[str]) -> None:
        self._engine = engine
        self._history = engine.history
        self._cursor = cursor
        self._filter = filter
        self._closed = False

    async def next(self) -> dict[str, Any]:
        history = self._history
        while not self._closed:
            event = history.after(self._cursor)
            if event is None:
                if history.ended_by(self._cursor):
                    break
                if history.broken is not None:
                    raise history.broken
                went_on = await self._engine.go_on()
                told = history.broken or history.after(self._cursor)
                if not (went_on or told or self._closed):
                    await history.more()
                continue
            self._cursor = event["eventId"]
            self._closed = event["type"] in _LAST
            if event["type"] in self._filter:
                return {"done": False, "value": _delivered(event)}
        return {"done": True, "value": None}

    def _dispose(self) -> None:
        self._closed = True
        self._history.wake()


async def subscription(
    engine: Callable[[], Engine], options: dict[str, Any]
) -> FakeWorkflowSubscription:
    cursor: Any = options.get("cursor", 0)
    filter: list[Any] = options.get("filter", [*_TYPES])
    if not (
        set(options) <= {"cursor", "filter"}
        and type(cursor) is int
        and cursor >= 0
        and type(filter) is list
        and all(each in _TYPES for each in filter)
    ):
        raise JsException("Error", "Invalid Workflow subscription options")
    return FakeWorkflowSubscription(engine(), cursor, filter)


def error_for_history(error: JsException) -> dict[str, str]:
    """The error of an attempt, as its event has it."""
    name, message = error.name, error.message
    if message.startswith("NonRetryableError"):
        name, message = FATAL_NAME, f'Step threw a NonRetryableError with message "{message}"'
    elif message.startswith("Execution timed out after "):
        name = "WorkflowTimeoutError"
    return {"name": name, "message": message}


def told_config(config: dict[str, Any]) -> dict[str, Any]:
    retries = config["retries"]
    if isinstance(retries["delay"], JsFunction):
        retries = {**retries, "delay": "[dynamic]"}
    return {**config, "retries": retries}


def _delivered(event: dict[str, Any]) -> dict[str, Any]:
    output = event.get("output")
    if isinstance(output, StoredStream):
        return {**event, "output": ReadableStream.of(output.data)}
    made: dict[str, Any] = from_js(event)
    return made
