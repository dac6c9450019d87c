"""Workflows seen from outside: ``Workflow`` starts instances, ``WorkflowInstance`` commands one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NotRequired,
    TypeAlias,
    TypedDict,
    TypeVar,
    cast,
    overload,
)

from .._border import JsWrapper, binding, from_js, prop, raising, raw, to_js, unsupported
from .._options import named_tuple
from ..errors import ConversionError, WorkflowError
from .subscription import (
    WorkflowInstanceError,
    WorkflowInstanceEventType,
    WorkflowInstanceSubscription,
)

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from .. import _js
    from ..durable import LocationHint

    ParamsT = TypeVarWithDefault("ParamsT", default=Any)
else:
    ParamsT = TypeVar("ParamsT")

__all__ = [
    "InstanceStatus",
    "Workflow",
    "WorkflowBatchCreateError",
    "WorkflowBatchCreateResult",
    "WorkflowBatchDeleteError",
    "WorkflowBatchDeleteResult",
    "WorkflowDeletedInstance",
    "WorkflowDuration",
    "WorkflowInstance",
    "WorkflowInstanceCreateOptions",
    "WorkflowRestartFrom",
    "WorkflowRetention",
    "WorkflowStatusName",
    "checked_duration",
    "duration",
]

_raising = raising(WorkflowError)

WorkflowDuration: TypeAlias = timedelta | float | str
"""A ``timedelta``; a number of milliseconds, as in JavaScript; or text such as "10 seconds", of
second, minute, hour, day, week, month and year, with or without an s."""

WorkflowStatusName: TypeAlias = Literal[
    "queued",
    "running",
    "paused",
    "errored",
    "terminated",
    "complete",
    "waiting",
    "waitingForPause",
    "rollingBack",
    "unknown",
]


class WorkflowRetention(TypedDict):
    """How long a finished instance is kept."""

    success_retention: NotRequired[WorkflowDuration]
    error_retention: NotRequired[WorkflowDuration]


class WorkflowRestartFrom(TypedDict):
    """A step to restart from: its name, which one of that name, and of what type; by default the
    first ``do``."""

    name: str
    count: NotRequired[int]
    type: NotRequired[Literal["do", "sleep", "waitForEvent"]]


class InstanceStatus(NamedTuple):
    """Where an instance stands. JS: InstanceStatus.

    ``output`` is what ``run`` returned, once the status is "complete"; JSON, so that a datetime in
    it is text. ``error`` is there when it is "errored".
    """

    status: WorkflowStatusName
    error: WorkflowInstanceError | None
    output: Any


class WorkflowInstanceCreateOptions(Generic[ParamsT]):
    """One instance of ``create_batch``. JS: WorkflowInstanceCreateOptions."""

    __slots__ = ("id", "location_hint", "params", "retention")

    def __init__(
        self,
        *,
        id: str | None = None,
        params: ParamsT | None = None,
        retention: WorkflowRetention | None = None,
        location_hint: LocationHint | None = None,
    ) -> None:
        self.id: str | None = id
        self.params: ParamsT | None = params
        self.retention: WorkflowRetention | None = retention
        self.location_hint = location_hint


class WorkflowBatchCreateError(NamedTuple):
    """An instance of a batch that was not started: its place, and the id that it was to have.

    ``code`` is 10405 where the id is known, 10415 where the batch has it twice.
    """

    index: int  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]
    id: str | None
    code: int
    message: str


class WorkflowBatchCreateResult(NamedTuple):
    """What ``create_batch`` started, and what it could not. JS: WorkflowBatchCreateResult."""

    created: list[WorkflowInstance]
    errors: list[WorkflowBatchCreateError]


class WorkflowDeletedInstance(NamedTuple):
    """An instance that there was."""

    id: str


class WorkflowBatchDeleteError(NamedTuple):
    """An instance that was not deleted; ``code`` is 10400 where there is none of that id."""

    id: str
    code: int
    message: str


class WorkflowBatchDeleteResult(NamedTuple):
    """What ``delete_batch`` deleted, and what it could not: one of both for each id that it got, in
    that order. JS: WorkflowBatchDeleteResult."""

    deleted: list[WorkflowDeletedInstance]
    errors: list[WorkflowBatchDeleteError]


class Workflow(JsWrapper["_js.Workflow"], Generic[ParamsT]):
    """A Workflow to start: ``Workflow(env.ORDERS)``, or ``ORDERS: Workflow[Order]`` in an Env.

    The type in brackets is that of the instances' ``params``, as their ``run`` has it in
    ``WorkflowEvent[Order]``. Every method raises WorkflowError where the service refuses, and
    ConversionError, before anything is sent, where the params cannot cross.

    JS: Workflow.
    """

    __slots__ = ()

    def __init__(self, workflow: _js.Workflow) -> None:
        self._js = binding(workflow, "Workflow", "createBatch")

    async def create(
        self,
        *,
        id: str | None = None,
        params: ParamsT | None = None,
        retention: WorkflowRetention | None = None,
        location_hint: LocationHint | None = None,
    ) -> WorkflowInstance:
        """Start an instance. It runs on its own; this returns as soon as it is queued.

        ``id`` is up to 100 letters, digits, ``-`` and ``_`` (not ``-`` first), a random one by
        default, and not used again: a known one is refused, WorkflowError with the code
        "instance.already_exists" (the local runtime gives the instance that there is). ``params``
        are up to 1 MiB of plain data, dataclasses, datetimes and bytes. ``location_hint``: near
        which region it is to run.

        JS: Workflow.create.
        """
        one = WorkflowInstanceCreateOptions(
            id=id, params=params, retention=retention, location_hint=location_hint
        )
        ready = to_js(_options(one), "create()")
        with _raising:
            return WorkflowInstance(await self._js.create(ready))

    @overload
    async def create_batch(
        self, instances: Iterable[WorkflowInstanceCreateOptions[ParamsT]], /
    ) -> list[WorkflowInstance]: ...
    @overload
    async def create_batch(
        self, /, *, instances: Iterable[WorkflowInstanceCreateOptions[ParamsT]]
    ) -> WorkflowBatchCreateResult: ...
    @overload
    async def create_batch(
        self,
        /,
        *,
        count: int,
        params: ParamsT | None = None,
        retention: WorkflowRetention | None = None,
        location_hint: LocationHint | None = None,
    ) -> WorkflowBatchCreateResult: ...
    async def create_batch(
        self,
        batch: Iterable[WorkflowInstanceCreateOptions[ParamsT]] | None = None,
        /,
        *,
        instances: Iterable[WorkflowInstanceCreateOptions[ParamsT]] | None = None,
        count: int | None = None,
        params: ParamsT | None = None,
        retention: WorkflowRetention | None = None,
        location_hint: LocationHint | None = None,
    ) -> list[WorkflowInstance] | WorkflowBatchCreateResult:
        """Start 1 to 100 instances at once, 1 MiB in all: ``instances=[…]``, or ``count`` of them
        with the same ``params``.

        The result has those that were started, and an error for each whose id was known. Without a
        keyword, ``create_batch([…])``, it is a list of those that were started, and nothing tells
        of the others: JavaScript's older form, and the only one that older runtimes have.

        JS: Workflow.createBatch.
        """
        options: Any
        if batch is not None:
            options = [_options(one) for one in batch]
        elif instances is not None:
            options = {"instances": [_options(one) for one in instances]}
        else:
            one = WorkflowInstanceCreateOptions(
                params=params, retention=retention, location_hint=location_hint
            )
            options = {"count": count, **_options(one)}
        ready = to_js(options, "instances" if batch is not None else "options")
        with _raising:
            found = await self._js.createBatch(ready)
        if batch is not None:
            return [WorkflowInstance(one) for one in found]
        return WorkflowBatchCreateResult(
            [WorkflowInstance(one) for one in prop(found, "created")],
            [named_tuple(WorkflowBatchCreateError, one) for one in from_js(prop(found, "errors"))],
        )

    async def delete_batch(self, instance_ids: Iterable[str]) -> WorkflowBatchDeleteResult:
        """Delete 1 to 100 instances and what is kept of them; one that runs is stopped.

        An unknown id is an error in the result. JS: Workflow.deleteBatch.
        """
        if not hasattr(self._js, "deleteBatch"):
            raise unsupported(WorkflowError, "deleteBatch()")
        ids = to_js([*instance_ids], "instance_ids")
        with _raising:
            found: dict[str, Any] = from_js(await self._js.deleteBatch(ids))
        return WorkflowBatchDeleteResult(
            [named_tuple(WorkflowDeletedInstance, one) for one in found["deleted"]],
            [named_tuple(WorkflowBatchDeleteError, one) for one in found["errors"]],
        )

    async def get(self, id: str) -> WorkflowInstance:
        """The instance of that id; WorkflowError, "instance.not_found", if there is none.

        JS: Workflow.get.
        """
        with _raising:
            return WorkflowInstance(await self._js.get(id))


class WorkflowInstance(JsWrapper["_js.WorkflowInstance"]):
    """One run of a Workflow. JS: WorkflowInstance.

    Commands return when they are taken, not when they are done: ask ``status``.
    """

    __slots__ = ()

    def __init__(self, instance: _js.WorkflowInstance) -> None:
        self._js = raw(instance)

    @property
    def id(self) -> str:
        """JS: WorkflowInstance.id."""
        return self._js.id

    async def status(self) -> InstanceStatus:
        """Where it stands. JS: WorkflowInstance.status."""
        with _raising:
            found: dict[str, Any] = from_js(await self._js.status())
        error = found.get("error")
        return InstanceStatus(
            found["status"],
            error and WorkflowInstanceError(error.get("name", "Error"), error.get("message", "")),
            found.get("output"),
        )

    async def pause(self) -> None:
        """Stop before the next step; one that is running ends first. JS: WorkflowInstance.pause."""
        with _raising:
            await self._js.pause()

    async def resume(self) -> None:
        """Go on where ``pause`` stopped it. JS: WorkflowInstance.resume."""
        with _raising:
            await self._js.resume()

    async def restart(self, *, from_: WorkflowRestartFrom | None = None) -> None:
        """Begin again, without the results of any step, or of that step and those after it.

        WorkflowError, "instance.cannot_restart", if it has not come to that step.
        JS: WorkflowInstance.restart.
        """
        given = () if from_ is None else (to_js({"from": from_}, "options"),)
        with _raising:
            await self._js.restart(*given)

    async def terminate(self, *, rollback: bool | None = None) -> None:
        """End it for good; WorkflowError, "instance.cannot_terminate", if it has ended.

        ``rollback=True`` first has its steps undone by what ``step.do(…, rollback=…)`` gave.

        JS: WorkflowInstance.terminate.
        """
        with _raising:
            if rollback is None:
                await self._js.terminate()
            else:
                await self._js.terminate(rollback=rollback)

    async def delete(self) -> None:
        """Delete it and what is kept of it; if it runs, it is stopped. A Workflow that deletes its
        own instance stops there. JS: WorkflowInstance.delete.
        """
        if not hasattr(self._js, "delete"):
            raise unsupported(WorkflowError, "delete() of an instance")
        with _raising:
            await self._js.delete()

    def subscribe(
        self,
        *,
        cursor: int | None = None,
        filter: Iterable[WorkflowInstanceEventType] | None = None,
    ) -> WorkflowInstanceSubscription:
        """Its events, those that were and those to come, until it ends. ::

            async for event in instance.subscribe(filter=["step_completed"]):
                print(event.step_name, event.output)

        ``cursor`` is the ``event_id`` of the last event that is not wanted again, ``filter`` the
        types that are wanted, by default all.

        JS: WorkflowInstance.subscribe.
        """
        if not hasattr(self._js, "subscribe"):
            raise unsupported(WorkflowError, "subscribe() of an instance")
        options: dict[str, Any] = {}
        if cursor is not None:
            options["cursor"] = cursor
        if filter is not None:
            options["filter"] = [*filter]
        ready = to_js(options, "options")
        return WorkflowInstanceSubscription(lambda: self._js.subscribe(ready))

    async def send_event(self, *, type: str, payload: Any = None) -> None:
        """Send what a ``step.wait_for_event`` of that type waits for, or will wait for.

        ``type`` is up to 100 letters, digits, ``-`` and ``_``. JS: WorkflowInstance.sendEvent.
        """
        event = to_js({"type": type, "payload": payload}, "event")
        with _raising:
            await self._js.sendEvent(event)

    def __repr__(self) -> str:
        return f"<WorkflowInstance {self.id}>"


def duration(value: WorkflowDuration) -> float | str:
    """A duration as JavaScript takes it: a timedelta in milliseconds, the rest as it is."""
    if isinstance(value, timedelta):
        return -(-value // timedelta(milliseconds=1))
    return value


def checked_duration(value: WorkflowDuration, name: str) -> float | str:
    """The same, where it is one: of "1 fortnight" the engine would make a millisecond."""
    found = duration(value)
    if not (_DURATION.fullmatch(found) if isinstance(found, str) else isinstance(found, _NUMBER)):
        wanted = 'milliseconds, a timedelta or text such as "30 seconds"'
        raise ConversionError(f"{name}: expected {wanted}, got {value!r}")
    return found


_NUMBER = (int, float)
_DURATION = re.compile(r"\d+(\.\d+)? +(second|minute|hour|day|week|month|year)s?")


def _options(one: WorkflowInstanceCreateOptions[Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if one.id is not None:
        made["id"] = one.id
    if one.params is not None:
        made["params"] = one.params
    if one.location_hint is not None:
        made["locationHint"] = one.location_hint
    if one.retention is not None:
        given = cast("dict[str, WorkflowDuration]", one.retention)
        made["retention"] = {
            ours.replace("_r", "R"): checked_duration(value, f"retention.{ours}")
            for ours, value in given.items()
        }
    return made
