"""WebSockets that a Durable Object accepts for hibernation: events, tags and limits."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from pyworkers_sdk import (
    ConversionError,
    DurableObjectError,
    DurableObjectState,
    Request,
    WebSocket,
    WebSocketPair,
    WebSocketRequestResponsePair,
)
from tests.contract.kit import only, raises
from tests.contract.workers import AppEnv

in_a_runtime = only("fake", "workerd", reason="in the Node worlds the runtime cannot call Python")


def room(app: AppEnv) -> Any:
    return app.ROOMS.get_by_name(secrets.token_hex(8))


async def connect(stub: Any, path: str = "") -> WebSocket:
    response = await stub.fetch(Request(f"https://room/{path}", headers={"upgrade": "websocket"}))
    assert response.status == 101
    socket: WebSocket = response.web_socket
    socket.accept()
    return socket


# Events ------------------------------------------------------------------------------------------


@in_a_runtime
async def test_messages_reach_the_handler(app: AppEnv) -> None:
    socket = await connect(room(app), "a/b")
    socket.send("hello")
    assert await socket.receive() == "1 hello a/b ['a', 'b']"
    socket.send(b"\x00\x01")
    assert await socket.receive() == b"\x01\x00"
    socket.send("hello")
    assert await socket.receive() == "3 hello a/b ['a', 'b']"


@in_a_runtime
async def test_messages_are_handled_in_order(app: AppEnv) -> None:
    socket = await connect(room(app))
    for number in range(20):
        socket.send(str(number))
    got = [await socket.receive() for _ in range(20)]
    assert got == [f"{number + 1} {number}  []" for number in range(20)]
    socket.send("count")
    assert [await socket.receive() for _ in range(3)] == ["0", "1", "2"]


@in_a_runtime
async def test_handler_sends_to_other_sockets(app: AppEnv) -> None:
    stub = room(app)
    one, two, three = [await connect(stub, name) for name in ("one", "two", "three")]
    one.send("say hello")
    assert [await two.receive(), await three.receive()] == ["hello", "hello"]
    one.send("x")
    assert await one.receive() == "2 x one ['one']"


@in_a_runtime
async def test_sockets_are_listed_by_tag(app: AppEnv) -> None:
    stub = room(app)
    await connect(stub, "a/b")
    await connect(stub, "b/c/b")
    await connect(stub)
    assert await stub.sockets() == ["", "b/c/b", "a/b"]
    assert await stub.sockets("b") == ["a/b", "b/c/b"]
    assert await stub.sockets("c") == ["b/c/b"]
    assert await stub.sockets("d") == []


@in_a_runtime
async def test_connection_survives_eviction_of_the_instance(app: AppEnv, idle: Any) -> None:
    stub = room(app)
    socket = await connect(stub, "a")
    socket.send("attach changed")
    socket.send("x")
    assert await socket.receive() == "2 x changed ['a']"
    await idle(stub)
    socket.send("y")
    assert await socket.receive() == "1 y changed ['a']"
    assert await stub.sockets("a") == ["changed"]
    assert await stub.messages() == 1


@in_a_runtime
async def test_auto_response_is_sent_without_the_handler(app: AppEnv) -> None:
    stub = room(app)
    socket = await connect(stub)
    assert await stub.answered() == [None]
    assert await stub.answer("ping", "pong") == ["ping", "pong"]
    before = dt.datetime.now(dt.timezone.utc)
    socket.send("ping")
    assert await socket.receive() == "pong"
    socket.send("pin")
    assert await socket.receive() == "1 pin  []"
    [when] = await stub.answered()
    assert abs(when - before) < dt.timedelta(seconds=10)
    assert await stub.answer(None) is None
    socket.send("ping")
    assert await socket.receive() == "2 ping  []"


@in_a_runtime
async def test_close_by_the_client_calls_the_close_handler(app: AppEnv, wait: Any) -> None:
    stub = room(app)
    socket = await connect(stub)
    socket.close(4001, "bye")
    await wait(0.2)
    assert await stub.lines() == [["close", 4001, "bye", True, WebSocket.CLOSING, 1]]
    assert await stub.sockets() == []
    assert socket.close_code is None
    assert socket.ready_state == WebSocket.CLOSING


@in_a_runtime
async def test_close_by_the_object_calls_the_close_handler(app: AppEnv, wait: Any) -> None:
    stub = room(app)
    socket = await connect(stub)
    socket.send("close why")
    assert [message async for message in socket] == []
    await wait(0.2)
    assert await stub.lines() == [["close", 4000, "why", True, WebSocket.CLOSED, 1]]
    assert await stub.sockets() == []
    assert (socket.close_code, socket.close_reason) == (4000, "why")
    assert socket.ready_state == WebSocket.CLOSED


@in_a_runtime
async def test_handler_that_raises_keeps_the_connection(app: AppEnv, wait: Any) -> None:
    stub = room(app)
    socket = await connect(stub)
    socket.send("fail now")
    await wait(0.2)
    socket.send("x")
    assert await socket.receive() == "2 x  []"
    assert await stub.lines() == []


@in_a_runtime
async def test_reset_drops_the_connections(app: AppEnv, wait: Any) -> None:
    stub = room(app)
    socket = await connect(stub)
    with raises(DurableObjectError, match="reset"):
        await stub.reset()
    again: Any = app.ROOMS.get(stub.id)
    await wait(0.2)
    assert await again.lines() == []
    assert await again.sockets() == []
    assert socket.close_code == 1006
    assert socket.close_reason == "WebSocket disconnected without sending Close frame."


@in_a_runtime
async def test_message_waits_for_the_output_gate(app: AppEnv) -> None:
    stub = room(app)
    socket = await connect(stub)
    socket.send("lie")
    assert [message async for message in socket] == []
    assert socket.close_code == 1006


inside = only("fake", "workerd", reason="in the Node worlds the runtime cannot call Python")


# Arguments and limits ----------------------------------------------------------------------------


@inside
async def test_accept_web_socket_checks_its_arguments(state: DurableObjectState) -> None:
    _, server = WebSocketPair()
    server.accept()
    with raises(DurableObjectError) as caught:
        state.accept_web_socket(server)
    assert caught.value.message == (
        "Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`"
    )
    _, server = WebSocketPair()
    with raises(DurableObjectError) as caught:
        state.accept_web_socket(server, [str(n) for n in range(11)])
    assert caught.value.message == "a Hibernatable WebSocket cannot have more than 10 tags"
    with raises(ConversionError, match="^tags: expected a list of str, got str$"):
        state.accept_web_socket(server, "abc")
    with raises(DurableObjectError) as caught:
        state.accept_web_socket(server, ["x" * 257])
    assert caught.value.message == (
        f'"{"x" * 257}" is longer than the max tag length (256 characters).'
    )
    with raises(DurableObjectError) as caught:
        state.get_tags(server)
    assert caught.value.message == (
        "you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket."
    )
    assert state.get_web_sockets() == []
    state.accept_web_socket(server, ["a", *["b"] * 10])
    assert state.get_web_sockets() == [server]
    assert state.get_web_sockets("b") == [server]
    assert len({server, *state.get_web_sockets()}) == 1
    assert state.get_tags(server) == ["a", "b"]
    with raises(DurableObjectError) as caught:
        state.accept_web_socket(server)
    assert caught.value.message == (
        "Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`"
    )
    assert state.get_web_socket_auto_response_timestamp(server) is None
    assert server != WebSocketPair()[0]


@inside
async def test_auto_response_and_event_timeout_have_limits(state: DurableObjectState) -> None:
    assert state.get_web_socket_auto_response() is None
    state.set_web_socket_auto_response()
    with raises(DurableObjectError) as caught:
        state.set_web_socket_auto_response(WebSocketRequestResponsePair("x" * 2049, ""))
    assert caught.value.message == (
        "Request cannot be larger than 2048 bytes. A request of size 2049 was provided."
    )
    with raises(DurableObjectError) as caught:
        state.set_web_socket_auto_response(WebSocketRequestResponsePair("", "é" * 1025))
    assert caught.value.message == (
        "Response cannot be larger than 2048 bytes. A response of size 2050 was provided."
    )
    assert state.get_hibernatable_web_socket_event_timeout() is None
    state.set_hibernatable_web_socket_event_timeout(dt.timedelta(seconds=2))
    assert state.get_hibernatable_web_socket_event_timeout() == 2000
    state.set_hibernatable_web_socket_event_timeout()
    with raises(DurableObjectError) as caught:
        state.set_hibernatable_web_socket_event_timeout(604_800_001)
    assert caught.value.message == "Event timeout should not exceed 604800000 ms."
    assert state.get_hibernatable_web_socket_event_timeout() is None
