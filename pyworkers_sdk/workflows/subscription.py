"""Subscriptions of Workflow instances: the events that ``WorkflowInstance.subscribe`` yields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self, TypeAlias

from .._border import raising
from .._border.rpc import dispose, from_rpc, method
from .._options import named_tuple
from .._times import from_ms
from ..errors import WorkflowError

__all__ = [
    "WorkflowInstanceError",
    "WorkflowInstanceEvent",
    "WorkflowInstanceEventType",
    "WorkflowInstanceSubscription",
]

_raising = raising(WorkflowError)

WorkflowInstanceEventType: TypeAlias = Literal[
    "workflow_queued",
    "workflow_started",
    "workflow_running",
    "workflow_paused",
    "workflow_waiting_for_pause",
    "workflow_waiting",
    "workflow_completed",
    "workflow_errored",
    "workflow_terminated",
    "step_started",
    "step_completed",
    "step_errored",
    "attempt_started",
    "attempt_completed",
    "attempt_errored",
    "sleep_started",
    "sleep_completed",
    "wait_started",
    "wait_completed",
    "wait_timed_out",
    "rollback_started",
    "rollback_step_started",
    "rollback_step_completed",
    "rollback_step_errored",
    "rollback_attempt_started",
    "rollback_attempt_completed",
    "rollback_attempt_errored",
    "rollback_completed",
    "rollback_errored",
]
"""The type of an event of an instance.

"workflow_…" concerns the instance, "step_…" a ``step.do``, and "attempt_…" one attempt of it.
"sleep_…" concerns any sleep, "wait_…" a ``wait_for_event``, and "rollback_…" the rollback of
steps.

JS: WorkflowInstanceEventType.
"""


class WorkflowInstanceError(NamedTuple):
    """The error that ended an instance or an attempt."""

    name: str
    """The name of the error's class."""
    message: str
    """The error's message."""


class WorkflowInstanceEvent(NamedTuple):
    """An event in the life of an instance.

    After the first four fields, a field is None if the event's type does not have it. ::

        match event.type:
            case "step_completed": print(event.step_name, event.output)
            case "attempt_errored": print(event.step_name, event.attempt, event.error)

    JS: WorkflowInstanceEvent.
    """

    instance_id: str
    """The id of the instance."""
    event_id: int
    """A number greater than that of every earlier event; pass it to ``subscribe`` as ``cursor``."""
    timestamp: datetime
    """The time of the event, in UTC."""
    type: WorkflowInstanceEventType
    """The type of the event."""
    step_name: str | None = None
    """The name of the step and its number among steps of this name: "charge-1"."""
    attempt: int | None = None
    """The number of the attempt, starting from 1."""
    params: Any = None
    """The ``params`` of the instance. Only in "workflow_started"."""
    output: Any = None
    """The result of the instance or the step. Only in "workflow_completed" and "step_completed".

    It is "[REDACTED]" if the step is sensitive, and a ``ReadableStream`` if the step returned one.
    """
    error: WorkflowInstanceError | None = None
    """The error, in the "…_errored" types except "step_errored" and "rollback_errored"."""
    config: dict[str, Any] | None = None
    """The config of the step with its defaults, as JSON.

    Only in "step_started" and "rollback_step_started". A delay that is a function is "[dynamic]".
    """
    retry_delay_ms: float | None = None
    """The milliseconds until the next attempt, unless the attempt was the last."""
    duration_ms: float | None = None
    """The duration of a sleep in milliseconds. Only in "sleep_started"."""
    event_type: str | None = None
    """The type of event that the step waits for. Only in "wait_started"."""


class WorkflowInstanceSubscription:
    """The events of one instance: first the past events, then each new event as it comes.

    It can be iterated once. No request is made until the first iteration. Iteration stops after the
    event that ends the instance. It stops earlier if you leave the loop, call ``aclose()`` or leave
    an ``async with`` block.

    Iteration raises WorkflowError if the instance is unknown, is deleted or restarted, or if the
    connection breaks. To continue, subscribe again with the ``event_id`` of the last event as
    ``cursor``.

    JS: WorkflowInstanceSubscription.
    """

    __slots__ = ("_closed", "_js", "_subscribe")

    def __init__(self, subscribe: Callable[[], Awaitable[Any]]) -> None:
        self._subscribe = subscribe
        self._js: Any = None
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> WorkflowInstanceEvent:
        """Return the next event.

        JS: WorkflowInstanceSubscription.next.
        """
        if self._closed:
            raise StopAsyncIteration
        try:
            with _raising:
                if self._js is None:
                    self._js = await self._subscribe()
                item = from_rpc(await method(self._js, "next"))
        except WorkflowError:
            self._close()
            raise
        # aclose() may have been called while this waited for the event.
        if self._closed or item["done"]:
            self._close()
            raise StopAsyncIteration
        event = _event(item["value"])
        if event.type in _LAST:
            # Do not ask for the end: the local engine may no longer exist at the next call.
            self._close()
        return event

    async def aclose(self) -> None:
        """End the subscription and release its JavaScript object.

        JS: WorkflowInstanceSubscription[Symbol.dispose].
        """
        self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def __del__(self) -> None:
        self._close()

    def _close(self) -> None:
        self._closed = True
        js, self._js = self._js, None
        if js is not None:
            dispose(js)


_LAST = ("workflow_completed", "workflow_errored", "workflow_terminated")


def _event(js_event: dict[str, Any]) -> WorkflowInstanceEvent:
    return named_tuple(
        WorkflowInstanceEvent,
        js_event,
        timestamp=from_ms,
        error=lambda error: named_tuple(WorkflowInstanceError, error),
    )
