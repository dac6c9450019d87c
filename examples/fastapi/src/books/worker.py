"""The Worker: it passes every request, with its Env, to the application."""

from __future__ import annotations

from pyworkers_sdk import Request, Response, WorkerEntrypoint, asgi

from .api import app
from .env import AppEnv


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        return await asgi.fetch(app, request, self.env, self.ctx)
