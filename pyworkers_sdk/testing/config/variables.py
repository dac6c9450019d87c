"""The variables and secrets of a Worker: ``vars``, ``.dev.vars``, ``.env`` and its variants."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path
from typing import Any, cast

from . import dotenv as _dotenv
from .errors import ConfigError, read, shown
from .text import is_file

__all__ = ["Secrets", "as_json", "environment_of", "secrets"]

Secrets = dict[str, tuple[str, str]]
"""Values by name, each with its origin as a message cites it."""


def environment_of(folder: Path) -> str | None:
    """Return the environment that ``CLOUDFLARE_ENV`` names; None without one.

    wrangler reads the variable from its process, or else from ``.env`` and ``.env.local``.
    """
    name = os.environ.get("CLOUDFLARE_ENV")
    if not name:
        name, _ = _env_files(folder, None, os.environ).get("CLOUDFLARE_ENV", ("", ""))
    return name or None


def secrets(folder: Path, environment: str | None, *, declared: bool) -> Secrets:
    """Return the secrets in ``.dev.vars``, or if it is missing, in ``.env`` and its variants.

    File names and controlling environment variables are as in ``wrangler dev``.

    Args:
        folder: The folder of the configuration.
        environment: The name of an environment. ``.dev.vars.<name>`` replaces ``.dev.vars``.
        declared: True if the configuration has ``secrets``. The process's variables count
            then, too.
    """
    suffix = "" if environment is None else f".{environment}"
    for name in dict.fromkeys([f".dev.vars{suffix}", ".dev.vars"]):
        path = folder / name
        if is_file(path):
            return _with_origin(path, _dotenv.parse(read(path)))
    if os.environ.get("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "true").lower() == "false":
        return {}
    # The process's own variables count only if they are asked for: it has many.
    included = os.environ.get("CLOUDFLARE_INCLUDE_PROCESS_ENV", "").lower() == "true"
    outside = dict(os.environ) if declared or included else {}
    return {
        **{name: (value, f"{name}: ") for name, value in outside.items()},
        **_env_files(folder, environment, outside),
    }


def _env_files(folder: Path, environment: str | None, outside: Mapping[str, str]) -> Secrets:
    """Return the variables of ``.env`` and its variants; later files replace earlier ones."""
    names = [".env", ".env.local"]
    if environment is not None:
        names += [f".env.{environment}", f".env.{environment}.local"]
    parsed: dict[str, str] = {}
    origins: dict[str, tuple[Path, str]] = {}
    for name in names:
        path = folder / name
        if is_file(path):
            text = read(path)
            variables = _dotenv.parse(text)
            parsed |= variables
            origins |= dict.fromkeys(variables, (path, text))
    endless: list[str] = []
    expanded = _dotenv.expand(parsed, outside, endless)
    if endless:
        path, text = origins[endless[0]]
        place = f"{shown(path)}:{_dotenv.line_of(text, endless[0])}: {endless[0]}"
        message = "expected references that end, got one that never does; write \\$ for a $"
        raise ConfigError(f"{place}: {message}")
    return {name: (value, f"{origins[name][0].name}: {name}: ") for name, value in expanded.items()}


def _with_origin(path: Path, variables: dict[str, str]) -> Secrets:
    return {name: (value, f"{path.name}: {name}: ") for name, value in variables.items()}


def as_json(value: Any) -> Any:
    """Return a variable as the Worker reads it: it travels as JSON.

    A date inside of a table becomes its text, and a number that JSON lacks becomes None.
    """
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {key: as_json(item) for key, item in members.items()}
    if isinstance(value, list):
        return [as_json(item) for item in cast("list[Any]", value)]
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, (date, time)):
        return _iso(value)
    return value


def _iso(value: date | time) -> str:
    """Return a date or time as wrangler's reader of TOML writes it: with milliseconds."""
    if isinstance(value, (datetime, time)):
        text = value.isoformat(timespec="milliseconds")
        return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
    return value.isoformat()
