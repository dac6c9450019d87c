"""The whole pipeline on the fakes: queue, cron, Workflow and the other Worker."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from orders.worker import AppEnv
from pyworkers_sdk.testing import FakeRuntime, faults, introspect_workflow

Runtime = FakeRuntime[AppEnv]

SITE = "https://shop.example"
STEPS = (
    "reserve",
    "record as reserved",
    "wait for the van",
    "ship",
    "record as shipped",
)


async def place_order(runtime: Runtime, item: str = "tea", quantity: int = 2) -> str:
    body = json.dumps({"item": item, "quantity": quantity})
    response = await runtime.fetch(f"{SITE}/orders", method="POST", body=body)
    assert response.status == 202
    order_id: str = (await response.json())["id"]
    return order_id


async def state_of(runtime: Runtime, order_id: str) -> str:
    response = await runtime.fetch(f"{SITE}/orders/{order_id}")
    state: str = (await response.json())["state"]
    return state


async def advance(runtime: Runtime, *steps: timedelta) -> None:
    """Advance the clock step by step, and run the work that is due after each step."""
    await runtime.drain()
    for step in steps:
        runtime.clock.advance(step)
        await runtime.drain()


async def stock_left(runtime: Runtime, item: str = "tea") -> int:
    warehouse: Any = runtime.env.WAREHOUSE
    count: int = await warehouse.left(item)
    return count


async def reservations(runtime: Runtime) -> list[Any]:
    db = runtime.workers["warehouse"].env.DB
    query = "SELECT order_id, quantity, shipped FROM reservations ORDER BY order_id"
    return [tuple(row.values()) for row in await db.prepare(query).all()]


SECOND, HOUR = timedelta(seconds=2), timedelta(hours=2)


@pytest.mark.asyncio
async def test_order_is_reserved_and_then_shipped(runtime: Runtime) -> None:
    order_id = await place_order(runtime)
    assert await state_of(runtime, order_id) == "new"
    await advance(runtime, SECOND)
    assert await state_of(runtime, order_id) == "reserved"
    assert await stock_left(runtime) == 8
    await advance(runtime, HOUR)
    assert await state_of(runtime, order_id) == "shipped"
    assert await reservations(runtime) == [(order_id, 2, 1)]


@pytest.mark.asyncio
async def test_order_beyond_stock_is_refused(runtime: Runtime) -> None:
    first, second = await place_order(runtime, "cup", 2), await place_order(runtime, "cup", 2)
    await advance(runtime, SECOND, HOUR)
    states = {await state_of(runtime, first), await state_of(runtime, second)}
    assert states == {"shipped", "refused"}
    assert await stock_left(runtime, "cup") == 1


@pytest.mark.parametrize("body", ["", "{}", '{"item": "tea", "quantity": 0}', '{"item": 1}'])
@pytest.mark.asyncio
async def test_invalid_order_is_rejected(runtime: Runtime, body: str) -> None:
    response = await runtime.fetch(f"{SITE}/orders", method="POST", body=body)
    assert response.status == 422
    assert "error" in await response.json()


@pytest.mark.asyncio
async def test_message_delivered_twice_ships_once(runtime: Runtime) -> None:
    faults(runtime.env.NEW_ORDERS).deliver_twice()
    order_id = await place_order(runtime)
    await advance(runtime, SECOND, SECOND, HOUR)
    assert await reservations(runtime) == [(order_id, 2, 1)]


@pytest.mark.asyncio
async def test_order_missing_from_the_queue_is_resent_by_cron(runtime: Runtime) -> None:
    faults(runtime.env.NEW_ORDERS).fail("Queue send failed: internal error")
    order_id = await place_order(runtime)
    with pytest.raises(Exception, match="internal error"):  # from ctx.wait_until
        await runtime.drain()
    await advance(runtime, timedelta(minutes=11))
    assert await state_of(runtime, order_id) == "new"
    await runtime.scheduled("*/10 * * * *")
    await advance(runtime, SECOND, HOUR)
    assert await state_of(runtime, order_id) == "shipped"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.asyncio
async def test_crash_at_any_step_ships_exactly_once(runtime: Runtime, step: str, when: str) -> None:
    fulfilment = introspect_workflow(runtime.env.FULFILMENT)
    (fulfilment.crash_before if when == "before" else fulfilment.crash_after)(step)
    order_id = await place_order(runtime)
    await advance(runtime, SECOND, HOUR, HOUR)
    assert fulfilment.instance(order_id).crashes == 1
    assert await state_of(runtime, order_id) == "shipped"
    assert await reservations(runtime) == [(order_id, 2, 1)]
    assert await stock_left(runtime) == 8
