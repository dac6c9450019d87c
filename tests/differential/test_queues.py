"""The differential run of Queues: the messages sent, and the batches that a consumer gets."""

from __future__ import annotations

import datetime as datetime_module
import logging
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, strategies as st
from hypothesis.stateful import rule

from pyworkers_sdk import Env, MessageBatch, MessageSendRequest, Queue, WorkerEntrypoint
from pyworkers_sdk.testing import FakeRuntime, QueueConsumer
from pyworkers_sdk.testing.fakes import queue_broker as _queue_broker, queues as _queues
from tests.differential.known_divergences import KNOWN
from tests.differential.machine import Machine, Name, RemoteClock, call, maybe, new_clock, shown
from tests.real.remote import OPTIONS, RemoteQueue

STEPS = ["", "ack", "retry", "retry 0", "retry 3", "ack_all", "retry_all", "retry_all 2", "raise"]
plans = st.fixed_dictionaries(
    {"plan": st.lists(st.sampled_from(STEPS), min_size=1, max_size=4)},
    optional={"n": st.integers(0, 9)},
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.sampled_from([0, 2.0, 2**31, -(2**31), 2**30, "é", "😀", "\u2028"]),
    st.text(max_size=4),
)


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(["a", "é", "__proto__", "toJSON", "10", "2"]), inner, max_size=3
            ),
        ),
        max_leaves=4,
    )


plain = nested(
    st.one_of(
        leaves,
        st.integers(-(10**6), 10**6).map(lambda thousandths: thousandths / 1000),
        st.sampled_from([-0.0, float("nan"), float("inf")]),
    )
)
# A function makes the long values: hypothesis often writes down the repr of all strategies.
sizes = st.sampled_from([127_990, 127_998, 127_999, 128_000, 128_001])
texts = st.one_of(
    st.text(max_size=4),
    sizes.map(lambda size: "x" * size),
    st.just(64_000).map(lambda size: "é" * size),
)
data = st.one_of(st.binary(max_size=4), sizes.map(lambda size: b"x" * size))
letters: st.SearchStrategy[Any] = st.sampled_from(["x", b"x"])
cloned = st.one_of(
    nested(st.one_of(st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.text(max_size=4))),
    st.sampled_from([-0.0, 1.5, float("nan"), float("inf")]),
    st.binary(max_size=3),
    st.integers(-(2**70), 2**70),
    st.sampled_from([{1, 2}, {"a"}, datetime(2020, 1, 1, tzinfo=timezone.utc)]),
    letters.map(lambda letter: letter * 127_985),
)
bodies = st.one_of(
    st.tuples(st.none(), plans),
    st.tuples(st.none(), plans),
    st.tuples(st.none(), plain),
    st.tuples(st.just("json"), st.one_of(plain, texts, st.sampled_from([b"a", {1}]))),
    st.tuples(st.just("text"), st.one_of(texts, st.sampled_from([1, None, "\ud800"]))),
    st.tuples(st.just("bytes"), st.one_of(data, st.sampled_from(["a", None]))),
    st.tuples(st.just("v8"), cloned),
    st.tuples(st.just("xml"), st.just("a")),
)
delays = st.sampled_from([0, 1, 1, 2, 3, 86_400, 86_401, -1, timedelta(seconds=1.5)])


def request(body: Any, kind: str | None, delay: Any) -> Name:
    about = {"content_type": kind, "delay_seconds": delay}
    given = [f"{name}={shown(value)}" for name, value in about.items() if value is not None]
    return Name(f"MessageSendRequest({', '.join([shown(body), *given])})")


class QueueEnv(Env):
    QUEUE: Queue


class Consumer(WorkerEntrypoint[QueueEnv]):
    """A consumer that behaves like the one in remote_worker.mjs."""

    seen: ClassVar[list[Any]] = []

    async def queue(self, batch: MessageBatch) -> None:
        self.seen.append(recorded(batch))
        for message in batch.messages if batch.queue == "queue" else []:
            body: Any = message.body
            plan = (body.get("plan") if isinstance(body, dict) else None) or [""]
            step, _, delay = plan[min(message.attempts, len(plan)) - 1].partition(" ")
            seconds = int(delay) if delay else None
            if step == "ack":
                message.ack()
            elif step == "retry":
                message.retry(delay_seconds=seconds)
            elif step == "ack_all":
                batch.ack_all()
            elif step == "retry_all":
                batch.retry_all(delay_seconds=seconds)
            elif step == "raise":
                raise ValueError("as the message requires")


def consumer(name: str) -> QueueConsumer:
    """Return a consumer with the settings of the real one."""
    given = OPTIONS["queueConsumers"][name]
    return QueueConsumer(
        queue=name,
        max_batch_size=given["maxBatchSize"],
        max_batch_timeout=given["maxBatchTimeout"],
        max_retries=given.get("maxRetries", 2),
        retry_delay=given.get("retryDelay", 0),
        dead_letter_queue=given.get("deadLetterQueue"),
    )


class QueuesMachine(Machine):
    binding = "queues"
    signature = "queue: Queue"
    known = KNOWN["queues"]
    patched: ClassVar[list[tuple[Any, str, Any]]] = [
        (logging.getLogger(_queue_broker.__name__), "disabled", True)
    ]
    phases: ClassVar[list[Phase]] = [Phase.generate]  # time is slow
    names: ClassVar[dict[str, Any]] = {
        "MessageSendRequest": MessageSendRequest,
        "datetime": datetime_module,
    }
    clock: ClassVar[RemoteClock | None] = None

    def sides(self) -> tuple[dict[str, Any], dict[str, Any]]:
        cls = QueuesMachine
        if cls.clock is None or cls.clock.remote is not self.remote:
            # The dead letters' simulator comes first: messages arrive there at its time.
            cls.clock = RemoteClock(self.remote, ("queues", "dead"), ("queues", "queue"))
        real_clock = cls.clock
        self.empty(real_clock)
        clock = new_clock()
        env = QueueEnv(Made(_queues.FakeQueue("queue", clock=clock, strict=False)))
        consumers = {"QUEUE": consumer("queue"), "dead": consumer("dead")}
        runtime = FakeRuntime(Consumer, env=env, clock=clock, consumers=consumers)
        Consumer.seen = []

        (broker,) = (
            engine for engine in runtime.host.engines if isinstance(engine, _queue_broker.Broker)
        )
        steps: list[float] = []

        async def wait(milliseconds: float) -> dict[str, Any]:
            end = clock.now() + milliseconds
            steps.clear()
            done = False
            while not done:
                await runtime.drain()
                times = [at for one in broker.subscriptions for at in moments(one)]
                coming = [at for at in times if at > clock.now()]
                done = clock.now() == end
                steps.append(min([end, *coming]) - clock.now())
                clock.advance(steps[-1] / 1000)
            seen, Consumer.seen = Consumer.seen, []
            return by_queue(seen)

        def really_wait(milliseconds: float) -> dict[str, Any]:
            real_clock.step(*steps)
            return by_queue([recorded_js(batch) for batch in self.remote.own("seen")])

        self.waits = 0
        self.runtime = runtime
        real: Any = Queue(RemoteQueue(self.remote))
        return {"queue": env.QUEUE, "wait": wait}, {"queue": real, "wait": really_wait}

    def empty(self, clock: RemoteClock) -> None:
        self.remote.own("emptying", v=True)
        clock.advance(86_400)
        clock.advance(86_400)
        for _ in range(100):
            if not self.remote.call("QUEUE", ("metrics", []))["backlogCount"]:
                break
            clock.advance(60)
        else:
            raise RuntimeError("the queue does not get empty")
        clock.reset()
        self.remote.own("emptying", v=False)
        self.remote.own("seen")

    @rule(body=bodies, delay=maybe(delays))
    def send(self, body: tuple[str | None, Any], delay: Any) -> None:
        kind, content = body
        if self.do(call("queue.send", content, content_type=kind, delay_seconds=delay)):
            self.settle()

    @rule(
        messages=st.lists(st.tuples(bodies, maybe(delays)), max_size=3),
        delay=maybe(delays),
        times=st.sampled_from([1, 1, 1, 1, 1, 1, 101]),
    )
    def send_batch(self, messages: list[Any], delay: Any, times: int) -> None:
        listed = [request(content, kind, each) for (kind, content), each in messages]
        if any(
            len(content) > 1000 for (_, content), _ in messages if isinstance(content, (str, bytes))
        ):
            times = 1  # more is too long for one message to remote_worker.mjs
        given = Name(f"[{', '.join(listed)}]" + (f" * {times}" if times > 1 else ""))
        if self.do(call("queue.send_batch", given, delay_seconds=delay)):
            self.settle()

    def settle(self) -> None:
        """No two sends at the same millisecond: see AVOIDED."""
        self.do("wait(1)")

    @rule()
    def metrics(self) -> None:
        self.do("await queue.metrics()")

    @rule(seconds=st.sampled_from([1, 1, 2, 3, 5]))
    def wait(self, seconds: int) -> None:
        self.waits += 1  # no two sends at the same millisecond of a second; see AVOIDED
        self.do(f"wait({seconds * 1000 + self.waits})")

    def teardown(self) -> None:
        self.do("wait(6000)")


class Made:
    """The JavaScript env."""

    def __init__(self, queue: _queues.FakeQueue) -> None:
        self.QUEUE = queue


def moments(subscription: Any) -> list[float]:
    """Return when messages come into a queue, and then when its next batch is due."""
    queue, consumer = subscription.queue, subscription.consumer
    if not queue.entries:
        return []
    due = queue.due(consumer.max_batch_size, consumer.max_batch_timeout)
    return [*(entry.at for entry in queue.entries), due]


def by_queue(batches: list[Any]) -> dict[str, Any]:
    """Return the batches of each queue, since the order between the two is not defined."""
    return {name: [batch for batch in batches if batch[0] == name] for name in ("queue", "dead")}


def recorded_js(batch: dict[str, Any]) -> list[Any]:
    """Record a batch of the consumer in JavaScript like one of the consumer in Python."""
    messages = [SimpleNamespace(**message) for message in batch["messages"]]
    python_batch: Any = MessageBatch(SimpleNamespace(**{**batch, "messages": messages}))
    return recorded(python_batch)


def recorded(batch: MessageBatch) -> list[Any]:
    messages = [
        {"body": one.body, "attempts": one.attempts, "timestamp": one.timestamp}
        for one in batch.messages
    ]
    return [batch.queue, messages, batch.metadata]


@pytest.mark.real
def test_fake_and_real_queues_answer_alike(compare: Any) -> None:
    compare(QueuesMachine)
