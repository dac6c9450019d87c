"""Dynamic Workers: code that is loaded at run time."""

from __future__ import annotations

from functools import partial
from typing import Any

from pyworkers_sdk import (
    ConversionError,
    DurableObjectState,
    FacetStartupOptions,
    ResourceLimits,
    RpcError,
    WorkerCode,
    WorkerLoader,
    WorkerLoaderModule,
    WorkersError,
)
from tests.contract.kit import cases, only, raises
from tests.contract.workers import AppEnv

local = only("fake", "workerd", reason="miniflare gives Node no worker loader")

DATE = "2026-07-01"
SOURCE = """
import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint {
  async fetch(request) {
    return new Response(`${this.env.GREETING}, ${new URL(request.url).pathname}`);
  }
  greet(name) {
    return `${this.env.GREETING}, ${name}`;
  }
}

export class Loud extends WorkerEntrypoint {
  greet(name) {
    return `${this.ctx.props.greeting}, ${name}!`;
  }
}
"""
REFUSED: dict[str, Any] = {
    "nothing": ({}, "Dynamic Worker code must contain at least one module."),
    "a name": (
        {"a.txt": "x"},
        "Module name must end with '.js' or '.py' (or the content must be an object indicating"
        " the type explicitly). Got: a.txt",
    ),
    "two kinds": (
        {"a": WorkerLoaderModule(js="", text="")},
        "Each module must contain exactly one of 'js', 'cjs', 'text', 'data', 'json', 'py', or"
        " 'wasm'. Module 'a' contained 2 properties.",
    ),
    "no kind": (
        {"a": WorkerLoaderModule()},
        "Each module must contain exactly one of 'js', 'cjs', 'text', 'data', 'json', 'py', or"
        " 'wasm'. Module 'a' contained 0 properties.",
    ),
    "Python": (
        {"a.py": "", "main.js": ""},
        'Module "a.py" is a Python module, but the main module isn\'t a Python module.',
    ),
}


def _code(**options: Any) -> WorkerCode:
    options = {"compatibility_date": DATE, "env": {"GREETING": "Hello"}, **options}
    return WorkerCode("main.js", {"main.js": SOURCE}, **options)


@local
async def test_a_loaded_worker_answers_rpc_and_fetch(app: AppEnv) -> None:
    worker = app.LOADER.load(_code())
    greeter = worker.get_entrypoint()
    assert await greeter.greet("ann") == "Hello, ann"
    assert await (await greeter.fetch("https://greeter.example/bob")).text() == "Hello, /bob"


@local
async def test_an_entrypoint_has_its_props(app: AppEnv) -> None:
    worker = app.LOADER.load(_code(limits=ResourceLimits(cpu_ms=50)))
    loud = worker.get_entrypoint("Loud", props={"greeting": "Hey"}, limits=ResourceLimits(50, 5))
    assert await loud.greet("ann") == "Hey, ann!"


@local
async def test_code_is_requested_once_on_the_first_call(app: AppEnv) -> None:
    calls: list[str] = []

    async def code() -> WorkerCode:
        calls.append("async")
        return _code(env={"GREETING": "Good day"})

    worker = app.LOADER.get("greeter", code)
    assert calls == []
    assert await worker.get_entrypoint().greet("ann") == "Good day, ann"
    assert await worker.get_entrypoint("Loud", props={"greeting": "Hey"}).greet("b") == "Hey, b!"
    again = app.LOADER.get("greeter", code)
    assert await again.get_entrypoint().greet("bob") == "Good day, bob"
    assert calls == ["async"]


@local
async def test_get_code_may_be_synchronous(app: AppEnv) -> None:
    worker = app.LOADER.get("plain", _code)
    assert await worker.get_entrypoint().greet("ann") == "Hello, ann"


@local
async def test_get_code_that_raises_fails_the_call(app: AppEnv) -> None:
    def code() -> WorkerCode:
        raise LookupError("no such code")

    worker = app.LOADER.get("failing", code)
    with raises(RpcError) as caught:
        await worker.get_entrypoint().greet("ann")
    assert (caught.value.message, caught.value.js_name) == ("no such code", "LookupError")


@local
async def test_a_binding_in_the_env_of_the_code_can_be_called(app: AppEnv) -> None:
    source = """
        export default {
          async fetch(request, env) {
            return new Response(await env.CALLEE.add(1, 2));
          },
        };
    """
    code = WorkerCode(
        "binding.js",
        {"binding.js": source},
        compatibility_date=DATE,
        env={"CALLEE": app.CALLEE},
        global_outbound=False,
    )
    response = await app.LOADER.load(code).get_entrypoint().fetch("https://binding.example/")
    assert await response.text() == "3"


@local
@cases(REFUSED)
async def test_invalid_modules_are_refused(app: AppEnv, case: Any) -> None:
    modules, message = case
    code = WorkerCode("main.js", modules, compatibility_date=DATE)
    with raises(WorkersError) as caught:
        app.LOADER.load(code)
    assert (caught.value.message, caught.value.js_name) == (message, "TypeError")
    worker = app.LOADER.get(message, lambda: code)
    with raises(WorkersError) as late:
        await worker.get_entrypoint().fetch("https://x.example/")
    assert (late.value.message, late.value.js_name) == (message, "TypeError")


@only("workerd", reason="a fake's class is Python's; see tests/fakes/test_bindings.py")
async def test_a_durable_object_class_of_the_code_makes_facets(
    state: DurableObjectState, env: Any
) -> None:
    source = """
        import { DurableObject } from "cloudflare:workers";
        export class Tally extends DurableObject {
          add(n) {
            const sum = (this.ctx.storage.kv.get("sum") ?? this.ctx.props.start) + n;
            this.ctx.storage.kv.put("sum", sum);
            return sum;
          }
        }
    """
    code = WorkerCode("tally.js", {"tally.js": source}, compatibility_date=DATE)
    for worker in (
        WorkerLoader(env.LOADER).load(code),
        WorkerLoader(env.LOADER).get("t", lambda: code),
    ):
        tally = worker.get_durable_object_class("Tally", props={"start": 5})
        facet = state.facets.get("tally", partial(FacetStartupOptions, tally))
        assert await facet.add(2) == 7
        assert await facet.add(3) == 10
        state.facets.delete("tally")


@local
async def test_invalid_arguments_are_refused(app: AppEnv) -> None:
    with raises(ConversionError, match=r"^code.env.a: "):
        app.LOADER.load(_code(env={"a": object()}))
    with raises(ConversionError, match="^main_module: expected str, got int$"):
        WorkerCode(1, {}, compatibility_date=DATE)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    wrong: Any = {"mainModule": "a.js"}
    with raises(ConversionError, match="^code: expected WorkerCode, got dict$"):
        app.LOADER.load(wrong)
    wrong = _code()
    with raises(ConversionError, match="^get_code: expected a function .*, got WorkerCode$"):
        app.LOADER.get("a", wrong)
    with raises(ConversionError, match="^name: expected str, got None$"):
        app.LOADER.get(None, _code)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
