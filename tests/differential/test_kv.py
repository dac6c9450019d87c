"""The differential run of Workers KV."""

from __future__ import annotations

import datetime
from datetime import timedelta
from typing import Any, ClassVar, TypedDict

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from pyworkers_sdk import KV
from pyworkers_sdk.testing.fakes import kv as _kv
from tests.differential.known_divergences import KNOWN
from tests.differential.machine import Machine, Name, RemoteClock, call, chunks, maybe, new_clock
from tests.real.remote import RemoteKVNamespace

MAX_VALUE = 1024
"""The limit of a value, in bytes, that miniflare applies while its clock is driven."""

POOL = [
    "a",
    "b",
    "ab",
    "a/",
    "a/b",
    "a\0b",
    "a\0c",
    "é",
    "漢",
    "😀",
    "\uffee",
    "0",
    "1",
    "01",
    "10",
]
ODD = [" ", " a ", "\0", "\n", "\r\n", "\ufeff", "%", "%2F", "%zz", "a?b=c#d", "a+b", "?", "#", "/"]
ODD += ["//", "./a", "../a", "a/.", "...", "\\", "\x7f", "constructor", "__proto__", "toString"]
ODD += ["4294967294", "4294967295", "-1", "1e3", "e\u0301", "\u2028", "'", '"', "`", "a:b", "bulk"]
ODD += ["bulk/get", "null", "undefined"]
BAD = ["", ".", "..", "k" * 513, "é" * 257, "😀" * 129, 5, None, b"a", "\ud800"]

keys = st.one_of(
    st.sampled_from(POOL),
    st.sampled_from(POOL),
    st.sampled_from(ODD),
    st.text(max_size=4),
    st.sampled_from(["k" * 512, "é" * 256, "😀" * 128]),
    st.sampled_from(BAD),
)
good_keys = st.one_of(st.sampled_from(POOL), st.sampled_from(ODD))
json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**60), 2**60),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from([0, 1, -0.0, 2.0, 1e300, 2**53, "", "é", "😀", "\u2028", "\0", "x" * 200]),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["a", "id", "é", "__proto__", "-0", "", "10", "2"]), inner, max_size=3
        ),
    ),
    max_leaves=4,
)
metadata = st.one_of(
    json_values,
    st.integers(1010, 1030).map(lambda size: "x" * size),
    st.integers(508, 514).map(lambda size: "é" * size),
    st.sampled_from([b"bytes", float("nan"), float("inf"), {1: 2}, 2**53, "\ud800"]),
)
JSON_TEXTS = ["1", "null", '{"id": 1}', '{"id": 1.0, "name": null}', "[1, 2]", '"x"', "true"]
JSON_TEXTS += [
    "{",
    "",
    " 1 ",
    "\ufeff1",
    "NaN",
    "1e400",
    "9007199254740993",
    '{"__proto__": 1}',
    "-0",
]
values = st.one_of(
    st.sampled_from(JSON_TEXTS),
    st.text(max_size=6),
    st.binary(max_size=6),
    st.sampled_from([b"", b"\xef\xbb\xbfa", b"\xff\xfe", b"\xf0\x9f\x98", "\ufeffa", "\ud800"]),
    st.integers(MAX_VALUE - 1, MAX_VALUE + 1).map(lambda size: "v" * size),
    st.integers(MAX_VALUE // 2 - 1, MAX_VALUE // 2 + 1).map(lambda size: "é" * size),
    st.integers(MAX_VALUE - 1, MAX_VALUE + 1).map(lambda size: b"\0" * size),
    st.lists(st.binary(max_size=3), max_size=3).map(lambda parts: Name(call_of(parts))),
    st.just(Name(f"chunks(b'a' * {MAX_VALUE}, b'b')")),
    st.sampled_from([None, 1, 1.5, True, [1], {"a": 1}]),
)
ttls = st.one_of(
    st.sampled_from([60, 61, 120, 3600, 59, 1, 0, -1, 2**31 - 1, 2**31, -(2**31) - 1]),
    st.sampled_from([timedelta(minutes=1), timedelta(seconds=60.5), timedelta(seconds=59.5)]),
)
ends = st.one_of(
    st.sampled_from([59, 60, 61, 120, 3600, 0, -1]).map(lambda at: Name(f"now() + {at}")),
    st.sampled_from([0, 1000, -1, 2**31 - 1, 2**31]),
)
cache_ttls = st.sampled_from([30, 29, 60, 0, -1, 2**31 - 1, 2**31, timedelta(seconds=29.5)])
prefixes = st.one_of(
    st.sampled_from(["", "a", "a/", "a\0", "a\0b", "é", "1", "k" * 513, 5]),
    st.sampled_from([*POOL, *ODD]),
    st.text(max_size=2),
)
limits = st.sampled_from([1, 1, 2, 2, 3, 5, 1000, 1001, 0, -1, 2**31, -(2**31) - 1])
kinds = st.sampled_from(["text", "json", "bytes", "stream", "blob", Name("Row")])
# In even milliseconds, from an odd one: see AVOIDED.
STEPS = [0.002, 0.998, 1, 29.5, 59, 59.998, 60, 60.002, 61, 90, 3600]
many = st.one_of(st.lists(good_keys, max_size=5), st.lists(keys, max_size=3))
CURSORS = [
    "",
    "YQ==",
    "YQ",
    "Y",
    "!",
    "a b",
    "w6k=",
    "8J+YgA==",
    "8J-YgA",
    "/w==",
    "=YQ==",
    "YQ==Yg==",
]
CURSORS += ["AA==", "\0", "é"]


def call_of(parts: list[bytes]) -> str:
    return f"chunks({', '.join(map(repr, parts))})"


class Row(TypedDict):
    id: int


class KVMachine(Machine):
    binding = "kv"
    signature = "kv: KV"
    known = KNOWN["kv"]
    patched: ClassVar[list[tuple[Any, str, Any]]] = [
        (_kv, "MAX_VALUE", MAX_VALUE),
        (_kv, "MAX_BULK", MAX_VALUE),
    ]
    names: ClassVar[dict[str, Any]] = {"chunks": chunks, "Row": Row, "datetime": datetime}
    clock: ClassVar[RemoteClock | None] = None

    def sides(self) -> tuple[dict[str, Any], dict[str, Any]]:
        cls = KVMachine
        if cls.clock is None or cls.clock.remote is not self.remote:
            cls.clock = RemoteClock(self.remote, ("kv", "KV"))
        cls.clock.reset()
        self.remote.own("emptyKV", on="KV")
        self.pages: list[str] = []

        def side(namespace: Any, clock: Any) -> dict[str, Any]:
            return {
                "kv": KV(namespace),
                "clock": clock,
                "now": lambda: int(clock.now() // 1000),
            }

        clock = new_clock()
        return (
            side(_kv.FakeKVNamespace(clock), clock),
            side(RemoteKVNamespace(self.remote), cls.clock),
        )

    @rule(key=keys, value=values, about=maybe(metadata), end=maybe(ends), ttl=maybe(ttls))
    def put(self, key: Any, value: Any, about: Any, end: Any, ttl: Any) -> None:
        self.do(call("kv.put", key, value, expiration=end, expiration_ttl=ttl, metadata=about))

    @rule(
        key=good_keys, value=values, about=maybe(json_values), ttl=st.sampled_from([None, 60, 90])
    )
    def put_well(self, key: str, value: Any, about: Any, ttl: int | None) -> None:
        self.do(call("kv.put", key, value, expiration_ttl=ttl, metadata=about))

    @rule(
        method=st.sampled_from(["kv.get", "kv.get_with_metadata"]),
        key=st.one_of(keys, good_keys, many),
        kind=maybe(kinds),
        cache_ttl=maybe(maybe(cache_ttls)),
    )
    def get(self, method: str, key: Any, kind: Any, cache_ttl: Any) -> None:
        self.do(call(method, key, *([] if kind is None else [kind]), cache_ttl=cache_ttl))

    @rule(key=st.one_of(keys, good_keys))
    def delete(self, key: Any) -> None:
        self.do(call("kv.delete", key))

    @rule(prefix=maybe(prefixes), limit=maybe(limits), data=st.data())
    def list(self, prefix: Any, limit: Any, data: Any) -> None:
        given = [Name(f"{page}.cursor") for page in self.pages]
        cursor = data.draw(maybe(st.sampled_from([*given, *given, *CURSORS])))
        into = self.new("page")
        if self.do(call("kv.list", prefix=prefix, limit=limit, cursor=cursor), into):
            self.pages.append(into)

    @rule(prefix=maybe(prefixes))
    def keys(self, prefix: Any) -> None:
        given = "" if prefix is None else f"prefix={prefix!r}"
        self.do(f"[key async for key in kv.keys({given})]")

    @rule(seconds=st.sampled_from(STEPS))
    def advance(self, seconds: float) -> None:
        self.do(f"clock.advance({seconds})")

    def teardown(self) -> None:
        self.do("[(key, await kv.get(key.name, 'bytes')) async for key in kv.keys()]")


@pytest.mark.real
def test_fake_and_real_kv_answer_alike(compare: Any) -> None:
    compare(KVMachine)
