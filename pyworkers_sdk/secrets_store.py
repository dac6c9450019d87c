"""``SecretsStoreSecret``: a secret of the account, shared by its Workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._ffi import binding, method, raising
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _sys

__all__ = ["SecretsStoreSecret"]

_raising = raising(WorkersError)


class SecretsStoreSecret:
    """One secret of a Secrets Store: ``TOKEN: SecretsStoreSecret`` in an Env.

    JS: SecretsStoreSecret.
    """

    __slots__ = ("_js",)

    def __init__(self, secret: _sys.SecretsStoreSecret) -> None:
        self._js: _sys.SecretsStoreSecret = binding(secret, "SecretsStoreSecret", "get")

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    async def get(self) -> str:
        """Its value. WorkersError if the store has none. JS: SecretsStoreSecret.get."""
        with _raising:
            value: str = await method(self._js, "get")
        return value
