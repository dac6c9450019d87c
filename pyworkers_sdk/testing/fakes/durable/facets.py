"""The facets of a fake Durable Object, and the classes of Durable Objects that a Worker exports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ...._cpython.js_exception import JsException
from ...runtime.rpc import FakeStub
from .object import FakeObject, ObjectClass, ObjectData, copy_error

if TYPE_CHECKING:
    from ...runtime.host import Script
    from .namespace import FakeDurableObjectId

__all__ = [
    "FakeDurableObjectClass",
    "FakeDurableObjectFacets",
]

Start = Callable[[], Awaitable[Any]]

_MAX_DEPTH = 4  # with the root object
_MAX_NAME = 256  # "characters" in the message, but the runtime counts bytes of UTF-8

# The runtime's own words.
_NOT_A_CLASS = (
    "Incorrect type for the 'class' field on 'StartupOptions': the provided value is not of type "
    "'DurableObjectClass or LoopbackDurableObjectNamespace or LoopbackColoLocalActorNamespace'."
)
_TOO_DEEP = (
    "Facet nesting depth limit exceeded. The maximum depth including the root Durable Object is "
    f"{_MAX_DEPTH}."
)
_NAME_TOO_LONG = f"Facet name is too long (max {_MAX_NAME} characters)."
_DELETED = "Facet was deleted."
_CLONED_OVER = "Facet was cloned-over."
_INTERNAL_ERROR = "internal error; reference = {reference}"


class FakeDurableObjectClass:
    """JS: DurableObjectClass."""

    js_tag = "DurableObjectClass"

    def __init__(self, script: Script, kind: type[Any], props: Any = None) -> None:
        self.script = script
        self.kind = kind
        self.props: Any = {} if props is None else props


class _Facet(FakeObject):
    """A running facet: from its first call until it is aborted, deleted or reset."""

    def __init__(
        self, owner: FakeDurableObjectFacets, name: str, script: Script, start: Start
    ) -> None:
        self._owner = owner
        self._name = name
        data = owner.data.facets.setdefault(name, ObjectData(script.host.clock))
        # The class and the id are known only when the startup options have arrived.
        super().__init__(_object_class(script, name), owner.id, data)
        self.depth: int = owner.depth + 1
        self._starting = asyncio.ensure_future(self._apply_options(start))
        self._error: JsException | None = None

    async def _apply_options(self, start: Start) -> None:
        options = await start()
        js_class = options["class"]
        if getattr(js_class, "js_tag", "") == "LoopbackDurableObjectNamespace":
            js_class = js_class()  # a namespace of ctx.exports stands for its class
        if not isinstance(js_class, FakeDurableObjectClass):
            raise JsException("TypeError", _NOT_A_CLASS)
        self.id: FakeDurableObjectId = options.get("id", self.id)
        self.props: Any = js_class.props
        self._objects = _object_class(js_class.script, js_class.kind.__name__, js_class.kind)

    async def event(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        await asyncio.wait([self._starting])
        # Startup options that failed fail every later call too, until the facet is aborted
        # (test_failed_startup_options_fail_every_call_until_abort).
        if self._error is None and (error := self._starting.exception()) is not None:
            assert isinstance(error, JsException)
            error.remote = False
            raise copy_error(error)
        if self._error is not None:
            raise copy_error(self._error)
        return await super().event(call)

    def reset(self, error: JsException) -> None:
        error.remote = False
        self._error = error
        self._owner.remove(self._name, self)
        super().reset(error)


class FakeDurableObjectFacets:
    """JS: DurableObjectFacets."""

    def __init__(self, parent: FakeObject) -> None:
        self.id: FakeDurableObjectId = parent.id
        self.depth: int = parent.depth
        self.data: ObjectData = parent.data
        self._script = parent.script
        self._running: dict[str, _Facet] = {}

    def get(self, name: str, getStartupOptions: Start, /) -> FakeStub:
        _check_name(name)
        if self.depth + 1 >= _MAX_DEPTH:
            raise JsException("Error", _TOO_DEEP)
        used: list[_Facet] = []

        # A stub is bound to a facet by its first call, not by get(). It stays bound when that facet
        # ends (test_abort_evicts_a_facet_and_keeps_its_storage).
        async def deliver(method: str, args: list[Any]) -> Any:
            if not name:
                reference = token_hex(12)
                error = JsException("Error", _INTERNAL_ERROR.format(reference=reference))
                error.remote = False
                raise error
            if not used:
                if name not in self._running:
                    self._running[name] = _Facet(self, name, self._script, getStartupOptions)
                used.append(self._running[name])
            return await used[0].deliver(method, args)

        return FakeStub(deliver)

    def abort(self, name: str, reason: Any, /) -> None:
        _check_name(name)
        error = reason if isinstance(reason, JsException) else JsException("Error", str(reason))
        self._reset(name, error)

    def delete(self, name: str, /) -> None:
        _check_name(name)
        self._reset(name, JsException("Error", _DELETED))
        self.data.facets.pop(name, None)

    def delete_all(self) -> None:
        """Delete every facet, because the storage of their parent is deleted."""
        for name in [*self.data.facets]:
            self.delete(name)

    def clone(self, src: str, dst: str, /) -> None:
        _check_name(src)
        _check_name(dst)
        self._reset(dst, JsException("Error", _CLONED_OVER))
        # Take the source before the target is removed: the two may have the same name.
        source = self.data.facets.get(src)
        self.data.facets.pop(dst, None)
        if source is not None:
            self.data.facets[dst] = source.copy()

    def _reset(self, name: str, error: JsException) -> None:
        if name in self._running:
            self._running[name].reset(error)

    def remove(self, name: str, facet: _Facet) -> None:
        """Forget a facet that has ended, unless its name runs again."""
        if self._running.get(name) is facet:
            del self._running[name]

    def reset_all(self, error: JsException) -> None:
        """End all facets, because their parent was reset or evicted."""
        for name in [*self._running]:
            self._reset(name, copy_error(error))

    @property
    def busy(self) -> bool:
        """True while calls of facets have not returned."""
        return any(facet.busy for facet in self._running.values())


def _check_name(name: str) -> None:
    if len(name.encode()) > _MAX_NAME:
        raise JsException("TypeError", _NAME_TOO_LONG)


def _object_class(script: Script, name: str, kind: type[Any] | None = None) -> ObjectClass:
    return ObjectClass(script, name, FakeDurableObjectFacets, kind)
