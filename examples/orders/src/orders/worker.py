"""The shop: it stores orders and queues them for fulfilment."""

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


class StoredOrder(Order):
    state: str


class Warehouse(Protocol):
    """The methods of the warehouse Worker that this Worker calls over RPC."""

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
                return await self._create(request)
            case "GET", "orders", order_id:
                query = "SELECT id, item, quantity, state FROM orders WHERE id = ?"
                order = await self.env.DB.prepare(query, StoredOrder).bind(order_id).first()
                return Response.json(order, status=200 if order else 404)
            case _:
                return Response.json({"error": "the API is at /orders"}, status=404)

    async def _create(self, request: Request) -> Response:
        try:
            new_order = await request.json(NewOrder)
        except RowError as error:
            return Response.json({"error": str(error)}, status=422)
        if not 0 < new_order["quantity"] <= 100:
            return Response.json({"error": "quantity: expected 1 to 100"}, status=422)
        order = Order(id=uuid4().hex, **new_order)
        query = "INSERT INTO orders (id, item, quantity) VALUES (?, ?, ?)"
        await self.env.DB.prepare(query).bind(order["id"], order["item"], order["quantity"]).run()
        # The order is stored, so it is safe: if this send fails, the cron trigger retries it.
        self.ctx.wait_until(self.env.NEW_ORDERS.send(order))
        return Response.json(order, status=202)

    async def queue(self, batch: MessageBatch[Order]) -> None:
        """Start a Workflow for each order.

        A message may be delivered twice, but an id starts only one instance.
        """
        orders = [message.body for message in batch]
        await self.env.FULFILMENT.create_batch(
            WorkflowInstanceCreateOptions(id=order["id"], params=order) for order in orders
        )

    async def scheduled(self, controller: ScheduledController) -> None:
        """Queue the orders that are still new after ten minutes."""
        cutoff = controller.scheduled_time.timestamp() - 600  # seconds
        query = (
            "SELECT id, item, quantity FROM orders WHERE state = 'new' AND created < ? LIMIT 100"
        )
        if orders := await self.env.DB.prepare(query, Order).bind(cutoff).all():
            await self.env.NEW_ORDERS.send_batch(orders)
