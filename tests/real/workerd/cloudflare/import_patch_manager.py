"""Run the patches that are registered for modules, around their imports."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Around = Callable[[Any], AbstractContextManager[Any]]
Handler = Callable[[Any], None]


@dataclass
class Patch:
    create: Around = nullcontext
    exec: Around = nullcontext
    after_snapshot: Handler | None = None
    before_first_request: Handler | None = None


_patches: dict[str, Patch] = {}
_imported: list[tuple[Patch, ModuleType]] = []
_blocked: dict[str, ModuleType] = {}
_serving = False


def _register(kind: str, name: str, patch: Any = None) -> Any:
    if patch is None:
        return partial(_register, kind, name)
    setattr(_patches.setdefault(name, Patch()), kind, patch)
    return patch


register_create_patch = partial(_register, "create")
register_exec_patch = partial(_register, "exec")
register_after_snapshot = partial(_register, "after_snapshot")
register_before_first_request = partial(_register, "before_first_request")


def block_calls(module: ModuleType, *, allowlist: tuple[str, ...] = ()) -> None:
    """Let calls of the module's functions raise until the first request."""
    _blocked[module.__name__] = module
    sys.modules[module.__name__] = _Blocked(module, allowlist)  # type: ignore[assignment]


class _Blocked:
    """A module in place of another one, whose functions cannot be called yet."""

    def __init__(self, module: ModuleType, allowlist: tuple[str, ...]) -> None:
        object.__setattr__(self, "_about", (module, allowlist))

    def __getattribute__(self, name: str) -> Any:
        module, allowlist = object.__getattribute__(self, "_about")
        value = getattr(module, name)
        if _serving or not callable(value) or name in allowlist:
            return value

        def blocked(*args: Any, **options: Any) -> Any:
            if not _serving:
                place = f"{module.__name__}.{name}()"
                raise RuntimeError(f"Cannot use {place} outside of request context")
            return value(*args, **options)

        return blocked

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(object.__getattribute__(self, "_about")[0], name, value)

    def __dir__(self) -> list[str]:
        return dir(object.__getattribute__(self, "_about")[0])


class _Loader(Loader):
    def __init__(self, loader: Any, patch: Patch) -> None:
        self._loader = loader
        self._patch = patch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        with self._patch.create(spec):
            module: ModuleType | None = self._loader.create_module(spec)
            return module

    def exec_module(self, module: ModuleType) -> None:
        _imported.append((self._patch, module))
        with self._patch.exec(module):
            self._loader.exec_module(module)


class _Finder:
    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        patch = _patches.get(name)
        if patch is None:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None:
            spec.loader = _Loader(spec.loader, patch)
        return spec

    def invalidate_caches(self) -> None:
        pass


_finder = _Finder()


def install() -> None:
    """Patch modules that are imported from now on."""
    for name in _patches:
        sys.modules.pop(name, None)  # Pyodide's start has imported it; production installs earlier
    sys.meta_path.insert(0, _finder)  # type: ignore[arg-type]


def end() -> None:
    """End the import phase: an import inside a request is not patched."""
    global _serving
    _serving = True
    sys.meta_path.remove(_finder)  # type: ignore[arg-type]
    sys.modules.update(_blocked)
    for patch, module in _imported:
        if patch.after_snapshot is not None:
            patch.after_snapshot(module)
    for patch, module in _imported:
        if patch.before_first_request is not None:
            patch.before_first_request(module)
