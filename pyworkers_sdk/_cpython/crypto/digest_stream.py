"""``DigestStream`` on plain CPython: a hash, or a checksum, of written bytes."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

import asyncio
import hashlib
import zlib
from functools import cache
from typing import Any, Protocol

from ..js_exception import JsException
from .common import hash_of

__all__ = ["DigestStream"]

# workerd's own words
CLOSED = "This WritableStream has been closed."
LOCKED = "This WritableStream is currently locked to a writer."


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4)


class _Crc:
    """A CRC whose bits are reflected, with all bits set before and inverted at the end."""

    def __init__(self, polynomial: int, size: int) -> None:
        self._table = _table(polynomial)
        self._size = size
        self._ones = self._value = 2 ** (8 * size) - 1

    def update(self, data: bytes, /) -> None:
        value, table = self._value, self._table
        for byte in data:
            value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
        self._value = value

    def digest(self) -> bytes:
        value: int = self._value ^ self._ones
        return value.to_bytes(self._size)


@cache
def _table(polynomial: int) -> list[int]:
    table: list[int] = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)
    return table


def _digest(algorithm: Any) -> _Digest:
    name = (algorithm["name"] if isinstance(algorithm, dict) else algorithm).lower()
    if name == "crc32":
        return _Crc32()
    if name == "crc32c":
        return _Crc(0x82F63B78, 4)
    if name == "crc64nvme":
        return _Crc(0x9A6C9329AC4BC9B5, 8)
    return hashlib.new(hash_of(name).hashlib, usedforsecurity=False)


class DigestStream:
    """JS: DigestStream. It is its own writer."""

    js_tag = "DigestStream"

    def __init__(self, algorithm: Any) -> None:
        self._digest = _digest(algorithm)
        self._ended = asyncio.Event()
        self._error: Any = None
        self.locked = False
        self.bytesWritten = 0

    @classmethod
    def new(cls, algorithm: Any) -> DigestStream:
        return cls(algorithm)

    @property
    async def digest(self) -> Any:
        await self._ended.wait()
        if self._error is not None:
            raise self._error
        return self._digest.digest()

    def getWriter(self) -> DigestStream:
        if self.locked:
            raise JsException("TypeError", LOCKED)
        self.locked = True
        return self

    def releaseLock(self) -> None:
        self.locked = False

    async def write(self, chunk: bytes, /) -> None:
        if self._error is not None:
            raise self._error
        if self._ended.is_set():
            raise JsException("TypeError", CLOSED)
        self._digest.update(chunk)
        self.bytesWritten += len(chunk)

    async def close(self) -> None:
        if self._ended.is_set():
            raise self._error or JsException("TypeError", CLOSED)
        self._ended.set()

    async def abort(self, reason: Any, /) -> None:
        if not self._ended.is_set():
            self._error = reason
            self._ended.set()
