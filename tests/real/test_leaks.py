"""10,000 calls of each kind leave no more live proxies than 100 do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.real.leaks import CALLS
from tests.real.worlds import World, install_node_modules, specification

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    if shutil.which("node") is None:
        pytest.fail("node is not installed: Node 20 or later, or PYWORKERS_SKIP_REAL=1", False)
    install_node_modules()
    started = World("leaks", *specification("node-314")).start()
    yield started
    started.stop()


@pytest.mark.parametrize("call", CALLS)
def test_calls_leave_no_proxies(world: World, call: str) -> None:
    done = world.run("tests.real.leaks:left_behind", call, timeout=120)
    assert done["outcome"] == "passed", done["text"]
