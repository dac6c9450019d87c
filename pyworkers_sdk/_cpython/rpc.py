"""RPC over the border of plain CPython: ``_rpc_pyodide``, over the stubs of ``_stubs``."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

import asyncio
import traceback
from array import array
from collections.abc import Awaitable, Callable
from functools import partial
from inspect import isawaitable
from typing import Any

from .._border.live_objects import wrap_live_object
from .._border.values import Walk, result_of, utc
from ..errors import WorkersError, from_js_error
from . import border as border
from .border import CLONE, to_js
from .js_exception import JsException
from .rpc_stubs import JsFunction, JsRpcStub, JsRpcTarget

__all__ = [
    "answered",
    "dispose",
    "ends",
    "from_rpc",
    "invoke",
    "js_failure",
    "local_stub",
    "member",
    "method",
    "returned",
    "sendable",
    "tag_of",
]


# What goes out


def sendable(value: Any, name: str = "value") -> Any:
    """``value`` as RPC takes it: what structured clone takes, functions and RpcTargets."""
    return to_js(value, name, _RULES)


def js_failure(error: BaseException) -> Exception:
    """A JavaScript error to raise in place of ``error``."""
    if isinstance(error, JsException):
        return error
    name = getattr(error, "js_name", None) or type(error).__name__
    cause: Any = None if error.__cause__ is None else js_failure(error.__cause__)
    made = JsException(name, str(error), cause)
    made.stack = "".join(traceback.format_exception(error))
    return made


def ends(error: BaseException) -> bool:
    """Whether it ends the task that is running, or the program: then it is nobody's to answer.
    That some other task was cancelled is an error like others."""
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError):
        return task is not None and task.cancelling() > 0
    return isinstance(error, (GeneratorExit, KeyboardInterrupt, SystemExit))


class _Failing:
    """``with``: what is raised becomes JavaScript's, with the exception itself as the cause."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None and not isinstance(error, JsException) and not ends(error):
            raise js_failure(error) from error


_failing = _Failing()


async def _answer(function: Callable[..., Any], *args: Any) -> Any:
    """What ``function`` gives, as JavaScript's."""
    with _failing:
        result = function(*map(from_rpc, args))
        return sendable(await result if isawaitable(result) else result, result_of(function))


async def answered(work: Awaitable[Any], method: Any = None) -> Any:
    """What a method that the runtime called gives back."""
    with _failing:
        return sendable(await work, result_of(method))


def returned(value: Any) -> Any:
    """What a handler that the runtime called gives back; there is no undefined here."""
    return sendable(value)


def _referred(value: Any, walk: Walk) -> Any:
    kind = type(value)
    if not hasattr(kind, "__passed_by_reference__"):
        return JsFunction(partial(_answer, value))
    methods, properties = kind.__passed_by_reference__()
    return JsRpcTarget(
        {name: partial(_answer, getattr(value, name)) for name in methods},
        {name: partial(_answer, partial(getattr, value, name)) for name in properties},
        value.dispose,
    )


_RULES = CLONE.extended({Exception: lambda value, walk: js_failure(value)}, by_reference=_referred)


# What comes in


def from_rpc(value: Any) -> Any:
    """An argument with which the runtime calls a method, or what a call over RPC gave."""
    return _arrived(value, {})


def _arrived(value: Any, seen: dict[int, Any]) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return border.from_js(value)
    if kind is list or kind is dict:
        if id(value) not in seen:
            made: Any = seen.setdefault(id(value), kind())
            if kind is list:
                made.extend(_arrived(item, seen) for item in value)
            else:
                made.update((key, _arrived(item, seen)) for key, item in value.items())
        return seen[id(value)]
    if kind is set:
        return {_arrived(item, seen) for item in value}
    if kind is JsException:
        return from_js_error(WorkersError, value)
    return wrap_live_object(tag_of(value), value)


_PLAIN = {str, int, float, bool, type(None), bytes, array, type(utc)}


def tag_of(value: Any) -> str:
    """What JavaScript says that an object is: "Request", "JsRpcStub", …"""
    kind = type(value)
    return getattr(kind, "js_tag", kind.__name__)


# Calls


def member(target: Any, name: str) -> Any:
    """``target[name]`` of a stub, which nothing asks for yet."""
    return getattr(target, name)


def method(target: Any, name: str, *args: Any) -> Any:
    """``target[name](...args)`` of what may be an RPC stub."""
    return getattr(target, name)(*args)


def invoke(target: Any, args: list[Any], this: Any = None) -> Any:
    """``target(...args)``, as the stub of what it will give: awaited or pipelined by and by."""
    return target(*args)


def dispose(target: Any) -> None:
    """``target[Symbol.dispose]()``."""
    target._dispose()


def local_stub(value: Any) -> Any:
    """``new RpcStub(value)``."""
    return JsRpcStub.over(sendable(value))
