"""Secrets of a Secrets Store on plain CPython."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._cpython.js_exception import JsException
from ...secrets_store import SecretsStoreSecret
from .._clock import Clock
from ..runtime.scheduling import yields_to_others

if TYPE_CHECKING:
    from ..config.config import Bound
    from ..config.sections import Worker

__all__ = ["FakeSecretsStoreSecret", "configured", "secret"]


@yields_to_others
class FakeSecretsStoreSecret:
    """JS: SecretsStoreSecret."""

    def __init__(
        self, value: str | None = None, name: str = "secret", *, clock: Clock | None = None
    ) -> None:
        self.clock = clock
        self._value = value
        self._name = name

    async def get(self) -> str:
        if self._value is None:
            raise JsException("Error", f'Secret "{self._name}" not found')
        return self._value


def secret(value: str | None, *, name: str = "secret") -> SecretsStoreSecret:
    """A fake secret with a value: ``fake(AppEnv, TOKEN=secret("s3cret"))``; None is one that the
    store does not have, which ``fake(SecretsStoreSecret)`` is too. ``name`` is its name there."""
    return SecretsStoreSecret(FakeSecretsStoreSecret(value, name))


def configured(bound: Bound, worker: Worker) -> FakeSecretsStoreSecret:
    return FakeSecretsStoreSecret(name=bound.settings.secret_name, clock=worker.script.host.clock)
