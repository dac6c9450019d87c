"""Types over RPC: arguments and results arrive as the annotations of the method specify."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from pyworkers_sdk import (
    DurableObjectNamespace,
    Request,
    RowError,
    RpcStub,
    RpcTarget,
    Service,
    WorkersError,
)

from .kit import cases, only, raises
from .workers import AppEnv
from .workers.typed import Book, Colour, Line, Model, Pair, Point, TypedMethods

NODE = "the Worker of the Node worlds is JavaScript's"
WORLDS = ("fake", "workerd")
NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


def service(app: AppEnv) -> TypedMethods:
    return app.CALLEE


def durable(app: AppEnv) -> TypedMethods:
    return app.COUNTERS.get_by_name("typed")


SIDES: dict[str, Callable[[AppEnv], TypedMethods]] = {"service": service, "durable": durable}

# method -> the argument, and the result if it is another value
VALUES: dict[str, tuple[Any, ...]] = {
    "point": (Point(1, 2.5), Point(2, 2.5)),
    "line": (Line([Point(1), Point(2)], Colour.BLUE, NOON, {"a": Point(3)}),),
    "item": ({"name": "tea", "price": 2}, {"name": "tea", "price": 2.0}),
    "pair": (Pair(1, "b"),),
    "colour": (Colour.BLUE,),
    "fraction": (2.0,),
    "moment": (NOON,),
    "day": (date(2026, 1, 2),),
    "uuid": (UUID(int=1),),
    "decimal": (Decimal("1.10"),),
    "points": ([Point(1), Point(2)],),
    "sequence": ((Point(1), Point(2)), [Point(1), Point(2)]),
    "mapping": ({"a": Point(1)},),
    "optional": (Point(1),),
    "annotated": (Point(1),),
    "literal": ("a",),
    "text": ("é",),
    "anything": ({"a": [1]},),
    "later": (Point(1), Point(2)),
}


@only(*WORLDS, reason=NODE)
@cases([(side, method) for side in SIDES for method in VALUES])
async def test_values_arrive_as_their_annotations_specify(app: AppEnv, case: Any) -> None:
    side, method = case
    argument, result = VALUES[method][0], VALUES[method][-1]
    back = await getattr(SIDES[side](app), method)(argument)
    assert back == result
    assert type(back) is type(result)


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_model_arrives_as_one(app: AppEnv, case: Any) -> None:
    back = await case(app).model(Model(5))
    assert isinstance(back, Model)
    assert back.number == 5


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_optional_values_may_be_absent(app: AppEnv, case: Any) -> None:
    assert await case(app).optional() is None
    assert await case(app).optional(None) is None
    assert await case(app).optional(value=Point(1)) == Point(1)
    assert await case(app).maybe_book(False) is None
    book = await case(app).maybe_book(True)
    assert await book.add(Point(1)) == Point(2)


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_annotation_for_type_checkers_only_is_not_used(app: AppEnv, case: Any) -> None:
    assert await case(app).unknown({"a": 1}, Point(1)) == {"a": 1}
    assert await case(app).untyped(Point(1)) == "dict"


# method -> the argument, and the message
WRONG: dict[str, tuple[Any, str]] = {
    "point": ({"x": "text"}, "argument 'value' of point(): x: expected int, got str"),
    "line": (
        {"points": [{"x": 1}, {"x": None}]},
        "argument 'value' of line(): points[1].x: expected int, got ",
    ),
    "text": (5, "argument 'value' of text(): expected str, got int"),
    "colour": ("green", "argument 'value' of colour(): expected Colour, got an invalid str"),
    "model": ({}, "argument 'value' of model(): "),
    "literal": ("b", "argument 'value' of literal(): expected one of ('a', 1)"),
    "optional": ([], "argument 'value' of optional(): expected "),
}


@only(*WORLDS, reason=NODE)
@cases([(side, method) for side in SIDES for method in WRONG])
async def test_argument_that_does_not_fit_raises_with_its_name(app: AppEnv, case: Any) -> None:
    side, method = case
    argument, message = WRONG[method]
    with raises(RowError) as caught:
        await getattr(SIDES[side](app), method)(argument)
    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, WorkersError)
    assert caught.value.js_name == "RowError"
    assert getattr(caught.value, "remote", None) is True


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_result_that_does_not_fit_raises(app: AppEnv, case: Any) -> None:
    with raises(RowError, match=r"^the result of wrong_result\(\): x: expected int, got str$"):
        await case(app).wrong_result()


@only(*WORLDS, reason=NODE)
async def test_without_a_class_a_result_is_plain(app: AppEnv) -> None:
    bare: Any = Service(app.js_object.CALLEE)
    assert await bare.point(Point(1)) == {"x": 2, "y": 0}
    namespace: Any = DurableObjectNamespace(app.js_object.COUNTERS)
    assert await namespace.get_by_name("typed").point({"x": 1}) == {"x": 2, "y": 0}


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_rest_of_the_arguments_is_loaded(app: AppEnv, case: Any) -> None:
    assert await case(app).several(Point(1), Point(2), Point(3)) == [1, 2, 3]
    assert await case(app).several(Point(1)) == [1]
    with raises(RowError, match=r"^argument 'rest' of several\(\): x: expected int"):
        await case(app).several(Point(1), {"x": ""})


# Keyword-only parameters


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_keyword_only_arguments_cross(app: AppEnv, case: Any) -> None:
    assert await case(app).options(1, point=Point(5)) == [1, 2, 5]
    assert await case(app).options(1, 3, point=Point(5), scale=2) == [1, 3, 10]
    assert await case(app).options(first=1, point=Point(5)) == [1, 2, 5]
    assert await case(app).only_options(a=1) == [1, None]
    item = {"name": "tea", "price": 1}
    assert await case(app).only_options(b=item, a=1) == [1, {"name": "tea", "price": 1.0}]
    assert await case(app).others(a=Point(1), b=Point(2)) == [1, {"a": 1, "b": 2}]
    assert await case(app).others(5) == [5, {}]
    assert await case(app).others() == [1, {}]


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_wrong_keyword_arguments_are_refused(app: AppEnv, case: Any) -> None:
    with raises(TypeError, match="unexpected keyword argument 'nope'"):
        await case(app).options(1, point=Point(1), nope=1)
    with raises(TypeError, match="missing a required argument: 'first'"):
        await case(app).options(point=Point(1), scale=1)
    with raises(TypeError, match="missing 1 required keyword-only argument: 'point'") as caught:
        await case(app).options(1)
    assert isinstance(caught.value, WorkersError)
    with raises(RowError, match=r"^argument 'point' of options\(\): x: expected int"):
        await case(app).options(1, point={"x": ""})


@only("workerd", reason="the other party is in JavaScript")
async def test_javascript_passes_keyword_only_arguments_as_an_object(app: AppEnv) -> None:
    call: Any = app.PARTY.attemptCallee
    assert await call("options", 1, 3, {"point": {"x": 5}}) == ["ok", [1, 3, 5]]
    assert await call("only_options", {"a": 1}) == ["ok", [1, None]]
    name, message, *_ = await call("only_options", {"a": ""})
    assert (name, message) == ("RowError", "argument 'a' of only_options(): expected int, got str")


class Seeing(Protocol):
    """The interface of the Worker in JavaScript, as its caller declares it."""

    async def together(self, first: int, second: int = 2, *, scale: int = 1) -> Any: ...
    async def add(self, first: int, second: int) -> float: ...
    async def values(self) -> int: ...


@only("workerd", reason="the other party is in JavaScript")
async def test_interface_of_javascript_types_its_methods(app: AppEnv) -> None:
    party: Any = Service[Seeing](app.js_object.PARTY)
    assert await party.together(1, scale=3) == [1, 2, {"scale": 3}]
    assert await party.together(1) == [1]
    total = await party.add(1, 2)
    assert (total, type(total)) == (3.0, float)
    with raises(RowError, match=r"^the result of values\(\): expected int, got dict$"):
        await party.values()


# Objects and functions


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_object_of_the_other_side_has_the_types_of_its_class(app: AppEnv, case: Any) -> None:
    stub = case(app)
    with await stub.book() as book:
        assert await book.add(Point(1)) == Point(2)
        assert await book.add(point=Point(2)) == Point(3)
        assert await book.all() == [Point(1), Point(2)]
        assert await book.last == Point(2)
        assert await book.make(1, y=2) == Point(1, 2.0)
        assert await book.kind(Colour.RED) is Colour.RED
        assert await (await book.itself).last == Point(2)
        with book.dup() as copy:
            assert await copy.last == Point(2)
    shelf = await stub.shelf()
    assert shelf.name == "top"
    for book in [shelf.books[0], shelf.by_name["a"], (await stub.books())["a"][0]]:
        assert await book.add(Point(1)) == Point(2)
    # Without waiting for the object.
    assert await stub.book().add(Point(4)) == Point(5)
    assert await stub.book().last is None
    with raises(TypeError, match='does not implement the method "itself"'):
        await stub.book().itself.last  # an async property has no members before it is awaited


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_callbacks_get_and_return_what_they_declare(app: AppEnv, case: Any) -> None:
    async def move(point: Point) -> Point:
        assert isinstance(point, Point)
        return Point(point.x + 1)

    def wrong(point: Point) -> Any:
        return {"x": "text"}

    def strict(point: Book) -> None: ...

    assert await case(app).call(move, Point(1)) == 2
    with raises(RowError, match=r"^the result of the call: x: expected int, got str$"):
        await case(app).call(wrong, Point(1))
    adder = await case(app).make_adder(3)
    assert await adder(Point(1)) == Point(4)
    with raises(RowError, match=r"^argument 'point' of add\(\): x: expected int"):
        await adder({"x": ""})


@only(*WORLDS, reason=NODE)
async def test_function_of_any_arguments_gets_a_dict_as_it_is(app: AppEnv) -> None:
    def anything(*args: Any, **options: Any) -> list[Any]:
        return [[*args], options]

    assert await app.CALLEE.apply(anything, {"a": 1}) == [[{"a": 1}], {}]  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Local(RpcTarget):
    async def add(self, point: Point) -> Point:
        assert isinstance(point, Point)
        return Point(point.x + 10)


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_object_of_the_caller_has_the_types_of_the_interface(app: AppEnv, case: Any) -> None:
    assert await case(app).use_adding(Local(), Point(1)) == 11
    stub = RpcStub(Book())
    assert await stub.add(Point(1)) == {"x": 2, "y": 0}


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_live_objects_pass_as_they_are(app: AppEnv, case: Any) -> None:
    response = await case(app).url(Request("https://example.com/a"), ["b"])
    assert await response.text() == "https://example.com/a ['b']"


# Properties


@only(*WORLDS, reason=NODE)
@cases(SIDES)
async def test_property_is_awaited(app: AppEnv, case: Any) -> None:
    assert await case(app).origin == Point(0)
    assert await case(app).title == "a title"
    assert await asyncio.gather(*(_read(case(app)) for _ in range(3))) == [Point(0)] * 3


async def _read(stub: TypedMethods) -> Point:
    return await stub.origin


@only(*WORLDS, reason=NODE)
async def test_property_of_an_unknown_class_is_called(app: AppEnv) -> None:
    bare: Any = Service(app.js_object.CALLEE)
    assert await bare.title() == "a title"
    assert await bare.origin() == asdict(Point(0))


@only("workerd", "fake", reason=NODE)
async def test_pydantic_model_arrives_as_one(app: AppEnv, world: Any) -> None:
    from .kit import Skipped

    try:
        import pydantic
    except ImportError:
        raise Skipped("this world has no pydantic") from None

    class Job(pydantic.BaseModel):
        id: int
        when: datetime | None = None

    class Jobs(Protocol):
        async def echo(self, value: Any) -> Job: ...

    Jobs.echo.__annotations__["return"] = Job
    typed: Any = Service[Jobs](app.js_object.CALLEE)
    back = await typed.echo(Job(id=1, when=NOON))
    assert back == Job(id=1, when=NOON)
    with raises(RowError, match=r"^the result of echo\(\): id: "):
        await typed.echo({"id": "x"})


@only("workerd", "fake", reason=NODE)
async def test_pydantic_model_with_aliases_arrives_as_one(app: AppEnv, world: Any) -> None:
    from .kit import Skipped

    try:
        import pydantic
    except ImportError:
        raise Skipped("this world has no pydantic") from None

    class Part(pydantic.BaseModel):
        number: int = pydantic.Field(alias="partNumber")

    class Order(pydantic.BaseModel):
        parts: list[Part]
        note: str = pydantic.Field("", validation_alias="the note")

    class Orders(Protocol):
        async def echo(self, value: Any) -> Order: ...

    Orders.echo.__annotations__["return"] = Order
    typed: Any = Service[Orders](app.js_object.CALLEE)
    values: dict[str, Any] = {"parts": [{"partNumber": 7}], "the note": "é"}
    back = await typed.echo(Order(**values))
    assert back == Order(**values)
    assert await typed.echo(values) == back
    with raises(RowError, match=r"^the result of echo\(\): parts.0.partNumber: "):
        await typed.echo({"parts": [{}]})
