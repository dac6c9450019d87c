"""The Worker of the workerd worlds: every request runs one contract check."""

from pyworkers_sdk import (
    DurableObjectNamespace,
    Env,
    MessageBatch,
    Request,
    Response,
    WorkerEntrypoint,
)
from tests.contract.consumer import Job, consume
from tests.contract.workers.context import Around
from tests.contract.workers.durable import Alarmed, Counter, Inside, Kept, Nested, Parent, Room
from tests.contract.workers.rpc import Admin, Callee
from tests.contract.workers.workflows import OrderWorkflow, Scripted
from tests.real import inside

# The runtime exports these classes.
__all__ = [
    "Admin",
    "Alarmed",
    "Around",
    "Callee",
    "Counter",
    "Default",
    "Inside",
    "Kept",
    "Nested",
    "OrderWorkflow",
    "Parent",
    "Room",
    "Scripted",
]


class Default(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        check = await request.text()
        if inside.wants_state(check):
            objects = DurableObjectNamespace(self.env.js_object.INSIDE)
            stub = objects.get(objects.new_unique_id())
            return await stub.fetch(Request("https://inside/", method="POST", body=check))
        return Response(await inside.run(check, self.env.js_object))

    async def queue(self, batch: MessageBatch[Job]) -> None:
        await consume(batch)
