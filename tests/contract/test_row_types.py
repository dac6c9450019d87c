"""Pydantic models as row types, in every world that has pydantic."""

from typing import TYPE_CHECKING, Any

from pyworkers_sdk import D1, KV, RowError

from .kit import not_in, raises

if TYPE_CHECKING:
    from pydantic import BaseModel

NO_WHEEL = "PyPI has a wheel of pydantic-core for Pyodide 314 alone"
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
