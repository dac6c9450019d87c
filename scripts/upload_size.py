"""Print the upload of a Worker with KV and D1, as ``wrangler deploy --dry-run`` reports it.

The folder ``python_modules`` is laid out as ``pywrangler sync`` does it: always with the official
SDK. The rows are the official SDK only, crosswind-workers, this SDK, and this SDK with a list for
``"python_modules": {"exclude": […]}`` of the modules that the Worker does not import. The list
comes last.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from scripts.production import ROOT, imported_modules, run_time_imports
from tests.real import worlds

WORKER = ROOT / "tests" / "real" / "visits_worker.py"
BYTECODE = "**/*.pyc"
"""Wrangler leaves bytecode out by itself, until a configuration has a list."""


class Size(NamedTuple):
    modules: int
    raw: float
    """In KiB, as wrangler prints it."""
    gzip: float


# The modules that a Worker needs -----------------------------------------------------------------


def needed_modules(worker: Iterable[Path], site: Path) -> set[str]:
    """Return the modules of the installed package that a Worker may import.

    Imports inside functions count if anything mentions the function: they run when a request comes.
    For example, ``Request.cookies`` needs a module only if the Worker, or a module that the Worker
    needs, has the attribute ``cookies``, and ``tail`` only in a Worker with that handler. Imports
    by a string, in ``_border/live_objects.py``, do not count: such an object comes only to a Worker
    that uses its module.
    """
    files = dict(_modules(site))
    homes = _lazy_names(files["pyworkers_sdk"])
    sources = [source.read_text(encoding="utf-8") for source in worker]
    mentioned = {name for source in sources for name in _mentioned_by_worker(source)}
    start = {name for source in sources for name in _named_by(source, homes)}

    def called(function: str) -> bool:
        if function.startswith("_on_"):  # makes the payload of a handler
            handler = function.removeprefix("_on_")
            return handler in mentioned or (handler == "tail" and "trace" in mentioned)
        return function.startswith("_") or function in mentioned

    needed: set[str] = set()
    while True:
        found = _closure({"pyworkers_sdk", *start}, files, called)
        if found == needed:
            return needed
        needed = found
        for name in needed:
            mentioned.update(_mentioned(ast.parse(files[name].read_bytes()), called))


def _closure(
    start: Iterable[str], files: Mapping[str, Path], called: Callable[[str], bool]
) -> set[str]:
    waiting, needed = [*start], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in files or name in needed:
            continue
        needed.add(name)
        source, is_package = files[name].read_bytes(), files[name].name == "__init__.py"
        waiting += imported_modules(name, source, is_package=is_package, called=called)
        waiting.append(name.rpartition(".")[0])
    return needed


def _mentioned_by_worker(source: str) -> Iterator[str]:
    """Yield the names of handlers, and those by which a Worker may reach a method or a property."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value  # for getattr


def _mentioned(node: ast.AST, called: Callable[[str], bool]) -> Iterator[str]:
    """Yield the names by which called functions of the package may reach others."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not called(node.name):
        return
    if isinstance(node, ast.Attribute) and not ast.unparse(node.value).endswith("_js"):
        yield node.attr
    elif isinstance(node, ast.ImportFrom) and node.level:
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield node.func.id
    for child in ast.iter_child_nodes(node):
        yield from _mentioned(child, called)


def _modules(site: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(site.glob("pyworkers_sdk/**/*.py")):
        yield ".".join(file.relative_to(site).with_suffix("").parts).removesuffix(".__init__"), file


def _lazy_names(file: Path) -> dict[str, str]:
    """Return public name to module, from the table in the package."""
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOMES":
            table: dict[str, str] = ast.literal_eval(node.value)
            return {name: f"pyworkers_sdk{module}" for name, module in table.items()}
    raise ValueError(f"{file}: expected a table _HOMES")


def _named_by(source: str, homes: dict[str, str]) -> Iterator[str]:
    """Yield the modules that a Worker's own module asks for."""
    for name in imported_modules("worker", source, is_package=False):
        yield homes.get(name.removeprefix("pyworkers_sdk."), name)
    if any(
        alias.name == "pyworkers_sdk"
        for node in run_time_imports(source)
        if isinstance(node, ast.Import)
        for alias in node.names
    ):  # `sdk.KV`: by every attribute of that name
        attributes = [
            node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)
        ]
        yield from (homes[node.attr] for node in attributes if node.attr in homes)


def excludes(worker: Iterable[Path], site: Path) -> list[str]:
    """Return the list for ``python_modules.exclude``: the modules that the Worker can miss."""
    needed = needed_modules(worker, site)
    kept = {file for name, file in _modules(site) if name in needed}
    patterns = [BYTECODE]
    for folder, names, files in os.walk(site / "pyworkers_sdk"):
        here = Path(folder)
        for name in sorted(names):
            if not any(here / name in file.parents for file in kept):
                patterns.append(f"{(here / name).relative_to(site).as_posix()}/**")
        names[:] = sorted(name for name in names if any(here / name in one.parents for one in kept))
        missed = sorted(here / name for name in files if here / name not in kept)
        patterns += [file.relative_to(site).as_posix() for file in missed]
    # Only importlib.metadata reads these.
    return [*patterns, *(f"{about.name}/**" for about in site.glob("pyworkers_sdk-*.dist-info"))]


# The upload ------------------------------------------------------------------------------------


def project(folder: Path, packages: Iterable[Path], exclude: list[str] | None = None) -> Path:
    """Lay out a Worker as ``pywrangler sync`` leaves it."""
    (folder / "src").mkdir(parents=True)
    shutil.copyfile(WORKER, folder / "src" / "entry.py")
    for package in packages:
        shutil.copytree(package, folder / "python_modules", dirs_exist_ok=True)
    (folder / "python_modules" / "pyvenv.cfg").touch()
    configuration = {
        "name": "visits",
        "main": "src/entry.py",
        "compatibility_date": "2026-11-17",
        "compatibility_flags": ["python_workers"],
        "kv_namespaces": [{"binding": "NAMES", "id": "0"}],
        "d1_databases": [{"binding": "DB", "database_name": "visits", "database_id": "0"}],
        "python_modules": {"exclude": exclude or [BYTECODE]},
    }
    (folder / "wrangler.json").write_text(json.dumps(configuration))
    return folder


def installed(folder: Path) -> Path:
    """Build this SDK and install it for Pyodide, as ``pywrangler sync`` does."""
    dist = folder / "dist"
    environment = {**os.environ, "BUILD_PYTHON": sys.executable}
    build = [str(ROOT / "scripts" / "build"), str(dist)]
    subprocess.run(build, env=environment, check=True, capture_output=True)
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-index", "--no-cache"]
    command += ["--python-platform=wasm32-pyodide2025", "--python-version=3.13"]
    command += [f"--find-links={dist}", f"--target={folder / 'site'}", "pyworkers-sdk"]
    subprocess.run(command, check=True)
    return folder / "site"


def by_wrangler(project: Path) -> Size:
    """Return the size that wrangler itself reports."""
    told = {"WRANGLER_SEND_METRICS": "false", "NO_COLOR": "1", "XDG_CONFIG_HOME": str(project)}
    done = subprocess.run(
        [*worlds.wrangler(), "deploy", "--dry-run"],
        cwd=project,
        env={**os.environ, **told, "CI": "1"},
        text=True,
        capture_output=True,
        check=True,
    )
    modules = re.search(r"Total \((\d+) module", done.stdout)
    sizes = re.search(r"Total Upload: ([\d.]+) KiB / gzip: ([\d.]+) KiB", done.stdout)
    if not (modules and sizes):
        raise ValueError(f"wrangler reported no size:\n{done.stdout}{done.stderr}")
    return Size(int(modules[1]), float(sizes[1]), float(sizes[2]))


def by_hand(project: Path) -> Size:
    """Return the size as wrangler works it out: one gzip stream over all modules, in order."""
    names = uploaded(project)
    contents = [(project / "src" / "entry.py").read_bytes()]
    contents += [(project / "python_modules" / name).read_bytes() for name in names]
    squeezed = zlib.compress(b"".join(contents), 6)
    return Size(len(names), sum(map(len, contents)) / 1024, len(squeezed) / 1024)


def uploaded(project: Path) -> list[Path]:
    """Return the vendored files that are not excluded, below ``python_modules``."""
    patterns = json.loads((project / "wrangler.json").read_text())["python_modules"]["exclude"]
    left_out = re.compile("|".join(map(_pattern, patterns)))
    vendored = project / "python_modules"
    names = sorted(file.relative_to(vendored) for file in vendored.rglob("*") if file.is_file())
    return [name for name in names if not left_out.fullmatch(name.as_posix())]


def _pattern(glob: str) -> str:
    every = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return re.sub(r"\*\*/|\*\*|\*|[^*]+", lambda m: every.get(m[0], re.escape(m[0])), glob)


def projects(folder: Path, worker: Iterable[Path] = (WORKER,)) -> dict[str, Path]:
    """Lay out a Worker with each SDK; the last one leaves out modules that it does not import."""
    official, ours = worlds.runtime_sdk(), installed(folder)
    vendored = {
        "the official SDK": [official],
        "and crosswind": [official, worlds.crosswind()],
        "and this SDK": [official, ours],
    }
    made = {
        title: project(folder / str(at), packages)
        for at, (title, packages) in enumerate(vendored.items())
    }
    made["the same, with exclude"] = project(
        folder / "less", [official, ours], excludes(worker, ours)
    )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "worker", nargs="*", type=Path, default=[WORKER], help="the modules of another Worker"
    )
    worker = parser.parse_args().worker
    with tempfile.TemporaryDirectory() as folder:
        made = projects(Path(folder), worker)
        sizes = {title: by_wrangler(path) for title, path in made.items()}
        alone = next(iter(sizes.values()))
        print(f"{'':24}{'modules':>8}{'raw':>12}{'gzip':>12}{'gzip above the first':>24}")
        for title, size in sizes.items():
            above = f"{size.gzip - alone.gzip:.1f} KiB"
            print(
                f"{title:24}{size.modules:>8}{size.raw:>8.1f} KiB{size.gzip:>8.1f} KiB{above:>24}"
            )
        print("\nFor the Worker's wrangler.jsonc:\n")
        less = json.loads((made["the same, with exclude"] / "wrangler.json").read_text())
        patterns = json.dumps(less["python_modules"], indent=2)
        print(f'"python_modules": {patterns}')


if __name__ == "__main__":
    main()
