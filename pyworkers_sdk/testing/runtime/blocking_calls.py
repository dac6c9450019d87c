"""Blocking calls in a Worker: they run at once, in the place of the thread that a Worker lacks.

In production Pyodide's event loop does this for ``asyncio.to_thread``. The official SDK, or
``asgi.fetch``, does it for ``anyio.to_thread.run_sync``, and so for FastAPI's ``def`` operations.
Seen in workerd (tests/real/test_blocking_calls.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ..._blocking_calls import run
from .._libraries import Patch, in_worker

__all__ = ["PATCHES"]


def _asyncio(module: Any) -> None:
    in_worker(module.BaseEventLoop, "run_in_executor", _run_in_executor)


def _run_in_executor(
    loop: asyncio.AbstractEventLoop, executor: Any, function: Callable[..., Any], *args: Any
) -> asyncio.Future[Any]:
    future = loop.create_future()
    try:
        future.set_result(function(*args))
    except BaseException as error:
        future.set_exception(error)
    return future


def _anyio(module: Any) -> None:
    in_worker(module.AsyncIOBackend, "run_sync_in_worker_thread", run)


PATCHES: dict[str, Patch] = {"asyncio.base_events": _asyncio, "anyio._backends._asyncio": _anyio}
