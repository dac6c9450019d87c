"""RPC over the border of plain CPython, over the stubs of ``rpc_stubs``.

``_border.pyodide_rpc`` has the same names.
"""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

import asyncio
import traceback
from array import array
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from inspect import getattr_static, isawaitable, iscoroutinefunction
from typing import Any

from .._border.contexts import in_context
from .._border.live_objects import wrap_live_object
from .._border.values import Walk, result_of
from .._signatures import signature_of
from ..errors import BASE, WorkersError, base_of, error_value
from . import border
from .border import CLONE, tag_of, to_js
from .js_exception import JsException
from .rpc_stubs import JsFunction, JsRpcStub, JsRpcTarget
from .run_sync import unawaited

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


# Python to JavaScript


def sendable(value: Any, name: str = "value") -> Any:
    """Convert a value for RPC: all that structured clone takes, functions and RpcTargets.

    Raises:
        ConversionError: The value, or one inside it, cannot cross.
    """
    return to_js(value, name, _RULES)


def js_failure(error: BaseException) -> Exception:
    """Return the JavaScript error to raise in place of ``error``."""
    if isinstance(error, JsException):
        return error
    name = getattr(error, "js_name", None) or type(error).__name__
    cause: Any = None if error.__cause__ is None else js_failure(error.__cause__)
    failure = JsException(name, str(error), cause)
    if (base := base_of(error)) is not None:
        setattr(failure, BASE, base)
    failure.stack = "".join(traceback.format_exception(error))
    return failure


def ends(error: BaseException) -> bool:
    """Return True if an exception ends the running task or the program, and is not an answer.

    The cancellation of another task is an error like others.
    """
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError):
        return task is not None and task.cancelling() > 0
    return isinstance(error, (GeneratorExit, KeyboardInterrupt, SystemExit))


class _Failing:
    """``with _failing: …``: raise exceptions of the block as JavaScript errors.

    The exception itself is the cause, so that a failed test shows it in its traceback.
    """

    def __enter__(self) -> None: ...

    def __exit__(self, error_type: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None and not isinstance(error, JsException) and not ends(error):
            raise js_failure(error) from error


_failing = _Failing()


def _arguments(function: Callable[..., Any], args: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments that arrived, as the annotations of the function specify."""
    values = [from_rpc(arg) for arg in args]
    signature = signature_of(function)
    return (values, {}) if signature is None else signature.arrived(values)


async def _answer(function: Callable[..., Any], *args: Any) -> Any:
    """Call ``function``, and return its result as JavaScript's."""
    with _failing:
        values, options = _arguments(function, args)
        with unawaited:
            result = function(*values, **options)
        return sendable(await result if isawaitable(result) else result, result_of(function))


async def answered(work: Awaitable[Any], method: Any = None) -> Any:
    """Return the result of a method that the runtime called."""
    with _failing:
        return sendable(await work, result_of(method))


def returned(value: Any) -> Any:
    """Return the result of a handler that the runtime called; here undefined is None, too."""
    return sendable(value)


def _by_reference(value: Any, walk: Walk) -> Any:
    cls = type(value)
    if not hasattr(cls, "__passed_by_reference__"):
        return JsFunction(_answering(value))
    methods, properties = cls.__passed_by_reference__()
    return JsRpcTarget(
        {name: _answering(getattr(value, name)) for name in methods},
        {name: _answering(partial(getattr, value, name)) for name in properties},
        in_context(value.dispose),
        [name for name in properties if _is_async(getattr_static(cls, name))],
    )


def _is_async(attribute: Any) -> bool:
    getter = getattr(attribute, "fget", None) or getattr(attribute, "func", None)
    return iscoroutinefunction(getter)


def _answering(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Return a function that calls ``function`` in a task, in the context of the code here."""

    def answer(*args: Any) -> Awaitable[Any]:
        return asyncio.ensure_future(_answer(function, *args))

    return in_context(answer)


_RULES = CLONE.extended(
    {Exception: lambda value, walk: js_failure(value)}, by_reference=_by_reference
)


# JavaScript to Python

Seen = dict[int, Any]
"""By id: the copy of each container that has arrived. The value that arrives keeps them alive."""

Arrival = Callable[[Any, Seen], Any]


def from_rpc(value: Any) -> Any:
    """Convert an argument of a method that the runtime calls, or the result of a call over RPC."""
    return _arrived(value, {})


def _arrived(value: Any, seen: Seen) -> Any:
    arrive = ARRIVALS.get(type(value))
    return wrap_live_object(tag_of(value), value) if arrive is None else arrive(value, seen)


def _same(value: Any, seen: Seen) -> Any:
    return value


def _plain(value: Any, seen: Seen) -> Any:
    return border.from_js(value)


def _list(value: Any, seen: Seen) -> list[Any]:
    if id(value) not in seen:
        items: list[Any] = []
        seen[id(value)] = items
        for item in value:  # without a generator, whose frame is one more at each level
            items.append(_arrived(item, seen))
    copy: list[Any] = seen[id(value)]
    return copy


def _dict(value: Any, seen: Seen) -> dict[str, Any]:
    if id(value) not in seen:
        fields: dict[str, Any] = {}
        seen[id(value)] = fields
        for key, item in value.items():
            fields[key] = _arrived(item, seen)
    copy: dict[str, Any] = seen[id(value)]
    return copy


def _set(value: Any, seen: Seen) -> set[Any]:
    return {_arrived(item, seen) for item in value}


def _error(value: JsException, seen: Seen) -> WorkersError:
    return error_value(value)


ARRIVALS: dict[type[Any], Arrival] = {
    str: _same,
    int: _same,
    bool: _same,
    type(None): _same,
    bytes: _same,
    float: _plain,
    array: _plain,
    datetime: _plain,
    list: _list,
    dict: _dict,
    set: _set,
    JsException: _error,
}
"""How a value of each type arrives; ``_border.pyodide_rpc`` has its own table of the same name.

A value of any other type is a live object.
"""


# Calls


def member(target: Any, name: str) -> Any:
    """Return ``target[name]`` of an RPC stub; no request is sent yet."""
    return getattr(target, name)


def method(target: Any, name: str, *args: Any) -> Any:
    """Call ``target[name](...args)`` of an object that may be an RPC stub."""
    return getattr(target, name)(*args)


def invoke(target: Any, args: list[Any], this: Any = None) -> Any:
    """Call ``target(...args)`` and return the stub of its result, to await or to pipeline."""
    return target(*args)


def dispose(target: Any) -> None:
    """Call ``target[Symbol.dispose]()``."""
    target.__dispose__()


def local_stub(value: Any) -> Any:
    """Return ``new RpcStub(value)``."""
    return JsRpcStub.over(sendable(value))
