"""Facets of a Durable Object, and the classes of Durable Objects in ``ctx.exports``."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from pyworkers_sdk import (
    BindingError,
    DurableObjectClass,
    DurableObjectError,
    DurableObjectNamespace,
    DurableObjectState,
    FacetStartupOptions,
)
from tests.contract.kit import cases, only, raises
from tests.contract.workers import AppEnv

in_a_runtime = only("fake", "workerd", reason="in the Node worlds the runtime cannot call Python")


async def awaited(promise: Any) -> Any:
    """Await an RpcPromise in a coroutine, since asyncio makes tasks only of coroutines."""
    return await promise


def facet(state: DurableObjectState, name: str, kind: str = "Nested", id: Any = None) -> Any:
    options = FacetStartupOptions(getattr(state.exports, kind), id)
    return state.facets.get(name, lambda: options)


def is_a(value: object, kind: type[Any]) -> bool:
    return isinstance(value, kind)


# Exported classes --------------------------------------------------------------------------------


@in_a_runtime
async def test_exports_have_namespaces_and_classes(state: DurableObjectState) -> None:
    exports = state.exports
    assert await exports.Counter.get_by_name(secrets.token_hex(8)).add(2) == 2
    assert is_a(exports.Counter, DurableObjectNamespace)
    for made in (exports.Nested, exports.Nested(props={}), exports.Counter(props={"a": 1})):
        assert is_a(made, DurableObjectClass)
    with raises(BindingError, match="^the Worker does not export Nobody$"):
        state.exports.Nobody  # noqa: B018


@in_a_runtime
async def test_exported_namespace_equals_the_bound_one(
    app: AppEnv, state: DurableObjectState
) -> None:
    name = secrets.token_hex(8)
    assert await state.exports.Counter.get_by_name(name).add(2) == 2
    stub: Any = app.COUNTERS.get_by_name(name)
    assert await stub.add() == 3


# Facets ------------------------------------------------------------------------------------------


@in_a_runtime
async def test_facet_has_its_own_storage(state: DurableObjectState) -> None:
    await state.storage.put("count", 100)
    assert [await facet(state, "a").add() for _ in range(3)] == [1, 2, 3]
    assert await facet(state, "b").add() == 1
    assert hasattr(state.facets.js_object, "clone")
    assert await state.storage.get("count") == 100


@in_a_runtime
async def test_delete_all_deletes_the_facets(state: DurableObjectState) -> None:
    stub = facet(state, "a")
    assert [await stub.add() for _ in range(2)] == [1, 2]
    await state.storage.delete_all()
    with raises(DurableObjectError, match=r"^Facet was deleted\.$"):
        await stub.add()
    assert await facet(state, "a").add() == 1


@in_a_runtime
async def test_facet_sees_its_id_name_and_props(state: DurableObjectState, app: AppEnv) -> None:
    assert await facet(state, "a").who() == [str(state.id), None, {}, 1]
    assert await facet(state, "text", id="any text").who() == ["any text", None, {}, 1]
    id = app.COUNTERS.id_from_name("x")
    assert await facet(state, "id", id=id).who() == [str(id), "x", {}, 1]
    made: Any = state.facets.get(
        "props", lambda: FacetStartupOptions(state.exports.Nested(props={"a": [1]}))
    )
    assert (await made.who())[2] == {"a": [1]}
    made = state.facets.get(
        "more", lambda: FacetStartupOptions(state.exports.Parent(props={"b": 2}))
    )
    assert (await made.who())[2] == {"b": 2}


@in_a_runtime
async def test_facet_without_an_id_has_the_id_of_its_parent(app: AppEnv) -> None:
    name = secrets.token_hex(8)
    stub: Any = app.PARENTS.get_by_name(name)
    assert await stub.through("a", "who") == [str(stub.id), name, {}, 1]
    assert (await stub.through("a", "who"))[3] == 2


@in_a_runtime
async def test_startup_options_are_requested_once(state: DurableObjectState) -> None:
    requested: list[int] = []

    def start(number: int) -> Callable[[], Any]:
        async def wait() -> FacetStartupOptions:
            requested.append(number)
            await asyncio.sleep(0.01)
            return FacetStartupOptions(state.exports.Nested)

        return wait

    unused = state.facets.get("a", start(0))
    assert requested == []
    stubs: list[Any] = [state.facets.get("a", start(number)) for number in (1, 2, 3)]
    assert await asyncio.gather(*(awaited(stub.add()) for stub in stubs)) == [1, 2, 3]
    assert await unused.add() == 4
    assert requested == [1]


@in_a_runtime
async def test_failed_startup_options_fail_every_call_until_abort(
    state: DurableObjectState,
) -> None:
    def fail() -> FacetStartupOptions:
        raise ValueError("no class")

    for start in (fail, lambda: FacetStartupOptions(state.exports.Nested)):
        stub: Any = state.facets.get("a", start)
        with raises(DurableObjectError) as caught:
            await stub.add()
        assert caught.value.message == "no class"
        assert caught.value.js_name == "ValueError"
        assert caught.value.remote is False
    state.facets.abort("a", "again")
    assert await facet(state, "a").add() == 1


@in_a_runtime
async def test_startup_options_without_a_class_raise(state: DurableObjectState) -> None:
    with raises(DurableObjectError) as caught:
        await facet(state, "a", "Callee").add()
    assert caught.value.message == (
        "Incorrect type for the 'class' field on 'StartupOptions': the provided value is not of "
        "type 'DurableObjectClass or LoopbackDurableObjectNamespace or "
        "LoopbackColoLocalActorNamespace'."
    )
    assert caught.value.js_name == "TypeError"


@in_a_runtime
async def test_facet_that_fails_to_start_raises(state: DurableObjectState, app: AppEnv) -> None:
    id = app.KEPT.id_from_name("no-start")
    for kind in ("Kept", "Nested"):  # the facet keeps its first class
        with raises(DurableObjectError, match="no start") as caught:
            await facet(state, "a", kind, id).hello()
        assert caught.value.js_name == "PythonError"
    state.facets.abort("a", "again")
    assert await facet(state, "a").add() == 1


@in_a_runtime
async def test_running_facet_keeps_its_class(state: DurableObjectState) -> None:
    assert await facet(state, "a").add() == 1
    with raises(DurableObjectError, match="told"):
        await facet(state, "a", "Counter").told()
    state.facets.abort("a", "now")
    assert await facet(state, "a", "Counter").told() == ["loading", "loaded"]
    assert await facet(state, "a", "Counter").add() == 2


@in_a_runtime
@cases(
    {
        "text": ("because", "Error", "because"),
        "error": (TypeError("because"), "TypeError", "because"),
    }
)
async def test_abort_evicts_a_facet_and_keeps_its_storage(
    state: DurableObjectState, case: tuple[Any, str, str]
) -> None:
    reason, js_name, message = case
    unused = facet(state, "a")
    stub = facet(state, "a")
    assert await stub.add() == 1
    under_way = stub.wait(5)
    await stub.who()
    state.facets.abort("a", reason)
    for call in (under_way, stub.add()):
        with raises(DurableObjectError) as caught:
            await call
        assert caught.value.message == message
        assert caught.value.js_name == js_name
        assert caught.value.remote is False
    with raises(DurableObjectError, match=message):
        await stub.fetch("https://facet/")
    assert (await unused.who())[3] == 1  # a new instance with the old storage
    assert await facet(state, "a").add() == 2
    state.facets.abort("unknown", reason)


@in_a_runtime
async def test_facet_that_aborts_itself_starts_again(state: DurableObjectState) -> None:
    stub = facet(state, "a")
    assert await stub.add() == 1
    for call in (stub.reset, stub.add):
        with raises(DurableObjectError, match="^reset$"):
            await call()
    assert await facet(state, "a").add() == 2


@in_a_runtime
async def test_delete_evicts_a_facet_and_deletes_its_storage(state: DurableObjectState) -> None:
    stub = facet(state, "a")
    assert await stub.add() == 1
    assert await stub.through("below", "add") == 1
    under_way = stub.wait(5)
    await stub.who()
    state.facets.delete("a")
    for call in (under_way, stub.add()):
        with raises(DurableObjectError, match=r"^Facet was deleted\.$"):
            await call
    assert await facet(state, "a").add() == 1
    assert await facet(state, "a").through("below", "add") == 1
    state.facets.delete("unknown")


@in_a_runtime
async def test_clone_replaces_storage_by_a_copy(state: DurableObjectState) -> None:
    first = facet(state, "a")
    assert await first.add(10) == 10
    assert await first.through("below", "add", 20) == 20
    state.facets.clone("a", "b")
    copy = facet(state, "b")
    assert await copy.add() == 11
    assert await copy.through("below", "add") == 21
    assert await first.add() == 11
    assert await first.add() == 12
    state.facets.clone("a", "b")
    with raises(DurableObjectError, match=r"^Facet was cloned-over\.$"):
        await copy.add()
    assert await facet(state, "b").add() == 13
    state.facets.clone("unknown", "b")
    assert await facet(state, "b").add() == 1
    state.facets.clone("b", "b")
    assert await facet(state, "b").add() == 2


@in_a_runtime
async def test_reset_of_the_parent_resets_its_facets(app: AppEnv) -> None:
    stub: Any = app.PARENTS.get_by_name(secrets.token_hex(8))
    assert await stub.through("a", "add") == 1
    assert [(await stub.through("a", "who"))[3] for _ in range(2)] == [1, 2]
    with raises(DurableObjectError, match="^reset$"):
        await stub.reset()
    again: Any = app.PARENTS.get(stub.id)
    assert (await again.through("a", "who"))[3] == 1
    assert await again.through("a", "add") == 2


@in_a_runtime
async def test_facets_nest_up_to_four_levels(state: DurableObjectState) -> None:
    assert await facet(state, "a").deep(2) == 0
    with raises(DurableObjectError) as caught:
        await facet(state, "a").deep(3)
    assert caught.value.message == (
        "Facet nesting depth limit exceeded. The maximum depth including the root Durable Object "
        "is 4."
    )


@in_a_runtime
@cases({"ascii": "x" * 257, "utf-8": "é" * 129})
async def test_name_longer_than_256_bytes_raises(state: DurableObjectState, case: str) -> None:
    facets = state.facets
    for call in (
        lambda: facet(state, case),
        lambda: facets.abort(case, "x"),
        lambda: facets.delete(case),
        lambda: facets.clone(case, "a"),
        lambda: facets.clone("a", case),
    ):
        with raises(DurableObjectError) as caught:
            call()
        assert caught.value.message == "Facet name is too long (max 256 characters)."
        assert caught.value.js_name == "TypeError"
    assert await facet(state, "é" * 128).add() == 1


@in_a_runtime
async def test_call_of_a_facet_with_an_empty_name_raises(state: DurableObjectState) -> None:
    with raises(DurableObjectError, match="^internal error; reference = "):
        await facet(state, "").add()


@in_a_runtime
async def test_facet_has_sql_even_if_its_class_has_not(state: DurableObjectState) -> None:
    assert await facet(state, "a", "Kept").what_is_not_there() == [None] * 7


@in_a_runtime
async def test_facet_that_sets_an_alarm_is_reset(state: DurableObjectState) -> None:
    stub = facet(state, "a", "Alarmed")
    for _ in range(2):
        with raises(DurableObjectError) as caught:
            await stub.set(50)
        assert caught.value.message == "Facets currently cannot set alarms."
        assert caught.value.remote is False
    again = facet(state, "a", "Alarmed")
    await again.unset()
    assert await again.when() is None
