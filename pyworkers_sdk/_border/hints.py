"""Hints for values of a wrong type. It is imported only when such a value is refused."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from inspect import isasyncgenfunction, iscoroutine, iscoroutinefunction, isfunction, ismethod
from typing import Any, cast

__all__ = ["described", "hint_for", "parts_of"]


def described(value: object) -> str:
    """Return the type of a value for an error: "None", "int", "the coroutine KV.get()"."""
    if iscoroutine(value):
        return f"the coroutine {value.__qualname__}()"
    return "None" if value is None else type(value).__name__


def hint_for(value: Any, wanted: str = "", hint: str = "") -> str:
    """Return what to do about a refused value: the way out of a usual slip, or else ``hint``.

    A coroutine is closed: the error names it, so Python's warning that it was never awaited would
    only be noise.

    Args:
        value: The refused value.
        wanted: The accepted types, as the error names them.
        hint: The hint of the caller, for other values.
    """
    if iscoroutine(value):
        value.close()
        owner, _, method = value.__qualname__.rpartition(".")
        if owner and owner == wanted:  # the result of the method is something else
            return f"pass the {owner} itself, without {method}()"
        return "await it first"
    if hasattr(cast("type[Any]", type(value)), "__await__"):
        return "await it first"
    slip = _slip(value, "stream" in wanted)
    if slip or hint or not isinstance(value, Iterator):
        return slip or hint
    return "join its pieces first" if wanted and "list" not in wanted else "make a list of it first"


def _slip(value: Any, is_body: bool) -> str:
    """Return the way out for a value that is never meant, or ""."""
    cls = cast("type[Any]", type(value))  # an RPC stub itself has every attribute
    if hasattr(cls, "read") and hasattr(cls, "close"):  # an open file
        or_pieces = ", or an async generator that yields pieces of it" if is_body else ""
        return f"pass its content: file.read(){or_pieces}"
    if hasattr(cls, "read_bytes"):  # a Path
        return "pass its content: path.read_bytes()"
    if isfunction(value) or ismethod(value):
        is_async = not isasyncgenfunction(value) and iscoroutinefunction(value)
        return f"call it: {'await ' if is_async else ''}{value.__name__}()"
    return _slip_of_body(value) if is_body else ""


def _slip_of_body(value: Any) -> str:
    if isinstance(value, Generator):
        return "make it an async generator (async def … yield), or pass b''.join(pieces)"
    if isinstance(value, Iterator) or _has_pieces(value):
        return "pass b''.join(pieces), or an async generator that yields them"
    if hasattr(cast("type[Any]", type(value)), "body_used"):  # a Request or a Response
        return "pass its body, for example response.body"
    return ""


def _has_pieces(value: Any) -> bool:
    """Return True for a list or a tuple of bytes."""
    pieces = cast("list[Any]", value) if isinstance(value, (list, tuple)) else []
    return bool(pieces) and all(isinstance(piece, bytes) for piece in pieces)


def parts_of(type_name: str) -> str:
    """Return which parts of a live object to pass in its place, or ""."""
    return _PARTS.get(type_name, "")


_PARTS = {
    "Blob": "pass its text or its bytes, such as await blob.text()",
    "FormData": "pass its fields, dict(form.items())",
    "Headers": "pass a dict, dict(headers.items())",
    "ReadableStream": "pass its text or its bytes, such as await stream.text()",
    "Request": "pass its parts, such as its url or await request.json()",
    "Response": "pass its parts, such as its status or await response.json()",
    "async_generator": "pass a list of its items",
}
