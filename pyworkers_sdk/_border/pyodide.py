"""The real border: values cross between CPython on Pyodide and the JavaScript engine around it.

Only the modules ``_border/pyodide*.py`` import ``js``, ``pyodide`` or ``workers``. At import they
hold nothing of JavaScript but references to globals, and create no proxy: the memory of a Worker is
snapshotted after import.
"""

# JavaScript's values have no types here.
# pyright: basic, reportMissingModuleSource=false
from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterable, Awaitable, Collection
from datetime import datetime, timezone
from functools import partial
from inspect import iscoroutine
from typing import Any

import js
from js import JSON as JS_JSON, Array, Date, Object, Reflect
from pyodide.ffi import JsException, JsProxy, create_proxy, to_js as _to_js

from ..errors import BindingError, ConversionError, WorkersError, from_js_error
from . import values as _values
from .contexts import CANNOT_WAIT
from .live_objects import LIVE_TAGS, UNREADABLE
from .pumps import Pump, chunk_of
from .values import Rules, Walk

try:
    from pyodide.ffi import jsnull
except ImportError:  # Pyodide 0.26: null arrives as None, and no value crosses as null
    jsnull = None  # type: ignore[assignment]

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

web = js
"""The global scope of JavaScript, with the classes of the web platform: ``web.Response.new(…)``."""

JsNull = type(jsnull)


def raw(value: Any) -> Any:
    """Return the JavaScript object inside the wrapper of this package, or of another SDK.

    A value without a wrapper is returned unchanged; null is None.
    """
    if isinstance(value, JsProxy):  # first: an RPC stub has every attribute
        return value
    if hasattr(type(value), "js_object"):  # ours, a peer's, the official Request and Response
        return value.js_object
    attributes = getattr(value, "__dict__", {})
    for name in ("_binding", "_env", "_ctx", "js_object"):  # the official SDK's; last, a peer's
        if name in attributes:
            return attributes[name]
    return None if value is jsnull else value


# Python to JavaScript


def to_js(value: Any, name: str = "value", rules: Rules | None = None) -> Any:
    """Convert a value for structured clone, at every depth.

    None becomes null, a datetime a Date, bytes an Uint8Array, a tuple an Array.

    Raises:
        ConversionError: The value, or one inside it, cannot cross. The message begins with its
            place, such as ``name[2].price``.
    """
    walk = Walk(rules or CLONE)
    plain = _values.walked(value, name, walk)
    if walk.cyclic or jsnull is None:
        return _built(plain, {})
    return _to_js(plain, dict_converter=Object.fromEntries)


def _built(value: Any, built: dict[int, Any]) -> Any:
    """Build a JavaScript value container by container, each before its contents.

    ``to_js`` of Pyodide cannot make a cycle through a dict. On 0.26 it cannot make null either:
    null exists only inside JavaScript data there, and is copied into its place from parsed JSON.
    """
    if id(value) in built:
        return built[id(value)]
    if type(value) is list:
        built[id(value)] = items = Array.new()
        return _filled(items, value, built)
    if type(value) is dict:
        built[id(value)] = target = Object.new()
        pairs = _to_js([_filled(Array.new(), pair, built) for pair in value.items()])
        # By descriptors: an assignment to the key "__proto__" would set the prototype.
        members = Object.getOwnPropertyDescriptors(Object.fromEntries(pairs))
        return Object.defineProperties(target, members)
    if type(value) is set:
        return js.Set.new(_filled(Array.new(), value, built))
    return value


def _filled(target: Any, items: Collection[Any], built: dict[int, Any]) -> Any:
    Object.assign(target, _to_js([_built(item, built) for item in items]))
    nulls = {str(index): None for index, item in enumerate(items) if item is None}
    return Object.assign(target, JS_JSON.parse(_values.dumps(nulls)))


def apply(target: Any, method: str, args: list[Any]) -> Any:
    """Call ``target[method](...args)``; None among the arguments is null, on every engine.

    In a plain call of Pyodide's, None is undefined.
    """
    if jsnull is None and None in args:
        return Reflect.apply(getattr(target, method), target, to_js(args))
    for index, arg in enumerate(args):
        if type(arg) not in _PASS:
            args[index] = jsnull if arg is None else to_js(arg)
    return getattr(target, method)(*args)


_PASS = {str, int, float, bool}


def from_json(text: str) -> Any:
    """Parse JSON text into a JavaScript value."""
    value = JS_JSON.parse(text)
    return _values.number(value, None) if type(value) is int else value


def _js_bytes(value: Any, walk: Walk) -> Any:
    return _to_js(memoryview(value).cast("B"))


def _js_date(value: datetime, walk: Walk) -> Any:
    return Date.new(_values.utc(value).timestamp() * 1000)


def _js_null(value: Any, walk: Walk) -> Any:
    return jsnull


def _js_object(value: Any, walk: Walk) -> Any:
    return value.js_object


def _js_data(value: Any, walk: Walk) -> Any:
    tag = tag_of(value)
    if tag in LIVE_TAGS:
        raise _values.uncrossable(tag)
    return value


DATA = _values.CLONE.extended(
    {
        type(None): _js_null,
        JsNull: _js_null,
        bytes: _js_bytes,
        bytearray: _js_bytes,
        memoryview: _js_bytes,
        array: _js_bytes,
        datetime: _js_date,
        JsProxy: _js_data,
        JsException: _values.same,
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

CLONE = DATA.extended({JsProxy: _values.same}, live=_js_object)
"""Structured clone of data and of live objects, for calls and options that take these."""


# JavaScript to Python


def from_js(value: Any) -> Any:
    """Convert JavaScript data to Python, at every depth.

    null and undefined become None, a Date an aware UTC datetime, a buffer bytes, a Map a dict, an
    Error a WorkersError. A class instance is returned as it is.
    """
    if type(value) in _DONE:
        return value
    try:
        return _cleaned(value, set())
    except RecursionError:
        raise ConversionError("the value from JavaScript is nested too deeply") from None


_DONE = {str, int, float, bool, type(None), datetime}
"""Types that ``to_py`` has converted completely."""


def _cleaned(value: Any, seen: set[int]) -> Any:
    """Finish in place the work of ``to_py``: convert null, buffers, dates and errors."""
    cls = type(value)
    if cls is list or cls is dict:
        if id(value) not in seen:
            seen.add(id(value))
            for key, item in enumerate(value) if cls is list else value.items():
                if type(item) not in _DONE:
                    value[key] = _cleaned(item, seen)
        return value
    if cls is set:
        return {_cleaned(item, seen) for item in value}
    if cls is memoryview:
        return value.tobytes()
    if value is jsnull:
        return None
    if isinstance(value, JsException):
        if tag_of(value) == "Object":  # data with the keys of an error
            return unusual(value, seen)
        return from_js_error(WorkersError, value)
    if isinstance(value, JsProxy):
        plain = to_py(value)
        if plain is None or isinstance(plain, JsProxy):
            return unusual(value, seen)
        return _cleaned(plain, seen)
    # 314 marks a BigInt by a subclass of int
    return int(value) if isinstance(value, int) and cls is not bool else value


def unusual(value: Any, seen: set[int]) -> Any:
    """Convert the data that ``to_py`` does not convert; return other objects unchanged.

    That data is: Dates, objects with an own key named ``constructor``, and objects without a
    prototype.
    """
    tag = tag_of(value)
    if tag == "Date":
        milliseconds = value.getTime()
        if milliseconds != milliseconds:
            raise ConversionError("an invalid Date came from JavaScript")
        return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    if tag == "Array":  # it contains an object whose own ``constructor`` is null
        return [_cleaned(item, seen) for item in value]
    if tag == "Object" and _is_plain(value):
        return {pair[0]: _cleaned(pair[1], seen) for pair in Object.entries(value)}
    return value


def tag_of(value: Any) -> str:
    """Return JavaScript's tag of an object: "Request", "JsRpcStub", …"""
    tag: str = Object.prototype.toString.call(value)
    return tag[len("[object ") : -1]


def _is_plain(value: Any) -> bool:
    prototype = Object.getPrototypeOf(value)
    return prototype is None or prototype is jsnull or prototype == Object.prototype


def bytes_of(buffer: Any) -> bytes | None:
    """Return the bytes of an ArrayBuffer, copied once; None for null."""
    return None if buffer is None or buffer is jsnull else buffer.to_bytes()


def record(value: Any) -> dict[str, Any] | None:
    """Convert a flat object to a dict, or null to None.

    A buffer or an array in it stays as ``to_py`` returns it. An own key named ``constructor`` is an
    ordinary key; ``to_py`` by itself does not convert such an object.
    """
    if value is None or value is jsnull:
        return None
    fields = to_py(value)
    if type(fields) is not dict:
        fields = dict(Object.entries(value).to_py())
    for name, cell in fields.items():
        if cell is jsnull:
            fields[name] = None
    return fields


def table(rows: Any) -> tuple[list[dict[str, Any]], dict[str, set[type]]]:
    """Convert an Array of row objects of one shape.

    null becomes None; an array in a cell stays a list. It takes a few crossings for any number of
    rows.

    Returns:
        The rows as dicts, and the set of types that occur in each column.
    """
    count = rows.length
    if not count:
        return [], {}
    records = to_py(rows) if count <= _FEW else None
    if records is None or type(records[0]) is not dict:  # or a column is named ``constructor``
        return _table_by_columns(rows)
    types = {name: {type(row[name]) for row in records} for name in records[0]}
    for name in _nullable(types):
        for row in records:
            if row[name] is jsnull:
                row[name] = None
    return records, types


_FEW = 24
"""The number of rows up to which it is faster to send the columns' names with every row."""


def _table_by_columns(rows: Any) -> tuple[list[dict[str, Any]], dict[str, set[type]]]:
    names = Object.keys(rows[0]).to_py()
    columns = dict(zip(names, zip(*rows.map(Object.values).to_py())))
    types = {name: set(map(type, column)) for name, column in columns.items()}
    for name in _nullable(types):
        columns[name] = tuple([None if cell is jsnull else cell for cell in columns[name]])
    places = list(enumerate(names))  # far faster than dict(zip(names, row))
    return [{name: row[index] for index, name in places} for row in zip(*columns.values())], types


def cells(rows: Any) -> list[tuple[Any, ...]]:
    """Exhaust an iterator of Arrays, and return their columns: null is None, a buffer bytes."""
    columns = list(zip(*getattr(Array, "from")(rows).to_py()))
    for index, column in enumerate(columns):
        types = set(map(type, column))
        if JsNull in types:
            columns[index] = column = tuple([None if cell is jsnull else cell for cell in column])
        if memoryview in types:
            columns[index] = tuple(
                [cell.tobytes() if type(cell) is memoryview else cell for cell in column]
            )
    return columns


def pairs(entries: Any) -> dict[str, Any]:
    """Exhaust an iterator of [name, value] pairs, and return them as a dict."""
    fields: dict[str, Any] = from_js(js.Map.new(entries))
    return fields


def _nullable(types: dict[str, set[type]]) -> list[str]:
    """Return the columns that contain null; in ``types`` null becomes None."""
    if jsnull is None:
        return []
    names = [name for name, column_types in types.items() if JsNull in column_types]
    for name in names:
        types[name] = types[name] - {JsNull} | {type(None)}
    return names


def to_py(value: Any) -> Any:
    """Call ``value.to_py()``; return None where an own key ``constructor`` with null breaks it."""
    try:
        return value.to_py()
    except JsException as error:
        if error.name == "RangeError":  # some thousand levels: the stack of JavaScript is full
            raise RecursionError from None
        return None


def identity(value: Any) -> int:
    """Return a number that is equal for two objects exactly if JavaScript's ``===`` is true."""
    number: int = value.js_id
    return number


def prop(value: Any, name: str) -> Any:
    """Return ``value[name]`` unconverted; undefined is None."""
    return getattr(value, name, None)


# Streams, and the rest of the runtime


def stream_from(chunks: AsyncIterable[bytes]) -> Any:
    """Return a ReadableStream of the chunks of an async iterator, at the pace of its reader.

    The iterator runs in one task, in the context of the caller; see ``Pump``.
    """
    source = _Source(chunks)
    # capture_this: the source must not hold its own proxies, or an unread stream would never be
    # garbage-collected.
    functions = [
        [name, create_proxy(getattr(source, name), capture_this=True)]
        for name in ("pull", "cancel")
    ]
    # With a high-water mark JavaScript would pull one chunk of an unread stream.
    return js.ReadableStream.new(Object.fromEntries(_to_js(functions)), highWaterMark=0)


def abandon(reader: Any) -> None:
    """Cancel the stream of a reader that is no longer used, and release its lock."""
    reader.cancel().catch(Object)  # nothing awaits the promise, so a rejection must be handled
    reader.releaseLock()


class _Source:
    """The underlying source of a stream over an async iterator.

    Its proxies live until the iterator ends or the stream is cancelled or garbage-collected.
    """

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self._pump = chunks if isinstance(chunks, Pump) else Pump(chunks, chunk_of)

    def pull(self, this: Any, controller: Any) -> None:
        # A stream may call this again before the last chunk is there. Nothing is returned: an
        # awaitable would be one more proxy for each chunk.
        if not self._pump.is_asked:
            self._pump.ask(partial(_enqueue, this, controller))

    def cancel(self, this: Any, reason: Any = None) -> Any:
        async def close() -> None:
            try:
                await self._pump.aclose()
            finally:
                _end(this)

        return answer(close())


def _enqueue(source: Any, controller: Any, chunk: Any, error: BaseException | None) -> None:
    if error is None:
        controller.enqueue(_to_js(chunk))
        return
    if isinstance(error, StopAsyncIteration):
        controller.close()
    else:
        controller.error(js.Error.new(f"{type(error).__name__}: {error}"))
    _end(source)


def _end(source: Any) -> None:
    """Destroy the proxies of an underlying source."""
    # Not now: this may run inside a call of one of them.
    soon = asyncio.get_running_loop().call_soon
    for name in ("pull", "cancel"):
        soon(getattr(source, name).destroy)


def promise(awaitable: Awaitable[Any]) -> Any:
    """Return a JavaScript Promise of an awaitable's result; its proxy ends with the awaitable."""
    task = asyncio.ensure_future(awaitable)
    proxy = create_proxy(task)
    task.add_done_callback(lambda _: proxy.destroy())
    # Not Promise.resolve: Pyodide turns its result into a Python future, and a future passed on to
    # JavaScript is a proxy that dies with the call.
    return js.Promise.new(lambda resolve, _: resolve(proxy))


def run_sync(awaitable: Awaitable[Any]) -> Any:
    """Wait for an awaitable in synchronous code, and return its result."""
    from pyodide.ffi import can_run_sync, run_sync

    if not can_run_sync():
        if iscoroutine(awaitable):
            awaitable.close()
        raise WorkersError(CANNOT_WAIT)
    outcome: list[Any] = []

    async def settle() -> None:
        # Neither the result nor an exception crosses to JavaScript and back.
        try:
            outcome.append(await awaitable)
        except BaseException as error:
            outcome.extend((None, error))

    run_sync(settle())
    if len(outcome) > 1:
        raise outcome[1]
    return outcome[0]


def later(target: Any, method: str, args: list[Any]) -> None:
    """Call ``target[method](...args)`` in a microtask, when no Python is on the stack."""
    js.queueMicrotask(getattr(target, method).bind(target, *map(to_js, args)))


def memory() -> dict[Any, Any]:
    """Return a dict that lives as long as the isolate."""
    return _memory


_memory: dict[Any, Any] = {}


def now() -> datetime:
    """Return the time of ``Date.now()``."""
    return datetime.fromtimestamp(Date.now() / 1000, timezone.utc)


def js_error(name: str, message: str, stack: str | None = None) -> Exception:
    """Return a JavaScript error to raise; logs show its ``stack``."""
    js_object: Any = js.Error.new(message)
    js_object.name = name
    if stack is not None:
        js_object.stack = stack
    error: Exception = js_object
    return error


def answer(awaitable: Awaitable[Any]) -> Any:
    """Return a Promise of an awaitable's result, for JavaScript that called Python.

    The Promise is rejected with the same JavaScript error that was raised. The proxy of a coroutine
    would reject with a PythonError, with a traceback for a message.
    """
    functions: list[Any] = []
    result = js.Promise.new(lambda *both: functions.extend(both))
    resolve, reject = functions
    task = asyncio.ensure_future(_answered(awaitable, resolve, reject))
    _answering.add(task)  # the event loop itself holds tasks only weakly
    task.add_done_callback(_answering.discard)
    return result


_answering: set[asyncio.Task[None]] = set()


async def _answered(awaitable: Awaitable[Any], resolve: Any, reject: Any) -> None:
    try:
        resolve(await awaitable)
    except JsException as exc:
        reject(exc)
    except BaseException as exc:
        reject(js_error(type(exc).__name__, str(exc)))
        if not isinstance(exc, Exception):
            raise


def console(method: str, line: str) -> None:
    """Write a line to the console by one of its methods, such as "warn"."""
    getattr(js.console, method)(line)


async def js_module(name: str) -> Any:
    """Import a JavaScript module of the runtime, such as ``cloudflare:email``.

    Raises:
        BindingError: The runtime is not workerd.
    """
    try:
        from _pyodide_entrypoint_helper import doAnImport
    except ImportError:
        raise BindingError(f"{name} is only in the Workers runtime") from None
    return await doAnImport(name)


def js_sockets() -> Any:
    """Return the JavaScript module ``cloudflare:sockets``.

    Raises:
        BindingError: The runtime is not workerd.
    """
    try:
        from _pyodide_entrypoint_helper import cloudflareSocketsModule
    except ImportError:
        raise BindingError("cloudflare:sockets is only in the Workers runtime") from None
    return cloudflareSocketsModule


class NoRuntime:
    """A stand-in for the runtime's base classes outside workerd, where Pyodide has none."""

    def __init__(self, ctx: Any, env: Any) -> None: ...


def official_base(name: str) -> Any:
    """Return the runtime's own class of that name; exported classes must subclass it."""
    try:
        import workers
    except ImportError:
        return NoRuntime
    return getattr(workers, name)
