"""``Hyperdrive``: connections to a remote database through a pool close to the Worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._border import JsWrapper, binding, prop, raising
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js
    from .tcp import Socket

__all__ = ["Hyperdrive"]

_raising = raising(WorkersError)


class Hyperdrive(JsWrapper["_js.Hyperdrive"]):
    """The address of a database for a PostgreSQL or MySQL driver: ``DB: Hyperdrive`` in an Env.

    User, password and host are created for this Worker and do not work elsewhere; the repr shows
    none of them. The driver has to connect through ``cloudflare:sockets``.

    JS: Hyperdrive.
    """

    __slots__ = ()

    def __init__(self, hyperdrive: _js.Hyperdrive) -> None:
        self._js = binding(hyperdrive, "Hyperdrive", "connect")

    @property
    def connection_string(self) -> str:
        """The whole address as a URL, with user and password.

        It ends with ``?sslmode=disable`` (in MySQL ``?ssl-mode=disabled``). That is safe, since the
        connection to the pool does not cross a network.

        JS: Hyperdrive.connectionString.
        """
        return self._js.connectionString

    @property
    def host(self) -> str:
        """A host name to which only this Worker can connect.

        JS: Hyperdrive.host.
        """
        return self._js.host

    @property
    def ip(self) -> str | None:
        """The host as an IPv4 address; None if the runtime does not have it.

        JS: Hyperdrive.ip.
        """
        ip: str | None = prop(self._js, "ip")
        return ip

    @property
    def port(self) -> int:
        """The port to connect to.

        JS: Hyperdrive.port.
        """
        return self._js.port

    @property
    def user(self) -> str:
        """The name of the user.

        JS: Hyperdrive.user.
        """
        return self._js.user

    @property
    def password(self) -> str:
        """The password of the user.

        JS: Hyperdrive.password.
        """
        return self._js.password

    @property
    def database(self) -> str:
        """The name of the database.

        JS: Hyperdrive.database.
        """
        return self._js.database

    def connect(self) -> Socket:
        """Open a connection from the pool, for the protocol of the database, without TLS.

        ``pyworkers_sdk.connect`` to ``host`` and ``port`` does the same, and its options have no
        effect then. If the database cannot be reached, ``opened`` and writes raise WorkersError.

        JS: Hyperdrive.connect.
        """
        from .tcp import Socket

        with _raising:
            return Socket(self._js.connect())

    def __repr__(self) -> str:
        return f"<Hyperdrive to {self.database!r}>"
