"""The border: the one place where a value passes between Python and JavaScript.

``_pyodide`` is the real one, ``_cpython`` changes values exactly as a round trip through the real
one does. Both offer the same names, and one table of cases runs over both (tests/contract).
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from ..errors import BindingError, WorkersError, from_js_error
from ._values import JSON, SQL, convert, dumps, loads, text

if sys.platform == "emscripten":
    from ._pyodide import (
        JsException,
        apply,
        from_js,
        from_json,
        from_vector,
        official_base,
        promise,
        prop,
        raw,
        stream_from,
        table,
        to_js,
        to_vector,
        web,
    )
else:
    from ._cpython import (
        JsException,
        apply,
        from_js,
        from_json,
        from_vector,
        official_base,
        promise,
        prop,
        raw,
        stream_from,
        table,
        to_js,
        to_vector,
        web,
    )

__all__ = [
    "JSON",
    "SQL",
    "JsException",
    "apply",
    "binding",
    "call",
    "call_sync",
    "convert",
    "dumps",
    "from_js",
    "from_json",
    "from_vector",
    "loads",
    "official_base",
    "promise",
    "prop",
    "raw",
    "seconds",
    "stream_from",
    "table",
    "text",
    "to_js",
    "to_vector",
    "web",
]


async def call(
    error: type[WorkersError], fn: Callable[..., Awaitable[Any]], /, *args: Any, **options: Any
) -> Any:
    """Await ``fn(*args, {...options})``; an option that is None is absent."""
    try:
        return await fn(*args, **options)
    except JsException as exc:
        raise from_js_error(error, exc) from None


def call_sync(
    error: type[WorkersError], fn: Callable[..., Any], /, *args: Any, **options: Any
) -> Any:
    """The same for a JavaScript function that answers at once."""
    try:
        return fn(*args, **options)
    except JsException as exc:
        raise from_js_error(error, exc) from None


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


def seconds(value: int | timedelta | None) -> int | None:
    """Whole seconds, as JavaScript's options want them; part of a second is rounded up."""
    if isinstance(value, timedelta):
        return -int(-value.total_seconds() // 1)
    return value
