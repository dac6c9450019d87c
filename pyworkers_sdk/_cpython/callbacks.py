"""Functions that JavaScript holds, on the border of plain CPython; see ``pyodide_callbacks``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from .rpc import js_failure

__all__ = ["Handed"]


class Handed:
    """Functions that JavaScript may call until ``end``; here they need no end."""

    def function(self, function: Callable[[Any], Any]) -> Any:
        """Return a JavaScript function of one argument that calls ``function``.

        JavaScript awaits the result of ``function`` if it is awaitable, and gets undefined.
        """

        def called(argument: Any) -> Any:
            try:
                result = function(argument)
            except Exception as exc:
                # The exception itself is the cause: a failed test shows it in its traceback.
                failure = js_failure(exc)
                raise failure from (None if failure is exc else exc)
            return _awaited(result) if isawaitable(result) else None

        return called

    def until_read(self, response: Any) -> Any:
        """Return the response; on Pyodide the end of its body calls ``end``."""
        return response

    def end(self) -> None:
        """Do nothing: here no function is a proxy."""


async def _awaited(result: Awaitable[Any]) -> None:
    try:
        await result
    except Exception as exc:
        failure = js_failure(exc)
        raise failure from (None if failure is exc else exc)
