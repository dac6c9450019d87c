"""``WorkflowStep``: the steps that the ``run`` of a Workflow takes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timezone
from functools import partial
from inspect import Parameter, isawaitable, signature
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
    get_type_hints,
    overload,
)

from .. import _row_types as _rows
from .._border import Called, JsWrapper, from_js, js_error, raw, to_js
from .._border.rpc import sendable
from ..errors import ConversionError, WorkersError, WorkflowError, error_of
from . import WorkflowDuration, checked_duration, duration
from ._errors import StepRaising, thrown
from .events import WorkflowStepEvent

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from .. import _js

    PayloadT = TypeVarWithDefault("PayloadT", default=Any)
    OutputT = TypeVarWithDefault("OutputT", default=Any)
else:
    PayloadT = TypeVar("PayloadT")
    OutputT = TypeVar("OutputT")

__all__ = [
    "WorkflowDynamicDelayContext",
    "WorkflowRetries",
    "WorkflowRollbackContext",
    "WorkflowStep",
    "WorkflowStepConfig",
    "WorkflowStepContext",
]

T = TypeVar("T")
Step: TypeAlias = Callable[[], Awaitable[Any]]


class WorkflowDynamicDelayContext(NamedTuple):
    """What a function that says a delay gets: the step's context and what the attempt raised.

    JS: WorkflowDynamicDelayContext.
    """

    ctx: WorkflowStepContext
    error: WorkersError


WorkflowDelayFunction: TypeAlias = Callable[
    [WorkflowDynamicDelayContext], "WorkflowDuration | Awaitable[WorkflowDuration]"
]


class WorkflowRetries(TypedDict):
    """How often a failed step is tried again (by default 5 times, 0 for never), and after how long;
    "exponential", the default, doubles the delay every time, "linear" adds it.

    ``delay`` may be a function, ``async`` or not, which has 5 s to say it; if it fails, so does the
    step.
    """

    limit: int
    delay: WorkflowDuration | WorkflowDelayFunction
    backoff: NotRequired[Literal["constant", "linear", "exponential"]]


class WorkflowStepConfig(TypedDict, total=False):
    """A step's options in one dict. JS: WorkflowStepConfig."""

    retries: WorkflowRetries
    timeout: WorkflowDuration
    sensitive: Literal["output"]


class _StepName(TypedDict):
    name: str
    count: int


class WorkflowRollbackConfig(TypedDict, total=False):
    """How often the undoing of a step is tried, and how long it may take."""

    retries: WorkflowRetries
    timeout: WorkflowDuration


class WorkflowStepContext(TypedDict):
    """What a step's function may take, as its parameter ``ctx``: the step's name and which one of
    that name it is, the attempt (from 1), and the config that is in force.

    JS: WorkflowStepContext.
    """

    step: _StepName
    attempt: int
    config: dict[str, Any]


class WorkflowRollbackContext(NamedTuple, Generic[OutputT]):
    """What ``rollback`` of a step gets: the step's context, what ended the instance, and what the
    step gave, None if it did not come to its end.

    JS: WorkflowRollbackContext.
    """

    ctx: WorkflowStepContext
    error: WorkersError
    output: OutputT | None
    step_name: str


Rollback: TypeAlias = Callable[[WorkflowRollbackContext[T]], Awaitable[None]]


class WorkflowStep(JsWrapper["_js.WorkflowStep"]):
    """Steps whose results are kept, so that an instance goes on where it was interrupted.

    When the engine comes back from a crash, a pause or a long sleep, it calls ``run`` again from
    its beginning; a step that is done then gives the result that it gave. So all that has an effect
    belongs in a step, and a step may be run more than once. A step is known by its name and by how
    many of that name went before.

    JS: WorkflowStep.
    """

    __slots__ = ("_done", "_functions", "_names", "_running")

    def __init__(self, step: _js.WorkflowStep) -> None:
        self._js = raw(step)
        self._names: dict[str, Step] = {}
        self._functions: dict[str, Step] = {}
        self._done: dict[Step, Any] = {}
        self._running: dict[Step, asyncio.Future[Any]] = {}

    @overload
    def do(
        self,
        name: str,
        callback: Callable[[], Awaitable[T]] | Callable[[WorkflowStepContext], Awaitable[T]],
        /,
        *,
        config: WorkflowStepConfig | None = None,
        retries: WorkflowRetries | None = None,
        timeout: WorkflowDuration | None = None,
        sensitive: Literal["output"] | None = None,
        rollback: Rollback[T] | None = None,
        rollback_config: WorkflowRollbackConfig | None = None,
    ) -> Coroutine[Any, Any, T]: ...
    @overload
    def do(
        self,
        name: str | None = None,
        depends: Sequence[Step] | None = None,
        concurrent: bool = False,
        config: WorkflowStepConfig | None = None,
        *,
        retries: WorkflowRetries | None = None,
        timeout: WorkflowDuration | None = None,
        sensitive: Literal["output"] | None = None,
        rollback: Rollback[Any] | None = None,
        rollback_config: WorkflowRollbackConfig | None = None,
    ) -> Callable[[Callable[..., Awaitable[T]]], Callable[[], Coroutine[Any, Any, T]]]: ...
    def do(
        self,
        name: str | None = None,
        depends: Any = None,
        concurrent: bool = False,
        config: WorkflowStepConfig | None = None,
        *,
        retries: WorkflowRetries | None = None,
        timeout: WorkflowDuration | None = None,
        sensitive: Literal["output"] | None = None,
        rollback: Rollback[Any] | None = None,
        rollback_config: WorkflowRollbackConfig | None = None,
    ) -> Any:
        """Run a step: ``total = await step.do("charge", charge)``; or make one of a function::

            @step.do("charge", retries={"limit": 3, "delay": "10 seconds"})
            async def charge(cart: Cart, ctx: WorkflowStepContext) -> int: ...

            total = await charge()

        The parameters of a decorated function are steps: by their names, or those that ``depends``
        lists. They run first if they have not run yet, one after the other unless ``concurrent``.
        ``ctx`` is the step's context. Without a name the step is called like its function.

        An attempt may take ``timeout`` (10 minutes); a failed one is repeated as ``retries`` says.
        The last one's error is raised here as a WorkflowError, ``js_name`` the class that it had
        ("KeyError"); a ValueError or a TypeError still is one, and one that took too long is a
        TimeoutError. NonRetryableError ends the retries.

        The result is what a replay gives: up to 1 MiB that structured clone takes, so a tuple comes
        back as a list; where the function's annotation names a row type (a TypedDict, a dataclass,
        …) it is loaded as that, and a ``ReadableStream`` of bytes is kept whole.

        The name has up to 256 characters. ``sensitive="output"`` keeps the result out of logs.

        ``rollback`` undoes the step, if what ``run`` raises ends the instance, or
        ``WorkflowInstance.terminate(rollback=True)`` does: those of all steps that have begun are
        called, the last first, until one fails for good. It is tried again as a step is, unless
        ``rollback_config`` says otherwise.

        JS: WorkflowStep.do.
        """
        options = _config(config, retries, timeout, sensitive)
        if rollback_config is not None and rollback is None:
            raise TypeError("do() takes a rollback_config for a rollback alone")
        undo = None if rollback is None else (rollback, rollback_config)
        if not callable(depends):
            _expect_steps(name, depends)
            return partial(self._made, name, depends, concurrent, options, undo)
        callback: Callable[..., Any] = depends
        if name is None or concurrent:
            raise TypeError("do(name, callback) takes a name, and no concurrent")
        return self._call(name, options, undo, callback, _with_context(callback))

    def _made(
        self,
        name: str | None,
        depends: Sequence[Step] | None,
        concurrent: bool,
        options: Any,
        undo: Undo | None,
        function: Callable[..., Any],
    ) -> Step:
        """A decorated function as the step that it is."""
        named = function.__name__ if name is None else name

        async def whole() -> Any:
            needed = self._needed(function, depends)
            steps = [each for each in needed if each is not None]
            if concurrent:
                found = iter(await asyncio.gather(*map(self._result, steps)))
            else:
                found = iter([await self._result(each) for each in steps])
            plan = [(each is None, None if each is None else next(found)) for each in needed]
            return await self._call(
                named,
                options,
                undo,
                function,
                lambda ctx: function(*[ctx if is_ctx else it for is_ctx, it in plan]),
            )

        async def step() -> Any:
            running = self._running[step] = asyncio.ensure_future(whole())
            try:
                self._done[step] = await running
            finally:
                self._running.pop(step, None)
            return self._done[step]

        step.__name__ = step.__qualname__ = function.__name__
        self._names[named] = self._functions[function.__name__] = step
        return step

    def _needed(
        self, function: Callable[..., Any], depends: Sequence[Step] | None
    ) -> list[Step | None]:
        """What each parameter of a decorated function stands for: a step, or None for ``ctx``."""
        names = [*signature(function).parameters]
        given = [name for name in names if name != "ctx"]
        where = f"step {function.__name__}()"
        if depends is None:
            known = {**self._functions, **self._names}
            if unknown := [name for name in given if name not in known]:
                raise TypeError(f"{where}: there is no step for the parameter {unknown[0]}")
            listed = iter([known[name] for name in given])
        else:
            if len(depends) != len(given):
                raise TypeError(
                    f"{where}: depends lists {len(depends)} for {len(given)} parameters"
                )
            known_steps = [*self._names.values(), *self._functions.values()]
            if not all(each in known_steps for each in depends):
                raise TypeError(f"{where}: depends lists what step.do has not made")
            listed = iter(depends)
        return [None if name == "ctx" else next(listed) for name in names]

    async def _result(self, step: Step) -> Any:
        if step in self._done:
            return self._done[step]
        running = self._running.get(step)
        return await (step() if running is None else running)

    async def _call(
        self,
        name: str,
        options: Any,
        undo: Undo | None,
        function: Callable[..., Any],
        call: Callable[[Any], Any],
    ) -> Any:
        """``JS step.do``, with the function's proxy for as long as it takes."""

        async def attempt(ctx: Any = None) -> Any:
            try:
                result = call(from_js(ctx))
                result = await result if isawaitable(result) else result
            except Exception as exc:
                raise thrown(exc) from None
            try:
                return to_js(result, f"the result of step {name!r}")
            except ConversionError as exc:  # as bad at every attempt
                raise js_error("NonRetryableError", str(exc)) from None

        with Called(attempt) as theirs, _raising:
            before = () if options is None else (sendable(options, "config"),)
            after = () if undo is None else (sendable(_rolled(*undo, function), "rollback"),)
            found = await self._js.do(name, *before, theirs, *after)
        return _loaded(function, found, name)

    async def sleep(self, name: str, duration: WorkflowDuration) -> None:
        """Let the instance rest, for up to 365 days. JS: WorkflowStep.sleep."""
        with _raising:
            await self._js.sleep(name, checked_duration(duration, "duration"))

    async def sleep_until(self, name: str, timestamp: datetime | float) -> None:
        """Let it rest until then: a datetime (naive is UTC), or milliseconds since 1970.

        WorkflowError if that is past.

        JS: WorkflowStep.sleepUntil.
        """
        if isinstance(timestamp, datetime) and timestamp.tzinfo is None:
            timestamp = timestamp.replace(tzinfo=timezone.utc)
        with _raising:
            await self._js.sleepUntil(name, to_js(timestamp))

    async def wait_for_event(
        self,
        name: str,
        type: str,
        timeout: WorkflowDuration | None = None,  # noqa: ASYNC109
        *,
        payload: type[PayloadT] | None = None,
    ) -> WorkflowStepEvent[PayloadT]:
        """Wait for what ``WorkflowInstance.send_event`` sends; an event that came before counts.

        After ``timeout`` (24 hours) it is a WorkflowError which is a TimeoutError too.
        ``payload`` is the row type of what was sent.

        JS: WorkflowStep.waitForEvent.
        """
        options: dict[str, Any] = {"type": type}
        if timeout is not None:
            options["timeout"] = checked_duration(timeout, "timeout")
        ready = to_js(options, "options")
        with _raising:
            return WorkflowStepEvent(await self._js.waitForEvent(name, ready), payload)


_raising = StepRaising()
Undo: TypeAlias = "tuple[Rollback[Any], WorkflowRollbackConfig | None]"


def _expect_steps(name: str | None, depends: object) -> None:
    if depends is not None and not isinstance(depends, Sequence):
        kind = type(depends).__name__
        raise TypeError(f"step {name!r}: expected an async function, got {kind}")


def _config(config: Any, retries: Any, timeout: Any, sensitive: Any) -> dict[str, Any] | None:
    """The config of ``do`` as JavaScript takes it; None where there is none."""
    made: dict[str, Any] = dict(config or {})
    given = {"retries": retries, "timeout": timeout, "sensitive": sensitive}
    made.update({name: value for name, value in given.items() if value is not None})
    if "timeout" in made:
        made["timeout"] = checked_duration(made["timeout"], "timeout")
    if "delay" in made.get("retries", {}):
        delay: Any = made["retries"]["delay"]
        if callable(delay):
            ready: Any = _delay(cast("WorkflowDelayFunction", delay))
        else:
            ready = checked_duration(delay, "retries.delay")
        made["retries"] = {**made["retries"], "delay": ready}
    return made or None


def _delay(function: WorkflowDelayFunction) -> Callable[[Any], Any]:
    """A function that says a delay, as the engine calls it."""

    async def delay(given: Any) -> Any:
        made: Any = function(WorkflowDynamicDelayContext(given["ctx"], _error(given["error"])))
        made = await made if isawaitable(made) else made
        if made is None:  # which the engine takes for some delay
            raise TypeError("expected a delay, got None")
        return duration(made)

    return delay


def _rolled(
    rollback: Rollback[Any],
    config: WorkflowRollbackConfig | None,
    function: Callable[..., Any],
) -> dict[str, Any]:
    """What undoes a step, as the engine takes it."""

    async def undo(given: Any) -> None:
        name = given["stepName"]
        output = given.get("output")
        if output is not None:
            output = _loaded(function, output, name)
        await rollback(WorkflowRollbackContext(given["ctx"], _error(given["error"]), output, name))

    made: dict[str, Any] = {"rollback": undo}
    if config is not None:
        made["rollbackConfig"] = _config(config, None, None, None) or {}
    return made


def _error(error: WorkersError) -> WorkersError:
    """What a step, or the instance, ended with, as a WorkflowError."""
    return error_of(WorkflowError, error.js_name or "Error", error.message)


def _with_context(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """A callback as a function of the context, which it gets as its parameter ``ctx``, or as its
    first one if that has no default."""
    parameters = signature(function).parameters
    if "ctx" in parameters:
        return lambda ctx: function(ctx=ctx)
    places = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    for each in parameters.values():
        if each.kind in places and each.default is Parameter.empty:
            return function
    return lambda ctx: function()


def _loaded(function: Callable[..., Any], found: Any, name: str) -> Any:
    """A step's result as the annotation of its function has it."""
    try:
        hint = get_type_hints(function).get("return")
    except (AttributeError, NameError, TypeError):
        hint = None
    if hint is not None and hasattr(hint, "js_object"):
        return hint(found)
    value = from_js(found)
    return value if hint is None else _rows.load(hint, value, f"the result of step {name!r}")
