"""The line of JSON for a log record; tests/real reads the console itself."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import pyworkers_sdk.logs
from pyworkers_sdk import ConsoleHandler, configure_logging
from tests.contract.kit import cases


class Console:
    """The written lines, and a logger that writes them."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str]] = []
        self.log = logging.Logger("contract")  # below no other, whose handlers would see it too

    @property
    def last(self) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(self.written[-1][1])
        return made


@contextmanager
def console() -> Iterator[Console]:
    made = Console()
    platform: Any = vars(pyworkers_sdk.logs)["platform"]
    real = platform.console
    platform.console = lambda method, line: made.written.append((method, line))
    made.log.addHandler(ConsoleHandler())
    try:
        yield made
    finally:
        platform.console = real


@cases([(5, "debug"), (10, "debug"), (11, "log"), (19, "log"), (20, "info"), (29, "info")])
async def test_each_level_has_its_method(case: tuple[int, str]) -> None:
    level, method = case
    with console() as seen:
        seen.log.log(level, "%s", level)
        assert [seen.written[-1][0], seen.last["message"]] == [method, str(level)]


async def test_warnings_and_errors_have_their_methods() -> None:
    with console() as seen:
        for level in (30, 40, 50):
            seen.log.log(level, "x")
        assert [method for method, _ in seen.written] == ["warn", "error", "error"]


async def test_a_record_is_one_line() -> None:
    with console() as seen:
        seen.log.info("a\nb %d", 1, extra={"text": "ü\n\u2028", "number": 2.5, "none": None})
        _, line = seen.written[-1]
    assert "\n" not in line
    assert "ü" in line
    assert json.loads(line) == {
        "level": "INFO",
        "logger": "contract",
        "message": "a\nb 1",
        "text": "ü\n\u2028",
        "number": 2.5,
        "none": None,
    }


class Odd:
    def __repr__(self) -> str:
        return "<odd>"


class Broken:
    def __repr__(self) -> str:
        raise LookupError("no")

    __str__ = __repr__


class Number(int): ...


CYCLE: list[Any] = [1]
CYCLE.append({"again": CYCLE})
DEEP: Any = []
for _ in range(100):
    DEEP = [DEEP]


@cases(
    {
        "nested": ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
        "tuple": ((1, "x"), [1, "x"]),
        "set": ({3}, [3]),
        "keys": ({1: 2, None: 3}, {"1": 2, "None": 3}),
        "bytes": (b"\x00", "b'\\x00'"),
        "datetime": (datetime(2026, 1, 2, tzinfo=timezone.utc), "2026-01-02T00:00:00+00:00"),
        "exception": (LookupError("x"), "LookupError('x')"),
        "object": (Odd(), "<odd>"),
        "broken": (Broken(), "<Broken>"),
        "broken keys": ({Broken(): 1}, {"<Broken>": 1}),
        "nan": ([float("nan"), float("inf"), 1e300], ["nan", "inf", 1e300]),
        "subclass": (Number(3), "3"),
        "surrogate": ("a\udc80", "a\udc80"),
        "huge": (10**30, 10**30),
        "cycle": (CYCLE, [1, {"again": "…"}]),
    }
)
async def test_value_that_json_cannot_express_becomes_text(case: tuple[Any, Any]) -> None:
    given, expected = case
    with console() as seen:
        seen.log.info("x", extra={"given": given})
        assert seen.last["given"] == expected
        seen.written[-1][1].encode()  # a line of valid UTF-8


async def test_deep_value_is_cut_off() -> None:
    with console() as seen:
        seen.log.info("x", extra={"given": DEEP})
        assert "…" in seen.written[-1][1]


async def test_emit_never_raises() -> None:
    with console() as seen:
        seen.log.info("%d", "x")
        assert seen.last["message"] == "'%d' % ('x',)"
        seen.log.info(Broken())
        assert seen.last["message"] == "<Broken> % ()"
        seen.log.info("%s", Broken())
        assert seen.last["message"] == "'%s' % <tuple>"
        seen.log.info("x", extra={"given": 10**5000})
        assert seen.last["level"] == "ERROR"
        assert "log record" in seen.last["message"]


async def test_extra_field_with_a_taken_name_gets_an_underscore() -> None:
    with console() as seen:
        mine = {"level": 1, "logger": 2, "exception": 3, "stack": 4}
        seen.log.info("x", extra=mine, stack_info=True)
        told = seen.last
    assert told["stack"].startswith("Stack (most recent call last):")
    del told["stack"]
    assert told == {
        "level": "INFO",
        "logger": "contract",
        "message": "x",
        "level_": 1,
        "logger_": 2,
        "exception_": 3,
        "stack_": 4,
    }


async def test_an_exception_comes_with_its_traceback() -> None:
    with console() as seen:
        try:
            try:
                raise LookupError("first")
            except LookupError as error:
                raise ValueError("second") from error
        except ValueError:
            seen.log.exception("went wrong")
        trace = seen.last["exception"]
        seen.log.error("no exception", exc_info=True)
        assert "exception" not in seen.last
    assert seen.written[0][0] == "error"
    assert trace.startswith("Traceback (most recent call last):\n")
    assert "LookupError: first" in trace
    assert "test_logs.py" in trace
    assert trace.endswith("ValueError: second")


async def test_second_configuration_changes_only_the_level() -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure_logging("WARNING")
        added = [each for each in root.handlers if each not in before]
        assert root.level == logging.WARNING
        configure_logging()
        assert root.level == logging.INFO
        assert [each for each in root.handlers if each not in before] == added
        assert len(added) <= 1
    finally:
        root.handlers[:] = before
        root.setLevel(level)
