"""Make the fake of one binding of a wrangler configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from .._registry import SECTIONS

if TYPE_CHECKING:
    from ..runtime.host import Host, Script
    from .config import Bound, Config

__all__ = ["Worker", "make", "shared", "shared_fakes", "target"]


class Worker(Protocol):
    """The part of a ``build.Worker`` that fakes need while its bindings are made."""

    @property
    def config(self) -> Config: ...
    @property
    def script(self) -> Script: ...
    @property
    def workers(self) -> Mapping[str, Worker]: ...


def make(bound: Bound, worker: Worker) -> Any:
    """Return the fake of a binding.

    Return None if no fake exists, or if the Worker that the binding leads to is missing.
    """
    binding = SECTIONS[bound.section]
    if not binding.module:
        return None
    if binding.configured:
        return binding.load("configured")(bound, worker)
    # The first of these settings that is set identifies the resource: a KV namespace's id.
    names = (getattr(bound.settings, setting, None) for setting in binding.shared_by)
    name = next(filter(None, names), bound.name)
    return shared(worker.script.host, binding.name, name, binding.load(binding.fake))


def shared(host: Host, kind: str, name: str, make: Callable[..., Any]) -> Any:
    """Return the one fake of a public class and a name. All Workers of the host share it."""
    fakes = shared_fakes(host)
    if (kind, name) not in fakes:
        fakes[kind, name] = make(clock=host.clock)
        fakes[kind, name].clock = host.clock  # where faults() looks for it
    return fakes[kind, name]


def shared_fakes(host: Host) -> dict[tuple[str, str], Any]:
    """Return the fakes that the bindings of a host share, by public class and name."""
    return host.shared(_fakes)


def _fakes(host: Host) -> dict[tuple[str, str], Any]:
    return {}


def target(bound: Bound, worker: Worker, key: str) -> Script | None:
    """Return the Worker that a binding leads to; None if it does not run on this host.

    ``key`` is the setting with its name. If it is not set, the binding leads to its own Worker.
    """
    name = getattr(bound.settings, key)
    scripts = worker.script.host.scripts
    return worker.script if name is None else scripts.get(name)
