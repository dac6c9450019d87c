"""Agent Memory over memory: ``FakeAgentMemoryNamespace``.

Nothing of this fake was verified against the service. Shapes and defaults follow Cloudflare's types
and documentation; error messages are the fake's own. It has no model and works by simple
rules: every memory is a fact whose summary is its content, ``ingest`` stores each message of a
user, and ``recall`` returns memories that share words with the query.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from ..._cpython.js_exception import JsException
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .text_search import share

__all__ = ["FakeAgentMemoryNamespace", "FakeAgentMemoryProfile"]

# Memories on a page by default, as documented.
LIMIT = 20


@yields_to_others
class FakeAgentMemoryNamespace:
    """JS: AgentMemoryNamespace."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self._profiles: dict[str, FakeAgentMemoryProfile] = {}

    async def getProfile(self, profileName: str, /) -> FakeAgentMemoryProfile:
        return self._profiles.setdefault(profileName, FakeAgentMemoryProfile(self.clock))

    async def deleteProfile(self, profileName: str, /) -> None:
        # Handles that are still in use see an empty profile. A missing profile does not raise.
        if profileName in self._profiles:
            self._profiles.pop(profileName).memories.clear()


@yields_to_others
class FakeAgentMemoryProfile:
    """JS: AgentMemoryProfile."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self.memories: dict[str, dict[str, Any]] = {}

    async def get(self, memoryId: str, /) -> Any:
        return dict(self._memory(memoryId))

    async def delete(self, memoryId: str, /) -> Any:
        self._memory(memoryId)
        return self.memories.pop(memoryId)

    def _memory(self, memory_id: str) -> dict[str, Any]:
        if memory_id not in self.memories:
            raise JsException("Error", f"memory {memory_id} not found")
        return self.memories[memory_id]

    async def remember(self, memory: dict[str, Any], /) -> Any:
        return dict(self._store(memory["content"], memory.get("sessionId")))

    def _store(self, content: str, session: str | None) -> dict[str, Any]:
        now = self._clock.datetime()
        memory: dict[str, Any] = {
            "id": f"{next(self._numbers):026}",  # 26 characters, in order of creation
            "type": "fact",
            "summary": content,
            "content": content,
            "sessionId": session,
            "createdAt": now,
            "updatedAt": now,
        }
        self.memories[memory["id"]] = memory
        return memory

    async def ingest(self, messages: list[dict[str, Any]], options: dict[str, Any], /) -> None:
        session = options.get("sessionId")
        # Ingesting the same conversation twice stores its memories once.
        known = {(memory["content"], memory["sessionId"]) for memory in self.memories.values()}
        for message in messages:
            if message["role"] == "user" and (message["content"], session) not in known:
                self._store(message["content"], session)

    async def getSummary(self, options: dict[str, Any], /) -> Any:
        memories = [*self.memories.values()]
        sessions = [memory["sessionId"] for memory in memories if memory["sessionId"]]
        # Without a session, the summary ends with the last one.
        session = options.get("sessionId", sessions[-1] if sessions else None)
        of_session = [memory for memory in memories if session and memory["sessionId"] == session]
        sections = [("Memories", memories), ("Last Session", of_session)]
        texts = [
            "\n".join([f"## {title}", *(f"- {memory['summary']}" for memory in section)])
            for title, section in sections
        ]
        return {"summary": "\n\n".join(texts)}

    async def recall(self, query: str, options: dict[str, Any], /) -> Any:
        scored = [(share(query, memory["content"]), memory) for memory in self.memories.values()]
        # The sort is stable: memories with the same score keep their order.
        matches = sorted((match for match in scored if match[0]), key=lambda match: -match[0])
        candidates: list[dict[str, Any]] = [
            {**{name: memory[name] for name in ("id", "summary", "sessionId")}, "score": score}
            for score, memory in matches
        ]
        answer = "\n".join(candidate["summary"] for candidate in candidates)
        return {"count": len(candidates), "answer": answer, "candidates": candidates}

    async def list(self, options: dict[str, Any], /) -> Any:
        filters = {name: options[name] for name in ("sessionId", "type") if name in options}
        entries = [
            {name: memory[name] for name in memory if name != "content"}
            for memory in self.memories.values()
            if all(memory[name] == value for name, value in filters.items())
        ]
        # The cursor of this fake is the number of the next entry; to its users it is opaque.
        start, size = int(options.get("cursor", "0")), int(options.get("limit", LIMIT))
        page = {"memories": entries[start : start + size]}
        more = start + size < len(entries)
        return {**page, "cursor": str(start + size)} if more else page

    async def deleteSession(self, sessionId: str, /) -> None:
        for memory_id, memory in [*self.memories.items()]:
            if memory["sessionId"] == sessionId:
                del self.memories[memory_id]
