"""Makes the Worker importable in unit tests, and runs it on the fakes."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from pyworkers_sdk.testing import FakeRuntime

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "src"))

from shortlinks.worker import AppEnv, Default  # noqa: E402


@pytest_asyncio.fixture
async def runtime() -> AsyncIterator[FakeRuntime[AppEnv]]:
    """The Worker with a database as the migrations make it, and an empty cache."""
    runtime = FakeRuntime(Default, env=AppEnv, ADMIN_TOKEN="secret")
    for migration in sorted(HERE.glob("migrations/*.sql")):
        await runtime.env.DB.prepare(migration.read_text()).run()
    yield runtime
    await runtime.drain()
