"""``FakeKVNamespace``: the part of the JavaScript API that ``KV`` does not use.

Every expectation was seen on workerd. The part that ``KV`` uses is in tests/contract/test_kv.py.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pyworkers_sdk import KV
from pyworkers_sdk._border import JsException
from pyworkers_sdk._cpython.web import ReadableStream
from pyworkers_sdk.testing import Clock, fake
from pyworkers_sdk.testing.fakes.kv import FakeKVNamespace

pytestmark = pytest.mark.asyncio


@pytest.fixture
def js() -> FakeKVNamespace:
    return FakeKVNamespace()


def error(raised: pytest.ExceptionInfo[JsException]) -> tuple[str, str]:
    return raised.value.name, raised.value.message


async def test_json_is_parsed_for_one_key(js: FakeKVNamespace) -> None:
    await js.put("k", '{"a": [1]}')
    assert await js.get("k", type="json") == {"a": [1]}
    await js.put("k", "nope")
    with pytest.raises(JsException) as raised:
        await js.get("k", type="json")
    assert raised.value.name == "SyntaxError"


async def test_json_is_parsed_for_many_keys(js: FakeKVNamespace) -> None:
    await js.put("a", '{"a": [1]}', metadata=1)
    await js.put("null", "null", metadata=1)
    assert await js.get(["a", "b"], type="json") == {"a": {"a": [1]}, "b": None}
    found = await js.getWithMetadata(["a", "null"], type="json")
    assert found == {"a": {"value": {"a": [1]}, "metadata": 1}, "null": None}
    await js.put("b", "nope")
    with pytest.raises(JsException) as raised:
        await js.get(["a", "b"], type="json")
    reason = "At least one of the requested keys corresponds to a non-json value"
    assert error(raised) == ("Error", f"KV GET_BULK failed: 400 {reason}")


async def test_an_unknown_type_is_refused_only_if_the_key_exists(js: FakeKVNamespace) -> None:
    assert await js.get("k", type="blob") is None
    await js.put("k", "v")
    with pytest.raises(JsException) as raised:
        await js.get("k", type="blob")
    assert error(raised) == (
        "TypeError",
        'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".',
    )


@pytest.mark.parametrize("kind", ["arrayBuffer", "stream", "blob"])
async def test_many_keys_are_read_as_text_or_json_only(js: FakeKVNamespace, kind: str) -> None:
    with pytest.raises(JsException) as raised:
        await js.get([], type=kind)
    reason = f'400 "{kind}" is not a valid type. Use "json" or "text"'
    assert error(raised) == ("Error", f"KV GET_BULK failed: {reason}")


async def test_one_key_is_answered_by_an_object_and_many_by_a_map(js: FakeKVNamespace) -> None:
    await js.put("k", "v", metadata={"a": 1})
    one = await js.getWithMetadata("k")
    assert one == SimpleNamespace(value="v", metadata={"a": 1}, cacheStatus=None)
    many = await js.getWithMetadata(["k", "b"])
    assert many == {"k": {"value": "v", "metadata": {"a": 1}}, "b": None}


async def test_many_keys_lose_array_indices_and_the_prototype(
    js: FakeKVNamespace,
) -> None:
    kept = ["4294967295", "01", "-1", "1.5", "constructor", "x"]
    lost = ["0", "1", "4294967294", "__proto__"]
    for key in kept + lost:
        await js.put(key, "v")
    assert list(await js.get(lost + kept)) == kept


async def test_a_byte_order_mark_is_kept_for_one_key_and_lost_for_many(
    js: FakeKVNamespace,
) -> None:
    await js.put("k", b"\xef\xbb\xbfa")
    assert await js.get("k") == "\ufeffa"
    assert await js.get(["k"]) == {"k": "a"}


@pytest.mark.parametrize(
    ("value", "stored"), [(5, "5"), (1.5, "1.5"), (True, "true"), (None, "null")]
)
async def test_a_scalar_is_stored_as_text(js: FakeKVNamespace, value: Any, stored: str) -> None:
    await js.put("k", value)
    assert await js.get("k") == stored


@pytest.mark.parametrize("value", [{"a": 1}, [], object()])
async def test_an_object_as_value_is_refused_before_the_options_are_checked(
    js: FakeKVNamespace, value: Any
) -> None:
    with pytest.raises(JsException) as raised:
        await js.put("k", value, expirationTtl=5)
    assert error(raised) == (
        "TypeError",
        "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams"
        " as values.",
    )


async def test_a_stream_is_put_once(js: FakeKVNamespace) -> None:
    stream = ReadableStream.of(b"abc")
    await js.put("k", stream)
    assert await js.get("k", type="arrayBuffer") == b"abc"
    with pytest.raises(JsException) as raised:
        await js.put("k", stream)
    assert error(raised) == ("TypeError", "The ReadableStream has been locked to a reader.")


@pytest.mark.parametrize(("ttl", "read"), [(59.9, 59), (float("nan"), 0), (float("inf"), 0)])
async def test_a_fractional_or_infinite_option_becomes_an_integer(
    js: FakeKVNamespace, ttl: float, read: int
) -> None:
    with pytest.raises(JsException, match=f"Invalid expiration_ttl of {read}\\."):
        await js.put("k", "v", expirationTtl=ttl)


async def test_a_cursor_is_the_last_name_in_base64(js: FakeKVNamespace) -> None:
    for key in "a", "b", "😀":
        await js.put(key, "")
    page = await js.list(limit=1)
    assert page == {
        "keys": [{"name": "a"}],
        "list_complete": False,
        "cursor": "YQ==",
        "cacheStatus": None,
    }


@pytest.mark.parametrize(
    ("cursor", "first"),
    [("YQ==", "b"), ("YQ", "b"), ("YQ==YQ==", "b"), ("!!!", "a"), ("a", "a"), ("nonsense", "😀")],
)
async def test_an_invalid_cursor_is_decoded_as_far_as_possible(
    js: FakeKVNamespace, cursor: str, first: str
) -> None:
    for key in "a", "b", "😀":
        await js.put(key, "")
    assert (await js.list(cursor=cursor))["keys"][0] == {"name": first}


async def test_an_unknown_option_is_a_type_error(js: FakeKVNamespace) -> None:
    options: dict[str, Any] = {"ttl": 60}
    with pytest.raises(TypeError):
        await js.put("k", "v", **options)
    with pytest.raises(TypeError):
        await js.get("k", **options)


async def test_namespaces_share_a_clock_and_nothing_else() -> None:
    clock = Clock()
    one, other = fake(KV, clock=clock), fake(KV, clock=clock)
    await one.put("k", "1", expiration_ttl=60)
    await other.put("k", "2", expiration_ttl=120)
    clock.advance(61)
    assert (await one.get("k"), await other.get("k")) == (None, "2")
