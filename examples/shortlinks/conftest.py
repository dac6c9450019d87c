"""Make the Worker importable in unit tests, and run it on the fakes."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from pyworkers_sdk.testing import FakeRuntime

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "src"))

from shortlinks.worker import AppEnv  # noqa: E402


@pytest_asyncio.fixture
async def runtime() -> AsyncIterator[FakeRuntime[AppEnv]]:
    """Yield the Worker that wrangler.jsonc configures, with its migrations applied."""
    runtime = FakeRuntime.from_config(HERE / "wrangler.jsonc", env=AppEnv, ADMIN_TOKEN="secret")
    yield runtime
    await runtime.drain()
