"""Functions that JavaScript calls back: what they give and raise stays Python's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from ._border import Called, JsException, js_error

__all__ = ["entrust", "entrust_now"]

T = TypeVar("T")


def entrust(method: Callable[[Any], Any], function: Callable[..., Awaitable[T]]) -> Awaitable[T]:
    """Call a JavaScript method with ``function`` as its callback, now; what ``function`` gave.

    What it returns never crosses, and what it raises comes out as it was.
    """
    kept: list[T] = []
    failed: list[BaseException] = []

    async def run(*args: Any) -> None:
        try:
            kept.append(await function(*args))
        except BaseException as exc:
            failed.append(exc)
            raise js_error("Error", f"{type(exc).__name__}: {exc}") from None

    async def finished() -> T:
        try:
            await done
        except JsException:
            if failed:
                raise failed[0] from None
            raise
        finally:
            callback.__exit__()
        return kept[0]

    callback = Called(run)
    theirs = callback.__enter__()
    try:
        done = method(theirs)
    except BaseException:
        callback.__exit__()
        raise
    return asyncio.ensure_future(finished())


def entrust_now(method: Callable[[Any], Any], function: Callable[[], T]) -> T:
    """The same for a callback without ``await``."""
    kept: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            kept.append(function())
        except BaseException as exc:
            failed.append(exc)
            raise js_error("Error", f"{type(exc).__name__}: {exc}") from None

    try:
        method(run)
    except JsException:
        if failed:
            raise failed[0] from None
        raise
    return kept[0]
