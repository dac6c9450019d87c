"""Keys and values inside a Durable Object, without ``await``: ``ctx.storage.kv``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from .. import _row_types as _rows
from .._border import JsWrapper, from_js, platform, raising, text, to_js
from ..errors import DurableObjectError

if TYPE_CHECKING:
    from .. import _js

__all__ = ["SyncKvStorage"]

_raising = raising(DurableObjectError)

T = TypeVar("T")


class SyncKvStorage(JsWrapper[Any]):
    """Keys and values without ``await``, in storage with SQL: the same that ``storage.get`` sees.

    JS: SyncKvStorage.
    """

    __slots__ = ()

    def __init__(self, kv: _js.SyncKvStorage) -> None:
        self._js = kv

    @overload
    def get(self, key: str) -> Any: ...
    @overload
    def get(self, key: str, type: type[T]) -> T | None: ...
    def get(self, key: str, type: Any = None) -> Any:
        """The value of a key, or None; ``type`` as in ``DurableObjectStorage.get``.

        JS: SyncKvStorage.get.
        """
        with _raising:
            found = from_js(self._js.get(text(key, "key")))
        return found if type is None or found is None else _rows.load(type, found, repr(key))

    def put(self, key: str, value: Any) -> None:
        """Store a value under a key; see ``DurableObjectStorage.put``. JS: SyncKvStorage.put."""
        with _raising:
            self._js.put(text(key, "key"), to_js(value))

    def delete(self, key: str) -> bool:
        """Forget a key; whether it was there. JS: SyncKvStorage.delete."""
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
        """Keys and values, as in ``DurableObjectStorage.list``. JS: SyncKvStorage.list."""
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
