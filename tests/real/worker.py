"""The Worker of the workerd worlds: every request is a contract check to run."""

from pyworkers_sdk import Env, Request, Response, WorkerEntrypoint
from tests.real import inside


class Default(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        return Response(await inside.run(await request.text(), self.env.js_object))
