"""Methods with annotations of every kind, for an entrypoint and a Durable Object to inherit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Protocol, Self, TypedDict
from uuid import UUID

from pyworkers_sdk import Request, Response, RpcTarget

if TYPE_CHECKING:
    Unknown = dict[str, int]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Pair(NamedTuple):
    first: int
    second: str = "second"


@dataclass
class Point:
    x: int
    y: float = 0


@dataclass
class Line:
    points: list[Point]
    colour: Colour = Colour.RED
    when: datetime | None = None
    names: dict[str, Point] = field(default_factory=dict)


class Item(TypedDict):
    name: str
    price: float


class Model:
    """A class with the part of a pydantic model that this package uses."""

    def __init__(self, number: int) -> None:
        self.number = number

    @classmethod
    def model_validate(cls, value: Any) -> Self:
        if not isinstance(value, dict) or type(value.get("number")) is not int:
            raise ValueError("number: expected int")
        return cls(value["number"])

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        return {"number": self.number}


class Adding(Protocol):
    """The interface of an object or a function of the other side."""

    async def add(self, point: Point) -> Point: ...


class Book(RpcTarget):
    """An object whose methods have annotations."""

    def __init__(self) -> None:
        self.points: list[Point] = []

    async def add(self, point: Point) -> Point:
        self.points.append(point)
        return Point(point.x + 1, point.y)

    async def all(self) -> list[Point]:
        return self.points

    @property
    async def last(self) -> Point | None:
        return self.points[-1] if self.points else None

    @property
    async def itself(self) -> Book:
        return self

    @staticmethod
    def make(x: int, *, y: float = 0) -> Point:
        return Point(x, y)

    @classmethod
    def kind(cls, colour: Colour) -> Colour:
        return colour


@dataclass
class Shelf:
    """Plain data around objects that stay on their side."""

    name: str
    books: list[Book]
    by_name: dict[str, Book]


def _type_of(value: Any) -> str:
    return type(value).__name__


class TypedMethods:
    """The methods. Each returns the value that it got, and checks its class first."""

    async def point(self, value: Point) -> Point:
        assert isinstance(value, Point)
        return Point(value.x + 1, value.y)

    async def line(self, value: Line) -> Line:
        assert all(isinstance(point, Point) for point in [*value.points, *value.names.values()])
        assert isinstance(value.colour, Colour)
        return value

    async def item(self, value: Item) -> Item:
        assert type(value["price"]) is float
        return value

    async def model(self, value: Model) -> Model:
        assert isinstance(value, Model)
        return value

    async def pair(self, value: Pair) -> Pair:
        assert isinstance(value, Pair)
        return value

    async def colour(self, value: Colour) -> Colour:
        assert isinstance(value, Colour)
        return value

    async def fraction(self, value: float) -> float:
        assert type(value) is float
        return value

    async def moment(self, value: datetime) -> datetime:
        assert isinstance(value, datetime)
        return value

    async def day(self, value: date) -> date:
        assert type(value) is date
        return value

    async def uuid(self, value: UUID) -> UUID:
        assert isinstance(value, UUID)
        return value

    async def decimal(self, value: Decimal) -> Decimal:
        assert isinstance(value, Decimal)
        return value

    async def points(self, value: list[Point]) -> list[Point]:
        assert all(isinstance(point, Point) for point in value)
        return value

    async def sequence(self, value: Sequence[Point]) -> Sequence[Point]:
        assert all(isinstance(point, Point) for point in value)
        return value

    async def mapping(self, value: Mapping[str, Point]) -> Mapping[str, Point]:
        assert all(isinstance(point, Point) for point in value.values())
        return value

    async def optional(self, value: Point | None = None) -> Point | None:
        assert value is None or isinstance(value, Point)
        return value

    async def annotated(self, value: Annotated[Point, "a note"]) -> Annotated[Point, "a note"]:
        assert isinstance(value, Point)
        return value

    async def literal(self, value: Literal["a", 1]) -> Literal["a", 1]:
        return value

    async def text(self, value: str) -> str:
        return value

    async def anything(self, value: Any) -> Any:
        return value

    async def untyped(self, value):  # type: ignore[no-untyped-def]
        return _type_of(value)

    async def unknown(self, value: Unknown, point: Point) -> Unknown:
        assert isinstance(point, Point)
        return value

    async def several(self, first: Point, *rest: Point) -> list[int]:
        return [point.x for point in (first, *rest)]

    async def options(self, first: int, second: int = 2, *, point: Point, scale: int = 1) -> Any:
        assert isinstance(point, Point)
        return [first, second, point.x * scale]

    async def others(self, first: int = 1, **others: Point) -> Any:
        return [first, {name: point.x for name, point in others.items()}]

    async def only_options(self, *, a: int, b: Item | None = None) -> Any:
        return [a, b]

    async def wrong_result(self) -> Point:
        wrong: Any = {"x": "text"}
        return wrong  # type: ignore[no-any-return]

    async def book(self) -> Book:
        return Book()

    async def shelf(self) -> Shelf:
        return Shelf("top", [Book()], {"a": Book()})

    async def books(self) -> dict[str, list[Book]]:
        return {"a": [Book()]}

    async def maybe_book(self, there: bool) -> Book | None:
        return Book() if there else None

    def later(self, value: Point) -> Awaitable[Point]:
        return self.point(value)

    async def call(self, function: Callable[[Point], Awaitable[Point]], value: Point) -> int:
        result = await function(value)
        assert isinstance(result, Point)
        return result.x

    async def use_adding(self, target: Adding, value: Point) -> int:
        result = await target.add(value)
        assert isinstance(result, Point)
        return result.x

    async def make_adder(self, by: int) -> Callable[[Point], Awaitable[Point]]:
        async def add(point: Point) -> Point:
            assert isinstance(point, Point)
            return Point(point.x + by, point.y)

        return add

    async def url(self, request: Request, names: list[str] | None = None) -> Response:
        return Response(f"{request.url} {names}")

    @property
    async def origin(self) -> Point:
        return Point(0)

    @property
    def title(self) -> str:
        return "a title"
