"""The generated pages of docs/ are current."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import loading_page, value_table

ROOT = Path(__file__).resolve().parents[1]


def test_page_of_values_is_current() -> None:
    message = "docs/how-values-cross.md is stale; run scripts/value-table"
    assert value_table.PAGE.read_text(encoding="utf-8") == value_table.page(), message


def test_page_of_loading_is_current() -> None:
    message = "docs/loading.md is stale; run scripts/value-table"
    assert loading_page.PAGE.read_text(encoding="utf-8") == loading_page.page(), message


def test_call_paths_name_functions_that_exist() -> None:
    run = subprocess.run(
        [sys.executable, "scripts/call_paths.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
