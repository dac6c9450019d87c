"""Streams through a Worker: the bytes never enter its WebAssembly memory."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.real import worlds

MIB = 1024 * 1024
SIZE = 100_000_000

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


@pytest.fixture(params=["314", "0.28"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[httpx.Client]:
    """Yield a client of the Worker inside workerd."""
    worlds.install_node_modules()
    shutil.copyfile(Path(__file__).with_name("streaming_worker.py"), tmp_path / "worker.py")
    worker = {
        "name": "streaming",
        "root": str(tmp_path),
        "main": "worker.py",
        "modules": [str(worlds.built_wheel()), str(worlds.runtime_sdk())],
        "options": {"compatibilityDate": worlds.DATES[request.param], "r2Buckets": ["BUCKET"]},
    }
    spec = {"pyodide": request.param, "port": 0, "workers": [worker]}
    world = worlds.World(f"workerd-{request.param}", "workerd.mjs", spec)
    try:
        url = world.start().url
        with httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
            yield client
    finally:
        world.stop()


def chunks(size: int) -> Iterator[bytes]:
    numbers = random.Random(size)
    while size > 0:
        chunk = numbers.randbytes(min(size, MIB))
        size -= len(chunk)
        yield chunk


def put(client: httpx.Client, key: str, size: int) -> None:
    headers = {"content-length": str(size)}
    response = client.put(f"/{key}", content=chunks(size), headers=headers)
    assert (response.status_code, response.text) == (200, str(size))


def fetch_digest(client: httpx.Client, key: str) -> tuple[int, str]:
    """Return the size and the SHA-256 of a body."""
    digest, size = hashlib.sha256(), 0
    with client.stream("GET", f"/{key}") as response:
        assert response.status_code == 200
        for chunk in response.iter_bytes():
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def expected_digest(size: int) -> tuple[int, str]:
    digest = hashlib.sha256()
    for chunk in chunks(size):
        digest.update(chunk)
    return size, digest.hexdigest()


def memory(client: httpx.Client) -> int:
    return int(client.get("/memory").text)


def test_stream_of_100_mb_does_not_enter_memory(client: httpx.Client) -> None:
    put(client, "small", 1000)
    assert fetch_digest(client, "small") == expected_digest(1000)
    before = memory(client)
    put(client, "large", SIZE)
    assert memory(client) - before < MIB
    assert fetch_digest(client, "large") == expected_digest(SIZE)
    assert memory(client) - before < MIB
    # The control: here the Worker reads the body, and the memory grows.
    assert client.get("/large?read").text == str(SIZE)
    assert memory(client) - before > SIZE / 2
