"""The error and the warning of a configuration, and the paths and names in their messages."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

from .text import SyntaxFault, read_text

__all__ = ["ConfigError", "ConfigWarning", "nearest", "read", "shown", "warn"]


class ConfigError(ValueError):
    """A wrangler configuration is invalid, or a Worker does not agree with it.

    The message has one line for each fault: ``wrangler.jsonc:14: queues.consumers[0].queue: …``.
    """


class ConfigWarning(UserWarning):
    """A part of a configuration is skipped, as in wrangler: a rule of ``_headers``, for example."""


def read(path: Path, *, strict: bool = False) -> str:
    """Return the text of a file.

    Args:
        path: A file.
        strict: Refuse bytes that are not UTF-8.

    Raises:
        ConfigError: The file cannot be read, or is not UTF-8.
    """
    try:
        return read_text(path, strict=strict)
    except OSError as error:
        raise ConfigError(f"{shown(path)}: {error.strerror}") from None
    except ValueError as error:
        line = error.line if isinstance(error, SyntaxFault) else 1
        raise ConfigError(f"{shown(path)}:{line}: {error}") from None


def warn(path: Path | None, line: int, message: str) -> None:
    """Warn about a line of a file that is skipped."""
    assert path is not None
    warnings.warn(f"{shown(path)}:{line}: {message}", ConfigWarning, stacklevel=2)


def shown(path: Path) -> str:
    """Return a path as messages cite it: relative to the working directory if it lies inside."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?``, or "" if no known name is similar."""
    from difflib import get_close_matches

    if len(name) > 100:
        return ""
    close = get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""
