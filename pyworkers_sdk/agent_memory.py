"""Agent Memory, the long-term memory of agents: ``AgentMemory``."""

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
    "MemoryType",
]

_raising = raising(WorkersError)

MemoryType: TypeAlias = Literal["fact", "event", "instruction", "task"]


class AgentMemoryMessage(TypedDict):
    """A message of a conversation, at most 32 KB. JS: AgentMemoryMessage."""

    role: Literal["system", "user", "assistant"]
    content: str
    timestamp: NotRequired[datetime]


class AgentMemoryMemory(NamedTuple):
    """A memory, and the session that it came from. JS: AgentMemoryMemory."""

    id: str
    type: MemoryType
    summary: str
    content: str
    session_id: str | None
    created_at: datetime
    updated_at: datetime


class AgentMemoryMemoryListEntry(NamedTuple):
    """A memory in a list, without its content. JS: AgentMemoryMemoryListEntry."""

    id: str
    type: MemoryType
    summary: str
    session_id: str | None
    created_at: datetime
    updated_at: datetime


class AgentMemoryListMemoriesResult(NamedTuple):
    """A page of memories. JS: AgentMemoryListMemoriesResult."""

    memories: list[AgentMemoryMemoryListEntry]
    cursor: str | None
    """The cursor of the next page; None on the last page."""


class AgentMemoryScoredCandidate(NamedTuple):
    """A memory that matches a query. JS: AgentMemoryScoredCandidate."""

    id: str
    summary: str
    session_id: str | None
    score: float
    """The relevance; the higher, the better. Scores of different queries cannot be compared."""


class AgentMemoryRecallResult:
    """An answer, and the memories that it is based on. JS: AgentMemoryRecallResult.

    ``count`` is their number. If no memory matches, ``answer`` is "".
    """

    __slots__ = ("answer", "candidates", "count")

    def __init__(
        self, count: int, answer: str, candidates: list[AgentMemoryScoredCandidate]
    ) -> None:
        self.count: int = count
        self.answer: str = answer
        self.candidates: list[AgentMemoryScoredCandidate] = candidates

    def __crossing__(self) -> dict[str, Any]:
        return {"count": self.count, "answer": self.answer, "candidates": self.candidates}


class AgentMemoryProfile(RemoteObject["_js.AgentMemoryProfile"]):
    """The memory of one agent or user: ``await memory.get_profile("ann")``.

    Every method raises WorkersError if the service refuses the request. The id of a session has at
    most 64 characters. JS: AgentMemoryProfile.
    """

    __slots__ = ()

    _raising = _raising

    async def get(self, memory_id: str) -> AgentMemoryMemory:
        """Return a memory. JS: AgentMemoryProfile.get.

        Raises:
            WorkersError: The memory is missing.
        """
        return _memory(await self._ask("get", text(memory_id, "memory_id")))

    async def delete(self, memory_id: str) -> AgentMemoryMemory:
        """Delete a memory, and return it. JS: AgentMemoryProfile.delete.

        Raises:
            WorkersError: The memory is missing.
        """
        return _memory(await self._ask("delete", text(memory_id, "memory_id")))

    async def remember(self, content: str, *, session_id: str | None = None) -> AgentMemoryMemory:
        """Store a memory, and return it. The service chooses its type and writes its summary.

        Args:
            content: The text to remember.
            session_id: The session that the memory came from.

        JS: AgentMemoryProfile.remember.
        """
        memory = {"content": text(content, "content"), **js_options({"session_id": session_id})}
        return _memory(await self._ask("remember", to_js(memory, "memory")))

    async def ingest(
        self, messages: Iterable[AgentMemoryMessage], *, session_id: str | None = None
    ) -> None:
        """Extract and store the memories worth keeping from a conversation.

        Ingesting the same conversation twice stores its memories once.

        Args:
            messages: The conversation, at most 500 messages.
            session_id: The session of the conversation.

        JS: AgentMemoryProfile.ingest.
        """
        js_messages = [
            js_bag(message, AgentMemoryMessage, f"messages[{index}]")
            for index, message in enumerate(messages)
        ]
        options = to_js(js_options({"session_id": session_id}))
        await self._call("ingest", to_js(js_messages, "messages"), options)

    async def get_summary(self, *, session_id: str | None = None) -> str:
        """Return a summary of all memories and of one session, as Markdown.

        Args:
            session_id: The session; the last one by default.

        JS: AgentMemoryProfile.getSummary.
        """
        result = await self._ask("getSummary", to_js(js_options({"session_id": session_id})))
        summary: str = result["summary"]
        return summary

    async def recall(
        self,
        query: str,
        *,
        thinking_level: Literal["low", "medium", "high"] | None = None,
        response_length: Literal["short", "medium", "long"] | None = None,
        reference_date: date | str | None = None,
    ) -> AgentMemoryRecallResult:
        """Answer a question from the memories.

        Args:
            query: The question, at most 1 KB.
            thinking_level: The effort of the search, "low" by default. A higher level searches
                more, and takes longer.
            response_length: The length of the answer, "medium" by default.
            reference_date: The date that counts as today.

        JS: AgentMemoryProfile.recall.
        """
        # A date crosses as text; a datetime becomes a JavaScript Date.
        if isinstance(reference_date, date) and not isinstance(reference_date, datetime):
            reference_date = reference_date.isoformat()
        options = {
            "thinking_level": thinking_level,
            "response_length": response_length,
            "reference_date": reference_date,
        }
        result = await self._ask(
            "recall", text(query, "query"), to_js(js_options(options), "options")
        )
        candidates = list_of(_candidate)(result["candidates"])
        return AgentMemoryRecallResult(result["count"], result["answer"], candidates)

    async def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        session_id: str | None = None,
        type: MemoryType | None = None,
    ) -> AgentMemoryListMemoriesResult:
        """List the memories, one page at a time.

        Args:
            limit: The number of memories on a page: 20 by default, at most 500.
            cursor: The cursor of the page before.
            session_id: List only memories of this session.
            type: List only memories of this type.

        JS: AgentMemoryProfile.list.
        """
        options = {"limit": limit, "cursor": cursor, "session_id": session_id, "type": type}
        page = await self._ask("list", to_js(js_options(options), "options"))
        return named_tuple(AgentMemoryListMemoriesResult, page, memories=list_of(_entry))

    async def delete_session(self, session_id: str) -> None:
        """Delete the memories of a session, if it has any. JS: AgentMemoryProfile.deleteSession."""
        await self._call("deleteSession", text(session_id, "session_id"))


class AgentMemory(RemoteObject["_js.AgentMemoryNamespace"]):
    """The memories of agents, by the name of a profile: ``MEMORY: AgentMemory`` in an Env.

    The name of a profile has at most 32 characters.

    Not available in local runtimes: the fake follows Cloudflare's documentation and has not been
    verified against the service.

    JS: AgentMemoryNamespace.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, namespace: _js.AgentMemoryNamespace) -> None:
        super().__init__(binding(namespace, "AgentMemory", "getProfile"))

    async def get_profile(self, profile_name: str) -> AgentMemoryProfile:
        """Return a profile; create it if it is missing. JS: AgentMemoryNamespace.getProfile."""
        js_profile = await self._call("getProfile", text(profile_name, "profile_name"))
        return AgentMemoryProfile(raw(js_profile))

    async def delete_profile(self, profile_name: str) -> None:
        """Delete a profile with all its memories. JS: AgentMemoryNamespace.deleteProfile."""
        await self._call("deleteProfile", text(profile_name, "profile_name"))


def _memory(memory: Any) -> AgentMemoryMemory:
    return named_tuple(AgentMemoryMemory, memory)


def _entry(entry: Any) -> AgentMemoryMemoryListEntry:
    return named_tuple(AgentMemoryMemoryListEntry, entry)


def _candidate(candidate: Any) -> AgentMemoryScoredCandidate:
    return named_tuple(AgentMemoryScoredCandidate, candidate)
