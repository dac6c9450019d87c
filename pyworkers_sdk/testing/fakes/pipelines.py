"""Pipelines over memory."""

from __future__ import annotations

from typing import Any

from ..._border import from_js, raw
from ...pipelines import Pipeline
from .._clock import Clock
from ..runtime.scheduling import yields_to_others

__all__ = ["FakePipeline", "sent_records"]


@yields_to_others
class FakePipeline:
    """JS: Pipeline. The local simulation takes everything and forgets it."""

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.records: list[Any] = []

    async def send(self, records: list[Any], /) -> None:
        self.records += records


def sent_records(pipeline: Pipeline[Any]) -> list[Any]:
    """The records that a fake pipeline was given, in their order."""
    inside = raw(pipeline)
    if not isinstance(inside, FakePipeline):
        kind = type(pipeline).__name__
        raise TypeError(f"sent_records() looks into a pipeline that fake() made, not {kind}")
    made: list[Any] = from_js(inside.records)
    return made
