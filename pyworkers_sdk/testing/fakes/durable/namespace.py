"""Durable Objects over memory: namespaces, ids and stubs; ``_durable_object`` is behind them."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ForwardRef

from ...._border import raw
from ...._cpython.js_exception import JsException
from ..._clock import Clock
from ...config.sections import target
from ...runtime.host import Host, Script
from ...runtime.rpc import FakeStub
from ...runtime.scheduling import scheduler
from ...runtime.tcp import cannot_connect
from .facets import FakeDurableObjectFacets
from .object import FakeObject, ObjectClass

if TYPE_CHECKING:
    from ...config.config import Bound
    from ...config.sections import Worker

__all__ = [
    "FakeDurableObjectId",
    "FakeDurableObjectNamespace",
    "FakeDurableObjectStub",
    "Objects",
    "bound",
    "configure",
    "configured",
    "namespace",
]


class FakeDurableObjectId:
    """JS: DurableObjectId. One half is made from a name, or at random; the other proves whose."""

    def __init__(self, text: str, name: str | None = None) -> None:
        self._text = text
        self.name = name

    def toString(self) -> str:
        return self._text

    def equals(self, other: FakeDurableObjectId, /) -> bool:
        return self._text == other._text


class FakeDurableObjectStub(FakeStub):
    """JS: DurableObjectStub."""

    js_tag = "DurableObject"

    def __init__(self, id: FakeDurableObjectId, found: FakeObject) -> None:
        super().__init__(found.deliver)
        self._object = found
        self.id = id
        self.name: str | None = id.name

    def _dial(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        return self._connected(hostname, port, secure)

    async def _connected(self, hostname: str, port: int, secure: bool) -> Any:
        if secure or not self._object.connects:
            raise cannot_connect(port)
        return await self._accepted(hostname, port)


class FakeDurableObjectNamespace:
    """JS: DurableObjectNamespace."""

    def __init__(self, objects: ObjectClass) -> None:
        self._objects = objects

    @property
    def clock(self) -> Clock:
        return self._objects.script.host.clock

    def watched_by(self, called: Callable[[str], None]) -> None:
        """Have each call of an object's method told beforehand, as ``faults`` wants it."""
        self._objects.called = called

    def idFromName(self, name: str, /) -> FakeDurableObjectId:
        return self._id(self._digest(name.encode()), name)

    def newUniqueId(self, *, jurisdiction: str | None = None) -> FakeDurableObjectId:
        if jurisdiction is not None:
            raise _no_jurisdictions()
        return self._id(secrets.token_hex(16))

    def idFromString(self, id: str, /) -> FakeDurableObjectId:
        if not re.fullmatch("[0-9a-fA-F]{64}", id):
            raise JsException("TypeError", "Invalid Durable Object ID: must be 64 hex digits")
        found = self._id(id[:32].lower())
        if found.toString() != id.lower():
            raise JsException("TypeError", "Durable Object ID is not valid for this namespace.")
        return found

    def get(
        self,
        id: Any,
        /,
        *,
        locationHint: str | None = None,
        routingMode: str | None = None,
        retry: Any = None,
    ) -> FakeDurableObjectStub:
        if not isinstance(id, FakeDurableObjectId):
            raise JsException(
                "TypeError",
                "Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of type "
                "'DurableObjectId'.",
            )
        return FakeDurableObjectStub(id, self._objects.find(id))

    def getByName(
        self,
        name: str,
        /,
        *,
        locationHint: str | None = None,
        routingMode: str | None = None,
        retry: Any = None,
    ) -> FakeDurableObjectStub:
        return self.get(self.idFromName(name))

    def jurisdiction(self, jurisdiction: str, /) -> FakeDurableObjectNamespace:
        raise _no_jurisdictions()

    def _id(self, half: str, name: str | None = None) -> FakeDurableObjectId:
        return FakeDurableObjectId(half + self._digest(bytes.fromhex(half)), name)

    def _digest(self, data: bytes) -> str:
        return hmac.new(self._objects.key.encode(), data, hashlib.sha256).hexdigest()[:32]


def _no_jurisdictions() -> JsException:
    return JsException("Error", "Jurisdiction restrictions are not implemented in workerd.")


class Objects:
    """All Durable Objects of a host; their alarms go off here."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._classes: dict[tuple[str, str], ObjectClass] = {}
        host.engines.insert(0, self)

    def of(self, script: Script, name: str) -> ObjectClass:
        """The objects of a class, which a script exports under this name."""
        key = (script.name, name)
        if key not in self._classes:
            self._classes[key] = ObjectClass(script, name, FakeDurableObjectFacets)
        return self._classes[key]

    def known(self, script: Script, name: str) -> bool:
        """Whether a script keeps objects of a class."""
        return (script.name, name) in self._classes

    async def run_due(self) -> list[Any]:
        await scheduler().wait_for_end()  # what is under way may leave work for later
        for each in [each for objects in self._classes.values() for each in objects.found.values()]:
            each.end_long_blocking()
        runs = 0
        while due := [
            each
            for objects in self._classes.values()
            for each in objects.found.values()
            if each.alarm_is_due()
        ]:
            for each in sorted(due, key=lambda one: one.alarm_due):
                runs += 1
                if runs > _MANY:
                    raise RuntimeError(f"{each!r} sets its alarm again and again without end")
                await each.run_alarm()
        return []


_MANY = 1_000


def bound(hints: tuple[Any, ...], name: str, script: Script) -> FakeDurableObjectNamespace:
    """The namespace that ``DurableObjectNamespace["ChatRoom"]`` asks for."""
    kind = hints[0] if hints else None
    if isinstance(kind, ForwardRef):
        kind = kind.__forward_arg__
    if isinstance(kind, type):
        if hasattr(kind, "_handlers"):  # else only its name is known
            script.exports.setdefault(kind.__name__, kind)
        kind = kind.__name__
    if not isinstance(kind, str):
        what = f"{name}: " if name else ""
        raise TypeError(f'{what}say whose objects: DurableObjectNamespace["ChatRoom"]')
    return namespace(script, kind.rpartition(".")[2])


def namespace(
    script: Script, class_name: str, *, sqlite: bool = True
) -> FakeDurableObjectNamespace:
    """The objects of a class that ``script`` exports; not ``sqlite``: as of ``new_classes``."""
    found = script.host.shared(Objects).of(script, class_name)
    found.sqlite = found.sqlite and sqlite
    return FakeDurableObjectNamespace(found)


def configure(
    script: Script, new_classes: Iterable[str], containers: Mapping[str, Callable[[], Any]]
) -> None:
    """What a test says of classes that a Worker's env binds."""
    objects = script.host.shared(Objects)
    without_sqlite = {*new_classes}
    for name in (*without_sqlite, *containers):
        if not objects.known(script, name):
            raise TypeError(f"the env binds no Durable Objects of a class {name}")
        found = objects.of(script, name)
        found.sqlite = found.sqlite and name not in without_sqlite
        found.container = containers.get(name)


def object_of(stub: Any) -> FakeObject:
    """What a stub reaches."""
    found = getattr(raw(stub), "_object", None)
    if not isinstance(found, FakeObject):
        raise TypeError(f"expected a stub of a fake Durable Object, got {type(stub).__name__}")
    return found


def configured(bound: Bound, worker: Worker) -> FakeDurableObjectNamespace | None:
    """Make the namespace of a configuration; None if its Worker is not here."""
    script = target(bound, worker, "script_name")
    if script is None:
        return None
    classes = worker.workers[script.name].config.object_classes()
    name = bound.settings.class_name
    return namespace(script, name, sqlite=classes.get(name, False))
