"""What a Workflow gets: ``WorkflowEvent`` starts it, ``WorkflowStepEvent`` is sent to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from .. import _row_types as _rows
from .._border import JsWrapper, from_js, prop, raw
from .._times import EPOCH

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    PayloadT = TypeVarWithDefault("PayloadT", default=Any)
else:
    PayloadT = TypeVar("PayloadT")

__all__ = ["WorkflowCronSchedule", "WorkflowEvent", "WorkflowStepEvent"]


class _Event(JsWrapper[Any], Generic[PayloadT]):
    """What events have in common; ``event["payload"]`` is JavaScript's name of a member."""

    __slots__ = ("_payload", "_row")

    def __init__(self, event: Any, row: type[PayloadT] | None = None) -> None:
        self._js = raw(event)
        self._row = row
        self._payload: Any = _UNREAD

    @property
    def payload(self) -> PayloadT:
        """What was sent, as the row type that the annotation names; RowError if it is not.

        JS: WorkflowEvent.payload.
        """
        if self._payload is _UNREAD:
            payload = from_js(prop(self._js, "payload"))
            if self._row is not None:
                payload = _rows.load(self._row, payload, "the event's payload")
            self._payload = payload
        payload_: PayloadT = self._payload
        return payload_

    @property
    def timestamp(self) -> datetime:
        """When it was sent, in UTC. JS: WorkflowEvent.timestamp."""
        sent: datetime = from_js(prop(self._js, "timestamp"))
        return sent

    def __getitem__(self, name: str) -> Any:
        if name == "payload":
            return self.payload
        return from_js(prop(self._js, name))


_UNREAD: Any = object()


class WorkflowCronSchedule(NamedTuple):
    """A cron expression, and the time for which it started the instance.

    JS: WorkflowCronSchedule.
    """

    cron: str
    scheduled_time: datetime


class WorkflowEvent(_Event[PayloadT]):
    """What ``run`` gets. ``WorkflowEvent[Order]`` in its annotation loads the payload as ``Order``:
    a TypedDict, a dataclass, or any class with ``model_validate``.

    JS: WorkflowEvent.
    """

    __slots__ = ()

    @property
    def instance_id(self) -> str:
        """JS: WorkflowEvent.instanceId."""
        id: str = prop(self._js, "instanceId")
        return id

    @property
    def workflow_name(self) -> str:
        """JS: WorkflowEvent.workflowName."""
        name: str = prop(self._js, "workflowName")
        return name

    @property
    def schedule(self) -> WorkflowCronSchedule | None:
        """The cron trigger that started it; None if something else did.

        JS: WorkflowEvent.schedule.
        """
        found = from_js(prop(self._js, "schedule"))
        if found is None:
            return None
        since = timedelta(milliseconds=found["scheduledTime"])
        return WorkflowCronSchedule(found["cron"], EPOCH + since)

    def __repr__(self) -> str:
        return f"<WorkflowEvent of {self.instance_id}>"


class WorkflowStepEvent(_Event[PayloadT]):
    """What ``step.wait_for_event`` gives. JS: WorkflowStepEvent."""

    __slots__ = ()

    @property
    def type(self) -> str:
        """JS: WorkflowStepEvent.type."""
        kind: str = prop(self._js, "type")
        return kind

    @property
    def sensitive(self) -> Literal["output"] | None:
        """Whether its payload is kept out of logs. JS: WorkflowStepEvent.sensitive."""
        found: Literal["output"] | None = prop(self._js, "sensitive")
        return found

    def __repr__(self) -> str:
        return f"<WorkflowStepEvent {self.type}>"
