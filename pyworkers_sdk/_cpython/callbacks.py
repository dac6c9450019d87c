"""Functions that JavaScript holds, on the border of plain CPython; see ``pyodide_callbacks``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from .._border.contexts import in_context
from .border import js_error
from .js_exception import JsException
from .rpc import js_failure
from .run_sync import unawaited

__all__ = ["Called", "Handed", "Listening", "called_once", "next_event"]


class Handed:
    """Functions that JavaScript may call until ``end``; here they need no end."""

    def function(self, function: Callable[[Any], Any]) -> Any:
        """Return a JavaScript function of one argument that calls ``function``.

        JavaScript awaits the result of ``function`` if it is awaitable, and gets undefined.
        """

        def called(argument: Any) -> Any:
            try:
                with unawaited:
                    result = function(argument)
            except Exception as exc:
                # The exception itself is the cause: a failed test shows it in its traceback.
                failure = js_failure(exc)
                raise failure from (None if failure is exc else exc)
            return asyncio.ensure_future(_awaited(result)) if isawaitable(result) else None

        return in_context(called)

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


class Listening:
    """A listener for events of an object, until ``stop``."""

    def __init__(self, target: Any, types: tuple[str, ...], listener: Callable[[Any], Any]) -> None:
        def listen(event: Any) -> None:
            with unawaited:
                listener(event)

        self._target = target
        self._types = types
        self._listener = in_context(listen)
        for event_type in types:
            target.addEventListener(event_type, self._listener)

    def stop(self) -> None:
        for event_type in self._types:
            self._target.removeEventListener(event_type, self._listener)


class Called:
    """``with Called(function) as js_function: …``: an async function that JavaScript may call.

    JavaScript awaits its result.
    """

    def __init__(self, function: Callable[..., Awaitable[Any]]) -> None:
        self._function = function

    def __enter__(self) -> Any:
        return self._function

    def __exit__(self, *_: object) -> None: ...


def called_once(function: Callable[[], Awaitable[Any]]) -> Any:
    """Return an async function that JavaScript calls at most once."""

    async def run() -> Any:
        try:
            return await function()
        except JsException:
            raise
        except Exception as exc:
            # JavaScript sees an error of its kind, and a failed test the exception as its cause.
            raise js_error(type(exc).__name__, str(exc)) from exc

    return run


async def next_event(target: Any, name: str) -> None:
    """Wait for the next event of that name at ``target``."""
    happened = asyncio.get_running_loop().create_future()

    def listener(event: Any) -> None:
        if not happened.done():  # the event may come twice before the listener is removed
            happened.set_result(None)

    target.addEventListener(name, listener)
    try:
        await happened
    finally:
        target.removeEventListener(name, listener)
