"""``run_sync`` on plain CPython, with the semantics of Pyodide's: only the calling task waits.

On Pyodide the WebAssembly stack of the caller is set aside, and the event loop of JavaScript
continues. Here the caller's greenlet is set aside, and another greenlet continues the same event
loop. Nothing is paid for this until ``run_sync`` is called.

A greenlet either runs the loop or waits in ``run_sync``. The first one, in which the loop began and
will end, may also be parked: it continues as soon as the greenlet that runs the loop can stop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import Context
from functools import partial
from importlib import import_module
from inspect import iscoroutine
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from .._border.contexts import CANNOT_WAIT
from ..errors import WorkersError

__all__ = ["run_sync", "unawaited"]

T = TypeVar("T")


class _Unawaited:
    """``with unawaited: …``: a call that JavaScript would make without awaiting it.

    Nothing can wait in it. The body of a coroutine runs later, outside the block.
    """

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


unawaited = _Unawaited()


def run_sync(awaitable: Awaitable[T]) -> T:
    """Wait for an awaitable in synchronous code, and return its result."""
    try:
        stacks = _stacks()
    except WorkersError:
        if iscoroutine(awaitable):
            awaitable.close()
        raise
    future = asyncio.ensure_future(awaitable)
    if not future.done():
        stacks.wait_for(future)
    return future.result()


def _stacks() -> _Stacks:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise WorkersError(CANNOT_WAIT) from None
    if unawaited.depth:
        raise WorkersError(CANNOT_WAIT)
    if loop not in _by_loop:
        try:
            greenlet = import_module("greenlet")
        except ImportError:
            raise WorkersError(
                "run_sync: greenlet is missing; install pyworkers-sdk[testing]"
            ) from None
        if getattr(loop, "_run_once", None) is None:
            raise WorkersError(
                f"run_sync: expected an event loop of asyncio, got {type(loop).__module__}; "
                "run uvicorn with --loop asyncio"
            )
        _by_loop[loop] = _Stacks(loop, greenlet)
    return _by_loop[loop]


class _Stacks:
    """The greenlets of an event loop."""

    def __init__(self, loop: Any, greenlet: Any) -> None:
        self._loop = loop
        # Of asyncio.BaseEventLoop, in every version so far.
        self._run_round: Any = getattr(loop, "_run_once", None)
        self._queue: Any = getattr(loop, "_ready", None)
        self._greenlet = greenlet
        self._parked: Any = None
        self._waiting: list[Any] = []
        self._due: list[Any] = []
        self._runners: set[Any] = set()
        # A greenlet begins at the depth of recursion of the code that starts it. Started by each
        # other they would soon reach the limit, so this one starts them all.
        self._starter: Any = greenlet.greenlet(self._start)

    def wait_for(self, future: asyncio.Future[Any]) -> None:
        """Set the calling greenlet aside until a future is done."""
        loop, current = self._loop, self._greenlet.getcurrent()
        task = asyncio.current_task()
        future.add_done_callback(partial(self._done, current), context=Context())
        if task is not None:
            _leave(loop, task)
        ready = len(self._queue)
        self._waiting.append(current)
        try:
            if self._parked is None:
                self._starter.switch()
            else:
                self._unparked().switch()
        except BaseException:
            future.cancel()
            raise
        finally:
            self._waiting.remove(current)
            self._fill(ready)
            if task is not None:
                _enter(loop, task)

    def _done(self, waiting: Any, future: asyncio.Future[Any]) -> None:
        self._resume(waiting)

    def _resume(self, waiting: Any) -> None:
        """Continue a greenlet whose future is done."""
        current = self._greenlet.getcurrent()
        if waiting not in self._waiting:  # the loop was stopped meanwhile
            return
        if current in self._runners:
            self._due.append(waiting)  # after this round of the loop
            return
        ready = len(self._queue)
        self._parked = current
        waiting.switch()
        self._fill(ready)

    def _unparked(self) -> Any:
        parked, self._parked = self._parked, None
        return parked

    def _fill(self, ready: int) -> None:
        """Fill the loop's queue up to the length that it had when this greenlet was set aside.

        The greenlet is inside a round of the loop. A round takes as many callbacks from the queue
        as were there when it began, but another greenlet may have taken them.
        """
        while len(self._queue) < ready:
            handle = asyncio.Handle(_nothing, (), self._loop, Context())
            handle.cancel()
            self._queue.append(handle)

    def _start(self) -> None:
        while True:
            self._greenlet.greenlet(self._run).switch()

    def _run(self) -> None:
        """Run the loop until another greenlet can continue, or until the loop is stopped."""
        current = self._greenlet.getcurrent()
        self._runners.add(current)
        try:
            while not (self._due or self._parked or self._is_stopping()):
                self._run_round()
        finally:
            self._runners.discard(current)
            current.parent = self._next()
        if self._is_stopping() and current.parent in self._waiting:
            raise asyncio.CancelledError("the event loop was stopped")

    def _is_stopping(self) -> bool:
        return bool(getattr(self._loop, "_stopping", False))

    def _next(self) -> Any:
        """Return the greenlet that continues when the current one ends."""
        if self._parked is not None:
            for waiting in self._due:
                self._loop.call_soon(self._resume, waiting)
            self._due.clear()
            return self._unparked()
        if self._due:
            first, *others = self._due
            self._due.clear()
            for waiting in others:
                self._loop.call_soon(self._resume, waiting)
            return first
        # The loop ends in the greenlet that began it, so this one cannot wait any longer.
        return next(each for each in self._waiting if each not in self._runners)


def _nothing() -> None: ...


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Stacks] = WeakKeyDictionary()

# Documented for other implementations of tasks, in "Extending asyncio"; typeshed lacks them.
_enter: Any = getattr(asyncio, "_enter_task")  # noqa: B009
_leave: Any = getattr(asyncio, "_leave_task")  # noqa: B009
