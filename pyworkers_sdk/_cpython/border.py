"""The border on plain CPython: values change exactly as a round trip through JavaScript does.

The JavaScript side, the one that fakes speak, is Python data: null and undefined are None, a Number
is an int or a float, a Date an aware UTC datetime in whole milliseconds, a Uint8Array ``bytes``.
``_border.pyodide`` has the same names; tests/contract/test_border.py holds both to one table.
"""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

from array import array
from collections.abc import AsyncIterable, Awaitable
from datetime import datetime, timezone
from typing import Any

from .._border import values as _values
from .._border.live_objects import UNREADABLE
from .._border.pumps import Pump, chunk_of
from .._border.values import Rules, Walk, in_order
from ..errors import ConversionError, WorkersError, from_js_error
from . import environment, web as _web
from .js_exception import JsException
from .runtime_modules import console, js_module, js_sockets

__all__ = [
    "JsException",
    "abandon",
    "answer",
    "apply",
    "bytes_of",
    "cells",
    "console",
    "from_js",
    "from_json",
    "identity",
    "js_error",
    "js_module",
    "js_sockets",
    "later",
    "memory",
    "now",
    "official_base",
    "pairs",
    "promise",
    "prop",
    "raw",
    "record",
    "run_sync",
    "stream_from",
    "table",
    "tag_of",
    "to_js",
    "web",
]

web = _web
"""The classes of the web platform: ``web.Response.new(…)``."""


def raw(value: Any) -> Any:
    """Return the JavaScript object (here: the fake) inside an object of this package."""
    # Ask the class: an RPC stub itself has every attribute.
    return value.js_object if hasattr(type(value), "js_object") else value


# Python to JavaScript


def to_js(value: Any, name: str = "value", rules: Rules | None = None) -> Any:
    """Convert a value for structured clone: a copy, with lists for tuples and whole milliseconds.

    Raises:
        ConversionError: The value, or one inside it, cannot cross. The message begins with its
            place, such as ``name[2].price``.
    """
    return _values.convert(value, name, rules or CLONE)


def apply(target: Any, method: str, args: list[Any]) -> Any:
    """Call ``target[method](...args)``; None among the arguments is null."""
    return getattr(target, method)(*args)


def from_json(text: str) -> Any:
    """Parse JSON text into a JavaScript value."""
    return _values.loads(text, in_order)


def _object(value: Any, walk: Walk) -> dict[str, Any]:
    return in_order(_values.object_(value, walk))


def _bytes(value: Any, walk: Walk) -> bytes:
    return memoryview(value).cast("B").tobytes()


def _date(value: datetime, walk: Walk) -> datetime:
    return _values.utc(value)


def _js_object(value: Any, walk: Walk) -> Any:
    return value.js_object


DATA = _values.CLONE.extended(
    {
        type(None): _values.same,
        dict: _object,
        bytes: _values.same,
        bytearray: _bytes,
        memoryview: _bytes,
        array: _bytes,
        datetime: _date,
    }
)
"""Structured clone of data that is stored or sent: live objects are refused by name."""


def _js_stored(value: Any, walk: Walk) -> Any:
    tag = tag_of(value.js_object)
    if tag in UNREADABLE:
        raise _values.uncrossable(tag)
    return value.js_object


STORED = DATA.extended({}, live=_js_stored)
"""Structured clone of data for storage, whose own words refuse a binding or a stream."""

CLONE = DATA.extended({}, live=_js_object)
"""Structured clone of data and of live objects, for calls and options that take these."""


# JavaScript to Python


def from_js(value: Any) -> Any:
    """Convert JavaScript data to Python, at every depth; a class instance stays as it is."""
    try:
        return _copied(value, {})
    except RecursionError:
        raise ConversionError("the value from JavaScript is nested too deeply") from None


def _copied(value: Any, done: dict[int, Any]) -> Any:
    cls = type(value)
    if cls is float:
        # Pyodide makes an int of an integral Number, as far as a Number is exact.
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if cls is list or cls is dict:
        if id(value) not in done:
            copy: Any = cls()
            done[id(value)] = copy
            if cls is list:
                for item in value:  # one frame for each level, as on Pyodide
                    copy.append(_copied(item, done))
            else:
                for key, item in value.items():
                    copy[key] = _copied(item, done)
        return done[id(value)]
    if cls is set:
        return {_copied(item, done) for item in value}
    if cls is array:
        return value.tobytes()
    if isinstance(value, datetime):  # "is" would not find it while freezegun replaces the class
        return _values.utc(value if value.tzinfo else value.replace(tzinfo=timezone.utc))
    if cls is JsException:
        return from_js_error(WorkersError, value)
    return value


def tag_of(value: Any) -> str:
    """Return JavaScript's tag of an object: "Request", "JsRpcStub", …"""
    cls = type(value)
    return getattr(cls, "js_tag", cls.__name__)


def bytes_of(buffer: Any) -> bytes | None:
    """Return the bytes of an ArrayBuffer; None for null."""
    return None if buffer is None else bytes(buffer)


def record(value: Any) -> dict[str, Any] | None:
    """Convert a flat object to a dict, or null to None."""
    fields: dict[str, Any] | None = from_js(value)
    return fields


def table(rows: Any) -> tuple[list[dict[str, Any]], dict[str, set[type]]]:
    """Convert an Array of row objects of one shape.

    Returns:
        The rows as dicts, and the set of types that occur in each column.
    """
    records = from_js(rows)
    names = records[0] if records else ()
    return records, {name: {type(row[name]) for row in records} for name in names}


def cells(rows: Any) -> list[tuple[Any, ...]]:
    """Exhaust an iterator of Arrays, and return their columns."""
    return list(zip(*map(from_js, rows)))


def pairs(entries: Any) -> dict[str, Any]:
    """Exhaust an iterator of [name, value] pairs, and return them as a dict."""
    return {key: from_js(value) for key, value in entries}


def identity(value: Any) -> int:
    """Return a number that is equal for two objects exactly if JavaScript's ``===`` is true."""
    return id(value)


def prop(value: Any, name: str) -> Any:
    """Return ``value[name]``; undefined is None."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


# Streams, and the rest of the runtime


def stream_from(chunks: AsyncIterable[bytes]) -> Any:
    """Return a ReadableStream of the chunks of an async iterator, at the pace of its reader."""
    pump: AsyncIterable[Any] = chunks if isinstance(chunks, Pump) else Pump(chunks, chunk_of)
    return _web.ReadableStream(pump)


def abandon(reader: Any) -> None:
    """Cancel the stream of a reader that is no longer used, and release its lock."""
    reader.abandon()


def promise(awaitable: Awaitable[Any]) -> Any:
    """Return a Promise of an awaitable's result: here, its task."""
    import asyncio

    return asyncio.ensure_future(awaitable)


def run_sync(awaitable: Awaitable[Any]) -> Any:
    """Wait for an awaitable in synchronous code, and return its result."""
    from .run_sync import run_sync  # few tests need it

    return run_sync(awaitable)


def later(target: Any, method: str, args: list[Any]) -> None:
    """Call ``target[method](...args)``: here at once, on Pyodide in a microtask."""
    getattr(target, method)(*args)


def memory() -> dict[Any, Any]:
    """Return a dict that lives as long as the isolate: here, the runtime in its event loop."""
    import asyncio

    by_loop = environment.current().memory
    loop = asyncio.get_running_loop()
    if loop not in by_loop:
        for old in [each for each in by_loop if each.is_closed()]:
            del by_loop[old]
    memory: dict[Any, Any] = by_loop.setdefault(loop, {})
    return memory


def now() -> datetime:
    """Return the time of ``Date.now()``: that of the runtime's clock."""
    return datetime.fromtimestamp(environment.current().now() / 1000, timezone.utc)


def js_error(name: str, message: str, stack: str | None = None) -> Exception:
    """Return a JavaScript error to raise; logs show its ``stack``."""
    error = JsException(name, message)
    error.stack = stack or ""
    return error


def answer(awaitable: Awaitable[Any]) -> Any:
    """Return a Promise of an awaitable's result, for JavaScript that called Python."""
    return awaitable


class NoRuntime:
    """A stand-in for the runtime's base classes: plain CPython has no runtime."""

    def __init__(self, ctx: Any, env: Any) -> None: ...


def official_base(name: str) -> Any:
    """Return the runtime's own class of that name; exported classes must subclass it."""
    return NoRuntime
