"""What ``WorkflowInstance.subscribe`` gives: what an instance does, event by event."""

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
"""``step_`` is a ``step.do``, ``sleep_`` any sleep, ``wait_`` a ``wait_for_event``, ``rollback_``
what undoes steps. JS: WorkflowInstanceEventType."""


class WorkflowInstanceError(NamedTuple):
    """What ended an instance, or an attempt: the name of the error's class, and its message."""

    name: str
    message: str


class WorkflowInstanceEvent(NamedTuple):
    """What an instance did. Beyond the first four, a field is None where its type has none. ::

        match event.type:
            case "step_completed": print(event.step_name, event.output)
            case "attempt_errored": print(event.step_name, event.attempt, event.error)

    JS: WorkflowInstanceEvent.
    """

    instance_id: str
    event_id: int
    """Greater than those before it: a ``cursor`` to go on from."""
    timestamp: datetime
    type: WorkflowInstanceEventType
    step_name: str | None = None
    """With which one of that name it is: "charge-1"."""
    attempt: int | None = None
    """From 1."""
    params: Any = None
    """Of "workflow_started"."""
    output: Any = None
    """Of "workflow_completed" and "step_completed"; "[REDACTED]" where the step is sensitive, a
    ``ReadableStream`` where it gave one."""
    error: WorkflowInstanceError | None = None
    """Of the "…_errored", but not of "step_errored" and "rollback_errored"."""
    config: dict[str, Any] | None = None
    """Of "step_started" and "rollback_step_started": what is in force, as JSON; "[dynamic]" for a
    delay that a function says."""
    retry_delay_ms: float | None = None
    """Of an attempt that is not the last: milliseconds until the next."""
    duration_ms: float | None = None
    """Of "sleep_started", in milliseconds."""
    event_type: str | None = None
    """Of "wait_started": what it waits for."""


class WorkflowInstanceSubscription:
    """The events of one instance, iterated once: first those that were, then each that comes.

    Nothing is asked for before the first. It is over behind the event with which the instance ends,
    or earlier: when the loop is left, by ``aclose``, or by ``async with``. WorkflowError where the
    instance is unknown, is deleted or restarted, or the connection breaks: then go on with a new
    one, whose ``cursor`` is the ``event_id`` of the last event.

    JS: WorkflowInstanceSubscription.
    """

    __slots__ = ("_js", "_over", "_subscribe")

    def __init__(self, subscribe: Callable[[], Awaitable[Any]]) -> None:
        self._subscribe = subscribe
        self._js: Any = None
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> WorkflowInstanceEvent:
        """JS: WorkflowInstanceSubscription.next."""
        if self._over:
            raise StopAsyncIteration
        try:
            with _raising:
                if self._js is None:
                    self._js = await self._subscribe()
                found = from_rpc(await method(self._js, "next"))
        except WorkflowError:
            self._end()
            raise
        if self._over or found["done"]:
            self._end()
            raise StopAsyncIteration
        event = _event(found["value"])
        if event.type in _LAST:
            self._end()  # the local engine may be gone by the next call
        return event

    async def aclose(self) -> None:
        """Say that the rest is not wanted. JS: WorkflowInstanceSubscription[Symbol.dispose]."""
        self._end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def __del__(self) -> None:
        self._end()

    def _end(self) -> None:
        self._over = True
        js, self._js = self._js, None
        if js is not None:
            dispose(js)


_LAST = ("workflow_completed", "workflow_errored", "workflow_terminated")


def _event(found: dict[str, Any]) -> WorkflowInstanceEvent:
    return named_tuple(
        WorkflowInstanceEvent,
        found,
        timestamp=from_ms,
        error=lambda error: named_tuple(WorkflowInstanceError, error),
    )
