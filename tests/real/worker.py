"""The Worker of the workerd worlds: every request is a contract check to run."""

from pyworkers_sdk import Env, MessageBatch, Request, Response, WorkerEntrypoint
from tests.contract.consumer import Job, consume
from tests.real import inside


class Default(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        return Response(await inside.run(await request.text(), self.env.js_object))

    async def queue(self, batch: MessageBatch[Job]) -> None:
        await consume(batch)
