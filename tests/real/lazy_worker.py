"""A Worker that imports anyio within a request, for test_blocking_calls.py."""

from collections.abc import Awaitable, Callable
from typing import Any

from pyworkers_sdk import Env, Request, Response, WorkerEntrypoint, asgi


async def app(
    scope: dict[str, Any], receive: object, send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    if scope["type"] != "http":
        raise RuntimeError("no lifespan")
    from anyio.to_thread import run_sync

    body = await run_sync(lambda: b"ran")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


class Default(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        return await asgi.fetch(app, request, self.env, self.ctx)
