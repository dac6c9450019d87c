"""The storage of a fake Durable Object in memory: keys and values, transactions, the alarm.

Its methods are ``async`` but never yield to the event loop. So no other event reaches the object
while it awaits storage: that is the input gate (see ``testing/runtime/scheduling.py``).
"""

from __future__ import annotations

from array import array
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from ...._cpython.clone_size import clone_size
from ...._cpython.js_exception import JsException
from ...._cpython.run_sync import unawaited
from ...._times import EPOCH
from ...runtime.scheduling import InputGate, scheduler
from ..sqlite import Refused
from .sql import MAX_LENGTH, Database, FakeSqlStorage, Range

if TYPE_CHECKING:
    from ..._clock import Clock

__all__ = ["FakeDurableObjectStorage", "FakeDurableObjectTransaction", "FakeSyncKvStorage"]


_MAX_KEYS = 128  # of one call
_MAX_KEY = 2048  # bytes, in storage without SQLite
_MAX_VALUE = 131_072  # bytes, in storage without SQLite

# The runtime's own words.
_MAX_COUNT = "Maximum number of {name} is {limit}."
_KEY_TOO_LARGE = "Keys cannot be larger than {limit} bytes."
_VALUE_TOO_LARGE = "Values cannot be larger than {limit} bytes."
_ROW_TOO_LARGE = "string or blob too big: SQLITE_TOOBIG"
_NOT_SERIALIZABLE = (
    'Could not serialize object of type "{name}". This type does not support serialization.'
)
_TWO_STARTS = "list() cannot be called with both start and startAfter values."
_LIMIT_NOT_POSITIVE = "List limit must be positive."
_ALARM_BEFORE_1970 = "setAlarm() cannot be called with an alarm time <= 0"
_NO_ALARM_HANDLER = (
    "Your Durable Object class must have an alarm() handler in order to call setAlarm()"
)
_ALARM_OF_FACET = "Facets currently cannot set alarms."
_ROLLED_BACK = "Cannot {call} on rolled back transaction"
_COMMITTED = (
    "Cannot call {call} on transaction that has already committed: did you move `txn` outside of "
    "the closure?"
)
_DELETE_ALL_IN_TRANSACTION = "Cannot call deleteAll() within a transaction"
_NO_SYNC_TRANSACTION = "Durable Object is not backed by SQL."
_NO_RECOVERY = "This Durable Object's storage back-end does not implement point-in-time recovery."
_NO_SQL = (
    "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to "
    "`new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml "
    "file. If using workerd directly,set `enableSql = true` in your workerd config for the class. "
    "Note that this change cannot be made after the class is already deployed to production."
)
_NO_SYNC_KV = (
    "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but "
    "this object's namespace is not declared to use SQLite. You can use the older, asyncronous "
    "interface via methods of `storage` itself (e.g. `storage.get()`). Alternatively, to enable "
    "SQLite, change `new_classes` to `new_sqlite_classes` within the 'migrations' field in your "
    "wrangler.jsonc or wrangler.toml file. If using workerd directly, set `enableSql = true` in "
    "your workerd config for the class. Note that this change cannot be made after the class is "
    "already deployed to production."
)


class _Operations:
    """The operations of both storage and a transaction."""

    def _live(self, call: str, *, writes: bool = True) -> FakeDurableObjectStorage:
        """Return the storage to work on, or raise an error if it cannot be used any more."""
        raise NotImplementedError

    # The options (allowConcurrency, noCache, …) are accepted and have no effect here.

    async def get(
        self,
        key: Any,
        /,
        *,
        allowConcurrency: bool | None = None,
        noCache: bool | None = None,
    ) -> Any:
        storage = self._live("get()", writes=False)
        if isinstance(key, str):
            return next(iter(storage.database.get(key)), None)
        storage.check_count(key, "keys")
        # Not in the order of the request, but of the keys' UTF-8 (test_several_keys_at_once).
        values = {name: storage.database.get(name) for name in sorted(key, key=str.encode)}
        return {name: value[0] for name, value in values.items() if value}

    async def list(
        self,
        *,
        start: str | None = None,
        startAfter: str | None = None,
        end: str | None = None,
        prefix: str | None = None,
        reverse: bool | None = None,
        limit: int | None = None,
        allowConcurrency: bool | None = None,
        noCache: bool | None = None,
    ) -> dict[str, Any]:
        range = _range(start, startAfter, end, prefix, reverse, limit)
        storage = self._live("list()", writes=False)
        return dict(storage.database.list(range))

    async def put(
        self,
        key: Any,
        /,
        *value: Any,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
        noCache: bool | None = None,
    ) -> None:
        entries = {key: value[0]} if isinstance(key, str) else key
        storage = self._live("put()")
        storage.check_count(entries, "pairs")
        for entry in entries.items():  # all of them before the first is stored
            storage.check_entry(*entry)
        for entry in entries.items():
            storage.database.put(*entry)

    async def delete(
        self,
        key: Any,
        /,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
        noCache: bool | None = None,
    ) -> bool | int:
        storage = self._live("delete()")
        if isinstance(key, str):
            return storage.database.delete(key)
        storage.check_count(key, "keys")
        return sum([storage.database.delete(name) for name in key])

    async def getAlarm(self, *, allowConcurrency: bool | None = None) -> float | None:
        return self._live("getAlarm()", writes=False).visible_alarm()

    async def setAlarm(
        self,
        scheduledTime: datetime,
        /,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
    ) -> None:
        time = (scheduledTime - EPOCH) / timedelta(milliseconds=1)
        if time <= 0:
            raise JsException("TypeError", _ALARM_BEFORE_1970)
        self._live("setAlarm()").set_alarm(time)

    async def deleteAlarm(
        self,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
    ) -> None:
        self._live("deleteAlarm()").set_alarm(None)


class FakeDurableObjectTransaction(_Operations):
    """JS: DurableObjectTransaction."""

    def __init__(self, storage: FakeDurableObjectStorage) -> None:
        self._storage = storage
        self._depth = storage.database.save()
        self._end = ""

    def _live(self, call: str, *, writes: bool = True) -> FakeDurableObjectStorage:
        if self._end == "rolled back":
            raise JsException("Error", _ROLLED_BACK.format(call=call))
        if self._end:
            raise JsException("Error", _COMMITTED.format(call=call))
        return self._storage.live(writes=writes)

    def rollback(self) -> None:
        if self._end != "rolled back":  # a second rollback() does nothing
            self._live("rollback()")
            self.finish(undo=True)

    def finish(self, *, undo: bool) -> None:
        """Commit the transaction, or undo it."""
        if not self._end:
            self._end = "rolled back" if undo else "committed"
            if self._storage.broken is None:
                self._storage.database.release(self._depth, undo=undo)
                self._storage.commit_at_end()


class FakeDurableObjectStorage(_Operations):
    """JS: DurableObjectStorage. The writes of a turn are stored at its end.

    ``strict`` enforces production's limits that the local runtime lacks. ``on_break`` is called
    with an error that resets the object, ``on_alarm`` when the object sets or deletes its alarm,
    and ``on_delete_all`` after ``deleteAll``.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        sqlite: bool,
        strict: bool = True,
        on_break: Callable[[JsException], None],
        on_alarm: Callable[[float | None], None],
        on_delete_all: Callable[[], None],
        database: Database,
        alarms: bool = True,
    ) -> None:
        self._clock = clock
        self._sqlite = sqlite
        self._strict = strict
        self._on_break = on_break
        self._on_alarm = on_alarm
        self._on_delete_all = on_delete_all
        self.database = database
        self._alarms = alarms
        self.broken: JsException | None = None
        """The error that reset the object; every operation raises it."""
        self.gate: InputGate = InputGate()
        self.has_alarm = True
        """True if the class has an ``alarm`` handler."""
        self.unconfirmed: bool = False
        """True while writes are not stored: the output gate is closed."""
        self._running_alarm: float | None = None

    # The database, and the turn of its writes

    def live(self, *, writes: bool = False) -> FakeDurableObjectStorage:
        """Return this storage, or raise the error that reset the object.

        With ``writes``, the storage is committed at the end of the turn.
        """
        if self.broken is not None:
            raise self.broken
        if writes:
            self.commit_at_end()
        return self

    def commit_at_end(self) -> None:
        """Store the writes at the end of the turn."""
        self.unconfirmed = True
        scheduler().at_end(self.commit)

    def _live(self, call: str, *, writes: bool = True) -> FakeDurableObjectStorage:
        return self.live(writes=writes)

    def with_sql(self, *, writes: bool = False) -> FakeDurableObjectStorage:
        if not self._sqlite:
            raise JsException("Error", _NO_SQL)
        return self.live(writes=writes)

    def with_kv(self, *, writes: bool = False) -> FakeDurableObjectStorage:
        if not self._sqlite:
            raise JsException("Error", _NO_SYNC_KV)
        return self.live(writes=writes)

    def commit(self) -> None:
        """Store the writes of this turn. If they cannot be stored, reset the object."""
        if self.broken is not None or self.database.depth:
            return  # an open transaction is stored when it is finished
        self.unconfirmed = False
        try:
            self.database.commit()
        except Refused as refused:
            self._on_break(JsException("Error", str(refused)))

    def shut(self, error: JsException) -> None:
        """Discard unstored writes, and refuse all operations from now on."""
        self.broken = error
        self.unconfirmed = False
        self.database.roll_back()

    # Limits

    def check_count(self, keys: Any, name: str) -> None:
        if self._strict and len(keys) > _MAX_KEYS:
            raise JsException("RangeError", _MAX_COUNT.format(name=name, limit=_MAX_KEYS))

    def check_entry(self, key: str, value: Any) -> None:
        _refuse_live_objects(value, set())
        size = clone_size(value)
        if self._sqlite:
            if len(key.encode()) + size > MAX_LENGTH:
                raise JsException("Error", _ROW_TOO_LARGE)
        elif self._strict and len(key.encode()) > _MAX_KEY:
            raise JsException("RangeError", _KEY_TOO_LARGE.format(limit=_MAX_KEY))
        elif self._strict and size > _MAX_VALUE:
            raise JsException("RangeError", _VALUE_TOO_LARGE.format(limit=_MAX_VALUE))

    # The alarm; alarms.py has its schedule and retries. Times are milliseconds since 1970.

    def visible_alarm(self) -> float | None:
        """Return the time that ``getAlarm`` returns: None while ``alarm()`` runs."""
        time = self.database.alarm
        is_running = self._running_alarm is not None and time == self._running_alarm
        return None if is_running else time

    def set_alarm(self, time: float | None) -> None:
        if time is not None:
            if not self.has_alarm:
                raise JsException("TypeError", _NO_ALARM_HANDLER)
            if not self._alarms:
                # A facet. In workerd its output gate breaks, so every later call fails too
                # (test_facet_that_sets_an_alarm_is_reset).
                error = JsException("Error", _ALARM_OF_FACET)
                self._on_break(error)
                raise error
            # A time in the past reads as now (test_alarm_in_the_past_is_called_at_once).
            time = max(time, self._clock.now())
        self._running_alarm = None
        self.database.alarm = time
        self._on_alarm(time)

    def stored_alarm(self) -> float | None:
        return self.database.alarm

    def begin_alarm(self) -> None:
        self._running_alarm = self.database.alarm

    def end_alarm(self, failed: bool) -> bool:
        """End the call of ``alarm()``. Return False if the handler set or deleted the alarm."""
        is_unchanged = self._running_alarm is not None
        self._running_alarm = None
        if is_unchanged and not failed:
            self.forget_alarm()
        return is_unchanged

    def forget_alarm(self) -> None:
        self.database.alarm = None
        self.database.commit()

    # Operations of storage only

    async def deleteAll(
        self,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
        noCache: bool | None = None,
    ) -> None:
        storage = self.live(writes=True)
        if storage.database.depth:
            raise JsException("Error", _DELETE_ALL_IN_TRANSACTION)
        storage.database.clear()
        self._on_alarm(None)
        self._on_delete_all()

    async def transaction(
        self, closure: Callable[[FakeDurableObjectTransaction], Awaitable[Any]], /
    ) -> Any:
        async def work() -> Any:
            self.commit()  # earlier writes must not be undone with the transaction
            transaction = FakeDurableObjectTransaction(self.live(writes=True))
            try:
                result = await closure(transaction)
            except BaseException:
                transaction.finish(undo=True)
                raise
            transaction.finish(undo=False)
            return result

        return await scheduler().run_section(self.gate, work)

    def transactionSync(self, closure: Callable[[], Any], /) -> Any:
        if not self._sqlite:
            raise JsException("Error", _NO_SYNC_TRANSACTION)
        depth = self.live(writes=True).database.save()
        try:
            with unawaited:
                result = closure()
        except BaseException:
            if self.broken is None:
                self.database.release(depth, undo=True)
            raise
        self.database.release(depth)
        self.commit_at_end()
        return result

    async def sync(self) -> None:
        self.live()
        if self.unconfirmed:
            await scheduler().wait_for_end()

    @property
    def sql(self) -> FakeSqlStorage:
        return FakeSqlStorage(self)

    @property
    def kv(self) -> FakeSyncKvStorage:
        return FakeSyncKvStorage(self)

    # The local runtime has bookmarks but cannot restore them (test_bookmarks_cannot_be_restored).

    async def getCurrentBookmark(self) -> str:
        return "00000000-00000000-00000000-" + "0" * 32

    async def getBookmarkForTime(self, timestamp: datetime, /) -> str:
        raise JsException("Error", _NO_RECOVERY)

    async def onNextSessionRestoreBookmark(self, bookmark: str, /) -> str:
        raise JsException("Error", _NO_RECOVERY)


class FakeSyncKvStorage:
    """JS: SyncKvStorage."""

    def __init__(self, storage: FakeDurableObjectStorage) -> None:
        self._storage = storage

    def get(self, key: str, /) -> Any:
        return next(iter(self._storage.with_kv().database.get(key)), None)

    def put(self, key: str, value: Any, /) -> None:
        storage = self._storage.with_kv(writes=True)
        storage.check_entry(key, value)
        storage.database.put(key, value)

    def delete(self, key: str, /) -> bool:
        return self._storage.with_kv(writes=True).database.delete(key)

    def list(
        self,
        *,
        start: str | None = None,
        startAfter: str | None = None,
        end: str | None = None,
        prefix: str | None = None,
        reverse: bool | None = None,
        limit: int | None = None,
    ) -> Iterator[tuple[str, Any]]:
        range = _range(start, startAfter, end, prefix, reverse, limit)
        return iter(self._storage.with_kv().database.list(range))


_CLONED = {type(None), bool, int, float, str, bytes, datetime, list, dict, set, array}
"""The types that structured clone copies, as the border passes them."""


def _refuse_live_objects(value: Any, seen: set[int]) -> None:
    """Raise DataCloneError for a binding, a stub or another live object anywhere in a value."""
    value_type = cast("type[Any]", type(value))
    if value_type not in _CLONED:
        name = getattr(value_type, "js_tag", value_type.__name__.removeprefix("Fake"))
        raise JsException("DataCloneError", _NOT_SERIALIZABLE.format(name=name))
    if value_type in (list, dict, set) and id(value) not in seen:
        seen.add(id(value))
        for item in value.values() if value_type is dict else value:
            _refuse_live_objects(item, seen)


def _range(
    start: str | None,
    after: str | None,
    end: str | None,
    prefix: str | None,
    reverse: bool | None,
    limit: int | None,
) -> Range:
    """Return the range of a listing, or raise the error for invalid options."""
    if start is not None and after is not None:
        raise JsException("TypeError", _TWO_STARTS)
    if limit is not None and limit <= 0:
        raise JsException("TypeError", _LIMIT_NOT_POSITIVE)
    # The smallest key after "a" is "a\0".
    first = after + "\0" if after is not None else start or ""
    return Range(first, end, prefix or "", bool(reverse), limit)
