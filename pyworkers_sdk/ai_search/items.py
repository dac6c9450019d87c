"""What is in an AI Search instance: ``AiSearchItems`` and ``AiSearchJobs``."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from .._border import from_js, prop, raising, raw, stream_from, text
from .._options import json_of
from .._remote_object import RemoteObject
from ..blob import Blob
from ..errors import AiSearchError, ConversionError
from ..streams import ReadableStream

if TYPE_CHECKING:
    from .. import _js
    from .types import (
        AiSearchItemChunksResponse,
        AiSearchItemInfo,
        AiSearchItemLogsResponse,
        AiSearchJobInfo,
        AiSearchJobLogsResponse,
        AiSearchListItemsResponse,
        AiSearchListJobsResponse,
    )

__all__ = [
    "AiSearchItem",
    "AiSearchItemContentResult",
    "AiSearchItems",
    "AiSearchJob",
    "AiSearchJobs",
]

_raising = raising(AiSearchError)

_Content: TypeAlias = "str | bytes | Blob | ReadableStream | AsyncIterable[bytes]"


class AiSearchItemContentResult(NamedTuple):
    """An item as it was uploaded; ``size`` in bytes. JS: AiSearchItemContentResult."""

    body: ReadableStream
    content_type: str
    filename: str
    size: int


class AiSearchItems(RemoteObject["_js.AiSearchItems"]):
    """The items of an instance: ``instance.items``. JS: AiSearchItems."""

    __slots__ = ()

    _raising = _raising

    async def list(
        self,
        *,
        page: int | None = None,
        per_page: int | None = None,
        search: str | None = None,
        sort_by: Literal["status", "modified_at"] | None = None,
        status: Literal["queued", "running", "completed", "error", "skipped", "outdated"]
        | None = None,
        source: str | None = None,
        metadata_filter: str | None = None,
        item_id: str | None = None,
        key: str | None = None,
    ) -> AiSearchListItemsResponse:
        """A page of the items. ``search`` is a part of their keys, ``key`` the whole of one;
        ``source`` such as "builtin"; ``metadata_filter`` a Vectorize filter as JSON text.

        JS: AiSearchItems.list.
        """
        params = {
            "page": page,
            "per_page": per_page,
            "search": search,
            "sort_by": sort_by,
            "status": status,
            "source": source,
            "metadata_filter": metadata_filter,
            "item_id": item_id,
            "key": key,
        }
        found: AiSearchListItemsResponse = await self._ask("list", json_of(params))
        return found

    async def upload(
        self, name: str, content: _Content, *, metadata: Mapping[str, Any] | None = None
    ) -> AiSearchItemInfo:
        """Store a file and queue it for indexing; one of the same name is replaced.

        At most 5 fields of metadata for each instance. JS: AiSearchItems.upload.
        """
        return await self._upload("upload", name, content, {"metadata": metadata})

    async def upload_and_poll(
        self,
        name: str,
        content: _Content,
        *,
        metadata: Mapping[str, Any] | None = None,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
    ) -> AiSearchItemInfo:
        """The same, and wait until it is indexed, or for ``timeout_ms``: the ``status`` says which.

        Milliseconds: every 1000, for 30000, unless given. JS: AiSearchItems.uploadAndPoll.
        """
        options = {
            "metadata": metadata,
            "pollIntervalMs": poll_interval_ms,
            "timeoutMs": timeout_ms,
        }
        return await self._upload("uploadAndPoll", name, content, options)

    async def _upload(self, method: str, name: str, content: Any, options: Any) -> AiSearchItemInfo:
        ready = json_of(options)
        sent = _sent(content)
        made: AiSearchItemInfo = await self._ask(method, text(name, "name"), sent, ready)
        return made

    def get(self, item_id: str) -> AiSearchItem:
        """The item of that id, whether it is there or not. JS: AiSearchItems.get."""
        return AiSearchItem(self._start("get", text(item_id, "item_id")))

    async def delete(self, item_id: str) -> None:
        """Delete an item; AiSearchError where it is not there. JS: AiSearchItems.delete."""
        await self._call("delete", text(item_id, "item_id"))


class AiSearchItem(RemoteObject["_js.AiSearchItem"]):
    """One item; AiSearchError where it is not there. JS: AiSearchItem."""

    __slots__ = ()

    _raising = _raising

    async def info(self) -> AiSearchItemInfo:
        """What is known of it. JS: AiSearchItem.info."""
        found: AiSearchItemInfo = await self._ask("info")
        return found

    async def download(self) -> AiSearchItemContentResult:
        """What was uploaded. JS: AiSearchItem.download."""
        found = await self._call("download")
        kind, name, size = (from_js(prop(found, each)) for each in _CONTENT)
        return AiSearchItemContentResult(ReadableStream(prop(found, "body")), kind, name, size)

    async def sync(self) -> AiSearchItemInfo:
        """Have it indexed again. JS: AiSearchItem.sync."""
        found: AiSearchItemInfo = await self._ask("sync")
        return found

    async def logs(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> AiSearchItemLogsResponse:
        """What was done to it: 1 to 100 entries, 50 unless given. JS: AiSearchItem.logs."""
        params = json_of({"limit": limit, "cursor": cursor})
        found: AiSearchItemLogsResponse = await self._ask("logs", params)
        return found

    async def chunks(
        self, *, limit: int | None = None, offset: int | None = None
    ) -> AiSearchItemChunksResponse:
        """The pieces that it is indexed in: 1 to 100, 20 unless given. JS: AiSearchItem.chunks."""
        params = json_of({"limit": limit, "offset": offset})
        found: AiSearchItemChunksResponse = await self._ask("chunks", params)
        return found


class AiSearchJobs(RemoteObject["_js.AiSearchJobs"]):
    """The indexing jobs of an instance: ``instance.jobs``. JS: AiSearchJobs."""

    __slots__ = ()

    _raising = _raising

    async def list(
        self, *, page: int | None = None, per_page: int | None = None
    ) -> AiSearchListJobsResponse:
        """A page of the jobs. JS: AiSearchJobs.list."""
        params = json_of({"page": page, "per_page": per_page})
        found: AiSearchListJobsResponse = await self._ask("list", params)
        return found

    async def create(self, *, description: str | None = None) -> AiSearchJobInfo:
        """Look through the instance's source now. JS: AiSearchJobs.create."""
        made: AiSearchJobInfo = await self._ask("create", json_of({"description": description}))
        return made

    def get(self, job_id: str) -> AiSearchJob:
        """The job of that id, whether it is there or not. JS: AiSearchJobs.get."""
        return AiSearchJob(self._start("get", text(job_id, "job_id")))


class AiSearchJob(RemoteObject["_js.AiSearchJob"]):
    """One indexing job; AiSearchError where it is not there. JS: AiSearchJob."""

    __slots__ = ()

    _raising = _raising

    async def info(self) -> AiSearchJobInfo:
        """What is known of it. JS: AiSearchJob.info."""
        found: AiSearchJobInfo = await self._ask("info")
        return found

    async def logs(
        self, *, page: int | None = None, per_page: int | None = None
    ) -> AiSearchJobLogsResponse:
        """A page of what it did. JS: AiSearchJob.logs."""
        params = json_of({"page": page, "per_page": per_page})
        found: AiSearchJobLogsResponse = await self._ask("logs", params)
        return found

    async def cancel(self) -> AiSearchJobInfo:
        """End it. JS: AiSearchJob.cancel."""
        found: AiSearchJobInfo = await self._ask("cancel")
        return found


_BYTES: tuple[type[Any], ...] = (bytes, bytearray, memoryview)
_CONTENT = ("contentType", "filename", "size")


def _sent(content: Any) -> Any:
    """What is given as a text, a Blob or a stream."""
    if isinstance(content, str):
        return text(content, "content")
    if isinstance(content, _BYTES):
        return Blob([content]).js_object
    js = raw(content)
    if hasattr(js, "getReader") or hasattr(js, "arrayBuffer"):
        return js
    if hasattr(content, "__aiter__"):
        return stream_from(content)
    kind = type(content).__name__
    raise ConversionError(f"content: expected str, bytes, Blob or a stream, got {kind}")
