"""``SecretsStoreSecret``: a secret that the Workers of an account share."""

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
    """A secret in a Secrets Store: ``TOKEN: SecretsStoreSecret`` in an Env.

    JS: SecretsStoreSecret.
    """

    __slots__ = ()

    def __init__(self, secret: _js.SecretsStoreSecret) -> None:
        self._js = binding(secret, "SecretsStoreSecret", "get")

    async def get(self) -> str:
        """Return the value of the secret.

        Raises:
            WorkersError: The secret is missing from the store.

        JS: SecretsStoreSecret.get.
        """
        with _raising:
            value: str = await method(self._js, "get")
        return value
