"""The order in which things happen on one machine: turn by turn, each to its end.

An object's code goes on until all of it waits for something outside: a timer, another Worker, a
binding. What it does until then is one turn. At its end what was written is stored, and then the
next event is delivered. In the runtime a turn ends when there is no microtask left; here, when the
event loop has nothing ready to run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

__all__ = [
    "Gate",
    "ThroughGate",
    "Turns",
    "keep_alive",
    "no_section",
    "turns",
    "yield_after",
    "yields_to_others",
]

C = TypeVar("C", bound=Callable[..., Awaitable[Any]])
T = TypeVar("T")

_PATIENCE = 200
"""Rounds of the event loop after which a turn is over that seems to have no end, as where a test
waits for something in a loop."""


class Gate:
    """What lets events in to one object, one after the other.

    While a section is open only what belongs to it goes on, and the sections within it.
    """

    def __init__(self) -> None:
        self.sections: list[object] = []

    def lets_in(self, inside: tuple[object, ...]) -> bool:
        return not self.sections or self.sections[-1] in inside


_inside: ContextVar[tuple[object, ...] | None] = ContextVar("sections", default=None)
"""The sections that the running code belongs to; None outside of every object."""


def no_section() -> None:
    """What begins here belongs to no section."""
    _inside.set(())


class _Waiter:
    def __init__(self, gate: Gate, inside: tuple[object, ...]) -> None:
        self.gate = gate
        self.inside = inside
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Turns:
    """The turns of one event loop."""

    def __init__(self) -> None:
        self._resuming: list[_Waiter] = []
        self._coming: list[_Waiter] = []
        self._ending: dict[Callable[[], None], None] = {}
        self._over: list[asyncio.Future[None]] = []
        self._rounds = 0
        self._looking = False
        self._kept_out = False

    async def mine(self, gate: Gate, *, resuming: bool = False, new: bool = False) -> None:
        """Wait for a turn in which the gate lets us in. What goes on comes before what is new."""
        waiter = _Waiter(gate, () if new else _inside.get() or ())
        (self._resuming if resuming else self._coming).append(waiter)
        self._look_soon()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            for queue in (self._resuming, self._coming):
                if waiter in queue:
                    queue.remove(waiter)
            raise

    async def over(self) -> None:
        """Wait until the turn that is under way is over."""
        over = asyncio.get_running_loop().create_future()
        self._over.append(over)
        self._look_soon()
        await over

    def at_end(self, act: Callable[[], None]) -> None:
        """Have something done when the turn is over."""
        self._ending[act] = None
        self._look_soon()

    def _look_soon(self) -> None:
        if not self._looking:
            self._looking = True
            self._rounds = 0
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._rounds += 1
        ready = getattr(loop, "_ready", None)
        busy = self._rounds < 20 if ready is None else len(ready) > 0
        if busy and self._rounds < _PATIENCE:
            loop.call_soon(self._look)
            return
        ending, self._ending = [*self._ending], {}
        for act in ending:
            try:
                act()
            except Exception as exc:
                loop.call_exception_handler({"message": "at the end of a turn", "exception": exc})
        over, self._over = self._over, []
        for each in over:
            if not each.done():
                each.set_result(None)
        # who waits for the end of each turn, again and again, does not keep the next one out
        first = bool(over) and not self._kept_out
        self._kept_out = first
        if first or self._let_one_in():
            self._rounds = 0
            loop.call_soon(self._look)
        else:
            self._looking = False  # whoever opens a gate has it looked again

    def _let_one_in(self) -> bool:
        for queue in (self._resuming, self._coming):
            for waiter in queue:
                if waiter.gate.lets_in(waiter.inside):
                    queue.remove(waiter)
                    if not waiter.turn.done():
                        waiter.turn.set_result(None)
                    return True
        return bool(self._ending or self._over)

    def section(self, gate: Gate, work: Callable[[], Awaitable[T]]) -> asyncio.Future[T]:
        """Run ``work`` as a section of its own, behind those that are open already."""
        key = object()
        inside = _inside.get() or ()
        at_once = gate.lets_in(inside)
        if at_once:
            gate.sections.append(key)

        async def run() -> T:
            if not at_once:
                await self.mine(gate)
                gate.sections.append(key)
            _inside.set((*inside, key))
            try:
                given: T = await ThroughGate(gate, work())
                return given
            finally:
                gate.sections.remove(key)
                self._look_soon()

        return asyncio.ensure_future(run())


_KEPT: set[asyncio.Task[Any]] = set()


def keep_alive(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task that goes on though nobody awaits it. The event loop alone would let go of one that
    waits for what only its own runtime has, when a test lets go of that."""
    task = asyncio.create_task(work)
    _KEPT.add(task)
    task.add_done_callback(_KEPT.discard)
    return task


_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()


def turns() -> Turns:
    """Those of the running event loop."""
    return _TURNS.setdefault(asyncio.get_running_loop(), Turns())


async def _others_go_on() -> None:
    """As long as a service takes to answer: whoever asked before goes on, and where an object asks,
    its next event comes."""
    if _inside.get() is None:
        await asyncio.sleep(0)
    else:
        await turns().mine(Gate(), new=True)


def yield_after(method: C) -> C:
    """A call of a service: no answer is there before others were asked, and a Durable Object that
    calls gets its next event meanwhile."""

    @wraps(method)
    async def answer(*args: Any, **options: Any) -> Any:
        try:
            given = await method(*args, **options)
        except Exception:
            await _others_go_on()
            raise
        await _others_go_on()
        return given

    return cast(C, answer)


def yields_to_others(kind: type[T]) -> type[T]:
    """A class all of whose ``async`` methods are calls of a service."""
    for name, method in [*vars(kind).items()]:
        if iscoroutinefunction(method):
            setattr(kind, name, yield_after(method))
    cast(
        Any, kind
    ).is_fake = True  # for faults(), which watches a fake and the fakes that it returns
    return kind


class ThroughGate:
    """Awaits something that an object does: what wakes it up waits for the gate."""

    def __init__(self, gate: Gate, work: Awaitable[Any]) -> None:
        self._gate = gate
        self._work = work

    def __await__(self) -> Generator[Any, Any, Any]:
        work, send, failed = _steps(self._work), None, None
        while True:
            try:
                waits_for = work.throw(failed) if failed else work.send(send)
            except StopIteration as done:
                return done.value
            try:
                send, failed = (yield waits_for), None
                if waits_for is not None:
                    yield from turns().mine(self._gate, resuming=True).__await__()
            except BaseException as exc:
                failed = exc


def _steps(work: Awaitable[T]) -> Generator[Any, Any, T]:
    return (yield from work.__await__())
