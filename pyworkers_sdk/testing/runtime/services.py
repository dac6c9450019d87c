"""Service bindings between Workers on plain CPython."""

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
    """What ``Service[Auth]`` declares: served by ``Auth`` itself, in the same Worker."""
    kind: Any = hints[0] if hints else None
    if hasattr(kind, "_handlers"):
        return served(script, kind)
    said = f"Service[{kind.__name__}]" if hasattr(kind, "__name__") else "Service"
    reason = (
        f"{name or said} has nothing behind it: {said} names no entrypoint class. Give it one: "
        f"{name or 'AUTH'}=FakeRuntime(…), or an object with its methods"
    )

    async def refuse(method: str, args: list[Any]) -> Any:
        raise TypeError(reason)

    return FakeStub(refuse)


def served(script: Script, kind: type[Any], props: Any = None) -> FakeStub:
    """An entrypoint of a Worker, as bindings reach it."""
    return _Served(script, kind, props)


class _Served(FakeStub):
    def __init__(self, script: Script, kind: type[Any], props: Any) -> None:
        super().__init__(_to(script, kind, props), connects=hasattr(kind, "connect"))
        self._host = script.host


def _to(script: Script, kind: type[Any], props: Any) -> Deliver:
    @yield_after
    async def deliver(method: str, args: list[Any]) -> Any:
        with script.host.entered():
            door = script.enter(kind, props)
            if method == "fetch":
                try:
                    return await door.fetch(args[0], script.env, None)
                except JsException:
                    raise
                except Exception as error:
                    trace = "".join(traceback.format_exception(error))
                    raise JsException("PythonError", trace) from error
            return await _method(door, method)(*args)

    return deliver


def exported(script: Script, name: str) -> type[Any] | None:
    """The entrypoint class that a Worker exports under a name: with its ``Default``, those of the
    same module."""
    return entrypoint_of(script, name, "WorkerEntrypoint")


def entrypoint_of(script: Script, name: str, base: str) -> type[Any] | None:
    default = script.exports.get("default")
    kind = script.exports.get(name) or getattr(
        sys.modules.get(getattr(default, "__module__", "")), name, None
    )
    bases = getattr(kind, "__mro__", ())[1:]
    return kind if any(each.__name__ == base for each in bases) else None


class FakeLoopback(_Served):
    """JS: LoopbackServiceStub."""

    js_tag = "LoopbackServiceStub"

    def __init__(self, script: Script, kind: type[Any], props: Any) -> None:
        super().__init__(script, kind, props)
        self._script = script
        self._kind = kind

    def __call__(self, *, props: Any = None) -> FakeStub:
        return served(self._script, self._kind, props)


def _method(door: Any, name: str) -> Any:
    try:
        return getattr(door, name)
    except AttributeError:
        raise JsException("TypeError", f"Method {name} does not exist") from None


def given(value: Any) -> Any:
    """What a test gave for a service binding: a runtime, a binding, an object with methods; or the
    directory of static assets."""
    service = getattr(value, "service", None)
    if service is not None and isinstance(getattr(value, "host", None), Host):  # a FakeRuntime
        return raw(service())
    if isinstance(value, (str, Path)):
        return FakeAssets(value)
    js = raw(value)
    return js if value is None or isinstance(js, FakeStub) else _stand_in(js)


class Owner(Protocol):
    """A fake that leads to Workers by their names."""

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
    """A Worker that a test gave under a name: an entrypoint class, a runtime, or any object."""
    host = owner.host = owner.host or Host(owner.clock)
    if isinstance(getattr(worker, "host", None), Host):  # a FakeRuntime
        if worker.host not in host.company:
            host.join(worker.host)
        found: FakeStub = raw(worker.service(entrypoint or "default", props=props))
        return found
    if not hasattr(worker, "_handlers"):
        stub: FakeStub = given(worker)
        return stub
    script = script_behind(worker, name, owner, env)
    kind = worker if entrypoint is None else exported(script, entrypoint)
    if kind is None:
        raise TypeError(f"the Worker {name} exports no entrypoint {entrypoint}")
    return served(script, kind, props)


def script_behind(worker: type[Any], name: str, owner: Owner, env: Any) -> Script:
    """The Worker of an entrypoint class that a test gave under a name."""
    host = owner.host = owner.host or Host(owner.clock)
    if name not in owner.scripts:
        owner.scripts[name] = Script(host, host.name(name), env)
        owner.scripts[name].exports["default"] = worker
    return owner.scripts[name]


def host_for(values: Iterable[Any], clock: Clock | None) -> Host:
    """The host of a new Worker: that of the Workers which it is given, so that one clock and one
    ``drain`` are all of theirs."""
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
        raise TypeError("a Worker that is given has another clock: make it with this clock= too")
    for other in others:
        first.join(other)
    return first


def _stand_in(value: Any) -> FakeStub:
    """Any object with the methods, called as the runtime calls an entrypoint."""

    @yield_after
    async def deliver(method: str, args: list[Any]) -> Any:
        found = None if method.startswith("_") else getattr(value, method, None)
        if not callable(found):
            raise JsException("TypeError", f"Method {method} does not exist")
        if method == "fetch":
            result = found(Request.from_js(args[0]))
            return await result if isawaitable(result) else result
        if method == "connect":
            return await answered(_result(found, [Socket(args[0])]))
        return await answered(_result(found, args))

    return FakeStub(deliver, connects=callable(getattr(value, "connect", None)))


async def _result(function: Any, args: list[Any]) -> Any:
    result = function(*map(from_rpc, args))
    return await result if isawaitable(result) else result


def configured(bound: Bound, worker: Worker) -> FakeStub | None:
    """Make the service binding of a configuration; None if its Worker is not here."""
    settings, script = bound.settings, target(bound, worker, "service")
    if script is None:
        return None
    return served(script, script.exports[settings.entrypoint or "default"], settings.props)
