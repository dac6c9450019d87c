"""The consumer of QUEUE and DEAD: the actions of its handler, and the messages that it received.

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

from pyworkers_sdk import Env, Message, MessageBatch, Queue, run_sync
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
    """The check that sent the message."""
    do: NotRequired[list[str]]
    """Actions of the handler at the first attempt: "ack", "retry 1", "retry_all", "raise", …"""
    always: NotRequired[bool]
    """Do the actions at every attempt."""
    value: NotRequired[Any]


class Seen(NamedTuple):
    """A message that the handler received."""

    queue: str
    batch: int
    id: str
    timestamp: datetime
    attempts: int
    body: Any
    at: float
    """The time of its arrival, in seconds."""
    wrong: str
    """The message of the RowError if the body is not a Job, else empty."""
    meta: Any


seen: list[Seen] = []
now: Callable[[], float] = time.time


async def consume(batch: MessageBatch[Job]) -> None:
    """Handle a batch: record its messages, and do the actions that they specify."""
    number = len(seen)
    untyped = MessageBatch[Any](batch.js_object)
    for message, plain in zip(batch, untyped, strict=True):
        seen.append(_record(number, batch, message, plain))
    for message in batch:
        try:
            job = message.body
        except RowError:
            continue
        for action in job.get("do", ()):
            if batch.queue == "queue" and (message.attempts == 1 or job.get("always")):
                await _do(action, batch, message)


def _record(
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


async def _do(action: str, batch: MessageBatch[Job], message: Message[Job]) -> None:
    name, _, seconds = action.partition(" ")
    delay = int(seconds) if seconds else None
    if name == "ack":
        message.ack()
    elif name == "retry":
        message.retry(delay_seconds=delay)
    elif name == "ack_all":
        batch.ack_all()
    elif name == "retry_all":
        batch.retry_all(delay_seconds=delay)
    elif name == "run_sync":
        message.retry(delay_seconds=run_sync(asyncio.sleep(0.01, 0)))
    elif name == "raise":
        await asyncio.sleep(0)
        raise LookupError("the handler broke")
    else:
        raise ValueError(action)


class QueueEnv(Env):
    QUEUE: Queue[Any]


class Consumer:
    """The argument of a check: the queue, and the messages of this check that were delivered."""

    def __init__(self, env: Any, fake: bool) -> None:
        self.run = uuid.uuid4().hex
        self.runtime = _runtime() if fake else None
        self.queue: Queue[Any] = self.runtime.env.QUEUE if self.runtime else Queue(env.QUEUE)

    def job(self, *do: str, **more: Any) -> Job:
        job: Any = {"run": self.run, "do": [*do], **more}
        return job  # type: ignore[no-any-return]

    @property
    def seen(self) -> list[Seen]:
        return [message for message in seen if self.run in repr(message.body)]

    def time(self) -> float:
        return now()

    def again(self) -> None:
        """Start another run: messages seen so far do not count."""
        self.run = uuid.uuid4().hex

    async def wait(self, count: int) -> list[Seen]:
        """Wait until this many messages have arrived, and no further one for a while."""
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
        options = SimpleNamespace(**{"deadLetterQueue": None, "maxRetries": 2, **SETTINGS[name]})
        return QueueConsumer(
            max_batch_size=options.maxBatchSize,
            max_batch_timeout=options.maxBatchTimeout,
            max_retries=options.maxRetries,
            dead_letter_queue=options.deadLetterQueue,
        )

    global now
    runtime = FakeRuntime(
        Default, env=QueueEnv, consumers={"QUEUE": settings("queue"), "dead": settings("dead")}
    )

    def now() -> float:
        return runtime.clock.now() / 1000

    return runtime
