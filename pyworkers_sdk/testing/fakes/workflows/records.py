"""What the fake engine of Workflows keeps of an instance: steps, results, plans, lifetimes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ...._cpython.border import from_js
from ...._cpython.js_exception import JsException
from ...._cpython.streams import ReadableStream
from .rules import over_rpc

__all__ = ["Callback", "Key", "Life", "Plan", "StepRecord", "Stored", "StoredStream"]

Callback = Callable[[Any], Awaitable[Any]]


class StoredStream(NamedTuple):
    data: bytes


class Key(NamedTuple):
    """What a step is known by; ``nth`` counts those of one name."""

    kind: Literal["do", "sleep", "wait_for_event", "rollback"]
    name: str
    nth: int


@dataclass
class StepRecord:
    """A step that an instance has begun.

    ``index`` counts those of one name, from 1. ``error`` is (name, message), once it has failed for
    good; ``done`` says whether it has ended, either way.
    """

    kind: Literal["do", "sleep", "wait_for_event", "rollback"]
    name: str
    index: int
    attempts: int = 0
    done: bool = False
    result: Any = None
    error: tuple[str, str] | None = None


@dataclass
class Plan:
    """What a test wants to happen to instances."""

    sleeps: set[tuple[str, int] | None] = field(default_factory=set[Any])
    delays: set[tuple[str, int] | None] = field(default_factory=set[Any])
    results: dict[tuple[str, int], Any] = field(default_factory=dict[Any, Any])
    errors: dict[tuple[str, int], tuple[JsException, float]] = field(default_factory=dict[Any, Any])
    timeouts: dict[tuple[str, int], float] = field(default_factory=dict[Any, Any])
    late: set[tuple[str, int]] = field(default_factory=set[Any])
    crashes: set[tuple[str, str, int]] = field(default_factory=set[Any])


class Stored(NamedTuple):
    """How a step ended."""

    value: Any = None
    error: JsException | None = None

    def get(self) -> Any:
        if self.error is not None:
            raise over_rpc(self.error)
        if isinstance(self.value, StoredStream):
            return ReadableStream.of(self.value.data)
        return from_js(self.value)


class Life:
    """One lifetime: what is lost when it ends."""

    def __init__(self) -> None:
        self.dead: bool = False
        self.moves: int = 0
        self.seen: tuple[int, float] = (-1, 0.0)
        self.active = 0
        self.counts: Counter[tuple[str, str]] = Counter()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.run: asyncio.Task[None] | None = None
        self.timers: list[tuple[float, asyncio.Future[None]]] = []
        self.parked: set[asyncio.Future[Any]] = set()
        self.waiters: dict[str, list[asyncio.Future[Any]]] = {}
        self.held: list[asyncio.Future[None]] = []

    def enter(self) -> None:
        """A step is called: the engine is there, or nothing goes on."""
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
        made: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.timers.append((due, made))
        return made

    async def park(self, future: asyncio.Future[Any], due: asyncio.Future[None]) -> bool:
        """Wait for the first of two; whether it was the first one."""
        self.parked.add(future)
        try:
            await asyncio.wait({future, due}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.parked.discard(future)
            self.timers = [each for each in self.timers if each[1] is not due]
            self.moves += 1
        return future.done()

    async def until(self, due: float) -> None:
        timer = self.timer(due)
        await self.park(timer, timer)

    def fire(self, now: float) -> bool:
        """Let the next timer that is due ring."""
        due = [each for each in self.timers if each[0] <= now and not each[1].done()]
        if not due:
            return False
        min(due, key=lambda each: each[0])[1].set_result(None)
        self.moves += 1
        return True

    @property
    def busy(self) -> bool:
        """Whether it waits for something that no clock brings."""
        return self.active > 0 or not self.parked
