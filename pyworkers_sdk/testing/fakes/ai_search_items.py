"""Items and jobs of the fake AI Search: ``FakeAiSearchItems`` and ``FakeAiSearchJobs``.

Nothing of this fake was verified against the service; see ``ai_search``. Items are indexed at once,
although ``upload`` reports "queued" as the documentation does. A job ends in the moment in which it
begins.
"""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Callable
from hashlib import md5
from itertools import count
from typing import Any

from ..._border import from_js, web
from ..._cpython.js_exception import JsException
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .text_search import page_of, stamp
from .vectorize_rules import leaves, tests_of

__all__ = [
    "FakeAiSearchItem",
    "FakeAiSearchItems",
    "FakeAiSearchJob",
    "FakeAiSearchJobs",
    "not_found",
]

# Entries on a page by default, as documented; all other lists have 20.
ITEMS_PER_PAGE = 25
LOGS_PER_PAGE = 50
CHUNKS_PER_PAGE = 20

# A paragraph: from a character that is not white space to the next empty line, or to the end.
PARAGRAPH = re.compile(rb"\S.*?(?=\s*(?:\n\s*\n|\Z))", re.S)


def not_found(thing: str) -> JsException:
    return JsException("AiSearchNotFoundError", f"{thing} not found")


class StoredItem:
    """An uploaded file."""

    def __init__(self, id: str, key: str, data: bytes, metadata: dict[str, Any], now: str) -> None:
        self.id = id
        self.key = key
        self.data = data
        self.metadata = metadata
        self.created = now
        self.logs: list[dict[str, Any]] = []

    def reference(self) -> dict[str, Any]:
        """Return the description of the item within each of its chunks."""
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
        # Matching bytes, not text, gives the byte offsets that the service returns.
        return [
            {
                "id": f"{self.id}-{number}",
                "text": paragraph[0].decode(errors="replace"),
                "start_byte": paragraph.start(),
                "end_byte": paragraph.end(),
                "item": self.reference(),
            }
            for number, paragraph in enumerate(PARAGRAPH.finditer(self.data))
        ]


@yields_to_others
class FakeAiSearchItems:
    """JS: AiSearchItems. ``exists`` returns if the instance exists."""

    def __init__(self, clock: Clock, exists: Callable[[], bool]) -> None:
        self._clock = clock
        self._exists = exists
        self._numbers = count(1)
        self.stored: dict[str, StoredItem] = {}

    async def list(self, params: dict[str, Any], /) -> Any:
        self._check_instance()
        tests = tests_of(json.loads(params.get("metadata_filter", "null")))
        infos: list[dict[str, Any]] = []
        for item in self.stored.values():
            metadata = dict(leaves(item.metadata))
            if (
                # Every item is completed, and was uploaded ("builtin").
                params.get("search", "") in item.key
                and params.get("status", "completed") == "completed"
                and params.get("source", "builtin") == "builtin"
                and params.get("item_id", item.id) == item.id
                and params.get("key", item.key) == item.key
                and all(test(metadata.get(path)) for path, test in tests.items())
            ):
                infos.append(item.info())
        return page_of(infos, params, ITEMS_PER_PAGE)

    async def upload(self, name: str, content: Any, options: dict[str, Any], /) -> Any:
        item = await self._store(name, content, options)
        return item.info("queued")

    async def uploadAndPoll(self, name: str, content: Any, options: dict[str, Any], /) -> Any:
        return (await self._store(name, content, options)).info()

    async def _store(self, name: str, content: Any, options: dict[str, Any]) -> StoredItem:
        self._check_instance()
        # A Response reads whatever was passed: a text, a Blob or a stream.
        data = bytes(await web.Response.new(content).arrayBuffer())
        # A file with the same name replaces the old one, and keeps its id.
        old_id = next((item.id for item in self.stored.values() if item.key == name), None)
        item = StoredItem(
            old_id or f"item-{next(self._numbers)}",
            name,
            data,
            from_js(options.get("metadata", {})),
            stamp(self._clock),
        )
        self.log(item, "index")
        self.stored[item.id] = item
        return item

    def log(self, item: StoredItem, action: str) -> None:
        """Add a log entry to an item."""
        item.logs.append(
            {
                "timestamp": stamp(self._clock),
                "action": action,
                "message": "done",
                "fileKey": item.key,
                "chunkCount": len(item.chunks()),
            }
        )

    def get(self, itemId: str, /) -> FakeAiSearchItem:
        return FakeAiSearchItem(self, itemId)

    async def delete(self, itemId: str, /) -> None:
        del self.stored[self.item(itemId).id]

    def item(self, item_id: str) -> StoredItem:
        """Return an item that exists."""
        self._check_instance()
        if item_id not in self.stored:
            raise not_found(f"item {item_id}")
        return self.stored[item_id]

    def _check_instance(self) -> None:
        if not self._exists():
            raise not_found("instance")


@yields_to_others
class FakeAiSearchItem:
    """JS: AiSearchItem. Each method looks the item up: it may be deleted meanwhile."""

    def __init__(self, items: FakeAiSearchItems, item_id: str) -> None:
        self._items = items
        self._id = item_id

    async def info(self) -> Any:
        return self._items.item(self._id).info()

    async def download(self) -> Any:
        item = self._items.item(self._id)
        return {
            "body": web.Response.new(item.data).body,
            "contentType": mimetypes.guess_type(item.key)[0] or "application/octet-stream",
            "filename": item.key,
            "size": len(item.data),
        }

    async def sync(self) -> Any:
        item = self._items.item(self._id)
        self._items.log(item, "sync")
        return item.info("queued")

    async def logs(self, params: dict[str, Any], /) -> Any:
        logs = self._items.item(self._id).logs
        # The cursor of this fake is the number of the next entry; to its users it is opaque.
        start, size = int(params.get("cursor", "0")), int(params.get("limit", LOGS_PER_PAGE))
        result = logs[start : start + size]
        more = start + size < len(logs)
        info = {"count": len(result), "per_page": size, "truncated": more}
        cursor = str(start + size) if more else None
        return {"result": result, "result_info": {**info, "cursor": cursor}}

    async def chunks(self, params: dict[str, Any], /) -> Any:
        chunks = self._items.item(self._id).chunks()
        start, size = int(params.get("offset", 0)), int(params.get("limit", CHUNKS_PER_PAGE))
        result = chunks[start : start + size]
        info = {"count": len(result), "total": len(chunks), "limit": size, "offset": start}
        return {"result": result, "result_info": info}


@yields_to_others
class FakeAiSearchJobs:
    """JS: AiSearchJobs. ``exists`` returns if the instance exists."""

    def __init__(self, clock: Clock, exists: Callable[[], bool]) -> None:
        self.clock = clock
        self._exists = exists
        self._numbers = count(1)
        self._jobs: dict[str, dict[str, Any]] = {}

    async def list(self, params: dict[str, Any], /) -> Any:
        self._check_instance()
        return page_of([*self._jobs.values()], params)

    async def create(self, params: dict[str, Any], /) -> Any:
        self._check_instance()
        now = stamp(self.clock)
        job = {"id": f"job-{next(self._numbers)}", "source": "user", **from_js(params)}
        # This instance has no source to index, so the job is done.
        job.update(started_at=now, ended_at=now, end_reason="completed")
        self._jobs[job["id"]] = job
        return job

    def get(self, jobId: str, /) -> FakeAiSearchJob:
        return FakeAiSearchJob(self, jobId)

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job that exists."""
        self._check_instance()
        if job_id not in self._jobs:
            raise not_found(f"job {job_id}")
        return self._jobs[job_id]

    def _check_instance(self) -> None:
        if not self._exists():
            raise not_found("instance")


@yields_to_others
class FakeAiSearchJob:
    """JS: AiSearchJob."""

    def __init__(self, jobs: FakeAiSearchJobs, job_id: str) -> None:
        self._jobs = jobs
        self._id = job_id

    async def info(self) -> Any:
        return self._jobs.job(self._id)

    async def logs(self, params: dict[str, Any], /) -> Any:
        self._jobs.job(self._id)
        # Here the service's time is a number, of seconds.
        now = int(self._jobs.clock.now() // 1000)
        log = {"id": 1, "message": "done", "message_type": 0, "created_at": now}
        return page_of([log], params)

    async def cancel(self) -> Any:
        job = self._jobs.job(self._id)
        job["end_reason"] = "cancelled"
        return job
