"""Benchmarks: calls, rows and import time of this SDK, raw FFI and the other two SDKs.

``python benchmarks/run.py [--pyodide 0.26 0.28 314] [--quick] [--json FILE]``

Times are medians of processor time. The competitors take turns within each round, and a ratio is
the median of the ratios of the rounds. So ratios are valid on a busy machine, but times are not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any
from zipfile import ZipFile

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CACHE = HERE / ".cache"
NODE_MODULES = ROOT / "tests" / "real" / "node_modules"

PEERS = {"official": "workers-runtime-sdk==1.9.5", "crosswind": "crosswind-workers==0.2.0"}
SMALL, ROWS, IMPORT = (1.15, 1.6), (1.1, 1.8), 8.0
# name -> title, budget: the maximum ratio to raw, and the minimum ratio of the others to this SDK
CASES = {
    "kv.get": ("`kv.get` with `cacheTtl`", SMALL),
    "first": ("`first()`, 8 columns", SMALL),
    "query": ("`prepare`, `bind`, `first()`", None),
    "all 10": ("`all()`, 10 x 8", None),
    "all 1,000": ("`all()`, 1,000 x 8", ROWS),
    "all 1,000 typed": ("the same as a TypedDict", ROWS),
    "r2.get small": ("R2 `get`, 1 KB", None),
    "r2.put small": ("R2 `put`, 1 KB", None),
    "r2.get large": ("R2 `get`, 10 MB", None),
    "r2.put large": ("R2 `put`, 10 MB", None),
    "ai.run 100": ("Workers AI: vectors of 100 texts, 768 each", None),
    "queue.send 100": ("`send_batch` of 100 messages", None),
    "queue.receive 100": ("a batch of 100 read and acked", None),
    "vectorize.query": ("Vectorize `query`, a list of 768", None),
    "vectorize.query array": ("the same as an `array`", None),
}
IMPORTS = {
    "first": "first import, stdlib as bytecode",
    "again": "the same, interpreter warm",
    "source": "first import, stdlib in source",
}
Times = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pyodide", nargs="+", default=["0.26", "0.28", "314"], metavar="VERSION")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw figures there")
    parser.add_argument("--sdk", type=Path, default=ROOT, help="a tree with another pyworkers_sdk")
    arguments = parser.parse_args()
    install()
    figures = {}
    for pyodide in arguments.pyodide:
        result = measure(pyodide, arguments.sdk.resolve(), arguments.quick)
        figures[result["version"]] = result
        print(table(result), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))


def install() -> None:
    """Install Pyodide and the peers, unless they are there."""
    sys.path.insert(0, str(ROOT))
    from tests.real.worlds import install_node_modules

    install_node_modules()
    CACHE.mkdir(exist_ok=True)
    for peer in PEERS.values():
        if (CACHE / peer).exists():
            continue
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        # The version of the peers' interpreter, not of this one.
        options += ["--python-version=3.13", f"--dest={CACHE}"]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, peer], check=True)
        name, _, version = peer.replace("-", "_").partition("==")
        with ZipFile(CACHE / f"{name}-{version}-py3-none-any.whl") as wheel:
            wheel.extractall(CACHE / peer)


def measure(pyodide: str, sdk: Path, quick: bool) -> Any:
    """Run every case in one version of Pyodide, and return the times."""
    from scripts.production import lay_out

    shutil.rmtree(CACHE / "sdk", ignore_errors=True)
    lay_out(CACHE / "sdk", sdk / "pyworkers_sdk")  # the files that the wheels for Pyodide contain
    spec = {
        "pyodide": pyodide,
        "nodeModules": str(NODE_MODULES),
        "cache": str(CACHE),
        "inside": str(HERE / "bench_inside.py"),
        "packages": {
            "sdk": str(CACHE / "sdk" / "pyworkers_sdk"),
            **{name: str(CACHE / peer) for name, peer in PEERS.items()},
        },
        "rounds": 30 if quick else 120,
        "fresh": 1 if quick else 3,
    }
    command = ["node", str(HERE / "bench.mjs"), json.dumps(spec)]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(process.stdout.splitlines()[-1])


def table(result: Any) -> str:
    """Return the times and ratios of one version of Pyodide as a table in Markdown."""
    lines = [
        f"\n### Pyodide {result['version']}\n",
        "| case | raw | this SDK | official | crosswind "
        "| this / raw | official / this | crosswind / this | budget |",
        "|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for case, (title, budget) in CASES.items():
        times: Times = result["calls"][case]
        raw, *faster = ratios(times, "raw", "official", "crosswind")
        slowdown = 1 / raw
        verdict = "none"
        if budget:
            verdict = f"≤ {budget[0]} {held(slowdown <= budget[0])}, "
            verdict += f"≥ {budget[1]} {held(min(faster) >= budget[1])}"
        cells = [f"{median(times[name]) * 1e6:,.0f} µs" for name in times]
        cells += [f"{ratio:.2f}" for ratio in (slowdown, *faster)]
        lines.append(f"| {title} | {' | '.join(cells)} | {verdict} |")
    for kind, title in IMPORTS.items():
        times = result["imports"][kind]
        faster = ratios(times, "official", "crosswind")
        cells = ["", *(f"{median(times[name]) * 1e3:,.1f} ms" for name in times), ""]
        cells += [f"{ratio:.1f}" for ratio in faster]
        verdict = f"≥ {IMPORT:g} {held(faster[0] >= IMPORT)}"
        lines.append(f"| {title} | {' | '.join(cells)} | {verdict} |")
    return "\n".join(lines)


def ratios(times: Times, *names: str) -> list[float]:
    """Return the time of each of these competitors, divided by the time of this SDK."""
    return [median(a / b for a, b in zip(times[name], times["sdk"])) for name in names]


def held(holds: bool) -> str:
    return "holds" if holds else "**MISSED**"


if __name__ == "__main__":
    main()
