"""Who is signed in through Cloudflare Access: what ``ctx.access`` is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from ._border import JsWrapper, from_js, raising, raw
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["CloudflareAccessContext", "CloudflareAccessIdentity"]

_raising = raising(WorkersError)


class AccessProvider(TypedDict):
    """Where somebody signed in."""

    id: str
    type: str


class AccessCountry(TypedDict):
    """Where somebody is."""

    country: str


class _AccessGroup(TypedDict):
    id: str
    name: str


class AccessGroup(_AccessGroup, total=False):
    """A group that somebody is in."""

    email: str


class CloudflareAccessIdentity(TypedDict, total=False):
    """Who is signed in, as Access says it: under its own names, and with others besides.

    JS: CloudflareAccessIdentity.
    """

    email: str
    name: str
    user_uuid: str
    account_id: str
    iat: int
    ip: str
    amr: list[str]
    idp: AccessProvider
    geo: AccessCountry
    groups: list[AccessGroup]
    devicePosture: dict[str, Any]
    is_warp: bool
    is_gateway: bool


class CloudflareAccessContext(JsWrapper["_js.CloudflareAccessContext"]):
    """The Access application that a request came through. JS: CloudflareAccessContext."""

    __slots__ = ()

    def __init__(self, access: _js.CloudflareAccessContext) -> None:
        self._js = raw(access)

    @property
    def aud(self) -> str:
        """The application's audience tag. JS: CloudflareAccessContext.aud."""
        return self._js.aud

    async def get_identity(self) -> CloudflareAccessIdentity | None:
        """Who is signed in; None for a service token. JS: CloudflareAccessContext.getIdentity."""
        with _raising:
            found: CloudflareAccessIdentity | None = from_js(await self._js.getIdentity())
        return found
