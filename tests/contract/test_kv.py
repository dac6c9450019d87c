"""The behaviour of Workers KV, seen in every world."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, Literal, TypedDict

from pyworkers_sdk import KV
from pyworkers_sdk.errors import BindingError, ConversionError, KVError, RowError, StreamError
from tests.contract.kit import cases, not_in, only, raises

MIB = 1024 * 1024
LIMIT = 25 * MIB


class User(TypedDict):
    name: str
    score: float


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def broken() -> AsyncIterator[bytes]:
    yield b"half"
    raise ValueError("the source broke off")


async def names(kv: KV, prefix: str | None = None) -> list[str]:
    return [key.name async for key in kv.keys(prefix=prefix)]


def soon(seconds: int) -> int:
    return int(time.time()) + seconds


# Values ------------------------------------------------------------------------------------------

KINDS: dict[str, Any] = {
    "text": "text",
    "bytes": "bytes",
    "json": "json",
    "stream": "stream",
    "row": User,
}


@cases(KINDS)
async def test_a_missing_key_is_none(kv: KV, case: Any) -> None:
    assert await kv.get("nope", case) is None


@cases(KINDS)
async def test_a_missing_key_has_no_metadata(kv: KV, case: Any) -> None:
    assert await kv.get_with_metadata("nope", case) == (None, None, None)


TEXTS = {
    "plain": "plain",
    "empty": "",
    "space": " ",
    "nul": "\0a\0",
    "lines": "a\r\nb\n",
    "accents": "é e\u0301",
    "astral": "😀\U0010ffff",
    "byte-order-mark": "\ufeffa",
    "line-separators": "\u2028\u2029",
    "mebibyte": "0123456789abcdef" * (MIB // 16),
}


@cases(TEXTS)
async def test_text_comes_back_and_is_stored_as_utf8(kv: KV, case: str) -> None:
    await kv.put("k", case)
    assert await kv.get("k") == case
    assert await kv.get("k", "bytes") == case.encode()


BYTES = {
    "empty": b"",
    "nul": b"\0",
    "every": bytes(range(256)),
    "not-utf8": b"\xff\xfe\x80",
    "mebibyte": bytes(range(256)) * (MIB // 256),
}


@cases(BYTES)
async def test_bytes_come_back(kv: KV, case: bytes) -> None:
    await kv.put("k", case)
    found = await kv.get("k", "bytes")
    assert found == case
    assert type(found) is bytes


@cases({"bytearray": bytearray(b"\1\2\3"), "memoryview": memoryview(b"0\1\2\3")[1:]})
async def test_any_buffer_is_stored_as_its_bytes(kv: KV, case: bytearray | memoryview) -> None:
    await kv.put("k", case)
    assert await kv.get("k", "bytes") == b"\1\2\3"


@cases(
    {
        "lone": (b"\x80", "\ufffd"),
        "cut-short": (b"a\xe2\x9c", "a\ufffd"),
        "cut-short-astral": (b"\xf0\x9f\x98!", "\ufffd!"),
        "surrogate": (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        "overlong": (b"\xc0\x80", "\ufffd\ufffd"),
        "never": (b"\xff\xfe", "\ufffd\ufffd"),
    }
)
async def test_bytes_that_are_not_utf8_read_as_replacement_characters(
    kv: KV, case: tuple[bytes, str]
) -> None:
    data, expected = case
    await kv.put("k", data)
    assert await kv.get("k") == expected
    assert await kv.get(["k"]) == {"k": expected}


async def test_metadata_has_the_order_of_javascript(kv: KV) -> None:
    await kv.put("k", "", metadata={"b": 1, "10": {"1": 0, "0": 0}, "2": 3})
    found = await kv.get_with_metadata("k")
    assert [*found.metadata] == ["2", "10", "b"]
    assert [*found.metadata["10"]] == ["0", "1"]
    (key,) = (await kv.list()).keys
    assert [*key.metadata] == ["2", "10", "b"]


async def test_a_put_replaces_value_metadata_and_expiration(kv: KV) -> None:
    await kv.put("k", "1", metadata={"a": 1}, expiration_ttl=600)
    await kv.put("k", "2")
    assert await kv.get_with_metadata("k") == ("2", None, None)
    assert (await kv.list()).keys == [("k", None, None)]


async def test_calls_run_concurrently(kv: KV) -> None:
    await asyncio.gather(*(kv.put(f"k{number}", str(number)) for number in range(20)))
    found = await asyncio.gather(*(kv.get(f"k{number}") for number in range(20)))
    assert found == [str(number) for number in range(20)]


async def test_a_value_of_25_mib_is_stored(kv: KV) -> None:
    await kv.put("k", bytes(LIMIT))
    assert len(await kv.get("k", "bytes") or b"") == LIMIT


async def test_a_value_above_25_mib_is_refused_and_changes_nothing(kv: KV) -> None:
    await kv.put("k", "old")
    with raises(KVError) as caught:
        await kv.put("k", bytes(LIMIT + 1))
    assert str(caught.value) == (
        "KV PUT failed: 413 Value length of 26214401 exceeds limit of 26214400."
    )
    assert caught.value.code == 413
    assert await kv.get("k") == "old"


async def test_the_value_limit_counts_bytes_not_characters(kv: KV) -> None:
    with raises(KVError, match="413 Value length of 26214402 exceeds limit of 26214400"):
        await kv.put("k", "é" * (LIMIT // 2 + 1))


@cases(
    {
        "none": None,
        "int": 5,
        "float": 1.5,
        "bool": True,
        "dict": {"a": 1},
        "list": [b"a"],
        "iterator": iter([b"a"]),
        "object": object(),
    }
)
async def test_only_text_bytes_and_streams_are_values(kv: KV, case: Any) -> None:
    with raises(ConversionError, match="^value: expected str, bytes or a stream"):
        await kv.put("k", case)
    assert await kv.get("k") is None


async def test_a_lone_surrogate_in_a_value_is_refused(kv: KV) -> None:
    with raises(ConversionError, match="^value: .*lone surrogate"):
        await kv.put("k", "a\ud800")
    assert await kv.get("k") is None


@cases({"one": "k", "many": ["k"]})
async def test_an_unknown_type_is_refused(kv: KV, case: Any) -> None:
    kind: Any = "blob"
    with raises(ConversionError, match="^type: expected .*, got 'blob'"):
        await kv.get(case, kind)


async def test_an_unknown_option_is_refused(kv: KV) -> None:
    options: dict[str, Any] = {"ttl": 60}
    with raises(TypeError, match="ttl"):
        await kv.put("k", "v", **options)
    assert await kv.get("k") is None


# JSON and rows -----------------------------------------------------------------------------------


JSON_TEXTS: dict[str, tuple[str, Any]] = {
    "object": ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
    "integral-float": ("[1.0]", [1.0]),
    "large-integer": ("9007199254740993", 9007199254740993),
    "text": ('"é😀\\u0000"', "é😀\0"),
    "true": ("true", True),
    "null": ("null", None),
    "odd-keys": (
        '{"constructor": 1, "__proto__": 2, "": 3, "1": 4}',
        {"constructor": 1, "__proto__": 2, "": 3, "1": 4},
    ),
    "white-space": (" \n[ ]\t", []),
}


@cases(JSON_TEXTS)
async def test_json_is_parsed(kv: KV, case: tuple[str, Any]) -> None:
    text, expected = case
    await kv.put("k", text)
    found = await kv.get("k", "json")
    assert found == expected
    assert repr(found) == repr(expected)
    assert await kv.get(["k"], "json") == {"k": expected}


@cases({"empty": "", "text": "abc", "nan": "[NaN]", "rest": "1 2", "single-quotes": "{'a': 1}"})
async def test_invalid_json_raises_an_error_that_names_the_key(kv: KV, case: str) -> None:
    await kv.put("the key", case)
    with raises(KVError, match="the value of 'the key' is not JSON") as caught:
        await kv.get("the key", "json")
    assert isinstance(caught.value, RowError)
    assert caught.value.js_name == "SyntaxError"
    with raises(KVError, match="the value of 'the key' is not JSON"):
        await kv.get(["other", "the key"], "json")


@cases({"text": "abc", "nan": "NaN", "deep": "[" * 1001 + "]" * 1001})
async def test_invalid_json_is_a_row_error_for_a_row_type(kv: KV, case: str) -> None:
    await kv.put("k", case)
    with raises(RowError, match="^the value of 'k' is not JSON: "):
        await kv.get("k", list[int])


async def test_json_loads_as_a_row_type(kv: KV) -> None:
    await kv.put("k", '{"name": "Ada", "score": 2}')
    user = await kv.get("k", User)
    assert user == {"name": "Ada", "score": 2.0}
    assert user is not None
    assert type(user["score"]) is float


async def test_many_keys_load_as_a_row_type(kv: KV) -> None:
    await kv.put("a", '{"name": "Ada", "score": 2}')
    assert await kv.get(["a", "b"], User) == {"a": {"name": "Ada", "score": 2.0}, "b": None}


async def test_a_row_comes_with_its_metadata(kv: KV) -> None:
    await kv.put("k", '{"name": "Ada", "score": 2}', metadata=[1])
    found = await kv.get_with_metadata("k", User)
    assert found == ({"name": "Ada", "score": 2.0}, [1], None)


@cases({"one": "k", "many": ["k"]})
async def test_a_value_that_does_not_fit_the_row_type_raises(kv: KV, case: Any) -> None:
    await kv.put("k", '{"name": "Ada", "score": "high"}')
    with raises(RowError, match="'k'.*score"):
        await kv.get(case, User)


# Streams -----------------------------------------------------------------------------------------


@cases({"empty": b"", "small": b"abc", "mebibyte": bytes(range(256)) * (MIB // 256)})
async def test_a_value_is_read_as_a_stream(kv: KV, case: bytes) -> None:
    await kv.put("k", case)
    stream = await kv.get("k", "stream")
    assert stream is not None
    assert b"".join([chunk async for chunk in stream]) == case


async def test_a_stream_is_read_once(kv: KV) -> None:
    await kv.put("k", "abc")
    stream = await kv.get("k", "stream")
    assert stream is not None
    reading = aiter(stream)
    assert await anext(reading) == b"abc"
    assert stream.locked
    with raises(StreamError, match="locked"):
        await stream.bytes()
    assert [chunk async for chunk in reading] == []


@not_in("node", reason="miniflare's proxy gives this one in Node's Buffers, which Pyodide refuses")
async def test_a_stream_comes_with_its_metadata(kv: KV) -> None:
    await kv.put("k", "é", metadata={"a": 1})
    found = await kv.get_with_metadata("k", "stream")
    assert found.metadata == {"a": 1}
    assert found.value is not None
    assert await found.value.text() == "é"


async def test_a_stream_of_one_key_is_put_under_another(kv: KV) -> None:
    await kv.put("a", bytes(range(256)))
    stream = await kv.get("a", "stream")
    assert stream is not None
    await kv.put("b", stream)
    assert await kv.get("b", "bytes") == bytes(range(256))


@cases(
    {
        "nothing": [],
        "an-empty-chunk": [b""],
        "chunks": [b"ab", b"", b"c\0", b"\xff"],
        "large-chunks": [bytes(100_000), b"x" * 100_000],
    }
)
async def test_an_async_iterator_is_stored(kv: KV, case: list[bytes]) -> None:
    await kv.put("k", chunks(*case))
    assert await kv.get("k", "bytes") == b"".join(case)


async def test_a_stream_has_metadata_and_an_end_like_any_value(kv: KV) -> None:
    await kv.put("k", chunks(b"a"), metadata=1, expiration=soon(600))
    (key,) = (await kv.list()).keys
    assert key.metadata == 1
    assert key.expiration is not None


async def test_a_stream_above_25_mib_is_refused_and_changes_nothing(kv: KV) -> None:
    await kv.put("k", "old")
    with raises(KVError, match="413 Value length of 26214401 exceeds limit of 26214400") as caught:
        await kv.put("k", chunks(*[bytes(5 * MIB)] * 5, b"x"))
    assert caught.value.code == 413
    assert await kv.get("k") == "old"


async def test_a_stream_that_breaks_off_raises(kv: KV) -> None:
    with raises(KVError):
        await kv.put("k", broken())


@not_in("node", reason="miniflare's proxy passes a stream on by fetch, which knows no reason")
async def test_a_stream_that_breaks_off_reports_the_reason(kv: KV) -> None:
    with raises(KVError, match="ValueError: the source broke off"):
        await kv.put("k", broken())


@only("fake", reason="a local runtime stores what came before the break; production is not seen")
async def test_a_stream_that_breaks_off_changes_nothing(kv: KV) -> None:
    await kv.put("k", "old", metadata=1)
    with raises(KVError):
        await kv.put("k", broken())
    assert await kv.get_with_metadata("k") == ("old", 1, None)


# Keys --------------------------------------------------------------------------------------------

ODD_KEYS = {
    "slash": "/",
    "path": "a/b//c/",
    "dots": "a/../b",
    "three-dots": "...",
    "space": " ",
    "question": "a?b=c&d",
    "hash": "#",
    "percent": "%",
    "encoded-slash": "%2F",
    "encoded-dot": "%2e",
    "encoded-dots": "%2E%2e",
    "plus": "a+b",
    "backslash": "\\",
    "quotes": "\"'`",
    "markup": "<&>",
    "colon": "user:1",
    "newline": "\n",
    "tab": "\t",
    "nul": "a\0b",
    "accent": "é",
    "combining": "e\u0301",
    "cjk": "漢字",
    "astral": "😀",
    "byte-order-mark": "\ufeff",
    "right-to-left": "\u202e",
    "last": "\U0010ffff",
    "number": "1",
    "constructor": "constructor",
    "proto": "__proto__",
    "512-bytes": "k" * 512,
    "512-bytes-utf8": "é" * 256,
}


@cases(ODD_KEYS)
async def test_a_key_may_be_any_text(kv: KV, case: str) -> None:
    await kv.put(case, "v", metadata=1)
    assert await kv.get(case) == "v"
    assert await kv.get_with_metadata(case) == ("v", 1, None)
    assert await names(kv) == [case]
    await kv.delete(case)
    assert await kv.get(case) is None


@cases(ODD_KEYS)
async def test_many_keys_may_be_any_text(kv: KV, case: str) -> None:
    await kv.put(case, "v", metadata=1)
    assert await kv.get([case, "other"]) == {case: "v", "other": None}
    found = await kv.get_with_metadata(["other", case])
    assert list(found) == ["other", case]
    assert found[case] == ("v", 1, None)


async def test_keys_differ_by_every_character(kv: KV) -> None:
    alike = ["a", "A", " a", "a ", "a\0", "a/", "%61", "é", "e\u0301", "É"]
    for key in alike:
        await kv.put(key, key)
    assert await kv.get(alike) == {key: key for key in alike}


Operation = Literal["get", "put", "delete"]
OPERATIONS: list[Operation] = ["get", "put", "delete"]


async def do(kv: KV, operation: Operation, key: Any) -> None:
    if operation == "put":
        await kv.put(key, "v")
    else:
        await getattr(kv, operation)(key)


@cases(
    {f"{operation}-{len(key)}": (operation, key) for operation in OPERATIONS for key in (".", "..")}
)
async def test_a_key_of_dots_is_refused(kv: KV, case: tuple[Operation, str]) -> None:
    operation, key = case
    with raises(KVError) as caught:
        await do(kv, operation, key)
    assert str(caught.value) == f'"{key}" is not allowed as a key name.'
    assert (caught.value.js_name, caught.value.code) == ("TypeError", None)


@cases({operation: operation for operation in OPERATIONS})
async def test_an_empty_key_is_refused(kv: KV, case: Operation) -> None:
    with raises(KVError) as caught:
        await do(kv, case, "")
    assert str(caught.value) == "Key name cannot be empty."
    assert (caught.value.js_name, caught.value.code) == ("TypeError", None)


@cases({operation: operation for operation in OPERATIONS})
async def test_a_key_has_at_most_512_bytes(kv: KV, case: Operation) -> None:
    for key, length in ("k" * 513, 513), ("é" * 257, 514):
        with raises(KVError) as caught:
            await do(kv, case, key)
        assert str(caught.value) == (
            f"KV {case.upper()} failed: 414 UTF-8 encoded length of {length} exceeds key length"
            " limit of 512."
        )
        assert caught.value.code == 414


@not_in("node", reason="miniflare's proxy garbles what a function throws before it returns")
@cases({"empty": "", "dot": ".", "dots": "..", "513-bytes": "k" * 513})
async def test_get_with_metadata_refuses_the_same_keys_as_get(kv: KV, case: str) -> None:
    with raises(KVError) as caught:
        await kv.get_with_metadata(case)
    with raises(KVError) as plain:
        await kv.get(case)
    assert str(caught.value) == str(plain.value)
    assert caught.value.code == plain.value.code


@cases({operation: operation for operation in OPERATIONS})
async def test_a_key_that_is_not_text_is_refused(kv: KV, case: Operation) -> None:
    for key in 5, None, b"k":
        with raises(ConversionError, match="^key"):
            await do(kv, case, key)


@cases({operation: operation for operation in OPERATIONS})
async def test_a_lone_surrogate_in_a_key_is_refused(kv: KV, case: Operation) -> None:
    with raises(ConversionError, match="^key: .*lone surrogate"):
        await do(kv, case, "a\udc00")


# Many keys at once -------------------------------------------------------------------------------


async def test_many_keys_keep_the_requested_order_without_duplicates(kv: KV) -> None:
    for key in "abc":
        await kv.put(key, key.upper())
    found = await kv.get(["c", "a", "none", "c", "b", "a"])
    assert list(found.items()) == [("c", "C"), ("a", "A"), ("none", None), ("b", "B")]


async def test_numeric_keys_keep_their_place_among_many(kv: KV) -> None:
    asked = ["b", "10", "2", "a", "0", "4294967295", "-1", "01"]
    for key in asked:
        await kv.put(key, f"v{key}")
    assert list((await kv.get(asked)).items()) == [(key, f"v{key}") for key in asked]


async def test_many_keys_come_with_their_metadata(kv: KV) -> None:
    await kv.put("a", "1", metadata={"n": 1})
    await kv.put("b", "2")
    assert await kv.get_with_metadata(["a", "b", "c"]) == {
        "a": ("1", {"n": 1}, None),
        "b": ("2", None, None),
        "c": (None, None, None),
    }


async def test_a_json_null_among_many_keeps_its_metadata(kv: KV) -> None:
    await kv.put("a", "null", metadata=1)
    assert await kv.get_with_metadata(["a"], "json") == {"a": (None, 1, None)}


async def test_an_empty_value_among_many_is_not_missing(kv: KV) -> None:
    await kv.put("a", "")
    assert await kv.get(["a", "b"]) == {"a": "", "b": None}


async def test_a_hundred_keys_are_read_at_once(kv: KV) -> None:
    keys = [f"k{number}" for number in range(100)]
    await kv.put("k99", "v")
    found = await kv.get(keys)
    assert list(found) == keys
    assert found["k99"] == "v"


REFUSED_TOGETHER: dict[str, tuple[list[str], int, str]] = {
    "none": ([], 400, "You must request a minimum of 1 key"),
    "101": (["k"] * 101, 400, "You can request a maximum of 100 keys"),
    "empty": (["a", ""], 400, "Key names must not be empty"),
    "dot": (["."], 400, 'Illegal key name ".". Please use a different name.'),
    "dots": ([".."], 400, 'Illegal key name "..". Please use a different name.'),
    "513-bytes": (
        ["a", "k" * 513],
        414,
        "UTF-8 encoded length of 513 exceeds key length limit of 512.",
    ),
}


@cases(REFUSED_TOGETHER)
async def test_an_invalid_key_among_many_refuses_all(
    kv: KV, case: tuple[list[str], int, str]
) -> None:
    keys, status, reason = case
    for method in kv.get, kv.get_with_metadata:
        with raises(KVError) as caught:
            await method(keys)
        assert str(caught.value) == f"KV GET_BULK failed: {status} {reason}"
        assert caught.value.code == status


@cases({"number": ["a", 5], "none": ["a", None], "surrogate": ["a", "\ud800"]})
async def test_a_key_that_cannot_cross_is_named_by_its_index(kv: KV, case: list[Any]) -> None:
    with raises(ConversionError, match=r"^key\[1\]: "):
        await kv.get(case)


@cases({"bytes": "bytes", "stream": "stream"})
async def test_many_keys_are_not_read_as_bytes_or_streams(kv: KV, case: Any) -> None:
    with raises(ConversionError, match=f"^type: .*, got '{case}'"):
        await kv.get(["a"], case)


async def test_many_values_are_at_most_25_mib_together(kv: KV) -> None:
    half = "x" * (LIMIT // 2)
    await kv.put("a", half)
    await kv.put("b", half)
    await kv.put("c", "x")
    with raises(KVError) as caught:
        await kv.get(["a", "b", "c"])
    assert str(caught.value) == (
        "KV GET_BULK failed: 413 Total size of request exceeds the limit of 25MB"
    )
    assert caught.value.code == 413


# Metadata ----------------------------------------------------------------------------------------


METADATA: dict[str, Any] = {
    "object": {"a": [1, None, {"b": True}], "é": "😀"},
    "nested": {"a": {"b": {"c": [[], {}]}}},
    "empty-object": {},
    "empty-list": [],
    "empty-text": "",
    "text": "é\n\0😀",
    "zero": 0,
    "false": False,
    "float": 1.5,
    "large": [2**53 - 1, -(2**53) + 1],
    "odd-keys": {"1": 1, "constructor": 2, "toJSON": 3, "": None},
}


@cases(METADATA)
async def test_metadata_may_be_any_json(kv: KV, case: Any) -> None:
    await kv.put("k", "v", metadata=case)
    found = await kv.get_with_metadata("k")
    assert found == ("v", case, None)
    assert (await kv.get_with_metadata(["k"]))["k"] == found
    (key,) = (await kv.list()).keys
    assert key.metadata == case
    assert repr(key.metadata) == repr(found.metadata) == repr(case)


@not_in("node", reason="miniflare's proxy does not send objects that have this key")
async def test_metadata_may_have_a_key_named_proto(kv: KV) -> None:
    await kv.put("k", "v", metadata={"__proto__": 1})
    assert (await kv.get_with_metadata("k")).metadata == {"__proto__": 1}


async def test_metadata_of_none_is_absent(kv: KV) -> None:
    await kv.put("k", "v", metadata=None)
    assert (await kv.get_with_metadata("k")).metadata is None
    assert (await kv.list()).keys == [("k", None, None)]


async def test_metadata_is_converted_as_json(kv: KV) -> None:
    day = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    await kv.put("k", "v", metadata={"at": day, "pair": (1, 2.0)})
    found = await kv.get_with_metadata("k")
    assert found.metadata == {"at": "2026-01-02T03:04:05.000Z", "pair": [1, 2]}


@cases(
    {
        "bytes": ({"a": [1, 2, b"x"]}, r"metadata\.a\[2\]"),
        "object": ({"a": {"b": object()}}, r"metadata\.a\.b"),
        "nan": ([float("nan")], r"metadata\[0\]"),
        "large-integer": ({"n": 2**53}, r"metadata\.n"),
        "key": ({"a": {1: 2}}, r"metadata\.a"),
        "set": ({1, 2}, "metadata"),
        "surrogate": (["\ud800"], r"metadata\[0\]"),
    }
)
async def test_metadata_that_is_not_json_is_refused_with_its_path(
    kv: KV, case: tuple[Any, str]
) -> None:
    metadata, place = case
    with raises(ConversionError, match=f"^{place}: "):
        await kv.put("k", "v", metadata=metadata)
    assert await kv.get("k") is None


async def test_metadata_has_at_most_1024_bytes_of_json(kv: KV) -> None:
    await kv.put("k", "v", metadata="é" * 511)
    with raises(KVError) as caught:
        await kv.put("k", "w", metadata="é" * 512)
    assert str(caught.value) == (
        "KV PUT failed: 413 Metadata length of 1026 exceeds limit of 1024."
    )
    assert caught.value.code == 413
    assert await kv.get_with_metadata("k") == ("v", "é" * 511, None)


# Expiration --------------------------------------------------------------------------------------


async def test_an_expiration_is_listed_as_a_datetime(kv: KV) -> None:
    at = soon(600)
    await kv.put("k", "v", expiration=at)
    (key,) = (await kv.list()).keys
    assert key.expiration == datetime.fromtimestamp(at, timezone.utc)
    assert key.expiration is not None
    assert key.expiration.tzinfo is timezone.utc


@cases(
    {
        "utc": timezone.utc,
        "east": timezone(timedelta(hours=5, minutes=30)),
        "west": timezone(timedelta(hours=-8)),
    }
)
async def test_an_expiration_may_be_a_datetime(kv: KV, case: timezone) -> None:
    at = datetime.fromtimestamp(soon(600), timezone.utc)
    await kv.put("k", "v", expiration=at.astimezone(case))
    assert (await kv.list()).keys == [("k", at, None)]


async def test_a_naive_datetime_is_refused(kv: KV) -> None:
    naive = datetime.now() + timedelta(hours=1)
    with raises(ConversionError, match="^expiration: expected an aware datetime, got a naive one;"):
        await kv.put("k", "v", expiration=naive)
    with raises(ConversionError, match=r"^metadata\.at: expected an aware datetime, got a naive"):
        await kv.put("k", "v", metadata={"at": naive})
    assert await kv.get("k") is None


@cases({"int": 600, "timedelta": timedelta(minutes=10)})
async def test_a_ttl_counts_from_now(kv: KV, case: int | timedelta) -> None:
    earliest = soon(600)
    await kv.put("k", "v", expiration_ttl=case)
    (key,) = (await kv.list()).keys
    assert key.expiration is not None
    assert earliest - 2 <= key.expiration.timestamp() <= soon(600) + 2


async def test_part_of_a_second_of_a_ttl_is_rounded_up(kv: KV) -> None:
    await kv.put("k", "v", expiration_ttl=timedelta(seconds=59.001))
    assert await kv.get("k") == "v"


async def test_a_key_exists_before_it_expires(kv: KV) -> None:
    await kv.put("k", "v", expiration_ttl=60)
    assert await kv.get("k") == "v"
    assert await kv.get(["k"]) == {"k": "v"}


@cases(
    {
        "59": (59, "59. Expiration TTL must be at least 60."),
        "one": (1, "1. Expiration TTL must be at least 60."),
        "zero": (0, "0. Please specify integer greater than 0."),
        "negative": (-60, "-60. Please specify integer greater than 0."),
    }
)
async def test_a_ttl_is_at_least_60_seconds(kv: KV, case: tuple[int, str]) -> None:
    ttl, reason = case
    with raises(KVError) as caught:
        await kv.put("k", "v", expiration_ttl=ttl)
    assert str(caught.value) == f"KV PUT failed: 400 Invalid expiration_ttl of {reason}"
    assert caught.value.code == 400
    assert await kv.get("k") is None


@cases({"past": 1000, "zero": 0, "negative": -5})
async def test_an_expiration_in_the_past_is_refused(kv: KV, case: int) -> None:
    with raises(KVError) as caught:
        await kv.put("k", "v", expiration=case)
    assert str(caught.value) == (
        f"KV PUT failed: 400 Invalid expiration of {case}. Please specify integer greater than the"
        " current number of seconds since the UNIX epoch."
    )
    assert caught.value.code == 400


async def test_an_expiration_is_at_least_60_seconds_ahead(kv: KV) -> None:
    at = soon(30)
    with raises(KVError) as caught:
        await kv.put("k", "v", expiration=at)
    assert str(caught.value) == (
        f"KV PUT failed: 400 Invalid expiration of {at}. Expiration times must be at least 60"
        " seconds in the future."
    )
    assert caught.value.code == 400


async def test_a_ttl_takes_precedence_and_the_expiration_is_not_checked(kv: KV) -> None:
    await kv.put("k", "v", expiration=1000, expiration_ttl=600)
    (key,) = (await kv.list()).keys
    assert key.expiration is not None
    assert key.expiration.timestamp() > soon(500)
    with raises(KVError, match="expiration_ttl of 5"):
        await kv.put("k", "v", expiration=soon(600), expiration_ttl=5)


@cases({"expiration": {"expiration": 2**31}, "ttl": {"expiration_ttl": 2**31}})
async def test_an_expiration_beyond_32_bits_is_refused(kv: KV, case: dict[str, int]) -> None:
    expiration, ttl = case.get("expiration"), case.get("expiration_ttl")
    with raises(KVError, match="^Value out of range. Must be between -2147483648 and 2147483647"):
        await kv.put("k", "v", expiration=expiration, expiration_ttl=ttl)
    assert await kv.get("k") is None


ONLY_FAKE_TIME = "nobody can move the clock of a real runtime"


@only("fake", reason=ONLY_FAKE_TIME)
async def test_a_key_expires_after_its_ttl(kv: KV) -> None:
    clock = kv.js_object.clock
    clock.advance(1 - clock.now() / 1000 % 1)
    await kv.put("k", "v", expiration_ttl=60, metadata=1)
    await kv.put("other", "v")
    clock.advance(59.999)
    assert await kv.get("k") == "v"
    assert await names(kv) == ["k", "other"]
    clock.advance(0.001)
    assert await kv.get("k") is None
    assert await kv.get_with_metadata("k") == (None, None, None)
    assert await kv.get(["k", "other"]) == {"k": None, "other": "v"}
    assert await names(kv) == ["other"]


@only("fake", reason=ONLY_FAKE_TIME)
async def test_a_ttl_counts_from_the_last_whole_second(kv: KV) -> None:
    clock = kv.js_object.clock
    clock.advance(1.9 - clock.now() / 1000 % 1)
    await kv.put("k", "v", expiration_ttl=60)
    clock.advance(59.05)
    assert await kv.get("k") == "v"
    clock.advance(0.05)
    assert await kv.get("k") is None


@only("fake", reason=ONLY_FAKE_TIME)
async def test_a_key_expires_at_its_expiration(kv: KV) -> None:
    clock = kv.js_object.clock
    await kv.put("k", "v", expiration=clock.datetime() + timedelta(hours=1))
    clock.advance(timedelta(minutes=59))
    assert await kv.get("k") == "v"
    clock.advance(timedelta(minutes=1))
    assert await kv.get("k") is None


@only("fake", reason=ONLY_FAKE_TIME)
async def test_a_put_to_an_expired_key_stores_it_without_expiration(kv: KV) -> None:
    clock = kv.js_object.clock
    await kv.put("k", "1", expiration_ttl=60, metadata=1)
    clock.advance(3600)
    await kv.put("k", "2")
    clock.advance(3600)
    assert await kv.get_with_metadata("k") == ("2", None, None)


# cache_ttl ---------------------------------------------------------------------------------------


@cases({"30": 30, "an-hour": timedelta(hours=1), "none": None})
async def test_a_cache_ttl_of_30_seconds_or_more_is_accepted(
    kv: KV, case: int | timedelta | None
) -> None:
    await kv.put("k", "v")
    assert await kv.get("k", cache_ttl=case) == "v"
    assert await kv.get(["k"], cache_ttl=case) == {"k": "v"}
    assert (await kv.get_with_metadata("k", cache_ttl=case)).value == "v"


@cases({"29": 29, "zero": 0, "negative": -1})
async def test_a_cache_ttl_below_30_seconds_is_refused(kv: KV, case: int) -> None:
    reason = f"Invalid cache_ttl of {case}. Cache TTL must be at least 30."
    for key, called in ("k", "GET"), (["k"], "GET_BULK"):
        asked: Any = key
        for method in kv.get, kv.get_with_metadata:
            with raises(KVError) as caught:
                await method(asked, cache_ttl=case)
            assert str(caught.value) == f"KV {called} failed: 400 {reason}"
            assert caught.value.code == 400


# Lists -------------------------------------------------------------------------------------------


async def test_an_empty_namespace_lists_nothing(kv: KV) -> None:
    page = await kv.list()
    assert page == ([], True, None, None)
    assert await names(kv) == []


async def test_keys_are_listed_in_the_order_of_their_utf8_bytes(kv: KV) -> None:
    # UTF-16 has the astral ones before U+FFEE
    ordered = ["!", "0", "1", "10", "2", "A", "Z", "_", "a", "a/", "a0", "~", "é", "漢", "\uffee"]
    ordered += ["\U00010000", "😀"]
    for key in reversed(ordered):
        await kv.put(key, "")
    assert [key.name for key in (await kv.list()).keys] == ordered


async def test_a_prefix_selects_the_keys_that_start_with_it(kv: KV) -> None:
    for key in "a", "a/1", "a/2", "A/1", "b", "é/1", "😀/1", "a%", "a_":
        await kv.put(key, "")
    assert await names(kv, "a/") == ["a/1", "a/2"]
    assert await names(kv, "a") == ["a", "a%", "a/1", "a/2", "a_"]
    assert await names(kv, "a%") == ["a%"]
    assert await names(kv, "_") == []
    assert await names(kv, "é") == ["é/1"]
    assert await names(kv, "😀") == ["😀/1"]


@cases({"none": None, "empty": ""})
async def test_an_absent_or_empty_prefix_selects_all_keys(kv: KV, case: str | None) -> None:
    for key in "b", "a":
        await kv.put(key, "")
    assert [key.name for key in (await kv.list(prefix=case)).keys] == ["a", "b"]


async def test_a_prefix_has_at_most_512_bytes(kv: KV) -> None:
    assert (await kv.list(prefix="k" * 512)).keys == []
    with raises(KVError) as caught:
        await kv.list(prefix="é" * 257)
    assert str(caught.value) == (
        "KV GET failed: 414 UTF-8 encoded length of 514 exceeds key length limit of 512."
    )
    assert caught.value.code == 414


@cases({"int": 5, "bytes": b"k", "surrogate": "\ud800"})
async def test_a_prefix_that_is_not_text_is_refused(kv: KV, case: Any) -> None:
    with raises(ConversionError, match="^prefix: "):
        await kv.list(prefix=case)


async def test_a_limit_splits_a_listing_into_pages(kv: KV) -> None:
    for key in "abcde":
        await kv.put(key, "")
    first = await kv.list(limit=2)
    assert [key.name for key in first.keys] == ["a", "b"]
    assert not first.list_complete
    assert first.cursor
    second = await kv.list(limit=2, cursor=first.cursor)
    assert [key.name for key in second.keys] == ["c", "d"]
    last = await kv.list(limit=2, cursor=second.cursor)
    assert last == ([("e", None, None)], True, None, None)


async def test_a_page_that_takes_the_last_key_is_complete(kv: KV) -> None:
    for key in "ab":
        await kv.put(key, "")
    page = await kv.list(limit=2)
    assert (len(page.keys), page.list_complete, page.cursor) == (2, True, None)


@cases(
    {
        "one": ("one", 1),
        "astral": ("😀", 1),
        "nul": ("a\0", 1),
        "three": ("x", 3),
    }
)
async def test_pages_visit_every_key_once(kv: KV, case: tuple[str, int]) -> None:
    stem, limit = case
    expected = [f"{stem}{number:02}" for number in range(10)]
    await asyncio.gather(*(kv.put(key, "") for key in expected))
    seen, cursor, complete = list[str](), None, False
    while not complete:
        page = await kv.list(limit=limit, cursor=cursor)
        assert len(page.keys) <= limit
        seen += [key.name for key in page.keys]
        complete, cursor = page.list_complete, page.cursor
    assert seen == expected


async def test_pages_with_a_prefix_stay_within_it(kv: KV) -> None:
    for key in "a", "b/1", "b/2", "b/3", "c":
        await kv.put(key, "")
    first = await kv.list(prefix="b/", limit=2)
    assert [key.name for key in first.keys] == ["b/1", "b/2"]
    last = await kv.list(prefix="b/", limit=2, cursor=first.cursor)
    assert last == ([("b/3", None, None)], True, None, None)


async def test_a_cursor_outlives_its_key(kv: KV) -> None:
    for key in "abc":
        await kv.put(key, "")
    page = await kv.list(limit=1)
    await kv.delete("a")
    await kv.delete("b")
    await kv.put("bb", "")
    after = await kv.list(cursor=page.cursor)
    assert [key.name for key in after.keys] == ["bb", "c"]


@cases({"zero": 0, "negative": -1})
async def test_a_limit_below_one_is_ignored(kv: KV, case: int) -> None:
    for key in "abc":
        await kv.put(key, "")
    assert len((await kv.list(limit=case)).keys) == 3


async def test_a_limit_is_at_most_1000(kv: KV) -> None:
    assert (await kv.list(limit=1000)).list_complete
    with raises(KVError) as caught:
        await kv.list(limit=1001)
    assert str(caught.value) == (
        "KV GET failed: 400 Invalid key_count_limit of 1001."
        " Please specify an integer less than 1000."
    )
    assert caught.value.code == 400


async def test_an_empty_cursor_is_the_beginning(kv: KV) -> None:
    await kv.put("a", "")
    assert await names(kv) == ["a"]
    assert [key.name for key in (await kv.list(cursor="")).keys] == ["a"]


async def test_a_page_has_1000_keys_and_keys_reads_all_pages(kv: KV) -> None:
    expected = [f"k{number:04}" for number in range(1001)]
    for start in range(0, len(expected), 100):
        await asyncio.gather(*(kv.put(key, "") for key in expected[start : start + 100]))
    page = await kv.list()
    assert [key.name for key in page.keys] == expected[:1000]
    assert not page.list_complete
    assert await names(kv) == expected
    assert await names(kv, "k1") == ["k1000"]


async def test_keys_yields_the_same_entries_as_list(kv: KV) -> None:
    at = soon(600)
    await kv.put("k", "v", expiration=at, metadata={"a": 1})
    found = [key async for key in kv.keys()]  # noqa: SIM118
    assert found == [("k", datetime.fromtimestamp(at, timezone.utc), {"a": 1})]
    assert found == (await kv.list()).keys


async def test_iteration_over_keys_may_stop_early(kv: KV) -> None:
    for name in "abc":
        await kv.put(name, "")
    async for key in kv.keys():
        assert key.name == "a"
        break


# Deletion ----------------------------------------------------------------------------------------


async def test_a_deleted_key_is_gone(kv: KV) -> None:
    await kv.put("a", "1", metadata=1)
    await kv.put("b", "2")
    await kv.delete("a")
    assert await kv.get_with_metadata("a") == (None, None, None)
    assert await names(kv) == ["b"]


async def test_a_missing_key_may_be_deleted(kv: KV) -> None:
    await kv.delete("nope")
    await kv.delete("nope")


BULK_DELETE = "it is experimental and missing from local runtimes"


@only("fake", reason=BULK_DELETE)
@cases({"one": "a", "many": ["a", "b", "nope", "a"]})
async def test_many_keys_are_deleted_at_once(kv: KV, case: str | list[str]) -> None:
    for key in "abc":
        await kv.put(key, "")
    await kv.delete_bulk(case)
    assert await names(kv) == [key for key in "abc" if key not in case]


@only("fake", reason=BULK_DELETE)
async def test_an_invalid_key_in_a_bulk_delete_refuses_all(kv: KV) -> None:
    await kv.put("a", "")
    with raises(KVError, match="Key name cannot be empty"):
        await kv.delete_bulk(["a", ""])
    assert await names(kv) == ["a"]


# The class ---------------------------------------------------------------------------------------


@cases({"none": None, "text": "KV", "object": SimpleNamespace(get=1)})
async def test_wrong_binding_type_is_refused(kv: KV, case: Any) -> None:
    with raises(BindingError, match="^KV: expected "):
        KV(case)


async def test_a_namespace_may_be_wrapped_twice(kv: KV) -> None:
    wrapped: Any = kv
    await KV(wrapped).put("k", "v")
    assert await KV(kv.js_object).get("k") == "v"


async def test_changing_a_read_value_does_not_change_the_stored_one(kv: KV) -> None:
    await kv.put("k", "[1]", metadata=[1])
    first = await kv.get_with_metadata("k", "json")
    first.value.append(2)
    first.metadata.append(2)
    assert await kv.get_with_metadata("k", "json") == ([1], [1], None)


async def test_a_cursor_that_is_not_text_is_refused(kv: KV) -> None:
    cursor: Any = 5
    with raises(ConversionError, match="^cursor: expected str, got int"):
        await kv.list(cursor=cursor)


@only("node", "workerd", reason="only the fake has deleteBulk")
async def test_bulk_delete_without_runtime_support_raises(kv: KV) -> None:
    await kv.put("a", "1")
    with raises(KVError, match="no deleteBulk|does not implement the method"):
        await kv.delete_bulk("a")
    assert await kv.get("a") == "1"


NO_NUMBERS: dict[str, tuple[Callable[[KV, Any], Any], str]] = {
    "ttl": (lambda kv, it: kv.put("k", "v", expiration_ttl=it), "expiration_ttl: expected int"),
    "end": (lambda kv, it: kv.put("k", "v", expiration=it), "expiration: expected int or datetime"),
    "cache": (lambda kv, it: kv.get("k", cache_ttl=it), "cache_ttl: expected int or timedelta"),
    "caches": (lambda kv, it: kv.get_with_metadata("k", cache_ttl=it), "cache_ttl: expected int"),
    "limit": (lambda kv, it: kv.list(limit=it), "limit: expected int"),
}


@cases(NO_NUMBERS)
async def test_an_option_that_is_not_a_number_is_refused_by_name(kv: KV, case: Any) -> None:
    call, reason = case
    with raises(ConversionError, match=f"^{reason}.*, got str$"):
        await call(kv, "60")


async def test_bytes_as_a_key_are_refused(kv: KV) -> None:
    key: Any = b"ab"
    with raises(ConversionError, match="^key: expected str or a list of str, got bytes$"):
        await kv.get(key)
