"""What is in a fake of AI Search: ``FakeAiSearchItems`` and ``FakeAiSearchJobs``.

A stand-in, as ``_ai_search`` says. Items are indexed at once, whatever ``upload`` calls it; jobs
have ended when they begin.
"""

from __future__ import annotations

import json
import mimetypes
import re
from hashlib import md5
from itertools import count
from typing import TYPE_CHECKING, Any

from ..._border import from_js, web
from ..._cpython.js_exception import JsException
from ..runtime.scheduling import yields_to_others
from .text_search import page_of, stamp
from .vectorize_rules import leaves, tests_of

if TYPE_CHECKING:
    from .ai_search import FakeAiSearchInstance

__all__ = [
    "FakeAiSearchItem",
    "FakeAiSearchItems",
    "FakeAiSearchJob",
    "FakeAiSearchJobs",
    "not_found",
]


def not_found(what: str) -> JsException:
    return JsException("AiSearchNotFoundError", f"{what} not found")


class Held:
    """A file."""

    def __init__(self, id: str, key: str, data: bytes, metadata: dict[str, Any], now: str) -> None:
        self.id = id
        self.key = key
        self.data = data
        self.metadata = metadata
        self.created = now
        self.logs: list[dict[str, Any]] = []

    def said(self) -> dict[str, Any]:
        """What is said of it beside each of its chunks."""
        return {"key": self.key, "metadata": self.metadata}

    def info(self, status: str = "completed") -> dict[str, Any]:
        return {
            "id": self.id,
            "key": self.key,
            "status": status,
            "next_action": None,
            "checksum": md5(self.data, usedforsecurity=False).hexdigest(),
            "chunks_count": len(self.chunks()),
            "file_size": len(self.data),
            "source_id": "builtin",
            "created_at": self.created,
            "metadata": self.metadata,
        }

    def chunks(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"{self.id}-{at}",
                "text": found[0].decode(errors="replace"),
                "start_byte": found.start(),
                "end_byte": found.end(),
                "item": self.said(),
            }
            for at, found in enumerate(re.finditer(rb"\S.*?(?=\s*(?:\n\s*\n|\Z))", self.data, re.S))
        ]


@yields_to_others
class FakeAiSearchItems:
    """JS: AiSearchItems."""

    def __init__(self, instance: FakeAiSearchInstance) -> None:
        self._instance = instance
        self._numbers = count(1)
        self.held: dict[str, Held] = {}

    async def list(self, params: dict[str, Any], /) -> Any:
        self._instance._there()
        tests = tests_of(json.loads(params.get("metadata_filter", "null")))
        found: list[dict[str, Any]] = []
        for item in self.held.values():
            info, about = item.info(), dict(leaves(item.metadata))
            if (
                params.get("search", "") in item.key
                and params.get("status", "completed") == "completed"
                and params.get("source", "builtin") == "builtin"
                and params.get("item_id", item.id) == item.id
                and params.get("key", item.key) == item.key
                and all(test(about.get(path)) for path, test in tests.items())
            ):
                found.append(info)
        return page_of(found, params, 25)

    async def upload(self, name: str, content: Any, options: dict[str, Any], /) -> Any:
        held = await self._stored(name, content, options)
        return held.info("queued")

    async def uploadAndPoll(self, name: str, content: Any, options: dict[str, Any], /) -> Any:
        return (await self._stored(name, content, options)).info()

    async def _stored(self, name: str, content: Any, options: dict[str, Any]) -> Held:
        self._instance._there()
        data = bytes(await web.Response.new(content).arrayBuffer())
        known = next((item.id for item in self.held.values() if item.key == name), None)
        now = stamp(self._instance.clock)
        made = Held(
            known or f"item-{next(self._numbers)}",
            name,
            data,
            from_js(options.get("metadata", {})),
            now,
        )
        made.logs.append(self._log(made, "index"))
        self.held[made.id] = made
        return made

    def _log(self, item: Held, action: str) -> dict[str, Any]:
        return {
            "timestamp": stamp(self._instance.clock),
            "action": action,
            "message": "done",
            "fileKey": item.key,
            "chunkCount": len(item.chunks()),
        }

    def get(self, itemId: str, /) -> FakeAiSearchItem:
        return FakeAiSearchItem(self, itemId)

    async def delete(self, itemId: str, /) -> None:
        del self.held[self._found(itemId).id]

    def _found(self, number: str) -> Held:
        self._instance._there()
        if number not in self.held:
            raise not_found(f"item {number}")
        return self.held[number]


@yields_to_others
class FakeAiSearchItem:
    """JS: AiSearchItem."""

    def __init__(self, items: FakeAiSearchItems, number: str) -> None:
        self._items = items
        self._number = number

    async def info(self) -> Any:
        return self._items._found(self._number).info()

    async def download(self) -> Any:
        item = self._items._found(self._number)
        return {
            "body": web.Response.new(item.data).body,
            "contentType": mimetypes.guess_type(item.key)[0] or "application/octet-stream",
            "filename": item.key,
            "size": len(item.data),
        }

    async def sync(self) -> Any:
        item = self._items._found(self._number)
        item.logs.append(self._items._log(item, "sync"))
        return item.info("queued")

    async def logs(self, params: dict[str, Any], /) -> Any:
        logs = self._items._found(self._number).logs
        start, size = int(params.get("cursor", "0")), int(params.get("limit", 50))
        result = logs[start : start + size]
        more = start + size < len(logs)
        info = {"count": len(result), "per_page": size, "truncated": more}
        cursor = str(start + size) if more else None
        return {"result": result, "result_info": {**info, "cursor": cursor}}

    async def chunks(self, params: dict[str, Any], /) -> Any:
        chunks = self._items._found(self._number).chunks()
        start, size = int(params.get("offset", 0)), int(params.get("limit", 20))
        result = chunks[start : start + size]
        info = {"count": len(result), "total": len(chunks), "limit": size, "offset": start}
        return {"result": result, "result_info": info}


@yields_to_others
class FakeAiSearchJobs:
    """JS: AiSearchJobs."""

    def __init__(self, instance: FakeAiSearchInstance) -> None:
        self._instance = instance
        self._numbers = count(1)
        self.held: dict[str, dict[str, Any]] = {}

    async def list(self, params: dict[str, Any], /) -> Any:
        self._instance._there()
        return page_of([*self.held.values()], params)

    async def create(self, params: dict[str, Any], /) -> Any:
        self._instance._there()
        now = stamp(self._instance.clock)
        job = {"id": f"job-{next(self._numbers)}", "source": "user", **from_js(params)}
        job.update(started_at=now, ended_at=now, end_reason="completed")
        self.held[job["id"]] = job
        return job

    def get(self, jobId: str, /) -> FakeAiSearchJob:
        return FakeAiSearchJob(self, jobId)


@yields_to_others
class FakeAiSearchJob:
    """JS: AiSearchJob."""

    def __init__(self, jobs: FakeAiSearchJobs, number: str) -> None:
        self._jobs = jobs
        self._number = number

    def _found(self) -> dict[str, Any]:
        self._jobs._instance._there()
        if self._number not in self._jobs.held:
            raise not_found(f"job {self._number}")
        return self._jobs.held[self._number]

    async def info(self) -> Any:
        return self._found()

    async def logs(self, params: dict[str, Any], /) -> Any:
        self._found()
        at = self._jobs._instance.clock.now() // 1000
        log = {"id": 1, "message": "done", "message_type": 0, "created_at": int(at)}
        return page_of([log], params)

    async def cancel(self) -> Any:
        job = self._found()
        job["end_reason"] = "cancelled"
        return job
