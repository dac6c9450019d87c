#!/usr/bin/env python3
"""Make the wheels for Pyodide from the whole wheel: ``scripts/pyodide_wheels.py dist/….whl``.

They hold the part that a Worker runs (scripts/production.py). An installer prefers a wheel that is
tagged for its platform, so Pyodide gets these and everything else gets the whole one.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.production import production_files

# Pyodide 0.26 and 0.27, 0.28 and 0.29, and 314. PyPI takes only the first names (PEP 783), and uv
# takes them for every Pyodide. Pyodide's tools use the second names for the older two.
PLATFORMS = [
    ("pyemscripten_2024_0_wasm32", "pyemscripten_2025_0_wasm32", "pyemscripten_2026_0_wasm32"),
    ("pyodide_2024_0_wasm32", "pyodide_2025_0_wasm32"),
]
# Both name modules of folders that production lacks: pytest's plugin and the command line.
WITHOUT = {"entry_points.txt"}


def pyodide_wheels(whole: Path) -> list[Path]:
    """Write the wheels for Pyodide beside the whole one."""
    return [pyodide_wheel(whole, platforms) for platforms in PLATFORMS]


def pyodide_wheel(whole: Path, platforms: tuple[str, ...]) -> Path:
    """Write one wheel for Pyodide, the same bytes each time."""
    target = whole.with_name(whole.name.replace("-any.whl", f"-{'.'.join(platforms)}.whl"))
    with ZipFile(whole) as source, ZipFile(target, "w", ZIP_DEFLATED) as wheel:
        modes = {entry.filename: entry for entry in source.infolist()}
        records = []
        for name, content in _contents(source, platforms):
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            records.append(f"{name},sha256={digest.decode()},{len(content)}\n")
            wheel.writestr(_entry(modes[name]), content)
        [record] = [name for name in modes if name.endswith(".dist-info/RECORD")]
        wheel.writestr(_entry(modes[record]), "".join([*records, f"{record},,\n"]))
    return target


def _contents(wheel: ZipFile, platforms: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    names = wheel.namelist()
    about = [name for name in names if name.split("/")[0].endswith(".dist-info")]
    modules = (name for name in names if name not in about)
    yield from production_files((name, wheel.read(name)) for name in modules)
    for name in about:
        kind = name.split("/")[-1]
        content = wheel.read(name)
        if kind == "WHEEL":
            kept = [line for line in content.splitlines() if not line.startswith(b"Tag:")]
            kept += [f"Tag: py3-none-{platform}".encode() for platform in platforms]
            content = b"\n".join([*filter(None, kept), b""])
        if kind == "METADATA":  # a Worker would upload the README, too
            content = content.partition(b"\n\n")[0] + b"\n"
        if kind != "RECORD" and kind not in WITHOUT:
            yield name, content


def _entry(entry: ZipInfo) -> ZipInfo:
    copy = ZipInfo(entry.filename, entry.date_time)
    copy.compress_type = ZIP_DEFLATED
    copy.external_attr = entry.external_attr
    return copy


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        for made in pyodide_wheels(Path(argument)):
            print(made)
