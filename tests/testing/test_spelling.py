"""Misspelt names in tests: refused where they are written, or where a test looks at the result."""

from __future__ import annotations

import asyncio
import copy
import inspect
import subprocess
import sys
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from pyworkers_sdk import (
    D1,
    KV,
    R2,
    D1Meta,
    DurableObject,
    DurableObjectNamespace,
    Env,
    KVListKey,
    Queue,
    Request,
    Response,
    RpcTarget,
    Vectorize,
    VectorizeVector,
    WorkerEntrypoint,
    WorkersError,
    Workflow,
    WorkflowEntrypoint,
)
from pyworkers_sdk.testing import FakeRuntime, fake, faults, introspect_workflow
from pyworkers_sdk.testing.fakes.workflows.script import WorkflowIntrospector

Plan = Callable[[WorkflowIntrospector, str], None]

PREFIX = "item "
REFUND = "refund"


async def charge() -> int:
    return 1


async def ship(step: Any) -> None:
    await step.do("ship", charge)


class Flow(WorkflowEntrypoint["AppEnv"]):
    async def run(self, event: Any, step: Any) -> int:
        if event.payload.get("refund"):
            await step.do(REFUND, charge)
        if event.payload.get("ship"):
            await ship(step)
        if event.payload.get("wait"):
            await step.wait_for_event("go", type="go")
        for number in range(2):
            await step.do(f"{PREFIX}{number}", charge)
        await step.sleep("rest", 1000)

        @step.do()  # type: ignore[untyped-decorator]
        async def notify() -> None: ...

        await notify()
        result: int = await step.do("charge", charge)
        return result


class Room(DurableObject["AppEnv"]):
    async def join(self, name: str) -> str:
        return name


class AppEnv(Env):
    CACHE: KV
    FLOW: Workflow
    ROOMS: DurableObjectNamespace[Room]


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Any) -> Response:
        return Response("")


def runtime() -> FakeRuntime[AppEnv]:
    return FakeRuntime(Default, env=AppEnv, workflows={"FLOW": Flow})


PLANS: dict[str, Plan] = {
    "crash_before": lambda flow, name: flow.crash_before(name),
    "crash_after": lambda flow, name: flow.crash_after(name),
    "mock_step_result": lambda flow, name: flow.mock_step_result(name, 2),
    "mock_step_error": lambda flow, name: flow.mock_step_error(name, ValueError("no"), times=1),
    "force_step_timeout": lambda flow, name: flow.force_step_timeout(name, times=1),
    "force_event_timeout": lambda flow, name: flow.force_event_timeout(name),
    "disable_sleeps": lambda flow, name: flow.disable_sleeps(name),
    "disable_retry_delays": lambda flow, name: flow.disable_retry_delays(name),
}


@pytest.mark.parametrize("of_instance", [True, False])
@pytest.mark.parametrize("call", PLANS)
@pytest.mark.asyncio
async def test_plan_for_a_step_that_does_not_exist_is_refused_when_the_instance_is_complete(
    call: str, of_instance: bool
) -> None:
    worker = runtime()
    flow = introspect_workflow(worker.env.FLOW)
    created = await worker.env.FLOW.create()
    instance = flow.instance(created.id)
    PLANS[call](instance if of_instance else flow, "chrage")  # type: ignore[arg-type]
    message = f"^{call}: unknown step 'chrage'; did you mean 'charge'[?]$"
    with pytest.raises(AssertionError, match=message):
        await instance.wait_for_status("complete")
    for look in ("steps", "crashes", "output", "error"):
        with pytest.raises(AssertionError, match=message):
            getattr(instance, look)


@pytest.mark.parametrize("name", ["charge", "item 1", "notify", "rest", REFUND, "ship"])
@pytest.mark.asyncio
async def test_plan_for_a_step_that_ran_or_that_the_code_names_is_accepted(name: str) -> None:
    worker = runtime()
    flow = introspect_workflow(worker.env.FLOW)
    flow.disable_retry_delays(name)
    flow.crash_after(name)
    instance = flow.instance((await worker.env.FLOW.create()).id)
    await instance.wait_for_status("complete")
    assert instance.output == 1


@pytest.mark.asyncio
async def test_plan_for_a_step_of_another_instance_is_accepted_until_all_are_complete() -> None:
    worker = runtime()
    flow = introspect_workflow(worker.env.FLOW)
    flow.crash_before("item 7")
    first = flow.instance((await worker.env.FLOW.create()).id)
    second = flow.instance((await worker.env.FLOW.create(params={"wait": True})).id)
    await first.wait_for_status("complete")
    assert first.output == 1
    second.mock_event("go")
    with pytest.raises(AssertionError, match=r"^crash_before: unknown step 'item 7'; did you mean"):
        await second.wait_for_status("complete")


@pytest.mark.parametrize("method", ["jion", "Join", "leave"])
@pytest.mark.asyncio
async def test_fault_of_an_unknown_method_of_a_durable_object_is_refused(method: str) -> None:
    env = fake(AppEnv)
    hint = "" if method == "leave" else r" \(did you mean join\?\)"
    with pytest.raises(
        TypeError, match=f"^method: expected one of .*join.*{hint}, got '{method}'$"
    ):
        faults(env.ROOMS).fail("no", method=method)
    faults(env.ROOMS).fail("no", method="join")
    with pytest.raises(Exception, match="no"):
        await env.ROOMS.get_by_name("a").join("b")


def test_fault_of_a_misspelt_method_names_the_similar_one() -> None:
    with pytest.raises(TypeError, match=r"\(did you mean put\?\), got 'putt'$"):
        faults(fake(KV)).fail("no", method="putt")


def test_misspelt_binding_names_the_similar_one() -> None:
    with pytest.raises(TypeError, match=r"^AppEnv does not declare CAHCE; did you mean CACHE\?$"):
        fake(AppEnv, CAHCE=fake(KV))


@pytest.mark.asyncio
async def test_decorator_of_a_step_without_parentheses_is_refused() -> None:
    class Bare(WorkflowEntrypoint[AppEnv]):
        async def run(self, event: Any, step: Any) -> None:
            @step.do  # type: ignore[untyped-decorator]
            async def notify() -> None: ...

    worker = FakeRuntime(Default, env=AppEnv, workflows={"FLOW": Bare})
    instance = introspect_workflow(worker.env.FLOW).instance((await worker.env.FLOW.create()).id)
    await instance.wait_for_status("errored")
    assert instance.error is not None
    assert instance.error[1].endswith("write @step.do() as decorator")


# Names of JavaScript, in the message itself: pytest does not print Python's suggestions.


class Everything(Env):
    CACHE: KV
    BUCKET: R2
    DB: D1
    JOBS: Queue[Any]
    FLOW: Workflow
    INDEX: Vectorize
    ROOMS: DurableObjectNamespace[Room]


Use = Callable[[Any], Any]


def of(value: Any) -> Any:
    """Hide the type of a value: type checkers would find the mistake, too."""
    return value


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (lambda env: env.CACHE.getWithMetadata, "get_with_metadata"),
        (lambda env: env.BUCKET.createMultipartUpload, "create_multipart_upload"),
        (lambda env: env.JOBS.sendBatch, "send_batch"),
        (lambda env: env.FLOW.createBatch, "create_batch"),
        (lambda env: env.INDEX.getByIds, "get_by_ids"),
        (lambda env: env.ROOMS.getByName, "get_by_name"),
        (lambda env: env.ROOMS.idFromName, "id_from_name"),
        (lambda env: env.CACHE.getwithmetadata, "get_with_metadata"),
        (lambda env: env.CACHE.get_with_metadat, "get_with_metadata"),
        (lambda env: of(D1Meta({})).rowsRead, "rows_read"),
        (lambda env: of(WorkersError("a")).jsName, "js_name"),
    ],
)
def test_attribute_in_javascripts_spelling_names_ours_in_the_message(use: Use, name: str) -> None:
    with pytest.raises(AttributeError, match=rf"\. Did you mean: '{name}'\?$") as caught:
        use(fake(Everything))
    # Python's own suggestion does not follow it.
    assert "".join(traceback.format_exception_only(caught.value)).count("Did you mean") == 1


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (lambda env: env.CACHE.put("a", "b", expirationTtl=60), "expiration_ttl"),
        (lambda env: env.CACHE.put("a", "b", expiration_tll=60), "expiration_ttl"),
        (lambda env: env.BUCKET.put("a", "b", httpMetadata={}), "http_metadata"),
        (lambda env: env.JOBS.send(1, contentType="text"), "content_type"),
        (lambda env: env.JOBS.send(1, delaySeconds=1), "delay_seconds"),
        (lambda env: env.FLOW.create(locationHint="weur"), "location_hint"),
        (lambda env: env.INDEX.query([1.0], topK=3), "top_k"),
        (lambda env: env.ROOMS.get_by_name("a", locationHint="weur"), "location_hint"),
        (lambda env: of(Response)("", webSocket=None), "web_socket"),
        (lambda env: of(Response.json)({}, statusCode=200), "status"),
        (lambda env: of(Request)("https://a.example/", bdoy=""), "body"),
        (lambda env: of(VectorizeVector)("a", [1.0], metaData={}), "metadata"),
    ],
)
def test_keyword_in_another_spelling_names_ours(use: Any, name: str) -> None:
    with pytest.raises(TypeError, match=rf"\. Did you mean '{name}'\?$"):
        use(fake(Everything))


@pytest.mark.parametrize(
    ("use", "options"),
    [
        (lambda env: env.CACHE.put("a", "b", {"expirationTtl": 60}), "expiration_ttl=…"),
        (lambda env: env.CACHE.list({"prefix": "a", "limit": 1}), "prefix=…, limit=…"),
        (lambda env: env.BUCKET.put("a", "b", {"httpMetadata": {}}), "http_metadata=…"),
        (lambda env: env.JOBS.send(1, {"contentType": "text"}), "content_type=…"),
        (lambda env: env.JOBS.send(1, "text"), "content_type=…, delay_seconds=…"),
        (lambda env: env.FLOW.create({"id": "a", "params": 1}), "id=…, params=…"),
        (lambda env: env.INDEX.query([1.0], {"topK": 3}), "top_k=…"),
        (lambda env: of(Response)("", {"status": 404}), "status=…"),
        (lambda env: of(Response.json)({}, {"status": 404}), "status=…"),
        (lambda env: of(Request)("https://a.example/", {"method": "PUT"}), "method=…"),
    ],
)
def test_options_in_javascripts_shape_are_answered_with_keywords(use: Any, options: str) -> None:
    with pytest.raises(TypeError, match=rf"; options are keywords: {options}$"):
        use(fake(Everything))


def test_errors_of_the_function_itself_are_not_explained() -> None:
    class Mine(RpcTarget):
        @property
        def broken(self) -> int:
            raise AttributeError("its own")

    with pytest.raises(AttributeError, match=r"^its own$"):
        _ = Mine().broken
    assert not hasattr(fake(KV), "__aiter__")
    assert not hasattr(fake(KV), "_private")


@pytest.mark.asyncio
async def test_object_without_an_env_class_says_that_it_is_the_runtimes_own() -> None:
    class Bare(WorkerEntrypoint):
        async def fetch(self, request: Any) -> Response:
            return Response(str(getattr(self.env, request.url.rpartition("/")[2])))

        async def scheduled(self, controller: Any) -> None:
            await self.env.CACHE.get_with_metadata("a")

    worker = FakeRuntime(Bare, env=AppEnv)
    with pytest.raises(
        AttributeError, match=r"^the Worker's env has no AI; it has CACHE, FLOW, ROOMS"
    ):
        await worker.fetch("https://example.com/AI")
    with pytest.raises(
        AttributeError, match=r"has nothing; .*class AppEnv\(Env\): AI: AI, and name"
    ):
        await FakeRuntime(Bare).fetch("https://example.com/AI")
    with pytest.raises(
        AttributeError, match=r"own object and has getWithMetadata; name your Env class"
    ):
        await worker.scheduled()


def test_calls_and_classes_stay_what_they_are() -> None:
    assert inspect.iscoroutinefunction(KV.delete)
    assert asyncio.iscoroutinefunction(KV.put)
    assert [*inspect.signature(KV.put).parameters][:3] == ["self", "key", "value"]
    assert KV.put.__qualname__ == "KV.put"
    assert KVListKey("a", None, None)._replace(name="b") == KVListKey("b", None, None)
    assert "__wrapped__" in vars(KV.put)
    assert copy.copy(KVListKey("a", None, 1)) == KVListKey("a", None, 1)


def test_production_pays_nothing_for_suggestions() -> None:
    # No wrapper, no __getattr__, no further import until there is an error: in a new interpreter,
    # since this one has loaded pyworkers_sdk.testing.
    program = """
import sys
from pyworkers_sdk import D1, KV, Env, Queue, Response, WorkerEntrypoint
class Default(WorkerEntrypoint):
    async def fetch(self, request): return Response("")
    async def queue(self, batch, env, ctx): ...
for cls in (KV, D1, Queue, Response):
    assert not hasattr(cls, "__getattr__"), cls
    assert not any("__wrapped__" in getattr(each, "__dict__", {}) for each in vars(cls).values())
loaded = {"difflib", "pyworkers_sdk._spelling", "pyworkers_sdk._border.hints"} & {*sys.modules}
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", program], check=True)
