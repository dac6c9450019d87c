"""``asgi.fetch``: an ASGI application in a Worker."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from pyworkers_sdk import AbortController, Env, Request, Response, WebSocket, WorkersError, asgi
from pyworkers_sdk._border import to_js

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


class Left:
    """An ExecutionContext of which only this is wanted."""

    def __init__(self) -> None:
        self.work: list[Any] = []

    def wait_until(self, work: Any) -> None:
        self.work.append(work)


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
    assert scope["root_path"] == ""
    assert scope["http_version"] == "1.1"
    assert (b"x-one", "é".encode()) in scope["headers"]
    assert scope["env"] == {"A": 1}


@cases({"HTTP/1.1": "1.1", "HTTP/2": "2", "HTTP/3": "3"})
@not_in("node", reason="Node's Request has no cf")
async def test_scope_has_the_version_of_the_clients_protocol(case: str) -> None:
    versions: list[str] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        versions.append(scope["http_version"])
        await answer(send, b"")

    name = "HTTP/1.1" if case == "1.1" else f"HTTP/{case}"
    request = Request("https://e.com/", cf={"httpProtocol": name})
    await asgi.fetch(application(serve), request)
    assert versions == [case]


async def test_response_has_status_headers_and_body() -> None:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        cookies = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await answer(send, b"\x00\xff", status=201, headers=[*cookies, (b"x", b"y")])

    response = await asgi.fetch(application(serve), Request("https://e.com/"))
    assert response.status == 201
    assert response.headers.get_set_cookie() == ["a=1", "b=2"]
    assert response.headers["x"] == "y"
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


class Started:
    """An application with a lifespan. It counts its startups."""

    def __init__(self, failures: int = 0, pause: float = 0) -> None:
        self.startups = 0
        self.served = 0
        self.failures = failures
        self.pause = pause
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] != "lifespan":
            self.served += 1
            await answer(send, str(scope["state"]["pool"]).encode())
            return
        assert (await receive()) == {"type": "lifespan.startup"}
        self.startups += 1
        await asyncio.sleep(self.pause)
        if self.startups <= self.failures:
            await send({"type": "lifespan.startup.failed", "message": f"no {self.startups}"})
            return
        scope["state"]["pool"] = self.startups
        await send({"type": "lifespan.startup.complete"})
        await receive()
        raise AssertionError("got an event after the startup")


async def test_lifespan_starts_once_for_all_requests() -> None:
    app = Started()
    for _ in range(3):
        response = await asgi.fetch(app, Request("https://e.com/"), {"A": 1})
        assert await response.text() == "1"
    assert (app.startups, app.served) == (1, 3)
    assert app.scopes[0]["env"] == {"A": 1}
    # Each request has a copy of the state, and the values in it are the same.
    assert app.scopes[1]["state"] == app.scopes[2]["state"] == {"pool": 1}
    assert app.scopes[1]["state"] is not app.scopes[2]["state"]


async def test_concurrent_first_requests_wait_for_one_startup() -> None:
    app = Started(pause=0.05)
    requests = [asgi.fetch(app, Request("https://e.com/")) for _ in range(4)]
    texts = [await response.text() for response in await asyncio.gather(*requests)]
    assert (texts, app.startups) == (["1"] * 4, 1)


async def test_failed_startup_raises_and_the_next_request_tries_again() -> None:
    app = Started(failures=2)
    for number in (1, 2):
        with raises(WorkersError, match=f"^the application did not start: no {number}$"):
            await asgi.fetch(app, Request("https://e.com/"))
    assert await (await asgi.fetch(app, Request("https://e.com/"))).text() == "3"
    assert app.served == 1


async def test_failed_startup_fails_all_requests_that_wait_for_it() -> None:
    app = Started(failures=1, pause=0.05)
    requests = [asgi.fetch(app, Request("https://e.com/")) for _ in range(3)]
    outcomes = await asyncio.gather(*requests, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [WorkersError] * 3
    assert (app.startups, app.served) == (1, 0)


async def test_startup_that_is_cancelled_is_begun_by_the_next_request() -> None:
    app = Started(pause=0.05)
    first = asyncio.ensure_future(asgi.fetch(app, Request("https://e.com/")))
    second = asyncio.ensure_future(asgi.fetch(app, Request("https://e.com/")))
    await asyncio.sleep(0.02)
    first.cancel()
    assert await (await second).text() == "2"
    assert app.startups == 2


async def test_startup_whose_request_was_aborted_is_begun_by_another() -> None:
    class Stuck(Started):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan" and self.startups == 0:
                self.startups += 1
                await asyncio.get_running_loop().create_future()
            await super().__call__(scope, receive, send)

    app = Stuck()
    # workerd never resumes the code of a request that was aborted.
    aborted: Any = asgi.fetch(app, Request("https://e.com/"))
    aborted.send(None)
    response = await asgi.fetch(app, Request("https://e.com/"))
    assert await response.text() == "2"
    aborted.close()


@cases(
    {
        "exit": (SystemExit(3), "it raised SystemExit"),
        "exit in a group": (
            BaseExceptionGroup("", [SystemExit(3)]),
            "it raised BaseExceptionGroup",
        ),
        "exit after its report": (SystemExit(3), "no database"),
    }
)
async def test_lifespan_that_exits_fails_its_requests_alone(case: Any) -> None:
    error, reason = case

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if reason == "no database":  # as Starlette does
            await send({"type": "lifespan.startup.failed", "message": reason})
        raise error

    for _ in range(2):
        with raises(WorkersError, match=f"^the application did not start: {reason}$"):
            await asgi.fetch(app, Request("https://e.com/"))


@cases({"raises": LookupError("no lifespan"), "returns": None})
async def test_application_without_a_lifespan_serves(case: Exception | None) -> None:
    asked = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal asked
        if scope["type"] == "http":
            await answer(send, b"served")
            return
        asked += 1
        if case is not None:
            raise case

    for _ in range(2):
        assert await (await asgi.fetch(app, Request("https://e.com/"))).text() == "served"
    assert asked == 1


async def test_many_applications_in_an_isolate_shut_the_oldest_down() -> None:
    ended: list[int] = []

    def numbered(number: int) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                await answer(send, b"")
                return
            await receive()
            await send({"type": "lifespan.startup.complete"})
            assert (await receive()) == {"type": "lifespan.shutdown"}
            ended.append(number)
            await send({"type": "lifespan.shutdown.complete"})

        return app

    left = Left()
    apps = [numbered(number) for number in range(40)]
    for app in apps:
        await asgi.fetch(app, Request("https://e.com/"), ctx=left)
    await asyncio.gather(*left.work)
    # 32 stay. Applications of earlier checks end first.
    assert ended == [*range(len(ended))]
    assert 0 < len(ended) <= 8


async def test_work_after_the_response_continues_in_wait_until() -> None:
    done: list[str] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"first")
        await asyncio.sleep(0.01)
        done.append("later")

    left = Left()
    response = await asgi.fetch(application(serve), Request("https://e.com/"), ctx=left)
    assert isinstance(response, Response)
    assert await response.text() == "first"
    assert done == []
    await left.work[0]
    assert done == ["later"]


@cases({"HEAD": ("HEAD", 200), "no content": ("GET", 204)})
async def test_body_that_is_never_read_does_not_block(case: tuple[str, int]) -> None:
    method, status = case

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body"})

    left = Left()
    request = Request("https://e.com/", method=method)
    response = await asgi.fetch(application(serve), request, ctx=left)
    assert (response.status, response.body) == (status, None)
    await asyncio.wait_for(left.work[0], 30)


# WebSockets --------------------------------------------------------------------------------------

OUTSIDE = "there are no WebSocketPairs outside workerd"
UPGRADE = {"upgrade": "websocket", "sec-websocket-protocol": "one, two"}


async def connected(talk: Any) -> tuple[Response, WebSocket, Any]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await talk(scope, receive, send)

    left = Left()
    request = Request("https://e.com/a", headers=UPGRADE)
    response = await asgi.fetch(app, request, ctx=left)
    socket = response.web_socket
    assert socket is not None
    socket.accept()
    return response, socket, left.work[0]


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


# Messages to the letter --------------------------------------------------------------------------

START = {"type": "http.response.start", "status": 200, "headers": []}


def sends(*messages: Any) -> Any:
    """An application that sends these messages, and returns."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return application(serve)


def a_request(method: str = "GET", **init: Any) -> Request:
    return Request("https://e.com/", method=method, **init)


def piece(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


HEADER_TEXTS = {
    "Latin-1": "é",
    "Latin Extended": "Łódź",
    "Chinese": "東京",
    "emoji": "😀",
    "replacement": "\ufffd",
    "C1": "\x80\x85",
    "control": "a\x01\x7fb",
    "tab": "a\tb",
    "empty": "",
}


@cases(HEADER_TEXTS)
@not_in("node", reason="Node's Headers take only Latin-1")
async def test_header_reaches_the_application_as_bytes_of_the_wire(case: str) -> None:
    seen: list[Any] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(value for name, value in scope["headers"] if name == b"x-text")
        await answer(send, b"", headers=[(b"X-Text", case.encode())])

    request = Request("https://e.com/", headers={"X-Text": case})
    response = await asgi.fetch(application(serve), request)
    assert seen == [case.encode()]
    assert response.headers["x-text"] == case


async def test_response_header_that_is_not_utf8_is_read_as_latin1() -> None:
    headers = [(b"x-a", b"caf\xe9"), (b"x-b", b"\xff\xfe")]
    response = await asgi.fetch(
        sends({**START, "headers": headers}, piece(b"", False)), a_request()
    )
    assert (response.headers["x-a"], response.headers["x-b"]) == ("café", "ÿþ")


@cases(
    {
        "body first": [piece(b"x")],
        "unknown first": [{"type": "http.response.push"}],
        "start twice": [START, START],
        "unknown second": [START, {"type": "http.response.trailers"}],
        "of a WebSocket": [{"type": "websocket.accept"}],
    }
)
async def test_message_out_of_order_raises(case: list[Any]) -> None:
    event = case[-1]["type"]
    with raises(WorkersError, match=f"^the application sent an unexpected '{event}'$"):
        await asgi.fetch(sends(*case), a_request())


@cases({"body": piece(b"x"), "start": START})
async def test_message_after_the_end_raises_in_the_application(case: Any) -> None:
    errors: list[str] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"whole")
        try:
            await send(case)
        except WorkersError as error:
            errors.append(str(error))

    response = await asgi.fetch(application(serve), a_request())
    assert await response.text() == "whole"
    assert errors == [f"the application sent an unexpected '{case['type']}'"]


async def test_application_that_returns_before_its_body_raises() -> None:
    with raises(WorkersError, match="^the application returned before the last piece"):
        await asgi.fetch(sends(START), a_request())


async def test_application_that_returns_before_its_last_piece_breaks_the_body() -> None:
    response = await asgi.fetch(sends(START, piece(b"one")), a_request())
    with raises(WorkersError, match="the application returned before the last piece"):
        await response.text()


async def test_exception_between_start_and_body_propagates() -> None:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        raise LookupError("broken")

    with raises(LookupError, match="broken"):
        await asgi.fetch(application(serve), a_request())


@cases(
    {
        "cancelled before the start": ([], asyncio.CancelledError),
        "cancelled after a piece": ([START, piece(b"one")], asyncio.CancelledError),
        "exit before the start": ([], SystemExit),
        "exit after a piece": ([START, piece(b"one")], SystemExit),
    }
)
async def test_application_that_is_cancelled_or_exits_fails_alone(case: Any) -> None:
    messages, error = case

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)
        raise error

    with raises(WorkersError, match="the application (was cancelled|raised SystemExit)"):
        response = await asgi.fetch(application(serve), a_request())
        await response.bytes()


async def test_invalid_status_raises() -> None:
    with raises(WorkersError):
        await asgi.fetch(sends({**START, "status": 99}, piece(b"", False)), a_request())


async def test_headers_go_out_before_the_first_piece() -> None:
    proceed = asyncio.Event()

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "headers": [(b"x", b"y")]})
        await proceed.wait()
        await send(piece(b"late", False))

    response = await asgi.fetch(application(serve), a_request())
    assert response.headers["x"] == "y"
    proceed.set()
    assert await response.text() == "late"


@cases({"exact": b"0123456789", "one piece": b"0"})
@not_in("node", reason="Node has no FixedLengthStream")
async def test_streamed_body_of_known_length_arrives_whole(case: bytes) -> None:
    headers = [(b"Content-Length", str(len(case)).encode())]
    pieces = [piece(case[at : at + 3]) for at in range(0, len(case), 3)]
    response = await asgi.fetch(
        sends({**START, "headers": headers}, *pieces, piece(b"", False)), a_request()
    )
    assert response.headers["content-length"] == str(len(case))
    assert await response.bytes() == case


@cases({"too short": b"5", "too long": b"2"})
@not_in("node", reason="Node has no FixedLengthStream")
async def test_streamed_body_of_another_length_breaks_off(case: bytes) -> None:
    start = {**START, "headers": [(b"content-length", case)]}
    response = await asgi.fetch(sends(start, piece(b"abc"), piece(b"", False)), a_request())
    with raises(WorkersError, match="FixedLengthStream"):
        await response.bytes()


@cases({"not a number": b"ten", "negative": b"-1", "empty": b"", "superscript": "²".encode()})
async def test_invalid_content_length_of_a_stream_is_ignored(case: bytes) -> None:
    start = {**START, "headers": [(b"content-length", case)]}
    if case == "²".encode():
        start["headers"] = [(b"content-length", b"\xb2")]
    response = await asgi.fetch(sends(start, piece(b"abc"), piece(b"", False)), a_request())
    assert await response.bytes() == b"abc"


async def test_receive_that_is_cancelled_loses_no_piece() -> None:
    got: list[bytes] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        while (message := await receive())["more_body"]:
            got.append(message["body"])
        got.append(message["body"])
        await answer(send, b"")

    await asgi.fetch(application(serve), a_request("POST", body="whole"))
    assert b"".join(got) == b"whole"


@not_in("node", reason="Node's Request takes a stream only with its option duplex")
async def test_concurrent_receives_get_pieces_of_their_own() -> None:
    got: list[Any] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        got.extend(await asyncio.gather(receive(), receive(), receive()))
        await answer(send, b"")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    await asgi.fetch(application(serve), a_request("POST", body=pieces()))
    assert [(message["body"], message["more_body"]) for message in got] == [
        (b"one", True),
        (b"two", True),
        (b"", False),
    ]


@not_in("node", reason="Node's Request takes a stream only with its option duplex")
async def test_receive_that_waits_for_the_body_ends_with_the_response() -> None:
    types: list[str] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0.01)
        await answer(send, b"early")
        types.append((await waiting)["type"])

    async def pieces() -> AsyncIterator[bytes]:
        await asyncio.sleep(30)
        yield b"late"

    left = Left()
    response = await asgi.fetch(application(serve), a_request("POST", body=pieces()), ctx=left)
    assert await response.text() == "early"
    async with asyncio.timeout(10):
        await asyncio.gather(*left.work)
    assert types == ["http.disconnect"]


async def test_request_whose_body_was_read_is_refused() -> None:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await answer(send, b"")

    request = a_request("POST", body="whole")
    assert await request.clone().text() == "whole"
    assert (await asgi.fetch(application(serve), request)).status == 200
    with raises(WorkersError, match="expected a request whose body is unread"):
        await asgi.fetch(application(serve), request)


async def test_receive_after_the_response_is_a_disconnect_at_once() -> None:
    types: list[str] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"")
        types.append((await receive())["type"])
        types.append((await receive())["type"])

    left = Left()
    await asgi.fetch(application(serve), a_request("POST", body="unread"), ctx=left)
    await asyncio.gather(*left.work)
    assert types == ["http.disconnect", "http.disconnect"]


async def test_client_that_cancels_the_body_disconnects_the_application() -> None:
    seen: list[Any] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(START)
        await send(piece(b"one"))
        seen.append((await receive())["type"])
        seen.append(await send(piece(b"two")))

    left = Left()
    response = await asgi.fetch(application(serve), a_request(), ctx=left)
    assert response.body is not None
    async for chunk in response.body:
        assert chunk == b"one"
        break
    await response.body.cancel()
    await asyncio.wait_for(asyncio.gather(*left.work), 30)
    assert seen == ["http.disconnect", None]


async def test_aborted_signal_of_the_request_disconnects_the_application() -> None:
    controller = AbortController()
    types: list[str] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        types.append((await receive())["type"])

    request = a_request(signal=controller.signal)
    fetching = asyncio.ensure_future(asgi.fetch(application(serve), request))
    await asyncio.sleep(0.01)
    assert types == []
    controller.abort()
    # No client reads this response.
    assert (await fetching).status == 499
    assert types == ["http.disconnect"]


async def test_exception_of_background_work_is_logged() -> None:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"sent")
        raise LookupError("in the background")

    records: list[logging.LogRecord] = []

    class Recording(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    handler = Recording()
    logger = logging.getLogger("pyworkers_sdk.asgi")
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, False
    try:
        response = await asgi.fetch(application(serve), a_request())
        assert await response.text() == "sent"
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
    (record,) = records
    assert record.getMessage() == "the application failed after the start of its response"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


# The Env -----------------------------------------------------------------------------------------


class ShopEnv(Env):
    REGION: str


@cases({"raw": False, "wrapped": True})
async def test_current_env_is_known_in_lifespan_request_and_later(case: bool) -> None:
    regions: list[str] = []
    env: Any = fields(REGION="weur")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        regions.append(asgi.current_env(ShopEnv).REGION)
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await answer(send, b"")
        await asyncio.sleep(0)
        regions.append(asgi.current_env(ShopEnv).REGION)

    left = Left()
    await asgi.fetch(app, a_request(), ShopEnv(env) if case else env, left)
    await asyncio.gather(*left.work)
    assert regions == ["weur"] * 3


async def test_current_env_outside_a_request_raises() -> None:
    with raises(WorkersError, match="^asgi: expected the Worker's ShopEnv, got None; pass"):
        asgi.current_env(ShopEnv)


def fields(**fields: Any) -> Any:
    """A JavaScript object with these fields."""
    return to_js(fields) if sys.platform == "emscripten" else SimpleNamespace(**fields)


@only("fake", reason="elsewhere the runtime makes the instance: tests/real/test_asgi.py")
async def test_entrypoint_answers_with_the_application() -> None:
    seen: list[Any] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["env"])
        await answer(send, b"served")
        seen.append("later")

    default: Any = asgi.entrypoint(application(serve), ShopEnv)
    assert default.__module__ == __name__
    instance = default(fields(), fields(REGION="weur"))
    response = await instance.fetch(a_request())
    assert await response.text() == "served"
    assert isinstance(seen[0], ShopEnv)
    assert (seen[0].REGION, seen[1]) == ("weur", "later")


# WebSockets to the letter ------------------------------------------------------------------------


@only("fake", "workerd", reason=OUTSIDE)
async def test_websocket_scope_has_the_fields_of_the_specification() -> None:
    scopes: list[Any] = []

    async def talk(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await send({"type": "websocket.accept"})

    await connected(talk)
    assert "method" not in scopes[0]
    assert scopes[0]["extensions"] == {"websocket.http.response": {}}
    assert scopes[0]["asgi"] == {"version": "3.0", "spec_version": "2.4"}


@only("fake", "workerd", reason=OUTSIDE)
async def test_websocket_accept_sends_header_bytes() -> None:
    async def talk(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"x-a", "Łé".encode()), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        await send({"type": "websocket.accept", "headers": headers})

    response, _, _ = await connected(talk)
    assert response.headers["x-a"] == "Łé"
    assert response.headers.get_set_cookie() == ["a=1", "b=2"]


@cases({"200": (200, [b"not ", b"here"]), "403": (403, [b""]), "404": (404, [b"gone"])})
@only("fake", "workerd", reason=OUTSIDE)
async def test_websocket_is_refused_by_a_response(case: tuple[int, list[bytes]]) -> None:
    status, pieces = case
    ends: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        headers = [(b"x-why", "Łé".encode())]
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        for number, body in enumerate(pieces, 1):
            more = number < len(pieces)
            await send({"type": "websocket.http.response.body", "body": body, "more_body": more})
        ends.append(await receive())
        with raises(WorkersError, match="unexpected 'websocket.accept'"):
            await send({"type": "websocket.accept"})

    left = Left()
    response = await asgi.fetch(app, Request("https://e.com/", headers=UPGRADE), ctx=left)
    assert (response.status, response.headers["x-why"]) == (status, "Łé")
    assert await response.bytes() == b"".join(pieces)
    await asyncio.gather(*left.work)
    assert ends == [{"type": "websocket.disconnect", "code": 1006, "reason": ""}]


@cases(
    {
        "no code": ({}, 1000),
        "None": ({"code": None, "reason": None}, 1000),
        "1005": ({"code": 1005}, 1005),
        "1006": ({"code": 1006}, 1000),
        "1015": ({"code": 1015}, 1000),
        "1012": ({"code": 1012}, 1012),
        "4999": ({"code": 4999, "reason": "é" * 100}, 4999),
    }
)
@only("fake", "workerd", reason=OUTSIDE)
async def test_websocket_close_sends_a_code_that_can_be_sent(case: tuple[Any, int]) -> None:
    message, code = case
    ends: list[Any] = []

    async def talk(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", **message})
        ends.append((await receive())["code"])
        for event in ("websocket.close", "websocket.send"):
            with raises(WorkersError, match=f"unexpected '{event}'"):
                await send({"type": event, "text": "x"})

    _, socket, work = await connected(talk)
    assert [message async for message in socket] == []
    assert socket.close_code == code
    assert len((socket.close_reason or "").encode()) <= 123
    await work
    assert ends == [message.get("code") or 1000]


@only("fake", "workerd", reason=OUTSIDE)
async def test_websocket_send_after_the_client_closed_is_an_os_error() -> None:
    errors: list[str] = []

    async def talk(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        try:
            await send({"type": "websocket.send", "text": "x"})
        except OSError as error:
            errors.append(str(error))

    _, socket, work = await connected(talk)
    socket.close(4001)
    await work
    assert errors == ["the client closed the WebSocket: 4001"]


@cases(
    {
        "bytes": {"bytes": b"\x00", "text": None},
        "text": {"text": "é"},
        "both": {"bytes": b"1", "text": "2"},
    }
)
@only("fake", "workerd", reason=OUTSIDE)
async def test_websocket_send_prefers_bytes(case: dict[str, Any]) -> None:
    async def talk(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", **case})

    _, socket, _ = await connected(talk)
    assert await socket.receive() == case.get("bytes", case["text"])
