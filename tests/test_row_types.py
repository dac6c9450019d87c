"""Row types: the values that they accept, the conversions, and the messages of errors."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import (
    Annotated,
    Any,
    AnyStr,
    ClassVar,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    TypedDict,
    TypeVar,
)
from uuid import UUID

import pytest
import typing_extensions
from pydantic import BaseModel, BeforeValidator, Field, Json, RootModel, TypeAdapter

from pyworkers_sdk import D1, RowError, RowTypeError
from pyworkers_sdk._row_types import load, loader_of, row, rows
from pyworkers_sdk.testing import fake

UserId = NewType("UserId", int)
UTC = timezone.utc


class Colour(Enum):
    RED = "red"


class User(TypedDict):
    id: int
    name: str | None


class Everything(TypedDict, total=False):
    int_: int
    float_: float
    bool_: bool
    bytes_: bytes
    str_: str
    maybe: float | None
    either: int | str
    one_of: Literal["a", 2]
    truth: Literal[True]
    colour: Colour
    when: datetime
    day: date
    id: UUID
    price: Decimal
    anything: Any
    user_id: UserId
    positive: Annotated[int, Field(gt=0)]
    items: list[User]
    by_name: dict[str, float]
    user: User
    none: None


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("int_", 3, 3),
        ("int_", 2.0**53, 2**53),
        ("float_", 2, 2.0),
        ("float_", 2.5, 2.5),
        ("bool_", 1, True),
        ("bool_", 0, False),
        ("bool_", True, True),
        ("bytes_", b"a", b"a"),
        ("str_", "a", "a"),
        ("maybe", None, None),
        ("maybe", 2, 2.0),
        ("either", 1, 1),
        ("either", "a", "a"),
        ("one_of", "a", "a"),
        ("one_of", 2, 2),
        ("truth", True, True),
        ("truth", 1, True),
        ("colour", "red", Colour.RED),
        ("when", "2026-01-02T03:04:05.678Z", datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)),
        ("when", "2026-01-02 03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("day", "2026-01-02", date(2026, 1, 2)),
        ("id", "00000000-0000-0000-0000-000000000001", UUID(int=1)),
        ("price", "1.10", Decimal("1.10")),
        ("price", 3, Decimal(3)),
        ("anything", [1, {"a": None}], [1, {"a": None}]),
        ("user_id", 3, 3),
        ("positive", 3, 3),
        ("items", [{"id": 1, "name": None}], [{"id": 1, "name": None}]),
        ("by_name", {"a": 1}, {"a": 1.0}),
        ("user", {"id": 1, "name": "x"}, {"id": 1, "name": "x"}),
        ("none", None, None),
    ],
)
def test_a_value_is_loaded_as_its_annotation(name: str, given: object, expected: object) -> None:
    loaded: Any = load(Everything, {name: given}, "value")
    assert loaded == {name: expected}
    assert type(loaded[name]) is type(expected)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("int_", "3", r"value: int_: expected int, got str"),
        ("int_", 2.5, r"value: int_: expected int, got float"),
        ("int_", True, r"value: int_: expected int, got bool"),
        ("int_", None, r"value: int_: expected int, got None"),
        ("float_", "x", r"value: float_: expected float, got str"),
        ("bool_", 2, r"value: bool_: expected bool, got int"),
        ("bytes_", "a", r"value: bytes_: expected bytes, got str"),
        ("str_", 1, r"value: str_: expected str, got int"),
        ("maybe", "x", r"value: maybe: expected float \| None, got str"),
        ("either", 2.5, r"value: either: expected int \| str, got float"),
        ("one_of", "b", r"value: one_of: expected one of \('a', 2\)"),
        ("colour", "blue", r"value: colour: expected Colour, got an invalid str"),
        ("colour", None, r"value: colour: expected Colour, got None"),
        ("when", "yesterday", r"value: when: expected datetime in ISO 8601, got an invalid str"),
        ("when", 12, r"value: when: expected datetime, got int"),
        ("day", "2026-13-01", r"value: day: expected date in ISO 8601, got an invalid str"),
        ("day", 1, r"value: day: expected date, got int"),
        ("id", "1", r"value: id: expected UUID, got an invalid str"),
        ("price", "x", r"value: price: expected Decimal, got an invalid str"),
        ("price", 1.5, r"value: price: expected Decimal, got float"),
        ("items", [{"id": 1, "name": 2}], r"value: items\[0\]\.name: expected str \| None"),
        ("items", {}, r"value: items: expected list, got dict"),
        ("by_name", {"a b": "x"}, r"value: by_name\['a b'\]: expected float"),
        ("by_name", [], r"value: by_name: expected dict, got list"),
        ("user", {"id": 1}, r"value: user: missing key 'name' \(required by User\)"),
        ("user", [], r"value: user: expected an object for User, got list"),
        ("none", 0, r"value: none: expected None, got int"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_with_its_path(
    name: str, given: object, message: str
) -> None:
    with pytest.raises(RowError, match=f"^{message}"):
        load(Everything, {name: given}, "value")


def _loaded(row_type: Any, *made: dict[str, Any]) -> list[Any]:
    kinds = {name: {type(row[name]) for row in made} for name in (made[0] if made else ())}
    return rows(row_type, list(made), kinds)


def test_an_error_names_column_and_row_but_no_value() -> None:
    with pytest.raises(RowError) as caught:
        _loaded(
            User,
            {"id": 1, "name": "a"},
            {"id": 2, "name": None},
            {"id": "secret", "name": "b"},
        )
    assert str(caught.value) == "User: column 'id' of row 2: expected int, got str"


def test_a_missing_column_is_named() -> None:
    with pytest.raises(RowError, match="User: the result has no column 'name'"):
        _loaded(User, {"id": 1})


def test_an_empty_result_has_no_missing_columns() -> None:
    assert _loaded(User) == []
    assert _loaded(dict) == []


def test_a_column_that_the_type_lacks_is_kept() -> None:
    made = _loaded(User, {"id": 1, "name": "a", "more": True})
    assert made == [{"id": 1, "name": "a", "more": True}]


def test_rows_that_need_no_coercion_are_not_copied() -> None:
    made = {"id": 1, "name": "a"}
    assert _loaded(User, made)[0] is made


@pytest.mark.parametrize("blob", [[0, 255], memoryview(b"\0\xff")])
def test_a_blob_is_bytes_with_every_row_type(blob: object) -> None:
    class Blob(TypedDict):
        data: bytes | None

    assert row(dict, {"data": blob}) == {"data": b"\0\xff"}
    assert row(Blob, {"data": blob}) == {"data": b"\0\xff"}


class Sparse(TypedDict):
    id: int
    note: NotRequired[str]


def test_a_column_that_is_not_required_may_be_absent() -> None:
    assert row(Sparse, {"id": 1}) == {"id": 1}
    with pytest.raises(RowError, match="column 'note' of row 0: expected str"):
        row(Sparse, {"id": 1, "note": 2})


@dataclass
class Point:
    x: int
    y: float = 0.5
    tags: list[str] = field(default_factory=list)
    norm: float = field(init=False, default=0)


def test_a_dataclass_takes_only_its_fields() -> None:
    assert row(Point, {"x": 1, "y": 2, "other": "z"}) == Point(1, 2.0)
    assert load(Point, {"x": 1, "tags": ["a"]}, "value") == Point(1, tags=["a"])


def test_a_dataclass_names_a_missing_or_invalid_column() -> None:
    with pytest.raises(RowError, match="Point: the result has no column 'x'"):
        row(Point, {"y": 1})
    with pytest.raises(RowError, match="column 'x' of row 0: expected int"):
        row(Point, {"x": "1"})


class Model(BaseModel):
    id: int
    score: float = Field(ge=0)


def test_a_pydantic_model_is_validated() -> None:
    assert row(Model, {"id": 1, "score": 2}) == Model(id=1, score=2.0)
    assert load(list[Model], [{"id": 1, "score": 2}], "value") == [Model(id=1, score=2)]


def test_a_pydantic_error_names_the_column_and_shows_no_value() -> None:
    with pytest.raises(RowError, match=r"^Model: score: Input should be greater") as caught:
        row(Model, {"id": 1, "score": -77})
    assert "77" not in str(caught.value)


def test_an_annotated_constraint_is_checked() -> None:
    assert row(Everything, {"positive": 1}) == {"positive": 1}
    with pytest.raises(RowError, match="Everything: column 'positive' of row 0: Input should be"):
        row(Everything, {"positive": -1})


class Plain:
    """A class without fields."""


def function(value: object) -> object:
    return value


NOT_ROW_TYPES: dict[str, Any] = {
    "Plain": Plain,
    "list[Plain]": list[Plain],
    "the function function": function,
    "Callable[[], int]": Callable[[], int],
    "type[int]": type[int],
    "complex": complex,
    "'User'": "User",
    "3": 3,
    "dict[str, Plain]": dict[str, list[Plain | None]],
}


@pytest.mark.parametrize("name", NOT_ROW_TYPES)
def test_an_annotation_that_cannot_be_checked_is_refused_by_name(name: str) -> None:
    with pytest.raises(RowTypeError, match=r"is not a row type; expected a TypedDict") as caught:
        load(NOT_ROW_TYPES[name], {"a": 1}, "value")
    assert isinstance(caught.value, (RowError, TypeError))
    assert str(caught.value).startswith(("Plain", name))


def test_a_row_type_that_cannot_be_checked_is_refused_where_it_is_specified() -> None:
    class Broken(TypedDict):
        fine: int
        part: Plain

    bad: Any = [Broken, function, list[Plain]]
    for row_type in bad:
        with pytest.raises(RowTypeError, match="is not a row type"):
            fake(D1).prepare("SELECT 1", row_type)


def test_a_type_that_only_type_checkers_know_is_refused() -> None:
    class Lazy(TypedDict):
        part: Unknown  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

    with pytest.raises(RowTypeError, match="Lazy cannot be a row type: name 'Unknown' is not"):
        load(Lazy, {}, "value")


# Rows with one column ----------------------------------------------------------------------------

ONE_COLUMN: dict[str, tuple[Any, Any, Any]] = {
    "int": (int, 3, 3),
    "bool": (bool, 1, True),
    "int | None": (int | None, None, None),
    "datetime": (datetime, "2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
    "Enum": (Colour, "red", Colour.RED),
    "Literal": (Literal["a", "b"], "b", "b"),
    "bytes": (bytes, [1, 2], b"\1\2"),
    "list": (list[int], "[1, 2]", [1, 2]),
    "set": (set[int], "[1, 1]", {1}),
    "tuple": (tuple[int, ...], "[1, 2]", (1, 2)),
    "NewType": (UserId, 3, 3),
    "RootModel": (RootModel[list[int]], "[1]", RootModel[list[int]]([1])),
    "TypeAdapter": (TypeAdapter(list[int]), "[1]", [1]),
    "TypeAdapter of int": (TypeAdapter(int), 3, 3),
    "Annotated": (Annotated[int, Field(gt=0)], 3, 3),
    "any": (object, "a", "a"),
}


@pytest.mark.parametrize("name", ONE_COLUMN)
def test_a_type_without_fields_loads_the_only_column(name: str) -> None:
    row_type, cell, expected = ONE_COLUMN[name]
    assert row(row_type, {"count(*)": cell}) == expected
    assert _loaded(row_type, {"x": cell}, {"x": cell}) == [expected, expected]


@pytest.mark.parametrize(
    ("row_type", "made", "message"),
    [
        (int, {"a": 1, "b": 2}, "int: expected one column, got 2; select one, or name a TypedDict"),
        (int, {}, "int: expected one column, got 0"),
        (int, {"n": "x"}, "int: column 'n' of row 0: expected int, got str"),
        (int, {"n": None}, "int: column 'n' of row 0: expected int, got None"),
        (list[int], {"n": "[1,"}, "list: column 'n' of row 0: expected list as JSON text, got oth"),
        (list[int], {"n": '["s3cret"]'}, r"list: column 'n' of row 0\[0\]: expected int, got str"),
        (TypeAdapter(int), {"n": "x"}, r"TypeAdapter\(int\): Input should be a valid integer"),
    ],
)
def test_a_row_that_a_type_without_fields_cannot_load_is_an_error(
    row_type: Any, made: dict[str, Any], message: str
) -> None:
    with pytest.raises(RowError, match=f"^{message}"):
        row(row_type, made)


def test_a_dict_with_a_type_of_values_checks_every_column() -> None:
    assert row(dict[str, int], {"a": 1, "b": 2.0**53}) == {"a": 1, "b": 2**53}
    with pytest.raises(RowError, match="dict: column 'b' of row 0: expected int, got str"):
        row(dict[str, int], {"a": 1, "b": "x"})
    made = {"a": 1, "b": "x"}
    assert row(dict[str, Any], made) is made


# Columns of JSON text ----------------------------------------------------------------------------


class Address(TypedDict):
    city: str


@dataclass
class Customer:
    id: int
    tags: list[str]
    address: Address | None
    scores: dict[str, float] = field(default_factory=dict)
    note: str | list[str] = ""
    at: datetime | list[int] | None = None


class City(BaseModel):
    city: str


class CustomerModel(BaseModel):
    tags: list[str]
    address: City
    raw: Json[list[int]]
    text: str


def test_a_column_of_json_text_is_loaded_as_its_container() -> None:
    made = {"id": 1, "tags": '["a"]', "address": '{"city": "Rome"}', "scores": '{"x": 1}'}
    loaded = row(Customer, {**made, "note": '["n"]', "at": "[1]"})
    assert loaded == Customer(1, ["a"], {"city": "Rome"}, {"x": 1.0}, '["n"]', [1])
    assert row(Customer, {**made, "address": None, "at": "2026-01-02"}) == Customer(
        1, ["a"], None, {"x": 1.0}, at=datetime(2026, 1, 2, tzinfo=UTC)
    )


def test_a_column_of_json_text_is_loaded_by_a_pydantic_model() -> None:
    made = {"tags": '["a"]', "address": '{"city": "Rome"}', "raw": "[1]", "text": '["t"]'}
    expected = {"tags": ["a"], "address": {"city": "Rome"}, "raw": [1], "text": '["t"]'}
    assert row(CustomerModel, made).model_dump() == expected


@pytest.mark.parametrize("cell", ["", "[", "s3cret", "{}", "null", '"s3cret"', b"[]", 1, None])
def test_a_column_of_other_text_is_an_error_without_the_text(cell: Any) -> None:
    with pytest.raises(
        RowError, match=r"^Customer: column 'tags' of row 0: expected list"
    ) as caught:
        row(Customer, {"id": 1, "tags": cell, "address": None})
    assert "s3cret" not in str(caught.value)


def test_json_text_inside_json_is_not_parsed() -> None:
    with pytest.raises(RowError, match="value: tags: expected list, got str"):
        load(Customer, {"id": 1, "tags": '["a"]', "address": None}, "value")


# Classes of every kind ---------------------------------------------------------------------------

T = TypeVar("T")
Bound = TypeVar("Bound", bound=int)


@dataclass
class Base(Generic[T]):
    item: T


@dataclass
class Sub(Base[list[T]], Generic[T]):
    other: T


@dataclass
class IntSub(Sub[int]):
    last: str = ""


@dataclass(slots=True, kw_only=True)
class Everyone:
    id: int
    seed: InitVar[int]
    kind: ClassVar[Plain] = Plain()
    total: int = field(init=False)
    friends: list[Everyone] | None = None

    def __post_init__(self, seed: int) -> None:
        self.total = self.id + seed


class Position(NamedTuple, Generic[T]):
    x: T
    y: float = 0.5


Untyped = namedtuple("Untyped", "a b")


class Closed(typing_extensions.TypedDict, closed=True):
    a: int


class Open(typing_extensions.TypedDict, extra_items=int):  # type: ignore[call-arg]
    a: str


class Mixed(TypedDict, total=False):
    a: Required[int]
    b: typing_extensions.ReadOnly[int]


class Node(TypedDict):
    value: int
    next: Node | None


class Linked:
    """A class that acts like an attrs class: the project does not need attrs."""

    __attrs_attrs__ = (
        SimpleNamespace(name="_id", alias="id", init=True, default="NOTHING", type=int),
        SimpleNamespace(name="tags", alias="tags", init=True, default=(), type=list[str]),
        SimpleNamespace(name="made", alias="made", init=False, default=0, type=int),
    )

    def __init__(self, id: int, tags: Sequence[str] = ()) -> None:
        self.loaded = (id, tags)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Linked) and self.loaded == other.loaded

    __hash__ = None  # type: ignore[assignment]


CLASSES: dict[str, tuple[Any, Any, Any]] = {
    "generic dataclass": (Base[int], {"item": 1}, Base(1)),
    "generic base": (Sub[int], {"item": [1], "other": 2}, Sub([1], 2)),
    "bound base": (IntSub, {"item": [1], "other": 2}, IntSub([1], 2)),
    "generic without argument": (Base, {"item": "any"}, Base("any")),
    "init variable": (Everyone, {"id": 1, "seed": 2}, Everyone(id=1, seed=2)),
    "recursive dataclass": (
        Everyone,
        {"id": 1, "seed": 2, "friends": [{"id": 3, "seed": 4}]},
        Everyone(id=1, seed=2, friends=[Everyone(id=3, seed=4)]),
    ),
    "named tuple by name": (Position[int], {"x": 1}, Position(1)),
    "named tuple by position": (Position[int], [1, 2], Position(1, 2.0)),
    "untyped named tuple": (Untyped, {"a": 1, "b": "x"}, Untyped(1, "x")),
    "open TypedDict": (Open, {"a": "x", "b": 1}, {"a": "x", "b": 1}),
    "keys that are not required": (Mixed, {"a": 1}, {"a": 1}),
    "recursive TypedDict": (Node, {"value": 1, "next": None}, {"value": 1, "next": None}),
    "attrs": (Linked, {"id": 1, "tags": ["a"], "made": 5}, Linked(1, ["a"])),
    "bound type variable": (list[Bound], [1], [1]),  # type: ignore[valid-type]
    "constrained type variable": (AnyStr, "a", "a"),
    "Final": (Final[int], 1, 1),
    "fixed tuple": (tuple[int, str], [1, "a"], (1, "a")),
    "empty tuple": (tuple[()], [], ()),
    "bare containers": (tuple, [1, "a"], (1, "a")),
    "frozenset of enums": (frozenset[Colour], ["red"], frozenset({Colour.RED})),
    "keys of an int": (dict[int, str], {"1": "a", "-2": "b"}, {1: "a", -2: "b"}),
    "keys of an Enum": (dict[Colour, int], {"red": 1}, {Colour.RED: 1}),
    "time": (time, "12:30:00", time(12, 30)),
    "timedelta in seconds": (timedelta, 1.5, timedelta(seconds=1.5)),
    "timedelta as text": (timedelta, "-P1DT2H3M4.5S", -timedelta(1, 4.5, 0, 0, 3, 2)),
    "literal of an Enum": (Literal[Colour.RED], "red", Colour.RED),
    "float before timedelta": (timedelta | float, 2, 2.0),
    "list before set": (set[int] | list[int], [1], [1]),
    "date before datetime": (date | datetime, "2026-01-02", date(2026, 1, 2)),
    "best of two": (
        Base[int] | Position[int],
        {"x": 1, "y": 2},
        Position(1, 2.0),
    ),
    "any as the last": (Any | list[Colour], ["red"], [Colour.RED]),
    "constraint": (Annotated[list[int], Field(min_length=1)], [1], [1]),
    "constrained member of a union": (
        frozenset[int] | Annotated[list[int], Field(max_length=2)],
        [1],
        [1],
    ),
    "validator": (Annotated[int, BeforeValidator(int)], "3", 3),
    "comment": (Annotated[int, "a comment", {"any": []}], 3, 3),
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_of_any_kind_is_loaded(name: str) -> None:
    annotation, value, expected = CLASSES[name]
    loaded = load(annotation, value, "value")
    assert loaded == expected
    assert type(loaded) is type(expected)
    assert loader_of(annotation, "value")(value) == expected


MISFITS: dict[str, tuple[Any, Any, str]] = {
    "generic base": (Sub[int], {"item": [1], "other": "x"}, "value: other: expected int, got str"),
    "base of a base": (IntSub, {"item": ["x"], "other": 1}, r"value: item\[0\]: expected int"),
    "init variable": (Everyone, {"id": 1, "seed": "x"}, "value: seed: expected int, got str"),
    "missing init variable": (Everyone, {"id": 1}, "value: missing key 'seed'"),
    "long named tuple": (Position[int], [1, 2, 3], "value: expected at most 2 items, got 3"),
    "short named tuple": (Position[int], [], "value: missing key 'x'"),
    "closed TypedDict": (Closed, {"a": 1, "b": 2}, r"value: \['b'\]: expected no key"),
    "open TypedDict": (Open, {"a": "x", "b": "y"}, r"value: \['b'\]: expected int, got str"),
    "inner recursive": (
        Node,
        {"value": 1, "next": {"value": "x"}},
        "value: next: missing key 'nex",
    ),
    "short tuple": (tuple[int, str], [1], "value: expected 2 items, got 1"),
    "item of a set": (set[int], [1, "x"], r"value: \[1\]: expected int, got str"),
    "unhashable": (set[list[int]], [[1]], "value: expected items that can be in a set, got others"),
    "key": (dict[int, int], {"x": 1}, r"value: \['x'\]: expected int, got str"),
    "key with a zero": (dict[int, int], {"01": 1}, r"value: \['01'\]: expected int, got str"),
    "keys": (dict[Colour, int], {"blue": 1}, r"value: \['blue'\]: expected Colour, got"),
    "time without colons": (
        time,
        "20260102",
        "value: expected time in ISO 8601, got an invalid str",
    ),
    "long duration": (timedelta, 1e300, "value: expected timedelta in seconds or as ISO 8601"),
    "duration of days": (timedelta, "P1Y", "value: expected timedelta in seconds or as ISO 8601"),
    "infinite Decimal": (Decimal, "NaN", "value: expected a finite Decimal, got another"),
    "huge int": (float, 10**400, "value: expected float, got an int beyond its range"),
    "huge float": (int, 1e300, "value: expected int, got float"),
    "one of a union": (
        Node | None,
        {"value": "x", "next": None},
        "value: value: expected int, got",
    ),
    "literal": (Literal["a", 2], "b", r"value: expected one of \('a', 2\), got another str"),
    "constraint": (Annotated[int, Field(gt=0)], -1, "value: Input should be greater than 0"),
    "bool": (Colour | bool, 2, "value: expected Colour | bool, got int"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_value_that_a_class_cannot_load_is_an_error_with_its_path(name: str) -> None:
    annotation, value, message = MISFITS[name]
    with pytest.raises(RowError, match=f"^{message}"):
        load(annotation, value, "value")


class Raises(Exception):
    """An exception with a secret."""


@dataclass
class Strict:
    a: int
    error: ClassVar[type[Exception]] = ValueError

    def __post_init__(self) -> None:
        raise self.error("s3cret")


@pytest.mark.parametrize("error", [ValueError, KeyError, TypeError, Raises, RecursionError])
def test_an_exception_of_a_constructor_is_the_cause_of_a_row_error(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Strict, "error", error)
    calls: list[Any] = [
        lambda: load(Strict, {"a": 1}, "value"),
        lambda: row(Strict, {"a": 1}),
        lambda: load(list[Strict], [{"a": 1}], "value"),
    ]
    for call in calls:
        with pytest.raises(RowError, match=f"Strict raised {error.__name__}") as caught:
            call()
        assert type(caught.value.__cause__) is error
        assert "s3cret" not in str(caught.value)


def test_an_error_of_many_fields_or_a_long_path_has_a_short_message() -> None:
    with pytest.raises(RowError, match=r"; and 995 more$"):
        load(TypeAdapter(list[int]), ["x"] * 1000, "value")
    with pytest.raises(RowError) as caught:
        load(dict[str, int], {"k" * 100_000: "x"}, "value")
    assert len(str(caught.value)) < 400


def test_unions_in_another_order_are_other_types() -> None:
    assert load(list[Literal[1] | bool], [1], "value") == [1]
    assert load(list[date | datetime], ["2026-01-02"], "value") == [date(2026, 1, 2)]
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    assert load(list[datetime | date], ["2026-01-02"], "value") == [moment]


def test_a_union_of_classes_loads_each_row_as_the_best_of_them() -> None:
    loaded = _loaded(Point | Customer | None, {"x": 1, "y": 2})
    assert loaded == [Point(1, 2.0)]
    made = {"id": 1, "tags": '["a"]', "address": None}
    assert _loaded(Point | Customer, made) == [Customer(1, ["a"], None)]
    with pytest.raises(RowError, match="a row fits none of these types"):
        _loaded(Point | Customer, {"z": 1})


@dataclass
class Itself:
    parent: typing_extensions.Self | None
    children: list[typing_extensions.Self]


@dataclass
class Other:
    own: list[typing_extensions.Self]
    name: str = ""


def test_self_is_the_class_in_which_it_stands() -> None:
    value = {"parent": {"parent": None, "children": []}, "children": []}
    assert load(Itself, value, "value") == Itself(Itself(None, []), [])
    assert load(Other, {"own": [{"own": [], "name": "a"}]}, "value") == Other([Other([], "a")])
    with pytest.raises(RowError, match=r"value: own\[0\]: missing key 'own'"):
        load(Other, {"own": [{"children": [], "parent": None}]}, "value")
