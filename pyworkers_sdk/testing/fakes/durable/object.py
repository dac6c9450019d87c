"""One Durable Object over memory: its instance, its gates, its alarm, and what resets it."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any

from ...._border import raw
from ...._cpython.js_exception import JsException
from ...._cpython.rpc import ends
from ...._cpython.websockets import WebSocket
from ...runtime.scheduling import InputGate, ThroughGate, keep_alive, leave_sections, scheduler
from .sql import Database
from .storage import FakeDurableObjectStorage
from .websockets import Hibernation, Pair

if TYPE_CHECKING:
    from ..._clock import Clock
    from ...runtime.host import Script
    from .facets import FakeDurableObjectFacets
    from .namespace import FakeDurableObjectId

__all__ = ["FakeDurableObjectState", "FakeObject", "ObjectClass", "Place", "again"]

_log = logging.getLogger(__name__)


class ObjectClass:
    """The objects of one class of one Worker."""

    def __init__(
        self,
        script: Script,
        name: str,
        facets: Callable[[FakeObject], FakeDurableObjectFacets],
        kind: type[Any] | None = None,
    ) -> None:
        self.facets = facets
        self.script = script
        self.name = name
        self._kind = kind
        self.key: str = f"{script.name}-{name}"
        self.sqlite = True
        self.found: dict[str, FakeObject] = {}
        self.called: Callable[[str], None] = _nothing
        self.container: Callable[[], Any] | None = None

    def find(self, id: FakeDurableObjectId) -> FakeObject:
        return self.found.setdefault(id.toString(), FakeObject(self, id))

    def kind(self) -> type[Any]:
        found = self._kind or self.script.exports.get(self.name)
        if found is None:
            raise TypeError(
                f"no class {self.name} is known: give it in the annotation, "
                f"DurableObjectNamespace[{self.name}]"
            )
        return found


def _nothing(method: str) -> None:
    """Where no faults are wanted."""


class _Life:
    """An instance from its start to its reset."""

    def __init__(self) -> None:
        self.door: Any = None
        self.gate: InputGate = InputGate()
        self.events: set[asyncio.Task[Any]] = set()
        self.broken: JsException | None = None
        self.waiting: set[asyncio.Future[None]] = set()
        self.blocking: dict[asyncio.Future[Any], float] = {}


class Place:
    """Where an object's data is, and that of its facets."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._database: Database | None = None
        self.below: dict[str, Place] = {}

    @property
    def database(self) -> Database:
        if self._database is None:
            self._database = Database(self._clock)
        return self._database

    def copy(self) -> Place:
        made = Place(self._clock)
        self.database.copy_to(made.database)
        made.below = {name: place.copy() for name, place in self.below.items()}
        return made


class FakeObject:
    depth = 0
    props: Any = None

    def __init__(
        self, objects: ObjectClass, id: FakeDurableObjectId, place: Place | None = None
    ) -> None:
        self._objects = objects
        self.id = id
        self.place: Place = place or Place(objects.script.host.clock)
        self._facets: FakeDurableObjectFacets | None = None
        self._life: _Life | None = None
        self._storage: FakeDurableObjectStorage | None = None
        self.hibernation: Hibernation = Hibernation(
            objects.script.host.clock, self.tell, self._hold
        )
        self.alarm_due: float = 0.0
        self._retries = 0
        self.running_alarm: float | None = None

    def __repr__(self) -> str:
        return f"<{self._objects.name} {self.id.name or self.id.toString()[:8]}>"

    @property
    def script(self) -> Script:
        return self._objects.script

    @property
    def connects(self) -> bool:
        """Whether it takes TCP connections."""
        return hasattr(self._objects.kind(), "connect")

    @cached_property
    def container(self) -> Any:
        return None if self._objects.container is None else raw(self._objects.container())

    @property
    def facets(self) -> FakeDurableObjectFacets:
        if self._facets is None:
            self._facets = self._objects.facets(self)
        return self._facets

    @property
    def storage(self) -> FakeDurableObjectStorage:
        if self._storage is None:
            self._storage = FakeDurableObjectStorage(
                self._objects.script.host.clock,
                sqlite=self._objects.sqlite,
                on_break=self.reset,
                on_alarm=self._alarm_is_set,
                database=self.place.database,
                alarms=self.depth == 0,
            )
        return self._storage

    def tell(self, method: str, args: list[Any]) -> asyncio.Task[None]:
        """Have a handler of WebSockets called, if the class has one."""

        async def call(door: Any) -> None:
            handler = getattr(door, method, None)
            if handler is not None:
                await handler(*args)

        async def told() -> None:
            try:
                await self.event(call)
            except BaseException as error:
                if ends(error):
                    raise
                _log.exception("%s() of %r", method, self)

        task = keep_alive(told())
        self._objects.script.host.pending_work.append(task)
        return task

    def _hold(self, send: Callable[[], None]) -> None:
        """Let a message out when what was written before it is stored."""
        if self.storage.unconfirmed:
            scheduler().at_end(send)
        else:
            send()

    # Instances

    async def _started(self) -> _Life:
        """A life in which it is our turn."""
        while True:
            life = self._life
            if life is not None:
                await self._while_alive(life, scheduler().wait_for_turn(life.gate, new=True))
            else:
                await scheduler().wait_for_turn(InputGate(), new=True)
            if self._life is None:
                life = self._life = _Life()
                self._begin(life)
            if life is self._life and life is not None and life.gate.admits(()):
                return life

    def _begin(self, life: _Life) -> None:
        script = self._objects.script
        kind = self._objects.kind()
        storage = self.storage
        storage.broken = None
        storage.gate = life.gate
        state = FakeDurableObjectState(self, life)
        with script.host.entered():
            try:
                life.door = kind(state, script.env)
            except Exception as error:
                self._life = None
                raise _python_error() from error
        storage.has_alarm = callable(getattr(life.door, "alarm", None))

    async def _while_alive(self, life: _Life, work: Awaitable[Any]) -> Any:
        """What ``work`` gives, or the error that resets the object meanwhile."""
        if life.broken is not None:
            raise again(life.broken)
        task = asyncio.ensure_future(work)
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        life.waiting.add(broken)
        try:
            await asyncio.wait([task, broken], return_when=asyncio.FIRST_COMPLETED)
        finally:
            life.waiting.discard(broken)
            if not task.done():
                task.cancel()
        if life.broken is not None:
            task.add_done_callback(_heard)
            raise again(life.broken)
        return task.result()

    def reset(self, error: JsException) -> None:
        """The instance is no more; what was not stored is lost; whoever waits gets the error."""
        life, self._life = self._life, None
        self.storage.shut(error)
        self.hibernation.drop()
        if self._facets is not None:
            self._facets.over(error)
        if life is None:
            return
        error.remote = False
        life.broken = error
        for waiting in life.waiting:
            if not waiting.done():
                waiting.set_result(None)

    async def evict(self) -> None:
        """Take the instance out of memory, as the runtime does with one that nobody uses."""
        await scheduler().wait_for_end()
        if self.busy:
            raise RuntimeError(f"{self!r} is in use: what was called there is not over")
        self._life = None
        if self._facets is not None:
            self._facets.over(JsException("Error", "The object was taken out of memory."))

    @property
    def busy(self) -> bool:
        """Whether what was called there is not over."""
        waited_for = self._life is not None and bool(self._life.waiting)
        return waited_for or (self._facets is not None and self._facets.busy)

    # Events

    async def deliver(self, method: str, args: list[Any]) -> Any:
        """Call a method of the instance, when its gate lets us in; its result, when what was
        written is stored."""

        self._objects.called(method)

        async def call(door: Any) -> Any:
            try:
                function = getattr(door, method)
            except AttributeError:
                raise JsException("TypeError", f"Method {method} does not exist") from None
            try:
                return await function(*args)
            except JsException:
                raise
            except BaseException as error:  # of fetch, which RPC does not translate
                if ends(error):
                    raise
                raise _python_error() from error

        return await self.event(call)

    async def event(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        life = await self._started()
        with self._objects.script.host.entered():
            return await self._while_alive(life, self._done(life, call))

    async def _done(self, life: _Life, call: Callable[[Any], Awaitable[Any]]) -> Any:
        leave_sections()
        try:
            return await ThroughGate(life.gate, call(life.door))
        finally:
            if self.storage.unconfirmed:
                await scheduler().wait_for_end()

    def block(self, life: _Life, callback: Callable[[], Awaitable[Any]]) -> asyncio.Future[Any]:
        """``blockConcurrencyWhile``: what it raises resets the object."""

        def late() -> None:
            if life is self._life:
                self.reset(JsException("Error", _BLOCKED))

        def settled(done: asyncio.Future[Any]) -> None:
            limit.cancel()
            del life.blocking[done]
            error = None if done.cancelled() else done.exception()
            if isinstance(error, JsException) and life is self._life:
                self.reset(error)

        blocking = scheduler().run_section(life.gate, callback)
        life.blocking[blocking] = self.script.host.clock.now()
        blocking.add_done_callback(settled)
        # in real time, too: where it waits for itself, nobody is left to move the clock
        limit = asyncio.get_running_loop().call_later(_LONGEST_BLOCKING / 1000, late)
        return blocking

    def end_long_blocking(self) -> None:
        """Reset it, if such a section is open for too long by now."""
        if self._life is None:
            return
        late = self.script.host.clock.now() - _LONGEST_BLOCKING
        if min(self._life.blocking.values(), default=inf) <= late:
            self.reset(JsException("Error", _BLOCKED))

    # The alarm

    def _alarm_is_set(self, when: float | None) -> None:
        """It was set, or called off, by the object."""
        self._retries = 0
        self.alarm_due = when or 0.0

    def alarm_is_due(self) -> bool:
        when = self._storage and self._storage.stored_alarm()
        return bool(when) and self.alarm_due <= self._objects.script.host.clock.now()

    async def run_alarm(self) -> None:
        """Call ``alarm`` once; where it fails, it is due again later."""
        when = self.storage.stored_alarm()
        assert when is not None
        retries = self._retries
        self.storage.begin_alarm()
        info = {"isRetry": retries > 0, "retryCount": retries, "scheduledTime": when}
        failed = retry = False
        try:
            await self.event(lambda door: door.alarm(info))
        except JsException as error:
            failed, retry = True, getattr(error, "retry_alarm", True)
            _log.error("alarm() of %r", self, exc_info=error)
        except BaseException as error:
            if ends(error):
                raise
            failed = retry = True
            _log.exception("alarm() of %r", self)
        if not self.storage.end_alarm(failed):
            return  # it was set anew meanwhile
        if failed and retry and retries < _MAX_RETRIES:
            self._retries = retries + 1
            self.alarm_due = self._objects.script.host.clock.now() + 2000 * 2**retries
        elif failed:
            self.storage.forget_alarm()


_MAX_RETRIES = 6
_LONGEST_BLOCKING = 30_000
_BLOCKED = (
    "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was "
    "canceled and the Durable Object was reset."
)


def _python_error() -> JsException:
    """What Pyodide makes of the exception that is being handled."""
    error = JsException("PythonError", traceback.format_exc())
    error.remote = True
    return error


def again(error: JsException) -> JsException:
    """The same error, once for each who waits for it."""
    made = JsException(error.name, error.message)
    vars(made).update(vars(error))
    return made


def _heard(task: asyncio.Future[Any]) -> None:
    """Nobody needs to know what it raised."""
    if not task.cancelled():
        task.exception()


class FakeDurableObjectState:
    """JS: DurableObjectState."""

    def __init__(self, found: FakeObject, life: _Life) -> None:
        self._object = found
        self._life = life
        self.id: FakeDurableObjectId = found.id
        self.storage: FakeDurableObjectStorage = found.storage
        self.props: Any = {} if found.props is None else found.props

    @property
    def container(self) -> Any:
        return self._object.container

    @property
    def facets(self) -> FakeDurableObjectFacets:
        return self._object.facets

    @property
    def exports(self) -> Any:
        return self._object.script.exports_view()

    def waitUntil(self, promise: Awaitable[Any], /) -> None:
        self._object.script.host.pending_work.append(promise)

    def blockConcurrencyWhile(
        self, callback: Callable[[], Awaitable[Any]], /
    ) -> asyncio.Future[Any]:
        return self._object.block(self._life, callback)

    def abort(self, reason: str | None = None, options: Any = None, /) -> None:
        error = JsException(
            "Error", reason or "Application called abort() to reset Durable Object."
        )
        vars(error).update(retry_alarm=True if options is None else options["retryAlarm"])
        if self._object._life is self._life:
            self._object.reset(error)

    def acceptWebSocket(self, ws: WebSocket, tags: list[str], /) -> None:
        self._object.hibernation.accept(ws, tags)

    def getWebSockets(self, tag: str | None = None, /) -> list[WebSocket]:
        return self._object.hibernation.sockets(tag)

    def getTags(self, ws: WebSocket, /) -> list[str]:
        return self._object.hibernation.tags(ws)

    def setWebSocketAutoResponse(self, pair: Pair | None = None, /) -> None:
        for what in ("request", "response") if pair is not None else ():
            size = len(getattr(pair, what).encode())
            if size > _MAX_ANSWER:
                raise JsException(
                    "RangeError",
                    f"{what.title()} cannot be larger than {_MAX_ANSWER} bytes. "
                    f"A {what} of size {size} was provided.",
                )
        self._object.hibernation.answer = pair

    def getWebSocketAutoResponse(self) -> Pair | None:
        return self._object.hibernation.answer

    def getWebSocketAutoResponseTimestamp(self, ws: WebSocket, /) -> datetime | None:
        return self._object.hibernation.answered(ws)

    def setHibernatableWebSocketEventTimeout(self, timeoutMs: int | None = None, /) -> None:
        if (timeoutMs or 0) > _MAX_TIMEOUT:
            raise JsException("Error", f"Event timeout should not exceed {_MAX_TIMEOUT} ms.")
        self._object.hibernation.timeout = timeoutMs

    def getHibernatableWebSocketEventTimeout(self) -> int | None:
        return self._object.hibernation.timeout


_MAX_ANSWER = 2048
_MAX_TIMEOUT = 604_800_000
