"""Agent Memory, as documented; the stand-in and the fake compare words in place of meanings."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

from pyworkers_sdk import (
    AgentMemory,
    AgentMemoryMessage,
    BindingError,
    ConversionError,
    WorkersError,
)
from tests.contract.kit import only, raises
from tests.contract.workers import AppEnv


async def test_memory_is_stored_read_and_deleted(app: AppEnv) -> None:
    ann = await app.MEMORY.get_profile("ann")
    memory = await ann.remember("Ann likes tea, über alles", session_id="s1")
    assert (memory.type, memory.content, memory.session_id) == (
        "fact",
        "Ann likes tea, über alles",
        "s1",
    )
    assert memory.created_at.utcoffset() == timedelta()
    assert memory.updated_at == memory.created_at
    assert await ann.get(memory.id) == memory
    assert (await ann.remember("No session")).session_id is None
    assert await ann.delete(memory.id) == memory
    with raises(WorkersError, match=f"^memory {memory.id} not found$"):
        await ann.get(memory.id)
    with raises(WorkersError, match="not found"):
        await ann.delete(memory.id)


async def test_ingest_stores_a_conversation_once(app: AppEnv) -> None:
    bob = await app.MEMORY.get_profile("bob")
    messages: list[AgentMemoryMessage] = [
        {"role": "system", "content": "Be kind."},
        {
            "role": "user",
            "content": "I live in Rome",
            "timestamp": datetime(2026, 7, 1, tzinfo=timezone.utc),
        },
        {"role": "assistant", "content": "Fine."},
    ]
    await bob.ingest(messages, session_id="s1")
    await bob.ingest(iter(messages), session_id="s1")
    page = await bob.list()
    assert [entry.summary for entry in page.memories] == ["I live in Rome"]
    await bob.ingest([{"role": "user", "content": "I like tea"}])
    assert (await bob.get_summary()).startswith("## Memories\n- I live in Rome\n- I like tea")
    assert (await bob.get_summary(session_id="s1")).endswith("Last Session\n- I live in Rome")
    await bob.delete_session("s1")
    await bob.delete_session("s1")
    assert [entry.summary for entry in (await bob.list()).memories] == ["I like tea"]
    assert (await bob.get_summary()).endswith("Last Session")


async def test_recall_answers_from_matching_memories(app: AppEnv) -> None:
    cat = await app.MEMORY.get_profile("cat")
    await cat.remember("Cat likes fish")
    await cat.remember("Cat likes fresh milk", session_id="s1")
    result = await cat.recall("fresh milk", thinking_level="high", response_length="long")
    assert (result.count, result.answer) == (1, "Cat likes fresh milk")
    both = await cat.recall("likes milk")
    assert [candidate.score for candidate in both.candidates] == [1, 0.5]
    assert [candidate.session_id for candidate in both.candidates] == ["s1", None]
    assert (await cat.recall("dogs")).answer == ""


@only("node", "workerd", reason="the stand-in returns the date that it received")
async def test_reference_date_crosses_as_date_or_text(app: AppEnv) -> None:
    dan = await app.MEMORY.get_profile("dan")
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    assert (await dan.recall("a", reference_date=noon)).answer == "true 2026-07-01T12:00:00.000Z"
    day = await dan.recall("a", reference_date=date(2026, 7, 1))
    assert day.answer == "false 2026-07-01T00:00:00.000Z"
    text = await dan.recall("a", reference_date="2026-07-01T12:00:00Z")
    assert text.answer == "false 2026-07-01T12:00:00.000Z"


async def test_list_filters_and_paginates(app: AppEnv) -> None:
    eve = await app.MEMORY.get_profile("eve")
    for number in range(3):
        await eve.remember(f"Number {number}", session_id="odd" if number % 2 else "even")
    first = await eve.list(limit=2)
    assert [entry.summary for entry in first.memories] == ["Number 0", "Number 1"]
    assert first.cursor is not None
    rest = await eve.list(limit=2, cursor=first.cursor)
    assert ([entry.summary for entry in rest.memories], rest.cursor) == (["Number 2"], None)
    assert len((await eve.list(session_id="even", type="fact")).memories) == 2
    assert (await eve.list(type="task")).memories == []


async def test_profiles_are_separate_and_deleted_with_their_memories(app: AppEnv) -> None:
    first = await app.MEMORY.get_profile("profile-1")
    await first.remember("Here")
    assert (await (await app.MEMORY.get_profile("profile-2")).list()).memories == []
    assert len((await (await app.MEMORY.get_profile("profile-1")).list()).memories) == 1
    await app.MEMORY.delete_profile("profile-1")
    await app.MEMORY.delete_profile("profile-1")
    assert (await (await app.MEMORY.get_profile("profile-1")).list()).memories == []


async def test_invalid_arguments_raise(env: Any, app: AppEnv) -> None:
    fay = await app.MEMORY.get_profile("fay")
    with raises(ConversionError, match="^content: expected str, got int$"):
        await fay.remember(1)  # type: ignore[arg-type]
    unknown: Any = [{"role": "user", "content": "a", "when": 1}]
    with raises(ConversionError, match=r"^messages\[0\]: unknown key 'when'; expected one of role"):
        await fay.ingest(unknown)
    with raises(BindingError):
        AgentMemory(env.DATA)
