"""Structured clone on plain CPython, with what RPC lets pass besides."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from . import web as _web
from .js_exception import JsException
from .streams import ReadableStream

__all__ = ["Clone"]


class Clone:
    """Copies JavaScript's values, each object once.

    ``instead``: what crosses in place of a value that is passed by reference; None for others.
    """

    def __init__(self, instead: Callable[[Any], Any]) -> None:
        self._instead = instead
        self._done: dict[int, Any] = {}

    def __call__(self, value: Any) -> Any:
        kind = type(value)
        if kind in _SAME:
            return value
        key = id(value)
        if key in self._done:
            return self._done[key]
        if kind is list:
            made: Any = self._done.setdefault(key, [])
            made.extend(map(self, value))
        elif kind is dict:
            made = self._done.setdefault(key, {})
            made.update((name, self(item)) for name, item in value.items())
        elif kind is set:
            made = {self(item) for item in value}
        elif kind is JsException:
            made = JsException(value.name, value.message, value.cause and self(value.cause))
        elif kind is _web.Headers:
            made = _web.Headers(value)
        elif isinstance(value, (_web.Request, _web.Response)):
            made = _moved(value)
        elif isinstance(value, ReadableStream):
            made = _stream(value)
        else:
            made = self._instead(value)
            if made is None:
                raise _unclonable(value)
        self._done[key] = made
        return made


_SAME = {str, int, float, bool, type(None), bytes, datetime, _web.Blob}


def _moved(message: Any) -> Any:
    """The same request or response; its body is the copy's from here on."""
    copy = object.__new__(type(message))
    copy.__dict__.update(message.__dict__)
    copy.headers = _web.Headers(message.headers)
    if message.body is not None:
        copy.body = _stream(message.body)
    return copy


def _stream(stream: ReadableStream) -> ReadableStream:
    if stream.locked:
        raise JsException("TypeError", "The ReadableStream has been locked to a reader.")
    stream.locked = stream.disturbed = True
    return ReadableStream(stream.chunks, stream.length)


def _unclonable(value: Any) -> JsException:
    name = getattr(type(value), "js_tag", type(value).__name__)
    said = _BINDINGS.get(
        name,
        f'Could not serialize object of type "{_NAMES.get(name, name)}". This type does not '
        "support serialization.",
    )
    return JsException("DataCloneError", said)


_BINDINGS = {
    "FakeKVNamespace": "A KV namespace binding cannot be serialized.",
    "FakeR2Bucket": "An R2 bucket binding cannot be serialized.",
}
_NAMES = {"FakeD1Database": "D1Database", "FakeQueue": "WorkerQueue"}
