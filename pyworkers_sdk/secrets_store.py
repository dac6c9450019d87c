"""``SecretsStoreSecret``: a secret of the account, shared by its Workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._border import JsWrapper, binding, raising
from ._border.rpc import method
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["SecretsStoreSecret"]

_raising = raising(WorkersError)


class SecretsStoreSecret(JsWrapper["_js.SecretsStoreSecret"]):
    """One secret of a Secrets Store: ``TOKEN: SecretsStoreSecret`` in an Env.

    JS: SecretsStoreSecret.
    """

    __slots__ = ()

    def __init__(self, secret: _js.SecretsStoreSecret) -> None:
        self._js = binding(secret, "SecretsStoreSecret", "get")

    async def get(self) -> str:
        """Its value. WorkersError if the store has none. JS: SecretsStoreSecret.get."""
        with _raising:
            value: str = await method(self._js, "get")
        return value
