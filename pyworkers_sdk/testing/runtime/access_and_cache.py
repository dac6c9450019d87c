"""What Cloudflare puts in front of a Worker: Access, and a cache."""

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
    """JS: CloudflareAccessContext, as it is documented: no local runtime has one."""

    def __init__(self, aud: str, identity: Mapping[str, Any] | None) -> None:
        self.aud = aud
        self._identity = identity

    async def getIdentity(self) -> Any:
        return to_js(self._identity, "identity")


@contextmanager
def signed_in(
    runtime: FakeRuntime[Any], identity: CloudflareAccessIdentity | None, *, aud: str = "aud"
) -> Generator[None]:
    """``with signed_in(runtime, {"email": "ann@example.com"}):`` every request comes through an
    Access application, from somebody; None is a service token."""
    before, runtime.host.access = runtime.host.access, FakeAccessContext(aud, identity)
    try:
        yield
    finally:
        runtime.host.access = before


class CachePurge(NamedTuple):
    """What a Worker wanted to be forgotten; ``method`` is "purge" or "invalidate"."""

    method: str
    tags: list[str]
    path_prefixes: list[str]
    everything: bool


class FakeCacheContext:
    """JS: CacheContext, as it is documented: no local runtime has one."""

    def __init__(self) -> None:
        self.purges: list[CachePurge] = []

    async def purge(self, options: dict[str, Any], /) -> dict[str, Any]:
        return self._note("purge", options)

    async def invalidate(self, options: dict[str, Any], /) -> dict[str, Any]:
        return self._note("invalidate", options)

    def _note(self, method: str, options: dict[str, Any]) -> dict[str, Any]:
        everything = options.get("purgeEverything", False)
        asked = (options.get("tags", []), options.get("pathPrefixes", []), everything)
        self.purges.append(CachePurge(method, *asked))
        return {"success": True, "errors": []}


def cache_purges(runtime: FakeRuntime[Any]) -> list[CachePurge]:
    """What the Worker wants to be forgotten of the cache in front of it, which it has from the
    first call of this on: ``ctx.cache`` is None before."""
    if runtime.host.cache is None:
        runtime.host.cache = FakeCacheContext()
    found: list[CachePurge] = runtime.host.cache.purges
    return found
