"""``Env`` by annotation, over whatever the world gives as its env."""

from typing import Any

import pyworkers_sdk as sdk
from pyworkers_sdk import BindingError, Env

from .kit import World, cases, raises


class AppEnv(Env):
    KV: sdk.KV
    DB: sdk.D1


class Declared(Env):
    TEXT: str
    NUMBER: int
    RATIO: float
    FLAG: bool
    DATA: dict[str, Any]
    NAMES: list[str]


class Optional(Env):
    CACHE: sdk.KV | None
    REGION: str | None
    LEVEL: str = "info"
    LIMIT: int | None = 3


async def test_a_binding_is_of_the_class_that_its_annotation_says(env: Any) -> None:
    app = AppEnv(env)
    assert type(app.KV) is sdk.KV
    assert type(app.DB) is sdk.D1
    assert await app.KV.get("nothing") is None
    assert (await app.DB.prepare("SELECT 1 AS one").all()).results == [{"one": 1}]


async def test_a_binding_is_wrapped_once(env: Any) -> None:
    app = AppEnv(env)
    assert app.KV is app.KV


async def test_an_env_of_an_env_is_the_same_env(env: Any) -> None:
    assert await AppEnv(AppEnv(env)).KV.get("nothing") is None


async def test_a_missing_binding_is_named(env: Any) -> None:
    class Missing(Env):
        ABSENT: sdk.D1

    with raises(BindingError, match="^ABSENT: missing in the Worker's configuration"):
        _ = Missing(env).ABSENT


async def test_a_missing_binding_is_an_attribute_error_for_hasattr(env: Any) -> None:
    class Missing(Env):
        ABSENT: sdk.D1

    assert not hasattr(Missing(env), "ABSENT")


async def test_a_binding_of_another_kind_is_named(env: Any) -> None:
    class Wrong(Env):
        KV: sdk.D1

    with raises(
        BindingError, match=r"^KV: D1: expected the D1 binding, got .* without prepare\(\)"
    ):
        _ = Wrong(env).KV


@cases({"D1": sdk.D1, "KV": sdk.KV})
async def test_binding_of_none_is_refused(case: Any) -> None:
    with raises(BindingError, match="expected a binding, got None"):
        case(None)


async def test_an_undeclared_name_is_an_attribute_error(env: Any) -> None:
    with raises(
        AttributeError, match="^AppEnv does not declare NOPE; it has [A-Z, ]+; annotate it"
    ):
        _ = AppEnv(env).NOPE  # type: ignore[attr-defined]


async def test_variables_load_as_their_annotations(env: Any) -> None:
    declared = Declared(env)
    assert declared.TEXT == "some text"
    assert declared.NUMBER == 3
    assert repr(declared.RATIO) == "2.0"
    assert declared.FLAG is True
    assert declared.DATA == {"a": [1, None], "constructor": "x"}
    assert declared.NAMES == ["a", "b"]


async def test_variable_of_another_type_is_named_without_its_value(env: Any) -> None:
    class Wrong(Env):
        TEXT: int

    with raises(BindingError, match="^TEXT: expected int, got str$"):
        _ = Wrong(env).TEXT


async def test_name_that_is_not_configured_is_none_or_its_default(env: Any) -> None:
    optional = Optional(env)
    assert optional.CACHE is None
    assert optional.REGION is None
    assert optional.LEVEL == "info"
    assert optional.LIMIT == 3


async def test_default_is_overridden_by_the_configuration(env: Any) -> None:
    class Default(Env):
        TEXT: str = "default"

    assert Default(env).TEXT == "some text"


async def test_optional_binding_that_is_configured_is_wrapped(env: Any) -> None:
    class Maybe(Env):
        KV: sdk.KV | None

    found = Maybe(env).KV
    assert found is not None
    assert await found.get("nothing") is None


async def test_repr_shows_names_without_values(env: Any) -> None:
    declared = Declared(env)
    _ = declared.TEXT
    assert repr(declared) == "<Declared: TEXT, NUMBER, RATIO, FLAG, DATA, NAMES>"


async def test_a_subclass_inherits_declarations_and_defaults(env: Any) -> None:
    class More(Optional):
        TEXT: str

    more = More(env)
    assert more.TEXT == "some text"
    assert more.LEVEL == "info"


async def test_the_world_has_its_bindings(env: Any, world: World) -> None:
    assert AppEnv(env).KV.js_object is not None
