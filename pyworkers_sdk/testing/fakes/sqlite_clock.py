"""The time of SQL's date functions: it is that of a clock, and its zone is UTC."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._apsw import apsw

if TYPE_CHECKING:
    from .._clock import Clock

__all__ = ["VFS", "now_is_of", "use_utc"]

VFS = "pyworkers-clock"
"""The name of SQLite's own file system with another clock."""

_EPOCH = 210_866_760_000_000
"""1970-01-01 in milliseconds since the beginning of the Julian day numbers."""

_current = threading.local()


def now_is_of(clock: Clock | None) -> None:
    """Make this clock the time of the next statements in this thread; None for the real time."""
    _current.clock = clock


class _ClockVFS(apsw.VFS):
    def __init__(self) -> None:
        super().__init__(VFS, "")

    def xCurrentTimeInt64(self) -> int:
        clock: Clock | None = getattr(_current, "clock", None)
        return _EPOCH + int(time.time() * 1000 if clock is None else clock.now())


_vfs = _ClockVFS()


def use_utc(connection: Any) -> None:
    """Make "localtime" UTC, as in the runtime, on a machine of another time zone.

    SQLite asks the machine for its zone. So the date functions are replaced by functions that
    compute with SQLite's own on a second connection, without the two modifiers of zones.
    """
    if not (time.timezone or time.daylight):
        return
    helper: Any = apsw.Connection(":memory:", vfs=VFS)

    def date_function(name: str) -> Callable[..., Any]:
        def compute(*args: Any) -> Any:
            # A modifier that changes nothing keeps the places of the others.
            params = ["+0 days" if _is_zone(arg) else arg for arg in args]
            marks = ", ".join("?" * len(params))
            return helper.execute(f"SELECT {name}({marks})", params).get

        return compute

    for name in ("date", "time", "datetime", "julianday", "unixepoch", "strftime"):
        connection.create_scalar_function(name, date_function(name), -1, deterministic=True)


def _is_zone(value: Any) -> bool:
    return isinstance(value, str) and value.lower() in ("localtime", "utc")
