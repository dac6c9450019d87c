"""Handlers, driven by events from outside the Worker: on the fakes and in workerd."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

from pyworkers_sdk import ConsoleHandler
from tests.real import handlers_worker
from tests.real.drivers import MAIL, SECRET, Driver, InWorkerd, OnFakes


@pytest.fixture(scope="module")
def workerds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], InWorkerd]]:
    started: dict[str, InWorkerd] = {}

    def get(pyodide: str) -> InWorkerd:
        if pyodide not in started:
            driver = InWorkerd(pyodide, tmp_path_factory.mktemp("handlers"))
            driver.start()
            started[pyodide] = driver
        return started[pyodide]

    yield get
    for driver in started.values():
        driver.stop()


_real = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


@pytest.fixture(
    params=["fake", *(pytest.param(pyodide, marks=_real) for pyodide in ("314", "0.28"))]
)
def driver(
    request: pytest.FixtureRequest,
    workerds: Callable[[str], InWorkerd],
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Driver]:
    with logging_as_in(handlers_worker):
        driver = OnFakes(capsys) if request.param == "fake" else workerds(request.param)
        driver.written()  # drop the output of earlier tests
        yield driver


@contextlib.contextmanager
def logging_as_in(worker: ModuleType) -> Iterator[None]:
    """Log as the Worker's module configures it, but without asyncio's debug messages."""
    root, asyncio_logger = logging.getLogger(), logging.getLogger("asyncio")
    levels = root.level, asyncio_logger.level
    console = ConsoleHandler()
    root.addHandler(console)
    root.setLevel(worker.LEVEL)
    asyncio_logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(console)
        root.setLevel(levels[0])
        asyncio_logger.setLevel(levels[1])


# Exceptions -------------------------------------------------------------------------------------


def check_traceback(text: str, *functions: str) -> str:
    """Check that the last traceback of a log starts in the Worker's own code, and return it."""
    start = text.rindex("Traceback (most recent call last):")
    trace = text[start : text.index("\nLookupError", start)]
    frames = re.findall(r'File ".*?([^/"]+)", line \d+, in (\w+)', trace)
    # The runtime's own frames come first: leave them out.
    frames = [frame for frame in frames if frame not in _RUNTIME]
    assert [name for _, name in frames] == [*functions]
    assert {file.removeprefix("handlers_").removeprefix("legacy_") for file, _ in frames} == {
        "worker.py"
    }
    return trace


_RUNTIME = {("harness.py", "invoke"), ("events.py", "deliver_request"), ("events.py", "call")}


@pytest.mark.asyncio
async def test_exception_is_a_500_and_its_traceback_is_logged(driver: Driver) -> None:
    answer = await driver.fetch("/raise?token=31415")
    assert (answer.status, answer.text) == (500, "Internal Server Error")
    assert "content-type" not in answer.headers
    written = driver.written()
    check_traceback(written, "fetch", "deeper")
    assert "LookupError: it broke" in written
    assert "deeper(self.env.SECRET)" in written  # the source line
    assert SECRET not in written
    assert "31415" not in written


@pytest.mark.asyncio
async def test_pass_through_on_exception_forwards_the_request(driver: Driver) -> None:
    answer = await driver.fetch("/pass")
    assert (answer.status, answer.text) == (200, "the origin of GET pass")
    check_traceback(driver.written(), "fetch", "deeper")


@pytest.mark.asyncio
async def test_wait_until_continues_after_the_response(driver: Driver) -> None:
    assert (await driver.fetch("/later")).text == "ok"
    await driver.later()
    assert [line["message"] for line in driver.lines()] == ["later"]


@pytest.mark.asyncio
async def test_span_ends_with_its_block(driver: Driver) -> None:
    assert json.loads((await driver.fetch("/span")).text) == [True, False]


# Cron triggers ----------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("cron", "outcome"),
    [
        ("0 * * * *", ("ok", False)),
        ("1 * * * *", ("ok", True)),
        ("2 * * * *", ("exception", False)),
        ("3 * * * *", ("ok", False)),
        ("4 * * * *", ("exception", False)),
    ],
)
async def test_cron_trigger_reports_its_outcome(
    driver: Driver, cron: str, outcome: tuple[str, bool]
) -> None:
    assert await driver.scheduled(cron) == outcome
    written = driver.written()
    assert f"{cron} 2026-03-01T12:30:00+00:00" in written
    if cron[0] == "2":
        check_traceback(written, "scheduled")
    if cron[0] == "3":  # the event ends with its wait_until
        assert '"later"' in written


# Email ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("plain", {}),
        ("reject", {"reason": "no thanks"}),
        ("raise", {"outcome": "exception"}),
        (
            "forward",
            {"forwards": [["one@example.com", []], ["two@example.com", [["x-added", "1"]]]]},
        ),
        ("late", {"forwards": [["one@example.com", []]], "reason": "too late"}),
    ],
)
async def test_email_handler_reports_its_outcome(
    driver: Driver, to: str, expected: dict[str, Any]
) -> None:
    default: dict[str, Any] = {"outcome": "ok", "reason": None, "forwards": [], "replies": []}
    assert await driver.email(f"{to}@example.com") == default | expected
    line = driver.lines()[0]
    assert line["envelope"] == ["her@example.com", f"{to}@example.com"]
    assert (line["subject"], line["starts"]) == ("Hello", "From:")


@pytest.mark.asyncio
@pytest.mark.parametrize("to", ["reply", "reply-text", "reply-with-references"])
async def test_reply_references_the_original(driver: Driver, to: str) -> None:
    result = await driver.email(f"{to}@example.com")
    assert (result["outcome"], len(result["replies"])) == ("ok", 1)
    sender, raw = result["replies"][0]
    assert sender == f"{to}@example.com"
    assert raw.count("References: <first@example.com>") == 1
    if to == "reply":
        assert raw.startswith("References: <first@example.com>\r\nFrom: Me <reply@example.com>\n")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("to", "error"),
    [
        ("reply-twice", "the email was already replied to; only one reply is allowed"),
        ("reply-elsewhere", "the recipient of a reply must be the sender of the email, her@"),
        ("reply-domain", "the sender of a reply must be of the domain that received the email, ex"),
        ("subject", 'only headers that begin with "X-" can be added to a forwarded email, not sub'),
    ],
)
async def test_email_that_only_production_refuses_is_refused_on_the_fakes(
    driver: Driver, to: str, error: str
) -> None:
    result = await driver.email(f"{to}@example.com")
    if isinstance(driver, OnFakes):
        assert (result["outcome"], result["forwards"]) == ("exception", [])
        assert f"EmailError: {error}" in driver.written()
    else:
        assert result["outcome"] == "ok"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("to", "error"),
    [
        ("reply-from", "From: header does not match mail from"),
        ("reply-id", "invalid message-id"),
        ("reply-received", "invalid headers set"),
        ("reply-to-nothing", "no In-Reply-To header found in reply message"),
        ("reply-other", "In-Reply-To does not match original Message-ID"),
        ("reply-references", "provided References header is invalid"),
    ],
)
async def test_invalid_reply_raises(driver: Driver, to: str, error: str) -> None:
    result = await driver.email(f"{to}@example.com")
    assert (result["outcome"], result["replies"]) == ("exception", [])
    assert f"EmailError: {error}" in [line["message"] for line in driver.lines()]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("headers", "replyable"),
    [
        ("Auto-Submitted: auto-replied", False),
        ("Auto-Submitted: no", True),
        ("X-Auto-Response-Suppress: All", False),
        ("X-Auto-Response-Suppress: None", True),
        ("In-Reply-To: <a@example.com>", False),
        ("References: <a@example.com>", False),
        ("In-Reply-To: <a@example.com>\r\nReferences: <a@example.com>", True),
        ("In-Reply-To: <a@e.com>\r\nReferences:" + "\r\n <a@e.com>" * 101, False),
    ],
)
async def test_reply_depends_on_headers_of_the_original(
    driver: Driver, headers: str, replyable: bool
) -> None:
    result = await driver.email("reply@example.com", f"{headers}\r\n".encode() + MAIL)
    assert bool(result["replies"]) is replyable
    if not replyable:
        error = "EmailError: Original email is not replyable"
        assert error in [line["message"] for line in driver.lines()]


# Logging ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_log_record_is_one_line_of_json(driver: Driver) -> None:
    await driver.fetch("/log")
    lines = driver.lines()
    assert [(line["level"], line["message"]) for line in lines] == [
        ("Level 7", "seven"),
        ("DEBUG", "ten"),
        ("Level 15", "fifteen"),
        ("INFO", "é x"),
        ("WARNING", "thirty"),
        ("ERROR", "forty"),
        ("ERROR", "caught"),
        ("CRITICAL", "fifty"),
    ]
    assert lines[3] == {
        "level": "INFO",
        "logger": "app",
        "message": "é x",
        "order": 7,
        "broken": "<Broken>",
        "level_": "mine",
    }
    check_traceback(lines[6]["exception"] + "\n", "log", "deeper")
    assert SECRET not in lines[6]["exception"]


# Global handlers --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_global_functions_handle_events(driver: Driver) -> None:
    answer = await driver.fetch("/", "legacy")
    assert answer.text == f"GET pyworkers_sdk.http {len(SECRET)}"
    await driver.later()
    assert await driver.scheduled("5 * * * *", "legacy") == ("ok", False)
    await driver.queue("legacy", "jobs", [{"a": 1}, {"b": 2}])
    done = json.loads((await driver.fetch("/done", "legacy")).text)
    assert done == ["later", "scheduled 5 * * * *", "jobs ['Job', 'Job']"]


@pytest.mark.asyncio
async def test_exception_in_a_global_handler_is_a_500(driver: Driver) -> None:
    assert (await driver.fetch("/raise", "legacy")).status == 500
    check_traceback(driver.written(), "on_fetch")


@pytest.mark.asyncio
async def test_reply_of_parts_is_refused_by_the_local_runtime(driver: Driver) -> None:
    result = await driver.email("reply-parts@example.com")
    if isinstance(driver, OnFakes):  # as in production
        [[sender, raw]] = result["replies"]
        assert (result["outcome"], sender) == ("ok", "reply-parts@example.com")
        assert "In-Reply-To: <first@example.com>" in raw
    else:
        assert "AssertionError: EmailReplyMessageBuilder is not currently supported" in str(
            driver.lines()
        )


# Tails: only in workerd, because on the fakes the test itself writes the events -----------------


@pytest.mark.asyncio
async def test_tail_receives_finished_invocations(driver: Driver) -> None:
    if isinstance(driver, OnFakes):
        pytest.skip("a fake Worker has no tail")

    async def seen(kind: str) -> dict[str, Any]:
        await driver.later()
        items = json.loads((await driver.fetch("/seen", "tail")).text)
        return next(item for item in items if item["event"][0] == kind)

    await drop_seen_items(driver)
    await driver.fetch("/log?token=0123456789abcdef0123456789abcdef")
    item = await seen("fetch")
    method, url, whole, has_host, status = item["event"][1:6]
    assert (method, has_host, status) == ("GET", True, 200)
    assert url.endswith("/log?token=REDACTED")
    assert whole.endswith("/log?token=0123456789abcdef0123456789abcdef")
    assert (item["outcome"], item["model"], item["exceptions"]) == ("ok", "stateless", [])
    assert abs(item["at"] - time.time()) < 60
    levels = [level for level, _ in item["logs"]]
    assert levels == ["debug", "debug", "log", "info", "warn", "error", "error", "error"]
    [line] = item["logs"][3][1]
    assert json.loads(line)["order"] == 7
    assert item["times"][2] is False
    assert item["rest"] == [None, None, None, [], None, None, None, []]

    await driver.fetch("/raise")
    item = await seen("fetch")
    assert (item["outcome"], item["event"][5]) == ("exception", None)
    [[name, message]] = item["exceptions"]
    assert name == "PythonError"
    check_traceback(message, "fetch", "deeper")

    await driver.scheduled("4 * * * *")
    item = await seen("scheduled")
    assert item["event"][1:] == ["4 * * * *", "2026-03-01T12:30:00+00:00"]
    [[name, message]] = item["exceptions"]  # of work in wait_until
    check_traceback(message, "fails")

    await driver.queue("main", "jobs", [1, 2, 3])
    assert (await seen("queue"))["event"][1:] == ["jobs", 3]

    await driver.email("plain@example.com")
    assert (await seen("rpc"))["event"][1:] == ["email"]


HEX = "0123456789abcdef" * 2
BASE64 = "Ab01Cdefghijklmnopqrs"  # 21 characters, two of each kind
REDACTED_PATHS = {
    f"/{HEX}": "/REDACTED",
    f"/a/{HEX}/b?c={HEX}0": "/a/REDACTED/b?c=REDACTED",
    f"/{HEX[:31]}": f"/{HEX[:31]}",
    f"/{HEX[:31]}g": f"/{HEX[:31]}g",
    "/01234567-89ab-cdef_0123+456789abcdef": "/REDACTED",
    f"/{HEX}.{HEX}": "/REDACTED.REDACTED",
    f"/x%20{HEX[2:]}": "/x%REDACTED",
    f"/{'0' * 32}": "/REDACTED",
    f"/{'a' * 32}": "/REDACTED",
    f"/{'-' * 40}": f"/{'-' * 40}",
    f"/{BASE64}": "/REDACTED",
    f"/{BASE64[:20]}": f"/{BASE64[:20]}",
    f"/{BASE64[:-1]}+": "/REDACTED",
    f"/{BASE64[:-1]}=": f"/{BASE64[:-1]}=",
    f"/{BASE64.lower()}": f"/{BASE64.lower()}",
    f"/{BASE64.upper()}": f"/{BASE64.upper()}",
    "/A_01_C-defghijklmnopq": "/REDACTED",
    "/abCDefghijklmnopqrst1": "/abCDefghijklmnopqrst1",
}
SENT_HEADERS = {
    "cookie": "a=1",
    "x-cookie": "a=2",
    "authorization": "Bearer 1",
    "author": "she",
    "x-jwt": "3",
    "keyword": "4",
    "x-secret-x": "5",
    "token": "6",
    "x-plain": HEX,
}
RECEIVED_HEADERS = {
    **dict.fromkeys(SENT_HEADERS, "REDACTED"),
    "x-cookie": "a=2",
    "x-plain": HEX,
}


@pytest.mark.asyncio
async def test_tail_of_a_request_has_likely_secrets_redacted(driver: Driver) -> None:
    async def sent(path: str) -> list[Any]:
        await drop_seen_items(driver)
        if isinstance(driver, OnFakes):
            await driver.tail({"url": f"http://main{path}", "headers": SENT_HEADERS})
        else:
            await driver.fetch(path, headers=SENT_HEADERS)
        await driver.later()
        items = json.loads((await driver.fetch("/seen", "tail")).text)
        event: list[Any] = next(item["event"] for item in items if item["event"][0] == "fetch")
        return event

    for path, redacted in REDACTED_PATHS.items():
        _, _, url, whole, _, _, headers, all_headers = await sent(path)
        assert (path, "/" + url.split("/", 3)[3]) == (path, redacted)
        assert whole.endswith(path)
        assert {name: headers[name] for name in SENT_HEADERS} == RECEIVED_HEADERS
        assert {name: all_headers[name] for name in SENT_HEADERS} == SENT_HEADERS


async def drop_seen_items(driver: Driver) -> None:
    await driver.later()
    await driver.fetch("/seen", "tail")


@pytest.mark.asyncio
async def test_streaming_tail_receives_events(driver: Driver) -> None:
    if isinstance(driver, OnFakes):
        pytest.skip("a fake Worker has no tail")

    async def streamed(path: str) -> list[Any]:
        await driver.fetch(path)
        return await the_stream()

    async def the_stream() -> list[Any]:
        await driver.later()
        [stream] = json.loads((await driver.fetch("/streams", "tail")).text)
        return [event if isinstance(event, str) else event[-1] for event in stream]

    await driver.later()
    await driver.fetch("/streams", "tail")

    await driver.fetch("/span?token=0123456789abcdef0123456789abcdef")
    await driver.later()
    [stream] = json.loads((await driver.fetch("/streams", "tail")).text)
    assert [sequence for sequence, *_ in stream] == [*range(6)]
    assert len({invocation for _, [invocation, *_], *_ in stream}) == 1
    assert len({trace for _, [_, trace, *_], *_ in stream}) == 1
    spans = [span for _, [_, _, span, _], *_ in stream]
    assert spans[0] is None
    outer, inner = spans[1], spans[2]
    assert spans[1:] == [outer, inner, inner, outer, outer]
    then = datetime.fromisoformat(stream[0][2])
    assert abs(then.timestamp() - time.time()) < 60
    onset, opened, attributes, *rest = [event for *_, event in stream]
    assert onset.startswith(f"Onset(span_id='{outer}', execution_model='stateless', info=Fetch")
    assert "/span?token=0123456789abcdef0123456789abcdef', cf_json=" in onset
    assert "Header(name='accept', value='*/*')" in onset
    assert onset.endswith("script_tags=[], script_version=None, preview=None, attributes=None)")
    assert opened == f"SpanOpen(name='work', span_id='{inner}', info=None)"
    values = "('number', 1)", "('text', 'é')", "('ratio', 1.5)", "('flag', True)"
    named = [value.replace("('", "(name='").replace("', ", "', value=") for value in values]
    attributed = ", ".join(f"Attribute{value}" for value in named)
    assert attributes == f"Attributes(info=[{attributed}])"
    assert rest == [
        "SpanClose(outcome='ok')",
        "Return(info=FetchResponseInfo(status_code=200))",
        "Outcome(outcome='ok', cpu_time=0, wall_time=0)",
    ]

    events = await streamed("/raise")
    assert events[2].startswith("Exception(name='PythonError', message='Traceback")
    assert events[-1] == "Outcome(outcome='exception', cpu_time=0, wall_time=0)"
    events = await streamed("/log?later")
    assert events.count("later") == len(events) - events.count("later") - 1 == 10
    events = await streamed("/log?object")
    kinds = [event.partition("(")[0] for event in events]
    assert kinds == ["Onset", *["Log"] * 8, "Outcome"]
    for path in "/log?deaf", "/log?number", "/log?begin":
        assert len(await streamed(path)) == 1
    written = driver.written()
    assert "WorkersError: tail_stream: expected a function, a TailEventHandlerObject" in written
    assert "LookupError: the stream did not begin" in written
    await streamed("/log?fails")
    assert len(await streamed("/later")) == 7  # the next invocation has a stream again

    await driver.scheduled("1 * * * *")
    at = "datetime.datetime(2026, 3, 1, 12, 30, tzinfo=datetime.timezone.utc)"
    info = f"info=ScheduledEventInfo(scheduled_time={at}, cron='1 * * * *'), "
    assert info in (await the_stream())[0]
    await driver.queue("main", "jobs", [1, 2, 3])
    assert "info=QueueEventInfo(queue_name='jobs', batch_size=3)" in (await the_stream())[0]
    await driver.email("plain@example.com")
    begin, opened, method, *_ = await the_stream()
    assert "info=JsRpcEventInfo()" in begin
    assert opened.startswith("SpanOpen(name='jsRpcCall', ")
    assert method == "Attributes(info=[Attribute(name='jsrpc.method', value='email')])"


# Applications -----------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
async def test_compressed_body_of_an_application_is_not_compressed_again(
    driver: Driver, kind: str
) -> None:
    if isinstance(driver, OnFakes):
        pytest.skip("the fakes do not compress bodies")
    answer = await driver.fetch(f"/{kind}")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == "Hello " * 100
