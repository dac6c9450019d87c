"""Make the Workers importable in tests, and run both on the fakes."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from pyworkers_sdk.testing import FakeRuntime

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "src"))


@pytest_asyncio.fixture
async def runtime() -> AsyncIterator[FakeRuntime[Any]]:
    """Yield the shop, bound to the warehouse; each has its own configuration."""
    warehouse = HERE / "warehouse" / "wrangler.jsonc"
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(HERE / "wrangler.jsonc", also=[warehouse])
    yield runtime
    await runtime.drain()
