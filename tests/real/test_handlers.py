"""Handlers driven from outside, as nothing within a Worker can: on the fake and in workerd."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
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


@pytest.fixture(params=["fake", *(pytest.param(each, marks=_real) for each in ("314", "0.28"))])
def driver(
    request: pytest.FixtureRequest,
    workerds: Callable[[str], InWorkerd],
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Driver]:
    with logging_as_in(handlers_worker):
        made = OnFakes(capsys) if request.param == "fake" else workerds(request.param)
        made.written()
        yield made


@contextlib.contextmanager
def logging_as_in(worker: ModuleType) -> Iterator[None]:
    """As the module configured it, without what asyncio has to say; then as it was."""
    root, asyncios = logging.getLogger(), logging.getLogger("asyncio")
    before = root.level, asyncios.level
    console = ConsoleHandler()
    root.addHandler(console)
    root.setLevel(worker.LEVEL)
    asyncios.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(console)
        root.setLevel(before[0])
        asyncios.setLevel(before[1])


# What the client sees of an exception, and what the log


def told_of_a_lookup_error(text: str, *functions: str) -> str:
    """The traceback in a log, which starts in the Worker's own code."""
    start = text.rindex("Traceback (most recent call last):")
    trace = text[start : text.index("\nLookupError", start)]
    frames = re.findall(r'File ".*?([^/"]+)", line \d+, in (\w+)', trace)
    # above what is ours comes what the runtime itself calls it from
    frames = [frame for frame in frames if frame not in _RUNTIME]
    assert [name for _, name in frames] == [*functions]
    assert {file.removeprefix("handlers_").removeprefix("legacy_") for file, _ in frames} == {
        "worker.py"
    }
    return trace


_RUNTIME = {("harness.py", "invoke"), ("_events.py", "answer"), ("_events.py", "call")}


@pytest.mark.asyncio
async def test_the_client_gets_a_500_and_the_log_the_traceback(driver: Driver) -> None:
    answer = await driver.fetch("/raise?token=31415")
    assert (answer.status, answer.text) == (500, "Internal Server Error")
    assert "content-type" not in answer.headers
    written = driver.written()
    told_of_a_lookup_error(written, "fetch", "deeper")
    assert "LookupError: it broke" in written
    assert "deeper(self.env.SECRET)" in written  # the line that it is in
    assert SECRET not in written
    assert "31415" not in written


@pytest.mark.asyncio
async def test_a_request_passes_through_on_an_exception(driver: Driver) -> None:
    answer = await driver.fetch("/pass")
    assert (answer.status, answer.text) == (200, "the origin of GET pass")
    told_of_a_lookup_error(driver.written(), "fetch", "deeper")


@pytest.mark.asyncio
async def test_work_goes_on_after_the_response(driver: Driver) -> None:
    assert (await driver.fetch("/later")).text == "ok"
    await driver.later()
    assert [line["message"] for line in driver.lines()] == ["later"]


@pytest.mark.asyncio
async def test_a_span_ends_with_its_block(driver: Driver) -> None:
    assert json.loads((await driver.fetch("/span")).text) == [True, False]


# Cron triggers


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
async def test_a_cron_trigger(driver: Driver, cron: str, outcome: tuple[str, bool]) -> None:
    assert await driver.scheduled(cron) == outcome
    written = driver.written()
    assert f"{cron} 2026-03-01T12:30:00+00:00" in written
    if cron[0] == "2":
        told_of_a_lookup_error(written, "scheduled")
    if cron[0] == "3":  # it is over when its work is
        assert '"later"' in written


# Email


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("plain", {}),
        ("reject", {"reason": "no thanks"}),
        ("raise", {"outcome": "exception"}),
        (
            "forward",
            {"forwards": [["one@example.com", []], ["two@example.com", [["x-added", "1"]]]]},
        ),
    ],
)
async def test_an_email(driver: Driver, to: str, told: dict[str, Any]) -> None:
    nothing: dict[str, Any] = {"outcome": "ok", "reason": None, "forwards": [], "replies": []}
    assert await driver.email(f"{to}@example.com") == nothing | told
    line = driver.lines()[0]
    assert line["envelope"] == ["her@example.com", f"{to}@example.com"]
    assert (line["subject"], line["starts"]) == ("Hello", "From:")


@pytest.mark.asyncio
@pytest.mark.parametrize("to", ["reply", "reply-text", "reply-with-references"])
async def test_an_answer(driver: Driver, to: str) -> None:
    told = await driver.email(f"{to}@example.com")
    assert (told["outcome"], len(told["replies"])) == ("ok", 1)
    sender, raw = told["replies"][0]
    assert sender == f"{to}@example.com"
    assert raw.count("References: <first@example.com>") == 1
    if to == "reply":
        assert raw.startswith("References: <first@example.com>\r\nFrom: Me <reply@example.com>\n")


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
        ("reply-parts", "EmailReplyMessageBuilder is not currently supported"),
    ],
)
async def test_an_answer_that_is_refused(driver: Driver, to: str, error: str) -> None:
    told = await driver.email(f"{to}@example.com")
    assert (told["outcome"], told["replies"]) == ("exception", [])
    assert f"EmailError: {error}" in [line["message"] for line in driver.lines()]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("headers", "answered"),
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
async def test_which_emails_can_be_answered(driver: Driver, headers: str, answered: bool) -> None:
    told = await driver.email("reply@example.com", f"{headers}\r\n".encode() + MAIL)
    assert bool(told["replies"]) is answered
    if not answered:
        error = "EmailError: Original email is not replyable"
        assert error in [line["message"] for line in driver.lines()]


# Logging


@pytest.mark.asyncio
async def test_each_record_is_one_line_of_json(driver: Driver) -> None:
    await driver.fetch("/log")
    lines = driver.lines()
    assert [(line["level"], line["message"]) for line in lines] == [
        ("Level 5", "five"),
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
    told_of_a_lookup_error(lines[6]["exception"] + "\n", "log", "deeper")
    assert SECRET not in lines[6]["exception"]


# The older form


@pytest.mark.asyncio
async def test_functions_are_handlers(driver: Driver) -> None:
    answer = await driver.fetch("/", "legacy")
    assert answer.text == f"GET pyworkers_sdk.http {len(SECRET)}"
    await driver.later()
    assert await driver.scheduled("5 * * * *", "legacy") == ("ok", False)
    await driver.queue("legacy", "jobs", [{"a": 1}, {"b": 2}])
    told = json.loads((await driver.fetch("/done", "legacy")).text)
    assert told == ["later", "scheduled 5 * * * *", "jobs ['Job', 'Job']"]


@pytest.mark.asyncio
async def test_an_exception_in_a_function(driver: Driver) -> None:
    assert (await driver.fetch("/raise", "legacy")).status == 500
    told_of_a_lookup_error(driver.written(), "on_fetch")


# Tails: in workerd alone, since a fake gives a tail what the test says


@pytest.mark.asyncio
async def test_a_tail_sees_what_happened(driver: Driver) -> None:
    if isinstance(driver, OnFakes):
        pytest.skip("nothing tails a fake Worker")

    async def seen(kind: str) -> dict[str, Any]:
        await driver.later()
        items = json.loads((await driver.fetch("/seen", "tail")).text)
        return next(item for item in items if item["event"][0] == kind)

    await seen_none(driver)
    await driver.fetch("/log?token=0123456789abcdef0123456789abcdef")
    item = await seen("fetch")
    method, url, whole, has_host, status = item["event"][1:]
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
    assert (item["outcome"], item["event"][-1]) == ("exception", None)
    [[name, message]] = item["exceptions"]
    assert name == "PythonError"
    told_of_a_lookup_error(message, "fetch", "deeper")

    await driver.scheduled("4 * * * *")
    item = await seen("scheduled")
    assert item["event"][1:] == ["4 * * * *", "2026-03-01T12:30:00+00:00"]
    [[name, message]] = item["exceptions"]  # of work in wait_until
    told_of_a_lookup_error(message, "fails")

    await driver.queue("main", "jobs", [1, 2, 3])
    assert (await seen("queue"))["event"][1:] == ["jobs", 3]

    await driver.email("plain@example.com")
    assert (await seen("rpc"))["event"][1:] == ["email"]


async def seen_none(driver: Driver) -> None:
    await driver.later()
    await driver.fetch("/seen", "tail")
