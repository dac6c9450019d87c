"""The border: tables of cases, run over both of its implementations.

docs/how-values-cross.md is written from the tables (scripts/value-table): a case's key is its first
column.
"""

import array
import sys
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from pyworkers_sdk import ConversionError, ReadableStream, WorkersError
from pyworkers_sdk._border import (
    aware,
    dumps,
    from_js,
    from_json,
    loads,
    prop,
    raw,
    stream_from,
    text,
    to_js,
)
from pyworkers_sdk._border.values import JSON, JSON_TEXT, SQL, convert
from pyworkers_sdk._border.vectors import from_vector, to_vector

from .kit import World, cases, not_in, only, raises

IN_JS = sys.platform == "emscripten"
NO_JS = "only JavaScript can make such a value; the fake world lacks it"


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Mode(StrEnum):
    FAST = "fast"


@dataclass
class Point:
    x: int
    y: float


class NoOffset(tzinfo):
    """A time zone that does not know its offset: such a datetime is naive, too."""

    def utcoffset(self, dt: datetime | None) -> None: ...

    def dst(self, dt: datetime | None) -> None: ...

    def tzname(self, dt: datetime | None) -> None: ...


class Pair(NamedTuple):
    a: int
    b: str


class Model:
    """A class with the part of a pydantic model that the border uses."""

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        return {"mode": mode, "n": 1}


class Scalar:
    """A class with the part of a numpy scalar that the border uses."""

    def item(self) -> float:
        return 1.5


Scalar.__module__ = "numpy"

NOON = datetime(2026, 1, 2, 12, 0, 0, 123_000, timezone.utc)
PARIS = timezone(timedelta(hours=1))


def kind(value: Any) -> str:
    """Return JavaScript's name for the type of a value that crossed."""
    if IN_JS:
        import js

        tag: str = js.Object.prototype.toString.call(value)
        return tag[8:-1]
    names = {dict: "Object", list: "Array", set: "Set", bytes: "Uint8Array", datetime: "Date"}
    names |= {str: "String", bool: "Boolean", float: "Number", array.array: "Float32Array"}
    if isinstance(value, int) and not isinstance(value, bool):
        return "Number" if abs(value) < 2**53 else "BigInt"
    return "Null" if value is None else names[type(value)]


class Case(NamedTuple):
    given: Any
    """The Python value."""
    back: Any
    """The value after a round trip through JavaScript."""
    js: str
    """The type in JavaScript."""


# Structured clone --------------------------------------------------------------------------------

CLONED: dict[str, object] = {
    "None in a list": Case([None], [None], "Array"),
    "None in a dict": Case({"a": {"b": None}}, {"a": {"b": None}}, "Object"),
    "True": Case(True, True, "Boolean"),
    "False": Case(False, False, "Boolean"),
    "int": Case(7, 7, "Number"),
    "largest int": Case(2**53 - 1, 2**53 - 1, "Number"),
    "smallest int": Case(-(2**53) + 1, -(2**53) + 1, "Number"),
    "int beyond the safe range": Case(2**64, 2**64, "BigInt"),
    "float": Case(1.5, 1.5, "Number"),
    "integral float": Case(2.0, 2, "Number"),
    "huge float": Case(1e300, 1e300, "Number"),
    "infinity": Case(float("inf"), float("inf"), "Number"),
    "str": Case("a\0é😀", "a\0é😀", "String"),
    "empty str": Case("", "", "String"),
    "bytes": Case(b"\0\xff", b"\0\xff", "Uint8Array"),
    "empty bytes": Case(b"", b"", "Uint8Array"),
    "bytearray": Case(bytearray(b"ab"), b"ab", "Uint8Array"),
    "memoryview": Case(memoryview(b"abc")[1:], b"bc", "Uint8Array"),
    "memoryview of doubles": Case(memoryview(array.array("d", [0.0])), bytes(8), "Uint8Array"),
    "aware datetime": Case(NOON, NOON, "Date"),
    "datetime in another time zone": Case(NOON.astimezone(PARIS), NOON, "Date"),
    "microseconds of a datetime": Case(NOON.replace(microsecond=123_999), NOON, "Date"),
    "datetime before 1970": Case(
        datetime(1960, 1, 1, tzinfo=timezone.utc), datetime(1960, 1, 1, tzinfo=timezone.utc), "Date"
    ),
    "date": Case(date(2026, 1, 2), "2026-01-02", "String"),
    "time": Case(time(12, 30), "12:30:00", "String"),
    "Decimal": Case(Decimal("1.10"), "1.10", "String"),
    "UUID": Case(UUID(int=1), "00000000-0000-0000-0000-000000000001", "String"),
    "Enum": Case(Colour.RED, "red", "String"),
    "IntEnum": Case(Level.HIGH, 3, "Number"),
    "StrEnum": Case(Mode.FAST, "fast", "String"),
    "dataclass": Case(Point(1, 2.5), {"x": 1, "y": 2.5}, "Object"),
    "dataclasses in a list": Case(
        [Point(1, 2.5), Point(3, 4.5), Point(5, 6.5)],
        [{"x": 1, "y": 2.5}, {"x": 3, "y": 4.5}, {"x": 5, "y": 6.5}],
        "Array",
    ),
    "pydantic model": Case(Model(), {"mode": "json", "n": 1}, "Object"),
    "numpy scalar": Case(Scalar(), 1.5, "Number"),
    "array.array": Case(array.array("H", [1]), array.array("H", [1]).tobytes(), "Uint8Array"),
    "tuple": Case((1, (2,)), [1, [2]], "Array"),
    "named tuple": Case(Pair(1, "b"), {"a": 1, "b": "b"}, "Object"),
    "named tuples in a tuple": Case(
        (Pair(1, "b"), [Pair(2, "")]), [{"a": 1, "b": "b"}, [{"a": 2, "b": ""}]], "Array"
    ),
    "list": Case([1, [2, []]], [1, [2, []]], "Array"),
    "set": Case({1, "a"}, {1, "a"}, "Set"),
    "frozenset": Case(frozenset({1}), {1}, "Set"),
    "dict": Case({"a": {"b": [1]}}, {"a": {"b": [1]}}, "Object"),
    "empty dict": Case({}, {}, "Object"),
    "keys named like members of an object": Case(
        {"constructor": 1, "items": 2, "toJSON": 3, "": 4, "length": 5},
        {"constructor": 1, "items": 2, "toJSON": 3, "": 4, "length": 5},
        "Object",
    ),
    "keys of an error": Case(
        {"name": "a", "message": "b", "stack": None, "cause": [{"name": "c"}]},
        {"name": "a", "message": "b", "stack": None, "cause": [{"name": "c"}]},
        "Object",
    ),
    "key named constructor inside a list": Case(
        [{"constructor": {"a": None}}], [{"constructor": {"a": None}}], "Array"
    ),
    "key named __proto__": Case({"__proto__": 1}, {"__proto__": 1}, "Object"),
    "several containers with None": Case(
        {"a": {"x": None}, "b": {"y": None}, "c": [{"z": [None]}, {"z": [None, 1]}], "d": [None]},
        {"a": {"x": None}, "b": {"y": None}, "c": [{"z": [None]}, {"z": [None, 1]}], "d": [None]},
        "Object",
    ),
    "nested containers": Case(
        {"d": [NOON], "b": (b"x",), "s": {2.0}, "n": [None, {"x": None}]},
        {"d": [NOON], "b": [b"x"], "s": {2}, "n": [None, {"x": None}]},
        "Object",
    ),
}  # fmt: skip


@cases(CLONED)
async def test_a_value_makes_the_round_trip(case: Case) -> None:
    assert kind(to_js(case.given)) == case.js
    back = from_js(to_js([case.given]))[0]
    assert back == case.back
    assert type(back) is type(case.back)


async def test_models_in_a_list_stay_apart() -> None:
    class Numbered:
        def __init__(self, number: int) -> None:
            self.number = number

        def model_dump(self, *, mode: str) -> dict[str, Any]:
            return {"n": [self.number]}

    models = [Numbered(number) for number in range(5)]
    assert from_js(to_js(models)) == [{"n": [number]} for number in range(5)]


@cases([ValueError("no JSON for it"), RuntimeError("its own code")])
async def test_model_that_cannot_be_dumped_is_refused_with_its_place(case: Exception) -> None:
    class Job:
        def model_dump(self, *, mode: str) -> dict[str, Any]:
            raise case

    message = rf"^value\.a\[0\]: Job raised {type(case).__name__}: {case}$"
    with raises(ConversionError, match=message):
        to_js({"a": [Job()]})


@not_in(
    "node-0.26", reason="null cannot be a lone value on Pyodide 0.26; see test_d1 for bind(None)"
)
async def test_top_level_none_is_null() -> None:
    assert kind(to_js(None)) == "Null"
    assert from_js(to_js(None)) is None


async def test_nan_makes_the_round_trip() -> None:
    back = from_js(to_js(float("nan")))
    assert isinstance(back, float)
    assert back != back


async def test_a_round_trip_gives_a_copy() -> None:
    given = {"a": [1]}
    back = from_js(to_js(given))
    back["a"].append(2)
    assert given == {"a": [1]}


async def test_keys_that_are_array_indices_come_first() -> None:
    given = {"b": 1, "10": 2, "2": 3, "a": [{"1": 0, "0": 0}], "4294967295": 4, "4294967294": 5}
    given |= {"01": 6, "-1": 7, "٣": 8}
    for made in to_js(given), from_json(dumps(given)):
        back = from_js(made)
        assert back == given
        assert [*back] == ["2", "10", "4294967294", "b", "a", "4294967295", "01", "-1", "٣"]
        assert [*back["a"][0]] == ["0", "1"]


async def test_a_cycle_is_kept_by_structured_clone() -> None:
    given: list[Any] = [1]
    given.append(given)
    back = from_js(to_js(given))
    assert back[1] is back
    assert back[0] == 1


async def test_a_cycle_with_none_is_kept_by_structured_clone() -> None:
    given: dict[str, Any] = {"none": None}
    given["self"] = [given]
    back = from_js(to_js(given))
    assert back["none"] is None
    assert back["self"][0] is back


def _function() -> None: ...


REFUSED: dict[str, object] = {
    "naive datetime": (
        {"at": [datetime(2026, 1, 2)]},
        r"value\.at\[0\]: expected an aware datetime, got a naive one; write datetime\.now\(timez",
    ),
    "datetime beyond the years of UTC": (
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))),
        "value: the datetime is outside of the years 1 to 9999 in UTC",
    ),
    "timedelta": (timedelta(hours=1), "value: a timedelta cannot cross"),
    "lone surrogate": ("a\ud800", "value: the text has a lone surrogate"),
    "lone surrogate inside": ({"a": ["\udfff"]}, r"value\.a\[0\]: the text has a lone surrogate"),
    "lone surrogate in a key": ({"\ud800": 1}, "lone surrogate"),
    "int key": ({1: 2}, "value: the key 1 is not a str"),
    "tuple key": ([{(1, 2): 3}], r"value\[0\]: the key \(1, 2\) is not a str"),
    "None key": ({None: 1}, "value: the key None is not a str"),
    "function": (_function, "value: a function cannot cross"),
    "class": ([Point], r"value\[0\]: a type cannot cross"),
    "object": ({"a b": object()}, r"value\['a b'\]: an object cannot cross"),
    "complex": (1j, "value: a complex cannot cross"),
    "object deep inside": (
        [{"values": [1, {"price": object()}]}],
        r"value\[0\]\.values\[1\]\.price: an object",
    ),
}


@cases(REFUSED)
async def test_unsupported_value_is_refused_with_its_path(case: tuple[Any, str]) -> None:
    given, message = case
    with raises(ConversionError, match=message) as caught:
        to_js(given)
    assert isinstance(caught.value, TypeError)


@cases(
    {"naive datetime": datetime(2026, 1, 2), "no offset": datetime(2026, 1, 2, tzinfo=NoOffset())}
)
async def test_a_naive_datetime_is_refused_at_every_target(case: datetime) -> None:
    refusal = "expected an aware datetime, got a naive one; write datetime.now"
    for rules in (JSON, SQL, JSON_TEXT):
        with raises(ConversionError, match=rf"^value: {refusal}"):
            convert(case, "value", rules)
    with raises(ConversionError, match=rf"^value: {refusal}"):
        to_js(case)
    with raises(ConversionError, match=rf"^at: {refusal}"):
        aware(case, "at")


# JSON --------------------------------------------------------------------------------------------


def _cycle() -> list[Any]:
    made: list[Any] = []
    made.append({"again": made})
    return made


NOT_JSON: dict[str, object] = {
    "NaN": (float("nan"), "body: nan"),
    "infinity": ({"a": -float("inf")}, r"body\.a: -inf"),
    "int beyond the safe range": ([2**53], r"body\[0\]: the integer is outside"),
    "int below the safe range": ([-(2**53)], r"body\[0\]: the integer is outside"),
    "bytes": ({"a": b""}, r"body\.a: bytes are not JSON"),
    "bytearray": ([bytearray()], r"body\[0\]: bytes are not JSON"),
    "set": ({"a": {1}}, r"body\.a: a set is not JSON"),
    "frozenset": (frozenset({1}), "body: a set is not JSON"),
    "cycle": (_cycle(), r"body\[0\]\.again: the value contains itself"),
    "lone surrogate": (["\ud83d"], r"body\[0\]: the text has a lone surrogate"),
    "object": (object(), "body: an object cannot cross"),
}


@cases(NOT_JSON)
async def test_value_outside_json_is_refused_with_its_path(case: tuple[Any, str]) -> None:
    given, message = case
    with raises(ConversionError, match=message):
        dumps(given, "body")


async def test_json_text_of_each_supported_type() -> None:
    shared = [1]
    given = {
        "none": None, "bool": True, "int": 2**53 - 1, "float": 2.0, "text": "é😀",
        "when": NOON, "day": date(2026, 1, 2), "id": UUID(int=1), "price": Decimal("1.10"),
        "colour": Colour.RED, "point": Point(1, 2.5), "pair": Pair(1, "b"), "model": Model(),
        "twice": [shared, shared],
    }  # fmt: skip
    assert dumps(given) == (
        '{"none":null,"bool":true,"int":9007199254740991,"float":2.0,"text":"é😀",'
        '"when":"2026-01-02T12:00:00.123Z","day":"2026-01-02",'
        '"id":"00000000-0000-0000-0000-000000000001","price":"1.10","colour":"red",'
        '"point":{"x":1,"y":2.5},"pair":{"a":1,"b":"b"},"model":{"mode":"json","n":1},'
        '"twice":[[1],[1]]}'
    )


async def test_json_text_becomes_a_javascript_value() -> None:
    assert from_js(from_json('{"a":[1,2.0,null,"x"],"constructor":null}')) == {
        "a": [1, 2, None, "x"],
        "constructor": None,
    }


async def test_largest_integer_as_json_text_is_a_number() -> None:
    assert kind(from_json("9007199254740991")) == "Number"


@cases({"NaN": "NaN", "Infinity": "[Infinity]", "comma": "[1,]", "empty": "", "word": "nope"})
async def test_invalid_json_text_raises_value_error(case: str) -> None:
    with raises(ValueError):
        loads(case)


# SQL, text and vectors ---------------------------------------------------------------------------

BOUND: dict[str, object] = {
    "None": (None, None),
    "bool": (True, True),
    "int": (5, 5),
    "float": (2.5, 2.5),
    "str": ("é", "é"),
    "bytes": (b"\0", b"\0"),
    "bytearray": (bytearray(b"ab"), b"ab"),
    "memoryview": (memoryview(b"ab"), b"ab"),
    "datetime": (NOON, "2026-01-02T12:00:00.123Z"),
    "date": (date(2026, 1, 2), "2026-01-02"),
    "UUID": (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "Decimal": (Decimal("1.10"), "1.10"),
    "Enum": (Level.HIGH, 3),
}


@cases(BOUND)
async def test_sql_parameter_is_converted(case: tuple[Any, Any]) -> None:
    given, expected = case
    assert convert(given, "values[0]", SQL) == expected


@cases({"list": [1], "dict": {}, "set": {1}, "object": object(), "NaN": float("nan"), "int": 2**53})
async def test_invalid_sql_parameter_is_refused(case: Any) -> None:
    with raises(ConversionError, match=r"^values\[2\]: "):
        convert(case, "values[2]", SQL)


async def test_enum_with_an_invalid_value_is_refused() -> None:
    class Odd(Enum):
        NAN = float("nan")

    with raises(ConversionError, match="value: nan"):
        convert(Odd.NAN, "value", JSON)


async def test_text_refuses_other_types_and_lone_surrogates() -> None:
    assert text("é", "key") == "é"
    with raises(ConversionError, match="key: expected str, got int"):
        text(1, "key")
    with raises(ConversionError, match="key: the text has a lone surrogate"):
        text("\udc00", "key")


@cases(
    {
        "list": [1.5, 2, -3],
        "tuple": (1.5, 2, -3),
        "array of floats": array.array("f", [1.5, 2, -3]),
        "array of doubles": array.array("d", [1.5, 2, -3]),
        "array of ints": array.array("q", [1, 2, -3]),
        "array of bytes": array.array("b", [1, 2, -3]),
        "memoryview of floats": memoryview(array.array("f", [1.5, 2, -3])),
        "every other of doubles": memoryview(array.array("d", [1.5, 0, 2, 0, -3]))[::2],
        "every other of ints": memoryview(array.array("i", [1, 0, 2, 0, -3]))[::2],
        "range": range(3),
        "empty list": [],
    }
)
async def test_a_vector_is_a_float32array(case: Any) -> None:
    crossed = to_vector(case)
    assert kind(crossed) == "Float32Array"
    assert from_vector(crossed) == list(case)
    assert all(type(number) is float for number in from_vector(crossed))


async def test_a_vector_is_rounded_to_float32() -> None:
    assert from_vector(to_vector([0.1])) == [0.10000000149011612]


@cases(
    {
        "text": "abc",
        "digits": "123",
        "a word in it": [1, "x"],
        "None": None,
        "a number": 3,
        "rows": [[1.5, 2], [1.5, 2]],
        "rows of a buffer": memoryview(bytes(16)).cast("f", (2, 2)),
        "bytes of unknown format": b"abcd",
    }
)
async def test_invalid_vector_is_refused(case: Any) -> None:
    with raises(ConversionError, match=f"^query: expected numbers, got {type(case).__name__}"):
        to_vector(case, "query")
    with raises(ConversionError, match=r"^query: expected numbers, got list with list at \[1\]$"):
        to_vector([1, [2.5]], "query")


# JavaScript to Python ----------------------------------------------------------------------------


@only("node", "workerd", reason=NO_JS)
async def test_undefined_and_null_are_none_at_every_depth() -> None:
    import js

    made = js.JSON.parse('[null, {"a": null, "b": [null]}]')
    js.Reflect.set(made, 2, None)  # undefined
    assert from_js(made) == [None, {"a": None, "b": [None]}, None]


@only("node", "workerd", reason=NO_JS)
@not_in("node-0.26", reason="Pyodide 0.26 has no jsnull")
async def test_jsnull_crosses_as_none_does() -> None:
    import js
    from pyodide.ffi import jsnull

    assert js.JSON.stringify(to_js({"a": [jsnull, None]})) == '{"a":[null,null]}'


@only("node", "workerd", reason=NO_JS)
async def test_a_map_is_a_dict_and_a_set_a_set() -> None:
    import js

    assert from_js(js.Map.new(js.JSON.parse('[["a", null], ["b", [null]]]'))) == {
        "a": None,
        "b": [None],
    }
    assert from_js(js.Set.new(js.JSON.parse("[null, 1]"))) == {None, 1}


@only("node", "workerd", reason=NO_JS)
async def test_an_invalid_date_is_an_error() -> None:
    import js

    with raises(ConversionError, match="invalid Date"):
        from_js(js.Date.new(float("nan")))


@only("node", "workerd", reason=NO_JS)
async def test_buffers_are_bytes() -> None:
    import js

    data = to_js([1, 2, 255])
    assert from_js(js.Uint8Array.new(data)) == b"\1\2\xff"
    assert from_js(js.Uint8Array.new(data).buffer) == b"\1\2\xff"
    assert from_js(js.DataView.new(js.Uint8Array.new(data).buffer)) == b"\1\2\xff"
    assert from_js([js.Uint8Array.new(data)][0]) == b"\1\2\xff"


@only("node", "workerd", reason=NO_JS)
async def test_an_object_without_a_prototype_is_a_dict() -> None:
    import js

    made = js.Reflect.apply(js.Object.create, js.Object, js.JSON.parse("[null]"))
    js.Reflect.set(made, "a", 1)
    assert from_js(made) == {"a": 1}


@only("node", "workerd", reason=NO_JS)
async def test_a_number_from_two_to_the_53_is_a_float() -> None:
    import js

    assert repr(from_js(js.JSON.parse("[9007199254740991, 9007199254740992]"))) == (
        "[9007199254740991, 9007199254740992.0]"
    )


@only("node", "workerd", reason=NO_JS)
async def test_javascript_error_becomes_a_workers_error() -> None:
    import js

    made = js.Error.new("outer", to_js({"cause": js.TypeError.new("inner")}))
    error = from_js(js.Array.of(made))[0]
    assert type(error) is WorkersError
    assert (str(error), error.js_name) == ("outer", "Error")
    assert repr(error.cause) == "WorkersError('inner')"
    assert getattr(error.cause, "js_name", None) == "TypeError"


@only("node", "workerd", reason=NO_JS)
async def test_a_class_instance_is_not_converted() -> None:
    import js

    made = js.URL.new("https://example.com/a")
    assert raw(made) is made
    assert from_js(made).href == "https://example.com/a"


@only("node", "workerd", reason=NO_JS)
async def test_raw_unwraps_objects_of_other_sdks() -> None:
    import js

    class Wrapper:
        def __init__(self, name: str, inner: Any) -> None:
            self.__dict__[name] = inner

        def __getattr__(self, name: str) -> Any:  # like an RPC stub: it has every attribute
            return "anything"

    made = js.URL.new("https://example.com/a")
    for name in ("_binding", "_env", "_ctx", "js_object"):
        assert raw(Wrapper(name, made)).href == made.href


async def test_prop_of_an_absent_name_is_none() -> None:
    assert prop(to_js({"a": 1}), "a") == 1
    assert prop(to_js({"a": 1}), "b") is None


# Streams -----------------------------------------------------------------------------------------


async def test_a_stream_of_an_async_iterator_gives_its_bytes() -> None:
    async def chunks() -> Any:
        yield b"ab"
        yield bytearray(b"c")
        yield b""
        yield memoryview(b"d")

    stream = ReadableStream(stream_from(chunks()))
    assert await stream.bytes() == b"abcd"


async def test_a_stream_is_locked_while_it_is_read_and_released_after() -> None:
    async def chunks() -> Any:
        yield b"ab"
        yield b"c"

    stream = ReadableStream(stream_from(chunks()))
    assert stream.locked is False
    seen: list[bytes] = []
    async for chunk in stream:
        assert stream.locked is True
        seen.append(chunk)
    assert seen == [b"ab", b"c"]
    assert stream.locked is False
    assert await stream.bytes() == b""


async def test_leaving_a_stream_early_cancels_its_source() -> None:
    closed = []

    async def chunks() -> Any:
        try:
            while True:
                yield b"x" * 1000
        finally:
            closed.append(True)

    stream = ReadableStream(stream_from(chunks()))
    reading = aiter(stream)
    assert await anext(reading) == b"x" * 1000
    await reading.aclose()
    assert stream.locked is False
    await settled(lambda: closed)
    assert closed == [True]


async def test_exception_in_a_source_fails_the_stream() -> None:
    async def chunks() -> Any:
        yield b"ab"
        raise OSError("the disk is gone")

    stream = ReadableStream(stream_from(chunks()))
    with raises(WorkersError, match="OSError: the disk is gone"):
        await stream.bytes()


async def settled(done: Any) -> None:
    """Wait until a condition is true, for half a second at most."""
    import asyncio

    for _ in range(50):
        if done():
            return
        await asyncio.sleep(0.01)


async def test_check_runs_in_the_requested_world(world: World) -> None:
    assert (world.engine == "fake") is not IN_JS


# Depth -------------------------------------------------------------------------------------------


def deep(levels: int) -> Any:
    """Return nested Arrays of JavaScript."""
    if IN_JS:
        return from_json("[" * levels + "]" * levels)
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@cases([10, 250, 400, 800])
async def test_a_deep_value_of_javascript_is_converted(case: int) -> None:
    value = from_js(deep(case))
    for _ in range(case - 1):
        [value] = value
    assert value == []


@cases([1500, 5000, 20_000])
async def test_a_value_of_javascript_that_is_too_deep_is_refused(case: int) -> None:
    with raises(ConversionError, match="the value from JavaScript is nested too deeply"):
        from_js(deep(case))


@cases([250, 400, 401, 900])
async def test_a_deep_value_crosses_or_is_refused(case: int) -> None:
    lists: Any = []
    dicts: Any = {}
    for _ in range(case - 1):
        lists = [lists]
        dicts = {"a": dicts}
    for value in lists, dicts:
        for convert_value in to_js, dumps:
            refusal: Any = None
            try:
                convert_value(value)
            except ConversionError as error:
                refusal = error
            if case <= 250:
                assert refusal is None
            elif case > 400 or refusal is not None:
                assert "value: the value is nested too deeply" in str(refusal)
