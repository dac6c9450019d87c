"""Errors over RPC: a built-in exception of Python stays one, in every kind of call."""

from __future__ import annotations

import builtins
import traceback
from typing import Any

from pyworkers_sdk import (
    ConversionError,
    DurableObjectError,
    NonRetryableError,
    RowError,
    RpcError,
    RpcTarget,
    WorkersError,
    WorkflowError,
    WorkflowEvent,
    WorkflowStep,
)

from .kit import cases, not_in, only, raises
from .workers import AppEnv
from .workers.rpc import Refusal, TrailError
from .workers.workflows import Flows

NODE = "the Worker of the Node worlds is JavaScript's"
WORLDS = ("fake", "workerd")

# The error that is raised -> the built-in class that catches it, or None.
RAISED: dict[str, tuple[BaseException, type[Exception] | None]] = {
    "ValueError": (ValueError("bad name"), ValueError),
    "TypeError": (TypeError("bad type"), TypeError),
    "KeyError": (KeyError("key"), KeyError),
    "IndexError": (IndexError("index"), IndexError),
    "LookupError": (LookupError("lost"), LookupError),
    "PermissionError": (PermissionError("not yours"), PermissionError),
    "FileNotFoundError": (FileNotFoundError(2, "missing"), FileNotFoundError),
    "TimeoutError": (TimeoutError("too long"), TimeoutError),
    "ZeroDivisionError": (ZeroDivisionError("zero"), ZeroDivisionError),
    "NotImplementedError": (NotImplementedError(), NotImplementedError),
    "AssertionError": (AssertionError("no"), AssertionError),
    "AttributeError": (AttributeError("no member"), AttributeError),
    "SyntaxError": (SyntaxError("odd"), SyntaxError),
    "UserWarning": (UserWarning("careful"), UserWarning),
    "UnicodeDecodeError": (UnicodeDecodeError("ascii", b"a", 0, 1, "odd"), UnicodeError),
    "RowError": (RowError("no row"), RowError),
    "ConversionError": (ConversionError("no value"), ConversionError),
    "subclass": (Refusal("mine"), PermissionError),
    "Exception": (Exception("plain"), None),
    "WorkersError": (WorkersError("ours"), None),
    "ExceptionGroup": (ExceptionGroup("several", [ValueError("v")]), None),
}


def of_name(case: str) -> tuple[BaseException, str, type[Exception] | None]:
    error, python = RAISED[case]
    return error, getattr(error, "js_name", None) or type(error).__name__, python


@only(*WORLDS, reason=NODE)
@cases(list(RAISED))
async def test_exception_of_a_service_stays_what_it_is(app: AppEnv, case: str) -> None:
    error, name, python = of_name(case)
    with raises(RpcError) as caught:
        await app.CALLEE.fail_with(case)
    assert (caught.value.js_name, caught.value.message) == (name, str(error))
    assert caught.value.remote
    assert python is None or isinstance(caught.value, python)
    assert (type(caught.value) is RpcError) is (python is None)
    assert str(caught.value) == str(error)
    assert str(error) in "".join(traceback.format_exception_only(caught.value))


@only(*WORLDS, reason=NODE)
@cases(list(RAISED))
async def test_exception_of_a_durable_object_stays_what_it_is(app: AppEnv, case: str) -> None:
    error, name, python = of_name(case)
    with raises(DurableObjectError) as caught:
        await app.COUNTERS.get_by_name("errors").fail_with(case)
    assert (caught.value.js_name, caught.value.message) == (name, str(error))
    assert caught.value.remote
    assert not caught.value.retryable
    assert not caught.value.overloaded
    assert python is None or isinstance(caught.value, python)


class Failing(RpcTarget):
    def fail(self, name: str) -> None:
        raise RAISED[name][0]

    @property
    def number(self) -> int:
        raise KeyError("number")


@only(*WORLDS, reason=NODE)
@cases(["ValueError", "KeyError", "TimeoutError", "subclass"])
async def test_exception_passes_through_callbacks_and_targets(app: AppEnv, case: str) -> None:
    error, name, python = of_name(case)
    assert python is not None

    def fail() -> None:
        raise error

    async def fail_later() -> None:
        raise error

    # Two hops: this side raises, and the callee passes it on.
    functions: list[Any] = [fail, fail_later]
    for function in functions:
        with raises(RpcError) as caught:
            await app.CALLEE.apply(function)
        assert isinstance(caught.value, python)
        assert (caught.value.js_name, caught.value.message) == (name, str(error))
    assert await app.CALLEE.caught_by(Failing(), case) == python.__name__


@only(*WORLDS, reason=NODE)
@cases(list(RAISED))
async def test_exception_as_a_value_stays_what_it_is(app: AppEnv, case: str) -> None:
    error, name, python = of_name(case)
    given = (await app.CALLEE.give(case))["error"]
    assert isinstance(given, WorkersError)
    assert (given.js_name, given.message) == (name, str(error))
    assert python is None or isinstance(given, python)
    # The official SDK converts an argument first, and keeps only the text of an error.
    (back,) = await app.CALLEE.echo([error])
    assert isinstance(back, WorkersError)
    assert (back.js_name, back.message) in [(name, str(error)), (None, name)]
    assert python is None or case == "subclass" or isinstance(back, python)


@only(*WORLDS, reason=NODE)
async def test_cause_stays_what_it_is(app: AppEnv) -> None:
    with raises(RuntimeError, match="^outer$") as caught:
        await app.CALLEE.fail_for("why")
    assert isinstance(caught.value, RpcError)
    assert isinstance(caught.value.cause, LookupError)
    assert caught.value.__cause__ is caught.value.cause


@only("workerd", reason="the other party is in JavaScript")
async def test_error_of_javascript_with_a_name_of_python_is_one(app: AppEnv) -> None:
    with raises(RpcError, match="^too far$") as caught:
        await app.PARTY.fail("range")
    assert type(caught.value) is RpcError
    with raises(RpcError, match="^outer$") as caught:
        await app.PARTY.fail("cause")
    assert isinstance(caught.value.cause, TypeError)

    def fail() -> None:
        raise KeyError("here")

    with raises(KeyError):
        await app.PARTY.call(fail)


@only("workerd", reason="the other party is in JavaScript")
async def test_javascript_sees_name_and_message_of_python(app: AppEnv) -> None:
    seen = await app.PARTY.attemptCallee("fail_with", "subclass")
    assert seen == ["Refusal", "mine", True, True]


STEP: dict[str, tuple[Exception, type[Exception] | None]] = {
    "ValueError": (ValueError("v"), ValueError),
    "TypeError": (TypeError("t"), TypeError),
    "KeyError": (KeyError("k"), KeyError),
    "TimeoutError": (TimeoutError("late"), TimeoutError),
    "FileNotFoundError": (FileNotFoundError("f"), FileNotFoundError),
    "NonRetryableError": (NonRetryableError("n"), NonRetryableError),
    "TrailError": (TrailError("mine"), None),
}


@not_in("node", reason=NODE)
@cases(list(STEP))
async def test_exception_of_a_step_stays_what_it_is(flows: Flows, case: str) -> None:
    error, python = STEP[case]

    async def body(event: WorkflowEvent[Any], step: WorkflowStep) -> list[Any]:
        async def fail() -> None:
            raise error

        with raises(WorkflowError) as caught:
            await step.do("fail", fail, retries={"limit": 0, "delay": 1})
        assert python is None or isinstance(caught.value, python)
        return [caught.value.js_name, caught.value.message]

    assert await flows.output(body) == [type(error).__name__, str(error)]


async def test_every_built_in_exception_has_a_class_in_each_family() -> None:
    from pyworkers_sdk.errors import error_of

    for name, cls in vars(builtins).items():
        if not isinstance(cls, type) or not issubclass(cls, Exception):
            continue
        for family in RpcError, DurableObjectError, WorkflowError:
            error = error_of(family, name, "text", base=name)
            assert isinstance(error, family)
            assert (error.js_name, error.message, str(error)) == (name, "text", "text")
            assert traceback.format_exception(error)
            assert error.args == ("text",)
