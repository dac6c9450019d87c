"""Spans over objects with and without the newer members."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pyworkers_sdk import Span, Tracing, WorkersError
from pyworkers_sdk._border import JsException


class JsSpan:
    def __init__(self, name: str) -> None:
        self.name = name
        self.said: list[Any] = []
        self.isTraced = True

    def spanContext(self) -> dict[str, Any]:
        return {"traceId": "a" * 32, "spanId": "b" * 16, "traceFlags": 1}

    def setAttribute(self, key: str, value: Any) -> JsSpan:
        self.said.append((key, value))
        return self

    def recordException(self, exception: Any) -> None:
        self.said.append(exception)

    def updateName(self, name: str) -> None:
        self.name = name

    def setStatus(self, status: dict[str, str]) -> None:
        if status["code"] == "bad":
            raise JsException("TypeError", "bad code")
        self.said.append(status)

    def end(self) -> None:
        self.isTraced = False


class JsTracing:
    def __init__(self) -> None:
        self.active: JsSpan | None = None

    def startActiveSpan(self, name: str, callback: Callable[[JsSpan], Any]) -> Any:
        return callback(JsSpan(name))

    def getActiveSpan(self) -> JsSpan | None:
        return self.active

    def withActiveSpan(self, span: JsSpan, callback: Callable[[], Any]) -> Any:
        self.active = span
        given = callback()
        self.active = None
        return given and asyncio.ensure_future(given)


@pytest.fixture
def tracing() -> Tracing:
    js: Any = JsTracing()
    made = Tracing(js)
    assert made.js_object is js
    return made


def test_span_members_reach_javascript(tracing: Tracing) -> None:
    with tracing.start_span("old") as span:
        span.set_attributes({"a": 1, "b": None}).update_name("new").set_status("ok")
        span.set_status("error", "no")
        span.record_exception(LookupError("gone"))
        span.record_exception("text")
        with pytest.raises(WorkersError, match="bad code"):
            span.set_status("bad")  # type: ignore[arg-type]
        assert span.span_context() == ("a" * 32, "b" * 16, 1)
        assert span.is_traced
    assert not span.is_traced
    assert span.js_object.name == "new"
    assert span.js_object.said == [
        ("a", 1),
        {"code": "ok"},
        {"code": "error", "message": "no"},
        {"name": "LookupError", "message": "gone"},
        "text",
    ]


@pytest.mark.asyncio
async def test_active_span_is_that_of_the_callback(tracing: Tracing) -> None:
    assert tracing.get_active_span() is None
    span = tracing.start_span("work")

    def inside(number: int) -> Any:
        found = tracing.get_active_span()
        return number, isinstance(found, Span) and found.js_object is span.js_object

    async def later(*, number: int) -> int:
        await asyncio.sleep(0)
        return number

    assert tracing.with_active_span(span, inside, 7) == (7, True)
    assert await tracing.with_active_span(span, later, number=8) == 8


def test_member_missing_in_an_older_runtime_raises() -> None:
    class Older:
        def startActiveSpan(self, name: str, callback: Callable[[Any], Any]) -> Any:
            return callback(object())

    js: Any = Older()
    tracing = Tracing(js)
    with pytest.raises(WorkersError, match=r"^this runtime has no getActiveSpan\(\)$"):
        tracing.get_active_span()
    with pytest.raises(WorkersError, match=r"^this runtime has no updateName\(\)$"):
        tracing.start_span("a").update_name("b")
