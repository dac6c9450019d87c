"""``Queue``, ``MessageBatch`` and the ``queue`` handler, without a runtime.

tests/contract/test_queues.py has the behaviour that every world shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypedDict

import pytest

from pyworkers_sdk import (
    Env,
    Message,
    MessageBatch,
    MessageSendRequest,
    Queue,
    QueueError,
    QueueMetrics,
    RowError,
    WorkerEntrypoint,
)
from pyworkers_sdk.errors import error_of
from pyworkers_sdk.testing import FakeRuntime, fake, queued

if TYPE_CHECKING:
    from somewhere_else import Nothing  # type: ignore[import-not-found]

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


class Job(TypedDict):
    id: int
    ratio: float


@dataclass
class Order:
    id: int
    due: datetime


class AppEnv(Env):
    JOBS: Queue[Job]


async def bodies(handler: type[Any], *messages: Any) -> list[Any]:
    """Deliver messages to a handler that collects the bodies in ``got``, and return them."""
    handler.got = []
    await FakeRuntime(handler, env=AppEnv).queue(messages)
    got: list[Any] = handler.got
    return got


class Base(WorkerEntrypoint[AppEnv]):
    got: list[Any]


@pytest.mark.asyncio
async def test_body_is_loaded_as_annotation_of_handler() -> None:
    class Typed(Base):
        async def queue(self, batch: MessageBatch[Job]) -> None:
            self.got += [message.body for message in batch]

    (job,) = await bodies(Typed, {"id": 1, "ratio": 2.0})
    assert job == {"id": 1, "ratio": 2.0}
    assert type(job["ratio"]) is float


@pytest.mark.asyncio
async def test_body_is_loaded_as_dataclass() -> None:
    class Typed(Base):
        async def queue(self, batch: MessageBatch[Order]) -> None:
            self.got += [message.body for message in batch]

    assert await bodies(Typed, Order(1, NOON)) == [Order(1, NOON)]


@pytest.mark.asyncio
async def test_body_without_annotation_is_plain_data() -> None:
    class Bare(Base):
        async def queue(self, batch) -> None:  # type: ignore[no-untyped-def]
            self.got += [message.body for message in batch]

    class Untyped(Base):
        async def queue(self, batch: MessageBatch) -> None:
            self.got += [message.body for message in batch]

    class Unknown(Base):
        async def queue(self, batch: MessageBatch[Nothing]) -> None:
            self.got += [message.body for message in batch]

    for handler in (Bare, Untyped, Unknown):
        assert await bodies(handler, {"id": "text"}, "a") == [{"id": "text"}, "a"]


@pytest.mark.asyncio
async def test_body_of_wrong_type_raises_at_each_read() -> None:
    class Careful(Base):
        async def queue(self, batch: MessageBatch[Job]) -> None:
            for message in batch:
                for _ in range(2):
                    with pytest.raises(RowError) as raised:
                        _ = message.body
                assert str(raised.value) == (
                    f"the body of message {message.id!r}: ratio: expected float, got str"
                )
                self.got.append(message.attempts)
                message.retry()

    assert await bodies(Careful, {"id": 1, "ratio": "high"}) == [1]


@pytest.mark.asyncio
async def test_inherited_handler_can_call_super() -> None:
    class Mixin:
        got: list[Any]

        async def queue(self, batch: MessageBatch[Job]) -> None:
            assert isinstance(batch, MessageBatch)
            self.got += [message.body["id"] for message in batch]

    class Mixed(Mixin, WorkerEntrypoint[AppEnv]):
        pass

    class More(Mixed):
        async def queue(self, batch: MessageBatch[Job]) -> None:
            await super().queue(batch)
            self.got.append(len(batch))

    class Again(More):
        pass

    jobs = [{"id": 1, "ratio": 1.5}, {"id": 2, "ratio": 1.5}]
    assert await bodies(Mixed, *jobs) == [1, 2]
    assert await bodies(More, *jobs) == [1, 2, 2]
    assert await bodies(Again, *jobs) == [1, 2, 2]


@pytest.mark.asyncio
async def test_body_is_converted_once() -> None:
    class Twice(Base):
        async def queue(self, batch: MessageBatch[Any]) -> None:
            (message,) = batch.messages
            assert message.body is message.body
            assert batch.messages is batch.messages
            assert [*batch] == batch.messages
            self.got.append(message.body)

    assert await bodies(Twice, [1]) == [[1]]


def a_message(**members: Any) -> Any:
    return SimpleNamespace(id="m1", timestamp=NOON, attempts=2, body={"id": 1}, **members)


def test_batch_and_message_have_repr() -> None:
    batch: Any = SimpleNamespace(queue="jobs", messages=[a_message()])
    assert repr(MessageBatch(batch)) == "<MessageBatch of 1 from 'jobs'>"
    assert repr(MessageBatch(batch).messages[0]) == "<Message m1 attempt 2>"
    assert MessageBatch(batch).js_object is batch
    assert MessageBatch(batch).messages[0].js_object is batch.messages[0]
    typed = MessageBatch(batch, Order)
    with pytest.raises(RowError, match="the body of message 'm1': missing key 'due'"):
        _ = typed.messages[0].body


def test_delay_is_rounded_up_to_whole_seconds() -> None:
    delays: list[Any] = []
    retry = lambda *, delaySeconds=None: delays.append(delaySeconds)  # noqa: E731
    message = Message[Any](a_message(retry=retry))
    batch = MessageBatch[Any](SimpleNamespace(retryAll=retry))
    message.retry()
    message.retry(delay_seconds=timedelta(milliseconds=1))
    batch.retry_all(delay_seconds=5)
    assert delays == [None, 1, 5]


@pytest.mark.asyncio
async def test_older_runtime_raises_for_missing_members() -> None:
    async def send(*args: Any, **options: Any) -> None: ...

    old: Any = SimpleNamespace(send=send, sendBatch=send)
    for answer in (await Queue(old).send(1), await Queue(old).send_batch([1])):
        with pytest.raises(QueueError, match="does not report the backlog"):
            _ = answer.metadata
        assert repr(answer) == "QueueSendResponse(None)"
    with pytest.raises(QueueError, match=r"has no metrics\(\)"):
        await Queue(old).metrics()
    batch: Any = SimpleNamespace(queue="jobs", messages=[])
    with pytest.raises(QueueError, match="does not report the backlog"):
        _ = MessageBatch(batch).metadata


@pytest.mark.asyncio
async def test_response_has_backlog_and_repr() -> None:
    queue = fake(Queue[int])
    answer = await queue.send(1)
    assert answer.metadata.metrics == QueueMetrics(0, 0, None)
    assert repr(answer).startswith("QueueSendResponse(QueueMetadata(metrics=QueueMetrics(")


@pytest.mark.asyncio
async def test_batch_may_mix_bodies_and_requests() -> None:
    queue = fake(Queue[Any])
    await queue.send_batch(
        iter([{"job": 1}, MessageSendRequest("a", content_type="text"), None, Order(1, NOON)])
    )
    sent = {"id": 1, "due": "2026-01-02T12:00:00.000Z"}
    assert queued(queue) == [{"job": 1}, "a", None, sent]


@pytest.mark.parametrize(
    ("message", "code"), [("Too Many Requests (10250)", 10250), ("Queue send failed: x", None)]
)
def test_error_has_code_of_the_service(message: str, code: int | None) -> None:
    assert error_of(QueueError, "Error", message).code == code
