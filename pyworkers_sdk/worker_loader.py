"""``WorkerLoader``: Workers that are made from code at run time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from ._border import JsWrapper, binding, expected, raising, text
from ._border.callbacks import called_once
from ._border.rpc import sendable
from ._options import js_options
from .errors import WorkersError
from .services import Fetcher

if TYPE_CHECKING:
    from . import _js
    from .durable.facets import DurableObjectClass
    from .resource_limits import ResourceLimits

__all__ = ["WorkerCode", "WorkerLoader", "WorkerLoaderModule", "WorkerStub"]

_raising = raising(WorkersError)


class WorkerLoaderModule(TypedDict, total=False):
    """A module with exactly one of these keys. The key is the module's type.

    JS: WorkerLoaderModule.
    """

    js: str
    """An ES module."""
    cjs: str
    """A CommonJS module."""
    text: str
    """A text that importing the module returns."""
    data: bytes
    """Bytes that importing the module returns."""
    json: Any
    """JSON data that importing the module returns."""
    py: str
    """A Python module."""
    wasm: bytes
    """A WebAssembly module."""


Modules: TypeAlias = Mapping[str, str | WorkerLoaderModule]


class WorkerCode:
    """The code of a Worker, and its settings.

    JS: WorkerLoaderWorkerCode.
    """

    __slots__ = ("_parts",)

    def __init__(
        self,
        main_module: str,
        modules: Modules,
        *,
        compatibility_date: str,
        compatibility_flags: Iterable[str] = (),
        env: Mapping[str, Any] | None = None,
        global_outbound: Fetcher | Literal[False] | None = None,
        limits: ResourceLimits | None = None,
        tails: Iterable[Fetcher] = (),
        streaming_tails: Iterable[Fetcher] = (),
        allow_experimental: bool = False,
    ) -> None:
        """Describe a Worker.

        Args:
            main_module: The name of the module to start with, one of ``modules``.
            modules: The modules by name, at most 64 MiB together. A str needs a name that ends in
                ".js" or ".py"; a ``WorkerLoaderModule`` states its type.
            compatibility_date: The compatibility date, "2026-07-01".
            compatibility_flags: The compatibility flags.
            env: Everything that the Worker finds in its ``env``: JSON data and service bindings, at
                most 1 MiB.
            global_outbound: The Worker that receives the new Worker's global ``fetch``. False
                blocks it; by default it reaches the same network as the calling Worker's.
            limits: The limits of each call.
            tails: Workers whose ``tail`` handlers observe the new Worker.
            streaming_tails: Workers whose ``tail_stream`` handlers observe the new Worker.
            allow_experimental: Allow experimental compatibility flags.

        Raises:
            ConversionError: ``main_module`` or ``compatibility_date`` is not a str.
        """
        self._parts: dict[str, Any] = js_options(
            {
                "main_module": text(main_module, "main_module"),
                "modules": dict(modules),
                "compatibility_date": text(compatibility_date, "compatibility_date"),
                "compatibility_flags": list(compatibility_flags) or None,
                "env": None if env is None else dict(env),
                "limits": None if limits is None else limits.to_js(),
                "tails": list(tails) or None,
                "streaming_tails": list(streaming_tails) or None,
                "allow_experimental": allow_experimental or None,
            }
        )
        if global_outbound is not None:  # null blocks the network; absent, it is the caller's
            self._parts["globalOutbound"] = global_outbound or None

    def to_js(self) -> Any:
        """Return the code as a JavaScript object.

        Raises:
            ConversionError: A module, or a value in ``env``, cannot cross.
        """
        return sendable(self._parts, "code")


def _options(props: Mapping[str, Any] | None, limits: ResourceLimits | None) -> Any:
    options: dict[str, Any] = {}
    if props is not None:
        options["props"] = dict(props)
    if limits is not None:
        options["limits"] = limits.to_js()
    return sendable(options, "options")


def _code(code: Any, place: str) -> Any:
    if not isinstance(code, WorkerCode):
        raise expected(place, "WorkerCode", code)
    return code.to_js()


class WorkerStub(JsWrapper[Any]):
    """A dynamic Worker. It is loaded at the latest when it is first called.

    JS: WorkerStub.
    """

    __slots__ = ()

    def __init__(self, stub: _js.WorkerStub) -> None:
        self._js = stub

    def get_entrypoint(
        self,
        name: str | None = None,
        *,
        props: Mapping[str, Any] | None = None,
        limits: ResourceLimits | None = None,
    ) -> Fetcher:
        """Return an entrypoint of the Worker, to call by HTTP and RPC.

        If the Worker cannot be loaded, the first call raises the error.

        Args:
            name: The name of an exported class; None is the default export.
            props: The data that the entrypoint finds in ``ctx.props``.
            limits: The limits of each call.

        JS: WorkerStub.getEntrypoint.
        """
        options = _options(props, limits)
        with _raising:
            return Fetcher(self._js.getEntrypoint(name and text(name, "name"), options))

    def get_durable_object_class(
        self,
        name: str | None = None,
        *,
        props: Mapping[str, Any] | None = None,
        limits: ResourceLimits | None = None,
    ) -> DurableObjectClass:
        """Return a Durable Object class of the Worker, to make facets from.

        Pass it to ``FacetStartupOptions(…)``.

        Args:
            name: The name of an exported class; None is the default export.
            props: The data that the object finds in ``ctx.props``.
            limits: The limits of each call.

        JS: WorkerStub.getDurableObjectClass.
        """
        from .durable.facets import DurableObjectClass

        options = _options(props, limits)
        with _raising:
            js_class = self._js.getDurableObjectClass(name and text(name, "name"), options)
        return DurableObjectClass(js_class)


class WorkerLoader(JsWrapper["_js.WorkerLoader"]):
    """A loader of dynamic Workers: ``LOADER: WorkerLoader`` in an Env.

    JS: WorkerLoader.
    """

    __slots__ = ()

    def __init__(self, loader: _js.WorkerLoader) -> None:
        self._js = binding(loader, "WorkerLoader", "load")

    def get(
        self, name: str, get_code: Callable[[], WorkerCode | Awaitable[WorkerCode]]
    ) -> WorkerStub:
        """Return the Worker of that name, and load it on its first use if it is not in memory.

        Args:
            name: The name of the Worker. One name must always mean the same code.
            get_code: A function, ``async`` or not, that returns the code. It is called once, when
                the Worker is first used and is not in memory. A call to the Worker raises a
                WorkersError if this function raises.

        Raises:
            ConversionError: ``get_code`` is not callable, or ``name`` is not a str.

        JS: WorkerLoader.get.
        """

        async def js_code() -> Any:
            code = get_code()
            return _code(await code if isawaitable(code) else code, "result of get_code")

        if not callable(get_code):
            raise expected("get_code", "a function without parameters", get_code)
        name = text(name, "name")
        with _raising:
            return WorkerStub(self._js.get(name, called_once(js_code)))

    def load(self, code: WorkerCode) -> WorkerStub:
        """Return a new Worker that nothing else shares.

        Args:
            code: The code of the Worker.

        Raises:
            ConversionError: ``code`` is not a WorkerCode, or a part of it cannot cross.
            WorkersError: The runtime refuses the code.

        JS: WorkerLoader.load.
        """
        js_code = _code(code, "code")
        with _raising:
            return WorkerStub(self._js.load(js_code))
