"""scripts/differential: look for differences between the fakes and the real bindings."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import random
import time
from collections.abc import Iterator
from importlib import import_module

from tests.differential.machine import Machine, explore
from tests.real.remote import Remote

MACHINES = {"kv": "KVMachine", "d1": "D1Machine", "r2": "R2Machine", "queues": "QueuesMachine"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/differential", description=__doc__)
    names = [*MACHINES, "asgi"]
    parser.add_argument("binding", nargs="*", help=f"of {', '.join(names)}; default: all")
    parser.add_argument("--seconds", type=float, help="for each binding; default: 60")
    parser.add_argument("--operations", type=int, help="for each binding, instead of --seconds")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    if unknown := [name for name in options.binding if name not in names]:
        parser.error(f"unknown binding {', '.join(unknown)}; known are {', '.join(names)}")
    if options.seconds is None and options.operations is None:
        options.seconds = 60
    differences = 0
    for name in options.binding or names:
        if name == "asgi":
            differences += explore_asgi(options.seed, options.operations, options.seconds)
            continue
        module = import_module(f"tests.differential.test_{name}")
        machine: type[Machine] = getattr(module, MACHINES[name])
        remote = Remote()
        try:
            report = explore(
                machine,
                remote,
                options.seed,
                operations=options.operations,
                seconds=options.seconds,
            )
        finally:
            remote.stop()
        print(report, flush=True)
        differences += report.difference is not None
    return int(differences > 0)


def explore_asgi(seed: int, exchanges: int | None, seconds: float | None) -> bool:
    """Compare ASGI exchanges with uvicorn's; return True if there is an unknown difference."""
    from tests.differential.asgi_exchanges import compare

    logging.disable(logging.CRITICAL)  # applications that fail on purpose
    end = time.monotonic() + (seconds or 0)

    def numbers() -> Iterator[int]:
        for number in itertools.count():
            if number == exchanges or (exchanges is None and time.monotonic() > end):
                return
            yield number

    report = asyncio.run(compare(seed, numbers()))
    logging.disable(logging.NOTSET)
    print(report, flush=True)
    return bool(report.difference)


raise SystemExit(main())
