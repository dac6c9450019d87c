"""Mutated configurations, read here and by wrangler: the same decision, and the same variables.

``PYWORKERS_WRANGLER`` is the folder of the npm package wrangler: ``node_modules/wrangler``. This
package is not a tool of the project, so without the variable nothing is compared.

A file that only wrangler refuses is a fault. Files that only this project refuses are counted:
``docs/configuration.md`` has the reasons.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from pyworkers_sdk.testing import ConfigError
from pyworkers_sdk.testing._registry import SECTIONS
from pyworkers_sdk.testing.config.config import Config
from pyworkers_sdk.testing.config.jsonc import well_formed
from tests.fuzz.config_files import mutated
from tests.fuzz.report import Report

__all__ = ["fuzz"]

READER = Path(__file__).with_name("wrangler.mjs")
BATCH = 500
SECRETS = "A=1\nTOKEN='x y'\n"

# tomllib takes some text behind a value that smol-toml refuses.
TOLERATED = ("each key-value declaration must be followed by an end-of-line",)


def fuzz(*, seed: int, cases: int) -> Report:
    """Compare ``cases`` mutated files."""
    report = Report("wrangler", seed)
    package = os.environ.get("PYWORKERS_WRANGLER")
    if package is None:
        report.count("skipped, since PYWORKERS_WRANGLER is not set")
        return report
    for start in range(0, cases, BATCH):
        _compare(package, seed, range(start, min(cases, start + BATCH)), report)
    return report


def _compare(package: str, seed: int, numbers: range, report: Report) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files: list[tuple[int, Path]] = []
        for number in numbers:
            name, data = _configuration(random.Random(f"{seed} {number}"))
            path = Path(folder, str(number), name)
            path.parent.mkdir()
            path.write_bytes(data)
            (path.parent / ".dev.vars").write_text(SECRETS)
            files.append((number, path))
        asked = (json.dumps({"folder": str(path.parent), "config": path.name}) for _, path in files)
        answers = subprocess.run(
            ["node", str(READER), package],
            input="\n".join(asked),
            capture_output=True,
            text=True,
            check=True,
        )
        for (number, path), line in zip(files, answers.stdout.split("\n")):
            report.cases += 1
            fault = _difference(path, json.loads(line), report)
            if fault:
                report.faults.append(f"seed {seed}, case {number}, {path.name}: {fault}")


def _configuration(rng: random.Random) -> tuple[str, bytes]:
    """Return a mutated wrangler configuration."""
    while True:
        name, data = mutated(rng)
        if name.startswith("wrangler") and len(data) < 20_000:
            return name, data


def _difference(path: Path, answer: dict[str, Any], report: Report) -> str | None:
    try:
        ours = _read(path)
    except ConfigError as error:
        report.count("both refuse" if "error" in answer else "only refused here")
        return None if "error" in answer or str(error) else "a ConfigError without a message"
    if "error" in answer:
        if any(text in answer["error"] for text in TOLERATED):
            report.count("tolerated")
            return None
        return f"only wrangler refuses: {answer['error'][-200:]}"
    report.count("both take")
    theirs = json.loads(well_formed(json.dumps(answer["vars"], ensure_ascii=False)))
    return None if theirs == ours else f"wrangler has {theirs}, here are {ours}"


def _read(path: Path) -> dict[str, Any]:
    """Return the variables as wrangler does, without an import of the Worker."""
    config = Config(path, "")
    variables = {name: value for name, (value, _) in config.variables().items()}
    if config.settings.main is not None:
        config.python()
    bindings = [bound.name for bound in config.bound(SECTIONS) if bound.name]
    names = [*config.settings.vars, *config.required_secrets(), *bindings]
    if len({*names}) < len(names):
        raise ConfigError(f"{path.name}: duplicate name")
    return variables
