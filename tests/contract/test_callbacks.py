"""Functions that JavaScript calls later run in the context of the code that passed them."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

from pyworkers_sdk import (
    DurableObjectState,
    HTMLRewriter,
    Response,
    RpcTarget,
    WebSocketPair,
    WorkflowEvent,
    WorkflowStep,
)

from .kit import cases, not_in
from .workers import AppEnv
from .workers.workflows import Flows

USER: ContextVar[str] = ContextVar("user", default="nobody")
NODE_WORKER = "there is no Python Worker in the Node worlds"


def user(*_: Any) -> str:
    """Return the user in the current context, and change it there."""
    name = USER.get()
    USER.set(f"{name}, changed")
    return name


async def user_later(*_: Any) -> str:
    await asyncio.sleep(0)
    return user()


@not_in("node", reason=NODE_WORKER)
@cases({"plain": user, "async": user_later})
async def test_function_over_rpc_is_called_in_the_context_of_its_sender(
    app: AppEnv, case: Any
) -> None:
    callee: Any = app.CALLEE
    USER.set("ann")
    calls = [callee.apply(case)]
    USER.set("bob")
    calls += [callee.apply(case), callee.twice(case)]
    assert await asyncio.gather(*calls) == ["ann", "bob", ["bob", "bob"]]
    assert USER.get() == "bob"


@not_in("node", reason=NODE_WORKER)
async def test_rpc_target_is_called_in_the_context_of_its_sender(app: AppEnv) -> None:
    class Target(RpcTarget):
        seen: list[str]

        def __init__(self) -> None:
            self.seen = []

        async def increment(self, by: int) -> int:
            self.seen.append(await user_later())
            return by

        @property
        def value(self) -> int:
            self.seen.append(user())
            return 1

    target: Any = Target()
    USER.set("ann")
    assert await app.CALLEE.use(target) == [5, 1]
    assert target.seen == ["ann", "ann"]


@not_in("node", reason="there are no Durable Objects in Python in the Node worlds")
async def test_callbacks_of_storage_run_in_the_context_of_the_caller(
    state: DurableObjectState,
) -> None:
    USER.set("ann")
    assert await state.storage.transaction(user_later) == "ann"
    assert await state.block_concurrency_while(user_later) == "ann"
    assert state.storage.transaction_sync(lambda: USER.get()) == "ann"


@not_in("node", reason="HTMLRewriter is only in the Workers runtime")
@cases({"plain": user, "async": user_later})
async def test_html_handlers_run_in_the_context_of_the_transformation(case: Any) -> None:
    seen: list[str] = []

    class Paragraphs:
        async def element(self, element: Any) -> None:
            result = case()
            seen.append(await result if asyncio.iscoroutine(result) else result)
            element.on_end_tag(lambda tag: seen.append(USER.get()))

        def text(self, text: Any) -> None:
            seen.append(USER.get())

    USER.set("ann")
    page = HTMLRewriter().on("p", Paragraphs()).transform(Response("<p>x</p>"))
    USER.set("reader")
    assert await page.text() == "<p>x</p>"
    assert {name.removesuffix(", changed") for name in seen} == {"ann"}
    assert len(seen) >= 3


@not_in("node", reason="Node has no WebSocketPair")
async def test_listeners_of_a_socket_run_in_the_context_that_added_them() -> None:
    seen: list[str] = []
    done = asyncio.Event()

    async def listener(event: Any) -> None:
        seen.append(await user_later())

    client, server = WebSocketPair()
    server.accept()
    client.accept()
    USER.set("ann")
    server.add_event_listener("message", lambda event: seen.append(user()))
    USER.set("bob")
    server.add_event_listener("message", listener)
    server.add_event_listener("close", lambda event: done.set())
    USER.set("eve")
    client.send("x")
    await asyncio.sleep(0.05)
    client.send("y")
    await asyncio.sleep(0.05)
    client.close(1000, "")
    async with asyncio.timeout(5):
        await done.wait()
    assert sorted(seen) == ["ann", "ann", "bob", "bob"]


@not_in("node", reason=NODE_WORKER)
async def test_steps_of_a_workflow_run_in_the_context_of_the_workflow(flows: Flows) -> None:
    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        USER.set("ann")

        @step.do("decorated")
        async def decorated() -> str:
            return await user_later()

        return [await step.do("one", user_later), await decorated(), USER.get()]

    assert await flows.output(body) == ["ann", "ann", "ann"]


@not_in("node", reason="Node has no ctx")
async def test_work_in_wait_until_runs_in_the_context_of_its_caller(
    state: DurableObjectState,
) -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append(await user_later())

    USER.set("ann")
    state.wait_until(work())
    USER.set("bob")
    await asyncio.sleep(0.05)
    assert seen == ["ann"]
