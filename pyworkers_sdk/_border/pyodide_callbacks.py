"""Functions that JavaScript holds for longer than a call, on the real border.

Each is a proxy, and its owner destroys it. Each runs in the context of the code that made it.
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

from .contexts import in_context
from .pyodide import answer, raw
from .pyodide_rpc import js_failure

__all__ = ["Called", "Handed", "Listening", "called_once", "next_event"]


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

        proxy = create_proxy(in_context(called))
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


class Listening:
    """A listener for events of an object, until ``stop``: one proxy for all types of event."""

    def __init__(self, target: Any, types: tuple[str, ...], listener: Callable[[Any], Any]) -> None:
        self._target = target
        self._types = types
        self._proxy = create_proxy(in_context(listener))
        for event_type in types:
            target.addEventListener(event_type, self._proxy)

    def stop(self) -> None:
        for event_type in self._types:
            self._target.removeEventListener(event_type, self._proxy)
        # Not now: this may run inside a call of the listener.
        asyncio.get_running_loop().call_soon(self._proxy.destroy)


class Called:
    """``with Called(function) as js_function: …``: an async function that JavaScript may call.

    JavaScript awaits its result. The function's one proxy ends with the block.
    """

    def __init__(self, function: Callable[..., Awaitable[Any]]) -> None:
        self._function = function

    def __enter__(self) -> Any:
        def call(*args: Any) -> Any:
            return answer(self._function(*args))

        self._proxy = create_proxy(in_context(call))
        return self._proxy

    def __exit__(self, *_: object) -> None:
        self._proxy.destroy()


def called_once(function: Callable[[], Awaitable[Any]]) -> Any:
    """Return an async function that JavaScript calls at most once.

    Its proxy ends with the call, or when JavaScript drops the function.
    """

    async def run() -> Any:
        try:
            return await function()
        finally:
            # Not now: this runs inside a call of the proxy.
            asyncio.get_running_loop().call_soon(proxy.destroy)

    def call() -> Any:
        return answer(run())

    proxy = create_proxy(in_context(call))
    return proxy


async def next_event(target: Any, name: str) -> None:
    """Wait for the next event of that name at ``target``."""
    happened = asyncio.get_running_loop().create_future()

    def listener(event: Any) -> None:
        if not happened.done():
            happened.set_result(None)

    proxy = create_proxy(listener)
    target.addEventListener(name, proxy)
    try:
        await happened
    finally:
        target.removeEventListener(name, proxy)
        proxy.destroy()
