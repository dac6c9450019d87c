"""Sockets over TLS, from real workerd to a server with a self-signed certificate."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.real import worlds

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing"),
]


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a key and a self-signed certificate for "localhost"."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {key} -out {cert}"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    return key, cert


def serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Echo over TLS. TLS starts at once, or after the client sends "STARTTLS"."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with suppress(OSError):
            if connection.recv(8, socket.MSG_PEEK) == b"STARTTLS":
                connection.recv(8)
                connection.sendall(b"ready")
            with context.wrap_socket(connection, server_side=True) as secure:
                secure.sendall(secure.recv(100))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def address(keys: tuple[Path, Path]) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys[1], keys[0])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener, context], daemon=True)
        thread.start()
        yield f"localhost:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(60)


@pytest.fixture(params=[True, False], ids=["trusted", "not trusted"], scope="module")
def client(
    request: pytest.FixtureRequest,
    keys: tuple[Path, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[bool, httpx.Client]]:
    """Yield True if workerd trusts the certificate, and a client of the Worker inside it."""
    worlds.install_node_modules()
    root = tmp_path_factory.mktemp("tls")
    shutil.copyfile(Path(__file__).with_name("tls_worker.py"), root / "worker.py")
    trusted = [keys[1].read_text()] if request.param else []
    network = {"allow": ["public", "private"], "tlsOptions": {"trustedCertificates": trusted}}
    worker = {
        "name": "tls",
        "root": str(root),
        "main": "worker.py",
        "modules": [str(worlds.built_wheel()), str(worlds.runtime_sdk())],
        "options": {
            "compatibilityDate": worlds.DATES["314"],
            "outboundService": {"network": network},
        },
    }
    spec = {"pyodide": "314", "port": 0, "workers": [worker]}
    world = worlds.World("workerd-314", "workerd.mjs", spec)
    try:
        with httpx.Client(base_url=world.start().url, trust_env=False, timeout=60) as http:
            yield request.param, http
    finally:
        world.stop()


def test_tls_from_the_start_needs_a_trusted_certificate(
    client: tuple[bool, httpx.Client], address: str
) -> None:
    trusted, http = client
    response = http.get(f"/on?{address}")
    if trusted:
        assert response.json() == ["hello", "on", False]
    else:
        assert (response.status_code, "cannot connect" in response.text) == (502, True)


def test_starttls_needs_a_trusted_certificate(
    client: tuple[bool, httpx.Client], address: str
) -> None:
    trusted, http = client
    response = http.get(f"/starttls?{address}")
    if trusted:
        assert response.json() == ["ready", "hello", True, "on", True]
    else:
        assert response.status_code == 502, response.text
