"""AI Search: ``AiSearchInstance`` and ``AiSearchNamespace``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from .._border import JsT, binding, dumps, expected, from_json, raising, raw, text
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


class _Searchable(RemoteObject[JsT]):
    """Base of the two bindings: an instance, and a namespace that searches several instances."""

    __slots__ = ()

    _raising = raising(AiSearchError)

    async def _search(self, query: Any, messages: Any, options: Any) -> Any:
        if query is None and messages is None:
            raise ConversionError("search(): expected query or messages, got neither")
        if query is not None and messages is not None:
            raise ConversionError("search(): expected query or messages, got both")
        if messages is None:
            request = {"query": text(query, "query"), "ai_search_options": options}
        else:
            request = {"messages": _message_list(messages), "ai_search_options": options}
        return await self._ask("search", json_of(request, "request"))

    async def _chat(
        self,
        messages: Any,
        stream: bool | None,
        model: str | None,
        options: Any,
        extra: Mapping[str, Any] | None,
    ) -> Any:
        request: dict[str, Any] = {
            **(extra or {}),
            "messages": _message_list(messages),
            "stream": stream,
            "model": model,
            "ai_search_options": options,
        }
        js_request = json_of(request, "request")
        if stream:
            js_stream = await self._call("chatCompletions", js_request)
            return EventStream[dict[str, Any]](js_stream)
        return await self._ask("chatCompletions", js_request)


class AiSearchInstance(_Searchable["_js.AiSearchInstance"]):
    """Documents to search and to chat about: ``DOCS: AiSearchInstance`` in an Env.

    ``AiSearchNamespace.get`` and ``create`` return instances too. Every method raises AiSearchError
    if the service refuses the request. For a missing instance its ``js_name`` is
    "AiSearchNotFoundError".

    Not available in local runtimes: the fake follows Cloudflare's documentation and has not been
    verified against the service.

    JS: AiSearchInstance.
    """

    __slots__ = ()

    def __init__(self, instance: _js.AiSearchInstance) -> None:
        super().__init__(binding(instance, "AiSearchInstance", "chatCompletions"))

    async def search(
        self,
        *,
        query: str | None = None,
        messages: Sequence[AiSearchMessage] | None = None,
        ai_search_options: AiSearchOptions | None = None,
    ) -> AiSearchSearchResponse:
        """Return the chunks of items that match a query. Pass either ``query`` or ``messages``.

        Args:
            query: The text to search for.
            messages: A conversation; its last message is the query.
            ai_search_options: Settings of this search that differ from the instance's.

        JS: AiSearchInstance.search.
        """
        response: AiSearchSearchResponse = await self._search(query, messages, ai_search_options)
        return response

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
        """Return a model's answer to a conversation, based on the chunks that match.

        Args:
            messages: The conversation.
            stream: Return an EventStream. Its first event is ``{"chunks": […]}``. The text follows
                in parts, in ``event["choices"][0]["delta"]["content"]``.
            model: The name of the model; by default the instance's.
            ai_search_options: Settings of this search that differ from the instance's.
            extra: More settings of the model, such as ``{"temperature": 0.2}``.

        JS: AiSearchInstance.chatCompletions.
        """
        return await self._chat(messages, stream, model, ai_search_options, extra)

    async def update(self, config: AiSearchSettings) -> AiSearchInstanceInfo:
        """Change the settings in ``config`` and keep all others. JS: AiSearchInstance.update."""
        info: AiSearchInstanceInfo = await self._ask("update", _js_config(config))
        return info

    async def info(self) -> AiSearchInstanceInfo:
        """Return the settings and the state of the instance. JS: AiSearchInstance.info."""
        info: AiSearchInstanceInfo = await self._ask("info")
        return info

    async def stats(self) -> AiSearchStatsResponse:
        """Return the number of items in each state of indexing. JS: AiSearchInstance.stats."""
        stats: AiSearchStatsResponse = await self._ask("stats")
        return stats

    @property
    def items(self) -> AiSearchItems:
        """The items of the instance: the files that it searches. JS: AiSearchInstance.items."""
        return AiSearchItems(member(self._js, "items"))

    @property
    def jobs(self) -> AiSearchJobs:
        """The indexing jobs of the instance. JS: AiSearchInstance.jobs."""
        return AiSearchJobs(member(self._js, "jobs"))


class AiSearchNamespace(_Searchable["_js.AiSearchNamespace"]):
    """AI Search instances by name: ``SEARCH: AiSearchNamespace`` in an Env.

    Every method raises AiSearchError if the service refuses the request.

    Not available in local runtimes: the fake follows Cloudflare's documentation and has not been
    verified against the service.

    JS: AiSearchNamespace.
    """

    __slots__ = ()

    def __init__(self, namespace: _js.AiSearchNamespace) -> None:
        super().__init__(binding(namespace, "AiSearchNamespace", "create"))

    def get(self, name: str) -> AiSearchInstance:
        """Return the instance with this name, without a check that it exists.

        JS: AiSearchNamespace.get.
        """
        return _instance(self._start("get", text(name, "name")))

    async def list(
        self,
        *,
        page: int | None = None,
        per_page: int | None = None,
        search: str | None = None,
        order_by: Literal["created_at"] | None = None,
        order_by_direction: Literal["asc", "desc"] | None = None,
    ) -> AiSearchListResponse:
        """List the instances, one page at a time. JS: AiSearchNamespace.list.

        Args:
            page: The number of the page; the first is 1.
            per_page: The number of instances on a page.
            search: List only instances whose ids contain this text.
            order_by: The field that orders the list.
            order_by_direction: The direction of the order.
        """
        params = {
            "page": page,
            "per_page": per_page,
            "search": search,
            "order_by": order_by,
            "order_by_direction": order_by_direction,
        }
        response: AiSearchListResponse = await self._ask("list", json_of(params))
        return response

    async def create(self, config: AiSearchConfig) -> AiSearchInstance:
        """Create an instance.

        ``create({"id": "docs"})`` creates an instance for uploaded files.
        JS: AiSearchNamespace.create.
        """
        return _instance(raw(await self._call("create", _js_config(config))))

    async def delete(self, name: str) -> None:
        """Delete an instance with all its items. JS: AiSearchNamespace.delete."""
        await self._call("delete", text(name, "name"))

    async def search(
        self,
        *,
        query: str | None = None,
        messages: Sequence[AiSearchMessage] | None = None,
        ai_search_options: AiSearchMultiSearchOptions,
    ) -> AiSearchMultiSearchResponse:
        """Return the chunks that match a query, in several instances.

        Pass either ``query`` or ``messages``. Instances that fail are in ``errors``.

        Args:
            query: The text to search for.
            messages: A conversation; its last message is the query.
            ai_search_options: The ``instance_ids`` to search, 1 to 10, and settings of this search.

        JS: AiSearchNamespace.search.
        """
        response: AiSearchMultiSearchResponse = await self._search(
            query, messages, ai_search_options
        )
        return response

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
        """Return a model's answer to a conversation, based on chunks of several instances.

        Args:
            messages: The conversation.
            stream: Return an EventStream. Its first event is ``{"chunks": […]}``. The text follows
                in parts, in ``event["choices"][0]["delta"]["content"]``.
            ai_search_options: The ``instance_ids`` to search, 1 to 10, and settings of this search.
            model: The name of the model.
            extra: More settings of the model, such as ``{"temperature": 0.2}``.

        JS: AiSearchNamespace.chatCompletions.
        """
        return await self._chat(messages, stream, model, ai_search_options, extra)


def _instance(js_instance: Any) -> AiSearchInstance:
    """Return the instance over a handle: a stub, or a promise without methods to check."""
    self = AiSearchInstance.__new__(AiSearchInstance)
    self._js = js_instance
    return self


def _message_list(messages: Any) -> list[Any]:
    value: object = messages
    if isinstance(value, (str, Mapping)):  # both are iterable, but not a list of messages
        raise expected("messages", "a list of messages", messages)
    return [*messages]


def _js_config(config: Any) -> Any:
    # None stays null: it removes a setting.
    return from_json(dumps(config, "config"))
