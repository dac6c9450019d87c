"""Row types of every kind, and pydantic's in every world that has pydantic."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NotRequired, TypedDict

from pyworkers_sdk import D1, KV, R2, Request, Response, RowError, RowTypeError

from .kit import Skipped, cases, not_in, raises

if TYPE_CHECKING:
    from pydantic import BaseModel

NO_WHEEL = "PyPI has a wheel of pydantic-core only for Pyodide 314"
OLDER = ("node-0.26", "node-0.28", "workerd-0.28")

SQL = """SELECT 1 AS id, 'Ada' AS name, 2.0 AS score, 1 AS active, x'00ff' AS data,
         '2026-01-02T03:04:05.678Z' AS created, '["a","b"]' AS tags"""


def user() -> "type[BaseModel]":
    """Made inside: a world without pydantic imports this file too."""
    from datetime import datetime

    from pydantic import BaseModel, Field, Json

    class User(BaseModel):
        id: int = Field(gt=0)
        name: str | None
        score: float
        active: bool
        data: bytes
        created: datetime
        tags: Json[list[str]]

    return User


@not_in(*OLDER, reason=NO_WHEEL)
async def test_first_returns_a_model(db: D1) -> None:
    found: Any = await db.prepare(SQL, user()).first()
    assert type(found).__name__ == "User"
    assert (found.id, found.name, found.active, found.data) == (1, "Ada", True, b"\0\xff")
    assert repr(found.score) == "2.0"
    assert found.created.isoformat() == "2026-01-02T03:04:05.678000+00:00"
    assert found.tags == ["a", "b"]


@not_in(*OLDER, reason=NO_WHEEL)
async def test_all_returns_models(db: D1) -> None:
    rows: Any = await db.prepare(f"{SQL} UNION ALL {SQL}", user()).all()
    assert [row.name for row in rows] == ["Ada", "Ada"]


@not_in(*OLDER, reason=NO_WHEEL)
async def test_a_row_that_the_model_refuses_names_the_column(db: D1) -> None:
    statement = db.prepare(SQL.replace("1 AS id", "-5 AS id"), user())
    with raises(RowError, match=r"^User: id: Input should be greater than 0") as caught:
        await statement.all()
    assert "-5" not in str(caught.value)


@not_in(*OLDER, reason=NO_WHEEL)
async def test_a_json_value_of_kv_is_loaded_as_a_model(kv: KV) -> None:
    from pydantic import BaseModel

    class Setting(BaseModel):
        level: int
        names: list[str]

    await kv.put("k", '{"level": 3, "names": ["a"]}')
    assert await kv.get("k", Setting) == Setting(level=3, names=["a"])
    await kv.put("k", '{"level": "high", "names": []}')
    with raises(RowError, match="the value of 'k': level: Input should be a valid integer"):
        await kv.get("k", Setting)


# Every world -------------------------------------------------------------------------------------


class Colour(Enum):
    RED = "red"


class Address(TypedDict):
    city: str
    floor: NotRequired[int]


@dataclass
class Note:
    id: int
    tags: list[str]
    address: Address | None
    colour: Colour = Colour.RED


class Pair(NamedTuple):
    id: int
    tags: tuple[str, ...]


NOTE = """SELECT 1 AS id, '["a","b"]' AS tags, '{"city":"Rome"}' AS address"""


async def test_columns_of_json_text_are_loaded(db: D1) -> None:
    expected = Note(1, ["a", "b"], {"city": "Rome"})
    statement = db.prepare(NOTE, Note)
    assert await statement.first() == expected
    assert (await statement.all()).results == [expected]
    [batched] = await db.batch([statement])
    assert batched.results == [expected]
    assert await db.prepare(NOTE, Pair).first() == Pair(1, ("a", "b"))
    with raises(RowError, match="^Note: column 'tags' of row 0: expected list as JSON text, got"):
        await db.prepare("SELECT 1 AS id, 'a' AS tags, NULL AS address", Note).first()


ONE: dict[str, object] = {
    "int": (int, "3", 3),
    "float": (float, "3", 3.0),
    "bool": (bool, "1", True),
    "str": (str, "'é'", "é"),
    "bytes": (bytes, "x'00ff'", b"\0\xff"),
    "null": (int | None, "NULL", None),
    "enum": (Colour, "'red'", Colour.RED),
    "literal": (Literal["a", "b"], "'b'", "b"),
    "datetime": (datetime, "'2026-01-02'", datetime(2026, 1, 2, tzinfo=timezone.utc)),
    "list": (list[int], "'[1,2]'", [1, 2]),
    "set": (set[int], "'[1,1]'", {1}),
    "dict": (dict[str, int], "1", {"value": 1}),
}


@cases(ONE)
async def test_a_type_without_fields_is_that_of_the_only_column(db: D1, case: Any) -> None:
    row_type, sql, expected = case
    statement = db.prepare(f"SELECT {sql} AS value", row_type)
    assert await statement.first() == expected
    assert [*await statement.all()] == [expected]
    assert [*await db.prepare(f"SELECT {sql} AS value WHERE 0", row_type).all()] == []
    assert await db.prepare(f"SELECT {sql} AS value WHERE 0", row_type).first() is None


async def test_several_columns_for_a_type_without_fields_are_an_error(db: D1) -> None:
    statement = db.prepare("SELECT 1 AS a, 2 AS b", int)
    for run in (statement.first, statement.all, statement.run):
        with raises(RowError, match="^int: expected one column, got 2; select one, or name"):
            await run()
    assert await statement.raw() == [(1, 2)]


class Plain:
    """A class without fields."""


NOT_CHECKED: dict[str, object] = {
    "class": Plain,
    "part": list[Plain],
    "function": lambda value: value,
    "callable": Callable[[], int],
}


@cases(NOT_CHECKED)
async def test_a_type_that_cannot_be_checked_is_refused_before_the_call(
    db: D1, kv: KV, r2: R2, case: Any
) -> None:
    with raises(RowTypeError, match="is not a row type"):
        db.prepare("SELECT 1", case)
    with raises(RowTypeError, match="is not a row type"):
        await kv.get("missing", case)
    with raises(RowTypeError, match="is not a row type"):
        await kv.get(["missing"], case)
    request = Request("https://example.com/", method="POST", body="{}")
    with raises(RowTypeError, match="is not a row type"):
        await request.json(case)
    assert await request.json() == {}  # the body was not read
    await r2.put("a", "{}")
    stored = await r2.get("a")
    assert stored is not None
    with raises(RowTypeError, match="is not a row type"):
        await stored.json(case)
    assert await stored.text() == "{}"


@cases({"tuple": tuple[int, str], "set": set[int | str], "any tuple": tuple[int | str, ...]})
async def test_json_is_loaded_as_a_container(case: Any) -> None:
    value = await Response('[1, "a"]').json(case)
    assert value in ((1, "a"), {1, "a"})
    with raises(RowError, match=r"^the body: \[1\]: expected "):
        await Response("[1, null]").json(case)


@dataclass
class Chain:
    next: "Chain | list[Chain] | None"


@cases([10, 100, 200, 300, 490])
async def test_a_recursive_type_loads_any_depth_or_refuses_it(case: int) -> None:
    for text in '{"next":' * case + "null" + "}" * case, '{"next":[' * case + "]}" * case:
        result: Any
        try:
            result = await Response(text).json(Chain)
        except RowError as error:
            result = error
        if case <= 100:
            assert type(result) is Chain
        elif case == 490 or isinstance(result, RowError):
            assert "nested too deeply" in str(result)


@not_in(*OLDER, reason=NO_WHEEL)
async def test_a_recursive_model_loads_any_depth_or_refuses_it() -> None:
    from pydantic import BaseModel

    names: dict[str, Any] = {"BaseModel": BaseModel, "__name__": __name__}
    exec("class chain(BaseModel):\n    next: 'chain | None' = None", names)
    chain = names["chain"]
    chain.model_rebuild(_types_namespace=names)
    for levels in (10, 40, 60, 200, 300, 400):
        text = '{"next":' * levels + "null" + "}" * levels
        result: Any
        try:
            result = await Response(text).json(chain)
        except RowError as error:
            result = error
        assert type(result) in ((chain, RowError) if levels > 40 else (chain,))


# With the syntax of Python 3.12 ------------------------------------------------------------------

NEWER = """
type Json = None | bool | int | float | str | list[Json] | dict[str, Json]
type Pair[A, B] = tuple[A, B]


class Page[T](TypedDict):
    items: list[T]
    next: "Page[T] | None"


@dataclass
class Node[T]:
    value: T
    children: "list[Node[T]]"
"""


def newer() -> Any:
    import sys

    if sys.version_info < (3, 12):
        raise Skipped("the syntax is that of Python 3.12")
    names: dict[str, Any] = {"TypedDict": TypedDict, "dataclass": dataclass, "__name__": __name__}
    exec(NEWER, names)
    return names


async def test_type_aliases_and_generic_classes_are_row_types() -> None:
    names = newer()
    value = await Response('{"a": [1, null, {"b": []}]}').json(names["Json"])
    assert value == {"a": [1, None, {"b": []}]}
    assert await Response('[1, "a"]').json(names["Pair"][int, str]) == (1, "a")
    with raises(RowError, match=r"^the body: \[0\]: expected int, got str"):
        await Response('["1", "a"]').json(names["Pair"][int, str])
    page = '{"items": [1], "next": {"items": ["x"], "next": null}}'
    with raises(RowError, match=r"^the body: next\.items\[0\]: expected int, got str"):
        await Response(page).json(names["Page"][int])
    node = await Response('{"value": 1, "children": [{"value": 2, "children": []}]}').json(
        names["Node"][int]
    )
    assert node == names["Node"](1, [names["Node"](2, [])])
