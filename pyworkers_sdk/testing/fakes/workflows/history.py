"""The history of an instance: its events, and the subscriptions that receive them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Protocol, get_args

from ...._cpython.border import from_js
from ...._cpython.js_exception import JsException
from ...._cpython.rpc_stubs import JsFunction
from ...._cpython.streams import ReadableStream
from ....workflows.subscription import WorkflowInstanceEventType
from . import messages
from .records import StoredStream

if TYPE_CHECKING:
    from .records import Key

__all__ = [
    "FakeWorkflowSubscription",
    "History",
    "config_for_history",
    "error_for_history",
    "subscription",
]

_LAST = ("workflow_completed", "workflow_errored", "workflow_terminated")
_TYPES: tuple[str, ...] = get_args(WorkflowInstanceEventType)


class History:
    """The events of an instance since its start or its last restart."""

    def __init__(self, id: str, now: Callable[[], float]) -> None:
        self._id = id
        self._now = now
        self._events: list[tuple[Key | None, dict[str, Any]]] = []
        self._waiters: list[asyncio.Future[None]] = []
        self.broken: JsException | None = None
        """The error that open subscriptions raise after the last event, if there is one."""

    def add(self, type: str, key: Key | None = None, **fields: Any) -> None:
        """Add an event.

        Args:
            type: The type of the event.
            key: The step that the event belongs to, or None for an event of the instance.
            fields: The members of the event, under JavaScript's names.
        """
        event: dict[str, Any] = {
            "instanceId": self._id,
            # Not the length of the list: after a restart from a step, ids of earlier events stay,
            # with gaps (contract: test_restart_starts_new_events).
            "eventId": self._events[-1][1]["eventId"] + 1 if self._events else 1,
            "timestamp": self._now(),
            "type": type,
            **fields,
        }
        self._events.append((key, event))
        self.wake()

    @property
    def last(self) -> str | None:
        """The type of the last event."""
        return self._events[-1][1]["type"] if self._events else None

    def after(self, cursor: int) -> dict[str, Any] | None:
        """Return the first event after a cursor."""
        return next((event for _, event in self._events if event["eventId"] > cursor), None)

    def ended_by(self, cursor: int) -> bool:
        """Return whether the instance has ended at or before a cursor."""
        return any(
            event["type"] in _LAST for _, event in self._events if event["eventId"] <= cursor
        )

    def restarted(self, steps: Collection[Key] | None) -> History:
        """Return the history that survives a restart, and break open subscriptions.

        After a restart from the beginning (``steps`` is None) it is empty. Else it has the first
        events of the instance and the events of the steps before the restart.
        """
        self.break_subscriptions("restart")
        history = History(self._id, self._now)
        start = ("workflow_queued", "workflow_started")
        history._events = [
            (key, event)
            for key, event in self._events
            if steps is not None and (key in steps if key else event["type"] in start)
        ]
        return history

    def break_subscriptions(self, command: str) -> None:
        self.broken = JsException("Error", messages.ABORTED.format(command=command))
        self.wake()

    async def wait(self) -> None:
        """Wait for the next event, or for a change of the subscription."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    def wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class Advancing(Protocol):
    """The engine of an instance, as far as a subscription needs it."""

    @property
    def history(self) -> History: ...
    async def advance_unless_advancing(self) -> bool: ...


class FakeWorkflowSubscription:
    """JS: WorkflowInstanceSubscription.

    After the last event so far, ``next`` first lets the instance advance as far as the clock
    allows. Then it waits until a test moves the clock and calls ``drain``.

    Unlike the methods of other fakes, its methods do not yield (``yields_to_others``). A subscriber
    sees the events of each ``drain``, however many rounds it has.
    """

    is_fake = True  # for faults()

    def __init__(self, engine: Advancing, cursor: int, filter: Collection[str]) -> None:
        self._engine = engine
        # A restart gives the engine a new history. This subscription keeps the old one, and next()
        # raises because the old one is broken.
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
                advanced = await self._engine.advance_unless_advancing()
                # All of these may have changed while the engine advanced.
                news = history.broken or history.after(self._cursor)
                if not (advanced or news or self._closed):
                    await history.wait()
                continue
            self._cursor = event["eventId"]
            self._closed = event["type"] in _LAST
            if event["type"] in self._filter:
                return {"done": False, "value": _delivered(event)}
        return {"done": True, "value": None}

    def __dispose__(self) -> None:
        self._closed = True
        self._history.wake()


async def subscription(
    engine: Callable[[], Advancing], options: dict[str, Any]
) -> FakeWorkflowSubscription:
    cursor: Any = options.get("cursor", 0)
    filter: list[Any] = options.get("filter", [*_TYPES])
    if not (
        set(options) <= {"cursor", "filter"}
        and type(cursor) is int
        and cursor >= 0
        and type(filter) is list
        and all(name in _TYPES for name in filter)
    ):
        raise JsException("Error", messages.INVALID_SUBSCRIPTION)
    return FakeWorkflowSubscription(engine(), cursor, filter)


def error_for_history(error: JsException) -> dict[str, str]:
    """Return the error of an attempt as its event shows it."""
    name, message = error.name, error.message
    if message.startswith("NonRetryableError"):
        name = messages.FATAL_NAME
        message = messages.FATAL_IN_HISTORY.format(message=message)
    elif message.startswith("Execution timed out after "):
        name = messages.TIMEOUT_NAME
    return {"name": name, "message": message}


def config_for_history(config: dict[str, Any]) -> dict[str, Any]:
    """Return the config of a step as its event shows it."""
    retries = config["retries"]
    if isinstance(retries["delay"], JsFunction):
        retries = {**retries, "delay": "[dynamic]"}
    return {**config, "retries": retries}


def _delivered(event: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of an event, with a new stream if its output is one."""
    output = event.get("output")
    if isinstance(output, StoredStream):
        return {**event, "output": ReadableStream.of(output.data)}
    copy: dict[str, Any] = from_js(event)
    return copy
