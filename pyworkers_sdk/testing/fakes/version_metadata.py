"""The version of a Worker on plain CPython."""

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
    """JS: WorkerVersionMetadata, of a version that was uploaded just now, without a tag."""

    id: str
    tag: str
    timestamp: str

    def __init__(self, *, clock: Clock) -> None:
        now = clock.datetime().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        super().__init__(id=str(uuid4()), tag="", timestamp=now)


def configured(bound: Bound, worker: Worker) -> FakeVersionMetadata:
    return FakeVersionMetadata(clock=worker.script.host.clock)
