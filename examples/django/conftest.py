"""Make the Worker importable in tests, and run it on the fakes."""

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
    """Yield the Worker that wrangler.jsonc configures, on the fakes."""
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(HERE / "wrangler.jsonc")
    yield runtime
    await runtime.drain()
