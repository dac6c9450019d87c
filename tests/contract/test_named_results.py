"""Results with named fields keep the names, wherever they go: as JSON, and by structured clone.

The names are Python's, so that the same type reads the value back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from types import UnionType
from typing import (
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import pyworkers_sdk
from pyworkers_sdk import (
    KV,
    R2,
    ConversionError,
    D1ExecResult,
    D1Meta,
    D1Result,
    Queue,
    QueueMetrics,
    RateLimitOutcome,
    Response,
    VectorizeMatch,
    VectorizeMatches,
    WorkersError,
    tail_stream,
)
from pyworkers_sdk._border import dumps, from_js, to_data, to_js
from pyworkers_sdk._border.rpc import from_rpc, sendable
from pyworkers_sdk._border.values import SQL, convert
from pyworkers_sdk._row_types import load

from .kit import cases, only, raises
from .workers import AppEnv

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
NODE = "the Worker of the Node worlds is JavaScript's"


def _named_tuples() -> Iterator[Any]:
    names = [(pyworkers_sdk, name) for name in pyworkers_sdk.__all__]
    names += [(tail_stream, name) for name in tail_stream.__all__]
    for module, name in names:
        value = getattr(module, name)
        if isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields"):
            yield value


NAMED: dict[str, Any] = {cls.__name__: cls for cls in _named_tuples()}

SAMPLES: dict[Any, Any] = {
    Any: {"any": [1]},
    str: "text",
    int: 7,
    float: 1.5,
    bool: True,
    bytes: b"\0\1",
    datetime: NOW,
    type(None): None,
    object: "object",
}


def sample(hint: Any) -> Any:
    """Return a value of an annotation; LookupError for an object of the runtime."""
    if hint in SAMPLES:
        return SAMPLES[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return sample(args[0])
    if origin is Literal:
        return args[0]
    if origin in (list, Sequence):
        return [sample(args[0])]
    if origin is dict:
        return {"key": sample(args[1])}
    if origin is tuple:
        return tuple(sample(arg) for arg in args if arg is not ...)
    if isinstance(hint, TypeVar):
        return "variable" if hint.__bound__ is None else sample(hint.__bound__)
    if is_typeddict(hint):
        return {name: sample(each) for name, each in get_type_hints(hint).items()}
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        return named(hint)
    raise LookupError(hint)


def named(cls: Any) -> Any:
    hints = get_type_hints(cls)
    return cls(*(sample(hints[name]) for name in cls._fields))


def plain(value: Any) -> Any:
    """Return a value as it arrives: each named tuple is a dict of its fields."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(getattr(value, name)) for name in value._fields}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return {name: plain(item) for name, item in value.items()} if isinstance(value, dict) else value


# Some fields of these are objects of the runtime: streams, errors, instances, functions.
LIVE = {
    "AiSearchItemContentResult",
    "BrowserRunConnection",
    "CryptoKeyPair",
    "ErrorEvent",
    "FacetStartupOptions",
    "MarkdownDocument",
    "R2Objects",
    "TraceItemFetchEventInfo",
    "WorkflowBatchCreateResult",
    "WorkflowDynamicDelayContext",
    "WorkflowRollbackContext",
}


WITH_BYTES = {"ExecOutput"}


async def test_only_results_with_live_fields_have_no_sample() -> None:
    without: set[str] = set()
    for name, cls in NAMED.items():
        try:
            named(cls)
        except (LookupError, NameError):
            without.add(name)
    assert without == LIVE
    assert len(NAMED) > 100


@cases({name: cls for name, cls in NAMED.items() if name not in LIVE})
async def test_named_tuple_crosses_as_object_of_its_fields(case: Any) -> None:
    value = named(case)
    expected = plain(value)
    assert list(expected) == list(case._fields)
    assert from_js(to_js(value)) == from_js(to_data([value]))[0] == expected
    assert from_rpc(sendable({"inside": (value,)})) == {"inside": [expected]}
    if case.__name__ in WITH_BYTES:
        with raises(ConversionError, match="bytes are not JSON"):
            dumps(value)
    else:
        assert json.loads(dumps(value)) == json.loads(dumps(expected))
    with raises(ConversionError, match=r"^values\[0\]: SQL stores text"):
        convert(value, "values[0]", SQL)
    if case.__name__ != "EmailAttachment":  # its content may be a buffer that cannot be loaded
        back = load(case, from_js(to_js(value)), "the value")
        assert back == value
        assert type(back) is case


class Pair(NamedTuple):
    a: int
    b: str = "b"

    @property
    def both(self) -> str:
        return f"{self.a}{self.b}"


class Long(Pair):
    """A subclass of a named tuple."""


@dataclass
class Node:
    name: str
    parents: list[Pair] = field(default_factory=list)
    kind: ClassVar[str] = "node"


@cases(
    {
        "own": (Pair(1), {"a": 1, "b": "b"}),
        "subclass": (Long(1, "c"), {"a": 1, "b": "c"}),
        "nested": ([(Pair(1), {"x": Pair(2)})], [[{"a": 1, "b": "b"}, {"x": {"a": 2, "b": "b"}}]]),
        "in a dataclass": (Node("n", [Pair(1)]), {"name": "n", "parents": [{"a": 1, "b": "b"}]}),
        "plain tuple": ((1, (2,)), [1, [2]]),
        "exec result": (D1ExecResult(2, 1.5), {"count": 2, "duration": 1.5}),
        "limit": (RateLimitOutcome(True), {"success": True}),
        "rows": (D1Result([{"a": 1}], D1Meta({})), [{"a": 1}]),
        "matches": (
            VectorizeMatches([VectorizeMatch("v", 0.5, None, None, None)], 1),
            {
                "matches": [
                    {"id": "v", "score": 0.5, "namespace": None, "metadata": None, "values": None}
                ],
                "count": 1,
            },
        ),
    }
)
async def test_named_fields_cross_under_their_names(case: tuple[Any, Any]) -> None:
    value, expected = case
    assert from_js(to_js([value])) == [expected]
    assert json.loads(dumps(value)) == expected
    assert await Response.json(value).json() == expected


async def test_meta_of_d1_crosses_as_object_of_its_fields() -> None:
    meta = D1Meta({"rows_read": 3, "served_by": "miniflare.db"})
    crossed = json.loads(dumps(meta))
    assert crossed["rows_read"] == 3
    assert crossed["last_row_id"] == 0
    assert list(crossed) == list(D1Meta.__annotations__)


async def test_refused_field_is_named_in_the_path() -> None:
    with raises(ConversionError, match=r"^body\[0\]\.b: an object cannot cross"):
        dumps([Pair(1, object())], "body")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    cycle = Node("n")
    cycle.parents.append(cycle)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with raises(ConversionError, match=r"^body\.parents\[0\]: the value contains itself"):
        dumps(cycle, "body")


async def test_cycle_through_a_dataclass_is_kept_by_structured_clone() -> None:
    cycle = Node("n")
    cycle.parents.append(cycle)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    back = from_js(to_js(cycle))
    assert back["parents"][0] is back


# Results of bindings


async def test_results_of_kv_keep_their_names(kv: KV) -> None:
    await kv.put("a", "value", metadata={"m": 1})
    listing = await Response.json(await kv.list()).json()
    assert listing["keys"] == [{"name": "a", "expiration": None, "metadata": {"m": 1}}]
    assert listing["list_complete"] is True
    found = await Response.json(await kv.get_with_metadata("a")).json()
    assert (found["value"], found["metadata"]) == ("value", {"m": 1})


async def test_listing_of_r2_keeps_its_names(r2: R2) -> None:
    await r2.put("a", b"value", custom_metadata={"m": "1"})
    page = await Response.json(await r2.list(include=["custom_metadata"])).json()
    assert page["truncated"] is False
    [head] = page["objects"]
    assert (head["key"], head["size"], head["custom_metadata"]) == ("a", 5, {"m": "1"})
    assert head["http_etag"] == f'"{head["etag"]}"'
    assert datetime.fromisoformat(head["uploaded"]).tzinfo is not None
    assert head["checksums"] == {"md5": head["etag"]}
    stored = await r2.get("a")
    with raises(ConversionError, match="^data: an R2ObjectBody cannot cross to JavaScript here"):
        Response.json(stored)


@only("fake", "workerd", reason=NODE)
async def test_result_sent_over_rpc_keeps_its_names(app: AppEnv, kv: KV, queue: Queue[Any]) -> None:
    await kv.put("a", "value")
    listing = await app.CALLEE.echo(await kv.list())
    assert listing["keys"] == [{"name": "a", "expiration": None, "metadata": None}]
    metrics = QueueMetrics(1, 2, NOW)
    assert await app.CALLEE.echo([metrics]) == [
        {"backlog_count": 1, "backlog_bytes": 2, "oldest_message_timestamp": NOW}
    ]
    assert await app.CALLEE.describe(WorkersError("w", js_name="E")) == "error E: w"
