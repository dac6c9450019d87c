"""The Workflow that fulfils one order. Each step may run more than once."""

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

        async def set_state(state: str) -> str:
            query = "UPDATE orders SET state = ? WHERE id = ?"
            await self.env.DB.prepare(query).bind(state, order["id"]).run()
            return state

        if not await step.do("reserve", reserve, retries={"limit": 5, "delay": "10 seconds"}):
            return await step.do("record as refused", lambda: set_state("refused"))
        await step.do("record as reserved", lambda: set_state("reserved"))
        await step.sleep("wait for the van", self.env.VAN_COMES_IN)
        await step.do("ship", ship, retries={"limit": 5, "delay": "1 minute"})
        return await step.do("record as shipped", lambda: set_state("shipped"))
