"""Static assets in front of a Worker: each request as seen in workerd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk.testing import FakeRuntime
from tests.worker_project import COMPATIBLE

MAIN = """
from pyworkers_sdk import Request, Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        return Response("worker")
"""
FILES = {
    "index.html": "home",
    "404.html": "none",
    "a.txt": "a",
    "api/x.txt": "x",
    "api/d/y.txt": "y",
}
LISTED = ["/api/*", "/a.txt", "!/api/d/*"]
NAVIGATES = {"sec-fetch-mode": "navigate"}


def runtime(folder: Path, missing: str, first: Any) -> FakeRuntime[Any]:
    (folder / "main.py").write_text(MAIN)
    for name, text in FILES.items():
        (folder / "public" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "public" / name).write_text(text)
    (folder / "public" / "_redirects").write_text("/old /a.txt 301\n")
    assets = {"directory": "public", "not_found_handling": missing, "run_worker_first": first}
    config = {"name": "a", "main": "main.py", **COMPATIBLE, "assets": assets}
    (folder / "wrangler.json").write_text(json.dumps(config))
    return FakeRuntime.from_config(folder / "wrangler.json", fresh=True)


@pytest.mark.parametrize(
    ("missing", "first", "method", "path", "headers", "status", "text"),
    [
        ("none", False, "GET", "/", {}, 200, "home"),
        ("none", False, "GET", "/nothing", {}, 200, "worker"),
        ("none", False, "GET", "/_redirects", {}, 200, "worker"),
        ("none", False, "GET", "/old", {}, 301, ""),
        ("none", False, "POST", "/a.txt", {}, 405, ""),
        ("none", False, "POST", "/nothing", {}, 200, "worker"),
        ("none", False, "GET", "/nothing", NAVIGATES, 200, "worker"),
        ("none", True, "GET", "/a.txt", {}, 200, "worker"),
        ("none", LISTED, "GET", "/a.txt", {}, 200, "worker"),
        ("none", LISTED, "GET", "/", {}, 200, "home"),
        ("none", LISTED, "GET", "/api/x.txt", {}, 200, "worker"),
        ("none", LISTED, "GET", "/api/d/y.txt", {}, 200, "y"),
        ("none", LISTED, "GET", "/nothing", {}, 200, "worker"),
        ("404-page", False, "GET", "/nothing", {}, 200, "worker"),
        ("404-page", False, "GET", "/nothing", NAVIGATES, 404, "none"),
        ("404-page", LISTED, "GET", "/nothing", {}, 404, "none"),
        ("404-page", LISTED, "POST", "/nothing", {}, 405, ""),
        ("single-page-application", False, "GET", "/nothing", {}, 200, "worker"),
        ("single-page-application", False, "GET", "/nothing", NAVIGATES, 200, "home"),
        ("single-page-application", LISTED, "GET", "/nothing", {}, 200, "home"),
    ],
)
@pytest.mark.asyncio
async def test_assets_or_worker_answer_a_request_by_the_rules(
    tmp_path: Path,
    missing: str,
    first: Any,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    text: str,
) -> None:
    served = runtime(tmp_path, missing, first)
    response = await served.fetch(f"https://e.com{path}", method=method, headers=headers)
    assert (response.status, await response.text()) == (status, text)
