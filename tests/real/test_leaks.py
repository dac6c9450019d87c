"""Check that 10,000 calls of each kind leave no more live proxies than 100."""

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


OWN_PROCESS = {"objects' transactions, in sync"}
"""Calls that crash Node after others in one process ("unreachable code" in V8's deoptimiser)."""


@pytest.fixture(scope="module")
def worlds() -> Iterator[list[World]]:
    if shutil.which("node") is None:
        pytest.fail(
            "node is missing: install Node 20 or later, or set PYWORKERS_SKIP_REAL=1", False
        )
    install_node_modules()
    started: list[World] = []
    yield started
    for world in started:
        world.stop()


@pytest.mark.parametrize("call", CALLS)
def test_calls_leave_no_proxies(worlds: list[World], call: str) -> None:
    if call in OWN_PROCESS and worlds:
        worlds.pop().stop()
    if not worlds:
        worlds.append(World("leaks", *specification("node-314")).start())
    try:
        outcome = worlds[-1].run("tests.real.leaks:left_behind", call, timeout=300)
    except WorldError:
        worlds.clear()  # the next call gets a new world
        raise
    if call in OWN_PROCESS:
        worlds.pop().stop()
    assert outcome["outcome"] == "passed", outcome["text"]
