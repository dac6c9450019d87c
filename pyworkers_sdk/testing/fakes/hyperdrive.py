"""Hyperdrive on plain CPython: its data, and connections to what the test has routed."""

from __future__ import annotations

from collections.abc import Awaitable
from itertools import count
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ..._cpython import environment
from ..._cpython.js_exception import JsException
from ..._cpython.tcp import Socket, connected, own_address
from ...hyperdrive import Hyperdrive
from .._clock import Clock

if TYPE_CHECKING:
    from ..config.config import Bound
    from ..config.sections import Worker

__all__ = ["FakeHyperdrive", "configured", "hyperdrive"]

_SCHEMES = ("postgres", "postgresql", "mysql")
_numbers = count()


class FakeHyperdrive:
    """JS: Hyperdrive, as workerd has it: the password in the URL is not escaped there either.

    Its connections, and those of ``connect`` to its host, lead to the host and port of the URL that
    it was made with, as miniflare's do: ``runtime.outbound_tcp`` says what is there.
    """

    def __init__(
        self,
        url: str = "postgres://user:password@localhost/database",
        *,
        clock: Clock | None = None,
    ) -> None:
        parts = urlsplit(url)
        whole = parts.username and parts.hostname and parts.path.strip("/")
        if parts.scheme not in _SCHEMES or not whole:
            raise ValueError("expected a URL such as postgres://user:password@host/database")
        mysql = parts.scheme == "mysql"
        number = next(_numbers) % 2**16
        self.clock = clock
        self.host: str = f"{token_hex(16)}.hyperdrive.local"
        self.ip: str = f"240.0.{number >> 8}.{number & 255}"
        self.port = 3306 if mysql else 5432
        self.user: str = unquote(str(parts.username))
        self.password: str = unquote(parts.password or "")
        self.database: str = unquote(parts.path.removeprefix("/"))
        self.connectionString: str = (
            f"{parts.scheme}://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"
            f"{'?ssl-mode=disabled' if mysql else '?sslmode=disable'}"
        )
        self._server = str(parts.hostname), parts.port or self.port
        for host in (self.host, self.ip):
            own_address(f"{host}:{self.port}", self)

    def connect(self) -> Socket:
        return connected(self._dial, f"{self.host}:{self.port}", None, half_open=False)

    def _dial(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        return _dialled(environment.current().tcp(*self._server, False))


async def _dialled(connecting: Awaitable[Any]) -> Any:
    try:
        return await connecting
    except JsException as error:
        if isinstance(error.__cause__, OSError):
            raise JsException("Error", "connection attempt failed") from error
        raise


def hyperdrive(url: str) -> Hyperdrive:
    """A fake with the user, the password and the database of a ``postgres://`` or ``mysql://``
    URL; its own host is one that only Workers could reach.

    Connections lead to the host and port of the URL: ``runtime.outbound_tcp("localhost:5432",
    "network")`` where the database is a real one.
    """
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
