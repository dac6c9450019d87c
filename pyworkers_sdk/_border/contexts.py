"""The context of a function that is called later, from JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import ParamSpec, TypeVar

__all__ = ["in_context"]

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
