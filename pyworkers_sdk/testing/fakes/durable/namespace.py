"""Fake Durable Objects from outside: namespaces, ids and stubs, and the engine of their alarms."""

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

_MAX_ALARMS = 1_000
"""The calls of alarms in one round of ``drain`` after which an endless loop is assumed."""

# The runtime's own words.
_NOT_HEX = "Invalid Durable Object ID: must be 64 hex digits"
_OTHER_NAMESPACE = "Durable Object ID is not valid for this namespace."
_NOT_AN_ID = (
    "Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of type "
    "'DurableObjectId'."
)
_NO_JURISDICTIONS = "Jurisdiction restrictions are not implemented in workerd."


class FakeDurableObjectId:
    """JS: DurableObjectId.

    The first half of the text comes from a name, or is random. The second half is a signature by
    which the namespace recognises its own ids.
    """

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

    def __init__(self, id: FakeDurableObjectId, target: FakeObject) -> None:
        super().__init__(target.deliver)
        self._object = target
        self.id = id
        self.name: str | None = id.name

    def _dial(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        return self._connect(hostname, port, secure)

    async def _connect(self, hostname: str, port: int, secure: bool) -> Any:
        if secure:
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
        """Call a function with the name of each method before it is called, for ``faults``."""
        self._objects.before_call = called

    def object_class(self) -> type[Any] | None:
        """Return the class of the objects, or None if the Worker does not define it yet."""
        try:
            return self._objects.kind()
        except TypeError:
            return None

    def idFromName(self, name: str, /) -> FakeDurableObjectId:
        return self._id(self._digest(name.encode()), name)

    def newUniqueId(self, *, jurisdiction: str | None = None) -> FakeDurableObjectId:
        if jurisdiction is not None:
            raise JsException("Error", _NO_JURISDICTIONS)
        return self._id(secrets.token_hex(16))

    def idFromString(self, id: str, /) -> FakeDurableObjectId:
        if not re.fullmatch("[0-9a-fA-F]{64}", id):
            raise JsException("TypeError", _NOT_HEX)
        own_id = self._id(id[:32].lower())
        if own_id.toString() != id.lower():
            raise JsException("TypeError", _OTHER_NAMESPACE)
        return own_id

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
            raise JsException("TypeError", _NOT_AN_ID)
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
        raise JsException("Error", _NO_JURISDICTIONS)

    def _id(self, first_half: str, name: str | None = None) -> FakeDurableObjectId:
        return FakeDurableObjectId(first_half + self._digest(bytes.fromhex(first_half)), name)

    def _digest(self, data: bytes) -> str:
        # The key differs between namespaces, and so do the ids of the same name.
        return hmac.new(self._objects.key.encode(), data, hashlib.sha256).hexdigest()[:32]


class Objects:
    """All Durable Objects of a host, and the engine that calls their alarms."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._classes: dict[tuple[str, str], ObjectClass] = {}
        host.engines.insert(0, self)

    def of(self, script: Script, name: str) -> ObjectClass:
        """Return the objects of a class that a script exports under this name."""
        key = (script.name, name)
        if key not in self._classes:
            self._classes[key] = ObjectClass(script, name, FakeDurableObjectFacets)
        return self._classes[key]

    def known(self, script: Script, name: str) -> bool:
        """Return True if a namespace of this class is bound."""
        return (script.name, name) in self._classes

    async def run_due(self) -> list[Any]:
        """Call all alarms that are due on the clock, the earliest first."""
        await scheduler().wait_for_end()  # the current turn may still set an alarm
        for member in self._all():
            member.end_long_blocking()
        calls = 0
        while due := [member for member in self._all() if member.alarm.is_due()]:
            for member in sorted(due, key=lambda member: member.alarm.due):
                calls += 1
                if calls > _MAX_ALARMS:
                    raise RuntimeError(
                        f"{member!r}: its alarm was called {_MAX_ALARMS:,} times without the clock "
                        "moving; alarm() sets itself for a time that is due at once"
                    )
                await member.run_alarm()
        return []

    def _all(self) -> list[FakeObject]:
        return [member for objects in self._classes.values() for member in objects.objects.values()]


def bound(hints: tuple[Any, ...], name: str, script: Script) -> FakeDurableObjectNamespace:
    """Return the namespace for an annotation such as ``DurableObjectNamespace["ChatRoom"]``."""
    kind = hints[0] if hints else None
    if isinstance(kind, ForwardRef):
        kind = kind.__forward_arg__
    if isinstance(kind, type):
        # A class that can run is exported; of a Protocol only the name is used.
        if hasattr(kind, "_handlers"):
            script.exports.setdefault(kind.__name__, kind)
        kind = kind.__name__
    if not isinstance(kind, str):
        raise TypeError(
            f"{name or 'DurableObjectNamespace'}: the class of the objects is missing; write "
            'DurableObjectNamespace["ChatRoom"]'
        )
    return namespace(script, kind.rpartition(".")[2])


def namespace(
    script: Script, class_name: str, *, sqlite: bool = True
) -> FakeDurableObjectNamespace:
    """Return the namespace of a class that ``script`` exports.

    ``sqlite=False`` gives its objects storage without SQL, as ``new_classes`` does.
    """
    objects = script.host.shared(Objects).of(script, class_name)
    objects.sqlite = objects.sqlite and sqlite
    return FakeDurableObjectNamespace(objects)


def configure(
    script: Script, new_classes: Iterable[str], containers: Mapping[str, Callable[[], Any]]
) -> None:
    """Apply a test's ``new_classes`` and ``containers`` to the classes that the env binds."""
    objects = script.host.shared(Objects)
    without_sqlite = {*new_classes}
    for name in (*without_sqlite, *containers):
        if not objects.known(script, name):
            raise TypeError(
                f"new_classes or containers: unknown class {name!r}; the env binds no Durable "
                "Objects of it"
            )
        object_class = objects.of(script, name)
        object_class.sqlite = object_class.sqlite and name not in without_sqlite
        object_class.container = containers.get(name)


def object_of(stub: Any) -> FakeObject:
    """Return the object that a stub leads to."""
    target = getattr(raw(stub), "_object", None)
    if not isinstance(target, FakeObject):
        raise TypeError(f"expected a stub of a fake Durable Object, got {type(stub).__name__}")
    return target


def configured(bound: Bound, worker: Worker) -> FakeDurableObjectNamespace | None:
    """Return the namespace of a configuration's binding; None if its Worker is not loaded."""
    script = target(bound, worker, "script_name")
    if script is None:
        return None
    classes = worker.workers[script.name].config.object_classes()
    name = bound.settings.class_name
    return namespace(script, name, sqlite=classes.get(name, False))
