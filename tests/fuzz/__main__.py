"""scripts/fuzz: give random inputs to the code that reads text of strangers."""

from __future__ import annotations

import argparse
import random
import time
from importlib import import_module

from tests.fuzz.report import Fuzz

FUZZERS = {
    "config": "tests.fuzz.config_files:fuzz",
    "wrangler": "tests.fuzz.wrangler_reader:fuzz",
}
"""The function of each fuzzer: ``fuzz(seed=…, cases=…)`` returns a Report."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(FUZZERS)}; default: all")
    parser.add_argument("--cases", type=int, default=50_000, help="for each fuzzer; default: 50000")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    if unknown := [name for name in options.name if name not in FUZZERS]:
        parser.error(f"unknown fuzzer {', '.join(unknown)}; known are {', '.join(FUZZERS)}")
    faults = 0
    for name in options.name or FUZZERS:
        module, _, function = FUZZERS[name].partition(":")
        fuzz: Fuzz = getattr(import_module(module), function)
        start = time.monotonic()
        report = fuzz(seed=options.seed, cases=options.cases)
        report.seconds = time.monotonic() - start
        print(report, flush=True)
        faults += len(report.faults)
    return int(faults > 0)


raise SystemExit(main())
