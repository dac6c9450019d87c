"""Analytics Engine over memory, and Analytics SQL as a test scripts it."""

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


# Queries ----------------------------------------------------------------------------------------


class AnalyticsQuery(NamedTuple):
    """A query that was made, with its parameters: a list, a dict, or None."""

    query: str
    params: list[Any] | dict[str, Any] | None


class AnalyticsScript:
    """What one binding of Analytics SQL answers; made by ``analytics_sql``."""

    def __init__(self) -> None:
        self.calls: list[AnalyticsQuery] = []
        """The queries so far."""
        self._rules: list[tuple[str, Any]] = []

    def on(
        self, query: str, answer: Rows | Callable[[AnalyticsQuery], Rows | Awaitable[Rows]]
    ) -> None:
        """Answer so a query of that text, or each that matches, as in ``"*events.httpRequests*"``;
        the rule made last counts.

        ``answer`` are the rows, or a function of the query, async or not, that returns them. To
        refuse it raises AnalyticsSQLError.
        """
        self._rules.append((query, answer))

    def clear(self) -> None:
        """Forget the rules and the queries."""
        self.calls.clear()
        self._rules.clear()

    async def rows(self, asked: AnalyticsQuery) -> Any:
        """What is found, as JavaScript has it."""
        self.calls.append(asked)
        for pattern, answer in reversed(self._rules):
            if pattern == asked.query or fnmatchcase(asked.query, pattern):
                found = answer(asked) if callable(answer) else answer
                made = await found if isawaitable(found) else found
                return to_js([dict(row) for row in cast(Rows, made)], "the rows")
        raise JsException(
            "Error",
            "the fake of Analytics SQL has no answer: analytics_sql(binding).on(query, rows) from "
            "pyworkers_sdk.testing gives it one",
        )


@yields_to_others
class FakeAnalyticsSQL:
    """JS: AnalyticsSQLBinding, as it is documented: nothing of it was seen on the service."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock = clock
        self.script: AnalyticsScript = AnalyticsScript()

    async def query(self, request: dict[str, Any], /) -> Any:
        asked = AnalyticsQuery(request["query"], from_js(request.get("params")))
        try:
            rows = await self.script.rows(asked)
        except AnalyticsSQLError as error:
            failure = JsException(error.js_name or "Error", error.message)
            vars(failure).update(retryable=error.retryable)
            raise failure from error
        took = {"elapsed_ms": 0, "rows_read": len(rows), "bytes_read": 0}
        return {"data": rows, "rows": len(rows), "statistics": took}


def analytics_sql(binding: AnalyticsSQL) -> AnalyticsScript:
    """What a fake of Analytics SQL shall answer, and what it was asked.

    ::

        analytics_sql(env.STATS).on("*events.httpRequests*", [{"status": 200, "requests": 12}])
        assert analytics_sql(env.STATS).calls[0].params == {"start": "2026-07-01T00:00:00.000Z"}

    Every other query fails. No SQL is run: what was written to a dataset is not found.
    """
    inside = raw(binding)
    if not isinstance(inside, FakeAnalyticsSQL):
        kind = type(binding).__name__
        raise TypeError(f"analytics_sql() takes an AnalyticsSQL that fake() made, not {kind}")
    return inside.script
