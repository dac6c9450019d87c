"""Subclasses of built-in types cross as their base, in every binding.

Their own methods do not matter.
markupsafe, numpy, pandas, pendulum, freezegun and bson all have such classes.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from enum import Enum
from typing import Any

from pyworkers_sdk import (
    D1,
    KV,
    R2,
    Blob,
    CacheStorage,
    ConversionError,
    DurableObjectState,
    FormData,
    Headers,
    HTMLRewriter,
    MessageSendRequest,
    Queue,
    Request,
    Response,
    URLSearchParams,
    Vectorize,
    VectorizeVector,
    WebSocketPair,
    WorkflowEvent,
    WorkflowStep,
)
from pyworkers_sdk._border import from_js, text, to_js
from pyworkers_sdk._border.values import JSON, SQL, convert, count, utc
from tests.contract.kit import cases, not_in, only, raises
from tests.contract.test_queues import stored
from tests.contract.workers import AppEnv
from tests.contract.workers.workflows import Flows

WORKERD = "Node has no such object, or cannot call Python"


class Text(str):
    """A str whose methods return other text, as Markup's escape it."""

    __slots__ = ()

    def __str__(self) -> str:
        return "wrong"

    def __repr__(self) -> str:
        return "wrong"

    def __format__(self, format_spec: str) -> str:
        return "wrong"

    def __add__(self, other: str) -> str:
        return "wrong"

    def __radd__(self, other: str) -> str:
        return "wrong"

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"wrong"

    def isascii(self) -> bool:
        return False

    def strip(self, chars: str | None = None, /) -> str:
        return "wrong"

    def lower(self) -> str:
        return "wrong"

    def partition(self, sep: str, /) -> tuple[str, str, str]:
        return ("wrong", "", "")

    def split(self, sep: str | None = None, maxsplit: Any = -1) -> list[str]:
        return ["wrong"]


class Whole(int):
    """An int as bson's Int64."""

    def __repr__(self) -> str:
        return "Whole(0)"

    def __int__(self) -> int:
        return 0

    def __add__(self, other: int) -> int:
        return 0


class Real(float):
    """A float as numpy's float64."""

    def __repr__(self) -> str:
        return "Real(0)"

    def __float__(self) -> float:
        return 0.0

    def is_integer(self) -> bool:
        return True


class Octets(bytes):
    """Bytes like HexBytes."""

    def __bytes__(self) -> bytes:
        return b"wrong"

    def __repr__(self) -> str:
        return "wrong"

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return "wrong"


class Buffer(bytearray):
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return "wrong"


class Moment(datetime):
    """A datetime whose methods return other values, as pandas' and pendulum's do."""

    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str:
        return "wrong"

    def timestamp(self) -> float:
        return 0.0

    def astimezone(self, tz: tzinfo | None = None) -> Any:
        return self

    def __repr__(self) -> str:
        return "wrong"


class Frozen(type):
    """A metaclass for which every datetime is an instance of the class, as freezegun's is."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, datetime)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, datetime)


class FakeMoment(datetime, metaclass=Frozen):
    """A datetime as freezegun's FakeDatetime."""


class Day(date):
    def isoformat(self) -> str:
        return "wrong"


class Hour(time):
    def isoformat(self, timespec: str = "auto") -> str:
        return "wrong"


class Listed(list[Any]):
    """A list like the instrumented list of SQLAlchemy."""


class Pieces(tuple[Any, ...]):
    __slots__ = ()


class Fields(dict[str, Any]):
    """A dict with further members."""

    name = "wrong"


class Many(set[Any]): ...


class Few(frozenset[Any]): ...


class TextColour(str, Enum):  # noqa: UP042
    """An Enum of text from before StrEnum: its str() is the name of the member."""

    RED = "red"


class Number(int, Enum):
    TWO = 2


UTC = timezone.utc
NOON = datetime(2026, 1, 2, 12, 0, 0, 123_000, UTC)
ISO = "2026-01-02T12:00:00.123Z"
PARIS = timezone(timedelta(hours=1))


def moment(cls: type[datetime], zone: timezone = UTC) -> datetime:
    hour = 12 if zone is UTC else 13
    return cls(2026, 1, 2, hour, 0, 0, 123_456, zone)


# name -> a value of a subclass, the value that arrives
SCALARS: dict[str, object] = {
    "str": (Text("é<x"), "é<x"),
    "int": (Whole(5), 5),
    "float": (Real(1.5), 1.5),
    "str Enum": (TextColour.RED, "red"),
    "int Enum": (Number.TWO, 2),
}
BINARY: dict[str, object] = {
    "bytes": (Octets(b"\0x"), b"\0x"),
    "bytearray": (Buffer(b"\0x"), b"\0x"),
}
TIMES: dict[str, object] = {
    "datetime": (moment(Moment), NOON),
    "datetime of another zone": (moment(Moment, PARIS), NOON),
    "datetime of freezegun": (moment(FakeMoment), NOON),
}
AS_TEXT: dict[str, object] = {
    "datetime": (moment(Moment), ISO),
    "datetime of another zone": (moment(Moment, PARIS), ISO),
    "datetime of freezegun": (moment(FakeMoment), ISO),
}
DAYS: dict[str, object] = {
    "date": (Day(2026, 1, 2), "2026-01-02"),
    "time": (Hour(12, 30), "12:30:00"),
}
CONTAINERS: dict[str, object] = {
    "list": (Listed([Whole(1), Listed()]), [1, []]),
    "tuple": (Pieces([Text("a"), Pieces()]), ["a", []]),
    "dict": (Fields({Text("k"): Fields(n=Real(2.5))}), {"k": {"n": 2.5}}),
    "dict with an Enum of text as key": ({TextColour.RED: 1}, {"red": 1}),
    "defaultdict": (defaultdict(list, a=[Text("b")]), {"a": ["b"]}),
    "OrderedDict": (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    "Counter": (Counter("aab"), {"a": 2, "b": 1}),
}
SETS: dict[str, object] = {
    "set": (Many([Text("a")]), {"a"}),
    "frozenset": (Few([Whole(1)]), {1}),
}
CLONED = SCALARS | BINARY | TIMES | DAYS | CONTAINERS | SETS
IN_JSON = SCALARS | AS_TEXT | DAYS | CONTAINERS
IN_SQL = SCALARS | BINARY | AS_TEXT | DAYS


# The border --------------------------------------------------------------------------------------


@cases(CLONED)
async def test_a_subclass_makes_the_round_trip_as_its_base(case: tuple[Any, Any]) -> None:
    value, expected = case
    (back,) = from_js(to_js([value]))
    assert (back, type(back)) == (expected, type(expected))


@cases(IN_JSON)
async def test_a_subclass_is_json_as_its_base(case: tuple[Any, Any]) -> None:
    value, expected = case
    assert convert([value], "value", JSON) == [expected]
    assert await Response.json([value]).json() == [expected]


@cases(IN_SQL)
async def test_a_subclass_is_a_sql_parameter_as_its_base(case: tuple[Any, Any]) -> None:
    value, expected = case
    back = convert(value, "values[0]", SQL)
    assert (back, type(back)) == (expected, type(expected))


async def test_text_and_numbers_of_a_subclass_are_their_base() -> None:
    for back, expected in (
        (text(Text("é"), "key"), "é"),
        (text(TextColour.RED, "key"), "red"),
        (count(Whole(5), "limit"), 5),
        (count(Real(1.5), "limit"), 1.5),
        (utc(moment(Moment)), NOON),
    ):
        assert (back, type(back)) == (expected, type(expected))


async def test_a_subclass_is_refused_where_its_base_is() -> None:
    with raises(ConversionError, match="value: the text has a lone surrogate"):
        to_js(Text("\ud800"))
    with raises(ConversionError, match="value: expected an aware datetime, got a naive one"):
        to_js(Moment(2026, 1, 2))
    with raises(ConversionError, match=r"values\[0\]: the integer is outside"):
        convert(Whole(2**53), "values[0]", SQL)
    with raises(ConversionError, match="value: nan is neither JSON nor SQL"):
        convert(Real("nan"), "value", JSON)
    with raises(ConversionError, match="values: SQL stores"):
        convert(Fields(a=1), "values", SQL)


async def test_a_datetime_without_a_year_is_refused() -> None:
    class Nat(datetime):
        """A datetime as pandas' NaT."""

        year = float("nan")  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

        def __str__(self) -> str:
            return "NaT"

    with raises(ConversionError, match=r"value\[0\]: NaT is not a time"):
        to_js([Nat(2026, 1, 2, tzinfo=UTC)])


async def test_an_array_crosses_as_its_bytes() -> None:
    assert from_js(to_js([array("H", [1, 2])])) == [array("H", [1, 2]).tobytes()]


# KV and R2 ---------------------------------------------------------------------------------------


async def test_kv_takes_subclasses(kv: KV) -> None:
    metadata = {Text("a"): Whole(5), "b": [Real(1.5), moment(Moment)]}
    await kv.put(Text("<k"), Text("é<v"), metadata=metadata)
    assert await kv.get("<k") == await kv.get(Text("<k")) == "é<v"
    stored = await kv.get_with_metadata("<k")
    assert stored.metadata == {"a": 5, "b": [1.5, ISO]}
    assert await kv.get([Text("<k"), Text("no")]) == {"<k": "é<v", "no": None}
    assert [key.name async for key in kv.keys(prefix=Text("<"))] == ["<k"]
    for value in Octets(b"\0x"), Buffer(b"\0x"):
        await kv.put(TextColour.RED, value, expiration_ttl=Whole(60))
        assert await kv.get("red", "bytes") == b"\0x"
    await kv.delete(Text("<k"))
    assert await kv.get("<k") is None


async def test_r2_takes_subclasses(r2: R2) -> None:
    await r2.put(
        Text("<k"),
        Text("é<v"),
        http_metadata={"content_type": Text("text/x"), "cache_expiry": moment(Moment)},
        custom_metadata={Text("a"): Text("<b")},
    )
    stored = await r2.get(Text("<k"))
    assert stored is not None
    assert (stored.key, await stored.text()) == ("<k", "é<v")
    assert stored.custom_metadata == {"a": "<b"}
    assert stored.http_metadata == {"content_type": "text/x", "cache_expiry": NOON}
    for value in Octets(b"\0x"), Buffer(b"\0x"):
        await r2.put(TextColour.RED, value)
        part = await r2.get("red", range={"offset": Whole(1), "length": Whole(1)})
        assert part is not None
        assert await part.bytes() == b"x"
    listed = await r2.list(prefix=Text("<"), limit=Whole(5))
    assert [item.key for item in listed.objects] == ["<k"]
    await r2.delete([Text("<k"), TextColour.RED])
    assert (await r2.list()).objects == []


# SQL ---------------------------------------------------------------------------------------------


@cases(IN_SQL)
async def test_d1_binds_a_subclass_as_its_base(db: D1, case: tuple[Any, Any]) -> None:
    value, expected = case
    base = await db.prepare("SELECT ?1 AS v, typeof(?1) AS t").bind(expected).first()
    assert await db.prepare(Text("SELECT ?1 AS v, typeof(?1) AS t")).bind(value).first() == base


@only("fake", "workerd", reason=WORKERD)
@cases(IN_SQL)
async def test_durable_sql_binds_a_subclass_as_its_base(
    state: DurableObjectState, case: tuple[Any, Any]
) -> None:
    value, expected = case
    sql = state.storage.sql
    base = sql.exec("SELECT ?1 AS v, typeof(?1) AS t", expected).one()
    assert sql.exec(Text("SELECT ?1 AS v, typeof(?1) AS t"), value).one() == base


# Structured clone: storage, RPC, queues, Workflows -----------------------------------------------


@only("fake", "workerd", reason=WORKERD)
@cases(CLONED)
async def test_storage_holds_a_subclass_as_its_base(
    state: DurableObjectState, case: tuple[Any, Any]
) -> None:
    value, expected = case
    storage = state.storage
    await storage.put(Text("<k"), value)
    await storage.put({Text("<many"): value, TextColour.RED: [value]})
    storage.kv.put(Text("<now"), value)
    for back in (
        await storage.get("<k"),
        (await storage.get([Text("<many")]))["<many"],
        (await storage.get("red"))[0],
        (await storage.list(prefix=Text("<k")))["<k"],
        storage.kv.get(Text("<now")),
    ):
        assert (back, type(back)) == (expected, type(expected))
    assert await storage.delete([Text("<k"), Text("<many"), TextColour.RED]) == 3
    assert storage.kv.delete(Text("<now"))


@only("fake", "workerd", reason=WORKERD)
@cases(CLONED)
async def test_rpc_takes_a_subclass_as_its_base(app: AppEnv, case: tuple[Any, Any]) -> None:
    value, expected = case
    stub = app.COUNTERS.get_by_name(Text("<subclasses"))
    for echo in stub.echo, app.CALLEE.echo:
        assert await echo(value) == expected
        assert await echo({"v": [value]}) == {"v": [expected]}


@cases(CLONED)
async def test_v8_message_has_the_size_of_the_base(held: Queue[Any], case: tuple[Any, Any]) -> None:
    sizes = [await stored(held, MessageSendRequest([body], content_type="v8")) for body in case]
    assert sizes[0] == sizes[1]


@cases(
    {
        "json": ("json", Fields({Text("a"): Whole(5)}), '{"a":5}'),
        "text": ("text", Text("é<x"), "é<x"),
        "bytes": ("bytes", Octets(b"\0x"), "\0x"),
        "bytearray": ("bytes", Buffer(b"\0x"), "\0x"),
    }
)
async def test_message_of_a_subclass_is_sent(held: Queue[Any], case: tuple[Any, Any, str]) -> None:
    content_type, body, content = case
    message = MessageSendRequest(body, content_type=content_type)
    assert await stored(held, message) == len(content.encode())


@not_in("node", reason=WORKERD)
async def test_workflow_takes_subclasses(flows: Flows) -> None:
    async def run(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        async def result() -> Any:
            return {Text("v"): [Whole(5), moment(Moment)]}

        return [await step.do(Text("<name"), result), Text("<end")]

    status = await flows.run(run)
    assert status.output == [{"v": [5, ISO]}, "<end"]


# The web platform --------------------------------------------------------------------------------


async def test_headers_and_bodies_take_subclasses() -> None:
    fields: Any = {Text("X-A"): Text("<b>")}
    headers = Headers(fields)
    headers.append(Text("X-C"), Text("d"))
    assert headers.get(Text("x-a")) == "<b>"
    assert dict(headers) == {"x-a": "<b>", "x-c": "d"}
    request = Request(
        Text("https://x.example/a?b=<c"), method=Text("POST"), body=Text("é<"), headers=headers
    )
    assert (request.method, request.url) == ("POST", "https://x.example/a?b=%3Cc")
    assert await request.text() == "é<"
    bodies: list[tuple[Any, bytes]] = [
        (Text("é<"), "é<".encode()),
        (Octets(b"\0x"), b"\0x"),
        (Buffer(b"\0x"), b"\0x"),
    ]
    for body, content in bodies:
        assert await Response(body, status=Whole(201)).bytes() == content
        assert await Blob([body]).bytes() == content


async def test_forms_and_parameters_take_subclasses() -> None:
    form = FormData([(Text("<a"), Text("<b"))])
    form.append(Text("c"), Text("d"))
    assert form.get(Text("<a")) == "<b"
    assert [*form.items()] == [("<a", "<b"), ("c", "d")]
    query: Any = {Text("a"): Text("<b")}
    assert str(URLSearchParams(query)) == "a=%3Cb"


@not_in("node", reason=WORKERD)
async def test_a_rewriter_takes_subclasses() -> None:
    class Link:
        def element(self, element: Any) -> None:
            element.set_attribute(Text("title"), Text("a<b"))
            element.set_inner_content(Text("<i>"))

    rewriter = HTMLRewriter().on(Text("a"), Link())
    written = await rewriter.transform(Response(Text("<a>x</a>"))).text()
    assert written == '<a title="a<b">&lt;i&gt;</a>'


@not_in("node", reason=WORKERD)
async def test_a_socket_sends_subclasses() -> None:
    client, server = WebSocketPair()
    client.accept()
    server.accept()
    for message, expected in ((Text("é<"), "é<"), (Octets(b"\0x"), b"\0x"), (Buffer(b"a"), b"a")):
        client.send(message)
        assert await server.receive() == expected
    client.close(Whole(4000), Text("<bye"))
    assert [message async for message in server] == []
    assert (server.close_code, server.close_reason) == (4000, "<bye")


@not_in("node", reason=WORKERD)
async def test_the_cache_takes_subclasses(caches: CacheStorage) -> None:
    url = Text("https://x.example/subclasses<")
    kept = Response(Text("é<"), headers={"cache-control": Text("max-age=60")})
    await caches.default.put(url, kept)
    found = await caches.default.match(Text(str.__str__(url)))
    assert found is not None
    assert await found.text() == "é<"


async def test_vectorize_takes_subclasses(index: Vectorize) -> None:
    vector = VectorizeVector(
        Text("<id"),
        Listed([Real(1.5), Whole(2), 0]),
        metadata={Text("a"): Text("<b")},
    )
    await index.upsert([vector])
    (back,) = await index.get_by_ids([Text("<id")])
    assert (back.id, back.values) == ("<id", [1.5, 2.0, 0.0])
    assert back.metadata == {"a": "<b"}
