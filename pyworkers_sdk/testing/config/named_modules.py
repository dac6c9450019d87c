"""Find a Worker's own modules by a name in a string, as its runtime does.

Django imports ``ROOT_URLCONF``, ``logging.config`` a handler's class, pickle an object's class. In
the runtime the main module's folder is on ``sys.path``, so any code finds these modules. Here they
are private (``module_loader``), and only code that runs for the Worker may find them:

- ``importlib.import_module`` returns the private module. It calls ``_gcd_import`` of importlib, and
  ``add`` replaces that function while there are private packages.
- Anything else (``__import__``, pickle, ``find_spec``) reaches ``_Finder`` on ``sys.meta_path``. It
  lends the private module its public name until the handler of the Worker returns.

Code runs for a Worker if one of the Worker's functions is below it on the stack, or if it runs
within a handler on the Worker's host: a framework may have started a task.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any, Protocol

from ..runtime.host import after_handlers, current_host

__all__ = ["Builtins", "Package", "add", "forget_aliases", "remove"]


class Package(Protocol):
    """A package of private modules."""

    name: str

    def has(self, top: str) -> bool:
        """Return True if the Worker finds a module of this name in its own folder."""
        ...

    def find_spec(self, fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
        """Return the spec of a module of this package, such as ``_worker1.entry``."""
        ...


class Builtins(dict[str, Any]):
    """The ``__builtins__`` of private modules. They mark the frames of a Worker's functions."""

    def __init__(self, package: Package, **names: Any) -> None:
        super().__init__(names)
        self.package = package


_packages: dict[str, Package] = {}
_aliases: dict[str, ModuleType] = {}
"""Private modules in ``sys.modules`` under their public names."""
_importlib: Any = sys.modules["importlib._bootstrap"]
_import = _importlib._gcd_import  # noqa: SLF001
_installed: list[bool] = []


def add(package: Package) -> None:
    """Let a Worker find the modules of its package."""
    if _FINDER not in sys.meta_path:  # pytest's own tests take the hook away
        sys.meta_path.insert(0, _FINDER)
    _importlib._gcd_import = _import_named  # noqa: SLF001
    if not _installed:
        after_handlers(forget_aliases)
        _installed.append(True)
    _packages[package.name] = package


def remove(package: Package) -> None:
    """Undo ``add``."""
    del _packages[package.name]
    if not _packages:
        sys.meta_path[:] = [hook for hook in sys.meta_path if hook is not _FINDER]
        _importlib._gcd_import = _import  # noqa: SLF001


def forget_aliases() -> None:
    """Take back the public names of private modules: the test's own code must not find them."""
    while _aliases:
        name, module = _aliases.popitem()
        if sys.modules.get(name) is module:
            del sys.modules[name]


def _import_named(name: str, package: str | None = None, level: int = 0) -> ModuleType:
    """Import a module for ``importlib.import_module``."""
    own = None if level else _package_of_caller(name.partition(".")[0])
    module: ModuleType = _import(name if own is None else f"{own.name}.{name}", package, level)
    return module


def _package_of_caller(top: str) -> Package | None:
    """Return the package of the Worker for which code runs, if it has a module of this name."""
    return next((package for package in _callers() if package.has(top)), None)


def _callers() -> Iterator[Package]:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None:
        if isinstance(frame.f_builtins, Builtins):
            yield frame.f_builtins.package
            return
        frame = frame.f_back
    host = current_host()
    for script in () if host is None else host.scripts.values():
        module: str = getattr(script.exports.get("default"), "__module__", "")
        if (package := _packages.get(module.partition(".")[0])) is not None:
            yield package


class _Finder:
    """The import hook for private packages, and for the public names of their modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        if top in _packages:
            return _packages[top].find_spec(fullname, path) if rest else None
        package = _package_of_caller(top)
        return None if package is None else _alias(fullname, f"{package.name}.{fullname}")


_FINDER = _Finder()


def _alias(name: str, private: str) -> ModuleSpec | None:
    """Return a spec that gives a private module its public name."""
    parent = private.rpartition(".")[0]
    spec = _packages[private.partition(".")[0]].find_spec(private, import_module(parent).__path__)
    if spec is None:
        return None
    loader: Any = _AliasLoader(private, spec.loader)
    alias = ModuleSpec(name, loader, origin=spec.origin)
    alias.submodule_search_locations = spec.submodule_search_locations
    return alias


class _AliasLoader:
    """Loads the private module. Another loader, that of the module, has the resources."""

    def __init__(self, private: str, loader: Any) -> None:
        self._private = private
        self._loader = loader
        self._spec: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._private)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # importlib has set that of the alias
        _aliases[self._private.partition(".")[2]] = module
