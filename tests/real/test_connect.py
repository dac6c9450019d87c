"""Workers and Durable Objects that accept TCP connections from each other, in real workerd."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.real import worlds

from .connect_worker import EXPECTED

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]

SERVICES = ("Broken", "Echo", "Hasty", "Late", "Talker")


@pytest.fixture(params=["314", "0.28"], scope="module")
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Yield a client of the Worker inside workerd."""
    worlds.install_node_modules()
    root = tmp_path_factory.mktemp("connect")
    shutil.copyfile(Path(__file__).with_name("connect_worker.py"), root / "worker.py")
    services = {
        name.upper(): {"name": "connect", "entrypoint": name, "props": {"to": name}}
        for name in SERVICES
    }
    worker = {
        "name": "connect",
        "root": str(root),
        "main": "worker.py",
        "modules": [str(worlds.built_wheel()), str(worlds.runtime_sdk())],
        "exports": {
            "Default": "WorkerEntrypoint",
            "Counter": "DurableObject",
            **dict.fromkeys(SERVICES, "WorkerEntrypoint"),
        },
        "options": {
            "compatibilityDate": worlds.DATES[request.param],
            "serviceBindings": services,
            "durableObjects": {"COUNTERS": {"className": "Counter", "useSQLite": True}},
        },
    }
    spec = {"pyodide": request.param, "port": 0, "workers": [worker]}
    world = worlds.World(f"workerd-{request.param}", "workerd.mjs", spec)
    try:
        with httpx.Client(base_url=world.start().url, trust_env=False, timeout=60) as client:
            yield client
    finally:
        world.stop()


@pytest.mark.parametrize("name", EXPECTED)
def test_client_of_connect_handler_gets_expected_result(client: httpx.Client, name: str) -> None:
    response = client.get(f"/{name}")
    assert response.status_code == 200, response.text
    assert response.json() == EXPECTED[name]
