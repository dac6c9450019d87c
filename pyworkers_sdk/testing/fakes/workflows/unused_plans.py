"""Find plans of a test for steps that do not exist: a renamed step would otherwise test nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from ...._spelling import similar

if TYPE_CHECKING:
    from .engine import Engine
    from .records import Plan, StepRecord
    from .workflow import FakeWorkflow

__all__ = ["check_plans"]


def check_plans(flow: FakeWorkflow, engine: Engine) -> None:
    """Check the plans for a complete instance, and the plans for all instances.

    A plan is unused if no step of its name ran, and if the code of the Workflow does not have the
    name either. So one set of plans may serve several tests, each of which takes other steps.

    Raises:
        AssertionError: A plan is unused.
    """
    _check(flow, engine.plan, engine.records.values())
    if all(each.status == "complete" for each in flow.engines.values()):
        records = [record for each in flow.engines.values() for record in each.records.values()]
        _check(flow, flow.plan, records)


def _check(flow: FakeWorkflow, plan: Plan, records: Iterable[StepRecord]) -> None:
    steps = list(dict.fromkeys(record.name for record in records))
    unknown = [(call, name) for call, name in _planned(plan) if name not in steps]
    if not unknown:
        return
    names = _names_in(flow.entrypoint())
    for call, name in unknown:
        if name not in names:
            close = similar(name, steps) or similar(name, names)
            hint = f"did you mean {close!r}?" if close else f"the steps were: {', '.join(steps)}"
            raise AssertionError(f"{call}: unknown step {name!r}; {hint}")


def _planned(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the method by which each plan was made, and the name of the step."""
    yield from (("disable_sleeps", each[0]) for each in plan.sleeps if each)
    yield from (("disable_retry_delays", each[0]) for each in plan.delays if each)
    yield from (("mock_step_result", name) for name, _ in plan.results)
    yield from (("mock_step_error", name) for name, _ in plan.errors)
    yield from (("force_step_timeout", name) for name, _ in plan.timeouts)
    yield from (("force_event_timeout", name) for name, _ in plan.late)
    yield from ((f"crash_{side}", name) for side, name, _ in plan.crashes)


def _names_in(entrypoint: Any) -> set[str]:
    """Return all text in the code of a class, and in functions and constants that it uses."""
    names: set[str] = set()
    seen: set[int] = set()
    waiting: list[Any] = [
        member for cls in _own_classes(entrypoint) for member in vars(cls).values()
    ]
    while waiting:
        value = waiting.pop()
        value = getattr(value, "__wrapped__", getattr(value, "__func__", value))
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Enum):
            value = value.value
        if isinstance(value, str):
            names.add(value)
        elif isinstance(value, (list, tuple, set, frozenset)):
            waiting += list(cast("Any", value))
        elif isinstance(value, dict):
            waiting += [*cast("dict[Any, Any]", value), *cast("dict[Any, Any]", value).values()]
        elif isinstance(value, FunctionType) and not _is_ours(value.__module__):
            waiting += _used_by(value)
        elif isinstance(value, type) and not _is_ours(value.__module__):
            waiting += vars(value).values()
    return names


def _own_classes(entrypoint: Any) -> list[type[Any]]:
    mro = entrypoint.__mro__ if isinstance(entrypoint, type) else ()
    return [cls for cls in mro if cls is not object and not _is_ours(cls.__module__)]


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "pyworkers_sdk"


def _used_by(function: FunctionType) -> Iterator[Any]:
    """Yield the constants of a function, and the values of the global names that it uses."""
    waiting = [function.__code__]
    scope = function.__globals__
    for cell in function.__closure__ or ():
        yield cell.cell_contents
    while waiting:
        code = waiting.pop()
        yield code.co_name
        yield from (each for each in code.co_consts if not isinstance(each, CodeType))
        waiting += [each for each in code.co_consts if isinstance(each, CodeType)]
        used = [scope[name] for name in code.co_names if name in scope]
        modules = [each for each in used if isinstance(each, ModuleType)]
        yield from (each for each in used if not isinstance(each, ModuleType))
        for module in modules:
            if not _is_ours(module.__name__):
                yield from (vars(module)[name] for name in code.co_names if name in vars(module))
