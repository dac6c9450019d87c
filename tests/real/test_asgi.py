"""An ASGI application inside workerd, seen by a client that writes and reads bytes."""

from __future__ import annotations

import os
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.real import worlds
from tests.real.raw_http import TIMEOUT, Answer, ask, connect, frame, handshake

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


@pytest.fixture(params=["314", "0.28"], scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of the Worker inside workerd."""
    worlds.install_node_modules()
    root = tmp_path_factory.mktemp("asgi")
    shutil.copyfile(Path(__file__).with_name("asgi_worker.py"), root / "worker.py")
    worker = {
        "name": "asgi",
        "root": str(root),
        "main": "worker.py",
        "modules": [str(worlds.built_wheel()), str(worlds.runtime_sdk())],
        "exports": {"Default": "WorkerEntrypoint", "Room": "DurableObject"},
        "options": {
            "compatibilityDate": "2026-07-01",
            "compatibilityFlags": ["enable_request_signal"],
            "bindings": {"TEXT": "some text"},
            "kvNamespaces": ["CACHE"],
            "durableObjects": {"ROOMS": {"className": "Room", "useSQLite": True}},
        },
    }
    spec = {"pyodide": request.param, "port": 0, "workers": [worker]}
    world = worlds.World(f"workerd-{request.param}", "workerd.mjs", spec)
    try:
        yield world.start().url
    finally:
        world.stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def events(url: str) -> list[Any]:
    result: list[Any] = ask(url, "/events").json()
    return result


def test_concurrent_first_requests_share_one_startup_and_a_failure_is_tried_again(
    url: str,
) -> None:
    """It comes first: the isolate is new."""

    def state(_: int) -> Answer:
        return ask(url, "/state", method="POST", body=b"body")

    with ThreadPoolExecutor(5) as clients:
        assert [answer.status for answer in clients.map(state, range(5))] == [500] * 5
        answers = [*clients.map(state, range(5))]
    assert [answer.status for answer in answers] == [200] * 5
    assert [answer.json() for answer in answers] == [[2, 2, "some text", "body"]] * 5
    assert state(0).json() == [2, 2, "some text", "body"]


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (b"plain", b"plain"),
        ("Łé東😀".encode(), "Łé東😀".encode()),
        (b"caf\xe9", "caf\ufffd".encode()),
        (b"\xed\xa0\x80", ("\ufffd" * 3).encode()),
        (b"a\tb", b"a\tb"),
    ],
)
@pytest.mark.parametrize("path", ["/headers", "/object/headers"])
def test_header_bytes_arrive_and_return(url: str, path: str, value: bytes, seen: bytes) -> None:
    answer = ask(url, path, b"X-Raw: " + value + b"\r\n")
    assert answer.json() == [seen.hex()]
    assert answer.header(b"x-back") == seen
    # The runtime sends text as UTF-8 only.
    assert answer.header(b"x-latin") == "café".encode()


def test_scope_has_the_clients_address(url: str) -> None:
    client, server, scheme, version, path, root = ask(url, "/scope?x#y").json()
    assert client == ["127.0.0.1", 0]
    assert (server, scheme, version, path, root) == (["e.com", 80], "http", "1.1", "/scope", "")


@pytest.mark.parametrize("path", ["/length", "/object/length"])
def test_streamed_response_keeps_its_content_length(url: str, path: str) -> None:
    answer = ask(url, path)
    assert answer.header(b"content-length") == b"10"
    assert answer.header(b"transfer-encoding") is None
    assert answer.body == b"0123456789"


def test_application_that_returns_early_breaks_the_body_off(url: str) -> None:
    with connect(url) as connection:
        connection.sendall(b"GET /early HTTP/1.1\r\nHost: e.com\r\n\r\n")
        data = b""
        while chunk := connection.recv(2**16):
            data += chunk
    # workerd may drop unsent chunks. A whole body would end with an empty chunk.
    assert not data.endswith(b"0\r\n\r\n")


def test_work_after_the_response_is_done(url: str) -> None:
    events(url)
    assert ask(url, "/later").body == b"sent"
    until(lambda: events(url) == ["later"])


def test_headers_arrive_before_the_first_piece(url: str) -> None:
    with connect(url) as connection:
        connection.sendall(b"GET /slow-start HTTP/1.1\r\nHost: e.com\r\n\r\n")
        head = connection.recv(2**16)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"slow" not in head


def test_client_that_leaves_a_stream_is_a_disconnect(url: str) -> None:
    events(url)
    with connect(url) as connection:
        connection.sendall(b"GET /until-left HTTP/1.1\r\nHost: e.com\r\n\r\n")
        assert connection.recv(2**16)
    until(lambda: events(url) == ["http.disconnect"])


@pytest.mark.parametrize("path", ["/ws", "/object/ws"])
def test_websocket_has_headers_subprotocol_and_messages(url: str, path: str) -> None:
    connection, answer = handshake(url, path, b"Sec-WebSocket-Protocol: chat, other\r\n")
    with connection:
        assert answer.status == 101
        assert answer.header(b"sec-websocket-protocol") == b"chat"
        assert answer.header(b"x-ws") == "Łé".encode()
        assert answer.header(b"set-cookie") == b"a=1"
        connection.sendall(frame(1, "é".encode()))
        assert connection.recv(100) == b"\x81\x02\xc3\xa9"
        connection.sendall(frame(2, b"\x00\xff"))
        assert connection.recv(100) == b"\x82\x02\x00\xff"
        connection.sendall(frame(1, b"bye"))
        # 1006 cannot be sent, and a reason has at most 123 bytes.
        assert connection.recv(200) == b"\x88\x7c\x03\xe8" + b"\xc3\xa9" * 61


@pytest.mark.parametrize(
    ("payload", "code", "reason"),
    [
        (b"", 1005, ""),
        (struct.pack("!H", 1000), 1000, ""),
        (struct.pack("!H", 1001) + b"bye", 1001, "bye"),
        (struct.pack("!H", 4001) + "é".encode(), 4001, "é"),
        (None, 1006, ""),
    ],
)
def test_websocket_disconnect_has_the_clients_code(
    url: str, payload: bytes | None, code: int, reason: str
) -> None:
    events(url)
    connection, _ = handshake(url, "/ws")
    with connection:
        if payload is not None:
            connection.sendall(frame(8, payload))
            assert connection.recv(100)[:1] == b"\x88"
    seen: list[Any] = []
    until(lambda: seen.extend(events(url)) or len(seen) == 2)  # type: ignore[func-returns-value]
    assert seen == [
        {"type": "websocket.connect"},
        {"type": "websocket.disconnect", "code": code, "reason": reason},
    ]


def test_websocket_is_refused_by_a_response(url: str) -> None:
    connection, answer = handshake(url, "/ws/refuse")
    with connection:
        assert answer.status == 401
        assert connection.recv(100) == b"who?"
