"""How many bytes JavaScript's structured clone makes of a value: V8's serialisation, format 15."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from .._border.values import is_index

__all__ = ["clone_size"]

_HEADER = 2
_DOUBLE = 1 + 8


def clone_size(value: Any) -> int:
    """The length of what the runtime stores for ``value``, as ``to_js`` gave it."""
    return _after(value, _HEADER, {})


def _after(value: Any, at: int, known: dict[int, int]) -> int:
    """Where the serialisation of ``value``, which starts at ``at``, ends."""
    kind = cast("type[Any]", type(value))
    if value is None or kind is bool:
        return at + 1
    if kind is int:
        return at + _integer(value)
    if kind is float:
        small = value.is_integer() and abs(value) <= 2**30 and str(value) != "-0.0"
        return at + (_integer(int(value)) if small else _DOUBLE)
    if kind is str:
        return _text(value, at)
    if id(value) in known:
        return at + 1 + _varint(known[id(value)])
    known[id(value)] = len(known)
    if kind is datetime:
        return at + _DOUBLE
    if kind is bytes:
        size = _varint(len(value))
        return at + (1 + size + len(value)) + (2 + 1 + size + 1)  # the buffer, and a view on it
    at += 1
    if kind is dict:
        for key, item in value.items():
            at = _after(int(key) if is_index(key) else key, at, known)
            at = _after(item, at, known)
        return at + 1 + _varint(len(value))
    at += _varint(len(value)) if kind is list else 0
    for item in value:
        at = _after(item, at, known)
    return at + 1 + _varint(len(value)) + (1 if kind is list else 0)


def _integer(value: int) -> int:
    if -(2**30) <= value < 2**30:
        return 1 + _varint(abs(value) * 2 - (value < 0))
    if abs(value) < 2**53:
        return _DOUBLE
    return 1 + _varint(64) + -(-value.bit_length() // 64) * 8  # a BigInt, in whole words


def _text(value: str, at: int) -> int:
    if all(ord(letter) < 256 for letter in value):
        return at + 1 + _varint(len(value)) + len(value)
    size = len(value.encode("utf-16-le"))
    begin = at + 1 + _varint(size)
    return begin + begin % 2 + size  # two-byte text is aligned


def _varint(value: int) -> int:
    return max(1, -(-value.bit_length() // 7))
