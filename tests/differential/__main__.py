"""scripts/differential: look for differences between the fakes and the real bindings."""

from __future__ import annotations

import argparse
import random
from importlib import import_module

from tests.differential.machine import Machine, explore
from tests.real.remote import Remote

MACHINES = {"kv": "KVMachine", "d1": "D1Machine", "r2": "R2Machine", "queues": "QueuesMachine"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/differential", description=__doc__)
    parser.add_argument("binding", nargs="*", help=f"of {', '.join(MACHINES)}; default: all")
    parser.add_argument("--seconds", type=float, help="for each binding; default: 60")
    parser.add_argument("--operations", type=int, help="for each binding, instead of --seconds")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    if unknown := [name for name in options.binding if name not in MACHINES]:
        parser.error(f"unknown binding {', '.join(unknown)}; known are {', '.join(MACHINES)}")
    if options.seconds is None and options.operations is None:
        options.seconds = 60
    differences = 0
    for name in options.binding or MACHINES:
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


raise SystemExit(main())
