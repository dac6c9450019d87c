"""Service bindings between Workers on plain CPython.

Each function below returns a ``FakeStub`` for one way to name a service: ``bound`` for an
annotation (``Service[Auth]``), ``configured`` for a wrangler configuration, ``given`` for an object
that a test passes, ``behind`` for a name that leads to such an object. ``served`` is the stub of an
entrypoint class; the others end there, or at ``_stand_in``.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..._border import raw
from ..._border.rpc import answered, from_rpc
from ..._cpython.js_exception import JsException
from ...http import Request
from ...services import Fetcher
from ...tcp import Socket
from .._clock import Clock
from ..config.sections import target
from ..fakes.assets import FakeAssets
from .host import Host, Script
from .rpc import Deliver, FakeStub
from .scheduling import yield_after

if TYPE_CHECKING:
    from ..config.config import Bound
    from ..config.sections import Worker

__all__ = [
    "FakeLoopback",
    "behind",
    "bound",
    "configured",
    "entrypoint_of",
    "exported",
    "given",
    "host_for",
    "script_behind",
    "served",
]


def bound(hints: tuple[Any, ...], name: str, script: Script) -> FakeStub:
    """Return the stub for an annotation ``Service[Auth]``: ``Auth`` itself, in the same Worker.

    Without an entrypoint class in brackets, each call of the stub raises TypeError.
    """
    service_class: Any = hints[0] if hints else None
    if hasattr(service_class, "_handlers"):
        return served(script, service_class)
    class_name = getattr(service_class, "__name__", None)
    annotation = f"Service[{class_name}]" if class_name else "Service"
    message = (
        f"{name or annotation}: expected an entrypoint class in the annotation, got {annotation}; "
        f"pass {name or 'AUTH'}=FakeRuntime(…), or an object with its methods"
    )

    async def refuse(method: str, args: list[Any]) -> Any:
        raise TypeError(message)

    return FakeStub(refuse)


def configured(bound: Bound, worker: Worker) -> FakeStub | None:
    """Return the stub for a service of a configuration; None if its Worker is not here."""
    settings, script = bound.settings, target(bound, worker, "service")
    if script is None:
        return None
    return served(script, script.exports[settings.entrypoint or "default"], settings.props)


# Entrypoints ------------------------------------------------------------------------------------


def served(script: Script, entrypoint: type[Any], props: Any = None) -> FakeStub:
    """Return the stub of an entrypoint of a Worker."""
    return _EntrypointStub(script, entrypoint, props)


class _EntrypointStub(FakeStub):
    def __init__(self, script: Script, entrypoint: type[Any], props: Any) -> None:
        super().__init__(_server(script, entrypoint, props))
        self._host = script.host  # for host_for


def _server(script: Script, entrypoint: type[Any], props: Any) -> Deliver:
    @yield_after
    async def deliver(method: str, args: list[Any]) -> Any:
        with script.host.entered():
            proxy = script.enter(entrypoint, props)
            if method == "fetch":
                try:
                    return await proxy.fetch(args[0], script.env, None)
                except JsException:
                    raise
                except Exception as error:
                    # The caller of fetch gets no Python error, but Pyodide's with its traceback.
                    trace = "".join(traceback.format_exception(error))
                    raise JsException("PythonError", trace) from error
            return await _method(proxy, method)(*args)

    return deliver


def _method(proxy: Any, name: str) -> Any:
    try:
        return getattr(proxy, name)
    except AttributeError:
        raise _no_method(name) from None


def _no_method(name: str) -> JsException:
    return JsException("TypeError", f"Method {name} does not exist")


def exported(script: Script, name: str) -> type[Any] | None:
    """Return the entrypoint class that a Worker exports under a name; None without one.

    A FakeRuntime knows its ``Default`` only, so the module of that class is searched as well.
    """
    return entrypoint_of(script, name, "WorkerEntrypoint")


def entrypoint_of(script: Script, name: str, base: str) -> type[Any] | None:
    """Return the exported class of a name if a class named ``base`` is among its bases."""
    default = script.exports.get("default")
    exported_class = script.exports.get(name) or getattr(
        sys.modules.get(getattr(default, "__module__", "")), name, None
    )
    bases = getattr(exported_class, "__mro__", ())[1:]
    return exported_class if any(each.__name__ == base for each in bases) else None


class FakeLoopback(_EntrypointStub):
    """An entrypoint in ``ctx.exports``; calling it sets the ``props``. JS: LoopbackServiceStub."""

    js_tag = "LoopbackServiceStub"

    def __init__(self, script: Script, entrypoint: type[Any], props: Any) -> None:
        super().__init__(script, entrypoint, props)
        self._script = script
        self._entrypoint = entrypoint

    def __call__(self, *, props: Any = None) -> FakeStub:
        return served(self._script, self._entrypoint, props)


# Services that a test passes --------------------------------------------------------------------


def given(value: Any) -> Any:
    """Return the raw service for a value that a test passes for a binding.

    ``value`` is a FakeRuntime, a binding, the directory of static assets, or any object with the
    methods of the service.
    """
    service = getattr(value, "service", None)
    if service is not None and isinstance(getattr(value, "host", None), Host):  # a FakeRuntime
        return raw(service())
    if isinstance(value, (str, Path)):
        return FakeAssets(value)
    js_value = raw(value)
    return js_value if value is None or isinstance(js_value, FakeStub) else _stand_in(js_value)


def _stand_in(value: Any) -> FakeStub:
    """Return the stub of any object with methods. They are called like an entrypoint's."""

    @yield_after
    async def deliver(method: str, args: list[Any]) -> Any:
        function = None if method.startswith("_") else getattr(value, method, None)
        if not callable(function):
            raise _no_method(method)
        if method == "fetch":
            result = function(Request.from_js(args[0]))
            return await result if isawaitable(result) else result
        if method == "connect":
            return await answered(_result(function, [Socket(args[0])]))
        return await answered(_result(function, args))

    return FakeStub(deliver)


async def _result(function: Any, args: list[Any]) -> Any:
    result = function(*map(from_rpc, args))
    return await result if isawaitable(result) else result


class Owner(Protocol):
    """A fake that leads to Workers by their names: a dispatch namespace, a Worker loader."""

    clock: Clock | None
    host: Host | None
    scripts: dict[str, Script]


def behind(
    worker: Any,
    name: str,
    owner: Owner,
    entrypoint: str | None = None,
    props: Any = None,
    env: Any = None,
) -> FakeStub:
    """Return the stub of a Worker that a test passed to ``owner`` under a name.

    ``worker`` is an entrypoint class, a FakeRuntime, or any object with methods.
    """
    host = owner.host = owner.host or Host(owner.clock)
    if isinstance(getattr(worker, "host", None), Host):  # a FakeRuntime
        if worker.host not in host.linked:
            host.join(worker.host)
        stub: FakeStub = raw(worker.service(entrypoint or "default", props=props))
        return stub
    if not hasattr(worker, "_handlers"):
        stand_in: FakeStub = given(worker)
        return stand_in
    script = script_behind(worker, name, owner, env)
    entrypoint_class = worker if entrypoint is None else exported(script, entrypoint)
    if entrypoint_class is None:
        raise TypeError(f"the Worker {name} exports no entrypoint {entrypoint}")
    return served(script, entrypoint_class, props)


def script_behind(worker: type[Any], name: str, owner: Owner, env: Any) -> Script:
    """Return the script of an entrypoint class that a test passed to ``owner`` under a name."""
    host = owner.host = owner.host or Host(owner.clock)
    if name not in owner.scripts:
        owner.scripts[name] = Script(host, host.free_name(name), env)
        owner.scripts[name].exports["default"] = worker
    return owner.scripts[name]


def host_for(values: Iterable[Any], clock: Clock | None) -> Host:
    """Return the host for a new Worker: that of the Workers among ``values``, or a new one.

    So one clock and one ``drain`` serve all Workers that are bound to each other.

    Raises:
        TypeError: A Worker among ``values`` has another clock.
    """
    hosts: list[Host] = []
    for value in values:
        host = getattr(raw(value), "_host", None)  # of a binding to a Worker
        if not isinstance(value, Fetcher):
            host = getattr(value, "host", host)  # of a FakeRuntime
        if isinstance(host, Host) and host not in hosts:
            hosts.append(host)
    if not hosts:
        return Host(clock)
    first, *others = hosts
    if clock is not None and clock is not first.clock:
        raise TypeError(
            "clock: expected that of the Workers passed as bindings, got another clock; make them "
            "with the same clock="
        )
    for other in others:
        first.join(other)
    return first
