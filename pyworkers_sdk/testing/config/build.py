"""``FakeRuntime.from_config``: a Worker, or several, as their wrangler configurations say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeVar, get_args, get_origin

import pyworkers_sdk

from ..._border import raw
from ...env import Env, hints
from ...errors import BindingError
from ...services import Fetcher
from .._clock import Clock
from .._registry import SECTIONS
from ..fakes.queues import QueueConsumer
from ..runtime.global_handlers import worker_of
from ..runtime.host import Host, Script, adopt
from ..runtime.services import given as given_service, host_for
from . import module_loader as _modules
from .config import Bound, Config, ConfigError, nearest
from .sections import make


class Runtime(Protocol):
    """What ``build`` completes: a FakeRuntime."""

    crons: tuple[str, ...]
    workers: Any


RuntimeT = TypeVar("RuntimeT", bound=Runtime)

__all__ = ["Worker", "build"]


def build(
    kind: Callable[..., RuntimeT],
    path: str | PathLike[str],
    also: Iterable[str | PathLike[str]],
    *,
    environment: str | None,
    env: type[Env] | None,
    clock: Clock | None,
    fresh: bool,
    given: Mapping[str, Any],
) -> RuntimeT:
    """The runtime of the first Worker, which knows those of the others."""
    configs = [Config(Path(path), environment)]
    for each in also:
        configs.append(Config(Path(each), environment, lenient=True))
        if any(configs[-1].name == other.name for other in configs[:-1]):
            raise configs[-1].error(f"another Worker is named {configs[-1].name} too", "name")
    host = host_for(given.values(), clock)
    company: dict[str, Worker] = {}
    for config in configs:
        company[config.name] = Worker(config, host, company, fresh=fresh)
    first, *others = company.values()
    first.env_type = env or first.env_type
    first.bind(given)
    for worker in others:
        worker.bind({})
    runtimes = {name: worker.runtime(kind) for name, worker in company.items()}
    runtime = runtimes.pop(first.config.name)
    runtime.workers = runtimes
    return runtime


class Worker:
    """A configuration, and what has come of it so far."""

    def __init__(
        self, config: Config, host: Host, company: dict[str, Worker], *, fresh: bool
    ) -> None:
        self.config = config
        self.company = company
        self.main: str = _main(config)
        _modules.add_vendored(config.folder)
        module = _modules.load(config.folder / self.main, fresh=fresh)
        self.script: Script = Script(host, config.name)
        exports = self.script.exports
        exports.update(_exports(module))
        if "Default" not in exports and not any(name.startswith("on_") for name in vars(module)):
            raise config.error(
                f"{self.main} has no class Default, a WorkerEntrypoint{_but(exports)}",
                *config.place("main"),
            )
        exports.pop("Default", None)
        self.default: type[Any] = worker_of(module)
        exports["default"] = self.default
        self.env_type: type[Env] | None = getattr(self.default, "_env_type", None)
        self.variables: dict[str, tuple[Any, str]] = config.variables()
        self.bindings: dict[str, Bound] = {}
        self.env: Env = Env(self.script.env)

    def bind(self, given: Mapping[str, Any]) -> None:
        """Make everything that the configuration binds; ``given`` comes in its place."""
        taken = dict.fromkeys(self.config.settings.vars, "vars")
        for bound in self.config.bound(SECTIONS):
            if bound.name in taken:
                message = f"the name {bound.name} is taken by one of {taken[bound.name]}"
                raise self.config.error(message, *bound.place)
            if bound.name:
                self.bindings[bound.name] = bound
                taken[bound.name] = bound.section
            elif bound.section == "assets":  # they may have no binding
                make(bound, self)
        declared = {} if self.env_type is None else hints(self.env_type)
        if self.env_type is not None and (unknown := sorted(set(given) - set(declared))):
            raise TypeError(f"{self.env_type.__name__} does not declare {', '.join(unknown)}")
        for name, (value, _) in self.variables.items():
            setattr(self.script.env, name, value)
        for name, bound in self.bindings.items():
            self._check_export(bound)
            if name in given:
                continue
            made = make(bound, self)
            if made is not None:
                setattr(self.script.env, name, made)
            elif name in declared:
                raise self.config.error(self._nothing(bound), *bound.place)
        for name, value in given.items():
            is_service = name in declared and any(map(_is_service, _each(declared[name])))
            ready = given_service(value) if is_service else raw(value)
            setattr(self.script.env, name, adopt(ready, self.script.host))
        if self.env_type is not None:
            self.env = self.env_type(self.script.env)
            wanted = {name: hint for name, hint in declared.items() if name not in given}
            if faults := [*filter(None, map(self._fault, wanted, wanted.values()))]:
                raise ConfigError("\n".join(faults))

    def runtime(self, kind: Callable[..., RuntimeT]) -> RuntimeT:
        consumers = self._consumers()
        made = kind(self.default, env=self.env, consumers=consumers)
        made.crons = tuple(self.config.settings.triggers.crons or ())
        return made

    def _consumers(self) -> dict[str, QueueConsumer | None]:
        """The consumers of queues, under the binding's name where the queue is bound too."""
        queues = self.config.settings.queues
        bound = {one.queue or one.binding: one.binding for one in queues.producers}
        made: dict[str, QueueConsumer | None] = {one.binding: None for one in queues.producers}
        for at, one in enumerate(queues.consumers):
            if not hasattr(self.default, "queue"):
                place = self.config.place("queues.consumers")
                raise self.config.error(f"Default in {self.main} has no queue handler", *place, at)
            settings = one.model_dump(exclude={"type", "visibility_timeout_ms"}, exclude_none=True)
            made[bound.get(one.queue, f"queue {one.queue}")] = QueueConsumer(**settings)
        return made

    def _nothing(self, bound: Bound) -> str:
        settings = bound.settings
        other = getattr(settings, "service", getattr(settings, "script_name", None))
        if other is None:
            return f"there is no fake of it yet; give it one: {bound.name}=…"
        return (
            f"there is no Worker {other} here{nearest(other, self.company)};"
            f" its configuration goes into also=[…], or give {bound.name}=…"
        )

    # What has to agree --------------------------------------------------------------------------

    def _check_export(self, bound: Bound) -> None:
        """A class which a binding names is there, if its Worker is one of these."""
        key = "entrypoint" if bound.section == "services" else "class_name"
        wanted = getattr(bound.settings, key, None)
        name = getattr(bound.settings, "service", getattr(bound.settings, "script_name", None))
        script = self.script.host.scripts.get(name or self.script.name)
        exports = [one for one in (script.exports if script else {}) if one != "default"]
        if wanted and script and wanted not in exports:
            message = f"{script.name} exports no class {wanted}{_but(exports)}"
            raise self.config.error(message + nearest(wanted, exports), *bound.place, key)

    def _fault(self, name: str, hint: Any) -> str | None:
        """What is wrong between what the Env says of a name and what the configuration does."""
        assert self.env_type
        rest = [arg for arg in get_args(hint) if arg is not type(None)]
        optional = get_origin(hint) is not None and len(rest) < len(get_args(hint))
        plain: Any = rest[0] if optional and len(rest) == 1 else hint
        kind: Any = get_origin(plain) or plain
        is_binding = hasattr(kind, "js_object")
        wanted = f"{self.env_type.__name__}.{name} is a {_said(plain)}"

        bound = self.bindings.get(name)
        if bound is not None:
            unknown = not SECTIONS[bound.section].module  # a test's own object stands in
            if kind is Any or (is_binding and (unknown or _agree(bound.section, kind))):
                return None
            said = f"{name} is a {SECTIONS[bound.section].name}, but {wanted}"
            return self.config.at(bound.place, said)
        if name in self.variables:
            where = self.variables[name][1]
            if is_binding:
                return f"{where}it is a variable, but {wanted}"
            try:
                getattr(self.env, name)
            except BindingError as error:
                return where + str(error).removeprefix(f"{name}: ")
            return None
        if optional or name in self.env_type._defaults:
            return None
        if not is_binding:
            secret = f"; a secret goes into .dev.vars, or is given: {name}=…"
            more = nearest(name, self.variables) or secret
            place = self.config.place("vars")
            return self.config.at(place, f"no variable {name}, but {wanted}{more}")
        sections = [key for key, each in SECTIONS.items() if each.name == kind.__name__]
        sections = sections or sorted(
            (key for key in SECTIONS if _agree(key, kind)),
            key=lambda key: key != "services",  # the likeliest, for a Fetcher
        )
        others = [each.name for each in self.bindings.values() if each.section in sections]
        alone = "; an environment inherits no bindings" if self.config.environment else ""
        more = nearest(name, others) or alone
        place = self.config.place(sections[0]) if sections else ()
        return self.config.at(place, f"no binding {name}, but {wanted}{more}")


def _main(config: Config) -> str:
    main: str | None = config.settings.main
    place = config.place("main")
    if main is None:
        raise config.error("missing; there is nothing to run", *place)
    if not main.endswith(".py"):
        raise config.error(f"{main} is no Python module", *place)
    if not (config.folder / main).is_file():
        raise config.error(f"there is no file {main}", *place)
    return main


def _exports(module: ModuleType) -> dict[str, type[Any]]:
    """The classes that the runtime would export."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [name for name in dir(module) if not name.startswith("_")]
    found = [getattr(module, name) for name in names]
    return {
        each.__name__: each
        for each in found
        if isinstance(each, type) and hasattr(each, "_handlers")
    }


def _each(hint: Any) -> list[Any]:
    """An annotation, and what is in its brackets."""
    return [get_origin(one) or one for one in (hint, *get_args(hint))]


def _agree(section: str, kind: type) -> bool:
    """Whether a section's bindings may be annotated so: as what they are, or as more, or less."""
    public: Any = getattr(pyworkers_sdk, SECTIONS[section].name, None)
    return public is not None and (issubclass(kind, public) or issubclass(public, kind))


def _is_service(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Fetcher)


def _but(exports: Iterable[str]) -> str:
    names = ", ".join(sorted(exports))
    return f", but {names}" if names else ""


def _said(hint: Any) -> str:
    """An annotation as it is written."""
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
