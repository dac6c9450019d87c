"""The fuzzer of configuration files with a fixed seed. ``scripts/fuzz config`` explores."""

from __future__ import annotations

import random

from tests.fuzz.config_files import FILES, fuzz, mutated


def test_mutated_configuration_ends_in_a_worker_or_a_config_error() -> None:
    report = fuzz(seed=1, cases=400)
    assert not report.faults, str(report)
    assert report.figures.keys() == {"Worker", "ConfigError"}
    assert min(report.figures.values()) > 50


def test_every_file_is_mutated() -> None:
    names = {mutated(random.Random(number))[0] for number in range(300)}
    assert names == {*FILES}
