"""Row types: the values that they accept, the conversions, and the messages of errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NewType, NotRequired, TypedDict
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from pyworkers_sdk import RowError
from pyworkers_sdk._row_types import load, row, rows
from pyworkers_sdk.testing._install import install

install()  # the second check of rows, by pydantic

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
    loaded = load(Everything, {name: given}, "value")
    assert loaded == {name: expected}
    assert type(loaded[name]) is type(expected)  # type: ignore[literal-required]


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("int_", "3", r"value: int_: expected int, got str"),
        ("int_", 2.5, r"value: int_: expected int, got float"),
        ("int_", True, r"value: int_: expected int, got bool"),
        ("int_", None, r"value: int_: expected int, got NoneType"),
        ("float_", "x", r"value: float_: expected float, got str"),
        ("bool_", 2, r"value: bool_: expected bool, got int"),
        ("bytes_", "a", r"value: bytes_: expected bytes, got str"),
        ("str_", 1, r"value: str_: expected str, got int"),
        ("maybe", "x", r"value: maybe: expected float \| None, got str"),
        ("either", 2.5, r"value: either: expected int \| str, got float"),
        ("one_of", "b", r"value: one_of: expected one of \('a', 2\)"),
        ("colour", "blue", r"value: colour: expected Colour, got an invalid str"),
        ("colour", None, r"value: colour: expected Colour, got NoneType"),
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


def test_an_annotated_constraint_is_checked_in_tests() -> None:
    assert row(Everything, {"positive": 1}) == {"positive": 1}
    with pytest.raises(RowError, match="Everything: column 'positive' of row 0: Input should be"):
        row(Everything, {"positive": -1})


@pytest.mark.parametrize("bad", [int, "User", list])
def test_an_invalid_row_type_is_a_type_error(bad: Any) -> None:
    with pytest.raises(TypeError, match="is not a row type; expected a TypedDict"):
        row(bad, {"a": 1})
