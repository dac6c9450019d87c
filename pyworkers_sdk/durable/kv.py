"""Synchronous key-value storage of a Durable Object: ``ctx.storage.kv``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from .. import _row_types as _rows
from .._border import JsWrapper, from_js, platform, raising, text, to_stored
from ..errors import DurableObjectError

if TYPE_CHECKING:
    from .. import _js
    from .._row_types import RowType

__all__ = ["SyncKvStorage"]

_raising = raising(DurableObjectError)

T = TypeVar("T")


class SyncKvStorage(JsWrapper[Any]):
    """Key-value storage that needs no ``await``; it shares its data with ``storage.get``.

    Only SQLite-backed objects have it (namespaces made with ``new_sqlite_classes``); for other
    objects, using it raises DurableObjectError.

    JS: SyncKvStorage.
    """

    __slots__ = ()

    def __init__(self, kv: _js.SyncKvStorage) -> None:
        self._js = kv

    @overload
    def get(self, key: str) -> Any: ...
    @overload
    def get(self, key: str, type: RowType[T]) -> T | None: ...
    def get(self, key: str, type: Any = None) -> Any:
        """Return the value of a key, or None if the key is missing.

        Args:
            key: The key.
            type: The type that the value must have, as in ``DurableObjectStorage.get``.

        Raises:
            RowError: The value does not fit ``type``.

        JS: SyncKvStorage.get.
        """
        with _raising:
            value = from_js(self._js.get(text(key, "key")))
        return value if type is None or value is None else _rows.load(type, value, repr(key))

    def put(self, key: str, value: Any) -> None:
        """Store a value under a key. See ``DurableObjectStorage.put`` for types and limits.

        Raises:
            ConversionError: The value cannot cross to JavaScript.
            DurableObjectError: Key and value are larger than 2 MB together.

        JS: SyncKvStorage.put.
        """
        with _raising:
            self._js.put(text(key, "key"), to_stored(value))

    def delete(self, key: str) -> bool:
        """Delete a key. Return True if it existed.

        JS: SyncKvStorage.delete.
        """
        with _raising:
            return bool(self._js.delete(text(key, "key")))

    def list(
        self,
        *,
        start: str | None = None,
        start_after: str | None = None,
        end: str | None = None,
        prefix: str | None = None,
        reverse: bool | None = None,
        limit: int | None = None,
    ) -> dict[str, Any]:
        """Return keys and values in the order of the keys' UTF-8 bytes.

        Args:
            start: The first key of the range, inclusive.
            start_after: The lower end of the range, exclusive. Not together with ``start``.
            end: The upper end of the range, exclusive.
            prefix: Return only keys with this prefix.
            reverse: Return the keys in descending order.
            limit: The maximum number of keys; by default all of them.

        Raises:
            DurableObjectError: ``limit`` is less than 1, or both starts were passed.

        JS: SyncKvStorage.list.
        """
        with _raising:
            return platform.pairs(
                self._js.list(
                    start=start,
                    startAfter=start_after,
                    end=end,
                    prefix=prefix,
                    reverse=reverse,
                    limit=limit,
                )
            )
