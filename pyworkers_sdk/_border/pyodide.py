"""The real border. The only file that imports ``js``, ``pyodide`` or ``workers``.

Nothing here is made at import but references to globals: a Worker is snapshotted after import.
"""

# JavaScript's values have no types here.
# pyright: basic, reportMissingModuleSource=false
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Collection
from datetime import datetime, timezone
from struct import Struct
from typing import Any

import js
from js import JSON as JS_JSON, Array, Date, Float32Array, Float64Array, Object, Reflect
from pyodide.ffi import JsException, JsProxy, create_proxy, to_js as _to_js

from ..errors import BindingError, ConversionError, WorkersError, from_js_error
from . import values as _values
from .values import Rules, Walk

try:
    from pyodide.ffi import jsnull
except ImportError:  # Pyodide 0.26: null reads as None, and cannot be an argument
    jsnull = None  # type: ignore[assignment]

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

web = js
"""Where the web platform's classes live: ``web.Response.new(…)``."""

JsNull = type(jsnull)


def raw(value: Any) -> Any:
    """The JavaScript object in whatever the runtime, or another SDK, put around it."""
    if isinstance(value, JsProxy):  # first: an RPC stub has every attribute that one asks for
        return value
    if hasattr(type(value), "js_object"):  # ours, a peer's, the official Request and Response
        return value.js_object
    inside = getattr(value, "__dict__", {})
    for name in ("_binding", "_env", "_ctx", "js_object"):
        if name in inside:
            return inside[name]
    return None if value is jsnull else value


# Python to JavaScript


def to_js(value: Any, name: str = "value", rules: Rules | None = None) -> Any:
    """``value`` as structured clone takes it: nested containers, Dates, bytes, null for None."""
    walk = Walk(rules or CLONE)
    plain = _values.walked(value, name, walk)
    if walk.cyclic or jsnull is None:
        return _built(plain, {})
    return _to_js(plain, dict_converter=Object.fromEntries)


def _built(value: Any, made: dict[int, Any]) -> Any:
    """Container by container, each there before what it holds: for what ``to_js`` cannot make.

    That is a cycle through a dict; and, on 0.26, null, which exists only inside JavaScript data
    and is put into its place from JSON.
    """
    if id(value) in made:
        return made[id(value)]
    if type(value) is list:
        made[id(value)] = array = Array.new()
        return _filled(array, value, made)
    if type(value) is dict:
        made[id(value)] = target = Object.new()
        pairs = _to_js([_filled(Array.new(), pair, made) for pair in value.items()])
        members = Object.getOwnPropertyDescriptors(Object.fromEntries(pairs))
        return Object.defineProperties(target, members)
    if type(value) is set:
        return js.Set.new(_filled(Array.new(), value, made))
    return value


def _filled(array: Any, items: Collection[Any], made: dict[int, Any]) -> Any:
    Object.assign(array, _to_js([_built(item, made) for item in items]))
    nulls = {str(at): None for at, item in enumerate(items) if item is None}
    return Object.assign(array, JS_JSON.parse(_values.dumps(nulls)))


def apply(target: Any, method: str, args: list[Any]) -> Any:
    """``target[method](...args)`` where None among the args is null, on every engine."""
    if jsnull is None and None in args:
        return Reflect.apply(getattr(target, method), target, to_js(args))
    for at, arg in enumerate(args):
        if type(arg) not in _PASS:
            args[at] = jsnull if arg is None else to_js(arg)
    return getattr(target, method)(*args)


_PASS = {str, int, float, bool}


def from_json(text: str) -> Any:
    """The JavaScript value of JSON text."""
    value = JS_JSON.parse(text)
    return _values.number(value, None) if type(value) is int else value


def to_vector(value: Any, name: str = "values") -> Any:
    """A Float32Array of an array, a numpy array or a sequence of numbers."""
    try:
        view = memoryview(value)
        if view.format in ("f", "d") and view.ndim == 1 and view.contiguous:
            crossed = _to_js(view)
            return crossed if view.format == "f" else Float32Array.new(crossed)
    except TypeError:  # it is no buffer
        pass
    return _to_js(_values.floats(value, name))


def byte_array(value: Any) -> Any:
    """An Array of the numbers of bytes, for an API that takes JSON."""
    return getattr(Array, "from")(_to_js(memoryview(value).cast("B")))


def _js_bytes(value: Any, walk: Walk) -> Any:
    return _to_js(memoryview(value).cast("B"))


def _js_date(value: datetime, walk: Walk) -> Any:
    return Date.new(_values.utc(value).timestamp() * 1000)


def _js_null(value: Any, walk: Walk) -> Any:
    return jsnull


def _js_object(value: Any, walk: Walk) -> Any:
    return value.js_object


CLONE = _values.CLONE.extended(
    {
        type(None): _js_null,
        JsNull: _js_null,
        bytes: _js_bytes,
        bytearray: _js_bytes,
        memoryview: _js_bytes,
        datetime: _js_date,
        JsProxy: _values.same,
        JsException: _values.same,
    },
    live=_js_object,
)


# JavaScript to Python


def from_js(value: Any) -> Any:
    """The Python value of JavaScript data: null is None, a Date a datetime, a buffer bytes."""
    return value if type(value) in _DONE else _cleaned(value, set())


_DONE = {str, int, float, bool, type(None), datetime}


def _cleaned(value: Any, seen: set[int]) -> Any:
    kind = type(value)
    if kind is list or kind is dict:
        if id(value) not in seen:
            seen.add(id(value))
            for at, item in enumerate(value) if kind is list else value.items():
                if type(item) not in _DONE:
                    value[at] = _cleaned(item, seen)
        return value
    if kind is set:
        return {_cleaned(item, seen) for item in value}
    if kind is memoryview:
        return value.tobytes()
    if value is jsnull:
        return None
    if isinstance(value, JsException):
        return from_js_error(WorkersError, value)
    if isinstance(value, JsProxy):
        made = _to_py(value)
        return (
            _unusual(value, seen)
            if made is None or isinstance(made, JsProxy)
            else _cleaned(made, seen)
        )
    # 314 marks a BigInt by a subclass
    return int(value) if isinstance(value, int) and kind is not bool else value


def _unusual(value: Any, seen: set[int]) -> Any:
    """What ``to_py`` leaves alone: a date, an object with a key named ``constructor``."""
    tag = Object.prototype.toString.call(value)
    if tag == "[object Date]":
        milliseconds = value.getTime()
        if milliseconds != milliseconds:
            raise ConversionError("an invalid Date came from JavaScript")
        return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    if tag == "[object Array]":  # with such an object in it whose ``constructor`` is null
        return [_cleaned(item, seen) for item in value]
    if tag == "[object Object]" and _is_plain(value):
        return {pair[0]: _cleaned(pair[1], seen) for pair in Object.entries(value)}
    return value


def _is_plain(value: Any) -> bool:
    prototype = Object.getPrototypeOf(value)
    return prototype is None or prototype is jsnull or prototype == Object.prototype


def bytes_of(buffer: Any) -> bytes | None:
    """The bytes of an ArrayBuffer, copied once; None for null."""
    return None if buffer is None or buffer is jsnull else buffer.to_bytes()


def from_vector(value: Any) -> list[float]:
    """The numbers of a Float32Array or a plain array."""
    numbers = value.to_py()
    return [float(number) for number in numbers]


def vectors(value: Any) -> dict[str, Any]:
    """An object whose ``data`` is rows of numbers, as a dict: each row through one buffer."""
    rest = Object.assign(Object.new(), value)
    Reflect.deleteProperty(rest, "data")
    made: dict[str, Any] = from_js(rest)
    rows = value.data
    width = rows[0].length if rows.length else 0
    buffer, numbers = Float64Array.new(width), Struct(f"{width}d")
    fill, read = buffer.set, buffer.to_bytes
    made["data"] = data = []
    for row in rows:
        if row.length == width:
            fill(row)
            data.append([*numbers.unpack(read())])
        else:
            data.append(from_vector(row))
    return made


def record(value: Any) -> dict[str, Any] | None:
    """A flat object as a dict, or None for null; a buffer or an array in it stays what it is.

    Unlike with ``to_py`` alone a key named ``constructor`` is a key.
    """
    if value is None or value is jsnull:
        return None
    made = _to_py(value)
    if type(made) is not dict:
        made = dict(Object.entries(value).to_py())
    for name, cell in made.items():
        if cell is jsnull:
            made[name] = None
    return made


def table(rows: Any) -> tuple[list[dict[str, Any]], dict[str, set[type]]]:
    """An array of row objects of one shape as dicts, and the types that occur under each name.

    null is None; an array in a cell stays a list. A few crossings for any number of rows.
    """
    count = rows.length
    if not count:
        return [], {}
    made = _to_py(rows) if count <= _FEW else None
    if made is None or type(made[0]) is not dict:  # or a column is named ``constructor``
        return _table_by_columns(rows)
    kinds = {name: {type(row[name]) for row in made} for name in made[0]}
    for name in _nullable(kinds):
        for row in made:
            if row[name] is jsnull:
                row[name] = None
    return made, kinds


_FEW = 24
"""Up to so many rows it is faster to send the names of the columns with every row."""


def _table_by_columns(rows: Any) -> tuple[list[dict[str, Any]], dict[str, set[type]]]:
    names = Object.keys(rows[0]).to_py()
    columns = dict(zip(names, zip(*rows.map(Object.values).to_py())))
    kinds = {name: set(map(type, column)) for name, column in columns.items()}
    for name in _nullable(kinds):
        columns[name] = tuple([None if cell is jsnull else cell for cell in columns[name]])
    places = list(enumerate(names))  # far faster than dict(zip(names, cells))
    return [{name: cells[at] for at, name in places} for cells in zip(*columns.values())], kinds


def cells(rows: Any) -> list[tuple[Any, ...]]:
    """The columns of an iterator of arrays, which is used up: null is None, a buffer bytes."""
    columns = list(zip(*getattr(Array, "from")(rows).to_py()))
    for at, column in enumerate(columns):
        kinds = set(map(type, column))
        if JsNull in kinds:
            columns[at] = column = tuple([None if cell is jsnull else cell for cell in column])
        if memoryview in kinds:
            columns[at] = tuple([x.tobytes() if type(x) is memoryview else x for x in column])
    return columns


def pairs(entries: Any) -> dict[str, Any]:
    """An iterator of names and values, which is used up, as a dict."""
    made: dict[str, Any] = from_js(js.Map.new(entries))
    return made


def _nullable(kinds: dict[str, set[type]]) -> list[str]:
    """The columns with a null in them, which from here on is None."""
    if jsnull is None:
        return []
    found = [name for name, kind in kinds.items() if JsNull in kind]
    for name in found:
        kinds[name] = kinds[name] - {JsNull} | {type(None)}
    return found


def _to_py(value: Any) -> Any:
    """``to_py``; None where it trips over an object whose own ``constructor`` is null."""
    try:
        return value.to_py()
    except JsException:
        return None


def identity(value: Any) -> int:
    """A number that two values share if JavaScript's ``===`` holds between them, as objects."""
    number: int = value.js_id
    return number


def prop(value: Any, name: str) -> Any:
    """``value[name]``, as JavaScript has it; undefined is None."""
    return getattr(value, name, None)


# Streams, and the rest of the runtime


def stream_from(chunks: AsyncIterable[bytes]) -> Any:
    """A ReadableStream of what an async iterator yields; its reader sets the pace."""
    source = _Source(chunks)
    return js.ReadableStream.new(Object.fromEntries(_to_js(list(source.proxies.items()))))


def abandon(reader: Any) -> None:
    """Cancel a stream that nobody reads any more, and let go of it."""
    reader.cancel().catch(Object)  # there is nobody to be told that it failed
    reader.releaseLock()


class _Source:
    """An async iterator as the source under a stream. Its proxies live until it ends."""

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self.chunks = aiter(chunks)
        self.task: asyncio.Task[None] | None = None
        self.proxies = {name: create_proxy(getattr(self, name)) for name in ("pull", "cancel")}

    def pull(self, controller: Any) -> None:
        # A stream may ask again before it got what it asked for; and an awaitable handed to it
        # would be one more proxy for each chunk.
        if self.task is None:
            self.task = asyncio.ensure_future(self._next(controller))

    async def _next(self, controller: Any) -> None:
        try:
            chunk = memoryview(await anext(self.chunks)).cast("B")
            while not chunk:
                chunk = memoryview(await anext(self.chunks)).cast("B")
        except StopAsyncIteration:
            controller.close()
            self._end()
        except Exception as exc:
            controller.error(js.Error.new(f"{type(exc).__name__}: {exc}"))
            self._end()
        else:
            self.task = None
            controller.enqueue(_to_js(chunk))

    def cancel(self, reason: Any = None) -> None:
        if self.task is not None:
            self.task.cancel()
        self.task = asyncio.ensure_future(self._close())

    async def _close(self) -> None:
        close = getattr(self.chunks, "aclose", None)
        if close is not None:
            await close()
        self._end()

    def _end(self) -> None:
        for proxy in self.proxies.values():
            proxy.destroy()


def promise(awaitable: Awaitable[Any]) -> Any:
    """A JavaScript Promise of what an awaitable gives; its proxy ends with it."""
    task = asyncio.ensure_future(awaitable)
    proxy = create_proxy(task)
    task.add_done_callback(lambda _: proxy.destroy())
    # not Promise.resolve: what that call gives back is a Python future by then, and passed on it
    # would be a proxy that dies with the call
    return js.Promise.new(lambda resolve, _: resolve(proxy))


class Listening:
    """A function as the listener of an object's events, until ``stop``: one proxy."""

    def __init__(self, target: Any, types: tuple[str, ...], listener: Callable[[Any], Any]) -> None:
        self._target = target
        self._types = types
        self._proxy = create_proxy(listener)
        for kind in types:
            target.addEventListener(kind, self._proxy)

    def stop(self) -> None:
        for kind in self._types:
            self._target.removeEventListener(kind, self._proxy)
        # not now: it may be in the middle of its call
        asyncio.get_running_loop().call_soon(self._proxy.destroy)


class Called:
    """``with Called(function) as theirs: …``: an async function for JavaScript to call and await,
    while the block lasts: one proxy."""

    def __init__(self, function: Callable[..., Awaitable[Any]]) -> None:
        self._function = function

    def __enter__(self) -> Any:
        self._proxy = create_proxy(lambda *args: answer(self._function(*args)))
        return self._proxy

    def __exit__(self, *_: object) -> None:
        self._proxy.destroy()


def called_once(function: Callable[[], Awaitable[Any]]) -> Any:
    """An async function for JavaScript to call once, if ever: its proxy ends with the call, or
    where JavaScript lets go of it."""

    async def run() -> Any:
        try:
            return await function()
        finally:
            asyncio.get_running_loop().call_soon(proxy.destroy)  # not in the middle of its call

    proxy = create_proxy(lambda: answer(run()))
    return proxy


def later(target: Any, method: str, args: list[Any]) -> None:
    """``target[method](...args)`` as soon as Python is off the stack."""
    js.queueMicrotask(getattr(target, method).bind(target, *map(to_js, args)))


def now() -> datetime:
    """The time, as JavaScript has it."""
    return datetime.fromtimestamp(Date.now() / 1000, timezone.utc)


def js_error(name: str, message: str, stack: str | None = None) -> Exception:
    """A JavaScript error to raise; ``stack`` is what logs show of it."""
    error: Any = js.Error.new(message)
    error.name = name
    if stack is not None:
        error.stack = stack
    made: Exception = error
    return made


def answer(awaitable: Awaitable[Any]) -> Any:
    """A Promise of what an awaitable gives, for JavaScript that called us.

    It is rejected with the very JavaScript error that was raised; the proxy of a coroutine would
    make a PythonError of it, with a traceback for a message.
    """
    ends: list[Any] = []
    made = js.Promise.new(lambda *both: ends.extend(both))
    task = asyncio.ensure_future(_answered(awaitable, *ends))
    _answering.add(task)  # the event loop alone would let go of it
    task.add_done_callback(_answering.discard)
    return made


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
    """Write to the console, at the level of one of its methods."""
    getattr(js.console, method)(line)


async def js_module(name: str) -> Any:
    """A JavaScript module of the runtime, such as ``cloudflare:email``."""
    try:
        from _pyodide_entrypoint_helper import doAnImport
    except ImportError:
        raise BindingError(f"{name} is only in the Workers runtime") from None
    return await doAnImport(name)


def js_sockets() -> Any:
    """The JavaScript module ``cloudflare:sockets``."""
    try:
        from _pyodide_entrypoint_helper import cloudflareSocketsModule
    except ImportError:
        raise BindingError("cloudflare:sockets is only in the Workers runtime") from None
    return cloudflareSocketsModule


async def event(target: Any, name: str) -> None:
    """Until ``target`` has its next event of that name."""
    happened = asyncio.get_running_loop().create_future()

    def listener(event: Any) -> None:
        if not happened.done():
            happened.set_result(None)

    proxy = create_proxy(listener)
    target.addEventListener(name, proxy)
    try:
        await happened
    finally:
        target.removeEventListener(name, proxy)
        proxy.destroy()


class NoRuntime:
    """In place of the runtime's base class where there is no runtime: Pyodide outside workerd."""

    def __init__(self, ctx: Any, env: Any) -> None: ...


def official_base(name: str) -> Any:
    """The runtime's own class of that name, which exported classes must subclass."""
    try:
        import workers
    except ImportError:
        return NoRuntime
    return getattr(workers, name)
