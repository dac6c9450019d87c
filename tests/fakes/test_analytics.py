"""The fake Analytics SQL: scripted answers and faults."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from pyworkers_sdk import AnalyticsSQL, AnalyticsSQLError
from pyworkers_sdk.testing import AnalyticsQuery, analytics_sql, fake, faults

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


@pytest.mark.asyncio
async def test_the_last_matching_rule_answers_a_query() -> None:
    stats = fake(AnalyticsSQL)
    script = analytics_sql(stats)
    with pytest.raises(AnalyticsSQLError, match=r"analytics_sql\(binding\)\.on\(query, rows\)"):
        await stats.query("SELECT 1")

    async def later(asked: AnalyticsQuery) -> list[dict[str, Any]]:
        return [{"params": repr(asked.params)}]

    script.on("*", later)
    script.on("SELECT [a]", [{"a": 1}])
    assert (await stats.query("SELECT [a]")).data == [{"a": 1}]
    assert (await stats.query("SELECT 1", params={"a": NOON})).data == [
        {"params": "{'a': '2026-07-01T12:00:00.000Z'}"}
    ]
    asked = [("SELECT 1", None), ("SELECT [a]", None)]
    assert script.calls == [*asked, ("SELECT 1", {"a": "2026-07-01T12:00:00.000Z"})]
    script.clear()
    assert script.calls == []
    with pytest.raises(AnalyticsSQLError):
        await stats.query("SELECT [a]")


@pytest.mark.asyncio
async def test_faults_make_one_query_fail() -> None:
    stats = fake(AnalyticsSQL)
    analytics_sql(stats).on("*", [])
    faults(stats).fail("too many queries", retryable=True)
    with pytest.raises(AnalyticsSQLError, match=r"^too many queries$") as caught:
        await stats.query("SELECT 1")
    assert caught.value.retryable
    assert len(await stats.query("SELECT 1")) == 0
