"""``AnalyticsEngineDataset``: points of data to count and to chart later, by SQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, SupportsFloat, TypeAlias, cast

from ._ffi import binding, raising, to_js
from .errors import ConversionError, WorkersError

if TYPE_CHECKING:
    from . import _sys

__all__ = ["AnalyticsEngineDataset"]

_raising = raising(WorkersError)

Label: TypeAlias = str | bytes | bytearray | memoryview | None


class AnalyticsEngineDataset:
    """A dataset of Analytics Engine: ``HITS: AnalyticsEngineDataset`` in an Env.

    JS: AnalyticsEngineDataset.
    """

    __slots__ = ("_js",)

    def __init__(self, dataset: _sys.AnalyticsEngineDataset) -> None:
        self._js: _sys.AnalyticsEngineDataset = binding(
            dataset, "AnalyticsEngineDataset", "writeDataPoint"
        )

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    def write_data_point(
        self,
        *,
        blobs: Iterable[Label] = (),
        doubles: Iterable[SupportsFloat] = (),
        indexes: Iterable[Label] = (),
    ) -> None:
        """Write a point; nothing to await, and nobody says whether it arrived.

        ``blobs`` are its labels (columns ``blob1`` to ``blob20``), ``doubles`` its numbers
        (``double1`` to ``double20``), ``indexes`` holds the one key that sampling goes by: at most
        20, 20 and 1 of them, 16,000 bytes of blobs together, 96 bytes of index, 25 points for each
        request. WorkersError beyond. JS: AnalyticsEngineDataset.writeDataPoint.
        """
        ready_blobs = to_js(_texts(blobs, "blobs"), "blobs")
        ready_doubles = to_js(_numbers(doubles), "doubles")
        ready_indexes = to_js(_texts(indexes, "indexes"), "indexes")
        with _raising:
            self._js.writeDataPoint(blobs=ready_blobs, doubles=ready_doubles, indexes=ready_indexes)


def _texts(values: Iterable[Any], name: str) -> list[Any]:
    if isinstance(values, (str, bytes)):
        raise ConversionError(f"{name}: expected several values, got {type(values).__name__}")
    found = [*values]
    for at, value in enumerate(found):
        if value is not None and not isinstance(value, (str, bytes, bytearray, memoryview)):
            kind = type(cast(object, value)).__name__
            raise ConversionError(f"{name}[{at}]: expected str, bytes or None, got {kind}")
    return found


def _numbers(values: Iterable[Any]) -> list[float]:
    made: list[float] = []
    for at, value in enumerate(values):
        try:
            made.append(_number(value))
        except (TypeError, ValueError, OverflowError):
            kind = type(value).__name__
            raise ConversionError(f"doubles[{at}]: expected a number, got {kind}") from None
    return made


def _number(value: Any) -> float:
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError
    return float(value)
