"""``FakeQueue`` and its broker: the clock, outcomes, and JavaScript that ``Queue`` does not use."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pyworkers_sdk import KV, Env, MessageBatch, MessageSendRequest, Queue, WorkerEntrypoint
from pyworkers_sdk._border import JsException
from pyworkers_sdk._cpython.clone_size import clone_size
from pyworkers_sdk.testing import Clock, FakeRuntime, QueueConsumer, fake, faults, queued
from pyworkers_sdk.testing.fakes.queues import FakeQueue

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


class AppEnv(Env):
    JOBS: Queue[Any]
    OUT_BOX: Queue[Any]
    CACHE: KV


class Worker(WorkerEntrypoint[AppEnv]):
    """Obeys the body of each message, and records its (queue, body, attempts, seconds)."""

    came: list[tuple[str, Any, int, float]]
    clock: Clock

    async def queue(self, batch: MessageBatch[Any]) -> None:
        for message in batch:
            at = self.clock.now() / 1000 - NOON.timestamp()
            self.came.append((batch.queue, message.body, message.attempts, at))
            if message.body == "raise":
                raise LookupError("the handler broke")
            if message.body == "ack":
                message.ack()
            if message.body == "back off":
                message.retry(delay_seconds=2**message.attempts)
            if message.body == "retry":
                message.retry()


def runtime(**settings: Any) -> FakeRuntime[AppEnv]:
    Worker.came = []
    Worker.clock = Clock(NOON)
    consumers = {"JOBS": QueueConsumer(**settings)}
    return FakeRuntime(Worker, env=AppEnv, clock=Worker.clock, consumers=consumers)


def bodies() -> list[Any]:
    return [body for _, body, _, _ in Worker.came]


# Time --------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_batch_waits_for_its_timeout() -> None:
    rt = runtime()
    await rt.env.JOBS.send(1)
    rt.clock.advance(3)
    await rt.env.JOBS.send(2)
    rt.clock.advance(1.999)
    assert await rt.drain() == []
    rt.clock.advance(0.001)
    (batch,) = await rt.drain()
    assert batch.queue == "jobs"
    assert batch.error is None
    assert [(one.body, one.attempts, one.outcome) for one in batch.messages] == [
        (1, 1, "ack"),
        (2, 1, "ack"),
    ]
    rt.clock.advance(3600)
    assert await rt.drain() == []


@pytest.mark.asyncio
async def test_full_batch_is_delivered_at_once() -> None:
    rt = runtime(max_batch_size=2)
    await rt.env.JOBS.send_batch(range(5))
    assert [len(batch.messages) for batch in await rt.drain()] == [2, 2]
    assert queued(rt.env.JOBS) == [4]
    rt.clock.advance(5)
    assert [len(batch.messages) for batch in await rt.drain()] == [1]


@pytest.mark.asyncio
async def test_batches_after_long_time_are_split_as_if_delivered_on_time() -> None:
    rt = runtime()
    await rt.env.JOBS.send("late", delay_seconds=30)
    await rt.env.JOBS.send("soon")
    rt.clock.advance(4)
    await rt.env.JOBS.send("too")
    rt.clock.advance(60)
    assert [[one.body for one in batch.messages] for batch in await rt.drain()] == [
        ["soon", "too"],
        ["late"],
    ]


@pytest.mark.asyncio
async def test_delay_begins_with_the_send() -> None:
    rt = runtime(max_batch_timeout=0)
    await rt.env.JOBS.send_batch([1, MessageSendRequest(2, delay_seconds=9)], delay_seconds=60)
    assert queued(rt.env.JOBS) == [2, 1]
    rt.clock.advance(59)
    await rt.drain()
    assert bodies() == [2]
    rt.clock.advance(1)
    await rt.drain()
    assert bodies() == [2, 1]


@pytest.mark.asyncio
async def test_retry_with_back_off_follows_the_clock() -> None:
    rt = runtime(max_batch_timeout=0, max_retries=4)
    await rt.env.JOBS.send("back off")
    outcomes: list[str] = []
    for _ in range(40):
        for batch in await rt.drain():
            outcomes += [one.outcome for one in batch.messages]
        rt.clock.advance(1)
    assert [(attempts, at) for _, _, attempts, at in Worker.came] == [
        (1, 0),
        (2, 2),
        (3, 6),
        (4, 14),
        (5, 30),
    ]
    assert outcomes == ["retry", "retry", "retry", "retry", "dropped"]


@pytest.mark.asyncio
async def test_retry_delay_of_consumer_is_the_default() -> None:
    rt = runtime(max_batch_timeout=0, retry_delay=10)
    await rt.env.JOBS.send("retry")
    await rt.drain()
    rt.clock.advance(9)
    assert await rt.drain() == []
    rt.clock.advance(1)
    assert len(await rt.drain()) == 1


@pytest.mark.asyncio
async def test_retry_waits_for_batch_timeout_again() -> None:
    rt = runtime()
    await rt.env.JOBS.send("retry")
    rt.clock.advance(5)
    assert len(await rt.drain()) == 1
    rt.clock.advance(5)
    assert len(await rt.drain()) == 1


# Outcomes of messages -----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_handler_that_raises_midway_loses_no_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rt = runtime(max_batch_timeout=0, retry_delay=1)
    await rt.env.JOBS.send_batch(["ack", 1, "raise", 2])
    (batch,) = await rt.drain()
    assert [one.outcome for one in batch.messages] == ["ack", "retry", "retry", "retry"]
    assert repr(batch.error) == "LookupError('the handler broke')"
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "in the handler of queue 'jobs'" in caplog.text
    assert queued(rt.env.JOBS) == [1, "raise", 2]


@pytest.mark.asyncio
async def test_queue_that_is_not_strict_retries_acked_messages() -> None:
    Worker.came = []
    Worker.clock = Clock(NOON)
    jobs = Queue[Any](FakeQueue(clock=Worker.clock, strict=False))
    rt = FakeRuntime(
        Worker,
        env=fake(AppEnv, clock=Worker.clock, JOBS=jobs),
        consumers={"JOBS": QueueConsumer(max_batch_timeout=0, max_retries=0)},
    )
    await jobs.send_batch(["ack", "raise"])
    (batch,) = await rt.drain()
    assert [one.outcome for one in batch.messages] == ["dropped", "dropped"]
    half = MessageSendRequest(bytes(128_000), content_type="bytes")
    await jobs.send_batch([half, half, MessageSendRequest(bytes(32_000), content_type="bytes")])


@pytest.mark.asyncio
async def test_dead_letter_queue_may_be_bound_consumed_or_neither() -> None:
    rt = runtime(max_batch_timeout=0, max_retries=0, dead_letter_queue="out-box")
    await rt.env.JOBS.send("retry")
    (batch,) = await rt.drain()
    assert [one.outcome for one in batch.messages] == ["dead-letter"]
    assert queued(rt.env.OUT_BOX) == ["retry"]
    rt.clock.advance(5)
    (dead,) = await rt.drain()
    assert dead.queue == "out-box"
    assert [(one.id, one.attempts) for one in dead.messages] == [(batch.messages[0].id, 1)]

    rt = runtime(max_batch_timeout=0, max_retries=0, dead_letter_queue="elsewhere")
    await rt.env.JOBS.send("retry")
    await rt.drain()
    rt.clock.advance(3600)
    assert await rt.drain() == []


@pytest.mark.asyncio
async def test_queue_without_binding_may_be_consumed() -> None:
    runtime()
    settings = QueueConsumer(max_batch_timeout=0, max_retries=0, dead_letter_queue="dead")
    consumers = {"JOBS": settings, "dead": QueueConsumer(max_batch_timeout=0, max_retries=0)}
    rt = FakeRuntime(Worker, env=AppEnv, clock=Worker.clock, consumers=consumers)
    await rt.env.JOBS.send("retry")
    assert [batch.queue for batch in await rt.drain()] == ["jobs", "dead"]


@pytest.mark.asyncio
async def test_queue_has_name_of_its_consumer_settings() -> None:
    runtime()
    consumers = {
        "JOBS": QueueConsumer(queue="jobs-live", max_batch_timeout=0),
        "OUT_BOX": None,
    }
    rt = FakeRuntime(Worker, env=AppEnv, clock=Worker.clock, consumers=consumers)
    await rt.env.JOBS.send(1)
    await rt.env.OUT_BOX.send(2)
    rt.clock.advance(60)
    assert [batch.queue for batch in await rt.drain()] == ["jobs-live"]
    assert queued(rt.env.OUT_BOX) == [2]


@pytest.mark.asyncio
async def test_message_may_be_delivered_twice() -> None:
    rt = runtime(max_batch_timeout=0)
    faults(rt.env.JOBS).deliver_twice()
    await rt.env.JOBS.send_batch([1, 2])
    first, again = await rt.drain()
    assert [one.outcome for one in first.messages] == ["ack", "ack"]
    assert again.messages == [first.messages[0]._replace(attempts=2)]
    assert bodies() == [1, 2, 1]


@pytest.mark.asyncio
async def test_body_is_new_object_at_each_attempt() -> None:
    class Careless(WorkerEntrypoint[AppEnv]):
        async def queue(self, batch: MessageBatch[Any]) -> None:
            for message in batch:
                message.body["seen"].append(message.attempts)
                assert message.body["seen"] == [message.attempts]
                message.retry()

    rt = FakeRuntime(Careless, env=AppEnv)
    body: dict[str, Any] = {"seen": []}
    await rt.env.JOBS.send(body)
    await rt.env.JOBS.send(body, content_type="v8")
    for _ in range(4):
        rt.clock.advance(5)
        assert [batch.error for batch in await rt.drain()] == [None]
    assert body == {"seen": []}


# Concurrency -------------------------------------------------------------------------------------


class Slow(WorkerEntrypoint[AppEnv]):
    running: int
    most: int

    async def queue(self, batch: MessageBatch[Any]) -> None:
        Slow.running += 1
        Slow.most = max(Slow.most, Slow.running)
        await asyncio.sleep(0.005)
        Slow.running -= 1


@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (3, 3)])
@pytest.mark.asyncio
async def test_max_concurrency_limits_batches_that_run_at_once(concurrency: int, most: int) -> None:
    Slow.running = Slow.most = 0
    settings = QueueConsumer(max_batch_size=1, max_concurrency=concurrency)
    rt = FakeRuntime(Slow, env=AppEnv, consumers={"JOBS": settings})
    await rt.env.JOBS.send_batch(range(6))
    both = await asyncio.gather(rt.drain(), rt.drain())
    assert sum(len(batches) for batches in both) == 6
    assert Slow.most == most


@pytest.mark.asyncio
async def test_cancelled_delivery_puts_messages_back() -> None:
    Slow.running = Slow.most = 0
    rt = FakeRuntime(Slow, env=AppEnv, consumers={"JOBS": QueueConsumer(max_batch_timeout=0)})
    await rt.env.JOBS.send_batch([1, 2])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await rt.drain()
    assert queued(rt.env.JOBS) == [1, 2]
    (batch,) = await rt.drain()
    assert [one.attempts for one in batch.messages] == [1, 1]


@pytest.mark.asyncio
async def test_drain_includes_messages_sent_by_handlers() -> None:
    class Chain(WorkerEntrypoint[AppEnv]):
        async def queue(self, batch: MessageBatch[Any]) -> None:
            if batch.queue == "jobs":
                self.ctx.wait_until(self.env.OUT_BOX.send("next"))

    settings = QueueConsumer(max_batch_timeout=0)
    rt = FakeRuntime(Chain, env=AppEnv, consumers={"JOBS": settings, "OUT_BOX": settings})
    await rt.env.JOBS.send("first")
    assert [batch.queue for batch in await rt.drain()] == ["jobs", "out-box"]


# A handler called by itself ----------------------------------------------------------------------


@pytest.mark.asyncio
async def test_handler_may_be_called_with_bodies() -> None:
    rt = runtime()
    text = MessageSendRequest("text", content_type="text")
    done = await rt.queue(["ack", "retry", {"a": 1}, text], attempts=3)
    assert done.queue == "jobs"
    assert [(one.body, one.attempts, one.outcome) for one in done.messages] == [
        ("ack", 3, "ack"),
        ("retry", 3, "retry"),
        ({"a": 1}, 3, "ack"),
        ("text", 3, "ack"),
    ]
    rt.clock.advance(60)
    assert await rt.drain() == []
    assert (await rt.queue([1], queue="other")).queue == "other"


@pytest.mark.asyncio
async def test_called_handler_that_raises_raises_to_the_test() -> None:
    with pytest.raises(LookupError, match="the handler broke"):
        await runtime().queue(["raise"])


@pytest.mark.asyncio
async def test_worker_without_handler_only_sends() -> None:
    class Producer(WorkerEntrypoint[AppEnv]):
        pass

    rt = FakeRuntime(Producer, env=AppEnv)
    await rt.env.JOBS.send(1)
    rt.clock.advance(60)
    assert await rt.drain() == []
    assert queued(rt.env.JOBS) == [1]
    with pytest.raises(TypeError, match="Producer has no queue handler"):
        await rt.queue([1])
    with pytest.raises(TypeError, match="consumers need an entrypoint with a queue handler"):
        FakeRuntime(Producer, env=AppEnv, consumers={"JOBS": QueueConsumer()})


def test_runtime_takes_clock_of_its_env() -> None:
    clock = Clock(NOON)
    assert FakeRuntime(Worker, env=fake(AppEnv, clock=clock)).clock is clock
    assert FakeRuntime(Worker).clock is not clock


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_batch_size", 0),
        ("max_batch_size", 101),
        ("max_batch_timeout", 61),
        ("max_retries", 101),
        ("retry_delay", 86_401),
        ("max_concurrency", 0),
    ],
)
def test_consumer_settings_out_of_range_raise(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"^{name}: expected .*, got {value}$"):
        QueueConsumer(**{name: value})  # type: ignore[arg-type]


def test_queued_of_another_binding_raises() -> None:
    with pytest.raises(TypeError, match="a queue that fake"):
        queued(fake(KV))  # type: ignore[arg-type]


# The JavaScript API ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("a", "xml", "Unsupported queue message content type: xml"),
        ({}, "text", 'Content Type "text" requires a value of type string, but received: object'),
        (None, "text", 'Content Type "text" requires a value of type string, but received: object'),
        (
            True,
            "text",
            'Content Type "text" requires a value of type string, but received: boolean',
        ),
        (5, "text", 'Content Type "text" requires a value of type string, but received: number'),
        (
            "a",
            "bytes",
            'Content Type "bytes" requires a value of type ArrayBufferView, but received: string',
        ),
    ],
)
@pytest.mark.asyncio
async def test_body_of_other_type_raises_with_words_of_the_runtime(
    body: Any, kind: str, message: str
) -> None:
    queue = FakeQueue()
    for sending in (
        queue.send(body, contentType=kind),
        queue.sendBatch([{"body": 1}, {"body": body, "contentType": kind}]),
    ):
        with pytest.raises(JsException) as raised:
            await sending
        assert (raised.value.name, raised.value.message) == ("TypeError", message)
    assert queue.entries == []


@pytest.mark.asyncio
async def test_fractional_delay_is_cut_off() -> None:
    queue = FakeQueue(clock=Clock(NOON))
    await queue.send(1, delaySeconds=1.9)
    await queue.send(2, delaySeconds=float("nan"))
    assert [entry.at - NOON.timestamp() * 1000 for entry in queue.entries] == [0, 1000]


@pytest.mark.asyncio
async def test_metrics_count_messages_that_are_due() -> None:
    clock = Clock(NOON)
    queue = Queue[Any](FakeQueue(clock=clock))
    assert await queue.metrics() == (0, 0, None)
    await queue.send("abc")
    clock.advance(1)
    await queue.send([1], delay_seconds=60)
    assert await queue.metrics() == (1, 5, NOON)
    clock.advance(60)
    assert await queue.metrics() == (2, 8, NOON)
    assert NOON + timedelta(seconds=61) == clock.datetime()


def test_clone_size_of_object_with_128_keys_has_two_byte_count() -> None:
    assert clone_size({f"k{number:03}": None for number in range(128)}) == 2 + 1 + 128 * 7 + 1 + 2
