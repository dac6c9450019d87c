"""The configuration of every example runs on the newest Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
CONFIGURATIONS = sorted(EXAMPLES.glob("**/wrangler.jsonc"))


@pytest.mark.parametrize(
    "configuration", CONFIGURATIONS, ids=lambda path: str(path.relative_to(EXAMPLES).parent)
)
def test_example_runs_on_python_3_14_without_a_flag_for_it(configuration: Path) -> None:
    text = configuration.read_text()
    date = re.search(r'"compatibility_date": "([0-9-]+)"', text)
    assert date is not None
    assert date[1] >= "2026-09-08"  # the first date with Python 3.14
    flags = set(re.findall(r'"((?:no_)?python_\w+)"', text))
    assert flags == {"python_workers"}


def test_every_example_has_a_configuration() -> None:
    projects = {path.parent for path in EXAMPLES.glob("*/pyproject.toml")}
    assert projects
    assert projects <= {path.parent for path in CONFIGURATIONS}
