"""The fakes of mTLS certificates, VPC services and VPC networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk import Request, Response, RpcError, WorkersError
from pyworkers_sdk.testing import FakeRuntime, TcpWriter
from tests.worker_project import app, written

CONFIG = {
    "mtls_certificates": [{"binding": "BANK", "certificate_id": "1"}],
    "vpc_services": [{"binding": "SERVICE", "service_id": "1"}],
    "vpc_networks": [{"binding": "NETWORK", "tunnel_id": "1"}],
}
NAMES = ("BANK", "SERVICE", "NETWORK")
CODE = "from pyworkers_sdk import Fetcher, Service\n" + app(
    "BANK: Fetcher", "SERVICE: Service", "NETWORK: Fetcher"
)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRuntime[Any]:
    monkeypatch.chdir(tmp_path)
    return FakeRuntime.from_config(written(CONFIG, CODE))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.asyncio
async def test_a_fetcher_reaches_the_routes_of_outbound(
    runtime: FakeRuntime[Any], name: str
) -> None:
    def answer(request: Request) -> Response:
        moved = request.url.endswith("/old")
        return Response("", status=302, headers={"location": "/new"}) if moved else Response("hi")

    route = runtime.outbound("http://internal/*", answer)
    fetcher = getattr(runtime.env, name)
    response = await fetcher.fetch("http://internal/old", method="POST", body="data")
    assert await response.text() == "hi"
    assert [(call.method, call.url) for call in route.calls] == [
        ("POST", "http://internal/old"),
        ("GET", "http://internal/new"),
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.asyncio
async def test_a_fetcher_without_a_route_names_the_route_to_add(
    runtime: FakeRuntime[Any], name: str
) -> None:
    with pytest.raises(WorkersError, match=r'runtime.outbound\("http://internal/\*", handler\)'):
        await getattr(runtime.env, name).fetch("http://internal/a")


@pytest.mark.asyncio
async def test_a_fetcher_connects_to_the_routes_of_outbound_tcp(runtime: FakeRuntime[Any]) -> None:
    async def database(reader: Any, writer: TcpWriter) -> None:
        writer.write(b"ready")
        writer.close()

    runtime.outbound_tcp("db.internal:5432", database)
    socket = runtime.env.NETWORK.connect("db.internal:5432")
    assert b"".join([chunk async for chunk in socket.readable]) == b"ready"


@pytest.mark.asyncio
async def test_a_fetcher_has_no_rpc_methods(runtime: FakeRuntime[Any]) -> None:
    with pytest.raises(RpcError, match="Network connection lost"):
        await runtime.env.SERVICE.transfer(1)
