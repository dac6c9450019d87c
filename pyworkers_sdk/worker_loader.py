"""``WorkerLoader``: Workers that are made of code at run time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from ._border import JsWrapper, binding, called_once, raising, text
from ._border.rpc import sendable
from .errors import ConversionError, WorkersError
from .services import Fetcher

if TYPE_CHECKING:
    from . import _js
    from .durable.facets import DurableObjectClass
    from .resource_limits import ResourceLimits

__all__ = ["WorkerCode", "WorkerLoader", "WorkerLoaderModule", "WorkerStub"]

_raising = raising(WorkersError)


class WorkerLoaderModule(TypedDict, total=False):
    """A module under exactly one of these names, which says what it is. JS: WorkerLoaderModule."""

    js: str
    cjs: str
    text: str
    data: bytes
    json: Any
    py: str
    wasm: bytes


Modules: TypeAlias = Mapping[str, str | WorkerLoaderModule]


class WorkerCode:
    """A Worker's code and what it may do.

    ``modules`` are text under names that end in ".js" or ".py", or a ``WorkerLoaderModule``; 64 MiB
    at most. ``env`` is all that the Worker finds in its ``env``: JSON data and service bindings, 1
    MiB at most. ``global_outbound`` is what its ``fetch`` reaches: by default what ours does, with
    False nothing.

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
        parts: dict[str, Any] = {
            "mainModule": text(main_module, "main_module"),
            "modules": dict(modules),
            "compatibilityDate": text(compatibility_date, "compatibility_date"),
        }
        if flags := list(compatibility_flags):
            parts["compatibilityFlags"] = flags
        if env is not None:
            parts["env"] = dict(env)
        if global_outbound is not None:
            parts["globalOutbound"] = global_outbound or None
        if limits is not None:
            parts["limits"] = limits.to_js()
        for name, found in (("tails", list(tails)), ("streamingTails", list(streaming_tails))):
            if found:
                parts[name] = found
        if allow_experimental:
            parts["allowExperimental"] = True
        self._parts = parts

    def to_js(self) -> Any:
        """JavaScript's own object of it."""
        return sendable(self._parts, "code")


def _options(props: Mapping[str, Any] | None, limits: ResourceLimits | None) -> Any:
    options: dict[str, Any] = {}
    if props is not None:
        options["props"] = dict(props)
    if limits is not None:
        options["limits"] = limits.to_js()
    return sendable(options, "options")


def _code(given: Any, name: str) -> Any:
    if not isinstance(given, WorkerCode):
        raise ConversionError(f"{name}: expected WorkerCode, got {type(given).__name__}")
    return given.to_js()


class WorkerStub(JsWrapper[Any]):
    """A Worker that was loaded, or will be when it is first called. JS: WorkerStub."""

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
        """An entrypoint of it, to call by HTTP and RPC; its default unless ``name`` is given.

        ``props`` are what the entrypoint finds in ``ctx.props``. That it cannot be loaded is an
        error of the first call. JS: WorkerStub.getEntrypoint.
        """
        ready = _options(props, limits)
        with _raising:
            return Fetcher(self._js.getEntrypoint(name and text(name, "name"), ready))

    def get_durable_object_class(
        self,
        name: str | None = None,
        *,
        props: Mapping[str, Any] | None = None,
        limits: ResourceLimits | None = None,
    ) -> DurableObjectClass:
        """A class of Durable Objects in it, for a facet to be of: ``FacetStartupOptions(…)``.

        JS: WorkerStub.getDurableObjectClass.
        """
        from .durable.facets import DurableObjectClass

        ready = _options(props, limits)
        with _raising:
            found = self._js.getDurableObjectClass(name and text(name, "name"), ready)
        return DurableObjectClass(found)


class WorkerLoader(JsWrapper["_js.WorkerLoader"]):
    """Loads Workers: ``LOADER: WorkerLoader`` in an Env. JS: WorkerLoader."""

    __slots__ = ()

    def __init__(self, loader: _js.WorkerLoader) -> None:
        self._js = binding(loader, "WorkerLoader", "load")

    def get(
        self, name: str, get_code: Callable[[], WorkerCode | Awaitable[WorkerCode]]
    ) -> WorkerStub:
        """The Worker of that name. ``get_code``, ``async`` or not, is called if it is not in
        memory, once something of it is; one name must always mean the same code.

        What ``get_code`` raises is a WorkersError of that call. JS: WorkerLoader.get.
        """

        async def code() -> Any:
            given = get_code()
            return _code(await given if isawaitable(given) else given, "what get_code returns")

        if not callable(get_code):
            kind = type(get_code).__name__
            raise ConversionError(f"get_code: expected a function of no arguments, got {kind}")
        name = text(name, "name")
        with _raising:
            return WorkerStub(self._js.get(name, called_once(code)))

    def load(self, code: WorkerCode) -> WorkerStub:
        """A new Worker, which is nobody else's. WorkersError for code that cannot be.

        JS: WorkerLoader.load.
        """
        ready = _code(code, "code")
        with _raising:
            return WorkerStub(self._js.load(ready))
