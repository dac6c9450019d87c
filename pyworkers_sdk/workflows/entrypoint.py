"""``WorkflowEntrypoint``: the class whose ``run`` is a Workflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic

from .._border import answer, to_data
from ..entrypoints import ExecutionContext, base, row_type
from ._errors import EngineStopped, to_js_error
from .events import WorkflowEvent
from .steps import WorkflowStep

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    EnvT = TypeVarWithDefault("EnvT", default=Any)

__all__ = ["WorkflowEntrypoint"]


def _run(handler: Callable[..., Any], event: Any, step: Any, *_: Any) -> Any:
    """Call the ``run`` method of a user's class for the engine."""

    async def run() -> Any:
        row = row_type(getattr(handler, "__func__", handler), WorkflowEvent)
        try:
            result = await handler(WorkflowEvent(event, row), WorkflowStep(step))
            return to_data(result, "the result of run()")
        except (Exception, EngineStopped) as exc:
            raise to_js_error(exc) from None

    return answer(run())


if TYPE_CHECKING:

    class WorkflowEntrypoint(Generic[EnvT]):
        """Base class of Workflows. The engine calls ``run`` for each instance.

        ``class OrderWorkflow(WorkflowEntrypoint[AppEnv])`` makes ``self.env`` an ``AppEnv``.
        Without brackets, ``self.env`` is the object that the runtime passes.

        JS: cloudflare:workers.WorkflowEntrypoint.
        """

        env: EnvT
        ctx: ExecutionContext

        def __init__(self, ctx: Any, env: Any) -> None: ...

        async def run(self, event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
            """Take the steps of one instance.

            The engine calls it again from its beginning after a crash, a pause or a long sleep;
            finished steps then return their stored results.

            Args:
                event: The parameters and the time with which the instance was started.
                step: The steps that this Workflow can take.

            Returns:
                The output of the instance; at most 1 MiB of JSON. An exception ends the instance
                as "errored".
            """
            ...

else:
    WorkflowEntrypoint = base(
        "WorkflowEntrypoint", ExecutionContext, {"run": ("run", _run, 2)}, __name__
    )
