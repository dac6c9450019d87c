"""Workers AI: ``AI``."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NewType, TypedDict, overload

from .._border import (
    JsWrapper,
    binding,
    expected,
    from_js,
    prop,
    raising,
    text,
    to_js,
    unsupported,
)
from .._options import js_options
from ..errors import AIError
from ..http import Response
from ._conversion import answer_of, inputs_of, response_of
from .gateway import AiGateway, js_gateway, js_headers, js_signal

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

__all__ = [
    "AI",
    "AIModel",
    "AiModelsSearchObject",
    "AiModelsSearchProperty",
    "AiModelsSearchTask",
]

_raising = raising(AIError)

AIModel = NewType("AIModel", str)
"""The name of a model that is known only at run time, or that type checkers do not know yet.

Annotate a variable of the configuration with it, ``class AppEnv(Env): MODEL: AIModel``, or wrap a
``str``: ``ai.run(AIModel(name), {…})``.
"""


class AiModelsSearchTask(TypedDict):
    """The task of a model in the catalogue."""

    id: str
    name: str
    description: str


class AiModelsSearchProperty(TypedDict):
    """A property of a model in the catalogue."""

    property_id: str
    value: str


class AiModelsSearchObject(TypedDict):
    """A model in the catalogue. JS: AiModelsSearchObject."""

    id: str
    source: int
    name: str
    description: str
    task: AiModelsSearchTask
    tags: list[str]
    properties: list[AiModelsSearchProperty]


class AI(JsWrapper["_js.Ai"]):
    """Workers AI: ``AI(env.AI)``.

    ::

        class AppEnv(Env):
            AI: AI
            MODEL: AIModel  # a model's name from the configuration

        answer = await env.AI.run(env.MODEL, {"prompt": "Hi"})

    With a name that type checkers know, the inputs and the answer are typed::

        answer = await ai.run("@cf/meta/llama-3.2-3b-instruct", {"prompt": "Hi"})
        vectors = (await ai.run("@cf/baai/bge-m3", {"text": texts}))["data"]
        stream = await ai.run("@cf/moonshotai/kimi-k2.6", {"messages": [...], "stream": True})

    Every method raises AIError if the service refuses the request. ``code`` is the number of the
    service's error: 3036 the free quota of the day is used up, 3040 out of capacity, 3006 request
    too large, 3007 timeout, 5004 invalid inputs, 5007 unknown model. Every method raises
    ConversionError, before anything is sent, for a value that cannot cross to JavaScript.

    The runtime's own client was verified. The answers of models follow Cloudflare's documentation.

    JS: Ai.
    """

    __slots__ = ()

    def __init__(self, ai: _js.Ai) -> None:
        self._js = binding(ai, "AI", "toMarkdown")

    if TYPE_CHECKING:

        @property
        def run(self) -> Run:
            """Run a model by its name and return its answer: JSON, ``bytes`` or an EventStream.

            ::

                await ai.run(AIModel(env.MODEL), {"prompt": "Hi"})  # a name from the configuration
                await ai.run("@cf/baai/bge-m3", {"text": ["Hi"]})   # a name that checkers know

            Type checkers choose the types of the inputs and of the answer by the model's name, so
            a wrong input is a type error. To see the wrong key, annotate the inputs with the shape
            that the error names: ``inputs: TextGenerationInput = {…}``. Annotate a constant that
            holds a name as ``Final``.

            Args:
                model: The name of the model. Wrap a name that is known only at run time, or is too
                    new, in ``AIModel``.
                inputs: The model's inputs. With ``"stream": True`` the answer is an EventStream.
                row_type: A TypedDict, dataclass or pydantic model that loads the answer's JSON
                    text. Ask for JSON with ``response_format``.
                gateway: The AI Gateway of the call: ``{"id": "my-gateway"}``.
                prefix: A prefix of the model's name.
                tags: At most 5 tags, of at most 50 characters each.
                extra_headers: More headers of the request.
                signal: An AbortSignal that cancels the call.
                queue_request: Queue a batch of inputs: ``{"requests": […]}``. Poll for the answers
                    with the ``request_id`` of the result.
                websocket: Open a WebSocket to the model, and return the Response.
                return_raw_response: Return the Response unchanged, whatever its status.

            Raises:
                AIError: The service refused the request; ``code`` is its number.
                AbortError: ``signal`` was aborted.
                ConversionError: An input or an option cannot cross to JavaScript.
                RowError: The answer does not fit ``row_type``.

            ``help(AI.run)`` explains how bytes cross. JS: Ai.run.
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
        """Run a model and return its answer: JSON, or ``bytes`` of an image or a sound.

        With ``"stream": True`` among the inputs, the answer is an EventStream. The numbers of
        embedding vectors have the precision of float32.

        ``bytes`` in an input cross in the form that the model takes: a list of numbers, or base64
        (for ``whisper-large-v3-turbo`` and for ``image_b64``). Within
        ``{"body": …, "contentType": …}`` they cross as a stream. Such a ``body`` may also be a
        Blob, a stream or a form. A call can have only one of them, and not through a gateway. No
        other value may hold bytes.

        Args:
            model: The name of the model.
            inputs: The model's inputs.
            row_type: A TypedDict, a dataclass or a pydantic model that loads the text of the
                answer. The text has to be JSON; ``response_format`` asks for that.
            gateway: The AI Gateway of the call.
            prefix: A prefix of the model's name.
            tags: At most 5 tags, of at most 50 characters each.
            extra_headers: More headers of the request.
            signal: An AbortSignal that cancels the call.
            queue_request: Queue many inputs in one call; they are answered later.
            websocket: Open a WebSocket to the model, and return the Response unchanged.
            return_raw_response: Return the Response unchanged, whatever its status. This is not
                reliable if another call runs at the same time without this option or
                ``websocket``: the Response may lose its headers, and a failed one raises AIError.

        Raises:
            AIError: The service refused the request; ``code`` is its number.
            AbortError: ``signal`` was aborted.
            ConversionError: An input or an option cannot cross to JavaScript.
            RowError: The answer does not fit ``row_type``.

        JS: Ai.run.
        """
        # The client sends each option that it gets, even an undefined one: leave out the others.
        options = js_options(
            {
                "gateway": js_gateway(gateway),
                "prefix": None if prefix is None else text(prefix, "prefix"),
                "tags": None if tags is None else to_js(_tags(tags), "tags"),
                "extra_headers": js_headers(extra_headers),
                "signal": js_signal(signal),
                "queue_request": True if queue_request else None,
                "websocket": True if websocket else None,
                "return_raw_response": True if return_raw_response else None,
            }
        )
        js_inputs = inputs_of(text(model, "model"), inputs)
        streams = inputs.get("stream") is True
        if row_type is not None and streams:
            raise TypeError(
                "row_type: expected a complete answer, got 'stream': True; load each event instead"
            )
        with _raising:
            answer = await self._js.run(model, js_inputs, **options)
        if return_raw_response or websocket:
            return await response_of(answer)
        return await answer_of(model, answer, streams, row_type)

    if not TYPE_CHECKING:
        # A type checker sees ``run`` as a property whose type has the overloads. At run time it is
        # this method, and a TypeError about an argument, help() and a traceback show its
        # ``__qualname__``: without this line they would name ``AI._run``.
        _run.__name__, _run.__qualname__ = "run", "AI.run"
        run = _run

    @property
    def ai_gateway_log_id(self) -> str | None:
        """The id of the log of the last call that went through a gateway.

        If calls run at the same time, it may be the log of any of them. JS: Ai.aiGatewayLogId.
        """
        log_id: str | None = from_js(prop(self._js, "aiGatewayLogId"))
        return log_id or None

    def gateway(self, gateway_id: str) -> AiGateway:
        """Return the account's gateway with this id. JS: Ai.gateway."""
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
        """Search the web through a gateway. JS: Ai.websearch.

        Raises:
            AIError: The runtime does not support it, or the service refused the request.
        """
        method = prop(self._js, "websearch")
        if method is None:
            raise unsupported(AIError, "websearch()")
        request = js_options(
            {
                "gateway_id": gateway_id,
                "query": query,
                "limit": limit,
                "provider": provider,
                "byok_alias": byok_alias,
            }
        )
        with _raising:
            return Response.from_js(await method(to_js(request, "request")))

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
        """List the models in the catalogue, one page at a time. JS: Ai.models.

        Args:
            author: List only models of this author, such as "openai".
            hide_experimental: Leave out experimental models.
            page: The number of the page; the first is 1.
            per_page: The number of models on a page.
            search: List only models that match this text.
            source: List only models of this source.
            task: List only models for this task, such as "Text Generation".
        """
        params = {
            "author": author,
            "hide_experimental": hide_experimental,
            "page": page,
            "per_page": per_page,
            "search": search,
            "source": source,
            "task": task,
        }
        passed = {name: value for name, value in params.items() if value is not None}
        with _raising:
            models: list[AiModelsSearchObject] = from_js(await self._js.models(to_js(passed)))
        return models

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
        """Convert one document, or several, to Markdown; await the result.

        Without documents, return the ToMarkdownService itself; it also lists the supported
        formats. For the arguments and errors, see ``ToMarkdownService.transform``.
        JS: Ai.toMarkdown.
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
    if isinstance(tags, str):  # its letters would become tags
        raise expected("tags", "a list of str", tags)
    return [text(tag, f"tags[{index}]") for index, tag in enumerate(tags)]
