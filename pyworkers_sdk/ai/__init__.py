"""Workers AI: ``AI``."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NewType, TypedDict, overload

from .._border import JsWrapper, binding, from_js, prop, raising, text, to_js, unsupported
from ..errors import AIError, ConversionError
from ..http import Response
from ._conversion import answer_of, inputs_of, response_of
from .gateway import AiGateway, gateway_options, given_headers, given_signal

if TYPE_CHECKING:
    from .. import _js
    from ..abort import AbortSignal
    from .documents import (
        ConversionOptions,
        ConversionResponse,
        MarkdownDocument,
        ToMarkdownService,
    )
    from .gateway import GatewayOptions
    from .run_overloads import Run

__all__ = ["AI", "AIModel", "AiModelsSearchObject"]

_raising = raising(AIError)

AIModel = NewType("AIModel", str)
"""A model that type checkers do not know yet, or know at run time alone:
``ai.run(AIModel(env.MODEL), {…})``."""


class _Task(TypedDict):
    id: str
    name: str
    description: str


class _Property(TypedDict):
    property_id: str
    value: str


class AiModelsSearchObject(TypedDict):
    """A model in the catalogue. JS: AiModelsSearchObject."""

    id: str
    source: int
    name: str
    description: str
    task: _Task
    tags: list[str]
    properties: list[_Property]


class AI(JsWrapper["_js.Ai"]):
    """Workers AI: ``AI(env.AI)``.

    ::

        answer = await ai.run("@cf/meta/llama-3.2-3b-instruct", {"prompt": "Hi"})
        vectors = (await ai.run("@cf/baai/bge-m3", {"text": texts}))["data"]
        stream = await ai.run("@cf/moonshotai/kimi-k2.6", {"messages": [...], "stream": True})

    Every method raises AIError where the service refuses (``code`` is its number: 3036 the day's
    free quota is used up, 3040 out of capacity, 3006 too large, 3007 too late, 5004 bad inputs,
    5007 no such model), and ConversionError, before anything is sent, where a value cannot cross.
    The runtime's own client was seen; of what models answer, only their documentation.

    JS: Ai.
    """

    __slots__ = ()

    def __init__(self, ai: _js.Ai) -> None:
        self._js = binding(ai, "AI", "toMarkdown")

    if TYPE_CHECKING:

        @property
        def run(self) -> Run:
            """What a model answers, by its name: a wrong input is a type error.

            A model's name in a constant of one's own is ``Final``; one that is known at run time
            alone, or too new, an ``AIModel``. The rest is said in ``help(AI.run)``. JS: Ai.run.
            """
            ...

    async def _run(
        self,
        model: Any,
        inputs: Any,
        row_type: Any = None,
        *,
        gateway: GatewayOptions | None = None,
        prefix: str | None = None,
        tags: Sequence[str] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        signal: AbortSignal | None = None,
        queue_request: bool | None = None,
        websocket: bool | None = None,
        return_raw_response: bool | None = None,
    ) -> Any:
        """What a model answers: JSON, or ``bytes`` where it makes a picture or a sound.

        With ``"stream": True`` among the inputs it is an EventStream. ``row_type`` loads the text
        of the answer, which has to be JSON (``response_format`` asks for that), as a TypedDict, a
        dataclass or a pydantic model: RowError. Vectors have their numbers as float32.

        ``bytes`` as an input cross as the model wants them: a list of numbers, base64
        (``whisper-large-v3-turbo``, ``image_b64``), or, within ``{"body": …, "contentType": …}``,
        a stream; there a Blob, a stream or a form will do too, and only one per call, not through
        a gateway. No other value may hold bytes.

        ``return_raw_response``, and ``websocket``: the Response as it is, whatever its status; with
        a call without them at the same time the runtime may lose its headers, and raise an AIError
        in place of a failed one. ``queue_request``: many inputs at once, answered later. ``tags``:
        at most 5 of 50 characters. AbortError where ``signal`` ends it.

        JS: Ai.run.
        """
        options: dict[str, Any] = {}  # a name whose value is undefined would be sent too
        if gateway is not None:
            options["gateway"] = gateway_options(gateway)
        if prefix is not None:
            options["prefix"] = text(prefix, "prefix")
        if tags is not None:
            options["tags"] = to_js(_tags(tags), "tags")
        if extra_headers is not None:
            options["extraHeaders"] = given_headers(extra_headers)
        if signal is not None:
            options["signal"] = given_signal(signal)
        if queue_request:
            options["queueRequest"] = True
        if websocket:
            options["websocket"] = True
        if return_raw_response:
            options["returnRawResponse"] = True
        given = inputs_of(text(model, "model"), inputs)
        if row_type is not None and inputs.get("stream") is True:
            raise TypeError("row_type loads a whole answer, and with 'stream' it comes in pieces")
        with _raising:
            answer = await self._js.run(model, given, **options)
        if return_raw_response or websocket:
            return await response_of(answer)
        return await answer_of(model, answer, inputs.get("stream") is True, row_type)

    if not TYPE_CHECKING:
        _run.__name__, _run.__qualname__ = "run", "AI.run"  # what errors and help() say
        run = _run

    @property
    def ai_gateway_log_id(self) -> str | None:
        """The log of the last call that went through a gateway; with calls at the same time, of
        any of them. JS: Ai.aiGatewayLogId."""
        found: str | None = from_js(prop(self._js, "aiGatewayLogId"))
        return found or None

    def gateway(self, gateway_id: str) -> AiGateway:
        """A gateway of the account. JS: Ai.gateway."""
        with _raising:
            return AiGateway(self._js.gateway(text(gateway_id, "gateway_id")))

    async def websearch(
        self,
        *,
        gateway_id: str,
        query: str,
        limit: int | None = None,
        provider: str | None = None,
        byok_alias: str | None = None,
    ) -> Response:
        """Search the web, through a gateway; not every runtime has it. JS: Ai.websearch."""
        method = prop(self._js, "websearch")
        if method is None:
            raise unsupported(AIError, "websearch()")
        request = {
            "gatewayId": gateway_id,
            "query": query,
            "limit": limit,
            "provider": provider,
            "byokAlias": byok_alias,
        }
        made = {name: value for name, value in request.items() if value is not None}
        with _raising:
            return Response.from_js(await method(to_js(made, "request")))

    async def models(
        self,
        *,
        author: str | None = None,
        hide_experimental: bool | None = None,
        page: int | None = None,
        per_page: int | None = None,
        search: str | None = None,
        source: int | None = None,
        task: str | None = None,
    ) -> list[AiModelsSearchObject]:
        """The models in the catalogue, a page of them at a time. JS: Ai.models."""
        params = {
            "author": author,
            "hide_experimental": hide_experimental,
            "page": page,
            "per_page": per_page,
            "search": search,
            "source": source,
            "task": task,
        }
        made = {name: value for name, value in params.items() if value is not None}
        with _raising:
            found: list[AiModelsSearchObject] = from_js(await self._js.models(to_js(made)))
        return found

    @overload
    def to_markdown(self) -> ToMarkdownService: ...
    @overload
    def to_markdown(
        self,
        files: MarkdownDocument,
        *,
        gateway: GatewayOptions | None = None,
        extra_headers: Mapping[str, str] | None = None,
        conversion_options: ConversionOptions | None = None,
    ) -> Coroutine[Any, Any, ConversionResponse]: ...
    @overload
    def to_markdown(
        self,
        files: Sequence[MarkdownDocument],
        *,
        gateway: GatewayOptions | None = None,
        extra_headers: Mapping[str, str] | None = None,
        conversion_options: ConversionOptions | None = None,
    ) -> Coroutine[Any, Any, list[ConversionResponse]]: ...
    def to_markdown(
        self,
        files: Any = None,
        *,
        gateway: GatewayOptions | None = None,
        extra_headers: Mapping[str, str] | None = None,
        conversion_options: ConversionOptions | None = None,
    ) -> Any:
        """Documents as Markdown, to await; without any, what else there is to ask.

        See ``ToMarkdownService.transform``. JS: Ai.toMarkdown.
        """
        from .documents import ToMarkdownService  # few Workers need it

        service: Any = ToMarkdownService(self._js.toMarkdown())
        if files is None:
            return service
        return service.transform(
            files,
            gateway=gateway,
            extra_headers=extra_headers,
            conversion_options=conversion_options,
        )


def _tags(tags: Any) -> list[str]:
    if isinstance(tags, str):  # whose letters would be tags
        raise ConversionError("tags: expected a list of str, got str")
    return [text(tag, f"tags[{at}]") for at, tag in enumerate(tags)]
