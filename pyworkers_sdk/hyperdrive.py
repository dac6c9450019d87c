"""``Hyperdrive``: a database that is far away, through a pool of connections that is not."""

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
    """What a PostgreSQL or MySQL driver needs to connect: ``DATABASE: Hyperdrive`` in an Env.

    The user, the password and the host are made for the Worker and are of no use elsewhere; the
    repr shows none of them. The driver has to speak through ``cloudflare:sockets``. JS: Hyperdrive.
    """

    __slots__ = ()

    def __init__(self, hyperdrive: _js.Hyperdrive) -> None:
        self._js = binding(hyperdrive, "Hyperdrive", "connect")

    @property
    def connection_string(self) -> str:
        """All of it as a URL; ``?sslmode=disable``, or ``?ssl-mode=disabled`` of MySQL, is right,
        since the way to the pool is not over a network. JS: Hyperdrive.connectionString."""
        return self._js.connectionString

    @property
    def host(self) -> str:
        """A name that only this Worker can connect to. JS: Hyperdrive.host."""
        return self._js.host

    @property
    def ip(self) -> str | None:
        """The same as an IPv4 address; None where the runtime has none. JS: Hyperdrive.ip."""
        found: str | None = prop(self._js, "ip")
        return found

    @property
    def port(self) -> int:
        """JS: Hyperdrive.port."""
        return self._js.port

    @property
    def user(self) -> str:
        """JS: Hyperdrive.user."""
        return self._js.user

    @property
    def password(self) -> str:
        """JS: Hyperdrive.password."""
        return self._js.password

    @property
    def database(self) -> str:
        """The database's name. JS: Hyperdrive.database."""
        return self._js.database

    def connect(self) -> Socket:
        """A connection from the pool, in plain text, on which to speak the database's own protocol;
        ``pyworkers_sdk.connect`` to ``host`` and ``port`` makes the same, whatever its options say.

        WorkersError, from ``opened`` and a write, where the database cannot be reached.
        JS: Hyperdrive.connect.
        """
        from .tcp import Socket

        with _raising:
            return Socket(self._js.connect())

    def __repr__(self) -> str:
        return f"<Hyperdrive to {self.database!r}>"
