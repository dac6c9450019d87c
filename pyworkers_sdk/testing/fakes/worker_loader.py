"""Workers made at run time, on plain CPython: their code is checked, and a class runs instead."""

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

_KINDS = ("js", "cjs", "text", "data", "json", "py", "wasm")

Code = Callable[[], Awaitable[Any]]


class FakeWorkerLoader:
    """JS: WorkerLoader."""

    def __init__(
        self, workers: Mapping[str, Any] | None = None, *, clock: Clock | None = None
    ) -> None:
        self.clock = clock
        self.host: Host | None = None
        self.scripts: dict[str, Script] = {}
        self._workers = dict(workers or {})
        self._loaded: dict[str, Any] = {}

    def get(self, name: str | None, getCode: Code, /) -> FakeWorkerStub:
        known = str(name)

        async def code() -> Any:
            if known not in self._loaded:
                self._loaded[known] = _checked(await getCode())
            return self._loaded[known]

        return FakeWorkerStub(self, known, code, partial(self.code, known))

    def load(self, code: Any, /) -> FakeWorkerStub:
        _checked(code)

        async def given() -> Any:
            return code

        return FakeWorkerStub(self, code["mainModule"], given, lambda: code)

    def stub(self, name: str, code: Any, entrypoint: str | None, props: Any) -> FakeStub:
        """The Worker that stands for this code."""
        return behind(self._worker(name), name, self, entrypoint, props, _env(code))

    def object_class(self, name: str, code: Any, kind: str, props: Any) -> Any:
        """A class of Durable Objects in the module of the class that stands for this code."""
        from .durable.facets import FakeDurableObjectClass

        worker = self._worker(name)
        found = getattr(sys.modules.get(getattr(worker, "__module__", "")), kind, None)
        if not isinstance(found, type):
            raise TypeError(f"there is no class {kind} beside what stands for {name}")
        script = script_behind(worker, name, self, _env(code))
        return FakeDurableObjectClass(script, found, props)

    def code(self, name: str) -> Any:
        """The code of a Worker that was called before."""
        if name not in self._loaded:
            raise TypeError(f"a fake gets the code of {name} when it is called: call it first")
        return self._loaded[name]

    def _worker(self, name: str) -> Any:
        if name not in self._workers:
            raise TypeError(
                f"a fake runs no code that is made at run time; say what is to run instead: "
                f"worker_loader({{{name!r}: …}})"
            )
        return self._workers[name]


class FakeWorkerStub:
    """JS: WorkerStub."""

    def __init__(
        self, loader: FakeWorkerLoader, name: str, code: Code, known: Callable[[], Any]
    ) -> None:
        self._loader = loader
        self._name = name
        self._code = code
        self._known = known

    def getEntrypoint(self, name: str | None = None, options: Any = None, /) -> FakeStub:
        given: dict[str, Any] = options or {}
        props = given.get("props")

        async def deliver(method: str, args: list[Any]) -> Any:
            code = await self._code()
            stub = self._loader.stub(self._name, code, name, props)
            return await stub._deliver(method, args)

        return FakeStub(deliver)

    def getDurableObjectClass(self, name: str | None = None, options: Any = None, /) -> Any:
        given: dict[str, Any] = options or {}
        return self._loader.object_class(
            self._name, self._known(), name or "default", given.get("props")
        )


def _env(code: Any) -> SimpleNamespace:
    return SimpleNamespace(**code.get("env", {}))


def _checked(code: Any) -> Any:
    if not code["modules"]:
        raise JsException("TypeError", "Dynamic Worker code must contain at least one module.")
    for name, module in code["modules"].items():
        if isinstance(module, str):
            _check_name(name, code["mainModule"])
        elif (count := sum(kind in module for kind in _KINDS)) != 1:
            message = (
                "Each module must contain exactly one of 'js', 'cjs', 'text', 'data', 'json', 'py',"
                f" or 'wasm'. Module '{name}' contained {count} properties."
            )
            raise JsException("TypeError", message)
    return code


def _check_name(name: str, main: str) -> None:
    python = main.endswith(".py")
    if name.endswith(".py") and not python:
        message = f'Module "{name}" is a Python module, but the main module isn\'t a Python module.'
        raise JsException("TypeError", message)
    if not (name.endswith((".js", ".py")) or (python and name.startswith("python_modules/"))):
        message = (
            "Module name must end with '.js' or '.py' (or the content must be an object indicating"
            f" the type explicitly). Got: {name}"
        )
        raise JsException("TypeError", message)


def worker_loader(workers: Mapping[str, Any]) -> WorkerLoader:
    """A fake loader that has Workers of ours run in place of code:
    ``fake(AppEnv, LOADER=worker_loader({"greeter": Greeter}))``.

    The names are those of ``get``, and for ``load`` that of the main module. Each Worker is an
    entrypoint class, whose ``env`` is then that of the code, a ``FakeRuntime`` or an object with
    methods.
    """
    return WorkerLoader(FakeWorkerLoader(workers))
