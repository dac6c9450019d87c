"""AI Search: ``AiSearchInstance`` and ``AiSearchNamespace``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from .._border import binding, dumps, from_json, raising, raw, text
from .._border.rpc import member
from .._options import json_of
from .._remote_object import RemoteObject
from ..ai.events import EventStream
from ..errors import AiSearchError, ConversionError
from .items import AiSearchItems, AiSearchJobs

if TYPE_CHECKING:
    from .. import _js
    from .types import (
        AiSearchChatCompletionsResponse,
        AiSearchConfig,
        AiSearchInstanceInfo,
        AiSearchListResponse,
        AiSearchMessage,
        AiSearchMultiChatCompletionsResponse,
        AiSearchMultiSearchOptions,
        AiSearchMultiSearchResponse,
        AiSearchOptions,
        AiSearchSearchResponse,
        AiSearchSettings,
        AiSearchStatsResponse,
    )

__all__ = ["AiSearchInstance", "AiSearchNamespace"]

_raising = raising(AiSearchError)


class AiSearchInstance(RemoteObject["_js.AiSearchInstance"]):
    """Documents to search and to ask: ``DOCS: AiSearchInstance`` in an Env, or
    ``namespace.get("docs")``.

    Every method raises AiSearchError where the service refuses; ``js_name`` is
    "AiSearchNotFoundError" where there is no such instance.
    No local runtime has it: what is said of the service is its documentation's, and was not seen.

    JS: AiSearchInstance.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, instance: _js.AiSearchInstance) -> None:
        super().__init__(binding(instance, "AiSearchInstance", "chatCompletions"))

    @classmethod
    def _over(cls, handle: Any) -> AiSearchInstance:
        """Over what may be a promise, which has no methods to look for."""
        made = cls.__new__(cls)
        made._js = handle
        return made

    async def search(
        self,
        *,
        query: str | None = None,
        messages: Sequence[AiSearchMessage] | None = None,
        ai_search_options: AiSearchOptions | None = None,
    ) -> AiSearchSearchResponse:
        """The pieces of its items that match a query, or the last of a conversation's messages:
        give one of the two. JS: AiSearchInstance.search.
        """
        request = json_of(_asked(query, messages, ai_search_options), "request")
        found: AiSearchSearchResponse = await self._ask("search", request)
        return found

    @overload
    async def chat_completions(
        self,
        *,
        messages: Sequence[AiSearchMessage],
        stream: Literal[True],
        model: str | None = None,
        ai_search_options: AiSearchOptions | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> EventStream[dict[str, Any]]: ...
    @overload
    async def chat_completions(
        self,
        *,
        messages: Sequence[AiSearchMessage],
        stream: Literal[False] | None = None,
        model: str | None = None,
        ai_search_options: AiSearchOptions | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> AiSearchChatCompletionsResponse: ...
    async def chat_completions(
        self,
        *,
        messages: Sequence[AiSearchMessage],
        stream: bool | None = None,
        model: str | None = None,
        ai_search_options: AiSearchOptions | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Any:
        """What a model says to a conversation with the pieces that match before it.

        With ``stream`` an EventStream: first ``{"chunks": […]}``, then the text bit by bit in
        ``event["choices"][0]["delta"]["content"]``. ``extra`` are further settings of the model,
        such as ``{"temperature": 0.2}``. JS: AiSearchInstance.chatCompletions.
        """
        return await _chat(self, messages, stream, model, ai_search_options, extra)

    async def update(self, config: AiSearchSettings) -> AiSearchInstanceInfo:
        """Change what is given, and nothing else. JS: AiSearchInstance.update."""
        made: AiSearchInstanceInfo = await self._ask("update", _config(config))
        return made

    async def info(self) -> AiSearchInstanceInfo:
        """How it is set up. JS: AiSearchInstance.info."""
        found: AiSearchInstanceInfo = await self._ask("info")
        return found

    async def stats(self) -> AiSearchStatsResponse:
        """How far its indexing is. JS: AiSearchInstance.stats."""
        found: AiSearchStatsResponse = await self._ask("stats")
        return found

    @property
    def items(self) -> AiSearchItems:
        """What can be found in it. JS: AiSearchInstance.items."""
        return AiSearchItems(member(self._js, "items"))

    @property
    def jobs(self) -> AiSearchJobs:
        """The runs over its source. JS: AiSearchInstance.jobs."""
        return AiSearchJobs(member(self._js, "jobs"))


class AiSearchNamespace(RemoteObject["_js.AiSearchNamespace"]):
    """AI Search instances by name: ``SEARCH: AiSearchNamespace`` in an Env.

    Every method raises AiSearchError where the service refuses.
    No local runtime has it: what is said of the service is its documentation's, and was not seen.

    JS: AiSearchNamespace.
    """

    __slots__ = ()

    _raising = _raising

    def __init__(self, namespace: _js.AiSearchNamespace) -> None:
        super().__init__(binding(namespace, "AiSearchNamespace", "create"))

    def get(self, name: str) -> AiSearchInstance:
        """The instance of that name, whether it is there or not. JS: AiSearchNamespace.get."""
        return AiSearchInstance._over(self._start("get", text(name, "name")))

    async def list(
        self,
        *,
        page: int | None = None,
        per_page: int | None = None,
        search: str | None = None,
        order_by: Literal["created_at"] | None = None,
        order_by_direction: Literal["asc", "desc"] | None = None,
    ) -> AiSearchListResponse:
        """A page of the instances; ``search`` is part of their ids. JS: AiSearchNamespace.list."""
        params = {
            "page": page,
            "per_page": per_page,
            "search": search,
            "order_by": order_by,
            "order_by_direction": order_by_direction,
        }
        found: AiSearchListResponse = await self._ask("list", json_of(params))
        return found

    async def create(self, config: AiSearchConfig) -> AiSearchInstance:
        """A new instance: ``create({"id": "docs"})`` for files to upload. JS:
        AiSearchNamespace.create."""
        return AiSearchInstance._over(raw(await self._call("create", _config(config))))

    async def delete(self, name: str) -> None:
        """Delete an instance, and all that is in it. JS: AiSearchNamespace.delete."""
        await self._call("delete", text(name, "name"))

    async def search(
        self,
        *,
        query: str | None = None,
        messages: Sequence[AiSearchMessage] | None = None,
        ai_search_options: AiSearchMultiSearchOptions,
    ) -> AiSearchMultiSearchResponse:
        """As ``AiSearchInstance.search``, in the instances of ``ai_search_options``: 1 to 10.

        Instances that fail are in ``errors``. JS: AiSearchNamespace.search.
        """
        request = json_of(_asked(query, messages, ai_search_options), "request")
        found: AiSearchMultiSearchResponse = await self._ask("search", request)
        return found

    @overload
    async def chat_completions(
        self,
        *,
        messages: Sequence[AiSearchMessage],
        stream: Literal[True],
        ai_search_options: AiSearchMultiSearchOptions,
        model: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> EventStream[dict[str, Any]]: ...
    @overload
    async def chat_completions(
        self,
        *,
        messages: Sequence[AiSearchMessage],
        stream: Literal[False] | None = None,
        ai_search_options: AiSearchMultiSearchOptions,
        model: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> AiSearchMultiChatCompletionsResponse: ...
    async def chat_completions(
        self,
        *,
        messages: Sequence[AiSearchMessage],
        stream: bool | None = None,
        ai_search_options: AiSearchMultiSearchOptions,
        model: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Any:
        """As ``AiSearchInstance.chat_completions``, with several instances.

        JS: AiSearchNamespace.chatCompletions.
        """
        return await _chat(self, messages, stream, model, ai_search_options, extra)


def _asked(query: Any, messages: Any, options: Any) -> dict[str, Any]:
    if (query is None) is (messages is None):
        raise ConversionError("search() takes either query or messages")
    if messages is None:
        return {"query": text(query, "query"), "ai_search_options": options}
    return {"messages": _messages(messages), "ai_search_options": options}


def _messages(messages: Any) -> list[Any]:
    if isinstance(messages, (str, Mapping)):
        kind = type(cast(object, messages)).__name__
        raise ConversionError(f"messages: expected a list of messages, got {kind}")
    return [*messages]


async def _chat(
    on: RemoteObject[Any],
    messages: Any,
    stream: bool | None,
    model: str | None,
    options: Any,
    extra: Any,
) -> Any:
    request: dict[str, Any] = {
        **(extra or {}),
        "messages": _messages(messages),
        "stream": stream,
        "model": model,
        "ai_search_options": options,
    }
    ready = json_of(request, "request")
    if stream:
        answer: EventStream[dict[str, Any]] = EventStream(await on._call("chatCompletions", ready))
        return answer
    return await on._ask("chatCompletions", ready)


def _config(config: Any) -> Any:
    """As it is: None says that there shall be nothing."""
    return from_json(dumps(config, "config"))
