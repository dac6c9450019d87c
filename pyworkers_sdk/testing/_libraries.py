"""Change functions of other libraries for code that runs in a Worker, and for no other code.

A library that is not imported yet is changed when it is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, TypeAlias

from .runtime.host import current_host

__all__ = ["Patch", "in_worker", "install"]

Patch: TypeAlias = Callable[[Any], None]
"""Changes a module that was just imported."""


def in_worker(owner: Any, name: str, replacement: Callable[..., Any]) -> None:
    """Replace a function for code in a Worker.

    Args:
        owner: The class or the module of the function. It may inherit the function. If it lacks
            the function, nothing happens.
        name: The name of the function or class method.
        replacement: A function of the same arguments.
    """
    members: dict[str, Any] = owner.__dict__
    original: Any = members.get(name) or getattr(owner, name, None)
    if original is None:
        return
    is_class_method = isinstance(original, classmethod)
    function: Callable[..., Any] = getattr(owner, name).__func__ if is_class_method else original

    @wraps(function)
    def chosen(*args: Any, **options: Any) -> Any:
        chosen_function = function if current_host() is None else replacement
        return chosen_function(*args, **options)

    setattr(owner, name, classmethod(chosen) if is_class_method else chosen)


def install(patches: Iterable[tuple[str, Patch]]) -> None:
    """Change the modules that are imported, and each other one when it is imported.

    Args:
        patches: The name of each module with its patch.
    """
    waiting: dict[str, list[Patch]] = {}
    for name, patch in patches:
        if name in sys.modules:
            patch(sys.modules[name])
        else:
            waiting.setdefault(name, []).append(patch)
    sys.meta_path.insert(0, _Finder(waiting))


class _Finder:
    """Finds the modules that wait for a patch, each of them once."""

    def __init__(self, waiting: dict[str, list[Patch]]) -> None:
        self._waiting = waiting

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        patches = self._waiting.pop(name, None)
        if patches is None:
            return None
        spec = find_spec(name)  # by the other finders
        if spec is None or spec.loader is None:
            self._waiting[name] = patches
            return None
        spec.loader = _Loader(spec.loader, patches)
        return spec

    def invalidate_caches(self) -> None:
        pass


class _Loader(Loader):
    """A loader that patches the module, and then leaves the module to its own loader."""

    def __init__(self, loader: Any, patches: list[Patch]) -> None:
        self._loader = loader
        self._patches = patches

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        spec.loader = self._loader
        module: ModuleType | None = self._loader.create_module(spec)
        spec.loader = self
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        for patch in self._patches:
            patch(module)
