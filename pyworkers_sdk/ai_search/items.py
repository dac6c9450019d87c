"""Items and indexing jobs of an AI Search instance: ``AiSearchItems`` and ``AiSearchJobs``."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from .._border import expected, from_js, prop, raising, raw, stream_from, text
from .._options import js_options, json_of
from .._remote_object import RemoteObject
from ..blob import Blob
from ..errors import AiSearchError
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
    """The file of an item, as it was uploaded. JS: AiSearchItemContentResult."""

    body: ReadableStream
    content_type: str
    filename: str
    size: int
    """The size in bytes."""


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
        """List the items, one page at a time.

        Args:
            page: The number of the page; the first is 1.
            per_page: The number of items on a page.
            search: List only items whose keys contain this text.
            sort_by: The field that orders the list.
            status: List only items in this state.
            source: List only items of this source, such as "builtin".
            metadata_filter: List only items whose metadata fulfils this Vectorize filter, as JSON
                text.
            item_id: List only the item with this id.
            key: List only the item with this key.

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
        response: AiSearchListItemsResponse = await self._ask("list", json_of(params))
        return response

    async def upload(
        self, name: str, content: _Content, *, metadata: Mapping[str, Any] | None = None
    ) -> AiSearchItemInfo:
        """Store a file and queue it for indexing. An item with the same name is replaced.

        Args:
            name: The name of the file; it becomes the key of the item.
            content: The content of the file.
            metadata: Metadata to filter by. An instance can have at most 5 fields of metadata.

        JS: AiSearchItems.upload.
        """
        return await self._upload("upload", name, content, {"metadata": metadata})

    async def upload_and_poll(
        self,
        name: str,
        content: _Content,
        *,
        metadata: Mapping[str, Any] | None = None,
        poll_interval_ms: int | timedelta | None = None,
        timeout_ms: int | timedelta | None = None,
    ) -> AiSearchItemInfo:
        """Store a file, and wait until it is indexed or until the timeout.

        The result's ``status`` is "completed" once the item is indexed.

        Args:
            name: The name of the file; it becomes the key of the item.
            content: The content of the file.
            metadata: Metadata to filter by. An instance can have at most 5 fields of metadata.
            poll_interval_ms: The time between polls, as a timedelta or in milliseconds; 1,000 by
                default.
            timeout_ms: The timeout, as a timedelta or in milliseconds; 30,000 by default.

        JS: AiSearchItems.uploadAndPoll.
        """
        options = js_options(
            {
                "metadata": metadata,
                "poll_interval_ms": poll_interval_ms,
                "timeout_ms": timeout_ms,
            }
        )
        return await self._upload("uploadAndPoll", name, content, options)

    async def _upload(self, method: str, name: str, content: Any, options: Any) -> AiSearchItemInfo:
        # Convert the content last: if an option were refused later, a stream would stay open.
        js_options = json_of(options)
        js_content = _js_content(content)
        info: AiSearchItemInfo = await self._ask(method, text(name, "name"), js_content, js_options)
        return info

    def get(self, item_id: str) -> AiSearchItem:
        """Return the item with this id, without a check that it exists. JS: AiSearchItems.get."""
        return AiSearchItem(self._start("get", text(item_id, "item_id")))

    async def delete(self, item_id: str) -> None:
        """Delete an item. JS: AiSearchItems.delete.

        Raises:
            AiSearchError: The item is missing.
        """
        await self._call("delete", text(item_id, "item_id"))


class AiSearchItem(RemoteObject["_js.AiSearchItem"]):
    """An item of an instance: ``instance.items.get("…")``. JS: AiSearchItem.

    Every method raises AiSearchError if the item is missing.
    """

    __slots__ = ()

    _raising = _raising

    async def info(self) -> AiSearchItemInfo:
        """Return the state and the metadata of the item. JS: AiSearchItem.info."""
        info: AiSearchItemInfo = await self._ask("info")
        return info

    async def download(self) -> AiSearchItemContentResult:
        """Return the file that was uploaded. JS: AiSearchItem.download."""
        js_file = await self._call("download")
        content_type, filename, size = (from_js(prop(js_file, name)) for name in _CONTENT)
        body = ReadableStream(prop(js_file, "body"))
        return AiSearchItemContentResult(body, content_type, filename, size)

    async def sync(self) -> AiSearchItemInfo:
        """Queue the item for indexing again. JS: AiSearchItem.sync."""
        info: AiSearchItemInfo = await self._ask("sync")
        return info

    async def logs(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> AiSearchItemLogsResponse:
        """Return log entries of the item's processing.

        Args:
            limit: The number of entries, 1 to 100; 50 by default.
            cursor: The cursor of the page before.

        JS: AiSearchItem.logs.
        """
        params = json_of({"limit": limit, "cursor": cursor})
        response: AiSearchItemLogsResponse = await self._ask("logs", params)
        return response

    async def chunks(
        self, *, limit: int | None = None, offset: int | None = None
    ) -> AiSearchItemChunksResponse:
        """Return the chunks into which the item is divided.

        Args:
            limit: The number of chunks, 1 to 100; 20 by default.
            offset: The number of chunks to skip.

        JS: AiSearchItem.chunks.
        """
        params = json_of({"limit": limit, "offset": offset})
        response: AiSearchItemChunksResponse = await self._ask("chunks", params)
        return response


class AiSearchJobs(RemoteObject["_js.AiSearchJobs"]):
    """The indexing jobs of an instance: ``instance.jobs``. JS: AiSearchJobs."""

    __slots__ = ()

    _raising = _raising

    async def list(
        self, *, page: int | None = None, per_page: int | None = None
    ) -> AiSearchListJobsResponse:
        """List the jobs, one page at a time. JS: AiSearchJobs.list."""
        params = json_of({"page": page, "per_page": per_page})
        response: AiSearchListJobsResponse = await self._ask("list", params)
        return response

    async def create(self, *, description: str | None = None) -> AiSearchJobInfo:
        """Start a job that indexes the instance's source now. JS: AiSearchJobs.create."""
        info: AiSearchJobInfo = await self._ask("create", json_of({"description": description}))
        return info

    def get(self, job_id: str) -> AiSearchJob:
        """Return the job with this id, without a check that it exists. JS: AiSearchJobs.get."""
        return AiSearchJob(self._start("get", text(job_id, "job_id")))


class AiSearchJob(RemoteObject["_js.AiSearchJob"]):
    """An indexing job of an instance: ``instance.jobs.get("…")``. JS: AiSearchJob.

    Every method raises AiSearchError if the job is missing.
    """

    __slots__ = ()

    _raising = _raising

    async def info(self) -> AiSearchJobInfo:
        """Return the state of the job. JS: AiSearchJob.info."""
        info: AiSearchJobInfo = await self._ask("info")
        return info

    async def logs(
        self, *, page: int | None = None, per_page: int | None = None
    ) -> AiSearchJobLogsResponse:
        """Return log entries of the job, one page at a time. JS: AiSearchJob.logs."""
        params = json_of({"page": page, "per_page": per_page})
        response: AiSearchJobLogsResponse = await self._ask("logs", params)
        return response

    async def cancel(self) -> AiSearchJobInfo:
        """Cancel the job. JS: AiSearchJob.cancel."""
        info: AiSearchJobInfo = await self._ask("cancel")
        return info


_BYTES: tuple[type[Any], ...] = (bytes, bytearray, memoryview)
_CONTENT = ("contentType", "filename", "size")


def _js_content(content: Any) -> Any:
    """Convert the content of a file to a string, a Blob or a stream."""
    if isinstance(content, str):
        return text(content, "content")
    if isinstance(content, _BYTES):
        return Blob([content]).js_object
    js = raw(content)
    if hasattr(js, "getReader") or hasattr(js, "arrayBuffer"):
        return js
    if hasattr(content, "__aiter__"):
        return stream_from(content)
    raise expected("content", "str, bytes, Blob or a stream", content)
