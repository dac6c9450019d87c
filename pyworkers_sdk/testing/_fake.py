"""``fake(T)``: make an object of a type that works in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, get_args, get_origin

from .._border import raw
from .._spelling import did_you_mean
from ..env import Env, hints
from ._answers import answer_names
from ._clock import Clock
from ._registry import binding_of
from .runtime.host import Host, Script, adopt

__all__ = ["fake", "is_service"]

T = TypeVar("T")


def fake(kind: type[T], /, *, clock: Clock | None = None, **given: Any) -> T:
    """Return an instance of ``kind`` in memory: a binding, or an ``Env`` with all its bindings.

    Args:
        kind: The class of a binding, such as ``KV`` or ``Queue[Job]``, or an ``Env`` class.
        clock: The clock of the fakes; by default a new one.
        given: For an Env: its variables, and bindings to use in place of new ones.

    Raises:
        TypeError: ``kind`` is another class, no fake of it exists, or ``given`` has a name that
            ``kind`` does not declare.
    """
    answer_names()  # of the classes that were loaded since
    host = _host(given, clock)
    script = Script(host, host.free_name("worker"))
    make: Any = get_origin(kind) or kind  # Queue, of Queue[Job]
    if not isinstance(make, type):
        raise TypeError(f"fake(): expected the class of a binding or an Env, got {kind!r}")
    is_env = Env in make.__mro__
    if given and not is_env:
        names = ", ".join(given)
        raise TypeError(f"fake({make.__name__}): unexpected {names}; only an Env has bindings")
    if is_env:
        _bind(script, make, given)
    result: T = make(script.env if is_env else _binding(kind, "", script))
    return result


def _bind(script: Script, env_type: type[Env], given: dict[str, Any]) -> None:
    """Set each name that an Env class declares in the raw ``env`` of a Worker."""
    declared = hints(env_type)
    unknown = sorted(set(given) - set(declared))
    if unknown:
        hint = did_you_mean(unknown[0], declared)
        raise TypeError(f"{env_type.__name__} does not declare {', '.join(unknown)}{hint}")
    for name, hint in declared.items():
        if name in given:
            js_value = _given_service(given[name]) if is_service(hint) else raw(given[name])
            setattr(script.env, name, adopt(js_value, script.host))
            continue
        for member in (hint, *get_args(hint)):  # X, of X | None
            if hasattr(get_origin(member) or member, "js_object"):
                setattr(script.env, name, _binding(member, name, script))
                break


# The functions below import services only for Workers that have some: a KV in a test needs none.


def _host(given: dict[str, Any], clock: Clock | None) -> Host:
    if not given:
        return Host(clock)
    from .runtime.services import host_for

    return host_for(given.values(), clock)


def _given_service(value: Any) -> Any:
    from .runtime.services import given

    return given(value)


def is_service(hint: Any) -> bool:
    """Return True if an annotation is a service binding, perhaps in a union."""
    from ..services import Fetcher

    return any(isinstance(each, type) and issubclass(each, Fetcher) for each in _classes(hint))


def _classes(hint: Any) -> Iterator[Any]:
    """Yield an annotation and its members, each without its brackets."""
    for member in (hint, *get_args(hint)):  # X, of X | None
        yield get_origin(member) or member


def _binding(hint: Any, name: str, script: Script) -> Any:
    type_name = (get_origin(hint) or hint).__name__
    binding = binding_of(type_name)
    if binding is None:
        raise TypeError(
            f"no fake of {type_name} exists; declare it in an Env, and pass your object by its name"
        )
    if not binding.fake:
        return binding.load("bound")(get_args(hint), name, script)
    fake_binding = binding.load(binding.fake)(clock=script.host.clock)
    fake_binding.clock = script.host.clock  # where faults() looks for it
    return adopt(fake_binding, script.host)
