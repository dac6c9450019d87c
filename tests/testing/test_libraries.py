"""Functions of other libraries that behave as in a Worker, but only within a fake runtime."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import anyio.to_thread
import pytest

from pyworkers_sdk import Env, Request, Response, WorkerEntrypoint
from pyworkers_sdk.testing import FakeRuntime

SITE = "https://example.com/"


class Threads(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as executor:
            threads = [
                await anyio.to_thread.run_sync(threading.current_thread),
                await asyncio.to_thread(threading.current_thread),
                await loop.run_in_executor(executor, threading.current_thread),
            ]
        return Response.json([thread is threading.main_thread() for thread in threads])


@pytest.mark.asyncio
async def test_blocking_calls_of_a_worker_run_in_its_own_thread() -> None:
    response = await FakeRuntime(Threads).fetch(SITE)
    assert await response.json() == [True, True, True]


@pytest.mark.asyncio
async def test_blocking_calls_of_a_test_run_in_threads() -> None:
    await FakeRuntime(Threads).fetch(SITE)
    threads = [
        await anyio.to_thread.run_sync(threading.current_thread),
        await asyncio.to_thread(threading.current_thread),
    ]
    assert threading.main_thread() not in threads


def test_library_imported_later_is_changed_then() -> None:
    script = """
import asyncio, sys, threading
from pyworkers_sdk import Response, handler
from pyworkers_sdk.testing import FakeRuntime

assert "anyio" not in sys.modules

@handler
async def on_fetch(request, env, ctx):
    import anyio.to_thread
    thread = await anyio.to_thread.run_sync(threading.current_thread)
    return Response(thread.name)

async def main():
    response = await FakeRuntime(on_fetch).fetch("https://example.com/")
    assert await response.text() == "MainThread"
    import anyio.to_thread
    from anyio._backends import _asyncio
    assert (await anyio.to_thread.run_sync(threading.current_thread)).name != "MainThread"
    assert _asyncio.__spec__.loader is _asyncio.__loader__
    assert not type(_asyncio.__loader__).__module__.startswith("pyworkers_sdk")

asyncio.run(main())
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)


def test_missing_library_is_still_missing() -> None:
    script = """
import pyworkers_sdk.testing.fakes, sys
from pyworkers_sdk.testing import FakeRuntime
sys.path[:] = [path for path in sys.path if "site-packages" not in path]
for _ in range(2):
    try:
        import anyio._backends._asyncio
    except ModuleNotFoundError as error:
        assert error.name == "anyio", error
    else:
        raise SystemExit("imported")
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)
