"""What the files ``_headers`` and ``_redirects`` among static assets say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["HeaderRule", "Redirect", "RedirectRule", "headers_in", "redirects_in"]


class Pattern:
    """The path, or the URL without its query, that a rule is for: ``*`` is any text, ``:name`` a
    part of it."""

    def __init__(self, text: str) -> None:
        self._whole = text.startswith("https://")
        pieces = re.split(r"(\*|(?<=/):[A-Za-z]\w*)", text)
        self._regex = re.compile("".join(map(_piece, pieces)))
        self.fixed: bool = len(pieces) == 1

    def match(self, url: str) -> dict[str, str] | None:
        """What the placeholders stand for, if the rule is for this URL."""
        parts = urlsplit(url)
        path = parts.path or "/"
        found = self._regex.fullmatch(f"https://{parts.hostname}{path}" if self._whole else path)
        return found and found.groupdict()


def _piece(text: str) -> str:
    if text == "*":
        return "(?P<splat>.*)"
    return f"(?P<{text[1:]}>[^/]+)" if text.startswith(":") else re.escape(text)


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f":{name}", value)
    return text


class HeaderRule:
    """Headers for the paths of a pattern; None takes one away."""

    def __init__(self, pattern: str) -> None:
        self._pattern = Pattern(pattern)
        self.headers: list[tuple[str, str | None]] = []

    def of(self, url: str) -> Iterator[tuple[str, str | None]]:
        values = self._pattern.match(url)
        if values is not None:
            for name, value in self.headers:
                yield name, None if value is None else _filled(value, values)


def headers_in(file: Path | None) -> list[HeaderRule]:
    """The rules of a ``_headers`` file; lines that say nothing are left out, as wrangler does."""
    rules: list[HeaderRule] = []
    for line in _lines(file):
        name, colon, value = line.partition(":")
        if line.startswith(("/", "https://")):
            rules.append(HeaderRule(line))
        elif rules and line.startswith("!"):
            rules[-1].headers.insert(0, (line[1:].strip().lower(), None))
        elif rules and colon and name.strip() and " " not in name.strip():
            rules[-1].headers.append((name.strip().lower(), value.strip()))
    return rules


class Redirect(NamedTuple):
    """Where a request goes; with status 200 it is another file that answers it."""

    to: str
    status: int


class RedirectRule:
    """A line of a ``_redirects`` file."""

    def __init__(self, pattern: str, to: str, status: int) -> None:
        self.pattern: Pattern = Pattern(pattern)
        self._to = to
        self._status = status

    def matched(self, url: str) -> Redirect | None:
        """Where the rule sends a request for this URL, if it is for it."""
        values = self.pattern.match(url)
        if values is None:
            return None
        to = _filled(self._to, values)
        return Redirect(to if "://" in to else re.sub("/+", "/", to), self._status)


def redirects_in(file: Path | None) -> list[RedirectRule]:
    """The rules of a ``_redirects`` file, those without placeholders first."""
    rules: list[RedirectRule] = []
    for line in _lines(file):
        tokens = re.sub(r"\s+#.*", "", line).split()
        status = tokens[2] if len(tokens) == 3 else "302"
        if len(tokens) in (2, 3) and status in ("200", "301", "302", "303", "307", "308"):
            rules.append(RedirectRule(tokens[0], tokens[1], int(status)))
    return sorted(rules, key=lambda rule: not rule.pattern.fixed)


def _lines(file: Path | None) -> Iterator[str]:
    if file is not None:
        for line in file.read_text().splitlines():
            if line.strip() and not line.strip().startswith("#"):
                yield line.strip()
