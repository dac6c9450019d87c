"""HTTP clients of other libraries in a Worker: on the fakes, and in workerd."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pyworkers_sdk.testing import FakeRuntime
from tests.real import clients_worker
from tests.real.test_blocking_calls import in_workerd

PACKAGES = ["httpx==0.28.1", "requests==2.34.2", "urllib3==2.8.0"]
ECHO = {
    "method": "POST",
    "body": clients_worker.BODY.decode(),
    "content-type": "application/json",
    "x-token": "secret",
}
EXPECTED: dict[str, list[Any]] = {
    **{name: [201, ECHO] for name in clients_worker.CLIENTS},
    "redirected_async": ["the end", [302]],
    "redirected": ["/end", "the end", "the end", "the end"],
    "failing": [404, 404, 404, 404, "missing"],
}


@pytest.fixture(scope="module")
def in_runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    folder: Path = tmp_path_factory.mktemp("clients")
    served = in_workerd(folder, "clients_worker.py", PACKAGES, date="2026-11-17")
    with served as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:

        def call(name: str) -> Any:
            response = client.get("/client", params={"name": name, "base": url})
            assert response.status_code == 200, response.text
            return response.json()

        yield call


@pytest.mark.real
@pytest.mark.skipif(os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1")
@pytest.mark.parametrize("name", EXPECTED)
def test_client_reaches_a_server_from_workerd(in_runtime: Callable[[str], Any], name: str) -> None:
    assert in_runtime(name) == EXPECTED[name]


@pytest.mark.asyncio
@pytest.mark.parametrize("name", EXPECTED)
async def test_client_reaches_a_route_of_the_fake_runtime(name: str) -> None:
    runtime = FakeRuntime(clients_worker.Default)
    route = runtime.outbound("http://api.example/*", clients_worker.serve)
    url = f"https://w.example/client?name={name}&base=http://api.example"
    response = await runtime.fetch(url)
    assert await response.json() == EXPECTED[name]
    assert route.calls


@pytest.mark.asyncio
async def test_client_reaches_a_route_by_https() -> None:
    runtime = FakeRuntime(clients_worker.Default)
    runtime.outbound("https://api.example/*", clients_worker.serve)
    for name in ("httpx_async", "httpx_sync", "requests_post", "urllib3_request", "urllib_request"):
        url = f"https://w.example/client?name={name}&base=https://api.example"
        assert await (await runtime.fetch(url)).json() == EXPECTED[name]
