"""``RemoteObject``: base of the classes over objects of services that are reached by RPC."""

from __future__ import annotations

from typing import Any, ClassVar

from ._border import JsT, JsWrapper, from_js, raising
from ._border.rpc import invoke, member
from .errors import WorkersError

__all__ = ["RemoteObject"]


class RemoteObject(JsWrapper[JsT]):
    """A JavaScript object that may be an RPC stub, or the promise of one.

    A stub answers to every name, so only ``member`` and ``invoke`` may ask it for a method.
    """

    __slots__ = ()

    _raising: ClassVar[raising] = raising(WorkersError)

    def __init__(self, js: JsT) -> None:
        self._js = js

    def _start(self, method: str, *args: Any) -> Any:
        """Call a method and return its answer unawaited: an object, or the promise of one."""
        with self._raising:
            return invoke(member(self._js, method), [*args], self._js)

    async def _call(self, method: str, *args: Any) -> Any:
        """Call a method and return the JavaScript value that it resolves to."""
        with self._raising:
            return await invoke(member(self._js, method), [*args], self._js)

    async def _ask(self, method: str, *args: Any) -> Any:
        """Call a method whose answer is data, and return it as Python values."""
        return from_js(await self._call(method, *args))
