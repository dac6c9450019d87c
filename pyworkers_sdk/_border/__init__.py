"""The border: the one place where a value passes between Python and JavaScript.

``_pyodide`` is the real one, ``_cpython`` changes values exactly as a round trip through the real
one does. Both offer the same names, and one table of cases runs over both (tests/contract).
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any, Generic, TypeVar

from ..errors import BindingError, ConversionError, WorkersError, from_js_error
from .values import JSON, SQL, convert, convert_each, count, dumps, loads, text

if sys.platform == "emscripten":
    from .pyodide import *
    from .pyodide_callbacks import *
    from .pyodide_rpc import *
else:
    from .._cpython.border import *
    from .._cpython.callbacks import *
    from .._cpython.rpc import *

__all__ = [
    "JSON",
    "SQL",
    "Called",
    "Handed",
    "JsException",
    "JsT",
    "JsWrapper",
    "Listening",
    "abandon",
    "answer",
    "answered",
    "apply",
    "binding",
    "byte_array",
    "bytes_of",
    "called_once",
    "cells",
    "console",
    "convert",
    "convert_each",
    "count",
    "dispose",
    "dumps",
    "event",
    "from_js",
    "from_json",
    "from_rpc",
    "from_vector",
    "identity",
    "invoke",
    "js_error",
    "js_failure",
    "js_module",
    "js_sockets",
    "later",
    "loads",
    "local_stub",
    "member",
    "method",
    "now",
    "official_base",
    "pairs",
    "promise",
    "prop",
    "raising",
    "raw",
    "record",
    "returned",
    "seconds",
    "sendable",
    "stream_from",
    "table",
    "tag_of",
    "text",
    "to_js",
    "to_vector",
    "vectors",
    "web",
]


JsT = TypeVar("JsT")


class JsWrapper(Generic[JsT]):
    """Base of every public class over a JavaScript object. ``JsT`` is its Protocol in ``_js``."""

    __slots__ = ("_js",)

    _js: JsT

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath, for members that this package lacks."""
        return self._js


class raising:
    """``with raising(KVError): …``: what JavaScript throws inside, now or awaited, is one of ours.

    One instance serves a whole module. (A function that awaits for its caller would cost a small
    call more than all the rest of the way.)
    """

    __slots__ = ("_error",)

    def __init__(self, error: type[WorkersError]) -> None:
        self._error = error

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, JsException):
            made = from_js_error(self._error, error)
            # in a fake what is underneath may be an exception of the test's own code
            raise made from made.__cause__ or error.__cause__


def binding(value: Any, kind: str, method: str) -> Any:
    """The JavaScript object of a binding; BindingError if it is absent or has no ``method``."""
    js = raw(value)
    if js is None:
        raise BindingError(
            f"{kind} needs a binding, got None: is it in the Worker's configuration?"
        )
    if not hasattr(js, method):
        raise BindingError(
            f"{kind} needs a {kind} binding, and this {type(js).__name__} has no {method}()"
        )
    return js


def seconds(value: int | timedelta | None, name: str) -> int | None:
    """Whole seconds, as JavaScript's options want them; part of a second is rounded up."""
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, timedelta):
        return -int(-value.total_seconds() // 1)
    raise ConversionError(f"{name}: expected int or timedelta, got {type(value).__name__}")
