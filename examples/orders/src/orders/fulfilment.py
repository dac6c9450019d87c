"""The fulfilment of an order, step by step. Each step is idempotent, as it may run twice."""

from __future__ import annotations

from pyworkers_sdk import WorkflowEntrypoint, WorkflowEvent, WorkflowStep

from .worker import AppEnv, Order


class Fulfilment(WorkflowEntrypoint[AppEnv]):
    async def run(self, event: WorkflowEvent[Order], step: WorkflowStep) -> str:
        order = event.payload

        async def reserve() -> bool:
            warehouse = self.env.WAREHOUSE
            return await warehouse.reserve(order["id"], order["item"], order["quantity"])

        async def ship() -> None:
            await self.env.WAREHOUSE.ship(order["id"])

        async def become(state: str) -> str:
            query = "UPDATE orders SET state = ? WHERE id = ?"
            await self.env.DB.prepare(query).bind(state, order["id"]).run()
            return state

        if not await step.do("reserve", reserve, retries={"limit": 5, "delay": "10 seconds"}):
            return await step.do("note that it is refused", lambda: become("refused"))
        await step.do("note that it is reserved", lambda: become("reserved"))
        await step.sleep("until the van comes", self.env.VAN_COMES_IN)
        await step.do("ship", ship, retries={"limit": 5, "delay": "1 minute"})
        return await step.do("note that it is shipped", lambda: become("shipped"))
