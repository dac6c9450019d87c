"""Serve an example's Worker over HTTP: on the fakes, or inside real workerd."""

from __future__ import annotations

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
    """Serve a Worker on plain CPython over the fakes, under uvicorn in its own thread.

    Yields the URL.
    """
    listener = _listen(port)
    config = uvicorn.Config(
        asgi(runtime),
        log_level="warning",
        ws="wsproto",
        # Longer than the default of 5 s: a slow client may send its next request while the server
        # closes the connection.
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def workerd(
    *configs: Path,
    port: int = 0,
    pyodide: str = "314",
    modules: Sequence[Path] = (),
    variables: dict[str, Any] | None = None,
    stand_ins: Sequence[Path] = (),
) -> Iterator[str]:
    """Serve the Workers of these configurations inside real workerd, with the built package.

    The first Worker answers. Yields the URL.

    Args:
        configs: The configuration of each Worker.
        port: The port; 0 for any free port.
        pyodide: The version of Pyodide.
        modules: Folders with further packages.
        variables: Variables and secrets.
        stand_ins: JavaScript files with bindings that no local runtime has.
    """
    from tests.real import worlds

    if shutil.which("node") is None:
        raise SystemExit("demo: workerd needs Node 20 or later, and there is no node on PATH")
    _listen(port).close()
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
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise SystemExit(f"demo: port {port} is in use; --port chooses another") from None
    # asyncio sets this option only for sockets that it makes itself. Without the option every
    # response takes 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
