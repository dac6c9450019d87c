"""The bindings in wrangler.jsonc, and the dependency that passes them to operations."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from pyworkers_sdk import D1, Env, asgi


class AppEnv(Env):
    DB: D1
    CURRENCY: str = "USD"


EnvDep = Annotated[AppEnv, Depends(asgi.env(AppEnv))]
