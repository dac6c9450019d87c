"""Parse the files ``_headers`` and ``_redirects`` of static assets.

A line that is not valid is skipped with a warning, as by wrangler, and the other rules work. The
lines are read as by miniflare; tests/contract/test_assets.py has an example of each rule.

https://developers.cloudflare.com/workers/static-assets/headers/
https://developers.cloudflare.com/workers/static-assets/redirects/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from ..._cpython.url import parse as parse_url
from ..config.errors import read, warn
from ..config.text import JS_SPACES

__all__ = ["HeaderRule", "Redirect", "RedirectRules", "headers_in", "redirects_in"]

MAX_LINE_LENGTH = 2000
MAX_HEADER_RULES = 100
MAX_STATIC_REDIRECTS = 2000
MAX_DYNAMIC_REDIRECTS = 100
STATUSES = ("200", "301", "302", "303", "307", "308")

_COMMENT = re.compile(rf"[{JS_SPACES}]+#[^\u2028\u2029]*$")
_SPECIAL = re.compile(r"[-/\\^$*+?.()|\[\]{}]")
_PLACEHOLDER = re.compile(r":([A-Za-z][A-Za-z0-9_]*)")
_HOST_PLACEHOLDER = re.compile(r":([A-Za-z][A-Za-z0-9_]*)(?=\\)")
_HOST = re.compile(r"https:\\/\\/([^/]*)")
_URL = re.compile(r"https://+([^/]+)/?(.*)")
_SUBSTITUTION = re.compile(r"\$([$&`'])")


class InvalidRule(ValueError):
    """A rule that is skipped."""


class Pattern:
    """The pattern of a rule: a path, or a URL without its query.

    ``*`` stands for any text, ``:name`` for one part between slashes.

    Raises:
        InvalidRule: A placeholder occurs twice.
    """

    def __init__(self, text: str) -> None:
        self._whole = text.startswith("https://")
        pieces = (_SPECIAL.sub(r"\\\g<0>", piece) for piece in text.split("*"))
        source = "(?P<splat>.*)".join(pieces)
        if host := _HOST.match(source):  # a placeholder in a host ends at a dot
            for name in _HOST_PLACEHOLDER.findall(host[1]):
                source = source.replace(f":{name}", f"(?P<{name}>[^/.]+)")
        for name in _PLACEHOLDER.findall(source):
            source = source.replace(f":{name}", f"(?P<{name}>[^/]+)")
        try:
            self._regex = re.compile(source)
        except re.error:
            raise InvalidRule("expected each placeholder once, got one twice") from None

    def match(self, url: str) -> dict[str, str] | None:
        """Return the values of the placeholders; None if the pattern does not match."""
        parts = urlsplit(url)
        path = parts.path or "/"
        # The scheme and the port of the request do not count.
        subject = f"https://{parts.hostname}{path}" if self._whole else path
        match = self._regex.fullmatch(subject)
        return match and match.groupdict()


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f":{name}", _substituted(value, f":{name}"))
    return text


def _substituted(value: str, placeholder: str) -> str:
    """Return a value as JavaScript's replaceAll takes it: ``$&`` stands for the placeholder."""
    texts = {"$": "$", "&": placeholder, "`": "", "'": ""}
    return _SUBSTITUTION.sub(lambda found: texts[found[1]], value)


# _headers ----------------------------------------------------------------------------------------


class HeaderRule:
    """The headers for the paths of a pattern: new values, and names of headers to remove."""

    def __init__(self, path: str) -> None:
        self._pattern = Pattern(path)
        self.values: dict[str, list[str]] = {}
        self.removed: list[str] = []

    def of(self, url: str) -> Iterator[tuple[str, str | None]]:
        """Yield the headers for a URL, with its placeholders filled in. None removes a header."""
        values = self._pattern.match(url)
        if values is not None:
            for name in self.removed:
                yield name, None
            for name, parts in self.values.items():
                yield name, _filled(", ".join(parts), values)


def headers_in(file: Path | None) -> list[HeaderRule]:
    """Return the rules of a ``_headers`` file."""
    rules: dict[str, HeaderRule] = {}
    reader = _Headers()
    for number, line in _lines(file):
        try:
            reader.read(line)
        except InvalidRule as error:
            warn(file, number, str(error))
        if reader.count > MAX_HEADER_RULES:
            warn(file, number, f"expected at most {MAX_HEADER_RULES} rules; the rest is skipped")
            break
    for path, rule in reader.rules:
        if rule.values or rule.removed:
            rules[path] = rule  # a later rule replaces one of the same path
    return list(rules.values())


class _Headers:
    """A reader of lines. A line belongs to the last path before it."""

    def __init__(self) -> None:
        self.rules: list[tuple[str, HeaderRule]] = []
        self._rule: HeaderRule | None = None
        self._skips = False  # the lines of an invalid path

    @property
    def count(self) -> int:
        return len(self.rules)

    def read(self, line: str) -> None:
        """Read a line.

        Raises:
            InvalidRule: The line is skipped.
        """
        if re.match(rf"[^{JS_SPACES}]+://|/", line):
            self._rule, self._skips = None, True
            path = _path(line, allows_host=True)
            if path.count("*") > 1:
                raise InvalidRule(f"expected one * at most, got {path}")
            self._rule, self._skips = HeaderRule(path), False
            self.rules.append((path, self._rule))
        elif not self._skips:
            self._read_header(line)

    def _read_header(self, line: str) -> None:
        name, colon, value = line.partition(":")
        name, value = name.strip(JS_SPACES).lower(), value.strip(JS_SPACES)
        if self._rule is None:
            raise InvalidRule("expected a path before the first header")
        if not colon:
            if not line.startswith("! "):
                raise InvalidRule("expected a path, or a header like name: value")
            self._rule.removed.append(line.removeprefix("! "))
        elif not name or " " in name:
            raise InvalidRule("expected a header's name without spaces before the colon")
        elif not value:
            raise InvalidRule(f"expected a value after {name}:")
        else:
            self._rule.values.setdefault(name, []).append(value)


# _redirects --------------------------------------------------------------------------------------


class Redirect(NamedTuple):
    """The target of a redirect. With status 200 another file is served under the same path."""

    to: str
    status: int


class RedirectRules:
    """The rules of a ``_redirects`` file: paths, and after them patterns in their order."""

    def __init__(self) -> None:
        self._paths: dict[str, Redirect] = {}
        self._patterns: list[tuple[Pattern, Redirect]] = []
        self._seen: set[str] = set()
        self._counts = [0, 0]  # of lines with paths, and of lines with patterns

    def match(self, url: str) -> Redirect | None:
        """Return the target for a URL; None if no rule matches."""
        found = self._paths.get(urlsplit(url).path or "/")
        if found is not None:
            return _target(found, {})
        for pattern, redirect in self._patterns:
            values = pattern.match(url)
            if values is not None:
                return _target(redirect, values)
        return None

    @property
    def is_full(self) -> bool:
        """True if no more lines are read."""
        return self._counts[1] > MAX_DYNAMIC_REDIRECTS

    def read(self, line: str, html_handling: str) -> None:
        """Read a line.

        Raises:
            InvalidRule: The line is skipped.
        """
        tokens = re.split(f"[{JS_SPACES}]+", _COMMENT.sub("", line))
        if len(tokens) not in (2, 3):
            raise InvalidRule(f"expected 2 or 3 words, got {len(tokens)}")
        path, to, status = _path(tokens[0]), tokens[1], (*tokens, "302")[2]
        if path.count("*") > 1:  # wrangler drops it later, without a word
            raise InvalidRule(f"expected one * at most, got {path}")
        is_path = not ("*" in path or _PLACEHOLDER.search(path) or self._counts[1])
        self._counts[not is_path] += 1
        if is_path and self._counts[0] > MAX_STATIC_REDIRECTS:
            raise InvalidRule(f"expected at most {MAX_STATIC_REDIRECTS} paths; it is skipped")
        if self.is_full:
            raise InvalidRule(
                f"expected at most {MAX_DYNAMIC_REDIRECTS} patterns; the rest is skipped"
            )
        to = _target_path(to)
        if status not in STATUSES:
            raise InvalidRule(f"expected a status of {', '.join(STATUSES)}, got {status[:20]}")
        if _is_loop(path, to, html_handling):
            raise InvalidRule("expected a target that does not lead back to the rule")
        if path in self._seen:
            raise InvalidRule(f"expected each path once, got {path} twice")
        self._seen.add(path)
        if status == "200" and to.startswith("https://"):
            raise InvalidRule("expected a path as the target of status 200")
        redirect = Redirect(to, int(status))
        if is_path:
            self._paths[path] = redirect
        else:
            self._patterns.append((Pattern(path), redirect))


def redirects_in(file: Path | None, html_handling: str = "auto-trailing-slash") -> RedirectRules:
    """Return the rules of a ``_redirects`` file.

    Args:
        file: The file; None has no rules.
        html_handling: As in a wrangler configuration. With "none", a rule may lead to ``/index``.
    """
    rules = RedirectRules()
    for number, line in _lines(file):
        try:
            rules.read(line, html_handling)
        except InvalidRule as error:
            warn(file, number, str(error))
        if rules.is_full:
            break
    return rules


def _target(redirect: Redirect, values: dict[str, str]) -> Redirect:
    to = _filled(redirect.to, values).strip(JS_SPACES)
    return Redirect(to if re.match(r"\w+://", to) else re.sub("/+", "/", to), redirect.status)


def _is_loop(path: str, to: str, html_handling: str) -> bool:
    """Return True if the address without ``/index`` would be redirected by the same rule."""
    if to.startswith("https://") or not re.search(r"/index(\.html)?$", to):
        return False
    return path.endswith("/*") or (path.endswith("/") and html_handling != "none")


# Lines and URLs ----------------------------------------------------------------------------------


def _lines(file: Path | None) -> Iterator[tuple[int, str]]:
    """Yield the lines with content, each with its number from 1."""
    if file is not None:
        for number, text in enumerate(read(file).split("\n"), 1):
            line = text.strip(JS_SPACES)
            if len(line) > MAX_LINE_LENGTH and not line.startswith("#"):
                warn(file, number, f"expected at most {MAX_LINE_LENGTH} characters in a line")
            elif line and not line.startswith("#"):
                yield number, line


def _path(text: str, *, allows_host: bool = False) -> str:
    """Return the normal form of the path of a rule, without its query."""
    url = _URL.match(text)
    if url is None:
        if not text.startswith("/"):
            if allows_host:
                raise InvalidRule('expected a path that begins with "/", or "https://"')
            text = f"/{text}"
        return _normal(text).partition("#")[0].partition("?")[0]
    if not allows_host:
        raise InvalidRule("expected a path, got a URL")
    if re.search(r":[0-9]+$", url[1]):
        raise InvalidRule("expected a URL without a port")
    return f"https://{url[1]}{_normal('/' + url[2]).partition('#')[0].partition('?')[0]}"


def _target_path(text: str) -> str:
    """Return the normal form of a target: a path or a URL, with its query and fragment."""
    url = _URL.match(text)
    if url is not None:
        return f"https://{url[1]}{_normal('/' + url[2])}"
    if not text.startswith("/"):
        raise InvalidRule('expected a target that begins with "/" or "https://"')
    return _normal(text)


def _normal(text: str) -> str:
    """Return a path in the normal form of a URL: encoded, and without "." and ".."."""
    href = parse_url("https://host" + text.replace("\\", "%5C"))
    return "/" if href is None else href.removeprefix("https://host")
