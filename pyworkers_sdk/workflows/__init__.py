"""Workflows from outside: ``Workflow`` starts instances, ``WorkflowInstance`` controls one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

from .._border import (
    JsWrapper,
    binding,
    expected,
    from_js,
    prop,
    raising,
    raw,
    to_data,
    to_js,
    unsupported,
)
from .._options import js_bag, js_options, made_of, named_tuple
from ..errors import WorkflowError
from ._durations import WorkflowDuration, checked_duration
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
]

_raising = raising(WorkflowError)

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
"""The status of an instance. "complete", "errored" and "terminated" are final."""


class WorkflowRetention(TypedDict):
    """How long a finished instance is kept. A bare number is in milliseconds."""

    success_retention: NotRequired[WorkflowDuration]
    """The time after the instance completed, as a timedelta, in milliseconds or as text."""
    error_retention: NotRequired[WorkflowDuration]
    """The time after the instance failed, as a timedelta, in milliseconds or as text."""


_RETENTION: dict[str, Any] = dict.fromkeys(
    ("success_retention", "error_retention"), checked_duration
)


class WorkflowRestartFrom(TypedDict):
    """The step to restart an instance from."""

    name: str
    """The name of the step."""
    count: NotRequired[int]
    """The number of the step among steps of this name and type, starting from 1 (the default)."""
    type: NotRequired[Literal["do", "sleep", "waitForEvent"]]
    """The type of the step; "do" by default."""


class InstanceStatus(NamedTuple):
    """The status of an instance.

    JS: InstanceStatus.
    """

    status: WorkflowStatusName
    """The status; it decides which of the other fields is set."""
    error: WorkflowInstanceError | None
    """The error that ended the instance if the status is "errored", else None."""
    output: Any
    """The value that ``run`` returned if the status is "complete", else None.

    It is JSON, so a datetime in it has become text.
    """


class WorkflowInstanceCreateOptions(Generic[ParamsT]):
    """The options of one instance for ``create_batch``.

    Args:
        id: The id, as in ``Workflow.create``; a random one by default.
        params: The payload of the instance's ``WorkflowEvent``.
        retention: How long to keep the instance once it has finished.
        location_hint: The region near which to run the instance.

    JS: WorkflowInstanceCreateOptions.
    """

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
    """The reason for which ``create_batch`` did not start one of its instances."""

    # The index hides tuple.index().
    index: int  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride]
    """The index of the instance in the batch, starting from 0."""
    id: str | None
    """The id that the instance was to get."""
    code: int
    """The service's code: 10405 if the id exists, 10415 if the batch contains the id twice."""
    message: str
    """The service's message."""


class WorkflowBatchCreateResult(NamedTuple):
    """The result of ``create_batch``.

    JS: WorkflowBatchCreateResult.
    """

    created: list[WorkflowInstance]
    """The instances that were started."""
    errors: list[WorkflowBatchCreateError]
    """The instances that were not started, each with the reason."""


class WorkflowDeletedInstance(NamedTuple):
    """An instance that ``delete_batch`` has deleted."""

    id: str
    """The id that the instance had."""


class WorkflowBatchDeleteError(NamedTuple):
    """The reason for which ``delete_batch`` did not delete an instance."""

    id: str
    """The id that was passed."""
    code: int
    """The service's code: 10400 if no instance has this id."""
    message: str
    """The service's message."""


class WorkflowBatchDeleteResult(NamedTuple):
    """The result of ``delete_batch``.

    Each id that was passed is in one of the lists. The lists keep the order of the ids.

    JS: WorkflowBatchDeleteResult.
    """

    deleted: list[WorkflowDeletedInstance]
    """The instances that were deleted."""
    errors: list[WorkflowBatchDeleteError]
    """The ids for which no instance was deleted, each with the reason."""


class Workflow(JsWrapper["_js.Workflow"], Generic[ParamsT]):
    """A Workflow to start: ``Workflow(env.ORDERS)``, or ``ORDERS: Workflow[Order]`` in an Env.

    The type in brackets is the type of the instances' ``params``. The ``run`` method declares the
    same type as ``WorkflowEvent[Order]``.

    Every method raises WorkflowError if the service refuses the call. It raises ConversionError,
    before anything is sent, if the params cannot be passed to JavaScript.

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
        """Start an instance, and return as soon as it is queued.

        Args:
            id: 1 to 100 letters, digits, ``-`` and ``_``, not starting with ``-``. The default is a
                random id. An id cannot be used twice.
            params: The payload of the instance's ``WorkflowEvent``: at most 1 MiB of plain data,
                dataclasses, datetimes and bytes. The default is an empty dict.
            retention: How long to keep the instance once it has finished. A bare number is in
                milliseconds.
            location_hint: The region near which to run the instance.

        Raises:
            WorkflowError: The service refused the call. The code is "instance.already_exists" if
                the id exists. (The local runtime returns the existing instance instead.)
            ConversionError: ``params`` cannot be passed to JavaScript, or a duration is invalid.

        JS: Workflow.create.
        """
        request = WorkflowInstanceCreateOptions(
            id=id, params=params, retention=retention, location_hint=location_hint
        )
        js_request = to_data(_instance_options(request), "create()")
        with _raising:
            return WorkflowInstance(await self._js.create(js_request))

    @overload
    async def create_batch(
        self, instances: Iterable[WorkflowInstanceCreateOptions[ParamsT] | Mapping[str, Any]], /
    ) -> list[WorkflowInstance]: ...
    @overload
    async def create_batch(
        self, /, *, instances: Iterable[WorkflowInstanceCreateOptions[ParamsT] | Mapping[str, Any]]
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
        batch: Iterable[WorkflowInstanceCreateOptions[ParamsT] | Mapping[str, Any]] | None = None,
        /,
        *,
        instances: Iterable[WorkflowInstanceCreateOptions[ParamsT] | Mapping[str, Any]]
        | None = None,
        count: int | None = None,
        params: ParamsT | None = None,
        retention: WorkflowRetention | None = None,
        location_hint: LocationHint | None = None,
    ) -> list[WorkflowInstance] | WorkflowBatchCreateResult:
        """Start 1 to 100 instances in one call, of at most 1 MiB together.

        Pass ``instances=[…]``, or ``count`` to start equal instances.

        Args:
            batch: The instances, as the only argument. This is JavaScript's older form, and the
                only one of older runtimes. It returns a list of the started instances, and does not
                report the others.
            instances: The instances, each with its own options; a dict of them, ``{"id": …}``, is
                taken, too.
            count: The number of equal instances to start.
            params: The payload of each of the equal instances.
            retention: How long to keep each of them once it has finished. A bare number is in
                milliseconds.
            location_hint: The region near which to run them.

        Returns:
            The started instances, and an error for each instance whose id exists.

        Raises:
            WorkflowError: The service refused the whole batch.
            ConversionError: ``params`` cannot be passed to JavaScript, or a duration is invalid.

        JS: Workflow.createBatch.
        """
        options: Any
        if batch is not None:
            options = _instances(batch)
        elif instances is not None:
            options = {"instances": _instances(instances)}
        else:
            request = WorkflowInstanceCreateOptions(
                params=params, retention=retention, location_hint=location_hint
            )
            options = {"count": count, **_instance_options(request)}
        js_batch = to_data(options, "instances" if batch is not None else "options")
        with _raising:
            result = await self._js.createBatch(js_batch)
        if batch is not None:
            return [WorkflowInstance(js_instance) for js_instance in result]
        errors: list[dict[str, Any]] = from_js(prop(result, "errors"))
        return WorkflowBatchCreateResult(
            [WorkflowInstance(js_instance) for js_instance in prop(result, "created")],
            [named_tuple(WorkflowBatchCreateError, error) for error in errors],
        )

    async def delete_batch(self, instance_ids: Iterable[str]) -> WorkflowBatchDeleteResult:
        """Delete instances and their stored data. Running instances are stopped.

        Args:
            instance_ids: 1 to 100 ids. An unknown id is an error in the result.

        Raises:
            WorkflowError: The service refused the call, or the runtime is older than this method.

        JS: Workflow.deleteBatch.
        """
        if not hasattr(self._js, "deleteBatch"):
            raise unsupported(WorkflowError, "deleteBatch()")
        js_ids = to_js([*instance_ids], "instance_ids")
        with _raising:
            result: dict[str, Any] = from_js(await self._js.deleteBatch(js_ids))
        return WorkflowBatchDeleteResult(
            [named_tuple(WorkflowDeletedInstance, instance) for instance in result["deleted"]],
            [named_tuple(WorkflowBatchDeleteError, error) for error in result["errors"]],
        )

    async def get(self, id: str) -> WorkflowInstance:
        """Return the instance with an id.

        Raises:
            WorkflowError: No instance has this id; the code is "instance.not_found".

        JS: Workflow.get.
        """
        with _raising:
            return WorkflowInstance(await self._js.get(id))


class WorkflowInstance(JsWrapper["_js.WorkflowInstance"]):
    """An instance: one run of a Workflow.

    A command returns when the service has accepted it. It may take effect later: call ``status`` to
    see whether it has.

    JS: WorkflowInstance.
    """

    __slots__ = ()

    def __init__(self, instance: _js.WorkflowInstance) -> None:
        self._js = raw(instance)

    @property
    def id(self) -> str:
        """The id of the instance.

        JS: WorkflowInstance.id.
        """
        return self._js.id

    async def status(self) -> InstanceStatus:
        """Return the status of the instance, with its output or its error.

        JS: WorkflowInstance.status.
        """
        with _raising:
            status: dict[str, Any] = from_js(await self._js.status())
        error = status.get("error")
        if error is not None:
            error = WorkflowInstanceError(error.get("name", "Error"), error.get("message", ""))
        return InstanceStatus(status["status"], error, status.get("output"))

    async def pause(self) -> None:
        """Pause the instance before its next step. A step that is running ends first.

        JS: WorkflowInstance.pause.
        """
        with _raising:
            await self._js.pause()

    async def resume(self) -> None:
        """Continue a paused instance.

        JS: WorkflowInstance.resume.
        """
        with _raising:
            await self._js.resume()

    async def restart(self, *, from_: WorkflowRestartFrom | None = None) -> None:
        """Run the instance again, from its beginning or from one of its steps.

        Args:
            from_: The step to restart from. The results of earlier steps are kept; this step and
                all later steps run again. By default no result is kept.

        Raises:
            WorkflowError: The instance has not reached this step; the code is
                "instance.cannot_restart".

        JS: WorkflowInstance.restart.
        """
        arguments = () if from_ is None else (to_js({"from": from_}, "options"),)
        with _raising:
            await self._js.restart(*arguments)

    async def terminate(self, *, rollback: bool | None = None) -> None:
        """End the instance for good.

        Args:
            rollback: If True, first undo the steps that have a rollback
                (``step.do(…, rollback=…)``).

        Raises:
            WorkflowError: The instance has already ended; the code is "instance.cannot_terminate".

        JS: WorkflowInstance.terminate.
        """
        with _raising:
            if rollback is None:
                await self._js.terminate()
            else:
                await self._js.terminate(rollback=rollback)

    async def delete(self) -> None:
        """Delete the instance and its stored data. If it is running, it is stopped.

        A Workflow that deletes its own instance stops at this call.

        Raises:
            WorkflowError: The instance does not exist, or the runtime is older than this method.

        JS: WorkflowInstance.delete.
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
        """Return an iterator over the past and future events of the instance, until it ends. ::

            async for event in instance.subscribe(filter=["step_completed"]):
                print(event.step_name, event.output)

        Args:
            cursor: The ``event_id`` of the last event to leave out. By default the iterator starts
                with the first event.
            filter: The types of the events to yield; all types by default.

        Raises:
            WorkflowError: The runtime is older than this method.

        JS: WorkflowInstance.subscribe.
        """
        if not hasattr(self._js, "subscribe"):
            raise unsupported(WorkflowError, "subscribe() of an instance")
        types = None if filter is None else [*filter]
        options = to_js(js_options({"cursor": cursor, "filter": types}), "options")
        return WorkflowInstanceSubscription(lambda: self._js.subscribe(options))

    async def send_event(self, *, type: str, payload: Any = None) -> None:
        """Send an event to a ``step.wait_for_event`` of this type.

        If no step waits for the type yet, the event is stored for the next one that does.

        Args:
            type: Up to 100 letters, digits, ``-`` and ``_``.
            payload: Data that structured clone takes.

        JS: WorkflowInstance.sendEvent.
        """
        event = to_data({"type": type, "payload": payload}, "event")
        with _raising:
            await self._js.sendEvent(event)

    def __repr__(self) -> str:
        return f"<WorkflowInstance {self.id}>"


def _instances(requests: Any) -> list[dict[str, Any]]:
    if isinstance(requests, (Mapping, WorkflowInstanceCreateOptions)):
        one: object = cast(object, requests)
        hint = "pass [options]"
        raise expected("instances", "a list of WorkflowInstanceCreateOptions", one, hint)
    return [_instance(request, f"instances[{index}]") for index, request in enumerate(requests)]


def _instance(request: Any, place: str) -> dict[str, Any]:
    if isinstance(request, Mapping):  # as in Cloudflare's examples
        request = made_of(WorkflowInstanceCreateOptions, request, place, _FIELDS)
    if not isinstance(request, WorkflowInstanceCreateOptions):
        raise expected(place, "WorkflowInstanceCreateOptions or a dict", request)
    return _instance_options(cast("WorkflowInstanceCreateOptions[Any]", request))


_FIELDS = ("id", "params", "retention", "location_hint")


def _instance_options(request: WorkflowInstanceCreateOptions[Any]) -> dict[str, Any]:
    retention = None
    if request.retention is not None:
        retention = js_bag(request.retention, WorkflowRetention, "retention", _RETENTION)
    return js_options(
        {
            "id": request.id,
            "params": request.params,
            "location_hint": request.location_hint,
            "retention": retention,
        }
    )
