"""Static assets over a directory.

The steps of a request: redirect rules, then the file that the path means (``HTML``, by
``html_handling``), then ``not_found_handling``; header rules last. tests/contract/test_assets.py
asserts the result of each kind of path in workerd, where Cloudflare's own asset Worker answers.

https://developers.cloudflare.com/workers/static-assets/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import md5
from os import PathLike, walk
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias
from urllib.parse import quote, unquote_to_bytes, urlsplit

from ..._border import web
from ...assets import Assets
from ..config.text import is_file, is_folder
from ..runtime.rpc import FakeStub
from ..runtime.scheduling import yield_after
from .asset_ignore import Ignored
from .asset_rules import HeaderRule, RedirectRules, headers_in, redirects_in

if TYPE_CHECKING:
    from ..config.config import Bound
    from ..config.sections import Worker
    from ..runtime.host import Script

__all__ = [
    "FakeAssets",
    "Front",
    "HTMLHandling",
    "NotFoundHandling",
    "assets",
    "bound",
    "configured",
]

HTMLHandling: TypeAlias = Literal[
    "auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"
]
NotFoundHandling: TypeAlias = Literal["none", "single-page-application", "404-page"]


def assets(
    directory: str | PathLike[str],
    *,
    html_handling: HTMLHandling = "auto-trailing-slash",
    not_found_handling: NotFoundHandling = "none",
) -> Assets:
    """Return the files of a directory as a Worker's assets.

    The list of files is read once, and so are the rules in ``_headers``, ``_redirects`` and
    ``.assetsignore``. A rule that is not valid is skipped with a warning. Links that lead out of
    the directory are ignored.

    Args:
        directory: The folder of the files.
        html_handling: The addresses of HTML pages, as in a wrangler configuration.
        not_found_handling: The response to a path without a file, as in a wrangler configuration.

    Raises:
        ValueError: ``directory`` is not a directory.
    """
    return Assets(FakeAssets(directory, html_handling, not_found_handling))


def bound(hints: tuple[Any, ...], name: str, script: Script) -> FakeStub:
    """Return the binding for an annotation ``Assets``. It has no files: each call is an error."""

    async def refuse(method: str, args: list[Any]) -> Any:
        raise TypeError(f'{name or "Assets"} has no files; pass a directory: {name}="public"')

    return FakeStub(refuse)


class Front(NamedTuple):
    """Assets in front of a Worker: they answer a request unless the Worker comes first."""

    assets: FakeAssets
    worker_first: bool | list[str]
    """The setting ``run_worker_first``: True for all paths, or a list of rules.

    In a rule "*" stands for any text, and a leading "!" excludes paths.
    """

    def takes(self, request: Any) -> bool:
        """Return True if the assets answer this request."""
        first = self.worker_first
        if isinstance(first, bool):
            return not first and self.assets.serves(request, missing_too=False)
        path = urlsplit(str(request.url)).path or "/"
        if any(_matches(rule[1:], path) for rule in first if rule.startswith("!")):
            return True
        if any(_matches(rule, path) for rule in first):
            return False
        return self.assets.serves(request, missing_too=True)


def _matches(rule: str, path: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, rule.split("*"))), path) is not None


class Match(NamedTuple):
    """The result of a look-up: a file, or the path to redirect the client to."""

    file: str | None = None
    status: int = 200
    redirect: str | None = None


class FakeAssets(FakeStub):
    """An assets binding. JS: Fetcher."""

    def __init__(
        self,
        directory: str | PathLike[str],
        html_handling: HTMLHandling = "auto-trailing-slash",
        not_found_handling: NotFoundHandling = "none",
    ) -> None:
        super().__init__(self._fetch)
        root = Path(directory).resolve()
        if not root.is_dir():
            raise ValueError(f"directory: expected a directory, got {str(directory)!r}")
        files = {path.relative_to(root).as_posix(): path for path in _files(root)}
        self._headers: list[HeaderRule] = headers_in(files.get("_headers"))
        self._redirects: RedirectRules = redirects_in(files.get("_redirects"), html_handling)
        ignored = Ignored(root, RULES)
        self._files = {f"/{name}": path for name, path in files.items() if name not in ignored}
        self._html = HTML[html_handling]
        self._not_found = not_found_handling

    @yield_after
    async def _fetch(self, method: str, args: list[Any]) -> Any:
        (request,) = args
        response = self._respond(request)
        for name, value in self._header_changes(request.url):
            if value is None:
                response.headers.delete(name)
            else:
                response.headers.append(name, value)
        return response

    def _header_changes(self, url: str) -> Iterator[tuple[str, str | None]]:
        """Yield the headers that the rules append to a response; None removes a header."""
        seen: set[str] = set()
        for rule in self._headers:
            for name, value in rule.of(url):
                if value is not None and name not in seen:
                    seen.add(name)
                    yield name, None  # the first rule replaces the file's own, later ones append
                yield name, value

    def _respond(self, request: Any) -> Any:
        url = urlsplit(str(request.url))
        path = url.path or "/"
        redirect = self._redirects.match(request.url)
        if redirect is not None and redirect.status != 200:
            return _redirect(redirect.to, redirect.status, url.query)
        if redirect is not None:  # status 200 serves another file under this path
            path = redirect.to
        decoded = _decoded(path)
        match = self._match(decoded)
        # The order is the runtime's (test_methods_other_than_get_and_head_are_a_405): a missing
        # file is 404 whatever the method.
        if match is None:
            return web.Response.new(None, status=404)
        if request.method not in ("GET", "HEAD"):
            return web.Response.new(None, status=405)
        # Each page has one address: other spellings of its path ("//a", "/%61") are redirected.
        address = _encoded(match.redirect or decoded)
        if match.redirect or address != path:
            return _redirect(address, 307, url.query)
        assert match.file
        return self._file(match.file, match.status, request)

    def serves(self, request: Any, *, missing_too: bool) -> bool:
        """Return True if a request is answered before the Worker sees it.

        A file (whatever the method) or a redirect rule answers it. With ``missing_too``, and for a
        browser's navigation, so does ``not_found_handling``.
        """
        if self._redirects.match(request.url) is not None:
            return True
        path = _decoded(urlsplit(str(request.url)).path or "/")
        # A browser's navigation prefers assets: the flag
        # assets_navigation_prefers_asset_serving is the default since 2025-04-01.
        missing_too = missing_too or request.headers.get("sec-fetch-mode") == "navigate"
        look_up = self._match if missing_too else self._match_file
        return look_up(path, redirects=True) is not None

    def _file(self, name: str, status: int, request: Any) -> Any:
        data = self._files[name].read_bytes()
        tag = f'"{md5(data, usedforsecurity=False).hexdigest()}"'
        headers = [["ETag", tag]]
        if media_type := _media_type(name):
            headers.append(["Content-Type", media_type])
        # The runtime lets a client cache only plain requests
        # (test_responses_to_range_and_authorization_are_not_cacheable).
        if not (request.headers.has("authorization") or request.headers.has("range")):
            headers.append(["Cache-Control", "public, max-age=0, must-revalidate"])
        headers.append(["CF-Cache-Status", "HIT"])
        if request.headers.get("if-none-match") in (tag, f"W/{tag}"):
            return web.Response.new(None, status=304, headers=headers)
        body = None if request.method == "HEAD" else data
        return web.Response.new(body, status=status, headers=headers)

    # Look-up: the file that a path means

    def _match(self, path: str, *, redirects: bool = True) -> Match | None:
        return self._match_file(path, redirects=redirects) or self._match_missing(path)

    def _match_file(self, path: str, *, redirects: bool) -> Match | None:
        for file, address in self._html(path):
            if file not in self._files:
                continue
            if address is None:
                return Match(file)
            # Redirect only to an address that serves this very file, so that no loop can arise.
            if redirects and address not in self._files and self._served_at(address) == file:
                return Match(redirect=address)
        return None

    def _served_at(self, path: str) -> str | None:
        """Return the file that a path serves without a redirect."""
        match = self._match(path, redirects=False)
        return match.file if match else None

    def _match_missing(self, path: str) -> Match | None:
        if self._not_found == "single-page-application" and "/index.html" in self._files:
            return Match("/index.html")
        if self._not_found == "404-page":
            while path:  # the nearest 404.html, from the path's folder upwards
                path = path[: path.rindex("/")]
                if f"{path}/404.html" in self._files:
                    return Match(f"{path}/404.html", 404)
        return None


RULES = ("/.assetsignore", "/_redirects", "/_headers")
"""Files that hold rules. They are not served, unless .assetsignore includes them with "!"."""

Step: TypeAlias = tuple[str, str | None]
"""A file to look for, and the address to redirect to; None serves the file itself."""

# One generator for each html_handling. The first step whose file exists decides. The order of the
# steps is that of the runtime: PAGES in tests/contract/test_assets.py has the results.


def _auto(path: str) -> Iterator[Step]:
    if path.endswith("/index"):
        stem = path[:-6]
        yield path, None
        yield f"{stem}/index.html", f"{stem}/"
        yield f"{stem}.html", stem
    elif path.endswith("/index.html"):
        stem = path[:-11]
        yield path, f"{stem}/"
        yield f"{stem}.html", stem
    elif path.endswith("/"):
        yield f"{path}index.html", None
        yield f"{path[:-1]}.html", path[:-1]
    elif path.endswith(".html"):
        stem = path[:-5]
        yield path, stem
        yield f"{stem}/index.html", f"{stem}/"
    yield path, None
    yield f"{path}.html", None
    yield f"{path}/index.html", f"{path}/"


def _force(path: str) -> Iterator[Step]:
    if path.endswith("/index"):
        stem = path[:-6]
        yield path, None
        yield f"{stem}/index.html", f"{stem}/"
        yield f"{stem}.html", f"{stem}/"
    elif path.endswith("/index.html"):
        stem = path[:-11]
        yield path, f"{stem}/"
        yield f"{stem}.html", f"{stem}/"
    elif path.endswith("/"):
        yield f"{path}index.html", None
        yield f"{path[:-1]}.html", None
    elif path.endswith(".html"):
        stem = path[:-5]
        yield path, f"{stem}/"
        yield path, None
        yield f"{stem}/index.html", f"{stem}/"
    yield path, None
    yield f"{path}.html", f"{path}/"
    yield f"{path}/index.html", f"{path}/"


def _drop(path: str) -> Iterator[Step]:
    if path.endswith("/index"):
        stem = path[:-6]
        yield path, None
        yield f"{stem}/index.html", stem or "/"
        yield f"{stem}.html", stem or "/"
    elif path.endswith("/index.html"):
        stem = path[:-11]
        yield path, stem or "/"
        yield path, None
        yield f"{stem}.html", stem or "/"
    elif path == "/":
        yield "/index.html", None
    elif path.endswith("/"):
        yield f"{path[:-1]}.html", path[:-1]
        yield f"{path}index.html", path[:-1]
    elif path.endswith(".html"):
        stem = path[:-5]
        yield path, stem
        yield f"{stem}/index.html", stem
    yield path, None
    yield f"{path}.html", None
    yield f"{path}/index.html", None


def _exact(path: str) -> Iterator[Step]:
    yield path, None


HTML: Mapping[str, Any] = {
    "auto-trailing-slash": _auto,
    "force-trailing-slash": _force,
    "drop-trailing-slash": _drop,
    "none": _exact,
}


# Paths and names


def _files(root: Path) -> Iterator[Path]:
    """Yield every file below a folder. A link is followed if it leads inside."""
    for folder, _, names in walk(root):
        for name in names:
            path = Path(folder, name)
            if is_file(path) and path.resolve().is_relative_to(root):
                yield path


def _decoded(path: str) -> str:
    """Decode a path, and merge repeated slashes. A part with invalid UTF-8 in %XX is kept."""
    return re.sub("/+", "/", "/".join(map(_part, path.split("/"))))


def _part(part: str) -> str:
    if re.search("%(?![0-9A-Fa-f]{2})", part):  # "50%": JavaScript's decodeURIComponent throws
        return part
    try:
        return unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        return part


def _encoded(path: str) -> str:
    return "/".join(quote(part, safe="!'()*~") for part in path.split("/"))


def _redirect(to: str, status: int, query: str) -> Any:
    address, mark, fragment = to.partition("#")
    if query and "?" not in address:  # the query of the request is kept unless the target has one
        address = f"{address}?{query}"
    return web.Response.new(None, status=status, headers=[["Location", address + mark + fragment]])


# Media type -> file name extensions. Text has "; charset=utf-8" appended.
_MEDIA_TYPES = {
    "application/gzip": "gz",
    "application/json": "json map",
    "application/manifest+json": "webmanifest",
    "application/octet-stream": "bin exe",
    "application/pdf": "pdf",
    "application/vnd.ms-fontobject": "eot",
    "application/wasm": "wasm",
    "application/xml": "xml",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "font/otf": "otf",
    "font/ttf": "ttf",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/avif": "avif",
    "image/gif": "gif",
    "image/jpeg": "jpeg jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/vnd.microsoft.icon": "ico",
    "image/webp": "webp",
    "text/calendar": "ics",
    "text/css": "css",
    "text/csv": "csv",
    "text/html": "html htm",
    "text/javascript": "js mjs",
    "text/markdown": "md",
    "text/plain": "txt",
    "text/yaml": "yaml yml",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
_BY_EXTENSION = {
    extension: media_type
    for media_type, extensions in _MEDIA_TYPES.items()
    for extension in extensions.split()
}


def _media_type(name: str) -> str | None:
    media_type = _BY_EXTENSION.get(name.rpartition(".")[2].lower())
    is_text = media_type is not None and media_type.startswith("text/")
    return f"{media_type}; charset=utf-8" if is_text else media_type


def configured(bound: Bound, worker: Worker) -> FakeAssets | None:
    """Make the assets of a configuration, and put them in front of its Worker."""
    settings = bound.settings
    if settings.directory is None:
        return None
    folder = worker.config.folder / settings.directory
    if not is_folder(folder):
        message = f"missing folder {settings.directory}"
        raise worker.config.error(message, *bound.place, "directory")
    files = FakeAssets(folder, settings.html_handling, settings.not_found_handling)
    worker.script.front = Front(files, settings.run_worker_first)
    return files
