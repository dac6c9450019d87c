"""``FakePipeline``: a stream of Cloudflare Pipelines in memory."""

from __future__ import annotations

from typing import Any

from ..._border import from_js, raw
from ...pipelines import Pipeline
from .._clock import Clock
from ..runtime.scheduling import yields_to_others

__all__ = ["FakePipeline", "sent_records"]


@yields_to_others
class FakePipeline:
    """JS: Pipeline. It accepts all records, as the local simulation does, and keeps them."""

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.records: list[Any] = []

    async def send(self, records: list[Any], /) -> None:
        # They are plain JSON here: the public class has converted them.
        self.records += records


def sent_records(pipeline: Pipeline[Any]) -> list[Any]:
    """Return the records that were sent to a fake pipeline, in order.

    Raises:
        TypeError: The pipeline is not one that ``fake`` made.
    """
    fake = raw(pipeline)
    if not isinstance(fake, FakePipeline):
        raise TypeError(
            f"sent_records(): expected a Pipeline that fake() made, got {type(fake).__name__}"
        )
    records: list[Any] = from_js(fake.records)
    return records
