"""WebSockets over FakeRuntime: the client's side, and edge cases of the fake."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pyworkers_sdk import (
    CloseEvent,
    ConversionError,
    Env,
    ErrorEvent,
    MessageEvent,
    Request,
    Response,
    WebSocket,
    WebSocketPair,
    WorkerEntrypoint,
    WorkersError,
    fetch,
)
from pyworkers_sdk._border import JsException
from pyworkers_sdk._cpython.websockets import WebSocket as JsWebSocket
from pyworkers_sdk.testing import FakeRuntime
from tests.real import sockets_worker

pytestmark = pytest.mark.asyncio

URL = "https://example.com/"


@pytest.fixture
def runtime() -> Iterator[FakeRuntime[Any]]:
    """The Worker of tests/real/test_websockets.py; its network leads back to it."""
    runtime: FakeRuntime[Any] = FakeRuntime(sockets_worker.Default)
    runtime.outbound("*", runtime.fetch)
    yield runtime
    sockets_worker.seen.clear()


@pytest.mark.parametrize("name", sockets_worker.EXPECTED)
async def test_client_behaves_as_in_workerd(runtime: FakeRuntime[Any], name: str) -> None:
    response = await runtime.fetch(f"{URL}run/{name}")
    assert json.loads(await response.text()) == sockets_worker.EXPECTED[name]


# connect() ---------------------------------------------------------------------------------------


async def test_connect_in_a_with_block_closes_at_its_end(runtime: FakeRuntime[Any]) -> None:
    async with runtime.connect(f"{URL}echo") as ws:
        ws.send("a")
        assert await ws.receive() == "a"
    assert ws.ready_state == WebSocket.CLOSED
    assert ws.close_code == 1000
    await runtime.drain()
    assert sockets_worker.seen == [[1000, True]]


async def test_connect_awaited_returns_an_open_socket(runtime: FakeRuntime[Any]) -> None:
    ws = await runtime.connect("wss://example.com/say")
    assert [message async for message in ws] == ["one", b"two"]
    assert (ws.close_code, ws.url, ws.protocol) == (3000, "wss://example.com/say", None)


async def test_connect_offers_protocols_and_sends_headers() -> None:
    requests: list[Request] = []

    class Default(WorkerEntrypoint[Env]):
        async def fetch(self, request: Request) -> Response:
            requests.append(request)
            client, server = WebSocketPair()
            server.accept()
            headers = {"Sec-WebSocket-Protocol": "superchat"}
            return Response(status=101, headers=headers, web_socket=client)

    headers = {"Authorization": "Bearer x"}
    connecting = FakeRuntime(Default).connect(URL, headers=headers, protocols=["chat", "superchat"])
    async with connecting as ws:
        assert ws.protocol == "superchat"
    assert requests[0].method == "GET"
    assert requests[0].headers.items() == [
        ("authorization", "Bearer x"),
        ("sec-websocket-protocol", "chat, superchat"),
        ("upgrade", "websocket"),
    ]


async def test_connect_to_a_worker_that_refuses_raises(runtime: FakeRuntime[Any]) -> None:
    refused = (
        "^connect: expected a response with status 101 and a WebSocket, got 403 Forbidden: "
        "not today$"
    )
    with pytest.raises(WorkersError, match=refused):
        await runtime.connect(f"{URL}refuse")
    with pytest.raises(WorkersError, match=refused):
        async with runtime.connect(f"{URL}refuse"):
            pass


async def test_connect_to_a_worker_that_refuses_without_a_body_raises() -> None:
    class Default(WorkerEntrypoint[Env]):
        async def fetch(self, request: Request) -> Response:
            return Response(status=404)

    with pytest.raises(WorkersError, match=r"a WebSocket, got 404 Not Found$"):
        await FakeRuntime(Default).connect(URL)


async def test_error_in_the_with_block_closes_with_1011(runtime: FakeRuntime[Any]) -> None:
    async def fail() -> None:
        async with runtime.connect(f"{URL}wait") as ws:
            ws.send("a")
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        await fail()
    await runtime.drain()
    assert sockets_worker.seen == ["a", [1011, True]]


async def test_with_block_ends_though_the_server_never_accepts() -> None:
    servers: list[WebSocket] = []

    class Default(WorkerEntrypoint[Env]):
        async def fetch(self, request: Request) -> Response:
            client, server = WebSocketPair()
            servers.append(server)
            return Response(status=101, web_socket=client)

    async with FakeRuntime(Default).connect(URL) as ws:
        ws.send("a")
    assert (ws.ready_state, ws.close_code) == (WebSocket.CLOSING, None)
    servers[0].accept()
    assert [message async for message in servers[0]] == ["a"]


async def test_returning_an_accepted_web_socket_raises() -> None:
    class Default(WorkerEntrypoint[Env]):
        async def fetch(self, request: Request) -> Response:
            client, _ = WebSocketPair()
            client.accept()
            return Response(status=101, web_socket=client)

    why = r"Can't return WebSocket in a Response after calling accept\(\)\."
    with pytest.raises(WorkersError, match=why):
        await FakeRuntime(Default).connect(URL)


async def test_returning_a_web_socket_twice_raises() -> None:
    client, server = WebSocketPair()
    server.accept()

    class Default(WorkerEntrypoint[Env]):
        async def fetch(self, request: Request) -> Response:
            return Response(status=101, web_socket=client)

    runtime = FakeRuntime(Default)
    ws = await runtime.connect(URL)
    with pytest.raises(WorkersError, match="that was already used in a response"):
        await runtime.connect(URL)
    server.send("still there")
    assert await ws.receive() == "still there"


async def test_message_sent_before_the_response_arrives() -> None:
    class Default(WorkerEntrypoint[Env]):
        async def fetch(self, request: Request) -> Response:
            client, server = WebSocketPair()
            server.accept()
            server.send("hello")
            await asyncio.sleep(0)
            return Response(status=101, web_socket=client)

    ws = await FakeRuntime(Default).connect(URL)
    assert await ws.receive() == "hello"


async def test_fetch_with_upgrade_header_returns_a_web_socket(runtime: FakeRuntime[Any]) -> None:
    response = await runtime.fetch(f"{URL}echo", headers={"Upgrade": "websocket"})
    ws = response.web_socket
    assert ws
    ws.accept()
    ws.send("a")
    assert await ws.receive() == "a"
    with pytest.raises(WorkersError, match='did not contain the header "Upgrade: websocket"'):
        await runtime.fetch(f"{URL}echo")


async def test_listener_uses_the_network_of_its_runtime() -> None:
    class Default(WorkerEntrypoint[Env]):
        async def fetch(self, request: Request) -> Response:
            if request.url.endswith("/inner"):
                return Response("fetched")
            client, server = WebSocketPair()
            server.accept()

            async def answer(event: MessageEvent) -> None:
                server.send(await (await fetch(f"{URL}inner")).text())

            server.add_event_listener("message", answer)
            return Response(status=101, web_socket=client)

    runtime = FakeRuntime(Default)
    runtime.outbound("*", runtime.fetch)
    async with runtime.connect(URL) as ws:
        ws.send("go")
        assert await ws.receive() == "fetched"


async def test_handler_may_return_a_javascript_response() -> None:
    class Default(WorkerEntrypoint[Env]):
        async def fetch(self, request: Request) -> Response:
            client, server = WebSocketPair()
            server.accept()
            server.send("hello")
            response: Any = Response(status=101, web_socket=client).js_object
            return response  # type: ignore[no-any-return]

    ws = await FakeRuntime(Default).connect(URL)
    assert await ws.receive() == "hello"


# WebSocket(url) ----------------------------------------------------------------------------------


async def test_connection_to_an_unrouted_server_raises() -> None:
    runtime: FakeRuntime[Any] = FakeRuntime(sockets_worker.Default)
    with runtime:
        socket = WebSocket("wss://nowhere.example/secret")
        with pytest.raises(WorkersError, match=r"nothing answers GET https://nowhere\.example: "):
            async with socket:
                pass
    assert socket.close_code == 1006


async def test_close_cancels_a_connection_attempt() -> None:
    runtime: FakeRuntime[Any] = FakeRuntime(sockets_worker.Default)

    async def think(request: Request) -> Response:
        await asyncio.sleep(60)
        raise AssertionError("not cancelled")

    runtime.outbound("*", think)
    with runtime:
        socket = WebSocket("wss://example.com/")
        await asyncio.sleep(0)
        socket.close()
        assert [error.code for error in await outcomes(socket.receive())] == [None]
        assert socket.close_code == 1006


async def outcomes(*work: Any) -> list[Any]:
    return await asyncio.gather(*work, return_exceptions=True)


async def test_returning_a_client_web_socket_raises() -> None:
    runtime: FakeRuntime[Any] = FakeRuntime(sockets_worker.Default)
    with runtime:
        socket = WebSocket("wss://example.com/").js_object
        with pytest.raises(JsException, match=r"if it was created with `new WebSocket\(\)`"):
            socket.handed_over()
        socket.close()
        await asyncio.sleep(0)


# Broken connections ------------------------------------------------------------------------------


async def test_exception_in_a_message_listener_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    client, server = WebSocketPair()
    client.accept()
    server.accept()

    def breaking(event: MessageEvent) -> None:
        raise ValueError("boom")

    server.add_event_listener("message", breaking)
    with caplog.at_level(logging.ERROR, "asyncio"):
        client.send("a")
        client.send("b")
        assert [message async for message in client] == []
    assert ["boom" in (record.exc_text or "") for record in caplog.records] == [True]


async def test_exception_in_a_close_listener_keeps_the_close_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client, server = WebSocketPair()
    client.accept()
    server.accept()

    def breaking(event: CloseEvent) -> None:
        raise ValueError("boom")

    server.add_event_listener("close", breaking)
    client.close()
    assert [message async for message in server] == []
    assert (server.close_code, server.was_clean) == (1005, True)


class Broken:
    """JS: WebSocket. A test passes its events to ``listener``."""

    binaryType = "blob"
    readyState = 1

    def __init__(self) -> None:
        self.listener: Any = None

    def accept(self) -> None: ...

    def addEventListener(self, type: str, listener: Any) -> None:
        self.listener = listener

    def removeEventListener(self, type: str, listener: Any) -> None:
        self.listener = None


def event(type: str, **members: Any) -> Any:
    return SimpleNamespace(type=type, **members)


def error(message: str = "Network connection lost.") -> Any:
    return event("error", error=JsException("Error", message))


async def test_error_before_a_clean_close_is_ignored() -> None:
    js = Broken()
    socket = WebSocket.from_js(js)
    socket.accept()
    events: list[object] = []
    socket.add_event_listener("error", events.append)
    js.listener(error())
    js.listener(error())
    js.listener(event("close", code=1000, reason="", wasClean=True))
    assert [message async for message in socket] == []
    assert socket.close_code == 1000
    assert events == []
    assert js.listener is None


async def test_error_before_an_unclean_close_is_dispatched() -> None:
    js = Broken()
    socket = WebSocket.from_js(js)
    socket.accept()
    events: list[Any] = []
    socket.add_event_listener("error", events.append)
    socket.add_event_listener("close", events.append)
    js.listener(error())
    js.listener(event("close", code=1006, reason="gone", wasClean=False))
    assert [message async for message in socket] == []
    assert isinstance(events[0], ErrorEvent)
    assert (events[0].error.message, events[0].error.js_name) == (
        "Network connection lost.",
        "Error",
    )
    assert events[1:] == [CloseEvent(1006, "gone", was_clean=False)]


async def test_other_error_ends_the_connection() -> None:
    js = Broken()
    socket = WebSocket.from_js(js)
    socket.accept()
    js.listener(event("message", data="a"))
    js.listener(error("too large"))
    assert await socket.receive() == "a"
    with pytest.raises(WorkersError, match=r"^too large$"):
        await socket.receive()
    with pytest.raises(WorkersError, match=r"^too large$"):
        async for _ in socket:
            pass
    assert (socket.close_code, socket.was_clean, js.listener) == (1006, False, None)


async def test_refused_accept_leaves_no_listener() -> None:
    client, _ = WebSocketPair()
    client.js_object.handed_over()
    with pytest.raises(WorkersError, match="already used in a response"):
        client.accept()
    assert not any(client.js_object.listeners.values())
    with pytest.raises(WorkersError, match="call accept"):
        await client.receive()


async def test_with_block_of_an_unaccepted_socket_does_not_close_it() -> None:
    client, server = WebSocketPair()
    async with client:
        pass
    assert client.ready_state == WebSocket.OPEN
    server.accept()


# Receivers, for Durable Objects ------------------------------------------------------------------


class Handler:
    """A receiver that records its events."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def message(self, socket: JsWebSocket, data: str | bytes) -> None:
        self.events.append(data)
        if data == "raise":
            raise ValueError("boom")

    def close(self, socket: JsWebSocket, code: int, reason: str, wasClean: bool) -> None:
        self.events.append((code, reason, wasClean, socket.readyState))

    def error(self, socket: JsWebSocket, error: JsException) -> None:
        self.events.append(error.message)


async def taken_over() -> tuple[WebSocket, WebSocket, Handler]:
    client, server = WebSocketPair()
    client.accept()
    handler = Handler()
    server.js_object.take_over(handler)
    return client, server, handler


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 (it has no event)
            await asyncio.sleep(0)


async def test_receiver_gets_every_event() -> None:
    client, server, handler = await taken_over()
    listened: list[Any] = []
    server.js_object.addEventListener("message", listened.append)
    client.send("a")
    client.send(b"b")
    client.close(3000, "bye")
    await until(lambda: len(handler.events) == 3)
    assert handler.events == ["a", b"b", (3000, "bye", True, WebSocket.CLOSING)]
    assert listened == []
    assert client.close_code is None
    server.send("last words")
    server.close(3000, "bye")
    assert [message async for message in client] == ["last words"]
    assert server.ready_state == WebSocket.CLOSED


async def test_receiver_that_raises_keeps_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    client, server, handler = await taken_over()
    client.send("raise")
    client.send("a")
    await until(lambda: len(handler.events) == 2)
    assert handler.events == ["raise", "a"]
    server.send("ok")
    assert await client.receive() == "ok"
    assert "boom" in caplog.text


async def test_receiver_gets_the_error_of_a_broken_connection() -> None:
    client, _, handler = await taken_over()
    client.js_object.drop()
    await until(lambda: len(handler.events) == 2)
    lost = "WebSocket disconnected without sending Close frame."
    assert handler.events == ["Network connection lost.", (1006, lost, False, WebSocket.CLOSED)]


async def test_take_over_of_an_accepted_socket_raises() -> None:
    client, server, handler = await taken_over()
    message = "Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`"
    for socket in (client, server):
        with pytest.raises(JsException) as caught:
            socket.js_object.take_over(handler)
        assert caught.value.message == message
    with pytest.raises(
        WorkersError, match=r"Can't accept\(\) WebSocket after enabling hibernation"
    ):
        server.accept()
    with pytest.raises(JsException, match=r"a Response after calling acceptWebSocket\(\)"):
        server.js_object.handed_over()


# The public class --------------------------------------------------------------------------------


async def test_float_as_message_raises() -> None:
    socket: Any = WebSocketPair()[0]
    with pytest.raises(ConversionError, match="message: expected str or bytes, got float"):
        socket.send(1.5)


async def test_binary_type_defaults_to_arraybuffer_in_an_old_runtime() -> None:
    class Old:
        pass

    assert WebSocket.from_js(Old()).binary_type == "arraybuffer"
