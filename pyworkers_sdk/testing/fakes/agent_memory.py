"""Agent Memory over memory: ``FakeAgentMemoryNamespace``.

A stand-in: nothing of it was seen on the service. Shapes and defaults are those of its types and
its documentation; messages of errors are its own. It understands nothing: every memory is a fact
whose summary is its content, a conversation leaves what its users said, and what is recalled has
words of the query in it.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from ..._cpython.js_exception import JsException
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .text_search import share

__all__ = ["FakeAgentMemoryNamespace", "FakeAgentMemoryProfile"]


@yields_to_others
class FakeAgentMemoryNamespace:
    """JS: AgentMemoryNamespace."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self._profiles: dict[str, FakeAgentMemoryProfile] = {}

    async def getProfile(self, profileName: str, /) -> FakeAgentMemoryProfile:
        return self._profiles.setdefault(profileName, FakeAgentMemoryProfile(self.clock))

    async def deleteProfile(self, profileName: str, /) -> None:
        if profileName in self._profiles:
            self._profiles.pop(profileName)._memories.clear()


@yields_to_others
class FakeAgentMemoryProfile:
    """JS: AgentMemoryProfile."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._memories: dict[str, dict[str, Any]] = {}

    async def get(self, memoryId: str, /) -> Any:
        return dict(self._found(memoryId))

    async def delete(self, memoryId: str, /) -> Any:
        self._found(memoryId)
        return self._memories.pop(memoryId)

    def _found(self, number: str) -> dict[str, Any]:
        if number not in self._memories:
            raise JsException("Error", f"memory {number} not found")
        return self._memories[number]

    async def remember(self, memory: dict[str, Any], /) -> Any:
        return dict(self._stored(memory["content"], memory.get("sessionId")))

    def _stored(self, content: str, session: str | None) -> dict[str, Any]:
        now = self._clock.datetime()
        made: dict[str, Any] = {
            "id": f"{next(self._numbers):026}",
            "type": "fact",
            "summary": content,
            "content": content,
            "sessionId": session,
            "createdAt": now,
            "updatedAt": now,
        }
        self._memories[made["id"]] = made
        return made

    async def ingest(self, messages: list[dict[str, Any]], options: dict[str, Any], /) -> None:
        session = options.get("sessionId")
        known = {(one["content"], one["sessionId"]) for one in self._memories.values()}
        for message in messages:
            if message["role"] == "user" and (message["content"], session) not in known:
                self._stored(message["content"], session)

    async def getSummary(self, options: dict[str, Any], /) -> Any:
        """With what the session left at the end."""
        sessions = [one["sessionId"] for one in self._memories.values() if one["sessionId"]]
        session = options.get("sessionId", sessions[-1] if sessions else None)
        held = [*self._memories.values()]
        ours = [one for one in held if session and one["sessionId"] == session]
        parts = [("Memories", held), ("Last Session", ours)]
        texts = [
            "\n".join([f"## {head}", *(f"- {one['summary']}" for one in part)])
            for head, part in parts
        ]
        return {"summary": "\n\n".join(texts)}

    async def recall(self, query: str, options: dict[str, Any], /) -> Any:
        scored = [(share(query, one["content"]), one) for one in self._memories.values()]
        found = sorted(((score, one) for score, one in scored if score), key=lambda each: -each[0])
        candidates: list[dict[str, Any]] = [
            {**{name: one[name] for name in ("id", "summary", "sessionId")}, "score": score}
            for score, one in found
        ]
        answer = "\n".join(one["summary"] for one in candidates)
        return {"count": len(candidates), "answer": answer, "candidates": candidates}

    async def list(self, options: dict[str, Any], /) -> Any:
        wanted = {name: options[name] for name in ("sessionId", "type") if name in options}
        found = [
            {name: one[name] for name in one if name != "content"}
            for one in self._memories.values()
            if all(one[name] == value for name, value in wanted.items())
        ]
        start, size = int(options.get("cursor", "0")), int(options.get("limit", 20))
        page = {"memories": found[start : start + size]}
        more = start + size < len(found)
        return {**page, "cursor": str(start + size)} if more else page

    async def deleteSession(self, sessionId: str, /) -> None:
        for number, one in [*self._memories.items()]:
            if one["sessionId"] == sessionId:
                del self._memories[number]
