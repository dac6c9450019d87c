"""``WorkerEntrypoint`` as a class statement sees it, and ``FakeRuntime`` as the runtime."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import pyworkers_sdk as sdk
from pyworkers_sdk import Env, Request, Response, WorkerEntrypoint, WorkersError
from pyworkers_sdk.testing import Clock, FakeRuntime, fake

if TYPE_CHECKING:

    class OnlyForTypes(Env): ...


class AppEnv(Env):
    CACHE: sdk.KV
    DB: sdk.D1
    API_KEY: str
    LEVEL: str = "info"


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        await self.env.CACHE.put("seen", request.url)
        return Response(f"{request.method} {self.env.API_KEY} {await request.text()}")


def test_imported_base_is_not_exported() -> None:
    assert not isinstance(WorkerEntrypoint, type)
    assert not isinstance(WorkerEntrypoint[AppEnv], type)


def test_each_subclass_has_a_separate_base() -> None:
    class Other(WorkerEntrypoint):
        async def fetch(self, request: Request) -> Response:
            return Response("")

    assert Default.__bases__[0].__name__ == "WorkerEntrypoint"
    assert Other.__bases__ != Default.__bases__


def test_base_cannot_be_instantiated() -> None:
    with pytest.raises(TypeError, match="subclass WorkerEntrypoint"):
        WorkerEntrypoint(None, None)


@pytest.mark.asyncio
async def test_the_runtime_calls_fetch_with_a_typed_env() -> None:
    runtime = FakeRuntime(Default, env=AppEnv, API_KEY="k")
    response = await runtime.fetch("https://example.com/a", method="POST", body="text")
    assert await response.text() == "POST k text"
    assert await runtime.env.CACHE.get("seen") == "https://example.com/a"


@pytest.mark.asyncio
async def test_fetch_accepts_a_request_object() -> None:
    runtime = FakeRuntime(Default, env=fake(AppEnv, API_KEY="k"))
    response = await runtime.fetch(Request("https://example.com/", method="PUT", body=b"b"))
    assert await response.text() == "PUT k b"


@pytest.mark.asyncio
async def test_super_fetch_passes_the_same_objects() -> None:
    class More(Default):
        async def fetch(self, request: Request) -> Response:
            response = await super().fetch(request)
            assert isinstance(response, Response)
            return Response(await response.text() + "!")

    runtime = FakeRuntime(More, env=AppEnv, API_KEY="k")
    assert await (await runtime.fetch("https://example.com/")).text() == "GET k !"


@pytest.mark.parametrize("wrong", [None, "text", b"", {"a": 1}, [1], 3])
@pytest.mark.asyncio
async def test_result_that_is_not_a_response_is_refused(wrong: Any) -> None:
    class Wrong(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            return wrong  # type: ignore[no-any-return]

    with pytest.raises(WorkersError, match=r"Wrong.fetch returned a \w+, not a Response"):
        await FakeRuntime(Wrong, env=AppEnv, API_KEY="k").fetch("https://example.com/")


@pytest.mark.asyncio
async def test_forgotten_await_is_named_in_the_error() -> None:
    async def answer() -> Response:
        return Response("late")

    coming = answer()

    class Forgetful(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            return coming  # type: ignore[return-value]

    with pytest.raises(WorkersError, match=r"Forgetful.fetch returned a coroutine, not a Response"):
        await FakeRuntime(Forgetful, env=AppEnv, API_KEY="k").fetch("https://example.com/")
    coming.close()


@pytest.mark.asyncio
async def test_exception_in_the_handler_is_raised_by_fetch() -> None:
    class Broken(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        await FakeRuntime(Broken, env=AppEnv, API_KEY="k").fetch("https://example.com/")


@pytest.mark.asyncio
async def test_entrypoint_with_its_own_init_has_its_env() -> None:
    class Own(WorkerEntrypoint[AppEnv]):
        def __init__(self, ctx: Any, env: Any) -> None:
            super().__init__(ctx, env)
            self.greeting = f"level {self.env.LEVEL}"

        async def fetch(self, request: Request) -> Response:
            return Response(self.greeting)

    runtime = FakeRuntime(Own, env=AppEnv, API_KEY="k", LEVEL="debug")
    assert await (await runtime.fetch("https://example.com/")).text() == "level debug"


@pytest.mark.asyncio
async def test_wait_until_continues_after_the_response_until_drain() -> None:
    done = []

    class Later(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            self.ctx.wait_until(self.work())
            self.ctx.pass_through_on_exception()
            assert self.ctx.props == {}
            return Response("ok")

        async def work(self) -> None:
            await asyncio.sleep(0)
            done.append(1)
            self.ctx.wait_until(self.more())

        async def more(self) -> None:
            done.append(2)

    runtime = FakeRuntime(Later, env=AppEnv, API_KEY="k")
    await runtime.fetch("https://example.com/")
    assert done == []
    await runtime.drain()
    assert done == [1, 2]


@pytest.mark.asyncio
async def test_exception_in_wait_until_is_raised_by_drain() -> None:
    class Later(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            self.ctx.wait_until(self.work())
            return Response("ok")

        async def work(self) -> None:
            raise LookupError("in the background")

    runtime = FakeRuntime(Later, env=AppEnv, API_KEY="k")
    await runtime.fetch("https://example.com/")
    with pytest.raises(LookupError, match="in the background"):
        await runtime.drain()


@pytest.mark.asyncio
async def test_all_bindings_of_a_runtime_share_its_clock() -> None:
    clock = Clock()
    runtime = FakeRuntime(Default, env=AppEnv, clock=clock, API_KEY="k")
    await runtime.env.CACHE.put("k", "v", expiration_ttl=60)
    clock.advance(61)
    assert runtime.clock is clock
    assert await runtime.env.CACHE.get("k") is None


def test_variable_that_is_not_passed_is_missing_when_read() -> None:
    env = fake(AppEnv)
    assert env.LEVEL == "info"
    with pytest.raises(sdk.BindingError, match="API_KEY: missing in the Worker's configuration"):
        _ = env.API_KEY


@pytest.mark.asyncio
async def test_env_named_in_quotes_may_be_defined_later() -> None:
    class Named(WorkerEntrypoint["AppEnv"]):
        async def fetch(self, request: Request) -> Response:
            return Response(type(self.env).__name__)

    class Dotted(WorkerEntrypoint["sdk.Env"]):
        async def fetch(self, request: Request) -> Response:
            return Response(type(self.env).__name__)

    for each, name in (Named, "AppEnv"), (Dotted, "Env"):
        response = await FakeRuntime(each, env=AppEnv, API_KEY="k").fetch("https://example.com/")
        assert await response.text() == name


@pytest.mark.asyncio
async def test_env_that_only_type_checkers_import_is_explained() -> None:
    class Hidden(WorkerEntrypoint["OnlyForTypes"]):
        async def fetch(self, request: Request) -> Response:
            return Response("never")

    message = "Hidden: tests.test_entrypoints has no OnlyForTypes at run time; import OnlyForTypes"
    with pytest.raises(NameError, match=message):
        await FakeRuntime(Hidden, env=AppEnv, API_KEY="k").fetch("https://example.com/")


def test_undeclared_name_is_refused() -> None:
    with pytest.raises(TypeError, match="AppEnv does not declare API_KEE"):
        fake(AppEnv, API_KEE="k")
    with pytest.raises(TypeError, match="env: expected an Env class, to set API_KEY"):
        FakeRuntime(Default, env=fake(AppEnv), API_KEY="k")
    with pytest.raises(TypeError, match=r"fake\(KV\): unexpected API_KEY"):
        fake(sdk.KV, API_KEY="k")


@pytest.mark.asyncio
async def test_binding_may_be_passed() -> None:
    cache = fake(sdk.KV)
    await cache.put("k", "v")
    assert await fake(AppEnv, CACHE=cache).CACHE.get("k") == "v"


def test_each_binding_class_has_a_fake() -> None:
    class Unknown:
        js_object = None

    not_a_class: Any = "KV"
    with pytest.raises(TypeError, match="expected the class of a binding or an Env, got 'KV'"):
        fake(not_a_class)
    with pytest.raises(TypeError, match="no fake of Unknown exists"):
        fake(Unknown)


def test_env_without_a_type_is_the_raw_env() -> None:
    given, seen = object(), []

    class Bare(WorkerEntrypoint):
        def __init__(self, ctx: Any, env: Any) -> None:
            super().__init__(ctx, env)
            seen.append(self.env)

    Bare(None, given)
    assert seen == [given]


@pytest.mark.asyncio
async def test_drain_waits_for_work_that_a_running_request_adds() -> None:
    go_on, done = asyncio.Event(), []

    class Slow(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            if request.url.endswith("slow"):
                await go_on.wait()
                self.ctx.wait_until(self.work())
            return Response("ok")

        async def work(self) -> None:
            await asyncio.sleep(0)
            done.append(True)

    runtime = FakeRuntime(Slow, env=AppEnv, API_KEY="k")
    slow = asyncio.ensure_future(runtime.fetch("https://example.com/slow"))
    await runtime.fetch("https://example.com/quick")
    await runtime.drain()
    go_on.set()
    await slow
    await runtime.drain()
    assert done == [True]


@pytest.mark.asyncio
async def test_running_work_continues_while_a_test_drains() -> None:
    class Slow(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            await asyncio.sleep(0)
            return Response("done")

    runtime = FakeRuntime(Slow, env=AppEnv, API_KEY="k")
    under_way = asyncio.ensure_future(runtime.fetch("https://example.com/"))
    for _ in range(10):
        await runtime.drain()
    assert under_way.done()


@pytest.mark.asyncio
async def test_drain_waits_for_all_work_although_some_fails() -> None:
    done = []

    class Some(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            self.ctx.wait_until(self.fails())
            self.ctx.wait_until(self.works())
            return Response("ok")

        async def fails(self) -> None:
            raise LookupError("first")

        async def works(self) -> None:
            await asyncio.sleep(0.01)
            done.append(True)

    runtime = FakeRuntime(Some, env=AppEnv, API_KEY="k")
    await runtime.fetch("https://example.com/")
    with pytest.raises(LookupError, match="first"):
        await runtime.drain()
    assert done == [True]
    await runtime.drain()


@pytest.mark.asyncio
async def test_a_fetch_from_a_mixin_gets_the_same_request() -> None:
    class Mixin:
        async def fetch(self, request: Request) -> Response:
            assert isinstance(request, Request)
            return Response("mixed in")

    class Mixed(Mixin, WorkerEntrypoint[AppEnv]):
        pass

    runtime = FakeRuntime(Mixed, env=AppEnv, API_KEY="k")
    assert await (await runtime.fetch("https://example.com/")).text() == "mixed in"
