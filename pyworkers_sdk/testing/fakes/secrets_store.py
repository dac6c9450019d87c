"""``FakeSecretsStoreSecret``: a secret with a value from the test, or a missing one."""

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


# The runtime's own words, seen in workerd: a quote, never to be improved.
NOT_FOUND = 'Secret "{}" not found'


@yields_to_others
class FakeSecretsStoreSecret:
    """JS: SecretsStoreSecret. Without a value it is missing from the store."""

    def __init__(
        self, value: str | None = None, name: str = "secret", *, clock: Clock | None = None
    ) -> None:
        self.clock = clock
        self._value = value
        self._name = name

    async def get(self) -> str:
        if self._value is None:
            raise JsException("Error", NOT_FOUND.format(self._name))
        return self._value


def secret(value: str | None, *, name: str = "secret") -> SecretsStoreSecret:
    """Return a fake secret: ``fake(AppEnv, TOKEN=secret("s3cret"))``.

    Args:
        value: The value. None is a secret that is missing from the store, as in
            ``fake(SecretsStoreSecret)``.
        name: The name of the secret in the store.
    """
    return SecretsStoreSecret(FakeSecretsStoreSecret(value, name))


def configured(bound: Bound, worker: Worker) -> FakeSecretsStoreSecret:
    """Return the secret of a configuration. It is missing: a configuration has no values."""
    return FakeSecretsStoreSecret(name=bound.settings.secret_name, clock=worker.script.host.clock)
