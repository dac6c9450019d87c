"""The border on plain CPython: values change exactly as a round trip through JavaScript does.

What fakes speak, "the JavaScript side", is Python data: null and undefined are None, a Number is
an int or a float, a Date an aware UTC datetime in whole milliseconds, a Uint8Array ``bytes``.
"""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

from array import array
from collections.abc import AsyncIterable, Awaitable
from datetime import datetime
from typing import Any

from ..errors import ConversionError, WorkersError, from_js_error
from . import _values, _web
from ._values import LIVE, Rules, Walk
from ._web import JsException

__all__ = [
    "JsException",
    "apply",
    "bytes_of",
    "from_js",
    "from_json",
    "from_vector",
    "from_rpc",
    "official_base",
    "promise",
    "prop",
    "raw",
    "record",
    "stream_from",
    "table",
    "to_js",
    "to_vector",
    "to_rpc",
    "web",
]

web = _web
"""Where the web platform's classes live: ``web.Response.new(…)``."""


def raw(value: Any) -> Any:
    """The JavaScript object (here: the fake) in one of our objects."""
    return getattr(value, "js_object", value)


# Python to JavaScript


def to_js(value: Any, name: str = "value") -> Any:
    """``value`` as structured clone takes it: copied, with lists for tuples and whole dates."""
    return _values.convert(value, name, _CLONE)


def apply(target: Any, method: str, args: list[Any]) -> Any:
    """``target[method](...args)``; None among the args is null."""
    return getattr(target, method)(*args)


def from_json(text: str) -> Any:
    """The JavaScript value of JSON text."""
    return _values.loads(text)


def to_vector(value: Any, name: str = "values") -> Any:
    """A Float32Array (here: ``array("f")``) of an array or a sequence of numbers."""
    try:
        return array("f", [float(number) for number in value])
    except (TypeError, ValueError):
        raise ConversionError(f"{name}: expected numbers") from None


def _bytes(value: Any, walk: Walk) -> bytes:
    return memoryview(value).cast("B").tobytes()


def _date(value: datetime, walk: Walk) -> datetime:
    return _values.utc(value)


_CLONE: Rules = {
    **_values.CLONE,
    type(None): _values.same,
    bytes: _values.same,
    bytearray: _bytes,
    memoryview: _bytes,
    array: _bytes,
    datetime: _date,
    LIVE: lambda value, walk: value.js_object,
}


# JavaScript to Python


def from_js(value: Any) -> Any:
    """The Python value of JavaScript data; a class instance stays as it is."""
    return _copied(value, {})


def _copied(value: Any, done: dict[int, Any]) -> Any:
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if kind is list or kind is dict:
        if id(value) not in done:
            made: Any = kind()
            done[id(value)] = made
            if kind is list:
                made.extend(_copied(item, done) for item in value)
            else:
                made.update((key, _copied(item, done)) for key, item in value.items())
        return done[id(value)]
    if kind is set:
        return {_copied(item, done) for item in value}
    if kind is array:
        return value.tobytes()
    if kind is datetime:
        return _values.utc(value)
    if kind is JsException:
        return from_js_error(WorkersError, value)
    return value


def bytes_of(buffer: Any) -> bytes | None:
    """The bytes of an ArrayBuffer; None for null."""
    return None if buffer is None else bytes(buffer)


def from_vector(value: Any) -> list[float]:
    """The numbers of a Float32Array or a plain array."""
    return [float(number) for number in value]


def record(value: Any) -> dict[str, Any] | None:
    """A flat object as a dict, or None for null."""
    made: dict[str, Any] | None = from_js(value)
    return made


def table(rows: Any) -> tuple[list[dict[str, Any]], dict[str, set[type]]]:
    """A list of row objects of one shape, and the types that occur under each name."""
    made = from_js(rows)
    return made, {name: {type(row[name]) for row in made} for name in (made[0] if made else ())}


def prop(value: Any, name: str) -> Any:
    """``value[name]``; undefined is None."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


# Streams, and the rest of the runtime


def stream_from(chunks: AsyncIterable[bytes]) -> Any:
    """A ReadableStream of what an async iterator yields; its reader sets the pace."""
    return _web.ReadableStream(chunks)


def promise(awaitable: Awaitable[Any]) -> Any:
    """A Promise of what an awaitable gives: here, its task."""
    import asyncio

    return asyncio.ensure_future(awaitable)


class NoRuntime:
    """In place of the runtime's base class: there is no runtime here."""

    def __init__(self, ctx: Any, env: Any) -> None: ...
# RPC


def to_rpc(value: Any, name: str = "value") -> Any:
    """What a method that the runtime called gives back."""
    return to_js(value, name)


def from_rpc(value: Any) -> Any:
    """An argument with which the runtime calls a method."""
    return from_js(value)




def official_base(name: str) -> Any:
    """The runtime's own class of that name, which exported classes must subclass."""
    return NoRuntime
