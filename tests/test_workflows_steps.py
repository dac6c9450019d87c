"""``WorkflowEntrypoint`` and ``WorkflowStep`` over an engine that the test defines."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pyworkers_sdk import NonRetryableError, WorkflowEntrypoint, WorkflowError, WorkflowStep
from pyworkers_sdk._border import JsException

if TYPE_CHECKING:
    from decimal import Decimal as Unknown

pytestmark = pytest.mark.asyncio

EVENT: Any = {"payload": {}, "instanceId": "i"}


class Engine:
    """JS: WorkflowStep. Its steps return ``value`` or raise ``error``."""

    def __init__(self, error: JsException | None = None, value: Any = None) -> None:
        self.error = error
        self.value = value

    async def do(self, name: str, *given: Any) -> Any:
        await given[-1]({"attempt": 1})
        return await self.sleep(name, 0)

    async def sleep(self, name: str, duration: Any) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


def step_of(error: JsException | None = None, value: Any = None) -> WorkflowStep:
    engine: Any = Engine(error, value)
    return WorkflowStep(engine)


async def test_engine_stop_is_not_caught_as_exception() -> None:
    stop = JsException("Error", "Aborting engine: User called pause")
    swallowed: list[Exception] = []

    class Flow(WorkflowEntrypoint):
        async def run(self, event: Any, step: WorkflowStep) -> None:
            try:
                await step.sleep("nap", 1)
            except Exception as error:
                swallowed.append(error)

    door: Any = Flow(None, None)
    with pytest.raises(JsException) as caught:
        await door.run(EVENT, Engine(stop))
    assert (caught.value, swallowed) == (stop, [])
    with pytest.raises(asyncio.CancelledError):
        await step_of(stop).sleep("nap", 1)


async def test_errors_of_run_become_javascript_errors() -> None:
    async def run(error: BaseException) -> tuple[str, str]:
        class Flow(WorkflowEntrypoint):
            async def run(self, event: Any, step: WorkflowStep) -> None:
                raise error

        door: Any = Flow(None, None)
        with pytest.raises(JsException) as caught:
            await door.run(EVENT, Engine())
        return caught.value.name, caught.value.message

    assert await run(JsException("RangeError", "a")) == ("RangeError", "a")
    assert await run(TypeError("a")) == ("TypeError", "a")
    assert await run(WorkflowError("a", js_name="TypeError")) == ("TypeError", "a")
    assert await run(WorkflowError("a", js_name="KeyError")) == ("Error", "KeyError: a")
    assert await run(WorkflowError("", js_name="KeyError")) == ("Error", "KeyError")
    assert await run(WorkflowError("a")) == ("Error", "WorkflowError: a")
    assert await run(NonRetryableError()) == ("NonRetryableError", "")


@pytest.mark.parametrize(
    ("message", "name", "rest", "code"),
    [
        ("KeyError: 'k'", "KeyError", "'k'", None),
        ("KeyError", "KeyError", "", None),
        ("note: this", "Error", "note: this", None),
        ("instance.not_found", "Error", "instance.not_found", "instance.not_found"),
        (
            "WorkflowError: (instance.cannot_terminate) No",
            "WorkflowError",
            "(instance.cannot_terminate) No",
            "instance.cannot_terminate",
        ),
    ],
)
async def test_class_before_message_becomes_js_name(
    message: str, name: str, rest: str, code: str | None
) -> None:
    with pytest.raises(WorkflowError) as caught:
        await step_of(JsException("Error", message)).sleep("nap", 1)
    error = caught.value
    assert (error.js_name, str(error), error.code) == (name, rest, code)


async def test_return_annotation_unknown_at_run_time_is_ignored() -> None:
    unknown: Any = 1

    async def called() -> Unknown:
        return unknown  # type: ignore[no-any-return]

    assert await step_of(value=[1.0]).do("it", called) == [1]


async def test_imported_base_class_is_not_exported() -> None:
    assert not isinstance(WorkflowEntrypoint, type)
