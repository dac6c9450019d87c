"""``asgi``: the fake runtime as an ASGI application, called by httpx and as a server does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from pyworkers_sdk import (
    KV,
    Env,
    MessageBatch,
    Queue,
    Request,
    Response,
    StreamError,
    WorkerEntrypoint,
)
from pyworkers_sdk.testing import Clock, FakeRuntime, QueueConsumer
from pyworkers_sdk.testing.asgi import asgi


class AppEnv(Env):
    KV: KV


class Default(WorkerEntrypoint[AppEnv]):
    goes_on: asyncio.Event
    """Released by a test: ``wait_until`` work waits for it."""

    async def fetch(self, request: Request) -> Response:
        match request.url.split("/", 3)[3].partition("?")[0]:
            case "echo":
                headers = {"x-method": request.method, "x-url": request.url}
                return Response(request.body, headers=headers)
            case "headers":
                return Response.json(request.headers.items())
            case "cookies":
                response = Response("")
                response.headers.append("set-cookie", "a=1")
                response.headers.append("set-cookie", "b=2")
                return response
            case "empty":
                return Response(status=204)
            case "nothing":
                return Response()
            case "redirect":
                return Response.redirect("https://example.com/")
            case "count":
                return Response(self.numbers(3))
            case "forever":
                return Response(self.numbers(10**9))
            case "hang":
                await self.env.KV.put("state", "began")
                try:
                    await asyncio.Event().wait()
                finally:
                    await self.env.KV.put("state", "cancelled")
            case "later":
                self.ctx.wait_until(self.remember())
                return Response("ok")
            case "later-fails":
                self.ctx.wait_until(self.fail())
                return Response("ok")
            case "breaks-off":
                return Response(self.breaking())
        raise RuntimeError("the handler's own")

    async def numbers(self, count: int) -> AsyncIterator[bytes]:
        try:
            for number in range(count):
                yield str(number).encode()
                await asyncio.sleep(0)
        finally:
            await self.env.KV.put("state", "closed")

    async def breaking(self) -> AsyncIterator[bytes]:
        yield b"some"
        raise RuntimeError("halfway")

    async def remember(self) -> None:
        await self.goes_on.wait()
        await self.env.KV.put("state", "remembered")

    async def fail(self) -> None:
        raise RuntimeError("afterwards")


@pytest.fixture
def runtime() -> FakeRuntime[AppEnv]:
    Default.goes_on = asyncio.Event()
    return FakeRuntime(Default, env=AppEnv)


def client_of(runtime: FakeRuntime[AppEnv]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(asgi(runtime))
    return httpx.AsyncClient(transport=transport, base_url="http://test.local:81")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 (nothing tells when work has ended)
            await asyncio.sleep(0.001)


# With httpx --------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_method_url_and_body_go_in_and_a_response_comes_out(
    runtime: FakeRuntime[AppEnv],
) -> None:
    async with client_of(runtime) as client:
        response = await client.put("/echo?a=%20b&c", content="text é".encode())
    assert response.status_code == 200
    assert response.headers["x-method"] == "PUT"
    assert response.headers["x-url"] == "http://test.local:81/echo?a=%20b&c"
    assert response.text == "text é"


@pytest.mark.asyncio
async def test_request_headers_reach_the_worker(runtime: FakeRuntime[AppEnv]) -> None:
    async with client_of(runtime) as client:
        response = await client.get("/headers", headers=[("X-A", "1"), ("x-a", "2")])
    assert ["x-a", "1, 2"] in response.json()


@pytest.mark.asyncio
async def test_set_cookie_headers_stay_separate(runtime: FakeRuntime[AppEnv]) -> None:
    async with client_of(runtime) as client:
        response = await client.get("/cookies")
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("path", "status", "length"),
    [("/empty", 204, None), ("/nothing", 200, "0"), ("/redirect", 302, "0")],
)
@pytest.mark.asyncio
async def test_a_response_may_have_no_body(
    runtime: FakeRuntime[AppEnv], path: str, status: int, length: str | None
) -> None:
    async with client_of(runtime) as client:
        response = await client.get(path)
    assert response.status_code == status
    assert response.headers.get("content-length") == length
    assert response.content == b""


@pytest.mark.asyncio
async def test_an_exception_is_a_500_and_logged(
    runtime: FakeRuntime[AppEnv], caplog: pytest.LogCaptureFixture
) -> None:
    async with client_of(runtime) as client:
        response = await client.get("/unknown")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert caplog.messages == ["GET http://test.local:81/unknown"]
    assert "the handler's own" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.asyncio
async def test_an_invalid_request_is_a_400(runtime: FakeRuntime[AppEnv]) -> None:
    async with client_of(runtime) as client:
        response = await client.request("BREW", "/echo")
    assert (response.status_code, response.text) == (400, "Invalid HTTP method string: BREW")


@pytest.mark.asyncio
async def test_wait_until_work_continues_after_the_response(runtime: FakeRuntime[AppEnv]) -> None:
    async with client_of(runtime) as client:
        assert (await client.get("/later")).text == "ok"
    assert await runtime.env.KV.get("state") is None
    Default.goes_on.set()

    async def remembered() -> bool:
        return await runtime.env.KV.get("state") == "remembered"

    await until(remembered)


@pytest.mark.asyncio
async def test_wait_until_work_that_fails_is_logged(
    runtime: FakeRuntime[AppEnv], caplog: pytest.LogCaptureFixture
) -> None:
    async with client_of(runtime) as client:
        assert (await client.get("/later-fails")).status_code == 200

    async def logged() -> bool:
        return "RuntimeError: afterwards" in caplog.text

    await until(logged)
    assert caplog.messages == ["in ctx.wait_until"]


# As a server calls it ----------------------------------------------------------------------------


class Connection:
    """A single request, message by message."""

    def __init__(self, runtime: FakeRuntime[AppEnv], path: str, **scope: Any) -> None:
        self.requests: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.responses: asyncio.Queue[Any] = asyncio.Queue()
        self.scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "query_string": b"",
            "headers": [],
            **scope,
        }
        running = asgi(runtime)(self.scope, self.requests.get, self.responses.put)
        self.task = asyncio.create_task(running)

    def send(self, body: bytes = b"", *, more: bool = False) -> None:
        self.requests.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def leave(self) -> None:
        self.requests.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> Any:
        return await asyncio.wait_for(self.responses.get(), 60)

    async def all(self) -> list[Any]:
        await asyncio.wait_for(self.task, 60)
        return [self.responses.get_nowait() for _ in range(self.responses.qsize())]


CHUNKED = {"method": "POST", "headers": [(b"transfer-encoding", b"chunked")]}


@pytest.mark.asyncio
async def test_bodies_stream_both_ways(runtime: FakeRuntime[AppEnv]) -> None:
    connection = Connection(runtime, "/echo", **CHUNKED)
    assert (await connection.receive())["status"] == 200
    for chunk in (b"one", b"two"):
        connection.send(chunk, more=True)
        answer = await connection.receive()
        assert answer == {"type": "http.response.body", "body": chunk, "more_body": True}
    connection.send(b"")
    assert await connection.all() == [{"type": "http.response.body"}]


@pytest.mark.asyncio
async def test_a_response_comes_chunk_by_chunk(runtime: FakeRuntime[AppEnv]) -> None:
    connection = Connection(runtime, "/count")
    connection.send()
    start, *chunks, end = await connection.all()
    assert start["headers"] == []
    assert [chunk["body"] for chunk in chunks] == [b"0", b"1", b"2"]
    assert end == {"type": "http.response.body"}


@pytest.mark.asyncio
async def test_the_url_comes_from_the_scope(runtime: FakeRuntime[AppEnv]) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "http://localhost/echo"),
        ({"headers": [(b"host", b"e.com")], "scheme": "https"}, "https://e.com/echo"),
        ({"query_string": b"a=%C3%A9"}, "http://localhost/echo?a=%C3%A9"),
        ({"raw_path": b"/x/%2e%2e/echo"}, "http://localhost/echo"),
    ]
    for scope, url in cases:
        connection = Connection(runtime, "/echo", **scope)
        connection.send()
        start, *_ = await connection.all()
        assert dict(start["headers"])[b"x-url"] == url.encode()


@pytest.mark.parametrize(
    ("scope", "has_body"),
    [
        ({"method": "POST"}, False),
        ({"method": "POST", "headers": [(b"content-length", b"0")]}, False),
        ({"method": "POST", "headers": [(b"content-length", b"4")]}, True),
        (CHUNKED, True),
        ({"method": "GET", "headers": [(b"content-length", b"4")]}, False),
    ],
)
@pytest.mark.asyncio
async def test_a_request_has_a_body_if_its_headers_announce_one(
    runtime: FakeRuntime[AppEnv], scope: dict[str, Any], has_body: bool
) -> None:
    connection = Connection(runtime, "/echo", **scope)
    connection.send(b"body")
    start, *body = await connection.all()
    assert start["status"] == 200
    assert b"".join(message.get("body", b"") for message in body) == (b"body" if has_body else b"")


@pytest.mark.asyncio
async def test_head_sends_headers_and_cancels_the_body(runtime: FakeRuntime[AppEnv]) -> None:
    connection = Connection(runtime, "/forever", method="HEAD")
    connection.send()
    start, end = await connection.all()
    assert (start["status"], start["headers"]) == (200, [])
    assert end == {"type": "http.response.body"}


@pytest.mark.asyncio
async def test_a_client_that_disconnects_cancels_the_handler(runtime: FakeRuntime[AppEnv]) -> None:
    connection = Connection(runtime, "/hang")
    connection.send()

    async def began() -> bool:
        return await runtime.env.KV.get("state") == "began"

    await until(began)
    connection.leave()
    assert await connection.all() == []
    assert await runtime.env.KV.get("state") == "cancelled"


@pytest.mark.asyncio
async def test_a_client_that_disconnects_cancels_the_stream_and_its_source(
    runtime: FakeRuntime[AppEnv],
) -> None:
    connection = Connection(runtime, "/forever")
    connection.send()
    while (await connection.receive()).get("body") != b"5":
        pass
    connection.leave()
    assert (await connection.all())[-1].get("more_body", False)
    assert await runtime.env.KV.get("state") == "closed"


@pytest.mark.asyncio
async def test_a_client_that_disconnects_within_its_body_cancels_the_request(
    runtime: FakeRuntime[AppEnv],
) -> None:
    connection = Connection(runtime, "/echo", **CHUNKED)
    connection.send(b"one", more=True)
    connection.leave()
    assert {"type": "http.response.body"} not in await connection.all()


@pytest.mark.asyncio
async def test_a_response_that_breaks_off_breaks_the_connection(
    runtime: FakeRuntime[AppEnv],
) -> None:
    connection = Connection(runtime, "/breaks-off")
    connection.send()
    with pytest.raises(StreamError, match="halfway"):
        await connection.task
    assert connection.responses.qsize() == 2


@pytest.mark.asyncio
async def test_shutdown_waits_for_background_work(runtime: FakeRuntime[AppEnv]) -> None:
    app = asgi(runtime)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        await client.get("http://test.local/later")
    events = iter(["lifespan.startup", "lifespan.shutdown"])
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        event = next(events)
        if event == "lifespan.shutdown":
            asyncio.get_running_loop().call_later(0.01, Default.goes_on.set)
        return {"type": event}

    async def send(message: Any) -> None:
        said.append((message["type"], await runtime.env.KV.get("state")))

    await app({"type": "lifespan"}, receive, send)
    assert said == [
        ("lifespan.startup.complete", None),
        ("lifespan.shutdown.complete", "remembered"),
    ]


@pytest.mark.asyncio
async def test_an_unknown_scope_type_is_refused(
    runtime: FakeRuntime[AppEnv],
) -> None:
    with pytest.raises(ValueError, match="got 'gopher'"):
        await Connection(runtime, "/", type="gopher").task


@pytest.mark.asyncio
async def test_a_server_delivers_due_batches_between_requests() -> None:
    taken: list[Any] = []

    class QueueEnv(Env):
        JOBS: Queue[str]

    class Consumer(WorkerEntrypoint[QueueEnv]):
        async def queue(self, batch: MessageBatch[str]) -> None:
            taken.extend(message.body for message in batch)

    consumers = {"JOBS": QueueConsumer(max_batch_timeout=0)}
    served = FakeRuntime(Consumer, env=QueueEnv, clock=Clock(running=True), consumers=consumers)
    await served.env.JOBS.send("work")

    async def receive() -> dict[str, Any]:
        async with asyncio.timeout(60):
            while not taken:  # noqa: ASYNC110 (it has no event)
                await asyncio.sleep(0.02)
        return {"type": "lifespan.shutdown"}

    async def send(message: Any) -> None: ...

    await asgi(served)({"type": "lifespan"}, receive, send)
    assert taken == ["work"]
