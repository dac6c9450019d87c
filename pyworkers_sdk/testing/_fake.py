"""``fake(T)``: from a type to something that works like it."""

from __future__ import annotations

from typing import Any, TypeVar, get_args, get_origin

from .._border import raw
from ..env import Env, hints
from ._clock import Clock
from ._registry import binding_of
from .runtime.host import Host, Script, adopt

__all__ = ["fake"]

T = TypeVar("T")


def fake(kind: type[T], /, *, clock: Clock | None = None, **given: Any) -> T:
    """A ``kind`` over memory: a binding class, or an ``Env`` with everything that it declares.

    ``given`` are an Env's variables, and bindings that should not be new ones.
    """
    host = _host(given, clock)
    script = Script(host, host.name("worker"))
    make: Any = get_origin(kind) or kind  # Queue, of Queue[Job]
    if not isinstance(make, type):
        raise TypeError(f"fake() takes the class of a binding, or an Env; not {kind!r}")
    is_env = Env in make.__mro__
    if given and not is_env:
        raise TypeError(f"fake({make.__name__}) takes no {', '.join(given)}")
    if is_env:
        _bind(script, make, given)
    made: T = make(script.env if is_env else _binding(kind, "", script))
    return made


def _bind(script: Script, kind: type[Env], given: dict[str, Any]) -> None:
    """Give a Worker what an Env class declares."""
    declared = hints(kind)
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TypeError(f"{kind.__name__} does not declare {', '.join(unknown)}")
    for name, hint in declared.items():
        if name in given:
            ready = _given_service(given[name]) if _is_service(hint) else raw(given[name])
            setattr(script.env, name, adopt(ready, script.host))
            continue
        for one in (hint, *get_args(hint)):  # X, of X | None
            if hasattr(get_origin(one) or one, "js_object"):
                setattr(script.env, name, _binding(one, name, script))
                break


# Services are for Workers that have others: a KV in a test does without.


def _host(given: dict[str, Any], clock: Clock | None) -> Host:
    if not given:
        return Host(clock)
    from .runtime.services import host_for

    return host_for(given.values(), clock)


def _given_service(value: Any) -> Any:
    from .runtime.services import given

    return given(value)


def _is_service(hint: Any) -> bool:
    from ..services import Fetcher

    return any(
        isinstance(one, type) and issubclass(one, Fetcher)
        for each in (hint, *get_args(hint))  # X, of X | None
        for one in (get_origin(each) or each,)
    )


def _binding(hint: Any, name: str, script: Script) -> Any:
    kind = (get_origin(hint) or hint).__name__
    binding = binding_of(kind)
    if binding is None:
        raise TypeError(f"there is no fake of {kind}")
    if not binding.fake:
        return binding.load("bound")(get_args(hint), name, script)
    made = binding.load(binding.fake)(clock=script.host.clock)
    made.clock = script.host.clock  # where faults() looks for it
    return adopt(made, script.host)
