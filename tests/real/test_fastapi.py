"""A FastAPI application: the same exchanges under uvicorn, on the fakes and in workerd."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from examples import serving
from pyworkers_sdk.testing import FakeRuntime, fake
from tests.real.raw_http import TIMEOUT, connect, frame, handshake

HERE = Path(__file__).resolve().parent

_real = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


@contextmanager
def under_uvicorn() -> Iterator[str]:
    """Serve the application itself. Only its Env is a fake one."""
    from tests.real import fastapi_worker

    env = fake(fastapi_worker.AppEnv, SHOP="corner")

    async def with_env(scope: Any, receive: Any, send: Any) -> None:
        await fastapi_worker.app({**scope, "env": env}, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(with_env, log_level="critical", ws="wsproto")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def on_fakes() -> Iterator[str]:
    from tests.real.fastapi_worker import AppEnv, Default

    with serving.fakes(FakeRuntime(Default, env=AppEnv, SHOP="corner")) as url:
        yield url


@contextmanager
def in_workerd(folder: Path) -> Iterator[str]:
    from tests.real.worlds import packages_for_314

    shutil.copyfile(HERE / "fastapi_worker.py", folder / "worker.py")
    config = {
        "name": "shop",
        "main": "worker.py",
        "compatibility_date": "2026-09-08",
        "compatibility_flags": ["python_workers", "enable_request_signal"],
        "kv_namespaces": [{"binding": "CACHE", "id": "cache"}],
        "vars": {"SHOP": "corner"},
    }
    (folder / "wrangler.jsonc").write_text(json.dumps(config))
    packages = ("fastapi==0.165.0", "python-multipart==0.0.34")
    modules = [packages_for_314(package) for package in packages]
    with serving.workerd(folder / "wrangler.jsonc", modules=modules) as url:
        yield url


@pytest.fixture(scope="module", params=["uvicorn", "fake", pytest.param("314", marks=_real)])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "314":
        served = in_workerd(tmp_path_factory.mktemp("shop"))
    else:
        from tests.real import fastapi_worker

        fastapi_worker.Pool.opened = 0
        served = under_uvicorn() if request.param == "uvicorn" else on_fakes()
    with served as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False, timeout=TIMEOUT) as client:
        client.get("/log")  # of earlier tests
        yield client


def assert_logged(client: httpx.Client, *entries: str) -> None:
    """Wait until the application has logged as many entries, and compare them."""
    seen: list[str] = []
    deadline = time.monotonic() + TIMEOUT
    while len(seen) < len(entries):
        assert time.monotonic() < deadline, seen
        seen += client.get("/log").json()
        time.sleep(0.02)
    assert seen == [*entries]


def test_lifespan_opens_its_resource_once(client: httpx.Client) -> None:
    first = client.get("/pool").json()
    second = client.get("/pool").json()
    assert (first[:2], second[:2]) == ([True, 1], [True, 1])
    assert second[2] == first[2] + 1


def test_def_operation_and_its_dependency_run(client: httpx.Client) -> None:
    response = client.get("/def/7")
    assert (response.json(), response.headers["x-marked"]) == ([7, "session"], "GET")
    assert_logged(client, "opened", "closed")


def test_env_is_a_dependency(client: httpx.Client) -> None:
    item = {"name": "Łé", "price": 1.5}
    assert client.get("/items/missing").json() == {"detail": "no such item"}
    assert client.put("/items/a", json=item).json() == item
    assert client.get("/items/a").json() == item


def test_invalid_body_is_a_422(client: httpx.Client) -> None:
    response = client.put("/items/a", json={"name": "x", "price": -1})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "price"]


def test_upload_is_read_by_async_and_def_operations(client: httpx.Client) -> None:
    big = b"x" * 3_000_000  # a temporary file on disk
    response = client.post("/upload", files={"file": ("é.txt", big, "text/plain")})
    assert response.json() == ["é.txt", "text/plain", len(big)]
    files = [("files", ("a", b"1")), ("files", ("b", b"22"))]
    assert client.post("/upload/def", files=files).json() == [["a", 1], ["b", 2]]


def test_headers_and_cookies_keep_their_bytes(client: httpx.Client) -> None:
    headers = [(b"x-city", "Łódź".encode()), (b"accept", b"text/plain, */*;q=0.1")]
    response = client.get("/headers", headers=headers)
    # Starlette decodes bytes as Latin-1.
    assert response.json()[0].encode("latin-1").decode() == "Łódź"
    assert response.json()[1] == "text/plain, */*;q=0.1"
    assert response.headers.get_list("set-cookie") == [
        "a=1; HttpOnly; Path=/; SameSite=lax",
        "b=2; Path=/; SameSite=lax",
    ]


def test_events_arrive_one_by_one_and_end_with_the_client(client: httpx.Client) -> None:
    with client.stream("GET", "/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        assert [next(lines) for _ in range(4)] == ["data: 0", "", "data: 1", ""]
    assert_logged(client, "events closed")


def test_plain_generator_is_streamed(client: httpx.Client) -> None:
    assert client.get("/stream/def").text == "0,1,2,"


def test_file_has_a_length_and_ranges(client: httpx.Client) -> None:
    source = (HERE / "fastapi_worker.py").read_bytes()
    whole = client.get("/file", headers={"accept-encoding": "identity"})
    assert (whole.content, whole.headers["content-length"]) == (source, str(len(source)))
    headers = {"range": "bytes=4-9", "accept-encoding": "identity"}
    part = client.get("/file", headers=headers)
    assert (part.status_code, part.content) == (206, source[4:10])
    assert part.headers["content-length"] == "6"
    assert client.head("/file").headers["content-length"] == str(len(source))


def test_background_tasks_run_after_the_response(client: httpx.Client) -> None:
    assert client.post("/tasks").json() == "answered"
    assert_logged(client, "async task", "def task")


def test_exception_is_a_500(client: httpx.Client) -> None:
    response = client.get("/fails")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_websocket_has_subprotocol_headers_and_env(url: str, client: httpx.Client) -> None:
    connection, answer = handshake(url, "/chat/one", b"Sec-WebSocket-Protocol: chat\r\n")
    with connection:
        assert answer.status == 101
        assert answer.header(b"sec-websocket-protocol") == b"chat"
        assert answer.header(b"x-room") == b"one"
        connection.sendall(frame(1, b'{"a": 1}'))
        text = connection.recv(1000)[2:]
        assert json.loads(text) == ["corner", True, {"a": 1}]
        connection.sendall(frame(1, b'"bye"'))
        assert connection.recv(1000) == b"\x88\x0d" + struct.pack("!H", 4000) + b"you said it"
    connection, _ = handshake(url, "/chat/one", b"Sec-WebSocket-Protocol: chat\r\n")
    with connection:
        connection.sendall(frame(8, struct.pack("!H", 4001)))
        assert connection.recv(1000)[:1] == b"\x88"
    assert_logged(client, "left 4001")


def test_websocket_is_refused(url: str) -> None:
    connection, answer = handshake(url, "/chat/closed")
    with connection:
        assert answer.status == 403


def test_client_that_leaves_within_an_upload_does_no_harm(url: str, client: httpx.Client) -> None:
    with connect(url) as connection:
        connection.sendall(b"PUT /items/a HTTP/1.1\r\nHost: e.com\r\nContent-Length: 1000\r\n\r\n{")
    assert client.get("/pool").status_code == 200
