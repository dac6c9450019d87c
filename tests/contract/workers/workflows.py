"""The Workflow under test: its ``run`` calls the function that a check passes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TYPE_CHECKING, Any, TypedDict
from uuid import uuid4

from pyworkers_sdk import (
    Env,
    InstanceStatus,
    WorkflowEntrypoint,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowStep,
)

if TYPE_CHECKING:
    from pyworkers_sdk.testing import FakeRuntime

    from . import AppEnv

Body = Callable[[WorkflowEvent[Any], WorkflowStep], Awaitable[Any]]

# The check and the instance live in one isolate, so that a function can pass between them.
_bodies: dict[str, Body] = {}
_names = count(1)


class Scripted(WorkflowEntrypoint[Env]):
    async def run(self, event: WorkflowEvent[Any], step: WorkflowStep) -> Any:
        return await _bodies[event.payload["body"]](event, step)


class Order(TypedDict):
    item: str
    price: float


class OrderWorkflow(WorkflowEntrypoint[Env]):
    async def run(self, event: WorkflowEvent[Order], step: WorkflowStep) -> list[str]:
        order = event.payload
        return [type(order["price"]).__name__, order["item"], event.instance_id]


CLASSES = {"FLOWS": Scripted, "ORDERS": OrderWorkflow}


class Flows:
    """Starts instances and waits for them, in real time or by moving the fake's clock."""

    def __init__(self, app: AppEnv, runtime: FakeRuntime[Any] | None) -> None:
        self.app = app
        self._runtime = runtime

    async def start(self, body: Body, *, id: str | None = None, **params: Any) -> WorkflowInstance:
        name = f"body-{next(_names)}"
        _bodies[name] = body
        return await self.app.FLOWS.create(
            id=id or f"i-{uuid4().hex}", params={"body": name, **params}
        )

    async def run(self, body: Body) -> InstanceStatus:
        """Start an instance, and return its final status."""
        return await self.ended(await self.start(body))

    async def output(self, body: Body) -> Any:
        """Start an instance that must complete, and return its output."""
        status = await self.run(body)
        assert status.error is None, status.error
        assert status.status == "complete"
        return status.output

    async def ended(self, instance: WorkflowInstance) -> InstanceStatus:
        return await self.until(instance, "complete", "errored", "terminated")

    async def until(self, instance: WorkflowInstance, *wanted: str) -> InstanceStatus:
        status = await instance.status()
        for _ in range(1200):
            if status.status in wanted:
                return status
            await self.wait()
            status = await instance.status()
        raise AssertionError(f"expected status {' or '.join(wanted)}, got {status!r}")

    async def seen(self, list_: list[Any], length: int = 1) -> None:
        """Wait until a list has this many items."""
        for _ in range(1200):
            if len(list_) >= length:
                return
            await self.wait()
        raise AssertionError(f"expected {length} items, got {list_!r}")

    async def begun(self, list_: list[Any]) -> None:
        """Wait until a step that is still running has put something into a list."""
        if self._runtime is not None:
            self._draining = asyncio.ensure_future(self._runtime.drain())
            await asyncio.sleep(0.01)
        await self.seen(list_)

    def now(self) -> float:
        """Milliseconds since 1970."""
        return time.time() * 1000 if self._runtime is None else self._runtime.clock.now()

    async def wait(self, seconds: float = 0.025) -> None:
        if self._runtime is None:
            await asyncio.sleep(seconds)
        else:
            self._runtime.clock.advance(seconds)
            await self._runtime.drain()
