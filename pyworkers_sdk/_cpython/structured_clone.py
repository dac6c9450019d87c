"""Structured clone on plain CPython, with the further objects that RPC lets pass."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..errors import BASE
from . import web as _web
from .js_exception import JsException
from .streams import ReadableStream

__all__ = ["Clone"]


class Clone:
    """A copier of JavaScript's values that copies each object once, so that cycles are kept.

    Args:
        by_reference: Returns the stub that crosses in place of a value; None if the value cannot
            be passed by reference.
    """

    def __init__(self, by_reference: Callable[[Any], Any]) -> None:
        self._by_reference = by_reference
        self._done: dict[int, Any] = {}

    def __call__(self, value: Any) -> Any:
        return self._copy(value)

    def _copy(self, value: Any) -> Any:
        """Copy a value. A level takes one frame of Python, and none of C: 400 levels must fit."""
        cls = type(value)
        if cls in _SAME:
            return value
        key = id(value)
        if key in self._done:
            return self._done[key]
        if cls is list:
            copy: Any = self._done.setdefault(key, [])  # before its items: one may be the list
            for item in value:
                copy.append(self._copy(item))
        elif cls is dict:
            copy = self._done.setdefault(key, {})
            for name, item in value.items():
                copy[name] = self._copy(item)
        elif cls is set:
            copy = {self._copy(item) for item in value}
        else:
            copy = self._copy_of_other(value, cls)
        self._done[key] = copy
        return copy

    def _copy_of_other(self, value: Any, cls: type[Any]) -> Any:
        """Return the copy of an error or an object of the platform."""
        if cls is JsException:
            copy: Any = JsException(
                value.name, value.message, value.cause and self._copy(value.cause)
            )
            if hasattr(value, BASE):
                setattr(copy, BASE, getattr(value, BASE))
        elif cls is _web.Headers:
            copy = _web.Headers(value)
        elif isinstance(value, (_web.Request, _web.Response)):
            copy = _moved(value)
        elif isinstance(value, ReadableStream):
            copy = _moved_stream(value)
        else:
            copy = value if getattr(cls, "crosses", False) else self._by_reference(value)
            if copy is None:
                raise _unclonable(value)
        return copy


_SAME = {str, int, float, bool, type(None), bytes, datetime, _web.Blob}
"""Immutable types: the value itself can stand for its copy."""


def _moved(message: Any) -> Any:
    """Return a copy of a request or response; the body belongs to the copy from here on."""
    copy = object.__new__(type(message))
    copy.__dict__.update(message.__dict__)
    copy.headers = _web.Headers(message.headers)
    if message.body is not None:
        copy.body = _moved_stream(message.body)
    return copy


def _moved_stream(stream: ReadableStream) -> ReadableStream:
    if stream.locked:
        raise JsException("TypeError", "The ReadableStream has been locked to a reader.")
    stream.locked = stream.disturbed = True
    return ReadableStream(stream.chunks, stream.length)


def _unclonable(value: Any) -> JsException:
    name = getattr(type(value), "js_tag", type(value).__name__)
    message = _BINDINGS.get(
        name,
        f'Could not serialize object of type "{_NAMES.get(name, name)}". This type does not '
        "support serialization.",
    )
    return JsException("DataCloneError", message)


# workerd has special words for these bindings, and for others its own names of the classes.
_BINDINGS = {
    "FakeKVNamespace": "A KV namespace binding cannot be serialized.",
    "FakeR2Bucket": "An R2 bucket binding cannot be serialized.",
}
_NAMES = {"FakeQueue": "WorkerQueue"}
