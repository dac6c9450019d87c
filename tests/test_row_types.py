"""Row types: the values that they accept, the conversions, and the messages of errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NewType, NotRequired, TypedDict
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, Json, RootModel, TypeAdapter

from pyworkers_sdk import D1, RowError, RowTypeError
from pyworkers_sdk._row_types import load, row, rows
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
