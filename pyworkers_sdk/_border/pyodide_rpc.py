"""RPC over the real border: calls that can be pipelined, and what the other side holds of ours."""

# JavaScript's values have no types here.
# pyright: basic, reportMissingModuleSource=false
from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from functools import cache, partial
from inspect import isawaitable
from typing import Any

from ..errors import WorkersError, from_js_error
from . import pyodide as _pyodide
from .live_objects import wrap_live_object
from .pyodide import CLONE, JsException, to_js, web as js
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

border: Any = _pyodide  # with what it does not offer to others
JsProxy = border.JsProxy
Object, Reflect, Array = border.Object, border.Reflect, border.Array


# What goes out


class Ready:
    """What is JavaScript's already: the official conversion takes it out and looks no further."""

    __slots__ = ("js_object",)

    def __init__(self, js_object: Any) -> None:
        self.js_object = js_object


def sendable(value: Any, name: str = "value") -> Any:
    """``value`` as RPC takes it: what structured clone takes, functions and RpcTargets."""
    kind = type(value)
    if (
        kind is bool
        or kind is float
        or (kind is int and -MAX_SAFE_INTEGER < value < MAX_SAFE_INTEGER)
    ):
        return value
    return to_js(value, name, _RULES)


def js_failure(error: BaseException) -> Any:
    """A JavaScript error to raise in place of ``error``; Python's traceback is its stack, which the
    runtime logs and does not send on."""
    if isinstance(error, JsException):
        return error
    name = getattr(error, "js_name", None) or type(error).__name__
    made: Any = (getattr(js, name) if name in _NATIVE else js.Error).new(str(error))
    if name not in _NATIVE:
        made.name = name
    if error.__cause__ is not None:
        made.cause = js_failure(error.__cause__)
    made.stack = "".join(traceback.format_exception(error))
    return made


_NATIVE = {"EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"}


class _Held:
    """Functions and RpcTargets of ours that the other side holds, by number.

    JavaScript gets functions bound to a number over a few proxies which live as long as the
    isolate. An entry goes when the other side disposes of it; or with the JavaScript object, since
    the runtime tells nothing where the stub was the last thing that kept our side of a call open.
    """

    def __init__(self) -> None:
        self.objects: dict[int, Any] = {}
        self._last = 0
        self._methods: dict[str, Any] = {}
        self._getters: dict[str, Any] = {}
        self._prototypes: dict[Any, Any] = {}
        self._call = border.create_proxy(self._called)
        self._gone = border.create_proxy(self._let_go)
        self._lost = js.FinalizationRegistry.new(border.create_proxy(self._forget))

    def function(self, function: Callable[..., Any]) -> Any:
        number = self._number(function)
        made = _bound(self._call, number)
        Reflect.set(made, js.Symbol.dispose, _bound(self._gone, number))
        self._lost.register(made, number)
        return made

    def target(self, target: Any) -> Any:
        number = self._number(target)
        base = _workers_module().RpcTarget
        made = Reflect.construct(base, Array.new())
        Object.setPrototypeOf(made, self._prototype(type(target), base))
        made.number = number  # own properties cannot be reached over RPC
        self._lost.register(made, number)
        return made

    def _number(self, value: Any) -> int:
        self._last += 1
        self.objects[self._last] = value
        return self._last

    def _prototype(self, kind: Any, base: Any) -> Any:
        methods, properties = kind.__passed_by_reference__()
        key = (methods, properties)
        if key not in self._prototypes:
            made = self._prototypes[key] = Object.create(base.prototype)
            for name in methods:
                Reflect.set(made, name, self._shared(self._methods, name, self._method))
            for name in properties:
                getter = self._shared(self._getters, name, self._property)
                descriptor = Object.fromEntries(border._to_js([["get", getter]]))
                Object.defineProperty(made, name, descriptor)
            gone = self._shared(self._getters, "", self._let_go_of)
            Reflect.set(made, js.Symbol.dispose, gone)
        return self._prototypes[key]

    def _shared(self, made: dict[str, Any], name: str, function: Callable[..., Any]) -> Any:
        if name not in made:
            made[name] = border.create_proxy(partial(function, name)).captureThis()
        return made[name]

    def _called(self, number: int, *args: Any) -> Any:
        return _answer(self.objects[number], args)

    def _method(self, name: str, this: Any, *args: Any) -> Any:
        return _answer(getattr(self.objects[this.number], name), args)

    def _property(self, name: str, this: Any) -> Any:
        return _answer(partial(getattr, self.objects[this.number], name), ())

    def _forget(self, number: int) -> None:
        self.objects.pop(number, None)

    def _let_go_of(self, _: str, this: Any) -> None:
        self._let_go(this.number)

    def _let_go(self, number: int, *_: Any) -> None:
        held = self.objects.pop(number, None)
        if hasattr(type(held), "__passed_by_reference__"):
            held.dispose()


def _bound(proxy: Any, number: int) -> Any:
    """A JavaScript function which calls the proxy with a number first. Binding the proxy itself
    would make something that Pyodide takes for a proxy too, and destroys."""
    return js.Function.prototype.call.bind(proxy, None, number)


def _answer(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """What ``function`` gives, as JavaScript's; a Promise where it is to be awaited."""
    try:
        result = function(*map(from_rpc, args))
        name = result_of(function)
        if not isawaitable(result):
            return sendable(result, name)
    except Exception as error:
        made = js.Promise.withResolvers()
        made.reject(js_failure(error))
        return made.promise
    return _promised(result, name)


def _promised(work: Awaitable[Any], name: str) -> Any:
    """A Promise of what ``work`` gives, as RPC takes it."""

    async def settle() -> Any:
        try:
            return sendable(await work, name)
        except Exception as error:
            raise js_failure(error) from None

    return border.answer(settle())


def answered(work: Awaitable[Any], method: Any = None) -> Any:
    """What a method that the runtime called gives back: past the official conversion untouched."""
    return Ready(_promised(work, result_of(method)))


def returned(value: Any) -> Any:
    """What a handler that the runtime called gives back, as RPC takes it; None is undefined."""
    return Ready(None if value is None else sendable(value))


_held: _Held | None = None


def _holding() -> _Held:
    global _held
    if _held is None:
        _held = _Held()
    return _held


def _workers_module() -> Any:
    import _pyodide_entrypoint_helper

    return _pyodide_entrypoint_helper.cloudflareWorkersModule


def _referred(value: Any, walk: Walk) -> Any:
    if hasattr(type(value), "__passed_by_reference__"):
        return _holding().target(value)
    return _holding().function(value)


_RULES = CLONE.extended({Exception: lambda value, walk: js_failure(value)}, by_reference=_referred)


# What comes in, as JavaScript's or through the official SDK's conversion


def from_rpc(value: Any) -> Any:
    """An argument with which the runtime calls a method, or what a call over RPC gave."""
    return _arrived(value, {})


def _arrived(value: Any, seen: dict[int, Any]) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is datetime:  # the official conversion makes it local and naive
        return utc(value.astimezone(timezone.utc))
    if isinstance(value, (list, dict)):
        if id(value) not in seen:
            made: Any = [] if isinstance(value, list) else {}
            seen[id(value)] = made
            if isinstance(value, list):
                made.extend(_arrived(item, seen) for item in value)
            else:
                made.update((key, _arrived(item, seen)) for key, item in value.items())
        return seen[id(value)]
    if kind is set:
        return {_arrived(item, seen) for item in value}
    if kind is memoryview:
        return value.tobytes()
    if value is border.jsnull:
        return None
    if isinstance(value, JsException):
        return from_js_error(WorkersError, value)
    if isinstance(value, JsProxy):
        made = border._to_py(value)
        if made is None or isinstance(made, JsProxy):
            made = border._unusual(value, set())
            if isinstance(made, JsProxy):
                return wrap_live_object(tag_of(made), made)
        return _arrived(made, seen)
    if hasattr(kind, "js_object"):  # the official SDK's Request, Response, …
        return wrap_live_object(tag_of(value.js_object), value.js_object)
    if kind is Exception:
        name, _, message = str(value).partition(": ")
        return WorkersError(message, js_name=name) if message else WorkersError(name)
    return int(value) if isinstance(value, int) else value  # 314 marks a BigInt by a subclass


_PLAIN = border._DONE - {datetime}


def tag_of(value: Any) -> str:
    """What JavaScript says that an object is: "Request", "JsRpcStub", …"""
    said: str = Object.prototype.toString.call(value)
    return said[len("[object ") : -1]


# Calls


def member(target: Any, name: str) -> Any:
    """``target[name]`` of a stub, which nothing asks for yet."""
    if name in _names(type(target)):  # of a method of JsProxy
        # an array hides it from Pyodide, which would wait for it; nor has every stub as_object_map
        return Array.of(0).map(Reflect.get.bind(None, target, name, target))[0]
    return getattr(target, name)


def _dir(kind: Any) -> frozenset[str]:
    return frozenset(dir(kind))


_names: Callable[[Any], frozenset[str]] = cache(_dir)


def invoke(target: Any, args: list[Any], this: Any = None) -> Any:
    """``target(...args)``, as the stub of what it will give: awaited or pipelined by and by.

    ``this`` is for the method of an object that is no stub. Pyodide would make a future of what
    comes, which has none of a stub's members; an array hides it.
    """
    return border._to_js([args]).map(_bind_apply()(None, target, this))[0]


def method(target: Any, name: str, *args: Any) -> Any:
    """``target[name](...args)`` of what may be an RPC stub: that has every member, so Pyodide takes
    it for a generator, a map and so on, with a ``send`` and a ``get`` of its own."""
    return Reflect.apply(member(target, name), target, Array.of(*args))


@cache
def _bind_apply() -> Any:
    return Reflect.apply.bind


def dispose(target: Any) -> None:
    """``target[Symbol.dispose]()``."""
    end = Reflect.get(target, js.Symbol.dispose)
    Reflect.apply(end, target, Array.new())


def local_stub(value: Any) -> Any:
    """``new RpcStub(value)``."""
    return _workers_module().RpcStub.new(sendable(value))
