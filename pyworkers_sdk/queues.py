"""Cloudflare Queues: ``Queue`` sends messages, ``MessageBatch`` delivers them to a consumer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar, cast

from . import _row_types as _rows
from ._border import (
    JsWrapper,
    binding,
    dumps,
    expected,
    from_js,
    from_json,
    prop,
    raising,
    raw,
    seconds,
    text,
    to_data,
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
"""The encoding of a message body.

"json" is the default. "v8" is JavaScript's structured clone: it keeps sets, dates and bytes.
"""


class QueueMetrics(NamedTuple):
    """The backlog of a queue: messages that are due and not yet with a consumer.

    Delayed messages do not count until their delay is over.

    JS: QueueMetrics, QueueSendMetrics, MessageBatchMetrics.
    """

    backlog_count: int
    """The number of messages."""
    backlog_bytes: int
    """The size of their bodies in bytes."""
    oldest_message_timestamp: datetime | None
    """The time at which the oldest of them was sent, in UTC; None if the backlog is empty."""


class QueueMetadata(NamedTuple):
    """The metadata that a queue reports with a send and with a batch.

    JS: QueueSendMetadata, QueueSendBatchMetadata, MessageBatchMetadata.
    """

    metrics: QueueMetrics
    """The backlog of the queue."""


class QueueSendResponse:
    """The queue's response to a send.

    JS: QueueSendResponse, QueueSendBatchResponse.
    """

    __slots__ = ("_metadata",)

    def __init__(self, metadata: QueueMetadata | None) -> None:
        self._metadata = metadata

    @property
    def metadata(self) -> QueueMetadata:
        """The backlog of the queue before the sent messages were added.

        Raises:
            QueueError: The runtime is older than this metadata.

        JS: QueueSendResponse.metadata.
        """
        return _reported(self._metadata)

    def __crossing__(self) -> dict[str, Any]:
        return {"metadata": self.metadata}

    def __repr__(self) -> str:
        return f"QueueSendResponse({self._metadata!r})"


class MessageSendRequest(Generic[T]):
    """A message for ``send_batch`` that needs its own content type or delay.

    Args:
        body: The body; its type depends on ``content_type``, as in ``Queue.send``.
        content_type: The encoding of the body.
        delay_seconds: How long to hold the message back, in seconds or as a timedelta; at most 24
            hours. It takes precedence over the ``delay_seconds`` of the batch.

    JS: MessageSendRequest.
    """

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
    """A queue to send messages to: ``Queue(env.JOBS)``, or ``JOBS: Queue[Job]`` in an Env.

    A message has at most 128,000 bytes. A batch has at most 100 messages and 256,000 bytes. A delay
    is at most 86,400 seconds (24 hours).

    Every method raises QueueError if the service refuses the call. It raises ConversionError,
    before anything is sent, if a body cannot be passed to JavaScript. The error names the place,
    such as ``messages[1].body.items[2]``.

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
        """Send a message. It is delivered to the queue's consumer at least once.

        Args:
            body: The body; at most 128,000 bytes. "json" takes plain data, dataclasses and pydantic
                models, and writes datetimes as ISO 8601 text. "text" takes a str, "bytes" takes
                bytes, a bytearray or a memoryview. "v8" takes everything that crosses by structured
                clone.
            content_type: The encoding of the body; "json" by default. "text" ends at the first NUL
                character.
            delay_seconds: How long to hold the message back, in seconds or as a timedelta; at most
                24 hours. By default it is the queue's ``delivery_delay``.

        Raises:
            QueueError: The service refused the message.
            ConversionError: The body does not fit the content type, or an option has a wrong type.

        JS: Queue.send.
        """
        js_body = _js_body(body, content_type, "body")
        if body is None:
            # Pyodide 0.26 passes None as undefined if it is itself an argument, and as null if it
            # is inside one. The service refuses undefined.
            request: MessageSendRequest[T] = MessageSendRequest(
                body, content_type=content_type, delay_seconds=delay_seconds
            )
            return await self.send_batch([request])
        delay = seconds(delay_seconds, "delay_seconds")
        with _raising:
            response = await self._js.send(js_body, contentType=content_type, delaySeconds=delay)
        return _response(response)

    async def send_batch(
        self,
        messages: Iterable[MessageSendRequest[T] | T],
        *,
        delay_seconds: int | timedelta | None = None,
    ) -> QueueSendResponse:
        """Send several messages in one call. Either all of them are sent, or none.

        Args:
            messages: 1 to 100 messages of at most 256,000 bytes together. A plain body is sent as
                JSON. Use ``MessageSendRequest`` for another content type or a delay of one message.
            delay_seconds: How long to hold the messages back, in seconds or as a timedelta; at most
                24 hours. The delay of a ``MessageSendRequest`` takes precedence.

        Raises:
            QueueError: The service refused the batch.
            ConversionError: A body does not fit its content type, or an option has a wrong type.

        JS: Queue.sendBatch.
        """
        # Iterating over one of these would send each letter, or each key, as a message.
        if isinstance(messages, (str, bytes, Mapping)):
            raise expected("messages", "a list of bodies", cast(object, messages))
        requests = [_request(message, index) for index, message in enumerate(messages)]
        js_messages = _js_messages(requests)
        delay = seconds(delay_seconds, "delay_seconds")
        with _raising:
            response = await self._js.sendBatch(js_messages, delaySeconds=delay)
        return _response(response)

    async def metrics(self) -> QueueMetrics:
        """Return the approximate backlog of the queue.

        Raises:
            QueueError: The service refused the call, or the runtime is older than this method.

        JS: Queue.metrics.
        """
        method = prop(self._js, "metrics")
        if method is None:
            raise unsupported(QueueError, "metrics()")
        with _raising:
            return _metrics(from_js(await method()))


class Message(JsWrapper["_js.Message"], Generic[T]):
    """A message that was delivered in a batch.

    If the handler neither acks nor retries a message, its outcome depends on the handler: the
    message is acked if the handler returns, and retried if it raises. The first call that concerns
    a message decides its outcome: ``ack`` or ``retry``, or ``ack_all`` or ``retry_all`` of the
    batch. Later calls do not change the outcome.

    JS: Message.
    """

    __slots__ = ("_body", "_row")

    def __init__(self, message: _js.Message, row: type[T] | None = None) -> None:
        self._js = raw(message)
        self._row = row
        self._body: Any = _UNREAD

    @property
    def id(self) -> str:
        """The message's id. It is the same at every attempt, and in a dead-letter queue.

        JS: Message.id.
        """
        return self._js.id

    @property
    def timestamp(self) -> datetime:
        """The time at which the message was sent, in UTC.

        JS: Message.timestamp.
        """
        timestamp: datetime = from_js(self._js.timestamp)
        return timestamp

    @property
    def attempts(self) -> int:
        """The number of this delivery attempt, starting from 1.

        JS: Message.attempts.
        """
        return self._js.attempts

    @property
    def body(self) -> T:
        """The body, loaded as the row type that the handler's ``MessageBatch[…]`` names.

        RowError is raised when the body is read, not when the batch is delivered, so the handler
        can still ack or retry this one message.

        Raises:
            RowError: The body does not fit the row type.

        JS: Message.body.
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
        """Mark the message as done, even if the handler raises later.

        JS: Message.ack.
        """
        self._js.ack()

    def retry(self, *, delay_seconds: int | timedelta | None = None) -> None:
        """Mark the message to be delivered again after a delay.

        After the consumer's ``max_retries`` the message goes to the dead-letter queue. If the
        consumer has none, the message is lost.

        Args:
            delay_seconds: The delay before the next attempt, in seconds or as a timedelta; at most
                24 hours. By default it is the consumer's ``retry_delay``.

        JS: Message.retry.
        """
        with _raising:
            self._js.retry(delaySeconds=seconds(delay_seconds, "delay_seconds"))

    def __repr__(self) -> str:
        return f"<Message {self.id} attempt {self.attempts}>"


class MessageBatch(JsWrapper["_js.MessageBatch"], Generic[T]):
    """A batch of messages, the argument of a ``queue`` handler.

    A batch has at most as many messages as the consumer's ``max_batch_size``.

    ``MessageBatch[Job]`` in the handler's annotation loads each body as ``Job``: a TypedDict, a
    dataclass, or any class with ``model_validate``. Outside a handler, write
    ``MessageBatch(batch, Job)``.

    JS: MessageBatch.
    """

    __slots__ = ("_messages", "_row")

    def __init__(self, batch: _js.MessageBatch, row: type[T] | None = None) -> None:
        self._js = raw(batch)
        self._row = row
        self._messages: list[Message[T]] | None = None

    @property
    def queue(self) -> str:
        """The name of the queue.

        JS: MessageBatch.queue.
        """
        return self._js.queue

    @property
    def messages(self) -> list[Message[T]]:
        """The messages of the batch. Iterating over the batch yields the same objects.

        JS: MessageBatch.messages.
        """
        if self._messages is None:
            self._messages = [Message(message, self._row) for message in self._js.messages]
        return self._messages

    @property
    def metadata(self) -> QueueMetadata:
        """The backlog that was left in the queue when this batch was taken.

        Raises:
            QueueError: The runtime is older than this metadata.

        JS: MessageBatch.metadata.
        """
        return _reported(_metadata(from_js(prop(self._js, "metadata"))))

    def ack_all(self) -> None:
        """Ack every message that was neither acked nor retried before.

        JS: MessageBatch.ackAll.
        """
        self._js.ackAll()

    def retry_all(self, *, delay_seconds: int | timedelta | None = None) -> None:
        """Retry every message that was neither acked nor retried before.

        Args:
            delay_seconds: The delay before the next attempt, in seconds or as a timedelta; at most
                24 hours. By default it is the consumer's ``retry_delay``.

        JS: MessageBatch.retryAll.
        """
        with _raising:
            self._js.retryAll(delaySeconds=seconds(delay_seconds, "delay_seconds"))

    def __iter__(self) -> Iterator[Message[T]]:
        return iter(self.messages)

    def __len__(self) -> int:
        return len(self.messages)

    def __repr__(self) -> str:
        return f"<MessageBatch of {len(self)} from {self.queue!r}>"


_UNREAD: Any = object()


def _js_body(body: Any, content_type: str, name: str) -> Any:
    """Return the JavaScript value that the runtime serialises."""
    if content_type == "json":
        return from_json(dumps(body, name))
    return to_data(_checked_body(body, content_type, name), name)


def _checked_body(body: Any, content_type: str, name: str) -> Any:
    """Return the body ready to cross, or raise ConversionError if it does not fit the type."""
    if content_type == "text":
        return text(body, name)
    if content_type == "bytes":
        if isinstance(body, (bytes, bytearray, memoryview)):
            return cast(Any, body)
        raise expected(name, "bytes", body)
    if content_type == "json":
        return convert(body, name, JSON)
    if content_type == "v8":
        return body
    place = f"{name.removesuffix('body')}content_type"
    raise ConversionError(
        f"{place}: expected 'text', 'bytes', 'json' or 'v8', got {content_type!r}"
    )


def _request(message: Any, index: int) -> MessageSendRequest[Any]:
    if isinstance(message, MessageSendRequest):
        return cast("MessageSendRequest[Any]", message)
    fields = cast("dict[Any, Any]", message) if isinstance(message, dict) else {}
    if "body" in fields and _FIELDS.issuperset(fields):
        # JavaScript's shape of a message, or a body with these keys: do not guess.
        raise ConversionError(
            f"messages[{index}]: the dict looks like a message of JavaScript's sendBatch; write "
            "MessageSendRequest(body, content_type=…, delay_seconds=…), or "
            "MessageSendRequest(message) if the dict is the body"
        )
    return MessageSendRequest(cast(Any, message))


_FIELDS = {"body", "contentType", "content_type", "delaySeconds", "delay_seconds"}


def _js_messages(requests: list[MessageSendRequest[Any]]) -> Any:
    """Return the array that ``sendBatch`` takes, made in one crossing."""
    messages: list[dict[str, Any]] = []
    for index, request in enumerate(requests):
        message = {"body": request.body, "contentType": request.content_type}
        if request.delay_seconds is not None:
            place = f"messages[{index}].delay_seconds"
            message["delaySeconds"] = seconds(request.delay_seconds, place)
        messages.append(message)
    if messages and all(request.content_type == "json" for request in requests):
        return from_json(dumps(messages, "messages"))  # by far the fastest way to cross
    for index, (request, message) in enumerate(zip(requests, messages)):
        place = f"messages[{index}].body"
        message["body"] = _checked_body(request.body, request.content_type, place)
    return to_data(messages, "messages")


def _response(js_response: Any) -> QueueSendResponse:
    response: dict[str, Any] = from_js(js_response) or {}  # older runtimes answer undefined
    return QueueSendResponse(_metadata(response.get("metadata")))


def _metadata(metadata: dict[str, Any] | None) -> QueueMetadata | None:
    return None if metadata is None else QueueMetadata(_metrics(metadata["metrics"]))


def _metrics(metrics: dict[str, Any]) -> QueueMetrics:
    return QueueMetrics(
        metrics["backlogCount"], metrics["backlogBytes"], metrics.get("oldestMessageTimestamp")
    )


def _reported(metadata: QueueMetadata | None) -> QueueMetadata:
    if metadata is None:
        raise QueueError("this runtime does not report the backlog of a queue")
    return metadata
