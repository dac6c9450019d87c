"""Durable Objects from outside: namespaces, ids, stubs, RPC, gates, and what becomes of errors."""

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

in_a_runtime = only(
    "fake", "workerd", reason="the Node worlds run no Python that the runtime could call"
)


def counter(app: AppEnv) -> Any:
    return app.COUNTERS.get_by_name(secrets.token_hex(8))


@in_a_runtime
async def test_a_name_always_gives_the_same_id(app: AppEnv) -> None:
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
async def test_an_id_is_read_from_its_text(app: AppEnv) -> None:
    id = app.COUNTERS.id_from_name("a")
    found = app.COUNTERS.id_from_string(str(id))
    assert found == id
    assert found.name is None
    assert found.jurisdiction is None


@in_a_runtime
@cases(
    {
        "short": ("abc", "Invalid Durable Object ID: must be 64 hex digits"),
        "no-hex": ("x" * 64, "Invalid Durable Object ID: must be 64 hex digits"),
        "zeros": ("0" * 64, "Durable Object ID is not valid for this namespace."),
    }
)
async def test_what_is_no_id(app: AppEnv, case: tuple[str, str]) -> None:
    text, message = case
    with raises(DurableObjectError) as caught:
        app.COUNTERS.id_from_string(text)
    assert caught.value.message == message
    assert caught.value.js_name == "TypeError"
    assert caught.value.remote is False


@in_a_runtime
async def test_an_id_is_of_one_namespace(app: AppEnv) -> None:
    with raises(DurableObjectError) as caught:
        app.ALARMED.id_from_string(str(app.COUNTERS.id_from_name("a")))
    assert caught.value.message == "Durable Object ID is not valid for this namespace."


@in_a_runtime
async def test_unique_ids(app: AppEnv) -> None:
    one, two = app.COUNTERS.new_unique_id(), app.COUNTERS.new_unique_id()
    assert one != two
    assert one.name is None
    assert app.COUNTERS.id_from_string(str(one)) == one


@in_a_runtime
async def test_jurisdictions_are_not_there_locally(app: AppEnv) -> None:
    with raises(DurableObjectError) as caught:
        app.COUNTERS.jurisdiction("eu")
    assert caught.value.message == "Jurisdiction restrictions are not implemented in workerd."
    with raises(DurableObjectError):
        app.COUNTERS.new_unique_id(jurisdiction="eu")


@in_a_runtime
async def test_a_stub_knows_its_object(app: AppEnv) -> None:
    name = secrets.token_hex(8)
    id = app.COUNTERS.id_from_name(name)
    for made in (app.COUNTERS.get(id), app.COUNTERS.get_by_name(name, location_hint="weur")):
        stub: Any = made
        assert isinstance(stub, DurableObjectStub)
        assert stub.id == id
        assert stub.name == name
        assert isinstance(stub.id, DurableObjectId)
    stub = app.COUNTERS.get(app.COUNTERS.new_unique_id())
    assert stub.name is None


@in_a_runtime
async def test_fetch_and_rpc(app: AppEnv) -> None:
    stub = counter(app)
    response = await stub.fetch(Request("https://x/y", method="POST", body="hello"))
    assert await response.text() == f"POST hello at {stub.id}"
    assert await stub.add() == 1
    assert await stub.add(5) == 6
    assert await stub.told() == ["loading", "loaded", "https://x/y"]


@in_a_runtime
async def test_init_is_done_before_anything_comes_in(app: AppEnv) -> None:
    stub = counter(app)
    await asyncio.gather(*(stub.remember(str(n)) for n in range(5)))
    assert await stub.told() == ["loading", "loaded", *"01234"]
    assert await stub.started() == 1


@in_a_runtime
async def test_objects_are_apart(app: AppEnv) -> None:
    one, two = counter(app), counter(app)
    await one.add(1)
    await two.add(10)
    assert [await one.add(), await two.add()] == [2, 11]


@in_a_runtime
@cases(["add", "add_sql", "add_guarded"])
async def test_concurrent_increments_are_not_lost(app: AppEnv, case: str) -> None:
    stub = counter(app)
    count = 10 if case == "add_guarded" else 100
    given = await asyncio.gather(*(getattr(stub, case)() for _ in range(count)))
    assert sorted(given) == list(range(1, count + 1))


@in_a_runtime
@cases({"add_slowly": ("add_slowly", 1, 5), "add_over_kv": ("add_over_kv",)})
async def test_calls_interleave_where_no_gate_is_closed(app: AppEnv, case: Any) -> None:
    method, *args = case
    stub = counter(app)
    given = await asyncio.gather(*(getattr(stub, method)(*args) for _ in range(5)))
    assert given == [1, 1, 1, 1, 1]


@in_a_runtime
async def test_values_over_rpc(app: AppEnv) -> None:
    stub = counter(app)
    when = dt.datetime(2026, 1, 2, 3, 4, 5, 678000, dt.timezone.utc)
    for value in (None, 1, 2.5, "é", b"\x00\xff", when, [1, [None]], {"a": {"b": None}}, {1, 2}):
        assert await stub.echo(value) == value


@in_a_runtime
async def test_an_exception_comes_back(app: AppEnv) -> None:
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
async def test_what_was_cancelled_there_is_an_error_here(app: AppEnv) -> None:
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
async def test_a_closure_that_waits_is_no_transaction_sync(app: AppEnv, case: str) -> None:
    said = "transaction_sync(): cannot await an async closure; use transaction()"
    assert await counter(app).transaction_with(case) == [said, 1]


@in_a_runtime
async def test_keyword_arguments_find_their_positions(app: AppEnv) -> None:
    stub = app.COUNTERS.get_by_name(secrets.token_hex(8))
    assert await stub.add(by=2) == 2
    assert await app.COUNTERS.get(app.COUNTERS.id_from_name("a")).echo(value="x") == "x"
    with raises(TypeError, match=r"add_after\(\): parameter 'how' is keyword-only"):
        await stub.add_after(how="x")
    bare: Any = DurableObjectNamespace(app.js_object.COUNTERS)
    with raises(TypeError, match=r"add\(\): keyword arguments need the signature"):
        await bare.get_by_name("a").add(by=2)


@in_a_runtime
async def test_what_is_no_id_is_refused(app: AppEnv) -> None:
    name: Any = "a"
    with raises(ConversionError, match="^id: expected a DurableObjectId, got str; get_by_name"):
        app.COUNTERS.get(name)
    nothing: Any = None
    with raises(DurableObjectError, match="parameter 1 is not of type 'DurableObjectId'") as caught:
        app.COUNTERS.get(nothing)
    assert caught.value.js_name == "TypeError"


@in_a_runtime
async def test_a_method_that_is_not_there(app: AppEnv) -> None:
    stub = counter(app)
    with raises(DurableObjectError) as caught:
        await stub.nope()
    assert "nope" in caught.value.message


@in_a_runtime
async def test_an_exception_leaves_the_instance_and_what_was_put(app: AppEnv) -> None:
    stub = counter(app)
    await stub.remember("x")
    with raises(DurableObjectError):
        await stub.put_and_fail()
    assert await stub.add() == 1001
    assert await stub.told() == ["loading", "loaded", "x"]


@in_a_runtime
async def test_an_exception_in_block_concurrency_while_resets(app: AppEnv) -> None:
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


@only("fake", "workerd-314", reason="in one real world is enough, where it takes half a minute")
async def test_block_concurrency_while_takes_half_a_minute_at_most(app: AppEnv, wait: Any) -> None:
    stub = counter(app)
    assert await stub.add() == 1
    blocking = asyncio.ensure_future(stub.block(100)._awaited())
    await asyncio.sleep(0.05)
    behind = asyncio.ensure_future(stub.add()._awaited())
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
async def test_abort(app: AppEnv, case: str | None) -> None:
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
async def test_what_is_stored_when_the_object_is_reset(app: AppEnv, case: Any) -> None:
    method, args, count = case
    stub = counter(app)
    with raises(DurableObjectError, match="later"):
        await getattr(stub, method)(*args)
    again: Any = app.COUNTERS.get(stub.id)
    assert await again.add() == count


@in_a_runtime
async def test_awaiting_nothing_outside_lets_nobody_in(app: AppEnv) -> None:
    stub = counter(app)
    given = await asyncio.gather(*(stub.add_after() for _ in range(20)))
    assert given == [*range(1, 21)]


# Alarms


def alarmed(app: AppEnv) -> Any:
    return app.ALARMED.get_by_name(secrets.token_hex(8))


@in_a_runtime
async def test_an_alarm_goes_off_once(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    assert await stub.when() is None
    when = await stub.set(200)
    assert await stub.when() == when
    assert await stub.calls() == []
    await wait(0.5)
    assert await stub.calls() == [[False, 0, when, True]]
    assert await stub.when() is None
    await wait(0.3)
    assert len(await stub.calls()) == 1


@in_a_runtime
async def test_an_alarm_is_replaced(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    await stub.set(100)
    when = await stub.set(400)
    await wait(0.25)
    assert await stub.calls() == []
    await wait(0.4)
    assert await stub.calls() == [[False, 0, when, True]]


@in_a_runtime
async def test_an_alarm_is_called_off(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    await stub.set(100)
    await stub.unset()
    assert await stub.when() is None
    await wait(0.3)
    assert await stub.calls() == []


@in_a_runtime
async def test_an_alarm_that_is_past(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    when = await stub.set(-60_000)
    await wait(0.2)
    [[_, _, scheduled, _]] = await stub.calls()
    assert scheduled >= (when or 0)


@in_a_runtime
async def test_an_alarm_sets_the_next(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    await stub.set(20, 0, 2)
    for _ in range(3):
        await wait(0.2)
    calls = await stub.calls()
    assert [call[:2] for call in calls] == [[False, 0]] * 3
    assert calls[0][2] < calls[1][2] < calls[2][2]


@in_a_runtime
async def test_an_alarm_that_fails_comes_again(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    when = await stub.set(20, 1)
    await wait(0.5)
    assert await stub.calls() == [[False, 0, when, True]]
    assert await stub.when() == when
    await wait(2.5)
    assert await stub.calls() == [[False, 0, when, True], [True, 1, when, True]]
    assert await stub.when() is None


@in_a_runtime
async def test_an_alarm_that_fails_is_replaced(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    await stub.set(20, 1)
    await wait(0.5)
    await stub.set(100)
    # the local runtime has the retry take the new one's place
    await wait(3)
    assert len(await stub.calls()) == 2
    assert await stub.when() is None


@in_a_runtime
async def test_an_alarm_that_fails_is_called_off(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    await stub.set(20, 1)
    await wait(0.5)
    await stub.unset()
    assert await stub.when() is None
    await wait(2.5)
    assert len(await stub.calls()) == 1


@only("fake", reason="the harness gives an object of workerd's every method")
async def test_a_class_without_alarm(app: AppEnv) -> None:
    with raises(DurableObjectError) as caught:
        await counter(app).set_alarm()
    assert caught.value.message == (
        "Your Durable Object class must have an alarm() handler in order to call setAlarm()"
    )


@in_a_runtime
async def test_an_alarm_that_resets_its_object(app: AppEnv, wait: Any) -> None:
    stub = alarmed(app)
    when = await stub.set(20, -1)
    await wait(0.5)
    assert await app.ALARMED.get(stub.id).calls() == [[False, 0, when, True]]
    await wait(2.5)
    again = app.ALARMED.get(stub.id)
    assert await again.calls() == [[False, 0, when, True], [True, 1, when, True]]
    assert await again.when() == when


@only("fake", reason="the option is newer than this workerd, which calls the alarm again")
async def test_an_alarm_that_resets_its_object_and_is_not_to_come_again(
    app: AppEnv, wait: Any
) -> None:
    stub = alarmed(app)
    await stub.set(20, -2)
    for _ in range(3):
        await wait(2.5)
    again = app.ALARMED.get(stub.id)
    assert len(await again.calls()) == 1
    assert await again.when() is None


# Where the start, or the end, goes wrong


@in_a_runtime
@cases(
    {"no": ("no-", "ValueError: no start", True), "b": ("blocks-", "ValueError: no load", False)}
)
async def test_an_object_that_does_not_start(app: AppEnv, case: tuple[str, str, bool]) -> None:
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
async def test_what_cannot_be_stored_resets_the_object(app: AppEnv, case: float) -> None:
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


# Storage without SQLite


@in_a_runtime
async def test_a_class_without_sqlite(app: AppEnv) -> None:
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


@only("fake", reason="production's limits; the local runtime has none")
async def test_the_limits_without_sqlite(app: AppEnv) -> None:
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
async def test_sql_that_rolls_back_itself_resets_the_object(app: AppEnv, case: str) -> None:
    stub = counter(app)
    await stub.remember("x")
    with raises(DurableObjectError, match=r"^internal error; reference = \w+$"):
        await stub.conflict(case)
    again: Any = app.COUNTERS.get(stub.id)
    assert await again.told() == ["loading", "loaded"]
    assert await again.add() == 1
