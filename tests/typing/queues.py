"""Types of Queues. Only mypy and pyright read this file; it never runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypedDict, assert_type

from pyworkers_sdk import (
    KV,
    Env,
    Message,
    MessageBatch,
    MessageSendRequest,
    Queue,
    QueueMetrics,
    QueueSendResponse,
    WorkerEntrypoint,
)
from pyworkers_sdk.testing import (
    DeliveredBatch,
    FakeRuntime,
    Faults,
    QueueConsumer,
    fake,
    faults,
    queued,
)


class Job(TypedDict):
    id: int


class AppEnv(Env):
    JOBS: Queue[Job]
    ANY: Queue
    CACHE: KV


async def sends(env: AppEnv, raw: Any, job: Job) -> None:
    assert_type(env.JOBS, Queue[Job])
    assert_type(env.ANY, Queue[Any])
    assert_type(Queue(raw), Queue[Any])
    assert_type(Queue[Job](raw), Queue[Job])
    assert_type(await env.JOBS.send(job), QueueSendResponse)
    await env.JOBS.send({"id": 1}, content_type="v8", delay_seconds=timedelta(minutes=1))
    await env.ANY.send(b"bytes", content_type="bytes")
    await env.JOBS.send_batch([job, {"id": 2}, MessageSendRequest(job, delay_seconds=5)])
    await env.ANY.send_batch(range(10), delay_seconds=60)
    answer = await env.JOBS.send_batch([job])
    assert_type(answer.metadata.metrics, QueueMetrics)
    assert_type(answer.metadata.metrics.oldest_message_timestamp, datetime | None)
    assert_type((await env.JOBS.metrics()).backlog_count, int)

    await env.JOBS.send({"id": "1"})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]
    await env.JOBS.send(job, delay=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await env.JOBS.send(job, content_type="xml")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await env.JOBS.send_batch([5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await env.JOBS.send_batch(job, 5)  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]


class Default(WorkerEntrypoint[AppEnv]):
    async def queue(self, batch: MessageBatch[Job]) -> None:
        assert_type(batch.queue, str)
        assert_type(batch.messages, list[Message[Job]])
        assert_type(batch.metadata.metrics.backlog_bytes, int)
        for message in batch:
            assert_type(message, Message[Job])
            assert_type(message.body, Job)
            assert_type(message.body["id"], int)
            assert_type(message.timestamp, datetime)
            message.retry(delay_seconds=2**message.attempts)
            message.retry(10)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
            message.body["nope"]  # type: ignore[typeddict-item]  # pyright: ignore[reportGeneralTypeIssues]
            message.ack()
        batch.ack_all()
        batch.retry_all(delay_seconds=timedelta(seconds=5))


class Untyped(WorkerEntrypoint[AppEnv]):
    async def queue(self, batch: MessageBatch) -> None:
        assert_type(batch, MessageBatch[Any])
        assert_type([message.body for message in batch], list[Any])


class Wrong(WorkerEntrypoint[AppEnv]):
    async def queue(self, batch: list[Job]) -> None: ...  # type: ignore[override]


async def batches(raw: Any) -> None:
    assert_type(MessageBatch(raw), MessageBatch[Any])
    assert_type(MessageBatch(raw, Job), MessageBatch[Job])


async def fakes(job: Job) -> None:
    assert_type(fake(Queue[Job]), Queue[Job])
    consumers = {"JOBS": QueueConsumer(max_retries=5, dead_letter_queue="dead"), "ANY": None}
    runtime = FakeRuntime(Default, env=AppEnv, consumers=consumers)
    assert_type(await runtime.drain(), list[DeliveredBatch])
    assert_type(await runtime.queue([job]), DeliveredBatch)
    assert_type((await runtime.queue([job])).messages[0].attempts, int)
    assert_type(queued(runtime.env.JOBS), list[Any])
    assert_type(faults(runtime.env.CACHE), Faults)
    faults(runtime.env.CACHE).fail("KV PUT failed: 429 Too Many Requests", method="put", times=2)

    QueueConsumer(retries=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    queued(runtime.env.CACHE)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
