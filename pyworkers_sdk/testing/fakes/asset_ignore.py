"""Read ``.assetsignore``: the files of a folder that are not assets.

The patterns are ``.gitignore``'s, without regard to case, as in wrangler. The package pathspec
would take 15 s for one name and a pattern with eight stars; here the time grows with the length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..config.errors import ConfigError, read, shown

__all__ = ["Ignored"]

NAME = ".assetsignore"


class Ignored:
    """The files that the patterns of a folder exclude."""

    def __init__(self, folder: Path, rules: Iterable[str] = ()) -> None:
        """Read the file of a folder, if there is one.

        Args:
            folder: The folder of the assets.
            rules: Patterns that come before the file.

        Raises:
            ConfigError: The file is not UTF-8, or has a null character.
        """
        file = folder / NAME
        text = read(file, strict=True) if file.is_file() else ""
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise ConfigError(f"{shown(file)}:{line}: expected text, got a null character")
        lines = [*rules, *text.split("\n")]
        self._rules = [rule for line in lines if (rule := _rule(line)) is not None]
        self._folders: dict[str, bool] = {}

    def __contains__(self, path: str) -> bool:
        """Return True if a file is excluded, by its path or by a folder above it."""
        folder = path.rpartition("/")[0]
        if not self._rules:
            return False
        return (folder != "" and self._excludes_folder(folder)) or self._excludes(path)

    def _excludes_folder(self, folder: str) -> bool:
        if folder not in self._folders:
            above = folder.rpartition("/")[0]
            excluded = above != "" and self._excludes_folder(above)
            self._folders[folder] = excluded or self._excludes(f"{folder}/")
        return self._folders[folder]

    def _excludes(self, path: str) -> bool:
        excluded = False
        for rule in self._rules:  # the last rule that matches decides
            if rule.excludes != excluded and rule.pattern.match(path):
                excluded = rule.excludes
        return excluded


class Rule(NamedTuple):
    """A line: a pattern that excludes paths, or includes them again."""

    pattern: re.Pattern[str]
    excludes: bool


def _rule(line: str) -> Rule | None:
    """Return the rule of a line; None for a comment or an empty line."""
    line = re.sub(r"(?<!\\)\s+$", "", line)
    if not line or line.startswith("#"):
        return None
    includes = line.startswith("!")
    line = line.removeprefix("!")
    is_folder, line = line.endswith("/"), line.rstrip("/")
    start = "" if "/" in line else "(?:.*/)?"
    parts = [part for part in line.split("/") if part]
    if not parts:  # "!" includes every file again, as in wrangler
        return Rule(re.compile(""), False) if includes and not is_folder else None
    source = start + "".join(map(_part, parts[:-1])) + _last(parts[-1], is_folder)
    return Rule(re.compile(source, re.I | re.S), not includes)


def _part(part: str) -> str:
    """Return the expression of a folder in a pattern."""
    return "(?:[^/]+/)*" if part == "**" else _glob(part) + "/"


def _last(part: str, is_folder: bool) -> str:
    if part == "**":
        return ".+/$" if is_folder else ".+$"
    return _glob(part) + ("/$" if is_folder else "/?$")


def _glob(part: str) -> str:
    """Return the expression of one part between slashes: ``*``, ``?``, ``[a-z]`` and ``\\``.

    Text after a ``*`` is found where it occurs first, so that no name takes long.
    """
    if not part.strip("*"):
        return "[^/]+"
    chunks = [_chunk(chunk) for chunk in re.split(r"(?<!\\)\*+", part)]
    first, *rest = chunks
    if not rest:
        return first
    between = "".join(f"(?>[^/]*?{chunk})" for chunk in rest[:-1] if chunk)
    return f"{first}{between}[^/]*{rest[-1]}"


def _chunk(text: str) -> str:
    source, at = "", 0
    while at < len(text):
        character = text[at]
        end = text.find("]", at + 2) if character == "[" else -1
        if end > 0:
            source += _range(text[at + 1 : end])
            at = end
        elif character == "?":
            source += "[^/]"
        else:
            at += character == "\\" and at + 1 < len(text)
            source += re.escape(text[at])
        at += 1
    return source


def _range(text: str) -> str:
    """Return the expression of a class of characters. An invalid class matches nothing.

    Unlike in ``.gitignore``, "!" and "^" stand for themselves.
    """
    escaped = text.replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
    source = f"[{escaped}]"
    try:
        re.compile(source)
    except re.error:
        return "(?!)"
    return source
