"""Parse the files ``_headers`` and ``_redirects`` of static assets.

https://developers.cloudflare.com/workers/static-assets/headers/
https://developers.cloudflare.com/workers/static-assets/redirects/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["HeaderRule", "Redirect", "RedirectRule", "headers_in", "redirects_in"]


class Pattern:
    """The pattern of a rule: a path, or a URL without its query.

    ``*`` stands for any text, ``:name`` for one part between slashes.
    """

    def __init__(self, text: str) -> None:
        self._whole = text.startswith("https://")
        pieces = re.split(r"(\*|(?<=/):[A-Za-z]\w*)", text)
        self._regex = re.compile("".join(map(_piece, pieces)))
        self.has_placeholders: bool = len(pieces) > 1

    def match(self, url: str) -> dict[str, str] | None:
        """Return the values of the placeholders; None if the pattern does not match."""
        parts = urlsplit(url)
        path = parts.path or "/"
        # The scheme and the port of the request do not count.
        subject = f"https://{parts.hostname}{path}" if self._whole else path
        match = self._regex.fullmatch(subject)
        return match and match.groupdict()


def _piece(text: str) -> str:
    if text == "*":  # a rule cites it as :splat
        return "(?P<splat>.*)"
    return f"(?P<{text[1:]}>[^/]+)" if text.startswith(":") else re.escape(text)


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f":{name}", value)
    return text


class HeaderRule:
    """The headers for the paths of a pattern. None removes a header."""

    def __init__(self, pattern: str) -> None:
        self._pattern = Pattern(pattern)
        self.headers: list[tuple[str, str | None]] = []

    def of(self, url: str) -> Iterator[tuple[str, str | None]]:
        """Yield the headers for a URL, with its placeholders filled in."""
        values = self._pattern.match(url)
        if values is not None:
            for name, value in self.headers:
                yield name, None if value is None else _filled(value, values)


def headers_in(file: Path | None) -> list[HeaderRule]:
    """Return the rules of a ``_headers`` file. Invalid lines are ignored, as in wrangler."""
    rules: list[HeaderRule] = []
    for line in _lines(file):
        name, colon, value = line.partition(":")
        if line.startswith(("/", "https://")):
            rules.append(HeaderRule(line))
        elif rules and line.startswith("!"):
            # Removals come first: a rule may remove the file's own header and set another.
            rules[-1].headers.insert(0, (line[1:].strip().lower(), None))
        elif rules and colon and name.strip() and " " not in name.strip():
            rules[-1].headers.append((name.strip().lower(), value.strip()))
    return rules


class Redirect(NamedTuple):
    """The target of a redirect. With status 200 another file is served under the same path."""

    to: str
    status: int


class RedirectRule:
    """A line of a ``_redirects`` file."""

    def __init__(self, pattern: str, to: str, status: int) -> None:
        self.pattern: Pattern = Pattern(pattern)
        self._to = to
        self._status = status

    def match(self, url: str) -> Redirect | None:
        """Return the target for a URL; None if the rule does not match."""
        values = self.pattern.match(url)
        if values is None:
            return None
        to = _filled(self._to, values)
        return Redirect(to if "://" in to else re.sub("/+", "/", to), self._status)


def redirects_in(file: Path | None) -> list[RedirectRule]:
    """Return the rules of a ``_redirects`` file. Rules without placeholders come first."""
    rules: list[RedirectRule] = []
    for line in _lines(file):
        # Lines with another number of words, or another status, are ignored, as in wrangler.
        tokens = re.sub(r"\s+#.*", "", line).split()
        status = tokens[2] if len(tokens) == 3 else "302"
        if len(tokens) in (2, 3) and status in ("200", "301", "302", "303", "307", "308"):
            rules.append(RedirectRule(tokens[0], tokens[1], int(status)))
    return sorted(rules, key=lambda rule: rule.pattern.has_placeholders)


def _lines(file: Path | None) -> Iterator[str]:
    if file is not None:
        for line in file.read_text().splitlines():
            if line.strip() and not line.strip().startswith("#"):
                yield line.strip()
