"""RPC across the real border: pipelined calls, and the Python objects that the other side holds."""

# JavaScript's values have no types here.
# pyright: basic, reportMissingModuleSource=false
from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from datetime import datetime, timezone
from functools import cache, partial
from inspect import isawaitable
from typing import Any, NamedTuple

import js
from js import Array, Object, Reflect
from pyodide.ffi import JsException, JsProxy, create_proxy, to_js as pyodide_to_js

from .._signatures import signature_of
from ..errors import BASE, WorkersError, base_of, error_of, error_value, is_known
from .live_objects import wrap_live_object
from .pyodide import CLONE, JsNull, answer, tag_of, to_js, to_py, unusual
from .values import MAX_SAFE_INTEGER, Walk, result_of, utc

__all__ = [
    "answered",
    "dispose",
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


class Ready:
    """A value that is JavaScript's already.

    The official conversion takes ``js_object`` out of it and looks no further.
    """

    __slots__ = ("js_object",)

    def __init__(self, js_object: Any) -> None:
        self.js_object = js_object


def sendable(value: Any, name: str = "value") -> Any:
    """Convert a value for RPC: all that structured clone takes, functions and RpcTargets.

    Raises:
        ConversionError: The value, or one inside it, cannot cross.
    """
    cls = type(value)
    if cls is bool or cls is float or (cls is int and -MAX_SAFE_INTEGER < value < MAX_SAFE_INTEGER):
        return value
    return to_js(value, name, _RULES)


def js_failure(error: BaseException) -> Any:
    """Return the JavaScript error to raise in place of ``error``.

    Its stack is Python's traceback; the runtime logs the stack and does not send it to the caller.
    """
    if isinstance(error, JsException):
        return error
    name = getattr(error, "js_name", None) or type(error).__name__
    js_error: Any = (getattr(js, name) if name in _NATIVE else js.Error).new(str(error))
    if name not in _NATIVE:
        js_error.name = name
    if (base := base_of(error)) is not None:
        Reflect.set(js_error, BASE, base)
    if error.__cause__ is not None:
        js_error.cause = js_failure(error.__cause__)
    js_error.stack = "".join(traceback.format_exception(error))
    return js_error


_NATIVE = {"EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"}
"""The error classes of JavaScript that RPC reproduces on the other side."""


_NUMBER = "$number"
"""The property of a JavaScript RpcTarget by which its Python object is found."""


class _Kept(NamedTuple):
    """A function or RpcTarget, and the context of the code that passed it on."""

    value: Any
    context: Context

    def answer(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        # A copy: calls may nest.
        return self.context.copy().run(_answer, function, args)


class _Held:
    """The functions and RpcTargets of this Worker that the other side holds, by number.

    JavaScript gets functions bound to a number over a few proxies that live as long as the isolate:
    a proxy for each function would never be destroyed.

    An entry is dropped when the other side disposes of it. It is also dropped when the JavaScript
    object is garbage-collected, because the runtime does not report the disposal if the stub was
    the last thing that kept this side of a call open.
    """

    def __init__(self) -> None:
        self.objects: dict[int, _Kept] = {}
        self._last = 0
        self._methods: dict[str, Any] = {}
        self._getters: dict[str, Any] = {}
        self._prototypes: dict[Any, Any] = {}
        self._call = create_proxy(self._called)
        self._gone = create_proxy(self._release)
        self._lost = js.FinalizationRegistry.new(create_proxy(self._forget))

    def function(self, function: Callable[..., Any]) -> Any:
        """Return a JavaScript function that calls ``function``."""
        number = self._number(function)
        js_function = _bound(self._call, number)
        Reflect.set(js_function, js.Symbol.dispose, _bound(self._gone, number))
        self._lost.register(js_function, number)
        return js_function

    def target(self, target: Any) -> Any:
        """Return a JavaScript RpcTarget with the public methods and properties of ``target``."""
        number = self._number(target)
        base = _workers_module().RpcTarget
        js_target = Reflect.construct(base, Array.new())
        Object.setPrototypeOf(js_target, self._prototype(type(target), base))
        # RPC does not reach an own property. No member of a Python class has this name.
        setattr(js_target, _NUMBER, number)
        self._lost.register(js_target, number)
        return js_target

    def _number(self, value: Any) -> int:
        self._last += 1
        self.objects[self._last] = _Kept(value, copy_context())
        return self._last

    def _prototype(self, cls: Any, base: Any) -> Any:
        """Return the prototype for targets with the members of ``cls``, made once."""
        methods, properties = cls.__passed_by_reference__()
        key = (methods, properties)
        if key not in self._prototypes:
            prototype = self._prototypes[key] = Object.create(base.prototype)
            for name in methods:
                Reflect.set(prototype, name, self._shared(self._methods, name, self._method))
            for name in properties:
                getter = self._shared(self._getters, name, self._property)
                descriptor = Object.fromEntries(pyodide_to_js([["get", getter]]))
                Object.defineProperty(prototype, name, descriptor)
            dispose = self._shared(self._getters, "", self._release_this)
            Reflect.set(prototype, js.Symbol.dispose, dispose)
        return self._prototypes[key]

    def _shared(self, proxies: dict[str, Any], name: str, function: Callable[..., Any]) -> Any:
        """Return the one proxy for a member's name, whatever the class that has it."""
        if name not in proxies:
            proxies[name] = create_proxy(partial(function, name)).captureThis()
        return proxies[name]

    # Called by JavaScript

    def _called(self, number: int, *args: Any) -> Any:
        kept = self.objects[number]
        return kept.answer(kept.value, args)

    def _method(self, name: str, this: Any, *args: Any) -> Any:
        kept = self.objects[getattr(this, _NUMBER)]
        return kept.answer(getattr(kept.value, name), args)

    def _property(self, name: str, this: Any) -> Any:
        kept = self.objects[getattr(this, _NUMBER)]
        return kept.answer(partial(getattr, kept.value, name), ())

    def _forget(self, number: int) -> None:
        self.objects.pop(number, None)

    def _release_this(self, _: str, this: Any) -> None:
        self._release(getattr(this, _NUMBER))

    def _release(self, number: int, *_: Any) -> None:
        released = self.objects.pop(number, None)
        if released is not None and hasattr(type(released.value), "__passed_by_reference__"):
            released.context.run(released.value.dispose)


def _bound(proxy: Any, number: int) -> Any:
    """Return a JavaScript function that calls a proxy with ``number`` as its first argument.

    ``proxy.bind(number)`` would return an object that Pyodide takes for a proxy too, and destroys.
    """
    return js.Function.prototype.call.bind(proxy, None, number)


def _arguments(function: Callable[..., Any], args: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments that arrived, as the annotations of the function specify."""
    values = [from_rpc(arg) for arg in args]
    signature = signature_of(function)
    return (values, {}) if signature is None else signature.arrived(values)


def _answer(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Call ``function``, and return its result as JavaScript's, or a Promise of it."""
    try:
        values, options = _arguments(function, args)
        result = function(*values, **options)
        name = result_of(function)
        if not isawaitable(result):
            return sendable(result, name)
    except Exception as error:
        # Raised from here it would be a PythonError, with a traceback for a message.
        rejected = js.Promise.withResolvers()
        rejected.reject(js_failure(error))
        return rejected.promise
    return _promised(result, name)


def _promised(work: Awaitable[Any], name: str) -> Any:
    """Return a Promise of the result of ``work``, converted for RPC."""

    async def settle() -> Any:
        try:
            return sendable(await work, name)
        except Exception as error:
            raise js_failure(error) from None

    return answer(settle())


def answered(work: Awaitable[Any], method: Any = None) -> Any:
    """Return the result of a method that the runtime called, for the runtime to await.

    The official conversion passes it on untouched.
    """
    return Ready(_promised(work, result_of(method)))


def returned(value: Any) -> Any:
    """Return the result of a handler that the runtime called, as RPC takes it.

    None is undefined here: handlers that return nothing have no result.
    """
    return Ready(None if value is None else sendable(value))


_held: _Held | None = None


def _holding() -> _Held:
    # Made at the first use: at import a Worker is snapshotted, and may hold no proxy.
    global _held
    if _held is None:
        _held = _Held()
    return _held


def _workers_module() -> Any:
    import _pyodide_entrypoint_helper

    return _pyodide_entrypoint_helper.cloudflareWorkersModule


def _by_reference(value: Any, walk: Walk) -> Any:
    if hasattr(type(value), "__passed_by_reference__"):
        return _holding().target(value)
    return _holding().function(value)


_RULES = CLONE.extended(
    {Exception: lambda value, walk: js_failure(value)}, by_reference=_by_reference
)


# JavaScript to Python. A value comes raw, or through the official SDK's conversion.


Seen = dict[int, tuple[Any, Any]]
"""By id: each container that has arrived, and its copy. A freed container's id would be reused."""

Arrival = Callable[[Any, Seen], Any]


def from_rpc(value: Any) -> Any:
    """Convert an argument of a method that the runtime calls, or the result of a call over RPC."""
    return _arrived(value, {})


def _arrived(value: Any, seen: Seen) -> Any:
    arrive = ARRIVALS.get(type(value)) or _arrival_for(type(value))
    return arrive(value, seen)


def _arrival_for(cls: type[Any]) -> Arrival:
    for base, arrive in _ARRIVALS_OF_SUBCLASSES.items():
        if issubclass(cls, base):
            return arrive
    return _wrapped if hasattr(cls, "js_object") else _same


def _same(value: Any, seen: Seen) -> Any:
    return value


def _datetime(value: datetime, seen: Seen) -> datetime:
    # The official conversion makes it naive, in local time.
    return utc(value.astimezone(timezone.utc))


def _list(value: Any, seen: Seen) -> list[Any]:
    if id(value) not in seen:
        items: list[Any] = []
        seen[id(value)] = (value, items)
        for item in value:  # without a generator, whose frame is one more at each level
            items.append(_arrived(item, seen))
    copy: list[Any] = seen[id(value)][1]
    return copy


def _dict(value: Any, seen: Seen) -> dict[str, Any]:
    if id(value) not in seen:
        fields: dict[str, Any] = {}
        seen[id(value)] = (value, fields)
        for key, item in value.items():
            fields[key] = _arrived(item, seen)
    copy: dict[str, Any] = seen[id(value)][1]
    return copy


def _set(value: Any, seen: Seen) -> set[Any]:
    return {_arrived(item, seen) for item in value}


def _bytes(value: memoryview, seen: Seen) -> bytes:
    return value.tobytes()


def _none(value: Any, seen: Seen) -> None:
    return None


def _error(value: Any, seen: Seen) -> Any:
    if tag_of(value) == "Object":  # see _cleaned in pyodide.py
        return {pair[0]: _arrived(pair[1], seen) for pair in Object.entries(value)}
    return error_value(value)


def _object(value: Any, seen: Seen) -> Any:
    plain = to_py(value)
    if plain is None or isinstance(plain, JsProxy):
        plain = unusual(value, set())
        if isinstance(plain, JsProxy):
            return wrap_live_object(tag_of(plain), plain)
    return _arrived(plain, seen)


def _wrapped(value: Any, seen: Seen) -> Any:
    """Unwrap the official SDK's Request, Response, … into this package's class."""
    return wrap_live_object(tag_of(value.js_object), value.js_object)


def _official_error(value: Exception, seen: Seen) -> WorkersError:
    # The official conversion writes "name: message" into a plain Exception.
    name, separator, message = str(value).partition(": ")
    if separator or is_known(name):
        return error_of(WorkersError, name, message, python=True)
    return WorkersError(name)


def _integer(value: int, seen: Seen) -> int:
    return int(value)


ARRIVALS: dict[type[Any], Arrival] = {
    str: _same,
    int: _same,
    float: _same,
    bool: _same,
    type(None): _same,
    JsNull: _none,
    datetime: _datetime,
    list: _list,
    dict: _dict,
    set: _set,
    memoryview: _bytes,
    JsException: _error,
    Exception: _official_error,
}
"""How a value of each type arrives; ``_cpython.rpc`` has its own table of the same name."""

_ARRIVALS_OF_SUBCLASSES: dict[type[Any], Arrival] = {
    list: _list,
    dict: _dict,
    JsException: _error,  # before JsProxy: JsException is a subclass of it
    JsProxy: _object,
    int: _integer,  # 314 marks a BigInt by a subclass of int
}


# Calls


def member(target: Any, name: str) -> Any:
    """Return ``target[name]`` of an RPC stub; no request is sent yet."""
    if name in _names(type(target)):
        # JsProxy has a method of that name, and Python would find that one. An array hides the
        # property from Pyodide's conversion to a future. Not every stub has as_object_map().
        return Array.of(0).map(Reflect.get.bind(None, target, name, target))[0]
    return getattr(target, name)


def _dir(cls: Any) -> frozenset[str]:
    return frozenset(dir(cls))


_names: Callable[[Any], frozenset[str]] = cache(_dir)


def invoke(target: Any, args: list[Any], this: Any = None) -> Any:
    """Call ``target(...args)`` and return the stub of its result, to await or to pipeline.

    ``this`` is needed for the method of an object that is not a stub. Pyodide would turn the result
    into a future, without a stub's members; an array hides the result from it.
    """
    return pyodide_to_js([args]).map(_bind_apply()(None, target, this))[0]


def method(target: Any, name: str, *args: Any) -> Any:
    """Call ``target[name](...args)`` of an object that may be an RPC stub.

    A stub has every member, so Pyodide takes it for a generator, a map and so on: ``target.send``
    and ``target.get`` would be Pyodide's own methods.
    """
    return Reflect.apply(member(target, name), target, Array.of(*args))


@cache
def _bind_apply() -> Any:
    return Reflect.apply.bind


def dispose(target: Any) -> None:
    """Call ``target[Symbol.dispose]()``."""
    dispose_method = Reflect.get(target, js.Symbol.dispose)
    Reflect.apply(dispose_method, target, Array.new())


def local_stub(value: Any) -> Any:
    """Return ``new RpcStub(value)``."""
    return _workers_module().RpcStub.new(sendable(value))
