"""Files of R2 through a Worker: an HTTP client sees the headers, the ranges and the bytes."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.real import worlds

MIB = 1024 * 1024
DATA = bytes(range(256)) * 40

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


@pytest.fixture(scope="module", params=["314", "0.28"])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Yield a client of the Worker inside workerd."""
    worlds.install_node_modules()
    folder = tmp_path_factory.mktemp("files")
    shutil.copyfile(Path(__file__).with_name("files_worker.py"), folder / "worker.py")
    worker = {
        "name": "files",
        "root": str(folder),
        "main": "worker.py",
        "modules": [str(worlds.built_wheel()), str(worlds.runtime_sdk())],
        "options": {"compatibilityDate": "2026-07-01", "r2Buckets": ["BUCKET"]},
    }
    spec = {"pyodide": request.param, "port": 0, "workers": [worker]}
    world = worlds.World(f"workerd-{request.param}", "workerd.mjs", spec)
    try:
        url = world.start().url
        # No Accept-Encoding, so the runtime compresses nothing by itself.
        headers = {"accept-encoding": "identity"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=120) as client:
            put(client, "/data", DATA)
            yield client
    finally:
        world.stop()


def put(client: httpx.Client, path: str, data: bytes, **headers: str) -> None:
    """Upload with chunked encoding: the Worker cannot know the length."""
    pieces = (data[start : start + MIB] for start in range(0, len(data), MIB))
    headers = {"content-type": "application/x-test", **headers}
    response = client.put(path, content=pieces, headers=headers)
    assert (response.status_code, response.text.split()[0]) == (200, str(len(data)))


def test_file_is_served_with_its_length(client: httpx.Client) -> None:
    for method in "GET", "HEAD":
        response = client.request(method, "/data")
        assert response.status_code == 200
        assert response.headers["content-length"] == str(len(DATA))
        assert "transfer-encoding" not in response.headers
        assert response.headers["content-type"] == "application/x-test"
        assert response.headers["etag"] == f'"{hashlib.md5(DATA).hexdigest()}"'
        assert response.headers["accept-ranges"] == "bytes"
        assert response.headers["set-cookie"] == "seen=data; Path=/; SameSite=Lax"
        assert response.content == (DATA if method == "GET" else b"")


@pytest.mark.parametrize("query", ["", "?cut"])
def test_range_of_a_file_is_served_with_its_length(client: httpx.Client, query: str) -> None:
    for header, first, last in ("bytes=5-9", 5, 9), ("bytes=10000-", 10000, 10239):
        response = client.get(f"/data{query}", headers={"range": header})
        assert response.status_code == 206
        assert response.headers["content-range"] == f"bytes {first}-{last}/10240"
        assert response.headers["content-length"] == str(last - first + 1)
        assert "transfer-encoding" not in response.headers
        assert response.content == DATA[first : last + 1]
    response = client.get(f"/data{query}", headers={"range": "bytes=10240-"})
    assert (response.status_code, response.content) == (416, b"")
    assert response.headers["content-range"] == "bytes */10240"


def test_download_is_resumed_only_if_the_file_is_the_same(client: httpx.Client) -> None:
    etag = client.head("/data").headers["etag"]
    modified = client.head("/data").headers["last-modified"]
    for validator, status in (etag, 206), (modified, 206), (f"W/{etag}", 200), ('"x"', 200):
        response = client.get("/data", headers={"range": "bytes=10000-", "if-range": validator})
        assert response.status_code == status, validator
        assert response.content == (DATA[10000:] if status == 206 else DATA)


def test_file_that_the_client_has_is_not_sent(client: httpx.Client) -> None:
    first = client.get("/data")
    for headers in (
        {"if-none-match": first.headers["etag"]},
        {"if-none-match": f'"other", W/{first.headers["etag"]}'},
        {"if-modified-since": first.headers["last-modified"]},
    ):
        response = client.get("/data", headers=headers)
        assert (response.status_code, response.content) == (304, b""), headers
        assert response.headers["etag"] == first.headers["etag"]
        assert "content-type" not in response.headers
    response = client.get("/data", headers={"if-match": '"other"'})
    assert (response.status_code, response.content) == (412, b"")
    response = client.get("/data", headers={"if-unmodified-since": first.headers["last-modified"]})
    assert response.status_code == 200


def test_headers_that_are_nonsense_do_not_fail(client: httpx.Client) -> None:
    for value in "nonsense", "é", '"', "W/", ",", "bytes=", "bytes=9-1", f"bytes={'9' * 5000}-x":
        for name in "if-none-match", "if-modified-since", "if-unmodified-since", "range":
            response = client.get("/data", headers=[(name.encode(), value.encode())])
            assert (response.status_code, response.content) == (200, DATA), (name, value)


def test_compressed_file_is_sent_as_it_is(client: httpx.Client) -> None:
    compressed = gzip.compress(b"hello " * 1000)
    put(client, "/compressed", compressed, **{"content-encoding": "gzip"})
    with client.stream("GET", "/compressed", headers={"accept-encoding": "gzip"}) as response:
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["content-length"] == str(len(compressed))
        assert b"".join(response.iter_raw()) == compressed


def test_large_body_of_unknown_length_is_uploaded_in_parts(client: httpx.Client) -> None:
    def upload(name: str, parts: int) -> bytes:
        data = bytes(range(1, 251)) * (parts * 5 * MIB // 250)
        put(client, name, data)
        return data

    upload("/warm", 3)
    before = int(client.get("/memory").text)
    data = upload("/large", 12)
    assert int(client.get("/memory").text) - before < 5 * MIB  # not 60 MiB
    response = client.get("/large")
    assert response.content == data
    assert response.headers["etag"].endswith('-12"')
