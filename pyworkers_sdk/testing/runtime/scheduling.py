"""The concurrency of the fakes: who runs next, and where calls interleave.

**Why fakes yield.** A real service never answers at once. While one call awaits KV, other calls
run, so their steps interleave. A fake that answered at once would hide such races. Therefore every
``async`` method of a fake service yields to the event loop before its caller gets the result
(``yields_to_others``, ``yield_after``).

**Turns.** Code of a Durable Object runs until all of it waits for something outside: a timer, a
binding, another Worker. That stretch is a *turn*. In workerd a turn ends when no microtask is left;
here, when the event loop has no callback that is ready to run. ``TurnScheduler`` looks for that
moment. Then it runs the callbacks of ``at_end``, wakes the tasks in ``wait_for_end``, and admits
one task in ``wait_for_turn``. Tasks that resume come before calls that are new.

**Input gate.** No event reaches an object while it waits for its storage, or while a section is
open: a transaction, or ``block_concurrency_while``. Storage needs no code for that: a fake storage
never yields, so the turn does not end within ``await storage.get(…)``. For sections, ``InputGate``
admits only the innermost section's own work (``run_section``, ``ThroughGate``).

**Output gate.** No result and no WebSocket message leaves an object before its writes are stored.
Storage commits at the end of the turn. A result waits for it with ``wait_for_end``; a message is
sent by ``at_end``.

Cloudflare defines both gates in https://developers.cloudflare.com/durable-objects/reference/glossary/
and explains them in
https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/

Two calls of one object, A and B. With storage only, no increment is lost
(test_concurrent_increments_are_not_lost in tests/contract/test_durable.py)::

    turn 1        A enters, storage.get → 0, storage.put 1
    end of turn   the write is stored, A returns 1
    turn 2        B enters, storage.get → 1, storage.put 2
    end of turn   the write is stored, B returns 2

With a KV call in between they interleave (test_calls_interleave_where_no_gate_is_closed)::

    turn 1        A enters, storage.get → 0, asks KV
    turn 2        B enters, storage.get → 0, asks KV
    later turns   KV answers A, A puts 1 and returns 1; KV answers B, B puts 1 and returns 1

Checks depend on the exact number of steps of the event loop: rename here, but do not reorder.
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
    "InputGate",
    "ThroughGate",
    "TurnScheduler",
    "keep_alive",
    "leave_sections",
    "scheduler",
    "yield_after",
    "yields_to_others",
]

C = TypeVar("C", bound=Callable[..., Awaitable[Any]])
T = TypeVar("T")

_MAX_ROUNDS = 200
"""The rounds of the event loop after which a turn is ended by force.

A test that polls with ``await asyncio.sleep(0)`` keeps the loop busy for ever: without this limit
its object would never get another event.
"""

_ROUNDS_OF_UNKNOWN_LOOP = 20
"""The length of a turn on an event loop that hides its ready callbacks."""


class InputGate:
    """The input gate of one object: it admits one event after the other.

    While a section is open, the gate admits only work of that section and of sections within it.
    """

    def __init__(self) -> None:
        self.sections: list[object] = []

    def admits(self, inside: tuple[object, ...]) -> bool:
        """Return True for work that belongs to these sections, if no inner section is open."""
        return not self.sections or self.sections[-1] in inside


_inside: ContextVar[tuple[object, ...] | None] = ContextVar("sections", default=None)
"""The sections that the running code belongs to; None outside of every object."""


def leave_sections() -> None:
    """Let the current task belong to an object but to no section, as an event that begins."""
    _inside.set(())


class _Waiter:
    def __init__(self, gate: InputGate, inside: tuple[object, ...]) -> None:
        self.gate = gate
        self.inside = inside
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class TurnScheduler:
    """The turns of one event loop; see the module's documentation."""

    def __init__(self) -> None:
        self._resuming: list[_Waiter] = []
        self._new: list[_Waiter] = []
        # A dict is an ordered set here: storage registers its commit with every write of a turn.
        self._at_end: dict[Callable[[], None], None] = {}
        self._waiting_for_end: list[asyncio.Future[None]] = []
        self._rounds = 0
        self._is_checking = False
        self._admission_was_skipped = False

    async def wait_for_turn(
        self, gate: InputGate, *, resuming: bool = False, new: bool = False
    ) -> None:
        """Wait for a turn in which the gate admits this task.

        Args:
            gate: The gate of the object; a new gate admits everything.
            resuming: True for work that has begun; it comes before all other tasks.
            new: True for work outside of all sections, even if the caller is inside of one.
        """
        waiter = _Waiter(gate, () if new else _inside.get() or ())
        (self._resuming if resuming else self._new).append(waiter)
        self._check_soon()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            for queue in (self._resuming, self._new):
                if waiter in queue:
                    queue.remove(waiter)
            raise

    async def wait_for_end(self) -> None:
        """Wait until the current turn ends."""
        end = asyncio.get_running_loop().create_future()
        self._waiting_for_end.append(end)
        self._check_soon()
        await end

    def at_end(self, callback: Callable[[], None]) -> None:
        """Call a function once when the current turn ends, however often it is registered."""
        self._at_end[callback] = None
        self._check_soon()

    def _check_soon(self) -> None:
        if not self._is_checking:
            self._is_checking = True
            self._rounds = 0
            asyncio.get_running_loop().call_soon(self._check)

    def _check(self) -> None:
        """End the turn if nothing is ready, and admit the next task; else check again soon."""
        loop = asyncio.get_running_loop()
        self._rounds += 1
        ready = getattr(loop, "_ready", None)
        busy = self._rounds < _ROUNDS_OF_UNKNOWN_LOOP if ready is None else len(ready) > 0
        if busy and self._rounds < _MAX_ROUNDS:
            loop.call_soon(self._check)
            return
        callbacks, self._at_end = [*self._at_end], {}
        for callback in callbacks:
            try:
                callback()
            except Exception as exc:
                loop.call_exception_handler({"message": "at the end of a turn", "exception": exc})
        ends, self._waiting_for_end = self._waiting_for_end, []
        for end in ends:
            if not end.done():
                end.set_result(None)
        # Tasks that waited for the end run before the next event: a result leaves its object first.
        # But not twice in a row: a task that waits for every end must not starve the others.
        skip_admission = bool(ends) and not self._admission_was_skipped
        self._admission_was_skipped = skip_admission
        if skip_admission or self._admit_one():
            self._rounds = 0
            loop.call_soon(self._check)
        else:
            self._is_checking = False  # the end of a section checks again

    def _admit_one(self) -> bool:
        """Start a turn for one waiting task. Return True if there is more to do."""
        for queue in (self._resuming, self._new):
            for waiter in queue:
                if waiter.gate.admits(waiter.inside):
                    queue.remove(waiter)
                    if not waiter.turn.done():
                        waiter.turn.set_result(None)
                    return True
        return bool(self._at_end or self._waiting_for_end)

    def run_section(self, gate: InputGate, work: Callable[[], Awaitable[T]]) -> asyncio.Future[T]:
        """Run work while the gate is closed to all other work; wait for open sections first."""
        section = object()
        inside = _inside.get() or ()
        # Close the gate now, not when the task starts: an event could come in between.
        admitted_at_once = gate.admits(inside)
        if admitted_at_once:
            gate.sections.append(section)

        async def run() -> T:
            if not admitted_at_once:
                await self.wait_for_turn(gate)
                gate.sections.append(section)
            _inside.set((*inside, section))
            try:
                result: T = await ThroughGate(gate, work())
                return result
            finally:
                gate.sections.remove(section)
                self._check_soon()

        return asyncio.ensure_future(run())


_BACKGROUND_TASKS: set[asyncio.Task[Any]] = set()


def keep_alive(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a background task, and keep a strong reference to it until it ends.

    The event loop holds tasks only weakly. A task that waits for something in a discarded
    ``FakeRuntime`` would be garbage-collected.
    """
    task = asyncio.create_task(work)
    _BACKGROUND_TASKS.add(task)
    task.add_done_callback(_BACKGROUND_TASKS.discard)
    return task


_SCHEDULERS: WeakKeyDictionary[asyncio.AbstractEventLoop, TurnScheduler] = WeakKeyDictionary()


def scheduler() -> TurnScheduler:
    """Return the scheduler of the running event loop."""
    return _SCHEDULERS.setdefault(asyncio.get_running_loop(), TurnScheduler())


async def _yield_to_others() -> None:
    """Wait as long as a service takes to answer: earlier callers continue first.

    If the caller is a Durable Object, other events reach it meanwhile.
    """
    if _inside.get() is None:
        await asyncio.sleep(0)
    else:
        await scheduler().wait_for_turn(InputGate(), new=True)


def yield_after(method: C) -> C:
    """Decorate an ``async`` method of a fake service: it yields before its result arrives."""

    @wraps(method)
    async def answer(*args: Any, **options: Any) -> Any:
        try:
            result = await method(*args, **options)
        except Exception:
            await _yield_to_others()
            raise
        await _yield_to_others()
        return result

    return cast(C, answer)


def yields_to_others(service: type[T]) -> type[T]:
    """Decorate a fake service: each of its ``async`` methods yields before its result arrives."""
    for name, method in [*vars(service).items()]:
        if iscoroutinefunction(method):
            setattr(service, name, yield_after(method))
    marked: Any = service
    marked.is_fake = True  # lets faults() watch a fake, and the fakes that it returns
    return service


class ThroughGate:
    """An awaitable of an object's work; each time the work wakes up, it waits for the gate."""

    def __init__(self, gate: InputGate, work: Awaitable[Any]) -> None:
        self._gate = gate
        self._work = work

    def __await__(self) -> Generator[Any, Any, Any]:
        # The work's own steps, as the event loop would drive them, with a wait behind each.
        work, value, error = _steps(self._work), None, None
        while True:
            try:
                waits_for = work.throw(error) if error else work.send(value)
            except StopIteration as done:
                return done.value
            try:
                value, error = (yield waits_for), None
                # asyncio.sleep(0) yields None. It waits for nothing outside, so the turn continues,
                # as it does in JavaScript after awaiting a resolved promise (a microtask).
                if waits_for is not None:
                    yield from scheduler().wait_for_turn(self._gate, resuming=True).__await__()
            except BaseException as exc:
                error = exc


def _steps(work: Awaitable[T]) -> Generator[Any, Any, T]:
    return (yield from work.__await__())
