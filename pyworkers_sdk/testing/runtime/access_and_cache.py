"""The services in front of a Worker: Cloudflare Access, and a cache."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._border import to_js

if TYPE_CHECKING:
    from ...access import CloudflareAccessIdentity
    from .fake_runtime import FakeRuntime

__all__ = ["CachePurge", "cache_purges", "signed_in"]


class FakeAccessContext:
    """JS: CloudflareAccessContext. It follows the documentation: local runtimes lack it."""

    def __init__(self, aud: str, identity: Mapping[str, Any] | None) -> None:
        self.aud = aud
        self._identity = identity

    async def getIdentity(self) -> Any:
        return to_js(self._identity, "identity")


@contextmanager
def signed_in(
    runtime: FakeRuntime[Any], identity: CloudflareAccessIdentity | None, *, aud: str = "aud"
) -> Generator[None]:
    """Let every request come through an Access application, from a signed-in user.

    ::

        with signed_in(runtime, {"email": "ann@example.com"}):
            response = await runtime.fetch("https://example.com/")

    Args:
        runtime: The runtime whose requests are affected.
        identity: The user. None is a service token.
        aud: The audience tag of the Access application.
    """
    previous, runtime.host.access = runtime.host.access, FakeAccessContext(aud, identity)
    try:
        yield
    finally:
        runtime.host.access = previous


class CachePurge(NamedTuple):
    """A purge that a Worker requested."""

    method: str
    """``"purge"`` or ``"invalidate"``."""
    tags: list[str]
    """The tags to purge."""
    path_prefixes: list[str]
    """The paths to purge."""
    everything: bool
    """True if everything is purged."""


class FakeCacheContext:
    """JS: CacheContext. It follows the documentation: local runtimes lack it."""

    def __init__(self) -> None:
        self.purges: list[CachePurge] = []

    async def purge(self, options: dict[str, Any], /) -> dict[str, Any]:
        return self._record("purge", options)

    async def invalidate(self, options: dict[str, Any], /) -> dict[str, Any]:
        return self._record("invalidate", options)

    def _record(self, method: str, options: dict[str, Any]) -> dict[str, Any]:
        tags, paths = options.get("tags", []), options.get("pathPrefixes", [])
        self.purges.append(CachePurge(method, tags, paths, options.get("purgeEverything", False)))
        return {"success": True, "errors": []}


def cache_purges(runtime: FakeRuntime[Any]) -> list[CachePurge]:
    """Return the cache purges that the Worker requested.

    ``ctx.cache`` is None before the first call of this function. The list grows with every purge.
    """
    if runtime.host.cache is None:
        runtime.host.cache = FakeCacheContext()
    purges: list[CachePurge] = runtime.host.cache.purges
    return purges
