"""Queues over memory: ``FakeQueue`` keeps messages, and ``queue_broker`` delivers them."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any, Literal
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
    "FakeMessage",
    "FakeMessageBatch",
    "FakeQueue",
    "QueueConsumer",
    "configured",
    "queued",
    "queues_of",
]

# Limits. Bytes are decimal: production counts 128,000, not 128 KiB.
MAX_MESSAGE = 128_000
MAX_BATCH = 256_000
MAX_LOCAL_BATCH = 288_000
"""The limit of the local runtime (miniflare): it takes larger batches than production."""
MAX_BATCH_COUNT = 100
MAX_DELAY = 86_400
"""Seconds: 24 hours."""

# The runtime's own words, asserted by tests/contract/test_queues.py. This is the text for Workers
# with a compatibility date before 2026-03-12. From then on, an error reads "Unknown Internal Error
# (15000)" in the local runtime, because miniflare sends no error codes.
FAILED = "Queue {operation} failed: {reason}"
MESSAGE_TOO_LARGE = "message length of {size} bytes exceeds limit of {limit}"
MESSAGE_IN_BATCH_TOO_LARGE = (
    "message in batch has length {size} bytes which exceeds single message size limit of {limit}"
)
BATCH_TOO_LARGE = "batch size of {size} bytes exceeds limit of {limit}"
TOO_MANY_MESSAGES = "batch message count of {count} exceeds limit of {limit}"
DELAY_OUT_OF_RANGE = "Internal Server Error"
EMPTY_BATCH = "sendBatch() requires at least one message"
WRONG_BODY = 'Content Type "{type}" requires a value of type {expected}, but received: {received}'
UNKNOWN_CONTENT_TYPE = "Unsupported queue message content type: {type}"
NOT_INT32 = "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."


@dataclass(frozen=True, kw_only=True)
class QueueConsumer:
    """The settings of a queue's consumer, with wrangler's names and production's defaults."""

    queue: str | None = None
    """The queue's name; by default the name of the binding in lower case, with dashes."""
    max_batch_size: int = 10
    """The maximum number of messages in a batch, 1 to 100."""
    max_batch_timeout: float = 5
    """The maximum time in seconds that a message waits for its batch to fill up, 0 to 60."""
    max_retries: int = 3
    """The maximum number of retries of a message, 0 to 100."""
    dead_letter_queue: str | None = None
    """The name of the queue for messages that have used up their retries; without it they are
    dropped."""
    retry_delay: int = 0
    """The delay in seconds before a retry that does not specify one, 0 to 86,400."""
    max_concurrency: int = 1
    """The maximum number of batches that the handler processes at the same time, 1 to 250."""

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


@dataclass(eq=False)
class Entry:
    """A message in a queue."""

    id: str
    timestamp: datetime
    content_type: str
    content: Any
    """The body as it travels: JSON text, text, bytes, or a value for structured clone."""
    size: int
    """The size of the body in bytes."""
    at: float = 0
    """The time in milliseconds from which on the message can be delivered."""
    turn: int = 0
    """The order of arrival, among messages that can be delivered from the same time on."""
    failures: int = 0
    """The number of failed delivery attempts."""

    def body(self) -> Any:
        """Return the body as it arrives; each delivery attempt gets a new object."""
        if self.content_type == "json":
            return from_json(self.content)
        return from_js(self.content)


def _order(entry: Entry) -> tuple[float, int]:
    return entry.at, entry.turn


@yields_to_others
class FakeQueue:
    """JS: Queue. A queue that keeps messages until a consumer takes them.

    Args:
        name: The queue's name.
        clock: The time on which delays and batch timeouts run.
        strict: Behave like production where the local runtime differs. Then a batch has at most
            256,000 bytes rather than 288,000. And an acked message stays acked if the handler
            raises later, or retries the batch.
        delivery_delay: The delay in seconds of messages that are sent without one.
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
        self.entries: list[Entry] = []  # sorted by _order
        self.twice = 0  # how many acked messages to deliver once more; faults() sets it
        self._taken = 0.0
        self._turns = count()

    async def send(
        self, message: Any, /, *, contentType: str = "json", delaySeconds: float | None = None
    ) -> Any:
        delay = _int32(delaySeconds)
        entry = self._entry(message, contentType)
        if entry.size > MAX_MESSAGE:
            raise _failed("send", MESSAGE_TOO_LARGE, size=entry.size, limit=MAX_MESSAGE)
        _check_delay("send", delay)
        response = {"metadata": self.metadata()}
        self.put(entry, self.delivery_delay if delay is None else delay)
        return response

    async def sendBatch(self, messages: Any, /, *, delaySeconds: float | None = None) -> Any:
        # The runtime converts all numbers before it checks anything else, so a delay beyond 32 bits
        # is reported before an empty batch (contract: test_delay_beyond_32_bits_is_refused_first).
        delays = [_int32(message.get("delaySeconds")) for message in messages]
        default = _int32(delaySeconds)
        if not messages:
            raise JsException("TypeError", EMPTY_BATCH)
        entries = [
            self._entry(message.get("body"), message.get("contentType", "json"))
            for message in messages
        ]
        self._check_batch_size(entries)
        delays = [default if delay is None else delay for delay in delays]
        for delay in (default, *delays):
            _check_delay("sendBatch", delay)
        # The response reports the backlog before this batch.
        response = {"metadata": self.metadata()}
        for entry, delay in zip(entries, delays):
            self.put(entry, self.delivery_delay if delay is None else delay)
        return response

    async def metrics(self) -> Any:
        return self.metadata()["metrics"]

    def metadata(self) -> dict[str, Any]:
        """Return the backlog: messages that are due, and not with a consumer."""
        now = self.clock.now()
        backlog = [entry for entry in self.entries if entry.at <= now]
        metrics: dict[str, Any] = {
            "backlogCount": len(backlog),
            "backlogBytes": sum(entry.size for entry in backlog),
        }
        # An empty backlog has no timestamp (contract: test_message_has_id_timestamp_and_metadata).
        if backlog:
            metrics["oldestMessageTimestamp"] = backlog[0].timestamp
        return {"metrics": metrics}

    def put(self, entry: Entry, delay: float) -> None:
        """Add a message that can be delivered after a delay in seconds."""
        entry.at = self.clock.now() + max(0, delay) * 1000
        entry.turn = next(self._turns)
        insort(self.entries, entry, key=_order)

    def take(self, size: int, timeout: float) -> list[Entry]:
        """Remove and return the next batch, or nothing if it is not due yet.

        A batch is due when it is full, or ``timeout`` seconds after it was opened. A test may have
        moved the clock by hours, so compute when the batch was due, and leave out the messages that
        came after that time: a real consumer would have taken them in a later batch.
        """
        if not self.entries:
            return []
        due = self.due(size, timeout)
        if due > self.clock.now():
            return []
        batch = [entry for entry in self.entries[:size] if entry.at <= due]
        del self.entries[: len(batch)]
        self._taken = due
        return batch

    def due(self, size: int, timeout: float) -> float:
        """Return when the next batch is due, in milliseconds since 1970, if there is a message."""
        # A batch is opened by its first message, but not before the previous batch was taken.
        opened = max(self.entries[0].at, self._taken)
        full = self.entries[size - 1].at if len(self.entries) >= size else inf
        return max(opened, min(opened + timeout * 1000, full))

    def _entry(self, body: Any, content_type: str) -> Entry:
        content, size = _serialised(body, content_type)
        return Entry(uuid4().hex, self.clock.datetime(), content_type, content, size)

    def _check_batch_size(self, entries: list[Entry]) -> None:
        if len(entries) > MAX_BATCH_COUNT:
            limit = MAX_BATCH_COUNT
            raise _failed("sendBatch", TOO_MANY_MESSAGES, count=len(entries), limit=limit)
        largest = max(entry.size for entry in entries)
        if largest > MAX_MESSAGE:
            limit = MAX_MESSAGE
            raise _failed("sendBatch", MESSAGE_IN_BATCH_TOO_LARGE, size=largest, limit=limit)
        size = sum(entry.size for entry in entries)
        limit = MAX_BATCH if self.strict else MAX_LOCAL_BATCH
        if size > limit:
            raise _failed("sendBatch", BATCH_TOO_LARGE, size=size, limit=limit)


def _serialised(body: Any, content_type: str) -> tuple[Any, int]:
    """Return a body as it travels, and its size in bytes."""
    if content_type == "json":
        content = dumps(from_js(body), "body")
        return content, len(content.encode())
    if content_type == "text":
        if isinstance(body, str):
            # The runtime reads text as a C string (contract: test_text_ends_at_first_nul).
            content = body.partition("\0")[0]
            return content, len(content.encode())
        raise _wrong_body(content_type, "string", body)
    if content_type == "bytes":
        if isinstance(body, bytes):
            return body, len(body)
        raise _wrong_body(content_type, "ArrayBufferView", body)
    if content_type == "v8":
        return body, clone_size(body)
    raise JsException("TypeError", UNKNOWN_CONTENT_TYPE.format(type=content_type))


def _wrong_body(content_type: str, expected: str, body: Any) -> JsException:
    # JavaScript's typeof, so null is an "object".
    typeof: dict[Any, str] = {str: "string", bool: "boolean", int: "number", float: "number"}
    received = typeof.get(type(body), "object")
    message = WRONG_BODY.format(type=content_type, expected=expected, received=received)
    return JsException("TypeError", message)


def _failed(operation: str, reason: str, **values: object) -> JsException:
    message = FAILED.format(operation=operation, reason=reason.format(**values))
    return JsException("Error", message)


def _check_delay(operation: str, delay: int | None) -> None:
    if delay is not None and not 0 <= delay <= MAX_DELAY:
        raise _failed(operation, DELAY_OUT_OF_RANGE)


def queued(queue: Queue[Any]) -> list[Any]:
    """Return the bodies in a fake queue, in the order in which they will be delivered.

    Delayed messages are included. Messages that a consumer has taken are not.
    """
    js_queue = raw(queue)
    if not isinstance(js_queue, FakeQueue):
        type_name = type(js_queue).__name__
        raise TypeError(f"queued(): expected a queue that fake() made, got {type_name}")
    return [entry.body() for entry in js_queue.entries]


# The argument of the handler ---------------------------------------------------------------------

Outcome = Literal["ack", "retry"]


class FakeMessageBatch:
    """JS: MessageBatch."""

    def __init__(self, queue: str, entries: list[Entry], metadata: dict[str, Any]) -> None:
        self.queue = queue
        self.messages: list[FakeMessage] = [FakeMessage(self, entry) for entry in entries]
        self.metadata = metadata
        self.outcome: Outcome | None = None
        self.delay: int | None = None

    # The first call decides the outcome, among the calls of the batch and of the message (contract:
    # test_first_call_decides_outcome). A later retry still changes the delay.

    def ackAll(self) -> None:
        self.outcome = self.outcome or "ack"

    def retryAll(self, *, delaySeconds: float | None = None) -> None:
        delay = _int32(delaySeconds)
        if self.outcome != "ack":
            self.outcome = "retry"
            self.delay = self.delay if delay is None else delay


class FakeMessage:
    """JS: Message."""

    def __init__(self, batch: FakeMessageBatch, entry: Entry) -> None:
        self.id: str = entry.id
        self.timestamp: datetime = entry.timestamp
        self.attempts: int = entry.failures + 1
        self.body: Any = entry.body()
        self.outcome: Outcome | None = None
        self.delay: int | None = None
        self._batch = batch

    def ack(self) -> None:
        if self._batch.outcome is None:
            self.outcome = self.outcome or "ack"

    def retry(self, *, delaySeconds: float | None = None) -> None:
        delay = _int32(delaySeconds)
        if self._batch.outcome != "ack" and self.outcome != "ack":
            # Of two delays the later counts (contract: test_retry_delay_holds_back_next_attempt).
            self.outcome, self.delay = "retry", delay


# The queues of a runtime -------------------------------------------------------------------------


def queues_of(host: Host) -> dict[str, FakeQueue]:
    """Return the queues that the Workers of a host share, by name."""
    return host.shared(_no_queues)


def _no_queues(host: Host) -> dict[str, FakeQueue]:
    return {}


def configured(bound: Bound, worker: Worker) -> FakeQueue:
    """Make the queue of a producer's configuration. All its producers share one queue."""
    host, delay = worker.script.host, bound.settings.delivery_delay
    name = bound.settings.queue or bound.name
    queue = queues_of(host).setdefault(name, FakeQueue(name, clock=host.clock))
    if delay is not None:  # The delay belongs to the queue, whichever producer specifies it.
        if queue.delivery_delay not in (0, delay):
            message = (
                f"expected {queue.delivery_delay}, which another producer of {name} specifies, "
                f"got {delay}"
            )
            raise worker.config.error(message, *bound.place, "delivery_delay")
        queue.delivery_delay = delay
    return queue
