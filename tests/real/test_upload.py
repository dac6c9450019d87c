"""The upload of a Worker with KV and D1: its size, and a run on only the uploaded files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scripts import upload_size
from scripts.upload_size import BYTECODE, WORKER
from tests.real import worlds

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]

OFFICIAL, OURS, EXCLUDED = "the official SDK", "and this SDK", "the same, with exclude"
BOUNDS = {OURS: 150, EXCLUDED: 55}
"""The limits in KiB of gzip, beyond the upload with only the official SDK."""


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return upload_size.projects(tmp_path_factory.mktemp("upload"))


@pytest.fixture(scope="module")
def wrangler() -> None:
    try:
        worlds.wrangler()
    except worlds.WorldError as error:
        pytest.skip(f"npm cannot install wrangler: {str(error)[-300:]}")


@pytest.mark.parametrize("title", BOUNDS)
def test_upload_stays_within_its_bound(projects: dict[str, Path], title: str) -> None:
    official, size = (upload_size.by_hand(projects[name]) for name in (OFFICIAL, title))
    assert size.gzip - official.gzip <= BOUNDS[title]


@pytest.mark.usefixtures("wrangler")
@pytest.mark.parametrize("title", BOUNDS)
def test_upload_that_wrangler_reports_stays_within_its_bound(
    projects: dict[str, Path], title: str
) -> None:
    official, size = (upload_size.by_wrangler(projects[name]) for name in (OFFICIAL, title))
    assert size.gzip - official.gzip <= BOUNDS[title]
    by_hand = upload_size.by_hand(projects[title])
    assert size.modules == by_hand.modules
    assert size.raw == pytest.approx(by_hand.raw, abs=0.01)
    assert size.gzip == pytest.approx(by_hand.gzip, rel=0.02)  # Node has another zlib


def test_exclude_list_names_files_and_keeps_needed_modules(
    projects: dict[str, Path],
) -> None:
    settings = json.loads((projects[EXCLUDED] / "wrangler.json").read_text())
    patterns: list[str] = settings["python_modules"]["exclude"]
    vendored = projects[EXCLUDED] / "python_modules"
    assert patterns[0] == BYTECODE
    assert all(any(vendored.glob(pattern)) for pattern in patterns[1:])
    needed = upload_size.needed_modules([WORKER], vendored)
    # Errors import some modules only when they are raised.
    assert {"pyworkers_sdk.d1", "pyworkers_sdk.kv", "pyworkers_sdk._border.hints"} <= needed


@pytest.mark.parametrize(
    ("body", "module"),
    [
        ("async def queue(self, batch): ...", "queues"),
        ("async def trace(self, traces): ...", "tail"),
        ("async def fetch(self, request): return request.cookies", "_cookies"),
        ("async def fetch(self, request): return getattr(request, 'cookies')", "_cookies"),
        ("async def fetch(self, request): request.headers.delete_cookie('a')", "_cookies"),
    ],
)
def test_module_of_a_member_is_needed_by_a_worker_that_names_the_member(
    projects: dict[str, Path], tmp_path: Path, body: str, module: str
) -> None:
    vendored = projects[OURS] / "python_modules"
    worker = tmp_path / "worker.py"
    start = "from pyworkers_sdk import WorkerEntrypoint\nclass Default(WorkerEntrypoint):\n  "
    worker.write_text(f"{start}{body}\n")
    assert f"pyworkers_sdk.{module}" in upload_size.needed_modules([worker], vendored)
    worker.write_text(f"{start}...\n")
    assert f"pyworkers_sdk.{module}" not in upload_size.needed_modules([worker], vendored)


def test_needed_modules_of_a_worker_that_imports_the_package_itself(
    projects: dict[str, Path], tmp_path: Path
) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text("import pyworkers_sdk as sdk\n\nbucket = sdk.R2\n")
    needed = upload_size.needed_modules([worker], projects[OURS] / "python_modules")
    assert "pyworkers_sdk.r2" in needed
    assert "pyworkers_sdk.kv" not in needed


@pytest.fixture(params=["0.28", "314"], scope="module")
def pyodide(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=BOUNDS, scope="module")
def client(
    request: pytest.FixtureRequest,
    projects: dict[str, Path],
    pyodide: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[httpx.Client]:
    """Yield a client of the Worker inside workerd, with only the uploaded files."""
    worlds.install_node_modules()
    folder = tmp_path_factory.mktemp("uploaded")
    vendored = projects[request.param] / "python_modules"
    for name in upload_size.uploaded(projects[request.param]):
        (folder / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(vendored / name, folder / "site" / name)
    (folder / "src").mkdir()
    shutil.copyfile(WORKER, folder / "src" / "worker.py")
    worker = {
        "name": "visits",
        "root": str(folder / "src"),
        "main": "worker.py",
        "modules": [str(folder / "site")],
        "options": {
            "compatibilityDate": worlds.DATES[pyodide],
            "kvNamespaces": ["NAMES"],
            "d1Databases": ["DB"],
        },
    }
    spec = {"pyodide": pyodide, "port": 0, "workers": [worker]}
    world = worlds.World(f"workerd-{pyodide}", "workerd.mjs", spec)
    try:
        with httpx.Client(base_url=world.start().url, trust_env=False, timeout=60) as client:
            yield client
    finally:
        world.stop()


def test_worker_runs_on_its_upload(client: httpx.Client) -> None:
    counts = [client.get("/").json() for _ in range(3)]
    assert counts == [
        {"name": "nobody", "count": 1},
        {"name": "somebody", "count": 1},
        {"name": "somebody", "count": 2},
    ]
