"""``asgi``: the fake runtime as an ASGI application, called by httpx and as a server does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar

import httpx
import pytest

from pyworkers_sdk import (
    KV,
    Env,
    ForwardableEmailMessage,
    MessageBatch,
    Queue,
    Request,
    Response,
    ScheduledController,
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
            case "text-headers":
                text = request.headers.get("x-text") or ""
                return Response(ascii(text), headers={"x-text": text, "x-more": "Łé"})
            case "lengths":
                headers = {"content-length": "99"}
                if "?stream" in request.url:
                    return Response(request.body, headers=headers)
                if "?none" in request.url:
                    return Response(headers=headers)
                return Response("five!", headers=headers)
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
    ("value", "text"),
    [
        (b"plain", "plain"),
        ("Łé東😀".encode(), "Łé東😀"),
        (b"caf\xe9", "caf\ufffd"),
        (b"\xff\xfea", "\ufffd\ufffda"),
        (b"\xed\xa0\x80", "\ufffd" * 3),
        (b"\xef\xbb\xbfa", "\ufeffa"),
    ],
)
@pytest.mark.asyncio
async def test_header_values_are_utf8_both_ways(
    runtime: FakeRuntime[AppEnv], value: bytes, text: str
) -> None:
    connection = Connection(runtime, "/text-headers", headers=[(b"x-text", value)])
    connection.send()
    start, *body = await connection.all()
    assert body[0]["body"].decode() == ascii(text)
    assert dict(start["headers"])[b"x-text"] == text.encode()
    assert dict(start["headers"])[b"x-more"] == "Łé".encode()


@pytest.mark.parametrize(
    ("query", "method", "length"),
    [
        (b"", "GET", b"5"),
        (b"none", "GET", b"0"),
        (b"none", "HEAD", b"99"),
        (b"stream", "POST", None),
    ],
)
@pytest.mark.asyncio
async def test_content_length_is_the_runtimes(
    runtime: FakeRuntime[AppEnv], query: bytes, method: str, length: bytes | None
) -> None:
    headers = [(b"content-length", b"2")] if method == "POST" else []
    scope = {"method": method, "query_string": query, "headers": headers}
    connection = Connection(runtime, "/lengths", **scope)
    connection.send(b"ab")
    start, *_ = await connection.all()
    lengths = [value for name, value in start["headers"] if name == b"content-length"]
    assert lengths == ([] if length is None else [length])


@pytest.mark.parametrize("sent", [[], [(b"cf-connecting-ip", b"203.0.113.9")]])
@pytest.mark.asyncio
async def test_the_worker_finds_the_clients_address(
    runtime: FakeRuntime[AppEnv], sent: list[Any]
) -> None:
    connection = Connection(runtime, "/headers", headers=sent, client=("192.0.2.1", 5000))
    connection.send()
    _, body, *_ = await connection.all()
    assert json.loads(body["body"]) == [["cf-connecting-ip", "192.0.2.1"]]


TARGETS: list[tuple[bytes, bytes, str | None]] = [
    (b"/echo#x", b"e.com", "http://e.com/echo%23x"),
    (b"/echo/\xc3\xa9", b"e.com", "http://e.com/echo/%C3%A9"),
    (b"//evil.com/echo", b"e.com", "http://e.com//evil.com/echo"),
    (b"http://other.com:8080/echo", b"e.com", "http://other.com:8080/echo"),
    (b"http://other.com", b"e.com", "http://other.com/"),
    (b"/echo", b"[::1]:8000", "http://[::1]:8000/echo"),
    (b"*", b"e.com", None),
    (b"@evil.com/a", b"e.com", None),
    (b"http://a@evil.com/a", b"e.com", None),
    (b"other.com:443", b"e.com", None),
    (b"/echo", b"e.com/x?", None),
    (b"/echo", b"e.com#", None),
    (b"/echo", b"user@e.com", None),
    (b"/echo", b"e.com\\x", None),
]


@pytest.mark.parametrize(("target", "host", "url"), TARGETS)
@pytest.mark.asyncio
async def test_a_target_or_host_cannot_change_the_rest_of_the_url(
    target: bytes, host: bytes, url: str | None
) -> None:
    urls: list[str] = []

    class Seeing(WorkerEntrypoint):
        async def fetch(self, request: Request) -> Response:
            urls.append(request.url)
            return Response()

    scope = {"raw_path": target, "headers": [(b"host", host)]}
    connection = Connection(FakeRuntime(Seeing), "/", **scope)
    connection.send()
    start, *_ = await connection.all()
    assert (start["status"], urls) == ((400, []) if url is None else (200, [url]))


@pytest.mark.asyncio
async def test_a_client_that_leaves_its_upload_unread_cancels_the_request(
    runtime: FakeRuntime[AppEnv],
) -> None:
    connection = Connection(runtime, "/forever", **CHUNKED)
    for _ in range(10):
        connection.send(b"x" * 1000, more=True)
    while (await connection.receive()).get("body") != b"5":
        pass
    connection.leave()
    await connection.all()
    assert await runtime.env.KV.get("state") == "closed"


@pytest.mark.asyncio
async def test_an_unread_upload_is_not_buffered_without_a_bound(
    runtime: FakeRuntime[AppEnv],
) -> None:
    connection = Connection(runtime, "/hang", **CHUNKED)
    for _ in range(100):
        connection.send(b"x" * 2**16, more=True)

    async def settled() -> bool:
        before = connection.requests.qsize()
        await asyncio.sleep(0.01)
        return connection.requests.qsize() == before < 100

    await until(settled)
    assert connection.requests.qsize() >= 80  # 17 pieces of 64 KiB are beyond 1 MiB
    connection.task.cancel()


@pytest.mark.asyncio
async def test_shutdown_does_not_wait_without_a_bound(
    runtime: FakeRuntime[AppEnv], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyworkers_sdk.testing.asgi._SHUTDOWN_GRACE", 0.01)
    app = asgi(runtime)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test.local"
    ) as client:
        assert (await client.get("/later")).text == "ok"  # nothing releases its work
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return events.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await asyncio.wait_for(app({"type": "lifespan"}, receive, send), 60)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert "work in ctx.wait_until did not end in time; it is cancelled" in caplog.messages


# Other events than requests ----------------------------------------------------------------------

MAIL = b"From: her@e.com\r\nTo: me@e.com\r\nMessage-ID: <1@e.com>\r\nSubject: Hi\r\n\r\nHello\r\n"


class Triggered(WorkerEntrypoint):
    seen: ClassVar[list[Any]] = []

    async def fetch(self, request: Request) -> Response:
        return Response("fetched")

    async def scheduled(self, controller: ScheduledController) -> None:
        self.seen.append((controller.cron, controller.scheduled_time.timestamp()))
        if controller.cron == "1 * * * *":
            raise LookupError("the cron broke")
        if controller.cron == "2 * * * *":
            controller.no_retry()

    async def email(self, message: ForwardableEmailMessage) -> None:
        self.seen.append((message.from_, message.to))
        if message.to == "rejected@e.com":
            message.set_reject("no thanks")
        elif message.to == "broken@e.com":
            raise LookupError("the email broke")
        else:
            await message.forward("other@e.com")


async def ask(path: str, **request: Any) -> httpx.Response:
    Triggered.seen.clear()
    transport = httpx.ASGITransport(asgi(FakeRuntime(Triggered)))
    async with httpx.AsyncClient(transport=transport, base_url="http://e.com") as client:
        return await client.request(request.pop("method", "GET"), path, **request)


@pytest.mark.parametrize(
    ("query", "status", "text", "cron"),
    [
        ("", 200, "ok", "* * * * *"),
        ("?cron=*+*+*+*+*", 200, "ok", "* * * * *"),
        ("?cron=5%20*%20*%20*%20*", 200, "ok", "5 * * * *"),
        ("?cron=1+*+*+*+*", 500, "exception", "1 * * * *"),
        ("?cron=2+*+*+*+*&format=json", 200, '{"outcome":"ok","noRetry":true}', "2 * * * *"),
    ],
)
@pytest.mark.asyncio
async def test_a_path_runs_a_cron_trigger(query: str, status: int, text: str, cron: str) -> None:
    response = await ask(f"/cdn-cgi/handler/scheduled{query}")
    assert (response.status_code, response.text.replace(" ", "")) == (status, text)
    assert Triggered.seen[0][0] == cron


@pytest.mark.asyncio
async def test_the_older_path_runs_a_cron_trigger() -> None:
    response = await ask("/cdn-cgi/mf/scheduled?cron=5+*+*+*+*")
    assert (response.text, Triggered.seen[0][0]) == ("ok", "5 * * * *")


@pytest.mark.parametrize(("time", "seconds"), [("1700000000000", 1.7e9), ("1000x", 1)])
@pytest.mark.asyncio
async def test_a_cron_trigger_has_the_time_of_the_query(time: str, seconds: float) -> None:
    await ask(f"/cdn-cgi/handler/scheduled?time={time}")
    assert Triggered.seen == [("* * * * *", seconds)]


@pytest.mark.asyncio
async def test_a_cron_trigger_without_a_handler_is_a_500() -> None:
    transport = httpx.ASGITransport(asgi(FakeRuntime(Default, env=AppEnv)))
    async with httpx.AsyncClient(transport=transport, base_url="http://e.com") as client:
        response = await client.get("/cdn-cgi/handler/scheduled")
    assert (response.status_code, response.text) == (500, "exception")


@pytest.mark.parametrize(
    ("to", "status", "text"),
    [
        ("me@e.com", 200, "Worker successfully processed email"),
        ("rejected@e.com", 400, "Worker rejected email with the following reason: no thanks"),
        ("broken@e.com", 500, "Internal Server Error"),
    ],
)
@pytest.mark.asyncio
async def test_a_path_delivers_an_email(to: str, status: int, text: str) -> None:
    response = await ask(
        "/cdn-cgi/handler/email",
        method="POST",
        params={"from": "her@e.com", "to": to},
        content=MAIL,
    )
    assert (response.status_code, response.text) == (status, text)
    assert Triggered.seen == [("her@e.com", to)]


@pytest.mark.asyncio
async def test_a_path_delivers_an_email_and_reports_as_json() -> None:
    response = await ask(
        "/cdn-cgi/handler/email",
        method="POST",
        params={"from": "her@e.com", "to": "me@e.com", "format": "json"},
        content=MAIL,
    )
    result = response.json()
    assert (result["outcome"], result["replies"]) == ("ok", [])
    assert [each["recipient"] for each in result["forwards"]] == ["other@e.com"]


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ("?from=a@e.com", MAIL),
        ("?from=a@e.com&to=b@e.com", b""),
        ("?from=a@e.com&to=b@e.com", b"Subject: no id\r\n\r\n"),
        ("?from=a@e.com&to=b@e.com", MAIL + b"x" * 2**20),
    ],
)
@pytest.mark.asyncio
async def test_an_incomplete_email_is_a_400(query: str, content: bytes) -> None:
    response = await ask(f"/cdn-cgi/handler/email{query}", method="POST", content=content)
    assert response.status_code == 400
    assert Triggered.seen == []


@pytest.mark.asyncio
async def test_an_unknown_handler_is_a_404() -> None:
    response = await ask("/cdn-cgi/handler/queue")
    assert response.status_code == 404
    assert response.text.startswith('"/cdn-cgi/handler/queue" is not a valid handler.')


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.com"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://e.com"}, 200),
        ({"sec-fetch-site": "none"}, 200),
    ],
)
@pytest.mark.asyncio
async def test_a_page_of_another_origin_runs_no_cron_trigger(
    headers: dict[str, str], status: int
) -> None:
    response = await ask("/cdn-cgi/handler/scheduled", headers=headers)
    assert (response.status_code, len(Triggered.seen)) == (status, int(status == 200))


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
