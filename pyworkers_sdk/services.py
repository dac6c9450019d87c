"""``Service`` and ``Fetcher``: what is behind a service binding, by HTTP and by RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._ffi import binding, from_js, raising, raw, to_js
from .errors import WorkersError
from .http import Request, Response

if TYPE_CHECKING:
    from . import _sys

__all__ = ["Fetcher"]

_raising = raising(WorkersError)


class Fetcher:
    """Another Worker, or an object of one: ``fetch`` is HTTP, and any other method is RPC.

    JS: Fetcher.
    """

    __slots__ = ("_js",)

    def __init__(self, fetcher: _sys.Fetcher) -> None:
        self._js: _sys.Fetcher = binding(fetcher, "Service", "fetch")

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    async def fetch(self, request: Request) -> Response:
        """Send a request there. JS: Fetcher.fetch."""
        with _raising:
            return Response.from_js(await self._js.fetch(raw(request)))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            method = getattr(self._js, name)

            async def call(*args: Any) -> Any:
                sent = [to_js(arg, f"{name}() argument {at}") for at, arg in enumerate(args, 1)]
                with _raising:
                    return from_js(await method(*sent))

            return call
