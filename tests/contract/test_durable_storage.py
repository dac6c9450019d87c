"""The storage of a Durable Object: keys and values, transactions, alarms and bookmarks."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, TypedDict

from pyworkers_sdk import (
    Blob,
    ConversionError,
    DurableObjectError,
    DurableObjectState,
    DurableObjectTransaction,
    Headers,
    Response,
    RowError,
)
from tests.contract.kit import cases, only, raises

inside = only("fake", "workerd", reason="in the Node worlds the runtime cannot call Python")

WHEN = dt.datetime(2026, 1, 2, 3, 4, 5, 678000, dt.timezone.utc)


class User(TypedDict):
    name: str
    seen: dt.datetime
    score: float


# Keys and values ---------------------------------------------------------------------------------


@inside
@cases(
    {
        "text": "é\0",
        "none": None,
        "true": True,
        "int": 3,
        "big-int": 2**70,
        "negative-big-int": -(2**53),
        "float": 2.5,
        "bytes": b"\x00\xff",
        "no-bytes": b"",
        "datetime": WHEN,
        "list": [1, [None, "a"]],
        "dict": {"a": {"constructor": [None]}, "b": WHEN},
        "set": {1, "a"},
        "nested": {"bytes": [b"a"], "set": {1}},
    }
)
async def test_value_round_trips_with_its_type(state: DurableObjectState, case: Any) -> None:
    await state.storage.put("key", case)
    for value in (
        await state.storage.get("key"),
        state.storage.kv.get("key"),
        (await state.storage.list())["key"],
        state.storage.kv.list()["key"],
        (await state.storage.get(["key"]))["key"],
    ):
        assert value == case
        assert type(value) is type(case)


@inside
async def test_get_returns_a_copy(state: DurableObjectState) -> None:
    value = [1]
    await state.storage.put("key", value)
    value.append(2)
    stored = await state.storage.get("key")
    stored.append(3)
    assert await state.storage.get("key") == [1]


@inside
async def test_value_may_contain_itself(state: DurableObjectState) -> None:
    value: list[Any] = [1]
    value.append(value)
    await state.storage.put("key", value)
    stored = await state.storage.get("key")
    assert stored[1] is stored


@inside
async def test_missing_key_gives_none(state: DurableObjectState) -> None:
    assert await state.storage.get("key") is None
    assert state.storage.kv.get("key") is None
    assert await state.storage.get(["key"]) == {}
    assert await state.storage.get([]) == {}
    assert await state.storage.list() == {}
    assert state.storage.kv.list() == {}
    assert await state.storage.delete("key") is False
    assert state.storage.kv.delete("key") is False


@inside
async def test_several_keys_at_once(state: DurableObjectState) -> None:
    await state.storage.put({"b": 1, "a": None, "c": [2]})
    assert list((await state.storage.get(["c", "x", "b", "a"])).items()) == [
        ("a", None),
        ("b", 1),
        ("c", [2]),
    ]
    assert await state.storage.delete(["a", "x", "b"]) == 2
    assert await state.storage.list() == {"c": [2]}
    await state.storage.put({})


@inside
async def test_options_are_accepted_by_every_method(state: DurableObjectState) -> None:
    options: dict[str, Any] = {"allow_concurrency": True, "no_cache": True}
    writing: dict[str, Any] = {"allow_unconfirmed": True, **options}
    await state.storage.put("a", 1, **writing)
    await state.storage.put({"b": 2}, **writing)
    assert await state.storage.get("a", **options) == 1
    assert await state.storage.get(["a"], **options) == {"a": 1}
    assert await state.storage.list(**options) == {"a": 1, "b": 2}
    assert await state.storage.delete("a", **writing) is True
    await state.storage.sync()
    await state.storage.delete_all(**writing)
    assert await state.storage.list() == {}


@inside
async def test_value_is_loaded_as_the_requested_type(state: DurableObjectState) -> None:
    user: User = {"name": "Ann", "seen": WHEN, "score": 2.0}
    await state.storage.put({"user": user, "n": 2, "when": WHEN})
    stored = await state.storage.get("user", User)
    assert stored == user
    assert stored is not None
    assert type(stored["score"]) is float
    assert state.storage.kv.get("user", User) == user
    assert await state.storage.get(["user"], User) == {"user": user}
    assert await state.storage.get("when", dt.datetime) == WHEN
    assert await state.storage.get("nothing", User) is None
    with raises(RowError, match="'n': expected an object for User, got int"):
        await state.storage.get("n", User)


@inside
async def test_invalid_key_or_value_raises_conversion_error(state: DurableObjectState) -> None:
    with raises(ConversionError, match=r"value\[1\]\.a: a function"):
        await state.storage.put("key", [1, {"a": lambda: 1}])
    with raises(ConversionError, match="value: an object"):
        state.storage.kv.put("key", object())
    with raises(ConversionError, match="key: expected str or a list of str, got int"):
        await state.storage.get(3)  # type: ignore[call-overload]
    with raises(ConversionError, match=r"key\[1\]: expected str, got int"):
        await state.storage.get(["a", 3])  # type: ignore[list-item]


@inside
async def test_put_with_wrong_arguments_raises(state: DurableObjectState) -> None:
    put: Any = state.storage.put
    with raises(ConversionError, match="^key: expected str or a dict of keys and values, got int$"):
        await put(5, 1)
    for args in (["a"], [{"a": 1}, 5]):
        with raises(TypeError, match="takes a key and a value, or one dict of keys and values$"):
            await put(*args)
    assert await state.storage.list() == {}


@inside
async def test_put_of_a_live_object_raises_data_clone_error(state: DurableObjectState) -> None:
    with raises(DurableObjectError) as caught:
        await state.storage.put("key", state.id)
    assert caught.value.message == (
        'Could not serialize object of type "DurableObjectId". '
        "This type does not support serialization."
    )
    assert caught.value.js_name == "DataCloneError"


@inside
@cases(["Response", "Headers", "Blob"])
async def test_put_of_an_object_without_a_class_on_return_is_refused(
    state: DurableObjectState, case: str
) -> None:
    live = {"Response": Response("x"), "Headers": Headers(), "Blob": Blob([b"x"])}[case]
    reason = f"a {case} cannot cross to JavaScript here"
    with raises(ConversionError, match=rf"^value\.a: {reason}"):
        await state.storage.put("key", {"a": live})
    with raises(ConversionError, match=rf"^entries\.key: {reason}"):
        await state.storage.put({"key": live})
    with raises(ConversionError, match=f"^value: {reason}"):
        state.storage.kv.put("key", live)
    assert await state.storage.list() == {}


@inside
async def test_key_may_be_empty(state: DurableObjectState) -> None:
    await state.storage.put("", 1)
    assert await state.storage.get("") == 1
    assert await state.storage.list() == {"": 1}


# Listing -----------------------------------------------------------------------------------------

KEYS = ["a", "a\0", "aa", "ab", "b", "é", "\uffff", "😀"]

RANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "all": ({}, KEYS),
    "start": ({"start": "ab"}, KEYS[3:]),
    "start-between": ({"start": "ac"}, KEYS[4:]),
    "start-after": ({"start_after": "ab"}, KEYS[4:]),
    "start-after-nul": ({"start_after": "a"}, KEYS[1:]),
    "end": ({"end": "ab"}, KEYS[:3]),
    "both": ({"start": "aa", "end": "b"}, ["aa", "ab"]),
    "the-wrong-way": ({"start": "b", "end": "a"}, []),
    "the-same": ({"start": "b", "end": "b"}, []),
    "prefix": ({"prefix": "a"}, KEYS[:4]),
    "prefix-none": ({"prefix": "x"}, []),
    "prefix-empty": ({"prefix": ""}, KEYS),
    "prefix-start": ({"prefix": "a", "start": "aa"}, ["aa", "ab"]),
    "prefix-start-before": ({"prefix": "b", "start": "a"}, ["b"]),
    "prefix-start-after": ({"prefix": "a", "start": "b"}, []),
    "prefix-end": ({"prefix": "a", "end": "ab"}, KEYS[:3]),
    "prefix-end-before": ({"prefix": "b", "end": "a"}, []),
    "reverse": ({"reverse": True}, KEYS[::-1]),
    "reverse-limit": ({"reverse": True, "limit": 2}, ["😀", "\uffff"]),
    "reverse-prefix": ({"reverse": True, "prefix": "a", "limit": 1}, ["ab"]),
    "limit": ({"limit": 2}, KEYS[:2]),
    "limit-prefix": ({"limit": 2, "prefix": "a", "start_after": "a"}, ["a\0", "aa"]),
}


@inside
@cases(RANGES)
async def test_list_returns_the_keys_of_a_range(
    state: DurableObjectState, case: tuple[dict[str, Any], list[str]]
) -> None:
    options, keys = case
    await state.storage.put({key: key for key in KEYS})
    assert list((await state.storage.list(**options)).items()) == [(key, key) for key in keys]
    assert list(state.storage.kv.list(**options)) == keys


@inside
@cases(
    {
        "none": ({"limit": 0}, "List limit must be positive."),
        "negative": ({"limit": -1}, "List limit must be positive."),
        "starts": (
            {"start": "a", "start_after": "b"},
            "list() cannot be called with both start and startAfter values.",
        ),
    }
)
async def test_invalid_options_of_list_raise(
    state: DurableObjectState, case: tuple[dict[str, Any], str]
) -> None:
    options, message = case
    with raises(DurableObjectError) as caught:
        await state.storage.list(**options)
    assert caught.value.message == message
    assert caught.value.js_name == "TypeError"
    with raises(DurableObjectError) as caught:
        state.storage.kv.list(**options)
    assert caught.value.message == message


# Limits ------------------------------------------------------------------------------------------


@inside
async def test_value_larger_than_2_mb_raises(state: DurableObjectState) -> None:
    await state.storage.put("k", "x" * 2_000_000)
    with raises(DurableObjectError) as caught:
        await state.storage.put("k", "x" * 9_000_000)  # workerd's limit is 8 MiB
    assert caught.value.message == "string or blob too big: SQLITE_TOOBIG"
    assert caught.value.code == "SQLITE_TOOBIG"


@only("fake", reason="production's limit: the local runtime does not have it")
async def test_more_than_128_keys_at_once_raise(state: DurableObjectState) -> None:
    keys = [str(n) for n in range(129)]
    for call in (state.storage.get(keys), state.storage.delete(keys)):
        with raises(DurableObjectError) as caught:
            await call
        assert caught.value.message == "Maximum number of keys is 128."
        assert caught.value.js_name == "RangeError"
    with raises(DurableObjectError, match="Maximum number of pairs is 128."):
        await state.storage.put(dict.fromkeys(keys, 1))
    await state.storage.put(dict.fromkeys(keys[1:], 1))
    assert len(await state.storage.get(keys[1:])) == 128


# Transactions ------------------------------------------------------------------------------------


@inside
async def test_transaction_stores_its_writes_and_returns_the_result(
    state: DurableObjectState,
) -> None:
    async def closure(txn: DurableObjectTransaction) -> str:
        await txn.put({"a": 1, "b": 2})
        assert await txn.delete("b") is True
        assert await txn.get("a") == 1
        assert await txn.list() == {"a": 1}
        assert await state.storage.get("a") == 1
        state.storage.sql.exec("CREATE TABLE t (x)")
        return "done"

    assert await state.storage.transaction(closure) == "done"
    assert await state.storage.list() == {"a": 1}
    assert state.storage.sql.exec("SELECT * FROM t").raw() == []


@inside
async def test_exception_in_a_transaction_undoes_its_writes(state: DurableObjectState) -> None:
    await state.storage.put("a", 0)
    error = ValueError("no")

    async def closure(txn: DurableObjectTransaction) -> None:
        await txn.put("a", 1)
        state.storage.kv.put("b", 1)
        await state.storage.set_alarm(dt.timedelta(hours=1))
        await asyncio.sleep(0.001)
        raise error

    with raises(ValueError) as caught:
        await state.storage.transaction(closure)
    assert caught.value is error
    assert await state.storage.list() == {"a": 0}
    assert await state.storage.get_alarm() is None


@inside
async def test_rollback_undoes_writes_and_ends_the_transaction(state: DurableObjectState) -> None:
    async def closure(txn: DurableObjectTransaction) -> str:
        await txn.put("a", 1)
        txn.rollback()
        txn.rollback()
        with raises(DurableObjectError) as caught:
            await txn.put("a", 1)
        assert caught.value.message == "Cannot put() on rolled back transaction"
        await state.storage.put("b", 1)
        return "continued"

    assert await state.storage.transaction(closure) == "continued"
    assert await state.storage.list() == {"b": 1}


@inside
@cases(["get", "list", "put", "delete", "get_alarm", "set_alarm", "delete_alarm", "rollback"])
async def test_finished_transaction_refuses_every_method(
    state: DurableObjectState, case: str
) -> None:
    arguments: dict[str, list[Any]] = {
        "get": ["a"],
        "put": ["a", 1],
        "delete": ["a"],
        "set_alarm": [WHEN],
    }
    transactions: list[DurableObjectTransaction] = []

    async def closure(txn: DurableObjectTransaction) -> None:
        transactions.append(txn)

    async def rolled_back(txn: DurableObjectTransaction) -> None:
        transactions.append(txn)
        txn.rollback()

    await state.storage.transaction(closure)
    await state.storage.transaction(rolled_back)
    head, *tail = case.split("_")
    js_name = head + "".join(part.title() for part in tail)

    async def call(txn: DurableObjectTransaction) -> None:
        result = getattr(txn, case)(*arguments.get(case, []))
        if result is not None:
            await result

    with raises(DurableObjectError) as caught:
        await call(transactions[0])
    assert caught.value.message == (
        f"Cannot call {js_name}() on transaction that has already committed: did you move `txn` "
        "outside of the closure?"
    )
    if case == "rollback":
        transactions[1].rollback()
        return
    with raises(DurableObjectError) as caught:
        await call(transactions[1])
    assert caught.value.message == f"Cannot {js_name}() on rolled back transaction"


@inside
async def test_nested_transaction_is_undone_separately(state: DurableObjectState) -> None:
    async def failing(txn: DurableObjectTransaction) -> None:
        await txn.put("a", 2)
        raise ValueError("inner")

    async def inner(txn: DurableObjectTransaction) -> None:
        await txn.put("b", 2)

    async def outer(txn: DurableObjectTransaction) -> None:
        await txn.put("a", 1)
        with raises(ValueError):
            await state.storage.transaction(failing)
        await state.storage.transaction(inner)
        assert await txn.get(["a", "b"]) == {"a": 1, "b": 2}

    await state.storage.transaction(outer)
    assert await state.storage.list() == {"a": 1, "b": 2}


@inside
async def test_delete_all_within_a_transaction_raises(state: DurableObjectState) -> None:
    async def closure(txn: DurableObjectTransaction) -> None:
        with raises(DurableObjectError) as caught:
            await state.storage.delete_all()
        assert caught.value.message == "Cannot call deleteAll() within a transaction"
        await txn.put("a", 1)

    await state.storage.transaction(closure)
    assert await state.storage.get("a") == 1


@inside
async def test_transaction_sync_stores_or_undoes_its_writes(state: DurableObjectState) -> None:
    storage = state.storage

    def closure() -> list[int]:
        storage.kv.put("a", 1)
        storage.sql.exec("CREATE TABLE t (x)")
        return [1]

    assert storage.transaction_sync(closure) == [1]
    error = ValueError("no")

    def failing() -> None:
        storage.kv.put("a", 2)
        storage.sql.exec("INSERT INTO t VALUES (1)")
        storage.transaction_sync(lambda: storage.kv.put("b", 1))
        raise error

    with raises(ValueError) as caught:
        storage.transaction_sync(failing)
    assert caught.value is error
    assert await storage.list() == {"a": 1}
    assert storage.sql.exec("SELECT * FROM t").raw() == []


# Deleting everything, alarms, bookmarks and the rest of ctx --------------------------------------


@inside
async def test_delete_all_deletes_keys_and_tables(state: DurableObjectState) -> None:
    await state.storage.put("a", 1)
    state.storage.sql.exec("CREATE TABLE t (x)")
    state.storage.sql.exec("INSERT INTO t VALUES (1)")
    await state.storage.delete_all()
    assert await state.storage.list() == {}
    assert state.storage.sql.exec("SELECT name FROM sqlite_master").raw() == []
    await state.storage.put("a", 2)
    assert state.storage.kv.get("a") == 2


@inside
async def test_set_alarm_with_an_invalid_time_raises(state: DurableObjectState) -> None:
    with raises(DurableObjectError) as caught:
        await state.storage.set_alarm(dt.datetime(1969, 1, 1, tzinfo=dt.timezone.utc))
    assert caught.value.message == "setAlarm() cannot be called with an alarm time <= 0"
    with raises(ConversionError, match="scheduled_time: expected datetime or timedelta, got int"):
        await state.storage.set_alarm(60)  # type: ignore[arg-type]
    with raises(ConversionError, match="^scheduled_time: expected an aware datetime, got a naive"):
        await state.storage.set_alarm(dt.datetime(2030, 1, 1))
    with raises(ConversionError, match="^scheduled_time: it is beyond the year 9999"):
        await state.storage.set_alarm(dt.timedelta.max)
    assert await state.storage.get_alarm() is None


@inside
async def test_bookmarks_cannot_be_restored(state: DurableObjectState) -> None:
    bookmark = await state.storage.get_current_bookmark()
    assert [len(part) for part in bookmark.split("-")] == [8, 8, 8, 32]
    for call in (
        state.storage.get_bookmark_for_time(WHEN),
        state.storage.on_next_session_restore_bookmark(bookmark),
    ):
        with raises(DurableObjectError) as caught:
            await call
        assert caught.value.message == (
            "This Durable Object's storage back-end does not implement point-in-time recovery."
        )


@inside
async def test_ctx_has_id_props_exports_and_wait_until(state: DurableObjectState) -> None:
    assert state.id.name is None
    assert len(str(state.id)) == 64
    assert state.props == {}
    assert await state.exports.Callee.add(1, 2) == 3
    assert state.js_object is not None
    assert state.storage.js_object is not None
    assert state.storage.kv.js_object is not None
    assert state.storage.sql.js_object is not None
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    state.wait_until(work())
    await asyncio.sleep(0.01)
    assert done == [1]
