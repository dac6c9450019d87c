"""Durable Objects from outside: namespaces, ids, stubs, RPC, gates, resets, errors and alarms."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
from typing import Any

from pyworkers_sdk import (
    ConversionError,
    DurableObjectConstraintError,
    DurableObjectError,
    DurableObjectId,
    DurableObjectNamespace,
    DurableObjectStub,
    Request,
)
from tests.contract.kit import cases, only, raises
from tests.contract.workers import AppEnv

in_a_runtime = only("fake", "workerd", reason="in the Node worlds the runtime cannot call Python")


async def awaited(promise: Any) -> Any:
    """Await an RpcPromise in a coroutine, since asyncio makes tasks only of coroutines."""
    return await promise


def counter(app: AppEnv) -> Any:
    return app.COUNTERS.get_by_name(secrets.token_hex(8))


# Ids and namespaces ------------------------------------------------------------------------------


@in_a_runtime
async def test_same_name_gives_the_same_id(app: AppEnv) -> None:
    one, two = app.COUNTERS.id_from_name("a"), app.COUNTERS.id_from_name("a")
    assert one == two
    assert hash(one) == hash(two)
    assert str(one) == str(two)
    assert len(str(one)) == 64
    assert set(str(one)) <= set("0123456789abcdef")
    assert one.name == "a"
    assert one != app.COUNTERS.id_from_name("b")
    assert one != str(one)
    assert str(one) in repr(one)
    assert str(app.ALARMED.id_from_name("a")) != str(one)


@in_a_runtime
async def test_id_from_string_equals_the_original_id(app: AppEnv) -> None:
    id = app.COUNTERS.id_from_name("a")
    parsed = app.COUNTERS.id_from_string(str(id))
    assert parsed == id
    assert parsed.name is None
    assert parsed.jurisdiction is None


@in_a_runtime
@cases(
    {
        "short": ("abc", "Invalid Durable Object ID: must be 64 hex digits"),
        "no-hex": ("x" * 64, "Invalid Durable Object ID: must be 64 hex digits"),
        "zeros": ("0" * 64, "Durable Object ID is not valid for this namespace."),
    }
)
async def test_invalid_text_of_an_id_raises(app: AppEnv, case: tuple[str, str]) -> None:
    text, message = case
    with raises(DurableObjectError) as caught:
        app.COUNTERS.id_from_string(text)
    assert caught.value.message == message
    assert caught.value.js_name == "TypeError"
    assert caught.value.remote is False


@in_a_runtime
async def test_id_of_another_namespace_raises(app: AppEnv) -> None:
    with raises(DurableObjectError) as caught:
        app.ALARMED.id_from_string(str(app.COUNTERS.id_from_name("a")))
    assert caught.value.message == "Durable Object ID is not valid for this namespace."


@in_a_runtime
async def test_unique_ids_differ_and_have_no_name(app: AppEnv) -> None:
    one, two = app.COUNTERS.new_unique_id(), app.COUNTERS.new_unique_id()
    assert one != two
    assert one.name is None
    assert app.COUNTERS.id_from_string(str(one)) == one


@in_a_runtime
async def test_jurisdiction_raises_in_the_local_runtime(app: AppEnv) -> None:
    with raises(DurableObjectError) as caught:
        app.COUNTERS.jurisdiction("eu")
    assert caught.value.message == "Jurisdiction restrictions are not implemented in workerd."
    with raises(DurableObjectError):
        app.COUNTERS.new_unique_id(jurisdiction="eu")


# Stubs and events --------------------------------------------------------------------------------


@in_a_runtime
async def test_stub_has_the_id_and_name_of_its_object(app: AppEnv) -> None:
    name = secrets.token_hex(8)
    id = app.COUNTERS.id_from_name(name)
    stubs: Any = (app.COUNTERS.get(id), app.COUNTERS.get_by_name(name, location_hint="weur"))
    for stub in stubs:
        assert isinstance(stub, DurableObjectStub)
        assert stub.id == id
        assert stub.name == name
        assert isinstance(stub.id, DurableObjectId)
    unnamed: Any = app.COUNTERS.get(app.COUNTERS.new_unique_id())
    assert unnamed.name is None


@in_a_runtime
async def test_stub_fetches_and_calls_methods(app: AppEnv) -> None:
    stub = counter(app)
    response = await stub.fetch(Request("https://x/y", method="POST", body="hello"))
    assert await response.text() == f"POST hello at {stub.id}"
    assert await stub.add() == 1
    assert await stub.add(5) == 6
    assert await stub.told() == ["loading", "loaded", "https://x/y"]


@in_a_runtime
async def test_init_keeps_events_out_until_its_work_is_done(app: AppEnv) -> None:
    stub = counter(app)
    await asyncio.gather(*(stub.remember(str(n)) for n in range(5)))
    assert await stub.told() == ["loading", "loaded", *"01234"]
    assert await stub.started() == 1


# Storage and concurrency -------------------------------------------------------------------------


@in_a_runtime
async def test_objects_do_not_share_storage(app: AppEnv) -> None:
    one, two = counter(app), counter(app)
    await one.add(1)
    await two.add(10)
    assert [await one.add(), await two.add()] == [2, 11]


@in_a_runtime
@cases(["add", "add_sql", "add_guarded"])
async def test_concurrent_increments_are_not_lost(app: AppEnv, case: str) -> None:
    stub = counter(app)
    count = 10 if case == "add_guarded" else 100
    results = await asyncio.gather(*(getattr(stub, case)() for _ in range(count)))
    assert sorted(results) == list(range(1, count + 1))


@in_a_runtime
@cases({"add_slowly": ("add_slowly", 1, 5), "add_over_kv": ("add_over_kv",)})
async def test_calls_interleave_where_no_gate_is_closed(app: AppEnv, case: Any) -> None:
    method, *args = case
    stub = counter(app)
    results = await asyncio.gather(*(getattr(stub, method)(*args) for _ in range(5)))
    assert results == [1, 1, 1, 1, 1]


# RPC: values, errors and arguments ---------------------------------------------------------------


@in_a_runtime
async def test_values_round_trip_over_rpc(app: AppEnv) -> None:
    stub = counter(app)
    when = dt.datetime(2026, 1, 2, 3, 4, 5, 678000, dt.timezone.utc)
    for value in (None, 1, 2.5, "é", b"\x00\xff", when, [1, [None]], {"a": {"b": None}}, {1, 2}):
        assert await stub.echo(value) == value


@in_a_runtime
async def test_exception_in_the_object_raises_durable_object_error(app: AppEnv) -> None:
    stub = counter(app)
    with raises(DurableObjectError) as caught:
        await stub.fail("oh no")
    assert caught.value.remote is True
    assert caught.value.retryable is False
    assert caught.value.overloaded is False
    assert caught.value.message == "oh no"
    assert caught.value.js_name == "ValueError"
    with raises(DurableObjectError) as caught:
        await stub.fetch(Request("https://x/fail"))
    assert "no way" in caught.value.message
    assert caught.value.js_name == "PythonError"
    assert caught.value.remote is True


@in_a_runtime
async def test_cancelled_work_in_the_object_raises_an_error(app: AppEnv) -> None:
    stub = counter(app)
    with raises(DurableObjectError) as caught:
        await stub.give_up_work()
    assert (caught.value.js_name, caught.value.message) == ("CancelledError", "")
    assert caught.value.remote
    with raises(DurableObjectError) as caught:
        await stub.fetch("https://x/give-up")
    assert caught.value.js_name == "PythonError"
    assert "CancelledError" in caught.value.message
    assert await stub.add() == 1


@in_a_runtime
@cases(["async", "later"])
async def test_transaction_sync_with_an_async_closure_raises(app: AppEnv, case: str) -> None:
    message = "transaction_sync(): cannot await an async closure; use transaction()"
    assert await counter(app).transaction_with(case) == [message, 1]


@in_a_runtime
async def test_keyword_arguments_are_passed_by_position(app: AppEnv) -> None:
    stub = app.COUNTERS.get_by_name(secrets.token_hex(8))
    assert await stub.add(by=2) == 2
    assert await app.COUNTERS.get(app.COUNTERS.id_from_name("a")).echo(value="x") == "x"
    assert await stub.add_after(how="x") == 3
    bare: Any = DurableObjectNamespace(app.js_object.COUNTERS)
    with raises(TypeError, match=r"add\(\): keyword arguments need the signature"):
        await bare.get_by_name("a").add(by=2)


@in_a_runtime
async def test_get_without_an_id_raises(app: AppEnv) -> None:
    name: Any = "a"
    with raises(ConversionError, match="^id: expected a DurableObjectId, got str; get_by_name"):
        app.COUNTERS.get(name)
    nothing: Any = None
    with raises(DurableObjectError, match="parameter 1 is not of type 'DurableObjectId'") as caught:
        app.COUNTERS.get(nothing)
    assert caught.value.js_name == "TypeError"


@in_a_runtime
async def test_missing_method_raises(app: AppEnv) -> None:
    stub = counter(app)
    with raises(DurableObjectError) as caught:
        await stub.nope()
    assert "nope" in caught.value.message


# Resets ------------------------------------------------------------------------------------------


@in_a_runtime
async def test_exception_keeps_the_instance_and_its_writes(app: AppEnv) -> None:
    stub = counter(app)
    await stub.remember("x")
    with raises(DurableObjectError):
        await stub.put_and_fail()
    assert await stub.add() == 1001
    assert await stub.told() == ["loading", "loaded", "x"]


@in_a_runtime
async def test_exception_in_block_concurrency_while_resets_the_object(app: AppEnv) -> None:
    stub = counter(app)
    await stub.remember("x")
    with raises(DurableObjectError) as caught:
        await stub.block_and_fail()
    assert caught.value.message == "ValueError: no way on"
    assert caught.value.remote is False
    assert caught.value.retryable is False
    stub = app.COUNTERS.get(stub.id)
    assert await stub.told() == ["loading", "loaded"]
    assert await stub.started() == 2
    assert await stub.add() == 1


@only("fake", "workerd-314", reason="one real world is enough: it takes half a minute")
async def test_block_concurrency_while_longer_than_30_s_resets_the_object(
    app: AppEnv, wait: Any
) -> None:
    stub = counter(app)
    assert await stub.add() == 1
    blocking = asyncio.ensure_future(awaited(stub.block(100)))
    await asyncio.sleep(0.05)
    behind = asyncio.ensure_future(awaited(stub.add()))
    await wait(29)
    assert not blocking.done()
    await wait(3)
    for call in (blocking, behind):
        with raises(DurableObjectError) as caught:
            await call
        assert caught.value.message == (
            "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call "
            "was canceled and the Durable Object was reset."
        )
        assert caught.value.remote is False
    again: Any = app.COUNTERS.get(stub.id)
    assert await again.add() == 2
    assert await again.started() == 2


@in_a_runtime
@cases([None, "over"])
async def test_abort_resets_the_object(app: AppEnv, case: str | None) -> None:
    stub = counter(app)
    await stub.remember("x")
    with raises(DurableObjectError) as caught:
        await stub.put_and_abort(case)
    assert caught.value.message == (case or "Application called abort() to reset Durable Object.")
    assert caught.value.remote is False
    again: Any = app.COUNTERS.get(stub.id)
    assert await again.told() == ["loading", "loaded"]
    assert await again.started() == 2
    assert await again.add() == 1


@in_a_runtime
@cases(
    {
        "at-once": ("put_twice_and_abort", [], 1),
        "sync": ("put_sync_and_abort", [], 4001),
        "0": ("put_wait_and_abort", [0], 1),
        "0.01": ("put_wait_and_abort", [0.01], 4001),
    }
)
async def test_reset_discards_writes_that_are_not_stored(app: AppEnv, case: Any) -> None:
    method, args, count = case
    stub = counter(app)
    with raises(DurableObjectError, match="later"):
        await getattr(stub, method)(*args)
    again: Any = app.COUNTERS.get(stub.id)
    assert await again.add() == count


@in_a_runtime
async def test_event_that_awaits_nothing_outside_is_not_interleaved(app: AppEnv) -> None:
    stub = counter(app)
    results = await asyncio.gather(*(stub.add_after() for _ in range(20)))
    assert results == [*range(1, 21)]


# Alarms ------------------------------------------------------------------------------------------


def alarmed(app: AppEnv) -> Any:
    return app.ALARMED.get_by_name(secrets.token_hex(8))


async def called(app: AppEnv, stub: Any, wait: Any, seconds: float, times: int = 1) -> Any:
    """Return the alarm's calls after some seconds, or later if a busy machine delays them."""
    await wait(seconds)
    for _ in range(60):
        calls = await app.ALARMED.get(stub.id).calls()
        if len(calls) >= times:
            break
        await wait(0.5)
    return calls


@in_a_runtime
async def test_alarm_is_called_once_at_its_time(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    assert await stub.when() is None
    when = await stub.set(200)
    assert await stub.when() == when
    assert await stub.calls() == []
    assert await called(app, stub, wait, 0.5) == [[False, 0, when, True]]
    assert await stub.when() is None
    await wait(0.3)
    assert len(await stub.calls()) == 1


@in_a_runtime
async def test_new_alarm_replaces_the_previous_one(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    await stub.set(100)
    when = await stub.set(1000)
    await wait(0.25)
    assert await stub.calls() == []
    assert await called(app, stub, wait, 1) == [[False, 0, when, True]]


@in_a_runtime
async def test_deleted_alarm_is_not_called(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    await stub.set(100)
    await stub.unset()
    assert await stub.when() is None
    await wait(0.3)
    assert await stub.calls() == []


@in_a_runtime
async def test_alarm_in_the_past_is_called_at_once(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    when = await stub.set(-60_000)
    [[_, _, scheduled, _]] = await called(app, stub, wait, 0.2)
    assert scheduled >= (when or 0)


@in_a_runtime
async def test_alarm_handler_sets_the_next_alarm(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    await stub.set(20, 0, 2)
    for times in range(3):
        calls = await called(app, stub, wait, 0.2, times + 1)
    assert [call[:2] for call in calls] == [[False, 0]] * 3
    assert calls[0][2] < calls[1][2] < calls[2][2]


@in_a_runtime
async def test_failed_alarm_is_retried_after_2_s(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    when = await stub.set(20, 1)
    assert await called(app, stub, wait, 0.5) == [[False, 0, when, True]]
    assert await stub.when() == when
    calls = await called(app, stub, wait, 2.5, 2)
    assert calls == [[False, 0, when, True], [True, 1, when, True]]
    assert await stub.when() is None


@in_a_runtime
async def test_new_alarm_replaces_the_retry_of_a_failed_one(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    await stub.set(20, 1)
    await called(app, stub, wait, 0.5)
    await stub.set(100)
    # Which of the two runs at 100 ms is not checked: in the local runtime the retry takes the place
    # of the new alarm.
    assert len(await called(app, stub, wait, 3, 2)) == 2
    assert await stub.when() is None


@in_a_runtime
async def test_deleted_alarm_is_not_retried(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    await stub.set(20, 1)
    await called(app, stub, wait, 0.5)
    await stub.unset()
    assert await stub.when() is None
    await wait(2.5)
    assert len(await stub.calls()) == 1


@only(
    "fake", reason="the harness defines every handler in workerd, whether or not the class has it"
)
async def test_set_alarm_without_an_alarm_handler_raises(app: AppEnv) -> None:
    with raises(DurableObjectError) as caught:
        await counter(app).set_alarm()
    assert caught.value.message == (
        "Your Durable Object class must have an alarm() handler in order to call setAlarm()"
    )


@in_a_runtime
async def test_alarm_that_aborts_its_object_is_retried(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    when = await stub.set(20, -1)
    assert await called(app, stub, wait, 0.5) == [[False, 0, when, True]]
    calls = await called(app, stub, wait, 2.5, 2)
    assert calls == [[False, 0, when, True], [True, 1, when, True]]
    assert await app.ALARMED.get(stub.id).when() == when


@only("fake", reason="this workerd is older than the option, and retries the alarm")
async def test_alarm_that_aborts_with_retry_alarm_false_is_not_retried(
    app: AppEnv, wait: Any
) -> None:
    stub = alarmed(app)
    await stub.set(20, -2)
    for _ in range(3):
        await wait(2.5)
    again = app.ALARMED.get(stub.id)
    assert len(await again.calls()) == 1
    assert await again.when() is None


# Errors at the start and at the commit -----------------------------------------------------------


@in_a_runtime
@cases(
    {"no": ("no-", "ValueError: no start", True), "b": ("blocks-", "ValueError: no load", False)}
)
async def test_object_that_fails_to_start_raises(app: AppEnv, case: tuple[str, str, bool]) -> None:
    start, message, remote = case
    name = start + secrets.token_hex(8)
    for _ in range(2):
        with raises(DurableObjectError) as caught:
            await app.KEPT.get_by_name(name).hello()
        assert caught.value.message.rstrip().endswith(message)
        assert caught.value.js_name == ("PythonError" if remote else "Error")
        assert caught.value.remote is remote


@in_a_runtime
@cases([0, 0.05])
async def test_violated_constraint_at_commit_resets_the_object(app: AppEnv, case: float) -> None:
    stub = counter(app)
    await stub.remember("x")
    await stub.add()
    with raises(DurableObjectConstraintError) as caught:
        await stub.violate(case)
    assert caught.value.message == (
        "Durable Object was reset and rolled back to its last known good state because the "
        "application left the database in a state where constraints were violated: "
        "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
    )
    assert caught.value.code == "SQLITE_CONSTRAINT_FOREIGNKEY"
    assert caught.value.remote is False
    again: Any = app.COUNTERS.get(stub.id)
    assert await again.told() == ["loading", "loaded"]
    assert await again.add() == 2


# Storage without SQLite --------------------------------------------------------------------------


@in_a_runtime
async def test_class_without_sqlite_has_keys_but_no_sql(app: AppEnv) -> None:
    stub: Any = app.KEPT.get_by_name(secrets.token_hex(8))
    assert await stub.set("k", {"a": [1]}) == {"a": [1]}
    assert await stub.roll_back() == {"k": {"a": [1]}}
    why = (
        "enable SQLite, change `new_classes` to `new_sqlite_classes` within the 'migrations' field "
        "in your wrangler.jsonc or wrangler.toml file. If using workerd directly, set `enableSql = "
        "true` in your workerd config for the class. Note that this change cannot be made after "
        "the class is already deployed to production."
    )
    no_sql = "SQL is not enabled for this Durable Object class. To enable it" + why[13:].replace(
        "directly, set", "directly,set"
    )
    no_kv = (
        "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, "
        "but this object's namespace is not declared to use SQLite. You can use the older, "
        "asyncronous interface via methods of `storage` itself (e.g. `storage.get()`). "
        f"Alternatively, to {why}"
    )
    assert (await stub.what_is_not_there())[:6] == [no_sql, no_sql, no_kv, no_kv, no_kv, no_kv]


@only("fake", reason="production's limits: the local runtime does not have them")
async def test_limits_of_keys_and_values_without_sqlite(app: AppEnv) -> None:
    stub: Any = app.KEPT.get_by_name(secrets.token_hex(8))
    assert await stub.set("k" * 2048, "x" * 131_000) == "x" * 131_000
    for key, value, message in (
        ("k" * 2049, 1, "Keys cannot be larger than 2048 bytes."),
        ("é" * 1025, 1, "Keys cannot be larger than 2048 bytes."),
        ("k", "x" * 131_072, "Values cannot be larger than 131072 bytes."),
    ):
        with raises(DurableObjectError, match=message):
            await stub.set(key, value)
    assert (await stub.what_is_not_there())[6] == "Durable Object is not backed by SQL."


@in_a_runtime
@cases(["sync", "async", "alone"])
async def test_sql_that_rolls_back_its_transaction_resets_the_object(
    app: AppEnv, case: str
) -> None:
    stub = counter(app)
    await stub.remember("x")
    with raises(DurableObjectError, match=r"^internal error; reference = \w+$"):
        await stub.conflict(case)
    again: Any = app.COUNTERS.get(stub.id)
    assert await again.told() == ["loading", "loaded"]
    assert await again.add() == 1
