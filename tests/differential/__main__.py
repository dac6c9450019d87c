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
from typing import Protocol

from tests.differential.asgi_exchanges import compare as compare_asgi
from tests.differential.crypto_cases import compare_crypto
from tests.differential.loading_pairs import compare_loading
from tests.differential.machine import Machine, explore
from tests.real.remote import Remote
from tests.real.web_crypto import Engine

ENGINES: dict[str, Engine] = {"crypto-node": "node", "crypto-workerd": "workerd"}
MACHINES = {"kv": "KVMachine", "d1": "D1Machine", "r2": "R2Machine", "queues": "QueuesMachine"}

NAMES = [*MACHINES, *ENGINES, "asgi", "loading"]


class Result(Protocol):
    """The result of one comparison; ``str()`` gives its figures."""

    @property
    def difference(self) -> str | None: ...


def run(name: str, seed: int, operations: int | None, seconds: float | None) -> Result:
    if name == "asgi":
        return run_asgi(seed, operations, seconds)
    if name == "loading":
        return compare_loading(seed, pairs=operations, seconds=seconds)
    if name in ENGINES:
        return compare_crypto(ENGINES[name], seed, cases=operations, seconds=seconds)
    machine: type[Machine] = getattr(
        import_module(f"tests.differential.test_{name}"), MACHINES[name]
    )
    remote = Remote()
    try:
        return explore(machine, remote, seed, operations=operations, seconds=seconds)
    finally:
        remote.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/differential", description=__doc__)
    parser.add_argument("binding", nargs="*", help=f"of {', '.join(NAMES)}; default: all")
    parser.add_argument("--seconds", type=float, help="for each binding; default: 60")
    parser.add_argument("--operations", type=int, help="for each binding, instead of --seconds")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    if unknown := [name for name in options.binding if name not in NAMES]:
        parser.error(f"unknown binding {', '.join(unknown)}; known are {', '.join(NAMES)}")
    if options.seconds is None and options.operations is None:
        options.seconds = 60
    differences = 0
    for name in options.binding or NAMES:
        report = run(name, options.seed, options.operations, options.seconds)
        print(report, flush=True)
        differences += bool(report.difference)
    return int(differences > 0)


def run_asgi(seed: int, exchanges: int | None, seconds: float | None) -> Result:
    end = time.monotonic() + (seconds or 0)

    def numbers() -> Iterator[int]:
        for number in itertools.count():
            if number == exchanges or (exchanges is None and time.monotonic() > end):
                return
            yield number

    logging.disable(logging.CRITICAL)  # applications that fail on purpose
    report = asyncio.run(compare_asgi(seed, numbers()))
    logging.disable(logging.NOTSET)
    return report


raise SystemExit(main())
