"""Functions of other libraries that behave as in a Worker, but only within a fake runtime."""

from __future__ import annotations

import asyncio
import http.client
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from inspect import isawaitable

import anyio.to_thread
import httpx
import pytest
import urllib3

from pyworkers_sdk import Env, Request, Response, WorkerEntrypoint
from pyworkers_sdk.testing import FakeRuntime

SITE = "https://example.com/"


class Threads(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as executor:
            threads = [
                await anyio.to_thread.run_sync(threading.current_thread),
                await asyncio.to_thread(threading.current_thread),
                await loop.run_in_executor(executor, threading.current_thread),
            ]
        return Response.json([thread is threading.main_thread() for thread in threads])


@pytest.mark.asyncio
async def test_blocking_calls_of_a_worker_run_in_its_own_thread() -> None:
    response = await FakeRuntime(Threads).fetch(SITE)
    assert await response.json() == [True, True, True]


@pytest.mark.asyncio
async def test_blocking_calls_of_a_test_run_in_threads() -> None:
    await FakeRuntime(Threads).fetch(SITE)
    threads = [
        await anyio.to_thread.run_sync(threading.current_thread),
        await asyncio.to_thread(threading.current_thread),
    ]
    assert threading.main_thread() not in threads


def test_library_imported_later_is_changed_then() -> None:
    script = """
import asyncio, sys, threading
from pyworkers_sdk import Response, handler
from pyworkers_sdk.testing import FakeRuntime

assert "anyio" not in sys.modules

@handler
async def on_fetch(request, env, ctx):
    import anyio.to_thread
    thread = await anyio.to_thread.run_sync(threading.current_thread)
    return Response(thread.name)

async def main():
    response = await FakeRuntime(on_fetch).fetch("https://example.com/")
    assert await response.text() == "MainThread"
    import anyio.to_thread
    from anyio._backends import _asyncio
    assert (await anyio.to_thread.run_sync(threading.current_thread)).name != "MainThread"
    assert _asyncio.__spec__.loader is _asyncio.__loader__
    assert not type(_asyncio.__loader__).__module__.startswith("pyworkers_sdk")

asyncio.run(main())
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)


def test_missing_library_is_still_missing() -> None:
    script = """
import pyworkers_sdk.testing.fakes, sys
from pyworkers_sdk.testing import FakeRuntime
sys.path[:] = [path for path in sys.path if "site-packages" not in path]
for _ in range(2):
    try:
        import anyio._backends._asyncio
    except ModuleNotFoundError as error:
        assert error.name == "anyio", error
    else:
        raise SystemExit("imported")
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)


class Client(WorkerEntrypoint[Env]):
    """Sends a request, or opens a socket, by the client that the path names."""

    async def fetch(self, request: Request) -> Response:
        name = request.url.rpartition("/")[2]
        call = getattr(self, f"_{name}")
        result = call()
        return Response(str(await result if isawaitable(result) else result))

    async def _httpx(self) -> str:
        async with httpx.AsyncClient() as client, client.stream("GET", API) as response:
            return repr([chunk async for chunk in response.aiter_bytes()])

    def _httpx_sync(self) -> str:
        with httpx.Client() as client, client.stream("GET", API) as response:
            return repr([*response.iter_bytes()])

    def _requests(self) -> str:
        return repr(import_module("requests").get(API).content)

    def _urllib3(self) -> str:
        return repr(urllib3.request("GET", API, retries=False).data)

    def _urllib(self) -> str:
        with urllib.request.urlopen(API) as response:
            return repr(response.read())

    def _http(self) -> str:
        connection = http.client.HTTPSConnection("api.example")
        connection.request("GET", "/", b"", {"transfer-encoding": "chunked"}, encode_chunked=True)
        return repr(connection.getresponse().read())

    def _socket(self) -> str:
        with socket.create_connection(("127.0.0.1", 1)):
            return "connected"

    def _name(self) -> str:
        with socket.create_connection(("db.example", 5432), 1):
            return "connected"

    def _datagram(self) -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            return f"sent {sock.sendto(b'a', ('127.0.0.1', 1))}"

    def _datagram_with_flags(self) -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            return f"sent {sock.sendto(b'a', 0, ('127.0.0.1', 1))}"

    async def _asyncio(self) -> str:
        await asyncio.open_connection("127.0.0.1", 1)
        return "connected"


API = "https://api.example/"
CLIENTS = ["httpx", "httpx_sync", "requests", "urllib3", "urllib", "http"]


@pytest.mark.asyncio
@pytest.mark.parametrize("name", CLIENTS)
async def test_body_of_a_route_is_read_by_a_client_of_the_worker(name: str) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"one "
        await asyncio.sleep(0)
        yield b"two"

    runtime = FakeRuntime(Client)
    runtime.outbound(API, lambda request: Response(body(), headers={"content-encoding": "gzip"}))
    text = await (await runtime.fetch(SITE + name)).text()
    assert text == ("[b'one ', b'two']" if "httpx" in name else "b'one two'")


@pytest.mark.asyncio
@pytest.mark.parametrize("name", CLIENTS)
async def test_client_of_the_worker_without_a_route_is_refused(name: str) -> None:
    with pytest.raises(Exception, match=r"nothing answers GET https://api\.example"):
        await FakeRuntime(Client).fetch(SITE + name)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["socket", "asyncio", "datagram", "datagram_with_flags"])
async def test_socket_of_the_worker_is_refused(name: str) -> None:
    with pytest.raises(OSError, match=r"nothing answers a socket to 127\.0\.0\.1:1: "):
        await FakeRuntime(Client).fetch(SITE + name)


@pytest.mark.asyncio
async def test_socket_to_a_name_is_refused_before_the_name_is_looked_up() -> None:
    with pytest.raises(OSError, match=r"nothing answers a socket to db\.example:5432: "):
        await FakeRuntime(Client).fetch(SITE + "name")


@pytest.mark.asyncio
async def test_sockets_and_clients_of_a_test_are_its_own() -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello")
        await writer.drain()
        writer.close()

    await FakeRuntime(Threads).fetch(SITE)
    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server, httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"http://{host}:{port}/")).text == "hello"
        body = await asyncio.to_thread(read, f"http://{host}:{port}/")
        assert body == b"hello"


def read(url: str) -> bytes:
    with urllib.request.urlopen(url) as response:
        content: bytes = response.read()
        return content


@pytest.mark.parametrize("name", ["httpx", "urllib3", "http.client", "asyncio", "socket"])
def test_library_may_be_imported_before_or_after_the_kit(name: str) -> None:
    for first, second in ((name, "pyworkers_sdk.testing"), ("pyworkers_sdk.testing", name)):
        script = f"import {first}; from pyworkers_sdk.testing import fake; import {second}"
        subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)
