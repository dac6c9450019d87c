"""The border: the one place where a value passes between Python and JavaScript.

There are two implementations of the same names: Pyodide's (``pyodide``, ``pyodide_rpc``,
``pyodide_callbacks``), and one on plain CPython (``_cpython.border``, ``.rpc``, ``.callbacks``).
The latter changes values exactly as a round trip through the real border does. One table of cases
runs over both (tests/contract/test_border.py).

This module exports the names that several modules share. ``platform`` is the implementation itself,
for names that only one module needs. ``rpc``, ``callbacks`` and ``vectors`` are loaded by the
modules that need them.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any, Generic, TypeVar

from ..errors import BindingError, WorkersError, from_js_error
from .values import aware, base, dumps, expected, loads, text

if sys.platform == "emscripten":
    from . import pyodide as platform
    from .pyodide import (
        JsException,
        answer,
        apply,
        bytes_of,
        cells,
        from_js,
        from_json,
        js_error,
        promise,
        prop,
        raw,
        record,
        stream_from,
        to_js,
        web,
    )
else:
    from .._cpython import border as platform
    from .._cpython.border import (
        JsException,
        answer,
        apply,
        bytes_of,
        cells,
        from_js,
        from_json,
        js_error,
        promise,
        prop,
        raw,
        record,
        stream_from,
        to_js,
        web,
    )

__all__ = [
    "JsException",
    "JsT",
    "JsWrapper",
    "answer",
    "apply",
    "aware",
    "base",
    "binding",
    "bytes_of",
    "cells",
    "dumps",
    "expected",
    "from_js",
    "from_json",
    "js_error",
    "loads",
    "name_of",
    "named",
    "platform",
    "promise",
    "prop",
    "raising",
    "raw",
    "record",
    "seconds",
    "stream_from",
    "text",
    "to_data",
    "to_js",
    "to_stored",
    "unsupported",
    "web",
]

JsT = TypeVar("JsT")


class JsWrapper(Generic[JsT]):
    """Base of every public class over a JavaScript object; ``JsT`` is the object's Protocol."""

    __slots__ = ("_binding", "_js")

    _js: JsT
    _binding: str
    """The name in the Worker's configuration, for errors; only a binding itself has it."""

    def __repr__(self) -> str:
        """Return the class, and the name of a binding, without any content."""
        name = getattr(self, "_binding", None)
        return f"<{type(self).__name__}>" if name is None else f"<{type(self).__name__} {name}>"

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath, for members that this package lacks."""
        return self._js


class raising:
    """``with raising(KVError): …``: raise JavaScript errors of the block as that class.

    It covers calls and awaits. One instance serves a whole module. It is a context manager because
    a function that awaits for its caller would cost a small call more than all other steps.
    """

    __slots__ = ("_error",)

    def __init__(self, error: type[WorkersError]) -> None:
        self._error = error

    def __enter__(self) -> None: ...

    def __exit__(self, error_type: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, JsException):
            from .notes import annotate  # only errors need it

            mapped = from_js_error(self._error, error)
            annotate(mapped, trace.tb_frame)
            # In a fake the cause may be an exception of the test's code.
            raise mapped from mapped.__cause__ or error.__cause__


def named(wrapper: Any, name: str | None) -> Any:
    """Let a binding know its name in the Worker's configuration, and return it."""
    if name is not None and JsWrapper in type(wrapper).__mro__:
        wrapper._binding = name  # noqa: SLF001 - of this module
    return wrapper


def name_of(wrapper: Any) -> str | None:
    """Return the name of a binding in the Worker's configuration; None if it is unknown."""
    name: str | None = getattr(wrapper, "_binding", None)
    return name


def binding(value: Any, kind: str, method: str) -> Any:
    """Return the JavaScript object of a binding.

    Args:
        value: The binding, raw or in a wrapper.
        kind: The name of the public class, for the message.
        method: A method that only this kind of binding has.

    Raises:
        BindingError: The binding is None, or has no such method.
    """
    js = raw(value)
    if js is None:
        raise BindingError(
            f"{kind}: expected a binding, got None; add it to the Worker's configuration"
        )
    if not hasattr(js, method):
        raise BindingError(
            f"{kind}: expected the {kind} binding, got {type(js).__name__} without {method}()"
        )
    return js


def to_data(value: Any, name: str = "value") -> Any:
    """Convert a value that is stored or sent, by structured clone.

    Raises:
        ConversionError: The value, or one inside it, cannot cross. A live object is refused, such
            as a Response, a stream or a binding: its other end would get an empty object.
    """
    return to_js(value, name, platform.DATA)


def to_stored(value: Any, name: str = "value") -> Any:
    """Convert a value that an object stores, by structured clone.

    Raises:
        ConversionError: The value, or one inside it, cannot cross. Storage itself raises
            DataCloneError for a stream or a binding.
    """
    return to_js(value, name, platform.STORED)


def seconds(value: int | timedelta | None, name: str) -> int | None:
    """Return a duration as the whole seconds of a JavaScript option, rounded up; None for None.

    Raises:
        ConversionError: The value is neither a number nor a timedelta. The message begins with
            ``name``.
    """
    if value is None or isinstance(value, (int, float)):
        number: int | None = base(value)
        return number
    if isinstance(value, timedelta):
        return -int(-value.total_seconds() // 1)
    raise expected(name, "int or timedelta", value)


def unsupported(error: type[WorkersError], member: str) -> WorkersError:
    """Return the error for a member that the running version of the runtime lacks."""
    return error(f"this runtime has no {member}")
