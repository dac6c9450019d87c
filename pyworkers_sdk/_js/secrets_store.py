"""The JavaScript API of Secrets Store."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol


class SecretsStoreSecret(Protocol):
    def get(self) -> Awaitable[str]: ...
