"""The broker of the fake queues: it delivers messages to ``queue`` handlers and retries them.

Nothing is delivered in the background. ``FakeRuntime.drain`` calls ``Broker.run_due``, and a batch
is due or not by the test's clock, including the delays of retries.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from .._clock import Clock
from .queues import Entry, FakeMessage, FakeMessageBatch, FakeQueue, QueueConsumer

__all__ = ["Broker", "DeliveredBatch", "DeliveredMessage", "Handler", "Subscription"]

_log = logging.getLogger(__name__)

Handler = Callable[[FakeMessageBatch], Awaitable[None]]


class DeliveredMessage(NamedTuple):
    """A message that was delivered, and its outcome."""

    id: str
    """The message's id."""
    body: Any
    """The body, converted to Python."""
    attempts: int
    """The number of the delivery attempt, starting from 1."""
    outcome: Literal["ack", "retry", "dead-letter", "dropped"]
    """The outcome of the attempt.

    After ``max_retries`` a message goes to the dead-letter queue; without one it is "dropped".
    """


class DeliveredBatch(NamedTuple):
    """A call of the ``queue`` handler."""

    queue: str
    """The name of the queue."""
    messages: list[DeliveredMessage]
    """The messages and their outcomes."""
    error: Exception | None
    """The exception that the handler raised, or None."""


class Subscription:
    """A queue with its consumer."""

    def __init__(
        self,
        queue: FakeQueue,
        consumer: QueueConsumer,
        dead_letters: FakeQueue | None,
        handler: Handler,
    ) -> None:
        self.queue = queue
        self.consumer = consumer
        self._dead_letters = dead_letters
        self._handler = handler
        self._running = 0

    @property
    def free(self) -> int:
        """The number of further batches that the handler may process at the same time."""
        return self.consumer.max_concurrency - self._running

    async def deliver(self) -> DeliveredBatch | None:
        """Call the handler with the next batch, or return None if no batch is due."""
        if not self.free:
            return None
        entries = self.queue.take(self.consumer.max_batch_size, self.consumer.max_batch_timeout)
        if not entries:
            return None
        self._running += 1
        # The metadata is the backlog that this batch leaves behind, so ask for it after take().
        batch = FakeMessageBatch(self.queue.name, entries, self.queue.metadata())
        error: Exception | None = None
        try:
            await self._handler(batch)
        except Exception as exc:
            _log.exception("in the handler of queue %r", self.queue.name)
            error = exc
        except BaseException:
            # A test has cancelled drain(): put the messages back, as if they were never delivered.
            for entry in entries:
                self.queue.put(entry, 0)
            raise
        finally:
            self._running -= 1
        messages = [
            self._settle(entry, message, batch, error)
            for entry, message in zip(entries, batch.messages)
        ]
        return DeliveredBatch(self.queue.name, messages, error)

    def _settle(
        self, entry: Entry, message: FakeMessage, batch: FakeMessageBatch, error: Exception | None
    ) -> DeliveredMessage:
        """Ack a message or schedule its retry, after the handler has ended."""
        delivered = DeliveredMessage(entry.id, entry.body(), message.attempts, "ack")
        outcome = message.outcome or batch.outcome or ("ack" if error is None else "retry")
        if not self.queue.strict and (error is not None or batch.outcome == "retry"):
            # miniflare retries the whole batch, acked messages too. By Cloudflare's documentation
            # production does not (contract: test_acked_message_stays_acked).
            outcome = "retry"
        if outcome == "ack":
            if self.queue.twice:
                # Production delivers at least once, so a test may ask for a second delivery.
                self.queue.twice -= 1
                entry.failures += 1
                self.queue.put(entry, 0)
            return delivered
        entry.failures += 1
        if entry.failures <= self.consumer.max_retries:
            self._retry(entry, message, batch)
            return delivered._replace(outcome="retry")
        if self._dead_letters is None:
            return delivered._replace(outcome="dropped")
        entry.failures = 0  # the dead-letter queue counts attempts from 1 again
        self._dead_letters.put(entry, 0)
        return delivered._replace(outcome="dead-letter")

    def _retry(self, entry: Entry, message: FakeMessage, batch: FakeMessageBatch) -> None:
        """Schedule a retry after the delay of the message, the batch or the consumer.

        Queues have no back-off. A handler that wants one computes the delay from ``attempts``.
        """
        delays = (message.delay, batch.delay, self.consumer.retry_delay)
        self.queue.put(entry, next(delay for delay in delays if delay is not None))


class Broker:
    """The subscriptions of a runtime, with its ``queue`` handler if it has one."""

    def __init__(self, subscriptions: Iterable[Subscription], handler: Handler | None) -> None:
        self.subscriptions: list[Subscription] = [*subscriptions]
        self.handler = handler

    @classmethod
    def for_env(
        cls,
        env: Any,
        consumers: Mapping[str, QueueConsumer | None] | None,
        handler: Handler | None,
        queues: dict[str, FakeQueue],
        clock: Clock,
    ) -> Broker:
        """Subscribe a handler to the queues that an env binds or that ``consumers`` names.

        Args:
            env: The env with the bindings of the Worker.
            consumers: The settings by the name of the binding; None for a queue without consumer. A
                name that the env does not bind is the name of a queue.
            handler: The ``queue`` handler, or None if the Worker has none.
            queues: All queues by name. Queues that are only named are added to it.
            clock: The clock of added queues.
        """
        members = getattr(env, "__dict__", {})
        bound = {name: queue for name, queue in members.items() if isinstance(queue, FakeQueue)}
        settings: dict[str, QueueConsumer | None] = dict(consumers or {})
        if handler is None and any(settings.values()):
            raise TypeError("consumers need an entrypoint with a queue handler")
        for name, queue in bound.items():
            consumer = settings.setdefault(name, QueueConsumer())
            # A queue of a configuration is in queues already, under the name that it has there.
            if queues.get(queue.name) is not queue:
                queue.name = (consumer and consumer.queue) or name.lower().replace("_", "-")
                queues[queue.name] = queue

        def named(name: str) -> FakeQueue:
            return queues.setdefault(name, FakeQueue(name, clock=clock))

        subscriptions: list[Subscription] = []
        for name, consumer in settings.items():
            if handler is not None and consumer is not None:
                queue = bound.get(name) or named(consumer.queue or name)
                dead = consumer.dead_letter_queue
                letters = None if dead is None else named(dead)
                subscriptions.append(Subscription(queue, consumer, letters, handler))
        return cls(subscriptions, handler)

    async def run_due(self) -> list[DeliveredBatch]:
        """Deliver the batches that are due now, from all queues concurrently."""
        deliveries = [
            subscription.deliver()
            for subscription in self.subscriptions
            for _ in range(subscription.free)
        ]
        batches = await asyncio.gather(*deliveries)
        return [batch for batch in batches if batch is not None]

    async def deliver_now(self, queue: FakeQueue, attempts: int) -> DeliveredBatch:
        """Deliver all messages of a queue in one batch. Raise the error of the handler."""
        assert self.handler
        for entry in queue.entries:
            entry.failures = attempts - 1
            entry.at = 0
        consumer = QueueConsumer(max_batch_size=100, max_batch_timeout=0, max_retries=100)
        batch = await Subscription(queue, consumer, None, self.handler).deliver()
        assert batch
        if batch.error is not None:
            raise batch.error
        return batch
