"""A Durable Object in memory: its instance, the delivery of events, and resets.

A ``FakeObject`` outlives its instances. The first event makes an ``_Instance``; a reset or an
eviction discards it, and the next event makes another. The data, the alarm and the hibernating
WebSockets belong to the ``FakeObject``. ``testing/runtime/scheduling.py`` explains the gates.
"""

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
from .alarms import Alarm
from .sql import Database
from .storage import FakeDurableObjectStorage
from .websockets import Hibernation, Pair

if TYPE_CHECKING:
    from ..._clock import Clock
    from ...runtime.host import Script
    from .facets import FakeDurableObjectFacets
    from .namespace import FakeDurableObjectId

__all__ = ["FakeDurableObjectState", "FakeObject", "ObjectClass", "ObjectData", "copy_error"]

_log = logging.getLogger(__name__)

_LONGEST_BLOCKING = 30_000  # ms
_MAX_AUTO_RESPONSE = 2048  # bytes of UTF-8
_MAX_EVENT_TIMEOUT = 604_800_000  # ms: 7 days

# Messages that imitate the runtime's.
_ABORTED = "Application called abort() to reset Durable Object."
_BLOCKED_TOO_LONG = (
    "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was "
    "canceled and the Durable Object was reset."
)
_EVICTED = "The object was taken out of memory."
_AUTO_RESPONSE_TOO_LONG = (
    "{part} cannot be larger than {limit} bytes. A {name} of size {size} was provided."
)
_EVENT_TIMEOUT_TOO_LONG = "Event timeout should not exceed {limit} ms."
_NO_METHOD = "Method {method} does not exist"


class ObjectClass:
    """The Durable Objects of one class of one Worker."""

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
        self.objects: dict[str, FakeObject] = {}
        self.before_call: Callable[[str], None] = _do_nothing
        self.container: Callable[[], Any] | None = None

    def find(self, id: FakeDurableObjectId) -> FakeObject:
        key = id.toString()
        if key not in self.objects:
            self.objects[key] = FakeObject(self, id)
        return self.objects[key]

    def kind(self) -> type[Any]:
        """Return the class itself. A Worker may define it after the namespace was made."""
        kind = self._kind or self.script.exports.get(self.name)
        if kind is None:
            raise TypeError(
                f"DurableObjectNamespace: unknown class {self.name!r}; write the class itself in "
                f"the annotation, DurableObjectNamespace[{self.name}], and import it at run time"
            )
        return kind


def _do_nothing(method: str) -> None:
    """The hook before calls, when no faults are injected."""


class _Instance:
    """An instance of the class, from its start to its reset."""

    def __init__(self) -> None:
        self.proxy: Any = None  # the ExportProxy
        self.gate: InputGate = InputGate()
        self.error: JsException | None = None  # the reset
        self.callers: set[asyncio.Future[None]] = set()
        self.blocking: dict[asyncio.Future[Any], float] = {}


class ObjectData:
    """The database of an object, and the data of its facets."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._database: Database | None = None
        self.facets: dict[str, ObjectData] = {}

    @property
    def database(self) -> Database:
        if self._database is None:
            self._database = Database(self._clock)
        return self._database

    def copy(self) -> ObjectData:
        other = ObjectData(self._clock)
        self.database.copy_to(other.database)
        other.facets = {name: data.copy() for name, data in self.facets.items()}
        return other


class FakeObject:
    """A Durable Object, whether or not it has an instance at the moment."""

    depth = 0
    props: Any = None

    def __init__(
        self, objects: ObjectClass, id: FakeDurableObjectId, data: ObjectData | None = None
    ) -> None:
        clock = objects.script.host.clock
        self._objects = objects
        self.id = id
        self.data: ObjectData = data or ObjectData(clock)
        self._facets: FakeDurableObjectFacets | None = None
        self._instance: _Instance | None = None
        self._storage: FakeDurableObjectStorage | None = None
        self.hibernation: Hibernation = Hibernation(
            clock, self.call_websocket_handler, self._send_when_stored
        )
        self.alarm: Alarm = Alarm(clock, self.event)

    def __repr__(self) -> str:
        return f"<{self._objects.name} {self.id.name or self.id.toString()[:8]}>"

    @property
    def script(self) -> Script:
        return self._objects.script

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
            self._storage = self.alarm.storage = FakeDurableObjectStorage(
                self._objects.script.host.clock,
                sqlite=self._objects.sqlite,
                on_break=self.reset,
                on_alarm=self.alarm.was_set,
                on_delete_all=self._delete_facets,
                database=self.data.database,
                alarms=self.depth == 0,
            )
        return self._storage

    def call_websocket_handler(self, method: str, args: list[Any]) -> asyncio.Task[None]:
        """Call a handler of WebSockets in the background, if the class has it."""

        async def call(proxy: Any) -> None:
            handler = getattr(proxy, method, None)
            if handler is not None:
                await handler(*args)

        async def deliver() -> None:
            # As in workerd, an exception there neither breaks the connection nor resets the object
            # (test_handler_that_raises_keeps_the_connection).
            try:
                await self.event(call)
            except BaseException as error:
                if ends(error):
                    raise
                _log.exception("%s() of %r", method, self)

        task = keep_alive(deliver())
        self._objects.script.host.pending_work.append(task)
        return task

    def _send_when_stored(self, send: Callable[[], None]) -> None:
        """Send a WebSocket message behind the output gate: after earlier writes are stored."""
        if self.storage.unconfirmed:
            scheduler().at_end(send)
        else:
            send()

    # Instances

    async def _enter(self) -> _Instance:
        """Wait until a new event may enter the object, and return the instance then."""
        while True:
            instance = self._instance
            if instance is not None:
                turn = scheduler().wait_for_turn(instance.gate, new=True)
                await self._while_alive(instance, turn)
            else:
                await scheduler().wait_for_turn(InputGate(), new=True)
            if self._instance is None:
                instance = self._instance = _Instance()
                self._start(instance)
            # __init__ may have closed the gate with blockConcurrencyWhile, or the object may have
            # been reset meanwhile: then wait again.
            if instance is self._instance and instance is not None and instance.gate.admits(()):
                return instance

    def _start(self, instance: _Instance) -> None:
        script = self._objects.script
        kind = self._objects.kind()
        storage = self.storage
        storage.broken = None
        storage.gate = instance.gate
        state = FakeDurableObjectState(self, instance)
        with script.host.entered():
            try:
                instance.proxy = kind(state, script.env)
            except Exception as error:
                self._instance = None
                raise _python_error() from error
        storage.has_alarm = callable(getattr(instance.proxy, "alarm", None))

    async def _while_alive(self, instance: _Instance, work: Awaitable[Any]) -> Any:
        """Return the result of work, or raise the error that resets the object meanwhile."""
        if instance.error is not None:
            raise copy_error(instance.error)
        task = asyncio.ensure_future(work)
        reset: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        instance.callers.add(reset)
        try:
            await asyncio.wait([task, reset], return_when=asyncio.FIRST_COMPLETED)
        finally:
            instance.callers.discard(reset)
            if not task.done():
                task.cancel()
        if instance.error is not None:
            task.add_done_callback(_retrieve_exception)
            raise copy_error(instance.error)
        return task.result()

    def reset(self, error: JsException) -> None:
        """Discard the instance and all writes that are not yet stored; callers get the error."""
        instance, self._instance = self._instance, None
        self.storage.shut(error)
        self.hibernation.drop()
        if self._facets is not None:
            self._facets.reset_all(error)
        if instance is None:
            return
        # Seen in workerd: an error of the handler itself is remote, one that resets the object is
        # not (test_exception_in_block_concurrency_while_resets_the_object).
        error.remote = False
        instance.error = error
        for caller in instance.callers:
            if not caller.done():
                caller.set_result(None)

    def _delete_facets(self) -> None:
        if self.data.facets:
            self.facets.delete_all()

    def abort(self, instance: Any, error: JsException) -> None:
        """Reset the object, if this is still its instance."""
        if self._instance is instance:
            self.reset(error)

    async def evict(self) -> None:
        """Discard the instance, as the runtime does after some idle time. All data stays."""
        await scheduler().wait_for_end()
        if self.busy:
            raise RuntimeError(f"{self!r} is in use: wait until its calls have returned")
        self._instance = None
        if self._facets is not None:
            self._facets.reset_all(JsException("Error", _EVICTED))

    @property
    def busy(self) -> bool:
        """True while calls have not returned."""
        has_callers = self._instance is not None and bool(self._instance.callers)
        return has_callers or (self._facets is not None and self._facets.busy)

    # Events

    async def deliver(self, method: str, args: list[Any]) -> Any:
        """Call a method of the instance through both gates, and return its result."""

        self._objects.before_call(method)

        async def call(proxy: Any) -> Any:
            try:
                function = getattr(proxy, method)
            except AttributeError:
                raise JsException("TypeError", _NO_METHOD.format(method=method)) from None
            try:
                return await function(*args)
            except JsException:
                raise
            except BaseException as error:  # from fetch: only RPC translates exceptions
                if ends(error):
                    raise
                raise _python_error() from error

        return await self.event(call)

    async def event(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        """Deliver an event: wait for the input gate, call the ExportProxy, and return the result.

        The result waits for the output gate: until the writes of the event are stored.
        """
        instance = await self._enter()
        with self._objects.script.host.entered():
            return await self._while_alive(instance, self._run(instance, call))

    async def _run(self, instance: _Instance, call: Callable[[Any], Awaitable[Any]]) -> Any:
        leave_sections()
        try:
            return await ThroughGate(instance.gate, call(instance.proxy))
        finally:
            if self.storage.unconfirmed:
                await scheduler().wait_for_end()

    def block(
        self, instance: _Instance, callback: Callable[[], Awaitable[Any]]
    ) -> asyncio.Future[Any]:
        """Run a callback for ``blockConcurrencyWhile``. An exception resets the object."""

        def reset_late() -> None:
            self.abort(instance, JsException("Error", _BLOCKED_TOO_LONG))

        def finish(done: asyncio.Future[Any]) -> None:
            timer.cancel()
            del instance.blocking[done]
            error = None if done.cancelled() else done.exception()
            if isinstance(error, JsException):
                self.abort(instance, error)

        section = scheduler().run_section(instance.gate, callback)
        instance.blocking[section] = self.script.host.clock.now()
        section.add_done_callback(finish)
        # The limit is also checked in real time. An object that waits for itself also blocks the
        # test, so nothing would advance the fake clock.
        timer = asyncio.get_running_loop().call_later(_LONGEST_BLOCKING / 1000, reset_late)
        return section

    def end_long_blocking(self) -> None:
        """Reset the object if it has blocked concurrency for too long on the fake clock."""
        if self._instance is None:
            return
        latest_start = self.script.host.clock.now() - _LONGEST_BLOCKING
        if min(self._instance.blocking.values(), default=inf) <= latest_start:
            self.reset(JsException("Error", _BLOCKED_TOO_LONG))

    async def run_alarm(self) -> None:
        """Call ``alarm()`` once; see ``alarms``."""
        await self.alarm.run(self)


def _python_error() -> JsException:
    """Return the error that Pyodide makes of the current exception: a traceback as its message."""
    error = JsException("PythonError", traceback.format_exc())
    error.remote = True
    return error


def copy_error(error: JsException) -> JsException:
    """Copy an error, so that each of several callers gets its own traceback."""
    copy = JsException(error.name, error.message)
    vars(copy).update(vars(error))
    return copy


def _retrieve_exception(task: asyncio.Future[Any]) -> None:
    """Mark a task's exception as retrieved, or asyncio would log it."""
    if not task.cancelled():
        task.exception()


class FakeDurableObjectState:
    """JS: DurableObjectState."""

    def __init__(self, owner: FakeObject, instance: _Instance) -> None:
        self._object = owner
        self._instance = instance
        self.id: FakeDurableObjectId = owner.id
        self.storage: FakeDurableObjectStorage = owner.storage
        self.props: Any = {} if owner.props is None else owner.props

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
        return self._object.block(self._instance, callback)

    def abort(self, reason: str | None = None, options: Any = None, /) -> None:
        error = JsException("Error", reason or _ABORTED)
        vars(error).update(retry_alarm=True if options is None else options["retryAlarm"])
        self._object.abort(self._instance, error)

    def acceptWebSocket(self, ws: WebSocket, tags: list[str], /) -> None:
        self._object.hibernation.accept(ws, tags)

    def getWebSockets(self, tag: str | None = None, /) -> list[WebSocket]:
        return self._object.hibernation.sockets(tag)

    def getTags(self, ws: WebSocket, /) -> list[str]:
        return self._object.hibernation.tags(ws)

    def setWebSocketAutoResponse(self, pair: Pair | None = None, /) -> None:
        for name in ("request", "response") if pair is not None else ():
            size = len(getattr(pair, name).encode())
            if size > _MAX_AUTO_RESPONSE:
                message = _AUTO_RESPONSE_TOO_LONG.format(
                    part=name.title(), name=name, limit=_MAX_AUTO_RESPONSE, size=size
                )
                raise JsException("RangeError", message)
        self._object.hibernation.auto_response = pair

    def getWebSocketAutoResponse(self) -> Pair | None:
        return self._object.hibernation.auto_response

    def getWebSocketAutoResponseTimestamp(self, ws: WebSocket, /) -> datetime | None:
        return self._object.hibernation.auto_response_time(ws)

    def setHibernatableWebSocketEventTimeout(self, timeoutMs: int | None = None, /) -> None:
        if (timeoutMs or 0) > _MAX_EVENT_TIMEOUT:
            raise JsException("Error", _EVENT_TIMEOUT_TOO_LONG.format(limit=_MAX_EVENT_TIMEOUT))
        self._object.hibernation.timeout = timeoutMs

    def getHibernatableWebSocketEventTimeout(self) -> int | None:
        return self._object.hibernation.timeout
