"""Answer JavaScript's names in tests: ``kv.getWithMetadata``, ``cacheTtl=60``, ``{"prefix": …}``.

Python itself suggests the right name, but an AttributeError does so only where its traceback is
printed, and a TypeError only from Python 3.13 on. pytest prints neither. In production nothing is
changed: there Python's own suggestion is in the log.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from types import FunctionType
from typing import Any, cast

from .._border import JsWrapper
from .._options import camel
from .._spelling import similar

__all__ = ["answer_names"]

_INTERNAL = ("_border", "_cpython", "_js", "cli", "testing")
_seen: set[str] = set()


def answer_names() -> None:
    """Let the public classes that were loaded so far answer JavaScript's names."""
    if not hasattr(JsWrapper, "__getattr__"):
        _answer_attributes(JsWrapper)
    for name, module in [*sys.modules.items()]:
        package, _, rest = name.partition(".")
        is_fake = rest.startswith("testing.fakes.")
        if package != "pyworkers_sdk" or name in _seen:
            continue
        _seen.add(name)
        if rest.partition(".")[0] in _INTERNAL and not is_fake:
            continue
        for each, value in [*vars(module).items()]:
            if getattr(value, "__module__", None) != name:
                continue
            if is_fake:
                if isinstance(value, type):
                    _answer_attributes(value, _missing_in_fake)
            elif isinstance(value, type):
                _answer(value)
            elif isinstance(value, FunctionType) and "." in value.__qualname__:
                setattr(module, each, _answering(value))  # such as Response.json


def _answer(cls: type[Any]) -> None:
    if not getattr(cls, "_is_protocol", False):
        _answer_attributes(cls)
    for name, member in [*vars(cls).items()]:
        function: Any = getattr(member, "__func__", member)
        if isinstance(function, FunctionType) and _has_options(name, function):
            method = _answering(function)
            if name == "__new__":
                setattr(cls, name, staticmethod(method))
            else:
                # A class method or a static method stays one.
                wrapper = cast("Any", type(member)) if member is not function else _same
                setattr(cls, name, wrapper(method))


def _same(function: Any) -> Any:
    return function


def _has_options(name: str, function: FunctionType) -> bool:
    makes = name in ("__init__", "__new__")
    return makes or (not name.startswith("_") and function.__code__.co_kwonlyargcount > 0)


# Attributes --------------------------------------------------------------------------------------


def _answer_attributes(cls: type[Any], missing: Callable[[Any, str], Any] | None = None) -> None:
    if not hasattr(cls, "__getattr__"):
        cls.__getattr__ = missing or _missing


def _missing(self: Any, name: str) -> Any:
    """Raise the error for an attribute that an object lacks."""
    cls = cast("type[Any]", type(self))
    if name.startswith("_") or hasattr(cls, name):  # such as a property that raised AttributeError
        return object.__getattribute__(self, name)
    close = similar(name, [each for each in dir(self) if not each.startswith("_")])
    hint = f". Did you mean: {close!r}?" if close else ""
    error = f"{cls.__name__!r} object has no attribute {name!r}{hint}"
    # Without the object, or a printed traceback would suggest the name once more.
    raise AttributeError(error, name=name, obj=None)


def _missing_in_fake(self: Any, name: str) -> Any:
    """Raise the error for an attribute that the runtime's own object lacks.

    A Worker gets such objects if its class does not name an Env.
    """
    js_name = camel(name)
    if (
        js_name == name
        or name.startswith("_")
        or not hasattr(cast("type[Any]", type(self)), js_name)
    ):
        return object.__getattribute__(self, name)
    raise AttributeError(
        f"{type(self).__name__!r} object has no attribute {name!r}: it is the runtime's own "
        f"object and has {js_name}; name your Env class, WorkerEntrypoint[AppEnv], to get ours",
        name=name,
        obj=None,
    )


# Calls -------------------------------------------------------------------------------------------


def _answering(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        try:
            return function(*args, **options)
        except TypeError as error:
            trace = error.__traceback__
            if trace is not None and trace.tb_next is None:  # the function has not begun
                error.args = (_explained(str(error), function, args),)
            raise

    if inspect.iscoroutinefunction(function):
        if sys.version_info >= (3, 12):
            inspect.markcoroutinefunction(call)
        else:
            setattr(call, "_is_coroutine", getattr(asyncio.coroutines, "_is_coroutine"))  # noqa: B009, B010
    return call


_UNKNOWN = re.compile(r"unexpected keyword argument '(\w+)'$")
_TOO_MANY = re.compile(r"positional arguments? .*but \d+ .*given$")


def _explained(message: str, function: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """Return the message of a TypeError about arguments, with what to write instead."""
    parameters = inspect.signature(function).parameters.values()
    if unknown := _UNKNOWN.search(message):
        close = similar(unknown[1], [each.name for each in parameters])
        return f"{message}. Did you mean {close!r}?" if close else message
    options = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    if not (_TOO_MANY.search(message) and options):
        return message
    last: Any = args[-1]
    if isinstance(last, Mapping):
        given = cast("Mapping[Any, Any]", last)
        names = [similar(name, options) for name in given if isinstance(name, str)]
        options = [*filter(None, names)] or options
    return f"{message}; options are keywords: {', '.join(f'{name}=…' for name in options[:8])}"
