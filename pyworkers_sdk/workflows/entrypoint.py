"""``WorkflowEntrypoint``: the class whose ``run`` is a Workflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic

from .._border import answer, to_js
from ..entrypoints import ExecutionContext, base, row_type
from ._errors import Stopped, thrown
from .events import WorkflowEvent
from .steps import WorkflowStep

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    EnvT = TypeVarWithDefault("EnvT", default=Any)

__all__ = ["WorkflowEntrypoint"]


def _run(handler: Callable[..., Any], event: Any, step: Any, *_: Any) -> Any:
    """``run`` as the engine calls it."""

    async def whole() -> Any:
        row = row_type(getattr(handler, "__func__", handler), WorkflowEvent)
        try:
            result = await handler(WorkflowEvent(event, row), WorkflowStep(step))
            return to_js(result, "the result of run()")
        except (Exception, Stopped) as exc:
            raise thrown(exc) from None

    return answer(whole())


if TYPE_CHECKING:

    class WorkflowEntrypoint(Generic[EnvT]):
        """A Workflow: a class whose ``run`` the engine calls for each instance.

        ``self.env`` is of the type in brackets; without one it is what the runtime gives.

        JS: cloudflare:workers.WorkflowEntrypoint.
        """

        env: EnvT
        ctx: ExecutionContext

        def __init__(self, ctx: Any, env: Any) -> None: ...

        async def run(self, event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
            """Take the steps; what it returns is the instance's output, up to 1 MiB of JSON.

            What it raises ends the instance as "errored".
            """
            ...

else:
    WorkflowEntrypoint = base(
        "WorkflowEntrypoint", ExecutionContext, {"run": ("run", _run)}, __name__
    )
