"""Import a Worker as its runtime does: modules are looked up in its main module's folder first.

If that folder is on ``sys.path``, and no other folder provides a module of the same name, the
modules are imported as usual, so tests that import them get the same ones.

Otherwise its modules are private: they get the names ``_worker1.entry``, ``_worker1.helper``, and
only the Worker's code sees them. So two Workers may both have a ``main.py``, and ``sys.path`` does
not change. Three parts do it:

- ``_Private`` is the package ``_worker1``, and ``named_modules`` has the import hook that finds it;
- ``_Loader`` sets the ``__builtins__`` of each such module before its code runs;
- ``_Builtins`` has an ``__import__`` that looks into ``_worker1`` first. CPython's ``import``
  statement calls the ``__import__`` that it finds in the ``__builtins__`` of its module.

``named_modules`` finds modules that a library imports for the Worker, by a name in a string.
"""

from __future__ import annotations

import builtins
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

from ..._cpython.run_sync import unawaited
from . import named_modules as _named

__all__ = ["add_vendored", "foreign_import", "load"]

_loaded: dict[Path, ModuleType] = {}
_numbers = count(1)
_SDK = __name__.partition(".")[0]


def load(main: Path, *, fresh: bool = False) -> ModuleType:
    """Import the main module, once in a process unless it shall be ``fresh``.

    Nothing can wait at import: ``run_sync`` is refused, also within an event loop.
    """
    with unawaited:
        try:
            return _load(main.resolve(), fresh)
        finally:
            _named.forget_aliases()


def _load(main: Path, fresh: bool) -> ModuleType:
    if not fresh and _is_public(main):
        return import_module(main.stem)
    if fresh or main not in _loaded:
        private = _Private(main.parent)
        try:
            module = import_module(f"{private.name}.{main.stem}")
        except BaseException:
            private.forget()  # a module that fails to import can be mended and imported again
            raise
        if fresh:
            return module
        _loaded[main] = module
    return _loaded[main]


def add_vendored(folder: Path) -> None:
    """Append the folder that pywrangler vendors packages to. Installed packages come first."""
    vendored = str((folder / "python_modules").resolve())
    if vendored not in sys.path and Path(vendored).is_dir():
        sys.path.append(vendored)


def foreign_import(module: ModuleType, others: Iterable[type[Any]]) -> tuple[str, str] | None:
    """Return a module of another Worker that a Worker has imported, by name and file.

    It is found here if its folder is on ``sys.path``, but is not part of the Worker's upload.

    Args:
        module: The Worker's main module.
        others: The entrypoint classes of the other Workers.
    """
    own = _folder_of(module.__name__)
    folders = {_folder_of(other.__module__) for other in others} - {own, ""}
    foreign = {
        name: file
        for name, file in (_files() if folders else ())
        if any(_belongs(file, folder) for folder in folders) and not _belongs(file, own)
    }
    if foreign:
        package = module.__name__.rpartition(".")[0]
        for name, file in _files():
            if name.startswith(f"{package}.") if package else _belongs(file, own):
                for origin in map(_origin_of, vars(sys.modules[name]).values()):
                    if origin in foreign:
                        return origin, foreign[origin]
    return None


def _origin_of(value: Any) -> Any:
    """Return the name of a module, or of the module of a class or function."""
    return getattr(value, "__name__" if isinstance(value, ModuleType) else "__module__", "")


def _folder_of(name: str) -> str:
    """Return the folder of a module with a separator at its end; "" if it has none."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return os.path.join(os.path.dirname(file), "") if isinstance(file, str) else ""


def _files() -> list[tuple[str, str]]:
    """Return the names and files of all modules."""
    files = ((name, getattr(module, "__file__", None)) for name, module in [*sys.modules.items()])
    return [(name, file) for name, file in files if isinstance(file, str)]


def _belongs(file: str, folder: str) -> bool:
    """Return True if a file is in a Worker's folder, and not of a package installed there."""
    return file.startswith(folder) and not re.search(
        r"\b(site-packages|python_modules)\b", file[len(folder) :]
    )


def _is_public(main: Path) -> bool:
    """Return True if an ordinary ``import`` of each of the Worker's modules finds its file."""
    if _origin(main.stem) != main:
        return False
    return not any(
        _origin(path.stem) not in (path, None)
        for path in main.parent.glob("*.py")
        # pytest imports these itself, under names that it chooses
        if path.stem != "conftest" and not path.stem.startswith("test_")
    )


def _origin(name: str) -> Path | None:
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).resolve() if spec is not None and spec.origin else None


class _Builtins(_named.Builtins):
    """The ``__builtins__`` of private modules: Python's, but with another ``__import__``.

    Names are looked up when they are read, so that a test which patches ``builtins`` is seen.
    """

    def __missing__(self, name: str) -> Any:
        try:
            return getattr(builtins, name)
        except AttributeError:
            raise KeyError(name) from None


class _Private:
    """A package that exists only in ``sys.modules``, over the modules of one folder."""

    def __init__(self, folder: Path) -> None:
        self.name = f"_worker{next(_numbers)}"
        self.builtins = _Builtins(self, __import__=self.import_)
        self._folder = str(folder)
        self._inside: dict[str, bool] = {}
        package = ModuleType(self.name)
        package.__spec__ = ModuleSpec(self.name, None, is_package=True)
        # As of a namespace package: Flask looks here for the folder of its application.
        package.__spec__.submodule_search_locations = [self._folder]
        package.__path__ = [self._folder]
        sys.modules[self.name] = package
        _named.add(self)

    def forget(self) -> None:
        """Remove the hook and all modules."""
        _named.remove(self)
        for name in [*sys.modules]:
            if name.partition(".")[0] == self.name:
                del sys.modules[name]

    def find_spec(self, fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
        """Return the spec of a module of this package, such as ``_worker1.entry``."""
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(fullname, spec.loader.path, self.builtins)
        return spec

    def import_(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Carry out an ``import`` statement of a private module."""
        # In the runtime the main module's folder is not a package: its modules are top-level.
        if level and globals and globals.get("__package__") == self.name:
            raise ImportError("attempted relative import with no known parent package")
        top = name.partition(".")[0]
        # C code, such as pickle's, passes a list. It looks for the public name in sys.modules.
        if level or isinstance(fromlist, list) or not self.has(top):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        inside = f"{self.name}.{name}"
        if fromlist:  # "from a.b import c" needs a.b, "import a.b" needs a
            return builtins.__import__(inside, globals, locals, fromlist)
        import_module(inside)
        return sys.modules[f"{self.name}.{top}"]

    def has(self, top: str) -> bool:
        """Return True if the Worker finds a module of this name in its own folder."""
        if top not in self._inside:
            self._inside[top] = False  # while the module is looked for elsewhere
            spec = None if top == _SDK else PathFinder.find_spec(top, [self._folder])
            # A folder without __init__.py comes after any module of its name on sys.path.
            is_folder = spec is not None and spec.origin is None
            self._inside[top] = spec is not None and not (is_folder and _origin(top))
        return self._inside[top]


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, builtins: _Builtins) -> None:
        super().__init__(fullname, path)
        self._builtins = builtins

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = self._builtins
        super().exec_module(module)
