"""A wrangler configuration as one environment sees it, and errors that say the key and the line."""

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
    """A wrangler configuration cannot be used, or a Worker is not what it says.

    One line for each thing that is wrong: ``wrangler.jsonc:14: queues.consumers[0].queue: …``.
    """


class Bound(NamedTuple):
    """One binding of a configuration: its section, what is said of it, and where."""

    section: str
    settings: Any
    place: Place

    @property
    def name(self) -> str:
        """Its name in ``env``; "" where it has none, as assets may."""
        name: Any = getattr(self.settings, "binding", None) or getattr(self.settings, "name", "")
        return str(name)


class Config:
    """One file, read for one environment; every environment in it is checked."""

    settings: Environment

    def __init__(
        self, path: Path, environment: str | None = None, *, lenient: bool = False
    ) -> None:
        """``lenient`` takes the top level of a file that has no environments at all."""
        from pydantic import ValidationError  # it takes a while

        from .schema import Wrangler

        self.path = path
        self.folder: Path = path.parent
        self.environment = environment
        data, self._lines = self._read()
        try:
            whole = Wrangler.model_validate(data)
        except ValidationError as error:
            raise self._refused(data, error, Wrangler) from None
        self.settings, self._own = self._chosen(whole, lenient)
        self.name: str = self._name(whole)

    def error(self, message: str, *place: str | int) -> ConfigError:
        """An error at a key of the file."""
        return ConfigError(self.at(place, message))

    def at(self, place: Place, message: str) -> str:
        known = place
        while known and known not in self._lines:
            known = known[:-1]
        line = self._lines.get(known, 1)
        where = f"{_dotted(place)}: " if place else ""
        return f"{shown(self.path)}:{line}: {where}{message}"

    def place(self, key: str) -> Place:
        """Where a key of ``settings`` comes from: the environment, or the top level."""
        first, *rest = key.split(".")
        if self.environment is not None and first in self._own:
            return ("env", self.environment, first, *rest)
        return (first, *rest)

    def bound(self, sections: Iterable[str]) -> Iterator[Bound]:
        """The bindings of these sections (``queues.producers``)."""
        for section in sections:
            value: Any = self.settings
            for key in section.split("."):
                value = getattr(value, key, None)
            place = self.place(section)
            if isinstance(value, list):
                for at, each in enumerate(cast("list[Any]", value)):
                    yield Bound(section, each, (*place, at))
            elif value is not None:
                yield Bound(section, value, place)

    def variables(self) -> dict[str, tuple[Any, str]]:
        """Variables and secrets by name, each with the place that it comes from."""
        place = self.place("vars")
        found = {
            name: (value, self.at((*place, name), "")) for name, value in self.settings.vars.items()
        }
        declared = self.settings.secrets
        for name, (value, where) in self._secrets(declared is not None).items():
            if declared is None or name in declared.required or name in found:
                found[name] = (value, where)
        return found

    def object_classes(self) -> dict[str, bool]:
        """The classes of Durable Objects that the migrations leave; whether they have SQLite."""
        found: dict[str, bool] = {}
        for each in self.settings.migrations:
            for gone in each.deleted_classes:
                found.pop(gone, None)
            for renamed in (*each.renamed_classes, *each.transferred_classes):
                found[renamed.to] = found.pop(renamed.from_, False)
            found |= dict.fromkeys(each.new_classes, False)
            found |= dict.fromkeys(each.new_sqlite_classes, True)
        for name, export in self.settings.exports.items():
            if "storage" in export:
                found[name] = export["storage"] == "sqlite"
        return found

    # Reading ------------------------------------------------------------------------------------

    def _read(self) -> tuple[dict[str, Any], Lines]:
        read = read_jsonc
        if self.path.suffix == ".toml":
            from .toml import read_toml as read
        elif self.path.suffix not in (".json", ".jsonc"):
            raise ConfigError(f"{shown(self.path)}: expected a .jsonc, .json or .toml file")
        try:
            data, lines = read(self.path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{shown(self.path)}: {error.strerror}") from None
        except SyntaxFault as fault:
            raise ConfigError(f"{shown(self.path)}:{fault.line}: {fault}") from None
        if not isinstance(data, dict):
            raise ConfigError(f"{shown(self.path)}:1: expected an object")
        return cast("dict[str, Any]", data), lines

    def _refused(self, data: Any, error: ValidationError, model: type[Table]) -> ConfigError:
        lines: dict[str, None] = {}
        for each in error.errors(include_url=False, include_input=False, include_context=False):
            place = _in_data(data, each["loc"], each["type"] == "missing")
            message = each["msg"]
            if each["type"] == "extra_forbidden":
                message = f"unknown key{nearest(str(place[-1]), _known(model, place))}"
            lines[self.at(place, message)] = None
        return ConfigError("\n".join(lines))

    def _chosen(self, whole: Any, lenient: bool) -> tuple[Environment, frozenset[str]]:
        """The settings of the environment, with what it inherits, and the keys that are its own."""
        from .schema import NOT_INHERITED, Environment

        name = self.environment
        own: Any = whole.env.get(name)
        if name is None or (lenient and not whole.env):
            return whole, frozenset()
        if own is None:
            hint = nearest(name, whole.env)
            raise self.error(f"there is no environment {name!r}{hint}", "env")
        fields = {
            key: getattr(own if key in own.model_fields_set or key in NOT_INHERITED else whole, key)
            for key in Environment.model_fields
        }
        return Environment.model_construct(**fields), NOT_INHERITED | own.model_fields_set

    def _name(self, whole: Any) -> str:
        """The Worker's name; an environment that has none is ``<name>-<environment>``."""
        if self.environment is None or "name" in self._own:
            return str(self.settings.name or self.folder.resolve().name)
        return f"{whole.name or self.folder.resolve().name}-{self.environment}"

    def _secrets(self, declared: bool) -> dict[str, tuple[str, str]]:
        """What ``.dev.vars`` says, or, where there is none, ``.env`` and its relatives."""
        ending = "" if self.environment is None else f".{self.environment}"
        for name in dict.fromkeys([f".dev.vars{ending}", ".dev.vars"]):
            text = _text(self.folder / name)
            if text is not None:
                return _from(name, _dotenv.parse(text))
        if os.environ.get("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "true").lower() == "false":
            return {}
        parsed: dict[str, str] = {}
        for name in dict.fromkeys([".env", ".env.local", f".env{ending}", f".env{ending}.local"]):
            parsed |= _dotenv.parse(_text(self.folder / name) or "")
        included = os.environ.get("CLOUDFLARE_INCLUDE_PROCESS_ENV", "").lower() == "true"
        outside = dict(os.environ) if declared or included else {}
        found = {**outside, **_dotenv.expand(parsed, outside)}
        return _from(".env", found)


def find(folder: Path) -> Path | None:
    """The nearest configuration from a folder upwards."""
    for each in (folder, *folder.parents):
        for name in NAMES:
            if (each / name).is_file():
                return each / name
    return None


def shown(path: Path) -> str:
    """A path as it is told: from the working directory where it is in there."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?``, where something is near."""
    close = get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _from(name: str, found: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {key: (value, f"{name}: {key}: ") for key, value in found.items()}


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _dotted(place: Place) -> str:
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _in_data(data: Any, loc: tuple[str | int, ...], missing: bool) -> Place:
    """A place in the file for one of pydantic's, which also names members of unions."""
    place: Place = ()
    for at, step in enumerate(loc):
        if isinstance(step, int) or (isinstance(data, dict) and step in data):
            place, data = (*place, step), cast("Any", data)[step]
        elif missing and at == len(loc) - 1:
            place = (*place, step)
    return place


def _known(model: type[Table], place: Place) -> list[str]:
    """The keys that would be known at a place."""
    tables = [model]
    for step in place[:-1]:
        fields = [field for table in tables if (field := table.model_fields.get(str(step)))]
        if fields:
            tables = [table for field in fields for table in _tables(field.annotation)]
    return [field.alias or name for table in tables for name, field in table.model_fields.items()]


def _tables(annotation: Any) -> list[type[Table]]:
    from .schema import Table

    if isinstance(annotation, type) and issubclass(annotation, Table):
        return [annotation]
    return [table for each in get_args(annotation) for table in _tables(each)]
