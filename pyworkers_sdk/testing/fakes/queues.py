"""Queues over memory: ``FakeQueue`` to send to, and the broker that brings what was sent."""

from __future__ import annotations

import asyncio
import logging
from bisect import insort
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import uuid4

from ..._border import dumps, from_js, from_json, raw
from ..._cpython.clone_size import clone_size
from ..._cpython.js_exception import JsException
from ...queues import Queue
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from ._js_numbers import int32 as _int32

if TYPE_CHECKING:
    from ..config.config import Bound
    from ..config.sections import Worker
    from ..runtime.host import Host

__all__ = [
    "Broker",
    "DeliveredBatch",
    "DeliveredMessage",
    "FakeQueue",
    "QueueConsumer",
    "configured",
    "queued",
    "queues_of",
]

MAX_MESSAGE = 128_000
MAX_BATCH = 256_000
MAX_LOCAL_BATCH = 288_000
MAX_BATCH_COUNT = 100
MAX_DELAY = 86_400

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class QueueConsumer:
    """A consumer's settings, under wrangler's names and with production's defaults; in seconds."""

    queue: str | None = None
    """The queue's name; by default the binding's in lower case, with dashes."""
    max_batch_size: int = 10
    max_batch_timeout: float = 5
    max_retries: int = 3
    dead_letter_queue: str | None = None
    retry_delay: int = 0
    max_concurrency: int = 1

    def __post_init__(self) -> None:
        for name, low, high in _BOUNDS:
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name}: expected {low} to {high}, got {getattr(self, name)!r}")


_BOUNDS = (
    ("max_batch_size", 1, 100),
    ("max_batch_timeout", 0, 60),
    ("max_retries", 0, 100),
    ("retry_delay", 0, MAX_DELAY),
    ("max_concurrency", 1, 250),
)


class DeliveredMessage(NamedTuple):
    """What became of one message; "dropped" is what ``max_retries`` ends without a dead-letter
    queue."""

    id: str
    body: Any
    attempts: int
    outcome: Literal["ack", "retry", "dead-letter", "dropped"]


class DeliveredBatch(NamedTuple):
    """One call of the ``queue`` handler, and what it raised."""

    queue: str
    messages: list[DeliveredMessage]
    error: Exception | None


@dataclass(eq=False)
class Entry:
    """A message in a queue, there from ``at`` on (milliseconds); ``content`` is what travels."""

    id: str
    timestamp: datetime
    kind: str
    content: Any
    size: int
    at: float = 0
    turn: int = 0
    failures: int = 0

    def body(self) -> Any:
        """As it arrives, made anew at every attempt."""
        return from_json(self.content) if self.kind == "json" else from_js(self.content)


def _place(entry: Entry) -> tuple[float, int]:
    return entry.at, entry.turn


@yields_to_others
class FakeQueue:
    """JS: Queue. Keeps what is sent until a consumer takes it; time is its ``clock``.

    ``strict`` holds batches to production's 256,000 bytes, and keeps what was acked acked where the
    handler raises, or retries the batch, afterwards; the local runtime does neither.
    ``delivery_delay``, in seconds, is that of messages which are sent without one.
    """

    def __init__(
        self,
        name: str = "queue",
        *,
        clock: Clock | None = None,
        strict: bool = True,
        delivery_delay: int = 0,
    ) -> None:
        self.name = name
        self.delivery_delay = delivery_delay
        self.clock: Clock = clock or Clock()
        self.strict = strict
        self.entries: list[Entry] = []
        self.twice = 0
        self._taken = 0.0
        self._turns = count()

    async def send(
        self, message: Any, /, *, contentType: str = "json", delaySeconds: float | None = None
    ) -> Any:
        delay = _int32(delaySeconds)
        entry = self._entry(message, contentType)
        if entry.size > MAX_MESSAGE:
            reason = f"message length of {entry.size} bytes exceeds limit of {MAX_MESSAGE}"
            raise _failed("send", reason)
        _check_delay("send", delay)
        answer = {"metadata": self.metadata()}
        self.put(entry, self.delivery_delay if delay is None else delay)
        return answer

    async def sendBatch(self, messages: Any, /, *, delaySeconds: float | None = None) -> Any:
        # The runtime reads all numbers before it looks at anything.
        given = [_int32(one.get("delaySeconds")) for one in messages]
        default = _int32(delaySeconds)
        if not messages:
            raise JsException("TypeError", "sendBatch() requires at least one message")
        sent = [self._entry(one.get("body"), one.get("contentType", "json")) for one in messages]
        if len(sent) > MAX_BATCH_COUNT:
            reason = f"batch message count of {len(sent)} exceeds limit of {MAX_BATCH_COUNT}"
            raise _failed("sendBatch", reason)
        largest = max(entry.size for entry in sent)
        if largest > MAX_MESSAGE:
            limit = f"exceeds single message size limit of {MAX_MESSAGE}"
            raise _failed("sendBatch", f"message in batch has length {largest} bytes which {limit}")
        size = sum(entry.size for entry in sent)
        most = MAX_BATCH if self.strict else MAX_LOCAL_BATCH
        if size > most:
            raise _failed("sendBatch", f"batch size of {size} bytes exceeds limit of {most}")
        delays = [default if delay is None else delay for delay in given]
        for delay in (default, *delays):
            _check_delay("sendBatch", delay)
        answer = {"metadata": self.metadata()}
        for entry, delay in zip(sent, delays):
            self.put(entry, self.delivery_delay if delay is None else delay)
        return answer

    async def metrics(self) -> Any:
        return self.metadata()["metrics"]

    def metadata(self) -> dict[str, Any]:
        """What waits by now; the delayed and what is with a consumer do not count."""
        now = self.clock.now()
        there = [entry for entry in self.entries if entry.at <= now]
        metrics: dict[str, Any] = {
            "backlogCount": len(there),
            "backlogBytes": sum(entry.size for entry in there),
        }
        if there:
            metrics["oldestMessageTimestamp"] = there[0].timestamp
        return {"metrics": metrics}

    def put(self, entry: Entry, delay: float) -> None:
        """Have a message in the queue after so many seconds."""
        entry.at = self.clock.now() + max(0, delay) * 1000
        entry.turn = next(self._turns)
        insort(self.entries, entry, key=_place)

    def take(self, size: int, timeout: float) -> list[Entry]:
        """The messages of the next batch, where it is full or has waited long enough by now."""
        if not self.entries:
            return []
        opened = max(self.entries[0].at, self._taken)
        full = self.entries[size - 1].at if len(self.entries) >= size else inf
        due = max(opened, min(opened + timeout * 1000, full))
        if due > self.clock.now():
            return []
        batch = [entry for entry in self.entries[:size] if entry.at <= due]
        del self.entries[: len(batch)]
        self._taken = due
        return batch

    def _entry(self, body: Any, kind: str) -> Entry:
        content, size = _serialised(body, kind)
        return Entry(uuid4().hex, self.clock.datetime(), kind, content, size)


def _serialised(body: Any, kind: str) -> tuple[Any, int]:
    """What travels of a body, and its bytes."""
    if kind == "json":
        content = dumps(from_js(body), "body")
        return content, len(content.encode())
    if kind == "text":
        if isinstance(body, str):
            sent = body.partition("\0")[0]  # as C++ has it in the runtime
            return sent, len(sent.encode())
        raise _wrong_type(kind, "string", body)
    if kind == "bytes":
        if isinstance(body, bytes):
            return body, len(body)
        raise _wrong_type(kind, "ArrayBufferView", body)
    if kind == "v8":
        return body, clone_size(body)
    raise JsException("TypeError", f"Unsupported queue message content type: {kind}")


def _wrong_type(kind: str, wanted: str, body: Any) -> JsException:
    names: dict[Any, str] = {str: "string", bool: "boolean", int: "number", float: "number"}
    needs = f'Content Type "{kind}" requires a value of type {wanted}'
    got = names.get(type(body), "object")
    return JsException("TypeError", f"{needs}, but received: {got}")


def _failed(operation: str, reason: str) -> JsException:
    return JsException("Error", f"Queue {operation} failed: {reason}")


def _check_delay(operation: str, delay: int | None) -> None:
    if delay is not None and not 0 <= delay <= MAX_DELAY:
        raise _failed(operation, "Internal Server Error")


def queued(queue: Queue[Any]) -> list[Any]:
    """The bodies that a fake queue holds, delayed ones too, in the order they will come in."""
    inside = raw(queue)
    if not isinstance(inside, FakeQueue):
        raise TypeError(f"queued() looks into a queue that fake() made, not {type(inside)}")
    return [entry.body() for entry in inside.entries]


# What the handler gets


class FakeMessageBatch:
    """JS: MessageBatch."""

    def __init__(self, queue: str, entries: list[Entry], metadata: dict[str, Any]) -> None:
        self.queue = queue
        self.messages: list[FakeMessage] = [FakeMessage(self, entry) for entry in entries]
        self.metadata = metadata
        self.said: str | None = None
        self.delay: int | None = None

    def ackAll(self) -> None:
        self.said = self.said or "ack"

    def retryAll(self, *, delaySeconds: float | None = None) -> None:
        delay = _int32(delaySeconds)
        if self.said != "ack":
            self.said = "retry"
            self.delay = self.delay if delay is None else delay


class FakeMessage:
    """JS: Message."""

    def __init__(self, batch: FakeMessageBatch, entry: Entry) -> None:
        self.id: str = entry.id
        self.timestamp: datetime = entry.timestamp
        self.attempts: int = entry.failures + 1
        self.body: Any = entry.body()
        self.said: str | None = None
        self.delay: int | None = None
        self._batch = batch

    def ack(self) -> None:
        if self._batch.said is None:
            self.said = self.said or "ack"

    def retry(self, *, delaySeconds: float | None = None) -> None:
        delay = _int32(delaySeconds)
        if self._batch.said != "ack" and self.said != "ack":
            self.said, self.delay = "retry", delay  # of two delays the later counts


# Who brings it

Handler = Callable[[FakeMessageBatch], Awaitable[None]]


class Subscription:
    """A queue and its consumer."""

    def __init__(
        self, queue: FakeQueue, consumer: QueueConsumer, dead: FakeQueue | None, handler: Handler
    ) -> None:
        self.queue = queue
        self.consumer = consumer
        self._dead = dead
        self._handler = handler
        self._running = 0

    @property
    def free(self) -> int:
        """How many batches more may be with the handler."""
        return self.consumer.max_concurrency - self._running

    async def deliver(self) -> DeliveredBatch | None:
        """Call the handler with the batch that is due, if one is."""
        if not self.free:
            return None
        entries = self.queue.take(self.consumer.max_batch_size, self.consumer.max_batch_timeout)
        if not entries:
            return None
        self._running += 1
        batch = FakeMessageBatch(self.queue.name, entries, self.queue.metadata())
        error: Exception | None = None
        try:
            await self._handler(batch)
        except Exception as exc:
            _log.exception("in the handler of queue %r", self.queue.name)
            error = exc
        except BaseException:  # cancelled: it never came
            for entry in entries:
                self.queue.put(entry, 0)
            raise
        finally:
            self._running -= 1
        outcomes = [
            self._settle(entry, message, batch, error)
            for entry, message in zip(entries, batch.messages)
        ]
        return DeliveredBatch(self.queue.name, outcomes, error)

    def _settle(
        self, entry: Entry, message: FakeMessage, batch: FakeMessageBatch, error: Exception | None
    ) -> DeliveredMessage:
        told = DeliveredMessage(entry.id, entry.body(), message.attempts, "ack")
        said = message.said or batch.said or ("ack" if error is None else "retry")
        if not self.queue.strict and (error is not None or batch.said == "retry"):
            said = "retry"
        if said == "ack":
            if self.queue.twice:  # at least once, says production, and so it does now and then
                self.queue.twice -= 1
                entry.failures += 1
                self.queue.put(entry, 0)
            return told
        entry.failures += 1
        if entry.failures <= self.consumer.max_retries:
            delays = (message.delay, batch.delay, self.consumer.retry_delay)
            self.queue.put(entry, next(delay for delay in delays if delay is not None))
            return told._replace(outcome="retry")
        if self._dead is None:
            return told._replace(outcome="dropped")
        entry.failures = 0
        self._dead.put(entry, 0)
        return told._replace(outcome="dead-letter")


def queues_of(host: Host) -> dict[str, FakeQueue]:
    """The queues by name that the Workers of a host have in common."""
    return host.shared(_no_queues)


def _no_queues(host: Host) -> dict[str, FakeQueue]:
    return {}


class Broker:
    """The queues of a runtime: those that its env binds, and those that only its consumers name."""

    def __init__(
        self,
        env: Any,
        consumers: Mapping[str, QueueConsumer | None] | None,
        handler: Handler | None,
        clock: Clock,
        queues: dict[str, FakeQueue] | None = None,
    ) -> None:
        inside = getattr(env, "__dict__", {})
        bound = {name: one for name, one in inside.items() if isinstance(one, FakeQueue)}
        settings: dict[str, QueueConsumer | None] = dict(consumers or {})
        if handler is None and any(settings.values()):
            raise TypeError("consumers need an entrypoint with a queue handler")
        self.handler = handler
        self.clock = clock
        self.queues: dict[str, FakeQueue] = {} if queues is None else queues
        self.subscriptions: list[Subscription] = []
        for name, queue in bound.items():
            consumer = settings.setdefault(name, QueueConsumer())
            if self.queues.get(queue.name) is queue:
                continue
            queue.name = (consumer and consumer.queue) or name.lower().replace("_", "-")
            self.queues[queue.name] = queue
        for name, consumer in settings.items():
            if handler is not None and consumer is not None:
                queue = bound.get(name) or self._named(consumer.queue or name)
                dead = consumer.dead_letter_queue
                letters = None if dead is None else self._named(dead)
                self.subscriptions.append(Subscription(queue, consumer, letters, handler))

    def _named(self, name: str) -> FakeQueue:
        return self.queues.setdefault(name, FakeQueue(name, clock=self.clock))

    async def run_due(self) -> list[DeliveredBatch]:
        """One round: what is due now, from every queue at once."""
        calls = [each.deliver() for each in self.subscriptions for _ in range(each.free)]
        return [done for done in await asyncio.gather(*calls) if done is not None]

    async def deliver_now(self, queue: FakeQueue, attempts: int) -> DeliveredBatch:
        """One batch of all that a queue holds, which comes out with its error."""
        assert self.handler
        for entry in queue.entries:
            entry.failures = attempts - 1
            entry.at = 0
        consumer = QueueConsumer(max_batch_size=100, max_batch_timeout=0, max_retries=100)
        done = await Subscription(queue, consumer, None, self.handler).deliver()
        assert done
        if done.error is not None:
            raise done.error
        return done


def configured(bound: Bound, worker: Worker) -> FakeQueue:
    """Make the queue that a producer's configuration names; all its producers share one."""
    host, delay = worker.script.host, bound.settings.delivery_delay
    name = bound.settings.queue or bound.name
    queue = queues_of(host).setdefault(name, FakeQueue(name, clock=host.clock))
    if delay is not None:  # a delay belongs to the queue, whichever producer specifies it
        if queue.delivery_delay not in (0, delay):
            message = f"another producer of {name} says {queue.delivery_delay}"
            raise worker.config.error(message, *bound.place, "delivery_delay")
        queue.delivery_delay = delay
    return queue
