"""10,000 calls of each kind leave no more live proxies than 100 do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.real.leaks import CALLS
from tests.real.worlds import World, WorldError, install_node_modules, specification

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


ALONE = {"objects' transactions, in sync"}
"""After others in one process this one ends Node: "unreachable code" in V8's deoptimiser."""


@pytest.fixture(scope="module")
def worlds() -> Iterator[list[World]]:
    if shutil.which("node") is None:
        pytest.fail("node is not installed: Node 20 or later, or PYWORKERS_SKIP_REAL=1", False)
    install_node_modules()
    started: list[World] = []
    yield started
    for world in started:
        world.stop()


@pytest.mark.parametrize("call", CALLS)
def test_calls_leave_no_proxies(worlds: list[World], call: str) -> None:
    if call in ALONE and worlds:
        worlds.pop().stop()
    if not worlds:
        worlds.append(World("leaks", *specification("node-314")).start())
    try:
        done = worlds[-1].run("tests.real.leaks:left_behind", call, timeout=300)
    except WorldError:
        worlds.clear()  # the next call gets another one
        raise
    if call in ALONE:
        worlds.pop().stop()
    assert done["outcome"] == "passed", done["text"]
