"""The Python and the Pyodide that a configuration means.

The table is that of pywrangler 1.17 (the package workers-py), with the runtime's flags that keep an
older version.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

__all__ = ["FLAG", "VERSIONS", "PythonVersion", "python_version"]

FLAG = "python_workers"
"""The compatibility flag that every Python Worker needs."""


class PythonVersion(NamedTuple):
    """A Python that Workers run on."""

    python: str
    """The version of Python: ``3.13``."""
    pyodide: str
    """The version of Pyodide in the runtime: ``0.28.2``."""
    flags: tuple[str, ...]
    """The compatibility flags that select it. With ``no_`` before, a flag keeps the older one."""
    date: str
    """The compatibility date from which it is the default; "" for the oldest."""


VERSIONS = (
    # The runtime knows Pyodide 314 by an older name too. pywrangler ignores that name.
    PythonVersion("3.14", "314", ("python_workers_314", "python_workers_20260610"), "2026-09-08"),
    PythonVersion("3.13", "0.28.2", ("python_workers_20250116",), "2025-09-29"),
    PythonVersion("3.12", "0.26", (FLAG,), ""),
)
"""The newest is first."""


def python_version(compatibility_date: str, flags: Collection[str]) -> PythonVersion:
    """Return the newest version that a flag or the date selects.

    Args:
        compatibility_date: A date like ``2026-01-31``.
        flags: The compatibility flags. ``FLAG`` is one of them.
    """
    return next(
        version
        for version in VERSIONS
        if any(flag in flags for flag in version.flags)
        or (
            compatibility_date >= version.date
            and not any(f"no_{flag}" in flags for flag in version.flags)
        )
    )
