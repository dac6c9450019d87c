"""``asgi.fetch``: an ASGI application in a Worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from pyworkers_sdk import Request, Response, WebSocket, WorkersError, asgi

from .kit import cases, not_in, only, raises


async def answer(send: Any, body: bytes, *, status: int = 200, headers: Any = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers]})
    await send({"type": "http.response.body", "body": body})


def application(serve: Any) -> Any:
    """An application without a lifespan, as most small ones are."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await serve(scope, receive, send)

    return app


# Requests and responses --------------------------------------------------------------------------


async def test_scope_describes_the_request() -> None:
    seen: list[Any] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await answer(send, b"")

    url = "https://example.com:8443/a%20b/%C3%A9?q=1&q=%20"
    headers = {"X-One": "é", "CF-Connecting-IP": "192.0.2.1"}
    await asgi.fetch(application(serve), Request(url, method="PUT", headers=headers), {"A": 1})
    (scope,) = seen
    assert scope["method"] == "PUT"
    assert scope["scheme"] == "https"
    assert scope["path"] == "/a b/é"
    assert scope["raw_path"] == b"/a%20b/%C3%A9"
    assert scope["query_string"] == b"q=1&q=%20"
    assert scope["server"] == ("example.com", 8443)
    assert scope["client"] == ("192.0.2.1", 0)
    assert (b"x-one", "é".encode("latin-1")) in scope["headers"]
    assert scope["env"] == {"A": 1}


async def test_response_has_status_headers_and_body() -> None:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        cookies = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await answer(send, b"\x00\xff", status=201, headers=[*cookies, (b"x", b"\xe9")])

    response = await asgi.fetch(application(serve), Request("https://e.com/"))
    assert response.status == 201
    assert response.headers.get_set_cookie() == ["a=1", "b=2"]
    assert response.headers["x"] == "é"
    assert await response.bytes() == b"\x00\xff"


async def test_null_body_status_has_no_body() -> None:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"", status=204)

    response = await asgi.fetch(application(serve), Request("https://e.com/"))
    assert response.status == 204
    assert response.body is None


@not_in("node", reason="Node's Request takes a stream only with an option that workerd lacks")
async def test_request_body_arrives_in_chunks() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        got = b""
        while (message := await receive())["more_body"]:
            got += message["body"]
        await answer(send, got + message["body"])

    request = Request("https://e.com/", method="POST", body=body())
    response = await asgi.fetch(application(serve), request)
    assert await response.text() == "one two"


async def test_response_body_streams_at_the_pace_of_its_reader() -> None:
    numbers: list[int] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(20):
            numbers.append(number)
            await send(
                {"type": "http.response.body", "body": b"%d," % number, "more_body": number < 19}
            )

    response = await asgi.fetch(application(serve), Request("https://e.com/"))
    await asyncio.sleep(0.01)  # time for pieces that must not be made; a slow machine makes fewer
    assert len(numbers) < 10
    assert await response.text() == ",".join(map(str, range(20))) + ","


async def test_receive_after_the_body_waits_and_returns_disconnect() -> None:
    event_types: list[str] = []
    ended = asyncio.Event()

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await receive()

        async def listen() -> None:
            event_types.append((await receive())["type"])
            ended.set()

        listening = asyncio.ensure_future(listen())
        await asyncio.sleep(0)
        assert event_types == []
        await answer(send, b"done")
        await listening

    response = await asgi.fetch(application(serve), Request("https://e.com/"))
    assert await response.text() == "done"
    await asyncio.wait_for(ended.wait(), 30)
    assert event_types == ["http.disconnect"]


# Exceptions --------------------------------------------------------------------------------------


async def test_exception_before_the_response_propagates() -> None:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("broken")

    with raises(LookupError, match="broken"):
        await asgi.fetch(application(serve), Request("https://e.com/"))


async def test_application_without_a_response_raises() -> None:
    async def serve(scope: Any, receive: Any, send: Any) -> None: ...

    with raises(WorkersError, match="the application did not send a response"):
        await asgi.fetch(application(serve), Request("https://e.com/"))


async def test_exception_after_the_start_breaks_the_body() -> None:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise LookupError("broken")

    response = await asgi.fetch(application(serve), Request("https://e.com/"))
    with raises(WorkersError, match="broken"):
        await response.text()


# Lifespan and background work --------------------------------------------------------------------


async def test_lifespan_surrounds_the_request() -> None:
    order: list[str] = []
    ended = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                assert (await receive())["type"] == f"lifespan.{phase}"
                order.append(phase)
                scope["state"]["pool"] = "open"
                await send({"type": f"lifespan.{phase}.complete"})
            ended.set()
            return
        order.append(scope["state"]["pool"])
        await answer(send, b"")

    await asgi.fetch(app, Request("https://e.com/"))
    await asyncio.wait_for(ended.wait(), 30)
    assert order == ["startup", "open", "shutdown"]


async def test_failed_startup_raises() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with raises(WorkersError, match="the application did not start: no database"):
        await asgi.fetch(app, Request("https://e.com/"))


async def test_work_after_the_response_continues_in_wait_until() -> None:
    done: list[str] = []
    left: list[Any] = []

    class Context:
        def wait_until(self, work: Any) -> None:
            left.append(work)

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"first")
        await asyncio.sleep(0.01)
        done.append("later")

    context: Any = Context()
    response = await asgi.fetch(application(serve), Request("https://e.com/"), ctx=context)
    assert isinstance(response, Response)
    assert await response.text() == "first"
    assert done == []
    await left[0]
    assert done == ["later"]


@cases({"HEAD": ("HEAD", 200), "no content": ("GET", 204)})
async def test_body_that_is_never_read_does_not_block(case: tuple[str, int]) -> None:
    method, status = case
    left: list[Any] = []

    class Context:
        def wait_until(self, work: Any) -> None:
            left.append(work)

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body"})

    context: Any = Context()
    request = Request("https://e.com/", method=method)
    response = await asgi.fetch(application(serve), request, ctx=context)
    assert (response.status, response.body) == (status, None)
    await asyncio.wait_for(left[0], 30)


# WebSockets --------------------------------------------------------------------------------------

OUTSIDE = "there are no WebSocketPairs outside workerd"
UPGRADE = {"upgrade": "websocket", "sec-websocket-protocol": "one, two"}


class Left:
    """An ExecutionContext of which only this is wanted."""

    def __init__(self) -> None:
        self.work: list[Any] = []

    def wait_until(self, work: Any) -> None:
        self.work.append(work)


async def connected(talk: Any) -> tuple[Response, WebSocket, Any]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await talk(scope, receive, send)

    context: Any = Left()
    request = Request("https://e.com/a", headers=UPGRADE)
    response = await asgi.fetch(app, request, ctx=context)
    socket = response.web_socket
    assert socket is not None
    socket.accept()
    return response, socket, context.work[0]


@only("fake", "workerd", reason=OUTSIDE)
async def test_websocket_exchanges_messages_until_the_client_closes() -> None:
    messages: list[Any] = []

    async def talk(scope: Any, receive: Any, send: Any) -> None:
        assert scope["scheme"] == "wss"
        assert scope["subprotocols"] == ["one", "two"]
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept", "subprotocol": "two", "headers": [(b"x", b"y")]})
        while (message := await receive())["type"] == "websocket.receive":
            await send(
                {"type": "websocket.send", **{k: message[k] for k in message if k != "type"}}
            )
        messages.append(message)

    response, socket, work = await connected(talk)
    assert response.status == 101
    assert response.headers["sec-websocket-protocol"] == "two"
    assert response.headers["x"] == "y"
    socket.send("text")
    assert await socket.receive() == "text"
    socket.send(b"\x00\xff")
    assert await socket.receive() == b"\x00\xff"
    socket.close(4001, "enough")
    await work
    assert messages == [{"type": "websocket.disconnect", "code": 4001, "reason": "enough"}]


@only("fake", "workerd", reason=OUTSIDE)
async def test_websocket_can_be_closed_by_the_application() -> None:
    async def talk(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4000, "reason": "no"})

    _, socket, work = await connected(talk)
    assert [message async for message in socket] == []
    assert (socket.close_code, socket.close_reason) == (4000, "no")
    await work


@cases({"returns": 1000, "raises": 1011})
@only("fake", "workerd", reason=OUTSIDE)
async def test_websocket_closes_when_the_application_ends(case: int) -> None:
    async def talk(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        if case == 1011:
            raise LookupError("broken")

    _, socket, work = await connected(talk)
    assert [message async for message in socket] == []
    assert socket.close_code == case
    await work


@cases({"close": {"type": "websocket.close"}, "nothing": None})
@only("fake", "workerd", reason=OUTSIDE)
async def test_websocket_that_is_not_accepted_is_a_403(case: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        assert (await receive())["type"] == "websocket.connect"
        if case:
            await send(case)
            assert (await receive())["type"] == "websocket.disconnect"

    response = await asgi.fetch(app, Request("https://e.com/", headers=UPGRADE))
    assert response.status == 403
    assert response.web_socket is None


@only("fake", "workerd", reason=OUTSIDE)
async def test_exception_before_websocket_accept_propagates() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await send({"type": "websocket.send", "text": "too early"})

    with raises(WorkersError, match="^the application sent an unexpected 'websocket.send'$"):
        await asgi.fetch(app, Request("https://e.com/", headers=UPGRADE))


async def test_failed_shutdown_is_logged_and_the_response_stands() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.failed", "message": "stuck"})
            return
        await answer(send, b"fine")

    response = await asgi.fetch(app, Request("https://e.com/"))
    assert await response.text() == "fine"
