"""The bindings in wrangler.jsonc, and the dependency that passes them to operations."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from pyworkers_sdk import D1, Env


class AppEnv(Env):
    DB: D1
    CURRENCY: str = "USD"


# Async, because FastAPI runs a plain ``def`` in a thread, and a Worker has no threads.
async def _env(request: Request) -> AppEnv:
    env: AppEnv = request.scope["env"]
    return env


EnvDep = Annotated[AppEnv, Depends(_env)]
