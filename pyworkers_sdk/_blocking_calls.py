"""Let an application's blocking calls work in a Worker, where no thread can start."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["run", "run_inline"]


@cache
def run_inline() -> None:
    """Let ``anyio.to_thread.run_sync`` call its function at once, without a thread.

    FastAPI and Starlette run ``def`` operations and dependencies, synchronous background tasks,
    plain generators, uploads and static files through it. The official SDK patches it, too, but
    only from compatibility date 2026-05-26 on, and only if the Worker's main module imports anyio.
    Without either patch the answer is "can't start new thread".
    """
    try:
        backend = import_module("anyio._backends._asyncio").AsyncIOBackend
    except ImportError:  # the application does not use anyio
        return
    backend.run_sync_in_worker_thread = classmethod(run)


async def run(
    backend: type[Any], function: Any, args: tuple[Any, ...], *options: Any, **more: Any
) -> Any:
    """Call a function in place of anyio's ``run_sync_in_worker_thread``.

    The options are ignored: they limit and cancel threads.
    """
    return function(*args)
