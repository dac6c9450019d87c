"""``AnalyticsEngineDataset``: points of data to count and to chart later, by SQL; and
``AnalyticsSQL``, which asks for them and for what else the account's analytics have."""

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

from . import _row_types as _rows
from ._border import JsWrapper, binding, raising, text, to_js
from ._border.values import JSON, SQL, convert, convert_each
from ._options import json_of
from ._remote_object import RemoteObject
from .errors import AnalyticsSQLError, ConversionError, WorkersError

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    from . import _js

    AnalyticsSQLParameter: TypeAlias = str | float | date | UUID | Decimal | Enum | None

__all__ = [
    "AnalyticsEngineDataset",
    "AnalyticsSQL",
    "AnalyticsSQLResult",
    "AnalyticsSQLStatistics",
]

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


# Queries

Row = TypeVar("Row")

_NO_BYTES = JSON.by_type[bytes]
_PARAMETER = SQL.extended({bytes: _NO_BYTES, bytearray: _NO_BYTES, memoryview: _NO_BYTES})


class AnalyticsSQLStatistics(NamedTuple):
    """What a query took; ``elapsed_ms`` in milliseconds. JS: AnalyticsSQLStatistics."""

    elapsed_ms: float
    rows_read: int
    bytes_read: int


class AnalyticsSQLResult(Sequence[Row], Generic[Row]):
    """The rows of a query, and what it took. JS: AnalyticsSQLResult."""

    __slots__ = ("data", "rows", "statistics")

    data: list[Row]
    rows: int
    """How many there are in ``data``."""
    statistics: AnalyticsSQLStatistics

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
    """The analytics of the Worker's account, by SQL: ``STATS: AnalyticsSQL`` in an Env.

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
        row: type[Row],
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
        """Run one SELECT, with a value for each parameter; its rows.

        ::

            await env.STATS.query(
                "SELECT edgeResponseStatus AS status, COUNT(*) AS requests"
                " FROM events.httpRequests WHERE timestamp >= $start GROUP BY edgeResponseStatus",
                Requests,
                params={"start": datetime.now(timezone.utc) - timedelta(hours=1)},
            )

        The row type comes after the SQL, as in ``D1.prepare``: a TypedDict, a dataclass, or any
        class with ``model_validate`` (pydantic); without it a row is a dict. A row that is not of
        it raises RowError. The SQL needs a lower bound of ``timestamp``, and names no account; an
        Analytics Engine dataset is ``events.analyticsEngine."its-name"``.

        ``params``: a list for ``$1``, ``$2`` or a dict for ``$name``; text, numbers, bool, None; a
        datetime or date as ISO 8601 text, a UUID or Decimal as text, an Enum as its value. Anything
        else is a ConversionError. At most 10 KiB of SQL. What the service refuses is an
        AnalyticsSQLError.

        JS: AnalyticsSQLBinding.query.
        """
        request = {"query": text(query, "query"), "params": _parameters(params)}
        found = await self._ask("query", json_of(request))
        rows: list[Any] = _rows.load(list[row], found["data"], "the result")
        took: dict[str, Any] = found["statistics"]
        names = AnalyticsSQLStatistics._fields
        statistics = AnalyticsSQLStatistics(**{name: took[name] for name in names})
        return AnalyticsSQLResult(rows, found["rows"], statistics)


def _parameters(given: Any) -> Any:
    if isinstance(given, Mapping):
        named = cast("Mapping[Any, Any]", given)
        return {
            text(name, "params"): convert(value, f"params[{name!r}]", _PARAMETER)
            for name, value in named.items()
        }
    if given is None:
        return None
    if not isinstance(given, (list, tuple)):
        kind = type(given).__name__
        raise ConversionError(f"params: expected a list or a dict, got {kind}")
    return convert_each(cast("list[Any]", given), "params", _PARAMETER)
