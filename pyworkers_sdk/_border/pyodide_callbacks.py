"""Functions that JavaScript holds for longer than a call, on the real border.

Each is a proxy, and its owner destroys it.
"""

# JavaScript's values have no types here.
# pyright: basic, reportMissingModuleSource=false
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

import js
from pyodide.ffi import create_proxy

from .pyodide import answer, raw
from .pyodide_rpc import js_failure

__all__ = ["Handed"]


class Handed:
    """Functions that JavaScript may call until ``end``."""

    def __init__(self) -> None:
        self._proxies: list[Any] = []

    def function(self, function: Callable[[Any], Any]) -> Any:
        """Return a JavaScript function of one argument that calls ``function``.

        JavaScript awaits the result of ``function`` if it is awaitable, and gets undefined.
        """

        def called(argument: Any) -> Any:
            try:
                result = function(argument)
            except Exception as exc:
                # Raised from here it would be a PythonError, with a traceback for a message.
                return answer(_failed(js_failure(exc)))
            return answer(_awaited(result)) if isawaitable(result) else None

        proxy = create_proxy(called)
        self._proxies.append(proxy)
        return proxy

    def until_read(self, response: Any) -> Any:
        """Return a copy of a response that calls ``end`` when its body ends, fails or is cancelled.

        A response without a body is returned unchanged, after ``end``.
        """
        body = raw(response.body)
        if body is None or not self._proxies:
            self.end()
            return response
        over = self.function(lambda _: self.end())
        through = js.TransformStream.new(flush=over, cancel=over)
        return js.Response.new(body.pipeThrough(through), response)

    def end(self) -> None:
        """Destroy the proxies of all functions."""
        # Not now: this may run inside a call of one of them.
        soon = asyncio.get_running_loop().call_soon
        while self._proxies:
            soon(self._proxies.pop().destroy)


async def _awaited(result: Awaitable[Any]) -> None:
    try:
        await result
    except Exception as exc:
        raise js_failure(exc) from None


async def _failed(error: Exception) -> None:
    raise error
