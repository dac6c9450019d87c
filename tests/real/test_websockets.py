"""WebSockets between a Worker in real workerd and its clients: itself, and a raw TCP socket."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.real import worlds

from .sockets_worker import EXPECTED

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


@pytest.fixture(params=["314", "0.28"], scope="module")
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Yield a client of the Worker inside workerd."""
    worlds.install_node_modules()
    root = tmp_path_factory.mktemp("sockets")
    shutil.copyfile(Path(__file__).with_name("sockets_worker.py"), root / "worker.py")
    worker = {
        "name": "sockets",
        "root": str(root),
        "main": "worker.py",
        "modules": [str(worlds.built_wheel()), str(worlds.runtime_sdk())],
        "options": {
            "compatibilityDate": worlds.DATES[request.param],
            "outboundService": "sockets",
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
def test_client_in_a_worker_gets_expected_result(client: httpx.Client, name: str) -> None:
    response = client.get(f"/run/{name}")
    assert (response.status_code, response.json()) == (200, EXPECTED[name])


def open_websocket(client: httpx.Client, path: str) -> socket.socket:
    """Return a TCP connection after the WebSocket handshake."""
    url = urlsplit(str(client.base_url))
    connection = socket.create_connection((url.hostname or "", url.port or 0), timeout=60)
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {url.netloc}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, f"the connection ended: {head!r}"
        head += byte
    assert head.startswith(b"HTTP/1.1 101 ")
    return connection


def server_log(client: httpx.Client, name: str) -> Any:
    """Return the server's log of this client, once the connection has ended."""
    deadline = time.monotonic() + 60
    while True:
        log = client.get(f"/seen?{name}").json()
        if (log and isinstance(log[-1], list)) or time.monotonic() > deadline:
            return log
        time.sleep(0.05)


TEXT = b"\x81\x81\0\0\0\0a"


def test_closing_client_ends_cleanly_with_its_code(client: httpx.Client) -> None:
    with open_websocket(client, "/wait?closes") as connection:
        connection.sendall(TEXT + b"\x82\x82\0\0\0\0bc" + b"\x88\x82\0\0\0\0\x0b\xb8")
        assert connection.recv(4, socket.MSG_WAITALL) == b"\x88\x02\x0b\xb8"
    assert server_log(client, "closes") == ["a", 2, [3000, True]]


def test_lost_client_ends_with_code_1006(client: httpx.Client) -> None:
    with open_websocket(client, "/wait?leaves") as connection:
        connection.sendall(TEXT)
    assert server_log(client, "leaves") == ["a", [1006, False]]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\x83\x80\0\0\0\0", "1002; protocolError.description = Unknown opcode 3"),
        (
            b"\x82\xff" + (33 << 20).to_bytes(8) + bytes(4),
            "1009; protocolError.description = Message is too large: 34603008 > 33554432",
        ),
    ],
    ids=["unknown opcode", "more than 32 MiB"],
)
def test_protocol_error_of_the_client_ends_with_code_1006(
    client: httpx.Client, frame: bytes, reason: str
) -> None:
    name = reason[:4]
    with open_websocket(client, f"/wait?{name}") as connection:
        connection.sendall(TEXT + frame)
        assert server_log(client, name) == [
            "a",
            f"WebSocket protocol error; protocolError.statusCode = {reason}",
            [1006, False],
        ]
