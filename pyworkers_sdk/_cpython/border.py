"""The border on plain CPython: values change exactly as a round trip through JavaScript does.

What fakes speak, "the JavaScript side", is Python data: null and undefined are None, a Number is
an int or a float, a Date an aware UTC datetime in whole milliseconds, a Uint8Array ``bytes``.
"""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

from array import array
from collections.abc import AsyncIterable, Awaitable, Callable
from datetime import datetime, timezone
from typing import Any

from .._border import values as _values
from .._border.values import Rules, Walk, in_order
from ..errors import WorkersError, from_js_error
from . import environment, web as _web
from .js_exception import JsException
from .runtime_modules import console, js_module, js_sockets

__all__ = [
    "Called",
    "JsException",
    "Listening",
    "abandon",
    "answer",
    "apply",
    "byte_array",
    "bytes_of",
    "called_once",
    "cells",
    "console",
    "event",
    "from_js",
    "from_json",
    "from_vector",
    "identity",
    "js_error",
    "js_module",
    "js_sockets",
    "later",
    "now",
    "official_base",
    "pairs",
    "promise",
    "prop",
    "raw",
    "record",
    "stream_from",
    "table",
    "to_js",
    "to_vector",
    "vectors",
    "web",
]

web = _web
"""Where the web platform's classes live: ``web.Response.new(…)``."""


def raw(value: Any) -> Any:
    """The JavaScript object (here: the fake) in one of our objects."""
    # of the class: a stub has every attribute that one asks for
    return value.js_object if hasattr(type(value), "js_object") else value


# Python to JavaScript


def to_js(value: Any, name: str = "value", rules: Rules | None = None) -> Any:
    """``value`` as structured clone takes it: copied, with lists for tuples and whole dates."""
    return _values.convert(value, name, rules or CLONE)


def apply(target: Any, method: str, args: list[Any]) -> Any:
    """``target[method](...args)``; None among the args is null."""
    return getattr(target, method)(*args)


def from_json(text: str) -> Any:
    """The JavaScript value of JSON text."""
    return _values.loads(text, in_order)


def to_vector(value: Any, name: str = "values") -> Any:
    """A Float32Array (here: ``array("f")``) of an array or a sequence of numbers."""
    return _values.floats(value, name)


def byte_array(value: Any) -> Any:
    """An Array of the numbers of bytes, for an API that takes JSON."""
    return list(memoryview(value).cast("B"))


def _object(value: Any, walk: Walk) -> dict[str, Any]:
    return in_order(_values.object_(value, walk))


def _bytes(value: Any, walk: Walk) -> bytes:
    return memoryview(value).cast("B").tobytes()


def _date(value: datetime, walk: Walk) -> datetime:
    return _values.utc(value)


def _js_object(value: Any, walk: Walk) -> Any:
    return value.js_object


CLONE = _values.CLONE.extended(
    {
        type(None): _values.same,
        dict: _object,
        bytes: _values.same,
        bytearray: _bytes,
        memoryview: _bytes,
        array: _bytes,
        datetime: _date,
    },
    live=_js_object,
)


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


def vectors(value: Any) -> dict[str, Any]:
    """An object whose ``data`` is rows of as many numbers each, as a dict."""
    made: dict[str, Any] = from_js({name: value[name] for name in value if name != "data"})
    made["data"] = [from_vector(row) for row in value["data"]]
    return made


def record(value: Any) -> dict[str, Any] | None:
    """A flat object as a dict, or None for null."""
    made: dict[str, Any] | None = from_js(value)
    return made


def table(rows: Any) -> tuple[list[dict[str, Any]], dict[str, set[type]]]:
    """A list of row objects of one shape, and the types that occur under each name."""
    made = from_js(rows)
    return made, {name: {type(row[name]) for row in made} for name in (made[0] if made else ())}


def cells(rows: Any) -> list[tuple[Any, ...]]:
    """The columns of an iterator of arrays, which is used up."""
    return list(zip(*map(from_js, rows)))


def pairs(entries: Any) -> dict[str, Any]:
    """An iterator of names and values, which is used up, as a dict."""
    return {key: from_js(value) for key, value in entries}


def identity(value: Any) -> int:
    """A number that two values share if JavaScript's ``===`` holds between them, as objects."""
    return id(value)


def prop(value: Any, name: str) -> Any:
    """``value[name]``; undefined is None."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


# Streams, and the rest of the runtime


def stream_from(chunks: AsyncIterable[bytes]) -> Any:
    """A ReadableStream of what an async iterator yields; its reader sets the pace."""
    return _web.ReadableStream(chunks)


def abandon(reader: Any) -> None:
    """Cancel a stream that nobody reads any more, and let go of it."""
    reader.abandon()


def promise(awaitable: Awaitable[Any]) -> Any:
    """A Promise of what an awaitable gives: here, its task."""
    import asyncio

    return asyncio.ensure_future(awaitable)


class Listening:
    """A function as the listener of an object's events, until ``stop``."""

    def __init__(self, target: Any, types: tuple[str, ...], listener: Callable[[Any], Any]) -> None:
        self._target = target
        self._types = types
        self._listener = listener
        for kind in types:
            target.addEventListener(kind, listener)

    def stop(self) -> None:
        for kind in self._types:
            self._target.removeEventListener(kind, self._listener)


class Called:
    """``with Called(function) as theirs: …``: an async function for JavaScript to call and await,
    while the block lasts."""

    def __init__(self, function: Callable[..., Awaitable[Any]]) -> None:
        self._function = function

    def __enter__(self) -> Any:
        return self._function

    def __exit__(self, *_: object) -> None: ...


def called_once(function: Callable[[], Awaitable[Any]]) -> Any:
    """An async function for JavaScript to call once, if ever."""

    async def run() -> Any:
        try:
            return await function()
        except JsException:
            raise
        except Exception as exc:
            raise js_error(type(exc).__name__, str(exc)) from exc

    return run


def later(target: Any, method: str, args: list[Any]) -> None:
    """``target[method](...args)`` as soon as Python is off the stack; here, at once."""
    getattr(target, method)(*args)


def now() -> datetime:
    """The time, as JavaScript has it."""
    return datetime.fromtimestamp(environment.current().now() / 1000, timezone.utc)


def js_error(name: str, message: str, stack: str | None = None) -> Exception:
    """A JavaScript error to raise; ``stack`` is what logs show of it."""
    made = JsException(name, message)
    made.stack = stack or ""
    return made


def answer(awaitable: Awaitable[Any]) -> Any:
    """A Promise of what an awaitable gives, for JavaScript that called us."""
    return awaitable


async def event(target: Any, name: str) -> None:
    """Until ``target`` has its next event of that name."""
    import asyncio

    happened = asyncio.get_running_loop().create_future()

    def listener(event: Any) -> None:
        if not happened.done():
            happened.set_result(None)

    target.addEventListener(name, listener)
    try:
        await happened
    finally:
        target.removeEventListener(name, listener)


class NoRuntime:
    """In place of the runtime's base class: there is no runtime here."""

    def __init__(self, ctx: Any, env: Any) -> None: ...


def official_base(name: str) -> Any:
    """The runtime's own class of that name, which exported classes must subclass."""
    return NoRuntime
