"""Analytics Engine over memory."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from .._ffi import raw
from .._ffi._web import JsException
from ..analytics import AnalyticsEngineDataset
from ._clock import Clock

__all__ = ["DataPoint", "FakeAnalyticsEngineDataset", "data_points"]

MAX_VALUES = 20
MAX_INDEXES = 1
MAX_BLOBS_SIZE = 16_000
MAX_INDEX_SIZE = 96


class DataPoint(NamedTuple):
    """A point of data that was written."""

    timestamp: datetime
    blobs: list[str | bytes | None]
    doubles: list[float]
    indexes: list[str | bytes | None]


class FakeAnalyticsEngineDataset:
    """JS: AnalyticsEngineDataset.

    The local simulation checks nothing and forgets everything. The limits here are those of
    workerd's own class, which no local configuration reaches: they were not seen at work.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.points: list[DataPoint] = []

    def writeDataPoint(
        self,
        *,
        blobs: list[Any] | None = None,
        doubles: list[float] | None = None,
        indexes: list[Any] | None = None,
    ) -> None:
        point = DataPoint(self.clock.datetime(), blobs or [], doubles or [], indexes or [])
        _at_most(MAX_INDEXES, point.indexes, "indexes")
        if _size(point.indexes) > MAX_INDEX_SIZE:
            raise _refused(f"Size of indexes[0] exceeds {MAX_INDEX_SIZE} bytes).")
        _at_most(MAX_VALUES, point.blobs, "blobs")
        if _size(point.blobs) > MAX_BLOBS_SIZE:
            raise _refused(f"Cumulative size of blobs exceeds {MAX_BLOBS_SIZE} bytes).")
        _at_most(MAX_VALUES, point.doubles, "doubles")
        self.points.append(point)


def _at_most(limit: int, values: list[Any], name: str) -> None:
    if len(values) > limit:
        raise _refused(f"Maximum of {limit} {name} supported.")


def _size(values: list[Any]) -> int:
    return sum(len(one.encode() if isinstance(one, str) else one or b"") for one in values)


def _refused(message: str) -> JsException:
    return JsException("TypeError", f"writeDataPoint(): {message}")


def data_points(dataset: AnalyticsEngineDataset) -> list[DataPoint]:
    """The points that were written to a fake dataset, in their order."""
    inside = raw(dataset)
    if not isinstance(inside, FakeAnalyticsEngineDataset):
        raise TypeError(f"data_points() looks into a dataset that fake() made, not {type(inside)}")
    return [*inside.points]
