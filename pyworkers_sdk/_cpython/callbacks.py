"""Handed-over functions on the border of plain CPython: ``_handed_pyodide``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from .rpc import js_failure

__all__ = ["Handed"]


class Handed:
    """Functions for JavaScript to call, until ``end``."""

    def function(self, function: Callable[[Any], Any]) -> Any:
        """What JavaScript calls with one argument; it awaits what ``function`` returns, if that is
        to be awaited."""

        def called(js: Any) -> Any:
            try:
                made = function(js)
            except Exception as exc:
                failure = js_failure(exc)  # with what a test wants to see below it
                raise failure from (None if failure is exc else exc)
            return _awaited(made) if isawaitable(made) else None

        return called

    def until_read(self, response: Any) -> Any:
        """A response like this one; its body's end, however it comes, ends this."""
        return response

    def end(self) -> None: ...


async def _awaited(made: Awaitable[Any]) -> None:
    try:
        await made
    except Exception as exc:
        failure = js_failure(exc)
        raise failure from (None if failure is exc else exc)
