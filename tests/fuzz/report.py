"""The parts that all fuzzers share: a report, and a measurement of growth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["LONG_RUN", "Fuzz", "Growth", "Report", "growth_faults"]

LONG_RUN = 10_000
"""The cases from which a run measures growth as well."""


@dataclass
class Report:
    """The result of one run; ``str()`` gives its figures."""

    name: str
    seed: int
    cases: int = 0
    """Inputs that were tried."""
    figures: dict[str, int] = field(default_factory=dict)
    """Counts by outcome: ``{"Worker": 120, "ConfigError": 880}``."""
    faults: list[str] = field(default_factory=list)
    """Descriptions of inputs that broke an invariant, each with the seed and number of its case."""
    seconds: float = 0.0

    def count(self, outcome: str) -> None:
        self.figures[outcome] = self.figures.get(outcome, 0) + 1

    def __str__(self) -> str:
        outcomes = ", ".join(f"{name} {count:,}" for name, count in sorted(self.figures.items()))
        head = (
            f"{self.name}: {self.cases:,} cases, seed {self.seed}, {self.seconds:.0f} s: "
            f"{outcomes}; {len(self.faults)} faults"
        )
        return "\n".join([head, *self.faults[:20]])


class Fuzz(Protocol):
    """A fuzzer: a function of the registry in ``tests.fuzz.__main__``."""

    def __call__(self, *, seed: int, cases: int) -> Report: ...


@dataclass
class Growth:
    """An input of any size, and the function that takes it."""

    name: str
    run: Callable[[Any], object]
    make: Callable[[int], Any]
    size: int
    """A size at which ``run`` takes some tens of milliseconds."""


def growth_faults(shapes: Iterable[Growth], bound: float = 3.0) -> list[str]:
    """Return the shapes whose time grows faster than their size.

    The processor's time for double the size is compared with that for the size: linear work has a
    ratio near 2, quadratic work near 4. The best of several runs counts, so a busy machine does
    not matter. Only long runs call this function: no test of the suite measures time.
    """
    faults: list[str] = []
    for shape in shapes:
        ratio = min(_ratio(shape) for _ in range(3))
        if ratio > bound:
            faults.append(f"{shape.name}: {ratio:.1f} times the time for double the size")
    return faults


def _ratio(shape: Growth) -> float:
    once, twice = shape.make(shape.size), shape.make(2 * shape.size)
    return _time(shape.run, twice) / max(_time(shape.run, once), 1e-4)


def _time(run: Callable[[Any], object], value: Any) -> float:
    start = time.process_time()
    run(value)
    return time.process_time() - start
