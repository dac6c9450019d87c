"""A wrangler configuration for one environment. Its errors name the file, the line and the key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .errors import ConfigError, nearest, read, shown
from .jsonc import MAX_DEPTH, Lines, Place, read_jsonc
from .python_version import FLAG, VERSIONS, PythonVersion, python_version
from .tables import Fault, Faults, keys_of, read as read_table
from .text import SyntaxFault, is_file
from .variables import as_json, environment_of, secrets

if TYPE_CHECKING:
    from .schema import Environment, Wrangler

__all__ = ["NAMES", "Bound", "Config", "ConfigError", "find", "nearest", "shown"]

NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")


class Bound(NamedTuple):
    """A binding of a configuration."""

    section: str
    """The key of its section: ``queues.producers``."""
    settings: Any
    """Its table in the schema."""
    place: Place
    """Its place in the file."""

    @property
    def name(self) -> str:
        """The name in ``env``; "" if it has none, as assets may."""
        name: Any = getattr(self.settings, "binding", None) or getattr(self.settings, "name", "")
        return str(name)


class Config:
    """A file read for one environment. Every environment in it is checked."""

    settings: Environment

    def __init__(
        self, path: Path, environment: str | None = None, *, lenient: bool = False
    ) -> None:
        """Read a file.

        Args:
            path: A .jsonc, .json or .toml file.
            environment: The name of an environment; "" is the top level. None is the environment
                that the variable ``CLOUDFLARE_ENV`` names, or else the top level.
            lenient: Use the top level if the file has no environments at all.

        Raises:
            ConfigError: The file cannot be read, or is not a wrangler configuration.
        """
        from .schema import Wrangler

        self.path = path
        self.folder: Path = path.parent
        data, self._lines = self._read()
        faults = Faults()
        whole = read_table(Wrangler, data, faults)
        if faults:
            raise self._schema_error(faults)
        if environment is None:
            environment, lenient = environment_of(self.folder), True
        self.environment: str | None = environment or None
        self.settings, self._own = self._environment(whole, lenient)
        self.name: str = self._name(whole)

    def error(self, message: str, *place: str | int) -> ConfigError:
        """Return an error at a key of the file."""
        return ConfigError(self.at(place, message))

    def at(self, place: Place, message: str) -> str:
        """Return a message with its file, line and key: ``wrangler.jsonc:14: vars: …``.

        A missing key has the line of the table that lacks it.
        """
        key = f"{_dotted(place)}: " if place else ""
        return f"{shown(self.path)}:{self._line(place)}: {key}{message}"

    def _line(self, place: Place) -> int:
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def place(self, key: str) -> Place:
        """Return the place of a key of ``settings``: in the environment, or at the top level."""
        first, *rest = key.split(".")
        if self.environment is not None and first in self._own:
            return ("env", self.environment, first, *rest)
        return (first, *rest)

    def bound(self, sections: Iterable[str]) -> Iterator[Bound]:
        """Yield the bindings of these sections (``queues.producers``)."""
        for section in sections:
            value: Any = self.settings
            for key in section.split("."):
                value = getattr(value, key, None)
            place = self.place(section)
            if isinstance(value, list):
                for index, settings in enumerate(cast("list[Any]", value)):
                    yield Bound(section, settings, (*place, index))
            elif value is not None:
                yield Bound(section, value, place)

    def variables(self) -> dict[str, tuple[Any, str]]:
        """Return variables and secrets by name, each with its origin as a message cites it.

        A secret wins over a variable. If ``secrets.required`` is set, other secrets are ignored
        unless they replace a variable.

        Raises:
            ConfigError: A variable is a date, or a file of secrets cannot be read.
        """
        place = self.place("vars")
        variables: dict[str, tuple[Any, str]] = {}
        for name, value in self.settings.vars.items():
            if isinstance(value, (date, time)):
                message = "expected a value that JSON has, got a date or time; use a string"
                raise self.error(message, *place, name)
            variables[name] = (as_json(value), self.at((*place, name), ""))
        declared = self.settings.secrets
        found = secrets(self.folder, self.environment, declared=declared is not None)
        for name, secret in found.items():
            if declared is None or name in declared.required or name in variables:
                variables[name] = secret
        return variables

    def required_secrets(self) -> list[str]:
        """Return the names in ``secrets.required``."""
        return [] if self.settings.secrets is None else self.settings.secrets.required

    def object_classes(self) -> dict[str, bool]:
        """Return the Durable Object classes after all migrations; True if a class has SQLite."""
        classes: dict[str, bool] = {}
        for migration in self.settings.migrations:
            for name in migration.deleted_classes:
                classes.pop(name, None)
            for renamed in (*migration.renamed_classes, *migration.transferred_classes):
                classes[renamed.to] = classes.pop(renamed.from_, False)
            classes |= dict.fromkeys(migration.new_classes, False)
            classes |= dict.fromkeys(migration.new_sqlite_classes, True)
        for name, export in self.settings.exports.items():
            if export.storage is not None:
                classes[name] = export.storage == "sqlite"
        return classes

    def python(self) -> PythonVersion:
        """Return the Python and the Pyodide that the compatibility date and flags select.

        Raises:
            ConfigError: The date is missing, or the flag that a Python Worker needs.
        """
        since, flags = self.settings.compatibility_date, self.settings.compatibility_flags
        if FLAG not in flags:
            advice = self._setting("compatibility_flags", f'["{FLAG}"]')
            advice = f'"{FLAG}" to the list' if flags else advice
            message = f'missing "{FLAG}", which every Python Worker needs; add {advice}'
            raise self.error(message, *self.place("compatibility_flags"))
        if since is None:
            newest = VERSIONS[0]
            advice = self._setting("compatibility_date", f'"{newest.date}"')
            message = f"missing; add {advice} for Python {newest.python}, or another date"
            raise self.error(message, *self.place("compatibility_date"))
        return python_version(since, flags)

    def _setting(self, key: str, value: str) -> str:
        """Return a setting as the file writes it."""
        return f"{key} = {value}" if self.path.suffix == ".toml" else f'"{key}": {value}'

    # Reading -------------------------------------------------------------------------------------

    def _read(self) -> tuple[dict[str, Any], Lines]:
        parse = read_jsonc
        if self.path.suffix == ".toml":
            from .toml import read_toml as parse
        elif self.path.suffix not in (".json", ".jsonc"):
            raise ConfigError(f"{shown(self.path)}: expected a .jsonc, .json or .toml file")
        refused: ConfigError | None = None
        data: Any = None
        lines: Any = None
        try:
            data, lines = parse(read(self.path, strict=True))
        except SyntaxFault as fault:
            refused = ConfigError(f"{shown(self.path)}:{fault.line}: {fault}")
        if refused is not None:  # here, since a parser's error holds the text
            raise refused
        if not isinstance(data, dict):
            type_name = type(data).__name__
            raise ConfigError(f"{shown(self.path)}:1: expected an object, got {type_name}")
        if (place := _too_deep(data)) is not None:
            self._lines = lines
            message = f"expected at most {MAX_DEPTH} levels, got more"
            raise ConfigError(f"{shown(self.path)}:{self._line(place)}: {message}")
        return cast("dict[str, Any]", data), lines

    def _schema_error(self, faults: Faults) -> ConfigError:
        """Return the error that lists the faults, in the order of their lines."""
        ordered = sorted(faults, key=lambda fault: self._line(fault.place))
        lines = dict.fromkeys(map(self._described, ordered[: Faults.MOST]))
        more = len(ordered) - Faults.MOST
        if more > 0:
            lines[f"{shown(self.path)}: {more} more faults"] = None
        return ConfigError("\n".join(lines))

    def _described(self, fault: Fault) -> str:
        advice = nearest(str(fault.place[-1]), keys_of(fault.table)) if fault.table else ""
        return self.at(fault.place, fault.message + advice)

    def _environment(self, whole: Wrangler, lenient: bool) -> tuple[Environment, frozenset[str]]:
        """Return the settings of the environment, and the keys that it does not inherit."""
        from .schema import KEYS, NOT_INHERITED, Environment

        name = self.environment
        if name is None or (lenient and not whole.env):
            return whole, frozenset()
        own = whole.env.get(name)
        if own is None:
            raise self.error(f"unknown environment {name!r}{nearest(name, whole.env)}", "env")
        fields = {
            key: getattr(own if key in own.given or key in NOT_INHERITED else whole, key)
            for key in KEYS
        }
        return Environment(fields, own.given), NOT_INHERITED | own.given

    def _name(self, whole: Wrangler) -> str:
        """Return the Worker's name: by default that of its folder.

        An environment without a name is called ``<name>-<environment>``.
        """
        if self.environment is None or "name" in self._own:
            return str(self.settings.name or self.folder.resolve().name)
        return f"{whole.name or self.folder.resolve().name}-{self.environment}"


def find(folder: Path) -> Path | None:
    """Return the nearest configuration in a folder or its parents; None without one."""
    for parent in (folder, *folder.parents):
        for name in NAMES:
            if is_file(parent / name):
                return parent / name
    return None


def _too_deep(data: Any) -> Place | None:
    """Return the place of the first value that is nested too deeply, or None."""
    waiting: list[tuple[Place, Any]] = [((), data)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, (dict, list)):
            if len(place) > MAX_DEPTH:
                return place
            pairs = cast("Any", value)
            items: Any = pairs.items() if isinstance(value, dict) else enumerate(pairs)
            waiting += [((*place, key), each) for key, each in items]
    return None


def _dotted(place: Place) -> str:
    text = ""
    for step in place:
        shown_step = str(step) if len(str(step)) <= 80 else f"{str(step)[:80]}…"
        text += f"[{step}]" if isinstance(step, int) else f".{shown_step}"
    return text.removeprefix(".")
