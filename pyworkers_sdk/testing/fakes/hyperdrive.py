"""``FakeHyperdrive``: the address of a database, and connections that the test has routed."""

from __future__ import annotations

from collections.abc import Awaitable
from itertools import count
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

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
# The runtime's own words, seen in workerd: a quote, never to be improved.
UNREACHABLE = "connection attempt failed"
_EXPECTED = "expected a URL such as postgres://user:password@host/database"
_numbers = count()


class FakeHyperdrive:
    """JS: Hyperdrive.

    Its connections, and ``connect`` to its host, lead to the host and port of ``url``, as in
    miniflare. ``runtime.outbound_tcp`` decides which server answers there.
    """

    def __init__(
        self,
        url: str = "postgres://user:password@localhost/database",
        *,
        clock: Clock | None = None,
    ) -> None:
        parts = _parsed(url)
        is_complete = parts.username and parts.hostname and parts.path.strip("/")
        if parts.scheme not in _SCHEMES or not is_complete:
            # The message does not show the URL, since it has a password.
            raise ValueError(_EXPECTED)
        mysql = parts.scheme == "mysql"
        number = next(_numbers) % 2**16
        self.clock = clock
        # A host and an address for each binding, as workerd makes them: 240.0.0.0/4 is reserved, so
        # nothing but own_address() below can answer there.
        self.host: str = f"{token_hex(16)}.hyperdrive.local"
        self.ip: str = f"240.0.{number >> 8}.{number & 255}"
        self.port = 3306 if mysql else 5432
        self.user: str = unquote(str(parts.username))
        self.password: str = unquote(parts.password or "")
        self.database: str = unquote(parts.path.removeprefix("/"))
        # workerd does not escape the password here either.
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
        return _connection(environment.current().tcp(*self._server, False))


def _parsed(url: str) -> SplitResult:
    """Return the parts of a URL, or of none if it is invalid."""
    try:
        parts = urlsplit(url)
        int(parts.port or 0)  # a port is parsed when it is read
    except ValueError:  # its message shows a part of the URL
        return urlsplit("")
    return parts


async def _connection(connecting: Awaitable[Any]) -> Any:
    try:
        return await connecting
    except JsException as error:
        # A real network refused. The message for a missing route stays, since it names the fix.
        if isinstance(error.__cause__, OSError):
            raise JsException("Error", UNREACHABLE) from error
        raise


def hyperdrive(url: str) -> Hyperdrive:
    """Return a fake with the user, password and database of a URL.

    Its ``host`` is one that only Workers could reach. Connections to it lead to the host and port
    of the URL. For a real database call ``runtime.outbound_tcp("localhost:5432", "network")``.

    Args:
        url: A ``postgres://`` or ``mysql://`` URL with user, password, host and database.

    Raises:
        ValueError: The URL is not of this form.
    """
    return Hyperdrive(FakeHyperdrive(url))


def configured(bound: Bound, worker: Worker) -> FakeHyperdrive:
    """Return the database of a configuration, by its ``localConnectionString``."""
    url = bound.settings.localConnectionString
    clock = worker.script.host.clock
    if url is None:
        return FakeHyperdrive(clock=clock)
    try:
        return FakeHyperdrive(url, clock=clock)
    except ValueError as error:
        raise worker.config.error(str(error), *bound.place, "localConnectionString") from None
