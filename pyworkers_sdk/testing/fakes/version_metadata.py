"""``FakeVersionMetadata``: a version that was uploaded when the fake was made."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING
from uuid import uuid4

from .._clock import Clock

if TYPE_CHECKING:
    from ..config.config import Bound
    from ..config.sections import Worker

__all__ = ["FakeVersionMetadata", "configured"]


class FakeVersionMetadata(SimpleNamespace):
    """JS: WorkerVersionMetadata. Its timestamp is the time of its ``clock``; it has no tag."""

    id: str
    tag: str
    timestamp: str

    def __init__(self, *, clock: Clock) -> None:
        # Text, as JavaScript's toISOString() writes it.
        now = clock.datetime().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        super().__init__(id=str(uuid4()), tag="", timestamp=now)


def configured(bound: Bound, worker: Worker) -> FakeVersionMetadata:
    """Return the version of a configured Worker."""
    return FakeVersionMetadata(clock=worker.script.host.clock)
