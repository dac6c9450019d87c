"""The bindings of wrangler.jsonc, and the dependency with which an operation gets them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from pyworkers_sdk import D1, Env


class AppEnv(Env):
    DB: D1
    CURRENCY: str = "USD"


async def _env(
    request: Request,
) -> AppEnv:  # async, because a Worker has no threads for plain functions
    env: AppEnv = request.scope["env"]
    return env


EnvDep = Annotated[AppEnv, Depends(_env)]
