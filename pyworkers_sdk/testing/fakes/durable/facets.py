"""The facets of a fake Durable Object, and the classes of Durable Objects that a Worker exports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ...._cpython.js_exception import JsException
from ...runtime.rpc import FakeStub
from .object import FakeObject, ObjectClass, Place, again

if TYPE_CHECKING:
    from ...runtime.host import Script
    from .namespace import FakeDurableObjectId

__all__ = [
    "FakeDurableObjectClass",
    "FakeDurableObjectFacets",
]

Start = Callable[[], Awaitable[Any]]


class FakeDurableObjectClass:
    """JS: DurableObjectClass."""

    js_tag = "DurableObjectClass"

    def __init__(self, script: Script, kind: type[Any], props: Any = None) -> None:
        self.script = script
        self.kind = kind
        self.props: Any = {} if props is None else props


class _Facet(FakeObject):
    """A facet that runs, from when it is first called until it is aborted, deleted or reset."""

    def __init__(
        self, owner: FakeDurableObjectFacets, name: str, script: Script, start: Start
    ) -> None:
        self._owner = owner
        self._name = name
        place = owner.place.below.setdefault(name, Place(script.host.clock))
        super().__init__(_class(script, name), owner.id, place)
        self.depth: int = owner.depth + 1
        self._starting = asyncio.ensure_future(self._start(start))
        self._ended: JsException | None = None

    async def _start(self, start: Start) -> None:
        options = await start()
        found = options["class"]
        if getattr(found, "js_tag", "") == "LoopbackDurableObjectNamespace":
            found = found()
        if not isinstance(found, FakeDurableObjectClass):
            raise JsException("TypeError", _NO_CLASS)
        self.id: FakeDurableObjectId = options.get("id", self.id)
        self.props: Any = found.props
        self._objects = _class(found.script, found.kind.__name__, found.kind)

    async def event(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        await asyncio.wait([self._starting])
        if self._ended is None and (failed := self._starting.exception()) is not None:
            assert isinstance(failed, JsException)
            failed.remote = False
            raise again(failed)
        if self._ended is not None:
            raise again(self._ended)
        return await super().event(call)

    def reset(self, error: JsException) -> None:
        error.remote = False
        self._ended = error
        self._owner.ended(self._name, self)
        super().reset(error)


_NO_CLASS = (
    "Incorrect type for the 'class' field on 'StartupOptions': the provided value is not of type "
    "'DurableObjectClass or LoopbackDurableObjectNamespace or LoopbackColoLocalActorNamespace'."
)


class FakeDurableObjectFacets:
    """JS: DurableObjectFacets."""

    def __init__(self, parent: FakeObject) -> None:
        self.id: FakeDurableObjectId = parent.id
        self.depth: int = parent.depth
        self.place: Place = parent.place
        self._script = parent.script
        self._running: dict[str, _Facet] = {}

    def get(self, name: str, getStartupOptions: Start, /) -> FakeStub:
        _check(name)
        if self.depth + 1 >= _MAX_DEPTH:
            message = (
                "Facet nesting depth limit exceeded. The maximum depth including the root Durable "
                f"Object is {_MAX_DEPTH}."
            )
            raise JsException("Error", message)
        used: list[_Facet] = []

        async def deliver(method: str, args: list[Any]) -> Any:
            if not name:
                error = JsException("Error", f"internal error; reference = {token_hex(12)}")
                error.remote = False
                raise error
            if not used:
                if name not in self._running:
                    self._running[name] = _Facet(self, name, self._script, getStartupOptions)
                used.append(self._running[name])
            return await used[0].deliver(method, args)

        return FakeStub(deliver)

    def abort(self, name: str, reason: Any, /) -> None:
        _check(name)
        error = reason if isinstance(reason, JsException) else JsException("Error", str(reason))
        self._end(name, error)

    def delete(self, name: str, /) -> None:
        _check(name)
        self._end(name, JsException("Error", "Facet was deleted."))
        self.place.below.pop(name, None)

    def clone(self, src: str, dst: str, /) -> None:
        _check(src)
        _check(dst)
        self._end(dst, JsException("Error", "Facet was cloned-over."))
        found = self.place.below.get(src)
        self.place.below.pop(dst, None)
        if found is not None:
            self.place.below[dst] = found.copy()

    def _end(self, name: str, error: JsException) -> None:
        if name in self._running:
            self._running[name].reset(error)

    def ended(self, name: str, facet: _Facet) -> None:
        if self._running.get(name) is facet:
            del self._running[name]

    def over(self, error: JsException) -> None:
        """The object that they are in was reset, or is taken out of memory."""
        for name in [*self._running]:
            self._end(name, again(error))

    @property
    def busy(self) -> bool:
        return any(facet.busy for facet in self._running.values())


_MAX_DEPTH = 4


def _check(name: str) -> None:
    if len(name.encode()) > 256:
        raise JsException("TypeError", "Facet name is too long (max 256 characters).")


def _class(script: Script, name: str, kind: type[Any] | None = None) -> ObjectClass:
    return ObjectClass(script, name, FakeDurableObjectFacets, kind)
