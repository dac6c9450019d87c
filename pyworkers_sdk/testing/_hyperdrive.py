"""Hyperdrive on plain CPython: its data, and no database behind it."""

from __future__ import annotations

from secrets import token_bytes
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ..hyperdrive import Hyperdrive
from ._clock import Clock

if TYPE_CHECKING:
    from ._build import Worker
    from ._config import Bound

__all__ = ["FakeHyperdrive", "configured", "hyperdrive"]

_SCHEMES = ("postgres", "postgresql", "mysql")


class FakeHyperdrive:
    """JS: Hyperdrive, as workerd has it: the password in the URL is not escaped there either."""

    def __init__(
        self,
        url: str = "postgres://user:password@localhost/database",
        *,
        clock: Clock | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES or not (parts.username and parts.path.strip("/")):
            raise ValueError("expected a URL such as postgres://user:password@host/database")
        mysql = parts.scheme == "mysql"
        at = token_bytes(18)
        self.clock = clock
        self.host = f"{at[2:].hex()}.hyperdrive.local"
        self.ip = f"240.0.{at[0]}.{at[1]}"
        self.port = 3306 if mysql else 5432
        self.user = unquote(parts.username)
        self.password = unquote(parts.password or "")
        self.database = unquote(parts.path.removeprefix("/"))
        self.connectionString = (
            f"{parts.scheme}://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"
            f"{'?ssl-mode=disabled' if mysql else '?sslmode=disable'}"
        )

    def connect(self) -> Any:
        raise NotImplementedError("a fake Hyperdrive has no database to connect to")


def hyperdrive(url: str) -> Hyperdrive:
    """A fake with the user, the password and the database of a ``postgres://`` or ``mysql://``
    URL; the host is one that only Workers could reach."""
    return Hyperdrive(FakeHyperdrive(url))


def configured(bound: Bound, worker: Worker) -> FakeHyperdrive:
    url = bound.settings.localConnectionString
    clock = worker.script.host.clock
    if url is None:
        return FakeHyperdrive(clock=clock)
    try:
        return FakeHyperdrive(url, clock=clock)
    except ValueError as error:
        raise worker.config.error(str(error), *bound.place, "localConnectionString") from None
