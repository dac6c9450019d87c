"""``FakeAnalyticsEngineDataset`` in memory, and ``FakeAnalyticsSQL`` with scripted answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from inspect import isawaitable
from typing import Any, NamedTuple, TypeAlias, cast

from ..._border import from_js, raw, to_js
from ..._cpython.js_exception import JsException
from ...analytics import AnalyticsEngineDataset, AnalyticsSQL
from ...errors import AnalyticsSQLError
from .._clock import Clock
from ..runtime.scheduling import yields_to_others

__all__ = [
    "AnalyticsQuery",
    "AnalyticsScript",
    "DataPoint",
    "FakeAnalyticsEngineDataset",
    "FakeAnalyticsSQL",
    "analytics_sql",
    "data_points",
]

Rows: TypeAlias = "Iterable[Mapping[str, Any]]"

# Limits of one data point, in values and in bytes.
MAX_VALUES = 20
MAX_INDEXES = 1
MAX_BLOBS_SIZE = 16_000
MAX_INDEX_SIZE = 96

# The words of workerd, from its source: quotes, with the unbalanced parenthesis.
TOO_MANY = "writeDataPoint(): Maximum of {} {} supported."
INDEX_TOO_LONG = "writeDataPoint(): Size of indexes[0] exceeds {} bytes)."
BLOBS_TOO_LONG = "writeDataPoint(): Cumulative size of blobs exceeds {} bytes)."


class DataPoint(NamedTuple):
    """A data point that was written."""

    timestamp: datetime
    """The time on the fake's clock, in UTC."""
    blobs: list[str | bytes | None]
    """The labels."""
    doubles: list[float]
    """The numbers."""
    indexes: list[str | bytes | None]
    """The key for sampling."""


class FakeAnalyticsEngineDataset:
    """JS: AnalyticsEngineDataset.

    The local simulation checks nothing and drops the data points. The limits come from workerd's
    class for production. A local configuration cannot reach that class, so they were never seen.
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
        _check_count(MAX_INDEXES, point.indexes, "indexes")
        if _size(point.indexes) > MAX_INDEX_SIZE:
            raise JsException("TypeError", INDEX_TOO_LONG.format(MAX_INDEX_SIZE))
        _check_count(MAX_VALUES, point.blobs, "blobs")
        if _size(point.blobs) > MAX_BLOBS_SIZE:
            raise JsException("TypeError", BLOBS_TOO_LONG.format(MAX_BLOBS_SIZE))
        _check_count(MAX_VALUES, point.doubles, "doubles")
        self.points.append(point)


def _check_count(limit: int, values: list[Any], name: str) -> None:
    if len(values) > limit:
        raise JsException("TypeError", TOO_MANY.format(limit, name))


def _size(values: list[Any]) -> int:
    return sum(len(value.encode() if isinstance(value, str) else value or b"") for value in values)


def data_points(dataset: AnalyticsEngineDataset) -> list[DataPoint]:
    """Return the data points that were written to a fake dataset, in order.

    Raises:
        TypeError: The dataset is not one that ``fake`` made.
    """
    fake = raw(dataset)
    if not isinstance(fake, FakeAnalyticsEngineDataset):
        raise TypeError(
            "data_points(): expected an AnalyticsEngineDataset that fake() made, got"
            f" {type(fake).__name__}"
        )
    return [*fake.points]


# Queries ----------------------------------------------------------------------------------------


class AnalyticsQuery(NamedTuple):
    """A query that the binding received."""

    query: str
    """The SQL."""
    params: list[Any] | dict[str, Any] | None
    """Its parameters."""


class AnalyticsScript:
    """The answers of a fake Analytics SQL binding, from ``analytics_sql``."""

    def __init__(self) -> None:
        self.calls: list[AnalyticsQuery] = []
        """The queries that the binding received, in order."""
        self._rules: list[tuple[str, Any]] = []

    def on(
        self, query: str, answer: Rows | Callable[[AnalyticsQuery], Rows | Awaitable[Rows]]
    ) -> None:
        """Add a rule: answer matching queries with these rows. The last matching rule wins.

        Args:
            query: The text of the query, or a pattern such as ``"*events.httpRequests*"``.
            answer: The rows, or a function, async or not, that returns them for a query. It raises
                AnalyticsSQLError to make the query fail.
        """
        self._rules.append((query, answer))

    def clear(self) -> None:
        """Remove the rules and the recorded queries."""
        self.calls.clear()
        self._rules.clear()

    async def rows(self, query: AnalyticsQuery) -> Any:
        """Return the rows for a query, as JavaScript values."""
        self.calls.append(query)
        for pattern, answer in reversed(self._rules):
            # Compared first, since SQL with "[" would not match itself as a pattern.
            if pattern == query.query or fnmatchcase(query.query, pattern):
                result = answer(query) if callable(answer) else answer
                rows = await result if isawaitable(result) else result
                return to_js([dict(row) for row in cast(Rows, rows)], "the rows")
        raise JsException(
            "Error",
            "the fake AnalyticsSQL has no answer for this query; add one with "
            "pyworkers_sdk.testing's analytics_sql(binding).on(query, rows)",
        )


@yields_to_others
class FakeAnalyticsSQL:
    """JS: AnalyticsSQLBinding. It follows the documentation: the service was never seen."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock = clock
        self.script: AnalyticsScript = AnalyticsScript()

    async def query(self, request: dict[str, Any], /) -> Any:
        query = AnalyticsQuery(request["query"], from_js(request.get("params")))
        try:
            rows = await self.script.rows(query)
        except AnalyticsSQLError as error:
            failure = JsException(error.js_name or "Error", error.message)
            vars(failure).update(retryable=error.retryable)
            raise failure from error
        statistics = {"elapsed_ms": 0, "rows_read": len(rows), "bytes_read": 0}
        return {"data": rows, "rows": len(rows), "statistics": statistics}


def analytics_sql(binding: AnalyticsSQL) -> AnalyticsScript:
    """Script the answers of a fake AnalyticsSQL binding, and inspect its queries.

    ::

        analytics_sql(env.STATS).on("*events.httpRequests*", [{"status": 200, "requests": 12}])
        assert analytics_sql(env.STATS).calls[0].params == {"start": "2026-07-01T00:00:00.000Z"}

    Every other query fails. No SQL runs, so queries do not find the data points of a dataset.

    Raises:
        TypeError: The binding is not one that ``fake`` made.
    """
    fake = raw(binding)
    if not isinstance(fake, FakeAnalyticsSQL):
        raise TypeError(
            f"analytics_sql(): expected an AnalyticsSQL that fake() made, got {type(fake).__name__}"
        )
    return fake.script
