"""``AbortSignal`` and ``AbortController``; test_http_fetch.py has their effect on ``fetch``."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from pyworkers_sdk import (
    AbortController,
    AbortError,
    AbortSignal,
    AbortTimeoutError,
    ConversionError,
    Request,
    StreamError,
    WorkersError,
)

from .kit import cases, raises

URL = "https://example.com/"

any_abort: Any = AbortSignal.abort


# Controllers and reasons -------------------------------------------------------------------------


async def test_abort_sets_aborted_and_reason() -> None:
    controller = AbortController()
    signal = controller.signal
    assert signal.aborted is False
    assert signal.reason is None
    signal.throw_if_aborted()
    controller.abort()
    assert signal.aborted is True
    assert controller.signal.aborted is True
    assert isinstance(signal.reason, AbortError)
    assert signal.reason.js_name == "AbortError"
    with raises(AbortError, match="(?i)operation was aborted") as caught:
        signal.throw_if_aborted()
    assert not isinstance(caught.value, TimeoutError)


async def test_only_the_first_abort_counts() -> None:
    controller = AbortController()
    controller.abort("first")
    controller.abort("second")
    assert str(controller.signal.reason) == "first"


@cases(
    {
        "text": ("because é", "because é", AbortError),
        "exception": (ValueError("bad"), "ValueError: bad", AbortError),
        "without words": (ValueError(), "ValueError", AbortError),
        "ours": (StreamError("broke off"), "broke off", AbortError),
        "abort": (AbortError("enough"), "enough", AbortError),
        "timeout": (AbortTimeoutError("too late"), "too late", AbortTimeoutError),
        "python timeout": (TimeoutError(), "TimeoutError", AbortTimeoutError),
        "cancelled": (asyncio.CancelledError(), "CancelledError", AbortError),
    }
)
async def test_reason_becomes_an_abort_error(case: tuple[Any, str, type[AbortError]]) -> None:
    reason, message, error_type = case
    signal = AbortSignal.abort(reason)
    assert signal.aborted
    assert type(signal.reason) is error_type
    assert str(signal.reason) == message
    with raises(error_type):
        signal.throw_if_aborted()


async def test_abort_returns_an_aborted_signal() -> None:
    signal = AbortSignal.abort()
    assert signal.aborted is True
    assert type(signal.reason) is AbortError


async def test_reason_of_wrong_type_raises_conversion_error() -> None:
    controller: Any = AbortController()
    for attempt in (any_abort, controller.abort):
        with raises(ConversionError, match="reason: expected str or an exception, got int"):
            attempt(5)
        with raises(ConversionError, match=r"reason: .*surrogate"):
            attempt("\ud800")


# Timeouts ----------------------------------------------------------------------------------------


async def test_timeout_aborts_with_timeout_error() -> None:
    signal = AbortSignal.timeout(20)
    assert signal.aborted is False
    await asyncio.sleep(0.1)
    assert signal.aborted is True
    assert type(signal.reason) is AbortTimeoutError
    assert signal.reason.js_name == "TimeoutError"
    with raises(TimeoutError, match="aborted due to timeout"):
        signal.throw_if_aborted()


async def test_timeout_accepts_a_timedelta() -> None:
    signal = AbortSignal.timeout(timedelta(milliseconds=20))
    assert AbortSignal.timeout(timedelta(hours=1)).aborted is False
    assert type(await signal.wait()) is AbortTimeoutError


@cases({"negative": -1, "long": 2**31, "nan": float("nan"), "negative delta": timedelta(-1)})
async def test_timeout_out_of_range_raises(case: Any) -> None:
    with raises(ConversionError, match="milliseconds: expected 0 to 2147483647"):
        AbortSignal.timeout(case)


# Several signals ---------------------------------------------------------------------------------


async def test_any_aborts_with_the_first_signal() -> None:
    first, second = AbortController(), AbortController()
    signal = AbortSignal.any([first.signal, second.signal])
    assert signal.aborted is False
    second.abort("second")
    first.abort("first")
    assert signal.aborted is True
    assert str(signal.reason) == "second"
    assert str(AbortSignal.any([signal, AbortSignal.abort()]).reason) == "second"
    assert AbortSignal.any([]).aborted is False


async def test_any_accepts_a_timeout_signal() -> None:
    signal = AbortSignal.any([AbortController().signal, AbortSignal.timeout(20)])
    assert type(await signal.wait()) is AbortTimeoutError


# Waiting -----------------------------------------------------------------------------------------


async def test_wait_returns_the_reason_on_abort() -> None:
    controller = AbortController()
    waiting = [asyncio.ensure_future(controller.signal.wait()) for _ in range(2)]
    await asyncio.sleep(0.01)
    assert not any(task.done() for task in waiting)
    controller.abort("now")
    reasons = await asyncio.gather(*waiting)
    assert [(type(reason), str(reason)) for reason in reasons] == [(AbortError, "now")] * 2
    assert str(await controller.signal.wait()) == "now"


async def test_wait_can_be_cancelled() -> None:
    controller = AbortController()
    try:
        await asyncio.wait_for(controller.signal.wait(), 0.02)
    except TimeoutError:
        controller.abort()
    assert type(await controller.signal.wait()) is AbortError


async def test_throw_if_aborted_stops_a_loop() -> None:
    controller = AbortController()
    done: list[int] = []

    async def work() -> None:
        for step in range(100):
            controller.signal.throw_if_aborted()
            done.append(step)
            if step == 2:
                controller.abort("enough")

    with raises(AbortError, match="^enough$"):
        await work()
    assert done == [0, 1, 2]


# Signals of requests and of JavaScript -----------------------------------------------------------


async def test_abort_signal_constructor_raises() -> None:
    make: Any = AbortSignal
    with raises(TypeError, match="an AbortSignal comes from abort"):
        make()


async def test_request_has_a_signal() -> None:
    signal = Request(URL).signal
    assert isinstance(signal, AbortSignal)
    assert signal.aborted is False


async def test_request_signal_follows_the_controller() -> None:
    controller = AbortController()
    request = Request(URL, signal=controller.signal)
    copies = [request.clone(), Request(request), Request(request, headers={"a": "b"})]
    assert request.signal.aborted is False
    controller.abort("enough")
    for message in (request, *copies):
        assert message.signal.aborted is True
        assert str(message.signal.reason) == "enough"


async def test_signal_of_wrong_type_raises() -> None:
    wrong: Any = "soon"
    with raises(WorkersError) as caught:
        Request(URL, signal=wrong)
    assert caught.value.js_name == "TypeError"


async def test_from_js_wraps_the_same_object() -> None:
    controller = AbortController()
    again = AbortController.from_js(controller.js_object)
    signal = AbortSignal.from_js(controller.signal)
    again.abort("why")
    assert str(signal.reason) == "why"


async def test_javascript_reason_that_is_not_an_error_becomes_abort_error() -> None:
    controller = AbortController()
    controller.js_object.abort("just text")
    reason = controller.signal.reason
    assert type(reason) is AbortError
    assert str(reason) == "just text"
