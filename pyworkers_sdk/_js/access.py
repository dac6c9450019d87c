"""The JavaScript API of Cloudflare Access."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class CloudflareAccessContext(Protocol):
    @property
    def aud(self) -> str: ...
    def getIdentity(self) -> Awaitable[Js]: ...
