"""``WorkflowStep``: the steps that the ``run`` method of a Workflow takes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
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
    get_args,
    get_type_hints,
    overload,
)

from .. import _row_types as _rows
from .._border import JsWrapper, aware, from_js, js_error, raw, to_data, to_js
from .._border.callbacks import Called
from .._border.rpc import sendable
from .._options import js_options
from ..errors import ConversionError, WorkersError, WorkflowError, error_of
from ..streams import ReadableStream
from ._durations import WorkflowDuration, checked_duration, js_duration
from ._errors import StepRaising, to_js_error
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
    """The argument of a function that computes a retry delay.

    JS: WorkflowDynamicDelayContext.
    """

    ctx: WorkflowStepContext
    """The context of the step."""
    error: WorkersError
    """The error that the attempt raised."""


WorkflowDelayFunction: TypeAlias = Callable[
    [WorkflowDynamicDelayContext], "WorkflowDuration | Awaitable[WorkflowDuration]"
]


class WorkflowRetries(TypedDict):
    """The retries of a failed step: their number, delay and back-off."""

    limit: int
    """The maximum number of retries; 0 for none. Without ``retries`` a step is retried 5 times."""
    delay: WorkflowDuration | WorkflowDelayFunction
    """The delay before the first retry; a bare number is in milliseconds.

    It may be a function, ``async`` or not, that returns the delay within 5 seconds. If the function
    fails, the step fails too.
    """
    backoff: NotRequired[Literal["constant", "linear", "exponential"]]
    """How the delay grows. "exponential" (the default) doubles it for each retry, "linear" adds
    ``delay`` to it for each retry, "constant" keeps it."""


class WorkflowStepConfig(TypedDict, total=False):
    """The options of a step as one dict.

    JS: WorkflowStepConfig.
    """

    retries: WorkflowRetries
    """The retries of a failed attempt; by default 5, with exponential back-off."""
    timeout: WorkflowDuration
    """The maximum duration of one attempt; 10 minutes by default. A number is in milliseconds."""
    sensitive: Literal["output"]
    """Pass "output" to keep the result out of logs."""


class _StepName(TypedDict):
    name: str
    """The name of the step."""
    count: int
    """The number of the step among steps of this name, starting from 1."""


class WorkflowRollbackConfig(TypedDict, total=False):
    """The options of the rollback of a step."""

    retries: WorkflowRetries
    """The retries of a failed rollback; by default 5, with exponential back-off."""
    timeout: WorkflowDuration
    """The maximum duration of one attempt; 10 minutes by default. A number is in milliseconds."""


class WorkflowStepContext(TypedDict):
    """The context of a step. Its function receives it as the parameter ``ctx``.

    JS: WorkflowStepContext.
    """

    step: _StepName
    """The name of the step and its number among steps of this name."""
    attempt: int
    """The number of this attempt, starting from 1."""
    config: dict[str, Any]
    """The config of the step with its defaults."""


class WorkflowRollbackContext(NamedTuple, Generic[OutputT]):
    """The argument of the ``rollback`` function of a step.

    JS: WorkflowRollbackContext.
    """

    ctx: WorkflowStepContext
    """The context of the step."""
    error: WorkersError
    """The error that ended the instance."""
    output: OutputT | None
    """The result of the step, or None if the step did not complete."""
    step_name: str
    """The name of the step and its number among steps of this name: "charge-1"."""


Rollback: TypeAlias = Callable[[WorkflowRollbackContext[T]], Awaitable[None]]


class WorkflowStep(JsWrapper["_js.WorkflowStep"]):
    """The steps of one instance. Their results are stored, so an interrupted instance can continue.

    After a crash, a pause or a long sleep, the engine calls ``run`` again from its beginning. A
    step that has completed then returns its stored result. Therefore put every side effect into a
    step, and make steps idempotent, because a step may run more than once.

    The engine identifies a step by its name and by its number among steps of this name.

    JS: WorkflowStep.
    """

    __slots__ = ("_functions", "_names", "_results", "_running")

    def __init__(self, step: _js.WorkflowStep) -> None:
        self._js = raw(step)
        # Decorated steps, by the name of the step and by the name of the function.
        self._names: dict[str, Step] = {}
        self._functions: dict[str, Step] = {}
        self._results: dict[Step, Any] = {}
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
        """Run a function as a step, or decorate a function to make it a step. ::

            total = await step.do("charge", charge)

            @step.do("charge", retries={"limit": 3, "delay": timedelta(seconds=10)})
            async def charge(cart: Cart, ctx: WorkflowStepContext) -> int: ...

            total = await charge()

        The parameters of a decorated function stand for steps, and receive their results. They are
        matched by name, or listed in ``depends``. Steps that have not run yet run first. The
        parameter ``ctx`` receives the context of the step.

        Args:
            name: At most 256 characters, without control characters. For a decorated
                function, the default is the name of the function.
            depends: The steps whose results a decorated function receives, in the order of its
                parameters.
            concurrent: Run these steps concurrently. By default they run one after the other.
            config: All options in one dict. The keywords below take precedence.
            retries: The retries of a failed attempt; by default 5, with exponential back-off.
            timeout: The maximum duration of one attempt; 10 minutes by default. A bare number is in
                milliseconds.
            sensitive: Pass "output" to keep the result out of logs.
            rollback: A function that undoes the step. Rollbacks run if an exception of ``run`` ends
                the instance, or in ``WorkflowInstance.terminate(rollback=True)``. The rollbacks of
                all started steps run, most recent first, and stop at the first that fails
                permanently.
            rollback_config: The retries and the timeout of the rollback; by default the retries and
                the timeout of a step without options.

        Returns:
            The result, as a replay returns it: at most 1 MiB that structured clone takes, so a
            tuple becomes a list. If the function's return annotation is a row type (such as a
            TypedDict or a dataclass), the result is loaded as that type. A stream of bytes is
            stored whole if the return annotation is ``ReadableStream``.

        Raises:
            WorkflowError: The last attempt failed. ``js_name`` is the class of its error. The error
                is also of the built-in class that the function raised, such as KeyError, and a
                TimeoutError if the attempt took too long.
            NonRetryableError: The function raised it, or returned an object that cannot cross, such
                as a Response; this ends the retries.
            RowError: The result does not fit the return annotation.
            ConversionError: A duration is invalid.

        JS: WorkflowStep.do.
        """
        if callable(name):
            raise TypeError("do(): expected a name, got a function; write @step.do() as decorator")
        options = _js_config(config, retries, timeout, sensitive)
        if rollback_config is not None and rollback is None:
            raise TypeError("do(): rollback_config: expected a rollback with it, got none")
        undo = None if rollback is None else (rollback, rollback_config)
        if not callable(depends):
            _check_depends(name, depends)
            return partial(self._make_step, name, depends, concurrent, options, undo)
        callback: Callable[..., Any] = depends
        if name is None or concurrent:
            raise TypeError(
                "do(name, callback): expected a name and not concurrent; decorate the function to "
                "use them"
            )
        return self._run_step(name, options, undo, callback, _with_context(callback))

    def _make_step(
        self,
        name: str | None,
        depends: Sequence[Step] | None,
        concurrent: bool,
        options: Any,
        undo: Undo | None,
        function: Callable[..., Any],
    ) -> Step:
        """Return the step of a decorated function."""
        step_name = function.__name__ if name is None else name

        async def run() -> Any:
            dependencies = self._dependencies(function, depends)
            steps = [dependency for dependency in dependencies if dependency is not None]
            if concurrent:
                results = iter(await asyncio.gather(*map(self._result, steps)))
            else:
                results = iter([await self._result(dependency) for dependency in steps])
            arguments = [
                _CONTEXT if dependency is None else next(results) for dependency in dependencies
            ]
            return await self._run_step(
                step_name,
                options,
                undo,
                function,
                lambda ctx: function(
                    *[ctx if argument is _CONTEXT else argument for argument in arguments]
                ),
            )

        async def step() -> Any:
            # Steps that depend on this one wait for the task, so that it runs once for all of them.
            task = self._running[step] = asyncio.ensure_future(run())
            try:
                self._results[step] = await task
            finally:
                self._running.pop(step, None)
            return self._results[step]

        step.__name__ = step.__qualname__ = function.__name__
        self._names[step_name] = self._functions[function.__name__] = step
        return step

    def _dependencies(
        self, function: Callable[..., Any], depends: Sequence[Step] | None
    ) -> list[Step | None]:
        """Return the step for each parameter of a decorated function; None for ``ctx``."""
        names = [*signature(function).parameters]
        step_names = [name for name in names if name != "ctx"]
        place = f"step {function.__name__}()"
        if depends is None:
            # The name of a step takes precedence over the name of another step's function.
            known = {**self._functions, **self._names}
            if unknown := [name for name in step_names if name not in known]:
                raise TypeError(
                    f"{place}: unknown step {unknown[0]!r}; name the parameter after a step, "
                    "or list the step in depends"
                )
            steps = iter([known[name] for name in step_names])
        else:
            if len(depends) != len(step_names):
                raise TypeError(
                    f"{place}: depends: expected one step for each parameter, "
                    f"got {len(depends)} for {len(step_names)}"
                )
            known_steps = [*self._names.values(), *self._functions.values()]
            for index, dependency in enumerate(depends):
                if dependency not in known_steps:
                    type_name = type(dependency).__name__
                    raise TypeError(
                        f"{place}: depends[{index}]: expected a step, got {type_name}; "
                        "decorate it with step.do()"
                    )
            steps = iter(depends)
        return [None if name == "ctx" else next(steps) for name in names]

    async def _result(self, step: Step) -> Any:
        """Return the result of a decorated step; run the step if it has not run yet."""
        if step in self._results:
            return self._results[step]
        running = self._running.get(step)
        return await (step() if running is None else running)

    async def _run_step(
        self,
        name: str,
        options: Any,
        undo: Undo | None,
        function: Callable[..., Any],
        call: Callable[[Any], Any],
    ) -> Any:
        """Call JavaScript's ``step.do``; the function's proxy lives as long as the call."""
        hint = _result_hint(function)
        is_stream = ReadableStream in (hint, *get_args(hint))

        async def attempt(ctx: Any = None) -> Any:
            try:
                result = call(from_js(ctx))
                result = await result if isawaitable(result) else result
            except Exception as exc:
                raise to_js_error(exc) from None
            try:
                if is_stream and isinstance(result, ReadableStream):
                    return raw(result)
                return to_data(result, f"the result of step {name!r}")
            except ConversionError as exc:
                # Do not retry: the result cannot cross at any attempt.
                raise js_error("NonRetryableError", str(exc)) from None

        with Called(attempt) as js_attempt, _raising:
            # The engine distinguishes the arguments by their number and types, so leave out the
            # absent ones.
            before = () if options is None else (sendable(options, "config"),)
            after = () if undo is None else (sendable(_js_rollback(*undo, function), "rollback"),)
            js_result = await self._js.do(name, *before, js_attempt, *after)
        result = from_js(js_result)
        if is_stream and result is not None:
            return ReadableStream(js_result)
        return _loaded(hint, result, name)

    async def sleep(self, name: str, duration: WorkflowDuration) -> None:
        """Pause the instance for a timedelta, or a number of milliseconds; at most 365 days.

        Args:
            name: The name of the step.
            duration: A timedelta, text such as "10 seconds", or a number of milliseconds.

        Raises:
            ConversionError: The duration is invalid.

        JS: WorkflowStep.sleep.
        """
        with _raising:
            await self._js.sleep(name, checked_duration(duration, "duration"))

    async def sleep_until(self, name: str, timestamp: datetime | float) -> None:
        """Pause the instance until a datetime, or a number of milliseconds since 1970.

        Args:
            name: The name of the step.
            timestamp: An aware datetime, or a number of milliseconds since 1970.

        Raises:
            ConversionError: The datetime is naive.
            WorkflowError: The time is in the past.

        JS: WorkflowStep.sleepUntil.
        """
        if not isinstance(timestamp, (int, float)):
            timestamp = aware(timestamp, "timestamp")
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
        """Wait for an event of ``send_event``, at most a timedelta or a number of milliseconds.

        An event that was sent before the step began counts.

        Args:
            name: The name of the step.
            type: The type of the event.
            timeout: The maximum time to wait, as a timedelta, in milliseconds or as text such as
                "2 hours"; 24 hours by default.
            payload: The row type of the event's payload.

        Raises:
            WorkflowError: No event came in time. The error is also a TimeoutError.
            ConversionError: The timeout is invalid.

        JS: WorkflowStep.waitForEvent.
        """
        limit = None if timeout is None else checked_duration(timeout, "timeout")
        options = to_js(js_options({"type": type, "timeout": limit}), "options")
        with _raising:
            return WorkflowStepEvent(await self._js.waitForEvent(name, options), payload)


_raising = StepRaising()
_CONTEXT: Any = object()  # stands for the context among the arguments of a decorated function
Undo: TypeAlias = "tuple[Rollback[Any], WorkflowRollbackConfig | None]"


def _check_depends(name: str | None, depends: object) -> None:
    if depends is not None and not isinstance(depends, Sequence):
        type_name = type(depends).__name__
        raise TypeError(f"step {name!r}: expected an async function, got {type_name}")


def _js_config(config: Any, retries: Any, timeout: Any, sensitive: Any) -> dict[str, Any] | None:
    """Return the config that the engine takes, or None without options."""
    options: dict[str, Any] = dict(config or {})
    options.update(js_options({"retries": retries, "timeout": timeout, "sensitive": sensitive}))
    if "timeout" in options:
        options["timeout"] = checked_duration(options["timeout"], "timeout")
    if "delay" in options.get("retries", {}):
        delay: Any = options["retries"]["delay"]
        if callable(delay):
            js_delay: Any = _js_delay(cast("WorkflowDelayFunction", delay))
        else:
            js_delay = checked_duration(delay, "retries.delay")
        options["retries"] = {**options["retries"], "delay": js_delay}
    return options or None


def _js_delay(function: WorkflowDelayFunction) -> Callable[[Any], Any]:
    """Return the function that the engine calls for a retry delay."""

    async def delay(js_context: Any) -> Any:
        error = _step_error(js_context["error"])
        duration: Any = function(WorkflowDynamicDelayContext(js_context["ctx"], error))
        duration = await duration if isawaitable(duration) else duration
        if duration is None:
            # undefined would not be an error: the engine would use some delay.
            raise TypeError("expected a delay, got None")
        return js_duration(duration)

    return delay


def _js_rollback(
    rollback: Rollback[Any],
    config: WorkflowRollbackConfig | None,
    function: Callable[..., Any],
) -> dict[str, Any]:
    """Return the rollback that the engine takes with a step."""

    async def undo(js_context: Any) -> None:
        name = js_context["stepName"]
        output = js_context.get("output")
        if output is not None:
            output = _loaded(_result_hint(function), output, name)
        error = _step_error(js_context["error"])
        await rollback(WorkflowRollbackContext(js_context["ctx"], error, output, name))

    js_rollback: dict[str, Any] = {"rollback": undo}
    if config is not None:
        js_rollback["rollbackConfig"] = _js_config(config, None, None, None) or {}
    return js_rollback


def _step_error(error: WorkersError) -> WorkersError:
    """Return the error of a step or an instance as a WorkflowError."""
    return error_of(WorkflowError, error.js_name or "Error", error.message)


def _with_context(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return a callback as a function of the context.

    The callback receives the context as its parameter ``ctx``, or as its first parameter if that
    has no default. If it has neither, it is called without arguments.
    """
    parameters = signature(function).parameters
    if "ctx" in parameters:
        return lambda ctx: function(ctx=ctx)
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    for parameter in parameters.values():
        if parameter.kind in positional and parameter.default is Parameter.empty:
            return function
    return lambda ctx: function()


def _result_hint(function: Callable[..., Any]) -> Any:
    """Return the return annotation of a step's function; None without one.

    None also stands for a name that only type checkers import.
    """
    try:
        return get_type_hints(function).get("return")
    except (AttributeError, NameError, TypeError):
        return None


def _loaded(hint: Any, result: Any, name: str) -> Any:
    """Return a step's result, loaded as the return annotation of its function."""
    return result if hint is None else _rows.load(hint, result, f"the result of step {name!r}")
