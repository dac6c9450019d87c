"""The storage of a Durable Object, ``ctx.storage``: data, transactions and the alarm."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from .. import _row_types as _rows
from .._border import JsWrapper, expected, from_js, platform, raising, text, to_js, to_stored
from .._callbacks import entrust, entrust_now
from .._times import from_ms
from ..errors import ConversionError, DurableObjectError
from .kv import SyncKvStorage
from .sql import SqlStorage

if TYPE_CHECKING:
    from .. import _js
    from .._row_types import RowType

__all__ = ["DurableObjectStorage", "DurableObjectTransaction"]

_raising = raising(DurableObjectError)

T = TypeVar("T")
OperationsT = TypeVar("OperationsT", bound="_js.DurableObjectStorageOperations")

Keys: TypeAlias = "list[str] | tuple[str, ...]"

_NO_VALUE: Any = object()


class _Operations(JsWrapper[OperationsT]):
    """The operations of both storage and a transaction."""

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
        type: RowType[T],
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
        type: RowType[T],
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
        """Return the value of a key, or a dict of the values of several keys.

        A missing key gives None, or is left out of the dict. The dict is in the order of the keys'
        UTF-8 bytes.

        Args:
            key: One key, or a list of at most 128 keys.
            type: The type that a value must have: ``int``, ``datetime``, a TypedDict, a dataclass,
                a class with ``model_validate``, …
            allow_concurrency: Deliver other events to the object during the read. By default the
                input gate keeps them out.
            no_cache: Do not keep the value in the object's in-memory cache.

        Raises:
            RowError: A value does not fit ``type``.
            DurableObjectError: More than 128 keys.

        JS: DurableObjectStorage.get.
        """
        with _raising:
            result = from_js(
                await self._js.get(_keys(key), allowConcurrency=allow_concurrency, noCache=no_cache)
            )
        if type is None:
            return result
        if isinstance(key, str):
            return None if result is None else _rows.load(type, result, repr(key))
        return {name: _rows.load(type, value, repr(name)) for name, value in result.items()}

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
        """Return keys and values in the order of the keys' UTF-8 bytes.

        All of them are loaded into memory: set ``limit`` if there may be many.

        Args:
            start: The first key of the range, inclusive.
            start_after: The lower end of the range, exclusive. Not together with ``start``.
            end: The upper end of the range, exclusive.
            prefix: Return only keys with this prefix.
            reverse: Return the keys in descending order.
            limit: The maximum number of keys; by default all of them.
            allow_concurrency: Deliver other events to the object during the read.
            no_cache: Do not keep the values in the object's in-memory cache.

        Raises:
            DurableObjectError: ``limit`` is less than 1, or both starts were passed.

        JS: DurableObjectStorage.list.
        """
        with _raising:
            entries: dict[str, Any] = from_js(
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
        return entries

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
        """Store a value under a key, or a dict of up to 128 keys and values.

        A value may be anything that structured clone copies: text, numbers (an int of any size),
        bool, None, bytes, datetimes, lists, dicts and sets. Writes without an ``await`` between
        them are stored together or not at all.

        Args:
            key: The key, or a dict of keys and values. In SQLite-backed storage, key and value have
                at most 2 MB together. Otherwise a key has at most 2,048 bytes.
            value: The value. In storage without SQLite at most 131,072 bytes.
            allow_concurrency: Deliver other events to the object during the write.
            allow_unconfirmed: Send responses and messages of the object before the value is safe on
                disk. By default the output gate holds them until then.
            no_cache: Do not keep the value in the object's in-memory cache.

        Raises:
            ConversionError: A value cannot cross to JavaScript.
            DurableObjectError: A limit is exceeded.

        JS: DurableObjectStorage.put.
        """
        options = {
            "allowConcurrency": allow_concurrency,
            "allowUnconfirmed": allow_unconfirmed,
            "noCache": no_cache,
        }
        if not isinstance(key, (str, Mapping)):
            raise expected("key", "str or a dict of keys and values", key)
        if isinstance(key, str) == (value is _NO_VALUE):
            raise TypeError("put() takes a key and a value, or one dict of keys and values")
        with _raising:
            if isinstance(key, str):
                await self._js.put(text(key, "key"), to_stored(value), **options)
            else:
                await self._js.put(to_stored(dict(key), "entries"), **options)

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
        """Delete a key and return whether it existed, or delete several and return their number.

        Args:
            key: One key, or a list of at most 128 keys. Missing keys are not counted.
            allow_concurrency: Deliver other events to the object during the write.
            allow_unconfirmed: Send responses and messages of the object before the deletion is safe
                on disk.
            no_cache: Do not keep the deletion in the object's in-memory cache.

        Raises:
            DurableObjectError: More than 128 keys.

        JS: DurableObjectStorage.delete.
        """
        with _raising:
            deleted: bool | int = await self._js.delete(
                _keys(key),
                allowConcurrency=allow_concurrency,
                allowUnconfirmed=allow_unconfirmed,
                noCache=no_cache,
            )
        return deleted

    async def get_alarm(self, *, allow_concurrency: bool | None = None) -> datetime | None:
        """Return the time of the alarm; None if no alarm is set, and while ``alarm()`` runs.

        Args:
            allow_concurrency: Deliver other events to the object during the read.

        JS: DurableObjectStorage.getAlarm.
        """
        with _raising:
            milliseconds = from_js(await self._js.getAlarm(allowConcurrency=allow_concurrency))
        return None if milliseconds is None else from_ms(milliseconds)

    async def set_alarm(
        self,
        scheduled_time: datetime | timedelta,
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
    ) -> None:
        """Schedule a call of the handler ``alarm()``.

        An object has one alarm: a new alarm replaces the previous one. If ``alarm()`` raises, it
        is retried up to six times with exponential back-off: after 2 s, then after 4 s, 8 s, ….

        Args:
            scheduled_time: A ``timedelta`` from now, or a time as an aware datetime. If the time
                has passed, the alarm is called at once.
            allow_concurrency: Deliver other events to the object during the write.
            allow_unconfirmed: Send responses and messages of the object before the alarm is safe on
                disk.

        Raises:
            DurableObjectError: The class has no ``alarm``, or the time lies before 1970.
            ConversionError: The datetime is naive, or later than the year 9999.

        JS: DurableObjectStorage.setAlarm.
        """
        alarm_time = scheduled_time
        if isinstance(alarm_time, timedelta):
            try:
                alarm_time = platform.now() + alarm_time
            except OverflowError:
                raise ConversionError("scheduled_time: it is beyond the year 9999") from None
        if not isinstance(alarm_time, datetime):
            raise expected("scheduled_time", "datetime or timedelta", scheduled_time)
        with _raising:
            await self._js.setAlarm(
                to_js(alarm_time, "scheduled_time"),
                allowConcurrency=allow_concurrency,
                allowUnconfirmed=allow_unconfirmed,
            )

    async def delete_alarm(
        self,
        *,
        allow_concurrency: bool | None = None,
        allow_unconfirmed: bool | None = None,
    ) -> None:
        """Cancel the alarm and its retries. A call of ``alarm()`` that has begun continues.

        Args:
            allow_concurrency: Deliver other events to the object during the write.
            allow_unconfirmed: Send responses and messages of the object before the deletion is safe
                on disk.

        JS: DurableObjectStorage.deleteAlarm.
        """
        with _raising:
            await self._js.deleteAlarm(
                allowConcurrency=allow_concurrency, allowUnconfirmed=allow_unconfirmed
            )


class DurableObjectTransaction(_Operations["_js.DurableObjectTransaction"]):
    """An open transaction, passed to the closure of ``storage.transaction``.

    JS: DurableObjectTransaction.
    """

    __slots__ = ()

    def __init__(self, transaction: _js.DurableObjectTransaction) -> None:
        self._js = transaction

    def rollback(self) -> None:
        """Undo all writes of this transaction. The closure continues, but not the transaction.

        JS: DurableObjectTransaction.rollback.
        """
        with _raising:
            self._js.rollback()


class DurableObjectStorage(_Operations["_js.DurableObjectStorage"]):
    """The data that an object keeps on disk through evictions and restarts: ``self.ctx.storage``.

    Methods raise DurableObjectError if storage refuses the operation.

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
        """Delete all keys and all tables; from compatibility date 2026-02-24 on also the alarm.

        Args:
            allow_concurrency: Deliver other events to the object during the write.
            allow_unconfirmed: Send responses and messages of the object before the deletion is safe
                on disk.
            no_cache: Do not keep the deletion in the object's in-memory cache.

        Raises:
            DurableObjectError: A transaction is open.

        JS: DurableObjectStorage.deleteAll.
        """
        with _raising:
            await self._js.deleteAll(
                allowConcurrency=allow_concurrency,
                allowUnconfirmed=allow_unconfirmed,
                noCache=no_cache,
            )

    async def transaction(self, closure: Callable[[DurableObjectTransaction], Awaitable[T]]) -> T:
        """Run an ``async`` function in a transaction, and return its result.

        If the function raises, all its writes are undone, and the exception comes out unchanged.
        Statements of ``storage.sql`` belong to the transaction too. No other event reaches the
        object during the transaction.

        JS: DurableObjectStorage.transaction.
        """

        def run(transaction: _js.DurableObjectTransaction) -> Awaitable[T]:
            return closure(DurableObjectTransaction(transaction))

        with _raising:
            return await entrust(self._js.transaction, run)

    def transaction_sync(self, closure: Callable[[], T]) -> T:
        """Run a function without ``await`` in a transaction, and return its result.

        If the function raises, all its writes are undone, and the exception comes out unchanged.

        Raises:
            TypeError: ``closure`` is ``async``; use ``transaction`` for it.
            DurableObjectError: The storage is not SQLite-backed.

        JS: DurableObjectStorage.transactionSync.
        """

        def run() -> T:
            result = closure()
            if isawaitable(result):
                if iscoroutine(result):
                    result.close()  # else Python warns that it was never awaited
                raise TypeError(
                    "transaction_sync(): cannot await an async closure; use transaction()"
                )
            return result

        with _raising:
            return entrust_now(self._js.transactionSync, run)

    async def sync(self) -> None:
        """Wait until all earlier writes are safe on disk. JS: DurableObjectStorage.sync."""
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
        """Synchronous key-value storage, without ``await``. JS: DurableObjectStorage.kv."""
        if self._kv is None:
            with _raising:
                self._kv = SyncKvStorage(self._js.kv)
        return self._kv

    async def get_current_bookmark(self) -> str:
        """Return a bookmark of the storage as it is now; it can be restored within 30 days.

        Like SQL, bookmarks need a namespace made with ``new_sqlite_classes``.

        JS: DurableObjectStorage.getCurrentBookmark.
        """
        with _raising:
            return str(await self._js.getCurrentBookmark())

    async def get_bookmark_for_time(self, timestamp: datetime) -> str:
        """Return a bookmark of the storage as it was at a time within the last 30 days.

        Raises:
            DurableObjectError: The runtime has no point-in-time recovery; workerd has none locally.

        JS: DurableObjectStorage.getBookmarkForTime.
        """
        with _raising:
            return str(await self._js.getBookmarkForTime(to_js(timestamp, "timestamp")))

    async def on_next_session_restore_bookmark(self, bookmark: str) -> str:
        """Restore the storage to a bookmark when the object next starts, as after ``ctx.abort()``.

        Returns:
            A bookmark of the state just before the restore. Restoring it undoes the restore.

        Raises:
            DurableObjectError: The runtime has no point-in-time recovery; workerd has none locally.

        JS: DurableObjectStorage.onNextSessionRestoreBookmark.
        """
        with _raising:
            return str(await self._js.onNextSessionRestoreBookmark(text(bookmark, "bookmark")))


def _keys(key: str | Iterable[str]) -> Any:
    if isinstance(key, str):
        return text(key, "key")
    if not isinstance(key, Iterable):
        raise expected("key", "str or a list of str", key)
    return to_js([text(name, f"key[{index}]") for index, name in enumerate(key)])
