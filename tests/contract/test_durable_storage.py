"""What a Durable Object keeps: keys and values, transactions, alarms in storage, and bookmarks."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, TypedDict

from pyworkers_sdk import (
    ConversionError,
    DurableObjectError,
    DurableObjectState,
    DurableObjectTransaction,
    RowError,
)
from tests.contract.kit import cases, only, raises

inside = only("fake", "workerd", reason="a Durable Object of ours needs a runtime to call it")

WHEN = dt.datetime(2026, 1, 2, 3, 4, 5, 678000, dt.timezone.utc)


class User(TypedDict):
    name: str
    seen: dt.datetime
    score: float


# Keys and values


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
async def test_what_is_put_comes_back(state: DurableObjectState, case: Any) -> None:
    await state.storage.put("key", case)
    for found in (
        await state.storage.get("key"),
        state.storage.kv.get("key"),
        (await state.storage.list())["key"],
        state.storage.kv.list()["key"],
        (await state.storage.get(["key"]))["key"],
    ):
        assert found == case
        assert type(found) is type(case)


@inside
async def test_what_is_got_is_a_copy(state: DurableObjectState) -> None:
    value = [1]
    await state.storage.put("key", value)
    value.append(2)
    found = await state.storage.get("key")
    found.append(3)
    assert await state.storage.get("key") == [1]


@inside
async def test_a_value_that_contains_itself(state: DurableObjectState) -> None:
    value: list[Any] = [1]
    value.append(value)
    await state.storage.put("key", value)
    found = await state.storage.get("key")
    assert found[1] is found


@inside
async def test_a_missing_key(state: DurableObjectState) -> None:
    assert await state.storage.get("key") is None
    assert state.storage.kv.get("key") is None
    assert await state.storage.get(["key"]) == {}
    assert await state.storage.get([]) == {}
    assert await state.storage.list() == {}
    assert state.storage.kv.list() == {}
    assert await state.storage.delete("key") is False
    assert state.storage.kv.delete("key") is False


@inside
async def test_many_at_once(state: DurableObjectState) -> None:
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
async def test_options(state: DurableObjectState) -> None:
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
async def test_a_value_of_a_type(state: DurableObjectState) -> None:
    user: User = {"name": "Ann", "seen": WHEN, "score": 2.0}
    await state.storage.put({"user": user, "n": 2, "when": WHEN})
    found = await state.storage.get("user", User)
    assert found == user
    assert found is not None
    assert type(found["score"]) is float
    assert state.storage.kv.get("user", User) == user
    assert await state.storage.get(["user"], User) == {"user": user}
    assert await state.storage.get("when", dt.datetime) == WHEN
    assert await state.storage.get("nothing", User) is None
    with raises(RowError, match="'n': expected an object for User, got int"):
        await state.storage.get("n", User)


@inside
async def test_a_value_that_cannot_cross(state: DurableObjectState) -> None:
    with raises(ConversionError, match=r"value\[1\]\.a: a function"):
        await state.storage.put("key", [1, {"a": lambda: 1}])
    with raises(ConversionError, match="value: an object"):
        state.storage.kv.put("key", object())
    with raises(ConversionError, match="key: expected str or a list of str, got int"):
        await state.storage.get(3)  # type: ignore[call-overload]
    with raises(ConversionError, match=r"key\[1\]: expected str, got int"):
        await state.storage.get(["a", 3])  # type: ignore[list-item]


@inside
async def test_what_is_no_key_and_value(state: DurableObjectState) -> None:
    put: Any = state.storage.put
    with raises(ConversionError, match="^key: expected str or a dict of keys and values, got int$"):
        await put(5, 1)
    for args in (["a"], [{"a": 1}, 5]):
        with raises(TypeError, match="takes a key and a value, or one dict of keys and values$"):
            await put(*args)
    assert await state.storage.list() == {}


@inside
async def test_a_live_object_is_no_value(state: DurableObjectState) -> None:
    with raises(DurableObjectError) as caught:
        await state.storage.put("key", state.id)
    assert caught.value.message == (
        'Could not serialize object of type "DurableObjectId". '
        "This type does not support serialization."
    )
    assert caught.value.js_name == "DataCloneError"


@inside
async def test_an_empty_key(state: DurableObjectState) -> None:
    await state.storage.put("", 1)
    assert await state.storage.get("") == 1
    assert await state.storage.list() == {"": 1}


# Listing

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
async def test_list(state: DurableObjectState, case: tuple[dict[str, Any], list[str]]) -> None:
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
async def test_no_listing(state: DurableObjectState, case: tuple[dict[str, Any], str]) -> None:
    options, message = case
    with raises(DurableObjectError) as caught:
        await state.storage.list(**options)
    assert caught.value.message == message
    assert caught.value.js_name == "TypeError"
    with raises(DurableObjectError) as caught:
        state.storage.kv.list(**options)
    assert caught.value.message == message


# Limits


@inside
async def test_the_largest_value(state: DurableObjectState) -> None:
    await state.storage.put("k", "x" * 2_000_000)
    with raises(DurableObjectError) as caught:
        await state.storage.put("k", "x" * 2_200_000)
    assert caught.value.message == "string or blob too big: SQLITE_TOOBIG"
    assert caught.value.code == "SQLITE_TOOBIG"


@only("fake", reason="production's limit; the local runtime has none")
async def test_the_most_keys_at_once(state: DurableObjectState) -> None:
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


# Transactions


@inside
async def test_a_transaction(state: DurableObjectState) -> None:
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
async def test_what_a_transaction_raises_undoes_it(state: DurableObjectState) -> None:
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
async def test_rollback(state: DurableObjectState) -> None:
    async def closure(txn: DurableObjectTransaction) -> str:
        await txn.put("a", 1)
        txn.rollback()
        txn.rollback()
        with raises(DurableObjectError) as caught:
            await txn.put("a", 1)
        assert caught.value.message == "Cannot put() on rolled back transaction"
        await state.storage.put("b", 1)
        return "went on"

    assert await state.storage.transaction(closure) == "went on"
    assert await state.storage.list() == {"b": 1}


@inside
@cases(["get", "list", "put", "delete", "get_alarm", "set_alarm", "delete_alarm", "rollback"])
async def test_a_transaction_that_is_over(state: DurableObjectState, case: str) -> None:
    given: dict[str, list[Any]] = {
        "get": ["a"],
        "put": ["a", 1],
        "delete": ["a"],
        "set_alarm": [WHEN],
    }
    kept: list[DurableObjectTransaction] = []

    async def closure(txn: DurableObjectTransaction) -> None:
        kept.append(txn)

    async def undone(txn: DurableObjectTransaction) -> None:
        kept.append(txn)
        txn.rollback()

    await state.storage.transaction(closure)
    await state.storage.transaction(undone)
    head, *tail = case.split("_")
    name = head + "".join(each.title() for each in tail)

    async def call(txn: DurableObjectTransaction) -> None:
        given_back = getattr(txn, case)(*given.get(case, []))
        if given_back is not None:
            await given_back

    with raises(DurableObjectError) as caught:
        await call(kept[0])
    assert caught.value.message == (
        f"Cannot call {name}() on transaction that has already committed: did you move `txn` "
        "outside of the closure?"
    )
    if case == "rollback":
        kept[1].rollback()
        return
    with raises(DurableObjectError) as caught:
        await call(kept[1])
    assert caught.value.message == f"Cannot {name}() on rolled back transaction"


@inside
async def test_a_transaction_in_another(state: DurableObjectState) -> None:
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
async def test_delete_all_in_a_transaction(state: DurableObjectState) -> None:
    async def closure(txn: DurableObjectTransaction) -> None:
        with raises(DurableObjectError) as caught:
            await state.storage.delete_all()
        assert caught.value.message == "Cannot call deleteAll() within a transaction"
        await txn.put("a", 1)

    await state.storage.transaction(closure)
    assert await state.storage.get("a") == 1


@inside
async def test_transaction_sync(state: DurableObjectState) -> None:
    storage = state.storage

    def closure() -> list[int]:
        storage.kv.put("a", 1)
        storage.sql.exec("CREATE TABLE t (x)")
        return [1]

    given = storage.transaction_sync(closure)
    assert given == [1]
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


# Everything, alarms and bookmarks


@inside
async def test_delete_all(state: DurableObjectState) -> None:
    await state.storage.put("a", 1)
    state.storage.sql.exec("CREATE TABLE t (x)")
    state.storage.sql.exec("INSERT INTO t VALUES (1)")
    await state.storage.delete_all()
    assert await state.storage.list() == {}
    assert state.storage.sql.exec("SELECT name FROM sqlite_master").raw() == []
    await state.storage.put("a", 2)
    assert state.storage.kv.get("a") == 2


@inside
async def test_when_an_alarm_cannot_be(state: DurableObjectState) -> None:
    with raises(DurableObjectError) as caught:
        await state.storage.set_alarm(dt.datetime(1969, 1, 1))
    assert caught.value.message == "setAlarm() cannot be called with an alarm time <= 0"
    with raises(ConversionError, match="scheduled_time: expected datetime or timedelta, got int"):
        await state.storage.set_alarm(60)  # type: ignore[arg-type]


@inside
async def test_bookmarks(state: DurableObjectState) -> None:
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
async def test_the_rest_of_ctx(state: DurableObjectState) -> None:
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
