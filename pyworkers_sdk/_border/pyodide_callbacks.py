"""Functions handed over for longer than a call, on the real border: each is a proxy, and ends."""

# JavaScript's values have no types here.
# pyright: basic, reportMissingModuleSource=false
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from . import pyodide as _pyodide
from .pyodide_rpc import js_failure

border: Any = _pyodide  # with what it does not offer to others

__all__ = ["Handed"]


class Handed:
    """Functions for JavaScript to call, until ``end``."""

    def __init__(self) -> None:
        self._proxies: list[Any] = []

    def function(self, function: Callable[[Any], Any]) -> Any:
        """What JavaScript calls with one argument; it awaits what ``function`` returns, if that is
        to be awaited."""

        def called(js: Any) -> Any:
            try:
                made = function(js)
            except Exception as exc:
                # raised from here it would be a PythonError, with a traceback for a message
                return border.answer(_failed(js_failure(exc)))
            return border.answer(_awaited(made)) if isawaitable(made) else None

        proxy = border.create_proxy(called)
        self._proxies.append(proxy)
        return proxy

    def until_read(self, response: Any) -> Any:
        """A response like this one; its body's end, however it comes, ends this."""
        body = border.raw(response.body)
        if body is None or not self._proxies:
            self.end()
            return response
        over = self.function(lambda _: self.end())
        through = border.js.TransformStream.new(flush=over, cancel=over)
        return border.js.Response.new(body.pipeThrough(through), response)

    def end(self) -> None:
        # not now: one of them may be in the middle of its call
        soon = asyncio.get_running_loop().call_soon
        while self._proxies:
            soon(self._proxies.pop().destroy)


async def _awaited(made: Awaitable[Any]) -> None:
    try:
        await made
    except Exception as exc:
        raise js_failure(exc) from None


async def _failed(error: Exception) -> None:
    raise error
