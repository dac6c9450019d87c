"""``FakeRuntime.from_config``: a Worker, or several, from their wrangler configurations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol, TypeVar, get_args, get_origin

import pyworkers_sdk

from ..._border import raw
from ..._cpython.js_exception import JsException
from ...env import Env, hints
from ...errors import BindingError
from .._clock import Clock
from .._fake import is_service
from .._registry import SECTIONS
from ..fakes.queues import QueueConsumer
from ..runtime.global_handlers import worker_of
from ..runtime.host import Bindings, Host, Script, adopt
from ..runtime.services import given as given_service, host_for
from . import module_loader as _modules
from .config import Bound, Config
from .errors import ConfigError, nearest, shown
from .jsonc import Place
from .python_version import PythonVersion
from .sections import make
from .text import is_file


class Runtime(Protocol):
    """The part of a FakeRuntime that ``build`` completes."""

    crons: tuple[str, ...]
    python_version: str | None
    workers: Any


RuntimeT = TypeVar("RuntimeT", bound=Runtime)
CONSUMER_KEYS = frozenset(field.name for field in fields(QueueConsumer))

__all__ = ["Worker", "build"]


def build(
    runtime_class: Callable[..., RuntimeT],
    path: str | PathLike[str],
    also: Iterable[str | PathLike[str]],
    *,
    environment: str | None,
    env: type[Env] | None,
    clock: Clock | None,
    fresh: bool,
    overrides: Mapping[str, Any],
) -> RuntimeT:
    """Return the runtime of the Worker at ``path``; ``workers`` has the runtimes of the others."""
    configs = [Config(Path(path), environment)]
    for other_path in also:
        configs.append(Config(Path(other_path), environment, lenient=True))
        if any(configs[-1].name == other.name for other in configs[:-1]):
            raise configs[-1].error(f"another Worker is also named {configs[-1].name}", "name")
    host = host_for(overrides.values(), clock)
    # All Workers are loaded before the first one is bound: bindings lead from one to another.
    workers: dict[str, Worker] = {}
    for config in configs:
        workers[config.name] = Worker(config, host, workers, fresh=fresh)
    for worker in workers.values():
        worker.check_imports()
    first, *others = workers.values()
    first.env_type = env or first.env_type
    first.bind(overrides)
    for worker in others:
        worker.bind({})
    runtimes = {name: worker.runtime(runtime_class) for name, worker in workers.items()}
    runtime = runtimes.pop(first.config.name)
    runtime.workers = runtimes
    return runtime


class Hint(NamedTuple):
    """The annotation of a name in an Env class, taken apart once."""

    name: str
    env_name: str
    """The name of the Env class."""
    type_name: str
    """The annotation as it is written, without ``| None``."""
    plain: Any
    """The annotated class, without brackets and without ``| None``."""
    is_binding: bool

    @property
    def place(self) -> str:
        """The name as a message cites it: ``AppEnv.CACHE``."""
        return f"{self.env_name}.{self.name}"


def _hint(name: str, annotation: Any, env_type: type[Env]) -> Hint:
    members = [arg for arg in get_args(annotation) if arg is not type(None)]
    has_none = get_origin(annotation) is not None and len(members) < len(get_args(annotation))
    without_none: Any = members[0] if has_none and len(members) == 1 else annotation
    plain: Any = get_origin(without_none) or without_none
    return Hint(
        name,
        env_type.__name__,
        _written(without_none),
        plain,
        is_binding=hasattr(plain, "js_object"),
    )


class Worker:
    """A Worker that is being built from its configuration."""

    def __init__(
        self, config: Config, host: Host, workers: dict[str, Worker], *, fresh: bool
    ) -> None:
        self.config = config
        self.workers = workers
        self.main: str = _main(config)
        self.python: PythonVersion = config.python()
        _modules.add_vendored(config.folder)
        module = _modules.load(config.folder / self.main, fresh=fresh)
        self.module = module
        self.script: Script = Script(host, config.name)
        exports = self.script.exports
        exports.update(_exports(module))
        if "Default" not in exports and not any(name.startswith("on_") for name in vars(module)):
            raise config.error(
                f"{self.main}: expected a class Default(WorkerEntrypoint){_list_of(exports)}",
                *config.place("main"),
            )
        exports.pop("Default", None)
        self.default: type[Any] = worker_of(module)
        exports["default"] = self.default
        self.env_type: type[Env] | None = getattr(self.default, "_env_type", None)
        self.variables: dict[str, tuple[Any, str]] = config.variables()
        self.bindings: dict[str, Bound] = {}
        self.env: Env = Env(self.script.env)

    def check_imports(self) -> None:
        """Raise ConfigError if the Worker imports a module of another Worker."""
        scripts = self.script.host.scripts.values()
        others = [each.exports["default"] for each in scripts if each is not self.script]
        found = _modules.foreign_import(self.module, others)
        if found is not None:
            name, file = found
            message = (
                f"{self.main} imports {name}, but {shown(Path(file))} is not uploaded with it; "
                'import a class for Service[…] under "if TYPE_CHECKING:"'
            )
            raise self.config.error(message, *self.config.place("main"))

    def runtime(self, runtime_class: Callable[..., RuntimeT]) -> RuntimeT:
        """Return the runtime of the bound Worker."""
        runtime = runtime_class(self.default, env=self.env, consumers=self._consumers())
        runtime.crons = tuple(self.config.settings.triggers.crons or ())
        runtime.python_version = self.python.python
        return runtime

    def _consumers(self) -> dict[str, QueueConsumer | None]:
        """Return the consumers by binding, or by ``queue <name>`` for queues without a binding.

        A queue that is bound but not consumed is None: its messages stay in it.
        """
        queues = self.config.settings.queues
        bindings = {each.queue or each.binding: each.binding for each in queues.producers}
        consumers: dict[str, QueueConsumer | None] = dict.fromkeys(
            producer.binding for producer in queues.producers
        )
        for index, consumer in enumerate(queues.consumers):
            if not hasattr(self.default, "queue"):
                place = self.config.place("queues.consumers")
                message = f"Default in {self.main} has no queue handler"
                raise self.config.error(message, *place, index)
            name = bindings.get(consumer.queue, f"queue {consumer.queue}")
            settings = {key: getattr(consumer, key) for key in consumer.given & CONSUMER_KEYS}
            try:
                consumers[name] = QueueConsumer(**settings)
            except ValueError as error:
                place = self.config.place("queues.consumers")
                raise self.config.error(str(error), *place, index) from None
        return consumers

    # Binding, in the order of wrangler's documentation: bindings, variables, then the test's own --

    def bind(self, overrides: Mapping[str, Any]) -> None:
        """Fill the Worker's ``env`` as the configuration specifies, except for ``overrides``."""
        self._collect_bindings()
        declared = {} if self.env_type is None else hints(self.env_type)
        if self.env_type is not None and (unknown := sorted(set(overrides) - set(declared))):
            names = ", ".join(unknown) + nearest(unknown[0], declared)
            raise TypeError(f"{self.env_type.__name__} does not declare {names}")
        self._check_classes()
        self._know_objects()
        self._check_secrets(overrides)
        self._set_variables()
        self._make_fakes(overrides, declared)
        self._set_overrides(overrides, declared)
        if self.env_type is not None:
            self._check_env(self.env_type, overrides, declared)

    def _collect_bindings(self) -> None:
        """Find the bindings of the configuration; two of one name are an error."""
        config = self.config
        sections = dict.fromkeys(config.settings.vars, "vars")
        for name in config.settings.vars:
            self._check_name(name, (*config.place("vars"), name))
        for index, name in enumerate(config.required_secrets()):
            place = (*config.place("secrets.required"), index)
            self._check_name(name, place)
            if name in sections:
                raise config.error(f"duplicate name {name}, also in {sections[name]}", *place)
            sections[name] = "secrets.required"
        for bound in config.bound(SECTIONS):
            self._check_name(bound.name, bound.place)
            if bound.name in sections:
                message = f"duplicate name {bound.name}, also in {sections[bound.name]}"
                raise config.error(message, *bound.place)
            if bound.name:
                self.bindings[bound.name] = bound
                sections[bound.name] = bound.section
            elif bound.section == "assets":  # without a binding they still answer requests
                self._fake(bound)

    def _check_name(self, name: str, place: Place) -> None:
        """Raise ConfigError if ``env`` cannot have an attribute of this name."""
        if hasattr(Bindings, name):
            message = f"expected a name that code can read from env, got {name}"
            raise self.config.error(message, *place)

    def _set_variables(self) -> None:
        for name, (value, origin) in self.variables.items():
            if hasattr(Bindings, name):  # a secret: other names were checked before
                raise ConfigError(f"{origin}expected a name that code can read from env")
            setattr(self.script.env, name, value)

    def _check_secrets(self, overrides: Mapping[str, Any]) -> None:
        """Raise ConfigError if a required secret is missing: wrangler does not deploy then."""
        for index, name in enumerate(self.config.required_secrets()):
            if name not in self.variables and name not in overrides:
                message = (
                    f"missing secret {name}; put it into .dev.vars or .env, set a variable of the "
                    f"process, or pass {name}=…"
                )
                raise self.config.error(message, *self.config.place("secrets.required"), index)

    def _make_fakes(self, overrides: Mapping[str, Any], declared: Mapping[str, Any]) -> None:
        for name, bound in self.bindings.items():
            self._check_export(bound)
            if name in overrides:
                continue
            fake = self._fake(bound)
            if fake is not None:
                setattr(self.script.env, name, fake)
            elif name in declared:  # a binding without a fake matters only if the Worker reads it
                raise self.config.error(self._no_fake(bound), *bound.place)

    def _fake(self, bound: Bound) -> Any:
        """Make the fake of a binding. A setting that it cannot have is a ConfigError."""
        try:
            return make(bound, self)
        except ConfigError:
            raise
        except (JsException, OSError, ValueError, NotImplementedError) as error:
            message = getattr(error, "strerror", None) or getattr(error, "message", error)
            raise self.config.error(str(message), *bound.place) from error

    def _set_overrides(self, overrides: Mapping[str, Any], declared: Mapping[str, Any]) -> None:
        for name, value in overrides.items():
            to_service = name in declared and is_service(declared[name])
            js_value = given_service(value) if to_service else raw(value)
            setattr(self.script.env, name, adopt(js_value, self.script.host))

    def _check_env(
        self, env_type: type[Env], overrides: Mapping[str, Any], declared: Mapping[str, Any]
    ) -> None:
        """Make the Env, and raise one ConfigError for every name that disagrees with it."""
        self.env = env_type(self.script.env)
        faults = [
            self._fault(_hint(name, annotation, env_type))
            for name, annotation in declared.items()
            if name not in overrides
        ]
        if any(faults):
            raise ConfigError("\n".join(filter(None, faults)))

    # Checks: the configuration against the exports, and against the annotations of the Env -------

    def _no_fake(self, bound: Bound) -> str:
        settings = bound.settings
        other = getattr(settings, "service", getattr(settings, "script_name", None))
        if other is None:
            return f"no fake exists for this binding; pass one: from_config(…, {bound.name}=…)"
        return (
            f"unknown Worker {other}{nearest(other, self.workers)}; add its configuration to "
            f"also=[…], or pass {bound.name}=…"
        )

    def _check_export(self, bound: Bound) -> None:
        """Raise ConfigError if a binding names a class that its Worker does not export.

        A Worker that is not running here cannot be checked.
        """
        key = "entrypoint" if bound.section == "services" else "class_name"
        class_name = getattr(bound.settings, key, None)
        name = getattr(bound.settings, "service", getattr(bound.settings, "script_name", None))
        script = self.script.host.scripts.get(name or self.script.name)
        exports = [export for export in (script.exports if script else {}) if export != "default"]
        if class_name and script and class_name not in exports:
            message = f"{script.name} does not export {class_name}{_list_of(exports)}"
            raise self.config.error(message + nearest(class_name, exports), *bound.place, key)

    def _check_classes(self) -> None:
        """Raise ConfigError if the main module lacks a class that a deployment needs.

        These are the classes of ``exports``, and the Durable Object classes of ``migrations``.
        """
        config, exports = self.config, self.script.exports
        classes = dict.fromkeys(config.object_classes(), config.place("migrations"))
        for name in config.settings.live_exports():
            classes[name] = (*config.place("exports"), name)
        for name, place in classes.items():
            if name not in exports and name != "Default":
                message = f"{self.script.name} does not export {name}{_list_of(exports)}"
                raise config.error(message + nearest(name, exports), *place)

    def _know_objects(self) -> None:
        """Let ``ctx.exports`` have the namespaces of Durable Objects that no binding leads to."""
        classes = self.config.object_classes()
        bound = {each.class_name for each in self.config.settings.durable_objects.bindings}
        for name in sorted(classes.keys() - bound):
            from ..fakes.durable.namespace import namespace  # most Workers have no objects

            namespace(self.script, name, sqlite=classes[name])

    def _fault(self, hint: Hint) -> str | None:
        """Return a message if the annotation of a name disagrees with the configuration."""
        if hint.name in self.bindings:
            return self._binding_fault(hint, self.bindings[hint.name])
        if hint.name in self.variables:
            return self._variable_fault(hint, self.variables[hint.name][1])
        try:
            getattr(type(self.env)(self.script.env), hint.name)  # None, or the default of the class
        except BindingError:
            return self._missing_fault(hint)
        return None

    def _binding_fault(self, hint: Hint, bound: Bound) -> str | None:
        """Return a message if a binding of another type is configured."""
        registered = SECTIONS[bound.section]
        # Without a fake, any binding class may be annotated: the test passes its own object.
        fits = not registered.module or _agree(bound.section, hint.plain)
        if hint.plain is Any or (hint.is_binding and fits):
            return None
        message = f"expected {hint.type_name} for {hint.place}, got {registered.name}"
        return self.config.at(bound.place, message)

    def _variable_fault(self, hint: Hint, origin: str) -> str | None:
        """Return a message if a variable does not fit its annotation.

        ``origin`` is the place of the variable. The message never contains its value.
        """
        if hint.is_binding:
            return f"{origin}expected {hint.type_name} for {hint.place}, got a variable"
        try:
            getattr(self.env, hint.name)
        except BindingError as error:
            return origin + str(error).removeprefix(f"{hint.name}: ")
        return None

    def _missing_fault(self, hint: Hint) -> str:
        """Return the message for a required name that the configuration lacks."""
        if not hint.is_binding:
            secret = f"; put a secret into .dev.vars, or pass {hint.name}=…"
            advice = nearest(hint.name, self.variables) or secret
            message = f"missing variable {hint.name} for {hint.place}: {hint.type_name}{advice}"
            return self.config.at(self.config.place("vars"), message)
        sections = _sections_of(hint.plain)
        similar = [bound.name for bound in self.bindings.values() if bound.section in sections]
        inherits = "; an environment does not inherit bindings" if self.config.environment else ""
        advice = nearest(hint.name, similar) or inherits
        message = f"missing binding {hint.name} for {hint.place}: {hint.type_name}{advice}"
        return self.config.at(self.config.place(sections[0]) if sections else (), message)


def _main(config: Config) -> str:
    main: str | None = config.settings.main
    place = config.place("main")
    if main is None:
        raise config.error("missing; name the Worker's main module", *place)
    if not main.endswith(".py"):
        raise config.error(f"expected a Python module, got {main}", *place)
    if not is_file(config.folder / main):
        raise config.error(f"missing file {main}", *place)
    return main


def _exports(module: ModuleType) -> dict[str, type[Any]]:
    """Return the classes that the runtime would export."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [name for name in dir(module) if not name.startswith("_")]
    values = (getattr(module, name) for name in names)
    return {
        value.__name__: value
        for value in values
        if isinstance(value, type) and hasattr(value, "_handlers")
    }


def _sections_of(binding_class: type) -> list[str]:
    """Return the sections that may configure a binding class, the most likely first."""
    exact = [key for key, binding in SECTIONS.items() if binding.name == binding_class.__name__]
    if len(exact) == 1:
        return exact
    agreeing = [key for key in SECTIONS if _agree(key, binding_class)]
    return sorted(agreeing, key=lambda key: key != "services")  # most likely for a Fetcher


def _agree(section: str, annotated: type) -> bool:
    """Return True if a section's binding class is a base or a subclass of the annotated class.

    ``Fetcher`` may annotate a service, and a user's subclass of ``KV`` a KV namespace.
    """
    public: Any = getattr(pyworkers_sdk, SECTIONS[section].name, None)
    return public is not None and (issubclass(annotated, public) or issubclass(public, annotated))


def _list_of(exports: Iterable[str]) -> str:
    names = ", ".join(sorted(name for name in exports if name != "default"))
    return f"; it exports {names}" if names else ""


def _written(hint: Any) -> str:
    """Return an annotation as it is written in the source."""
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
