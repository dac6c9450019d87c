"""Events of ``FakeRuntime`` except queues. tests/real checks the same in the real runtime."""

from __future__ import annotations

import asyncio
import json
import logging
import types
from datetime import datetime, timezone
from email.message import EmailMessage as MIMEMessage
from typing import Any

import pytest

from pyworkers_sdk import (
    EmailError,
    EmailMessage,
    Env,
    ExecutionContext,
    ForwardableEmailMessage,
    MessageBatch,
    Request,
    Response,
    ScheduledController,
    ScriptVersion,
    Span,
    TraceItem,
    TraceItemAlarmEventInfo,
    TraceItemCustomEventInfo,
    TraceItemEmailEventInfo,
    TraceItemFetchEventInfo,
    TraceItemHibernatableWebSocketEventInfo,
    TraceItemJsRpcEventInfo,
    TraceItemOnHibernateEventInfo,
    TraceItemQueueEventInfo,
    TraceItemScheduledEventInfo,
    TraceItemTailEventInfo,
    TracePreviewInfo,
    WorkerEntrypoint,
    handler,
)
from pyworkers_sdk.testing import Clock, FakeRuntime, fake

pytestmark = pytest.mark.asyncio

URL = "https://example.com/"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class AppEnv(Env):
    API_KEY: str


class Default(WorkerEntrypoint[AppEnv]):
    seen: list[Any]

    async def fetch(self, request: Request) -> Response:
        if request.url.endswith("pass"):
            self.ctx.pass_through_on_exception()
        raise LookupError("here")

    async def scheduled(self, controller: ScheduledController) -> None:
        assert controller.js_object.cron == controller.cron
        self.seen.append(repr(controller))
        if controller.cron == "raise":
            raise LookupError("here")
        self.ctx.wait_until(self.first())

    async def first(self) -> None:
        await asyncio.sleep(0)
        self.ctx.wait_until(self.second())

    async def second(self) -> None:
        await asyncio.sleep(0)
        self.seen.append("second")
        if self.env.API_KEY == "raise":
            raise LookupError("later")

    async def email(self, message: ForwardableEmailMessage) -> None:
        assert message.js_object.to == message.to
        self.seen.append([message.from_, message.to, repr(message), message.can_be_forwarded])
        self.seen.append(await message.raw.text())
        if message.to.startswith("raise"):
            raise LookupError("here")
        if message.to.startswith("answer"):
            await message.reply(EmailMessage(message.to, message.from_, b"From: other@e.com\n\n"))

    async def tail(self, events: list[TraceItem]) -> None:
        self.seen.extend(events)
        if events[0].outcome == "raise":
            raise LookupError("here")


def runtime(key: str = "k", **options: Any) -> FakeRuntime[AppEnv]:
    Default.seen = []
    return FakeRuntime(Default, env=AppEnv, API_KEY=key, **options)


class Empty(WorkerEntrypoint[AppEnv]):
    pass


class Echo(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        content_type = request.headers.get("content-type")
        return Response.json([request.url, content_type, await request.text()])


@pytest.mark.asyncio
async def test_fetch_takes_a_path_and_json() -> None:
    runtime = FakeRuntime(Echo)
    response = await runtime.fetch("/users?a=1")
    assert await response.json() == ["http://localhost/users?a=1", None, ""]
    response = await runtime.fetch("/users", method="POST", json={"é": [1, None]})
    _, content_type, body = await response.json()
    assert (content_type, json.loads(body)) == ("application/json", {"é": [1, None]})
    headers = {"Content-Type": "application/problem+json"}
    response = await runtime.fetch("/", method="POST", headers=headers, json=[])
    assert (await response.json())[1:] == ["application/problem+json", "[]"]


@pytest.mark.asyncio
async def test_fetch_with_two_bodies_is_refused() -> None:
    runtime = FakeRuntime(Echo)
    with pytest.raises(TypeError, match="expected body or json, got both"):
        await runtime.fetch("/", method="POST", body="a", json=1)
    with pytest.raises(TypeError, match="expected the body in the Request"):
        await runtime.fetch(Request("https://e.com/", method="POST"), json=1)


async def test_an_exception_of_fetch_is_raised_or_becomes_a_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(LookupError, match="here"):
        await runtime().fetch(URL)
    assert caplog.records == []
    response = await runtime(raise_exceptions=False).fetch(f"{URL}?secret")
    assert (response.status, await response.text()) == (500, "Internal Server Error")
    assert list(response.headers) == []
    [record] = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, f"GET {URL}")
    assert "LookupError: here" in caplog.text


@pytest.mark.parametrize("raises", [True, False])
async def test_the_origin_answers_if_an_exception_passes_through(
    caplog: pytest.LogCaptureFixture, raises: bool
) -> None:
    worker = runtime(raise_exceptions=raises)
    route = worker.outbound(f"{URL}*", lambda request: Response(f"origin of {request.method}"))
    response = await worker.fetch(f"{URL}pass", method="POST", body="x")
    assert await response.text() == "origin of POST"
    assert [call.url for call in route.calls] == [f"{URL}pass"]
    assert "LookupError: here" in caplog.text


async def test_an_exception_that_passes_through_is_raised_without_an_origin() -> None:
    with pytest.raises(LookupError, match="here"):
        await runtime().fetch(f"{URL}pass")
    assert (await runtime(raise_exceptions=False).fetch(f"{URL}pass")).status == 500


async def test_a_cron_trigger_runs_at_the_current_or_a_given_time() -> None:
    clock = Clock(EPOCH)
    worker = runtime(clock=clock)
    assert await worker.scheduled("0 * * * *") == ("ok", False)
    clock.advance(60)
    await worker.scheduled()
    await worker.scheduled(scheduled_time=datetime(2026, 1, 1))
    worker.crons = ("30 9 * * *",)
    await worker.scheduled()
    with pytest.raises(
        ValueError, match=r"^cron: expected a configured trigger \(.*\), got '30 8 \* \* \*'$"
    ):
        await worker.scheduled("30 8 * * *")
    assert "30 9 * * *" in Default.seen.pop(-2)
    assert Default.seen.pop() == "second"
    told = [one for one in Default.seen if one != "second"]
    assert told == [
        "<ScheduledController '0 * * * *' 1970-01-01T00:00:00Z>",
        "<ScheduledController '* * * * *' 1970-01-01T00:01:00Z>",
        "<ScheduledController '* * * * *' 2026-01-01T00:00:00Z>",
    ]
    assert Default.seen.count("second") == 3  # it waited for that


async def test_a_cron_trigger_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(LookupError, match="here"):
        await runtime().scheduled("raise")
    with pytest.raises(LookupError, match="later"):
        await runtime("raise").scheduled()
    assert caplog.records == []
    assert await runtime(raise_exceptions=False).scheduled("raise") == ("exception", False)
    assert (await runtime("raise", raise_exceptions=False).scheduled()).outcome == "exception"
    assert [record.getMessage() for record in caplog.records] == [
        "in the scheduled handler",
        "in ctx.wait_until",
    ]
    assert "LookupError: later" in caplog.text


@pytest.mark.parametrize("event", ["scheduled", "email", "tail"])
async def test_a_missing_handler_raises_type_error(event: str) -> None:
    given = {"scheduled": "* * * * *", "email": b"", "tail": []}[event]
    with pytest.raises(TypeError, match=f"Empty has no {event} handler"):
        await getattr(FakeRuntime(Empty, env=fake(AppEnv)), event)(given)


async def test_the_envelope_of_an_email_defaults_to_its_headers() -> None:
    message = MIMEMessage()
    message["From"] = "Her <her@example.com>"
    message["To"] = "Me <me@example.com>"
    message.set_content("text")
    told = await runtime().email(message)
    assert told == ("ok", None, [], [])
    envelope, source = Default.seen
    shown = "<ForwardableEmailMessage from her@example.com to me@example.com>"
    assert envelope == ["her@example.com", "me@example.com", shown, False]
    assert source.startswith("Message-ID: <")
    assert source.endswith(message.as_string())


@pytest.mark.parametrize("source", ["Message-ID: <1@e.com>\n\n", b"Message-ID: <1@e.com>\n\n"])
async def test_the_envelope_of_an_email_can_be_given(source: str | bytes) -> None:
    await runtime().email(source, from_="a@example.com", to="b@example.com")
    assert Default.seen[0][:2] == ["a@example.com", "b@example.com"]
    assert Default.seen[1] == "Message-ID: <1@e.com>\n\n"
    await runtime().email(EmailMessage("c@example.com", "d@example.com", source))
    assert Default.seen[0][:2] == ["c@example.com", "d@example.com"]


async def test_an_email_without_recipient_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^email\(\): expected a sender and a recipient"):
        await runtime().email("Subject: x\n\n", from_="a@example.com")


async def test_an_email_handler_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(LookupError, match="here"):
        await runtime().email("", from_="a@example.com", to="raise@example.com")
    with pytest.raises(EmailError, match="From: header does not match mail from") as caught:
        await runtime().email("", from_="a@example.com", to="answer@example.com")
    assert caught.value.js_name == "Error"
    quiet = runtime(raise_exceptions=False)
    told = await quiet.email("", from_="a@example.com", to="raise@example.com")
    assert told.outcome == "exception"
    assert "in the email handler" in caplog.text


async def test_a_tail_handler_gets_items_of_json() -> None:
    assert await runtime().tail([{}, _ITEM]) == "ok"
    plain, item = Default.seen
    assert (plain.event, plain.event_timestamp, plain.outcome) == (None, None, "ok")
    assert plain.logs == plain.exceptions == plain.diagnostics_channel_events == []
    assert repr(item) == "<TraceItem of shop: exception>"
    assert (item.script_name, item.entrypoint, item.script_tags) == ("shop", "Admin", ["a"])
    assert item.script_version == ScriptVersion("v1", None, None)
    assert (item.preview, plain.preview) == (TracePreviewInfo("p", "s", "n"), None)
    assert item.event_timestamp == EPOCH.replace(second=1)
    log, error = item.logs
    assert log == (EPOCH.replace(second=2), "warn", ["a", {"b": 1}], None)
    assert error.error_info == [None, ("TypeError", "no", None)]
    [exception] = item.exceptions
    assert exception == (EPOCH, "Error", "broke", "at x")
    [event] = item.diagnostics_channel_events
    assert event == (EPOCH, "c", {"a": 1})
    assert isinstance(item.event, TraceItemFetchEventInfo)
    request, response = item.event
    assert (request.method, request.url, request.headers) == ("PUT", URL, {"a": "b"})
    assert (request.cf, response) == ({"colo": "ZRH"}, (500,))
    assert repr(request.get_unredacted()) == f"<TraceItemFetchEventInfoRequest PUT {URL}>"
    assert (item.tail_attributes, item.dispatch_namespace) == ({"t": 1}, "ns")
    assert (item.durable_object_id, item.execution_model) == ("o", "durableObject")
    assert (item.truncated, item.cpu_time, item.wall_time) == (True, 5, 7)
    assert item.js_object.scriptName == "shop"


_ITEM = {
    "scriptName": "shop",
    "entrypoint": "Admin",
    "scriptTags": ["a"],
    "scriptVersion": {"id": "v1"},
    "preview": {"id": "p", "slug": "s", "name": "n"},
    "outcome": "exception",
    "eventTimestamp": 1000,
    "logs": [
        {"timestamp": 2000, "level": "warn", "message": ["a", {"b": 1}]},
        {"errorInfo": [None, {"name": "TypeError", "message": "no"}]},
    ],
    "exceptions": [{"message": "broke", "stack": "at x"}],
    "diagnosticsChannelEvents": [{"timestamp": 0, "channel": "c", "message": {"a": 1}}],
    "event": {
        "request": {"url": URL, "method": "PUT", "headers": {"a": "b"}, "cf": {"colo": "ZRH"}},
        "response": {"status": 500},
    },
    "tailAttributes": {"t": 1},
    "dispatchNamespace": "ns",
    "durableObjectId": "o",
    "executionModel": "durableObject",
    "truncated": True,
    "cpuTime": 5,
    "wallTime": 7,
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"rpcMethod": "add"}, TraceItemJsRpcEventInfo("add")),
        (
            {"scheduledTime": 0, "cron": "0 * * * *"},
            TraceItemScheduledEventInfo(EPOCH, "0 * * * *"),
        ),
        ({"scheduledTime": "1970-01-01T00:00:00Z"}, TraceItemAlarmEventInfo(EPOCH)),
        ({"queue": "jobs", "batchSize": 3}, TraceItemQueueEventInfo("jobs", 3)),
        (
            {"mailFrom": "a@e.com", "rcptTo": "b@e.com", "rawSize": 9},
            TraceItemEmailEventInfo("a@e.com", "b@e.com", 9),
        ),
        (
            {"consumedEvents": [{"scriptName": "a"}, {}]},
            TraceItemTailEventInfo(["a", None]),
        ),
        (
            {"getWebSocketEvent": {"webSocketEventType": "close", "code": 1000, "wasClean": True}},
            TraceItemHibernatableWebSocketEventInfo("close", 1000, True),
        ),
        (
            {"getWebSocketEvent": {"webSocketEventType": "message"}},
            TraceItemHibernatableWebSocketEventInfo("message", None, None),
        ),
        ({"reason": "inactive"}, TraceItemOnHibernateEventInfo("inactive")),
        ({}, TraceItemCustomEventInfo()),
    ],
)
async def test_each_type_of_trace_event_is_converted(given: dict[str, Any], expected: Any) -> None:
    await runtime().tail([{"event": given}])
    [item] = Default.seen
    assert item.event == expected
    assert type(item.event) is type(expected)


async def test_a_trace_event_may_have_no_response() -> None:
    await runtime().tail([{"event": {"request": {"url": URL}}}])
    [item] = Default.seen
    assert item.event.response is None
    assert item.event.request.cf is None


async def test_a_tail_handler_that_fails_is_raised_or_logged() -> None:
    with pytest.raises(LookupError, match="here"):
        await runtime().tail([{"outcome": "raise"}])
    assert await runtime(raise_exceptions=False).tail([{"outcome": "raise"}]) == "exception"
    with pytest.raises(TypeError, match="TraceItem: unknown member scriptname"):
        await runtime().tail([{"scriptname": "x"}])


async def test_a_trace_handler_gets_trace_items_unchanged() -> None:
    seen: list[Any] = []

    class Older(WorkerEntrypoint[AppEnv]):
        def trace(self, traces: list[TraceItem]) -> None:  # type: ignore[override]
            seen.extend(traces)

    await runtime().tail([{"outcome": "ok"}])
    assert await FakeRuntime(Older, env=fake(AppEnv)).tail(Default.seen) == "ok"
    assert seen[0].js_object is Default.seen[0].js_object


async def test_a_handler_gets_one_argument() -> None:
    seen: list[Any] = []

    class All(WorkerEntrypoint[AppEnv]):
        def test(self, controller: Any) -> None:  # type: ignore[override]
            seen.append(controller)

    door: Any = All(None, None)
    await door.test("controller", "env", "ctx")
    assert seen == ["controller"]


async def test_a_span_is_traced_until_its_end() -> None:
    spans: list[Span] = []

    class Traced(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            assert self.ctx.tracing.js_object
            spans.append(self.ctx.tracing.start_span("work").set_attributes({"a": 1, "b": None}))
            return Response("")

    await FakeRuntime(Traced, env=fake(AppEnv)).fetch(URL)
    [span] = spans
    assert span.is_traced
    span.end()
    assert not span.js_object.isTraced


# Functions as handlers ---------------------------------------------------------------------------


@handler
async def on_fetch(request: Request, env: AppEnv, ctx: ExecutionContext) -> Response:
    """Answers."""
    ctx.wait_until(asyncio.sleep(0))
    return Response(f"{request.method} {env.API_KEY}")


async def test_a_handler_function_is_a_worker() -> None:
    assert (on_fetch.__name__, on_fetch.__doc__) == ("on_fetch", "Answers.")
    worker = FakeRuntime(on_fetch, env=AppEnv, API_KEY="k")
    assert await (await worker.fetch(URL)).text() == "GET k"
    await worker.drain()


async def test_a_test_can_call_a_handler_function_directly() -> None:
    class Context:
        def waitUntil(self, promise: Any) -> None:
            promise.cancel()

    ctx: Any = Context()
    response = await on_fetch(Request(URL), fake(AppEnv, API_KEY="k"), ExecutionContext(ctx))
    assert isinstance(response, Response)
    assert await response.text() == "GET k"


async def test_a_handler_function_may_omit_parameters() -> None:
    @handler
    def on_fetch(*args: Any) -> Response:
        return Response(str([type(arg).__name__ for arg in args]))

    worker: FakeRuntime[Any] = FakeRuntime(on_fetch, env=AppEnv, API_KEY="k")
    told = await (await worker.fetch(URL)).text()
    assert told == "['Request', 'Bindings', 'ExecutionContext']"

    @handler
    async def on_scheduled() -> None:
        seen.append("scheduled")

    seen: list[str] = []
    assert await FakeRuntime(on_scheduled, env=fake(AppEnv)).scheduled() == ("ok", False)
    assert seen == ["scheduled"]


async def test_annotations_known_only_to_type_checkers_are_ignored() -> None:
    def on_fetch(request, env):  # type: ignore[no-untyped-def]
        return Response(type(env).__name__)

    on_fetch.__annotations__ = {"env": "Nowhere"}
    worker: FakeRuntime[Any] = FakeRuntime(handler(on_fetch), env=AppEnv)
    assert await (await worker.fetch(URL)).text() == "Bindings"


async def test_a_module_with_functions_is_a_worker() -> None:
    seen: list[Any] = []

    @handler
    async def on_queue(batch: MessageBatch[Any]) -> None:
        seen.extend(message.body for message in batch)

    module = types.ModuleType("main")
    vars(module).update(on_fetch=on_fetch, on_queue=on_queue)
    worker: FakeRuntime[Any] = FakeRuntime(module, env=AppEnv, API_KEY="k")
    assert await (await worker.fetch(URL)).text() == "GET k"
    await worker.queue([1, 2], queue="jobs")
    assert seen == [1, 2]


async def test_a_module_with_a_default_class_is_a_worker() -> None:
    module = types.ModuleType("main")
    vars(module).update(Default=Default)
    assert FakeRuntime(module, env=fake(AppEnv)).entrypoint is Default
    vars(module).update(on_fetch=on_fetch)
    with pytest.raises(
        TypeError, match="main: expected one entrypoint, got both Default and on_fetch"
    ):
        FakeRuntime(module)


async def test_an_object_without_entrypoint_is_refused() -> None:
    with pytest.raises(
        TypeError, match="main: missing entrypoint; define a class Default, or on_fetch"
    ):
        FakeRuntime(types.ModuleType("main"))

    def on_fetch(request: Request) -> Response:
        return Response("")

    with pytest.raises(TypeError, match=r"on_fetch is not an entrypoint; .* by @handler"):
        FakeRuntime(on_fetch)


@pytest.mark.parametrize("name", ["on_email", "fetch", "on_"])
async def test_a_function_with_an_unknown_handler_name_is_refused(name: str) -> None:
    def function(request: Any) -> None: ...

    function.__name__ = name
    with pytest.raises(TypeError, match=f"{name}: unknown handler; expected one of on_fetch"):
        handler(function)
