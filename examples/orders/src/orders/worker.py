"""The shop: it stores orders, and starts their fulfilment."""

from __future__ import annotations

from typing import Protocol, TypedDict
from urllib.parse import urlsplit
from uuid import uuid4

from pyworkers_sdk import (
    D1,
    Env,
    MessageBatch,
    Queue,
    Request,
    Response,
    RowError,
    ScheduledController,
    Service,
    WorkerEntrypoint,
    Workflow,
    WorkflowInstanceCreateOptions,
)


class NewOrder(TypedDict):
    """The body of POST /orders."""

    item: str
    quantity: int


class Order(NewOrder):
    id: str


class Stored(Order):
    state: str


class Warehouse(Protocol):
    """The methods of the other Worker that this one calls."""

    async def reserve(self, order_id: str, item: str, quantity: int) -> bool: ...
    async def ship(self, order_id: str) -> None: ...


class AppEnv(Env):
    DB: D1
    NEW_ORDERS: Queue[Order]
    FULFILMENT: Workflow[Order]
    WAREHOUSE: Service[Warehouse]
    VAN_COMES_IN: str


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        match request.method, *urlsplit(request.url).path.split("/")[1:]:
            case "POST", "orders":
                return await self._take(request)
            case "GET", "orders", order_id:
                query = "SELECT id, item, quantity, state FROM orders WHERE id = ?"
                order = await self.env.DB.prepare(query, Stored).bind(order_id).first()
                return Response.json(order, status=200 if order else 404)
            case _:
                return Response.json({"error": "there is only /orders"}, status=404)

    async def _take(self, request: Request) -> Response:
        try:
            new = await request.json(NewOrder)
        except RowError as error:
            return Response.json({"error": str(error)}, status=422)
        if not 0 < new["quantity"] <= 100:
            return Response.json({"error": "quantity: expected 1 to 100"}, status=422)
        order = Order(id=uuid4().hex, **new)
        query = "INSERT INTO orders (id, item, quantity) VALUES (?, ?, ?)"
        await self.env.DB.prepare(query).bind(order["id"], order["item"], order["quantity"]).run()
        # From here on the order cannot be lost: if the send fails, the cron trigger finds it.
        self.ctx.wait_until(self.env.NEW_ORDERS.send(order))
        return Response.json(order, status=202)

    async def queue(self, batch: MessageBatch[Order]) -> None:
        """Start the Workflow of each order. A message may come twice, an id starts only once."""
        orders = [message.body for message in batch]
        await self.env.FULFILMENT.create_batch(
            WorkflowInstanceCreateOptions(id=order["id"], params=order) for order in orders
        )

    async def scheduled(self, controller: ScheduledController) -> None:
        """Send orders to the queue that are still new ten minutes after they were stored."""
        before = controller.scheduled_time.timestamp() - 600
        query = (
            "SELECT id, item, quantity FROM orders WHERE state = 'new' AND created < ? LIMIT 100"
        )
        if forgotten := await self.env.DB.prepare(query, Order).bind(before).all():
            await self.env.NEW_ORDERS.send_batch(forgotten)
