"""The real bindings for all differential runs: one workerd."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.differential.machine import Machine, explore
from tests.real.remote import Remote

SEED = 1
"""Fixed, since scripts/test must not fail by chance; scripts/differential explores."""


@pytest.fixture(scope="session")
def remote() -> Iterator[Remote]:
    if os.environ.get("PYWORKERS_SKIP_REAL") == "1":
        pytest.skip("PYWORKERS_SKIP_REAL=1")
    if shutil.which("node") is None:
        pytest.fail(
            "node is not installed, and the differential runs need the real bindings.\n"
            "Install Node 20 or later, or set PYWORKERS_SKIP_REAL=1 to skip them.",
            pytrace=False,
        )
    started = Remote()
    yield started
    started.stop()


@pytest.fixture
def compare(remote: Remote) -> Callable[[type[Machine]], None]:
    """``compare(KVMachine)``: fail if the fake and the real binding differ."""

    def run(machine: type[Machine]) -> None:
        report = explore(machine, remote, SEED, operations=machine.quick)
        if report.difference:
            pytest.fail(str(report), pytrace=False)
        assert report.tally.operations >= machine.quick

    return run
