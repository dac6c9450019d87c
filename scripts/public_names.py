#!/usr/bin/env python3
"""Write the table of lazy names of each package from its imports for type checkers.

``scripts/public_names.py`` writes it, ``--check`` only compares. A public name is written once, in
the ``if TYPE_CHECKING`` block. The table is a literal because tree shakers read a literal only.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["pyworkers_sdk", "pyworkers_sdk/testing"]
TABLE = re.compile(r"(?<=^_HOMES = \{\n).*?(?=^\}$)", re.MULTILINE | re.DOTALL)


def public_names(source: str) -> dict[str, str]:
    """Return name to relative module (``{"D1": ".d1"}``), sorted."""
    blocks = [node for node in ast.parse(source).body if isinstance(node, ast.If)]
    [block] = [node for node in blocks if ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    names = {
        alias.name: "." * node.level + (node.module or "")
        for node in imports
        for alias in node.names
        if alias.asname == alias.name
    }
    return dict(sorted(names.items()))


def with_table(source: str) -> str:
    """Return the source of a package with the table that its imports ask for."""
    lines = [f'    "{name}": "{module}",\n' for name, module in public_names(source).items()]
    written, count = TABLE.subn("".join(lines), source)
    if count != 1:
        raise ValueError(f"expected one table that begins with '_HOMES = {{', got {count}")
    return written


def main() -> int:
    stale = 0
    for package in PACKAGES:
        file = ROOT / package / "__init__.py"
        source = file.read_text(encoding="utf-8")
        written = with_table(source)
        if written == source:
            continue
        if "--check" in sys.argv[1:]:
            print(f"{package}/__init__.py: stale table; run scripts/public_names.py")
            stale = 1
        else:
            file.write_text(written, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
