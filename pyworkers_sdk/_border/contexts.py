"""The context of a function that is called later, from JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import ParamSpec, TypeVar

__all__ = ["CANNOT_WAIT", "in_context"]

CANNOT_WAIT = (
    "run_sync: expected synchronous code that an async handler calls, got code at import, in a "
    "thread, or in a function that JavaScript does not await; await the value in an async function"
)

P = ParamSpec("P")
T = TypeVar("T")


def in_context(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that runs in the context in which it was made here.

    JavaScript calls in no context of Python, or in that of another event: variables would be lost,
    or reach a stranger. Each call gets its own copy, because calls may nest.
    """
    context = copy_context()

    def call(*args: P.args, **options: P.kwargs) -> T:
        return context.copy().run(function, *args, **options)

    return call
