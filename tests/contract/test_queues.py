"""Queues: sending, limits, delivery, retries and dead letters, in every world."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from pyworkers_sdk import KV, Blob, Headers, MessageSendRequest, Queue, QueueMetrics, Response
from pyworkers_sdk.errors import BindingError, ConversionError, QueueError
from tests.contract.consumer import Consumer
from tests.contract.kit import World, cases, not_in, raises, soonest

NO_CONSUMER = "Python is outside the Worker here: a queue cannot call it"
NOON = datetime(2026, 1, 2, 12, 0, 0, 5000, tzinfo=timezone.utc)


class Colour(Enum):
    RED = "red"


@dataclass
class Order:
    id: int
    paid: bool


def refused(world: World, message: str) -> str:
    """Return a pattern for the error of a limit.

    From compatibility date 2026-03-12 on, the local runtime reports only a code. The Worker between
    Node and the real runtime has an older date.
    """
    return r"^Unknown Internal Error \(15000\)$" if world.engine == "workerd" else f"^{message}$"


# The producer ------------------------------------------------------------------------------------


async def metrics(held: Queue[Any], count: int) -> QueueMetrics:
    """Return the metrics once this many messages have arrived; that takes a while."""
    current = await held.metrics()
    for _ in range(100):
        if current.backlog_count >= count:
            break
        await asyncio.sleep(0.01)
        current = await held.metrics()
    return current


async def stored(held: Queue[Any], *messages: MessageSendRequest[Any]) -> int:
    """Return the size in bytes that the runtime reports for the messages."""
    while True:
        before = await held.metrics()
        await held.send_batch(messages)
        after = await metrics(held, before.backlog_count + len(messages))
        if after.backlog_count == before.backlog_count + len(messages):
            return after.backlog_bytes - before.backlog_bytes


# name -> body, JSON text whose length arrives in the queue
JSON_BODIES: dict[str, tuple[Any, str]] = {
    "object": ({"a": [1, {"b": None}]}, '{"a":[1,{"b":null}]}'),
    "null": (None, "null"),
    "true": (True, "true"),
    "text": ('é😀"\n', '"é😀\\"\\n"'),
    "int": (5, "5"),
    "integral-float": (2.0, "2"),
    "float": (1.5, "1.5"),
    "safe-integer": (2**53 - 1, "9007199254740991"),
    "tuple": ((1, 2), "[1,2]"),
    "nested-float": ([2.0, -0.0], "[2,0]"),
    "empty": ({}, "{}"),
    "odd-keys": ({"constructor": 1, "": 3}, '{"constructor":1,"":3}'),
    "datetime": (NOON, '"2026-01-02T12:00:00.005Z"'),
    "date": (date(2026, 1, 2), '"2026-01-02"'),
    "decimal": (Decimal("1.10"), '"1.10"'),
    "uuid": (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
    "enum": (Colour.RED, '"red"'),
    "dataclass": (Order(1, True), '{"id":1,"paid":true}'),
}


@cases(JSON_BODIES)
async def test_json_body_is_sent_as_json_text(held: Queue[Any], case: tuple[Any, str]) -> None:
    body, text = case
    assert await stored(held, MessageSendRequest(body)) == len(text.encode())
    mixed = [MessageSendRequest(body), MessageSendRequest("é", content_type="text")]
    assert await stored(held, *mixed) == len(text.encode()) + 2


@cases({"bytes": b"\0\xff", "bytearray": bytearray(2), "memoryview": memoryview(b"0123")[1:3]})
async def test_buffer_is_sent_as_its_bytes(held: Queue[Any], case: Any) -> None:
    assert await stored(held, MessageSendRequest(case, content_type="bytes")) == 2


V8_BODIES: dict[str, tuple[Any, int]] = {
    "null": (None, 3),
    "true": (True, 3),
    "zero": (0, 4),
    "small": (64, 5),
    "negative": (-1, 4),
    "smi": (2**30 - 1, 8),
    "int": (2**30, 11),
    "safe-integer": (2**53 - 1, 11),
    "bigint": (2**70, 20),
    "negative-bigint": (-(2**53), 12),
    "float": (1.5, 11),
    "integral-float": (2.0, 4),
    "nan": (float("nan"), 11),
    "minus-zero": (-0.0, 11),
    "latin": ("é", 5),
    "wide": ("é€", 8),
    "long": ("x" * 200, 205),
    "date": (NOON, 11),
    "bytes": (b"abc", 12),
    "no-bytes": (b"", 9),
    "set": ({1}, 7),
    "empty": ({}, 5),
    "dict": ({"a": 1, "bb": "x"}, 17),
    "wide-in-dict": ({"a": "€"}, 12),
    "wide-key": ({"€": 1}, 12),
    "index-key": ({"1": 2, "a": 3}, 14),
}


@cases(V8_BODIES)
async def test_v8_body_is_sent_as_structured_clone(held: Queue[Any], case: tuple[Any, int]) -> None:
    body, size = case
    assert await stored(held, MessageSendRequest(body, content_type="v8")) == size
    mixed = [MessageSendRequest(body, content_type="v8"), MessageSendRequest(1)]
    assert await stored(held, *mixed) == size + 1


@cases(
    {
        "list": ([None, 1.5], 21),
        "lists": ([[], []], 21),
        "in-dict": ({"a": [1]}, 17),
        "ten": (list(range(10)), 47),
        "seventy": ([None] * 70, 223),
        "empty": ([], 7),
        "below toJSON": ({"toJSON": [True]}, 21),
        "below another key": ({"toJSOM": [True]}, 21),
    }
)
async def test_v8_list_is_sent_as_sparse_array(held: Queue[Any], case: tuple[Any, int]) -> None:
    body, size = case
    assert await stored(held, MessageSendRequest(body, content_type="v8")) == size


@not_in("node", reason="miniflare refuses this name on the way to workerd")
async def test_key_named_proto_is_sent_as_ordinary_key(held: Queue[Any]) -> None:
    assert await stored(held, MessageSendRequest({"__proto__": 2})) == len('{"__proto__":2}')


async def test_v8_body_shares_repeated_object(held: Queue[Any]) -> None:
    one: list[Any] = []
    shared: dict[str, Any] = {"one": one, "two": one}
    size = await stored(held, MessageSendRequest(shared, content_type="v8"))
    assert size < await stored(held, MessageSendRequest({"one": [], "two": []}, content_type="v8"))


UNSUPPORTED: dict[str, tuple[Any, str]] = {
    "bytes": ({"items": [1, 2, b""]}, r"body\.items\[2\]: bytes are not JSON"),
    "set": ({"a": {1}}, r"body\.a: a set is not JSON"),
    "nan": ([float("nan")], r"body\[0\]: nan is neither"),
    "large": ({"odd key": 2**53}, r"body\['odd key'\]: the integer is outside"),
    "surrogate": ("\ud800", r"body: the text has a lone surrogate"),
    "key": ({1: 2}, r"body: the key 1 is not a str"),
    "object": ([object()], r"body\[0\]: an object cannot cross"),
}


@cases(UNSUPPORTED)
async def test_value_outside_json_raises_with_its_path(
    queue: Queue[Any], case: tuple[Any, str]
) -> None:
    body, message = case
    with raises(ConversionError, match=f"^{message}"):
        await queue.send(body)
    with raises(ConversionError, match=rf"^messages\[1\]\.{message}"):
        await queue.send_batch([1, body])
    text = MessageSendRequest("a", content_type="text")
    with raises(ConversionError, match=rf"^messages\[1\]\.{message}"):
        await queue.send_batch([text, body])


async def test_body_that_contains_itself_raises(queue: Queue[Any]) -> None:
    body: list[Any] = []
    body.append(body)
    with raises(ConversionError, match=r"^body\[0\]: the value contains itself"):
        await queue.send(body)


async def test_v8_value_that_cannot_be_cloned_raises(queue: Queue[Any]) -> None:
    with raises(ConversionError, match=r"^body\.f: an object cannot cross"):
        await queue.send({"f": object()}, content_type="v8")
    request = MessageSendRequest([object()], content_type="v8")
    with raises(ConversionError, match=r"^messages\[1\]\.body\[0\]: an object cannot cross"):
        await queue.send_batch([1, request])


@cases({"json": "json", "v8": "v8"})
async def test_live_object_as_body_is_refused(queue: Queue[Any], kv: KV, case: Any) -> None:
    refused = {"Response": Response("x"), "Headers": Headers(), "Blob": Blob([b"x"]), "KV": kv}
    for name, live in refused.items():
        with raises(ConversionError, match=f"^body.a: a {name} cannot cross to JavaScript here"):
            await queue.send({"a": live}, content_type=case)
        request = MessageSendRequest(live, content_type=case)
        with raises(ConversionError, match=rf"^messages\[1\].body: a {name} cannot cross"):
            await queue.send_batch([1, request])


@cases({"bytes": b"a", "none": None, "int": 5, "dict": {}})
async def test_text_body_of_other_type_raises(queue: Queue[Any], case: Any) -> None:
    got = "None" if case is None else type(case).__name__
    with raises(ConversionError, match=f"^body: expected str, got {got}$"):
        await queue.send(case, content_type="text")
    with raises(ConversionError, match=r"^messages\[0\]\.body: expected str"):
        await queue.send_batch([MessageSendRequest(case, content_type="text")])


@cases({"text": "a", "none": None, "list": [1]})
async def test_bytes_body_of_other_type_raises(queue: Queue[Any], case: Any) -> None:
    got = "None" if case is None else type(case).__name__
    with raises(ConversionError, match=f"^body: expected bytes, got {got}$"):
        await queue.send(case, content_type="bytes")
    with raises(ConversionError, match=r"^messages\[0\]\.body: expected bytes"):
        await queue.send_batch([MessageSendRequest(case, content_type="bytes")])


@cases({"text": "abc", "bytes": b"abc", "one-body": {"id": 1}})
async def test_batch_that_is_a_single_body_raises(queue: Queue[Any], case: Any) -> None:
    kind = type(case).__name__
    with raises(ConversionError, match=f"^messages: expected a list of bodies, got {kind}$"):
        await queue.send_batch(case)


async def test_delay_of_other_type_raises(queue: Queue[Any]) -> None:
    delay: Any = "5"
    reason = "delay_seconds: expected int or timedelta, got str$"
    with raises(ConversionError, match=f"^{reason}"):
        await queue.send(1, delay_seconds=delay)
    with raises(ConversionError, match=f"^{reason}"):
        await queue.send_batch([1], delay_seconds=delay)
    with raises(ConversionError, match=rf"^messages\[1\]\.{reason}"):
        await queue.send_batch([1, MessageSendRequest(2, delay_seconds=delay)])


async def test_unknown_content_type_raises(queue: Queue[Any]) -> None:
    kind: Any = "xml"
    with raises(ConversionError, match=r"^content_type: expected 'text', .*, got 'xml'$"):
        await queue.send("a", content_type=kind)
    with raises(ConversionError, match=r"^messages\[1\]\.content_type: expected 'text', .*'xml'$"):
        await queue.send_batch(["a", MessageSendRequest("a", content_type=kind)])


async def test_unknown_option_raises(queue: Queue[Any]) -> None:
    options: dict[str, Any] = {"delay": 60}
    with raises(TypeError, match="delay"):
        await queue.send(1, **options)
    with raises(TypeError, match="delay"):
        await queue.send_batch([1], **options)


async def test_send_returns_backlog_before_the_message(held: Queue[Any]) -> None:
    before = await held.metrics()
    await held.send("a" * 10, content_type="text")
    now = await metrics(held, before.backlog_count + 1)
    one = await held.send(None)
    assert one.metadata.metrics == now
    assert now.backlog_count >= 1
    assert now.backlog_bytes >= 10
    assert now.oldest_message_timestamp is not None
    assert now.oldest_message_timestamp.tzinfo is timezone.utc
    assert abs(datetime.now(timezone.utc) - now.oldest_message_timestamp) < timedelta(minutes=2)
    many = await held.send_batch([1, 2, 3])
    assert many.metadata.metrics.backlog_count >= now.backlog_count
    after = await metrics(held, now.backlog_count + 4)
    assert after.backlog_bytes == now.backlog_bytes + 4 + 3


async def test_text_ends_at_first_nul(held: Queue[Any]) -> None:
    for _ in range(2):  # once a minute the queue is delivered: count anew then
        before = await held.metrics()
        await held.send("é\0ab", content_type="text")
        await held.send_batch([MessageSendRequest("\0", content_type="text")])
        after = await metrics(held, before.backlog_count + 2)
        if after.backlog_count >= before.backlog_count + 2:
            break
    assert after.backlog_bytes == before.backlog_bytes + 2


async def test_delayed_message_does_not_count_as_backlog(held: Queue[Any]) -> None:
    before = await held.metrics()
    await held.send(1, delay_seconds=86_400)
    await held.send_batch([2], delay_seconds=timedelta(hours=1))
    await asyncio.sleep(0.05)
    assert (await held.metrics()).backlog_count == before.backlog_count


async def test_message_of_128_000_bytes_is_sent(queue: Queue[Any]) -> None:
    await queue.send("x" * 128_000, content_type="text")
    await queue.send("x" * 127_998)
    await queue.send("é" * 63_999)
    await queue.send(bytes(128_000), content_type="bytes")
    await queue.send("x" * 127_994, content_type="v8")


LONG: dict[str, tuple[Any, Any, int]] = {
    "text": ("x" * 128_001, "text", 128_001),
    "json": ("x" * 127_999, "json", 128_001),
    "wide-json": ("é" * 64_000, "json", 128_002),
    "bytes": (bytes(128_001), "bytes", 128_001),
    "v8": ("x" * 127_995, "v8", 128_001),
}


@cases(LONG)
async def test_message_over_128_000_bytes_raises(
    queue: Queue[Any], world: World, case: tuple[Any, Any, int]
) -> None:
    body, kind, size = case
    message = f"Queue send failed: message length of {size} bytes exceeds limit of 128000"
    with raises(QueueError, match=refused(world, message)) as caught:
        await queue.send(body, content_type=kind)
    assert caught.value.js_name == "Error"
    message = (
        f"Queue sendBatch failed: message in batch has length {size} bytes"
        " which exceeds single message size limit of 128000"
    )
    with raises(QueueError, match=refused(world, message)):
        await queue.send_batch([1, MessageSendRequest(body, content_type=kind)])


async def test_service_error_has_its_code(queue: Queue[Any], world: World) -> None:
    with raises(QueueError) as caught:
        await queue.send("x" * 128_001)
    assert caught.value.code == (15000 if world.engine == "workerd" else None)


async def test_batch_over_100_messages_raises(queue: Queue[Any], world: World) -> None:
    await queue.send_batch(range(100))
    message = "Queue sendBatch failed: batch message count of 101 exceeds limit of 100"
    with raises(QueueError, match=refused(world, message)):
        await queue.send_batch(range(101))


async def test_empty_batch_raises(queue: Queue[Any]) -> None:
    with raises(QueueError, match=r"^sendBatch\(\) requires at least one message$") as caught:
        await queue.send_batch([])
    assert caught.value.js_name == "TypeError"


async def test_batch_over_its_size_limit_raises(queue: Queue[Any], world: World) -> None:
    half = MessageSendRequest("x" * 128_000, content_type="text")
    await queue.send_batch([half, half])
    rest = MessageSendRequest("x" * 32_001, content_type="text")  # 288,000 pass the local runtime
    message = "Queue sendBatch failed: batch size of 288001 bytes exceeds limit of 2(56|88)000"
    with raises(QueueError, match=refused(world, message)):
        await queue.send_batch([half, half, rest])


@cases({"none": None, "zero": 0, "most": 86_400, "timedelta": timedelta(days=1)})
async def test_delay_up_to_24_hours_is_accepted(queue: Queue[Any], case: Any) -> None:
    await queue.send(1, delay_seconds=case)
    await queue.send_batch([MessageSendRequest(1, delay_seconds=case)], delay_seconds=case)


@cases({"negative": -1, "more": 86_401, "timedelta": timedelta(days=1, milliseconds=1)})
async def test_delay_out_of_range_raises(queue: Queue[Any], world: World, case: Any) -> None:
    with raises(QueueError, match=refused(world, "Queue send failed: Internal Server Error")):
        await queue.send(1, delay_seconds=case)
    message = "Queue sendBatch failed: Internal Server Error"
    with raises(QueueError, match=refused(world, message)):
        await queue.send_batch([1], delay_seconds=case)
    with raises(QueueError, match=refused(world, message)):
        await queue.send_batch([1, MessageSendRequest(1, delay_seconds=case)])


async def test_delay_beyond_32_bits_is_refused_first(queue: Queue[Any]) -> None:
    beyond = MessageSendRequest(1, delay_seconds=2**31)
    with raises(QueueError, match="^Value out of range"):
        await queue.send_batch([*range(100), beyond])
    for messages in [], [*range(101)]:
        with raises(QueueError, match="^Value out of range"):
            await queue.send_batch(messages, delay_seconds=2**31)


async def test_delay_beyond_32_bits_raises(queue: Queue[Any]) -> None:
    with raises(QueueError, match="^Value out of range. Must be between -2147483648 and") as caught:
        await queue.send(1, delay_seconds=2**31)
    assert caught.value.js_name == "TypeError"
    with raises(QueueError, match="^Value out of range"):
        await queue.send_batch([MessageSendRequest(1, delay_seconds=-(2**31) - 1)])


async def test_wrong_binding_raises(kv: Any, env: Any) -> None:
    with raises(BindingError, match="^Queue: expected the Queue binding, got .* without sendBatch"):
        Queue(kv.js_object if hasattr(env, "made") else env.NAMES)
    nothing: Any = None
    with raises(BindingError, match="^Queue: expected a binding, got None"):
        Queue(nothing)


async def test_queue_in_wrapper_of_official_sdk_is_unwrapped(queue: Queue[Any]) -> None:
    wrapped: Any = SimpleNamespace(_binding=queue.js_object)
    inner: Any = queue
    assert Queue(inner).js_object is queue.js_object
    if not hasattr(queue.js_object, "entries"):
        assert Queue(wrapped).js_object is queue.js_object


async def test_concurrent_sends_succeed(queue: Queue[Any]) -> None:
    await asyncio.gather(*(queue.send(number) for number in range(20)))


# The consumer ------------------------------------------------------------------------------------


ARRIVALS: dict[str, Any] = {
    "object": {"a": [1, {"b": None}], "constructor": "x", "__proto__": 1},
    "null": None,
    "true": True,
    "number": 1.5,
    "integral-float": 2.0,
    "text": "é😀\0",
    "large": 2**53 - 1,
}


@not_in("node", reason=NO_CONSUMER)
@cases(ARRIVALS)
async def test_json_body_arrives(consumer: Consumer, case: Any) -> None:
    await consumer.queue.send(consumer.job(value=case))
    (seen,) = await consumer.wait(1)
    assert seen.body["value"] == case
    assert repr(seen.body["value"]) == repr(2 if case == 2.0 else case)


@not_in("node", reason=NO_CONSUMER)
async def test_text_body_arrives(consumer: Consumer) -> None:
    await consumer.queue.send(f"é😀 {consumer.run}", content_type="text")
    (seen,) = await consumer.wait(1)
    assert seen.body == f"é😀 {consumer.run}"


@not_in("node", reason=NO_CONSUMER)
async def test_text_body_arrives_up_to_first_nul(consumer: Consumer) -> None:
    await consumer.queue.send(f"{consumer.run}\0more", content_type="text")
    (one,) = await consumer.wait(1)
    assert one.body == consumer.run


@not_in("node", reason=NO_CONSUMER)
async def test_bytes_body_arrives(consumer: Consumer) -> None:
    await consumer.queue.send(b"\0\xff" + consumer.run.encode(), content_type="bytes")
    (seen,) = await consumer.wait(1)
    assert seen.body == b"\0\xff" + consumer.run.encode()
    assert type(seen.body) is bytes


@not_in("node", reason=NO_CONSUMER)
async def test_v8_body_arrives_as_structured_clone(consumer: Consumer) -> None:
    value = {"set": {1, 2}, "date": NOON, "bytes": b"\0\xff", "large": 2**70, "none": [None]}
    await consumer.queue.send(consumer.job(value=value), content_type="v8")
    (seen,) = await consumer.wait(1)
    assert seen.body == consumer.job(value=value)
    assert seen.body["value"]["date"].tzinfo is timezone.utc
    assert type(seen.body["value"]["bytes"]) is bytes
    assert type(seen.body["value"]["large"]) is int


@not_in("node", reason=NO_CONSUMER)
async def test_batch_of_all_content_types_arrives(consumer: Consumer) -> None:
    text, data = f"text {consumer.run}", b"bytes " + consumer.run.encode()
    clone = consumer.job(value={1})
    await consumer.queue.send_batch(
        [
            consumer.job(value=[1]),
            MessageSendRequest(text, content_type="text"),
            MessageSendRequest(data, content_type="bytes"),
            MessageSendRequest(clone, content_type="v8"),
        ]
    )
    seen = await consumer.wait(4)
    assert [one.body for one in seen] == [consumer.job(value=[1]), text, data, clone]


@not_in("node", reason=NO_CONSUMER)
async def test_message_has_id_timestamp_and_metadata(consumer: Consumer) -> None:
    sent = consumer.time()
    await consumer.queue.send(consumer.job())
    (seen,) = await consumer.wait(1)
    assert seen.queue == "queue"
    assert seen.attempts == 1
    assert len(seen.id) == 32
    assert seen.timestamp.tzinfo is timezone.utc
    assert sent - 1 < seen.timestamp.timestamp() < consumer.time() + 1
    assert seen.wrong == ""
    assert seen.meta.backlog_count == 0
    assert seen.meta.oldest_message_timestamp is None


@not_in("node", reason=NO_CONSUMER)
async def test_body_of_wrong_type_raises_for_its_message_only(consumer: Consumer) -> None:
    wrong = {"run": consumer.run, "do": ["ack", 5]}
    await consumer.queue.send_batch([wrong, consumer.job()])
    one, two = await consumer.wait(2)
    assert one.wrong == (f"the body of message {one.id!r}: do[1]: expected str, got int")
    assert one.body == wrong
    assert two.wrong == ""


@not_in("node", reason=NO_CONSUMER)
async def test_messages_arrive_in_batches(consumer: Consumer) -> None:
    await consumer.queue.send_batch([consumer.job(value=number) for number in range(6)])
    seen = await consumer.wait(6)
    assert [one.body["value"] for one in seen] == [*range(6)]
    batches = [one.batch for one in seen]
    assert [batches.count(batch) for batch in sorted(set(batches))] == [4, 2]
    assert len({one.id for one in seen}) == 6
    assert seen[0].meta.backlog_count == 2


@not_in("node", reason=NO_CONSUMER)
async def test_delayed_message_arrives_later(consumer: Consumer) -> None:
    async def measure() -> list[float]:
        consumer.again()
        sent = consumer.time()
        await consumer.queue.send(consumer.job(value="late"), delay_seconds=1)
        await consumer.queue.send(consumer.job(value="soon"))
        soon, late = await consumer.wait(2)
        assert [soon.body["value"], late.body["value"]] == ["soon", "late"]
        return [time - sent for time in (soon.at, late.at, late.timestamp.timestamp())]

    soon, late, made = await soonest(measure, (0.9, 2, 0.9))
    assert soon < 0.9
    assert 1 <= late < 2
    assert made < 0.9


@not_in("node", reason=NO_CONSUMER)
async def test_delay_of_message_takes_precedence_over_delay_of_batch(consumer: Consumer) -> None:
    own = MessageSendRequest(consumer.job(value="own"), delay_seconds=0)
    sent = consumer.time()
    await consumer.queue.send_batch([consumer.job(value="batch"), own], delay_seconds=1)
    first, second = await consumer.wait(2)
    assert [first.body["value"], second.body["value"]] == ["own", "batch"]
    assert second.at - sent > 0.8  # Not since the first arrived: a busy machine may delay it.


# The actions of the handler for the first and the second message, and the attempts of each.
FIRST_CALLS: dict[str, tuple[list[str], list[str], int, int]] = {
    "nothing": ([], [], 1, 1),
    "ack": (["ack"], [], 1, 1),
    "retry": (["retry"], [], 2, 1),
    "ack-then-retry": (["ack", "retry"], [], 1, 1),
    "retry-then-ack": (["retry", "ack"], [], 2, 1),
    "ack-all": (["ack_all"], [], 1, 1),
    "retry-all": (["retry_all"], [], 2, 2),
    "ack-all-then-retry": (["ack_all"], ["retry"], 1, 1),
    "retry-all-then-ack": (["retry_all"], ["ack"], 2, 2),
    "ack-all-then-retry-all": (["ack_all", "retry_all"], [], 1, 1),
    "retry-all-then-ack-all": (["retry_all", "ack_all"], [], 2, 2),
    "retry-then-ack-all": (["retry"], ["ack_all"], 2, 1),
    "raise": ([], ["raise"], 2, 2),
    "retry-then-raise": (["retry"], ["raise"], 2, 2),
}


@not_in("node", reason=NO_CONSUMER)
@cases(FIRST_CALLS)
async def test_first_call_decides_outcome(
    consumer: Consumer, case: tuple[list[str], list[str], int, int]
) -> None:
    one, two, *attempts = case
    jobs = [consumer.job(*one, value=0), consumer.job(*two, value=1)]
    await consumer.queue.send_batch(jobs)
    seen = await consumer.wait(sum(attempts))
    for value, expected in enumerate(attempts):
        deliveries = [message for message in seen if message.body["value"] == value]
        assert [message.attempts for message in deliveries] == [*range(1, expected + 1)]
        assert len({(message.id, message.timestamp) for message in deliveries}) == 1
        assert {message.queue for message in deliveries} == {"queue"}


# In production an acked message stays acked. The local runtime delivers it again.
ACKED: dict[str, tuple[list[str], list[str], int, int]] = {
    "ack-then-raise": (["ack"], ["raise"], 1, 2),
    "ack-all-then-raise": (["ack_all"], ["raise"], 1, 1),
    "ack-then-retry-all": (["ack"], ["retry_all"], 1, 2),
}


@not_in("node", reason=NO_CONSUMER)
@cases(ACKED)
async def test_acked_message_stays_acked(
    consumer: Consumer, world: World, case: tuple[list[str], list[str], int, int]
) -> None:
    one, two, *attempts = case
    if world.engine == "workerd":
        attempts = [2, 2]
    await consumer.queue.send_batch([consumer.job(*one, value=0), consumer.job(*two, value=1)])
    seen = await consumer.wait(sum(attempts))
    for value, expected in enumerate(attempts):
        assert (
            max(message.attempts for message in seen if message.body["value"] == value) == expected
        )


DELAYS: dict[str, tuple[list[str], bool]] = {
    "retry": (["retry 1"], True),
    "retry-all": (["retry_all 1"], True),
    "retry-all-again": (["retry_all 1", "retry_all"], True),
    "the-later": (["retry 1", "retry 0"], False),
    "the-later-too": (["retry 0", "retry 1"], True),
    "after-retry-all": (["retry_all 0", "retry 1"], True),
    "before-retry-all": (["retry 0", "retry_all 1"], False),
    "negative": (["retry -1"], False),
}


@not_in("node", reason=NO_CONSUMER)
@cases(DELAYS)
async def test_retry_delay_holds_back_next_attempt(
    consumer: Consumer, case: tuple[list[str], bool]
) -> None:
    steps, later = case

    async def measure() -> list[float]:
        consumer.again()
        await consumer.queue.send(consumer.job(*steps))
        one, two = await consumer.wait(2)
        return [two.at - one.at]

    (delay,) = await soonest(measure, [2 if later else 0.9])
    assert (delay > 0.9) is later
    assert delay < 2


@not_in("node", reason=NO_CONSUMER)
async def test_message_without_retries_left_goes_to_dead_letter_queue(consumer: Consumer) -> None:
    await consumer.queue.send_batch([consumer.job("retry", always=True), consumer.job()])
    seen = [one for one in await consumer.wait(5) if one.body["do"]]
    assert [(one.queue, one.attempts) for one in seen] == [
        ("queue", 1),
        ("queue", 2),
        ("queue", 3),
        ("dead", 1),
    ]
    assert len({(one.id, one.timestamp) for one in seen}) == 1


@not_in("node", reason=NO_CONSUMER)
async def test_handler_that_always_raises_loses_no_message(consumer: Consumer) -> None:
    await consumer.queue.send_batch([consumer.job("raise", always=True, value=1), consumer.job()])
    seen = await consumer.wait(8)
    assert [one.queue for one in seen] == ["queue"] * 6 + ["dead"] * 2
    assert [one.attempts for one in seen] == [1, 1, 2, 2, 3, 3, 1, 1]
