"""Import a Worker as its runtime does: modules are looked up in its main module's folder first.

If that folder is on ``sys.path``, and no other folder provides a module of the same name, the
modules are imported as usual, so tests that import them get the same ones.

Otherwise its modules are private: they get the names ``_worker1.entry``, ``_worker1.helper``, and
only ``import`` statements inside of them see these modules. So two Workers may both have a
``main.py``, and ``sys.path`` does not change. Three parts do it:

- ``_Private`` is an import hook (on ``sys.meta_path``) for the package ``_worker1``;
- ``_Loader`` sets the ``__builtins__`` of each such module before its code runs;
- ``_Builtins`` has an ``__import__`` that looks into ``_worker1`` first. CPython's ``import``
  statement calls the ``__import__`` that it finds in the ``__builtins__`` of its module.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

from ..._cpython.run_sync import unawaited

__all__ = ["add_vendored", "load"]

_loaded: dict[Path, ModuleType] = {}
_numbers = count(1)
_SDK = __name__.partition(".")[0]


def load(main: Path, *, fresh: bool = False) -> ModuleType:
    """Import the main module, once in a process unless it shall be ``fresh``.

    Nothing can wait at import: ``run_sync`` is refused, also within an event loop.
    """
    with unawaited:
        return _load(main.resolve(), fresh)


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


class _Builtins(dict[str, Any]):
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
        self.builtins = _Builtins(__import__=self.import_)
        self._folder = str(folder)
        self._inside: dict[str, bool] = {}
        package = ModuleType(self.name)
        package.__spec__ = ModuleSpec(self.name, None, is_package=True)
        # As of a namespace package: Flask looks here for the folder of its application.
        package.__spec__.submodule_search_locations = [self._folder]
        package.__path__ = [self._folder]
        sys.modules[self.name] = package
        sys.meta_path.insert(0, self)

    def forget(self) -> None:
        """Remove the hook and all modules."""
        sys.meta_path.remove(self)
        for name in [*sys.modules]:
            if name.partition(".")[0] == self.name:
                del sys.modules[name]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{self.name}."):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
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
        if level or not self._is_inside(top):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        inside = f"{self.name}.{name}"
        if fromlist:  # "from a.b import c" needs a.b, "import a.b" needs a
            return builtins.__import__(inside, globals, locals, fromlist)
        import_module(inside)
        return sys.modules[f"{self.name}.{top}"]

    def _is_inside(self, top: str) -> bool:
        if top not in self._inside:
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
