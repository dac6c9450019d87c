"""Queues, messages for later: ``Queue`` to send them, ``MessageBatch`` to take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar, cast

from . import _row_types as _rows
from ._border import (
    JsWrapper,
    binding,
    dumps,
    from_js,
    from_json,
    prop,
    raising,
    raw,
    seconds,
    text,
    to_js,
    unsupported,
)
from ._border.values import JSON, convert
from .errors import ConversionError, QueueError

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from . import _js

    T = TypeVarWithDefault("T", default=Any)
else:
    T = TypeVar("T")

__all__ = [
    "Message",
    "MessageBatch",
    "MessageSendRequest",
    "Queue",
    "QueueContentType",
    "QueueMetadata",
    "QueueMetrics",
    "QueueSendResponse",
]

_raising = raising(QueueError)

QueueContentType: TypeAlias = Literal["text", "bytes", "json", "v8"]
"""How a body travels; "v8", JavaScript's structured clone, keeps sets, dates and bytes."""


class QueueMetrics(NamedTuple):
    """How much waits in a queue. JS: QueueMetrics, QueueSendMetrics, MessageBatchMetrics."""

    backlog_count: int
    backlog_bytes: int
    oldest_message_timestamp: datetime | None


class QueueMetadata(NamedTuple):
    """JS: QueueSendMetadata, QueueSendBatchMetadata, MessageBatchMetadata."""

    metrics: QueueMetrics


class QueueSendResponse:
    """The queue's answer to a send. JS: QueueSendResponse, QueueSendBatchResponse."""

    __slots__ = ("_metadata",)

    def __init__(self, metadata: QueueMetadata | None) -> None:
        self._metadata = metadata

    @property
    def metadata(self) -> QueueMetadata:
        """The backlog that the message met. JS: QueueSendResponse.metadata."""
        return _present(self._metadata)

    def __repr__(self) -> str:
        return f"QueueSendResponse({self._metadata!r})"


class MessageSendRequest(Generic[T]):
    """One message of ``send_batch``, where it needs more than a body. JS: MessageSendRequest."""

    __slots__ = ("body", "content_type", "delay_seconds")

    def __init__(
        self,
        body: T,
        *,
        content_type: QueueContentType = "json",
        delay_seconds: int | timedelta | None = None,
    ) -> None:
        self.body: T = body
        self.content_type: QueueContentType = content_type
        self.delay_seconds: int | timedelta | None = delay_seconds


class Queue(JsWrapper["_js.Queue"], Generic[T]):
    """A queue to send to: ``Queue(env.JOBS)``, or ``JOBS: Queue[Job]`` in an Env.

    A message is at most 128,000 bytes, a batch 100 messages and 256,000 bytes, a delay 86,400 s.
    Every method raises QueueError where the service refuses, and ConversionError, before anything
    is sent, where a body cannot cross; it names the place, ``messages[1].body.items[2]``.

    JS: Queue.
    """

    __slots__ = ()

    def __init__(self, queue: _js.Queue) -> None:
        self._js = binding(queue, "Queue", "sendBatch")

    async def send(
        self,
        body: T,
        *,
        content_type: QueueContentType = "json",
        delay_seconds: int | timedelta | None = None,
    ) -> QueueSendResponse:
        """Send a message; its consumer sees it after ``delay_seconds``, at least once.

        JSON is a body's default: plain data, dataclasses and pydantic models, datetimes as text.

        JS: Queue.send.
        """
        ready = _body(body, content_type, "body")
        if body is None:  # which on Pyodide 0.26 can be inside an argument, not one itself
            one: MessageSendRequest[T] = MessageSendRequest(
                body, content_type=content_type, delay_seconds=delay_seconds
            )
            return await self.send_batch([one])
        delay = seconds(delay_seconds, "delay_seconds")
        with _raising:
            found = await self._js.send(ready, contentType=content_type, delaySeconds=delay)
        return _response(found)

    async def send_batch(
        self,
        messages: Iterable[MessageSendRequest[T] | T],
        *,
        delay_seconds: int | timedelta | None = None,
    ) -> QueueSendResponse:
        """Send up to 100 messages at once, all or none of them; each a body, sent as JSON, or a
        ``MessageSendRequest``, whose own delay goes before ``delay_seconds``.

        JS: Queue.sendBatch.
        """
        if isinstance(messages, (str, bytes, Mapping)):  # each letter, or key, would be a message
            kind = type(cast(Any, messages)).__name__
            raise ConversionError(f"messages: expected a list of bodies, got {kind}")
        requests = [
            cast("MessageSendRequest[T]", one)
            if isinstance(one, MessageSendRequest)
            else MessageSendRequest(one)
            for one in messages
        ]
        ready = _requests(requests)
        delay = seconds(delay_seconds, "delay_seconds")
        with _raising:
            found = await self._js.sendBatch(ready, delaySeconds=delay)
        return _response(found)

    async def metrics(self) -> QueueMetrics:
        """How much waits in the queue, roughly. JS: Queue.metrics."""
        method = prop(self._js, "metrics")
        if method is None:
            raise unsupported(QueueError, "metrics()")
        with _raising:
            return _metrics(from_js(await method()))


class Message(JsWrapper["_js.Message"], Generic[T]):
    """A message that a batch brought. JS: Message.

    What is neither acked nor retried is acked when the handler returns, and retried when it
    raises. The first of ``ack`` and ``retry`` counts, and goes before what is said of the batch.
    """

    __slots__ = ("_body", "_row")

    def __init__(self, message: _js.Message, row: type[T] | None = None) -> None:
        self._js = raw(message)
        self._row = row
        self._body: Any = _UNREAD

    @property
    def id(self) -> str:
        """The same at every attempt, and in a dead-letter queue. JS: Message.id."""
        return self._js.id

    @property
    def timestamp(self) -> datetime:
        """When it was sent, in UTC. JS: Message.timestamp."""
        sent: datetime = from_js(self._js.timestamp)
        return sent

    @property
    def attempts(self) -> int:
        """Which attempt this is, from 1. JS: Message.attempts."""
        return self._js.attempts

    @property
    def body(self) -> T:
        """What was sent, as the row type that the handler's ``MessageBatch[…]`` names.

        One that is not raises RowError, here and not before, so that the handler can still ack or
        retry this message by itself. JS: Message.body.
        """
        if self._body is _UNREAD:
            with _raising:
                body = from_js(self._js.body)
            if self._row is not None:
                body = _rows.load(self._row, body, f"the body of message {self.id!r}")
            self._body = body
        body_: T = self._body
        return body_

    def ack(self) -> None:
        """Done, even if the handler raises later. JS: Message.ack."""
        self._js.ack()

    def retry(self, *, delay_seconds: int | timedelta | None = None) -> None:
        """Deliver it again, after so many seconds or the consumer's ``retry_delay``.

        After ``max_retries`` it goes to the dead-letter queue, or is lost. JS: Message.retry.
        """
        with _raising:
            self._js.retry(delaySeconds=seconds(delay_seconds, "delay_seconds"))

    def __repr__(self) -> str:
        return f"<Message {self.id} attempt {self.attempts}>"


class MessageBatch(JsWrapper["_js.MessageBatch"], Generic[T]):
    """What a ``queue`` handler gets: at most its consumer's ``max_batch_size`` messages.

    ``MessageBatch[Job]`` in the handler's annotation loads each body as ``Job``: a TypedDict, a
    dataclass, or any class with ``model_validate``. Elsewhere: ``MessageBatch(batch, Job)``.

    JS: MessageBatch.
    """

    __slots__ = ("_messages", "_row")

    def __init__(self, batch: _js.MessageBatch, row: type[T] | None = None) -> None:
        self._js = raw(batch)
        self._row = row
        self._messages: list[Message[T]] | None = None

    @property
    def queue(self) -> str:
        """The queue's name. JS: MessageBatch.queue."""
        return self._js.queue

    @property
    def messages(self) -> list[Message[T]]:
        """The messages; iterating over the batch gives the same. JS: MessageBatch.messages."""
        if self._messages is None:
            self._messages = [Message(message, self._row) for message in self._js.messages]
        return self._messages

    @property
    def metadata(self) -> QueueMetadata:
        """What was left in the queue when this batch was taken. JS: MessageBatch.metadata."""
        return _present(_metadata(from_js(prop(self._js, "metadata"))))

    def ack_all(self) -> None:
        """Ack every message that has no say of its own yet. JS: MessageBatch.ackAll."""
        self._js.ackAll()

    def retry_all(self, *, delay_seconds: int | timedelta | None = None) -> None:
        """Retry every message that has no say of its own yet. JS: MessageBatch.retryAll."""
        with _raising:
            self._js.retryAll(delaySeconds=seconds(delay_seconds, "delay_seconds"))

    def __iter__(self) -> Iterator[Message[T]]:
        return iter(self.messages)

    def __len__(self) -> int:
        return len(self.messages)

    def __repr__(self) -> str:
        return f"<MessageBatch of {len(self)} from {self.queue!r}>"


_UNREAD: Any = object()


def _body(body: Any, content_type: str, name: str) -> Any:
    """A body as the value that the runtime serialises."""
    if content_type == "json":
        return from_json(dumps(body, name))
    return to_js(_checked(body, content_type, name), name)


def _checked(body: Any, content_type: str, name: str) -> Any:
    if content_type == "text":
        return text(body, name)
    if content_type == "bytes":
        if isinstance(body, (bytes, bytearray, memoryview)):
            return cast(Any, body)
        raise ConversionError(f"{name}: expected bytes, got {type(body).__name__}")
    if content_type == "json":
        return convert(body, name, JSON)
    if content_type == "v8":
        return body
    where = f"{name.removesuffix('body')}content_type"
    raise ConversionError(
        f"{where}: expected 'text', 'bytes', 'json' or 'v8', got {content_type!r}"
    )


def _requests(requests: list[MessageSendRequest[Any]]) -> Any:
    """The array that ``sendBatch`` takes, made in one crossing."""
    listed: list[dict[str, Any]] = []
    for at, one in enumerate(requests):
        listed.append({"body": one.body, "contentType": one.content_type})
        if one.delay_seconds is not None:
            delay = seconds(one.delay_seconds, f"messages[{at}].delay_seconds")
            listed[-1]["delaySeconds"] = delay
    if listed and all(one.content_type == "json" for one in requests):
        return from_json(dumps(listed, "messages"))  # the fastest way by far
    for at, (one, entry) in enumerate(zip(requests, listed)):
        entry["body"] = _checked(one.body, one.content_type, f"messages[{at}].body")
    return to_js(listed, "messages")


def _response(found: Any) -> QueueSendResponse:
    answer: dict[str, Any] = from_js(found) or {}  # an older runtime says nothing
    return QueueSendResponse(_metadata(answer.get("metadata")))


def _metadata(found: dict[str, Any] | None) -> QueueMetadata | None:
    return None if found is None else QueueMetadata(_metrics(found["metrics"]))


def _metrics(found: dict[str, Any]) -> QueueMetrics:
    return QueueMetrics(
        found["backlogCount"], found["backlogBytes"], found.get("oldestMessageTimestamp")
    )


def _present(metadata: QueueMetadata | None) -> QueueMetadata:
    if metadata is None:
        raise QueueError("this runtime does not say how much waits in the queue")
    return metadata
