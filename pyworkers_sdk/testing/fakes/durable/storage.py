"""A Durable Object's storage over memory: keys and values, transactions, alarms."""

from __future__ import annotations

from array import array
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from ...._cpython.clone_size import clone_size
from ...._cpython.js_exception import JsException
from ...._times import EPOCH
from ...runtime.scheduling import InputGate, scheduler
from ..sqlite import Refused
from .sql import MAX_LENGTH, Database, FakeSqlStorage, Range

if TYPE_CHECKING:
    from ..._clock import Clock

__all__ = ["FakeDurableObjectStorage", "FakeDurableObjectTransaction", "FakeSyncKvStorage"]


class _Operations:
    """What storage and a transaction share. Each first asks for the database to work on."""

    def _live(self, call: str, *, writes: bool = True) -> FakeDurableObjectStorage:
        raise NotImplementedError

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
        found = {each: storage.database.get(each) for each in sorted(key, key=str.encode)}
        return {each: value[0] for each, value in found.items() if value}

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
        for each in entries.items():
            storage.check(*each)
        for each in entries.items():
            storage.database.put(*each)

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
        return sum([storage.database.delete(each) for each in key])

    async def getAlarm(self, *, allowConcurrency: bool | None = None) -> float | None:
        return self._live("getAlarm()", writes=False).alarm_seen()

    async def setAlarm(
        self,
        scheduledTime: datetime,
        /,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
    ) -> None:
        when = (scheduledTime - EPOCH) / timedelta(milliseconds=1)
        if when <= 0:
            raise JsException("TypeError", "setAlarm() cannot be called with an alarm time <= 0")
        self._live("setAlarm()").set_alarm(when)

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
            raise JsException("Error", f"Cannot {call} on rolled back transaction")
        if self._end:
            raise JsException(
                "Error",
                f"Cannot call {call} on transaction that has already committed: did you move "
                "`txn` outside of the closure?",
            )
        return self._storage.live(writes=writes)

    def rollback(self) -> None:
        if self._end != "rolled back":
            self._live("rollback()")
            self.finish(undo=True)

    def finish(self, *, undo: bool) -> None:
        """Keep what was done in it, or undo it."""
        if not self._end:
            self._end = "rolled back" if undo else "committed"
            if self._storage.broken is None:
                self._storage.database.release(self._depth, undo=undo)
                self._storage.written()


class FakeDurableObjectStorage(_Operations):
    """JS: DurableObjectStorage. ``strict``: with production's limits, where the local runtime has
    none. What is written in a turn is stored at its end."""

    def __init__(
        self,
        clock: Clock,
        *,
        sqlite: bool,
        strict: bool = True,
        on_break: Callable[[JsException], None],
        on_alarm: Callable[[float | None], None],
        database: Database,
        alarms: bool = True,
    ) -> None:
        self._clock = clock
        self._sqlite = sqlite
        self._strict = strict
        self._on_break = on_break
        self._on_alarm = on_alarm
        self.database = database
        self._alarms = alarms
        self.broken: JsException | None = None
        self.gate: InputGate = InputGate()
        self.has_alarm = True
        self.unconfirmed: bool = False
        self._ringing: float | None = None

    # The database, and the turn that it is written in

    def live(self, *, writes: bool = False) -> FakeDurableObjectStorage:
        """Itself, unless the object was reset; if it is to be written, stored at the turn's end."""
        if self.broken is not None:
            raise self.broken
        if writes:
            self.written()
        return self

    def written(self) -> None:
        """Have what was written stored when the turn is over."""
        self.unconfirmed = True
        scheduler().at_end(self.commit)

    def _live(self, call: str, *, writes: bool = True) -> FakeDurableObjectStorage:
        return self.live(writes=writes)

    def with_sql(self, *, writes: bool = False) -> FakeDurableObjectStorage:
        if not self._sqlite:
            raise JsException(
                "Error",
                "SQL is not enabled for this Durable Object class. To enable it, change "
                "`new_classes` to `new_sqlite_classes` within the 'migrations' field in your "
                "wrangler.jsonc or wrangler.toml file. If using workerd directly,set `enableSql = "
                "true` in your workerd config for the class. Note that this change cannot be made "
                "after the class is already deployed to production.",
            )
        return self.live(writes=writes)

    def with_kv(self, *, writes: bool = False) -> FakeDurableObjectStorage:
        if not self._sqlite:
            raise JsException("Error", _NO_SYNC_KV)
        return self.live(writes=writes)

    def commit(self) -> None:
        """Store what was written. What cannot be stored resets the object."""
        if self.broken is not None or self.database.depth:
            return
        self.unconfirmed = False
        try:
            self.database.commit()
        except Refused as refused:
            self._on_break(JsException("Error", str(refused)))

    def shut(self, error: JsException) -> None:
        """The instance that used it is no more."""
        self.broken = error
        self.unconfirmed = False
        self.database.roll_back()

    # Limits

    def check_count(self, keys: Any, what: str) -> None:
        if self._strict and len(keys) > 128:
            raise JsException("RangeError", f"Maximum number of {what} is 128.")

    def check(self, key: str, value: Any) -> None:
        _refuse_live(value, set())
        size = clone_size(value)
        if self._sqlite:
            if len(key.encode()) + size > MAX_LENGTH:
                raise JsException("Error", "string or blob too big: SQLITE_TOOBIG")
        elif self._strict and len(key.encode()) > 2048:
            raise JsException("RangeError", "Keys cannot be larger than 2048 bytes.")
        elif self._strict and size > 131_072:
            raise JsException("RangeError", "Values cannot be larger than 131072 bytes.")

    # The alarm

    def alarm_seen(self) -> float | None:
        """What ``getAlarm`` says: nothing while the alarm is going off."""
        when = self.database.alarm
        return None if self._ringing is not None and when == self._ringing else when

    def set_alarm(self, when: float | None) -> None:
        if when is not None:
            if not self.has_alarm:
                raise JsException(
                    "TypeError",
                    "Your Durable Object class must have an alarm() handler in order to call "
                    "setAlarm()",
                )
            if not self._alarms:  # of a facet: its output gate breaks
                message = "alarms are not yet implemented for SQLite-backed Durable Objects"
                error = JsException("Error", message)
                self._on_break(error)
                raise error
            when = max(when, self._clock.now())
        self._ringing = None
        self.database.alarm = when
        self._on_alarm(when)

    def stored_alarm(self) -> float | None:
        return self.database.alarm

    def begin_alarm(self) -> None:
        self._ringing = self.database.alarm

    def end_alarm(self, failed: bool) -> bool:
        """The alarm has gone off. Whether it is still the one that did."""
        same = self._ringing is not None
        self._ringing = None
        if same and not failed:
            self.forget_alarm()
        return same

    def forget_alarm(self) -> None:
        self.database.alarm = None
        self.database.commit()

    # What only storage has

    async def deleteAll(
        self,
        *,
        allowConcurrency: bool | None = None,
        allowUnconfirmed: bool | None = None,
        noCache: bool | None = None,
    ) -> None:
        storage = self.live(writes=True)
        if storage.database.depth:
            raise JsException("Error", "Cannot call deleteAll() within a transaction")
        storage.database.clear()
        self._on_alarm(None)

    async def transaction(
        self, closure: Callable[[FakeDurableObjectTransaction], Awaitable[Any]], /
    ) -> Any:
        async def work() -> Any:
            self.commit()  # what came before is no part of it
            transaction = FakeDurableObjectTransaction(self.live(writes=True))
            try:
                given = await closure(transaction)
            except BaseException:
                transaction.finish(undo=True)
                raise
            transaction.finish(undo=False)
            return given

        return await scheduler().run_section(self.gate, work)

    def transactionSync(self, closure: Callable[[], Any], /) -> Any:
        if not self._sqlite:
            raise JsException("Error", "Durable Object is not backed by SQL.")
        depth = self.live(writes=True).database.save()
        try:
            given = closure()
        except BaseException:
            if self.broken is None:
                self.database.release(depth, undo=True)
            raise
        self.database.release(depth)
        self.written()
        return given

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

    async def getCurrentBookmark(self) -> str:
        return "00000000-00000000-00000000-" + "0" * 32

    async def getBookmarkForTime(self, timestamp: datetime, /) -> str:
        raise _no_recovery()

    async def onNextSessionRestoreBookmark(self, bookmark: str, /) -> str:
        raise _no_recovery()


_NO_SYNC_KV = (
    "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but "
    "this object's namespace is not declared to use SQLite. You can use the older, asyncronous "
    "interface via methods of `storage` itself (e.g. `storage.get()`). Alternatively, to enable "
    "SQLite, change `new_classes` to `new_sqlite_classes` within the 'migrations' field in your "
    "wrangler.jsonc or wrangler.toml file. If using workerd directly, set `enableSql = true` in "
    "your workerd config for the class. Note that this change cannot be made after the class is "
    "already deployed to production."
)


def _no_recovery() -> JsException:
    return JsException(
        "Error",
        "This Durable Object's storage back-end does not implement point-in-time recovery.",
    )


class FakeSyncKvStorage:
    """JS: SyncKvStorage."""

    def __init__(self, storage: FakeDurableObjectStorage) -> None:
        self._storage = storage

    def get(self, key: str, /) -> Any:
        return next(iter(self._storage.with_kv().database.get(key)), None)

    def put(self, key: str, value: Any, /) -> None:
        storage = self._storage.with_kv(writes=True)
        storage.check(key, value)
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


def _refuse_live(value: Any, seen: set[int]) -> None:
    kind = cast("type[Any]", type(value))
    if kind not in _CLONED:
        tag = getattr(kind, "js_tag", kind.__name__.removeprefix("Fake"))
        raise JsException(
            "DataCloneError",
            f'Could not serialize object of type "{tag}". This type does not support '
            "serialization.",
        )
    if kind in (list, dict, set) and id(value) not in seen:
        seen.add(id(value))
        for item in value.values() if kind is dict else value:
            _refuse_live(item, seen)


_CLONED = {type(None), bool, int, float, str, bytes, datetime, list, dict, set, array}


def _range(
    start: str | None,
    after: str | None,
    end: str | None,
    prefix: str | None,
    reverse: bool | None,
    limit: int | None,
) -> Range:
    """What a listing is to give."""
    if start is not None and after is not None:
        raise JsException(
            "TypeError", "list() cannot be called with both start and startAfter values."
        )
    if limit is not None and limit <= 0:
        raise JsException("TypeError", "List limit must be positive.")
    first = after + "\0" if after is not None else start or ""
    return Range(first, end, prefix or "", bool(reverse), limit)
