"""Workflows, from both sides: ``Workflow`` starts them, ``WorkflowEntrypoint`` takes the steps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from importlib import import_module
from itertools import pairwise
from typing import Any, TypedDict

from pyworkers_sdk import (
    AbortController,
    Blob,
    ConversionError,
    Fetcher,
    File,
    FormData,
    Headers,
    NonRetryableError,
    ReadableStream,
    Request,
    Response,
    RowError,
    WebSocketPair,
    WorkflowError,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowInstanceCreateOptions,
    WorkflowInstanceError,
    WorkflowStep,
    WorkflowStepConfig,
    WorkflowStepContext,
)
from tests.contract.kit import cases, not_in, only, raises, soonest
from tests.contract.workers import AppEnv
from tests.contract.workers.rpc import Halt
from tests.contract.workers.workflows import Flows

NODE = "there is no Python Worker in the Node worlds: nothing runs the instances"
ONCE: Any = {"limit": 0, "delay": 1}
TWICE: Any = {"limit": 1, "delay": 1}


class Cart(TypedDict):
    items: list[str]
    total: float


@dataclass
class Paid:
    id: int
    at: datetime


# Instances ---------------------------------------------------------------------------------------


@not_in("node", reason=NODE)
async def test_output_of_instance_is_json(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        made = datetime(2026, 1, 2, tzinfo=timezone.utc)
        return {"b": b"ab", "d": made, "s": {1}, "f": 2.0, "n": None, "t": (1, "é")}

    assert await flows.output(body) == {
        "b": "[Uint8Array(2 bytes)]",
        "d": "2026-01-02T00:00:00.000Z",
        "s": {},
        "f": 2,
        "n": None,
        "t": [1, "é"],
    }


@not_in("node", reason=NODE)
async def test_event_has_params_timestamp_and_ids(flows: Flows) -> None:
    seen: list[Any] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        seen.extend([event.payload, event.timestamp, event.instance_id, event.workflow_name])
        seen.append([event["instanceId"], event["payload"]["set"]])

    made = datetime(2026, 1, 2, tzinfo=timezone.utc)
    started = flows.now()
    instance = await flows.start(body, set={1}, raw=b"ab", at=made, pair=(1, 2.0))
    assert (await flows.ended(instance)).status == "complete"
    payload, timestamp, id, name, by_name = seen
    assert {**payload, "body": ""} == {
        "body": "",
        "set": {1},
        "raw": b"ab",
        "at": made,
        "pair": [1, 2],
    }
    assert started - 2000 < timestamp.timestamp() * 1000 < flows.now() + 2000
    assert timestamp.tzinfo is not None
    assert (id, name) == (instance.id, "flows")
    assert by_name == [instance.id, {1}]


@not_in("node", reason=NODE)
async def test_payload_is_loaded_as_annotation_of_run(app: AppEnv, flows: Flows) -> None:
    instance = await app.ORDERS.create(params={"item": "tea", "price": 2})
    status = await flows.ended(instance)
    assert status.output == ["float", "tea", instance.id]
    wrong: Any = {"item": "tea"}
    status = await flows.ended(await app.ORDERS.create(params=wrong))
    assert status.error is not None
    assert status.error.name == "Error"
    assert (
        "RowError: the event's payload: missing key 'price' (required by Order)"
        in status.error.message
    )


@not_in("node", reason=NODE)
async def test_payload_without_params_is_empty_object(app: AppEnv, flows: Flows) -> None:
    status = await flows.ended(await app.FLOWS.create())
    assert status.error is not None
    assert status.error.message == "KeyError: 'body'"  # of the scripted Workflow


@not_in("node", reason=NODE)
async def test_exception_of_run_ends_instance(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        raise LookupError("lost")

    async def empty(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        raise RuntimeError

    async def odd(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        return object()

    status = await flows.run(body)
    assert (status.status, status.output) == ("errored", None)
    assert status.error == ("Error", "LookupError: lost")
    assert (await flows.run(empty)).error == ("Error", "RuntimeError")
    error = (await flows.run(odd)).error
    assert error is not None
    reason = "ConversionError: the result of run(): an object cannot cross to JavaScript here"
    assert error.message == reason


@not_in("node", reason=NODE)
@cases({"cancelled": (asyncio.CancelledError, ""), "halt": (Halt, "no further")})
async def test_base_exception_of_run_ends_instance(flows: Flows, case: Any) -> None:
    kind, message = case

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        raise kind(message)

    status = await flows.run(body)
    text = f"{kind.__name__}: {message}" if message else kind.__name__
    assert (status.status, status.error) == ("errored", WorkflowInstanceError("Error", text))


@not_in("node", reason=NODE)
@cases(
    {
        "cancelled": (asyncio.CancelledError(), ["CancelledError", ""]),
        "halt": (Halt("no further"), ["Error", "Halt: no further"]),
    }
)
async def test_base_exception_of_step_is_retried(flows: Flows, case: Any) -> None:
    error, expected = case
    tries: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def fails() -> None:
            tries.append(1)
            raise error

        with raises(WorkflowError) as caught:
            await step.do("fails", fails, retries={"limit": 1, "delay": 1})
        return [caught.value.js_name, caught.value.message]

    assert await flows.output(body) == expected
    assert len(tries) == 2


@not_in("node", reason=NODE)
@cases(["soon", "1 fortnight", "5", "", "1.2.3 seconds", None])
async def test_invalid_duration_raises_with_name_of_option(flows: Flows, case: Any) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def called() -> None: ...

        messages: list[str] = []
        for refused in (
            lambda: step.sleep("it", case),
            lambda: step.wait_for_event("it", "x", case or ""),
            lambda: step.do("it", called, timeout=case or ""),
            lambda: step.do("it", called, retries={"limit": 1, "delay": case}),
        ):
            with raises(ConversionError) as caught:
                await refused()
            messages.append(str(caught.value))
        return messages

    expected = 'expected milliseconds, a timedelta or text such as "30 seconds", got'
    assert await flows.output(body) == [
        f"duration: {expected} {case!r}",
        f"timeout: {expected} {case or ''!r}",
        f"timeout: {expected} {case or ''!r}",
        f"retries.delay: {expected} {case!r}",
    ]


@not_in("node", reason=NODE)
async def test_step_without_function_raises_with_name_of_step(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        number: Any = 5
        with raises(TypeError) as caught:
            await step.do("it", number)
        return str(caught.value)

    assert await flows.output(body) == "step 'it': expected an async function, got int"


@not_in("node", reason=NODE)
async def test_get_unknown_instance_raises(app: AppEnv) -> None:
    with raises(WorkflowError, match="instance.not_found") as caught:
        await app.FLOWS.get("nobody")
    assert caught.value.code == "instance.not_found"


@not_in("node", reason=NODE)
@cases(["", "-a", "a b", "ü", "a" * 101, "a\n"])
async def test_create_with_invalid_id_raises(app: AppEnv, case: str) -> None:
    with raises(WorkflowError, match="^Workflow instance has invalid id$"):
        await app.FLOWS.create(id=case)


@not_in("node", reason=NODE)
async def test_get_returns_instance_with_passed_id(app: AppEnv, flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> str:
        return event.instance_id

    instance = await flows.start(body, id="_" + "9-" * 49 + "Z")
    assert instance.id == "_" + "9-" * 49 + "Z"
    await flows.ended(instance)
    again = await app.FLOWS.get(instance.id)
    assert again.id == instance.id
    assert (await again.status()).output == instance.id


@only(
    "workerd", reason="production refuses a known id, as its types say; the local engine does not"
)
async def test_create_with_existing_id_returns_existing_instance(app: AppEnv, flows: Flows) -> None:
    runs: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        runs.append(1)

    instance = await flows.start(body)
    await flows.ended(instance)
    again = await flows.start(body, id=instance.id)
    assert (await again.status()).status == "complete"
    assert runs == [1]


@only("fake", reason="production refuses a known id, as its types say; the local engine does not")
async def test_create_with_existing_id_raises(app: AppEnv, flows: Flows) -> None:
    params: Any = {"item": "tea", "price": 1}
    await app.ORDERS.create(id="known", params=params)
    with raises(WorkflowError, match="Instance already exists") as caught:
        await app.ORDERS.create(id="known", params=params)
    assert caught.value.code == "instance.already_exists"


@not_in("node", reason=NODE)
async def test_batch_starts_each_instance(app: AppEnv, flows: Flows) -> None:
    params: Any = {"item": "tea", "price": 1}
    options = WorkflowInstanceCreateOptions
    made = await app.ORDERS.create_batch(
        [options(params=params), options(id="batch-1", params=params)]
    )
    assert made[1].id == "batch-1"
    assert [(await flows.ended(one)).status for one in made] == ["complete", "complete"]
    with raises(WorkflowError, match="batchCreate should have at least 1 instance"):
        await app.ORDERS.create_batch([])
    with raises(WorkflowError, match="invalid id"):
        await app.ORDERS.create_batch([options(id="-")])


@not_in("node", reason=NODE)
async def test_batch_takes_dicts_and_refuses_unknown_keys(app: AppEnv) -> None:
    [instance] = await app.ORDERS.create_batch([{"params": {"item": "tea", "price": 1}}])
    assert instance.id
    for wrong, message in [
        ([{"parms": 1}], r"^instances\[0\]: unknown key 'parms'.*did you mean params\?"),
        ([{"locationHint": "weur"}], "did you mean location_hint"),
        ([{"retention": {"successRetention": 1}}], "did you mean success_retention"),
        ({"id": "a"}, r"^instances: expected a list of .*, got dict; pass \[options\]"),
        ([1], r"^instances\[0\]: expected WorkflowInstanceCreateOptions or a dict, got int"),
    ]:
        with raises(ConversionError, match=message):
            await app.ORDERS.create_batch(wrong)  # type: ignore[call-overload]


@not_in("node", reason=NODE)
async def test_retention_is_accepted(app: AppEnv, flows: Flows) -> None:
    made = await app.ORDERS.create(
        params={"item": "tea", "price": 1},
        retention={"success_retention": timedelta(days=1), "error_retention": "3 days"},
    )
    assert (await flows.ended(made)).status == "complete"


# Steps -------------------------------------------------------------------------------------------


async def _replayed(flows: Flows, make: Callable[[], Awaitable[Any]]) -> tuple[Any, Any, int]:
    """A step's result in the first run, in a replay of it, and how often its function ran."""
    results: list[Any] = []
    calls: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        async def called() -> Any:
            calls.append(1)
            return await make()

        called.__annotations__ = {"return": make.__annotations__.get("return", "Any")}
        results.append(await step.do("it", called))
        await step.sleep("until it is paused", 60_000)

    instance = await flows.start(body)
    await flows.seen(results)
    await instance.pause()
    await flows.until(instance, "paused")
    await instance.resume()
    await flows.seen(results, 2)
    await instance.terminate()
    return results[0], results[1], len(calls)


@not_in("node", reason=NODE)
async def test_result_equals_result_of_replay(flows: Flows) -> None:
    made = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)

    async def call() -> Any:
        return {"t": (1, 2.0), "n": None, "b": b"ab", "d": made, "s": {1}}

    first, second, calls = await _replayed(flows, call)
    assert first == second
    assert first == {
        "t": [1, 2],
        "n": None,
        "b": b"ab",
        "d": made.replace(microsecond=678000),
        "s": {1},
    }
    assert calls == 1


@not_in("node", reason=NODE)
async def test_result_with_large_integer_ends_instance(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        async def large() -> Any:
            return 2**60

        await step.do("it", large, retries=ONCE)

    error = (await flows.run(body)).error
    assert error is not None
    assert error.message == "Do not know how to serialize a BigInt"


@not_in("node", reason=NODE)
async def test_result_that_contains_itself_ends_instance(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        async def cyclic() -> Any:
            value: list[Any] = []
            value.append(value)
            return value

        await step.do("it", cyclic, retries=ONCE)

    error = (await flows.run(body)).error
    assert error is not None
    assert error.message.startswith("Converting circular structure to JSON")


@not_in("node", reason=NODE)
async def test_result_is_loaded_as_return_annotation(flows: Flows) -> None:
    made = datetime(2026, 1, 2, tzinfo=timezone.utc)

    async def cart() -> Cart:
        return {"items": ["tea"], "total": 2.0}

    async def paid() -> Paid:
        return Paid(1, made)

    async def number() -> float:
        return 3.0

    for make, expected in ((cart, {"items": ["tea"], "total": 2.0}), (paid, Paid(1, made))):
        first, second, calls = await _replayed(flows, make)
        assert first == second == expected
        assert calls == 1
    first, second, _ = await _replayed(flows, number)
    assert (type(first), type(second)) == (float, float)


@not_in("node", reason=NODE)
async def test_result_of_wrong_type_raises(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> str:
        one: Any = "one"

        async def wrong() -> int:
            return one  # type: ignore[no-any-return]

        with raises(RowError) as caught:
            await step.do("wrong", wrong)
        return str(caught.value)

    assert await flows.output(body) == "the result of step 'wrong': expected int, got str"


@not_in("node", reason=NODE)
async def test_stream_result_is_stored_whole(flows: Flows) -> None:
    kept: list[bytes] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        from pyworkers_sdk import Response

        async def made() -> ReadableStream:
            stream = Response(b"ab" * 1000).body
            assert stream is not None
            return stream

        stream = await step.do("stream", made)
        kept.append(await stream.bytes())
        await step.sleep("pause", 60_000)

    instance = await flows.start(body)
    await flows.seen(kept)
    await instance.pause()
    await flows.until(instance, "paused")
    await instance.resume()
    await flows.seen(kept, 2)
    await instance.terminate()
    assert kept == [b"ab" * 1000, b"ab" * 1000]


@not_in("node", reason=NODE)
async def test_step_receives_its_context(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def context(ctx: WorkflowStepContext) -> Any:
            return ctx

        async def by_default(other: int = 1, ctx: Any = None) -> Any:
            return [other, ctx["step"]["count"]]

        config: WorkflowStepConfig = {
            "retries": {"limit": 2, "delay": timedelta(seconds=1.5), "backoff": "linear"},
            "timeout": "1 minute",
        }
        return [
            await step.do("step", context),
            await step.do("step", context, config=config, sensitive="output"),
            await step.do("step", context, config=config, timeout=timedelta(minutes=2)),
            await step.do("step", by_default),
        ]

    default, configured, both, last = await flows.output(body)
    assert default == {
        "step": {"name": "step", "count": 1},
        "attempt": 1,
        "config": {
            "retries": {"limit": 5, "delay": 1000, "backoff": "exponential"},
            "timeout": "10 minutes",
        },
    }
    assert configured == {
        "step": {"name": "step", "count": 2},
        "attempt": 1,
        "config": {
            "retries": {"limit": 2, "delay": 1500, "backoff": "linear"},
            "timeout": "1 minute",
            "sensitive": "output",
        },
    }
    assert both["config"]["timeout"] == 120_000
    assert last == [1, 4]


@not_in("node", reason=NODE)
async def test_failed_step_is_retried(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        attempts: list[int] = []

        async def flaky(ctx: WorkflowStepContext) -> str:
            attempts.append(ctx["attempt"])
            if ctx["attempt"] < 3:
                raise LookupError("not yet")
            return "now"

        return [await step.do("flaky", flaky, retries={"limit": 2, "delay": 1}), attempts]

    assert await flows.output(body) == ["now", [1, 2, 3]]


@not_in("node", reason=NODE)
async def test_retry_delays_follow_back_off(flows: Flows) -> None:
    async def gaps(backoff: Any) -> list[float]:
        times: list[float] = []

        async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
            async def fails() -> None:
                times.append(flows.now())
                raise LookupError

            retries: Any = {"limit": 3, "delay": 200}
            if backoff is not None:
                retries["backoff"] = backoff
            await step.do("fails", fails, retries=retries)

        await flows.run(body)
        assert len(times) == 4
        return [later - earlier for earlier, later in pairwise(times)]

    for backoff, delays in (
        ("constant", [200, 200, 200]),
        ("linear", [200, 400, 600]),
        ("exponential", [200, 400, 800]),
        (None, [200, 400, 800]),
    ):
        gaps_seen = await soonest(partial(gaps, backoff), [delay + 190 for delay in delays])
        assert all(delay - 5 <= gap < delay + 190 for gap, delay in zip(gaps_seen, delays)), backoff


@not_in("node", reason=NODE)
async def test_failed_step_raises_its_last_error(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        errors_seen: list[Any] = []
        errors = [LookupError("a"), ValueError("b"), TypeError("c"), WorkflowError("d")]
        for made in (*errors, RuntimeError("e: f"), LookupError()):

            async def fails(made: Exception = made) -> None:
                raise made

            with raises(WorkflowError) as caught:
                await step.do("fails", fails, retries=TWICE)
            error = caught.value
            kinds = [kind.__name__ for kind in (ValueError, TypeError) if isinstance(error, kind)]
            errors_seen.append([error.js_name, str(error), kinds])
        return errors_seen

    assert await flows.output(body) == [
        ["LookupError", "a", []],
        ["ValueError", "b", ["ValueError"]],
        ["TypeError", "c", ["TypeError"]],
        ["WorkflowError", "d", []],
        ["RuntimeError", "e: f", []],
        ["LookupError", "", []],
    ]


@not_in("node", reason=NODE)
async def test_replay_raises_stored_error_without_running_step(flows: Flows) -> None:
    runs: list[str] = []
    calls: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        async def fails() -> None:
            calls.append(1)
            raise ValueError("b")

        try:
            await step.do("fails", fails, retries=TWICE)
        except ValueError as error:
            runs.append(str(error))
        await step.sleep("pause", 60_000)

    instance = await flows.start(body)
    await flows.seen(runs)
    await instance.pause()
    await flows.until(instance, "paused")
    await instance.resume()
    await flows.seen(runs, 2)
    await instance.terminate()
    assert (runs, len(calls)) == (["b", "b"], 2)


@not_in("node", reason=NODE)
async def test_uncaught_step_error_ends_instance(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        async def fails() -> None:
            raise LookupError("gone")

        await step.do("fails", fails, retries=ONCE)

    assert (await flows.run(body)).error == ("Error", "LookupError: gone")


@not_in("node", reason=NODE)
async def test_non_retryable_error_ends_retries(flows: Flows) -> None:
    calls: list[int] = []

    class Mine(NonRetryableError):
        pass

    class Theirs(Exception):
        pass

    Theirs.__name__ = "NonRetryableError"  # the official package's has no base in common with ours

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        messages: list[str] = []
        for made in (NonRetryableError("a"), Mine("b"), Theirs("c"), NonRetryableError()):

            async def fails(made: Exception = made) -> None:
                calls.append(1)
                raise made

            with raises(NonRetryableError) as caught:
                await step.do("fails", fails)
            messages.append(str(caught.value))
        return messages

    assert await flows.output(body) == ["a", "b", "c", ""]
    assert len(calls) == 4


FATAL = (
    "WorkflowFatalError",
    "The execution of the Workflow instance was terminated, as a step threw an NonRetryableError "
    "and it was not handled",
)


@not_in("node", reason=NODE)
async def test_uncaught_non_retryable_error_ends_instance(flows: Flows) -> None:
    async def in_step(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        async def fails() -> None:
            raise NonRetryableError("a")

        await step.do("fails", fails)

    async def in_run(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        raise NonRetryableError("a")

    for body in (in_step, in_run):
        status = await flows.run(body)
        assert (status.status, status.error) == ("errored", FATAL)


@not_in("node", reason=NODE)
async def test_result_that_cannot_cross_is_not_retried(flows: Flows) -> None:
    calls: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> str:
        async def odd() -> Any:
            calls.append(1)
            return {"a": [object()]}

        with raises(NonRetryableError) as caught:
            await step.do("odd", odd)
        return str(caught.value)

    reason = "the result of step 'odd'.a[0]: an object cannot cross to JavaScript here"
    assert await flows.output(body) == reason
    assert len(calls) == 1


@only("fake", reason="the local engine stores results up to 8 MiB")
async def test_result_over_size_limit_fails_attempt(flows: Flows) -> None:
    tries: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def large(size: int) -> str:
            tries.append(size)
            return "x" * size

        fits = await step.do("fits", lambda: large(1_000_000))
        with raises(WorkflowError) as caught:
            await step.do("large", lambda: large(3_000_000), retries=TWICE)
        return [len(fits), caught.value.js_name, str(caught.value)]

    message = "Step large-1 output is too large. Maximum allowed size is 1MiB."
    assert await flows.output(body) == [1_000_000, "Error", message]
    assert tries == [1_000_000, 3_000_000, 3_000_000]


@not_in("node", reason=NODE)
async def test_step_over_its_timeout_raises_timeout_error(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def hangs() -> None:
            await asyncio.sleep(20)

        with raises(WorkflowError) as caught:
            await step.do("hangs", hangs, timeout=timedelta(milliseconds=40), retries=ONCE)
        return [isinstance(caught.value, TimeoutError), str(caught.value)]

    assert await flows.output(body) == [True, "Execution timed out after 40ms"]


BAD_CONFIGS: dict[str, Any] = {
    "no delay": {"retries": {"limit": 1}},
    "negative limit": {"retries": {"limit": -1, "delay": 1}},
    "unknown backoff": {"retries": {"limit": 1, "delay": 1, "backoff": "none"}},
    "unknown key": {"retry": 1},
    "unknown retries key": {"retries": {"limit": 1, "delay": 1, "more": 1}},
    "no timeout": {"timeout": 0},
    "negative timeout": {"timeout": -1},
    "sensitive": {"sensitive": "input"},
}


@not_in("node", reason=NODE)
@cases(BAD_CONFIGS)
async def test_invalid_config_raises(flows: Flows, case: Any) -> None:
    calls: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def called() -> None:
            calls.append(1)

        with raises(WorkflowError) as caught:
            await step.do("it", called, config=case)
        return str(caught.value)

    assert await flows.output(body) == (
        'Step config for "it" is in a invalid format. See '
        "https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/"
    )
    assert calls == []


@not_in("node", reason=NODE)
@cases({"long": "n" * 257, "control": "a\nb"})
async def test_invalid_step_name_raises(flows: Flows, case: str) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def called() -> None: ...

        await step.do("n" * 256, called)
        with raises(WorkflowError) as caught:
            await step.do(case, called)
        return str(caught.value)

    reason = "exceeds max length (256 chars) or invalid characters found"
    assert await flows.output(body) == f'Step name "{case}" {reason}'


@not_in("node", reason=NODE)
async def test_steps_run_concurrently(flows: Flows) -> None:
    order: list[str] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def quick() -> str:
            order.append("quick")
            return "q"

        async def slow() -> str:
            await asyncio.sleep(0.02)
            order.append("slow")
            return "s"

        return await asyncio.gather(step.do("slow", slow), step.do("quick", quick))

    assert await flows.output(body) == ["s", "q"]
    assert order == ["quick", "slow"]


# Decorated steps ---------------------------------------------------------------------------------


@not_in("node", reason=NODE)
async def test_decorated_step_receives_results_of_named_steps(flows: Flows) -> None:
    calls: list[str] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        @step.do()
        async def first() -> int:
            calls.append("first")
            return 1

        @step.do("second")
        async def other(first: int) -> int:
            calls.append("second")
            return first + 1

        @step.do(concurrent=True, config={"retries": {"limit": 1, "delay": 1}})
        async def total(first: int, ctx: WorkflowStepContext, second: int, other: int) -> Any:
            calls.append("total")
            return [first, second, other, ctx["attempt"], ctx["step"]["name"]]

        results = await total()
        return [results, await total(), await first()]

    results, again, first = await flows.output(body)
    assert results == again == [1, 2, 2, 1, "total"]
    assert first == 1
    assert calls == ["first", "second", "total", "total", "first"]


@not_in("node", reason=NODE)
async def test_decorated_step_receives_results_of_listed_steps(flows: Flows) -> None:
    calls: list[str] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        @step.do("a")
        async def a() -> str:
            calls.append("a")
            return "A"

        @step.do("b", [a])
        async def b(x: str) -> str:
            calls.append("b")
            return x + "B"

        @step.do("c", depends=[b, a], concurrent=True)
        async def c(x: str, y: str, ctx: Any) -> str:
            return f"{x}{y}{ctx['step']['name']}"

        return await c()

    assert await flows.output(body) == "ABAc"
    assert calls == ["a", "b"]


@not_in("node", reason=NODE)
async def test_unknown_dependency_of_decorated_step_raises(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        messages: list[str] = []

        @step.do("a")
        async def a(nobody: Any) -> None: ...

        @step.do("b", depends=[])
        async def b(x: Any) -> None: ...

        async def plain() -> None: ...

        @step.do("c", depends=[plain])
        async def c(x: Any) -> None: ...

        for decorated in (a, b, c):
            with raises(TypeError) as caught:
                await decorated()
            messages.append(str(caught.value))
        return messages

    assert await flows.output(body) == [
        "step a(): unknown step 'nobody'; name the parameter after a step, or list the step in "
        "depends",
        "step b(): depends: expected one step for each parameter, got 0 for 1",
        "step c(): depends[0]: expected a step, got function; decorate it with step.do()",
    ]


# Sleeping and waiting ----------------------------------------------------------------------------


@not_in("node", reason=NODE)
@cases({"timedelta": timedelta(milliseconds=150), "number": 150, "text": "0.15 seconds"})
async def test_sleep_lasts_for_its_duration(flows: Flows, case: Any) -> None:
    async def measure() -> list[float]:
        times: list[float] = []

        async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
            times.append(flows.now())
            await step.sleep("nap", case)
            times.append(flows.now())

        assert (await flows.run(body)).status == "complete"
        return [times[1] - times[0]]

    (took,) = await soonest(measure, [1500])
    assert 145 <= took < 1500


@not_in("node", reason=NODE)
async def test_sleep_until_ends_at_its_time(flows: Flows) -> None:
    async def measure() -> list[float]:
        times: list[float] = []

        async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
            start = flows.now()
            then = datetime.fromtimestamp((start + 500) / 1000, timezone.utc)
            await step.sleep_until("aware", then)
            times.append(flows.now() - start)
            start = flows.now()
            await step.sleep_until("number", start + 500)
            times.append(flows.now() - start)

        assert (await flows.run(body)).status == "complete"
        assert len(times) == 2
        return times

    least = (495, 495)
    times = await soonest(measure, [each + 1500 for each in least])
    assert [each <= took < each + 1500 for took, each in zip(times, least)] == [True] * 2


@not_in("node", reason=NODE)
async def test_sleep_until_of_another_time_is_refused(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        later: Any = datetime(2030, 1, 1)
        with raises(ConversionError, match="^timestamp: expected an aware datetime, got a naive"):
            await step.sleep_until("naive", later)
        others: list[Any] = [None, "2030-01-01", later.date()]
        for other in others:
            with raises(ConversionError, match="^timestamp: expected datetime, got "):
                await step.sleep_until("other", other)
        return "refused"

    assert await flows.output(body) == "refused"


@not_in("node", reason=NODE)
async def test_sleep_until_past_time_raises(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        with raises(WorkflowError) as caught:
            await step.sleep_until("past", datetime(2020, 1, 1, tzinfo=timezone.utc))
        return str(caught.value)

    reason = "You can't sleep until a time in the past, time-traveler"
    assert await flows.output(body) == reason


async def _waiter(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
    got = await step.wait_for_event("wait", "approved", timeout="1 minute", payload=Cart)
    return [got.payload["total"], type(got.payload["total"]).__name__, got.type, got["type"]]


@not_in("node", reason=NODE)
async def test_event_sent_during_wait_is_received(flows: Flows) -> None:
    waiting: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        waiting.append(1)
        return await _waiter(event, step)

    instance = await flows.start(body)
    await flows.seen(waiting)
    await flows.wait(0.1)
    assert (await instance.status()).status == "running"
    await instance.send_event(type="other", payload=None)
    await instance.send_event(type="approved", payload={"items": [], "total": 3})
    assert (await flows.ended(instance)).output == [3, "float", "approved", "approved"]


@not_in("node", reason=NODE)
async def test_event_sent_before_wait_is_received(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        await step.sleep("first", 200)
        first = await step.wait_for_event("wait", "x")
        second = await step.wait_for_event("wait", "x")
        return [first.payload, second.payload, first.timestamp <= second.timestamp]

    instance = await flows.start(body)
    await flows.until(instance, "running")
    await instance.send_event(type="x", payload={"b": b"ab"})
    await instance.send_event(type="x")
    status = await flows.ended(instance)
    assert status.output == [{"b": "[Uint8Array(2 bytes)]"}, None, True]


@not_in("node", reason=NODE)
async def test_event_goes_to_first_waiting_step(flows: Flows) -> None:
    waiting: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        waiting.append(1)
        return [
            got.payload
            for got in await asyncio.gather(
                step.wait_for_event("a", "x"), step.wait_for_event("b", "x")
            )
        ]

    instance = await flows.start(body)
    await flows.seen(waiting)
    await flows.wait(0.1)
    await instance.send_event(type="x", payload=1)
    await instance.send_event(type="x", payload=2)
    assert (await flows.ended(instance)).output == [1, 2]


@not_in("node", reason=NODE)
async def test_wait_over_its_timeout_raises_timeout_error(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        with raises(WorkflowError) as caught:
            await step.wait_for_event("wait", "x", timedelta(milliseconds=50))
        return [isinstance(caught.value, TimeoutError), str(caught.value)]

    assert await flows.output(body) == [True, "Execution timed out after 50ms"]


# Commands ----------------------------------------------------------------------------------------


async def _running(flows: Flows, body: Any) -> WorkflowInstance:
    instance: WorkflowInstance = await flows.start(body)
    await flows.until(instance, "running")
    await flows.wait(0.05)
    return instance


@not_in("node", reason=NODE)
async def test_terminate_ends_instance(flows: Flows) -> None:
    caught_inside: list[str] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None:
        try:
            await step.sleep("nap", 60_000)
        except Exception as error:
            caught_inside.append(repr(error))

    instance = await _running(flows, body)
    await instance.terminate()
    status = await instance.status()
    assert (status.status, status.output, status.error) == ("terminated", None, None)
    with raises(WorkflowError, match="Cannot terminate instance since its on a finite state") as e:
        await instance.terminate()
    assert e.value.code == "instance.cannot_terminate"
    await instance.pause()
    await instance.resume()
    await instance.send_event(type="x", payload=1)
    assert (await instance.status()).status == "terminated"
    assert caught_inside == []


@not_in("node", reason=NODE)
async def test_pause_during_sleep_keeps_remaining_time(flows: Flows) -> None:
    runs: list[float] = []
    caught_inside: list[str] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> str:
        runs.append(flows.now())
        try:
            await step.sleep("nap", 400)
        except Exception as error:
            caught_inside.append(repr(error))
        return "awake"

    instance = await _running(flows, body)
    await instance.pause()
    assert (await flows.until(instance, "paused")).output is None
    await instance.pause()
    await flows.wait(0.6)
    assert (await instance.status()).status == "paused"
    resumed = flows.now()
    await instance.resume()
    assert (await flows.ended(instance)).output == "awake"
    assert len(runs) == 2
    assert flows.now() - resumed > 150
    assert caught_inside == []


@not_in("node", reason=NODE)
async def test_pause_waits_for_running_step(flows: Flows) -> None:
    calls: list[str] = []
    may_end: list[bool] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> str:
        async def long() -> str:
            calls.append("begun")
            while not may_end:  # noqa: ASYNC110 (an event would be another request's)
                await asyncio.sleep(0.02)
            calls.append("ended")
            return "long"

        async def after() -> str:
            calls.append("after")
            return "after"

        return await step.do("long", long) + await step.do("after", after)

    instance = await flows.start(body)
    await flows.begun(calls)
    await instance.pause()
    assert (await instance.status()).status == "waitingForPause"
    may_end.append(True)
    await flows.until(instance, "paused")
    assert calls == ["begun", "ended"]
    await instance.resume()
    assert (await flows.ended(instance)).output == "longafter"
    assert calls == ["begun", "ended", "after"]


@not_in("node", reason=NODE)
async def test_resume_before_pause_takes_effect_cancels_pause(flows: Flows) -> None:
    calls: list[str] = []
    may_end: list[bool] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> str:
        async def long() -> str:
            calls.append("begun")
            while not may_end:  # noqa: ASYNC110 (an event would be another request's)
                await asyncio.sleep(0.02)
            return "long"

        return await step.do("long", long)

    instance = await flows.start(body)
    await flows.begun(calls)
    await instance.pause()
    await instance.resume()
    assert (await instance.status()).status == "running"
    may_end.append(True)
    assert (await flows.ended(instance)).output == "long"
    assert calls == ["begun"]


@not_in("node", reason=NODE)
async def test_event_for_paused_instance_is_stored(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        return (await step.wait_for_event("wait", "x")).payload

    instance = await _running(flows, body)
    await instance.pause()
    await flows.until(instance, "paused")
    await instance.send_event(type="x", payload=7)
    await flows.wait(0.1)
    assert (await instance.status()).status == "paused"
    await instance.resume()
    assert (await flows.ended(instance)).output == 7


@not_in("node", reason=NODE)
async def test_restart_runs_instance_from_beginning(flows: Flows) -> None:
    calls: list[str] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> str:
        async def once() -> int:
            calls.append("step")
            return len(calls)

        return f"{await step.do('once', once)} {event.payload['word']}"

    instance = await flows.start(body, word="hello")
    assert (await flows.ended(instance)).output == "1 hello"
    await instance.restart()
    await flows.seen(calls, 2)
    assert (await flows.ended(instance)).output == "2 hello"


@not_in("node", reason=NODE)
async def test_restart_of_running_instance_runs_it_again(flows: Flows) -> None:
    runs: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> int:
        runs.append(1)
        if len(runs) == 1:
            await step.sleep("nap", 60_000)
        return len(runs)

    instance = await _running(flows, body)
    await instance.restart()
    await flows.seen(runs, 2)
    assert (await flows.ended(instance)).output == 2


@not_in("node", reason=NODE)
async def test_restart_from_step_keeps_earlier_results(flows: Flows) -> None:
    calls: list[str] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> int:
        for name in ("a", "b", "b", "c"):

            async def called(name: str = name) -> None:
                calls.append(name)

            await step.do(name, called)
            if name == "a":
                await step.sleep("b", 1)
        return len(calls)

    instance = await flows.start(body)
    assert (await flows.ended(instance)).output == 4
    await instance.restart(from_={"name": "b", "count": 2})
    await flows.seen(calls, 6)
    assert (await flows.ended(instance)).output == 6
    await instance.restart(from_={"name": "b", "type": "sleep"})
    await flows.seen(calls, 9)
    assert (await flows.ended(instance)).output == 9
    assert calls == ["a", "b", "b", "c", "b", "c", "b", "b", "c"]
    nowhere: list[Any] = [{"name": "z"}, {"name": "b", "count": 3}, {"name": "a", "type": "sleep"}]
    for unknown in nowhere:
        with raises(WorkflowError, match="not found in execution history") as caught:
            await instance.restart(from_=unknown)
        assert caught.value.code == "instance.cannot_restart"
    assert (await instance.status()).output == 9


@only("workerd", reason="counts the proxies of Pyodide")
async def test_steps_leave_no_proxies(flows: Flows) -> None:
    live_proxies: Callable[[], int] = import_module("_harness").live_proxies

    async def without(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        return "done"

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def value(ctx: Any) -> Any:
            return {"a": [1, ctx]}

        async def fails() -> None:
            raise ValueError

        for _ in range(5):
            await step.do("value", value)
        with raises(ValueError):
            await step.do("fails", fails, retries=TWICE)
        return "done"

    async def growth(run: Any) -> int:
        await flows.output(run)
        before = live_proxies()
        for _ in range(5):
            await flows.output(run)
        return live_proxies() - before

    live_proxies()
    assert await growth(body) == await growth(without)  # the harness leaves some of each instance


# Values that cannot leave a Workflow

LIVE: dict[str, Callable[[AppEnv], Any]] = {
    "Response": lambda app: Response("x"),
    "Request": lambda app: Request("https://example.com"),
    "Headers": lambda app: Headers(),
    "FormData": lambda app: FormData(),
    "Blob": lambda app: Blob([b"x"]),
    "File": lambda app: File([b"x"], "a.txt"),
    "ReadableStream": lambda app: Response("x").body,
    "AbortSignal": lambda app: AbortController().signal,
    "WebSocket": lambda app: WebSocketPair()[0],
    "KV": lambda app: app.KV,
    "Fetcher": lambda app: Fetcher(app.js_object.CALLEE),
    "Service": lambda app: app.CALLEE,
    "DurableObjectNamespace": lambda app: app.COUNTERS,
    "DurableObjectStub": lambda app: app.COUNTERS.get_by_name("a"),
    "DurableObjectId": lambda app: app.COUNTERS.id_from_name("a"),
    "Workflow": lambda app: app.FLOWS,
    "AppEnv": lambda app: app,
    "function": lambda app: _nothing,
    "coroutine": lambda app: Awaited(),
    "generator": lambda app: (number for number in [1]),
    "ValueError": lambda app: ValueError("v"),
    "type": lambda app: dict,
}


async def _nothing() -> None: ...


class Awaited:
    """Stands for a coroutine: Python warns of a coroutine that is never awaited."""

    def __await__(self) -> Any:
        return iter(())


Awaited.__name__ = "coroutine"


@not_in("node", reason=NODE)
@cases(list(LIVE))
async def test_step_that_returns_a_live_object_raises(app: AppEnv, flows: Flows, case: str) -> None:
    calls: list[int] = []

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def outside() -> Any:
            calls.append(1)
            return LIVE[case](app)

        async def inside() -> Any:
            calls.append(1)
            return {"a": [LIVE[case](app)]}

        messages: list[str] = []
        for made in (outside, inside):
            with raises(NonRetryableError) as caught:
                await step.do("it", made)
            messages.append(caught.value.message)
        return messages

    article = "an" if case[0] in "AE" else "a"
    reason = f"{article} {case} cannot cross to JavaScript here"
    outside, inside = await flows.output(body)
    assert outside.startswith(f"the result of step 'it': {reason}")
    assert inside.startswith(f"the result of step 'it'.a[0]: {reason}")
    assert len(calls) == 2


@not_in("node", reason=NODE)
@cases(["Response", "Headers", "Blob", "ReadableStream", "KV", "Service"])
async def test_run_that_returns_a_live_object_fails(app: AppEnv, flows: Flows, case: str) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        return {"a": LIVE[case](app)}

    error = (await flows.run(body)).error
    assert error is not None
    start = f"ConversionError: the result of run().a: a {case} cannot cross to JavaScript here"
    assert error.message.startswith(start)


@not_in("node", reason=NODE)
@cases(["Response", "Headers", "Blob", "ReadableStream", "KV", "Service"])
async def test_live_object_in_params_or_an_event_is_refused(
    app: AppEnv, flows: Flows, case: str
) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> None: ...

    reason = f": a {case} cannot cross to JavaScript here"
    options = WorkflowInstanceCreateOptions
    params: Any = {"a": LIVE[case](app)}
    for place, refused in (
        ("create().params.a", lambda: app.FLOWS.create(params=params)),
        ("instances[0].params.a", lambda: app.FLOWS.create_batch([options(params=params)])),
    ):
        with raises(ConversionError) as caught:
            await refused()
        assert str(caught.value).startswith(place + reason)
    instance = await flows.start(body)
    with raises(ConversionError) as caught:
        await instance.send_event(type="a", payload=[LIVE[case](app)])
    assert str(caught.value).startswith("event.payload[0]" + reason)
    await flows.ended(instance)


@not_in("node", reason=NODE)
async def test_stream_result_may_be_optional(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def maybe() -> ReadableStream | None:
            return Response("x").body

        async def never() -> ReadableStream | None:
            return None

        stream = await step.do("maybe", maybe)
        assert stream is not None
        return [await stream.text(), await step.do("never", never)]

    assert await flows.output(body) == ["x", None]
