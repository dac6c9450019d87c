"""``FakeRuntime.outbound``: the routes of a test, and the network that a Worker sees."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from pyworkers_sdk import (
    AbortController,
    AbortSignal,
    AbortTimeoutError,
    Request,
    Response,
    WorkerEntrypoint,
    WorkersError,
    fetch,
)
from pyworkers_sdk.testing import FakeRuntime

API = "https://api.example.com"


class Proxy(WorkerEntrypoint):
    """Returns the response of the network, or the message of its error."""

    async def fetch(self, request: Request) -> Response:
        try:
            return await fetch(request.headers["x-url"], method=request.method)
        except WorkersError as error:
            return Response(str(error), status=502)


def runtime() -> FakeRuntime[Any]:
    return FakeRuntime(Proxy)


async def through(rt: FakeRuntime[Any], url: str, method: str = "GET") -> Response:
    return await rt.fetch("https://worker.example/", method=method, headers={"x-url": url})


@pytest.mark.asyncio
async def test_a_function_answers_a_request() -> None:
    rt = runtime()
    rt.outbound(f"{API}/*", lambda request: Response(f"{request.method} {request.url}"))
    response = await through(rt, f"{API}/users?id=1")
    assert await response.text() == f"GET {API}/users?id=1"


@pytest.mark.asyncio
async def test_an_async_function_answers_a_request() -> None:
    async def answer(request: Request) -> Response:
        await asyncio.sleep(0)
        return Response.json({"ok": True}, status=201)

    rt = runtime()
    rt.outbound(f"{API}/*", answer)
    response = await through(rt, f"{API}/")
    assert (response.status, await response.json()) == (201, {"ok": True})


@pytest.mark.asyncio
async def test_a_response_is_copied_for_each_request() -> None:
    rt = runtime()
    route = rt.outbound(f"{API}/*", Response("same"))
    assert [await (await through(rt, f"{API}/")).text() for _ in range(3)] == ["same"] * 3
    assert len(route.calls) == 3


@pytest.mark.asyncio
async def test_the_newest_route_that_matches_answers() -> None:
    rt = runtime()
    rt.outbound("*", Response("all"))
    rt.outbound(f"{API}/*", Response("api"))
    rt.outbound(f"{API}/*", Response("posted"), method="post")
    rt.outbound(API, Response("root"))
    rt.outbound(f"{API}/*/comments", Response("comments"))
    expected = {
        ("GET", "https://other.example/"): "all",
        ("GET", f"{API}/x"): "api",
        ("POST", f"{API}/x"): "posted",
        ("POST", f"{API}/"): "root",
        ("GET", API): "root",
        ("GET", f"{API}/?a=b"): "api",
        ("GET", f"{API}/posts/1/comments"): "comments",
        ("GET", f"{API}/posts/1/comments?page=2"): "api",
        ("GET", f"{API}.evil.example/"): "all",
    }
    found = {call: await (await through(rt, call[1], call[0])).text() for call in expected}
    assert found == expected


@pytest.mark.asyncio
async def test_dots_in_a_pattern_are_dots() -> None:
    rt = runtime()
    rt.outbound("https://api.example.com/*", Response("api"))
    assert (await through(rt, "https://apixexample.com/")).status == 502


@pytest.mark.asyncio
async def test_calls_are_recorded_with_their_bodies() -> None:
    async def answer(request: Request) -> Response:
        return Response(await request.text())

    rt = runtime()
    route = rt.outbound(f"{API}/*", answer)
    assert repr(route) == f"<Route any method {API}/*: 0 calls>"
    with rt:
        response = await fetch(f"{API}/a", method="POST", body="text", headers={"x-a": "1"})
    assert await response.text() == "text"
    (call,) = route.calls
    assert (call.method, call.url, call.headers["x-a"]) == ("POST", f"{API}/a", "1")
    assert await call.text() == "text"
    assert repr(route) == f"<Route any method {API}/*: 1 call>"
    assert repr(rt.outbound("*", answer, method="put")) == "<Route PUT *: 0 calls>"


@pytest.mark.asyncio
async def test_redirects_are_recorded_as_calls() -> None:
    rt = runtime()
    route = rt.outbound(
        f"{API}/*",
        lambda request: (
            Response("there")
            if request.url.endswith("/there")
            else Response.redirect(f"{API}/there")
        ),
    )
    assert await (await through(rt, f"{API}/")).text() == "there"
    assert [call.url for call in route.calls] == [f"{API}/", f"{API}/there"]


@pytest.mark.asyncio
async def test_a_request_without_a_route_fails() -> None:
    rt = runtime()
    said = await (await through(rt, "https://user:secret@x.example:8443/token?key=secret")).text()
    assert said == (
        "nothing answers GET https://x.example:8443: a fake runtime has no network; add a "
        'route: runtime.outbound("https://x.example:8443/*", handler), where handler(request) '
        "returns a Response"
    )
    rt.outbound("https://x.example:8443/*", Response("now"))
    assert await (await through(rt, "https://x.example:8443/")).text() == "now"


@pytest.mark.asyncio
async def test_a_workers_error_of_a_handler_is_raised_by_fetch() -> None:
    def broken(request: Request) -> Response:
        raise WorkersError("Network connection lost.", js_name="TypeError")

    rt = runtime()
    rt.outbound("*", broken)
    assert await (await through(rt, API)).text() == "Network connection lost."
    with rt, pytest.raises(WorkersError) as caught:
        await fetch(API)
    assert caught.value.js_name == "TypeError"


@pytest.mark.asyncio
async def test_any_other_error_of_a_handler_is_raised_unchanged() -> None:
    def asserting(request: Request) -> Response:
        raise AssertionError("an assertion of the test")

    rt = runtime()
    rt.outbound("*", asserting)
    with pytest.raises(AssertionError, match="an assertion of the test"):
        await through(rt, API)


@pytest.mark.parametrize("wrong", [None, "text", {"a": 1}])
@pytest.mark.asyncio
async def test_a_handler_must_return_a_response(wrong: Any) -> None:
    rt = runtime()
    rt.outbound(f"{API}/*", lambda request: wrong)
    kind = type(wrong).__name__
    with pytest.raises(TypeError, match=f"handler of {API}/.*: expected a Response, got {kind}$"):
        await through(rt, API)


def test_invalid_routes_are_refused() -> None:
    rt = runtime()
    wrong: Any = "nonsense"
    with pytest.raises(TypeError, match=r"""a Response or "network" .*, got 'nonsense'$"""):
        rt.outbound("*", wrong)
    with pytest.raises(ValueError, match=r"expected a whole URL .*, got 'api.example.com'"):
        rt.outbound("api.example.com", Response(""))


@pytest.mark.asyncio
async def test_runtimes_do_not_share_routes() -> None:
    one, two = runtime(), runtime()
    one.outbound("*", Response("one"))
    two.outbound("*", Response("two"))
    with one:
        assert await (await fetch(API)).text() == "one"
        with two:
            assert await (await fetch(API)).text() == "two"
        assert await (await through(two, API)).text() == "two"
        assert await (await fetch(API)).text() == "one"


@pytest.mark.asyncio
async def test_fetch_outside_a_runtime_fails() -> None:
    with pytest.raises(WorkersError, match=r"^fetch\(\) needs a runtime, and none is running"):
        await fetch(API)
    rt = runtime()
    rt.outbound("*", Response("x"))
    await through(rt, API)
    with pytest.raises(WorkersError, match="within `with runtime:`"):
        await fetch(API)


@pytest.mark.asyncio
async def test_background_work_can_fetch() -> None:
    class Later(WorkerEntrypoint):
        async def fetch(self, request: Request) -> Response:
            self.ctx.wait_until(fetch(f"{API}/log"))

            async def chunks() -> AsyncIterator[bytes]:
                for part in ("a", "b"):
                    yield await (await fetch(f"{API}/{part}")).bytes()

            return Response(chunks())

    rt: FakeRuntime[Any] = FakeRuntime(Later)
    route = rt.outbound(f"{API}/*", lambda request: Response(request.url[-1]))
    response = await rt.fetch("https://worker.example/")
    assert await response.text() == "ab"
    await rt.drain()
    assert sorted(call.url for call in route.calls) == [f"{API}/a", f"{API}/b", f"{API}/log"]


@pytest.mark.asyncio
async def test_a_timeout_signal_uses_the_fake_clock() -> None:
    rt = runtime()

    def slow(request: Request) -> Response:
        rt.clock.advance(10)
        return Response("late")

    rt.outbound("*", slow)
    with rt:
        with pytest.raises(AbortTimeoutError, match="aborted due to timeout"):
            await fetch(API, signal=AbortSignal.timeout(5_000))
        assert await (await fetch(API, signal=AbortSignal.timeout(20_000))).text() == "late"
        signal = AbortSignal.any([AbortController().signal, AbortSignal.timeout(1_000)])
        assert not signal.aborted
        rt.clock.advance(1)
        assert signal.aborted


def test_a_timeout_signal_can_be_made_without_an_event_loop() -> None:
    rt = runtime()
    with rt:
        signal = AbortSignal.timeout(1_000)
        assert not signal.aborted
        rt.clock.advance(1)
        assert isinstance(signal.reason, AbortTimeoutError)


@pytest.mark.asyncio
async def test_an_aborted_fetch_cancels_the_handler() -> None:
    ended: list[str] = []

    async def forever(request: Request) -> Response:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return Response("")

    rt = runtime()
    rt.outbound("*", forever)
    with rt, pytest.raises(AbortTimeoutError):
        await fetch(API, signal=AbortSignal.timeout(10))
    assert ended == ["cancelled"]


# The real network


class _Server(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/redirect":
            self.send_response(307)
            self.send_header("location", "/there")
            self.end_headers()
            return
        self.send_response(204 if self.path == "/none" else 201, "Made")
        self.send_header("x-method", self.command)
        self.send_header("set-cookie", "a=1")
        self.send_header("set-cookie", "b=2")
        if self.path != "/none":
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.path != "/none":
            self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Server) as made:
        thread = threading.Thread(target=made.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{made.server_address[1]}"
        made.shutdown()
        thread.join()


@pytest.mark.asyncio
async def test_a_network_route_reaches_the_real_network(server: str) -> None:
    rt = runtime()
    route = rt.outbound(f"{server}/*", "network")
    with rt:
        response = await fetch(f"{server}/redirect", method="POST", body="text")
        assert (response.status, response.status_text) == (201, "Made")
        assert (response.url, response.redirected) == (f"{server}/there", True)
        assert response.headers["x-method"] == "POST"
        assert response.headers.get_set_cookie() == ["a=1", "b=2"]
        assert await response.text() == "text"
        none = await fetch(f"{server}/none")
        assert (none.status, none.body) == (204, None)
    assert [call.method for call in route.calls] == ["POST", "POST", "GET"]


@pytest.mark.asyncio
async def test_an_unreachable_server_is_a_lost_connection(server: str) -> None:
    rt = runtime()
    rt.outbound("http://127.0.0.1:*", "network")
    said = await (await through(rt, "http://127.0.0.1:1/")).text()
    assert said == "Network connection lost. (ConnectError)"
