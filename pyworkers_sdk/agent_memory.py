"""Agent Memory, what an agent learns and recalls: ``AgentMemory``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NotRequired, TypeAlias, TypedDict

from ._border import binding, raising, raw, text, to_js
from ._options import js_bag, js_options, list_of, named_tuple
from ._remote_object import RemoteObject
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = [
    "AgentMemory",
    "AgentMemoryListMemoriesResult",
    "AgentMemoryMemory",
    "AgentMemoryMemoryListEntry",
    "AgentMemoryMessage",
    "AgentMemoryProfile",
    "AgentMemoryRecallResult",
    "AgentMemoryScoredCandidate",
]

_raising = raising(WorkersError)

MemoryType: TypeAlias = Literal["fact", "event", "instruction", "task"]


class AgentMemoryMessage(TypedDict):
    """A message of a conversation, of at most 32 KB. JS: AgentMemoryMessage."""

    role: Literal["system", "user", "assistant"]
    content: str
    timestamp: NotRequired[datetime]


class AgentMemoryMemory(NamedTuple):
    """What is remembered, and of which session. JS: AgentMemoryMemory."""

    id: str
    type: MemoryType
    summary: str
    content: str
    session_id: str | None
    created_at: datetime
    updated_at: datetime


class AgentMemoryMemoryListEntry(NamedTuple):
    """The same without its content. JS: AgentMemoryMemoryListEntry."""

    id: str
    type: MemoryType
    summary: str
    session_id: str | None
    created_at: datetime
    updated_at: datetime


class AgentMemoryListMemoriesResult(NamedTuple):
    """A page of memories; ``cursor`` asks for the next and is None on the last.

    JS: AgentMemoryListMemoriesResult.
    """

    memories: list[AgentMemoryMemoryListEntry]
    cursor: str | None


class AgentMemoryScoredCandidate(NamedTuple):
    """A memory that may be meant; the higher the ``score`` the more so, within one answer.

    JS: AgentMemoryScoredCandidate.
    """

    id: str
    summary: str
    session_id: str | None
    score: float


class AgentMemoryRecallResult:
    """An answer made of ``count`` memories, and those; "" where none matches.

    JS: AgentMemoryRecallResult.
    """

    __slots__ = ("answer", "candidates", "count")

    def __init__(
        self, count: int, answer: str, candidates: list[AgentMemoryScoredCandidate]
    ) -> None:
        self.count: int = count
        self.answer: str = answer
        self.candidates: list[AgentMemoryScoredCandidate] = candidates


class AgentMemoryProfile(RemoteObject["_js.AgentMemoryProfile"]):
    """The memory of one agent or user: ``await memory.get_profile("ann")``.

    Every method raises WorkersError where the service refuses. A session's id has at most 64
    characters. JS: AgentMemoryProfile.
    """

    __slots__ = ()

    _raising = _raising

    async def get(self, memory_id: str) -> AgentMemoryMemory:
        """A memory; WorkersError where it is not there. JS: AgentMemoryProfile.get."""
        return _memory(await self._ask("get", text(memory_id, "memory_id")))

    async def delete(self, memory_id: str) -> AgentMemoryMemory:
        """Delete a memory, and give it; WorkersError where it is not there.

        JS: AgentMemoryProfile.delete.
        """
        return _memory(await self._ask("delete", text(memory_id, "memory_id")))

    async def remember(self, content: str, *, session_id: str | None = None) -> AgentMemoryMemory:
        """Store what is known; the service finds its type and its summary.

        JS: AgentMemoryProfile.remember.
        """
        memory = {"content": text(content, "content"), **js_options({"session_id": session_id})}
        return _memory(await self._ask("remember", to_js(memory, "memory")))

    async def ingest(
        self, messages: Iterable[AgentMemoryMessage], *, session_id: str | None = None
    ) -> None:
        """Store what is worth it in a conversation of at most 500 messages; twice the same is
        stored once. JS: AgentMemoryProfile.ingest."""
        sent = [
            js_bag(message, AgentMemoryMessage, f"messages[{at}]")
            for at, message in enumerate(messages)
        ]
        options = to_js(js_options({"session_id": session_id}))
        await self._call("ingest", to_js(sent, "messages"), options)

    async def get_summary(self, *, session_id: str | None = None) -> str:
        """All that is remembered, as Markdown; of sessions the last, or that one.

        JS: AgentMemoryProfile.getSummary.
        """
        found = await self._ask("getSummary", to_js(js_options({"session_id": session_id})))
        summary: str = found["summary"]
        return summary

    async def recall(
        self,
        query: str,
        *,
        thinking_level: Literal["low", "medium", "high"] | None = None,
        response_length: Literal["short", "medium", "long"] | None = None,
        reference_date: date | str | None = None,
    ) -> AgentMemoryRecallResult:
        """What the memories say to a question of at most 1 KB.

        "low" and "medium" unless given; the higher the level the more is searched, and the longer
        it takes. ``reference_date`` stands for today. JS: AgentMemoryProfile.recall.
        """
        if isinstance(reference_date, date) and not isinstance(reference_date, datetime):
            reference_date = reference_date.isoformat()
        options = {
            "thinking_level": thinking_level,
            "response_length": response_length,
            "reference_date": reference_date,
        }
        found = await self._ask(
            "recall", text(query, "query"), to_js(js_options(options), "options")
        )
        candidates = [named_tuple(AgentMemoryScoredCandidate, one) for one in found["candidates"]]
        return AgentMemoryRecallResult(found["count"], found["answer"], candidates)

    async def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        session_id: str | None = None,
        type: MemoryType | None = None,
    ) -> AgentMemoryListMemoriesResult:
        """A page of the memories: 20 unless ``limit`` says so, 500 at most.

        JS: AgentMemoryProfile.list.
        """
        options = {"limit": limit, "cursor": cursor, "session_id": session_id, "type": type}
        found = await self._ask("list", to_js(js_options(options), "options"))
        return named_tuple(AgentMemoryListMemoriesResult, found, memories=list_of(_entry))

    async def delete_session(self, session_id: str) -> None:
        """Delete what came of a session, if anything did.

        JS: AgentMemoryProfile.deleteSession.
        """
        await self._call("deleteSession", text(session_id, "session_id"))


class AgentMemory(RemoteObject["_js.AgentMemoryNamespace"]):
    """Memories by the name of a profile: ``MEMORY: AgentMemory`` in an Env.

    A name has at most 32 characters.
    No local runtime has it: what is said of the service is its documentation's, and was not seen.

    JS: AgentMemoryNamespace.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, namespace: _js.AgentMemoryNamespace) -> None:
        super().__init__(binding(namespace, "AgentMemory", "getProfile"))

    async def get_profile(self, profile_name: str) -> AgentMemoryProfile:
        """A profile, made where there is none. JS: AgentMemoryNamespace.getProfile."""
        found = await self._call("getProfile", text(profile_name, "profile_name"))
        return AgentMemoryProfile(raw(found))

    async def delete_profile(self, profile_name: str) -> None:
        """Delete a profile, and all that it remembers. JS: AgentMemoryNamespace.deleteProfile."""
        await self._call("deleteProfile", text(profile_name, "profile_name"))


def _memory(found: Any) -> AgentMemoryMemory:
    return named_tuple(AgentMemoryMemory, found)


def _entry(found: Any) -> AgentMemoryMemoryListEntry:
    return named_tuple(AgentMemoryMemoryListEntry, found)
