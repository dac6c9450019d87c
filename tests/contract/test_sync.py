"""``run_sync``: synchronous code waits, and everything else continues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextvars import ContextVar
from typing import Any

from pyworkers_sdk import (
    KV,
    ConversionError,
    DurableObjectState,
    HTMLRewriter,
    KVError,
    Request,
    Response,
    RpcTarget,
    WebSocketPair,
    WorkersError,
    run_sync,
    wsgi,
)

from .consumer import Consumer
from .kit import cases, not_in, only, raises
from .workers import AppEnv
from .workers.workflows import Flows

STACKS = "Node 20 cannot set a WebAssembly stack aside"
NODE_WORKER = f"{STACKS}, and there is no Python Worker"

USER: ContextVar[str] = ContextVar("user", default="nobody")


async def later(value: Any, seconds: float = 0.01) -> Any:
    await asyncio.sleep(seconds)
    if isinstance(value, BaseException):
        raise value
    return value


class Own:
    """An awaitable that is neither a coroutine nor a future."""

    def __await__(self) -> Generator[Any, Any, str]:
        yield from later("own").__await__()
        return "own"


@not_in("node", reason=STACKS)
@cases(
    {
        "coroutine": lambda: later("x"),
        "task": lambda: asyncio.ensure_future(later("x")),
        "done": lambda: asyncio.sleep(0, "x"),
        "gathered": lambda: asyncio.gather(later("x"), later("y")),
        "none": lambda: later(None),
        "dict": lambda: later({"a": [1, {2}]}),
        "own": Own,
    }
)
async def test_run_sync_returns_the_result(case: Callable[[], Awaitable[Any]]) -> None:
    assert run_sync(case()) == await case()


@not_in("node", reason=STACKS)
async def test_run_sync_of_a_finished_future_returns_at_once() -> None:
    future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    result = object()
    future.set_result(result)
    assert run_sync(future) is result
    failed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    failed.set_exception(LookupError("no good"))
    with raises(LookupError, match="no good"):
        run_sync(failed)


@not_in("node", reason=STACKS)
async def test_run_sync_awaits_a_binding(kv: KV) -> None:
    def store(key: str) -> str | None:
        run_sync(kv.put(key, "value"))
        return run_sync(kv.get(key))

    assert store("a") == "value"
    with raises(KVError):
        run_sync(kv.put("", "value"))


@not_in("node", reason=STACKS)
@cases(
    {
        "ValueError": ValueError("no good"),
        "WorkersError": WorkersError("no good"),
        "CancelledError": asyncio.CancelledError("no good"),
        "ExceptionGroup": ExceptionGroup("no good", [ValueError("a")]),
    }
)
async def test_run_sync_raises_the_exception_of_the_awaitable(case: BaseException) -> None:
    with raises(type(case)) as caught:
        run_sync(later(case))
    if not isinstance(case, asyncio.CancelledError):
        assert caught.value is case


@not_in("node", reason=STACKS)
async def test_other_tasks_continue_while_one_waits() -> None:
    steps: list[str] = []

    async def other() -> None:
        for number in range(3):
            steps.append(f"other {number}")
            await asyncio.sleep(0)

    def wait() -> None:
        steps.append("begin")
        run_sync(asyncio.wait_for(task, 5))
        steps.append("end")

    task = asyncio.ensure_future(other())
    wait()
    assert steps == ["begin", "other 0", "other 1", "other 2", "end"]


@not_in("node", reason=STACKS)
@cases({"first ends first": (0.01, 0.2), "last ends first": (0.2, 0.01), "alike": (0.01, 0.01)})
async def test_tasks_that_wait_end_in_their_own_order(case: tuple[float, float]) -> None:
    ended: list[float] = []

    async def waits(seconds: float) -> None:
        await asyncio.sleep(0)
        run_sync(asyncio.sleep(seconds))
        ended.append(seconds)
        await asyncio.sleep(0)

    await asyncio.gather(*map(waits, case))
    assert ended == sorted(case)


@not_in("node", reason=STACKS)
async def test_tasks_that_wait_for_each_other_end() -> None:
    events = [asyncio.Event() for _ in range(6)]

    async def waits(number: int) -> int:
        await asyncio.sleep(0)
        if number:
            run_sync(events[number - 1].wait())
        else:
            run_sync(asyncio.sleep(0.01))
        events[number].set()
        return number

    async with asyncio.timeout(10):
        numbers = await asyncio.gather(*map(waits, reversed(range(6))))
    assert numbers == [5, 4, 3, 2, 1, 0]


@not_in("node", reason=STACKS)
async def test_a_hundred_tasks_wait_at_once() -> None:
    most = waiting = 0

    async def waits(number: int) -> int:
        nonlocal most, waiting
        waiting += 1
        most = max(most, waiting)
        result: int = run_sync(later(number, 0.01 + number % 7 / 1000))
        waiting -= 1
        return result + int(run_sync(later(0, 0)))

    assert await asyncio.gather(*map(waits, range(100))) == [*range(100)]
    assert most > 50


@not_in("node", reason=STACKS)
async def test_waits_nest() -> None:
    def inner(depth: int) -> int:
        return int(run_sync(outer(depth - 1))) + 1 if depth else 0

    async def outer(depth: int) -> int:
        await asyncio.sleep(0)
        return inner(depth)

    assert inner(10) == 10
    assert [*await asyncio.gather(outer(3), outer(5))] == [3, 5]


@not_in("node", reason=STACKS)
async def test_context_and_task_are_those_of_the_caller() -> None:
    async def seen(name: str) -> tuple[str, object]:
        before = USER.get()
        USER.set("changed")
        await asyncio.sleep(0.01)
        return before, asyncio.current_task()

    async def caller(name: str) -> None:
        USER.set(name)
        task = asyncio.current_task()
        for _ in range(3):
            user, other = run_sync(seen(name))
            assert user == name
            assert other is not task
            assert (USER.get(), asyncio.current_task()) == (name, task)
            await asyncio.sleep(0)

    await asyncio.gather(*map(caller, ["ann", "bob", "eve"]))


@not_in("node", reason=STACKS)
async def test_cancelled_awaitable_raises_in_the_caller() -> None:
    task = asyncio.ensure_future(later("x", 1000))
    asyncio.get_running_loop().call_later(0.01, task.cancel)
    with raises(asyncio.CancelledError):
        run_sync(task)
    assert await later("still here") == "still here"


@not_in("node", reason=STACKS)
async def test_cancelled_caller_ends_at_its_next_await() -> None:
    steps: list[Any] = []

    async def caller() -> None:
        steps.append(run_sync(later("x", 0.05)))
        await asyncio.sleep(0)
        steps.append("not reached")

    task = asyncio.ensure_future(caller())
    await asyncio.sleep(0.01)
    task.cancel()
    with raises(asyncio.CancelledError):
        await task
    assert steps == ["x"]


@not_in("node", reason=STACKS)
async def test_run_sync_in_a_stream_and_in_a_callback_of_the_loop(kv: KV) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield run_sync(later(b"a"))
        yield run_sync(later(b"b"))

    assert await Response(chunks()).text() == "ab"
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: future.set_result(run_sync(later("x"))))
    assert await future == "x"


@not_in("node", reason=STACKS)
async def test_run_sync_in_a_wsgi_application(kv: KV) -> None:
    def app(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        name = environ["PATH_INFO"][1:]
        run_sync(kv.put(name, name * 2))
        start("200 OK", [("X-Before", run_sync(later("x")))])
        for _ in range(3):
            yield (run_sync(kv.get(name)) or "missing").encode()

    async def answer(name: str) -> str:
        response = await wsgi.fetch(app, Request(f"https://e.com/{name}"))
        return await response.text()

    names = [f"name{number}" for number in range(5)]
    assert await asyncio.gather(*map(answer, names)) == [name * 6 for name in names]


# Handlers ----------------------------------------------------------------------------------------


@not_in("node", reason=NODE_WORKER)
async def test_run_sync_in_methods_and_handlers_of_a_worker(app: AppEnv) -> None:
    callee: Any = app.CALLEE
    calls = [callee.waits("a"), callee.waits_inside("b"), callee.waits(["c"])]
    assert await asyncio.gather(*calls) == ["a", "b", ["c"]]
    assert await (await callee.fetch("https://e.com/waits")).text() == "answer"


@not_in("node", reason=NODE_WORKER)
async def test_run_sync_in_a_durable_object(app: AppEnv) -> None:
    stub: Any = app.COUNTERS.get(app.COUNTERS.new_unique_id())
    assert await stub.add_sync(2) == 2
    assert await stub.add_sync() == 3


@not_in("node", reason=NODE_WORKER)
async def test_run_sync_in_a_queue_handler(consumer: Consumer) -> None:
    await consumer.queue.send(consumer.job("run_sync"))
    assert [message.attempts for message in await consumer.wait(2)] == [1, 2]


@not_in("node", reason=NODE_WORKER)
async def test_run_sync_in_a_workflow_and_its_steps(flows: Flows) -> None:
    async def body(event: Any, step: Any) -> Any:
        def work() -> str:
            return str(run_sync(later("in a step")))

        async def work_later() -> str:
            await asyncio.sleep(0)
            return work()

        before = run_sync(later("before"))
        return [before, await step.do("one", work_later), run_sync(step.do("two", work_later))]

    assert await flows.output(body) == ["before", "in a step", "in a step"]


@not_in("node", reason=NODE_WORKER)
async def test_run_sync_in_callbacks_that_javascript_awaits(app: AppEnv) -> None:
    async def double(number: int) -> int:
        return 2 * int(run_sync(later(number)))

    assert await app.CALLEE.apply(double, 4) == 8


@cases({"text": "x", "none": None, "function": later})
async def test_run_sync_of_anything_else_is_refused(case: Any) -> None:
    with raises(ConversionError, match="^awaitable: expected an awaitable, got "):
        run_sync(case)


async def test_run_sync_of_the_calling_task_is_refused() -> None:
    task = asyncio.current_task()
    assert task
    with raises(WorkersError, match="^run_sync: expected another task, got the calling one"):
        run_sync(task)


@only("node", reason=STACKS)
async def test_run_sync_without_stack_switching_says_what_to_do() -> None:
    with raises(WorkersError, match="run_sync: expected .*; await the value in an async function"):
        run_sync(later("x"))


# Where nothing can wait --------------------------------------------------------------------------


def tried() -> str:
    """Return the message of the error that run_sync raises here, or "none"."""
    try:
        run_sync(later("x"))
    except WorkersError as error:
        return str(error)
    return "none"


REFUSED = "in a function that JavaScript does not await; await the value in an async function"


@not_in("node", reason=NODE_WORKER)
async def test_run_sync_in_a_plain_function_over_rpc_is_refused(app: AppEnv) -> None:
    callee: Any = app.CALLEE
    assert REFUSED in await callee.apply(tried)


@not_in("node", reason=NODE_WORKER)
async def test_run_sync_in_a_plain_method_of_an_rpc_target_is_refused(app: AppEnv) -> None:
    seen: list[str] = []

    class Target(RpcTarget):
        def increment(self, by: int) -> int:
            seen.append(tried())
            return by

        @property
        def value(self) -> int:
            seen.append(tried())
            return 1

    target: Any = Target()
    assert await app.CALLEE.use(target) == [5, 1]
    assert len(seen) == 2
    assert all(REFUSED in text for text in seen)


@not_in("node", reason=NODE_WORKER)
async def test_run_sync_in_transaction_sync_is_refused(state: DurableObjectState) -> None:
    assert REFUSED in state.storage.transaction_sync(tried)
    assert await state.block_concurrency_while(lambda: later(tried())) == "none"


@not_in("node", reason="HTMLRewriter is only in the Workers runtime")
async def test_run_sync_in_html_handlers_is_refused_unless_they_are_async() -> None:
    seen: list[str] = []

    class Plain:
        def element(self, element: Any) -> None:
            seen.append(tried())

    class Async:
        async def element(self, element: Any) -> None:
            seen.append(tried())

    page = HTMLRewriter().on("p", Plain()).on("p", Async()).transform(Response("<p>x</p>"))
    assert await page.text() == "<p>x</p>"
    assert REFUSED in seen[0]
    assert seen[1] == "none"


@not_in("node", reason="Node has no WebSocketPair")
async def test_run_sync_in_listeners_is_refused_unless_they_are_async() -> None:
    seen: list[str] = []

    async def listener(event: Any) -> None:
        seen.append(tried())

    client, server = WebSocketPair()
    client.accept()
    server.accept()
    server.add_event_listener("message", lambda event: seen.append(tried()))
    server.add_event_listener("message", listener)
    client.send("x")
    await asyncio.sleep(0.05)
    assert REFUSED in seen[0]
    assert seen[1:] == ["none"]
