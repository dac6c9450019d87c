"""The user who signed in through Cloudflare Access: ``ctx.access``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from ._border import JsWrapper, from_js, raising, raw
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = [
    "AccessCountry",
    "AccessGroup",
    "AccessProvider",
    "CloudflareAccessContext",
    "CloudflareAccessIdentity",
]

_raising = raising(WorkersError)


class AccessProvider(TypedDict):
    """The identity provider that the user signed in with."""

    id: str
    type: str


class AccessCountry(TypedDict):
    """The country of the user's IP address."""

    country: str


class _AccessGroup(TypedDict):
    id: str
    name: str


class AccessGroup(_AccessGroup, total=False):
    """A group that the user is a member of."""

    email: str


class CloudflareAccessIdentity(TypedDict, total=False):
    """The user who signed in. Access may send more keys than these.

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
    """The Access application in front of the Worker.

    JS: CloudflareAccessContext.
    """

    __slots__ = ()

    def __init__(self, access: _js.CloudflareAccessContext) -> None:
        self._js = raw(access)

    @property
    def aud(self) -> str:
        """The application's audience tag.

        JS: CloudflareAccessContext.aud.
        """
        return self._js.aud

    async def get_identity(self) -> CloudflareAccessIdentity | None:
        """Return the user who signed in; None for a service token.

        JS: CloudflareAccessContext.getIdentity.
        """
        with _raising:
            identity: CloudflareAccessIdentity | None = from_js(await self._js.getIdentity())
        return identity
