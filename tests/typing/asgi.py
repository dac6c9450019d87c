"""The inferred types of ``asgi`` and ``wsgi``. Checked, never run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, assert_type

from pyworkers_sdk import (
    KV,
    DurableObjectState,
    Env,
    ExecutionContext,
    Request,
    Response,
    WorkerEntrypoint,
    asgi,
)
from pyworkers_sdk.testing import FakeRuntime


class AppEnv(Env):
    CACHE: KV


async def app(scope: Any, receive: Any, send: Any) -> None: ...


Default = asgi.entrypoint(app, AppEnv)
assert_type(Default, type[WorkerEntrypoint[AppEnv]])
assert_type(asgi.entrypoint(app), type[WorkerEntrypoint[Any]])
assert_type(FakeRuntime(Default, env=AppEnv), FakeRuntime[AppEnv])


async def calls(request: Request, ctx: ExecutionContext, state: DurableObjectState) -> None:
    assert_type(await asgi.fetch(app, request), Response)
    assert_type(await asgi.fetch(app, request, object(), ctx), Response)
    assert_type(await asgi.fetch(app, request, object(), state), Response)
    assert_type(asgi.env(AppEnv), Callable[..., Awaitable[AppEnv]])
    assert_type(asgi.current_env(AppEnv).CACHE, KV)
    asgi.current_env(int)  # type: ignore[type-var] # pyright: ignore[reportArgumentType]
    asgi.entrypoint(app, AppEnv({}))  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
    await asgi.fetch(app, request, None, 3)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
