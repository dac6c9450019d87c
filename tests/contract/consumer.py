"""The consumer of QUEUE and DEAD in every world that has one: what it does, and what it saw.

In workerd it runs behind the runtime's own broker, in the isolate that the checks run in; in the
fake world behind FakeRuntime. The settings are the same: `tests/real/worlds.py` reads them too.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple, NotRequired, TypedDict

from pyworkers_sdk import Env, Message, MessageBatch, Queue
from pyworkers_sdk.errors import RowError

# Settings under JavaScript's names, in seconds.
SETTINGS: dict[str, dict[str, Any]] = {
    "queue": {
        "maxBatchSize": 4,
        "maxBatchTimeout": 0.1,
        "maxRetries": 2,
        "deadLetterQueue": "dead",
    },
    "dead": {"maxBatchSize": 10, "maxBatchTimeout": 0.1},
}


class Job(TypedDict):
    run: str
    """Whose message it is: another one for each check."""
    do: NotRequired[list[str]]
    """What to do at the first attempt, in order: "ack", "retry 1", "retry_all", "raise", …"""
    always: NotRequired[bool]
    """At every attempt, rather."""
    value: NotRequired[Any]


class Seen(NamedTuple):
    """A message that came."""

    queue: str
    batch: int
    id: str
    timestamp: datetime
    attempts: int
    body: Any
    at: float
    """When it came, in seconds."""
    wrong: str
    """What RowError says of a body that is no Job."""
    meta: Any


seen: list[Seen] = []
now: Callable[[], float] = time.time


async def consume(batch: MessageBatch[Job]) -> None:
    """What the `queue` handler does."""
    number = len(seen)
    untyped = MessageBatch[Any](batch.js_object)
    for message, plain in zip(batch, untyped, strict=True):
        seen.append(_seen(number, batch, message, plain))
    for message in batch:
        try:
            job = message.body
        except RowError:
            continue
        for step in job.get("do", ()):
            if batch.queue == "queue" and (message.attempts == 1 or job.get("always")):
                await _do(step, batch, message)


def _seen(
    number: int, batch: MessageBatch[Job], message: Message[Job], plain: Message[Any]
) -> Seen:
    wrong = ""
    try:
        assert message.body == plain.body
    except RowError as error:
        wrong = str(error)
    return Seen(
        batch.queue,
        number,
        message.id,
        message.timestamp,
        message.attempts,
        plain.body,
        now(),
        wrong,
        batch.metadata.metrics,
    )


async def _do(step: str, batch: MessageBatch[Job], message: Message[Job]) -> None:
    action, _, seconds = step.partition(" ")
    delay = int(seconds) if seconds else None
    if action == "ack":
        message.ack()
    elif action == "retry":
        message.retry(delay_seconds=delay)
    elif action == "ack_all":
        batch.ack_all()
    elif action == "retry_all":
        batch.retry_all(delay_seconds=delay)
    elif action == "raise":
        await asyncio.sleep(0)
        raise LookupError("the handler broke")
    else:
        raise ValueError(step)


class QueueEnv(Env):
    QUEUE: Queue[Any]


class Consumer:
    """What a check gets: the queue, and what came out of it since."""

    def __init__(self, env: Any, fake: bool) -> None:
        self.run = uuid.uuid4().hex
        self.runtime = _runtime() if fake else None
        self.queue: Queue[Any] = self.runtime.env.QUEUE if self.runtime else Queue(env.QUEUE)

    def job(self, *do: str, **more: Any) -> Job:
        job: Any = {"run": self.run, "do": [*do], **more}
        return job  # type: ignore[no-any-return]

    @property
    def seen(self) -> list[Seen]:
        return [one for one in seen if self.run in repr(one.body)]

    def time(self) -> float:
        return now()

    def again(self) -> None:
        """Begin anew: what was seen so far is another run's."""
        self.run = uuid.uuid4().hex

    async def wait(self, count: int) -> list[Seen]:
        """Until so many came, and not one more for a while."""
        for _ in range(600):
            await self._pass(0.05)
            if len(self.seen) >= count:
                await self._pass(0.4)
                break
        assert len(self.seen) == count, f"{len(self.seen)} of {count}: {self.seen}"
        return self.seen

    async def _pass(self, seconds: float) -> None:
        if self.runtime is None:
            await asyncio.sleep(seconds)
            return
        for _ in range(round(seconds / 0.05)):
            self.runtime.clock.advance(0.05)
            await self.runtime.drain()


def _runtime() -> Any:
    from pyworkers_sdk.testing import FakeRuntime, QueueConsumer
    from tests.real.worker import Default

    def settings(name: str) -> QueueConsumer:
        given = SimpleNamespace(**{"deadLetterQueue": None, "maxRetries": 2, **SETTINGS[name]})
        return QueueConsumer(
            max_batch_size=given.maxBatchSize,
            max_batch_timeout=given.maxBatchTimeout,
            max_retries=given.maxRetries,
            dead_letter_queue=given.deadLetterQueue,
        )

    global now
    runtime = FakeRuntime(
        Default, env=QueueEnv, consumers={"QUEUE": settings("queue"), "dead": settings("dead")}
    )

    def now() -> float:
        return runtime.clock.now() / 1000

    return runtime
