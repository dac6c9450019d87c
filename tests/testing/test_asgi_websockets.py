"""``asgi``: WebSockets as a server passes them on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pyworkers_sdk import Request, Response, WebSocket, WebSocketPair, WorkerEntrypoint
from pyworkers_sdk.testing import FakeRuntime
from pyworkers_sdk.testing.asgi import asgi


class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        if "/breaks" in request.url:
            raise LookupError("broken")
        if request.headers.get("upgrade") != "websocket" or "/refuses" in request.url:
            return Response("no", status=403, headers={"x": "y"})
        client, server = WebSocketPair()
        server.accept()
        headers = []
        if offered := request.headers.get("sec-websocket-protocol"):
            headers.append(("sec-websocket-protocol", offered.partition(",")[0]))
        if "/headers" in request.url:
            headers += [("x-ws", "Łé"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
        if "/address" in request.url:
            server.send(request.headers["cf-connecting-ip"])
        self.ctx.wait_until(self._talk(server, request.url))
        return Response(status=101, web_socket=client, headers=headers)

    async def _talk(self, ws: WebSocket, url: str) -> None:
        ws.send(url)
        async for message in ws:
            if message == "bye":
                ws.close(4000, "you said it")
                return
            ws.send(message if isinstance(message, str) else message[::-1])
        closed.append((ws.close_code, ws.close_reason))


closed: list[Any] = []


class Client:
    """The calls of a server for one connection."""

    def __init__(self, path: str, *headers: tuple[bytes, bytes], **extra: Any) -> None:
        closed.clear()
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.got: asyncio.Queue[Any] = asyncio.Queue()
        self.sent.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": path,
            "query_string": b"q=1",
            "headers": [(b"host", b"e.com"), (b"upgrade", b"websocket"), *headers],
            **extra,
        }
        self.runtime = FakeRuntime[Any](Default)
        app = asgi(self.runtime)
        self.task = asyncio.ensure_future(app(scope, self.sent.get, self.got.put))

    async def next(self) -> Any:
        return await asyncio.wait_for(self.got.get(), 60)

    async def say(self, **message: Any) -> None:
        await self.sent.put({"type": "websocket.receive", **message})


@pytest.mark.asyncio
async def test_messages_go_both_ways() -> None:
    client = Client("/a")
    assert await client.next() == {"type": "websocket.accept", "subprotocol": None}
    assert (await client.next())["text"] == "http://e.com/a?q=1"
    await client.say(text="hello")
    assert await client.next() == {"type": "websocket.send", "text": "hello"}
    await client.say(bytes=b"\x01\x02", text=None)
    assert await client.next() == {"type": "websocket.send", "bytes": b"\x02\x01"}
    await client.sent.put({"type": "websocket.disconnect", "code": 4001, "reason": "enough"})
    await client.task
    await client.runtime.drain()
    assert closed == [(4001, "enough")]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1000, ""),
        (1001, "bye"),
        (1005, ""),
        (1015, ""),
        (999, ""),
        (4000, "é" * 100),
        (1006, "WebSocket disconnected without sending Close frame."),
    ],
)
@pytest.mark.asyncio
async def test_a_client_that_disconnects_closes_the_websocket(code: int, reason: str) -> None:
    client = Client("/a")
    await client.next()
    # A server has no reason for a client that disappeared.
    sent = {} if code == 1006 else {"reason": reason}
    await client.sent.put({"type": "websocket.disconnect", "code": code, **sent})
    await client.task
    await client.runtime.drain()
    assert closed == [(code, reason)]


@pytest.mark.asyncio
async def test_a_server_that_cancels_the_connection_breaks_it() -> None:
    client = Client("/a")
    await client.next()
    client.task.cancel()
    await asyncio.wait([client.task])
    await client.runtime.drain()
    assert closed[0][0] == 1006


@pytest.mark.asyncio
async def test_messages_after_the_workers_close_are_dropped() -> None:
    client = Client("/a")
    await client.next()
    await client.next()
    await client.say(text="bye")
    assert (await client.next())["type"] == "websocket.close"
    await client.say(text="too late")
    await client.sent.put({"type": "websocket.disconnect", "code": 4000})
    await client.task


@pytest.mark.asyncio
async def test_headers_of_the_101_reach_the_client() -> None:
    client = Client("/headers")
    message = await client.next()
    assert message["subprotocol"] is None
    assert message["headers"] == [
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"x-ws", "Łé".encode()),
    ]
    client.task.cancel()


@pytest.mark.parametrize("headers", [[], [(b"sec-websocket-protocol", b"one, two")]])
@pytest.mark.asyncio
async def test_subprotocols_of_the_scope_reach_the_worker(headers: list[Any]) -> None:
    client = Client("/a", *headers, subprotocols=["one", "two"])
    assert (await client.next())["subprotocol"] == "one"
    client.task.cancel()


@pytest.mark.asyncio
async def test_the_worker_finds_the_clients_address() -> None:
    client = Client("/address", client=("192.0.2.1", 5000))
    await client.next()
    assert (await client.next())["text"] == "192.0.2.1"
    client.task.cancel()


@pytest.mark.parametrize("host", [b"e.com/x", b"e com", b"\xc3\xa9"])
@pytest.mark.asyncio
async def test_an_invalid_host_refuses_the_connection(host: bytes) -> None:
    client = Client("/a", (b"host", host), extensions={"websocket.http.response": {}})
    assert (await client.next())["status"] == 400


@pytest.mark.asyncio
async def test_the_worker_closes_the_websocket() -> None:
    client = Client("/a")
    await client.next()
    await client.next()
    await client.say(text="bye")
    assert await client.next() == {
        "type": "websocket.close",
        "code": 4000,
        "reason": "you said it",
    }
    await client.sent.put({"type": "websocket.disconnect", "code": 4000})
    await client.task


@pytest.mark.asyncio
async def test_the_worker_chooses_a_protocol() -> None:
    client = Client("/a", (b"sec-websocket-protocol", b"one, two"))
    assert (await client.next())["subprotocol"] == "one"
    client.task.cancel()


@pytest.mark.parametrize(("path", "status"), [("/refuses", 403), ("/breaks", 500)])
@pytest.mark.asyncio
async def test_a_response_without_a_websocket_refuses_the_connection(
    path: str, status: int
) -> None:
    plain = Client(path)
    assert await plain.next() == {"type": "websocket.close"}
    able = Client(path, extensions={"websocket.http.response": {}})
    start = await able.next()
    assert start["type"] == "websocket.http.response.start"
    assert start["status"] == status
    assert (await able.next())["body"] == (b"no" if status == 403 else b"Internal Server Error")
