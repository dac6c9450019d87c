"""Events of Workflows: ``WorkflowEvent`` at its start, ``WorkflowStepEvent`` while it runs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from .. import _row_types as _rows
from .._border import JsWrapper, from_js, prop, raw
from .._times import from_ms

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    PayloadT = TypeVarWithDefault("PayloadT", default=Any)
else:
    PayloadT = TypeVar("PayloadT")

__all__ = ["WorkflowCronSchedule", "WorkflowEvent", "WorkflowStepEvent"]


class _Event(JsWrapper[Any], Generic[PayloadT]):
    """The base of both events. ``event["payload"]`` reads a member by its JavaScript name."""

    __slots__ = ("_payload", "_row")

    def __init__(self, event: Any, row: type[PayloadT] | None = None) -> None:
        self._js = raw(event)
        self._row = row
        self._payload: Any = _UNREAD

    @property
    def payload(self) -> PayloadT:
        """The data of the event, loaded as the row type that the annotation names.

        Raises:
            RowError: The payload does not fit the row type.

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
        """The time at which the event was sent, in UTC.

        JS: WorkflowEvent.timestamp.
        """
        timestamp: datetime = from_js(prop(self._js, "timestamp"))
        return timestamp

    def __getitem__(self, name: str) -> Any:
        # Workflows written for the official SDK read a dict: event["payload"], event["instanceId"].
        if name == "payload":
            return self.payload
        return from_js(prop(self._js, name))


_UNREAD: Any = object()


class WorkflowCronSchedule(NamedTuple):
    """The cron trigger that started an instance.

    JS: WorkflowCronSchedule.
    """

    cron: str
    """The cron expression."""
    scheduled_time: datetime
    """The time for which the trigger was due, in UTC."""


class WorkflowEvent(_Event[PayloadT]):
    """The event that starts an instance, the first argument of ``run``.

    ``WorkflowEvent[Order]`` in the annotation of ``run`` loads the payload as ``Order``: a
    TypedDict, a dataclass, or any class with ``model_validate``.

    JS: WorkflowEvent.
    """

    __slots__ = ()

    @property
    def instance_id(self) -> str:
        """The id of the instance.

        JS: WorkflowEvent.instanceId.
        """
        instance_id: str = prop(self._js, "instanceId")
        return instance_id

    @property
    def workflow_name(self) -> str:
        """The name of the Workflow in the Worker's configuration.

        JS: WorkflowEvent.workflowName.
        """
        name: str = prop(self._js, "workflowName")
        return name

    @property
    def schedule(self) -> WorkflowCronSchedule | None:
        """The cron trigger that started the instance, or None if it was started otherwise.

        JS: WorkflowEvent.schedule.
        """
        schedule = from_js(prop(self._js, "schedule"))
        if schedule is None:
            return None
        return WorkflowCronSchedule(schedule["cron"], from_ms(schedule["scheduledTime"]))

    def __repr__(self) -> str:
        return f"<WorkflowEvent of {self.instance_id}>"


class WorkflowStepEvent(_Event[PayloadT]):
    """An event that was sent to an instance, the result of ``step.wait_for_event``.

    JS: WorkflowStepEvent.
    """

    __slots__ = ()

    @property
    def type(self) -> str:
        """The type with which the event was sent.

        JS: WorkflowStepEvent.type.
        """
        type_: str = prop(self._js, "type")
        return type_

    @property
    def sensitive(self) -> Literal["output"] | None:
        """The mark "output" if the payload is kept out of logs, else None.

        JS: WorkflowStepEvent.sensitive.
        """
        sensitive: Literal["output"] | None = prop(self._js, "sensitive")
        return sensitive

    def __repr__(self) -> str:
        return f"<WorkflowStepEvent {self.type}>"
