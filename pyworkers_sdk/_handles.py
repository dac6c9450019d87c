"""``Handle``: what our classes over the objects of far services have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._ffi import dumps, from_js, from_json, invoke, member, raising

__all__ = ["Handle", "json_of"]


class Handle:
    """A JavaScript object that may be an RPC stub, or the promise of one: nothing but ``member``
    and ``invoke`` may ask it for a method."""

    __slots__ = ("_js",)

    _raising: raising

    def __init__(self, handle: Any) -> None:
        self._js = handle

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    def _get(self, method: str, *args: Any) -> Any:
        """What a method gives at once: an object, or the promise of one."""
        with self._raising:
            return invoke(member(self._js, method), [*args], self._js)

    async def _call(self, method: str, *args: Any) -> Any:
        with self._raising:
            return await invoke(member(self._js, method), [*args], self._js)

    async def _ask(self, method: str, *args: Any) -> Any:
        """The same where the answer is data."""
        return from_js(await self._call(method, *args))


def json_of(options: Mapping[str, Any], name: str = "options") -> Any:
    """Those options that were given, as a JavaScript object of JSON."""
    given = {key: value for key, value in options.items() if value is not None}
    return from_json(dumps(given, name))
