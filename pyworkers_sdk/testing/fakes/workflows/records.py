"""The data of an instance: results and plans that survive a crash, and a lifetime that does not."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from ...._cpython.border import from_js
from ...._cpython.js_exception import JsException
from ...._cpython.streams import ReadableStream
from .rules import over_rpc

if TYPE_CHECKING:
    from ..._clock import Clock
    from ...runtime.host import Script

__all__ = ["Callback", "Flow", "Key", "Life", "Plan", "StepRecord", "Stored", "StoredStream"]

Callback = Callable[[Any], Awaitable[Any]]


class StoredStream(NamedTuple):
    """The result of a step that returned a stream. Each replay gets a new stream of it."""

    data: bytes


class Key(NamedTuple):
    """The identity of a step: replays find its result by it."""

    kind: Literal["do", "sleep", "wait_for_event", "rollback"]
    name: str
    nth: int
    """The number of the step among steps of this kind and name, starting from 1."""


@dataclass
class StepRecord:
    """A step that an instance has begun."""

    kind: Literal["do", "sleep", "wait_for_event", "rollback"]
    """The kind of the step."""
    name: str
    """The name of the step."""
    index: int
    """The number of the step among steps of this kind and name, starting from 1."""
    attempts: int = 0
    """The number of attempts so far."""
    done: bool = False
    """True if the step has completed, or has failed permanently."""
    result: Any = None
    """The result of the step as a JavaScript value."""
    error: tuple[str, str] | None = None
    """The name and the message of the error, if the step has failed permanently."""


@dataclass
class Plan:
    """The mocks, delays and crashes that a test has planned for steps.

    A step is (name, number among steps of this name). In ``sleeps`` and ``delays``, None stands for
    all steps.
    """

    sleeps: set[tuple[str, int] | None] = field(default_factory=set[Any])
    """Sleeps that take no time."""
    delays: set[tuple[str, int] | None] = field(default_factory=set[Any])
    """Steps that are retried without delay."""
    results: dict[tuple[str, int], Any] = field(default_factory=dict[Any, Any])
    """Results of steps whose function is not called."""
    errors: dict[tuple[str, int], tuple[JsException, float]] = field(default_factory=dict[Any, Any])
    """Errors, and the number of first attempts that fail with them."""
    timeouts: dict[tuple[str, int], float] = field(default_factory=dict[Any, Any])
    """The number of first attempts that time out."""
    late: set[tuple[str, int]] = field(default_factory=set[Any])
    """Steps that wait for an event until they time out."""
    crashes: set[tuple[str, str, int]] = field(default_factory=set[Any])
    """Crashes: "before" or "after", with the step."""


class Stored(NamedTuple):
    """The stored outcome of a step: a value or an error."""

    value: Any = None
    error: JsException | None = None

    def get(self) -> Any:
        """Return a new copy of the value, or raise a new error, as each replay does."""
        if self.error is not None:
            raise over_rpc(self.error)
        if isinstance(self.value, StoredStream):
            return ReadableStream.of(self.value.data)
        return from_js(self.value)


class Life:
    """A lifetime of the engine: one call of ``run``. A crash or a pause loses its data."""

    def __init__(self) -> None:
        self.dead: bool = False
        self.moves: int = 0
        """Counts everything that happens, so that others can see whether something has."""
        self.seen: tuple[int, float] = (-1, 0.0)
        """The last value of ``moves``, and the real time at which it was seen."""
        self.active = 0
        """The number of functions of steps that are running."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """The number of steps so far of each kind and name."""
        self.tasks: set[asyncio.Task[Any]] = set()
        self.run: asyncio.Task[None] | None = None
        self.timers: list[tuple[float, asyncio.Future[None]]] = []
        """Times in milliseconds, each with the future that then gets a result."""
        self.parked: set[asyncio.Future[Any]] = set()
        """The futures that steps wait for: timers, events, or the end of a pause."""
        self.waiters: dict[str, list[asyncio.Future[Any]]] = {}
        """Steps that wait for an event, by its type; the first in the list gets the next event."""
        self.held: list[asyncio.Future[None]] = []
        """Attempts that wait because a pause was requested."""

    def enter(self) -> None:
        """Register a call of a step. In a dead engine, end the calling task instead."""
        task = asyncio.current_task()
        if task is not None:
            self.tasks.add(task)
        self.moves += 1
        if self.dead:
            raise asyncio.CancelledError

    def kill(self) -> None:
        self.dead = True
        for task in {*self.tasks, *filter(None, [self.run])}:
            task.cancel()

    def timer(self, due: float) -> asyncio.Future[None]:
        """Return a future that gets its result when the clock reaches ``due`` (milliseconds)."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.timers.append((due, future))
        return future

    async def park(self, future: asyncio.Future[Any], timer: asyncio.Future[None]) -> bool:
        """Wait for a future or a timer. Return True if the future has its result."""
        self.parked.add(future)
        try:
            await asyncio.wait({future, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.parked.discard(future)
            self.drop_timer(timer)
            self.moves += 1
        return future.done()

    async def until(self, due: float) -> None:
        timer = self.timer(due)
        await self.park(timer, timer)

    def drop_timer(self, timer: asyncio.Future[None]) -> None:
        self.timers = [entry for entry in self.timers if entry[1] is not timer]

    def fire(self, now: float) -> bool:
        """End the earliest timer that is due. Return False if no timer is."""
        due = [entry for entry in self.timers if entry[0] <= now and not entry[1].done()]
        if not due:
            return False
        _, timer = min(due, key=lambda entry: entry[0])
        timer.set_result(None)
        self.moves += 1
        return True

    @property
    def busy(self) -> bool:
        """True if the run waits for something other than the clock, an event or a command."""
        return self.active > 0 or not self.parked


class Flow(Protocol):
    """A Workflow, as far as its instances need it."""

    name: str
    strict: bool
    plan: Plan
    script: Script

    @property
    def clock(self) -> Clock: ...
    def entrypoint(self) -> type[Any] | None: ...
