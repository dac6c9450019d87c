"""What a Durable Object keeps: ``ctx.storage``, its transactions and its alarm."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from .. import _row_types as _rows
from .._border import JsWrapper, from_js, platform, raising, text, to_js
from .._callbacks import entrust, entrust_now
from .._times import from_ms
from ..errors import ConversionError, DurableObjectError
from .kv import SyncKvStorage
from .sql import SqlStorage

if TYPE_CHECKING:
    from .. import _js

__all__ = ["DurableObjectStorage", "DurableObjectTransaction"]

_raising = raising(DurableObjectError)

T = TypeVar("T")
OperationsT = TypeVar("OperationsT", bound="_js.DurableObjectStorageOperations")

Keys: TypeAlias = "list[str] | tuple[str, ...]"

_NO_VALUE: Any = object()


class _Operations(JsWrapper[OperationsT]):
    """What storage and a transaction share."""

    __slots__ = ()

    @overload
    async def get(
        self,
        key: str,
        *,
        allow_concurrency: bool | None = None,
        no_cache: bool | None = None,
    ) -> Any: ...
    @overload
    async def get(
        self,
        key: str,
        type: type[T],
        *,
        allow_concurrency: bool | None = None,
        no_cache: bool | None = None,
    ) -> T | None: ...
    @overload
    async def get(
        self,
        key: Keys,
        *,
        allow_concurrency: bool | None = None,
        no_cache: bool | None = None,
    ) -> dict[str, Any]: ...
    @overload
    async def get(
        self,
        key: Keys,
        type: type[T],
        *,
        allow_concurrency: bool | None = None,
        no_cache: bool | None = None,
    ) -> dict[str, T]: ...
    async def get(
        self,
        key: str | Keys,
        type: Any = None,
        *,
        allow_concurrency: bool | None = None,
        no_cache: bool | None = None,
    ) -> Any:
        """The value of a key, or None; of up to 128 keys those that are there, in key order.

        ``type`` is what a value must be (``int``, ``datetime``, a TypedDict, a dataclass, a class
        with ``model_validate``, …): another one is a RowError.

        While it is read no other event reaches the object, unless ``allow_concurrency``.

        JS: DurableObjectStorage.get.
        """
        with _raising:
            found = from_js(
                await self._js.get(_keys(key), allowConcurrency=allow_concurrency, noCache=no_cache)
            )
        if isinstance(key, str):
            return found if type is None or found is None else _rows.load(type, found, repr(key))
        return found if type is None else _loaded(type, found)

    async def list(
        self,
        *,
        start: str | None = None,
        start_after: str | None = None,
        end: str | None = None,
        prefix: str | None = None,
        reverse: bool | None = None,
        limit: int | None = None,
        allow_concurrency: bool | None = None,
        no_cache: bool | None = None,
    ) -> dict[str, Any]:
        """Keys and values in the order of the keys' UTF-8, or in ``reverse``.

        From ``start`` (with it) or ``start_after`` (without it) to ``end`` (without it), at most
        ``limit``. All of them come into memory.

        JS: DurableObjectStorage.list.
        """
        with _raising:
            found: dict[str, Any] = from_js(
                await self._js.list(
                    start=start,
                    startAfter=start_after,
                    end=end,
                    prefix=prefix,
                    reverse=reverse,
                    limit=limit,
                    allowConcurrency=allow_concurrency,
                    noCache=no_cache,
                )
            )
        return found

    @overload
    async def put(
        self,
        key: str,
        value: Any,
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
        no_cache: bool | None = None,
    ) -> None: ...
    @overload
    async def put(
        self,
        key: Mapping[str, Any],
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
        no_cache: bool | None = None,
    ) -> None: ...
    async def put(
        self,
        key: str | Mapping[str, Any],
        value: Any = _NO_VALUE,
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
        no_cache: bool | None = None,
    ) -> None:
        """Store a value under a key, or up to 128 at once.

        A value is whatever structured clone takes: text, numbers (an int of any size), bool, None,
        bytes, datetimes, lists, dicts, sets; anything else is a ConversionError. In storage with
        SQL key and value are at most 2 MB together; elsewhere a key is at most 2,048 bytes, and a
        value 131,072. What is put without an ``await`` between is stored together or not at all.

        Nothing that the object says leaves it before the value is safe on disk, unless
        ``allow_unconfirmed``.

        JS: DurableObjectStorage.put.
        """
        options = {
            "allowConcurrency": allow_concurrency,
            "allowUnconfirmed": allow_unconfirmed,
            "noCache": no_cache,
        }
        if not isinstance(key, (str, Mapping)):
            kind = type(key).__name__
            raise ConversionError(f"key: expected str or a dict of keys and values, got {kind}")
        if isinstance(key, str) == (value is _NO_VALUE):
            raise TypeError("put() takes a key and its value, or a dict of them alone")
        with _raising:
            if isinstance(key, str):
                await self._js.put(text(key, "key"), to_js(value), **options)
            else:
                await self._js.put(to_js(dict(key), "entries"), **options)

    @overload
    async def delete(
        self,
        key: str,
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
        no_cache: bool | None = None,
    ) -> bool: ...
    @overload
    async def delete(
        self,
        key: Keys,
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
        no_cache: bool | None = None,
    ) -> int: ...
    async def delete(
        self,
        key: str | Keys,
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
        no_cache: bool | None = None,
    ) -> bool | int:
        """Forget a key, and say whether it was there; or up to 128, and how many were.

        JS: DurableObjectStorage.delete.
        """
        with _raising:
            found: bool | int = await self._js.delete(
                _keys(key),
                allowConcurrency=allow_concurrency,
                allowUnconfirmed=allow_unconfirmed,
                noCache=no_cache,
            )
        return found

    async def get_alarm(self, *, allow_concurrency: bool | None = None) -> datetime | None:
        """When the alarm goes off; None where none is set, and while it is under way.

        JS: DurableObjectStorage.getAlarm.
        """
        with _raising:
            found = from_js(await self._js.getAlarm(allowConcurrency=allow_concurrency))
        return None if found is None else from_ms(found)

    async def set_alarm(
        self,
        scheduled_time: datetime | timedelta,
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
    ) -> None:
        """Have ``alarm()`` called then (a naive datetime is UTC), or in so long; at once if past.

        An object has one alarm: this replaces the one that was set. What ``alarm()`` raises has it
        called again, up to six times, after 2 s and then twice as long each time.
        DurableObjectError if the class has no ``alarm``.

        JS: DurableObjectStorage.setAlarm.
        """
        when = (
            platform.now() + scheduled_time
            if isinstance(scheduled_time, timedelta)
            else scheduled_time
        )
        if not isinstance(when, datetime):
            kind = type(scheduled_time).__name__
            raise ConversionError(f"scheduled_time: expected datetime or timedelta, got {kind}")
        with _raising:
            await self._js.setAlarm(
                to_js(when),
                allowConcurrency=allow_concurrency,
                allowUnconfirmed=allow_unconfirmed,
            )

    async def delete_alarm(
        self,
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
    ) -> None:
        """Call the alarm off; one that is under way goes on.

        JS: DurableObjectStorage.deleteAlarm.
        """
        with _raising:
            await self._js.deleteAlarm(
                allowConcurrency=allow_concurrency, allowUnconfirmed=allow_unconfirmed
            )


class DurableObjectTransaction(_Operations["_js.DurableObjectTransaction"]):
    """A transaction under way, made by ``storage.transaction``. JS: DurableObjectTransaction."""

    __slots__ = ()

    def __init__(self, transaction: _js.DurableObjectTransaction) -> None:
        self._js = transaction

    def rollback(self) -> None:
        """Undo what was done in it; the closure goes on. JS: DurableObjectTransaction.rollback."""
        with _raising:
            self._js.rollback()


class DurableObjectStorage(_Operations["_js.DurableObjectStorage"]):
    """What an object keeps on disk, through evictions and restarts: ``self.ctx.storage``.

    What storage refuses is a DurableObjectError.

    JS: DurableObjectStorage.
    """

    __slots__ = ("_kv", "_sql")

    def __init__(self, storage: _js.DurableObjectStorage) -> None:
        self._js = storage
        self._kv: SyncKvStorage | None = None
        self._sql: SqlStorage | None = None

    async def delete_all(
        self,
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
        no_cache: bool | None = None,
    ) -> None:
        """Forget everything, tables among it; from compatibility date 2026-02-24 on the alarm too.

        JS: DurableObjectStorage.deleteAll.
        """
        with _raising:
            await self._js.deleteAll(
                allowConcurrency=allow_concurrency,
                allowUnconfirmed=allow_unconfirmed,
                noCache=no_cache,
            )

    async def transaction(self, closure: Callable[[DurableObjectTransaction], Awaitable[T]]) -> T:
        """Run ``closure``, and keep what it wrote only if it does not raise; what it returns.

        No other event reaches the object meanwhile. SQL in it is part of the transaction too.

        JS: DurableObjectStorage.transaction.
        """

        def begun(transaction: _js.DurableObjectTransaction) -> Awaitable[T]:
            return closure(DurableObjectTransaction(transaction))

        with _raising:
            return await entrust(self._js.transaction, begun)

    def transaction_sync(self, closure: Callable[[], T]) -> T:
        """The same for a closure without ``await``, in storage with SQL.

        JS: DurableObjectStorage.transactionSync.
        """

        def done() -> T:
            given = closure()
            if isawaitable(given):
                if iscoroutine(given):
                    given.close()
                raise TypeError(
                    "transaction_sync() cannot wait for an async closure; transaction() does"
                )
            return given

        with _raising:
            return entrust_now(self._js.transactionSync, done)

    async def sync(self) -> None:
        """Wait until everything that was written is safe on disk. JS: DurableObjectStorage.sync."""
        with _raising:
            await self._js.sync()

    @property
    def sql(self) -> SqlStorage:
        """The object's SQLite database. JS: DurableObjectStorage.sql."""
        if self._sql is None:
            with _raising:
                self._sql = SqlStorage(self._js.sql)
        return self._sql

    @property
    def kv(self) -> SyncKvStorage:
        """Keys and values without ``await``. JS: DurableObjectStorage.kv."""
        if self._kv is None:
            with _raising:
                self._kv = SyncKvStorage(self._js.kv)
        return self._kv

    async def get_current_bookmark(self) -> str:
        """A name for the storage as it is now, to come back to within 30 days.

        Bookmarks, as SQL, are for namespaces made with ``new_sqlite_classes``.

        JS: DurableObjectStorage.getCurrentBookmark.
        """
        with _raising:
            return str(await self._js.getCurrentBookmark())

    async def get_bookmark_for_time(self, timestamp: datetime) -> str:
        """A name for the storage as it was then, within the last 30 days.

        JS: DurableObjectStorage.getBookmarkForTime.
        """
        with _raising:
            return str(await self._js.getBookmarkForTime(to_js(timestamp, "timestamp")))

    async def on_next_session_restore_bookmark(self, bookmark: str) -> str:
        """Have the storage put back to a bookmark when the object starts next (``ctx.abort()``).

        A bookmark that undoes it.

        JS: DurableObjectStorage.onNextSessionRestoreBookmark.
        """
        with _raising:
            return str(await self._js.onNextSessionRestoreBookmark(text(bookmark, "bookmark")))


def _keys(key: str | Iterable[str]) -> Any:
    if isinstance(key, str):
        return text(key, "key")
    if not isinstance(key, Iterable):
        raise ConversionError(f"key: expected str or some of them, got {type(key).__name__}")
    return to_js([text(each, f"key[{at}]") for at, each in enumerate(key)])


def _loaded(kind: type[T], found: dict[str, Any]) -> dict[str, T]:
    return {key: _rows.load(kind, value, repr(key)) for key, value in found.items()}
