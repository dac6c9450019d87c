"""The inputs and outputs of Workers AI's text models, as TypedDicts for type checkers.

The fields have the names that the models' own pages use.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, Required, TypedDict

__all__ = [
    "ChatChoice",
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatCompletionInput",
    "ChatCompletionStreamInput",
    "ChatMessage",
    "ContentPart",
    "ResponseFormat",
    "ResponsesInput",
    "ResponsesOutput",
    "ResponsesStreamInput",
    "TextGenerationEvent",
    "TextGenerationInput",
    "TextGenerationOutput",
    "TextGenerationStreamInput",
    "Tool",
    "ToolCall",
    "Usage",
]


class Usage(TypedDict):
    """The number of tokens in a call."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


# Chats -------------------------------------------------------------------------------------------


class _ImageUrl(TypedDict):
    url: str
    detail: NotRequired[Literal["auto", "low", "high"]]


class ContentPart(TypedDict, total=False):
    """A part of a message: text, or an image as a ``data:`` URL."""

    type: Required[str]
    text: str
    image_url: _ImageUrl


class _Function(TypedDict):
    name: str
    arguments: str


class ToolCall(TypedDict, total=False):
    """A function call that the model requests.

    Models that answer in ``response`` set ``name`` and ``arguments``. Models that answer in
    ``choices`` set ``id``, ``type`` and ``function``, whose arguments are JSON text.
    """

    name: str
    arguments: Any
    id: str
    type: Literal["function"]
    function: _Function


class ChatMessage(TypedDict):
    """A message in a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None
    name: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]


class _ToolFunction(TypedDict):
    name: str
    description: NotRequired[str]
    parameters: NotRequired[dict[str, Any]]
    strict: NotRequired[bool | None]


class Tool(TypedDict):
    """A function that the model may call; ``parameters`` is the JSON schema of an object."""

    type: Literal["function"]
    function: _ToolFunction


class _Code(TypedDict):
    name: str
    code: str


class ResponseFormat(TypedDict, total=False):
    """The format of the answer.

    For models that answer in ``response``, ``json_schema`` is the schema itself. For models that
    answer in ``choices``, it is ``{"name": …, "schema": …}``.
    """

    type: Required[Literal["text", "json_object", "json_schema"]]
    json_schema: Any


class _Sampling(TypedDict, total=False):
    messages: list[ChatMessage]
    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    seed: int | None
    frequency_penalty: float | None
    presence_penalty: float | None
    response_format: ResponseFormat
    functions: list[_Code]


class _TextGeneration(_Sampling, total=False):
    prompt: str
    raw: bool
    top_k: float
    repetition_penalty: float
    lora: str
    guided_json: dict[str, Any]
    image: bytes | str
    tools: list[Tool] | list[_ToolFunction]


class TextGenerationInput(_TextGeneration, total=False):
    """A ``prompt`` or ``messages``, and options for the answer.

    ``image`` is for models with vision: the bytes of an image, or a ``data:`` URL.
    """

    stream: Literal[False] | None


class TextGenerationStreamInput(_TextGeneration):
    """A prompt or messages with ``"stream": True``: the answer is an EventStream."""

    stream: Literal[True]


class TextGenerationOutput(TypedDict, total=False):
    """An answer; ``response`` is text, or the value that the JSON schema describes."""

    response: Any
    tool_calls: list[ToolCall]
    usage: Usage


class TextGenerationEvent(TypedDict, total=False):
    """A part of a streamed answer; ``p`` is padding."""

    response: str | None
    tool_calls: list[ToolCall]
    usage: Usage
    p: str


class _StreamOptions(TypedDict, total=False):
    include_usage: bool
    include_obfuscation: bool


class _TemplateOptions(TypedDict, total=False):
    enable_thinking: bool
    clear_thinking: bool


class _ChatCompletion(_Sampling, total=False):
    prompt: str
    model: str
    tools: list[Tool]
    tool_choice: Any
    parallel_tool_calls: bool
    stream_options: _StreamOptions
    max_completion_tokens: int | None
    reasoning_effort: Literal["low", "medium", "high"] | None
    chat_template_kwargs: _TemplateOptions
    n: int | None
    stop: str | list[str] | None
    logit_bias: dict[str, float] | None
    logprobs: bool | None
    top_logprobs: int | None
    metadata: dict[str, Any] | None
    modalities: list[Literal["text", "audio"]] | None
    audio: dict[str, Any]
    prediction: dict[str, Any]
    service_tier: Literal["auto", "default", "flex", "scale", "priority"] | None
    store: bool | None
    user: str
    web_search_options: dict[str, Any]
    function_call: Any
    raw: bool
    lora: str
    top_k: float
    repetition_penalty: float
    skip_special_tokens: bool


class ChatCompletionInput(_ChatCompletion, total=False):
    """A list of ``messages``, and options under OpenAI's names."""

    stream: Literal[False] | None


class ChatCompletionStreamInput(_ChatCompletion):
    """A list of messages with ``"stream": True``: the answer is an EventStream."""

    stream: Literal[True]


class _Answer(TypedDict, total=False):
    role: Literal["assistant"]
    content: Required[str | None]
    reasoning_content: str | None
    refusal: str | None
    tool_calls: list[ToolCall]


class ChatChoice(TypedDict):
    """A choice of an answer; ``finish_reason`` is "stop", "length", "tool_calls", …"""

    index: int
    message: _Answer
    finish_reason: str | None
    logprobs: NotRequired[Any]


class ChatCompletion(TypedDict):
    """An answer in the form of OpenAI's chat completions."""

    id: str
    object: str
    created: int
    model: str
    choices: list[ChatChoice]
    usage: NotRequired[Usage]
    system_fingerprint: NotRequired[str | None]
    service_tier: NotRequired[str | None]


class _Delta(TypedDict, total=False):
    role: Literal["assistant"]
    content: str | None
    reasoning_content: str | None
    tool_calls: list[Any]


class _ChunkChoice(TypedDict):
    index: int
    delta: _Delta
    finish_reason: NotRequired[str | None]


class ChatCompletionChunk(TypedDict):
    """A part of a streamed answer in the form of OpenAI's chat completions."""

    id: str
    object: str
    created: int
    model: str
    choices: list[_ChunkChoice]
    usage: NotRequired[Usage | None]


class _Responses(TypedDict, total=False):
    input: Required[str | list[dict[str, Any]]]
    instructions: str | None
    reasoning: dict[str, Any] | None
    max_output_tokens: int | None
    temperature: float | None
    top_p: float | None
    tools: list[dict[str, Any]]
    tool_choice: Any
    parallel_tool_calls: bool | None
    text: dict[str, Any]
    truncation: Literal["auto", "disabled"] | None
    include: list[str] | None
    previous_response_id: str | None
    conversation: str | dict[str, Any] | None
    background: bool | None
    metadata: dict[str, Any] | None
    prompt_cache_key: str
    safety_identifier: str
    service_tier: Literal["auto", "default", "flex", "scale", "priority"] | None
    store: bool | None
    user: str


class ResponsesInput(_Responses, total=False):
    """An ``input``, text or a conversation, in the form of OpenAI's Responses API."""

    stream: Literal[False] | None


class ResponsesStreamInput(_Responses):
    """An input with ``"stream": True``: the answer is an EventStream.

    Each event has a ``type``.
    """

    stream: Literal[True]


class ResponsesOutput(TypedDict, total=False):
    """An answer in the form of OpenAI's Responses API; ``output`` holds its items."""

    id: str
    object: str
    created_at: int
    status: str
    output: list[dict[str, Any]]
    output_text: str
    error: dict[str, Any] | None
    incomplete_details: dict[str, Any] | None
    usage: dict[str, Any]
