"""Analytics Engine: write data points to a dataset, and query the analytics of the account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NamedTuple,
    SupportsFloat,
    TypeAlias,
    TypeVar,
    cast,
    overload,
)

from . import _row_types
from ._border import JsWrapper, binding, expected, raising, text, to_js
from ._border.values import JSON, SQL, convert, convert_each
from ._options import json_of
from ._remote_object import RemoteObject
from .errors import AnalyticsSQLError, WorkersError

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    from . import _js
    from ._row_types import RowType

__all__ = [
    "AnalyticsEngineDataset",
    "AnalyticsSQL",
    "AnalyticsSQLParameter",
    "AnalyticsSQLResult",
    "AnalyticsSQLStatistics",
]

AnalyticsSQLParameter: TypeAlias = "str | float | date | UUID | Decimal | Enum | None"
"""A value that Analytics SQL takes as a parameter."""

_raising = raising(WorkersError)

Label: TypeAlias = str | bytes | bytearray | memoryview | None


class AnalyticsEngineDataset(JsWrapper["_js.AnalyticsEngineDataset"]):
    """A dataset of Analytics Engine: ``HITS: AnalyticsEngineDataset`` in an Env.

    JS: AnalyticsEngineDataset.
    """

    __slots__ = ()

    def __init__(self, dataset: _js.AnalyticsEngineDataset) -> None:
        self._js = binding(dataset, "AnalyticsEngineDataset", "writeDataPoint")

    def write_data_point(
        self,
        *,
        blobs: Iterable[Label] = (),
        doubles: Iterable[SupportsFloat] = (),
        indexes: Iterable[Label] = (),
    ) -> None:
        """Write one data point. The call returns at once, and delivery is not confirmed.

        A request may write at most 25 data points.

        Args:
            blobs: Labels, in the columns ``blob1`` to ``blob20``: at most 20, of 16,000 bytes
                together.
            doubles: Numbers, in the columns ``double1`` to ``double20``: at most 20.
            indexes: The key by which the data is sampled: at most one, of 96 bytes.

        Raises:
            WorkersError: A limit is exceeded.
            ConversionError: A label or a number has another type.

        JS: AnalyticsEngineDataset.writeDataPoint.
        """
        js_blobs = to_js(_labels(blobs, "blobs"), "blobs")
        js_doubles = to_js(_numbers(doubles), "doubles")
        js_indexes = to_js(_labels(indexes, "indexes"), "indexes")
        with _raising:
            self._js.writeDataPoint(blobs=js_blobs, doubles=js_doubles, indexes=js_indexes)


def _labels(values: Iterable[Any], name: str) -> list[Any]:
    if isinstance(values, (str, bytes)):
        raise expected(name, "an iterable of str, bytes or None", values, 'pass ["…"]')
    labels = [*values]
    for index, value in enumerate(labels):
        if value is not None and not isinstance(value, (str, bytes, bytearray, memoryview)):
            raise expected(f"{name}[{index}]", "str, bytes or None", value)
    return labels


def _numbers(values: Iterable[Any]) -> list[float]:
    numbers: list[float] = []
    for index, value in enumerate(values):
        try:
            numbers.append(_number(value))
        except (TypeError, ValueError, OverflowError):
            raise expected(f"doubles[{index}]", "a number", value) from None
    return numbers


def _number(value: Any) -> float:
    # float() would parse them.
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError
    return float(value)


# Queries

Row = TypeVar("Row")

_NO_BYTES = JSON.by_type[bytes]
_PARAMETER = SQL.extended({bytes: _NO_BYTES, bytearray: _NO_BYTES, memoryview: _NO_BYTES})


class AnalyticsSQLStatistics(NamedTuple):
    """The cost of a query.

    JS: AnalyticsSQLStatistics.
    """

    elapsed_ms: float
    """The duration of the query, in milliseconds."""
    rows_read: int
    """The number of rows that the query read."""
    bytes_read: int
    """The number of bytes that the query read."""


class AnalyticsSQLResult(Sequence[Row], Generic[Row]):
    """The rows of a query, as a sequence, and its cost.

    JS: AnalyticsSQLResult.
    """

    __slots__ = ("data", "rows", "statistics")

    data: list[Row]
    """The rows."""
    rows: int
    """The number of rows in ``data``."""
    statistics: AnalyticsSQLStatistics
    """The cost of the query."""

    def __init__(self, data: list[Row], rows: int, statistics: AnalyticsSQLStatistics) -> None:
        self.data = data
        self.rows = rows
        self.statistics = statistics

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self.data[index]

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"<AnalyticsSQLResult of {len(self.data)} rows>"


class AnalyticsSQL(RemoteObject["_js.AnalyticsSQLBinding"]):
    """SQL over the analytics of the Worker's account: ``STATS: AnalyticsSQL`` in an Env.

    JS: AnalyticsSQLBinding.
    """

    __slots__ = ()

    _raising = raising(AnalyticsSQLError)

    def __init__(self, analytics: _js.AnalyticsSQLBinding) -> None:
        super().__init__(binding(analytics, "AnalyticsSQL", "query"))

    @overload
    async def query(
        self,
        query: str,
        row: RowType[Row],
        *,
        params: Sequence[AnalyticsSQLParameter] | Mapping[str, AnalyticsSQLParameter] | None = None,
    ) -> AnalyticsSQLResult[Row]: ...
    @overload
    async def query(
        self,
        query: str,
        *,
        params: Sequence[AnalyticsSQLParameter] | Mapping[str, AnalyticsSQLParameter] | None = None,
    ) -> AnalyticsSQLResult[dict[str, Any]]: ...
    async def query(
        self, query: str, row: Any = dict, *, params: Any = None
    ) -> AnalyticsSQLResult[Any]:
        """Run one SELECT, and return its rows.

        ::

            await env.STATS.query(
                "SELECT edgeResponseStatus AS status, COUNT(*) AS requests"
                " FROM events.httpRequests WHERE timestamp >= $start GROUP BY edgeResponseStatus",
                Requests,
                params={"start": datetime.now(timezone.utc) - timedelta(hours=1)},
            )

        Args:
            query: At most 10 KiB of SQL. It needs a lower bound of ``timestamp``, and does not name
                the account. A dataset is ``events.analyticsEngine."its-name"``.
            row: The type of a row: a TypedDict, a dataclass, or a class with ``model_validate``
                (pydantic). By default a row is a dict.
            params: A list for ``$1``, ``$2``, or a dict for ``$name``. Values are text, numbers,
                bool and None; a datetime or date as ISO 8601 text, a UUID or Decimal as text, an
                Enum as its value.

        Raises:
            AnalyticsSQLError: The service refused the query.
            RowError: A row does not fit its row type.
            ConversionError: A parameter has another type.

        JS: AnalyticsSQLBinding.query.
        """
        request = {"query": text(query, "query"), "params": _parameters(params)}
        result = await self._ask("query", json_of(request))
        rows: list[Any] = _row_types.load(list[row], result["data"], "the result")
        members: dict[str, Any] = result["statistics"]
        names = AnalyticsSQLStatistics._fields
        statistics = AnalyticsSQLStatistics(**{name: members[name] for name in names})
        return AnalyticsSQLResult(rows, result["rows"], statistics)


def _parameters(params: Any) -> Any:
    if isinstance(params, Mapping):
        named = cast("Mapping[Any, Any]", params)
        return {
            text(name, "params"): convert(value, f"params[{name!r}]", _PARAMETER)
            for name, value in named.items()
        }
    if params is None:
        return None
    if not isinstance(params, (list, tuple)):
        raise expected("params", "a list or a dict", params)
    return convert_each(cast("list[Any]", params), "params", _PARAMETER)
