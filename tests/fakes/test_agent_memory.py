"""``FakeAgentMemoryNamespace``: its clock, ids and summaries."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pyworkers_sdk import AgentMemory
from pyworkers_sdk.testing import Clock, fake

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


@pytest.mark.asyncio
async def test_memories_have_the_time_of_the_clock() -> None:
    clock = Clock(NOON)
    ann = await fake(AgentMemory, clock=clock).get_profile("ann")
    clock.advance(1.5)
    memory = await ann.remember("a")
    assert memory.created_at == NOON + timedelta(seconds=1.5)
    assert len(memory.id) == 26
    assert (await ann.recall("?", reference_date=NOON.date())).count == 0
    assert await ann.get_summary() == "## Memories\n- a\n\n## Last Session"
