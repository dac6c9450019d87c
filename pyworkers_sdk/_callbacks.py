"""Calls of JavaScript methods that take a Python callback.

The callback's result and its exceptions stay Python objects: neither crosses the border.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from ._border import JsException, js_error
from ._border.callbacks import Called

__all__ = ["entrust", "entrust_now"]

T = TypeVar("T")


def entrust(method: Callable[[Any], Any], function: Callable[..., Awaitable[T]]) -> Awaitable[T]:
    """Call a JavaScript method at once, with an async callback.

    Args:
        method: The method; it takes the callback and returns a promise.
        function: The callback.

    Returns:
        An awaitable of the callback's result. Awaiting it raises the exception of the callback
        itself, if it raised one.
    """
    results: list[T] = []
    failures: list[BaseException] = []

    async def run(*args: Any) -> None:
        try:
            results.append(await function(*args))
        except BaseException as exc:
            failures.append(exc)
            # JavaScript must see the failure: a transaction rolls back, for example.
            raise js_error("Error", f"{type(exc).__name__}: {exc}") from None

    async def finished() -> T:
        try:
            await done
        except JsException:
            if failures:
                raise failures[0] from None
            raise
        finally:
            callback.__exit__()
        return results[0]

    # Not a with block: the callback must live until the promise is settled, in another task.
    callback = Called(run)
    js_callback = callback.__enter__()
    try:
        done = method(js_callback)
    except BaseException:
        callback.__exit__()
        raise
    return asyncio.ensure_future(finished())


def entrust_now(method: Callable[[Any], Any], function: Callable[[], T]) -> T:
    """Call a JavaScript method that calls its callback before it returns; return its result."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as exc:
            failures.append(exc)
            raise js_error("Error", f"{type(exc).__name__}: {exc}") from None

    try:
        method(run)
    except JsException:
        if failures:
            raise failures[0] from None
        raise
    return results[0]
