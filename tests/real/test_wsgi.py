"""A WSGI application and a client that leaves before the end of its response."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import httpx
import pytest

from tests.real import worlds

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


@pytest.mark.parametrize("pyodide", ["314", "0.28"])
def test_client_that_leaves_closes_the_iterable(pyodide: str, tmp_path: Path) -> None:
    worlds.install_node_modules()
    shutil.copyfile(Path(__file__).with_name("wsgi_worker.py"), tmp_path / "worker.py")
    worker = {
        "name": "wsgi",
        "root": str(tmp_path),
        "main": "worker.py",
        "modules": [str(worlds.built_wheel()), str(worlds.runtime_sdk())],
        "options": {
            "compatibilityDate": "2026-07-01",
            "compatibilityFlags": ["enable_request_signal"],
        },
    }
    spec = {"pyodide": pyodide, "port": 0, "workers": [worker]}
    world = worlds.World(f"workerd-{pyodide}", "workerd.mjs", spec)
    try:
        url = world.start().url
        headers = {"accept-encoding": "identity"}
        with httpx.Client(base_url=url, trust_env=False, timeout=60, headers=headers) as client:
            for name in ("one", "two"):
                with client.stream("GET", f"/{name}") as response:
                    assert next(response.iter_raw())
            deadline = time.monotonic() + 30
            while client.get("/log").text.split() != ["one", "two"]:
                assert time.monotonic() < deadline, client.get("/log").text
                time.sleep(0.1)
    finally:
        world.stop()
