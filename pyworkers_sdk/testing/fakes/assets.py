"""Static assets over a directory."""

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
from ..runtime.rpc import FakeStub
from ..runtime.scheduling import yield_after
from .asset_rules import HeaderRule, RedirectRule, headers_in, redirects_in

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
    """The files of a directory as a Worker's assets, read once, and with what its ``_headers`` and
    ``_redirects`` say. Links that lead out of the directory are left out."""
    return Assets(FakeAssets(directory, html_handling, not_found_handling))


def bound(hints: tuple[Any, ...], name: str, script: Script) -> FakeStub:
    """The binding that ``Assets`` declares: nobody has said which files."""

    async def refuse(method: str, args: list[Any]) -> Any:
        raise TypeError(f'{name or "Assets"} has no files: give a directory, {name}="public"')

    return FakeStub(refuse)


class Front(NamedTuple):
    """Assets that stand before a Worker, but for what is said to reach it first."""

    assets: FakeAssets
    worker_first: bool | list[str]
    """All, or paths: "*" stands for anything, and a leading "!" makes an exception."""

    def takes(self, request: Any) -> bool:
        """Whether the assets answer this request."""
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


class Found(NamedTuple):
    """What a path leads to: a file, or the path where it is to be asked for."""

    file: str | None = None
    status: int = 200
    redirect: str | None = None


class FakeAssets(FakeStub):
    """JS: Fetcher, of an assets binding."""

    def __init__(
        self,
        directory: str | PathLike[str],
        html_handling: HTMLHandling = "auto-trailing-slash",
        not_found_handling: NotFoundHandling = "none",
    ) -> None:
        super().__init__(self._answered)
        root = Path(directory).resolve()
        if not root.is_dir():
            raise ValueError(f"{directory} is no directory")
        self._files = {"/" + path.relative_to(root).as_posix(): path for path in _files(root)}
        headers, redirects = (self._files.pop(f"/{name}", None) for name in RULES)
        self._headers: list[HeaderRule] = headers_in(headers)
        self._redirects: list[RedirectRule] = redirects_in(redirects)
        self._html = HTML[html_handling]
        self._not_found = not_found_handling

    @yield_after
    async def _answered(self, method: str, args: list[Any]) -> Any:
        (request,) = args
        response = self._answer(request)
        for name, value in self._more_headers(request.url):
            if value is None:
                response.headers.delete(name)
            else:
                response.headers.append(name, value)
        return response

    def _more_headers(self, url: str) -> Iterator[tuple[str, str | None]]:
        seen: set[str] = set()
        for rule in self._headers:
            for name, value in rule.of(url):
                if value is not None and name not in seen:
                    seen.add(name)
                    yield name, None  # the first rule's stands in place of the file's own
                yield name, value

    def _answer(self, request: Any) -> Any:
        url = urlsplit(str(request.url))
        path = url.path or "/"
        rule = next(filter(None, (each.matched(request.url) for each in self._redirects)), None)
        if rule is not None and rule.status != 200:
            return _redirect(rule.to, rule.status, url.query)
        if rule is not None:
            path = rule.to
        decoded = _decoded(path)
        found = self._found(decoded)
        if found is None:
            return web.Response.new(None, status=404)
        if request.method not in ("GET", "HEAD"):
            return web.Response.new(None, status=405)
        address = _encoded(found.redirect or decoded)
        if found.redirect or address != path:
            return _redirect(address, 307, url.query)
        assert found.file
        return self._file(found.file, found.status, request)

    def serves(self, request: Any, *, missing_too: bool) -> bool:
        """Whether a request is answered before the Worker sees it: by a file, whatever the method,
        or by a rule; or, for a browser's navigation, as what is not found is."""
        if any(each.matched(request.url) for each in self._redirects):
            return True
        path = _decoded(urlsplit(str(request.url)).path or "/")
        missing_too = missing_too or request.headers.get("sec-fetch-mode") == "navigate"
        return (self._found if missing_too else self._by_html)(path, redirects=True) is not None

    def _file(self, name: str, status: int, request: Any) -> Any:
        data = self._files[name].read_bytes()
        tag = f'"{md5(data, usedforsecurity=False).hexdigest()}"'
        headers = [["ETag", tag]]
        if kind := _media_type(name):
            headers.append(["Content-Type", kind])
        if not (request.headers.has("authorization") or request.headers.has("range")):
            headers.append(["Cache-Control", "public, max-age=0, must-revalidate"])
        headers.append(["CF-Cache-Status", "HIT"])
        if request.headers.get("if-none-match") in (tag, f"W/{tag}"):
            return web.Response.new(None, status=304, headers=headers)
        body = None if request.method == "HEAD" else data
        return web.Response.new(body, status=status, headers=headers)

    # Which file a path means

    def _found(self, path: str, *, redirects: bool = True) -> Found | None:
        return self._by_html(path, redirects=redirects) or self._missing(path)

    def _by_html(self, path: str, *, redirects: bool) -> Found | None:
        for file, address in self._html(path):
            if file not in self._files:
                continue
            if address is None:
                return Found(file)
            if redirects and address not in self._files and self._means(address) == file:
                return Found(redirect=address)
        return None

    def _means(self, path: str) -> str | None:
        """The file that a path gives without a redirect."""
        found = self._found(path, redirects=False)
        return found.file if found else None

    def _missing(self, path: str) -> Found | None:
        if self._not_found == "single-page-application" and "/index.html" in self._files:
            return Found("/index.html")
        if self._not_found == "404-page":
            while path:
                path = path[: path.rindex("/")]
                if f"{path}/404.html" in self._files:
                    return Found(f"{path}/404.html", 404)
        return None


RULES = ("_headers", "_redirects")

Step: TypeAlias = tuple[str, str | None]
"""A file to look for, and the address to send the client to: None where the file is given."""


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
    """Every file below, wherever links lead inside."""
    for folder, _, names in walk(root):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and path.resolve().is_relative_to(root):
                yield path


def _decoded(path: str) -> str:
    """A path in plain text, each slash once; what is not UTF-8 in %XX stays as it is."""
    return re.sub("/+", "/", "/".join(map(_part, path.split("/"))))


def _part(part: str) -> str:
    if re.search("%(?![0-9A-Fa-f]{2})", part):
        return part
    try:
        return unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        return part


def _encoded(path: str) -> str:
    return "/".join(quote(part, safe="!'()*~") for part in path.split("/"))


def _redirect(to: str, status: int, query: str) -> Any:
    address, mark, fragment = to.partition("#")
    if query and "?" not in address:
        address = f"{address}?{query}"
    return web.Response.new(None, status=status, headers=[["Location", address + mark + fragment]])


_MEDIA = {
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
_KINDS = {ending: kind for kind, endings in _MEDIA.items() for ending in endings.split()}


def _media_type(name: str) -> str | None:
    kind = _KINDS.get(name.rpartition(".")[2].lower())
    return f"{kind}; charset=utf-8" if kind and kind.startswith("text/") else kind


def configured(bound: Bound, worker: Worker) -> FakeAssets | None:
    """Make the assets of a configuration, and put them in front of its Worker."""
    settings = bound.settings
    if settings.directory is None:
        return None
    folder = worker.config.folder / settings.directory
    if not folder.is_dir():
        message = f"missing folder {settings.directory}"
        raise worker.config.error(message, *bound.place, "directory")
    files = FakeAssets(folder, settings.html_handling, settings.not_found_handling)
    worker.script.front = Front(files, settings.run_worker_first)
    return files
