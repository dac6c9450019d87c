"""``run_sync``: await in synchronous code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from inspect import isawaitable
from typing import TypeVar

from ._border import expected, platform
from .errors import WorkersError

__all__ = ["run_sync"]

T = TypeVar("T")


def run_sync(awaitable: Awaitable[T]) -> T:
    """Wait for an awaitable in synchronous code, and return its result.

    ::

        def books() -> list[Book]:
            return run_sync(env.DB.prepare("SELECT * FROM books", Book).all()).results

    Only the calling task waits: other requests and tasks continue. The awaitable runs in its own
    task, in a copy of the caller's context. A cancellation of the calling task takes effect at its
    next ``await``.

    Args:
        awaitable: A coroutine, task or future.

    Raises:
        WorkersError: Nothing can wait here: at import, in a function that JavaScript calls and
            does not await, or in a thread without the event loop. The calling task cannot wait for
            itself. A test needs greenlet (the extra ``testing`` installs it), and an event loop of
            asyncio.
        Exception: Any exception of the awaitable.
    """
    if not isawaitable(awaitable):
        raise expected("awaitable", "an awaitable", awaitable)
    if isinstance(awaitable, asyncio.Task) and awaitable is asyncio.current_task(
        awaitable.get_loop()
    ):
        raise WorkersError("run_sync: expected another task, got the calling one; it cannot end")
    result: T = platform.run_sync(awaitable)
    return result
