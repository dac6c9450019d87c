"""The size of a value in JavaScript's structured clone: V8's serialisation, format 15.

The runtime limits sizes of stored values and messages by it. The format is that of V8's
``ValueSerializer`` (v8/src/objects/value-serializer.cc).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from .._border.values import is_index

__all__ = ["clone_size"]

_HEADER = 2  # the tag and the number of the format
_DOUBLE = 1 + 8  # a tag, and 8 bytes


def clone_size(value: Any) -> int:
    """Return the number of bytes that the runtime stores for a result of ``to_js``."""
    return _after(value, _HEADER, {})


def _after(value: Any, at: int, known: dict[int, int]) -> int:
    """Return the position after the serialisation of ``value`` that starts at ``at``.

    The position matters because two-byte text is aligned. ``known`` numbers the objects so far: a
    repeated object is written as its number.
    """
    cls = cast("type[Any]", type(value))
    if value is None or cls is bool:
        return at + 1
    if cls is int:
        return at + _integer(value)
    if cls is float:
        small = value.is_integer() and abs(value) <= 2**30 and str(value) != "-0.0"
        return at + (_integer(int(value)) if small else _DOUBLE)
    if cls is str:
        return _text(value, at)
    if id(value) in known:
        return at + 1 + _varint(known[id(value)])
    known[id(value)] = len(known)
    if isinstance(value, datetime):  # "is" would not find it while freezegun replaces the class
        return at + _DOUBLE
    if cls is bytes:
        size = _varint(len(value))
        return at + (1 + size + len(value)) + (2 + 1 + size + 1)  # the buffer, and a view on it
    at += 1
    if cls is dict:
        for key, item in value.items():
            at = _after(int(key) if is_index(key) else key, at, known)
            at = _after(item, at, known)
        return at + 1 + _varint(len(value))
    if cls is list:
        return _array(value, at, known)
    for item in value:  # of a set
        at = _after(item, at, known)
    return at + 1 + _varint(len(value))


def _array(value: list[Any], at: int, known: dict[int, int]) -> int:
    # An array from Python may have holes, so V8 writes its indexes, too, as for an object. Its
    # length is before its items, and after them together with the number of items.
    at += _varint(len(value))
    for index, item in enumerate(value):
        at = _after(item, at + _integer(index), known)
    return at + 1 + 2 * _varint(len(value))


def _integer(value: int) -> int:
    # Zigzag, so that small negative numbers are short.
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
    """Return the number of bytes of a varint: each byte holds 7 bits."""
    return max(1, -(-value.bit_length() // 7))
