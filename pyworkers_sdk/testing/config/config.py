"""A wrangler configuration for one environment. Its errors name the file, the line and the key."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast, get_args

from . import dotenv as _dotenv
from .jsonc import Lines, Place, SyntaxFault, read_jsonc

if TYPE_CHECKING:
    from pydantic import ValidationError

    from .schema import Environment, Table

__all__ = ["NAMES", "Bound", "Config", "ConfigError", "find", "nearest", "shown"]

NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")


class ConfigError(ValueError):
    """A wrangler configuration is invalid, or a Worker does not agree with it.

    The message has one line for each fault: ``wrangler.jsonc:14: queues.consumers[0].queue: …``.
    """


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
            environment: The name of an environment; None is the top level.
            lenient: Use the top level if the file has no environments at all.

        Raises:
            ConfigError: The file cannot be read, or is not a wrangler configuration.
        """
        from pydantic import ValidationError  # slow to import

        from .schema import Wrangler

        self.path = path
        self.folder: Path = path.parent
        self.environment = environment
        data, self._lines = self._read()
        refused: ConfigError | None = None
        whole: Any = None
        try:
            whole = Wrangler.model_validate(data)
        except ValidationError as error:
            refused = self._schema_error(data, error, Wrangler)
        if refused is not None:  # here, since pydantic's error shows the values
            raise refused
        self.settings, self._own = self._environment(whole, lenient)
        self.name: str = self._name(whole)

    def error(self, message: str, *place: str | int) -> ConfigError:
        """Return an error at a key of the file."""
        return ConfigError(self.at(place, message))

    def at(self, place: Place, message: str) -> str:
        """Return a message with its file, line and key: ``wrangler.jsonc:14: vars: …``.

        A missing key has the line of the table that lacks it.
        """
        known = place
        while known and known not in self._lines:
            known = known[:-1]
        line = self._lines.get(known, 1)
        key = f"{_dotted(place)}: " if place else ""
        return f"{shown(self.path)}:{line}: {key}{message}"

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
        """
        place = self.place("vars")
        variables = {
            name: (value, self.at((*place, name), "")) for name, value in self.settings.vars.items()
        }
        declared = self.settings.secrets
        for name, (value, origin) in self._dev_vars(declared is not None).items():
            if declared is None or name in declared.required or name in variables:
                variables[name] = (value, origin)
        return variables

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
            if "storage" in export:
                classes[name] = export["storage"] == "sqlite"
        return classes

    # Reading -------------------------------------------------------------------------------------

    def _read(self) -> tuple[dict[str, Any], Lines]:
        read = read_jsonc
        if self.path.suffix == ".toml":
            from .toml import read_toml as read
        elif self.path.suffix not in (".json", ".jsonc"):
            raise ConfigError(f"{shown(self.path)}: expected a .jsonc, .json or .toml file")
        refused: ConfigError | None = None
        data: Any = None
        lines: Any = None
        try:
            data, lines = read(self.path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{shown(self.path)}: {error.strerror}") from None
        except SyntaxFault as fault:
            refused = ConfigError(f"{shown(self.path)}:{fault.line}: {fault}")
        if refused is not None:  # here, since a parser's error holds the text
            raise refused
        if not isinstance(data, dict):
            type_name = type(data).__name__
            raise ConfigError(f"{shown(self.path)}:1: expected an object, got {type_name}")
        return cast("dict[str, Any]", data), lines

    def _schema_error(self, data: Any, error: ValidationError, model: type[Table]) -> ConfigError:
        # A dict as an ordered set: the members of a union may report the same fault.
        lines: dict[str, None] = {}
        for fault in error.errors(include_url=False, include_input=False, include_context=False):
            place = _in_data(data, fault["loc"], fault["type"] == "missing")
            message = fault["msg"]
            if fault["type"] == "extra_forbidden":
                message = f"unknown key{nearest(str(place[-1]), _known(model, place))}"
            lines[self.at(place, message)] = None
        return ConfigError("\n".join(lines))

    def _environment(self, whole: Any, lenient: bool) -> tuple[Environment, frozenset[str]]:
        """Return the settings of the environment, and the keys that it does not inherit."""
        from .schema import NOT_INHERITED, Environment

        name = self.environment
        own: Any = whole.env.get(name)
        if name is None or (lenient and not whole.env):
            return whole, frozenset()
        if own is None:
            raise self.error(f"unknown environment {name!r}{nearest(name, whole.env)}", "env")
        fields = {
            key: getattr(own if key in own.model_fields_set or key in NOT_INHERITED else whole, key)
            for key in Environment.model_fields
        }
        return Environment.model_construct(**fields), NOT_INHERITED | own.model_fields_set

    def _name(self, whole: Any) -> str:
        """Return the Worker's name: by default that of its folder.

        An environment without a name is called ``<name>-<environment>``.
        """
        if self.environment is None or "name" in self._own:
            return str(self.settings.name or self.folder.resolve().name)
        return f"{whole.name or self.folder.resolve().name}-{self.environment}"

    def _dev_vars(self, declared: bool) -> dict[str, tuple[str, str]]:
        """Return the secrets in ``.dev.vars``, or if it is missing, in ``.env`` and its variants.

        File names and controlling environment variables are as in ``wrangler dev``.
        """
        suffix = "" if self.environment is None else f".{self.environment}"
        for name in dict.fromkeys([f".dev.vars{suffix}", ".dev.vars"]):
            text = _text(self.folder / name)
            if text is not None:
                return _with_origin(name, _dotenv.parse(text))
        if os.environ.get("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "true").lower() == "false":
            return {}
        parsed: dict[str, str] = {}
        for name in dict.fromkeys([".env", ".env.local", f".env{suffix}", f".env{suffix}.local"]):
            parsed |= _dotenv.parse(_text(self.folder / name) or "")
        # The process's own variables count only if they are asked for: it has many.
        included = os.environ.get("CLOUDFLARE_INCLUDE_PROCESS_ENV", "").lower() == "true"
        outside = dict(os.environ) if declared or included else {}
        return _with_origin(".env", {**outside, **_dotenv.expand(parsed, outside)})


def find(folder: Path) -> Path | None:
    """Return the nearest configuration in a folder or its parents; None without one."""
    for parent in (folder, *folder.parents):
        for name in NAMES:
            if (parent / name).is_file():
                return parent / name
    return None


def shown(path: Path) -> str:
    """Return a path as messages cite it: relative to the working directory if it lies inside."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?``, or "" if no known name is similar."""
    close = get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _with_origin(file: str, secrets: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {name: (value, f"{file}: {name}: ") for name, value in secrets.items()}


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _dotted(place: Place) -> str:
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _in_data(data: Any, loc: tuple[str | int, ...], missing: bool) -> Place:
    """Return the place in the file for a location of pydantic's.

    A location also names the members of unions: they are left out, as the data has no such keys.
    """
    place: Place = ()
    for index, step in enumerate(loc):
        if isinstance(step, int) or (isinstance(data, dict) and step in data):
            place, data = (*place, step), cast("Any", data)[step]
        elif missing and index == len(loc) - 1:
            place = (*place, step)
    return place


def _known(model: type[Table], place: Place) -> list[str]:
    """Return the keys that the schema has at a place."""
    tables = [model]
    for step in place[:-1]:
        fields = [field for table in tables if (field := table.model_fields.get(str(step)))]
        if fields:  # the index of an array, or the name of an environment, is not a field
            tables = [table for field in fields for table in _tables(field.annotation)]
    return [field.alias or name for table in tables for name, field in table.model_fields.items()]


def _tables(annotation: Any) -> list[type[Table]]:
    from .schema import Table

    if isinstance(annotation, type) and issubclass(annotation, Table):
        return [annotation]
    return [table for member in get_args(annotation) for table in _tables(member)]
