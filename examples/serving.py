"""Serve an example's Worker over HTTP: on the fakes, or inside real workerd."""

from __future__ import annotations

import asyncio
import errno
import shutil
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from pyworkers_sdk.testing import FakeRuntime
from pyworkers_sdk.testing.asgi import asgi


@contextmanager
def fakes(runtime: FakeRuntime[Any], port: int = 0) -> Iterator[str]:
    """Serve the Worker on plain CPython over the fakes, with uvicorn in a separate thread."""
    server_socket = _listen(port)
    config = uvicorn.Config(
        asgi(runtime),
        log_level="warning",
        ws="wsproto",
        # Longer than a slow client waits between two requests on one connection.
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [server_socket]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server_socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        server_socket.close()


@contextmanager
def wsgi_server(app: Any, env: Any) -> Iterator[str]:
    """Serve a WSGI application by Werkzeug's server, without a Worker.

    Each request has an event loop for ``run_sync``.
    """

    def with_env(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        async def call() -> list[bytes]:
            pieces = app({**environ, "workers.env": env}, start_response)
            try:
                return [*pieces]
            finally:
                getattr(pieces, "close", lambda: None)()

        return asyncio.run(call())

    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None: ...

    server = make_server("127.0.0.1", 0, with_env, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def workerd(
    *configs: Path,
    port: int = 0,
    pyodide: str = "314",
    modules: Sequence[Path] = (),
    variables: dict[str, Any] | None = None,
    stand_ins: Sequence[Path] = (),
) -> Iterator[str]:
    """Serve the configured Workers inside real workerd, with the files of the package's wheel.

    Args:
        configs: The wrangler configurations. The first Worker answers the requests.
        port: The port to listen on; 0 chooses a free one.
        pyodide: The version of Pyodide.
        modules: Folders with more Python packages.
        variables: More bindings of every Worker: plain values, such as secrets.
        stand_ins: JavaScript modules that provide bindings missing from the local runtime.
    """
    from tests.real import worlds

    if shutil.which("node") is None:
        raise SystemExit("demo: workerd needs Node 20 or later, but node is not on PATH")
    _listen(port).close()  # fail early if the port is in use
    worlds.install_node_modules()
    folders = [worlds.built_wheel(), worlds.runtime_sdk(), *modules]
    workers = [
        {
            "config": str(config),
            "modules": [str(folder) for folder in folders],
            "options": {"bindings": variables or {}},
            "stand_ins": [str(file) for file in stand_ins],
        }
        for config in configs
    ]
    spec = {"pyodide": pyodide, "port": port, "workers": workers}
    world = worlds.World(f"workerd-{pyodide}", "workerd.mjs", spec)
    try:
        yield world.start().url
    except worlds.WorldError as error:
        raise SystemExit(f"demo: {error}") from None
    finally:
        world.stop()


def _listen(port: int) -> socket.socket:
    try:
        server_socket = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise SystemExit(f"demo: port {port} is in use; --port chooses another") from None
    # asyncio sets TCP_NODELAY only on sockets it creates itself. Without it, Nagle's algorithm and
    # delayed acknowledgements add 40 ms to every response.
    server_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server_socket
