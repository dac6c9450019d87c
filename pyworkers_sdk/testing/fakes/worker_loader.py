"""Dynamic Workers on plain CPython: their code is checked, and a class of the test runs instead."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ..._cpython.js_exception import JsException
from ...worker_loader import WorkerLoader
from .._clock import Clock
from ..runtime.rpc import FakeStub
from ..runtime.services import behind, script_behind

if TYPE_CHECKING:
    from ..runtime.host import Host, Script

__all__ = ["FakeWorkerLoader", "worker_loader"]

_MODULE_TYPES = ("js", "cjs", "text", "data", "json", "py", "wasm")

# The runtime's own words, asserted in tests/contract/test_worker_loader.py.
NO_MODULES = "Dynamic Worker code must contain at least one module."
NOT_ONE_TYPE = (
    "Each module must contain exactly one of 'js', 'cjs', 'text', 'data', 'json', 'py', or 'wasm'. "
    "Module '{name}' contained {count} properties."
)
PYTHON_IN_JAVASCRIPT = (
    'Module "{name}" is a Python module, but the main module isn\'t a Python module.'
)
UNKNOWN_TYPE = (
    "Module name must end with '.js' or '.py' (or the content must be an object indicating the "
    "type explicitly). Got: {name}"
)

LoadCode = Callable[[], Awaitable[Any]]


class FakeWorkerLoader:
    """A loader that runs a test's classes in place of code. JS: WorkerLoader."""

    is_fake = True  # for faults()

    def __init__(
        self, workers: Mapping[str, Any] | None = None, *, clock: Clock | None = None
    ) -> None:
        self.clock = clock
        self.host: Host | None = None
        self.scripts: dict[str, Script] = {}
        self._workers = dict(workers or {})
        self._loaded: dict[str, Any] = {}

    def get(self, name: str | None, getCode: LoadCode, /) -> FakeWorkerStub:
        key = str(name)

        async def load_code() -> Any:
            # The runtime calls getCode when the Worker is first used, and keeps the Worker.
            if key not in self._loaded:
                self._loaded[key] = _checked(await getCode())
            return self._loaded[key]

        return FakeWorkerStub(self, key, load_code, partial(self.loaded_code, key))

    def load(self, code: Any, /) -> FakeWorkerStub:
        _checked(code)

        async def load_code() -> Any:
            return code

        return FakeWorkerStub(self, code["mainModule"], load_code, lambda: code)

    def stub(self, name: str, code: Any, entrypoint: str | None, props: Any) -> FakeStub:
        """Return the stub of the Worker that stands for this code."""
        return behind(self._worker(name), name, self, entrypoint, props, _env(code))

    def object_class(self, name: str, code: Any, class_name: str, props: Any) -> Any:
        """Return a Durable Object class from the module of the class that stands for this code."""
        from .durable.facets import FakeDurableObjectClass

        worker = self._worker(name)
        module = sys.modules.get(getattr(worker, "__module__", ""))
        object_class = getattr(module, class_name, None)
        if not isinstance(object_class, type):
            raise TypeError(f"{name}: missing class {class_name} in the module of its stand-in")
        script = script_behind(worker, name, self, _env(code))
        return FakeDurableObjectClass(script, object_class, props)

    def loaded_code(self, name: str) -> Any:
        """Return the code of a Worker that was called before."""
        if name not in self._loaded:
            raise TypeError(f"{name}: a fake loads its code on the first call; call it first")
        return self._loaded[name]

    def _worker(self, name: str) -> Any:
        if name not in self._workers:
            raise TypeError(
                "the fake WorkerLoader cannot run dynamically supplied code; register a stand-in: "
                f"worker_loader({{{name!r}: MyEntrypoint}})"
            )
        return self._workers[name]


class FakeWorkerStub:
    """A dynamic Worker, loaded when it is first called. JS: WorkerStub."""

    is_fake = True  # for faults()

    def __init__(
        self,
        loader: FakeWorkerLoader,
        name: str,
        load_code: LoadCode,
        loaded_code: Callable[[], Any],
    ) -> None:
        self._loader = loader
        self._name = name
        self._load_code = load_code
        self._loaded_code = loaded_code

    def getEntrypoint(self, name: str | None = None, options: Any = None, /) -> FakeStub:
        entrypoint_options: dict[str, Any] = options or {}
        props = entrypoint_options.get("props")

        async def deliver(method: str, args: list[Any]) -> Any:
            code = await self._load_code()
            stub = self._loader.stub(self._name, code, name, props)
            return await stub.__deliver__(method, args)

        return FakeStub(deliver)

    def getDurableObjectClass(self, name: str | None = None, options: Any = None, /) -> Any:
        class_options: dict[str, Any] = options or {}
        return self._loader.object_class(
            self._name, self._loaded_code(), name or "default", class_options.get("props")
        )


def _env(code: Any) -> SimpleNamespace:
    return SimpleNamespace(**code.get("env", {}))


# Checks of the code, in the runtime's order


def _checked(code: Any) -> Any:
    if not code["modules"]:
        raise JsException("TypeError", NO_MODULES)
    for name, module in code["modules"].items():
        if isinstance(module, str):
            _check_name(name, code["mainModule"])
        elif (count := sum(key in module for key in _MODULE_TYPES)) != 1:
            raise JsException("TypeError", NOT_ONE_TYPE.format(name=name, count=count))
    return code


def _check_name(name: str, main: str) -> None:
    is_python = main.endswith(".py")
    if name.endswith(".py") and not is_python:
        raise JsException("TypeError", PYTHON_IN_JAVASCRIPT.format(name=name))
    # Vendored packages of a Python Worker contain other files too.
    is_vendored = is_python and name.startswith("python_modules/")
    if not (name.endswith((".js", ".py")) or is_vendored):
        raise JsException("TypeError", UNKNOWN_TYPE.format(name=name))


def worker_loader(workers: Mapping[str, Any]) -> WorkerLoader:
    """Return a fake loader that runs Workers of the test in place of code.

    ::

        fake(AppEnv, LOADER=worker_loader({"greeter": Greeter}))

    Args:
        workers: The Workers by the name that ``get`` uses; for ``load`` that is the name of the
            main module. Each is an entrypoint class, whose ``env`` is then that of the code, a
            ``FakeRuntime`` or an object with methods.
    """
    return WorkerLoader(FakeWorkerLoader(workers))
