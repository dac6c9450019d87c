"""WebSockets: both ends of a pair in one isolate, and responses that carry one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from typing import Any

from pyworkers_sdk import (
    CloseEvent,
    ConversionError,
    ErrorEvent,
    Headers,
    MessageEvent,
    Response,
    WebSocket,
    WebSocketPair,
    WorkersError,
    fetch,
)

from .kit import C, cases, only, raises

NOT_ACCEPTED = (
    "You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending "
    "messages."
)
CLOSED = "Can't call WebSocket send() after close()."

# To pass arguments that a type checker would refuse.
AnyResponse: Any = Response
AnyWebSocket: Any = WebSocket


def check(function: C) -> C:
    reason = "Node has no WebSocketPair"
    return only("fake", "workerd", reason=reason)(function)


def accepted() -> tuple[WebSocket, WebSocket]:
    client, server = WebSocketPair()
    client.accept()
    server.accept()
    return client, server


async def rest(socket: WebSocket) -> list[str | bytes]:
    """Return all messages until the socket is closed."""
    return [message async for message in socket]


async def wait_until_closed(*sockets: WebSocket) -> None:
    """Wait until each socket is closed."""
    for socket in sockets:
        assert await rest(socket) == []


def error_of(call: Callable[[], Any]) -> tuple[str | None, str]:
    """Return the class and the message of the error that a call raises."""
    with raises(WorkersError) as caught:
        call()
    return caught.value.js_name, caught.value.message


# Messages ----------------------------------------------------------------------------------------


@check
async def test_messages_go_both_ways() -> None:
    client, server = accepted()
    client.send("to the server")
    assert await server.receive() == "to the server"
    server.send("to the client")
    assert await client.receive() == "to the client"


@check
async def test_messages_keep_their_order_and_type() -> None:
    client, server = accepted()
    sent: list[str | bytes] = ["a", b"b", "", b"", "\0é☃𝄞", bytes(range(256)), "last"]
    for message in sent:
        client.send(message)
    client.close()
    assert await rest(server) == sent


@check
@cases({"bytes": bytes, "bytearray": bytearray, "memoryview": memoryview})
async def test_binary_message_arrives_as_bytes(case: Any) -> None:
    client, server = accepted()
    client.send(case(b"abc"))
    message = await server.receive()
    assert message == b"abc"
    assert type(message) is bytes


@check
async def test_sent_message_is_a_copy() -> None:
    client, server = accepted()
    data = bytearray(b"before")
    client.send(data)
    data[:] = b"after!"
    assert await server.receive() == b"before"


@check
async def test_slice_of_a_memoryview_is_sent() -> None:
    client, server = accepted()
    client.send(memoryview(b"0123456789")[2:5])
    assert await server.receive() == b"234"


@check
async def test_message_of_2_mb_arrives() -> None:
    client, server = accepted()
    client.send(bytes(2_000_000))
    client.send("x" * 2_000_000)
    assert [len(await server.receive()), len(await server.receive())] == [2_000_000, 2_000_000]


@check
@cases({"int": (5, "int"), "None": (None, "None"), "list": (["a"], "list"), "dict": ({}, "dict")})
async def test_message_that_is_neither_text_nor_bytes_raises(case: tuple[Any, str]) -> None:
    value, got = case
    client: Any = accepted()[0]
    with raises(ConversionError, match=f"^message: expected str or bytes, got {got};"):
        client.send(value)


@check
async def test_text_with_a_lone_surrogate_raises() -> None:
    client, _ = accepted()
    with raises(ConversionError, match="message: the text has a lone surrogate"):
        client.send("a\ud800")


@check
async def test_200_messages_are_echoed_in_order() -> None:
    client, server = accepted()

    async def echo() -> None:
        async for message in server:
            server.send(message)

    echoing = asyncio.ensure_future(echo())
    for number in range(200):
        client.send(str(number))
    assert [await client.receive() for _ in range(200)] == [str(number) for number in range(200)]
    client.close()
    await echoing


# The order of arrival ----------------------------------------------------------------------------


@check
async def test_messages_wait_until_the_other_end_is_accepted() -> None:
    client, server = WebSocketPair()
    client.accept()
    client.send("early")
    await asyncio.sleep(0.01)
    server.accept()
    client.send("late")
    assert [await server.receive(), await server.receive()] == ["early", "late"]


@check
async def test_messages_wait_until_they_are_read() -> None:
    client, server = accepted()
    client.send("one")
    client.send("two")
    client.close(1000, "all")
    async with asyncio.timeout(30):
        while server.close_code is None:  # noqa: ASYNC110 (it has no event)
            await asyncio.sleep(0.01)
    assert server.close_code == 1000
    assert await server.receive() == "one"
    assert await rest(server) == ["two"]


@check
async def test_message_arrives_only_after_the_sender_yields() -> None:
    client, server = accepted()
    events: list[MessageEvent] = []
    server.add_event_listener("message", events.append)
    client.send("a")
    assert events == []
    await asyncio.sleep(0.01)
    assert events == [MessageEvent("a")]


@check
async def test_iteration_continues_after_break() -> None:
    client, server = accepted()
    for letter in "abc":
        client.send(letter)
    client.close()
    async for message in server:
        assert message == "a"
        break
    assert await rest(server) == ["b", "c"]
    assert await rest(server) == []


@check
async def test_cancelled_receive_loses_no_message() -> None:
    client, server = accepted()
    with raises(TimeoutError):
        await asyncio.wait_for(server.receive(), 0.01)
    client.send("a")
    assert await server.receive() == "a"


@check
async def test_two_waiting_receives_get_one_message_each() -> None:
    client, server = accepted()
    both = asyncio.gather(server.receive(), server.receive())
    await asyncio.sleep(0)
    client.send("a")
    client.send("b")
    assert sorted(str(message) for message in await both) == ["a", "b"]


# accept() ----------------------------------------------------------------------------------------


@check
async def test_send_and_close_before_accept_raise() -> None:
    client, _ = WebSocketPair()
    assert error_of(lambda: client.send("x")) == ("TypeError", NOT_ACCEPTED)
    assert error_of(lambda: client.close()) == ("TypeError", NOT_ACCEPTED)
    assert error_of(lambda: client.close(1000, "x")) == ("TypeError", NOT_ACCEPTED)
    assert client.ready_state == WebSocket.OPEN


@check
async def test_receiving_before_accept_raises() -> None:
    _, server = WebSocketPair()
    before = "call accept\\(\\) on this WebSocket before receiving messages"
    with raises(WorkersError, match=before):
        await server.receive()
    with raises(WorkersError, match=before):
        async for _ in server:
            pass
    with raises(WorkersError, match=before):
        server.add_event_listener("message", print)
    assert (server.close_code, server.close_reason, server.was_clean) == (None, None, None)


@check
async def test_second_accept_changes_nothing() -> None:
    client, server = accepted()
    client.send("a")
    server.accept()
    server.accept(allow_half_open=True)
    assert await server.receive() == "a"
    client.close()
    await wait_until_closed(client, server)


@check
async def test_second_wrapper_of_a_socket_receives() -> None:
    client, server = accepted()
    other = WebSocket.from_js(server.js_object)
    other.accept()
    client.send("a")
    assert await other.receive() == "a"
    other.send("b")
    assert await client.receive() == "b"


# close() -----------------------------------------------------------------------------------------


@check
async def test_close_closes_the_other_end_too() -> None:
    client, server = accepted()
    client.send("last")
    client.close(3000, "bye")
    assert await rest(server) == ["last"]
    assert (server.close_code, server.close_reason, server.was_clean) == (3000, "bye", True)
    assert await rest(client) == []
    assert (client.close_code, client.close_reason, client.was_clean) == (3000, "bye", True)
    assert (client.ready_state, server.ready_state) == (WebSocket.CLOSED, WebSocket.CLOSED)


@check
async def test_close_without_a_code_gives_1005() -> None:
    client, server = accepted()
    client.close()
    await wait_until_closed(client, server)
    assert (server.close_code, server.close_reason, server.was_clean) == (1005, "", True)
    assert (client.close_code, client.close_reason, client.was_clean) == (1005, "", True)


@check
async def test_ready_state_is_closing_until_the_other_end_closes() -> None:
    client, server = accepted()
    assert (client.ready_state, server.ready_state) == (WebSocket.OPEN, WebSocket.OPEN)
    client.close(1000)
    assert (client.ready_state, server.ready_state) == (WebSocket.CLOSING, WebSocket.OPEN)
    assert client.close_code is None
    await wait_until_closed(server, client)
    assert (client.ready_state, server.ready_state) == (WebSocket.CLOSED, WebSocket.CLOSED)


@check
async def test_send_after_close_raises() -> None:
    client, server = accepted()
    client.close()
    assert error_of(lambda: client.send("x")) == ("TypeError", CLOSED)
    await wait_until_closed(server, client)
    assert error_of(lambda: client.send("x")) == ("TypeError", CLOSED)
    assert error_of(lambda: server.send("x")) == ("TypeError", CLOSED)


@check
async def test_second_close_does_nothing() -> None:
    client, server = accepted()
    client.close(1000, "first")
    client.close(3000, "second")
    await wait_until_closed(server, client)
    assert (server.close_code, server.close_reason) == (1000, "first")
    server.close()
    client.close(1000)


@check
async def test_close_from_both_ends_exchanges_the_codes() -> None:
    client, server = accepted()
    client.close(3001, "client")
    server.close(3002, "server")
    await wait_until_closed(client, server)
    assert (client.close_code, client.close_reason) == (3002, "server")
    assert (server.close_code, server.close_reason) == (3001, "client")


@check
async def test_close_before_accept_of_the_other_end_arrives_later() -> None:
    client, server = WebSocketPair()
    client.accept()
    client.send("a")
    client.close(3000)
    await asyncio.sleep(0.01)
    assert (client.ready_state, server.ready_state) == (WebSocket.CLOSING, WebSocket.OPEN)
    server.accept()
    assert await rest(server) == ["a"]
    assert server.close_code == 3000
    await wait_until_closed(client)


@check
async def test_half_open_end_sends_after_a_close_arrived() -> None:
    client, server = WebSocketPair()
    client.accept()
    server.accept(allow_half_open=True)
    client.close(3000, "half")
    await wait_until_closed(server)
    assert (server.close_code, server.ready_state) == (3000, WebSocket.CLOSING)
    server.send("one more")
    assert await client.receive() == "one more"
    server.close(3001, "whole")
    await wait_until_closed(client)
    assert (client.close_code, client.close_reason) == (3001, "whole")
    assert (client.ready_state, server.ready_state) == (WebSocket.CLOSED, WebSocket.CLOSED)
    assert error_of(lambda: server.send("x")) == ("TypeError", CLOSED)


@check
@cases([1000, 1001, 1003, 1007, 1014, 1016, 2999, 3000, 4999])
async def test_valid_close_code_arrives(case: int) -> None:
    client, server = accepted()
    client.close(case)
    await wait_until_closed(client, server)
    assert (server.close_code, server.close_reason) == (case, "")


@check
@cases([-1, 0, 999, 1004, 1005, 1006, 1015, 5000, 65536])
async def test_reserved_close_code_raises(case: int) -> None:
    client, _ = accepted()
    expected = ("InvalidAccessError", f"Invalid WebSocket close code: {case}.")
    assert error_of(lambda: client.close(case)) == expected
    assert error_of(lambda: client.close(case, "x" * 124)) == expected
    client.close(1000)
    assert error_of(lambda: client.close(case)) == expected


@check
@cases([2**31, -(2**31) - 1])
async def test_close_code_outside_32_bits_raises(case: int) -> None:
    client, _ = accepted()
    message = "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."
    assert error_of(lambda: client.close(case)) == ("TypeError", message)


@check
async def test_close_code_or_reason_of_another_type_raises() -> None:
    client: Any = accepted()[0]
    with raises(ConversionError, match="code: expected int, got str"):
        client.close("1000")
    with raises(ConversionError, match="reason: expected str, got int"):
        client.close(1000, 5)


@check
@cases({"ascii": "x" * 123, "é": "é" * 61, "none": ""})
async def test_close_reason_arrives(case: str) -> None:
    client, server = accepted()
    client.close(1000, case)
    await wait_until_closed(client, server)
    assert server.close_reason == case


@check
@cases({"ascii": "x" * 124, "é": "é" * 62})
async def test_close_reason_longer_than_123_bytes_raises(case: str) -> None:
    client, _ = accepted()
    message = "WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded."
    assert error_of(lambda: client.close(1000, case)) == ("SyntaxError", message)
    assert client.ready_state == WebSocket.OPEN


@check
@cases(["why", ""])
async def test_close_reason_without_a_code_raises(case: str) -> None:
    client, _ = accepted()
    message = "If you specify a WebSocket close reason, you must also specify a code."
    assert error_of(lambda: client.close(None, case)) == ("InvalidAccessError", message)


@check
async def test_receive_after_the_close_raises_with_its_code() -> None:
    client, server = accepted()
    client.close(3000, "bye")
    with raises(WorkersError, match="^the WebSocket is closed: 3000 bye$") as caught:
        await server.receive()
    assert caught.value.code == 3000
    client, server = accepted()
    client.close(3000)
    with raises(WorkersError, match="^the WebSocket is closed: 3000$"):
        await server.receive()


@check
async def test_waiting_receive_raises_when_the_connection_closes() -> None:
    client, server = accepted()
    waiting = asyncio.gather(server.receive(), server.receive(), return_exceptions=True)
    await asyncio.sleep(0)
    client.close(1001)
    assert [getattr(error, "code", None) for error in await waiting] == [1001, 1001]


@check
async def test_with_block_closes_the_connection() -> None:
    client, server = accepted()
    async with client as entered:
        assert entered is client
    await wait_until_closed(server)
    assert server.close_code == 1000

    client, server = accepted()
    with raises(ZeroDivisionError):
        async with client:
            _ = 1 / 0
    await wait_until_closed(server)
    assert server.close_code == 1011

    client, server = accepted()
    async with client:
        client.close(3000)
    await wait_until_closed(server)
    assert server.close_code == 3000


# Listeners ---------------------------------------------------------------------------------------


@check
async def test_listeners_are_called_in_order() -> None:
    client, server = accepted()
    events: list[object] = []
    done = asyncio.Event()
    server.add_event_listener("message", lambda event: events.append(("one", event.data)))
    server.add_event_listener("message", lambda event: events.append(("two", event.data)))
    server.add_event_listener("close", events.append)
    server.add_event_listener("close", lambda _: done.set())
    client.send("a")
    client.send(b"b")
    client.close(3000, "bye")
    await done.wait()
    assert events == [
        ("one", "a"),
        ("two", "a"),
        ("one", b"b"),
        ("two", b"b"),
        CloseEvent(3000, "bye", was_clean=True),
    ]
    assert await rest(server) == []


@check
async def test_listener_may_be_async() -> None:
    client, server = accepted()

    async def answer(event: MessageEvent) -> None:
        await asyncio.sleep(0)
        server.send(f"re: {event.data!s}")

    server.add_event_listener("message", answer)
    client.send("a")
    assert await client.receive() == "re: a"


@check
async def test_listener_is_added_once_and_can_be_removed() -> None:
    client, server = accepted()
    events: list[MessageEvent] = []
    listener = events.append
    server.add_event_listener("message", listener)
    server.add_event_listener("message", listener)
    server.add_event_listener("message", lambda _: server.send("ok"))
    client.send("a")
    await client.receive()
    assert events == [MessageEvent("a")]
    server.remove_event_listener("message", listener)
    server.remove_event_listener("message", listener)
    server.remove_event_listener("close", listener)
    client.send("b")
    await client.receive()
    assert events == [MessageEvent("a")]


@check
async def test_messages_wait_again_after_the_listener_is_removed() -> None:
    client, server = accepted()
    events: list[object] = []
    listener = events.append
    server.add_event_listener("message", listener)
    server.remove_event_listener("message", listener)
    client.send("a")
    assert await server.receive() == "a"
    assert events == []


@check
async def test_clean_close_dispatches_no_error_event() -> None:
    client, server = accepted()
    errors: list[ErrorEvent] = []
    for socket in (client, server):
        socket.add_event_listener("error", errors.append)
    client.close()
    await wait_until_closed(client, server)
    await asyncio.sleep(0.02)
    assert errors == []


# A connection that breaks ------------------------------------------------------------------------


def breaking(event: object) -> None:
    raise ValueError("boom")


@check
async def test_listener_that_raises_breaks_the_connection() -> None:
    client, server = accepted()
    events: list[object] = []
    for socket in (client, server):
        socket.add_event_listener("error", lambda _: events.append("error"))
        socket.add_event_listener("close", events.append)
    server.add_event_listener("message", breaking)
    client.send("a")
    client.send("b")
    assert await rest(client) == []
    assert (client.close_code, client.was_clean) == (1006, False)
    assert client.close_reason == "WebSocket disconnected without sending Close frame."
    with raises(WorkersError, match="boom"):
        await server.receive()
    assert (server.close_code, server.close_reason, server.was_clean) == (1006, "", False)
    assert (client.ready_state, server.ready_state) == (WebSocket.CLOSED, WebSocket.CLOSED)
    reasons = sorted(event.reason for event in events if isinstance(event, CloseEvent))
    assert reasons == ["", client.close_reason]
    assert events.count("error") == 2
    for socket in (client, server):
        socket.send("into the void")
        socket.close()


# Attachments -------------------------------------------------------------------------------------


@check
@cases(
    {
        "None": None,
        "dict": {"name": "é", "list": [1, 2.5, None, True], "nested": {"constructor": 1}},
        "text": "x",
        "bytes": b"\x00\xff",
        "date": datetime(2026, 1, 2, tzinfo=timezone.utc),
        "set": {1, 2},
    }
)
async def test_attachment_round_trips(case: Any) -> None:
    client, server = WebSocketPair()
    assert server.deserialize_attachment() is None
    server.serialize_attachment(case)
    assert server.deserialize_attachment() == case
    assert client.deserialize_attachment() is None


@check
async def test_attachments_are_copies() -> None:
    _, server = WebSocketPair()
    value = {"list": [1]}
    server.serialize_attachment(value)
    value["list"].append(2)
    attachment = server.deserialize_attachment()
    assert attachment == {"list": [1]}
    attachment["list"].append(3)
    assert server.deserialize_attachment() == {"list": [1]}
    server.serialize_attachment("another")
    assert server.deserialize_attachment() == "another"


@check
@cases(["Response", "Headers", "WebSocket"])
async def test_live_object_as_attachment_is_refused(case: str) -> None:
    server = WebSocketPair()[1]
    live = {"Response": Response("x"), "Headers": Headers(), "WebSocket": server}[case]
    with raises(ConversionError, match=f"^attachment.a: a {case} cannot cross to JavaScript here"):
        server.serialize_attachment({"a": live})


@check
async def test_attachments_outlive_the_connection() -> None:
    client, server = accepted()
    server.serialize_attachment(1)
    client.close()
    await wait_until_closed(server)
    assert server.deserialize_attachment() == 1
    server.serialize_attachment(2)
    assert server.deserialize_attachment() == 2


@check
@cases(
    {
        "text": ("x", 16_379, 16_385),
        "two bytes": ("Ж", 8_189, 16_386),
        "bytes": (b"x", 16_373, 16_385),
    }
)
async def test_attachment_larger_than_16384_bytes_raises(case: tuple[Any, int, int]) -> None:
    unit, most, size = case
    _, server = WebSocketPair()
    server.serialize_attachment(unit * most)
    message = (
        f"A WebSocket 'attachment' cannot be larger than 16384 bytes.'attachment' was {size} bytes."
    )
    too_large = partial(server.serialize_attachment, unit * (most + 1))
    assert error_of(too_large) == ("Error", message)
    assert server.deserialize_attachment() == unit * most


@check
async def test_attachment_that_cannot_cross_raises() -> None:
    _, server = WebSocketPair()
    with raises(ConversionError, match=r"attachment\.f: a function cannot cross"):
        server.serialize_attachment({"f": breaking})


# Properties --------------------------------------------------------------------------------------


@check
async def test_properties_of_a_pair() -> None:
    for socket in WebSocketPair():
        assert socket.url is None
        assert (socket.protocol, socket.extensions) == ("", "")
        assert socket.ready_state == WebSocket.OPEN
        before = socket.binary_type
        socket.accept()
        assert (before, socket.binary_type) == ("blob", "arraybuffer")
    states = (WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED)
    assert states == (0, 1, 2, 3)


@check
async def test_pair_is_a_tuple() -> None:
    pair = WebSocketPair()
    client, server = pair
    assert len(pair) == 2
    assert pair[0] is client
    assert pair[1] is server
    assert client is not server


# Responses ---------------------------------------------------------------------------------------


@check
async def test_response_has_status_101_and_its_web_socket() -> None:
    client, _ = WebSocketPair()
    response = Response(status=101, headers={"X-A": "b"}, web_socket=client)
    assert (response.status, response.status_text, response.ok) == (101, "", False)
    assert response.web_socket is client
    assert response.headers["x-a"] == "b"
    assert response.body is None


@check
async def test_response_from_javascript_has_its_web_socket() -> None:
    client, server = WebSocketPair()
    server.accept()
    response = Response.from_js(Response(status=101, web_socket=client).js_object)
    socket = response.web_socket
    assert socket is not None
    assert socket is response.web_socket
    socket.accept()
    socket.send("a")
    assert await server.receive() == "a"


@check
async def test_other_responses_have_no_web_socket() -> None:
    assert Response("a").web_socket is None
    assert Response("a", web_socket=None).web_socket is None
    assert Response.from_js(Response("a").js_object).web_socket is None


@check
async def test_invalid_response_with_a_web_socket_raises() -> None:
    client, _ = WebSocketPair()
    statuses = (
        "Responses may only be constructed with status codes in the range 200 to 599, inclusive."
    )
    assert error_of(lambda: Response(status=101)) == ("RangeError", statuses)
    message = "Responses with a WebSocket must have status code 101."
    assert error_of(lambda: Response(web_socket=client)) == ("RangeError", message)
    message = "Response with null body status (101, 204, 205, or 304) cannot have a body."
    assert error_of(lambda: Response("x", status=101, web_socket=client)) == ("TypeError", message)
    message = "Cannot clone a response to a WebSocket handshake."
    assert error_of(lambda: Response(status=101, web_socket=client).clone()) == (
        "TypeError",
        message,
    )


@check
@cases({"text": "x", "pair": WebSocketPair})
async def test_response_with_another_type_as_web_socket_raises(case: Any) -> None:
    value = case if isinstance(case, str) else case()
    with raises(ConversionError, match="web_socket: expected WebSocket, got "):
        AnyResponse(status=101, web_socket=value)


# Clients -----------------------------------------------------------------------------------------


@check
@cases(
    {
        "no url": ("nope", (), "The url is invalid."),
        "no text": ("", (), "The url is invalid."),
        "relative": ("//localhost/", (), "The url is invalid."),
        "path": ("ws:localhost", (), "The url is invalid."),
        "space": ("ws://local host/", (), "The url is invalid."),
        "scheme": ("http://localhost:1/", (), "The url scheme must be ws or wss."),
        "fragment": ("ws://localhost:1/#a", (), "The url fragment must be empty."),
        "protocol": ("ws://localhost:1/", ["a b"], "One of the protocol header tokens is invalid."),
        "empty": ("ws://localhost:1/", [""], "One of the protocol header tokens is invalid."),
        "twice": (
            "ws://localhost:1/",
            ["a", "a"],
            "The protocols header cannot have repeating values.",
        ),
    }
)
async def test_invalid_url_or_protocol_raises(case: tuple[str, Any, str]) -> None:
    url, protocols, reason = case
    expected = ("SyntaxError", f"WebSocket Constructor: {reason}")
    assert error_of(lambda: WebSocket(url, protocols)) == expected


@check
async def test_url_or_protocol_that_is_not_text_raises() -> None:
    with raises(ConversionError, match="url: expected str, got int"):
        AnyWebSocket(5)
    with raises(ConversionError, match=r"protocols\[1\]: expected str, got int"):
        AnyWebSocket("ws://localhost:1/", ["a", 5])


def server_at(outside: str) -> str:
    return f"ws{outside.removeprefix('http')}/status/403"


@check
async def test_refused_connection_raises_and_closes_with_1006(outside: str) -> None:
    url = server_at(outside)
    socket = WebSocket(url, "chat")
    assert socket.ready_state == WebSocket.CONNECTING
    assert (socket.url, socket.protocol, socket.extensions) == (url, "", "")
    assert error_of(lambda: socket.send("x")) == ("TypeError", NOT_ACCEPTED)
    message = "Websockets obtained from the 'new WebSocket()' constructor cannot call accept"
    assert error_of(socket.accept) == ("TypeError", message)
    why = (
        r"^Failed to establish the WebSocket connection: expected server to reply with HTTP status "
        r"code 101 \(switching protocols\), but received 403 instead\.$"
    )
    with raises(WorkersError, match=why):
        async with socket:
            raise AssertionError("it is connected")
    assert (socket.close_code, socket.was_clean) == (1006, False)
    assert socket.close_reason == "Failed to establish websocket connection"
    assert socket.ready_state == WebSocket.CLOSED
    with raises(WorkersError, match=why):
        await socket.receive()
    with raises(WorkersError, match=why):
        await rest(socket)
    socket.send("into the void")
    socket.close()


@check
async def test_fetch_of_a_refused_upgrade_has_no_web_socket(outside: str) -> None:
    response = await fetch(f"{outside}/status/403", headers={"Upgrade": "websocket"})
    assert (response.status, response.web_socket) == (403, None)


@check
async def test_close_before_the_connection_is_open_raises(outside: str) -> None:
    socket = WebSocket(server_at(outside))
    events: list[object] = []
    socket.add_event_listener("error", lambda _: events.append("error"))
    socket.add_event_listener("close", lambda event: events.append(event.code))
    socket.close()
    with raises(WorkersError):
        await rest(socket)
    assert events == ["error", 1006]


@check
async def test_wrappers_of_one_socket_are_equal() -> None:
    client, server = WebSocketPair()
    again = WebSocket.from_js(client.js_object)
    assert again == client
    assert hash(again) == hash(client)
    assert client != server
    assert {client: 1}[again] == 1
